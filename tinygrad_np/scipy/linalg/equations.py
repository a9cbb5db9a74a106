"""Linear equations: solve and its kind, inverses, determinants, least squares, norms.

- Where a function reads one triangle of a matrix (`assume_a="pos"`, "sym", "her", and `pinvh`), its
  derivative is that of a function of symmetric (Hermitian) matrices: docs/policies.md. What is
  read of a triangular, tridiagonal or diagonal matrix has a gradient, and the rest 0.
- `solve_banded`, `solveh_banded` and `cho_solve_banded` compute in bands, also backwards.
- `cho_solve` and `lu_solve` take Tensors in the factors, too: ``cho_solve(cho_factor(a), b)``.

>>> import numpy as np
>>> from tinygrad_np import grad
>>> from tinygrad_np.scipy import linalg
>>> a = np.array([[2.0, 0.0], [1.0, 4.0]])
>>> grad(lambda b: linalg.solve_triangular(a, b, lower=True)[1])(np.ones(2))
array([-0.125,  0.25 ])
"""

from typing import Any

import numpy as np

from ...core.arrays import Array
from ...core.table import general
from ...rules.constants import on_values
from ...rules.matrices import dagger
from ..mirror import of
from .own import defined, half, like, refuse_stack, symmetric, taken, transposed
from .structured import toeplitz

solve_triangular, solve_banded = of("linalg.solve_triangular"), of("linalg.solve_banded")

# Matrices of which a part is read

_BANDS = {
    "diagonal": (0, 0),
    "tridiagonal": (1, 1),
    "upper triangular": (0, None),
    "lower triangular": (None, 0),
}
"""how many diagonals below and above the main one are read; None for all"""


def _read(a: Any, assume_a: Any, lower: Any) -> Any:
    if assume_a in _BANDS:
        below, above = _BANDS[assume_a]
        a = a if below is None else np.triu(a, -below)
        return a if above is None else np.tril(a, above)
    kind = (assume_a or "general")[:3]  # symmetric, Hermitian or positive definite
    return symmetric(a, lower, kind != "sym") if kind in ("sym", "her", "pos") else a


def _solve(a: Any, b: Any, lower: Any, assume_a: Any, transposed: Any) -> Any:
    a = _read(a, assume_a, lower)
    return np.linalg.solve(np.swapaxes(a, -1, -2) if transposed else a, b)


def _inv(a: Any, assume_a: Any, lower: Any) -> Any:
    return np.linalg.inv(_read(a, assume_a, lower))


def _det(a: Any, ans: Any) -> Any:
    return np.linalg.det(like(a, ans))


# Triangular matrices


def _op(a: Array, trans: Any) -> Any:
    """What `trans` makes of a: itself, its transpose or its conjugate transpose."""
    if trans in (0, "N"):
        return a
    return dagger(a) if trans in (2, "C") else transposed(a)


def _triangular_vjp_b(g: Array, a: Array, trans: Any, lower: Any, unit_diagonal: Any) -> Any:
    is_lower = bool(lower) == (trans in (0, "N"))
    return solve_triangular(_op(a, trans), g, trans=1, lower=is_lower, unit_diagonal=unit_diagonal)


def _columns(x: Array, b_like: Any) -> Any:
    """What has the shape of vectors, if b is one, as matrices of one column."""
    return x[..., None] if b_like.ndim == 1 else x


def _like_b(x: Array, b_like: Any) -> Any:
    return x[..., 0] if b_like.ndim == 1 else x


def _triangular_vjp_a(
    g: Array, a: Array, b_like: Any, ans: Array, trans: Any, lower: Any, unit_diagonal: Any
) -> Any:
    of_b = _columns(_triangular_vjp_b(g, a, trans, lower, unit_diagonal), b_like)
    of_op = -np.matmul(of_b, transposed(_columns(ans, b_like)))
    return half(_op(of_op, trans), lower, bool(unit_diagonal))


def _triangular_jvp_a(
    t: Array, a: Array, b_like: Any, ans: Array, trans: Any, lower: Any, unit_diagonal: Any
) -> Any:
    right = np.matmul(_op(half(t, lower, bool(unit_diagonal)), trans), _columns(ans, b_like))
    return _like_b(-solve_triangular(a, right, trans, lower, unit_diagonal), b_like)


def _triangular_jvp_b(t: Array, a: Array, trans: Any, lower: Any, unit_diagonal: Any) -> Any:
    return solve_triangular(a, t, trans, lower, unit_diagonal)


# Matrices of bands: ab[u + i − j, j] = a[i, j]


