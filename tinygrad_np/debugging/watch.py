"""Debug mode at work: every result is looked at when it is made, and every rule's when it is swept.

`made`, `several` and `constant` see the results of operations, `composing` those of functions that
are text of others; a `Sweep` stands between a sweep and the rules it calls. What was seen is kept
in the `record` of a node: the user's place, the functions it was a part of, the values, and the
fingerprints of arrays that the caller could still write into.

A rule may pass through inf and nan on branches that it then masks out, and so may the text of a
composed function: there, only the outcome is looked at.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterable, Iterator
from typing import Any, NamedTuple

import numpy as np

from . import modes, places
from .cases import Case, first, is_elementwise
from .errors import NonFiniteError, NonFiniteWarning, error_of, is_variable, place_of
from .marks import check_marks, marks_of
from .modes import Block, Mode, current, enter, leave

_ARRAYS = (np.ndarray, np.generic)
_finite, _nonzero = np.isfinite, np.count_nonzero


def debug(
    on_nonfinite: str | Callable[[NonFiniteError], None] = "raise",
) -> Block:
    """A block in which the first operation that turns finite numbers into nan or inf raises.

    It may be an operation on Tensors, or one of the rules in a sweep (of any order): the
    `NonFiniteError` names the function, the line of the user's program that called it, its
    operands and, where that can be told, the reason and the remedy. With ``on_nonfinite="warn"``
    it is a `NonFiniteWarning`, and a function is called with the error and may go on.

    An array that a rule kept, and that the caller wrote into before the reverse sweep, raises
    `ChangedArrayError`, and errors of shapes name the lines that made the operands.

    The block is for this thread or task alone, and has to be around the sweep, too. A step takes
    1.2 to 2.6 times as long in it, and the operands stay in memory as long as their graph. NumPy's
    own warnings of division by zero, overflow and invalid values are off in it. What this gives may
    be used for several blocks, and decorates functions. Raises ``ValueError`` for another word.

    >>> from tinygrad_np import grad
    >>> with debug():
    ...     grad(lambda x: np.sqrt(x))(0.0)  # doctest: +ELLIPSIS
    Traceback (most recent call last):
    ...
    tinygrad_np...NonFiniteError: the derivative of np.sqrt by x turned finite numbers into inf, ...
    """
    known = {"raise": _raise, "warn": _warn}
    handler = on_nonfinite if callable(on_nonfinite) else known.get(str(on_nonfinite))
    if handler is None:
        raise ValueError(
            f"debug: on_nonfinite is 'raise', 'warn' or a function, not {on_nonfinite!r}"
        )
    return modes.debugging(handler)


def _raise(error: NonFiniteError) -> None:
    try:
        raise error
    finally:
        del error  # in a variable of its own frame it would be a cycle, and keep the graph alive


def _warn(error: NonFiniteError) -> None:
    warning = NonFiniteWarning(str(error))
    try:
        warnings.warn_explicit(warning, None, error.file or "?", error.line or 1)
    finally:
        del error, warning  # as above, where warnings are errors


# What is made


def made(node: Any, known: Any) -> None:
    """Keep the record of a new node, and look at its value: ``known`` is (value, *operands)."""
    mode = current()
    if mode.handler is None:
        return
    if mode.rule is not None:
        record = getattr(mode.rule, "record", None)
        node.record = record and record[0], mode.within, known, marks_of(node)
        return
    place = places.here(2, mode.again)
    node.record = place, mode.within, known, marks_of(node)
    ans = known[0]
    if _nonzero(_finite(ans)) == ans.size or _is_inside(mode, place):
        return
    names, operands = _operands(node.plan.row, known)
    inputs = list(_arrays(known[1:]))  # also what a frame is filled with
    _judge(mode, node.plan.row, "value", place, node, names, operands, ans, inputs)
    if mode.enters:
        _enter(mode, node, place, names, operands, ans)


def several(node: Any, known: Any) -> None:
    """The same for a node with several results."""
    mode = current()
    if mode.handler is None:
        return
    record = getattr(mode.rule, "record", None)
    place = places.here(2, mode.again) if mode.rule is None else record and record[0]
    node.record = place, mode.within, known, marks_of(node)
    if mode.rule is None and not _is_inside(mode, place):
        row, inputs = node.plan.row, list(_arrays(known[1:]))
        _judge(mode, row, "value", place, node, *_operands(row, known), known[0], inputs)


def leaf(node: Any) -> None:
    """Keep the place where a user made a variable."""
    mode = current()
    if mode.handler is not None:
        node.record = places.here(2, mode.again), (), (), ()


def constant(row: Any, args: tuple[Any, ...], result: Any) -> None:
    """Look at the result of an elementwise function that is locally constant."""
    if not isinstance(row.function, np.ufunc):
        return  # np.empty_like has any contents, np.full_like those that were asked for
    mode = current()
    place = places.here(2, mode.again)
    if mode.handler is None or mode.rule is not None or _is_inside(mode, place):
        return
    operands = tuple([_plain(x) for x in args])
    names = tuple([f"operand {i}" for i in range(len(operands))])
    _judge(mode, row, "value", place, None, names, operands, result)


def composing(row: Any) -> Callable[..., Any]:
    """A composed function's definition, of which the operations know that they are a part."""
    mode, definition = current(), row.definition
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
            given = [_plain(x) for x in values]
            known = [(i, x) for i, x in zip(row.needs, given, strict=True) if i < len(row.names)]
            names, operands = _named(row, known)  # without the function's own value
            node = getattr(result, "_source", None)
            inputs = list(_arrays(given))
            _judge(mode, row, "value", place, node, names, operands, result, inputs)
        return result

    return looked_at


