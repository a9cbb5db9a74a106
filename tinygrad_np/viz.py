"""Pictures of learning: curves, filters, images. matplotlib is needed: the extra ``plot``.

`figure` makes an empty figure; `learning_curves`, `image`, `numbers`, `box` and `confusion_matrix`
draw into its axes; `save` writes it, whole or not at all. No window is opened, so it all works
without a screen.
"""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from .files import replacing

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure


def figure(width: float, height: float) -> Figure:
    """An empty figure of `width` by `height` inches, whose parts make room for one another.

    Raises ``ModuleNotFoundError`` with the remedy if matplotlib is not installed.

    >>> figure(4, 3).get_size_inches()
    array([4., 3.])
    """
    try:
        from matplotlib.figure import Figure
    except ModuleNotFoundError as error:
        raise ModuleNotFoundError(
            "figures need matplotlib; install it with: pip install matplotlib"
        ) from error
    return Figure(figsize=(width, height), layout="constrained")


def learning_curves(axes: Axes, curves: Mapping[str, Sequence[float]], label: str) -> None:
    """One line for each of `curves` against the epoch; the first point is before training.

    >>> axes = figure(4, 3).subplots()
    >>> learning_curves(axes, {"train": [1.0, 0.5], "test": [1.1, 0.7]}, "log-loss")
    >>> len(axes.lines)
    2
    """
    for name, values in curves.items():
        axes.plot(range(len(values)), values, marker="o", markersize=3, label=name)
    axes.set_xlabel("epoch")
    axes.set_ylabel(label)
    axes.set_xticks(range(max(map(len, curves.values()))))
    axes.grid(alpha=0.3)
    axes.legend()


def image(
    axes: Axes, pixels: Any, title: str = "", largest: float | None = None, numbers: bool = False
) -> None:
    """A picture of (rows, columns) numbers, in grey; or in colours from −`largest` to `largest`.

    Pictures with the same `largest` can be compared. `numbers` writes the values into the pixels.

    >>> axes = figure(2, 2).subplots()
    >>> image(axes, np.eye(3), "a filter", largest=1.0)
    >>> axes.get_title()
    'a filter'
    """
    pixels = np.asarray(pixels)
    if pixels.ndim != 2:
        raise ValueError(f"image: takes (rows, columns) numbers, not shape {pixels.shape}")
    if largest is not None:
        bound = max(float(largest), 1e-12)
        axes.imshow(pixels, cmap="RdBu_r", vmin=-bound, vmax=bound)
    else:
        axes.imshow(pixels, cmap="gray")
    if numbers:
        for (i, j), value in np.ndenumerate(pixels):
            ink = "white" if largest is not None and abs(value) > 0.6 * largest else "black"
            axes.text(j, i, f"{value:.2f}", ha="center", va="center", fontsize=7, color=ink)
    axes.set_title(title, fontsize=9)
    axes.set_xticks([])
    axes.set_yticks([])


def numbers(axes: Axes, values: Any, title: str = "", colour: str = "gray", size: int = 8) -> None:
    """(rows, columns) numbers as a table with coloured cells; nan is an empty cell.

    `colour` is that of the largest magnitude (a name that matplotlib knows), `size` that of the
    digits in points.

    >>> axes = figure(3, 2).subplots()
    >>> numbers(axes, np.arange(6).reshape(2, 3), "consecutive")
    >>> [text.get_text() for text in axes.texts]
    ['0', '1', '2', '3', '4', '5']
    """
    from matplotlib.colors import LinearSegmentedColormap

    values = np.asarray(values, float)
    if values.ndim != 2:
        raise ValueError(f"numbers: takes (rows, columns) numbers, not shape {values.shape}")
    largest = float(np.max(np.abs(values), initial=0, where=np.isfinite(values))) or 1.0
    shades = LinearSegmentedColormap.from_list("", ["white", colour])
    # half as strong as the colour itself, so that black digits can be read on it
    edges = [np.arange(length + 1) - 0.5 for length in reversed(values.shape)]
    options: dict[str, Any] = {"cmap": shades, "vmin": 0, "vmax": 2 * largest}
    axes.pcolormesh(*edges, np.abs(values), edgecolors="0.8", linewidth=0.5, **options)
    axes.set_aspect("equal")
    axes.invert_yaxis()
    for (i, j), value in np.ndenumerate(values):
        if np.isfinite(value):
            digits = f"{value + 0:g}"  # 0 for -0, too
            text = axes.text(j, i, digits, ha="center", va="center", fontsize=size)
            text.set_in_layout(False)  # it lies inside its cell: no room has to be made for it
    axes.set_xticks([])
    axes.set_yticks([])
    axes.set_title(title, fontsize=9)


def box(axes: Axes, row: int, column: int, rows: int, columns: int, dashed: bool = False) -> None:
    """A blue frame around `rows` by `columns` cells, the first of them at (`row`, `column`).

    >>> axes = figure(3, 2).subplots()
    >>> box(axes, 1, 0, 2, 2)
    >>> axes.patches[0].get_xy()
    (-0.5, 0.5)
    """
    from matplotlib.patches import Rectangle

    style = "--" if dashed else "-"
    corner = column - 0.5, row - 0.5
    frame = Rectangle(corner, columns, rows, fill=False, edgecolor="blue", lw=2, ls=style)
    axes.add_patch(frame).set_zorder(3)  # above the lines between the cells


def confusion_matrix(axes: Axes, counts: Any, names: Sequence[str]) -> None:
    """(class, predicted class) counts with their names; the colours are shares of each class.

    >>> axes = figure(4, 4).subplots()
    >>> confusion_matrix(axes, np.array([[9, 1], [0, 5]]), ["trousers", "dress"])
    >>> axes.get_xlabel()
    'predicted'
    """
    counts = np.asarray(counts)
    if counts.shape != (len(names), len(names)):
        raise ValueError(
            f"confusion_matrix: {len(names)} names need counts of shape "
            f"{(len(names), len(names))}, not {counts.shape}"
        )
    shares = counts / np.maximum(counts.sum(axis=1, keepdims=True), 1)
    axes.imshow(shares, cmap="Blues", vmin=0, vmax=1)
    for (i, j), count in np.ndenumerate(counts):
        if count:
            ink = "white" if shares[i, j] > 0.5 else "black"
            axes.text(j, i, str(count), ha="center", va="center", fontsize=7, color=ink)
    axes.set_xticks(range(len(names)), names, rotation=45, ha="right", fontsize=7)
    axes.set_yticks(range(len(names)), names, fontsize=7)
    axes.set_xlabel("predicted")
    axes.set_ylabel("class")


def save(drawn: Figure, path: str | os.PathLike[str]) -> Path:
    """Write a figure to `path`, whose ending says how (.png, .pdf, .svg); folders are made.

    It is written beside `path` first and renamed when it is complete.

    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     save(figure(1, 1), Path(folder) / "figures" / "empty.png").name
    'empty.png'
    """
    path = Path(path)
    if not path.suffix:
        raise ValueError(f"save: {path} needs an ending that says how: .png, .pdf or .svg")
    path.parent.mkdir(parents=True, exist_ok=True)
    with replacing(path) as file:
        drawn.savefig(file, format=path.suffix[1:], dpi=120)
    return path
