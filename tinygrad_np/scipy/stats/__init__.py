"""`scipy.stats`, differentiable: distributions by their argument and by their parameters.

The logarithm of a density, a density, tails and quantiles have derivatives by x (or q), the shape
parameters, loc and scale, also of a distribution that holds its parameters. `continuous` lists the
distributions, `distributions` says how they are differentiated and how one is added.

>>> import numpy as np
>>> from tinygrad_np import grad
>>> from tinygrad_np.scipy import stats
>>> grad(lambda scale: stats.norm(0.0, scale).logpdf(3.0))(2.0)
array(0.625)
"""

from ..mirror import mirror

__getattr__, __dir__ = mirror("stats")
