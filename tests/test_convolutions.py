"""Convolutions of every geometry, transposed convolutions and pooling, against their definitions.

The definitions are loops over output positions, written here; on small integers every sum is exact,
so the results must be equal bit for bit.
"""

import itertools
import re

import numpy as np
import pytest
from maps import integers

import tinygrad_np as tg
from tinygrad_np import Tensor
from tinygrad_np.core import geometry
from tinygrad_np.core import windows as core_windows
from tinygrad_np.fast import lazy
from tinygrad_np.nn.grouped import grouped_product

CONV = {1: tg.conv1d, 2: tg.conv2d, 3: tg.conv3d}
TRANSPOSED = {1: tg.conv_transpose1d, 2: tg.conv_transpose2d, 3: tg.conv_transpose3d}


def definition(x, w, stride, pairs, dilation, groups=1):
    """Σ x̃[n, s·i + d·α, c] w[α, c, f], position by position."""
    framed = np.pad(x, ((0, 0), *pairs, (0, 0)))
    size, out_channels = w.shape[:-2], w.shape[-1]
    counts = [
        (n - d * (k - 1) - 1) // s + 1
        for n, k, s, d in zip(framed.shape[1:-1], size, stride, dilation, strict=True)
    ]
    result = np.zeros((len(x), *counts, out_channels))
    taken = x.shape[-1] // groups
    for at in np.ndindex(*counts):
        for offset in np.ndindex(*size):
            place = [i * s + a * d for i, s, a, d in zip(at, stride, offset, dilation, strict=True)]
            pixel = framed[(slice(None), *place)]
            for f in range(out_channels):
                first = f // (out_channels // groups) * taken
                result[(slice(None), *at, f)] += pixel[:, first : first + taken] @ w[offset][:, f]
    return result


