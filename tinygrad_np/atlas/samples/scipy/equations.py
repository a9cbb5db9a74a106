"""Samples of linear equations."""

from collections.abc import Callable
from typing import Any

import numpy as np

from ....scipy.mirror import of
from ..draws import REAL, A, Draw, Edge, Generator, Sample, call
from ..matrices import REACH, regular, symmetrised, with_eigenvalues


def _complex_symmetric(function: Any, a: Any, *args: Any, **kwargs: Any) -> Any:
    return function((a + a.T) / 2, *args, **kwargs)


def _solves(rng: Generator) -> list[Sample]:
    a, b, columns = regular(rng, 3, 3), REAL.draw(rng, 3), REAL.draw(rng, 3, 2)
    positive = with_eigenvalues(rng, 3, 3, signs=False)
    return [
        call(a, b, reach=REACH),
        call(a, columns, reach=REACH),
        Sample((with_eigenvalues(rng, 3, 3), b), {"assume_a": "sym"}, REACH, _complex_symmetric),
        Sample(
            (with_eigenvalues(rng, 2, 2), b[:2]),
            {"assume_a": "her", "lower": True},
            REACH,
            symmetrised,
        ),
        Sample((positive, columns), {"assume_a": "pos"}, REACH, symmetrised),
    ]


def _triangular(rng: Generator) -> list[Sample]:
    a = REAL.draw(rng, 3, 3) / 2 + 2 * np.eye(3)
    b = REAL.draw(rng, 3), REAL.draw(rng, 3, 2)
    options = ((0, False, False), ("T", False, True), (2, False, False), ("N", True, True),
               (1, True, False), ("C", True, True))  # fmt: skip
    return [
        call(a, b[i % 2], trans, lower=lower, unit_diagonal=unit, reach=0.5)
        for i, (trans, lower, unit) in enumerate(options)
    ]


def _bands(rng: Generator, *shape: int, main: int) -> Any:
    ab = REAL.draw(rng, *shape) / 3
    ab[main] = 3 + np.abs(ab[main])
    return ab


def _banded(rng: Generator) -> list[Sample]:
    return [
        call((low, up), _bands(rng, low + up + 1, 4, main=up), REAL.draw(rng, *b), reach=0.5)
        for (low, up), b in (((1, 2), (4,)), ((1, 1), (4, 2)), ((2, 0), (4, 1)))
    ]


def _banded_positive(rng: Generator) -> list[Sample]:
    def real_diagonal(function: Any, ab: Any, b: Any, lower: Any) -> Any:
        main = np.arange(ab.shape[0])[:, None] == (0 if lower else ab.shape[0] - 1)
        return function(np.where(main, np.real(ab), ab), b, lower=lower)

    return [
        Sample(
            (_bands(rng, k, 4, main=0 if lower else k - 1), REAL.draw(rng, *b)),
            {"lower": lower},
            0.5,
            real_diagonal,
        )
        for lower, k, b in ((False, 3, (4,)), (True, 3, (4, 2)), (False, 2, (4,)))
    ]


def _cho_solves(rng: Generator) -> list[Sample]:
    c = REAL.draw(rng, 3, 3) / 2 + 2 * np.eye(3)
    return [
        call((c, False), REAL.draw(rng, 3), reach=0.5),
        call((c, True), REAL.draw(rng, 3, 2), reach=0.5),
    ]


def _cho_solves_banded(rng: Generator) -> list[Sample]:
    return [
        call((_bands(rng, 2, 4, main=1), False), REAL.draw(rng, 4), reach=0.5),
        call((_bands(rng, 3, 4, main=0), True), REAL.draw(rng, 4, 2), reach=0.5),
    ]


def _lu_solves(rng: Generator) -> list[Sample]:
    lu, piv = REAL.draw(rng, 3, 3) / 2 + 2 * np.eye(3), np.array([2, 2, 2], np.int32)
    return [
        call((lu, piv), REAL.draw(rng, 3), reach=0.5),
        call((lu, piv), REAL.draw(rng, 3, 2), 1, reach=0.5),
        call((lu, piv), REAL.draw(rng, 3), trans=2, reach=0.5),
    ]


