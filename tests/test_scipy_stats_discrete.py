"""Discrete distributions against mpmath: masses and tails, by every real parameter."""

from functools import partial

import mpmath as mp
import numpy as np
import pytest
import scipy.stats

import tinygrad_np as tg
from tinygrad_np.scipy import stats

mp.mp.dps = 40


def choose(n, k):
    return mp.gamma(n + 1) / mp.gamma(k + 1) / mp.gamma(n - k + 1)


# name: (the mass in mpmath, its first number and its last, the parameters, the constant ones)
CASES = {
    "bernoulli": (lambda k, p: p if k else 1 - p, 0, 1, (0.3,), ()),
    "betabinom": (
        lambda k, n, a, b: choose(n, k) * mp.beta(k + a, n - k + b) / mp.beta(a, b),
        0, 7, (7, 2.3, 0.6), (0,),
    ),
    "betanbinom": (
        lambda k, n, a, b: choose(n + k - 1, k) * mp.beta(a + n, b + k) / mp.beta(a, b),
        0, None, (4, 3.5, 2.3), (0,),
    ),
    "binom": (
        lambda k, n, p: choose(n, k) * p**k * (1 - p) ** (n - k), 0, 9, (9, 0.37), (0,)
    ),
    "boltzmann": (
        lambda k, rate, n: (1 - mp.exp(-rate)) / (1 - mp.exp(-rate * n)) * mp.exp(-rate * k),
        0, 8, (1.4, 9), (1,),
    ),
    "geom": (lambda k, p: p * (1 - p) ** (k - 1), 1, None, (0.3,), ()),
    "logser": (lambda k, p: -(p**k) / k / mp.log(1 - p), 1, None, (0.6,), ()),
    "nbinom": (
        lambda k, n, p: mp.gamma(k + n) / mp.gamma(k + 1) / mp.gamma(n) * p**n * (1 - p) ** k,
        0, None, (4.3, 0.4), (),
    ),
    "planck": (lambda k, rate: (1 - mp.exp(-rate)) * mp.exp(-rate * k), 0, None, (0.51,), ()),
    "poisson": (lambda k, mu: mp.exp(-mu) * mu**k / mp.factorial(k), 0, None, (1.7,), ()),
    "yulesimon": (lambda k, alpha: alpha * mp.beta(k, alpha + 1), 1, None, (2.5,), ()),
    "zipf": (lambda k, a: mp.mpf(k) ** -a / mp.zeta(a), 1, None, (2.6,), ()),
    "zipfian": (
        lambda k, a, n: mp.mpf(k) ** -a / mp.fsum(mp.mpf(j) ** -a for j in range(1, int(n) + 1)),
        1, 6, (1.25, 6), (1,),
    ),
}  # fmt: skip


def slope(function, parameters, position):
    """The derivative in mpmath, by the complex step where 40 digits leave nothing to be rounded."""

    def alone(x):
        given = [mp.mpf(p) for p in parameters]
        given[position] = x
        return function(*given)

    return float(mp.diff(alone, mp.mpf(parameters[position])))


def gradients(name, method, k, parameters, position):
    """By reverse mode and by forward mode."""

    def alone(x):
        return getattr(getattr(stats, name), method)(
            k, *parameters[:position], x, *parameters[position + 1 :]
        )

    x = parameters[position]
    return tg.jacobian(alone)(x), tg.jvp(alone, [np.array(x)], [np.array(1.0)])[1]


@pytest.mark.parametrize("name", CASES)
def test_masses_and_tails_by_every_real_parameter(name):
    mass, first, last, parameters, constants = CASES[name]
    numbers = np.array([first, first + 1, first + 3, last or first + 9, first - 2])[
        : 4 + (not last)
    ]
    k = numbers if not last else np.unique(np.clip(numbers, first, last))

    def cdf(number):
        return lambda *given: mp.fsum(mass(j, *given) for j in range(first, int(number) + 1))

    def of_mass(number):
        return lambda *given: mass(int(number), *given) if number >= first else mp.mpf(0)

    for position in set(range(len(parameters))) - set(constants):
        masses = np.array([float(of_mass(n)(*map(mp.mpf, parameters))) for n in k])
        by_mass = np.array([slope(of_mass(n), parameters, position) for n in k])
        tails = np.array([float(cdf(n)(*map(mp.mpf, parameters))) for n in k])
        by_tail = np.array([slope(cdf(n), parameters, position) for n in k])
        survivals = np.array([float(1 - cdf(n)(*map(mp.mpf, parameters))) for n in k])
        is_last = np.equal(k, np.inf if last is None else last)
        with np.errstate(all="ignore"):
            expected = {
                "pmf": by_mass,
                "logpmf": np.where(masses > 0, by_mass / masses, 0),
                "cdf": np.where(is_last, 0, by_tail),
                "sf": np.where(is_last, 0, -by_tail),
                "logcdf": np.where(is_last | (tails == 0), 0, by_tail / tails),
                "logsf": np.where(is_last, 0, -by_tail / survivals),
            }
        for method, slopes in expected.items():
            for found in gradients(name, method, k, parameters, position):
                # SciPy's 1 − cdf has rounding errors of 1e-16, a part of sf
                digits = 1e-10 if method == "logsf" else 1e-12
                assert np.allclose(found, slopes, rtol=digits, atol=1e-15), (method, position)


