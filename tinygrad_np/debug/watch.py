"""Watch operations on Tensors: every result when it is made, and every rule's when it is swept.

`WATCH` is the observer that the blocks of `blocks` install in the engine; a `Sweep` stands between
a sweep and the rules that it calls. What was seen of a call is kept in the ``record`` of its node:
the user's place, the functions it was a part of, the values, and the fingerprints of arrays that
the caller could still write into.

A rule may pass through inf and nan on branches that it then masks out, and so may the definition of
a composed function: there, only the outcome is looked at.

`current` says what is switched on in this thread or task, and `strong_rule` what is called in place
of a rule in a block of `strong_zeros`.
"""

from __future__ import annotations

import operator
from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from contextvars import ContextVar
from typing import Any, NamedTuple

import numpy as np

from ..core.hooks import Observer
from ..core.sweep import fitted
from ..core.table import Factor, Row
from ..rules.arithmetic import multiply_no_nan
from ..rules.remat import Repeating
from . import places
from .cases import ARRAYS, Case, Record, arrays, is_finite, plain, record_of
from .errors import NonFiniteError, error_of, is_variable
from .marks import Repeated, check_marks, marks_of

Rule = Callable[..., Any]

_new = tuple.__new__  # of a record for every node: a quarter of what Record(...) costs


class Mode(NamedTuple):
    """What is switched on in this thread or task: no other one sees it."""

    # What a `NonFiniteError` is given to; None: debug mode is off.
    handler: Callable[[Any], None] | None = None
    strong: bool = False  # whether a cotangent of 0 gives 0, whatever the factor
    enters: bool = False  # whether a nan or inf that comes in with a constant is reported as well
    within: tuple[str, ...] = ()  # the functions that an operation is a part of, outermost first
    call: places.Place | None = None  # where the outermost of these was called
    # If a recorded rule is being carried out: the place of the call that it is the rule of.
    rule: tuple[places.Place | None] | None = None
    opened: Opened | None = None  # the innermost block that this is the mode of
    # What computes something again, and where that was called first.
    again: places.Again | None = None


class Opened:
    """One block that was opened: the mode around it, and whether it has been closed since."""

    is_open = True

    def __init__(self, block: Any, around: Mode, errors: Any) -> None:
        self.block, self.around = block, around
        self.errors = errors  # what turns NumPy's own warnings off


_OFF = Mode()
_MODE: ContextVar[Mode] = ContextVar("tinygrad_np mode", default=_OFF)
enter, leave = _MODE.set, _MODE.reset


def current() -> Mode:
    """The mode of this thread or task.

    A task has the mode in which it was begun until that block is closed. Whether another block is
    open somewhere does not matter for it then.
    """
    mode = _MODE.get()
    while mode.opened is not None and not mode.opened.is_open:
        mode = mode.opened.around
    return mode


