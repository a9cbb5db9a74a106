"""Reverse mode against the post's formulas."""

import numpy as np
import pytest

import tinygrad_np as tg
from tinygrad_np import closed_form


def logits(params, images):
    filters, weights = params
    hidden = tg.relu(tg.conv2d(images, filters, padding=1))
    return hidden.reshape(len(images), -1) @ weights


def loss(params, images, labels):
    return tg.log_loss_with_logits(logits(params, images), labels)


def drawn(seed, n, dtype=np.float64):
    rng = np.random.default_rng(seed)
    params = rng.normal(0, 2 / 3, (3, 3, 1, 1)), rng.normal(0, 1 / 28, (784, 1))
    images = rng.standard_normal((n, 28, 28, 1))
    labels = (rng.random((n, 1)) < 0.5).astype(dtype)
    return tg.tree.map(lambda p: p.astype(dtype), params), images.astype(dtype), labels


class TestTheTwoClassNetwork:
    @pytest.mark.parametrize("n", [1, 2, 64])
    @pytest.mark.parametrize("seed", range(10))
    def test_parameters_and_images_to_1e_12_of_the_largest_gradient(self, seed, n):
        params, images, labels = drawn(seed, n)
        value, (by_params, by_images) = tg.value_and_grad(loss, (0, 1))(params, images, labels)
        expected = (
            *closed_form.two_class(params, images, labels),
            closed_form.two_class_images(params, images, labels),
        )
        assert np.isclose(value, closed_form.two_class_loss(params, images, labels), rtol=1e-13)
        for found, exact in zip((*by_params, by_images), expected, strict=True):
            assert found.shape == exact.shape
            assert np.max(np.abs(found - exact)) <= 1e-12 * np.max(np.abs(exact))

    def test_object_style_is_the_same(self):
        params, images, labels = drawn(0, 4)
        filters, weights = tg.Tensor(params[0]), tg.Tensor(params[1])
        tg.log_loss(tg.sigmoid(logits((filters, weights), images)), labels).backward()
        for found, exact in zip(
            (filters.grad, weights.grad), closed_form.two_class(params, images, labels), strict=True
        ):
            assert np.max(np.abs(found - exact)) <= 1e-12 * np.max(np.abs(exact))

    def test_float32(self):
        params, images, labels = drawn(1, 8, np.float32)
        found = tg.grad(loss)(params, images, labels)
        for g, exact in zip(found, closed_form.two_class(params, images, labels), strict=True):
            assert g.dtype == exact.dtype == np.float32
            assert np.max(np.abs(g - exact)) <= 1e-5 * np.max(np.abs(exact))

    def test_frozen_layers_get_no_gradient_and_the_others_the_same_one(self):
        (filters, weights), images, labels = drawn(2, 3)
        both = closed_form.two_class((filters, weights), images, labels)
        by_weights = tg.grad(lambda w: loss((filters, w), images, labels))(weights)
        by_filters = tg.grad(lambda f: loss((f, weights), images, labels))(filters)
        assert np.max(np.abs(by_filters - both[0])) <= 1e-12 * np.max(np.abs(both[0]))
        assert np.max(np.abs(by_weights - both[1])) <= 1e-12 * np.max(np.abs(both[1]))


class TestExactlyOnIntegers:
    """With small integers every sum and product is exact, in any order: equal bit for bit."""

    @pytest.mark.parametrize("size", [1, 3, 5])
    @pytest.mark.parametrize(("channels", "filters"), [(1, 1), (1, 3), (2, 1), (5, 4)])
    def test_convolution(self, size, channels, filters):
        rng = np.random.default_rng(size)
        x = rng.integers(-5, 6, (3, 6, 7, channels)).astype(float)
        w = rng.integers(-5, 6, (size, size, channels, filters)).astype(float)
        y, pull = tg.vjp(lambda x, w: tg.conv2d(x, w, padding=size // 2), x, w)
        u = rng.integers(-5, 6, y.shape).astype(float)
        by_x, by_w = pull(u)
        assert np.array_equal(y, closed_form.same_convolution(x, w))
        assert np.array_equal(by_w, closed_form.same_convolution_filters(x, u, size))
        assert np.array_equal(by_x, closed_form.same_convolution_images(u, w))

    def test_convolution_relu_and_dense(self):
        rng = np.random.default_rng(7)
        x = rng.integers(-3, 4, (4, 6, 6, 1)).astype(float)
        w = rng.integers(-3, 4, (3, 3, 1, 1)).astype(float)
        v = rng.integers(-3, 4, (36, 1)).astype(float)
        z, pull = tg.vjp(lambda w, v, x: logits((w, v), x), w, v, x)
        u = rng.integers(-3, 4, z.shape).astype(float)
        by_w, by_v, by_x = pull(u)
        convolved = closed_form.same_convolution(x, w)
        hidden = np.where(convolved > 0, convolved, 0)
        by_convolved = (u @ v.T).reshape(convolved.shape) * (convolved > 0)
        assert np.array_equal(z, hidden.reshape(4, -1) @ v)
        assert np.array_equal(by_v, hidden.reshape(4, -1).T @ u)
        assert np.array_equal(by_w, closed_form.same_convolution_filters(x, by_convolved, 3))
        assert np.array_equal(by_x, closed_form.same_convolution_images(by_convolved, w))


class TestTheClosedFormItself:
    def test_it_is_a_correlation(self):
        x, w = np.zeros((1, 5, 5, 1)), np.arange(9.0).reshape(3, 3, 1, 1)
        x[0, 2, 2, 0] = 1
        found = closed_form.same_convolution(x, w)[0, 1:4, 1:4, 0]
        assert np.array_equal(found, w[::-1, ::-1, 0, 0])

    def test_its_loss_and_gradient_agree_with_differences(self):
        (filters, weights), images, labels = drawn(3, 2)
        h = 1e-6
        by_filters, by_weights = closed_form.two_class((filters, weights), images, labels)

        def numeric(place, params):
            up, down = [p.copy() for p in params], [p.copy() for p in params]
            up[place[0]][place[1]] += h
            down[place[0]][place[1]] -= h
            values = [closed_form.two_class_loss(tuple(p), images, labels) for p in (up, down)]
            return (values[0] - values[1]) / (2 * h)

        pair = (filters, weights)
        assert np.isclose(numeric((0, (1, 2, 0, 0)), pair), by_filters[1, 2, 0, 0], rtol=1e-6)
        assert np.isclose(numeric((1, (400, 0)), pair), by_weights[400, 0], rtol=1e-6)

    @pytest.mark.parametrize("filter_shape", [(2, 2, 1, 1), (3, 1, 1, 1), (3, 3, 2, 1), (3, 3)])
    def test_it_states_its_domain(self, filter_shape):
        with pytest.raises(ValueError, match="same_convolution: "):
            closed_form.same_convolution(np.ones((1, 4, 4, 1)), np.ones(filter_shape))

    def test_shapes_of_the_network(self):
        params, images, labels = drawn(0, 2)
        with pytest.raises(ValueError, match=r"two_class: .* needs dense weights \(784, 1\)"):
            closed_form.two_class((params[0], params[1][:5]), images, labels)
        with pytest.raises(ValueError, match=r"labels \(2, 1\), not"):
            closed_form.two_class(params, images, labels[:, 0])
