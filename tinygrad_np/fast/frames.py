"""Images in a frame of zeros that is not made, and their windows: what convolutions are given.

A frame around images is a pass through memory that costs as much as a tenth of the convolution. So
a layer that convolves has `pad` give a `Framed`, and `windows` of that a `FramedWindows`; a product
with filters reads the images themselves, with the frame as numbers (`described`). Both stand for
arrays as every `LazyArray` does: whoever else asks gets the array.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from ..core import windows as core
from ..core.arrays import Array
from ..core.geometry import Ints, window_counts
from ..core.graph import LazyArray

Pairs = tuple[tuple[int, int], ...]
"""(before, after) of every spatial axis"""


class Framed(LazyArray):
    """``pad(images, ((0, 0), *pairs, (0, 0)))``."""

    __slots__ = ("images", "pairs")

    def __init__(self, images: Array, pairs: Pairs) -> None:
        self.images = images
        self.pairs = pairs
        spatial = zip(images.shape[1:-1], pairs, strict=True)
        self.shape = (images.shape[0], *[a + n + b for n, (a, b) in spatial], images.shape[-1])
        self.dtype = images.dtype

    def materialize(self) -> Any:
        """The images in their frame."""
        return core.pad(self.images, ((0, 0), *self.pairs, (0, 0)))


class FramedWindows(LazyArray):
    """``windows(framed, size, stride, dilation)`` of framed images."""

    __slots__ = ("_made", "dilation", "filter_size", "images", "pairs", "stride")

    def __init__(
        self, images: Array, pairs: Pairs, filter_size: Ints, stride: Ints, dilation: Ints
    ) -> None:
        self.images = images
        self.pairs = pairs
        self.filter_size = filter_size
        self.stride = stride
        self.dilation = dilation
        framed = [a + n + b for n, (a, b) in zip(images.shape[1:-1], pairs, strict=True)]
        out = window_counts(tuple(framed), filter_size, stride, dilation)
        self.shape = (images.shape[0], *out, *filter_size, images.shape[-1])
        self.dtype = images.dtype
        self._made: Any = None

    def materialize(self) -> Any:
        """The windows, of images in a frame that is made: once, also for the filters' gradient."""
        if self._made is None:
            framed = self.images
            if any(map(any, self.pairs)):
                framed = core.pad(framed, ((0, 0), *self.pairs, (0, 0)))
            self._made = core.windows(framed, self.filter_size, self.stride, self.dilation)
        return self._made

    @property
    def size(self) -> int:
        """How many numbers the windows would be."""
        return math.prod(self.shape)

    @property
    def nbytes(self) -> int:
        """How many bytes."""
        return self.dtype.itemsize * self.size


def described(columns: Any) -> Any:
    """Windows of images that lie together in memory, at stride 1, as `FramedWindows`; else they."""
    if isinstance(columns, FramedWindows):
        return columns
    axes = (columns.ndim - 2) // 2
    if columns.strides[1 : 1 + axes] != columns.strides[1 + axes : -1]:
        return columns
    image, ones = image_of(columns), (1,) * axes
    if not image.flags.c_contiguous:
        return columns
    return FramedWindows(image, ((0, 0),) * axes, columns.shape[1 + axes : -1], ones, ones)


def made(columns: Any) -> Any:
    """Windows as an array."""
    return columns.materialize() if isinstance(columns, FramedWindows) else columns


def image_of(columns: Array) -> Any:
    """The image (n, *spatial, c) that windows with stride and dilation 1 are a view of."""
    axes = (columns.ndim - 2) // 2
    out, size = columns.shape[1 : 1 + axes], columns.shape[1 + axes : -1]
    spatial = [o + k - 1 for o, k in zip(out, size, strict=True)]
    return np.lib.stride_tricks.as_strided(
        columns,
        (columns.shape[0], *spatial, columns.shape[-1]),
        (*columns.strides[: 1 + axes], columns.strides[-1]),
        writeable=False,
    )
