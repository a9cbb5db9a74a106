"""The continuous distributions of scipy.stats: SciPy's values, and the derivative of each text."""

import copy
import functools
import importlib
import inspect
import pickle

import mpmath as mp
import numpy as np
import pytest
import scipy.stats

import tinygrad_np as tg
from tinygrad_np.scipy import stats
from tinygrad_np.scipy.stats.continuous import TEXTS

METHODS = ("logpdf", "pdf", "cdf", "sf", "logcdf", "logsf", "ppf", "isf")
# SciPy finds these quantiles by a search or integrates, which takes its time: in the slow test.
SLOW = {
    "argus": ("ppf", "isf"),
    "crystalball": ("isf",),
    "dpareto_lognorm": ("ppf", "isf"),
    "exponnorm": ("ppf", "isf"),
    "foldcauchy": ("ppf", "isf"),
    "foldnorm": ("ppf", "isf"),
    "gausshyper": ("cdf", "sf", "logcdf", "logsf", "ppf", "isf"),
    "genhyperbolic": ("cdf", "sf", "logcdf", "logsf", "ppf", "isf"),
    "geninvgauss": ("ppf", "isf"),
    "irwinhall": ("ppf", "isf"),
    "jf_skew_t": ("isf",),
    "kappa4": ("isf",),
    "levy_stable": ("sf", "logcdf", "logsf", "ppf", "isf"),
    "norminvgauss": ("logcdf", "logsf", "ppf", "isf"),
    "recipinvgauss": ("ppf", "isf"),
    "rel_breitwigner": ("ppf", "isf"),
    "studentized_range": METHODS,
    "vonmises": ("ppf", "isf"),
    "vonmises_line": ("ppf", "isf"),
}
# What SciPy integrates, sums up or searches has no more digits than these; rice.ppf in 1.13.
# The noise of SciPy's hyp2f1 is 1e-13: against mpmath, gausshyper by z is right to 2e-12.
DIGITS = {
    "gausshyper": 1e-8,
    "rice": 1e-8,
    "geninvgauss": 1e-6,
    "kstwobign": 1e-6,
}


def cases():
    try:
        listed = importlib.import_module("scipy.stats._distr_params").distcont
    except (ImportError, AttributeError):
        return [pytest.param("norm", (), marks=pytest.mark.skip("SciPy's list has moved"))]
    return [
        pytest.param(name, tuple(map(float, args)), id=f"{name}{args}")
        for name, args in listed
        if isinstance(name, str)
    ]


def difference(function):
    """The derivative at 0 by central differences, extrapolated twice, and an estimate of its error.

    Of several steps each element has the one that agrees best with the step before.
    """
    best, before = None, np.inf
    for h in (1.0, 0.2, 0.04, 0.008):
        first, second, third = [(function(s) - function(-s)) / (2 * s) for s in (h, h / 2, h / 4)]
        near, nearer = (4 * second - first) / 3, (4 * third - second) / 3
        found = (16 * nearer - near) / 15
        error = np.maximum(np.abs(found - nearer), np.abs(found - before))
        error, before = np.where(np.isfinite(error), error, np.inf), found
        best = best or (found, error)
        best = np.where(error < best[1], found, best[0]), np.minimum(error, best[1])
        if np.all(best[1] < 1e-11 * np.abs(best[0])):
            break
    return best


def operands_of(name, args, rng, count):
    """Values of all parameters, ordinary points of x and q, and directions to go from there."""
    real = getattr(scipy.stats, name)
    q = rng.uniform(0.05, 0.95, count)
    loc, scale = rng.uniform(-0.5, 0.5), rng.uniform(1.0, 2.0)
    x = real.ppf(q, *args, loc, scale)
    rest = [np.full(count, v) for v in (*args, loc, scale)]
    low, high = real.support(*args, loc, scale)
    # so that the differences stay within the support and the domain of the parameters
    room = 0.1 * np.minimum(np.minimum(x - low, high - x), scale)
    steps = [0.02 * np.maximum(np.abs(v), 0.1) * np.minimum(1, room / scale) for v in rest]
    return x, q, rest, room, 0.1 * np.minimum(q, 1 - q), steps


def along(name, method, args, rng, count):
    """A method's jvp and vjp in a random direction of all its operands, and the reference."""
    real, row = getattr(getattr(scipy.stats, name), method), getattr(stats, name)
    ours = getattr(row, method)
    x, q, rest, by_x, by_q, steps = operands_of(name, args, rng, count)
    values = [q if method in ("ppf", "isf") else x, *rest]
    widths = [by_q if method in ("ppf", "isf") else by_x, *steps]
    free = sorted(ours.row.operands)
    directions = [widths[i] * rng.uniform(0.3, 1, count) * rng.choice([-1, 1]) for i in free]

    def at(function, *moved):
        return function(*[moved[free.index(i)] if i in free else v for i, v in enumerate(values)])

    def moved(t):
        return [values[i] + t * d for i, d in zip(free, directions, strict=True)]

    return functools.partial(at, ours), functools.partial(at, real), moved, directions, values


