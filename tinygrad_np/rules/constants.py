"""Functions whose result is locally constant, and functions that a Tensor must not reach.

The first take a Tensor's value and give plain arrays: their derivative is zero wherever they have
one. The second write into an argument, so the gradient would be lost without a word; they raise.
"""

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy._core import umath

from ..kernels.dispatch import array_function
from ..kernels.elementwise import max_weight
from .table import constant


@array_function
def on_values(function: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
    """``function(*args, **kwargs)`` of the arguments' values: a constant.

    >>> on_values(np.argmax, np.array([1.0, 3.0]))
    np.int64(1)
    """
    return function(*args, **kwargs)


ABOUT = "it tells something about the array, not about its values"
TRUTH = "a truth value jumps and is constant in between"
CHOICE = "an index jumps and is constant in between"
_STEPS = "it is constant between its steps"

_UMATH: Any = umath  # its names, which NumPy's types leave out


def _real_sign(x: Any, **kwargs: Any) -> Any:
    if np.iscomplexobj(x):
        raise TypeError("np.sign: of a complex number it is x/|x|, not constant; write that")
    return np.sign(x, **kwargs)


ROWS = (
    *[
        constant(function, ABOUT)
        for function in (
            np.shape, np.ndim, np.size, np.result_type, np.can_cast, np.min_scalar_type,
            np.common_type, np.iscomplexobj, np.isrealobj, np.may_share_memory, np.shares_memory,
            np.zeros_like, np.ones_like, np.empty_like, np.array_repr, np.array_str,
            np.array2string, _UMATH._ones_like,
        )
    ],
    *[
        constant(function, TRUTH)
        for function in (
            np.equal, np.not_equal, np.less, np.less_equal, np.greater, np.greater_equal,
            np.logical_and, np.logical_or, np.logical_xor, np.logical_not, np.isfinite, np.isinf,
            np.isnan, np.isposinf, np.isneginf, np.isreal, np.iscomplex, np.signbit,
            np.all, np.any, np.allclose, np.isclose, np.array_equal, np.array_equiv, np.isin,
        )
    ],
    *[
        constant(function, CHOICE)
        for function in (
            np.argmax, np.argmin, np.nanargmax, np.nanargmin, np.argsort, np.argpartition,
            np.argwhere, np.nonzero, np.flatnonzero, np.count_nonzero, np.searchsorted,
            np.digitize, np.lexsort,
        )
    ],
    *[
        constant(function, _STEPS)
        for function in (
            np.floor, np.ceil, np.trunc, np.rint, np.round, np.around, np.fix, np.floor_divide,
            np.spacing, max_weight,
        )
    ],
    constant(np.sign, _STEPS, kernel=_real_sign),
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
