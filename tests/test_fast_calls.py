"""Generated calls and rules: what they compute once."""

import numpy as np
import pytest

import tinygrad_np as tg

pytestmark = pytest.mark.usefixtures("fast_paths")


def test_what_the_columns_of_a_jacobian_have_in_common_is_computed_once():
    calls = []

    def factor(x):
        calls.append(type(x))
        return 3 * x * x

    cube = tg.pointwise(lambda x: x**3, factor)
    x = np.array([1.0, 2.0, 3.0])
    found = tg.jacobian(lambda x: cube(x)[::-1], mode="forward")(x)
    assert found.tolist() == np.diag(3 * x * x)[::-1].tolist()
    assert calls == [np.ndarray]
