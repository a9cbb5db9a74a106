"""The ufuncs of scipy.special: unwrapped, far out, to higher orders, and those that are refused."""

import functools
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import scipy.special as special
from versions import without_a_class

import tinygrad_np as tg
from tinygrad_np import Tensor
from tinygrad_np.core.dispatch import name_of
from tinygrad_np.core.table import REFUSED, TABLE
from tinygrad_np.rules import families
from tinygrad_np.rules.special import exponential_moment, mills_excess

FAMILIES = [
    f for f in families() if f.__name__.split(".")[-1] in ("special", "incomplete", "bessel")
]
ROWS = [row for family in FAMILIES for row in family.ROWS]

HIDDEN = vars(special._ufuncs)
PUBLIC = {f for f in vars(special).values() if isinstance(f, np.ufunc)}
ALL = PUBLIC | {f for f in HIDDEN.values() if isinstance(f, np.ufunc)}
ASKED_FOR = [
    "expit", "logit", "log_expit", "erf", "erfc", "ndtr", "log_ndtr", "gammaln", "digamma",
    "xlogy", "xlog1py", "entr",
]  # fmt: skip

# Those that have no rule, of SciPy 1.13 to the newest that was tried.
REFUSED_HERE = """
    agm airy airye bdtrik bdtrin bei beip ber berp besselpoly binom btdtria btdtrib chdtriv chndtr
    chndtridf chndtrinc chndtrix dawsn ellipe ellipeinc ellipj ellipk ellipkinc ellipkm1 elliprc
    elliprd elliprf elliprg elliprj eval_chebyc eval_chebys eval_chebyt eval_chebyu eval_gegenbauer
    eval_genlaguerre eval_hermite eval_hermitenorm eval_jacobi eval_laguerre eval_legendre
    eval_sh_chebyt eval_sh_chebyu eval_sh_jacobi eval_sh_legendre expn fdtridfd fresnel gdtrib
    hankel1 hankel1e hankel2 hankel2e hyp0f1 hyp1f1 hyp2f1 hyperu it2i0k0 it2j0y0 it2struve0 itairy
    iti0k0 itj0y0 itmodstruve0 itstruve0 jve kei keip kelvin ker kerp kolmogi kolmogorov
    log_wright_bessel lpmv mathieu_a mathieu_b mathieu_cem mathieu_modcem1 mathieu_modcem2
    mathieu_modsem1 mathieu_modsem2 mathieu_sem modfresnelm modfresnelp modstruve nbdtrik nbdtrin
    ncfdtr ncfdtri ncfdtridfd ncfdtridfn ncfdtrinc nctdtr nctdtridf nctdtrinc nctdtrit nrdtrimn
    nrdtrisd obl_ang1 obl_ang1_cv obl_cv obl_rad1 obl_rad1_cv obl_rad2 obl_rad2_cv owens_t pbdv pbvv
    pbwa pdtrik poch powm1 pro_ang1 pro_ang1_cv pro_cv pro_rad1 pro_rad1_cv pro_rad2 pro_rad2_cv
    radian rgamma shichi sici smirnov smirnovi spence sph_harm stdtridf struve tklmbda voigt_profile
    wofz wright_bessel wrightomega yve zetac
""".split()  # noqa: SIM905


def close(found, expected, rtol=1e-13):
    return np.allclose(found, expected, rtol=rtol, atol=0)


