"""tinygrad_np: NumPy code that differentiates itself, small enough to read, strict enough to trust.

Write a model as a plain function of arrays; `value_and_grad` gives its value and its gradient, or
`Tensor` and ``backward()`` do. A convolution's gradient comes out of reverse mode, and `check`
compares it with the one derived by hand in `closed_form`.

In the docstrings an array is an ndarray or a Tensor, and ``array_like`` a number or nested lists of
these, too. A result is a Tensor where an argument is one, else an ndarray.

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

from . import answers, optim, tree
from . import tensor as tensor
from .core.graph import Graph
from .core.losses import log_loss, log_loss_with_logits
from .core.rules import scatter_add
from .core.sweep import FreedGraphError
from .core.transforms import grad, hvp, jvp, stop_gradient, value_and_grad, vjp
from .core.windows import fold, windows
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
from .nn.indices import window_indices
from .nn.losses import cross_entropy
from .rules.at import at
from .rules.extend import bilinear, general, linear, pointwise, signature
from .rules.implicit import implicit
from .rules.nested import array
from .rules.remat import remat
from .rules.sparse_jacobians import hessian, jacobian

# Without these layers everything computes the same: slower, and with plainer errors.
if PathFinder.find_spec(f"{__name__}.fast", __path__):
    from . import fast
    from .fast.threads import release as release_memory
if PathFinder.find_spec(f"{__name__}.debug", __path__):
    from .debug import ChangedArrayError, NonFiniteError, NonFiniteWarning, debug, strong_zeros

if TYPE_CHECKING:
    from .core import tensor as _tensor
    from .rules.methods import Methods

    class Tensor(_tensor.Tensor, Methods):
        """With NumPy's methods, which `rules` adds."""

    from . import check, closed_form, compat, data, export, saving, scipy, training, viz
    from .fast.jit import JitWarning, jit
    from .saving import load, save
    from .summaries import summary
    from .viz.graphs import graph
else:
    from .core.tensor import Tensor

__version__ = "0.1.0"

__all__ = [
    "ChangedArrayError",
    "FreedGraphError",
    "JitWarning",
    "NonFiniteError",
    "NonFiniteWarning",
    "Tensor",
    "array",
    "at",
    "average_pool",
    "bilinear",
    "check",
    "closed_form",
    "compat",
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
    "export",
    "fast",
    "flatten",
    "fold",
    "general",
    "grad",
    "graph",
    "hessian",
    "hvp",
    "implicit",
    "jacobian",
    "jit",
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
    "scipy",
    "sigmoid",
    "signature",
    "softmax",
    "stop_gradient",
    "strong_zeros",
    "summary",
    "training",
    "tree",
    "value_and_grad",
    "viz",
    "vjp",
    "window_indices",
    "windows",
]

_OF_LAYERS = {
    **dict.fromkeys(("JitWarning", "export", "fast", "release_memory"), "fast"),
    **dict.fromkeys(("ChangedArrayError", "NonFiniteError", "NonFiniteWarning"), "debug"),
    **dict.fromkeys(("debug", "strong_zeros"), "debug"),
}

# Not everyone needs these modules, and some of them need scipy: they load when they are first used.
_LAZY = {"check", "closed_form", "compat", "data", "saving", "scipy", "training", "viz"}
_FROM = {"graph": "viz.graphs", "load": "saving", "save": "saving", "summary": "summaries"}
if "fast" in globals():
    _LAZY.add("export")
    _FROM |= {"JitWarning": "fast.jit", "jit": "fast.jit"}
else:

    @answers.explained
    def jit(function: Any, *, constants: Any = (), verify: int | None = None) -> Any:
        """`function` itself: it is recorded and replayed where there is the folder ``fast``."""
        return function


__all__ = [name for name in __all__ if name in globals() or name in _FROM or name not in _OF_LAYERS]


def __getattr__(name: str) -> Any:
    if name in _LAZY:
        return importlib.import_module(f"{__name__}.{name}")
    if name in _FROM:
        return getattr(importlib.import_module(f"{__name__}.{_FROM[name]}"), name)
    if name in _OF_LAYERS:
        folder = f"{__name__}/{_OF_LAYERS[name]}"
        raise AttributeError(f"tg.{name} needs the folder {folder}, which is not installed")
    raise answers.no_attribute(__name__, name)


def _drawn(graph: Graph) -> str | None:
    """The picture of a graph in a notebook."""
    from .viz.layers import svg

    return svg(graph)


def _html(t: Any) -> str:
    """What a notebook shows of a Tensor."""
    from .io import notebook

    return notebook.of_tensor(t)


Graph._repr_svg_ = _drawn
Tensor._repr_html_ = _html  # type: ignore[attr-defined]


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
