"""Bugs that were found by trying: each test fails without its fix."""

import numpy as np
import pytest

import tinygrad_np as tg
from tinygrad_np import Tensor

A = np.array


class TestWhatIsConstantAndWhatIsNot:
    def test_the_value_of_an_inner_transform_that_is_an_outer_variable(self):
        inner = lambda c: tg.value_and_grad(lambda x: c)(A(1.0))[0]  # noqa: E731
        assert tg.grad(inner)(2.0) == 1

        def outer(c):
            d = c * c
            return 3 * tg.value_and_grad(lambda x: d)(A(1.0))[0]

        assert tg.grad(outer)(2.0) == 12
        w = Tensor(2.0)
        u = w * w
        assert type(tg.value_and_grad(lambda z: u)(1.0)[0]) is Tensor

    @pytest.mark.parametrize(
        ("f", "expected"),
        [
            (lambda y: tg.grad(lambda x: x * x * y * y)(2.0), 24),
            (lambda y: tg.jvp(lambda z: y * z**2, [2.0], [1.0])[1], 4),
            (lambda y: tg.vjp(lambda z: y * z**2, 2.0)[1](np.ones(()))[0], 4),
            (lambda y: tg.jacobian(lambda z: y * z**2)(2.0), 4),
            (lambda y: tg.grad(lambda x: tg.grad(lambda z: np.sin(x * z) * y)(1.0))(2.0), None),
        ],
    )
    def test_numbers_in_arrays_out_however_deeply_nested(self, f, expected):
        g = tg.grad(f)(3.0)
        assert type(g) is np.ndarray
        value, g = tg.value_and_grad(f)(3.0)
        assert type(value) is type(g) is np.ndarray
        if expected is not None:
            assert g == expected
        assert type(tg.grad(tg.grad(f))(3.0)) is np.ndarray

    def test_a_parameters_name_makes_no_constant_of_a_users_operand(self):
        f = tg.pointwise(lambda x, condition: x * condition, lambda condition: condition)
        with pytest.raises(TypeError, match="'condition' has no derivative"):
            tg.grad(lambda c: np.sum(f(A([1.0, 2.0]), c)))(A([1.0, 2.0]))

    def test_an_argument_named_twice(self):
        for argnums, args in (((0, 0), (1.0,)), ((1, -1), (1.0, 2.0))):
            with pytest.raises(ValueError, match="names an argument twice"):
                tg.grad(lambda *args: args[0], argnums)(*args)
        assert tg.grad(lambda x, y: x * y, np.int64(1))(2.0, 3.0) == 2
        with pytest.raises(TypeError, match="argnums is an integer or a tuple of integers"):
            tg.grad(np.sin, 0.5)


