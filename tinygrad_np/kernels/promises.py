"""Arrays that need not exist: a `Promise` stands for one in the reverse sweep.

The cotangent of the windows of an image is K² times the image, and all that happens to it is that
it is added up (`unwindows`). So it is only promised, and added up piece by piece: `window_product`
where it comes from a convolution, `window_maxima` where it comes from max pooling. What of the sum
lies in the padding is cropped away next, so the sum is promised, too (`unwindows`), and its
`cropped` part is all that is computed.

Only kernels and the engine meet a promise: a rule that does not take promises gets the array.
"""

import itertools
import math
from typing import Any

import numpy as np

from . import pooling, products, tiles
from .geometry import Ints
from .memory import zeros
from .windows import checked_windows, overlap_added, pad, windows

Spans = list[tuple[int, int]]
"""(start, stop) on each spatial axis"""

_LARGE = 1 << 18  # bytes of windows from which it pays to put them off


class Promise:
    """An array that has not been computed: its shape and dtype, and `kept`, which computes it."""

    __slots__ = ("dtype", "shape")

    dtype: Any
    shape: Ints

    def kept(self) -> Any:
        """The array."""
        raise NotImplementedError

    def __array__(self, dtype: Any = None, copy: Any = None) -> Any:
        return self.kept().astype(dtype or self.dtype, copy=False)


class PromisedWindows(Promise):
    """Windows that are going to be added up."""

    __slots__ = ()

    def added_up(self, shape: Ints, stride: Ints, dilation: Ints, spans: Spans) -> Any:
        """Where they came from, in images of `shape`, of which only `spans` are wanted."""
        raise NotImplementedError


class PromisedProduct(PromisedWindows):
    """``window_product(cotangent, filters)``."""

    __slots__ = ("cotangent", "filters")

    def __init__(self, cotangent: Any, filters: Any) -> None:
        self.cotangent = cotangent
        self.filters = filters
        self.shape = (*cotangent.shape[:-1], *filters.shape[:-1])
        self.dtype = cotangent.dtype

    def kept(self) -> Any:
        """The windows."""
        return products.window_product(self.cotangent, self.filters)

    def added_up(self, shape: Ints, stride: Ints, dilation: Ints, spans: Spans) -> Any:
        """Tile by tile; or, at stride 1, every pixel gathers what it gave.

        That is the windows of the framed cotangent times the filters with their axes reversed and
        their channels exchanged: a convolution again.
        """
        size, c = self.filters.shape[:-2], self.filters.shape[-2]
        if max(*stride, *dilation) > 1 or c <= tiles.FEW_CHANNELS:
            images = tiles.unwindowed(self.cotangent, self.filters, shape, stride, dilation)
            return images[(slice(None), *[slice(*span) for span in spans])]
        framed = self.cotangent
        for axis, ((start, stop), k) in enumerate(zip(spans, size, strict=True), 1):
            framed = _reframed(framed, axis, start - k + 1, stop)
        turned = np.flip(self.filters, tuple(range(len(size)))).swapaxes(-1, -2)
        return products.product(windows(framed, size), np.ascontiguousarray(turned))


def _reframed(x: Any, axis: int, start: int, stop: int) -> Any:
    """``x[start:stop]`` along `axis`, with zeros for what lies outside of `x`."""
    n = x.shape[axis]
    part = x[(slice(None),) * axis + (slice(max(start, 0), max(min(stop, n), 0)),)]
    before, after = min(max(-start, 0), stop - start), min(max(stop - n, 0), stop - start)
    if not (before or after):
        return part
    width = [(0, 0)] * x.ndim
    width[axis] = (before, after)
    return pad(part, tuple(width))


