"""The two sweeps through a graph: cotangents backwards, tangents forwards.

`reverse` carries cotangents from results to leaves, newest node first; `forward` tangents from
arguments to results, oldest first; `between` finds the part of a graph that a sweep has to visit.
The rules run on plain arrays, or on Tensors where the sweep is itself recorded.
"""

from __future__ import annotations

import functools
import operator
import os
import threading
from collections.abc import Callable, Iterable, Sequence
from heapq import heappop, heappush, heappushpop
from typing import Any

import numpy as np

from . import hooks
from .arrays import cast, expand, owned, sum_to
from .graph import (
    FINISHED,
    FREED,
    LazyArray,
    MultiOutputNode,
    Node,
    Output,
    Source,
    Wrap,
    by_number,
    node_of,
)
from .plan import Shaped
from .table import ANS, Row


class FreedGraphError(ValueError):
    """A sweep came to a part of the graph that an earlier ``backward()`` has freed."""


_FREED_ALREADY = (
    "backward: this graph was freed by an earlier backward(), which frees what it passes; compute "
    "the result again, or use vjp, which can be pulled many times"
)


@np.errstate(all="ignore")  # rules may pass through inf and nan on branches that they then mask
def reverse(
    seeds: Iterable[tuple[Source, Any]],
    arguments: Sequence[Node] | None = None,
    wrap: Wrap | None = None,
    free: bool = False,
    carrier: Any = None,
) -> dict[Node, Any] | None:
    """Carry cotangents from results back to `arguments`, oldest first (None: to every leaf).

    Gives {argument or leaf: its cotangent}. The rules run on plain arrays; where a result depends
    on anything but the arguments, that would lose a part of a higher derivative, so it gives None
    there, and has to be called again with `wrap`: then the rules run on Tensors. With `free`, each
    node gives up what it keeps as soon as it has been passed. A `carrier`, of the form of
    `hooks.Observer.sweep`, gives rules and sums for cotangents that are no plain arrays.

    Raises `FreedGraphError` where it comes to a node that has been freed.

    >>> from .tensor import Tensor, source_of
    >>> x = Tensor(3.0)
    >>> list(reverse([(source_of(x * x), np.array(1.0))]).values())
    [np.float64(6.0)]
    """
    everywhere = arguments is None
    oldest = arguments[0].number if arguments else -1
    # A node is a key once it has been reached; an argument is one from the start.
    cotangents: dict[Node, Any] = {} if arguments is None else dict.fromkeys(arguments)
    ours: set[Node] = set()  # the nodes whose cotangent is a sum made here, not shared with anyone
    pending: list[tuple[int, Node]] = []  # the nodes to pass, a heap with the newest first
    observed = carrier
    if hooks.opened:
        observed = hooks.observer().sweep("vjp", wrap is not None, carrier)
    add = None if observed is None else observed.sum
    for source, seed in seeds:
        if _reach(cotangents, pending, oldest, everywhere, source):
            _accumulate(cotangents, ours, source, seed, add)
        elif wrap is None and _is_variable(source, oldest):
            return None
    node: Any = heappop(pending)[1] if pending else None
    while node is not None:
        plan: Any = node.plan
        if plan is FREED:
            raise FreedGraphError(_FREED_ALREADY)
        g = cotangents.pop(node)
        if type(g) is not np.ndarray and isinstance(g, LazyArray) and not plan.row.accepts_lazy:
            g = _materialized(g)
        parents = node.parents
        residuals = node.residuals if wrap is None else _recorded(node, wrap)
        if plan.fills:
            g = _with_zeros(g, node.outputs)
        reached = None  # the first one that is reached from here and has to be passed
        for pull, slot in plan.vjps if observed is None else observed.rules(node):
            parent = parents if slot is None else parents[slot]
            if type(parent) is Node:
                if parent in cotangents:
                    before = cotangents[parent]
                else:
                    before = None  # as most are: reached for the first time, by one operation
                    if parent.plan is not None and parent.number >= oldest:
                        if reached is None:
                            reached = parent
                        else:
                            heappush(pending, (-parent.number, parent))
                    elif not everywhere:
                        if wrap is None and _is_variable(parent, oldest):
                            return None
                        continue
                part = pull(g, residuals, parents)
                if part.shape != parent.shape or part.dtype is not parent.dtype:
                    part = fitted(part, parent, node)
                if before is None:
                    cotangents[parent] = part
                else:
                    _accumulate(cotangents, ours, parent, part, add)
                continue
            is_list = type(slot) is slice  # the operands of a list
            parts = None
            for i, source in enumerate(parent if is_list else (parent,)):
                if source is None:
                    continue
                if not _reach(cotangents, pending, oldest, everywhere, source):
                    if wrap is None and _is_variable(source, oldest):
                        return None
                    continue
                if parts is None:
                    parts = pull(g, residuals, parents)
                part = fitted(parts[i] if is_list else parts, source, node)
                _accumulate(cotangents, ours, source, part, add)
        if free:
            node.plan, node.residuals, node.parents = FREED, None, ()
            if observed is not None:
                node.record = None
        # In a chain nothing ever waits.
        if not pending:
            node = reached
        elif reached is None:
            node = heappop(pending)[1]
        else:
            node = heappushpop(pending, (-reached.number, reached))[1]
    for node, g in cotangents.items():
        if type(g) is not np.ndarray and isinstance(g, LazyArray):
            cotangents[node] = hooks.memory.unshared(functools.partial(_materialized, g))
    return cotangents


