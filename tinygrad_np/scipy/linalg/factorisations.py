"""Factorisations, eigenvalues and singular values: cholesky, lu, qr, rq, svd, eigh, eig.

What `tinygrad_np.rules.factorisations` and `eigen` say holds here: what is not unique (phases, the
vectors of equal values, a basis of what is missing) a loss must not depend on. The values and
vectors are SciPy's own, with its signs, and the derivative is that of these.

- `cholesky`, `cho_factor` and `eigh` read one triangle: the gradient is symmetric. What a band
  stores is free, so that the gradient by a band is that of both of its elements.
- Where `cho_factor` leaves the elements of a in the triangle that it does not use (SciPy 1.18 has
  zeros there), so does its derivative.
- `lu` and `lu_factor` have the derivative at constant order of the rows. The square of the first
  columns (or rows) must be regular.
- `eigh` with b, of each type, is `eigh` of L⁻¹·a·L⁻ᴴ or of Lᴴ·a·L with b = L·Lᴴ. `eig` with b is
  refused.

>>> import numpy as np
>>> from tinygrad_np import grad
>>> from tinygrad_np.scipy import linalg
>>> b = np.array([[2.0]])
>>> grad(lambda a: linalg.eigh(a, b, eigvals_only=True)[0])(np.array([[6.0]]))
array([[0.5]])
"""

from typing import Any

import numpy as np

from ...core.arrays import Array
from ...core.dispatch import array_function
from ...core.table import general
from ...rules.constants import on_values
from ...rules.eigen import places
from ...rules.factors import qr_factors, svd_factors
from ...rules.matrices import dagger, diagonal_of, raise_where, triangle
from ..mirror import of
from .equations import permutation
from .own import defined, half, like, refuse_stack, symmetric, transposed


def _turn(v: Any, wanted: Any) -> Any:
    """The constant vᴴ·wanted, with which the basis v becomes SciPy's."""
    return on_values(lambda v: np.matmul(dagger(v), wanted), v)


# Cholesky


def _cholesky(a: Any, lower: Any) -> Any:
    return np.linalg.cholesky(a, upper=not lower)


def _cho_factor(a: Any, lower: Any, ans: Any) -> Any:
    c, rest = _cholesky(a, lower), a - half(a, lower)
    is_left = on_values(np.array_equal, rest, ans[0] - half(ans[0], lower))
    return c + rest if is_left else c, lower


def _of_bands(ab: Any, lower: Any) -> Any:
    """The Hermitian matrix of which `ab` has the bands of one triangle."""
    count, n = ab.shape[-2:]
    i, j = np.arange(n)[:, None], np.arange(n)
    band = i - j + (0 if lower else count - 1)
    within = np.logical_and(band >= 0, band < count)
    within = np.logical_and(within, i >= j if lower else i <= j)
    x = np.where(within, ab[..., np.clip(band, 0, count - 1), j], 0)
    return x + dagger(half(x, lower, 1))


def _cholesky_banded(ab: Any, lower: Any) -> Any:
    count, n = ab.shape[-2:]
    column = np.arange(n)
    row = np.arange(count)[:, None] + column - (0 if lower else count - 1)
    within, row = np.logical_and(row >= 0, row < n), np.clip(row, 0, n - 1)
    return np.where(within, _cholesky(_of_bands(ab, lower), lower)[..., row, column], ab)


# Lower times upper


@array_function
def eliminated(a: Any, lu: Any) -> Any:
    """`lu`, of which it is known that it has the factors of the square matrix `a`, in its order."""
    return lu


def _factors(lu: Any) -> tuple[Any, Any]:
    n = lu.shape[-1]
    return triangle(lu, -1) + np.eye(n, dtype=lu.dtype), np.triu(lu)


def _regular_factors(lu: Any) -> tuple[Any, Any]:
    low, up = _factors(lu)
    raise_where(
        np.equal(diagonal_of(up), 0),
        "scipy.linalg.lu: a pivot is 0, where the factors have no derivative; add a small matrix "
        "that makes it regular",
    )
    return low, up


def _eliminated_jvp(t: Array, ans: Array) -> Any:
    # dL = L·tril(F, −1) and dU = triu(F)·U with F = L⁻¹·dA·U⁻¹
    low, up = _regular_factors(ans)
    f = np.linalg.solve(low, transposed(np.linalg.solve(transposed(up), transposed(t))))
    return np.matmul(low, triangle(f, -1)) + np.matmul(np.triu(f), up)


def _eliminated_vjp(g: Array, ans: Array) -> Any:
    low, up = _regular_factors(ans)
    f = triangle(np.matmul(transposed(low), triangle(g, -1)), -1)
    f = f + np.triu(np.matmul(np.triu(g), transposed(up)))
    return np.linalg.solve(transposed(low), transposed(np.linalg.solve(up, transposed(f))))


