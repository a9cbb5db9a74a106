"""Which ONNX nodes say what NumPy's functions do: the table `FORMS`.

A form takes the graph and the call's own arguments; it gives the name of what its nodes compute.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from .graph import Graph
from .tracing import NoForm, Value, keys_of

Form = Callable[..., Any]


# Elementwise

_ARITHMETIC = {
    "Add": "np.add add", "Sub": "np.subtract sub", "Mul": "np.multiply mul", "Pow": "np.power pow",
    "Div": "np.divide truediv", "Max": "np.maximum", "Min": "np.minimum", "Neg": "np.negative",
    "Abs": "np.absolute", "Sign": "np.sign", "Exp": "np.exp", "Log": "np.log", "Sqrt": "np.sqrt",
    "Reciprocal": "np.reciprocal", "Floor": "np.floor", "Ceil": "np.ceil", "Round": "np.rint",
    "Sin": "np.sin", "Cos": "np.cos", "Tan": "np.tan", "Asin": "np.arcsin", "Acos": "np.arccos",
    "Atan": "np.arctan", "Sinh": "np.sinh", "Cosh": "np.cosh", "Tanh": "np.tanh",
    "Asinh": "np.arcsinh", "Acosh": "np.arccosh", "Atanh": "np.arctanh", "Relu": "relu",
    "Erf": "scipy.special.erf", "Sigmoid": "sigmoid scipy.special.expit",
    "BitwiseAnd": "np.bitwise_and", "BitwiseOr": "np.bitwise_or", "BitwiseNot": "np.invert",
    "BitwiseXor": "np.bitwise_xor",
}  # fmt: skip
_COMPARISONS = {
    "Greater": "np.greater", "GreaterOrEqual": "np.greater_equal", "Less": "np.less",
    "LessOrEqual": "np.less_equal", "Equal": "np.equal", "IsNaN": "np.isnan", "IsInf": "np.isinf",
}  # fmt: skip
_LOGICAL = {
    "And": "np.logical_and", "Or": "np.logical_or", "Not": "np.logical_not", "Xor": "np.logical_xor"
}  # fmt: skip
_OF_BOOLS = {"Add": "Or", "Mul": "And", "Max": "Or", "Min": "And"}


def elementwise(op: str, dtype_of: Callable[..., Any]) -> Form:
    """A form of operands that are cast to one dtype."""

    def write(graph: Graph, *operands: Any) -> str:
        dtype = np.dtype(dtype_of(graph.result, operands))
        word = _OF_BOOLS.get(op, op.removeprefix("Bitwise")) if dtype.kind == "b" else op
        return graph.pointwise(word, *[operand(graph, x, dtype) for x in operands])

    return write


def operand(graph: Graph, x: Any, dtype: Any) -> tuple[str, Any]:
    """Name and shape, as `Graph.pointwise` takes them."""
    return graph.name(x, dtype), getattr(x, "shape", ())


def _common(result: Value, operands: Any) -> Any:
    """The dtype in which NumPy compares."""
    return np.result_type(*[x.dtype if isinstance(x, Value) else x for x in operands])


FORMS: dict[str, Form] = {
    name: elementwise(op, dtype_of)
    for table, dtype_of in (
        (_ARITHMETIC, lambda result, _: result.dtype),
        (_COMPARISONS, _common),
        (_LOGICAL, lambda *_: bool),
    )
    for op, names in table.items()
    for name in names.split()
}
"""The name of an operation in a trace → its form."""


def form(*names: str) -> Callable[[Form], Form]:
    """Puts a function into the table."""
    return lambda function: FORMS.update(dict.fromkeys(names, function)) or function


@form("np.where")
def _where(graph: Graph, condition: Any, x: Any, y: Any) -> str:
    dtype = graph.result.dtype
    given = ((condition, np.dtype(bool)), (x, dtype), (y, dtype))
    return graph.pointwise("Where", *[operand(graph, *pair) for pair in given])


@form("np.logaddexp")
def _softplus(graph: Graph, zero: int, x: Any) -> str:
    return graph.pointwise("Softplus", operand(graph, x, graph.result.dtype))


@form("cast", "astype")
def _cast(graph: Graph, x: Value, dtype: Any) -> str:
    return graph.name(x, graph.result.dtype)


# Along axes


def reduction(op: str) -> Form:
    """A form of a reduction; over all pixels of images whose channels lie first, of these."""

    def write(graph: Graph, a: Any, axis: Any = None, *rest: Any, **named: Any) -> str:
        if not named.keys() <= {"keepdims", "dtype"}:
            raise NoForm("with these arguments")
        keeps = named.get("keepdims", False) or any(x is True for x in rest)
        axes = range(a.ndim) if axis is None else [i % a.ndim for i in np.ravel(axis).tolist()]
        dtype = graph.result.dtype
        name = graph.name(a, dtype)
        if [*axes] == [*range(1, a.ndim - 1)] and graph.lies_first(a) and not keeps:
            name, axes = graph.channels_first(a, dtype), range(2, a.ndim)
        if not axes:  # ONNX would take all of them
            return name
        return graph.node(op, name, graph.integers(axes), keepdims=int(keeps))

    return write


FORMS |= {
    "np.sum": reduction("ReduceSum"), "np.mean": reduction("ReduceMean"),
    "np.prod": reduction("ReduceProd"), "np.max": reduction("ReduceMax"),
    "np.min": reduction("ReduceMin"), "logsumexp": reduction("ReduceLogSumExp"),
    "scipy.special.logsumexp": reduction("ReduceLogSumExp"),
}  # fmt: skip
FORMS |= {"np.amax": FORMS["np.max"], "np.amin": FORMS["np.min"]}


def _along(op: str) -> Form:
    def write(graph: Graph, x: Any, axis: Any = -1, *, keepdims: bool = False) -> str:
        if type(axis) is not int:
            raise NoForm("along several axes", "reshape these into one before")
        of_places = {"keepdims": int(keepdims)} if op.startswith("Arg") else {}
        dtype = None if of_places else graph.result.dtype
        return graph.node(op, graph.name(x, dtype), axis=axis, **of_places)

    return write


FORMS |= {
    "softmax": _along("Softmax"), "log_softmax": _along("LogSoftmax"),
    "np.argmax": _along("ArgMax"), "np.argmin": _along("ArgMin"),
}  # fmt: skip


# Shapes and products


@form("np.reshape")
def _reshape(graph: Graph, x: Any, shape: Any, order: Any = "C") -> str:
    if order != "C":
        raise NoForm("in another order")
    return graph.reshape(graph.name(x), graph.result.shape)


@form("np.broadcast_to")
def _expand(graph: Graph, x: Any, shape: Any) -> str:
    return graph.node("Expand", graph.name(x), graph.dims(graph.result.shape))


def _filled(number: int | None) -> Form:
    def write(graph: Graph, a: Any, value: Any = None) -> str:
        name = graph.name(value if number is None else number, graph.result.dtype)
        return graph.node("Expand", name, graph.dims(graph.result.shape))

    return write


FORMS |= {"np.zeros_like": _filled(0), "np.ones_like": _filled(1), "np.full_like": _filled(None)}


@form("np.transpose")
def _transpose(graph: Graph, x: Any, axes: Any) -> str:
    return graph.transpose(graph.name(x), [i % x.ndim for i in axes])


@form("np.concatenate")
def _concatenate(graph: Graph, arrays: Any, axis: Any = 0) -> str:
    if axis is None:
        raise NoForm("of all axes")
    if graph.lies_first(*arrays) and axis in (-1, arrays[0].ndim - 1):
        names = [graph.channels_first(x, graph.result.dtype) for x in arrays]
        return graph.channels_last(graph.node("Concat", *names, axis=1), arrays[0].ndim)
    names = [graph.name(x, graph.result.dtype) for x in arrays]
    return graph.node("Concat", *names, axis=axis)


@form("pad")
def _pad(graph: Graph, x: Any, width: Any, value: Any = 0) -> str:
    ends = graph.integers([pair[end] for end in (0, 1) for pair in width])
    return graph.node("Pad", graph.name(x), ends, graph.constant(np.asarray(value, x.dtype)))


@form("np.matmul")
def _matmul(graph: Graph, x: Any, y: Any) -> str:
    return graph.node("MatMul", *[graph.name(z, graph.result.dtype) for z in (x, y)])


@form("np.einsum")
def _einsum(graph: Graph, subscripts: str, options: Any, varies: Any, *operands: Any) -> str:
    names = [graph.name(x, graph.result.dtype) for x in operands]
    return graph.node("Einsum", *names, equation=subscripts.replace(" ", ""))


# Indices

_LEAST, _MOST = -(2**63), 2**63 - 1


@form("operator.getitem")
def getitem(graph: Graph, x: Value, key: Any) -> str:
    """Slices and numbers by Slice; integer arrays by Gather, or by GatherND at the first axes."""
    keys = keys_of(key, x.ndim)
    slices: list[Any] = []
    places: list[Any] = []
    for axis, k in keys:
        if isinstance(k, slice):
            slices += [(axis, *_ends(k))] if k not in (slice(None), slice(None, None, 1)) else []
        elif type(k) is int:
            slices.append((axis, k, _MOST if k == -1 else k + 1, 1))
        elif k is not None:
            places.append((axis, _indices(graph, k)))
    name = graph.name(x)
    if slices:
        axes, starts, ends, steps = zip(*slices, strict=True)
        given = graph.dims(starts), graph.dims(ends), graph.integers(axes), graph.integers(steps)
        name = graph.node("Slice", name, *given)
    if any(k is None or type(k) is int for _, k in keys):
        if places:
            raise NoForm("by arrays beside numbers or None", "take these in a step of their own")
        return graph.reshape(name, graph.result.shape)
    if not places:
        return name
    if len(places) == 1:
        return graph.node("Gather", name, places[0][1], axis=places[0][0])
    if [axis for axis, _ in places] != [*range(len(places))]:
        raise NoForm("by arrays that are not at the first axes", "move these axes to the front")
    shape = graph.result.shape[: graph.result.ndim - (x.ndim - len(places))]
    dims = graph.dims(shape)
    columns = [graph.reshape(graph.node("Expand", k, dims), (*shape, 1)) for _, k in places]
    return graph.node("GatherND", name, graph.node("Concat", *columns, axis=len(shape)))


def _ends(k: slice) -> tuple[Any, Any, int]:
    step = 1 if k.step is None else k.step
    first, last = (0, _MOST) if step > 0 else (_MOST, _LEAST)
    return first if k.start is None else k.start, last if k.stop is None else k.stop, step


def _indices(graph: Graph, k: Any) -> str:
    """Integers that say places."""
    kind = (k.dtype if isinstance(k, Value) else np.asarray(k).dtype).kind
    if kind == "b":
        raise NoForm("by truth values", "a shape would depend on them; use np.where")
    if kind not in "iu":
        raise NoForm("with such an index")
    return graph.name(k, np.int64) if isinstance(k, Value) else graph.integers(k)


@form("np.take")
def _take(graph: Graph, a: Any, indices: Any, axis: Any = None) -> str:
    name = graph.name(a) if axis is not None else graph.reshape(graph.name(a), (-1,))
    return graph.node("Gather", name, _indices(graph, indices), axis=axis or 0)


@form("np.take_along_axis")
def take_along_axis(graph: Graph, arr: Any, indices: Any, axis: int = -1) -> str:
    """An element of each line along the axis."""
    return graph.node("GatherElements", graph.name(arr), _indices(graph, indices), axis=axis)
