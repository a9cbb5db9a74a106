"""Interpolation of scattered values: triangles, radial functions, the nearest one.

`LinearNDInterpolator` weighs the corners of the simplex around a point by its barycentric
coordinates; the triangulation is locally constant. `RBFInterpolator` is a sum of a function of the
distance from each centre and of a polynomial (G. Fasshauer, Meshfree Approximation Methods with
Matlab, 2007): its coefficients solve

    [[K + λ I, P], [Pᵀ, 0]] [a, b] = [d, 0]

and n centres cost O(n³) a call. The derivative is that by values, by points, and by the places of
the values. Policy: two points at one place have a distance with the derivative 0; outside of all
triangles the derivative is 0.
"""

from __future__ import annotations

import itertools
import math
from typing import Any

import numpy as np
from scipy import interpolate, spatial

from ...core.dispatch import array_function
from ...core.signature import signature
from ...core.tensor import value_of
from ...rules.composed import composed
from ..mirror import holds_tensor
from .bsplines import interp1d
from .grids import coordinates
from .holders import AtTensors, Interpolant, Interpolator, number


@array_function
def triangle_value(
    points: Any, values: Any, xi: Any, fill_value: Any, rescale: Any, made: Any
) -> Any:
    """``LinearNDInterpolator(points, values, fill_value, rescale)(xi)``; `made` if at hand."""
    cls = interpolate.LinearNDInterpolator
    return cls.__call__(made or cls(number(points), values, fill_value, rescale), xi)


def _triangle_value(
    points: Any, values: Any, xi: Any, fill_value: Any, rescale: Any, made: Any
) -> Any:
    points, values, xi = number(points), number(values), number(xi)
    shape, ndim = xi.shape[:-1], points.shape[1]
    xi = np.reshape(xi, (-1, ndim))
    sites, at = value_of(points), value_of(xi)
    if rescale:
        shift, scale = np.mean(sites, 0), np.ptp(sites, 0)
        scale = np.where(scale > 0, scale, 1)
        sites, at = (sites - shift) / scale, (at - shift) / scale
    triangles = made.tri if made else spatial.Delaunay(sites)
    found = triangles.find_simplex(at)
    corners = triangles.simplices[found]  # (points, corners)
    places = points[corners]
    edges = np.swapaxes(places[:, :-1] - places[:, -1:], 1, 2)
    is_out = found < 0
    apart = np.where(is_out[:, None], 0, xi - places[:, -1])
    shares = np.linalg.solve(edges, apart[..., None])[..., 0]
    shares = np.concatenate([shares, 1 - np.sum(shares, 1, keepdims=True)], 1)
    rest = [1] * (values.ndim - 1)
    result = np.sum(np.reshape(shares, (*corners.shape, *rest)) * values[corners], 1)
    result = np.where(np.reshape(is_out, (-1, *rest)), fill_value, result)
    return np.reshape(result, (*shape, *values.shape[1:]))


class LinearNDInterpolator(Interpolator, interpolate.LinearNDInterpolator):
    """`scipy.interpolate.LinearNDInterpolator`: linear on triangles, by values, points and places.

    >>> from tinygrad_np import grad
    >>> corners = np.array([[0.0, 0.0], [1.0, 0.0], [0.0, 1.0]])
    >>> grad(lambda v: LinearNDInterpolator(corners, v)([0.25, 0.5])[0])(np.array([1.0, 2.0, 3.0]))
    array([0.25, 0.25, 0.5 ])
    """

    @classmethod
    def _of_tensors(
        cls, points: Any, values: Any, fill_value: Any = np.nan, rescale: bool = False
    ) -> Interpolant:
        if holds_tensor(fill_value):
            raise TypeError(
                "scipy.interpolate.LinearNDInterpolator: 'fill_value' takes no Tensor; use "
                "np.where on the result"
            )
        points = points.points if isinstance(points, spatial.Delaunay) else points
        points, values = number(points), number(values)

        def at(*xi: Any, made: Any = None) -> Any:
            xi = coordinates(xi if len(xi) > 1 else xi[0], points.shape[1])
            return triangle_value(points, values, xi, fill_value, rescale, made)

        return Interpolant(cls.__name__, at, points=points, values=values, fill_value=fill_value)


