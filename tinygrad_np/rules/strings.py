"""The functions of `numpy.strings` and `numpy.char`, which a Tensor must not reach."""

from typing import Any

import numpy.char
import numpy.strings

_STRINGS = "it works on strings, a Tensor holds numbers; pass t.data.astype(str)"
_DEPRECATED = ("array", "asarray", "chararray")  # NumPy 2.5 warns when these are looked up

ROWS = ()

REFUSED: dict[Any, str] = {
    function: _STRINGS
    for module in (numpy.strings, numpy.char)
    for function in [getattr(module, name) for name in dir(module) if name not in _DEPRECATED]
    if hasattr(function, "_implementation")  # which NumPy's functions have that ask their arguments
}
