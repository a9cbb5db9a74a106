"""Pictures of ten kinds: what some examples have in common beside their model and its training.

The pictures, the options that choose them, a table of what is known well, and the figure of a run.
Fashion-MNIST if it is at hand or its server answers, else the garments that `tg.data` draws; or
CIFAR-10, where its files lie.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from commandline import (
    figure_told,
    parse_training,
    prepare_output,
    refuse_changed,
    training_parser,
)

import tinygrad_np as tg

CLASSES = 10
VALIDATION = 5_000
"""The last of the training images."""
QUICK = 4_000, 1_000
"""So many images to train with and to test with are enough to see whether all is well."""


class Split(NamedTuple):
    """Standardised images (n, rows, columns, channels), float32, and their classes (n,)."""

    images: np.ndarray
    labels: np.ndarray


class Pictures(NamedTuple):
    """Three splits, the names of the classes, and which data set it is."""

    train: Split
    valid: Split
    test: Split
    names: Sequence[str]
    which: str

    def told(self) -> str:
        """Which pictures, and how many."""
        counts = [f"{len(split.labels):,}" for split in (self.train, self.valid, self.test)]
        return "Pictures: {}; {} to train with, {} to validate, {} to test.".format(
            self.which, *counts
        )


def chosen(
    data: str, path: Path | None, train: int | None = None, test: int | None = None
) -> tuple[tg.data.Dataset, str, Sequence[str]]:
    """The data set, a line that says which and why, and the names of the classes.

    Of the built-in one, `train` and `test` images.
    """
    names = tg.data.GARMENT_NAMES
    if data == "cifar-10":
        return tg.data.cifar10(path), "CIFAR-10, as asked for", tg.data.CIFAR10_NAMES
    if data == "fashion-mnist":
        return tg.data.fashion_mnist(path), "Fashion-MNIST, as asked for", names
    if data == "built-in":
        drawn = tg.data.garments(train, test, labels=range(CLASSES))
        return drawn, "the built-in garments, as asked for", names
    dataset, told = tg.data.auto(path, labels=range(CLASSES))
    return dataset, told, names


def load(data: str = "auto", path: Path | None = None, quick: bool = False) -> Pictures:
    """The pictures, standardised by the mean and spread of those to train with."""
    count, tests = QUICK if quick else (None, None)
    dataset, told, names = chosen(data, path, count, tests)
    which = told.split(",")[0].split(":")[0].split(" from ")[0].removeprefix("the ")
    images, labels = dataset.train_images[:count], dataset.train_labels[:count]
    held_out = min(VALIDATION, len(images) // 5)
    train, valid = slice(0, -held_out), slice(-held_out, None)
    mean, spread = images[train].mean(), images[train].std()

    def split(images: np.ndarray, labels: np.ndarray) -> Split:
        images = images.reshape(*images.shape[:3], -1)  # grey ones have no axis of channels
        return Split(tg.data.normalise(images, mean, spread), labels.astype(np.intp))

    return Pictures(
        split(images[train], labels[train]),
        split(images[valid], labels[valid]),
        split(dataset.test_images[:tests], dataset.test_labels[:tests]),
        names,
        which,
    )


def add_choice(parser: argparse.ArgumentParser) -> None:
    """The options --data and --path, which `chosen` takes."""
    add = parser.add_argument
    add(
        "--data",
        choices=["auto", "fashion-mnist", "cifar-10", "built-in"],
        default="auto",
        help="auto: Fashion-MNIST if it is at hand or its server answers, else the built-in set",
    )
    add("--path", type=Path, help="where the files of the data set lie")


def parsed(
    description: str, epochs: int, arguments: list[str] | None, made: str = "the figure"
) -> argparse.Namespace:
    """The options of a command that trains with these pictures."""
    parser = training_parser(description, epochs, "one epoch on 4,000 images: is all well?", made)
    add_choice(parser)
    options = parse_training(parser, arguments)
    if options.data == "built-in":
        refuse_changed(parser, options, "the built-in set lies nowhere", ["path"])
    return options


def table(z: Any, split: Split, names: Sequence[str]) -> str:
    """For each class the share of its images that are known, and what they are taken for most."""
    counts = confusions(z, split)
    lines = [f"{'class':<14}{'known':>8}   mostly taken for"]
    for i, name in enumerate(names):
        wrong = np.where(np.arange(len(names)) == i, 0, counts[i])
        other = f"{names[int(np.argmax(wrong))]} ({wrong.max() / max(counts[i].sum(), 1):.1%})"
        known = counts[i, i] / max(counts[i].sum(), 1)
        lines.append(f"{name:<14}{known:>8.1%}   {other if wrong.any() else ''}")
    return "\n".join(lines)


def confusions(z: Any, split: Split) -> np.ndarray:
    """(class, class of the largest logit) counts."""
    counts = np.zeros((CLASSES, CLASSES), int)
    np.add.at(counts, (split.labels, np.argmax(z, axis=1)), 1)
    return counts


def draw(history: tg.training.History, z: Any, data: Pictures, title: str, path: Path) -> Path:
    """Loss and accuracy by the epoch, which class is taken for which, and the surest mistakes."""
    figure: Any = tg.viz.figure(8, 6.6)
    figure.suptitle(title)
    above, below = figure.subfigures(2, 1, height_ratios=[3, 1])
    left, right = above.subfigures(1, 2, width_ratios=[1, 1.4])
    for axes, what in zip(left.subplots(2, 1, sharex=True), ("loss", "accuracy"), strict=True):
        history.plot(axes, what)
    left.axes[0].set_xlabel("")
    tg.viz.confusion_matrix(right.subplots(), confusions(z, data.test), data.names)
    below.suptitle(
        "What it is surest about, and wrong: the class; what it says, how sure it is", fontsize=9
    )
    tg.viz.misclassified(below.subplots(), *data.test, z, data.names)
    return tg.viz.save(figure, path)


def trained(
    name: str,
    description: str,
    epochs: int,
    train: Callable[..., tg.training.Fitted],
    tested: Callable[[tg.training.Fitted, Pictures], Any],
    title: Callable[[Pictures], str],
    arguments: list[str] | None,
) -> int:
    """The command of an example: train, print the table and the accuracy, draw `name`.png.

    `tested` gives the logits of the test images. The exit status is 2 where there are no pictures.
    """
    prepare_output()
    options = parsed(description, epochs, arguments)
    try:
        data = load(options.data, options.path, options.quick)
    except (tg.data.DataError, ModuleNotFoundError) as error:
        print(error, file=sys.stderr)
        return 2
    print(data.told())
    fitted = train(data, options.epochs, options.seed)
    z = tested(fitted, data)
    print("\n" + table(z, data.test, data.names))
    print(f"\nAccuracy on the test images: {tg.nn.accuracy(z, data.test.labels):.4f}")
    path = options.out / f"{name}.png"
    return figure_told(lambda: draw(fitted.history, z, data, title(data), path))
