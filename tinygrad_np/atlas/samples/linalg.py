"""Samples of linear equations, inverses and determinants."""

from collections.abc import Callable
from typing import Any

import numpy as np

from ...rules.factors import cofactors
from .draws import REAL, A, Draw, Edge, Generator, Sample, call
from .matrices import REACH, regular, symmetrised, with_eigenvalues

_SQUARES = ((3, 3), (2, 2, 2), (1, 1))


def _square(*args: Any, **kwargs: Any) -> Draw:
    return lambda rng: [
        call(regular(rng, *shape), *args, reach=REACH, **kwargs) for shape in _SQUARES
    ]


def _equations(rng: Generator) -> list[Sample]:
    shapes: tuple[tuple[tuple[int, ...], tuple[int, ...]], ...] = (
        ((3, 3), (3,)), ((3, 3), (3, 3)), ((3, 3), (3, 2)), ((2, 2, 2), (2,)),
        ((2, 2, 2), (2, 2, 3)), ((2, 2), (3, 2, 1)), ((2, 1, 2, 2), (3, 2, 2)),
    )  # fmt: skip
    return [call(regular(rng, *a), REAL.draw(rng, *b), reach=REACH) for a, b in shapes]


def _tensor_equations(rng: Generator) -> list[Sample]:
    a = regular(rng, 6, 6)
    return [
        call(a.reshape(2, 3, 6), REAL.draw(rng, 2, 3), reach=REACH),
        call(a.reshape(6, 3, 2), REAL.draw(rng, 6), reach=REACH),
        call(
            np.moveaxis(a.reshape(2, 3, 2, 3), 3, 0), REAL.draw(rng, 2, 3), axes=(0,), reach=REACH
        ),
    ]


def _tensors(rng: Generator) -> list[Sample]:
    a = regular(rng, 6, 6)
    return [
        call(a.reshape(2, 3, 3, 2), reach=REACH),
        call(a.reshape(6, 2, 3), ind=1, reach=REACH),
        call(a.reshape(2, 3, 6), 2, reach=REACH),
    ]


def _pseudo_inverses(rng: Generator) -> list[Sample]:
    shapes = ((3, 3), (3, 2), (2, 3), (2, 3, 2))
    free = [call(regular(rng, *shape), reach=REACH) for shape in shapes]
    # Singular values of 0.8, 1.4 and 2 relative to the largest: the least is dropped.
    free += [
        call(regular(rng, *shape), reach=REACH, **kwargs)
        for shape, kwargs in (
            ((3, 3), {"rcond": 0.55}), ((4, 3), {"rcond": 0.55}), ((2, 3, 4), {"rtol": 0.55}),
            ((2, 2, 3), {"rcond": np.array([0.1, 0.7])}), ((3, 2), {"rtol": None}),
        )
    ]  # fmt: skip
    symmetric = [
        Sample((with_eigenvalues(rng, *shape),), {"hermitian": True, **kwargs}, REACH, symmetrised)
        for shape, kwargs in (
            ((3, 3), {}),
            ((2, 2, 2), {}),
            ((3, 3), {"rcond": 0.55}),
            ((2, 2, 2), {"rcond": 0.7}),
        )
    ]
    return free + symmetric


def _least_squares(rng: Generator) -> list[Sample]:
    shapes: tuple[tuple[tuple[int, int], tuple[int, ...]], ...] = (
        ((3, 3), (3,)), ((4, 2), (4,)), ((4, 2), (4, 3)), ((2, 4), (2, 2)),
    )  # fmt: skip
    found = [call(regular(rng, *a), REAL.draw(rng, *b), reach=REACH) for a, b in shapes]
    return [*found, call(regular(rng, 4, 3), REAL.draw(rng, 4, 2), rcond=0.55, reach=REACH)]


SAMPLES: dict[Callable[..., Any], Draw] = {
    np.linalg.inv: _square(),
    np.linalg.solve: _equations,
    np.linalg.tensorsolve: _tensor_equations,
    np.linalg.tensorinv: _tensors,
    np.linalg.det: _square(),
    cofactors: _square(),
    np.linalg.slogdet: _square(),
    np.linalg.pinv: _pseudo_inverses,
    np.linalg.lstsq: _least_squares,
}

EDGES: dict[Callable[..., Any], list[Edge]] = {
    np.linalg.det: [
        Edge((A([[0, 0], [0, 0]]),), {}, ([[0, 0], [0, 0]],)),
        Edge((A([[0, 0], [0, 2]]),), {}, ([[2, 0], [0, 0]],)),
        Edge((np.zeros((3, 3)),), {}, (np.zeros((3, 3)),)),
    ],
}

COMPLEX = {cofactors, np.linalg.slogdet, np.linalg.pinv, np.linalg.lstsq}
