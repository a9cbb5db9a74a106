"""Polynomials, fits and roots where they are special; histograms; complex results; messages."""

import numpy as np
import pytest
from numpy.polynomial import polynomial

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
            (lambda t: np.polyder(t, -1), r"np\.polyder: m must not be negative, not -1"),
            (lambda t: np.polyint(t, -1), r"np\.polyint: m must not be negative, not -1"),
            (lambda t: np.polyint(t, 3, [1.0, 2.0]), r"k has 2 constants for 3 integrations"),
            (lambda t: np.poly(t.reshape(1, 2)), r"np\.poly: takes zeros or a square matrix"),
            (
                lambda t: np.vander(t.reshape(1, 2)),
                r"np\.vander: .*one dimension, not of.*\(1, 2\)",
            ),
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


class TestHistograms:
    X = np.array([0.5, 1.5, 1.7, 3.9])

    def test_counts_are_constant(self):
        counts, edges = np.histogram(Tensor(self.X), [0.0, 1.0, 4.0])
        assert type(counts) is np.ndarray
        assert counts.tolist() == [1, 3]
        assert type(edges) is np.ndarray

    def test_edges_depend_on_the_extremes(self):
        def edges(x):
            return np.histogram(x, 2)[1]

        assert tg.jacobian(edges)(self.X).tolist() == [
            [1, 0, 0, 0],
            [0.5, 0, 0, 0.5],
            [0, 0, 0, 1],
        ]

    def test_edges_that_are_variables_are_handed_through(self):
        bins = np.array([0.0, 1.0, 4.0])
        counts, edges = np.histogram(self.X, Tensor(bins))
        assert edges.data.tolist() == bins.tolist()
        assert counts.tolist() == [1, 3]
        jacobian = tg.jacobian(lambda bins: np.histogram(self.X, bins)[1])(bins)
        assert np.array_equal(jacobian, np.eye(3))

    def test_every_weight_counts_in_its_bin(self):
        x = np.array([0.0, 1.0, 2.0, 2.5, -1.0, 9.0, np.nan])
        gradient = tg.grad(
            lambda w: np.sum(np.histogram(x, [0.0, 1.0, 2.0], weights=w)[0] * [10, 100])
        )(np.ones(7))
        assert gradient.tolist() == [10, 100, 100, 0, 0, 0, 0]

    @pytest.mark.parametrize("bins", ["auto", "fd", "scott", "sqrt", "doane"])
    def test_bins_that_numpy_chooses(self, bins):
        x = np.random.default_rng(0).normal(size=50)
        for found, expected in zip(
            np.histogram(Tensor(x), bins), np.histogram(x, bins), strict=True
        ):
            assert np.array_equal(getattr(found, "data", found), expected)

    def test_no_bins_are_chosen_for_weights(self):
        with pytest.raises(TypeError, match="not supported for weighted data"):
            np.histogram(self.X, "auto", weights=Tensor(np.ones(4)))

    def test_no_elements(self):
        assert np.histogram(Tensor(np.ones(0)))[0].tolist() == [0] * 10
        assert np.bincount(np.zeros(0, int), Tensor(np.ones(0)), 3).data.tolist() == [0, 0, 0]

    def test_two_dimensions_of_different_length(self):
        with pytest.raises(ValueError, match=r"np\.histogram2d: .* same length.*\(4,\).*\(3,\)"):
            np.histogram2d(Tensor(self.X), self.X[:3])

    def test_a_range_has_no_rule(self):
        with pytest.raises(TypeError, match=r"np\.histogram: 'range' has no derivative.*edges"):
            np.histogram(Tensor(self.X), range=Tensor([0.0, 1.0]))

    def test_what_is_counted_is_no_variable(self):
        with pytest.raises(TypeError, match=r"np\.bincount: 'indices' has no derivative"):
            np.bincount(Tensor([0.0, 1.0]))


class TestSequences:
    def test_between_ends_of_different_signs_there_is_no_geometric_sequence(self):
        with np.errstate(all="ignore"):
            value, gradient = tg.value_and_grad(lambda x: np.geomspace(x, -2.0, 3)[0])(1.0)
        assert value == 1
        assert np.isnan(gradient)

    @pytest.mark.parametrize("stop", [complex(-2, 0.0), complex(-2, -0.0)])
    def test_a_complex_end_on_the_cut_lies_where_numpy_has_it(self, stop):
        value, tangent = tg.jvp(lambda x: np.geomspace(x, stop, 3)[1], [1.0], [1.0])
        assert tangent == pytest.approx(value / 2)


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
        with pytest.raises(ValueError, match=r"polyvalnd: points of shapes \(4,\) and \(3,\)"):
            polynomial.polyvalnd((Tensor(x), y[:3]), self.C)

    @pytest.mark.skipif(
        not hasattr(polynomial.polyval2d, "_implementation"), reason="NumPy 2.4 and newer"
    )
    def test_points_of_two_shapes(self):
        with pytest.raises(ValueError, match=r"polyval2d: points of shapes \(2,\) and \(3,\)"):
            polynomial.polyval2d(Tensor([1.0, 2.0]), np.ones(3), self.C)
