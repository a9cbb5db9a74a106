"""Every function that NumPy can send a Tensor, and every one of its arguments, has a class."""

import inspect
from pathlib import Path

import numpy as np
import pytest

import tinygrad_np as tg
from tinygrad_np.__main__ import main
from tinygrad_np.check import classification
from tinygrad_np.check.classification import CLASSES, Entry, functions, page, unclassified
from tinygrad_np.rules import REFUSED, TABLE
from tinygrad_np.rules.table import name_of

PAGE = Path(__file__).parents[1] / "docs" / "numpy.md"
VERSION = ".".join(np.__version__.split(".")[:2])
ENTRIES = classification.classification()
FUNCTIONS = functions()

# Parameters of NumPy's that no row has, and what a Tensor meets there instead.
WITHOUT = {
    ("np.bincount", "x"): "it is the row's `indices`; NumPy takes it by position only",
    ("np.lib.stride_tricks.sliding_window_view", "subok"): "refused: a Tensor has no subclass",
    ("np.lib.stride_tricks.sliding_window_view", "writeable"): "refused: nothing is written",
    ("np.corrcoef", "bias"): "refused: it has no effect since NumPy 1.10",
    ("np.corrcoef", "ddof"): "refused: it has no effect since NumPy 1.10",
    ("np.reshape", "newshape"): "refused: `shape` by its old name",
    **{
        (f"np.{name}", "interpolation"): "refused: `method` by its old name"
        for name in ("quantile", "percentile", "nanquantile", "nanpercentile")
    },
}


def test_nothing_of_numpy_is_unclassified():
    assert not unclassified()
    assert len(FUNCTIONS) > 400


@pytest.mark.parametrize("function", FUNCTIONS, ids=name_of)
def test_each_function_is_in_one_class(function):
    assert (function in TABLE) != (function in REFUSED)


def test_a_function_that_a_newer_numpy_adds_is_named(monkeypatch):
    def newcomer(x):
        return x

    known = classification.get_overridable_numpy_array_functions()
    monkeypatch.setattr(
        classification, "get_overridable_numpy_array_functions", lambda: {*known, newcomer}
    )
    assert unclassified() == ["newcomer"]


@pytest.mark.parametrize("entry", ENTRIES, ids=lambda entry: entry.function)
def test_each_argument_has_one_status_and_each_refusal_a_reason(entry):
    assert entry.kind in CLASSES
    names = [*entry.differentiable, *entry.constant, *entry.refused]
    assert len(set(names)) == len(names)
    assert all(len(why) > 8 for why in (*entry.constant.values(), *entry.refused.values()))
    if entry.kind == "refused":
        assert "; " in entry.reason, "a reason, and what to do instead"
    elif entry.kind == "constant":
        assert entry.reason
        assert not names
    else:
        assert entry.differentiable


@pytest.mark.parametrize(
    "function", [f for f in FUNCTIONS if f in TABLE and TABLE[f].kind != "constant"], ids=name_of
)
def test_the_arguments_are_those_of_numpy(function):
    if isinstance(function, np.ufunc):
        return  # their names are not NumPy's, which takes them by position
    row = TABLE[function]
    try:
        parameters = inspect.signature(function).parameters.values()
    except ValueError:  # written in C, which only a newer NumPy tells
        return
    for parameter in parameters:
        if parameter.kind is not parameter.VAR_KEYWORD:
            name = row.aliases.get(parameter.name, parameter.name)
            assert name in row.names or (row.name, name) in WITHOUT


def test_no_call_makes_an_array_of_objects():
    """Whatever becomes of two Tensors by position, it is not NumPy's loop over objects."""
    t = tg.Tensor(np.array([[2.0, 1.0], [1.0, 3.0]]))
    tried = 0
    with np.errstate(all="ignore"):
        for function in FUNCTIONS:
            for operands in ((t,), (t, t), ([t, t],)):
                try:
                    results = function(*operands)
                except Exception:
                    continue
                tried += 1
                if not isinstance(results, (tuple, list)):
                    results = [results]
                for result in results:
                    assert getattr(result, "dtype", None) != np.dtype(object), name_of(function)
    assert tried > 200


class TestPage:
    def test_it_is_up_to_date(self):
        """Of another NumPy than the page's, what both have is on it."""
        written = PAGE.read_text(encoding="utf-8")
        if f"NumPy {VERSION} sends" in written:
            assert page(ENTRIES) == written, "run python -m tinygrad_np table > docs/numpy.md"
            return
        ours, theirs = _ruled(page(ENTRIES)), _ruled(written)
        both = ours.keys() & theirs.keys()
        assert len(both) > 200
        assert {name: ours[name] for name in both} == {name: theirs[name] for name in both}

    def test_a_part_of_it(self, capsys):
        assert main(["table", "sort", "np.linalg.norm"]) == 0
        printed = capsys.readouterr().out
        assert "| `np.sort` | general | `a` |" in printed
        assert "`np.linalg.norm`" in printed
        assert "np.sin" not in printed

    def test_a_name_that_there_is_not(self, capsys):
        assert main(["table", "sort", "sorted"]) == 2
        assert "'sorted'" in capsys.readouterr().err

    def test_an_empty_class_has_no_line(self):
        made = page([Entry("np.sin", "pointwise", ["x"], {}, {"dtype": "it chooses"}, "")])
        assert "*bilinear*" not in made


def _ruled(text):
    """The lines of functions with a derivative, by name."""
    lines = [line for line in text.splitlines() if line.startswith("| `np.")]
    return {line.split("`")[1]: line for line in lines}
