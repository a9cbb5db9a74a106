"""What is scanned of scipy.special: every ufunc with a row, with the same function by mpmath."""

import functools
from collections.abc import Callable
from math import inf
from typing import Any

import scipy.special
from mpmath import mp, mpf
from scan_cases import (
    LOG2,
    LOG10,
    POSITIVE,
    PROBABILITY,
    REAL,
    UNIT,
    Case,
    _cbrt,
    _density,
    _sigma,
    exp,
)

from tinygrad_np.rules.special import exponential_moment

special: Any = scipy.special


def _of_values(make: Callable[..., Any]) -> Callable[..., Any]:
    """Derivatives from the value: ``make(*point)`` gives those of order 1, 2, 3 of one operand."""
    return lambda order, *point: make(*point)[order[0] - 1]


# Gaussians: Hermite polynomials


def _gauss(order: Any, x: Any) -> Any:
    """Of erf."""
    n = order[0] - 1
    return 2 / mp.sqrt(mp.pi) * exp(-x * x) * (1, -2 * x, 4 * x * x - 2)[n]


def _erfi(order: Any, x: Any) -> Any:
    n = order[0] - 1
    return 2 / mp.sqrt(mp.pi) * exp(x * x) * (1, 2 * x, 4 * x * x + 2)[n]


def _normal(order: Any, x: Any) -> Any:
    n = order[0] - 1
    return exp(-x * x / 2) / mp.sqrt(2 * mp.pi) * (1, -x, x * x - 1)[n]


def _erfcx(n: int, x: Any) -> Any:
    """The nth derivative of exp(x²) erfc(x)."""
    if x >= 0:
        if x < 4:
            e, s = mp.exp(x * x) * mp.erfc(x), 2 / mp.sqrt(mp.pi)
            first = 2 * x * e - s
            second = 2 * e + 2 * x * first
            return (e, first, second, 4 * first + 2 * x * second)[n]
        whole = mp.factorial(n) / mp.sqrt(mp.pi)
        return (-1) ** n * whole * mp.hyperu(mpf(n + 1) / 2, mpf(1) / 2, x * x)
    square = mp.exp(x * x) * (1, 2 * x, 4 * x * x + 2, 8 * x**3 + 12 * x)[n]
    return 2 * square - (-1) ** n * _erfcx(n, -x)


def _mills(x: Any) -> Any:
    """φ/Φ."""
    return mp.sqrt(2 / mp.pi) / _erfcx(0, -x / mp.sqrt(2))


def _cumulants(x: Any) -> list[Any]:
    """Of the density exp(xt − t²/2), t > 0, whose moments are parabolic cylinder functions."""
    u = [mp.hyperu(mpf(k + 1) / 2, mpf(1) / 2, x * x / 2) for k in range(5)]
    first, second, third, fourth = [
        mp.factorial(k) * mpf(2) ** (-mpf(k) / 2) * u[k] / u[0] for k in range(1, 5)
    ]
    return [
        first,
        second - first**2,
        third - 3 * second * first + 2 * first**3,
        fourth - 4 * third * first - 3 * second**2 + 12 * second * first**2 - 6 * first**4,
    ]


def _log_ndtr(x: Any) -> Any:
    if x < -4:
        k = _cumulants(x)
        return k[0] - x, k[1] - 1, k[2]
    r = _mills(x)
    m = x + r
    return r, -r * m, r * (m * (m + r) - 1)


def _newton(value: Any, slope: Any, start: float, target: Any) -> Any:
    a = mpf(start)
    for _ in range(100):
        step = (value(a) - target) / slope(a)
        a -= step
        if abs(step) <= abs(a) * mpf(2) ** (8 - mp.prec):
            break
    return a


def _erfcinv(x: Any) -> Any:
    if x > 1:
        return -_erfcinv(2 - x)
    start = special.erfcinv(float(x))
    if start == 0:
        start = float((1 - x) * mp.sqrt(mp.pi) / 2)
    return _newton(mp.erfc, lambda a: -2 / mp.sqrt(mp.pi) * mp.exp(-a * a), start, x)


