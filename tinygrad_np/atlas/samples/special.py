"""Samples of the ufuncs of `scipy.special`."""

from collections.abc import Callable
from typing import Any

import numpy as np
import scipy.special

from ...rules.special import (
    exponential_moment,
    gaussian,
    log_quotient,
    mills_excess,
)
from .draws import (
    APART,
    INF,
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
    apart,
    binary,
    call,
    unary,
)

special: Any = scipy.special._ufuncs
_zeta = special._zeta

ANGLE = Domain(20.0, 70.0, 20.0)


def with_order(domain: Domain, *orders: Any) -> Draw:
    """One sample for each order, and one with an order for each row."""

    def samples(rng: Generator) -> list[Sample]:
        rows = [[order] for order in orders]
        return [
            *[call(order, domain.draw(rng, 3, 3), reach=domain.reach) for order in orders],
            call(rows, domain.draw(rng, 3), reach=domain.reach),
        ]

    return samples


def _huber(rng: Generator) -> list[Sample]:
    r = apart(rng, 3, 3)
    return [
        call(np.full((3, 1), 0.4), r, reach=APART / 2),
        call(0.4, r, reach=APART / 2),
        call(np.array([0.4, 0.8]), 0.6, reach=APART / 2),
    ]


COMPLEX = {special.expi}  # whose complex loop is not good enough for a step of 1e-100

SAMPLES: dict[Callable[..., Any], Draw] = {
    special.expit: unary(REAL),
    special.logit: unary(PROBABILITY),
    special.log_expit: unary(REAL),
    special.erf: unary(REAL),
    special.erfc: unary(REAL),
    special.erfi: unary(REAL),
    special.erfcx: unary(REAL),
    special.erfinv: unary(UNIT),
    special.erfcinv: unary(Domain(0.3, 1.7, 0.3)),
    special.ndtr: unary(REAL),
    special.log_ndtr: unary(REAL),
    gaussian: lambda rng: [call(REAL.draw(rng, 3, 3)), call(REAL.draw(rng, 3), 0.5)],
    log_quotient: binary(POSITIVE, POSITIVE),
    mills_excess: lambda rng: [call(Domain(-8.0, 2.0, 1.0).draw(rng, 3, 3))],
    special.ndtri: unary(PROBABILITY),
    special.ndtri_exp: unary(Domain(-3.0, -0.3, 0.3)),
    special.gamma: unary(POSITIVE),
    special.gammaln: unary(POSITIVE),
    special.loggamma: unary(POSITIVE),
    special.psi: unary(POSITIVE),
    _zeta: with_order(POSITIVE, 2, 3.5),
    special.beta: binary(POSITIVE, POSITIVE),
    special.betaln: binary(POSITIVE, POSITIVE),
    special.xlogy: binary(REAL, POSITIVE),
    special.xlog1py: binary(REAL, POSITIVE),
    special.entr: unary(POSITIVE),
    special.rel_entr: binary(POSITIVE, POSITIVE),
    special.kl_div: binary(POSITIVE, POSITIVE),
    special.huber: _huber,
    special.pseudo_huber: binary(POSITIVE, REAL),
    special.boxcox: binary(POSITIVE, REAL),
    special.boxcox1p: binary(POSITIVE, REAL),
    special.inv_boxcox: binary(PROBABILITY, PROBABILITY),
    special.inv_boxcox1p: binary(PROBABILITY, PROBABILITY),
    special.exprel: unary(REAL),
    exponential_moment: lambda rng: [call(REAL.draw(rng, 3, 3), 1), call(REAL.draw(rng), 2)],
    special.exp1: unary(POSITIVE),
    special.expi: unary(POSITIVE),
    special.exp2: unary(REAL),
    special.exp10: unary(UNIT),
    special.expm1: unary(REAL),
    special.log1p: unary(Domain(-0.6, 2.0, 0.4)),
    special.cbrt: unary(POSITIVE),
    special.cosm1: unary(REAL),
    special.sindg: unary(ANGLE),
    special.cosdg: unary(ANGLE),
    special.tandg: unary(ANGLE),
    special.cotdg: unary(ANGLE),
}

