"""Elementwise functions that NumPy lacks: relu and sigmoid, the log-losses, and what they need.

All keep the dtype of a floating input: float32 in, float32 out.
"""

import functools
import math
from typing import Any

import numpy as np

from ..fast import paths
from ..fast.memory import empty
from .dispatch import array_function, numbers, overrides


@array_function
def relu(x: Any) -> Any:
    """max(x, 0), elementwise; its derivative at 0 is 0, and at nan 1: nan stays nan.

    >>> relu(np.array([-1.0, 0.0, 2.0]))
    array([0., 0., 2.])
    """
    x = real_numbers(x, "relu")
    if x.size < paths.REUSE_FROM_ELEMENTS:
        return np.maximum(x, constant(0, x.dtype))
    return np.maximum(x, constant(0, x.dtype), out=empty(x.shape, x.dtype))


@array_function
def relu_gate(g: Any, y: Any) -> Any:
    """`g` where `y`, the result of `relu`, is not 0 (positive, or nan), and 0 elsewhere.

    >>> relu_gate(np.array([5.0, 6.0]), np.array([0.0, 2.0]))
    array([0., 6.])
    """
    # As numbers: NumPy is slow at multiplying them by truth values.
    is_open = np.not_equal(y, constant(0, y.dtype))
    if g.size < paths.REUSE_FROM_ELEMENTS or g.shape != y.shape:
        return g * is_open.astype(g.dtype)
    gate = empty(g.shape, g.dtype)
    np.copyto(gate, is_open)
    return np.multiply(g, gate, out=gate)


@array_function
def sigmoid(x: Any) -> Any:
    """1 / (1 + exp(−x)), elementwise, without overflow for any x.

    Where exp(−x) is beyond the largest number (x below −709 in float64, −88 in float32) the
    result is 0; it would be below the smallest normal number.

    >>> sigmoid(np.array([-1000.0, 0.0, 1000.0]))
    array([0. , 0.5, 1. ])
    """
    x = real_numbers(x, "sigmoid")
    with np.errstate(over="ignore"):
        return _sigmoid(x)


def _sigmoid(x: Any) -> Any:
    one = constant(1, x.dtype)
    return np.divide(one, np.add(one, np.exp(np.negative(x))))


@array_function
def sigmoid_slope(x: Any) -> Any:
    """σ(x)·σ(−x), the derivative of the sigmoid: exp(−abs x) / (1 + exp(−abs x))².

    >>> sigmoid_slope(np.array([0.0, 1000.0]))
    array([0.25, 0.  ])
    """
    x = real_numbers(x, "sigmoid_slope")
    small = np.absolute(x, out=np.empty_like(x))
    np.exp(np.negative(small, out=small), out=small)
    whole = np.add(small, constant(1, x.dtype), out=np.empty_like(x))
    return np.divide(small, np.multiply(whole, whole, out=whole), out=small)


@array_function
def tanh_slope(x: Any) -> Any:
    """1 / cosh² x, the derivative of tanh; x may be complex.

    >>> tanh_slope(np.array([0.0, 300.0])).round(9)
    array([1., 0.])
    """
    if x.dtype.kind != "c":
        return np.reciprocal(np.square(np.cosh(x)))
    small = np.exp(-2 * np.where(np.less(np.real(x), 0), -x, x))  # 1/cosh² would be 1/(∞ + ∞i)
    return 4 * small / np.square(1 + small)


@array_function
def arctan_slope(x: Any) -> Any:
    """1 / (1 + x²), the derivative of arctan; x may be complex.

    >>> arctan_slope(np.array([0.0, 1.0]))
    array([1. , 0.5])
    """
    return 1 / (1 + x * x)


@array_function
def one_less_square(x: Any) -> Any:
    """1 − x², whose derivative is −2x: that of (1 − x)·(1 + x) would cancel. x may be complex.

    >>> one_less_square(np.array([0.0, 1.0]))
    array([1., 0.])
    """
    return (1 - x) * (1 + x)


