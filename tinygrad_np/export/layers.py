"""The ONNX nodes of layers: convolutions, pooling, normalisation, recurrent layers.

A convolution is recorded as `pad` → `windows` → `product`. The forms of `product`, and of the sum
or the largest element of windows, look back along that chain, and write one Conv, AveragePool or
MaxPool of what the windows are of; the windows themselves are then needed by nothing.
"""

from __future__ import annotations

import functools
import math
from typing import Any, NamedTuple

import numpy as np

from .forms import FORMS, Form, form, getitem, take_along_axis
from .graph import Graph
from .tracing import NoForm, Step, Value

__all__ = ["FORMS"]

_plain_divide: Form = FORMS["np.divide"]


class Windows(NamedTuple):
    """Windows of images in a frame."""

    images: Value
    pads: list[int]
    """before each axis, then after each"""
    size: tuple[int, ...]
    stride: tuple[int, ...]
    dilation: tuple[int, ...]

    def node(self, graph: Graph, op: str, x: str, *others: str, **attributes: Any) -> str:
        """A node that goes over `x`, the images with channels first, in these windows."""
        steps = {"strides": [*self.stride], "pads": self.pads, "kernel_shape": [*self.size]}
        if set(self.dilation) != {1}:  # AveragePool has none
            steps["dilations"] = [*self.dilation]
        name = graph.node(op, x, *others, **steps, **attributes)
        return graph.channels_last(name, self.images.ndim)

    @property
    def is_narrow(self) -> bool:
        """Whether each window meets the image, as pooling wants it."""
        return all(p < k for p, k in zip(self.pads, self.size * 2, strict=True))


def _each(x: Any, axes: int) -> tuple[int, ...]:
    return (x,) * axes if type(x) is int else tuple(x)


def windows_of(graph: Graph, columns: Any, fill: float = 0) -> Windows:
    """What windows are of; refused where they are no direct result of `windows`.

    A frame of `fill` is the windows' own; another one belongs to the images.
    """
    step = graph.maker(columns, "windows")
    if step is None:
        raise NoForm("of windows that were changed")
    images, *given = step.args
    axes = images.ndim - 2
    steps = [_each(x, axes) for x in (*given, 1, 1)[:3]]
    framed = graph.maker(images, "pad")
    if framed is not None:
        inner, width, value = (*framed.args, 0)[:3]
        if value == fill and not any((*width[0], *width[-1])):
            pads = [pair[end] for end in (0, 1) for pair in width[1:-1]]
            return Windows(inner, pads, *steps)
    return Windows(images, [0] * 2 * axes, *steps)


@form("product", "grouped_product")
def _convolution(graph: Graph, columns: Any, filters: Any, groups: int = 1) -> str:
    found, dtype = windows_of(graph, columns), graph.result.dtype
    if dtype.kind != "f":
        raise NoForm("of integers")
    x = graph.channels_first(found.images, dtype)
    return found.node(graph, "Conv", x, oriented(graph, filters, dtype), group=groups)


def oriented(graph: Graph, filters: Value, dtype: Any) -> str:
    """(*size, in, out) → (out, in, *size)"""
    axes = filters.ndim - 1, filters.ndim - 2, *range(filters.ndim - 2)
    known = graph.fixed(filters)
    if known is not None:
        return graph.constant(known.transpose(axes).astype(dtype), filters.origin)
    return graph.transpose(graph.name(filters, dtype), axes)


@form("fold")
def _transposed(graph: Graph, columns: Any, shape: Any, stride: Any = 1, dilation: Any = 1) -> str:
    step = graph.maker(columns, "window_product", "grouped_window_product")
    dtype = graph.result.dtype
    if step is None or dtype.kind != "f":
        raise NoForm("of integers, or of windows that are no product with filters")
    images, filters, *groups = step.args
    axes, size = images.ndim - 2, filters.shape[:-2]
    stride, dilation = _each(stride, axes), _each(dilation, axes)
    name = graph.node(
        "ConvTranspose",
        graph.channels_first(images, dtype),
        oriented(graph, filters, dtype),
        group=groups[0] if groups else 1,
        kernel_shape=[*size],
        strides=[*stride],
        dilations=[*dilation],
    )
    spans = zip(images.shape[1:-1], stride, dilation, size, strict=True)
    reached = [(n - 1) * s + d * (k - 1) + 1 for n, s, d, k in spans]
    beyond = [n - m for n, m in zip(graph.result.shape[1:-1], reached, strict=True)]
    if any(beyond):
        ends = graph.integers([0] * (axes + 4) + beyond)
        name = graph.node("Pad", name, ends, graph.constant(np.zeros((), dtype)))
    return graph.channels_last(name, images.ndim)


