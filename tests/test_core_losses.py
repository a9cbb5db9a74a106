"""Losses: values, stability, messages."""

import numpy as np
import pytest
import refused_arguments
import scipy.special

import tinygrad_np as tg
from tinygrad_np import Tensor
from tinygrad_np.core import losses
from tinygrad_np.core.losses import class_losses

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


LARGEST = {
    np.float16: (-np.log(2.0**-24), -np.log(2.0**-11)),
    np.float32: (-np.log(1e-16), -np.log(2.0**-24)),
    np.float64: (-np.log(1e-16), -np.log(2.0**-53)),
    np.longdouble: (-np.log(1e-16), -np.log(1 - (1 - np.longdouble(1e-16)))),
}


"""The loss of p = 0 where y = 1, and of p = 1 where y = 0: 1e-16, or the dtype's next number."""


@pytest.mark.parametrize("dtype", LARGEST)
class TestCertainProbabilities:
    """Exactly 0 or 1: the loss is bounded, and the gradient is finite and points the right way."""

    def test_right(self, dtype):
        p = np.array([0, 1], dtype)
        value, g = tg.value_and_grad(tg.log_loss)(p, p, "sum")
        assert value == 0
        assert not np.signbit(value)
        assert g.tolist() == [1, -1]
        assert value.dtype == g.dtype == dtype

    def test_wrong(self, dtype):
        p = np.array([0, 1], dtype)
        losses, pull = tg.vjp(lambda p: tg.log_loss(p, 1 - p.data, "none"), p)
        (g,) = pull(np.ones(2, dtype))
        assert np.allclose(losses, LARGEST[dtype], rtol=max(np.finfo(dtype).eps, 1e-15))
        assert np.isfinite(g).all()
        assert g[0] < -1000
        assert g[1] > 1000
        assert losses.dtype == g.dtype == dtype
        _, tangent = tg.jvp(lambda p: tg.log_loss(p, 1 - p.data, "none"), [p], [np.ones(2, dtype)])
        assert np.array_equal(tangent, g)

    def test_soft_labels(self, dtype):
        p, y = np.array([0, 1], dtype), np.full(2, 0.25, dtype)
        losses, pull = tg.vjp(lambda p: tg.log_loss(p, y, "none"), p)
        expected = 0.25 * LARGEST[dtype][0], 0.75 * LARGEST[dtype][1]
        assert np.allclose(losses, expected, rtol=max(np.finfo(dtype).eps, 1e-15))
        (g,) = pull(np.ones(2, dtype))
        assert np.isfinite(g).all()
        assert g[0] < 0 < g[1]

    def test_the_smallest_probabilities(self, dtype):
        """1/p would overflow for p below the normal numbers: the gradient stays finite."""
        tiny = np.finfo(dtype)
        p = np.array([tiny.smallest_subnormal, tiny.smallest_normal], dtype)
        g = tg.grad(tg.log_loss)(p, np.ones(2, dtype), "sum")
        assert np.isfinite(g).all()
        assert g[1] == -1 / tiny.smallest_normal

    def test_between_them_the_derivative_is_exact(self, dtype):
        """Also beyond the bound, where the loss itself no longer grows."""
        p = np.array([2.0**-12, 0.5, 1 - 2.0**-10], dtype)
        y = np.array([1, 0.25, 0], dtype)
        by_p, by_y = tg.grad(lambda p, y: tg.log_loss(p, y, "sum", bound=0.01), (0, 1))(p, y)
        assert by_p.tolist() == [-(2.0**12), 1.0, 2.0**10]
        exact = p.astype(float)
        expected = np.log(1 - exact) - np.log(exact)
        assert np.allclose(by_y, expected, rtol=1e-3 if dtype == np.float16 else 1e-6)
        losses = tg.log_loss(p, y, "none", bound=2.0**-7)[[0, 2]]
        assert np.allclose(losses, 7 * np.log(2), rtol=2 * np.finfo(dtype).eps, atol=1e-15)

    @pytest.mark.parametrize("sigmoid", [tg.sigmoid, scipy.special.expit])
    @pytest.mark.parametrize("size", [15, 20, 40, 159, 800, np.inf])
    def test_the_sigmoid_of_large_logits_moves_them_the_right_way(self, dtype, sigmoid, size):
        """The chain of the two is σ(z) − y however large z is, in both modes."""
        z, y = np.array([size, -size, size, -size], dtype), np.array([0, 1, 1, 0], dtype)

        def losses(z):
            return tg.log_loss(sigmoid(z), y, "none")

        with np.errstate(all="raise", under="ignore"):
            value, pull = tg.vjp(losses, z)
            (g,) = pull(np.ones(4, dtype))
        largest = [*reversed(LARGEST[value.dtype.type]), 0, 0]  # SciPy's of float16 is float64
        assert np.isfinite(value).all()
        assert np.all(value <= np.array(largest) + 0.02 + 2 * np.exp(-size))
        assert np.allclose(g, [1, -1, 0, 0], atol=max(2 * np.exp(-size), 1e-300))
        assert np.array_equal(value, losses(z))
        assert np.array_equal(tg.jvp(losses, [z], [np.ones(4, dtype)])[1], g)

    def test_soft_labels_of_large_logits(self, dtype):
        z, y = np.array([800, -800], dtype), np.full(2, 0.25, dtype)
        g = tg.grad(lambda z: tg.log_loss(tg.sigmoid(z), y, "sum"))(z)
        assert np.allclose(g, [0.75, -0.25], rtol=1e-3)


