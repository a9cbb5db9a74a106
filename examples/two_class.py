"""The first post from end to end: a two-class CNN, trained by reverse mode, checked by hand.

Trousers or dress? One 3×3 filter, relu, one dense layer, log-loss: a model of two plain functions,
trained on Fashion-MNIST by stochastic gradient descent. Afterwards the gradient of the loss is
held against the one derived by hand, and a figure shows what was learned.

    python examples/two_class.py                    # as in the post: 5 epochs, seed 42
    python examples/two_class.py --freeze dense     # how far does the filter get alone?
    python examples/two_class.py --protocol post    # all three variants of the post
"""

from __future__ import annotations

import argparse
import sys
import time
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
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

import tinygrad_np as tg
from tinygrad_np.io.progress import progress

TROUSERS, DRESS = 1, 3
VALIDATION = 1_000  # the last of the training images
VARIANTS = {None: "Both layers trained", "filter": "Filter frozen", "dense": "Dense layer frozen"}


# The model


def logits(filters: Any, weights: Any, images: Any) -> Any:
    """(3, 3, 1, 1), (784, 1), (n, 28, 28, 1) → (n, 1): positive for a dress."""
    hidden = tg.relu(tg.conv2d(images, filters, padding=1))
    return hidden.reshape(len(images), -1) @ weights


def loss(filters: Any, weights: Any, images: Any, labels: Any) -> tuple[Any, Any]:
    """The mean log-loss, and the logits."""
    z = logits(filters, weights, images)
    return tg.log_loss(tg.sigmoid(z), labels), z


# Data


class Split(NamedTuple):
    """Standardised images (n, 28, 28, 1) and labels (n, 1): 1 for a dress, 0 for trousers."""

    images: np.ndarray
    labels: np.ndarray


def prepare(dataset: tg.data.Dataset, dtype: str, quick: bool) -> dict[str, Split]:
    """The two categories in file order, standardised by the training images' pixels."""
    two = tg.data.select(dataset, (TROUSERS, DRESS))
    train, valid = slice(0, -VALIDATION), slice(-VALIDATION, None)
    if quick:
        train, valid = slice(0, 2_000), slice(-500, None)
    test = slice(0, 500 if quick else None)
    images = tg.data.standardised(
        two.train_images[train], two.train_images[valid], two.test_images[test]
    )
    labels = two.train_labels[train], two.train_labels[valid], two.test_labels[test]
    return {
        name: Split(x[..., None].astype(dtype), (y == DRESS)[:, None].astype(dtype))
        for name, x, y in zip(("train", "valid", "test"), images, labels, strict=True)
    }


def show(dataset: tg.data.Dataset) -> None:
    """Sizes, and the first picture of each kind in text."""
    counts = [
        f"{np.sum(dataset.train_labels == label):,} {name}"
        for label, name in ((TROUSERS, "trousers"), (DRESS, "dresses"))
    ]
    print(f"{' and '.join(counts)} to train with, 28×28 pixels each. The first of each:\n")
    first = [dataset.train_images[dataset.train_labels == label][0] for label in (TROUSERS, DRESS)]
    for row in range(0, 28, 2):
        print("    " + "      ".join(_text_row(picture[row : row + 2]) for picture in first))
    print()


def _text_row(rows: np.ndarray) -> str:
    shades = rows.reshape(2, 28).mean(axis=0) // 52
    return "".join(" ░▒▓█"[int(shade)] for shade in shades)


# Training


class Epoch(NamedTuple):
    """(loss, accuracy) of each split after an epoch, and the seconds that it took."""

    train: tuple[float, float]
    valid: tuple[float, float]
    test: tuple[float, float]
    seconds: float


class Run(NamedTuple):
    """A training run: its epochs, the first of them before training, and parameters."""

    history: list[Epoch]
    start: tuple[np.ndarray, np.ndarray]
    end: tuple[np.ndarray, np.ndarray]


def judge(z: np.ndarray, labels: np.ndarray) -> tuple[float, float]:
    """Loss and accuracy of logits, as they are printed."""
    value = tg.log_loss(tg.sigmoid(z), labels)
    return float(value), float(np.mean((z > 0) == (labels > 0.5)))


