"""Layers and losses by hand against their definitions, and reverse mode against both."""

import itertools

import numpy as np
import pytest
import refused_arguments
from closed_forms import close, counts, five_point, pixel_triples
from maps import integers

import tinygrad_np as tg
from tinygrad_np import closed_form


class TestElementwiseAndDense:
    X, W, B = np.array([[1.0, -2.0, 3.0], [0.0, 4.0, -1.0]]), np.ones((3, 2)), np.array([1.0, -1.0])

    def test_dense_is_the_definition_exactly(self):
        rng = np.random.default_rng(0)
        x, w, b, u = integers(rng, 4, 3), integers(rng, 3, 5), integers(rng, 5), integers(rng, 4, 5)
        y, by_x, by_w, by_b = np.zeros((4, 5)), np.zeros((4, 3)), np.zeros((3, 5)), np.zeros(5)
        for n, j in np.ndindex(4, 5):
            y[n, j] += b[j]
            by_b[j] += u[n, j]
            for i in range(3):
                y[n, j] += x[n, i] * w[i, j]
                by_x[n, i] += u[n, j] * w[i, j]
                by_w[i, j] += u[n, j] * x[n, i]
        assert np.array_equal(closed_form.dense(x, w, b), y)
        assert np.array_equal(closed_form.dense(x, w), y - b)
        assert np.array_equal(closed_form.dense_inputs(u, w), by_x)
        assert np.array_equal(closed_form.dense_weights(x, u), by_w)
        assert np.array_equal(closed_form.dense_bias(u), by_b)
        recorded = tg.vjp(tg.dense, x, w, b)[1](u)
        for found, exact in zip(recorded, (by_x, by_w, by_b), strict=True):
            assert np.array_equal(found, exact)

    def test_dense_of_an_empty_batch(self):
        x, u = np.ones((0, 3)), np.ones((0, 2))
        assert closed_form.dense(x, self.W, self.B).shape == (0, 2)
        assert closed_form.dense_inputs(u, self.W).shape == (0, 3)
        assert np.array_equal(closed_form.dense_weights(x, u), np.zeros((3, 2)))
        assert np.array_equal(closed_form.dense_bias(u), [0, 0])

    def test_dense_shapes(self):
        with pytest.raises(ValueError, match=r"dense: inputs must have shape \(2, 4\), not \(2, 3"):
            closed_form.dense(self.X, np.ones((4, 2)))
        with pytest.raises(ValueError, match=r"dense: bias must have shape \(2,\), not \(1,\)"):
            closed_form.dense(self.X, self.W, [1.0])
        with pytest.raises(ValueError, match=r"dense: bias must have shape \(2,\), not \(\)"):
            closed_form.dense(self.X, self.W, 1.0)
        with pytest.raises(ValueError, match=r"dense: inputs must be \(n, in\), not of shape \(3,"):
            closed_form.dense(self.X[0], self.W)
        with pytest.raises(ValueError, match=r"dense_inputs: cotangents must have shape \(2, 2\)"):
            closed_form.dense_inputs(self.X, self.W)
        with pytest.raises(ValueError, match=r"dense_weights: cotangents must have shape \(2, 2\)"):
            closed_form.dense_weights(self.X, np.ones((1, 2)))

    def test_relu(self):
        x, u = np.array([-2.0, -0.0, 0.0, 1e-300, 3.0]), np.arange(1.0, 6)
        assert np.array_equal(closed_form.relu(x), [0, 0, 0, 1e-300, 3])
        assert np.array_equal(closed_form.relu_inputs(x, u), [0, 0, 0, 4, 5])
        assert np.array_equal(closed_form.relu_inputs(x, u), *tg.vjp(tg.relu, x)[1](u))
        assert np.isnan(closed_form.relu([np.nan])).all()
        assert np.array_equal(closed_form.relu_inputs([np.nan], [4.0]), [4])

    def test_sigmoid(self):
        x = np.linspace(-8, 8, 33)
        u = np.random.default_rng(0).standard_normal(33)
        by_x = closed_form.sigmoid_inputs(x, u)
        assert np.allclose(closed_form.sigmoid(x), 1 / (1 + np.exp(-x)), rtol=1e-14, atol=0)
        assert close(by_x, five_point(lambda x: np.sum(u * closed_form.sigmoid(x)), x), 1e-11)
        assert close(*tg.vjp(tg.sigmoid, x)[1](u), by_x, 1e-14)

    def test_sigmoid_far_out(self):
        x = np.array([-1000.0, -40.0, 40.0, 1000.0])
        with np.errstate(under="ignore"):
            found = closed_form.sigmoid_inputs(x, np.ones(4))
        assert np.allclose(found, [0, np.exp(-40), np.exp(-40), 0], rtol=1e-14, atol=0)

    def test_cotangents_are_not_broadcast(self):
        for function in (closed_form.relu_inputs, closed_form.sigmoid_inputs):
            with pytest.raises(ValueError, match=r"cotangents must have shape \(2, 3\), not \(1, "):
                function(self.X, self.X[:1])

    def test_float32(self):
        x, u = self.X.astype(np.float32), np.ones((2, 2), np.float32)
        for result in (
            closed_form.dense(x, u[[0, 0, 0]], u[0]),
            closed_form.dense_inputs(u, u),
            closed_form.dense_weights(x, u),
            closed_form.dense_bias(u),
            closed_form.relu(x),
            closed_form.relu_inputs(x, x),
            closed_form.sigmoid(x),
            closed_form.sigmoid_inputs(x, x),
        ):
            assert result.dtype == np.float32