def total(functions, *parameters):
    return mp.fsum(function(*parameters) for function in functions)


def test_laplace_and_skellam_on_both_sides():
    k = np.array([-4, -1, 0, 1, 3])

    def laplace(number, a):
        return mp.tanh(a / 2) * mp.exp(-a * abs(int(number)))

    def skellam(number, one, other):
        bessel = mp.besseli(abs(int(number)), 2 * mp.sqrt(one * other))
        return mp.exp(-one - other) * (one / other) ** (mp.mpf(int(number)) / 2) * bessel

    cases = [("dlaplace", laplace, (0.8,), 0)]
    cases += [("skellam", skellam, (3.0, 2.2), position) for position in (0, 1)]
    for name, mass, parameters, position in cases:
        by_mass, by_tail = [], []
        for last in map(int, k):
            below = [partial(mass, j) for j in range(-70, last + 1)]
            by_mass.append(slope(below[-1], parameters, position))
            by_tail.append(slope(partial(total, below), parameters, position))
        for method, slopes, sign in (("pmf", by_mass, 1), ("cdf", by_tail, 1), ("sf", by_tail, -1)):
            for found in gradients(name, method, k, parameters, position):
                assert np.allclose(found, sign * np.array(slopes), rtol=1e-12, atol=1e-15)


@pytest.mark.parametrize(
    ("name", "k", "parameters", "position"),
    [
        ("poisson", 1200, (1000.0,), 0),
        ("poisson", 3, (1e-8,), 0),
        ("binom", 20, (1000, 1e-4), 1),
        ("binom", 980, (1000, 0.9), 1),
        ("nbinom", 40, (300.0, 0.99), 0),
        ("nbinom", 40, (0.01, 0.02), 0),
        ("zipf", 3, (1.0001,), 0),
        ("zipf", 3, (40.0,), 0),
        ("logser", 5, (1e-6,), 0),
        ("planck", 5, (1e-9,), 0),
    ],
)
def test_the_logarithms_slope_is_exact_far_out(name, k, parameters, position):
    mass = CASES[name][0]
    expected = slope(lambda *p: mp.log(mass(k, *p)), parameters, position)
    for found in gradients(name, "logpmf", k, parameters, position):
        assert np.allclose(found, expected, rtol=1e-11)


class TestEdges:
    k = np.array([-1, 0, 1, 2, 3, 4])

    @pytest.mark.parametrize(
        ("name", "parameters", "expected"),
        [
            ("poisson", (0.0,), [0, -1, 1, 0, 0, 0]),
            ("binom", (3, 0.0), [0, -3, 3, 0, 0, 0]),
            ("binom", (3, 1.0), [0, 0, 0, -3, 3, 0]),
            ("bernoulli", (0.0,), [0, -1, 1, 0, 0, 0]),
            ("bernoulli", (1.0,), [0, -1, 1, 0, 0, 0]),
            ("geom", (1.0,), [0, 0, 1, -1, 0, 0]),
            ("nbinom", (2.5, 1.0), [0, 2.5, -2.5, 0, 0, 0]),
        ],
    )
    def test_masses_at_certain_events(self, name, parameters, expected):
        for found in gradients(name, "pmf", self.k, parameters, len(parameters) - 1):
            assert np.allclose(found, expected, rtol=1e-14, atol=0)

    def test_tails_at_certain_events(self):
        for method, sign in (("cdf", -1.0), ("sf", 1.0)):
            for found in gradients("binom", method, self.k, (3, 1.0), 1):
                assert np.allclose(found, [0, 0, 0, 3 * sign, 0, 0], rtol=1e-14, atol=0)
            for found in gradients("poisson", method, self.k, (0.0,), 0):
                assert np.array_equal(found, [0, sign, 0, 0, 0, 0])

    @pytest.mark.parametrize("method", ["pmf", "logpmf", "cdf", "sf", "logcdf", "logsf"])
    def test_outside_of_the_support_nothing_changes(self, method):
        k = np.array([-2, 12])
        for found in gradients("binom", method, k, (7, 0.3), 1):
            assert np.array_equal(found, [0, 0])

    def test_between_two_numbers_the_mass_is_zero_and_the_tail_that_below(self):
        found = tg.grad(lambda mu: stats.poisson.pmf(1.5, mu))(2.0)
        assert found == 0
        found, expected = [tg.grad(lambda mu, x=x: stats.poisson.cdf(x, mu))(2.0) for x in (1.5, 1)]
        assert found == expected

    def test_parameters_that_scipy_refuses_give_nan(self):
        found = tg.grad(lambda p: np.sum(stats.binom.pmf([0, 1], 2, p)))(1.5)
        assert np.isnan(found)

    def test_loc_moves_the_numbers(self):
        at = [tg.grad(lambda mu, n=n: stats.poisson.logpmf(4 + n, mu, loc=n))(2.0) for n in (0, 3)]
        assert at[0] == at[1]

    def test_parameters_broadcast(self):
        k, mu = np.arange(3)[:, None], np.array([0.5, 2.0])
        found = tg.grad(lambda mu: np.sum(stats.poisson.logpmf(k, mu)))(mu)
        assert np.allclose(found, 3 / mu - 3, rtol=1e-14)

    def test_no_numbers_at_all(self):
        found = stats.betabinom.cdf(np.zeros(0), 5, tg.Tensor(2.0), 1.0)
        assert found.shape == (0,)

    def test_quantiles_are_locally_constant(self):
        assert stats.poisson.ppf(0.5, tg.Tensor(2.5)) == scipy.stats.poisson.ppf(0.5, 2.5)
        assert type(stats.binom(5, tg.Tensor(0.5)).isf(0.3)) is not tg.Tensor


