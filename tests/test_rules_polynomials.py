"""Polynomials, fits and roots where they are special; messages."""

import numpy as np
import pytest

import tinygrad_np as tg
from tinygrad_np import Tensor


class TestPolynomials:
    @pytest.mark.parametrize(
        "call",
        [
            lambda t: np.polyval(t, np.poly1d([1.0, 2.0])),
            lambda t: np.polyadd(np.poly1d([1.0]), t),
            lambda t: np.polysub(t, np.poly1d([1.0])),
            lambda t: np.polymul(t, np.poly1d([1.0])),
            lambda t: np.polydiv(t, np.poly1d([1.0])),
        ],
    )
    def test_a_poly1d_beside_a_tensor_is_refused(self, call):
        with pytest.raises(TypeError, match=r"np\.poly\w+: .*poly1d"):
            call(Tensor([1.0, 2.0]))

    @pytest.mark.parametrize(
        ("call", "message"),
        [
            (lambda t: np.polyder(t, -1), r"np\.polyder: Order of derivative must be positive"),
            (lambda t: np.polyint(t, -1), r"np\.polyint: Order of integral must be positive"),
            (lambda t: np.polyint(t, 3, [1.0, 2.0]), r"np\.polyint: k must be a scalar or"),
            (lambda t: np.poly(t.reshape(1, 2)), r"np\.poly: input must be 1d or .* square"),
            (lambda t: np.vander(t.reshape(1, 2)), r"np\.vander: .*one-dimensional array"),
        ],
    )
    def test_messages(self, call, message):
        with pytest.raises(ValueError, match=message):
            call(Tensor([1.0, 2.0]))

    def test_leading_zeros_are_dropped_in_a_product(self):
        p = Tensor([0.0, 0.0, 2.0])
        assert np.polymul(p, [0.0, 3.0, 1.0]).data.tolist() == [6, 2]
        assert np.polymul(p, [0.0, 0.0]).data.tolist() == np.polymul(p.data, [0.0, 0.0]).tolist()

    def test_division_leaves_what_numpy_leaves(self):
        u = [1.0, -3.0, 2.0, 5.0, 1.0]
        found = np.polydiv(Tensor(u), [1.0, -1.0])
        expected = np.polydiv(u, [1.0, -1.0])
        assert [x.data.tolist() for x in found] == [x.tolist() for x in expected]

    def test_the_identity_of_a_division(self):
        """u = q·v + r holds for the tangents, too."""
        rng = np.random.default_rng(0)
        u, v, du, dv = [rng.normal(size=n) for n in (6, 3, 6, 3)]
        (q, r), (dq, dr) = tg.jvp(lambda u, v: np.polydiv(u, v), (u, v), (du, dv))
        found = np.polyadd(np.polyadd(np.convolve(dq, v), np.convolve(q, dv)), dr)
        assert np.allclose(found, du, atol=1e-13)
        assert r.shape == (2,)

    def test_no_zeros(self):
        assert np.poly(Tensor([3.0])).data.tolist() == [1, -3]

    def test_zeros_in_pairs_have_real_coefficients(self):
        z = np.array([1 + 2j, 1 - 2j])
        coefficients = np.poly(Tensor(z))
        assert coefficients.dtype == np.float64
        assert coefficients.data.tolist() == [1, -2, 5]


class TestRoots:
    def test_of_a_parabola(self):
        """x² + px + q: dr/dp = −r/(2r + p), dr/dq = −1/(2r + p)."""
        jacobian = tg.jacobian(lambda pq: np.sort(np.roots(np.concatenate([[1.0], pq]))))(
            np.array([-3.0, 2.0])
        )
        assert np.allclose(jacobian, [[1, 1], [-2, -1]], rtol=1e-13)

    def test_a_double_root_is_infinitely_sensitive(self):
        with np.errstate(all="ignore"):
            gradient = tg.grad(lambda p: np.roots(p)[0])(np.array([1.0, 0.0, 0.0]))
        assert not np.isfinite(gradient).all()

    def test_complex_roots_of_real_coefficients(self):
        p = np.array([1.0, 0.0, 4.0])  # ±2i
        gradient = tg.grad(lambda p: np.sum(np.imag(np.roots(p)) ** 2))(p)
        # 2 q/p₀ for the sum of squares
        assert np.allclose(gradient, [-8, 0, 2])


class TestPolyfit:
    X, Y = np.array([0.0, 1.0, 2.0, 4.0]), np.array([1.0, 3.0, 2.0, 5.0])

    def test_a_point_without_weight_does_not_count(self):
        w = np.array([1.0, 2.0, 0.0, 1.0])
        with_point = tg.jacobian(lambda x, y, w: np.polyfit(x, y, 1, w=w), argnums=(0, 1, 2))(
            self.X, self.Y, w
        )
        kept = [0, 1, 3]
        without = tg.jacobian(lambda x, y, w: np.polyfit(x, y, 1, w=w), argnums=(0, 1, 2))(
            self.X[kept], self.Y[kept], w[kept]
        )
        for a, b in zip(with_point, without, strict=True):
            assert np.allclose(a[:, kept], b, rtol=1e-12, atol=1e-14)
            assert not a[:, 2].any()

    def test_too_few_points_determine_nothing(self):
        with pytest.raises(ValueError, match=r"np\.polyfit: 4 points of rank 2 do not.*3 coeff"):
            np.polyfit([1.0, 1.0, 2.0, 2.0], Tensor(self.Y), 2)

    @pytest.mark.parametrize("option", [{"full": True}, {"cov": True}, {"cov": "unscaled"}])
    def test_what_else_it_can_return_is_refused(self, option):
        with pytest.raises(TypeError, match=r"np\.polyfit: full=True and cov=True have no"):
            np.polyfit(self.X, Tensor(self.Y), 1, **option)

    def test_single_precision(self):
        x, y = self.X.astype(np.float32), self.Y.astype(np.float32)
        for g in tg.vjp(lambda x, y: np.polyfit(x, y, 1), x, y)[1](np.ones(2, np.float32)):
            assert g.dtype == np.float32
