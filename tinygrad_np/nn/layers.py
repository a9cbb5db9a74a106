"""Layers as plain functions, without state; parameters come in as arguments.

- `conv1d`, `conv2d`, `conv3d` and `conv_transpose1d`, `conv_transpose2d`, `conv_transpose3d`;
- `max_pool`, `average_pool`, for any number of spatial axes;
- `dense`, `flatten`, `dropout`; `relu`, `sigmoid`, `softmax`, `log_softmax`, `logsumexp`.

Data are (n, *spatial, channels): NHWC in two dimensions; filters are (*size, in, out). Convolutions
and pooling are compositions of `pad`, `windows` and products, and a recorded graph shows these; the
gradient is what their rules give.
"""

from __future__ import annotations

import functools
from typing import Any

import numpy as np

from ..answers import explained
from ..core import hooks
from ..core.arrays import Array, numbers
from ..core.hooks import with_lines
from ..core.network import (
    add_bias,
    dense,
    flatten,
    frame_for,
    framed_windows,
    largest_in,
    log_softmax,
    relu,
    sigmoid,
    softmax,
    window_mean,
)
from ..core.windows import fold, product, window_product
from ..rules.logsumexp import logsumexp
from . import geometry
from .arguments import checked_generator, checked_number
from .grouped import grouped_product, grouped_window_product

__all__ = [
    "average_pool",
    "conv1d",
    "conv2d",
    "conv3d",
    "conv_transpose1d",
    "conv_transpose2d",
    "conv_transpose3d",
    "dense",
    "dropout",
    "flatten",
    "log_softmax",
    "logsumexp",
    "max_pool",
    "relu",
    "sigmoid",
    "softmax",
]


@explained
def conv2d(
    images: Any,
    filters: Any,
    stride: Any = 1,
    padding: Any = 0,
    dilation: Any = 1,
    groups: int = 1,
    bias: Any = None,
) -> Any:
    """The convolution of images with filters.

    ``y[n, i, j, f] = b[f] + Σ x̃[n, s·i + d·α, s·j + d·β, c] · w[α, β, c, f]``, where x̃ is
    `images` framed with zeros, s is `stride` and d `dilation`: the correlation that image
    processing calls convolution. It is a composition, ``pad`` → `windows` → ``product``, and its
    gradient is what the rules of these three give.

    Parameters
    ----------
    images : (n, rows, columns, in) array_like
    filters : (k, l, in / groups, out) array_like
    stride : int or (rows, columns), default 1
    padding : int, tuple, "valid" or "same", default 0
        A tuple has one integer or a pair (before, after) an axis; "valid" is none, "same" makes
        ⌈rows / s⌉ rows of output (if the number of zeros is odd, the odd one comes after).
    dilation : int or (rows, columns), default 1
        The step from pixel to pixel under a filter.
    groups : int, default 1
        Each part of in / groups channels meets its own out / groups filters; with groups = in, it
        is a depthwise convolution.
    bias : (out,) array_like, optional

    Returns
    -------
    (n, i, j, out) array
        With i = ⌊(rows + before + after − d·(k − 1) − 1) / s⌋ + 1.

    Raises
    ------
    ValueError
        Where the shapes do not fit together.
    TypeError
        For a stride, padding or dilation that is no integer.

    References
    ----------
    Convolutional Neural Networks using Numpy, part 1.

    Examples
    --------
    >>> image = np.arange(9.0).reshape(1, 3, 3, 1)
    >>> right_edge = np.array([1.0, -1.0]).reshape(1, 2, 1, 1)
    >>> conv2d(image, right_edge)[0, :, :, 0]
    array([[-1., -1.],
           [-1., -1.],
           [-1., -1.]])
    """
    return _convolution("conv2d", 2, images, filters, bias, stride, padding, dilation, groups)


