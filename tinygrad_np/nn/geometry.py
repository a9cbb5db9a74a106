"""Which windows fit which images: integers in, integers out, no arrays.

`convolution_plan`, `transposed_plan` and `pooling_plan` read what a layer is given, such as
``stride=2, padding=(1, 0)``, and say how to carry it out. Where that cannot be, they raise
``TypeError`` or ``ValueError``, opening with the name of the layer. Plans are remembered, since a
training loop asks the same question at every step.
"""

import functools
from collections.abc import Callable
from typing import Any, NamedTuple, TypeVar, cast

from ..core.arrays import checked_shape
from ..core.geometry import (
    Ints,
    Pairs,
    PerAxis,
    framing,
    padding_pairs,
    per_axis,
    per_side,
    times,
    window_spans,
)

F = TypeVar("F", bound=Callable[..., Any])


def remembered(plan: F) -> F:
    """`plan`, asked once for the same shapes and arguments of a layer.

    No cache can tell True and 1.0 from 1: it is used for integers, words and tuples of these.
    """
    known = functools.lru_cache(maxsize=1024)(plan)

    @functools.wraps(plan)
    def asked(function: str, axes: int, shapes: Any, *given: Any) -> Any:
        for value in given:
            if type(value) is not int and not _is_plain(value):
                return plan(function, axes, shapes, *given)
        return known(function, axes, shapes, *given)

    return cast(F, asked)


def _is_plain(value: Any) -> bool:
    kind = type(value)
    return kind is int or kind is str or (kind is tuple and all([_is_plain(x) for x in value]))


class Steps(NamedTuple):
    """How windows go over images, for every spatial axis."""

    stride: PerAxis
    padding: Pairs | str
    dilation: PerAxis


def _steps(function: str, axes: int, stride: Any, padding: Any, dilation: Any) -> Steps:
    return Steps(
        per_axis(stride, axes, 1, f"{function}: stride"),
        per_side(padding, axes, f"{function}: padding"),
        per_axis(dilation, axes, 1, f"{function}: dilation"),
    )


def _groups(function: str, groups: Any) -> int:
    return per_axis(groups, 1, 1, f"{function}: groups")[0]


@remembered
def convolution_plan(
    function: str,
    axes: int,
    shapes: tuple[Ints, Ints],
    stride: Any,
    padding: Any,
    dilation: Any,
    groups: Any,
) -> tuple[tuple[PerAxis, Pairs | None, PerAxis, PerAxis], int]:
    """Filters (*size, in / groups, out) on images (n, *spatial, in), which are the `shapes`.

    Returns (size, pad_width, stride, dilation), as `framed_windows` takes them, and groups.

    >>> convolution_plan("conv1d", 1, ((1, 7, 1), (2, 1, 1)), 2, "same", 1, 1)
    (((2,), ((0, 0), (0, 1), (0, 0)), (2,), (1,)), 1)
    """
    steps = _steps(function, axes, stride, padding, dilation)
    groups = _groups(function, groups)
    images, filters = shapes
    _check_shapes(function, axes, images, filters, -2, groups)
    spatial, size = images[1:-1], PerAxis(filters[:-2])
    remedy = None
    if len(set(size)) > 1 and filters[1] * groups == images[-1]:
        remedy = _filters_last(filters, -2)
    _check_fit(function, "filter", spatial, size, steps, remedy)
    pairs = _pairs(spatial, size, steps)
    framed = [before + n + after for n, (before, after) in zip(spatial, pairs, strict=True)]
    checked_shape(function, (images[0], *framed, images[-1]))
    return (size, framing(pairs), steps.stride, steps.dilation), groups


def _check_shapes(
    function: str, axes: int, images: Ints, filters: Ints, into: int, groups: int
) -> None:
    """`into` is the axis of the filters, −2 or −1, that meets the images' channels."""
    if not len(images) == len(filters) == axes + 2:
        spatial = ("length", "rows, columns", "depth, rows, columns")[axes - 1]
        ends = "in, out" if into == -2 else "out, in"
        hint = "; x[..., None] adds a channel, x[None] a batch" if len(images) == axes + 1 else ""
        raise ValueError(
            f"{function}: images must be (n, {spatial}, channels) and filters ({spatial}, {ends}), "
            f"not {images} and {filters}{hint}"
        )
    channels = images[-1]
    taken = filters[into] * (groups if into == -2 else 1)
    if channels != taken or filters[-1] % groups:
        grouped = " / groups" if groups > 1 else ""
        form = f"in{grouped}, out" if into == -2 else f"out{grouped}, in"
        raise ValueError(
            f"{function}: the images have {channels} channels and the filters take {taken}"
            f"{f' in {groups} groups' if grouped else ''} (images {images}, filters {filters}); "
            f"{_channels_first(images, filters, into, groups) or f'filters are (*size, {form})'}"
        )
    if 0 in (*images[1:], *filters):
        raise ValueError(
            f"{function}: images {images} or filters {filters} are empty; only n may be 0"
        )