def _of_inverse(a: Any, c: Any) -> Any:
    f = c * mp.exp(a * a)
    return f, 2 * a * f**2, (2 + 8 * a * a) * f**3


def _erfinv(x: Any) -> Any:
    if abs(x) < mpf(2) ** -20:
        a = _newton(
            mp.erf, lambda a: 2 / mp.sqrt(mp.pi) * mp.exp(-a * a), x * mp.sqrt(mp.pi) / 2, x
        )
    else:
        a = mp.sign(x) * _erfcinv(1 - abs(x))
    return _of_inverse(a, mp.sqrt(mp.pi) / 2)


def _ndtri(p: Any) -> Any:
    a = -mp.sqrt(2) * _erfcinv(2 * p)
    f = mp.sqrt(2 * mp.pi) * mp.exp(a * a / 2)
    return f, a * f * f, (1 + 2 * a * a) * f**3


def _ndtri_exp(y: Any) -> Any:
    def value(a: Any) -> Any:
        return mp.log(_erfcx(0, -a / mp.sqrt(2)) / 2) - a * a / 2

    a = _newton(value, _mills, float(special.ndtri_exp(float(y))), y)
    r = _mills(a)
    m = a + r
    return 1 / r, m / r**2, (1 / r - m) / r**2 + 2 * m * m / r**3


# Gamma and its kin


def _gamma(x: Any) -> Any:
    g, p, p1, p2 = mp.gamma(x), mp.psi(0, x), mp.psi(1, x), mp.psi(2, x)
    return g * p, g * (p * p + p1), g * (p**3 + 3 * p * p1 + p2)


def _polygamma(shift: int) -> Callable[..., Any]:
    return lambda order, x: mp.psi(order[0] - 1 + shift, x)


def _betaln(order: Any, x: Any, y: Any) -> Any:
    i, j = order
    result = -mp.psi(i + j - 1, x + y)
    if i == 0 or j == 0:
        result += mp.psi(i + j - 1, x if i else y)
    return result


def _beta(order: Any, x: Any, y: Any) -> Any:
    value = mp.beta(x, y)
    of = {o: _betaln(o, x, y) for o in ((1, 0), (0, 1), (2, 0), (1, 1), (0, 2))}
    if sum(order) == 1:
        return value * of[order]
    first, second = {(2, 0): ((1, 0),) * 2, (0, 2): ((0, 1),) * 2}.get(order, ((1, 0), (0, 1)))
    return value * (of[order] + of[first] * of[second])


def _hurwitz(s: float) -> Callable[..., Any]:
    def closed(order: Any, q: Any) -> Any:
        (n,) = order
        return (-1) ** n * mp.rf(s, n) * mp.zeta(mpf(s) + n, q)

    return closed


def _gamma_density(alpha: float, sign: int) -> Callable[..., Any]:
    def closed(order: Any, x: Any) -> Any:
        a = mpf(alpha)
        d = sign * mp.exp((a - 1) * mp.log(x) - x - mp.loggamma(a))
        u = (a - 1) / x - 1
        return d * (1, u, u * u - (a - 1) / x**2)[order[0] - 1]

    return closed


def _beta_density(alpha: float, beta: float) -> Callable[..., Any]:
    def closed(order: Any, x: Any) -> Any:
        a, b = mpf(alpha), mpf(beta)
        whole = mp.loggamma(a) + mp.loggamma(b) - mp.loggamma(a + b)
        d = mp.exp((a - 1) * mp.log(x) + (b - 1) * mp.log1p(-x) - whole)
        u = (a - 1) / x - (b - 1) / (1 - x)
        return d * (1, u, u * u - (a - 1) / x**2 - (b - 1) / (1 - x) ** 2)[order[0] - 1]

    return closed


# Bessel functions: odd and even ones, for positive numbers


@functools.lru_cache(maxsize=64)
def _first_two(bessel: Any, x: Any, precision: int) -> Any:
    return bessel(0, x), bessel(1, x)


def _upwards(bessel: Any, sign: int) -> Any:
    """Yᵥ (sign −1) or Kᵥ (1) of whole orders by recurrence, which mpmath takes long for."""

    def of(v: Any, x: Any) -> Any:
        n = abs(int(v))
        if n != abs(v):
            return bessel(v, x)
        low, high = _first_two(bessel, x, mp.prec)
        if n == 0:
            return low
        for k in range(1, n):
            low, high = high, sign * low + 2 * k / x * high
        return high * (-1) ** n if sign < 0 and v < 0 else high

    return of


