"""Samples of the incomplete Gamma and Beta functions, and of probabilities."""

from collections.abc import Callable
from typing import Any

import numpy as np
import scipy.special

from ...rules.incomplete import beta_density, beta_moment, gamma_density, gamma_moment
from .draws import INF, POSITIVE, PROBABILITY, A, Domain, Draw, Edge, Generator, Sample, call

special: Any = scipy.special._ufuncs

SHAPE = Domain(0.6, 4.0, 0.3)


def _of(*domains: Any) -> Draw:
    """A sample whose operands are broadcast; an operand in place of a domain is no variable."""
    reach = min(d.reach for d in domains if isinstance(d, Domain))

    def samples(rng: Generator) -> list[Sample]:
        pairs = zip(domains, [(2, 1), (2,), (2, 2)], strict=False)
        args = [d.draw(rng, *shape) if isinstance(d, Domain) else d for d, shape in pairs]
        return [call(*args, reach=reach / 2)]

    return samples


def _gamma_density(rng: Generator) -> list[Sample]:
    return [
        call(A([-0.5, 0.0, 2.5]), POSITIVE.draw(rng, 3), A(0.5), reach=0.2),
        call(A(1.5), POSITIVE.draw(rng, 3), 0.5, reach=0.2),
    ]


def _beta_density(rng: Generator) -> list[Sample]:
    p = A([-0.5, 0.0, 2.5])
    return [
        call(p, 1.0 - p, PROBABILITY.draw(rng, 3), A(0.5), reach=0.1),
        call(A(1.5), A(0.5), PROBABILITY.draw(rng, 3), 0.5, reach=0.1),
    ]


def _moments(*domains: Domain, orders: list[tuple[int, ...]]) -> Draw:
    def samples(rng: Generator) -> list[Sample]:
        return [call(*[d.draw(rng, 3) for d in domains], *order, reach=0.2) for order in orders]

    return samples


def _incomplete(*operands: Any, end: Domain) -> Draw:
    """Parameters of every kind beside an argument that is a variable, and all as variables."""

    def samples(rng: Generator) -> list[Sample]:
        shapes = [SHAPE.draw(rng, 2, 1) for _ in operands]
        return [
            call(*operands, end.draw(rng, 3), reach=0.1),
            call(*shapes, end.draw(rng, 3), reach=0.1),
        ]

    return samples


_LISTS = [1, 2, 3], [3.0, 1.0, 0.5]

SAMPLES: dict[Callable[..., Any], Draw] = {
    gamma_density: _gamma_density,
    gamma_moment: _moments(SHAPE, POSITIVE, orders=[(1,), (2,)]),
    beta_density: _beta_density,
    beta_moment: _moments(SHAPE, SHAPE, POSITIVE, POSITIVE, orders=[(1, 0), (0, 1), (1, 1)]),
    special.gammainc: _incomplete(_LISTS[0], end=POSITIVE),
    special.gammaincc: _incomplete(2.5, end=POSITIVE),
    special.betainc: _incomplete(*_LISTS, end=PROBABILITY),
    special.betaincinv: _of(SHAPE, SHAPE, PROBABILITY),
    special.gammaincinv: _of(SHAPE, PROBABILITY),
    special.gammainccinv: _of(SHAPE, PROBABILITY),
    special.chdtr: _of(SHAPE, POSITIVE),
    special.chdtrc: _of(SHAPE, POSITIVE),
    special.chdtri: _of(SHAPE, PROBABILITY),
    special.gdtr: _of(SHAPE, SHAPE, POSITIVE),
    special.gdtrc: _of(SHAPE, SHAPE, POSITIVE),
    special.gdtria: _of(PROBABILITY, SHAPE, POSITIVE),
    special.gdtrix: _of(SHAPE, SHAPE, PROBABILITY),
    special.fdtr: _of(SHAPE, SHAPE, POSITIVE),
    special.fdtrc: _of(SHAPE, SHAPE, POSITIVE),
    special.fdtri: _of(SHAPE, SHAPE, PROBABILITY),
    special.stdtr: _of(SHAPE, Domain(-2.0, 2.0, 0.5)),
    special.stdtrit: _of(SHAPE, PROBABILITY),
    special.pdtr: _of(2.0, POSITIVE),
    special.pdtrc: _of(2.5, POSITIVE),
    special.pdtri: _of(2, PROBABILITY),
    special.bdtr: _of(1.5, np.array(4), PROBABILITY),
    special.bdtrc: _of(1, np.array(4), PROBABILITY),
    special.bdtri: _of(1, np.array(4), PROBABILITY),
    special.nbdtr: _of(2, 3, PROBABILITY),
    special.nbdtrc: _of(2, 3, PROBABILITY),
    special.nbdtri: _of(2, 3, PROBABILITY),
}
for _name, _draw in {
    "betaincc": _incomplete(1.5, 2.5, end=PROBABILITY),
    "betainccinv": _of(SHAPE, SHAPE, PROBABILITY),
    "btdtr": _of(SHAPE, SHAPE, PROBABILITY),
    "btdtri": _of(SHAPE, SHAPE, PROBABILITY),
}.items():
    if hasattr(special, _name):
        SAMPLES[getattr(special, _name)] = _draw

_ENDS = A([0.0, 1.0])
EDGES: dict[Callable[..., Any], list[Edge]] = {
    special.gammaincc: [
        Edge(([0.5, 1, 2], A([0.0, 0.0, 0.0])), {}, ([-INF, -1, 0],)),
        Edge((A([0.5, 1.0, 2.0]), A([0.0, INF, INF])), {}, ([0, 0, 0], [-INF, 0, 0])),
    ],
    special.gammainc: [
        Edge(([0.5, 1, 2], A([0.0, 0.0, 0.0])), {}, ([INF, 1, 0],)),
        Edge((A([0.5, 1.0, 2.0]), A([-0.0, INF, INF])), {}, ([0, 0, 0], [INF, 0, 0])),
    ],
    special.gammaincinv: [Edge((A([0.5, 1.0, 2.0]), A([0.0] * 3)), {}, ([0] * 3, [0, 1, INF]))],
    special.betainc: [
        Edge((1, 1, A([0.0, 0.5, 1.0])), {}, ([1, 1, 1],)),
        Edge((A([1.0, 2.0]), A([2.0, 1.0]), _ENDS), {}, ([0, 0], [0, 0], [2, 2])),
    ],
    special.betaincinv: [
        Edge((A([2.0, 1.0]), A([1.0] * 2), _ENDS), {}, ([0, 0], [0, 0], [INF, 1]))
    ],
    special.stdtr: [Edge((A([2.0] * 3), A([-INF, 0.0, INF])), {}, ([0, 0, 0], None))],
}