def _toeplitzs(rng: Generator) -> list[Sample]:
    c, r = REAL.draw(rng, 3) / 3, REAL.draw(rng, 3) / 3
    c[0] = 3
    return [call((c, r), REAL.draw(rng, 3), reach=0.3), call(c, REAL.draw(rng, 3, 2), reach=0.3)]


def _circulants(rng: Generator) -> list[Sample]:
    c = REAL.draw(rng, 2, 3) / 3
    c[:, 0] = 3
    return [
        call(c[0], REAL.draw(rng, 3), reach=0.3),
        call(c[:, None], REAL.draw(rng, 2, 3), baxis=-1, outaxis=-1, reach=0.3),
    ]


def _squares(rng: Generator) -> list[Sample]:
    return [call(regular(rng, 3, 3), reach=REACH), call(regular(rng, 1, 1), reach=REACH)]


def _pinvs(rng: Generator) -> list[Sample]:
    return [
        call(regular(rng, 3, 2), reach=REACH),
        call(regular(rng, 2, 3), atol=0.1, return_rank=True, reach=REACH),
        call(regular(rng, 3, 3), rtol=0.55, reach=REACH),
    ]


def _pinvhs(rng: Generator) -> list[Sample]:
    return [
        Sample((with_eigenvalues(rng, 3, 3),), kwargs, REACH, symmetrised)
        for kwargs in ({}, {"lower": False, "return_rank": True}, {"atol": 0.9})
    ]


def _least_squares(rng: Generator) -> list[Sample]:
    shapes: tuple[tuple[tuple[int, int], tuple[int, ...]], ...] = (
        ((4, 2), (4,)), ((4, 2), (4, 3)), ((2, 3), (2, 2)),
    )  # fmt: skip
    found = [call(regular(rng, *a), REAL.draw(rng, *b), reach=REACH) for a, b in shapes]
    # Of a matrix without full rank there are no squares, or they are nan.
    one = call(regular(rng, 4, 3), REAL.draw(rng, 4), cond=0.55, reach=REACH)
    return [*found, one._replace(through=lambda f, *args, **kwargs: f(*args, **kwargs)[::3])]


def _norms(rng: Generator) -> list[Sample]:
    return [
        call(regular(rng, 3, 2), reach=REACH),
        call(regular(rng, 3, 3), ord="nuc", axis=(0, 1), reach=REACH),
        call(REAL.draw(rng, 3, 2) + 3, 3, axis=0, keepdims=True),
    ]


SAMPLES: dict[Callable[..., Any], Draw] = {
    of("linalg.solve"): _solves,
    of("linalg.inv"): _squares,
    of("linalg.det"): _squares,
    of("linalg.solve_triangular"): _triangular,
    of("linalg.solve_banded"): _banded,
    of("linalg.solveh_banded"): _banded_positive,
    of("linalg.cho_solve"): _cho_solves,
    of("linalg.cho_solve_banded"): _cho_solves_banded,
    of("linalg.lu_solve"): _lu_solves,
    of("linalg.solve_toeplitz"): _toeplitzs,
    of("linalg.solve_circulant"): _circulants,
    of("linalg.pinv"): _pinvs,
    of("linalg.pinvh"): _pinvhs,
    of("linalg.lstsq"): _least_squares,
    of("linalg.norm"): _norms,
}

EDGES: dict[Callable[..., Any], list[Edge]] = {
    of("linalg.det"): [Edge((A([[0, 0], [0, 2]]),), {}, ([[2, 0], [0, 0]],))],
    of("linalg.norm"): [
        Edge((np.zeros(3),), {}, (np.zeros(3),)),
        Edge((A([[2, 0], [2, 0]]),), {"ord": np.inf}, ([[0.5, 0], [0.5, 0]],)),
    ],
}

COMPLEX = set(SAMPLES)
