"""Linear equations, inverses and determinants: inv, solve, det, slogdet, pinv, lstsq, tensorsolve.

All take stacks of matrices where NumPy does, and broadcast as it does.

- `det` has its exact gradient, the cofactors, for singular matrices, too, and in every order.
- `slogdet` of a singular matrix: the logarithm is −inf and has no gradient; it is nan. The sign of
  a real determinant is constant, that of a complex one, det / |det|, is not.
- `pinv` and `lstsq` have the derivative at constant rank: singular values that `rcond` drops stay
  dropped. `pinv` with `hermitian` takes its matrix as `eigh` does.
- Of `lstsq`, solution, residuals and singular values have derivatives; the rank is constant.

The formulas for `pinv` and `lstsq` are those of G. Golub and V. Pereyra, "The differentiation of
pseudo-inverses and nonlinear least squares problems whose variables separate" (1973).

>>> from tinygrad_np import grad
>>> grad(np.linalg.det)(np.diag([0.0, 2.0]))
array([[2., 0.],
       [0., 0.]])
"""

import math
from typing import Any

import numpy as np

from ..kernels.factors import completed, condition, singular_frame, svd_factors
from ..kernels.scatter import scatter_add
from .factorisations import by_singular_values, singular_values_jvp
from .matrices import dagger, diagonal_of, largest, over, precision
from .matrices import hermitian as hermitian_part
from .table import composed, constant, general, takes

# Inverses and linear equations


def _transposed(a: Any) -> Any:
    return np.swapaxes(a, -1, -2)


def _two_sided(a: Any, x: Any, b: Any) -> Any:
    return np.matmul(np.matmul(a, x), b)


def _solved(a: Any, y: Any, is_vector: bool) -> Any:
    """a⁻¹·y, where y is a stack of vectors or of matrices."""
    if not is_vector:
        return np.linalg.solve(a, y)
    return np.linalg.solve(a, np.expand_dims(y, -1))[..., 0]


def _solve_vjp_a(g: Any, a: Any, b_like: Any, ans: Any) -> Any:
    of_b = _solved(_transposed(a), g, b_like.ndim == 1)
    if b_like.ndim == 1:
        return -np.expand_dims(of_b, -1) * np.expand_dims(ans, -2)
    return -np.matmul(of_b, _transposed(ans))


def _solve_jvp_a(t: Any, a: Any, b_like: Any, ans: Any) -> Any:
    if b_like.ndim == 1:
        return -_solved(a, np.matmul(t, np.expand_dims(ans, -1))[..., 0], True)
    return -np.linalg.solve(a, np.matmul(t, ans))


# Determinants


_WELL_CONDITIONED = 1e4


def _cofactors(a: Any, ans: Any) -> Any:
    """The derivative of det a by a: det(a)·a⁻ᵀ where that is well determined."""
    if not np.any(np.greater(condition(a), _WELL_CONDITIONED)):
        return np.expand_dims(ans, (-2, -1)) * _transposed(np.linalg.inv(a))
    adjugate = _determinant_and_adjugate(a.reshape(-1, *a.shape[-2:]), None)[1]
    return _transposed(adjugate.reshape(a.shape))


def _determinant_and_adjugate(a: Any, scale: Any) -> tuple[Any, Any]:
    """Of matrices (k, n, n) that may be singular, those of one rank, to 1 in 10,000, at a time.

    `scale` has the size of the whole of which each of them is a part; None for the whole itself.
    """
    n = a.shape[-1]
    if n == 0:
        return np.ones(a.shape[:1], a.dtype), a
    u, s, vh = singular_frame(a)
    scale = s[:, 0] if scale is None else scale
    ranks = np.sum(s > s[:, :1] / _WELL_CONDITIONED, -1)
    # Polynomials lose what their largest terms, some 2ⁿ·s₀ⁿ⁻¹, are above the result, the product
    # s₀·…·sₙ₋₂. They may lose what was lost beside the whole: scale / sₙ₋₂.
    loss = 2.0**n * np.prod(s[:, :1] / s[:, : max(n - 2, 0)], -1)
    ranks[~(loss > scale / s[:, 0])] = 0
    det, adjugate = 0, 0
    for rank in np.unique(ranks).tolist():
        here = np.flatnonzero(ranks == rank)
        if rank:
            parts = _by_blocks(a[here], u[here], vh[here], rank, scale[here])
        else:
            parts = _by_polynomials(a[here])
        det = det + scatter_add(parts[0], here, a.shape[:1])
        adjugate = adjugate + scatter_add(parts[1], here, a.shape)
    return det, adjugate


