"""The accuracy of the elementwise rules: a quick look at common ones, and the whole scan (slow)."""

import warnings

import numpy as np
import pytest
from exact import derivatives
from mpmath import mp
from scan_known import KNOWN, LEFT_OUT
from scan_pointwise import CASES, DTYPES, LIMITS, scan_all, ulps

import tinygrad_np as tg
from tinygrad_np.core.dispatch import name_of
from tinygrad_np.core.table import TABLE
from tinygrad_np.rules import families

families()

COMMON = [
    np.tanh, np.exp, np.log, np.sqrt, np.log1p, np.expm1, np.arctan, np.arcsinh, np.arcsin,
    np.divide, np.hypot, tg.sigmoid,
]  # fmt: skip


def faults(function, dtype, count):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)
        rows = list(scan_all(function, dtype, count))
    assert rows
    wrong = sorted([row for row in rows if row.is_fault], key=lambda row: -row.error)
    return [str(row) for row in wrong[:5]]


def test_every_elementwise_row_is_scanned_or_left_out_with_a_reason():
    rows = [row for family in families() for row in family.ROWS if row.kind == "pointwise"]
    assert len(rows) > 100
    assert not {row.name for row in rows if (row.function in CASES) == (row.name in LEFT_OUT)}


def test_what_is_known_is_scanned():
    names = {name_of(function) for function in CASES}
    assert set(KNOWN) <= names
    assert set(LEFT_OUT) <= {row.name for row in TABLE.values()}


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("function", COMMON, ids=name_of)
def test_common_functions(function, dtype):
    assert not faults(function, dtype, 30)


@pytest.mark.slow
@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("function", CASES, ids=name_of)
def test_scan(function, dtype):
    """Within the limits, and never nan or infinite, but for what is known."""
    assert not faults(function, dtype, 200)


class TestReference:
    """What the rules are held against."""

    def test_precision_is_raised_until_two_results_agree(self):
        # at 50 digits mpmath.diff(mpmath.tanh, 400, 2) is 0
        found = derivatives(mp.tanh, [400.0], [(1,), (2,)])
        with mp.workprec(3000):
            small = mp.exp(-800)
            assert abs(found[1,] / (4 * small) - 1) < 1e-20
            assert abs(found[2,] / (-8 * small) - 1) < 1e-20

    def test_two_operands(self):
        found = derivatives(mp.hypot, [3.0, 4.0], [(1, 0), (1, 1)])
        with mp.workprec(100):
            assert abs(found[1, 0] - mp.mpf(3) / 5) < 1e-20
            assert abs(found[1, 1] + mp.mpf(12) / 125) < 1e-20

    def test_what_does_not_exist_is_none(self):
        assert derivatives(mp.sqrt, [-1.0], [(1,)]) == {(1,): None}


class TestUnits:
    @pytest.mark.parametrize("dtype", DTYPES)
    def test_the_next_number_is_one_off(self, dtype):
        x = dtype(1.5)
        above = np.nextafter(x, dtype(2))
        assert ulps(float(above), mp.mpf(1.5), dtype) == 1
        assert ulps(1.5, mp.mpf(1.5), dtype) == 0

    def test_nan_and_infinity(self):
        assert ulps(np.nan, mp.mpf(1), np.float32) == np.inf
        assert ulps(np.inf, mp.mpf(1), np.float32) == np.inf
        assert ulps(-np.inf, mp.mpf(10) ** 40, np.float32) == np.inf
        assert ulps(np.inf, mp.mpf(10) ** 40, np.float32) == 0

    def test_below_the_smallest_normal_number(self):
        assert ulps(0.0, mp.mpf(10) ** -45, np.float32) < 1
        assert ulps(0.0, mp.mpf(10) ** -30, np.float32) > LIMITS[3]
