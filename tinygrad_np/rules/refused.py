"""Functions that a Tensor must not reach: of integers, bits, dates, strings, files, and `like=`.

What writes into an array is refused in `constants`, beside what is locally constant.
"""

import importlib
from typing import Any

import numpy as np

_LIKE = "`like` asks for an array of its kind; leave it out, a plain array is a constant beside it"
_FILE = "a file holds values, not how they were computed; pass t.data"
_INTEGERS = "it works on integers, a Tensor holds floating numbers; pass t.data.astype(int)"
_DATES = "it works on dates, a Tensor holds numbers; pass an array of dates"
_STRINGS = "it works on strings, a Tensor holds numbers; pass t.data.astype(str)"

_PARTS = "it is for other dtypes than NumPy's own; use np.real or np.imag"


def _functions(names: str) -> list[Any]:
    """Those of NumPy's functions that this version has."""
    return [getattr(np, name) for name in names.split() if hasattr(np, name)]


def _is_of_numbers(ufunc: np.ufunc) -> bool:
    return any("d" in loop for loop in ufunc.types)


_UFUNCS = [
    value
    for value in vars(importlib.import_module("numpy._core.umath")).values()
    if isinstance(value, np.ufunc) and not _is_of_numbers(value)
]

ROWS = ()

REFUSED: dict[Any, str] = {
    # nearly all ufuncs that have no loop for floating numbers are helpers of `numpy.strings`
    **dict.fromkeys(_UFUNCS, _STRINGS),
    # NumPy 2.5 has them for other dtypes than its own
    **dict.fromkeys([u for u in _UFUNCS if u.__name__ in ("imag", "real")], _PARTS),
    **dict.fromkeys(
        _functions(
            "bitwise_and bitwise_count bitwise_or bitwise_xor gcd invert lcm left_shift "
            "right_shift packbits ravel_multi_index unpackbits unravel_index"
        ),
        _INTEGERS,
    ),
    **dict.fromkeys(
        _functions("busday_count busday_offset datetime_as_string is_busday isnat"), _DATES
    ),
    **dict.fromkeys(_functions("save savetxt savez savez_compressed"), _FILE),
    **dict.fromkeys(
        _functions(
            "arange array asanyarray asarray ascontiguousarray asfortranarray empty eye "
            "frombuffer fromfile fromfunction fromiter fromstring full genfromtxt identity "
            "loadtxt ones require tri zeros"
        ),
        _LIKE,
    ),
}
