"""Densities of vectors and matrices, and kernel estimates, against closed forms of the gradient."""

import pickle

import mpmath as mp
import numpy as np
import pytest
import scipy.stats
from scipy.special import psi

import tinygrad_np as tg
from tinygrad_np.scipy import stats

RNG = np.random.default_rng(5)


def definite(n):
    a = RNG.standard_normal((n, n))
    return a @ a.T + np.eye(n)


X, MEAN, COV, SCALE = RNG.standard_normal(3), RNG.standard_normal(3), definite(3), definite(3)
INVERSE = np.linalg.inv(COV)


def close(found, expected, rtol=1e-11):
    assert np.allclose(found, expected, rtol=rtol, atol=rtol * np.max(np.abs(expected)))


class TestNormal:
    logpdf = staticmethod(lambda x, mean, cov: stats.multivariate_normal.logpdf(x, mean, cov))

    def test_gradients(self):
        by_x, by_mean, by_cov = tg.grad(self.logpdf, argnums=(0, 1, 2))(X, MEAN, COV)
        pulled = INVERSE @ (X - MEAN)
        close(by_x, -pulled)
        close(by_mean, pulled)
        close(by_cov, (np.outer(pulled, pulled) - INVERSE) / 2)

    def test_hessian_by_the_mean(self):
        close(tg.hessian(lambda mean: self.logpdf(X, mean, COV))(MEAN), -INVERSE)

    def test_covariance_as_a_number_and_as_a_diagonal(self):
        square = (X - MEAN) ** 2
        found = tg.grad(lambda c: self.logpdf(X, MEAN, c))(0.7)
        close(found, np.sum(square) / (2 * 0.7**2) - 3 / (2 * 0.7))
        c = np.array([0.5, 1.0, 2.0])
        found = tg.grad(lambda c: self.logpdf(X, MEAN, c))(c)
        close(found, square / (2 * c * c) - 1 / (2 * c))

    def test_one_dimension_is_the_normal_distribution(self):
        x = np.array([0.3, -2.0])
        found = tg.grad(lambda m: np.sum(stats.multivariate_normal.logpdf(x, m, 2.0)))([0.5])
        close(found, [np.sum(x - 0.5) / 2.0])

    def test_far_out_the_density_is_0_and_flat(self):
        found = tg.grad(lambda x: stats.multivariate_normal.pdf(x, MEAN, COV))(X + 1e6)
        assert np.array_equal(found, np.zeros(3))

    def test_singular(self):
        singular = np.diag([2.0, 0.5, 0.0])

        def logpdf(x, cov=singular):
            return stats.multivariate_normal.logpdf(x, np.zeros(3), cov, allow_singular=True)

        close(tg.grad(logpdf)(np.array([1.0, 1.0, 0.0])), [-0.5, -2.0, 0.0])
        off = tg.value_and_grad(logpdf)(np.array([1.0, 1.0, 1.0]))
        assert off[0] == -np.inf
        assert np.array_equal(off[1], np.zeros(3))
        with pytest.raises(ValueError, match="by a singular matrix there is no derivative"):
            logpdf(np.array([1.0, 1.0, 0.0]), tg.Tensor(singular))
        regular = tg.grad(lambda cov: logpdf(X, cov))(COV)
        pulled = INVERSE @ X
        close(regular, (np.outer(pulled, pulled) - INVERSE) / 2)

    def test_frozen(self):
        t = tg.Tensor(MEAN)
        frozen = stats.multivariate_normal(t, cov=COV)
        frozen.logpdf(X).backward()
        close(t.grad, INVERSE @ (X - MEAN))
        plain = stats.multivariate_normal(MEAN, COV)
        close(tg.grad(plain.logpdf)(X), -INVERSE @ (X - MEAN))

    def test_frozen_with_a_seed_and_a_point_by_name(self):
        expected = -INVERSE @ (X - MEAN)
        for seeded in (
            stats.multivariate_normal(MEAN, COV, seed=1),
            stats.multivariate_normal(MEAN, COV, False, 1),
        ):
            close(tg.grad(lambda x, seeded=seeded: seeded.logpdf(x=x))(X), expected)
        frozen = stats.multivariate_normal(tg.Tensor(MEAN), COV, seed=1)
        assert float(frozen.logpdf(x=X).data) == stats.multivariate_normal(MEAN, COV).logpdf(X)
        with pytest.raises(TypeError, match=r"scipy.stats.wishart: .*'of'"):
            stats.wishart(4, tg.Tensor(COV), of=1)

    def test_a_covariance_object_is_refused_beside_a_tensor(self):
        cov = stats.Covariance.from_diagonal([1.0, 2.0])
        plain = stats.multivariate_normal([0.0, 0.0], cov)
        expected = scipy.stats.multivariate_normal([0.0, 0.0], cov).logpdf([1.0, 1.0])
        assert plain.logpdf([1.0, 1.0]) == expected
        with pytest.raises(TypeError, match="takes no Covariance object beside a Tensor"):
            plain.logpdf(tg.Tensor([1.0, 1.0]))


