"""Pictures of learning: curves, filters, images. matplotlib is needed: the extra ``plot``.

`figure` makes an empty figure, `learning_curves` and `image` draw into its axes, and `save` writes
it, whole or not at all. No window is opened, so it all works without a screen.
"""

from __future__ import annotations

import os
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

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
            'figures need matplotlib; install it with pip install "tinygrad_np[plot]"'
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


def image(axes: Axes, pixels: Any, title: str = "", signed: bool = False) -> None:
    """A picture of (rows, columns) numbers; `signed` puts zero in the middle of the colours.

    >>> axes = figure(2, 2).subplots()
    >>> image(axes, np.eye(3), "a filter", signed=True)
    >>> axes.get_title()
    'a filter'
    """
    pixels = np.asarray(pixels)
    if pixels.ndim != 2:
        raise ValueError(f"image: takes (rows, columns) numbers, not shape {pixels.shape}")
    if signed:
        largest = float(np.max(np.abs(pixels), initial=1e-12))
        axes.imshow(pixels, cmap="RdBu_r", vmin=-largest, vmax=largest)
    else:
        axes.imshow(pixels, cmap="gray")
    axes.set_title(title, fontsize=9)
    axes.set_xticks([])
    axes.set_yticks([])


def save(drawn: Figure, path: str | os.PathLike[str]) -> Path:
    """Write a figure to `path`, whose ending says how (.png, .pdf, .svg); folders are made.

    It is written beside `path` first and renamed when it is complete.

    >>> with tempfile.TemporaryDirectory() as folder:
    ...     save(figure(1, 1), Path(folder) / "figures" / "empty.png").name
    'empty.png'
    """
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(suffix=path.suffix, prefix=f".{path.stem}-", dir=path.parent)
    os.close(handle)
    try:
        drawn.savefig(name, dpi=120)
        os.replace(name, path)
    except BaseException:
        os.unlink(name)
        raise
    return path
