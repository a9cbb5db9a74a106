"""Products of windows and filters in groups: kernels in place of those of `nn.grouped`.

`paths.of_grouped` chooses. With one channel a group (a depthwise convolution) every element of a
window meets one number: `numpy.einsum` multiplies and adds up in one go, over whole rows of pixels
where these lie side by side. With several channels a group, a tile of windows at a time is copied,
group by group, and multiplied in one call. Otherwise it is a matrix product a group of all windows,
as in `nn.grouped`.

`product`, `window_product` and `filter_product` are the three; `window_cotangent` is the vjp of the
first by its windows, which is lazy where `fold` can do without the windows.
"""

import itertools
import math
from collections.abc import Iterator
from typing import Any, NamedTuple

import numpy as np

from ..core.arrays import Array
from ..core.dispatch import plain
from ..core.geometry import Ints
from ..core.windows import fold, pad, windows
from ..nn.grouped import grouped_filter_product, grouped_product, grouped_window_product
from . import paths, pooling, tiles
from .lazy import LazyProduct, Spans
from .memory import Workspace, empty, scratch, zeros
from .threads import parallel_for, parallel_sum


def product(columns: Array, filters: Array, groups: int) -> Any:
    """(n, *out, *size, c) · (*size, c / groups, f) → (n, *out, f)"""
    c = filters.shape[-2]
    kept = columns.shape[: columns.ndim - filters.ndim + 1]
    fits = columns.shape == (*kept, *filters.shape[:-2], groups * c)
    path = paths.of_grouped("grouped_product", columns, filters.dtype, c)
    if path.name == "matrix products" or not fits:
        return plain(grouped_product)(columns, filters, groups)
    result = empty((*kept, filters.shape[-1]), columns.dtype)
    if path is paths.GROUPED_TAPS:
        rows = _rows(columns, filters.ndim - 2)
        for part, weights in _each(result, filters, groups):
            _add_up(rows, weights, part)
        return result
    f = filters.shape[-1] // groups
    filters_3d = _split(filters, groups).reshape(groups, 1, -1, f)
    columns, split = _split(columns, groups), _split(result, groups)
    space = Workspace(result.dtype)

    def multiply(place: Any) -> None:
        windows_4d = _copied(columns[place], len(kept) - 1, f, space)
        found = space.array("products", split[place].shape)
        # (g, b, p, k) @ (g, 1, k, f)
        np.matmul(windows_4d, filters_3d, out=found.reshape(*windows_4d.shape[:-1], f))
        np.copyto(*pooling.whole_pixels(split[place], found))

    parallel_for(multiply, _tiles(columns), columns.size * f)
    return result


def window_product(cotangent: Array, filters: Array, groups: int) -> Any:
    """(n, *out, f) · (*size, c / groups, f) → (n, *out, *size, c)"""
    *size, c, _ = filters.shape
    kept, axes = cotangent.shape[:-1], len(size)
    if paths.of_grouped_windows(cotangent, filters.dtype, c) is not paths.GROUPED_TAPS:
        return plain(grouped_window_product)(cotangent, filters, groups)
    # whole taps lie together, as `fold` reads them
    taps = np.zeros((*size, *kept, groups), cotangent.dtype)
    for part, weights in _each(cotangent, filters, groups):
        for offset in itertools.product(*map(range, size)):
            _spread(part, weights[offset], taps[offset])
    return np.moveaxis(taps, range(axes), range(-1 - axes, -1))


def filter_product(columns: Array, cotangent: Array, groups: int) -> Any:
    """(n, *out, *size, c), (n, *out, f) → (*size, c / groups, f)"""
    kept = cotangent.shape[:-1]
    *size, channels = columns.shape[len(kept) :]
    c = channels // groups
    path = paths.of_grouped("grouped_filter_product", columns, cotangent.dtype, c)
    if path.name == "matrix products":
        return plain(grouped_filter_product)(columns, cotangent, groups)
    result = np.empty((*size, c, cotangent.shape[-1]), columns.dtype)
    if path is paths.GROUPED_TAPS:
        for part, weights in _each(cotangent, result, groups):
            weights[...] = _summed(columns, part, len(size))
        return result
    f = cotangent.shape[-1] // groups
    columns, cotangent = _split(columns, groups), _split(cotangent, groups)
    space = Workspace(result.dtype)

    def add(total: Any, place: Any) -> None:
        windows_4d = _copied(columns[place], len(kept) - 1, f, space)
        given = space.array("cotangent", cotangent[place].shape)
        np.copyto(*pooling.whole_pixels(given, cotangent[place]))
        given = given.reshape(*windows_4d.shape[:-1], f)
        # (g, b, k, p) @ (g, b, p, f)
        np.add(total, np.matmul(windows_4d.swapaxes(-1, -2), given).sum(1), out=total)

    shape = groups, math.prod(size) * c, f
    total = parallel_sum(add, _tiles(columns), shape, result.dtype, columns.size * f)
    _split(result, groups)[...] = total.reshape(groups, *size, c, f)
    return result


