r"""Calls and rules written out: functions of one line or a few, generated for each plan.

The core looks up at every call what a rule needs, and binds every call to its row's parameters.
`Writer`, which the core's hook `writer` is here, does that once: for a product of two Tensors it
leaves ``value0 = x0._value; value1 = x1._value; ans = kernel(value0, value1)`` and so on in
``row.calls``, and its rule becomes ``g * residuals[1]``. Elementwise results that are large lie in
memory that is used again.

>>> generated("def twice(x):\n    return two * x", {"two": 2})(3)
6
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any, cast

import numpy as np

from ..core import hooks
from ..core.graph import Node, new_number
from ..core.plan import Callers, Plan, Spot
from ..core.table import MOST_KEPT, Factor
from ..core.tensor import Tensor, apply_bound, linked, seen
from . import paths
from .memory import elementwise


class Writer(hooks.Writer):
    """Writes out calls and rules; what several forward sweeps have in common is computed once."""

    def rule(self, rule: Any, spots: list[Spot]) -> Callable[..., Any]:
        """`rule` as a function of (cotangent or tangent, residuals, parents): a line."""
        names: dict[str, Any] = {"rule": rule}
        args = []
        for i, (where, what) in enumerate(spots):
            if where == "default":
                names[f"default{i}"] = what
                args.append(f"default{i}")
            else:
                args.append(f"{where}s" if what is None else f"{where}s[{what}]")
        result = f"rule({', '.join(['g', *args])})"
        if isinstance(rule, Factor):
            names["rule"], factor = rule.given, f"rule({', '.join(args)})"
            result = f"g {'/' if rule.divides else '*'} {factor}"
            ufunc = np.divide if rule.divides else np.multiply
            names |= {"large": paths.REUSE_FROM_ELEMENTS, "ufunc": ufunc, "of_large": _of_large}
            result += f" if g.size < large else of_large(ufunc, g, {factor})"
        return generated(f"def caller(g, residuals, parents):\n    return {result}\n", names)

    def call(self, plan: Plan, args: Any, kwargs: Any, bound: list[Any]) -> None:
        """Leave a written-out call for others with arguments of the same types, if all are alike.

        That is where binding, reading of operands and checks would change nothing in any of them:
        not where complex numbers may not fit, for instance, which is looked at in every call.
        """
        row = plan.row
        if kwargs or plan.likes or row.list_operands or row.constant_outputs is not None:
            return
        if row.rest is not None or row.real or (row.dtype is not None and row.dtype < len(args)):
            return
        for position, (given, used) in enumerate(zip(args, bound, strict=False)):
            if type(given) is Tensor:
                if position not in row.rules:
                    return
            elif position in row.rules:
                if type(given) is not np.ndarray and used is not given:
                    return
            elif position in row.axes and not (given is None or type(given) in (int, tuple)):
                return
        written = _written_out(plan, len(args))
        if row.axis is not None and bound[row.axis] is not None:
            written = _unless_of_a_number(plan, written)
        if len(row.calls) >= MOST_KEPT:
            row.calls.clear()
        row.calls[tuple(map(type, args))] = written

    def repeated(self) -> Callable[[Any], Callers]:
        """A function of nodes: their `Plan.jvps`, with factors and divisors that are known."""
        known: dict[Any, Callers] = {}

        def rules_of(node: Any) -> Callers:
            jvps = known.get(node)
            if jvps is None:
                jvps = known[node] = [
                    (_by_known(node, number, push), slot)
                    for number, (push, slot) in enumerate(node.plan.jvps)
                ]
            return jvps

        return rules_of


def _by_known(node: Any, number: int, push: Callable[..., Any]) -> Callable[..., Any]:
    """The jvp of a node's operand; where it multiplies or divides, by a number computed here."""
    rule, spots = node.plan.rule_of("jvp", number)
    if not isinstance(rule, Factor):
        return push
    factor = hooks.Writer.rule(WRITER, lambda _, *needed: rule.given(*needed), spots)
    value = factor(None, node.residuals, node.parents)
    if rule.divides:
        return lambda t, residuals, parents: t / value
    return lambda t, residuals, parents: t * value


