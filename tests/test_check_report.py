"""Reports: they cross processes, and show their text at a prompt and in a notebook."""

import copy
import multiprocessing
import pickle
import re
from html import escape

import numpy as np
import pytest

import tinygrad_np as tg
from tinygrad_np import check
from tinygrad_np.check import check_gradient
from tinygrad_np.check.report import SHORT, Report, Row

X = np.random.default_rng(0).normal(size=5)


def sines(x):
    return np.sum(np.sin(x))


def double(x):
    return 2 * np.cos(x)


BAD = tg.pointwise(lambda x: np.sin(x), lambda x: 2 * np.cos(x))


class Counted:
    """A function that has a state."""

    def __init__(self):
        self.n = 0

    def __call__(self, x):
        self.n += 1
        return self.n * x


REPORTS = {
    "check_gradient": lambda: check.check_gradient(sines, double, X),
    "compare": lambda: check.compare(sines, double, X),
    "check_function": lambda: check.check_function(BAD, X),
    "check_rule": lambda: check.check_rule(BAD, X),
    "check_vjp": lambda: check.check_vjp(np.sin, lambda g, x: 2 * g * np.cos(x), X),
    "check_jacobian": lambda: check.check_jacobian(np.sin, lambda x: np.diag(double(x)), X),
    "explain_nonfinite": lambda: check.explain_nonfinite(lambda x: np.sqrt(x), np.zeros(2)),
    "check_jit": lambda: check.check_jit(Counted(), X),
}


def child(seed):
    """What a worker of a pool does: it gives back a report."""
    return check.check_gradient(sines, double, X, seed=seed)


@pytest.mark.parametrize("name", REPORTS)
def test_a_report_pickles(name):
    report = REPORTS[name]()
    for again in (pickle.loads(pickle.dumps(report)), copy.deepcopy(report)):
        assert type(again) is type(report)
        assert str(again) == str(report)
        assert repr(again) == repr(report)
    if isinstance(report, Report):
        # nan, where nothing was measured, is not itself
        assert list(map(repr, again.rows)) == list(map(repr, report.rows))
        assert again.verdict == report.verdict == "wrong"
        with pytest.raises(check.WrongGradientError):
            again.raise_if_wrong()


def test_reports_cross_processes():
    with multiprocessing.get_context("spawn").Pool(2) as pool:
        found = pool.map(child, [0, 1, 2])
    assert [str(report) for report in found] == [str(child(seed)) for seed in (0, 1, 2)]


def test_an_error_crosses_processes():
    with pytest.raises(check.WrongGradientError) as caught:
        child(0).raise_if_wrong()
    assert str(pickle.loads(pickle.dumps(caught.value))) == str(child(0))


class TestAtAPrompt:
    @pytest.mark.parametrize("name", REPORTS)
    def test_it_shows_its_text(self, name):
        report = REPORTS[name]()
        assert repr(report) == str(report)
        assert len(repr(report).splitlines()) > 1

    def test_a_long_one_is_short(self):
        verdicts = ["right"] * 30 + ["wrong"] + ["cannot tell"] * 2 + ["right"] * 7
        rows = [Row(f"[{i}]", (), 0.0, 0.0, verdict) for i, verdict in enumerate(verdicts)]
        report = Report(rows, "compared")
        lines = repr(report).splitlines()
        assert len(lines) == 1 + SHORT + 1
        assert [line.split()[0] for line in lines[1:5]] == ["[30]", "[31]", "[32]", "[0]"]
        assert lines[-1] == "… and 30 more rows, all right: print the report"
        assert len(str(report).splitlines()) == 41
        assert len(lines) == 1 + SHORT + 1

    def test_how_many_more_are_wrong(self):
        report = Report([Row(str(i), (), 1.0, 1.0, "wrong") for i in range(12)], "compared")
        assert repr(report).splitlines()[-1] == "… and 2 more rows, some wrong: print the report"


@pytest.mark.parametrize("name", REPORTS)
def test_a_notebook_shows_what_a_prompt_does(name):
    report = REPORTS[name]()
    if not isinstance(report, Report):  # it is no table, and has its text alone
        assert not hasattr(report, "_repr_html_")
        return
    html = report._repr_html_()
    assert "<table>" in html
    told = " ".join(re.sub("<[^>]*>", " ", html).split())
    for word in repr(report).split():
        assert escape(word) in told


def test_a_tree_of_many_leaves_is_shown_with_the_wrong_one_first():
    x = {f"w{i}": X for i in range(15)}

    def gradient(x):
        return {name: (2 if name == "w13" else 1) * np.cos(w) for name, w in x.items()}

    report = check.compare(lambda x: sum(sines(w) for w in x.values()), gradient, x)
    assert repr(report).splitlines()[1].startswith("['w13']")
    assert report.rows[13].verdict == "wrong"


RNG = np.random.default_rng(0)
POINTS = RNG.normal(size=5)


class TestReports:
    REPORT = check_gradient(sines, lambda x: 2 * np.cos(x), POINTS)

    def test_as_text_and_as_data(self):
        lines = str(self.REPORT).splitlines()
        assert lines[0].startswith("wrong: the slope along a random direction should be ")
        assert lines[1].split() == [
            *("leaf", "shape", "claimed", "found", "|Δ|"),
            *("noise", "floor", "verdict", "found", "by"),
        ]
        assert lines[-1] == "Hint: off by the factor 2"
        [row] = self.REPORT.rows
        assert row.claimed == pytest.approx(2 * row.found)
        assert row.difference == pytest.approx(abs(row.found))
        assert 0 < row.floor < 1e-10

    def test_an_error_of_ours_with_the_table(self):
        with pytest.raises(tg.check.WrongGradientError) as caught:
            self.REPORT.raise_if_wrong()
        assert str(self.REPORT) in str(caught.value)

    def test_a_report_is_neither_true_nor_false(self):
        with pytest.raises(TypeError, match=r"three verdicts.*is_right"):
            bool(self.REPORT)

    def test_repr_is_the_table(self):
        assert repr(self.REPORT) == str(self.REPORT)

    def test_the_seed(self):
        again = check_gradient(sines, lambda x: 2 * np.cos(x), POINTS)
        assert str(again) == str(self.REPORT)
        other = check_gradient(sines, lambda x: 2 * np.cos(x), POINTS, seed=1)
        assert other.rows != self.REPORT.rows
        assert "(seed 1)" in str(other)
