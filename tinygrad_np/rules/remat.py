"""remat: recompute instead of store, where memory is scarcer than time.

The gradient of a long computation keeps what every step needs. A part of it inside `remat` keeps
only what goes into it, and is computed again in the reverse sweep (gradient checkpointing; Griewank
and Walther, *Evaluating Derivatives*, 2008, chapter 12).

>>> import numpy as np
>>> from tinygrad_np import Tensor
>>> x = Tensor([0.5, 1.0])
>>> y = remat(lambda x: np.sin(np.exp(x)))(x)
>>> print(y.graph())
#0 leaf                     float64 (2,)
#1 <lambda>(#0)             float64 (2,)
"""

import functools
from collections.abc import Callable
from typing import Any

import numpy as np

from ..answers import explained
from ..core import hooks, tree
from ..core.signature import signature
from ..core.table import Row, general
from ..core.tensor import Tensor, apply, value_of
from ..core.transforms import closed, jvp, marker, vjp


class Repeating:
    """What an observer does that looks at what is computed again, too; this one does nothing."""

    def repeating(self, name: str) -> Any:
        """The user's function `name` is called, and will be called again for each derivative.

        None, or what compares the calls: ``keep(constants, results)`` is told of the first one,
        ``check(results)`` of each other one.
        """
        return None

    def again(self, compute: Callable[[], Any], first: Any) -> Any:
        """A rule calls the function again: the result of `compute`, which does so.

        `first` is what `repeating` gave; None where nobody looked at the first call.
        """
        return compute()


_NOBODY = Repeating()


def _observer() -> Repeating:
    observer = hooks.observer() if hooks.opened else None
    return observer if isinstance(observer, Repeating) else _NOBODY


@explained
def remat(function: Callable[..., Any]) -> Callable[..., Any]:
    """`function`, of which a graph keeps only the arguments: the rest is computed again on demand.

    Value and derivatives of every order and both modes are those of `function`; each reverse or
    forward sweep computes it once more.

    Parameters
    ----------
    function : callable
        Of trees of arrays; what is no Tensor among them is a constant. It has to be a pure one: the
        same arguments give the same results (draw random numbers outside of it).

    Returns
    -------
    callable
        It raises ``TypeError`` if `function` uses a Tensor that is not among its arguments.

    Examples
    --------
    >>> from tinygrad_np import grad
    >>> grad(lambda x: remat(np.sin)(x) ** 2)(0.5) == grad(lambda x: np.sin(x) ** 2)(0.5)
    np.True_
    """

    @functools.wraps(function)
    def recomputed(*args: Any, **kwargs: Any) -> Any:
        leaves = tree.leaves((args, kwargs))
        places = [i for i, leaf in enumerate(leaves) if type(leaf) is Tensor]
        if hooks.opened and hooks.observer().traces:
            return function(*args, **kwargs)  # what is replayed is not kept anyway
        if not places:
            return _values(lambda: function(*args, **kwargs))

        def on(values: list[Any]) -> Any:
            """The results, for these values of the Tensors among the arguments."""
            given = list(leaves)
            for place, value in zip(places, values, strict=True):
                given[place] = value
            new_args, new_kwargs = tree.unflatten((args, kwargs), given)
            return function(*new_args, **new_kwargs)

        tensors = [leaves[place] for place in places]
        # From here on, the closure holds no Tensor and no value of one: the node keeps these.
        for place in places:
            leaves[place] = ...
        args, kwargs = tree.unflatten((args, kwargs), leaves)
        name = getattr(function, "__name__", "remat")
        first = _observer().repeating(name)
        if first is not None:
            on([Tensor(value_of(tensor)) for tensor in tensors])  # a look at every step
        values = [value_of(tensor) for tensor in tensors]
        results = _values(lambda: on(values))
        outputs = tree.leaves(results)
        if any(type(x) is Tensor for x in outputs):
            raise TypeError(
                f"remat: {name} uses a Tensor that is not among its arguments, and its gradient "
                "would be lost; pass it as an argument"
            )
        arrays = [np.asarray(x) for x in outputs]
        if first is not None:
            first.keep(leaves, arrays)
        row = _row(name, on, arrays, first)
        try:
            return tree.unflatten(results, list(apply(row, (tensors,), {})))
        finally:
            # The row is for this call alone: with the plans, which know it, it would be a cycle.
            row.plans.clear()
            row.calls.clear()

    return recomputed


def _values(compute: Callable[[], Any]) -> Any:
    """The results as arrays, unless they depend on a Tensor from outside."""
    since = marker()
    results = compute()
    return tree.map(lambda x: closed(x, since) if type(x) is Tensor else x, results)


def _row(name: str, on: Callable[..., Any], arrays: list[Any], first: Any) -> Row:
    """A row of one call: its operands are the Tensors among the arguments, as a list.

    `first` is what an observer has seen of the call, or None.
    """
    constants = [i for i, array in enumerate(arrays) if array.dtype.kind not in "fc"]
    results = [arrays]  # given away with the first call: the row itself keeps nothing

    def differentiable(*values: Any) -> list[Any]:
        found = tree.leaves(on(list(values)))
        if first is not None:
            first.check(found)
        return [x for i, x in enumerate(found) if i not in constants]

    def pull(g: Any, operands: Any) -> Any:
        cotangents = [x for i, x in enumerate(g) if i not in constants]
        again = _observer().again
        return again(lambda: list(vjp(differentiable, *operands)[1](cotangents)), first)

    def push(t: Any, operands: Any) -> Any:
        tangents = [
            np.zeros(x.shape, x.dtype) if u is None else u for u, x in zip(t, operands, strict=True)
        ]
        again = _observer().again
        found = iter(again(lambda: jvp(differentiable, operands, tangents)[1], first))
        return [None if i in constants else next(found) for i in range(len(arrays))]

    def recomputed(operands: Any) -> Any:
        return results.pop()

    recomputed.__name__ = name
    return general(
        recomputed,
        signature("operands"),
        (pull, push),
        list_operands={"operands"},
        constant_outputs=constants,
    )
