"""Images that differ a little in each epoch, so that a network learns what stays the same.

`random_crop` and `random_flip` draw from a generator what they do to each image of a batch,
`normalise` brings the channels to the mean and spread that a network expects. All take images
(n, rows, columns, channels), as integers or floats, and give new arrays.
"""

from typing import Any

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

from ..answers import explained
from ..core.arrays import checked_shape, integer, numbers
from ..core.geometry import per_axis
from ..nn.arguments import checked_generator, checked_number, refuse_channels_first


@explained
def random_crop(rng: np.random.Generator, images: Any, size: Any, padding: Any = 0) -> np.ndarray:
    """A part of `size` of each image, at a place of its own, each place as likely.

    As torchvision's ``RandomCrop``, which draws one place for a whole batch.

    Parameters
    ----------
    rng : numpy.random.Generator
        Drawn from n times for the rows, then n times for the columns.
    images : (n, rows, columns, channels) array
        Of any numbers.
    size : int, or a pair for rows and columns
    padding : int or pair, default 0
        So many zeros frame the images first, on each side.

    Returns
    -------
    (n, size, size, channels) array
        Of the dtype of `images`.

    Raises
    ------
    TypeError
        For what is no Generator, no array of numbers or no integer.
    ValueError
        For other shapes, and a size beyond the framed images.

    Examples
    --------
    >>> images = np.arange(16, dtype=np.uint8).reshape(1, 4, 4, 1)
    >>> random_crop(np.random.default_rng(0), images, 2)[0, :, :, 0]
    array([[ 9, 10],
           [13, 14]], dtype=uint8)
    """
    checked_generator("random_crop", rng)
    images = _images("random_crop", images)
    n, *spatial, channels = images.shape
    size = per_axis(size, 2, 1, "random_crop: size")
    before = per_axis(padding, 2, 0, "random_crop: padding")
    framed = [length + 2 * zeros for length, zeros in zip(spatial, before, strict=True)]
    if any(part > whole for part, whole in zip(size, framed, strict=True)):
        raise ValueError(
            f"random_crop: no part of {size[0]} × {size[1]} in images of {framed[0]} × {framed[1]}"
            f"{', padding included' if any(before) else ''}; take a smaller size or more padding"
        )
    if any(before):
        inside = [slice(a, a + length) for a, length in zip(before, spatial, strict=True)]
        frame = np.zeros(checked_shape("random_crop", (n, *framed, channels)), images.dtype)
        frame[:, inside[0], inside[1]] = images
        images = frame
    row, column = [rng.integers(0, a - b + 1, n) for a, b in zip(framed, size, strict=True)]
    # Every part as a view, (n, i, j, *size, c), of which one an image is copied.
    parts = sliding_window_view(images, tuple(size), axis=(1, 2)).transpose(0, 1, 2, 4, 5, 3)
    return parts[np.arange(n), row, column]


@explained
def random_flip(
    rng: np.random.Generator, images: Any, axis: int = 2, share: float = 0.5
) -> np.ndarray:
    """`images`, of which each is flipped with the probability `share`: left to right, by default.

    Parameters
    ----------
    rng : numpy.random.Generator
        Drawn from once an image.
    images : (n, rows, columns, channels) array
        Of any numbers.
    axis : {1, 2}, default 2
        1 flips them upside down.
    share : number from 0 to 1, default 0.5

    Returns
    -------
    (n, rows, columns, channels) array
        Of the dtype of `images`.

    Raises
    ------
    TypeError
        For what is no Generator, no array of numbers or no number.
    ValueError
        For other shapes, axes and shares.

    Examples
    --------
    >>> images = np.array([[1, 2], [3, 4]], np.uint8).reshape(2, 1, 2, 1)
    >>> random_flip(np.random.default_rng(0), images)[:, 0, :, 0]
    array([[1, 2],
           [4, 3]], dtype=uint8)
    """
    checked_generator("random_flip", rng)
    images = np.array(_images("random_flip", images), order="C")
    try:
        axis = integer(axis)
    except TypeError:
        raise TypeError(f"random_flip: axis must be an integer, not {axis!r:.40}") from None
    if axis not in (1, 2, -3, -2):
        raise ValueError(f"random_flip: axis must be 1 (rows) or 2 (columns), not {axis}")
    share = checked_number("random_flip: share", share)
    if not 0 <= share <= 1:
        raise ValueError(f"random_flip: share must be from 0 to 1, not {share}")
    chosen = rng.random(len(images)) < share
    if images.size:
        pixel = np.dtype((np.void, images.shape[3] * images.itemsize))  # moved as a whole: faster
        pixels = images.view(pixel)[..., 0]
        pixels[chosen] = np.flip(pixels[chosen], axis if axis > 0 else axis + 4)
    return images


