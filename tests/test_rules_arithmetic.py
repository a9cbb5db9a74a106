"""Arithmetic: extrema that ignore nan, signs and steps, squares, clip, remainders."""

import numpy as np
import pytest

import tinygrad_np as tg
from tinygrad_np import Tensor
from tinygrad_np.rules.arithmetic import multiply_no_nan, multiply_no_nan_both

INF, NAN = np.inf, np.nan
CLIP = np._core.umath.clip


class TestExtremaThatIgnoreNan:
    @pytest.mark.parametrize(("ufunc", "sign"), [(np.fmax, 1), (np.fmin, -1)], ids=["fmax", "fmin"])
    def test_python_numbers_and_broadcasting(self, ufunc, sign):
        x = sign * np.array([[1.0, NAN, 3.0]])
        gradient = tg.grad(lambda x: np.sum(ufunc(x, sign * 2.0)))(x)
        assert np.array_equal(gradient, [[0, 0, 1]])
        y = sign * np.array([[2.0], [NAN]])
        (by_x, by_y) = tg.vjp(ufunc, x, y)[1](np.ones((2, 3)))
        assert np.array_equal(by_x, [[1, 0.5, 2]])
        assert np.array_equal(by_y, [[2], [0.5]])

    def test_second_derivatives_are_zero(self):
        x = np.array([1.0, 2.0, NAN])
        of = lambda x: np.sum(np.fmax(x, 2.0) * np.fmin(x, 1.5))  # noqa: E731
        hessian = tg.hessian(of)(x)
        assert np.array_equal(hessian, np.zeros((3, 3)))

    def test_single_precision(self):
        x = np.array([1.0, NAN], np.float32)
        for of in (lambda x: np.fmax(x, 0.5), lambda x: np.fmin(2.0, x)):
            (g,) = tg.vjp(of, x)[1](np.ones(2, np.float32))
            assert g.dtype == np.float32
            assert np.array_equal(g, [1, 0])

    def test_complex_numbers_are_ordered_as_numpy_does(self):
        x, y = np.array([1 + 2j, 3 + 0j]), np.array([1 + 1j, 3 + 1j])
        by_x, by_y = tg.vjp(np.fmax, x, y)[1](np.ones(2, complex))
        assert np.array_equal(np.fmax(x, y), [x[0], y[1]])
        assert np.array_equal(by_x, [1, 0])
        assert np.array_equal(by_y, [0, 1])


class TestSignsAndSteps:
    def test_a_tensor_whose_value_does_not_matter_is_a_constant(self):
        sign = Tensor([2.0, -3.0])
        assert type(np.copysign(1.0, sign)) is np.ndarray
        assert type(np.heaviside(sign, 0.5)) is np.ndarray
        assert type(np.nextafter(1.0, sign)) is np.ndarray
        x = Tensor([3.0, 4.0])
        np.sum(np.copysign(x, sign)).backward()
        assert np.array_equal(x.grad, [1, -1])
        assert sign.grad is None

    def test_the_value_at_a_step_has_a_derivative(self):
        x, y = Tensor([-1.0, 0.0, 2.0]), Tensor(0.5)
        result = np.heaviside(x, y)
        assert np.array_equal(result.data, [0, 0.5, 1])
        result.sum().backward()
        assert y.grad == 1
        assert x.grad is None

    @pytest.mark.parametrize("exponent", [3, np.int8(3), [3, 3], np.array([3, 3], np.int32)])
    def test_ldexp(self, exponent):
        for dtype in (np.float32, np.float64):
            x = np.array([0.5, -1.5], dtype)
            (g,) = tg.vjp(lambda x: np.ldexp(x, exponent), x)[1](np.ones(2, dtype))
            assert g.dtype == dtype
            assert np.array_equal(g, [8, 8])

    def test_ldexp_beyond_the_largest_factor(self):
        assert tg.grad(lambda x: np.ldexp(x, 1030) * 1e-300)(1e-300) == np.ldexp(1e-300, 1030)

    def test_an_exponent_has_no_derivative(self):
        with pytest.raises(TypeError, match=r"np\.ldexp: 'exponent' has no derivative"):
            np.ldexp(1.0, Tensor(2.0))

    def test_kinks_of_the_second_order(self):
        x = np.array([-2.0, 0.0, 3.0])
        for of in (np.fabs, lambda x: np.copysign(x, -1.0), lambda x: np.nextafter(x, 9.0)):
            assert np.array_equal(tg.hessian(lambda x: np.sum(of(x) ** 2))(x)[2], [0, 0, 2])  # noqa: B023


