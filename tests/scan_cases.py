"""What is scanned: every elementwise row of the table, with the same function by mpmath.

A case has the function as a user calls it, its exact counterpart, and where both are defined. The
counterpart's derivatives come from differences (`exact.derivatives`), of its `slopes` where these
are simple; or from `closed`, a formula for any order, where differences would take too long.
"""

from collections.abc import Callable
from math import inf
from typing import Any, NamedTuple

import numpy as np
from mpmath import mp, mpf

import tinygrad_np as tg
from tinygrad_np.core import losses, network, rules
from tinygrad_np.rules import arithmetic
from tinygrad_np.rules import signals as series


class Case(NamedTuple):
    """A function, its exact counterpart, and where both are tried."""

    ours: Callable[..., Any]
    exact: Callable[..., Any]
    slopes: tuple[Callable[..., Any], ...] | None = None
    closed: Callable[..., Any] | None = None
    """(order, *point) → derivative"""
    domain: tuple[tuple[float, float], ...] = ((-inf, inf),)
    """open intervals, one an operand"""
    ends: tuple[float, ...] = ()
    """ends of the first one where the derivative is that of the limit from inside"""
    near: tuple[float, ...] = (1.0,)
    """where things happen: points next to these are tried, too"""
    spared: Callable[..., bool] = lambda *point: False
    """kinks: where a policy decides, and no derivative exists"""
    bits: int = 0
    """the precision that `closed` starts with, where it need not depend on the point"""
    share: float = 1.0
    """of the points that others have: of what takes long, fewer"""


REAL, POSITIVE, UNIT = (-inf, inf), (0.0, inf), (-1.0, 1.0)
PLANE = (REAL, REAL)
LOG2, LOG10 = lambda: mp.log(2), lambda: mp.log(10)


def _flat(*slopes: Any) -> Callable[..., Any]:
    """Derivatives of what is locally linear with these slopes, each a number or a function."""

    def closed(order: Any, *point: Any) -> Any:
        if sum(order) > 1:
            return mpf(0)
        slope = slopes[order.index(1)]
        return slope(*point) if callable(slope) else mpf(slope)

    return closed


def _sign(x: Any) -> Any:
    return mp.sign(x)


def _tanh(order: Any, x: Any) -> Any:
    e = exp(-2 * abs(x))
    slope, t = 4 * e / (1 + e) ** 2, mp.tanh(x)
    return (slope, -2 * t * slope, (4 * t * t - 2 * slope) * slope)[order[0] - 1]


def exp(x: Any) -> Any:
    """exp(x), and a number far out of every range where it would take long to compute."""
    return mp.exp(x) if abs(x) < 2**20 else mp.ldexp(1, int(mp.sign(x)) << 40)


def _hyperbolic(n: int, x: Any) -> Any:
    return mp.fsub(exp(x), (-1) ** n * exp(-x)) / 2


def _sigma(x: Any) -> Any:
    return 1 / (1 + exp(-x))


def _share(x: Any, y: Any) -> Any:
    return _sigma(x - y)


def _density(x: Any) -> Any:
    e = exp(-abs(x))
    return e / (1 + e) ** 2


def _cbrt(x: Any) -> Any:
    return mp.sign(x) * mp.cbrt(abs(x))


def _sinc(x: Any) -> Any:
    return mp.sincpi(x)


def _sinc_slope(x: Any) -> Any:
    return (mp.cospi(x) - mp.sincpi(x)) / x if x else mpf(0)


def _zero(x: Any, *rest: Any) -> bool:
    return x == 0


def _tie(x: Any, y: Any) -> bool:
    return x == y


def _bessel_i(v: int) -> Callable[..., Any]:
    def closed(order: Any, x: Any) -> Any:
        (n,) = order
        return sum(mp.binomial(n, k) * mp.besseli(v - n + 2 * k, x) for k in range(n + 1)) / 2**n

    return closed


