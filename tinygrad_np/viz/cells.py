"""Tables of numbers in coloured cells: what an array holds, to be read digit by digit.

`numbers` draws one, `depth_stack` many behind one another, `box` a frame around some cells.
matplotlib is needed: the extra ``plot``.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from ..answers import explained
from .colours import BLUE, INK, LABEL, SMALL, shades
from .figures import axes_of, real, write

if TYPE_CHECKING:
    from matplotlib.axes import Axes


@explained
def numbers(
    axes: Axes | None, values: Any, title: str = "", colour: str = BLUE, size: int = SMALL
) -> Axes:
    """A table of numbers with coloured cells; nan is an empty cell.

    0 is white, the numbers above it are shades of `colour`, those below of the opposite colour:
    cyan to red, magenta to green, yellow to blue.

    Parameters
    ----------
    axes : matplotlib.axes.Axes or None
        Where to draw; None: into a new figure.
    values : array of shape (rows, columns)
        Real numbers.
    title : str, default ""
        What stands above.
    colour : str, default "#0072b2"
        A name that matplotlib knows.
    size : int, default 8
        That of the digits, in points.

    Returns
    -------
    matplotlib.axes.Axes

    Raises
    ------
    ValueError
        For another shape, and a colour that is none.

    Examples
    --------
    >>> axes = numbers(None, np.arange(-1, 5).reshape(2, 3), "consecutive")
    >>> [text.get_text() for text in axes.texts]
    ['-1', '0', '1', '2', '3', '4']

    """
    values = real("numbers", values)
    if values.ndim != 2 or values.size == 0:
        raise ValueError(f"numbers: takes (rows, columns) numbers, not shape {values.shape}")
    _check_colours("numbers", [colour])
    axes = axes_of("numbers", axes, 0.45 * values.shape[1] + 0.3, 0.45 * values.shape[0] + 0.5)
    _cells(axes, values, colour, _scale(values), 0, 0)
    for (i, j), value in np.ndenumerate(values):
        if not np.isnan(value):
            write(axes, i, j, f"{value + 0:g}", size)  # 0 for -0, too
    return _settled(axes, title)


@explained
def depth_stack(
    axes: Axes | None,
    values: Any,
    title: str = "",
    colour: str | Sequence[str] = BLUE,
    step: float = 1.0,
    size: int = SMALL,
) -> Axes:
    """The last axis in depth: tables behind one another, each a step further up and to the right.

    Numbers are written where they can be read: into cells that no nearer table covers. All have
    one scale, the colours of `numbers`.

    Parameters
    ----------
    axes : matplotlib.axes.Axes or None
        Where to draw; None: into a new figure.
    values : array of shape (rows, columns, depth)
        Real numbers; ``values[..., 0]`` is in front.
    title : str, default ""
        What stands above.
    colour : str, or a sequence of as many as there are tables, default "#0072b2"
        Names that matplotlib knows.
    step : float, default 1.0
        How far a table is from the one in front of it, in cells.
    size : int, default 8
        That of the digits, in points.

    Returns
    -------
    matplotlib.axes.Axes
        The table in front has its first cell at (0, 0), as that of `numbers`: `box` frames cells.

    Raises
    ------
    ValueError
        For another shape, a colour that is none, other than one colour a table, and a step that
        is not above 0.

    Examples
    --------
    >>> axes = depth_stack(None, np.arange(12.0).reshape(2, 2, 3))
    >>> [text.get_text() for text in axes.texts]  # from the back: two that are half covered
    ['2', '5', '11', '1', '4', '10', '0', '3', '6', '9']

    """
    values = real("depth_stack", values)
    if values.ndim != 3 or values.size == 0:
        raise ValueError(
            f"depth_stack: takes (rows, columns, depth) numbers, not shape {values.shape}"
        )
    rows, columns, depth = values.shape
    colours = [colour] * depth if isinstance(colour, str) else list(colour)
    if len(colours) != depth:
        raise ValueError(f"depth_stack: {depth} tables need as many colours, not {len(colours)}")
    _check_colours("depth_stack", colours)
    if not 0 < step < np.inf:
        raise ValueError(f"depth_stack: step is a number of cells above 0, not {step}")
    back = (depth - 1) * step
    axes = axes_of("depth_stack", axes, 0.4 * (columns + back) + 0.3, 0.4 * (rows + back) + 0.5)
    scale = _scale(values)
    for k in reversed(range(depth)):
        away = k * step
        _cells(axes, values[..., k], colours[k], scale, away, away)
        for (i, j), value in np.ndenumerate(values[..., k]):
            # the table in front begins `step` cells lower and ends `step` cells further left
            is_seen = k == 0 or i + 1 <= step + 1e-9 or columns - j <= step + 1e-9
            if is_seen and not np.isnan(value):
                write(axes, i - away, j + away, f"{value + 0:g}", size)
    return _settled(axes, title)


@explained
def box(
    axes: Axes, row: float, column: float, rows: float, columns: float, dashed: bool = False
) -> Axes:
    """A frame around cells, black with a white rim, so that it shows on every colour.

    Parameters
    ----------
    axes : matplotlib.axes.Axes
        What `numbers`, `depth_stack` or `image` has drawn into.
    row, column : int
        The first of the cells.
    rows, columns : int
        How many they are.
    dashed : bool, default False
        Whether the line is.

    Returns
    -------
    matplotlib.axes.Axes

    Raises
    ------
    ValueError
        If there are no cells to go around.

    Examples
    --------
    >>> box(numbers(None, np.eye(3)), 1, 0, 2, 2).patches[-1].get_xy()
    (-0.5, 0.5)

    """
    from matplotlib.patches import Rectangle
    from matplotlib.patheffects import withStroke

    axes = axes_of("box", axes)
    if not (rows > 0 and columns > 0):
        raise ValueError(f"box: goes around one cell or more, not {rows} by {columns}")
    style = "--" if dashed else "-"
    corner = column - 0.5, row - 0.5
    frame = Rectangle(corner, columns, rows, fill=False, edgecolor=INK, lw=1.8, ls=style)
    frame.set(clip_on=False, path_effects=[withStroke(linewidth=3.6, foreground="white")])
    axes.add_patch(frame).set_zorder(2.5)  # above the lines between the cells, below the digits
    return axes


def _check_colours(function: str, colours: Sequence[str]) -> None:
    from matplotlib.colors import is_color_like

    for colour in colours:
        if not is_color_like(colour):
            raise ValueError(f"{function}: matplotlib knows no colour {colour!r}")


def _scale(values: Any) -> float:
    """The largest finite absolute value, or 1."""
    # in floats: an int8 has no 128
    return float(np.max(np.abs(values, dtype=float), initial=0, where=np.isfinite(values))) or 1.0


def _cells(axes: Any, values: Any, colour: str, largest: float, up: float, right: float) -> None:
    """The coloured cells of (rows, columns) numbers, moved up and to the right by so many cells."""
    from matplotlib.patches import Rectangle

    rows, columns = values.shape
    shown = np.clip(values.astype(float), -largest, largest)  # infinite numbers, too
    axes.pcolormesh(
        np.arange(columns + 1) - 0.5 + right, np.arange(rows + 1) - 0.5 - up, shown,
        cmap=shades(colour), vmin=-largest, vmax=largest, edgecolors="0.8", linewidth=0.5,
        clip_on=False,
    )  # fmt: skip
    corner = right - 0.5, -0.5 - up
    axes.add_patch(
        Rectangle(corner, columns, rows, fill=False, edgecolor="0.5", linewidth=0.8, clip_on=False)
    ).set_zorder(1)  # as the cells, which a nearer table covers


def _settled(axes: Any, title: str) -> Any:
    """Cells are square, the first row is above, and there is nothing around them."""
    axes.grid(False)
    axes.set_aspect("equal")
    if not axes.yaxis_inverted():
        axes.invert_yaxis()
    axes.set_xticks([])
    axes.set_yticks([])
    axes.spines[:].set_visible(False)
    axes.set_title(title, fontsize=LABEL)
    return axes
