"""Windows times filters: `product`, the step of a convolution that does the work.

`window_product` and `filter_product` are the adjoints of `product` in its two operands: the three
are one trilinear form, so each is the gradient of the others.

Windows are (n, *out, *size, channels), filters (*size, in, out), results (n, *out, out).

Each has a plain path, one matrix product over all windows, which is the reference for the others.
`fast.paths` says when another one is taken: a tile of windows at a time (`fast.tiles`), where all
of them would not fit into the cache, or fewer multiplications (`fast.winograd`), in float32.
"""

import functools
import math
from typing import Any

import numpy as np

from ..fast import paths, tiles, winograd
from ..fast.matrices import matrix_product
from ..fast.memory import empty
from .dispatch import array_function
from .geometry import Ints
from .windows import offsets_last

_FAST: dict[str, Any] = {"tiles": tiles, "winograd": winograd}


@array_function
def product(columns: Any, filters: Any, groups: int = 1) -> Any:
    """Windows times filters: (n, *out, *size, c) · (*size, c, f) → (n, *out, f).

    In several `groups` the channels are divided: each part of c / groups of the windows' channels
    meets its own f / groups filters, which are (*size, c / groups, f).

    >>> product(np.ones((1, 4, 3, 2)), np.ones((3, 2, 5))).shape
    (1, 4, 5)
    >>> product(np.ones((1, 4, 3, 2)), np.ones((3, 1, 6)), groups=2).shape
    (1, 4, 6)
    """
    if groups > 1:
        kept = columns.shape[: columns.ndim - filters.ndim + 1]
        *size, channels, _ = filters.shape
        if columns.shape != (*kept, *size, groups * channels):
            raise ValueError(
                f"product: windows of shape {columns.shape} do not fit filters of shape "
                f"{filters.shape} in {groups} groups"
            )
        paths.of_product("product", columns, filters.shape[-1], filters.dtype, groups)
        parts = _grouped_columns(columns, filters.ndim - 1, groups)
        result = np.matmul(parts, _grouped_filters(filters, groups))  # (g, p, k) @ (g, k, f/g)
        return result.transpose(1, 0, 2).reshape(*kept, filters.shape[-1])
    windows_2d, filters_2d, shape = _product_shapes(columns.shape, filters.shape)
    path = paths.of_product("product", columns, filters.shape[-1], filters.dtype)
    if path.name in _FAST:
        return _FAST[path.name].product(columns, filters)
    columns, filters = columns.reshape(windows_2d), filters.reshape(filters_2d)
    rows, f = windows_2d[0], filters_2d[1]
    large = rows * f >= paths.REUSE_FROM_ELEMENTS and columns.dtype == filters.dtype
    out = empty((rows, f), columns.dtype) if large else None
    return matrix_product(columns, filters, out).reshape(shape)  # (n·out, size·c) @ (size·c, f)


@array_function
def window_product(cotangent: Any, filters: Any, groups: int = 1) -> Any:
    """The adjoint of `product` in the windows: (n, *out, f) → (n, *out, *size, c).

    >>> window_product(np.ones((1, 4, 5)), np.ones((3, 2, 5)))[0, 0]
    array([[5., 5.],
           [5., 5.],
           [5., 5.]])
    """
    kept, size = cotangent.shape[:-1], filters.shape[:-1]
    windows_2d, filters_2d, shape = _product_shapes((*kept, *size), filters.shape)
    if cotangent.shape != shape:
        raise ValueError(
            f"window_product: a cotangent of shape {cotangent.shape} does not come from filters of "
            f"shape {filters.shape}"
        )
    if groups > 1:
        parts = _grouped_columns(cotangent, 1, groups)
        filters = _grouped_filters(filters, groups)
        result = np.matmul(parts, filters.transpose(0, 2, 1))  # (g, p, f/g) @ (g, f/g, k)
        return _ungrouped(result, kept, size)
    cotangent = cotangent.reshape(windows_2d[0], filters_2d[1])
    if size[-1] <= paths.COPY_UP_TO_CHANNELS:
        # (size·c, f) @ (f, n·out), offsets first as in `windows`
        columns = matrix_product(filters.reshape(filters_2d), cotangent.T)
        return columns.reshape(*size, *kept).transpose(offsets_last(len(size) - 1))
    # (n·out, f) @ (f, size·c)
    return matrix_product(cotangent, filters.reshape(filters_2d).T).reshape(*kept, *size)


