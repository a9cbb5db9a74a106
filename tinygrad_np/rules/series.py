"""Polynomials in several variables, of `numpy.polynomial`: the lowest coefficient first."""

from typing import Any

import numpy as np
from numpy.polynomial import polynomial

from ..core.arrays import Array, as_array
from ..core.signature import signature
from .composed import composed


def _evaluated(x: Array, c: Any, grid: bool) -> Any:
    """Horner's rule along the first axis of c, at every x or, not `grid`, at its own."""
    x, c = as_array(x), np.atleast_1d(c)
    c = c.reshape(c.shape + (1,) * x.ndim) if grid else c
    result = c[-1] + x * 0
    for i in range(2, len(c) + 1):
        result = c[-i] + result * x
    return result


def _polyvalnd(pts: Any, c: Any) -> Any:
    for i, x in enumerate(pts):
        c = _evaluated(x, c, i == 0)
    return c


# NumPy 2.0 does not hand the first two over to a Tensor, and 2.5 is the first to have the last.
ROWS = tuple(
    composed(
        getattr(polynomial, name),
        signature(*names),
        definition,
        set(names),
        own_value=True,
        analytic=True,
    )
    for name, names, definition in (
        ("polyval2d", ("x", "y", "c"), lambda x, y, c: _polyvalnd((x, y), c)),
        (
            "polygrid2d",
            ("x", "y", "c"),
            lambda x, y, c: _evaluated(y, _evaluated(x, c, True), True),
        ),
        ("polyvalnd", ("pts", "c"), lambda pts, c: _polyvalnd(pts, c)),
    )
    if hasattr(getattr(polynomial, name, None), "_implementation")
)
