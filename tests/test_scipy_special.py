"""`scipy.special`: parameters and orders at the ends, higher orders, and what is refused."""

import numpy as np
import pytest
import scipy.special
from mpmath import mp, mpf

import tinygrad_np as tg
from tinygrad_np import Tensor
from tinygrad_np.rules.bessel import order_moment
from tinygrad_np.rules.incomplete import beta_moment, gamma_moment
from tinygrad_np.rules.integrals import carlson, faddeeva_rest
from tinygrad_np.scipy import special

INF = np.inf


def by(function, *operands):
    """The gradient of the sum of the results by every operand."""
    tensors = [np.asarray(x, float) for x in operands]
    argnums = tuple(range(len(tensors)))
    with np.errstate(all="ignore"):
        return tg.grad(lambda *at: np.sum(function(*at)), argnums=argnums)(*tensors)


def exact_second(function, at, i, j):
    """∂²/∂i∂j by differences of mpmath's function with 100 digits."""
    with mp.workdps(100):
        h = mpf("1e-20")

        def moved(*steps):
            x = [mpf(v) for v in at]
            for place, step in steps:
                x[place] += step * h
            return function(*x)

        corners = [(1, 1, 1), (1, -1, -1), (-1, 1, -1), (-1, -1, 1)]
        total = sum(sign * moved((i, p), (j, q)) for p, q, sign in corners)
        return float(total / (4 * h * h))


LOWER_GAMMA = lambda a, x: mp.gammainc(a, 0, x, regularized=True)  # noqa: E731
LOWER_BETA = lambda a, b, x: mp.betainc(a, b, 0, x, regularized=True)  # noqa: E731


class TestSecondOrder:
    @pytest.mark.parametrize(
        ("function", "exact", "at"),
        [
            (special.gammainc, LOWER_GAMMA, (2.5, 1.3)),
            (special.gammainc, LOWER_GAMMA, (1.0, 0.4)),
            (special.gammainc, LOWER_GAMMA, (0.02, 0.3)),
            (special.gammainc, LOWER_GAMMA, (60.0, 75.0)),
            (special.betainc, LOWER_BETA, (1.0, 1.0, 0.3)),
            (special.betainc, LOWER_BETA, (0.1, 7.0, 0.02)),
            (special.betainc, LOWER_BETA, (30.0, 0.6, 0.98)),
            (special.jv, mp.besselj, (1.0, 3.0)),
            (special.jv, mp.besselj, (-0.7, 0.2)),
            (special.yv, mp.bessely, (2.5, 40.0)),
            (special.iv, mp.besseli, (0.0, 3.0)),
            (special.kv, mp.besselk, (0.0, 0.1)),
            (special.kv, mp.besselk, (2.5, 9.0)),
            (special.ellipkinc, mp.ellipf, (0.7, 0.0)),
            (special.ellipeinc, mp.ellipe, (2.0, 0.5)),
            (special.elliprf, mp.elliprf, (1.0, 1.0, 1.0)),
            (special.agm, mp.agm, (1.0, 1.0)),
        ],
    )
    def test_hessians_against_mpmath(self, function, exact, at):
        found = tg.hessian(lambda x: function(*x))(np.array(at))
        n = len(at)
        expected = [[exact_second(exact, at, i, j) for j in range(n)] for i in range(n)]
        assert np.allclose(found, expected, rtol=1e-9, atol=1e-10 * np.max(np.abs(expected)))

    def test_third_order_by_a_parameter(self):
        third = tg.grad(tg.grad(tg.grad(lambda a: special.gammainc(a, 1.5))))(2.0)
        with mp.workdps(60):
            exact = mp.diff(lambda a: LOWER_GAMMA(a, mpf(1.5)), 2, 3)
        assert abs(third / float(exact) - 1) < 1e-10


