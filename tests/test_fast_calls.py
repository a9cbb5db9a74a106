"""Generated calls and rules: what they compute once."""

import numpy as np
import pytest

import tinygrad_np as tg
from tinygrad_np.core.tensor import source_of
from tinygrad_np.fast.calls import generated

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


def test_functions_of_one_text_have_names_of_their_own():
    text = "def times(x):\n    return factor * x"
    twice, thrice = generated(text, {"factor": 2}), generated(text, {"factor": 3})
    assert [twice(5), thrice(5), twice(7)] == [10, 15, 14]


@pytest.mark.parametrize("dtype", [np.float32, np.float64, np.complex128])
@pytest.mark.parametrize(
    "function",
    [
        np.exp,
        lambda x: x * np.arange(3.0),  # of float32, another dtype
        lambda x: x + np.ones((2, 3), np.float32),  # another shape
        lambda x: x[0],
        np.sum,
        np.abs,
    ],
)
def test_a_call_written_out_records_what_the_first_one_did(function, dtype):
    x = tg.Tensor(np.array([1.0, 2.0, 3.0], dtype))
    first, second = (function(x) for _ in range(2))
    nodes = [source_of(result) for result in (first, second)]
    assert nodes[0].number < nodes[1].number
    for name in ("plan", "shape", "dtype", "parents"):
        assert getattr(nodes[0], name) == getattr(nodes[1], name), name
    assert nodes[1].dtype == second.dtype
    assert nodes[1].shape == second.shape
    assert np.array_equal(first.data, second.data)
    assert [type(kept) for kept in nodes[0].all_residuals] == [
        type(kept) for kept in nodes[1].all_residuals
    ]


def test_a_result_of_its_operands_shape_has_the_same_tuple():
    """So that a long chain keeps one."""
    x = tg.Tensor(np.ones(3))
    np.exp(x)
    assert source_of(np.exp(x)).shape is source_of(x).shape
