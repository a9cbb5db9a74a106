"""Exponentials, logarithms, trigonometric and hyperbolic functions.

Policy: `arctan2` has gradient 0 at (0, 0); of two equal infinities in `logaddexp` each has ½, as of
two equal numbers.
"""

from math import log, pi
from typing import Any

import numpy as np

from ..kernels.elementwise import cast
from ..kernels.slopes import (
    arctan2_slope,
    arctan_slope,
    cos_of_arcsin,
    cosh_of_arcsinh,
    direction,
    in_single,
    log_share,
    nonzero,
    one_less_square,
    share_product,
    sinh_of_arccosh,
    tanh_slope,
)
from .table import linear, over, pointwise


def exp2_slope(x: Any) -> Any:
    """The derivative of 2ˣ."""
    root = np.exp2(0.5 * x)  # the value overflows where its derivative does not yet
    return root * (root * log(2))


@in_single
def _direction_by_x(x: Any, y: Any) -> Any:
    across = direction(y, x)
    return across * (across / nonzero(np.hypot(x, y)))


@in_single
def _direction_by_y(x: Any, y: Any) -> Any:
    return -(direction(x, y) * direction(y, x)) / nonzero(np.hypot(x, y))


@in_single
def _arctan2_slope_by_x(x: Any, y: Any) -> Any:
    """(y − x)·(y + x)/(x² + y²)²: exact where x is almost y, and without overflow."""
    length = nonzero(np.hypot(x, y))
    scale = np.where(np.less(length, 1), np.ones_like(length), 0.5)
    x, y = scale * x, scale * y
    return (y + x) / length * ((y - x) / length) / length / length / np.square(scale)


@in_single
def _arctan2_slope_by_y(x: Any, y: Any) -> Any:
    length = nonzero(np.hypot(x, y))
    return -2 * (direction(x, y) * direction(y, x)) / length / length


def _bend(x: Any, y: Any, base: float) -> Any:
    """The logarithmic derivative of `share_product` by y, and 0 for two equal infinities."""
    difference = np.where(np.equal(x, y), 0, x - y)
    return np.tanh(difference * (log(base) / 2)) * log(base)


def _as(x: Any, dtype: Any) -> Any:
    """The operand as a ufunc computes with it: a real one may have a complex result."""
    return x if dtype is None else cast(x, np.dtype(dtype))


ROWS = (
    pointwise(np.exp, lambda ans: ans, analytic=True),
    pointwise(np.exp2, lambda x: exp2_slope(x), analytic=True),
    pointwise(np.expm1, lambda x: np.exp(x), analytic=True),
    pointwise(np.log, over(lambda x: x), analytic=True),
    pointwise(np.log2, over(lambda x: x * log(2)), analytic=True),
    pointwise(np.log10, over(lambda x: x * log(10)), analytic=True),
    pointwise(np.log1p, over(lambda x: 1 + x), analytic=True),
    pointwise(np.logaddexp, lambda x, y: log_share(x, y), lambda x, y: log_share(y, x)),
    pointwise(np.logaddexp2, lambda x, y: log_share(x, y, 2), lambda x, y: log_share(y, x, 2)),
    pointwise(
        log_share,
        lambda x, y, base: share_product(x, y, base) * log(base),
        lambda x, y, base: share_product(x, y, base) * -log(base),
    ),
    pointwise(
        share_product,
        lambda x, y, base, ans: -_bend(x, y, base) * ans,
        lambda x, y, base, ans: _bend(x, y, base) * ans,
    ),
    pointwise(np.sin, lambda x: np.cos(x), analytic=True),
    pointwise(np.cos, lambda x: -np.sin(x), analytic=True),
    pointwise(np.tan, lambda ans: 1 + ans * ans, analytic=True),
    pointwise(np.arcsin, over(lambda x, dtype: cos_of_arcsin(_as(x, dtype))), analytic=True),
    pointwise(np.arccos, lambda x, dtype: -1 / cos_of_arcsin(_as(x, dtype)), analytic=True),
    pointwise(np.arctan, lambda x: arctan_slope(x), analytic=True),
    pointwise(np.arctan2, lambda x, y: arctan2_slope(y, x), lambda x, y: -arctan2_slope(x, y)),
    pointwise(np.sinh, lambda x: np.cosh(x), analytic=True),
    pointwise(np.cosh, lambda x: np.sinh(x), analytic=True),
    pointwise(np.tanh, lambda x: tanh_slope(x), analytic=True),
    pointwise(np.arcsinh, over(lambda x: cosh_of_arcsinh(x)), analytic=True),
    pointwise(np.arccosh, over(lambda x, dtype: sinh_of_arccosh(_as(x, dtype))), analytic=True),
    pointwise(np.arctanh, over(lambda x: one_less_square(x)), analytic=True),
    # the slopes, whose own derivatives stay in range and keep their digits, too
    pointwise(tanh_slope, lambda x, ans: -2 * np.tanh(x) * ans, analytic=True),
    pointwise(arctan_slope, lambda x, ans: -2 * (x * ans) * ans, analytic=True),
    pointwise(
        arctan2_slope,
        lambda x, y: _arctan2_slope_by_x(x, y),
        lambda x, y: _arctan2_slope_by_y(x, y),
    ),
    pointwise(direction, lambda x, y: _direction_by_x(x, y), lambda x, y: _direction_by_y(x, y)),
    pointwise(cos_of_arcsin, lambda x, ans: -x / ans, analytic=True),
    pointwise(cosh_of_arcsinh, lambda x, ans: x / ans, analytic=True),
    pointwise(sinh_of_arccosh, lambda x, ans: x / ans, analytic=True),
    pointwise(one_less_square, lambda x: -2 * x, analytic=True),
    linear(np.deg2rad, lambda g: g * (pi / 180)),
    linear(np.radians, lambda g: g * (pi / 180)),
    linear(np.rad2deg, lambda g: g * (180 / pi)),
    linear(np.degrees, lambda g: g * (180 / pi)),
)

CHOICES = {"base": "it is one of the two bases of logarithms there are"}
