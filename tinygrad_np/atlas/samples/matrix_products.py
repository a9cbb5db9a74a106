"""Samples of powers and products of matrices."""

from collections.abc import Callable
from typing import Any

import numpy as np

from .draws import REAL, Draw, Edge, Generator, Sample, call, products, shaped
from .matrices import REACH, regular


def _chains(rng: Generator) -> list[Sample]:
    shapes: tuple[tuple[tuple[int, ...], ...], ...] = (
        ((2, 3), (3, 4)), ((3, 3), (3, 3), (3, 3)), ((4, 2), (2, 3), (3, 1), (1, 2)),
        ((3,), (3, 2), (2, 2)), ((2, 3), (3, 2), (2,)), ((3,), (3, 2), (2, 3), (3,)),
        ((3,), (3,)),
    )  # fmt: skip
    return [call([REAL.draw(rng, *shape) for shape in chain]) for chain in shapes]


def _powers(rng: Generator) -> list[Sample]:
    return [
        call(regular(rng, *shape), n, reach=REACH)
        for n in (1, 2, 3, 4, 7, -1, -2, -3)
        for shape in ((3, 3), (2, 2, 2))
    ]


def _pairs(*calls: tuple[tuple[int, ...], tuple[int, ...], dict[str, Any]]) -> Draw:
    return lambda rng: [
        call(REAL.draw(rng, *a), REAL.draw(rng, *b), **kwargs) for a, b, kwargs in calls
    ]


def _tensordots(rng: Generator) -> list[Sample]:
    a, b = REAL.draw(rng, 2, 3, 4), REAL.draw(rng, 4, 3, 5)
    return [
        call(a, b, ([1, 2], [1, 0])),
        call(a, b, ([-1], [0])),
        call(a, REAL.draw(rng, 3, 4, 2)),
        call(a, REAL.draw(rng, 2, 2), 0),
        call(REAL.draw(rng, 3, 3), REAL.draw(rng, 3, 3), axes=1),
        call(a, b, (1, 1)),
    ]


SAMPLES: dict[Callable[..., Any], Draw] = {
    np.tensordot: _tensordots,
    np.linalg.matrix_power: _powers,
    np.linalg.multi_dot: _chains,
    np.linalg.matmul: products(((2, 3), (3, 4)), ((3,), (3, 3)), ((2, 2, 3), (3,))),
    np.linalg.tensordot: _pairs(
        ((2, 3, 4), (3, 4, 2), {}),
        ((2, 3), (3, 2), {"axes": 1}),
        ((2, 3, 4), (4, 3, 5), {"axes": ([1, 2], [1, 0])}),
    ),
    np.linalg.outer: products(((3,), (3,)), ((2,), (4,))),
    np.linalg.cross: _pairs(
        ((3,), (3,), {}),
        ((3, 3), (3, 3), {}),
        ((2, 1, 3), (4, 3), {}),
        ((3, 2), (3, 2), {"axis": 0}),
        ((2, 3, 1), (1, 3, 4), {"axis": 1}),
        ((3, 2), (4, 3, 2), {"axis": -2}),
    ),
    np.linalg.vecdot: _pairs(
        ((3,), (3,), {}),
        ((3, 3), (3, 3), {}),
        ((2, 1, 3), (4, 3), {}),
        ((3, 2), (3, 2), {"axis": 0}),
        ((3, 2), (4, 3, 2), {"axis": -2}),
    ),
    np.linalg.matrix_transpose: shaped(((2, 3), (), {}), ((3, 3), (), {}), ((2, 3, 4), (), {})),
    np.linalg.diagonal: shaped(
        ((3, 3), (), {}),
        ((2, 3, 4), (), {"offset": 1}),
        ((4, 2), (), {"offset": -2}),
        ((2, 3), (), {"offset": -1}),
    ),
    np.linalg.trace: shaped(
        ((3, 3), (), {}), ((2, 3, 4), (), {"offset": 1}), ((2, 4, 2), (), {"offset": -2})
    ),
}

EDGES: dict[Callable[..., Any], list[Edge]] = {}

COMPLEX = {
    np.linalg.multi_dot, np.linalg.matmul, np.linalg.tensordot, np.linalg.outer,
    np.linalg.diagonal, np.linalg.trace,
}  # fmt: skip
