"""The continuous distributions of `scipy.stats`: a `Text` each, in the order of their names.

The formulas are those of SciPy's documentation, and of N. Johnson, S. Kotz, N. Balakrishnan,
Continuous Univariate Distributions, Wiley 1994, in the form that neither cancels nor overflows in
the tails. No text gives a derivative

- of the density of `ksone`, `kstwo`, `kstwobign`, `landau`, `levy_stable`, `ncf`, `nct` and
  `studentized_range`: what can be differentiated there are the tails, once, by their argument;
- of tails and quantiles by the shape parameters of `gausshyper`, `genhyperbolic`, `geninvgauss`,
  `norminvgauss`, `vonmises`, which are integrals, and by `df` of `ncx2`.
"""

from math import log, pi
from typing import Any

import numpy as np
import scipy.special
import scipy.stats

from ...core.dispatch import array_function
from ...core.table import Row, pointwise
from ...core.tensor import value_of
from ...rules.special import exponential_moment
from .distributions import INF, Text, own, primitive, slope

special: Any = scipy.special._ufuncs

LOG_2PI = log(2 * pi)
LOG_2 = log(2)
ABOVE_0 = float(np.nextafter(0.0, 1.0))
"""The lower end of a support at 0 where the density vanishes faster than any power."""

# Tails: what the map in the argument makes of the variable has a distribution of the same name.


def _normal(z: Any) -> dict[str, Any]:
    return {
        "cdf": lambda *b: special.ndtr(z(*b)),
        "logcdf": lambda *b: special.log_ndtr(z(*b)),
        "logsf": lambda *b: special.log_ndtr(-z(*b)),
    }


def _logistic(z: Any) -> dict[str, Any]:
    return {
        "cdf": lambda *b: special.expit(z(*b)),
        "logcdf": lambda *b: special.log_expit(z(*b)),
        "logsf": lambda *b: special.log_expit(-z(*b)),
    }


def _hazard(h: Any) -> dict[str, Any]:
    """The cumulative hazard, −log(1 − F), is an exponential variable."""
    return {"cdf": lambda *b: -np.expm1(-h(*b)), "logsf": lambda *b: -h(*b)}


def _reversed_hazard(h: Any) -> dict[str, Any]:
    """So is −log F."""
    return {"cdf": lambda *b: np.exp(-h(*b)), "logcdf": lambda *b: -h(*b)}


def _gamma(pair: Any) -> dict[str, Any]:
    """(a, u): u is a gamma variable with the shape a."""
    return {"cdf": lambda *b: special.gammainc(*pair(*b))}


def _reversed_gamma(pair: Any) -> dict[str, Any]:
    return {"cdf": lambda *b: special.gammaincc(*pair(*b))}


def _beta_cdf(a: Any, b: Any, u: Any, v: Any) -> Any:
    """I(a, b, u) for u and v = 1 − u, of which the smaller one has kept its digits."""
    is_low = np.less(u, v)
    low = special.betainc(a, b, np.where(is_low, u, 0.25))
    return np.where(is_low, low, 1.0 - special.betainc(b, a, np.where(is_low, 0.25, v)))


def _beta(four: Any) -> dict[str, Any]:
    """(a, b, u, 1 − u): u is a beta variable with the shapes a and b."""
    return {"cdf": lambda *b: _beta_cdf(*four(*b))}


def _symmetric(sf: Any) -> dict[str, Any]:
    """Symmetric about 0; `sf` is that of the absolute value."""

    def cdf(x: Any, *shapes: Any) -> Any:
        is_left = np.less(x, 0)
        half = sf(np.where(is_left, -x, x), *shapes) / 2
        return np.where(is_left, half, 1.0 - half)

    return {"cdf": cdf}


def _swapped(tails: dict[str, Any], back: Any) -> dict[str, Any]:
    """Those of the decreasing map `back` of the variable."""
    names = {"logcdf": "logsf", "logsf": "logcdf"}

    def of(name: str) -> Any:
        sign = 1.0 if name in names else -1.0
        return lambda x, *b: sign * tails[names.get(name, name)](back(x), *b)

    return {name: of(name) for name in tails}


# Functions that keep their digits


@array_function
def log_i0(x: Any) -> Any:
    """log I₀(x), which is even and smooth, also at 0.

    >>> log_i0(np.array([-1e3, 0.0]))
    array([995.62720773,   0.        ])
    """
    return np.log(special.i0e(x)) + np.absolute(x)


def _log1p_power(x: Any, c: Any) -> Any:
    """log(1 + xᶜ), c > 0, which xᶜ does not overflow."""
    is_small = np.less_equal(x, 1)
    large = np.where(is_small, 1.0, x)
    return np.log1p(np.where(is_small, x, 1.0 / large) ** c) + c * np.log(large)


def _log1mexp(u: Any) -> Any:
    """log(1 − exp(−u)), u > 0."""
    is_small = np.less(u, LOG_2)
    small = np.log(-np.expm1(-np.where(is_small, u, 1.0)))
    return np.where(is_small, small, np.log1p(-np.exp(-np.where(is_small, 1.0, u))))


def _log1p_over(y: Any, k: Any) -> Any:
    """log(1 + k·y)/k, smooth also at k = 0, where it is y."""
    return y / special.exprel(np.log1p(k * y))


def _where(condition: Any, x: Any, text: Any, otherwise: Any) -> Any:
    """text(x) where the condition holds, which it is computed for alone."""
    return np.where(condition, text(np.where(condition, x, 1.0)), otherwise)


