"""Sizes and steps of sliding windows: integers in, integers out, no arrays.

`planned` checks what a layer is given, such as ``stride=2, padding=(1, 0)``, and then lets
`convolution_plan`, `transposed_plan` or `pooling_plan` say whether that fits the images, and how to
carry it out. Plans are cached, since a training loop asks the same question at every step.
"""

import functools
import math
from typing import Any, NamedTuple

from ..core.arrays import MOST_ELEMENTS
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


class Steps(NamedTuple):
    """How windows go over images: checked arguments of a layer, for every spatial axis."""

    stride: PerAxis
    padding: Pairs | str
    dilation: PerAxis


def _read(function: str, axes: int, name: str, value: Any) -> Any:
    where = f"{function}: {name}"
    if name == "padding":
        return per_side(value, axes, where)
    if name == "groups":
        return per_axis(value, 1, 1, where)[0]
    return per_axis(value, axes, 0 if name == "output_padding" else 1, where)


def _is_plain(value: Any) -> bool:
    """Whether a cache can tell the value from others: True and 1.0 equal 1."""
    kind = type(value)
    return kind is int or kind is str or (kind is tuple and all([_is_plain(x) for x in value]))


def planned(
    plan: Any, function: str, axes: int, shapes: Any, names: Any, given: Any, *more: Any
) -> Any:
    """``plan(function, axes, *shapes, …, *more)`` with the arguments of a layer between, checked.

    `names` are those of the arguments, `given` their values. Stride, padding and dilation become
    `Steps`, groups one integer, all others `per_axis`. Raises what these and `plan` do.

    >>> shapes, names = ((2, 28, 28, 1), (3, 3, 1, 8)), ("stride", "padding", "dilation", "groups")
    >>> planned(convolution_plan, "conv2d", 2, shapes, names, (1, 1, 1, 1)).pad_width
    ((0, 0), (1, 1), (1, 1), (0, 0))
    """
    for value in given:
        if type(value) is not int and not _is_plain(value):
            return _planned(plan, function, axes, shapes, names, given, *more)
    return _remembered(plan, function, axes, shapes, names, given, *more)


def _planned(
    plan: Any, function: str, axes: int, shapes: Any, names: Any, given: Any, *more: Any
) -> Any:
    checked = [_read(function, axes, *one) for one in zip(names, given, strict=True)]
    first = names.index("stride")
    checked[first : first + 3] = [Steps(*checked[first : first + 3])]
    return plan(function, axes, *shapes, *checked, *more)


_remembered = functools.lru_cache(maxsize=1024)(_planned)


class ConvolutionPlan(NamedTuple):
    """How to go over images with windows: what to pad, and which windows to take."""

    pad_width: Pairs | None
    """(before, after) for every axis of the images, as `numpy.pad` takes it; None: no padding"""
    size: PerAxis
    stride: PerAxis
    dilation: PerAxis
    groups: int


def convolution_plan(
    function: str,
    axes: int,
    images: Ints,
    filters: Ints,
    steps: Steps,
    groups: int,
) -> ConvolutionPlan:
    """Check that filters of shape `filters` fit images of shape `images`, and plan the work.

    Shapes are (n, *spatial, channels) and (*size, in / groups, out). Raises ``ValueError``, opening
    with `function`, where they do not fit.

    >>> steps = Steps(PerAxis((2,)), "same", PerAxis((1,)))
    >>> convolution_plan("conv1d", 1, (1, 7, 1), (2, 1, 1), steps, groups=1).pad_width
    ((0, 0), (0, 1), (0, 0))
    """
    _check_ndim(function, axes, images, filters, "in, out")
    spatial, size = images[1:-1], PerAxis(filters[:-2])
    _check_channels(function, images, filters, -2, groups)
    _check_sizes(function, images, filters)
    pairs = _pairs(spatial, size, steps)
    remedy = None
    if len(set(size)) > 1 and filters[1] * groups == images[-1]:
        remedy = _filters_last(filters, -2)
    _check_fit(function, "filter", spatial, size, steps, remedy)
    _check_room(function, images, pairs)
    return ConvolutionPlan(framing(pairs), size, steps.stride, steps.dilation, groups)


def _check_ndim(function: str, axes: int, images: Ints, filters: Ints, ends: str) -> None:
    if len(images) == len(filters) == axes + 2:
        return
    spatial = ("length", "rows, columns", "depth, rows, columns")[axes - 1]
    hint = "; x[..., None] adds a channel, x[None] a batch" if len(images) == axes + 1 else ""
    raise ValueError(
        f"{function}: images must be (n, {spatial}, channels) and filters ({spatial}, {ends}), not "
        f"{images} and {filters}{hint}"
    )