class TestReach:
    @pytest.mark.parametrize("name", ASKED_FOR)
    def test_they_reach_a_tensor_unwrapped(self, name):
        ufunc = getattr(special, name)
        x = np.array([0.3, 0.6], np.float32)
        t = Tensor(x)
        result = ufunc(*[t] * ufunc.nin)
        expected = ufunc(*[x] * ufunc.nin)
        assert result.dtype == expected.dtype == np.float32
        assert np.array_equal(result.data, expected)
        result.sum().backward()
        assert t.grad.dtype == np.float32
        assert np.all(np.isfinite(t.grad))
        assert np.all(t.grad != 0)

    def test_functions_that_are_made_of_them_do_so_too(self):
        x = Tensor([0.5, 2.0])
        assert np.array_equal(special.zeta(2.0, x).data, special.zeta(2.0, x.data))
        if hasattr(special, "softplus"):
            assert np.array_equal(special.softplus(x).data, special.softplus(x.data))

    def test_methods_of_theirs(self):
        x = Tensor([1.0, 2.0, 3.0])
        assert np.array_equal(special.xlogy.outer(x, x).data, special.xlogy.outer(x.data, x.data))
        g = tg.grad(lambda x: functools.reduce(special.xlogy, x))(x.data)
        assert close(g, [np.log(2) * np.log(3), np.log(3) / 2, np.log(2) / 3])
        remedy = r"functools\.reduce\(scipy\.special\.xlogy, x\)"
        with pytest.raises(TypeError, match=rf"scipy\.special\.xlogy\.reduce has no.*{remedy}"):
            special.xlogy.reduce(x)

    def test_constant_ones_give_arrays(self):
        x = Tensor([-0.5, 1.5])
        assert np.array_equal(special.round(x), [-0.0, 2.0])
        assert np.array_equal(special.gammasgn(x), [-1.0, 1.0])

    def test_the_family_is_read_only_where_scipy_special_is(self):
        code = (
            "import sys, numpy as np, tinygrad_np as tg\n"
            "try: np.gcd(tg.Tensor(1.0), 1)\n"
            "except TypeError: pass\n"
            "try: np.frompyfunc(len, 1, 1)(tg.Tensor(1.0))\n"
            "except TypeError: pass\n"
            "print('tinygrad_np.rules.special' in sys.modules, 'scipy' in sys.modules)\n"
            "import scipy.special\n"
            "print(tg.grad(scipy.special.expit)(0.0))"
        )
        run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
        assert run.stdout == "False False\n0.25\n", run.stderr


class TestArrayAPI:
    """SCIPY_ARRAY_API=1 makes wrappers of SciPy's functions, which want a namespace of a Tensor."""

    def test_every_row_in_first_and_second_order(self):
        done = subprocess.run(
            [sys.executable, Path(__file__).with_name("array_api.py")],
            env={**os.environ, "SCIPY_ARRAY_API": "1", "PYTHONPATH": os.pathsep.join(sys.path)},
            capture_output=True, text=True,
        )  # fmt: skip
        assert done.returncode == 0, done.stderr
        compared = dict(line.split() for line in done.stdout.splitlines())
        names = {name_of(row.function).split(".")[-1] for row in ROWS if row.kind == "pointwise"}
        public = {name for name in names if hasattr(special, name)}
        assert compared.keys() == public
        assert len(public) > 60
        assert all(int(count) > 0 for count in compared.values())

    def test_without_it_a_tensor_has_no_namespace(self):
        assert not special_is_wrapped()
        assert not hasattr(Tensor(1.0), "__array_namespace__")


def special_is_wrapped():
    return not isinstance(special.expit, np.ufunc)


class TestEveryUfuncIsClassified:
    @pytest.mark.parametrize("ufunc", sorted(ALL, key=str), ids=name_of)
    def test_each_has_a_row_or_is_refused_by_name(self, ufunc):
        if ufunc in TABLE:
            assert ufunc not in REFUSED
            assert TABLE[ufunc].name == name_of(ufunc)
            return
        with pytest.raises(TypeError) as caught:
            ufunc(*[Tensor(0.5)] * ufunc.nin)
        message = str(caught.value)
        assert message.startswith(f"{name_of(ufunc)} ")
        assert name_of(ufunc).startswith("scipy.special.")
        assert "tg.pointwise" in message
        assert "t.data" in message

    def test_public_ones_are_in_exactly_one_class(self):
        assert len(PUBLIC) > 200
        assert {f for f in PUBLIC if (f in TABLE) == (f in REFUSED)} == set()

    def test_those_without_a_rule_are_known(self):
        ufuncs = {n: f for n, f in vars(special).items() if isinstance(f, np.ufunc)}
        names = [name for name, f in ufuncs.items() if f not in TABLE]
        without_a_class("scipy", sorted({*names} - {*REFUSED_HERE}))

    def test_all_that_were_asked_for_have_rules(self):
        for name in ASKED_FOR:
            row = TABLE[getattr(special, name)]
            assert set(row.rules) == set(range(row.function.nin))

    @pytest.mark.parametrize(
        ("ufunc", "name"),
        [
            (special.hyp2f1, "scipy.special.hyp2f1"), (special.digamma, "scipy.special.psi"),
            (special.log1p, "scipy.special.log1p"), (np.log1p, "np.log1p"),
            (special._ufuncs._lambertw, "scipy.special.lambertw"),
            (special._ufuncs._sinpi, "scipy.special._ufuncs._sinpi"),
            (np._core.umath.clip, "np._core.umath.clip"),
            (np.strings.isalpha, "np.strings.isalpha"),
            (np.frompyfunc(len, 1, 1), "len (vectorized)"), (np.true_divide, "np.divide"),
        ],
    )  # fmt: skip
    def test_names_are_those_that_a_user_writes(self, ufunc, name):
        assert name_of(ufunc) == name

    @pytest.mark.parametrize(
        ("of", "message"),
        [
            (lambda t: special.hyp2f1(1, 2, 3, t),
             r"scipy\.special\.hyp2f1 does not take.*by z is a \* b / c \* hyp2f1\(a \+ 1"),
            (lambda t: special.lambertw(t), r"scipy\.special\.lambertw has no derivative rule"),
            (lambda t: special.zeta(t), r"only zeta\(x, q\) has one, by q"),
            (lambda t: special.zeta(t, 1.0), "zeta: 'exponent' has no derivative"),
            (lambda t: special.jv(t, 1.0), r"scipy\.special\.jv: 'v' has no derivative rule"),
            (lambda t: special.pdtr(t, 1.0), r"scipy\.special\.pdtr: 'x' has no derivative rule"),
            (lambda t: special.expit(t, out=np.ones(1)), r"scipy\.special\.expit: .*'out'"),
            (lambda t: special.polygamma(2, t), r"special\.polygamma would lose .*zeta"),
            (lambda t: special.ive(0, t + 0j), r"scipy\.special\.ive: is not analytic"),
            (lambda t: tg.grad(lambda x: np.real(special.psi(x + 0j)))(t.data[0]),
             r"scipy\.special\.psi: its derivative takes no complex numbers"),
        ],
    )  # fmt: skip
    def test_messages(self, of, message):
        with pytest.raises(TypeError, match=message):
            of(Tensor([0.5]))


