"""Convolutions with large filters by the Fourier transform.

An output of k×l taps takes k·l products a channel by its definition, and one at each frequency
here: from some hundred taps on, that is less work with the transforms. Images and filters are
transformed along rows and columns, with room for the frame, so that nothing comes in from the other
end (T. Stockham, *High-speed convolution and correlation*, 1966).

`product` and `filter_product` are those of `products`, of `FramedWindows` of two axes at stride and
dilation 1, in float32. Their error is that of the transforms, below 1e-6 of the largest value of
the image: what is far smaller, or zero, is lost in it, and nan or inf reaches all of its image.
"""

from typing import Any

import numpy as np

from ..core.arrays import Array
from . import paths
from .frames import FramedWindows
from .memory import empty
from .threads import parallel_for, parallel_sum


class _Plane:
    """The size of the transforms, and images at a time."""

    def __init__(self, columns: FramedWindows, f: int) -> None:
        from scipy import fft  # which takes 20 ms, at the first use

        self.fft = fft
        n, height, width, c = columns.images.shape
        self.top, self.left = [before for before, _ in columns.pairs]
        self.shape = tuple(
            [
                fft.next_fast_len(size + max(pair), real=True)
                for size, pair in zip((height, width), columns.pairs, strict=True)
            ]
        )
        each = 2 * self.shape[0] * self.shape[1] * (c + f) * columns.dtype.itemsize
        most = max(paths.FOURIER_IMAGES, paths.FOURIER_BYTES // each)
        step = -(-n // -(-n // most))
        self.parts = [slice(i, min(i + step, n)) for i in range(0, n, step)]

    def transformed(self, images: Array) -> Any:
        """(n, rows, columns, c) → (row frequencies, column frequencies, n, c)"""
        return self.fft.rfft2(images.transpose(1, 2, 0, 3), self.shape, axes=(0, 1))

    def back(self, found: Any, rows: int, columns: int) -> Any:
        """So many rows and columns of what has these frequencies, from the frame's corner on."""
        whole = self.fft.irfft2(found, self.shape, axes=(0, 1))
        down = np.arange(-self.top, rows - self.top) % self.shape[0]
        across = np.arange(-self.left, columns - self.left) % self.shape[1]
        return whole[down[:, None], across]


def product(columns: FramedWindows, filters: Array) -> Any:
    """Windows (n, rows, columns, k, l, c) · (k, l, c, f) → (n, rows, columns, f)."""
    rows, width = columns.shape[1:3]
    plane = _Plane(columns, filters.shape[-1])
    met = np.conj(plane.fft.rfft2(filters, plane.shape, axes=(0, 1)))  # (…, c, f)
    result = empty((*columns.shape[:3], filters.shape[-1]), filters.dtype)

    def multiply(part: slice) -> None:
        found = np.matmul(plane.transformed(columns.images[part]), met)  # … × (n, c) @ (c, f)
        result[part] = plane.back(found, rows, width).transpose(2, 0, 1, 3)

    parallel_for(multiply, plane.parts, result.size * filters.shape[-2] * 8)
    return result


def filter_product(columns: FramedWindows, cotangent: Array) -> Any:
    """Windows (n, rows, columns, k, l, c), (n, rows, columns, f) → (k, l, c, f)."""
    f, c = cotangent.shape[-1], columns.shape[-1]
    plane = _Plane(columns, f)

    def add(total: Any, part: slice) -> None:
        pixels = plane.transformed(columns.images[part]).swapaxes(-1, -2)
        # … × (c, n) @ (n, f)
        total += np.matmul(pixels, np.conj(plane.transformed(cotangent[part])))

    shape = plane.shape[0], plane.shape[1] // 2 + 1, c, f
    total = parallel_sum(add, plane.parts, shape, np.complex64, cotangent.size * c * 8)
    return plane.back(total, *columns.filter_size).astype(cotangent.dtype, copy=False)