class TestDerivatives:
    def test_second_order_through_a_mean_that_is_not_the_last_step(self):
        """The rule of mean runs on a Tensor cotangent there."""
        x = A([[1.0, 2.0], [3.0, 4.0]])
        found = tg.hessian(lambda x: np.mean(x) ** 2)(x)
        assert np.allclose(found, np.full((2, 2, 2, 2), 2 / 16), rtol=1e-14)
        found = tg.hessian(lambda x: np.sum(np.mean(x, axis=0, where=x > 1.5) ** 2))(x)
        assert np.allclose(found[1, 0, 1], [2, 0], rtol=1e-14)
        assert np.allclose(found[0, 1, :, 1], [0.5, 0.5], rtol=1e-14)
        z = A([0.5, -1.0])
        loss = lambda z: tg.log_loss_with_logits(z, A([1.0, 0.0])) ** 2  # noqa: E731
        value, slope = tg.value_and_grad(tg.log_loss_with_logits)(z, A([1.0, 0.0]))
        curvature = np.diag(np.exp(-z) / (1 + np.exp(-z)) ** 2 / 2)
        expected = 2 * np.outer(slope, slope) + 2 * value * curvature
        assert np.allclose(tg.hessian(loss)(z), expected, rtol=1e-13)

    @pytest.mark.parametrize("z", [-1.8 - 0.18j, -1.8 + 0.18j, 0.3 - 2j, 2.0 + 0.1j])
    def test_arccosh_on_the_whole_plane(self, z):
        (g,) = tg.vjp(np.arccosh, A(z))[1](A(1 + 0j))
        h = 1e-6
        assert np.isclose(g, (np.arccosh(z + h) - np.arccosh(z - h)) / (2 * h), rtol=1e-7)

    def test_take_reads_booleans_as_numbers(self):
        f = lambda x: np.sum(np.take(x, [True, True]) * A([1.0, 10.0]))  # noqa: E731
        assert tg.grad(f)(A([1.0, 2.0])).tolist() == [0, 11]

    def test_the_mixed_derivative_of_a_power_at_exponent_0(self):
        one = tg.grad(lambda y: tg.grad(lambda x: np.power(x, y))(2.0))(0.0)
        other = tg.grad(lambda x: tg.grad(lambda y: np.power(x, y))(0.0))(2.0)
        assert one == other == 0.5

    def test_fmod_by_its_divisor_where_the_quotient_rounds(self):
        assert np.fmod(1.0, 0.1) > 0.09
        assert tg.grad(lambda y: np.fmod(1.0, y))(0.1) == -9

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
        assert np.isclose(tg.grad(f)(A(x, dtype)), expected, rtol=rtol, atol=0)
        many = tg.grad(lambda z: np.sum(f(z)))(np.full(4, x, dtype))
        if f in (tg.sigmoid, np.expm1, np.tanh):
            assert np.allclose(many, expected, rtol=rtol, atol=0)
        else:  # means
            assert np.allclose(4 * many, expected, rtol=rtol, atol=0)

    def test_means_of_many_numbers_in_float16(self):
        x = np.ones(70_000, np.float16)
        expected = np.float16(1 / 70_000)
        assert (tg.grad(np.mean)(x) == expected).all()
        z = np.zeros(200_000, np.float16)
        value, g = tg.value_and_grad(tg.log_loss_with_logits)(z, z)
        assert np.isclose(value, np.log(2), rtol=1e-3)
        assert (g > 0).all()

    def test_two_numbers_as_operands_called_more_than_once(self):
        h = tg.grad(tg.grad(lambda x: np.hypot(x, x + 1)))
        assert h(2.0) == h(2.0) == h(2.0)


class TestDtypes:
    @pytest.mark.parametrize(
        "f",
        [
            lambda t: np.exp(t, dtype=np.float32),
            lambda t: np.multiply(t, 2.0, dtype=np.float64),
            lambda t: np.matmul(t, t, dtype=np.float64),
        ],
    )
    def test_the_dtype_of_a_ufunc(self, f):
        x = np.eye(3)
        y, pull = tg.vjp(f, x)
        assert y.dtype == f(x).dtype
        assert np.array_equal(y, f(x))
        assert pull(np.ones_like(y))[0].dtype == np.float64

    def test_complex64_and_pythons_complex_numbers(self):
        z = A([1 + 1j], np.complex64)
        for f in (lambda z: z**1j, lambda z: 1j**z):
            y, pull = tg.vjp(f, z)
            assert y.dtype == pull(np.ones_like(y))[0].dtype == np.complex64

    def test_another_byte_order(self):
        x = np.arange(3.0).astype(">f8")
        for f in (np.max, lambda x: np.sum(x[1:] ** 2), lambda x: np.sum(np.take(x, [0]) ** 2)):
            assert tg.grad(lambda x, f=f: np.sum(tg.grad(f)(x) * x))(x).shape == (3,)
            assert tg.grad(f)(x).dtype.isnative
        assert Tensor(x).dtype.isnative

    def test_complex_numbers_are_not_cut_down(self):
        with pytest.raises(TypeError, match="complex numbers do not fit into float64"):
            Tensor(1 + 2j, dtype=float)

    @pytest.mark.parametrize(
        "call",
        [
            lambda m: tg.grad(lambda x: np.sum(x * x))(m),
            lambda m: tg.vjp(lambda x: x, np.ones(2))[1](m),
            lambda m: tg.dense(m.reshape(1, 2), np.ones((2, 1))),
            lambda m: tg.conv1d(m.reshape(1, 2, 1), np.ones((1, 1, 1))),
        ],
    )
    def test_masked_arrays_are_refused_everywhere(self, call):
        with pytest.raises(TypeError, match="masked array"):
            call(np.ma.array([1.0, 2.0], mask=[False, True]))


