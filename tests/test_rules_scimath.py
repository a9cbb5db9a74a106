"""numpy.lib.scimath: where a real number has a complex result."""

import numpy as np
import pytest

import tinygrad_np as tg
from tinygrad_np import Tensor


class TestComplexResults:
    @pytest.mark.parametrize("dtype", [np.float32, np.float64])
    def test_one_negative_number_makes_all_complex(self, dtype):
        x = np.array([4.0, -4.0], dtype)
        t = Tensor(x)
        result = np.emath.sqrt(t)
        assert result.dtype == np.emath.sqrt(x).dtype
        np.sum(np.real(result) + np.imag(result)).backward()
        assert t.grad.dtype == dtype
        assert t.grad.tolist() == [0.25, -0.25]

    def test_real_where_it_can_be(self):
        assert np.emath.log(Tensor([1.0])).dtype == np.float64
        assert np.emath.arccos(Tensor([1.0])).dtype == np.float64
        assert np.emath.power(Tensor([2.0]), -1).data.tolist() == [0.5]

    @pytest.mark.parametrize("x", [2.0, -2.0])
    def test_beyond_the_domain_the_side_of_the_cut_is_numpys(self, x):
        h = 1e-6
        for function in (np.emath.arcsin, np.emath.arccos, np.emath.arctanh):
            slope = (function(x + h) - function(x - h)) / (2 * h)
            found = [
                tg.grad(lambda x, part=part, f=function: part(f(x)))(x)
                for part in (np.real, np.imag)
            ]
            assert found == pytest.approx([slope.real, slope.imag], rel=1e-8, abs=1e-9)