class NearestNDInterpolator(AtTensors, interpolate.NearestNDInterpolator):
    """`scipy.interpolate.NearestNDInterpolator`: by values; locally constant in all places."""

    @classmethod
    def _of_tensors(
        cls, x: Any, y: Any, rescale: bool = False, tree_options: Any = None
    ) -> Interpolant:
        x, y = value_of(number(x)), number(y)
        nearest = interpolate.NearestNDInterpolator(x, np.arange(len(x)), rescale, tree_options)

        def at(*xi: Any) -> Any:
            return y[nearest(*map(value_of, xi)).astype(np.intp)]

        return Interpolant(cls.__name__, at, values=y)

    def __call__(self, *args: Any, **options: Any) -> Any:
        """The values at points."""
        return super().__call__(*map(value_of, args), **options)


def griddata(
    points: Any, values: Any, xi: Any, method: Any = "linear", fill_value: Any = np.nan,
    rescale: bool = False, **options: Any,
) -> Any:  # fmt: skip
    """`scipy.interpolate.griddata`: scattered values at points, by both of them and the places.

    Of Tensors it raises ``ValueError`` for the method `cubic` in two dimensions.

    >>> from tinygrad_np import grad
    >>> corners = np.array([[0.0, 0.0], [1.0, 0.0], [0.0, 1.0]])
    >>> grad(lambda v: griddata(corners, v, [[0.25, 0.5]])[0])(np.array([1.0, 2.0, 3.0]))
    array([0.25, 0.25, 0.5 ])
    """
    if not holds_tensor((points, values, xi, fill_value)):
        plain: Any = interpolate.griddata
        return plain(points, values, xi, method, fill_value, rescale, **options)
    if options:
        raise TypeError(
            f"scipy.interpolate.griddata: {', '.join(options)} beside a Tensor has no rule; leave "
            "it out"
        )
    sites = coordinates(points, 1) if isinstance(points, tuple) else number(points)
    if sites.ndim < 2 or sites.shape[1] == 1:
        fill: Any = "extrapolate" if method == "nearest" else fill_value
        sites, values = np.reshape(sites, -1), number(values)
        made = interp1d(sites, values, method, 0, bounds_error=False, fill_value=fill)
        return made(np.reshape(coordinates(xi, 1), np.shape(xi)[:-1]) if np.ndim(xi) > 1 else xi)
    at = coordinates(xi, sites.shape[1])
    if method == "nearest":
        return NearestNDInterpolator(sites, values, rescale)(at)
    if method != "linear":
        raise ValueError(
            f"scipy.interpolate.griddata: method={method!r} in two dimensions has no derivative "
            "rule; use method='linear', or RBFInterpolator"
        )
    return LinearNDInterpolator(sites, values, fill_value, rescale)(at)


# By radial functions

_SCALE_FREE = ("linear", "thin_plate_spline", "cubic", "quintic")
_DEGREES = {"thin_plate_spline": 1, "cubic": 1, "quintic": 2}


def _radial(kernel: str, squared: Any) -> Any:
    """A radial function of the squared distance."""
    if kernel not in _SCALE_FREE:
        return {
            "multiquadric": lambda: -np.sqrt(squared + 1),
            "inverse_multiquadric": lambda: 1 / np.sqrt(squared + 1),
            "inverse_quadratic": lambda: 1 / (squared + 1),
            "gaussian": lambda: np.exp(-squared),
        }[kernel]()
    is_same = np.equal(squared, 0)
    apart = np.where(is_same, 1, squared)
    if kernel == "thin_plate_spline":
        return np.where(is_same, 0, apart * np.log(apart) / 2)
    r = np.where(is_same, 0, np.sqrt(apart))
    return {"linear": -r, "cubic": squared * r, "quintic": -squared * squared * r}[kernel]


