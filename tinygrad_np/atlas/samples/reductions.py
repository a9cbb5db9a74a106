"""Samples of sums, means and extrema over axes."""

from collections.abc import Callable
from typing import Any

import numpy as np

from .draws import APART, REAL, A, Draw, Edge, Generator, Sample, apart, call


def _reductions(rng: Generator) -> list[Sample]:
    x = REAL.draw(rng, 3, 2, 4)
    mask = rng.random((3, 2, 4)) < 0.7
    mask[..., 0] = True
    return [
        call(x),
        call(REAL.draw(rng, 3, 3)),
        call(x, axis=1),
        call(x, axis=(0, -1), keepdims=True),
        call(x, (0, 2)),
        call(x, axis=-1, where=mask),
        call(REAL.draw(rng)),
    ]


def _extrema(rng: Generator) -> list[Sample]:
    x = apart(rng, 3, 2, 4)
    mask = rng.random((3, 2, 4)) < 0.7
    mask[..., 0] = True
    return [
        call(x, reach=APART),
        call(x, axis=1, reach=APART),
        call(x, (0, -1), keepdims=True, reach=APART),
        call(x, axis=2, where=mask, initial=0.05, reach=APART / 2),
    ]


SAMPLES: dict[Callable[..., Any], Draw] = {
    np.sum: _reductions,
    np.mean: _reductions,
    np.max: _extrema,
    np.amax: _extrema,
    np.min: _extrema,
    np.amin: _extrema,
}

EDGES: dict[Callable[..., Any], list[Edge]] = {
    np.max: [
        Edge((A([3.0, 1.0, 3.0]),), {}, ([0.5, 0, 0.5],)),
        Edge((A([[2.0, 2.0], [1.0, 5.0]]),), {"axis": 1}, ([[0.5, 0.5], [0, 1]],)),
        Edge((A([1.0, 2.0]),), {"initial": 9.0}, ([0, 0],)),
    ],
    np.min: [Edge((A([3.0, 3.0, 4.0]),), {"keepdims": True}, ([0.5, 0.5, 0],))],
}

COMPLEX = {np.max, np.amax, np.min, np.amin}
