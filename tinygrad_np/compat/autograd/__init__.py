"""HIPS autograd's names: a program written for it runs by changing its imports.

``import tinygrad_np.compat.autograd.numpy as np`` in place of ``import autograd.numpy as np``; or
`install`, before a library or a script imports autograd. Arrays, functions and the sweeps are this
package's own; what stands here is autograd's way of calling them. A gradient of a number is a
number (``numpy.float64``), integers among what is differentiated count as floats, and a traced
value is a `tinygrad_np.Tensor`, so what would lose a gradient raises. What moves as it stands and
what has to change is in docs/coming_from/autograd.md.

>>> import numpy as np
>>> grad(lambda x: np.exp(x) * x**2)(0), grad(lambda x: x**3)(2)
(np.float64(0.0), np.float64(12.0))
>>> grad(lambda p: p["a"] * p["b"][0])({"a": 2.0, "b": (3.0, 1.0)})
{'a': np.float64(3.0), 'b': (np.float64(2.0), np.float64(0.0))}
"""

import importlib
import sys

from ...core.tensor import Tensor
from . import extend
from .builtins import dict, isinstance, list, tuple, type  # noqa: A004
from .differential_operators import (
    checkpoint,
    deriv,
    elementwise_grad,
    grad,
    grad_and_aux,
    grad_named,
    hessian,
    hessian_tensor_product,
    hessian_vector_product,
    holomorphic_grad,
    jacobian,
    make_ggnvp,
    make_hvp,
    make_jvp,
    make_vjp,
    tensor_jacobian_product,
    value_and_grad,
    vector_jacobian_product,
)
from .extend import primitive

__all__ = [
    "checkpoint",
    "deriv",
    "dict",
    "elementwise_grad",
    "grad",
    "grad_and_aux",
    "grad_named",
    "hessian",
    "hessian_tensor_product",
    "hessian_vector_product",
    "holomorphic_grad",
    "install",
    "isinstance",
    "jacobian",
    "list",
    "make_ggnvp",
    "make_hvp",
    "make_jvp",
    "make_vjp",
    "primitive",
    "tensor_jacobian_product",
    "tuple",
    "type",
    "value_and_grad",
    "vector_jacobian_product",
]

# What programs and tests import from autograd's engine stands in one file.
for _name in ("core", "tracer", "util", "wrap_util"):
    sys.modules[f"{__name__}.{_name}"] = globals()[_name] = extend

# With their parents, these are all.
_PARTS = "misc.fixed_points misc.optimizers numpy.numpy_boxes scipy.signal test_util"


def install() -> None:
    """Put these modules into `sys.modules` as ``autograd``, ``autograd.numpy`` and so on.

    From then on, ``import autograd`` means this package in the whole process, also in libraries.
    Call it first: what has been imported from the real autograd stays what it is. ``t += x`` on a
    Tensor then means ``t = t + x``, as it does there; otherwise it is refused.

    Examples
    --------
    >>> install()  # doctest: +SKIP
    >>> import autograd.numpy as np  # doctest: +SKIP
    """
    for operator in ["add", "floordiv", "matmul", "mod", "mul", "pow", "sub", "truediv"]:
        setattr(Tensor, f"__i{operator}__", getattr(Tensor, f"__{operator}__"))
    for part in _PARTS.split():
        importlib.import_module(f"{__name__}.{part}")
    for name, module in sys.modules.copy().items():
        if name == __name__ or name.startswith(f"{__name__}."):
            sys.modules["autograd" + name.removeprefix(__name__)] = module
