"""Elementwise kernels: what they compute is that of the core, bit for bit."""

import numpy as np
import pytest

from tinygrad_np.core import network
from tinygrad_np.core.dispatch import plain
from tinygrad_np.fast import elementwise, paths


def bits(x):
    """Signs and values; of nan only that it is one."""
    return np.isnan(x), np.where(np.isnan(x), 0, x), np.signbit(x) & ~np.isnan(x)


@pytest.fixture
def small(monkeypatch):
    """Pieces of 100 elements, of arrays from 50 on."""
    monkeypatch.setattr(paths, "REUSE_FROM_ELEMENTS", 50)
    monkeypatch.setattr(paths, "GATE_ELEMENTS", 100)


LAYOUTS = {
    "side by side": lambda x: x,
    "every second": lambda x: np.repeat(x, 2, -1)[..., ::2],
    "transposed": lambda x: x.T.copy().T,
    "backwards": lambda x: x[::-1].copy()[::-1],
}


@pytest.mark.usefixtures("small")
class TestReluGate:
    @pytest.mark.parametrize("dtype", [np.float16, np.float32, np.float64, np.longdouble])
    @pytest.mark.parametrize("shape", [(7,), (49,), (50,), (100,), (1001,), (3, 5, 7, 4), (1, 900)])
    @pytest.mark.parametrize("of_g", LAYOUTS)
    @pytest.mark.parametrize("of_y", LAYOUTS)
    @np.errstate(invalid="ignore")  # ∞ · 0
    def test_the_bits_of_the_plain_rule(self, dtype, shape, of_g, of_y):
        """Also where a cotangent of ∞, nan or a negative number meets 0."""
        rng = np.random.default_rng(len(shape))
        given = np.array([1.5, -2.5, 0.0, -0.0, np.inf, -np.inf, np.nan], dtype)
        g, y = rng.choice(given, shape), np.maximum(rng.choice(given, shape), dtype(0))
        found = elementwise.relu_gate(LAYOUTS[of_g](g), LAYOUTS[of_y](y))
        expected = plain(network.relu_gate)(g, y)
        assert found.dtype == dtype
        for x, exact in zip(bits(found), bits(expected), strict=True):
            assert np.array_equal(x, exact)

    def test_shapes_that_differ_and_nothing(self):
        g, y = np.ones((60, 1)), np.arange(60.0)
        assert np.array_equal(elementwise.relu_gate(g, y), plain(network.relu_gate)(g, y))
        assert elementwise.relu_gate(np.ones((0, 3)), np.ones((0, 3))).shape == (0, 3)

    def test_cotangents_of_another_dtype(self):
        g, y = np.ones(200, np.float32), np.arange(200.0)
        assert elementwise.relu_gate(g, y).dtype == np.float32