class TestSquares:
    @pytest.mark.parametrize("two", [2, 2.0, np.float64(2), np.float32(2), 2 + 0j], ids=repr)
    @pytest.mark.parametrize("dtype", [np.float32, np.float64, np.complex128])
    def test_however_the_two_is_written(self, two, dtype):
        x = np.array([0.0, -3.0, 1.5], dtype)
        (g,) = tg.vjp(lambda x: x**two, x)[1](np.ones(3, (x**two).dtype))
        assert g.dtype == dtype
        assert g.tolist() == [0, -6, 3]
        (second,) = tg.vjp(tg.grad(lambda x: np.sum(np.real(x**two))), x)[1](np.ones(3, dtype))
        assert second.tolist() == [2, 2, 2]


class TestClip:
    def test_the_ufunc_is_the_function(self):
        rng = np.random.default_rng(0)
        x, low, high = rng.normal(size=(3, 4)), rng.normal(size=4) - 1, rng.normal(size=(3, 1))
        for one, other in zip(
            tg.vjp(CLIP, x, low, high)[1](x), tg.vjp(np.clip, x, low, high)[1](x), strict=True
        ):
            assert np.array_equal(one, other)

    def test_its_name_and_outputs(self):
        with pytest.raises(TypeError, match=r"np\._core\.umath\.clip: the argument 'out'"):
            CLIP(Tensor(1.0), 0.0, 1.0, np.zeros(()))

    @pytest.mark.parametrize(
        "of",
        [
            lambda x: np.clip(x, 0, 1), lambda x: np.clip(x, None, 1),
            lambda x: np.clip(x, 0, None),
            lambda x: np.clip(x, min=0, max=1), lambda x: x.clip(0, 1), lambda x: x.clip(max=1),
            lambda x: np.clip(x, 0, 1, dtype=np.float32), lambda x: np.clip(a=x, a_min=0, a_max=1),
        ],
    )  # fmt: skip
    def test_its_forms(self, of):
        x = np.array([-1.0, 0.5, 2.0])
        try:
            expected = of(x)
        except TypeError:  # NumPy 2.0 knows neither min= nor max=
            assert np.lib.NumpyVersion(np.__version__) < "2.1.0"
            return
        result = of(Tensor(x))
        assert result.dtype == expected.dtype
        assert np.array_equal(result.data, expected)


class TestPowersAndRemainders:
    def test_the_mixed_derivative_of_a_power_at_exponent_0(self):
        one = tg.grad(lambda y: tg.grad(lambda x: np.power(x, y))(2.0))(0.0)
        other = tg.grad(lambda x: tg.grad(lambda y: np.power(x, y))(0.0))(2.0)
        assert one == other == 0.5

    def test_fmod_by_its_divisor_where_the_quotient_rounds(self):
        assert np.fmod(1.0, 0.1) > 0.09
        assert tg.grad(lambda y: np.fmod(1.0, y))(0.1) == -9

    def test_two_numbers_as_operands_called_more_than_once(self):
        h = tg.grad(tg.grad(lambda x: np.hypot(x, x + 1)))
        assert h(2.0) == h(2.0) == h(2.0)


class TestDtypes:
    def test_complex64_and_pythons_complex_numbers(self):
        z = np.array([1 + 1j], np.complex64)
        for f in (lambda z: z**1j, lambda z: 1j**z):
            y, pull = tg.vjp(f, z)
            assert y.dtype == pull(np.ones_like(y))[0].dtype == np.complex64


class TestProducts:
    def test_zero_times_anything(self):
        bad = np.array([np.inf, -np.inf, np.nan, 1.0])
        assert multiply_no_nan(np.zeros(4), bad).tolist() == [0, 0, 0, 0]
        assert np.isnan(multiply_no_nan(bad, np.zeros(4))[:3]).all()
        assert multiply_no_nan_both(bad, np.zeros(4)).tolist() == [0, 0, 0, 0]
        assert multiply_no_nan_both(np.zeros(4), bad).tolist() == [0, 0, 0, 0]