class TestFarOut:
    """Against asymptotic series, whose first term left out is beyond the last digit."""

    @pytest.mark.parametrize("dtype", [np.float32, np.float64])
    @pytest.mark.parametrize("x", [-30.0, -1e3, -1e6, -1e12])
    def test_log_ndtr_in_the_tail(self, dtype, x):
        x = np.array(x, dtype)
        z = -x.astype(np.float64)
        rtol = 1e-13 if dtype is np.float64 else 1e-6
        # φ/Φ = z (1 + 1/z² − 2/z⁴ + 10/z⁶ − 74/z⁸ + …)
        u = z**-2.0
        slope = z * (1 + u * (1 + u * (-2 + u * (10 + u * (-74 + u * 706)))))
        curvature = -(1 + u * (-1 + u * (6 + u * (-50 + u * (518 + u * -6354)))))
        g = tg.grad(special.log_ndtr)
        assert g(x).dtype == dtype
        assert close(g(x), slope, max(rtol, 1e-10 if z < 100 else 0))
        assert close(tg.grad(g)(x), curvature, max(rtol, 1e-9 if z < 100 else 0))

    def test_log_ndtr_on_the_other_side(self):
        x = np.array([5.0, 20.0, 37.0])
        density = np.exp(-x * x / 2) / np.sqrt(2 * np.pi)
        (g,) = tg.vjp(special.log_ndtr, x)[1](np.ones(3))
        assert close(g, density / special.ndtr(x), 1e-12)  # exp(−x²/2) magnifies roundings x² times

    @pytest.mark.parametrize("dtype", [np.float32, np.float64])
    def test_log_ndtr_bends_no_more_far_on_the_right(self, dtype):
        x = np.array([14.0, 38.0, 50.0, 1e3], dtype)
        slopes = lambda x: tg.vjp(special.log_ndtr, x)[1](np.ones_like(x))[0]  # noqa: E731
        value, curvature = tg.jvp(slopes, [x], [np.ones_like(x)])
        assert curvature.dtype == dtype
        tiny = np.finfo(dtype).tiny
        assert np.allclose(curvature, -x * value, 1e-6, tiny)  # of φ/Φ, where Φ is 1

    @pytest.mark.parametrize("dtype", [np.float32, np.float64])
    def test_logit_next_to_the_end_of_its_domain(self, dtype):
        x = np.array(1e-300 if dtype is np.float64 else 1e-30, dtype)
        assert tg.grad(tg.grad(special.logit))(x) == -np.inf  # −1/x², beyond the largest number

    @pytest.mark.parametrize(
        ("x", "exact"), [(-40.0, 4.248354255291589e-18), (-30.0, 9.357622968840175e-14)]
    )
    def test_expm1(self, x, exact):
        for function in (special.expm1, np.expm1):
            assert close(tg.grad(function)(x), exact, 1e-15)
            assert close(tg.hessian(function)(x), exact, 1e-15)

    @pytest.mark.parametrize("dtype", [np.float16, np.float32, np.float64])
    def test_densities_beyond_the_largest_square(self, dtype):
        x = np.finfo(dtype).max * np.array([-1, 1], dtype)
        for function in (special.erf, special.erfc, special.ndtr):
            slope = function
            for _ in range(3):
                slope = tg.grad(lambda x, slope=slope: np.sum(slope(x)))
                assert not slope(x).any()
            density = tg.grad(lambda x, function=function: np.sum(function(x)))
            rate = tg.jvp(density, [x], [np.ones_like(x)])[1]
            assert not rate.any()

    def test_a_density_of_complex_numbers(self):
        z = np.array([50 + 50j, 3 - 4j])
        second = tg.grad(lambda z: np.sum(np.real(tg.grad(
            lambda z: np.sum(np.real(special.erf(z))))(z))))(z)  # fmt: skip
        assert close(second, -4 / np.sqrt(np.pi) * z * np.exp(-z * z), 1e-12)

    def test_a_density_does_not_magnify_the_rounding_of_a_square(self):
        assert close(tg.grad(special.erf)(26.1), 2 / np.sqrt(np.pi) * 1.426448125651665e-296, 1e-15)

    def test_mills_excess_where_its_two_forms_meet(self):
        x = -5.0 + np.array([-1e-9, 0.0, 1e-9])
        assert np.ptp(mills_excess(x)) < 1e-10
        assert close(
            mills_excess(x),
            x + np.exp(-x * x / 2 - special.log_ndtr(x)) / np.sqrt(2 * np.pi),
            1e-12,
        )

    @pytest.mark.parametrize("dtype", [np.float32, np.float64])
    def test_logistic_tails_keep_their_digits(self, dtype):
        x = np.array([-80.0, 80.0, -30.0, 30.0], dtype)
        tail = np.exp(-np.abs(x)) / (1 + np.exp(-np.abs(x))) ** 2
        rtol = 1e-5 if dtype is np.float32 else 1e-13
        assert close(tg.vjp(special.expit, x)[1](np.ones_like(x))[0], tail, rtol)
        (g,) = tg.vjp(special.log_expit, x)[1](np.ones_like(x))
        assert close(g[1::2], np.exp(-x[1::2].astype(float)), rtol)
        assert close(g[::2], 1, rtol)

    def test_erfcx_decreases_like_its_reciprocal(self):
        x = np.array([1e4, 1e8])
        assert close(
            tg.vjp(special.erfcx, x)[1](np.ones(2))[0], -1 / (np.sqrt(np.pi) * x * x), 1e-7
        )

    def test_ndtri_exp_far_down(self):
        # by y it is Φ/φ, and ndtri(exp(y)) is about −√(−2y)
        y = np.array([-1e6, -1e4])
        g = tg.vjp(special.ndtri_exp, y)[1](np.ones(2))[0]
        z = -special.ndtri_exp(y)
        assert close(g, 1 / (z + 1 / z), 1e-7)

    def test_exponential_moments_of_any_size(self):
        x = np.array([-700.0, -1e-8, 0.0, 1e-8, 700.0])
        assert close(exponential_moment(x, 0), special.exprel(x))
        slope = exponential_moment(x, 1)
        assert close(slope[1:4], 0.5 + x[1:4] / 3)
        assert close(slope[[0, 4]], ((x - 1) * np.exp(x) + 1)[[0, 4]] / x[[0, 4]] ** 2)

    @pytest.mark.parametrize("of", [special.boxcox, special.boxcox1p])
    def test_box_cox_by_an_exponent_near_zero(self, of):
        x = 1.7 if of is special.boxcox else 0.7
        g = tg.grad(lambda y: of(x, y))
        logarithm = np.log(1.7)
        for y in (0.0, 1e-12, -1e-6):
            # (exp(yL) − 1)/y = L + y L²/2 + y² L³/6 + …
            assert close(g(y), logarithm**2 / 2 + y * logarithm**3 / 3, 1e-11)
            assert close(tg.grad(g)(y), logarithm**3 / 3 + y * logarithm**4 / 4, 1e-9)

    def test_inverse_box_cox_undoes_it(self):
        for x, y in ((1.7, 0.0), (1.7, 1e-9), (0.4, 0.5), (2.0, -0.3)):
            by_x, by_y = tg.grad(
                lambda x, y: special.inv_boxcox(special.boxcox(x, y), y), argnums=(0, 1)
            )(x, y)
            assert close(by_x, 1, 1e-12)
            assert abs(by_y) < 1e-12


