"""Functions of a square matrix: exponential, logarithm, square root, sine and their kind.

The derivative of f at A along E is a block of f itself, of a matrix twice as large:

    f([[A, E], [0, A]]) = [[f(A), L(A, E)], [0, f(A)]]

(N. Higham, Functions of Matrices, SIAM 2008, Theorem 3.6), and its transpose is L(Aᵀ, ·). Both are
written in f, so that every order follows.
"""

from typing import Any

import numpy as np

from ...core.arrays import Array
from ...core.signature import signature
from ...core.table import Row, general
from ..mirror import of


def _of_matrix(path: str) -> Row:
    function = of(path)

    def derivative(t: Array, a: Array) -> Any:
        n = a.shape[-1]
        whole = np.block([[a, t], [np.zeros_like(a), a]])
        return function(whole)[..., :n, n:]

    def transposed(g: Array, a: Array) -> Any:
        return derivative(g, np.swapaxes(a, -1, -2))

    return general(function, signature("a"), (transposed, derivative), aliases={"A": "a"})


ROWS = (_of_matrix("linalg.expm"),)