@explained
def conv1d(
    signals: Any,
    filters: Any,
    stride: Any = 1,
    padding: Any = 0,
    dilation: Any = 1,
    groups: int = 1,
    bias: Any = None,
) -> Any:
    """The convolution of signals with filters: `conv2d` for one axis.

    Parameters
    ----------
    signals : (n, length, in) array_like
    filters : (k, in / groups, out) array_like
    stride : int, default 1
    padding : int, tuple, "valid" or "same", default 0
        One zero before and two after is ``((1, 2),)``.
    dilation, groups : int, default 1
    bias : (out,) array_like, optional

    Returns
    -------
    (n, i, out) array

    Examples
    --------
    >>> conv1d(np.arange(5.0).reshape(1, 5, 1), np.ones((3, 1, 1)), padding="same").ravel()
    array([1., 3., 6., 9., 7.])
    """
    return _convolution("conv1d", 1, signals, filters, bias, stride, padding, dilation, groups)


@explained
def conv3d(
    volumes: Any,
    filters: Any,
    stride: Any = 1,
    padding: Any = 0,
    dilation: Any = 1,
    groups: int = 1,
    bias: Any = None,
) -> Any:
    """The convolution of volumes with filters: `conv2d` for three axes.

    Parameters
    ----------
    volumes : (n, depth, rows, columns, in) array_like
    filters : (k, l, m, in / groups, out) array_like
    stride : int or tuple of int, default 1
    padding : int, tuple, "valid" or "same", default 0
    dilation : int or tuple of int, default 1
    groups : int, default 1
    bias : (out,) array_like, optional

    Returns
    -------
    (n, h, i, j, out) array

    Examples
    --------
    >>> conv3d(np.ones((1, 4, 4, 4, 2)), np.ones((2, 2, 2, 2, 5)), stride=2).shape
    (1, 2, 2, 2, 5)
    """
    return _convolution("conv3d", 3, volumes, filters, bias, stride, padding, dilation, groups)


def _convolution(
    name: str, axes: int, images: Array, filters: Array, bias: Any, *given: Any
) -> Any:
    images, filters = numbers(images, name), numbers(filters, name)
    try:
        plan = geometry.convolution_plan(name, axes, (images.shape, filters.shape), *given)
    except ValueError as error:
        raise with_lines(error, images=images, filters=filters) from None
    (size, pad_width, stride, dilation), groups = plan
    if groups == 1:
        pad_width = frame_for(images, filters, pad_width)
    columns = framed_windows(images, size, pad_width, stride, dilation)
    result = product(columns, filters) if groups == 1 else grouped_product(columns, filters, groups)
    return add_bias(name, result, bias)


@explained
def conv_transpose2d(
    images: Any,
    filters: Any,
    stride: Any = 1,
    padding: Any = 0,
    dilation: Any = 1,
    groups: int = 1,
    output_padding: Any = 0,
    bias: Any = None,
) -> Any:
    """The adjoint of `conv2d` with the same filters.

    ``Σ conv2d(y, w)·x = Σ y·conv_transpose2d(x, w)`` for all x and y. It raises what `conv2d`
    raises.

    Parameters
    ----------
    images : (n, i, j, in) array_like
    filters : (k, l, out / groups, in) array_like
        Those of the `conv2d` that turns (n, rows, columns, out) into (n, i, j, in).
    stride : int or (rows, columns), default 1
    padding : int, tuple, "valid" or "same", default 0
    dilation : int or (rows, columns), default 1
    groups : int, default 1
        From `stride` on, those of that `conv2d`.
    output_padding : int or (int, int), default 0
        Where stride > 1, several sizes of images have i rows of windows: this, from 0 to
        stride − 1, chooses one.
    bias : (out,) array_like, optional

    Returns
    -------
    (n, rows, columns, out) array
        Of (i − 1)·s + d·(k − 1) + 1 − before − after + output_padding rows; with padding "same", of
        i·s.

    Examples
    --------
    >>> spread = conv_transpose2d(np.ones((1, 2, 2, 1)), np.ones((2, 2, 1, 1)), stride=2)
    >>> spread.shape, bool(np.all(spread == 1))
    ((1, 4, 4, 1), True)
    """
    given = stride, padding, dilation, groups, output_padding
    return _transposed("conv_transpose2d", 2, images, filters, bias, *given)


