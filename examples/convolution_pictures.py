"""The pictures of the second post: what a convolution does, in numbers that can be read.

An image of 6×8 pixels and three channels is filled with consecutive numbers, framed with zeros and
gathered window by window; the flattened 5×3 filter meets it panel by panel (a figure a colour), and
the sum of all panels is the convolution. Every number comes out of the live functions: `pad`,
`windows` and `conv2d`.

    python examples/convolution_pictures.py --out figures
"""

from __future__ import annotations

import argparse
from typing import Any

import numpy as np
from commandline import HelpFormatter, folder, run_command

import tinygrad_np as tg
from tinygrad_np.core.windows import pad

ROWS, COLUMNS, CHANNELS = 6, 8, 3
SIZE, PADDING = (5, 3), (2, 1)
COLOURS = ("red", "green", "blue")
CHOSEN = (4, 3)
"""The output pixel whose window is shown."""
WIDTH = 9.6
"""Of the figures, in inches: on a page of 800 pixels, the digits are 9 pixels high."""


def example() -> tuple[np.ndarray, np.ndarray]:
    """The image (1, 6, 8, 3): red from 0 to 47, green from 48, blue from 96; and a small filter."""
    channels_first = np.arange(float(CHANNELS * ROWS * COLUMNS)).reshape(CHANNELS, ROWS, COLUMNS)
    filters = np.random.default_rng(0).integers(-1, 3, (*SIZE, CHANNELS, 1)).astype(float)
    return np.moveaxis(channels_first, 0, -1)[None], filters


def draw_image(image: np.ndarray, filters: np.ndarray) -> Any:
    """The channels of the image, and those of the filter."""
    figure = tg.viz.figure(WIDTH, 4.2)
    figure.suptitle("An image of 6×8 pixels and three channels, and a filter of 5×3")
    axes = figure.subplots(2, CHANNELS, height_ratios=(ROWS, SIZE[0]))
    for c, colour in enumerate(COLOURS):
        tg.viz.numbers(axes[0, c], image[0, ..., c], f"image, {colour}", colour)
        tg.viz.numbers(axes[1, c], filters[..., c, 0], f"filter, {colour}", colour)
    return figure


def draw_windows(framed: np.ndarray, stride: int) -> Any:
    """The framed red channel, with the window at (4, 3), and with those of a stride."""
    figure = tg.viz.figure(WIDTH, 5.2)
    figure.suptitle("The red channel, framed with zeros: 2 above and below, 1 left and right")
    left, right = figure.subplots(1, 2)
    tg.viz.numbers(left, framed[0, ..., 0], f"the window at {CHOSEN}", "red")
    tg.viz.box(left, *CHOSEN, *SIZE)
    tg.viz.numbers(right, framed[0, ..., 0], f"stride {stride}: the windows move on by it", "red")
    tg.viz.box(right, 0, 0, *SIZE)
    for row, column in ((0, stride), (stride, 0)):
        if row + SIZE[0] <= framed.shape[1] and column + SIZE[1] <= framed.shape[2]:
            tg.viz.box(right, row, column, *SIZE, dashed=True)
    return figure


def draw_panels(panels: np.ndarray, filters: np.ndarray, colour: str, title: str) -> Any:
    """(rows, columns, 5, 3) numbers, a panel for each element of a colour's filter (5, 3)."""
    figure = tg.viz.figure(WIDTH, 13)
    figure.suptitle(title)
    axes = figure.subplots(*SIZE)
    for a, b in np.ndindex(*SIZE):
        told = f"α={a} β={b}: times {filters[a, b]:g}"
        tg.viz.numbers(axes[a, b], panels[..., a, b], told, colour)
    return figure


def draw_sum(convolved: np.ndarray, parts: np.ndarray) -> Any:
    """The sum of all panels: that of each channel, and of all three."""
    figure = tg.viz.figure(WIDTH, 5.4)
    figure.suptitle("The sum of the panels: the convolution")
    mosaic = [["red", "green", "blue"], ["all", "all", "all"]]
    axes = figure.subplot_mosaic(mosaic)  # type: ignore[arg-type]
    for c, colour in enumerate(COLOURS):
        tg.viz.numbers(axes[colour], parts[..., c], f"{colour} panels", colour)
    tg.viz.numbers(axes["all"], convolved, "all panels = conv2d(image, filter)", "gray")
    tg.viz.box(axes["all"], *CHOSEN, 1, 1)
    return figure


def main(arguments: list[str] | None = None) -> int:
    """Draw nine figures."""
    parser = argparse.ArgumentParser(
        description="Draw what a convolution does, from the functions that carry it out.",
        formatter_class=HelpFormatter,
    )
    parser.add_argument("--out", type=folder, default="figures", help="folder for the figures")
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

    figures = {
        "image": draw_image(image, filters),
        "windows": draw_windows(framed, options.stride),
    }
    for c, colour in enumerate(COLOURS):
        met = "what meets each element of the flattened filter"
        for name, panels, told in (
            ("transformed", transformed, f"The transformed image, {colour}: {met}"),
            ("product", products, f"Each {colour} panel times its element of the filter"),
        ):
            shaped = panels.reshape(ROWS, COLUMNS, *SIZE, CHANNELS)[..., c]
            figures[f"{name}_{colour}"] = draw_panels(shaped, filters[..., c, 0], colour, told)
    figures["sum"] = draw_sum(convolved, parts)
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
