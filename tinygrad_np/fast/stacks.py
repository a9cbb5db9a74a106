"""Many cotangents, or tangents, in one sweep: a Jacobian's rows or columns a stack at a time.

A `Stack` is an array with one axis more, in front, that passes for one of its items: a rule that
reshapes, adds up, multiplies or indexes its cotangent does so to each item. `ITEMWISE` has what it
takes; a rule that asks for anything else is called for one item after the other. A stack holds no
more than `paths.STACKED_BYTES` at the largest node of a graph, so that memory stays bounded.

>>> two = Stack(np.array([[1.0, 2.0, 3.0], [10.0, 20.0, 30.0]]))
>>> two.shape, (two * np.array([1.0, 0.0, 1.0])).array.tolist(), np.sum(two).array.tolist()
((3,), [[1.0, 0.0, 3.0], [10.0, 0.0, 30.0]], [6.0, 60.0])
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from ..core import hooks, rules
from ..core.arrays import Array, cast, expand, sum_to
from ..core.graph import Node, Source
from ..core.plan import Shaped
from ..core.sweep import between, forward, reverse
from ..core.table import Row
from . import paths


class Stack(np.lib.mixins.NDArrayOperatorsMixin):
    """Several arrays of one shape and dtype as one with an axis more in front: `array`.

    `shape`, `ndim`, `size` and every operation are those of an item; a number or array beside it is
    the same for all items. What it does not take raises ``TypeError``.
    """

    __slots__ = ("array", "dtype", "shape")

    def __init__(self, array: Array) -> None:
        self.array = array
        self.shape = array.shape[1:]
        self.dtype = array.dtype

    @property
    def ndim(self) -> int:
        """The number of axes of an item."""
        return len(self.shape)

    @property
    def size(self) -> int:
        """The number of elements of an item."""
        return int(np.prod(self.shape))

    def beside(self, ndim: int) -> Any:
        """The array, whose items are broadcast against what has `ndim` axes as arrays are."""
        ones = (1,) * (ndim - len(self.shape))
        return self.array.reshape(len(self.array), *ones, *self.shape) if ones else self.array

    def __array__(self, dtype: Any = None, copy: Any = None) -> Any:
        raise TypeError("a stack is no array")

    def __array_ufunc__(self, ufunc: np.ufunc, method: str, *inputs: Any, **kwargs: Any) -> Any:
        if ufunc is np.matmul and not kwargs:
            return _matmul(*inputs)
        if method != "__call__" or kwargs or ufunc.signature is not None or ufunc.nout != 1:
            raise TypeError(f"a stack does not take {ufunc}")
        return Stack(ufunc(*_aligned(*inputs)))

    def __array_function__(self, function: Any, types: Any, args: Any, kwargs: Any) -> Any:
        if function not in ITEMWISE:
            raise TypeError(f"a stack does not take {function}")
        return ITEMWISE[function](*args, **kwargs)

    def __getitem__(self, key: Any) -> Stack:
        return Stack(self.array[_in_front(key)])

    def reshape(self, *shape: Any) -> Stack:
        """Each item in another shape."""
        return _reshape(self, shape[0] if len(shape) == 1 else shape)

    def astype(self, dtype: Any) -> Stack:
        """Each item in another dtype."""
        return Stack(self.array.astype(dtype))

    @property
    def T(self) -> Stack:
        """Each item with its axes in reverse order."""
        return _transpose(self)


def _aligned(*operands: Any) -> list[Any]:
    """The operands of an elementwise function, with the arrays of stacks."""
    ndim = max([getattr(x, "ndim", 0) for x in operands])
    return [x.beside(ndim) if type(x) is Stack else x for x in operands]


def _axes(axis: Any, ndim: int) -> tuple[int, ...]:
    """The axes of the array that are these axes of an item."""
    return tuple([i + 1 for i in rules.reduced_axes(axis, ndim)])


def _in_front(key: Any) -> Any:
    """The index that takes `key` of every item."""
    parts = key if isinstance(key, tuple) else (key,)
    plain = (int, np.integer, slice, type(None), type(Ellipsis))
    fancy = [part for part in parts if isinstance(part, bool) or not isinstance(part, plain)]
    is_fancy = len(fancy) == 1 and isinstance(fancy[0], np.ndarray) and fancy[0].ndim
    # Beside an array an integer is one, too, and NumPy may put their axes in front of all others.
    if fancy and not (is_fancy and not any(isinstance(x, (int, np.integer)) for x in parts)):
        raise TypeError("a stack does not take such an index")
    return (slice(None), *parts)


def _reshape(a: Stack, shape: Any, order: Any = "C", copy: Any = None) -> Stack:
    if order not in ("C", "c", None):
        raise TypeError("a stack is reshaped row by row")
    shape = shape if isinstance(shape, (tuple, list)) else (shape,)
    return Stack(a.array.reshape(len(a.array), *shape))


def _sum(a: Stack, axis: Any = None, dtype: Any = None, out: Any = None, keepdims: Any = False,
         initial: Any = 0, where: Any = True) -> Stack:  # fmt: skip
    return Stack(np.sum(a.array, _axes(axis, a.ndim), dtype, None, keepdims, initial, where))


def _mean(a: Stack, axis: Any = None, dtype: Any = None, out: Any = None, keepdims: Any = False,
          where: Any = True) -> Stack:  # fmt: skip
    return Stack(np.mean(a.array, _axes(axis, a.ndim), dtype, None, keepdims, where=where))


def _transpose(a: Stack, axes: Any = None) -> Stack:
    axes = range(a.ndim)[::-1] if axes is None else axes
    return Stack(np.transpose(a.array, (0, *[axis % a.ndim + 1 for axis in axes])))


def _swapaxes(a: Stack, axis1: int, axis2: int) -> Stack:
    return Stack(np.swapaxes(a.array, axis1 % a.ndim + 1, axis2 % a.ndim + 1))


def _expand_dims(a: Stack, axis: int) -> Stack:
    return Stack(np.expand_dims(a.array, axis % (a.ndim + 1) + 1))


def _flip(m: Stack, axis: Any = None) -> Stack:
    return Stack(np.flip(m.array, _axes(axis, m.ndim)))


def _cumsum(a: Stack, axis: Any = None) -> Stack:
    a = _reshape(a, -1) if axis is None else a
    return Stack(np.cumsum(a.array, (axis or 0) % a.ndim + 1))


def _expand(x: Stack, shape: tuple[int, ...]) -> Stack:
    array = x.beside(len(shape))
    return Stack(np.broadcast_to(array, (len(array), *shape)))


def _sum_to(x: Stack, shape: tuple[int, ...]) -> Stack:
    ones = (1,) * (x.ndim - len(shape))
    count = len(x.array)
    return Stack(sum_to(x.array, (count, *ones, *shape)).reshape(count, *shape))


def _where(condition: Any, x: Any, y: Any) -> Stack:
    if type(condition) is Stack:
        raise TypeError("a stack is no condition")
    return Stack(np.where(*_aligned(condition, x, y)))


def _with_count(arrays: Sequence[Any]) -> list[Any]:
    """The arrays of stacks; what is the same for all items is repeated."""
    count = next(len(x.array) for x in arrays if type(x) is Stack)
    return [
        x.array if type(x) is Stack else np.broadcast_to(x, (count, *np.shape(x))) for x in arrays
    ]


def _concatenate(arrays: Sequence[Any], axis: int = 0) -> Stack:
    return Stack(np.concatenate(_with_count(arrays), axis % np.ndim(arrays[0]) + 1))


def _stack(arrays: Sequence[Any], axis: int = 0) -> Stack:
    return Stack(np.stack(_with_count(arrays), axis % (np.ndim(arrays[0]) + 1) + 1))


def _scatter_add(values: Stack, index: Any, shape: tuple[int, ...]) -> Stack:
    return Stack(rules.scatter_add(values.array, _in_front(index), (len(values.array), *shape)))


def _matmul(x: Any, y: Any) -> Stack:
    """x @ y, where one or both are stacks: as few products of matrices as can be."""
    if type(y) is not Stack and y.ndim <= 2 and x.ndim:
        rows = math.prod(x.array.shape[:-1])
        flat = x.array.reshape(rows, x.shape[-1]) @ y  # (b·…, k) @ (k, n)
        return Stack(flat.reshape(*x.array.shape[:-1], *y.shape[1:]))
    if type(x) is not Stack and x.ndim == 2 and y.ndim == 1:
        return Stack(y.array @ x.T)  # (b, k) @ (k, m)
    vectors = [x.ndim == 1, y.ndim == 1]
    x = x[None, :] if vectors[0] else x
    y = y[:, None] if vectors[1] else y
    product = np.matmul(*_aligned(x, y))
    product = product[..., 0] if vectors[1] else product
    return Stack(
        product[(..., 0) if vectors[1] else (..., 0, slice(None))] if vectors[0] else product
    )


def _dot(a: Any, b: Any) -> Stack:
    if not (0 < np.ndim(a) <= 2 and 0 < np.ndim(b) <= 2):
        raise TypeError("a stack takes the dot product of vectors and matrices")
    return _matmul(a, b)


ITEMWISE: dict[Any, Callable[..., Any]] = {
    np.shape: lambda a: a.shape,
    np.ndim: lambda a: a.ndim,
    np.sum: _sum,
    np.mean: _mean,
    np.reshape: _reshape,
    np.ravel: lambda a, order="C": _reshape(a, -1, order),
    np.transpose: _transpose,
    np.swapaxes: _swapaxes,
    np.expand_dims: _expand_dims,
    np.flip: _flip,
    np.cumsum: _cumsum,
    np.where: _where,
    np.concatenate: _concatenate,
    np.stack: _stack,
    np.dot: _dot,
    np.real: lambda val: Stack(np.real(val.array)),
    np.broadcast_to: lambda array, shape: _expand(array, shape),
    expand: _expand,
    sum_to: _sum_to,
    cast: lambda x, dtype: Stack(cast(x.array, dtype)),
    rules.scatter_add: _scatter_add,
    rules.divide_by_count: lambda g, count: Stack(rules.divide_by_count(g.array, count)),
}
"""NumPy's functions and ours, of each item of a stack."""


