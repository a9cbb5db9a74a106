"""The largest element of every window, and where it is: what max pooling is made of.

`window_maxima` gives both, `window_max` the value alone. `window_pick` takes the element of a given
number, `window_place` is its adjoint. Elements of a window are numbered in row-major order; of
several largest ones the first counts, and so does the first nan.

Windows are (n, *out, *size, c), results (n, *out, c).
"""

import itertools
import math
from typing import Any

import numpy as np

from .dispatch import array_function
from .geometry import Ints
from .memory import empty, scratch
from .threads import together

_CACHED = 1 << 19  # bytes of images that are worked on at a time


def window_max(columns: Any) -> Any:
    """The largest element of every window, nan where there is one, of plain arrays.

    >>> window_max(np.array([3.0, 1.0, 2.0, 5.0]).reshape(1, 2, 2, 1)).ravel()
    array([3., 5.])
    """
    result = empty(_kept_shape(columns), columns.dtype)

    def compare(part: slice) -> None:
        first, *others = _taps(columns[part])
        largest = result[part]
        np.copyto(largest, first)
        for tap in others:
            np.maximum(largest, tap, out=largest)

    together(compare, parts(columns.shape, columns.dtype), columns.nbytes)
    return result


@array_function
def window_maxima(columns: Any) -> Any:
    """The largest element of every window, and its number: two arrays (n, *out, c).

    >>> values, numbers = window_maxima(np.array([3.0, 3.0, 2.0, 5.0]).reshape(1, 2, 2, 1))
    >>> values.ravel(), numbers.ravel()
    (array([3., 5.]), array([0, 1], dtype=uint8))
    """
    values = empty(_kept_shape(columns), columns.dtype)
    number_of_taps = math.prod(columns.shape[columns.ndim // 2 : -1])
    numbers = np.zeros(values.shape, np.uint8 if number_of_taps <= 256 else np.intp)

    def compare(part: slice) -> None:
        first, *others = _taps(columns[part])
        largest, number = values[part], numbers[part]
        larger = scratch("larger", largest.shape, bool)
        candidate = scratch("candidate", number.shape, number.dtype)
        np.copyto(largest, first)
        for k, tap in enumerate(others, 1):
            np.greater(tap, largest, out=larger)
            np.multiply(larger, number.dtype.type(k), out=candidate)
            np.maximum(number, candidate, out=number)  # a later one has a larger number
            np.maximum(largest, tap, out=largest)

    together(compare, parts(columns.shape, columns.dtype), columns.nbytes)
    is_nan = np.isnan(values)
    if is_nan.any():
        taps = np.stack([np.isnan(tap) for tap in _taps(columns)])
        numbers[is_nan] = np.argmax(taps, axis=0)[is_nan]
    return [values, numbers]


@array_function
def window_pick(columns: Any, index: Any) -> Any:
    """The element number `index` of every window: (n, *out, *size, c), (n, *out, c) → (n, *out, c).

    >>> windows = np.array([3.0, 1.0, 2.0, 5.0]).reshape(1, 2, 2, 1)
    >>> window_pick(windows, np.array([1, 0]).reshape(1, 2, 1)).ravel()
    array([1., 2.])
    """
    result = np.zeros(index.shape, columns.dtype)
    for number, tap in enumerate(_taps(columns)):
        np.copyto(result, tap, where=index == number)
    return result


@array_function
def window_place(values: Any, index: Any, size: Ints) -> Any:
    """The adjoint of `window_pick`: windows of `size`, zero but for `values` at `index`.

    >>> index = np.array([1, 0]).reshape(1, 2, 1)
    >>> window_place(np.array([7.0, 8.0]).reshape(1, 2, 1), index, (2,))[0, :, :, 0]
    array([[0., 7.],
           [8., 0.]])
    """
    kept, axes = values.shape, len(size)
    taps = np.zeros((*size, *kept), values.dtype)
    for number, offset in enumerate(itertools.product(*map(range, size))):
        np.copyto(taps[offset], values, where=index == number)
    # (*size, n, *out, c) → (n, *out, *size, c): whole taps lie together, as `unwindows` reads them
    return np.moveaxis(taps, range(axes), range(-1 - axes, -1))


def parts(shape: Ints, dtype: Any) -> list[slice]:
    """Slices of the first axis, each of so many images or windows that they stay in the cache.

    >>> parts((3, 512, 512, 1), np.float32)
    [slice(0, 1, None), slice(1, 2, None), slice(2, 3, None)]
    """
    each = math.prod(shape[1:]) * np.dtype(dtype).itemsize
    step = max(1, _CACHED // max(each, 1))
    return [slice(i, min(i + step, shape[0])) for i in range(0, shape[0], step)]


def _kept_shape(columns: Any) -> Ints:
    """(n, *out, c)"""
    return (*columns.shape[: columns.ndim // 2], columns.shape[-1])


def _taps(columns: Any) -> list[Any]:
    """For each place in a window, in row-major order, the elements that lie there."""
    axes = (columns.ndim - 2) // 2
    every = (slice(None),) * (1 + axes)
    offsets = itertools.product(*map(range, columns.shape[1 + axes : -1]))
    return [columns[(*every, *offset)] for offset in offsets]
