"""Layers of every geometry against their definitions: convolutions, pooling, dropout.

The definitions are loops over output positions; on small integers every sum is exact, so that the
results must be equal bit for bit.
"""

import itertools
import re

import numpy as np
import pytest
import refused_arguments
from drawn_convolutions import CONV, DRAWN, TRANSPOSED, Geometry
from maps import integers
from scipy import signal

import tinygrad_np as tg
from tinygrad_np import Tensor
from tinygrad_np.core import geometry
from tinygrad_np.core import windows as core_windows
from tinygrad_np.fast import lazy


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


class TestTheGraph:
    def test_a_convolution_shows_its_steps(self):
        x, w, b = Tensor(np.ones((1, 4, 4, 2))), Tensor(np.ones((3, 3, 1, 2))), Tensor(np.ones(2))
        y = tg.conv2d(x, w, padding=1, stride=2, dilation=1, groups=2, bias=b)
        calls = re.findall(r"#\d+ ([\w.]+)\(", str(y.graph()))
        assert calls == ["pad", "windows", "grouped_product", "np.add"]
        calls = re.findall(
            r"#\d+ ([\w.]+)\(", str(tg.conv2d(x, np.ones((3, 3, 2, 2)), padding=1).graph())
        )
        assert calls == ["pad", "windows", "product"]

    def test_a_transposed_convolution_does(self):
        y = tg.conv_transpose2d(Tensor(np.ones((1, 4, 4, 2))), np.ones((3, 3, 1, 2)), padding=1)
        calls = re.findall(r"#\d+ ([\w.]+)\(", str(y.graph()))
        assert calls == ["window_product", "fold", "operator.getitem"]

    def test_pooling_does(self):
        x = Tensor(np.ones((1, 4, 4, 2)))
        calls = re.findall(r"#\d+ ([\w.]+)\(", str(tg.max_pool(x, 2, padding=1).graph()))
        assert calls == ["pad", "windows", "window_maxima"]
        calls = re.findall(r"#\d+ ([\w.]+)\(", str(tg.average_pool(x, 2).graph()))
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


def convolution_by_terms(images, filters, stride, padding):
    """The sum of the formula, term by term."""
    s, p = stride, padding
    framed = np.pad(images, ((0, 0), (p[0], p[0]), (p[1], p[1]), (0, 0)))
    k, m = filters.shape[:2]
    rows = (framed.shape[1] - k) // s[0] + 1
    columns = (framed.shape[2] - m) // s[1] + 1
    result = np.zeros((len(images), rows, columns, filters.shape[3]))
    for i, j in np.ndindex(rows, columns):
        window = framed[:, i * s[0] : i * s[0] + k, j * s[1] : j * s[1] + m]
        result[:, i, j] = np.einsum("nabc,abcf->nf", window, filters)
    return result


GEOMETRIES = [
    ((2, 6, 7, 1), (3, 3, 1, 1), (1, 1), (1, 1)),
    ((1, 5, 5, 2), (3, 2, 2, 4), (2, 1), (0, 2)),
    ((3, 8, 4, 6), (2, 3, 6, 5), (3, 2), (1, 0)),
    ((2, 1, 1, 1), (3, 3, 1, 2), (1, 1), (1, 1)),
    ((1, 4, 6, 3), (4, 6, 3, 1), (1, 1), (0, 0)),
    ((1, 3, 3, 1), (1, 1, 1, 1), (2, 2), (3, 3)),
]


