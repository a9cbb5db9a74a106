"""Products of vectors: inner, outer, cross and Kronecker products, and those that conjugate.

`vdot`, `vecdot` and `vecmat` conjugate their first operand; all other rules are transposes without
conjugates.
"""

from typing import Any

import numpy as np

from ..core.arrays import Array, sum_to
from ..core.plan import Shaped
from ..core.signature import signature
from ..core.table import Row, bilinear

# Over all elements, and over the last axes


def _inner_a(g: Array, a_like: Shaped, b: Array) -> Any:
    if a_like.ndim == 0:
        return np.sum(g * b)
    if b.ndim == 0:
        return g * b
    own = a_like.ndim - 1  # g is (*a's but the last, *b's but the last)
    return np.tensordot(g, b, (list(range(own, g.ndim)), list(range(b.ndim - 1))))


def _inner_b(g: Array, a: Array, b_like: Shaped) -> Any:
    if b_like.ndim == 0:
        return np.sum(g * a)
    if a.ndim == 0:
        return g * a
    own = list(range(a.ndim - 1))
    return np.tensordot(g, a, (own, own))


# Each element of one times each of the other


def _kron_parts(g: Any, a: Any, b: Any) -> tuple[Any, list[int], list[int]]:
    """The cotangent with an axis for each axis of a and of b in turn; which those are."""
    ndim = max(a.ndim, b.ndim)
    of_a = (1,) * (ndim - a.ndim) + a.shape
    of_b = (1,) * (ndim - b.ndim) + b.shape
    parts = g.reshape([n for pair in zip(of_a, of_b, strict=True) for n in pair])
    return parts, list(range(0, 2 * ndim, 2)), list(range(1, 2 * ndim, 2))


def _summed_with(parts: Any, axes: list[int], x: Array, like: Any) -> Any:
    """The sum of ``parts * x`` over `axes`, which are those of `x`; in the shape of `like`."""
    x = x.reshape((1,) * (len(axes) - x.ndim) + x.shape)
    return np.tensordot(parts, x, (axes, list(range(x.ndim)))).reshape(like.shape)


def _kron_a(g: Any, a_like: Any, b: Any) -> Any:
    parts, _, of_b = _kron_parts(g, a_like, b)
    return _summed_with(parts, of_b, b, a_like)


def _kron_b(g: Any, a: Any, b_like: Any) -> Any:
    parts, of_a, _ = _kron_parts(g, a, b_like)
    return _summed_with(parts, of_a, a, b_like)


# In space: (a × b)·g = (b × g)·a = (g × a)·b


def _in_space(x: Array, axis: int) -> Any:
    """Vectors along the last axis; one of two components lies in the plane z = 0."""
    x = _last(x, (axis,))
    if x.shape[-1] == 3:
        return x
    return np.concatenate([x, np.zeros((*x.shape[:-1], 1), x.dtype)], -1)


def _result_in_space(g: Array, axis: int, in_plane: bool) -> Any:
    """The cotangent of a × b; of two vectors in the plane the result is the component z alone."""
    if not in_plane:
        return _last(g, (axis,))
    zero = np.zeros(g.shape, g.dtype)
    return np.stack([zero, zero, g], -1)


def _as_operand(part: Array, like: Any, axis: int) -> Any:
    """Vectors along the last axis, as those of the operand: its axis, shape and components."""
    return _back(part[..., : like.shape[axis]], like, (axis,))


def _cross_a(
    g: Array, a_like: Shaped, b: Array, axisa: Any, axisb: Any, axisc: Any, axis: Any
) -> Any:
    if axis is not None:
        axisa = axisb = axisc = axis
    in_plane = a_like.shape[axisa] == b.shape[axisb] == 2
    part = np.cross(_in_space(b, axisb), _result_in_space(g, axisc, in_plane))
    return _as_operand(part, a_like, axisa)


def _cross_b(
    g: Array, a: Array, b_like: Shaped, axisa: Any, axisb: Any, axisc: Any, axis: Any
) -> Any:
    if axis is not None:
        axisa = axisb = axisc = axis
    in_plane = a.shape[axisa] == b_like.shape[axisb] == 2
    part = np.cross(_result_in_space(g, axisc, in_plane), _in_space(a, axisa))
    return _as_operand(part, b_like, axisb)


