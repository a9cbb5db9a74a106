"""Products of vectors: inner, outer, cross and Kronecker products, and those that conjugate.

`vdot`, `vecdot` and `vecmat` conjugate their first operand; all other rules are transposes without
conjugates.
"""

from typing import Any

import numpy as np

from ..core.arrays import Array, as_array, cast, sum_to
from ..core.plan import Shaped
from ..core.signature import signature
from ..core.table import Row, bilinear
from .composed import composed


def _inner_a(g: Array, a_like: Shaped, b: Array) -> Any:
    if not a_like.ndim or not b.ndim:
        return sum_to(g * b, a_like.shape)
    of_b = range(a_like.ndim - 1, g.ndim)  # g is (*a's but the last, *b's but the last)
    return np.tensordot(g, b, (of_b, range(b.ndim - 1)))


def _inner_b(g: Array, a: Array, b_like: Shaped) -> Any:
    if not a.ndim or not b_like.ndim:
        return sum_to(g * a, b_like.shape)
    return np.tensordot(g, a, (range(a.ndim - 1), range(a.ndim - 1)))


def _kron(a: Array, b: Array) -> Any:
    """Each element of one times each of the other: of axes (n, m) a joint one of length n·m."""
    a, b = as_array(a), as_array(b)
    ndim = max(a.ndim, b.ndim)
    of_a, of_b = [(1,) * (ndim - x.ndim) + x.shape for x in (a, b)]
    products = np.outer(a, b).reshape(of_a + of_b)
    in_pairs = np.transpose(products, [i + k for i in range(ndim) for k in (0, ndim)])
    return in_pairs.reshape([n * m for n, m in zip(of_a, of_b, strict=True)])


def _moved(x: Array, source: Any, destination: Any) -> Any:
    return x if source == destination else np.moveaxis(as_array(x), source, destination)


# In space: (a × b)·g = (b × g)·a = −(a × g)·b


def _in_space(x: Array, axis: int) -> Any:
    """Vectors along the last axis; one of two components lies in the plane z = 0."""
    x = _moved(x, axis, -1)
    if x.shape[-1] == 3:
        return x
    return np.concatenate([x, np.zeros((*x.shape[:-1], 1), x.dtype)], -1)


def _cross_vjp(g: Any, x_like: Shaped, y: Array, of_x: int, of_y: int, of_g: int, axis: Any) -> Any:
    """y × g, which is the cotangent of x in x × y, and minus that in y × x."""
    if axis is not None:
        of_x = of_y = of_g = axis
    if x_like.shape[of_x] == y.shape[of_y] == 2:  # the result is the component z alone
        g, of_g = np.stack([np.zeros(g.shape, g.dtype)] * 2 + [g], -1), -1
    part = np.cross(_in_space(y, of_y), _moved(g, of_g, -1))[..., : x_like.shape[of_x]]
    return sum_to(_moved(part, -1, of_x % x_like.ndim - x_like.ndim), x_like.shape)


# Generalised ufuncs: their vectors and matrices may lie along any axes


def _vecdot(x: Array, y: Array, axis: int, axes: Any, keepdims: bool, ans: Array) -> Any:
    of_x, of_y, *of_ans = [axis, axis, axis] if axes is None else axes
    x, y = np.conjugate(_moved(x, of_x, -1)), _moved(y, of_y, -1)
    result = cast(np.einsum("...i,...i->...", x, y), ans.dtype)
    return _moved(np.expand_dims(result, -1), -1, *of_ans) if keepdims else result


def _by_axes(function: Any, x_last: Any, y_last: Any, product: Any) -> Row:
    """The row of a `product` of operands with their vectors or matrices along the last axes."""

    def definition(x: Array, y: Array, axes: Any, ans: Array) -> Any:
        of_x, of_y, of_ans = [x_last, y_last, -1] if axes is None else axes
        result = product(_moved(x, of_x, x_last), _moved(y, of_y, y_last))
        return cast(_moved(result, -1, of_ans), ans.dtype)

    form = signature("x", "y", axes=None, dtype=None)
    return composed(function, form, definition, {"x", "y"}, own_value=True)


def _applied(matrices: Array, vectors: Array) -> Any:
    return np.matmul(matrices, np.expand_dims(vectors, -1))[..., 0]


ROWS: tuple[Row, ...] = (
    bilinear(
        np.vdot,
        signature("a", "b"),
        lambda g, a_like, b: np.conjugate(g * b).reshape(a_like.shape),
        lambda g, a, b_like: (g * np.conjugate(a)).reshape(b_like.shape),
    ),
    bilinear(np.inner, signature("a", "b"), _inner_a, _inner_b),
    bilinear(
        np.outer,
        signature("a", "b", out=None),
        lambda g, a_like, b: np.dot(g, b.reshape(-1)).reshape(a_like.shape),
        lambda g, a, b_like: np.dot(a.reshape(-1), g).reshape(b_like.shape),
    ),
    composed(np.kron, signature("a", "b"), _kron, {"a", "b"}, analytic=True),
    bilinear(
        np.cross,
        signature("a", "b", axisa=-1, axisb=-1, axisc=-1, axis=None),
        lambda g, a_like, b, axisa, axisb, axisc, axis: _cross_vjp(
            g, a_like, b, axisa, axisb, axisc, axis
        ),
        lambda g, a, b_like, axisa, axisb, axisc, axis: (
            -_cross_vjp(g, b_like, a, axisb, axisa, axisc, axis)
        ),
    ),
    composed(
        np.vecdot,
        signature("x", "y", axis=-1, axes=None, keepdims=False, dtype=None),
        _vecdot,
        {"x", "y"},
        own_value=True,
    ),
)

if hasattr(np, "matvec"):  # since NumPy 2.2
    ROWS += (
        _by_axes(np.matvec, (-2, -1), -1, _applied),
        _by_axes(
            np.vecmat, -1, (-2, -1), lambda x, y: _applied(np.swapaxes(y, -1, -2), np.conjugate(x))
        ),
    )