def _by_blocks(a: Any, u: Any, vh: Any, rank: int, scale: Any) -> tuple[Any, Any]:
    """Determinant and adjugate by way of the constant frame u, vh, in which a was diagonal.

    There the first `rank` rows and columns are a well-conditioned block A of [[A, B], [C, D]], and
    det = det A · det S with S = D − C·A⁻¹·B. S may be anything, since its inverse does not occur.
    """
    framed = _two_sided(dagger(u), a, dagger(vh))
    block = framed[:, :rank, :rank]
    inverse = np.linalg.inv(block)
    right = np.matmul(inverse, framed[:, :rank, rank:])
    below = np.matmul(framed[:, rank:, :rank], inverse)
    det, adjugate = _determinant_and_adjugate(
        framed[:, rank:, rank:] - np.matmul(framed[:, rank:, :rank], right), scale
    )
    upper = np.expand_dims(det, (-2, -1)) * inverse + _two_sided(right, adjugate, below)
    top = np.concatenate([upper, -np.matmul(right, adjugate)], -1)
    bottom = np.concatenate([-np.matmul(adjugate, below), adjugate], -1)
    whole = _two_sided(dagger(vh), np.concatenate([top, bottom], -2), dagger(u))
    factor = np.linalg.det(block) * np.linalg.det(u) * np.linalg.det(vh)
    return factor * det, np.expand_dims(factor, (-2, -1)) * whole


def _by_polynomials(a: Any) -> tuple[Any, Any]:
    """Determinant and adjugate as polynomials in the elements, after Faddeev and LeVerrier.

    They have all their derivatives, even where a is zero, but lose digits if a is large.
    """
    n = a.shape[-1]
    unit = np.eye(n, dtype=a.dtype)
    det: Any = 0
    adjugate = unit + np.zeros_like(a)
    for k in range(1, n + 1):
        product = np.matmul(a, adjugate)
        det = np.sum(diagonal_of(product), -1) / k
        if k < n:
            adjugate = np.expand_dims(det, (-2, -1)) * unit - product
    return det, adjugate


def _inverse_or_nan(a: Any, singular: Any) -> Any:
    singular = np.expand_dims(singular, (-2, -1))
    inverse = np.linalg.inv(np.where(singular, np.eye(a.shape[-1], dtype=a.dtype), a))
    return np.where(singular, np.nan, inverse)


def _slogdet_vjp(g: Any, a: Any, ans: Any) -> Any:
    # d log det = tr(a⁻¹·da); its real part is d log |det|, its imaginary part turns the sign
    of_sign, of_log = g
    if a.dtype.kind == "c":
        of_log = of_log + 1j * np.imag(of_sign * ans[0])
    inverse = _inverse_or_nan(a, np.equal(ans[0], 0))
    return np.expand_dims(of_log, (-2, -1)) * _transposed(inverse)


def _slogdet_jvp(t: Any, a: Any, ans: Any) -> Any:
    inverse = _inverse_or_nan(a, np.equal(ans[0], 0))
    change = np.sum(t * _transposed(inverse), (-2, -1))
    return 1j * np.imag(change) * ans[0] if a.dtype.kind == "c" else 0 * ans[0], np.real(change)


# Pseudo-inverses and least squares


def _pinv_vjp(g: Any, a: Any, ans: Any, hermitian: Any) -> Any:
    if hermitian:
        return hermitian_part(_by_pseudo_inverse(g, completed(a), ans))
    return _by_pseudo_inverse(g, a, ans)


def _pinv_jvp(t: Any, a: Any, ans: Any, hermitian: Any) -> Any:
    if hermitian:
        return _of_pseudo_inverse(hermitian_part(t), completed(a), ans)
    return _of_pseudo_inverse(t, a, ans)


def _drops_nothing(a: Any, p: Any) -> bool:
    """Whether what the pseudo-inverse p of a drops is zero, beside the least that it keeps."""
    dropped = largest(a - _two_sided(a, p, a))
    return not np.any(np.greater(dropped * largest(p), precision(p)))


def _of_pseudo_inverse(t: Any, a: Any, p: Any) -> Any:
    """The tangent of P = a⁺: −P·t·P + P·Pᴴ·tᴴ·(1 − a·P) + (1 − P·a)·tᴴ·Pᴴ·P."""
    if not _drops_nothing(a, p):
        return _of_truncated(t, a, p)
    outer = np.matmul(np.matmul(p, dagger(p)), dagger(t))
    inner = np.matmul(dagger(t), np.matmul(dagger(p), p))
    outer, inner = outer - _two_sided(outer, a, p), inner - _two_sided(p, a, inner)
    return outer + inner - _two_sided(p, t, p)


