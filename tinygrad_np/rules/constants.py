"""Functions whose result is locally constant, and functions that a Tensor must not reach.

The first take a Tensor's value and give plain arrays: their derivative is zero wherever they have
one. The second write into an argument, so the gradient would be lost without a word; they raise.
"""

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy._core import umath

from ..core.dispatch import array_function
from ..core.rules import ABOUT, INDEX, STEPS, TRUTH
from ..core.table import constant


@array_function
def on_values(function: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
    """``function(*args, **kwargs)`` of the arguments' values: a constant.

    >>> on_values(np.argmax, np.array([1.0, 3.0]))
    np.int64(1)
    """
    return function(*args, **kwargs)


_UMATH: Any = umath  # its names, which NumPy's types leave out


ROWS = (
    *[
        constant(function, ABOUT)
        for function in (
            np.can_cast, np.min_scalar_type, np.common_type, np.isrealobj, np.may_share_memory,
            np.shares_memory, np.ones_like, np.empty_like, np.array_repr, np.array_str,
            np.array2string, _UMATH._ones_like,
        )
    ],
    *[
        constant(function, TRUTH)
        for function in (
            np.logical_xor, np.isposinf, np.isneginf, np.isreal, np.iscomplex, np.signbit,
            np.allclose, np.isclose, np.array_equal, np.array_equiv, np.isin,
        )
    ],
    *[
        constant(function, INDEX)
        for function in (
            np.nanargmax, np.nanargmin, np.argsort, np.argpartition, np.argwhere, np.nonzero,
            np.flatnonzero, np.count_nonzero, np.searchsorted, np.digitize, np.lexsort,
        )
    ],
    *[
        constant(function, STEPS)
        for function in (np.trunc, np.rint, np.around, np.fix, np.spacing, np.floor_divide)
    ],
    constant(on_values, "it is asked for the values alone"),
)  # fmt: skip

_WRITES = "it writes into an array, and the gradient would be lost"

REFUSED = {
    np.copyto: f"{_WRITES}; use np.where, or np.broadcast_to for np.full, or the new array",
    np.put: f"{_WRITES}; use np.where, or scatter_add",
    np.place: f"{_WRITES}; use np.where",
    np.putmask: f"{_WRITES}; use np.where",
    np.put_along_axis: f"{_WRITES}; use np.where, or scatter_add",
    np.fill_diagonal: f"{_WRITES}; use np.where with np.eye as the condition",
}
