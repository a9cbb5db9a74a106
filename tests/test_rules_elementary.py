"""Elementary functions where they are small or large: tails, cuts, sums of exponentials."""

import numpy as np
import pytest

import tinygrad_np as tg
from tinygrad_np import Tensor

INF, NAN = np.inf, np.nan


class TestLogarithmsOfSums:
    @pytest.mark.parametrize("ufunc", [np.logaddexp, np.logaddexp2])
    def test_infinities(self, ufunc):
        x = np.array([-INF, -INF, INF, 0.0])
        y = np.array([-INF, 1.0, INF, -INF])
        by_x, by_y = tg.vjp(ufunc, x, y)[1](np.ones(4))
        assert np.array_equal(by_x, [0.5, 0, 0.5, 1])
        assert np.array_equal(by_y, [0.5, 1, 0.5, 0])

    def test_the_second_derivative_of_equal_numbers(self):
        hessian = tg.hessian(lambda x: np.logaddexp(x[0], x[1]))(np.array([2.0, 2.0]))
        assert np.array_equal(hessian, [[0.25, -0.25], [-0.25, 0.25]])

    def test_single_precision_beside_python_numbers(self):
        x = np.array([1.0, -INF], np.float32)
        for of in (lambda x: np.logaddexp(x, 0.5), lambda x: np.logaddexp2(2, x)):
            (g,) = tg.vjp(of, x)[1](np.ones(2, np.float32))
            assert g.dtype == np.float32
            assert g[1] == 0


class TestFarOut:
    """Derivatives that are 0 or small, where a formula would overflow or cancel on the way."""

    def test_the_hessian_of_tanh(self):
        assert tg.hessian(np.tanh)(400.0) == 0
        assert tg.grad(tg.grad(tg.grad(np.tanh)))(400.0) == 0
        x = np.array([-300.0, 20.0, 300.0])  # −8·exp(−2x)·sign x, exact to 2e−17
        found = tg.grad(lambda x: np.sum(tg.grad(lambda x: np.sum(np.tanh(x)))(x)))(x)
        assert np.allclose(found, -8 * np.sign(x) * np.exp(-2 * abs(x)), rtol=1e-14, atol=0)

    @pytest.mark.parametrize("x", [43.0, 44.5, 60.0, 3e38])
    @pytest.mark.parametrize("sign", [-1, 1])
    def test_tanh_in_single_precision(self, x, sign):
        x = np.float32(sign * x)
        first, second = tg.grad(np.tanh), tg.grad(tg.grad(np.tanh))
        tiny = np.finfo(np.float32).tiny
        small = np.exp(-2 * abs(float(x)))
        assert np.allclose(first(x), 4 * small, rtol=1e-6, atol=tiny)
        assert np.allclose(second(x), -8 * sign * small, rtol=1e-6, atol=tiny)
        forward = tg.jvp(first, [x], [np.float32(1)])[1]
        assert np.allclose(forward, -8 * sign * small, rtol=1e-6, atol=tiny)

    def test_a_tanh_network_on_unscaled_pixels(self):
        rng = np.random.default_rng(0)
        pixels = rng.integers(0, 256, (8, 49)).astype(np.float32)
        weights = rng.standard_normal((49, 3)).astype(np.float32)

        def loss(weights):
            return np.mean(np.tanh(pixels @ weights) ** 2)

        assert np.isfinite(tg.hvp(loss, [weights], [weights])).all()

    @pytest.mark.parametrize("x", [np.float32(1e20), 1e155, 1e200, np.float16(1000)])
    def test_arcsinh(self, x):
        dtype = np.asarray(x).dtype
        x = np.asarray(x)
        found = tg.grad(np.arcsinh)(x)
        assert found.dtype == dtype
        assert np.allclose(found, 1 / x, rtol=1e-15 if dtype == np.float64 else np.finfo(dtype).eps)
        if dtype != np.float64:
            bent = tg.grad(tg.grad(np.arcsinh))(x)
            assert np.allclose(bent, -1 / x / x, atol=np.finfo(dtype).tiny)

    def test_small_second_derivatives(self):
        """−x/√(1 − x²)³ and its kind, which are x and its multiples next to 0."""
        x = 1e-12
        second = {f: tg.grad(tg.grad(f))(x) for f in (np.arcsin, np.arctanh, np.arctan, tg.sigmoid)}
        assert np.allclose([*second.values()], np.array([1, 2, -2, -0.125]) * x, rtol=1e-14)

    def test_arctan_in_single_precision(self):
        x = np.float32(1e12)
        assert np.allclose(tg.grad(tg.grad(np.arctan))(x), -2e-36, rtol=1e-6, atol=0)

    def test_directions_of_very_different_operands(self):
        x, y = 1e8, 1.0
        hessian = tg.hessian(lambda v: np.hypot(v[0], v[1]))(np.array([x, y]))
        exact = np.array([[y * y, -x * y], [-x * y, x * x]]) / 1e24
        assert np.allclose(hessian, exact, rtol=1e-13, atol=0)

    def test_large_numbers_next_to_each_other(self):
        """The difference counts: 2¹⁰ times log 2 would be rounded in half precision."""
        x, y = np.float16(2048), np.float16(2046)
        assert tg.grad(np.logaddexp2)(x, y) == np.float16(0.8)
        assert np.allclose(tg.grad(tg.logsumexp)(np.full(4, 1e9)), 0.25, rtol=1e-15)


class TestArccosh:
    @pytest.mark.parametrize("z", [-1.8 - 0.18j, -1.8 + 0.18j, 0.3 - 2j, 2.0 + 0.1j])
    def test_arccosh_on_the_whole_plane(self, z):
        (g,) = tg.vjp(np.arccosh, np.array(z))[1](np.array(1 + 0j))
        h = 1e-6
        assert np.isclose(g, (np.arccosh(z + h) - np.arccosh(z - h)) / (2 * h), rtol=1e-7)


def test_arccosh_left_of_the_imaginary_axis():
    """√(z − 1)·√(z + 1) is not √((z − 1)(z + 1)) there."""
    z, h = -1.5 + 0.3j, 1e-6
    t = Tensor(np.array(z))
    np.real(np.arccosh(t)).backward()
    assert t.grad == pytest.approx((np.arccosh(z + h) - np.arccosh(z - h)) / (2 * h), rel=1e-8)
