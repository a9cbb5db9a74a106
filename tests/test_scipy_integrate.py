"""Integrals and initial value problems: against closed forms, SciPy itself, and what is refused."""

import ctypes
import ctypes.util
import math
import re
import warnings

import numpy as np
import pytest
import scipy.integrate as scipys
import scipy.special

import tinygrad_np as tg
from tinygrad_np.scipy import integrate

RNG = np.random.default_rng(0)


def close(found, expected, tolerance=1e-10):
    assert np.allclose(found, expected, rtol=tolerance, atol=tolerance), (found, expected)


class TestSamples:
    @pytest.mark.parametrize("count", [1, 2, 3, 4, 7, 8])
    def test_arrays_and_tensors_have_scipys_bits(self, count):
        x, y = np.sort(RNG.uniform(0, 3, count)), RNG.normal(size=(2, count))
        for name in ("trapezoid", "cumulative_trapezoid", "simpson", "cumulative_simpson"):
            ours, theirs = getattr(integrate, name), getattr(scipys, name)
            assert np.array_equal(ours(y, x=x), theirs(y, x=x))
            assert np.array_equal(ours(tg.Tensor(y), x=tg.Tensor(x)).data, theirs(y, x=x))
            assert np.array_equal(ours(tg.Tensor(y.T), dx=0.3, axis=0).data, theirs(y, dx=0.3).T)

    def test_simpson_is_exact_for_cubics_by_their_end(self):
        def area(b):
            x = b * np.linspace(0, 1, 5)
            return integrate.simpson(x**3, x=x)

        close(tg.grad(area)(1.3), 1.3**3, 1e-14)
        close(tg.grad(tg.grad(area))(1.3), 3 * 1.3**2, 1e-14)

    def test_lists_of_tensors(self):
        found = tg.grad(lambda a: integrate.simpson([a, 2 * a, 3.0], dx=2.0))(1.0)
        close(found, 2 * (1 + 4 * 2) / 3, 1e-15)

    def test_complex_samples(self):
        y = RNG.normal(size=5) + 1j * RNG.normal(size=5)
        for name in ("trapezoid", "simpson", "romb"):
            function = getattr(integrate, name)
            assert np.array_equal(function(tg.Tensor(y)).data, getattr(scipys, name)(y))
            found = tg.grad(lambda y, f=function: np.real(f(y)))(y)
            close(found, tg.grad(function)(y.real), 1e-15)

    def test_single_precision_and_integers(self):
        y = np.array([1, 2, 4], np.float32)
        found = tg.grad(lambda y: integrate.simpson(y, dx=1.0))(y)
        assert found.dtype == np.float32
        assert integrate.simpson(tg.Tensor(y)).dtype == scipys.simpson(y).dtype
        close(tg.grad(lambda x: integrate.trapezoid([1, 2], x))(np.array([0.0, 1.0])), [-1.5, 1.5])

    def test_equal_neighbours(self):
        with pytest.raises(ValueError, match="two equal neighbours"):
            integrate.simpson(tg.Tensor(np.ones(3)), x=[0.0, 1.0, 1.0])

    def test_the_option_that_scipy_has_given_up(self):
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", DeprecationWarning)
            with pytest.raises(TypeError, match="even"):
                integrate.simpson(tg.Tensor(np.ones(4)), even="first")


def derivatives(f, x, count):
    found = []
    for _ in range(count):
        f = tg.grad(f)
        found.append(f(x))
    return found


