"""Samples of linear systems with a sparse matrix: well-conditioned ones."""

from collections.abc import Callable
from typing import Any

import numpy as np
import scipy.sparse

from ....scipy import sparse
from ....scipy.mirror import load, of
from ....scipy.sparse.linalg.solvers import _ITERATIVE, Factors, solved
from ....scipy.sparse.patterns import Pattern
from ..draws import REAL, Draw, Generator, Sample

load("sparse.linalg")
_ROW, _COL = np.array([0, 0, 1, 2, 2]), np.array([0, 2, 1, 0, 2])
_CSC = Pattern([0, 2, 1, 0, 2], [0, 0, 1, 2, 2], (3, 3), scipy.sparse.csc_array)


def _matrix(data: Any, form: str = "csr") -> Any:
    return sparse.coo_array((data, (_ROW, _COL)), shape=(3, 3)).asformat(form)


def _data(rng: Generator) -> Any:
    return REAL.draw(rng, 5) * 0.3 + [3.0, 0.0, 3.0, 0.0, 3.0]


def _sample(data: Any, b: Any, through: Any) -> Sample:
    return Sample((data, b), {}, 1.0, through)


def _solved(rng: Generator) -> list[Sample]:
    data = REAL.draw(rng, 5) * 0.3 + [3.0, 0.0, 3.0, 0.0, 3.0]
    return [
        Sample((data, REAL.draw(rng, 3), Factors(_CSC)), {}, 1.0),
        Sample((data, REAL.draw(rng, 3, 2), Factors(_CSC), True), {}, 1.0),
    ]


def _spsolve(rng: Generator) -> list[Sample]:
    return [
        _sample(_data(rng), REAL.draw(rng, 3), lambda f, d, b: f(_matrix(d), b)),
        _sample(_data(rng), REAL.draw(rng, 3, 2), lambda f, d, b: f(_matrix(d, "csc"), b)),
    ]


def _triangular(rng: Generator) -> list[Sample]:
    def lower(f: Any, d: Any, b: Any) -> Any:
        return f(sparse.csr_array((d[:4], ([0, 1, 2, 2], [0, 1, 0, 2])), shape=(3, 3)), b)

    data = np.concatenate([_data(rng)[[0, 2, 1, 4]], [0.0]])[:4]
    return [_sample(data, REAL.draw(rng, 3), lower)]


def _iterative(name: str) -> Draw:
    def through(f: Any, d: Any, b: Any) -> Any:
        a = _matrix(d)
        a = (a + a.T) if name in ("cg", "minres") else a
        options = {} if name == "minres" else {"atol": 0.0}
        return f(a, b, rtol=1e-14 if d.dtype.itemsize == 8 else 1e-5, **options)[0]

    return lambda rng: [_sample(_data(rng), REAL.draw(rng, 3), through)]


def _least_squares(*parts: int) -> Draw:
    """The results that have a derivative, of a matrix of more rows than columns; with a start."""

    def through(f: Any, d: Any, b: Any, damp: Any, **options: Any) -> Any:
        a = sparse.vstack([_matrix(d), 0.5 * _matrix(d).T])
        precise = 1e-14 if d.dtype.itemsize == 8 else 1e-6
        found = f(a, b, damp, precise, precise, **options)
        return tuple([found[i] for i in parts])

    def draw(rng: Generator) -> list[Sample]:
        b, damp = REAL.draw(rng, 6), np.asarray(0.7)
        return [
            Sample((_data(rng), b, damp), {}, 0.2, through),
            Sample((_data(rng), b, damp), {"x0": REAL.draw(rng, 3)}, 0.2, through),
        ]

    return draw


SAMPLES: dict[Callable[..., Any], Draw] = {
    solved: _solved,
    of("sparse.linalg.spsolve"): _spsolve,
    of("sparse.linalg.spsolve_triangular"): _triangular,
    **{of(f"sparse.linalg.{name}"): _iterative(name) for name in _ITERATIVE},
    of("sparse.linalg.lsqr"): _least_squares(0, 3, 4, 8),
    of("sparse.linalg.lsmr"): _least_squares(0, 3, 7),
}
COMPLEX = {solved}
