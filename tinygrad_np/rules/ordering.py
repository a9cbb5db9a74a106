"""Sorting, partitions and sets: values that are picked from an array.

Policy: the result gathers, and so does its derivative. Where elements are equal, a sorted array has
them in the order in which they stand in the argument, as a stable sort has it, and a set has the
first of them.
"""

from typing import Any

import numpy as np
from numpy.lib.array_utils import normalize_axis_tuple

from ..core.arrays import Array, as_array, cast
from ..core.rules import TRUTH
from ..core.signature import signature
from ..core.table import Row, constant, general
from .composed import composed
from .constants import on_values


def _flat(x: Array, axis: Any) -> tuple[Any, int]:
    """`x` and an axis that is not negative; flattened for the axis None."""
    return (x.reshape(-1), 0) if axis is None else (x, axis % x.ndim)


def _origins(a: Array, ans: Array, axis: int) -> Any:
    """Where each element of the rearranged `ans` comes from: the i-th smallest from the i-th."""
    order = np.argsort(a, axis, kind="stable")
    ranks = np.argsort(np.argsort(ans, axis, kind="stable"), axis)
    return np.take_along_axis(order, ranks, axis)


def _rearranged_vjp(g: Array, a: Array, ans: Array, axis: Any) -> Any:
    flat, axis = _flat(a, axis)
    destinations = np.argsort(_origins(flat, ans, axis), axis)
    return np.take_along_axis(g, destinations, axis).reshape(a.shape)


def _rearranged_jvp(t: Array, a: Array, ans: Array, axis: Any) -> Any:
    origins = _origins(_flat(a, axis)[0], ans, _flat(a, axis)[1])
    t, axis = _flat(t, axis)
    return np.take_along_axis(t, origins, axis)


def _sort_complex(a: Array) -> Any:
    ordered = np.sort(a, -1)
    return ordered if a.dtype.kind == "c" else cast(ordered, np.result_type(a.dtype, np.complex128))


def _unique(
    ar: Any, return_index: Any, return_inverse: Any, return_counts: Any, axis: Any, equal_nan: Any,
    sorted: Any,
) -> Any:  # fmt: skip
    flags = {"equal_nan": equal_nan, "axis": axis} | ({} if sorted else {"sorted": False})
    found = on_values(np.unique, ar, return_index, return_inverse, return_counts, **flags)
    if axis is None:
        return _picked(ar, found)
    _, first = on_values(np.unique, ar, return_index=True, **flags)
    values = np.take(ar, first, axis)
    return (values, *found[1:]) if isinstance(found, tuple) else values


def _picked(x: Array, found: Any) -> Any:
    """What NumPy found, with values (all of them, or the first part) that are picked from `x`."""
    x = x.reshape(-1)
    values = found[0] if isinstance(found, tuple) else found
    ordered, first = on_values(np.unique, x, return_index=True)
    picked = x[first[np.searchsorted(ordered, values)]]
    if not isinstance(found, tuple):
        return picked
    parts = picked, *found[1:]
    return type(found)(*parts) if hasattr(found, "_fields") else parts


def _set_row(function: Any) -> Row:
    """A row of the array API's functions of unique values."""
    return composed(function, signature("x"), lambda x: _picked(x, on_values(function, x)), {"x"})


def _setdiff1d(ar1: Array, ar2: Array, assume_unique: Any) -> Any:
    ar1 = as_array(ar1)
    ar1 = ar1.reshape(-1) if assume_unique else np.unique(ar1)
    return ar1[np.isin(ar1, ar2, invert=True)]


def _setxor1d(ar1: Array, ar2: Array, assume_unique: Any) -> Any:
    parts = [as_array(part) for part in (ar1, ar2)]
    both = np.sort(np.concatenate(parts if assume_unique else [np.unique(x) for x in parts], None))
    ends = np.ones(min(1, both.size), bool)
    differs = np.concatenate([ends, np.not_equal(both[1:], both[:-1]), ends])
    return both[differs[1:] & differs[:-1]]


def _trim_zeros(filt: Any, trim: Any, axis: Any, ans: Array) -> Any:
    """As many as NumPy leaves, from the first element on that is not zero."""
    trimmed = range(filt.ndim) if axis is None else normalize_axis_tuple(axis, filt.ndim)
    first = np.min(np.argwhere(filt), 0, initial=filt.size).tolist()
    starts = [n * ("f" in trim.lower() and i in trimmed) for i, n in enumerate(first)]
    return filt[tuple([slice(k, k + n) for k, n in zip(starts, ans.shape, strict=True)])]


_REARRANGED = (_rearranged_vjp, _rearranged_jvp)
_PICKS = "which elements are left jumps where it changes"

ROWS: tuple[Row, ...] = (
    general(
        np.sort,
        signature("a", "*", axis=-1, kind=None, order=None, stable=None, descending=None),
        _REARRANGED,
    ),
    general(
        np.partition, signature("a", "kth", axis=-1, kind="introselect", order=None), _REARRANGED
    ),
    composed(np.sort_complex, signature("a"), _sort_complex, {"a"}),
    composed(
        np.unique,
        signature(
            "ar", "*", return_index=False, return_inverse=False, return_counts=False, axis=None,
            equal_nan=True, sorted=True,
        ),
        _unique,
        {"ar"},
    ),
    _set_row(np.unique_all),
    _set_row(np.unique_counts),
    _set_row(np.unique_inverse),
    _set_row(np.unique_values),
    composed(
        np.union1d,
        signature("ar1", "ar2"),
        lambda ar1, ar2: np.unique(np.concatenate([as_array(ar1), as_array(ar2)], None)),
        {"ar1", "ar2"},
    ),
    composed(
        np.setdiff1d,
        signature("ar1", "ar2", assume_unique=False),
        _setdiff1d,
        {"ar1"},
        locally_constant={"ar2": _PICKS},
    ),
    composed(
        np.setxor1d, signature("ar1", "ar2", assume_unique=False), _setxor1d, {"ar1", "ar2"}
    ),
    composed(
        np.trim_zeros, signature("filt", trim="fb", axis=None), _trim_zeros, {"filt"},
        own_value=True,
    ),
)  # fmt: skip

if hasattr(np, "in1d"):  # up to NumPy 2.3
    ROWS += (constant(np.in1d, TRUTH),)  # noqa: NPY201

REFUSED = {
    np.intersect1d: "its elements are those that tie, so that it has no derivative; use "
    "t[np.isin(t, other)] for the elements of one array that another has, too",
}
