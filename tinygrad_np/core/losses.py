"""What training minimises: `log_loss`, `log_loss_with_logits`, `cross_entropy`.

Natural logarithms. Predictions and labels must have the same shape: (n, 1) against (n,) raises
instead of being broadcast to (n, n). `reduction` is "mean" (over all losses), "sum" or "none".
"""

import functools
from typing import Any

import numpy as np

from .arrays import Array, numbers, real_numbers, scalar
from .dispatch import array_function
from .hooks import with_lines
from .network import centred, log_softmax, sigmoid, sigmoid_slope, softmax
from .rules import divide_by_count
from .table import add, general, pointwise
from .tensor import Tensor, looked_at, rebuilt, source_of


def log_loss(probabilities: Any, labels: Any, reduction: str = "mean", bound: float = 1e-16) -> Any:
    """−y log p − (1 − y) log(1 − p), for probabilities p of y = 1.

    The gradient is that of the loss without a bound, so that what is most wrong is learned, too:
    (1 − y)/(1 − p) − y/p, and at p of exactly 0 or 1 that of the end. Where p is the result of
    `sigmoid` itself (or SciPy's ``expit``), it is σ(z) − y by the logits z, of any size. Where
    logits are at hand, `log_loss_with_logits` is exact.

    Parameters
    ----------
    probabilities, labels : array_like
        Of one shape, between 0 and 1.
    reduction : {"mean", "sum", "none"}, default "mean"
    bound : float, default 1e-16
        A p outside [bound, 1 − bound] counts as that end of it, so that what is certain and wrong
        has a finite loss (36.8 by default), and what is certain and right none. Where p's dtype has
        no such number, the end is the nearest inside 0 and 1: in float32 p counts as at most
        1 − 6e-8 (a loss of 16.6), in float16 as at least 6e-8 (16.6) and at most 1 − 5e-4 (7.6).

    Returns
    -------
    number or array

    Raises
    ------
    ValueError
        Where the shapes differ, a label or probability is outside [0, 1], or `bound` outside
        (0, ½).

    Examples
    --------
    >>> log_loss(np.array([0.5, 1.0]), np.array([1, 1]), reduction="none")
    array([0.69314718, 0.        ])
    >>> log_loss(np.array([0.0, 1.0]), np.array([1, 0]), reduction="none").round(2)
    array([36.84, 36.74])
    """
    probabilities, labels = _checked("log_loss", probabilities, labels, reduction)
    edges(bound, np.dtype(float))  # raises unless `bound` is one
    values = looked_at(probabilities)
    if values.size == 1 and type(values) is not Tensor:
        is_outside = values.item() < 0 or values.item() > 1
    else:
        is_outside = np.any((values < 0) | (values > 1))
    if is_outside:
        raise ValueError("log_loss: probabilities lie between 0 and 1; are these logits?")
    function, logits = _made_by(probabilities)
    is_expit = isinstance(function, np.ufunc) and function.__name__ == "expit"
    if function is sigmoid or is_expit:
        losses = sigmoid_log_loss(logits, labels, function, bound)
    else:
        losses = bernoulli_loss(probabilities, labels, bound)
    return reduced(losses, reduction)


def _made_by(x: Any) -> tuple[Any, Any]:
    """The function that gave a Tensor, and its first operand, if both are at hand.

    From z = 37 on, σ(z) is 1: the chain rule of loss and sigmoid has lost z, and so is told it.
    """
    node: Any = source_of(x) if type(x) is Tensor else None
    plan: Any = getattr(node, "plan", None)
    for index, slot in getattr(plan, "values", ()):
        if slot == 0:
            return plan.row.function, rebuilt(node.all_residuals[index], node.all_parents[0])
    return None, None


