"""Framed images and the windows over them, and the checks of what is handed in.

Every message opens with the name of the function whose argument is at fault.
"""

import operator
from typing import Any, NamedTuple

import numpy as np

Array = np.ndarray[Any, Any]
Pair = tuple[int, int]

IMAGES = "(n, rows, columns, channels)"
FILTERS = "(rows, columns, in, out)"


class Windows(NamedTuple):
    """Windows over framed images; every field is (for the rows, for the columns)."""

    spatial: Pair
    """n: the size of the images without their frame"""
    size: Pair
    """K"""
    stride: Pair
    """s: window i begins at pixel s·i of the framed image"""
    padding: Pair
    """P: the width of the frame, before and after"""
    counts: Pair
    """⌊(n + 2P − K) / s⌋ + 1"""


_MOST_PIXELS = 1 << 56  # far more than any memory holds, far less than overflows


def windows(function: str, spatial: Any, size: Any, stride: Any, padding: Any) -> Windows:
    """Windows that fit: n ≥ 1, K ≥ 1, s ≥ 1, P ≥ 0 and n + 2P ≥ K on both axes.

    Each argument is an integer for both axes, or a pair. Raises ``ValueError`` outside this
    domain, ``TypeError`` for what is no integer.

    >>> windows("f", (28, 32), 3, stride=(1, 2), padding=1).counts
    (28, 16)
    """
    spatial = pair(function, "the size of the images", spatial, 1)
    size = pair(function, "the size of the windows", size, 1)
    stride = pair(function, "stride", stride, 1)
    padding = pair(function, "padding", padding, 0)
    room = [n + 2 * p - k for n, k, p in zip(spatial, size, padding, strict=True)]
    if min(room) < 0:
        needed = tuple(max(0, -(-(k - n) // 2)) for n, k in zip(spatial, size, strict=True))
        raise ValueError(
            f"{function}: windows of {size[0]}×{size[1]} do not fit images of {spatial[0]}×"
            f"{spatial[1]} with padding {padding}; pad by at least {needed} or make the windows "
            "smaller"
        )
    framed = [n + 2 * p for n, p in zip(spatial, padding, strict=True)]
    if framed[0] * framed[1] > _MOST_PIXELS:
        raise ValueError(
            f"{function}: with padding {padding}, images would be {framed[0]}×{framed[1]}, more "
            "than can be; pad less"
        )
    rows, columns = [r // s + 1 for r, s in zip(room, stride, strict=True)]
    return Windows(spatial, size, stride, padding, (rows, columns))


def pair(function: str, name: str, value: Any, minimum: int) -> Pair:
    """(for the rows, for the columns), from one integer for both or a pair of them.

    >>> pair("f", "stride", 2, 1), pair("f", "padding", (1, 0), 0)
    ((2, 2), (1, 0))
    """
    several = value if isinstance(value, (tuple, list)) else (value, value)
    try:
        integers = [operator.index(x) for x in several]
    except TypeError:
        integers = None
    if integers is None or any(isinstance(x, bool) for x in several):
        raise TypeError(f"{function}: {name} must be an integer or a pair of them, not {value!r}")
    if len(integers) != 2 or min(integers) < minimum:
        raise ValueError(
            f"{function}: {name} must be {minimum} or more, an integer or a pair (for the rows, "
            f"for the columns), not {value!r}"
        )
    return integers[0], integers[1]


def array(function: str, name: str, value: Any, layout: str | None = None) -> Array:
    """`value` as an array of floats with the axes of `layout`; None leaves them open.

    >>> array("f", "filters", [[1, 2]], "(in, out)")
    array([[1., 2.]])
    """
    try:
        result = np.asarray(value)
    except ValueError as error:  # rows of different lengths
        raise ValueError(f"{function}: {name} must be one array of numbers; {error}") from error
    if result.dtype.kind not in "fiub":
        raise TypeError(f"{function}: {name} must be real numbers, not {result.dtype}")
    if layout is not None and result.ndim != layout.count(",") + 1:
        raise ValueError(f"{function}: {name} must be {layout}, not of shape {result.shape}")
    # sums of small integers would overflow in their own dtype
    return result if result.dtype.kind == "f" else result.astype(np.float64)


def image_shape(function: str, shape: Any) -> tuple[int, int, int, int]:
    """The shape of images, (n, rows, columns, channels), where no images are handed in.

    >>> image_shape("f", [32, 28, 28, 1])
    (32, 28, 28, 1)
    """
    if not isinstance(shape, (tuple, list)) or len(shape) != 4:
        raise ValueError(f"{function}: shape must be that of the images, {IMAGES}, not {shape!r}")
    try:
        n, rows, columns, channels = map(operator.index, shape)
    except TypeError:
        raise TypeError(f"{function}: shape must be four integers, not {shape!r}") from None
    return n, rows, columns, channels


def same_shape(function: str, name: str, value: Array, shape: tuple[int, ...]) -> None:
    """Raise ``ValueError`` unless `value` has `shape`: nothing is ever broadcast.

    >>> same_shape("f", "cotangents", np.ones((1, 2)), (3, 2))
    Traceback (most recent call last):
    ...
    ValueError: f: cotangents must have shape (3, 2), not (1, 2)
    """
    if value.shape != shape:
        raise ValueError(f"{function}: {name} must have shape {shape}, not {value.shape}")


def between_0_and_1(function: str, name: str, values: Array) -> None:
    """Raise ``ValueError`` unless all `values` are: also for nan.

    >>> between_0_and_1("f", "labels", np.array([0.0, 3.0]))
    Traceback (most recent call last):
    ...
    ValueError: f: labels must lie between 0 and 1, not 0.0 to 3.0
    """
    if not np.all((values >= 0) & (values <= 1)):
        raise ValueError(
            f"{function}: {name} must lie between 0 and 1, not {values.min()} to {values.max()}"
        )


def divisor(function: str, reduction: str, n: int) -> int:
    """What the sum of n losses is divided by: n for "mean", 1 for "sum".

    >>> divisor("f", "mean", 32), divisor("f", "sum", 32)
    (32, 1)
    """
    if not isinstance(reduction, str) or reduction not in ("mean", "sum"):
        raise ValueError(f"{function}: reduction must be 'mean' or 'sum', not {reduction!r}")
    if reduction == "sum":
        return 1
    if n == 0:
        raise ValueError(f"{function}: an empty batch has no mean")
    return n


def same_padding(function: str, size: Any) -> int:
    """P = (K − 1)/2, with which a convolution by square filters of odd size keeps the image's size.

    >>> same_padding("f", (3, 3))
    1
    """
    rows, columns = pair(function, "the size of the filters", size, 1)
    if rows != columns or rows % 2 == 0:
        raise ValueError(
            f"{function}: a “same” convolution needs a square filter of odd size, not "
            f"{rows}×{columns}"
        )
    return rows // 2


def frame(images: Array, windows: Windows, fill: float = 0) -> Array:
    """l̃[n, P + i, P + j, c] = l[n, i, j, c], and `fill` around it.

    >>> frame(np.ones((1, 1, 2, 1)), windows("f", (1, 2), 1, 1, (1, 0)))[0, :, :, 0]
    array([[0., 0.],
           [1., 1.],
           [0., 0.]])
    """
    (rows, columns), (p, q) = windows.spatial, windows.padding
    shape = (len(images), rows + 2 * p, columns + 2 * q, images.shape[3])
    result = np.full(shape, fill, images.dtype)
    result[unframed(windows)] = images
    return result


def unframed(windows: Windows) -> tuple[slice, slice, slice]:
    """Where the images lie within their frame.

    >>> unframed(windows("f", (4, 5), 3, 1, (1, 0)))[1:]
    (slice(1, 5, None), slice(0, 5, None))
    """
    (rows, columns), (p, q) = windows.spatial, windows.padding
    return slice(None), slice(p, p + rows), slice(q, q + columns)


def tap(windows: Windows, alpha: int, beta: int) -> tuple[slice, slice, slice]:
    """Where element (α, β) of every window lies in the framed images: s·i + α, s·j + β.

    >>> tap(windows("f", 7, 3, 2, 0), 1, 0)[1:]
    (slice(1, 7, 2), slice(0, 6, 2))
    """
    (s, t), (rows, columns) = windows.stride, windows.counts
    return slice(None), slice(alpha, alpha + s * rows, s), slice(beta, beta + t * columns, t)
