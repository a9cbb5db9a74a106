"""What an axis may be: integers of any kind."""

import numpy as np
import pytest

import tinygrad_np as tg
from tinygrad_np.core.axes import plain


class TestPlain:
    @pytest.mark.parametrize(
        ("given", "expected"),
        [
            (None, None), (1, 1), (np.int64(-1), -1), (np.array(2), 2), ((), ()),
            ([0, -1], [0, -1]), ((np.int8(1), (np.array(0), 2)), (1, (0, 2))),
            (np.array([1, 0]), (1, 0)),
        ],
    )  # fmt: skip
    def test_integers_of_pythons(self, given, expected):
        found = plain(given)
        assert found == expected
        assert type(found) is type(expected)

    @pytest.mark.parametrize("given", [0.0, "0", np.array(1.0), (0, 1.5), np.array([0.5])])
    def test_no_integers(self, given):
        with pytest.raises(TypeError, match="an axis is an integer, not"):
            plain(given)

    def test_a_function_of_ones_own_may_call_anything_an_axis(self):
        scaled = tg.linear(lambda x, axis=1.5: x * axis, lambda g, axis: g * axis)
        assert tg.grad(lambda x: scaled(x, axis=2.5))(3.0) == 2.5
        assert tg.grad(scaled)(3.0) == 1.5
