"""Recurrent layers over time: `rnn`, `lstm`, `gru`, and `bidirectional`.

Data are (n, time, features). What comes from the input is one product over all time steps; the rest
is the row `recurrence`, one loop over time, whose vjp is a loop back with one product for the
gradient of the hidden weights. A `Cell` is one step: as text, which Tensors run through where a
derivative is itself recorded, and for arrays in place, forward and back. (As a composition of the
text alone, a training step of an LSTM takes three times as long.)

>>> x = np.ones((1, 3, 2))
>>> y, h = rnn(x, np.full((2, 1), 0.5), np.ones((1, 1)), activation="relu")
>>> y[0, :, 0], h
(array([1., 2., 3.]), array([[3.]]))
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np

from ..answers import explained
from ..core import hooks
from ..core.arrays import Array, cast, real_numbers
from ..core.dispatch import array_function
from ..core.hooks import with_lines
from ..core.network import relu, relu_gate, sigmoid
from ..core.signature import signature
from ..core.table import add, general
from ..core.transforms import jvp, vjp
from .arguments import checked_lengths

__all__ = ["bidirectional", "gru", "lstm", "rnn"]


class Cell(NamedTuple):
    """One step of a recurrent layer, of inputs (n, k·h) to which h @ weights has been added."""

    is_kept: bool
    """whether `forward` leaves gates in place of the inputs, which `back` needs"""
    step: Callable[..., Any]
    """(inputs, *states before) → (the states after, the gates as a list): text for Tensors"""
    forward: Callable[..., Any]
    """`step` of plain arrays, in place: (inputs, states before, states after)"""
    back: Callable[..., Any]
    """The vjp of `step`, of plain arrays: (cotangents of the states, those of the gates or None,
    gates, states before, states after, into) → cotangents of the states before, except for what
    comes through h @ weights; those of the inputs go into `into`"""


def _blocks(x: Any, h: int) -> list[Any]:
    """(n, k·h) → k of (n, h)"""
    return [x[:, i : i + h] for i in range(0, x.shape[1], h)]


def _squash(x: Array) -> None:
    """σ(x) in place of x."""
    np.exp(np.negative(x, x), x)
    np.add(x, 1, x)
    np.divide(1, x, x)


def _tanh_back(g: Any, by_gates: Any, gates: Any, before: Any, after: Any, into: Array) -> Any:
    np.multiply(g[0], 1 - after[0] * after[0], into)
    return [0]


def _relu_back(g: Any, by_gates: Any, gates: Any, before: Any, after: Any, into: Array) -> Any:
    into[...] = relu_gate(g[0], after[0])
    return [0]


def _lstm_step(inputs: Any, h: Any, c: Any) -> Any:
    x_i, x_f, x_g, x_o = _blocks(inputs, h.shape[1])
    i, f, g, o = sigmoid(x_i), sigmoid(x_f), np.tanh(x_g), sigmoid(x_o)
    c = f * c + i * g
    return [o * np.tanh(c), c], [i, f, g, o]


def _lstm_forward(gates: Array, before: Any, after: Any) -> None:
    (_, c), (new_h, new_c) = before, after
    i, f, g, o = _blocks(gates, c.shape[1])
    squashed = np.tanh(g)
    _squash(gates)  # all of them in one go is faster than three of four
    g[...] = squashed
    np.add(f * c, i * squashed, new_c)
    np.multiply(o, np.tanh(new_c, squashed), new_h)


def _lstm_back(g: Any, by_gates: Any, gates: Any, before: Any, after: Any, into: Array) -> Any:
    by_h, by_c = g
    i, f, new, o = _blocks(gates, by_h.shape[1])
    by_i, by_f, by_new, by_o = _blocks(into, by_h.shape[1])
    squashed = np.tanh(after[1])
    by_c = by_c + by_h * o * (1 - squashed * squashed)
    np.multiply(by_c, new, by_i)
    np.multiply(by_c, before[1], by_f)
    np.multiply(by_c, i, by_new)
    np.multiply(by_h, squashed, by_o)
    if by_gates is not None:
        np.add(into, by_gates, into)
    slopes = gates - gates * gates
    np.subtract(1, new * new, _blocks(slopes, by_h.shape[1])[2])
    np.multiply(into, slopes, into)
    return [0, by_c * f]


def _gru_step(inputs: Any, h: Any) -> Any:
    x_r, x_z, m, x_n = _blocks(inputs, h.shape[1])
    r, z = sigmoid(x_r), sigmoid(x_z)
    new = np.tanh(x_n + r * m)
    return [(1 - z) * new + z * h], [r, z, m, new]


def _gru_forward(gates: Array, before: Any, after: Any) -> None:
    ((h,), (new_h,)) = before, after
    r, z, m, new = _blocks(gates, h.shape[1])
    _squash(gates[:, : 2 * h.shape[1]])
    np.tanh(new + r * m, new)
    np.add((1 - z) * new, z * h, new_h)


def _gru_back(g: Any, by_gates: Any, gates: Any, before: Any, after: Any, into: Array) -> Any:
    (by_h,) = g
    r, z, m, new = _blocks(gates, by_h.shape[1])
    by_r, by_z, by_m, by_x = _blocks(into, by_h.shape[1])
    given = [0] * 4 if by_gates is None else _blocks(by_gates, by_h.shape[1])
    np.multiply(by_h * (1 - z) + given[3], 1 - new * new, by_x)
    np.add(by_x * r, given[2], by_m)
    np.multiply(by_h * (before[0] - new) + given[1], z - z * z, by_z)
    np.multiply(by_x * m + given[0], r - r * r, by_r)
    return [by_h * z]


CELLS = {
    "tanh": Cell(
        False,
        lambda inputs, h: ([np.tanh(inputs)], []),
        lambda inputs, before, after: np.tanh(inputs, after[0]),
        _tanh_back,
    ),
    "relu": Cell(
        False,
        lambda inputs, h: ([relu(inputs)], []),
        lambda inputs, before, after: np.maximum(inputs, 0, out=after[0]),
        _relu_back,
    ),
    "lstm": Cell(True, _lstm_step, _lstm_forward, _lstm_back),
    "gru": Cell(True, _gru_step, _gru_forward, _gru_back),
}


@array_function
def recurrence(cell: str, *operands: Any) -> Any:
    """The states after each step, (time, n, h) each, and the gates of all steps, (time, n, k·h).

    `operands` are the inputs (time, n, k·h), the hidden weights (h, ≤ k·h), whose product with h is
    added to the first of the inputs' columns, and the states (n, h) before the first step, h and
    others; `cell` is one of `CELLS`.

    >>> recurrence("relu", np.ones((3, 1, 1)), np.ones((1, 1)), np.zeros((1, 1)))[0].ravel()
    array([1., 2., 3.])
    """
    inputs, weights, *before = operands
    columns, is_kept = weights.shape[1], CELLS[cell].is_kept
    states = [hooks.memory.empty((len(inputs), *x.shape), x.dtype) for x in before]
    width = inputs.shape[2] if is_kept else 0
    gates = hooks.memory.empty((*inputs.shape[:2], width), inputs.dtype)
    with np.errstate(over="ignore"):  # of exp, where a gate is 0
        for t, x in enumerate(inputs):
            after = [state[t] for state in states]
            of_step = gates[t] if is_kept else after[0]
            hidden = np.matmul(before[0], weights, out=of_step[:, :columns])
            np.add(x[:, :columns], hidden, hidden)
            of_step[:, columns:] = x[:, columns:]
            CELLS[cell].forward(of_step, before, after)
            before = after
    return [*states, gates]


def _recorded(cell: str, *operands: Any) -> list[Any]:
    """`recurrence` as a composition, on which Tensors run."""
    inputs, weights, *state = operands
    columns = weights.shape[1]
    found, kept = [], []
    for x in inputs:
        x = np.concatenate([x[:, :columns] + state[0] @ weights, x[:, columns:]], 1)
        state, gates = CELLS[cell].step(x, *state)
        found.append(state)
        kept.append(np.concatenate([x[:, :0], *gates], 1))
    return [*[np.stack(x) for x in zip(*found, strict=True)], np.stack(kept)]


def _vjp(g: Any, cell: str, operands: Any, ans: Any) -> list[Any]:
    """Backwards through time (Werbos 1990); of Tensors, where it is recorded, by the text."""
    *by_states, by_gates = g
    given = [x for x in (*g, *operands, *ans) if x is not None]
    if any([type(x) is not np.ndarray for x in given]):
        pull = vjp(functools.partial(_recorded, cell), *operands)[1]
        filled = [
            np.zeros(x.shape, x.dtype) if u is None else u for u, x in zip(g, ans, strict=True)
        ]
        return list(pull(filled))
    inputs, weights, *first = operands
    *states, gates = ans
    columns, back = weights.shape[1], np.ascontiguousarray(weights.T)
    by_inputs = hooks.memory.empty(inputs.shape, inputs.dtype)
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


def _jvp(t: Any, cell: str, operands: Any) -> Any:
    tangents = [
        np.zeros(x.shape, x.dtype) if u is None else u for u, x in zip(t, operands, strict=True)
    ]
    return jvp(functools.partial(_recorded, cell), operands, tangents)[1]


@explained
def rnn(
    x: Any,
    input_weights: Any,
    hidden_weights: Any,
    bias: Any = None,
    *,
    activation: str = "tanh",
    state: Any = None,
    lengths: Any = None,
    reverse: bool = False,
) -> Any:
    """h ← tanh(x @ W + h @ U + b) at each time (Elman 1990): (n, time, in) → (n, time, h), (n, h).

    - `input_weights` W are (in, h), `hidden_weights` U (h, h), `bias` b (h,) or None.
    - `activation` is "tanh" or "relu".
    - `state` is h before the first time, (n, h); None: zeros.
    - `lengths` (n,) are integers from 1 to time: where row i has only so many times. The outputs
      beyond are 0, nothing that lies there has an influence, and the state returned is that after
      the last one (what PyTorch's packed sequences give).
    - With `reverse`, each row is read from its own end; its output still lies at the time it is of.

    Returns (the outputs, the state after the last time that was read). PyTorch's weights are the
    transposes, and its two biases are one here, their sum.

    Raises ``ValueError`` or ``TypeError`` where shapes do not fit together or lengths are none.

    >>> x = np.ones((1, 3, 2))
    >>> y, h = rnn(x, np.full((2, 1), 0.5), np.ones((1, 1)), activation="relu", lengths=[2])
    >>> y[0, :, 0], h
    (array([1., 2., 0.]), array([[2.]]))
    """
    if activation not in ("tanh", "relu"):
        raise ValueError(f"rnn: activation is 'tanh' or 'relu', not {activation!r:.40}")
    checked = _checked("rnn", 1, x, input_weights, hidden_weights, bias, [state])
    y, (state,) = _over_time("rnn", activation, checked, lengths, reverse)
    return y, state


@explained
def lstm(
    x: Any,
    input_weights: Any,
    hidden_weights: Any,
    bias: Any = None,
    *,
    state: Any = None,
    lengths: Any = None,
    reverse: bool = False,
) -> Any:
    """A long short-term memory: (n, time, in) → (n, time, h), and the state (h, c), (n, h) each.

    With the gates i, f, g, o = x @ W + h @ U + b, in this order, as in PyTorch, at each time
    ``c ← σ(f)·c + σ(i)·tanh(g)``, ``h ← σ(o)·tanh(c)`` (Hochreiter and Schmidhuber 1997, Gers et
    al. 2000). `input_weights` W are (in, 4h), `hidden_weights` U (h, 4h), `bias` b (4h,) or None;
    `state` is the pair (h, c) before the first time, None: zeros. The others are those of `rnn`.

    >>> y, (h, c) = lstm(np.ones((2, 5, 3)), np.ones((3, 16)), np.ones((4, 16)))
    >>> y.shape, bool(np.all(y[:, -1] == h)), c.shape
    ((2, 5, 4), True, (2, 4))
    """
    if state is not None and not (isinstance(state, (tuple, list)) and len(state) == 2):
        raise ValueError(f"lstm: state is a pair (h, c) of arrays, not {type(state).__name__}")
    states = [None, None] if state is None else list(state)
    checked = _checked("lstm", 4, x, input_weights, hidden_weights, bias, states)
    return _over_time("lstm", "lstm", checked, lengths, reverse)


@explained
def gru(
    x: Any,
    input_weights: Any,
    hidden_weights: Any,
    bias: Any = None,
    hidden_bias: Any = None,
    *,
    state: Any = None,
    lengths: Any = None,
    reverse: bool = False,
) -> Any:
    """Gated recurrent units: (n, time, in) → (n, time, h), and the state (n, h).

    With x @ W + b and h @ U in three parts r, z, n, in this order, at each time
    ``r = σ(x_r + h_r)``, ``z = σ(x_z + h_z)``, ``h ← (1 − z)·tanh(x_n + r·(h_n + b_h)) + z·h``, as
    PyTorch has it (Cho et al. 2014, with r after the product). `input_weights` W are (in, 3h),
    `hidden_weights` U (h, 3h), `bias` b (3h,) and `hidden_bias` b_h (h,) or None. The others are
    those of `rnn`. Of PyTorch's biases, b is bias_ih plus the first two parts of bias_hh, and b_h
    its last part.

    >>> y, h = gru(np.ones((2, 5, 3)), np.ones((3, 12)), np.ones((4, 12)))
    >>> y.shape, bool(np.all(y[:, -1] == h))
    ((2, 5, 4), True)
    """
    x, w, u, b, states = _checked("gru", 3, x, input_weights, hidden_weights, bias, [state])
    h = u.shape[0]
    b = np.zeros(3 * h, x.dtype) if b is None else b
    hidden_bias = np.zeros(h, x.dtype) if hidden_bias is None else hidden_bias
    hidden_bias = cast(real_numbers(hidden_bias, "gru"), x.dtype)
    if hidden_bias.shape != (h,):
        told = f"gru: hidden_bias must have shape ({h},), not {hidden_bias.shape}"
        raise with_lines(ValueError(told), hidden_bias=hidden_bias)
    # The inputs of a step are r, z, h_n + b_h and x_n: to the third x adds nothing.
    w = np.concatenate([w[:, : 2 * h], np.zeros((w.shape[0], h), w.dtype), w[:, 2 * h :]], 1)
    b = np.concatenate([b[: 2 * h], hidden_bias, b[2 * h :]])
    y, (state,) = _over_time("gru", "gru", (x, w, u, b, states), lengths, reverse)
    return y, state


@explained
def bidirectional(
    layer: Callable[..., Any], x: Any, forward: Any, backward: Any, *, lengths: Any = None
) -> Any:
    """A recurrent layer from the front and another from the end: (n, time, in) → (n, time, 2h).

    `layer` is `rnn`, `lstm` or `gru`, `forward` and `backward` are dicts of its arguments (weights
    and bias; also a state). Returns (outputs, (state of the one, state of the other)); the outputs
    are those of the one, then those of the other, along the last axis (Schuster and Paliwal 1997).

    >>> weights = {"input_weights": np.ones((3, 4)), "hidden_weights": np.ones((4, 4))}
    >>> y, (first, last) = bidirectional(rnn, np.ones((2, 5, 3)), weights, weights)
    >>> y.shape, bool(np.all(y[:, 0, 4:] == last))
    ((2, 5, 8), True)
    """
    for name, params in (("forward", forward), ("backward", backward)):
        if not isinstance(params, dict):
            raise TypeError(
                f"bidirectional: {name} is a dict of the layer's arguments, not "
                f"{type(params).__name__}"
            )
    y, state = layer(x, **forward, lengths=lengths)
    z, other = layer(x, **backward, lengths=lengths, reverse=True)
    return np.concatenate([y, z], -1), (state, other)


def _checked(
    name: str, gates: int, x: Any, w: Any, u: Any, bias: Any, states: list[Any]
) -> tuple[Any, ...]:
    """All of them in one dtype and with shapes that fit; states are zero where None."""
    x, w, u = (real_numbers(a, name) for a in (x, w, u))
    h = u.shape[0] if u.ndim else 0
    if (
        x.ndim != 3
        or u.shape != (h, gates * h)
        or w.shape != (x.shape[2], gates * h)
        or 0 in (x.shape[1], h)
    ):
        k = f"{gates}h" if gates > 1 else "h"
        told = (
            f"{name}: x must be (n, time, in) with at least one time, input_weights (in, {k}) and "
            f"hidden_weights (h, {k}), not {x.shape}, {w.shape} and {u.shape}"
        )
        if x.ndim == 3 and u.ndim == 2 and u.shape[0] == gates * u.shape[1]:
            told += "; PyTorch's weights are turned by .T"
        elif x.ndim == 2:
            told += "; x[None] adds a batch"
        raise with_lines(ValueError(told), x=x, input_weights=w, hidden_weights=u)
    given = [real_numbers(a, name) for a in (bias, *states) if a is not None]
    dtype = np.result_type(*[a.dtype for a in (x, w, u, *given)])
    bias = None if bias is None else cast(real_numbers(bias, name), dtype)
    if bias is not None and bias.shape != (gates * h,):
        told = f"{name}: the bias must have shape ({gates * h},), not {bias.shape}"
        raise with_lines(ValueError(told), bias=bias)
    zero = np.zeros((len(x), h), dtype)
    states = [zero if a is None else real_numbers(a, name) for a in states]
    for a in states:
        if a.shape != zero.shape:
            told = f"{name}: a state must have shape {zero.shape}, (n, h), not {a.shape}"
            raise with_lines(ValueError(told), state=a)
    x, w, u, *states = (cast(a, dtype) for a in (x, w, u, *states))
    return x, w, u, bias, states


def _over_time(name: str, cell: str, checked: Any, lengths: Any, reverse: Any) -> Any:
    """The outputs (n, time, h), and the states after the last time, of what `_checked` gives."""
    x, w, u, bias, states = checked
    n, time, features = x.shape
    x = np.swapaxes(x, 0, 1)
    order = None
    if lengths is not None:
        lengths = checked_lengths(name, lengths, n, time)
        at = np.arange(time)[:, None]
        inside = (at < lengths)[..., None]  # (time, n, 1)
        x = np.where(inside, x, 0)
        # to read each row from its own end; twice is as it was
        order = np.where(inside, (lengths - 1 - at)[..., None], at[..., None])

    def turned(y: Any) -> Any:
        if not reverse:
            return y
        return np.flip(y, 0) if order is None else np.take_along_axis(y, order, 0)

    x = turned(x).reshape(time * n, features)
    if bias is not None:  # as one more row of the weights: a sum less, and one less back
        x = np.concatenate([x, np.ones((time * n, 1), x.dtype)], 1)
        w = np.concatenate([w, bias[None]])
    inputs = (x @ w).reshape(time, n, w.shape[1])
    if cell == "relu" and order is not None:  # h is 0 beyond, where it could grow without bounds
        inputs = np.where(inside, inputs, -np.inf)
    *found, _ = recurrence(cell, inputs, u, *states)
    if lengths is None:
        last = tuple([state[-1].copy() for state in found])  # not a part of the outputs
        y = turned(found[0])
    else:
        index = np.reshape(lengths - 1, (1, n, 1))
        last = tuple([np.take_along_axis(state, index, 0)[0] for state in found])
        y = np.where(inside, turned(found[0]), 0)
    return np.swapaxes(y, 0, 1), last


ROWS = (
    general(
        recurrence,
        signature("cell", "*operands"),
        operands=(_vjp, _jvp),
        list_operands={"operands"},
        constant_outputs=(),
        none_cotangents=True,
    ),
)

add(ROWS)
