"""Functions that ONNX lacks, written with functions that it has: plain NumPy, run in a trace.

A definition gives NotImplemented where the call has a form of its own, and raises where it has
none. Digits are kept as NumPy keeps them.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable
from typing import Any

import numpy as np

from ..core.network import sigmoid
from ..core.windows import pad


def _reordered(function: Callable[..., Any]) -> Callable[..., Any]:
    def defined(x: Any, *axes: Any) -> Any:
        found = function(np.broadcast_to(0, tuple(range(x.ndim))), *axes).shape
        return np.transpose(x, found)

    return defined


def _reshaped(function: Callable[..., Any]) -> Callable[..., Any]:
    def defined(x: Any, *axes: Any) -> Any:
        return np.reshape(x, function(np.broadcast_to(0, x.shape), *axes).shape)

    return defined


def _transposed(x: Any, axes: Any = None) -> Any:
    return NotImplemented if axes is not None else np.transpose(x, [*range(x.ndim)][::-1])


def _raveled(x: Any, order: Any = "C") -> Any:
    return np.reshape(x, -1, order)


def _log1p(x: Any) -> Any:
    # log(u)·x/(u − 1) for u = 1 + x; where that is 0/0 or ∞/∞, x and log(u) (Kahan)
    u = x + 1
    ratio = np.where(np.equal(u - 1, x), 1, x / (u - 1))
    return np.where(np.equal(u, 1), x, np.log(u) * ratio)


def _logaddexp(x: Any, y: Any) -> Any:
    if type(x) is int and x == 0:
        return NotImplemented
    apart = np.where(np.equal(x, y), 0, np.absolute(x - y))  # also of two infinities
    return np.maximum(x, y) + np.logaddexp(0, -apart)


def _gelu(x: Any) -> Any:
    from scipy.special import erf

    return 0.5 * x * (1 + erf(math.sqrt(0.5) * x))


def _gelu_by_tanh(x: Any) -> Any:
    return 0.5 * x * (1 + np.tanh(math.sqrt(2 / math.pi) * (x + 0.044715 * x * x * x)))


def _clip(x: Any, low: Any = None, high: Any = None) -> Any:
    x = x if low is None else np.maximum(x, low)
    return x if high is None else np.minimum(x, high)


def _round(x: Any, decimals: int = 0) -> Any:
    return np.rint(x) if decimals == 0 else np.rint(x * 10.0**decimals) / 10.0**decimals


def _var(a: Any, axis: Any = None, *, ddof: int = 0, keepdims: bool = False) -> Any:
    centred = a - np.mean(a, axis, keepdims=True)
    mean = np.mean(centred * centred, axis, keepdims=keepdims)
    return mean if not ddof else mean * (a.size / mean.size) / (a.size / mean.size - ddof)


def _norm(x: Any, ord: Any = None, axis: Any = None, keepdims: bool = False) -> Any:
    if ord is not None:
        raise NotImplementedError
    return np.sqrt(np.sum(x * x, axis, keepdims=keepdims))


def _truth(function: Callable[..., Any]) -> Callable[..., Any]:
    """Of the largest or the least truth value."""

    def defined(a: Any, axis: Any = None, *, keepdims: bool = False) -> Any:
        return function(np.not_equal(a, 0).astype(np.int32), axis, keepdims=keepdims) != 0

    return defined


def _whole(function: Callable[..., Any]) -> Callable[..., Any]:
    """For functions along an axis, also that of all axes in one."""

    def defined(a: Any, axis: Any = None, **kwargs: Any) -> Any:
        return NotImplemented if axis is not None else function(np.reshape(a, -1), 0, **kwargs)

    return defined


def _stack(arrays: Any, axis: int = 0) -> Any:
    return np.concatenate([np.expand_dims(x, axis) for x in arrays], axis)


def _split(a: Any, sections: Any, axis: int = 0) -> Any:
    if isinstance(sections, int):
        lengths = [len(x) for x in np.array_split(np.arange(a.shape[axis]), sections)]
        sections = np.cumsum(lengths[:-1], dtype=int)
    before = (slice(None),) * (axis % a.ndim)
    ends = itertools.pairwise([None, *np.ravel(sections).tolist(), None])
    return [a[(*before, slice(*pair))] for pair in ends]


def _flip(m: Any, axis: Any = None) -> Any:
    axes = range(m.ndim) if axis is None else np.ravel(axis) % m.ndim
    return m[tuple([slice(None, None, -1 if i in axes else 1) for i in range(m.ndim)])]


def _repeat(a: Any, repeats: Any, axis: int) -> Any:
    return np.take(a, np.repeat(np.arange(a.shape[axis]), repeats), axis)


def _dot(x: Any, y: Any) -> Any:
    if not 0 < np.ndim(y) < 3 or not np.ndim(x):
        raise NotImplementedError
    return np.matmul(x, y)


def _take_along_axis(arr: Any, indices: Any, axis: int = -1) -> Any:
    lead = [*np.broadcast_shapes(*[_without(x.shape, axis) for x in (arr, indices)])]
    shapes = []
    for x in (arr, indices):
        lead[axis] = x.shape[axis]
        shapes.append(tuple(lead))
    if [arr.shape, indices.shape] == shapes:
        return NotImplemented
    pairs = zip((arr, indices), shapes, strict=True)
    arr, indices = [x if x.shape == shape else np.broadcast_to(x, shape) for x, shape in pairs]
    return np.take_along_axis(arr, indices, axis)


def _without(shape: Any, axis: int) -> Any:
    shape = [*shape]
    shape[axis] = 1
    return shape


def _pad(x: Any, width: Any, mode: str = "constant", *, constant_values: Any = 0) -> Any:
    if mode != "constant":
        raise NotImplementedError
    pairs = np.broadcast_to(np.array(width), (x.ndim, 2))
    return pad(x, tuple([tuple(pair) for pair in pairs.tolist()]), constant_values)


def _normalised(epsilon: float, about_mean: bool, x: Any, *affine: Any) -> Any:
    if x.shape[1] == x.shape[2] == 1 and about_mean and x.dtype == np.float32:
        return NotImplemented  # a layer's
    mean = np.mean(x, (1, 3), keepdims=True) if about_mean else np.zeros((), x.dtype)
    centred = x - mean
    variance = np.mean(centred * centred, (1, 3), keepdims=True)
    y = centred / np.sqrt(variance + epsilon)
    for i, a in enumerate(affine):
        y = y + a if i else y * a
    return [y, None if not about_mean else mean, variance]


DEFINITIONS: dict[str, Callable[..., Any]] = {
    "np.positive": lambda x: x,
    "np.square": lambda x: x * x,
    "np.not_equal": lambda x, y: np.logical_not(np.equal(x, y)),
    "np.isfinite": lambda x: np.logical_not(np.logical_or(np.isnan(x), np.isinf(x))),
    "np.exp2": lambda x: np.power(2.0, x),
    "np.log2": lambda x: np.log(x) * (1 / math.log(2)),
    "np.log10": lambda x: np.log(x) * (1 / math.log(10)),
    "np.expm1": lambda x: np.tanh(x * 0.5) * (np.exp(x) + 1),  # keeps its digits near 0
    "np.log1p": _log1p,
    "np.logaddexp": _logaddexp,
    "silu": lambda x: x * sigmoid(x),
    "gelu_exactly": _gelu,
    "gelu_by_tanh": _gelu_by_tanh,
    "np.clip": _clip,
    "np.round": _round,
    "np.var": _var,
    "np.std": lambda *args, **kwargs: np.sqrt(_var(*args, **kwargs)),
    "np.linalg.norm": _norm,
    "np.any": _truth(np.max),
    "np.all": _truth(np.min),
    "np.argmax": _whole(np.argmax),
    "np.argmin": _whole(np.argmin),
    "np.ravel": _raveled,
    "np.squeeze": _reshaped(np.squeeze),
    "np.expand_dims": _reshaped(np.expand_dims),
    "np.transpose": _transposed,
    "np.swapaxes": _reordered(np.swapaxes),
    "np.moveaxis": _reordered(np.moveaxis),
    "joined": lambda parts, shape, dtype: np.reshape(
        np.concatenate([np.reshape(x, -1) for x in parts]), shape
    ),
    "np.stack": _stack,
    "np.vstack": lambda arrays: np.concatenate([np.atleast_2d(x) for x in arrays]),
    "np.hstack": lambda arrays: np.concatenate(
        [np.atleast_1d(x) for x in arrays], min(arrays[0].ndim, 2) - 1 if arrays[0].ndim else 0
    ),
    "np.split": _split,
    "np.array_split": _split,
    "np.flip": _flip,
    "np.repeat": _repeat,
    "np.dot": _dot,
    "np.take_along_axis": _take_along_axis,
    "np.pad": _pad,
    "normalised": _normalised,
}
"""The name of an operation in a trace → the function that is run in its place."""