def log_loss_with_logits(logits: Any, labels: Any, reduction: str = "mean") -> Any:
    """`log_loss` of sigmoid(logits), without overflow and cancellation.

    Its derivative by a logit z is σ(z) − y, over the number of elements for "mean". It raises what
    `log_loss` raises.

    Parameters
    ----------
    logits, labels : array_like
        Of one shape; labels between 0 and 1.
    reduction : {"mean", "sum", "none"}, default "mean"

    Returns
    -------
    number or array

    Examples
    --------
    >>> log_loss_with_logits(np.array([0.0, 1000.0]), np.array([1, 1]))
    np.float64(0.34657359027997264)
    """
    logits, labels = _checked("log_loss_with_logits", logits, labels, reduction)
    if reduction == "mean":
        return mean_logistic_loss(logits, labels)
    return reduced(logistic_loss(logits, labels), reduction)


def cross_entropy(logits: Any, labels: Any, reduction: str = "mean") -> Any:
    """−log softmax(z)[k] for logits z, (n, classes), and labels k, (n,), integers from 0.

    Labels may also be one-hot or any distribution over the classes, in the logits' shape; then the
    loss is −Σ y log softmax(z). There may be other axes between n and classes, or none before.
    Stable for logits of any size. "mean" is over the n losses. The derivative by the logits is
    softmax(z) − y, over n for "mean".

    Raises ``ValueError`` where the shapes do not fit, a label is not from 0 to classes − 1, or a
    distribution does not sum to 1; ``TypeError`` for labels (n,) that are no integers.

    >>> cross_entropy(np.array([[0.0, 0.0], [1000.0, 0.0]]), np.array([1, 1]), reduction="none")
    array([6.93147181e-01, 1.00000000e+03])
    >>> cross_entropy(np.zeros((1, 4)), np.array([[0, 1, 0, 0]]))
    np.float64(1.3862943611198906)
    """
    logits, labels = classified("cross_entropy", logits, labels, reduction)
    if labels.shape == logits.shape:
        losses = distribution_losses(logits, labels)
    else:
        losses = class_losses(logits, labels)
    return reduced(losses, reduction)


def distribution_losses(logits: Any, labels: Any) -> Any:
    """−Σ y log softmax(z) along the last axis, of logits z and weights y ≥ 0, of one shape.

    >>> distribution_losses(np.array([[0.0, 0.0, -np.inf]]), np.array([[0.5, 0.5, 0.0]]))
    array([0.69314718])
    """
    return -np.sum(labels * finite_beside(labels, log_softmax(logits)), -1)


def finite_beside(labels: Any, logs: Any) -> Any:
    """0 for what is −inf beside a label of 0: a class that a logit of −inf rules out.

    >>> finite_beside(np.array([0.0, 1.0]), np.array([-np.inf, -np.inf]))
    array([  0., -inf])
    """
    given, found = looked_at(labels), looked_at(logs)
    ruled_out = np.isneginf(found) & (given == 0)
    return np.where(ruled_out, 0, logs) if ruled_out.any() else logs


def classified(
    function: str, logits: Any, labels: Any, reduction: str, name: str = "logits"
) -> tuple[Any, Any]:
    """Logits (…, classes) and labels, (…) or a distribution each, as arrays that fit together.

    >>> classified("cross_entropy", [[0.0, 1.0]], [1], "mean")
    (array([[0., 1.]]), array([1]))
    """
    logits, labels = numbers(logits, function), numbers(labels, function)
    _check_reduction(function, reduction)
    if logits.ndim < 1 or labels.shape not in (logits.shape, logits.shape[:-1]):
        told = (
            f"{function}: {name} of shape {logits.shape} need labels of shape "
            f"{logits.shape[:-1]} (integers) or {logits.shape} (one-hot), not {labels.shape}"
        )
        if logits.ndim > 2 and labels.shape == logits.shape[:1] + logits.shape[2:]:
            told += f"; the classes are the last axis: use np.moveaxis({name}, 1, -1)"
        raise with_lines(ValueError(told), logits=logits, labels=labels)
    if logits.dtype.kind != "f":
        raise TypeError(
            f"{function}: {name} are real floating numbers, not of dtype {logits.dtype}"
        )
    classes = logits.shape[-1]
    if classes == 0 or (logits.size == 0 and reduction == "mean"):
        raise ValueError(f"{function}: {name} of shape {logits.shape} have no mean loss")
    if labels.dtype.kind == "c":
        raise _complex_labels(function, labels)
    if labels.shape == logits.shape:
        _check_distributions(function, labels)
    else:
        _check_classes(function, labels, classes)
    return logits, labels


