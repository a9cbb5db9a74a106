"""Elementwise kernels, sums and means: large results in memory that is used again.

Training with single images takes half the time where Python's floats carry out the loss.
"""

import math
from typing import Any

import numpy as np

from ..core import losses, network
from ..core.arrays import Array, real_numbers, scalar
from ..core.dispatch import plain
from ..core.rules import divide_by_count
from . import paths
from .memory import empty, scratch

_relu_gate = plain(network.relu_gate)
_mean_logistic_loss = plain(losses.mean_logistic_loss)


def relu(x: Array) -> Any:
    """max(x, 0)"""
    x = real_numbers(x, "relu")
    if x.size < paths.REUSE_FROM_ELEMENTS:
        return np.maximum(x, scalar(0, x.dtype))
    return np.maximum(x, scalar(0, x.dtype), out=empty(x.shape, x.dtype))


def relu_gate(g: Array, y: Array) -> Any:
    """`g` where `y` is not 0, and `g` · 0 elsewhere, a piece at a time that stays in the cache."""
    if g.size < paths.REUSE_FROM_ELEMENTS or g.shape != y.shape:
        return _relu_gate(g, y)
    result = gate = empty(g.shape, g.dtype)
    if g.flags.c_contiguous and y.flags.c_contiguous:
        g, y, gate = g.reshape(-1), y.reshape(-1), gate.reshape(-1)
    step = max(1, paths.GATE_ELEMENTS * len(g) // g.size)
    zero, passed = scalar(0, y.dtype), scratch((step, *g.shape[1:]), bool)
    for start in range(0, len(g), step):
        piece = slice(start, start + step)
        given, into = g[piece], gate[piece]
        flags = np.not_equal(y[piece], zero, out=passed[: len(into)])
        np.copyto(into, flags.view(np.int8))  # 1 or 0
        np.multiply(given, into, out=into)
    return result


def sigmoid_slope(x: Array) -> Any:
    """exp(−abs x) / (1 + exp(−abs x))², in two arrays."""
    x = real_numbers(x, "sigmoid_slope")
    small = np.absolute(x, out=np.empty_like(x))
    np.exp(np.negative(small, out=small), out=small)
    whole = np.add(small, scalar(1, x.dtype), out=np.empty_like(x))
    return np.divide(small, np.multiply(whole, whole, out=whole), out=small)


def total(a: Array, axis: Any = None, *args: Any, **kwargs: Any) -> Any:
    """`numpy.sum` without its Python wrapper."""
    return np.add.reduce(a, axis, *args, **kwargs)


def mean(a: Array, axis: Any = None, *args: Any, **kwargs: Any) -> Any:
    """`numpy.mean`, whose Python code costs 3 µs; the mean of everything is one quotient."""
    if axis is None and not args and not kwargs and a.size and a.dtype.itemsize >= 4:
        return np.add.reduce(a, None) / a.dtype.type(a.size)
    return np.mean(a, axis, *args, **kwargs)


def mean_logistic_loss(logits: Array, labels: Any) -> Any:
    """The mean of log-losses, of one number in Python's floats."""
    if not _is_one_number(logits, labels):
        return _mean_logistic_loss(logits, labels)
    loss = losses.plain_logistic_loss(logits.item(), labels.item(), 0.0, _Floats)
    return logits.dtype.type(loss)


def mean_logistic_vjp(g: Any, logits: Array, labels: Any) -> Any:
    """g·(σ(z) − y) over the number of elements, of one number in Python's floats."""
    if type(g) is not np.ndarray or not _is_one_number(logits, labels):
        return divide_by_count(g, logits.size) * losses.logistic_residual(logits, labels)
    residual = losses.plain_logistic_residual(logits.item(), labels.item(), 1.0, _Floats)
    return np.array(g.item() * residual, logits.dtype, ndmin=logits.ndim)


class _Floats:
    """What the two formulas take from NumPy, for Python's floats."""

    maximum, exp, log1p = max, math.exp, math.log1p

    @staticmethod
    def where(condition: bool, x: float, y: float) -> float:
        return x if condition else y


def _is_one_number(logits: Array, labels: Any) -> bool:
    if type(logits) is not np.ndarray or type(labels) is not np.ndarray or logits.size != 1:
        return False
    return labels.dtype is logits.dtype and logits.dtype.char in "efd" and paths.ENABLED


def in_pieces(function: Any) -> Any:
    """A kernel of one operand that works on a piece at a time, which stays in the cache."""
    kernel = plain(function)

    def called(x: Any) -> Any:
        large = type(x) is np.ndarray and x.size > paths.GATE_ELEMENTS and x.flags.c_contiguous
        if not large or x.dtype.kind != "f":
            return kernel(x)
        result = empty(x.shape, x.dtype)
        given, into = x.reshape(-1), result.reshape(-1)
        for start in range(0, x.size, paths.GATE_ELEMENTS):
            piece = slice(start, start + paths.GATE_ELEMENTS)
            into[piece] = kernel(given[piece])
        return result

    return called
