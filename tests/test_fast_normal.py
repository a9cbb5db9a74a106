"""The exact gelu in float32 by passes, beside SciPy's function in float64."""

import numpy as np
import pytest
import scipy.special

import tinygrad_np as tg
from tinygrad_np.fast import paths
from tinygrad_np.nn.activations import gelu_exactly, gelu_exactly_slope

X = np.linspace(-13, 13, 200_001, dtype=np.float32)
EXACT = X.astype(float)
EPS = np.finfo(np.float32).eps / 2


def test_the_value_keeps_its_digits():
    """An error of a few roundings, and of those of x² in an exponent, x²/2 of them."""
    expected = EXACT * scipy.special.ndtr(EXACT)
    normal = np.abs(expected) > np.finfo(np.float32).tiny
    found = tg.nn.gelu(X)
    assert found.dtype == np.float32
    error = np.abs(found - expected)[normal]
    assert np.all(error <= (8 + EXACT**2)[normal] * EPS * np.abs(expected)[normal])
    assert np.any(error > 0)  # it is not SciPy's function


def test_the_slope():
    density = np.exp(-(EXACT**2) / 2) / np.sqrt(2 * np.pi)
    expected = scipy.special.ndtr(EXACT) + EXACT * density
    assert np.abs(gelu_exactly_slope(X) - expected).max() <= 8 * EPS


def test_below_the_condition_and_in_other_dtypes_it_is_scipys(monkeypatch):
    few = X[:: len(X) // 100]
    assert len(few) < paths.NORMAL_FROM
    np.testing.assert_array_equal(tg.nn.gelu(few), few * scipy.special.ndtr(few))
    np.testing.assert_array_equal(tg.nn.gelu(EXACT), EXACT * scipy.special.ndtr(EXACT))
    monkeypatch.setattr(paths, "NORMAL_FROM", 1)
    near = tg.nn.gelu(few)
    np.testing.assert_allclose(near, few * scipy.special.ndtr(few), rtol=2e-5, atol=1e-37)
    monkeypatch.setattr(paths, "ENABLED", False)
    np.testing.assert_array_equal(tg.nn.gelu(few), few * scipy.special.ndtr(few))


@pytest.mark.parametrize("function", [gelu_exactly, gelu_exactly_slope])
def test_pieces_layouts_and_edges(function, monkeypatch):
    whole = function(X)
    monkeypatch.setattr(paths, "NORMAL_ELEMENTS", 1000)
    np.testing.assert_array_equal(function(X), whole)
    square = X[:200_000].reshape(400, 500)
    np.testing.assert_array_equal(function(square.T), whole[:200_000].reshape(400, 500).T)
    monkeypatch.setattr(paths, "NORMAL_FROM", 1)
    given = np.array([0.0, -0.0, np.inf, -np.inf, 1e30, -1e30, np.nan], np.float32)
    with np.errstate(all="raise"):
        found = function(given)
    first = (
        [0.0, 0.0, np.inf, 0.0, 1e30, 0.0] if function is gelu_exactly else [0.5, 0.5, 1, 0, 1, 0]
    )
    # Φ(0) is the polynomial's, whose error is half of a rounding.
    np.testing.assert_allclose(found[:6], np.float32(first), rtol=2 * EPS, atol=0)
    assert np.isnan(found[6])


def test_the_gradient_is_the_slope():
    g = np.random.default_rng(0).normal(size=X.shape).astype(np.float32)
    (found,) = tg.vjp(tg.nn.gelu, X)[1](g)
    np.testing.assert_array_equal(found, g * gelu_exactly_slope(X))
