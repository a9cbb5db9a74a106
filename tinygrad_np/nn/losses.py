"""What training minimises, beside the core's `log_loss` and `log_loss_with_logits`.

- of numbers: `mse`, `mae`, `huber`;
- of two classes: `hinge`;
- of several: `cross_entropy` of logits, `nll` of log-probabilities, with weights of the classes,
  ignored and smoothed labels; `kl_divergence` between distributions.

`reduction` is "mean", "sum" or "none". Shapes that differ are refused, never broadcast. Classes are
the last axis. Integer targets beside float32 leave it float32.
"""

import math
from typing import Any

import numpy as np

from ..answers import explained
from ..core import losses
from ..core.arrays import cast, integer, numbers, real_numbers
from ..core.hooks import with_lines
from ..core.losses import (
    class_losses,
    classified,
    distribution_losses,
    finite_beside,
    floats_beside,
    log_loss,
    log_loss_with_logits,
    off_zero,
    paired,
    reduced,
)
from ..core.network import relu
from ..core.tensor import looked_at
from .arguments import checked_number

__all__ = [
    "cross_entropy",
    "hinge",
    "huber",
    "kl_divergence",
    "log_loss",
    "log_loss_with_logits",
    "mae",
    "mse",
    "nll",
]


@explained
def mse(predictions: Any, targets: Any, reduction: str = "mean") -> Any:
    """(p − t)², for predictions p and targets t.

    Parameters
    ----------
    predictions, targets : real arrays of one shape
    reduction : {"mean", "sum", "none"}, default "mean"

    Returns
    -------
    number, or with "none" an array of their shape

    Raises
    ------
    ValueError
        Where the shapes differ, or nothing has a mean.

    Examples
    --------
    >>> mse(np.array([1.0, 4.0]), np.array([1.0, 2.0]))
    np.float64(2.0)
    """
    return reduced(_errors("mse", predictions, targets, reduction) ** 2, reduction)


@explained
def mae(predictions: Any, targets: Any, reduction: str = "mean") -> Any:
    """abs(p − t), whose derivative where they are equal is 0.

    Parameters
    ----------
    predictions, targets : real arrays of one shape
    reduction : {"mean", "sum", "none"}, default "mean"

    Returns
    -------
    number, or with "none" an array of their shape

    Examples
    --------
    >>> mae(np.array([1.0, 4.0]), np.array([1.0, 2.0]))
    np.float64(1.0)
    """
    return reduced(np.abs(_errors("mae", predictions, targets, reduction)), reduction)


@explained
def huber(predictions: Any, targets: Any, reduction: str = "mean", *, delta: float = 1.0) -> Any:
    """e²/2 for errors e = p − t up to `delta` in size, δ·(abs(e) − δ/2) beyond (Huber 1964).

    Parameters
    ----------
    predictions, targets : real arrays of one shape
    reduction : {"mean", "sum", "none"}, default "mean"
    delta : number above 0, default 1

    Returns
    -------
    number, or with "none" an array of their shape

    Examples
    --------
    >>> huber(np.array([0.5, 3.0]), np.array([0.0, 0.0]), "none")
    array([0.125, 2.5  ])
    """
    delta = checked_number("huber: delta", delta)
    if not 0 < delta < math.inf:
        raise ValueError(f"huber: delta must be above 0, and finite, not {delta}")
    errors = _errors("huber", predictions, targets, reduction)
    near = np.clip(errors, -delta, delta)
    return reduced(0.5 * near**2 + delta * np.abs(errors - near), reduction)


def _errors(function: str, predictions: Any, targets: Any, reduction: str) -> Any:
    predictions, targets = paired(function, predictions, targets, reduction, "targets")
    predictions = real_numbers(predictions, function)
    return predictions - floats_beside(predictions, targets)


@explained
def hinge(predictions: Any, labels: Any, reduction: str = "mean") -> Any:
    """max(0, 1 − y·p), for decisions p of any size and labels y, −1 or 1.

    At a margin y·p of exactly 1, the derivative is 0. It is the loss of scikit-learn's and Keras's
    `hinge`, and PyTorch's ``margin_ranking_loss(p, 0, y, margin=1)``; its `hinge_embedding_loss` is
    another one.

    Parameters
    ----------
    predictions, labels : real arrays of one shape
    reduction : {"mean", "sum", "none"}, default "mean"

    Returns
    -------
    number, or with "none" an array of their shape

    Raises
    ------
    ValueError
        Where the shapes differ, or a label is another number.

    Examples
    --------
    >>> hinge(np.array([0.5, -2.0, 3.0]), np.array([1, 1, 1]), "none")
    array([0.5, 3. , 0. ])
    """
    predictions, labels = paired("hinge", predictions, labels, reduction)
    if not np.all(np.equal(np.abs(looked_at(labels)), 1)):
        raise ValueError("hinge: labels are −1 or 1; of labels 0 and 1 take 2 * labels - 1")
    predictions = real_numbers(predictions, "hinge")
    return reduced(relu(1 - cast(labels, predictions.dtype) * predictions), reduction)