class PromisedMaxima(PromisedWindows):
    """``window_place(cotangent, window_argmax(columns), size)``."""

    __slots__ = ("columns", "cotangent", "maxima")

    def __init__(self, cotangent: Any, columns: Any, maxima: Any) -> None:
        self.cotangent = cotangent
        self.columns = columns
        self.maxima = maxima
        self.shape = columns.shape
        self.dtype = cotangent.dtype

    def kept(self) -> Any:
        """The windows."""
        index = pooling.window_argmax(self.columns)
        return pooling.window_place(self.cotangent, index, self._size())

    def _size(self) -> Ints:
        return self.shape[len(self.shape) // 2 : -1]

    def added_up(self, shape: Ints, stride: Ints, dilation: Ints, spans: Spans) -> Any:
        """Offset by offset: what is the first largest of its window gets the cotangent."""
        if np.isnan(self.maxima).any():
            images = overlap_added(self.kept(), shape, stride, dilation)
            return images[(slice(None), *[slice(*span) for span in spans])]
        images = zeros(shape, self.dtype)
        axes, size = len(stride), self._size()
        every = (slice(None),) * (1 + axes)
        taken = hit = part = None
        out = self.cotangent.shape[1:-1]
        for offset in itertools.product(*map(range, size)):
            tap = self.columns[(*every, *offset)]
            hit = np.equal(tap, self.maxima, out=hit)
            if taken is None:
                taken = hit.copy()
            else:
                np.greater(hit, taken, out=hit)  # and not taken before
                np.logical_or(taken, hit, out=taken)
            reached = [
                slice(d * first, d * first + step * count, step)
                for d, first, step, count in zip(dilation, offset, stride, out, strict=True)
            ]
            place = images[(slice(None), *reached)]
            if all(k * d <= s for k, d, s in zip(size, dilation, stride, strict=True)):
                np.multiply(self.cotangent, hit, out=place)  # no other window has this element
            else:
                part = np.multiply(self.cotangent, hit, out=part)
                place += part
        return images[(slice(None), *[slice(*span) for span in spans])]


class PromisedImages(Promise):
    """``unwindows(windows, shape, stride, dilation)`` of promised windows."""

    __slots__ = ("dilation", "stride", "windows")

    def __init__(self, windows: PromisedWindows, shape: Ints, stride: Ints, dilation: Ints) -> None:
        self.windows = windows
        self.stride = stride
        self.dilation = dilation
        self.shape = shape
        self.dtype = windows.dtype

    def kept(self) -> Any:
        """The images."""
        return self.cropped([(0, n) for n in self.shape[1:-1]])

    def cropped(self, spans: Spans) -> Any:
        """The part of the images from start to stop on each spatial axis, and no more than that."""
        return self.windows.added_up(self.shape, self.stride, self.dilation, spans)


def window_product(cotangent: Any, filters: Any, groups: int = 1) -> Any:
    """`products.window_product`, or on large plain arrays the promise of it."""
    if (
        groups == 1
        and type(cotangent) is type(filters) is np.ndarray
        and cotangent.dtype == filters.dtype
        and cotangent.dtype.kind == "f"
    ):
        promise = PromisedProduct(cotangent, filters)
        if math.prod(promise.shape) * promise.dtype.itemsize > _LARGE:
            return promise
    return products.window_product(cotangent, filters, groups)


def window_maxima(cotangent: Any, columns: Any, maxima: Any) -> Any:
    """The cotangent of windows whose largest elements were taken; on plain arrays a promise."""
    if type(cotangent) is type(columns) is np.ndarray:
        return PromisedMaxima(cotangent, columns, np.asarray(maxima))
    size = columns.shape[columns.ndim // 2 : -1]
    return pooling.window_place(cotangent, pooling.window_argmax(columns), size)


def unwindows(columns: Any, shape: Ints, stride: Any, dilation: Any) -> Any:
    """`products.unwindows`, or of promised windows the promise of it."""
    if not isinstance(columns, PromisedWindows):
        return products.unwindows(columns, shape, stride, dilation)
    stride, dilation = checked_windows("unwindows", columns.shape, shape, stride, dilation)
    return PromisedImages(columns, shape, stride, dilation)
