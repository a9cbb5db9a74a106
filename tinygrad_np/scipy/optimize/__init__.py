"""`scipy.optimize` over trees, with derivatives supplied: fits, roots, and both as functions.

`minimize`, `least_squares`, `curve_fit` and `root` have SciPy's own signatures. Unknowns may be a
tree, of which the result's ``x`` is one, too; gradients, Jacobians and Hessian products are taken
where the method asks for them. Where `args` hold Tensors, the solution is a function of them, by
the implicit function theorem. `covariance` gives the standard errors of a fit.

>>> import numpy as np
>>> from tinygrad_np import grad
>>> from tinygrad_np.scipy import optimize
>>> def loss(p, scale):
...     return (p["a"] - scale) ** 2 + 10 * (p["b"] - p["a"] ** 2) ** 2
>>> found = optimize.minimize(loss, {"a": 0.0, "b": 0.0}, args=(2.0,), tol=1e-10)
>>> {name: round(float(x), 6) for name, x in found.x.items()}
{'a': 2.0, 'b': 4.0}
>>> grad(lambda s: optimize.minimize(loss, {"a": 0.0, "b": 0.0}, args=(s,)).x["b"])(2.0).round(9)
np.float64(4.0)
"""

from ..mirror import mirror

__getattr__, __dir__ = mirror("optimize")