@explained
def kl_divergence(
    log_probabilities: Any, targets: Any, reduction: str = "mean", *, log_targets: bool = False
) -> Any:
    """Σ t·(log t − log p) over the last axis: from log p, *logarithms*, and *probabilities* t.

    Where t is 0 there is no loss, also beside a log p of −inf; the derivative by t there is that of
    the smallest normal number (Kullback and Leibler 1951). Nothing is normalised: `log_softmax`
    gives logarithms that are.

    Parameters
    ----------
    log_probabilities, targets : (…, classes) arrays
        A distribution for every place but the last axis.
    reduction : {"mean", "sum", "none"}, default "mean"
        "mean" is over these places, as in `cross_entropy`: of (n, classes), it is PyTorch's
        ``kl_div(…, reduction="batchmean")``.
    log_targets : bool, default False
        Whether `targets` are logarithms, too.

    Returns
    -------
    number, or with "none" a (…) array

    Raises
    ------
    ValueError
        Where the shapes differ, or a probability is below 0 (is it a logarithm?).

    Examples
    --------
    >>> from tinygrad_np.core.network import log_softmax
    >>> kl_divergence(log_softmax(np.zeros((1, 2))), np.array([[1.0, 0.0]]))
    np.float64(0.6931471805599453)
    """
    logs, targets = paired("kl_divergence", log_probabilities, targets, reduction, "targets")
    logs = real_numbers(logs, "kl_divergence")
    if logs.ndim < 1:
        raise ValueError("kl_divergence: a distribution has one axis at least, not shape ()")
    targets = real_numbers(floats_beside(logs, targets), "kl_divergence")
    if log_targets:
        targets, log_of_targets = np.exp(targets), targets
    elif np.all(looked_at(targets) >= 0):
        log_of_targets = np.log(off_zero(targets, np.finfo(targets.dtype).smallest_normal))
    else:
        raise ValueError(
            "kl_divergence: targets are probabilities, at least 0; of logarithms, use "
            "log_targets=True"
        )
    gained = finite_beside(targets, log_of_targets) - finite_beside(targets, logs)
    return reduced(np.sum(targets * gained, -1), reduction)


@explained
def nll(
    log_probabilities: Any,
    labels: Any,
    reduction: str = "mean",
    *,
    class_weights: Any = None,
    ignored: int | None = None,
) -> Any:
    """−log p[k] of log-probabilities log p, for labels k.

    Of `log_softmax(logits)` it is `cross_entropy` of the logits, which is better conditioned where
    they are at hand.

    Parameters
    ----------
    log_probabilities : (…, classes) array_like
        Logarithms.
    labels : (…) integers from 0
        No distributions (see `kl_divergence`).
    reduction : {"mean", "sum", "none"}, default "mean"
    class_weights : (classes,) array_like, optional
    ignored : int, optional
        From `reduction` on, as in `cross_entropy`.

    Returns
    -------
    number, or with "none" a (…) array

    Raises
    ------
    ValueError, TypeError
        As `cross_entropy` does.

    Examples
    --------
    >>> nll(np.log(np.array([[0.5, 0.5], [0.25, 0.75]])), np.array([0, 1]), "none").round(3)
    array([0.693, 0.288])
    """
    logs, labels, kept = _unless_ignored("nll", log_probabilities, labels, ignored)
    logs, labels = classified("nll", logs, labels, reduction, "log_probabilities")
    if labels.shape == logs.shape:
        told = (
            f"nll: labels are integers of shape {logs.shape[:-1]}, not of {labels.shape}; use "
            "np.argmax(labels, -1) of one-hot labels, kl_divergence of other distributions"
        )
        raise with_lines(ValueError(told), labels=labels)
    counts = _counts(_weights("nll", class_weights, logs), labels, kept)
    found = _counted(-np.take_along_axis(logs, labels[..., None], -1)[..., 0], counts)
    return _weighted("nll", found, counts, reduction, logs.dtype)


