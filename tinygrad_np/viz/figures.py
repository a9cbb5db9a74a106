"""Pictures of learning: curves, filters, images. matplotlib is needed: the extra ``plot``.

`figure` makes an empty figure; `learning_curves`, `image`, `numbers`, `box`, `colour_bar` and
`confusion_matrix` draw into its axes; `save` writes it, whole or not at all. No window is opened,
so it all works without a screen. What changes sign has white in the middle, at 0.
"""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from ..answers import explained
from ..core import arrays
from ..io.files import replacing

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure


@explained
def figure(width: float, height: float) -> Figure:
    """An empty figure of `width` by `height` inches, whose parts make room for one another.

    Raises ``ModuleNotFoundError`` with the remedy if matplotlib is not installed, ``ValueError``
    for a size that is none.

    >>> figure(4, 3).get_size_inches()
    array([4., 3.])
    """
    try:
        from matplotlib.figure import Figure
    except ModuleNotFoundError as error:
        raise ModuleNotFoundError(
            "figures need matplotlib; install it with: pip install matplotlib"
        ) from error
    if not (0 < width < np.inf and 0 < height < np.inf):
        raise ValueError(f"figure: width and height are inches above 0, not {width} and {height}")
    return Figure(figsize=(width, height), layout="constrained")


@explained
def learning_curves(axes: Axes, curves: Mapping[str, Sequence[float]], label: str) -> None:
    """One line for each of `curves` against the epoch; the first point is before training.

    From two epochs on, that point does not stretch the axes: where it lies outside of what the
    epochs need, the title has it.

    >>> axes = figure(4, 3).subplots()
    >>> learning_curves(axes, {"train": [1.0, 0.5, 0.45], "test": [1.1, 0.7, 0.6]}, "log-loss")
    >>> len(axes.lines), axes.get_title()
    (2, 'before training: train 1, test 1.1')
    """
    values = {name: _real("learning_curves", curve) for name, curve in curves.items()}
    if not values or any(curve.ndim != 1 or curve.size == 0 for curve in values.values()):
        raise ValueError("learning_curves: takes one curve or more, each a list of numbers")
    for name, curve in values.items():
        axes.plot(range(len(curve)), curve, marker="o", markersize=3, label=name)
    axes.set_xlabel("epoch")
    axes.set_ylabel(label)
    axes.set_xticks(range(max(map(len, values.values()))))
    axes.grid(alpha=0.3)
    trained = np.concatenate([curve[1:] for curve in values.values()])
    trained = trained[np.isfinite(trained)]
    first = {name: curve[0] for name, curve in values.items()}
    if max(map(len, values.values())) > 2 and trained.size:
        low, high = trained.min(), trained.max()
        margin = (high - low) / 8 or 0.1
        axes.set_ylim(low - margin, high + margin)
        if not all(low - margin <= value <= high + margin for value in first.values()):
            told = ", ".join([f"{name} {value:.4g}" for name, value in first.items()])
            axes.set_title(f"before training: {told}", fontsize=9)
    axes.legend()


@explained
def image(
    axes: Axes, pixels: Any, title: str = "", largest: float | None = None, numbers: bool = False
) -> None:
    """A picture of (rows, columns), (rows, columns, 1) or (rows, columns, 3) numbers.

    Of one channel: grey, black for the smallest number (of uint8, for 0) and white for the largest
    (of uint8, for 255); or with `largest`, blue for −`largest`, white for 0, red for `largest`. Of
    three channels, red, green and blue: from 0 to 255 in uint8, from 0 to 1 in floats; or with
    `largest`, from −`largest` (none of this colour) over 0 (half of it) to `largest` (all of it),
    as filters and standardised images have it. What is beyond `largest` is drawn as that.

    Pictures with the same `largest` can be compared. `numbers` writes the values of one channel
    into the pixels. Raises ``ValueError`` for other shapes, and colours out of their range.

    >>> axes = figure(2, 2).subplots()
    >>> image(axes, np.eye(3), "a filter", largest=1.0)
    >>> axes.get_title()
    'a filter'
    >>> image(axes, np.array([[[-0.5, 0.0, 0.5]]]), "a filter of colours", largest=0.5)
    >>> axes.images[-1].get_array().tolist()
    [[[0.0, 0.5, 1.0]]]
    """
    pixels = _real("image", pixels)
    if pixels.ndim == 3 and pixels.shape[2] == 1:
        pixels = pixels[..., 0]
    if 0 in pixels.shape or not (pixels.ndim == 2 or (pixels.ndim == 3 and pixels.shape[2] == 3)):
        raise ValueError(
            "image: takes (rows, columns), (rows, columns, 1) or (rows, columns, 3) numbers, not "
            f"shape {pixels.shape}{_remedy(pixels.shape)}"
        )
    if largest is not None and not 0 <= largest < np.inf:
        raise ValueError(f"image: largest is a number from 0 on, or None, not {largest}")
    bound = None if largest is None else max(float(largest), 1e-12)
    if pixels.ndim == 3:
        if numbers:
            raise ValueError("image: numbers are written into one channel, not into three")
        axes.imshow(_colours(pixels, bound))
    elif bound is not None:
        axes.imshow(np.clip(pixels, -bound, bound), cmap="RdBu_r", vmin=-bound, vmax=bound)
    else:
        ends = (0, 255) if pixels.dtype == np.uint8 else (None, None)
        axes.imshow(pixels, cmap="gray", vmin=ends[0], vmax=ends[1])
    if numbers:
        drawn: Any = axes.images[-1]
        cells = drawn.to_rgba(drawn.get_array())
        for (i, j), value in np.ndenumerate(pixels):
            _write(axes, i, j, f"{value:.2f}", 7, cells[i, j])
    axes.set_title(title, fontsize=9)
    axes.set_xticks([])
    axes.set_yticks([])


