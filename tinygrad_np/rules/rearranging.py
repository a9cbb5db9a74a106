"""Repeating, moving and inserting along axes; sliding windows."""

from typing import Any

import numpy as np
from numpy.lib.array_utils import normalize_axis_index

from ..core.arrays import Array, along, as_array, cast
from ..core.axes import plain
from ..core.plan import Shaped
from ..core.rules import scatter_add
from ..core.signature import signature
from ..core.table import linear
from ..core.windows import pad
from .composed import composed

# Several copies: their cotangents are added


def _tile_vjp(g: Array, A_like: Shaped, reps: Any) -> Any:  # noqa: N803
    reps = np.atleast_1d(reps).tolist()
    ndim = max(len(reps), A_like.ndim)
    reps = [1] * (ndim - len(reps)) + reps
    shape = (1,) * (ndim - A_like.ndim) + A_like.shape
    copies = g.reshape([n for pair in zip(reps, shape, strict=True) for n in pair])
    return np.sum(copies, tuple(range(0, 2 * ndim, 2))).reshape(A_like.shape)


def _repeat_vjp(g: Array, a_like: Shaped, repeats: Any, axis: Any) -> Any:
    shape = (a_like.size,) if axis is None else a_like.shape
    axis = 0 if axis is None else axis % a_like.ndim
    repeats = np.asarray(repeats)
    if repeats.size == 1:
        copies = g.reshape((*shape[: axis + 1], repeats.item(), *shape[axis + 1 :]))
        return np.sum(copies, axis + 1).reshape(a_like.shape)
    sources = np.repeat(np.arange(shape[axis]), repeats)
    return scatter_add(g, along(axis, sources), shape).reshape(a_like.shape)


def _resize_vjp(g: Array, a_like: Shaped) -> Any:
    """The array is read over and over until the new one is full."""
    if g.size == 0 or a_like.size == 0:
        return np.zeros(a_like.shape, g.dtype)
    times = -(-g.size // a_like.size)
    filled = pad(g.reshape(-1), ((0, times * a_like.size - g.size),))
    return np.sum(filled.reshape((times, *a_like.shape)), 0)


def _sliding_vjp(g: Array, x_like: Shaped, window_shape: Any, axis: Any) -> Any:
    """(*places, *sizes) → (*lengths): window axes last to first, each offset is added in its place.

    Taken one after another the axes cost the sum of the windows' lengths, not their product.
    """
    sizes = np.atleast_1d(window_shape).tolist()
    axes = range(x_like.ndim) if axis is None else np.atleast_1d(axis).tolist()
    for size, at in reversed(list(zip(sizes, axes, strict=True))):
        at %= x_like.ndim
        frame = [(0, 0)] * (g.ndim - 1)
        shape = list(g.shape[:-1])
        shape[at] += size - 1
        total = np.zeros(shape, g.dtype)
        for offset in range(size):
            frame[at] = offset, size - 1 - offset
            total = total + pad(g[..., offset], tuple(frame))
        g = total
    return g


# Moving


def _rollaxis_kernel(a: Array, axis: Any, start: Any = 0) -> Any:
    return np.rollaxis(a, axis, plain(start))


def _rollaxis_vjp(g: Array, axis: Any, start: Any) -> Any:
    axis %= g.ndim
    start += g.ndim if start < 0 else 0
    return np.moveaxis(g, start - 1 if axis < start else start, axis)


# Inserting


def _insert(arr: Array, obj: Any, values: Array, axis: Any, ans: Array) -> Any:
    """Both one behind the other, in the order that NumPy finds for their numbers."""
    arr, values = as_array(arr), as_array(values)
    if axis is None:
        arr, axis = arr.reshape(-1), 0
    axis = normalize_axis_index(axis, arr.ndim)
    length = arr.shape[axis]
    shape = (*arr.shape[:axis], ans.shape[axis] - length, *arr.shape[axis + 1 :])
    values = values.reshape((1,) * (arr.ndim - values.ndim) + values.shape)
    if np.ndim(obj) == 0 and not isinstance(obj, slice):
        # several values at one place lie along the first axis of `values`
        values = np.moveaxis(values, 0, axis)
    values = cast(np.broadcast_to(values.reshape(values.shape[-arr.ndim :]), shape), arr.dtype)
    order = np.insert(np.arange(length), obj, length + np.arange(shape[axis]))
    return np.concatenate([arr, values], axis)[along(axis, order)]


ROWS = (
    linear(np.tile, signature("A", "reps"), _tile_vjp),
    linear(np.repeat, signature("a", "repeats", axis=None), _repeat_vjp),
    linear(np.resize, signature("a", "new_shape"), _resize_vjp),
    linear(
        np.lib.stride_tricks.sliding_window_view,
        signature("x", "window_shape", axis=None),
        _sliding_vjp,
    ),
    # permutations
    linear(np.matrix_transpose, signature("x"), lambda g: np.matrix_transpose(g)),
    linear(
        np.roll,
        signature("a", "shift", axis=None),
        lambda g, shift, axis: np.roll(g, np.negative(shift), axis),
    ),
    linear(np.rot90, signature("m", k=1, axes=(0, 1)), lambda g, k, axes: np.rot90(g, -k, axes)),
    linear(np.rollaxis, signature("a", "axis", start=0), _rollaxis_vjp, kernel=_rollaxis_kernel),
    composed(
        np.insert,
        signature("arr", "obj", "values", axis=None),
        _insert,
        {"arr", "values"},
        own_value=True,
        real={"values": ("arr",)},
    ),
)