def _log_normal_between(a: Any, b: Any) -> Any:
    """log(Φ(b) − Φ(a)), on the side of 0 where that does not cancel."""
    is_right = np.greater(a, 0)
    low, high = np.where(is_right, -b, a), np.where(is_right, -a, b)
    log_high = special.log_ndtr(high)
    return log_high + _log1mexp(log_high - special.log_ndtr(low))


# Texts of some lines


def _t_density(x: Any, df: Any) -> Any:
    is_normal = np.isinf(value_of(df))
    df = np.where(is_normal, 1.0, df)
    rest = -(df + 1) / 2 * np.log1p(x * x / df) - special.betaln(0.5, df / 2) - np.log(df) / 2
    return (np.where(is_normal, -x * x / 2 - LOG_2PI / 2, rest),)


def _t_sf(x: Any, df: Any) -> Any:
    """Of the absolute value; by df = ∞ it is constant."""
    is_normal = np.isinf(value_of(df))
    df = np.where(is_normal, 1.0, df)
    square = df + x * x
    return np.where(is_normal, 0.0, _beta_cdf(df / 2, 0.5, df / square, x * x / square))


def _skew_t_logs(x: Any, a: Any, b: Any) -> Any:
    """log u and log(1 − u), u = (1 + x/√(a + b + x²))/2, and the smaller one of the two."""
    is_left = np.less(x, 0)
    away = np.where(is_left, -x, x)
    root = np.hypot(np.sqrt(a + b), away)
    less = (a + b) / (2 * root * (root + away))
    log_less, log_more = np.log(less), np.log1p(-less)
    u, v = np.where(is_left, less, 1 - less), np.where(is_left, 1 - less, less)
    logs = np.where(is_left, log_less, log_more), np.where(is_left, log_more, log_less)
    return *logs, u, v


def _skew_t_density(x: Any, a: Any, b: Any) -> Any:
    log_u, log_v, _, _ = _skew_t_logs(x, a, b)
    scale = 2 * LOG_2 - special.betaln(a, b) - np.log(a + b) / 2
    return ((a + 0.5) * log_u + (b + 0.5) * log_v + scale,)


def _crystalball(x: Any, beta: Any, m: Any) -> Any:
    """Its left part is a power law: the arguments of both parts, and what they have in common."""
    is_left = np.less_equal(x, -beta)
    law = np.log1p(-beta / m * (beta + np.where(is_left, x, -beta)))
    tail = np.log(m / beta / (m - 1)) - beta * beta / 2  # the logarithm of what is on its left
    scale = np.logaddexp(tail, LOG_2PI / 2 + special.log_ndtr(beta))
    return is_left, law, tail, scale


def _crystalball_density(x: Any, beta: Any, m: Any) -> Any:
    is_left, law, _, scale = _crystalball(x, beta, m)
    return (np.where(is_left, -m * law - beta * beta / 2, -x * x / 2) - scale,)


def _crystalball_cdf(x: Any, beta: Any, m: Any) -> Any:
    is_left, law, tail, scale = _crystalball(x, beta, m)
    left = np.exp(tail + (1 - m) * law - scale)
    right = np.exp(LOG_2PI / 2 + special.log_ndtr(-np.where(is_left, 0.0, x)) - scale)
    return np.where(is_left, left, 1 - right)


def _double_pareto_parts(x: Any, u: Any, s: Any, a: Any, b: Any) -> Any:
    """z and the logarithms of φ(z) times the Mills ratios at a·s − z and b·s + z."""
    z = (np.log(x) - u) / s
    mills = [special.log_ndtr(-t) + t * t / 2 - z * z / 2 for t in (a * s - z, b * s + z)]
    return z, *mills


def _double_pareto_density(x: Any, u: Any, s: Any, a: Any, b: Any) -> Any:
    _, left, right = _double_pareto_parts(x, u, s, a, b)
    return (np.log(a) + np.log(b) - np.log(a + b) - np.log(x) + np.logaddexp(left, right),)


def _double_pareto_cdf(x: Any, u: Any, s: Any, a: Any, b: Any) -> Any:
    z, left, right = _double_pareto_parts(x, u, s, a, b)
    return special.ndtr(z) - (b * np.exp(left) - a * np.exp(right)) / (a + b)


def _inverse_gauss(x: Any, mu: Any) -> Any:
    """log Φ(−α), log Φ(α) and log of exp(2/μ)·Φ(−β), α = (x/μ − 1)/√x, β = (x/μ + 1)/√x."""
    root = np.sqrt(x)
    alpha, beta = (x / mu - 1) / root, (x / mu + 1) / root
    return special.log_ndtr(-alpha), special.log_ndtr(alpha), 2 / mu + special.log_ndtr(-beta)


def _inverse_gauss_logsf(x: Any, mu: Any) -> Any:
    right, _, reflected = _inverse_gauss(x, mu)
    return right + _log1mexp(right - reflected)


_INVERSE_GAUSS = {
    # F = Φ(α) + exp(2/μ)·Φ(−β), of which the derivatives by α and β cancel
    "mu": lambda x, mu: -2 / (mu * mu) * np.exp(_inverse_gauss(x, mu)[2]),
    "logcdf": lambda x, mu: np.logaddexp(*_inverse_gauss(x, mu)[1:]),
    "logsf": _inverse_gauss_logsf,
}


def _kappa4_density(x: Any, h: Any, k: Any) -> Any:
    log_y = _log1p_over(-x, k)
    return (log_y - np.log1p(-k * x) + (1 - h) * _log1p_over(-np.exp(log_y), h),)


