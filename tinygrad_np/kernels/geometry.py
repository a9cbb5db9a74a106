"""Sizes and steps of sliding windows: integers in, integers out, no arrays.

`per_axis` reads an argument such as ``stride=2`` or ``padding=(1, 0)``, `window_counts` says how
many windows fit, `convolution_plan` checks a whole convolution and says how to carry it out. The
last two are cached: a training loop asks the same question at every step.
"""

import functools
import operator
from collections.abc import Iterable
from typing import Any, NamedTuple

Ints = tuple[int, ...]


class PerAxis(tuple[int, ...]):
    """Integers, one an axis, that `per_axis` has checked: it does not check them again."""

    __slots__ = ()


def times(sizes: Iterable[int]) -> str:
    """Sizes as people write them.

    >>> times((3, 5))
    '3×5'
    """
    return "×".join(map(str, sizes))


def per_axis(value: Any, axes: int, minimum: int, where: str) -> PerAxis:
    """One integer for each of `axes` axes, from one integer for all of them or a sequence.

    `where` opens the message of the ``TypeError`` (no integers) or ``ValueError`` (their number,
    or one below `minimum`).

    >>> per_axis(2, 2, 1, "conv2d: stride")
    (2, 2)
    >>> per_axis((2, 0), 2, 1, "conv2d: stride")
    Traceback (most recent call last):
    ...
    ValueError: conv2d: stride must be at least 1 on every axis, not (2, 0)
    """
    if type(value) is PerAxis and len(value) == axes:
        return value
    try:
        several = isinstance(value, (tuple, list))
        result = PerAxis([_integer(x) for x in (value if several else (value,) * axes)])
    except TypeError:
        raise TypeError(
            f"{where} must be an integer or {axes} integers, one an axis, not {value!r}"
        ) from None
    if len(result) != axes:
        raise ValueError(f"{where} must be an integer or {axes} integers, one an axis, not {value}")
    if min(result, default=minimum) < minimum:
        raise ValueError(f"{where} must be at least {minimum} on every axis, not {value}")
    return result


def _integer(value: Any) -> int:
    if isinstance(value, bool):
        raise TypeError
    return operator.index(value)


def window_counts(spatial: Ints, size: Ints, stride: Ints) -> Ints:
    """How many windows of `size`, `stride` apart, lie wholly inside, on each axis.

    ⌊(n − k) / s⌋ + 1, and 0 where the window is larger than the image.

    >>> window_counts((7, 7), (3, 3), (2, 1))
    (3, 5)
    """
    return tuple([max(0, (n - k) // s + 1) for n, k, s in zip(spatial, size, stride, strict=True)])


class ConvolutionPlan(NamedTuple):
    """How to carry out a convolution: what to pad, and which windows to take."""

    pad_width: tuple[tuple[int, int], ...] | None
    """(before, after) for every axis of the images, as `numpy.pad` takes it; None: no padding"""
    size: PerAxis
    stride: PerAxis


@functools.lru_cache(maxsize=1024)
def convolution_plan(
    function: str, images: Ints, filters: Ints, stride: Any, padding: Any
) -> ConvolutionPlan:
    """Check that filters of shape `filters` fit images of shape `images`, and plan the work.

    Shapes are (n, *spatial, channels) and (*size, in, out); `stride` and `padding` have one
    integer a spatial axis. Raises ``ValueError``, opening with `function`, where they do not fit.

    >>> convolution_plan("conv2d", (2, 28, 28, 1), (3, 3, 1, 8), (1, 1), (1, 1)).pad_width
    ((0, 0), (1, 1), (1, 1), (0, 0))
    """
    spatial, size = images[1:-1], PerAxis(filters[:-2])
    stride = per_axis(stride, len(spatial), 1, f"{function}: stride")
    padding = per_axis(padding, len(spatial), 0, f"{function}: padding")
    if images[-1] != filters[-2]:
        raise ValueError(
            f"{function}: the images have {images[-1]} channels and the filters take {filters[-2]} "
            f"(images {images}, filters {filters}); filters are (*size, in, out)"
        )
    if min(size) < 1:
        raise ValueError(f"{function}: a {times(size)} filter is empty; every axis needs 1 or more")
    short = max(k - n - 2 * p for n, k, p in zip(spatial, size, padding, strict=True))
    if short > 0:
        same = padding[0] if len(set(padding)) == 1 else padding
        needed = max(-(-(k - n) // 2) for n, k in zip(spatial, size, strict=True))
        raise ValueError(
            f"{function}: the {times(size)} filter does not fit the {times(spatial)} image with "
            f"padding {same}; pad by at least {needed} or use a smaller filter"
        )
    pad_width = None
    if any(padding):
        pad_width = ((0, 0), *[(p, p) for p in padding], (0, 0))
    return ConvolutionPlan(pad_width, size, stride)
