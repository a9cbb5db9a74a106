"""The convolution of images and its two gradients, for every size, stride and padding.

`convolution`, `convolution_filters` and `convolution_images` are the formulas of part 2 of the
posts; `prepare_back` is its preparation of the cotangents. The “same” convolution of part 1, for
square filters of odd size, goes through `scipy.signal.convolve` as it does there.

A size K, `stride` and `padding` are an integer, or a pair (for the rows, for the columns). The
domain is, on both axes, image n ≥ 1, filter K ≥ 1, stride s ≥ 1, padding P ≥ 0 and n + 2P ≥ K; the
batch may be empty. Outside it there is a ``ValueError``.
"""

from typing import Any

import numpy as np
from scipy import signal

from .geometry import (
    FILTERS,
    IMAGES,
    Array,
    Windows,
    array,
    frame,
    image_shape,
    same_padding,
    same_shape,
    tap,
    windows,
)


def convolution(images: Any, filters: Any, stride: Any = 1, padding: Any = 0) -> Array:
    """The convolution as image processing has it, a correlation.

    ``y[n, i, j, f] = Σ_{α, β, c} l̃[n, s·i + α, s·j + β, c] W[α, β, c, f]``

    where l̃ is the image framed with P zeros.

    Parameters
    ----------
    images : (n, rows, columns, in) array_like
    filters : (K, L, in, out) array_like
    stride : int or (int, int), default 1
    padding : int or (int, int), default 0

    Returns
    -------
    (n, i, j, out) array
        Of ⌊(n + 2P − K) / s⌋ + 1 rows, and columns likewise.

    Examples
    --------
    >>> edge = np.array([1.0, -1.0]).reshape(1, 2, 1, 1)
    >>> convolution(np.arange(4.0).reshape(1, 1, 4, 1), edge, stride=(1, 2), padding=(0, 1))
    array([[[[ 0.],
             [-1.],
             [ 3.]]]])
    """
    images = array("convolution", "images", images, IMAGES)
    filters = array("convolution", "filters", filters, FILTERS)
    where = _windows("convolution", images.shape, filters, stride, padding)
    framed = frame(images, where)
    dtype = np.result_type(images, filters)
    result = np.zeros((len(images), *where.counts, filters.shape[3]), dtype)
    for alpha, beta in np.ndindex(where.size):
        result += _product(framed[tap(where, alpha, beta)], filters[alpha, beta])
    return result


def convolution_filters(
    images: Any, cotangents: Any, size: Any, stride: Any = 1, padding: Any = 0
) -> Array:
    """The gradient of `convolution` by the filters.

    ``∂L/∂W[α, β, c, f] = Σ_{n, i, j} l̃[n, s·i + α, s·j + β, c] ∂L/∂y[n, i, j, f]``

    Parameters
    ----------
    images : (n, rows, columns, in) array_like
    cotangents : (n, i, j, out) array_like
    size : int or (int, int)
        K and L.
    stride : int or (int, int), default 1
    padding : int or (int, int), default 0

    Returns
    -------
    (K, L, in, out) array

    Examples
    --------
    >>> x, g = np.arange(4.0).reshape(1, 1, 4, 1), np.array([1.0, 10.0, 100.0]).reshape(1, 1, 3, 1)
    >>> convolution_filters(x, g, (1, 2), stride=(1, 2), padding=(0, 1)).ravel()
    array([310.,  20.])
    """
    function = "convolution_filters"
    images = array(function, "images", images, IMAGES)
    cotangents = array(function, "cotangents", cotangents, "(n, i, j, out)")
    where = windows(function, images.shape[1:3], size, stride, padding)
    channels, out = images.shape[3], cotangents.shape[3]
    same_shape(function, "cotangents", cotangents, (len(images), *where.counts, out))
    framed = frame(images, where)
    result = np.empty((*where.size, channels, out), np.result_type(images, cotangents))
    for alpha, beta in np.ndindex(where.size):
        result[alpha, beta] = np.tensordot(framed[tap(where, alpha, beta)], cotangents, _POSITIONS)
    return result


_POSITIONS = ((0, 1, 2), (0, 1, 2))


