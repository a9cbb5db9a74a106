"""Eigenvalues and eigenvectors: eigh, eigvalsh, eig, eigvals; and where these have no derivative.

All take stacks of matrices, (…, n, n).

- *Hermitian matrices.* `eigh` and `eigvalsh` (and `cholesky`) read one triangle. Their derivative
  is that of a function of Hermitian matrices: the gradient is Hermitian (real: symmetric), and
  forward mode takes the Hermitian part of a tangent.
- *Vectors are not unique.* A complex vector has a free phase, and vectors whose values coincide
  may be turned among each other. A loss has a derivative only where it does not depend on such a
  choice. Then the cotangent does not turn the vectors that way, and the gradient is finite and
  right, as that of the projector v @ v.T over a whole eigenspace. If it turns them by more than
  rounding errors: ``ValueError``.
- *Values that coincide* must play the same part in the loss, as in their sum or their product, that
  is, have the same cotangent: ``ValueError`` otherwise.
- *Both together*, as in v @ np.diag(np.sqrt(w)) @ v.T. Where values coincide, the derivative is not
  determined by the cotangents of w and v. Both must be zero there, which is taken to mean that
  they are not used: ``ValueError`` otherwise.
- *Second derivatives* are not determined by cotangents either, where values coincide. They exist in
  directions that leave the vectors of equal values alone and change the values alike, and for
  losses that use neither: ``ValueError`` otherwise.
- *Forward mode* does not know what becomes of its results. Where values coincide, the tangents of
  `eigvalsh` are the one-sided derivatives, in order; `eigh`, `eig` and `eigvals` raise unless the
  tangent leaves the vectors of equal values alone, and in order. A complex vector keeps its phase.
- *Real matrices.* `eig` and `eigvals` give complex numbers since NumPy 2.5, also where all are
  real, which older ones give as such. The gradient is real, and the same with both, for a loss
  that takes real parts: ``np.sum(np.linalg.eigvals(a).real ** 2)``.
- *Defective matrices* have fewer eigenvectors than rows, and their eigenvalues no derivative:
  ``ValueError``.

The same holds for singular values and their vectors, in `factorisations`. The formulas are those of
M. Giles, "Collected matrix derivative results for forward and reverse mode algorithmic
differentiation" (2008), for complex matrices.

>>> from tinygrad_np import grad
>>> grad(lambda a: np.sum(np.linalg.eigvalsh(a) ** 2))(np.eye(2))
array([[2., 0.],
       [0., 2.]])
"""

from typing import Any

import numpy as np

from ..kernels.elementwise import cast
from ..kernels.factors import completed, condition, determined_quotient, from_eigenvalues
from .matrices import (
    CHOICE,
    PHASE,
    SECOND,
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
    turned,
    turning,
)
from .table import general, takes

# Hermitian matrices


def _eigh_vjp(g: Any, ans: Any) -> Any:
    # dw = diag(Vᴴ·dA·V) and Vᴴ·dV = F∘(Vᴴ·dA·V) with F_ij = 1 / (w_j − w_i)
    of_values, of_vectors = g
    w, v = ans
    n = w.shape[-1]
    if of_vectors is None:
        return _from_values("eigh", of_values, w, v)
    size = beside(of_vectors)
    turn = np.matmul(dagger(v), np.conjugate(of_vectors))
    inner = turned("eigh", skew(turn), w, n, size, of_values is None)
    if of_values is not None:
        require_apart("eigh", different(coinciding(w, n)), of_values, w, turn, size)
        inner = inner + diagonal_matrix(of_values)
    return np.conjugate(hermitian(np.matmul(np.matmul(v, inner), dagger(v))))


def _from_values(function: str, g: Any, w: Any, v: Any) -> Any:
    """The cotangent of Hermitian matrices, from that of their eigenvalues alone."""
    require_symmetric(function, g, w, w.shape[-1])
    result = sandwich(v, g, dagger(v))
    return np.conjugate(
        hermitian(from_eigenvalues(result, w, np.swapaxes(v, -1, -2), np.conjugate(v)))
    )


