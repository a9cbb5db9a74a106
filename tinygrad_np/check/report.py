"""What a check found: rows as data, a table as text, and an error for who wants one.

>>> row = Row("['w']", (2, 3), difference=0.5, relative=0.25, verdict="wrong")
>>> report = Report([row], "compared", failure="the gradients differ")
>>> print(report)
leaf   shape   largest |Δ|  relative  verdict
['w']  (2, 3)          0.5      0.25  WRONG
>>> report.verdict, report.is_right
('wrong', False)
"""

from __future__ import annotations

import html
import math
from collections.abc import Callable, Iterable, Sequence
from typing import Literal, NamedTuple

Verdict = Literal["right", "wrong", "cannot tell"]


class Row(NamedTuple):
    """One thing that was compared: a leaf's gradient, a component of it, or a derivative."""

    leaf: str
    """where in the tree; empty if there is only one array"""
    shape: tuple[int, ...]
    difference: float
    """|Δ| between the claimed number and the one found, the largest if several were compared"""
    relative: float
    """the difference over the size of the gradient of the leaf"""
    verdict: Verdict
    claimed: float = math.nan
    found: float = math.nan
    floor: float = 0.0
    """the noise floor: a smaller difference would not show; 0 if none was measured"""
    note: str = ""
    """what else there is to know: a kink, a component that is nan"""
    source: str = ""
    """how it was found, or which derivative it is"""

    @property
    def is_right(self) -> bool:
        """Whether the verdict is right; False for cannot tell."""
        return self.verdict == "right"


NOT_FINITE = "not finite"
"""How the note of a claimed gradient begins that is nan or infinite."""


class WrongGradientError(ValueError):
    """Two gradients that should agree do not."""


def digits(row: Row) -> int:
    """So many that the claimed number and the one found do not look the same."""
    larger = max(abs(row.claimed), abs(row.found))
    return digits_of(row.difference / larger) if row.floor < row.difference and larger else 6


def digits_of(relative: float) -> int:
    """So many that a relative difference shows."""
    if not 0 < relative < math.inf:
        return 6
    return min(max(6, 2 + math.ceil(-math.log10(relative))), 16)


def _value(number: float, row: Row) -> str:
    return "-" if math.isnan(number) else f"{number + 0.0:.{digits(row)}g}"


def _verdict(row: Row) -> str:
    verdict = "WRONG" if row.verdict == "wrong" else row.verdict
    return f"{verdict}: {row.note}" if row.note else verdict


COLUMNS: dict[str, tuple[str, Callable[[Row], str]]] = {
    "leaf": ("<", lambda row: row.leaf or "-"),
    "component": ("<", lambda row: row.leaf),
    "derivative": ("<", lambda row: row.source),
    "shape": ("<", lambda row: str(row.shape)),
    "claimed": (">", lambda row: _value(row.claimed, row)),
    "found": (">", lambda row: _value(row.found, row)),
    "|Δ|": (">", lambda row: f"{row.difference:.2g}"),
    "largest |Δ|": (">", lambda row: f"{row.difference:.2g}"),
    "relative": (">", lambda row: f"{row.relative:.2g}"),
    "noise floor": (">", lambda row: f"{row.floor:.2g}"),
    "verdict": ("<", _verdict),
    "found by": ("<", lambda row: row.source),
    "": ("<", lambda row: row.note or row.verdict),
}
"""The columns of tables by their heads: < or > for the alignment, and what is shown of a row."""

_SLOPES = ("claimed", "found", "|Δ|", "noise floor")
TABLES: dict[str, tuple[str, ...]] = {
    "compared": ("leaf", "shape", "largest |Δ|", "relative", "verdict"),
    "measured": ("leaf", "shape", *_SLOPES, "verdict", "found by"),
    "derivatives": ("derivative", "leaf", "shape", *_SLOPES, "verdict"),
    "components": ("component", *_SLOPES, ""),
}
"""The heads of each kind of table, by its name, which a report keeps."""

SHORT = 10
"""Rows in a table that nobody has asked for: those that are not right come first."""


def table(rows: Sequence[Row], kind: str) -> str:
    """The rows as aligned text below the heads of the columns."""
    return aligned(_cells(rows, kind), [COLUMNS[head][0] for head in TABLES[kind]])


def aligned(lines: Sequence[Sequence[str]], sides: Sequence[str]) -> str:
    """Lines of cells as text, each column aligned to its side, < or >."""
    widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
    return "\n".join(
        "  ".join(f"{c:{a}{w}}" for c, a, w in zip(line, sides, widths, strict=True)).rstrip()
        for line in lines
    )


def _cells(rows: Sequence[Row], kind: str) -> list[list[str]]:
    heads = TABLES[kind]
    return [list(heads), *[[COLUMNS[head][1](row) for head in heads] for row in rows]]


_SHADES = {"wrong": "rgba(255, 60, 60, 0.22)", "cannot tell": "rgba(255, 180, 0, 0.22)"}
"""Behind a row: the letters keep the page's own colour, on light paper and on dark."""


def _html(rows: Sequence[Row], kind: str) -> str:
    sides = ["right" if COLUMNS[head][0] == ">" else "left" for head in TABLES[kind]]
    lines = []
    for cells, row in zip(_cells(rows, kind), [None, *rows], strict=True):
        tag, shade = ("td", _SHADES.get(row.verdict, "")) if row else ("th", "")
        style = f' style="background: {shade}"' if shade else ""
        parts = [
            f'<{tag} style="text-align: {side}">{html.escape(cell)}</{tag}>'
            for cell, side in zip(cells, sides, strict=True)
        ]
        lines.append(f"<tr{style}>{''.join(parts)}</tr>")
    return f'<table style="color: inherit">{"".join(lines)}</table>'