def _kappa4_low(h: Any, k: Any) -> Any:
    def above(h: Any) -> Any:
        return np.log(h) * special.exprel(-k * np.log(h))

    bounded = _where(np.less(k, 0), k, lambda k: 1 / k, -INF)
    return _where(np.greater(h, 0), h, above, bounded)


def _trapezoid_density(x: Any, c: Any, d: Any) -> Any:
    up = _where(np.greater(c, 0), c, lambda c: np.minimum(x / c, 1.0), 1.0)
    down = _where(np.less(d, 1), 1 - d, lambda rest: np.minimum((1 - x) / rest, 1.0), 1.0)
    return LOG_2 - np.log(d - c + 1), (up, 1.0), (down, 1.0)


def _trapezoid_cdf(x: Any, c: Any, d: Any) -> Any:
    low, high = np.minimum(x, c) - c, np.maximum(x, d) - d
    up = _where(np.greater(c, 0), c, lambda c: low * low / c, 0.0)
    down = _where(np.less(d, 1), 1 - d, lambda rest: high * high / rest, 0.0)
    return (2 * x - c + up - down) / (d - c + 1)


def _laplace_asymmetric_cdf(x: Any, kappa: Any) -> Any:
    is_left, square = np.less(x, 0), kappa * kappa
    part = np.exp(np.where(is_left, x / kappa, -kappa * x)) / (1 + square)
    return np.where(is_left, square * part, 1 - part)


def _log_laplace_cdf(x: Any, c: Any) -> Any:
    is_left = np.less(x, 1)
    half = np.where(is_left, x, 1 / np.where(is_left, 1.0, x)) ** c / 2
    return np.where(is_left, half, 1 - half)


def _skew_cauchy_width(x: Any, a: Any) -> Any:
    return 1 + a * np.where(np.less(x, 0), -1.0, 1.0)


def _skew_cauchy_cdf(x: Any, a: Any) -> Any:
    width = _skew_cauchy_width(x, a)
    part = width * np.arctan2(width, np.absolute(x)) / pi
    return np.where(np.less(x, 0), part, 1 - part)


def _breit_wigner_density(x: Any, rho: Any) -> Any:
    square = rho * rho
    root = rho * np.sqrt(square + 1)
    scale = 0.5 * np.log(8.0) + np.log(rho * root / pi) - 0.5 * np.log(square + root)
    return (scale - np.log(((x - rho) * (x + rho)) ** 2 + square),)


def _breit_wigner_cdf(x: Any, rho: Any) -> Any:
    """k/ρ·Im ∫ dt/(t² − s) for s = ρ² + iρ, since (t² − ρ²)² + ρ² = abs(t² − s)²."""
    square = rho * rho
    root = np.sqrt(-square - 1j * rho)
    moduli = rho * np.sqrt(square + 1)
    scale = np.sqrt(8.0) / pi * moduli / np.sqrt(square + moduli)
    return scale * np.imag(np.arctan(x / root) / root)


def _nc_chi2_density(x: Any, df: Any, nc: Any) -> Any:
    """x^v·exp(−(x + nc)/2)·Iᵥ(r)/rᵛ/2 for v = df/2 − 1, r² = nc·x (DLMF 10.25.2, 10.39.9)."""
    v, square = df / 2 - 1, nc * x
    is_zero = np.equal(square, 0)
    root = np.sqrt(np.where(is_zero, 1.0, square))
    bessel = np.log(special.ive(v, root)) + root - v * np.log(root)
    series = np.log(special.hyp0f1(value_of(v) + 1, np.where(is_zero, square, 0.0) / 4))
    at_zero = series - v * LOG_2 - special.gammaln(v + 1)
    return np.where(is_zero, at_zero, bessel) - (x + nc) / 2 - LOG_2, (x, v)


def _nc_chi2_by_nc(x: Any, df: Any, nc: Any) -> Any:
    rest, (base, power) = _nc_chi2_density(x, df + 2, nc)
    return -np.exp(rest + special.xlogy(power, base))


def _trunc_weibull_logs(x: Any, c: Any, a: Any, b: Any) -> Any:
    """log F and log(1 − F)."""
    low, y = a**c, x**c
    high = _where(np.isfinite(value_of(b)), b, lambda b: b**c, INF)
    total = _log1mexp(high - low)
    return _log1mexp(y - low) - total, low - y + _log1mexp(high - y) - total


def _trunc_weibull_density(x: Any, c: Any, a: Any, b: Any) -> Any:
    high = _where(np.isfinite(value_of(b)), b, lambda b: b**c, INF)
    return np.log(c) + a**c - x**c - _log1mexp(high - a**c), (x, c - 1)


def _trunc_pareto_mass(x: Any, b: Any) -> Any:
    """(1 − x⁻ᵇ)/b, smooth also at b = 0."""
    return np.log(x) * special.exprel(-b * np.log(x))


def _gen_hyperbolic_density(x: Any, p: Any, a: Any, b: Any) -> Any:
    root, s = np.sqrt((a - b) * (a + b)), np.hypot(1.0, x)
    scale = p * np.log(root) - (p - 0.5) * np.log(a) - np.log(special.kve(p, root)) + root
    bessel = np.log(special.kve(p - 0.5, a * s)) - a * s
    return (scale - LOG_2PI / 2 + b * x + bessel + (p - 0.5) * np.log(s),)


