"""autograd's helpers: vectors of trees, fixed points, three optimisers."""

from functools import partial as const_graph  # its values; the function runs anew each time

from .flatten import flatten

__all__ = ["const_graph", "flatten"]