def _of_transposed(ab: Array, low: int, up: int) -> Any:
    """The bands of the transpose, of which `up` are below the diagonal and `low` above it."""
    row, n = np.arange(low + up + 1)[:, None], ab.shape[-1]
    column = row - low + np.arange(n)
    within = np.logical_and(column >= 0, column < n)
    return np.where(within, ab[..., low + up - row, np.clip(column, 0, n - 1)], 0)


def _banded_vjp_b(g: Array, l_and_u: Any, ab: Array) -> Any:
    low, up = l_and_u
    return solve_banded((up, low), _of_transposed(ab, low, up), g)


def _banded_vjp_ab(g: Array, l_and_u: Any, ab: Array, b_like: Any, ans: Array) -> Any:
    of_b, x = _columns(_banded_vjp_b(g, l_and_u, ab), b_like), _columns(ans, b_like)
    n = ab.shape[-1]
    i = np.arange(ab.shape[-2])[:, None] - l_and_u[1] + np.arange(n)
    products = np.sum(of_b[..., np.clip(i, 0, n - 1), :] * x[..., None, :, :], -1)
    return -np.where(np.logical_and(i >= 0, i < n), products, 0)


def _banded_jvp_ab(t: Array, l_and_u: Any, ab: Array, b_like: Any, ans: Array) -> Any:
    row, n = np.arange(ab.shape[-2])[:, None], ab.shape[-1]
    j = np.arange(n) - row + l_and_u[1]
    within, j = np.logical_and(j >= 0, j < n), np.clip(j, 0, n - 1)
    x = _columns(ans, b_like)[..., j, :]
    right = np.sum(np.where(within, t[..., row, j], 0)[..., None] * x, -3)
    return _like_b(-solve_banded(l_and_u, ab, right), b_like)


def _of_conjugate_transpose(ab: Array, lower: Any) -> Any:
    """The bands of the conjugate transpose of a triangular matrix."""
    count = ab.shape[-2] - 1
    return _of_transposed(np.conjugate(ab), *((count, 0) if lower else (0, count)))


def _solveh_banded(ab: Any, b: Any, lower: Any) -> Any:
    count, other = ab.shape[-2] - 1, _of_conjugate_transpose(ab, lower)
    both = [other[..., :-1, :], ab] if lower else [ab, other[..., 1:, :]]
    return solve_banded((count, count), np.concatenate(both, -2), b)


# Factored matrices


def _cho_solve(c_and_lower: Any, b: Any) -> Any:
    c, lower = c_and_lower
    if np.ndim(lower):  # SciPy's cho_factor gives one for each matrix of a stack
        refuse_stack("cho_solve", c)
    first, second = (0, 2) if lower else (2, 0)
    y = solve_triangular(c, b, trans=first, lower=bool(lower))
    return solve_triangular(c, y, trans=second, lower=bool(lower))


def _cho_solve_banded(cb_and_lower: Any, b: Any) -> Any:
    cb, lower = cb_and_lower
    count, other = cb.shape[-2] - 1, _of_conjugate_transpose(cb, lower)
    first, second = (cb, other) if lower else (other, cb)
    return solve_banded((0, count), second, solve_banded((count, 0), first, b))


def permutation(piv: Any, rows: int) -> Any:
    """The order of rows that LAPACK's exchanges make: row i with row piv[i], one after the other.

    >>> permutation(np.array([2, 2, 2]), 3)
    array([2, 0, 1])
    """
    order = np.broadcast_to(np.arange(rows), (*piv.shape[:-1], rows)).copy()
    for place in np.ndindex(piv.shape):
        stack, i, j = place[:-1], place[-1], piv[place]
        order[(*stack, i)], order[(*stack, j)] = order[(*stack, j)], order[(*stack, i)]
    return order


def _lu_solve(lu_and_piv: Any, b: Any, trans: Any) -> Any:
    lu, piv = lu_and_piv
    refuse_stack("lu_solve", lu)
    order = permutation(piv, piv.shape[-1])
    unit = {"lower": True, "unit_diagonal": True}
    if trans == 0:
        y = solve_triangular(lu, b[..., order] if b.ndim == 1 else b[..., order, :], **unit)
        return solve_triangular(lu, y)
    y = solve_triangular(lu, solve_triangular(lu, b, trans), trans, **unit)
    order = np.argsort(order)
    return y[..., order] if b.ndim == 1 else y[..., order, :]


# Toeplitz and circulant matrices


def _solve_toeplitz(c_or_cr: Any, b: Any, ans: Any) -> Any:
    c = toeplitz("solve_toeplitz", c_or_cr)
    return like(np.linalg.solve(c, b), ans)


def _solve_circulant(
    c: Any, b: Any, singular: Any, caxis: Any, baxis: Any, outaxis: Any, ans: Any
) -> Any:
    if singular != "raise":
        raise ValueError(
            "scipy.linalg.solve_circulant: singular='lstsq' has no derivative rule; use "
            "np.linalg.lstsq with the matrix that circulant makes"
        )
    of_c = np.fft.fft(np.moveaxis(c, caxis, -1))
    x = np.fft.ifft(np.fft.fft(np.moveaxis(b, baxis, -1)) / of_c)
    return np.moveaxis(like(x, ans), -1, outaxis)