_COLLECTING: Any = None  # held while a gradient is added; a finaliser may come in between


def _begin() -> None:
    """Make the lock, anew after a fork: the thread that held it is not there."""
    global _COLLECTING
    _COLLECTING = threading.RLock()


_begin()
if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_begin)


def collect(found: dict[Node, Any], taken: set[int]) -> None:
    """Add the cotangents of leaves to their `grad`, to which another thread may add as well.

    `taken` is that of `arrays.owned`.
    """
    for node, g in found.items():
        with _COLLECTING:
            before = getattr(node, "grad", None)
            if before is not None:
                g = hooks.observer().total(node, before, g) if hooks.opened else before + g
            node.grad = owned(g, taken)


def _reach(
    cotangents: dict[Node, Any],
    pending: list[tuple[int, Node]],
    oldest: int,
    everywhere: bool,
    source: Source,
) -> bool:
    """Take note that the sweep comes to `source`; False where that lies outside of it."""
    node = source if type(source) is Node else source.node  # type: ignore[union-attr]
    if node not in cotangents:
        if (node.plan is None or node.number < oldest) and not everywhere:
            return False
        cotangents[node] = None
        if node.plan is not None:
            heappush(pending, (-node.number, node))
    return True


def _is_variable(source: Source, oldest: int) -> bool:
    """Whether what a sweep does not come to is more than a constant.

    A leaf that is younger than the arguments was made by the function itself: that is a constant.
    """
    if type(source) is not Node:
        return True
    return source.residuals is not FINISHED and not (source.plan is None and source.number > oldest)


def between(results: Iterable[Source], arguments: Sequence[Node]) -> tuple[list[Node], bool]:
    """The nodes from `arguments` to `results`, oldest first, and whether these depend on no others.

    Raises `FreedGraphError` where it comes to a node that has been freed.
    """
    ends = frozenset(arguments)
    oldest = arguments[0].number if arguments else -1
    is_closed = True
    order = []
    seen = {node_of(source) for source in results}  # one of them may have several
    stack = list(seen)
    while stack:
        node = stack.pop()
        if node in ends:
            is_closed = is_closed and not node.all_parents
        elif node.plan is None or node.number < oldest:
            is_closed = is_closed and not _is_variable(node, oldest)
        elif node.plan is FREED:
            raise FreedGraphError(_FREED_ALREADY)
        else:
            order.append(node)
            for parent in node.all_parents:
                if parent is not None and node_of(parent) not in seen:
                    seen.add(node_of(parent))
                    stack.append(node_of(parent))
    order.sort(key=by_number)
    return order, is_closed


