"""Recurrent layers over time: `rnn`, `lstm`, `gru`, and `bidirectional`.

Data are (n, time, features). What comes from the input is one product over all time steps; the rest
is the row `recurrence`, one loop over time, of which `CELLS` has the steps.

>>> x = np.ones((1, 3, 2))
>>> y, h = rnn(x, np.full((2, 1), 0.5), np.ones((1, 1)), activation="relu")
>>> y[0, :, 0], h
(array([1., 2., 3.]), array([[3.]]))
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

import numpy as np

from ..answers import explained
from ..core.arrays import cast, real_numbers
from ..core.dispatch import array_function, plain
from ..core.hooks import with_lines
from ..core.network import relu, sigmoid
from ..core.signature import signature
from ..core.table import add, general
from ..core.transforms import jvp, vjp
from .arguments import checked_lengths

__all__ = ["bidirectional", "gru", "lstm", "rnn"]


def blocks(x: Any, h: int) -> list[Any]:
    """(n, k·h) → k of (n, h)"""
    return [x[:, i : i + h] for i in range(0, x.shape[1], h)]


def _tanh(inputs: Any, h: Any) -> Any:
    return [np.tanh(inputs)], []


def _relu(inputs: Any, h: Any) -> Any:
    return [relu(inputs)], []


def _lstm(inputs: Any, h: Any, c: Any) -> Any:
    i, f, g, o = blocks(inputs, h.shape[1])
    i, f, g, o = sigmoid(i), sigmoid(f), np.tanh(g), sigmoid(o)
    c = f * c + i * g
    return [o * np.tanh(c), c], [i, f, g, o]


def _gru(inputs: Any, h: Any) -> Any:
    r, z, m, new = blocks(inputs, h.shape[1])
    r, z = sigmoid(r), sigmoid(z)
    new = np.tanh(new + r * m)
    return [(1 - z) * new + z * h], [r, z, m, new]


CELLS: dict[str, Callable[..., Any]] = {"tanh": _tanh, "relu": _relu, "lstm": _lstm, "gru": _gru}
"""One step each, of inputs (n, k·h) to which h @ weights has been added:
(inputs, *states before) → (the states after, the gates)"""


@array_function
def recurrence(cell: str, *operands: Any) -> Any:
    """The states after each step, (time, n, h) each, and the gates of all steps, (time, n, k·h).

    `operands` are the inputs (time, n, k·h), the hidden weights (h, ≤ k·h), whose product with h is
    added to the first of the inputs' columns, and the states (n, h) before the first step, h and
    others; `cell` is one of `CELLS`. Without gates there are none: (time, n, 0).

    >>> recurrence("relu", np.ones((3, 1, 1)), np.ones((1, 1)), np.zeros((1, 1)))[0].ravel()
    array([1., 2., 3.])
    """
    inputs, weights, *states = operands
    columns, found, kept = weights.shape[1], [], []
    for part in np.split(inputs, len(inputs)):
        x = part[0]
        x = np.concatenate([x[:, :columns] + states[0] @ weights, x[:, columns:]], 1)
        states, gates = CELLS[cell](x, *states)
        found.append(states)
        kept.append(np.concatenate([x[:, :0], *gates], 1))
    return [*[np.stack(several) for several in zip(*found, strict=True)], np.stack(kept)]


def recurrence_vjp(g: Any, cell: str, operands: Any, ans: Any) -> list[Any]:
    """Backwards through time (Werbos 1990), with None for what nothing depends on."""
    pull = vjp(functools.partial(plain(recurrence), cell), *operands)[1]
    return list(pull(_filled(g, ans)))


def _jvp(t: Any, cell: str, operands: Any) -> Any:
    return jvp(functools.partial(plain(recurrence), cell), operands, _filled(t, operands))[1]


def _filled(parts: Any, like: Any) -> list[Any]:
    """Zeros in place of None."""
    return [
        np.zeros(x.shape, x.dtype) if u is None else u for u, x in zip(parts, like, strict=True)
    ]


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
    """h ← tanh(x @ W + h @ U + b) at each time (Elman 1990).

    PyTorch's weights are the transposes, and its two biases are one here, their sum.

    Parameters
    ----------
    x : (n, time, in) array_like
    input_weights, hidden_weights : (in, h) and (h, h) arrays
        W and U.
    bias : (h,) array_like, optional
    activation : {"tanh", "relu"}, default "tanh"
    state : (n, h) array_like, optional
        h before the first time; zeros by default.
    lengths : (n,) integers from 1 to time, optional
        Row i has only so many times. The outputs beyond are 0, nothing that lies there has an
        influence, and the state returned is that after the last one (what PyTorch's packed
        sequences give).
    reverse : bool, default False
        Each row is read from its own end; its output still lies at the time it is of.

    Returns
    -------
    outputs : (n, time, h) array
    state : (n, h) array
        h after the last time that was read.

    Raises
    ------
    ValueError, TypeError
        Where shapes do not fit together or lengths are none.

    Examples
    --------
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
    """A long short-term memory, of the state (h, c).

    With the gates i, f, g, o = x @ W + h @ U + b, in this order, as in PyTorch, at each time
    ``c ← σ(f)·c + σ(i)·tanh(g)``, ``h ← σ(o)·tanh(c)`` (Hochreiter and Schmidhuber 1997, Gers et
    al. 2000).

    Parameters
    ----------
    x : (n, time, in) array_like
    input_weights, hidden_weights : (in, 4h) and (h, 4h) arrays
        W and U.
    bias : (4h,) array_like, optional
    state : pair of (n, h) arrays, optional
        h and c before the first time; zeros by default.
    lengths : (n,) integers from 1 to time, optional
    reverse : bool, default False
        Both as in `rnn`.

    Returns
    -------
    outputs : (n, time, h) array
    state : pair of (n, h) arrays

    Examples
    --------
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
    """Gated recurrent units, of the state h.

    With x @ W + b and h @ U in three parts r, z, n, in this order, at each time
    ``r = σ(x_r + h_r)``, ``z = σ(x_z + h_z)``, ``h ← (1 − z)·tanh(x_n + r·(h_n + b_h)) + z·h``, as
    PyTorch has it (Cho et al. 2014, with r after the product). Of PyTorch's biases, b is
    ``bias_ih`` plus the first two parts of ``bias_hh``, and ``b_h`` its last part.

    Parameters
    ----------
    x : (n, time, in) array_like
    input_weights, hidden_weights : (in, 3h) and (h, 3h) arrays
        W and U.
    bias, hidden_bias : (3h,) and (h,) arrays, optional
        b and ``b_h``.
    state : (n, h) array_like, optional
    lengths : (n,) integers from 1 to time, optional
    reverse : bool, default False
        From `state` on, as in `rnn`.

    Returns
    -------
    outputs : (n, time, h) array
    state : (n, h) array

    Examples
    --------
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
    """A recurrent layer from the front and another from the end (Schuster and Paliwal 1997).

    Parameters
    ----------
    layer : function
        `rnn`, `lstm` or `gru`.
    x : (n, time, in) array_like
    forward, backward : dicts
        Arguments of the layer: weights and bias; also a state.
    lengths : (n,) integers, optional

    Returns
    -------
    outputs : (n, time, 2h) array
        Those of the one, then those of the other.
    states : tuple
        The state of the one and that of the other.

    Examples
    --------
    >>> weights = {"input_weights": np.ones((3, 4)), "hidden_weights": np.ones((4, 4))}
    >>> y, (first, last) = bidirectional(rnn, np.ones((2, 5, 3)), weights, weights)
    >>> y.shape, bool(np.all(y[:, 0, 4:] == last))
    ((2, 5, 8), True)
    """
    if not callable(layer):
        raise TypeError(f"bidirectional: layer is tg.nn.rnn, lstm or gru, not {layer!r:.40}")
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
        operands=(recurrence_vjp, _jvp),
        list_operands={"operands"},
        constant_outputs=(),
        none_cotangents=True,
    ),
)

add(ROWS)