def _written_out(plan: Plan, given: int) -> Callable[..., Any]:
    """What carries out calls with `given` arguments."""
    kernel = plan.row.kernel
    is_plain = isinstance(kernel, np.ufunc) and kernel.nout == 1 and kernel.signature is None
    x = [f"value{i}" if i in plan.positions else f"x{i}" for i in range(given)]
    known = ["ans", *x]
    residuals = ", ".join([known[place] for place in plan.places])
    if not plan.holds_one:
        residuals = f"({residuals},)" if residuals else "None"
    parents = ", ".join([f"x{i}._source" for i in plan.positions])
    lines = [f"value{i} = x{i}._value" for i in plan.positions]
    lines.append(f"ans = kernel({', '.join(x)})")
    if is_plain:
        size = f"value{plan.positions[0]}.size < large"
        lines[-1] += f" if {size} else elementwise(kernel, {', '.join(x)})"
    lines += [
        f"residuals = {residuals}",
        f"parents = {parents if plan.has_one else f'({parents},)'}",
        f"source = x{plan.positions[0]}._source",
        # An observer is given the operands, too; a tuple of them for nothing would cost something.
        "if opened:",
        f"    return seen(plan, residuals, parents, ({', '.join(known)}), source)",
        "dtype = source.dtype",
        "if type(ans) is not ndarray or ans.dtype is not dtype:",
        "    return linked(plan, residuals, parents, ans, source)",
        # What `linked` does: a call of it costs as much as half of that.
        "node = Node()",
        "node.number = new_number()",
        "node.plan = plan",
        "node.residuals = residuals",
        "node.parents = parents",
        "shape = ans.shape",
        "node.shape = source.shape if shape == source.shape else shape",
        "node.dtype = dtype",
        "tensor = new(Tensor)",
        "tensor._value = ans",
        "tensor._source = node",
        "return tensor",
    ]
    names: dict[str, Any] = {
        "kernel": kernel, "large": paths.REUSE_FROM_ELEMENTS, "elementwise": elementwise,
        "plan": plan, "opened": hooks.opened, "seen": seen, "linked": linked, "Node": Node,
        "new_number": new_number, "new": object.__new__, "Tensor": Tensor, "ndarray": np.ndarray,
    }  # fmt: skip
    arguments = ", ".join([f"x{i}" for i in range(given)])
    return generated(f"def call({arguments}):\n    " + "\n    ".join(lines) + "\n", names)


def _unless_of_a_number(plan: Plan, call: Callable[..., Any]) -> Callable[..., Any]:
    """`call` for calls whose first operand has axes."""
    row, first = plan.row, plan.row.first

    def checked(*args: Any) -> Any:
        return call(*args) if args[first].ndim else apply_bound(row, args, {})

    return checked


def _of_large(ufunc: Any, g: Any, factor: Any) -> Any:
    if type(g) is np.ndarray:
        return elementwise(ufunc, g, factor)
    return ufunc(g, factor)  # a Tensor: as the operator


def generated(source: str, names: dict[str, Any]) -> Callable[..., Any]:
    """The function that `source` defines with these `names`: a call written out is a call saved."""
    return cast(Callable[..., Any], _maker(source, tuple(names))(*names.values()))


@functools.lru_cache(maxsize=1024)
def _maker(source: str, names: tuple[str, ...]) -> Callable[..., Any]:
    """What gives the function for values of the names: the code of most rows is the same.

    The names are those of a function around it, not globals. What Python remembers of globals, so
    as to find them faster the next time, lies in the code, where each row would overwrite it.
    """
    lines = source.splitlines()
    inner = lines[0].removeprefix("def ").partition("(")[0]
    lines = [f"def make({', '.join(names)}):", *[f"    {line}" for line in lines]]
    scope: dict[str, Any] = {}
    text = "\n".join([*lines, f"    return {inner}"])
    exec(compile(text, "<tinygrad_np> call", "exec"), scope)
    return cast(Callable[..., Any], scope["make"])


WRITER = Writer()
