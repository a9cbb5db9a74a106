"""SciPy's names, differentiable: ``from tinygrad_np.scipy import linalg, stats``.

Each module here has the public names of SciPy's module. On plain arrays they are SciPy's own
functions; on a Tensor, also one in a list, a tuple or a dict, they have a derivative, or an error
that names the function and says what to do. Nothing of SciPy is imported before it is used.
`mirror` is the mechanism; beside it stands a folder for each module, with its rules, a family a
file. The ufuncs of `scipy.special` take Tensors unwrapped: their rules are in `rules/`.

>>> import numpy as np
>>> from tinygrad_np import grad
>>> from tinygrad_np.scipy import linalg
>>> grad(lambda t: linalg.expm(t * np.eye(2))[0, 0])(0.0)
array(1.)
"""

import importlib
from typing import Any

from .mirror import MODULES

__all__ = [name for name in MODULES if "." not in name]


def __getattr__(name: str) -> Any:
    if name in __all__:
        return importlib.import_module(f"{__name__}.{name}")
    if name.startswith("__"):
        raise AttributeError(name)
    raise AttributeError(
        f"tinygrad_np.scipy has no module {name!r}; it has {', '.join(__all__)}; "
        f"scipy.{name} itself takes plain arrays, such as t.data"
    )


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
