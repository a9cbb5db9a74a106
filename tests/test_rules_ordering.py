"""Sorting with ties, quantiles by both arguments, unique values and sets; messages."""

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
DESCENDS = np.lib.NumpyVersion(np.__version__) >= "2.5.0"
JUMPING = (
    "inverted_cdf",
    "averaged_inverted_cdf",
    "closest_observation",
    "lower",
    "higher",
    "midpoint",
    "nearest",
)


def pulled(function, x, cotangent):
    return tg.vjp(function, np.asarray(x))[1](np.asarray(cotangent, float))[0].tolist()


class TestSorting:
    def test_ties_stay_in_the_order_of_the_argument(self):
        assert pulled(np.sort, [2.0, 1.0, 2.0, 1.0], [1, 2, 3, 4]) == [3, 1, 4, 2]
        assert pulled(lambda x: np.sort(x, None), [[2.0, 2.0], [1.0, 2.0]], [1, 2, 3, 4]) == [
            [2, 3],
            [1, 4],
        ]

    def test_nan_comes_last_and_gets_what_is_its(self):
        assert pulled(np.sort, [NAN, 1.0, NAN], [1, 2, 3]) == [2, 1, 3]

    @pytest.mark.skipif(not DESCENDS, reason="NumPy 2.5 and newer")
    def test_the_largest_first(self):
        falling = lambda x: np.sort(x, descending=True)  # noqa: E731
        assert pulled(falling, [2.0, 3.0, 1.0], [1, 2, 3]) == [2, 1, 3]
        # ties in the order of the argument, and nan at the end, as NumPy's stable sort has them
        assert pulled(falling, [1.0, 2.0, 1.0, 2.0], [1, 2, 3, 4]) == [3, 1, 4, 2]
        assert pulled(falling, [NAN, 1.0, NAN, 2.0], [1, 2, 3, 4]) == [3, 2, 4, 1]
        for x in ([1.0, 2.0, 1.0, 2.0], [NAN, 1.0, NAN, 2.0], [1j, 1.0, 2.0 - 1j, 1j]):
            order = np.argsort(x, descending=True, stable=True)
            (found,) = tg.jvp(falling, [np.array(x)], [np.arange(4.0) + 0 * np.imag(x)])[1:]
            assert np.real(found).tolist() == order.tolist()
        x = np.random.default_rng(0).permutation(12.0 * np.arange(1, 13)).reshape(3, 4)
        for axis in (0, 1, None):
            found = tg.grad(lambda x, a=axis: np.sum(np.sort(x, a, descending=True) ** 2 / 2))(x)
            assert np.array_equal(found, x)
        t = Tensor(x)
        assert np.array_equal(t.argsort(descending=True), x.argsort(descending=True))
        assert np.array_equal(np.sort(t, descending=True).data, np.sort(x, descending=True))

    def test_an_argument_that_this_numpy_does_not_have(self):
        if not DESCENDS:
            with pytest.raises(TypeError, match="descending"):
                np.sort(Tensor([1.0]), descending=True)
            with pytest.raises(TypeError, match="descending"):
                Tensor([1.0]).argsort(descending=True)
        with pytest.raises(TypeError, match="ascending"):
            np.sort(Tensor([1.0]), ascending=True)

    @pytest.mark.parametrize("n", [5, 100, 3000])
    def test_a_partition_knows_where_each_element_came_from(self, n):
        x = np.random.default_rng(n).permutation(n).astype(float)
        kth = [n // 3, n // 2]
        result, pull = tg.vjp(lambda x: np.partition(x, kth), x)
        cotangent = np.arange(n) + 0.5
        # all values are different, so that a value tells its place
        assert np.array_equal(pull(cotangent)[0], cotangent[np.argsort(result)][x.astype(int)])

    def test_a_partition_with_ties(self):
        x = np.array([2.0, 1.0, 2.0, 2.0, 0.0])
        result, pull = tg.vjp(lambda x: np.partition(x, 2), x)
        cotangent = np.array([1.0, 10.0, 100.0, 1000.0, 10000.0])
        (gradient,) = pull(cotangent)
        assert sorted(gradient) == sorted(cotangent)
        for value in (0.0, 1.0, 2.0):
            assert gradient[x == value].sum() == cotangent[result == value].sum()

    def test_sorting_complex_numbers(self):
        found = np.sort_complex(Tensor(np.array([1.0, -1.0], np.float32)))
        assert found.dtype == np.complex128
        assert found.data.tolist() == [-1, 1]

    def test_sorting_in_place_is_no_method(self):
        with pytest.raises(AttributeError, match=r"use np\.sort\(t\)"):
            Tensor([2.0, 1.0]).sort()


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


class TestUniqueValues:
    def test_all_that_it_returns(self):
        values = [2.0, 1.0, 2.0]
        found = np.unique(Tensor(values), True, True, True)
        expected = np.unique(values, True, True, True)
        assert isinstance(found, tuple)
        assert isinstance(found[0], Tensor)
        for a, b in zip(found, expected, strict=True):
            assert np.asarray(getattr(a, "data", a)).tolist() == b.tolist()
        assert all(type(part) is np.ndarray for part in found[1:])

    @pytest.mark.parametrize("name", ["unique_all", "unique_counts", "unique_inverse"])
    def test_named_tuples_stay_what_they_are(self, name):
        found, expected = [getattr(np, name)(x) for x in (Tensor([2.0, 1.0]), [2.0, 1.0])]
        assert type(found) is type(expected)
        assert found._fields == expected._fields
        assert found.values.data.tolist() == [1, 2]

    def test_several_nans(self):
        x = [NAN, 1.0, NAN]
        assert pulled(np.unique, x, [5, 7]) == [7, 5, 0]
        assert np.unique(Tensor(x), equal_nan=False).shape == (3,)

    @pytest.mark.parametrize("seed", range(3))
    def test_every_order_that_numpy_chooses(self, seed):
        x = np.random.default_rng(seed).integers(0, 30, 50).astype(float)
        unique = np.unique_values(Tensor(x))
        assert np.array_equal(unique.data, np.unique_values(x))
        (gradient,) = tg.vjp(np.unique_values, x)[1](np.arange(unique.size) + 1.0)
        assert gradient[gradient > 0].size == unique.size
        for value, place in zip(unique.data, np.arange(unique.size), strict=True):
            assert gradient[np.flatnonzero(x == value)[0]] == place + 1

    def test_sets_of_a_list_and_a_tensor(self):
        t = Tensor([3.0, 1.0])
        assert np.union1d([2.0, 1.0], t).data.tolist() == [1, 2, 3]
        assert np.setdiff1d(t, [1.0]).data.tolist() == [3]
        assert np.setxor1d(t, [1.0, 4.0]).data.tolist() == [3, 4]
        assert type(np.setdiff1d([1.0, 5.0], t)) is np.ndarray

    def test_what_ties_by_definition_is_refused(self):
        with pytest.raises(TypeError, match=r"np\.intersect1d .*use t\[np\.isin\(t, other\)\]"):
            np.intersect1d(Tensor([1.0]), [1.0])


class TestTrimZeros:
    def test_of_nothing_but_zeros(self):
        x = Tensor([0.0, 0.0])
        assert np.trim_zeros(x).shape == np.trim_zeros(x.data).shape == (0,)

    @pytest.mark.skipif(np.lib.NumpyVersion(np.__version__) < "2.2.0", reason="NumPy 2.2 and newer")
    @pytest.mark.parametrize("axis", [None, 0, -1, (0, 1)])
    @pytest.mark.parametrize("trim", ["fb", "F", "b"])
    def test_of_matrices(self, axis, trim):
        if isinstance(axis, tuple) and np.lib.NumpyVersion(np.__version__) < "2.4.0":
            pytest.skip("NumPy 2.2 and 2.3 take no tuple here, although their reference says so")
        x = np.zeros((4, 5))
        x[1:3, 2:4] = [[1, 0], [2, 3]]
        assert np.array_equal(
            np.trim_zeros(Tensor(x), trim, axis).data, np.trim_zeros(x, trim, axis)
        )

    def test_the_wrong_end(self):
        with pytest.raises(ValueError, match=r"np\.trim_zeros: trim is 'f', 'b' or 'fb', not 'x'"):
            np.trim_zeros(Tensor([1.0]), "x")
