"""Samples of functions of a sparse matrix: eigenvalues that lie apart."""

from collections.abc import Callable
from typing import Any

import numpy as np
import scipy.sparse

from ....core.tensor import value_of
from ....scipy import sparse
from ....scipy.mirror import load, of
from ....scipy.sparse.linalg.eigenvalues import eigenpairs, exponential_product
from ....scipy.sparse.patterns import Pattern
from ..draws import REAL, Draw, Generator, Sample, call

load("sparse.linalg")
_ROW, _COL = np.array([0, 1, 2, 3, 0, 1, 2]), np.array([0, 1, 2, 3, 1, 2, 3])
_BOTH = np.concatenate([_ROW, _COL[4:]]), np.concatenate([_COL, _ROW[4:]])
_PATTERN = Pattern(*_BOTH, (4, 4), scipy.sparse.coo_array)
_MASS = scipy.sparse.diags_array([1.0, 2.0, 1.0, 3.0])


def _data(rng: Generator) -> Any:
    return REAL.draw(rng, 7) * 0.3 + [1.0, 4.0, 8.0, 13.0, 0.0, 0.0, 0.0]


def _symmetric(d: Any) -> Any:
    a = sparse.coo_array((d, (_ROW, _COL)), shape=(4, 4)).tocsr()
    return a + a.T


def _pairs(f: Any, d: Any) -> Any:
    """Of the values and vectors that are those of these data; signs do not count."""
    d = np.concatenate([d, d[4:]])
    dense = np.zeros((4, 4), d.dtype)
    dense[_BOTH] = value_of(d)
    w, v = np.linalg.eigh(dense)
    w, v = f(d, w[1:3], v[:, 1:3], _PATTERN, None, "eigsh")
    return w, v * v


def _eigsh(f: Any, d: Any) -> Any:
    w, v = f(_symmetric(d), 2, v0=np.ones(4))
    return w, v * v


def _of_data(through: Any) -> Draw:
    return lambda rng: [Sample((_data(rng),), {}, 0.3, through)]


def _norm(rng: Generator) -> list[Sample]:
    def through(ord: Any) -> Any:
        return lambda f, d: f(sparse.coo_matrix((d, (_ROW, _COL)), shape=(4, 4)), ord)

    return [Sample((_data(rng),), {}, 0.3, through(ord)) for ord in ("fro", 1, np.inf)]


def _exponential(rng: Generator) -> list[Sample]:
    data = REAL.draw(rng, 10) * 0.2
    return [
        call(data, REAL.draw(rng, 4), _PATTERN, reach=0.3),
        call(data, REAL.draw(rng, 4, 2), _PATTERN, reach=0.3),
    ]


def _expm_multiply(rng: Generator) -> list[Sample]:
    def through(f: Any, d: Any, b: Any) -> Any:
        return f(sparse.csr_array((d, (_ROW, _COL)), shape=(4, 4)), b)

    return [Sample((REAL.draw(rng, 7) * 0.2, REAL.draw(rng, 4)), {}, 0.3, through)]


SAMPLES: dict[Callable[..., Any], Draw] = {
    eigenpairs: _of_data(_pairs),
    of("sparse.linalg.eigsh"): _of_data(_eigsh),
    of("sparse.linalg.svds"): _of_data(lambda f, d: f(_symmetric(d), 2, v0=np.ones(4))[1]),
    of("sparse.linalg.norm"): _norm,
    exponential_product: _exponential,
    of("sparse.linalg.expm_multiply"): _expm_multiply,
}