def _is_inside(mode: Mode, place: Any) -> bool:
    """Whether this belongs to the text of a composed function, not to a user's function in it."""
    if place is None or mode.call is None:  # no frame is the user's: nothing tells them apart
        return bool(mode.within)
    return place[:2] == mode.call[:2]


# What is swept


Fit = Callable[[Any, Any, Any], Any]
"""Undoes broadcasting and promotion: (cotangent, operand's like, node) → cotangent"""


def sweeping(recorded: bool, fit: Fit | None = None) -> Sweep | None:
    """What stands between a sweep and the rules, or None if there is nothing to do."""
    mode = current()
    if mode.handler is None and not mode.strong:
        return None
    return Sweep(mode, recorded, fit)


class Sweep:
    """The rules as one sweep calls them, in the mode in which it began."""

    def __init__(self, mode: Mode, recorded: bool, fit: Fit | None) -> None:
        self.mode = mode
        self.recorded = recorded
        self.fit = fit
        self.node: Any = None  # of a forward sweep: the one in hand
        # Of a value: the row and the place of each call whose rule gave a part of its cotangent.
        # Not the node, which backward() frees.
        self.uses: dict[Any, Any] = {}

    def pulls(self, node: Any) -> list[tuple[Callable[..., Any], Any]]:
        """The pairs of `Plan.pulls` for the reverse sweep's step at `node`."""
        found = node.plan.strong[0] if self.mode.strong else node.plan.pulls
        if self.mode.handler is None:
            return found
        check_marks(node)
        return [(self._watched(node, rule, slot, "vjp"), slot) for rule, slot in found]

    def pushes(self, node: Any) -> list[tuple[Callable[..., Any], Any]]:
        """The pairs of `Plan.pushes` for the forward sweep's step at `node`."""
        found = node.plan.strong[1] if self.mode.strong else node.plan.pushes
        if self.mode.handler is None:
            return found
        check_marks(node)
        self.node = node
        return [(self._watched(node, rule, slot, "jvp"), slot) for rule, slot in found]

    def _watched(self, node: Any, rule: Any, slot: Any, kind: str) -> Callable[..., Any]:
        def watched(g: Any, held: Any, above: Any) -> Any:
            part = self._as_rule_of(node, rule, g, held, above)
            inputs: Any = g, held
            if kind == "vjp":
                like = above if slot is None else above[slot]
                is_list = type(slot) is slice
                for parent in like if is_list else (like,):
                    if parent is not None:
                        self._note(_key(parent), node)
                if is_list or part.shape != like.shape or part.dtype is not like.dtype:
                    whole, part = part, self._fitted(part, like, node)
                    if part is not whole and _is_finite(whole):
                        inputs = whole  # it is the sum, or the cast, that may overflow
            # What is only promised is looked at when it has been kept.
            for array in (part,) if isinstance(part, _ARRAYS) else _arrays(part):
                if _nonzero(_finite(array)) != array.size:
                    self._judge(node, slot, kind, g, inputs, part)
                    break
            return part

        return watched

    def _fitted(self, part: Any, like: Any, node: Any) -> Any:
        """The cotangent, or those of a list, of the shape and dtype of what was given."""
        if isinstance(like, (list, tuple)):
            pairs = zip(part, like, strict=True)
            return [x if one is None else self._fitted(x, one, node) for x, one in pairs]
        is_promise = not isinstance(part, _ARRAYS) and not hasattr(part, "_value")
        if is_promise or (part.shape == like.shape and part.dtype == like.dtype):
            return part
        return self._as_rule_of(node, self.fit, part, like, node)

    def _note(self, key: Any, node: Any) -> None:
        use = node.plan.row, place_of(node)
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

    def sum(self, before: Any, part: Any, source: Any) -> Any:
        """The sum of two cotangents of what `source` made."""
        uses = tuple([place for _, place in self._noted(source)])
        return self._sum("sum", before, part, getattr(source, "node", source), uses)

    def sum_of_tangents(self, before: Any, part: Any) -> Any:
        """The sum of the tangents that the rules by two operands of the node in hand gave."""
        return self._sum("tangents", before, part, self.node, ())

    def _sum(self, kind: str, before: Any, part: Any, node: Any, uses: tuple[Any, ...]) -> Any:
        if self.mode.handler is None:
            return before + part
        if self.recorded:
            places_of = [place for place in (place_of(node), *reversed(uses)) if place]
            known = node if place_of(node) or not places_of else _At((places_of[0],))
            within = (*self.mode.within, "a sum of cotangents")
            token = enter(self.mode._replace(within=within, rule=known))
            try:
                total = before + part
            finally:
                leave(token)
        else:
            total = before + part
        if not _is_finite(total):
            _judge_sum(self.mode, kind, before, part, total, node, uses)
        return total

    def _as_rule_of(self, node: Any, rule: Any, *args: Any) -> Any:
        """What the rule gives; all that it records on Tensors is named by the node's own place."""
        if not self.recorded:
            return rule(*args)
        mode = self.mode
        record = getattr(node, "record", None)
        within = (*(record[1] if record else ()), f"the derivative of {node.plan.row.name}")
        token = enter(mode._replace(within=within, rule=node))
        try:
            return rule(*args)
        finally:
            leave(token)

    def _judge(self, node: Any, slot: Any, kind: str, g: Any, inputs: Any, part: Any) -> None:
        row = node.plan.row
        record = getattr(node, "record", None)
        place, within, known = record[:3] if record else (None, (), (None,))
        names, operands = _operands(row, known)
        position = node.plan.positions[_number(node.plan, slot)]
        inputs = list(_arrays(inputs))
        mode = self.mode._replace(within=within)
        wanted = row.names[position]
        giver = (self._noted(node) or [(None, None)])[-1][0]
        _judge(
            mode, row, kind, place, node, names, operands, part, inputs, known[0], g, wanted, giver
        )


