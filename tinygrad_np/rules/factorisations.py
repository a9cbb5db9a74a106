"""Factorisations: cholesky, qr, svd and svdvals.

All take stacks of matrices: `cholesky` (…, n, n), the others (…, m, n).

- What `eigen` says of values and vectors holds for singular values and vectors, too. Pairs of
  vectors (u_i, v_i) share a phase; those of equal values turn together.
- *A singular value 0* is a kink: it is the size of something, like an absolute value. Its cotangent
  must be zero, and so must that of its vectors, as far as they are not determined: ``ValueError``
  otherwise. `np.linalg.norm` with ord="nuc" has gradient 0 there.
- *What `full_matrices` and mode "complete" add* is any basis of what is missing. The loss must not
  depend on which: ``ValueError`` otherwise.
- `qr` needs linearly independent columns (the first m, if there are more than rows), `cholesky` a
  positive definite matrix: ``ValueError`` (of which ``LinAlgError`` is a kind) otherwise. Mode
  "raw" of `qr` is refused.
- Forward mode: where singular values coincide or are zero, it raises unless the tangent changes
  them alike and leaves their vectors alone.

>>> from tinygrad_np import grad
>>> grad(lambda a: np.linalg.cholesky(a)[0, 0])(np.diag([4.0, 1.0]))
array([[0.25, 0.  ],
       [0.  , 0.  ]])
"""

from functools import partial
from typing import Any

import numpy as np

from ..core.arrays import Array
from ..core.signature import signature
from ..core.table import general
from .composed import composed
from .constants import on_values
from .factors import determined, qr_factors, svd_factors
from .matrices import (
    CHOICE,
    FORWARD,
    SECOND,
    ZERO,
    beside,
    dagger,
    diagonal_matrix,
    diagonal_of,
    hermitian,
    in_basis,
    largest,
    of_values,
    over,
    raise_where,
    require_zero,
    skew,
    triangle,
    turning,
    vanishing,
)

_REST = "the vectors beyond the shorter side are any basis of what is missing"

# Lower times upper


def _lower_half(x: Array) -> Any:
    """The lower triangle, with half of the diagonal."""
    return triangle(x) - diagonal_matrix(diagonal_of(x)) / 2


def _cholesky_vjp(g: Array, ans: Array, upper: Array) -> Any:
    # dL = L·lower_half(L⁻¹·dA·L⁻ᴴ)
    g = np.conjugate(g)
    low, g = (dagger(ans), dagger(g)) if upper else (ans, g)
    inverse = np.linalg.inv(low)
    inner = hermitian(_lower_half(np.matmul(dagger(low), g)))
    return np.conjugate(hermitian(np.matmul(np.matmul(dagger(inverse), inner), inverse)))


def _cholesky_jvp(t: Array, ans: Array, upper: Array) -> Any:
    low = dagger(ans) if upper else ans
    inverse = np.linalg.inv(low)
    inner = np.matmul(np.matmul(inverse, hermitian(t)), dagger(inverse))
    tangent = np.matmul(low, _lower_half(inner))
    return dagger(tangent) if upper else tangent


# Orthonormal columns


def _beyond(basis: Any, x: Array) -> Any:
    """What is left of x without its part in the span of the basis: nothing if that is complete."""
    if basis.shape[-1] == basis.shape[-2]:
        return np.zeros_like(x)
    return x - np.matmul(basis, np.matmul(dagger(basis), x))


def _parts(function: str, basis: Any, k: int, g: Array) -> tuple[Any, Any]:
    """Of the cotangent g of an orthonormal basis, the first k columns of which are B, the others C:

    Bᴴ·g_B, by which B turns within its span, and (1 − B·Bᴴ)·g_B − C·g_Cᴴ·B, by which it leaves it.
    C follows, since dC = −B·dBᴴ·C is as good as any.
    """
    own, rest = basis[..., :k], basis[..., k:]
    inside, outside = np.matmul(dagger(own), g[..., :k]), _beyond(own, g[..., :k])
    if rest.shape[-1]:
        turn = skew(np.matmul(dagger(rest), g[..., k:]))
        require_zero(turn, True, CHOICE.format(function, _REST), beside(g))
        outside = outside - np.matmul(rest, np.matmul(dagger(g[..., k:]), own))
    return inside, outside


