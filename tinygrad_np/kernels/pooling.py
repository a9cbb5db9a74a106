"""The largest element of every window, and where it is: what max pooling is made of.

`window_max` takes the largest, `window_argmax` says which it is: the first one, in row-major order
within the window. `window_pick` takes the element of a given number, `window_place` is its adjoint.

Windows are (n, *out, *size, c), results (n, *out, c).
"""

import itertools
from typing import Any

import numpy as np

from .dispatch import array_function
from .geometry import Ints
from .memory import empty


@array_function
def window_max(columns: Any) -> Any:
    """The largest element of every window, nan where there is one: (…, *size, c) → (n, *out, c).

    >>> window_max(np.array([3.0, 1.0, 2.0, 5.0]).reshape(1, 2, 2, 1)).ravel()
    array([3., 5.])
    """
    first, *others = _taps(columns)
    result = empty(first.shape, first.dtype)
    np.copyto(result, first)
    for tap in others:
        np.maximum(result, tap, out=result)
    return result


@array_function
def window_argmax(columns: Any) -> Any:
    """The number of the first largest element of every window (of the first nan, if there is one).

    >>> window_argmax(np.array([3.0, 3.0, 2.0, 5.0]).reshape(1, 2, 2, 1)).ravel()
    array([0, 1])
    """
    first, *others = _taps(columns)
    best = first.copy()
    index = np.zeros(best.shape, np.intp)
    for number, tap in enumerate(others, 1):
        # true for what is larger, and for a nan if it is the first one
        better = ~(tap <= best) & (best == best)
        np.copyto(best, tap, where=better)
        index[better] = number
    return index


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


def _taps(columns: Any) -> list[Any]:
    """For each place in a window, in row-major order, the elements that lie there."""
    axes = (columns.ndim - 2) // 2
    every = (slice(None),) * (1 + axes)
    offsets = itertools.product(*map(range, columns.shape[1 + axes : -1]))
    return [columns[(*every, *offset)] for offset in offsets]
