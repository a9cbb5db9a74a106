"""The recorded graph: a `Node` stands for one recorded call; it knows no operation by name.

A node has the plan that the call was carried out by, the arrays that its rules need, and its
parents. `sweep` goes through a graph; `described` makes a `Graph` of it, which is text and data for
those who look at it, and holds no node.

Nodes hold arrays and nodes, never Tensors, so a graph has no cycles: it is freed by reference
counting. Nodes are numbered as they are made, so "newest first" is an order in which every node
comes before its parents, and sorting by number replaces any search.

>>> from tinygrad_np import Tensor
>>> x = Tensor([1.0, 2.0])
>>> print(np.sum(x * x).graph())
#0 leaf                     float64 (2,)
#1 np.multiply(#0, #0)      float64 (2,)
#2 np.sum(#1)               float64 ()
"""

from __future__ import annotations

import functools
import itertools
import operator
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, ClassVar, NamedTuple

import numpy as np

from .plan import Plan, Shaped, plan_of
from .table import linear

new_number = itertools.count().__next__  # one call in C: no two threads get the same number
by_number = operator.attrgetter("number")


class Node(Shaped):
    """One recorded call with one result of this shape and dtype, or a leaf: a plain variable.

    Its residuals, which the rules need, and its parents, the sources of the operands, are in the
    form that its `Plan` says: the only one itself, or a tuple. A leaf has no plan and no parents.
    Its `grad` is set once it has one. The residuals of a transform's leaf are `FINISHED` when that
    is done: from then on it is a constant. It has a `name` only where it was given one.
    """

    __slots__ = ("grad", "name", "number", "parents", "plan", "record", "residuals")

    grad: np.ndarray[Any, Any] | None
    name: str
    record: Any  # what an observer keeps of the call: `hooks`

    plan: Plan | None
    residuals: Any
    parents: Any
    number: int

    @property
    def all_residuals(self) -> tuple[Any, ...]:
        """The values that the rules need, in the order of the plan."""
        residuals = self.residuals
        if self.plan is not None and self.plan.holds_one:
            return (residuals,)
        return () if residuals is None else residuals

    @property
    def all_parents(self) -> tuple[Any, ...]:
        """The sources of the operands, in the order of the plan."""
        return self.parents if type(self.parents) is tuple else (self.parents,)


class MultiOutputNode(Node):
    """One recorded call with several results; `outputs` has None for one without a derivative."""

    __slots__ = ("outputs",)

    outputs: Sequence[Shaped | None]


class Output(Shaped):
    """One of several results of a node."""

    __slots__ = ("index", "node")

    def __init__(
        self, node: MultiOutputNode, index: int, shape: tuple[int, ...], dtype: Any
    ) -> None:
        self.node = node
        self.index = index
        self.shape = shape
        self.dtype = dtype


class LazyArray:
    """An array that has not been made: its shape and dtype, and `materialize`, which makes it.

    A cotangent, which only rules of a row that `accepts_lazy` get as it is; or what a layer hands
    from one call to the next and to nobody else. Nothing in the core makes one.
    """

    __slots__ = ("dtype", "shape")

    dtype: Any
    shape: tuple[int, ...]

    def materialize(self) -> Any:
        """The array."""
        raise NotImplementedError

    def astype(self, dtype: Any) -> Any:
        """The array with another dtype: where NumPy promoted an operand, the sweep casts back."""
        return self.materialize().astype(dtype)

    def __array__(self, dtype: Any = None, copy: Any = None) -> Any:
        return self.materialize().astype(dtype or self.dtype, copy=False)


Source = Node | Output
"""What made a value: a node with one result, or one of the outputs of a node with several."""

Wrap = Callable[[Any, Source], Any]
"""Rebuilds a Tensor from a kept array and its source, for a sweep that is itself recorded."""

_IDENTITY = plan_of(linear(lambda x: x, lambda g: g), ((0, None),), 1)

