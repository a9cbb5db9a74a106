"""Products of vectors: inner, outer, cross and Kronecker products, and those that conjugate.

`vdot`, `vecdot` and `vecmat` conjugate their first operand; all other rules are transposes without
conjugates.
"""

from typing import Any

import numpy as np

from ..core.arrays import Array, as_array, sum_to
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


def _pulled(
    g: Array, like: Shaped, other: Array, axes: Any, last: Any, others_last: Any, rule: Any
) -> Any:
    """The cotangent of an operand, by the rule for operands along their last axes.

    `axes` are those of this operand, of the other one and of the result: the last ones at `last`,
    `others_last` and -1.
    """
    of_this, of_other, of_g = axes
    part = rule(_moved(g, of_g, -1), _moved(other, of_other, others_last))
    shape = _moved(np.broadcast_to(np.False_, like.shape), of_this, last).shape
    return _moved(sum_to(part, shape), last, of_this)


def _dotted(g: Array, like: Shaped, other: Array, of: Any, keepdims: bool, rule: Any) -> Any:
    """That of `np.vecdot`, whose result has no axis but with `keepdims`; `of` as `axes` above."""
    of_g = of[2] if keepdims else -1
    g = g if keepdims else np.expand_dims(g, -1)
    return _pulled(g, like, other, (of[0], of[1], of_g), -1, -1, rule)


def _vecdot_x(g: Array, x_like: Shaped, y: Array, axis: int, axes: Any, keepdims: bool) -> Any:
    of = axes or (axis, axis, axis)
    return _dotted(g, x_like, y, of, keepdims, lambda g, y: np.conjugate(g * y))


def _vecdot_y(g: Array, x: Array, y_like: Shaped, axis: int, axes: Any, keepdims: bool) -> Any:
    of = (axes[1], axes[0], *axes[2:]) if axes else (axis, axis, axis)
    return _dotted(g, y_like, x, of, keepdims, lambda g, x: g * np.conjugate(x))


def _applied(matrices: Array, vectors: Array) -> Any:
    return np.matmul(matrices, np.expand_dims(vectors, -1))[..., 0]


def _outer(column: Array, row: Array) -> Any:
    return np.expand_dims(column, -1) * np.expand_dims(row, -2)  # (…, m, 1) · (…, 1, n)


_MATRIX, _VECTOR = (-2, -1), -1


def _by_axes(function: Any, of_x: Any, of_y: Any, by_x: Any, by_y: Any) -> Row:
    """The row of a product of vectors and matrices that lie along any axes.

    The rules, of (cotangent, other operand), are for those along the last ones: `of_x`, `of_y`.
    """
    last = (of_x, of_y, _VECTOR)

    def vjp_x(g: Array, x_like: Shaped, y: Array, axes: Any) -> Any:
        return _pulled(g, x_like, y, axes or last, of_x, of_y, by_x)

    def vjp_y(g: Array, x: Array, y_like: Shaped, axes: Any) -> Any:
        x_axes, y_axes, g_axes = axes or last
        return _pulled(g, y_like, x, (y_axes, x_axes, g_axes), of_y, of_x, by_y)

    return bilinear(function, signature("x", "y", axes=None, dtype=None), vjp_x, vjp_y)


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
    bilinear(
        np.vecdot,
        signature("x", "y", axis=-1, axes=None, keepdims=False, dtype=None),
        _vecdot_x,
        _vecdot_y,
    ),
)

if hasattr(np, "matvec"):  # since NumPy 2.2
    ROWS += (
        _by_axes(
            np.matvec,
            _MATRIX,
            _VECTOR,
            _outer,
            lambda g, x: _applied(np.swapaxes(x, -1, -2), g),
        ),
        _by_axes(
            np.vecmat,
            _VECTOR,
            _MATRIX,
            lambda g, y: np.conjugate(_applied(y, g)),
            lambda g, x: _outer(np.conjugate(x), g),
        ),
    )