class TestEnds:
    def test_incomplete_functions(self):
        by_a, by_x = by(special.gammainc, [0.5, 1, 2, 2, 2], [0, 0, 0, -0.0, INF])
        assert np.array_equal(by_a, np.zeros(5))
        assert np.array_equal(by_x, [INF, 1, 0, 0, 0])
        by_a, by_b, by_x = by(special.betainc, [0.5, 1, 2, 1], [2, 1, 3, 0.5], [0, 0, 1, 1])
        assert np.array_equal(by_a, np.zeros(4))
        assert np.array_equal(by_b, np.zeros(4))
        assert np.array_equal(by_x, [INF, 1, 0, INF])

    def test_a_parameter_next_to_zero(self):
        # P(a, x) = 1 − a·E₁(x) + …
        (slope,) = by(lambda a: special.gammainc(a, 0.7), [1e-300])
        assert np.allclose(slope, -scipy.special.exp1(0.7), rtol=1e-14)
        assert np.isnan(by(lambda a: special.gammainc(a, 0.7), [0.0])[0])
        assert np.isnan(by(lambda a: special.gammainc(a, 0.7), [-1.0])[0])

    def test_a_large_parameter_is_nearly_normal(self):
        # P(a, a + s√a) → Φ(s), so ∂P/∂a → −φ(s)/√a at s = 0
        a = np.array([1e8])
        (slope,) = by(lambda a: special.gammainc(a, 1e8), a)
        assert np.allclose(slope, -1 / np.sqrt(2 * np.pi * a), rtol=1e-4)

    def test_inverses_of_nothing(self):
        by_a, by_p = by(special.gammaincinv, [0.5, 1, 2], [0, 0, 0])
        assert np.array_equal(by_a, np.zeros(3))
        assert np.array_equal(by_p, [0, 1, INF])
        by_a, by_b, by_p = by(special.betaincinv, [1, 2], [1, 0.5], [0, 1])
        assert np.array_equal(by_a, np.zeros(2))
        assert np.array_equal(by_b, np.zeros(2))
        assert np.array_equal(by_p, [1, 0])

    def test_student_in_the_middle_and_at_the_ends(self):
        by_df, by_t = by(special.stdtr, [2, 2, 2], [0, -INF, INF])
        assert np.array_equal(by_df, np.zeros(3))
        assert np.allclose(by_t, [8**-0.5, 0, 0], rtol=1e-14)
        # ∂²/∂df∂t at 0 is the derivative of the density Γ(n/2 + ½)/(√(πn)Γ(n/2))
        mixed = tg.grad(lambda t: tg.grad(lambda n: special.stdtr(n, t))(2.0))(0.0)
        with mp.workdps(30):
            density = lambda n: mp.gamma(n / 2 + 0.5) / mp.sqrt(mp.pi * n) / mp.gamma(n / 2)  # noqa: E731
            assert abs(mixed / float(mp.diff(density, 2)) - 1) < 1e-12

    def test_student_far_out_keeps_its_digits(self):
        (slope,) = by(lambda n: special.stdtr(n, -1e-6), [3.0])
        with mp.workdps(60):
            tail = lambda n: LOWER_BETA(n / 2, mpf(1) / 2, n / (n + mpf(-1e-6) ** 2)) / 2  # noqa: E731
            assert abs(slope / float(mp.diff(tail, 3)) - 1) < 1e-12

    def test_infinite_arguments_of_probabilities(self):
        for function, parameters in (
            (special.fdtr, (2.0, 3.0)), (special.chdtr, (3.0,)), (special.gdtr, (2.0, 3.0)),
        ):  # fmt: skip
            assert not np.any(by(function, *parameters, INF))

    def test_orders_at_zero(self):
        by_v, by_z = by(special.kv, [0, 0, 1.5], [1e-300, 700, 0])
        assert np.array_equal(by_v, [0, 0, INF])
        assert by_z[2] == -INF
        assert np.array_equal(by(lambda v: special.jv(v, 0.0), [0, 1, 2.5])[0], [-INF, 0, 0])
        assert np.array_equal(by(lambda v: special.iv(v, 0.0), [0, 1, 2.5])[0], [-INF, 0, 0])
        # ∂J/∂v = π/2·Y₀ and ∂I/∂v = −K₀ at v = 0 (DLMF 10.15.3, 10.38.4)
        z = np.array([0.1, 3.0, 40.0])
        found = by(lambda v: special.jv(v, z), np.zeros(3))[0]
        assert np.allclose(found, np.pi / 2 * special.y0(z), rtol=1e-12)
        found = by(lambda v: special.iv(v, z), np.zeros(3))[0]
        assert np.allclose(found, -special.k0(z), rtol=1e-12)

    def test_of_order_one_half_for_any_argument(self):
        # ∂J/∂v at ½ by the sine and cosine integrals (DLMF 10.15.6), also far out
        z = np.array([1e-3, 0.5, 9.0, 1e4])
        si, ci = special.sici(2 * z)
        expected = np.sqrt(2 / (np.pi * z)) * (ci * np.sin(z) - si * np.cos(z))
        found = by(lambda v: special.jv(v, z), np.full(4, 0.5))[0]
        assert np.allclose(found, expected, rtol=1e-11, atol=0)

    def test_of_a_large_order_where_the_exponential_alone_underflows(self):
        for function, scaled in ((special.kv, special.kve), (special.iv, special.ive)):
            up, down = [np.log(scaled(1000 + h, 905)) for h in (1e-3, -1e-3)]
            slope = function(1000, 905) * (up - down) / 2e-3
            assert np.allclose(by(function, 1000.0, 905.0)[0], slope, rtol=1e-8, atol=0)
        with pytest.raises(ValueError, match=r"orders up to some 1000; use t\.data"):
            by(special.jv, 1e6, 2e6)

    def test_one_of_several_results(self):
        assert by(lambda x: special.sici(x)[0], 0.0)[0] == 1
        assert by(lambda x: special.sici(x)[1], 0.0)[0] == INF
        assert by(lambda x: special.shichi(x)[0], 0.0)[0] == 1
        # below 0 the first two of airye are nan, and the others are not scaled
        slope = by(lambda x: special.airye(x)[2], -2.0)[0]
        assert slope == special.airye(-2.0)[3]

    @pytest.mark.parametrize("dtype", [np.uint8, np.uint16, np.uint32, np.int8])
    def test_unsigned_orders_do_not_wrap_around(self, dtype):
        v, x = np.array([0, 1], dtype), np.array([0.5, 0.7])
        found = by(lambda x: special.jv(v, x), x)[0]
        assert np.allclose(found, special.jvp([0, 1], x), rtol=1e-13)
        found = by(lambda x: special.eval_hermite(v, x), x)[0]
        assert np.allclose(found, [0, 2], rtol=1e-13)
        found = by(lambda x: special.expn(v, x), x)[0]
        assert np.allclose(found, [-(1 + 1 / x[0]) * np.exp(-x[0]) / x[0], -np.exp(-x[1]) / x[1]])

    @pytest.mark.filterwarnings("ignore")  # SciPy's: that it takes the whole part
    @pytest.mark.parametrize(
        "name", ["bdtr", "bdtrc", "bdtri", "nbdtr", "nbdtrc", "nbdtri", "expn", "kn", "yn"]
    )
    def test_counts_that_are_not_whole_count_as_scipy_counts_them(self, name):
        function = getattr(special, name)
        given, x = [0.7 if name == "expn" else 3.7, 5.9][: function.nin - 1], 0.3
        slopes = [by(lambda x, n=n: function(*n, x), x)[0] for n in (given, np.trunc(given))]
        assert function(*given, x) == function(*np.trunc(given), x)
        assert slopes[0] == slopes[1]

    def test_outside_there_is_no_number(self):
        assert np.isnan(by(special.kv, 1.5, -1.0)[0])
        assert np.isnan(by(special.jv, 1.5, -1.0)[0])

    def test_other_functions(self):
        assert np.array_equal(by(special.rgamma, [0, -1, -2])[0], [1, -1, 2])
        assert np.array_equal(by(special.dawsn, [0, INF])[0], [1, 0])
        assert np.array_equal(by(special.spence, [0, 1])[0], [-INF, -1])
        assert np.array_equal(by(special.wrightomega, [-INF, INF])[0], [0, 1])
        assert np.allclose(by(special.ellipk, [0, 1])[0], [np.pi / 8, INF], rtol=1e-15)
        by_a, by_b = by(special.agm, 1.0, 0.0)
        assert by_a == 0
        assert by_b == INF
        by_x, by_s, by_g = by(special.voigt_profile, 0.5, 0.0, 1.0)  # Lorentz's
        assert np.allclose(
            [by_x, by_s, by_g], np.array([-1, 0, -0.75]) / (np.pi * 1.25**2), rtol=1e-14
        )


