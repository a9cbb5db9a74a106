"""Summaries of samples against closed forms of their gradients, mpmath, and SciPy's own values."""

import mpmath as mp
import numpy as np
import pytest
import scipy.stats

import tinygrad_np as tg
from tinygrad_np.scipy import stats

mp.mp.dps = 50
RNG = np.random.default_rng(11)
A = RNG.uniform(0.5, 3.0, 9)
N = A.size
Z = (A - np.mean(A)) / np.std(A)
SKEW, KURTOSIS = np.mean(Z**3), np.mean(Z**4)


def close(found, expected, rtol=1e-12):
    assert np.allclose(found, expected, rtol=rtol, atol=rtol * np.max(np.abs(expected)))


def slope_of(function, x, **options):
    return tg.grad(lambda x: function(x, **options))(x)


class TestMeans:
    def test_of_powers(self):
        geometric, harmonic = scipy.stats.gmean(A), scipy.stats.hmean(A)
        close(slope_of(stats.gmean, A), geometric / (N * A))
        close(slope_of(stats.hmean, A), harmonic**2 / (N * A**2))
        mean = scipy.stats.pmean(A, 3)
        close(slope_of(stats.pmean, A, p=3), (A / mean) ** 2 / N)

    def test_by_the_weights(self):
        w = np.arange(1.0, N + 1)
        found = tg.grad(lambda w: stats.gmean(A, weights=w))(w)
        mean = scipy.stats.gmean(A, weights=w)
        close(found, mean * (np.log(A) - np.log(mean)) / np.sum(w))

    def test_powers_that_are_smooth_at_0(self):
        close(
            slope_of(stats.pmean, np.array([0.0, 3.0, 4.0]), p=2), np.array([0, 3, 4]) / 5 / 3**0.5
        )

    @pytest.mark.parametrize(("name", "given"), [("gmean", ()), ("hmean", ()), ("pmean", (0.5,))])
    def test_where_the_slope_is_infinite(self, name, given):
        with pytest.raises(ValueError, match=rf"scipy\.stats\.{name}: its derivative at 0"):
            getattr(stats, name)(tg.Tensor([0.0, 1.0]), *given)


class TestMoments:
    def test_skewness_and_kurtosis(self):
        by_skew = 3 / N * (Z**2 - 1 - SKEW * Z) / np.std(A)
        by_kurtosis = 4 / N * (Z**3 - SKEW - KURTOSIS * Z) / np.std(A)
        close(slope_of(stats.skew, A), by_skew)
        close(slope_of(stats.kurtosis, A), by_kurtosis)
        factor = np.sqrt(N * (N - 1)) / (N - 2)
        close(slope_of(stats.skew, A, bias=False), factor * by_skew)
        factor = (N * N - 1) / ((N - 2) * (N - 3))
        close(slope_of(stats.kurtosis, A, bias=False, fisher=False), factor * by_kurtosis)

    def test_too_few_to_correct(self):
        x = A[:2]
        close(slope_of(stats.kurtosis, x, bias=False), slope_of(stats.kurtosis, x), rtol=1e-9)

    def test_about_a_center(self):
        found = tg.grad(lambda c: stats.moment(A, 3, center=c))(1.5)
        close(found, -3 * np.mean((A - 1.5) ** 2))
        with pytest.raises(ValueError, match="takes one order; call it for each"):
            stats.moment(tg.Tensor(A), [2, 3])

    def test_scores(self):
        jacobian = (np.eye(N) - (1 + np.outer(Z, Z)) / N) / np.std(A)
        close(tg.jacobian(stats.zscore)(A), jacobian)
        by_scores = tg.jacobian(lambda a: stats.zmap(a, A, ddof=1))(np.array([1.0, 5.0]))
        close(by_scores, np.eye(2) / np.std(A, ddof=1))

    def test_a_description_has_everything(self):
        found = stats.describe(tg.Tensor(A))
        real = scipy.stats.describe(A)
        assert type(found) is type(real)
        assert found.nobs == N
        for a, b in zip(found[2:], real[2:], strict=True):
            assert np.array_equal(a.data, b)
        assert np.array_equal([x.data for x in found.minmax], real.minmax)
        close(slope_of(lambda a: stats.describe(a).variance, A), 2 * (A - np.mean(A)) / (N - 1))
        close(slope_of(lambda a: stats.describe(a).minmax[1], A), np.equal(A, np.max(A)))

    def test_several_axes_are_one(self):
        a = RNG.standard_normal((2, 3, 4))
        for function in (stats.skew, stats.kurtosis, stats.sem, stats.variation):
            found = slope_of(lambda a, f=function: np.sum(f(a, axis=(0, 2))), a)
            lines = np.moveaxis(a, 1, 0).reshape(3, 8)
            expected = slope_of(lambda a, f=function: np.sum(f(a, axis=1)), lines)
            close(found, np.moveaxis(expected.reshape(3, 2, 4), 0, 1), rtol=1e-9)