def test_second_derivatives():
    found = tg.hessian(lambda p: stats.nbinom.logpmf(3, p[0], p[1]))(np.array([2.5, 0.4]))
    n, p = mp.mpf("2.5"), mp.mpf(0.4)
    expected = [
        [mp.psi(1, n + 3) - mp.psi(1, n), 1 / p],
        [1 / p, -n / p**2 - 3 / (1 - p) ** 2],
    ]
    assert np.allclose(found, np.array(expected, float), rtol=1e-12)
    found = tg.grad(tg.grad(lambda mu: stats.poisson.cdf(2, mu)))(1.5)
    assert np.allclose(found, float(mp.exp(-1.5) * (mp.mpf(1.5) ** 2 / 2 - 1.5)), rtol=1e-12)


def test_values_are_scipys_own():
    k = np.arange(-2, 9)
    for name, (_, _, _, parameters, constants) in CASES.items():
        ours, real = getattr(stats, name), getattr(scipy.stats, name)
        position = next(i for i in range(len(parameters)) if i not in constants)
        given = [tg.Tensor(p) if i == position else p for i, p in enumerate(parameters)]
        for method in ("pmf", "logpmf", "cdf", "sf"):
            expected = getattr(real, method)(k, *parameters)
            assert np.array_equal(getattr(ours, method)(k, *parameters), expected)
            assert np.array_equal(getattr(ours, method)(k, *given).data, expected)
            assert np.array_equal(getattr(ours(*given), method)(k).data, expected)


def test_what_has_no_derivative_is_refused_by_name():
    t = tg.Tensor(2.0)
    for call, words in (
        (lambda: stats.binom.pmf(1, t, 0.5), r"scipy\.stats\.binom\.pmf: 'n' has no derivative"),
        (lambda: stats.poisson.pmf(t, 1.0), r"scipy\.stats\.poisson\.pmf: 'k' has no derivative"),
        (lambda: stats.poisson.pmf(1, 1.0, loc=t), r"'loc' has no derivative rule"),
        (lambda: stats.hypergeom.pmf(1, t, 3, 4), r"hypergeom\.pmf: 'M' has no derivative rule"),
        (lambda: stats.randint(0, t).cdf(1), r"randint\.cdf: 'high' has no derivative rule"),
        (lambda: stats.nchypergeom_fisher.pmf(1, 9, 4, 3, t), r"'odds' has no derivative rule"),
        (lambda: stats.poisson(t).rvs(), r"apply ppf to uniform numbers"),
        (lambda: stats.poisson(t).mean(), r"poisson\.mean does not take a Tensor.* times pmf"),
    ):
        with pytest.raises(TypeError, match=words):
            call()


@pytest.mark.parametrize(("name", "p"), [("yulesimon", 2.5), ("logser", 0.6), ("geom", 0.3)])
@pytest.mark.parametrize("method", ["cdf", "sf", "logcdf", "logsf"])
def test_a_tail_that_scipy_does_not_round_down_is_refused(name, p, method):
    function, real = getattr(getattr(stats, name), method), getattr(scipy.stats, name)
    if np.isclose(getattr(real, method)(2.5, p), getattr(real, method)(2, p), rtol=1e-12, atol=0):
        found = [tg.grad(lambda p, k=k: function(k, p))(p) for k in (2.5, 2)]
        assert np.isclose(*found, rtol=1e-12)
        return
    with pytest.raises(ValueError, match=rf"{name}\.{method}: SciPy's value .* pass np\.floor"):
        tg.grad(lambda p: function(2.5, p))(p)
