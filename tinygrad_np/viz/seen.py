"""What is seen of a function's calls and of its reverse sweep: values, cotangents, lines, groups.

`Seen` is the observer of a function that `run` calls. The frames of a call say which line of the
user's made it, and which calls it is a part of: each is a group, of a function of the user's or of
the library's. Calls follow one another, so a group is a run of nodes: no edge leaves it and comes
back.
"""

from __future__ import annotations

import inspect
import linecache
import sys
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from importlib.util import find_spec
from typing import Any, NamedTuple

import numpy as np

from .. import nn
from ..core import hooks
from ..core.graph import GraphEdge, LazyArray, Node, Source, node_of
from ..core.plan import Shaped
from ..core.sweep import fitted, forward, reverse
from ..rules.remat import Repeating

PACKAGE = __name__.partition(".")[0]
places: Any = None  # without debug/ there are no lines, and no groups
if find_spec(f"{PACKAGE}.debug"):
    from ..debug import places


class Line(NamedTuple):
    """A line of the user's program."""

    file: str
    number: int
    text: str
    """the whole line"""
    part: str
    """what of it was carried out"""


class Group(NamedTuple):
    """The nodes that one call made: of a function of the user's, or of the library's."""

    name: str
    parent: int | None
    """the group that it is a part of"""
    line: Line | None
    """where it was called"""
    of_user: bool
    """whether it is a function of the user's"""


def run(function: Callable[..., Any], args: Sequence[Any]) -> Any:
    """The call whose frame is the outermost that anybody looks at."""
    return function(*args)


class _Nobody(hooks.Observer, Repeating):
    pass


_NOBODY = _Nobody()


