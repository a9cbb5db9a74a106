"""Images at other places: splines through an image, and what is sampled from them.

An image is interpolated by B-splines of order 0 to 3 (M. Unser, IEEE Signal Processing Magazine
16(6), 1999): `spline_filter` finds their coefficients, and at a place the (order + 1)ⁿ coefficients
around it are gathered and weighed. What a mode says about places outside is a piecewise linear map
of the coordinate, and one of the indices. Orders 4 and 5 are refused.

The coefficients solve B c = x, where B samples the splines. For the modes that reflect at half an
element, and that repeat, B is symmetric, and the filter its own transpose. For those that reflect
at the first and last element themselves, B D⁻¹ is, with D = diag(½, 1, …, 1, ½) (Bᵀ D = D B), so
that the transpose is D B⁻¹ D⁻¹.

Policy: at a place on the grid the order 1 has the slope of the piece after it, at the last element
that of the piece before it; the order 0 is locally constant in the coordinates. Outside of the
image the mode `constant` has the derivative 0 by the coordinates.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np

from ...core.arrays import Array, as_array, cast
from ...core.plan import Shaped
from ...core.signature import Signature, signature
from ...core.table import Row, linear
from ...core.windows import pad
from ...rules.composed import composed
from ...rules.nested import array
from ..mirror import of
from .image_filters import without_output

spline_filter1d = of("ndimage.spline_filter1d")

_HALF = ("reflect", "grid-mirror", "nearest")
"""The modes whose splines are reflected half an element outside."""

_PADDED = 12
"""So many elements SciPy puts around an image where its filter has no exact ends for a mode."""


_SHORT = 64
"""From this length on nothing of one end reaches the other in double precision."""


def _filtered(x: Any, order: int, axis: int, mode: str) -> Any:
    """`spline_filter1d`, of the real and imaginary part one by one: of both SciPy warns."""
    if x.dtype.kind == "c":
        parts = [_filtered(part(x), order, axis, mode) for part in (np.real, np.imag)]
        return parts[0] + 1j * parts[1]
    return spline_filter1d(x, order, axis, mode=mode)


def _spline_filter1d_vjp(g: Array, input_like: Shaped, order: Any, axis: Any, mode: Any) -> Any:
    n = g.shape[axis]
    if mode in _HALF and n < _SHORT:  # where SciPy's ends are not exact, by up to 5e-4
        matrix = spline_filter1d(np.eye(n), order, 0, mode=mode)
        g = np.moveaxis(np.tensordot(matrix, g, ([0], [axis])), 0, axis)
        return cast(g, input_like.dtype)
    if mode in _HALF or mode == "grid-wrap" or order < 2:
        return cast(_filtered(g, order, axis, mode), input_like.dtype)
    d = np.ones(n)
    d[:1] = d[-1:] = 0.5
    d = d.reshape(-1, *[1] * (g.ndim - 1 - axis % g.ndim))
    return cast(_filtered(g / d, order, axis, mode) * d, input_like.dtype)


def _spline_filter(input: Any, order: Any, mode: Any, output: Any = np.float64) -> Any:
    for axis in range(input.ndim):
        input = spline_filter1d(input, order, axis, output, mode)
    return input


def _mapped(x: Any, n: int, mode: str, order: int) -> Any:
    """The coordinate within an axis of length `n` at which the spline has the value for `x`."""
    is_inside = np.logical_and(np.greater_equal(x, 0), np.less_equal(x, n - 1))
    if mode == "grid-constant" or (mode == "nearest" and order > 1) or np.all(is_inside):
        return x  # what stands at an index outside is enough
    if mode in ("constant", "nearest"):  # for the former, whatever is inside
        return np.clip(x, 0, n - 1)
    if mode in ("reflect", "grid-mirror"):
        x = np.where(is_inside, x, np.mod(x + 0.5, 2 * n) - 0.5)
        return np.where(np.greater(x, n - 0.5), 2 * n - 1 - x, x)
    if mode == "grid-wrap":
        return np.where(is_inside, x, np.mod(x, n))
    if n == 1:
        return x * 0.0
    if mode == "wrap":
        return np.where(is_inside, x, np.mod(x, n - 1))
    return np.where(is_inside, x, np.absolute(np.mod(x + (n - 1), 2 * n - 2) - (n - 1)))


def _index(i: Any, n: int, mode: str) -> Any:
    """Which coefficient stands at the index `i`, which may be outside."""
    if mode in ("nearest", "grid-constant"):
        return np.clip(i, 0, n - 1)
    if mode == "grid-wrap":
        return np.mod(i, n)
    if mode in ("reflect", "grid-mirror"):
        i = np.mod(i, 2 * n)
        return np.where(i >= n, 2 * n - 1 - i, i)
    i = np.mod(i, max(2 * n - 2, 1))
    return np.where(i >= n, 2 * n - 2 - i, i)


def _weights(d: Any, order: int) -> list[Any]:
    """The B-splines of an order at `d` after (for the order 2: around) a knot."""
    if order == 0:
        return [np.ones(d.shape)]
    if order == 1:
        return [1 - d, d]
    if order == 2:
        return [(0.5 - d) ** 2 / 2, 0.75 - d * d, (0.5 + d) ** 2 / 2]
    e = 1 - d
    return [e * e * e / 6, 2 / 3 - d * d * (2 - d) / 2, 2 / 3 - e * e * (2 - e) / 2, d * d * d / 6]


def weighed(c: Any, places: Sequence[Any], weights: Sequence[Any]) -> Any:
    """Σ c[i₀, i₁, …] w₀ w₁ … over all that is listed for each of the first axes of `c`.

    ``places[a]`` and ``weights[a]`` have a first axis for what is listed for the axis a; their
    other axes are broadcast. The result has those, and the further axes of `c`.
    """
    count, rest = len(places), c.ndim - len(places)

    def spread(x: Any, axis: int, after: int) -> Any:
        """(m, *shape) → m along `axis` of `after` such axes, before the shape."""
        return np.reshape(x, (x.shape[0], *[1] * (after - axis - 1), *x.shape[1:]))

    total = c[tuple([spread(i, axis, count) for axis, i in enumerate(places)])]
    for axis, w in enumerate(weights):
        w = spread(w, axis, count)
        total = np.sum(total * np.reshape(w, (*w.shape, *[1] * rest)), 0)
    return total


def _sampled(
    input: Any, places: Sequence[Any], order: int, mode: str, cval: Any, prefilter: Any
) -> Any:
    """The image at coordinates, one array for each of its first axes, broadcast together."""
    if order not in (0, 1, 2, 3):
        raise ValueError(f"splines of order {order} have no derivative rule; use order=3")
    if input.dtype.kind not in "fc":
        raise TypeError(
            f"from an image of dtype {input.dtype} come whole numbers, which have "
            "no derivative; use image.astype(float)"
        )
    dtype, c, count = input.dtype, cast(input, np.result_type(input.dtype, float)), len(places)
    is_outside: Any = False
    if mode == "constant":
        for x, n in zip(places, c.shape, strict=False):
            is_outside = is_outside | np.less(x, 0) | np.greater(x, n - 1)
    frame = ((0, 0),) * (c.ndim - count)
    if prefilter and order > 1:
        if mode == "grid-constant":
            c = pad(c, ((_PADDED, _PADDED),) * count + frame, cval)
        elif mode == "nearest":
            c = np.pad(c, ((_PADDED, _PADDED),) * count + frame, "edge")
        places = [x + _PADDED if mode in ("nearest", "grid-constant") else x for x in places]
        for axis in range(count):
            c = _filtered(c, order, axis, mode)
    if mode == "grid-constant":  # one more element on every side stands for all outside
        c = pad(c, ((1, 1),) * count + frame, cval)
    is_half = order % 2 == 0
    indices, weights = [], []
    for x, n in zip(places, c.shape, strict=False):
        x = _mapped(x, n, mode, order)
        base = np.floor(x + 0.5 if is_half else x)
        if order == 1 and n > 1 and mode in ("constant", "mirror", "nearest", "wrap"):
            base = np.minimum(base, n - 2)
        around = np.arange(order + 1).reshape(-1, *[1] * base.ndim) - order // 2
        around = around + (mode == "grid-constant")
        indices.append(_index(base.astype(np.intp) + around, n, mode))
        weights.append(np.stack(_weights(x - base, order)))
    total = weighed(c, indices, weights)
    if np.any(is_outside):
        is_outside = np.reshape(is_outside, (*is_outside.shape, *[1] * (c.ndim - count)))
        total = np.where(is_outside, cval, total)
    return cast(total, dtype)


def _grid(shape: Sequence[int]) -> list[Any]:
    """The places of the elements of an array, one array for each axis, to be broadcast."""
    axes = range(len(shape))
    return [
        np.arange(float(n)).reshape([-1 if b == a else 1 for b in axes])
        for a, n in zip(axes, shape, strict=True)
    ]


def _linear_map(grid: list[Any], matrix: Any, offset: Any) -> list[Any]:
    """offset + matrix @ place for each place of a grid, added up in SciPy's order."""
    return [
        sum([m * x for m, x in zip(row, grid, strict=True)], start)
        for row, start in zip(matrix, offset, strict=True)
    ]


