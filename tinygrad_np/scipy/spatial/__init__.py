"""`scipy.spatial`, differentiable."""

from ..mirror import mirror

__getattr__, __dir__ = mirror("spatial")