FREED: Any = type("Freed", (), {"__repr__": lambda self: "FREED", "holds_one": False})()

FINISHED = ("finished",)
"""What the leaf of a transform holds after it."""


def leaf(shape: tuple[int, ...], dtype: Any) -> Node:
    """A node for a variable."""
    node = Node()
    node.number = new_number()
    node.plan = node.residuals = None
    node.parents = ()
    node.shape = shape
    node.dtype = dtype
    return node


def identity(source: Source) -> Node:
    """A fresh node with the same value as `source`: a transform differentiates by this one."""
    node = leaf(source.shape, source.dtype)
    node.plan, node.parents = _IDENTITY, source
    return node


def multi_node(
    plan: Plan, residuals: Any, parents: Any, outputs: Sequence[Shaped | None]
) -> MultiOutputNode:
    """A node for a call with several results."""
    node = MultiOutputNode()
    node.number = new_number()
    node.plan, node.residuals, node.parents = plan, residuals, parents
    node.shape, node.dtype = (), None
    node.outputs = outputs
    return node


class GraphNode(NamedTuple):
    """A node of a `Graph`: a recorded call, or a leaf."""

    number: int
    """its place among the nodes; parents come first"""
    function: str
    """np.multiply; or leaf, identity (an argument of a transform), freed"""
    name: str | None
    """that of a leaf, if it has one, as `printable` gives it"""
    parents: tuple[int, ...]
    """the numbers of the nodes that its operands come from"""
    shapes: tuple[tuple[int, ...] | None, ...]
    """the shape of each result; None for one of several that has no derivative"""
    dtypes: tuple[Any, ...]
    """the dtypes of the same"""

    @property
    def shape(self) -> tuple[int, ...] | None:
        """The shape of the result, of several the first one."""
        return self.shapes[0]

    @property
    def dtype(self) -> Any:
        """The dtype of the result, of several the first one."""
        return self.dtypes[0]


class GraphEdge(NamedTuple):
    """From a parent to the node that has a result of it as an operand."""

    parent: int
    child: int
    output: int | None
    """which of several results of the parent it is"""


class Graph:
    """What was recorded: `nodes` and `edges` as data; its str has a line a node.

    A prompt shows the text, a notebook a picture, where a layer above has given it `_repr_svg_`.

    >>> from tinygrad_np import Tensor
    >>> graph = np.exp(Tensor([1.0, 2.0], name="x")).graph()
    >>> graph.nodes[1].function, graph.nodes[1].parents, graph.nodes[1].shape
    ('np.exp', (0,), (2,))
    >>> graph
    #0 leaf x                   float64 (2,)
    #1 np.exp(#0)               float64 (2,)
    """

    _repr_svg_: ClassVar[Callable[[Any], str | None]]

    def __init__(self, nodes: Sequence[tuple[Any, ...]], edges: Sequence[tuple[Any, ...]]) -> None:
        self._nodes, self._edges = nodes, edges  # plain tuples: to make the others takes its time

    @functools.cached_property
    def nodes(self) -> tuple[GraphNode, ...]:
        """The nodes, parents first."""
        return tuple(map(GraphNode._make, self._nodes))

    @functools.cached_property
    def edges(self) -> tuple[GraphEdge, ...]:
        """The edges, in the order of the operands."""
        return tuple(map(GraphEdge._make, self._edges))

    def __str__(self) -> str:
        operands: list[list[str]] = [[] for _ in self._nodes]
        for parent, child, output in self._edges:
            operands[child].append(f"#{parent}" if output is None else f"#{parent}[{output}]")
        told: dict[Any, str] = {}  # there are few pairs of dtypes and shapes, in many nodes
        lines = []
        for number, function, name, _, shapes, dtypes in self._nodes:
            likes = shapes, dtypes
            if likes not in told:
                told[likes] = ", ".join(_results(shapes, dtypes))
            word = f"{function} {name}" if name else function
            given = f"({', '.join(operands[number])})" if operands[number] else ""
            lines.append(f"{f'#{number} {word}{given} ':<28}{told[likes]}")
        return "\n".join(lines)

    def __repr__(self) -> str:
        return str(self)

    def dot(self) -> str:
        r"""The graph in the language of Graphviz, whose ``dot`` draws it.

        >>> from tinygrad_np import Tensor
        >>> print((2 * Tensor(1.0)).graph().dot())
        digraph {
          node [shape=box]
          0 [label="leaf\nfloat64 ()"]
          1 [label="np.multiply\nfloat64 ()"]
          0 -> 1
        }
        """
        lines = ["digraph {", "  node [shape=box]"]
        for node in self.nodes:
            words = [node.name or node.function, *results_of(node)]
            label = "\\n".join([word.replace("\\", r"\\").replace('"', r"\"") for word in words])
            lines.append(f'  {node.number} [label="{label}"]')
        for parent, child, output in self.edges:
            label = "" if output is None else f' [label="[{output}]"]'
            lines.append(f"  {parent} -> {child}{label}")
        return "\n".join([*lines, "}"])