def check(name, method, args, rng, count):
    ours, plain, moved, directions, values = along(name, method, args, rng, count)
    value, tangent = tg.jvp(ours, moved(0), directions)
    np.testing.assert_array_equal(value, plain(*moved(0)))
    text = getattr(getattr(stats, name), method).row.definition(*values, value)
    digits = DIGITS.get(name, 1e-12)
    np.testing.assert_allclose(text, value, rtol=digits, atol=digits)
    cotangent = rng.uniform(0.5, 1, count)
    pulled = tg.vjp(ours, *moved(0))[1](cotangent)
    backwards = sum(np.sum(g * d) for g, d in zip(pulled, directions, strict=True))
    parts = sum(np.sum(np.abs(g * d)) for g, d in zip(pulled, directions, strict=True))
    assert abs(backwards - np.sum(tangent * cotangent)) <= 1e-12 * parts
    expected, error = difference(lambda t: plain(*moved(t)))
    is_known = np.isfinite(error)
    size = sum(np.abs(g * d) for g, d in zip(pulled, directions, strict=True)) / cotangent
    allowed = DIGITS.get(name, 1e-9) * size + 5 * error
    worst = np.abs(tangent - expected) / allowed
    assert np.all(worst[is_known] <= 1), (method, tangent, expected, error)
    assert np.any(is_known), "no difference to compare with"
    return np.max((np.abs(tangent - expected) / size)[is_known])


def check_second_order(name, method, args, rng, count):
    """The derivative of the jvp, by a jvp and by a vjp, against differences of it."""
    ours, _, moved, directions, _ = along(name, method, args, rng, count)

    def first(*operands):
        return tg.jvp(ours, operands, directions)[1]

    at = moved(0)
    others = [d * rng.uniform(0.3, 1, count) for d in directions]
    value, found = tg.jvp(first, at, others)
    pulled = tg.vjp(first, *at)[1](np.ones(count))
    parts = sum(np.abs(g * d) for g, d in zip(pulled, others, strict=True))
    backwards = sum(g * d for g, d in zip(pulled, others, strict=True))
    assert np.all(np.abs(found - backwards) <= 1e-10 * (parts + np.abs(value)))
    expected, error = difference(
        lambda t: first(*[v + t * d for v, d in zip(at, others, strict=True)])
    )
    assert np.all(np.abs(found - expected) <= 1e-6 * (parts + np.abs(value)) + 5 * error), method


def differentiable(name, method):
    return method not in SLOW.get(name, ()) and hasattr(
        getattr(getattr(stats, name), method), "row"
    )


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize(("name", "args"), cases())
def test_values_are_scipys_and_derivatives_those_of_differences(name, args):
    rng = np.random.default_rng(0)
    with np.errstate(all="ignore"):
        for method in METHODS:
            if differentiable(name, method):
                check(name, method, args, rng, 2)


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize(("name", "args"), cases())
def test_second_derivatives_are_those_of_differences(name, args):
    rng = np.random.default_rng(1)
    with np.errstate(all="ignore"):
        for method in ("logpdf", "cdf", "ppf"):
            if differentiable(name, method) and TEXTS[name].density is not None:
                check_second_order(name, method, args, rng, 1)


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize(("name", "args"), cases())
def test_the_same_at_more_points(name, args, method):
    if not hasattr(getattr(getattr(stats, name), method), "row"):
        pytest.skip("it is refused")
    is_fast = method not in SLOW.get(name, ())
    rng = np.random.default_rng(2)
    with np.errstate(all="ignore"):
        check(name, method, args, rng, 40 if is_fast else 1)
        if is_fast and TEXTS[name].density is not None:
            check_second_order(name, method, args, rng, 8)


