"""How good a classification is: `accuracy`, `top_k_accuracy`, as plain numbers.

Both have no derivative. For the rest there is scikit-learn, with ``np.argmax(logits, -1)``.
"""

from typing import Any

import numpy as np

from ..answers import explained
from ..core.arrays import integer, numbers
from ..core.losses import classified, paired

__all__ = ["accuracy", "top_k_accuracy"]


@explained
def accuracy(logits: Any, labels: Any) -> Any:
    """The share of labels whose logit is the largest.

    Of equal logits the first one counts as the largest; a nan is larger than all, and never right.

    Parameters
    ----------
    logits : (…, classes) array_like
        In the labels' shape, (n,) or (…, 1), they are those of two classes, as
        `log_loss_with_logits` takes them: above 0 stands for the label 1, otherwise it is 0. (For
        probabilities of two classes, subtract 0.5.)
    labels : (…) integers

    Returns
    -------
    number, from 0 to 1

    Raises
    ------
    ValueError
        Where the shapes do not fit or a label is no class.
    TypeError
        For logits or labels of another kind: of predicted labels use
        ``np.mean(predicted == labels)``.

    Examples
    --------
    >>> accuracy(np.array([[0.1, 0.9], [0.8, 0.2]]), np.array([1, 1]))
    np.float64(0.5)
    >>> accuracy(np.array([[3.0], [-1.0], [-2.0]]), np.array([[1], [0], [1]])).round(3)
    np.float64(0.667)
    """
    logits, labels = numbers(logits, "accuracy"), numbers(labels, "accuracy")
    if logits.shape[-1:] != (1,) and (logits.ndim != 1 or logits.shape != labels.shape):
        return _share_within("accuracy", logits, labels, 1)
    logits, labels = paired("accuracy", logits, labels, "mean")
    if logits.dtype.kind != "f":
        raise TypeError(
            f"accuracy: logits are floating numbers, not of dtype {logits.dtype}; of predicted "
            "labels use np.mean(predicted == labels)"
        )
    is_one = np.equal(labels, 1)
    if not np.all(is_one | np.equal(labels, 0)):
        raise ValueError("accuracy: labels of two classes are 0 and 1, beside logits of one column")
    return np.mean(np.where(is_one, np.greater(logits, 0), np.less_equal(logits, 0)))


@explained
def top_k_accuracy(logits: Any, labels: Any, k: int = 5) -> Any:
    """The share of labels among the `k` largest logits.

    Ties and nan are as in `accuracy`, which this is for k = 1.

    Parameters
    ----------
    logits : (…, classes) array_like
    labels : (…) integers
    k : int, default 5

    Returns
    -------
    number, from 0 to 1

    Raises
    ------
    ValueError, TypeError
        As `accuracy` does, and unless k is from 1 to the number of classes.

    Examples
    --------
    >>> top_k_accuracy(np.array([[0.5, 0.3, 0.2], [0.5, 0.3, 0.2]]), np.array([1, 2]), k=2)
    np.float64(0.5)
    """
    return _share_within("top_k_accuracy", logits, labels, k)


def _share_within(function: str, logits: Any, labels: Any, k: Any) -> Any:
    logits, labels = classified(function, logits, labels, "mean")
    if labels.shape == logits.shape:
        raise ValueError(
            f"{function}: labels are integers of shape {logits.shape[:-1]}, not of {labels.shape}; "
            "use np.argmax(labels, -1) of one-hot labels"
        )
    classes = logits.shape[-1]
    try:
        is_count = 1 <= integer(k) <= classes
    except TypeError:
        raise TypeError(f"{function}: k is an integer, not {k!r:.40}") from None
    if not is_count:
        raise ValueError(f"{function}: k is from 1 to {classes} for {classes} classes, not {k}")
    place = np.expand_dims(labels, -1)
    own = np.take_along_axis(logits, place, -1)
    ahead = ~np.less_equal(logits, own) | (np.equal(logits, own) & (np.arange(classes) < place))
    return np.mean(np.sum(ahead, -1) < k)