# Pseudo-inverses and least squares


def _cut(a: Any, atol: Any, rtol: Any) -> Any:
    """What `pinv` drops, relative to the largest singular value, as a constant."""
    largest = np.max(np.linalg.svdvals(a), -1, initial=0)
    rtol = max(a.shape[-2:]) * np.finfo(a.dtype).eps if rtol is None else rtol
    return rtol + (0.0 if atol is None else atol) / np.where(largest > 0, largest, 1)


def _pinv(a: Any, atol: Any, rtol: Any, return_rank: Any, ans: Any) -> Any:
    found = np.linalg.pinv(a, on_values(_cut, a, atol, rtol))
    return (found, ans[1]) if return_rank else found


def _pinvh(a: Any, atol: Any, rtol: Any, lower: Any, return_rank: Any, ans: Any) -> Any:
    a = symmetric(a, lower)
    found = np.linalg.pinv(a, on_values(_cut, a, atol, rtol), hermitian=True)
    return (found, ans[1]) if return_rank else found


def _lstsq(a: Any, b: Any, ans: Any) -> Any:
    _, residuals, rank, s = ans
    if s is None:
        raise ValueError(
            "scipy.linalg.lstsq: lapack_driver='gelsy' gives no singular values, which the "
            "derivative needs; use 'gelsd'"
        )
    refuse_stack("lstsq", a)
    # halfway between the least singular value that is kept and the largest that is dropped
    cut = np.sum(s[max(rank - 1, 0) : rank + 1]) / 2 / s[0] if rank else 1
    x, squares, _, s = np.linalg.lstsq(a, b, cut)
    if not squares.size:  # there are none, or nan
        return x, residuals, rank, s
    squares = like(squares[0] if np.ndim(b) == 1 else squares, residuals)
    return x, squares, rank, s


def _norm(a: Any, ord: Any, axis: Any, keepdims: Any, ans: Any) -> Any:
    return like(np.linalg.norm(a, ord, axis, keepdims), ans)


_OVERWRITE = "overwrite_a overwrite_b check_finite"
_TRIANGULAR, _triangular = taken(
    "linalg.solve_triangular", "a b | trans lower unit_diagonal overwrite_b check_finite"
)
_BANDED, _banded = taken(
    "linalg.solve_banded", "l_and_u ab b | overwrite_ab overwrite_b check_finite"
)

ROWS = (
    defined("linalg.solve", f"a b | lower {_OVERWRITE} assume_a transposed", _solve),
    defined("linalg.inv", "a | overwrite_a check_finite assume_a lower", _inv),
    defined("linalg.det", "a | overwrite_a check_finite", _det),
    general(
        solve_triangular,
        _TRIANGULAR,
        (_triangular_vjp_a, _triangular_jvp_a),
        (_triangular_vjp_b, _triangular_jvp_b),
        broadcasts=True,
        **_triangular,
    ),
    general(
        solve_banded,
        _BANDED,
        ab=(_banded_vjp_ab, _banded_jvp_ab),
        b=(_banded_vjp_b, lambda t, l_and_u, ab: solve_banded(l_and_u, ab, t)),
        broadcasts=True,
        **_banded,
    ),
    defined(
        "linalg.solveh_banded",
        "ab b | overwrite_ab overwrite_b lower check_finite",
        _solveh_banded,
    ),
    defined("linalg.cho_solve", f"(c_and_lower) b | {_OVERWRITE}", _cho_solve),
    defined("linalg.cho_solve_banded", f"(cb_and_lower) b | {_OVERWRITE}", _cho_solve_banded),
    defined("linalg.lu_solve", f"(lu_and_piv) b | trans {_OVERWRITE}", _lu_solve),
    defined("linalg.solve_toeplitz", "(c_or_cr) b | check_finite", _solve_toeplitz),
    defined("linalg.solve_circulant", "c b | singular tol caxis baxis outaxis", _solve_circulant),
    defined(
        "linalg.pinv",
        "a | atol rtol return_rank check_finite cond rcond",
        _pinv,
        constant_outputs=(1,),
    ),
    defined(
        "linalg.pinvh",
        "a | atol rtol lower return_rank check_finite",
        _pinvh,
        constant_outputs=(1,),
    ),
    defined(
        "linalg.lstsq", f"a b | cond {_OVERWRITE} lapack_driver", _lstsq, constant_outputs=(2,)
    ),
    defined("linalg.norm", "a | ord axis keepdims check_finite", _norm),
)