@np.errstate(all="ignore")  # rules may pass through inf and nan on branches that they then mask
def forward(
    order: Iterable[Node],
    tangents: dict[Node, Any],
    results: Iterable[Source],
    wrap: Wrap | None = None,
    rules_of: Callable[[Node], Any] | None = None,
    carrier: Any = None,
) -> list[Any]:
    """Carry the arguments' `tangents` through the nodes in `order` (oldest first) to `results`.

    Gives a tangent for each result, None where it is zero. With `wrap` the rules run on Tensors.
    Without, `rules_of` (of `hooks.Writer.repeated`) may give a node's rules in place of its plan;
    a `carrier` is as in `reverse`.
    """
    known: dict[Node, Any] = dict(tangents)
    observed = carrier
    if hooks.opened:
        observed = hooks.observer().sweep("jvp", wrap is not None, carrier)
    add = operator.add if observed is None else observed.sum

    def tangent(source: Source | None) -> Any:
        if isinstance(source, Output):
            several = known.get(source.node)
            return None if several is None else several[source.index]
        return None if source is None else known.get(source)

    for node in order:
        plan: Any = node.plan
        parents: Any = node.parents
        residuals: Any = node.residuals
        total: Any = None
        jvps: Any
        if observed is not None:
            jvps = observed.rules(node)
        else:
            jvps = plan.jvps if rules_of is None or wrap is not None else rules_of(node)
        is_wrapped = False
        for push, slot in jvps:
            source = parents if slot is None else parents[slot]
            if type(source) is Node:
                t: Any = known.get(source)
                if t is None:
                    continue
            elif type(slot) is slice:
                t = [tangent(parent) for parent in source]
                if not any(item is not None for item in t):
                    continue
            else:
                t = tangent(source)
                if t is None:
                    continue
            if wrap is not None and not is_wrapped:
                residuals, is_wrapped = _recorded(node, wrap), True
            part = push(t, residuals, parents)
            if type(node) is not MultiOutputNode:
                if part.shape != node.shape or part.dtype is not node.dtype:
                    part = fitted_tangent(part, node, node)
                total = part if total is None else add(total, part)
                continue
            part = [
                None if like is None else fitted_tangent(item, like, node)
                for item, like in zip(part, node.outputs, strict=True)
            ]
            total = (
                part
                if total is None
                else [None if a is None else add(a, b) for a, b in zip(total, part, strict=True)]
            )
        if total is not None:
            known[node] = total
    return [tangent(source) for source in results]


def _accumulate(
    cotangents: dict[Node, Any], ours: set[Node], source: Source, part: Any, add: Any
) -> None:
    """Add `part` to the cotangent of `source`; only a sum that was made here is written into.

    `add`, unless it is None, gives the sum of two cotangents of a source.
    """
    node = node_of(source)
    before = cotangents.get(node)
    if before is not None:  # a lazy one has to be there to be added
        part = _materialized(part) if isinstance(part, LazyArray) else part
        before = _materialized(before) if isinstance(before, LazyArray) else before
    if isinstance(source, Output):
        if before is None:
            before = cotangents[node] = [None] * len(source.node.outputs)
        old = before[source.index]
        before[source.index] = part if old is None else (add or _add)(old, part, source)
    elif before is None:
        cotangents[node] = part
    elif add is None and node in ours and type(before) is np.ndarray and type(part) is np.ndarray:
        np.add(before, part, out=before)
    else:
        cotangents[node] = (add or _add)(before, part, source)
        ours.add(node)


def _materialized(lazy: LazyArray) -> Any:
    array = lazy.materialize()
    if hooks.opened:
        hooks.observer().called(type(lazy).materialize, (lazy,), array)
    return array


