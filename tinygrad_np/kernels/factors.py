"""Factorisations in one form each, and what a rule has to know about a matrix beforehand.

NumPy's `svd` and `qr` give one result or several, as an argument asks. `svd_factors` and
`qr_factors` always give the factors, so that each can have one rule. `condition` and
`singular_frame` tell something about the values of a matrix, and are constants.
`from_eigenvalues`, `from_singular_values` and `determined_quotient` are steps of a first derivative
whose own derivative may not exist.
"""

from typing import Any

import numpy as np

from .dispatch import array_function


@array_function
def svd_factors(a: Any, full_matrices: bool = False) -> Any:
    """U, S and Vh with a = U·diag(S)·Vh: `numpy.linalg.svd` with its vectors, for (…, m, n).

    >>> svd_factors(np.diag([3.0, 2.0])).S
    array([3., 2.])
    """
    return np.linalg.svd(a, full_matrices)


@array_function
def qr_factors(a: Any, mode: str = "reduced") -> Any:
    """Q and R with a = Q·R: `numpy.linalg.qr` in the mode "reduced" or "complete".

    >>> qr_factors(np.ones((3, 1)), "complete").Q.shape
    (3, 3)
    """
    return np.linalg.qr(a, mode)  # type: ignore[call-overload]


@array_function
def completed(a: Any) -> Any:
    """The Hermitian matrices whose lower triangles, and real diagonals, those of `a` are.

    >>> completed(np.array([[1.0, 7.0], [2.0, 3.0]]))
    array([[1., 2.],
           [2., 3.]])
    """
    n = a.shape[-1]
    upper = np.conjugate(np.swapaxes(np.where(np.tri(n, k=-1, dtype=bool), a, 0), -1, -2))
    lower = np.where(np.tri(n, dtype=bool), a, upper)
    return np.where(np.eye(n, dtype=bool), lower.real, lower) if np.iscomplexobj(a) else lower


@array_function
def condition(a: Any) -> Any:
    """‖a‖₁·‖a⁻¹‖₁ for square matrices (…, n, n): inf where one is singular, 0 where n is 0.

    >>> condition(np.array([[[1.0, 0.0], [0.0, 4.0]], [[1.0, 1.0], [1.0, 1.0]]]))
    array([ 4., inf])
    """
    return np.linalg.cond(a, 1) if a.shape[-1] else np.zeros(a.shape[:-2])


@array_function
def singular_frame(a: Any) -> Any:
    """U, S, Vh of square matrices, as constants: orthonormal bases in which `a` is diagonal.

    >>> singular_frame(np.diag([3.0, 0.0])).S
    array([3., 0.])
    """
    return np.linalg.svd(a)


@array_function
def from_eigenvalues(x: Any, w: Any, left: Any, right: Any) -> Any:
    """x = left⁻¹·diag(d)·right⁻¹, (…, n, n): the cotangent of a matrix, made of those of w, d.

    >>> from_eigenvalues(np.diag([5.0, 6.0]), np.array([1.0, 2.0]), np.eye(2), np.eye(2))
    array([[5., 0.],
           [0., 6.]])
    """
    return x


@array_function
def from_singular_values(x: Any, s: Any, u: Any, vh: Any) -> Any:
    """x = u·diag(d)·vh, (…, m, n): the conjugate cotangent of a matrix, made of those of s, d.

    >>> from_singular_values(np.diag([5.0, 6.0]), np.array([2.0, 1.0]), np.eye(2), np.eye(2))
    array([[5., 0.],
           [0., 6.]])
    """
    return x


@array_function
def determined_quotient(x: Any, y: Any, is_zero: Any) -> Any:
    """x / y, and 0 where both are zero: where the quotient is not determined but does not matter.

    >>> determined_quotient(np.array([0.0, 1.0]), np.array([0.0, 2.0]), np.array([True, False]))
    array([0. , 0.5])
    """
    return np.where(is_zero, 0, x / np.where(is_zero, 1, y))