@np.errstate(over="ignore", invalid="ignore")  # what diverges is told in words
def train(splits: dict[str, Split], options: argparse.Namespace) -> Run:
    """Stochastic gradient descent, drawn as in the post; prints a line of the table an epoch."""
    random = np.random.RandomState(options.seed)
    filters = random.normal(0, 2 / 3, (3, 3)).astype(options.dtype).reshape(3, 3, 1, 1)
    weights = random.normal(0, 1 / 28, 784).astype(options.dtype).reshape(784, 1)
    start = filters.copy(), weights.copy()

    # To freeze a layer, do not differentiate by it: no gradient is computed for it at all.
    trained = [i for i, name in enumerate(("filter", "dense")) if name != options.freeze]
    gradient = tg.jit(tg.value_and_grad(loss, argnums=tuple(trained), has_aux=True))

    def measure(split: str) -> tuple[float, float]:
        """Over a whole split; on plain arrays the model runs without recording a graph."""
        images, labels = splits[split]
        return judge(logits(filters, weights, images), labels)

    history = [Epoch(measure("train"), measure("valid"), measure("test"), 0.0)]
    print_header()
    print_epoch(0, history[0])
    n = len(splits["train"].images)
    steps = n // options.batch_size
    for epoch in range(1, options.epochs + 1):
        began = time.perf_counter()
        seen = []  # logits and labels, each taken before the step
        for _ in progress(range(steps), f"epoch {epoch}"):
            drawn = random.randint(n, size=options.batch_size)
            images, labels = (part[drawn] for part in splits["train"])
            (_, z), gradients = gradient(filters, weights, images, labels)
            seen.append((z, labels))
            for i, g in zip(trained, gradients, strict=True):
                (filters, weights)[i][...] -= options.rate * g
        seconds = time.perf_counter() - began
        z, labels = (np.concatenate(part) for part in zip(*seen, strict=True))
        running = judge(z, labels)
        check_loss(running[0], history[0].train[0], epoch)
        history.append(Epoch(running, measure("valid"), measure("test"), seconds))
        print_epoch(epoch, history[-1])
    return Run(history, start, (filters, weights))


def print_header() -> None:
    """The head of the table."""
    print("epoch    train loss  accuracy    valid loss  accuracy    test loss  accuracy   seconds")


def print_epoch(number: int, epoch: Epoch) -> None:
    """A line of the table."""
    name = "before" if number == 0 else f"{number}"
    (a, b), (c, d), (e, f) = epoch.train, epoch.valid, epoch.test
    print(
        f"{name:<6}{a:>13.4f}{b:>10.4f}{c:>14.4f}{d:>10.4f}{e:>13.4f}{f:>10.4f}"
        f"{epoch.seconds:>10.1f}",
        flush=True,
    )


# What comes after training


def compare(params: tuple[np.ndarray, np.ndarray], split: Split) -> tg.check.Report:
    """The gradient by reverse mode against the post's formulas, for parameters and images."""
    variables = {"filter": params[0], "dense": params[1], "images": split.images}

    def autograd(v: dict[str, Any], labels: Any) -> Any:
        return loss(v["filter"], v["dense"], v["images"], labels)[0]

    def by_hand(v: dict[str, Any], labels: Any) -> dict[str, Any]:
        pair = v["filter"], v["dense"]
        filters, weights = tg.closed_form.two_class(pair, v["images"], labels)
        images = tg.closed_form.two_class_images(pair, v["images"], labels)
        return {"filter": filters, "dense": weights, "images": images}

    return tg.check.compare(autograd, by_hand, variables, split.labels)


def draw(run: Run, split: Split, title: str, path: Path) -> Path:
    """Learning curves, weights, and three images with their convolutions, before and after."""
    figure: Any = tg.viz.figure(8, 8.2)
    figure.suptitle(title)
    above, below = figure.subfigures(2, 1, height_ratios=[1, 2.6])
    axes = above.subplot_mosaic([["loss", "accuracy"]]) | below.subplot_mosaic(
        [
            ["dense", "image 0", "before 0", "after 0"],
            ["filter before", "image 1", "before 1", "after 1"],
            ["filter after", "image 2", "before 2", "after 2"],
        ]
    )
    for i, (name, label) in enumerate((("loss", "log-loss"), ("accuracy", "accuracy"))):
        curves = {
            split_name: [getattr(epoch, split_name)[i] for epoch in run.history]
            for split_name in ("train", "valid", "test")
        }
        tg.viz.learning_curves(axes[name], curves, label)
    (before, _), (after, weights) = run.start, run.end
    largest = float(np.max(np.abs(weights)))
    tg.viz.image(axes["dense"], weights.reshape(28, 28), "dense weights, after", largest)
    tg.viz.colour_bar(axes["dense"])
    pair = {"before": before, "after": after}
    largest = max(np.max(np.abs(filters)) for filters in pair.values())
    for when, filters in pair.items():
        name = f"filter {when}"
        tg.viz.image(axes[name], filters[..., 0, 0], f"filter, {when}", largest, numbers=True)
    of_class = [np.flatnonzero(split.labels[:, 0] == label) for label in (0, 1)]
    chosen = [of_class[0][0], of_class[1][0], of_class[1][-1]]
    for i, k in enumerate(chosen):
        picture = split.images[k : k + 1]
        told = "a dress" if i else "trousers"
        tg.viz.image(axes[f"image {i}"], picture[0, ..., 0], told)
        convolved = {
            when: tg.conv2d(picture, filters, padding=1)[0, ..., 0]
            for when, filters in pair.items()
        }
        largest = max(np.max(np.abs(y)) for y in convolved.values())
        for when, y in convolved.items():
            tg.viz.image(axes[f"{when} {i}"], y, f"convolved, {when}", largest)
        tg.viz.colour_bar(axes[f"after {i}"])
    return tg.viz.save(figure, path)


