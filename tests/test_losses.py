"""Losses: values, stability, messages."""

import numpy as np
import pytest

import tinygrad_np as tg
from tinygrad_np import Tensor

BOTH = [tg.log_loss, tg.log_loss_with_logits]


class TestValues:
    def test_log_loss_of_a_sigmoid(self):
        rng = np.random.default_rng(0)
        z, y = rng.standard_normal((5, 1)), rng.random((5, 1))
        p = 1 / (1 + np.exp(-z))
        expected = -(y * np.log(p) + (1 - y) * np.log(1 - p))
        for reduction, reduce in (("mean", np.mean), ("sum", np.sum), ("none", lambda x: x)):
            assert np.allclose(tg.log_loss(p, y, reduction), reduce(expected), rtol=1e-13)
            assert np.allclose(
                tg.log_loss_with_logits(z, y, reduction), reduce(expected), rtol=1e-13
            )

    def test_the_natural_logarithm(self):
        assert np.isclose(tg.log_loss_with_logits(np.zeros(3), np.ones(3)), np.log(2), rtol=1e-15)

    @pytest.mark.parametrize("reduction", ["mean", "sum", "none"])
    def test_gradients_by_both(self, reduction):
        rng = np.random.default_rng(1)
        z, y = rng.standard_normal((3, 2)), rng.random((3, 2))
        loss, pull = tg.vjp(lambda z, y: tg.log_loss_with_logits(z, y, reduction), z, y)
        by_z, by_y = pull(np.ones(np.shape(loss)))
        scale = 1 / 6 if reduction == "mean" else 1
        assert np.allclose(by_z, scale * (1 / (1 + np.exp(-z)) - y), rtol=1e-13)
        assert np.allclose(by_y, -scale * z, rtol=1e-13)

    def test_the_two_forms_have_one_gradient(self):
        z, y = np.array([[0.3], [-1.2]]), np.array([[1.0], [0.0]])
        direct = tg.grad(tg.log_loss_with_logits)(z, y)
        composed = tg.grad(lambda z: tg.log_loss(tg.sigmoid(z), y))(z)
        assert np.allclose(direct, composed, rtol=1e-14)

    @pytest.mark.parametrize("dtype", [bool, np.uint8, np.int64])
    @pytest.mark.parametrize("loss", BOTH)
    def test_integer_labels_keep_float32(self, loss, dtype):
        p = Tensor(np.array([0.25, 0.75], np.float32))
        value = loss(p, np.array([0, 1], dtype))
        value.backward()
        assert value.dtype == p.grad.dtype == np.float32

    @pytest.mark.parametrize("loss", BOTH)
    def test_lists_and_python_numbers(self, loss):
        assert np.isfinite(loss([0.5, 0.5], [0, 1]))
        assert np.isfinite(loss(0.5, 1))


class TestStability:
    @pytest.mark.parametrize("dtype", [np.float32, np.float64])
    def test_large_logits(self, dtype):
        z = np.array([1000, -1000, 1000, -1000], dtype)
        y = np.array([1, 0, 0, 1], dtype)
        value, g = tg.value_and_grad(tg.log_loss_with_logits)(z, y, "sum")
        assert value == 2000
        assert g.tolist() == [0, 0, 1, -1]
        assert value.dtype == g.dtype == dtype

    def test_certain_and_right(self):
        p, y = np.array([0.0, 1.0]), np.array([0.0, 1.0])
        value, g = tg.value_and_grad(tg.log_loss)(p, y, "sum")
        assert value == 0
        assert g.tolist() == [1, -1]

    def test_certain_and_wrong(self):
        value, g = tg.value_and_grad(tg.log_loss)(np.array([0.0]), np.array([1.0]))
        assert value == np.inf
        assert g.tolist() == [-np.inf]

    def test_no_warning_is_given(self):
        with np.errstate(all="raise", under="ignore"):
            tg.log_loss(np.array([0.0, 1.0]), np.array([1.0, 1.0]))
            tg.log_loss_with_logits(np.array([1e4, -1e4]), np.array([1.0, 1.0]))

    def test_second_order(self):
        z, y = np.array([0.4, -2.0]), np.array([1.0, 0.0])
        _, hv = tg.jvp(
            tg.grad(tg.log_loss_with_logits), [z, y], [np.array([1.0, 0.0]), np.zeros(2)]
        )
        s = 1 / (1 + np.exp(-0.4))
        assert np.allclose(hv, [s * (1 - s) / 2, 0], rtol=1e-13)


class TestMessages:
    @pytest.mark.parametrize("loss", BOTH)
    def test_shapes_must_be_the_same(self, loss):
        with pytest.raises(ValueError, match=r"shape \(3, 1\) and labels of shape \(3,\)"):
            loss(np.full((3, 1), 0.5), np.ones(3))

    @pytest.mark.parametrize("loss", BOTH)
    @pytest.mark.parametrize("label", [3, -1, 1.5, np.nan])
    @pytest.mark.parametrize("count", [1, 2])
    def test_labels_that_are_no_labels(self, loss, label, count):
        with pytest.raises(ValueError, match=r"labels lie between 0 and 1, not .*labels == 3"):
            loss(np.full(count, 0.5), np.array([label] * count))

    @pytest.mark.parametrize("p", [-0.1, 1.1])
    def test_probabilities_that_are_none(self, p):
        with pytest.raises(ValueError, match="probabilities lie between 0 and 1; are these logits"):
            tg.log_loss(np.array([p]), np.array([1.0]))

    @pytest.mark.parametrize("loss", BOTH)
    def test_reductions(self, loss):
        with pytest.raises(ValueError, match="must be 'mean', 'sum' or 'none', not 'max'"):
            loss(np.array([0.5]), np.array([1.0]), "max")

    @pytest.mark.parametrize("loss", BOTH)
    def test_an_empty_batch(self, loss):
        x = Tensor(np.ones((0, 1)))
        assert loss(x, np.ones((0, 1)), "none").shape == (0, 1)
        total = loss(x, np.ones((0, 1)), "sum")
        total.backward()
        assert total.item() == 0
        assert x.grad.shape == (0, 1)
        with pytest.raises(ValueError, match="no predictions have no mean; use reduction='sum'"):
            loss(x, np.ones((0, 1)))
