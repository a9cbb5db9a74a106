"""Lazy arrays: cotangents of windows that are added up only where somebody asks for the array."""

import numpy as np
import pytest
from plain_products import integers

import tinygrad_np as tg
from tinygrad_np.core import windows as core_windows

pytestmark = pytest.mark.usefixtures("fast_paths")


class TestLazyArrays:
    def test_an_image_used_twice_and_one_that_is_an_argument(self):
        rng = np.random.default_rng(0)
        x, w = integers(rng, float, 4, 30, 30, 16), integers(rng, float, 3, 3, 16, 16)

        def loss(x):
            return np.sum(tg.conv2d(x, w)) + np.sum(tg.conv2d(x, w, padding=1)) + np.sum(x)

        parts = [
            tg.grad(lambda x: np.sum(tg.conv2d(x, w)))(x),
            tg.grad(lambda x: np.sum(tg.conv2d(x, w, padding=1)))(x),
        ]
        assert np.array_equal(tg.grad(loss)(x), sum(parts) + 1)

    def test_a_rule_that_accepts_no_lazy_array_gets_the_array(self):
        x = np.random.default_rng(0).standard_normal((4, 30, 30, 16))
        w = np.ones((3, 3, 16, 16))
        found = tg.grad(lambda x: np.sum(tg.conv2d(np.sin(x), w)))(x)
        by_sine = tg.grad(lambda s: np.sum(tg.conv2d(s, w)))(np.sin(x))
        assert np.allclose(found, by_sine * np.cos(x), rtol=1e-12)

    def test_a_convolution_without_padding_after_pooling(self):
        """The cotangent of the largest elements is one of two, and lazy."""
        rng = np.random.default_rng(0)
        x, w = integers(rng, float, 40, 20, 20, 8), integers(rng, float, 3, 3, 8, 4)
        gradient = tg.grad(lambda x: np.sum(tg.conv2d(tg.max_pool(x, 2), w)))
        explained = tg.fast.explain(lambda x: tg.conv2d(tg.max_pool(x, 2), w), x)
        choices = {choice.operation: choice.path for choice in explained.backward}
        assert choices["max_unpool"] == "lazy"
        of_pooled = tg.grad(lambda p: np.sum(tg.conv2d(p, w)))(tg.max_pool(x, 2))
        assert np.array_equal(gradient(x), tg.vjp(lambda x: tg.max_pool(x, 2), x)[1](of_pooled)[0])

    @pytest.mark.parametrize("dtypes", [("f4", "f8"), ("f8", "f4")])
    def test_images_and_filters_of_two_dtypes(self, dtypes):
        rng = np.random.default_rng(0)
        x, w = integers(rng, dtypes[0], 4, 16, 16, 8), integers(rng, dtypes[1], 3, 3, 8, 4)
        y, pull = tg.vjp(lambda x, w: tg.conv2d(x, w, padding=1), x, w)
        u = integers(rng, "f8", *y.shape)
        assert y.dtype == np.float64
        _, expected = tg.vjp(lambda x, w: tg.conv2d(x, w, padding=1), x.astype(float), w * 1.0)
        for found, exact, like in zip(pull(u), expected(u), (x, w), strict=True):
            assert found.dtype == like.dtype
            assert np.array_equal(found, exact)

    def test_the_windows_themselves_as_an_argument(self):
        columns = np.random.default_rng(0).standard_normal((2, 40, 40, 3, 3, 4))
        w = np.ones((3, 3, 4, 5))
        (found,) = tg.vjp(lambda c: core_windows.product(c, w), columns)[1](np.ones((2, 40, 40, 5)))
        assert type(found) is np.ndarray
        assert (found == 5).all()
