"""Recurrent layers in place: the loop over time of `nn.recurrent`, forward and back.

Forward, a step's gates are computed where they are kept, in one array of all steps. Back, the
cotangents of all steps' inputs lie in one array, of which the gradient of the hidden weights is one
product. The text records every operation of every step.
"""

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np

from ..core.arrays import Array
from ..core.dispatch import plain
from ..core.network import relu_gate
from ..nn import recurrent
from ..nn.recurrent import blocks
from . import paths
from .memory import empty


class Cell(NamedTuple):
    """One step, of inputs (n, k·h) to which h @ weights has been added."""

    is_kept: bool
    """whether `forward` leaves gates in place of the inputs, which `back` needs"""
    forward: Callable[..., Any]
    """(inputs, states before, states after): writes into the inputs and the states after"""
    back: Callable[..., Any]
    """(cotangents of the states, those of the gates or None, gates, states before, states after,
    into) → cotangents of the states before, except for what comes through h @ weights; those of the
    inputs go into `into`"""


def _squash(x: Array) -> None:
    """σ(x) in place of x."""
    np.exp(np.negative(x, x), x)
    np.add(x, 1, x)
    np.divide(1, x, x)


def _tanh(inputs: Array, before: Any, after: Any) -> None:
    np.tanh(inputs, after[0])


def _tanh_back(g: Any, by_gates: Any, gates: Any, before: Any, after: Any, into: Array) -> Any:
    np.multiply(g[0], 1 - after[0] * after[0], into)
    return [0]


def _relu(inputs: Array, before: Any, after: Any) -> None:
    np.maximum(inputs, 0, out=after[0])


def _relu_back(g: Any, by_gates: Any, gates: Any, before: Any, after: Any, into: Array) -> Any:
    into[...] = relu_gate(g[0], after[0])
    return [0]


def _lstm(gates: Array, before: Any, after: Any) -> None:
    (_, c), (new_h, new_c) = before, after
    i, f, g, o = blocks(gates, c.shape[1])
    squashed = np.tanh(g)
    _squash(gates)  # all of them in one go is faster than three of four
    g[...] = squashed
    np.add(f * c, i * squashed, new_c)
    np.multiply(o, np.tanh(new_c, squashed), new_h)


def _lstm_back(g: Any, by_gates: Any, gates: Any, before: Any, after: Any, into: Array) -> Any:
    by_h, by_c = g
    i, f, new, o = blocks(gates, by_h.shape[1])
    by_i, by_f, by_new, by_o = blocks(into, by_h.shape[1])
    squashed = np.tanh(after[1])
    by_c = by_c + by_h * o * (1 - squashed * squashed)
    np.multiply(by_c, new, by_i)
    np.multiply(by_c, before[1], by_f)
    np.multiply(by_c, i, by_new)
    np.multiply(by_h, squashed, by_o)
    if by_gates is not None:
        np.add(into, by_gates, into)
    slopes = gates - gates * gates
    np.subtract(1, new * new, blocks(slopes, by_h.shape[1])[2])
    np.multiply(into, slopes, into)
    return [0, by_c * f]


def _gru(gates: Array, before: Any, after: Any) -> None:
    ((h,), (new_h,)) = before, after
    r, z, m, new = blocks(gates, h.shape[1])
    _squash(gates[:, : 2 * h.shape[1]])
    np.tanh(new + r * m, new)
    np.add((1 - z) * new, z * h, new_h)


def _gru_back(g: Any, by_gates: Any, gates: Any, before: Any, after: Any, into: Array) -> Any:
    (by_h,) = g
    r, z, m, new = blocks(gates, by_h.shape[1])
    by_r, by_z, by_m, by_x = blocks(into, by_h.shape[1])
    given = [0] * 4 if by_gates is None else blocks(by_gates, by_h.shape[1])
    np.multiply(by_h * (1 - z) + given[3], 1 - new * new, by_x)
    np.add(by_x * r, given[2], by_m)
    np.multiply(by_h * (before[0] - new) + given[1], z - z * z, by_z)
    np.multiply(by_x * m + given[0], r - r * r, by_r)
    return [by_h * z]


CELLS = {
    "tanh": Cell(False, _tanh, _tanh_back),
    "relu": Cell(False, _relu, _relu_back),
    "lstm": Cell(True, _lstm, _lstm_back),
    "gru": Cell(True, _gru, _gru_back),
}


def recurrence(cell: str, inputs: Array, weights: Array, *before: Any) -> Any:
    """`nn.recurrent.recurrence`"""
    path = paths.of_text("recurrence", inputs, paths.IN_PLACE, inputs, weights, *before)
    if path is not paths.IN_PLACE:
        return plain(recurrent.recurrence)(cell, inputs, weights, *before)
    columns, (is_kept, forward, _) = weights.shape[1], CELLS[cell]
    states = [empty((len(inputs), *x.shape), x.dtype) for x in before]
    gates = empty((*inputs.shape[:2], inputs.shape[2] if is_kept else 0), inputs.dtype)
    with np.errstate(over="ignore"):  # of exp, where a gate is 0
        for t, x in enumerate(inputs):
            after = [state[t] for state in states]
            of_step = gates[t] if is_kept else after[0]
            hidden = np.matmul(before[0], weights, out=of_step[:, :columns])
            np.add(x[:, :columns], hidden, hidden)
            of_step[:, columns:] = x[:, columns:]
            forward(of_step, before, after)
            before = tuple(after)
    return [*states, gates]


def cotangents(g: Any, cell: str, operands: Any, ans: Any) -> list[Any]:
    """`nn.recurrent.recurrence_vjp`"""
    (inputs, weights, *first), (*states, gates), (*by_states, by_gates) = operands, ans, g
    given = [x for x in (*g, *operands, *ans) if x is not None]
    path = paths.of_text("recurrence_vjp", inputs, paths.IN_PLACE, *given)
    if path is not paths.IN_PLACE:
        return recurrent.recurrence_vjp(g, cell, operands, ans)
    columns, back = weights.shape[1], np.ascontiguousarray(weights.T)
    by_inputs = empty(inputs.shape, inputs.dtype)
    carried: list[Any] = [np.zeros_like(x) for x in first]
    for t in reversed(range(len(inputs))):
        carried = [x if u is None else x + u[t] for x, u in zip(carried, by_states, strict=True)]
        before = [x[t - 1] for x in states] if t else first
        after = [x[t] for x in states]
        more = None if by_gates is None else by_gates[t]
        carried = CELLS[cell].back(carried, more, gates[t], before, after, by_inputs[t])
        carried[0] = carried[0] + by_inputs[t][:, :columns] @ back
    # (h, time·n) @ (time·n, columns): one product for all steps but the first
    flat = by_inputs.reshape(-1, inputs.shape[2])[:, :columns]
    n, h = first[0].shape
    by_weights = states[0][:-1].reshape(-1, h).T @ flat[n:] + first[0].T @ flat[:n]
    return [by_inputs, by_weights, *carried]
