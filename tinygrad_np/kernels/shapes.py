"""expand and sum_to: broadcasting and its adjoint; along: a key for one axis."""

from typing import Any

import numpy as np

from .dispatch import array_function
from .geometry import Ints


@array_function
def expand(x: Any, shape: Ints) -> Any:
    """`numpy.broadcast_to`, without its overhead where `x` has a single element. Read-only.

    >>> expand(np.array([[2.0]]), (2, 3))
    array([[2., 2., 2.],
           [2., 2., 2.]])
    """
    if x.size != 1 or x.ndim > len(shape):
        return np.broadcast_to(x, shape)
    return np.ndarray(shape, x.dtype, x.tobytes(), 0, (0,) * len(shape))


@array_function
def sum_to(x: Any, shape: Ints) -> Any:
    """The sum over all axes along which an array of `shape` was broadcast to that of `x`.

    >>> sum_to(np.ones((2, 3)), (3,)), sum_to(np.ones((2, 3)), (2, 1))
    (array([2., 2., 2.]), array([[3.],
           [3.]]))
    """
    added = x.ndim - len(shape)
    stretched = [
        added + i
        for i, (n, m) in enumerate(zip(shape, x.shape[added:], strict=True))
        if n == 1 and m != 1
    ]
    axes = (*range(added), *stretched)
    return x.sum(axis=axes, keepdims=True).reshape(shape)


def along(axis: int, *key: Any) -> tuple[Any, ...]:
    """What to write between brackets to take `key` along `axis` (and the axes after it).

    >>> np.arange(6).reshape(2, 3)[along(1, 0)]
    array([0, 3])
    """
    return (*(slice(None),) * axis, *key)
