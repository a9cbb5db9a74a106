"""Sliding windows: `pad` frames images, `windows` gathers every window of them.

``product(windows(pad(x, width), size), w)`` is a convolution; `products` has the product. `fold` is
the adjoint of `windows`. `window_indices` is the index trick of the posts, a second way to gather.

Images are (n, *spatial, channels), windows (n, *out, *size, channels), for any number of spatial
axes.
"""

import functools
import itertools
import math
from typing import Any, NamedTuple

import numpy as np

from ..fast import paths
from ..fast.memory import empty, zeros
from . import geometry
from .dispatch import array_function, explained, numbers
from .geometry import Ints, PerAxis


@array_function
def pad(x: Any, pad_width: Any, value: Any = 0) -> Any:
    """`x` framed with zeros, or another `value`: a pair (before, after) for every axis.

    What ``numpy.pad(x, pad_width)`` gives, at a tenth of its overhead.

    >>> pad(np.ones((1, 2)), ((0, 1), (1, 1)))
    array([[0., 1., 1., 0.],
           [0., 0., 0., 0.]])
    """
    shape, inside = _frame(x.shape, pad_width)
    result = zeros(shape, x.dtype)
    if value:
        result.fill(value)
    result[inside] = x
    return result


@functools.lru_cache(maxsize=1024)
def _frame(shape: Ints, pad_width: Any) -> tuple[Ints, tuple[slice, ...]]:
    pairs = list(zip(shape, pad_width, strict=True))
    return (
        tuple([before + n + after for n, (before, after) in pairs]),
        tuple([slice(before, before + n) for n, (before, _) in pairs]),
    )


@array_function
def windows(x: Any, size: Any, stride: Any = 1, dilation: Any = 1) -> Any:
    """Every window of `size`, `stride` apart: (n, *spatial, c) → (n, *out, *size, c).

    `size`, `stride` and `dilation` (the step from pixel to pixel within a window) are an integer,
    or one a spatial axis. The result is read-only; it is a view of `x` or, where that is faster, a
    copy.

    >>> x = np.arange(5.0).reshape(1, 5, 1)
    >>> windows(x, 3, stride=2)[0, :, :, 0]
    array([[0., 1., 2.],
           [2., 3., 4.]])
    >>> windows(x, 2, dilation=3)[0, :, :, 0]
    array([[0., 3.],
           [1., 4.]])
    """
    x = numbers(x, "windows")
    if x.ndim < 3:
        raise ValueError(f"windows: images must be (n, *spatial, channels), not {x.shape}")
    size, stride, dilation = _steps("windows", x.ndim - 2, size, stride, dilation)
    return _gather(x, _view(x.shape, x.strides, x.itemsize, size, stride, dilation))


def _steps(function: str, axes: int, size: Any, stride: Any, dilation: Any) -> Any:
    if axes < 1:
        raise ValueError(
            f"{function}: images must be (n, *spatial, channels) with at least one spatial axis, "
            f"not with {axes + 2} axes"
        )
    if type(size) is type(stride) is type(dilation) is PerAxis and len(size) == axes:
        return size, stride, dilation  # a layer's, planned
    return (
        geometry.per_axis(size, axes, 1, f"{function}: size"),
        geometry.per_axis(stride, axes, 1, f"{function}: stride"),
        geometry.per_axis(dilation, axes, 1, f"{function}: dilation"),
    )


def _check_fit(function: str, shape: Ints, size: Ints, dilation: Ints) -> None:
    spans = geometry.window_spans(size, dilation)
    if any(k > n for k, n in zip(spans, shape[1:-1], strict=True)):
        raise ValueError(
            f"{function}: a {geometry.times(spans)} window does not fit the "
            f"{geometry.times(shape[1:-1])} image; pad it first"
        )


def padded_windows(x: Any, plan: geometry.ConvolutionPlan) -> Any:
    """``windows(pad(x, …), …)`` of a plain array, as planned, in one step.

    >>> steps = geometry.Steps(PerAxis((1,)), ((1, 0),), PerAxis((1,)))
    >>> plan = geometry.convolution_plan("conv1d", 1, (1, 2, 1), (2, 1, 1), steps, groups=1)
    >>> padded_windows(np.ones((1, 2, 1)), plan)[0, :, :, 0]
    array([[0., 1.],
           [1., 1.]])
    """
    shape, inside, view = _framed_view(x.shape, x.itemsize, plan)
    framed = zeros(shape, x.dtype)
    framed[inside] = x
    return _gather(framed, view)


class _View(NamedTuple):
    """A strided view of images with the offsets within a window first: (*size, c, n, *out)."""

    shape: Ints
    strides: Ints
    order: Ints
    path: paths.Path


@functools.lru_cache(maxsize=1024)
def _view(
    shape: Ints, strides: Ints, itemsize: int, size: Ints, stride: Ints, dilation: Ints
) -> _View:
    _check_fit("windows", shape, size, dilation)
    out = geometry.window_counts(shape[1:-1], size, stride, dilation)
    view = (*size, shape[-1], shape[0], *out)
    jumps = strides[1:-1]
    # A step that is never taken may be larger than any stride can be.
    within = [j * (d if k > 1 else 1) for j, d, k in zip(jumps, dilation, size, strict=True)]
    apart = [j * (s if n > 1 else 1) for j, s, n in zip(jumps, stride, out, strict=True)]
    return _View(
        view,
        (*within, strides[-1], strides[0], *apart),
        offsets_last(len(size)),
        paths.of_windows(shape[-1], math.prod(view) * itemsize),
    )