# Generalised ufuncs: the axes of their vectors and matrices are moved to the end and back


def _core_axes(axes: Any, default: tuple[tuple[int, ...], ...]) -> list[tuple[int, ...]]:
    """For each operand and the result the axes of its vectors or matrices."""
    if axes is None:
        return list(default)
    given = [(part,) if np.ndim(part) == 0 else tuple(part) for part in axes]
    return given if len(given) == 3 else [*given, ()]


def _last(x: Array, axes: tuple[int, ...]) -> Any:
    last = tuple(range(-len(axes), 0))
    return x if axes == last else np.moveaxis(x, axes, last)


def _back(part: Array, like: Any, axes: tuple[int, ...]) -> Any:
    """A cotangent whose vectors or matrices lie in the last axes, as the operand has it."""
    last = tuple(range(-len(axes), 0))
    if axes == last:
        return sum_to(part, like.shape)
    core = [axis % like.ndim for axis in axes]
    shape = [n for i, n in enumerate(like.shape) if i not in core]
    shape += [like.shape[axis] for axis in core]
    return np.moveaxis(sum_to(part, tuple(shape)), last, axes)


def _vecdot_axes(axis: Any, axes: Any, keepdims: Any) -> list[tuple[int, ...]]:
    return _core_axes(axes, ((axis,), (axis,), (axis,) if keepdims else ()))


def _vecdot_x(g: Array, x_like: Shaped, y: Array, axis: Any, axes: Any, keepdims: Any) -> Any:
    of_x, of_y, of_g = _vecdot_axes(axis, axes, keepdims)
    g = _last(g, of_g) if keepdims else np.expand_dims(g, -1)
    return _back(np.conjugate(g * _last(y, of_y)), x_like, of_x)


def _vecdot_y(g: Array, x: Array, y_like: Shaped, axis: Any, axes: Any, keepdims: Any) -> Any:
    of_x, of_y, of_g = _vecdot_axes(axis, axes, keepdims)
    g = _last(g, of_g) if keepdims else np.expand_dims(g, -1)
    return _back(g * np.conjugate(_last(x, of_x)), y_like, of_y)


_MATVEC = ((-2, -1), (-1,), (-1,))
_VECMAT = ((-1,), (-2, -1), (-1,))


def _applied(matrices: Any, vectors: Array) -> Any:
    return np.matmul(matrices, np.expand_dims(vectors, -1))[..., 0]


def _matvec_x(g: Array, x_like: Shaped, y: Array, axes: Any) -> Any:
    of_x, of_y, of_g = _core_axes(axes, _MATVEC)
    part = np.expand_dims(_last(g, of_g), -1) * np.expand_dims(_last(y, of_y), -2)
    return _back(part, x_like, of_x)


def _matvec_y(g: Array, x: Array, y_like: Shaped, axes: Any) -> Any:
    of_x, of_y, of_g = _core_axes(axes, _MATVEC)
    return _back(_applied(np.swapaxes(_last(x, of_x), -1, -2), _last(g, of_g)), y_like, of_y)


def _vecmat_x(g: Array, x_like: Shaped, y: Array, axes: Any) -> Any:
    of_x, of_y, of_g = _core_axes(axes, _VECMAT)
    return _back(np.conjugate(_applied(_last(y, of_y), _last(g, of_g))), x_like, of_x)


def _vecmat_y(g: Array, x: Array, y_like: Shaped, axes: Any) -> Any:
    of_x, of_y, of_g = _core_axes(axes, _VECMAT)
    conjugate = np.expand_dims(np.conjugate(_last(x, of_x)), -1)
    return _back(conjugate * np.expand_dims(_last(g, of_g), -2), y_like, of_y)


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
    bilinear(np.kron, signature("a", "b"), _kron_a, _kron_b),
    bilinear(
        np.cross,
        signature("a", "b", axisa=-1, axisb=-1, axisc=-1, axis=None),
        _cross_a,
        _cross_b,
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
        bilinear(np.matvec, signature("x", "y", axes=None, dtype=None), _matvec_x, _matvec_y),
        bilinear(np.vecmat, signature("x", "y", axes=None, dtype=None), _vecmat_x, _vecmat_y),
    )