def _number(plan: Any, slot: Any) -> int:
    """Which of the plan's Tensor operands has this slot."""
    return next(i for i, (_, other) in enumerate(plan.pulls) if other == slot)


def _key(source: Any) -> Any:
    """What a value is known by: an `Output` is made anew for a recorded sweep."""
    return source if hasattr(source, "number") else (source.node, source.index)


def total(node: Any, before: Any, g: Any) -> Any:
    """What is in the ``.grad`` of a leaf, with a gradient added."""
    mode, found = current(), before + g
    if mode.handler is not None and not _is_finite(found):
        _judge_sum(mode, "grad", before, g, found, node, ())
    return found


def _judge_sum(
    mode: Mode, kind: str, before: Any, part: Any, total: Any, node: Any, uses: tuple[Any, ...]
) -> None:
    record = getattr(node, "record", None)
    row = _VARIABLE if is_variable(node) else node.plan.row
    names = ("the part before", "the part added")
    if kind == "grad":
        names = ("grad before", "added to it")
    operands = (_plain(before), _plain(part))
    within = record[1] if record else ()
    _judge(
        mode._replace(within=within), row, kind, record and record[0], node, names, operands,
        _plain(total), uses=uses,
    )  # fmt: skip


class _At(NamedTuple):
    """What takes the place of a node where the place of another one is to be named."""

    record: tuple[Any, ...]


class _Variable(NamedTuple):
    """What takes the place of a row where no operation made a value."""

    name: str = "a variable"
    function: Any = None
    broadcasts: bool = True


_VARIABLE = _Variable()


# Is it this one?


def _judge(
    mode: Mode,
    row: Any,
    kind: str,
    place: Any,
    node: Any,
    names: Any,
    operands: Any,
    result: Any,
    inputs: Any = None,
    answer: Any = None,
    cotangent: Any = None,
    wanted: str = "",
    giver: Any = None,
    uses: tuple[Any, ...] = (),
) -> None:
    """Tell the mode's handler, if a bad element of the result was made here."""
    inputs = list(_arrays(operands)) if inputs is None else inputs
    for array in _arrays(result):
        if array.dtype.kind not in "fc":
            continue
        bad = _new(array, inputs, is_elementwise(row, kind))
        if bad is not None:
            given = next(iter(_arrays(cotangent)), None)
            index = first(bad)
            count = array.size - int(_nonzero(_finite(array)))
            case = Case(
                row, kind, place, mode.within, node, names, operands, answer, given,
                array, index, count, wanted, giver, uses, tuple(inputs),
            )  # fmt: skip
            _told(mode, error_of(case))
            return


