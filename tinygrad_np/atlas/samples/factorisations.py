"""Samples of factorisations."""

from collections.abc import Callable
from typing import Any

import numpy as np

from ...rules.factors import qr_factors, svd_factors
from .draws import Draw, Edge, Generator, Sample
from .matrices import REACH, regular, symmetrised, with_eigenvalues

_SHAPES = ((3, 3), (3, 2), (2, 3), (2, 3, 2), (2, 2, 2))


def _choleskies(rng: Generator) -> list[Sample]:
    return [
        Sample((with_eigenvalues(rng, *shape, signs=False),), kwargs, REACH, symmetrised)
        for shape in ((3, 3), (2, 2, 2), (1, 1))
        for kwargs in ({}, {"upper": True})
    ]


def _projector(rest: Any) -> Any:
    """What a basis of a space determines of the space."""
    return np.matmul(rest, np.conjugate(np.swapaxes(rest, -1, -2)))


def _qr_determined(function: Any, *args: Any, **kwargs: Any) -> Any:
    factors = function(*args, **kwargs)
    if len(factors) != 2:
        return factors
    q, r = factors
    k = min(r.shape[-2:])
    return [q, r] if q.shape[-1] == k else [q[..., :k], r, _projector(q[..., k:])]


def _svd_determined(function: Any, *args: Any, **kwargs: Any) -> Any:
    factors = function(*args, **kwargs)
    if not isinstance(factors, tuple):
        return factors
    u, s, vh = factors
    k = s.shape[-1]
    phases = np.conjugate(u[..., :1, :k]) / np.absolute(u[..., :1, :k])
    determined = [
        u[..., :k] * phases, s, np.conjugate(np.swapaxes(phases, -1, -2)) * vh[..., :k, :]
    ]  # fmt: skip
    rests = u[..., k:], np.conjugate(np.swapaxes(vh[..., k:, :], -1, -2))
    return determined + [_projector(rest) for rest in rests if rest.shape[-1]]


def _hermitian_svd(function: Any, a: Any, **kwargs: Any) -> Any:
    factors = symmetrised(function, a, **kwargs)
    return _svd_determined(lambda: factors)


def _calls(through: Any, *further: dict[str, Any]) -> Draw:
    """Every shape as it is, and with each of these keywords one that is tall."""

    def samples(rng: Generator) -> list[Sample]:
        found = [Sample((regular(rng, *shape),), {}, REACH, through) for shape in _SHAPES]
        for kwargs in further:
            found += [
                Sample((regular(rng, *shape),), kwargs, REACH, through)
                for shape in ((3, 1), (2, 3), (2, 3, 2))
            ]
        return found

    return samples


def _svds(rng: Generator) -> list[Sample]:
    free = _calls(_svd_determined, {"full_matrices": False}, {"compute_uv": False})(rng)
    symmetric = [
        Sample(
            (with_eigenvalues(rng, *shape),), {"hermitian": True, **kwargs}, REACH, _hermitian_svd
        )
        for shape in ((3, 3), (2, 2, 2))
        for kwargs in ({}, {"compute_uv": False})
    ]
    return free + symmetric


SAMPLES: dict[Callable[..., Any], Draw] = {
    np.linalg.cholesky: _choleskies,
    qr_factors: _calls(_qr_determined, {"mode": "complete"}),
    np.linalg.qr: _calls(_qr_determined, {"mode": "complete"}, {"mode": "r"}),
    svd_factors: _calls(_svd_determined, {"full_matrices": True}),
    np.linalg.svdvals: _calls(None),
    np.linalg.svd: _svds,
}

EDGES: dict[Callable[..., Any], list[Edge]] = {}

COMPLEX = set(SAMPLES)