class TestQuad:
    def test_plain_functions_give_scipys_results(self):
        found = integrate.quad(np.cos, 0, 1, full_output=1, epsabs=1e-10)
        expected = scipys.quad(np.cos, 0, 1, full_output=1, epsabs=1e-10)
        assert found[:2] == expected[:2]
        assert found[2].keys() == expected[2].keys()
        assert type(found[0]) is float
        assert integrate.quad(lambda x, k: x**k, 0, 1, 2) == scipys.quad(lambda x, k: x**k, 0, 1, 2)

    def test_the_value_of_a_tensor_is_scipys(self):
        a = tg.Tensor(0.7)
        value, error = integrate.quad(lambda x: np.exp(-a * x), 0, 2)
        assert (value.item(), error) == scipys.quad(lambda x: np.exp(-0.7 * x), 0, 2)

    @pytest.mark.parametrize("hidden", [True, False])
    def test_parameters_to_the_third_order(self, hidden):
        def f(a):
            if hidden:
                return integrate.quad(lambda x: np.exp(-a * x), 0, np.inf)[0]
            return integrate.quad(lambda x, a: np.exp(-a * x), 0, np.inf, args=(a,))[0]

        close(derivatives(f, 2.0, 3), [-1 / 4, 2 / 8, -6 / 16])

    def test_limits_to_the_fourth_order(self):
        upper = derivatives(lambda b: integrate.quad(np.sin, 0.1, b)[0], 1.3, 4)
        close(upper, [np.sin(1.3), np.cos(1.3), -np.sin(1.3), -np.cos(1.3)])
        lower = derivatives(lambda a: integrate.quad(np.sin, a, -1.0)[0], 1.3, 2)
        close(lower, [-np.sin(1.3), -np.cos(1.3)])

    def test_limits_and_parameters_together(self):
        """∫ₐᵇ exp(−kx) dx = (exp(−ka) − exp(−kb))/k, both modes and both orders."""

        def f(p):
            return integrate.quad(lambda x, k: np.exp(-k * x), p[0], p[1], args=(p[2],))[0]

        def closed(p):
            return (np.exp(-p[2] * p[0]) - np.exp(-p[2] * p[1])) / p[2]

        p, t = np.array([0.2, 1.5, 0.8]), np.array([1.0, -2.0, 0.5])
        close(tg.grad(f)(p), tg.grad(closed)(p), 1e-12)
        close(tg.jvp(f, [p], [t])[1], tg.grad(closed)(p) @ t, 1e-12)
        close(tg.hessian(f)(p), tg.hessian(closed)(p), 1e-12)

    def test_a_range_that_is_empty_and_one_that_is_reversed(self):
        close(tg.grad(lambda b: integrate.quad(np.cos, b * 0 + 1, b)[0])(1.0), np.cos(1.0))
        close(tg.grad(lambda k: integrate.quad(lambda x: k * x, 1, 0)[0])(3.0), -0.5)

    @pytest.mark.parametrize("power", [0.3, 0.5, 1.5, 3.0])
    def test_singular_at_the_end(self, power):
        """d/ds Γ(s) = Γ(s)ψ(s), whose integrand has x**(s−1)·log x."""
        found = tg.grad(lambda s: integrate.quad(lambda x: x ** (s - 1) * np.exp(-x), 0, np.inf)[0])
        close(found(power) / scipy.special.gamma(power), scipy.special.digamma(power))

    def test_an_elliptic_integral(self):
        def f(m):
            return integrate.quad(lambda x: 1 / np.sqrt((1 - x * x) * (1 - m * x * x)), 0, 1)[0]

        m, k, e = 0.5, scipy.special.ellipk(0.5), scipy.special.ellipe(0.5)
        close(tg.grad(f)(m), (e - (1 - m) * k) / (2 * m * (1 - m)))

    def test_an_amplitude_that_is_zero(self):
        """The integrand says nothing of where its derivative varies."""
        found = tg.grad(lambda t: integrate.quad(lambda x: t * np.exp(-900 * x * x), -1, 5)[0])(0.0)
        close(found, np.sqrt(np.pi) / 30)

    def test_the_slope_of_a_kink_that_stays(self):
        found = tg.grad(lambda a: integrate.quad(lambda x: a * np.abs(x - 0.3), 0, 1)[0])(2.0)
        close(found, (0.09 + 0.49) / 2, 1e-9)

    def test_what_jumps_is_refused_unless_its_place_is_given(self):
        for f in (lambda x, a: a * (x < 0.3), lambda x, a: np.where(x < a, 1.0, 0.0), np.maximum):
            with pytest.raises(ValueError, match=r"jumps near 0\.3"):
                integrate.quad(f, 0, 1, args=(tg.Tensor(0.3),))
        single = tg.Tensor(np.float32(0.3))
        with pytest.raises(ValueError, match=r"jumps near 0\.(3|29)"):
            integrate.quad(lambda x: np.where(x < single, single, 0), 0, 1)
        found = tg.grad(lambda a: integrate.quad(lambda x: a * (x < 0.3), 0, 1, points=[0.3])[0])
        close(found(2.0), 0.3)

    def test_a_place_that_a_tensor_moves_is_a_limit(self):
        """∫ max(x − k, 0)φ(x) dx has the slope Φ(k) − 1, and the curvature φ(k)."""
        phi = lambda x: np.exp(-x * x / 2) / math.sqrt(2 * math.pi)  # noqa: E731
        first, second = derivatives(
            lambda k: integrate.quad(lambda x: (x - k) * phi(x), k, np.inf)[0], 0.7, 2
        )
        close(first, scipy.special.ndtr(0.7) - 1)
        close(second, phi(0.7))

    def test_functions_of_pythons_numbers(self):
        close(tg.grad(lambda t: integrate.quad(lambda x: t * math.exp(x), 0, 1)[0])(2.0), np.e - 1)

    def test_complex_functions(self):
        def f(k):
            found = integrate.quad(lambda x: np.exp(1j * k * x), 0, 1, complex_func=True)
            return np.imag(found[0])

        close(tg.grad(f)(1.5), np.sin(1.5) / 1.5 + (np.cos(1.5) - 1) / 1.5**2)

    def test_single_precision(self):
        found = tg.grad(lambda k: integrate.quad(lambda x: np.exp(-k * x), 0, 1)[0])(np.float32(1))
        assert found.dtype == np.float32
        close(found, 2 / np.e - 1, 1e-6)

    def test_a_late_name_is_not_looked_up_again(self):
        """What the integrand uses is what it was at the call."""

        def f(a):
            total = 0.0
            for power in (1, 2):
                total = total + integrate.quad(lambda x: a * x**power, 0, 1)[0]  # noqa: B023
                a = 2 * a
            return total

        close(tg.grad(f)(3.0), 1 / 2 + 2 / 3)

    def test_compiled_functions(self):
        if not ctypes.util.find_library("m"):
            pytest.skip("no library of C's functions")
        library = ctypes.CDLL(ctypes.util.find_library("m"))
        library.cos.argtypes, library.cos.restype = (ctypes.c_double,), ctypes.c_double
        compiled = scipy.LowLevelCallable(library.cos)
        assert integrate.quad(compiled, 0, 1) == scipys.quad(compiled, 0, 1)
        with pytest.raises(TypeError, match="'b' has no derivative rule and takes no Tensor"):
            integrate.quad(compiled, 0, tg.Tensor(1.0))

    @pytest.mark.parametrize(
        ("call", "message"),
        [
            (lambda t: integrate.quad(lambda x: t * x, 0, 1, weight="cos", wvar=2.0), "'weight'"),
            (lambda t: integrate.quad(np.cos, 0, 1, epsabs=t), "'epsabs' has no derivative rule"),
            (lambda t: integrate.quad(np.cos, 0, 1, points=[t]), "'points' has no derivative"),
            (lambda t: integrate.quad(lambda x: 1 / np.sqrt(x), t * 0, 1), "not finite at the"),
            (lambda t: integrate.quad(lambda x: t / (x * x + 1e-300), -1, 1), "does not converge"),
        ],
    )
    @pytest.mark.filterwarnings("ignore")
    def test_what_is_refused(self, call, message):
        with pytest.raises((TypeError, ValueError), match=message):
            call(tg.Tensor(0.5))


