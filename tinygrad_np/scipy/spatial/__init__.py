"""`scipy.spatial`, of which `spatial.distance` is differentiable; the rest takes plain arrays."""

from ..mirror import mirror

__getattr__, __dir__ = mirror("spatial")
