"""Variances of equal values, averages, correlations; messages."""

import numpy as np
import pytest

import tinygrad_np as tg
from tinygrad_np import Tensor

NAN = np.nan


def hessian(function, x):
    return tg.hessian(function)(np.asarray(x))


class TestEqualValues:
    @pytest.mark.parametrize("value", [0.1, 1 / 3, 0.7, 1e-200, 1e150, -7.3, 0.0])
    @pytest.mark.parametrize("n", [1, 2, 3, 7, 10, 49, 1000])
    def test_the_gradient_of_std_is_0_though_the_mean_is_rounded(self, value, n):
        x = np.full(n, value)
        assert not tg.grad(np.std)(x).any()
        assert not tg.grad(lambda x: np.std(x, where=np.arange(n) % 3 < 2))(x).any()
        assert not tg.grad(np.nanstd)(np.append(x, NAN)).any()

    @pytest.mark.parametrize("dtype", [np.float16, np.float32])
    def test_in_lower_precision(self, dtype):
        x = np.full((3, 11), 0.1, dtype)
        gradient = tg.grad(lambda x: np.sum(np.std(x, axis=1)))(x)
        assert gradient.dtype == dtype
        assert not gradient.any()

    @pytest.mark.parametrize("dtype", [np.float32, np.float64])
    def test_the_gradient_of_std_is_0_where_the_squares_are(self, dtype):
        x = np.array([1, 3], dtype) * (1e-170 if dtype is np.float64 else 1e-23)
        assert np.std(x) == 0
        assert not tg.grad(np.std)(x).any()
        assert not tg.hvp(np.std, [x], [x])[0].any()

    @pytest.mark.parametrize("function", [np.std, np.nanstd])
    def test_the_second_order_is_0(self, function):
        assert not hessian(function, np.full(3, 0.1)).any()

    def test_only_lines_of_equal_values_are_at_the_kink(self):
        x = np.array([[0.1, 0.1, 0.1], [1.0, 2.0, 3.0]])
        gradient = tg.grad(lambda x: np.sum(np.std(x, axis=1)))(x)
        assert not gradient[0].any()
        assert np.allclose(gradient[1], np.array([-1, 0, 1]) / np.sqrt(6), rtol=1e-15, atol=1e-16)

    def test_about_a_mean_that_is_given(self):
        x = np.array([2.0, 2.0])
        assert not tg.grad(lambda x: np.std(x, mean=[2.0]))(x).any()
        assert tg.grad(lambda x: np.std(x, mean=[1.0]))(x).tolist() == [0.5, 0.5]
        assert tg.grad(lambda m: np.sum(np.std(x, mean=m)))(np.array([1.0])).tolist() == [-1]

    def test_whole_numbers_about_a_mean_that_is_a_variable(self):
        gradient = tg.grad(lambda m: np.sum(np.std([3, 1], mean=m)))(np.array([1.0]))
        assert gradient == pytest.approx([-(0.5**0.5)])
        assert tg.grad(lambda m: np.std(3, mean=m))(1.0) == -1

    @pytest.mark.parametrize("function", [np.var, np.std, np.nanvar, np.nanstd])
    def test_a_mean_of_another_dtype(self, function):
        x, mean = Tensor(np.array([1.0, 2.0], np.float32)), Tensor([1.0])
        np.sum(function(x, mean=mean)).backward()
        assert x.grad.dtype == np.float32
        assert mean.grad.dtype == np.float64

    @pytest.mark.parametrize("function", [np.var, np.std, np.nanvar, np.nanstd])
    def test_another_dtype_in_forward_mode(self, function):
        z, t = np.array([1.0, 2.0j, 5.0]), np.array([1.0, 0.5j, -1.0])
        found = tg.jvp(lambda z: function(z, dtype=complex), [z], [t])[1]
        assert found.dtype == complex
        assert found == pytest.approx(tg.jvp(function, [z], [t])[1])


class TestDegreesOfFreedom:
    def test_ddof_and_correction_are_one(self):
        x = np.array([1.0, 2.0, 4.0])
        by_ddof = tg.grad(lambda x: np.var(x, ddof=1))(x)
        assert by_ddof.tolist() == tg.grad(lambda x: np.var(x, correction=1))(x).tolist()
        with pytest.raises(TypeError, match=r"np\.var: .*'correction' was given twice"):
            np.var(Tensor(x), ddof=1, correction=1)

    def test_none_left(self):
        with (
            pytest.warns(RuntimeWarning, match="Degrees of freedom <= 0"),
            np.errstate(divide="ignore"),
        ):
            variance = np.var(Tensor([1.0, 2.0]), ddof=2)
        variance.backward()  # without a warning of its own
        assert np.isinf(variance.data)

    def test_half_precision_counts_beyond_its_range(self):
        x = np.tile(np.array([0.0, 1.0], np.float16), 50_000)
        gradient = tg.grad(lambda x: np.sum(np.var(x, axis=0) * np.float16(1000)))(x)
        assert np.allclose(gradient[:2], [-0.01, 0.01], rtol=1e-2)