def convolution_images(
    cotangents: Any, filters: Any, shape: Any, stride: Any = 1, padding: Any = 0
) -> Array:
    """The gradient of `convolution` by the images.

    ``∂L/∂l[n, p, q, c] = Σ_{α, β, f} y[n, p + α, q + β, f] W̃[α, β, f, c]``

    with y = `prepare_back` of ∂L/∂y and W̃[α, β, f, c] = W[K − 1 − α, K − 1 − β, c, f]: a
    convolution of stride 1. Pixels that no window reaches have gradient 0.

    Parameters
    ----------
    cotangents : (n, i, j, out) array_like
    filters : (K, L, in, out) array_like
    shape : tuple of int
        Of the images.
    stride : int or (int, int), default 1
    padding : int or (int, int), default 0

    Returns
    -------
    (n, rows, columns, in) array

    Notes
    -----
    y is mostly zeros where s > 1. Tap α meets its other elements, those at s·i + K − 1 − P, only
    from the pixels p ≡ K − 1 − P − α (mod s), so it is multiplied for these alone: s² times less,
    which takes a quarter of the time of ``convolution(y, W̃)`` with s = 2 and many channels.

    Examples
    --------
    >>> g = np.array([1.0, 10.0, 100.0]).reshape(1, 1, 3, 1)
    >>> edge = np.array([1.0, -1.0]).reshape(1, 2, 1, 1)
    >>> convolution_images(g, edge, (1, 1, 4, 1), stride=(1, 2), padding=(0, 1)).ravel()
    array([ -1.,  10., -10., 100.])
    """
    function = "convolution_images"
    cotangents = array(function, "cotangents", cotangents, "(n, i, j, out)")
    filters = array(function, "filters", filters, FILTERS)
    shape = image_shape(function, shape)
    where = _windows(function, shape, filters, stride, padding)
    expected = (shape[0], *where.counts, filters.shape[3])
    same_shape(function, "cotangents", cotangents, expected)
    (rows, columns), (k, m), (s, t), (p, q), _ = where
    prepared = prepare_back(cotangents, where.spatial, where.size, stride, padding)
    turned = filters[::-1, ::-1].swapaxes(2, 3)
    result = np.zeros(shape, np.result_type(cotangents, filters))
    for alpha, beta in np.ndindex(where.size):
        i, j = (k - 1 - p - alpha) % s, (m - 1 - q - beta) % t
        met = prepared[:, i + alpha : rows + alpha : s, j + beta : columns + beta : t]
        result[:, i::s, j::t] += _product(met, turned[alpha, beta])
    return result


def prepare_back(
    cotangents: Any, spatial: Any, size: Any, stride: Any = 1, padding: Any = 0
) -> Array:
    """The cotangents, spread out so that a convolution of stride 1 makes of them ∂L/∂l.

    They are zeros but for

    ``y[n, s·i + K − 1 − P, s·j + K − 1 − P, f] = ∂L/∂y[n, i, j, f]``

    For pixel p of the image is element p + P of the framed one, and lies under tap K − 1 − α of
    window i where s·i + K − 1 − α = p + P, so y[p + α] has to be the cotangent of that window.

    Parameters
    ----------
    cotangents : (n, i, j, out) array_like
    spatial : (int, int)
        Rows and columns of the images.
    size : int or (int, int)
        Of the filters.
    stride : int or (int, int), default 1
    padding : int or (int, int), default 0

    Returns
    -------
    (n, rows + K − 1, columns + L − 1, out) array

    Notes
    -----
    It is the post's ``_prepare_back`` with what was lost or missing there. Its cases by the sign of
    P − K + 1 are this one shift: for P < K it makes room before the first window, else it moves
    windows out at the front. What falls outside y belongs to windows that lie wholly in the
    padding. The rows and columns by which the post's result is too large are never made: y has just
    those that the pixels of the image ask for.

    Examples
    --------
    >>> g = np.array([1.0, 2.0, 3.0]).reshape(1, 1, 3, 1)
    >>> prepare_back(g, (1, 5), (1, 3), stride=(1, 2), padding=(0, 1)).ravel()
    array([0., 1., 0., 2., 0., 3., 0.])
    >>> prepare_back(g, (1, 1), (1, 1), padding=(0, 1)).ravel()
    array([2.])
    """
    cotangents = array("prepare_back", "cotangents", cotangents, "(n, i, j, out)")
    where = windows("prepare_back", spatial, size, stride, padding)
    n, out = len(cotangents), cotangents.shape[3]
    same_shape("prepare_back", "cotangents", cotangents, (n, *where.counts, out))
    large = [rows + k - 1 for rows, k in zip(where.spatial, where.size, strict=True)]
    kept, places = [], []
    for end, count, k, s, p in zip(
        large, where.counts, where.size, where.stride, where.padding, strict=True
    ):
        inside = [i for i in range(count) if 0 <= s * i + k - 1 - p < end]
        kept.append(inside)
        places.append([s * i + k - 1 - p for i in inside])
    result = np.zeros((n, *large, out), cotangents.dtype)
    (rows, columns), (i, j) = np.ix_(*places), np.ix_(*kept)
    result[:, rows, columns] = cotangents[:, i, j]
    return result


