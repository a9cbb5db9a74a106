"""Quantiles by both arguments: slopes, jumps, weights, ties, axes."""

import numpy as np
import pytest

import tinygrad_np as tg
from tinygrad_np import Tensor

NAN = np.nan


CONTINUOUS = (
    "linear",
    "hazen",
    "weibull",
    "median_unbiased",
    "normal_unbiased",
    "interpolated_inverted_cdf",
)


JUMPING = (
    "inverted_cdf",
    "averaged_inverted_cdf",
    "closest_observation",
    "lower",
    "higher",
    "midpoint",
    "nearest",
)


class TestQuantiles:
    X = (3.0, 1.0, 7.0, 4.0, 9.0)

    @pytest.mark.parametrize("method", CONTINUOUS)
    @pytest.mark.parametrize("q", [0.0, 0.05, 0.33, 0.5, 0.71, 0.97, 1.0])
    def test_by_q_it_has_the_slope_of_its_piece(self, method, q):
        h = 1e-7 if q < 1 else -1e-7
        slope = (
            np.quantile(self.X, q + h, method=method) - np.quantile(self.X, q, method=method)
        ) / h
        found = tg.grad(lambda q: np.quantile(self.X, q, method=method))(q)
        assert found == pytest.approx(slope, rel=1e-6, abs=1e-6)

    @pytest.mark.parametrize("method", JUMPING)
    def test_where_it_jumps_it_is_constant_in_between(self, method):
        assert tg.grad(lambda q: np.quantile(self.X, q, method=method))(0.37) == 0

    @pytest.mark.parametrize("method", JUMPING)
    def test_by_q_alone_a_jump_gives_a_plain_array(self, method):
        for x in (list(self.X), np.array([3, 1, 2])):
            assert not isinstance(np.quantile(x, Tensor(0.37), method=method), Tensor)
        assert isinstance(np.quantile(Tensor(self.X), Tensor(0.37), method=method), Tensor)

    @pytest.mark.parametrize("method", CONTINUOUS + JUMPING)
    @pytest.mark.parametrize("q", [0.0, 0.1, 0.2, 0.25, 0.5, 0.6, 1.0])
    @pytest.mark.parametrize("dtype", [np.float64, np.float32])
    def test_the_weights_are_those_of_the_value(self, method, q, dtype):
        """Also at a q where a method jumps: Σ wᵢxᵢ is the quantile, and Σ wᵢ is 1."""
        x = np.array(self.X * 2, dtype) + np.arange(10, dtype=dtype) / 16
        value, weights = tg.value_and_grad(lambda x: np.quantile(x, q, method=method))(x)
        assert weights.dtype == dtype
        assert np.sum(weights) == pytest.approx(1, rel=1e-5)
        assert np.sum(weights * x) == pytest.approx(value, rel=1e-5)

    def test_of_whole_numbers_by_q(self):
        assert tg.grad(lambda q: np.quantile([3, 1, 2], q))(0.3) == 2
        assert tg.grad(lambda q: np.percentile(np.array([3, 1, 2]), q))(30.0) == 0.02

    def test_the_mixed_second_derivative(self):
        """∂²/∂q ∂x of the linear piece between the second and the third of three."""

        def mixed(q):
            return tg.grad(lambda x: np.quantile(x, q))(np.array([5.0, 1.0, 2.0]))

        assert tg.jacobian(mixed)(np.array(0.75)).tolist() == [2, 0, -2]

    def test_ties_by_a_stable_sort(self):
        assert tg.grad(np.median)(np.array([1.0, 1.0, 1.0, 1.0])).tolist() == [0, 0.5, 0.5, 0]

    def test_a_nan_makes_the_gradient_nan(self):
        assert np.isnan(tg.grad(np.median)(np.array([1.0, NAN, 2.0]))).any()
        assert np.isnan(tg.grad(lambda x: np.quantile(x, 0.4))(np.array([1.0, NAN, 2.0]))).any()
        assert np.isnan(tg.grad(lambda q: np.quantile(np.array([1.0, NAN]), q))(0.5))

    def test_nothing_is_overwritten(self):
        x = Tensor([3.0, 1.0, 2.0])
        assert np.median(x, overwrite_input=True).data == 2
        assert np.nanquantile(x, 0.5, overwrite_input=True).data == 2
        assert x.data.tolist() == [3, 1, 2]

    def test_many_elements_in_single_precision(self):
        x = np.arange(100_001, dtype=np.float32)
        weights = tg.grad(lambda x: np.quantile(x, 0.3000037))(x)
        assert np.flatnonzero(weights).tolist() in ([30000, 30001], [30000])
        assert weights.sum() == 1

    def test_weights_may_be_a_tensor_but_are_constant(self):
        x, weights = Tensor([1.0, 2.0, 3.0]), Tensor([1.0, 1.0, 5.0])
        quantile = np.quantile(x, 0.5, weights=weights, method="inverted_cdf")
        quantile.backward()
        assert quantile.data == 3
        assert x.grad.tolist() == [0, 0, 1]
        assert weights.grad is None

    def test_empty_arrays(self):
        with pytest.warns(RuntimeWarning, match="Mean of empty slice"), np.errstate(all="ignore"):
            assert tg.grad(lambda x: np.sum(np.median(x, 0)))(np.ones((0, 2))).shape == (0, 2)
        assert tg.grad(lambda x: np.sum(np.median(x, 1)))(np.ones((0, 2))).shape == (0, 2)
        assert tg.grad(lambda x: np.sum(np.nanquantile(x, 0.1, 1)))(np.ones((0, 2))).shape == (0, 2)

    @pytest.mark.filterwarnings("ignore:All-NaN")
    def test_of_a_line_of_nan_alone_nothing_depends_on_it(self):
        """Whatever the cotangent is."""
        for of in (
            np.nanmedian, lambda x, axis: np.nanquantile(x, 0.3, axis),
            lambda x, axis: np.nanpercentile(x, 30, axis),
        ):  # fmt: skip
            x = np.array([[NAN, NAN], [1.0, NAN]])
            (found,) = tg.vjp(lambda x, of=of: of(x, 1), x)[1](np.array([NAN, 3.0]))
            assert found.tolist() == [[0, 0], [3, 0]]

    def test_a_q_out_of_range_is_numpys_error(self):
        with pytest.raises(ValueError, match=r"in the range \[0, 1\]"):
            np.quantile(Tensor([1.0, 2.0]), Tensor(1.5))

    def test_two_axes_of_q_beside_several_of_the_array(self):
        x, q = Tensor(np.ones((2, 3, 4))), np.array([[0.2], [0.3]])
        with pytest.raises(ValueError, match=r"np\.nanquantile: .*\(2, 1\) .*use np\.ravel\(q\)"):
            np.nanquantile(x, q, axis=(0, 1))
        assert np.nanquantile(x, q, axis=1).shape == (2, 1, 2, 4)
        assert np.quantile(x, q, axis=(0, 1)).shape == (2, 1, 4)

    @pytest.mark.filterwarnings("ignore:All-NaN")
    @pytest.mark.parametrize("function", [np.quantile, np.nanquantile])
    def test_the_dtype_of_a_nan_is_numpys_own(self, function):
        """That of the array where the only quantile is nan, though q has a wider one."""
        for x in ([NAN, 1.0], [NAN, NAN], [[NAN, NAN], [1.0, 2.0]]):
            x = np.array(x, np.float32)
            for axis in (None, -1):
                expected = function(x, np.array(0.3), axis=axis)
                assert function(Tensor(x), np.array(0.3), axis=axis).dtype == expected.dtype

    def test_an_infinity_beside_the_median_is_no_fault(self):
        with tg.debug():
            x = Tensor([1.0, 2.0, np.inf])
            np.median(x).backward()
        assert x.grad.tolist() == [0, 1, 0]

    def test_a_method_is_no_variable(self):
        with pytest.raises(TypeError, match="'method' has no derivative"):
            np.quantile(Tensor([1.0]), 0.5, method=Tensor(1.0))
