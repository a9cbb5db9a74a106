"""Winograd's transforms: exact in exact arithmetic, and their error in float32."""

import numpy as np
import pytest
from plain_products import simple, simple_filters

from tinygrad_np.core.windows import windows
from tinygrad_np.fast import winograd

pytestmark = pytest.mark.usefixtures("fast_paths")


WINOGRAD = [
    ((1, 6, 6, 16), 16, 3),
    ((2, 7, 9, 16), 33, 3),
    ((3, 14, 14, 32), 16, 3),
    ((1, 31, 13, 17), 16, 3),
    ((2, 9, 8, 16), 16, 5),
    ((1, 17, 23, 40), 16, 5),
    ((1, 5, 8, 256), 128, 3),
    ((1, 40, 300, 16), 16, 3),  # one image is more than a part
]


class TestWinograd:
    @pytest.mark.parametrize("dtype", [np.float32, np.float64])
    @pytest.mark.parametrize(("shape", "f", "k"), WINOGRAD, ids=str)
    def test_products(self, shape, f, k, dtype):
        rng = np.random.default_rng(1)
        x = rng.standard_normal(shape).astype(dtype)
        w = rng.standard_normal((k, k, shape[-1], f)).astype(dtype)
        columns = windows(x, k)
        allowed = 1e-5 if dtype == np.float32 else 1e-13
        y = winograd.product(columns, w)
        exact = simple(columns.astype(float), w.astype(float))
        assert y.dtype == dtype
        assert np.max(np.abs(y - exact)) <= allowed * np.max(np.abs(exact))
        g = rng.standard_normal(y.shape).astype(dtype)
        exact = simple_filters(columns.astype(float), g.astype(float))
        found = winograd.filter_product(columns, g)
        assert found.dtype == dtype
        assert np.max(np.abs(found - exact)) <= allowed * np.max(np.abs(exact))

    def test_the_error_is_what_the_module_says(self):
        rng = np.random.default_rng(2)
        for k, bound in ((3, 2e-6), (5, 3e-6)):
            x = rng.standard_normal((2, 20, 20, 256)).astype(np.float32)
            w = rng.standard_normal((k, k, 256, 64)).astype(np.float32)
            columns = windows(x, k)
            exact = simple(columns.astype(float), w.astype(float))
            error = np.max(np.abs(winograd.product(columns, w) - exact)) / np.max(np.abs(exact))
            assert error <= bound

    @pytest.mark.parametrize("k", [3, 5])
    def test_the_transforms_are_exact_in_exact_arithmetic(self, k):
        t = winograd.transforms(k)
        rng = np.random.default_rng(3)
        pixels, taps = rng.integers(-9, 10, k + 3), rng.integers(-9, 10, k)
        found = t.outputs @ ((t.pixels @ pixels) * (t.taps @ taps))
        expected = [pixels[i : i + k] @ taps for i in range(4)]
        assert np.allclose(found, expected, rtol=0, atol=1e-11)