def _pearson3_density(x: Any, skew: Any) -> Any:
    """That of a gamma variable with α = 4/skew², y = α·(1 + w), w = skew·x/2.

    Where α is large its logarithm is α·(log(1 + w) − w) − log(1 + w) − R(α) − log(2π)/2, where R is
    the rest of Stirling's formula (DLMF 5.11.1) and the first term is −x²·M(L)/E(L)² with L = log(1
    + w) = w/E(L), E(L) = 1 + L·M(L).
    """
    w, t = skew * x / 2, skew * skew / 4
    is_near = np.less(t, 1 / 30)  # at which the series is good to 1e-18
    logarithm = np.log1p(np.where(is_near, w, 0.0))
    e = exponential_moment(logarithm, 0)
    m = e - exponential_moment(logarithm, 1)
    r = t * (1 / 12 - t**2 * (1 / 360 - t**2 * (1 / 1260 - t**2 * (1 / 1680 - t**2 / 1188))))
    near = -x * x * m / (e * e) - logarithm - r - LOG_2PI / 2
    a = 1 / np.where(is_near, 1.0, t)
    far = (a - 0.5) * np.log(a) - a * (1 + w) - special.gammaln(a)
    base, power = np.where(is_near, 1.0, 1 + w), np.where(is_near, 0.0, a - 1)
    return np.where(is_near, near, far), (base, power)


def _pearson3_cdf(x: Any, skew: Any) -> Any:
    if np.any(np.abs(value_of(skew)) < 0.05):
        raise ValueError(
            "scipy.stats.pearson3: where abs(skew) < 0.05, the derivative of its tails by skew "
            "loses its digits; take skew as a constant, skew.data"
        )
    a = 4 / (skew * skew)
    return np.sign(skew) * special.gammainc(a, a * (1 + skew * x / 2))


def _tukey_lambda(x: Any, lam: Any) -> Any:
    return special.tklmbda(x, lam)


def _tukey_density(x: Any, lam: Any) -> Any:
    """1/Q′(F(x)) for the quantile function Q(p) = (pᵏ − (1 − p)ᵏ)/k, k = lam."""
    p, q = tukey_cdf(x, lam), tukey_cdf(-x, lam)
    return 1 / (p ** (lam - 1) + q ** (lam - 1))


def _tukey_by_lam(x: Any, lam: Any) -> Any:
    p, q = tukey_cdf(x, lam), tukey_cdf(-x, lam)
    quantile = slope(lambda p, q, k: special.boxcox(p, k) - special.boxcox(q, k), 2, [p, q, lam])
    return -quantile * _tukey_density(x, lam)


tukey_cdf = primitive(
    _tukey_lambda,
    ("x", "lam"),
    {0: lambda x, lam, ans: _tukey_density(x, lam), 1: lambda x, lam, ans: _tukey_by_lam(x, lam)},
)


def _irwin_hall(x: Any, n: Any) -> Any:
    return scipy.stats.irwinhall.pdf(x, n)


irwin_hall = primitive(
    _irwin_hall,
    ("x", "n"),
    {
        0: lambda x, n, ans: np.where(
            np.greater(n, 1),
            irwin_hall(x, np.maximum(n - 1, 1)) - irwin_hall(x - 1, np.maximum(n - 1, 1)),
            0.0,
        )
    },
)


