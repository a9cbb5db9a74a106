"""A small GPT learns Python's own documentation by heart, letter by letter, and writes some more.

A decoder-only transformer (Vaswani et al. 2017, Radford et al. 2018): embeddings of letters and
positions, two blocks of causal attention and a dense layer with gelu, each after a layer
normalisation. It learns from the texts of ``help("if")``, ``help("CLASSES")`` and so on, which come
with every Python, to tell the next letter; of the last tenth of them it never sees any.

    python examples/gpt.py
    python examples/gpt.py --quick
"""

from __future__ import annotations

import argparse
from pathlib import Path
from pydoc_data import topics
from typing import Any, NamedTuple

import numpy as np
from commandline import parser_of, positive, prepare_output, refuse_changed, run_command

import tinygrad_np as tg

EPOCHS = 4
CONTEXT = 64
STATED = 1.9
"""The loss on the text that validates, nats a letter, that a run stays below, whatever the seed."""


class Windows(NamedTuple):
    """(n, CONTEXT) letters, as indices, and the letter that follows each of them."""

    letters: np.ndarray
    following: np.ndarray


class Text(NamedTuple):
    """All letters, in order, and windows of the text to train with and to validate."""

    letters: str
    train: Windows
    valid: Windows


def load(quick: bool = False) -> Text:
    """The documentation's topics, one after the other; with `quick` but a tenth of them."""
    text = "\n".join(topics.topics[name] for name in sorted(topics.topics))
    text = text[: len(text) // 10] if quick else text
    letters = "".join(sorted(set(text)))
    indices = np.searchsorted(list(letters), list(text))
    split = len(text) * 9 // 10
    return Text(letters, windows(indices[:split], CONTEXT // 2), windows(indices[split:], CONTEXT))


def windows(indices: np.ndarray, step: int) -> Windows:
    """All windows of a text that begin `step` letters apart."""
    found = np.lib.stride_tricks.sliding_window_view(indices, CONTEXT + 1)[::step]
    return Windows(found[:, :-1], found[:, 1:])


# Model

WIDTH, HEADS, BLOCKS = 64, 4, 2


def initial(rng: np.random.Generator, letters: int) -> dict[str, Any]:
    """Of embeddings, blocks, the last normalisation and the dense layer."""
    init = tg.nn.init
    blocks = [
        {
            "norm1": init.layer_norm(WIDTH),
            "attention": init.multi_head_attention(rng, WIDTH),
            "norm2": init.layer_norm(WIDTH),
            "wide": init.dense(rng, WIDTH, 4 * WIDTH),
            "narrow": init.dense(rng, 4 * WIDTH, WIDTH),
        }
        for _ in range(BLOCKS)
    ]
    return {
        "letters": init.embedding(rng, letters, WIDTH, gain=0.02),
        "positions": init.embedding(rng, CONTEXT, WIDTH, gain=0.02),
        "blocks": blocks,
        "norm": init.layer_norm(WIDTH),
        "out": init.dense(rng, WIDTH, letters),
    }


def block(x: Any, params: Any) -> Any:
    """(n, time, WIDTH) → the same: to what comes in, attention and two dense layers add."""
    y = tg.nn.layer_norm(x, **params["norm1"])
    x = x + tg.nn.multi_head_attention(y, heads=HEADS, causal=True, **params["attention"])
    y = tg.nn.layer_norm(x, **params["norm2"])
    y = tg.nn.gelu(tg.dense(y, **params["wide"]))
    return x + tg.dense(y, **params["narrow"])


def logits(params: Any, letters: Any) -> Any:
    """(n, time) → (n, time, letters)"""
    positions = np.arange(letters.shape[1])
    x = tg.nn.embedding(letters, **params["letters"])
    x = x + tg.nn.embedding(positions, **params["positions"])
    for one in params["blocks"]:
        x = block(x, one)
    return tg.dense(tg.nn.layer_norm(x, **params["norm"]), **params["out"])


# Training


def loss(params: Any, letters: Any, following: Any) -> Any:
    """Nats a letter."""
    return tg.cross_entropy(logits(params, letters), following)


def train(data: Text, epochs: int, seed: int = 0) -> tg.training.Fitted:
    """The parameters with the least loss on the text that validates."""
    rng = np.random.default_rng(seed)
    size = 32
    steps = epochs * len(data.train.letters) // size
    schedule = tg.optim.schedules.warm_up(tg.optim.schedules.cosine(5e-3, steps - 100), 100)
    return tg.training.fit(
        loss,
        initial(rng, len(data.letters)),
        data.train,
        tg.optim.adamw,
        rate=schedule,
        epochs=epochs,
        batch_size=size,
        rng=rng,
        validation=data.valid,
    )


# Command


def main():
    d = load()
    print(d.train.letters.shape, d.valid.letters.shape, len(d.letters))
    f = train(d, EPOCHS)
