"""Samples of indexing, take and scatter_add."""

import operator
from collections.abc import Callable
from typing import Any

import numpy as np

from ...kernels.scatter import scatter_add
from .draws import REAL, Draw, Edge, Generator, Sample, call, shaped


def _indexed(rng: Generator) -> list[Sample]:
    x = REAL.draw(rng, 4, 3)
    keys: list[Any] = [
        1,
        (slice(None, None, -2), slice(1, None)),
        (Ellipsis, None, 0),
        [0, 2, 2, 0],
        (np.array([[0, -1], [1, 1]]), 1),
        (slice(None), [0, 0, 1]),
        x > 0,
        (2, 1),
        (),
        (np.array([1, 1]), slice(0, 2)),
    ]
    return [call(x, key) for key in keys]


def _scattered(rng: Generator) -> list[Sample]:
    return [
        call(REAL.draw(rng, 4), [0, 2, 2, 0], (3,)),
        call(REAL.draw(rng, 2, 3), (slice(0, 2), [0, 0, 1]), (3, 2)),
        call(REAL.draw(rng, 3), slice(None, None, 2), (5,)),
    ]


SAMPLES: dict[Callable[..., Any], Draw] = {
    operator.getitem: _indexed,
    scatter_add: _scattered,
    np.take: shaped(
        ((4, 3), ([0, 2, 2],), {}),
        ((4, 3), (np.array([[0, -1], [1, 1]]), 1), {}),
        ((4, 3), ([5, -7, 0],), {"axis": 0, "mode": "wrap"}),
        ((4, 3), ([5, -7, 0],), {"axis": -2, "mode": "clip"}),
        ((4,), (2,), {}),
    ),
}

EDGES: dict[Callable[..., Any], list[Edge]] = {}
