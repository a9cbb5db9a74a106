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
- Forward mode: where singular values coincide or are zero, the tangents of `svdvals` are the
  one-sided derivatives, in order; `svd` raises unless the tangent leaves their vectors alone.

>>> from tinygrad_np import grad
>>> grad(lambda a: np.linalg.cholesky(a)[0, 0])(np.diag([4.0, 1.0]))
array([[0.25, 0.  ],
       [0.  , 0.  ]])
"""

from typing import Any

import numpy as np

from ..kernels.factors import (
    determined_quotient,
    from_singular_values,
    qr_factors,
    svd_factors,
)
from .matrices import (
    CHOICE,
    FORWARD,
    SECOND,
    ZERO,
    along_last,
    beside,
    coinciding,
    dagger,
    diagonal_matrix,
    diagonal_of,
    different,
    hermitian,
    largest,
    one_sided,
    over,
    precision,
    raise_where,
    require_apart,
    require_multiple_of_one,
    require_order,
    require_symmetric,
    sandwich,
    skew,
    triangle,
    turned,
    turning,
    vanishing,
)
from .table import composed, general, takes

_REST = "the vectors beyond the shorter side are any basis of what is missing"

# Lower times upper


def _lower_half(x: Any) -> Any:
    """The lower triangle, with half of the diagonal."""
    return triangle(x) - diagonal_matrix(diagonal_of(x)) / 2


def _cholesky_vjp(g: Any, ans: Any, upper: Any) -> Any:
    # dL = L·lower_half(L⁻¹·dA·L⁻ᴴ)
    g = np.conjugate(g)
    low, g = (dagger(ans), dagger(g)) if upper else (ans, g)
    inverse = np.linalg.inv(low)
    inner = hermitian(_lower_half(np.matmul(dagger(low), g)))
    return np.conjugate(hermitian(np.matmul(np.matmul(dagger(inverse), inner), inverse)))


def _cholesky_jvp(t: Any, ans: Any, upper: Any) -> Any:
    low = dagger(ans) if upper else ans
    inverse = np.linalg.inv(low)
    inner = np.matmul(np.matmul(inverse, hermitian(t)), dagger(inverse))
    tangent = np.matmul(low, _lower_half(inner))
    return dagger(tangent) if upper else tangent


# Orthonormal columns


def _parts(function: str, basis: Any, k: int, g: Any) -> tuple[Any, Any]:
    """Of the cotangent g of an orthonormal basis, the first k columns of which are B, the others C:

    Bᴴ·g_B, by which B turns within its span, and (1 − B·Bᴴ)·g_B − C·g_Cᴴ·B, by which it leaves it.
    C follows, since dC = −B·dBᴴ·C is as good as any.
    """
    own, rest = basis[..., :k], basis[..., k:]
    inside = np.matmul(dagger(own), g[..., :k])
    if k == basis.shape[-2]:
        return inside, np.zeros_like(own)
    outside = g[..., :k] - np.matmul(own, inside)
    if rest.shape[-1]:
        turn = skew(np.matmul(dagger(rest), g[..., k:]))
        wrong = np.greater(np.absolute(turn), precision(turn) * beside(g))
        raise_where(wrong, CHOICE.format(function, _REST))
        outside = outside - np.matmul(rest, np.matmul(dagger(g[..., k:]), own))
    return inside, outside


def _whole(basis: Any, tangent: Any) -> Any:
    """The tangent of B, with that of the columns C that follow it: −B·dBᴴ·C."""
    k = tangent.shape[-1]
    if k == basis.shape[-1]:
        return tangent
    rest = np.matmul(basis[..., :k], np.matmul(dagger(tangent), basis[..., k:]))
    return np.concatenate([tangent, -rest], -1)


# Orthogonal times triangular


def _turn(x: Any) -> Any:
    """Ω(x) = L − Lᴴ + i·Im diag(x), L strictly below the diagonal: x − Ω is upper triangular."""
    low = triangle(x, -1)
    return low - dagger(low) + diagonal_matrix(diagonal_of(skew(x)))


def _turn_adjoint(x: Any) -> Any:
    """The adjoint of Ω."""
    return triangle(x - dagger(x), -1) + diagonal_matrix(diagonal_of(skew(x)))


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


def _qr_vjp(g: Any, ans: Any) -> Any:
    # a = Q·[R1, R2]. With X = dA1·R1⁻¹ and M = Qᴴ·X: dQ = Q·Ω(M) + X − Q·M,
    # dR1 = (M − Ω(M))·R1, dR2 = Qᴴ·dA2 − Ω(M)·R2.
    of_q, of_r = g
    k, columns = min(ans[1].shape[-2:]), ans[1].shape[-1]
    r1 = _leading_triangle(ans[1], ans[0].shape[-2])
    q, r = ans[0][..., :k], ans[1][..., :k, :]
    turn = outside = square = 0
    if of_q is not None:
        turn, outside = _parts("qr", ans[0], k, np.conjugate(of_q))
    if of_r is not None:
        of_r = np.conjugate(of_r)[..., :k, :]
        square = np.matmul(of_r[..., :k], dagger(r1))
        turn = turn - np.matmul(of_r, dagger(r))
    # <turn, Ω(M)> + <square, M> + <outside, X> as <…, dA1>
    of_x = np.matmul(q, _turn_adjoint(turn) + square) + outside
    result = dagger(np.linalg.solve(r1, dagger(of_x)))
    if columns > k:
        others = np.zeros_like(r[..., k:]) if of_r is None else np.matmul(q, of_r[..., k:])
        result = np.concatenate([result, others], -1)
    return np.conjugate(result)


def _qr_jvp(t: Any, ans: Any) -> Any:
    k, (rows, columns) = min(ans[1].shape[-2:]), ans[1].shape[-2:]
    r1 = _leading_triangle(ans[1], ans[0].shape[-2])
    q, r = ans[0][..., :k], ans[1][..., :k, :]
    x = dagger(np.linalg.solve(dagger(r1), dagger(t[..., :k])))
    inner = np.matmul(dagger(q), x)
    turn = _turn(inner)
    of_q = _whole(ans[0], np.matmul(q, turn - inner) + x)
    of_r = np.matmul(inner - turn, r1)
    if columns > k:
        others = np.matmul(dagger(q), t[..., k:]) - np.matmul(turn, r[..., k:])
        of_r = np.concatenate([of_r, others], -1)
    if rows > k:
        of_r = np.concatenate([of_r, np.zeros_like(ans[1][..., k:, :])], -2)
    return of_q, of_r


def _qr(a: Any, mode: Any) -> Any:
    if mode == "r":
        return qr_factors(a)[1]
    if mode not in ("reduced", "complete"):
        raise ValueError(
            f"np.linalg.qr: mode {mode!r} does not take a Tensor; use 'reduced', 'complete' or 'r'"
        )
    return qr_factors(a, mode)


# Singular values and vectors


def _svd_vjp(g: Any, ans: Any) -> Any:
    # With M = Uᴴ·dA·V: dS = Re diag M; within their spans U turns by X + Y and V by X − Y, where
    # X_ij = hermitian(M)_ij / (s_j − s_i) and Y_ij = skew(M)_ij / (s_i + s_j); and they leave them
    # by (1 − U·Uᴴ)·dA·V·S⁻¹ and (1 − V·Vᴴ)·dAᴴ·U·S⁻¹.
    of_u, of_s, of_vh = g
    u, s, vh = ans
    k, n = s.shape[-1], max(u.shape[-2], vh.shape[-1])
    u1, vh1 = u[..., :k], vh[..., :k, :]
    if of_u is None and of_vh is None:
        return by_singular_values("svd", of_s, u1, s, vh1)
    of_u = np.zeros_like(u) if of_u is None else np.conjugate(of_u)
    of_v = np.zeros_like(vh) if of_vh is None else np.conjugate(of_vh)
    size = np.maximum(beside(of_u), beside(of_v))
    in_u, out_u = _parts("svd", u, k, of_u)
    in_v, out_v = _parts("svd", dagger(vh), k, dagger(of_v))
    sums, both_zero, is_zero = _sums(s, n)
    joint, relative = skew(in_u + in_v), skew(in_u - in_v)
    for part, nowhere in ((relative, both_zero), (out_u, is_zero), (out_v, is_zero)):
        used = np.greater(np.absolute(part), precision(part) * size)
        raise_where(np.logical_and(nowhere, used), CHOICE.format("svd", ZERO))
    inner = turned("svd", joint, s, n, size, of_s is None) + over(relative, sums, both_zero)
    if of_s is not None:
        degenerate = np.logical_or(different(coinciding(s, n)), both_zero)
        for turn in (in_u, in_v):
            require_apart("svd", degenerate, of_s, s, turn, size)
        inner = inner + diagonal_matrix(of_s)
    out_u, out_v = [over(out, np.expand_dims(s, -2), is_zero) for out in (out_u, out_v)]
    result = np.matmul(np.matmul(u1, inner) + out_u, vh1) + np.matmul(u1, dagger(out_v))
    return np.conjugate(result)


def _svd_jvp(t: Any, ans: Any) -> Any:
    u, s, vh = ans
    k, n = s.shape[-1], max(u.shape[-2], vh.shape[-1])
    u1, v1 = u[..., :k], dagger(vh[..., :k, :])
    tangent = np.matmul(np.matmul(dagger(u1), t), v1)
    out_u = _outside(u1, np.matmul(t, v1), tangent)
    out_v = _outside(v1, np.matmul(dagger(t), u1), dagger(tangent))
    sums, both_zero, is_zero = _sums(s, n)
    for part, nowhere in ((tangent, both_zero), (out_u, is_zero), (out_v, is_zero)):
        used = np.greater(np.absolute(part), precision(t) * largest(t))
        raise_where(np.logical_and(nowhere, used), FORWARD.format("svd", ZERO))
    change = np.real(diagonal_of(tangent))
    joint = turning("svd", hermitian(tangent), s, n)
    require_order("svd", -change, s, n)
    joint, relative = skew(joint), skew(determined_quotient(skew(tangent), sums, both_zero))
    out_u = determined_quotient(out_u, np.expand_dims(s, -2), is_zero)
    out_v = determined_quotient(out_v, np.expand_dims(s, -2), is_zero)
    of_u = _whole(u, np.matmul(u1, joint + relative) + out_u)
    of_v = _whole(dagger(vh), np.matmul(v1, joint - relative) + out_v)
    return of_u, change, dagger(of_v)


def _outside(basis: Any, x: Any, inside: Any) -> Any:
    """What is left of x without its part basis·inside: nothing if the basis is complete."""
    if basis.shape[-1] == basis.shape[-2]:
        return np.zeros_like(basis)
    return x - np.matmul(basis, inside)


def _sums(s: Any, n: int) -> tuple[Any, Any, Any]:
    """s_i + s_j; which of them are zero, (…, k, k); and which s_j are, (…, 1, k)."""
    sums = np.expand_dims(s, -1) + np.expand_dims(s, -2)
    is_zero = np.expand_dims(vanishing(s, n), -2)
    return sums, np.logical_and(is_zero, np.swapaxes(is_zero, -1, -2)), is_zero


def by_singular_values(function: str, g: Any, u: Any, s: Any, vh: Any) -> Any:
    """The cotangent of a matrix, from that of its singular values alone."""
    n = max(u.shape[-2], vh.shape[-1])
    require_symmetric(function, g, s, n)
    used = np.greater(np.absolute(g), precision(g) * beside(g, largest(s, (-1,)), (-1,)))
    raise_where(
        np.logical_and(vanishing(s, n), used),
        f"np.linalg.{function}: a singular value is 0, where it has no derivative, like an "
        "absolute value; np.linalg.norm with ord='nuc' has gradient 0 there",
    )
    return np.conjugate(from_singular_values(sandwich(u, g, vh), s, u, vh))


def _second_of_values(g: Any, s: Any, u: Any, vh: Any) -> Any:
    """The vjp of a cotangent that was made of those of the values alone: raise or do nothing."""
    n = max(u.shape[-2], vh.shape[-1])
    no_gap, is_zero = coinciding(s, n), vanishing(s, n)
    x = np.conjugate(g)
    if np.any(different(no_gap)):
        part = hermitian(np.matmul(np.matmul(dagger(u), x), dagger(vh)))
        require_multiple_of_one("svdvals", part, no_gap)
    if np.any(is_zero):
        part = _left_by(np.logical_not(is_zero), x, u, vh)
        used = np.greater(np.absolute(part), precision(x) * largest(x))
        any_zero = np.any(is_zero, -1)[..., None, None]
        raise_where(np.logical_and(any_zero, used), SECOND.format("svdvals"))
    return g


def _left_by(kept: Any, x: Any, u: Any, vh: Any) -> Any:
    """What vectors that are not kept, and those that are missing, have of a matrix."""
    kept = kept.astype(u.real.dtype)
    x = x - np.matmul(sandwich(u, kept, dagger(u)), x)
    return x - np.matmul(x, sandwich(dagger(vh), kept, vh))


def singular_values_jvp(t: Any, u: Any, s: Any, vh: Any) -> Any:
    """The tangents of singular values alone: one-sided where they coincide or are zero."""
    n = max(u.shape[-2], vh.shape[-1])
    tangent = np.matmul(np.matmul(dagger(u), t), dagger(vh))
    result = np.real(diagonal_of(tangent))
    no_gap = coinciding(s, n)
    if np.any(different(no_gap)):
        result = -one_sided(-hermitian(tangent), no_gap)  # the values descend
    is_zero = vanishing(s, n)
    if np.any(is_zero):
        # They become the singular values of what the others leave of the tangent. The others are
        # shifted out of the way.
        kept = np.logical_not(is_zero)
        rest = _left_by(kept, t, u, vh)
        shift = kept * (1 + 2 * s.shape[-1] * n * largest(rest)[..., 0])
        result = np.where(is_zero, np.linalg.svdvals(rest + sandwich(u, shift, vh)), result)
    return result


def _svdvals_vjp(g: Any, x: Any) -> Any:
    return by_singular_values("svdvals", g, *svd_factors(x))


def _svdvals_jvp(t: Any, x: Any) -> Any:
    return singular_values_jvp(t, *svd_factors(x))


_OF_ZERO = np.linalg.svd(np.zeros((1, 1)), hermitian=True)


def _svd(a: Any, full_matrices: Any, compute_uv: Any, hermitian: Any) -> Any:
    if not hermitian:
        return svd_factors(a, bool(full_matrices)) if compute_uv else np.linalg.svdvals(a)
    if not compute_uv:
        s = np.absolute(np.linalg.eigvalsh(a))
        return along_last(s, np.argsort(s)[..., ::-1])
    w, u = np.linalg.eigh(a)
    order = np.argsort(np.absolute(w))[..., ::-1]
    w = along_last(w, order)
    u = along_last(u, np.broadcast_to(order[..., None, :], u.shape))
    # NumPy 2.0 takes 0 for the sign of 0, later versions 1.
    sign = np.where(np.equal(w, 0), _OF_ZERO.Vh[0, 0], np.where(np.signbit(w), -1, 1))
    vh = dagger(u * np.expand_dims(sign.astype(w.dtype), -2))
    return type(_OF_ZERO)(u, np.absolute(w), vh)


ROWS = (
    general(np.linalg.cholesky, takes("a", "*", upper=False), (_cholesky_vjp, _cholesky_jvp)),
    general(qr_factors, (_qr_vjp, _qr_jvp), constant_outputs=(), gaps=True),
    composed(np.linalg.qr, takes("a", mode="reduced"), _qr, {"a"}),
    general(svd_factors, (_svd_vjp, _svd_jvp), constant_outputs=(), gaps=True),
    general(np.linalg.svdvals, takes("x"), (_svdvals_vjp, _svdvals_jvp)),
    general(
        from_singular_values,
        x=(_second_of_values, lambda t: t),
        locally_constant=dict.fromkeys(("s", "u", "vh"), "it says where to look"),
    ),
    composed(
        np.linalg.svd,
        takes("a", full_matrices=True, compute_uv=True, hermitian=False),
        _svd,
        {"a"},
    ),
)
