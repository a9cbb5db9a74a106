"""The mistakes of the posts' original code, one by one: none of them may come back."""

import numpy as np
import pytest

import tinygrad_np as tg
from tinygrad_np import Tensor, closed_form

X, W = np.ones((2, 5, 5, 1)), np.ones((3, 3, 1, 2))


class Test1SizesThatDoNotFit:
    @pytest.mark.parametrize(
        ("options", "message"),
        [
            ({"filters": np.ones((6, 6, 1, 1))}, "6×6 filter does not fit the 5×5 image"),
            ({"stride": -1}, "stride must be at least 1"),
            ({"stride": 0}, "stride must be at least 1"),
            ({"padding": -1}, "padding must be at least 0"),
        ],
    )
    def test_they_raise_with_the_remedy(self, options, message):
        arguments = {"filters": W, **options}
        with pytest.raises(ValueError, match=message):
            tg.conv2d(X, **arguments)
        with pytest.raises(ValueError, match="convolution: "):
            closed_form.convolution(X, **arguments)

    def test_an_empty_batch_gives_an_empty_result_and_zero_gradients(self):
        y, pull = tg.vjp(lambda x, w: tg.conv2d(x, w, padding=1), X[:0], W)
        assert y.shape == (0, 5, 5, 2)
        by_x, by_w = pull(np.zeros((0, 5, 5, 2)))
        assert by_x.shape == (0, 5, 5, 1)
        assert not by_w.any()
        assert by_w.shape == W.shape


@pytest.mark.parametrize("shape", [(1, 3, 3, 2), (2, 3, 3, 1), (2, 3, 3), (2, 4, 3, 2), ()])
def test_2_an_upstream_cotangent_of_a_wrong_shape_raises(shape):
    _, pull = tg.vjp(tg.conv2d, X, W)
    with pytest.raises(ValueError, match=r"where \(2, 3, 3, 2\) belongs"):
        pull(np.ones(shape))
    with pytest.raises(ValueError, match=r"where \(2, 3, 3, 2\) belongs"):
        tg.conv2d(Tensor(X), W).backward(np.ones(shape))


class Test3DtypesAndIndices:
    def test_float32_stays_float32(self):
        x, w = X.astype(np.float32), W.astype(np.float32)
        y, pull = tg.vjp(lambda x, w: tg.max_pool(tg.conv2d(x, w, padding="same"), 2), x, w)
        assert y.dtype == np.float32
        assert [g.dtype for g in pull(np.ones_like(y))] == [np.float32, np.float32]

    def test_a_convolution_builds_no_array_of_indices(self):
        graph = tg.conv2d(Tensor(X), W).graph()
        assert "int" not in graph
        assert "take" not in graph


def test_4_a_layer_that_is_not_trained_does_not_change_and_costs_no_gradient():
    grads = tg.grad(lambda w: np.sum(tg.conv2d(X, W) * w))(np.ones(2))
    assert grads.shape == (2,)
    graph = np.sum(tg.conv2d(X, W) * Tensor(np.ones(2))).graph()
    assert "product" not in graph


class Test5WhatTheCallerGives:
    def test_weights_given_by_the_caller_are_used(self):
        assert np.array_equal(tg.conv2d(X, 2 * W), 2 * tg.conv2d(X, W))

    def test_integers_stand_for_pairs(self):
        one = tg.conv2d(X, W, padding=1, stride=2)
        assert np.array_equal(one, tg.conv2d(X, W, padding=(1, 1), stride=(2, 2)))

    @pytest.mark.parametrize("k", range(1, 6))
    def test_same_is_the_same_size_for_even_filters_too(self, k):
        assert tg.conv2d(X, np.ones((k, k, 1, 1)), padding="same").shape == (2, 5, 5, 1)


def test_6_softmax_and_cross_entropy_of_large_logits():
    z = np.array([[1000.0, 0.0]])
    assert tg.softmax(z).tolist() == [[1, 0]]
    for labels in (np.array([1]), np.array([[0.0, 1.0]])):
        value, g = tg.value_and_grad(tg.cross_entropy)(z, labels)
        assert value == 1000
        assert g.tolist() == [[1, -1]]


class Test7PoolingAndDropout:
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


def test_8_two_forwards_before_one_backward_are_two_graphs():
    w = Tensor(W)
    first, second = tg.conv2d(X, w), tg.conv2d(3 * X, w)
    first.sum().backward()
    once = w.grad
    w.grad = None
    second.sum().backward()
    assert np.array_equal(w.grad, 3 * once)


def test_9_the_gradient_is_that_of_the_loss_that_is_reported():
    rng = np.random.default_rng(0)
    z, k = rng.standard_normal((8, 3)), rng.integers(0, 3, 8)
    of_mean, of_sum = (
        tg.grad(lambda z, r=r: tg.cross_entropy(z, k, r))(z) for r in ("mean", "sum")
    )
    assert np.allclose(8 * of_mean, of_sum, rtol=1e-14)
    h = 1e-6
    moved = z + h * of_mean
    rise = (tg.cross_entropy(moved, k) - tg.cross_entropy(z, k)) / h
    assert np.isclose(rise, np.sum(of_mean**2), rtol=1e-5)


@pytest.mark.parametrize("stride", [2, 3])
def test_10_a_stride_does_not_multiply_the_work_of_the_backward_pass(stride):
    """What is multiplied backwards are the windows of the forward pass, not dilated zeros."""
    x = Tensor(np.ones((1, 12, 12, 1)))
    y = tg.conv2d(x, np.ones((3, 3, 1, 1)), stride=stride)
    windows = y._source.all_parents[0]
    assert windows.shape == (1, *y.shape[1:3], 3, 3, 1)
    y.sum().backward()
    assert x.grad.sum() == 9 * y.size
