"""Samples of distances: vectors whose elements differ from one another and from zero."""

from collections.abc import Callable
from typing import Any

import numpy as np

from ....scipy.mirror import of
from ..draws import APART, POSITIVE, REAL, A, Draw, Edge, Generator, Sample, apart, call

_KINKED = ("braycurtis", "canberra", "cityblock", "chebyshev", "euclidean", "sqeuclidean")
_W = A([0.5, 2.0, 1.5])


def _one(name: str) -> Any:
    return of(f"spatial.distance.{name}")


def _pair(*given: dict[str, Any]) -> Draw:
    """Two vectors of three, whose differences and sums are apart, and far from zero."""

    def samples(rng: Generator) -> list[Sample]:
        found = []
        for kwargs in given:
            u, rise = apart(rng, 3), apart(rng, 3) + 3
            found.append(call(u, u + rise, reach=APART, **kwargs))
        return found

    return samples


def _definite(rng: Generator, n: int) -> Any:
    a = REAL.draw(rng, n, n)
    return np.eye(n) + a @ a.T / 4


def _entropies(rng: Generator) -> list[Sample]:
    p, q = POSITIVE.draw(rng, 3), POSITIVE.draw(rng, 3) + A([0.0, 1.0, 4.0])
    pair = POSITIVE.draw(rng, 2, 3)
    return [
        call(p, q, reach=0.2),
        call(pair, pair[::-1] * A([1.0, 2.0, 4.0]) + A([0.0, 1.0, 3.0]), 2.0, axis=1, reach=0.2),
        call(q, p, keepdims=True, reach=0.2),
    ]


def _correlations(rng: Generator) -> list[Sample]:
    def vectors() -> Any:
        return apart(rng, 2, 3) + A([[0.0, 2.0, -1.0], [1.0, -2.0, 2.0]])

    return [
        call(*vectors(), reach=0.2),
        call(*vectors(), w=_W, reach=0.2),
        call(*vectors(), centered=False, reach=0.2),
    ]


def _seuclidean(rng: Generator) -> list[Sample]:
    return [call(REAL.draw(rng, 3), REAL.draw(rng, 3) + 3, POSITIVE.draw(rng, 3), reach=0.4)]


def _mahalanobis(rng: Generator) -> list[Sample]:
    # not symmetric: SciPy takes any matrix
    inverse = _definite(rng, 3) + 0.1 * REAL.draw(rng, 3, 3)
    return [call(REAL.draw(rng, 3), REAL.draw(rng, 3) + 4, inverse, reach=0.4)]


def _points(count: int) -> Draw:
    """Of `cdist` (two sets of points) or `pdist` (one), in every metric."""

    def samples(rng: Generator) -> list[Sample]:
        def sets() -> list[Any]:
            whole = apart(rng, 7, 3)
            return [whole[:4], whole[4:] + 7][:count]

        return [
            call(*sets(), reach=APART),
            call(*sets(), "minkowski", p=3, w=_W, reach=APART),
            call(*sets(), "cityblock", w=_W, reach=APART),
            call(*[x * A([1.0, 50.0, 1.0]) for x in sets()], "chebyshev", reach=APART),
            call(*sets(), "seuclidean", reach=APART),
            call(*sets(), "seuclidean", V=POSITIVE.draw(rng, 3), reach=APART),
            call(*sets(), "mahalanobis", VI=_definite(rng, 3), reach=APART),
            call(*[x[:, :2] for x in sets()], metric="mahalanobis", reach=APART / 2),
            call(*sets(), "correlation", reach=APART),
        ]

    return samples


def _square(rng: Generator) -> list[Sample]:
    # A vector's matrix is symmetric, where a transpose changes nothing: its tests say the rest.
    return [call(REAL.draw(rng, n, n) * (1 - np.eye(n)), checks=False) for n in (2, 4)]


_WEIGHTED = _pair({}, {"w": _W})

SAMPLES: dict[Callable[..., Any], Draw] = {
    **{_one(name): _WEIGHTED for name in (*_KINKED, "cosine")},
    _one("correlation"): _correlations,
    _one("minkowski"): _pair({}, {"p": 3, "w": _W}, {"p": 1.5}, {"p": np.inf}),
    _one("seuclidean"): _seuclidean,
    _one("mahalanobis"): _mahalanobis,
    _one("jensenshannon"): _entropies,
    _one("cdist"): _points(2),
    _one("pdist"): _points(1),
    _one("squareform"): _square,
}

_SAME = (A([1.0, 2.0, -0.5]), A([1.0, 2.0, -0.5]))
_ZEROS = (np.zeros(3), np.zeros(3))

EDGES: dict[Callable[..., Any], list[Edge]] = {
    # Equal vectors: 0, as `norm` at 0.
    **{_one(name): [Edge(_SAME, {}, _ZEROS)] for name in _KINKED},
    _one("minkowski"): [Edge(_SAME, {"p": 3}, _ZEROS), Edge(_SAME, {"p": 1}, _ZEROS)],
    _one("seuclidean"): [Edge((*_SAME, A([1.0, 2.0, 3.0])), {}, (*_ZEROS, np.zeros(3)))],
    _one("mahalanobis"): [Edge((*_SAME, np.eye(3)), {}, (*_ZEROS, np.zeros((3, 3))))],
    _one("jensenshannon"): [Edge((A([1.0, 2.0, 4.0]), A([1.0, 2.0, 4.0])), {}, _ZEROS)],
    # Each point is its own nearest one.
    _one("cdist"): [Edge((A([[1.0, 2.0]]), A([[1.0, 2.0]])), {}, (np.zeros((1, 2)),) * 2)],
    _one("pdist"): [Edge((A([[1.0, 2.0], [1.0, 2.0]]),), {}, (np.zeros((2, 2)),))],
}
