"""Sliding windows against their definition, their adjoint, and their products."""

import numpy as np
import pytest
import refused_arguments
from hypothesis import given, settings
from hypothesis import strategies as st
from maps import integers

import tinygrad_np as tg
from tinygrad_np.core import geometry
from tinygrad_np.core.windows import (
    filter_product,
    fold,
    pad,
    padded_windows,
    product,
    window_product,
    windows,
)
from tinygrad_np.nn.geometry import convolution_plan


def all_windows(x, size, stride):
    """The definition, window by window."""
    counts = geometry.window_counts(x.shape[1:-1], size, stride)
    result = np.empty((len(x), *counts, *size, x.shape[-1]), x.dtype)
    for at in np.ndindex(*counts):
        corner = [slice(i * s, i * s + k) for i, s, k in zip(at, stride, size, strict=True)]
        result[(slice(None), *at)] = x[(slice(None), *corner)]
    return result


CASES = [
    (shape, size, stride)
    for shape, size in (
        ((2, 5, 6, 1), (3, 3)),
        ((1, 4, 4, 3), (2, 4)),
        ((3, 7, 5, 6), (1, 2)),
        ((2, 9, 2), (4,)),
        ((1, 4, 5, 3, 5), (2, 2, 3)),
    )
    for stride in (1, 2, 3)
]


class TestWindows:
    @pytest.mark.parametrize(("shape", "size", "stride"), CASES)
    def test_windows_are_the_definition(self, shape, size, stride):
        x = np.random.default_rng(0).standard_normal(shape)
        strides = (stride,) * len(size)
        expected = all_windows(x, size, strides)
        assert np.array_equal(windows(x, size, stride), expected)
        assert np.array_equal(windows(np.asfortranarray(x), size, strides), expected)
        assert np.array_equal(windows(x[::-1], size, strides), expected[::-1])

    @pytest.mark.parametrize(("shape", "size", "stride"), CASES)
    def test_fold_is_the_adjoint(self, shape, size, stride):
        rng = np.random.default_rng(1)
        x = integers(rng, *shape)
        gathered = windows(x, size, stride)
        c = integers(rng, *gathered.shape)
        assert np.sum(gathered * c) == np.sum(x * fold(c, shape, stride))

    @pytest.mark.parametrize(("shape", "size", "stride"), CASES)
    @pytest.mark.parametrize("filters", [1, 4])
    def test_the_three_products_are_one_trilinear_form(self, shape, size, stride, filters):
        rng = np.random.default_rng(2)
        columns = windows(integers(rng, *shape), size, stride)
        w = integers(rng, *size, shape[-1], filters)
        y = product(columns, w)
        g = integers(rng, *y.shape)
        assert np.array_equal(y, np.tensordot(columns, w, w.ndim - 1))
        form = np.sum(y * g)
        assert form == np.sum(columns * window_product(g, w))
        assert form == np.sum(w * filter_product(columns, g))

    def test_pad_is_numpys(self):
        x = np.random.default_rng(0).standard_normal((2, 3, 4))
        width = ((0, 1), (2, 0), (1, 1))
        assert np.array_equal(pad(x, width), np.pad(x, width))
        assert pad(x.astype(np.float32), width).dtype == np.float32

    @pytest.mark.parametrize("channels", [1, 6])
    def test_padded_windows_are_windows_of_the_padded(self, channels):
        x = np.random.default_rng(0).standard_normal((2, 4, 5, channels))
        width, size, stride, dilation = ((0, 0), (1, 1), (2, 3), (0, 0)), (3, 2), (1, 2), (2, 3)
        shapes = x.shape, (*size, channels, 1)
        (_, pad_width, *_), _ = convolution_plan("f", 2, shapes, stride, width[1:3], dilation, 1)
        assert pad_width == width
        expected = windows(pad(x, width), size, stride, dilation)
        assert np.array_equal(padded_windows(x, width, size, stride, dilation), expected)

    def test_a_view_is_read_only(self):
        x = np.zeros((1, 6, 6, 8))
        found = windows(x, 3)
        assert np.shares_memory(found, x)
        assert not found.flags.writeable
        assert x.flags.writeable

    @pytest.mark.parametrize("shape", [(0, 5, 5, 1), (0, 5, 5, 8), (2, 5, 5, 0)])
    def test_nothing_to_gather(self, shape):
        found = windows(np.zeros(shape), 3)
        assert found.shape == all_windows(np.zeros(shape), (3, 3), (1, 1)).shape
        filters = np.ones((3, 3, shape[-1], 2))
        assert product(found, filters).shape == (*found.shape[:3], 2)
        assert not fold(found, shape).any()
        assert not filter_product(found, np.zeros((*found.shape[:3], 2))).any()

    def test_dtypes_are_kept(self):
        x = np.ones((1, 4, 4, 1), np.float32)
        w = np.ones((2, 2, 1, 3), np.float32)
        columns = windows(x, 2)
        y = product(columns, w)
        g = np.ones_like(y)
        results = (columns, y, window_product(g, w), filter_product(columns, g))
        assert {a.dtype for a in results} == {np.dtype(np.float32)}
        assert fold(columns, x.shape).dtype == np.float32

    def test_messages(self):
        x = np.zeros((1, 4, 4, 2))
        columns = windows(x, 2)
        with pytest.raises(ValueError, match="windows: stride must be at least 1 on every axis"):
            windows(x, 2, stride=0)
        with pytest.raises(ValueError, match="windows: size must be at least 1"):
            windows(x, (0, 1))
        with pytest.raises(ValueError, match=r"fold: windows of shape .* stride \(2, 2\)"):
            fold(columns, x.shape, 2)
        with pytest.raises(ValueError, match=r"product: .* must end in \(2, 2, 3\)"):
            product(columns, np.zeros((2, 2, 3, 1)))
        with pytest.raises(ValueError, match="differ in their leading axes"):
            filter_product(columns, np.zeros((1, 2, 2, 1)))
        with pytest.raises(ValueError, match="does not come from filters"):
            window_product(np.zeros((1, 3, 3, 2)), np.zeros((2, 2, 2, 1)))


