"""Samples of evenly spaced numbers and geometric sequences."""

from collections.abc import Callable
from typing import Any

import numpy as np

from .draws import POSITIVE, REAL, Draw, Edge, Generator, Sample, call

COMPLEX = {np.geomspace}


def _spaced(rng: Generator) -> list[Sample]:
    return [
        call(REAL.draw(rng), REAL.draw(rng), 5),
        call(REAL.draw(rng, 3), REAL.draw(rng, 3), 3, False),
        call(REAL.draw(rng, 2, 1), REAL.draw(rng, 4), 3, axis=1),
        call(REAL.draw(rng, 3), 0.5, 4, axis=-1),
        call(REAL.draw(rng), REAL.draw(rng, 2, 2), 3),
        call(REAL.draw(rng, 2), REAL.draw(rng, 3, 1), 1),
    ]


def _linspaces(rng: Generator) -> list[Sample]:
    return [
        *_spaced(rng),
        call(0, REAL.draw(rng, 2), num=4, retstep=True),
        call(REAL.draw(rng), REAL.draw(rng), 3, False, True),
        call(REAL.draw(rng), 1.0),
    ]


def _logspaces(rng: Generator) -> list[Sample]:
    return [
        call(REAL.draw(rng), REAL.draw(rng), 4, reach=0.4),
        call(REAL.draw(rng, 3), 0.5, 3, False, POSITIVE.draw(rng), reach=0.4),
        call(REAL.draw(rng, 2, 1), REAL.draw(rng, 3), 4, True, POSITIVE.draw(rng, 3), axis=1,
             reach=0.4),
        call(REAL.draw(rng, 2), 1.0, 3, True, POSITIVE.draw(rng, 2), axis=-1, reach=0.4),
    ]  # fmt: skip


def _geomspaces(rng: Generator) -> list[Sample]:
    return [
        call(POSITIVE.draw(rng), POSITIVE.draw(rng), 4, reach=0.4),
        call(POSITIVE.draw(rng, 3), POSITIVE.draw(rng, 3), 3, False, reach=0.4),
        call(POSITIVE.draw(rng, 2, 1), POSITIVE.draw(rng, 4), 3, axis=1, reach=0.4),
        call(-POSITIVE.draw(rng, 3), -0.5, 4, axis=-1, reach=0.4),
        call(2, POSITIVE.draw(rng, 2), num=3, reach=0.4),
    ]


SAMPLES: dict[Callable[..., Any], Draw] = {
    np.linspace: _linspaces,
    np.logspace: _logspaces,
    np.geomspace: _geomspaces,
}

EDGES: dict[Callable[..., Any], list[Edge]] = {}
