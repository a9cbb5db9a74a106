"""What layers and initialisers are given: a number, a generator, lengths, images as NHWC."""

from __future__ import annotations  # numpy.random loads when it is used

from typing import Any

import numpy as np

from ..core.arrays import numbers
from ..core.hooks import with_lines


def checked_number(where: str, value: Any) -> float:
    """`value` as Python's float, beside which float32 stays float32; `where` opens the message.

    Raises ``TypeError`` for what is no real number; a Tensor is none.

    >>> checked_number("huber: delta", np.float64(0.5))
    0.5
    """
    if isinstance(value, (int, float, np.integer, np.floating)) and not isinstance(value, bool):
        try:
            return float(value)
        except OverflowError:
            pass
    told = "a function: call it, as in schedule(step)" if callable(value) else f"{value!r:.40}"
    raise TypeError(f"{where} must be one number, a float, not {told}")


def checked_generator(function: str, rng: Any) -> np.random.Generator:
    """`rng`, which is a `numpy.random.Generator`; ``TypeError`` if it is none.

    >>> checked_generator("dropout", 0)
    Traceback (most recent call last):
    ...
    TypeError: dropout: rng must be a numpy.random.Generator, for instance \
numpy.random.default_rng(0), not 0
    """
    if isinstance(rng, np.random.Generator):
        return rng
    raise TypeError(
        f"{function}: rng must be a numpy.random.Generator, for instance "
        f"numpy.random.default_rng(0), not {rng!r:.40}"
    )


def checked_lengths(name: str, lengths: Any, n: int, time: int) -> Any:
    """`lengths` (n,), integers from 1 to `time`: how much of each row there is.

    >>> checked_lengths("lstm", [2, 3], 2, 3)
    array([2, 3])
    """
    lengths = numbers(lengths, f"{name}: lengths")
    if lengths.dtype.kind not in "iu":
        raise TypeError(f"{name}: lengths are integers, not of dtype {lengths.dtype}")
    if lengths.shape != (n,):
        raise ValueError(f"{name}: lengths must have shape ({n},), one a row, not {lengths.shape}")
    if n and not (lengths.min() >= 1 and lengths.max() <= time):
        raise ValueError(
            f"{name}: lengths are from 1 to {time}, the number of times in x, not "
            f"{lengths.min()} to {lengths.max()}"
        )
    return lengths.astype(np.intp)


def refuse_channels_first(function: str, images: Any) -> None:
    """Raise ``ValueError`` for images that look like (n, channels, rows, columns).

    >>> refuse_channels_first("resize", np.ones((2, 3, 8, 8)))
    Traceback (most recent call last):
    ...
    ValueError: resize: images of shape (2, 3, 8, 8) look like (n, channels, rows, columns); give \
(n, rows, columns, channels): np.moveaxis(images, 1, -1)
    """
    shape = images.shape
    if len(shape) == 4 and shape[1] in (1, 3) and shape[2] == shape[3] > 4:
        told = (
            f"{function}: images of shape {shape} look like (n, channels, rows, columns); give "
            "(n, rows, columns, channels): np.moveaxis(images, 1, -1)"
        )
        raise with_lines(ValueError(told), images=images)