def same_convolution(images: Any, filters: Any) -> Array:
    """`convolution` with stride 1 and P = (K − 1)/2, by SciPy.

    ``y[n, i, j, f] = Σ_{α, β, c} l̃[n, i + α, j + β, c] W[α, β, c, f]``

    `scipy.signal.convolve` has the physicist's definition, Σ_α l[i − α] W[α], so it is given the
    reversed filter, as part 1 of the posts explains.

    Parameters
    ----------
    images : (n, rows, columns, in) array_like
    filters : (K, K, in, out) array_like
        K is odd.

    Returns
    -------
    (n, rows, columns, out) array

    Examples
    --------
    >>> edge = np.zeros((3, 3, 1, 1))
    >>> edge[1, 1:] = [[[1.0]], [[-1.0]]]
    >>> same_convolution(np.arange(3.0).reshape(1, 1, 3, 1), edge)[0, 0, :, 0]
    array([-1., -1.,  2.])
    """
    images = array("same_convolution", "images", images, IMAGES)
    filters = array("same_convolution", "filters", filters, FILTERS)
    return _physicists_convolution("same_convolution", images, filters[::-1, ::-1])


def same_convolution_filters(images: Any, cotangents: Any, size: int) -> Array:
    """The gradient of `same_convolution` by the filters.

    ``∂L/∂W[α, β, c, f] = Σ_{n, i, j} l̃[n, i + α, j + β, c] ∂L/∂y[n, i, j, f]``

    Parameters
    ----------
    images : (n, rows, columns, in) array_like
    cotangents : (n, rows, columns, out) array_like
    size : int
        K

    Returns
    -------
    (K, K, in, out) array

    Examples
    --------
    >>> same_convolution_filters(np.ones((1, 3, 3, 1)), np.ones((1, 3, 3, 1)), 3)[:, :, 0, 0]
    array([[4., 6., 4.],
           [6., 9., 6.],
           [4., 6., 4.]])
    """
    padding = same_padding("same_convolution_filters", size)
    return convolution_filters(images, cotangents, size, padding=padding)


def same_convolution_images(cotangents: Any, filters: Any) -> Array:
    """The gradient of `same_convolution` by the images.

    ``∂L/∂l[n, p, q, c] = Σ_{α, β, f} ∂L/∂y[n, p + P − α, q + P − β, f] W[α, β, c, f]``

    which is the physicist's convolution, with the filter as it is.

    Parameters
    ----------
    cotangents : (n, rows, columns, out) array_like
    filters : (K, K, in, out) array_like

    Returns
    -------
    (n, rows, columns, in) array

    Examples
    --------
    >>> slope = np.arange(9.0).reshape(3, 3, 1, 1)
    >>> same_convolution_images(np.ones((1, 1, 1, 1)), slope).item()
    4.0
    """
    cotangents = array("same_convolution_images", "cotangents", cotangents, "(n, i, j, out)")
    filters = array("same_convolution_images", "filters", filters, FILTERS)
    expected = (*cotangents.shape[:3], filters.shape[3])
    same_shape("same_convolution_images", "cotangents", cotangents, expected)
    return _physicists_convolution("same_convolution_images", cotangents, filters.swapaxes(2, 3))


def _physicists_convolution(function: str, images: Array, filters: Array) -> Array:
    padding = same_padding(function, filters.shape[:2])
    _windows(function, images.shape, filters, 1, padding)
    dtype = np.result_type(images, filters)
    if dtype == np.float16:  # which SciPy does not know
        images, filters = images.astype(np.float32), filters.astype(np.float32)
    result = np.zeros((*images.shape[:3], filters.shape[3]), dtype)
    for n, c, f in np.ndindex(len(images), *filters.shape[2:]):
        image, filter_ = images[n, :, :, c], filters[:, :, c, f]
        result[n, :, :, f] += signal.convolve(image, filter_, "same", "direct")
    return result


def _windows(
    function: str, images: tuple[int, ...], filters: Array, stride: Any, padding: Any
) -> Windows:
    """The filters' windows over images of this shape, once the channels are known to fit."""
    if images[3] != filters.shape[2]:
        raise ValueError(
            f"{function}: the images have {images[3]} channels and the filters take "
            f"{filters.shape[2]} (images {images}, filters {filters.shape}); filters are {FILTERS}"
        )
    return windows(function, images[1:3], filters.shape[:2], stride, padding)


def _product(positions: Array, matrix: Array) -> Array:
    """(n, i, j, c) · (c, f) → (n, i, j, f)"""
    return np.tensordot(positions, matrix, axes=1)
