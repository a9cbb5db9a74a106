"""Sliding windows: `pad` frames images, `windows` gathers, and `product` multiplies by filters.

``product(windows(pad(x, width), size), w)`` is a convolution. Each of the three is linear, and each
adjoint stands beside it: cropping, `fold`, `window_product` and `filter_product`. So a
convolution's gradient is what their rules give. Of pooling, `window_maxima` is the largest element
of every window and where it is, `gather_windows` takes the element of a given number, and
`max_unpool` puts it back.

Images are (n, *spatial, channels), windows (n, *out, *size, channels), filters (*size, in, out),
for any number of spatial axes.

>>> image = np.array([1.0, 2.0, 4.0]).reshape(1, 3, 1)
>>> product(windows(image, 2), np.array([-1.0, 1.0]).reshape(2, 1, 1)).ravel()
array([1., 2.])
"""

import functools
import itertools
import math
from typing import Any

import numpy as np

from . import geometry, hooks
from .arrays import Array, checked_shape, numbers
from .dispatch import array_function
from .geometry import Ints, PerAxis
from .table import add, bilinear, general, linear


@array_function
def pad(x: Any, pad_width: Any, value: Any = 0) -> Any:
    """`x` framed with zeros, or another `value`: a pair (before, after) for every axis.

    What ``numpy.pad(x, pad_width)`` gives, at a tenth of its overhead.

    >>> pad(np.ones((1, 2)), ((0, 1), (1, 1)))
    array([[0., 1., 1., 0.],
           [0., 0., 0., 0.]])
    """
    shape, inside = frame(x.shape, pad_width)
    result = hooks.memory.zeros(shape, x.dtype)
    if value:
        result.fill(value)
    result[inside] = x
    return result


@functools.lru_cache(maxsize=1024)
def frame(shape: Ints, pad_width: Any) -> tuple[Ints, tuple[slice, ...]]:
    """The shape with the frame, and where the array lies in it.

    >>> frame((2, 3), ((0, 1), (1, 1)))
    ((3, 5), (slice(0, 2, None), slice(1, 4, None)))
    """
    pairs = list(zip(shape, pad_width, strict=True))
    return (
        tuple([before + n + after for n, (before, after) in pairs]),
        tuple([slice(before, before + n) for n, (before, _) in pairs]),
    )


def cropped(g: Array, x_like: Any, pad_width: Any) -> Any:
    """The adjoint of `pad`: what the frame was laid around."""
    pairs = zip(x_like.shape, pad_width, strict=True)
    return g[tuple([slice(before, before + n) for n, (before, _) in pairs])]


@array_function
def windows(x: Any, size: Any, stride: Any = 1, dilation: Any = 1) -> Any:
    """Every window of `size`, `stride` apart.

    Parameters
    ----------
    x : ``(n, *spatial, c)`` array_like
    size : int or tuple of int
        A tuple has one a spatial axis.
    stride, dilation : int or tuple of int, default 1
        `dilation` is the step from pixel to pixel within a window.

    Returns
    -------
    ``(n, *out, *size, c)`` array
        Read-only: a view of `x`, or a copy.

    Examples
    --------
    >>> x = np.arange(5.0).reshape(1, 5, 1)
    >>> windows(x, 3, stride=2)[0, :, :, 0]
    array([[0., 1., 2.],
           [2., 3., 4.]])
    >>> windows(x, 2, dilation=3)[0, :, :, 0]
    array([[0., 3.],
           [1., 4.]])
    """
    x = numbers(x, "windows")
    size, stride, dilation = steps("windows", x.shape, size, stride, dilation)
    shape, strides = strided(x.shape, x.strides, size, stride, dilation)
    found = np.lib.stride_tricks.as_strided(x, shape, strides, writeable=False)
    return found.transpose(offsets_last(len(size)))