class TestAverage:
    def test_weights_that_sum_to_zero(self):
        with pytest.raises(ZeroDivisionError, match=r"np\.average: the weights sum to zero"):
            np.average(Tensor([1.0, 2.0]), weights=[1.0, -1.0])

    def test_weights_of_another_shape(self):
        x = Tensor(np.ones((2, 3)))
        with pytest.raises(TypeError, match=r"weights of shape \(3,\).*\(2, 3\) need.*'axis'"):
            np.average(x, weights=np.ones(3))
        with pytest.raises(ValueError, match=r"weights of shape \(3,\) do not fit.*axis 0"):
            np.average(x, 0, np.ones(3))

    def test_whole_numbers_with_weights_that_are_variables(self):
        weights = np.array([1.0, 3.0], np.float32)
        average = np.average([2, 4], weights=Tensor(weights))
        assert average.dtype == np.average([2, 4], weights=weights).dtype == np.float64
        assert average.data == 3.5


class TestCorrelations:
    def test_too_few_observations_warn_as_numpy_does(self):
        x = np.ones((2, 1))
        with pytest.warns(RuntimeWarning, match="Degrees of freedom"), np.errstate(all="ignore"):
            np.cov(Tensor(x))

    def test_what_numpy_takes_for_rows(self):
        """A y of one row stays as it is, whatever `rowvar` says; nothing has no covariance."""
        x, y = np.array([[1.0, 4.0], [2.0, 1.0], [0.5, 3.0]]), np.array([[1.0, 2.0, 4.0]])
        assert np.cov(Tensor(x), y, rowvar=False).shape == (3, 3)
        assert tg.grad(lambda y: np.sum(np.cov(x, y, rowvar=False)))(y).shape == (1, 3)
        assert np.cov(Tensor(np.ones((0, 2)))).shape == (0, 0)

    def test_in_single_precision_with_weights(self):
        x, weights = np.array([[1.0, 4.0, 3.0]], np.float32), np.array([1.0, 0.5, 2.0])
        options = {"aweights": weights, "dtype": np.float32}
        assert np.cov(Tensor(x), **options).data == np.cov(x, **options)

    def test_one_observation_in_single_precision(self):
        x = np.array([[1.0], [4.0]], np.float32)
        for options in ({"ddof": 0}, {"ddof": 0, "dtype": np.float32}):
            found, expected = np.cov(Tensor(x), **options), np.cov(x, **options)
            assert found.dtype == expected.dtype
            assert np.array_equal(found.data, expected)

    def test_ddof_is_a_whole_number(self):
        with pytest.raises(ValueError, match="ddof must be integer"):
            np.cov(Tensor(np.ones((2, 3))), ddof=0.5)

    @pytest.mark.parametrize("name", ["fweights", "aweights"])
    def test_weights_that_do_not_fit(self, name):
        x = Tensor(np.ones((2, 3)))
        with pytest.raises(RuntimeError, match=f"numbers of samples and {name}"):
            np.cov(x, **{name: [1, 2]})
        with pytest.raises(ValueError, match=f"{name} cannot be negative"):
            np.cov(x, **{name: [1, 2, -1]})

    def test_what_correlates_fully_stays_at_1_and_has_no_slope(self):
        x = np.array([[1.0, 2.0, 4.0], [0.5, 1.0, 2.0]])
        value, gradient = tg.value_and_grad(lambda x: np.corrcoef(x)[0, 1])(x)
        assert abs(value - 1) < 1e-15
        assert np.max(np.abs(gradient)) < 1e-15

    def test_one_variable_correlates_with_itself(self):
        assert np.corrcoef(Tensor([1.0, 2.0, 4.0])).data == 1


def test_methods_are_functions():
    x = Tensor([[1.0, 3.0], [2.0, 6.0]])
    assert x.var(axis=1, ddof=1).data.tolist() == [2, 8]
    assert x.std(0).data.tolist() == [0.5, 1.5]


def test_a_tensor_as_a_count():
    x = Tensor([1.0, 2.0, 6.0])
    with pytest.raises(TypeError, match=r"np\.var: 'ddof' has no derivative"):
        np.var(x, ddof=Tensor(1.0))
