"""The numbers of an array against exact fractions, at the ends of every dtype's range."""

import math
import tracemalloc
import warnings
from fractions import Fraction

import mpmath
import numpy as np
import pytest

import tinygrad_np as tg
from tinygrad_np.io import notebook
from tinygrad_np.io.description import BLOCK, describe
from tinygrad_np.viz.digests import digest

RNG = np.random.default_rng(18)


def exact(values):
    """Range, mean and standard deviation of finite numbers, by fractions and 60 digits."""
    with mpmath.workdps(60):
        if np.asarray(values).dtype.kind == "c":
            parts = [(mpmath.mpf(float(v.real)), mpmath.mpf(float(v.imag))) for v in values]
            # mpmath has no bound on exponents, so its own hypot is exact to 60 digits
            numbers = [mpmath.hypot(*both) for both in parts]
        else:
            numbers = [Fraction(v) for v in np.asarray(values).tolist()]
        mean = sum(numbers) / len(numbers)
        squares = sum((v - mean) ** 2 for v in numbers) / len(numbers)
        if isinstance(squares, Fraction):
            squares = mpmath.mpf(squares.numerator) / squares.denominator
        return [float(v) for v in (min(numbers), max(numbers), mean, mpmath.sqrt(squares))]


INT64 = np.iinfo(np.int64)
CASES = {
    "float64 of one sign": np.full(3, 1.7e308),
    "float64 of both signs": np.array([1e300, -1e300, 3e307]),
    "float64 from end to end": np.array([-np.finfo(float).max, np.finfo(float).max, 0.0]),
    "float64 tiny": np.array([1e-200, 2e-200]),
    "float64 subnormal": np.array([5e-324, 1e-322, 0.0, -1e-320]),
    "float64 close": np.array([1.0, 1 + 2**-52, 1 + 2**-51]),
    "float64 equal": np.full(7, 0.1),
    "float64 of all sizes": 10.0 ** RNG.uniform(-307, 308, 300) * RNG.choice([-1, 1], 300),
    "float32": np.array([3.4e38, -3.4e38, 3.3e38, 1e-45], np.float32),
    "float32 tiny": np.array([1e-45, 3e-45, 1e-40], np.float32),
    "float16": np.array([65504, -65504, 65504, 6e-8], np.float16),
    "complex64": np.array([3e38 + 3e38j, -3e38 + 3e38j, 1e-45j], np.complex64),
    "complex128": np.array([1e308 + 1e308j, 3e-320j, 1.5e308]),
    "int64": np.array([INT64.min, INT64.max, INT64.min, 0]),
    "int64 least": np.array([INT64.min] * 2),
    "uint64": np.array([2**64 - 1, 0, 2**63], np.uint64),
    "int8": np.array([-128, 127, -128], np.int8),
    "bool": np.array([True, False, True]),
    "many": RNG.normal(3, 1e-3, 2 * BLOCK + 5).astype(np.float32),
    "strided": RNG.normal(size=(40, 30))[::-2, ::3].ravel(),
}


@pytest.mark.parametrize("name", CASES)
def test_range_mean_and_spread_are_exact_to_rounding(name):
    values = CASES[name]
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        found = describe(values, 16)
    low, high, mean, spread = exact(values)
    assert (found.low, found.high) == pytest.approx((low, high), rel=2**-52, abs=0)
    # A sum is exact to some units in the last place of the largest number.
    unit = 4 * math.ulp(max(abs(low), abs(high)))
    assert abs(found.mean - mean) <= unit
    assert abs(found.spread - spread) <= unit
    assert found.spread == pytest.approx(spread, rel=1e-9, abs=0)
    assert found.low <= found.mean <= found.high
    assert found.finite == values.size == sum(found.bins)
    assert found.zeros == np.count_nonzero(values == 0)
    assert (found.nan, found.inf, found.beyond) == (0, 0, 0)


@pytest.mark.parametrize("name", CASES)
def test_pages_and_notebooks_tell_these_numbers(name):
    values = CASES[name]
    low, high, mean, spread = exact(values)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        found = digest(values)
        line = notebook.described(values)[0]
        bars = notebook.histogram(values)
        tg.Tensor(values if values.dtype.kind in "fc" else values.astype(float))._repr_html_()
    for told, true in zip(found["stats"], (low, high, mean, spread), strict=True):
        assert told == pytest.approx(true, rel=1e-3, abs=1e-12 * max(abs(low), abs(high)))
    words = line.replace(",", "").removeprefix("absolute value ").split()
    for told, true in zip(words[1::2], (low, high, mean), strict=True):
        assert float(told) == pytest.approx(true, rel=1e-5, abs=1e-12 * max(abs(low), abs(high)))
    assert "nan" not in bars
    assert "inf" not in bars


def test_of_what_is_not_finite():
    values = np.array([np.nan, np.inf, 0.0, -np.inf, 4.0, complex(np.nan, np.inf)])
    found = describe(values, 2)
    assert (found.finite, found.zeros, found.nan, found.inf) == (2, 1, 2, 2)
    assert (found.low, found.high, found.mean, found.spread) == (0, 4, 2, 2)
    assert found.bins == [1, 1]
    long = np.full(3 * BLOCK, np.nan)
    long[BLOCK + 1] = 7
    assert describe(long)[:3] == (1, 0, 3 * BLOCK - 1)
    assert describe(long).mean == 7
    assert describe(np.zeros((3, 0)))[:5] == (0, 0, 0, 0, 0)


def test_complex_numbers_whose_absolute_value_float64_does_not_have():
    values = np.array([1.7e308 + 1.7e308j, 3 + 4j])
    assert describe(values)[:5] == (1, 0, 0, 0, 1)
    assert "<b>1 beyond float64</b>" in notebook.described(values)
    assert digest(values)["beyond"] == 1
    assert digest(values)["stats"][:2] == [5, 5]


@pytest.mark.skipif(
    np.finfo(np.longdouble).maxexp <= 1024, reason="here a longdouble has float64's range"
)
def test_longdouble_is_told_in_float64(tmp_path):
    value = np.array([np.longdouble("1e4000"), 1, 3] * 5)
    assert describe(value)[:7] == (10, 0, 0, 0, 5, 1.0, 3.0)
    page = tg.Tensor(value)._repr_html_()
    assert "from 1 to 3, mean 2" in page
    assert "<b>5 beyond float64</b>" in page
    assert "1e+4000" in tg.Tensor(value[:1])._repr_html_()
    image = np.full((8, 8), value[0])
    assert "data:image/png" in tg.Tensor(image)._repr_html_()
    tg.graph(lambda x: np.sum(x * 2), value).save(tmp_path / "graph.html")


@pytest.mark.parametrize("dtype", [np.float32, np.complex64])
def test_a_large_tensor_is_shown_in_little_memory(dtype):
    x = tg.Tensor(np.zeros((2500, 4000), dtype))
    tracemalloc.start()
    x._repr_html_()
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 25e6  # a histogram's sample; the array has 40 or 80 MB