class TestConv2d:
    @pytest.mark.parametrize(("shape", "filter_shape", "stride", "padding"), GEOMETRIES)
    def test_it_is_the_definition_exactly(self, shape, filter_shape, stride, padding):
        rng = np.random.default_rng(0)
        x = rng.integers(-4, 5, shape).astype(float)
        w = rng.integers(-4, 5, filter_shape).astype(float)
        expected = convolution_by_terms(x, w, stride, padding)
        assert np.array_equal(tg.conv2d(x, w, stride, padding), expected)
        assert np.array_equal(tg.conv2d(Tensor(x), w, stride, padding).data, expected)
        assert np.array_equal(tg.conv2d(x, Tensor(w), stride, padding).data, expected)

    @pytest.mark.parametrize(("shape", "filter_shape", "stride", "padding"), GEOMETRIES)
    def test_its_gradient_is_the_adjoint_exactly(self, shape, filter_shape, stride, padding):
        rng = np.random.default_rng(1)
        x = rng.integers(-4, 5, shape).astype(float)
        w = rng.integers(-4, 5, filter_shape).astype(float)
        y, pull = tg.vjp(lambda x, w: tg.conv2d(x, w, stride, padding), x, w)
        u = rng.integers(-4, 5, y.shape).astype(float)
        by_x, by_w = pull(u)
        for direction in (0, 1):
            dx = rng.integers(-4, 5, x.shape).astype(float)
            dw = rng.integers(-4, 5, w.shape).astype(float)
            assert np.sum(u * convolution_by_terms(dx, w, stride, padding)) == np.sum(by_x * dx), (
                direction
            )
            assert np.sum(u * convolution_by_terms(x, dw, stride, padding)) == np.sum(by_w * dw), (
                direction
            )

    def test_scipy_agrees(self):
        rng = np.random.default_rng(2)
        x, w = rng.standard_normal((9, 8)), rng.standard_normal((3, 3))
        found = tg.conv2d(x[None, ..., None], w[..., None, None], padding=1)[0, ..., 0]
        assert np.allclose(found, signal.correlate(x, w, "same"), rtol=1e-13)

    def test_an_integer_stands_for_a_pair(self):
        x, w = np.ones((1, 6, 6, 1)), np.ones((3, 3, 1, 1))
        one = tg.conv2d(x, w, stride=2, padding=1)
        assert np.array_equal(one, tg.conv2d(x, w, stride=(2, 2), padding=[1, 1]))

    def test_the_recorded_graph_is_pad_windows_product(self):
        x, w = Tensor(np.ones((1, 4, 4, 1))), Tensor(np.ones((3, 3, 1, 2)))
        lines = str(tg.conv2d(x, w, padding=1).graph()).splitlines()
        names = [line.split()[1].split("(")[0] for line in lines]
        assert names == ["leaf", "leaf", "pad", "windows", "product"]

    def test_for_constant_images_only_the_product_is_recorded(self):
        w = Tensor(np.ones((3, 3, 1, 2)))
        lines = str(tg.conv2d(np.ones((1, 4, 4, 1)), w, padding=1).graph()).splitlines()
        assert [line.split()[1].split("(")[0] for line in lines] == ["leaf", "product"]

    def test_an_empty_batch(self):
        w = Tensor(np.ones((3, 3, 1, 2)))
        x = Tensor(np.ones((0, 4, 4, 1)))
        y = tg.conv2d(x, w, padding=1)
        assert y.shape == (0, 4, 4, 2)
        y.sum().backward()
        assert x.grad.shape == x.shape
        assert not w.grad.any()

    def test_float32_is_kept(self):
        x, w = np.ones((1, 4, 4, 1), np.float32), Tensor(np.ones((3, 3, 1, 2), np.float32))
        y = tg.conv2d(x, w, padding=1)
        y.sum().backward()
        assert y.dtype == w.grad.dtype == np.float32

    def test_second_order(self):
        rng = np.random.default_rng(3)
        x, w = rng.standard_normal((1, 4, 4, 2)), rng.standard_normal((3, 3, 2, 2))

        def loss(w):
            return np.sum(tg.conv2d(x, w, padding=1) ** 3)

        v = rng.standard_normal(w.shape)
        _, hv = tg.jvp(tg.grad(loss), [w], [v])
        h = 1e-5
        numeric = (tg.grad(loss)(w + h * v) - tg.grad(loss)(w - h * v)) / (2 * h)
        assert np.allclose(hv, numeric, rtol=1e-6, atol=1e-6)

    @pytest.mark.parametrize(
        ("arguments", "error", "message"),
        [
            (
                ((1, 3, 3, 1), (5, 5, 1, 1), 1, 0),
                ValueError,
                "conv2d: the 5×5 filter does not fit the 3×3 image with padding 0; pad by at least "
                "1 or use a smaller filter",
            ),
            (
                ((1, 2, 9, 1), (5, 5, 1, 1), 1, (1, 0)),
                ValueError,
                "with padding \\(1, 0\\); pad by",
            ),
            (
                ((1, 4, 4, 2), (3, 3, 1, 1), 1, 0),
                ValueError,
                "2 channels and the filters take 1",
            ),
            (((4, 4), (3, 3), 1, 0), ValueError, r"images must be \(n, rows, columns, channels\)"),
            (((1, 4, 4, 1), (3, 3), 1, 0), ValueError, r"not \(1, 4, 4, 1\) and \(3, 3\)"),
            (
                ((1, 4, 4, 1), (0, 3, 1, 1), 1, 0),
                ValueError,
                r"filters \(0, 3, 1, 1\) are empty; only n may be 0",
            ),
            (((1, 4, 4, 1), (3, 3, 1, 1), 0, 0), ValueError, "conv2d: stride must be at least 1"),
            (((1, 4, 4, 1), (3, 3, 1, 1), -1, 0), ValueError, "conv2d: stride must be at least 1"),
            (((1, 4, 4, 1), (3, 3, 1, 1), 1, -1), ValueError, "conv2d: padding must be at least 0"),
            (
                ((1, 4, 4, 1), (3, 3, 1, 1), (1, 0), 0),
                ValueError,
                "conv2d: stride must be at least 1",
            ),
            (((1, 4, 4, 1), (3, 3, 1, 1), 1.5, 0), TypeError, "conv2d: stride must be an integer"),
            (((1, 4, 4, 1), (3, 3, 1, 1), True, 0), TypeError, "conv2d: stride must be an integer"),
            (
                ((1, 4, 4, 1), (3, 3, 1, 1), 1, "full"),
                ValueError,
                "conv2d: padding must be 'same', 'valid' or integers, not 'full'",
            ),
            (((1, 4, 4, 1), (3, 3, 1, 1), 1, (1,)), ValueError, r"or 2 of them, .* not \(1,\)"),
            (((1, 4, 4, 1), (3, 3, 1, 1), 1, 0.5), TypeError, "conv2d: padding must be 'same'"),
            (((1, 4, 4, 1), (3, 3, 1, 1), 1, ((1, 2, 3), 1)), ValueError, r"\(before, after\)"),
            (((1, 4, 4, 1), (3, 3, 1, 1), 1, ((1, -2), 1)), ValueError, "at least 0 on every side"),
            (((1, 0, 4, 1), (3, 3, 1, 1), 1, 3), ValueError, r"images \(1, 0, 4, 1\) .* are empty"),
            (((1, 4, 4, 0), (3, 3, 0, 1), 1, 0), ValueError, "are empty; only n may be 0"),
            (((1, 4, 4, 1), (3, 3, 1, 0), 1, 0), ValueError, "are empty; only n may be 0"),
        ],
    )
    @pytest.mark.parametrize("kind", [np.asarray, Tensor])
    def test_messages(self, arguments, error, message, kind):
        shape, filter_shape, stride, padding = arguments
        with pytest.raises(error, match=message):
            tg.conv2d(kind(np.zeros(shape)), np.zeros(filter_shape), stride, padding)


