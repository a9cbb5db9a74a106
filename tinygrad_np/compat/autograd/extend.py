"""Functions with derivatives of one's own, in autograd's words.

`primitive` makes of a function of arrays one that takes Tensors, also in lists, tuples and dicts;
`defvjp` and `defjvp` give it rules. Rules are functions of Tensors too, so every order follows;
without `defjvp`, forward mode is the transpose of reverse mode.

>>> import numpy as np
>>> from tinygrad_np import grad, jvp
>>> @primitive
... def cube(x):
...     return np.asarray(x) ** 3
>>> defvjp(cube, lambda ans, x: lambda g: 3 * g * x**2)
>>> grad(cube)(2.0), grad(grad(cube))(2.0), jvp(cube, 2.0, 1.0)[1]
(array(12.), array(12.), array(12.))
"""

import functools
from collections.abc import Callable
from typing import Any

import numpy as np

from ...core import tree
from ...core.arrays import cast
from ...core.signature import signature
from ...core.table import general
from ...core.tensor import Tensor, apply, value_of
from ...core.transforms import vjp
from .internals import (
    Box,
    VSpace,
    get_name,
    getval,
    isbox,
    make_jvp,
    make_vjp,
    subval,
    subvals,
    unary_to_nary,
    vspace,
)

# With these, the module also stands for autograd's core, tracer, util and wrap_util.
__all__ = [
    "Box",
    "VSpace",
    "getval",
    "isbox",
    "make_jvp",
    "make_vjp",
    "subvals",
    "unary_to_nary",
    "vspace",
]

primitive_vjps: dict[Any, Any] = {}
"""autograd's table of rules, which programs look into: empty, for the rules stand elsewhere."""


class _Rules:
    """The rules of a primitive: (argnums, …) → one pull, or one tangent of the result."""

    def __init__(self) -> None:
        self.vjp: Callable[..., Any] | None = None
        self.jvp: Callable[..., Any] | None = None


def primitive(function: Callable[..., Any]) -> Callable[..., Any]:
    """`function`, which sees plain arrays; on Tensors, its derivative is what its rules say.

    Parameters
    ----------
    function : function

    Returns
    -------
    function

    Raises
    ------
    TypeError
        Where a Tensor is given by keyword or hides in a closure: its gradient would be lost.
    NotImplementedError
        Where there is no rule for an argument.

    Examples
    --------
    >>> from tinygrad_np import grad
    >>> square = primitive(lambda x: x**2)
    >>> defvjp(square, lambda ans, x: lambda g: 2 * g * x)
    >>> grad(square)(3.0)
    array(6.)
    """
    rules = _Rules()

    @functools.wraps(function)
    def called(*args: Any, **kwargs: Any) -> Any:
        leaves = tree.leaves(args)
        if not any(type(x) is Tensor for x in (*leaves, *tree.leaves(kwargs))):
            return function(*args, **kwargs)
        results = function(*tree.map(value_of, args), **kwargs)
        found = tree.leaves(results)
        if any(type(x) is Tensor for x in (*found, *tree.leaves(kwargs))):
            raise TypeError(
                f"{get_name(function)}: a Tensor among its keywords, or in its closure, has no "
                "derivative here; pass it as a positional argument"
            )
        call = _Call(called, args, kwargs, results)
        row = call.row([np.array(x) for x in found])  # which the function may hold, and use again
        try:
            tensors = [leaves[place] for place in call.places]
            ans = apply(row, (tensors,), {})
            return ans if call.is_one else tree.unflatten(results, list(ans))
        finally:
            # The row is for this call alone: with the plans, which know it, it would be a cycle.
            row.plans.clear()
            row.calls.clear()

    called.rules = rules  # type: ignore[attr-defined]
    return called


