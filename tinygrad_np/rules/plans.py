"""How a row is carried out for one pattern of Tensor operands, decided once and used often.

A `Plan` knows which values a node keeps for the rules of its operands, and calls the rules with
them; `ShapeDtype` is a shape and a dtype without values.
"""

from __future__ import annotations

import operator
from collections.abc import Callable
from typing import Any

import numpy as np

from ..fast.memory import elementwise
from ..fast.paths import REUSE_FROM_ELEMENTS
from ..kernels.dispatch import generated
from ..kernels.elementwise import multiply_no_nan

Row = Any  # table.Row, which lies above

ANS = "ans"


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
        "_factors",
        "_rules",
        "_strong",
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
        self.vjps, self.jvps = self._callers(lambda position, rule: rule)
        self._strong: tuple[Callers, Callers] | None = None
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

    def packed(self, sources: list[Any]) -> Any:
        """The parents of a node as it keeps them, of these sources of its operands."""
        return sources[0] if self.has_one else tuple(sources)

    @property
    def strong(self) -> tuple[Callers, Callers]:
        """`vjps` and `jvps` by which what is 0 stays 0, where the function is elementwise."""
        if self._strong is None:
            self._strong = self._callers(self.row.strong_rule)
        return self._strong

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
                push = self.row.rules[position].jvp.by(factor(None, residuals, parents))
            jvps.append((push, slot))
        return jvps

    def _factor(self, rule: Any, spots: list[Spot]) -> Callable[..., Any] | None:
        """What `rule` multiplies by or divides by, if it does: of (None, residuals, parents)."""
        if not isinstance(rule, (Times, Over)):
            return None
        return _caller(lambda _, *needed: rule.given(*needed), self._alone(spots))

    def _callers(self, chosen: Callable[[int, Any], Any]) -> tuple[Callers, Callers]:
        vjps: Callers = []
        jvps: Callers = []
        for position, slot, vjp_spots, jvp_spots in self._rules:
            rule = self.row.rules[position]
            pull = _caller(chosen(position, rule.vjp), self._alone(vjp_spots))
            push = _caller(chosen(position, rule.jvp), self._alone(jvp_spots))
            if self.row.is_foreign:
                pull, push = _copied(pull), _copied(push)
            vjps.append((pull, None if self.has_one else slot))
            jvps.append((push, None if self.has_one else slot))
        return vjps, jvps

    def _alone(self, spots: list[Spot]) -> list[Spot]:
        """The spots, where the only value or the only source is itself, not a tuple."""
        single = {"residual": self.holds_one, "parent": self.has_one, "default": False}
        return [(f"the {where}", None) if single[where] else (where, what) for where, what in spots]


Callers = list[tuple[Callable[..., Any], Any]]

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


def _times(g: Any, factor: Any) -> Any:
    """``g * factor`` of large arrays, which come to lie in memory that is used again."""
    return elementwise(np.multiply, g, factor) if type(g) is np.ndarray else g * factor


def _over(g: Any, divisor: Any) -> Any:
    """``g / divisor``, likewise."""
    return elementwise(np.divide, g, divisor) if type(g) is np.ndarray else g / divisor


class Times:
    """Multiplication of a cotangent or tangent by a factor."""

    __slots__ = ("given",)

    def __init__(self, given: Callable[..., Any]) -> None:
        self.given = given

    def __call__(self, g: Any, *needed: Any) -> Any:
        return g * self.given(*needed)

    def by(self, factor: Any) -> Callable[..., Any]:
        """The same as a push, with a factor that is known."""
        return lambda t, residuals, parents: t * factor

    def strong(self) -> Callable[..., Any]:
        """The same, where an element that is exactly 0 stays 0."""
        factor = self.given
        return lambda g, *needed: multiply_no_nan(g, factor(*needed))


class Over:
    """Multiplication by a factor 1 / d: a division by d."""

    __slots__ = ("given",)

    def __init__(self, given: Callable[..., Any]) -> None:
        self.given = given

    def __call__(self, g: Any, *needed: Any) -> Any:
        return g / self.given(*needed)

    def by(self, divisor: Any) -> Callable[..., Any]:
        """The same as a push, with a divisor that is known."""
        return lambda t, residuals, parents: t / divisor

    def strong(self) -> Callable[..., Any]:
        """The same, where an element that is exactly 0 stays 0."""
        divisor = self.given
        return lambda g, *needed: multiply_no_nan(g, 1 / divisor(*needed))


_FORMS = {
    "the residual": "residuals",
    "the parent": "parents",
    "residual": "residuals[{}]",
    "parent": "parents[{}]",
}


def _caller(rule: Callable[..., Any], spots: list[Spot]) -> Callable[..., Any]:
    """`rule` as a function of (cotangent, residuals, parents): one generated line."""
    names: dict[str, Any] = {
        "rule": rule,
        "large": REUSE_FROM_ELEMENTS,
        "times": _times,
        "over": _over,
    }
    args = []
    for i, (where, what) in enumerate(spots):
        if where == "default":
            names[f"default{i}"] = what
        args.append(f"default{i}" if where == "default" else _FORMS[where].format(what))
    result = f"rule({', '.join(['g', *args])})"
    if isinstance(rule, Times | Over):
        names["rule"], factor = rule.given, f"rule({', '.join(args)})"
        sign, of_large = ("*", "times") if isinstance(rule, Times) else ("/", "over")
        result = f"g {sign} {factor} if g.size < large else {of_large}(g, {factor})"
    return generated(f"def caller(g, residuals, parents):\n    return {result}\n", names)