class TestParts:
    def test_limits(self):
        limits = (np.min(A), np.max(A))
        inner = np.greater(A, limits[0]) & np.less(A, limits[1])
        options = {"limits": limits, "inclusive": (False, False)}
        close(slope_of(stats.tmean, A, **options), inner / (N - 2))
        mean = np.mean(A[inner])
        close(slope_of(stats.tvar, A, **options), inner * 2 * (A - mean) / (N - 3))
        close(
            slope_of(stats.tmin, A, lowerlimit=limits[0], inclusive=False),
            np.equal(A, np.sort(A)[1]),
        )
        close(slope_of(stats.tmax, A, upperlimit=np.max(A)), np.equal(A, np.max(A)))

    def test_trimmed(self):
        order = np.argsort(np.argsort(A))
        close(slope_of(stats.trim_mean, A, proportiontocut=0.25), ((order > 1) & (order < 7)) / 5)

    def test_ranges(self):
        order = np.argsort(np.argsort(A))  # of nine, 25 and 75 per cent are the third and seventh
        close(slope_of(stats.iqr, A), np.where(order == 6, 1, np.where(order == 2, -1, 0)))
        middle, far = np.median(A), np.abs(A - np.median(A))
        at = np.argsort(far)[N // 2]
        expected = np.zeros(N)
        expected[at] += np.sign(A[at] - middle)
        expected[np.argsort(A)[N // 2]] -= np.sign(A[at] - middle)
        close(slope_of(stats.median_abs_deviation, A), expected)
        half = slope_of(stats.median_abs_deviation, A, scale="normal")
        close(half, expected / scipy.stats.norm.ppf(0.75))


class TestEntropy:
    def test_of_one_and_of_two(self):
        p, q = A / np.sum(A), A[::-1] / np.sum(A)
        close(slope_of(stats.entropy, A), -(np.log(p) - np.sum(p * np.log(p))) / np.sum(A))
        found = tg.grad(lambda q: stats.entropy(A, q))(A[::-1])
        close(found, (1 - p / q) / np.sum(A))
        close(slope_of(stats.entropy, A, base=2), slope_of(stats.entropy, A) / np.log(2))

    def test_a_part_of_0_leaves_the_others_slopes_finite(self):
        found = slope_of(stats.entropy, np.array([0.0, 1.0, 3.0]))
        p = np.array([0.25, 0.75])
        assert found[0] == np.inf
        close(found[1:], -(np.log(p) - np.sum(p * np.log(p))) / 4)


class TestCircle:
    def test_the_mean_turns_with_the_samples(self):
        x = np.array([0.1, 6.2, 0.4])  # around 0
        close(np.sum(slope_of(stats.circmean, x)), 1.0)
        moved = stats.circmean(tg.Tensor(x), high=np.pi, low=-np.pi)
        assert moved.data == scipy.stats.circmean(x, high=np.pi, low=-np.pi)

    def test_the_spread_of_equal_angles(self):
        for function in (stats.circvar, stats.circstd):
            assert np.all(np.abs(slope_of(function, np.zeros(3))) < 1e-7)

    def test_the_spread(self):
        x = np.array([0.2, 0.5, 1.5])
        length = np.abs(np.mean(np.exp(1j * x)))
        slopes = -np.sin(x - np.angle(np.mean(np.exp(1j * x)))) / 3
        close(slope_of(stats.circvar, x), -slopes)
        close(slope_of(stats.circstd, x), -slopes / length / np.sqrt(-2 * np.log(length)))


class TestCorrelation:
    x, y = RNG.standard_normal(8), RNG.standard_normal(8)

    def test_pearsons(self):
        zx, zy = [(v - np.mean(v)) / np.std(v) for v in (self.x, self.y)]
        r = np.mean(zx * zy)
        by_x = (zy - r * zx) / (8 * np.std(self.x))
        for name in ("statistic", "correlation"):
            found = tg.grad(lambda x, name=name: getattr(stats.pearsonr(x, self.y), name))(self.x)
            close(found, by_x)
        half = mp.mpf(3)  # n/2 − 1
        density = ((1 - mp.mpf(r) ** 2) / 4) ** (half - 1) / mp.beta(half, half) / 2
        for alternative, factor in (
            ("two-sided", -2 * np.sign(r)), ("greater", -1), ("less", 1)
        ):  # fmt: skip
            found = tg.grad(
                lambda x, a=alternative: stats.pearsonr(x, self.y, alternative=a).pvalue
            )(self.x)
            close(found, factor * float(density) * by_x)

    def test_a_line(self):
        n, dx = 8, self.x - np.mean(self.x)
        square = np.sum(dx**2)
        result = scipy.stats.linregress(self.x, self.y)
        by_slope = tg.grad(lambda y: stats.linregress(self.x, y).slope)(self.y)
        close(by_slope, dx / square)
        by_intercept = tg.grad(lambda y: stats.linregress(self.x, y).intercept)(self.y)
        close(by_intercept, 1 / n - np.mean(self.x) * dx / square)
        residuals = self.y - result.intercept - result.slope * self.x
        by_error = tg.grad(lambda y: stats.linregress(self.x, y).stderr)(self.y)
        close(by_error, residuals / ((n - 2) * square * result.stderr))
        by_p = tg.grad(lambda y: stats.linregress(self.x, y).pvalue)(self.y)
        close(by_p, tg.grad(lambda y: stats.pearsonr(self.x, y).pvalue)(self.y))

    def test_points_on_a_line(self):
        found = tg.grad(lambda y: stats.linregress([0.0, 1.0, 2.0, 3.0], y).stderr)
        assert np.all(np.isfinite(found(np.array([1.0, 2.0, 3.0, 4.0]))))

    def test_what_they_refuse(self):
        t = tg.Tensor([1.0, 2.0, 4.0])
        with pytest.raises(ValueError, match="of two points r is 1 or −1; give three or more"):
            stats.pearsonr(t[:2], [1.0, 2.0])
        with pytest.raises(TypeError, match=r"use np\.tanh\(np\.arctanh\(r\)"):
            stats.pearsonr(t, [1.0, 3.0, 2.0]).confidence_interval()
        with pytest.raises(TypeError, match="intercept_stderr has no derivative here; use stderr"):
            _ = stats.linregress(t, [1.0, 3.0, 2.0]).intercept_stderr
        with pytest.raises(ValueError, match="a p-value by resampling has no derivative"):
            stats.pearsonr(t, [1.0, 3.0, 2.0], method=scipy.stats.PermutationMethod(n_resamples=9))


class TestTransformations:
    @pytest.mark.parametrize("lmbda", [0.0, 1e-9, 0.7, 2.0, -1.5])
    def test_yeo_and_johnsons(self, lmbda):
        def exact(x, lam):
            one = mp.log1p(x) if lam == 0 else (mp.power(1 + x, lam) - 1) / lam
            if x >= 0:
                return one
            return -mp.log1p(-x) if lam == 2 else -((1 - x) ** (2 - lam) - 1) / (2 - lam)

        for x in (-2.0, -0.3, 0.4, 3.0):
            by_x, by_lmbda = tg.grad(lambda x, lam: stats.yeojohnson(x, lam), argnums=(0, 1))(
                x, lmbda
            )
            h = mp.mpf("1e-12")  # away from λ = 0 and 2, where the formula changes: odd steps
            lam = mp.mpf(lmbda)
            close(by_x, float(mp.diff(lambda v, lam=lam: exact(v, lam), mp.mpf(x))))
            ends = [exact(mp.mpf(x), lam + s * h) for s in (1, -1)]
            close(by_lmbda, float((ends[0] - ends[1]) / (2 * h)), rtol=1e-10)
        assert tg.grad(lambda x: stats.yeojohnson(x, lmbda))(0.0) == 1.0

    def test_likelihoods(self):
        for name, function, jump in (
            ("boxcox_llf", lambda x, lam: (x**lam - 1) / lam, mp.log),
            ("yeojohnson_llf", lambda x, lam: ((1 + x) ** lam - 1) / lam, lambda x: mp.log(1 + x)),
        ):

            def exact(lam, *data, function=function, jump=jump):
                values = [function(x, lam) for x in data]
                mean = mp.fsum(values) / N
                variance = mp.fsum((v - mean) ** 2 for v in values) / N
                return (lam - 1) * mp.fsum(map(jump, data)) - mp.mpf(N) / 2 * mp.log(variance)

            for lam in (1e-8, 0.6):
                data = [mp.mpf(a) for a in A]
                likelihood = getattr(stats, name)
                found = tg.grad(likelihood, argnums=(0, 1))(lam, A)
                by_lambda = mp.diff(lambda t, data=data: exact(t, *data), mp.mpf(lam))
                by_first = mp.diff(lambda t, d=data, a=lam: exact(mp.mpf(a), t, *d[1:]), data[0])
                close(found[0], float(by_lambda), rtol=1e-10)
                close(found[1][0], float(by_first), rtol=1e-10)

    def test_a_search_is_refused(self):
        for function in (stats.boxcox, stats.yeojohnson):
            with pytest.raises(ValueError, match="finds lmbda by a search"):
                function(tg.Tensor(A))


class TestDistances:
    def test_of_sorted_pairs(self):
        u, v = np.array([3.0, 0.0, 1.0]), np.array([0.5, 5.0, 2.0])
        found = tg.grad(stats.wasserstein_distance, argnums=(0, 1))(u, v)
        close(found[0], np.array([-1, -1, -1]) / 3)
        close(found[1], np.array([1, 1, 1]) / 3)

    def test_energy_is_a_mean_of_distances(self):
        u, v = RNG.standard_normal(4), RNG.standard_normal(5)

        def energy(u, v):
            def mean(x, y):
                return np.mean(np.abs(x[:, None] - y[None, :]))

            return np.sqrt(2 * mean(u, v) - mean(u, u) - mean(v, v))

        found, expected = [
            tg.grad(f, argnums=(0, 1))(u, v) for f in (stats.energy_distance, energy)
        ]
        close(found[0], expected[0], rtol=1e-11)
        close(found[1], expected[1], rtol=1e-11)


CALLS = {
    "gmean": {}, "hmean": {}, "skew": {}, "kurtosis": {"bias": False}, "sem": {}, "variation": {},
    "zscore": {"axis": 1}, "gzscore": {"ddof": 1}, "tmean": {"limits": (1.0, 2.5)}, "tvar": {},
    "tmin": {"axis": 1}, "iqr": {"axis": 1, "keepdims": True}, "circmean": {"axis": 0},
    "entropy": {"axis": 1}, "trim_mean": {"proportiontocut": 0.2}, "moment": {"order": 3},
}  # fmt: skip


@pytest.mark.parametrize("name", CALLS)
@pytest.mark.parametrize("dtype", [np.float64, np.float32, np.int64])
def test_values_are_scipys_own(name, dtype):
    a = (RNG.uniform(1.0, 5.0, (4, 6)) * [1, 2, 3, 1, 2, 3]).astype(dtype)
    with np.errstate(all="ignore"):
        expected = getattr(scipy.stats, name)(a, **CALLS[name])
        assert np.array_equal(getattr(stats, name)(a, **CALLS[name]), expected, equal_nan=True)
        if dtype is not np.int64:
            found = getattr(stats, name)(tg.Tensor(a), **CALLS[name])
            assert np.array_equal(found.data, expected, equal_nan=True)
            assert found.dtype == np.asarray(expected).dtype


def test_nan_is_not_left_out():
    x = tg.Tensor([1.0, np.nan, 2.0])
    assert np.isnan(stats.skew(x).data)
    for name in ("skew", "zscore", "gmean", "entropy", "circmean", "iqr"):
        with pytest.raises(ValueError, match=rf"scipy\.stats\.{name}: nan_policy='omit' has no d"):
            getattr(stats, name)(x, nan_policy="omit")


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda t: stats.pmean(A, t[0]), r"pmean: 'p' has no derivative rule"),
        (lambda t: stats.tmean(t, (0.0, t[0])), r"tmean: 'limits' has no derivative rule"),
        (lambda t: stats.iqr(t, scale=t[0]), r"iqr: 'scale' has no derivative rule"),
        (lambda t: stats.energy_distance(A, A, t), r"'u_weights' has no derivative rule"),
        (lambda t: stats.spearmanr(t, A), r"derivative 0; use pearsonr, or t\.data"),
        (lambda t: stats.ttest_1samp(t, 0.0), r"ttest_1samp does not take a Tensor: a test's stat"),
        (lambda t: stats.bootstrap((t,), np.mean), r"bootstrap does not take a Tensor"),
        (lambda t: stats.CensoredData(t), r"CensoredData does not take a Tensor"),
    ],
)
def test_what_has_no_rule_is_refused_by_name(call, words):
    with pytest.raises(TypeError, match=words):
        call(tg.Tensor(A))


def test_ranks_are_locally_constant():
    assert np.array_equal(stats.rankdata(tg.Tensor([3.0, 1.0, 2.0])), [3, 1, 2])


@pytest.mark.skipif(not hasattr(scipy.stats, "Normal"), reason="SciPy has it from 1.15 on")
def test_the_new_distributions_say_what_to_use():
    with pytest.raises(TypeError, match=r"scipy\.stats\.Normal does not take a Tensor.*use norm"):
        stats.Normal(mu=tg.Tensor(1.0))


def test_what_scipys_own_functions_say_is_not_circular():
    covariance = stats.Covariance.from_diagonal  # SciPy's: the mirror has no other
    with pytest.raises(TypeError, match="pass the matrix, or the values, as they are"):
        covariance([tg.Tensor(1.0), 2.0])
    t = tg.Tensor(2.0)
    with pytest.raises(TypeError, match=r"expect would lose the gradient; .*use integrate\.quad"):
        stats.norm().expect(lambda x: t * x)
    with pytest.raises(TypeError, match=r"use tinygrad_np\.scipy\.stats\.norm\.logpdf"):
        scipy.stats.norm.logpdf(1.0, tg.Tensor(2.0))
