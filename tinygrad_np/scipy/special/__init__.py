"""`scipy.special`, differentiable: by its arguments, and by parameters and orders where it counts.

The ufuncs work unwrapped, with a Tensor among their operands: `gammainc`, `betainc` and their
inverses by all of them, Bessel functions by their order, elliptic integrals, probabilities. Here
are SciPy's functions in Python besides: `logsumexp`, `softmax`, `polygamma`, `spherical_jn`, …

>>> import numpy as np, tinygrad_np as tg
>>> from tinygrad_np.scipy import special
>>> tg.grad(special.gammainc, argnums=(0, 1))(2.0, 1.0)
(array(-0.27619605), array(0.36787944))
>>> tg.grad(special.logsumexp)(np.array([0.0, 0.0]))
array([0.5, 0.5])
"""

from ..mirror import mirror

__getattr__, __dir__ = mirror("special")