@pytest.mark.filterwarnings("ignore::RuntimeWarning")  # SciPy's own
class TestTails:
    """Against closed forms in 180 digits, far out, where the distribution function underflows."""

    @pytest.mark.parametrize(
        ("name", "method", "args", "x", "form"),
        [
            ("norm", "logcdf", (), -1e3, lambda x: mp.log(mp.ncdf(x))),
            ("norm", "logsf", (), 40.0, lambda x: mp.log(mp.ncdf(-x))),
            ("expon", "logsf", (), 1e4, lambda x: -x),
            ("gumbel_l", "logsf", (), 8.0, lambda x: -mp.exp(x)),
            ("gumbel_r", "logcdf", (), -8.0, lambda x: -mp.exp(-x)),
            ("logistic", "logsf", (), 900.0, lambda x: -mp.log(1 + mp.exp(x))),
            ("weibull_min", "logsf", (1.7,), 400.0, lambda x, c: -(x**c)),
            ("genpareto", "logsf", (1e-9,), 900.0, lambda x, c: -mp.log(1 + c * x) / c),
            ("genpareto", "sf", (0.3,), 1e8, lambda x, c: (1 + c * x) ** (-1 / c)),
            ("lomax", "logsf", (2.5,), 1e200, lambda x, c: -c * mp.log(1 + x)),
            ("powernorm", "logsf", (3.5,), 60.0, lambda x, c: c * mp.log(mp.ncdf(-x))),
            ("lognorm", "logcdf", (0.2,), 1e-6, lambda x, s: mp.log(mp.ncdf(mp.log(x) / s))),
            ("fisk", "sf", (3.0,), 1e60, lambda x, c: 1 / (1 + x**c)),
            ("burr", "sf", (2.5, 1.5), 1e30, lambda x, c, d: 1 - (1 + x**-c) ** -d),
            ("burr12", "logsf", (9.0, 40.0), 1e40, lambda x, c, d: -d * mp.log(1 + x**c)),
            ("exponweib", "sf", (2.0, 1.5), 40.0, lambda x, a, c: 1 - (1 - mp.exp(-(x**c))) ** a),
            ("kappa3", "sf", (1.5,), 1e9, lambda x, a: 1 - (1 + a * x**-a) ** (-1 / a)),
            ("cauchy", "logcdf", (), -1e12, lambda x: mp.log(mp.atan2(1, -x) / mp.pi)),
            ("gompertz", "sf", (0.5,), 6.0, lambda x, c: mp.exp(-c * mp.expm1(x))),
            ("rayleigh", "logsf", (), 80.0, lambda x: -x * x / 2),
            ("gamma", "sf", (2.5,), 600.0, lambda x, a: mp.gammainc(a, x, mp.inf) / mp.gamma(a)),
            (
                "truncnorm",
                "logsf",
                (30.0, 34.0),
                32.0,
                lambda x, a, b: mp.log((mp.ncdf(-x) - mp.ncdf(-b)) / (mp.ncdf(-a) - mp.ncdf(-b))),
            ),
            (
                "invgauss",
                "logsf",
                (0.3,),
                90.0,
                lambda x, m: mp.log(
                    mp.ncdf((1 - x / m) / mp.sqrt(x))
                    - mp.exp(2 / m) * mp.ncdf(-(x / m + 1) / mp.sqrt(x))
                ),
            ),
        ],
        ids=lambda value: value if isinstance(value, str) else "",
    )
    def test_are_as_exact_as_scipys(self, name, method, args, x, form):
        ours = getattr(getattr(stats, name), method)
        found = tg.grad(ours, argnums=tuple(range(1 + len(args))))(x, *args)
        with mp.workdps(180):
            at = [mp.mpf(v) for v in (x, *args)]
            for i, g in enumerate(found):
                step = abs(at[i]) * mp.mpf(10) ** -20
                up, down = [[*at[:i], at[i] + s, *at[i + 1 :]] for s in (step, -step)]
                expected = (form(*up) - form(*down)) / (2 * step)
                assert abs(g - expected) <= 1e-12 * abs(expected), (i, g, float(expected))


