"""Samples of variances, averages and correlations."""

from collections.abc import Callable
from typing import Any

import numpy as np

from .draws import APART, POSITIVE, REAL, A, Draw, Edge, Generator, Sample, apart, call

COMPLEX = {np.var, np.std, np.corrcoef}


def _spreads(rng: Generator) -> list[Sample]:
    x = REAL.draw(rng, 3, 2, 4)
    mask = rng.random((3, 2, 4)) < 0.7
    mask[..., :2] = True
    return [
        call(x, reach=0.4),
        call(REAL.draw(rng, 3, 3), axis=1, reach=0.2),
        call(x, axis=(0, -1), keepdims=True, ddof=1, reach=0.4),
        call(x, (0, 2), correction=0.5, reach=0.4),
        call(x, axis=-1, where=mask, ddof=1, reach=0.1),
        call(x, axis=1, mean=REAL.draw(rng, 3, 1, 4), reach=0.2),
        call(x, where=mask, mean=REAL.draw(rng, 1, 1, 1), keepdims=True, reach=0.4),
    ]


def _averages(rng: Generator) -> list[Sample]:
    x = REAL.draw(rng, 3, 2, 4)
    return [
        call(x),
        call(x, None, POSITIVE.draw(rng, 3, 2, 4), reach=0.4),
        call(x, 1, POSITIVE.draw(rng, 2), keepdims=True, reach=0.4),
        call(x, -1, POSITIVE.draw(rng, 3, 2, 4), True, reach=0.4),
        call(x, (2, 0), POSITIVE.draw(rng, 4, 3), returned=True, reach=0.4),
        call(REAL.draw(rng, 3, 3), 0, POSITIVE.draw(rng, 3), reach=0.4),
        call(x, axis=0, returned=True),
    ]


def _covariances(rng: Generator) -> list[Sample]:
    x = REAL.draw(rng, 3, 4)
    z = x + 1j * REAL.draw(rng, 3, 4)
    weights = POSITIVE.draw(rng, 4)
    counts = np.array([1, 2, 1, 3])
    return [
        call(x),
        call(REAL.draw(rng, 3, 3), rowvar=False, bias=True),
        call(REAL.draw(rng, 5), REAL.draw(rng, 5)),
        call(x, REAL.draw(rng, 2, 4), ddof=0),
        call(x, aweights=weights, reach=0.4),
        call(x, fweights=counts),
        call(x, None, True, False, None, counts, weights, reach=0.4),
        call(x.T, REAL.draw(rng, 4, 2), False, aweights=weights, ddof=0, reach=0.4),
        call(REAL.draw(rng, 4)),
        call(z),
        call(z, aweights=weights, reach=0.4),
    ]


def _correlations(rng: Generator) -> list[Sample]:
    return [
        call(REAL.draw(rng, 3, 5), reach=0.1),
        call(REAL.draw(rng, 4, 4), rowvar=False, reach=0.1),
        call(REAL.draw(rng, 5), REAL.draw(rng, 5), reach=0.1),
    ]


SAMPLES: dict[Callable[..., Any], Draw] = {
    np.var: _spreads,
    np.std: _spreads,
    np.ptp: lambda rng: [
        call(apart(rng, 3, 2, 4), reach=APART),
        call(apart(rng, 3, 3), axis=1, reach=APART),
        call(apart(rng, 3, 2, 4), (0, -1), keepdims=True, reach=APART),
    ],
    np.average: _averages,
    np.cov: _covariances,
    np.corrcoef: _correlations,
}

EDGES: dict[Callable[..., Any], list[Edge]] = {
    np.std: [
        Edge((A([0.1, 0.1, 0.1]),), {}, ([0, 0, 0],)),
        Edge((A([[0.7] * 7, [0.3] * 7]),), {"axis": 1}, ([[0] * 7] * 2,)),
        Edge((A([7.0]),), {}, ([0],)),
        Edge((A([3.0, 3.0]), 0, None, None, 1), {}, ([0, 0],)),
    ],
    np.ptp: [Edge((A([1.0, 3.0, 3.0, 1.0]),), {}, ([-0.5, 0.5, 0.5, -0.5],))],
}
