"""`numpy.fft`."""

import numpy.fft

from .names import names_of

__getattr__, __dir__ = names_of(numpy.fft, globals())
