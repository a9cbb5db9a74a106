"""The largest element of every window, tap by tap: the kernels of pooling.

A tap is the element at one place of every window. Each kernel goes over the taps, a part of the
images at a time, so that what it compares stays in the cache; the core's kernels copy all windows.
What a part needs besides is allocated once a call, and so are the views.

(Comparing the columns of a window first, then the rows of what is left, is as many comparisons, of
arrays twice as large: with 2×2 windows it took a quarter longer.)

Windows are (n, *out, *size, c), results (n, *out, c).
"""

import itertools
import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from ..core import windows
from ..core.arrays import Array
from ..core.dispatch import plain
from ..core.geometry import Ints
from . import paths
from .memory import empty, scratch, zeros

_INTEGERS = {np.dtype(f"f{size}"): np.dtype(f"i{size}") for size in (2, 4, 8)}


def window_max(columns: Array) -> Any:
    """The largest element of every window, nan where there is one, of plain arrays.

    >>> window_max(np.array([3.0, 1.0, 2.0, 5.0]).reshape(1, 2, 2, 1)).ravel()
    array([3., 5.])
    """
    result = empty(_kept_shape(columns), columns.dtype)
    for _, largest, taps in _gathered(columns, result):
        for tap in taps:
            np.maximum(largest, tap, out=largest)
    return result


def window_maxima(columns: Array) -> Any:
    """The largest element of every window, and its number: two arrays (n, *out, c).

    >>> values, numbers = window_maxima(np.array([3.0, 3.0, 2.0, 5.0]).reshape(1, 2, 2, 1))
    >>> values.ravel(), numbers.ravel()
    (array([3., 5.]), array([0, 1], dtype=uint8))
    """
    values = empty(_kept_shape(columns), columns.dtype)
    number_of_taps = math.prod(windows.window_size(columns))
    numbers = zeros(values.shape, np.uint8 if number_of_taps <= 256 else np.intp)
    first = parts(columns.shape, columns.dtype)[:1]
    of_part = numbers[first[0]].shape if first else (0,)
    larger, candidate = scratch(of_part, bool), scratch(of_part, numbers.dtype)
    for part, largest, taps in _gathered(columns, values):
        number = numbers[part]
        if len(number) < len(larger):  # the last one
            larger, candidate = larger[: len(number)], candidate[: len(number)]
        for k, tap in enumerate(taps, 1):
            np.greater(tap, largest, out=larger)
            if k == 1:
                np.copyto(number, larger)
            else:  # a later one has a larger number
                np.multiply(larger, number.dtype.type(k), out=candidate)
                np.maximum(number, candidate, out=number)
            np.maximum(largest, tap, out=largest)
        if largest.size and np.isnan(largest.max()):
            number[...] = plain(windows.window_maxima)(columns[part])[1]
    return [values, numbers]


def _gathered(columns: Array, largest: Array) -> Any:
    """For each part: its slice, `largest` there, which has the first tap, and the other taps.

    A tap lies side by side in memory where that makes up for the copy. The next one overwrites it.
    """
    axes = (columns.ndim - 2) // 2
    every: Any = (slice(None),) * (1 + axes)
    offsets = itertools.product(*map(range, columns.shape[1 + axes : -1]))
    taps = [columns[(*every, *offset)] for offset in offsets]
    sections = parts(columns.shape, columns.dtype)
    if not sections:
        return
    room = scratch(largest[sections[0]].shape, largest.dtype)
    is_copied = columns.shape[-1] * columns.itemsize <= paths.WHOLE_PIXEL_BYTES
    into, copied, *pixels = whole_pixels(largest, room, *taps)

    def others(part: slice) -> Any:
        for k in range(1, len(taps)):
            if is_copied:
                np.copyto(copied, pixels[k][part])
            yield room if is_copied else taps[k][part]

    for part in sections:
        count = part.stop - part.start
        if count < len(room):  # the last one
            room, copied = room[:count], copied[:count]
        np.copyto(into[part], pixels[0][part])
        yield part, largest[part], others(part)