UNARY: dict[Any, list[Case]] = {
    # arithmetic
    np.negative: [Case(np.negative, lambda x: -x, closed=_flat(-1))],
    np.positive: [Case(np.positive, lambda x: x, closed=_flat(1))],
    np.reciprocal: [Case(np.reciprocal, lambda x: 1 / x, (lambda x: -1 / x**2,))],
    np.square: [Case(np.square, lambda x: x * x, (lambda x: 2 * x,))],
    np.sqrt: [
        Case(np.sqrt, mp.sqrt, (lambda x: mp.sqrt(x) / x / 2,), domain=(POSITIVE,), ends=(0.0,))
    ],
    np.cbrt: [Case(np.cbrt, _cbrt, (lambda x: _cbrt(x) / x / 3,))],
    np.absolute: [Case(np.absolute, abs, closed=_flat(_sign), spared=_zero)],
    np.fabs: [Case(np.fabs, abs, closed=_flat(_sign), spared=_zero)],
    np.modf: [Case(lambda x: np.modf(x)[0], lambda x: x - mp.nint(x), closed=_flat(1))],
    np.frexp: [
        Case(
            lambda x: np.frexp(x)[0],
            lambda x: mp.ldexp(x, -mp.mag(x)),
            closed=_flat(lambda x: mp.ldexp(1, -mp.mag(x))),
            spared=_zero,
        )
    ],
    np.ldexp: [Case(lambda x: np.ldexp(x, 3), lambda x: 8 * x, closed=_flat(8))],
    np.nextafter: [Case(lambda x: np.nextafter(x, 0), lambda x: x, closed=_flat(1))],
    np.copysign: [
        Case(lambda x: np.copysign(x, -1.0), lambda x: -abs(x), closed=_flat(lambda x: -_sign(x)),
             spared=_zero)
    ],
    np.heaviside: [Case(lambda x: np.heaviside(0.0, x), lambda x: x, closed=_flat(1))],
    np.deg2rad: [Case(np.deg2rad, None, closed=_flat(lambda x: mp.pi / 180))],
    np.radians: [Case(np.radians, None, closed=_flat(lambda x: mp.pi / 180))],
    np.rad2deg: [Case(np.rad2deg, None, closed=_flat(lambda x: 180 / mp.pi))],
    np.degrees: [Case(np.degrees, None, closed=_flat(lambda x: 180 / mp.pi))],
    np.clip: [
        Case(lambda x: np.clip(x, -2.5, 7.0), None, closed=_flat(lambda x: int(-2.5 <= x <= 7)))
    ],
    np._core.umath.clip: [
        Case(lambda x: np._core.umath.clip(x, -2.5, 7.0), None,
             closed=_flat(lambda x: int(-2.5 <= x <= 7)))
    ],
    # exponentials and logarithms
    np.exp: [Case(np.exp, None, closed=lambda o, x: exp(x))],
    np.exp2: [Case(np.exp2, None, closed=lambda o, x: exp(x * LOG2()) * LOG2() ** o[0])],
    np.expm1: [Case(np.expm1, None, closed=lambda o, x: exp(x))],
    np.log: [Case(np.log, mp.log, (lambda x: 1 / x,), domain=(POSITIVE,), ends=(0.0,))],
    np.log2: [
        Case(np.log2, lambda x: mp.log(x, 2), (lambda x: 1 / (x * LOG2()),), domain=(POSITIVE,),
             ends=(0.0,))
    ],
    np.log10: [
        Case(np.log10, mp.log10, (lambda x: 1 / (x * LOG10()),), domain=(POSITIVE,), ends=(0.0,))
    ],
    np.log1p: [
        Case(np.log1p, mp.log1p, (lambda x: 1 / (1 + x),), domain=((-1.0, inf),), ends=(-1.0,),
             near=(-1.0, 1.0))
    ],
    # circular and hyperbolic functions
    np.sin: [Case(np.sin, mp.sin, (mp.cos,), near=(float(np.pi), float(np.pi / 2)))],
    np.cos: [Case(np.cos, mp.cos, (lambda x: -mp.sin(x),), near=(float(np.pi), float(np.pi / 2)))],
    np.tan: [
        Case(np.tan, mp.tan, (lambda x: 1 / mp.cos(x) ** 2,), near=(float(np.pi), float(np.pi / 2)))
    ],
    np.arcsin: [
        Case(np.arcsin, mp.asin, (lambda x: 1 / mp.sqrt(1 - x * x),), domain=(UNIT,),
             ends=UNIT, near=(-1.0, 1.0))
    ],
    np.arccos: [
        Case(np.arccos, mp.acos, (lambda x: -1 / mp.sqrt(1 - x * x),), domain=(UNIT,),
             ends=UNIT, near=(-1.0, 1.0))
    ],
    np.arctan: [Case(np.arctan, mp.atan, (lambda x: 1 / (1 + x * x),))],
    np.sinh: [Case(np.sinh, None, closed=lambda o, x: _hyperbolic(o[0], x))],
    np.cosh: [Case(np.cosh, None, closed=lambda o, x: _hyperbolic(o[0] + 1, x))],
    np.tanh: [Case(np.tanh, None, closed=_tanh)],
    np.arcsinh: [Case(np.arcsinh, mp.asinh, (lambda x: 1 / mp.sqrt(1 + x * x),))],
    np.arccosh: [
        Case(np.arccosh, mp.acosh, (lambda x: 1 / mp.sqrt(x * x - 1),), domain=((1.0, inf),),
             ends=(1.0,))
    ],
    np.arctanh: [
        Case(np.arctanh, mp.atanh, (lambda x: 1 / (1 - x * x),), domain=(UNIT,), ends=UNIT,
             near=(-1.0, 1.0))
    ],
    np.sinc: [Case(np.sinc, _sinc, (_sinc_slope,), near=(1.0, 2.0, 10.0))],
    series.sinc_derivative: [
        Case(lambda x: series.sinc_derivative(x, 2), lambda x: mp.diff(mp.sincpi, x, 2),
             share=0.25)
    ],
    np.i0: [Case(np.i0, lambda x: mp.besseli(0, x), closed=_bessel_i(0), share=0.25)],
    series.bessel_i: [
        Case(lambda x: series.bessel_i(x, 2), lambda x: mp.besseli(2, x), closed=_bessel_i(2),
             share=0.25)
    ],
    # the project's own
    network.relu: [Case(tg.relu, None, closed=_flat(lambda x: int(x > 0)), spared=_zero)],
    network.relu_gate: [
        Case(lambda x: network.relu_gate(x, np.ones_like(x)), None, closed=_flat(1)),
    ],
    network.sigmoid: [Case(tg.sigmoid, _sigma, (_density,))],
    rules.divide_by_count: [
        Case(lambda x: rules.divide_by_count(x, 8), lambda x: x / 8, closed=_flat(0.125)),
    ],
}  # fmt: skip

