"""Samples of differences, gradients, areas and unwrapped phases."""

from collections.abc import Callable
from typing import Any

import numpy as np

from .draws import POSITIVE, REAL, Draw, Edge, Generator, Sample, call

COMPLEX = {np.ediff1d}


def _diffs(rng: Generator) -> list[Sample]:
    x = REAL.draw(rng, 3, 2, 4)
    return [
        call(x),
        call(REAL.draw(rng, 3, 3), axis=0),
        call(x, 2, 1, REAL.draw(rng, 3, 2, 4), REAL.draw(rng)),
        call(x, 1, -2, REAL.draw(rng)),
        call(REAL.draw(rng, 5), 3),
        call(REAL.draw(rng, 4), 1, 0, 0.5, REAL.draw(rng, 2)),
    ]


def _ediffs(rng: Generator) -> list[Sample]:
    return [
        call(REAL.draw(rng, 5)),
        call(REAL.draw(rng, 2, 3), REAL.draw(rng, 2), REAL.draw(rng)),
        call(REAL.draw(rng, 1), None, REAL.draw(rng, 2, 2)),
        call(REAL.draw(rng, 3), 0.5),
    ]


def _coordinates(rng: Generator, n: int) -> Any:
    return np.cumsum(POSITIVE.draw(rng, n))


def _gradients(rng: Generator) -> list[Sample]:
    f = REAL.draw(rng, 3, 4)
    even, h = np.arange(4) * 0.5, POSITIVE.draw(rng)
    x, y = _coordinates(rng, 3), _coordinates(rng, 4)
    return [
        call(f),
        call(REAL.draw(rng, 3, 3), axis=0),
        call(REAL.draw(rng, 5), h, reach=0.1),
        call(f, x, y, reach=0.1),
        call(f, h, y, edge_order=2, reach=0.1),
        call(f, h, axis=(1, 0), edge_order=2, reach=0.1),
        call(f, even, axis=1, reach=0.1),
        call(f, even, axis=-1, edge_order=2, reach=0.1),
        call(REAL.draw(rng, 4, 2, 3), y, axis=0, edge_order=2, reach=0.1),
        call(f, 0.5, [0.0, 1.0, 3.0, 4.0]),
        call(f + 1j * REAL.draw(rng, 3, 4), x, y, edge_order=2, reach=0.1),
        call(f + 1j * REAL.draw(rng, 3, 4), h, reach=0.1),
    ]


def _areas(rng: Generator) -> list[Sample]:
    y = REAL.draw(rng, 3, 4)
    return [
        call(y),
        call(REAL.draw(rng, 3, 3), None, REAL.draw(rng), 0),
        call(y, REAL.draw(rng, 4)),
        call(y, REAL.draw(rng, 3), axis=0),
        call(y, REAL.draw(rng, 3, 4), axis=-2),
        call(REAL.draw(rng, 5), None, REAL.draw(rng, 4)),
    ]


def _phases(rng: Generator) -> list[Sample]:
    steps = rng.uniform(-2.5, 2.5, (3, 5)) + 2 * np.pi * rng.integers(-1, 2, (3, 5))
    phases = np.cumsum(steps, -1)
    return [
        call(phases, reach=0.2),
        call(phases.T, axis=0, reach=0.2),
        call(phases[0] / np.pi, period=2.0, reach=0.05),
        call(phases[:3, :3], discont=4.0, reach=0.2),
    ]


SAMPLES: dict[Callable[..., Any], Draw] = {
    np.diff: _diffs,
    np.ediff1d: _ediffs,
    np.gradient: _gradients,
    np.trapezoid: _areas,
    np.unwrap: _phases,
}

EDGES: dict[Callable[..., Any], list[Edge]] = {}