class TestParameters:
    @pytest.mark.parametrize("x", [0.3, 0.85, 0.99, 1.0, 1.6])
    def test_kstwobign_in_both_its_series(self, x):
        def series(x, power):
            return sum(
                (-1) ** (k - 1) * mp.mpf(k) ** power * mp.exp(-2 * (k * x) ** 2) for k in terms
            )

        terms = range(1, 60)
        with mp.workdps(60):
            density, slope = 8 * x * series(mp.mpf(x), 2), 8 * series(mp.mpf(x), 2)
            slope -= 32 * mp.mpf(x) ** 2 * series(mp.mpf(x), 4)
            assert abs(tg.grad(stats.kstwobign.sf)(x) / -density - 1) < 1e-14
            assert abs(tg.grad(stats.kstwobign.logpdf)(x) - slope / density) < 1e-12

    def test_kappa4_at_its_limits(self):
        """h = 0 and k = 0 are limits of the family, at which SciPy's own differences are noisy."""

        def cdf(x, h, k):
            y = mp.exp(-x) if k == 0 else (1 - k * x) ** (1 / k)
            return mp.exp(-y) if h == 0 else (1 - h * y) ** (1 / h)

        with mp.workdps(50):
            for h, k in ((0.0, 0.0), (0.1, 0.0), (0.0, 0.1), (-0.2, 0.3)):
                found = tg.grad(stats.kappa4.cdf, argnums=(1, 2))(0.7, h, k)
                e = mp.mpf(10) ** -15
                by_h = (cdf(0.7, h + e, k) - cdf(0.7, h - e, k)) / (2 * e)
                by_k = (cdf(0.7, h, k + e) - cdf(0.7, h, k - e)) / (2 * e)
                assert abs(found[0] - by_h) < 1e-14
                assert abs(found[1] - by_k) < 1e-14

    @pytest.mark.parametrize("skew", [0.0, 1e-3, 0.2, -0.36, 0.37])
    def test_pearson3_near_the_normal_distribution(self, skew):
        def logpdf(x, skew):
            a, y = 4 / skew**2, 4 / skew**2 + 2 * x / skew
            return mp.log(abs(2 / skew)) + (a - 1) * mp.log(y) - y - mp.loggamma(a)

        with mp.workdps(80):
            step, x, at = mp.mpf(10) ** -18, mp.mpf("0.7"), mp.mpf(skew) or mp.mpf(10) ** -17
            by_x = (logpdf(x + step, at) - logpdf(x - step, at)) / (2 * step)
            by_skew = (logpdf(x, at + step) - logpdf(x, at - step)) / (2 * step)
            found = tg.grad(stats.pearson3.logpdf, argnums=(0, 1))(0.7, skew)
            assert abs(found[0] - by_x) < 1e-11
            assert abs(found[1] - by_skew) < 1e-11

    def test_pearson3_by_its_skew_is_refused_near_the_normal_distribution(self):
        with pytest.raises(ValueError, match=r"scipy\.stats\.pearson3.*abs\(skew\) < 0\.05"):
            tg.grad(lambda skew: stats.pearson3.cdf(0.3, skew))(0.01)
        assert tg.grad(lambda x: stats.pearson3.cdf(x, 0.01))(0.3) > 0

    @pytest.mark.parametrize("method", METHODS[:6])
    def test_that_are_infinite(self, method):
        """truncnorm without one of its ends, against an end where nothing is left; t is normal."""
        by_all = tg.grad(getattr(stats.truncnorm, method), argnums=(0, 1, 2))
        np.testing.assert_allclose(by_all(0.3, -np.inf, 2.0), by_all(0.3, -40.0, 2.0), 1e-14, 1e-99)
        np.testing.assert_allclose(by_all(0.3, 0.1, np.inf), by_all(0.3, 0.1, 40.0), 1e-14, 1e-99)
        by_x, by_df = tg.grad(getattr(stats.t, method), argnums=(0, 1))(0.3, np.inf)
        np.testing.assert_allclose(by_x, tg.grad(getattr(stats.norm, method))(0.3), 1e-14)
        assert by_df == 0

    def test_the_limits_that_are_smooth(self):
        of = lambda p: stats.ncx2.logpdf(1.3, p[0], p[1])  # noqa: E731
        x, df = 1.3, 3.0
        by_df = tg.grad(stats.chi2.logpdf, argnums=1)(x, df)
        np.testing.assert_allclose(
            tg.grad(of)(np.array([df, 0.0])), [by_df, x / (2 * df) - 0.5], rtol=1e-13
        )
        by_both = tg.hessian(of)(np.array([df, 0.0]))
        assert by_both[0, 1] == pytest.approx(-x / (2 * df**2), rel=1e-13)
        assert by_both[1, 1] == pytest.approx(-(x**2) / (2 * df**2 * (df + 2)), rel=1e-13)
        assert tg.grad(lambda b: stats.rice.logpdf(0.7, b))(0.0) == 0
        assert tg.grad(lambda k: stats.vonmises.logpdf(0.7, k))(0.0) == pytest.approx(np.cos(0.7))
        by_c = tg.grad(lambda c: stats.genextreme.cdf(0.7, c))(0.0)
        assert by_c == pytest.approx(np.exp(-0.7 - np.exp(-0.7)) * 0.7**2 / 2, rel=1e-14)
        by_c = tg.grad(lambda c: stats.genpareto.logpdf(0.7, c))(0.0)
        assert by_c == pytest.approx(0.7**2 / 2 - 0.7, rel=1e-14)
        by_b = tg.grad(lambda b: tg.grad(lambda c: stats.rice.logpdf(0.7, c))(b))(0.0)
        assert by_b == pytest.approx(0.7**2 / 2 - 1, rel=1e-14)


GRADIENT = functools.partial(tg.grad, argnums=(0, 1, 2))