def _affine_transform(
    input: Any, matrix: Any, offset: Any, output_shape: Any, order: Any, mode: Any, cval: Any,
    prefilter: Any,
) -> Any:  # fmt: skip
    input, matrix = as_array(input), as_array(matrix)
    n = input.ndim
    if matrix.ndim == 2 and matrix.shape[1] == n + 1:  # homogeneous coordinates
        matrix, offset = matrix[:n, :n], matrix[:n, n]
    offset = offset * np.ones(n) if np.ndim(offset) == 0 else offset
    grid = _grid(input.shape if output_shape is None else output_shape)
    if matrix.ndim == 1:
        places = [(x + o / m) * m for x, m, o in zip(grid, matrix, offset, strict=True)]
    else:
        places = _linear_map(grid, matrix, offset)
    return _sampled(input, places, order, mode, cval, prefilter)


def _shift(input: Any, shift: Any, order: Any, mode: Any, cval: Any, prefilter: Any) -> Any:
    input = as_array(input)
    shift = shift * np.ones(input.ndim) if np.ndim(shift) == 0 else shift
    places = [x - s for x, s in zip(_grid(input.shape), shift, strict=True)]
    return _sampled(input, places, order, mode, cval, prefilter)


def _zoom(
    input: Any, order: Any, mode: Any, cval: Any, prefilter: Any, grid_mode: Any, ans: Array
) -> Any:
    is_grid = grid_mode and input.dtype.kind != "c"  # as SciPy has it
    places = []
    for x, n, m in zip(_grid(ans.shape), input.shape, ans.shape, strict=True):
        if is_grid:
            places.append((x + 0.5) * (n / m if m else 1.0) - 0.5)
        else:
            places.append(x * ((n - 1) / (m - 1) if m != 1 else 1.0))
    return _sampled(input, places, order, mode, cval, prefilter)