def steps(function: str, shape: Ints, size: Any, stride: Any, dilation: Any) -> Any:
    """The three as one integer an axis, for images of `shape`.

    Raises ``ValueError`` or ``TypeError``, opening with `function`.
    """
    axes = len(shape) - 2
    if axes < 1:
        raise ValueError(f"{function}: images must be (n, *spatial, channels), not {shape}")
    if type(size) is type(stride) is type(dilation) is PerAxis and len(size) == axes:
        return size, stride, dilation  # a layer's, checked before
    return (
        geometry.per_axis(size, axes, 1, f"{function}: size"),
        geometry.per_axis(stride, axes, 1, f"{function}: stride"),
        geometry.per_axis(dilation, axes, 1, f"{function}: dilation"),
    )


@functools.lru_cache(maxsize=1024)
def strided(shape: Ints, strides: Ints, size: Ints, stride: Ints, dilation: Ints) -> Any:
    """Shape and strides of the windows of an array, with the offsets first: (*size, c, n, *out)."""
    check_fit("windows", shape, size, dilation)
    out = geometry.window_counts(shape[1:-1], size, stride, dilation)
    jumps = strides[1:-1]
    # A step that is never taken may be larger than any stride can be.
    within = [j * (d if k > 1 else 1) for j, d, k in zip(jumps, dilation, size, strict=True)]
    apart = [j * (s if n > 1 else 1) for j, s, n in zip(jumps, stride, out, strict=True)]
    return (*size, shape[-1], shape[0], *out), (*within, strides[-1], strides[0], *apart)


def check_fit(function: str, shape: Ints, size: Ints, dilation: Ints) -> None:
    """Raise unless a window fits into images of `shape`."""
    spans = geometry.window_spans(size, dilation)
    if any(k > n for k, n in zip(spans, shape[1:-1], strict=True)):
        raise ValueError(
            f"{function}: a {geometry.times(spans)} window does not fit the "
            f"{geometry.times(shape[1:-1])} image; pad it first"
        )


@functools.cache
def offsets_last(axes: int) -> Ints:
    """The axes that turn (*size, c, n, *out) into (n, *out, *size, c)."""
    return (*range(axes + 1, 2 * axes + 2), *range(axes + 1))


@array_function
def padded_windows(x: Any, pad_width: Any, size: Any, stride: Any, dilation: Any) -> Any:
    """``windows(pad(x, pad_width), size, stride, dilation)``, of plain arrays.

    >>> padded_windows(np.ones((1, 2, 1)), ((0, 0), (1, 0), (0, 0)), (2,), (1,), (1,))[0, :, :, 0]
    array([[0., 1.],
           [1., 1.]])
    """
    return windows(pad(x, pad_width), size, stride, dilation)


@array_function
def fold(columns: Any, shape: Ints, stride: Any = 1, dilation: Any = 1) -> Any:
    """The adjoint of `windows`: every element of every window, added where it came from.

    Parameters
    ----------
    columns : ``(n, *out, *size, c)`` array_like
    shape : tuple of int
        Of the images, ``(n, *spatial, c)``.
    stride, dilation : int or tuple of int, default 1
        As in `windows`.

    Returns
    -------
    array
        Of `shape`, 0 in pixels that no window reaches.

    Examples
    --------
    >>> fold(np.ones((1, 2, 3, 1)), (1, 5, 1), stride=2)[0, :, 0]
    array([1., 1., 2., 1., 1.])
    """
    columns = numbers(columns, "fold")
    stride, dilation = folding_steps(columns.shape, shape, stride, dilation)
    axes = len(shape) - 2
    out, size = columns.shape[1 : 1 + axes], columns.shape[1 + axes : -1]
    result = hooks.memory.zeros(shape, columns.dtype)
    every = (slice(None),) * (1 + axes)
    for offset in itertools.product(*map(range, size)):
        reached = [
            slice(d * first, d * first + step * count, step)
            for d, first, step, count in zip(dilation, offset, stride, out, strict=True)
        ]
        result[(slice(None), *reached)] += columns[(*every, *offset)]
    return result