@array_function
def filter_product(columns: Any, cotangent: Any, groups: int = 1) -> Any:
    """The adjoint of `product` in the filters: → (*size, c, f), summed over all windows.

    >>> filter_product(np.ones((1, 4, 3, 2)), np.ones((1, 4, 5))).shape
    (3, 2, 5)
    """
    windows_2d, cotangent_2d, shape = _filter_shapes(columns.shape, cotangent.shape)
    path = paths.of_product("filter_product", columns, shape[-1], cotangent.dtype, groups)
    if groups > 1:
        parts = _grouped_columns(columns, len(shape) - 1, groups)
        cotangents = _grouped_columns(cotangent, 1, groups)
        result = np.matmul(parts.transpose(0, 2, 1), cotangents)  # (g, k, p) @ (g, p, f/g)
        return result.transpose(1, 0, 2).reshape(*shape[:-2], shape[-2] // groups, shape[-1])
    if path.name in _FAST:
        return _FAST[path.name].filter_product(columns, cotangent)
    # (size·c, n·out) @ (n·out, f)
    columns, cotangent = columns.reshape(windows_2d), cotangent.reshape(cotangent_2d)
    return matrix_product(columns.T, cotangent).reshape(shape)


def _grouped_columns(columns: Any, axes: int, groups: int) -> Any:
    """(n, *out, *size, c) → (g, n·out, size·c/g); the last `axes` axes are (*size, c)."""
    kept, size = columns.shape[: columns.ndim - axes], columns.shape[columns.ndim - axes :]
    parts = columns.reshape(math.prod(kept), math.prod(size[:-1]), groups, size[-1] // groups)
    return parts.transpose(2, 0, 1, 3).reshape(groups, math.prod(kept), math.prod(size) // groups)


def _grouped_filters(filters: Any, groups: int) -> Any:
    """(*size, c/g, f) → (g, size·c/g, f/g)"""
    rows, columns = math.prod(filters.shape[:-1]), filters.shape[-1]
    return filters.reshape(rows, groups, columns // groups).transpose(1, 0, 2)


def _ungrouped(parts: Any, kept: Ints, size: Ints) -> Any:
    """(g, n·out, size·c/g) → (n, *out, *size, c), for (*size, c/g) = `size`."""
    groups = len(parts)
    parts = parts.reshape(groups, math.prod(kept), math.prod(size[:-1]), size[-1])
    return parts.transpose(1, 2, 0, 3).reshape(*kept, *size[:-1], groups * size[-1])


@functools.lru_cache(maxsize=1024)
def _product_shapes(columns: Ints, filters: Ints) -> tuple[Ints, Ints, Ints]:
    """(n·out, size·c), (size·c, f), (n, *out, f)"""
    kept, size = columns[: -(len(filters) - 1)], columns[-(len(filters) - 1) :]
    if size != filters[:-1]:
        raise ValueError(
            f"product: windows of shape {columns} do not fit filters of shape {filters}; they must "
            f"end in {filters[:-1]}"
        )
    k = math.prod(size)
    return (math.prod(kept), k), (k, filters[-1]), (*kept, filters[-1])


@functools.lru_cache(maxsize=1024)
def _filter_shapes(columns: Ints, cotangent: Ints) -> tuple[Ints, Ints, Ints]:
    """(n·out, size·c), (n·out, f), (*size, c, f)"""
    kept, size = columns[: len(cotangent) - 1], columns[len(cotangent) - 1 :]
    if kept != cotangent[:-1]:
        raise ValueError(
            f"filter_product: windows of shape {columns} and a cotangent of shape {cotangent} "
            "differ in their leading axes"
        )
    n = math.prod(kept)
    return (n, math.prod(size)), (n, cotangent[-1]), (*size, cotangent[-1])
