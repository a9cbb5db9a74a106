"""The directive ``rules-table``: every row of the table, with its rule's text and its errors.

The text is cut out of the source when the page is built. The errors are those of witnesses.json
beside how/rules_table.md, which this writes, in a minute:

    python docs/_ext/rules_table.py
"""

from __future__ import annotations

import ast
import functools
import html
import inspect
import json
import sys
import textwrap
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import scipy
from docutils import nodes
from docutils.parsers.rst import Directive
from sphinx.application import Sphinx

from tinygrad_np.atlas.classification import CLASSES
from tinygrad_np.atlas.evidence import LIMITS
from tinygrad_np.atlas.rule_reports import rule_reports
from tinygrad_np.core import table
from tinygrad_np.core.dispatch import implementation
from tinygrad_np.core.table import TABLE, Factor, Row
from tinygrad_np.rules import families
from tinygrad_np.scipy import mirror

ROOT = Path(__file__).resolve().parents[2]
WITNESSES = ROOT / "docs" / "how" / "witnesses.json"
SHORT = 6
"""So many lines of a rule are shown before one asks for them."""


def rows() -> list[Row]:
    """Those that have a derivative, by name."""
    families()
    mirror.families()
    return sorted((r for r in TABLE.values() if r.kind != "constant"), key=lambda r: r.name.lower())


def texts_of(row: Row) -> dict[str, str]:
    """{place: text}: the statement that makes the row, and the functions that it names.

    >>> from tinygrad_np.core.table import TABLE
    >>> list(texts_of(TABLE[np.exp]).values())
    ['pointwise(np.exp, lambda ans: ans, analytic=True)']
    """
    given: list[Any] = [getattr(row, "definition", None)]
    for rule in row.rules.values():
        given += [rule.vjp, rule.jvp]
    found: dict[str, str] = {}
    seen: set[Any] = set()
    while given:
        function = given.pop(0)
        function = implementation(function.given if isinstance(function, Factor) else function)
        while isinstance(function, functools.partial):
            function = function.func
        code: Any = getattr(function, "__code__", None)
        if code in seen or not getattr(code, "co_filename", "").startswith(str(ROOT)):
            continue
        if Path(code.co_filename) == Path(table.__file__):
            continue  # the table makes it, from the kind
        seen.add(code)
        path = Path(code.co_filename).relative_to(ROOT).as_posix()
        line, text = _text_of(code)
        found.setdefault(f"{path}, line {line}", text)
        # What a rule that is made by another function was made of.
        given += [c.cell_contents for c in function.__closure__ or () if callable(c.cell_contents)]
    # A faster form of a rule comes after the plain one.
    return dict(sorted(found.items(), key=lambda item: item[0].startswith("tinygrad_np/fast")))


@functools.cache
def _tree_of(path: str) -> tuple[str, ast.Module]:
    text = Path(path).read_text(encoding="utf-8")
    return text, ast.parse(text)


def _text_of(code: Any) -> tuple[int, str]:
    """Line and text of a function; of a lambda, those of the call that makes the row."""
    text, tree = _tree_of(code.co_filename)
    line = code.co_firstlineno
    if code.co_name == "<lambda>":
        names = list(code.co_varnames[: code.co_argcount])
        nodes_here = [x for x in ast.walk(tree) if getattr(x, "lineno", line + 1) <= line]
        makers = [
            x
            for x in nodes_here
            if isinstance(x, ast.Call) and _called(x) in CLASSES and line <= (x.end_lineno or 0)
        ]
        own = [
            x
            for x in nodes_here
            if isinstance(x, ast.Lambda)
            and x.lineno == line
            and [a.arg for a in x.args.args] == names
        ]
        best = min(makers or own, key=lambda x: (x.end_lineno or 0) - x.lineno)
        lines = (ast.get_source_segment(text, best) or "").splitlines()
        first = text.splitlines()[best.lineno - 1]
        indent = len(first) - len(first.lstrip())
        return best.lineno, "\n".join([lines[0], *[line[indent:] for line in lines[1:]]])
    return line, textwrap.dedent(inspect.getsource(code))


def _called(call: ast.Call) -> str:
    return call.func.id if isinstance(call.func, ast.Name) else ""


def table_of(stored: dict[str, Any]) -> Iterator[str]:
    """The lines of the page."""
    yield '<p class="rules-filter"><label>Filter <input id="filter" type="search" '
    yield 'placeholder="np.sort, linear, cosh …" autocomplete="off"></label> '
    yield '<output id="count"></output></p>'
    yield '<div class="rules-scroll"><table class="rules" id="rules"><thead><tr><th>function</th>'
    yield f"<th>rule</th><th>points</th>{''.join([f'<th>{name}</th>' for name in LIMITS])}</tr>"
    allowed = "".join([f"<td>{_number(limit)}</td>" for limit in LIMITS.values()])
    yield f"<tr><td>allowed</td><td></td><td></td>{allowed}</tr></thead><tbody>"
    for row in rows():
        points, *errors = stored.get(f"{row.kind} {row.name}", ["?"])
        cells = "".join([f"<td>{_number(error)}</td>" for error in errors])
        yield (
            f"<tr><td><code>{html.escape(row.name)}</code><br><i>{row.kind}</i></td>"
            f"<td>{_rule(row)}</td><td>{points}</td>{cells}</tr>"
        )
    yield "</tbody></table></div>"
    yield f"<script>{Path(__file__).with_name('filter.js').read_text(encoding='utf-8')}</script>"


def _rule(row: Row) -> str:
    parts = []
    for place, text in texts_of(row).items():
        lines = text.strip().splitlines()
        whole = f'<pre title="{html.escape(place)}">{html.escape(text.strip())}</pre>'
        if len(lines) > SHORT:
            first = html.escape(" ".join([line.strip() for line in lines[:2]]))
            whole = f"<details><summary><code>{first}</code> …</summary>{whole}</details>"
        parts.append(whole)
    return "".join(parts)


def _number(error: float | None) -> str:
    return "" if error is None else f"{error:.0e}".replace("e-0", "e-") if error else "0"


class RulesTable(Directive):
    """``rules-table``, without arguments."""

    def run(self) -> list[nodes.Node]:
        """The table as it stands in the page."""
        stored = json.loads(WITNESSES.read_text(encoding="utf-8"))
        env = self.state.document.settings.env
        env.note_dependency(str(WITNESSES))
        return [nodes.raw("", "\n".join(table_of(stored["rows"])), format="html")]


def measured() -> dict[str, Any]:
    """What the witnesses say of every row: points, and the worst error of each in two digits."""
    found = {}
    for report in rule_reports(rows()):
        errors = [report.errors.get(name) for name in LIMITS]
        short = [None if error is None else float(f"{error:.1e}") for error in errors]
        found[f"{report.kind} {report.function}"] = [report.points, *short]
    return {"numpy": np.__version__, "scipy": scipy.__version__, "rows": found}


def setup(app: Sphinx) -> dict[str, Any]:
    """Called by Sphinx."""
    app.add_directive("rules-table", RulesTable)
    return {"parallel_read_safe": True, "parallel_write_safe": True}


if __name__ == "__main__":
    made = measured()
    lines = [f" {json.dumps(name)}: {json.dumps(row)}" for name, row in made.pop("rows").items()]
    head = json.dumps(made)[1:-1]
    WITNESSES.write_text(f'{{{head}, "rows": {{\n' + ",\n".join(lines) + "\n}}\n", encoding="utf-8")
    sys.exit()
