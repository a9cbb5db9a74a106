"""Signatures: functions whose parameters cannot be read."""

import pytest

from tinygrad_np.core.table import linear


def test_a_function_whose_parameters_cannot_be_read_asks_for_them():
    with pytest.raises(TypeError, match=r"signature\(…\)"):
        linear(min, lambda g: g)
