"""Sizes and steps of windows: what is an integer, and how many windows there are."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import tinygrad_np as tg
from tinygrad_np.core import geometry


class TestGeometry:
    @pytest.mark.parametrize(
        ("value", "expected"),
        [(2, (2, 2)), ((1, 3), (1, 3)), ([0, 1], (0, 1)), (np.int8(4), (4, 4))],
    )
    def test_one_integer_or_one_an_axis(self, value, expected):
        assert geometry.per_axis(value, 2, 0, "f: x") == expected

    @pytest.mark.parametrize("value", [1.0, "1", None, (1, 2.5), True, np.ones(2), (True, 1)])
    def test_what_is_no_integer(self, value):
        with pytest.raises(TypeError, match="f: x must be an integer or 2 integers, one an axis"):
            geometry.per_axis(value, 2, 0, "f: x")

    def test_a_wrong_number_of_integers(self):
        with pytest.raises(ValueError, match=r"one an axis, not \(1, 2, 3\)"):
            geometry.per_axis((1, 2, 3), 2, 0, "f: x")

    def test_what_was_checked_is_checked_again_for_another_number_of_axes(self):
        checked = geometry.per_axis(1, 2, 0, "f: x")
        with pytest.raises(ValueError, match="3 integers"):
            geometry.per_axis(checked, 3, 0, "f: x")

    @pytest.mark.parametrize("wrong", [True, 1.0, (1.0, 1), (True, 1), [1.0, 1]])
    def test_what_only_equals_an_integer_is_refused_also_after_that_integer(self, wrong):
        """A plan that is remembered for 1 is not taken for True or 1.0."""
        x, w = np.ones((1, 5, 5, 1)), np.ones((2, 2, 1, 1))
        tg.conv2d(x, w, stride=1)
        tg.conv2d(x, w, stride=(1, 1))
        with pytest.raises(TypeError, match="conv2d: stride must be an integer or 2 integers"):
            tg.conv2d(x, w, stride=wrong)

    @given(st.integers(0, 12), st.integers(1, 5), st.integers(1, 4))
    def test_counts_are_those_of_counting(self, n, k, stride):
        counted = len([start for start in range(0, n, stride) if start + k <= n])
        assert geometry.window_counts((n,), (k,), (stride,)) == (counted,)
