"""autograd's class of traced arrays, for annotations and `isinstance`: a Tensor."""

from ....core.tensor import Tensor as ArrayBox

__all__ = ["ArrayBox"]
