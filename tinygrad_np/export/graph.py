"""An ONNX graph as it grows: nodes, initialisers, their names, and how images lie.

ONNX has images as (n, channels, *spatial). What a convolution gives lies so, with a Transpose
behind it; elementwise functions, pooling and convolutions go on from what lies before that
Transpose, and `finished` leaves out what nothing needs.

>>> graph = Graph()
>>> x = Value(0, (Batch(1), 3), np.dtype(np.float32))
>>> name = graph.input(x, "x")
>>> graph.finished({"y": graph.node("Relu", graph.name(x))})
([Node(op='Relu', inputs=('x',), outputs=('y',), attributes={}, where='')], {})
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from typing import Any, NamedTuple

import numpy as np

from .tracing import Batch, NoForm, RefusedError, Step, Value, values_of

TYPES = {
    np.dtype(name): number
    for name, number in (
        ("float32", 1), ("uint8", 2), ("int8", 3), ("uint16", 4), ("int16", 5), ("int32", 6),
        ("int64", 7), ("bool", 9), ("float16", 10), ("float64", 11), ("uint32", 12), ("uint64", 13),
    )
}  # fmt: skip
"""The numbers that ONNX has for dtypes."""


def type_of(dtype: Any) -> int:
    """The number of a dtype."""
    if dtype not in TYPES:
        raise NoForm(f"in {dtype}", "ONNX lacks this dtype; convert the arrays before")
    return TYPES[dtype]


class Node(NamedTuple):
    """One node."""

    op: str
    inputs: tuple[str, ...]
    outputs: tuple[str, ...]
    attributes: dict[str, Any]
    where: str
    """the user's file and line"""