@explained
def conv_transpose1d(
    signals: Any,
    filters: Any,
    stride: Any = 1,
    padding: Any = 0,
    dilation: Any = 1,
    groups: int = 1,
    output_padding: Any = 0,
    bias: Any = None,
) -> Any:
    """The adjoint of `conv1d`: `conv_transpose2d` for one axis.

    Parameters
    ----------
    signals : (n, i, in) array_like
    filters : (k, out / groups, in) array_like
    stride : int, default 1
    padding : int, tuple, "valid" or "same", default 0
    dilation, groups : int, default 1
    output_padding : int, default 0
    bias : (out,) array_like, optional

    Returns
    -------
    (n, length, out) array

    Examples
    --------
    >>> conv_transpose1d(np.array([1.0, 2.0]).reshape(1, 2, 1), np.ones((3, 1, 1))).ravel()
    array([1., 3., 3., 2.])
    """
    given = stride, padding, dilation, groups, output_padding
    return _transposed("conv_transpose1d", 1, signals, filters, bias, *given)


@explained
def conv_transpose3d(
    volumes: Any,
    filters: Any,
    stride: Any = 1,
    padding: Any = 0,
    dilation: Any = 1,
    groups: int = 1,
    output_padding: Any = 0,
    bias: Any = None,
) -> Any:
    """The adjoint of `conv3d`: `conv_transpose2d` for three axes.

    Parameters
    ----------
    volumes : (n, h, i, j, in) array_like
    filters : (k, l, m, out / groups, in) array_like
    stride : int or tuple of int, default 1
    padding : int, tuple, "valid" or "same", default 0
    dilation : int or tuple of int, default 1
    groups : int, default 1
    output_padding : int or tuple of int, default 0
    bias : (out,) array_like, optional

    Returns
    -------
    (n, depth, rows, columns, out) array

    Examples
    --------
    >>> conv_transpose3d(np.ones((1, 2, 2, 2, 3)), np.ones((2, 2, 2, 4, 3)), stride=2).shape
    (1, 4, 4, 4, 4)
    """
    given = stride, padding, dilation, groups, output_padding
    return _transposed("conv_transpose3d", 3, volumes, filters, bias, *given)


def _transposed(name: str, axes: int, images: Array, filters: Array, bias: Any, *given: Any) -> Any:
    images, filters = numbers(images, name), numbers(filters, name)
    try:
        plan = geometry.transposed_plan(name, axes, (images.shape, filters.shape), *given)
    except ValueError as error:
        raise with_lines(error, images=images, filters=filters) from None
    steps, kept, groups = plan
    if groups == 1:
        columns = window_product(images, filters)
    else:
        columns = grouped_window_product(images, filters, groups)
    result = fold(columns, *steps)
    return add_bias(name, result if kept is None else result[kept], bias)


@explained
def max_pool(
    images: Any,
    size: Any,
    *,
    stride: Any = None,
    padding: Any = 0,
    dilation: Any = 1,
    ceil_mode: bool = False,
) -> Any:
    """The largest element of every window of `size`.

    Where elements of a window tie, the first one (row by row) has the gradient.

    Parameters
    ----------
    images : ``(n, *spatial, c)`` floating array_like
    size : int or tuple of int
        A tuple has one a spatial axis.
    stride : int or tuple of int, optional
        By default windows lie side by side.
    padding : int, tuple, "valid" or "same", default 0
        As in `conv2d`, with −inf.
    dilation : int or tuple of int, default 1
    ceil_mode : bool, default False
        Whether a last window takes what no window reaches at the end, as far as there is an image;
        otherwise it is dropped.

    Returns
    -------
    ``(n, *out, c)`` array

    Raises
    ------
    ValueError
        Where the window does not fit, or lies wholly in the padding.

    Examples
    --------
    >>> max_pool(np.arange(16.0).reshape(1, 4, 4, 1), 2)[0, :, :, 0]
    array([[ 5.,  7.],
           [13., 15.]])
    """
    inner = hooks.observer().under_relu(images) if hooks.opened else None
    given = size, size if stride is None else stride, padding, dilation, int(bool(ceil_mode)), 0
    columns = _windows_to_pool("max_pool", images if inner is None else inner, "f", -np.inf, *given)
    found = largest_in(columns[0])
    return found if inner is None else relu(found)  # of fewer elements