class TestItsKind:
    def test_quad_vec(self):
        """∫₀¹ exp(−kx) dx for three k at once."""
        k = np.array([0.5, 1.0, 2.0])
        assert np.array_equal(
            integrate.quad_vec(lambda x: np.exp(-tg.Tensor(k) * x), 0, 1)[0].data,
            scipys.quad_vec(lambda x: np.exp(-k * x), 0, 1)[0],
        )
        found = tg.jacobian(lambda k: integrate.quad_vec(lambda x: np.exp(-k * x), 0, 1)[0])(k)
        close(found, np.diag(np.exp(-k) / k - (1 - np.exp(-k)) / k**2))

    def test_fixed_quad(self):
        """Five nodes are exact for polynomials of degree 9, by the limits too."""
        found = tg.hessian(lambda p: integrate.fixed_quad(lambda x: p[0] * x**8, 0, p[1])[0])
        close(found(np.array([2.0, 1.1])), [[0, 1.1**8], [1.1**8, 16 * 1.1**7]])
        assert integrate.fixed_quad(np.cos, 0, 1, n=4) == scipys.fixed_quad(np.cos, 0, 1, n=4)

    def test_two_variables(self):
        """∫₀ᵗ∫₀ˣ (t + cy) dy dx = t³/2 + ct³/6, with c in `args`."""

        def f(p):
            t, c = p
            return integrate.dblquad(lambda y, x, c: t + c * y, 0, t, 0, lambda x: x, (c,))[0]

        t, c = 1.3, 0.4
        p = np.array([t, c])
        assert f(p) == f(tg.Tensor(p)).item()
        close(tg.grad(f)(p), [1.5 * t**2 + c * t**2 / 2, t**3 / 6])
        close(tg.hessian(f)(p), [[3 * t + c * t, t**2 / 2], [t**2 / 2, 0]])

    def test_three_variables(self):
        """The limits of the third see the two others in SciPy's order: the first one first."""
        limits = (0, 1, lambda x: x, 2, lambda x, y: x * x, lambda x, y: 3 + x + y * y)
        expected = scipys.tplquad(lambda z, y, x: z * x, *limits)[0]
        found = tg.grad(lambda c: integrate.tplquad(lambda z, y, x: c * z * x + y, *limits)[0])(1.5)
        close(found, expected)

    def test_ranges_that_depend_on_parameters(self):
        """∫₀ᶜ∫_c^{y+c} cxy dx dy = c(c⁴/8 + c⁴/3), by nquad."""

        def f(c):
            ranges = [lambda y, c: (c, y + c), (0, c)]
            return integrate.nquad(lambda x, y, c: c * x * y, ranges, args=(c,))[0]

        close(derivatives(f, 0.7, 2), [55 / 24 * 0.7**4, 55 / 6 * 0.7**3])


