"""The index trick of the posts: windows gathered by take."""

import numpy as np
import pytest
import refused_arguments
from drawn_convolutions import CONV, DRAWN, Geometry
from maps import integers

import tinygrad_np as tg
from tinygrad_np.nn.grouped import grouped_product


class TestTheIndexTrick:
    """Part 2's second way to gather: take with an array of indices; its rule scatters back."""

    @pytest.mark.parametrize(("axes", "seed"), DRAWN[::3])
    def test_it_agrees_with_the_strided_view_exactly(self, axes, seed):
        rng = np.random.default_rng([axes, seed])
        drawn = Geometry(rng, axes)
        x, w = drawn.arrays(rng)

        def by_index(x, w):
            framed = np.pad(x, ((0, 0), *drawn.pairs, (0, 0)))
            index = tg.window_indices(framed.shape, drawn.size, drawn.stride, drawn.dilation)
            columns = np.take(framed, index)
            if drawn.groups > 1:
                return grouped_product(columns, w, drawn.groups)
            return np.tensordot(columns, w, axes + 1)

        def by_view(x, w):
            return CONV[axes](x, w, **drawn.options())

        y, pull = tg.vjp(by_index, x, w)
        z, pull_view = tg.vjp(by_view, x, w)
        assert np.array_equal(y, z)
        u = integers(rng, *y.shape)
        for a, b in zip(pull(u), pull_view(u), strict=True):
            assert np.array_equal(a, b)

    def test_the_posts_definition(self):
        """start + grid + batch, as `_take` adds them up."""
        n, rows, columns, channels = 2, 5, 6, 3
        starts = np.arange(0, 3, 2)[:, None] * columns * channels + np.arange(0, 5, 1) * channels
        grid = (
            np.arange(3)[:, None, None] * columns * channels
            + np.arange(2)[:, None] * channels
            + np.arange(channels)
        )
        batch = np.arange(n) * rows * columns * channels
        expected = batch[:, None, None, None, None, None] + starts[:, :, None, None, None] + grid
        found = tg.window_indices((n, rows, columns, channels), (3, 2), (2, 1))
        assert np.array_equal(found, expected)

    @pytest.mark.parametrize(
        ("shape", "size", "error", "message"),
        [
            ((1, 5, 5, 1), (9, 2), ValueError, "a 9×2 window does not fit the 5×5 image"),
            ((5, 5), 2, ValueError, "must have at least 3 axes"),
            ((1, -5, 5, 1), 2, ValueError, "an array of shape .* cannot be"),
            ((1, 5.0, 5, 1), 2, TypeError, "a shape is a tuple of integers"),
        ],
    )
    def test_what_has_no_windows(self, shape, size, error, message):
        with pytest.raises(error, match=f"window_indices: .*{message}"):
            tg.window_indices(shape, size)


@refused_arguments.each("nn.indices")
def test_odd_arguments_are_refused(call, told):
    refused_arguments.check(call, told)