_bessely, _besselk = _upwards(mp.bessely, -1), _upwards(mp.besselk, 1)


def _circular(bessel: Any, v: float) -> Callable[..., Any]:
    def closed(order: Any, x: Any) -> Any:
        (n,) = order
        terms = [
            (-1) ** k * mp.binomial(n, k) * bessel(mpf(v) - n + 2 * k, x) for k in range(n + 1)
        ]
        return sum(terms) / 2**n

    return closed


def _hankel(v: float, x: Any, n: int, sign: int) -> Any:
    """The nth derivative of exp(−x)·Iᵥ(x) (sign −1) or exp(x)·Kᵥ(x) (1) for large x."""
    total, term, k = mpf(0), mpf(1), 0
    while abs(term) > mpf(2) ** -(mp.prec + 10):
        total += term * (-1) ** n * mp.rf(k + mpf(1) / 2, n)
        k += 1
        term *= sign * (4 * mpf(v) ** 2 - (2 * k - 1) ** 2) / (8 * k * x)
    return total * x ** (-n) / mp.sqrt(2 * mp.pi * x if sign < 0 else 2 * x / mp.pi)


def _modified(bessel: Any, v: float, sign: int, scale: int = 0) -> Callable[..., Any]:
    """Of Iᵥ (sign 1) or Kᵥ (−1); with `scale`, of exp(scale·abs(x)) times it."""

    def plain(n: int, x: Any) -> Any:
        terms = [mp.binomial(n, k) * bessel(mpf(v) - n + 2 * k, x) for k in range(n + 1)]
        return sign**n * sum(terms) / 2**n

    def closed(order: Any, x: Any) -> Any:
        (n,) = order
        if abs(x) > 1e4:
            parity = (-1) ** (int(v) + n) if x < 0 else 1
            size = abs(x)
            if scale:
                return parity * _hankel(v, size, n, -sign)
            terms = [
                mp.binomial(n, k) * mpf(sign) ** (n - k) * _hankel(v, size, k, -sign)
                for k in range(n + 1)
            ]
            return parity * exp(sign * size) * sum(terms)
        if not scale:
            return plain(n, x)
        rate = scale * (1 if x > 0 else -1)
        terms = [mp.binomial(n, k) * mpf(rate) ** (n - k) * plain(k, x) for k in range(n + 1)]
        return mp.exp(scale * abs(x)) * sum(terms)

    return closed


_WAVES: dict[str, Any] = {"domain": ((0.0, 1e6),), "bits": 300, "share": 0.25}
_RISES: dict[str, Any] = {"domain": (POSITIVE,), "bits": 300, "share": 0.125}


def _many(function: Any, closed: Any, orders: Any = (1.0, 2.5), **rest: Any) -> list[Case]:
    return [Case(lambda x, v=v: function(v, x), None, closed=closed(v), **rest) for v in orders]


def _log_gamma_pole(x: Any) -> bool:
    return x <= 0 and x == mp.floor(x)


def _exprel(order: Any, x: Any) -> Any:
    n = order[0]
    if abs(x) < 1:
        total, term, k = mpf(0), mpf(1), 0
        while term and abs(term) > mpf(2) ** -(mp.prec + 10):
            total += term / (k + n + 1)
            k += 1
            term *= x / k
        return total
    # ∫₀¹ tⁿ exp(xt) dt by parts
    value = (exp(x) - 1) / x
    for k in range(1, n + 1):
        value = (exp(x) - k * value) / x
    return value


def _by_exponent(x: float) -> Callable[..., Any]:
    """Of (xʸ − 1)/y by y."""

    def closed(order: Any, y: Any) -> Any:
        log = mp.log(x)
        return log ** (order[0] + 1) * _exprel(order, y * log)

    return closed


def _angle(function: Any, slope: Any) -> Any:
    return (lambda x: function(x * mp.pi / 180), (lambda x: slope(x * mp.pi / 180) * mp.pi / 180,))


