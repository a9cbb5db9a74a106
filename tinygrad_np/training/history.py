"""What happened in a run, epoch by epoch: `History`, a table that prints, and a figure."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from ..core.arrays import Array
from ..io import notebook

if TYPE_CHECKING:
    from matplotlib.axes import Axes

Row = dict[str, float]


class History:
    """Figures of each epoch: `rows`, a list of dicts.

    It prints as a table, shows one in a notebook, and draws itself; ``history["loss"]`` is a
    column, an array (epochs,).

    Parameters
    ----------
    rows : dicts, default ()

    Examples
    --------
    >>> history = History([{"epoch": 1, "loss": 0.5}, {"epoch": 2, "loss": 0.25}])
    >>> print(history)
      epoch     loss
          1      0.5
          2     0.25
    >>> history["loss"]
    array([0.5 , 0.25])
    """

    def __init__(self, rows: Iterable[Mapping[str, float]] = ()) -> None:
        self.rows: list[Row] = [dict(row) for row in rows]

    @property
    def columns(self) -> list[str]:
        """The names of the figures, in order."""
        return list(dict.fromkeys([name for row in self.rows for name in row]))

    def __len__(self) -> int:
        return len(self.rows)

    def __getitem__(self, column: str) -> Array:
        if column not in self.columns:
            there = ", ".join(map(repr, self.columns)) or "none: no epoch is done"
            raise KeyError(f"History: there is no column {column!r}; the columns are {there}")
        return np.array([row.get(column, math.nan) for row in self.rows])

    def line(self, row: Mapping[str, Any]) -> str:
        """A row of the table, nan where it has no figure; a column is as wide as its name.

        Parameters
        ----------
        row : dict

        Returns
        -------
        str
        """
        cells = [(name, shown(row.get(name, math.nan))) for name in self.columns]
        return "  ".join([cell.rjust(max(len(name), 7)) for name, cell in cells])

    def head(self) -> str:
        """The line of names.

        Returns
        -------
        str
        """
        return self.line({name: name for name in self.columns})

    def __str__(self) -> str:
        if not self.rows:
            return "History: no epoch is done"
        return "\n".join([self.head(), *map(self.line, self.rows)])

    def __repr__(self) -> str:
        return str(self)

    def _repr_html_(self) -> str:
        rows = [[shown(row.get(name, math.nan)) for name in self.columns] for row in self.rows]
        if len(rows) > 2 * _ENDS:
            left_out = [f"… {len(rows) - 2 * _ENDS} more", *[""] * (len(self.columns) - 1)]
            rows = [*rows[:_ENDS], left_out, *rows[-_ENDS:]]
        return notebook.table(self.columns, rows)

    def plot(self, axes: Axes | None = None, of: str = "loss") -> Axes:
        """Draw every column whose name ends in `of` against the epoch.

        What stands before `of` in its name is the line's label; ``"loss"`` is that of training.

        Parameters
        ----------
        axes : matplotlib.axes.Axes, optional
            By default a new figure's, which is ``axes.figure`` (the extra ``plot``).
        of : str, default "loss"

        Returns
        -------
        matplotlib.axes.Axes
        """
        from .. import viz
        from ..viz.colours import CYCLE

        curves = [name for name in self.columns if name.endswith(of)]
        if not curves:
            self[of]  # raises, and says which there are
        if axes is None:
            axes = viz.figure(5, 3.5).subplots()
        labels = [name.removesuffix(of).strip() or "training" for name in curves]
        order = list(dict.fromkeys(["training", *labels]))  # which has the same colour everywhere
        for name, label in zip(curves, labels, strict=True):
            colour = CYCLE[order.index(label) % len(CYCLE)]
            axes.plot(self["epoch"], self[name], "o-", color=colour, markersize=3, label=label)
        axes.set_xlabel("epoch")
        axes.set_ylabel(of)
        axes.locator_params("x", integer=True, min_n_ticks=1)
        return viz.label_lines(axes)


_ENDS = 6
"""So many epochs a notebook shows from the beginning, and from the end, if there are more."""


def shown(number: Any) -> str:
    """Four digits of a figure; whole numbers as they are."""
    is_whole = isinstance(number, int | np.integer | str | None)
    return f"{number}" if is_whole else f"{number:.4g}"
