"""Samples of the Python functions of `scipy.special`."""

import contextlib
from collections.abc import Callable
from typing import Any

import numpy as np

from ....scipy.mirror import of
from ....scipy.special.functions import weighted_exponential
from ..draws import (
    POSITIVE,
    PROBABILITY,
    REAL,
    A,
    Domain,
    Draw,
    Edge,
    Generator,
    Sample,
    call,
    unary,
)

LARGE = Domain(3.2, 5.0, 0.4)


def _logsumexp(rng: Generator) -> list[Sample]:
    a, b = REAL.draw(rng, 2, 2), POSITIVE.draw(rng, 2, 2)
    signs = A([[1.0, -1.0], [-1.0, -1.0]])
    return [
        call(a, axis=0),
        call(a, 1, b, True, reach=0.4),
        call(a, b=b * signs, return_sign=True, reach=0.2),
    ]


def _after(*first: Any, domain: Domain = POSITIVE) -> Draw:
    """One operand behind others, which are no variables."""
    return lambda rng: [call(*first, domain.draw(rng, 2, 2), reach=0.3)]


def _before(*rest: Any, domain: Domain = POSITIVE) -> Draw:
    return lambda rng: [call(domain.draw(rng, 2, 2), *rest, reach=0.3)]


def _of_orders(rng: Generator) -> list[Sample]:
    orders = Domain(0.3, 2.5, 0.3).draw(rng, 2, 1)
    return [
        call(orders, POSITIVE.draw(rng, 2), 2, reach=0.15),
        call(1, POSITIVE.draw(rng, 2, 2), reach=0.15),
    ]


def _counts(rng: Generator) -> list[Sample]:
    return [call(LARGE.draw(rng, 2, 1), POSITIVE.draw(rng, 2), reach=0.3)]


SAMPLES: dict[Callable[..., Any], Draw] = {
    weighted_exponential: lambda rng: [call(REAL.draw(rng, 2, 1), REAL.draw(rng, 2, 2))],
    of("special.logsumexp"): _logsumexp,
    of("special.softmax"): lambda rng: [
        call(REAL.draw(rng, 2, 2), 1),
        call(REAL.draw(rng, 3)),
    ],
    of("special.log_softmax"): lambda rng: [
        call(REAL.draw(rng, 2, 2), axis=(0, 1)),
        call(REAL.draw(rng, 2, 2), 0),
    ],
    of("special.polygamma"): _after(np.array([0, 2])),
    of("special.multigammaln"): _before(3, domain=LARGE),
    of("special.sinc"): unary(REAL),
    of("special.diric"): lambda rng: [
        call(REAL.draw(rng, 2, 2), 4),
        call(REAL.draw(rng, 2), np.array([3, 2])),
    ],
    of("special.comb"): lambda rng: [
        *_counts(rng),
        *[sample._replace(kwargs={"repetition": True}) for sample in _counts(rng)],
    ],
    of("special.perm"): _counts,
    of("special.factorial"): unary(POSITIVE),
    of("special.zeta"): _after(2.5),
    of("special.lambertw"): lambda rng: [
        call(POSITIVE.draw(rng, 2, 2), tol=1e-13, reach=0.3),
        call(PROBABILITY.draw(rng, 2) - 1.2, -1, 1e-13, reach=0.1),
    ],
    of("special.assoc_laguerre"): _before(3, 0.5),
    of("special.jvp"): _of_orders,
    of("special.yvp"): _of_orders,
    of("special.ivp"): _of_orders,
    of("special.kvp"): _of_orders,
    of("special.h1vp"): _after(1.5),
    of("special.h2vp"): _after(1.5),
    of("special.spherical_jn"): lambda rng: [
        call(np.array([0, 2]), POSITIVE.draw(rng, 2, 2), reach=0.3),
        call(1, POSITIVE.draw(rng, 2), True, reach=0.3),
    ],
    of("special.spherical_yn"): _after(np.array([0, 2])),
    of("special.spherical_in"): _after(np.array([0, 2])),
    of("special.spherical_kn"): _after(np.array([0, 2])),
}
with contextlib.suppress(AttributeError):  # before SciPy 1.15
    SAMPLES[of("special.softplus")] = unary(REAL)
    SAMPLES[of("special.legendre_p")] = lambda rng: [
        call(np.array([[1], [4]]), PROBABILITY.draw(rng, 2), reach=0.2),
        call(3, PROBABILITY.draw(rng), reach=0.2),
    ]
    SAMPLES[of("special.sph_harm_y")] = lambda rng: [
        call(np.array([2, 3]), np.array([1, -3]), POSITIVE.draw(rng, 2), REAL.draw(rng, 3, 1),
             reach=0.4),
        call(2, 0, POSITIVE.draw(rng), REAL.draw(rng), reach=0.4),
    ]  # fmt: skip

EDGES: dict[Callable[..., Any], list[Edge]] = {
    of("special.logsumexp"): [
        Edge((A([0.0, 0.0]), None, A([1.0, 0.0])), {}, ([1, 0], [1, 1])),
        Edge((A([-np.inf, 0.0]), None, A([1.0, 2.0])), {}, ([0, 1], [0, 0.5])),
    ],
    of("special.diric"): [Edge((A([0.0]), 5), {}, ([0],))],
    of("special.spherical_jn"): [Edge((np.array([0, 1, 2]), A([0.0] * 3)), {}, ([0, 1 / 3, 0],))],
}
