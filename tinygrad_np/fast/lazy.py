"""Arrays that are not made: a `LazyArray` stands for one in the reverse sweep.

The cotangent of the windows of an image is K² times the image, and all that happens to it is that
it is added up (`fold`). So a lazy array stands for it, which is added up piece by piece:
`LazyProduct` where it comes from a convolution, `LazyUnpooled` where it comes from max pooling.
What of the sum lies in the padding is cropped away next, so the sum is lazy, too (`LazyImages`),
and its `cropped` part is all that is computed.

`window_cotangent`, `unpooled`, `folded` and `cropped_images` are the vjps that take the place of
the core's: they give the lazy array where `paths` says so, and else the array. Only kernels and the
engine meet a lazy array: a rule that does not accept one gets the array.
"""

import itertools
from typing import Any

import numpy as np

from ..core.arrays import Array
from ..core.geometry import Frame, Ints
from ..core.graph import LazyArray
from ..core.plan import Shaped
from ..core.windows import (
    cropped,
    fold,
    folding_steps,
    max_unpool,
    pad,
    product,
    window_product,
    window_size,
    windows,
)
from . import paths, pooling, tiles
from .memory import empty, zeros

Spans = list[tuple[int, int]]
"""(start, stop) on each spatial axis"""


class LazyProduct(LazyArray):
    """``window_product(cotangent, filters)``."""

    __slots__ = ("cotangent", "filters")

    def __init__(self, cotangent: Array, filters: Array) -> None:
        self.cotangent = cotangent
        self.filters = filters
        self.shape = (*cotangent.shape[:-1], *filters.shape[:-1])
        self.dtype = cotangent.dtype

    def materialize(self) -> Any:
        """The windows."""
        return window_product(self.cotangent, self.filters)

    def fold(self, shape: Ints, stride: Ints, dilation: Ints, spans: Spans) -> Any:
        """The windows added up in images of `shape`, of which only `spans` are wanted.

        Tile by tile; or, at stride 1, every pixel gathers what it gave. That is the windows of the
        framed cotangent times the filters with their axes reversed and their channels exchanged:
        a convolution again.
        """
        size, c = self.filters.shape[:-2], self.filters.shape[-2]
        path = paths.of_fold(self.cotangent, size, c, stride, dilation)
        if path is paths.FOLD_RUNS:
            from . import runs  # which few programs need

            return runs.folded_product(self.cotangent, self.filters, shape, spans)
        if path.name == "tiles":
            images = tiles.folded_product(self.cotangent, self.filters, shape, stride, dilation)
            return _part(images, spans)
        wanted = [(start - k + 1, stop) for (start, stop), k in zip(spans, size, strict=True)]
        turned = np.flip(self.filters, tuple(range(len(size)))).swapaxes(-1, -2)
        return product(windows(_reframed(self.cotangent, wanted), size), turned.copy())


def _part(images: Array, spans: Spans) -> Any:
    if all(span == (0, n) for span, n in zip(spans, images.shape[1:-1], strict=True)):
        return images  # itself, not a view: it may leave as it is
    return images[(slice(None), *[slice(*span) for span in spans])]


def _reframed(x: Array, spans: Spans) -> Any:
    """``x[:, start:stop]``, so on every spatial axis, with zeros for what lies outside of `x`."""
    inside, width = [slice(None)], [(0, 0)]
    for (start, stop), n in zip(spans, x.shape[1:-1], strict=True):
        inside.append(slice(max(start, 0), max(min(stop, n), 0)))
        length = stop - start
        width.append((min(max(-start, 0), length), min(max(stop - n, 0), length)))
    part = x[tuple(inside)]
    return pad(part, Frame((*width, (0, 0)))) if any(map(any, width)) else part


class LazyUnpooled(LazyArray):
    """``max_unpool(cotangent, index, size)``."""

    __slots__ = ("cotangent", "index", "size")

    def __init__(self, cotangent: Array, index: Any, size: Ints) -> None:
        self.cotangent = cotangent
        self.index = index
        self.size = size
        self.shape = (*cotangent.shape[:-1], *size, cotangent.shape[-1])
        self.dtype = cotangent.dtype

    def materialize(self) -> Any:
        """The windows."""
        return max_unpool(self.cotangent, self.index, self.size)

    def fold(self, shape: Ints, stride: Ints, dilation: Ints, spans: Spans) -> Any:
        """The same, offset by offset."""
        kept = self.cotangent.shape[:-1]
        reached = [k * n for k, n in zip(self.size, kept[1:], strict=True)]
        cover = [*stride] == [*self.size] and reached == [*shape[1:-1]] and max(dilation) == 1
        images = empty(shape, self.dtype) if cover else zeros(shape, self.dtype)
        overlap = any(k * d > s for k, d, s in zip(self.size, dilation, stride, strict=True))
        every = slice(None)
        offsets = itertools.product(*map(range, self.size))
        taps = [images[tiles.reached((every,), kept, o, stride, dilation)] for o in offsets]
        pooling.distribute(self.cotangent, self.index, taps, overlap)
        return _part(images, spans)


LazyWindows = LazyProduct | LazyUnpooled


class LazyImages(LazyArray):
    """``fold(windows, shape, stride, dilation)`` of lazy windows."""

    __slots__ = ("dilation", "stride", "windows")

    def __init__(self, windows: LazyWindows, shape: Ints, stride: Ints, dilation: Ints) -> None:
        self.windows = windows
        self.stride = stride
        self.dilation = dilation
        self.shape = shape
        self.dtype = windows.dtype

    def materialize(self) -> Any:
        """The images."""
        return self.cropped([(0, n) for n in self.shape[1:-1]])

    def cropped(self, spans: Spans) -> Any:
        """The part of the images from start to stop on each spatial axis, and no more than that."""
        return self.windows.fold(self.shape, self.stride, self.dilation, spans)


# The vjps that take the place of the core's


def window_cotangent(g: Array, filters: Array) -> Any:
    """Of `product` by its windows: lazily where `paths.of_window_product` says so."""
    if paths.of_window_product(g, filters) is paths.LAZY:
        return LazyProduct(g, filters)
    return window_product(g, filters)


def unpooled(g: Any, columns_like: Any, index: Any) -> Any:
    """Of `gather_windows`: lazily where `paths.of_max_unpool` says so."""
    if isinstance(g, LazyArray):  # one of several cotangents, which the engine leaves as they are
        g = np.asarray(g)
    if paths.of_max_unpool(g) is paths.LAZY_POOLING:
        return LazyUnpooled(g, index, window_size(columns_like))
    return max_unpool(g, index, window_size(columns_like))


def folded(g: Array, x_like: Shaped, stride: Any, dilation: Any) -> Any:
    """Of `windows`: lazily where the windows are lazy."""
    if not isinstance(g, LazyWindows):
        return fold(g, x_like.shape, stride, dilation)
    stride, dilation = folding_steps(g.shape, x_like.shape, stride, dilation)
    return LazyImages(g, x_like.shape, stride, dilation)


def cropped_images(g: Any, x_like: Any, pad_width: Any) -> Any:
    """Of `pad`: of lazy images only what the frame was laid around is made."""
    if type(g) is LazyImages and not any(pad_width[0]) and not any(pad_width[-1]):
        spatial = zip(x_like.shape[1:-1], pad_width[1:-1], strict=True)
        return g.cropped([(before, before + n) for n, (before, _) in spatial])
    return cropped(np.asarray(g) if isinstance(g, LazyArray) else g, x_like, pad_width)
