"""Derivatives of scipy.special's ufuncs by every operand, against mpmath with 100 digits.

The figures are differences of mpmath's own functions with a step of 1e-25, so that they share
nothing with the rules. Errors are relative to the derivative, or, for functions that oscillate, to
the size of the oscillation. The limit is 1e-12, and more where SciPy's own values, of which a rule
is made, have no more digits: hyperu (1e-8), Kelvin's (2e-10) and Struve's (1e-11), airye; and
where what is left after a cancellation is compared: fdtr, stdtrit, ellipj, ive, voigt_profile.

A few points each here, a hundred in the slow test.
"""

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
import pytest
import scipy.special as special
from mpmath import mp, mpf

import tinygrad_np as tg

STEP = "1e-25"


class Case(NamedTuple):
    function: Any
    exact: Callable[..., Any]
    domains: tuple[Any, ...]
    """(low, high) of each operand, drawn evenly; of its logarithm for ("log", low, high); or values
    to choose from, in a list, of an operand by which there is no derivative."""
    limit: float = 1e-12
    size: Callable[..., Any] | None = None
    """what errors are relative to beside the derivative"""
    constant: tuple[int, ...] = ()


def log(low, high):
    return ("log", low, high)


def drawn(domain, rng):
    if isinstance(domain, list):
        return domain[rng.integers(len(domain))]
    if domain[0] == "log":
        return float(np.exp(rng.uniform(np.log(domain[1]), np.log(domain[2]))))
    return float(rng.uniform(*domain))


def lower_gamma(a, x):
    return mp.gammainc(a, 0, x, regularized=True)


def upper_gamma(a, x):
    return mp.gammainc(a, x, mp.inf, regularized=True)


def lower_beta(a, b, x):
    return mp.betainc(a, b, 0, x, regularized=True)


def upper_beta(a, b, x):
    return mp.betainc(b, a, 0, 1 - x, regularized=True)


def f_below(m, n, x):
    return lower_beta(m / 2, n / 2, m * x / (m * x + n))


def student(n, t):
    tail = lower_beta(n / 2, mpf(1) / 2, n / (n + t * t)) / 2
    return tail if t < 0 else 1 - tail


def inverse(below, ufunc):
    """z of p = below(…, z), by Newton's method from SciPy's."""

    def exact(*at):
        *rest, p = at
        start = mpf(float(ufunc(*map(float, at))))
        return mp.findroot(lambda z: below(*rest, z) - p, (start, start * (1 + mpf("1e-9"))))

    return exact


def owen(h, a):
    places = mp.linspace(0, a, 9)
    return mp.quad(lambda t: mp.exp(-h * h * (1 + t * t) / 2) / (1 + t * t), places) / (2 * mp.pi)


def dawson(x):
    return mp.sqrt(mp.pi) / 2 * mp.exp(-x * x) * mp.erfi(x)


def faddeeva(z):
    return mp.exp(-z * z) * mp.erfc(-1j * z)


def voigt(x, sigma, gamma):
    z = (x + 1j * gamma) / (sigma * mp.sqrt(2))
    return mp.re(faddeeva(z)) / (sigma * mp.sqrt(2 * mp.pi))


def wave(v, z):
    """The size of J and Y where they oscillate."""
    return mp.sqrt(2 / (mp.pi * z)) if z > abs(v) else 0


def wright(a, b, x):
    return mp.nsum(lambda k: x**k / mp.factorial(k) * mp.rgamma(a * k + b), [0, mp.inf])


