"""Products of windows and filters, and of matrices, by the path that `paths` chooses.

`product`, `window_product` and `filter_product` are the core's, with one matrix product over all
windows, where no other path is taken. Where all of them would not fit into the cache, that is a
tile of windows at a time (`tiles`), long runs of few channels (`runs`), the slices of a volume
(`slices`), or fewer multiplications in float32 (`winograd_rows`, `winograd_squares`). `matmul_x`
and `matmul_y` are the vjps of `numpy.matmul`.
"""

import functools
import importlib
from typing import Any

import numpy as np

from ..core import rules, windows
from ..core.arrays import Array
from ..core.dispatch import plain
from ..core.plan import Shaped
from ..core.windows import filter_shapes, offsets_last, product_shapes
from . import frames, paths
from .matrices import matrix_product
from .memory import empty

_MODULES = {
    "tiles": "tiles",
    "runs": "runs",
    "slices": "slices",
    "winograd, rows": "winograd_rows",
    "winograd, squares": "winograd_squares",
}
"""For each path the module of its kernels, which is imported at the first use."""


def product(columns: Array, filters: Array) -> Any:
    """(n, *out, *size, c) · (*size, c, f) → (n, *out, f)"""
    windows_2d, filters_2d, shape = product_shapes(columns.shape, filters.shape)
    columns, kernels = _chosen("product", columns, filters.shape[-1], filters.dtype)
    if kernels is not None:
        return kernels.product(columns, np.ascontiguousarray(filters))
    columns, filters = columns.reshape(windows_2d), filters.reshape(filters_2d)
    rows, f = windows_2d[0], filters_2d[1]
    large = rows * f >= paths.REUSE_FROM_ELEMENTS and columns.dtype == filters.dtype
    out = empty((rows, f), columns.dtype) if large else None
    return matrix_product(columns, filters, out).reshape(shape)  # (n·out, size·c) @ (size·c, f)


def window_product(cotangent: Array, filters: Array) -> Any:
    """(n, *out, f) · (*size, c, f) → (n, *out, *size, c)"""
    kept, size = cotangent.shape[:-1], filters.shape[:-1]
    windows_2d, filters_2d, shape = product_shapes((*kept, *size), filters.shape)
    if cotangent.shape != shape:
        return plain(windows.window_product)(cotangent, filters)  # which says so
    cotangent = cotangent.reshape(windows_2d[0], filters_2d[1])
    filters = filters.reshape(filters_2d)
    if size[-1] > paths.COPY_UP_TO_CHANNELS:
        # (n·out, f) @ (f, size·c)
        return matrix_product(cotangent, filters.T).reshape(*kept, *size)
    # (size·c, f) @ (f, n·out), offsets first as in `windows`
    columns = matrix_product(filters, cotangent.T)
    return columns.reshape(*size, *kept).transpose(offsets_last(len(size) - 1))


def filter_product(columns: Array, cotangent: Array) -> Any:
    """(n, *out, *size, c), (n, *out, f) → (*size, c, f)"""
    windows_2d, cotangent_2d, shape = filter_shapes(columns.shape, cotangent.shape)
    columns, kernels = _chosen("filter_product", columns, shape[-1], cotangent.dtype)
    if kernels is not None:
        return kernels.filter_product(columns, np.ascontiguousarray(cotangent))
    # (size·c, n·out) @ (n·out, f)
    columns, cotangent = columns.reshape(windows_2d), cotangent.reshape(cotangent_2d)
    return matrix_product(columns.T, cotangent).reshape(shape)


def _chosen(operation: str, columns: Any, f: int, dtype: Any) -> tuple[Any, Any]:
    """The windows in the form that the chosen kernels take, and these; None: one matrix product."""
    is_array = type(columns) is np.ndarray
    if columns.nbytes > paths.TILE_FROM_BYTES and not (is_array and paths.is_gathered(columns)):
        columns = frames.described(columns)
    module = _MODULES.get(paths.of_product(operation, columns, f, dtype).name)
    if module is None or module == "tiles":
        columns = frames.made(columns)
    return columns, None if module is None else _kernels(module)


@functools.cache
def _kernels(module: str) -> Any:
    return importlib.import_module(f".{module}", __package__)


def matmul_x(g: Array, x_like: Shaped, y: Array) -> Any:
    """The cotangent of x in ``x @ y``."""
    if x_like.ndim != 2 or y.ndim != 2 or type(g) is not np.ndarray or type(y) is not np.ndarray:
        return rules.matmul_x(g, x_like, y)
    large = x_like.size >= paths.REUSE_FROM_ELEMENTS and g.dtype == y.dtype
    return matrix_product(g, y.T, empty(x_like.shape, g.dtype) if large else None)


def matmul_y(g: Array, x: Array, y_like: Shaped) -> Any:
    """The cotangent of y in ``x @ y``."""
    if x.ndim != 2 or y_like.ndim != 2 or type(g) is not np.ndarray or type(x) is not np.ndarray:
        return rules.matmul_y(g, x, y_like)
    return matrix_product(x.T, g)  # (n, m) @ (m, k)
