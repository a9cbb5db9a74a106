"""autograd's helpers: vectors of trees, fixed points, three optimisers."""

from .flatten import flatten

__all__ = ["flatten"]