def _second_of_values(g: Any, w: Any, left: Any, right: Any) -> Any:
    """The vjp of a cotangent that was made of those of the values w alone: raise or do nothing.

    Its own derivative is known by what it means for each value, and where values coincide for what
    lies between them: nothing but a multiple of the unit matrix may lie there.
    """
    n = w.shape[-1]
    no_gap = coinciding(w, n)
    if np.any(different(no_gap)):
        part = np.matmul(np.matmul(left, g), right)
        require_multiple_of_one("eigvals", part, no_gap)
    return g


def _eigh_jvp(t: Any, ans: Any) -> Any:
    w, v = ans
    tangent = np.matmul(np.matmul(dagger(v), hermitian(t)), v)
    change = np.real(diagonal_of(tangent))
    turn = turning("eigh", tangent, w, w.shape[-1])
    require_order("eigh", change, w, w.shape[-1])
    return change, np.matmul(v, skew(turn))


def _eigvalsh_vjp(g: Any, a: Any, UPLO: Any) -> Any:  # noqa: N803
    return _from_values("eigvalsh", g, *np.linalg.eigh(a, UPLO))


def _eigvalsh_jvp(t: Any, a: Any, UPLO: Any) -> Any:  # noqa: N803
    w, v = np.linalg.eigh(a, UPLO)
    tangent = np.matmul(np.matmul(dagger(v), hermitian(t)), v)
    no_gap = coinciding(w, w.shape[-1])
    if np.any(different(no_gap)):
        return one_sided(tangent, no_gap)
    return np.real(diagonal_of(tangent))


# Any square matrix


def _require_eigenvectors(function: str, v: Any) -> None:
    raise_where(
        np.greater(condition(v), np.finfo(v.dtype).eps ** -0.75),
        f"np.linalg.{function}: the matrix is defective (to rounding, it has fewer eigenvectors "
        "than rows), so its eigenvalues have no derivative",
    )


def _from_eigenbasis(inner: Any, v: Any) -> Any:
    """The transpose of t → V⁻¹·t·V: V⁻ᵀ·inner·Vᵀ."""
    transposed = np.swapaxes(v, -1, -2)
    return np.linalg.solve(transposed, np.matmul(inner, transposed))


def _eig_vjp(g: Any, ans: Any, a_like: Any) -> Any:
    # With T = V⁻¹·dA·V: dw = diag T, and dv_i = d_i − v_i·(v_iᴴ·d_i) for d = V·(F∘T), since LAPACK
    # gives vectors of length 1.
    of_values, of_vectors = g
    w, v = ans
    n = w.shape[-1]
    _require_eigenvectors("eig", v)
    if of_vectors is None:
        require_symmetric("eig", of_values, w, n)
        return _from_any_values(of_values, w, v)
    if a_like.dtype.kind != "c":
        # a real matrix keeps the vector of a real value real, whatever dtype NumPy gives it
        is_real = np.expand_dims(np.equal(np.imag(w), 0), -2)
        of_vectors = np.where(is_real, np.real(of_vectors), of_vectors)
    size = beside(of_vectors)
    along = np.sum(v * of_vectors, -2)
    raise_where(
        np.greater(np.absolute(np.imag(along)), precision(along) * size[..., 0]),
        CHOICE.format("eig", PHASE),
    )
    across = of_vectors - np.conjugate(v) * np.expand_dims(along, -2)
    turn = np.matmul(np.swapaxes(v, -1, -2), across)
    inner = turned("eig", turn - diagonal_matrix(diagonal_of(turn)), w, n, size, of_values is None)
    if of_values is not None:
        require_apart("eig", different(coinciding(w, n)), of_values, w, turn, size)
        inner = inner + diagonal_matrix(of_values)
    return _from_eigenbasis(inner, v)


def _from_any_values(g: Any, w: Any, v: Any) -> Any:
    return from_eigenvalues(_from_eigenbasis(diagonal_matrix(g), v), w, np.linalg.inv(v), v)


