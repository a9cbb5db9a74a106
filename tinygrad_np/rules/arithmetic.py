"""Arithmetic, powers, extrema and bounds, elementwise.

Written policy for kinks and ties: ``abs'(0)`` is 0, and so are those of `fabs` and `copysign`;
`maximum` and `minimum` split a tie equally; so do `fmax` and `fmin`, which give nothing to a nan
unless both are; `clip` passes the cotangent on the closed interval, ``x**0`` has derivative 0
everywhere. `nextafter` has derivative 1: it is x but for a rounding error. `heaviside` passes the
cotangent to its second operand where the first is 0, and is constant elsewhere.
"""

from typing import Any

import numpy as np
from numpy._core import umath

from ..core.arrays import Array
from ..core.dispatch import array_function
from ..core.plan import Shaped
from ..core.rules import max_weight, power_by_base, power_by_exponent
from ..core.signature import signature
from ..core.table import general, linear, over, pointwise, same
from .composed import composed


@array_function
def direction(x: Any, y: Any, length: Any = None) -> Any:
    """x / √(x² + y²), and 0 at the origin: the derivative of hypot by x. The `length` may be known.

    >>> direction(np.array([0.0, 3e200]), np.array([0.0, 4e200]))
    array([0. , 0.6])
    """
    length = np.hypot(x, y) if length is None else length
    is_zero = np.equal(length, 0)
    return np.where(is_zero, 0, x / np.where(is_zero, 1, length))


@array_function
def xdivy(x: Any, y: Any) -> Any:
    """x / y, and 0 wherever x is 0, also for 0 / 0: the derivative of x log y by y.

    >>> xdivy(np.array([0.0, 1.0]), np.array([0.0, 2.0]))
    array([0. , 0.5])
    """
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.where(x == 0, 0, np.divide(x, y))


@array_function
def multiply_no_nan(x: Any, factor: Any) -> Any:
    """x·factor, and 0 wherever x is 0, also for 0·∞: a cotangent of zero that is meant.

    >>> multiply_no_nan(np.array([0.0, 1.0]), np.array([np.inf, 2.0]))
    array([0., 2.])
    """
    with np.errstate(over="ignore", invalid="ignore"):
        return np.where(np.equal(x, 0), 0, np.multiply(x, factor))


@array_function
def multiply_no_nan_both(x: Any, y: Any) -> Any:
    """x·y, and 0 wherever either is 0: the derivative of `multiply_no_nan` by its factor.

    >>> multiply_no_nan_both(np.array([0.0, np.inf]), np.array([np.nan, 0.0]))
    array([0., 0.])
    """
    with np.errstate(over="ignore", invalid="ignore"):
        is_zero = np.logical_or(np.equal(x, 0), np.equal(y, 0))
        return np.where(is_zero, 0, np.multiply(x, y))


def _across(x: Array, y: Array) -> Any:
    """The derivative of `direction` by x: y²/√(x² + y²)³, and 0 at the origin."""
    length = np.hypot(x, y)
    across = direction(y, x)
    return across * (across / np.where(np.equal(length, 0), 1, length))


def _along(x: Array, y: Array) -> Any:
    """The derivative of `direction` by y: −xy/√(x² + y²)³, and 0 at the origin."""
    length = np.hypot(x, y)
    return -(direction(x, y) * direction(y, x)) / np.where(np.equal(length, 0), 1, length)


def _imaginary(g: Array, val_like: Shaped) -> Any:
    return g * -1j if val_like.dtype.kind == "c" else g * 0


def _alive(factor: Any, x: Array) -> Any:
    """`factor`, and 0 where it is not finite and `x` is 0: there their product is defined as 0.

    Elsewhere an x that is 0 by chance keeps its factor, which is its derivative.
    """
    if isinstance(factor, (int, float, complex)):
        factor = np.asarray(factor, x.dtype)  # `where` would make a float64 of it
    dead = np.logical_and(np.equal(x, 0), np.logical_not(np.isfinite(factor)))
    return np.where(dead, 0, factor)


def _among_numbers(x: Array, y: Array, share: Any) -> Any:
    """The share of x in fmax or fmin, a nan only if both are: `share` where neither is one."""
    x_is_nan, y_is_nan = np.isnan(x), np.isnan(y)
    share = np.where(x_is_nan, 0, np.where(y_is_nan, 1, share))
    return np.where(np.logical_and(x_is_nan, y_is_nan), 0.5, share)


def _clip_kernel(a: Array, a_min: Any = None, a_max: Any = None, **kwargs: Any) -> Any:
    return np.clip(a, a_min, a_max, **kwargs)


