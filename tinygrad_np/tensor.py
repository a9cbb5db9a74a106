"""`Tensor` in its earlier place, which pickles name; PyTorch's ``tg.tensor(x)`` is answered."""

import sys

from . import answers
from .core.tensor import Tensor
from .rules.methods import unpickled as _unpickled

__all__ = ["Tensor", "_unpickled"]

sys.modules[__name__].__class__ = answers.CalledModule