class TestEnds:
    def test_outside_of_the_support_all_is_constant(self):
        for name, args, x in (
            ("gamma", (2.0,), -1.0),
            ("beta", (2.0, 3.0), 1.5),
            ("pareto", (2.0,), 0.5),
            ("genpareto", (-0.5,), 3.0),
            ("truncnorm", (-1.0, 2.0), -2.0),
            ("norm", (), np.inf),
            ("lognorm", (0.5,), 0.0),
        ):
            for method in METHODS[:6]:
                ours = getattr(getattr(stats, name), method)
                by_all = tuple(range(len(args) + 3))
                assert not np.any(tg.grad(ours, argnums=by_all)(x, *args, 0.0, 1.0)), name

    def test_on_an_end_it_is_the_one_from_the_inside(self):
        assert GRADIENT(stats.expon.pdf)(0.0, 0.0, 2.0) == (-0.25, 0.25, -0.25)
        assert GRADIENT(stats.expon.cdf)(0.0, 0.0, 2.0) == (0.5, -0.5, 0.0)
        assert GRADIENT(stats.uniform.cdf)(2.0, 0.0, 2.0) == (0.5, -0.5, -0.5)
        by_x = tg.grad(lambda x, a: stats.gamma.pdf(x, a))
        assert [by_x(0.0, a) for a in (1.0, 1.5, 2.0, 3.0)] == [-1, np.inf, 1, 0]

    def test_where_the_slope_is_infinite_the_scale_does_not_matter(self):
        for a, expected in ((1.0, -1.0), (1.5, 0.0), (2.0, 0.0)):
            assert tg.grad(lambda s, a=a: stats.gamma.pdf(0.0, a, 0.0, s))(1.0) == expected
        assert tg.grad(lambda s: stats.arcsine.cdf(0.0, 0.0, s))(1.0) == 0
        assert tg.grad(lambda s: stats.halfgennorm.logpdf(0.0, 0.6, 0.0, s))(2.0) == -0.5

    def test_the_second_order_on_an_end(self):
        mixed = tg.hessian(lambda p: stats.expon.logpdf(p[0], p[1], p[2]))(np.array([0, 0, 2.0]))
        np.testing.assert_array_equal(mixed, [[0, 0, 0.25], [0, 0, -0.25], [0.25, -0.25, 0.25]])

    def test_quantiles_at_0_and_1(self):
        assert GRADIENT(stats.expon.ppf)(0.0, 1.0, 2.0) == (2.0, 1.0, 0.0)
        assert GRADIENT(stats.expon.isf)(1.0, 1.0, 2.0) == (-2.0, 1.0, 0.0)
        assert GRADIENT(stats.uniform.ppf)(1.0, 1.0, 2.0) == (2.0, 1.0, 1.0)
        assert GRADIENT(stats.norm.ppf)(1.0, 1.0, 2.0) == (np.inf, 1.0, np.inf)
        by_shapes = tg.grad(stats.truncnorm.ppf, argnums=(1, 2))
        assert by_shapes(0.0, -1.0, 2.0) == (1, 0)
        assert by_shapes(1.0, -1.0, 2.0) == (0, 1)
        assert tg.grad(lambda c: stats.genpareto.ppf(1.0, c))(-0.5) == 4

    @pytest.mark.parametrize("name", ["dgamma", "dweibull"])
    def test_a_median_that_stays(self, name):
        by_shape = tg.grad(getattr(stats, name).ppf, argnums=1)
        assert [by_shape(0.5, a) for a in (0.7, 1.0, 2.0)] == [0, 0, 0]

    @pytest.mark.parametrize(
        ("name", "shapes", "end", "inside"),
        [
            ("gompertz", [0.9], 0, 1), ("powerlaw", [1.7], 1, -1), ("genpareto", [0.3], 0, 1),
            ("truncexpon", [2.0], 2, -1), ("truncnorm", [-1.0, 1.5], -1, 1), ("gamma", [3.5], 0, 1),
            ("truncnorm", [-1.0, 1.5], 1.5, -1), ("loguniform", [1.0, 3.0], 3, -1),
        ],
    )  # fmt: skip
    @pytest.mark.parametrize("method", ["cdf", "sf"])
    def test_the_second_order_of_a_tail_on_an_end(self, name, shapes, end, inside, method):
        function = getattr(getattr(stats, name), method)
        hessian = tg.hessian(lambda v: function(*[v[i] for i in range(1 + len(shapes))]))
        found, near = [hessian(np.array([end + e * inside, *shapes])) for e in (0.0, 1e-7)]
        assert np.allclose(found, near, rtol=0, atol=1e-5)

    @pytest.mark.parametrize(
        ("name", "shape", "middle"),
        [("t", 5.0, 0.0), ("gennorm", 1.7, 0.0), ("loglaplace", 2.4, 1.0), ("tukeylambda", 0.3, 0)],
    )
    def test_the_second_order_at_the_median(self, name, shape, middle):
        # both orders of the mixed derivative: that of the density by the shape
        d, h = getattr(stats, name), 1e-3
        real = getattr(scipy.stats, name).pdf
        moved = [real(middle, shape + k * h) for k in (-2, -1, 1, 2)]
        by_shape = np.dot([1, -8, 8, -1], moved) / (12 * h)
        by_density = by_shape / real(middle, shape) ** 2
        for method, at, expected in (("cdf", middle, by_shape), ("ppf", 0.5, -by_density)):
            function = getattr(d, method)
            found = tg.hessian(lambda v, f=function: f(v[0], v[1]))(np.array([at, shape]))
            assert np.allclose([found[0, 1], found[1, 0]], expected, rtol=1e-7)

    def test_the_support(self):
        ends, slopes = tg.jvp(
            lambda c, s: stats.genpareto.support(c, 0.5, s), [-0.5, 2.0], [1.0, 1.0]
        )
        assert tuple(ends) == (0.5, 4.5)
        assert tuple(slopes) == (0.0, 10.0)

    @pytest.mark.filterwarnings("ignore::RuntimeWarning")
    @pytest.mark.parametrize("method", METHODS)
    def test_what_is_nan_has_a_derivative_of_nan(self, method):
        ours = getattr(stats.gamma, method)
        for x, a, scale in (
            (np.nan, 2.0, 1.0),
            (0.5, -2.0, 1.0),
            (0.5, 2.0, 0.0),
            (0.5, 2.0, -1.0),
        ):
            found = tg.grad(ours, argnums=(0, 1, 3))(x, a, 0.0, scale)
            assert np.all(np.isnan(found))

    def test_an_element_without_a_derivative_leaves_the_others_alone(self):
        x = np.array([-1.0, 0.5, np.nan, 2.0])
        found = tg.jvp(stats.gamma.logpdf, [x, 2.0], [np.ones(4), 0.0])[1]
        np.testing.assert_array_equal(found, [0, 1, np.nan, -0.5])