class TestTheLosses:
    P, Y = np.array([[0.25], [0.5], [0.9]]), np.array([[1], [0], [1]])

    @pytest.mark.parametrize("reduction", ["mean", "sum"])
    def test_log_loss(self, reduction):
        value = closed_form.log_loss(self.P, self.Y, reduction)
        terms = [-np.log(0.25), -np.log(0.5), -np.log(0.9)]
        assert close(value, getattr(np, reduction)(terms), 1e-14)
        by_p = closed_form.log_loss_probabilities(self.P, self.Y, reduction)
        differenced = five_point(lambda p: closed_form.log_loss(p, self.Y, reduction), self.P)
        assert close(by_p, differenced, 1e-9)
        assert close(tg.grad(tg.log_loss)(self.P, self.Y, reduction), by_p, 1e-14)

    def test_log_loss_of_soft_labels(self):
        y = np.array([[0.2], [0.7], [1.0]])
        by_p = closed_form.log_loss_probabilities(self.P, y)
        assert close(by_p, five_point(lambda p: closed_form.log_loss(p, y), self.P), 1e-9)

    def test_certain_predictions(self):
        p, right, wrong = np.array([0.0, 1.0]), np.array([0, 1]), np.array([1, 0])
        for k in range(2):
            value = closed_form.log_loss(p[k], right[k])
            assert value == 0
            assert not np.signbit(value)
        by_p = closed_form.log_loss_probabilities(p, right, "sum")
        assert np.array_equal(by_p, [1, -1])
        found = closed_form.log_loss(p, wrong, "sum")
        assert close(found, -np.log(1e-16) - np.log(2.0**-53), 1e-15)
        by_p = closed_form.log_loss_probabilities(p, wrong, "sum")
        assert close(by_p, np.array([-1e16, 2.0**53]), 1e-15)

    @pytest.mark.parametrize("dtype", [np.float16, np.float32, np.float64])
    @pytest.mark.parametrize("bound", [1e-16, 1e-3, 0.25])
    def test_the_ends_of_probabilities_are_those_of_reverse_mode(self, dtype, bound):
        tiny = np.finfo(dtype)
        near = [tiny.smallest_subnormal, tiny.smallest_normal, 1e-3, 0.7, 1 - tiny.epsneg]
        p = np.array([0, 1, *near] * 3, dtype)
        y = np.repeat([0, 0.25, 1], 7).astype(dtype)
        value, by_p = tg.value_and_grad(tg.log_loss)(p, y, "sum", bound)
        assert np.isfinite(value)
        assert np.isfinite(by_p).all()
        assert close(value, closed_form.log_loss(p, y, "sum", bound), 4 * tiny.eps)
        by_hand = closed_form.log_loss_probabilities(p, y, "sum", bound)
        assert np.allclose(by_p, by_hand, rtol=4 * tiny.eps, atol=0)

    @pytest.mark.parametrize("reduction", ["mean", "sum"])
    def test_cross_entropy(self, reduction):
        rng = np.random.default_rng(0)
        z, y = 3 * rng.standard_normal((6, 5)), rng.integers(0, 5, 6)
        by_z = closed_form.cross_entropy_logits(z, y, reduction)
        terms = [np.log(sum(np.exp(z[n]))) - z[n, y[n]] for n in range(6)]
        found = closed_form.cross_entropy(z, y, reduction)
        assert close(found, getattr(np, reduction)(terms), 1e-14)
        differenced = five_point(lambda z: closed_form.cross_entropy(z, y, reduction), z)
        assert close(by_z, differenced, 1e-9)

        def recorded(z):
            chosen = z[np.arange(6), y]
            return getattr(np, reduction)(np.log(np.sum(np.exp(z), axis=1)) - chosen)

        assert close(tg.grad(recorded)(z), by_z, 1e-14)

    @pytest.mark.parametrize("dtype", [np.float32, np.float64])
    def test_large_logits(self, dtype):
        z, y = np.array([[1000, 0], [0, -1000], [-1000, 1000]], dtype), np.array([1, 0, 1])
        with np.errstate(under="ignore"):
            value = closed_form.cross_entropy(z, y, "sum")
            by_z = closed_form.cross_entropy_logits(z, y, "sum")
        assert value == 1000
        assert np.array_equal(by_z, [[1, -1], [0, 0], [0, 0]])
        assert value.dtype == by_z.dtype == dtype

    def test_float32(self):
        p, y = self.P.astype(np.float32), self.Y.astype(np.float64)
        assert closed_form.log_loss(p, y).dtype == np.float32
        assert closed_form.log_loss_probabilities(p, y).dtype == np.float32

    def test_an_empty_batch(self):
        p, z, y = np.ones((0, 1)), np.ones((0, 10)), np.ones(0, int)
        assert closed_form.log_loss(p, p, "sum") == 0
        assert closed_form.log_loss_probabilities(p, p, "sum").shape == (0, 1)
        value = closed_form.cross_entropy(z, y, "sum")
        assert value == 0
        assert not np.signbit(value)
        assert closed_form.cross_entropy_logits(z, y, "sum").shape == (0, 10)
        for name, args in (
            ("log_loss", (p, p)),
            ("log_loss_probabilities", (p, p)),
            ("cross_entropy", (z, y)),
            ("cross_entropy_logits", (z, y)),
        ):
            with pytest.raises(ValueError, match=f"^{name}: an empty batch has no mean"):
                getattr(closed_form, name)(*args)

    @pytest.mark.parametrize("name", ["log_loss", "log_loss_probabilities"])
    def test_what_log_loss_refuses(self, name):
        function = getattr(closed_form, name)
        with pytest.raises(ValueError, match=rf"{name}: labels must have shape \(3, 1\), not \(3,"):
            function(self.P, self.Y[:, 0])
        for p in (-0.1, 1.1, np.nan):
            with pytest.raises(ValueError, match=f"{name}: probabilities must lie between 0 and 1"):
                function([p], [1])
        with pytest.raises(
            ValueError, match=f"{name}: labels must lie between 0 and 1, not 1.0 to"
        ):
            function([0.5, 0.5], [1, 3])
        with pytest.raises(ValueError, match=f"{name}: reduction must be 'mean' or 'sum', not 'no"):
            function(self.P, self.Y, "none")
        for bound in (0, 0.5, -1, np.nan, None):
            with pytest.raises(ValueError, match=f"{name}: bound must lie above 0 and below 0.5"):
                function(self.P, self.Y, bound=bound)

    @pytest.mark.parametrize("name", ["cross_entropy", "cross_entropy_logits"])
    def test_what_cross_entropy_refuses(self, name):
        function, z = getattr(closed_form, name), np.zeros((2, 3))
        for labels in ([0, 3], [-1, 0]):
            with pytest.raises(
                ValueError, match=f"{name}: labels must lie between 0 and 2, for 3 "
            ):
                function(z, labels)
        with pytest.raises(TypeError, match=f"{name}: labels must be integers, not float64"):
            function(z, [0.0, 1.0])
        with pytest.raises(TypeError, match=f"{name}: labels must be integers, not bool"):
            function(z, [True, False])
        for labels in ([0], [[0], [1]], 1, np.eye(3, dtype=int)[:2]):
            with pytest.raises(ValueError, match=rf"{name}: labels must have shape \(2,\), not"):
                function(z, labels)
        with pytest.raises(ValueError, match=f"{name}: there are no classes"):
            function(np.zeros((2, 0)), [0, 0])
        with pytest.raises(ValueError, match=f"{name}: reduction must be 'mean' or 'sum', not No"):
            function(z, [0, 1], None)

    def test_unsigned_labels(self):
        z = np.zeros((2, 3))
        assert closed_form.cross_entropy(z, np.array([0, 2], np.uint8)) == np.log(3)


