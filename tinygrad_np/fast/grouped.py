"""Products of windows and filters in groups: kernels in place of those of `nn.grouped`.

`paths.of_grouped` chooses. With one channel a group (a depthwise convolution) every element of a
window meets one number: `numpy.einsum` multiplies and adds up in one go, over whole rows of pixels
where these lie side by side. With several channels a group, each group is an ordinary product, by
the path that it has. Otherwise it is a matrix product a group, as in `nn.grouped`.

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
from ..core.windows import pad, windows
from ..nn.grouped import grouped_filter_product, grouped_product, grouped_window_product
from . import paths, pooling, products, tiles
from .lazy import LazyProduct, Spans
from .memory import empty, scratch, zeros


def product(columns: Array, filters: Array, groups: int) -> Any:
    """(n, *out, *size, c) · (*size, c / groups, f) → (n, *out, f)"""
    c = filters.shape[-2]
    kept = columns.shape[: columns.ndim - filters.ndim + 1]
    fits = columns.shape == (*kept, *filters.shape[:-2], groups * c)
    path = paths.of_grouped("grouped_product", columns, filters.dtype, c, columns.nbytes)
    if path.name == "matrix products" or not fits:
        return plain(grouped_product)(columns, filters, groups)
    result = empty((*kept, filters.shape[-1]), columns.dtype)
    if path is paths.GROUPED_TAPS:
        rows = _rows(columns, filters.ndim - 2)
        for part, weights in _each(result, filters, groups):
            _add_up(rows, weights, part)
        return result
    for inputs, outputs in _groups(c, filters.shape[-1] // groups, groups):
        found = products.product(columns[..., inputs], filters[..., outputs].copy())
        np.copyto(*pooling.whole_pixels(result[..., outputs], found))
    return result


def window_product(cotangent: Array, filters: Array, groups: int) -> Any:
    """(n, *out, f) · (*size, c / groups, f) → (n, *out, *size, c)"""
    *size, c, f = filters.shape
    kept, axes = cotangent.shape[:-1], len(size)
    size_of = math.prod((*kept, *size, groups * c)) * cotangent.itemsize
    path = paths.of_grouped("grouped_window_product", cotangent, filters.dtype, c, size_of)
    if path.name == "matrix products":
        return plain(grouped_window_product)(cotangent, filters, groups)
    # whole taps lie together, as `fold` reads them
    taps = np.empty((*size, *kept, groups * c), cotangent.dtype)
    columns = np.moveaxis(taps, range(axes), range(-1 - axes, -1))
    if path is paths.GROUPED_TAPS:
        taps.fill(0)
        for part, weights in _each(cotangent, filters, groups):
            for offset in itertools.product(*map(range, size)):
                _spread(part, weights[offset], taps[offset])
        return columns
    for inputs, outputs in _groups(c, f // groups, groups):
        given = _side_by_side(cotangent[..., outputs])
        columns[..., inputs] = products.window_product(given, filters[..., outputs].copy())
    return columns


def filter_product(columns: Array, cotangent: Array, groups: int) -> Any:
    """(n, *out, *size, c), (n, *out, f) → (*size, c / groups, f)"""
    *size, channels = columns.shape[cotangent.ndim - 1 :]
    c = channels // groups
    path = paths.of_grouped("grouped_filter_product", columns, cotangent.dtype, c, columns.nbytes)
    if path.name == "matrix products":
        return plain(grouped_filter_product)(columns, cotangent, groups)
    result = np.empty((*size, c, cotangent.shape[-1]), columns.dtype)
    if path is paths.GROUPED_TAPS:
        for part, weights in _each(cotangent, result, groups):
            weights[...] = _summed(columns, part, len(size))
        return result
    for inputs, outputs in _groups(c, cotangent.shape[-1] // groups, groups):
        given = _side_by_side(cotangent[..., outputs])
        result[..., outputs] = products.filter_product(columns[..., inputs], given)
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

        With one channel a group, offset by offset; or, at stride 1, every pixel gathers what it
        gave, as in `LazyProduct`. With several, group by group.
        """
        wanted = (slice(None), *[slice(*span) for span in spans])
        if self.filters.shape[-2] == 1:
            paths.note("fold", self.cotangent, paths.GROUPED_TAPS)
            if max(*stride, *dilation) > 1:
                return self._added(shape, stride, dilation)[wanted]
            return self._gathered(wanted)
        c, f = self.filters.shape[-2], self.filters.shape[-1] // self.groups
        images = None
        for inputs, outputs in _groups(c, f, self.groups):
            given = _side_by_side(self.cotangent[..., outputs])
            alone = LazyProduct(given, self.filters[..., outputs].copy())
            found = alone.fold((*shape[:-1], c), stride, dilation, spans)
            if images is None:
                images = empty((*found.shape[:-1], shape[-1]), self.dtype)
            np.copyto(*pooling.whole_pixels(images[..., inputs], found))
        return images

    def _gathered(self, wanted: tuple[slice, ...]) -> Any:
        """The windows of the framed cotangent times the filters turned around."""
        size = self.filters.shape[:-2]
        turned = np.flip(self.filters, tuple(range(len(size))))
        frame = ((0, 0), *[(k - 1, k - 1) for k in size], (0, 0))
        total = None
        for part, weights in _each(self.cotangent, turned, self.groups):
            columns = windows(pad(part, frame), size)[wanted]
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


def _groups(c: int, f: int, groups: int) -> Iterator[tuple[slice, slice]]:
    """The channels in, c a group, and out, f a group, of each."""
    for i in range(groups):
        yield slice(i * c, i * c + c), slice(i * f, i * f + f)


def _side_by_side(x: Array) -> Any:
    result = empty(x.shape, x.dtype)
    np.copyto(*pooling.whole_pixels(result, x))
    return result


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