def _packed(a: Any, lu: Any) -> Any:
    """The factors `lu` (…, m, n) of a, whose rows are in their order, with their derivative."""
    m, n = lu.shape[-2:]
    k = min(m, n)
    square = eliminated(a[..., :k, :k], lu[..., :k, :k])
    low, up = _factors(square)
    if m > k:
        below = np.linalg.solve(transposed(up), transposed(a[..., k:, :]))
        return np.concatenate([square, transposed(below)], -2)
    beside = np.linalg.solve(low, a[..., k:])
    return np.concatenate([square, beside], -1)


def _rows(a: Any, order: Any) -> Any:
    return np.take_along_axis(a, order[..., None], -2)


def _lu_factor(a: Any, ans: Any) -> Any:
    if a.ndim < 2:
        raise ValueError("scipy.linalg.lu_factor: takes a matrix; use a[None]")
    lu, piv = ans
    return _packed(_rows(a, permutation(piv, lu.shape[-2])), lu), piv


def _lu(a: Any, permute_l: Any, p_indices: Any, ans: Any) -> Any:
    order, low, up = on_values(lambda a: of("linalg.lu").implementation(a, p_indices=True), a)
    (m, n), k = a.shape[-2:], low.shape[-1]
    stack = [(0, 0)] * (a.ndim - 2)
    lu = np.pad(triangle(low, -1), (*stack, (0, 0), (0, n - k)))
    lu = _packed(_rows(a, np.argsort(order, -1)), lu + np.pad(up, (*stack, (0, m - k), (0, 0))))
    low = triangle(lu[..., :k], -1) + np.eye(m, k, dtype=lu.dtype)
    up = np.triu(lu[..., :k, :])
    return (_rows(low, order), up) if permute_l else (ans[0], low, up)


# Orthogonal times triangular. The basis becomes SciPy's own by a constant.


def _qr(a: Any, mode: Any, pivoting: Any, ans: Any) -> Any:
    _refuse_mode("qr", mode, ("full", "r", "economic"))
    order: tuple[Any, ...] = ans[-1:] if pivoting else ()
    if pivoting:
        a = np.take_along_axis(a, order[0][..., None, :], -1)
    if mode != "r":
        q, r = qr_factors(a, "reduced" if mode == "economic" else "complete")
        turn = _turn(q, ans[0])
        return np.matmul(q, turn), np.matmul(dagger(turn), r), *order
    q, r = qr_factors(a)
    r = np.matmul(dagger(_turn(q, on_values(_economic, a))), r)
    rest = np.zeros((*a.shape[:-2], a.shape[-2] - r.shape[-2], a.shape[-1]), r.dtype)
    r = np.concatenate([r, rest], -2)
    return r if isinstance(ans, np.ndarray) else (r, *order)  # as SciPy 1.17 gives it of a stack


def _economic(a: Any) -> Any:
    return of("linalg.qr").implementation(a, mode="economic")[0]


def _rq(a: Any, mode: Any, ans: Any) -> Any:
    # Of the rows in reversed order, aᴴ = q·r, so that a = (r reversed)ᴴ·(q reversed)ᴴ.
    _refuse_mode("rq", mode, ("full", "economic"))
    q, r = qr_factors(dagger(a[..., ::-1, :]), "reduced" if mode == "economic" else "complete")
    q, r = dagger(q[..., ::-1]), dagger(r)[..., ::-1, ::-1]
    turn = on_values(lambda q: np.matmul(q, dagger(ans[1])), q)
    return np.matmul(r, turn), np.matmul(dagger(turn), q)


def _refuse_mode(function: str, mode: Any, modes: tuple[str, ...]) -> None:
    if mode not in modes:
        raise ValueError(
            f"scipy.linalg.{function}: mode {mode!r} does not take a Tensor; use one of {modes}"
        )


# Singular values and vectors


def _svd(a: Any, full_matrices: Any, compute_uv: Any, ans: Any) -> Any:
    if not compute_uv:
        return np.linalg.svdvals(a)
    u, s, vh = svd_factors(a, bool(full_matrices))
    turn = on_values(lambda vh: np.matmul(ans[2], dagger(vh)), vh)
    return np.matmul(u, _turn(u, ans[0])), s, np.matmul(turn, vh)


# Eigenvalues of Hermitian matrices


def _selected(a: Any, ans: Any) -> Any:
    """Of the eigenvalues of a, and its vectors, those that SciPy has found, with its phases."""
    if not isinstance(ans, (list, tuple)):
        w = np.linalg.eigvalsh(a)
        return np.take_along_axis(w, on_values(places, w, ans), -1)
    w, v = np.linalg.eigh(a)
    order = on_values(places, w, ans[0])
    v = np.take_along_axis(v, order[..., None, :], -1)
    return np.take_along_axis(w, order, -1), np.matmul(v, _turn(v, ans[1]))


