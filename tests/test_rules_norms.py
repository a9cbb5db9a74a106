"""Norms and condition numbers: every order, both modes, kinks, extremes, messages."""

import numpy as np
import pytest
from matrices import close, gradient_by_differences, matrix_with

import tinygrad_np as tg
from tinygrad_np import Tensor

norm = np.linalg.norm
VECTOR_ORDERS = [None, 2, 1, np.inf, -np.inf, 0, 3, 0.5, -1, -2, 2.5]
MATRIX_ORDERS = [None, "fro", "nuc", 1, -1, 2, -2, np.inf, -np.inf]


class TestAtZero:
    @pytest.mark.parametrize("ord", VECTOR_ORDERS)
    def test_the_gradient_of_a_vector_is_zero_and_so_is_the_next(self, ord):
        with np.errstate(all="ignore"):
            assert not np.any(tg.grad(lambda x: norm(x, ord))(np.zeros(3)))
            second = tg.grad(lambda x: np.sum(tg.grad(lambda x: norm(x, ord))(x)))(np.zeros(3))
        assert not np.any(second)

    @pytest.mark.parametrize("ord", MATRIX_ORDERS)
    @pytest.mark.parametrize("shape", [(2, 2), (3, 2), (4, 2, 3)])
    def test_the_gradient_of_a_matrix_is_zero(self, ord, shape):
        axis = (-2, -1)
        gradient = tg.grad(lambda x: np.sum(norm(x, ord, axis)))(np.zeros(shape))
        assert gradient.shape == shape
        assert not np.any(gradient)
        tangent = tg.jvp(lambda x: norm(x, ord, axis), [np.zeros(shape)], [np.ones(shape)])[1]
        assert not np.any(tangent)

    def test_one_zero_row_among_others(self):
        x = np.array([[0.0, 0.0], [3.0, 4.0]])
        gradient = tg.grad(lambda x: np.sum(norm(x, axis=1)))(x)
        assert np.array_equal(gradient, [[0, 0], [0.6, 0.8]])
        # of the second row: (1 − u uᵀ) (1, 1) / 5
        second = tg.grad(lambda x: np.sum(tg.grad(lambda x: np.sum(norm(x, axis=1)))(x)))(x)
        assert np.allclose(second, [[0, 0], [0.032, -0.024]])

    def test_complex(self):
        assert not np.any(tg.grad(norm)(np.zeros(2, complex)))
        assert np.allclose(tg.grad(norm)(np.array([3j, 4])), [-0.6j, 0.8])


class TestExtremes:
    def test_large_orders_neither_overflow_nor_vanish(self):
        x = np.array([3.0, -4.0, 1.0])
        for ord in (50, -50):
            gradient = tg.grad(lambda x, p=ord: norm(x, p))(x)
            assert close(gradient, gradient_by_differences(lambda x, p=ord: norm(x, p), x))

    def test_tiny_and_huge_elements(self):
        for scale in (1e-150, 1e150):
            assert np.allclose(tg.grad(norm)(scale * np.array([3.0, 4.0])), [0.6, 0.8])
            gradient = tg.grad(lambda x: norm(x, 3))(1e-30 * scale * np.ones(8) * 1e30 / scale)
            assert np.allclose(gradient, 0.25)

    @pytest.mark.parametrize("ord", [2, -2, "nuc"])
    def test_singular_values_that_coincide_or_vanish(self, ord):
        a = matrix_with(3, 3, (2, 2, 2))
        expected = a / 2 if ord == "nuc" else a / 6
        assert close(tg.grad(lambda a: norm(a, ord))(a), expected, 1e-14)
        low = matrix_with(3, 4, (2, 1, 0))
        u, _, vh = np.linalg.svd(low)
        expected = {2: np.outer(u[:, 0], vh[0]), -2: 0 * low, "nuc": u[:, :2] @ vh[:2]}[ord]
        assert np.allclose(tg.grad(lambda a: norm(a, ord))(low), expected, atol=1e-14)

    def test_the_second_derivative_of_the_nuclear_norm_where_values_coincide(self):
        # of the polar factor u @ vh, which is smooth there
        a = matrix_with(3, 3, (2, 2, 1))
        t = np.random.default_rng(0).standard_normal((3, 3))
        nuclear = tg.grad(lambda a: norm(a, "nuc"))
        found = tg.grad(lambda a: np.sum(t * nuclear(a)))(a)
        assert close(found, gradient_by_differences(lambda a: np.sum(t * nuclear(a)), a), 1e-7)