class Watch(Observer, Repeating):
    """The observer of a thread or task in which debug mode or `strong_zeros` is switched on."""

    def made(self, node: Any, known: Any) -> None:
        """Keep the record of a new node, and look at its value."""
        mode = current()
        if mode.handler is None:
            return
        if node.plan is None:
            node.record = Record(places.here(2, mode.again))
            return
        place = places.here(2, mode.again) if mode.rule is None else mode.rule[0]
        node.record = _new(Record, (place, mode.within, known, marks_of(node)))
        ans = known[0]
        if mode.rule is not None or is_finite(ans) or _is_inside(mode, place):
            return
        row, record = node.plan.row, node.record
        given = dict(enumerate(known[1:]))
        case = Case(row, "value", record, node, given, ans)
        _judge(mode, case)
        tensors = [row.names[position] for position in node.plan.positions]
        bad = [x for x, y in case.operands.items() if x not in tensors and not is_finite(y)]
        if mode.enters and bad and not isinstance(ans, list):
            _judge(mode, Case(row, "constant", record, node, given, ans, (), wanted=bad[0]))

    def constant(self, row: Any, args: tuple[Any, ...], kwargs: Any, result: Any) -> Any:
        """Look at the result of an elementwise function that is locally constant."""
        dtype = getattr(result, "dtype", None)
        if not isinstance(row.function, np.ufunc) or getattr(dtype, "kind", "b") not in "fc":
            return result  # np.empty_like has any contents, np.full_like those that were asked for
        mode = current()
        place = places.here(2, mode.again)
        if mode.handler is not None and mode.rule is None and not _is_inside(mode, place):
            given = dict(enumerate(plain(args)))
            _judge(mode, Case(row, "value", Record(place, mode.within), None, given, result))
        return result

    def composing(self, row: Any, definition: Callable[..., Any]) -> Callable[..., Any]:
        """A composed function's definition, of which the operations know that they are a part."""
        mode = current()
        if mode.handler is None or mode.rule is not None:
            return definition
        place = places.here(3, mode.again)
        is_inside = _is_inside(mode, place)

        def looked_at(*given: Any) -> Any:
            token = enter(mode._replace(call=place, within=(*mode.within, row.name)))
            try:
                result = definition(*given)
            finally:
                leave(token)
            if not is_inside and not is_finite(result):
                values = dict(zip(row.needs, plain(given), strict=True))
                values.pop(len(row.names), None)  # the function's own result
                record, node = Record(place, mode.within), getattr(result, "_source", None)
                _judge(mode, Case(row, "value", record, node, values, result))
            return result

        return looked_at

    def sweep(self, mode: str, recorded: bool, carrier: Any = None) -> Sweep | None:
        """What stands between a sweep and the rules, or None if there is nothing to do."""
        switched = current()
        if switched.handler is None and not switched.strong:
            return None
        return Sweep(switched, mode, recorded)

    def total(self, leaf: Any, before: Any, part: Any) -> Any:
        """What is in the ``.grad`` of a leaf, with a gradient added."""
        mode, found = current(), before + part
        if mode.handler is not None:
            _judge_sum(mode, "grad", {"grad before": before, "added to it": part}, found, leaf)
        return found

    def repeating(self, name: str) -> Repeated | None:
        """What looks, in debug mode, whether a function gives the same again."""
        mode = current()
        return None if mode.handler is None else Repeated(name, places.here(1, mode.again))

    def again(self, compute: Callable[[], Any], first: Repeated | None) -> Any:
        """Compute a user's own function in a rule: its lines are named again.

        Where it has none, because it is a library's, the place of the first call is named.
        """
        again = Watch.again.__code__, None if first is None else first.place
        token = enter(current()._replace(within=(), call=None, rule=None, again=again))
        try:
            return compute()
        finally:
            leave(token)


WATCH = Watch()


def _is_inside(mode: Mode, place: Any) -> bool:
    """Whether this belongs to the definition of a composed function, not to a user's in it."""
    if place is None or mode.call is None:  # no frame is the user's: nothing tells them apart
        return bool(mode.within)
    return bool(place[:2] == mode.call[:2])


