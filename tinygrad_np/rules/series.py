"""Polynomials in several variables, of `numpy.polynomial`: the lowest coefficient first."""

from typing import Any

import numpy as np
from numpy.polynomial import polynomial

from ..core.arrays import Array, as_array
from ..core.signature import signature
from .composed import composed


def _polyval(x: Array, c: Any, grid: bool) -> Any:
    """Horner's rule along the first axis of c, at every x or, not `grid`, at its own."""
    if c.ndim == 0:
        c = c.reshape(1)
    if c.dtype.kind in "biu":
        c = c + 0.0
    if grid:
        c = c.reshape(c.shape + (1,) * x.ndim)
    result = c[-1] + x * 0
    for i in np.arange(2, len(c) + 1).tolist():
        result = c[-i] + result * x
    return result


def _polyvalnd(pts: Any, c: Any, function: str = "polyvalnd") -> Any:
    first, *others = [as_array(x) for x in pts]
    result = _polyval(first, as_array(c), True)
    for x in others:
        if x.shape != first.shape:
            raise ValueError(
                f"np.polynomial.polynomial.{function}: points of shapes {first.shape} and {x.shape}"
                "; all must have the same"
            )
        result = _polyval(x, result, False)
    return result


def _polyval2d(x: Array, y: Array, c: Any) -> Any:
    return _polyvalnd((x, y), c, "polyval2d")


def _polygrid2d(x: Array, y: Array, c: Any) -> Any:
    return _polyval(as_array(y), _polyval(as_array(x), as_array(c), True), True)


# NumPy 2.0 does not hand the first two over to a Tensor, and 2.5 is the first to have the last.
ROWS = tuple(
    composed(getattr(polynomial, name), signature(*names), definition, set(names), analytic=True)
    for name, names, definition in (
        ("polyval2d", ("x", "y", "c"), _polyval2d),
        ("polygrid2d", ("x", "y", "c"), _polygrid2d),
        ("polyvalnd", ("pts", "c"), lambda pts, c: _polyvalnd(pts, c)),
    )
    if hasattr(getattr(polynomial, name, None), "_implementation")
)
