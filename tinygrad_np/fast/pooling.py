"""The largest element of every window, tap by tap: the kernels of pooling.

A tap is the element at one place of every window. Each kernel goes over the taps, a part of the
images at a time, so that what it compares stays in the cache; the core's kernels copy all windows.

Windows are (n, *out, *size, c), results (n, *out, c).
"""

import itertools
import math
from typing import Any

import numpy as np

from ..core.arrays import Array
from ..core.geometry import Ints
from . import paths
from .memory import empty, scratch

_INTEGERS = {np.dtype(f"f{size}"): np.dtype(f"i{size}") for size in (2, 4, 8)}


def window_max(columns: Array) -> Any:
    """The largest element of every window, nan where there is one, of plain arrays.

    >>> window_max(np.array([3.0, 1.0, 2.0, 5.0]).reshape(1, 2, 2, 1)).ravel()
    array([3., 5.])
    """
    result = empty(_kept_shape(columns), columns.dtype)
    for part in parts(columns.shape, columns.dtype):
        first, *others = _taps(columns[part])
        largest = result[part]
        copy_pixels(largest, first)
        room = scratch(first.shape, first.dtype)
        for tap in others:
            np.maximum(largest, _gathered(tap, room), out=largest)
    return result


def window_maxima(columns: Array) -> Any:
    """The largest element of every window, and its number: two arrays (n, *out, c).

    >>> values, numbers = window_maxima(np.array([3.0, 3.0, 2.0, 5.0]).reshape(1, 2, 2, 1))
    >>> values.ravel(), numbers.ravel()
    (array([3., 5.]), array([0, 1], dtype=uint8))
    """
    values = empty(_kept_shape(columns), columns.dtype)
    number_of_taps = math.prod(columns.shape[columns.ndim // 2 : -1])
    numbers = np.zeros(values.shape, np.uint8 if number_of_taps <= 256 else np.intp)
    for part in parts(columns.shape, columns.dtype):
        first, *others = _taps(columns[part])
        largest, number = values[part], numbers[part]
        larger = scratch(largest.shape, bool)
        candidate = scratch(number.shape, number.dtype)
        room = scratch(first.shape, first.dtype)
        copy_pixels(largest, first)
        for k, strided in enumerate(others, 1):
            tap = _gathered(strided, room)
            np.greater(tap, largest, out=larger)
            np.multiply(larger, number.dtype.type(k), out=candidate)
            np.maximum(number, candidate, out=number)  # a later one has a larger number
            np.maximum(largest, tap, out=largest)
        if largest.size and np.isnan(largest.max()):
            is_nan = np.isnan(largest)
            taps = np.stack([np.isnan(tap) for tap in (first, *others)])
            number[is_nan] = np.argmax(taps, axis=0)[is_nan]
    return [values, numbers]


def max_unpool(values: Array, index: Any, size: Ints) -> Any:
    """The adjoint of `gather_windows`: windows of `size`, zero but for `values` at `index`.

    >>> index = np.array([1, 0]).reshape(1, 2, 1)
    >>> max_unpool(np.array([7.0, 8.0]).reshape(1, 2, 1), index, (2,))[0, :, :, 0]
    array([[0., 7.],
           [8., 0.]])
    """
    kept, axes = values.shape, len(size)
    taps = np.zeros((*size, *kept), values.dtype)
    for number, offset in enumerate(itertools.product(*map(range, size))):
        np.copyto(taps[offset], values, where=index == number)
    # (*size, n, *out, c) → (n, *out, *size, c): whole taps lie together, as `fold` reads them
    return np.moveaxis(taps, range(axes), range(-1 - axes, -1))


def choose(values: Array, index: Any, number: int, into: Any) -> None:
    """``into[...] = values`` where `index` is `number`, and zero elsewhere.

    >>> into = np.ones(3)
    >>> choose(np.array([1.0, np.inf, 2.0]), np.array([0, 1, 1]), 1, into)
    >>> into
    array([ 0., inf,  2.])
    """
    chosen = scratch(index.shape, bool)
    np.equal(index, number, out=chosen)
    integers = _INTEGERS.get(values.dtype)
    if integers is None:
        into.fill(0)
        np.copyto(into, values, where=chosen)
        return
    mask = scratch(index.shape, integers)
    flags = chosen.view(np.int8)
    np.copyto(mask, np.negative(flags, out=flags))  # all bits, or none
    np.bitwise_and(values.view(integers), mask, out=into.view(integers))


def copy_pixels(into: Any, x: Array) -> None:
    """``into[...] = x`` for arrays (…, channels), the channels of a pixel as one element.

    With few channels that is twice as fast, where pixels do not follow one another.

    >>> into = np.zeros((2, 3))
    >>> copy_pixels(into, np.ones((4, 3))[::2])
    >>> into
    array([[1., 1., 1.],
           [1., 1., 1.]])
    """
    size = x.shape[-1] * x.itemsize
    if 0 < size <= paths.WHOLE_PIXEL_BYTES and x.strides[-1] == into.strides[-1] == x.itemsize:
        pixel = np.dtype((np.void, size))
        into, x = into.view(pixel), x.view(pixel)
    np.copyto(into, x)


def parts(shape: Ints, dtype: Any) -> list[slice]:
    """Slices of the first axis, each of so many images or windows that they stay in the cache.

    >>> parts((3, 512, 512, 1), np.float32)
    [slice(0, 1, None), slice(1, 2, None), slice(2, 3, None)]
    """
    each = math.prod(shape[1:]) * np.dtype(dtype).itemsize
    step = max(1, paths.POOLING_PART_BYTES // max(each, 1))
    return [slice(i, min(i + step, shape[0])) for i in range(0, shape[0], step)]


def _gathered(tap: Any, room: Any) -> Any:
    """A tap, side by side in `room` where that makes up for the copy."""
    if tap.shape[-1] * tap.itemsize > paths.WHOLE_PIXEL_BYTES:
        return tap
    copy_pixels(room, tap)
    return room


def _kept_shape(columns: Array) -> Ints:
    """(n, *out, c)"""
    return (*columns.shape[: columns.ndim // 2], columns.shape[-1])


def _taps(columns: Any) -> list[Any]:
    """For each place in a window, in row-major order, the elements that lie there."""
    axes = (columns.ndim - 2) // 2
    every = (slice(None),) * (1 + axes)
    offsets = itertools.product(*map(range, columns.shape[1 + axes : -1]))
    return [columns[(*every, *offset)] for offset in offsets]
