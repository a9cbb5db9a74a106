"""Products of matrices of plain arrays, which leave the other cores to the pieces of `threads`.

The threads that OpenBLAS wakes for a product stay awake for some 100 ms, and take the cores from
the pieces that come next. So a product has one thread, and a large one is cut into pieces itself.

A product with one long axis is cut into smaller pieces yet, which some kernels of OpenBLAS multiply
as they lie, without a copy of both matrices: `paths.small_products`.
"""

import math
from typing import Any

import numpy as np

from ..core import arrays
from ..core.arrays import Array
from ..core.dispatch import plain
from ..core.geometry import Ints
from . import paths
from .threads import one_thread, parallel_for

_sum_to = plain(arrays.sum_to)


def in_pieces(a: Array, b: Array, out: Any) -> None:
    """``np.matmul(a, b, out)`` of (m, k) and (k, n), in pieces that BLAS multiplies as they lie.

    >>> out = np.empty((3, 1))
    >>> in_pieces(np.eye(3), np.array([[1.0], [2.0], [3.0]]), out)
    >>> out.ravel()
    array([1., 2., 3.])
    """
    (m, k), n = a.shape, b.shape[1]
    pieces, rows = paths.small_products(m, k, n)
    if pieces == 1:
        np.matmul(a, b, out=out)
        return
    whole = m - m % rows
    # pieces × (rows, k) @ (k, n)
    np.matmul(a[:whole].reshape(-1, rows, k), b, out=out[:whole].reshape(-1, rows, n))
    if whole < m:
        np.matmul(a[whole:], b, out=out[whole:])


def sum_in_pieces(a: Array, b: Array) -> Any:
    """``a.T @ b`` of (m, k) and (m, n), whose sums over m are those of such pieces.

    >>> sum_in_pieces(np.ones((3, 1)), np.array([[1.0], [2.0], [3.0]]))
    array([[6.]])
    """
    (m, k), n = a.shape, b.shape[1]
    pieces, rows = paths.small_products(m, k, n)
    if pieces == 1:
        return np.matmul(a.T, b)
    whole = m - m % rows
    # pieces × (k, rows) @ (rows, n)
    parts = np.matmul(a[:whole].reshape(-1, rows, k).swapaxes(1, 2), b[:whole].reshape(-1, rows, n))
    total = np.add.reduce(parts)
    return total if whole == m else np.add(total, np.matmul(a[whole:].T, b[whole:]), out=total)


def matrix_product(a: Array, b: Array, out: Any = None) -> Any:
    """(m, k) @ (k, n), of plain arrays; `out` is for the result, contiguous.

    >>> matrix_product(np.array([[1.0, 2.0]]), np.array([[3.0], [4.0]]))
    array([[11.]])
    """
    work = a.size * b.shape[1]
    if work < paths.BLAS_WAKES_FOR_VECTORS_FROM or not paths.wakes_threads(a, b):
        return np.dot(a, b, out)
    path, count = paths.of_matrix_product(a, b)
    if path is paths.ONE_TRANSPOSE:
        with one_thread():
            return np.dot(a, b, out)
    (m, k), n = a.shape, b.shape[1]
    result = np.empty((m, n), a.dtype) if out is None else out
    if count == 1:
        with one_thread():
            _along_the_longest(a, b, result)
        return result
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


def _along_the_longest(a: Array, b: Array, out: Any) -> None:
    """``out[...] = a @ b``, its longest axis in pieces where these are long."""
    (m, k), n = a.shape, b.shape[1]
    longest, work = max(m, k, n), m * k * n
    is_long = work // longest * paths.LONG_PRODUCT_ROWS <= paths.SMALL_PRODUCT
    if work <= paths.SMALL_PRODUCT or not is_long or 1 in (m, k, n):
        _whole(a, b, out)
    elif longest == k:
        out[...] = sum_in_pieces(a.T, b)
    elif longest == m:
        in_pieces(a, b, out)
    else:
        in_pieces(b.T, a.T, out.T)


def _whole(a: Array, b: Array, out: Any) -> None:
    if a.flags.forc and b.flags.forc and out.flags.c_contiguous:
        np.dot(a, b, out)  # which is faster for vectors, and for columns times rows
    else:
        np.matmul(a, b, out=out)


def matmul(x: Array, y: Array, **options: Any) -> Any:
    """`numpy.matmul` of plain arrays, two matrices of them with `matrix_product`.

    >>> matmul(np.eye(2), np.array([3.0, 4.0]))
    array([3., 4.])
    """
    matrices = type(x) is np.ndarray and type(y) is np.ndarray and x.ndim == 2 == y.ndim
    if matrices and x.shape[1] == y.shape[0] and not options and paths.wakes_threads(x, y):
        return matrix_product(x, y)
    return np.matmul(x, y, **options)


def sum_to(x: Array, shape: Ints) -> Any:
    """`arrays.sum_to`; over the first axes of a large array, as a product with ones.

    With up to some hundred numbers a row that is 1.5 to 20 times as fast as NumPy's sum.

    >>> sum_to(np.ones((4096, 2)), (2,))
    array([4096., 4096.])
    """
    added = x.ndim - len(shape)
    is_large = type(x) is np.ndarray and x.size >= paths.SUM_FROM_ELEMENTS and paths.ENABLED
    is_one = is_large and x.dtype.char in "fd" and x.shape[added:] == shape
    size = math.prod(shape)
    # Single numbers NumPy sums in pairs, and fast; and what lies otherwise would be copied.
    if not is_one or size == 1 or x.size < size * paths.SUM_FROM_ROWS or not x.flags.c_contiguous:
        return _sum_to(x, shape)
    x = x.reshape(-1, size)
    return matrix_product(np.ones((1, len(x)), x.dtype), x).reshape(shape)
