"""`scipy.sparse`, differentiable: sparse arrays with constant data, or with a Tensor of data.

SciPy's own arrays take Tensors as vectors and matrices: ``a @ t``, ``t @ a``. Given a Tensor of
data, ``csr_array((data, (i, j)), shape)`` and the other formats, `diags`, `block_array`, `kron`, …
make an array of the same kind, with SciPy's operators; `linalg` solves with it.

>>> import numpy as np
>>> from tinygrad_np import grad
>>> from tinygrad_np.scipy.sparse import diags_array
>>> grad(lambda d: (diags_array([d, d[1:]], offsets=[0, 1]) @ np.ones(2))[0])(np.array([1.0, 2.0]))
array([1., 1.])
"""

from ..mirror import mirror

__getattr__, __dir__ = mirror("sparse")
