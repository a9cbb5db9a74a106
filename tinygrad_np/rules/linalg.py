"""Linear equations, inverses and determinants: inv, solve, det, slogdet, pinv, lstsq, tensorsolve.

All take stacks of matrices where NumPy does, and broadcast as it does.

- `det` has its exact gradient, the cofactors, for singular matrices, too. So has its second
  derivative; the third of a singular matrix, or of one that is nearly so, is refused.
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

from ..core.arrays import Array, as_array, cast
from ..core.plan import Shaped
from ..core.signature import signature
from ..core.table import constant, general, same
from .composed import composed
from .factors import cofactors, completed, condition, determined, products_without_each, svd_factors
from .matrices import dagger, diagonal_matrix, diagonal_of, largest, over, precision
from .matrices import hermitian as hermitian_part

# Inverses and linear equations


def _transposed(a: Array) -> Any:
    return np.swapaxes(a, -1, -2)


def _two_sided(a: Array, x: Array, b: Array) -> Any:
    return np.matmul(np.matmul(a, x), b)


def _columns(x: Array, b_like: Shaped) -> Any:
    """A stack of vectors, if b is one, as one of matrices."""
    return np.expand_dims(x, -1) if b_like.ndim == 1 else x


def _solved(a: Array, y: Array, b_like: Shaped) -> Any:
    """a⁻¹·y for matrices y, with the shape of what `solve` gives for b."""
    x = np.linalg.solve(a, y)
    return x[..., 0] if b_like.ndim == 1 else x


def _solve_vjp_a(g: Array, a: Array, b_like: Shaped, ans: Array) -> Any:
    of_b = np.linalg.solve(_transposed(a), _columns(g, b_like))
    return -np.matmul(of_b, _transposed(_columns(ans, b_like)))


def _solve_jvp_a(t: Array, a: Array, b_like: Shaped, ans: Array) -> Any:
    return -_solved(a, np.matmul(t, _columns(ans, b_like)), b_like)


# Determinants


_WELL_CONDITIONED = 1e4


def _is_nearly_singular(a: Array) -> Any:
    return np.any(np.greater(condition(a), _WELL_CONDITIONED))


def _of_determinant(a: Array, ans: Array) -> Any:
    """The derivative of det a by a: det(a)·a⁻ᵀ where that is well determined."""
    if _is_nearly_singular(a):
        return cofactors(a)
    return np.expand_dims(ans, (-2, -1)) * _transposed(np.linalg.inv(a))


def _refuse_third(g: Array) -> None:
    raise ValueError(
        "np.linalg.det: a matrix is singular, or nearly so, and has no rule there for the third "
        "derivative; write the determinant out, or add a small matrix that makes it regular"
    )


def _of_cofactors(t: Array, a: Array) -> Any:
    # In the basis of U and V, in which a is diagonal, M = Uᴴ·t·V changes the cofactor of each place
    # on the diagonal by Σ_j p_ij·M_jj, and that of another place, i, j, by −p_ij·M_ji; p_ij is the
    # product of all singular values but s_i and s_j.
    u, s, vh = svd_factors(a)
    if _is_nearly_singular(a):
        u, s, vh = [determined(x, _refuse_third) for x in (u, s, vh)]
    is_own = np.eye(s.shape[-1], dtype=bool)
    pairs = products_without_each(np.where(is_own, 1, np.expand_dims(s, -2)))
    pairs = np.where(is_own, 0, pairs)
    inside = _two_sided(dagger(u), t, dagger(vh))
    change = np.sum(pairs * np.expand_dims(diagonal_of(inside), -2), -1)
    change = diagonal_matrix(change) - pairs * _transposed(inside)
    factor = np.expand_dims(np.linalg.det(u) * np.linalg.det(vh), (-2, -1))
    return factor * _two_sided(np.conjugate(u), change, np.conjugate(vh))


def _inverse_or_nan(a: Array, singular: Any) -> Any:
    singular = np.expand_dims(singular, (-2, -1))
    inverse = np.linalg.inv(np.where(singular, np.eye(a.shape[-1], dtype=a.dtype), a))
    return np.where(singular, np.nan, inverse)


def _slogdet_vjp(g: Array, a: Array, ans: Array) -> Any:
    # d log det = tr(a⁻¹·da); its real part is d log |det|, its imaginary part turns the sign
    of_sign, of_log = g
    if a.dtype.kind == "c":
        of_log = of_log + 1j * np.imag(of_sign * ans[0])
    inverse = _inverse_or_nan(a, np.equal(ans[0], 0))
    return np.expand_dims(of_log, (-2, -1)) * _transposed(inverse)


def _slogdet_jvp(t: Array, a: Array, ans: Array) -> Any:
    inverse = _inverse_or_nan(a, np.equal(ans[0], 0))
    change = np.sum(t * _transposed(inverse), (-2, -1))
    return 1j * np.imag(change) * ans[0] if a.dtype.kind == "c" else 0 * ans[0], np.real(change)


# Pseudo-inverses and least squares


def _pinv_jvp(t: Array, a: Array, ans: Array, hermitian: Any) -> Any:
    if hermitian:
        t, a = hermitian_part(t), completed(a)
    return _of_pseudo_inverse(t, a, ans)


def _pinv_vjp(g: Array, a: Array, ans: Array, hermitian: Any) -> Any:
    # The adjoint of the derivative at a is the derivative at aᴴ.
    a = completed(a) if hermitian else a
    result = np.conjugate(_of_pseudo_inverse(np.conjugate(g), dagger(a), dagger(ans)))
    return hermitian_part(result) if hermitian else result


def _of_pseudo_inverse(t: Array, a: Array, p: Any) -> Any:
    """The tangent of p = a⁺: p·((1 − a·p)·t·p)ᴴ + (p·t·(1 − p·a))ᴴ·p − p·t·p."""
    dropped = largest(a - _two_sided(a, p, a))
    if np.any(np.greater(dropped * largest(p), precision(p))):  # beside the least that p keeps
        return _of_truncated(t, a, p)
    left, right = np.matmul(p, t), np.matmul(t, p)
    for _ in range(2):  # what rounding errors leave of the first projection, the second takes away
        left, right = left - _two_sided(left, p, a), right - np.matmul(a, np.matmul(p, right))
    return np.matmul(p, dagger(right)) + np.matmul(dagger(left), p) - _two_sided(p, t, p)


def _of_truncated(t: Any, a: Any, p: Any) -> Any:
    """The same where p = V·diag(h)·Uᴴ drops singular values that are not 0, or is inaccurate.

    With M = Uᴴ·t·V, Vᴴ·dp·U is even∘Mᴴ + odd∘M, where even and odd are half the sum and half the
    difference of (h_i + h_j) / (s_i + s_j) and (h_i − h_j) / (s_i − s_j). What is kept has h = 1/s,
    so that the gap cancels, unless it is that between something kept and something dropped.
    """
    u, s, vh = svd_factors(a)
    kept = np.greater(s * np.real(diagonal_of(_two_sided(vh, p, u))), 0.5)
    h = over(1, s, np.logical_not(kept))
    s_i, s_j, h_i, h_j = s[..., :, None], s[..., None, :], h[..., :, None], h[..., None, :]
    one = np.logical_xor(kept[..., :, None], kept[..., None, :])
    even = over(1, np.absolute(s_i - s_j) * (s_i + s_j), np.logical_not(one))
    odd = even * (h_i * s_j + h_j * s_i) - h_i * h_j
    inside = _two_sided(dagger(u), t, dagger(vh))
    outer = np.matmul(np.matmul(p, dagger(p)), dagger(t))
    inner = np.matmul(dagger(t), np.matmul(dagger(p), p))
    outer = outer - _two_sided(outer, u, dagger(u))
    inner = inner - _two_sided(dagger(vh), vh, inner)
    return outer + inner + _two_sided(dagger(vh), even * dagger(inside) + odd * inside, dagger(u))


def _lstsq(a: Array, b: Array, ans: Array) -> Any:
    x, residuals, rank, s = ans
    a, b = [cast(as_array(y), x.dtype) for y in (a, b)]
    # Halfway between the least singular value that is kept and the largest that is dropped.
    cut = np.sum(s[max(rank - 1, 0) : rank + 1]) / 2 / s[0] if rank else 1
    x = np.matmul(np.linalg.pinv(a, cut), b)
    rest = b - np.matmul(a, x)
    squares = np.sum(np.real(rest * np.conjugate(rest)), 0, keepdims=np.ndim(b) == 1)
    return x, squares if residuals.size else squares[:0], rank, np.linalg.svdvals(a)


# Tensors as matrices


def _tensorsolve(a: Array, b: Array, axes: Any) -> Any:
    order = list(range(np.ndim(a)))
    for axis in () if axes is None else axes:
        order.remove(axis)
        order.append(axis)
    a = np.transpose(a, order)
    split = np.ndim(b) - np.ndim(a)
    square = np.reshape(a, (math.prod(a.shape[:split]), math.prod(a.shape[split:])))
    return np.reshape(np.linalg.solve(square, np.ravel(b)), a.shape[split:])


def _tensorinv(a: Array, ind: Any) -> Any:
    if ind <= 0:
        raise ValueError(f"np.linalg.tensorinv: ind must be positive, not {ind}")
    n = math.prod(a.shape[ind:])
    return np.reshape(np.linalg.inv(np.reshape(a, (n, -1))), a.shape[ind:] + a.shape[:ind])


ROWS = (
    # inverses and linear equations
    general(
        np.linalg.inv,
        signature("a"),
        (
            lambda g, ans: -_two_sided(_transposed(ans), g, _transposed(ans)),
            lambda t, ans: -_two_sided(ans, t, ans),
        ),
        analytic=True,
    ),
    general(
        np.linalg.solve,
        signature("a", "b"),
        (_solve_vjp_a, _solve_jvp_a),
        (
            lambda g, a, b_like: _solved(_transposed(a), _columns(g, b_like), b_like),
            lambda t, a: np.linalg.solve(a, t),
        ),
        broadcasts=True,
        analytic=True,
    ),
    composed(
        np.linalg.tensorsolve,
        signature("a", "b", axes=None),
        _tensorsolve,
        {"a", "b"},
        analytic=True,
    ),
    composed(np.linalg.tensorinv, signature("a", ind=2), _tensorinv, {"a"}, analytic=True),
    # determinants and rank
    general(
        np.linalg.det,
        signature("a"),
        (
            lambda g, a, ans: np.expand_dims(g, (-2, -1)) * _of_determinant(a, ans),
            lambda t, a, ans: np.sum(t * _of_determinant(a, ans), (-2, -1)),
        ),
        analytic=True,
    ),
    general(cofactors, same(_of_cofactors)),
    general(np.linalg.slogdet, signature("a"), (_slogdet_vjp, _slogdet_jvp), constant_outputs=()),
    constant(np.linalg.matrix_rank, "a number of singular values jumps and is constant in between"),
    constant(condition, "rules compare it with a limit"),
    # pseudo-inverses and least squares
    general(
        np.linalg.pinv,
        signature("a", "*", rcond=None, hermitian=False, rtol=np._NoValue),
        (_pinv_vjp, _pinv_jvp),
    ),
    composed(
        np.linalg.lstsq,
        signature("a", "b", rcond=None),
        _lstsq,
        {"a", "b"},
        own_value=True,
        constant_outputs=(2,),
    ),
)