@array_function
def direction(x: Any, y: Any, length: Any = None) -> Any:
    """x / √(x² + y²), and 0 at the origin: the derivative of hypot by x. The `length` may be known.

    >>> direction(np.array([0.0, 3e200]), np.array([0.0, 4e200]))
    array([0. , 0.6])
    """
    length = np.hypot(x, y) if length is None else length
    is_zero = np.equal(length, 0)
    return np.where(is_zero, 0, x / np.where(is_zero, 1, length))


@array_function
def arctan2_slope(x: Any, y: Any) -> Any:
    """x / (x² + y²) without overflow, and 0 at the origin: the derivative of arctan2(y, x) by y.

    >>> arctan2_slope(np.array([0.0, 1e200]), np.array([0.0, 1e200]))
    array([0.e+000, 5.e-201])
    """
    length = np.hypot(x, y)
    is_zero = np.equal(length, 0)
    length = np.where(is_zero, 1, length)
    return np.where(is_zero, 0, x / length / length)


@array_function
def sigmoid_of_difference(x: Any, y: Any, rate: float = 1.0) -> Any:
    """1 / (1 + exp(−rate·(x − y))), without overflow, and ½ for two equal infinities.

    >>> sigmoid_of_difference(np.array([-np.inf, 1000.0]), np.array([-np.inf, 0.0]))
    array([0.5, 1. ])
    """
    with np.errstate(over="ignore", invalid="ignore"):
        difference = np.subtract(x, y)
        if np.isnan(difference).any():
            difference = np.where(np.equal(x, y), constant(0, difference.dtype), difference)
        return _sigmoid(difference * rate if rate != 1 else difference)


@array_function
def logistic_loss(logits: Any, labels: Any) -> Any:
    """−y log σ(z) − (1 − y) log(1 − σ(z)), elementwise, for logits z and labels y.

    Computed as max(z, 0) − z·y + log(1 + exp(−abs(z))), which neither overflows nor cancels, and
    whose derivative by z is σ(z) − y. The shapes must be the same.

    >>> logistic_loss(np.array([-1000.0, 0.0, 1000.0]), np.array([0.0, 1.0, 0.0]))
    array([0.00000000e+00, 6.93147181e-01, 1.00000000e+03])
    """
    logits = real_numbers(logits, "logistic_loss")
    return _logistic_loss(logits, labels, constant(0, logits.dtype))


class _Floats:
    """What the two formulas below take from NumPy, for Python's floats."""

    maximum, exp, log1p = max, math.exp, math.log1p

    @staticmethod
    def where(condition: bool, x: float, y: float) -> float:
        return x if condition else y


def _logistic_loss(logits: Any, labels: Any, zero: Any, xp: Any = np) -> Any:
    # In this order: log1p's small values must not be lost beside z before z·y takes that away.
    loss = xp.maximum(logits, zero) - logits * labels
    return loss + xp.log1p(xp.exp(-abs(logits)))


def _logistic_residual(logits: Any, labels: Any, one: Any, xp: Any = np) -> Any:
    # Not σ(z) − y, which rounds to 0 where y = 1 and z is large.
    small = xp.exp(-abs(logits))
    of_one = one / (one + small)  # σ of the larger of z and −z
    of_other = small * of_one
    positive = logits > 0
    hit, miss = xp.where(positive, of_other, of_one), xp.where(positive, of_one, of_other)
    return (1 - labels) * miss - labels * hit


@array_function
def mean_logistic_loss(logits: Any, labels: Any) -> Any:
    """The mean of `logistic_loss`, in one step because so much of training is this.

    >>> mean_logistic_loss(np.array([0.0, 1000.0]), np.array([1.0, 1.0]))
    np.float64(0.34657359027997264)
    """
    logits = real_numbers(logits, "mean_logistic_loss")
    if _is_one_number(logits, labels):
        return logits.dtype.type(_logistic_loss(logits.item(), labels.item(), 0.0, _Floats))
    losses = _logistic_loss(logits, labels, constant(0, logits.dtype))
    if losses.dtype.itemsize < 4:
        return np.mean(losses)  # which adds up in float32
    return np.add.reduce(losses, None) / losses.size


