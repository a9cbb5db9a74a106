"""The walk over everything that has an axis: functions, methods, and the methods of ufuncs.

The ordinary run has fewer shapes, and the folds of NumPy's own ufuncs; ``-m slow`` has them all.
"""

import inspect

import axes
import numpy as np
import pytest

import tinygrad_np as tg
from tinygrad_np import Tensor
from tinygrad_np.core import table
from tinygrad_np.core.axes import NAMES
from tinygrad_np.core.dispatch import name_of
from tinygrad_np.core.table import TABLE
from tinygrad_np.core.tensor import apply

ROWS = axes.with_an_axis()
METHODS = axes.methods_with_an_axis()
FOLDS = axes.folds()


REFUSED = {
    "np.geomspace", "np.linspace", "np.logspace", "np.rollaxis",
    "np.linalg.norm", "np.linalg.vector_norm",
    "np.fft.hfft", "np.fft.irfft", "np.fft.irfft2", "np.fft.irfftn",
}  # fmt: skip


"""The functions of NumPy's of which a call is refused for one of the `REASONS`."""


def walk(name, cases, may_refuse):
    """Try all calls, of which there are some; those that are refused have to be expected."""
    tried, wrong = 0, []
    for case in cases:
        tried += 1
        fault, reason = axes.fault(case)
        if fault is None and reason is not None and not may_refuse:
            fault = f"refused: {reason}"
        if fault is not None:
            wrong.append(f"{name} {case.label}: {fault}")
    assert tried, f"{name} has an axis, and nobody has said in tests/axes.py how it is called"
    assert not wrong, f"{len(wrong)} of {tried}:\n" + "\n".join(wrong[:20])
    return tried


def of_numpy(ufunc):
    return getattr(np, ufunc.__name__, None) is ufunc


def named(folds):
    return [pytest.param(*fold, id=name_of(getattr(*fold))) for fold in folds]


@pytest.mark.whole  # it reads the words of errors
class TestWalk:
    @pytest.mark.parametrize("row", ROWS, ids=lambda row: row.name)
    def test_functions(self, row):
        walk(row.name, axes.cases(row, axes.FEW), row.name in REFUSED)

    @pytest.mark.parametrize("name", METHODS)
    def test_methods(self, name):
        walk(name, axes.cases_of_method(name, axes.FEW), False)

    @pytest.mark.parametrize(
        ("ufunc", "method"),
        named((f, m) for f, m in FOLDS if of_numpy(f) and TABLE[f].kind != "constant"),
    )
    def test_folds(self, ufunc, method):
        name = name_of(getattr(ufunc, method))
        walk(name, axes.cases_of_fold(ufunc, method, axes.FEW), name in REFUSED)

    @pytest.mark.slow
    @pytest.mark.parametrize("row", ROWS, ids=lambda row: row.name)
    def test_functions_of_many_shapes(self, row):
        walk(row.name, axes.cases(row), row.name in REFUSED)

    @pytest.mark.slow
    @pytest.mark.parametrize("name", METHODS)
    def test_methods_of_many_shapes(self, name):
        walk(name, axes.cases_of_method(name), False)

    @pytest.mark.slow
    @pytest.mark.parametrize(("ufunc", "method"), named(FOLDS))
    def test_folds_by_all_ufuncs(self, ufunc, method):
        name = name_of(getattr(ufunc, method))
        walk(name, axes.cases_of_fold(ufunc, method), name in REFUSED or not of_numpy(ufunc))

    def test_how_many_calls_there_are(self):
        functions = sum(1 for row in ROWS for _ in axes.cases(row))
        methods = sum(1 for name in METHODS for _ in axes.cases_of_method(name))
        folds = sum(1 for fold in FOLDS for _ in axes.cases_of_fold(*fold))
        assert functions > 40_000
        assert methods > 8_000
        assert folds > 10_000

    def test_all_functions_of_ours_are_in_it(self):
        public = {getattr(tg, name) for name in tg.__all__}
        ours = {f for f in public if inspect.isfunction(f) and NAMES & set(_parameters(f))}
        assert ours == {tg.softmax, tg.log_softmax, tg.logsumexp}
        assert ours <= {row.function for row in ROWS}

    def test_a_newcomer_without_calls_fails(self):
        row = table.bilinear(lambda x, y, axis=0: x * y, lambda g, y: g * y, lambda g, x: g * x)
        with pytest.raises(AssertionError, match="nobody has said"):
            walk(row.name, axes.cases(row), False)

    @pytest.mark.parametrize("f", [lambda x, axis=None: np.sum(x), lambda x, axis=None: 2 * x])
    def test_a_wrong_derivative_is_found(self, f, monkeypatch):
        row = table.linear(f, lambda g: g * 1.5)
        f.row = row
        case = axes.Case("", (), "f", lambda x: _call(row, x))
        assert axes.fault(case)[0].startswith("reverse")


def _parameters(function):
    return inspect.signature(function).parameters


def _call(row, x):
    return apply(row, (x,), {}) if type(x) is Tensor else row.function(x)