def _check_classes(function: str, labels: Any, classes: int) -> None:
    if labels.dtype.kind not in "iu":
        raise TypeError(
            f"{function}: labels of dtype {labels.dtype} choose no class; convert them with "
            ".astype(int), or give one-hot labels in the logits' shape"
        )
    if labels.size and not (labels.min() >= 0 and labels.max() < classes):
        raise ValueError(
            f"{function}: labels are from 0 to {classes - 1} for {classes} classes, not "
            f"{labels.min()} to {labels.max()}"
        )


def _check_distributions(function: str, labels: Any) -> None:
    values = looked_at(labels)
    sums = np.sum(values, -1, dtype=float)
    if not (np.all(values >= 0) and np.all(np.abs(sums - 1) <= 1e-3)):  # float16 has 11 bits
        raise ValueError(
            f"{function}: labels in the logits' shape are one-hot, or distributions: at least 0, "
            f"with a sum of 1 along the last axis, not sums of {sums.min():g} to {sums.max():g}"
        )


_REDUCTIONS: dict[str, Any] = {"mean": np.mean, "sum": np.sum, "none": None}


def reduced(losses: Any, reduction: str) -> Any:
    """The mean or sum of all losses, or each of them.

    >>> reduced(np.array([1.0, 2.0]), "sum")
    np.float64(3.0)
    """
    return losses if reduction == "none" else _REDUCTIONS[reduction](losses)


def paired(
    function: str, predictions: Any, labels: Any, reduction: str, name: str = "labels"
) -> tuple[Any, Any]:
    """Predictions and labels as real arrays of one shape, of which there is the reduction.

    >>> paired("log_loss", [0.5], [1], "mean")
    (array([0.5]), array([1]))
    """
    predictions, labels = numbers(predictions, function), numbers(labels, function)
    if predictions.shape != labels.shape:
        told = (
            f"{function}: predictions of shape {predictions.shape} and {name} of shape "
            f"{labels.shape} differ; reshape one of them, for instance {name}.reshape(-1, 1)"
        )
        raise with_lines(ValueError(told), predictions=predictions, labels=labels)
    _check_reduction(function, reduction)
    if labels.dtype.kind == "c":
        raise _complex_labels(function, labels, name)
    if predictions.dtype.kind == "c":
        raise TypeError(
            f"{function}: takes real numbers, not predictions of dtype {predictions.dtype}"
        )
    if reduction == "mean" and not labels.size:
        raise ValueError(f"{function}: no predictions have no mean; use reduction='sum'")
    return predictions, labels


def floats_beside(predictions: Any, labels: Any) -> Any:
    """Labels that are integers or truth values, in the predictions' dtype, which they never widen.

    >>> floats_beside(np.ones(2, np.float32), np.array([0, 1]))
    array([0., 1.], dtype=float32)
    """
    return labels.astype(predictions.dtype) if labels.dtype.kind in "biu" else labels


def _checked(function: str, predictions: Any, labels: Any, reduction: str) -> tuple[Any, Any]:
    """`paired` predictions and labels, of which the labels lie between 0 and 1."""
    predictions, labels = paired(function, predictions, labels, reduction)
    given = looked_at(labels)
    if labels.size == 1 and type(given) is not Tensor:
        low = high = given.item()
    else:
        low, high = (given.min(), given.max()) if labels.size else (0, 1)
    if not (low >= 0 and high <= 1):  # also where a label is nan
        raise ValueError(
            f"{function}: labels lie between 0 and 1, not {low} to {high}; two classes are told "
            "apart by a comparison, for instance labels == 3"
        )
    return predictions, floats_beside(predictions, labels)