class TestHigherOrders:
    @pytest.mark.parametrize("n", [2, 3, 4, 5])
    def test_polygammas(self, n):
        f = special.gammaln
        for _ in range(n):
            f = tg.grad(f)
        for x in (0.3, 2.5, 40.0, -1.5):
            assert close(f(x), special.polygamma(n - 1, x), 1e-12)

    def test_hermite_functions(self):
        """The nth derivative of erf is (−1)ⁿ⁻¹ Hₙ₋₁(x)·2/√π·exp(−x²)."""
        f = special.erf
        for n in range(1, 6):
            f = tg.grad(f)
            expected = (-1) ** (n - 1) * special.eval_hermite(n - 1, 0.7)
            assert close(f(0.7), expected * 2 / np.sqrt(np.pi) * np.exp(-0.49), 1e-11)

    @pytest.mark.parametrize(
        ("f", "order", "sign"),
        [
            (special.j0, 0, -1), (special.y0, 0, -1), (special.j1, 1, -1), (special.y1, 1, -1),
            (special.i0, 0, 1), (special.k0, 0, 1), (special.i1, 1, 1), (special.k1, 1, 1),
            (lambda x: special.jv(2.5, x), 2.5, -1), (lambda x: special.kv(0.3, x), 0.3, 1),
        ],
    )  # fmt: skip
    def test_bessels_equation(self, f, order, sign):
        x = 1.3
        first, second = tg.grad(f)(x), tg.grad(tg.grad(f))(x)
        assert abs(x * x * second + x * first - (sign * x * x + order**2) * f(x)) < 1e-12

    def test_at_zero_times_the_logarithm_of_zero(self):
        labels = np.array([0.0, 1.0])
        loss = lambda p: -np.sum(special.xlogy(labels, p))  # noqa: E731
        p = np.array([0.0, 0.5])
        assert np.array_equal(tg.grad(loss)(p), [0, -2])
        assert np.array_equal(tg.hessian(loss)(p), [[0, 0], [0, 4]])
        divergence = lambda q: np.sum(special.kl_div(labels, q))  # noqa: E731
        assert np.array_equal(tg.grad(divergence)(p), [1, -1])
        assert np.array_equal(tg.hessian(divergence)(p), [[0, 0], [0, 4]])

    def test_by_both_operands_at_zero(self):
        of = lambda x, y: special.rel_entr(x, y)  # noqa: E731
        second = tg.grad(tg.grad(of, argnums=1), argnums=1)
        assert second(0.0, 0.0) == 0
        assert second(0.0, 2.0) == 0

    def test_entropy_of_the_softmax(self):
        x = np.array([0.3, -1.0, 2.0])

        def entropy(x):
            return np.sum(special.entr(tg.softmax(x)))

        p = tg.softmax(x)
        expected = -p * (np.log(p) + special.entr(p).sum())
        assert close(tg.grad(entropy)(x), expected, 1e-12)


