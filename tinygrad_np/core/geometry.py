"""Sizes and steps of sliding windows: integers in, integers out, no arrays.

`per_axis` and `per_side` read what a layer is given, such as ``stride=2, padding=(1, 0)``;
`window_counts` says how many windows fit.
"""

from collections.abc import Iterable
from typing import Any

from .arrays import integer

Ints = tuple[int, ...]

Pairs = tuple[tuple[int, int], ...]


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
        result = PerAxis([integer(x) for x in (value if several else (value,) * axes)])
    except TypeError:
        raise TypeError(
            f"{where} must be an integer or {_so_many(axes)}, one an axis, not {value!r}"
        ) from None
    if len(result) != axes:
        raise ValueError(
            f"{where} must be an integer or {_so_many(axes)}, one an axis, not {value}"
        )
    if min(result, default=minimum) < minimum:
        raise ValueError(f"{where} must be at least {minimum} on every axis, not {value}")
    return result


def _so_many(axes: int) -> str:
    return "1 integer" if axes == 1 else f"{axes} integers"


def per_side(value: Any, axes: int, where: str) -> Pairs | str:
    """(before, after) for each of `axes` axes; the words "same" and "valid" stay what they are.

    `value` is an integer for all sides, one an axis, or a pair an axis. Raises as `per_axis` does.

    >>> per_side(1, 2, "conv2d: padding"), per_side((1, (0, 2)), 2, "conv2d: padding")
    (((1, 1), (1, 1)), ((1, 1), (0, 2)))
    """
    if isinstance(value, str):
        if value not in ("same", "valid"):
            raise ValueError(f"{where} must be 'same', 'valid' or integers, not {value!r}")
        return value
    wrong = (
        f"{where} must be 'same', 'valid', an integer, or {axes} of them, one an axis, each an "
        f"integer or a pair (before, after), not {value!r}"
    )
    try:
        several = value if isinstance(value, (tuple, list)) else (value,) * axes
        pairs = [
            tuple(map(integer, side)) if isinstance(side, (tuple, list)) else (integer(side),) * 2
            for side in several
        ]
    except TypeError:
        raise TypeError(wrong) from None
    if len(pairs) != axes or any(len(pair) != 2 for pair in pairs):
        raise ValueError(wrong)
    if any(side < 0 for pair in pairs for side in pair):
        raise ValueError(f"{where} must be at least 0 on every side, not {value}")
    return tuple([(before, after) for before, after in pairs])


def window_counts(spatial: Ints, size: Ints, stride: Ints, dilation: Ints | None = None) -> Ints:
    """How many windows of `size`, `stride` apart, lie wholly inside, on each axis.

    ⌊(n − d·(k − 1) − 1) / s⌋ + 1, and 0 where the window is larger than the image.

    >>> window_counts((7, 7), (3, 3), (2, 1)), window_counts((7, 7), (3, 3), (1, 1), (2, 3))
    ((3, 5), (3, 1))
    """
    spans = size if dilation is None else window_spans(size, dilation)
    return tuple([max(0, (n - k) // s + 1) for n, k, s in zip(spatial, spans, stride, strict=True)])


def window_spans(size: Ints, dilation: Ints) -> Ints:
    """From the first to the last pixel of a window, both included, on each axis: d·(k − 1) + 1.

    >>> window_spans((3, 2), (1, 4))
    (3, 5)
    """
    return tuple([d * (k - 1) + 1 for k, d in zip(size, dilation, strict=True)])


def padding_pairs(spatial: Ints, spans: Ints, stride: Ints, padding: Pairs | str) -> Pairs:
    """(before, after) for each axis: "same" is ⌈n / s⌉ windows, the odd pixel after; "valid" none.

    `spans` are the windows' sizes from the first to the last pixel.

    >>> padding_pairs((7, 7), (3, 2), (1, 1), "same")
    ((1, 1), (0, 1))
    """
    if not isinstance(padding, str):
        return padding
    if padding == "valid":
        return ((0, 0),) * len(spatial)
    pairs = []
    for n, span, step in zip(spatial, spans, stride, strict=True):
        total = max(0, (-(-n // step) - 1) * step + span - n)
        pairs.append((total // 2, total - total // 2))
    return tuple(pairs)


def framing(pairs: Pairs) -> Pairs | None:
    """The pairs of all axes of images (n, *spatial, c), as `pad` takes them; None: no padding."""
    return ((0, 0), *pairs, (0, 0)) if any(map(any, pairs)) else None


class Frame(tuple[tuple[int, int], ...]):
    """The pairs of a convolution: what they frame meets filters, window by window, and no one else.

    So the frame need not be made: `fast/` leaves it to the product.
    """

    __slots__ = ()
