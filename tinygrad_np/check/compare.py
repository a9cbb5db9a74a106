"""compare: a function's gradient by reverse mode against one that was derived by hand."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np

from .. import tree
from ..transforms import grad

TOLERANCE = {np.dtype(np.float64): 1e-12, np.dtype(np.float32): 1e-5}
"""Of the largest component: a hundred to a thousand roundings, more than any sum here makes."""


class Row(NamedTuple):
    """One leaf of the compared gradients."""

    leaf: str
    shape: tuple[int, ...]
    difference: float
    """the largest |Δ|"""
    relative: float
    """the largest |Δ| over the largest component of the hand-derived gradient"""
    is_right: bool


class WrongGradientError(ValueError):
    """Two gradients that should agree do not."""


class Report:
    """What `compare` found: `rows` as data, a table as text.

    >>> report = compare(lambda x: np.sum(x * x), lambda x: 2.0 * x, np.array([1.0, 2.0]))
    >>> print(report)
    leaf  shape  largest |Δ|  relative  verdict
    -     (2,)             0         0  right
    >>> report.raise_if_wrong()
    """

    def __init__(self, rows: list[Row], tolerance: str) -> None:
        self.rows = rows
        self.tolerance = tolerance

    @property
    def is_right(self) -> bool:
        """Whether every leaf agrees."""
        return all(row.is_right for row in self.rows)

    def raise_if_wrong(self) -> None:
        """Raise `WrongGradientError`, with the table, unless every leaf agrees."""
        if not self.is_right:
            raise WrongGradientError(f"the gradients differ by more than {self.tolerance}:\n{self}")

    def __str__(self) -> str:
        lines = [("leaf", "shape", "largest |Δ|", "relative", "verdict")]
        for row in self.rows:
            verdict = "right" if row.is_right else "WRONG"
            numbers = f"{row.difference:.2g}", f"{row.relative:.2g}"
            lines.append((row.leaf or "-", str(row.shape), *numbers, verdict))
        widths = [max(len(line[i]) for line in lines) for i in range(5)]
        return "\n".join(
            f"{leaf:<{widths[0]}}  {shape:<{widths[1]}}  {difference:>{widths[2]}}  "
            f"{relative:>{widths[3]}}  {verdict}"
            for leaf, shape, difference, relative, verdict in lines
        )


def compare(
    function: Callable[..., Any], analytic: Callable[..., Any], *args: Any, argnums: int = 0
) -> Report:
    """Hold the gradient of `function` by reverse mode against ``analytic(*args)``.

    `function` gives a number, and `analytic` the gradient for the argument `argnums`: a tree of the
    same structure, of arrays of the same shapes. Two leaves agree if they differ by at most 1e-12
    of the largest component (float64; 1e-5 in float32).

    Raises ``ValueError`` where structure or shapes differ.

    >>> wrong = compare(lambda x: np.sum(x**3), lambda x: 3.0 * x, np.array([1.0, 2.0]))
    >>> wrong.is_right, wrong.rows[0].difference
    (False, 6.0)
    """
    found = grad(function, argnums)(*args)
    expected = analytic(*args)
    rows: list[Row] = []
    paths = iter(tree.paths(found))
    tolerances = {}

    def look(a: Any, b: Any) -> None:
        leaf, b = next(paths), np.asarray(b)
        if a.shape != b.shape:
            raise ValueError(
                f"compare: the hand-derived gradient has shape {b.shape}"
                f"{f' at {leaf}' if leaf else ''}, the argument has shape {a.shape}"
            )
        tolerance = max(TOLERANCE.get(x.dtype, 1e-5) for x in (a, b))
        tolerances[tolerance] = True
        difference = float(np.max(np.abs(a - b), initial=0.0))
        largest = float(np.max(np.abs(b), initial=0.0))
        relative = difference / largest if largest else difference
        rows.append(Row(leaf, a.shape, difference, relative, relative <= tolerance))

    tree.map(look, found, expected)
    return Report(rows, " / ".join(f"{t:g} of the largest component" for t in tolerances))
