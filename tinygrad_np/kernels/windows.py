"""Sliding windows and their product with filters: what a convolution is made of.

`pad` frames images with zeros, `windows` gathers every window of an image, `product` multiplies
them with filters; ``product(windows(pad(x, width), size), w)`` is a convolution. `unwindows` is
the adjoint of `windows`. `window_product` and `filter_product` are the adjoints of `product` in
its two operands: the three products are one trilinear form, so each is the gradient of the others.

Images are (n, *spatial, channels), windows (n, *out, *size, channels), filters
(*size, in, out), for any number of spatial axes.
"""

import functools
import itertools
import math
from typing import Any, NamedTuple

import numpy as np

from . import geometry
from .dispatch import array_function
from .geometry import Ints

# With few channels a strided gather would move a few numbers at a time. Gathered tap by tap, it
# copies whole rows: 3–4 times faster there, and both products read the one copy.
_FEW_CHANNELS = 4
_MOST_COPIED_BYTES = 1 << 24


@array_function
def pad(x: Any, pad_width: Any) -> Any:
    """`x` framed with zeros: `pad_width` has a pair (before, after) for every axis.

    What ``numpy.pad(x, pad_width)`` gives, at a tenth of its overhead.

    >>> pad(np.ones((1, 2)), ((0, 1), (1, 1)))
    array([[0., 1., 1., 0.],
           [0., 0., 0., 0.]])
    """
    shape, inside = _frame(x.shape, pad_width)
    result = np.zeros(shape, x.dtype)
    result[inside] = x
    return result


@functools.lru_cache(maxsize=1024)
def _frame(shape: Ints, pad_width: Any) -> tuple[Ints, tuple[slice, ...]]:
    pairs = list(zip(shape, pad_width, strict=True))
    return (
        tuple([before + n + after for n, (before, after) in pairs]),
        tuple([slice(before, before + n) for n, (before, _) in pairs]),
    )


@array_function
def windows(x: Any, size: Any, stride: Any = 1) -> Any:
    """Every window of `size`, `stride` apart: (n, *spatial, c) → (n, *out, *size, c).

    `size` and `stride` are an integer, or one a spatial axis. The result is read-only; it is a
    view of `x` or, where that is faster, a copy.

    >>> x = np.arange(5.0).reshape(1, 5, 1)
    >>> windows(x, 3, stride=2)[0, :, :, 0]
    array([[0., 1., 2.],
           [2., 3., 4.]])
    """
    axes = x.ndim - 2
    size = geometry.per_axis(size, axes, 1, "windows: size")
    stride = geometry.per_axis(stride, axes, 1, "windows: stride")
    return _gather(x, _view(x.shape, x.strides, x.itemsize, size, stride))


def padded_windows(x: Any, pad_width: Any, size: Ints, stride: Ints) -> Any:
    """``windows(pad(x, pad_width), size, stride)`` of a plain array, in one step.

    >>> padded_windows(np.ones((1, 2, 1)), ((0, 0), (1, 0), (0, 0)), (2,), (1,))[0, :, :, 0]
    array([[0., 1.],
           [1., 1.]])
    """
    shape, inside, view = _framed_view(x.shape, x.itemsize, pad_width, size, stride)
    framed = np.zeros(shape, x.dtype)
    framed[inside] = x
    return _gather(framed, view)


class _View(NamedTuple):
    """A strided view of images with the offsets within a window first: (*size, c, n, *out)."""

    shape: Ints
    strides: Ints
    offsets_last: Ints
    copies: bool


@functools.lru_cache(maxsize=1024)
def _view(shape: Ints, strides: Ints, itemsize: int, size: Ints, stride: Ints) -> _View:
    out = geometry.window_counts(shape[1:-1], size, stride)
    view = (*size, shape[-1], shape[0], *out)
    apart = [jump * step for jump, step in zip(strides[1:-1], stride, strict=True)]
    return _View(
        view,
        (*strides[1:], strides[0], *apart),
        _offsets_last(len(size)),
        shape[-1] <= _FEW_CHANNELS and math.prod(view) * itemsize <= _MOST_COPIED_BYTES,
    )


@functools.lru_cache(maxsize=1024)
def _framed_view(
    shape: Ints, itemsize: int, pad_width: Any, size: Ints, stride: Ints
) -> tuple[Ints, tuple[slice, ...], _View]:
    framed, inside = _frame(shape, pad_width)
    strides = tuple([math.prod(framed[axis + 1 :]) * itemsize for axis in range(len(framed))])
    return framed, inside, _view(framed, strides, itemsize, size, stride)


def _gather(x: Any, view: _View) -> Any:
    if x.flags.c_contiguous:
        found = np.ndarray(view.shape, x.dtype, x, 0, view.strides)
    else:
        found = np.lib.stride_tricks.as_strided(x, view.shape, view.strides)
    if view.copies:
        return found.copy().transpose(view.offsets_last)
    result = found.transpose(view.offsets_last)
    result.flags.writeable = False
    return result


