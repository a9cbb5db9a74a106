"""A small GPT learns Python's own documentation by heart, letter by letter, and writes some more.

A decoder-only transformer (Vaswani et al. 2017, Radford et al. 2018): embeddings of letters and
positions, two blocks of causal attention and a dense layer with gelu, each after a layer
normalisation. It learns from the texts of ``help("if")``, ``help("CLASSES")`` and so on, which come
with every Python, to tell the next letter; of the last tenth of them it never sees any.

    python examples/gpt.py                                # some 60 s
    python examples/gpt.py --quick
"""

from __future__ import annotations

from pathlib import Path
from pydoc_data import topics
from typing import Any, NamedTuple

import numpy as np
from commandline import (
    figure_told,
    parse_training,
    prepare_output,
    run_command,
    training_parser,
)

import tinygrad_np as tg

EPOCHS = 4
CONTEXT = 64
STATED = 1.6
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
    """The documentation's topics, one after the other; with `quick` a third of it."""
    text = "\n".join(topics.topics[name] for name in sorted(topics.topics))
    text = text[: len(text) // 3] if quick else text
    letters = "".join(sorted(set(text)))
    indices = np.searchsorted(list(letters), list(text))
    split = len(text) * 9 // 10
    return Text(letters, windows(indices[:split], CONTEXT), windows(indices[split:], CONTEXT))


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
    steps = epochs * -(-len(data.train.letters) // size)
    warm = steps // 10
    schedule = tg.optim.schedules.warm_up(tg.optim.schedules.cosine(5e-3, steps - warm), warm)
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


def result(fitted: tg.training.Fitted, data: Text) -> float:
    """Nats a letter on the text that validates."""
    return float(np.mean(by_place(fitted.params, data.valid)))


def by_place(params: Any, part: Windows) -> np.ndarray:
    """The loss at each place of the windows, (CONTEXT,): further on, more letters are known."""
    total = np.zeros(CONTEXT)
    for i in range(0, len(part.letters), 100):
        z = logits(params, part.letters[i : i + 100])
        total += np.sum(tg.cross_entropy(z, part.following[i : i + 100], reduction="none"), axis=0)
    return total / len(part.letters)


def baselines(data: Text) -> dict[str, float]:
    """What is reached on the same text by who knows less, nats a letter."""
    n = len(data.letters)
    pairs = np.ones((n, n))  # each pair once more than it is there
    np.add.at(pairs, (data.train.letters, data.train.following), 1)
    alone = pairs.sum(axis=0) / pairs.sum()
    after = pairs / pairs.sum(axis=1, keepdims=True)
    letters, following = data.valid
    return {
        "nothing": float(np.log(n)),
        "how frequent each letter is": -float(np.mean(np.log(alone[following]))),
        "the letter before": -float(np.mean(np.log(after[letters, following]))),
    }


def sample(params: Any, text: str, letters: str, count: int, rng: np.random.Generator) -> str:
    """`text`, and `count` letters more, each drawn as the model thinks it follows."""
    known = [letters.index(letter) for letter in text]
    for _ in range(count):
        z = logits(params, np.array([known[-CONTEXT:]]))[0, -1]
        chances = tg.softmax(z.astype(float) / TEMPERATURE)
        known.append(int(rng.choice(len(letters), p=chances)))
    return "".join(letters[i] for i in known)


TEMPERATURE = 0.7
"""Below 1, what is likely becomes likelier."""


def draw(fitted: tg.training.Fitted, data: Text, path: Path) -> Path:
    """The run beside the baselines, and the loss by how many letters are known."""
    figure = tg.viz.figure(8, 3.8)
    figure.suptitle("A small GPT tells the next letter of Python's documentation")
    run, places = figure.subplots(1, 2, sharey=True)
    known = baselines(data)
    for axes in (run, places):
        for value in known.values():
            axes.axhline(value, color="0.4", linestyle="--", linewidth=1)
    run.set_ylim(0, 1.1 * max(known.values()))
    fitted.history.plot(run, "loss")
    run.set_ylabel("loss, nats a letter")
    places.plot(np.arange(1, CONTEXT + 1), by_place(fitted.params, data.valid))
    places.set_title("On text never seen", fontsize=9)
    places.set_xlabel("letters known")
    places.set_xscale("log", base=2)
    ticks = [2**k for k in range(7)]
    places.set_xticks(ticks, [str(tick) for tick in ticks])
    for what, value in known.items():
        places.annotate(f"knows {what}", (CONTEXT, value), (0, 2), textcoords="offset points",
                        ha="right", color="0.4", fontsize=8)  # fmt: skip
    return tg.viz.save(figure, path)


def main(arguments: list[str] | None = None) -> int:
    """Run it all."""
    prepare_output()
    quick = "one epoch on a third of the text: is all well?"
    options = parse_training(
        training_parser("Train a small GPT on Python's documentation.", EPOCHS, quick), arguments
    )
    data = load(options.quick)
    windows = f"{len(data.train.letters):,} windows to train with, {len(data.valid.letters):,} more"
    print(f"{len(data.letters)} letters; {windows} to validate, of {CONTEXT} letters each")
    fitted = train(data, options.epochs, options.seed)
    print(f"\n{'who knows':<32}nats a letter")
    for what, value in (baselines(data) | {"the 64 letters before": result(fitted, data)}).items():
        print(f"{what:<32}{value:>13.3f}")
    rng = np.random.default_rng(options.seed)
    print(f"\nA sample:\n\n{sample(fitted.params, START, data.letters, 400, rng)}\n")
    return figure_told(lambda: draw(fitted, data, options.out / "gpt.png"))


START = "The "
"""What the sample begins with."""

if __name__ == "__main__":
    run_command(main)
