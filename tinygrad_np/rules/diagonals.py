"""Diagonals and triangles of matrices, and what is made of them."""

from typing import Any

import numpy as np

from ..core.arrays import Array, expand
from ..core.plan import Shaped
from ..core.rules import ABOUT
from ..core.signature import signature
from ..core.table import constant, linear
from ..core.windows import pad
from .composed import composed


def on_diagonal(d: Any, shape: Any, offset: int, axis1: int, axis2: int) -> Any:
    """The adjoint of `numpy.diagonal`: zeros of `shape` with `d` (…, n) on that diagonal.

    >>> on_diagonal(np.array([1.0, 2.0]), (2, 3), 1, 0, 1)
    array([[0., 1., 0.],
           [0., 0., 2.]])
    """
    rows, columns = shape[axis1], shape[axis2]
    n = d.shape[-1]
    ahead = ((0, 0),) * (d.ndim - 1)
    if offset >= 0:  # element i lies in row i
        spread = np.expand_dims(pad(d, (*ahead, (0, rows - n))), -1)
    else:  # and here in column i
        spread = np.expand_dims(pad(d, (*ahead, (0, columns - n))), -2)
    spread = expand(spread, (*d.shape[:-1], rows, columns))
    matrices = np.where(np.eye(rows, columns, offset, bool), spread, 0)
    return np.moveaxis(matrices, (-2, -1), (axis1, axis2))


def _diag_vjp(g: Array, v_like: Shaped, k: Any) -> Any:
    return np.diagonal(g, k) if v_like.ndim == 1 else on_diagonal(g, v_like.shape, k, 0, 1)


ROWS = (
    # a triangle of a vector is one of the square matrix whose rows are all that vector
    linear(np.tril, signature("m", k=0), lambda g, k: np.tril(g, k), broadcasts=True),
    linear(np.triu, signature("m", k=0), lambda g, k: np.triu(g, k), broadcasts=True),
    # a diagonal taken, and laid
    linear(
        np.diagonal,
        signature("a", offset=0, axis1=0, axis2=1),
        lambda g, a_like, offset, axis1, axis2: on_diagonal(g, a_like.shape, offset, axis1, axis2),
    ),
    linear(np.diag, signature("v", k=0), _diag_vjp),
    composed(
        np.diagflat, signature("v", k=0), lambda v, k: np.diag(np.ravel(v), k), {"v"}, analytic=True
    ),
    composed(
        np.trace,
        signature("a", offset=0, axis1=0, axis2=1, dtype=None, out=None),
        lambda a, offset, axis1, axis2, dtype: np.sum(
            np.diagonal(a, offset, axis1, axis2), -1, dtype
        ),
        {"a"},
        analytic=True,
    ),
    *[
        constant(function, ABOUT)
        for function in (np.diag_indices_from, np.tril_indices_from, np.triu_indices_from)
    ],
)