def results_of(node: GraphNode) -> list[str]:
    """The dtype and shape of each result with a derivative, as text."""
    return _results(node.shapes, node.dtypes)


def _results(shapes: Sequence[Any], dtypes: Sequence[Any]) -> list[str]:
    pairs = zip(dtypes, shapes, strict=True)
    return [f"{dtype} {shape}" for dtype, shape in pairs if shape is not None]


def ancestors(sources: Iterable[Source]) -> list[Node]:
    """The nodes that led to `sources`, oldest first."""
    seen = {node_of(source) for source in sources}
    stack = list(seen)
    while stack:
        for source in stack.pop().all_parents:
            if source is not None and node_of(source) not in seen:
                seen.add(node_of(source))
                stack.append(node_of(source))
    return sorted(seen, key=by_number)


def graph_of(source: Source) -> Graph:
    """The graph that led to `source`."""
    return described(ancestors([source]))


def described(order: Sequence[Node], names: Mapping[Node, str] = {}) -> Graph:
    """These nodes, parents first, as a `Graph`; `names` are those of leaves without their own."""
    numbers = {node: i for i, node in enumerate(order)}
    nodes: list[tuple[Any, ...]] = []
    edges: list[tuple[Any, ...]] = []
    for i, node in enumerate(order):
        parents = []
        for source in node.all_parents:
            if source is not None:
                output = source.index if isinstance(source, Output) else None
                parents.append(numbers[node_of(source)])
                edges.append((parents[-1], i, output))
        shapes: tuple[Any, ...] = (node.shape,)
        dtypes: tuple[Any, ...] = (node.dtype,)
        if type(node) is MultiOutputNode:
            shapes = tuple([getattr(like, "shape", None) for like in node.outputs])
            dtypes = tuple([getattr(like, "dtype", None) for like in node.outputs])
        name = getattr(node, "name", names.get(node)) if node.plan is None else None
        name = None if name is None else printable(name)
        nodes.append((i, printable(_title(node)), name, tuple(parents), shapes, dtypes))
    return Graph(nodes, edges)


def printable(text: str) -> str:
    r"""The text in one line, with escapes for what cannot be shown or written into a file.

    >>> print(printable("a\nb\x08 é"))
    a\nb\x08 é
    """
    if text.isprintable():
        return text
    return "".join([c if c.isprintable() else ascii(c)[1:-1] for c in text])


def _title(node: Node) -> str:
    if node.plan is None:
        return "leaf"
    if node.plan is FREED:
        return "freed"
    return "identity" if node.plan is _IDENTITY else node.plan.row.name


def node_of(source: Any) -> Node:
    """The node that a source belongs to."""
    return source if type(source) is Node else source.node
