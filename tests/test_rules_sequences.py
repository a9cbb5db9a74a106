"""Sequences of numbers between two ends: steps, few numbers, ends of different signs."""

import numpy as np
import pytest

import tinygrad_np as tg
from tinygrad_np import Tensor


class TestRanges:
    def test_the_step_is_differentiated_too(self):
        def step(start, stop):
            return np.linspace(start, stop, 5, retstep=True)[1]

        assert [float(g) for g in tg.grad(step, (0, 1))(1.0, 3.0)] == [-0.25, 0.25]
        assert np.isnan(np.linspace(Tensor(1.0), 3.0, 1, retstep=True)[1])

    def test_whole_numbers_have_no_derivative(self):
        with pytest.raises(TypeError, match="gave dtype int64"):
            np.linspace(Tensor(0.0), 5.0, 3, dtype=int)

    @pytest.mark.parametrize("num", [0, 1, 2])
    @pytest.mark.parametrize("endpoint", [True, False])
    @pytest.mark.parametrize("function", [np.linspace, np.geomspace, np.logspace])
    def test_few_numbers(self, function, num, endpoint):
        value, pull = tg.vjp(lambda a, b: function(a, b, num, endpoint=endpoint), 1.0, 4.0)
        assert np.array_equal(value, function(1.0, 4.0, num, endpoint=endpoint))
        by_start, by_stop = pull(np.ones(num))
        h = 1e-6
        sums = [
            np.sum(function(1.0 + a * h, 4.0 + b * h, num, endpoint=endpoint))
            for a, b in ((1, 0), (-1, 0), (0, 1), (0, -1))
        ]
        assert by_start == pytest.approx((sums[0] - sums[1]) / (2 * h), rel=1e-8, abs=1e-4)
        assert by_stop == pytest.approx((sums[2] - sums[3]) / (2 * h), rel=1e-8, abs=1e-4)


class TestSequences:
    def test_between_ends_of_different_signs_there_is_no_geometric_sequence(self):
        with np.errstate(all="ignore"):
            value, gradient = tg.value_and_grad(lambda x: np.geomspace(x, -2.0, 3)[0])(1.0)
        assert value == 1
        assert np.isnan(gradient)

    @pytest.mark.parametrize("stop", [complex(-2, 0.0), complex(-2, -0.0)])
    def test_a_complex_end_on_the_cut_lies_where_numpy_has_it(self, stop):
        value, tangent = tg.jvp(lambda x: np.geomspace(x, stop, 3)[1], [1.0], [1.0])
        assert tangent == pytest.approx(value / 2)
