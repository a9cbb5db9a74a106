"""The functions of `numpy.strings` and `numpy.char`, which a Tensor must not reach."""

import importlib
from typing import Any

_STRINGS = "it works on strings, a Tensor holds numbers; pass t.data.astype(str)"

ROWS = ()

# Where they are written: NumPy 2.5 fetches those of `numpy.char` only when they are asked for.
REFUSED: dict[Any, str] = {
    function: _STRINGS
    for module in ("numpy._core.strings", "numpy._core.defchararray")
    for function in vars(importlib.import_module(module)).values()
    if hasattr(function, "_implementation")  # which NumPy's functions have that ask their arguments
}
