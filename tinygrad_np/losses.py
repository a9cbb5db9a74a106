"""What training minimises: log_loss of probabilities, log_loss_with_logits of logits.

Natural logarithms. Predictions and labels must have the same shape: (n, 1) against (n,) raises
instead of being broadcast to (n, n). `reduction` is "mean" (over all elements), "sum" or "none".
"""

from typing import Any

import numpy as np

from .kernels.elementwise import bernoulli_loss, logistic_loss, mean_logistic_loss


def log_loss(probabilities: Any, labels: Any, reduction: str = "mean") -> Any:
    """−y log p − (1 − y) log(1 − p), for probabilities p of y = 1 and labels y between 0 and 1.

    0·log 0 counts as 0; a prediction that is certain and wrong has the loss inf. Where logits are
    at hand, `log_loss_with_logits` is more exact, and finite. Raises ``ValueError`` where the
    shapes differ or a label or probability is outside [0, 1].

    >>> log_loss(np.array([0.5, 1.0]), np.array([1, 1]), reduction="none")
    array([0.69314718, 0.        ])
    """
    if not hasattr(probabilities, "dtype"):
        probabilities = np.asarray(probabilities)
    labels = _labels("log_loss", probabilities, labels)
    if np.any((probabilities < 0) | (probabilities > 1)):
        raise ValueError("log_loss: probabilities lie between 0 and 1; are these logits?")
    return _reduced("log_loss", bernoulli_loss(probabilities, labels), reduction)


def log_loss_with_logits(logits: Any, labels: Any, reduction: str = "mean") -> Any:
    """`log_loss` of sigmoid(logits), without overflow and cancellation.

    Its derivative by a logit z is (σ(z) − y), over the number of elements for "mean". Raises
    ``ValueError`` where the shapes differ or a label is outside [0, 1].

    >>> log_loss_with_logits(np.array([0.0, 1000.0]), np.array([1, 1]))
    np.float64(0.34657359027997264)
    """
    if not hasattr(logits, "dtype"):
        logits = np.asarray(logits)
    labels = _labels("log_loss_with_logits", logits, labels)
    if reduction == "mean":
        return mean_logistic_loss(logits, labels)
    return _reduced("log_loss_with_logits", logistic_loss(logits, labels), reduction)


def _labels(function: str, predictions: Any, labels: Any) -> Any:
    """The labels in the predictions' dtype, once their shape and range have been checked."""
    if not hasattr(labels, "dtype"):
        labels = np.asarray(labels)
    if predictions.shape != labels.shape:
        raise ValueError(
            f"{function}: predictions of shape {predictions.shape} and labels of shape "
            f"{labels.shape} differ; reshape one of them, for instance labels.reshape(-1, 1)"
        )
    if labels.size == 1:
        low = high = labels.item()
    elif labels.size:
        low, high = labels.min(), labels.max()
    else:
        low, high = 0, 1
    if low < 0 or high > 1:
        raise ValueError(
            f"{function}: labels lie between 0 and 1, not {low} to {high}; two classes are told "
            "apart by a comparison, for instance labels == 3"
        )
    if labels.dtype.kind in "biu":
        return labels.astype(predictions.dtype)
    return labels


def _reduced(function: str, losses: Any, reduction: str) -> Any:
    match reduction:
        case "mean":
            return losses.mean()
        case "sum":
            return losses.sum()
        case "none":
            return losses
    raise ValueError(f"{function}: reduction must be 'mean', 'sum' or 'none', not {reduction!r}")
