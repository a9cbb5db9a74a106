"""Debug mode at work: every result is looked at when it is made, and every rule's when it is swept.

`WATCH` is the observer that the blocks of `blocks` install in the engine; a `Sweep` stands between
a sweep and the rules that it calls. What was seen of a call is kept in the ``record`` of its node:
the user's place, the functions it was a part of, the values, and the fingerprints of arrays that
the caller could still write into.

A rule may pass through inf and nan on branches that it then masks out, and so may the definition of
a composed function: there, only the outcome is looked at.
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Iterable
from typing import Any

import numpy as np

from ..graph import fitted
from ..hooks import Observer
from . import places
from .cases import Case, Record, record_of
from .judge import (
    ARRAYS,
    arrays,
    is_finite,
    judge,
    judge_constants,
    judge_sum,
    operands_of,
    plain,
)
from .marks import check_marks, marks_of
from .modes import Mode, current, enter, leave
from .repeated import Repeated

_new = tuple.__new__  # of a record for every node: a quarter of what Record(...) costs


class Watch(Observer):
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
        operands = operands_of(node.plan.row, list(enumerate(known[1:])))
        inputs = list(arrays(known[1:]))  # also what a frame is filled with
        case = Case(node.plan.row, "value", place, mode.within, node, operands, ans, inputs)
        judge(mode, case)
        if mode.enters and not isinstance(ans, list):
            judge_constants(mode, case)

    def constant(self, row: Any, args: tuple[Any, ...], result: Any) -> None:
        """Look at the result of an elementwise function that is locally constant."""
        if not isinstance(row.function, np.ufunc):
            return  # np.empty_like has any contents, np.full_like those that were asked for
        mode = current()
        place = places.here(2, mode.again)
        if mode.handler is None or mode.rule is not None or _is_inside(mode, place):
            return
        operands = {f"operand {i}": plain(x) for i, x in enumerate(args)}
        inputs = list(arrays(list(operands.values())))
        judge(mode, Case(row, "value", place, mode.within, None, operands, result, inputs))

    def composing(self, row: Any, definition: Callable[..., Any]) -> Callable[..., Any]:
        """A composed function's definition, of which the operations know that they are a part."""
        mode = current()
        if mode.handler is None or mode.rule is not None:
            return definition
        place = places.here(3, mode.again)
        is_inside = _is_inside(mode, place)

        def looked_at(*values: Any) -> Any:
            token = enter(mode._replace(call=place, within=(*mode.within, row.name)))
            try:
                result = definition(*values)
            finally:
                leave(token)
            if not is_inside:
                # Without the function's own result, which a definition may name as well.
                pairs = [
                    (position, plain(x))
                    for position, x in zip(row.needs, values, strict=True)
                    if position < len(row.names)
                ]
                operands = operands_of(row, pairs)
                node = getattr(result, "_source", None)
                inputs = list(arrays([x for _, x in pairs]))
                judge(mode, Case(row, "value", place, mode.within, node, operands, result, inputs))
            return result

        return looked_at

    def sweep(self, mode: str, recorded: bool) -> Sweep | None:
        """What stands between a sweep and the rules, or None if there is nothing to do."""
        switched = current()
        if switched.handler is None and not switched.strong:
            return None
        return Sweep(switched, mode, recorded)

    def total(self, leaf: Any, before: Any, part: Any) -> Any:
        """What is in the ``.grad`` of a leaf, with a gradient added."""
        mode, found = current(), before + part
        if mode.handler is not None:
            judge_sum(mode, "grad", {"grad before": before, "added to it": part}, found, leaf)
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
        self.uses: dict[Any, Any] = {}

    def rules(self, node: Any) -> list[tuple[Callable[..., Any], Any]]:
        """The pairs of `Plan.vjps`, or of `Plan.jvps`, for the sweep's step at `node`."""
        plan = node.plan
        vjps, jvps = plan.strong if self.mode.strong else (plan.vjps, plan.jvps)
        found: list[tuple[Callable[..., Any], Any]] = vjps if self.kind == "vjp" else jvps
        if self.mode.handler is None:
            return found
        check_marks(node)
        self.node = node
        return [(self._watched(node, rule, slot), slot) for rule, slot in found]

    def _watched(self, node: Any, rule: Any, slot: Any) -> Callable[..., Any]:
        def watched(g: Any, residuals: Any, parents: Any) -> Any:
            part = self._as_rule_of(node, rule, g, residuals, parents)
            inputs: Any = g, residuals
            if self.kind == "vjp":
                like = parents if slot is None else parents[slot]
                is_list = type(slot) is slice
                for parent in like if is_list else (like,):
                    if parent is not None:
                        self._note(_key(parent), node)
                if is_list or part.shape != like.shape or part.dtype is not like.dtype:
                    whole, part = part, self._fitted(part, like, node)
                    if part is not whole and is_finite(whole):
                        inputs = whole  # it is the sum, or the cast, that may overflow
            # A lazy array is looked at when it has been made.
            if not is_finite(part):
                judge(self.mode, self._case(node, slot, g, inputs, part))
            return part

        return watched

    def _case(self, node: Any, slot: Any, g: Any, inputs: Any, part: Any) -> Case:
        row, plan = node.plan.row, node.plan
        record = record_of(node)
        number = next(i for i, (_, other) in enumerate(plan.vjps) if other == slot)
        noted = self._noted(node)
        return Case(
            row, self.kind, record.place, record.within, node,
            operands=operands_of(row, list(enumerate(record.known[1:]))),
            result=part,
            inputs=list(arrays(inputs)),
            cotangent=next(arrays(g), None),
            wanted=row.names[plan.positions[number]],
            giver=noted[-1][0] if noted else None,
        )  # fmt: skip

    def _fitted(self, part: Any, like: Any, node: Any) -> Any:
        """The cotangent, or those of a list, of the shape and dtype of what was given."""
        if isinstance(like, (list, tuple)):
            pairs = zip(part, like, strict=True)
            return [x if one is None else self._fitted(x, one, node) for x, one in pairs]
        is_lazy = not isinstance(part, ARRAYS) and not hasattr(part, "_value")
        if is_lazy or (part.shape == like.shape and part.dtype == like.dtype):
            return part
        return self._as_rule_of(node, fitted, part, like, node)

    def _note(self, key: Any, node: Any) -> None:
        use = node.plan.row, record_of(node).place
        before = self.uses.get(key)
        if before is None:
            self.uses[key] = use  # most values are used once: no list for them
        elif type(before) is list:
            before.append(use)
        else:
            self.uses[key] = [before, use]

    def _noted(self, source: Any) -> list[Any]:
        found = self.uses.get(_key(source), [])
        return found if type(found) is list else [found]

    def sum(self, before: Any, part: Any, source: Any = None) -> Any:
        """The sum of two cotangents of what `source` made, or of two tangents of the last node."""
        if self.mode.handler is None:
            return before + part
        node = self.node if source is None else getattr(source, "node", source)
        uses = () if source is None else tuple([place for _, place in self._noted(source)])
        if self.recorded:
            place = next(filter(None, (record_of(node).place, *reversed(uses))), None)
            name, within = "a sum of cotangents", self.mode.within
            total = self._in_rule(name, place, within, operator.add, before, part)
        else:
            total = before + part
        parts = {"the part before": plain(before), "the part added": plain(part)}
        judge_sum(self.mode, "tangents" if source is None else "sum", parts, total, node, uses)
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
