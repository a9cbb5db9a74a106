"""`numpy.linalg`."""

import numpy.linalg

from .names import names_of

__getattr__, __dir__ = names_of(numpy.linalg, globals())
