"""What a check found: rows as data, a table as text, and an error for who wants one.

`report_of` makes the report with which each check ends.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Literal, NamedTuple, Protocol

from ..io import notebook

Verdict = Literal["right", "wrong", "cannot tell"]
WORST_FIRST: tuple[Verdict, ...] = ("wrong", "cannot tell", "right")


class Row(NamedTuple):
    """One thing that was compared: a leaf's gradient, a component of it, or a derivative.

    Attributes
    ----------
    leaf : str
        Where in the tree; empty if there is only one array.
    shape : tuple of ints
    difference : float
        ``|Δ|`` between the claimed number and the one found, the largest if several were compared.
    relative : float
        The difference over the size of the gradient of the leaf.
    verdict : {"right", "wrong", "cannot tell"}
    claimed, found : float
        nan if none was.
    floor : float
        The noise floor: a smaller difference would not show; 0 if none was measured.
    note : str
        What else there is to know: a kink, a component that is nan.
    source : str
        How it was found, or which derivative it is.
    """

    leaf: str
    shape: tuple[int, ...]
    difference: float
    relative: float
    verdict: Verdict
    claimed: float = math.nan
    found: float = math.nan
    floor: float = 0.0
    note: str = ""
    source: str = ""

    @property
    def is_right(self) -> bool:
        """Whether the verdict is right; False for cannot tell."""
        return self.verdict == "right"


NOT_FINITE = "not finite"
"""How the note of a claimed gradient begins that is nan or infinite."""


class WrongGradientError(ValueError):
    """Two gradients that should agree do not."""


def element(place: Sequence[int], axes: int | None = None) -> str:
    """The index of a component as text, and behind its `axes` the part of a complex number."""
    is_part = axes is not None and len(place) > axes
    part = (", real part", ", imaginary part")[place[-1]] if is_part else ""
    return f"[{', '.join(str(int(i)) for i in place[:axes])}]{part}"


def digits(row: Row) -> int:
    """So many that the claimed number and the one found do not look the same."""
    larger = max(abs(row.claimed), abs(row.found))
    return digits_of(row.difference / larger) if row.floor < row.difference and larger else 6


def digits_of(relative: float) -> int:
    """So many that a relative difference shows."""
    if not 0 < relative < math.inf:
        return 6
    return min(max(6, 2 + math.ceil(-math.log10(relative))), 16)


def _slope(number: float, row: Row) -> str:
    return "-" if math.isnan(number) else f"{number + 0.0:.{digits(row)}g}"


def _verdict(row: Row) -> str:
    verdict = "WRONG" if row.verdict == "wrong" else row.verdict
    return f"{verdict}: {row.note}" if row.note else verdict


COLUMNS: dict[str, tuple[str, Callable[[Row], str]]] = {
    "leaf": ("<", lambda row: row.leaf or "-"),
    "component": ("<", lambda row: row.leaf),
    "derivative": ("<", lambda row: row.source),
    "shape": ("<", lambda row: str(row.shape)),
    "claimed": (">", lambda row: _slope(row.claimed, row)),
    "found": (">", lambda row: _slope(row.found, row)),
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


def aligned(lines: Sequence[Sequence[str]], sides: Sequence[str]) -> str:
    """Lines of cells as text, each column aligned to its side, < or >."""
    widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
    return "\n".join(
        "  ".join(f"{c:{a}{w}}" for c, a, w in zip(line, sides, widths, strict=True)).rstrip()
        for line in lines
    )


def _table(rows: Sequence[Row], kind: str) -> str:
    columns = [COLUMNS[head] for head in TABLES[kind]]
    lines = [TABLES[kind], *[[show(row) for _, show in columns] for row in rows]]
    return aligned(lines, [side for side, _ in columns])


_COLOURS: dict[Verdict, str] = {"right": "#009e73", "wrong": "#d55e00", "cannot tell": "#a5558c"}


def _coloured(text: str, verdict: Verdict) -> notebook.Html:
    """Text of a verdict, in a colour of Okabe and Ito's that shows on white and on black."""
    style = f"color:{_COLOURS[verdict]}"
    return notebook.Html(f'<b style="{style}">{notebook.escaped(text)}</b>')


def _html_table(rows: Sequence[Row], kind: str) -> str:
    columns = [COLUMNS[head] for head in TABLES[kind]]
    cells = [
        [
            _coloured(show(row), row.verdict) if head == "verdict" else show(row)
            for head, (_, show) in zip(TABLES[kind], columns, strict=True)
        ]
        for row in rows
    ]
    return notebook.table(TABLES[kind], cells, "".join([side for side, _ in columns]))


def _worst_first(rows: Sequence[Row]) -> list[Row]:
    return sorted(rows, key=lambda row: WORST_FIRST.index(row.verdict))