class _Call:
    """A call of a primitive: its arguments without the Tensors, which the node keeps."""

    def __init__(self, called: Any, args: Any, kwargs: Any, results: Any) -> None:
        self.called, self.rules, self.kwargs = called, called.rules, kwargs
        leaves = tree.leaves(args)
        self.places = [i for i, x in enumerate(leaves) if type(x) is Tensor]
        self.owners = [n for n, arg in enumerate(args) for _ in tree.leaves(arg)]
        self.argnums = tuple(sorted({self.owners[place] for place in self.places}))
        self.args = tree.map(lambda x: ... if type(x) is Tensor else x, args)
        self._leaves = tree.leaves(self.args)
        self.form = tree.map(lambda x: ..., results)
        self.is_one = tree.container_of(type(results)) is None

    def row(self, arrays: list[Any]) -> Any:
        """The row of this call; its operands are the Tensors among the arguments, as a list."""
        varying = self.varying = [i for i, x in enumerate(arrays) if x.dtype.kind in "fc"]
        constants = None if self.is_one else set(range(len(arrays))).difference(varying)

        def carried(operands: Any) -> Any:
            return arrays[0] if self.is_one else arrays

        def pull(g: Any, operands: Any, ans: Any) -> Any:
            return self.pull([g] if self.is_one else g, operands, [ans] if self.is_one else ans)

        def push(t: Any, operands: Any, ans: Any) -> Any:
            found = self.push(t, operands, [ans] if self.is_one else ans)
            return found[0] if self.is_one else found

        carried.__name__ = get_name(self.called)
        row = general(
            carried,
            signature("operands"),
            (pull, push),
            list_operands={"operands"},
            constant_outputs=constants,
        )
        row.user_defined = True  # a rule may hand on what somebody else holds
        return row

    def given(self, operands: Any) -> Any:
        """The arguments, with these values of the Tensors."""
        leaves = tree.leaves(self.args)
        for place, operand in zip(self.places, operands, strict=True):
            leaves[place] = operand
        return tree.unflatten(self.args, leaves)

    def pull(self, g: Any, operands: Any, ans: Any) -> list[Any]:
        """The operands' cotangents, for those of the results."""
        if self.rules.vjp is None:
            raise NotImplementedError(
                f"{get_name(self.called)} has no derivative in reverse mode; give it one with "
                "defvjp"
            )
        g = [_like(x, like) for x, like in zip(g, ans, strict=True)]
        made = self.rules.vjp(self.argnums, self._result(ans), self.given(operands), self.kwargs)
        parts: list[Any] = [None] * len(self.owners)
        for argnum, part in zip(self.argnums, made(self._result(g)), strict=True):
            mine = [i for i, owner in enumerate(self.owners) if owner == argnum]
            if part is not None:
                for i, leaf in zip(mine, tree.leaves(part), strict=True):
                    parts[i] = leaf
        return [_like(parts[i], x) for i, x in zip(self.places, operands, strict=True)]

    def push(self, t: Any, operands: Any, ans: Any) -> list[Any]:
        """The tangents of the results, for those of the operands; None for a constant one."""
        tangents = [_like(u, x) for u, x in zip(t, operands, strict=True)]
        if self.rules.jvp is None:

            def pulled(*g: Any) -> Any:
                cotangents: list[Any] = [None] * len(ans)
                for i, x in zip(self.varying, g, strict=True):
                    cotangents[i] = x
                return self.pull(cotangents, operands, ans)

            zeros = [np.zeros(x.shape, x.dtype) for x in self._moving(ans)]
            found = iter(vjp(pulled, *zeros)[1](tangents))
        else:
            leaves = [np.zeros_like(x) if isinstance(x, np.ndarray) else 0.0 for x in self._leaves]
            for place, tangent in zip(self.places, tangents, strict=True):
                leaves[place] = tangent
            along = tree.unflatten(self.args, leaves)
            moved = [along[argnum] for argnum in self.argnums]
            args = self.given(operands)
            made = self.rules.jvp(self.argnums, moved, self._result(ans), args, self.kwargs)
            found = iter(self._moving([made] if self.is_one else tree.leaves(made)))
        return [_like(next(found), x) if i in self.varying else None for i, x in enumerate(ans)]

    def _moving(self, results: Any) -> list[Any]:
        """Those of the results that have a derivative."""
        return [results[i] for i in self.varying]

    def _result(self, leaves: Any) -> Any:
        """A tree like the result, of a list of its arrays."""
        return leaves[0] if self.is_one else tree.unflatten(self.form, list(leaves))


