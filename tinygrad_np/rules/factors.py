"""Factorisations in one form each, and what a rule has to know about a matrix beforehand.

NumPy's `svd` and `qr` give one result or several, as an argument asks. `svd_factors` and
`qr_factors` always give the factors, so that each can have one rule. `cofactors` are the derivative
of a determinant, `condition` is a constant. `determined` marks a step of a first derivative whose
own derivative may not exist.
"""

from collections.abc import Callable
from typing import Any

import numpy as np

from ..core.arrays import Array
from ..core.dispatch import array_function


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
def cofactors(a: Any) -> Any:
    """The derivative of the determinant of square matrices (…, n, n), singular ones too.

    With a = U·diag(s)·Vh it is det(U)·det(Vh)·conj(U·diag(d)·Vh), where d_i is the product of all
    singular values but s_i.

    >>> cofactors(np.diag([0.0, 2.0]))
    array([[2., 0.],
           [0., 0.]])
    """
    u, s, vh = np.linalg.svd(a)
    factor = np.linalg.det(u) * np.linalg.det(vh)
    matrix = np.matmul(u * np.expand_dims(products_without_each(s), -2), vh)
    return np.expand_dims(factor, (-2, -1)) * np.conjugate(matrix)


def products_without_each(x: Array) -> Any:
    """For each number along the last axis the product of the others.

    >>> products_without_each(np.array([2.0, 0.0, 5.0]))
    array([ 0., 10.,  0.])
    """
    one = np.ones_like(x[..., :1])
    before = np.cumprod(np.concatenate([one, x[..., :-1]], -1), -1)
    after = np.cumprod(np.concatenate([one, x[..., :0:-1]], -1), -1)[..., ::-1]
    return before * after


@array_function
def condition(a: Any) -> Any:
    """‖a‖₁·‖a⁻¹‖₁ for square matrices (…, n, n): inf where one is singular, 0 where n is 0.

    >>> condition(np.array([[[1.0, 0.0], [0.0, 4.0]], [[1.0, 1.0], [1.0, 1.0]]]))
    array([ 4., inf])
    """
    return np.linalg.cond(a, 1) if a.shape[-1] else np.zeros(a.shape[:-2])


@array_function
def determined(x: Any, check: Callable[[Any], None]) -> Any:
    """x, whose own derivative may not be determined: `check` sees its cotangents and tangents.

    It raises where what they ask for does not exist, and else does nothing.

    >>> determined(np.array([1.0, 2.0]), print)
    array([1., 2.])
    """
    return x
