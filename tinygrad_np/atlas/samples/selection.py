"""Samples of what chooses elements and branches."""

from collections.abc import Callable
from typing import Any

import numpy as np

from .draws import APART, REAL, A, Draw, Edge, Generator, Sample, apart, call, shaped

_ORDER = np.array([[2, 0, -1], [1, 1, 0]])


def _compressed(rng: Generator) -> list[Sample]:
    x = REAL.draw(rng, 3, 4)
    return [
        call([True, False, True], x, axis=0),
        call([0, 1, 1], x, -1),
        call(np.array([True, False, True, True, False]), x),
        call([False, False], x, axis=1),
    ]


def _extracted(rng: Generator) -> list[Sample]:
    x = REAL.draw(rng, 3, 3)
    return [call(x > 0, x), call([1, 0, 1], REAL.draw(rng, 2, 3)), call(x[0] > 9, x)]


def _chosen(rng: Generator) -> list[Sample]:
    a, b, c = REAL.draw(rng, 2, 3), REAL.draw(rng, 3), REAL.draw(rng, 2, 1)
    return [
        call(_ORDER % 3, [a, b, c]),
        call([[1], [0]], [a, 2.0]),
        call(np.array([5, -4, 1]), [a, b, c], mode="wrap"),
        call(np.array([5, -4, 1]), (a, b, c), mode="clip"),
        call(1, [a, b]),
    ]


def _selected(rng: Generator) -> list[Sample]:
    x = REAL.draw(rng, 3, 3)
    first, second = np.eye(3) == 1, np.tri(3) == 1
    return [
        call([first, second], [x, REAL.draw(rng, 3)], REAL.draw(rng)),
        call([second, first], [REAL.draw(rng, 3, 1), x]),
        call([first], [x], 1.5),
        call([True, second], [REAL.draw(rng), x], default=x),
        call([first[0], second], [[1, 2, 3], x], default=REAL.draw(rng, 3, 1)),
    ]


def _twice(x: Any) -> Any:
    return 2 * x


def _powers(x: Any, *factors: Any) -> Any:
    return sum([factor * x ** (i + 2) for i, factor in enumerate(factors)], x * x)


def _pieces(rng: Generator) -> list[Sample]:
    x = apart(rng, 3, 3)
    low, high = x < -0.2, x > 0.3
    single = apart(rng)
    return [
        call(x, [low, high], [np.exp, _powers], reach=APART),
        call(x, [low, high], [np.square, 2.0, _twice], reach=APART),
        call(x[0], low[0], [_twice, np.square], reach=APART),
        call(x, [x < 0.2, x > -0.2], [_powers, np.sin], reach=APART),
        call(x, [low, high], [REAL.draw(rng), np.square, np.cos], reach=APART),
        call(x, [low], [_powers, lambda x, factor: np.sin(factor * x)], 0.5, reach=APART),
        call(x, [x < 99], [_powers], REAL.draw(rng), 0.5, REAL.draw(rng), reach=APART),
        call(x, [x[:, 0] < 0.1], [lambda rows: rows * rows, np.sin], reach=APART),
        call(single, [single < 0, single >= 0], [np.square, np.exp], reach=APART),
    ]


SAMPLES: dict[Callable[..., Any], Draw] = {
    np.take_along_axis: shaped(
        ((2, 3), (_ORDER,), {"axis": 1}),
        ((3, 3), (_ORDER,), {"axis": 0}),
        ((2, 3), (_ORDER[:1], -1), {}),
        ((1, 3), (_ORDER, -1), {}),
        ((2, 3), (np.array([0, 5, 5]),), {"axis": None}),
        ((2, 3, 2), (np.zeros((2, 1, 2), int),), {"axis": 1}),
    ),
    np.compress: _compressed,
    np.extract: _extracted,
    np.delete: shaped(
        ((3, 4), (1,), {"axis": 0}),
        ((3, 4), ([0, -1, 0],), {"axis": -1}),
        ((3, 4), (slice(None, None, 2),), {"axis": 1}),
        ((3, 3), (np.array([True, False, True]), 0), {}),
        ((2, 3), ([1, 4],), {}),
        ((2, 3), ([],), {"axis": 1}),
    ),
    np.choose: _chosen,
    np.select: _selected,
    np.piecewise: _pieces,
}

EDGES: dict[Callable[..., Any], list[Edge]] = {
    np.select: [
        # The first condition that holds decides, whatever the others are.
        Edge(
            ([np.array([True, False]), np.array([True, True])], [A([1.0, 2.0]), A([np.nan, 4.0])]),
            {},
            ([1, 0], [0, 1]),
        ),
    ],
    np.choose: [Edge(([0, 1], [A([1.0, np.inf]), A([np.nan, 2.0])]), {}, ([1, 0], [0, 1]))],
    np.piecewise: [
        # The root is not taken where it has an infinite derivative; of two pieces the last one is.
        Edge((A([0.0, 4.0]), [A([0.0, 4.0]) > 0], [np.sqrt, 0.0]), {}, ([0, 0.25],)),
        Edge((A([2.0]), [[True], [True]], [np.square, _twice]), {}, ([2],)),
    ],
}

COMPLEX = {np.take_along_axis, np.choose, np.select}
