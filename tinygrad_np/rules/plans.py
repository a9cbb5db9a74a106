"""How a row is carried out for one pattern of Tensor operands, decided once and used often.

A `Plan` knows which values a node keeps for the rules of its operands, and calls the rules with
them; `Like` is a shape and a dtype without values.
"""

from __future__ import annotations

import operator
from collections.abc import Callable
from typing import Any

import numpy as np

from ..kernels.elementwise import strong_product
from ..kernels.memory import SOME, elementwise

Row = Any  # table.Row, which lies above

ANS = "ans"


class Like:
    """A shape and a dtype without values."""

    __slots__ = ("dtype", "shape")

    def __init__(self, shape: tuple[int, ...], dtype: Any) -> None:
        self.shape = shape
        self.dtype = dtype

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


def likes(value: Any) -> Like | list[Like]:
    """The `Like` of an array or scalar, or of each one in a list."""
    if isinstance(value, list):
        return [Like(np.shape(item), np.result_type(item)) for item in value]
    return Like(np.shape(value), np.result_type(value))


Pattern = tuple[tuple[int, int | None], ...]
"""A pair for each operand that is a Tensor: its position, and its length if it is a list."""


class Plan:
    """How a row is carried out for one pattern of Tensor operands, decided once.

    `bound` below is the result, then the first `given` arguments in the order of the signature,
    then the `Like` of each operand at the positions `likes`. A node keeps ``select(bound)``; its
    parents are the operands' sources in order, a list operand's in a run with None for each plain
    array. The pairs of `pulls` and `pushes` are a function of (cotangent or tangent, kept, parents)
    and the slot among the parents (a slice for a list operand) that it belongs to.
    """

    __slots__ = (
        "_rules",
        "_strong",
        "constants",
        "likes",
        "positions",
        "pulls",
        "pushes",
        "row",
        "select",
        "values",
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
        kept: list[int] = []

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
            if place not in kept:
                kept.append(place)
            return "kept", kept.index(place)

        self._rules = []
        for position, slot in slots.items():
            rule = row.rules[position]
            spots = [locate(n) for n in rule.vjp_needs], [locate(n) for n in rule.jvp_needs]
            self._rules.append((position, slot, *spots))
        self.pulls, self.pushes = self._callers(lambda position, rule: rule)
        self._strong: tuple[Callers, Callers] | None = None
        self.select = _selector(kept)
        # Where the kept values come from, for a sweep that is itself recorded: (index among the
        # kept, slot among the parents, or ANS).
        self.values: list[tuple[int, int | slice | str]] = []
        for index, place in enumerate(kept):
            if place == 0:
                self.values.append((index, ANS))
            elif place - 1 in slots:
                self.values.append((index, slots[place - 1]))
        # Those of the kept that are neither: arrays, numbers and choices of the caller's.
        ours = [index for index, _ in self.values]
        self.constants = [index for index in range(len(kept)) if index not in ours]

    @property
    def strong(self) -> tuple[Callers, Callers]:
        """`pulls` and `pushes` by which what is 0 stays 0, where the function is elementwise."""
        if self._strong is None:
            self._strong = self._callers(self.row.strong_rule)
        return self._strong

    def _callers(self, chosen: Callable[[int, Any], Any]) -> tuple[Callers, Callers]:
        pulls: Callers = []
        pushes: Callers = []
        for position, slot, vjp_spots, jvp_spots in self._rules:
            rule = self.row.rules[position]
            pull = _caller(chosen(position, rule.vjp), vjp_spots)
            push = _caller(chosen(position, rule.jvp), jvp_spots)
            if self.row.is_foreign:
                pull, push = _copied(pull), _copied(push)
            pulls.append((pull, slot))
            pushes.append((push, slot))
        return pulls, pushes


Callers = list[tuple[Callable[..., Any], Any]]

Spot = tuple[str, Any]
"""Where a rule finds what it needs: ("kept", index), ("parent", slot) or ("default", value)."""


def _copied(rule: Callable[..., Any]) -> Callable[..., Any]:
    """A rule from outside may give an array that somebody else holds: a copy of it is ours."""

    def copied(g: Any, kept: Any, parents: Any) -> Any:
        part = rule(g, kept, parents)
        if isinstance(part, (list, tuple)):
            return [np.array(x) if type(x) is np.ndarray else x for x in part]
        return np.array(part) if type(part) is np.ndarray else part

    return copied


def _selector(places: list[int]) -> Callable[[Any], tuple[Any, ...]] | None:
    if not places:
        return None
    if len(places) == 1:
        (place,) = places
        return lambda bound: (bound[place],)
    return operator.itemgetter(*places)


def _times(g: Any, factor: Any) -> Any:
    """``g * factor`` of large arrays, which come to lie in memory that is used again."""
    return elementwise(np.multiply, g, factor) if type(g) is np.ndarray else g * factor


class Times:
    """Multiplication of a cotangent or tangent by a factor."""

    __slots__ = ("factor",)

    def __init__(self, factor: Callable[..., Any]) -> None:
        self.factor = factor

    def __call__(self, g: Any, *needed: Any) -> Any:
        return g * self.factor(*needed)


class StrongTimes(Times):
    """The same, where an element that is exactly 0 stays 0."""

    __slots__ = ()

    def __call__(self, g: Any, *needed: Any) -> Any:
        return strong_product(g, self.factor(*needed))


def _caller(rule: Callable[..., Any], spots: list[Spot]) -> Callable[..., Any]:
    """`rule` as a function of (cotangent, kept, parents).

    The forms written out are those of most rules, and faster; the last line serves any rule.
    """
    places = [spot for spot in spots if spot[0] != "default"]
    rest = tuple([what for where, what in spots if where == "default"])
    if type(rule) is Times and not rest:
        factor = rule.factor
        match places:
            case [("kept", i)]:
                return lambda g, kept, parents: (
                    g * factor(kept[i]) if g.size < SOME else _times(g, factor(kept[i]))
                )
            case [("kept", i), ("kept", j)]:
                return lambda g, kept, parents: (
                    g * factor(kept[i], kept[j])
                    if g.size < SOME
                    else _times(g, factor(kept[i], kept[j]))
                )
    if spots[: len(places)] == places:  # the defaults come last
        match places:
            case []:
                return lambda g, kept, parents: rule(g, *rest)
            case [("kept", i)]:
                return lambda g, kept, parents: rule(g, kept[i], *rest)
            case [("parent", i)]:
                return lambda g, kept, parents: rule(g, parents[i], *rest)
            case [("kept", i), ("kept", j)]:
                return lambda g, kept, parents: rule(g, kept[i], kept[j], *rest)
            case [("kept", i), ("parent", j)]:
                return lambda g, kept, parents: rule(g, kept[i], parents[j], *rest)
            case [("parent", i), ("kept", j)]:
                return lambda g, kept, parents: rule(g, parents[i], kept[j], *rest)

    def any_form(g: Any, kept: Any, parents: Any) -> Any:
        found = {"kept": kept, "parent": parents}
        needed = [what if where == "default" else found[where][what] for where, what in spots]
        return rule(g, *needed)

    return any_form
