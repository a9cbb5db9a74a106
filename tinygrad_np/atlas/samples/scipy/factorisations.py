"""Samples of factorisations, eigenvalues and singular values."""

from collections.abc import Callable
from typing import Any

import numpy as np
import scipy.linalg

from ....rules.constants import on_values
from ....scipy.linalg.factorisations import eliminated
from ....scipy.mirror import of
from ..draws import REAL, Draw, Generator, Sample, call
from ..factorisations import _projector
from ..matrices import REACH, orthonormal, phased, regular, symmetrised, with_eigenvalues


def _choleskies(rng: Generator) -> list[Sample]:
    return [
        Sample((with_eigenvalues(rng, n, n, signs=False),), {"lower": lower}, REACH, through)
        for n, lower in ((3, False), (2, True))
        for through in (_arrays_of_symmetrised,)
    ]


def _arrays_of_symmetrised(function: Any, a: Any, **kwargs: Any) -> Any:
    found = symmetrised(function, a, **kwargs)
    return found[0] if isinstance(found, tuple) else found


def _bands(rng: Generator, count: int, lower: bool) -> Any:
    """Bands of a positive definite matrix, with distinct eigenvalues."""
    ab = REAL.draw(rng, count, 4) / 4
    ab[0 if lower else -1] = np.arange(3, 11, 2) + REAL.draw(rng, 4) / 10
    return ab


def _of_real_diagonal(function: Any, ab: Any, lower: bool, *args: Any, **kwargs: Any) -> Any:
    main = np.arange(ab.shape[0])[:, None] == (0 if lower else ab.shape[0] - 1)
    return _determined(function(np.where(main, np.real(ab), ab), *args, lower=lower, **kwargs))


def _determined(found: Any) -> Any:
    """Values, and for each vector its projector, which has no phase."""
    if not isinstance(found, tuple):
        return found
    w, v = found
    return [w, v[:, None] * np.conjugate(v)]


def _banded(*further: dict[str, Any]) -> Draw:
    def samples(rng: Generator) -> list[Sample]:
        return [
            Sample((_bands(rng, count, lower), lower), kwargs, 0.2, _of_real_diagonal)
            for count, lower, kwargs in zip((3, 2, 2), (False, True, True), further, strict=False)
        ]

    return samples


def _eliminable(rng: Generator, m: int, n: int) -> Any:
    """A matrix whose pivots are far from a tie."""
    order = rng.permutation(m)
    return (REAL.draw(rng, m, n) / 4 + 3 * np.eye(m, n))[order]


def _eliminated(rng: Generator) -> list[Sample]:
    def through(function: Any, a: Any, lu: Any) -> Any:
        return function(a, on_values(lambda a: scipy.linalg.lu_factor(a)[0], a))

    return [Sample((REAL.draw(rng, 3, 3) / 4 + 3 * np.eye(3), None), {}, REACH, through)]


def _lus(rng: Generator) -> list[Sample]:
    calls: tuple[Any, ...] = ((3, 3, {}), (4, 2, {"permute_l": True}), (2, 3, {"p_indices": True}))
    return [call(_eliminable(rng, m, n), reach=REACH, **kwargs) for m, n, kwargs in calls]


def _lu_factors(rng: Generator) -> list[Sample]:
    return [call(_eliminable(rng, m, n), reach=REACH) for m, n in ((3, 3), (4, 2), (2, 3))]


def _qr_determined(function: Any, *args: Any, **kwargs: Any) -> Any:
    found = function(*args, **kwargs)
    if kwargs.get("mode") == "r":
        return found[0]
    q, r = found[:2]
    k = min(r.shape)
    return [q, r] if q.shape[1] == k else [q[:, :k], r, _projector(q[:, k:])]


def _qrs(rng: Generator) -> list[Sample]:
    calls: tuple[Any, ...] = (
        ((3, 3), {}), ((3, 2), {}), ((2, 3), {"mode": "economic"}), ((3, 2), {"mode": "r"}),
        ((4, 2), {"mode": "economic", "pivoting": True}), ((2, 3), {"mode": "r", "pivoting": True}),
    )  # fmt: skip
    return [
        Sample((regular(rng, *shape) * np.linspace(1, 2, shape[1]),), kwargs, 0.05, _qr_determined)
        for shape, kwargs in calls
    ]


def _rq_determined(function: Any, a: Any, **kwargs: Any) -> Any:
    r, q = function(a, **kwargs)
    k = min(a.shape)
    return [r, q] if q.shape[0] == k else [r, q[-k:], _projector(np.conjugate(q[:-k].T))]


def _rqs(rng: Generator) -> list[Sample]:
    calls: tuple[Any, ...] = (
        ((3, 3), {}),
        ((2, 3), {}),
        ((2, 4), {"mode": "economic"}),
        ((3, 2), {}),
    )
    return [
        Sample((regular(rng, *shape),), kwargs, 0.05, _rq_determined) for shape, kwargs in calls
    ]