def _by_pseudo_inverse(g: Any, a: Any, p: Any) -> Any:
    """The adjoint of `_of_pseudo_inverse`."""
    if not _drops_nothing(a, p):
        return _by_truncated(g, a, p)
    g = dagger(np.conjugate(g))
    outer, inner = g - _two_sided(a, p, g), g - _two_sided(g, p, a)
    result = np.matmul(np.matmul(outer, p), dagger(p)) + _two_sided(dagger(p), p, inner)
    return np.conjugate(result - dagger(_two_sided(p, g, p)))


def _truncated(a: Any, p: Any) -> tuple[Any, ...]:
    """U and Vh, and the differences of h, where p = V·diag(h)·Uᴴ drops singular values.

    With M = Uᴴ·da·V, Vᴴ·dp·U is even∘Mᴴ + odd∘M, where even and odd are half the sum and half the
    difference of (h_i + h_j) / (s_i + s_j) and (h_i − h_j) / (s_i − s_j). What is kept has h = 1/s,
    so that the gap cancels, unless it is that between something kept and something dropped.
    """
    u, s, vh = svd_factors(a)
    kept = np.greater(s * np.real(diagonal_of(_two_sided(vh, p, u))), 0.5)
    h = over(1, s, np.logical_not(kept))
    s_i, s_j, h_i, h_j = s[..., :, None], s[..., None, :], h[..., :, None], h[..., None, :]
    one = np.logical_xor(kept[..., :, None], kept[..., None, :])
    even = over(1, np.absolute(s_i - s_j) * (s_i + s_j), np.logical_not(one))
    return u, vh, even, even * (h_i * s_j + h_j * s_i) - h_i * h_j


def _of_truncated(t: Any, a: Any, p: Any) -> Any:
    u, vh, even, odd = _truncated(a, p)
    inside = _two_sided(dagger(u), t, dagger(vh))
    outer = np.matmul(np.matmul(p, dagger(p)), dagger(t))
    inner = np.matmul(dagger(t), np.matmul(dagger(p), p))
    outer, inner = (
        outer - _two_sided(outer, u, dagger(u)),
        inner - _two_sided(dagger(vh), vh, inner),
    )
    return outer + inner + _two_sided(dagger(vh), even * dagger(inside) + odd * inside, dagger(u))


def _by_truncated(g: Any, a: Any, p: Any) -> Any:
    u, vh, even, odd = _truncated(a, p)
    g = np.conjugate(g)
    inside = _two_sided(vh, g, u)
    outer = dagger(g) - _two_sided(u, dagger(u), dagger(g))
    inner = dagger(g) - _two_sided(dagger(g), dagger(vh), vh)
    result = np.matmul(np.matmul(outer, p), dagger(p)) + _two_sided(dagger(p), p, inner)
    return np.conjugate(result + _two_sided(u, dagger(even * inside) + odd * inside, vh))


def _lstsq_parts(a: Any, b: Any, rcond: Any, x: Any) -> tuple[Any, Any, Any, Any]:
    """The pseudo-inverse of a, and b, x and the residuals as matrices."""
    if rcond is None or rcond < 0:
        rcond = np.finfo(float).eps * (max(a.shape) if rcond is None else 1)
    b, x = [y if y.ndim == 2 else np.expand_dims(y, -1) for y in (b, x)]
    return np.linalg.pinv(a, rcond), b, x, b - np.matmul(a, x)


def _lstsq_vjp_a(g: Any, a: Any, b: Any, rcond: Any, ans: Any) -> Any:
    of_x, of_residuals, _, of_s = g
    p, b, x, residuals = _lstsq_parts(a, b, rcond, ans[0])
    result = np.zeros_like(p.T)
    if of_x is not None:
        of_p = np.matmul(of_x.reshape(x.shape), b.T)
        result = result + _by_pseudo_inverse(of_p, a, p)
    if of_residuals is not None and of_residuals.size:
        result = result - np.matmul(2 * of_residuals * np.conjugate(residuals), x.T)
    if of_s is not None:
        result = result + by_singular_values("lstsq", of_s, *svd_factors(a))
    return result


def _lstsq_vjp_b(g: Any, a: Any, b: Any, rcond: Any, ans: Any) -> Any:
    of_x, of_residuals, _, _ = g
    p, matrix, x, residuals = _lstsq_parts(a, b, rcond, ans[0])
    result = np.zeros_like(matrix)
    if of_x is not None:
        result = result + np.matmul(p.T, of_x.reshape(x.shape))
    if of_residuals is not None and of_residuals.size:
        result = result + 2 * of_residuals * np.conjugate(residuals)
    return result.reshape(b.shape)