def _whole(basis: Any, tangent: Array) -> Any:
    """The tangent of B, with that of the columns C that follow it: −B·dBᴴ·C."""
    k = tangent.shape[-1]
    if k == basis.shape[-1]:
        return tangent
    rest = np.matmul(basis[..., :k], np.matmul(dagger(tangent), basis[..., k:]))
    return np.concatenate([tangent, -rest], -1)


# Orthogonal times triangular


def _leading_triangle(r: Any, rows: int) -> Any:
    """The leading square of R, whose diagonal must not have a zero."""
    k = min(r.shape[-2:])
    size = np.absolute(diagonal_of(r))
    raise_where(
        np.less_equal(size, 10 * max(rows, k) * np.finfo(r.dtype).eps * largest(size, (-1,))),
        "np.linalg.qr: the columns (or the first ones, if there are more than rows) are linearly "
        "dependent, to rounding: R has a zero on its diagonal, and Q and R have no derivative",
    )
    return r[..., :k, :k]


def _qr_vjp(g: Array, ans: Array) -> Any:
    # a = [A1, A2] = Q·[R1, R2]: since R2 = Qᴴ·A2, the cotangents of Q and A2 have parts of that of
    # R2. The rest is that of a square R: g_A1 = (g_Q + Q·H)·R1⁻ᴴ, where H is Hermitian with the
    # upper triangle of g_R1·R1ᴴ − Qᴴ·g_Q.
    q, r = ans
    k = min(r.shape[-2:])
    r1 = _leading_triangle(r, q.shape[-2])
    g_q, g_r = g
    inside = outside = 0
    if g_q is not None:
        inside, outside = _parts("qr", q, k, np.conjugate(g_q))
    g_r = np.zeros_like(r) if g_r is None else np.conjugate(g_r)
    q, r2, g_r1, g_r2 = q[..., :k], r[..., :k, k:], g_r[..., :k, :k], g_r[..., :k, k:]
    inside = inside + np.matmul(r2, dagger(g_r2))
    low = triangle(dagger(np.matmul(g_r1, dagger(r1)) - inside))
    both = low + dagger(low) - diagonal_matrix(np.real(diagonal_of(low)))
    g_x = np.matmul(q, inside + both) + outside
    result = dagger(np.linalg.solve(r1, dagger(g_x)))
    if r2.shape[-1]:
        result = np.concatenate([result, np.matmul(q, g_r2)], -1)
    return np.conjugate(result)


def _qr_jvp(t: Array, ans: Array) -> Any:
    # With X = dA1·R1⁻¹ and M = Qᴴ·X: dQ = Q·Ω + (1 − Q·Qᴴ)·X, dR1 = (M − Ω)·R1 and
    # dR2 = Qᴴ·dA2 − Ω·R2, where Ω = L − Lᴴ + i·Im diag(M) and L is M below its diagonal.
    q, r = ans
    k = min(r.shape[-2:])
    r1 = _leading_triangle(r, q.shape[-2])
    own, r2 = q[..., :k], r[..., :k, k:]
    x = dagger(np.linalg.solve(dagger(r1), dagger(t[..., :k])))
    inner = np.matmul(dagger(own), x)
    low = triangle(inner, -1)
    turn = low - dagger(low) + diagonal_matrix(diagonal_of(skew(inner)))
    of_q = _whole(q, np.matmul(own, turn) + _beyond(own, x))
    of_r2 = np.matmul(dagger(own), t[..., k:]) - np.matmul(turn, r2)
    of_r = np.concatenate([np.matmul(inner - turn, r1), of_r2], -1)
    return of_q, np.concatenate([of_r, np.zeros_like(r[..., k:, :])], -2)