def _remedy(shape: tuple[int, ...]) -> str:
    """What to do with a shape that looks like channels first, or a batch."""
    if len(shape) == 3 and shape[0] in (1, 3):
        return "; channels come last: use np.moveaxis(pixels, 0, -1)"
    return "; draw one of them: pixels[0]" if len(shape) == 4 else ""


def _colours(pixels: Any, bound: float | None) -> Any:
    """Red, green and blue as matplotlib takes them: uint8, or floats from 0 to 1."""
    if bound is not None:
        return np.clip(0.5 + pixels / (2 * bound), 0, 1)
    most = 1 if pixels.dtype.kind == "f" else 255
    if not (pixels.min() >= 0 and pixels.max() <= most):
        raise ValueError(
            f"image: colours are integers from 0 to 255 or floats from 0 to 1, not {pixels.dtype} "
            f"from {pixels.min():g} to {pixels.max():g}; divide by 255, or give largest="
        )
    return pixels if pixels.dtype.kind == "f" else pixels.astype(np.uint8)


@explained
def numbers(
    axes: Axes, values: Any, title: str = "", colour: str = "tab:blue", size: int = 8
) -> None:
    """(rows, columns) numbers as a table with coloured cells; nan is an empty cell.

    0 is white, the numbers above it are shades of `colour` (a name that matplotlib knows), those
    below of the opposite colour: cyan to red, magenta to green, yellow to blue. `size` is that of
    the digits in points.

    >>> axes = figure(3, 2).subplots()
    >>> numbers(axes, np.arange(-1, 5).reshape(2, 3), "consecutive")
    >>> [text.get_text() for text in axes.texts]
    ['-1', '0', '1', '2', '3', '4']
    """
    from matplotlib.colors import LinearSegmentedColormap, is_color_like

    values = _real("numbers", values)
    if values.ndim != 2 or values.size == 0:
        raise ValueError(f"numbers: takes (rows, columns) numbers, not shape {values.shape}")
    if not is_color_like(colour):
        raise ValueError(f"numbers: matplotlib knows no colour {colour!r}")
    largest = float(np.max(np.abs(values), initial=0, where=np.isfinite(values))) or 1.0
    shades = LinearSegmentedColormap.from_list("", [_opposite(colour), "white", colour])
    edges = [np.arange(length + 1) - 0.5 for length in reversed(values.shape)]
    # half as strong as the colours themselves, so that black digits can be read on them
    options: dict[str, Any] = {"cmap": shades, "vmin": -2 * largest, "vmax": 2 * largest}
    shown = np.clip(values.astype(float), -largest, largest)  # infinite numbers, too
    axes.pcolormesh(*edges, shown, edgecolors="0.8", linewidth=0.5, **options)
    axes.set_aspect("equal")
    axes.invert_yaxis()
    for (i, j), value in np.ndenumerate(values):
        if not np.isnan(value):
            _write(axes, i, j, f"{value + 0:g}", size)  # 0 for -0, too
    axes.set_xticks([])
    axes.set_yticks([])
    axes.set_title(title, fontsize=9)


def _opposite(colour: str) -> Any:
    """The colour with the opposite hue, which a grey gets too: strong enough to be told from it."""
    from matplotlib.colors import hsv_to_rgb, rgb_to_hsv, to_rgb

    hue, _, value = rgb_to_hsv(to_rgb(colour))
    return hsv_to_rgb((float(hue + 0.5) % 1, 1.0, max(float(value), 0.5)))


