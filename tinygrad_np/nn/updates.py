"""Around an optimiser: clipped gradients, averages of weights, masks, several batches a step.

- `global_norm`, `clip_by_norm`, `clip_by_value` of gradients;
- `average` of the parameters over the steps;
- `by_path`: a tree of what a function says of each leaf, such as its weight decay;
- `accumulated`: the value and the gradients of a large batch, from small ones.

They take and give trees of arrays or Tensors of floating or complex numbers, whose dtypes stay.
They raise ``TypeError`` for other leaves and for what is no number, ``ValueError`` for a number out
of its range.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterable
from typing import Any

import numpy as np

from ..answers import explained
from ..core import tree as trees
from ..core.arrays import cast
from ..core.calls import is_complex
from ..core.transforms import stop_gradient
from .leafwise import array, floating, in_dtype, in_order, read

__all__ = ["accumulated", "average", "by_path", "clip_by_norm", "clip_by_value", "global_norm"]


@explained
def global_norm(tree: Any) -> Any:
    """``√(Σ |x|²)`` over all elements of all leaves.

    The sum is one of float64. One nan makes it nan. At zeros its derivative is 0.

    Parameters
    ----------
    tree : tree of arrays

    Returns
    -------
    () array
        Of the dtype of the leaves together, at least float32.

    Examples
    --------
    >>> global_norm({"a": np.array([3.0, 0.0]), "b": np.array(4.0)})
    array(5.)
    """
    leaves = _leaves("global_norm", tree)
    dtype = np.finfo(np.result_type(np.float32, *[x.dtype for x in leaves])).dtype
    return array(cast(_norm(leaves), dtype))


@explained
def clip_by_norm(grads: Any, limit: Any, *, epsilon: Any = 1e-6) -> Any:
    """`grads` times min(1, limit / (norm + epsilon)), with the `global_norm` of all leaves.

    Where the norm is inf, what is finite becomes 0 and inf becomes nan; where it is nan, all do.
    (``torch.nn.utils.clip_grad_norm_``.)

    Parameters
    ----------
    grads : tree of arrays
    limit : number
    epsilon : number, default 1e-6

    Returns
    -------
    tree like `grads`

    References
    ----------
    Pascanu, Mikolov and Bengio, "On the difficulty of training recurrent neural networks", 2013.

    Examples
    --------
    >>> clip_by_norm({"a": np.array([3.0, 0.0]), "b": np.array(4.0)}, 1.0, epsilon=0.0)
    {'a': array([0.6, 0. ]), 'b': array(0.8)}
    """
    limit, epsilon = read("clip_by_norm", limit=limit, epsilon=epsilon)
    leaves = _leaves("clip_by_norm", grads)
    norm = _norm(leaves) + epsilon
    factor = np.minimum(1.0, limit / np.where(norm == 0, 1.0, norm))  # zeros have none
    return trees.unflatten(grads, [array(x * in_dtype(_real(x), factor)) for x in leaves])


@explained
def clip_by_value(grads: Any, low: Any, high: Any) -> Any:
    """`grads` with every element at least `low` and at most `high`; nan stays nan.

    (``torch.nn.utils.clip_grad_value_``, of which low is −high.)

    Parameters
    ----------
    grads : tree of arrays
    low, high : number

    Returns
    -------
    tree like `grads`

    Examples
    --------
    >>> clip_by_value([np.array([-3.0, 0.5, 2.0])], -1, 1)
    [array([-1. ,  0.5,  1. ])]
    """
    low, high = read("clip_by_value", low=low, high=high)
    if not low <= high:
        raise ValueError(f"clip_by_value: low, {low}, is above high, {high}")
    leaves = _leaves("clip_by_value", grads)
    if is_complex(leaves):
        raise TypeError("clip_by_value: complex numbers have no order; use clip_by_norm")
    clipped = [array(np.clip(x, *in_dtype(x.dtype, (low, high)))) for x in leaves]
    return trees.unflatten(grads, clipped)


@explained
def average(params: Any, averaged: Any = None, *, decay: Any = 0.999) -> Any:
    """The exponential moving average of parameters: a ← a + (1 − decay)·(w − a), first a copy.

    (``torch.optim.swa_utils``; Polyak and Juditsky, 1992.)

    Parameters
    ----------
    params : tree of arrays
    averaged : what the last call gave, optional
    decay : number, default 0.999
        With n / (n + 1) at the nth call after the first, n = 1, 2, …, it is the mean of all.

    Returns
    -------
    tree like `params`

    Examples
    --------
    >>> averaged = average({"w": np.array([1.0, 2.0])})
    >>> average({"w": np.array([3.0, 2.0])}, averaged, decay=0.9)
    {'w': array([1.2, 2. ])}
    """
    (decay,) = read("average", decay=decay)
    leaves = _leaves("average", params)
    if averaged is None:
        return trees.unflatten(params, [array(1.0 * w) for w in leaves])
    olds, new = in_order("average", "averaged is a tree like params", params, averaged), []
    for path, w, old in zip(trees.paths(params), leaves, olds, strict=True):
        old = cast(floating(old, f"average: the average{path}"), w.dtype)
        if old.shape != w.shape:
            raise ValueError(f"average: {path} has shape {w.shape} and its average {old.shape}")
        new.append(array(old + in_dtype(_real(w), 1.0 - decay) * (w - old)))
    return trees.unflatten(params, new)


@explained
def by_path(tree: Any, function: Callable[[str, Any], Any]) -> Any:
    """A tree like `tree` of function(path, leaf), with the paths of `tg.tree.paths`.

    So one decides by name or by shape.

    Parameters
    ----------
    tree : tree
    function : function of (path, leaf)

    Returns
    -------
    tree

    Examples
    --------
    As `weight_decay` of an optimiser, these leave out biases and scales:

    >>> params = {"dense": {"weights": np.ones((3, 2)), "bias": np.ones(2)}, "scale": np.ones(2)}
    >>> by_path(params, lambda path, leaf: 0.01 if leaf.ndim > 1 else 0.0)
    {'dense': {'weights': 0.01, 'bias': 0.0}, 'scale': 0.0}
    >>> by_path(params, lambda path, leaf: 0.01 * path.endswith("['weights']"))
    {'dense': {'weights': 0.01, 'bias': 0.0}, 'scale': 0.0}
    """
    if not callable(function):
        raise TypeError(f"by_path: takes a function of (path, leaf), not {function!r:.40}")
    return trees.unflatten(tree, list(map(function, trees.paths(tree), trees.leaves(tree))))


@explained
def accumulated(
    value_and_grad: Callable[..., Any], params: Any, batches: Iterable[Any]
) -> tuple[Any, Any]:
    """(value, gradients) of all batches together, of which each is computed alone.

    Each batch counts by its number of rows, so that the result is that of all rows at once up to
    rounding, with the memory of one batch.

    Parameters
    ----------
    value_and_grad : function
        Of params and the arrays of a batch; gives a mean over rows, a single number, and its
        gradients, such as `tg.value_and_grad` of a loss.
    params : tree
    batches : iterable
        Of tuples of arrays (or trees), or of single ones.

    Returns
    -------
    value : number
    gradients : tree like `params`

    Raises
    ------
    ValueError
        Where there is no batch, or one whose arrays have no or different rows.
    TypeError
        Where the value is no single number: what is beside it with has_aux, such as a state of
        `batch_norm`, has no mean.

    Examples
    --------
    >>> x = np.array([1.0, 2.0, 6.0])
    >>> value_and_grad = lambda w, x: (np.mean(w * x), np.mean(x))
    >>> accumulated(value_and_grad, 2.0, [x[:2], x[2:]])
    (np.float64(6.0), np.float64(3.0))
    """
    is_array = hasattr(batches, "ndim")  # whose rows are no batches
    if is_array or not (callable(value_and_grad) and isinstance(batches, Iterable)):
        raise TypeError("accumulated: takes a function, parameters, and a list of batches")
    rows, found = 0, None
    for batch in batches:
        arrays = batch if isinstance(batch, tuple) else (batch,)
        lengths = {x.shape[0] if getattr(x, "ndim", 0) else 0 for x in trees.leaves(arrays)}
        if len(lengths) != 1 or 0 in lengths:
            raise ValueError(
                "accumulated: a batch is a tuple of arrays with the same number of rows, at least "
                f"one, not of {sorted(lengths) or 'nothing'}"
            )
        new, (count,) = value_and_grad(params, *arrays), lengths
        if trees.container_of(type(new[0])) is not None:
            raise TypeError(
                "accumulated: the function gives a single number and gradients, not a "
                f"{type(new[0]).__name__} and gradients, as with has_aux: leave the aux out"
            )
        rows += count
        found = new if found is None else trees.map(_between(count / rows), found, new)
    if found is None:
        raise ValueError("accumulated: there are no batches; an iterator gives them only once")
    return found


def _between(share: float) -> Callable[[Any, Any], Any]:
    return lambda a, b: a + share * (b - a)


def _leaves(name: str, tree: Any) -> list[Any]:
    """The leaves, which are floating or complex."""
    places = [f"{name}: the leaf{path and ' at '}{path}" for path in trees.paths(tree)]
    return list(map(floating, trees.leaves(tree), places))


def _real(x: Any) -> Any:
    """The dtype of its real part."""
    return np.finfo(x.dtype).dtype


def _norm(leaves: list[Any]) -> Any:
    """√(Σ |x|²) in float64, with derivative 0 at zeros."""
    parts = [part for x in leaves for part in ((np.real(x), np.imag(x)) if is_complex(x) else (x,))]
    largest: Any = 1.0
    if any([_real(x).itemsize > 4 for x in parts]):  # whose squares float64 may not hold
        each = [np.max(np.abs(stop_gradient(x)), initial=0.0) for x in parts]
        largest = functools.reduce(np.maximum, each)
        largest = np.where((largest > 0) & (largest < np.inf), largest, 1.0)
    total: Any = np.float64(0.0)
    for x in parts:
        total = total + np.sum((cast(x, np.float64) / largest) ** 2)
    is_zero = total == 0
    return largest * np.where(is_zero, 0.0, np.sqrt(np.where(is_zero, 1.0, total)))