class TestTheTextbookForm:
    def test_its_derivatives_are_those_of_the_logits(self):
        rng = np.random.default_rng(2)
        z, y, v = rng.normal(0, 20, 50), rng.random(50), rng.standard_normal(50)

        def textbook(z):
            return tg.log_loss(tg.sigmoid(z), y)

        def exact(z):
            return tg.log_loss_with_logits(z, y)

        assert np.allclose(tg.grad(textbook)(z), tg.grad(exact)(z), rtol=1e-13, atol=0)
        for order in (
            lambda f: tg.hvp(f, [z], [v])[0],
            lambda f: tg.grad(lambda z: np.sum(tg.grad(f)(z) * v))(z),
            lambda f: tg.grad(lambda z: np.sum(tg.hvp(f, [z], [v])[0] * v))(z),
        ):
            assert np.allclose(order(textbook), order(exact), rtol=1e-12, atol=1e-300)

    def test_second_order_by_probabilities(self):
        p, y = np.array([0.2, 0.9]), np.array([0.3, 1.0])
        expected = y / p**2 + (1 - y) / (1 - p) ** 2
        found = tg.hessian(lambda p: tg.log_loss(p, y, "sum"))(p)
        assert np.allclose(np.diag(found), expected, rtol=1e-13)
        certain = tg.hessian(lambda p: tg.log_loss(p, np.ones(1)))(np.zeros(1))
        assert np.allclose(certain, 1e32, rtol=1e-12)

    def test_the_sigmoid_may_have_other_uses(self):
        z, y = np.array([50.0, 0.3]), np.array([0.0, 1.0])

        def loss(z):
            p = tg.sigmoid(z)
            return tg.log_loss(p, y, "sum") + np.sum(p * p)

        s = tg.sigmoid(z)
        assert np.allclose(tg.grad(loss)(z), s - y + 2 * s * s * tg.sigmoid(-z), rtol=1e-13)

    def test_a_gradient_by_the_probabilities_themselves(self):
        """What `grad` differentiates by is a variable, wherever its value came from."""
        z = tg.Tensor([0.3])
        g = tg.grad(lambda p: tg.log_loss(p, np.ones(1)))(tg.sigmoid(z))
        assert np.allclose(g.data, -1 / tg.sigmoid(z.data), rtol=1e-14)

    def test_through_remat_and_from_leaves(self):
        z, y = np.array([[60.0]]), np.zeros((1, 1))
        leaf = tg.Tensor(z)
        tg.log_loss(tg.sigmoid(leaf), y).backward()
        assert leaf.grad == 1
        assert tg.grad(lambda z: tg.remat(lambda z: tg.log_loss(tg.sigmoid(z), y))(z))(z) == 1

    def test_with_something_between_the_two_it_is_the_chain_rule_and_finite(self):
        """Where σ(z) has rounded, that has lost z: next to nothing is left of the gradient."""
        z, y = np.array([[3.0], [-30.0], [40.0], [800.0], [-800.0]]), np.array([0, 1, 0, 0, 1.0])
        g = tg.grad(lambda z: tg.log_loss(tg.sigmoid(z).reshape(-1), y, "sum"))(z)[:, 0]
        assert np.allclose(g[:2], tg.sigmoid(z[:2, 0]) - y[:2], rtol=1e-13)
        assert 0 < g[2] < 1
        assert g[3:].tolist() == [0, 0]

    def test_a_sigmoid_of_ones_own_is_not_looked_through(self):
        def sigmoid(x):
            return 2 * x

        mine = tg.pointwise(sigmoid, lambda x: 2)
        g = tg.grad(lambda x: tg.log_loss(mine(x), np.ones(1)))(np.array([0.3]))
        assert np.isclose(g, -1 / 0.3, rtol=1e-14)

    def test_training_that_begins_with_certain_wrong_predictions(self):
        """Weights that are far off, in float32: every p is 0 or 1 and wrong, yet they learn."""
        rng = np.random.default_rng(0)
        x = rng.standard_normal((200, 3)).astype(np.float32)
        y = (x @ np.array([1, -2, 0.5]) > 0).astype(np.float32)
        w = np.array([-100, 200, -50], np.float32)
        gradient = tg.value_and_grad(lambda w: tg.log_loss(tg.sigmoid(x @ w), y))
        before = gradient(w)[0]
        for _ in range(600):
            w = w - np.float32(1.0) * gradient(w)[1]
        assert before > 10
        assert tg.log_loss(tg.sigmoid(x @ w), y) < 0.1

    @pytest.mark.parametrize("bound", [0, 0.5, -1e-3, np.nan, None, "1e-3", tg.Tensor(1e-3)])
    def test_bounds_that_are_none(self, bound):
        with pytest.raises(ValueError, match=r"log_loss: bound is a number above 0 and below 0\.5"):
            tg.log_loss(np.array([0.5]), np.array([1.0]), bound=bound)

    def test_a_bound_of_ones_own(self):
        p, y = np.array([0.0, 1.0]), np.array([1.0, 0.0])
        value, g = tg.value_and_grad(lambda p: tg.log_loss(p, y, "sum", np.float32(0.25)))(p)
        assert np.isclose(value, 2 * np.log(4), rtol=1e-15)
        assert g.tolist() == [-4, 4]


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