SHAPE, COUNT = log(0.01, 60.0), [0, 1, 2, 5]
CASES = [
    Case(special.gammainc, lower_gamma, (log(0.01, 300.0), log(0.01, 60.0))),
    Case(special.gammaincc, upper_gamma, (log(0.01, 30.0), log(0.01, 100.0))),
    Case(special.gammaincinv, inverse(lower_gamma, special.gammaincinv),
         (log(0.3, 100.0), (0.01, 0.99))),
    Case(special.gammainccinv, inverse(upper_gamma, special.gammainccinv),
         (log(0.3, 100.0), (0.01, 0.99))),
    Case(special.betainc, lower_beta, (SHAPE, SHAPE, (0.01, 0.99))),
    Case(special.betaincc, upper_beta, (SHAPE, SHAPE, (0.01, 0.99))),
    Case(special.betaincinv, inverse(lower_beta, special.betaincinv),
         (log(0.3, 30.0), log(0.3, 30.0), (0.01, 0.99))),
    Case(special.stdtr, student, (log(0.1, 100.0), (-6.0, 6.0))),
    Case(special.stdtr, student, (log(100.0, 1e5), (-4.0, -0.5)), 1e-9),  # the parts cancel
    Case(special.stdtrit, inverse(student, special.stdtrit), (log(0.5, 50.0), (0.01, 0.49)), 1e-11),
    Case(special.fdtr, f_below, (log(0.3, 100.0), log(0.3, 100.0), log(0.1, 10.0)),
         1e-11),  # by a degree of freedom it is the difference of two parts
    Case(special.chdtrc, lambda v, x: upper_gamma(v / 2, x / 2), (log(0.1, 60.0), log(0.1, 90.0))),
    Case(special.gdtr, lambda a, b, x: lower_gamma(b, a * x), (log(0.1, 9.0),) * 3),
    Case(special.pdtr, lambda k, m: upper_gamma(k + 1, m), (COUNT, log(0.1, 20.0)), constant=(0,)),
    Case(special.bdtr, lambda k, n, p: upper_beta(k + 1, n - k, p), (COUNT, [6, 9], (0.05, 0.95)),
         constant=(0, 1)),
    Case(special.nbdtr, lambda k, n, p: lower_beta(n, k + 1, p), (COUNT, [1, 4], (0.05, 0.95)),
         constant=(0, 1)),
    Case(special.jv, mp.besselj, ((-5.0, 30.0), log(0.001, 300.0)), size=wave),
    Case(special.yv, mp.bessely, ((-5.0, 30.0), log(0.001, 300.0)), size=wave),
    Case(special.iv, mp.besseli, ((-5.0, 30.0), log(0.001, 300.0))),
    Case(special.kv, mp.besselk, ((-5.0, 30.0), log(0.001, 300.0))),
    Case(special.ive, lambda v, z: mp.exp(-z) * mp.besseli(v, z), ((0.0, 30.0), log(0.1, 900.0)),
         1e-11,
         size=lambda v, z: 1e-3 * mp.exp(-z) * mp.besseli(v, z)),
    Case(special.kve, lambda v, z: mp.exp(z) * mp.besselk(v, z), ((0.0, 30.0), log(0.1, 900.0)),
         size=lambda v, z: 1e-3 * mp.exp(z) * mp.besselk(v, z)),
    Case(special.jv, mp.besselj, ([0.0, 1.0, 2.0, -3.0, 7.0], log(0.01, 100.0)), size=wave),
    Case(special.yv, mp.bessely, ([0.0, 1.0, 2.0, 7.0], log(0.01, 100.0)), size=wave),
    Case(special.iv, mp.besseli, ([0.0, 1.0, 2.0, -3.0, 7.0], log(0.01, 100.0))),
    Case(special.kv, mp.besselk, ([1.0, 2.0, -3.0, 7.0], log(0.01, 100.0))),
    Case(special.struve, mp.struveh, ([0, 1, 2.5], (0.1, 15.0)), 1e-11, constant=(0,),
         size=lambda v, x: 1),
    Case(special.modstruve, mp.struvel, ([0, 1, 2.5], (0.1, 15.0)), 1e-11, constant=(0,)),
    Case(special.ber, lambda x: mp.ber(0, x), ((0.1, 12.0),), 1e-9, size=lambda x: mp.exp(x / 2)),
    Case(special.kei, lambda x: mp.kei(0, x), ((0.1, 8.0),), 1e-9,
         size=lambda x: mp.exp(-x)),
    Case(special.rgamma, mp.rgamma, ((-6.4, 30.0),), size=lambda x: abs(mp.rgamma(x))),
    Case(special.rgamma, mp.rgamma, ([0.0, -1.0, -2.0, -5.0],)),
    Case(special.poch, mp.rf, ((0.1, 9.0), (0.1, 9.0))),
    Case(special.binom, mp.binomial, ((5.0, 20.0), (0.1, 4.0))),
    Case(special.powm1, lambda x, y: mp.power(x, y) - 1, (log(0.01, 9.0), (-3.0, 3.0))),
    Case(special.hyp0f1, mp.hyp0f1, ([0.5, 3.0], (-9.0, 9.0)), constant=(0,), size=lambda v, z: 1),
    Case(special.hyp1f1, mp.hyp1f1, ([0.5, 3.0], [1.5, 4.0], (-9.0, 9.0)), constant=(0, 1)),
    Case(special.hyp2f1, mp.hyp2f1, ([0.5, 2.0], [1.5, 0.3], [2.2], (-3.0, 0.9)),
         constant=(0, 1, 2)),
    Case(special.hyperu, mp.hyperu, ([0.5, 2.0], [1.5, 0.3], log(0.1, 20.0)), 1e-6,  # SciPy's own
         constant=(0, 1)),
    Case(special.wright_bessel, wright, ([1.0, 0.5], [1.0, 2.0], (0.1, 5.0)), constant=(0, 1)),
    Case(special.wrightomega, lambda x: mp.lambertw(mp.exp(x)), ((-20.0, 20.0),)),
    Case(special.agm, mp.agm, (log(0.01, 100.0), log(0.01, 100.0)), 1e-11),
    Case(special.eval_legendre, mp.legendre, ([1, 4, 2.5], (-0.9, 0.9)), constant=(0,),
         size=lambda n, x: 1),
    Case(special.eval_jacobi, mp.jacobi, ([1, 4], [0.5], [1.5], (-0.9, 0.9)), constant=(0, 1, 2),
         size=lambda *at: 1),
    Case(special.eval_gegenbauer, mp.gegenbauer, ([1, 4], [1.5], (-0.9, 0.9)), constant=(0, 1),
         size=lambda *at: 1),
    Case(special.eval_genlaguerre, mp.laguerre, ([1, 4], [1.5], (0.1, 9.0)), constant=(0, 1),
         size=lambda *at: 1),
    Case(special.eval_chebyt, mp.chebyt, ([1, 5], (-0.9, 0.9)), constant=(0,),
         size=lambda n, x: 1),
    Case(special.eval_chebyu, mp.chebyu, ([1, 5], (-0.9, 0.9)), constant=(0,),
         size=lambda n, x: 1),
    Case(special.eval_hermite, mp.hermite, ([1, 5], (-2.0, 2.0)), constant=(0,),
         size=lambda n, x: 1),
    Case(special.dawsn, dawson, ((-5.0, 5.0),), size=lambda x: 0.01),
    Case(special.dawsn, dawson, (log(5.0, 40.0),)),
    Case(special.voigt_profile, voigt, ((-5.0, 5.0), log(0.1, 3.0), log(0.1, 3.0)), 1e-11,
         size=voigt),
    Case(special.expn, mp.expint, ([0, 1, 2, 5], log(0.01, 20.0)), constant=(0,)),
    Case(special.spence, lambda x: mp.polylog(2, 1 - x).real, (log(0.01, 30.0),)),
    Case(special.owens_t, owen, ((-4.0, 4.0), (-3.0, 3.0))),
    Case(lambda x: special.sici(x)[0], mp.si, (log(0.01, 100.0),), size=lambda x: 1 / x),
    Case(lambda x: special.sici(x)[1], mp.ci, (log(0.01, 100.0),), size=lambda x: 1 / x),
    Case(lambda x: special.shichi(x)[0], mp.shi, (log(0.01, 30.0),)),
    Case(lambda x: special.shichi(x)[1], mp.chi, (log(0.01, 30.0),)),
    Case(lambda x: special.fresnel(x)[0], mp.fresnels, ((-5.0, 5.0),), size=lambda x: 1),
    Case(lambda x: special.fresnel(x)[1], mp.fresnelc, ((-5.0, 5.0),), size=lambda x: 1),
    Case(lambda x: special.airy(x)[0], mp.airyai, ((-9.0, 9.0),), size=lambda x: x < 0),
    Case(lambda x: special.airy(x)[3], lambda x: mp.airybi(x, 1), ((-9.0, 9.0),),
         size=lambda x: (x < 0) * 9),
    Case(lambda x: special.airye(x)[0], lambda x: mp.airyai(x) * mp.exp(2 * x**1.5 / 3),
         ((0.1, 5.0),), 1e-11),
    Case(special.ellipk, mp.ellipk, ((-9.0, 0.999),)),
    Case(special.ellipk, mp.ellipk, ([1e-9, 1e-4],)),
    Case(special.ellipkm1, lambda p: mp.ellipk(1 - p), (log(1e-9, 0.9),)),
    Case(special.ellipe, mp.ellipe, ((-9.0, 0.999),)),
    Case(special.ellipkinc, mp.ellipf, ((-6.0, 6.0), (-3.0, 0.99)), 1e-11),
    Case(special.ellipeinc, mp.ellipe, ((-6.0, 6.0), (-3.0, 0.99)), 1e-11),
    Case(special.elliprf, mp.elliprf, (log(0.01, 9.0),) * 3),
    Case(special.elliprd, mp.elliprd, (log(0.01, 9.0),) * 3),
    Case(special.elliprj, mp.elliprj, (log(0.01, 9.0),) * 4),
    Case(special.elliprc, mp.elliprc, (log(0.01, 9.0),) * 2),
    *[
        Case(lambda u, m, i=i: special.ellipj(u, m)[i],
             lambda u, m, kind=kind: mp.ellipfun(kind, u, m=m), ((0.1, 3.0), (0.05, 0.95)),
             1e-11, size=lambda u, m: 1)
        for i, kind in enumerate(["sn", "cn", "dn"])
    ],
]  # fmt: skip