@explained
def normalise(images: Any, mean: Any, spread: Any) -> np.ndarray:
    """(images − mean) / spread, channel by channel.

    Parameters
    ----------
    images : (n, rows, columns, channels) array
    mean, spread : number or (channels,) array
        In the units of the images (PyTorch's are often for pixels from 0 to 1; those of 8 bits go
        to 255).

    Returns
    -------
    (n, rows, columns, channels) array
        Floating images keep their dtype; integers of 8 or 16 bits become float32, longer ones
        float64.

    Raises
    ------
    TypeError
        For what is no array of real numbers.
    ValueError
        For other shapes, and a mean or spread that is not finite or, in the dtype of the result, a
        spread not above 0, and where both are below 1 beside integers above 1.

    Examples
    --------
    >>> images = np.array([0, 100, 255, 200], np.uint8).reshape(1, 1, 2, 2)
    >>> normalise(images, 255 * np.array([0.5, 0.4]), 50)[0, 0]
    array([[-2.55, -0.04],
           [ 2.55,  1.96]], dtype=float32)
    """
    images = _images("normalise", images, "biuf")
    n, rows, columns, channels = images.shape
    exact = np.result_type(images, np.float32) if images.dtype.kind in "biu" else images.dtype
    given = []
    for name, value in (("mean", mean), ("spread", spread)):
        value = numbers(value, f"normalise: {name}", "biuf")
        if not isinstance(value, np.ndarray):
            raise TypeError(f"normalise: {name} must be an array, not a {type(value).__name__}")
        if value.shape not in ((), (channels,)):
            raise ValueError(
                f"normalise: {name} has shape {value.shape}; for images of shape {images.shape}, "
                f"(n, rows, columns, channels), give one number or ({channels},), one a channel"
            )
        with np.errstate(over="ignore"):
            value = value.astype(exact)
        if not np.all(np.isfinite(value)) or (name == "spread" and not np.all(value > 0)):
            what = "finite and above 0" if name == "spread" else "finite"
            raise ValueError(f"normalise: {name} must be {what} in {exact}, not {value}")
        # One number an element of a row: NumPy broadcasts along three channels slowly.
        given.append(np.tile(np.broadcast_to(value, (channels,)), columns))
    is_of_unit = all([np.all(np.abs(value) < 1) for value in given])
    if images.dtype.kind in "iu" and is_of_unit and images.max(initial=0) > 1:
        raise ValueError(
            "normalise: mean and spread are for pixels from 0 to 1, and images are integers up to "
            f"{images.max()}; divide images by 255, or give 255 times mean and spread"
        )
    result = images.reshape(n, rows, columns * channels) - given[0]
    result /= given[1]
    return result.reshape(images.shape)


def _images(function: str, images: Any, kinds: str = "biufc") -> np.ndarray:
    """`images` as an array (n, rows, columns, channels); raises what `function` says of others."""
    images = numbers(images, function, kinds)
    if not isinstance(images, np.ndarray):
        raise TypeError(
            f"{function}: images must be a NumPy array, not a {type(images).__name__}, whose "
            "derivative would be lost; prepare the arrays first, then make a Tensor"
        )
    if images.ndim != 4:
        grey = "; add the axis of channels with images[..., None]" if images.ndim == 3 else ""
        raise ValueError(
            f"{function}: images must be (n, rows, columns, channels), not of shape "
            f"{images.shape}{grey}"
        )
    refuse_channels_first(function, images)
    return images