def _add(before: Any, part: Any, source: Source) -> Any:
    return before + part


def _with_zeros(several: list[Any], likes: Sequence[Shaped | None]) -> list[Any]:
    """The cotangents of a call's several results: zeros for those that nothing depends on."""
    return [
        np.zeros(like.shape, like.dtype) if g is None and like is not None else g
        for g, like in zip(several, likes, strict=True)
    ]


def _recorded(node: Node, wrap: Wrap) -> Any:
    """The node's residuals, with Tensors in place of the values of its operands and result."""
    plan: Any = node.plan
    residuals: list[Any] = list(node.all_residuals)
    for index, slot in plan.values:
        if slot == ANS and type(node) is MultiOutputNode:
            residuals[index] = [
                value
                if like is None
                else wrap(np.asarray(value), Output(node, i, like.shape, like.dtype))
                for i, (value, like) in enumerate(zip(residuals[index], node.outputs, strict=True))
            ]
        elif slot == ANS:
            # a ufunc's 0-d result is no array
            residuals[index] = wrap(np.asarray(residuals[index]), node)
        elif isinstance(slot, slice):
            residuals[index] = [
                value if parent is None else wrap(value, parent)
                for value, parent in zip(residuals[index], node.all_parents[slot], strict=True)
            ]
        else:
            residuals[index] = wrap(residuals[index], node.all_parents[slot])
    if hooks.opened:
        residuals = hooks.observer().lifted(residuals)
    return residuals[0] if plan.holds_one else tuple(residuals)


def fitted(part: Any, parent: Shaped, node: Node) -> Any:
    """A cotangent with its operand's shape and dtype: the one place that undoes broadcasting.

    It also undoes what NumPy's promotion did, where operands differ in dtype. Anything else that
    does not fit is a wrong rule, and raises instead of being summed or cast away.
    """
    if part.shape == parent.shape and part.dtype == parent.dtype:
        return part
    row = node.plan.row  # type: ignore[union-attr]
    if part.shape != parent.shape and row.broadcasts and extends(part.shape, parent.shape):
        part = sum_to(part, parent.shape)
    outputs = node.outputs if type(node) is MultiOutputNode else [node]
    promoted = any(like is not None and like.dtype != parent.dtype for like in outputs)
    if part.dtype != parent.dtype and promoted:
        part = cast(part, parent.dtype)
    if part.shape != parent.shape or part.dtype != parent.dtype:
        raise _misfit("vjp", row, part, parent)
    return part


def fitted_tangent(part: Any, like: Shaped, node: Node) -> Any:
    """A part of a tangent with its result's shape and dtype: broadcast, and promoted."""
    row = node.plan.row  # type: ignore[union-attr]
    if part.shape != like.shape and row.broadcasts and extends(like.shape, part.shape):
        part = expand(part, like.shape)
    if part.dtype != like.dtype and any(
        parent is not None and parent.dtype != like.dtype for parent in node.all_parents
    ):
        part = cast(part, like.dtype)
    if part.shape != like.shape or part.dtype != like.dtype:
        raise _misfit("jvp", row, part, like)
    return part


def extends(shape: tuple[int, ...], base: tuple[int, ...]) -> bool:
    """Whether an array of shape `base` broadcasts to `shape`."""
    pairs = zip(reversed(shape), reversed(base), strict=False)
    return len(shape) >= len(base) and all(m in (n, 1) for n, m in pairs)


def _misfit(mode: str, row: Row, part: Any, expected: Shaped) -> ValueError:
    hint = ""
    if part.shape == expected.shape:
        hint = " (a NumPy number, such as np.sqrt(2), makes float64 of float32: use float of it)"
    return ValueError(
        f"the {mode} rule of {row.name} gave {part.dtype} {part.shape} where "
        f"{expected.dtype} {expected.shape} belongs; the rule is wrong{hint}"
    )
