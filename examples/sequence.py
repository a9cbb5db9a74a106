"""An LSTM learns to add two numbers that it was shown long before: the adding problem.

Each row is a sequence of random numbers, two of which are marked; the answer is their sum. Who does
not remember says 1 and has the mean squared error 1/6. The rows have several lengths, and a
network must carry the first number through up to fifty steps (Hochreiter and Schmidhuber, "Long
short-term memory", Neural Computation 9, 1997, section 5.4).

    python examples/sequence.py
    python examples/sequence.py --quick
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from commandline import parser_of, positive, prepare_output, refuse_changed

import tinygrad_np as tg

EPOCHS = 12
SHORTEST, LONGEST = 20, 40
BASELINE = 1 / 6
"""The variance of the sum of two numbers that are uniform in [0, 1)."""
STATED = 0.01
"""The mean squared error on the test rows that a run stays below, whatever the seed."""


class Rows(NamedTuple):
    """(n, time, 2) numbers and marks, 0 beyond each row's end; (n,) lengths; (n, 1) sums."""

    x: np.ndarray
    lengths: np.ndarray
    sums: np.ndarray


class Data(NamedTuple):
    """Rows to train with, to validate and to test."""

    train: Rows
    valid: Rows
    test: Rows


def draw_rows(rng: np.random.Generator, n: int) -> Rows:
    """One mark in the first half of each row, one in the second."""
    lengths = rng.integers(SHORTEST, LONGEST + 1, n)
    x = np.zeros((n, LONGEST, 2), np.float32)
    x[..., 0] = rng.random((n, LONGEST)) * (np.arange(LONGEST) < lengths[:, None])
    half, every = lengths // 2, np.arange(n)
    for mark in (rng.integers(0, half), rng.integers(half, lengths)):
        x[every, mark, 1] = 1
    return Rows(x, lengths, np.sum(x[..., 0] * x[..., 1], axis=1, keepdims=True))


def load(quick: bool = False, seed: int = 0) -> Data:
    """10,000 rows to train with, 1,000 each to validate and to test; with `quick` fewer."""
    rng = np.random.default_rng(seed)
    return Data(*[draw_rows(rng, n // (10 if quick else 1)) for n in (10_000, 1_000, 1_000)])


# Model

HIDDEN = 32


def initial(rng: np.random.Generator) -> dict[str, Any]:
    """Of the LSTM, and of the dense layer that reads its last state."""
    return {
        "lstm": tg.nn.init.lstm(rng, 2, HIDDEN),
        "out": tg.nn.init.dense(rng, HIDDEN, 1),
    }


def predict(params: Any, x: Any, lengths: Any) -> Any:
    """(n, time, 2), (n,) → (n, 1)"""
    _, (h, _) = tg.nn.lstm(x, **params["lstm"], lengths=lengths)
    return tg.dense(h, **params["out"])


# Training


def loss(params: Any, x: Any, lengths: Any, sums: Any) -> Any:
    """The mean squared error."""
    return tg.nn.mse(predict(params, x, lengths), sums)


def clipped_adam(params: Any, grads: Any, state: Any, *, rate: Any) -> Any:
    """Adam, with gradients of at most the norm 1: over many steps they may explode."""
    return tg.optim.adam(params, tg.optim.clip_by_norm(grads, 1.0), state, rate=rate)


def train(data: Data, epochs: int, seed: int = 0) -> tg.training.Fitted:
    """The parameters with the least error on the rows that validate."""
    rng = np.random.default_rng(seed)
    size = 100
    steps = epochs * len(data.train.x) // size
    return tg.training.fit(
        loss,
        initial(rng),
        data.train,
        clipped_adam,
        rate=tg.optim.schedules.cosine(1e-2, steps),
        epochs=epochs,
        batch_size=size,
        rng=rng,
        validation=data.valid,
    )


# Command