class TestKinks:
    def test_have_the_mean_of_both_sides(self):
        by_x = tg.grad(lambda x, name, *args: getattr(stats, name).logpdf(x, *args))
        assert by_x(0.0, "laplace") == 0
        assert by_x(0.0, "laplace_asymmetric", 2.0) == (0.5 - 2.0) / 2
        assert by_x(0.0, "gennorm", 1.0) == 0
        assert by_x(1.0, "loglaplace", 3.0) == -1
        assert tg.grad(lambda x: stats.triang.pdf(x, 0.25))(0.25) == (2 / 0.25 - 2 / 0.75) / 2

    def test_do_not_matter_for_tails(self):
        for name, args in (("laplace", ()), ("dgamma", (1.0,)), ("gennorm", (1.0,)), ("t", (3.0,))):
            real = getattr(scipy.stats, name)
            ours = getattr(stats, name)
            assert tg.grad(lambda x, ours=ours, args=args: ours.cdf(x, *args))(0.0) == (
                pytest.approx(real.pdf(0.0, *args), rel=1e-15)
            )
            for i in range(1, len(args) + 1):
                assert tg.grad(ours.cdf, argnums=i)(0.0, *args) == 0


class TestArguments:
    def test_broadcast_and_come_by_name_or_as_lists(self):
        x, a, scale = np.array([0.5, 1.5, 2.5]), np.array([[1.5], [2.5]]), np.array(1.3)
        found = tg.grad(lambda a, s: np.sum(stats.gamma.logpdf(x, a, scale=s)), argnums=(0, 1))(
            a, scale
        )
        single = [
            tg.grad(lambda a, s, v=v: stats.gamma.logpdf(v, a, 0.0, s), argnums=(0, 1))(b, scale)
            for b in a[:, 0]
            for v in x
        ]
        by_a, by_scale = np.array(single).T
        np.testing.assert_allclose(found[0][:, 0], by_a.reshape(2, 3).sum(1), rtol=1e-14)
        np.testing.assert_allclose(found[1], by_scale.sum(), rtol=1e-14)
        named = tg.grad(lambda a: np.sum(stats.gamma.logpdf([0.5, 1.5], a=[a, 2.0], loc=-0.1)))(1.5)
        placed = tg.grad(lambda a: stats.gamma.logpdf(0.5, a, -0.1))(1.5)
        np.testing.assert_allclose(named, placed, rtol=1e-14)

    def test_integers_and_float32(self):
        assert tg.grad(lambda s: stats.norm.logpdf(3, 0, s))(2.0) == 9 / 8 - 0.5
        found = tg.grad(lambda x: stats.gamma.pdf(x, 2.0))(np.float32(1.0))
        assert found.dtype == np.float32
        assert found == 0
        t = tg.Tensor(np.float32(0.3))
        assert stats.norm.cdf(t).dtype == scipy.stats.norm.cdf(np.float32(0.3)).dtype

    def test_of_no_elements(self):
        empty = np.zeros((0, 2))
        assert tg.grad(lambda x: np.sum(stats.gamma.logpdf(x, 2.0)))(empty).shape == (0, 2)

    @pytest.mark.filterwarnings("ignore")  # SciPy's, of the imaginary part that it drops
    def test_that_are_wrong(self):
        t = tg.Tensor(0.5)
        with pytest.raises(TypeError, match=r"scipy\.stats\.gamma\.logpdf: .*'a' is missing"):
            stats.gamma.logpdf(t)
        with pytest.raises(TypeError, match=r"scipy\.stats\.norm\.logpdf: takes 3 arguments"):
            stats.norm.logpdf(t, 0.0, 1.0, 2.0)
        with pytest.raises(TypeError, match=r"scipy\.stats\.norm: takes .*'scale'"):
            stats.norm(t, 1.0, 2.0)
        with pytest.raises(TypeError, match=r"scipy\.stats\.norm: takes real numbers"):
            stats.norm.logpdf(t, 1j)