def _complex_labels(function: str, labels: Any, name: str = "labels") -> TypeError:
    return TypeError(f"{function}: {name} are real numbers, not of dtype {labels.dtype}")


def _check_reduction(function: str, reduction: str) -> None:
    if not isinstance(reduction, str) or reduction not in _REDUCTIONS:
        raise ValueError(
            f"{function}: reduction must be 'mean', 'sum' or 'none', not {reduction!r}"
        )


# The losses' kernels and rules


@array_function
def logistic_loss(logits: Any, labels: Any) -> Any:
    """−y log σ(z) − (1 − y) log(1 − σ(z)), elementwise, for logits z and labels y.

    Computed as max(z, 0) − z·y + log(1 + exp(−abs(z))), which neither overflows nor cancels, and
    whose derivative by z is σ(z) − y. The shapes must be the same.

    >>> logistic_loss(np.array([-1000.0, 0.0, 1000.0]), np.array([0.0, 1.0, 0.0]))
    array([0.00000000e+00, 6.93147181e-01, 1.00000000e+03])
    """
    logits = real_numbers(logits, "logistic_loss")
    return plain_logistic_loss(logits, labels, scalar(0, logits.dtype))


def plain_logistic_loss(logits: Any, labels: Any, zero: Any, xp: Any = np) -> Any:
    """The formula; `xp` has `maximum`, `exp`, … for numbers of this kind."""
    # In this order: log1p's small values must not be lost beside z before z·y takes that away.
    loss = xp.maximum(logits, zero) - logits * labels
    return loss + xp.log1p(xp.exp(-abs(logits)))


def plain_logistic_residual(logits: Any, labels: Any, one: Any, xp: Any = np) -> Any:
    """The formula of `logistic_residual`; `xp` as in `plain_logistic_loss`."""
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
    losses = plain_logistic_loss(logits, labels, scalar(0, logits.dtype))
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
    return plain_logistic_residual(logits, labels, scalar(1, logits.dtype))


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


def _by_probability(probabilities: Array, labels: Any, bound: Any) -> Any:
    p, q = _hit_and_miss(probabilities, bound)
    return (1 - labels) / q - labels / p


def _by_label(probabilities: Array, bound: Any) -> Any:
    p, q = _hit_and_miss(probabilities, bound)
    return np.log(q) - np.log(p)


def _hit_and_miss(probabilities: Array, bound: Any) -> tuple[Any, Any]:
    """p and 1 − p as `bernoulli_loss` is differentiated by them: as they are, but never 0."""
    low, gap = edges(bound, probabilities.dtype)
    return off_zero(probabilities, low), off_zero(1 - probabilities, gap)


ROWS = (
    pointwise(
        logistic_loss,
        lambda logits, labels: logistic_residual(logits, labels),
        lambda logits: -logits,
    ),
    general(
        mean_logistic_loss,
        (
            lambda g, logits, labels: (
                divide_by_count(g, logits.size) * logistic_residual(logits, labels)
            ),
            lambda t, logits, labels: np.mean(t * logistic_residual(logits, labels)),
        ),
        (
            lambda g, logits: divide_by_count(g, -logits.size) * logits,
            lambda t, logits: -np.mean(t * logits),
        ),
    ),
    pointwise(logistic_residual, lambda logits: sigmoid_slope(logits), lambda: -1),
    pointwise(bernoulli_loss, _by_probability, _by_label),
    pointwise(
        sigmoid_log_loss,
        lambda logits, labels: logistic_residual(logits, labels),
        lambda logits: -logits,
    ),
    pointwise(off_zero, lambda: 1),
    general(
        class_losses,
        (
            lambda g, logits, classes: np.expand_dims(g, -1) * class_residuals(logits, classes),
            lambda t, logits, classes: np.sum(t * class_residuals(logits, classes), -1),
        ),
    ),
    general(
        class_residuals,
        (
            lambda g, logits: centred(g, softmax(logits), -1),
            lambda t, logits: centred(t, softmax(logits), -1),
        ),
    ),
)

add(ROWS)