def _channels_first(images: Ints, filters: Ints, into: int, groups: int) -> str | None:
    """What to do where images or filters have their channels first, as in PyTorch; None if not.

    There images are (n, channels, *spatial) and filters (out, in / groups, *size), of a transposed
    convolution (in, out / groups, *size).
    """
    ours = filters[into] * (groups if into == -2 else 1)
    theirs = filters[1] * groups if into == -2 else filters[0]
    possible = []
    if images[1] == ours:
        possible.append((filters[:-2], [_images_last(images)]))
    # Filters that are square as they are, and not square otherwise, are ours.
    is_theirs = len(set(filters[2:])) <= len(set(filters[:-2]))
    if images[1] == theirs and is_theirs:
        possible.append((filters[2:], [_images_last(images), _filters_last(filters, into)]))
    if images[-1] == theirs and is_theirs:
        possible.append((filters[2:], [_filters_last(filters, into)]))
    # Several may be possible: filters with axes of one length are the likeliest.
    possible.sort(key=lambda guess: len(set(guess[0])))
    return ", and ".join(possible[0][1]) if possible else None


def _images_last(images: Ints) -> str:
    known = len(images) == 4
    form = "NHWC, (n, rows, columns, channels)" if known else "(n, *spatial, channels)"
    return f"images are {form}: use np.moveaxis(images, 1, -1)"


def _filters_last(filters: Ints, into: int) -> str:
    size = "rows, columns" if len(filters) == 4 else "*size"
    order = (*range(2, len(filters)), 1, 0)
    return (
        f"filters are ({size}, {'in, out' if into == -2 else 'out, in'}): use "
        f"np.transpose(filters, {order})"
    )


def _pairs(spatial: Ints, size: Ints, steps: Steps) -> Pairs:
    spans = window_spans(size, steps.dilation)
    return padding_pairs(spatial, spans, steps.stride, steps.padding)


def _check_fit(
    function: str, what: str, spatial: Ints, size: Ints, steps: Steps, remedy: str | None
) -> None:
    spans = window_spans(size, steps.dilation)
    needed = [k - n for n, k in zip(spatial, spans, strict=True)]
    if all(k <= sum(pair) for k, pair in zip(needed, _pairs(spatial, size, steps), strict=True)):
        return
    dilated = f" with dilation {_brief(steps.dilation)} spans {times(spans)} and"
    pad = f"pad by at least {-(-max(needed) // 2)} or use a smaller {what}"
    raise ValueError(
        f"{function}: the {times(size)} {what}{dilated if spans != size else ''} does not fit the "
        f"{times(spatial)} image with padding {_shown(steps.padding)}; {remedy or pad}"
    )


def _brief(values: Any) -> Any:
    """One value for all if they are the same."""
    values = tuple(values)
    return values[0] if len(set(values)) == 1 else values


def _shown(padding: Pairs | str) -> Any:
    return padding if isinstance(padding, str) else _brief([_brief(pair) for pair in padding])


