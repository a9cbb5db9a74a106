"""An LSTM learns to add two numbers that it was shown long before: the adding problem.

Each row is a sequence of random numbers, two of which are marked; the answer is their sum. Who does
not remember says 1 and has the mean squared error 1/6. The rows have several lengths, and a
network must carry the first number through up to forty steps (Hochreiter and Schmidhuber, "Long
short-term memory", Neural Computation 9, 1997, section 5.4).

    python examples/sequence.py                           # some 7 s
    python examples/sequence.py --quick
"""

from __future__ import annotations

from pathlib import Path
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


def result(fitted: tg.training.Fitted, data: Data) -> float:
    """The mean squared error on the test rows."""
    return float(loss(fitted.params, *data.test))


def table(params: Any, test: Rows) -> str:
    """Some rows: how long they are, where the marks are, what is right and what is said."""
    said = predict(params, test.x, test.lengths)
    lines = [f"{'length':>6}  {'marked':<12}{'numbers':<16}{'sum':>8}{'said':>8}"]
    for x, length, right, answer in zip(*test, said, strict=True):
        if len(lines) > 6:
            break
        first, second = np.flatnonzero(x[:, 1])
        numbers = f"{x[first, 0]:.3f}, {x[second, 0]:.3f}"
        marked = f"{first}, {second}"
        lines.append(f"{length:>6}  {marked:<12}{numbers:<16}{right[0]:>8.3f}{answer[0]:>8.3f}")
    return "\n".join(lines)


def draw(fitted: tg.training.Fitted, data: Data, path: Path) -> Path:
    """The run, the answers against the sums, and what the cells remember along one row."""
    figure = tg.viz.figure(8, 3.4)
    figure.suptitle("An LSTM adds the two marked numbers of a row")
    run, answers, memory = figure.subplots(1, 3, width_ratios=[1, 1, 1.2])
    run.set_yscale("log")
    fitted.history.plot(run, "loss")
    run.axhline(BASELINE, color="0.4", linestyle="--", linewidth=1)
    run.annotate("always 1", (1, BASELINE), (0, 2), ("axes fraction", "data"), "offset points",
                 ha="right", color="0.4", fontsize=8)  # fmt: skip
    run.set_ylabel("mean squared error")
    said = predict(fitted.params, data.test.x, data.test.lengths)
    answers.plot([0, 2], [0, 2], "k--", linewidth=1)
    answers.plot(data.test.sums, said, ".", markersize=3, alpha=0.5)
    answers.set_title(f"{len(said):,} test rows", fontsize=9)
    answers.set_xlabel("sum")
    answers.set_ylabel("said")
    answers.set_aspect("equal")
    length = int(data.test.lengths[0])
    row = data.test.x[:1, :length]
    states, _ = tg.nn.lstm(row, **fitted.params["lstm"])
    order = np.argsort(states[0, -1])
    memory.imshow(states[0][:, order].T, cmap="RdBu_r", vmin=-1, vmax=1, aspect="auto")
    memory.grid(False)
    for mark in np.flatnonzero(row[0, :, 1]):
        memory.axvline(mark, color="black", linewidth=1)
    memory.set_title("States along one row, marks as lines", fontsize=9)
    memory.set_xlabel("place in the row")
    memory.set_ylabel("hidden unit, by its last state")
    tg.viz.colour_bar(memory)
    return tg.viz.save(figure, path)


def main(arguments: list[str] | None = None) -> int:
    """Run it all."""
    prepare_output()
    quick = "one epoch on 1,000 rows: is all well?"
    options = parse_training(
        training_parser("Train an LSTM to add two marked numbers.", EPOCHS, quick), arguments
    )
    data = load(options.quick, options.seed)
    counts = [f"{len(rows.x):,}" for rows in data]
    print(f"Rows of {SHORTEST} to {LONGEST} numbers: {' / '.join(counts)}, train / validate / test")
    fitted = train(data, options.epochs, options.seed)
    print("\n" + table(fitted.params, data.test))
    print(f"\nMean squared error: {result(fitted, data):.5f}; who always says 1: {BASELINE:.5f}")
    return figure_told(lambda: draw(fitted, data, options.out / "sequence.png"))


if __name__ == "__main__":
    run_command(main)
