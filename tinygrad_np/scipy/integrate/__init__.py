"""`scipy.integrate`, differentiable."""

from ..mirror import mirror

__getattr__, __dir__ = mirror("integrate")