def test_student():
    def logpdf(*operands):
        return stats.multivariate_t.logpdf(*operands)

    df = 3.5
    by_x, by_loc, by_shape, by_df = tg.grad(logpdf, argnums=(0, 1, 2, 3))(X, MEAN, COV, df)
    pulled = INVERSE @ (X - MEAN)
    square = pulled @ (X - MEAN)
    weight = (df + 3) / (df + square)
    close(by_x, -weight * pulled)
    close(by_loc, weight * pulled)
    close(by_shape, (weight * np.outer(pulled, pulled) - INVERSE) / 2)
    slope = (psi((df + 3) / 2) - psi(df / 2) - 3 / df - np.log1p(square / df)) / 2
    close(by_df, slope + weight * square / (2 * df))
    with pytest.raises(ValueError, match="takes no singular shape beside a Tensor"):
        logpdf(tg.Tensor(X), MEAN, np.diag([1.0, 1.0, 0.0]), 3.0)


def test_student_of_infinite_degrees_is_normal():
    try:
        scipy.stats.multivariate_t.logpdf(X, MEAN, COV, np.inf)
    except TypeError:
        pytest.skip("SciPy 1.13 calls a function of its own with too many arguments")
    found = tg.grad(lambda x: stats.multivariate_t.logpdf(x, MEAN, COV, np.inf))(X)
    close(found, -INVERSE @ (X - MEAN))


def test_wishart_and_its_inverse():
    df, inverse_scale = 5.5, np.linalg.inv(SCALE)
    digammas = sum(psi((df - i) / 2) for i in range(3))
    log_det = np.linalg.slogdet(COV)[1] - np.linalg.slogdet(SCALE)[1] - 3 * np.log(2)
    by_x, by_df, by_scale = tg.grad(stats.wishart.logpdf, argnums=(0, 1, 2))(COV, df, SCALE)
    close(by_x, (df - 4) / 2 * INVERSE - inverse_scale / 2)
    close(by_scale, inverse_scale @ COV @ inverse_scale / 2 - df / 2 * inverse_scale)
    close(by_df, (log_det - digammas) / 2)
    by_x, by_df, by_scale = tg.grad(stats.invwishart.logpdf, argnums=(0, 1, 2))(COV, df, SCALE)
    close(by_x, -(df + 4) / 2 * INVERSE + INVERSE @ SCALE @ INVERSE / 2)
    close(by_scale, df / 2 * inverse_scale - INVERSE / 2)
    close(by_df, (-log_det - 6 * np.log(2) - digammas) / 2)


def test_matrix_normal_is_the_normal_of_its_elements():
    x, mean, rows, columns = RNG.standard_normal((2, 3)), np.ones((2, 3)), definite(2), definite(3)

    def of_elements(x, mean, rows, columns):
        cov = np.kron(rows, columns)
        return stats.multivariate_normal.logpdf(np.reshape(x, 6), np.reshape(mean, 6), cov)

    found = tg.grad(stats.matrix_normal.logpdf, argnums=(0, 1, 2, 3))(x, mean, rows, columns)
    expected = tg.grad(of_elements, argnums=(0, 1, 2, 3))(x, mean, rows, columns)
    for a, b in zip(found, expected, strict=True):
        close(a, b)