# The command


def parse(arguments: list[str] | None = None) -> argparse.Namespace:
    """The options."""
    parser = argparse.ArgumentParser(
        description="Train the two-class CNN of the first post, and check its gradient by hand.",
        formatter_class=HelpFormatter,
    )
    add = parser.add_argument
    add("--freeze", choices=["filter", "dense"], help="a layer to leave as it is drawn")
    add("--epochs", type=positive(int), default=5, help="passes over as many images as there are")
    add("--seed", type=seed, default=42, help="of the parameters and of the order of the images")
    add("--rate", type=positive(float), default=0.001, help="the learning rate")
    add("--batch-size", type=positive(int), default=1, help="images a step")
    add("--dtype", choices=["float32", "float64"], default="float64", help="of the computation")
    add(
        "--data",
        choices=["auto", "fashion-mnist", "built-in"],
        default="auto",
        help="auto: Fashion-MNIST if it is at hand or its server answers, else the built-in set",
    )
    add("--path", type=Path, help="where the files of Fashion-MNIST lie")
    add("--out", type=folder, default="figures", help="the folder for the figure")
    add("--quick", action="store_true", help="one epoch on a sixth of the data: is all well?")
    add(
        "--protocol",
        choices=["post"],
        help="train all three variants of the post, with its settings, and print their tables",
    )
    options = parser.parse_args(arguments)
    if options.protocol == "post":
        refuse_changed(parser, options, "--protocol post fixes this", (*POST, "quick"))
        if options.data == "built-in":
            parser.error("--protocol post is about the real data: leave out --data built-in")
        options.data = "fashion-mnist"
    if options.data == "built-in":
        refuse_changed(parser, options, "the built-in set lies nowhere", ["path"])
    if options.quick:
        refuse_changed(parser, options, "--quick is one epoch", ["epochs"])
        options.epochs = 1
    return options


POST = ("freeze", "epochs", "seed", "rate", "batch_size", "dtype")


def load(options: argparse.Namespace) -> tuple[tg.data.Dataset, str]:
    """The data, and a line that says which and why."""
    if options.data == "built-in":
        return tg.data.garments(), "the built-in garments, as asked for"
    if options.data == "fashion-mnist":
        return tg.data.fashion_mnist(options.path), "Fashion-MNIST, as asked for"
    return tg.data.auto(options.path)


def main(arguments: list[str] | None = None) -> int:
    """Run it all; the exit status is 1 if the two gradients disagree."""
    prepare_output()
    options = parse(arguments)
    try:
        dataset, which = load(options)
    except (tg.data.DataError, ModuleNotFoundError) as error:
        print(error, file=sys.stderr)
        return 2
    print(f"Data: {which}.")
    show(dataset)
    splits = prepare(dataset, options.dtype, options.quick)
    n = len(splits["train"].images)
    print(f"Trained with {n:,} of them; {len(splits['valid'].images):,} validate.\n")
    if options.batch_size > n:
        print(f"--batch-size: there are only {n:,} images to train with", file=sys.stderr)
        return 2
    set_name = "built-in garments" if "built-in" in which else "Fashion-MNIST"
    sample = Split(splits["valid"].images[:64], splits["valid"].labels[:64])
    is_right = True
    for freeze in VARIANTS if options.protocol else [options.freeze]:
        options.freeze = freeze
        print(f"{VARIANTS[freeze]}, {options.dtype}")
        try:
            run = train(splits, options)
        except DivergedError as error:
            print(error, file=sys.stderr)
            return 2
        filters, weights = run.end
        rows = [" ".join(f"{w:8.5f}" for w in row) for row in filters[..., 0, 0]]
        print("the filter:  " + "\n             ".join(rows))
        print(f"norm of the dense weights: {np.linalg.norm(weights):.5f}\n")

        report = compare(run.end, sample)
        print("The gradient by reverse mode against the one derived by hand, 64 images:")
        print(report)
        print("Verdict: they agree." if report.is_right else "Verdict: THEY DO NOT AGREE.")
        is_right = is_right and report.is_right
        title = f"Trousers or dress? One 3×3 filter on {set_name}, {VARIANTS[freeze].lower()}"
        name = f"two_class_{freeze}_frozen.png" if freeze else "two_class.png"
        print(f"Figure: {draw(run, splits['valid'], title, options.out / name)}\n")
    return 0 if is_right else 1


if __name__ == "__main__":
    run_command(main)
