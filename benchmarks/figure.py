"""All ratios as one figure: a row a case, a column a library, a bar from 1 to the ratio.

`draw` makes it of what a run found, or of what the command has written with ``--json``.
A bar to the left of 1 says that we are faster; the axis is logarithmic, so that a half and twice
are as long; its number stands on the other side of 1. Dark is the package as it is, light and
hatched with `jit`, in grey as in colours.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tinygrad_np import viz
from tinygrad_np.viz.colours import BLUE

from .machine import in_words
from .ratios import COLUMNS, Row, rows

if TYPE_CHECKING:
    from matplotlib.axes import Axes

AS_IT_IS, WITH_JIT = BLUE, "#F0C987"  # and a light orange: a lightness of 40 % and of 82 %


def draw(found: dict[str, Any], path: str | os.PathLike[str]) -> Path:
    """Draw all ratios into a file, which is written whole or not at all; its ending says how.

    Raises ``ValueError`` where nothing was compared with anything.
    """
    shown = rows(found)
    if not shown:
        raise ValueError(
            "figure: no case was compared with another library; leave --profile out, and install "
            "the others with pip install -e '.[bench]'"
        )
    columns = [name for name in COLUMNS if any(name in row.ratios for row in shown)]
    places, heads = _places(shown)
    height = 2.1 + 0.27 * (max(places) + 1)
    figure = viz.figure(max(8, 2.9 + 0.85 * len(columns)), height)
    figure.set_layout_engine("none")
    _titles(figure, found, height)
    edges = {
        "left": 2.75 / figure.get_figwidth(), "right": 0.99, "top": 1 - 1.55 / height,
        "bottom": 0.45 / height, "wspace": 0.08,
    }  # fmt: skip
    panels = figure.subplots(1, len(columns), sharey=True, squeeze=False, gridspec_kw=edges)[0]
    limits = _limits([x for row in shown for pair in row.ratios.values() for x in pair if x])
    for axes, column in zip(panels, columns, strict=True):
        _panel(axes, limits, max(places))
        told = column.replace(", ", ",\n")
        axes.set_title(told, fontsize=8, fontweight="bold", pad=16)
        for row, place in zip(shown, places, strict=True):
            if column in row.ratios:
                _bars(axes, place, *row.ratios[column])
        for place in places:
            axes.axhspan(place - 0.5, place + 0.5, color="0.965" if place % 2 else "1", zorder=0)
    first = panels[0]
    first.set_yticks(places, [row.label for row in shown], fontsize=7.5)
    for head, place in heads.items():
        first.annotate(
            head, (0, place + 0.15), (-2.68 * 72, 0), ("axes fraction", "data"), "offset points",
            fontsize=8.5, fontweight="bold", va="center", annotation_clip=False,
        )  # fmt: skip
    return viz.save(figure, path)


def _places(shown: list[Row]) -> tuple[list[int], dict[str, int]]:
    """The line of each row, from the top, and of the head of each group."""
    places: list[int] = []
    heads: dict[str, int] = {}
    line = -1
    for row in shown:
        if row.group not in heads:
            line += 1
            heads[row.group] = line
        line += 1
        places.append(line)
    return places, heads


def _limits(values: list[float]) -> tuple[float, float]:
    """From where to where an axis goes: numbers have room on either side of 1.

    >>> [round(limit, 2) for limit in _limits([0.1, 2.0])]
    [0.08, 4.01]
    """
    low, high = min([0.5, *values]) / 1.25, max([2.0, *values]) * 1.25
    return min(low, high**-0.55), max(high, low**-0.55)


def _titles(figure: Any, found: dict[str, Any], height: float) -> None:
    from matplotlib.patches import Patch

    threads = found.get("threads", 1)
    how = f"{threads} thread{'s' * (threads > 1)}, separate processes that alternate, medians"
    where = in_words(found["machine"]) if "machine" in found else ""
    at = 0.15 / figure.get_figwidth()
    figure.text(
        at, 1 - 0.1 / height, "Time of tinygrad_np over the time of others, for the same result",
        fontsize=12, fontweight="bold", va="top",
    )  # fmt: skip
    figure.text(
        at, 1 - 0.36 / height, f"left of 1: tinygrad_np is faster; {how}\n{where}",
        fontsize=8, va="top", linespacing=1.5,
    )  # fmt: skip
    figure.legend(
        handles=[
            Patch(facecolor=AS_IT_IS, edgecolor="black", linewidth=0.4, label="as it is"),
            Patch(
                facecolor=WITH_JIT, edgecolor="black", linewidth=0.4, hatch="////", label="with jit"
            ),
        ],
        loc="upper right", bbox_to_anchor=(0.995, 1 - 0.28 / height), ncols=2, fontsize=8.5,
        frameon=False,
    )  # fmt: skip


def _panel(axes: Axes, limits: tuple[float, float], last: int) -> None:
    from matplotlib.ticker import FixedLocator, FuncFormatter, NullLocator

    axes.grid(False)  # the lines of its ticks are drawn below, behind the bars
    axes.set_xscale("log")
    axes.set_xlim(*limits)
    axes.set_ylim(last + 0.6, -0.6)
    ticks = [x for x in (0.01, 0.1, 1, 10, 100) if 2 * limits[0] < x < limits[1] / 2]
    axes.xaxis.set_major_locator(FixedLocator(ticks))
    axes.xaxis.set_minor_locator(NullLocator())
    axes.xaxis.set_major_formatter(FuncFormatter(lambda x, _: f"{x:g}"))
    axes.tick_params(axis="x", labelsize=7, labeltop=True, top=True, length=2)
    axes.tick_params(axis="y", length=0)
    axes.axvline(1, color="black", linewidth=0.8, zorder=4)
    for tick in ticks:
        axes.axvline(tick, color="0.85", linewidth=0.5, zorder=1)
    for side in ("left", "right"):
        axes.spines[side].set_visible(False)
    for side in ("top", "bottom"):
        axes.spines[side].set_color("0.6")


def _bars(axes: Axes, place: int, as_it_is: float, with_jit: float | None) -> None:
    """One bar in the middle of the line, or two, each with its number on the other side of 1."""
    both = with_jit is not None
    thick = 0.38 if both else 0.5
    for value, colour, hatch, offset in (
        (as_it_is, AS_IT_IS, "", -0.22 if both else 0.0),
        (with_jit, WITH_JIT, "//////", 0.22),
    ):
        if value is None:
            continue
        axes.barh(
            place + offset, value - 1, thick, left=1, color=colour, hatch=hatch,
            edgecolor="black", linewidth=0.3, zorder=3,
        )  # fmt: skip
        faster = value < 1
        axes.annotate(
            told(value), (1, place + offset), (3 if faster else -3, 0),
            textcoords="offset points", ha="left" if faster else "right", va="center_baseline",
            fontsize=6.6 if both else 7, zorder=5,
        )  # fmt: skip


def told(value: float) -> str:
    """A ratio in two digits.

    >>> [told(x) for x in (0.0234, 0.5, 1.234, 12.3)]
    ['0.02', '0.50', '1.2', '12']
    """
    return f"{value:.2f}" if value < 0.995 else f"{value:.1f}" if value < 9.95 else f"{value:.0f}"
