"""Arrays: casting, broadcasting and its adjoint, masked arrays."""

import numpy as np
import pytest
from maps import integers

import tinygrad_np as tg
from tinygrad_np.core import arrays
from tinygrad_np.core.arrays import expand, real_numbers, sum_to


class TestCast:
    @pytest.mark.parametrize("x", [np.ones(2), tg.Tensor([1.0, 2.0])])
    def test_cast_asks_whether_it_has_to(self, x):
        assert arrays.cast(x, np.float64) is x
        assert arrays.cast(x, x.dtype) is x

    def test_cast(self):
        assert arrays.cast(np.array([1 + 2j]), np.float64).tolist() == [1]
        assert arrays.cast(np.ones(2), np.complex64).dtype == np.complex64


class TestShapes:
    @pytest.mark.parametrize(
        ("small", "large"),
        [((), (2, 3)), ((1, 1), (2, 3)), ((3,), (2, 3)), ((2, 1), (2, 3)), ((1,), (0,)), ((), ())],
    )
    def test_broadcasting_and_its_adjoint(self, small, large):
        rng = np.random.default_rng(0)
        x, u = integers(rng, *small), integers(rng, *large)
        spread = expand(x, large)
        assert np.array_equal(spread, np.broadcast_to(x, large))
        assert not spread.flags.writeable or spread.base is None or spread.shape == x.shape
        added = sum_to(u, small)
        assert added.shape == small
        assert np.sum(spread * u) == np.sum(x * added)


class TestMaskedArrays:
    @pytest.mark.parametrize(
        "call",
        [
            lambda m: tg.grad(lambda x: np.sum(x * x))(m),
            lambda m: tg.vjp(lambda x: x, np.ones(2))[1](m),
            lambda m: tg.dense(m.reshape(1, 2), np.ones((2, 1))),
            lambda m: tg.conv1d(m.reshape(1, 2, 1), np.ones((1, 1, 1))),
        ],
    )
    def test_masked_arrays_are_refused_everywhere(self, call):
        with pytest.raises(TypeError, match="masked array"):
            call(np.ma.array([1.0, 2.0], mask=[False, True]))


@pytest.mark.parametrize("kind", [np.asarray, tg.Tensor])
@pytest.mark.parametrize(
    "function",
    [
        lambda x: real_numbers(x, "f"),
        tg.relu,
        lambda x: tg.nn.lstm(x, np.ones((2, 4)), np.ones((1, 4))),
        tg.nn.rotary,
        lambda x: tg.nn.attention(x, x, x),
        tg.nn.silu,
    ],
)
def test_complex_numbers_are_no_real_ones_in_a_tensor_either(function, kind):
    with pytest.raises(TypeError, match="takes real numbers, not an array of dtype complex128"):
        function(kind(np.ones((1, 3, 2), complex)))
