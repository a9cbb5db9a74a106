"""`scipy.signal`, differentiable: convolutions, filters by their coefficients, spectra, resampling.

>>> import numpy as np
>>> from tinygrad_np import grad
>>> from tinygrad_np.scipy import signal
>>> x = np.array([1.0, 0.0, 0.0, 0.0])
>>> grad(lambda a: np.sum(signal.lfilter([1.0], a, x)))(np.array([1.0, -0.5]))
array([-3.25, -2.75])
"""

from ..mirror import mirror

__getattr__, __dir__ = mirror("signal")
