"""The pictures of ten kinds that several examples learn from, and the options that choose them.

Fashion-MNIST if it is at hand or its server answers, else the garments that `tg.data` draws; or
CIFAR-10, where its files lie.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
from commandline import HelpFormatter, folder, positive, refuse_changed, seed

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


def load(data: str = "auto", path: Path | None = None, quick: bool = False) -> Pictures:
    """The pictures, standardised by the mean and spread of those to train with."""
    names: Sequence[str] = tg.data.GARMENT_NAMES
    if data == "cifar-10":
        dataset, which, names = tg.data.cifar10(path), "CIFAR-10", tg.data.CIFAR10_NAMES
    elif data == "fashion-mnist":
        dataset, which = tg.data.fashion_mnist(path), "Fashion-MNIST"
    elif data == "built-in":
        dataset, which = (
            tg.data.garments(*(QUICK if quick else ()), labels=range(CLASSES)),
            "garments",
        )
    else:
        dataset, which = tg.data.auto(path, labels=range(CLASSES))
    count, tests = QUICK if quick else (None, None)
    images, labels = dataset.train_images[:count], dataset.train_labels[:count].astype(np.intp)
    held_out = min(VALIDATION, len(images) // 5)
    parts = images[:-held_out], images[-held_out:], dataset.test_images[:tests]
    mean, spread = parts[0].mean(), parts[0].std()
    standard = [((x - mean) / spread).reshape(*x.shape[:3], -1).astype(np.float32) for x in parts]
    kinds = labels[:-held_out], labels[-held_out:], dataset.test_labels[:tests].astype(np.intp)
    return Pictures(*map(Split, standard, kinds), names, which)


def parser_of(description: str, epochs: int) -> argparse.ArgumentParser:
    """A parser for a command that trains with these pictures."""
    parser = argparse.ArgumentParser(description=description, formatter_class=HelpFormatter)
    add = parser.add_argument
    add(
        "--data",
        choices=["auto", "fashion-mnist", "cifar-10", "built-in"],
        default="auto",
        help="auto: Fashion-MNIST if it is at hand or its server answers, else the built-in set",
    )
    add("--path", type=Path, help="where the files of the data set lie")
    add("--epochs", type=positive(int), default=epochs, help="passes over the training images")
    add("--seed", type=seed, default=0, help="of the parameters and of the images' order")
    add("--out", type=folder, default="figures", help="the folder for the figure")
    add("--quick", action="store_true", help="one epoch on 4,000 images: is all well?")
    return parser


def parsed(parser: argparse.ArgumentParser, arguments: list[str] | None) -> argparse.Namespace:
    """The options of that parser."""
    options = parser.parse_args(arguments)
    if options.data == "built-in":
        refuse_changed(parser, options, "the built-in set lies nowhere", ["path"])
    if options.quick:
        refuse_changed(parser, options, "--quick is one epoch", ["epochs"])
        options.epochs = 1
    return options