@explained
def cross_entropy(
    logits: Any,
    labels: Any,
    reduction: str = "mean",
    *,
    label_smoothing: float = 0.0,
    class_weights: Any = None,
    ignored: int | None = None,
) -> Any:
    """−log softmax(z)[k] for logits z and the classes k, or any distributions over them.

    Of distributions y it is −Σ y log softmax(z). Stable for logits of any size. The derivative by
    the logits is softmax(z) − y, over n for "mean".

    Parameters
    ----------
    logits : (n, classes) array_like
        There may be other axes between n and classes, or none before.
    labels : (n,) or (n, classes) array_like
        Integers from 0, or distributions, such as one-hot ones.
    reduction : {"mean", "sum", "none"}, default "mean"
    label_smoothing : float, default 0.0
        ε, from 0 to 1: (1 − ε)·y + ε/classes takes the place of y.
    class_weights : (classes,) array_like, optional
        At least 0: they multiply the terms of their classes. "mean" of integer labels is then over
        the sum of the weights of these labels, not over n, as in PyTorch; of distributions it is
        over n.
    ignored : int, optional
        Such as −100: where a label is that, the loss is 0, does not count in "mean", and gives the
        logits no gradient, whatever they are.

    Returns
    -------
    number or (n,) array

    Raises
    ------
    ValueError
        Where the shapes do not fit, a label is not from 0 to classes − 1 nor `ignored`, a
        distribution does not sum to 1, or no label with a weight is left for "mean" (where PyTorch
        gives nan).
    TypeError
        For labels (n,) that are no integers.

    References
    ----------
    Label smoothing: Szegedy et al., 2016, arXiv 1512.00567.

    Examples
    --------
    >>> cross_entropy(np.array([[0.0, 0.0], [1000.0, 0.0]]), np.array([1, 1]), reduction="none")
    array([6.93147181e-01, 1.00000000e+03])
    >>> cross_entropy(np.zeros((1, 4)), np.array([[0, 1, 0, 0]]))
    np.float64(1.3862943611198906)
    >>> cross_entropy(np.array([[0.0, 0.0], [9.0, 0.0]]), np.array([1, -100]), ignored=-100)
    np.float64(0.6931471805599453)
    """
    smoothing = checked_number("cross_entropy: label_smoothing", label_smoothing)
    if not 0 <= smoothing <= 1:
        raise ValueError(f"cross_entropy: label_smoothing is from 0 to 1, not {smoothing}")
    if not smoothing and class_weights is None and ignored is None:
        return losses.cross_entropy(logits, labels, reduction)
    logits, labels, kept = _unless_ignored("cross_entropy", logits, labels, ignored)
    logits, labels = classified("cross_entropy", logits, labels, reduction)
    weights, counts = _weights("cross_entropy", class_weights, logits), None
    if labels.shape == logits.shape:
        labels = floats_beside(logits, labels)
        found = distribution_losses(logits, labels if weights is None else labels * weights)
    else:
        counts = _counts(weights, labels, kept)
        found = _counted(class_losses(logits, labels), counts)
    if smoothing:
        even = distribution_losses(logits, (1 if weights is None else weights) / logits.shape[-1])
        even = even if kept is None else kept * even
        found = (1 - smoothing) * found + smoothing * even
    return _weighted("cross_entropy", found, counts, reduction, logits.dtype)


def _unless_ignored(function: str, logits: Any, labels: Any, ignored: Any) -> tuple[Any, Any, Any]:
    """Logits and labels with 0 for what is ignored; 1 for what is not and 0 for that, or None."""
    logits, labels = numbers(logits, function), numbers(labels, function)
    if ignored is None:
        return logits, labels, None
    try:
        ignored = integer(ignored)
    except TypeError:
        raise TypeError(f"{function}: ignored is one integer, not {ignored!r:.40}") from None
    if labels.ndim and labels.shape == logits.shape:
        raise ValueError(
            f"{function}: only integer labels can be ignored, not distributions of shape "
            f"{labels.shape}; leave their rows out"
        )
    if not logits.ndim or labels.shape != logits.shape[:-1] or labels.dtype.kind not in "iu":
        return logits, labels, None  # which is refused
    kept = np.not_equal(labels, ignored)
    logits = np.where(kept[..., None], logits, 0)  # nan, too: it must not reach the gradient
    return logits, np.where(kept, labels, 0), kept.astype(_wide(logits))


def _wide(logits: Any) -> Any:
    """The dtype of weights and sums: float16 does not hold small weights, nor large sums."""
    return np.promote_types(logits.dtype, np.float32)


def _weights(function: str, class_weights: Any, logits: Any) -> Any:
    """The weights of the classes, in the logits' dtype, at least float32; or None."""
    if class_weights is None:
        return None
    weights, where = real_numbers(class_weights, f"{function}: class_weights"), logits.shape[-1:]
    if weights.shape != where:
        told = f"{function}: class_weights must have shape {where}, one a class, not "
        raise with_lines(ValueError(told + f"{weights.shape}"), class_weights=weights)
    if not np.all(looked_at(weights) >= 0):
        raise ValueError(f"{function}: class_weights are at least 0")
    return cast(weights, _wide(logits))


def _counts(weights: Any, labels: Any, kept: Any) -> Any:
    """How much each label counts in a mean; None where all count the same."""
    if weights is None:
        return kept
    counts = np.take(weights, labels)
    return counts if kept is None else counts * kept


def _counted(found: Any, counts: Any) -> Any:
    """Losses times counts; what does not count is 0, also where it is infinite."""
    return found if counts is None else counts * np.where(counts > 0, found, 0)


def _weighted(function: str, found: Any, counts: Any, reduction: str, dtype: Any) -> Any:
    """The losses, reduced, in this dtype; "mean" is over the sum of `counts`."""
    if counts is None or reduction != "mean":
        return cast(reduced(found, reduction), dtype)
    total = np.sum(counts)
    if not looked_at(total) > 0:
        raise ValueError(
            f"{function}: all labels are ignored, or of classes with the weight 0, and no losses "
            "have no mean; use reduction='sum', or leave this batch out"
        )
    return cast(np.sum(found) / total, dtype)
