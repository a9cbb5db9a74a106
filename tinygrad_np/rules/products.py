"""Matrix products and contractions: matmul, dot, tensordot, and windows times filters."""

from typing import Any

import numpy as np

from ..fast import lazy
from ..fast.matrices import matmul, matrix_product
from ..fast.memory import empty
from ..fast.paths import REUSE_FROM_ELEMENTS
from ..kernels.products import filter_product, product, window_product
from ..kernels.windows import fold, pad, windows
from .table import bilinear, linear, takes

# In two dimensions `dot` and `matmul` are one function; dot's overhead is smaller, and it passes
# an outer product on to BLAS, where matmul (NumPy 2.4) takes seven times as long.


def _matmul_x(g: Any, x_like: Any, y: Any) -> Any:
    if x_like.ndim == 2 and y.ndim == 2:
        if type(g) is not np.ndarray or type(y) is not np.ndarray:
            return np.dot(g, y.T)  # (m, k) @ (k, n)
        large = x_like.size >= REUSE_FROM_ELEMENTS and g.dtype == y.dtype
        return matrix_product(g, y.T, empty(x_like.shape, g.dtype) if large else None)
    if y.ndim == 1:
        return np.expand_dims(g, -1) * y  # (…, m, 1) · (n)
    if x_like.ndim == 1:
        if y.ndim == 2:
            return np.dot(y, g)  # (n, k) @ (k)
        return np.matmul(y, np.expand_dims(g, -1))[..., 0]  # (…, n, k) @ (…, k, 1)
    return np.matmul(g, np.swapaxes(y, -1, -2))


def _matmul_y(g: Any, x: Any, y_like: Any) -> Any:
    if x.ndim == 2 and y_like.ndim == 2:
        plain = type(g) is np.ndarray and type(x) is np.ndarray
        return (matrix_product if plain else np.dot)(x.T, g)  # (n, m) @ (m, k)
    if x.ndim == 1:
        if y_like.ndim == 1:
            return g * x
        return np.expand_dims(x, -1) * np.expand_dims(g, -2)  # (n, 1) · (…, 1, k)
    if y_like.ndim == 1:
        if x.ndim == 2:
            return np.dot(x.T, g)  # (n, m) @ (m)
        return np.matmul(np.swapaxes(x, -1, -2), np.expand_dims(g, -1))[..., 0]
    return np.matmul(np.swapaxes(x, -1, -2), g)


def _dot_a(g: Any, a_like: Any, b: Any) -> Any:
    if a_like.ndim == 0:
        return np.sum(g * b)
    if b.ndim == 0:
        return g * b
    if b.ndim == 1:
        return np.expand_dims(g, -1) * b
    if b.ndim == 2:
        return np.dot(g, b.T)  # (…, k) @ (k, n)
    # g is (*a's but the last, *b's but the last but one); contract all that came from b
    own = a_like.ndim - 1
    of_b = [i for i in range(b.ndim) if i != b.ndim - 2]
    return np.tensordot(g, b, (list(range(own, g.ndim)), of_b))


def _dot_b(g: Any, a: Any, b_like: Any) -> Any:
    if b_like.ndim == 0:
        return np.sum(g * a)
    if a.ndim == 0:
        return g * a
    if a.ndim <= 2 and b_like.ndim == 1:
        return np.dot(a.T, g)  # (n, m) @ (m)
    if a.ndim == 2 and b_like.ndim == 2:
        return np.dot(a.T, g)  # (n, m) @ (m, k)
    of_a = list(range(a.ndim - 1))
    result = np.tensordot(a, g, (of_a, of_a))  # (n, *b's but the last but one)
    return result if b_like.ndim == 1 else np.moveaxis(result, 0, -2)


def _contracted(axes: Any, a_ndim: int, b_ndim: int) -> tuple[list[int], list[int]]:
    """tensordot's axes as two lists without negative numbers."""
    if isinstance(axes, (int, np.integer)):
        return list(range(a_ndim - axes, a_ndim)), list(range(axes))
    of_a, of_b = [np.atleast_1d(part).tolist() for part in axes]
    return [i % a_ndim for i in of_a], [i % b_ndim for i in of_b]


def _tensordot_a(g: Any, a_like: Any, b: Any, axes: Any) -> Any:
    of_a, of_b = _contracted(axes, a_like.ndim, b.ndim)
    free_a = [i for i in range(a_like.ndim) if i not in of_a]
    free_b = [i for i in range(b.ndim) if i not in of_b]
    # (free a, free b) · (free b, of_b) → (free a, of_b in b's order)
    result = np.tensordot(g, b, (list(range(len(free_a), g.ndim)), free_b))
    places = free_a + [of_a[of_b.index(i)] for i in sorted(of_b)]
    return np.transpose(result, [places.index(i) for i in range(a_like.ndim)])


def _tensordot_b(g: Any, a: Any, b_like: Any, axes: Any) -> Any:
    of_a, of_b = _contracted(axes, a.ndim, b_like.ndim)
    free_a = [i for i in range(a.ndim) if i not in of_a]
    free_b = [i for i in range(b_like.ndim) if i not in of_b]
    # (free a, of_a) · (free a, free b) → (of_a in a's order, free b)
    result = np.tensordot(a, g, (free_a, list(range(len(free_a)))))
    places = [of_b[of_a.index(i)] for i in sorted(of_a)] + free_b
    return np.transpose(result, [places.index(i) for i in range(b_like.ndim)])


def _crop(g: Any, x_like: Any, pad_width: Any) -> Any:
    if type(g) is lazy.LazyImages and not any(pad_width[0]) and not any(pad_width[-1]):
        spatial = zip(x_like.shape[1:-1], pad_width[1:-1], strict=True)
        return g.cropped([(before, before + n) for n, (before, _) in spatial])
    g = np.asarray(g) if isinstance(g, lazy.LazyArray) else g
    pairs = zip(x_like.shape, pad_width, strict=True)
    return g[tuple([slice(before, before + n) for n, (before, _) in pairs])]


ROWS = (
    bilinear(np.matmul, _matmul_x, _matmul_y, kernel=matmul),
    bilinear(np.dot, takes("a", "b", out=None), _dot_a, _dot_b),
    bilinear(np.tensordot, takes("a", "b", axes=2), _tensordot_a, _tensordot_b),
    # the frame and what it framed
    linear(pad, _crop, affine={"value"}, accepts_lazy=True),
    # a strided gather and its overlap-add
    linear(
        windows,
        lambda g, x_like, stride, dilation: lazy.deferred_fold(g, x_like.shape, stride, dilation),
        accepts_lazy=True,
    ),
    linear(
        fold,
        lambda g, columns_like, stride, dilation: windows(
            g, columns_like.shape[g.ndim - 1 : -1], stride, dilation
        ),
    ),
    # one trilinear form, three products
    bilinear(
        product,
        lambda g, filters, groups: lazy.deferred_window_product(g, filters, groups),
        lambda g, columns, groups: filter_product(columns, g, groups),
    ),
    bilinear(
        window_product,
        lambda g, filters, groups: product(g, filters, groups),
        lambda g, cotangent, groups: filter_product(g, cotangent, groups),
    ),
    bilinear(
        filter_product,
        lambda g, cotangent, groups: window_product(cotangent, g, groups),
        lambda g, columns, groups: product(columns, g, groups),
    ),
)