def window_cotangent(g: Array, filters: Array, groups: int) -> Any:
    """Of `product` by its windows: lazily where `paths.of_grouped_window_product` says so."""
    if paths.of_grouped_window_product(g, filters, groups).name == "lazy":
        return LazyGroupedProduct(g, filters, groups)
    return grouped_window_product(g, filters, groups)


class LazyGroupedProduct(LazyProduct):
    """``grouped_window_product(cotangent, filters, groups)``."""

    __slots__ = ("groups",)

    def __init__(self, cotangent: Array, filters: Array, groups: int) -> None:
        super().__init__(cotangent, filters)
        self.groups = groups
        self.shape = (*self.shape[:-1], groups * filters.shape[-2])

    def materialize(self) -> Any:
        """The windows."""
        return grouped_window_product(self.cotangent, self.filters, self.groups)

    def fold(self, shape: Ints, stride: Ints, dilation: Ints, spans: Spans) -> Any:
        """The windows added up in images of `shape`, of which only `spans` are wanted.

        At stride 1 every pixel gathers what it gave, as in `LazyProduct`. Otherwise, with one
        channel a group, offset by offset; with several, the windows are made.
        """
        wanted = (slice(None), *[slice(*span) for span in spans])
        if self.filters.shape[-2] == 1:
            paths.note("fold", self.cotangent, paths.GROUPED_TAPS)
        if max(*stride, *dilation) == 1:
            return self._gathered(wanted)
        if self.filters.shape[-2] > 1:
            return fold(self.materialize(), shape, stride, dilation)[wanted]
        return self._added(shape, stride, dilation)[wanted]

    def _gathered(self, wanted: tuple[slice, ...]) -> Any:
        """The windows of the framed cotangent times the filters turned around."""
        *size, c, f = self.filters.shape
        turned = np.flip(self.filters, tuple(range(len(size))))
        frame = ((0, 0), *[(k - 1, k - 1) for k in size], (0, 0))
        if c > 1:
            shape = (*size, f // self.groups, self.groups * c)
            exchanged = np.empty(shape, self.dtype)
            _split(exchanged, self.groups)[...] = _split(turned, self.groups).swapaxes(-1, -2)
            columns = windows(pad(self.cotangent, frame), tuple(size))[wanted]
            return grouped_product(columns, exchanged, self.groups)
        total = None
        for part, weights in _each(self.cotangent, turned, self.groups):
            columns = windows(pad(part, frame), tuple(size))[wanted]
            images = empty((*columns.shape[: len(wanted)], self.groups), self.dtype)
            _add_up(_rows(columns, len(size)), weights, images)
            total = images if total is None else np.add(total, images, out=total)
        return total

    def _added(self, shape: Ints, stride: Ints, dilation: Ints) -> Any:
        """What every window gives, added where it came from."""
        size, kept = self.filters.shape[:-2], self.cotangent.shape[:-1]
        images = zeros(shape, self.dtype)
        for part, weights in _each(self.cotangent, self.filters, self.groups):
            for offset in itertools.product(*map(range, size)):
                place = images[tiles.reached((slice(None),), kept, offset, stride, dilation)]
                _spread(part, weights[offset], place)
        return images


def _spread(cotangent: Array, weights: Array, into: Any) -> None:
    """``into += cotangent * weights``, (n, *out, c) and (c,), a part at a time in the cache."""
    for part in pooling.parts(cotangent.shape, cotangent.dtype):
        given, place = cotangent[part], into[part]
        room = np.multiply(given, weights, out=scratch(given.shape, given.dtype))
        np.add(place, room, out=place)


def _split(x: Array, groups: int) -> Any:
    """(…, c) → (g, …, c / g), a view"""
    return np.moveaxis(x.reshape(*x.shape[:-1], groups, x.shape[-1] // groups), -2, 0)


def _tiles(columns: Array) -> list[tuple[slice, slice, slice]]:
    """Where in windows (g, n, *out, *size, c) tiles lie: some images, or some rows of one."""
    n, rows = columns.shape[1:3]
    row_bytes = columns.nbytes // max(1, n * rows)
    most = max(1, paths.TILE_BYTES // max(1, row_bytes))  # rows
    images, each = max(1, most // max(1, rows)), max(1, min(most, rows))
    places = itertools.product(range(0, n, images), range(0, rows, each))
    return [(slice(None), slice(i, i + images), slice(j, j + each)) for i, j in places]


def _copied(columns: Array, axes: int, f: int, space: Workspace) -> Any:
    """Windows (g, n, *out, *size, c) of a tile side by side, as (g, b, p, k) for `f` filters each.

    That is b products of p windows a group, which BLAS multiplies as they lie.
    """
    tile = space.array("windows", columns.shape)
    np.copyto(*pooling.whole_pixels(tile, columns))
    groups, *kept = columns.shape[: 2 + axes]
    lines, k = math.prod(kept[:-1]), math.prod(columns.shape[2 + axes :])
    line = kept[-1] * k * f  # multiplications
    fit = [
        b
        for b in range(1, lines + 1)
        if lines % b == 0 and lines // b * line <= paths.SMALL_PRODUCT
    ]
    return tile.reshape(groups, fit[0] if fit else lines, -1, k)


def _each(outputs: Array, filters: Array, groups: int) -> Iterator[tuple[Any, Any]]:
    """Of (…, c·m) and (*size, 1, c·m), with m outputs a channel: m times (…, c) and (*size, c)."""
    m = filters.shape[-1] // groups
    for i in range(m):
        yield outputs[..., i::m], filters[..., 0, i::m]


class _Rows(NamedTuple):
    """Windows whose last axis is a row of pixels with their channels, where these adjoin."""

    view: Any
    """(*kept, *size, joined·c)"""
    kept: Ints
    """(n, *out) without the last axis, or with it where `joined` is 1"""
    size: Ints
    joined: int
    """pixels"""


def _rows(columns: Array, axes: int) -> _Rows:
    kept, size, c = columns.shape[: 1 + axes], columns.shape[1 + axes : -1], columns.shape[-1]
    if columns.strides[axes] != c * columns.strides[-1]:
        return _Rows(columns, kept, size, 1)
    shape = (*kept[:-1], *size, kept[-1] * c)
    strides = (*columns.strides[:axes], *columns.strides[1 + axes :])
    view = np.lib.stride_tricks.as_strided(columns, shape, strides, writeable=False)
    return _Rows(view, kept[:-1], size, kept[-1])


def _add_up(rows: _Rows, weights: Array, into: Any) -> None:
    """Windows times (*size, c), summed over the window: (n, *out, c)."""
    kept, axes, c = len(rows.kept), len(rows.size), weights.shape[-1]
    shape = (*rows.size, rows.joined, c)
    row = np.broadcast_to(weights[..., None, :], shape).reshape(*rows.size, rows.joined * c)
    out = into if into.flags.c_contiguous else empty(into.shape, into.dtype)
    everything, last = [*range(kept + axes + 1)], kept + axes
    given = rows.view, everything, row, everything[kept:], [*everything[:kept], last]
    np.einsum(*given, out=out.reshape(*rows.kept, rows.joined * c))
    if out is not into:
        np.copyto(into, out)


def _summed(columns: Array, cotangent: Array, axes: int) -> Any:
    """Windows times (n, *out, c), summed over all windows: (*size, c)."""
    view, kept, size, joined = _rows(columns, axes)
    c = columns.shape[-1]
    given = np.ascontiguousarray(cotangent).reshape(*kept, joined * c)
    everything, last = [*range(len(kept) + axes + 1)], len(kept) + axes
    total = np.zeros((*size, joined * c), columns.dtype)
    for part in pooling.parts(given.shape, given.dtype):  # sums of sums: fewer digits are lost
        operands = view[part], everything, given[part], [*everything[: len(kept)], last]
        np.add(total, np.einsum(*operands, everything[len(kept) :]), out=total)
    return total.reshape(*size, joined, c).sum(-2)
