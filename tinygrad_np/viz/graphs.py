"""The graph of a function, with every value, every cotangent, and the lines that made them.

`graph` runs a function and its gradient once, and keeps all that it sees. What it gives is a
`core.graph.Graph`, with more: ``save("graph.html")`` writes a page on which one looks at it. `svg`
draws any graph.

>>> found = graph(lambda x: np.sum(x * x), np.array([1.0, 2.0]))
>>> print(found)
#0 leaf x                   float64 (2,)
#1 np.multiply(#0, #0)      float64 (2,)
#2 np.sum(#1)               float64 ()
>>> found.cotangents[0]
array([2., 4.])
"""

from __future__ import annotations

import inspect
import itertools
import linecache
import os
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from importlib.util import find_spec
from typing import Any, NamedTuple

import numpy as np

from .. import nn
from ..answers import explained
from ..core import hooks, tree
from ..core.argnums import positions, within
from ..core.arrays import shaped_like
from ..core.graph import (
    Graph,
    LazyArray,
    Node,
    Source,
    ancestors,
    described,
    node_of,
    results_of,
)
from ..core.plan import Shaped
from ..core.sweep import forward, reverse
from ..core.tensor import Tensor, source_of, value_in
from ..io.files import replacing
from . import layers

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


class FunctionGraph(Graph):
    """What `graph` gives: a `Graph`, and for each node, at the place of its number, what was seen.

    - `values`: its value, a list of them for a call with several results; None where nobody knows.
    - `cotangents`: the same; None where the reverse sweep did not come.
    - `lines`: the `Line` of the user's program that made it, or None.
    - `calls`: the arguments of the call that are no Tensors, as text.
    - `group_of`: the number of its group among `groups`, or None.

    `first_value` is the number of the first node whose value has a nan or inf, `first_cotangent`
    that of the node whose rule made the first one in a cotangent; or None. `result` is the number
    of the function's result.
    """

    values: list[Any]
    cotangents: list[Any]
    lines: list[Line | None]
    calls: list[list[tuple[str, str]]]
    group_of: list[int | None]
    groups: list[Group]
    rows: list[Any]
    first_value: int | None
    first_cotangent: int | None
    result: int
    title: str

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write a page about the graph, which any browser shows, without a network.

        The file has at most 4 kB of data a node. It is written whole or not at all.

        Parameters
        ----------
        path : str or path-like
            Where the page is written: "graph.html".

        Raises
        ------
        OSError
            If the file cannot be written; what was there before is intact then.

        """
        from .graph_data import data_of
        from .page import page

        text = page("graph", f"{self.title}: its graph", data_of(self))
        with replacing(path) as file:
            file.write(text.encode())


@explained
def graph(
    function: Callable[..., Any],
    *args: Any,
    argnums: int | tuple[int, ...] | None = None,
    cotangent: Any = None,
) -> FunctionGraph:
    """Run a function and its gradient, and keep the graph with all that can be seen in it.

    Parameters
    ----------
    function : callable
        It returns one array: a loss, or any array if a cotangent is given.
    *args : trees of arrays
        Its arguments. The floating and complex arrays in them become Tensors, which have the name
        of the argument and their path in the tree; Tensors and everything else are passed on.
    argnums : int or tuple of int, optional
        The arguments whose arrays become Tensors; all by default.
    cotangent : array, optional
        That of the result, of its shape; 1 by default, for a single real number.

    Returns
    -------
    FunctionGraph
        `nodes`, `edges`, and for each node `values`, `cotangents`, `lines`, `group_of`; its
        ``save("graph.html")`` writes a page.

    Raises
    ------
    TypeError
        If `function` cannot be called, or gives something else than one array.
    ValueError
        If its result has several elements and no `cotangent` is given, or depends on no Tensor.

    Examples
    --------
    >>> import tinygrad_np as tg
    >>> def loss(w, x):
    ...     return np.mean(tg.relu(x @ w) ** 2)
    >>> found = tg.graph(loss, np.array([[1.0], [2.0]]), np.array([[3.0, 4.0]]))
    >>> print(found)
    #0 leaf w                   float64 (2, 1)
    #1 leaf x                   float64 (1, 2)
    #2 np.matmul(#1, #0)        float64 (1, 1)
    #3 relu(#2)                 float64 (1, 1)
    #4 np.square(#3)            float64 (1, 1)
    #5 np.mean(#4)              float64 ()
    >>> found.values[2], found.cotangents[2]
    (array([[11.]]), array([[22.]]))

    """
    if not callable(function):
        remedy = "use t.graph() of a Tensor, or " if isinstance(function, Tensor) else ""
        raise TypeError(
            f"graph: takes a function, not a {type(function).__name__}; {remedy}pass the "
            "function and then its arguments: tg.graph(f, x)"
        )
    chosen = tuple(range(len(args))) if argnums is None else positions(argnums, "graph")[1]
    within(chosen, len(args), "graph")
    inside, names, seen = list(args), {}, _Seen()
    words = _argument_names(function, args)
    for i in [argnum % len(args) for argnum in chosen]:
        leaves = [_variable(x) for x in tree.leaves(args[i])]
        inside[i] = tree.unflatten(args[i], leaves)
        for x, path in zip(leaves, tree.paths(args[i]), strict=True):
            if type(x) is Tensor and type(x._source) is Node:
                names[x._source] = words[i] + path
                seen.known[x._source] = (value_in(x),)
    around = hooks.observer()
    hooks.opened.add(seen)
    hooks.observe(seen)
    try:
        result = _run(function, inside)
        source, seed = _seed(result, cotangent)
        swept: Any = reverse([(source, seed)], carrier=seen)
    finally:
        hooks.observe(around)
        hooks.opened.discard(seen)
        seen.open.clear()
    seen.cotangents.update(swept)
    seen.cotangents.setdefault(source, seed)
    for leaf in names:  # those that the result does not depend on
        seen.cotangents.setdefault(leaf, np.zeros(leaf.shape, leaf.dtype))
    if type(source) is Node:
        seen.known.setdefault(source, (value_in(result),))
    order = ancestors([source, *names])
    title = getattr(function, "__name__", type(function).__name__)
    found = seen.gathered(order, names)
    found.result, found.title = order.index(node_of(source)), title
    return found


def _run(function: Callable[..., Any], args: Sequence[Any]) -> Any:
    """The call whose frame is the outermost that anybody looks at."""
    return function(*args)


def _variable(x: Any) -> Any:
    numeric = isinstance(x, (np.ndarray, np.generic, float, complex))
    return Tensor(x) if numeric and np.asarray(x).dtype.kind in "fc" else x


def _argument_names(function: Callable[..., Any], args: tuple[Any, ...]) -> list[str]:
    try:
        signature = inspect.signature(function)
        given = signature.bind(*args).arguments
    except (TypeError, ValueError):
        return [f"argument {i}" for i in range(len(args))]
    names = []
    for name, value in given.items():
        several = signature.parameters[name].kind is inspect.Parameter.VAR_POSITIONAL
        names += [f"{name}[{i}]" for i in range(len(value))] if several else [name]
    return names


def _seed(result: Any, cotangent: Any) -> tuple[Source, Any]:
    if type(result) is not Tensor:
        if isinstance(result, (np.ndarray, np.generic, int, float, complex)):
            raise ValueError(
                "graph: the result depends on no Tensor; compute it from the arguments, of which "
                "the floating arrays are Tensors"
            )
        raise TypeError(
            f"graph: the function must return one array, not a {type(result).__name__}; return "
            "the loss alone"
        )
    value = value_in(result)
    if cotangent is None and value.size != 1:
        raise ValueError(
            f"graph: the result has shape {value.shape}, not one element; pass a cotangent of "
            "that shape, or reduce the result, for instance with np.sum"
        )
    if cotangent is None and value.dtype.kind == "c":
        raise TypeError(
            "graph: the result is a complex number, whose real part, imaginary part and absolute "
            "value have a gradient each; take one of them, for instance with np.real, or pass a "
            "cotangent"
        )
    given = np.ones(value.shape) if cotangent is None else cotangent
    seed = shaped_like(given, value.shape, value.dtype, "graph: the cotangent")
    return source_of(result), seed


class _Seen(hooks.Observer):
    """What is seen of a function's calls, and of the reverse sweep that follows."""

    def __init__(self) -> None:
        self.known: dict[Node, Any] = {}
        self.group: dict[Node, int | None] = {}
        self.place: dict[Node, Any] = {}
        self.groups: list[tuple[str, int | None, Any, bool]] = []
        self.open: list[tuple[Any, int]] = []  # the frames of the last node, and their groups
        self.cotangents: dict[Any, Any] = {}
        self.first: Node | None = None  # whose rule made the first nan or inf

    def made(self, node: Any, known: Any) -> None:
        """A node of the function's: keep its value, its place and its group."""
        self.known[node] = known
        self.group[node], self.place[node] = self._called(sys._getframe(1) if places else None)

    def _called(self, frame: Any) -> tuple[int | None, Any]:
        """The group and the place of the call that is carried out."""
        frames = []
        while frame is not None and frame.f_code is not _run.__code__:
            frames.append(frame)
            frame = frame.f_back
        place = None
        path = []  # (frame, name, whose it is, where it was called)
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

        def composed_call(*given: Any, row: Any = row) -> Any:
            return definition(*given)

        return composed_call

    # Of the sweep

    def sweep(self, mode: str, recorded: bool, carrier: Any = None) -> Any:
        """Only the last sweep is looked at, which `graph` itself begins."""
        return carrier if carrier is self else None

    def rules(self, node: Any) -> list[Any]:
        """The rules of a node, which keep its cotangent."""

        def watched(rule: Callable[..., Any]) -> Callable[..., Any]:
            def rule_of(g: Any, residuals: Any, parents: Any) -> Any:
                self.cotangents.setdefault(node, g)
                part = rule(g, residuals, parents)
                if self.first is None and _is_finite(g) and not _is_finite(part):
                    self.first = node
                return part

            return rule_of

        return [(watched(rule), slot) for rule, slot in node.plan.vjps]

    def sum(self, before: Any, part: Any, source: Any = None) -> Any:
        """The sum of two cotangents."""
        return before + part

    def gathered(self, order: list[Node], names: Mapping[Node, str]) -> FunctionGraph:
        """What was seen of these nodes."""
        plain = described(order, names)
        graph = FunctionGraph(plain.nodes, plain.edges)
        values = {node: known[0] for node, known in self.known.items() if known}
        graph.calls = []
        for node in order:
            known = self.known.get(node, ())
            graph.calls.append(list(_constants(node, known)))
            for source, value in _operands(node, known):
                if type(source) is Node:  # else it was seen itself, or its node has several
                    values.setdefault(source, value)
        graph.values = [_plain(values.get(node)) for node in order]
        graph.cotangents = [_plain(self.cotangents.get(node)) for node in order]
        graph.rows = [None if n.function in ("leaf", "freed") else o.plan.row
                      for n, o in zip(graph.nodes, order, strict=True)]  # fmt: skip
        lines: dict[Any, Line | None] = {None: None}
        for place in [*self.place.values(), *[group[2] for group in self.groups]]:
            if place not in lines:
                lines[place] = _line(place)
        graph.lines = [lines[self.place.get(node)] for node in order]
        self._grouped(graph, order, lines)
        bad = [i for i, value in enumerate(graph.values) if not _is_finite(value)]
        graph.first_value = bad[0] if bad else None
        bad = [i for i, g in enumerate(graph.cotangents) if not _is_finite(g)]
        graph.first_cotangent = bad[-1] if bad else None
        if bad and self.first in order:
            graph.first_cotangent = order.index(self.first)
        return graph

    def _grouped(self, graph: FunctionGraph, order: list[Node], lines: Any) -> None:
        """Give the graph its groups: those of several nodes, but not of all."""
        paths: list[list[int]] = []
        for node in order:
            paths.append([])
            group = self.group.get(node) if node.plan is not None else None
            while group is not None:
                paths[-1].insert(0, group)
                group = self.groups[group][1]
        children: list[list[int]] = [[] for _ in order]
        for edge in graph.edges:
            children[edge.parent].append(edge.child)
        for i, node in enumerate(order):
            if node.plan is None and children[i]:  # a leaf is where all that use it are
                shared = set.intersection(*[set(paths[child]) for child in children[i]])
                paths[i] = sorted([group for group in shared if self.groups[group][3]])
        members: dict[int, int] = {}
        for node, path in zip(order, paths, strict=True):
            for group in path if node.plan is not None else []:
                members[group] = members.get(group, 0) + 1
        calls = sum([node.plan is not None for node in order])
        kept = sorted([group for group, count in members.items() if 1 < count < calls])
        number = {group: i for i, group in enumerate(kept)}
        parents = {group: self._above(self.groups[group][1], number) for group in kept}
        graph.groups = [
            Group(self.groups[g][0], parents[g], lines[self.groups[g][2]], self.groups[g][3])
            for g in kept
        ]
        graph.group_of = [self._above(path[-1] if path else None, number) for path in paths]

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