def _eig_jvp(t: Any, ans: Any) -> Any:
    w, v = ans
    _require_eigenvectors("eig", v)
    tangent = np.linalg.solve(v, np.matmul(t, v))
    change = np.matmul(v, turning("eig", tangent, w, w.shape[-1]))
    along = np.sum(np.conjugate(v) * change, -2)
    return diagonal_of(tangent), change - v * np.expand_dims(along, -2)


def _eigvals_vjp(g: Any, a: Any, ans: Any) -> Any:
    w, v = np.linalg.eig(a)
    _require_eigenvectors("eigvals", v)
    g = along_last(g, np.argsort(_places(w, ans), -1))
    require_symmetric("eigvals", g, w, w.shape[-1])
    return cast(_from_any_values(g, w, v), a.dtype)


def _eigvals_jvp(t: Any, a: Any, ans: Any) -> Any:
    w, v = np.linalg.eig(a)
    _require_eigenvectors("eigvals", v)
    tangent = np.linalg.solve(v, np.matmul(t, v))
    turning("eigvals", tangent, w, w.shape[-1])
    return cast(along_last(diagonal_of(tangent), _places(w, ans)), ans.dtype)


# LAPACK computes eigenvalues alone by other steps than with their vectors. They may come in another
# order; and where two nearly coincide, be real in one case and complex in the other.


def _places(found: Any, wanted: Any) -> Any:
    """Where each of the `wanted` values is among those `found`."""
    distances = np.absolute(np.expand_dims(wanted, -1) - np.expand_dims(found, -2))
    nearest = np.argsort(distances, -1)
    places = np.zeros(nearest.shape[:-1], int)
    for stacked in np.ndindex(*nearest.shape[:-2]):
        free = set(range(nearest.shape[-1]))
        for i, candidates in enumerate(nearest[stacked]):
            places[(*stacked, i)] = next(j for j in candidates.tolist() if j in free)
            free.remove(places[(*stacked, i)].item())
    return places


# Forward mode gives 0 / 0 = 0 for a turn that is not determined. This must not matter to what is
# made of it, and x must stay zero.


def _quotient_vjp(g: Any, y: Any, is_zero: Any) -> Any:
    wrong = np.greater(np.absolute(g), precision(g) * beside(g))
    raise_where(np.logical_and(is_zero, wrong), SECOND.format("eigh, eig or svd"))
    return over(g, y, is_zero)


def _quotient_jvp(t: Any, y: Any, is_zero: Any) -> Any:
    wrong = np.greater(np.absolute(t), precision(t) * largest(t))
    raise_where(np.logical_and(is_zero, wrong), SECOND.format("eigh, eig or svd"))
    return over(t, y, is_zero)


ROWS = (
    # Hermitian matrices
    general(completed, (lambda g: hermitian(g), lambda t: hermitian(t))),
    general(
        np.linalg.eigh,
        takes("a", UPLO="L"),
        (_eigh_vjp, _eigh_jvp),
        constant_outputs=(),
        gaps=True,
    ),
    general(np.linalg.eigvalsh, takes("a", UPLO="L"), (_eigvalsh_vjp, _eigvalsh_jvp)),
    # any square matrix
    general(np.linalg.eig, takes("a"), (_eig_vjp, _eig_jvp), constant_outputs=(), gaps=True),
    general(np.linalg.eigvals, takes("a"), (_eigvals_vjp, _eigvals_jvp)),
    general(
        determined_quotient,
        (_quotient_vjp, _quotient_jvp),
        (
            lambda g, ans, y, is_zero: -over(g * ans, y, is_zero),
            lambda t, ans, y, is_zero: -over(t * ans, y, is_zero),
        ),
        broadcasts=True,
        locally_constant={"is_zero": "it says where to look"},
    ),
    general(
        from_eigenvalues,
        x=(_second_of_values, lambda t: t),
        locally_constant=dict.fromkeys(("w", "left", "right"), "it says where to look"),
    ),
)
