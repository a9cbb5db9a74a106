"""How a row is carried out for one pattern of Tensor operands, decided once and used often.

A `Plan` knows which values a node keeps for the rules of its operands, and calls the rules with
them; `ShapeDtype` is a shape and a dtype without values.
"""

from __future__ import annotations

import operator
import sys
from collections.abc import Callable
from typing import Any

import numpy as np

from . import hooks
from .dispatch import generated
from .table import ANS, MOST_KEPT, Factor, Row


class Shaped:
    """What has a shape and a dtype."""

    __slots__ = ("dtype", "shape")

    shape: tuple[int, ...]
    dtype: Any

    @property
    def ndim(self) -> int:
        """The number of axes."""
        return len(self.shape)

    @property
    def size(self) -> int:
        """The number of elements."""
        size = 1
        for length in self.shape:
            size *= length
        return size


class ShapeDtype(Shaped):
    """A shape and a dtype without values."""

    __slots__ = ()

    def __init__(self, shape: tuple[int, ...], dtype: Any) -> None:
        self.shape = shape
        self.dtype = dtype


def likes(value: Any) -> ShapeDtype | list[ShapeDtype]:
    """The `ShapeDtype` of an array or scalar, or of each one in a list."""
    if isinstance(value, list):
        return [ShapeDtype(np.shape(item), np.result_type(item)) for item in value]
    return ShapeDtype(np.shape(value), np.result_type(value))


Pattern = tuple[tuple[int, int | None], ...]
"""A pair for each operand that is a Tensor: its position, and its length if it is a list."""