def _one_by_one(rule: Callable[..., Any], g: Any, needed: tuple[Any, ...]) -> Any:
    """What a rule gives for a stack, or a list of stacks, called for one item after the other."""
    several = g if isinstance(g, (list, tuple)) else [g]
    count = next(len(x.array) for x in several if type(x) is Stack)
    parts = []
    for i in range(count):
        items = [x.array[i] if type(x) is Stack else x for x in several]
        parts.append(rule(items[0] if several is not g else items, *needed))
    return _together(parts)


def _together(parts: Sequence[Any]) -> Any:
    first = parts[0]
    if isinstance(first, (list, tuple)):
        return [_together(of_one) for of_one in zip(*parts, strict=True)]
    if first is None:
        return None
    return Stack(np.stack([np.asarray(part) for part in parts]))  # lazy ones, too


# Rules that are replaced by ones for arrays alone: as the core has them.
_PLAIN: dict[Any, Any] = {(np.matmul, 0): rules.matmul_x, (np.matmul, 1): rules.matmul_y}


def _chosen(row: Row, position: int, rule: Any) -> Any:
    """What is called in place of a row's rule: the same, on stacks where that goes."""
    if rule is row.rules[position].vjp:
        rule = _PLAIN.get((row.function, position), rule)

    def on_stacks(g: Any, *needed: Any) -> Any:
        try:
            found = rule(g, *needed)
        except (AttributeError, TypeError):
            found = None
        parts = found if isinstance(found, list) else [found]
        if all(type(part) is Stack for part in parts):
            return found
        return _one_by_one(rule, g, needed)

    return on_stacks


