"""Layers: values, the recorded graph, gradients, messages."""

import numpy as np
import pytest
from scipy import signal, special

import tinygrad_np as tg
from tinygrad_np import Tensor


def definition(images, filters, stride, padding):
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
        expected = definition(x, w, stride, padding)
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
            assert np.sum(u * definition(dx, w, stride, padding)) == np.sum(by_x * dx), direction
            assert np.sum(u * definition(x, dw, stride, padding)) == np.sum(by_w * dw), direction

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
        lines = tg.conv2d(x, w, padding=1).graph().splitlines()
        names = [line.split()[1].split("(")[0] for line in lines]
        assert names == ["leaf", "leaf", "pad", "windows", "product"]

    def test_for_constant_images_only_the_product_is_recorded(self):
        w = Tensor(np.ones((3, 3, 1, 2)))
        lines = tg.conv2d(np.ones((1, 4, 4, 1)), w, padding=1).graph().splitlines()
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
            (((1, 4, 4, 1), (0, 3, 1, 1), 1, 0), ValueError, "a 0×3 filter is empty"),
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
            (((1, 0, 4, 1), (3, 3, 1, 1), 1, 3), ValueError, "a 0×4 image is empty"),
            (((1, 4, 4, 0), (3, 3, 0, 1), 1, 0), ValueError, "have no channels"),
            (((1, 4, 4, 1), (3, 3, 1, 0), 1, 0), ValueError, "have no channels"),
        ],
    )
    @pytest.mark.parametrize("kind", [np.asarray, Tensor])
    def test_messages(self, arguments, error, message, kind):
        shape, filter_shape, stride, padding = arguments
        with pytest.raises(error, match=message):
            tg.conv2d(kind(np.zeros(shape)), np.zeros(filter_shape), stride, padding)


class TestDense:
    def test_values_and_gradients(self):
        rng = np.random.default_rng(0)
        x, w, b = rng.standard_normal((4, 3)), rng.standard_normal((3, 2)), rng.standard_normal(2)
        assert np.array_equal(tg.dense(x, w), x @ w)
        y, pull = tg.vjp(tg.dense, x, w, b)
        assert np.array_equal(y, x @ w + b)
        u = rng.standard_normal(y.shape)
        by_x, by_w, by_b = pull(u)
        assert np.allclose(by_x, u @ w.T, rtol=1e-14)
        assert np.allclose(by_w, x.T @ u, rtol=1e-14)
        assert np.allclose(by_b, u.sum(0), rtol=1e-14)

    def test_lists(self):
        assert tg.dense([[1.0, 2.0]], [[1.0], [1.0]]).tolist() == [[3]]

    def test_an_empty_batch(self):
        w = Tensor(np.ones((3, 2)))
        tg.dense(np.ones((0, 3)), w).sum().backward()
        assert w.grad.tolist() == [[0, 0]] * 3

    @pytest.mark.parametrize(
        ("shapes", "message"),
        [
            (((4, 3), (2, 2)), r"dense: x must be \(n, in\) and weights \(in, out\), not \(4, 3\)"),
            (((4, 3), (10, 3)), r"not \(4, 3\) and \(10, 3\); use weights\.T$"),
            (((4, 3), (3,)), r"weights \(in, out\)"),
            (((4, 2, 3), (6, 1)), r"flatten\(x\)"),
            (((4, 3), (3, 2), (3,)), r"the bias must have shape \(2,\)"),
            (((4, 3), (3, 2), (1, 2)), r"one number an output, not \(1, 2\)"),
        ],
    )
    def test_messages(self, shapes, message):
        with pytest.raises(ValueError, match=message):
            tg.dense(*[np.zeros(shape) for shape in shapes])


class TestFlatten:
    def test_row_by_row(self):
        x = np.arange(24.0).reshape(2, 3, 2, 2)
        assert np.array_equal(tg.flatten(x), x.reshape(2, 12))
        assert tg.grad(lambda x: np.sum(tg.flatten(x)[1]))(x)[1].min() == 1

    @pytest.mark.parametrize("shape", [(0, 3, 4), (2, 0, 4), (3,), (0,)])
    def test_any_shape(self, shape):
        expected = (shape[0], int(np.prod(shape[1:])))
        assert tg.flatten(np.zeros(shape)).shape == tg.flatten(Tensor(np.zeros(shape))).shape
        assert tg.flatten(np.zeros(shape)).shape == expected

    def test_a_number(self):
        with pytest.raises(ValueError, match="flatten: a single number has no batch axis"):
            tg.flatten(1.0)


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