@form("window_maxima")
def _largest(graph: Graph, columns: Any) -> str:
    found = windows_of(graph, columns, -np.inf)  # as MaxPool's own frame
    if not found.is_narrow:  # which is narrower than its windows
        found = windows_of(graph, columns, np.nan)
    return found.node(graph, "MaxPool", graph.channels_first(found.images))


def _summed(graph: Graph, step: Step | None) -> Windows | None:
    """The windows that are summed up each by `step`, in a frame of zeros; else None."""
    if step is None or len(step.args) not in (2, 3) or step.kwargs:
        return None
    a, axes = step.args[0], step.args[0].ndim // 2 - 1
    if graph.maker(a, "windows") is None or step.args[1] != (*range(1 + axes, 1 + 2 * axes),):
        return None
    found = windows_of(graph, a)
    return found if a.dtype.kind == "f" else None


@form("np.divide")
def _divide(graph: Graph, x: Any, y: Any) -> str:
    """Of the sum of windows by the number of their pixels: AveragePool."""
    step, counts = graph.maker(x, "np.sum"), graph.fixed(y)
    found = _summed(graph, step)
    if step and found and found.is_narrow and set(found.dilation) == {1} and counts is not None:
        is_all = bool(np.all(counts == math.prod(found.size)))  # the frame counts, too
        is_same = step.args[0].dtype == graph.result.dtype
        if is_same and (is_all or np.array_equal(counts, _inside(found))):
            first = graph.channels_first(found.images)
            return found.node(graph, "AveragePool", first, count_include_pad=int(is_all))
    return str(_plain_divide(graph, x, y))


def _inside(found: Windows) -> Any:
    """How many pixels of each window are in the image, (*out, 1)."""
    each = []
    axes = len(found.size)
    ends = zip(found.pads[:axes], found.pads[axes:], strict=True)
    lengths = zip(found.images.shape[1:-1], found.size, found.stride, ends, strict=True)
    for n, k, s, (before, after) in lengths:
        starts = np.arange(0, before + n + after - k + 1, s) - before
        each.append(np.minimum(starts + k, n) - np.maximum(starts, 0))
    return functools.reduce(np.multiply.outer, each)[..., None]


@form("windows")
def _windows(graph: Graph, x: Value, size: Any, stride: Any = 1, dilation: Any = 1) -> str:
    """Windows that nothing else has looked through: gathered, an axis after the other."""
    axes = x.ndim - 2
    size, stride, dilation = (_each(n, axes) for n in (size, stride, dilation))
    name = graph.name(x)
    out = graph.result.shape[1 : 1 + axes]
    for axis in reversed(range(axes)):
        starts = np.arange(out[axis])[:, None] * stride[axis]
        places = graph.integers(starts + np.arange(size[axis]) * dilation[axis])
        name = graph.node("Gather", name, places, axis=1 + axis)
    # (n, out, size, out, size, …, c)
    order = [0, *range(1, 2 * axes, 2), *range(2, 2 * axes + 1, 2), 2 * axes + 1]
    return graph.transpose(name, order)


# Normalisation


@form("normalised")
def _layer_norm(graph: Graph, epsilon: float, about_mean: bool, x: Value, *affine: Value) -> str:
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


