"""Samples of functions that are called along axes."""

from collections.abc import Callable
from typing import Any

import numpy as np

from .draws import REAL, Draw, Edge, Generator, Sample, call


def _norm(line: Any) -> Any:
    return np.sqrt(np.sum(line * line) + 1)


def _outer(line: Any, power: int) -> Any:
    return np.expand_dims(line, 1) ** power * line[:2]


def _along(rng: Generator) -> list[Sample]:
    return [
        call(_norm, 0, REAL.draw(rng, 3, 3)),
        call(_norm, -1, REAL.draw(rng, 2, 3)),
        call(_norm, 0, REAL.draw(rng, 4)),
        call(_outer, 1, REAL.draw(rng, 2, 3, 2), 2),
        call(lambda line: line[::-1] * 2.0, 0, REAL.draw(rng, 3, 2)),
    ]


def _over(rng: Generator) -> list[Sample]:
    return [
        call(np.sum, REAL.draw(rng, 3, 3), 0),
        call(np.sum, REAL.draw(rng, 3, 2, 4), (0, -1)),
        call(lambda a, axis: np.sin(a) * (axis + 1), REAL.draw(rng, 2, 3), [1, 0]),
    ]


SAMPLES: dict[Callable[..., Any], Draw] = {
    np.apply_along_axis: _along,
    np.apply_over_axes: _over,
}

EDGES: dict[Callable[..., Any], list[Edge]] = {}
