"""The second post: ten classes, several filters, colour, trained by reverse mode.

One 3×3 convolution → relu → dense → softmax cross-entropy: two plain functions and a loop, on
Fashion-MNIST, CIFAR-10 or ten garments that are drawn here. Afterwards a figure shows the learning
curves, the filters and which class is taken for which.

    python examples/ten_classes.py                                   # Fashion-MNIST, 5 filters
    python examples/ten_classes.py --data cifar-10 --filters 15
    python examples/ten_classes.py --protocol post                   # the post's run and figures
"""

from __future__ import annotations

import argparse
import copy
import itertools
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from clothes import CLASSES, VALIDATION, add_choice, chosen
from commandline import (
    DivergedError,
    HelpFormatter,
    check_loss,
    folder,
    positive,
    prepare_output,
    refuse_changed,
    run_command,
    seed,
)
from runs import (
    CheckpointError,
    Epoch,
    Figures,
    Running,
    State,
    StoppedError,
    after_stop,
    keeper,
    resumed,
)

import tinygrad_np as tg
from tinygrad_np.io.progress import progress

RATE = 0.01
RATES = {"cifar-10": 0.001}
"""For the mean loss and a momentum of 0.9, with which steps grow without end from 3.8 over the
largest curvature on. At the start that is 150 for Fashion-MNIST with 5 filters (a rate of 0.026),
and 330 for CIFAR-10 with 15 (0.011); for a batch of 32, and later on, it may be several times more.
"""

# The model


def logits(params: tuple[Any, Any], images: Any) -> Any:
    """(3, 3, c, filters), (filters·rows·columns, 10), (n, rows, columns, c) → (n, 10)."""
    filters, weights = params
    hidden = tg.relu(tg.conv2d(images, filters, padding="same"))
    return tg.flatten(hidden) @ weights


def mean_loss(params: tuple[Any, Any], images: Any, labels: Any) -> tuple[Any, Any]:
    """The mean cross-entropy; beside it the sum and the logits."""
    z = logits(params, images)
    value = tg.cross_entropy(z, labels)
    return value, (value * len(labels), z)


def summed_loss(params: tuple[Any, Any], images: Any, labels: Any) -> tuple[Any, Any]:
    """The summed cross-entropy, whose gradient the post applies; beside it the same, the logits."""
    z = logits(params, images)
    value = tg.cross_entropy(z, labels, reduction="sum")
    return value, (value, z)


# Data


class Split(NamedTuple):
    """Standardised images (n, rows, columns, channels) and their classes (n,), from 0 to 9."""

    images: np.ndarray
    labels: np.ndarray