def _over_time(graph: Graph, step: Step, lengths: str = "") -> tuple[str, ...]:
    """What the node gives: all h, the last h and, of an LSTM, the last c; (…, 1, n, h) each."""
    cell, inputs, hidden, *states = step.args
    x, weights, bias = _projected(graph, inputs)
    given, recurrent = graph.fixed(weights), graph.fixed(hidden)
    if given is None or recurrent is None:
        raise NoForm("with weights that depend on the input", "pass them as parameters")
    shift = np.zeros((1, given.shape[1]), given.dtype)
    if bias is not None:
        given, shift = given[:-1], given[-1:]
    op, of_x, of_h = _CELLS[cell]
    h = len(recurrent)

    def gates(a: Any, order: list[int]) -> Any:
        """(…, k·h), in the order of the node"""
        return np.concatenate([a[..., i * h : (i + 1) * h] for i in order], -1)

    of_hidden = np.zeros((1, len(of_h) * h), recurrent.dtype)
    attributes: dict[str, Any] = {"hidden_size": h}
    if op == "GRU":
        of_hidden[:, 2 * h :] = shift[:, 2 * h : 3 * h]
        attributes["linear_before_reset"] = 1
    elif op == "RNN":
        attributes["activations"] = [cell.capitalize()]
    names = [
        graph.reshape(graph.name(x), (*inputs.shape[:2], given.shape[0])),
        graph.constant(gates(given, of_x).T[None], weights.origin),
        graph.constant(gates(recurrent, of_h).T[None], hidden.origin),
        graph.constant(np.concatenate([gates(shift, of_x), of_hidden], -1), bias or ""),
        lengths,
        *[_first_state(graph, a) for a in states],
    ]
    while not names[-1]:
        names.pop()
    return graph.nodes_of(op, names, 3 if op == "LSTM" else 2, **attributes)


def _first_state(graph: Graph, a: Value) -> str:
    """(n, h) → (1, n, h); zeros are left out."""
    return graph.reshape(graph.name(a), (1, *a.shape)) if a.known is None or a.known.any() else ""


def _projected(graph: Graph, inputs: Any) -> tuple[Any, Any, str | None]:
    """The product (time, n, k·h) that a layer makes of its input: x, weights, what the bias is of.

    Where there is a bias, it is the last row of the weights, beside a column of ones in x.
    """
    masked = graph.maker(inputs, "np.where")  # beyond a row's end, where nothing is looked at
    if masked is not None and masked.args[2] == -np.inf:
        inputs = masked.args[1]
    shaped = graph.maker(inputs, "np.reshape")
    product = graph.maker(shaped.args[0], "np.matmul") if shaped else None
    if product is None:
        raise NoForm("with other inputs than those of tg.nn's layers")
    x, weights = product.args
    joined, rows = (graph.maker(a, "np.concatenate") for a in (x, weights))
    if joined is not None and rows is not None:
        first, *_, ones = parts = joined.args[0]
        is_one = ones.known is not None and ones.shape[1] == 1 and np.all(ones.known == 1)
        if is_one and len(parts) == 2:
            return first, weights, rows.args[0][-1].origin
    return x, weights, None


@form("recurrence")
def _recurrence(graph: Graph, *args: Any) -> str:
    """Over time: inputs (time, n, k·h), weights (h, ≤ k·h) and states (n, h)."""
    step = graph.maker(graph.result, "recurrence")
    assert step is not None
    # (time, 1, n, h) → (time, n, h)
    return graph.reshape(_over_time(graph, step)[0], graph.result.shape)


@form("operator.getitem")
def _getitem(graph: Graph, x: Value, key: Any) -> str:
    step = graph.maker(x, "recurrence")
    if step is None or x.number == step.results[0].number or key != -1:
        return getitem(graph, x, key)
    return graph.reshape(_over_time(graph, step)[2], graph.result.shape)


@form("np.take_along_axis")
def _take_along_axis(graph: Graph, arr: Value, indices: Any, axis: int = -1) -> str:
    step = graph.maker(arr, "recurrence")
    if step is None or arr.number == step.results[0].number:
        return take_along_axis(graph, arr, indices, axis)
    # c of an LSTM after so many times: the node has it where it is told how many
    last = graph.maker(indices, "np.broadcast_to")  # (1, n, 1)
    number = last.args[0] if last else indices
    ends = graph.reshape(graph.name(number, np.int32), number.shape[1:2])
    lengths = graph.node("Add", ends, graph.constant(np.ones(1, np.int32)))
    return _over_time(graph, step, lengths)[2]