class Plan:
    """How a row is carried out for one pattern of Tensor operands, decided once.

    `bound` below is the result, then the first `given` arguments in the order of the signature,
    then the `ShapeDtype` of each operand at the positions `likes`. A node's residuals are
    ``select(bound)``, which is what lies at the `places` of it; its parents are the operands'
    sources in order, a list operand's in a run with None for each plain array. The pairs of `vjps`
    and `jvps` are a function of (cotangent or tangent, residuals, parents) and the slot among the
    parents (a slice for a list operand) that it belongs to.

    Of one value (`holds_one`), and of one source (`has_one`, and then the slot is None), there is
    no tuple: most nodes of a graph have one of each, and a tuple more costs time to make, and more
    to Python's garbage collector, which goes through all of them again and again.
    """

    __slots__ = (
        "_chosen",
        "_factors",
        "_rules",
        "constants",
        "has_one",
        "holds_one",
        "jvps",
        "likes",
        "places",
        "positions",
        "row",
        "select",
        "values",
        "vjps",
    )

    def __init__(self, row: Row, pattern: Pattern, given: int) -> None:
        self.row = row
        self.positions = [position for position, _ in pattern]
        slots: dict[int, int | slice] = {}
        used = 0
        for position, length in pattern:
            slots[position] = used if length is None else slice(used, used + length)
            used += 1 if length is None else length
        self.likes: list[int] = []
        residuals: list[int] = []

        def locate(need: str) -> Spot:
            position = -1 if need == ANS else row.names.index(need.removesuffix("_like"))
            if need != ANS and need not in row.names:
                slot = slots.get(position)
                if isinstance(slot, int):
                    return "parent", slot
                if position not in self.likes:
                    self.likes.append(position)
                place = 1 + given + self.likes.index(position)
            elif position >= given:
                return "default", row.defaults[position]
            else:
                place = 1 + position
            if place not in residuals:
                residuals.append(place)
            return "residual", residuals.index(place)

        self._rules: list[Any] = []
        for position, slot in slots.items():
            rule = row.rules[position]
            spots = [locate(n) for n in rule.vjp_needs], [locate(n) for n in rule.jvp_needs]
            self._rules.append((position, slot, *spots))
        self.has_one = len(pattern) == 1 and pattern[0][1] is None
        self.holds_one = len(residuals) == 1
        self._chosen: dict[Any, tuple[Callers, Callers]] = {}
        self.vjps, self.jvps = self._callers(lambda row, position, rule: rule)
        self._factors: list[Callable[..., Any] | None] | None = None
        self.select = operator.itemgetter(*residuals) if residuals else None
        # Where the residuals come from, for a sweep that is itself recorded: (index among the
        # residuals, slot among the parents, or ANS).
        self.values: list[tuple[int, int | slice | str]] = []
        self.places = residuals
        for index, place in enumerate(residuals):
            if place == 0:
                self.values.append((index, ANS))
            elif place - 1 in slots:
                self.values.append((index, slots[place - 1]))
        # Those of the residuals that are neither: arrays, numbers and choices of the caller's.
        ours = [index for index, _ in self.values]
        self.constants = [index for index in range(len(residuals)) if index not in ours]

    def call(self, given: int, linked: Any, seen: Any) -> Callable[..., Any]:
        """What carries out calls with `given` arguments from now on: a generated function.

        ``linked(plan, residuals, parents, ans, source)`` makes the result; where somebody observes
        calls, ``seen(plan, residuals, parents, (ans, *arguments), source)`` does.
        """
        kernel = self.row.kernel
        is_plain = isinstance(kernel, np.ufunc) and kernel.nout == 1 and kernel.signature is None
        large = hooks.memory.elementwise_from if is_plain else sys.maxsize
        x = [f"value{i}" if i in self.positions else f"x{i}" for i in range(given)]
        known = ["ans", *x]
        residuals = ", ".join([known[place] for place in self.places])
        if not self.holds_one:
            residuals = f"({residuals},)" if residuals else "None"
        parents = ", ".join([f"x{i}._source" for i in self.positions])
        lines = [f"value{i} = x{i}._value" for i in self.positions]
        lines.append(f"ans = kernel({', '.join(x)})")
        if large < sys.maxsize:
            size = f"value{self.positions[0]}.size < large"
            lines[-1] += f" if {size} else elementwise(kernel, {', '.join(x)})"
        lines += [
            f"residuals = {residuals}",
            f"parents = {parents if self.has_one else f'({parents},)'}",
            f"source = x{self.positions[0]}._source",
            # An observer is given the operands, too; a tuple of them for nothing would cost
            # something.
            "if hooks.opened:",
            f"    return seen(plan, residuals, parents, ({', '.join(known)}), source)",
            "return linked(plan, residuals, parents, ans, source)",
        ]
        names: dict[str, Any] = {
            "kernel": kernel, "large": large, "elementwise": hooks.memory.elementwise,
            "plan": self, "hooks": hooks, "seen": seen, "linked": linked,
        }  # fmt: skip
        arguments = ", ".join([f"x{i}" for i in range(given)])
        return generated(f"def call({arguments}):\n    " + "\n    ".join(lines) + "\n", names)

    def packed(self, sources: list[Any]) -> Any:
        """The parents of a node as it keeps them, of these sources of its operands."""
        return sources[0] if self.has_one else tuple(sources)

    def callers(self, choose: Choice) -> tuple[Callers, Callers]:
        """`vjps` and `jvps` that call other rules: made once for each function `choose`."""
        found = self._chosen.get(choose)
        if found is None:
            found = self._chosen[choose] = self._callers(choose)
        return found

    def prepared(self, residuals: Any, parents: Any) -> Callers:
        """`jvps` of a node for many sweeps: what no tangent has a part in is computed here."""
        if self._factors is None:
            self._factors = [
                self._factor(self.row.rules[position].jvp, spots)
                for position, _, _, spots in self._rules
            ]
        jvps = []
        for (push, slot), (position, *_), factor in zip(
            self.jvps, self._rules, self._factors, strict=True
        ):
            if factor is not None:
                rule: Any = self.row.rules[position].jvp
                push = rule.by(factor(None, residuals, parents))
            jvps.append((push, slot))
        return jvps

    def _factor(self, rule: Any, spots: list[Spot]) -> Callable[..., Any] | None:
        """What `rule` multiplies by or divides by, if it does: of (None, residuals, parents)."""
        if not isinstance(rule, Factor):
            return None
        return _caller(lambda _, *needed: rule.given(*needed), self._alone(spots))

    def _callers(self, choose: Choice) -> tuple[Callers, Callers]:
        vjps: Callers = []
        jvps: Callers = []
        for position, slot, vjp_spots, jvp_spots in self._rules:
            rule = self.row.rules[position]
            pull = _caller(choose(self.row, position, rule.vjp), self._alone(vjp_spots))
            push = _caller(choose(self.row, position, rule.jvp), self._alone(jvp_spots))
            if self.row.user_defined:
                pull, push = _copied(pull), _copied(push)
            vjps.append((pull, None if self.has_one else slot))
            jvps.append((push, None if self.has_one else slot))
        return vjps, jvps

    def _alone(self, spots: list[Spot]) -> list[Spot]:
        """The spots, where the only value or the only source is itself, not a tuple."""
        single = {"residual": self.holds_one, "parent": self.has_one, "default": False}
        return [(f"the {where}", None) if single[where] else (where, what) for where, what in spots]


