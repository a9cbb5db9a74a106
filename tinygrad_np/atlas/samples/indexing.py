"""Samples of indexing, take and scatter_add."""

import operator
from collections.abc import Callable
from typing import Any

import numpy as np

from ...core.rules import scatter_add
from ...rules.indexing import index_max, index_min, index_set
from .draws import APART, REAL, A, Draw, Edge, Generator, Sample, apart, call, shaped


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


def _set(rng: Generator) -> list[Sample]:
    x = REAL.draw(rng, 4, 3)
    return [
        call(x, 1, REAL.draw(rng, 3)),
        call(REAL.draw(rng, 3, 3), [0, 2], REAL.draw(rng, 2, 3)),
        call(x, [0, 2, 0], REAL.draw(rng, 3, 3)),
        call(x, (slice(None, None, 2), [0, 0, 1]), REAL.draw(rng, 2, 1)),
        call(x, x > 0, REAL.draw(rng)),
        call(x, (2, 1), 0.5),
        call(x, ..., REAL.draw(rng, 4, 3)),
    ]


def _kinked_sets(rng: Generator) -> list[Sample]:
    drawn = apart(rng, 7, 3)
    x, values = drawn[:4], drawn[4:]
    return [
        call(x, [0, 2, 3], values, reach=APART / 2),
        call(x[:3], slice(None), values, reach=APART / 2),
        call(x, [1, 1, 0], values, reach=APART / 2),
        call(x, (slice(1, 3), 0), values[0, 0], reach=APART / 2),
        call(x, 2, 0.05, reach=APART / 2),
    ]


SAMPLES: dict[Callable[..., Any], Draw] = {
    operator.getitem: _indexed,
    scatter_add: _scattered,
    index_set: _set,
    index_min: _kinked_sets,
    index_max: _kinked_sets,
    np.take: shaped(
        ((4, 3), ([0, 2, 2],), {}),
        ((4, 3), (np.array([[0, -1], [1, 1]]), 1), {}),
        ((4, 3), ([5, -7, 0],), {"axis": 0, "mode": "wrap"}),
        ((4, 3), ([5, -7, 0],), {"axis": -2, "mode": "clip"}),
        ((4,), (2,), {}),
    ),
}

EDGES: dict[Callable[..., Any], list[Edge]] = {
    index_set: [
        Edge((A([1.0, 2.0]), np.array([0, 0, 0]), A([5.0, 6.0, 7.0])), {}, ([0, 1], [0, 0, 1])),
    ],
    index_max: [
        Edge((A([1.0, 2.0]), np.array([0]), A([1.0])), {}, ([0.5, 1], [0.5])),
        Edge((A([1.0, 2.0]), np.array([0, 0]), A([1.0, 1.0])), {}, ([1 / 3, 1], [1 / 3, 1 / 3])),
        Edge((A([1.0, 2.0]), np.array([0, 0]), A([3.0, 3.0])), {}, ([0, 1], [0.5, 0.5])),
    ],
    index_min: [Edge((A([1.0, 2.0]), np.array([1]), A([2.0])), {}, ([1, 0.5], [0.5]))],
}

COMPLEX = {index_set, index_min, index_max}
