"""Exponentials, logarithms, trigonometric and hyperbolic functions.

Policy: `arctan2` has gradient 0 at (0, 0).
"""

from math import log, pi
from typing import Any

import numpy as np

from ..kernels.elementwise import sigmoid
from .table import linear, pointwise


def _over_square(x: Any, y: Any) -> Any:
    """x / (x² + y²) without overflow, and 0 at the origin."""
    length = np.hypot(x, y)
    zero = np.equal(length, 0)
    length = np.where(zero, 1, length)
    return np.where(zero, 0, x / length / length)


ROWS = (
    pointwise(np.exp, lambda ans: ans, analytic=True),
    pointwise(np.exp2, lambda ans: ans * log(2), analytic=True),
    pointwise(np.expm1, lambda x: np.exp(x), analytic=True),
    pointwise(np.log, lambda x: 1 / x, analytic=True),
    pointwise(np.log2, lambda x: 1 / (x * log(2)), analytic=True),
    pointwise(np.log10, lambda x: 1 / (x * log(10)), analytic=True),
    pointwise(np.log1p, lambda x: 1 / (1 + x), analytic=True),
    pointwise(np.logaddexp, lambda x, y: sigmoid(x - y), lambda x, y: sigmoid(y - x)),
    pointwise(
        np.logaddexp2,
        lambda x, y: sigmoid((x - y) * log(2)),
        lambda x, y: sigmoid((y - x) * log(2)),
    ),
    pointwise(np.sin, lambda x: np.cos(x), analytic=True),
    pointwise(np.cos, lambda x: -np.sin(x), analytic=True),
    pointwise(np.tan, lambda ans: 1 + ans * ans, analytic=True),
    # −(x − 1) keeps the sign of an imaginary part that is 0, which tells the sides of the cut apart
    pointwise(np.arcsin, lambda x: 1 / np.sqrt(-(x - 1) * (1 + x)), analytic=True),
    pointwise(np.arccos, lambda x: -1 / np.sqrt(-(x - 1) * (1 + x)), analytic=True),
    pointwise(np.arctan, lambda x: 1 / (1 + x * x), analytic=True),
    pointwise(np.arctan2, lambda x, y: _over_square(y, x), lambda x, y: -_over_square(x, y)),
    pointwise(np.sinh, lambda x: np.cosh(x), analytic=True),
    pointwise(np.cosh, lambda x: np.sinh(x), analytic=True),
    pointwise(np.tanh, lambda x: 1 / np.square(np.cosh(x)), analytic=True),
    pointwise(np.arcsinh, lambda x: 1 / np.sqrt(x * x + 1), analytic=True),
    pointwise(np.arccosh, lambda x: 1 / (np.sqrt(x - 1) * np.sqrt(x + 1)), analytic=True),
    pointwise(np.arctanh, lambda x: 1 / ((1 - x) * (1 + x)), analytic=True),
    linear(np.deg2rad, lambda g: g * (pi / 180)),
    linear(np.radians, lambda g: g * (pi / 180)),
    linear(np.rad2deg, lambda g: g * (180 / pi)),
    linear(np.degrees, lambda g: g * (180 / pi)),
)