@functools.cache
def _offsets_last(axes: int) -> Ints:
    """The axes that turn (*size, c, n, *out) into (n, *out, *size, c)."""
    return (*range(axes + 1, 2 * axes + 2), *range(axes + 1))


@array_function
def unwindows(columns: Any, shape: Ints, stride: Any = 1) -> Any:
    """The adjoint of `windows`: every element of every window, added where it came from.

    `columns` is (n, *out, *size, c); `shape` is that of the images it is added up in. Pixels that
    no window reaches are 0.

    >>> unwindows(np.ones((1, 2, 3, 1)), (1, 5, 1), stride=2)[0, :, 0]
    array([1., 1., 2., 1., 1.])
    """
    axes = len(shape) - 2
    stride = geometry.per_axis(stride, axes, 1, "unwindows: stride")
    out, size = columns.shape[1 : 1 + axes], columns.shape[1 + axes : -1]
    counts = geometry.window_counts(tuple(shape[1:-1]), size, stride)
    expected = (shape[0], *counts, *size, shape[-1])
    if columns.shape != expected:
        raise ValueError(
            f"unwindows: windows of shape {columns.shape} do not come from images of shape {shape} "
            f"with stride {stride}; those would be {expected}"
        )
    result = np.zeros(shape, columns.dtype)
    every = (slice(None),) * (1 + axes)
    for offset in itertools.product(*map(range, size)):
        reached = [
            slice(first, first + step * count, step)
            for first, step, count in zip(offset, stride, out, strict=True)
        ]
        result[(slice(None), *reached)] += columns[(*every, *offset)]
    return result


@array_function
def product(columns: Any, filters: Any) -> Any:
    """Windows times filters: (n, *out, *size, c) · (*size, c, f) → (n, *out, f).

    >>> product(np.ones((1, 4, 3, 2)), np.ones((3, 2, 5))).shape
    (1, 4, 5)
    """
    windows_2d, filters_2d, shape = _product_shapes(columns.shape, filters.shape)
    # (n·out, size·c) @ (size·c, f)
    return np.dot(columns.reshape(windows_2d), filters.reshape(filters_2d)).reshape(shape)


@array_function
def window_product(cotangent: Any, filters: Any) -> Any:
    """The adjoint of `product` in the windows: (n, *out, f) → (n, *out, *size, c).

    >>> window_product(np.ones((1, 4, 5)), np.ones((3, 2, 5)))[0, 0]
    array([[5., 5.],
           [5., 5.],
           [5., 5.]])
    """
    kept, size = cotangent.shape[:-1], filters.shape[:-1]
    windows_2d, filters_2d, shape = _product_shapes((*kept, *size), filters.shape)
    if cotangent.shape != shape:
        raise ValueError(
            f"window_product: a cotangent of shape {cotangent.shape} does not come from filters of "
            f"shape {filters.shape}"
        )
    cotangent = cotangent.reshape(windows_2d[0], filters_2d[1])
    if size[-1] <= _FEW_CHANNELS:
        # (size·c, f) @ (f, n·out), offsets first as in `windows`
        columns = np.dot(filters.reshape(filters_2d), cotangent.T)
        return columns.reshape(*size, *kept).transpose(_offsets_last(len(size) - 1))
    # (n·out, f) @ (f, size·c)
    return np.dot(cotangent, filters.reshape(filters_2d).T).reshape(*kept, *size)


@array_function
def filter_product(columns: Any, cotangent: Any) -> Any:
    """The adjoint of `product` in the filters: → (*size, c, f), summed over all windows.

    >>> filter_product(np.ones((1, 4, 3, 2)), np.ones((1, 4, 5))).shape
    (3, 2, 5)
    """
    windows_2d, cotangent_2d, shape = _filter_shapes(columns.shape, cotangent.shape)
    # (size·c, n·out) @ (n·out, f)
    return np.dot(columns.reshape(windows_2d).T, cotangent.reshape(cotangent_2d)).reshape(shape)


@functools.lru_cache(maxsize=1024)
def _product_shapes(columns: Ints, filters: Ints) -> tuple[Ints, Ints, Ints]:
    """(n·out, size·c), (size·c, f), (n, *out, f)"""
    kept, size = columns[: -(len(filters) - 1)], columns[-(len(filters) - 1) :]
    if size != filters[:-1]:
        raise ValueError(
            f"product: windows of shape {columns} do not fit filters of shape {filters}; they must "
            f"end in {filters[:-1]}"
        )
    k = math.prod(size)
    return (math.prod(kept), k), (k, filters[-1]), (*kept, filters[-1])


@functools.lru_cache(maxsize=1024)
def _filter_shapes(columns: Ints, cotangent: Ints) -> tuple[Ints, Ints, Ints]:
    """(n·out, size·c), (n·out, f), (*size, c, f)"""
    kept, size = columns[: len(cotangent) - 1], columns[len(cotangent) - 1 :]
    if kept != cotangent[:-1]:
        raise ValueError(
            f"filter_product: windows of shape {columns} and a cotangent of shape {cotangent} "
            "differ in their leading axes"
        )
    n = math.prod(kept)
    return (n, math.prod(size)), (n, cotangent[-1]), (*size, cotangent[-1])