@array_function
def logistic_residual(logits: Any, labels: Any) -> Any:
    """σ(z) − y: the derivative of `logistic_loss` by the logits.

    For the rules, which run where overflow is ignored.

    >>> logistic_residual(np.array([0.0, 1000.0]), np.array([1.0, 1.0]))
    array([-0.5,  0. ])
    """
    logits = real_numbers(logits, "logistic_residual")
    if _is_one_number(logits, labels):
        residual = _logistic_residual(logits.item(), labels.item(), 1.0, _Floats)
        return np.array(residual, logits.dtype).reshape(logits.shape)
    return _logistic_residual(logits, labels, constant(1, logits.dtype))


@array_function
def divide_by_count(g: Any, count: Any) -> Any:
    """``g / count`` for numbers of elements, which may be too large for float16.

    >>> divide_by_count(np.ones(2), 4), divide_by_count(np.ones(1, np.float16), 100_000).dtype
    (array([0.25, 0.25]), dtype('float16'))
    """
    if g.dtype.itemsize > 2:
        if isinstance(count, int):
            return g if count == 1 else g / count
        return g / np.asarray(count, g.dtype)
    return (g / np.asarray(count, np.float64)).astype(g.dtype)


@array_function
def bernoulli_loss(probabilities: Any, labels: Any, bound: float = 1e-16) -> Any:
    """−y log p − (1 − y) log(1 − p), elementwise, with p and 1 − p at least as `edges` has it.

    By policy, the derivative is that of the loss without a bound, and finite (see `off_zero`).

    >>> bernoulli_loss(np.array([0.0, 0.5, 1.0]), np.array([1.0, 1.0, 1.0])).round(2)
    array([36.84,  0.69,  0.  ])
    """
    probabilities = real_numbers(probabilities, "bernoulli_loss")
    low, gap = edges(bound, probabilities.dtype)
    hit = labels * np.log(np.maximum(probabilities, low))
    miss = (1 - labels) * np.log1p(-np.minimum(probabilities, 1 - gap))
    return 0 - hit - miss  # not −(hit + miss), which is −0 for what is right


@array_function
def sigmoid_log_loss(
    logits: Any, labels: Any, function: Any = sigmoid, bound: float = 1e-16
) -> Any:
    """`bernoulli_loss` of what a `function`, a sigmoid, gives: its derivative by z is σ(z) − y.

    Also where σ(z) rounds to 1, and the chain rule of the two has lost z.

    >>> sigmoid_log_loss(np.array([40.0, 800.0]), np.array([1.0, 0.0])).round(2)
    array([ 0.  , 36.74])
    """
    return bernoulli_loss(function(logits), labels, bound)


@functools.lru_cache
def edges(bound: Any, dtype: Any) -> Any:
    """What p and 1 − p are kept from falling below: `bound`, or the smallest that they can be.

    >>> [f"{edge:.2g}" for edge in edges(1e-16, np.dtype(np.float32))]
    ['1e-16', '6e-08']
    """
    if not (isinstance(bound, (float, np.floating)) and 0 < bound < 0.5):
        raise ValueError(f"log_loss: bound is a number above 0 and below 0.5, not {bound!r}")
    low = dtype.type(bound) or np.finfo(dtype).smallest_subnormal
    return low, max(1 - (1 - low), np.finfo(dtype).epsneg)


@array_function
def off_zero(x: Any, low: Any) -> Any:
    """`x` as a divisor of 1 that is finite, for x ≥ 0: `low` in place of 0. Its derivative is 1.

    >>> off_zero(np.array([0.0, 1e-320, 0.5]), 1e-16)
    array([1.00000000e-016, 2.22507386e-308, 5.00000000e-001])
    """
    return np.maximum(np.where(np.equal(x, 0), low, x), np.finfo(x.dtype).smallest_normal)