TEXTS = {
    "alpha": Text(
        lambda x, a: (-2 * np.log(x) - special.log_ndtr(a) - LOG_2PI / 2 - (a - 1 / x) ** 2 / 2,),
        {"cdf": lambda x, a: special.ndtr(a - 1 / x) / special.ndtr(a)},
        low=ABOVE_0,
    ),
    "anglit": Text(lambda x: (0.0, (np.cos(2 * x), 1.0)), low=-pi / 4, high=pi / 4),
    "arcsine": Text(lambda x: (-log(pi), (x, -0.5), (1 - x, -0.5)), low=0, high=1),
    "argus": Text(
        lambda x, chi: (
            3 * np.log(chi)
            - LOG_2PI / 2
            - np.log(special.gammainc(1.5, chi * chi / 2) / 2)
            - chi * chi * (1 - x) * (1 + x) / 2
            + np.log1p(x) / 2,
            (x, 1.0),
            (1 - x, 0.5),
        ),
        {
            "cdf": lambda x, chi: (
                -special.gammainc(1.5, chi * chi * (1 - x) * (1 + x) / 2)
                / special.gammainc(1.5, chi * chi / 2)
            )
        },
        low=0,
        high=1,
    ),
    "beta": Text(
        lambda x, a, b: (-special.betaln(a, b), (x, a - 1), (1 - x, b - 1)),
        _beta(lambda x, a, b: (a, b, x, 1 - x)),
        low=0,
        high=1,
    ),
    "betaprime": Text(
        lambda x, a, b: (-(a + b) * np.log1p(x) - special.betaln(a, b), (x, a - 1)),
        _beta(lambda x, a, b: (a, b, x / (1 + x), 1 / (1 + x))),
        low=0,
    ),
    "bradford": Text(
        lambda x, c: (np.log(c) - np.log(np.log1p(c)) - np.log1p(c * x),),
        {"cdf": lambda x, c: np.log1p(c * x) / np.log1p(c)},
        low=0,
        high=1,
    ),
    "burr": Text(
        lambda x, c, d: (np.log(c) + np.log(d) - (d + 1) * _log1p_power(x, c), (x, c * d - 1)),
        _reversed_hazard(lambda x, c, d: d * _log1p_power(1 / x, c)),
        low=0,
    ),
    "burr12": Text(
        lambda x, c, d: (np.log(c) + np.log(d) - (d + 1) * _log1p_power(x, c), (x, c - 1)),
        _hazard(lambda x, c, d: d * _log1p_power(x, c)),
        low=0,
    ),
    "cauchy": Text(lambda x: (-log(pi) - 2 * np.log(np.hypot(1.0, x)),)),
    "chi": Text(
        lambda x, df: (
            -x * x / 2 - (df / 2 - 1) * LOG_2 - special.gammaln(df / 2),
            (x, df - 1),
        ),
        _gamma(lambda x, df: (df / 2, x * x / 2)),
        low=0,
    ),
    "chi2": Text(
        lambda x, df: (-x / 2 - df / 2 * LOG_2 - special.gammaln(df / 2), (x, df / 2 - 1)),
        _gamma(lambda x, df: (df / 2, x / 2)),
        low=0,
    ),
    "cosine": Text(lambda x: (-log(pi), (np.cos(x / 2), 2.0)), low=-pi, high=pi),
    "crystalball": Text(_crystalball_density, {"cdf": _crystalball_cdf}),
    "dgamma": Text(
        lambda x, a: (-np.absolute(x) - LOG_2 - special.gammaln(a), (np.absolute(x), a - 1)),
        _symmetric(lambda u, a: special.gammaincc(a, u)),
    ),
    "dpareto_lognorm": Text(_double_pareto_density, {"cdf": _double_pareto_cdf}, low=ABOVE_0),
    "dweibull": Text(
        lambda x, c: (np.log(c / 2) - np.absolute(x) ** c, (np.absolute(x), c - 1)),
        _symmetric(lambda u, c: np.exp(-(u**c))),
    ),
    "expon": Text(lambda x: (-x,), {"logsf": lambda x: -x}, low=0),
    "exponnorm": Text(
        lambda x, K: (1 / (2 * K * K) - x / K - np.log(K) + special.log_ndtr(x - 1 / K),),
        {"cdf": lambda x, K: -np.exp(1 / (2 * K * K) - x / K + special.log_ndtr(x - 1 / K))},
    ),
    "exponpow": Text(
        lambda x, b: (np.log(b) + x**b - np.expm1(x**b), (x, b - 1)),
        _hazard(lambda x, b: np.expm1(x**b)),
        low=0,
    ),
    "exponweib": Text(
        lambda x, a, c: (
            np.log(a) + np.log(c) + (a - 1) * np.log(special.exprel(-(x**c))) - x**c,
            (x, a * c - 1),
        ),
        _reversed_hazard(lambda x, a, c: -a * _log1mexp(x**c)),
        low=0,
    ),
    "f": Text(
        lambda x, m, n: (
            m / 2 * np.log(m / n)
            - (m + n) / 2 * np.log1p(m / n * x)
            - special.betaln(m / 2, n / 2),
            (x, m / 2 - 1),
        ),
        _beta(lambda x, m, n: (m / 2, n / 2, m * x / (n + m * x), n / (n + m * x))),
        low=0,
    ),
    "fatiguelife": Text(
        lambda x, c: (
            np.log1p(x)
            - np.log(2 * c)
            - LOG_2PI / 2
            - 1.5 * np.log(x)
            - (x - 1) ** 2 / (2 * x * c * c),
        ),
        _normal(lambda x, c: (x - 1) / (np.sqrt(x) * c)),
        low=ABOVE_0,
    ),
    "fisk": Text(
        lambda x, c: (np.log(c) - 2 * _log1p_power(x, c), (x, c - 1)),
        _logistic(lambda x, c: c * np.log(x)),
        low=0,
    ),
    "foldcauchy": Text(
        lambda x, c: (np.log(1 / (1 + (x - c) ** 2) + 1 / (1 + (x + c) ** 2)) - log(pi),),
        {"cdf": lambda x, c: (np.arctan(x - c) + np.arctan(x + c)) / pi},
        low=0,
    ),
    "foldnorm": Text(
        lambda x, c: (np.logaddexp(-((x - c) ** 2) / 2, -((x + c) ** 2) / 2) - LOG_2PI / 2,),
        {"cdf": lambda x, c: special.ndtr(x - c) + special.ndtr(x + c)},
        low=0,
    ),
    "gamma": Text(
        lambda x, a: (-x - special.gammaln(a), (x, a - 1)),
        _gamma(lambda x, a: (a, x)),
        low=0,
    ),
    "gausshyper": Text(
        lambda x, a, b, c, z: (
            -special.betaln(a, b) - np.log(special.hyp2f1(c, a, a + b, -z)) - c * np.log1p(z * x),
            (x, a - 1),
            (1 - x, b - 1),
        ),
        low=0,
        high=1,
        constants=("a", "b", "c"),
    ),
    "genexpon": Text(
        lambda x, a, b, c: (
            np.log(a - b * np.expm1(-c * x)) - (a + b) * x - b / c * np.expm1(-c * x),
        ),
        _hazard(lambda x, a, b, c: (a + b) * x + b / c * np.expm1(-c * x)),
        low=0,
    ),
    "genextreme": Text(
        lambda x, c: (_log1p_over(-x, c) - np.log1p(-c * x) - np.exp(_log1p_over(-x, c)),),
        _reversed_hazard(lambda x, c: np.exp(_log1p_over(-x, c))),
        low=lambda c: _where(np.less(c, 0), c, lambda c: 1 / c, -INF),
        high=lambda c: _where(np.greater(c, 0), c, lambda c: 1 / c, INF),
    ),
    "gengamma": Text(
        lambda x, a, c: (
            np.log(np.absolute(c)) - special.gammaln(a) - x**c,
            (x, c * a - 1),
        ),
        {"cdf": lambda x, a, c: np.where(np.less(c, 0), -1.0, 1.0) * special.gammainc(a, x**c)},
        low=lambda a, c: np.where(np.less(c, 0), ABOVE_0, 0.0),
    ),
    "genhalflogistic": Text(
        lambda x, c: (LOG_2 - 2 * np.log1p((1 - c * x) ** (1 / c)), (1 - c * x, 1 / c - 1)),
        {"cdf": lambda x, c: -2 * special.expit(np.log1p(-c * x) / c)},
        low=0,
        high=lambda c: 1 / c,
    ),
    "genhyperbolic": Text(_gen_hyperbolic_density),
    "geninvgauss": Text(
        lambda x, p, b: (
            (p - 1) * np.log(x) - b * (x - 1) ** 2 / (2 * x) - LOG_2 - np.log(special.kve(p, b)),
        ),
        low=ABOVE_0,
    ),
    "genlogistic": Text(
        lambda x, c: (np.log(c) - x + (c + 1) * special.log_expit(x),),
        _reversed_hazard(lambda x, c: -c * special.log_expit(x)),
    ),
    "gennorm": Text(
        lambda x, b: (np.log(b / 2) - special.gammaln(1 / b) - np.absolute(x) ** b,),
        _symmetric(lambda u, b: special.gammaincc(1 / b, u**b)),
    ),
    "genpareto": Text(
        lambda x, c: (-(1 + c) * _log1p_over(x, c),),
        _hazard(_log1p_over),
        low=0,
        high=lambda c: _where(np.less(c, 0), c, lambda c: -1 / c, INF),
    ),
    "gibrat": Text(lambda x: (-np.log(x) - LOG_2PI / 2 - np.log(x) ** 2 / 2,), low=ABOVE_0),
    "gompertz": Text(
        lambda x, c: (np.log(c) + x - c * np.expm1(x),),
        _hazard(lambda x, c: c * np.expm1(x)),
        low=0,
    ),
    "gumbel_l": Text(lambda x: (x - np.exp(x),), {"logsf": lambda x: -np.exp(x)}),
    "gumbel_r": Text(lambda x: (-x - np.exp(-x),), {"logcdf": lambda x: -np.exp(-x)}),
    "halfcauchy": Text(lambda x: (log(2 / pi) - 2 * np.log(np.hypot(1.0, x)),), low=0),
    "halfgennorm": Text(
        lambda x, b: (np.log(b) - special.gammaln(1 / b) - x**b,),
        _gamma(lambda x, b: (1 / b, x**b)),
        low=0,
    ),
    "halflogistic": Text(lambda x: (LOG_2 + special.log_expit(x) + special.log_expit(-x),), low=0),
    "halfnorm": Text(lambda x: (log(2 / pi) / 2 - x * x / 2,), low=0),
    "hypsecant": Text(lambda x: (log(2 / pi) - np.logaddexp(x, -x),)),
    "invgamma": Text(
        lambda x, a: (-(a + 1) * np.log(x) - special.gammaln(a) - 1 / x,),
        _reversed_gamma(lambda x, a: (a, 1 / x)),
        low=ABOVE_0,
    ),
    "invgauss": Text(
        lambda x, mu: (-LOG_2PI / 2 - 1.5 * np.log(x) - (x / mu - 1) ** 2 / (2 * x),),
        _INVERSE_GAUSS,
        low=ABOVE_0,
    ),
    "invweibull": Text(
        lambda x, c: (np.log(c) - (c + 1) * np.log(x) - x**-c,),
        _reversed_hazard(lambda x, c: x**-c),
        low=ABOVE_0,
    ),
    "irwinhall": Text(
        lambda x, n: (0.0, (irwin_hall(x, n), 1.0)), low=0, high=lambda n: n, constants=("n",)
    ),
    "jf_skew_t": Text(
        _skew_t_density,
        {"cdf": lambda x, a, b: _beta_cdf(a, b, *_skew_t_logs(x, a, b)[2:])},
    ),
    "johnsonsb": Text(
        lambda x, a, b: (
            np.log(b)
            - np.log(x)
            - np.log1p(-x)
            - (a + b * special.logit(x)) ** 2 / 2
            - LOG_2PI / 2,
        ),
        _normal(lambda x, a, b: a + b * special.logit(x)),
        low=ABOVE_0,
        high=float(np.nextafter(1.0, 0.0)),
    ),
    "johnsonsu": Text(
        lambda x, a, b: (
            np.log(b) - np.log(np.hypot(1.0, x)) - (a + b * np.arcsinh(x)) ** 2 / 2 - LOG_2PI / 2,
        ),
        _normal(lambda x, a, b: a + b * np.arcsinh(x)),
    ),
    "kappa3": Text(
        lambda x, a: (-(np.log(a) + (a + 1) * _log1p_power(x * a ** (-1 / a), a)) / a,),
        _reversed_hazard(lambda x, a: _log1p_power(a ** (1 / a) / x, a) / a),
        low=0,
    ),
    "kappa4": Text(
        _kappa4_density,
        _reversed_hazard(lambda x, h, k: -_log1p_over(-np.exp(_log1p_over(-x, k)), h)),
        low=_kappa4_low,
        high=lambda h, k: _where(np.greater(k, 0), k, lambda k: 1 / k, INF),
    ),
    "laplace": Text(lambda x: (-np.absolute(x) - LOG_2,)),
    "laplace_asymmetric": Text(
        lambda x, kappa: (
            np.minimum(x, 0) / kappa - kappa * np.maximum(x, 0) - np.log(kappa + 1 / kappa),
        ),
        {"cdf": _laplace_asymmetric_cdf},
    ),
    "levy": Text(lambda x: (-LOG_2PI / 2 - 1.5 * np.log(x) - 0.5 / x,), low=ABOVE_0),
    "levy_l": Text(lambda x: (-LOG_2PI / 2 - 1.5 * np.log(-x) + 0.5 / x,), high=-ABOVE_0),
    "loggamma": Text(
        lambda x, c: (c * x - np.exp(x) - special.gammaln(c),),
        _gamma(lambda x, c: (c, np.exp(x))),
    ),
    "logistic": Text(
        lambda x: (special.log_expit(x) + special.log_expit(-x),), _logistic(lambda x: x)
    ),
    "loglaplace": Text(
        lambda x, c: (np.log(c / 2) - 2 * c * np.log(np.maximum(x, 1)), (x, c - 1)),
        {"cdf": _log_laplace_cdf},
        low=0,
    ),
    "lognorm": Text(
        lambda x, s: (-np.log(x) - np.log(s) - LOG_2PI / 2 - (np.log(x) / s) ** 2 / 2,),
        _normal(lambda x, s: np.log(x) / s),
        low=ABOVE_0,
    ),
    "loguniform": Text(
        lambda x, a, b: (-np.log(x) - np.log(np.log(b) - np.log(a)),),
        {"cdf": lambda x, a, b: (np.log(x) - np.log(a)) / (np.log(b) - np.log(a))},
        low=lambda a, b: a,
        high=lambda a, b: b,
    ),
    "lomax": Text(
        lambda x, c: (np.log(c) - (c + 1) * np.log1p(x),),
        _hazard(lambda x, c: c * np.log1p(x)),
        low=0,
    ),
    "maxwell": Text(lambda x: (log(2 / pi) / 2 - x * x / 2, (x, 2.0)), low=0),
    "mielke": Text(
        lambda x, k, s: (np.log(k) - (1 + k / s) * _log1p_power(x, s), (x, k - 1)),
        _reversed_hazard(lambda x, k, s: k / s * _log1p_power(1 / x, s)),
        low=0,
    ),
    "moyal": Text(lambda x: (-(x + np.exp(-x) + LOG_2PI) / 2,)),
    "nakagami": Text(
        lambda x, nu: (
            LOG_2 + nu * np.log(nu) - special.gammaln(nu) - nu * x * x,
            (x, 2 * nu - 1),
        ),
        _gamma(lambda x, nu: (nu, nu * x * x)),
        low=0,
    ),
    "ncx2": Text(_nc_chi2_density, {"nc": _nc_chi2_by_nc}, low=0),
    "norm": Text(lambda x: (-x * x / 2 - LOG_2PI / 2,), _normal(lambda x: x)),
    "norminvgauss": Text(
        lambda x, a, b: (
            np.log(a / pi)
            - np.log(np.hypot(1.0, x))
            + np.log(special.k1e(a * np.hypot(1.0, x)))
            - a * np.hypot(1.0, x)
            + np.sqrt((a - b) * (a + b))
            + b * x,
        ),
    ),
    "pareto": Text(
        lambda x, b: (np.log(b) - (b + 1) * np.log(x),),
        _hazard(lambda x, b: b * np.log(x)),
        low=1,
    ),
    "pearson3": Text(
        _pearson3_density,
        {"cdf": _pearson3_cdf},
        low=lambda skew: _where(np.greater(skew, 0), skew, lambda s: -2 / s, -INF),
        high=lambda skew: _where(np.less(skew, 0), skew, lambda s: -2 / s, INF),
    ),
    "powerlaw": Text(
        lambda x, a: (np.log(a), (x, a - 1)),
        _reversed_hazard(lambda x, a: -a * np.log(x)),
        low=0,
        high=1,
    ),
    "powerlognorm": Text(
        lambda x, c, s: (
            np.log(c)
            - np.log(x)
            - np.log(s)
            - (np.log(x) / s) ** 2 / 2
            - LOG_2PI / 2
            + (c - 1) * special.log_ndtr(-np.log(x) / s),
        ),
        _hazard(lambda x, c, s: -c * special.log_ndtr(-np.log(x) / s)),
        low=ABOVE_0,
    ),
    "powernorm": Text(
        lambda x, c: (np.log(c) - x * x / 2 - LOG_2PI / 2 + (c - 1) * special.log_ndtr(-x),),
        _hazard(lambda x, c: -c * special.log_ndtr(-x)),
    ),
    "rayleigh": Text(lambda x: (-x * x / 2, (x, 1.0)), {"logsf": lambda x: -x * x / 2}, low=0),
    "rdist": Text(
        lambda x, c: (-special.betaln(0.5, c / 2), (1 - x, c / 2 - 1), (1 + x, c / 2 - 1)),
        _beta(lambda x, c: (c / 2, c / 2, (1 + x) / 2, (1 - x) / 2)),
        low=-1,
        high=1,
    ),
    "recipinvgauss": Text(
        lambda x, mu: (-(LOG_2PI + np.log(x)) / 2 - (x - 1 / mu) ** 2 / (2 * x),),
        _swapped(_INVERSE_GAUSS, lambda x: 1 / x),
        low=ABOVE_0,
    ),
    "rel_breitwigner": Text(_breit_wigner_density, {"cdf": _breit_wigner_cdf}, low=0),
    "rice": Text(
        lambda x, b: (-(x * x + b * b) / 2 + log_i0(x * b), (x, 1.0)),
        {"b": lambda x, b: -x * np.exp(-((x - b) ** 2) / 2) * special.i1e(x * b)},
        low=0,
    ),
    "semicircular": Text(lambda x: (log(2 / pi), (1 - x, 0.5), (1 + x, 0.5)), low=-1, high=1),
    "skewcauchy": Text(
        lambda x, a: (-log(pi) - 2 * np.log(np.hypot(1.0, x / _skew_cauchy_width(x, a))),),
        {"cdf": _skew_cauchy_cdf},
    ),
    "skewnorm": Text(
        lambda x, a: (LOG_2 - LOG_2PI / 2 - x * x / 2 + special.log_ndtr(a * x),),
        {"a": lambda x, a: -np.exp(-x * x * (1 + a * a) / 2) / (pi * (1 + a * a))},
    ),
    "t": Text(_t_density, _symmetric(_t_sf)),
    "trapezoid": Text(_trapezoid_density, {"cdf": _trapezoid_cdf}, low=0, high=1),
    "triang": Text(
        lambda x, c: _trapezoid_density(x, c, c),
        {"cdf": lambda x, c: _trapezoid_cdf(x, c, c)},
        low=0,
        high=1,
    ),
    "truncexpon": Text(
        lambda x, b: (-x - np.log(-np.expm1(-b)),),
        {"cdf": lambda x, b: np.expm1(-x) / np.expm1(-b)},
        low=0,
        high=lambda b: b,
    ),
    "truncnorm": Text(
        lambda x, a, b: (-x * x / 2 - LOG_2PI / 2 - _log_normal_between(a, b),),
        {
            "cdf": lambda x, a, b: np.exp(_log_normal_between(a, x) - _log_normal_between(a, b)),
            "logcdf": lambda x, a, b: _log_normal_between(a, x) - _log_normal_between(a, b),
            "logsf": lambda x, a, b: _log_normal_between(x, b) - _log_normal_between(a, b),
        },
        low=lambda a, b: a,
        high=lambda a, b: b,
    ),
    "truncpareto": Text(
        lambda x, b, c: (-(b + 1) * np.log(x) - np.log(_trunc_pareto_mass(c, b)),),
        {"cdf": lambda x, b, c: _trunc_pareto_mass(x, b) / _trunc_pareto_mass(c, b)},
        low=1,
        high=lambda b, c: c,
    ),
    "truncweibull_min": Text(
        _trunc_weibull_density,
        {
            "cdf": lambda *b: np.exp(_trunc_weibull_logs(*b)[0]),
            "logcdf": lambda *b: _trunc_weibull_logs(*b)[0],
            "logsf": lambda *b: _trunc_weibull_logs(*b)[1],
        },
        low=lambda c, a, b: a,
        high=lambda c, a, b: b,
    ),
    "tukeylambda": Text(
        lambda x, lam: (np.log(_tukey_density(x, lam)),),
        {"lam": _tukey_by_lam},
        low=lambda lam: _where(np.greater(lam, 0), lam, lambda k: -1 / k, -INF),
        high=lambda lam: _where(np.greater(lam, 0), lam, lambda k: 1 / k, INF),
    ),
    "uniform": Text(lambda x: (0.0,), low=0, high=1),
    "vonmises": Text(lambda x, kappa: (kappa * np.cos(x) - LOG_2PI - log_i0(kappa),)),
    "vonmises_line": Text(
        lambda x, kappa: (kappa * np.cos(x) - LOG_2PI - log_i0(kappa),), low=-pi, high=pi
    ),
    "wald": Text(
        lambda x: (-LOG_2PI / 2 - 1.5 * np.log(x) - (x - 1) ** 2 / (2 * x),),
        {
            "logcdf": lambda x: _INVERSE_GAUSS["logcdf"](x, 1.0),
            "logsf": lambda x: _INVERSE_GAUSS["logsf"](x, 1.0),
        },
        low=ABOVE_0,
    ),
    "weibull_max": Text(
        lambda x, c: (np.log(c) - (-x) ** c, (-x, c - 1)),
        _reversed_hazard(lambda x, c: (-x) ** c),
        high=0,
    ),
    "weibull_min": Text(
        lambda x, c: (np.log(c) - x**c, (x, c - 1)), _hazard(lambda x, c: x**c), low=0
    ),
    "wrapcauchy": Text(
        lambda x, c: (
            np.log1p(-c * c) - LOG_2PI - np.log((1 - c) ** 2 + 4 * c * np.sin(x / 2) ** 2),
        ),
        {"cdf": lambda x, c: np.arctan2((1 + c) * np.sin(x / 2), (1 - c) * np.cos(x / 2)) / pi},
        low=0,
        high=2 * pi,
    ),
    **dict.fromkeys(
        "ksone kstwo kstwobign landau levy_stable ncf nct studentized_range".split(), Text(None)
    ),
}
TEXTS["erlang"] = TEXTS["gamma"]
TEXTS["reciprocal"] = TEXTS["loguniform"]

ROWS: tuple[Row, ...] = (pointwise(log_i0, lambda x: special.i1e(x) / special.i0e(x)),)
OWN = own(TEXTS)