class TestArrayFunctions:
    def test_blocks_change_nothing(self):
        x = np.linspace(0.1, 9, 10_000)
        whole = gamma_moment(np.array(2.5), x)
        assert np.array_equal(whole[::999], gamma_moment(np.array(2.5), x[::999]))
        assert gamma_moment(np.ones((2, 0)), 1.0).shape == (2, 0)
        assert order_moment(np.ones((0,)), 1.0, "k").shape == (0,)

    def test_dtypes_are_those_of_scipy(self):
        single = np.float32(1.5)
        assert gamma_moment(single, single).dtype == np.float32
        assert gamma_moment(single, 2).dtype == np.float32
        assert gamma_moment(single, np.array(2.0)).dtype == np.float64
        assert order_moment(single, 2.0, "j").dtype == np.float32
        assert faddeeva_rest(np.complex64(1j)).dtype == np.complex64

    def test_odds_are_a_quotient(self):
        a, b = np.array(2.5), np.array(0.7)
        assert np.allclose(beta_moment(a, b, 0.3, 0.7, 1), beta_moment(a, b, 3e5, 7e5, 1), 1e-14)

    def test_carlsons_integral_of_equal_arguments(self):
        # ∫ (t + x)^−p dt = x^(1 − p)/(p − 1)
        x = np.array([1e-9, 0.3, 1e9])
        found = carlson(x, x, x, x, 0.5, 0.5, 1.5, 1.0)
        assert np.allclose(found, x**-2.5 / 2.5, rtol=1e-13)
        assert carlson(np.array(0.0), 1.0, 1.0, 1.0, 1.5, 0.5, 0.0, 0.0) == INF
        assert np.isnan(carlson(np.array(-1.0), 1.0, 1.0, 1.0, 0.5, 0.5, 0.5, 0.0))


