"""The directive ``rules-table``: every row of the table, with its rule's text and its errors.

The text is cut out of the source when the page is built. The errors are those of witnesses.json
beside how/rules_table.md, which this writes, in a minute:

    python docs/_ext/rules_table.py
"""

from __future__ import annotations

import html
import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import scipy
from docutils import nodes
from docutils.parsers.rst import Directive
from sphinx.application import Sphinx

from tinygrad_np.atlas.evidence import LIMITS
from tinygrad_np.atlas.rule_reports import rule_reports
from tinygrad_np.core.table import TABLE, Row
from tinygrad_np.rules import families
from tinygrad_np.scipy import mirror
from tinygrad_np.viz.rule_texts import texts_of

ROOT = Path(__file__).resolve().parents[2]
WITNESSES = ROOT / "docs" / "how" / "witnesses.json"
SHORT = 6
"""So many lines of a rule are shown before one asks for them."""


def rows() -> list[Row]:
    """Those that have a derivative, by name."""
    families()
    mirror.families()
    return sorted((r for r in TABLE.values() if r.kind != "constant"), key=lambda r: r.name.lower())


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
