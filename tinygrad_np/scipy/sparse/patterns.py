"""Products with a sparse matrix that is given by its data, and by where they are: a `Pattern`.

The data are an operand, the pattern is a constant, so that a derivative by the data has their size,
and no matrix is ever dense. With A(d) for the matrix of the data d, r and c for their rows and
columns, the two functions here are each other's transposes:

    sparse_dot(d, x) = A(d)·x,    pairs(u, v)ₖ = Σⱼ u[rₖ, j]·v[cₖ, j]
    ⟨g, A(d)·x⟩ = ⟨pairs(g, x), d⟩ = ⟨A(d)ᵀ·g, x⟩
"""

from __future__ import annotations

import functools
from typing import Any

import numpy as np
import scipy.sparse

from ...core.arrays import Array, cast
from ...core.dispatch import array_function
from ...core.table import bilinear


class Pattern:
    """The rows and columns of a sparse matrix' entries, its shape, and SciPy's class.

    The entries of csr come row by row, those of csc column by column, as SciPy has them.

    >>> pattern = Pattern([0, 1], [1, 0], (2, 2), scipy.sparse.csr_array)
    >>> pattern.matrix(np.array([3.0, 4.0])).toarray()
    array([[0., 3.],
           [4., 0.]])
    """

    def __init__(self, row: Any, col: Any, shape: Any, real: Any) -> None:
        self.row, self.col = np.asarray(row), np.asarray(col)
        self.shape = (int(shape[0]), int(shape[1]))
        self.real = real
        self.format: str = real((1, 1)).format

    @functools.cached_property
    def pointers(self) -> Array:
        """Where each row of csr, or column of csc, begins."""
        is_csr = self.format == "csr"
        counts = np.bincount(self.row if is_csr else self.col, minlength=self.shape[not is_csr])
        return np.concatenate([[0], np.cumsum(counts)]).astype(self.row.dtype)

    @functools.cached_property
    def keys(self) -> Array:
        """A number for each entry's place, which grows row by row."""
        return self.row.astype(np.int64) * self.shape[1] + self.col

    @functools.cached_property
    def repeats(self) -> bool:
        """Whether there are several entries at one place, which are summed."""
        return np.unique(self.keys).size < self.row.size

    @functools.cached_property
    def T(self) -> Pattern:
        """That of the transposed matrix, for the same data."""
        turned = Pattern(self.col, self.row, self.shape[::-1], type(self.real((1, 1)).T))
        turned.__dict__["T"] = self
        return turned

    def matrix(self, data: Array) -> Any:
        """SciPy's sparse array, or matrix, with a copy of these data: SciPy may sort them."""
        if self.format in ("csr", "csc"):
            indices = self.col if self.format == "csr" else self.row
            return self.real((data, indices, self.pointers), shape=self.shape, copy=True)
        is_array = issubclass(self.real, scipy.sparse.sparray)
        coo: Any = scipy.sparse.coo_array if is_array else scipy.sparse.coo_matrix
        return coo((data, (self.row, self.col)), shape=self.shape).asformat(self.format)


@array_function
def sparse_dot(data: Any, x: Any, pattern: Pattern) -> Any:
    """The product of the matrix of these data with a vector or a matrix.

    >>> pattern = Pattern([0, 1], [1, 0], (2, 2), scipy.sparse.coo_array)
    >>> sparse_dot(np.array([3.0, 4.0]), np.array([1.0, 10.0]), pattern)
    array([30.,  4.])
    """
    return pattern.matrix(data) @ x


@array_function
def pairs(u: Any, v: Any, pattern: Pattern) -> Any:
    """The entries of ``u @ v.T`` at the pattern's places; of vectors, their outer product's.

    >>> pattern = Pattern([0, 1], [1, 0], (2, 2), scipy.sparse.coo_array)
    >>> pairs(np.array([1.0, 2.0]), np.array([3.0, 5.0]), pattern)
    array([5., 6.])
    """
    product = u[pattern.row] * v[pattern.col]
    return np.sum(product, -1) if product.ndim == 2 else product


ROWS = (
    bilinear(
        sparse_dot,
        data=lambda g, x, data_like, pattern: cast(pairs(g, x, pattern), data_like.dtype),
        x=lambda g, data, x_like, pattern: cast(sparse_dot(data, g, pattern.T), x_like.dtype),
    ),
    bilinear(
        pairs,
        u=lambda g, v, u_like, pattern: cast(sparse_dot(g, v, pattern), u_like.dtype),
        v=lambda g, u, v_like, pattern: cast(sparse_dot(g, u, pattern.T), v_like.dtype),
    ),
)