def _line(place: Any) -> Line:
    file, number = places.file_and_line(place)
    return Line(file, number, linecache.getline(file, number).rstrip(), places.segment(place))


def _operands(node: Node, known: Sequence[Any]) -> Iterator[tuple[Source, Any]]:
    """The sources of a call's Tensors, and their values."""
    if node.plan is None or len(known) < 2:
        return
    sources = iter(node.all_parents)
    for position in node.plan.positions:
        value = known[1 + position]
        for one in value if isinstance(value, list) else [value]:
            source = next(sources)
            if source is not None:
                yield source, one


def _constants(node: Node, known: Sequence[Any]) -> Iterator[tuple[str, str]]:
    """Names and texts of a call's arguments that are no Tensors."""
    if node.plan is None:
        return
    row = node.plan.row
    for i, (name, value) in enumerate(zip(row.names, known[1:], strict=False)):
        likes = value if isinstance(value, list) and value else [value]
        is_default = value is row.defaults[i] or value is inspect.Parameter.empty
        if i not in node.plan.positions and not is_default and not isinstance(likes[0], Shaped):
            is_array = isinstance(value, np.ndarray) and value.size > 4
            text = f"{value.dtype} {value.shape}" if is_array else repr(value)
            yield name, " ".join(text[:200].split())


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


