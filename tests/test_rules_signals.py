"""Interpolation at knots, convolutions as matrices, sinc to the sixth order, angles and parts."""

import math

import numpy as np
import pytest

import tinygrad_np as tg
from tinygrad_np import Tensor

WHOLE = np.random.default_rng(5)


class TestConvolution:
    @pytest.mark.parametrize("mode", ["full", "same", "valid"])
    @pytest.mark.parametrize("n", range(1, 6))
    @pytest.mark.parametrize("m", range(1, 6))
    @pytest.mark.parametrize("function", [np.convolve, np.correlate])
    def test_both_gradients_are_those_of_its_matrix(self, function, n, m, mode):
        """In whole numbers, so that every sum is exact."""
        a, v = [WHOLE.integers(-9, 9, size).astype(float) for size in (n, m)]
        by_a = np.stack([function(e, v, mode) for e in np.eye(n)])
        by_v = np.stack([function(a, e, mode) for e in np.eye(m)])
        cotangent = WHOLE.integers(-9, 9, by_a.shape[1]).astype(float)
        found = tg.vjp(lambda a, v: function(a, v, mode), a, v)[1](cotangent)
        assert np.array_equal(found[0], by_a @ cotangent)
        assert np.array_equal(found[1], by_v @ cotangent)

    def test_a_correlation_conjugates_the_second_sequence(self):
        a, v = np.array([1 + 2j, 3 - 1j]), np.array([2 - 1j])
        x, y = Tensor(a), Tensor(v)
        np.sum(np.real(np.correlate(x, y, "full"))).backward()
        # Re(Σ aᵢ conj v): ∂/∂Re − i ∂/∂Im
        assert x.grad.tolist() == [2 + 1j, 2 + 1j]
        assert y.grad.tolist() == [4 - 1j]

    def test_a_number_and_a_list(self):
        assert np.convolve(Tensor(2.0), [1.0, 3.0]).data.tolist() == [2, 6]


class TestInterpolation:
    XP, FP = np.array([0.0, 1.0, 3.0]), np.array([0.0, 5.0, 6.0])

    def slope(self, x):
        return float(tg.grad(lambda x: np.interp(x, self.XP, self.FP))(x))

    def test_a_knot_belongs_to_the_piece_on_its_right(self):
        slopes = [self.slope(x) for x in (-1.0, 0.0, 0.5, 1.0, 2.0, 3.0, 4.0)]
        assert slopes == [0, 5, 5, 0.5, 0.5, 0, 0]

    def test_outside_the_ends_count_or_what_stands_for_them(self):
        def f(fp, left, right):
            return np.interp([-1.0, 2.0, 9.0], self.XP, fp, left, right)

        _, pull = tg.vjp(f, self.FP, 7.0, 8.0)
        by_fp, by_left, by_right = pull(np.array([1.0, 10.0, 100.0]))
        assert by_fp.tolist() == [0, 5, 5]
        assert (by_left, by_right) == (1, 100)
        by_fp = tg.vjp(lambda fp: np.interp([-1.0, 9.0], self.XP, fp), self.FP)[1](np.ones(2))[0]
        assert by_fp.tolist() == [1, 0, 1]

    def test_with_a_period_nothing_is_outside(self):
        x = np.array([-0.5, 3.5])
        by_fp, by_left = tg.vjp(
            lambda fp, left: np.interp(x, self.XP, fp, left, period=4.0), self.FP, 7.0
        )[1](np.array([1.0, 10.0]))
        assert by_fp.tolist() == [5.5, 0, 5.5]
        assert by_left == 0

    def test_a_single_data_point(self):
        gradient = tg.grad(lambda fp: np.sum(np.interp([0.0, 1.0, 2.0], [1.0], fp)))(np.ones(1))
        assert gradient.tolist() == [3]

    def test_nan_in_gives_nan(self):
        assert np.isnan(tg.grad(lambda x: np.interp(x, self.XP, self.FP))(np.nan))

    def test_single_precision_comes_back_as_such(self):
        x = np.array([0.5, 2.0], np.float32)
        assert tg.grad(lambda x: np.sum(np.interp(x, self.XP, self.FP)))(x).dtype == np.float32

    def test_plain_numbers_and_lists_beside_a_tensor(self):
        fp = Tensor([1.0, 2.0, 4.0])
        np.interp(0.5, [0, 1, 2], fp).backward()
        assert fp.grad.tolist() == [0.5, 0.5, 0]
        assert tg.grad(lambda xp: np.interp(0.5, xp, [1, 2, 4]))(self.XP[:3]).tolist() == [
            -0.5,
            -0.5,
            0,
        ]

    def test_what_stands_for_the_outside_hides_the_first_value(self):
        """Below the first point nothing depends on it, whatever the cotangent is."""
        x, xp, fp = np.array([-1.0, 0.5]), [0.0, 1.0], np.array([1.0, 2.0])
        u = np.array([np.nan, 1.0])
        (by_fp,) = tg.vjp(lambda fp: np.interp(x, xp, fp, left=np.nan), fp)[1](u)
        assert by_fp.tolist() == [0.5, 0.5]
        (by_x,) = tg.vjp(lambda x: np.interp(x, xp, fp, left=np.nan), x)[1](u)
        assert by_x.tolist() == [0, 1]

    def test_a_period_has_no_rule(self):
        with pytest.raises(TypeError, match=r"np\.interp: 'period' has no derivative.*scale"):
            np.interp(Tensor(0.5), self.XP, self.FP, period=Tensor(4.0))