class Geometry:
    """One convolution, drawn at random."""

    def __init__(self, rng, axes):
        self.axes = axes
        self.size = tuple(rng.integers(1, 4, axes).tolist())
        self.stride = tuple(rng.integers(1, 4, axes).tolist())
        self.dilation = tuple(rng.integers(1, 3, axes).tolist())
        self.pairs = tuple([tuple(rng.integers(0, 3, 2).tolist()) for _ in range(axes)])
        spans = geometry.window_spans(self.size, self.dilation)
        self.spatial = tuple(
            [
                max(1, k - sum(pair)) + int(rng.integers(0, 4))
                for k, pair in zip(spans, self.pairs, strict=True)
            ]
        )
        self.groups = int(rng.choice([1, 1, 2, 3]))
        self.channels = self.groups * int(rng.integers(1, 4))
        self.out = self.groups * int(rng.integers(1, 3))
        self.n = int(rng.integers(1, 3))

    def arrays(self, rng):
        x = integers(rng, self.n, *self.spatial, self.channels)
        return x, integers(rng, *self.size, self.channels // self.groups, self.out)

    def options(self):
        return {
            "stride": self.stride,
            "padding": self.pairs,
            "dilation": self.dilation,
            "groups": self.groups,
        }

    def definition(self, x, w):
        return definition(x, w, self.stride, self.pairs, self.dilation, self.groups)

    def __repr__(self):
        return str(vars(self))


DRAWN = [(axes, seed) for axes in (1, 2, 3) for seed in range(25 if axes < 3 else 10)]


@pytest.mark.parametrize(("axes", "seed"), DRAWN)
class TestAnyGeometry:
    def test_convolution_and_both_gradients_are_the_definition(self, axes, seed):
        rng = np.random.default_rng([axes, seed])
        drawn = Geometry(rng, axes)
        x, w = drawn.arrays(rng)
        expected = drawn.definition(x, w)

        def convolved(x, w):
            return CONV[axes](x, w, **drawn.options())

        assert np.array_equal(convolved(x, w), expected), drawn
        y, pull = tg.vjp(convolved, x, w)
        assert np.array_equal(y, expected), drawn
        u = integers(rng, *y.shape)
        by_x, by_w = pull(u)
        dx, dw = integers(rng, *x.shape), integers(rng, *w.shape)
        assert np.sum(u * drawn.definition(dx, w)) == np.sum(by_x * dx), drawn
        assert np.sum(u * drawn.definition(x, dw)) == np.sum(by_w * dw), drawn

    def test_the_transposed_convolution_is_the_adjoint(self, axes, seed):
        rng = np.random.default_rng([axes, seed, 1])
        drawn = Geometry(rng, axes)
        y, w = drawn.arrays(rng)
        x = integers(rng, *drawn.definition(y, w).shape)
        spans = geometry.window_spans(drawn.size, drawn.dilation)
        extra = tuple(
            [
                (n + sum(pair) - k) % s
                for n, pair, k, s in zip(
                    drawn.spatial, drawn.pairs, spans, drawn.stride, strict=True
                )
            ]
        )

        def spread(x, w):
            return TRANSPOSED[axes](x, w, **drawn.options(), output_padding=extra)

        found = spread(x, w)
        assert found.shape == y.shape, drawn
        assert np.sum(drawn.definition(y, w) * x) == np.sum(y * found), drawn
        same, pull = tg.vjp(spread, x, w)
        assert np.array_equal(same, found)
        by_x, by_w = pull(y)
        assert np.array_equal(by_x, drawn.definition(y, w)), drawn
        dw = integers(rng, *w.shape)
        assert np.sum(drawn.definition(y, dw) * x) == np.sum(by_w * dw), drawn


class TestPadding:
    @pytest.mark.parametrize("n", range(1, 9))
    @pytest.mark.parametrize("k", range(1, 6))
    @pytest.mark.parametrize("s", range(1, 4))
    def test_same_has_n_over_s_windows_with_the_odd_zero_after(self, n, k, s):
        x = np.arange(1.0, n + 1).reshape(1, n, 1)
        w = np.arange(1.0, k + 1).reshape(k, 1, 1)
        found = tg.conv1d(x, w, stride=s, padding="same")
        assert found.shape == (1, -(-n // s), 1)
        total = max(0, (-(-n // s) - 1) * s + k - n)
        expected = definition(x, w, (s,), ((total // 2, total - total // 2),), (1,))
        assert np.array_equal(found, expected)

    def test_same_with_dilation(self):
        x = np.arange(5.0).reshape(1, 5, 1)
        found = tg.conv1d(x, np.ones((2, 1, 1)), padding="same", dilation=3)
        # spans 4: one zero before, two after
        assert found.ravel().tolist() == [2, 3, 5, 2, 3]

    @pytest.mark.parametrize(
        "padding", [2, (2, 2), [2, 2], ((2, 2), (2, 2)), [(2, 2), 2], np.int64(2)]
    )
    def test_ways_to_say_the_same(self, padding):
        x, w = np.ones((1, 3, 3, 1)), np.ones((2, 2, 1, 1))
        expected = tg.conv2d(np.pad(x, ((0, 0), (2, 2), (2, 2), (0, 0))), w)
        assert np.array_equal(tg.conv2d(x, w, padding=padding), expected)

    def test_valid_is_none(self):
        x, w = np.ones((1, 3, 3, 1)), np.ones((2, 2, 1, 1))
        assert np.array_equal(tg.conv2d(x, w, padding="valid"), tg.conv2d(x, w))

    @pytest.mark.parametrize("stride", [1, 2, 3])
    @pytest.mark.parametrize("k", [1, 2, 3, 4])
    def test_same_transposed_is_stride_times_as_large_and_the_adjoint_of_same(self, stride, k):
        rng = np.random.default_rng(k)
        x, w = integers(rng, 2, 4, 5, 3), integers(rng, k, k, 2, 3)
        found = tg.conv_transpose2d(x, w, stride=stride, padding="same")
        assert found.shape == (2, 4 * stride, 5 * stride, 2)
        y = integers(rng, *found.shape)
        assert np.sum(tg.conv2d(y, w, stride=stride, padding="same") * x) == np.sum(y * found)


class TestTheGraph:
    def test_a_convolution_shows_its_steps(self):
        x, w, b = Tensor(np.ones((1, 4, 4, 2))), Tensor(np.ones((3, 3, 1, 2))), Tensor(np.ones(2))
        y = tg.conv2d(x, w, padding=1, stride=2, dilation=1, groups=2, bias=b)
        calls = re.findall(r"#\d+ ([\w.]+)\(", y.graph())
        assert calls == ["pad", "windows", "grouped_product", "np.add"]
        calls = re.findall(
            r"#\d+ ([\w.]+)\(", tg.conv2d(x, np.ones((3, 3, 2, 2)), padding=1).graph()
        )
        assert calls == ["pad", "windows", "product"]

    def test_a_transposed_convolution_does(self):
        y = tg.conv_transpose2d(Tensor(np.ones((1, 4, 4, 2))), np.ones((3, 3, 1, 2)), padding=1)
        calls = re.findall(r"#\d+ ([\w.]+)\(", y.graph())
        assert calls == ["window_product", "fold", "operator.getitem"]

    def test_pooling_does(self):
        x = Tensor(np.ones((1, 4, 4, 2)))
        calls = re.findall(r"#\d+ ([\w.]+)\(", tg.max_pool(x, 2, padding=1).graph())
        assert calls == ["pad", "windows", "window_maxima"]
        calls = re.findall(r"#\d+ ([\w.]+)\(", tg.average_pool(x, 2).graph())
        assert calls == ["windows", "np.sum", "np.divide"]

    def test_images_that_are_arrays_get_no_gradient(self, monkeypatch):
        """Counted: the adjoints in the images are never called."""
        called = []

        def counted(function):
            def count(*args):
                called.append(function.__name__)
                return function(*args)

            return count

        for name in ("window_product", "filter_product", "fold"):
            right = getattr(core_windows, name)
            for module in (core_windows, lazy):
                monkeypatch.setattr(module, name, counted(right), raising=False)
        x, w = np.ones((2, 5, 5, 1)), np.ones((3, 3, 1, 2))

        def loss(x, w):
            return np.sum(tg.relu(tg.conv2d(x, w, padding=1)))

        tg.grad(loss, 1)(x, w)
        assert called == ["filter_product"]
        called.clear()
        tg.grad(loss, 0)(x, w)
        assert called == ["window_product", "fold"]


def pooled(x, size, stride, pairs, dilation, ceil_mode, reduce):
    """Window by window: `reduce` of the values in the image, and of how many there are in all."""
    counts = []
    for n, k, s, d, (before, after) in zip(
        x.shape[1:-1], size, stride, dilation, pairs, strict=True
    ):
        span = d * (k - 1) + 1
        count = (n + before + after - span) // s + 1
        if ceil_mode and (n + before + after - span) % s and count * s < n + before:
            count += 1
        counts.append(count)
    result = np.zeros((len(x), *counts, x.shape[-1]))
    for at in np.ndindex(*counts):
        values, padded = [], 0
        for offset in itertools.product(*map(range, size)):
            place = [
                i * s + a * d - before
                for i, s, a, d, (before, _) in zip(at, stride, offset, dilation, pairs, strict=True)
            ]
            if all(0 <= p < n for p, n in zip(place, x.shape[1:-1], strict=True)):
                values.append(x[(slice(None), *place)])
            elif all(
                -before <= p < n + after
                for p, n, (before, after) in zip(place, x.shape[1:-1], pairs, strict=True)
            ):
                padded += 1
        result[(slice(None), *at)] = reduce(np.array(values), padded)
    return result


POOLED = [
    ((2, 6, 7, 3), (2, 2), (2, 2), ((0, 0), (0, 0)), (1, 1)),
    ((1, 7, 7, 2), (3, 2), (2, 3), ((1, 1), (0, 1)), (1, 1)),
    ((1, 8, 5, 1), (2, 3), (1, 2), ((1, 0), (1, 1)), (2, 1)),
    ((2, 9, 4), (3,), (2,), ((1, 1),), (2,)),
    ((1, 4, 5, 4, 2), (2, 3, 2), (2, 2, 3), ((1, 0), (1, 1), (0, 0)), (1, 1, 1)),
    ((1, 5, 5, 1), (2, 2), (3, 3), ((0, 0), (0, 0)), (1, 1)),
]


@pytest.mark.parametrize("ceil_mode", [False, True])
@pytest.mark.parametrize(("shape", "size", "stride", "pairs", "dilation"), POOLED)
class TestPooling:
    def test_max(self, shape, size, stride, pairs, dilation, ceil_mode):
        x = np.random.default_rng(0).permutation(np.prod(shape)).reshape(shape).astype(float)
        options = {"stride": stride, "padding": pairs, "dilation": dilation, "ceil_mode": ceil_mode}
        expected = pooled(
            x, size, stride, pairs, dilation, ceil_mode, lambda values, _: values.max(0)
        )
        y, pull = tg.vjp(lambda x: tg.max_pool(x, size, **options), x)
        assert np.array_equal(y, expected)
        assert np.array_equal(tg.max_pool(x, size, **options), expected)
        u = integers(np.random.default_rng(1), *y.shape)
        by_x = np.zeros(shape)
        for value, g in zip(y.ravel(), u.ravel(), strict=True):  # all values differ
            by_x[x == value] += g
        assert np.array_equal(pull(u)[0], by_x)

    @pytest.mark.parametrize("count_padding", [False, True])
    def test_average(self, shape, size, stride, pairs, dilation, ceil_mode, count_padding):
        x = np.random.default_rng(0).standard_normal(shape)
        options = {"stride": stride, "padding": pairs, "dilation": dilation}
        options |= {"ceil_mode": ceil_mode, "count_padding": count_padding}

        def reduce(values, padded):
            return values.sum(0) / (len(values) + (padded if count_padding else 0))

        expected = pooled(x, size, stride, pairs, dilation, ceil_mode, reduce)
        y, pull = tg.vjp(lambda x: tg.average_pool(x, size, **options), x)
        assert np.allclose(y, expected, rtol=1e-13, atol=1e-13)
        u, v = (np.random.default_rng(1).standard_normal(shape) for shape in (y.shape, x.shape))
        forward = pooled(v, size, stride, pairs, dilation, ceil_mode, reduce)
        assert np.isclose(np.sum(u * forward), np.sum(pull(u)[0] * v), rtol=1e-12)


class TestPoolingPolicy:
    def test_a_tie_goes_to_the_first(self):
        x = np.array([[1.0, 1.0], [1.0, 1.0]]).reshape(1, 2, 2, 1)
        assert tg.grad(lambda x: tg.max_pool(x, 2).sum())(x).ravel().tolist() == [1, 0, 0, 0]

    def test_a_nan_is_seen_and_has_the_gradient(self):
        x = np.array([1.0, np.nan, 3.0, np.nan]).reshape(1, 4, 1)
        y, pull = tg.vjp(lambda x: tg.max_pool(x, 4), x)
        assert np.isnan(y).all()
        assert pull(np.ones((1, 1, 1)))[0].ravel().tolist() == [0, 1, 0, 0]

    def test_pixels_below_zero_win_against_the_padding(self):
        x = np.full((1, 3, 3, 1), -5.0)
        assert (tg.max_pool(x, 3, stride=1, padding=1) == -5).all()

    def test_minus_infinity_everywhere(self):
        x = np.full((1, 2, 1), -np.inf)
        y, pull = tg.vjp(lambda x: tg.max_pool(x, 2), x)
        assert y.ravel().tolist() == [-np.inf]
        assert pull(np.ones((1, 1, 1)))[0].ravel().tolist() == [1, 0]

    def test_second_order(self):
        x = np.random.default_rng(0).standard_normal((1, 4, 4, 1))
        loss = lambda x: np.sum(tg.max_pool(x, 2) ** 3)  # noqa: E731
        v = np.ones_like(x)
        _, curvature = tg.jvp(tg.grad(loss), [x], [v])
        picked = tg.grad(lambda x: tg.max_pool(x, 2).sum())(x)
        assert np.allclose(curvature, 6 * x * picked, rtol=1e-14)

    @pytest.mark.parametrize("pool", [tg.max_pool, tg.average_pool])
    def test_float32_and_empty_batches(self, pool):
        x = np.ones((2, 5, 5, 3), np.float32)
        assert pool(x, 2, padding=1).dtype == np.float32
        assert tg.grad(lambda x: pool(x, 2).sum())(x).dtype == np.float32
        assert pool(np.ones((0, 5, 5, 3)), 2).shape == (0, 2, 2, 3)
        t = Tensor(np.ones((0, 5, 5, 3)))
        pool(t, 2).sum().backward()
        assert t.grad.shape == (0, 5, 5, 3)

    @pytest.mark.parametrize("pool", [tg.max_pool, tg.average_pool])
    @pytest.mark.parametrize(
        ("shape", "options", "message"),
        [
            ((1, 3, 3, 1), {"size": 4}, "the 4×4 window does not fit the 3×3 image with padding 0"),
            ((1, 3, 3, 1), {"size": 0}, "size must be at least 1"),
            ((1, 3, 3, 1), {"size": 2, "stride": 0}, "stride must be at least 1"),
            ((1, 3, 3, 1), {"size": 2, "padding": 2}, "lies wholly in the padding"),
            ((1, 1, 1), {"size": 2, "padding": 1, "dilation": 2}, "lies wholly in the padding"),
            ((3, 3), {"size": 2}, r"images must be \(n, \*spatial, channels\)"),
            ((1, 0, 3, 1), {"size": 1}, "are empty; only n may be 0"),
            ((1, 3, 3, 1), {"size": (2, 2, 2)}, "2 integers, one an axis"),
        ],
    )
    def test_messages(self, pool, shape, options, message):
        with pytest.raises(ValueError, match=f"{pool.__name__}: .*{message}"):
            pool(np.ones(shape), **options)

    @pytest.mark.parametrize("pool", [tg.max_pool, tg.average_pool])
    def test_integers_have_no_gradient(self, pool):
        with pytest.raises(TypeError, match=r"dtype int64; convert it with \.astype\(float\)"):
            pool(np.ones((1, 4, 4, 1), np.int64), 2)


class TestTransposedMessages:
    @pytest.mark.parametrize(
        ("shape", "filters", "options", "message"),
        [
            ((1, 3, 3, 2), (3, 3, 1, 1), {}, r"2 channels and the filters take 1 .*out, in"),
            ((1, 3, 3, 1), (3, 3, 1, 1), {"output_padding": 1}, "must be below the stride 1"),
            ((1, 3, 3, 1), (2, 2, 1, 1), {"padding": 9}, "takes away all of the 4×4 result"),
            ((1, 3, 1), (3, 3, 1, 1), {}, "x\\[..., None\\] adds a channel"),
            (
                (1, 3, 3, 1), (3, 3, 1, 1), {"padding": "same", "stride": 2, "output_padding": 1},
                "no place beside padding 'same'",
            ),
            ((1, 3, 3, 3), (3, 3, 1, 3), {"groups": 2}, "in 2 groups"),
        ],
    )  # fmt: skip
    def test_messages(self, shape, filters, options, message):
        with pytest.raises(ValueError, match=f"conv_transpose2d: .*{message}"):
            tg.conv_transpose2d(np.ones(shape), np.ones(filters), **options)


class TestGroups:
    def test_depthwise(self):
        rng = np.random.default_rng(0)
        x, w = integers(rng, 2, 5, 5, 4), integers(rng, 3, 3, 1, 4)
        found = tg.conv2d(x, w, groups=4, padding=1)
        for c in range(4):
            alone = tg.conv2d(x[..., c : c + 1], w[..., c : c + 1], padding=1)
            assert np.array_equal(found[..., c : c + 1], alone)

    @pytest.mark.parametrize(
        ("channels", "filters", "groups", "message"),
        [
            (4, (3, 3, 4, 4), 2, "4 channels and the filters take 8 in 2 groups"),
            (4, (3, 3, 2, 3), 2, "in 2 groups"),
            (4, (3, 3, 2, 4), 0, "groups must be at least 1"),
        ],
    )
    def test_messages(self, channels, filters, groups, message):
        with pytest.raises(ValueError, match=f"conv2d: .*{message}"):
            tg.conv2d(np.ones((1, 5, 5, channels)), np.ones(filters), groups=groups)

    def test_groups_are_an_integer(self):
        with pytest.raises(TypeError, match="groups must be an integer or 1 integer"):
            tg.conv2d(np.ones((1, 5, 5, 2)), np.ones((3, 3, 1, 2)), groups=2.0)


class TestBias:
    def test_value_and_gradient(self):
        rng = np.random.default_rng(0)
        x, w, b = integers(rng, 2, 4, 4, 1), integers(rng, 3, 3, 1, 2), integers(rng, 2)
        y, pull = tg.vjp(lambda b: tg.conv2d(x, w, bias=b), b)
        assert np.array_equal(y, tg.conv2d(x, w) + b)
        u = integers(rng, *y.shape)
        assert np.array_equal(pull(u)[0], u.sum((0, 1, 2)))

    @pytest.mark.parametrize("axes", [1, 2, 3])
    def test_a_wrong_shape(self, axes):
        x, w = np.ones((1, *(4,) * axes, 1)), np.ones((*(2,) * axes, 1, 3))
        with pytest.raises(ValueError, match=rf"conv{axes}d: the bias must have shape \(3,\)"):
            CONV[axes](x, w, bias=np.ones((1, 3)))
        with pytest.raises(ValueError, match=rf"conv_transpose{axes}d: the bias must have shape"):
            TRANSPOSED[axes](np.ones((1, *(4,) * axes, 3)), w, bias=np.ones(3))


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


def test_the_cotangent_of_windows_has_one_thread_of_blas():
    """A bare `numpy.dot` would wake OpenBLAS's threads, which take the cores for 100 ms."""
    g, w = np.ones((8, 32, 32, 32), np.float32), np.ones((3, 3, 16, 32), np.float32)
    found = tg.fast.explain(tg.conv_transpose2d, g, w)
    assert [choice.operation for choice in found.forward] == ["matrix_product"]


def test_products_in_groups_are_explained():
    found = tg.fast.explain(tg.conv2d, np.zeros((2, 9, 9, 4)), np.zeros((3, 3, 2, 4)), groups=2)
    assert {choice.path for choice in found.forward} >= {"matrix products"}