def name(case):
    return getattr(case.function, "__name__", "result")


def worst(case, count, seed):
    """The worst error over its limit, with where it is."""
    rng = np.random.default_rng(seed)
    found = []
    for _ in range(count):
        at = [drawn(domain, rng) for domain in case.domains]
        by = [i for i in range(len(at)) if i not in case.constant]
        gradient = tg.grad(case.function, argnums=tuple(by))(*at)
        with mp.workdps(100):
            h = mpf(STEP)
            exact = [mpf(x) if isinstance(x, float) else x for x in at]
            for i, found_slope in zip(by, gradient, strict=True):
                moved = [[*exact[:i], exact[i] + d, *exact[i + 1 :]] for d in (h, -h)]
                slope = (case.exact(*moved[0]) - case.exact(*moved[1])) / (2 * h)
                scale = abs(slope) + (abs(case.size(*exact)) if case.size else 0)
                scale = max(scale, mpf("1e-290"))  # less is nothing
                error = abs(mpf(float(found_slope)) - slope) / scale
                found.append((float(error), i, at))
    return max(found)


@pytest.mark.parametrize("case", CASES, ids=name)
def test_derivatives_at_a_few_points(case):
    error, operand, at = worst(case, 2, 0)
    assert error <= case.limit, f"{error} by operand {operand} at {at}"


@pytest.mark.slow
@pytest.mark.parametrize("case", CASES, ids=name)
def test_derivatives_at_a_hundred_points(case):
    error, operand, at = worst(case, 100, 1)
    assert error <= case.limit, f"{error} by operand {operand} at {at}"
