"""Pooling along its fast paths: windows in place, pixels copied as a whole or by channel."""

import functools

import numpy as np
import pytest
from plain_products import integers

import tinygrad_np as tg
from tinygrad_np.core import windows as core_windows
from tinygrad_np.core.dispatch import plain
from tinygrad_np.core.windows import fold, windows
from tinygrad_np.fast import paths

pytestmark = pytest.mark.usefixtures("fast_paths")


def same_bits(x, y):
    return np.array_equal(x, y, equal_nan=True) and np.array_equal(np.signbit(x), np.signbit(y))


class TestPooling:
    @pytest.mark.parametrize("stride", [1, 2, 3])
    @pytest.mark.parametrize("padding", [0, 1])
    def test_pooling_is_that_of_placed_windows(self, stride, padding):
        rng = np.random.default_rng(1)
        x = rng.integers(0, 4, (3, 11, 9, 5)).astype(float)  # with many ties
        y, pull = tg.vjp(lambda x: tg.max_pool(x, 3, stride=stride, padding=padding), x)
        u = integers(rng, float, *y.shape)
        framed = np.pad(
            x, ((0, 0), (padding,) * 2, (padding,) * 2, (0, 0)), constant_values=-np.inf
        )
        values, index = core_windows.window_maxima(windows(framed, 3, stride))
        assert np.array_equal(y, values)
        flat = np.ascontiguousarray(windows(framed, 3, stride)).reshape(*y.shape[:3], 9, 5)
        assert np.array_equal(index, np.argmax(flat, axis=3))
        placed = fold(core_windows.max_unpool(u, index, (3, 3)), framed.shape, stride)
        inside = slice(padding, -padding or None)
        assert np.array_equal(pull(u)[0], placed[:, inside, inside])

    @pytest.mark.parametrize("dtype", [np.float16, np.float32, np.float64, np.longdouble])
    @pytest.mark.parametrize("channels", [1, 3, 31, 32, 33, 63, 64, 65, 127, 128, 129, 300])
    @pytest.mark.parametrize(("size", "stride"), [(2, 2), (3, 2), (2, 3)])
    def test_pixels_copied_as_a_whole_or_channel_by_channel(self, dtype, channels, size, stride):
        """Above and below 512 bytes a pixel; with nans and infinities, also in the cotangent."""
        rng = np.random.default_rng(channels)
        x = rng.integers(0, 4, (2, 7, 8, channels)).astype(dtype)
        x[rng.random(x.shape) < 0.05] = np.nan
        x[rng.random(x.shape) < 0.05] = np.inf
        columns = windows(x, size, stride)
        flat = np.ascontiguousarray(columns).reshape(*columns.shape[:3], size**2, channels)
        index = np.argmax(flat, axis=3)  # the first nan, or the first of the largest
        values, numbers = core_windows.window_maxima(columns)
        expected = np.take_along_axis(flat, index[:, :, :, None], 3)[:, :, :, 0]
        assert np.array_equal(values, expected, equal_nan=True)
        assert np.array_equal(core_windows.window_max(columns), expected, equal_nan=True)
        assert np.array_equal(numbers, index)
        u = integers(rng, dtype, *values.shape)
        u[rng.random(u.shape) < 0.1] = np.inf
        u[rng.random(u.shape) < 0.1] = -0.0
        (found,) = tg.vjp(lambda x: tg.max_pool(x, size, stride=stride), x)[1](u)
        placed = core_windows.max_unpool(u, index, (size, size))
        by_path = fold(placed, x.shape, stride)
        assert found.dtype == dtype
        assert np.array_equal(found, by_path)

    def test_channels_that_do_not_lie_side_by_side(self):
        x = np.random.default_rng(3).normal(size=(2, 8, 8, 12))[..., ::2]
        y, pull = tg.vjp(lambda x: tg.max_pool(x, 2), x)
        expected, by_copy = tg.vjp(lambda x: tg.max_pool(x, 2), x.copy())
        assert np.array_equal(y, expected)
        u = np.random.default_rng(4).normal(size=(2, 4, 4, 12))[..., ::2]
        assert np.array_equal(pull(u)[0], by_copy(u.copy())[0])

    @pytest.mark.parametrize("part", [1, 1 << 12, 1 << 19])
    @pytest.mark.parametrize("dtype", [np.float32, np.float64])
    @pytest.mark.parametrize("channels", [1, 3, 8, 16, 32, 64])
    @pytest.mark.parametrize(("size", "stride"), [(2, 2), (3, 2), (2, 3), (1, 2)])
    def test_the_bits_of_the_plain_kernels(self, part, dtype, channels, size, stride, monkeypatch):
        """An image at a time, some and a last part of fewer, and all; odd sizes, many ties."""
        monkeypatch.setattr(paths, "POOLING_PART_BYTES", part * channels)
        rng = np.random.default_rng(channels)
        x = rng.integers(-2, 3, (5, 27, 13, channels)).astype(dtype)
        x[rng.random(x.shape) < 0.01] = np.nan
        x[x == 0] = rng.choice([0.0, -0.0], np.count_nonzero(x == 0))
        columns = windows(x, size, stride)
        values, index = plain(core_windows.window_maxima)(columns)
        found, numbers = core_windows.window_maxima(columns)
        assert np.array_equal(found, values, equal_nan=True)
        assert np.array_equal(numbers, index)
        # Of zeros that tie, NumPy's maximum of one after the other has the sign.
        taps = [columns[..., i, j, :] for i in range(size) for j in range(size)]
        signs = np.signbit(functools.reduce(np.maximum, taps))
        for largest in (found, core_windows.window_max(columns)):
            is_zero = largest == 0
            assert np.array_equal(np.signbit(largest)[is_zero], signs[is_zero])
        given = [0.0, -0.0, 1.5, -2.5, np.inf, np.nan]
        u = rng.choice(given, values.shape).astype(dtype)
        places = core_windows.max_unpool(u, index, (size, size))
        assert same_bits(places, plain(core_windows.max_unpool)(u, index, (size, size)))
        (gradient,) = tg.vjp(lambda x: tg.max_pool(x, size, stride=stride), x)[1](u)
        assert np.array_equal(gradient, fold(places, x.shape, stride), equal_nan=True)
        if size <= stride:  # otherwise there are sums in it
            assert same_bits(windows(gradient, size, stride), places)

    def test_no_images(self):
        x = np.ones((0, 6, 6, 3))
        y, pull = tg.vjp(lambda x: tg.max_pool(x, 2), x)
        assert y.shape == (0, 3, 3, 3)
        assert pull(y)[0].shape == x.shape
        assert tg.max_pool(x, 2).shape == y.shape
        assert core_windows.max_unpool(y, y.astype(int), (2, 2)).shape == (0, 3, 3, 2, 2, 3)

    @pytest.mark.parametrize("axes", [1, 3])
    def test_one_and_three_axes(self, axes):
        x = np.random.default_rng(axes).integers(0, 3, (3, *[7] * axes, 4)).astype(np.float32)
        columns = windows(x, 2, 2)
        values, index = plain(core_windows.window_maxima)(columns)
        y, pull = tg.vjp(lambda x: tg.max_pool(x, 2), x)
        assert same_bits(y, values)
        placed = fold(core_windows.max_unpool(y, index, (2,) * axes), x.shape, 2)
        assert same_bits(pull(y)[0], placed)

    def test_second_derivatives(self):
        """The cotangent's own cotangent is taken from where the largest elements are."""
        x = np.random.default_rng(5).permutation(2 * 9 * 9 * 8).reshape(2, 9, 9, 8) / 100.0
        for size, stride in ((2, 2), (3, 2)):
            pooled = lambda x, s=size, t=stride: tg.max_pool(x, s, stride=t)  # noqa: E731
            v = np.random.default_rng(6).normal(size=x.shape)
            product = tg.hvp(lambda x, f=pooled: np.sum(f(x) ** 3), x, v)
            y, t = tg.jvp(pooled, (x,), (v,))
            expected = tg.vjp(pooled, x)[1](6 * y * t)[0]
            assert np.allclose(product, expected, rtol=1e-13)

    def test_windows_of_more_than_256_elements(self):
        x = np.random.default_rng(2).permutation(2 * 17 * 17).reshape(2, 17, 17, 1).astype(float)
        y, pull = tg.vjp(lambda x: tg.max_pool(x, 17), x)
        assert np.array_equal(pull(np.ones(y.shape))[0] == 1, x == y)
