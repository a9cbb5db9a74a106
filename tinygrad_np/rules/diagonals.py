"""Diagonals and triangles of matrices, and what is made of them."""

from typing import Any

import numpy as np

from ..core.arrays import Array, expand
from ..core.plan import Shaped
from ..core.rules import ABOUT
from ..core.signature import signature
from ..core.table import constant, linear
from ..core.windows import pad


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


def _trace_vjp(g: Array, a_like: Shaped, offset: Any, axis1: Any, axis2: Any) -> Any:
    rows, columns = a_like.shape[axis1], a_like.shape[axis2]
    n = max(0, min(rows + min(offset, 0), columns - max(offset, 0)))
    equal = expand(np.expand_dims(g, -1), (*g.shape, n))
    return on_diagonal(equal, a_like.shape, offset, axis1, axis2)


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
    linear(
        np.diagflat,
        signature("v", k=0),
        lambda g, v_like, k: np.diagonal(g, k).reshape(v_like.shape),
    ),
    linear(np.trace, signature("a", offset=0, axis1=0, axis2=1, dtype=None, out=None), _trace_vjp),
    *[
        constant(function, ABOUT)
        for function in (np.diag_indices_from, np.tril_indices_from, np.triu_indices_from)
    ],
)
