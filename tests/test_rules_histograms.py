"""Histograms: edges that depend on the extremes, weights, bins that NumPy chooses."""

import numpy as np
import pytest

import tinygrad_np as tg
from tinygrad_np import Tensor


class TestHistograms:
    X = np.array([0.5, 1.5, 1.7, 3.9])

    def test_counts_are_constant(self):
        counts, edges = np.histogram(Tensor(self.X), [0.0, 1.0, 4.0])
        assert type(counts) is np.ndarray
        assert counts.tolist() == [1, 3]
        assert type(edges) is np.ndarray

    def test_edges_depend_on_the_extremes(self):
        def edges(x):
            return np.histogram(x, 2)[1]

        assert tg.jacobian(edges)(self.X).tolist() == [
            [1, 0, 0, 0],
            [0.5, 0, 0, 0.5],
            [0, 0, 0, 1],
        ]

    def test_edges_that_are_variables_are_handed_through(self):
        bins = np.array([0.0, 1.0, 4.0])
        counts, edges = np.histogram(self.X, Tensor(bins))
        assert edges.data.tolist() == bins.tolist()
        assert counts.tolist() == [1, 3]
        jacobian = tg.jacobian(lambda bins: np.histogram(self.X, bins)[1])(bins)
        assert np.array_equal(jacobian, np.eye(3))

    def test_every_weight_counts_in_its_bin(self):
        x = np.array([0.0, 1.0, 2.0, 2.5, -1.0, 9.0, np.nan])
        gradient = tg.grad(
            lambda w: np.sum(np.histogram(x, [0.0, 1.0, 2.0], weights=w)[0] * [10, 100])
        )(np.ones(7))
        assert gradient.tolist() == [10, 100, 100, 0, 0, 0, 0]

    @pytest.mark.parametrize("bins", ["auto", "fd", "scott", "sqrt", "doane"])
    def test_bins_that_numpy_chooses(self, bins):
        x = np.random.default_rng(0).normal(size=50)
        for found, expected in zip(
            np.histogram(Tensor(x), bins), np.histogram(x, bins), strict=True
        ):
            assert np.array_equal(getattr(found, "data", found), expected)

    def test_no_bins_are_chosen_for_weights(self):
        with pytest.raises(TypeError, match="not supported for weighted data"):
            np.histogram(self.X, "auto", weights=Tensor(np.ones(4)))

    def test_no_elements(self):
        assert np.histogram(Tensor(np.ones(0)))[0].tolist() == [0] * 10
        assert np.bincount(np.zeros(0, int), Tensor(np.ones(0)), 3).data.tolist() == [0, 0, 0]

    def test_two_dimensions_of_different_length(self):
        with pytest.raises(ValueError, match=r"np\.histogram2d: .* same length.*\(4,\).*\(3,\)"):
            np.histogram2d(Tensor(self.X), self.X[:3])

    def test_a_range_has_no_rule(self):
        with pytest.raises(TypeError, match=r"np\.histogram: 'range' has no derivative.*edges"):
            np.histogram(Tensor(self.X), range=Tensor([0.0, 1.0]))

    def test_what_is_counted_is_no_variable(self):
        with pytest.raises(TypeError, match=r"np\.bincount: 'indices' has no derivative"):
            np.bincount(Tensor([0.0, 1.0]))
