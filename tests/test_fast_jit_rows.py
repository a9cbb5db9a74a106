"""jit of every row's function and its gradient: the same bits on every sample, or a refusal."""

import numpy as np
import pytest

import tinygrad_np as tg
from tinygrad_np.atlas.evidence import cases_of
from tinygrad_np.atlas.samples import samples_of
from tinygrad_np.core.table import TABLE
from tinygrad_np.fast.jit import jit
from tinygrad_np.rules import families
from tinygrad_np.scipy import mirror

families()
mirror.families()
ROWS = [row for row in dict.fromkeys(TABLE.values()) if row.kind != "constant"]

HELD = "the sample's function closes over an array"
REFUSED = {
    "np.piecewise": "conditions in a list",
    "np.ix_": "masks",
    "scipy.optimize.nnls": "which variables are zero is found by the solver",
    "scipy.interpolate.bsplines.interpolated": "knots are made from the points' values",
    "scipy.signal.resample_poly": "a filter is designed from a number that is an argument",
    "scipy.stats.dirichlet.logpdf": HELD,
    "scipy.stats.dirichlet.pdf": HELD,
    "scipy.stats.multinomial.logpmf": HELD,
    "scipy.stats.multinomial.pmf": HELD,
    "scipy.stats.multivariate_normal.logpdf": HELD,
    "scipy.stats.multivariate_normal.pdf": HELD,
}
"""Rows of which some samples are refused, and why; docs/jit.md has the list."""

NOT_BY_EVERY_SCIPY = {"scipy.optimize.nnls"}


def calls_of(case):
    """The row's function and its gradient, of all arrays that are given, by those with a rule."""
    others = [i for i, x in enumerate(case.leaves) if type(x) is np.ndarray]
    others = [i for i in others if i not in case.places]

    def value(values, rest):
        kept = case.leaves
        case.leaves = list(kept)
        for i, x in zip(others, rest, strict=True):
            case.leaves[i] = x
        try:
            return case.plain(list(values))
        finally:
            case.leaves = kept

    def gradient(values, rest):
        def total(values):
            return sum([np.sum(np.real(x) * 0.7) for x in value(values, rest)])

        return tg.value_and_grad(total)(values)

    return (value, gradient), [case.leaves[i] for i in others]


def is_same(found, expected, case):
    pairs = list(zip(tg.tree.leaves(found), tg.tree.leaves(expected), strict=True))
    if any(map(np.iscomplexobj, case.leaves)):
        # Of complex numbers without axes, which there may be on the way, the last bits may differ.
        return all(np.allclose(x, y, 1e-12, 1e-13, equal_nan=True) for x, y in pairs)
    return all(
        type(x) is type(y) and np.array_equal(x, y, equal_nan=np.asarray(y).dtype.kind in "fc")
        for x, y in pairs
    )


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("row", [pytest.param(row, id=row.name) for row in ROWS])
def test_every_sample(row):
    refused, told = 0, []
    for sample in samples_of(row):
        case = next(iter(cases_of(row, sample)))
        functions, rest = calls_of(case)
        values = [np.array(x) for x in case.values]
        moved = [x * 1.0078125 for x in values]
        for function in functions:
            jitted = jit(function, verify=0)
            for given in (values, moved):
                try:
                    expected = function(given, rest)
                except Exception:
                    break
                try:
                    found = jitted(given, rest)
                except (TypeError, ValueError) as error:
                    told.append(str(error))
                    by_bits = any(map(np.iscomplexobj, case.leaves)) and "differs" in told[-1]
                    refused += not by_bits
                    break
                assert is_same(found, expected, case)
    assert all(text.startswith("jit: ") for text in told)
    if refused or row.name not in NOT_BY_EVERY_SCIPY:
        assert bool(refused) == (row.name in REFUSED)
