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
  directions that leave the vectors of equal values alone and change the values alike, for losses
  that use neither, and for sums of values: ``ValueError`` otherwise.
- *Forward mode* does not know what becomes of its results. Where values coincide, it raises unless
  the tangent changes them alike and leaves their vectors alone. A complex vector keeps its phase.
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

from ..core.arrays import Array, cast
from ..core.signature import signature
from ..core.table import general, same
from .constants import on_values
from .factors import completed, condition, determined
from .matrices import (
    CHOICE,
    PHASE,
    beside,
    dagger,
    diagonal_matrix,
    diagonal_of,
    hermitian,
    in_basis,
    of_values,
    raise_where,
    require_zero,
    skew,
    turning,
)

# Hermitian matrices


def _eigh_vjp(g: Any, ans: Any, function: str = "eigh") -> Any:
    # dw = diag(Vᴴ·dA·V) and Vᴴ·dV = F∘(Vᴴ·dA·V) with F_ij = 1 / (w_j − w_i)
    g_values, g_vectors = g
    w, v = ans
    if g_vectors is None:
        inner = of_values(function, g_values, w, w.shape[-1], dagger(v), True)
    else:
        turn = np.matmul(dagger(v), np.conjugate(g_vectors))
        n, size = w.shape[-1], beside(g_vectors)
        inner = in_basis(function, g_values, skew(turn), (turn,), w, n, size)
        inner = np.matmul(inner, dagger(v))
    return np.conjugate(hermitian(np.matmul(v, inner)))


def _eigh_jvp(t: Any, ans: Any, function: str = "eigh") -> Any:
    w, v = ans
    tangent = np.matmul(np.matmul(dagger(v), hermitian(t)), v)
    tangent, turn = turning(function, tangent, w, w.shape[-1])
    return np.real(diagonal_of(tangent)), np.matmul(v, skew(turn))


def _eigvalsh_vjp(g: Any, a: Any, UPLO: Any) -> Any:  # noqa: N803
    return _eigh_vjp((g, None), np.linalg.eigh(a, UPLO), "eigvalsh")


def _eigvalsh_jvp(t: Any, a: Any, UPLO: Any) -> Any:  # noqa: N803
    return _eigh_jvp(t, np.linalg.eigh(a, UPLO), "eigvalsh")[0]


# Any square matrix


def _require_eigenvectors(function: str, v: Array) -> None:
    raise_where(
        np.greater(condition(v), np.finfo(v.dtype).eps ** -0.75),
        f"np.linalg.{function}: the matrix is defective (to rounding, it has fewer eigenvectors "
        "than rows), so its eigenvalues have no derivative",
    )


def _eig_vjp(g: Any, ans: Any, a_like: Any, function: str = "eig") -> Any:
    # With T = V⁻¹·dA·V: dw = diag T, and dv_i = d_i − v_i·(v_iᴴ·d_i) for d = V·(F∘T), since LAPACK
    # gives vectors of length 1.
    g_values, g_vectors = g
    w, v = ans
    _require_eigenvectors(function, v)
    transposed = np.swapaxes(v, -1, -2)
    if g_vectors is None:
        inner = of_values(function, g_values, w, w.shape[-1], transposed, False)
    else:
        if a_like.dtype.kind != "c":
            # a real matrix keeps the vector of a real value real, whatever dtype NumPy gives it
            is_real = np.expand_dims(np.equal(np.imag(w), 0), -2)
            g_vectors = np.where(is_real, np.real(g_vectors), g_vectors)
        size = beside(g_vectors)
        along = np.sum(v * g_vectors, -2)
        require_zero(np.imag(along), True, CHOICE.format(function, PHASE), size[..., 0])
        across = g_vectors - np.conjugate(v) * np.expand_dims(along, -2)
        used = np.matmul(transposed, across)
        turn = used - diagonal_matrix(diagonal_of(used))
        inner = in_basis(function, g_values, turn, (used,), w, w.shape[-1], size)
        inner = np.matmul(inner, transposed)
    return np.linalg.solve(transposed, inner)


def _eig_jvp(t: Any, ans: Any, function: str = "eig") -> Any:
    w, v = ans
    _require_eigenvectors(function, v)
    tangent = np.linalg.solve(v, np.matmul(t, v))
    tangent, turn = turning(function, tangent, w, w.shape[-1])
    change = np.matmul(v, turn)
    along = np.sum(np.conjugate(v) * change, -2)
    return diagonal_of(tangent), change - v * np.expand_dims(along, -2)


# LAPACK computes eigenvalues alone by other steps than with their vectors. They may come in another
# order; and where two nearly coincide, be real in one case and complex in the other.


def _eigvals_vjp(g: Any, a: Any, ans: Any) -> Any:
    w, v = np.linalg.eig(a)
    g = np.take_along_axis(g, np.argsort(on_values(places, w, ans), -1), -1)
    return cast(_eig_vjp((g, None), (w, v), a, "eigvals"), a.dtype)


def _eigvals_jvp(t: Any, a: Any, ans: Any) -> Any:
    w, v = np.linalg.eig(a)
    change, _ = _eig_jvp(t, (w, v), "eigvals")
    return cast(np.take_along_axis(change, on_values(places, w, ans), -1), ans.dtype)


def places(found: Any, wanted: Any) -> Any:
    """Where each of the `wanted` values is among those `found`: the nearest that is still free."""
    distances = np.absolute(np.expand_dims(wanted, -1) - np.expand_dims(found, -2))
    places = np.zeros(wanted.shape, int)
    for i in range(wanted.shape[-1]):
        places[..., i] = np.argmin(distances[..., i, :], -1)
        np.put_along_axis(distances, places[..., i, None, None], np.inf, -1)
    return places


def _checked(g: Array, check: Any) -> Any:
    check(g)
    return g


ROWS = (
    general(determined, same(_checked)),
    # Hermitian matrices
    general(completed, (lambda g: hermitian(g), lambda t: hermitian(t))),
    general(
        np.linalg.eigh,
        signature("a", UPLO="L"),
        (
            lambda g, ans: _eigh_vjp(g, ans),
            lambda t, ans: _eigh_jvp(t, ans),
        ),
        constant_outputs=(),
        none_cotangents=True,
    ),
    general(np.linalg.eigvalsh, signature("a", UPLO="L"), (_eigvalsh_vjp, _eigvalsh_jvp)),
    # any square matrix
    general(
        np.linalg.eig,
        signature("a"),
        (
            lambda g, ans, a_like: _eig_vjp(g, ans, a_like),
            lambda t, ans: _eig_jvp(t, ans),
        ),
        constant_outputs=(),
        none_cotangents=True,
    ),
    general(np.linalg.eigvals, signature("a"), (_eigvals_vjp, _eigvals_jvp)),
)