class TestParameters:
    @pytest.mark.parametrize("v", [1, 1.0, np.float64(1), [1, 1], np.array([1, 1])])
    def test_an_order_of_any_kind(self, v):
        x = np.array([0.5, 1.5])
        (g,) = tg.vjp(lambda x: special.jv(v, x), x)[1](np.ones(2))
        assert close(g, special.jvp(1, x))
        (g,) = tg.vjp(lambda x: special.gammainc(v, x), x)[1](np.ones(2))
        assert close(g, np.exp(-x))

    @pytest.mark.parametrize("a", [2, 2.5])
    def test_single_precision_is_kept_beside_python_numbers(self, a):
        x = Tensor(np.array([0.5, 0.75], np.float32))
        for of in (
            lambda x: special.jv(a, x), lambda x: special.kve(a, x),
            lambda x: special.gammaincc(a, x), lambda x: special.betainc(a, 1.5, x),
            lambda x: special.zeta(a, x), lambda x: special.xlogy(a, x),
            lambda x: special.xlogy(x, a), lambda x: special.rel_entr(x, a),
            lambda x: special.huber(x, a), lambda x: special.boxcox(a, x),
        ):  # fmt: skip
            result = of(x)
            assert result.dtype == of(x.data).dtype
            x.grad = None
            result.sum().backward()
            assert x.grad.dtype == np.float32

    def test_gammainc_and_betainc_are_integrals_of_their_derivatives(self):
        nodes, weights = np.polynomial.legendre.leggauss(40)
        x = (nodes + 1) / 2
        (density,) = tg.vjp(lambda x: special.betainc(2.5, 3.5, x), x)[1](weights / 2)
        assert abs(np.sum(density) - 1) < 1e-6
        (density,) = tg.vjp(lambda x: special.gammainc(3, x), 30 * x)[1](15 * weights)
        assert abs(np.sum(density) - special.gammainc(3, 30)) < 1e-12