POOLINGS = {
    "side by side": ((4, 6), (2, 2), (2, 2), (0, 0)),
    "overlapping": ((5, 4), (3, 2), (1, 1), (0, 0)),
    "not divided by the window": ((5, 7), (2, 3), (2, 3), (0, 0)),
    "padded": ((5, 5), (3, 3), (2, 2), (1, 1)),
    "padded by more than the stride": ((5, 4), (4, 3), (2, 1), (3, 2)),
    "padded as far as can be": ((3, 1), (4, 2), (1, 1), (3, 1)),
    "stride > K": ((7, 5), (2, 1), (3, 4), (1, 0)),
    "1×1 windows": ((3, 2), (1, 1), (1, 2), (0, 0)),
    "1×1 images": ((1, 1), (3, 3), (2, 1), (1, 2)),
}


poolings = pytest.mark.parametrize(
    ("spatial", "size", "stride", "padding"), POOLINGS.values(), ids=POOLINGS
)


def pixels_of_windows(spatial, size, stride, padding):
    """((i, j), pixels in row-major order) for every window."""
    axes = []
    for axis in zip(spatial, size, stride, padding, strict=True):
        pixels = {}
        for i, _, p in pixel_triples(*axis):
            pixels.setdefault(i, []).append(p)
        axes.append(pixels)
    for i, j in itertools.product(*axes):
        yield (i, j), list(itertools.product(axes[0][i], axes[1][j]))


