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
    probabilities, labels = _checked("log_loss", probabilities, labels, reduction)
    if np.any((probabilities < 0) | (probabilities > 1)):
        raise ValueError("log_loss: probabilities lie between 0 and 1; are these logits?")
    losses = bernoulli_loss(probabilities, labels)
    return losses if reduction == "none" else _REDUCTIONS[reduction](losses)


def log_loss_with_logits(logits: Any, labels: Any, reduction: str = "mean") -> Any:
    """`log_loss` of sigmoid(logits), without overflow and cancellation.

    Its derivative by a logit z is (σ(z) − y), over the number of elements for "mean". Raises
    ``ValueError`` where the shapes differ or a label is outside [0, 1].

    >>> log_loss_with_logits(np.array([0.0, 1000.0]), np.array([1, 1]))
    np.float64(0.34657359027997264)
    """
    logits, labels = _checked("log_loss_with_logits", logits, labels, reduction)
    if reduction == "mean":
        return mean_logistic_loss(logits, labels)
    losses = logistic_loss(logits, labels)
    return losses if reduction == "none" else _REDUCTIONS[reduction](losses)


_REDUCTIONS: dict[str, Any] = {"mean": np.mean, "sum": np.sum, "none": None}


def _checked(function: str, predictions: Any, labels: Any, reduction: str) -> tuple[Any, Any]:
    """Predictions and labels as arrays, the labels in the predictions' dtype."""
    if not hasattr(predictions, "dtype"):
        predictions = np.asarray(predictions)
    if not hasattr(labels, "dtype"):
        labels = np.asarray(labels)
    if predictions.shape != labels.shape:
        raise ValueError(
            f"{function}: predictions of shape {predictions.shape} and labels of shape "
            f"{labels.shape} differ; reshape one of them, for instance labels.reshape(-1, 1)"
        )
    if reduction not in _REDUCTIONS:
        raise ValueError(
            f"{function}: reduction must be 'mean', 'sum' or 'none', not {reduction!r}"
        )
    size = labels.size
    if size == 1:
        low = high = labels.item()
    elif size:
        low, high = labels.min(), labels.max()
    elif reduction == "mean":
        raise ValueError(f"{function}: no predictions have no mean; use reduction='sum'")
    else:
        return predictions, labels
    if not (low >= 0 and high <= 1):  # also where a label is nan
        raise ValueError(
            f"{function}: labels lie between 0 and 1, not {low} to {high}; two classes are told "
            "apart by a comparison, for instance labels == 3"
        )
    if labels.dtype.kind in "biu":
        labels = labels.astype(predictions.dtype)
    return predictions, labels