class TestDropout:
    def test_what_is_kept_is_scaled_so_that_the_mean_stays(self):
        x = np.ones(100_000)
        y = tg.dropout(x, 0.25, np.random.default_rng(0))
        assert set(np.unique(y)) == {0, 1 / 0.75}
        # 4 standard deviations of the mean of so many draws
        assert abs(y.mean() - 1) < 4 * np.sqrt(0.25 / 0.75 / x.size)
        assert (x == 1).all()

    def test_the_gradient_passes_where_the_value_did(self):
        x = np.random.default_rng(1).standard_normal((4, 5))
        y, pull = tg.vjp(lambda x: tg.dropout(x, 0.5, np.random.default_rng(2)), x)
        assert np.array_equal(pull(np.ones((4, 5)))[0], np.where(y == 0, 0, 2.0))

    def test_the_generator_decides(self):
        x = np.ones(50)
        one, two = (tg.dropout(x, 0.5, np.random.default_rng(3)) for _ in range(2))
        assert np.array_equal(one, two)
        rng = np.random.default_rng(3)
        assert not np.array_equal(tg.dropout(x, 0.5, rng), tg.dropout(x, 0.5, rng))

    def test_nothing_is_dropped_at_rate_0_and_float32_stays(self):
        x = np.ones(5, np.float32)
        assert np.array_equal(tg.dropout(x, 0, np.random.default_rng(0)), x)
        assert tg.dropout(x, 0.5, np.random.default_rng(0)).dtype == np.float32
        t = tg.dropout(Tensor(x), np.float64(0.5), np.random.default_rng(0))
        assert t.dtype == np.float32

    @pytest.mark.parametrize("rate", [-0.1, 1, 1.5, float("nan")])
    def test_rates_that_make_no_sense(self, rate):
        with pytest.raises(ValueError, match="rate must be at least 0 and below 1"):
            tg.dropout(np.ones(3), rate, np.random.default_rng(0))

    @pytest.mark.parametrize("rate", ["half", None, np.array([0.5, 0.2]), Tensor(np.array(0.5))])
    def test_rates_that_are_no_numbers(self, rate):
        with pytest.raises(TypeError, match="dropout: rate must be one number"):
            tg.dropout(np.ones(3), rate, np.random.default_rng(0))

    def test_no_generator(self):
        with pytest.raises(TypeError, match=r"rng must be a numpy\.random\.Generator"):
            tg.dropout(np.ones(3), 0.5, 0)
        with pytest.raises(TypeError, match="floating numbers, not an array of dtype int64"):
            tg.dropout(np.ones(3, np.int64), 0.5, np.random.default_rng(0))