PROBABILITY = (0.0, 1.0)


def _logistic_loss(z: Any, y: Any) -> Any:
    return mp.log1p(exp(z)) - z * y


def _power(order: Any, x: Any, y: Any) -> Any:
    base = exp(y * mp.log(x))
    log = mp.log(x)
    return {
        (1, 0): y * base / x,
        (0, 1): base * log,
        (2, 0): y * (y - 1) * base / x**2,
        (1, 1): (1 + y * log) * base / x,
        (0, 2): base * log**2,
    }[order]


def _whole_power(n: float) -> Any:
    def closed(order: Any, x: Any) -> Any:
        factor = mpf(1)
        for k in range(order[0]):
            factor *= mpf(n) - k
        return factor * mp.power(x, mpf(n) - order[0]) if factor else factor

    return closed


def _to_power(b: float) -> Any:
    return lambda order, y: exp(y * mp.log(b)) * mp.log(b) ** order[0]


def _step(x: Any, y: Any) -> bool:
    return y == 0 or x / y == mp.floor(x / y)


def _sum_of_squares(x: Any, y: Any) -> Any:
    return x * x + y * y


def _both_zero(x: Any, y: Any) -> bool:
    return x == 0 and y == 0


def _softmax_pair(x: Any, y: Any) -> Any:
    return tg.softmax(np.stack([x, y]), axis=0)[0]


_LOGADDEXP_SLOPES = (lambda x, y: _sigma(x - y), lambda x, y: _sigma(y - x))
_RESIDUAL_SLOPES = (lambda z, y: _density(z), lambda z, y: mpf(-1))

_LARGER = _flat(lambda x, y: int(x > y), lambda x, y: int(y > x))
_SMALLER = _flat(lambda x, y: int(x < y), lambda x, y: int(y < x))