def plan_of(row: Row, pattern: Pattern, given: int) -> Plan:
    """The plan for calls of a row with `given` arguments, where those in `pattern` are Tensors."""
    key = pattern, given
    plan: Plan | None = row.plans.get(key)
    if plan is None:
        if len(row.plans) >= MOST_KEPT:  # a list to concatenate may be of any length
            row.plans.clear()
        plan = row.plans[key] = Plan(row, pattern, given)
    return plan


Callers = list[tuple[Callable[..., Any], Any]]

Choice = Callable[[Row, int, Any], Any]
"""(row, position of the operand, its rule) → the rule that is called in its place, or the same."""

Spot = tuple[str, Any]
"""Where a rule finds what it needs: ("residual", index), ("parent", slot) or ("default", value).

If there is but one: ("the residual", None) or ("the parent", None)."""


def _copied(rule: Callable[..., Any]) -> Callable[..., Any]:
    """A rule from outside may give an array that somebody else holds: a copy of it is ours."""

    def copied(g: Any, residuals: Any, parents: Any) -> Any:
        part = rule(g, residuals, parents)
        if isinstance(part, (list, tuple)):
            return [np.array(x) if type(x) is np.ndarray else x for x in part]
        return np.array(part) if type(part) is np.ndarray else part

    return copied


_FORMS = {
    "the residual": "residuals",
    "the parent": "parents",
    "residual": "residuals[{}]",
    "parent": "parents[{}]",
}


def _caller(rule: Callable[..., Any], spots: list[Spot]) -> Callable[..., Any]:
    """`rule` as a function of (cotangent, residuals, parents): one generated line."""
    names: dict[str, Any] = {"rule": rule}
    args = []
    for i, (where, what) in enumerate(spots):
        if where == "default":
            names[f"default{i}"] = what
        args.append(f"default{i}" if where == "default" else _FORMS[where].format(what))
    result = f"rule({', '.join(['g', *args])})"
    if isinstance(rule, Factor):
        names["rule"], factor = rule.given, f"rule({', '.join(args)})"
        result = f"g {'/' if rule.divides else '*'} {factor}"
        large = hooks.memory.elementwise_from
        if large < sys.maxsize:
            ufunc = np.divide if rule.divides else np.multiply
            names |= {"large": large, "ufunc": ufunc, "of_large": _of_large}
            result += f" if g.size < large else of_large(ufunc, g, {factor})"
    return generated(f"def caller(g, residuals, parents):\n    return {result}\n", names)


def _of_large(ufunc: Any, g: Any, factor: Any) -> Any:
    if type(g) is np.ndarray:
        return hooks.memory.elementwise(ufunc, g, factor)
    return ufunc(g, factor)  # a Tensor: as the operator
