"""Differences and gradients on a grid: coordinates that are variables, ends, phases."""

import numpy as np
import pytest

import tinygrad_np as tg
from tinygrad_np import Tensor


class TestPhases:
    def test_unwrapping_jumps_and_has_slope_1_in_between(self):
        phases = np.array([3.0, -3.0, 3.0])
        assert tg.jacobian(np.unwrap)(phases).tolist() == np.eye(3).tolist()


class TestDifferences:
    def test_even_coordinates_that_are_variables(self):
        """NumPy's formula for one step says nothing about a coordinate that moves alone."""
        f, x = np.array([1.0, 4.0, 2.0, 7.0]), np.arange(4.0)
        tensor = Tensor(x)
        assert np.array_equal(np.gradient(f, tensor).data, np.gradient(f, x))
        h = 1e-5
        numeric = np.stack(
            [(np.gradient(f, x + h * e) - np.gradient(f, x - h * e)) / (2 * h) for e in np.eye(4)],
            axis=1,
        )
        assert np.allclose(tg.jacobian(lambda x: np.gradient(f, x))(x), numeric, atol=1e-9)
        second = tg.jacobian(tg.jacobian(lambda x: np.gradient(f, x)))(x)
        assert np.allclose(second, np.swapaxes(second, 1, 2), atol=1e-12)
        assert np.abs(second).max() > 1

    @pytest.mark.parametrize(
        ("call", "message"),
        [
            (lambda t: np.gradient(t, edge_order=3), r"'edge_order' greater than 2"),
            (lambda t: np.gradient(t, 1.0, 2.0), r"invalid number of arguments"),
            (lambda t: np.gradient(t, [1.0, 2.0]), r"distances must match the length"),
            (lambda t: np.gradient(t[:1]), r"too small to calculate a numerical gradient"),
            (lambda t: np.diff(t, -1), r"np\.diff: order must be non-negative but got -1"),
            (lambda t: np.diff(t[0]), r"np\.diff: diff requires input that is at least one dim"),
            (lambda t: np.ediff1d(t, 1j), r"np\.ediff1d: .to_end. is complex and .ary. is real"),
        ],
    )
    def test_messages(self, call, message):
        with pytest.raises((TypeError, ValueError), match=message):
            call(Tensor([1.0, 2.0, 4.0]))

    def test_no_difference_is_the_tensor_itself(self):
        assert np.diff(Tensor([1.0, 2.0]), 0).data.tolist() == [1, 2]

    def test_ends_of_lists(self):
        t = Tensor(5.0)
        assert np.diff([1, 4, 9], prepend=0, append=t).data.tolist() == [1, 3, 5, -4]
