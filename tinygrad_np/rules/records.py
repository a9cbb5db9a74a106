"""The functions of `numpy.lib.recfunctions`, which a Tensor must not reach."""

from typing import Any

from numpy.lib import recfunctions

_FIELDS = "it works on arrays with fields, a Tensor holds numbers; pass t.data"

ROWS = ()

REFUSED: dict[Any, str] = {
    function: _FIELDS
    for function in vars(recfunctions).values()
    if hasattr(function, "_implementation")  # which NumPy's functions have that ask their arguments
}
