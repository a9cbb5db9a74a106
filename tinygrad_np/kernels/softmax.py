"""Softmax and its relatives, stable for any logits: the maximum is subtracted before exp.

`logsumexp`, `softmax` and `log_softmax` work along one axis; `class_losses` is the cross-entropy of
integer labels, `class_residuals` its derivative by the logits. All keep float32.
"""

from typing import Any

import numpy as np

from .dispatch import array_function
from .elementwise import real_numbers


@array_function
def logsumexp(x: Any, axis: Any = None, keepdims: bool = False) -> Any:
    """log Σ exp(x) over `axis` (an integer, several, or None: all), as `scipy.special.logsumexp`.

    Of nothing it is −inf. Elements that are the same infinity as the result share its gradient.

    >>> logsumexp(np.array([1000.0, 1000.0]))
    np.float64(1000.6931471805599)
    """
    x = real_numbers(x, "logsumexp")
    largest = _largest(x, axis, "logsumexp")
    with np.errstate(divide="ignore", over="ignore"):  # of −inf alone: log 0; beside inf: inf
        result = np.log(np.sum(np.exp(x - largest), axis, keepdims=True)) + largest
    if keepdims:
        return result
    return np.squeeze(result, axis)[()]


@array_function
def softmax(x: Any, axis: int = -1) -> Any:
    """exp(x) / Σ exp(x) along `axis`.

    >>> softmax(np.array([1000.0, 0.0]))
    array([1., 0.])
    """
    x = real_numbers(x, "softmax")
    result = np.exp(x - _largest(x, axis, "softmax"))
    result /= np.sum(result, axis, keepdims=True)
    return result


@array_function
def log_softmax(x: Any, axis: int = -1) -> Any:
    """x − log Σ exp(x) along `axis`: the logarithm of `softmax`, without taking that of 0.

    >>> log_softmax(np.array([1000.0, 0.0]))
    array([    0., -1000.])
    """
    x = real_numbers(x, "log_softmax")
    shifted = x - _largest(x, axis, "log_softmax")
    if not shifted.size:
        return shifted  # without a warning of the logarithm of nothing
    return shifted - np.log(np.sum(np.exp(shifted), axis, keepdims=True))


@array_function
def class_losses(logits: Any, classes: Any) -> Any:
    """−log softmax(z)[k] for logits z (…, number of classes) and classes k (…), integers: (…).

    >>> class_losses(np.array([[1000.0, 0.0], [0.0, 0.0]]), np.array([1, 0]))
    array([1.00000000e+03, 6.93147181e-01])
    """
    logits = real_numbers(logits, "class_losses")
    shifted = logits - logits.max(-1, keepdims=True)
    total = np.sum(np.exp(shifted), -1)
    return np.log(total) - np.take_along_axis(shifted, classes[..., None], -1)[..., 0]


@array_function
def class_residuals(logits: Any, classes: Any) -> Any:
    """softmax(z) − onehot(k): the derivative of `class_losses` by the logits.

    >>> class_residuals(np.array([[0.0, 0.0]]), np.array([1]))
    array([[ 0.5, -0.5]])
    """
    chosen = classes[..., None] == np.arange(logits.shape[-1])
    return softmax.implementation(logits) - chosen  # type: ignore[attr-defined]


def _largest(x: Any, axis: Any, function: str) -> Any:
    """The maximum along `axis`, which is kept with length 1; 0 in place of ±inf."""
    try:
        # Of nothing the sum is 0, and its logarithm −inf.
        least = {} if x.size else {"initial": -np.inf}
        largest = x.max(axis, keepdims=True, **least)
    except (OverflowError, TypeError, ValueError) as error:  # of length 0, not there, or no axis
        raise ValueError(f"{function}: shape {x.shape}, axis {axis}: {error}") from None
    is_finite = np.isfinite(largest)
    return largest if is_finite.all() else np.where(is_finite, largest, 0)