def _clip_keeps(a: Array, a_min: Any, a_max: Any) -> Any:
    low = True if a_min is None else np.greater_equal(a, a_min)
    high = True if a_max is None else np.less_equal(a, a_max)
    return np.logical_and(low, high)


def _clip_low(a: Array, a_min: Any, a_max: Any) -> Any:
    below = np.less(a, a_min)
    return below if a_max is None else np.logical_and(below, np.less_equal(a_min, a_max))


def _clip_high(a: Array, a_min: Any, a_max: Any) -> Any:
    kept = _clip_keeps(a, a_min, a_max)
    if a_min is None:
        return np.logical_not(kept)
    return np.logical_not(np.logical_or(kept, _clip_low(a, a_min, a_max)))


def _remaining(x: Array, y: Array) -> Any:
    """The derivative of `remainder` by y."""
    return -np.floor_divide(x, y)


_UMATH: Any = umath

ROWS = (
    # sums, products, quotients
    pointwise(np.reciprocal, lambda ans: -ans * ans, analytic=True),
    pointwise(np.fmod, lambda: 1, lambda x, y, ans: np.rint((ans - x) / y)),
    pointwise(np.remainder, lambda: 1, _remaining),
    general(
        np.divmod,
        (lambda g: g[1], lambda t: (None, t)),
        (lambda g, x, y: g[1] * _remaining(x, y), lambda t, x, y: (None, t * _remaining(x, y))),
        constant_outputs=(0,),
    ),
    general(np.modf, (lambda g: g[0], lambda t: (t, None)), constant_outputs=(1,)),
    composed(  # the mantissa is x·2**−e
        np.frexp,
        signature("x", dtype=None),
        lambda x, ans: (np.ldexp(x, -ans[1]), ans[1]),
        {"x"},
        own_value=True,
        constant_outputs=(1,),
    ),
    # powers and roots
    pointwise(np.cbrt, over(lambda ans: 3 * ans * ans)),
    pointwise(np.float_power, power_by_base, power_by_exponent, analytic=True),
    pointwise(
        np.hypot,
        lambda x, y, ans: direction(x, y, ans),
        lambda x, y, ans: direction(y, x, ans),
    ),
    pointwise(
        direction,
        _across,
        _along,
        locally_constant={"length": "what depends on it is in the derivatives by x and y"},
    ),
    # size and sign; the transposes of conjugating maps conjugate
    linear(np.imag, signature("val"), _imaginary, broadcasts=True),
    pointwise(np.fabs, lambda x: np.sign(x)),
    pointwise(
        np.copysign,
        lambda x, ans: np.sign(x) * np.sign(ans),
        locally_constant={"y": "only its sign counts: the result jumps where that changes"},
    ),
    general(
        np.ldexp,
        signature("x", "exponent", dtype=None),
        same(lambda g, exponent: np.ldexp(g, exponent)),
    ),
    pointwise(
        np.nextafter,
        lambda: 1,
        locally_constant={"y": "only the direction counts, in which the next number is sought"},
    ),
    pointwise(
        np.heaviside,
        y=lambda x: np.equal(x, 0),
        locally_constant={"x": "a step: the result jumps at 0 and is constant elsewhere"},
    ),
    # extrema and bounds
    pointwise(
        np.fmax,
        lambda x, y: _among_numbers(x, y, max_weight(x, y)),
        lambda x, y: _among_numbers(y, x, max_weight(y, x)),
    ),
    pointwise(
        np.fmin,
        lambda x, y: _among_numbers(x, y, max_weight(y, x)),
        lambda x, y: _among_numbers(y, x, max_weight(x, y)),
    ),
    pointwise(
        np.clip,
        signature("a", a_min=None, a_max=None, out=None, dtype=None),
        _clip_keeps,
        _clip_low,
        _clip_high,
        kernel=_clip_kernel,
        aliases={"min": "a_min", "max": "a_max"},
    ),
    pointwise(
        _UMATH.clip,  # the ufunc beneath numpy.clip
        signature("a", "a_min", "a_max", dtype=None),
        _clip_keeps,
        _clip_low,
        _clip_high,
    ),
    # the project's own
    general(
        multiply_no_nan,
        same(lambda g, x, factor: multiply_no_nan(g, _alive(factor, x))),
        same(lambda g, x: multiply_no_nan_both(g, x)),
        broadcasts=True,
    ),
    general(
        multiply_no_nan_both,
        same(lambda g, x, y: multiply_no_nan_both(g, _alive(y, x))),
        same(lambda g, x, y: multiply_no_nan_both(g, _alive(x, y))),
        broadcasts=True,
    ),
    pointwise(xdivy, over(lambda y: y), lambda x, y: -xdivy(xdivy(x, y), y)),
)
