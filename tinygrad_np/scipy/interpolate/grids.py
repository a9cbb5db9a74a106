"""Interpolation between the points of a regular grid: `RegularGridInterpolator`, `interpn`.

A value is a sum of values of the grid, or of the coefficients of splines through them, weighed by a
product of one weight an axis. The coefficients of the splines of `slinear`, `cubic` and `quintic`
solve one banded system an axis; SciPy solves one system for all axes, by an iteration that ends at
an error of about 1e-6 unless one asks for `solver=scipy.sparse.linalg.spsolve`. The value is
SciPy's; the derivative is that of the exact splines.

The derivative is that by values and by points; the grid is constant. Policy: at the lines of the
grid `linear` has the slope of the piece after it, at the last line that of the piece before it;
`nearest` is locally constant in the points; what is filled in outside has the derivative 0.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from scipy import interpolate

from ...core.arrays import cast
from ...core.dispatch import array_function
from ...core.signature import signature
from ...rules.composed import composed
from ..mirror import holds_tensor
from ..ndimage.image_resampling import weighed
from .bsplines import basis, lowered, make_interp_spline
from .holders import Interpolant, Interpolator, number
from .piecewise import pchip_coefficients

_DEGREES = {"slinear": 1, "cubic": 3, "quintic": 5}


def coordinates(xi: Any, ndim: int) -> Any:
    """Points as one array (…, ndim), of that, of a tuple of an array an axis, or of one point."""
    if isinstance(xi, tuple):
        return np.stack(np.broadcast_arrays(*[number(x) for x in xi]), -1)
    xi = number(xi)
    return np.reshape(xi, (-1, ndim)) if xi.ndim < 2 else xi


@array_function
def grid_value(
    values: Any, xi: Any, points: Any, method: Any, bounds_error: Any, fill_value: Any, nu: Any,
    made: Any,
) -> Any:  # fmt: skip
    """``RegularGridInterpolator(points, values, …)(xi, method, nu=nu)``; `made` if it is at hand.

    If it is not, `made` has the further options with which it is to be made.
    """
    cls = interpolate.RegularGridInterpolator
    if isinstance(made, dict):
        # SciPy rounds otherwise what is read-only, as a Tensor's value is
        made = cls(points, np.array(values), method, bounds_error, fill_value, **made)
    return cls.__call__(made, xi, method, nu=nu)


def _value(
    values: Any, xi: Any, points: Any, method: Any, bounds_error: Any, fill_value: Any, nu: Any,
    ans: Any,
) -> Any:  # fmt: skip
    values, ndim = number(values), len(points)
    grid = []
    for axis, line in enumerate(points):
        line = np.asarray(line, float)
        if len(line) > 1 and line[0] > line[-1]:
            line, values = line[::-1], np.flip(values, axis)
        grid.append(line)
    shape = xi.shape[:-1]
    xi = np.reshape(xi, (-1, ndim))
    places = [xi[:, axis] for axis in range(ndim)]
    is_nan = np.any(np.isnan(xi), -1)
    is_out = np.zeros(len(is_nan), bool)
    if not bounds_error and fill_value is not None:
        for x, line in zip(places, grid, strict=True):
            is_out = is_out | np.less(x, line[0]) | np.greater(x, line[-1])
    places = [np.where(is_nan | is_out, g[0], x) for x, g in zip(places, grid, strict=True)]
    if method in _DEGREES:
        result = _splines(values, places, grid, _DEGREES[method], nu)
    elif method == "pchip":
        result = _pchips(values, places, grid)
    else:
        result = _neighbours(values, places, grid, method == "nearest")
    for is_filled, value in ((is_out, fill_value), (is_nan, np.nan)):
        if np.any(is_filled):
            is_filled = np.reshape(is_filled, (-1, *[1] * (values.ndim - ndim)))
            result = np.where(is_filled, value, result)
    return cast(np.reshape(result, (*shape, *values.shape[ndim:])), ans.dtype)


def _before(line: Any, x: Any) -> Any:
    return np.clip(np.searchsorted(line, x, "right") - 1, 0, max(len(line) - 2, 0))


def _neighbours(values: Any, places: Sequence[Any], grid: Any, is_nearest: bool) -> Any:
    """The mean of the corners around each point, by its distances; or the nearest of them."""
    corners, weights = [], []
    for x, line in zip(places, grid, strict=True):
        low = _before(line, x)
        high = np.minimum(low + 1, len(line) - 1)
        width = np.where(high > low, line[high] - line[low], 1)
        share = (x - line[low]) / width
        if is_nearest:
            corners.append(np.where(np.less_equal(share, 0.5), low, high))
        else:
            corners.append(np.stack([low, high]))
            weights.append(np.stack([1 - share, share]))
    return values[tuple(corners)] if is_nearest else weighed(values, corners, weights)


def _splines(values: Any, places: Sequence[Any], grid: Any, k: int, nu: Any) -> Any:
    """The product of a spline an axis, of which `nu` derivatives are taken."""
    corners, weights = [], []
    for axis, (x, line) in enumerate(zip(places, grid, strict=True)):
        made = make_interp_spline(line, values, k, axis=axis)
        t, c, degree = made.tck
        for _ in range(0 if nu is None else nu[axis]):
            if degree < 0:
                break
            t, c, degree = lowered(t, c, degree)
        if degree < 0:
            c, degree, t = 0 * c, 0, line
        values = np.moveaxis(c, 0, axis)
        place = np.clip(np.searchsorted(t, x, "right") - 1, degree, len(t) - degree - 2)
        corners.append(place - degree + np.arange(degree + 1)[:, None])
        weights.append(basis(t, degree, x, place))
    return weighed(values, corners, weights)


def _pchips(values: Any, places: Sequence[Any], grid: Any) -> Any:
    """One axis after the other, the last one first, through what the ones before have given."""
    values = values[None]  # (points, *grid, …)
    for axis in reversed(range(len(grid))):
        x, line = places[axis], grid[axis]
        c = pchip_coefficients(line, np.moveaxis(values, axis + 1, 0))
        low = _before(line, x)
        own = np.arange(len(low)) if c.shape[2] == len(low) else np.zeros(len(low), np.intp)
        c = c[:, low, own]
        s = np.reshape(x - line[low], (-1, *[1] * (c.ndim - 2)))
        values = ((c[0] * s + c[1]) * s + c[2]) * s + c[3]
    return values


class RegularGridInterpolator(Interpolator, interpolate.RegularGridInterpolator):
    """`scipy.interpolate.RegularGridInterpolator`: by the values on a grid, and by points.

    >>> from tinygrad_np import grad
    >>> grid = RegularGridInterpolator(([0.0, 1.0], [0.0, 1.0]), np.array([[0.0, 1.0], [2.0, 3.0]]))
    >>> grad(lambda x: grid(x)[0])(np.array([0.5, 0.5]))
    array([2., 1.])
    """

    @classmethod
    def _of_tensors(
        cls, points: Any, values: Any, method: str = "linear", bounds_error: bool = True,
        fill_value: Any = np.nan, **options: Any,
    ) -> Interpolant:  # fmt: skip
        if holds_tensor((points, fill_value, options)):
            raise TypeError(
                "scipy.interpolate.RegularGridInterpolator: 'points' and 'fill_value' have no "
                "derivative rule and take no Tensor; pass arrays, for instance t.data"
            )
        grid, values, own = tuple([np.asarray(x, float) for x in points]), number(values), method

        def at(xi: Any, method: Any = None, *, nu: Any = None, made: Any = options) -> Any:
            xi, rest = coordinates(xi, len(grid)), (bounds_error, fill_value, nu, made)
            return grid_value(values, xi, grid, method or own, *rest)

        return Interpolant(
            cls.__name__, at, grid=grid, values=values, method=own, fill_value=fill_value
        )


def interpn(
    points: Any, values: Any, xi: Any, method: Any = "linear", bounds_error: bool = True,
    fill_value: Any = np.nan,
) -> Any:  # fmt: skip
    """`scipy.interpolate.interpn`: values on a grid, at points; by both of them.

    Raises what `RegularGridInterpolator` raises; it has no method `splinef2d`.

    >>> from tinygrad_np import grad
    >>> grad(lambda v: interpn([[0.0, 1.0]], v, [0.25])[0])(np.array([3.0, 4.0]))
    array([0.75, 0.25])
    """
    if not holds_tensor((points, values, xi, fill_value)):
        return interpolate.interpn(points, values, xi, method, bounds_error, fill_value)
    return RegularGridInterpolator(points, values, method, bounds_error, fill_value)(xi)


ROWS = (
    composed(
        grid_value,
        signature(
            "values", "xi", "points", "method", "bounds_error", "fill_value", "nu", "made"
        ),
        _value,
        {"values", "xi"},
        own_value=True,
    ),
)  # fmt: skip

OWN = {
    "interpolate.RegularGridInterpolator": RegularGridInterpolator,
    "interpolate.interpn": interpn,
}