class TestCrossEntropy:
    def test_values_and_gradients_by_the_definition(self):
        rng = np.random.default_rng(0)
        z, k = 3 * rng.standard_normal((6, 4)), rng.integers(0, 4, 6)
        p = np.exp(z) / np.exp(z).sum(1, keepdims=True)
        onehot = np.eye(4)[k]
        losses = -np.log(p[np.arange(6), k])
        for labels in (k, k.astype(np.uint8), onehot, onehot.astype(int), onehot.astype(bool)):
            assert np.allclose(tg.cross_entropy(z, labels, "none"), losses, rtol=1e-13)
            assert np.isclose(tg.cross_entropy(z, labels), losses.mean(), rtol=1e-13)
            assert np.isclose(tg.cross_entropy(z, labels, "sum"), losses.sum(), rtol=1e-13)
            found = tg.grad(tg.cross_entropy)(z, labels)
            assert np.allclose(found, (p - onehot) / 6, rtol=1e-12, atol=1e-16)

    def test_distributions(self):
        rng = np.random.default_rng(1)
        z, y = rng.standard_normal((3, 5)), rng.dirichlet(np.ones(5), 3)
        p = np.exp(z) / np.exp(z).sum(1, keepdims=True)
        assert np.isclose(tg.cross_entropy(z, y, "sum"), -np.sum(y * np.log(p)), rtol=1e-13)
        by_z, by_y = tg.grad(lambda z, y: tg.cross_entropy(z, y, "sum"), (0, 1))(z, y)
        assert np.allclose(by_z, p - y, rtol=1e-12, atol=1e-15)
        assert np.allclose(by_y, -np.log(p), rtol=1e-12)

    @pytest.mark.parametrize("labels", [np.array([0, 1]), np.eye(2)])
    def test_extremes_in_float32(self, labels):
        z = np.array([[1000, -1000], [1000, -1000]], np.float32)
        with np.errstate(all="raise", under="ignore"):
            value, g = tg.value_and_grad(tg.cross_entropy)(z, labels.astype(labels.dtype))
        assert value == 1000
        assert g.tolist() == [[0, 0], [0.5, -0.5]]
        assert g.dtype == np.float32

    @pytest.mark.parametrize("dtype", [np.float32, np.float64])
    def test_a_class_that_is_ruled_out(self, dtype):
        z, k = np.array([[-np.inf, 0, 1], [0, 2, -np.inf]], dtype), np.array([1, 0])
        expected = tg.value_and_grad(tg.cross_entropy)(z, k)
        for labels in (np.eye(3, dtype=dtype)[k], np.eye(3, dtype=int)[k]):
            value, g = tg.value_and_grad(tg.cross_entropy)(z, labels)
            assert np.isclose(value, expected[0], rtol=1e-6)
            assert np.allclose(g, expected[1], rtol=1e-6, atol=0)
        assert np.isfinite(tg.grad(tg.cross_entropy, 1)(z, np.eye(3, dtype=dtype)[k])).all()
        assert tg.cross_entropy(z, np.eye(3, dtype=dtype)[[0, 0]]) == np.inf

    def test_more_axes_and_none(self):
        rng = np.random.default_rng(2)
        z, k = rng.standard_normal((2, 3, 4)), rng.integers(0, 4, (2, 3))
        flat = tg.cross_entropy(z.reshape(6, 4), k.reshape(6))
        assert np.isclose(tg.cross_entropy(z, k), flat, rtol=1e-14)
        assert np.isclose(tg.cross_entropy(z[0, 0], k[0, 0]), tg.cross_entropy(z[:1, 0], k[:1, 0]))

    def test_second_order(self):
        z, k = np.array([[0.3, -0.2, 0.9]]), np.array([2])
        p = np.exp(z[0]) / np.exp(z[0]).sum()
        v = np.array([[1.0, 2.0, -1.0]])
        _, hv = tg.jvp(tg.grad(lambda z: tg.cross_entropy(z, k)), [z], [v])
        assert np.allclose(hv[0], (np.diag(p) - np.outer(p, p)) @ v[0], rtol=1e-13)

    def test_an_empty_batch_has_a_sum(self):
        z, k = np.ones((0, 3)), np.ones(0, int)
        assert tg.cross_entropy(z, k, "sum") == 0
        assert tg.grad(lambda z: tg.cross_entropy(z, k, "sum"))(z).shape == (0, 3)

    @pytest.mark.parametrize(
        ("z", "labels", "error", "message"),
        [
            ((3, 4), np.array([0, 1, 4]), ValueError, "from 0 to 3 for 4 classes, not 0 to 4"),
            ((3, 4), np.array([0, -1, 2]), ValueError, "not -1 to 2"),
            ((3, 4), np.array([0.0, 1.0, 2.0]), TypeError, r"float64 choose no class.*astype"),
            ((3, 4), np.array([0, 1]), ValueError, r"need labels of shape \(3,\)"),
            ((3, 4), np.zeros((3, 1), int), ValueError, r"not \(3, 1\)"),
            (
                (2, 5, 4, 4),
                np.zeros((2, 4, 4), int),
                ValueError,
                r"use np\.moveaxis\(logits, 1, -1\)",
            ),
            ((3, 4), np.ones((3, 4)), ValueError, "sums of 4 to 4"),
            ((3, 2), np.array([[2.0, -1.0]] * 3), ValueError, "at least 0"),
            ((3, 2), np.full((3, 2), np.nan), ValueError, "sums of nan"),
            ((0, 4), np.zeros(0, int), ValueError, "have no mean loss"),
            ((3, 0), np.zeros(3, int), ValueError, "have no mean loss"),
        ],
    )
    @pytest.mark.parametrize("kind", [np.asarray, Tensor])
    def test_messages(self, z, labels, error, message, kind):
        with pytest.raises(error, match=f"cross_entropy: .*{message}"):
            tg.cross_entropy(kind(np.zeros(z)), labels)

    def test_other_messages(self):
        with pytest.raises(ValueError, match="reduction must be"):
            tg.cross_entropy(np.zeros((1, 2)), np.array([0]), "max")
        with pytest.raises(TypeError, match="logits are real floating numbers, not of dtype int64"):
            tg.cross_entropy(np.zeros((1, 2), int), np.array([0]))
        with pytest.raises(TypeError, match="'classes' has no derivative"):
            class_losses(np.zeros((1, 2)), Tensor([0.0]))