@remembered
def transposed_plan(
    function: str,
    axes: int,
    shapes: tuple[Ints, Ints],
    stride: Any,
    padding: Any,
    dilation: Any,
    groups: Any,
    output_padding: Any,
) -> tuple[tuple[Ints, PerAxis, PerAxis], tuple[slice, ...] | None, int]:
    """A transposed convolution: filters (*size, out / groups, in), images (n, *spatial, in).

    The result is the image that a convolution with the same arguments turns into one of shape
    `images`; there are `stride` such sizes, of which `output_padding`, from 0 to stride − 1,
    chooses one. Returns (shape of the padded images, stride, dilation), as `fold` takes them, the
    part of these that is no padding (None: all), and groups.

    >>> (shape, *_), kept, _ = transposed_plan("f", 1, ((1, 3, 1), (4, 1, 1)), 2, 1, 1, 1, 0)
    >>> shape, kept[1]
    ((1, 8, 1), slice(1, 7, None))
    """
    steps = _steps(function, axes, stride, padding, dilation)
    groups = _groups(function, groups)
    extra = per_axis(output_padding, axes, 0, f"{function}: output_padding")
    images, filters = shapes
    _check_shapes(function, axes, images, filters, -1, groups)
    spatial, size, (stride, padding, dilation) = images[1:-1], filters[:-2], steps
    if any(e >= s for e, s in zip(extra, stride, strict=True)):
        raise ValueError(
            f"{function}: output_padding must be below the stride {_brief(stride)} on every axis, "
            f"not {_brief(extra)}: with more, the convolution of the result would be larger than "
            "the images"
        )
    if padding == "same":  # the result is that of the largest image with so many windows: n·s
        if any(extra):
            raise ValueError(f"{function}: output_padding has no place beside padding 'same'")
        kept = [n * s for n, s in zip(spatial, stride, strict=True)]
        pairs = _pairs(tuple(kept), size, steps)
        whole = [n + sum(pair) for n, pair in zip(kept, pairs, strict=True)]
    else:
        ends = zip(spatial, stride, window_spans(size, dilation), extra, strict=True)
        whole = [(n - 1) * s + k + e for n, s, k, e in ends]
        pairs = _pairs(spatial, size, steps)
        kept = [n - sum(pair) for n, pair in zip(whole, pairs, strict=True)]
    if min(kept) < 1:
        raise ValueError(
            f"{function}: padding {_shown(padding)} takes away all of the {times(whole)} result; "
            "pad less"
        )
    shape = checked_shape(function, (images[0], *whole, filters[-2] * groups))
    inside: Any = [slice(b, b + n) for n, (b, _) in zip(kept, pairs, strict=True)]
    inside = (slice(None), *inside, slice(None)) if any(map(any, pairs)) else None
    return (shape, stride, dilation), inside, groups


@remembered
def pooling_plan(
    function: str,
    axes: int,
    images: Ints,
    size: Any,
    stride: Any,
    padding: Any,
    dilation: Any,
    ceil_mode: int,
    count_padding: int,
) -> tuple[tuple[PerAxis, Pairs | None, PerAxis, PerAxis], tuple[Ints, ...]]:
    """Windows of `size` on images (n, *spatial, channels).

    With `ceil_mode`, what is left over at the end has a window, too, if that begins inside the
    image or the padding before it. Returns (size, pad_width, stride, dilation), as `framed_windows`
    takes them, and for each axis how many pixels of every window count: those in the image or,
    with `count_padding`, in the image and its padding.

    >>> pooling_plan("average_pool", 1, (1, 5, 1), 2, 2, 0, 1, True, False)[1]
    ((2, 2, 1),)
    """
    size = per_axis(size, axes, 1, f"{function}: size")
    steps = _steps(function, axes, stride, padding, dilation)
    spatial = images[1:-1]
    if min(images[1:]) < 1:
        raise ValueError(f"{function}: images of shape {images} are empty; only n may be 0")
    pairs, spans = _pairs(spatial, size, steps), window_spans(size, steps.dilation)
    is_last = all(k <= n for k, n in zip(spans, images[2:], strict=True))
    remedy = _images_last(images) if is_last and images[1] < spans[0] else None
    _check_fit(function, "window", spatial, size, steps, remedy)
    outside = (
        f"{function}: with padding {_shown(steps.padding)}, a {times(size)} window lies wholly in "
        f"the padding of the {times(spatial)} image; pad by less than the window's size"
    )
    framed, counts = [], []
    for n, k, s, d, span, (before, after) in zip(
        spatial, size, steps.stride, steps.dilation, spans, pairs, strict=True
    ):
        if before >= span or after >= span + s:  # before there are too many windows to look at
            raise ValueError(outside)
        count, left_over = divmod(n + before + after - span, s)
        count += 1
        if ceil_mode and left_over and count * s < before + n:
            count += 1
        end = max(before + n + after, (count - 1) * s + span)
        framed.append((before, end - before - n))
        low, high = (0, before + n + after) if count_padding else (before, before + n)
        starts = range(0, count * s, s)
        counts.append(tuple([sum(low <= i + d * t < high for t in range(k)) for i in starts]))
        if not all(any(before <= i + d * t < before + n for t in range(k)) for i in starts):
            raise ValueError(outside)
    return (size, framing(tuple(framed)), steps.stride, steps.dilation), tuple(counts)
