"""How a row is carried out for one pattern of Tensor operands, decided once and used often.

A `Plan` knows which values a node keeps for the rules of its operands, and calls the rules with
them; `ShapeDtype` is a shape and a dtype without values.
"""

from __future__ import annotations

import math
import operator
from collections.abc import Callable
from typing import Any

import numpy as np

from . import hooks
from .table import ANS, MOST_KEPT, Row


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
        return math.prod(self.shape)


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

    def __init__(self, row: Row, pattern: Pattern, given: int) -> None:
        self.row = row
        # Whether its rules get zeros for those of several results that nothing depends on.
        self.fills = row.constant_outputs is not None and not row.none_cotangents
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

    def packed(self, sources: list[Any]) -> Any:
        """The parents of a node as it keeps them, of these sources of its operands."""
        return sources[0] if self.has_one else tuple(sources)

    def callers(self, choose: Choice) -> tuple[Callers, Callers]:
        """`vjps` and `jvps` that call other rules: made once for each function `choose`."""
        found = self._chosen.get(choose)
        if found is None:
            found = self._chosen[choose] = self._callers(choose)
        return found

    def _callers(self, choose: Choice) -> tuple[Callers, Callers]:
        vjps: Callers = []
        jvps: Callers = []
        for position, slot, vjp_spots, jvp_spots in self._rules:
            rule = self.row.rules[position]
            pull = hooks.writer.rule(choose(self.row, position, rule.vjp), self._alone(vjp_spots))
            push = hooks.writer.rule(choose(self.row, position, rule.jvp), self._alone(jvp_spots))
            if self.row.user_defined:
                pull, push = _copied(pull), _copied(push)
            vjps.append((pull, None if self.has_one else slot))
            jvps.append((push, None if self.has_one else slot))
        return vjps, jvps

    def _alone(self, spots: list[Spot]) -> list[Spot]:
        """The spots, where the only value or the only source is itself, not a tuple."""
        single = {"residual": self.holds_one, "parent": self.has_one, "default": False}
        return [(where, None if single[where] else what) for where, what in spots]

    def rule_of(self, mode: str, number: int) -> tuple[Any, list[Spot]]:
        """The "vjp" or "jvp" of the operand of this number, as the row has it, and its needs."""
        position, _, *spots = self._rules[number]
        return getattr(self.row.rules[position], mode), self._alone(spots[mode == "jvp"])


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

If there is but one residual or parent: with None in place of the index or slot."""


def _copied(rule: Callable[..., Any]) -> Callable[..., Any]:
    """A rule from outside may give an array that somebody else holds: a copy of it is ours."""

    def copied(g: Any, residuals: Any, parents: Any) -> Any:
        part = rule(g, residuals, parents)
        if isinstance(part, (list, tuple)):
            return [np.array(x) if type(x) is np.ndarray else x for x in part]
        return np.array(part) if type(part) is np.ndarray else part

    return copied
