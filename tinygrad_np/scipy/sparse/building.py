"""Sparse arrays made of others and of diagonals: `diags`, `block_array`, `hstack`, `kron`, …"""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import Any

import numpy as np
import scipy.sparse

from ...core.table import Row, constant
from ..mirror import of
from .arrays import Sparse, as_sparse, laid_out, own
from .patterns import Pattern


def _moved(name: str) -> Callable[..., Any]:
    """SciPy's function of this name, which only moves entries, of Tensors."""
    real = getattr(scipy.sparse, name)

    def definition(*args: Any, **kwargs: Any) -> Any:
        bound = inspect.signature(real).bind(*args, **kwargs)
        if bound.arguments.get("dtype") is not None:
            raise TypeError(
                f"scipy.sparse.{name}: takes no dtype beside a Tensor; use astype of its parts"
            )
        things, *rest = bound.args
        return laid_out(lambda x: real(x, *rest, **bound.kwargs), things)

    return own(f"sparse.{name}", definition)


def _kron(a: Any, b: Any, format: str | None = None) -> Sparse:
    a, b = as_sparse(a)._summed(), as_sparse(b)._summed()
    p, q = a._pattern, b._pattern
    row = np.add.outer(p.row.astype(np.int64) * q.shape[0], q.row).reshape(-1)
    col = np.add.outer(p.col.astype(np.int64) * q.shape[1], q.col).reshape(-1)
    shape = (p.shape[0] * q.shape[0], p.shape[1] * q.shape[1])
    is_array = a._is_array or b._is_array
    real = scipy.sparse.coo_array if is_array else scipy.sparse.coo_matrix
    values = np.outer(a._values, b._values).reshape(-1)
    return Sparse(values, Pattern(row, col, shape, real)).asformat(format)


def _kronsum(a: Any, b: Any, format: str | None = None) -> Any:
    a, b = as_sparse(a), as_sparse(b)
    eye_a, eye_b = [scipy.sparse.eye_array(x.shape[0]) for x in (a, b)]
    return (_kron(eye_b, a) + _kron(b, eye_a)).asformat(format)


def _asked(name: str) -> Row:
    """A row for a question about an object's class: that of SciPy's class is the answer."""
    function = of(f"sparse.{name}")

    def kernel(x: Any) -> bool:
        return bool(
            function.implementation(x._pattern.real((1, 1)) if isinstance(x, Sparse) else x)
        )

    return constant(function, "a truth value, the same for all data", kernel)


_MOVING = (
    "diags diags_array spdiags block_array bmat block_diag hstack vstack tril triu matrix_transpose"
)
_ASKED = [
    "issparse",
    "isspmatrix",
    *[f"isspmatrix_{f}" for f in ["bsr", "coo", "csc", "csr", "dia", "dok", "lil"]],
]

ROWS = tuple(map(_asked, _ASKED))
OWN = {
    **{f"sparse.{n}": _moved(n) for n in _MOVING.split() if hasattr(scipy.sparse, n)},
    "sparse.kron": own("sparse.kron", _kron),
    "sparse.kronsum": own("sparse.kronsum", _kronsum),
}
