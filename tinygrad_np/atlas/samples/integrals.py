"""Samples of the integrals among the ufuncs of `scipy.special`."""

from collections.abc import Callable
from typing import Any

import scipy.special

from ...rules.integrals import carlson, faddeeva_rest
from .draws import (
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
from .incomplete import of
from .special import with_order

special: Any = scipy.special._ufuncs

PARAMETER = Domain(-1.5, 0.7, 0.2)


def _carlson(rng: Generator) -> list[Sample]:
    x, y, z, w = POSITIVE.draw(rng, 4, 2, 2)
    return [call(x, y, z, w, 0.5, 0.5, 1.5, 1.0, reach=0.3)]


SAMPLES: dict[Callable[..., Any], Draw] = {
    faddeeva_rest: lambda rng: [call(REAL.draw(rng, 2, 2))],
    special.wofz: lambda rng: [call(REAL.draw(rng, 2, 2)), call(REAL.draw(rng))],
    special.dawsn: unary(REAL),
    special.voigt_profile: of(REAL, POSITIVE, POSITIVE),
    special.expn: with_order(POSITIVE, 0, 1, 3),
    special.spence: unary(POSITIVE),
    special.owens_t: of(REAL, REAL),
    special.itstruve0: unary(POSITIVE),
    special.itmodstruve0: unary(POSITIVE),
    special.sici: unary(POSITIVE),
    special.shichi: unary(POSITIVE),
    special.fresnel: unary(REAL),
    special.airy: unary(REAL),
    special.airye: unary(POSITIVE),
    carlson: _carlson,
    special.elliprf: of(POSITIVE, POSITIVE, POSITIVE),
    special.elliprd: of(POSITIVE, POSITIVE, POSITIVE),
    special.elliprc: of(POSITIVE, POSITIVE),
    special.elliprj: lambda rng: [call(*POSITIVE.draw(rng, 4, 2, 2), reach=0.2)],
    special.ellipj: of(REAL, PROBABILITY),
    special.ellipk: unary(PARAMETER),
    special.ellipkm1: unary(PROBABILITY),
    special.ellipe: unary(PARAMETER),
    special.ellipkinc: of(Domain(-5.0, -3.5, 0.3), PARAMETER),
    special.ellipeinc: of(Domain(2.0, 4.0, 0.3), PARAMETER),
}

EDGES: dict[Callable[..., Any], list[Edge]] = {
    special.dawsn: [Edge((A([0.0]),), {}, ([1],))],
    special.spence: [Edge((A([0.0, 1.0]),), {}, ([-float("inf"), -1],))],
}
