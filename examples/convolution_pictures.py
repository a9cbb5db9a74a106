"""The pictures of the second post: what a convolution does, in numbers that can be read.

An image of 6×8 pixels and three channels is filled with consecutive numbers, framed with zeros and
gathered window by window; the flattened 5×3 filter meets it panel by panel, and the sum of all
panels is the convolution. Every number comes out of the live functions: `pad`, `windows` and
`conv2d`.

    python examples/convolution_pictures.py --out figures
"""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

import numpy as np
from commandline import run_command

import tinygrad_np as tg
from tinygrad_np.kernels.windows import pad

ROWS, COLUMNS, CHANNELS = 6, 8, 3
SIZE, PADDING = (5, 3), (2, 1)
COLOURS = ("red", "green", "blue")
CHOSEN = (4, 3)
"""The output pixel whose window is shown."""


def example() -> tuple[np.ndarray, np.ndarray]:
    """The image (1, 6, 8, 3): red from 0 to 47, green from 48, blue from 96; and a small filter."""
    channels_first = np.arange(float(CHANNELS * ROWS * COLUMNS)).reshape(CHANNELS, ROWS, COLUMNS)
    filters = np.random.default_rng(0).integers(-1, 3, (*SIZE, CHANNELS, 1)).astype(float)
    return np.moveaxis(channels_first, 0, -1)[None], filters


def draw_image(image: np.ndarray, filters: np.ndarray) -> Any:
    """The channels of the image, and those of the filter."""
    figure = tg.viz.figure(14, 5)
    figure.suptitle("An image of 6×8 pixels and three channels, and a filter of 5×3")
    axes = figure.subplots(2, CHANNELS, height_ratios=(ROWS, SIZE[0]))
    for c, colour in enumerate(COLOURS):
        tg.viz.numbers(axes[0, c], image[0, ..., c], f"image, {colour}", colour)
        tg.viz.numbers(axes[1, c], filters[..., c, 0], f"filter, {colour}", colour)
    return figure


def draw_windows(framed: np.ndarray, stride: int) -> Any:
    """The framed red channel, with the window at (4, 3), and with those of a stride."""
    figure = tg.viz.figure(13, 5.5)
    figure.suptitle("The red channel, framed with zeros: 2 above and below, 1 left and right")
    left, right = figure.subplots(1, 2)
    tg.viz.numbers(left, framed[0, ..., 0], f"the window at {CHOSEN}", "red")
    tg.viz.box(left, *CHOSEN, *SIZE)
    tg.viz.numbers(right, framed[0, ..., 0], f"stride {stride}: the windows move on by it", "red")
    tg.viz.box(right, 0, 0, *SIZE)
    for row, column in ((0, stride), (stride, 0)):
        tg.viz.box(right, row, column, *SIZE, dashed=True)
    return figure


def draw_panels(panels: np.ndarray, titles: list[str], title: str) -> Any:
    """(rows, columns, 5·3·3) numbers, a panel for each element of the flattened filter."""
    figure = tg.viz.figure(26, 14)
    figure.suptitle(title, fontsize=14)
    axes = figure.subplots(SIZE[0], SIZE[1] * CHANNELS)
    for k, place in enumerate(axes.ravel()):
        tg.viz.numbers(place, panels[..., k], titles[k], COLOURS[k % CHANNELS], size=7)
    return figure


def draw_sum(convolved: np.ndarray, parts: np.ndarray) -> Any:
    """The sum of all panels: that of each channel, and of all three."""
    figure = tg.viz.figure(14, 7)
    figure.suptitle("The sum of the panels: the convolution")
    mosaic = [["red", "green", "blue"], ["all", "all", "all"]]
    axes = figure.subplot_mosaic(mosaic)  # type: ignore[arg-type]
    for c, colour in enumerate(COLOURS):
        tg.viz.numbers(axes[colour], parts[..., c], f"{colour} panels", colour)
    tg.viz.numbers(axes["all"], convolved, "all panels = conv2d(image, filter)")
    tg.viz.box(axes["all"], *CHOSEN, 1, 1)
    return figure


def main(arguments: list[str] | None = None) -> int:
    """Draw five figures."""
    parser = argparse.ArgumentParser(
        description="Draw what a convolution does, from the functions that carry it out.",
        formatter_class=argparse.ArgumentDefaultsHelpFormatter,
    )
    parser.add_argument("--out", type=Path, default=Path("figures"), help="folder for the figures")
    parser.add_argument("--stride", type=int, default=2, help="of the dashed windows")
    options = parser.parse_args(arguments)
    if not 1 <= options.stride <= ROWS:
        parser.error(f"--stride must be between 1 and {ROWS}")

    image, filters = example()
    framed = pad(image, ((0, 0), (PADDING[0],) * 2, (PADDING[1],) * 2, (0, 0)))
    windows = tg.windows(framed, SIZE)  # (1, 6, 8, 5, 3, 3)
    transformed = windows[0].reshape(ROWS, COLUMNS, -1)
    flattened = filters.ravel()
    products = transformed * flattened
    convolved = tg.conv2d(image, filters, padding=PADDING)[0, ..., 0]
    parts = products.reshape(ROWS, COLUMNS, -1, CHANNELS).sum(axis=2)

    offsets = [f"α={a} β={b} {COLOURS[c]}" for a, b, c in np.ndindex(*SIZE, CHANNELS)]
    weights = [f"{offset}\n· {w:g}" for offset, w in zip(offsets, flattened, strict=True)]
    figures = {
        "image": draw_image(image, filters),
        "windows": draw_windows(framed, options.stride),
        "transformed": draw_panels(
            transformed,
            weights,
            "The transformed image: a panel has what meets one element of the flattened filter, "
            "which is written above it",
        ),
        "product": draw_panels(products, offsets, "Each panel times its element of the filter"),
        "sum": draw_sum(convolved, parts),
    }
    for name, figure in figures.items():
        print(f"Figure: {tg.viz.save(figure, options.out / f'convolution_{name}.png')}")
    row, column = CHOSEN
    print(f"The pixel at {CHOSEN}: {products[row, column].sum():g}, the sum of its window's")
    print(f"{products.shape[-1]} products; conv2d gives {convolved[row, column]:g}.")
    agree = np.array_equal(products.sum(axis=-1), convolved)
    print("All pixels agree." if agree else "THE PIXELS DO NOT AGREE.")
    return 0 if agree else 1


if __name__ == "__main__":
    run_command(main)
