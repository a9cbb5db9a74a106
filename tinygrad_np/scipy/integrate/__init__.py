"""`scipy.integrate`, differentiable: integrals of functions and of samples, initial value problems.

`quad`, `nquad` and their kind have derivatives by the limits and by all that the integrand uses, be
it in `args` or not; `solve_ivp` by the steps that SciPy took, and `odeint`, by the initial values,
the times and all that the right side uses.

>>> import numpy as np
>>> from tinygrad_np import grad
>>> from tinygrad_np.scipy import integrate
>>> grad(lambda b: integrate.quad(np.cos, 0, b)[0])(np.pi).round(12)
np.float64(-1.0)
"""

from ..mirror import mirror

__getattr__, __dir__ = mirror("integrate")
