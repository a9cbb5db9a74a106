"""`scipy.sparse.linalg`, differentiable: by the data of a sparse matrix, and by the right side.

Direct and iterative solvers, `splu`, `lsqr`, `eigsh`, `svds`, `expm_multiply`, `norm`; the gradient
by a matrix has the size of its data.

>>> import numpy as np
>>> from tinygrad_np import grad
>>> from tinygrad_np.scipy.sparse import diags_array
>>> from tinygrad_np.scipy.sparse.linalg import spsolve
>>> grad(lambda d: np.sum(spsolve(diags_array(d).tocsc(), np.ones(2))))(np.array([1.0, 2.0]))
array([-1.  , -0.25])
"""

from ...mirror import mirror

__getattr__, __dir__ = mirror("sparse.linalg")
