"""Faces of other libraries: a program written for one of them runs on this package.

`autograd` is that of HIPS autograd.

>>> import tinygrad_np as tg
>>> tg.compat.autograd.grad(lambda x: x**3)(2.0)
np.float64(12.0)
"""

import importlib
from typing import Any

__all__ = ["autograd"]


def __getattr__(name: str) -> Any:
    if name in __all__:
        return importlib.import_module(f"{__name__}.{name}")
    raise AttributeError(f"tinygrad_np.compat has no {name!r}; it has autograd")


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