class TestFunctionsFromOutside:
    def test_a_function_cannot_write_into_a_tensor_by_keyword(self):
        def f(x, s=1.0, y=2.0):
            y *= 0
            return x + y

        wrong = tg.linear(f, lambda g: g, y=lambda g: g, broadcasts=True)
        u = Tensor([3.0, 4.0])
        with pytest.raises(ValueError, match="read-only"):
            wrong(Tensor([1.0, 2.0]), y=u)
        assert u.tolist() == [3, 4]

    def test_a_result_that_the_function_uses_again(self):
        buffer = np.zeros(2)

        def f(x):
            buffer[:] = 2 * x
            return buffer

        doubled = tg.linear(f, lambda g: 2 * g)
        one, two = doubled(Tensor([1.0, 2.0])), doubled(Tensor([5.0, 6.0]))
        assert one.tolist() == [2, 4]
        assert two.tolist() == [10, 12]

    def test_a_rule_that_gives_away_an_array(self):
        matrix = np.ones(2)
        f = tg.linear(lambda x: x, lambda g: matrix)
        g = tg.grad(lambda x: np.sum(f(x)))(np.ones(2))
        g[:] = 7
        assert matrix.tolist() == [1, 1]
        x = np.ones(2)
        square = tg.general(lambda x: x * x / 2, (lambda g, x: x, lambda t, x: t * x))
        assert tg.grad(lambda x: np.sum(square(x)))(x) is not x

    def test_factors_that_are_functions_of_ours_and_bound_methods(self):
        softplus = tg.pointwise(lambda x: np.log1p(np.exp(x)), tg.sigmoid)
        assert np.isclose(tg.grad(softplus)(0.3), tg.sigmoid(0.3))

        class Scale:
            k = 3.0

            def apply(self, x):
                return self.k * x

            def slope(self, x):
                return self.k + 0 * x

        scale = Scale()
        assert tg.grad(tg.pointwise(scale.apply, scale.slope))(2.0) == 3


class TestWhatIsRefused:
    def test_positional_out_of_a_constant_function(self):
        buffer = np.full(2, 9.0)
        with pytest.raises(TypeError, match=r"np\.round: the argument 'out'"):
            np.round(Tensor([1.4, 2.6]), 0, buffer)
        assert buffer.tolist() == [9, 9]

    def test_where_of_a_comparison(self):
        with pytest.raises(TypeError, match="'where': what it leaves out is undefined"):
            np.less(Tensor([1.0, 2.0]), 1.5, where=A([True, False]))

    def test_a_bound_given_by_two_names(self):
        with pytest.raises(TypeError, match="given twice"):
            np.clip(Tensor([1.0]), a_min=0.0, a_max=2.0, min=0.5)

    def test_a_matrix_product_into_an_array(self):
        b = np.eye(2)
        with pytest.raises(TypeError, match=r"np\.matmul: the argument 'out'"):
            b @= Tensor(np.eye(2))

    def test_a_list_is_no_number(self):
        with pytest.raises(TypeError, match="must return a single real number, not \\["):
            tg.grad(lambda x: [x])(1.0)

    def test_a_named_tuple_in_a_constant_call(self):
        from typing import NamedTuple

        class Pair(NamedTuple):
            a: float
            b: float

        assert np.array_equal(Tensor([1.0, 2.0]), Pair(1.0, 2.0))

    def test_a_window_larger_than_the_image(self):
        with pytest.raises(ValueError, match="a 3×3 window does not fit the 2×2 image"):
            tg.windows(np.ones((1, 2, 2, 1)), 3)
        assert tg.windows([[[1.0], [2.0]]], 2).shape == (1, 1, 2, 1)
        assert not tg.windows(np.ones((1, 4, 4, 1)), 2).flags.writeable

    def test_a_subclass_of_dict_stays_one(self):
        class Params(dict):
            pass

        g = tg.grad(lambda p: p["a"] * 2)(Params(a=1.0))
        assert type(g) is Params


def test_a_mean_is_differentiated_twice():
    """Its rule divides a cotangent that is a Tensor itself."""
    hessian = tg.hessian(lambda x: np.mean(x) ** 2)(np.arange(4.0))
    assert np.array_equal(hessian, np.full((4, 4), 0.125))


def test_arccosh_left_of_the_imaginary_axis():
    """√(z − 1)·√(z + 1) is not √((z − 1)(z + 1)) there."""
    z, h = -1.5 + 0.3j, 1e-6
    t = Tensor(np.array(z))
    np.real(np.arccosh(t)).backward()
    assert t.grad == pytest.approx((np.arccosh(z + h) - np.arccosh(z - h)) / (2 * h), rel=1e-8)
