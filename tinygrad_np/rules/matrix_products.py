"""Powers and products of matrices: matrix_power, multi_dot, and NumPy's aliases in np.linalg.

The aliases (np.linalg.cross, outer, matmul, tensordot, vecdot, trace, diagonal, matrix_transpose)
are functions of their own, apart from those of the same name in np, by which most are defined: they
act on the last two axes, or on vectors along one. All take stacks, and broadcast as in NumPy.

>>> from tinygrad_np import grad
>>> grad(lambda a: np.linalg.trace(np.linalg.matrix_power(a, 3)))(np.diag([1.0, 2.0]))
array([[ 3.,  0.],
       [ 0., 12.]])
"""

import operator
from typing import Any

import numpy as np

from ..core.arrays import Array, as_array
from ..core.plan import Shaped
from ..core.signature import signature
from ..core.table import bilinear, linear
from .composed import composed


def _matrix_power(a: Array, n: Any) -> Any:
    n = operator.index(n)
    if a.ndim < 2 or a.shape[-1] != a.shape[-2]:
        raise np.linalg.LinAlgError(
            f"np.linalg.matrix_power: takes square matrices (…, n, n), not shape {a.shape}"
        )
    if n == 0:
        return np.zeros_like(a) + np.eye(a.shape[-1], dtype=a.dtype)
    if n < 0:
        a, n = np.linalg.inv(a), -n
    if n == 3:
        return np.matmul(np.matmul(a, a), a)
    # From the lowest binary digit of n upwards, as NumPy has it.
    square, result = a, a if n % 2 else None
    while n := n // 2:
        square = np.matmul(square, square)
        if n % 2:
            result = square if result is None else np.matmul(result, square)
    return result


def _multi_dot(arrays: list[Array]) -> Any:
    """The chain in the order that costs least, which is NumPy's: it matters to truth values."""
    n, first, last = len(arrays), arrays[0], arrays[-1]
    sizes = [x.shape[0] for x in arrays] + [last.shape[1] if last.ndim > 1 else 1]
    sizes[0] = first.shape[0] if first.ndim > 1 else 1
    # what the product of arrays i to j − 1 costs, and where the last product parts them
    plan = {(i, i + 1): (0, i) for i in range(n)}
    for j in range(2, n + 1):
        for i in reversed(range(j - 1)):
            ends = sizes[i] * sizes[j]
            plan[i, j] = min(
                [(plan[i, k][0] + plan[k, j][0] + ends * sizes[k], k) for k in range(i + 1, j)]
            )
    return _planned(arrays, plan, 0, n)


def _planned(arrays: list[Array], plan: dict[Any, tuple[int, int]], i: int, j: int) -> Any:
    if j == i + 1:
        return arrays[i]
    k = plan[i, j][1]
    return np.dot(_planned(arrays, plan, i, k), _planned(arrays, plan, k, j))


# What np.linalg has under other names, too


def _outer(x1: Array, x2: Array) -> Any:
    if np.ndim(x1) != 1 or np.ndim(x2) != 1:
        raise ValueError(
            f"np.linalg.outer: takes two vectors, not shapes {np.shape(x1)} and {np.shape(x2)}"
        )
    return np.outer(x1, x2)


# Since 2.5 np.cross refuses vectors in the plane itself, and the two take and refuse the same.
_SAME_CROSS = np.lib.NumpyVersion(np.__version__) >= "2.5.0"


def _cross(x1: Array, x2: Array, axis: Any) -> Any:
    lengths = [3, 3] if _SAME_CROSS else [np.shape(x)[axis] for x in (x1, x2)]
    if lengths != [3, 3]:
        raise ValueError(
            f"np.linalg.cross: takes 3-dimensional vectors, not {lengths[0]} and {lengths[1]} "
            f"numbers along axis {axis}; np.cross takes vectors in the plane"
        )
    return np.cross(x1, x2, axis=axis)


def _contracted(axes: Any, a_ndim: int, b_ndim: int) -> tuple[list[int], list[int]]:
    """tensordot's axes as two lists without negative numbers."""
    if isinstance(axes, (int, np.integer)):
        return list(range(a_ndim - axes, a_ndim)), list(range(axes))
    of_a, of_b = [np.atleast_1d(part).tolist() for part in axes]
    return [i % a_ndim for i in of_a], [i % b_ndim for i in of_b]


def _tensordot_a(g: Array, a_like: Shaped, b: Array, axes: Any) -> Any:
    of_a, of_b = _contracted(axes, a_like.ndim, b.ndim)
    free_a = [i for i in range(a_like.ndim) if i not in of_a]
    free_b = [i for i in range(b.ndim) if i not in of_b]
    # (free a, free b) · (free b, of_b) → (free a, of_b in b's order)
    result = np.tensordot(g, b, (list(range(len(free_a), g.ndim)), free_b))
    places = free_a + [of_a[of_b.index(i)] for i in sorted(of_b)]
    return np.transpose(result, [places.index(i) for i in range(a_like.ndim)])


def _tensordot_b(g: Array, a: Array, b_like: Shaped, axes: Any) -> Any:
    # that of a, with the parts exchanged: g as (free b, free a)
    of_a, of_b = _contracted(axes, a.ndim, b_like.ndim)
    own = a.ndim - len(of_a)
    return _tensordot_a(
        np.transpose(g, [*range(own, g.ndim), *range(own)]), b_like, a, (of_b, of_a)
    )


ROWS = (
    bilinear(np.tensordot, signature("a", "b", axes=2), _tensordot_a, _tensordot_b),
    # powers and products
    composed(np.linalg.matrix_power, signature("a", "n"), _matrix_power, {"a"}, analytic=True),
    composed(
        np.linalg.multi_dot,
        signature("arrays", out=None),
        lambda arrays: _multi_dot([as_array(a) for a in arrays]),
        {"arrays"},
        own_value=True,
        list_operands={"arrays"},
    ),
    composed(
        np.linalg.matmul, signature("x1", "x2"), lambda x1, x2: np.matmul(x1, x2), {"x1", "x2"}
    ),
    composed(
        np.linalg.tensordot,
        signature("x1", "x2", axes=2),
        lambda x1, x2, axes: np.tensordot(x1, x2, axes),
        {"x1", "x2"},
    ),
    composed(np.linalg.outer, signature("x1", "x2"), _outer, {"x1", "x2"}),
    composed(np.linalg.cross, signature("x1", "x2", "*", axis=-1), _cross, {"x1", "x2"}),
    composed(
        np.linalg.vecdot,
        signature("x1", "x2", "*", axis=-1),
        lambda x1, x2, axis: np.vecdot(x1, x2, axis=axis),  # type: ignore[call-overload]
        {"x1", "x2"},
    ),
    # the parts of a matrix
    linear(np.linalg.matrix_transpose, signature("x"), lambda g: np.swapaxes(g, -1, -2)),
    composed(
        np.linalg.diagonal,
        signature("x", "*", offset=0),
        lambda x, offset: np.diagonal(x, offset, -2, -1),
        {"x"},
    ),
    composed(
        np.linalg.trace,
        signature("x", "*", offset=0, dtype=None),
        lambda x, offset, dtype: np.trace(x, offset, -2, -1, dtype),
        {"x"},
    ),
)
