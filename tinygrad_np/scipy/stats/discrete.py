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

from ...core.table import REFUSED, Row
from ...core.tensor import value_of
from .text_distributions import Distribution, Text

special: Any = scipy.special._ufuncs


_SUMS = {"entropy", "expect", "mean", "moment", "stats", "std", "var"}


class Discrete(Distribution):
    """A discrete distribution: from its last number on the tails are 0 and 1, and constant."""

    def __getattr__(self, name: str) -> Any:
        method = super().__getattr__(name)
        if name in _SUMS:
            REFUSED[method] = "it has no derivative rule; sum over k what you need, times pmf"
        return method

    def _value(self, name: str, *bound: Any) -> Any:
        k, *shapes, loc, ans = bound
        if name.endswith(("cdf", "sf")):
            down, values = np.floor(np.subtract(k, loc)), [value_of(s) for s in shapes]
            if np.any(down != np.subtract(k, loc)):  # where some of SciPy's do not round k down
                at_whole = getattr(self.real, name)(down + loc, *values, loc)
                if not np.allclose(at_whole, ans, 1e-12, 0, equal_nan=True):
                    raise ValueError(
                        f"scipy.stats.{self.real.name}.{name}: SciPy's value between two integers "
                        "has no derivative here; pass np.floor(k)"
                    )
            last = self._ends(values)[1]
            k = np.where(down >= last, np.inf, k)
        return super()._value(name, k, *shapes, loc, ans)


def _log_choose(n: Any, k: Any) -> Any:
    return special.gammaln(n + 1) - special.gammaln(k + 1) - special.gammaln(n - k + 1)


def _summed(density: Callable[..., Any], first: int) -> dict[str, Callable[..., Any]]:
    """The sum of a mass from its first number up to k."""

    def cdf(k: Any, *shapes: Any) -> Any:
        dims = max(map(np.ndim, (k, *shapes)))
        j = np.arange(first, np.max(k, initial=first) + 1).reshape((-1,) + (1,) * dims)
        rest, *powers = density(np.minimum(j, k), *shapes)
        logarithm = sum([special.xlogy(power, base) for base, power in powers], rest)
        return np.sum(np.where(j <= k, np.exp(logarithm), 0), 0)

    return {"cdf": cdf}


def _beta_binomial(k: Any, n: Any, a: Any, b: Any) -> Any:
    beta = special.betaln
    return (_log_choose(n, k) + beta(k + a, n - k + b) - beta(a, b),)


def _beta_negative_binomial(k: Any, n: Any, a: Any, b: Any) -> Any:
    beta = special.betaln
    return (-np.log(n + k) - beta(n, k + 1) + beta(a + n, b + k) - beta(a, b),)


def _dlaplace_slope(k: Any, a: Any) -> Any:
    """The derivative of 1 − exp(−a·m)/(exp(a) + 1) for m = k ≥ 0, and of P(X > m) by symmetry."""
    m = np.where(k < 0, -k - 1, k)
    return np.where(k < 0, -1, 1) * np.exp(-a * m) * special.expit(-a) * (m + special.expit(a))


def _skellam(k: Any, mu1: Any, mu2: Any) -> Any:
    root = np.sqrt(mu1) - np.sqrt(mu2)
    bessel = np.log(special.ive(np.absolute(k), 2 * np.sqrt(mu1 * mu2)))
    return (bessel - root * root + k / 2 * np.log(mu1 / mu2),)


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


def _zipf(k: Any, a: Any) -> Any:
    return (-a * np.log(k) - np.log(_zeta(a)),)


def _log_series(k: Any, p: Any) -> Any:
    return -np.log(k) - np.log(-np.log1p(-p)), (p, k)


def _zipfian(k: Any, a: Any, n: Any) -> Any:
    j = np.arange(1.0, np.max(n, initial=1) + 1).reshape((-1,) + (1,) * np.ndim(n + 0 * k))
    total = np.sum(np.where(j <= n, j**-a, 0.0), 0)
    return (-a * np.log(k) - np.log(total),)