@functools.lru_cache(maxsize=1024)
def _framed_view(
    shape: Ints, itemsize: int, plan: geometry.ConvolutionPlan
) -> tuple[Ints, tuple[slice, ...], _View]:
    framed, inside = _frame(shape, plan.pad_width)
    strides = tuple([math.prod(framed[axis + 1 :]) * itemsize for axis in range(len(framed))])
    view = _view(framed, strides, itemsize, plan.size, plan.stride, plan.dilation)
    return framed, inside, view


def _gather(x: Any, view: _View) -> Any:
    if x.flags.c_contiguous:
        found = np.ndarray(view.shape, x.dtype, x, 0, view.strides)
    else:
        found = np.lib.stride_tricks.as_strided(x, view.shape, view.strides)
    if paths.note("windows", x, view.path) is paths.COPY:
        columns = empty(view.shape, x.dtype)
        np.copyto(columns, found)
        columns.flags.writeable = False
        return columns.transpose(view.order)
    result = found.transpose(view.order)
    result.flags.writeable = False
    return result


@functools.cache
def offsets_last(axes: int) -> Ints:
    """The axes that turn (*size, c, n, *out) into (n, *out, *size, c)."""
    return (*range(axes + 1, 2 * axes + 2), *range(axes + 1))


@array_function
def fold(columns: Any, shape: Ints, stride: Any = 1, dilation: Any = 1) -> Any:
    """The adjoint of `windows`: every element of every window, added where it came from.

    `columns` is (n, *out, *size, c); `shape` is that of the images it is added up in. Pixels that
    no window reaches are 0.

    >>> fold(np.ones((1, 2, 3, 1)), (1, 5, 1), stride=2)[0, :, 0]
    array([1., 1., 2., 1., 1.])
    """
    columns = numbers(columns, "fold")
    stride, dilation = checked_windows("fold", columns.shape, shape, stride, dilation)
    axes = len(shape) - 2
    out, size = columns.shape[1 : 1 + axes], columns.shape[1 + axes : -1]
    result = zeros(shape, columns.dtype)
    every = (slice(None),) * (1 + axes)
    for offset in itertools.product(*map(range, size)):
        reached = [
            slice(d * first, d * first + step * count, step)
            for d, first, step, count in zip(dilation, offset, stride, out, strict=True)
        ]
        result[(slice(None), *reached)] += columns[(*every, *offset)]
    return result


def checked_windows(
    function: str, columns: Ints, shape: Ints, stride: Any, dilation: Any
) -> tuple[PerAxis, PerAxis]:
    """Stride and dilation per axis, if windows of shape `columns` come from images of `shape`.

    Raises ``ValueError``, opening with `function`, if not.

    >>> checked_windows("fold", (1, 2, 3, 1), (1, 5, 1), 2, 1)
    ((2,), (1,))
    """
    shape = geometry.checked_shape(function, shape, 3)
    axes = len(shape) - 2
    size = columns[1 + axes : -1]
    if len(columns) != 2 * axes + 2:
        raise ValueError(
            f"{function}: windows of images of shape {shape} are (n, *out, *size, channels), not "
            f"{columns}"
        )
    _, stride, dilation = _steps(function, axes, size, stride, dilation)
    counts = geometry.window_counts(tuple(shape[1:-1]), size, stride, dilation)
    expected = (shape[0], *counts, *size, shape[-1])
    if columns != expected:
        raise ValueError(
            f"{function}: windows of shape {columns} do not come from images of shape {shape} "
            f"with stride {stride} and dilation {dilation}; those would be {expected}"
        )
    return stride, dilation


@explained
def window_indices(shape: Ints, size: Any, stride: Any = 1, dilation: Any = 1) -> Any:
    """Where the elements of every window lie in the flattened images: (n, *out, *size, c).

    ``np.take(x, window_indices(x.shape, size, stride))`` is ``windows(x, size, stride)``: the index
    trick of part 2 of the posts (`_take`). As a way to gather it costs an array of integers as
    large as the result, so `windows` is what convolutions use; this is the second way to the same.
    It raises where `windows` does.

    >>> window_indices((1, 4, 1), 2, stride=2)[0, :, :, 0]
    array([[0, 1],
           [2, 3]])
    """
    shape = geometry.checked_shape("window_indices", shape, 3)
    axes = len(shape) - 2
    size, stride, dilation = _steps("window_indices", axes, size, stride, dilation)
    _check_fit("window_indices", shape, size, dilation)
    counts = geometry.window_counts(shape[1:-1], size, stride, dilation)
    jumps = [math.prod(shape[axis + 1 :]) for axis in range(len(shape))]
    # one range for every axis of (n, *out, *size, c), each in steps of its own
    lengths = geometry.checked_shape("window_indices", (shape[0], *counts, *size, shape[-1]))
    apart = [jump * step for jump, step in zip(jumps[1:-1], stride, strict=True)]
    within = [jump * step for jump, step in zip(jumps[1:-1], dilation, strict=True)]
    steps = (jumps[0], *apart, *within, 1)
    # A step that is never taken may be larger than any index.
    ranges = [
        np.arange(n, dtype=np.intp) * (step if n > 1 else 0)
        for n, step in zip(lengths, steps, strict=True)
    ]
    return functools.reduce(np.add.outer, ranges)