class TestLargeWindows:
    def test_a_window_larger_than_the_image(self):
        with pytest.raises(ValueError, match="a 3×3 window does not fit the 2×2 image"):
            tg.windows(np.ones((1, 2, 2, 1)), 3)
        assert tg.windows([[[1.0], [2.0]]], 2).shape == (1, 1, 2, 1)
        assert not tg.windows(np.ones((1, 4, 4, 1)), 2).flags.writeable


@settings(deadline=None, max_examples=60)
@given(st.data())
def test_convolution_geometry_by_counting(data):
    axes = data.draw(st.integers(1, 3))
    draw = [
        data.draw(st.tuples(*[st.integers(lo, hi)] * axes)) for lo, hi in ((1, 5), (1, 4), (1, 3))
    ]
    spatial, size, stride = draw
    x = np.arange(2.0 * np.prod(spatial) * 2).reshape(2, *spatial, 2)
    if any(k > n for k, n in zip(size, spatial, strict=True)):
        with pytest.raises(ValueError, match=r"window does not fit the .* image; pad it first"):
            windows(x, size, stride)
        return
    assert np.array_equal(windows(x, size, stride), all_windows(x, size, stride))
    reached = np.zeros(spatial, bool)
    for at in np.ndindex(*geometry.window_counts(spatial, size, stride)):
        corner = [slice(i * s, i * s + k) for i, s, k in zip(at, stride, size, strict=True)]
        reached[tuple(corner)] = True
    ones = fold(np.ones_like(windows(x, size, stride)), x.shape, stride)
    assert np.array_equal(ones[0, ..., 0] > 0, reached)


@refused_arguments.each("core.windows")
def test_odd_arguments_are_refused(call, told):
    refused_arguments.check(call, told)
