"""The recorded graph: a `Node` stands for one recorded call; it knows no operation by name.

A node has the plan that the call was carried out by, the arrays that its rules need, and its
parents. `describe` shows the graph that led to a result; `sweep` goes through it.

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

import itertools
import operator
from collections.abc import Callable, Sequence
from typing import Any

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
    is done: from then on it is a constant.
    """

    __slots__ = ("grad", "number", "parents", "plan", "record", "residuals")

    grad: np.ndarray[Any, Any] | None
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


def describe(source: Source) -> str:
    """The graph that led to `source`, a line a node: number, function, parents, dtype, shape."""
    order: list[Node] = []
    stack = [node_of(source)]
    seen = set(stack)
    while stack:
        node = stack.pop()
        order.append(node)
        for parent in [node_of(source) for source in node.all_parents if source is not None]:
            if parent not in seen:
                seen.add(parent)
                stack.append(parent)
    order.sort(key=by_number)
    names = {node: f"#{i}" for i, node in enumerate(order)}
    lines = []
    for node in order:
        parents = [_reference(parent, names) for parent in node.all_parents if parent is not None]
        call = f"{names[node]} {_title(node)}" + (f"({', '.join(parents)})" if parents else "")
        likes = [like for like in node.outputs if like] if type(node) is MultiOutputNode else [node]
        lines.append(f"{call:<28}" + ", ".join([f"{like.dtype} {like.shape}" for like in likes]))
    return "\n".join(lines)


def _title(node: Node) -> str:
    if node.plan is None:
        return "leaf"
    if node.plan is FREED:
        return "freed"
    return "identity" if node.plan is _IDENTITY else node.plan.row.name


def _reference(source: Source, names: dict[Node, str]) -> str:
    if isinstance(source, Output):
        return f"{names[source.node]}[{source.index}]"
    return names[source]


def node_of(source: Any) -> Node:
    """The node that a source belongs to."""
    return source if type(source) is Node else source.node