def _svd_determined(function: Any, a: Any, **kwargs: Any) -> Any:
    found = function(a, **kwargs)
    if not isinstance(found, tuple):
        return found
    u, s, vh = found
    k = len(s)
    phases = np.conjugate(u[:1, :k]) / np.absolute(u[:1, :k])
    parts = [u[:, :k] * phases, s, np.conjugate(phases.T) * vh[:k]]
    rests = u[:, k:], np.conjugate(vh[k:].T)
    return parts + [_projector(rest) for rest in rests if rest.shape[1]]


def _svds(rng: Generator) -> list[Sample]:
    calls: tuple[Any, ...] = (
        ((3, 3), {}), ((3, 2), {}), ((2, 3), {"full_matrices": False}),
        ((3, 2), {"compute_uv": False}),
    )  # fmt: skip
    return [
        Sample((regular(rng, *shape),), kwargs, REACH, _svd_determined) for shape, kwargs in calls
    ]


def _values_only(rng: Generator) -> list[Sample]:
    return [call(regular(rng, 3, 2), reach=REACH)]


def _of_hermitian(function: Any, a: Any, b: Any = None, **kwargs: Any) -> Any:
    def at(a: Any) -> Any:
        return (a + np.conjugate(a.T)) / 2

    return _determined(function(at(a), None if b is None else at(b), **kwargs))


def _hermitian(rng: Generator, *further: dict[str, Any]) -> list[Sample]:
    a = with_eigenvalues(rng, 3, 3)
    b = np.eye(3) + 0.1 * with_eigenvalues(rng, 3, 3)
    return [
        Sample((a,), {"lower": False}, REACH, _of_hermitian),
        Sample((a,), {"subset_by_index": (1, 2)}, REACH, _of_hermitian),
        *[
            Sample((a, b), {"type": number, **kwargs}, REACH / 4, _of_hermitian)
            for number, kwargs in zip((1, 2, 3), further, strict=False)
        ],
    ]


def _tridiagonals(*further: dict[str, Any]) -> Draw:
    def samples(rng: Generator) -> list[Sample]:
        d, e = np.arange(1.0, 5.0) + REAL.draw(rng, 4) / 10, 0.4 + REAL.draw(rng, 3) / 10
        return [
            Sample((d, e), kwargs, REACH, lambda f, *a, **k: _determined(f(*a, **k)))
            for kwargs in further
        ]

    return samples


_SUBSET = {"select": "i", "select_range": (1, 2)}


def _square(rng: Generator, turned: bool) -> Any:
    if turned:
        turn = np.array([[0.2, -1.0, 0.3], [1.2, 0.4, 0.1], [-0.2, 0.3, 1.5]])
        return turn + REAL.draw(rng, 3, 3) / 20
    basis = orthonormal(rng, 3, 3) + REAL.draw(rng, 3, 3) / 20
    return basis @ np.diag([0.7, 1.4, 2.1]) @ np.linalg.inv(basis)


def _eig_determined(function: Any, *args: Any, **kwargs: Any) -> Any:
    """Values in an order that does not jump, as LAPACK's does, and vectors without a phase."""
    found = function(*args, **kwargs)
    w, *vectors = found if isinstance(found, tuple) else (found,)
    order = on_values(lambda w: np.argsort(np.real(w) + 0.1 * np.imag(w)), w)
    return [w[order], *[phased(v[:, order]) for v in vectors]]


def _eigs(rng: Generator) -> list[Sample]:
    return [
        Sample((_square(rng, turned),), kwargs, REACH / 2, _eig_determined)
        for turned, kwargs in (
            (False, {}),
            (True, {}),
            (False, {"left": True}),
            (True, {"left": True, "right": False}),
        )
    ]


def _eigenvalues(rng: Generator) -> list[Sample]:
    b = np.eye(3) + REAL.draw(rng, 3, 3) / 20
    return [
        Sample((_square(rng, False),), {}, REACH / 2, _eig_determined),
        Sample((_square(rng, True), b), {}, REACH / 2, _eig_determined),
    ]


SAMPLES: dict[Callable[..., Any], Draw] = {
    of("linalg.cholesky"): _choleskies,
    of("linalg.cho_factor"): _choleskies,
    of("linalg.cholesky_banded"): _banded({}, {}),
    eliminated: _eliminated,
    of("linalg.lu"): _lus,
    of("linalg.lu_factor"): _lu_factors,
    of("linalg.qr"): _qrs,
    of("linalg.rq"): _rqs,
    of("linalg.svd"): _svds,
    of("linalg.svdvals"): _values_only,
    of("linalg.eigh"): lambda rng: _hermitian(rng, {}, {}, {"eigvals_only": True}),
    of("linalg.eigvalsh"): lambda rng: _hermitian(rng, {}),
    of("linalg.eigh_tridiagonal"): _tridiagonals({}, _SUBSET),
    of("linalg.eigvalsh_tridiagonal"): _tridiagonals(_SUBSET),
    of("linalg.eig_banded"): _banded({}, {}, {**_SUBSET, "eigvals_only": True}),
    of("linalg.eigvals_banded"): _banded({}, _SUBSET),
    of("linalg.eig"): _eigs,
    of("linalg.eigvals"): _eigenvalues,
}


COMPLEX = set(SAMPLES) - {of("linalg.eigh_tridiagonal"), of("linalg.eigvalsh_tridiagonal")}