EDGES: dict[Callable[..., Any], list[Edge]] = {
    special.expit: [Edge((A([-1000.0, 0.0, 1000.0]),), {}, ([0, 0.25, 0],))],
    special.logit: [Edge((A([0.0, 0.5, 1.0]),), {}, ([INF, 4, INF],))],
    special.log_expit: [Edge((A([-1000.0, 0.0, 1000.0]),), {}, ([1, 0.5, 0],))],
    special.erf: [Edge((A([0.0, 30.0, -INF]),), {}, ([2 / np.sqrt(np.pi), 0, 0],))],
    special.erfc: [Edge((A([0.0, 30.0, -INF]),), {}, ([-2 / np.sqrt(np.pi), 0, 0],))],
    special.erfi: [Edge((A([0.0, 30.0]),), {}, ([2 / np.sqrt(np.pi), INF],))],
    special.erfcx: [Edge((A([INF, -30.0]),), {}, ([0, -INF],))],
    special.erfinv: [Edge((A([-1.0, 0.0, 1.0]),), {}, ([INF, np.sqrt(np.pi) / 2, INF],))],
    special.erfcinv: [Edge((A([0.0, 1.0, 2.0]),), {}, ([-INF, -np.sqrt(np.pi) / 2, -INF],))],
    special.ndtr: [Edge((A([0.0, 50.0, -INF]),), {}, ([1 / np.sqrt(2 * np.pi), 0, 0],))],
    special.log_ndtr: [Edge((A([-INF, 50.0]),), {}, ([INF, 0],))],
    special.ndtri: [Edge((A([0.0, 0.5, 1.0]),), {}, ([INF, np.sqrt(2 * np.pi), INF],))],
    special.ndtri_exp: [Edge((A([0.0]),), {}, ([INF],))],
    special.gammaln: [Edge((A([0.0]),), {}, ([-INF],))],
    special.gamma: [Edge((A([INF]),), {}, ([INF],))],
    special.loggamma: [Edge((A([0.0, INF]),), {}, ([-INF, INF],))],
    special.psi: [Edge((A([0.0, INF]),), {}, ([INF, 0],))],
    _zeta: [Edge((2, A([0.0, INF])), {}, ([-INF, 0],))],
    special.beta: [Edge((A([0.0]), A([1.0])), {}, ([-INF], None))],
    special.betaln: [Edge((A([1.0, 2.0]), A([1.0, 1.0])), {}, ([-1, -0.5], [-1, -1.5]))],
    special.xlogy: [
        Edge(
            (A([0.0, 0.0, 1.0]), A([0.0, 2.0, 0.0])),
            {},
            ([-INF, np.log(2), -INF], [0, 0, INF]),
        ),
    ],
    special.xlog1py: [
        Edge((A([0.0, 0.0, 1.0]), A([-1.0, 0.0, 0.0])), {}, ([-INF, 0, 0], [0, 0, 1])),
    ],
    special.entr: [Edge((A([0.0, 1.0]),), {}, ([INF, -1],))],
    special.rel_entr: [
        Edge(
            (A([0.0, 0.0, 1.0, 1.0]), A([0.0, 1.0, 0.0, 1.0])),
            {},
            ([INF, -INF, INF, 1], [0, 0, -INF, -1]),
        ),
    ],
    special.kl_div: [
        Edge(
            (A([0.0, 0.0, 1.0, 1.0]), A([0.0, 1.0, 0.0, 1.0])),
            {},
            ([INF, -INF, INF, 0], [1, 1, -INF, 0]),
        ),
    ],
    special.huber: [
        Edge((A(1.0), A([-2.0, -1.0, 0.0, 1.0, 2.0])), {}, (2, [-1, -1, 0, 1, 1])),
        Edge((A(0.0), A([-2.0, 0.0])), {}, (2, [0, 0])),
    ],
    special.pseudo_huber: [Edge((A([0.0, 0.0]), A([0.0, -2.0])), {}, ([0, 2], [0, 0]))],
    special.boxcox: [
        Edge((A([0.0, 0.0, 0.0]), A([0.5, 1.0, 2.0])), {}, ([INF, 1, 0], [4, 1, 0.25])),
        Edge((A([1.0, 2.0]), A([0.0, 0.0])), {}, ([1, 0.5], [0, np.log(2) ** 2 / 2])),
    ],
    special.boxcox1p: [
        Edge((A([-1.0, -1.0]), A([1.0, 2.0])), {}, ([1, 0], [1, 0.25])),
        Edge((A([0.0, 1.0]), A([0.0, 0.0])), {}, ([1, 0.5], [0, np.log(2) ** 2 / 2])),
    ],
    special.inv_boxcox: [Edge((A([0.0]), A([0.0])), {}, ([1], [0]))],
    special.inv_boxcox1p: [Edge((A([0.0]), A([0.0])), {}, ([1], [0]))],
    special.exp1: [Edge((A([0.0, INF]),), {}, ([-INF, 0],))],
    special.expi: [Edge((A([0.0, -INF]),), {}, ([INF, 0],))],
    special.exp2: [Edge((A([-INF, 0.0]),), {}, ([0, np.log(2)],))],
    special.exp10: [Edge((A([-INF, 0.0]),), {}, ([0, np.log(10)],))],
    special.expm1: [Edge((A([-INF, 0.0, 1000.0]),), {}, ([0, 1, INF],))],
    special.log1p: [Edge((A([-1.0, 0.0, INF]),), {}, ([INF, 1, 0],))],
    special.sindg: [Edge((A([90.0, 0.0]),), {}, ([0, np.pi / 180],))],
    special.cosdg: [Edge((A([0.0, 90.0]),), {}, ([0, -np.pi / 180],))],
    special.tandg: [Edge((A([0.0, 90.0]),), {}, ([np.pi / 180, INF],))],
    special.cotdg: [Edge((A([90.0, 0.0]),), {}, ([-np.pi / 180, -INF],))],
    special.exprel: [Edge((A([0.0]),), {}, ([0.5],))],
    special.cbrt: [Edge((A([0.0, -8.0, INF]),), {}, ([INF, 1 / 12, 0],))],
    special.cosm1: [Edge((A([0.0]),), {}, ([0],))],
}