class TestFrozen:
    def test_carries_the_gradient_of_its_parameters(self):
        frozen = tg.grad(lambda mu, s: stats.norm(mu, scale=s).logpdf(0.7), argnums=(0, 1))
        direct = tg.grad(lambda mu, s: stats.norm.logpdf(0.7, mu, s), argnums=(0, 1))
        assert frozen(0.2, 1.5) == direct(0.2, 1.5)
        for method in METHODS:
            found = tg.grad(lambda a, m=method: getattr(stats.gamma(a, 0.1, 2.0), m)(0.6))(1.5)
            assert found == tg.grad(getattr(stats.gamma, method), argnums=1)(0.6, 1.5, 0.1, 2.0)

    def test_of_plain_parameters_takes_a_tensor(self):
        assert tg.grad(stats.norm(1.0, 2.0).logpdf)(2.0) == -0.25
        assert tg.grad(lambda x: stats.norm(1.0, 2.0).logpdf(x=x))(2.0) == -0.25

    def test_moments_by_loc_and_scale(self):
        for method, expected in (("mean", (1, 2)), ("std", (0, np.sqrt(2))), ("var", (0, 12))):
            of = lambda loc, s, m=method: getattr(stats.gamma(2.0, loc, s), m)()  # noqa: E731
            found = tg.grad(of, argnums=(0, 1))(1.0, 3.0)
            assert found == pytest.approx(expected, rel=1e-15)
        assert tg.grad(lambda s: stats.gamma(2.0, scale=s).entropy())(4.0) == 0.25
        median = tg.grad(lambda a: stats.gamma(a).median())(2.0)
        assert median == tg.grad(stats.gamma.ppf, argnums=1)(0.5, 2.0)
        _, (low, high) = tg.jvp(lambda s: stats.norm(0.0, s).interval(0.9), [2.0], [1.0])
        assert high == pytest.approx(scipy.stats.norm.ppf(0.95), rel=1e-15)
        assert low == pytest.approx(-high, rel=1e-15)
        assert tg.grad(lambda loc: stats.gamma(2.0, loc).support()[0])(1.0) == 1

    @pytest.mark.parametrize(
        ("method", "said"),
        [
            ("rvs", "apply ppf to uniform numbers"),
            ("stats", "take mean and var"),
            ("moment", "integrate.quad"),
            ("expect", "integrate.quad"),
            ("mean", "'a' has no derivative rule"),
            ("std", "'a' has no derivative rule"),
            ("var", "'a' has no derivative rule"),
            ("entropy", "'a' has no derivative rule"),
        ],
    )
    def test_refuses_what_would_be_a_constant(self, method, said):
        frozen = stats.gamma(tg.Tensor(2.0))
        first = {"moment": (2,), "expect": (lambda x: x,)}.get(method, ())
        with pytest.raises(TypeError, match=rf"scipy\.stats\.gamma\.{method}.*{said}"):
            getattr(frozen, method)(*first)

    def test_refuses_its_attributes(self):
        frozen = stats.truncnorm(tg.Tensor(-1.0), 2.0)
        for name in ("a", "b", "random_state"):
            with pytest.raises(TypeError, match=r"scipy\.stats\.truncnorm\(…\)\."):
                getattr(frozen, name)
        with pytest.raises(AttributeError):
            _ = frozen.nonesuch

    def test_is_refused_where_a_function_of_scipy_takes_it(self):
        frozen = stats.norm(tg.Tensor(0.0))
        with pytest.raises(TypeError, match="kstest"):
            stats.kstest(np.array([0.1, 0.2]), frozen)

    def test_of_plain_parameters_is_as_scipys(self):
        real, ours = scipy.stats.gamma(2.0, 0.1), stats.gamma(2.0, 0.1)
        assert isinstance(ours, type(real))
        assert ours.rvs(3, random_state=1).tolist() == real.rvs(3, random_state=1).tolist()
        assert (ours.mean(), ours.a, ours.kwds) == (real.mean(), real.a, real.kwds)
        assert pickle.loads(pickle.dumps(ours)).pdf(0.3) == real.pdf(0.3)
        for frozen in (real, ours):
            frozen.random_state = 3
        assert ours.rvs(2).tolist() == real.rvs(2).tolist()


