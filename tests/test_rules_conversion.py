"""Copies and conversions: copy, astype, full_like."""

import numpy as np
import numpy.char
import numpy.polynomial
import numpy.strings
import pytest

import tinygrad_np as tg
from tinygrad_np import Tensor
from tinygrad_np.rules import load

load()


T = Tensor(np.ones((2, 3)))


class TestConversion:
    def test_full_like(self):
        assert type(np.full_like(T, 2)) is np.ndarray
        assert np.full_like(T, Tensor(2.0), device="cpu").tolist() == [[2] * 3] * 2
        assert np.full_like(T, 2, dtype=int).tolist() == [[2] * 3] * 2
        found = tg.grad(lambda v: np.sum(np.full_like(T, v, shape=4) ** 2))(3.0)
        assert found.dtype == np.float64
        assert found == 24

    def test_full_like_gives_the_array_itself_no_gradient_but_zero(self):
        assert tg.grad(lambda x: np.sum(x * np.full_like(x, 2.0)))(np.ones(2)).tolist() == [2, 2]
        assert tg.grad(lambda x: np.sum(x + np.full_like(x, x)))(np.ones(2)).tolist() == [2, 2]

    def test_full_like_does_not_round_a_tensor(self):
        with pytest.raises(TypeError, match=r"np\.full_like: gave dtype int64"):
            np.full_like(T, Tensor(0.5), dtype=np.int64)
        with pytest.raises(TypeError, match=r"np\.copyto.*np\.broadcast_to"):
            np.full_like(np.zeros(3), Tensor(0.5))

    def test_copy_and_astype(self):
        x = np.array([1.0, 2.0])
        assert tg.grad(lambda v: np.sum(np.copy(v) * v))(x).tolist() == [2, 4]
        assert tg.grad(lambda v: np.sum(np.astype(v, np.float32)))(x).dtype == np.float64
        assert np.astype(Tensor(1.0), np.complex64).dtype == np.complex64
        with pytest.raises(TypeError, match=r"astype: int64 has no derivative"):
            np.astype(Tensor(x), np.int64)

    def test_conversions_in_second_order(self):
        hessian = tg.hessian(lambda v: np.sum(np.copy(np.astype(v, float)) ** 3))(np.ones(2))
        assert hessian.tolist() == [[6, 0], [0, 6]]