class TestShares:
    alpha = np.array([0.7, 2.0, 3.5])
    x = np.array([0.2, 0.3, 0.5])

    def test_dirichlet(self):
        by_x, by_alpha = tg.grad(stats.dirichlet.logpdf, argnums=(0, 1))(self.x, self.alpha)
        close(by_x, (self.alpha - 1) / self.x)
        close(by_alpha, psi(np.sum(self.alpha)) - psi(self.alpha) + np.log(self.x))

    def test_dirichlet_without_its_last_share(self):
        found = tg.grad(lambda x: stats.dirichlet.logpdf(x, self.alpha))(self.x[:2])
        slopes = (self.alpha - 1) / self.x
        close(found, slopes[:2] - slopes[2])

    def test_the_density_at_0(self):
        x, alpha = np.array([0.0, 0.25, 0.75]), np.array([2.0, 1.0, 3.0])
        by_x, by_alpha = tg.grad(stats.dirichlet.pdf, argnums=(0, 1))(x, alpha)
        # Γ(6)/(Γ(2)Γ(1)Γ(3)) = 60, times the other powers
        close(by_x, [60 * 0.75**2, 0.0, 0.0])
        close(by_alpha, [0.0, 0.0, 0.0], rtol=1e-300)

    def test_multinomial(self):
        x = np.array([[1, 2, 0], [0, 0, 3]])
        found = tg.grad(lambda p: np.sum(stats.multinomial.logpmf(x, 3, p)))(self.x)
        close(found, np.sum(x, 0) / self.x)
        p = np.array([0.0, 0.4, 0.6])
        found = tg.grad(lambda p: stats.multinomial.pmf([1, 2, 0], 3, p))(p)
        close(found, [3 * 0.4**2, 0.0, 0.0])

    def test_multinomial_of_impossible_counts(self):
        for x in ([1, 1, 0], [4, -1, 0]):
            value, slope = tg.value_and_grad(lambda p, x=x: stats.multinomial.logpmf(x, 3, p))(
                self.x
            )
            assert value == -np.inf
            assert np.array_equal(slope, np.zeros(3))

    @pytest.mark.filterwarnings("ignore:Some rows:FutureWarning")  # SciPy's own, until 1.18
    def test_shares_that_do_not_sum_to_1(self):
        with pytest.raises(ValueError, match="p must sum to 1; divide it by its sum"):
            stats.multinomial.logpmf([1, 2, 0], 3, tg.Tensor([0.2, 0.3, 0.6]))

    def test_dirichlet_multinomial(self):
        x, a = np.array([1, 4, 2]), self.alpha
        found = tg.grad(lambda a: stats.dirichlet_multinomial.logpmf(x, a, 7))(a)
        close(found, psi(np.sum(a)) - psi(7 + np.sum(a)) + psi(x + a) - psi(a))
        value, slope = tg.value_and_grad(lambda a: stats.dirichlet_multinomial.pmf(x, a, 8))(a)
        assert value == 0
        assert np.array_equal(slope, np.zeros(3))


def test_values_are_scipys_own():
    x = RNG.standard_normal((4, 3))
    for name, args in (
        ("multivariate_normal", (x, MEAN, COV)),
        ("multivariate_t", (x, MEAN, COV, 3.0)),
        ("wishart", (COV, 4.0, SCALE)),
        ("dirichlet", (np.array([0.2, 0.8]), np.array([1.5, 2.0]))),
    ):
        ours, real = getattr(stats, name), getattr(scipy.stats, name)
        expected = real.logpdf(*args)
        assert np.array_equal(ours.logpdf(*args), expected)
        assert np.array_equal(ours.logpdf(tg.Tensor(args[0]), *args[1:]).data, expected)
        frozen = ours(*args[1:])
        assert np.array_equal(frozen.logpdf(args[0]), real(*args[1:]).logpdf(args[0]))
        assert isinstance(frozen, type(real(*args[1:])))
        assert isinstance(ours, type(real))
        assert pickle.loads(pickle.dumps(ours)) is ours
    one, other = stats.multivariate_normal(MEAN, COV), scipy.stats.multivariate_normal(MEAN, COV)
    one.random_state = other.random_state = 3
    assert np.array_equal(one.rvs(), other.rvs())


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda t: stats.multivariate_normal.cdf(t), r"multivariate_normal\.cdf does not take a T"),
        (lambda t: stats.multivariate_normal(t).rvs(), r"multivariate_normal\.rvs does not take"),
        (lambda t: stats.multivariate_normal(t).entropy(), r"logpdf and pdf have one"),
        (lambda t: stats.multivariate_t(t).df, r"multivariate_t\(…\)\.df: would lose"),
        (lambda t: stats.dirichlet(t).mean(), r"dirichlet\.mean does not take a Tensor"),
        (lambda t: stats.vonmises_fisher(t, 2.0).pdf([1.0, 0.0]), r"vonmises_fisher\.pdf does not"),
        (lambda t: stats.random_correlation.rvs(t), r"random_correlation\.rvs does not take a T"),
        (lambda t: stats.multinomial.pmf([1, 1], t, [0.5, 0.5]), r"'n' has no derivative rule"),
    ],
)
def test_what_has_no_rule_is_refused_by_name(call, words):
    with pytest.raises(TypeError, match=words):
        call(tg.Tensor([1.0, 1.0]))


