"""`scipy.linalg`, differentiable: equations, factorisations, functions of a matrix.

All names are SciPy's, and arrays get SciPy's own results. Tensors may stand in the factors of
`cho_solve` and `lu_solve`, in lists, and in the tuple of `solve_toeplitz`. Which matrices have no
derivative stands in the families: `equations`, `factorisations`, `matrix_functions`,
`matrix_equations` and `structured`; what has none at all, and what to use, in `unruled`.

>>> import numpy as np
>>> from tinygrad_np import grad
>>> from tinygrad_np.scipy import linalg
>>> def negative_log_density(covariance, x):
...     factor = linalg.cho_factor(covariance, lower=True)
...     half_log_det = np.sum(np.log(np.diag(factor[0])))
...     return half_log_det + x @ linalg.cho_solve(factor, x) / 2
>>> grad(negative_log_density)(np.diag([4.0, 1.0]), np.array([2.0, 1.0]))
array([[ 0.  , -0.25],
       [-0.25,  0.  ]])
"""

from ..mirror import mirror

__getattr__, __dir__ = mirror("linalg")