def _qr(a: Array, mode: Any) -> Any:
    if mode == "r":
        return qr_factors(a)[1]
    if mode not in ("reduced", "complete"):
        raise ValueError(
            f"np.linalg.qr: mode {mode!r} does not take a Tensor; use 'reduced', 'complete' or 'r'"
        )
    return qr_factors(a, mode)


# Singular values and vectors


def _svd_vjp(g: Array, ans: Array) -> Any:
    # With M = Uᴴ·dA·V: dS = Re diag M; within their spans U turns by X + Y and V by X − Y, where
    # X_ij = hermitian(M)_ij / (s_j − s_i) and Y_ij = skew(M)_ij / (s_i + s_j); and they leave them
    # by (1 − U·Uᴴ)·dA·V·S⁻¹ and (1 − V·Vᴴ)·dAᴴ·U·S⁻¹.
    g_u, g_s, g_vh = g
    u, s, vh = ans
    k, n = s.shape[-1], max(u.shape[-2], vh.shape[-1])
    u1, vh1 = u[..., :k], vh[..., :k, :]
    if g_u is None and g_vh is None:
        return _of_singular_values("svd", g_s, u1, s, vh1)
    g_u = np.zeros_like(u) if g_u is None else np.conjugate(g_u)
    g_v = np.zeros_like(vh) if g_vh is None else np.conjugate(g_vh)
    size = np.maximum(beside(g_u), beside(g_v))
    in_u, out_u = _parts("svd", u, k, g_u)
    in_v, out_v = _parts("svd", dagger(vh), k, dagger(g_v))
    sums, both_zero, is_zero = _sums(s, n)
    joint, relative = skew(in_u + in_v), skew(in_u - in_v)
    for part, nowhere in ((relative, both_zero), (out_u, is_zero), (out_v, is_zero)):
        require_zero(part, nowhere, CHOICE.format("svd", ZERO), size)
    inner = in_basis("svd", g_s, joint, (in_u, in_v), s, n, size, both_zero)
    inner = inner + over(relative, sums, both_zero)
    out_u, out_v = [over(out, np.expand_dims(s, -2), is_zero) for out in (out_u, out_v)]
    result = np.matmul(np.matmul(u1, inner) + out_u, vh1) + np.matmul(u1, dagger(out_v))
    return np.conjugate(result)


def _svd_jvp(t: Array, ans: Array, function: str = "svd") -> Any:
    u, s, vh = ans
    k, n = s.shape[-1], max(u.shape[-2], vh.shape[-1])
    u1, v1 = u[..., :k], dagger(vh[..., :k, :])
    tangent = np.matmul(np.matmul(dagger(u1), t), v1)
    out_u, out_v = _beyond(u1, np.matmul(t, v1)), _beyond(v1, np.matmul(dagger(t), u1))
    sums, both_zero, is_zero = _sums(s, n)

    parts = (tangent, both_zero), (out_u, is_zero), (out_v, is_zero)
    for part, nowhere in parts:
        require_zero(part, nowhere, FORWARD.format(function, ZERO), largest(t))

    def steady(part: Array, nowhere: Any) -> Any:
        check = partial(require_zero, where=nowhere, message=SECOND.format(function))
        return determined(part, check) if np.any(nowhere) else part

    tangent, out_u, out_v = [steady(part, nowhere) for part, nowhere in parts]
    relative = skew(steady(over(skew(tangent), sums, both_zero), both_zero))
    out_u, out_v = [
        steady(over(out, np.expand_dims(s, -2), is_zero), is_zero) for out in (out_u, out_v)
    ]
    joint, turn = turning(function, hermitian(tangent), s, n)
    turn = skew(turn)
    of_u = _whole(u, np.matmul(u1, turn + relative) + out_u)
    of_v = _whole(dagger(vh), np.matmul(v1, turn - relative) + out_v)
    return of_u, np.real(diagonal_of(joint)), dagger(of_v)


