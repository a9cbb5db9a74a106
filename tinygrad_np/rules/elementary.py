"""Exponentials, logarithms, trigonometric and hyperbolic functions.

Policy: `arctan2` has gradient 0 at (0, 0); of two equal infinities in `logaddexp` each has ½, as of
two equal numbers.
"""

from math import log, pi
from typing import Any

import numpy as np

from ..core.arrays import Array, cast, scalar
from ..core.dispatch import array_function
from ..core.network import plain_sigmoid
from ..core.table import linear, over, pointwise


@array_function
def arctan_slope(x: Any) -> Any:
    """1 / (1 + x²), the derivative of arctan; x may be complex.

    >>> arctan_slope(np.array([0.0, 1.0]))
    array([1. , 0.5])
    """
    return 1 / (1 + x * x)


@array_function
def one_less_square(x: Any) -> Any:
    """1 − x², whose derivative is −2x: that of (1 − x)·(1 + x) would cancel. x may be complex.

    >>> one_less_square(np.array([0.0, 1.0]))
    array([1., 0.])
    """
    return (1 - x) * (1 + x)


@array_function
def arctan2_slope(x: Any, y: Any) -> Any:
    """x / (x² + y²) without overflow, and 0 at the origin: the derivative of arctan2(y, x) by y.

    >>> arctan2_slope(np.array([0.0, 1e200]), np.array([0.0, 1e200]))
    array([0.e+000, 5.e-201])
    """
    length = np.hypot(x, y)
    is_zero = np.equal(length, 0)
    length = np.where(is_zero, 1, length)
    return np.where(is_zero, 0, x / length / length)


@array_function
def sigmoid_of_difference(x: Any, y: Any, rate: float = 1.0) -> Any:
    """1 / (1 + exp(−rate·(x − y))), without overflow, and ½ for two equal infinities.

    >>> sigmoid_of_difference(np.array([-np.inf, 1000.0]), np.array([-np.inf, 0.0]))
    array([0.5, 1. ])
    """
    with np.errstate(over="ignore", invalid="ignore"):
        difference = np.subtract(x, y)
        if np.isnan(difference).any():
            difference = np.where(np.equal(x, y), scalar(0, difference.dtype), difference)
        return plain_sigmoid(difference * rate if rate != 1 else difference)


def _arctan2_slope_by_x(x: Array, y: Array) -> Any:
    """(y² − x²)/(x² + y²)², exact also where x is almost y."""
    length = np.hypot(x, y)
    length = np.where(np.equal(length, 0), np.inf, length)
    return (y - x) / length * ((y + x) / length) / length / length


def _arctan2_slope_by_y(x: Array, y: Array) -> Any:
    """−2xy/(x² + y²)²"""
    length = np.hypot(x, y)
    length = np.where(np.equal(length, 0), np.inf, length)
    return -2 * (x / length * (y / length)) / length / length


# The inverse functions have cuts where an imaginary (or real) part is 0, and its sign says on which
# side of the cut a number lies. Adding 1 would lose the sign, since −0 + 0 is 0; x − (−1) keeps it.


def _cosine_of_arcsin(x: Array) -> Any:
    if x.dtype.kind != "c":
        return np.sqrt(one_less_square(x))
    return np.sqrt(-(x - 1)) * np.sqrt(x - -1)


def _cosh_of_arcsinh(x: Array) -> Any:
    return np.sqrt(x * x - -1) if x.dtype.kind == "c" else np.hypot(x, 1)


def _sinh_of_arccosh(x: Array) -> Any:
    return np.sqrt(x - 1) * np.sqrt(x - -1)


def _as(x: Array, dtype: Any) -> Any:
    """The operand as a ufunc computes with it: a real one may have a complex result."""
    return x if dtype is None else cast(x, np.dtype(dtype))


ROWS = (
    pointwise(np.exp2, lambda ans: ans * log(2), analytic=True),
    pointwise(np.log2, over(lambda x: x * log(2)), analytic=True),
    pointwise(np.log10, over(lambda x: x * log(10)), analytic=True),
    pointwise(
        np.logaddexp,
        lambda x, y: sigmoid_of_difference(x, y),
        lambda x, y: sigmoid_of_difference(y, x),
    ),
    pointwise(
        np.logaddexp2,
        lambda x, y: sigmoid_of_difference(x, y, log(2)),
        lambda x, y: sigmoid_of_difference(y, x, log(2)),
    ),
    pointwise(
        sigmoid_of_difference,
        lambda x, y, rate, ans: ans * sigmoid_of_difference(y, x, rate) * rate,
        lambda x, y, rate, ans: -ans * sigmoid_of_difference(y, x, rate) * rate,
        broadcasts=True,
    ),
    pointwise(np.tan, lambda ans: 1 + ans * ans, analytic=True),
    pointwise(np.arcsin, over(lambda x, dtype: _cosine_of_arcsin(_as(x, dtype))), analytic=True),
    pointwise(np.arccos, lambda x, dtype: -1 / _cosine_of_arcsin(_as(x, dtype)), analytic=True),
    pointwise(np.arctan, lambda x: arctan_slope(x), analytic=True),
    pointwise(np.arctan2, lambda x, y: arctan2_slope(y, x), lambda x, y: -arctan2_slope(x, y)),
    pointwise(np.sinh, lambda x: np.cosh(x), analytic=True),
    pointwise(np.cosh, lambda x: np.sinh(x), analytic=True),
    pointwise(np.arcsinh, over(_cosh_of_arcsinh), analytic=True),
    pointwise(np.arccosh, over(lambda x, dtype: _sinh_of_arccosh(_as(x, dtype))), analytic=True),
    pointwise(np.arctanh, over(lambda x: one_less_square(x)), analytic=True),
    # what these give, whose own derivatives neither overflow nor cancel
    pointwise(arctan_slope, lambda x, ans: -2 * (x * ans) * ans, analytic=True),
    pointwise(arctan2_slope, _arctan2_slope_by_x, _arctan2_slope_by_y),
    pointwise(one_less_square, lambda x: -2 * x, analytic=True),
    linear(np.deg2rad, lambda g: g * (pi / 180)),
    linear(np.radians, lambda g: g * (pi / 180)),
    linear(np.rad2deg, lambda g: g * (180 / pi)),
    linear(np.degrees, lambda g: g * (180 / pi)),
)