@array_function
def xdivy(x: Any, y: Any) -> Any:
    """x / y, and 0 wherever x is 0, also for 0 / 0: the derivative of x log y by y.

    >>> xdivy(np.array([0.0, 1.0]), np.array([0.0, 2.0]))
    array([0. , 0.5])
    """
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.where(x == 0, 0, np.divide(x, y))


@array_function
def multiply_no_nan(x: Any, factor: Any) -> Any:
    """x·factor, and 0 wherever x is 0, also for 0·∞: a cotangent of zero that is meant.

    >>> multiply_no_nan(np.array([0.0, 1.0]), np.array([np.inf, 2.0]))
    array([0., 2.])
    """
    with np.errstate(over="ignore", invalid="ignore"):
        return np.where(np.equal(x, 0), 0, np.multiply(x, factor))


@array_function
def multiply_no_nan_both(x: Any, y: Any) -> Any:
    """x·y, and 0 wherever either is 0: the derivative of `multiply_no_nan` by its factor.

    >>> multiply_no_nan_both(np.array([0.0, np.inf]), np.array([np.nan, 0.0]))
    array([0., 0.])
    """
    with np.errstate(over="ignore", invalid="ignore"):
        is_zero = np.logical_or(np.equal(x, 0), np.equal(y, 0))
        return np.where(is_zero, 0, np.multiply(x, y))


@array_function
def max_weight(x: Any, y: Any) -> Any:
    """The share of x in max(x, y): 1 where x > y, 0 where x < y, and ½ where they tie.

    >>> max_weight(np.array([1.0, 2.0, 3.0]), 2.0)
    array([0. , 0.5, 1. ])
    """
    dtype = np.result_type(x, y)
    lost = np.asarray(np.less(x, y)).astype(dtype)
    tied = np.asarray(np.equal(x, y)).astype(dtype)
    return 1 - lost - tied / 2


def cast(x: Any, dtype: Any) -> Any:
    """`x` as a floating dtype, itself if it has that one; from complex to real, the real part.

    >>> cast(np.array([1.0, 2.0]), np.float32)
    array([1., 2.], dtype=float32)
    """
    if x.dtype == dtype:
        return x
    if overrides(type(x)):
        return x.__array_function__(cast, (type(x),), (x, dtype), {})
    return _cast(x, dtype)


def _cast(x: Any, dtype: Any) -> Any:
    if x.dtype.kind == "c" and np.dtype(dtype).kind != "c":
        x = x.real
    return x.astype(dtype)


cast.implementation = _cast  # type: ignore[attr-defined]


def _is_one_number(logits: Any, labels: Any) -> bool:
    """Whether Python's floats serve as well: training with single images takes half the time."""
    one = logits.size == 1 and labels.dtype is logits.dtype and logits.dtype.itemsize <= 8
    return one and paths.ENABLED


def real_numbers(x: Any, function: str) -> Any:
    """`x` as an array of real floating numbers; integers become floats, as in NumPy.

    Raises ``TypeError``, in the name of `function`, for what is complex or no number.

    >>> real_numbers([1, 2], "relu")
    array([1., 2.])
    """
    if type(x) is np.ndarray and x.dtype.kind == "f":
        return x
    x = numbers(x, function, "real numbers")
    if x.dtype.kind in "biu":
        return x.astype(np.float64)
    if x.dtype.kind != "f":
        raise TypeError(f"{function}: takes real numbers, not an array of dtype {x.dtype}")
    return x


@functools.cache
def constant(value: int, dtype: Any) -> Any:
    """`value` as a 0-d array, read-only: NumPy converts a Python number anew at every call.

    >>> constant(1, np.dtype(np.float32))
    array(1., dtype=float32)
    """
    result = np.array(value, dtype)
    result.flags.writeable = False
    return result