TEXTS = {
    "bernoulli": Text(
        lambda k, p: (0.0 * k, (p, k), (1 - p, 1 - k)), {"p": lambda k, p: -1.0}, low=0, high=1
    ),
    "betabinom": Text(
        _beta_binomial, _summed(_beta_binomial, 0),
        low=0, high=lambda n, a, b: n, constants={"n"},
    ),
    "betanbinom": Text(
        _beta_negative_binomial, _summed(_beta_negative_binomial, 0), low=0, constants={"n"}
    ),
    "binom": Text(
        lambda k, n, p: (_log_choose(n, k), (p, k), (1 - p, n - k)),
        {"cdf": lambda k, n, p: special.betaincc(k + 1, n - k, p)},
        low=0, high=lambda n, p: n, constants={"n"},
    ),
    "boltzmann": Text(
        lambda k, rate, n: (np.log(np.expm1(-rate) / np.expm1(-rate * n)) - rate * k,),
        {"cdf": lambda k, rate, n: np.expm1(-rate * (k + 1)) / np.expm1(-rate * n)},
        low=0, high=lambda rate, n: n - 1, constants={"N"},
    ),
    "dlaplace": Text(
        lambda k, a: (np.log(np.tanh(a / 2)) - a * np.absolute(k),), {"a": _dlaplace_slope}
    ),
    "geom": Text(
        lambda k, p: (0.0 * k, (p, 1.0), (1 - p, k - 1)),
        {"p": lambda k, p: k * (1 - p) ** (k - 1), "logsf": lambda k, p: special.xlog1py(k, -p)},
        low=1,
    ),
    "logser": Text(_log_series, _summed(_log_series, 1), low=1),
    "nbinom": Text(
        lambda k, n, p: (_log_choose(k + n - 1, k), (p, n), (1 - p, k)),
        {"cdf": lambda k, n, p: special.betainc(n, k + 1, p)},
        low=0,
    ),
    "planck": Text(
        lambda k, rate: (np.log(-np.expm1(-rate)) - rate * k,),
        {"cdf": lambda k, r: -np.expm1(-r * (k + 1)), "logsf": lambda k, r: -r * (k + 1)},
        low=0,
    ),
    "poisson": Text(
        lambda k, mu: (-mu - special.gammaln(k + 1), (mu, k)),
        {"cdf": lambda k, mu: special.gammaincc(k + 1, mu)},
        low=0,
    ),
    # the difference of two Poisson variables: with mu1 the one, with mu2 the other one moves up
    "skellam": Text(
        _skellam,
        {
            "mu1": lambda k, mu1, mu2: -np.exp(_skellam(k, mu1, mu2)[0]),
            "mu2": lambda k, mu1, mu2: np.exp(_skellam(k + 1, mu1, mu2)[0]),
        },
    ),
    "yulesimon": Text(
        lambda k, alpha: (np.log(alpha) + special.betaln(k, alpha + 1),),
        {
            "cdf": lambda k, alpha: 1 - k * special.beta(k, alpha + 1),
            "logsf": lambda k, alpha: np.log(k) + special.betaln(k, alpha + 1),
        },
        low=1,
    ),
    "zipf": Text(_zipf, _summed(_zipf, 1), low=1),
    "zipfian": Text(
        _zipfian, _summed(_zipfian, 1), low=1, high=lambda a, n: n, constants={"n"}
    ),
}  # fmt: skip

_WITHOUT = "hypergeom nhypergeom randint nchypergeom_fisher nchypergeom_wallenius poisson_binom"
for _name in _WITHOUT.split():
    # counts, or what has no formula here: each of its parameters is refused by its name
    if hasattr(scipy.stats, _name):
        _shapes = getattr(scipy.stats, _name).shapes.split(", ")
        TEXTS[_name] = Text(lambda k, *shapes: (0.0 * k,), constants=_shapes)

ROWS: tuple[Row, ...] = ()
OWN = {
    f"stats.{name}": Discrete(getattr(scipy.stats, name), text)
    for name, text in TEXTS.items()
    if hasattr(scipy.stats, name)
}
