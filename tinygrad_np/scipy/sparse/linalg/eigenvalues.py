"""Eigenvalues, singular values, exponentials, inverse and norms of a sparse matrix.

With A·v = w·M·v, vᴴ·M·v = 1 for a Hermitian A, and its Hermitian change E,

    dw = vᴴ·E·v,    dv = −S·E·v,    S = Σⱼ vⱼ·vⱼᴴ / (wⱼ − w) over the other pairs.

S·r solves (A − w·M)·f = r − M·v·(vᴴ·r) with row and column k left out, where v is largest, and adds
what makes f orthogonal to M·v (R. B. Nelson, "Simplified calculation of eigenvector derivatives",
1976): a sparse system, which is regular if and only if w is a simple eigenvalue. What is repeated,
to rounding, has no derivative, and raises. Singular values and vectors are those of [0, A; Aᴴ, 0].
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import scipy.sparse.linalg

from ....core.arrays import cast
from ....core.dispatch import array_function
from ....core.signature import read_signature, signature
from ....core.table import general
from ....core.tensor import value_of
from ....rules.composed import composed
from ...mirror import load, of
from ..arrays import Sparse, as_sparse, own
from ..patterns import Pattern, pairs, sparse_dot
from .solvers import Factors, _dense, _spsolve, solved

real: Any = scipy.sparse.linalg

# Eigenvalues and eigenvectors


@array_function
def eigenpairs(data: Any, w: Any, v: Any, pattern: Pattern, mass: Any, function: str) -> Any:
    """The eigenvalues `w` and vectors `v` of the matrix of `data`, which somebody has computed."""
    return w, v


def _inverse(data: Any, w: Any, v: Any, pattern: Pattern, mass: Any, function: str) -> Any:
    """The map S of one pair; ``ValueError`` if the value is not simple."""
    n, size = v.shape[0], np.max(np.absolute(value_of(data)), initial=0)
    k = np.argmax(np.absolute(value_of(v)))
    m = as_sparse(scipy.sparse.eye_array(n) if mass is None else mass)
    row = np.concatenate([pattern.row, m._pattern.row, [k]])
    col = np.concatenate([pattern.col, m._pattern.col, [k]])
    kept = np.flatnonzero(((row != k) & (col != k)) | (np.arange(row.size) == row.size - 1))
    values = np.concatenate([data, -w * m._values, np.ones(1, data.dtype)])[kept]
    factors = Factors(Pattern(row[kept], col[kept], (n, n), scipy.sparse.coo_array))
    of_mass, others = sparse_dot(m._values, v, m._pattern), np.arange(n) != k

    def apply(r: Any) -> Any:
        r = (r - of_mass * np.sum(np.conjugate(v) * r)) * others
        f = solved(values, r, factors)
        return f - v * np.sum(np.conjugate(of_mass) * f)

    try:
        probe = value_of(apply(np.cos(np.arange(1.0, n + 1)).astype(data.dtype)))
        worst = np.max(np.absolute(probe)) * size
    except RuntimeError:  # SuperLU: exactly singular
        worst = np.inf
    if not worst < np.finfo(data.dtype).eps ** -0.75:
        raise ValueError(
            f"scipy.sparse.linalg.{function}: the value {value_of(w):.6g} is repeated (to "
            "rounding), so that it and its vector have no derivative; change what makes it so, "
            "or use a function of the whole matrix"
        )
    return apply


def _pairs_vjp(g: Any, data: Any, pattern: Any, mass: Any, function: Any, ans: Any) -> Any:
    (of_w, of_v), (w, v) = g, ans
    total: Any = 0.0
    for i in range(w.shape[0]):
        x = v[:, i]
        inverse = _inverse(data, w[i], x, pattern, mass, function)
        if of_w is not None:
            total = total + of_w[i] * pairs(np.conjugate(x), x, pattern)
        if of_v is not None:
            along, size = x * of_v[:, i], np.sum(np.absolute(value_of(x * of_v[:, i])))
            if np.absolute(np.sum(value_of(along)).imag) > np.finfo(x.dtype).eps ** 0.5 * size:
                raise ValueError(
                    f"scipy.sparse.linalg.{function}: a complex vector has a free phase, on which "
                    "the result depends; use np.abs of it, or the values alone"
                )
            y = np.conjugate(inverse(np.conjugate(of_v[:, i])))
            across = pairs(np.conjugate(x), np.conjugate(y), pattern)
            total = total - (pairs(y, x, pattern) + across) * 0.5
    return cast(total, data.dtype)


def _pairs_jvp(t: Any, data: Any, pattern: Any, mass: Any, function: Any, ans: Any) -> Any:
    w, v = ans
    of_w, of_v = [], []
    for i in range(w.shape[0]):
        x = v[:, i]
        across = np.conjugate(sparse_dot(t, np.conjugate(x), pattern.T))
        change = (sparse_dot(t, x, pattern) + across) * 0.5
        of_w.append(np.real(np.sum(np.conjugate(x) * change)))
        of_v.append(-_inverse(data, w[i], x, pattern, mass, function)(change))
    return cast(np.stack(of_w), w.dtype), cast(np.stack(of_v, -1), v.dtype)


def _eigsh(*given: Any) -> Any:
    named = dict(zip(_EIGSH.names, given, strict=True))
    a, only = as_sparse(named.pop("a")), not named.pop("return_eigenvectors")
    mass = named["M"]
    if isinstance(mass, Sparse):
        raise TypeError("scipy.sparse.linalg.eigsh: M has no derivative rule; use a constant M")
    matrix = a._pattern.matrix(value_of(a._values))
    w, v = real.eigsh(matrix, **named)
    if only:  # SciPy gives these by other steps, and in another order
        alone = real.eigsh(matrix, **named, return_eigenvectors=False)
        v = v[:, np.argsort(w)[np.argsort(np.argsort(alone))]]
        w = alone
    w, v = eigenpairs(a._values, w, v, a._pattern, mass, "eigsh")
    return w if only else (w, v)


def _svds(*given: Any) -> Any:
    named = dict(zip(_SVDS.names, given, strict=True))
    a, vectors = as_sparse(named.pop("a")), named.pop("return_singular_vectors")
    if vectors not in (True, False):
        raise ValueError(
            "scipy.sparse.linalg.svds: return_singular_vectors is True or False on a Tensor"
        )
    matrix, (m, n), p = a._pattern.matrix(value_of(a._values)), a.shape, a._pattern
    u, s, vh = real.svds(matrix, **named)
    if not vectors:
        alone = real.svds(matrix, **named, return_singular_vectors=False)
        order = np.argsort(s)[np.argsort(np.argsort(alone))]
        u, s, vh = u[:, order], alone, vh[order]
    row, col = np.concatenate([p.row, p.col + m]), np.concatenate([p.col + m, p.row])
    both = np.concatenate([a._values, np.conjugate(a._values)])
    pattern = Pattern(row, col, (m + n, m + n), scipy.sparse.coo_array)
    # Of length √2: the mass is a half of the identity, and the values are twice as large.
    x = np.concatenate([u, np.conjugate(vh).T])
    mass = scipy.sparse.eye_array(m + n) * x.dtype.type(0.5)
    w, x = eigenpairs(both, 2 * s, x, pattern, mass, "svds")
    return (x[:m], w * 0.5, np.conjugate(x[m:]).T) if vectors else w * 0.5


# Exponentials

_REACH, _REST = 2.0, 1e-20  # the norm of a step, and what remains of its series


@array_function
def exponential_product(data: Any, b: Any, pattern: Pattern) -> Any:
    """exp(A)·b for the matrix A of `data`.

    >>> pattern = Pattern([0], [0], (1, 1), scipy.sparse.csr_array)
    >>> exponential_product(np.array([1.0]), np.array([2.0]), pattern)
    array([5.43656366])
    """
    return real.expm_multiply(pattern.matrix(data), b)


def _series(data: Any, b: Any, pattern: Pattern) -> Any:
    """Taylor's series of exp((A − µ)/s), s times, with µ the mean of A's diagonal.

    A. Al-Mohy and N. Higham, "Computing the action of the matrix exponential" (2011). It does not
    depend on µ.
    """
    a = pattern.matrix(value_of(data)).tocsr()
    shift = (a.diagonal().sum() / a.shape[0]).item()
    size = abs(a - shift * scipy.sparse.eye_array(a.shape[0])).sum(axis=0).max()
    steps = max(1, math.ceil(size / _REACH))
    factor = np.exp(shift / steps).item()
    order, rest = 1, size / steps
    while rest > _REST:
        order += 1
        rest *= size / steps / order
    for _ in range(steps):
        term = b
        for j in range(1, order + 1):
            term = (sparse_dot(data, term, pattern) - shift * term) * (1 / (steps * j))
            b = b + term
        b = b * factor
    return b


def _expm_multiply(a: Any, b: Any, start: Any, stop: Any, num: Any) -> Any:
    if not (start is None and stop is None and num is None):
        raise ValueError(
            "scipy.sparse.linalg.expm_multiply: takes no interval on a Tensor; use "
            "expm_multiply(t * A, B) for each t"
        )
    a = as_sparse(a)
    return exponential_product(
        a._values, _dense("scipy.sparse.linalg.expm_multiply", b), a._pattern
    )


def _expm(a: Any) -> Sparse:
    load("linalg")
    return as_sparse(of("linalg.expm")(as_sparse(a).toarray())).tocsc()


def _inv(a: Any) -> Sparse:
    a = as_sparse(a)
    return as_sparse(_spsolve(a, np.eye(a.shape[0], dtype=a.dtype), None)).tocsc()


def _norm(x: Any, ord: Any, axis: Any) -> Any:
    a = as_sparse(x)._summed()
    if axis is not None or ord not in (None, "fro", "f", 1, np.inf):
        raise ValueError(
            "scipy.sparse.linalg.norm: of a Tensor it is the norm 'fro', 1 or inf of the whole "
            "matrix; use np.linalg.norm of toarray()"
        )
    if ord in (None, "fro", "f"):
        return np.linalg.norm(a._values)
    dtype = np.asarray(real.norm(scipy.sparse.csr_matrix((1, 1), dtype=a.dtype), ord)).dtype
    return cast(np.max(abs(a).sum(0 if ord == 1 else 1).reshape(-1)), dtype)


def _with_a(path: str) -> Any:
    form = read_signature(of(path))
    return form._replace(names=("a", *form.names[1:]))


_EIGSH, _SVDS = _with_a("sparse.linalg.eigsh"), _with_a("sparse.linalg.svds")


def _of_all(path: str, form: Any, definition: Any) -> Any:
    aliases = {"A": "a"} | ({"random_state": "rng"} if "rng" in form.names else {})
    row = composed(of(path), form, definition, {"a"}, aliases=aliases)
    row.needs = tuple(range(len(form.names)))
    return row


ROWS = (
    general(eigenpairs, data=(_pairs_vjp, _pairs_jvp), constant_outputs=(), none_cotangents=True),
    _of_all("sparse.linalg.eigsh", _EIGSH, _eigsh),
    _of_all("sparse.linalg.svds", _SVDS, _svds),
    composed(
        exponential_product,
        signature("data", "b", "pattern"),
        _series,
        {"data", "b"},
        own_value=True,
    ),
    composed(
        of("sparse.linalg.expm_multiply"),
        signature("a", "b", start=None, stop=None, num=None, endpoint=None, traceA=None),
        _expm_multiply,
        {"a", "b"},
        aliases={"A": "a", "B": "b"},
    ),
    composed(of("sparse.linalg.norm"), signature("x", ord=None, axis=None), _norm, {"x"}),
)
OWN = {
    "sparse.linalg.expm": own("sparse.linalg.expm", _expm),
    "sparse.linalg.inv": own("sparse.linalg.inv", _inv),
}