RATES = np.array([1.0, 0.5, 0.8, 0.3])
START = np.array([2.0, 1.0])
TIMES = np.linspace(0, 4, 7)


def predator_and_prey(t, y, p):
    return [p[0] * y[0] - p[1] * y[0] * y[1], -p[2] * y[1] + p[3] * y[0] * y[1]]


@pytest.fixture(scope="module")
def sensitivities():
    """The derivatives of the exact solution by the rates, from the variational equations."""

    def both(t, z):
        y, s = z[:2], z[2:].reshape(2, 4)
        by_y = np.array(
            [
                [RATES[0] - RATES[1] * y[1], -RATES[1] * y[0]],
                [RATES[3] * y[1], -RATES[2] + RATES[3] * y[0]],
            ]
        )
        by_p = np.array([[y[0], -y[0] * y[1], 0, 0], [0, 0, -y[1], y[0] * y[1]]])
        return np.concatenate([predator_and_prey(t, y, RATES), (by_y @ s + by_p).ravel()])

    start = np.concatenate([START, np.zeros(8)])
    found = scipys.solve_ivp(both, (0, 4), start, "DOP853", TIMES, rtol=1e-12, atol=1e-13)
    return np.moveaxis(found.y[2:].reshape(2, 4, -1), 1, 2)  # y, time, rate


