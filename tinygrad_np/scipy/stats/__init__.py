"""`scipy.stats`, differentiable: distributions by their argument and by their parameters.

The logarithm of a density, a density, tails and quantiles have derivatives by x (or q), the shape
parameters, loc and scale, also of a distribution that holds its parameters. `continuous` lists the
distributions, `distributions` says how they are differentiated and how one is added.

>>> import numpy as np
>>> from tinygrad_np import grad
>>> from tinygrad_np.scipy import stats
>>> grad(lambda scale: stats.norm(0.0, scale).logpdf(3.0))(2.0)
array(0.625)

Summaries of samples (moments, means, scores, entropies, correlation) are functions of `summaries`;
`multivariate` has distributions of vectors and matrices, `discrete` those of numbers by their real
parameters, `density_estimates` has `gaussian_kde`, and `unruled` says what has no derivative.

>>> grad(lambda x: stats.pearsonr(x, [1.0, 2.0, 4.0]).statistic)(np.array([1.0, 3.0, 4.0])).round(3)
array([ 0.046, -0.138,  0.092])
"""

from ..mirror import mirror

__getattr__, __dir__ = mirror("stats")
