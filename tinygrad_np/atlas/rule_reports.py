"""Every row of the table with what its witnesses say.

`rule_reports` tries rows at their samples and at their kinks, and gives a `RuleReport` for each;
`main` is the command ``python -m tinygrad_np check``, which prints these and ends with 1 if one is
wrong.

>>> from tinygrad_np.core.table import TABLE
>>> [report] = rule_reports([TABLE[np.exp]])
>>> report.function, report.kind, report.points, report.is_right
('np.exp', 'pointwise', 5, True)
>>> sorted(report.errors)
['complex step', 'differences', 'edge', 'float32', 'layout', 'second order', 'transpose', 'value']
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np

from ..check.report import aligned
from ..check.witnesses import Finding
from ..core.table import TABLE, Row
from ..io.files import replacing
from ..io.progress import progress
from ..rules import families
from ..scipy import mirror
from .evidence import LIMITS, edge, relative, witnesses
from .samples import edges_of, samples_of


class RuleReport(NamedTuple):
    """What the witnesses say of one row."""

    function: str
    kind: str
    points: int
    """samples and kinks at which it was tried"""
    errors: dict[str, float]
    """the worst error of each witness, on the scale of `LIMITS`"""
    faults: list[str]
    """what is wrong, and where"""

    @property
    def is_right(self) -> bool:
        """Whether it was tried, and every witness agrees."""
        return not self.faults


def rule_reports(rows: Iterable[Row], seed: int = 0) -> Iterator[RuleReport]:
    """A report for each row; a row without samples is at fault. Differences need no warnings."""
    for row in rows:
        samples, edges = samples_of(row, seed), edges_of(row)
        findings: list[Finding] = []
        with np.errstate(all="ignore"):
            for sample in samples:
                findings += witnesses(row, sample, seed)
            for at in edges:
                findings += edge(row, at)
        errors: dict[str, float] = {}
        for found in findings:
            errors[found.witness] = max(errors.get(found.witness, 0.0), _number(relative(found)))
        faults = [f"{found.witness}: {found.where}" for found in findings if not found.is_right]
        if not samples:
            faults.append("it has no samples")
        yield RuleReport(row.name, row.kind, len(samples) + len(edges), errors, faults)


def _number(error: float) -> float:
    return np.inf if np.isnan(error) else float(error)


def main(arguments: Sequence[str] | None = None) -> int:
    """The command; its exit status is 1 if a row is wrong, 2 if it was called wrongly."""
    parser = argparse.ArgumentParser(
        prog="python -m tinygrad_np check",
        description="Try every rule of the table with independent witnesses.",
    )
    parser.add_argument(
        "name", nargs="*", help="part of a function's name, such as exp or linalg; default: all"
    )
    parser.add_argument("--json", type=Path, metavar="FILE", help="save the results, too")
    parser.add_argument("--seed", type=int, default=0, help="of the samples; default: 0")
    options = parser.parse_args(arguments)
    if options.seed < 0:
        parser.error("argument --seed: must not be negative")
    if options.json is not None and not options.json.absolute().parent.is_dir():
        parser.error(f"argument --json: there is no folder {options.json.absolute().parent}")

    families()
    if not options.name or any("scipy" in name for name in options.name):
        mirror.families()
    options.name = [name.removeprefix("tg.") for name in options.name]
    chosen = [row for row in TABLE.values() if _is_meant(row, options.name)]
    if missing := [name for name in options.name if not any(name in row.name for row in chosen)]:
        parser.error(f"no function of the table has {' or '.join(missing)} in its name")
    constants = [row for row in chosen if row.kind == "constant"]
    rows = sorted(
        (row for row in chosen if row.kind != "constant"), key=lambda row: (row.kind, row.name)
    )
    began = time.perf_counter()
    found = list(progress(rule_reports(rows, options.seed), "checking", len(rows), "row"))
    seconds = time.perf_counter() - began

    if found:
        print(_table(found))
    for report in found:
        for fault in report.faults:
            print(f"{report.function}: {fault}")
    print(_summary(found, len(constants), seconds))
    if options.json is not None:
        _save(options.json, [{**report._asdict(), "right": report.is_right} for report in found])
    return 0 if all(report.is_right for report in found) else 1


def _is_meant(row: Row, names: list[str]) -> bool:
    """By a part of its name; a name that is whole means no other."""
    whole = {name for name in names if any(name == other.name for other in TABLE.values())}
    parts = [name for name in names if name not in whole]
    return not names or row.name in whole or any(part in row.name for part in parts)


def _table(reports: list[RuleReport]) -> str:
    """One line a report, below the witnesses' names and what each allows."""
    lines = [
        ["function", "kind", "points", *LIMITS, "verdict"],
        ["allowed", "", "", *[f"{limit:.0e}" if limit else "0" for limit in LIMITS.values()], ""],
    ]
    for report in reports:
        errors = [_shown(report.errors.get(witness)) for witness in LIMITS]
        verdict = "right" if report.is_right else "WRONG"
        lines.append([report.function, report.kind, str(report.points), *errors, verdict])
    return aligned(lines, "<<" + ">" * (len(LIMITS) + 1) + "<")


def _shown(error: float | None) -> str:
    return "-" if error is None else f"{error:.1e}" if error else "0"


def _summary(reports: list[RuleReport], constants: int, seconds: float) -> str:
    wrong = sum(not report.is_right for report in reports)
    points = sum(report.points for report in reports)
    verdict = f"{wrong} WRONG" if wrong else "all right"
    return (
        f"{len(reports)} rows, tried at {points:,} points in {seconds:.0f} s: {verdict}; "
        f"{constants} more are constant"
    )


def _save(path: Path, reports: list[dict[str, object]]) -> None:
    """Whole or not at all. JSON has no infinity, so an error that is infinite becomes null."""
    for report in reports:
        errors: dict[str, float] = report["errors"]  # type: ignore[assignment]
        report["errors"] = {w: e if np.isfinite(e) else None for w, e in errors.items()}
    with replacing(path) as file:
        file.write(json.dumps(reports, indent=1, ensure_ascii=False).encode())


if __name__ == "__main__":
    sys.exit(main())
