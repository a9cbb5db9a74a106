"""Convolutions along their fast paths: values and gradients are those of the simple one."""

import numpy as np
import pytest
from plain_products import integers

import tinygrad_np as tg
from tinygrad_np.fast import paths

pytestmark = pytest.mark.usefixtures("fast_paths")


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize(
    ("shape", "filters", "options"),
    [
        ((4, 30, 29, 16), (3, 3, 16, 20), {"padding": 1}),
        ((4, 30, 29, 16), (3, 3, 16, 20), {"padding": ((0, 2), (3, 0))}),
        ((4, 30, 29, 6), (5, 5, 6, 20), {"padding": "same"}),
        ((4, 30, 29, 20), (5, 5, 20, 17), {}),
        ((4, 31, 29, 12), (3, 3, 12, 9), {"padding": 1, "stride": 2}),
        ((4, 31, 29, 12), (3, 3, 12, 9), {"dilation": 2}),
        ((8, 31, 29, 12), (3, 3, 6, 8), {"groups": 2, "padding": 1}),
        ((4, 30, 29, 3), (3, 3, 3, 16), {"padding": 4}),
    ],
)
class TestConvolutions:
    def test_value_and_gradients_are_those_of_the_simple_path(
        self, monkeypatch, shape, filters, options, dtype
    ):
        rng = np.random.default_rng(0)
        x, w = integers(rng, dtype, *shape), integers(rng, dtype, *filters)

        def all_of_it():
            y, pull = tg.vjp(lambda x, w: tg.conv2d(x, w, **options), x, w)
            u = integers(np.random.default_rng(1), dtype, *y.shape)
            return y, *pull(u)

        fast = all_of_it()
        monkeypatch.setattr(paths, "ENABLED", False)
        is_exact = dtype == np.float64  # integers, and no transforms
        for a, b in zip(fast, all_of_it(), strict=True):
            assert a.dtype == b.dtype == dtype
            assert a.flags.owndata
            bound = 0 if is_exact else 1e-5 * np.max(np.abs(b))
            assert np.max(np.abs(a - b)) <= bound

    def test_second_order_is_that_of_the_simple_path(
        self, monkeypatch, shape, filters, options, dtype
    ):
        rng = np.random.default_rng(2)
        x, w = (rng.standard_normal(s).astype(dtype) for s in (shape, filters))

        def product():
            loss = lambda w: np.sum(tg.conv2d(x, w, **options) ** 2)  # noqa: E731
            return tg.hvp(loss, [w], [np.ones_like(w)])[0]

        fast = product()
        monkeypatch.setattr(paths, "ENABLED", False)
        slow = product()
        allowed = 1e-4 if dtype == np.float32 else 1e-12
        assert np.max(np.abs(fast - slow)) <= allowed * np.max(np.abs(slow))