class TestArguments:
    @pytest.mark.parametrize("dtype", [np.float32, np.complex64])
    @pytest.mark.parametrize("ord", MATRIX_ORDERS)
    def test_single_precision_stays(self, dtype, ord):
        a = matrix_with(3, 2, (2, 1)).astype(dtype)
        value, gradient = tg.value_and_grad(lambda a: norm(a, ord))(a)
        assert value.dtype == np.float32
        assert gradient.dtype == dtype

    def test_an_order_that_is_a_tensor_raises(self):
        with pytest.raises(TypeError, match=r"np\.linalg\.norm.*'ord' has no derivative"):
            norm(Tensor([1.0]), Tensor(2.0))
        with pytest.raises(TypeError, match=r"np\.linalg\.cond.*'p' has no derivative"):
            np.linalg.cond(Tensor(np.eye(2)), Tensor(2.0))

    def test_orders_and_axes_that_numpy_refuses(self):
        for x, args in (
            (np.ones(2), ("fro",)),
            (np.ones((2, 2)), (3,)),
            (np.ones((2, 2, 2)), (2,)),
        ):
            with pytest.raises(ValueError, match="norm"):
                norm(Tensor(x), *args)
        for axis in (2, (2,), (0, 0), (-3, 1)):
            with pytest.raises(ValueError, match="axis"):
                np.linalg.vector_norm(Tensor(np.eye(2)), axis=axis)

    def test_empty(self):
        assert tg.grad(norm)(np.zeros(0)).shape == (0,)
        assert tg.grad(lambda x: np.sum(norm(x, axis=1)))(np.zeros((3, 0))).shape == (3, 0)
        assert tg.grad(lambda x: norm(x, "fro"))(np.zeros((0, 2))).shape == (0, 2)

    def test_negative_strides(self):
        x = np.arange(1.0, 7.0).reshape(2, 3)[::-1, ::-1]
        assert close(tg.grad(norm)(x), x / norm(x), 1e-15)
        assert close(tg.grad(lambda x: norm(x, 1))(x), np.sign(x) * [1, 0, 0], 1e-15)


