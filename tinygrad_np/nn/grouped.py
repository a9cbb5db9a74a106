"""Products of windows and filters in groups: each part of the channels meets filters of its own.

`grouped_product` and its two adjoints are `product`, `window_product` and `filter_product` of
`core.windows` for several groups; with one channel a group it is a depthwise convolution.

Windows are (n, *out, *size, c), filters (*size, c / groups, f), results (n, *out, f).
"""

import math
from typing import Any

import numpy as np

from ..core.arrays import Array
from ..core.dispatch import array_function
from ..core.geometry import Ints
from ..core.table import add, bilinear


@array_function
def grouped_product(columns: Any, filters: Any, groups: int) -> Any:
    """Windows times filters: (n, *out, *size, c) · (*size, c / groups, f) → (n, *out, f).

    >>> grouped_product(np.ones((1, 4, 3, 2)), np.ones((3, 1, 6)), 2).shape
    (1, 4, 6)
    """
    kept = columns.shape[: columns.ndim - filters.ndim + 1]
    *size, channels, f = filters.shape
    if columns.shape != (*kept, *size, groups * channels):
        raise ValueError(
            f"grouped_product: windows of shape {columns.shape} do not fit filters of shape "
            f"{filters.shape} in {groups} groups"
        )
    parts = _grouped(columns, filters.ndim - 1, groups)
    result = np.matmul(parts, _grouped(filters, 1, groups))  # (g, p, k) @ (g, k, f/g)
    return _ungrouped(result, kept, (f // groups,))


@array_function
def grouped_window_product(cotangent: Any, filters: Any, groups: int) -> Any:
    """The adjoint of `grouped_product` in the windows: (n, *out, f) → (n, *out, *size, c).

    >>> grouped_window_product(np.ones((1, 4, 6)), np.ones((3, 1, 6)), 2).shape
    (1, 4, 3, 2)
    """
    # (g, p, f/g) @ (g, f/g, k)
    filters_2d = _grouped(filters, 1, groups).transpose(0, 2, 1)
    result = np.matmul(_grouped(cotangent, 1, groups), filters_2d)
    return _ungrouped(result, cotangent.shape[:-1], filters.shape[:-1])


@array_function
def grouped_filter_product(columns: Any, cotangent: Any, groups: int) -> Any:
    """The adjoint of `grouped_product` in the filters: → (*size, c / groups, f).

    >>> grouped_filter_product(np.ones((1, 4, 3, 2)), np.ones((1, 4, 6)), 2).shape
    (3, 1, 6)
    """
    *size, channels = columns.shape[cotangent.ndim - 1 :]
    parts = _grouped(columns, len(size) + 1, groups).transpose(0, 2, 1)
    result = np.matmul(parts, _grouped(cotangent, 1, groups))  # (g, k, p) @ (g, p, f/g)
    return _ungrouped(result, (*size, channels // groups), (cotangent.shape[-1] // groups,))


def _grouped(x: Array, axes: int, groups: int) -> Any:
    """(*kept, *size, c) → (g, kept, size·c/g); the last `axes` axes are (*size, c)."""
    kept, size = x.shape[: x.ndim - axes], x.shape[x.ndim - axes :]
    parts = x.reshape(math.prod(kept), math.prod(size[:-1]), groups, size[-1] // groups)
    return parts.transpose(2, 0, 1, 3).reshape(groups, math.prod(kept), math.prod(size) // groups)


def _ungrouped(parts: Array, kept: Ints, size: Ints) -> Any:
    """(g, kept, size·c/g) → (*kept, *size, c), for (*size, c/g) = `size`."""
    groups = len(parts)
    parts = parts.reshape(groups, math.prod(kept), math.prod(size[:-1]), size[-1])
    return parts.transpose(1, 2, 0, 3).reshape(*kept, *size[:-1], groups * size[-1])


ROWS = (
    bilinear(
        grouped_product,
        lambda g, filters, groups: grouped_window_product(g, filters, groups),
        lambda g, columns, groups: grouped_filter_product(columns, g, groups),
    ),
    bilinear(
        grouped_window_product,
        lambda g, filters, groups: grouped_product(g, filters, groups),
        lambda g, cotangent, groups: grouped_filter_product(g, cotangent, groups),
    ),
    bilinear(
        grouped_filter_product,
        lambda g, cotangent, groups: grouped_window_product(cotangent, g, groups),
        lambda g, columns, groups: grouped_product(columns, g, groups),
    ),
)

add(ROWS)