class Seen(hooks.Observer, Repeating):
    """What is seen of a function's calls, and of the reverse sweep that follows.

    In a block of `debug` or `strong_zeros` the observer `around` sees the same, and does its own.
    """

    def __init__(self, around: hooks.Observer = hooks.NOBODY) -> None:
        self.around: Any = around if isinstance(around, Repeating) else _NOBODY
        self.swept: Any = None  # what it has between the last sweep and the rules
        self.known: dict[Node, Any] = {}
        self.group: dict[Node, int | None] = {}
        self.place: dict[Node, Any] = {}
        self.groups: list[tuple[str, int | None, Any, bool]] = []
        self.open: list[tuple[Any, int]] = []  # the frames of the last node, and their groups
        self.cotangents: dict[Any, Any] = {}
        self.first: tuple[Node, str] | None = None  # of the first nan or inf, and what made it

    def made(self, node: Any, known: Any) -> None:
        """A node of the function's: keep its value, its place and its group."""
        self.around.made(node, known)
        self.known[node] = known
        has_frames = places and hasattr(sys, "_getframe")  # an interpreter need not have any
        self.group[node], self.place[node] = self._called(sys._getframe(1) if has_frames else None)

    def _called(self, frame: Any) -> tuple[int | None, Any]:
        """The group and the place of the call that is carried out."""
        frames = []
        while frame is not None and frame.f_code is not run.__code__:
            frames.append(frame)
            frame = frame.f_back
        place: Any = None
        path: list[Any] = []  # (frame, name, whose it is, where it was called)
        for one in reversed(frames):
            of_user = places.is_users_file(one.f_code.co_filename)
            name = _name_of(one, of_user)
            if name is not None and not (path and path[-1][1] == name and not of_user):
                path.append((one, name, of_user, place))
            if of_user:
                place = (one.f_code, one.f_lasti, None)
        same = 0
        while same < min(len(path), len(self.open)) and path[same][0] is self.open[same][0]:
            same += 1
        del self.open[same:]
        for one, name, of_user, called in path[same:]:
            parent = self.open[-1][1] if self.open else None
            self.open.append((one, len(self.groups)))
            self.groups.append((name, parent, called, of_user))
        return self.open[-1][1] if self.open else None, place

    def composing(self, row: Any, definition: Callable[..., Any]) -> Callable[..., Any]:
        """A composed function's definition: what it calls is a group."""
        definition = self.around.composing(row, definition)

        def composed_call(*given: Any, row: Any = row) -> Any:
            return definition(*given)

        return composed_call

    def constant(self, row: Any, args: Any, kwargs: Any, result: Any) -> Any:
        """What a locally constant function gives."""
        return self.around.constant(row, args, kwargs, result)

    def repeating(self, name: str) -> Any:
        """What compares the calls of a function that is called again."""
        return self.around.repeating(name)

    def again(self, compute: Callable[[], Any], first: Any) -> Any:
        """A rule calls the function again."""
        return self.around.again(compute, first)

    def total(self, leaf: Any, before: Any, part: Any) -> Any:
        """What is in the ``.grad`` of a leaf, with a gradient added."""
        return self.around.total(leaf, before, part)

    # Of the sweep

    def sweep(self, mode: str, recorded: bool, carrier: Any = None) -> Any:
        """Only the last sweep is looked at, which `graph` itself begins."""
        if carrier is not self:
            return self.around.sweep(mode, recorded, carrier)
        self.swept = self.around.sweep(mode, recorded)
        return self

    def began(self, source: Source, seed: Any) -> None:
        """The sweep begins with this cotangent."""
        self._looked_at(seed, node_of(source), "seed")

    def rules(self, node: Any) -> list[Any]:
        """The rules of a node, which keep its cotangent."""

        def watched(rule: Callable[..., Any], slot: Any) -> Callable[..., Any]:
            def rule_of(g: Any, residuals: Any, parents: Any) -> Any:
                self.cotangents.setdefault(node, g)
                part = rule(g, residuals, parents)
                part = _fitted(part, parents if slot is None else parents[slot], node)
                self._looked_at(part, node, "rule")
                return part

            return rule_of

        pairs = node.plan.vjps if self.swept is None else self.swept.rules(node)
        return [(watched(rule, slot), slot) for rule, slot in pairs]

    def _looked_at(self, found: Any, node: Node, cause: str) -> None:
        """Keep what made the first nan or inf: a "rule", a "sum" of cotangents, or the "seed"."""
        if self.first is None and not is_finite(found):
            self.first = node, cause

    def sum(self, before: Any, part: Any, source: Any = None) -> Any:
        """The sum of two cotangents of what `source` made."""
        total = before + part if self.swept is None else self.swept.sum(before, part, source)
        self._looked_at(total, node_of(source), "sum")
        return total

    # What was seen

    def values(self, order: list[Node]) -> list[Any]:
        """The value of each node, also of those that were made before, where a call used them."""
        values = {node: known[0] for node, known in self.known.items() if known}
        for node in order:
            for _, source, value in _operands(node, self.known.get(node, ())):
                if type(source) is Node:  # else it was seen itself, or its node has several
                    values.setdefault(source, value)
        return [_plain(values.get(node)) for node in order]

    def cotangents_of(self, order: list[Node]) -> list[Any]:
        """The cotangent of each node."""
        return [_plain(self.cotangents.get(node)) for node in order]

    def operands(self, node: Node) -> list[str]:
        """The names of the parameters that a call's Tensors were given for."""
        return [name for name, _, _ in _operands(node, self.known.get(node, ()))]

    def constants(self, node: Node) -> list[tuple[str, str]]:
        """Names and texts of a call's arguments that are no Tensors."""
        found: list[tuple[str, str]] = []
        plan: Any = node.plan
        known = self.known.get(node, ())
        if plan is None or len(known) < 2:
            return found
        for i, (name, value) in enumerate(zip(plan.row.names, known[1:], strict=False)):
            like = value[0] if isinstance(value, list) and value else value
            is_given = value is not plan.row.defaults[i] and value is not inspect.Parameter.empty
            if i not in plan.positions and is_given and not isinstance(like, Shaped):
                found.append((name, " ".join(_told(value)[:200].split())))
        return found

    def line(self, node: Node) -> Line | None:
        """The user's line that made a node."""
        return _line(self.place.get(node))

    def grouped(
        self, order: list[Node], edges: Sequence[GraphEdge]
    ) -> tuple[list[Group], list[int | None]]:
        """The groups, each of several of these nodes but not of all, and the number of each's."""
        paths: list[list[int]] = []
        for node in order:
            paths.append([])
            group = self.group.get(node) if node.plan is not None else None
            while group is not None:
                paths[-1].insert(0, group)
                group = self.groups[group][1]
        users: list[list[set[int]]] = [[] for _ in order]
        for edge in edges:
            users[edge.parent].append(set(paths[edge.child]))
        members: Counter[int] = Counter()
        for node, path in zip(order, paths, strict=True):
            members.update(path if node.plan is not None else [])
        for i, node in enumerate(order):
            if node.plan is None and users[i]:  # a leaf is where all that use it are
                shared = sorted(set.intersection(*users[i]))
                paths[i] = [group for group in shared if self.groups[group][3]]
        calls = sum([node.plan is not None for node in order])
        kept = sorted([group for group, count in members.items() if 1 < count < calls])
        number = {group: i for i, group in enumerate(kept)}
        groups = []
        for group in kept:
            name, parent, place, of_user = self.groups[group]
            groups.append(Group(name, self._above(parent, number), _line(place), of_user))
        return groups, [self._above(path[-1] if path else None, number) for path in paths]

    def _above(self, group: int | None, number: Mapping[int, int]) -> int | None:
        """The number of the innermost group that was kept, from this one outwards."""
        while group is not None and group not in number:
            group = self.groups[group][1]
        return None if group is None else number[group]


