"""tinygrad_np: NumPy code that differentiates itself, small enough to read, strict enough to trust.

Write a model as a plain function of arrays; `value_and_grad` gives its value and its gradient, or
`Tensor` and ``backward()`` do. A convolution's gradient comes out of reverse mode, and `check`
compares it with the one derived by hand in `closed_form`.

>>> import numpy as np
>>> import tinygrad_np as tg
>>> def loss(w):
...     return np.sum((w - 3.0) ** 2)
>>> tg.value_and_grad(loss)(np.array([1.0, 2.0]))
(array(5.), array([-4., -2.]))
"""

import importlib
from importlib.machinery import PathFinder
from typing import TYPE_CHECKING, Any

from . import answers, fast, optim, tensor, tree
from .at import at
from .extend import bilinear, general, linear, pointwise, takes
from .fast.threads import release as release_memory
from .graph import FreedGraphError
from .kernels.nested import array
from .kernels.scatter import scatter_add
from .kernels.windows import fold, window_indices, windows
from .losses import cross_entropy, log_loss, log_loss_with_logits
from .nn import (
    average_pool,
    conv1d,
    conv2d,
    conv3d,
    conv_transpose1d,
    conv_transpose2d,
    conv_transpose3d,
    dense,
    dropout,
    flatten,
    log_softmax,
    logsumexp,
    max_pool,
    relu,
    sigmoid,
    softmax,
)
from .remat import remat
from .tensor import Tensor
from .transforms import (
    grad,
    hessian,
    hvp,
    jacobian,
    jvp,
    stop_gradient,
    value_and_grad,
    vjp,
)

# Without this layer everything computes the same, and errors say less.
if PathFinder.find_spec(f"{__name__}.debug", __path__):
    from .debug import (
        ChangedArrayError,
        NonFiniteError,
        NonFiniteWarning,
        debug,
        strong_zeros,
    )

if TYPE_CHECKING:
    from . import check, closed_form, data, saving, training, viz
    from .saving import load, save

__version__ = "0.1.0"

__all__ = [
    "ChangedArrayError",
    "FreedGraphError",
    "NonFiniteError",
    "NonFiniteWarning",
    "Tensor",
    "array",
    "at",
    "average_pool",
    "bilinear",
    "check",
    "closed_form",
    "conv1d",
    "conv2d",
    "conv3d",
    "conv_transpose1d",
    "conv_transpose2d",
    "conv_transpose3d",
    "cross_entropy",
    "data",
    "debug",
    "dense",
    "dropout",
    "fast",
    "flatten",
    "fold",
    "general",
    "grad",
    "hessian",
    "hvp",
    "jacobian",
    "jvp",
    "linear",
    "load",
    "log_loss",
    "log_loss_with_logits",
    "log_softmax",
    "logsumexp",
    "max_pool",
    "optim",
    "pointwise",
    "release_memory",
    "relu",
    "remat",
    "save",
    "saving",
    "scatter_add",
    "sigmoid",
    "softmax",
    "stop_gradient",
    "strong_zeros",
    "takes",
    "training",
    "tree",
    "value_and_grad",
    "viz",
    "vjp",
    "window_indices",
    "windows",
]

_OF_DEBUG = {"ChangedArrayError", "NonFiniteError", "NonFiniteWarning", "debug", "strong_zeros"}
if "debug" not in globals():
    __all__ = [name for name in __all__ if name not in _OF_DEBUG]

# Not everyone needs these modules, and some of them need scipy: they load when they are first used.
_LAZY = {"check", "closed_form", "data", "saving", "training", "viz"}
_FROM = {"load": "saving", "save": "saving"}


def __getattr__(name: str) -> Any:
    if name in _LAZY:
        return importlib.import_module(f"{__name__}.{name}")
    if name in _FROM:
        return getattr(importlib.import_module(f"{__name__}.{_FROM[name]}"), name)
    if name == "unwindows":  # an earlier name
        return fold
    if name in _OF_DEBUG:
        raise AttributeError(f"tg.{name} needs the folder {__name__}/debug, which is not installed")
    raise answers.no_attribute(__name__, name)


# PyTorch's users write tg.tensor(x): the module answers.
tensor.__class__ = answers.CalledModule


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