def _told(mode: Mode, error: NonFiniteError) -> None:
    """Give the error to the handler, whose own operations are not looked at."""
    assert mode.handler is not None
    token = enter(mode._replace(handler=None))
    try:
        mode.handler(error)
    finally:
        del error
        leave(token)


def _new(result: Any, inputs: list[Any], by_element: bool) -> Any:
    """A mask of the bad elements that did not come in, or None.

    Such are a nan or inf of finite numbers, and a nan of numbers that are none. Where the function
    is elementwise each element counts for itself, otherwise all of the inputs count together.
    """
    bad = ~np.isfinite(result)
    if not bad.any():
        return None
    finite, number = True, True
    for x in inputs:
        finite_x, number_x = np.isfinite(x), ~np.isnan(x)
        if not by_element or np.shape(x) != _fit(np.shape(x), result.shape):
            finite_x, number_x = finite_x.all(), number_x.all()
        finite, number = np.logical_and(finite, finite_x), np.logical_and(number, number_x)
    new = np.logical_or(bad & finite, np.isnan(result) & number)
    return new if new.any() else None


def _is_finite(x: Any) -> bool:
    return all(_nonzero(_finite(array)) == array.size for array in _arrays(x))


def _fit(shape: tuple[int, ...], whole: tuple[int, ...]) -> tuple[int, ...] | None:
    """`shape`, if an array of it broadcasts to `whole`."""
    pairs = zip(reversed(shape), reversed(whole), strict=False)
    is_fitting = len(shape) <= len(whole) and all(n in (1, m) for n, m in pairs)
    return shape if is_fitting else None


def _enter(mode: Mode, node: Any, place: Any, names: Any, operands: Any, ans: Any) -> None:
    """Report a nan or inf that came in with a constant."""
    tensors = {node.plan.row.names[position] for position in node.plan.positions}
    for name, operand in zip(names, operands, strict=True):
        if name not in tensors and not all(np.isfinite(x).all() for x in _arrays(operand)):
            array = np.asarray(ans)
            bad = ~np.isfinite(array)
            case = Case(
                node.plan.row, "constant", place, mode.within, node, names, operands, ans, None,
                array, first(bad), int(bad.sum()), name, None,
            )  # fmt: skip
            _told(mode, error_of(case))
            return


def _operands(row: Any, known: Any) -> tuple[tuple[str, ...], tuple[Any, ...]]:
    """The names and the values of the operands: what a rule can be about, and other arrays."""
    return _named(row, [(position, value) for position, value in enumerate(known[1:])])


def _named(row: Any, values: list[tuple[int, Any]]) -> tuple[tuple[str, ...], tuple[Any, ...]]:
    names: list[str] = []
    operands: list[Any] = []
    for position, value in values[: len(row.names)]:
        name = row.names[position]
        if isinstance(value, (list, tuple)) and any(isinstance(x, _ARRAYS) for x in value):
            arrays = [x for x in value if isinstance(x, _ARRAYS)]
            names += [f"{name}[{i}]" for i in range(len(arrays))]
            operands += arrays
        elif isinstance(value, _ARRAYS) or (position in row.operands and _is_number(value)):
            names.append(name)
            operands.append(value)
    return tuple(names), tuple(operands)


def _is_number(value: Any) -> bool:
    return isinstance(value, (int, float, complex)) and not isinstance(value, bool)


def _plain(x: Any) -> Any:
    """The value of a Tensor, also of those in a list; anything else as it is."""
    if isinstance(x, (list, tuple)):
        return [_plain(item) for item in x]
    return getattr(x, "_value", x)


def _arrays(x: Any) -> Iterator[Any]:
    """The arrays of numbers in `x`, a tree of lists and tuples; numbers count as arrays."""
    if isinstance(x, (list, tuple)):
        for item in x:
            yield from _arrays(item)
        return
    x = getattr(x, "_value", x)
    if isinstance(x, (float, complex)) or (isinstance(x, _ARRAYS) and x.dtype.kind in "biufc"):
        yield np.asarray(x)


def made_at(operands: Iterable[Any]) -> list[str]:
    """For each Tensor among operands the text of the place that made it, or ""."""
    found = []
    for operand in operands:
        source = getattr(operand, "_source", None)
        record = getattr(getattr(source, "node", source), "record", None)
        found.append(places.text(record[0]) if record and record[0] else "")
    return found
