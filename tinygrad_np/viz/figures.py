"""Figures and what most of them have: curves with their names beside them, a confusion matrix.

`figure` makes an empty one and `save` writes it, whole or not at all. What draws takes axes, or
None for those of a new figure, and gives them. No window is opened, so it all works without a
screen; a notebook shows figures and axes without being told. matplotlib is needed: the extra
``plot``.
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
from .colours import FAINT, LABEL, SMALL, ink

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure


@explained
def figure(width: float, height: float) -> Figure:
    """An empty figure in one style, whose parts make room for one another.

    Parameters
    ----------
    width, height : float
        Inches; on a page an inch is 100 pixels.

    Returns
    -------
    matplotlib.figure.Figure
        Its axes have no box on top and right, a light grid, and colours that all eyes can tell
        apart. As the last value of a notebook's cell it shows itself.

    Raises
    ------
    ModuleNotFoundError
        If matplotlib is not installed.
    ValueError
        For a size that is none.

    Examples
    --------
    >>> figure(4, 3).get_size_inches()
    array([4., 3.])

    """
    try:
        import matplotlib.figure  # noqa: F401
    except ModuleNotFoundError as error:
        raise ModuleNotFoundError(
            "figures need matplotlib; install it with: pip install matplotlib"
        ) from error
    from .style import Figure

    if not (0 < width < np.inf and 0 < height < np.inf):
        raise ValueError(f"figure: width and height are inches above 0, not {width} and {height}")
    return Figure(figsize=(width, height), layout="constrained")


@explained
def save(drawn: Figure, path: str | os.PathLike[str]) -> Path:
    """Write a figure to a file, beside it first and renamed when it is complete.

    Parameters
    ----------
    drawn : matplotlib.figure.Figure
        The figure, such as ``axes.figure``.
    path : path-like
        Its ending says how: .png, .pdf or .svg. Folders are made.

    Returns
    -------
    pathlib.Path
        `path`.

    Raises
    ------
    TypeError
        For what is no figure.
    ValueError
        For an ending that matplotlib does not know.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     save(figure(1, 1), Path(folder) / "figures" / "empty.png").name
    'empty.png'

    """
    if not hasattr(drawn, "savefig"):
        remedy = ", such as axes.figure" if hasattr(drawn, "figure") else ""
        raise TypeError(f"save: takes a figure{remedy}, not a {type(drawn).__name__}")
    path = Path(path)
    if path.suffix[1:].lower() not in drawn.canvas.get_supported_filetypes():
        raise ValueError(f"save: {path} needs an ending that says how: .png, .pdf or .svg")
    path.parent.mkdir(parents=True, exist_ok=True)
    with replacing(path) as file:
        drawn.savefig(file, format=path.suffix[1:].lower(), dpi=120)
    return path


# What draws


@explained
def learning_curves(axes: Axes | None, curves: Mapping[str, Sequence[float]], label: str) -> Axes:
    """One line for each curve against the epoch; the first point is before training.

    From two epochs on, that point does not stretch the axes: where it lies outside of what the
    epochs need, the title has it.

    Parameters
    ----------
    axes : matplotlib.axes.Axes or None
        Where to draw; None: into a new figure.
    curves : dict
        A list of numbers for each name, which is written at the line's end.
    label : str
        What the numbers are.

    Returns
    -------
    matplotlib.axes.Axes

    Raises
    ------
    TypeError
        If the curves have no names.
    ValueError
        If there is no curve, or one that is no list of numbers.

    Examples
    --------
    >>> found = {"train": [1.0, 0.5, 0.45], "test": [1.1, 0.7, 0.6]}
    >>> axes = learning_curves(None, found, "log-loss")
    >>> len(axes.lines), axes.get_title()
    (2, 'before training: train 1, test 1.1')

    """
    if not isinstance(curves, Mapping):
        remedy = ", or call its plot()" if hasattr(curves, "plot") else ""
        raise TypeError(
            f"learning_curves: takes a dict of curves, not a {type(curves).__name__}; give "
            f"{{name: list of numbers}}{remedy}"
        )
    values = {name: real("learning_curves", curve) for name, curve in curves.items()}
    if not values or any(curve.ndim != 1 or curve.size == 0 for curve in values.values()):
        raise ValueError("learning_curves: takes one curve or more, each a list of numbers")
    axes = axes_of("learning_curves", axes, 5, 3)
    for name, curve in values.items():
        axes.plot(range(len(curve)), curve, marker="o", markersize=3, label=name)
    axes.set_xlabel("epoch")
    axes.set_ylabel(label)
    axes.locator_params("x", integer=True, min_n_ticks=1)
    trained = np.concatenate([curve[1:] for curve in values.values()])
    trained = trained[np.isfinite(trained)]
    first = {name: curve[0] for name, curve in values.items()}
    if max(map(len, values.values())) > 2 and trained.size:
        low, high = trained.min(), trained.max()
        margin = (high - low) / 8 or 0.1
        axes.set_ylim(low - margin, high + margin)
        if not all(low - margin <= value <= high + margin for value in first.values()):
            told = ", ".join([f"{name} {value:.4g}" for name, value in first.items()])
            axes.set_title(f"before training: {told}", fontsize=SMALL, color=FAINT)
    return label_lines(axes)


@explained
def label_lines(axes: Axes) -> Axes:
    """Write the label of each line beside its end, in its colour: in place of a legend.

    Labels that would meet are moved apart. To be called when the limits of the axes are settled.

    Parameters
    ----------
    axes : matplotlib.axes.Axes
        Axes with lines; those without a label are passed over.

    Returns
    -------
    matplotlib.axes.Axes

    Examples
    --------
    >>> axes = figure(4, 3).subplots()
    >>> lines = axes.plot([1.0, 2.0], label="rising") + axes.plot([2.0, 2.0], label="flat")
    >>> [text.get_text() for text in label_lines(axes).texts]
    ['rising', 'flat']

    """
    axes = axes_of("label_lines", axes)
    lines, ends = [], []
    for line in axes.lines:
        points = np.asarray(line.get_xydata(), float)  # of dates and names, too
        points = points[np.isfinite(points).all(axis=1)]
        if not str(line.get_label()).startswith("_") and len(points):
            lines.append(line)
            ends.append(points[-1])
    if lines:
        axes.get_xlim()  # which settles the limits
        low, high = sorted(axes.get_ylim())
        heights = [float(np.clip(y, low, high)) for _, y in ends]
        inside = [axes.transData.transform((0, y))[1] for y in heights]
        points = np.array(inside) / axes.figure.figure.dpi * 72
        moved = _apart(points, 1.3 * LABEL) - points
        for line, height, up in zip(lines, heights, moved, strict=True):
            axes.annotate(
                str(line.get_label()), (1, height), (4, up), ("axes fraction", "data"),
                "offset points", va="center", fontsize=LABEL, color=line.get_color(),
                annotation_clip=False,
            )  # fmt: skip
    return axes


def _apart(places: Any, gap: float) -> Any:
    """The nearest places, by least squares, that keep their order and a distance of `gap`.

    >>> _apart(np.array([0.5, 0.1, 0.5]), 0.1)
    array([0.45, 0.1 , 0.55])
    """
    order = np.argsort(places, kind="stable")
    steps = gap * np.arange(len(places))
    blocks: list[list[float]] = []  # each one (mean, length): the nearest sequence that rises
    for value in places[order] - steps:
        blocks.append([float(value), 1])
        while len(blocks) > 1 and blocks[-2][0] > blocks[-1][0]:
            (a, m), (b, n) = blocks.pop(-2), blocks.pop(-1)
            blocks.append([(m * a + n * b) / (m + n), m + n])
    result = np.empty(len(places))
    result[order] = np.concatenate([np.full(int(n), mean) for mean, n in blocks]) + steps
    return result


@explained
def confusion_matrix(axes: Axes | None, counts: Any, names: Sequence[str]) -> Axes:
    """Which class is taken for which: counts, with colours for the shares of each class.

    Parameters
    ----------
    axes : matplotlib.axes.Axes or None
        Where to draw; None: into a new figure.
    counts : array of shape (n, n)
        By class and predicted class.
    names : sequence of n strings
        Those of the classes.

    Returns
    -------
    matplotlib.axes.Axes

    Raises
    ------
    ValueError
        If the shape is not (n, n), or a count is below 0 or infinite.

    Examples
    --------
    >>> axes = confusion_matrix(None, np.array([[9, 1], [0, 5]]), ["trousers", "dress"])
    >>> axes.get_xlabel()
    'predicted'

    """
    counts = real("confusion_matrix", counts)
    if counts.shape != (len(names), len(names)):
        raise ValueError(
            f"confusion_matrix: {len(names)} names need counts of shape "
            f"{(len(names), len(names))}, not {counts.shape}"
        )
    if not np.all((counts >= 0) & (counts < np.inf)):
        raise ValueError("confusion_matrix: counts are at least 0, and finite")
    axes = axes_of("confusion_matrix", axes, 5, 5)
    shares = counts / np.maximum(counts.sum(axis=1, keepdims=True), 1)
    axes.imshow(shares, cmap="Blues", vmin=0, vmax=1)
    cells: Any = axes.images[-1].to_rgba(shares)
    for (i, j), count in np.ndenumerate(counts):
        if count:
            write(axes, i, j, str(count), SMALL, cells[i, j])
    axes.set_xticks(range(len(names)), names, rotation=45, ha="right", fontsize=SMALL)
    axes.set_yticks(range(len(names)), names, fontsize=SMALL)
    axes.tick_params(length=0)
    framed(axes)
    axes.set_xlabel("predicted")
    axes.set_ylabel("class")
    return axes


# What they have in common


def axes_of(function: str, axes: Any, width: float = 4, height: float = 3) -> Any:
    """The axes that a function was given, or those of a new figure."""
    if axes is None:
        return figure(width, height).subplots()
    if not hasattr(axes, "imshow"):
        raise TypeError(
            f"{function}: the first argument is matplotlib's axes, or None for those of a new "
            f"figure, not a {type(axes).__name__}"
        )
    return axes


def real(function: str, values: Any) -> Any:
    """`values` as an array of real numbers; truth values count as 0 and 1."""
    array = arrays.numbers(np.asarray(arrays.numbers(values, function, "biuf")), function, "biuf")
    return array.astype(float) if array.dtype == bool else array


def framed(axes: Any) -> None:
    """A thin frame, and no grid: for images and tables."""
    axes.grid(False)
    axes.spines[:].set(visible=True, color="0.8", linewidth=0.6)


def write(
    axes: Any, row: float, column: float, text: str, size: float, cell: Any = (1, 1, 1)
) -> None:
    """Write into a cell, in white where the cell is dark."""
    drawn = axes.text(column, row, text, ha="center", va="center", fontsize=size, color=ink(cell))
    drawn.set_in_layout(False)  # it lies inside its cell: no room has to be made for it