X, W = np.ones((2, 5, 5, 1)), np.ones((3, 3, 1, 2))


class TestDtypesAndIndices:
    def test_float32_stays_float32(self):
        x, w = X.astype(np.float32), W.astype(np.float32)
        y, pull = tg.vjp(lambda x, w: tg.max_pool(tg.conv2d(x, w, padding="same"), 2), x, w)
        assert y.dtype == np.float32
        assert [g.dtype for g in pull(np.ones_like(y))] == [np.float32, np.float32]

    def test_a_convolution_builds_no_array_of_indices(self):
        graph = str(tg.conv2d(Tensor(X), W).graph())
        assert "int" not in graph
        assert "take" not in graph


def test_a_layer_that_is_not_trained_does_not_change_and_costs_no_gradient():
    grads = tg.grad(lambda w: np.sum(tg.conv2d(X, W) * w))(np.ones(2))
    assert grads.shape == (2,)
    graph = str(np.sum(tg.conv2d(X, W) * Tensor(np.ones(2))).graph())
    assert "product" not in graph


class TestPoolingAndDropout:
    def test_a_window_that_does_not_divide_the_image(self):
        x = np.arange(25.0).reshape(1, 5, 5, 1)
        assert tg.max_pool(x, 2).ravel().tolist() == [6, 8, 16, 18]
        kept = tg.max_pool(x, 2, ceil_mode=True)
        assert kept.ravel().tolist() == [6, 8, 9, 16, 18, 19, 21, 23, 24]

    def test_dropout_does_not_write_into_its_input_and_rescales(self):
        x = np.ones(1000)
        y = tg.dropout(x, 0.2, np.random.default_rng(0))
        assert (x == 1).all()
        assert set(np.unique(y)) == {0, 1.25}


@pytest.mark.parametrize("stride", [2, 3])
def test_a_stride_does_not_multiply_the_work_of_the_backward_pass(stride):
    """What is multiplied backwards are the windows of the forward pass, not dilated zeros."""
    x = Tensor(np.ones((1, 12, 12, 1)))
    y = tg.conv2d(x, np.ones((3, 3, 1, 1)), stride=stride)
    windows = y._source.all_parents[0]
    assert windows.shape == (1, *y.shape[1:3], 3, 3, 1)
    y.sum().backward()
    assert x.grad.sum() == 9 * y.size


HUGE = 1 << 45


@pytest.mark.parametrize("huge", [HUGE, 1 << 62, 10**30])
def test_steps_that_are_never_taken_may_be_of_any_size(huge):
    """Where there is one window, or one tap, there is nowhere to step to."""
    x, w = np.ones((1, 3, 3, 1)), np.ones((3, 3, 1, 1))
    assert tg.conv2d(x, w, stride=huge).item() == 9
    assert tg.conv2d(x, w[:1, :1], dilation=huge).sum() == 9
    assert tg.grad(lambda x: tg.conv2d(x, w, stride=huge).sum())(x).sum() == 9
    assert tg.max_pool(x, 3, stride=huge).item() == 1
    index = tg.window_indices(x.shape, 3, huge)
    assert np.array_equal(np.take(x, index), tg.windows(x, 3, huge))


def test_bytes_in_the_other_order():
    x, w = np.ones((1, 4, 4, 1), ">f8"), np.ones((3, 3, 1, 2), ">f8")
    assert np.array_equal(tg.conv2d(x, w), np.full((1, 2, 2, 2), 9.0))
    assert tg.dense(w[0, 0], w[0, 0].T).dtype.isnative


@refused_arguments.each("nn.layers")
def test_odd_arguments_are_refused(call, told):
    refused_arguments.check(call, told)
