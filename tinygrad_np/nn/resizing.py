"""Images of another size, and means and maxima over whole images.

`resize` interpolates, `global_average_pool` and `global_max_pool` leave one number a channel. Data
are (n, *spatial, channels), with one to three spatial axes.
"""

from functools import lru_cache
from math import prod
from typing import Any

import numpy as np

from ..answers import explained
from ..core.arrays import Array, real_numbers
from ..core.geometry import per_axis
from ..core.hooks import with_lines
from .arguments import refuse_channels_first

__all__ = ["global_average_pool", "global_max_pool", "resize"]


@explained
def resize(images: Any, size: Any, method: str = "bilinear", *, align_corners: bool = False) -> Any:
    """Images of another size, as PyTorch's ``interpolate`` makes them.

    Parameters
    ----------
    images : (n, …, c) array_like
        With one to three spatial axes.
    size : int, or one a spatial axis
    method : {"bilinear", "nearest"}, default "bilinear"
        "bilinear" is linear along each axis, whatever their number. Pixels are areas whose edges
        match, so that output i lies at (i + ½)·rows/size − ½ of the input, and beyond its ends
        takes the last pixel. It is a product with a small matrix an axis: a nan or infinity makes
        nan all along it. "nearest" takes pixel ⌊i·rows/size⌋. (In float32 PyTorch's is one pixel
        before, where that is whole and its ratio was rounded down.)
    align_corners : bool, default False
        In "bilinear" the centres of the first and the last pixels match.

    Returns
    -------
    (n, …, c) array

    Raises
    ------
    ValueError
        For another method, images without a spatial axis or without pixels, and `align_corners`
        with "nearest".
    TypeError
        For a size that is no integer.

    Examples
    --------
    >>> resize(np.array([0.0, 4.0]).reshape(1, 2, 1), 4).ravel()
    array([0., 1., 3., 4.])
    >>> resize(np.array([0.0, 4.0]).reshape(1, 2, 1), 4, "nearest").ravel()
    array([0., 0., 4., 4.])
    """
    images = _images(images, "resize")
    refuse_channels_first("resize", images)
    axes = images.ndim - 2
    if axes > 3:
        raise ValueError(f"resize: one to three spatial axes, not the {axes} of {images.shape}")
    size = per_axis(size, axes, 1, "resize: size")
    if not isinstance(method, str) or method not in ("bilinear", "nearest"):
        raise ValueError(
            f"resize: method is 'bilinear' (linear along each axis) or 'nearest', not "
            f"{method!r:.40}"
        )
    if not isinstance(align_corners, (bool, np.bool_)):
        raise TypeError(f"resize: align_corners is True or False, not {align_corners!r:.40}")
    if align_corners and method == "nearest":
        raise ValueError("resize: align_corners has a meaning for method 'bilinear' only")
    for axis, (old, new) in enumerate(zip(images.shape[1:-1], size, strict=True), 1):
        if new == old:
            continue
        if method == "bilinear":
            matrix = _interpolation(old, new, bool(align_corners), images.dtype)
            before, after = images.shape[:axis], images.shape[axis + 1 :]
            columns = np.reshape(images, (prod(before), old, prod(after)))
            images = np.reshape(np.matmul(matrix, columns), (*before, new, *after))
        elif new % old == 0:
            images = np.repeat(images, new // old, axis)
        else:
            images = np.take(images, [i * old // new for i in range(new)], axis)
    return images


@lru_cache(maxsize=256)
def _interpolation(old: int, new: int, align_corners: bool, dtype: Any) -> Array:
    """The matrix (new, old) whose rows are the weights of the old pixels; read-only."""
    i = np.arange(new)
    if align_corners:
        at = i * (old - 1) / max(new - 1, 1)
    else:
        at = np.clip((i + 0.5) * (old / new) - 0.5, 0, old - 1)
    # a hat of width 1 around each pixel
    result: Array = np.maximum(1 - np.abs(at[:, None] - np.arange(old)), 0).astype(dtype)
    result.flags.writeable = False  # so it may be a constant of a program of `jit`
    return result


@explained
def global_average_pool(images: Any) -> Any:
    """The mean of every channel over its image.

    Parameters
    ----------
    images : (n, …, c) array_like

    Returns
    -------
    (n, c) array

    Raises
    ------
    ValueError
        Where there is no spatial axis, or no pixel.

    Examples
    --------
    >>> global_average_pool(np.arange(8.0).reshape(1, 2, 2, 2))
    array([[3., 4.]])
    """
    images = _images(images, "global_average_pool")
    return np.mean(images, tuple(range(1, images.ndim - 1)))


@explained
def global_max_pool(images: Any) -> Any:
    """The largest number of every channel of an image.

    Where several are the largest, the first one (row by row) has the gradient, as in `max_pool`.

    Parameters
    ----------
    images : (n, …, c) array_like

    Returns
    -------
    (n, c) array

    Raises
    ------
    ValueError
        Where there is no spatial axis, or no pixel.

    Examples
    --------
    >>> global_max_pool(np.arange(8.0).reshape(1, 2, 2, 2))
    array([[6., 7.]])
    """
    images = _images(images, "global_max_pool")
    n, *spatial, c = images.shape
    pixels = np.reshape(images, (n, prod(spatial), c))
    first = np.expand_dims(np.argmax(pixels, 1), 1)
    return np.squeeze(np.take_along_axis(pixels, first, 1), 1)


def _images(images: Any, function: str) -> Any:
    images = real_numbers(images, function)
    if images.ndim < 3:
        told = (
            f"{function}: images must be (n, *spatial, channels) with at least one spatial axis, "
            f"not {images.shape}"
        )
        raise with_lines(ValueError(told), images=images)
    if 0 in images.shape[1:-1]:
        told = f"{function}: images of shape {images.shape} have no pixels"
        raise with_lines(ValueError(told), images=images)
    return images