class TestSoftmax:
    @pytest.mark.parametrize("dtype", [np.float32, np.float64])
    def test_values_agree_with_scipys(self, dtype):
        x = (10 * np.random.default_rng(0).standard_normal((3, 4, 5))).astype(dtype)
        rtol = 100 * np.finfo(dtype).eps
        for axis in (0, 1, -1):
            assert np.allclose(tg.softmax(x, axis), special.softmax(x, axis), rtol=rtol)
            assert np.allclose(tg.log_softmax(x, axis), special.log_softmax(x, axis), rtol=rtol)
        for axis in (None, 1, (0, 2)):
            for keepdims in (False, True):
                found = tg.logsumexp(x, axis, keepdims)
                expected = special.logsumexp(x, axis=axis, keepdims=keepdims)
                assert found.shape == expected.shape
                assert np.allclose(found, expected, rtol=rtol)
        for result in (tg.softmax(x), tg.log_softmax(x), tg.logsumexp(x)):
            assert result.dtype == dtype

    @pytest.mark.parametrize("dtype", [np.float32, np.float64])
    def test_extremes(self, dtype):
        x = np.array([[1000, -1000, 0], [-1000, -1000, -1000]], dtype)
        with np.errstate(all="raise", under="ignore"):
            assert np.allclose(tg.softmax(x), [[1, 0, 0], [1 / 3] * 3])
            assert np.allclose(tg.log_softmax(x), [[0, -2000, -1000], [-np.log(3)] * 3])
            assert np.allclose(tg.logsumexp(x, 1), [1000, -1000 + np.log(3)])
            assert tg.logsumexp(np.array([-np.inf, -np.inf], dtype)) == -np.inf
            assert tg.logsumexp(np.array([np.inf, 1000], dtype)) == np.inf

    def test_lists_integers_and_a_single_number(self):
        assert tg.softmax([0, 0]).tolist() == [0.5, 0.5]
        assert tg.logsumexp(3.0) == 3.0

    def test_messages(self):
        with pytest.raises(ValueError, match=r"softmax: shape \(2,\), axis 1: .*out of bounds"):
            tg.softmax(np.ones(2), 1)
        assert tg.softmax(np.ones((0, 2))).shape == (0, 2)
        assert tg.softmax(np.ones((2, 0))).shape == (2, 0)
        with pytest.raises(TypeError, match="logsumexp: takes real numbers"):
            tg.logsumexp(np.array([1j]))


class TestChannelsFirst:
    """Images or filters as PyTorch has them: the message has the code that puts them right."""

    IMAGES = "NHWC, (n, rows, columns, channels): use np.moveaxis(images, 1, -1)"
    FILTERS = "filters are (rows, columns, in, out): use np.transpose(filters, (2, 3, 1, 0))"

    @pytest.mark.parametrize(
        ("name", "images", "filters", "options", "told"),
        [
            ("conv2d", (4, 3, 32, 32), (3, 3, 3, 8), {}, [IMAGES]),
            ("conv2d", (4, 3, 32, 32), (5, 5, 3, 8), {}, [IMAGES]),
            ("conv2d", (4, 3, 32, 32), (8, 3, 5, 5), {}, [IMAGES, FILTERS]),
            ("conv2d", (4, 3, 32, 32), (8, 3, 3, 3), {}, [IMAGES, FILTERS]),
            ("conv2d", (4, 32, 32, 3), (8, 3, 5, 5), {}, [FILTERS]),
            ("conv2d", (4, 32, 32, 3), (64, 3, 3, 3), {}, [FILTERS]),  # too large, as they stand
            ("conv2d", (4, 6, 9, 9), (8, 3, 5, 5), {"groups": 2}, [IMAGES, FILTERS]),
            ("conv1d", (4, 3, 32), (5, 3, 8), {}, ["(n, *spatial, channels): use np.moveaxis"]),
            ("conv3d", (4, 3, 8, 8, 8), (5, 5, 5, 3, 2), {}, ["np.moveaxis(images, 1, -1)"]),
            ("conv3d", (4, 8, 8, 8, 3), (2, 3, 5, 5, 5), {}, ["(filters, (2, 3, 4, 1, 0))"]),
            ("conv_transpose2d", (4, 6, 8, 8), (6, 4, 5, 5), {}, [IMAGES, "(2, 3, 1, 0))"]),
            ("conv_transpose2d", (4, 8, 8, 6), (6, 4, 5, 5), {}, ["(rows, columns, out, in)"]),
        ],
    )
    def test_a_convolution(self, name, images, filters, options, told):
        images, filters = np.ones(images), np.ones(filters)
        with pytest.raises(ValueError, match=f"{name}: ") as caught:
            getattr(tg, name)(images, filters, **options)
        message = str(caught.value)
        assert all(part in message for part in told)
        for code in message.split(": use ")[1:]:
            name_of, code = ("images" if "images" in code else "filters"), code.split(", and ")[0]
            if name_of == "images":
                images = eval(code)
            else:
                filters = eval(code)
        getattr(tg, name)(images, filters, **options)

    @pytest.mark.parametrize(("shape", "size"), [((4, 1, 28, 28), 2), ((4, 3, 8, 8), 4)])
    @pytest.mark.parametrize("pool", [tg.max_pool, tg.average_pool])
    def test_pooling(self, pool, shape, size):
        with pytest.raises(ValueError, match=r"window does not fit .* image") as caught:
            pool(np.ones(shape), size)
        assert str(caught.value).endswith(f"; images are {self.IMAGES}")
        pool(np.moveaxis(np.ones(shape), 1, -1), size)

    @pytest.mark.parametrize(
        ("images", "filters"), [((4, 9, 9, 2), (3, 3, 1, 8)), ((4, 2, 2, 3), (5, 5, 3, 1))]
    )
    def test_other_shapes_that_do_not_fit_get_no_such_advice(self, images, filters):
        with pytest.raises(ValueError, match="conv2d: ") as caught:
            tg.conv2d(np.ones(images), np.ones(filters))
        assert "use np." not in str(caught.value)
