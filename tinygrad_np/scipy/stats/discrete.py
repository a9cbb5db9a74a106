"""The discrete distributions of `scipy.stats`, by their real parameters: a `Text` each.

Counts (`n` of binom, `N` of zipfian, …) have no derivative and take no Tensor; nbinom's n is real.
Where a distribution function has no formula, its mass is summed up to k, as SciPy does it.

Formulas: SciPy's tutorial on discrete distributions; NIST Digital Library of Mathematical Functions
8.17, 8.4 (the sums of binomial and Poisson masses), 25.2.9 (Riemann's zeta function).
"""

from collections.abc import Callable
from math import factorial
from typing import Any

import numpy as np
import scipy.special
import scipy.stats

from ...core.table import Row
from .distributions import Text, own

special: Any = scipy.special._ufuncs


def _log_choose(n: Any, k: Any) -> Any:
    return special.gammaln(n + 1) - special.gammaln(k + 1) - special.gammaln(n - k + 1)


def _until(last: Any, tail: Callable[..., Any], *operands: Any) -> Any:
    """A tail, and a constant where k is the last number, from which on it is 0 or 1."""
    operands = tuple([np.where(last, 0.5, x) for x in operands])
    return np.where(last, 0.5, tail(*operands))


def _binomial(tail: Any) -> Callable[..., Any]:
    return lambda k, n, p: _until(k >= n, tail, k + 1, n - k, p)


def _summed(density: Callable[..., Any], first: int) -> dict[str, Callable[..., Any]]:
    """The tails of a mass whose logarithm is Σ power·log(base) + rest, by its sum from `first`."""

    def cdf(k: Any, *shapes: Any) -> Any:
        j = np.arange(first, np.max(k, initial=first) + 1)[:, None]
        rest, *powers = density(np.minimum(j, k), *shapes)
        logarithm = sum([special.xlogy(power, base) for base, power in powers], rest)
        return np.sum(np.where(j <= k, np.exp(logarithm), 0), 0)

    return {"cdf": cdf, "sf": lambda *operands: 1 - cdf(*operands)}


def _beta_binomial(k: Any, n: Any, a: Any, b: Any) -> Any:
    beta = special.betaln
    return (_log_choose(n, k) + beta(k + a, n - k + b) - beta(a, b),)


def _beta_negative_binomial(k: Any, n: Any, a: Any, b: Any) -> Any:
    beta = special.betaln
    return (-np.log(n + k) - beta(n, k + 1) + beta(a + n, b + k) - beta(a, b),)


def _boltzmann_tail(k: Any, size: Any, rate: Any) -> Any:
    return np.exp(-rate * k) * np.expm1(-rate * (size - k)) / np.expm1(-rate * size)


def _laplace_tail(k: Any, a: Any) -> Any:
    """P(X ≤ k): exp(a·k)/(1 + exp(−a)) for k < 0, and one minus that of −k − 1 otherwise."""
    tail = np.exp(-a * np.where(k < 0, -k, k + 1)) / (1 + np.exp(-a))
    return np.where(k < 0, tail, 1 - tail)


def _log_bessel(k: Any, mu1: Any, mu2: Any) -> Any:
    """log Iₖ(2√(μ₁μ₂))·exp(−μ₁ − μ₂)"""
    root = np.sqrt(mu1) - np.sqrt(mu2)
    return np.log(special.ive(np.absolute(k), 2 * np.sqrt(mu1 * mu2))) - root * root


_TERMS = 12


def _zeta(a: Any) -> Any:
    """Σ n⁻ᵃ by the formula of Euler and Maclaurin from n = 12 on, DLMF 25.2.9"""
    n = float(_TERMS)
    result = sum([j ** (-a) for j in range(1, _TERMS)], n ** (1 - a) / (a - 1) + n**-a / 2)
    factor = a * n ** (-a - 1)
    for k, number in enumerate(scipy.special.bernoulli(2 * _TERMS)[2::2], 1):
        result = result + number / factorial(2 * k) * factor
        factor = factor * (a + 2 * k - 1) * (a + 2 * k) / n**2
    return result


def _log_series(k: Any, p: Any) -> Any:
    return -np.log(k) - np.log(-np.log1p(-p)), (p, k)


def _zipfian(k: Any, a: Any, n: Any) -> Any:
    j = np.arange(1.0, np.max(n, initial=1) + 1).reshape((-1,) + (1,) * np.ndim(n + 0 * k))
    total = np.sum(np.where(j <= n, j ** np.where(j <= n, -a, 0.0), 0.0), 0)
    return (-a * np.log(k) - np.log(total),)