@pytest.mark.parametrize("method", ["RK23", "RK45", "DOP853"])
class TestSolveIvp:
    def test_values_are_scipys(self, method):
        for options in ({}, {"t_eval": TIMES}, {"max_step": 0.3, "first_step": 0.1}):
            expected = scipys.solve_ivp(
                predator_and_prey, (0, 4), START, method, args=(RATES,), **options
            )
            for rates in (RATES, tg.Tensor(RATES)):
                found = integrate.solve_ivp(
                    predator_and_prey, (0, 4), START, method, args=(rates,), **options
                )
                assert np.array_equal(tg.stop_gradient(found.y), expected.y)
                assert np.array_equal(found.t, expected.t)
                assert (found.nfev, found.status, found.message, found.sol, found.t_events) == (
                    expected.nfev, expected.status, expected.message, None, None,
                )  # fmt: skip

    def test_converges_to_the_exact_sensitivities(self, method, sensitivities):
        tight, allowed = {"RK23": (1e-6, 1e-4), "RK45": (1e-9, 1e-6), "DOP853": (1e-11, 1e-8)}[
            method
        ]

        def f(p):
            found = integrate.solve_ivp(
                lambda t, y: predator_and_prey(t, y, p), (0, 4), START, method, TIMES,
                rtol=tight, atol=tight,
            )  # fmt: skip
            return found.y

        close(tg.jacobian(f, mode="forward")(RATES), sensitivities, allowed)

    def test_is_the_derivative_of_what_was_computed(self, method):
        """With steps that a loose tolerance leaves as they are, differences agree to 1e-9."""

        def f(x):
            options = {"first_step": 0.5, "max_step": 0.5, "rtol": 1e3, "atol": 1e3}
            found = integrate.solve_ivp(
                predator_and_prey, (0, 2), x[4:], method, [0.2, 1.6, 2], args=(x[:4],), **options
            )
            return np.sum(found.y**2)

        x, t, h = np.concatenate([RATES, START]), RNG.normal(size=6), 3e-4

        def along(function):
            near, far = [(function(x + s * t) - function(x - s * t)) / (2 * s) for s in (h, 2 * h)]
            return (4 * near - far) / 3

        close(tg.grad(f)(x) @ t, along(f), 1e-9)
        close(tg.jvp(f, [x], [t])[1], along(f), 1e-9)
        close(tg.hvp(f, [x], [t])[0], along(tg.grad(f)), 1e-8)

    def test_by_the_ends_of_the_time_and_times_between(self, method):
        """y = exp(sin t − sin t₀) moves by cos t with t, and by −cos t₀ with t₀."""
        tight = 1e-8 if method == "RK23" else 1e-11

        def f(t):
            found = integrate.solve_ivp(
                lambda t, y: np.cos(t) * y, (t[0], t[2]), [1.0], method, t[1:2], rtol=tight,
                atol=tight,
            )  # fmt: skip
            last = integrate.solve_ivp(
                lambda t, y: np.cos(t) * y, (t[0], t[2]), [1.0], method, rtol=tight, atol=tight
            )
            return np.concatenate([found.y[0], last.y[0, -1:], last.t[-1:], found.t])

        t = np.array([0.3, 1.0, 1.9])
        y = np.exp(np.sin(t) - np.sin(0.3))
        expected = [
            [-y[1] * np.cos(0.3), y[1] * np.cos(1.0), 0],
            [-y[2] * np.cos(0.3), 0, y[2] * np.cos(1.9)],
            [0, 0, 1],
            [0, 1, 0],
        ]
        close(tg.jacobian(f)(t), expected, 1e-4 if method == "RK23" else 1e-7)

    def test_backwards_and_complex(self, method):
        def f(k):
            found = integrate.solve_ivp(
                lambda t, y: 1j * k * y, (1, 0), [1.0 + 0j], method, rtol=1e-7, atol=1e-9
            )
            return np.real(found.y[0, -1])

        close(tg.grad(f)(0.7), -np.sin(0.7), 1e-5)

    def test_vectorized(self, method):
        def f(k):
            found = integrate.solve_ivp(
                lambda t, y: -k * y, (0, 1), START, method, vectorized=True, rtol=1e-8
            )
            return found.y[1, -1]

        close(tg.grad(f)(0.7), -np.exp(-0.7), 1e-4)


class TestWhatSolveIvpRefuses:
    @pytest.mark.parametrize("method", ["LSODA", "Radau", "BDF"])
    def test_stiff_methods(self, method):
        plain = integrate.solve_ivp(lambda t, y: -y, (0, 1), [1.0], method)
        assert np.array_equal(plain.y, scipys.solve_ivp(lambda t, y: -y, (0, 1), [1.0], method).y)
        with pytest.raises(TypeError, match=f"the steps of {method} have no derivative rule; use"):
            integrate.solve_ivp(lambda t, y: -tg.Tensor(1.0) * y, (0, 1), [1.0], method)
        with pytest.raises(TypeError, match=f"the steps of {method} have no derivative rule; use"):
            integrate.solve_ivp(lambda t, y: -y, (0, 1), [tg.Tensor(1.0)], getattr(scipys, method))

    @pytest.mark.parametrize(
        ("options", "message"),
        [
            ({"events": lambda t, y: y[0] - 0.5}, "'events' has no derivative rule"),
            ({"dense_output": True}, "'dense_output' has no derivative rule"),
            ({"rtol": tg.Tensor(1e-3)}, "'rtol' has no derivative rule and takes no Tensor"),
        ],
    )
    def test_options(self, options, message):
        with pytest.raises(TypeError, match=message):
            integrate.solve_ivp(lambda t, y: -y, (0, 1), tg.Tensor([1.0]), **options)

    def test_a_right_side_that_changes(self):
        calls = iter(range(10**6))
        with pytest.raises(ValueError, match="is the right side the same each time"):
            integrate.solve_ivp(lambda t, y: -y * next(calls), (0, 1), tg.Tensor([1.0]))

    def test_classes(self):
        for name in ("RK45", "ode", "BDF"):
            with pytest.raises(TypeError, match="solve_ivp has a derivative"):
                getattr(integrate, name)(lambda t, y: -y, 0, tg.Tensor([1.0]), 1)
        assert integrate.solve_ivp(lambda t, y: -y, (0, 1), [1.0], integrate.RK45).success


