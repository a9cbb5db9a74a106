"""Products of SciPy's sparse arrays and matrices with a Tensor: ``a @ t`` and ``t @ a``.

The sparse operand is a constant, of any format; the Tensor is a vector or a matrix. The operator
of SciPy's own object leaves the product to the Tensor's (see `Resolver.operand` in the core's
hooks). What has a Tensor for its data is in `tinygrad_np.scipy.sparse`.

>>> import numpy as np
>>> import scipy.sparse
>>> from tinygrad_np import grad
>>> a = scipy.sparse.csr_array([[1.0, 0.0], [2.0, 3.0]])
>>> grad(lambda t: np.sum(a @ t))(np.ones(2))
array([3., 3.])
"""

from typing import Any

from ..core.arrays import Array, cast
from ..core.dispatch import array_function
from ..core.table import Row, linear


@array_function
def sparse_product(a: Any, x: Any) -> Any:
    """``a @ x`` for a sparse `a` of two axes.

    >>> import numpy as np
    >>> import scipy.sparse
    >>> sparse_product(scipy.sparse.csr_array([[0.0, 2.0]]), np.ones(2))
    array([2.])
    """
    return _two_axes(a, x) @ x


@array_function
def product_with_sparse(x: Any, a: Any) -> Any:
    """``x @ a`` for a sparse `a` of two axes.

    >>> import numpy as np
    >>> import scipy.sparse
    >>> product_with_sparse(np.ones(1), scipy.sparse.csr_array([[0.0, 2.0]]))
    array([0., 2.])
    """
    return x @ _two_axes(a, x)


def _two_axes(a: Any, x: Any) -> Any:
    if a.ndim != 2 or x.ndim not in (1, 2):
        raise ValueError(
            f"scipy.sparse: a product of shapes {a.shape} and {x.shape} has no derivative rule; "
            "use a.toarray(), or reshape the operands to matrices"
        )
    return a


def row_of_product(left: Any) -> Row:
    """The row of a product whose left operand is this one."""
    return ROWS[0] if hasattr(left, "toarray") else ROWS[1]


def _sparse_vjp(g: Array, a: Any, x_like: Any) -> Any:
    return cast(sparse_product(a.T, g), x_like.dtype)


def _with_sparse_vjp(g: Array, a: Any, x_like: Any) -> Any:
    return cast(product_with_sparse(g, a.T), x_like.dtype)


ROWS = (
    linear(sparse_product, x=_sparse_vjp),
    linear(product_with_sparse, x=_with_sparse_vjp),
)