class TestSinc:
    @pytest.mark.parametrize("x", [0.0, 1e-300, -1e-12, 1e-6])
    def test_all_derivatives_at_0(self, x):
        """sinc x = Σₖ (−1)ᵏ (πx)²ᵏ/(2k + 1)!"""
        derivative = np.sinc
        for n in range(7):
            k, is_odd = divmod(n, 2)
            even = (-1) ** (k + is_odd) * np.pi ** (n + is_odd) / (n + is_odd + 1)
            expected = even * x if is_odd else even
            tolerance = 1e-9 * abs(even)  # the next term is 1e-12 of this one for x = 1e-6
            assert abs(derivative(np.array(x)) - expected) <= tolerance * (abs(x) if is_odd else 1)
            derivative = tg.grad(derivative)

    def test_near_0_no_digits_are_lost(self):
        x = np.geomspace(1e-8, 0.1, 50)
        y = np.pi * x
        # sinc′ by its series to the eighth power of y
        series = np.pi * y * (-1 / 3 + y**2 / 30 - y**4 / 840 + y**6 / 45360 - y**8 / 3991680)
        found = tg.grad(lambda x: np.sum(np.sinc(x)))(x)
        assert np.max(np.abs(found / series - 1)) < 1e-12

    def test_far_out(self):
        x = 1e6 + 0.25
        expected = (math.cos(math.pi * 0.25) - np.sinc(x)) / x
        assert tg.grad(np.sinc)(x) == pytest.approx(expected, rel=1e-9)


def test_the_bessel_functions_satisfy_their_equation():
    """x² I₀″ + x I₀′ − x² I₀ = 0."""
    x = np.linspace(-6, 6, 13)
    first = tg.grad(lambda x: np.sum(np.i0(x)))(x)
    second = tg.grad(lambda x: np.sum(tg.grad(lambda x: np.sum(np.i0(x)))(x)))(x)
    assert np.allclose(x * x * second + x * first, x * x * np.i0(x), rtol=1e-13)


class TestAnglesAndParts:
    def test_the_angle_of_a_real_number_is_constant(self):
        assert tg.grad(lambda x: np.sum(np.angle(x, deg=True)))(np.array([-2.0, 3.0])).tolist() == [
            0,
            0,
        ]

    def test_the_angle_of_a_complex_number(self):
        z = Tensor(np.array(3 + 4j))
        np.angle(z).backward()
        # ∂/∂x − i ∂/∂y of atan2(y, x) is (−y − i x)/|z|²
        assert z.grad == pytest.approx((-4 - 3j) / 25)

    def test_what_is_nearly_real(self):
        z = np.array([1 + 1e-16j, 2.0])
        x = Tensor(z)
        result = np.real_if_close(x)
        assert result.dtype == np.float64
        np.sum(result).backward()
        assert x.grad.tolist() == [1, 1]
