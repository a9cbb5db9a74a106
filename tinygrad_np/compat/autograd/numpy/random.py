"""`numpy.random`."""

import numpy.random

from .names import names_of

__getattr__, __dir__ = names_of(numpy.random, globals())
