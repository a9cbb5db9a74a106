"""The command that tries every rule: what it prints, saves and ends with."""

import json
import subprocess
import sys

import numpy as np
import pytest

from tinygrad_np.__main__ import main
from tinygrad_np.atlas import rule_reports, samples
from tinygrad_np.atlas.evidence import LIMITS, relative
from tinygrad_np.check.witnesses import Finding
from tinygrad_np.core import table
from tinygrad_np.core.table import TABLE


@pytest.fixture
def wrong_sine(monkeypatch):
    monkeypatch.setitem(
        TABLE, np.sin, table.pointwise(np.sin, lambda x: 1.001 * np.cos(x), analytic=True)
    )


def test_a_part_of_the_table_is_tried_by_name(capsys):
    assert main(["check", "np.log1p", "np.cosh", "np.arccosh"]) == 0
    head, allowed, *pages, summary = capsys.readouterr().out.splitlines()
    assert head.split()[:3] == ["function", "kind", "points"]
    assert allowed.split()[0] == "allowed"
    assert [line.split()[0] for line in pages] == ["np.arccosh", "np.cosh", "np.log1p"]
    assert all(line.endswith("right") for line in pages)
    assert summary.startswith("3 rows, tried at 17 points in")
    assert summary.endswith("all right; 0 more are constant")


def test_a_wrong_rule_is_named_and_the_status_is_1(wrong_sine, capsys, tmp_path):
    assert main(["check", "np.sin", "--json", str(tmp_path / "a.json")]) == 1
    shown = capsys.readouterr().out
    assert "1 WRONG" in shown
    assert "np.sin: complex step: np.sin by {0: (3, 3)}, seed [0, 0]" in shown
    [sine] = json.loads((tmp_path / "a.json").read_text())
    assert sine["function"] == "np.sin"
    assert sine["right"] is False
    assert 1e-4 < sine["errors"]["complex step"] < 1e-2
    assert list(tmp_path.iterdir()) == [tmp_path / "a.json"]


def test_a_row_without_samples_is_wrong(monkeypatch):
    monkeypatch.delitem(samples.SAMPLES, np.sin)
    [page] = rule_reports.rule_reports([TABLE[np.sin]])
    assert page.faults == ["it has no samples"]
    assert not page.is_right


def test_a_rule_that_raises_is_wrong_and_saved_without_infinity(monkeypatch, capsys, tmp_path):
    def refuses(x):
        raise ValueError("no derivative today")

    monkeypatch.setitem(TABLE, np.tan, table.pointwise(np.tan, refuses))
    assert main(["check", "np.tan", "--json", str(tmp_path / "a.json")]) == 1
    assert "ValueError: no derivative today" in capsys.readouterr().out
    [page] = json.loads((tmp_path / "a.json").read_text())
    assert page["errors"]["differences"] is None


def test_an_error_that_is_nan_is_no_small_error(monkeypatch):
    monkeypatch.setattr(
        rule_reports, "witnesses", lambda *args: [Finding("value", np.nan, 0.0, "somewhere")]
    )
    [page] = rule_reports.rule_reports([TABLE[np.sin]])
    assert page.errors["value"] == np.inf
    assert page.faults == ["value: somewhere"] * page.points


def test_errors_are_relative_to_what_the_witness_allows():
    found = Finding("float32", 3e-6, 1e-4, "")
    assert relative(found) == 3e-6
    assert relative(Finding("differences", 1.0, 10.0, "")) == pytest.approx(0.1 * 1e-9)
    assert relative(Finding("value", np.inf, 0.0, "")) == np.inf
    assert set(LIMITS) >= {"value", "edge"}


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["check", "frobnicate"], "no function of the table has frobnicate in its name"),
        (["check", "np.sin", "frobnicate"], "no function of the table has frobnicate in its name"),
        (["check", "--seed", "-1"], "must not be negative"),
        (["check", "--json", "/nowhere/at/all.json"], "there is no folder /nowhere/at"),
    ],
)
def test_a_wrong_call_is_told_before_the_work_begins(arguments, told, capsys):
    with pytest.raises(SystemExit) as ended:
        main(arguments)
    assert ended.value.code == 2
    assert told in capsys.readouterr().err


@pytest.mark.parametrize(("arguments", "status"), [(["chekc"], 2), (["--help"], 0)])
def test_the_commands_are_listed(arguments, status, capsys):
    assert main(arguments) == status
    shown = capsys.readouterr()
    assert "python -m tinygrad_np check" in (shown.err if status else shown.out)


def test_the_package_is_a_command():
    done = subprocess.run(
        [sys.executable, "-m", "tinygrad_np", "check", "np.exp2"],
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    assert "1 rows, tried at 5 points" in done.stdout
