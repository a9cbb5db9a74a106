"""`scipy.spatial.distance`, differentiable: distances of two vectors, and of all pairs of many.

>>> import numpy as np
>>> from tinygrad_np import grad
>>> from tinygrad_np.scipy.spatial import distance
>>> grad(lambda x: np.sum(distance.pdist(x)))(np.array([[0.0, 0.0], [3.0, 4.0]]))
array([[-0.6, -0.8],
       [ 0.6,  0.8]])
"""

from ...mirror import mirror

__getattr__, __dir__ = mirror("spatial.distance")
