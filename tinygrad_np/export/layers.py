"""The ONNX nodes of layers: convolutions, pooling, normalisation, recurrent layers.

A convolution is recorded as `pad` → `windows` → `product`. The forms of `product` and of the
largest element of windows look back along that chain, and write one Conv or MaxPool of what the
windows are of; the windows themselves are then needed by nothing.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import replace
from typing import Any, NamedTuple

import numpy as np

from .forms import FORMS, Form, form, getitem, take_along_axis
from .graph import Graph
from .tracing import NoForm, Step, Value


class Chain:
    """The steps of a trace by what they give, for forms that look back."""

    def __init__(self, steps: list[Step]) -> None:
        self._steps = {x.number: step for step in reversed(steps) for x in step.results}

    def maker(self, x: Any, *names: str) -> Step | None:
        """The call of one of these names that gave `x`."""
        step = self._steps.get(x.number) if isinstance(x, Value) and x.number is not None else None
        return step if step is not None and step.name in names and not step.refused else None


class Windows(NamedTuple):
    """Windows of images in a frame."""

    images: Value
    pads: list[int]
    """before each axis, then after each"""
    fill: float
    size: tuple[int, ...]
    stride: tuple[int, ...]
    dilation: tuple[int, ...]

    def attributes(self) -> dict[str, Any]:
        return {"pads": self.pads, "strides": [*self.stride], "dilations": [*self.dilation]}


def windows_of(chain: Chain, columns: Any) -> Windows:
    """What windows are of; refused where they are no direct result of `windows`."""
    step = chain.maker(columns, "windows")
    if step is None:
        raise NoForm("of windows that were changed")
    images, *given = step.args
    axes = images.ndim - 2
    size, stride, dilation = (
        (x,) * axes if type(x) is int else tuple(x) for x in (*given, *(1,) * (3 - len(given)))
    )
    framed = chain.maker(images, "pad")
    if framed is not None:
        images, width, *fill = framed.args
        if not any(map(any, (width[0], width[-1]))):
            pads = [pair[end] for end in (0, 1) for pair in width[1:-1]]
            return Windows(images, pads, fill[0] if fill else 0, size, stride, dilation)
        images = step.args[0]
    return Windows(images, [0] * 2 * axes, 0, size, stride, dilation)


_plain_sum: Form = FORMS["np.sum"]
_plain_divide: Form = FORMS["np.divide"]


def layer(*names: str) -> Callable[[Form], Form]:
    """A form that looks back: it is also given the chain."""

    def put(function: Form) -> Form:
        function.looks_back = True  # type: ignore[attr-defined]
        return form(*names)(function)

    return put


@layer("product", "grouped_product")
def _convolution(
    graph: Graph, results: list[Value], columns: Any, filters: Any, groups: int = 1, *, chain: Chain
) -> str:
    found = windows_of(chain, columns)
    if found.fill:
        raise NoForm("of windows in a frame of other numbers than 0")
    dtype = results[0].dtype
    x = graph.channels_first(found.images, dtype)
    name = graph.node(
        "Conv", x, oriented(graph, filters, dtype), group=groups, kernel_shape=[*found.size],
        **found.attributes(),
    )  # fmt: skip
    return graph.channels_last(name, found.images.ndim)


def oriented(graph: Graph, filters: Value, dtype: Any) -> str:
    """(*size, in, out) → (out, in, *size)"""
    axes = filters.ndim - 1, filters.ndim - 2, *range(filters.ndim - 2)
    known = graph.fixed(filters)
    if known is not None:
        return graph.constant(known.transpose(axes).astype(dtype), filters.origin)
    return graph.transpose(graph.name(filters, dtype), axes)


@layer("fold")
def _transposed(
    graph: Graph, results: list[Value], columns: Any, shape: Any, stride: Any = 1,
    dilation: Any = 1, *, chain: Chain,
) -> str:  # fmt: skip
    step = chain.maker(columns, "window_product", "grouped_window_product")
    if step is None:
        raise NoForm("of windows that are no product with filters")
    images, filters, *groups = step.args
    dtype = results[0].dtype
    axes = images.ndim - 2
    stride, dilation = ((x,) * axes if type(x) is int else tuple(x) for x in (stride, dilation))
    size = filters.shape[:axes]
    spans = [(n - 1) * s + d * (k - 1) + 1 for n, s, d, k in
             zip(images.shape[1:-1], stride, dilation, size, strict=True)]  # fmt: skip
    name = graph.node(
        "ConvTranspose", graph.channels_first(images, dtype), oriented(graph, filters, dtype),
        group=groups[0] if groups else 1, kernel_shape=[*size], strides=[*stride],
        dilations=[*dilation],
    )  # fmt: skip
    beyond = [n - m for n, m in zip(results[0].shape[1:-1], spans, strict=True)]
    if any(beyond):  # no window reaches there
        ends = graph.integers([0] * (axes + 4) + beyond)
        name = graph.node("Pad", name, ends, graph.constant(np.zeros((), dtype)))
    return graph.channels_last(name, images.ndim)


@layer("window_maxima")
def _largest(graph: Graph, results: list[Value], columns: Any, *, chain: Chain) -> list[str | None]:
    found = windows_of(chain, columns)
    axes = len(found.size)
    x, pads = graph.channels_first(found.images), found.pads
    if any(p >= k for p, k in zip(pads, found.size * 2, strict=True)) or (
        any(pads) and found.fill != -np.inf
    ):
        # MaxPool's own frame is of −inf, and narrower than its windows.
        ends = graph.integers([0, 0, *pads[:axes], 0, 0, *pads[axes:]])
        x = graph.node("Pad", x, ends, graph.constant(np.array(found.fill, results[0].dtype)))
        found = found._replace(pads=[0] * 2 * axes)
    name = graph.node("MaxPool", x, kernel_shape=[*found.size], **found.attributes())
    return [graph.channels_last(name, found.images.ndim), None]


@layer("np.sum")
def _sum(
    graph: Graph, results: list[Value], a: Any, axis: Any = None, *rest: Any,
    keepdims: Any = False, dtype: Any = None, chain: Chain,
) -> str:  # fmt: skip
    """Of windows a convolution with ones, for each channel by itself."""
    found = _summed(chain, a, axis)
    if found is None:
        return str(_plain_sum(graph, results, a, axis, *rest, keepdims=keepdims))
    channels = found.images.shape[-1]
    ones = graph.constant(np.ones((channels, 1, *found.size), a.dtype))
    x = graph.channels_first(found.images)
    kernel = {"kernel_shape": [*found.size], "group": channels}
    name = graph.node("Conv", x, ones, **kernel, **found.attributes())
    name = graph.channels_last(name, found.images.ndim)
    return graph.cast(name, replace(results[0], dtype=a.dtype), results[0].dtype)


def _summed(chain: Chain, a: Any, axis: Any) -> Windows | None:
    """The windows that are summed up each, where it is these and zeros are around them."""
    if chain.maker(a, "windows") is None:
        return None
    found = windows_of(chain, a)
    axes = len(found.size)
    within = tuple(range(1 + axes, 1 + 2 * axes))
    return found if axis == within and not found.fill else None


@layer("np.divide")
def _divide(graph: Graph, results: list[Value], x: Any, y: Any, *, chain: Chain) -> str:
    """Of the sum of windows by the number of their pixels: AveragePool."""
    step, counts = chain.maker(x, "np.sum"), graph.fixed(y)
    found = None
    if step is not None and counts is not None and len(step.args) > 1:
        found = _summed(chain, step.args[0], step.args[1])
    if found is not None and set(found.dilation) == {1} and step is not None:
        counted = _counting(found, counts)
        is_narrow = all(p < k for p, k in zip(found.pads, found.size * 2, strict=True))
        if counted is not None and is_narrow and results[0].dtype == step.args[0].dtype:
            attributes = found.attributes()
            del attributes["dilations"]
            name = graph.node(
                "AveragePool", graph.channels_first(found.images), kernel_shape=[*found.size],
                count_include_pad=counted, **attributes,
            )  # fmt: skip
            return graph.channels_last(name, found.images.ndim)
    return str(_plain_divide(graph, results, x, y))


def _counting(found: Windows, counts: Any) -> int | None:
    """Whether these numbers of pixels count those of the frame: 1 or 0; None for other numbers."""
    if np.all(counts == math.prod(found.size)):
        return 1
    axes = len(found.size)
    each = []
    for axis, (n, k, s) in enumerate(
        zip(found.images.shape[1:-1], found.size, found.stride, strict=True)
    ):
        before, after = found.pads[axis], found.pads[axes + axis]
        starts = np.arange(0, before + n + after - k + 1, s) - before
        each.append(np.minimum(starts + k, n) - np.maximum(starts, 0))
    expected: Any = 1
    for part in each:
        expected = np.multiply.outer(expected, part)
    return 0 if np.array_equal(counts, np.asarray(expected)[..., None]) else None


@form("windows")
def _windows(
    graph: Graph, results: list[Value], x: Value, size: Any, stride: Any = 1, dilation: Any = 1
) -> str:
    """Windows that nothing else has looked through: gathered, an axis after the other."""
    axes = x.ndim - 2
    size, stride, dilation = (
        (n,) * axes if type(n) is int else tuple(n) for n in (size, stride, dilation)
    )
    name = graph.name(x)
    out = results[0].shape[1 : 1 + axes]
    for axis in reversed(range(axes)):
        starts = np.arange(out[axis])[:, None] * stride[axis]
        places = graph.integers(starts + np.arange(size[axis]) * dilation[axis])
        name = graph.node("Gather", name, places, axis=1 + axis)
    # (n, out, size, out, size, …, c)
    order = [0, *range(1, 2 * axes, 2), *range(2, 2 * axes + 1, 2), 2 * axes + 1]
    return graph.transpose(name, order)


# Normalisation


@form("normalised")
def _layer_norm(
    graph: Graph, results: list[Value], epsilon: float, about_mean: bool, x: Value, *affine: Value
) -> str:
    """x (rows, 1, 1, k); scale and shift (1, k)."""
    width = x.shape[3:]
    names = [graph.reshape(graph.name(a, x.dtype), width) for a in affine]
    names = names or [graph.constant(np.ones(width, x.dtype))]
    return graph.node("LayerNormalization", graph.name(x), *names, axis=3, epsilon=epsilon)


# Recurrent layers

_CELLS: dict[str, tuple[str, list[int], list[int]]] = {
    "tanh": ("RNN", [0], [0]),
    "relu": ("RNN", [0], [0]),
    "lstm": ("LSTM", [0, 3, 1, 2], [0, 3, 1, 2]),
    "gru": ("GRU", [1, 0, 3], [1, 0, 2]),
}
"""The node, and where its gates are among our inputs and hidden weights: of an LSTM i, o, f, c
among i, f, c, o; of gated units z, r, n among r, z, what h adds to n, n."""


def _over_time(graph: Graph, chain: Chain, step: Step, lengths: str = "") -> tuple[str, ...]:
    """What the node gives: all h, the last h and, of an LSTM, the last c; (…, 1, n, h) each."""
    cell, inputs, hidden, *states = step.args
    x, weights, bias = _projected(chain, inputs)
    given, recurrent, shift = (graph.fixed(a) for a in (weights, hidden, bias))
    if given is None or recurrent is None or (bias is not None and shift is None):
        raise NoForm("with weights that depend on the input", "pass them as parameters")
    op, of_x, of_h = _CELLS[cell]
    h, axes = len(recurrent), (*inputs.shape[:2], -1)
    if shift is None:
        shift = np.zeros((1, given.shape[1]), given.dtype)
    else:
        given = given[:-1]

    def gates(a: Any, order: list[int]) -> Any:
        """(…, k·h), in the order of the node"""
        return np.concatenate([a[..., i * h : (i + 1) * h] for i in order], -1)

    of_hidden = np.zeros((1, len(of_h) * h), recurrent.dtype)
    attributes: dict[str, Any] = {"hidden_size": h}
    if op == "GRU":
        if np.any(given[:, 2 * h : 3 * h]):
            raise NoForm("with other inputs than those of tg.nn.gru")
        of_hidden[:, 2 * h :] = shift[:, 2 * h : 3 * h]
        attributes["linear_before_reset"] = 1
    elif op == "RNN":
        attributes["activations"] = [cell.capitalize()]
    biases = np.concatenate([gates(shift, of_x), of_hidden], -1)
    names = [
        graph.reshape(graph.name(x), axes),
        graph.constant(gates(given, of_x).T[None], weights.origin),
        graph.constant(gates(recurrent, of_h).T[None], hidden.origin),
        graph.constant(biases, bias and bias.origin),
        lengths,
        *[_first_state(graph, a) for a in states],
    ]
    while not names[-1]:
        names.pop()
    return graph.nodes_of(op, names, 3 if op == "LSTM" else 2, **attributes)


def _first_state(graph: Graph, a: Value) -> str:
    """(n, h) → (1, n, h); zeros are left out."""
    return graph.reshape(graph.name(a), (1, *a.shape)) if a.known is None or a.known.any() else ""


def _projected(chain: Chain, inputs: Any) -> tuple[Any, Any, Any]:
    """The product (time, n, k·h) that a layer makes of its input: x, weights, and the bias.

    Where there is a bias, it is also the last row of the weights.
    """
    masked = chain.maker(inputs, "np.where")  # beyond a row's end, where nothing is looked at
    shaped = chain.maker(masked.args[1] if masked else inputs, "np.reshape")
    product = chain.maker(shaped.args[0], "np.matmul") if shaped else None
    if product is None:
        raise NoForm("with other inputs than those of tg.nn's layers")
    x, weights = product.args
    joined, rows = (chain.maker(a, "np.concatenate") for a in (x, weights))
    if joined is None or rows is None:
        return x, weights, None
    return joined.args[0][0], weights, rows.args[0][1]


@layer("recurrence")
def _recurrence(graph: Graph, results: list[Value], *args: Any, chain: Chain) -> list[str | None]:
    """Over time: inputs (time, n, k·h), weights (h, ≤ k·h) and states (n, h)."""
    step = chain.maker(results[0], "recurrence")
    assert step is not None
    every = _over_time(graph, chain, step)[0]
    # (time, 1, n, h) → (time, n, h)
    return [graph.reshape(every, results[0].shape), *[None] * (len(results) - 1)]


@layer("operator.getitem")
def _getitem(graph: Graph, results: list[Value], x: Value, key: Any, *, chain: Chain) -> str:
    step = chain.maker(x, "recurrence")
    if step is None or x.number == step.results[0].number or key != -1:
        return getitem(graph, results, x, key)
    return graph.reshape(_over_time(graph, chain, step)[2], results[0].shape)


@layer("np.take_along_axis")
def _take_along_axis(
    graph: Graph, results: list[Value], arr: Value, indices: Any, axis: int = -1, *, chain: Chain
) -> str:
    step = chain.maker(arr, "recurrence")
    if step is None or arr.number == step.results[0].number:
        return take_along_axis(graph, results, arr, indices, axis)
    # c of an LSTM after so many times: the node has it where it is told how many
    last = chain.maker(indices, "np.broadcast_to")  # (1, n, 1)
    number = last.args[0] if last else indices
    ends = graph.reshape(graph.name(number, np.int32), number.shape[1:2])
    lengths = graph.node("Add", ends, graph.constant(np.ones(1, np.int32)))
    return _over_time(graph, chain, step, lengths)[2]