def folding_steps(
    columns: Ints, shape: Ints, stride: Any, dilation: Any
) -> tuple[PerAxis, PerAxis]:
    """Stride and dilation per axis, if windows of shape `columns` come from images of `shape`.

    Raises ``ValueError`` if not.

    >>> folding_steps((1, 2, 3, 1), (1, 5, 1), 2, 1)
    ((2,), (1,))
    """
    shape = checked_shape("fold", shape, 3)
    axes = len(shape) - 2
    size = columns[1 + axes : -1]
    if len(columns) != 2 * axes + 2:
        raise ValueError(
            f"fold: windows of images of shape {shape} are (n, *out, *size, channels), not "
            f"{columns}"
        )
    _, stride, dilation = steps("fold", shape, size, stride, dilation)
    counts = geometry.window_counts(tuple(shape[1:-1]), size, stride, dilation)
    expected = (shape[0], *counts, *size, shape[-1])
    if columns != expected:
        raise ValueError(
            f"fold: windows of shape {columns} do not come from images of shape {shape} "
            f"with stride {stride} and dilation {dilation}; those would be {expected}"
        )
    return stride, dilation


# Windows times filters: one trilinear form, three products, each the gradient of the others


@array_function
def product(columns: Any, filters: Any) -> Any:
    """Windows times filters: (n, *out, *size, c) · (*size, c, f) → (n, *out, f).

    >>> product(np.ones((1, 4, 3, 2)), np.ones((3, 2, 5))).shape
    (1, 4, 5)
    """
    windows_2d, filters_2d, shape = product_shapes(columns.shape, filters.shape)
    # (n·out, size·c) @ (size·c, f)
    return np.dot(columns.reshape(windows_2d), filters.reshape(filters_2d)).reshape(shape)


@array_function
def window_product(cotangent: Any, filters: Any) -> Any:
    """The adjoint of `product` in the windows: (n, *out, f) → (n, *out, *size, c).

    >>> window_product(np.ones((1, 4, 5)), np.ones((3, 2, 5)))[0, 0]
    array([[5., 5.],
           [5., 5.],
           [5., 5.]])
    """
    columns = (*cotangent.shape[:-1], *filters.shape[:-1])
    windows_2d, filters_2d, shape = product_shapes(columns, filters.shape)
    if cotangent.shape != shape:
        raise ValueError(
            f"window_product: a cotangent of shape {cotangent.shape} does not come from filters of "
            f"shape {filters.shape}"
        )
    cotangent = cotangent.reshape(windows_2d[0], filters_2d[1])
    # (n·out, f) @ (f, size·c)
    return np.dot(cotangent, filters.reshape(filters_2d).T).reshape(columns)


@array_function
def filter_product(columns: Any, cotangent: Any) -> Any:
    """The adjoint of `product` in the filters: → (*size, c, f), summed over all windows.

    >>> filter_product(np.ones((1, 4, 3, 2)), np.ones((1, 4, 5))).shape
    (3, 2, 5)
    """
    windows_2d, cotangent_2d, shape = filter_shapes(columns.shape, cotangent.shape)
    # (size·c, n·out) @ (n·out, f)
    return np.dot(columns.reshape(windows_2d).T, cotangent.reshape(cotangent_2d)).reshape(shape)


@functools.lru_cache(maxsize=1024)
def product_shapes(columns: Ints, filters: Ints) -> tuple[Ints, Ints, Ints]:
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
def filter_shapes(columns: Ints, cotangent: Ints) -> tuple[Ints, Ints, Ints]:
    """(n·out, size·c), (n·out, f), (*size, c, f)"""
    kept, size = columns[: len(cotangent) - 1], columns[len(cotangent) - 1 :]
    if kept != cotangent[:-1]:
        raise ValueError(
            f"filter_product: windows of shape {columns} and a cotangent of shape {cotangent} "
            "differ in their leading axes"
        )
    n = math.prod(kept)
    return (n, math.prod(size)), (n, cotangent[-1]), (*size, cotangent[-1])


# The largest element of every window


