"""Products of matrices of plain arrays, which leave the other cores to the pieces of `threads`.

The threads that OpenBLAS wakes for a product stay awake for some 100 ms, and take the cores from
the pieces that come next. So a product has one thread, and a large one is cut into pieces itself.
"""

from typing import Any

import numpy as np

from ..core.arrays import Array
from . import paths
from .threads import one_thread, parallel_for


def matrix_product(a: Array, b: Array, out: Any = None) -> Any:
    """(m, k) @ (k, n), of plain arrays; `out` is for the result, contiguous.

    >>> matrix_product(np.array([[1.0, 2.0]]), np.array([[3.0], [4.0]]))
    array([[11.]])
    """
    work = a.size * b.shape[1]
    if work < paths.BLAS_WAKES_FOR_VECTORS_FROM or not paths.wakes_threads(a, b):
        return a.dot(b, out)  # NumPy's function asks its arguments for overrides first
    _, count = paths.of_matrix_product(a, b)
    if count == 1:
        with one_thread():
            return np.dot(a, b, out)
    (m, k), n = a.shape, b.shape[1]
    result = np.empty((m, n), a.dtype) if out is None else out
    # Else every piece would make a copy of its own; `dot` also does of a part of a transpose.
    a, b = [x if x.flags.forc else np.ascontiguousarray(x) for x in (a, b)]

    def multiply(piece: int) -> None:
        part = slice(piece * max(m, n) // count, (piece + 1) * max(m, n) // count)
        if m >= n:
            np.matmul(a[part], b, out=result[part])
        else:
            np.matmul(a, b[:, part], out=result[:, part])

    parallel_for(multiply, range(count), m * k * n)
    return result


def matmul(x: Array, y: Array, **options: Any) -> Any:
    """`numpy.matmul` of plain arrays, two matrices of them with `matrix_product`.

    >>> matmul(np.eye(2), np.array([3.0, 4.0]))
    array([3., 4.])
    """
    matrices = type(x) is np.ndarray and type(y) is np.ndarray and x.ndim == 2 == y.ndim
    if matrices and x.shape[1] == y.shape[0] and not options and paths.wakes_threads(x, y):
        return matrix_product(x, y)
    return np.matmul(x, y, **options)