BINARY: dict[Any, list[Case]] = {
    np.add: [Case(np.add, lambda x, y: x + y, domain=PLANE, closed=_flat(1, 1))],
    np.subtract: [Case(np.subtract, lambda x, y: x - y, domain=PLANE, closed=_flat(1, -1))],
    np.multiply: [Case(np.multiply, lambda x, y: x * y, (lambda x, y: y, lambda x, y: x))],
    np.divide: [
        Case(np.divide, lambda x, y: x / y, (lambda x, y: 1 / y, lambda x, y: -x / y**2))
    ],
    np.remainder: [
        Case(np.remainder, None, domain=PLANE, spared=_step,
             closed=_flat(1, lambda x, y: -mp.floor(x / y)))
    ],
    np.divmod: [
        Case(lambda x, y: np.divmod(x, y)[1], None, spared=_step, domain=PLANE,
             closed=_flat(1, lambda x, y: -mp.floor(x / y)))
    ],
    np.fmod: [
        Case(np.fmod, None, domain=PLANE, spared=_step,
             closed=_flat(1, lambda x, y: -mp.sign(x / y) * mp.floor(abs(x / y))))
    ],
    np.power: [
        Case(np.power, None, closed=_power, domain=(POSITIVE, REAL)),
        *[
            Case(lambda x, n=n: np.power(x, n), None, closed=_whole_power(n),
                 domain=(REAL if n == int(n) else POSITIVE,))
            for n in (2, 3, -1, -2, 0.5, -0.5, 0.296875, 7, 2.5)
        ],
        *[
            Case(lambda y, b=b: np.power(b, y), None, closed=_to_power(b))
            for b in (2.0, 0.75, 10.0)
        ],
    ],
    np.float_power: [Case(np.float_power, None, closed=_power, domain=(POSITIVE, REAL))],
    np.hypot: [
        Case(np.hypot, mp.hypot,
             (lambda x, y: x / mp.hypot(x, y), lambda x, y: y / mp.hypot(x, y)), spared=_both_zero)
    ],
    np.arctan2: [
        Case(np.arctan2, mp.atan2,
             (lambda y, x: x / _sum_of_squares(x, y), lambda y, x: -y / _sum_of_squares(x, y)),
             spared=_both_zero)
    ],
    np.maximum: [Case(np.maximum, None, domain=PLANE, closed=_LARGER, spared=_tie)],
    np.minimum: [Case(np.minimum, None, domain=PLANE, closed=_SMALLER, spared=_tie)],
    np.fmax: [Case(np.fmax, None, domain=PLANE, closed=_LARGER, spared=_tie)],
    np.fmin: [Case(np.fmin, None, domain=PLANE, closed=_SMALLER, spared=_tie)],
    np.logaddexp: [
        Case(np.logaddexp, lambda x, y: mp.log(mp.exp(x) + mp.exp(y)), _LOGADDEXP_SLOPES)
    ],
    np.logaddexp2: [
        Case(np.logaddexp2, None,
             (lambda x, y: _sigma((x - y) * LOG2()), lambda x, y: _sigma((y - x) * LOG2())))
    ],
    losses.logistic_loss: [
        Case(losses.logistic_loss, _logistic_loss,
             (lambda z, y: _sigma(z) - y, lambda z, y: -z), domain=(REAL, PROBABILITY))
    ],
    losses.logistic_residual: [
        Case(losses.logistic_residual, lambda z, y: _sigma(z) - y, _RESIDUAL_SLOPES,
             domain=(REAL, PROBABILITY))
    ],
    losses.bernoulli_loss: [
        Case(losses.bernoulli_loss, lambda p, y: -y * mp.log(p) - (1 - y) * mp.log1p(-p),
             (lambda p, y: (p - y) / (p * (1 - p)), lambda p, y: mp.log1p(-p) - mp.log(p)),
             domain=(PROBABILITY, PROBABILITY))
    ],
    arithmetic.xdivy: [
        Case(arithmetic.xdivy, lambda x, y: x / y, (lambda x, y: 1 / y, lambda x, y: -x / y**2),
             spared=lambda x, y: x == 0 or y == 0)
    ],
    arithmetic.multiply_no_nan: [
        Case(arithmetic.multiply_no_nan, lambda x, y: x * y, (lambda x, y: y, lambda x, y: x))
    ],
    arithmetic.multiply_no_nan_both: [
        Case(arithmetic.multiply_no_nan_both, lambda x, y: x * y, (lambda x, y: y, lambda x, y: x))
    ],
    tg.logsumexp: [
        Case(lambda x, y: tg.logsumexp(np.stack([x, y]), axis=0), None, _LOGADDEXP_SLOPES)
    ],
    tg.softmax: [
        Case(_softmax_pair, _share, (lambda x, y: _density(x - y), lambda x, y: -_density(x - y)))
    ],
}  # fmt: skip

CASES = {**UNARY, **BINARY}