def max_unpool(values: Array, index: Any, size: Ints) -> Any:
    """The adjoint of `gather_windows`: windows of `size`, zero but for `values` at `index`.

    >>> index = np.array([1, 0]).reshape(1, 2, 1)
    >>> max_unpool(np.array([7.0, 8.0]).reshape(1, 2, 1), index, (2,))[0, :, :, 0]
    array([[0., 7.],
           [8., 0.]])
    """
    axes = len(size)
    taps = np.empty((math.prod(size), *values.shape), values.dtype)
    distribute(values, index, taps, overlap=False)
    # (*size, n, *out, c) → (n, *out, *size, c): whole taps lie together, as `fold` reads them
    return np.moveaxis(taps.reshape(*size, *values.shape), range(axes), range(-1 - axes, -1))


def distribute(values: Array, index: Any, taps: Sequence[Array] | Array, overlap: bool) -> None:
    """``taps[k][...] = values`` where `index` is k, and zero elsewhere, for every k.

    The taps are arrays of the shape of `values`. Where they `overlap`, it is added to what is
    there, tap by tap.

    >>> taps = np.ones((2, 1, 3))
    >>> distribute(np.array([[1.0, np.inf, 2.0]]), np.array([[0, 1, 1]]), taps, overlap=False)
    >>> taps[:, 0]
    array([[ 1.,  0.,  0.],
           [ 0., inf,  2.]])
    """
    sections = parts((len(values), len(taps), *values.shape[1:]), values.dtype)
    if not sections:
        return
    room = scratch(values[sections[0]].shape, values.dtype)
    chosen = scratch(room.shape, bool)
    copied, *pixels = whole_pixels(room, *taps)
    integers = _INTEGERS.get(values.dtype)
    flags = chosen.view(np.int8)
    bits, mask = (
        (values, room) if integers is None else (values.view(integers), room.view(integers))
    )
    for part in sections:
        count = part.stop - part.start
        if count < len(room):  # the last one
            room, chosen, copied = room[:count], chosen[:count], copied[:count]
            flags, mask = flags[:count], mask[:count]
        number, given = index[part], bits[part]
        for k, tap in enumerate(taps):
            np.equal(number, k, out=chosen)
            if integers is None:
                room.fill(0)
                np.copyto(room, given, where=chosen)
            else:
                np.copyto(mask, np.negative(flags, out=flags))  # all bits, or none
                np.bitwise_and(given, mask, out=mask)
            if overlap:
                place = tap[part]
                np.add(place, room, out=place)
            else:  # no other window has these elements
                np.copyto(pixels[k][part], copied)


def whole_pixels(*arrays: Array) -> Any:
    """The arrays (…, channels) with the channels of a pixel as one element, where that can be.

    With few channels that is copied twice as fast, where pixels do not follow one another.

    >>> into, x = np.zeros((2, 3)), np.ones((4, 3))
    >>> np.copyto(*whole_pixels(into, x[::2]))
    >>> into
    array([[1., 1., 1.],
           [1., 1., 1.]])
    """
    like = arrays[0]
    size = like.shape[-1] * like.itemsize
    if not 0 < size <= paths.WHOLE_PIXEL_BYTES:
        return arrays
    if any([x.strides[-1] != x.itemsize for x in arrays]):
        return arrays
    pixel = np.dtype((np.void, size))
    return [x.view(pixel) for x in arrays]


def parts(shape: Ints, dtype: Any) -> list[slice]:
    """Slices of the first axis, each of so many images or windows that they stay in the cache.

    >>> parts((3, 512, 512, 1), np.float32)
    [slice(0, 1, None), slice(1, 2, None), slice(2, 3, None)]
    """
    each = math.prod(shape[1:]) * np.dtype(dtype).itemsize
    step = max(1, paths.POOLING_PART_BYTES // max(each, 1))
    return [slice(i, min(i + step, shape[0])) for i in range(0, shape[0], step)]


def _kept_shape(columns: Array) -> Ints:
    """(n, *out, c)"""
    return (*columns.shape[: columns.ndim // 2], columns.shape[-1])
