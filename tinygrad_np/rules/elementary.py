"""Exponentials, logarithms, trigonometric and hyperbolic functions.

Policy: `arctan2` has gradient 0 at (0, 0); of two equal infinities in `logaddexp` each has ½, as of
two equal numbers.
"""

from math import log, pi
from typing import Any

import numpy as np

from ..kernels.elementwise import (
    arctan2_slope,
    arctan_slope,
    cast,
    one_less_square,
    sigmoid_of_difference,
    tanh_slope,
)
from .table import linear, over, pointwise


def _slope_of_tanh(x: Any) -> Any:
    # Of an array without what forwards a Tensor: small networks would feel it.
    of_array = tanh_slope.implementation  # type: ignore[attr-defined]
    return of_array(x) if type(x) is np.ndarray else tanh_slope(x)


def _arctan2_slope_by_x(x: Any, y: Any) -> Any:
    """(y² − x²)/(x² + y²)², exact also where x is almost y."""
    length = np.hypot(x, y)
    length = np.where(np.equal(length, 0), np.inf, length)
    return (y - x) / length * ((y + x) / length) / length / length


def _arctan2_slope_by_y(x: Any, y: Any) -> Any:
    """−2xy/(x² + y²)²"""
    length = np.hypot(x, y)
    length = np.where(np.equal(length, 0), np.inf, length)
    return -2 * (x / length * (y / length)) / length / length


# The inverse functions have cuts where an imaginary (or real) part is 0, and its sign says on which
# side of the cut a number lies. Adding 1 would lose the sign, since −0 + 0 is 0; x − (−1) keeps it.


def _cosine_of_arcsin(x: Any) -> Any:
    if x.dtype.kind != "c":
        return np.sqrt(one_less_square(x))
    return np.sqrt(-(x - 1)) * np.sqrt(x - -1)


def _cosh_of_arcsinh(x: Any) -> Any:
    return np.sqrt(x * x - -1) if x.dtype.kind == "c" else np.hypot(x, 1)


def _sinh_of_arccosh(x: Any) -> Any:
    return np.sqrt(x - 1) * np.sqrt(x - -1)


def _as(x: Any, dtype: Any) -> Any:
    """The operand as a ufunc computes with it: a real one may have a complex result."""
    return x if dtype is None else cast(x, np.dtype(dtype))


ROWS = (
    pointwise(np.exp, lambda ans: ans, analytic=True),
    pointwise(np.exp2, lambda ans: ans * log(2), analytic=True),
    pointwise(np.expm1, lambda x: np.exp(x), analytic=True),
    pointwise(np.log, over(lambda x: x), analytic=True),
    pointwise(np.log2, over(lambda x: x * log(2)), analytic=True),
    pointwise(np.log10, over(lambda x: x * log(10)), analytic=True),
    pointwise(np.log1p, over(lambda x: 1 + x), analytic=True),
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
    pointwise(np.sin, lambda x: np.cos(x), analytic=True),
    pointwise(np.cos, lambda x: -np.sin(x), analytic=True),
    pointwise(np.tan, lambda ans: 1 + ans * ans, analytic=True),
    pointwise(np.arcsin, over(lambda x, dtype: _cosine_of_arcsin(_as(x, dtype))), analytic=True),
    pointwise(np.arccos, lambda x, dtype: -1 / _cosine_of_arcsin(_as(x, dtype)), analytic=True),
    pointwise(np.arctan, lambda x: arctan_slope(x), analytic=True),
    pointwise(np.arctan2, lambda x, y: arctan2_slope(y, x), lambda x, y: -arctan2_slope(x, y)),
    pointwise(np.sinh, lambda x: np.cosh(x), analytic=True),
    pointwise(np.cosh, lambda x: np.sinh(x), analytic=True),
    pointwise(np.tanh, _slope_of_tanh, analytic=True),
    pointwise(np.arcsinh, over(_cosh_of_arcsinh), analytic=True),
    pointwise(np.arccosh, over(lambda x, dtype: _sinh_of_arccosh(_as(x, dtype))), analytic=True),
    pointwise(np.arctanh, over(lambda x: one_less_square(x)), analytic=True),
    # what these give, whose own derivatives neither overflow nor cancel
    pointwise(tanh_slope, lambda x, ans: -2 * np.tanh(x) * ans, analytic=True),
    pointwise(arctan_slope, lambda x, ans: -2 * (x * ans) * ans, analytic=True),
    pointwise(arctan2_slope, _arctan2_slope_by_x, _arctan2_slope_by_y),
    pointwise(one_less_square, lambda x: -2 * x, analytic=True),
    linear(np.deg2rad, lambda g: g * (pi / 180)),
    linear(np.radians, lambda g: g * (pi / 180)),
    linear(np.rad2deg, lambda g: g * (180 / pi)),
    linear(np.degrees, lambda g: g * (180 / pi)),
)
