"""`scipy.interpolate`, differentiable: splines, grids, scattered values.

The classes make SciPy's own objects of arrays, which take Tensors as points; of values (or
coefficients, or knots, where there is a derivative by these) that are Tensors they make objects
whose values, derivatives and integrals are Tensors. FITPACK's functions are refused.

>>> import numpy as np
>>> from tinygrad_np import grad
>>> from tinygrad_np.scipy import interpolate
>>> x = np.array([0.0, 1.0, 2.0, 3.0])
>>> spline = interpolate.CubicSpline(x, x**3)
>>> grad(lambda t: spline(t))(2.0)
array(12.)
>>> grad(lambda y: interpolate.CubicSpline(x, y).integrate(0.0, 3.0))(x**3)
array([0.375, 1.125, 1.125, 0.375])
"""

from ..mirror import mirror

__getattr__, __dir__ = mirror("interpolate")