def seed():
    """The keyword of a seed: random_state before SciPy 1.15."""
    parameters = inspect.signature(scipy.stats.goodness_of_fit).parameters
    return {"rng" if "rng" in parameters else "random_state": np.random.default_rng(1)}


class TestObjects:
    def test_stand_for_scipys(self):
        real, ours = scipy.stats.norm, stats.norm
        assert isinstance(ours, scipy.stats.rv_continuous)
        assert isinstance(ours, stats.rv_continuous)
        assert (ours.name, ours.numargs, ours.a) == (real.name, real.numargs, real.a)
        assert ours.fit([1.0, 2.0, 4.0]) == real.fit([1.0, 2.0, 4.0])
        assert (
            ours.rvs(size=3, random_state=1).tolist() == real.rvs(size=3, random_state=1).tolist()
        )
        assert ours.expect(lambda x: x * x) == real.expect(lambda x: x * x)
        assert scipy.stats.kstest([0.1, 0.2], ours.cdf) == scipy.stats.kstest([0.1, 0.2], real.cdf)

    def test_are_taken_by_scipys_functions_as_its_own(self):
        x = np.random.default_rng(0).normal(size=20)
        found = [
            s.goodness_of_fit(s.norm, x, n_mc_samples=9, **seed()) for s in (stats, scipy.stats)
        ]
        assert found[0].pvalue == found[1].pvalue
        assert {scipy.stats.norm: 1}[stats.norm] == 1
        assert stats.norm != scipy.stats.gamma
        if hasattr(scipy.stats, "make_distribution"):
            made = stats.make_distribution(stats.gamma)(a=2.0)
            assert made.pdf(1.0) == pytest.approx(scipy.stats.gamma.pdf(1.0, 2.0), rel=1e-14)

    def test_are_pickled_and_copied_by_name(self):
        for thing in (stats.norm, stats.norm.logpdf):
            assert pickle.loads(pickle.dumps(thing)) is thing
        assert copy.deepcopy(stats.norm) is stats.norm

    def test_every_distribution_of_scipy_has_a_text(self):
        from versions import without_a_class

        reals = vars(scipy.stats).items()
        found = [name for name, d in reals if isinstance(d, scipy.stats.rv_continuous)]
        without_a_class("scipy", [name for name in found if name not in TEXTS])

    def test_what_has_no_derivative_is_refused_by_its_name(self):
        t = tg.Tensor(0.5)
        for name in ("rvs", "fit", "nnlf", "fit_loc_scale", "moment", "stats", "expect"):
            with pytest.raises(
                TypeError, match=rf"scipy\.stats\.norm\.{name} does not take a Tensor"
            ):
                getattr(stats.norm, name)(t)
        with pytest.raises(TypeError, match=r"scipy\.stats\.nct\.logpdf does not take a Tensor: "):
            stats.nct.logpdf(t, 3.0, 0.5)
        with pytest.raises(TypeError, match=r"scipy\.stats\.nct\.cdf: 'nc' has no derivative"):
            stats.nct.cdf(0.5, 3.0, t)
        with pytest.raises(TypeError, match=r"scipy\.stats\.nct\.pdf does not take a Tensor"):
            tg.grad(tg.grad(lambda x: stats.nct.cdf(x, 3.0, 0.5)))(0.5)
        with pytest.raises(TypeError, match=r"scipy\.stats\.ncx2\.cdf: 'df' has no derivative"):
            stats.ncx2.cdf(0.5, t, 0.5)


def test_a_quantile_at_an_end_of_the_probabilities_has_mixed_derivatives():
    """Q = log(1 − log(1 − q)/c): where q is 0, ∂Q/∂q = 1/c, and Q stays 0 as c moves."""
    hessian = tg.hessian(lambda v: stats.gompertz.ppf(v[0], v[1]))(np.array([0.0, 0.9]))
    assert np.allclose(hessian, [[1 / 0.9 - 1 / 0.81, -1 / 0.81], [-1 / 0.81, 0]], rtol=1e-12)