def _case(function: Any, exact: Any, *slopes: Any, **rest: Any) -> list[Case]:
    return [Case(function, exact, slopes or None, **rest)]


def _closed(function: Any, closed: Any, **rest: Any) -> list[Case]:
    return [Case(function, None, closed=closed, **rest)]


def _pseudo_huber(delta: Any, r: Any) -> Any:
    return delta * delta * (mp.sqrt(1 + (r / delta) ** 2) - 1)


def _huber(order: Any, delta: Any, r: Any) -> Any:
    inside = abs(r) <= delta
    return {
        (1, 0): 0 if inside else abs(r) - delta,
        (0, 1): r if inside else delta * mp.sign(r),
        (2, 0): 0 if inside else -1,
        (1, 1): 0 if inside else mp.sign(r),
        (0, 2): 1 if inside else 0,
    }[order] * mpf(1)


def _inverse_box_cox(function: Any, shift: int) -> list[Case]:
    """By x and by y; mpmath takes minutes for larger numbers, and for smaller y."""

    def slope(x: Any, y: float) -> Any:
        return mp.power(1 + x * y, 1 / mpf(y) - 1) if y else exp(x)

    by_x = [
        Case(
            lambda x, y=y: function(x, y),
            None,
            (lambda x, y=y: slope(x, y),),
            domain=((-1 / y if y else -1e3, 1e6),),
            share=0.25,
        )
        for y in (0.0, 0.5, 2.0)
    ]
    by_y = [
        Case(
            lambda y, x=x: function(x, y),
            lambda y, x=x: exp(mp.log1p(x * y) / y) - shift,
            domain=((-1 / x, 1e6),),
            spared=lambda y: abs(y) < 2**-10,
            share=0.25,
        )
        for x in (0.5, 3.0)
    ]
    return [*by_x, *by_y]


