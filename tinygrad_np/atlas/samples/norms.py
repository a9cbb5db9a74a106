"""Samples of norms and of the condition number."""

from collections.abc import Callable
from typing import Any

import numpy as np

from .draws import APART, INF, A, Draw, Edge, Generator, Sample, call
from .matrices import REACH, regular


def _distinct(rng: Generator, *shape: int) -> Any:
    """Numbers whose magnitudes are at least 0.16 apart, also from zero."""
    size = int(np.prod(shape))
    magnitudes = 0.2 * (rng.permutation(size) + 1) + rng.uniform(-0.02, 0.02, size)
    return (magnitudes * rng.choice([-1, 1], size)).reshape(shape)


def _with_distinct_sums(draw: Any, rng: Generator, *shape: int) -> Any:
    """Matrices of which no two rows, nor columns, have nearly the same sum of magnitudes.

    Nor have those of its inverse, if it is square.
    """
    while True:
        x = draw(rng, *shape)
        matrices = (x, np.linalg.inv(x)) if shape[-1] == shape[-2] else (x,)
        sums = [np.sort(np.abs(m).sum(axis)) for m in matrices for axis in (-1, -2)]
        if min(np.diff(s, axis=-1).min() for s in sums) > APART:
            return x


def _norms(rng: Generator) -> list[Sample]:
    vectors = [
        call(_distinct(rng, 4), ord, reach=APART)
        for ord in (None, 2, 1, INF, -INF, 3, -2, 2.5, 0.5)
    ]
    along = [
        call(_distinct(rng, 2, 3), ord, axis, keepdims=keepdims, reach=APART)
        for ord, axis, keepdims in (
            (None, 0, True), (2, -1, False), (1, (1,), False), (INF, 0, False), (-INF, 1, True),
            (3, 0, False), (-1, 1, True), (None, None, True), (None, (0, 1), True),
        )
    ]  # fmt: skip
    matrices = [
        call(_with_distinct_sums(_distinct, rng, *shape), ord, reach=APART / 4)
        for ord in ("fro", 1, -1, INF, -INF)
        for shape in ((3, 3), (2, 3))
    ]
    spectral = [
        call(regular(rng, *shape), ord, reach=REACH)
        for ord in (2, -2, "nuc")
        for shape in ((3, 3), (2, 3))
    ]
    stacked = [
        call(_distinct(rng, 2, 3, 2), ord, axis, keepdims=keepdims, reach=APART)
        for ord, axis, keepdims in (
            ("fro", (0, 2), True), (1, (2, 0), False), (INF, (-1, 1), True), (-1, (0, 1), False),
            (-INF, (1, 0), True), (None, None, False),
        )
    ]  # fmt: skip
    moved = np.moveaxis(regular(rng, 2, 3, 2), (0, 1, 2), (1, 2, 0))
    stacked += [
        call(moved, ord, (2, 0), keepdims=keepdims, reach=REACH)
        for ord, keepdims in ((2, False), (-2, True), ("nuc", True))
    ]
    return [*vectors, call(_distinct(rng), reach=APART), *along, *matrices, *spectral, *stacked]


def _vector_norms(rng: Generator) -> list[Sample]:
    return [
        call(_distinct(rng, 2, 3, 2), reach=APART, **kwargs)
        for kwargs in (
            {}, {"axis": 1, "keepdims": True}, {"axis": (0, -1), "ord": 1},
            {"axis": (2, 0), "keepdims": True, "ord": 3}, {"keepdims": True, "ord": INF},
            {"axis": -1},
        )
    ]  # fmt: skip


def _matrix_norms(rng: Generator) -> list[Sample]:
    return [
        call(_with_distinct_sums(regular, rng, *shape), reach=APART / 4, **kwargs)
        for shape in ((2, 3, 2), (3, 3))
        for kwargs in ({}, {"keepdims": True, "ord": 2}, {"ord": "nuc"}, {"ord": 1})
    ] + [call(regular(rng, 2, 3, 2, 2), reach=REACH)]


def _conds(rng: Generator) -> list[Sample]:
    return [
        call(_with_distinct_sums(regular, rng, *shape), p, reach=APART / 4)
        for p in (None, 2, -2, 1, -1, INF, -INF, "fro", "nuc")
        for shape in ((3, 3), (2, 2, 2))
    ] + [call(regular(rng, 2, 3), p=-2, reach=REACH)]


SAMPLES: dict[Callable[..., Any], Draw] = {
    np.linalg.norm: _norms,
    np.linalg.vector_norm: _vector_norms,
    np.linalg.matrix_norm: _matrix_norms,
    np.linalg.cond: _conds,
}

EDGES: dict[Callable[..., Any], list[Edge]] = {
    np.linalg.norm: [
        Edge((A([0, 0]),), {}, ([0, 0],)),
        Edge((A([[0, 0], [0, 0]]), "fro"), {}, ([[0, 0], [0, 0]],)),
        Edge((A([[0, 0], [3, 4]]), None, 1), {}, ([[0, 0], [0.6, 0.8]],)),
        *[Edge((A([0, 0]), ord), {}, ([0, 0],)) for ord in (1, INF, -INF, 3, 0.5, -1, 0)],
        *[
            Edge((A([[0, 0], [0, 0]]), ord), {}, ([[0, 0], [0, 0]],))
            for ord in (1, -1, INF, -INF, 2, -2, "nuc")
        ],
        Edge((A([0, -2]), 1), {}, ([0, -1],)),
        Edge((A([0, -2]), 0), {}, ([0, 0],)),
        # an element that is zero, beside others: also where the slope is infinite
        Edge((A([0, -4]), 0.5), {}, ([0, -1],)),
        Edge((A([0, 4]), -1), {}, ([0, 0],)),
        Edge((A([0, 2]), 3), {}, ([0, 1],)),
        # ties
        Edge((A([3, -3, 1]), INF), {}, ([0.5, -0.5, 0],)),
        Edge((A([3, -1, 1]), -INF), {}, ([0, -0.5, 0.5],)),
        Edge((A([[1, -2], [3, 2]]), 1), {}, ([[0.5, -0.5], [0.5, 0.5]],)),
        Edge((A([[1, -2], [1, 2]]), INF), {}, ([[0.5, -0.5], [0.5, 0.5]],)),
        Edge((A([[2, 0], [0, 2]]), 2), {}, ([[0.5, 0], [0, 0.5]],)),
        Edge((A([[2, 0], [0, 2]]), -2), {}, ([[0.5, 0], [0, 0.5]],)),
        # a singular value 0
        Edge((A([[2, 0], [0, 0]]), "nuc"), {}, ([[1, 0], [0, 0]],)),
    ],
}

COMPLEX = set(SAMPLES)