def _rotate(
    input: Any, angle: Any, axes: Any, order: Any, mode: Any, cval: Any, prefilter: Any,
    ans: Array,
) -> Any:  # fmt: skip
    from scipy import special

    input = as_array(input)
    axes = sorted([axis % input.ndim for axis in axes])
    c, s = special.cosdg(angle), special.sindg(angle)
    before, after = [np.array([x.shape[axis] for axis in axes]) for x in (input, ans)]
    matrix = array([[c, s], [-s, c]])
    offset = (before - 1) / 2 - matrix @ ((after - 1) / 2)
    places = _linear_map(_grid(after.tolist()), matrix, offset)
    plane = _sampled(np.moveaxis(input, axes, [0, 1]), places, order, mode, cval, prefilter)
    return np.moveaxis(plane, [0, 1], axes)


def _resampling(path: str, sig: Signature, definition: Any, operands: set[str]) -> Row:
    kernel = without_output(path, sig)
    return composed(of(path), sig, definition, {"input", *operands}, own_value=True, kernel=kernel)


_FILTER = signature("input", order=3, axis=-1, output=np.float64, mode="mirror")
_REST: Any = {"output": None, "order": 3, "mode": "constant", "cval": 0.0, "prefilter": True}

ROWS = (
    linear(
        spline_filter1d, _FILTER, _spline_filter1d_vjp,
        kernel=without_output("ndimage.spline_filter1d", _FILTER),
    ),
    composed(
        of("ndimage.spline_filter"),
        signature("input", order=3, output=np.float64, mode="mirror"),
        _spline_filter,
        {"input"},
    ),
    _resampling(
        "ndimage.map_coordinates",
        signature("input", "coordinates", **_REST),
        lambda input, coordinates, order, mode, cval, prefilter: _sampled(  # noqa: A006
            as_array(input), list(as_array(coordinates)), order, mode, cval, prefilter
        ),
        {"coordinates"},
    ),
    _resampling(
        "ndimage.affine_transform",
        signature("input", "matrix", offset=0.0, output_shape=None, **_REST),
        _affine_transform,
        {"matrix", "offset"},
    ),
    _resampling("ndimage.shift", signature("input", "shift", **_REST), _shift, {"shift"}),
    _resampling(
        "ndimage.zoom", signature("input", "zoom", **_REST, grid_mode=False), _zoom, set()
    ),
    _resampling(
        "ndimage.rotate",
        signature("input", "angle", axes=(1, 0), reshape=True, **_REST),
        _rotate,
        {"angle"},
    ),
)  # fmt: skip