@array_function
def window_maxima(columns: Any) -> Any:
    """The largest element of every window, and its number: two arrays (n, *out, c).

    Elements of a window are numbered in row-major order; of several largest ones the first counts,
    and so does the first nan.

    >>> values, numbers = window_maxima(np.array([3.0, 3.0, 2.0, 5.0]).reshape(1, 2, 2, 1))
    >>> values.ravel(), numbers.ravel().astype(int)
    (array([3., 5.]), array([0, 1]))
    """
    index = np.argmax(_in_one_axis(columns), -1)
    return [gather_windows(columns, index), index]


@array_function
def window_max(columns: Any) -> Any:
    """The values of `window_maxima` alone, of plain arrays.

    >>> window_max(np.array([3.0, 1.0, 2.0, 5.0]).reshape(1, 2, 2, 1)).ravel()
    array([3., 5.])
    """
    return _in_one_axis(columns).max(-1)


@array_function
def gather_windows(columns: Any, index: Any) -> Any:
    """The element number `index` of every window: (n, *out, *size, c), (n, *out, c) → (n, *out, c).

    >>> windows = np.array([3.0, 1.0, 2.0, 5.0]).reshape(1, 2, 2, 1)
    >>> gather_windows(windows, np.array([1, 0]).reshape(1, 2, 1)).ravel()
    array([1., 2.])
    """
    places = np.asarray(index, np.intp)[..., None]
    return np.take_along_axis(_in_one_axis(columns), places, -1)[..., 0]


def _in_one_axis(columns: Array) -> Any:
    """(n, *out, *size, c) → (n, *out, c, size)"""
    n = columns.ndim // 2
    flat = columns.reshape(*columns.shape[:n], math.prod(columns.shape[n:-1]), columns.shape[-1])
    return np.swapaxes(flat, -1, -2)


@array_function
def max_unpool(values: Any, index: Any, size: Ints) -> Any:
    """The adjoint of `gather_windows`: windows of `size`, zero but for `values` at `index`.

    >>> index = np.array([1, 0]).reshape(1, 2, 1)
    >>> max_unpool(np.array([7.0, 8.0]).reshape(1, 2, 1), index, (2,))[0, :, :, 0]
    array([[0., 7.],
           [8., 0.]])
    """
    *kept, c = values.shape
    number = np.arange(math.prod(size))[:, None]  # (size, 1)
    found = np.where(number == index[..., None, :], values[..., None, :], 0)  # (n, *out, size, c)
    return found.astype(values.dtype, copy=False).reshape(*kept, *size, c)


def window_size(columns: Any) -> Ints:
    """(*size) of windows (n, *out, *size, c)."""
    size: Ints = columns.shape[columns.ndim // 2 : -1]
    return size


ROWS = (
    # the frame and what it framed
    linear(pad, cropped, affine={"value"}),
    # a strided gather and its overlap-add
    linear(windows, lambda g, x_like, stride, dilation: fold(g, x_like.shape, stride, dilation)),
    linear(
        fold,
        lambda g, columns_like, stride, dilation: windows(
            g, columns_like.shape[g.ndim - 1 : -1], stride, dilation
        ),
    ),
    bilinear(
        product,
        lambda g, filters: window_product(g, filters),
        lambda g, columns: filter_product(columns, g),
    ),
    bilinear(
        window_product,
        lambda g, filters: product(g, filters),
        lambda g, cotangent: filter_product(g, cotangent),
    ),
    bilinear(
        filter_product,
        lambda g, cotangent: window_product(cotangent, g),
        lambda g, columns: product(columns, g),
    ),
    # the largest element of every window; taking an element, and putting it back
    general(
        window_maxima,
        (
            lambda g, columns_like, ans: max_unpool(
                g[0], np.asarray(ans[1]), window_size(columns_like)
            ),
            lambda t, ans: (gather_windows(t, np.asarray(ans[1])), None),
        ),
        constant_outputs={1},
    ),
    linear(
        gather_windows,
        lambda g, columns_like, index: max_unpool(g, index, window_size(columns_like)),
    ),
    linear(max_unpool, lambda g, index: gather_windows(g, index)),
)

add(ROWS)