def _check_channels(function: str, images: Ints, filters: Ints, into: int, groups: int) -> None:
    """`into` is the axis of the filters, −2 or −1, that meets the images' channels."""
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


def _check_sizes(function: str, images: Ints, filters: Ints) -> None:
    if min(filters[:-2]) < 1:
        raise ValueError(
            f"{function}: a {times(filters[:-2])} filter is empty; every axis needs 1 or more"
        )
    if min(filters[-2:]) < 1:
        raise ValueError(f"{function}: filters of shape {filters} have no channels")
    if min(images[1:-1]) < 1:
        raise ValueError(
            f"{function}: a {times(images[1:-1])} image is empty; only the batch may have length 0"
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


def _check_room(function: str, images: Ints, pairs: Pairs) -> None:
    framed = [n + before + after for n, (before, after) in zip(images[1:-1], pairs, strict=True)]
    if images[0] * math.prod(framed) * images[-1] > MOST_ELEMENTS:
        raise ValueError(
            f"{function}: with {pairs} pixels of padding (before, after) there would be images of "
            f"{times(framed)} pixels, more than can be; pad less"
        )


def _brief(values: Any) -> Any:
    """One value for all if they are the same."""
    values = tuple(values)
    return values[0] if len(set(values)) == 1 else values


def _shown(padding: Pairs | str) -> Any:
    return padding if isinstance(padding, str) else _brief([_brief(pair) for pair in padding])


class TransposedPlan(NamedTuple):
    """How to carry out a transposed convolution: where windows are added up, and what is kept."""

    shape: Ints
    """of the padded images, which windows are added up in"""
    kept: tuple[slice, ...] | None
    """the part that is no padding; None: all"""
    stride: PerAxis
    dilation: PerAxis
    groups: int


def transposed_plan(
    function: str,
    axes: int,
    images: Ints,
    filters: Ints,
    steps: Steps,
    groups: int,
    extra: PerAxis,
) -> TransposedPlan:
    """Check a transposed convolution, and plan the work.

    Shapes are (n, *spatial, channels) and (*size, out / groups, in). The result is the image that
    a convolution with the same arguments turns into one of shape `images`; there are `stride` such
    sizes, of which `extra`, the output_padding from 0 to stride − 1, chooses one.

    >>> steps = Steps(PerAxis((2,)), ((1, 1),), PerAxis((1,)))
    >>> plan = transposed_plan("f", 1, (1, 3, 1), (4, 1, 1), steps, 1, PerAxis((0,)))
    >>> plan.shape, plan.kept[1]
    ((1, 8, 1), slice(1, 7, None))
    """
    _check_ndim(function, axes, images, filters, "out, in")
    spatial, size, (stride, padding, dilation) = images[1:-1], filters[:-2], steps
    _check_channels(function, images, filters, -1, groups)
    _check_sizes(function, images, filters)
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
    shape = (images[0], *whole, filters[-2] * groups)
    if math.prod(shape) > MOST_ELEMENTS:
        raise ValueError(f"{function}: the result would be larger than can be, {shape}")
    parts: Any = [slice(b, b + n) for n, (b, _) in zip(kept, pairs, strict=True)]
    inside = (slice(None), *parts, slice(None)) if any(map(any, pairs)) else None
    return TransposedPlan(shape, inside, stride, dilation, groups)


class PoolingPlan(NamedTuple):
    """How to pool: what to pad, which windows to take, and how many pixels each window has."""

    pad_width: Pairs | None
    size: PerAxis
    stride: PerAxis
    dilation: PerAxis
    counts: tuple[Ints, ...]
    """for each axis, the pixels of every window that are counted"""


def pooling_plan(
    function: str,
    axes: int,
    images: Ints,
    size: PerAxis,
    steps: Steps,
    ceil_mode: bool,
    count_padding: bool,
) -> PoolingPlan:
    """Check windows of `size` on images of shape (n, *spatial, channels), and plan the work.

    With `ceil_mode`, what is left over at the end has a window, too, if that begins inside the
    image or the padding before it. The counts are of pixels in the image or, with `count_padding`,
    in the image and its padding.

    >>> steps = Steps(PerAxis((2,)), ((0, 0),), PerAxis((1,)))
    >>> pooling_plan("average_pool", 1, (1, 5, 1), PerAxis((2,)), steps, True, False).counts
    ((2, 2, 1),)
    """
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
    return PoolingPlan(framing(tuple(framed)), size, steps.stride, steps.dilation, tuple(counts))