def _sums(s: Any, n: int) -> tuple[Any, Any, Any]:
    """s_i + s_j; which of them are zero, (…, k, k); and which s_j are, (…, 1, k)."""
    sums = np.expand_dims(s, -1) + np.expand_dims(s, -2)
    is_zero = np.expand_dims(vanishing(s, n), -2)
    return sums, np.logical_and(is_zero, np.swapaxes(is_zero, -1, -2)), is_zero


def _of_singular_values(function: str, g: Array, u: Array, s: Any, vh: Any) -> Any:
    """The cotangent of a matrix, from that of its singular values alone."""
    n = max(u.shape[-2], vh.shape[-1])
    is_zero = vanishing(s, n)
    require_zero(
        g,
        is_zero,
        f"np.linalg.{function}: a singular value is 0, where it has no derivative, like an "
        "absolute value; np.linalg.norm with ord='nuc' has gradient 0 there",
        beside(g, largest(s, (-1,)), (-1,)),
    )
    result = np.matmul(u, of_values(function, g, s, n, vh, True))
    if np.any(is_zero):
        result = determined(result, on_values(_check_of_the_rest, function, u, is_zero, vh))
    return np.conjugate(result)


def _check_of_the_rest(function: str, u: Array, is_zero: Any, vh: Any) -> Any:
    """A check that of a matrix vectors of the value 0, and those that are missing, have nothing."""
    kept = np.logical_not(is_zero)
    own_u, own_v = u * kept[..., None, :], dagger(vh) * kept[..., None, :]
    any_zero = np.any(is_zero, -1)[..., None, None]

    def check(x: Array) -> None:
        x = np.conjugate(x)
        rest = x - np.matmul(own_u, np.matmul(dagger(own_u), x))
        rest = rest - np.matmul(np.matmul(rest, own_v), dagger(own_v))
        require_zero(rest, any_zero, SECOND.format(function), largest(x))

    return check


def _svdvals_vjp(g: Array, x: Array) -> Any:
    return _of_singular_values("svdvals", g, *svd_factors(x))


def _svdvals_jvp(t: Array, x: Array) -> Any:
    return _svd_jvp(t, svd_factors(x), "svdvals")[1]


_OF_ZERO = np.linalg.svd(np.zeros((1, 1)), hermitian=True)


def _svd(a: Array, full_matrices: Any, compute_uv: Any, hermitian: Any) -> Any:
    if not hermitian:
        return svd_factors(a, bool(full_matrices)) if compute_uv else np.linalg.svdvals(a)
    if not compute_uv:
        return np.sort(np.absolute(np.linalg.eigvalsh(a)))[..., ::-1]
    w, u = np.linalg.eigh(a)
    order = np.argsort(np.absolute(w))[..., ::-1]
    w = np.take_along_axis(w, order, -1)
    u = np.take_along_axis(u, order[..., None, :], -1)
    # NumPy 2.0 takes 0 for the sign of 0, later versions 1.
    sign = np.where(np.equal(w, 0), _OF_ZERO.Vh[0, 0], np.where(np.signbit(w), -1, 1))
    vh = dagger(u * np.expand_dims(sign.astype(w.dtype), -2))
    return type(_OF_ZERO)(u, np.absolute(w), vh)


ROWS = (
    general(np.linalg.cholesky, signature("a", "*", upper=False), (_cholesky_vjp, _cholesky_jvp)),
    general(qr_factors, (_qr_vjp, _qr_jvp), constant_outputs=(), none_cotangents=True),
    composed(np.linalg.qr, signature("a", mode="reduced"), _qr, {"a"}),
    general(
        svd_factors,
        (_svd_vjp, lambda t, ans: _svd_jvp(t, ans)),
        constant_outputs=(),
        none_cotangents=True,
    ),
    general(np.linalg.svdvals, signature("x"), (_svdvals_vjp, _svdvals_jvp)),
    composed(
        np.linalg.svd,
        signature("a", full_matrices=True, compute_uv=True, hermitian=False),
        _svd,
        {"a"},
    ),
)