class _Carrier:
    """What stands between a sweep of stacks and the rules; see `hooks.Observer.sweep`."""

    def __init__(self, direction: int) -> None:
        self.direction = direction

    def rules(self, node: Any) -> Any:
        return node.plan.callers(_chosen)[self.direction]

    def sum(self, before: Any, part: Any, source: Any = None) -> Any:
        return before + part


_VJPS, _JVPS = _Carrier(0), _Carrier(1)


class Stacks(hooks.Stacks):
    """Rows and columns of a Jacobian, a stack at a time."""

    def rows(self, source: Source, inputs: Sequence[Node]) -> list[Any] | None:
        """For each input the cotangents for all unit cotangents of `source`, or None for zeros."""
        order, is_closed = between([source], inputs)
        step = _step(order, inputs)
        if not (is_closed and _allowed()) or min(step, source.size) < 2:
            return None
        found = []
        for units in _units(source, step):
            cotangents = reverse([(source, units)], inputs, carrier=_VJPS) or {}
            found.append([cotangents.get(node) for node in inputs])
        return [_joined(parts) for parts in zip(*found, strict=True)]

    def columns(self, results: Sequence[Source], inputs: Sequence[Node]) -> list[Any] | None:
        """For each input a list with the tangents of each result, for all unit tangents."""
        order, is_closed = between(results, inputs)
        step = _step(order, inputs)
        if not (is_closed and _allowed()) or min(step, sum(node.size for node in inputs)) < 2:
            return None
        found: list[Any] = []
        for node in inputs:
            tangents = [
                forward(order, {node: units}, results, carrier=_JVPS)
                for units in _units(node, step)
            ]
            found.append([_joined(parts) for parts in zip(*tangents, strict=True)])
        return found


def _allowed() -> bool:
    return not hooks.opened or hooks.observer().traces


def _step(order: Sequence[Node], inputs: Sequence[Node]) -> int:
    """How many items a stack may have."""
    largest = max([node.size for node in (*order, *inputs)], default=1)
    return max(1, paths.STACKED_BYTES // (8 * max(largest, 1)))


def _units(like: Shaped, step: int) -> Any:
    """The unit arrays like this one, in stacks of at most `step`."""
    for start in range(0, like.size, step):
        given = (start, min(step, like.size - start), like)
        units = _unit_stack(*given)
        if hooks.opened:
            hooks.observer().called(_unit_stack, given, units)
        yield units


def _unit_stack(start: int, count: int, like: Shaped) -> Stack:
    units = np.zeros((count, like.size), like.dtype)
    units[np.arange(count), np.arange(start, start + count)] = 1
    return Stack(units.reshape(count, *like.shape))


def _joined(parts: Sequence[Any]) -> Any:
    if parts[0] is None:
        return None
    whole = parts[0].array if len(parts) == 1 else np.concatenate([part.array for part in parts])
    if hooks.opened:
        hooks.observer().called(_joined, (parts,), whole)
    return whole