def _matrices(
    x: Any, y: Any, kernel: str, epsilon: float, degree: int, sites: Any
) -> tuple[Any, Any]:
    """The radial functions around `y`, and the monomials, at `x`: (points, centres), (points, m).

    The monomials are those of places moved into [−1, 1] as `sites` are: any others are sums of
    these, so that how they are moved has no derivative.
    """
    apart = (x[:, None] - y[None]) * epsilon
    low, high = np.min(sites, 0), np.max(sites, 0)
    place = (x - (low + high) / 2) / np.where(high > low, (high - low) / 2, 1)
    axes = range(x.shape[1])
    powers = [
        several
        for n in range(degree + 1)
        for several in itertools.combinations_with_replacement(axes, n)
    ]
    one = np.ones(len(x))
    monomials = [math.prod([place[:, axis] for axis in several], start=one) for several in powers]
    ndim = len(monomials)
    parts = np.stack(monomials, 1) if ndim else np.zeros((len(x), 0))
    return _radial(kernel, np.sum(apart * apart, -1)), parts


@array_function
def radial_value(
    y: Any, d: Any, x: Any, smoothing: Any, kernel: Any, epsilon: Any, degree: Any, made: Any
) -> Any:
    """``RBFInterpolator(y, d, None, smoothing, kernel, epsilon, degree)(x)``; `made` if at hand."""
    cls = interpolate.RBFInterpolator
    return cls.__call__(made or cls(y, d, None, smoothing, kernel, epsilon, degree), x)


def _radial_value(
    y: Any, d: Any, x: Any, smoothing: Any, kernel: Any, epsilon: Any, degree: Any
) -> Any:
    y, d, x = number(y), number(d), number(x)
    kernel, epsilon = kernel.lower(), 1.0 if epsilon is None else float(epsilon)
    degree = _DEGREES.get(kernel, 0) if degree is None else degree
    sites = value_of(y)
    k, p = _matrices(y, y, kernel, epsilon, degree, sites)
    k = k + smoothing * np.eye(len(k))
    m = p.shape[1]
    whole = np.block([[k, p], [np.transpose(p), np.zeros((m, m))]])
    flat = np.reshape(d, (len(k), -1))
    right = np.concatenate([flat, np.zeros((m, flat.shape[1]))])
    at = np.concatenate(_matrices(x, y, kernel, epsilon, degree, sites), 1)
    return np.reshape(at @ np.linalg.solve(whole, right), (len(x), *d.shape[1:]))


class RBFInterpolator(Interpolator, interpolate.RBFInterpolator):
    """`scipy.interpolate.RBFInterpolator`: radial functions, by values, points and centres.

    >>> from tinygrad_np import grad
    >>> centres = np.array([[0.0], [1.0], [2.0]])
    >>> grad(lambda d: RBFInterpolator(centres, d)(np.array([[1.0]]))[0])(np.zeros(3)).round(9) + 0
    array([0., 1., 0.])
    """

    @classmethod
    def _of_tensors(
        cls, y: Any, d: Any, neighbors: Any = None, smoothing: Any = 0.0,
        kernel: str = "thin_plate_spline", epsilon: Any = None, degree: Any = None,
    ) -> Interpolant:  # fmt: skip
        if neighbors is not None:
            raise ValueError(
                "scipy.interpolate.RBFInterpolator: 'neighbors' with Tensors has no derivative "
                "rule; leave it out, so that all centres count"
            )
        if holds_tensor((smoothing, epsilon)):
            raise TypeError(
                "scipy.interpolate.RBFInterpolator: 'smoothing' and 'epsilon' have no derivative "
                "rule and take no Tensor; pass numbers, and divide the places by a Tensor"
            )
        y, d, given = number(y), number(d), (smoothing, kernel, epsilon, degree)

        def at(x: Any, made: Any = None) -> Any:
            return radial_value(y, d, number(x), *given, made)

        return Interpolant(
            cls.__name__, at, y=y, d=d, smoothing=smoothing, kernel=kernel, epsilon=epsilon
        )


ROWS = (
    composed(
        triangle_value,
        signature("points", "values", "xi", "fill_value", "rescale", "made"),
        _triangle_value,
        {"points", "values", "xi"},
        own_value=True,
    ),
    composed(
        radial_value,
        signature("y", "d", "x", "smoothing", "kernel", "epsilon", "degree", "made"),
        _radial_value,
        {"y", "d", "x"},
        own_value=True,
    ),
)

OWN = {
    "interpolate.LinearNDInterpolator": LinearNDInterpolator,
    "interpolate.NearestNDInterpolator": NearestNDInterpolator,
    "interpolate.griddata": griddata,
    "interpolate.RBFInterpolator": RBFInterpolator,
}