class TestKernelEstimate:
    data, points = RNG.standard_normal(6), np.array([0.1, -0.4])

    def test_the_bandwidths_slope(self):
        def density(width, x):
            z = [(mp.mpf(x) - mp.mpf(d)) / (width * mp.mpf(np.std(self.data, ddof=1)))
                 for d in self.data]  # fmt: skip
            scale = 6 * width * mp.mpf(np.std(self.data, ddof=1)) * mp.sqrt(2 * mp.pi)
            return mp.fsum(mp.exp(-(u**2) / 2) for u in z) / scale

        found = tg.jacobian(lambda h: stats.gaussian_kde(self.data, h).evaluate(self.points))(0.4)
        expected = [mp.diff(lambda h, x=x: density(h, x), mp.mpf(0.4)) for x in self.points]
        close(found, np.array(expected, float))

    def test_a_moved_and_stretched_sample(self):
        # p(x; a + b·data) = p((x − a)/b; data)/b: the data count by their covariance, too
        def moved(a, b):
            return stats.gaussian_kde(a + b * self.data).logpdf(self.points[:1])[0]

        def expected(a, b):
            return stats.gaussian_kde(self.data).logpdf((self.points[:1] - a) / b)[0] - np.log(b)

        for argnum in (0, 1):
            close(*[tg.grad(f, argnums=argnum)(0.3, 1.7) for f in (moved, expected)])

    def test_a_weight_of_0(self):
        w = np.array([1.0, 2.0, 0.0, 1.0, 1.0, 0.5])

        def logpdf(w):
            return np.sum(stats.gaussian_kde(self.data, 0.5, w).logpdf(self.points))

        found, step = tg.grad(logpdf)(w), 1e-4 * np.eye(6)[2]
        ahead = [logpdf(w + n * step) for n in range(5)]  # no weight is negative: one side
        expected = np.dot([-25, 48, -36, 16, -3], ahead) / (12 * 1e-4)
        assert np.allclose(found[2], expected, rtol=1e-8)
        assert abs(np.dot(found, w)) < 1e-13  # the scale of the weights does not matter

    def test_far_points(self):
        estimate = stats.gaussian_kde(self.data, 0.1)
        value, slope = tg.value_and_grad(lambda x: estimate.logpdf(x)[0])(1e3)
        nearest = np.max(self.data)
        variance = 0.01 * np.var(self.data, ddof=1)
        assert np.isfinite(value)
        assert np.allclose(slope, -(1e3 - nearest) / variance, rtol=1e-12)
        assert tg.grad(lambda x: estimate(x)[0])(1e3) == 0

    def test_a_rule_that_is_a_function(self):
        def total(h):
            return np.sum(
                stats.gaussian_kde(self.data, lambda k: h * k.scotts_factor())(self.points)
            )

        factor = 6 ** (-1 / 5)
        direct = tg.grad(lambda h: np.sum(stats.gaussian_kde(self.data, h)(self.points)))(factor)
        close(tg.grad(total)(1.0), direct * factor)

    def test_values_and_attributes(self):
        w = np.arange(1.0, 7.0)
        real = scipy.stats.gaussian_kde(self.data, "silverman", w)
        ours = stats.gaussian_kde(self.data, "silverman", w)
        held = stats.gaussian_kde(tg.Tensor(self.data), "silverman", tg.Tensor(w))
        assert isinstance(ours, scipy.stats.gaussian_kde)
        for method in ("evaluate", "pdf", "logpdf", "__call__"):
            expected = getattr(real, method)(self.points)
            assert np.array_equal(getattr(ours, method)(self.points), expected)
            assert np.array_equal(getattr(ours, method)(tg.Tensor(self.points)).data, expected)
            assert np.array_equal(getattr(held, method)(self.points).data, expected)
        assert np.array_equal(pickle.loads(pickle.dumps(ours))(0.3), real(0.3))
        assert np.array_equal([ours.covariance, ours.inv_cov], [real.covariance, real.inv_cov])
        close(held.factor.data, real.factor)
        close(held.neff.data, real.neff)

    def test_what_is_refused(self):
        t = tg.Tensor(self.data)
        held, plain = stats.gaussian_kde(t), stats.gaussian_kde(self.data)
        for call, words in (
            (lambda: held.covariance, r"gaussian_kde\.covariance: is not differentiable"),
            (lambda: held.inv_cov, r"gaussian_kde\.inv_cov: is not differentiable"),
            (lambda: held.resample(3), r"gaussian_kde\.resample: does not take a Tensor"),
            (lambda: held.integrate_box_1d(0.0, 1.0), r"gaussian_kde\.integrate_box_1d: does not"),
            (lambda: plain.integrate_box_1d(0.0, tg.Tensor(1.0)), r"use evaluate or logpdf"),
            (lambda: plain.integrate_kde(held), r"gaussian_kde\.integrate_kde: does not take a T"),
            (lambda: plain.set_bandwidth(tg.Tensor(1.0)), r"gaussian_kde\.set_bandwidth: does not"),
        ):
            with pytest.raises(TypeError, match=words):
                call()
