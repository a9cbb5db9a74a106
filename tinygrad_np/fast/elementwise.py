"""Elementwise kernels: large results in memory that is used again, single numbers in Python's.

Training with single images takes half the time where Python's floats carry out the loss.
"""

import math
from typing import Any

import numpy as np

from ..core import losses, network
from ..core.arrays import Array, real_numbers, scalar
from ..core.dispatch import plain
from . import paths
from .memory import empty

_relu_gate = plain(network.relu_gate)
_mean_logistic_loss = plain(losses.mean_logistic_loss)
_logistic_residual = plain(losses.logistic_residual)


def relu(x: Array) -> Any:
    """max(x, 0)"""
    x = real_numbers(x, "relu")
    if x.size < paths.REUSE_FROM_ELEMENTS:
        return np.maximum(x, scalar(0, x.dtype))
    return np.maximum(x, scalar(0, x.dtype), out=empty(x.shape, x.dtype))


def relu_gate(g: Array, y: Array) -> Any:
    """`g` where `y` is not 0, and 0 elsewhere."""
    if g.size < paths.REUSE_FROM_ELEMENTS or g.shape != y.shape:
        return _relu_gate(g, y)
    gate = empty(g.shape, g.dtype)
    np.copyto(gate, np.not_equal(y, scalar(0, y.dtype)))
    return np.multiply(g, gate, out=gate)


def mean_logistic_loss(logits: Array, labels: Any) -> Any:
    """The mean of log-losses, of one number in Python's floats."""
    if not _is_one_number(logits, labels):
        return _mean_logistic_loss(logits, labels)
    loss = losses.plain_logistic_loss(logits.item(), labels.item(), 0.0, _Floats)
    return logits.dtype.type(loss)


def logistic_residual(logits: Array, labels: Any) -> Any:
    """σ(z) − y, of one number in Python's floats."""
    if not _is_one_number(logits, labels):
        return _logistic_residual(logits, labels)
    residual = losses.plain_logistic_residual(logits.item(), labels.item(), 1.0, _Floats)
    return np.array(residual, logits.dtype).reshape(logits.shape)


class _Floats:
    """What the two formulas take from NumPy, for Python's floats."""

    maximum, exp, log1p = max, math.exp, math.log1p

    @staticmethod
    def where(condition: bool, x: float, y: float) -> float:
        return x if condition else y


def _is_one_number(logits: Array, labels: Any) -> bool:
    if type(logits) is not np.ndarray or logits.size != 1 or logits.dtype.kind != "f":
        return False
    same = getattr(labels, "dtype", None) is logits.dtype
    return same and logits.dtype.itemsize <= 8 and paths.ENABLED