class TestPooling:
    @poolings
    def test_average_is_the_definition(self, spatial, size, stride, padding):
        rng = np.random.default_rng(0)
        x = rng.standard_normal((2, *spatial, 3))
        u = rng.standard_normal((2, *counts(spatial, size, stride, padding), 3))
        y, by_x = np.zeros_like(u), np.zeros_like(x)
        for (i, j), pixels in pixels_of_windows(spatial, size, stride, padding):
            y[:, i, j] = sum(x[:, p, q] for p, q in pixels) / len(pixels)
            for p, q in pixels:
                by_x[:, p, q] += u[:, i, j] / len(pixels)
        assert close(closed_form.average_pool(x, size, stride, padding), y, 1e-15)
        found = closed_form.average_pool_images(u, x.shape, size, stride, padding)
        assert close(found, by_x, 1e-15)

    @poolings
    @pytest.mark.parametrize(
        "values", [range(-100, 0), (-2, -1), (-np.inf,), (-np.inf, -1)], ids=str
    )
    def test_max_is_the_definition_exactly(self, spatial, size, stride, padding, values):
        """With two values only, almost every window has a tie; none is above the 0 of a frame."""
        rng = np.random.default_rng(1)
        x = rng.choice(np.array(values, float), (2, *spatial, 3))
        u = integers(rng, 2, *counts(spatial, size, stride, padding), 3)
        y, by_x = np.zeros_like(u), np.zeros_like(x)
        for (i, j), pixels in pixels_of_windows(spatial, size, stride, padding):
            for n, c in np.ndindex(2, 3):
                y[n, i, j, c] = max(x[n, p, q, c] for p, q in pixels)
                first = next((p, q) for p, q in pixels if x[n, p, q, c] == y[n, i, j, c])
                by_x[n, *first, c] += u[n, i, j, c]
        assert np.array_equal(closed_form.max_pool(x, size, stride, padding), y)
        found = closed_form.max_pool_images(x, u, size, stride, padding)
        assert np.array_equal(found, by_x)

    @poolings
    def test_the_gradients_agree_with_differences(self, spatial, size, stride, padding):
        rng = np.random.default_rng(2)
        # all different, and further apart than the steps: nowhere near a tie
        x = rng.permutation(2 * spatial[0] * spatial[1]).reshape(1, *spatial, 2) / 10
        u = rng.standard_normal((1, *counts(spatial, size, stride, padding), 2))
        geometry = size, stride, padding
        differenced = five_point(lambda x: np.sum(u * closed_form.average_pool(x, *geometry)), x)
        assert close(closed_form.average_pool_images(u, x.shape, *geometry), differenced, 1e-9)
        differenced = five_point(lambda x: np.sum(u * closed_form.max_pool(x, *geometry)), x)
        assert close(closed_form.max_pool_images(x, u, *geometry), differenced, 1e-9)

    def test_pixels_of_minus_infinity_do_not_lose_to_the_frame(self):
        x, u = np.full((1, 2, 2, 1), -np.inf), np.array([[1.0, 2], [3, 4]]).reshape(1, 2, 2, 1)
        assert np.array_equal(closed_form.max_pool(x, 2, 2, 1), x)
        assert np.array_equal(closed_form.max_pool_images(x, u, 2, 2, 1), u)
        by_x = closed_form.max_pool_images(x, np.full((1, 1, 1, 1), 7.0), 3, 3, 1)
        assert np.array_equal(by_x.ravel(), [7, 0, 0, 0])

    def test_nan_is_not_lost(self):
        x = np.array([1.0, np.nan, 2.0, np.nan, 3.0]).reshape(1, 1, 5, 1)
        u = np.array([1.0, 10, 100, 1000]).reshape(1, 1, 4, 1)
        assert np.isnan(closed_form.max_pool(x, (1, 2), 1)).all()
        by_x = closed_form.max_pool_images(x, u, (1, 2), 1)
        assert np.array_equal(by_x.ravel(), [0, 11, 0, 1100, 0])
        found = closed_form.average_pool(x, (1, 2), (1, 3))
        assert np.array_equal(np.isnan(found).ravel(), [True, True])

    def test_dtype_and_empty_batch(self):
        x, u = np.ones((0, 4, 4, 2), np.float32), np.ones((0, 2, 2, 2), np.float32)
        for images, cotangents in (
            (x, u),
            (np.ones((1, 4, 4, 2), np.float32), np.ones_like(u[:1])),
        ):
            cotangents = np.ones((len(images), 2, 2, 2), np.float32)
            for result in (
                closed_form.average_pool(images, 2, 2),
                closed_form.max_pool(images, 2, 2),
            ):
                assert result.shape == cotangents.shape
                assert result.dtype == np.float32
            for result in (
                closed_form.average_pool_images(cotangents, images.shape, 2, 2),
                closed_form.max_pool_images(images, cotangents, 2, 2),
            ):
                assert result.shape == images.shape
                assert result.dtype == np.float32

    def test_integer_images(self):
        x = -np.arange(1, 5).reshape(1, 2, 2, 1)
        assert closed_form.max_pool(x, 2, 2).item() == -1
        assert closed_form.average_pool(x, 2, 2).item() == -2.5

    def calls(self, u, *geometry):
        x = np.ones((2, 4, 4, 1))
        yield "average_pool", (x, *geometry)
        yield "average_pool_images", (u, x.shape, *geometry)
        yield "max_pool", (x, *geometry)
        yield "max_pool_images", (x, u, *geometry)

    def test_its_domain(self):
        u = np.ones((2, 2, 2, 1))
        for geometry, message in (
            ((2, 0), "stride must be 1 or more"),
            ((0, 1), "the size of the windows must be 1 or more"),
            ((2, 2, -1), "padding must be 0 or more"),
            ((5, 2), "windows of 5×5 do not fit images of 4×4"),
            ((2, 2, (0, 2)), r"with padding \(0, 2\) the first window of \(2, 2\) has no pixel"),
        ):
            for name, args in self.calls(u, *geometry):
                with pytest.raises(ValueError, match=f"^{name}: {message}"):
                    getattr(closed_form, name)(*args)

    @pytest.mark.parametrize("shape", [(1, 2, 2, 1), (2, 2, 1, 1), (2, 3, 2, 1), (2, 2, 2, 2)])
    def test_cotangents_of_a_wrong_shape(self, shape):
        for name, args in self.calls(np.ones(shape), 2, 2):
            if name.endswith("images"):
                with pytest.raises(
                    ValueError, match=rf"^{name}: cotangents must have shape \(2, 2"
                ):
                    getattr(closed_form, name)(*args)

    def test_images_without_pixels(self):
        with pytest.raises(ValueError, match="max_pool: the size of the images must be 1 or more"):
            closed_form.max_pool(np.ones((1, 0, 4, 1)), 2, 1, 1)
        with pytest.raises(ValueError, match="average_pool_images: shape must be that of the imag"):
            closed_form.average_pool_images(np.ones((1, 2, 2, 1)), (4, 4), 2, 2)


@refused_arguments.each("closed_form.layers")
def test_odd_arguments_are_refused(call, told):
    refused_arguments.check(call, told)