def _lstsq_jvp_a(t: Any, a: Any, b: Any, rcond: Any, ans: Any) -> Any:
    p, b, x, residuals = _lstsq_parts(a, b, rcond, ans[0])
    of_x = np.matmul(_of_pseudo_inverse(t, a, p), b)
    of_residuals = _residuals_jvp(-np.matmul(t, x), residuals, ans[1])
    of_s = singular_values_jvp(t, *svd_factors(a))
    return of_x.reshape(ans[0].shape), of_residuals, None, of_s


def _lstsq_jvp_b(t: Any, a: Any, b: Any, rcond: Any, ans: Any) -> Any:
    p, _, _, residuals = _lstsq_parts(a, b, rcond, ans[0])
    change = t.reshape(residuals.shape)
    of_x = np.matmul(p, change).reshape(ans[0].shape)
    return of_x, _residuals_jvp(change, residuals, ans[1]), None, np.zeros_like(ans[3])


def _residuals_jvp(change: Any, residuals: Any, ans: Any) -> Any:
    if not ans.size:
        return np.zeros_like(ans)
    return 2 * np.real(np.sum(np.conjugate(residuals) * change, 0))


# Tensors as matrices


def _tensorsolve(a: Any, b: Any, axes: Any) -> Any:
    if axes is not None:
        order = list(range(np.ndim(a)))
        for axis in axes:
            order.remove(axis)
            order.append(axis)
        a = np.transpose(a, order)
    shape = np.shape(a)[-(np.ndim(a) - np.ndim(b)) :]
    n = math.prod(shape)
    if np.size(a) != n * n:
        raise np.linalg.LinAlgError(
            f"np.linalg.tensorsolve: a has shape {np.shape(a)} (the axes {axes} last); for b of "
            f"{np.ndim(b)} axes, the others must have as many elements as those: {n}"
        )
    return np.reshape(np.linalg.solve(np.reshape(a, (n, n)), np.ravel(b)), shape)


def _tensorinv(a: Any, ind: Any) -> Any:
    if ind <= 0:
        raise ValueError(f"np.linalg.tensorinv: ind must be positive, not {ind}")
    n = math.prod(a.shape[ind:])
    return np.reshape(np.linalg.inv(np.reshape(a, (n, -1))), a.shape[ind:] + a.shape[:ind])


ROWS = (
    # inverses and linear equations
    general(
        np.linalg.inv,
        takes("a"),
        (
            lambda g, ans: -_two_sided(_transposed(ans), g, _transposed(ans)),
            lambda t, ans: -_two_sided(ans, t, ans),
        ),
        analytic=True,
    ),
    general(
        np.linalg.solve,
        takes("a", "b"),
        (_solve_vjp_a, _solve_jvp_a),
        (
            lambda g, a, b_like: _solved(_transposed(a), g, b_like.ndim == 1),
            lambda t, a: np.linalg.solve(a, t),
        ),
        broadcasts=True,
        analytic=True,
    ),
    composed(
        np.linalg.tensorsolve, takes("a", "b", axes=None), _tensorsolve, {"a", "b"}, analytic=True
    ),
    composed(np.linalg.tensorinv, takes("a", ind=2), _tensorinv, {"a"}, analytic=True),
    # determinants and rank
    general(
        np.linalg.det,
        takes("a"),
        (
            lambda g, a, ans: np.expand_dims(g, (-2, -1)) * _cofactors(a, ans),
            lambda t, a, ans: np.sum(t * _cofactors(a, ans), (-2, -1)),
        ),
        analytic=True,
    ),
    general(np.linalg.slogdet, takes("a"), (_slogdet_vjp, _slogdet_jvp), constant_outputs=()),
    constant(np.linalg.matrix_rank, "a number of singular values jumps and is constant in between"),
    constant(condition, "rules compare it with a limit"),
    constant(singular_frame, "a frame that a rule chose for a value, and keeps"),
    # pseudo-inverses and least squares
    general(
        np.linalg.pinv,
        takes("a", "*", rcond=None, hermitian=False, rtol=np._NoValue),
        (_pinv_vjp, _pinv_jvp),
    ),
    general(
        np.linalg.lstsq,
        takes("a", "b", rcond=None),
        (_lstsq_vjp_a, _lstsq_jvp_a),
        (_lstsq_vjp_b, _lstsq_jvp_b),
        constant_outputs=(2,),
        gaps=True,
    ),
)
