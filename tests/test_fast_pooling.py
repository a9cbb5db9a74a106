"""Pooling along its fast paths: windows in place, pixels copied as a whole or by channel."""

import numpy as np
import pytest
from plain_products import integers

import tinygrad_np as tg
from tinygrad_np.core import windows as core_windows
from tinygrad_np.core.windows import fold, windows

pytestmark = pytest.mark.usefixtures("fast_paths")


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

    def test_windows_of_more_than_256_elements(self):
        x = np.random.default_rng(2).permutation(2 * 17 * 17).reshape(2, 17, 17, 1).astype(float)
        y, pull = tg.vjp(lambda x: tg.max_pool(x, 17), x)
        assert np.array_equal(pull(np.ones(y.shape))[0] == 1, x == y)
