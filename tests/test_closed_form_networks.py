"""The posts' two networks by hand, and reverse mode against them."""

import numpy as np
import pytest
from closed_forms import close, five_point
from maps import integers

import tinygrad_np as tg
from tinygrad_np import closed_form


def logits(params, images):
    filters, weights = params
    hidden = tg.relu(tg.conv2d(images, filters, padding=len(filters) // 2))
    return hidden.reshape(len(images), -1) @ weights


def two_class_loss(params, images, labels):
    return tg.log_loss_with_logits(logits(params, images), labels)


def two_class_case(seed, n, dtype=np.float64):
    rng = np.random.default_rng(seed)
    params = rng.normal(0, 2 / 3, (3, 3, 1, 1)), rng.normal(0, 1 / 28, (784, 1))
    images = rng.standard_normal((n, 28, 28, 1))
    labels = (rng.random((n, 1)) < 0.5).astype(dtype)
    return tg.tree.map(lambda p: p.astype(dtype), params), images.astype(dtype), labels


class TestTheTwoClassNetwork:
    @pytest.mark.parametrize("n", [1, 2, 64])
    @pytest.mark.parametrize("seed", range(10))
    def test_parameters_and_images_to_1e_12_of_the_largest_gradient(self, seed, n):
        params, images, labels = two_class_case(seed, n)
        value, found = tg.value_and_grad(two_class_loss, (0, 1))(params, images, labels)
        assert close(value, closed_form.two_class_loss(params, images, labels), 1e-13)
        exact = closed_form.two_class(params, images, labels)
        assert close(found[0][0], exact[0], 1e-12)
        assert close(found[0][1], exact[1], 1e-12)
        assert close(found[1], closed_form.two_class_images(params, images, labels), 1e-12)

    def test_object_style_is_the_same(self):
        params, images, labels = two_class_case(0, 4)
        filters, weights = tg.Tensor(params[0]), tg.Tensor(params[1])
        tg.log_loss(tg.sigmoid(logits((filters, weights), images)), labels).backward()
        exact = closed_form.two_class(params, images, labels)
        assert close(filters.grad, exact[0], 1e-12)
        assert close(weights.grad, exact[1], 1e-12)

    def test_float32(self):
        params, images, labels = two_class_case(1, 8, np.float32)
        found = tg.grad(two_class_loss)(params, images, labels)
        for g, exact in zip(found, closed_form.two_class(params, images, labels), strict=True):
            assert g.dtype == exact.dtype == np.float32
            assert close(g, exact, 1e-5)
        assert closed_form.two_class_loss(params, images, labels.astype(int)).dtype == np.float32

    def test_frozen_layers_get_no_gradient_and_the_others_the_same_one(self):
        (filters, weights), images, labels = two_class_case(2, 3)
        both = closed_form.two_class((filters, weights), images, labels)
        by_weights = tg.grad(lambda w: two_class_loss((filters, w), images, labels))(weights)
        by_filters = tg.grad(lambda f: two_class_loss((f, weights), images, labels))(filters)
        assert close(by_filters, both[0], 1e-12)
        assert close(by_weights, both[1], 1e-12)

    def test_up_to_the_logits_exactly_on_integers(self):
        rng = np.random.default_rng(7)
        x, w, v = integers(rng, 4, 6, 6, 1), integers(rng, 3, 3, 1, 1), integers(rng, 36, 1)
        z, pull = tg.vjp(lambda w, v, x: logits((w, v), x), w, v, x)
        u = integers(rng, *z.shape)
        by_w, by_v, by_x = pull(u)
        convolved = closed_form.same_convolution(x, w)
        hidden = closed_form.relu(convolved).reshape(4, -1)
        by_hidden = closed_form.dense_inputs(u, v).reshape(convolved.shape)
        by_convolved = closed_form.relu_inputs(convolved, by_hidden)
        assert np.array_equal(z, closed_form.dense(hidden, v))
        assert np.array_equal(by_v, closed_form.dense_weights(hidden, u))
        assert np.array_equal(by_w, closed_form.same_convolution_filters(x, by_convolved, 3))
        assert np.array_equal(by_x, closed_form.same_convolution_images(by_convolved, w))

    def test_its_gradients_agree_with_differences(self):
        (filters, weights), images, labels = two_class_case(3, 2)
        images, weights = images[:, :4, :5], weights[:20]
        by_filters, by_weights = closed_form.two_class((filters, weights), images, labels)
        by_images = closed_form.two_class_images((filters, weights), images, labels)
        loss = closed_form.two_class_loss
        assert no_kink_within_a_step(images, filters)
        assert close(
            by_filters, five_point(lambda f: loss((f, weights), images, labels), filters), 1e-9
        )
        assert close(
            by_weights, five_point(lambda w: loss((filters, w), images, labels), weights), 1e-9
        )
        assert close(
            by_images, five_point(lambda x: loss((filters, weights), x, labels), images), 1e-9
        )

    def test_it_is_the_chain_of_its_layers(self):
        """The residual l₂ − y is what log-loss and sigmoid give one after the other."""
        params, images, labels = two_class_case(4, 5)
        z = logits(params, images)
        p = closed_form.sigmoid(z)
        value = closed_form.two_class_loss(params, images, labels)
        assert close(closed_form.log_loss(p, labels), value, 1e-14)
        by_logits = closed_form.sigmoid_inputs(z, closed_form.log_loss_probabilities(p, labels))
        hidden = closed_form.relu(closed_form.same_convolution(images, params[0])).reshape(5, -1)
        by_weights = closed_form.dense_weights(hidden, by_logits)
        assert close(by_weights, closed_form.two_class(params, images, labels)[1], 1e-13)

    def test_shapes(self):
        params, images, labels = two_class_case(0, 2)
        for function in ("two_class", "two_class_loss", "two_class_images"):
            network = getattr(closed_form, function)
            with pytest.raises(ValueError, match=rf"^{function}: .* dense weights \(784, 1\), not"):
                network((params[0], params[1][:5]), images, labels)
            with pytest.raises(
                ValueError, match=rf"^{function}: dense weights must have one colum"
            ):
                network((params[0], np.ones((784, 2))), images, labels)
            with pytest.raises(ValueError, match=rf"^{function}: labels must have shape \(2, 1\)"):
                network(params, images, labels[:, 0])
            with pytest.raises(ValueError, match=rf"^{function}: labels must lie between 0 and 1"):
                network(params, images, labels + 1)
            with pytest.raises(ValueError, match=rf"^{function}: an empty batch has no mean"):
                network(params, images[:0], labels[:0])


def no_kink_within_a_step(images, filters):
    """Whether relu's kink is out of reach of `five_point`, whichever number it moves."""
    convolved = closed_form.convolution(images, filters, padding=len(filters) // 2)
    furthest = 2e-3 * max(np.abs(images).max(), np.abs(filters).max())
    return np.abs(convolved).min() > furthest


def ten_class_loss(params, images, labels, reduction="mean"):
    z = logits(params, images)
    chosen = z[np.arange(len(labels)), labels]
    return getattr(np, reduction)(np.log(np.sum(np.exp(z), axis=1)) - chosen)


def ten_class_case(seed, n, size=3, channels=1, filters=5, spatial=(8, 8), classes=10):
    rng = np.random.default_rng(seed)
    features = spatial[0] * spatial[1] * filters
    params = (
        rng.normal(0, 1 / np.sqrt(size**2 * channels), (size, size, channels, filters)),
        rng.normal(0, 1 / np.sqrt(features), (features, classes)),
    )
    images = rng.standard_normal((n, *spatial, channels))
    return params, images, rng.integers(0, classes, n)


class TestTheTenClassNetwork:
    @pytest.mark.parametrize("reduction", ["mean", "sum"])
    @pytest.mark.parametrize(
        ("n", "size", "channels", "filters", "spatial"),
        [
            (32, 3, 1, 1, (28, 28)),
            (32, 3, 1, 5, (28, 28)),
            (4, 3, 3, 15, (32, 32)),
            (1, 5, 2, 3, (7, 4)),
            (3, 1, 3, 2, (1, 6)),
        ],
    )
    def test_reverse_mode_agrees(self, reduction, n, size, channels, filters, spatial):
        params, images, labels = ten_class_case(n, n, size, channels, filters, spatial)
        value, found = tg.value_and_grad(ten_class_loss, (0, 1))(params, images, labels, reduction)
        args = params, images, labels, reduction
        assert close(value, closed_form.ten_class_loss(*args), 1e-13)
        exact = closed_form.ten_class(*args)
        assert close(found[0][0], exact[0], 1e-12)
        assert close(found[0][1], exact[1], 1e-12)
        assert close(found[1], closed_form.ten_class_images(*args), 1e-12)

    @pytest.mark.parametrize("reduction", ["mean", "sum"])
    def test_its_gradients_agree_with_differences(self, reduction):
        params, images, labels = ten_class_case(11, 2, 3, 2, 2, (3, 4), 4)
        filters, weights = params
        by_filters, by_weights = closed_form.ten_class(params, images, labels, reduction)
        by_images = closed_form.ten_class_images(params, images, labels, reduction)

        def loss(filters=filters, weights=weights, images=images):
            return closed_form.ten_class_loss((filters, weights), images, labels, reduction)

        assert no_kink_within_a_step(images, filters)
        assert close(by_filters, five_point(lambda f: loss(filters=f), filters), 1e-9)
        assert close(by_weights, five_point(lambda w: loss(weights=w), weights), 1e-9)
        assert close(by_images, five_point(lambda x: loss(images=x), images), 1e-9)

    def test_it_flattens_rows_then_columns_then_filters(self):
        params, images, _ = ten_class_case(1, 1, 3, 1, 3, (4, 5), 2)
        convolved = closed_form.same_convolution(images, params[0])
        weights = np.zeros((4, 5, 3, 2))
        weights[1, 3, 2, 0] = 1
        hidden = max(convolved[0, 1, 3, 2], 0)
        value = closed_form.ten_class_loss((params[0], weights.reshape(60, 2)), images, [1])
        assert hidden > 0
        assert close(value, np.log1p(np.exp(hidden)), 1e-14)

    def test_the_sum_is_n_times_the_mean(self):
        params, images, labels = ten_class_case(2, 8)
        for function in (
            closed_form.ten_class_loss,
            lambda *args: closed_form.ten_class(*args)[0],
            lambda *args: closed_form.ten_class(*args)[1],
            closed_form.ten_class_images,
        ):
            mean, total = function(params, images, labels), function(params, images, labels, "sum")
            assert close(total, 8 * mean, 1e-14)

    def test_before_training_the_loss_is_about_that_of_guessing(self):
        (filters, weights), images, labels = ten_class_case(3, 8)
        value = closed_form.ten_class_loss((filters, 0 * weights), images, labels)
        assert close(value, np.log(10), 1e-14)

    def test_float32(self):
        params, images, labels = ten_class_case(4, 8)
        exact = closed_form.ten_class(params, images, labels)
        by_images = closed_form.ten_class_images(params, images, labels)
        small = [p.astype(np.float32) for p in params]
        images = images.astype(np.float32)
        assert closed_form.ten_class_loss(small, images, labels).dtype == np.float32
        found = closed_form.ten_class(small, images, labels)
        for g, right in zip(found, exact, strict=True):
            assert g.dtype == np.float32
            assert close(g, right, 1e-5)
        g = closed_form.ten_class_images(small, images, labels)
        assert g.dtype == np.float32
        assert close(g, by_images, 1e-5)

    def test_large_weights_do_not_overflow(self):
        (filters, weights), images, labels = ten_class_case(5, 4)
        params = filters, 1e4 * weights
        with np.errstate(under="ignore"):
            assert np.isfinite(closed_form.ten_class_loss(params, images, labels))
            for g in closed_form.ten_class(params, images, labels):
                assert np.isfinite(g).all()

    def test_an_empty_batch(self):
        params, images, labels = ten_class_case(6, 0)
        assert closed_form.ten_class_loss(params, images, labels, "sum") == 0
        by_filters, by_weights = closed_form.ten_class(params, images, labels, "sum")
        assert (by_filters.shape, by_weights.shape) == (params[0].shape, params[1].shape)
        assert not by_filters.any()
        assert not by_weights.any()
        assert closed_form.ten_class_images(params, images, labels, "sum").shape == images.shape
        with pytest.raises(ValueError, match="an empty batch has no mean"):
            closed_form.ten_class(params, images, labels)

    def test_what_it_refuses(self):
        (filters, weights), images, labels = ten_class_case(7, 2)
        for function in ("ten_class", "ten_class_loss", "ten_class_images"):
            network = getattr(closed_form, function)
            with pytest.raises(
                ValueError, match=rf"^{function}: .* dense weights \(320, 10\), not"
            ):
                network((filters, weights[:-1]), images, labels)
            with pytest.raises(
                ValueError, match=rf"^{function}: filters must be \(rows, columns, "
            ):
                network((filters[..., 0], weights), images, labels)
            with pytest.raises(
                ValueError, match=rf"^{function}: a “same” convolution needs a squa"
            ):
                network((filters[:2], weights), images, labels)
            with pytest.raises(ValueError, match="labels must lie between 0 and 9, for 10 classes"):
                network((filters, weights), images, labels + 10)
            with pytest.raises(ValueError, match=r"labels must have shape \(2,\), not \(2, 1\)"):
                network((filters, weights), images, labels[:, None])
            with pytest.raises(ValueError, match="reduction must be 'mean' or 'sum', not 'none'"):
                network((filters, weights), images, labels, "none")
            with pytest.raises(ValueError, match="the images have 2 channels and the filters take"):
                network((filters, weights), np.ones((2, 8, 8, 2)), labels)