SPECIAL: dict[Any, list[Case]] = {
    # logistic and error functions
    special.expit: _case(special.expit, _sigma, _density),
    special.logit: _case(
        special.logit, lambda x: mp.log(x / (1 - x)), lambda x: 1 / (x * (1 - x)),
        domain=(PROBABILITY,), ends=PROBABILITY, near=(0.5, 1.0),
    ),
    special.log_expit: _case(
        special.log_expit, lambda x: -mp.log1p(exp(-x)), lambda x: _sigma(-x)
    ),
    special.erf: _closed(special.erf, _gauss),
    special.erfc: _closed(special.erfc, lambda o, x: -_gauss(o, x)),
    special.erfi: _closed(special.erfi, _erfi),
    special.erfcx: _closed(special.erfcx, lambda o, x: _erfcx(o[0], x)),
    special.erfinv: _closed(
        special.erfinv, _of_values(_erfinv), domain=(UNIT,), near=(1.0, 0.5), share=0.125
    ),
    special.erfcinv: _closed(
        special.erfcinv, _of_values(lambda x: _of_inverse(_erfcinv(x), -mp.sqrt(mp.pi) / 2)),
        domain=((0.0, 2.0),), near=(1.0, 2.0), share=0.125,
    ),
    special.ndtr: _closed(special.ndtr, _normal),
    special.log_ndtr: _closed(special.log_ndtr, _of_values(_log_ndtr)),
    special.ndtri: _closed(
        special.ndtri, _of_values(_ndtri), domain=(PROBABILITY,), near=(0.5, 1.0), share=0.125
    ),
    special.ndtri_exp: _closed(  # outside, mpmath takes minutes for each point
        special.ndtri_exp, _of_values(_ndtri_exp), domain=((-1e6, -1e-12),), share=0.125
    ),
    # Gamma and its kin
    special.gamma: _closed(special.gamma, _of_values(_gamma), domain=((-180.0, inf),), bits=200,
                           spared=_log_gamma_pole, near=(1.0, 1.4616, 2.0)),
    special.gammaln: _closed(special.gammaln, _polygamma(0), domain=((-1e3, inf),), bits=200,
                             spared=_log_gamma_pole, near=(1.0, 1.4616, 2.0)),
    special.loggamma: _closed(special.loggamma, _polygamma(0), domain=(POSITIVE,), bits=200,
                              near=(1.0, 1.4616, 2.0)),
    special.psi: _closed(special.psi, _polygamma(1), domain=((-1e3, inf),), bits=200,
                         spared=_log_gamma_pole),
    special._ufuncs._zeta: [
        Case(lambda q, s=s: special.zeta(s, q), None, closed=_hurwitz(s), domain=(POSITIVE,),
             bits=200, share=0.25)
        for s in (2.0, 1.25, 5.0)
    ],
    special.beta: _closed(special.beta, _beta, domain=(POSITIVE, POSITIVE), share=0.125),
    special.betaln: _closed(special.betaln, _betaln, domain=(POSITIVE, POSITIVE), share=0.125),
    special.gammainc: [
        Case(lambda x, a=a: special.gammainc(a, x), None, closed=_gamma_density(a, 1), share=0.25,
             domain=(POSITIVE,), near=(a,))
        for a in (0.0078125, 0.5, 1.0, 3.5, 40.0, 1e4)
    ],
    special.gammaincc: [
        Case(lambda x, a=a: special.gammaincc(a, x), None, closed=_gamma_density(a, -1), share=0.25,
             domain=(POSITIVE,), near=(a,))
        for a in (0.5, 40.0)
    ],
    special.betainc: [
        Case(lambda x, a=a, b=b: special.betainc(a, b, x), None, closed=_beta_density(a, b),
             share=0.25,
             domain=(PROBABILITY,), near=(0.5, 1.0))
        for a, b in ((0.5, 0.5), (2.0, 3.5), (40.0, 60.0), (1e3, 1e-3), (1e4, 2e4))
    ],
    # entropies
    special.xlogy: _case(
        special.xlogy, None, lambda x, y: mp.log(y), lambda x, y: x / y, domain=(REAL, POSITIVE)
    ),
    special.xlog1py: _case(
        special.xlog1py, None, lambda x, y: mp.log1p(y), lambda x, y: x / (1 + y),
        domain=(REAL, (-1.0, inf)),
    ),
    special.entr: _case(
        special.entr, lambda x: -x * mp.log(x), lambda x: -mp.log(x) - 1, domain=(POSITIVE,),
        ends=(0.0,),
    ),
    special.rel_entr: _case(
        special.rel_entr, None, lambda x, y: mp.log(x / y) + 1, lambda x, y: -x / y,
        domain=(POSITIVE, POSITIVE),
    ),
    special.kl_div: _case(
        special.kl_div, None, lambda x, y: mp.log(x / y), lambda x, y: 1 - x / y,
        domain=(POSITIVE, POSITIVE),
    ),
    # losses and transformations
    special.huber: _closed(special.huber, _huber, domain=(POSITIVE, REAL),
                           spared=lambda d, r: abs(r) == d),
    special.pseudo_huber: _case(
        special.pseudo_huber, _pseudo_huber,
        lambda d, r: (mp.hypot(d, r) - d) ** 2 / mp.hypot(d, r),
        lambda d, r: r * d / mp.hypot(d, r),
        domain=(POSITIVE, REAL),
    ),
    special.boxcox: [
        *[Case(lambda x, y=y: special.boxcox(x, y), None, (lambda x, y=y: mp.power(x, y - 1),),
               domain=(POSITIVE,)) for y in (0.0, 0.5, -1.0, 2.25, 2**-10)],
        *[Case(lambda y, x=x: special.boxcox(x, y), None, closed=_by_exponent(x))
          for x in (0.5, 3.0, 1.125)],
    ],
    special.boxcox1p: [
        *[Case(lambda x, y=y: special.boxcox1p(x, y), None,
               (lambda x, y=y: mp.power(1 + x, y - 1),),
               domain=((-1.0, inf),), near=(-1.0, 1.0)) for y in (0.0, 0.5, -1.0, 2.25)],
        *[Case(lambda y, x=x: special.boxcox1p(x, y), None, closed=_by_exponent(1 + x))
          for x in (-0.5, 2.0, 0.125)],
    ],
    special.inv_boxcox: _inverse_box_cox(special.inv_boxcox, 0),
    special.inv_boxcox1p: _inverse_box_cox(special.inv_boxcox1p, 1),
    # Bessel functions; far out, those of SciPy have no digits, and mpmath takes minutes
    special.j0: _closed(special.j0, _circular(mp.besselj, 0), **_WAVES),
    special.j1: _closed(special.j1, _circular(mp.besselj, 1), **_WAVES),
    special.jv: _many(special.jv, lambda v: _circular(mp.besselj, v), **_WAVES),
    special.y0: _closed(special.y0, _circular(_bessely, 0), **_WAVES),
    special.y1: _closed(special.y1, _circular(_bessely, 1), **_WAVES),
    special.yv: _many(special.yv, lambda v: _circular(_bessely, v), **_WAVES),
    special.yn: _many(special.yn, lambda v: _circular(_bessely, v), (2,), **_WAVES),
    special.i0: _closed(special.i0, _modified(mp.besseli, 0, 1), **_RISES),
    special.i1: _closed(special.i1, _modified(mp.besseli, 1, 1), **_RISES),
    special.iv: _many(special.iv, lambda v: _modified(mp.besseli, v, 1), **_RISES),
    special.i0e: _closed(special.i0e, _modified(mp.besseli, 0, 1, -1), **_RISES),
    special.i1e: _closed(special.i1e, _modified(mp.besseli, 1, 1, -1), **_RISES),
    special.ive: _many(special.ive, lambda v: _modified(mp.besseli, v, 1, -1), **_RISES),
    special.k0: _closed(special.k0, _modified(_besselk, 0, -1), **_RISES),
    special.k1: _closed(special.k1, _modified(_besselk, 1, -1), **_RISES),
    special.kv: _many(special.kv, lambda v: _modified(_besselk, v, -1), **_RISES),
    special.kn: _many(special.kn, lambda v: _modified(_besselk, v, -1), (2,), **_RISES),
    special.k0e: _closed(special.k0e, _modified(_besselk, 0, -1, 1), **_RISES),
    special.k1e: _closed(special.k1e, _modified(_besselk, 1, -1, 1), **_RISES),
    special.kve: _many(special.kve, lambda v: _modified(_besselk, v, -1, 1), **_RISES),
    # exponentials and angles
    special.exprel: _closed(special.exprel, _exprel),
    exponential_moment: [
        Case(lambda x: exponential_moment(x, 1), None,
             closed=lambda o, x: _exprel((o[0] + 1,), x))
    ],
    special.exp1: _case(special.exp1, mp.e1, lambda x: -mp.exp(-x) / x, domain=(POSITIVE,)),
    special.expi: _case(special.expi, mp.ei, lambda x: mp.exp(x) / x, spared=lambda x: x == 0),
    special.exp2: _closed(special.exp2, lambda o, x: exp(x * LOG2()) * LOG2() ** o[0]),
    special.exp10: _closed(special.exp10, lambda o, x: exp(x * LOG10()) * LOG10() ** o[0]),
    special.expm1: _closed(special.expm1, lambda o, x: exp(x)),
    special.log1p: _case(special.log1p, mp.log1p, lambda x: 1 / (1 + x), domain=((-1.0, inf),),
                         ends=(-1.0,), near=(-1.0, 1.0)),
    special.cbrt: _case(special.cbrt, _cbrt, lambda x: _cbrt(x) / x / 3),
    special.cosm1: _case(special.cosm1, None, lambda x: -mp.sin(x)),
    special.sindg: _case(special.sindg, *_angle(mp.sin, mp.cos)[:1], *_angle(mp.sin, mp.cos)[1]),
    special.cosdg: _case(special.cosdg, None, *_angle(mp.cos, lambda x: -mp.sin(x))[1]),
    special.tandg: _case(special.tandg, None, *_angle(mp.tan, lambda x: mp.sec(x) ** 2)[1],
                         near=(45.0, 90.0), spared=lambda x: x % 180 == 90),
    special.cotdg: _case(special.cotdg, None, *_angle(mp.cot, lambda x: -mp.csc(x) ** 2)[1],
                         near=(45.0, 90.0), spared=lambda x: x % 180 == 0),
}  # fmt: skip