class TestCond:
    STACK = np.array([np.ones((2, 2)), [[2.0, 0.0], [0.0, 1.0]]])

    def test_a_singular_matrix_leaves_the_others_of_a_stack_alone(self):
        def written_out(a):
            """Of two rows the condition number κ is the larger root of κ + 1/κ = Σa² / det a."""
            mean = np.sum(a**2) / (a[0, 0] * a[1, 1] - a[0, 1] * a[1, 0]) / 2
            return mean + np.sqrt(mean**2 - 1)

        one = np.ones((2, 2, 2))
        found = tg.hvp(lambda a: np.linalg.cond(a)[1], [self.STACK], [one])[0]
        expected = tg.hvp(written_out, [self.STACK[1]], [one[1]])[0]
        assert np.allclose(found, [np.zeros((2, 2)), expected], rtol=1e-12, atol=1e-12)

    @pytest.mark.parametrize("p", [None, 2, 1, "fro"])
    def test_a_singular_matrix_that_is_masked_out_has_gradient_zero(self, p):
        def f(a):
            found = np.linalg.cond(a, p)
            return np.sum(np.where(found < 1e10, found, 0))

        assert np.array_equal(tg.grad(f)(self.STACK)[0], np.zeros((2, 2)))

    @pytest.mark.parametrize("p", [None, 2, -2, 1, "fro"])
    def test_zeros_leave_the_others_of_a_stack_alone(self, p):
        """NumPy's value is inf with every p."""
        stack = np.array([np.zeros((2, 2)), self.STACK[1]])
        value, gradient = tg.value_and_grad(lambda a: np.sum(np.linalg.cond(a, p)))(stack)
        assert value == np.inf
        assert np.all(np.isnan(gradient[0]))
        assert close(gradient[1], tg.grad(lambda a: np.linalg.cond(a, p))(stack[1]), 1e-15)

    # NumPy itself raises with p = "nuc".
    @pytest.mark.parametrize("p", [1, -1, np.inf, -np.inf, "fro", None, 2, -2])
    def test_a_singular_matrix(self, p):
        singular = np.diag([1.0, 0.0])
        with np.errstate(all="ignore"):
            value, gradient = tg.value_and_grad(lambda a: np.linalg.cond(a, p))(singular)
        assert value == np.linalg.cond(singular, p)
        if p == -2:
            assert value == 0
            assert not np.any(gradient)
        else:
            assert value == np.inf
            assert np.all(np.isnan(gradient))

    def test_a_singular_matrix_in_a_stack_leaves_the_others_alone(self):
        a = matrix_with(2, 2, (3, 1))
        stack = np.stack([np.diag([1.0, 0.0]), a])
        for p in (1, 2):
            with np.errstate(all="ignore"):
                gradient = tg.grad(lambda a, p=p: np.sum(np.linalg.cond(a, p)))(stack)
            assert close(gradient[1], tg.grad(lambda a, p=p: np.linalg.cond(a, p))(a), 1e-14)

    @pytest.mark.parametrize("p", [None, 2])
    def test_a_matrix_that_is_singular_to_rounding_is_singular(self, p):
        gradient = tg.grad(lambda a: np.linalg.cond(a, p))(np.ones((2, 2)))
        assert np.all(np.isnan(gradient))
        assert not np.any(tg.grad(lambda a: np.linalg.cond(a, -2))(np.ones((2, 2))))

    @pytest.mark.parametrize("p", [1, -np.inf, "fro"])
    def test_a_singular_matrix_has_no_second_derivative_either(self, p):
        gradient = tg.grad(lambda a: np.linalg.cond(a, p))
        with np.errstate(all="ignore"):
            second = tg.grad(lambda a: np.sum(gradient(a)))(np.diag([1.0, 0.0]))
        assert np.all(np.isnan(second))

    @pytest.mark.parametrize("p", [None, 2, -2])
    def test_at_ties_the_second_derivative_is_that_of_shared_values(self, p):
        """Of mean(s)·mean(1/s), or its reciprocal: along diag(t, −t) that is 1 / (1 − t²)."""
        t = np.diag([1.0, -1.0])
        gradient = tg.grad(lambda a: np.linalg.cond(a, p))
        second = tg.grad(lambda a: np.sum(t * gradient(a)))(np.eye(2))
        assert np.allclose(second, -t if p == -2 else t, rtol=0, atol=1e-14)

    def test_the_unit_matrix_is_a_minimum(self):
        # All values tie for both ends and share: the gradient is that of a minimum.
        assert np.allclose(tg.grad(np.linalg.cond)(np.eye(3)), 0)


class TestMixedOrders:
    @pytest.mark.parametrize("ord", MATRIX_ORDERS)
    def test_forward_over_reverse_and_reverse_over_forward(self, ord):
        a = matrix_with(3, 3, (3, 2, 1))
        t = np.random.default_rng(1).standard_normal((3, 3))
        for loss in (lambda a: norm(a, ord) ** 2, lambda a: np.linalg.cond(a, ord)):
            expected = tg.grad(lambda a, f=loss: np.sum(t * tg.grad(f)(a)))(a)
            assert close(tg.jvp(tg.grad(loss), [a], [t])[1], expected, 1e-11)
            found = tg.grad(lambda a, f=loss: tg.jvp(f, [a], [t])[1])(a)
            assert close(found, expected, 1e-11)
