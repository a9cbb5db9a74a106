"""Samples of eigenvalues and eigenvectors."""

from collections.abc import Callable
from typing import Any

import numpy as np

from ...rules.factors import completed, determined
from .draws import REAL, Draw, Edge, Generator, Sample, call
from .matrices import REACH, orthonormal, phased, symmetrised, with_eigenvalues

_SHAPES = ((3, 3), (2, 2, 2), (1, 1))


def _symmetric(through: Any) -> Draw:
    def samples(rng: Generator) -> list[Sample]:
        found = [Sample((with_eigenvalues(rng, *shape),), {}, REACH, through) for shape in _SHAPES]
        upper = Sample((with_eigenvalues(rng, 2, 2), "U"), {}, REACH, through)
        return [*found, upper, upper._replace(args=upper.args[:1], kwargs={"UPLO": "U"})]

    return samples


def _of_phased(function: Any, *args: Any, **kwargs: Any) -> Any:
    w, v = function(*args, **kwargs)
    return [w, phased(v)]


def _eigh_phased(function: Any, a: Any, *args: Any, **kwargs: Any) -> Any:
    return _of_phased(lambda a: symmetrised(function, a, *args, **kwargs), a)


def _any_square(through: Any) -> Draw:
    """Real matrices with real eigenvalues, and some with complex ones."""

    def samples(rng: Generator) -> list[Sample]:
        found = []
        for shape in _SHAPES:
            n = shape[-1]
            basis = orthonormal(rng, *shape) + rng.uniform(-0.15, 0.15, shape)
            w = np.arange(1, n + 1) * 0.7 + rng.uniform(-0.05, 0.05, (*shape[:-2], 1, n))
            found.append(np.matmul(basis * w, np.linalg.inv(basis)))
        turn = np.array([[0.2, -1.0, 0.3], [1.2, 0.4, 0.1], [-0.2, 0.3, 1.5]])
        found += [turn, np.stack([turn[:2, :2], found[1][0]])]
        return [Sample((a,), {}, REACH / 2, through) for a in found]

    return samples


SAMPLES: dict[Callable[..., Any], Draw] = {
    completed: lambda rng: [
        Sample((REAL.draw(rng, *shape),), {}, 1.0, symmetrised) for shape in ((3, 3), (2, 2, 2))
    ],
    determined: lambda rng: [
        call(REAL.draw(rng, *shape), lambda x: None) for shape in ((3, 3), (2, 3, 2))
    ],
    np.linalg.eigh: _symmetric(_eigh_phased),
    np.linalg.eigvalsh: _symmetric(symmetrised),
    np.linalg.eig: _any_square(_of_phased),
    np.linalg.eigvals: _any_square(None),
}

EDGES: dict[Callable[..., Any], list[Edge]] = {}

COMPLEX = set(SAMPLES)
