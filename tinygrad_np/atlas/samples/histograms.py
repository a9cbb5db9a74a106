"""Samples of histograms."""

from collections.abc import Callable
from typing import Any

import numpy as np

from .draws import POSITIVE, A, Draw, Edge, Generator, Sample, call

REAL_ONLY = {np.bincount}

_EDGES = A([0.0, 1.0, 2.0, 4.0])


def _between(rng: Generator, *shape: int) -> Any:
    """Numbers that are 0.2 away from every whole one, with 0 and 4 among them as the extremes."""
    x = rng.integers(0, 4, shape) + rng.uniform(0.2, 0.8, shape)
    x.flat[:2] = 0, 4
    return x


_REACH = 0.02


def _histograms(rng: Generator) -> list[Sample]:
    x, weights = _between(rng, 2, 5), POSITIVE.draw(rng, 2, 5)
    return [
        call(x, 4, density=True, reach=_REACH),
        call(x, 4, reach=_REACH),
        call(x, 4, None, True, weights, reach=_REACH),
        call(x, _EDGES - 0.1, weights=weights, density=True, reach=_REACH),
        call(x.ravel(), "sturges", reach=_REACH),
        call(x, 3, (1.0, 4.5), weights=weights, reach=_REACH),
    ]


def _histograms2d(rng: Generator) -> list[Sample]:
    x, y, weights = _between(rng, 7), _between(rng, 7), POSITIVE.draw(rng, 7)
    return [
        call(x, y, 4, density=True, reach=_REACH),
        call(x, y, [4, _EDGES - 0.1], weights=weights, reach=_REACH),
        call(x, y, _EDGES - 0.1, density=True, weights=weights, reach=_REACH),
        call(x, y, 2, [[0.5, 4.5], [1.5, 3.5]], weights=weights, reach=_REACH),
    ]


def _histogramsdd(rng: Generator) -> list[Sample]:
    sample, weights = np.stack([_between(rng, 7), _between(rng, 7)], 1), POSITIVE.draw(rng, 7)
    x, y, z = _between(rng, 6), _between(rng, 6), _between(rng, 6)
    return [
        call(sample, 4, density=True, reach=_REACH),
        call(sample, (4, _EDGES - 0.1), weights=weights, reach=_REACH),
        call([x, y, z], [4, 2, _EDGES - 0.1], density=True, reach=_REACH),
        call(x, 4, reach=_REACH),
    ]


def _bin_edges(rng: Generator) -> list[Sample]:
    x = _between(rng, 2, 5)
    return [
        call(x, 4, reach=_REACH),
        call(x, "sqrt", reach=_REACH),
        call(x, _EDGES - 0.1, reach=_REACH),
    ]


SAMPLES: dict[Callable[..., Any], Draw] = {
    np.histogram: _histograms,
    np.histogram2d: _histograms2d,
    np.histogramdd: _histogramsdd,
    np.histogram_bin_edges: _bin_edges,
    np.bincount: lambda rng: [
        call(np.array([2, 0, 2, 5]), POSITIVE.draw(rng, 4)),
        call(np.array([1, 0, 1]), weights=POSITIVE.draw(rng, 3), minlength=4),
    ],
}

EDGES: dict[Callable[..., Any], list[Edge]] = {
    np.histogram_bin_edges: [Edge((A([2.0, 2.0]), 3), {}, ([2, 2],))],
}
