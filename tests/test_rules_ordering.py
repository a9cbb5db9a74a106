"""Sorting with ties, unique values and sets, zeros at the ends; messages."""

import numpy as np
import pytest

import tinygrad_np as tg
from tinygrad_np import Tensor

NAN = np.nan
DESCENDS = np.lib.NumpyVersion(np.__version__) >= "2.5.0"


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

    @pytest.mark.skipif(np.lib.NumpyVersion(np.__version__) < "2.2.0", reason="NumPy 2.2 and newer")
    def test_the_wrong_end(self):
        with pytest.raises(ValueError, match=r"np\.trim_zeros: unexpected character.* 'x'"):
            np.trim_zeros(Tensor([1.0]), "x")