def _write(axes: Axes, row: int, column: int, text: str, size: int, cell: Any = (1, 1, 1)) -> None:
    """Write into a cell, in white where the cell is dark."""
    ink = "white" if np.dot(cell[:3], (0.299, 0.587, 0.114)) < 0.5 else "black"
    drawn = axes.text(column, row, text, ha="center", va="center", fontsize=size, color=ink)
    drawn.set_in_layout(False)  # it lies inside its cell: no room has to be made for it


@explained
def colour_bar(axes: Axes | Sequence[Axes], label: str = "") -> None:
    """A scale beside axes that have an `image` of one channel, or beside several that share one.

    >>> places = figure(4, 2).subplots(1, 2)
    >>> for place in places:
    ...     image(place, np.eye(3), largest=1.0)
    >>> colour_bar(places, "weights")
    >>> len(places[0].figure.axes)
    3
    """
    places = list(np.ravel(np.asarray(axes, dtype=object)))
    if not (places and places[0].images and places[0].images[-1].get_array().ndim == 2):
        raise ValueError("colour_bar: draws the scale of an image of one channel; draw that first")
    places[0].figure.colorbar(places[0].images[-1], ax=places, label=label)


@explained
def box(axes: Axes, row: int, column: int, rows: int, columns: int, dashed: bool = False) -> None:
    """A blue frame around `rows` by `columns` cells, the first of them at (`row`, `column`).

    >>> axes = figure(3, 2).subplots()
    >>> box(axes, 1, 0, 2, 2)
    >>> axes.patches[0].get_xy()
    (-0.5, 0.5)
    """
    from matplotlib.patches import Rectangle

    if not (rows > 0 and columns > 0):
        raise ValueError(f"box: goes around one cell or more, not {rows} by {columns}")
    style = "--" if dashed else "-"
    corner = column - 0.5, row - 0.5
    frame = Rectangle(corner, columns, rows, fill=False, edgecolor="blue", lw=2, ls=style)
    axes.add_patch(frame).set_zorder(3)  # above the lines between the cells


@explained
def confusion_matrix(axes: Axes, counts: Any, names: Sequence[str]) -> None:
    """(class, predicted class) counts with their names; the colours are shares of each class.

    >>> axes = figure(4, 4).subplots()
    >>> confusion_matrix(axes, np.array([[9, 1], [0, 5]]), ["trousers", "dress"])
    >>> axes.get_xlabel()
    'predicted'
    """
    counts = _real("confusion_matrix", counts)
    if counts.shape != (len(names), len(names)):
        raise ValueError(
            f"confusion_matrix: {len(names)} names need counts of shape "
            f"{(len(names), len(names))}, not {counts.shape}"
        )
    if not np.all(counts >= 0):
        raise ValueError("confusion_matrix: counts are at least 0")
    shares = counts / np.maximum(counts.sum(axis=1, keepdims=True), 1)
    axes.imshow(shares, cmap="Blues", vmin=0, vmax=1)
    cells = axes.images[-1].to_rgba(shares)
    for (i, j), count in np.ndenumerate(counts):
        if count:
            _write(axes, i, j, str(count), 8, cells[i, j])
    axes.set_xticks(range(len(names)), names, rotation=45, ha="right", fontsize=8)
    axes.set_yticks(range(len(names)), names, fontsize=8)
    axes.set_xlabel("predicted")
    axes.set_ylabel("class")


@explained
def save(drawn: Figure, path: str | os.PathLike[str]) -> Path:
    """Write a figure to `path`, whose ending says how (.png, .pdf, .svg); folders are made.

    It is written beside `path` first and renamed when it is complete.

    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     save(figure(1, 1), Path(folder) / "figures" / "empty.png").name
    'empty.png'
    """
    path = Path(path)
    if path.suffix[1:].lower() not in drawn.canvas.get_supported_filetypes():
        raise ValueError(f"save: {path} needs an ending that says how: .png, .pdf or .svg")
    path.parent.mkdir(parents=True, exist_ok=True)
    with replacing(path) as file:
        drawn.savefig(file, format=path.suffix[1:].lower(), dpi=120)
    return path


def _real(function: str, values: Any) -> Any:
    """`values` as an array of real numbers; truth values count as 0 and 1."""
    array = arrays.numbers(np.asarray(arrays.numbers(values, function, "biuf")), function, "biuf")
    return array.astype(float) if array.dtype == bool else array