_SWEEPS = {inspect.unwrap(reverse).__code__: "reverse sweep",
           inspect.unwrap(forward).__code__: "forward sweep"}  # fmt: skip


def _name_of(frame: Any, of_user: bool) -> str | None:
    """What the group of a frame is called; None if it has none."""
    code = frame.f_code
    if of_user:
        name = code.co_qualname.rpartition("<locals>.")[2]
        return {"<lambda>": "lambda"}.get(name, None if name.startswith("<") else name)
    if not frame.f_globals.get("__name__", "").startswith(PACKAGE):
        return None
    if code.co_name == "composed_call":
        return str(frame.f_locals["row"].name)
    if code in _SWEEPS:
        return _SWEEPS[code]
    name = code.co_qualname
    is_public = name in sys.modules[PACKAGE].__all__
    return f"tg.{name}" if is_public else f"tg.nn.{name}" if name in nn.__all__ else None


def _told(value: Any) -> str:
    """The text of an argument; its type where that is all that it tells of itself."""
    if isinstance(value, np.ndarray) and value.size > 4:
        return f"{value.dtype} {value.shape}"
    try:
        return repr(value)
    except Exception:  # whatever a class of the user's raises; ValueError of a number too long
        return f"<{type(value).__name__}>"


def _line(place: Any) -> Line | None:
    if place is None:
        return None
    file, number = places.file_and_line(place)
    return Line(file, number, linecache.getline(file, number).rstrip(), places.segment(place))


def _operands(node: Node, known: Sequence[Any]) -> Iterator[tuple[str, Source, Any]]:
    """The parameters' names, sources and values of a call's Tensors."""
    if node.plan is None or len(known) < 2:
        return
    sources = iter(node.all_parents)
    for position in node.plan.positions:
        value = known[1 + position]
        for one in value if isinstance(value, list) else [value]:
            source = next(sources)
            if source is not None:
                yield node.plan.row.names[position], source, one


def _fitted(part: Any, like: Any, node: Node) -> Any:
    """A cotangent, or a list of them, as the sweep fits it to its operand: that may overflow."""
    if isinstance(like, (list, tuple)):
        pairs = zip(part, like, strict=True)
        return [x if one is None else fitted(x, one, node) for x, one in pairs]
    return part if like is None else fitted(part, like, node)


def _plain(value: Any) -> Any:
    """A value that was seen as an array that nobody can write into, or a list of such."""
    if isinstance(value, list):
        return [_plain(x) for x in value]
    if value is None:
        return None
    made = value.materialize() if isinstance(value, LazyArray) else value
    array = np.asarray(made).view()
    array.flags.writeable = False
    return array


def is_finite(value: Any) -> bool:
    """Whether there is no nan or inf in it; what is not made yet is made for that."""
    if isinstance(value, (list, tuple)):
        return all([is_finite(x) for x in value])
    made = value.materialize() if isinstance(value, LazyArray) else value
    return made is None or bool(np.all(np.isfinite(made)))