TEXTS = {
    "bernoulli": Text(
        lambda k, p: (0.0 * k, (p, k), (1 - p, 1 - k)),
        {
            "cdf": lambda k, p: _until(k >= 1, lambda p: 1 - p, p),
            "sf": lambda k, p: _until(k >= 1, lambda p: p, p),
        },
        low=0,
        high=1,
    ),
    "betabinom": Text(
        _beta_binomial, _summed(_beta_binomial, 0), low=0, high=lambda n, a, b: n, constants={"n"}
    ),
    "betanbinom": Text(
        _beta_negative_binomial, _summed(_beta_negative_binomial, 0), low=0, constants={"n"}
    ),
    "binom": Text(
        lambda k, n, p: (_log_choose(n, k), (p, k), (1 - p, n - k)),
        {"cdf": _binomial(special.betaincc), "sf": _binomial(special.betainc)},
        low=0,
        high=lambda n, p: n,
        constants={"n"},
    ),
    "boltzmann": Text(
        lambda k, rate, n: (np.log(np.expm1(-rate) / np.expm1(-rate * n)) - rate * k,),
        {
            "cdf": lambda k, rate, n: _until(
                k >= n - 1,
                lambda k, n, rate: np.expm1(-rate * k) / np.expm1(-rate * n),
                k + 1,
                n,
                rate,
            ),
            "sf": lambda k, rate, n: _until(k >= n - 1, _boltzmann_tail, k + 1, n, rate),
        },
        low=0,
        high=lambda rate, n: n - 1,
        constants={"N"},
    ),
    "dlaplace": Text(
        lambda k, a: (np.log(np.tanh(a / 2)) - a * np.absolute(k),),
        {"cdf": _laplace_tail, "sf": lambda k, a: _laplace_tail(-k - 1, a)},
    ),
    "geom": Text(
        lambda k, p: (0.0 * k, (p, 1.0), (1 - p, k - 1)),
        {
            "cdf": lambda k, p: 1 - (1 - p) ** k,
            "sf": lambda k, p: (1 - p) ** k,
            "logsf": lambda k, p: special.xlog1py(k, -p),
        },
        low=1,
    ),
    "logser": Text(_log_series, _summed(_log_series, 1), low=1),
    "nbinom": Text(
        lambda k, n, p: (
            special.gammaln(k + n) - special.gammaln(k + 1) - special.gammaln(n),
            (p, n),
            (1 - p, k),
        ),
        {
            "cdf": lambda k, n, p: special.betainc(n, k + 1, p),
            "sf": lambda k, n, p: special.betaincc(n, k + 1, p),
        },
        low=0,
    ),
    "planck": Text(
        lambda k, rate: (np.log(-np.expm1(-rate)) - rate * k,),
        {
            "cdf": lambda k, rate: -np.expm1(-rate * (k + 1)),
            "sf": lambda k, rate: np.exp(-rate * (k + 1)),
            "logsf": lambda k, rate: -rate * (k + 1),
        },
        low=0,
    ),
    "poisson": Text(
        lambda k, mu: (-mu - special.gammaln(k + 1), (mu, k)),
        {
            "cdf": lambda k, mu: special.gammaincc(k + 1, mu),
            "sf": lambda k, mu: special.gammainc(k + 1, mu),
        },
        low=0,
    ),
    # X = Y₁ − Y₂ of two Poisson variables: its distribution function is Marcum's
    "skellam": Text(lambda k, mu1, mu2: (_log_bessel(k, mu1, mu2) + k / 2 * np.log(mu1 / mu2),)),
    "yulesimon": Text(
        lambda k, alpha: (np.log(alpha) + special.betaln(k, alpha + 1),),
        {
            "cdf": lambda k, alpha: 1 - k * special.beta(k, alpha + 1),
            "sf": lambda k, alpha: k * special.beta(k, alpha + 1),
            "logsf": lambda k, alpha: np.log(k) + special.betaln(k, alpha + 1),
        },
        low=1,
    ),
    "zipf": Text(lambda k, a: (-a * np.log(k) - np.log(_zeta(a)),), low=1),
    "zipfian": Text(_zipfian, _summed(_zipfian, 1), low=1, high=lambda a, n: n, constants={"n"}),
}
TEXTS["zipf"] = TEXTS["zipf"]._replace(tails=_summed(TEXTS["zipf"].density, 1))

_WITHOUT = "hypergeom nhypergeom randint nchypergeom_fisher nchypergeom_wallenius poisson_binom"
for _name in _WITHOUT.split():
    # counts, or what has no formula here: each of its parameters is refused by its name
    if hasattr(scipy.stats, _name):
        _shapes = getattr(scipy.stats, _name).shapes.split(", ")
        TEXTS[_name] = Text(lambda k, *shapes: (0.0 * k,), constants=_shapes)

ROWS: tuple[Row, ...] = ()
OWN = own(TEXTS)
