"""The pictures of the second post: what a convolution does, in numbers that can be read.

An image of 6×8 pixels and three channels is filled with consecutive numbers, framed with zeros and
gathered window by window; each panel of the transformed image meets an element of the flattened
5×3 filter, and the sum of all panels is the convolution. The panels stand behind one another, as in
the post; one pixel's numbers are written out. A last figure has a convolution's gradient by the
image and by the filter. Every number comes out of the live functions: `pad`, `windows`, `conv2d`,
`vjp`.

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
WIDTH = 8
"""Of the figures, in inches: on a page of 800 pixels, digits of 8 points are 11 pixels high."""


def example() -> tuple[np.ndarray, np.ndarray]:
    """The image (1, 6, 8, 3): red from 0 to 47, green from 48, blue from 96; and a small filter."""
    channels_first = np.arange(float(CHANNELS * ROWS * COLUMNS)).reshape(CHANNELS, ROWS, COLUMNS)
    filters = np.random.default_rng(0).integers(-1, 3, (*SIZE, CHANNELS, 1)).astype(float)
    return np.moveaxis(channels_first, 0, -1)[None], filters


def draw_image(image: np.ndarray, filters: np.ndarray) -> Any:
    """The channels of the image in depth, and those of the filter."""
    figure = tg.viz.figure(WIDTH, 4.1)
    figure.suptitle("An image of 6×8 pixels and three channels, and a filter of 5×3")
    left, right = figure.subplots(1, 2, width_ratios=(COLUMNS + 2, SIZE[1] + 2.5))
    tg.viz.depth_stack(left, image[0], "image: red in front, green, blue", COLOURS)
    tg.viz.depth_stack(right, filters[..., 0], "filter", COLOURS)
    return figure


def draw_windows(framed: np.ndarray, stride: int) -> Any:
    """The framed red channel, with the window at (4, 3), and with those of a stride."""
    figure = tg.viz.figure(WIDTH, 4.5)
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


def draw_panels(panels: np.ndarray, title: str) -> Any:
    """(rows, columns, 5, 3, 3) numbers: for each colour a panel behind another for each element."""
    figure = tg.viz.figure(WIDTH, 3)
    figure.suptitle(title)
    for c, (axes, colour) in enumerate(zip(figure.subplots(1, CHANNELS), COLOURS, strict=True)):
        stack = panels[..., c].reshape(ROWS, COLUMNS, -1)
        tg.viz.depth_stack(axes, stack, f"{colour}: 15 panels", colour, step=0.25, size=7)
        tg.viz.box(axes, *CHOSEN, 1, 1)
    return figure


def draw_pixel(window: np.ndarray, filters: np.ndarray, products: np.ndarray) -> Any:
    """(5, 3, 3) numbers of one pixel: its window, the filter, and what comes of the two."""
    figure = tg.viz.figure(0.7 * WIDTH, 5.6)
    figure.suptitle(f"The pixel at {CHOSEN}, through all panels: {products.sum():g} is the sum")
    heads = {"window": window, "filter": filters, "product": products}
    axes = figure.subplots(len(heads), CHANNELS)
    for row, (head, values) in enumerate(heads.items()):
        for c, colour in enumerate(COLOURS):
            total = f", sum {values[..., c].sum():g}" if head == "product" else ""
            tg.viz.numbers(axes[row, c], values[..., c], f"{head}, {colour}{total}", colour)
    return figure


def draw_sum(convolved: np.ndarray, parts: np.ndarray) -> Any:
    """The sum of all panels: that of each channel, and of all three."""
    figure = tg.viz.figure(WIDTH, 6)
    figure.suptitle("The sum of the panels: the convolution")
    mosaic = [["red", "green"], ["blue", "all"]]
    axes = figure.subplot_mosaic(mosaic)  # type: ignore[arg-type]
    for c, colour in enumerate(COLOURS):
        tg.viz.numbers(axes[colour], parts[..., c], f"{colour} panels", colour)
    tg.viz.numbers(axes["all"], convolved, "all panels = conv2d(image, filter)", "gray")
    tg.viz.box(axes["all"], *CHOSEN, 1, 1)
    return figure


def draw_gradient() -> Any:
    """A convolution and its gradient: each gradient stands below what it is the gradient by."""
    image = np.array([list(row) for row in PICTURE], int).astype(float)[None, ..., None]
    filters = np.array([[-1.0, 0, 1], [-2, 0, 2], [-1, 0, 1]])[..., None, None]
    result, pull_back = tg.vjp(tg.conv2d, image, filters)
    cotangent = np.zeros_like(result)
    for place, value in REACHED.items():
        cotangent[0, *place] = value
    by_image, by_filter = pull_back(cotangent)

    figure = tg.viz.figure(WIDTH, 5.7)
    figure.suptitle("A convolution and its gradient")
    figure.supxlabel(
        "Each pixel of the cotangent reaches one window (solid, dashed). By the image: the filter "
        "times the pixel, added there.\nBy the filter: the image's windows times their pixels, "
        "added up; its first element is 1 · 1 − 2 · 2 = −3.",
        fontsize=9,
    )
    above = {"image": image, "∗": None, "filter": filters, "=": None, "result": result}
    below = {
        "gradient by the image": by_image, " ": None, "gradient by the filter": by_filter,
        "←": None, "cotangent of the result": cotangent,
    }  # fmt: skip
    grid = figure.subplots(2, 5, width_ratios=[8, 1.5, 3, 1.5, 6])
    for line, panels in zip(grid, (above, below), strict=True):
        for axes, (title, values) in zip(line, panels.items(), strict=True):
            if values is None:
                axes.set_axis_off()
                axes.text(0.5, 0.5, title, ha="center", va="center", fontsize=16)
            else:
                tg.viz.numbers(axes, values.squeeze(), title, "#d55e00", size=9)
        for dashed, place in enumerate(REACHED):
            tg.viz.box(line[0], *place, 3, 3, dashed=bool(dashed))
            tg.viz.box(line[4], *place, 1, 1, dashed=bool(dashed))
    return figure


PICTURE = "00000000", "01112220", "01112220", "01112220", "00000000", "00033300"
"""An image of few numbers, whose edges the filter finds."""
REACHED = {(1, 1): 1, (3, 4): -2}
"""The pixels of the result on which the loss depends, and how much."""


def main(arguments: list[str] | None = None) -> int:
    """Draw seven figures."""
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

    shape = (ROWS, COLUMNS, *SIZE, CHANNELS)
    pixel = [x.reshape(shape)[CHOSEN] for x in (transformed, products)]
    figures = {
        "image": draw_image(image, filters),
        "windows": draw_windows(framed, options.stride),
        "transformed": draw_panels(
            transformed.reshape(shape), "The transformed image: what meets each filter element"
        ),
        "product": draw_panels(
            products.reshape(shape), "Each panel times its element of the filter"
        ),
        "pixel": draw_pixel(pixel[0], filters[..., 0], pixel[1]),
        "sum": draw_sum(convolved, parts),
        "gradient": draw_gradient(),
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
