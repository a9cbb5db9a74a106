"""Polynomials in two variables, of `numpy.polynomial`: the lowest coefficient first."""

from typing import Any

import numpy as np
from numpy.polynomial import polynomial

from ..kernels.dispatch import as_array
from .table import composed, takes


def _polyval(x: Any, c: Any, grid: bool) -> Any:
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


def _polyval2d(x: Any, y: Any, c: Any) -> Any:
    x, y = as_array(x), as_array(y)
    if x.shape != y.shape:
        raise ValueError(f"np.polynomial.polynomial.polyval2d: x has {x.shape} and y {y.shape}")
    return _polyval(y, _polyval(x, as_array(c), True), False)


def _polygrid2d(x: Any, y: Any, c: Any) -> Any:
    return _polyval(as_array(y), _polyval(as_array(x), as_array(c), True), True)


# NumPy 2.0 does not hand these over to a Tensor
ROWS = tuple(
    composed(function, takes("x", "y", "c"), text, {"x", "y", "c"}, analytic=True)
    for function, text in (
        (polynomial.polyval2d, _polyval2d),
        (polynomial.polygrid2d, _polygrid2d),
    )
    if hasattr(function, "_implementation")
)
