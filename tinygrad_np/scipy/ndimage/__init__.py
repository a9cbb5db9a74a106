"""`scipy.ndimage`, differentiable: filters, images at other places, measures of labelled parts.

Linear filters take Tensors in every mode and by their weights, where they have some;
`map_coordinates` and its kin for the orders 0 to 3, by image and by coordinates, matrix, shift or
angle; filters by rank and morphology, as far as they pick elements. Labels are constant.

>>> import numpy as np
>>> from tinygrad_np import grad
>>> from tinygrad_np.scipy import ndimage
>>> image = np.array([0.0, 1.0, 4.0, 9.0])
>>> grad(lambda x: ndimage.map_coordinates(image, [x], order=1)[0])(np.array([1.5]))
array([3.])
>>> grad(lambda x: np.sum(ndimage.correlate1d(x, [1.0, 2.0, 3.0])))(image)
array([4., 6., 6., 8.])
"""

from ..mirror import mirror

__getattr__, __dir__ = mirror("ndimage")