class TestOdeint:
    def test_plain_arrays_give_scipys_results(self):
        expected = scipys.odeint(predator_and_prey, START, TIMES, (RATES,), tfirst=True)
        found = integrate.odeint(predator_and_prey, START, TIMES, (RATES,), tfirst=True)
        assert np.array_equal(found, expected)
        found, info = integrate.odeint(
            predator_and_prey, START, TIMES, (tg.Tensor(RATES),), tfirst=True, full_output=True
        )
        assert np.array_equal(found.data, expected)
        assert info["message"] == "Integration successful."

    def test_the_exact_sensitivities(self, sensitivities):
        def f(p):
            return integrate.odeint(predator_and_prey, START, TIMES, (p,), tfirst=True)

        found = tg.jacobian(f, mode="forward")(RATES)
        close(np.moveaxis(found, 1, 0), sensitivities, 1e-9)

    def test_second_order_and_every_operand(self):
        """y = y₀ exp(−k(t − t₀))"""

        def f(p):
            k, y0, first, last = p
            return integrate.odeint(lambda y, t: -k * y, y0, np.stack([first, last]))[1, 0]

        def closed(p):
            return p[1] * np.exp(-p[0] * (p[3] - p[2]))

        p = np.array([0.7, 1.3, 0.2, 1.1])
        close(tg.grad(f)(p), tg.grad(closed)(p), 1e-9)
        close(tg.hessian(f)(p), tg.hessian(closed)(p), 1e-6)

    def test_backwards_and_a_single_time(self):
        found = tg.grad(lambda k: integrate.odeint(lambda y, t: -k * y, 1.0, [1.0, 0.5, 0.0])[2, 0])
        close(found(0.7), np.exp(0.7), 1e-9)
        alone = tg.grad(lambda y: integrate.odeint(lambda y, t: -y, y, [1.0])[0, 0])(2.0)
        assert alone == 1.0

    def test_a_stiff_system(self, monkeypatch):
        monkeypatch.setattr("tinygrad_np.scipy.integrate.equations.MOST_STEPS", 200)
        with pytest.raises(ValueError, match="too stiff for its derivative; solve_ivp with"):
            integrate.odeint(lambda y, t: -1e6 * (y - np.cos(t)), tg.Tensor([1.0]), [0.0, 10.0])


class TestWhatElseSolveIvpCalls:
    """`events` and `jac` are called with `args`, too, and have no derivative."""

    @staticmethod
    def falls(t, y, rate):
        return -rate * y

    def test_plain_numbers_reach_them_as_in_scipy(self):
        def half(t, y, rate):
            return y[0] - 0.5

        class Ends:
            terminal = True

            def __call__(self, t, y, rate):
                return y[0] - 0.2 * rate

        def jac(t, y, rate):
            return [[-rate]]

        given = {"args": (2.0,), "events": [half, Ends()], "method": "BDF", "jac": jac}
        found = integrate.solve_ivp(self.falls, (0, 3), [1.0], **given)
        expected = scipys.solve_ivp(self.falls, (0, 3), [1.0], **given)
        assert found.status == expected.status == 1
        for name in ("t", "y", "t_events"):
            for x, y in zip(found[name], expected[name], strict=True):
                assert np.array_equal(x, y)

    def test_an_event_that_depends_on_a_tensor_is_refused(self):
        def time(level):
            found = integrate.solve_ivp(
                lambda t, y: [1.0], (0, 2), [0.0], events=lambda t, y: y[0] - level
            )
            return found.t_events[0][0]

        with pytest.raises(TypeError, match="'events' has no derivative rule and gives a Tensor"):
            tg.grad(time)(0.5)

    @pytest.mark.parametrize(
        ("args", "given"), [((), {}), ((0, 1), {"foo": 1}), ((0, 1), {"a": 1})]
    )
    def test_arguments_that_are_not_there(self, args, given):
        with pytest.raises(TypeError) as expected:
            scipys.quad(np.cos, *args, **given)
        with pytest.raises(TypeError, match=re.escape(str(expected.value))):
            integrate.quad(np.cos, *args, **given)
        with pytest.raises(TypeError, match=r"args` as a tuple"):
            integrate.solve_ivp(self.falls, (0, 1), [1.0], args=2.0)

    def test_no_times_are_asked_for(self):
        found = integrate.solve_ivp(lambda t, y: tg.Tensor(2.0) * y, (0, 1), [1.0], t_eval=[])
        assert np.size(found.y) == 0