def _eigh(a: Any, b: Any, lower: Any, eigvals_only: Any, type: Any, ans: Any) -> Any:
    a = symmetric(a, lower)
    if b is None:
        return _selected(a, ans)
    # a·v = w·b·v, a·b·v = w·v or b·a·v = w·v, for type 1, 2 and 3, with b = L·Lᴴ: the vectors of
    # L⁻¹·a·L⁻ᴴ, or Lᴴ·a·L, are Lᴴ·v, or L⁻¹·v for type 3.
    low = np.linalg.cholesky(symmetric(b, lower))
    if type == 1:
        a = np.linalg.solve(low, dagger(np.linalg.solve(low, a)))
    else:
        a = np.matmul(np.matmul(dagger(low), a), low)
    if eigvals_only:
        return _selected(a, ans)
    known = on_values(lambda x: dagger(x) if type != 3 else np.linalg.inv(x), low)
    w, v = _selected(a, (ans[0], np.matmul(known, ans[1])))
    return w, np.matmul(low, v) if type == 3 else np.linalg.solve(dagger(low), v)


def _eigvalsh(a: Any, b: Any, lower: Any, type: Any, ans: Any) -> Any:
    return _eigh(a, b, lower, True, type, ans)


def _tridiagonal(d: Any, e: Any, ans: Any) -> Any:
    refuse_stack("eigh_tridiagonal", d, 1)
    return _selected(np.diag(d) + np.diag(e, 1) + np.diag(e, -1), ans)


def _banded(a_band: Any, lower: Any, ans: Any) -> Any:
    return _selected(_of_bands(a_band, lower), ans)


# Eigenvalues of any square matrix


def _eigvals(a: Any, b: Any, homogeneous_eigvals: Any, ans: Any) -> Any:
    if homogeneous_eigvals:
        raise ValueError(
            "scipy.linalg.eigvals: homogeneous_eigvals=True has no derivative rule; leave it out"
        )
    w = np.linalg.eigvals(a if b is None else np.linalg.solve(b, a))
    return like(np.take_along_axis(w, on_values(places, w, ans), -1), ans)


def _eig(a: Any, b: Any, left: Any, right: Any, homogeneous_eigvals: Any, ans: Any) -> Any:
    if b is not None or homogeneous_eigvals:
        raise ValueError(
            "scipy.linalg.eig: b and homogeneous_eigvals=True have no derivative rule; use eigvals "
            "for the values with b, and np.linalg.solve(b, a) as the matrix for the vectors"
        )
    if not left and not right:
        return _eigvals(a, None, False, ans)
    w, v = np.linalg.eig(a)
    order = on_values(places, w, ans[0])
    v = np.take_along_axis(v, order[..., None, :], -1)
    vectors = [v] if right else []
    if left:
        inverse = dagger(np.linalg.inv(v))
        vectors.insert(0, inverse / np.linalg.norm(inverse, axis=-2, keepdims=True))
    w = like(np.take_along_axis(w, order, -1), ans[0])
    return w, *[like(x * _phases(x, y), y) for x, y in zip(vectors, ans[1:], strict=True)]


def _phases(v: Any, wanted: Any) -> Any:
    return on_values(lambda v: np.sum(np.conjugate(v) * wanted, -2, keepdims=True), v)


_KEPT = "overwrite_a check_finite"
_EIGH = (
    "overwrite_a overwrite_b turbo eigvals type check_finite subset_by_index subset_by_value driver"
)
_SELECT = "select select_range check_finite"
_TRIDIAGONAL = f"{_SELECT} tol lapack_driver"
_BAND = f"a_band | lower eigvals_only overwrite_a_band {_SELECT} max_ev"

ROWS = (
    defined("linalg.cholesky", f"a | lower {_KEPT}", _cholesky),
    defined("linalg.cho_factor", f"a | lower {_KEPT}", _cho_factor),
    defined("linalg.cholesky_banded", "ab | overwrite_ab lower check_finite", _cholesky_banded),
    general(eliminated, (_eliminated_vjp, _eliminated_jvp)),
    defined("linalg.lu_factor", f"a | {_KEPT}", _lu_factor, constant_outputs=(1,)),
    defined("linalg.lu", f"a | permute_l {_KEPT} p_indices", _lu),
    defined("linalg.qr", f"a | {_KEPT} lwork mode pivoting", _qr),
    defined("linalg.rq", f"a | {_KEPT} lwork mode", _rq),
    defined("linalg.svd", f"a | full_matrices compute_uv {_KEPT} lapack_driver", _svd),
    defined("linalg.svdvals", f"a | {_KEPT}", lambda a: np.linalg.svdvals(a)),
    defined("linalg.eigh", f"a b | lower eigvals_only {_EIGH}", _eigh),
    defined("linalg.eigvalsh", f"a b | lower {_EIGH}", _eigvalsh),
    defined("linalg.eigh_tridiagonal", f"d e | eigvals_only {_TRIDIAGONAL}", _tridiagonal),
    defined("linalg.eigvalsh_tridiagonal", f"d e | eigvals_only {_TRIDIAGONAL}", _tridiagonal),
    defined("linalg.eig_banded", _BAND, _banded),
    defined("linalg.eigvals_banded", _BAND, _banded),
    defined("linalg.eig", f"a | b left right {_KEPT} overwrite_b homogeneous_eigvals", _eig),
    defined("linalg.eigvals", f"a b | {_KEPT} overwrite_b homogeneous_eigvals", _eigvals),
)
