"""Series in several variables: any number of them, points of two shapes."""

import numpy as np
import pytest
from numpy.polynomial import polynomial

import tinygrad_np as tg
from tinygrad_np import Tensor


class TestSeveralVariables:
    C = np.arange(12.0).reshape(2, 3, 2) - 4

    @pytest.mark.skipif(not hasattr(polynomial, "polyvalnd"), reason="NumPy 2.5 and newer")
    def test_any_number_of_them(self):
        x, y, z = np.random.default_rng(0).standard_normal((3, 4))
        for points in ((x, y, z), [Tensor(x), y, Tensor(z)], Tensor(np.stack([x, y, z]))):
            found = polynomial.polyvalnd(points, Tensor(self.C))
            assert np.array_equal(found.data, polynomial.polyvalnd((x, y, z), self.C))
        powers = [np.stack([v**k for k in range(3)]) for v in (x, y, z)]
        gradient = tg.grad(lambda c: np.sum(polynomial.polyvalnd((Tensor(x), y, z), c)))(self.C)
        assert np.allclose(
            gradient, np.einsum("in,jn,kn->ijk", powers[0][:2], powers[1], powers[2][:2])
        )
        with pytest.raises(ValueError, match="incompatible"):
            polynomial.polyvalnd((Tensor(x), y[:3]), self.C)

    @pytest.mark.skipif(
        not hasattr(polynomial.polyval2d, "_implementation"), reason="NumPy 2.4 and newer"
    )
    def test_points_of_two_shapes(self):
        with pytest.raises(ValueError, match=r"polyval2d: x, y are incompatible \(x "):
            polynomial.polyval2d(Tensor([1.0, 2.0]), np.ones(3), self.C)