class Graph:
    """Nodes and initialisers, known by names that `finished` replaces."""

    def __init__(self, steps: Iterable[Step] = ()) -> None:
        self._makers: dict[int | None, Step] = {}
        for step in steps:
            for x in step.results:
                self._makers.setdefault(x.number, step)
        self.nodes: list[Node] = []
        self.where = ""
        """the user's line of the nodes that come next"""
        self.result: Any = None
        """what the call that is written gives, the first of several"""
        self._arrays: dict[str, Any] = {}
        self._origins: dict[str, str] = {}
        """of an initialiser: the parameter that it is made of"""
        self._made: dict[Any, Any] = {}
        """of what was asked for before: its names"""
        self._names: set[str] = set()
        self._slots: dict[int | None, str] = {}
        self._refused: dict[int | None, str] = {}
        self._first: dict[str, tuple[str, int]] = {}
        """of images (n, *spatial, c): the same with channels first, and how many axes they have"""
        self._batch = ""

    # Names

    def named(self, wanted: str) -> str:
        """A name: this one, or one with a number where it is taken."""
        name, count = wanted, 1
        while name in self._names:
            count += 1
            name = f"{wanted}_{count}"
        self._names.add(name)
        return name

    def input(self, value: Value, name: str) -> str:
        """An input of the model, the first of which says how large the batch is."""
        name = self.named(name)
        self.give(value, name)
        self._batch = self._batch or name
        return name

    def give(self, value: Value, name: str) -> None:
        """A name for what a slot holds."""
        self._slots.setdefault(value.number, name)

    def refuse(self, value: Value, why: str) -> None:
        """What a slot holds cannot be computed: told where it is needed."""
        self._refused.setdefault(value.number, why)

    def check(self, args: Any) -> None:
        """Raise if one of the arguments is refused, which is then the first in the program."""
        for x in values_of(args):
            if x.number in self._refused:
                raise RefusedError(self._refused[x.number])

    def has(self, value: Value) -> bool:
        """Whether a slot has a name."""
        return value.number is not None and value.number in self._slots

    def name(self, x: Any, dtype: Any = None) -> str:
        """The name of an operand, an array of the trace or a number, cast to `dtype`."""
        if isinstance(x, Value):
            if self.has(x):
                found = self._slots[x.number]
                return found if dtype is None else self.cast(found, x, dtype)
            self.check(x)
            if x.known is None:
                raise NoForm("of what nothing gave")
            known = x.known if dtype is None else x.known.astype(dtype)
            return self._filled(self.constant(known, x.origin), x, known.dtype)
        if isinstance(x, Batch):
            found = self.batch(x.times, ())
            return self.cast(found, Value(None, (), np.dtype(np.int64)), dtype or np.int64)
        if isinstance(x, (bool, int, float)):
            try:
                return self.constant(np.asarray(x, dtype))
            except OverflowError:
                raise NoForm(f"of {x}, which {dtype} does not hold,") from None
        raise NoForm(f"of a {type(x).__name__}")

    def fixed(self, x: Any) -> Any:
        """The array that an operand is for every batch; None where there is no such one."""
        if isinstance(x, Value):
            return x.known if x.is_fixed else None
        return np.asarray(x) if isinstance(x, (bool, int, float, list)) else None

    def maker(self, x: Any, *names: str) -> Step | None:
        """The call of one of these names that gave `x`, for forms that look back."""
        step = self._makers.get(x.number) if isinstance(x, Value) else None
        return step if step is not None and step.name in names and not step.refused else None

    # Nodes

    def node(self, op: str, *inputs: str, **attributes: Any) -> str:
        """The name of what a node of one output gives."""
        return self.nodes_of(op, inputs, 1, **attributes)[0]

    def nodes_of(self, op: str, inputs: Any, count: int, **attributes: Any) -> tuple[str, ...]:
        """The names of what a node gives: those of an earlier one, where it is the same."""
        key = op, tuple(inputs), count, repr(sorted(attributes.items()))
        if key not in self._made:
            names = tuple([f"{len(self.nodes)}:{i}" for i in range(count)])
            self.nodes.append(Node(op, tuple(inputs), names, attributes, self.where))
            self._made[key] = names
        found: tuple[str, ...] = self._made[key]
        return found

    def constant(self, array: Any, origin: str = "") -> str:
        """An initialiser; where it is made of a parameter, `origin` is that one's path."""
        array = np.asarray(array, order="C")
        content = hashlib.sha256(array.tobytes()).digest()
        key = origin, array.dtype.str, array.shape, content
        if key not in self._made:
            name = f"constant {len(self._arrays)}"
            self._arrays[name] = array
            self._origins[name] = origin
            self._made[key] = name
        found: str = self._made[key]
        return found

    def integers(self, numbers: Any) -> str:
        """Integers, as nodes take them."""
        return self.constant(np.array(numbers, np.int64))

    def cast(self, name: str, x: Value, dtype: Any) -> str:
        """The array `x`, which has a name, in another dtype."""
        dtype = np.dtype(dtype)
        if x.dtype == dtype:
            return name
        return self.pointwise("Cast", (name, x.shape), to=type_of(dtype))

    # Shapes

    def batch(self, times: int, shape: Any = (1,)) -> str:
        """`times` the batch size, an int64 (1,) or ()."""
        found = self.node("Shape", self._batch, start=0, end=1)
        if times != 1:
            found = self.node("Mul", found, self.integers([times]))
        return found if shape else self.node("Squeeze", found)

    def dims(self, shape: Any) -> str:
        """A shape as an int64 array."""
        if not any(isinstance(n, Batch) for n in shape):
            return self.integers(shape)
        parts = [self.batch(n.times) if isinstance(n, Batch) else self.integers([n]) for n in shape]
        return self.node("Concat", *parts, axis=0) if len(parts) > 1 else parts[0]

    def reshape(self, name: str, shape: Any) -> str:
        """The same elements in another shape."""
        lengths = [-1 if isinstance(n, Batch) else n for n in shape]
        if 0 in lengths:  # which elsewhere says: as long as before
            return self.node("Reshape", name, self.dims(shape), allowzero=1)
        is_plain = lengths.count(-1) < 2
        return self.node("Reshape", name, self.integers(lengths) if is_plain else self.dims(shape))

    def transpose(self, name: str, axes: Any) -> str:
        """The axes in another order."""
        return name if [*axes] == sorted(axes) else self.node("Transpose", name, perm=[*axes])

    def _filled(self, name: str, x: Value, dtype: Any) -> str:
        """An array of which `name` is what is known, as long as the batch is."""
        if x.is_fixed:
            return name
        if x.along is not None:
            length = x.shape[x.along]
            zero, one = (self.constant(np.int64(i)) for i in (0, 1))
            ramp = self.node("Range", zero, self.batch(length.times, ()), one)
            ramp = self.cast(ramp, Value(None, (length,), np.dtype(np.int64)), dtype)
            ramp = self.reshape(ramp, (length, *(1,) * (x.ndim - 1 - x.along)))
            name = self.node("Add", name, ramp)
        return self.node("Expand", name, self.dims(x.shape))

    # Images

    def channels_first(self, x: Value, dtype: Any = None) -> str:
        """(n, *spatial, c) → (n, c, *spatial)"""
        name = self.name(x, dtype)
        if name not in self._first:
            moved = self.transpose(name, (0, x.ndim - 1, *range(1, x.ndim - 1)))
            self._first[name] = moved, x.ndim
        return self._first[name][0]

    def lies_first(self, *operands: Any) -> bool:
        """Whether the channels of all of these lie first already."""
        return all(self.has(x) and self._slots[x.number] in self._first for x in operands)

    def channels_last(self, name: str, ndim: int) -> str:
        """(n, c, *spatial) → (n, *spatial, c)"""
        found = self.transpose(name, (0, *range(2, ndim), 1))
        self._first[found] = name, ndim
        return found

    def pointwise(self, op: str, *operands: tuple[str, Any], **attributes: Any) -> str:
        """An elementwise function of arrays with these names and shapes.

        Of images whose channels lie first it is computed there.
        """
        ndims = {self._first[name][1] for name, _ in operands if name in self._first}
        if len(ndims) == 1 and all(len(shape) in (0, 1, *ndims) for _, shape in operands):
            ndim = ndims.pop()
            moved = [self._moved(name, shape, ndim) for name, shape in operands]
            return self.channels_last(self.node(op, *moved, **attributes), ndim)
        return self.node(op, *[name for name, _ in operands], **attributes)

    def _moved(self, name: str, shape: Any, ndim: int) -> str:
        """An operand beside images of so many axes whose channels lie first."""
        if name in self._first or not shape:
            return self._first[name][0] if shape else name
        if len(shape) == ndim:
            return self.transpose(name, (0, ndim - 1, *range(1, ndim - 1)))
        along = (*shape, *(1,) * (ndim - 2))  # a number a channel
        if name in self._arrays:
            return self.constant(self._arrays[name].reshape(along), self._origins[name])
        return self.reshape(name, along)

    # The whole

    def finished(self, outputs: dict[str, str]) -> tuple[list[Node], dict[str, Any]]:
        """The nodes and initialisers that outputs need, which are {name wanted: name here}."""
        made = {name for node in self.nodes for name in node.outputs}
        renamed: dict[str, str] = {"": ""}
        ends = []
        for wanted, name in outputs.items():
            if name in made and name not in renamed:
                renamed[name] = wanted
            else:
                ends.append(Node("Identity", (name,), (wanted,), {}, ""))
        kept = ends[::-1]
        needed = {*outputs.values()}
        for node in reversed(self.nodes):
            if needed.intersection(node.outputs):
                kept.append(node)
                needed.update(node.inputs)
        arrays = {}
        nodes = []
        for node in reversed(kept):
            for name in node.inputs:
                if name in self._arrays and name not in renamed:
                    renamed[name] = self.named(self._origins[name] or "constant")
                    arrays[renamed[name]] = self._arrays[name]
            for name in node.outputs:
                renamed.setdefault(name, name if name in outputs else self.named(node.op))
            inputs, results = (
                tuple([renamed.get(name, name) for name in names])
                for names in (node.inputs, node.outputs)
            )
            nodes.append(node._replace(inputs=inputs, outputs=results))
        return nodes, arrays