@explained
def average_pool(
    images: Any,
    size: Any,
    *,
    stride: Any = None,
    padding: Any = 0,
    dilation: Any = 1,
    ceil_mode: bool = False,
    count_padding: bool = False,
) -> Any:
    """The mean of every window of `size`.

    Parameters
    ----------
    images : ``(n, *spatial, c)`` array_like
    size : int or tuple of int
    stride : int or tuple of int, optional
    padding : int, tuple, "valid" or "same", default 0
    dilation : int or tuple of int, default 1
    ceil_mode : bool, default False
        From `size` on, as in `max_pool`.
    count_padding : bool, default False
        Whether the zeros of the padding count in the mean; what `ceil_mode` adds beyond it never
        does.

    Returns
    -------
    ``(n, *out, c)`` array

    Examples
    --------
    >>> average_pool(np.arange(16.0).reshape(1, 4, 4, 1), 2)[0, :, :, 0]
    array([[ 2.5,  4.5],
           [10.5, 12.5]])
    >>> average_pool(np.ones((1, 3, 1)), 2, padding=1, count_padding=True).ravel()
    array([0.5, 1. ])
    """
    given = size, size if stride is None else stride, padding, dilation, int(bool(ceil_mode))
    columns, counts = _windows_to_pool(
        "average_pool", images, "fc", 0, *given, int(bool(count_padding))
    )
    count: Any = functools.reduce(np.multiply.outer, counts, np.ones(()))  # (*out)
    return window_mean(columns, count[..., None])


def _windows_to_pool(name: str, images: Array, kinds: str, fill: float, *given: Any) -> Any:
    """Windows of images of these kinds of dtype, framed with `fill`; their pixels that count."""
    images = numbers(images, name)
    if images.ndim < 3:
        told = (
            f"{name}: images must be (n, *spatial, channels) with at least one spatial axis, not "
            f"{images.shape}"
        )
        raise with_lines(ValueError(told), images=images)
    if images.dtype.kind not in kinds:
        is_complex = images.dtype.kind == "c"
        raise TypeError(
            f"{name}: takes floating numbers, not an array of dtype {images.dtype}; "
            + ("take np.abs or np.real of it" if is_complex else "convert it with .astype(float)")
        )
    try:
        plan = geometry.pooling_plan(name, images.ndim - 2, images.shape, *given)
    except ValueError as error:
        raise with_lines(error, images=images) from None
    steps, counts = plan
    return framed_windows(images, *steps, fill), counts


@explained
def dropout(x: Any, rate: float, rng: np.random.Generator) -> Any:
    """`x` with a random share `rate` of its elements zero, and the others over 1 − rate.

    So the expectation is `x`, and nothing has to be rescaled when the network is used without
    dropout.

    Parameters
    ----------
    x : array_like
    rate : float
        At least 0 and below 1.
    rng : numpy.random.Generator
        Drawn from once an element.

    Returns
    -------
    array

    Raises
    ------
    ValueError
        For another rate.
    TypeError
        For a rate that is no number (a Tensor is none: what is dropped has no derivative by it),
        or an `rng` that is no Generator.

    Examples
    --------
    >>> dropout(np.ones(6), 0.5, np.random.default_rng(0))
    array([2., 0., 0., 0., 2., 2.])
    """
    rate = checked_number("dropout: rate", rate)
    if not 0 <= rate < 1:
        raise ValueError(f"dropout: rate must be at least 0 and below 1, not {rate}")
    checked_generator("dropout", rng)
    x = numbers(x, "dropout")
    if x.dtype.kind not in "fc":
        raise TypeError(f"dropout: takes floating numbers, not an array of dtype {x.dtype}")
    kept = rng.random(x.shape) >= rate
    return x * (kept / (1 - rate)).astype(x.dtype)