def _like(x: Any, like: Any) -> Any:
    """A cotangent or tangent as an array of the dtype that belongs there; None stands for zeros."""
    if x is None:
        return np.zeros(like.shape, like.dtype)
    return cast(x if type(x) is Tensor else np.asarray(x), like.dtype)


def _rules_of(function: Any) -> Any:
    rules = getattr(function, "rules", None)
    if not isinstance(rules, _Rules):
        raise TypeError(
            f"{get_name(function)} is no primitive, so that it can have no rule; make one: "
            "f = primitive(f)"
        )
    return rules


def defvjp_argnums(function: Any, maker: Callable[..., Any]) -> None:
    """``maker(argnums, ans, args, kwargs)`` gives a function of the cotangent: one for each."""
    _rules_of(function).vjp = maker


def defvjp_argnum(function: Any, maker: Callable[..., Any]) -> None:
    """``maker(argnum, ans, args, kwargs)`` gives a function of the result's cotangent."""

    def several(argnums: Any, ans: Any, args: Any, kwargs: Any) -> Callable[[Any], Any]:
        pulls = [maker(argnum, ans, args, kwargs) for argnum in argnums]
        return lambda g: [pull(g) for pull in pulls]

    defvjp_argnums(function, several)


def defvjp(function: Any, *makers: Any, argnums: Any = None) -> None:
    """For each argument ``maker(ans, *args, **kwargs)``, a function of the cotangent.

    None says that the derivative is zero. `argnums` says which arguments, if not the first ones.
    """
    by_argnum = dict(zip(range(len(makers)) if argnums is None else argnums, makers, strict=False))

    def made(argnum: int, ans: Any, args: Any, kwargs: Any) -> Callable[[Any], Any]:
        maker = _known(function, by_argnum, argnum, "defvjp")
        if maker is None:
            return lambda g: None
        pull: Callable[[Any], Any] = maker(ans, *args, **kwargs)
        return pull

    defvjp_argnum(function, made)


def _known(function: Any, by_argnum: Any, argnum: int, name: str) -> Any:
    if argnum not in by_argnum:
        raise NotImplementedError(
            f"{get_name(function)} has no derivative by argument {argnum}; give one with {name}"
        )
    return by_argnum[argnum]


def defjvp_argnums(function: Any, rule: Callable[..., Any]) -> None:
    """``rule(argnums, tangents, ans, args, kwargs)`` gives the tangent of the result."""
    _rules_of(function).jvp = rule


def defjvp_argnum(function: Any, rule: Callable[..., Any]) -> None:
    """``rule(argnum, tangent, ans, args, kwargs)`` gives an argument's part of the tangent."""

    def several(argnums: Any, tangents: Any, ans: Any, args: Any, kwargs: Any) -> Any:
        parts = [
            rule(argnum, t, ans, args, kwargs) for argnum, t in zip(argnums, tangents, strict=True)
        ]
        parts = [part for part in parts if part is not None]
        if not parts:
            return vspace(ans).zeros()
        return functools.reduce(lambda a, b: tree.map(np.add, a, b), parts)

    defjvp_argnums(function, several)


def defjvp(function: Any, *rules: Any, argnums: Any = None) -> None:
    """For each argument ``rule(tangent, ans, *args, **kwargs)``; "same": the function is linear."""
    by_argnum = dict(zip(range(len(rules)) if argnums is None else argnums, rules, strict=False))

    def part(argnum: int, t: Any, ans: Any, args: Any, kwargs: Any) -> Any:
        rule = _known(function, by_argnum, argnum, "defjvp")
        if rule == "same":
            return function(*subval(args, argnum, t), **kwargs)
        return None if rule is None else rule(t, ans, *args, **kwargs)

    defjvp_argnum(function, part)


def def_linear(function: Any) -> None:
    """The function is linear in each of its arguments alone."""
    defjvp_argnum(
        function,
        lambda argnum, t, ans, args, kwargs: function(*subval(args, argnum, t), **kwargs),
    )


def notrace_primitive(function: Callable[..., Any]) -> Callable[..., Any]:
    """`function` of the values: its result is a constant."""

    @functools.wraps(function)
    def constant(*args: Any, **kwargs: Any) -> Any:
        return function(*tree.map(value_of, args), **tree.map(value_of, kwargs))

    return constant
