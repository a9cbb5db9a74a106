"""The layers of the core on arrays and Tensors: dense, flatten, relu, sigmoid, softmax."""

import axes
import numpy as np
import pytest
import refused_arguments
import scipy.special
from scipy import special

import tinygrad_np as tg
from tinygrad_np import Tensor
from tinygrad_np.core import losses, network, rules
from tinygrad_np.rules import arithmetic


class TestElementwise:
    @pytest.mark.parametrize("dtype", [np.float16, np.float32, np.float64])
    def test_dtypes_are_kept(self, dtype):
        x = np.array([-1.5, 0.5], dtype)
        y = np.array([0, 1], dtype)
        for result in (
            network.relu(x), network.sigmoid(x), losses.logistic_loss(x, y),
            losses.logistic_residual(x, y), losses.bernoulli_loss(y / 2, y),
            losses.sigmoid_log_loss(x, y), losses.off_zero(y, dtype(1e-3)),
            arithmetic.xdivy(x, y + 1), rules.max_weight(x, y),
        ):  # fmt: skip
            assert result.dtype == dtype

    def test_relu(self):
        x = np.array([-np.inf, -1, -0.0, 0, 2, np.inf])
        assert network.relu(x).tolist() == [0, 0, 0, 0, 2, np.inf]
        assert np.isnan(network.relu(np.array([np.nan]))).all()

    def test_integers_become_floats(self):
        assert network.sigmoid(np.uint8(1)) == network.sigmoid(1.0)
        assert network.relu([-1, 2]).tolist() == [0, 2]
        assert network.relu(np.array([-1, 2])).dtype == np.float64

    def test_sigmoid_is_exact_on_both_sides(self):
        for x in (-700.0, -40.0, -1.0, 0.0, 1.0, 36.0):
            t = np.exp(np.longdouble(-abs(x)))
            exact = float((t if x < 0 else 1) / (1 + t))
            assert np.isclose(network.sigmoid(np.array(x)), exact, rtol=4e-16, atol=0)

    @pytest.mark.parametrize("dtype", [np.float32, np.float64])
    def test_extremes_give_no_warning_and_no_nan(self, dtype):
        z = np.array([-1000, -1000, 0, 1000, 1000, -np.inf, np.inf], dtype)
        y = np.array([0, 1, 1, 0, 1, 0, 1], dtype)
        with np.errstate(all="raise", under="ignore"):
            assert network.sigmoid(z).tolist() == [0, 0, 0.5, 1, 1, 0, 1]
            found = losses.logistic_loss(z[:5], y[:5])
        assert np.allclose(found, [0, 1000, np.log(2), 1000, 0], rtol=1e-6)

    def test_complex_numbers_have_no_order(self):
        with pytest.raises(TypeError, match=r"relu: takes real numbers, not .* complex"):
            network.relu(np.array([1j]))
        with pytest.raises(TypeError, match="sigmoid: takes real numbers"):
            network.sigmoid("a")


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


class TestSoftmaxOverAxes:
    """Ours against SciPy's, which are other code."""

    @pytest.mark.parametrize("shape", [shape for shape in axes.MANY if 0 not in shape])
    @pytest.mark.parametrize("name", ["softmax", "log_softmax", "logsumexp"])
    def test_values(self, name, shape):
        x = axes.drawn(shape)
        for axis in [*range(-len(shape), len(shape)), None]:
            if axis is None and name != "logsumexp":
                continue  # SciPy's takes that for all axes
            theirs = getattr(scipy.special, name)(x, axis)
            ours = getattr(tg, name)(x, axis)
            assert np.allclose(ours, theirs, rtol=1e-14, atol=0)
            assert np.shape(ours) == np.shape(theirs)

    @pytest.mark.parametrize("shape", [(2, 0), (0, 3), (0,), (0, 0)])
    def test_of_nothing(self, shape):
        x = np.zeros(shape, np.float32)
        for axis in range(len(shape)):
            rest = shape[:axis] + shape[axis + 1 :]
            total = tg.logsumexp(x, axis)
            assert (np.shape(total), total.dtype) == (rest, x.dtype)
            assert np.all(total == (-np.inf if shape[axis] == 0 else np.log(shape[axis])))
            for function in (tg.softmax, tg.log_softmax, tg.logsumexp):
                of = lambda x, f=function, axis=axis: np.sum(f(x, axis=axis))  # noqa: E731
                assert tg.grad(of)(x).shape == shape
                assert tg.jvp(of, [x], [x])[1] == 0 or function is tg.logsumexp
        assert tg.logsumexp(x) == -np.inf
        with pytest.raises(ValueError, match=r"np\.max: zero-size array to reduction"):
            np.max(Tensor(x))


class TestTails:
    @pytest.mark.parametrize("dtype", [np.float32, np.float64])
    @pytest.mark.parametrize(
        ("f", "x", "expected"),
        [
            (tg.sigmoid, 40.0, np.exp(-40.0)),
            (tg.sigmoid, -40.0, np.exp(-40.0)),
            (tg.sigmoid, 17.5, np.exp(-17.5) / (1 + np.exp(-17.5)) ** 2),
            (np.expm1, -40.0, np.exp(-40.0)),
            (np.tanh, 10.0, 1 / np.cosh(10.0) ** 2),
            (lambda z: tg.log_loss_with_logits(z, np.ones_like(z)), 18.0, -1 / (1 + np.exp(18))),
            (lambda z: tg.log_loss_with_logits(z, np.zeros_like(z)), -18.0, 1 / (1 + np.exp(18))),
        ],
    )
    def test_tails_do_not_round_to_zero(self, f, x, expected, dtype):
        rtol = 1e-13 if dtype == np.float64 else 1e-6
        assert np.isclose(tg.grad(f)(np.array(x, dtype)), expected, rtol=rtol, atol=0)
        many = tg.grad(lambda z: np.sum(f(z)))(np.full(4, x, dtype))
        if f in (tg.sigmoid, np.expm1, np.tanh):
            assert np.allclose(many, expected, rtol=rtol, atol=0)
        else:  # means
            assert np.allclose(4 * many, expected, rtol=rtol, atol=0)


def test_softmax_and_cross_entropy_of_large_logits():
    z = np.array([[1000.0, 0.0]])
    assert tg.softmax(z).tolist() == [[1, 0]]
    for labels in (np.array([1]), np.array([[0.0, 1.0]])):
        value, g = tg.value_and_grad(tg.cross_entropy)(z, labels)
        assert value == 1000
        assert g.tolist() == [[1, -1]]


@refused_arguments.each("core.network")
def test_odd_arguments_are_refused(call, told):
    refused_arguments.check(call, told)
