"""Samples of hypergeometric functions, polynomials and quotients of Gamma functions."""

from collections.abc import Callable
from typing import Any

import scipy.special

from .draws import (
    POSITIVE,
    PROBABILITY,
    REAL,
    UNIT,
    A,
    Domain,
    Draw,
    Edge,
    Generator,
    Sample,
    call,
    unary,
)
from .incomplete import of
from .special import with_order

special: Any = scipy.special._ufuncs


def _with(*parameters: Any, domain: Domain) -> Draw:
    """One sample with these parameters, and one that is broadcast over the first of them."""

    def samples(rng: Generator) -> list[Sample]:
        rows = [[parameters[0]], [parameters[0] + 1]]
        return [
            call(*parameters, domain.draw(rng, 2, 2), reach=domain.reach),
            call(rows, *parameters[1:], domain.draw(rng, 2), reach=domain.reach),
        ]

    return samples


SAMPLES: dict[Callable[..., Any], Draw] = {
    special.rgamma: unary(Domain(-1.7, 2.3, 0.3)),
    special.poch: of(POSITIVE, POSITIVE),
    special.binom: of(Domain(3.0, 5.0, 0.4), POSITIVE),
    special.powm1: of(POSITIVE, REAL),
    special.hyp0f1: _with(1.5, domain=REAL),
    special.hyp1f1: _with(1.5, 2.5, domain=REAL),
    special.hyp2f1: _with(1.5, 0.7, 2.5, domain=UNIT),
    special.hyperu: _with(1.5, 2.5, domain=POSITIVE),
    special.wright_bessel: _with(1.0, 0.5, domain=POSITIVE),
    special._lambertw: lambda rng: [
        call(POSITIVE.draw(rng, 2, 2), 0, 1e-12, reach=0.4),
        call(PROBABILITY.draw(rng, 2) - 1.2, -1, 1e-12, reach=0.1),
    ],
    special.wrightomega: unary(REAL),
    special.agm: of(POSITIVE, POSITIVE),
    special.eval_jacobi: _with(2, 0.5, 1.5, domain=UNIT),
    special.eval_sh_jacobi: _with(2, 2.5, 1.5, domain=PROBABILITY),
    special.eval_gegenbauer: _with(2, 1.5, domain=UNIT),
    special.eval_genlaguerre: _with(2, 0.5, domain=POSITIVE),
    special.eval_legendre: with_order(UNIT, 0, 2.5),
    special.eval_sh_legendre: with_order(PROBABILITY, 3),
    special.eval_chebyt: with_order(UNIT, 3),
    special.eval_chebyu: with_order(UNIT, 2),
    special.eval_chebyc: with_order(UNIT, 3),
    special.eval_chebys: with_order(UNIT, 2),
    special.eval_sh_chebyt: with_order(PROBABILITY, 3),
    special.eval_sh_chebyu: with_order(PROBABILITY, 2),
    special.eval_laguerre: with_order(POSITIVE, 0, 3),
    special.eval_hermite: with_order(REAL, 0, 3),
    special.eval_hermitenorm: with_order(REAL, 3),
}

EDGES: dict[Callable[..., Any], list[Edge]] = {
    special.rgamma: [Edge((A([0.0, -1.0, -2.0]),), {}, ([1, -1, 2],))],
    special.powm1: [Edge((A([0.0]), A([2.0])), {}, ([0], [0]))],
}