class TestLogisticLoss:
    def test_logistic_loss_does_not_cancel(self):
        z = np.array([40.0, -40.0, 30.0])
        y = np.array([1.0, 0.0, 1.0])
        assert np.allclose(losses.logistic_loss(z, y), np.exp(-np.abs(z)), rtol=1e-12, atol=0)

    def test_the_mean_of_the_logistic_loss(self):
        rng = np.random.default_rng(0)
        z, y = rng.standard_normal((7, 3)), rng.random((7, 3))
        expected = np.mean(losses.logistic_loss(z, y))
        assert np.isclose(losses.mean_logistic_loss(z, y), expected, rtol=1e-15)
        one = losses.mean_logistic_loss(z[:1, :1], y[:1, :1])
        assert np.isclose(one, losses.logistic_loss(z[0, 0], y[0, 0]), rtol=1e-15)

    @pytest.mark.parametrize("dtype", [np.float16, np.float32, np.float64, np.longdouble])
    @pytest.mark.parametrize("z", [-1000.0, -30.0, -0.5, 0.0, 0.5, 30.0, 1000.0])
    def test_one_number_is_as_many(self, z, dtype):
        """One logit goes its own way, with Python's floats: as exact, without a warning."""
        for y in (0.0, 0.25, 1.0):
            one, two = np.full((1, 1), z, dtype), np.full((1, 1), y, dtype)
            twice = np.concatenate([one, one]), np.concatenate([two, two])
            with np.errstate(all="raise", under="ignore"):
                loss = losses.mean_logistic_loss(one, two)
                residual = losses.logistic_residual(one, two)
            with np.errstate(over="ignore"):  # the rules run where overflow is ignored
                many = losses.logistic_residual(*twice)[:1]
            assert loss.dtype == residual.dtype == dtype
            assert residual.shape == (1, 1)
            roundings = 4 * float(np.finfo(dtype).eps)
            expected = losses.mean_logistic_loss(*twice)
            assert np.isclose(loss, expected, rtol=roundings, atol=1e-300)
            assert np.isclose(residual, many, rtol=0, atol=roundings)

    def test_one_logit_that_is_no_number(self):
        nan = np.array([np.nan])
        assert np.isnan(losses.mean_logistic_loss(nan, np.ones(1)))
        assert np.isnan(losses.logistic_residual(nan, np.ones(1))).all()
        assert losses.mean_logistic_loss(np.array([-np.inf]), np.ones(1)) == np.inf


def test_the_gradient_is_that_of_the_loss_that_is_reported():
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


@refused_arguments.each("core.losses")
def test_odd_arguments_are_refused(call, told):
    refused_arguments.check(call, told)