class Sweep:
    """The rules as one sweep calls them, in the mode in which it began."""

    def __init__(self, mode: Mode, kind: str, recorded: bool) -> None:
        self.mode = mode
        self.kind = kind
        self.recorded = recorded
        self.node: Any = None  # whose rules were asked for last
        # Of a value: the row and the place of each call whose rule gave a part of its cotangent.
        # Not the node, which backward() frees.
        self.uses: defaultdict[Any, list[tuple[Any, places.Place | None]]] = defaultdict(list)

    def rules(self, node: Any) -> list[tuple[Callable[..., Any], Any]]:
        """The pairs of `Plan.vjps`, or of `Plan.jvps`, for the sweep's step at `node`."""
        plan = node.plan
        vjps, jvps = plan.callers(strong_rule) if self.mode.strong else (plan.vjps, plan.jvps)
        found: list[tuple[Callable[..., Any], Any]] = vjps if self.kind == "vjp" else jvps
        if self.mode.handler is None:
            return found
        check_marks(node)
        self.node = node
        return [(self._watched(node, rule, slot), slot) for rule, slot in found]

    def _watched(self, node: Any, rule: Any, slot: Any) -> Callable[..., Any]:
        """A rule of the node, whose result is looked at."""
        row, plan, record = node.plan.row, node.plan, record_of(node)

        def watched(g: Any, residuals: Any, parents: Any) -> Any:
            part = self._as_rule_of(node, rule, g, residuals, parents)
            inputs: Any = g, residuals
            if self.kind == "vjp":
                like = parents if slot is None else parents[slot]
                for parent in like if type(slot) is slice else (like,):
                    if parent is not None:
                        self.uses[_key(parent)].append((row, record.place))
                whole, part = part, self._fitted(part, like, node)
                if part is not whole and is_finite(whole):
                    inputs = whole  # it is the sum, or the cast, that may overflow
            if not is_finite(part):  # a lazy array is looked at when it has been made
                number = [other for _, other in plan.vjps].index(slot)
                values = dict(enumerate(record.known[1:]))
                case = Case(row, self.kind, record, node, values, part, inputs)
                case.cotangent = next(arrays(g), None)
                case.wanted = row.names[plan.positions[number]]
                case.giver = next((giver for giver, _ in reversed(self.uses[_key(node)])), None)
                _judge(self.mode, case)
            return part

        return watched

    def _fitted(self, part: Any, like: Any, node: Any) -> Any:
        """The cotangent, or those of a list, of the shape and dtype of what was given."""
        if isinstance(like, (list, tuple)):
            pairs = zip(part, like, strict=True)
            return [x if one is None else self._fitted(x, one, node) for x, one in pairs]
        is_lazy = not isinstance(part, ARRAYS)
        return part if is_lazy else self._as_rule_of(node, fitted, part, like, node)

    def sum(self, before: Any, part: Any, source: Any = None) -> Any:
        """The sum of two cotangents of what `source` made, or of two tangents of the last node."""
        if self.mode.handler is None:
            return before + part
        node = self.node if source is None else getattr(source, "node", source)
        uses = [] if source is None else [place for _, place in self.uses[_key(source)]]
        if self.recorded:
            place = next(filter(None, (record_of(node).place, *reversed(uses))), None)
            name, within = "a sum of cotangents", self.mode.within
            total = self._in_rule(name, place, within, operator.add, before, part)
        else:
            total = before + part
        parts = {"the part before": plain(before), "the part added": plain(part)}
        _judge_sum(self.mode, "tangents" if source is None else "sum", parts, total, node, uses)
        return total

    def _as_rule_of(self, node: Any, rule: Any, *args: Any) -> Any:
        """What the rule gives; all that it records on Tensors is named by the node's own place."""
        if not self.recorded:
            return rule(*args)
        record, name = record_of(node), f"the derivative of {node.plan.row.name}"
        return self._in_rule(name, record.place, record.within, rule, *args)

    def _in_rule(
        self, name: str, place: Any, within: Iterable[str], rule: Callable[..., Any], *args: Any
    ) -> Any:
        token = enter(self.mode._replace(within=(*within, name), rule=(place,)))
        try:
            return rule(*args)
        finally:
            leave(token)


def _key(source: Any) -> Any:
    """What a value is known by: an `Output` is made anew for a recorded sweep."""
    return source if hasattr(source, "number") else (source.node, source.index)


def _judge(mode: Mode, case: Case) -> None:
    """Tell the mode's handler, whose own operations are not looked at, if it was made here."""
    if not case.was_made_here():
        return
    assert mode.handler is not None
    error: NonFiniteError = error_of(case)
    token = enter(mode._replace(handler=None))
    try:
        mode.handler(error)
    finally:
        del error
        leave(token)


def _judge_sum(
    mode: Mode, kind: str, parts: dict[str, Any], total: Any, node: Any, uses: Sequence[Any] = ()
) -> None:
    """The same for what two parts add up to; `uses` are the places that the parts come from."""
    if not is_finite(total):
        row = None if is_variable(node) else node.plan.row
        _judge(mode, Case(row, kind, record_of(node), node, parts, total, uses=uses))


# In a block of `strong_zeros`


def strong_rule(row: Row, position: int, rule: Rule) -> Rule:
    """What is called in place of a rule for the operand at `position`: a cotangent of 0 stays 0.

    A rule that multiplies by a factor, or divides, has its other form from that; others that are
    elementwise stand in `_OTHERS`. What is not elementwise stays as it is.
    """
    if isinstance(rule, Factor):
        given, divides = rule.given, rule.divides

        def strong(g: Any, *needed: Any) -> Any:
            factor = given(*needed)
            return multiply_no_nan(g, 1 / factor if divides else factor)

        return strong
    return _OTHERS.get((row.function, position), rule)


def _like(y: Any, g: Any) -> Any:
    """A Python number as an array: as a number it cannot be divided by if it is 0."""
    return np.asarray(y, g.dtype) if isinstance(y, (int, float, complex)) else y


_OTHERS: dict[tuple[Any, int], Rule] = {
    (np.divide, 0): lambda g, y: multiply_no_nan(g, 1 / _like(y, g)),
    (np.divide, 1): lambda g, ans, y: multiply_no_nan(g, -ans / _like(y, g)),
}