class Report:
    """What a check found: `rows` as data, text as `str`, an error by `raise_if_wrong`.

    Its `verdict` is ``"right"``, ``"wrong"`` or ``"cannot tell"``; `bool` of it raises, since there
    are three. `components` are rows of single components of what is wrong, `hints` say what the
    mistake looks like, `headline` opens the text. At a prompt and in a notebook it shows its table,
    shortened if it is long; it can be pickled.
    """

    def __init__(
        self,
        rows: Iterable[Row],
        kind: str,
        *,
        headline: str = "",
        failure: str = "",
        components: Iterable[Row] = (),
        hints: Iterable[str] = (),
    ) -> None:
        self.rows = list(rows)
        self.components = list(components)
        self.hints = list(hints)
        self.headline = headline
        self._kind = kind
        self._failure = failure

    @property
    def verdict(self) -> Verdict:
        """Wrong if any row is, else cannot tell if any row is, else right."""
        verdicts = {row.verdict for row in self.rows}
        if "wrong" in verdicts:
            return "wrong"
        return "cannot tell" if "cannot tell" in verdicts else "right"

    @property
    def is_right(self) -> bool:
        """Whether every row is right; False also where there is no telling."""
        return self.verdict == "right"

    def raise_if_wrong(self) -> None:
        """Raise `WrongGradientError`, with the text of the report, if the verdict is wrong.

        It does not raise where there is no telling: `verdict` is ``"cannot tell"`` then, and the
        rows name the noise floor. To insist on a proof, call `assert_right`.
        """
        if self.verdict == "wrong":
            raise WrongGradientError(f"{self._failure}:\n{self}" if self._failure else str(self))

    def assert_right(self) -> None:
        """Raise ``AssertionError``, with the text of the report, unless the verdict is right."""
        __tracebackhide__ = True  # pytest shows the line that called this
        if not self.is_right:
            raise AssertionError(str(self))

    def __str__(self) -> str:
        return self._text(self.rows, "")

    def __repr__(self) -> str:
        return self._text(*self._short())

    def _short(self) -> tuple[list[Row], str]:
        """The first rows, those that are not right before others, and how many there are more."""
        order = ("wrong", "cannot tell", "right")
        rows = sorted(self.rows, key=lambda row: order.index(row.verdict))
        if len(rows) <= SHORT:
            return self.rows, ""
        worst = rows[SHORT].verdict
        more = "all right" if worst == "right" else f"some {worst}"
        return rows[:SHORT], f"… and {len(rows) - SHORT} more rows, {more}: print the report"

    def _text(self, rows: list[Row], more: str) -> str:
        parts = [self.headline, table(rows, self._kind), more]
        if self.components:
            parts.append(table(self.components, "components"))
        return "\n".join([part for part in parts if part] + self._hints())

    def _hints(self) -> list[str]:
        return [f"Hint: {hint}" for hint in self.hints]

    def _repr_html_(self) -> str:
        """What a notebook shows."""
        rows, more = self._short()
        tables = [_html(rows, self._kind)]
        texts = [[self.headline], [more, *self._hints()]]
        if self.components:
            tables.append(_html(self.components, "components"))
        above, below = [
            "".join(f"<div>{html.escape(text)}</div>" for text in lines if text) for lines in texts
        ]
        return f"<div>{above}{''.join(tables)}{below}</div>"

    def __bool__(self) -> bool:
        raise TypeError(
            "a report has three verdicts, so it is neither true nor false: ask for is_right or "
            "verdict, or call raise_if_wrong()"
        )


def named(hints: list[tuple[str, str]]) -> list[str]:
    """Hints, each with the path of its array; one that several share is given once."""
    paths: dict[str, list[str]] = {}
    for path, text in hints:
        paths.setdefault(text, []).append(path)
    places = {text: ", ".join(dict.fromkeys(found)) for text, found in paths.items()}
    return [f"{place}: {text}" if place else text for text, place in places.items()]


def summary(rows: list[Row]) -> str:
    """The verdict in a line, with its numbers."""
    for row in rows:
        place = f" by {row.leaf}" if row.leaf else ""
        if row.verdict == "wrong" and row.note.startswith(NOT_FINITE):
            return f"wrong: the claimed gradient{place} is {row.note}"
        if row.verdict == "wrong" and row.note:
            return f"wrong: {row.source}{place}: {row.note}"
        if row.verdict == "wrong":
            shown = digits(row)
            what = f"slope{place} along a random direction" if row.shape else f"derivative{place}"
            return (
                f"wrong: the {what} should be "
                f"{row.found:.{shown}g} ± {row.floor:.1g}, not {row.claimed:.{shown}g}"
            )
    for row in rows:
        place = f" by {row.leaf}" if row.leaf else ""
        if row.verdict == "cannot tell" and row.note:
            return f"cannot tell{place}: {row.note}"
        if row.verdict == "cannot tell":
            return (
                f"cannot tell{place}: the slopes agree, but noise would hide an error below "
                f"{row.floor:.1g} in {row.found:.2g}"
            )
    agreement = max(row.relative for row in rows)
    floor = max(row.floor for row in rows)
    return (
        f"right: the slopes agree to {agreement:.1g} of the gradient, with a noise of {floor:.1g}"
    )