def prepare(dataset: tg.data.Dataset, dtype: str, quick: bool) -> dict[str, Split]:
    """Training, validation and test images in file order, standardised by the training pixels."""
    most = len(dataset.train_images[: 4_000 if quick else None])
    held_out = min(VALIDATION, most // 5)
    train, valid = slice(0, most - held_out), slice(most - held_out, most)
    test = slice(0, 1_000 if quick else None)
    parts = (
        (dataset.train_images[train], dataset.train_labels[train]),
        (dataset.train_images[valid], dataset.train_labels[valid]),
        (dataset.test_images[test], dataset.test_labels[test]),
    )
    images = tg.data.standardised(*[images for images, _ in parts], dtype=np.dtype(dtype))
    if images[0].ndim == 3:
        images = tuple([x[..., None] for x in images])
    return {
        name: Split(x, labels.astype(np.intp))
        for name, x, (_, labels) in zip(("train", "valid", "test"), images, parts, strict=True)
    }


def initial(split: Split, filters: int, random: np.random.RandomState, dtype: str) -> Any:
    """Parameters as the post draws them: N(0, 1/√inputs)."""
    _, rows, columns, channels = split.images.shape
    inputs = filters * rows * columns
    return (
        random.normal(0, 1 / np.sqrt(9 * channels), (3, 3, channels, filters)).astype(dtype),
        random.normal(0, 1 / np.sqrt(inputs), (inputs, CLASSES)).astype(dtype),
    )


# Training


def measure(params: Any, batches: Iterator[Any]) -> Figures:
    """Without recording a graph: the same model on plain arrays."""
    running = Running()
    for images, labels in batches:
        value, z = summed_loss(params, images, labels)[1]
        running = running.and_batch(value, z, labels)
    return running.figures()


def in_order(split: Split, size: int = 500) -> Iterator[Any]:
    """A split, batch by batch."""
    for start in range(0, len(split.labels), size):
        yield split.images[start : start + size], split.labels[start : start + size]


class Shuffled:
    """Training as today: momentum, the mean loss, every image once an epoch in another order."""

    valid = "valid"
    loss = staticmethod(mean_loss)

    def __init__(self, splits: dict[str, Split], options: argparse.Namespace) -> None:
        self.splits = splits
        self.options = options
        self.steps = -(-len(splits["train"].labels) // options.batch_size)

    def begin(self) -> State:
        """The state before the first epoch."""
        random = np.random.RandomState(self.options.seed)
        params = initial(self.splits["train"], self.options.filters, random, self.options.dtype)
        before = [measure(params, in_order(self.splits[name])) for name in ("train", "valid")]
        rng = np.random.default_rng(self.options.seed)
        history = [Epoch(before[0], before[1], 0.0)]
        return State(params, None, rng, 0, 0, Running(), 0.0, history, params)

    def batches(self, random: Any) -> Iterator[Any]:
        """The batches of an epoch."""
        arrays = tuple(self.splits["train"])
        return iter(tg.data.minibatches(random, arrays, self.options.batch_size))

    def update(self, params: Any, grads: Any, velocity: Any) -> tuple[Any, Any]:
        """A step."""
        rate, momentum = self.options.rate, self.options.momentum
        return tg.optim.sgd(params, grads, velocity, rate=rate, momentum=momentum)

    def judge(self, params: Any, random: Any) -> Figures:
        """The validation figures."""
        return measure(params, in_order(self.splits["valid"]))


class AsThePost:
    """The post's protocol: batches of 32 drawn with replacement, all from one generator.

    A step is 0.001 times the gradient of the summed loss of a batch; the losses shown are means.

    The losses before training are measured on 156 drawn batches each, then the generator starts
    anew; after an epoch the validation figures are measured on 156 drawn batches, too.
    """

    valid = "valid, drawn"
    loss = staticmethod(summed_loss)

    def __init__(self, splits: dict[str, Split], options: argparse.Namespace) -> None:
        self.splits = splits
        self.options = options
        self.steps = len(splits["train"].labels) // 32

    def begin(self) -> State:
        """The state before the first epoch."""
        random = np.random.RandomState(42)
        params = initial(self.splits["train"], self.options.filters, random, self.options.dtype)
        valid, train = [
            measure(params, self.drawn(name, 156, random)) for name in ("valid", "train")
        ]
        random.seed(42)
        history = [Epoch(train, valid, 0.0)]
        return State(params, None, random, 0, 0, Running(), 0.0, history, params)

    def drawn(self, name: str, batches: int, random: Any) -> Iterator[Any]:
        """Batches of a split."""
        images, labels = self.splits[name]
        for _ in range(batches):
            chosen = random.choice(len(labels), 32)
            yield images[chosen], labels[chosen]

    def batches(self, random: Any) -> Iterator[Any]:
        """The batches of an epoch."""
        return self.drawn("train", self.steps, random)

    def update(self, params: Any, grads: Any, velocity: Any) -> tuple[Any, Any]:
        """A step."""
        return tg.optim.sgd(params, grads, rate=0.001)

    def judge(self, params: Any, random: Any) -> Figures:
        """The validation figures."""
        return measure(params, self.drawn("valid", 156, random))


@np.errstate(over="ignore", invalid="ignore")  # what diverges is told in words
def train(
    protocol: Shuffled | AsThePost,
    epochs: int,
    state: State | None = None,
    keep: Callable[[State], object] = lambda state: None,
) -> State:
    """Train up to so many epochs, from `state` or from the start; prints a line an epoch.

    `keep` is given the state after every step. Ctrl-C raises `StoppedError` with the state after
    the last whole step.
    """
    if state is None:
        state = protocol.begin()
    gradient = tg.jit(tg.value_and_grad(protocol.loss, has_aux=True))
    print_header(protocol.valid)
    for number, epoch in enumerate(state.history):
        print_epoch(number, epoch)
    try:
        while len(state.history) <= epochs:
            number, done = len(state.history), state.batch
            random = copy.deepcopy(state.random)
            batches = itertools.islice(protocol.batches(random), done, None)
            for images, labels in progress(batches, f"epoch {number}", protocol.steps - done):
                began = time.perf_counter()
                (_, (total, z)), grads = gradient(state.params, images, labels)
                params, velocity = protocol.update(state.params, grads, state.velocity)
                state = state._replace(
                    params=params,
                    velocity=velocity,
                    step=state.step + 1,
                    batch=state.batch + 1,
                    running=state.running.and_batch(total, z, labels),
                    seconds=state.seconds + time.perf_counter() - began,
                )
                check_loss(state.running.figures().loss, state.history[0].train.loss, number)
                if state.batch < protocol.steps:
                    keep(state)
            epoch = Epoch(
                state.running.figures(), protocol.judge(state.params, random), state.seconds
            )
            state = state._replace(
                random=random,
                batch=0,
                running=Running(),
                seconds=0.0,
                history=[*state.history, epoch],
            )
            keep(state)
            print_epoch(number, epoch)
    except KeyboardInterrupt:
        raise StoppedError(state) from None
    return state


def print_header(valid: str) -> None:
    """The head of the table, where `valid` says what the last two figures are of."""
    print(f"epoch    train loss  accuracy{valid + ' loss':>20}  accuracy   seconds")


def print_epoch(number: int, epoch: Epoch) -> None:
    """A line of the table."""
    name = "before" if number == 0 else f"{number}"
    (a, b), (c, d) = epoch.train, epoch.valid
    print(f"{name:<6}{a:>13.4f}{b:>10.4f}{c:>20.4f}{d:>10.4f}{epoch.seconds:>10.1f}", flush=True)


# What comes after training


def confusion(params: Any, split: Split) -> np.ndarray:
    """(class, predicted class): how many."""
    predicted = np.concatenate([np.argmax(logits(params, x), axis=1) for x, _ in in_order(split)])
    counts = np.zeros((CLASSES, CLASSES), int)
    np.add.at(counts, (split.labels, predicted), 1)
    return counts


def draw(run: State, counts: np.ndarray, names: Any, title: str, path: Path) -> Path:
    """Learning curves, the confusion matrix, and the filters before and after."""
    figure = tg.viz.figure(8, 7)
    figure.suptitle(title)
    rows: Any = figure.subfigures(2, 1, height_ratios=(2.2, 1))
    left, right = rows[0].subfigures(1, 2, width_ratios=(1, 1.2))
    for axes, quantity in zip(left.subplots(2, 1), ("loss", "accuracy"), strict=True):
        curves = {
            split: [getattr(getattr(epoch, split), quantity) for epoch in run.history]
            for split in ("train", "valid")
        }
        tg.viz.learning_curves(axes, curves, quantity)
    tg.viz.confusion_matrix(right.subplots(), counts, names)
    pair = [filters[..., :MOST_DRAWN] for filters in (run.start[0], run.params[0])]
    largest = float(np.max(np.abs(pair)))
    grid = rows[1].subplots(2, 1)
    for axes, filters, when in zip(grid, pair, ("before", "after"), strict=True):
        tg.viz.filters(axes, filters, largest=largest).set_ylabel(when, fontsize=9)
    if pair[0].shape[2] == 1:
        tg.viz.colour_bar(grid)
        rows[1].suptitle("The filters, before and after training", fontsize=9)
    else:
        rows[1].suptitle(
            f"The filters in colour: grey is 0, black −{largest:.2f} and white {largest:.2f} of "
            "red, green and blue",
            fontsize=9,
        )
    return tg.viz.save(figure, path)


MOST_DRAWN = 16
"""So many filters are shown side by side, the first ones: more would be too small to see."""


# The command


def parse(arguments: list[str] | None = None) -> argparse.Namespace:
    """The options."""
    parser = argparse.ArgumentParser(
        description="Train the ten-class CNN of the second post.",
        formatter_class=HelpFormatter,
    )
    add_choice(parser)
    add = parser.add_argument
    add("--filters", type=positive(int), default=5, help="of 3×3 pixels")
    add("--epochs", type=positive(int), default=5, help="passes over the training images")
    add(
        "--rate",
        type=positive(float),
        help=f"the learning rate, for the mean loss (default: {RATE}, of CIFAR-10 "
        f"{RATES['cifar-10']})",
    )
    add("--momentum", type=float, default=0.9, help="of stochastic gradient descent, below 1")
    add("--batch-size", type=positive(int), default=32, help="images a step")
    add("--seed", type=seed, default=42, help="of the parameters and the images' order")
    add("--dtype", choices=["float32", "float64"], default="float32", help="of the computation")
    add("--out", type=folder, default="figures", help="the folder for the figure")
    add("--quick", action="store_true", help="one epoch on 4,000 images: is all well?")
    add(
        "--protocol",
        choices=["post"],
        help="draw, train and measure as the post does, in float64; only --data, --path, "
        "--filters, --epochs, --out and those of the checkpoint count",
    )
    add("--checkpoint", type=folder, help="the folder for the state of the run, to go on from")
    add("--save-every", type=positive(int), default=200, help="steps between two saved states")
    add("--resume", action="store_true", help="go on from the last state in --checkpoint, if any")
    options = parser.parse_args(arguments)
    if not 0 <= options.momentum < 1:
        parser.error(f"--momentum must be at least 0 and below 1, not {options.momentum}")
    if options.protocol:
        fixed = ("rate", "momentum", "batch_size", "seed", "dtype", "quick")
        refuse_changed(parser, options, "--protocol post fixes this", fixed)
        if options.data == "built-in":
            parser.error("--protocol post is about the real data: leave out --data built-in")
        options.dtype = "float64"
        options.data = "fashion-mnist" if options.data == "auto" else options.data
    if options.rate is None:
        options.rate = RATES.get(options.data, RATE)
    if options.checkpoint is None:
        refuse_changed(parser, options, "there is no --checkpoint", ["resume", "save_every"])
    if options.data == "built-in":
        refuse_changed(parser, options, "the built-in set lies nowhere", ["path"])
    if options.quick:
        refuse_changed(parser, options, "--quick is one epoch", ["epochs"])
        options.epochs = 1
    return options


def identity(options: argparse.Namespace) -> dict[str, Any]:
    """What makes a run what it is: all but where things lie and how long it goes on."""
    names = ("data", "filters", "rate", "momentum", "batch_size", "seed", "dtype", "quick")
    return {name: getattr(options, name) for name in (*names, "protocol")}


def main(arguments: list[str] | None = None) -> int:
    """Run it all."""
    prepare_output()
    options = parse(arguments)
    try:
        dataset, which, names = chosen(options.data, options.path)
    except (tg.data.DataError, ModuleNotFoundError) as error:
        print(error, file=sys.stderr)
        return 2
    print(f"Data: {which}.")
    splits = prepare(dataset, options.dtype, options.quick)
    counts = " and ".join(f"{len(split.labels):,} to {name}" for name, split in splits.items())
    print(f"{counts}; {options.filters} filters, {options.dtype}")
    protocol = (AsThePost if options.protocol else Shuffled)(splits, options)
    where, made = options.checkpoint, identity(options)
    try:
        found = resumed(where, options.resume, made) if where else None
        run = train(protocol, options.epochs, found, keeper(where, options.save_every, made))
    except (CheckpointError, DivergedError) as error:
        print(error, file=sys.stderr)
        return 2
    except StoppedError as stopped:
        return after_stop(stopped.state, where, made)
    test = measure(run.params, in_order(splits["test"]))
    print(f"test loss {test.loss:.4f}, accuracy {test.accuracy:.4f}")
    data = which.split(",")[0].split(" from")[0].removeprefix("the ")
    title = f"Ten classes of {data}, {options.filters} filters"
    matrix = confusion(run.params, splits["test"])
    path = draw(run, matrix, names, title, options.out / "ten_classes.png")
    print(f"Figure: {path}")
    return 0


if __name__ == "__main__":
    run_command(main)