@dataclass(repr=False, eq=False)
class Report:
    """What a check found: rows as data, text as `str`, an error by `raise_if_wrong`.

    `bool` of it raises, since there are three verdicts. At a prompt it shows its text and in a
    notebook tables, shortened if it is long; it can be pickled.

    Parameters
    ----------
    rows : list of Row
    kind : str
        Of the table: a name in ``TABLES``.
    headline : str, default ""
        Opens the text.
    failure : str, default ""
        How the text of a `WrongGradientError` begins.
    components : list of Row, optional
        Single components of what is wrong.
    hints : list of str, optional
        What the mistake looks like.

    Examples
    --------
    >>> row = Row("['w']", (2, 3), difference=0.5, relative=0.25, verdict="wrong")
    >>> report = Report([row], "compared", failure="the gradients differ")
    >>> print(report)
    leaf   shape   largest |Δ|  relative  verdict
    ['w']  (2, 3)          0.5      0.25  WRONG
    >>> report.verdict, report.is_right
    ('wrong', False)
    """

    rows: list[Row]
    kind: str
    headline: str = ""
    failure: str = ""
    components: list[Row] = field(default_factory=list)
    hints: list[str] = field(default_factory=list)

    @property
    def verdict(self) -> Verdict:
        """``"wrong"`` if any row is, else ``"cannot tell"`` if any row is, else ``"right"``."""
        return _worst_first(self.rows)[0].verdict if self.rows else "right"

    @property
    def is_right(self) -> bool:
        """Whether every row is right; False also where there is no telling."""
        return self.verdict == "right"

    def raise_if_wrong(self) -> None:
        """Raise an error with the text of the report if the verdict is wrong.

        Raises
        ------
        WrongGradientError
            Not where there is no telling: `verdict` is ``"cannot tell"`` then, and the rows name
            the noise floor. To insist on a proof, call `assert_right`.
        """
        if self.verdict == "wrong":
            raise WrongGradientError(f"{self.failure}:\n{self}" if self.failure else str(self))

    def assert_right(self) -> None:
        """Raise an error with the text of the report unless the verdict is right.

        Raises
        ------
        AssertionError
            Also where there is no telling.
        """
        __tracebackhide__ = True  # pytest shows the line that called this
        if not self.is_right:
            raise AssertionError(str(self))

    def __str__(self) -> str:
        return self._text(len(self.rows))

    def __repr__(self) -> str:
        return self._text(SHORT)

    def _text(self, most: int) -> str:
        """The lines, from the top; of too many rows those that are not right first."""
        rows, more = self._first(most)
        lines = [self.headline] if self.headline else []
        lines += [_table(rows, self.kind), *more]
        lines += [_table(self.components, "components")] if self.components else []
        return "\n".join([*lines, *[f"Hint: {hint}" for hint in self.hints]])

    def _first(self, most: int) -> tuple[list[Row], list[str]]:
        """At most so many rows, those that are not right first, and a line about the others."""
        if len(self.rows) <= most:
            return self.rows, []
        rows = _worst_first(self.rows)
        worst = rows[most].verdict
        kind = "all right" if worst == "right" else f"some {worst}"
        return rows[:most], [f"… and {len(rows) - most} more rows, {kind}: print the report"]

    def _repr_html_(self) -> str:
        """The same as tables, the verdict in a colour as well as in words."""
        rows, more = self._first(SHORT)
        parts = [f"<p>{_coloured(self.headline or self.verdict, self.verdict)}</p>"]
        parts.append(_html_table(rows, self.kind))
        lines = [*more, *[f"Hint: {hint}" for hint in self.hints]]
        parts += [_html_table(self.components, "components")] if self.components else []
        return "".join([*parts, *[f"<p>{notebook.escaped(line)}</p>" for line in lines]])

    def __bool__(self) -> bool:
        raise TypeError(
            "a report has three verdicts, so it is neither true nor false: ask for is_right or "
            "verdict, or call raise_if_wrong()"
        )


class HasComponents(Protocol):
    """An array that can say which of its components are at fault, and what that looks like."""

    def at_fault(self, verdict: Verdict) -> tuple[list[Row], list[str]]: ...


def report_of(
    kind: str,
    found: Sequence[tuple[Row, HasComponents | None]],
    seed: int | None = None,
    failure: str = "",
) -> Report:
    """The report on rows, each with its array, if that has components to tell apart.

    If slopes were measured, along directions drawn by `seed`, it has a headline.
    """
    rows = [row for row, _ in found]
    components: list[Row] = []
    paths: dict[str, list[str]] = {}
    for row, leaf in found:
        if leaf is not None:
            faulty, hints = leaf.at_fault(row.verdict)
            components += faulty
            for hint in hints:
                paths.setdefault(hint, []).append(row.leaf)
    headline = "" if seed is None else f"{summary(rows)} (seed {seed})"
    places = {hint: ", ".join(dict.fromkeys(of_hint)) for hint, of_hint in paths.items()}
    texts = [f"{place}: {hint}" if place else hint for hint, place in places.items()]
    return Report(rows, kind, headline, failure, components, texts)


def summary(rows: list[Row]) -> str:
    """The verdict in a line, with its numbers: of the first row that is not right."""
    row = _worst_first(rows)[0]
    place = f" by {row.leaf}" if row.leaf else ""
    if row.verdict == "right":
        slopes = [row for row in rows if not math.isnan(row.found)]  # no witness of check_rule
        agreement, noise = max(row.relative for row in slopes), max(row.floor for row in slopes)
        agree = f"the slopes agree to {agreement:.1g} of the gradient"
        return f"right: {agree}, with a noise of {noise:.1g}"
    if row.verdict == "cannot tell":
        hidden = f"an error below {row.floor:.1g} in {row.found:.2g}"
        note = row.note or f"the slopes agree, but noise would hide {hidden}"
        return f"cannot tell{place}: {note}"
    if row.note.startswith(NOT_FINITE):
        return f"wrong: the claimed gradient{place} is {row.note}"
    if row.note:
        return f"wrong: {row.source}{place}: {row.note}"
    shown = digits(row)
    what = f"slope{place} along a random direction" if row.shape else f"derivative{place}"
    found = f"{row.found:.{shown}g} ± {row.floor:.1g}"
    return f"wrong: the {what} should be {found}, not {row.claimed:.{shown}g}"