def _is_finite(value: Any) -> bool:
    """Whether there is no nan or inf in it, as far as it is there."""
    if isinstance(value, (list, tuple)):
        return all([_is_finite(x) for x in value])
    return value is None or isinstance(value, LazyArray) or bool(np.all(np.isfinite(value)))


def svg(graph: Graph) -> str | None:
    """A picture of a graph: its nodes in layers. None for one of more than 200 nodes."""
    from html import escape

    if len(graph.nodes) > 200:
        return None
    ends = [(edge.parent, edge.child) for edge in graph.edges]
    spots, bends = layers.placed(len(graph.nodes), ends)
    width, height, down = 150, 38, 62

    def at(spot: tuple[float, int]) -> tuple[float, float]:
        return 8 + spot[0] * (width + 14), 8 + spot[1] * down

    marks = []
    for parent, child in sorted(set(ends)):
        passed = spots[child][1] - spots[parent][1] - 1
        path = [at(spots[parent]), *map(at, bends[parent][:passed]), at(spots[child])]
        text = f"M{path[0][0] + width / 2:g},{path[0][1] + height:g}"
        for (x0, y0), (x1, y1) in itertools.pairwise(path):
            middle = (y0 + height + y1) / 2
            text += f" C{x0 + width / 2:g},{middle:g} {x1 + width / 2:g},{middle:g}"
            text += f" {x1 + width / 2:g},{y1:g} V{y1 + (0 if y1 == path[-1][1] else height):g}"
        marks.append(f'<path d="{text}" fill="none" stroke="#6b6f76"/>')
    for node, spot in zip(graph.nodes, spots, strict=True):
        x, y = at(spot)
        words = [node.name or node.function, ", ".join(results_of(node))]
        fill = "#f5f6f8" if node.parents else "#e3f0f8"
        marks.append(
            f'<rect x="{x:g}" y="{y:g}" width="{width}" height="{height}" rx="5" fill="{fill}" '
            'stroke="#6b6f76"/>'
        )
        for line, word in enumerate(words):
            shown = escape(word if len(word) < 25 else word[:24] + "…")
            style = 'font-weight="600"' if not line else 'fill="#55585e"'
            marks.append(f'<text x="{x + 8:g}" y="{y + 16 + 15 * line:g}" {style}>{shown}</text>')
    right = max([at(spot)[0] for spot in [*spots, *itertools.chain(*bends)]]) + width + 8
    bottom = max([at(spot)[1] for spot in spots]) + height + 8
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {right:g} {bottom:g}" '
        f'width="{right:g}" height="{bottom:g}" font-family="sans-serif" font-size="11" '
        f'fill="#1b1b1f" style="background:#fff;max-width:100%">{"".join(marks)}</svg>'
    )