class TestPythonFunctions:
    def test_a_sum_of_exponentials_with_weights(self):
        a, b = np.array([0.3, -1.0, 2.0]), np.array([1.0, 0.0, 0.5])
        by_a, by_b = by(lambda a, b: special.logsumexp(a, b=b), a, b)
        total = np.sum(b * np.exp(a))
        assert np.allclose(by_a, b * np.exp(a) / total, rtol=1e-14)
        assert np.allclose(by_b, np.exp(a) / total, rtol=1e-14)

    def test_far_apart(self):
        by_a, by_b = by(lambda a, b: special.logsumexp(a, b=b), [1000.0, 1.0], [0.0, 1.0])
        assert np.array_equal(by_a, [0, 1])
        assert np.array_equal(by_b, [INF, 1])
        by_a, _ = by(lambda a, b: special.logsumexp(a, b=b), [-INF, -INF, 3.0], [1.0, 0.0, 2.0])
        assert np.array_equal(by_a, [0, 0, 1])

    def test_with_a_sign(self):
        value, sign = special.logsumexp(Tensor([0.0, 1.0]), b=[1.0, -1.0], return_sign=True)
        assert type(sign) is np.ndarray or np.isscalar(sign)
        assert sign == -1
        found = tg.grad(lambda a: special.logsumexp(a, b=[1.0, -1.0], return_sign=True)[0])(
            np.array([0.0, 1.0])
        )
        assert np.allclose(found, np.array([1, -np.e]) / (1 - np.e), rtol=1e-14)
        assert value.shape == ()

    def test_counts(self):
        assert np.allclose(by(special.comb, 5.0, 2.0)[0], 4.5)  # n(n − 1)/2
        assert by(special.comb, 2.0, 5.0) == (0, 0)
        assert np.allclose(by(special.perm, 5.0, 2.0)[0], 9)
        assert by(special.factorial, [-1.0])[0] == 0

    @pytest.mark.parametrize(
        ("call", "sentence"),
        [
            (lambda t: special.comb(t, 2.0, exact=True), "exact=True takes no Tensor; use"),
            (lambda t: special.factorial(t, exact=True), "exact=True"),
            (lambda t: special.factorial2(t), r"factorial2 .*; use gamma\(n \+ 1\)"),
            (lambda t: special.zeta(t), "zeta: 'x' has no derivative rule"),
            (lambda t: special.roots_jacobi(3, t, 0.5), "nodes and weights have no rule"),
            (lambda t: special.jn_zeros(t, 2), "its zeros have no derivative rule"),
            (lambda t: special.logsumexp(t + 1j), "logsumexp"),
            (lambda t: special.bdtrik(t, 5.0, 0.5), "is a root of the probability"),
            (lambda t: special.multigammaln(9.0, t), "multigammaln: 'd'"),
            (lambda t: special.hyp1f1(t, 2.0, 0.5), "hyp1f1: 'a' has no derivative"),
            (lambda t: special.eval_legendre(t, 0.5), "eval_legendre: 'n' has no derivative"),
        ],
    )
    def test_refusals(self, call, sentence):
        with pytest.raises((TypeError, ValueError), match=sentence):
            call(Tensor(2.0))

    def test_arrays_give_scipys_own_bits(self):
        x = np.linspace(0.2, 3, 5)
        for name, args in {
            "logsumexp": (x,), "softmax": (x,), "polygamma": (2, x), "multigammaln": (x + 9, 3),
            "diric": (x, 3), "comb": (x + 3, 2), "spherical_jn": (2, x), "jvp": (1.5, x),
        }.items():  # fmt: skip
            real = getattr(scipy.special, name)(*args)
            assert np.array_equal(getattr(special, name)(*args), real)
            tensors = [Tensor(a) if a is args[-1] or a is args[0] else a for a in args[:1]]
            if isinstance(args[0], np.ndarray):
                assert np.array_equal(getattr(special, name)(*tensors, *args[1:]).data, real)
