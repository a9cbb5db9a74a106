"""Layers as plain functions, without state; parameters come in as arguments.

`conv2d`, `max_pool`, `average_pool`, `dense`, `flatten`; `relu`, `sigmoid`, `softmax` and
`log_softmax`. Data are (n, rows, columns, channels): NHWC; filters are (rows, columns, in, out). A
convolution is `pad` → `windows` → `product`, and a recorded graph shows these.

>>> def model(filters, weights, images):
...     return dense(flatten(relu(conv2d(images, filters, padding="same"))), weights)
>>> model(np.ones((3, 3, 1, 2)), np.ones((32, 10)), np.ones((5, 4, 4, 1))).shape
(5, 10)
"""

from typing import Any

import numpy as np

from . import geometry
from .arrays import Array, cast, numbers, real_numbers, scalar
from .dispatch import array_function, implementation
from .geometry import Ints
from .hooks import with_lines
from .table import add, general, linear, pointwise, same
from .windows import pad, padded_windows, product, window_max, window_maxima, windows


def conv2d(
    images: Any, filters: Any, stride: Any = 1, padding: Any = 0, *, bias: Any = None
) -> Any:
    """The convolution of (n, rows, columns, in) with (k, l, in, out): (n, i, j, out).

    ``y[n, i, j, f] = b[f] + Σ x̃[n, s·i + α, s·j + β, c] · w[α, β, c, f]``, where x̃ is `images`
    framed with zeros. (Part 1 of the posts: it is the correlation that image processing calls
    convolution.) The stride s is an integer, or a pair for rows and columns; `padding` too, or a
    pair (before, after) an axis, "valid" (none) or "same" (⌈rows / s⌉ rows of output). `bias` is
    (out,).

    Raises ``ValueError`` where the shapes do not fit together.

    >>> image = np.arange(9.0).reshape(1, 3, 3, 1)
    >>> right_edge = np.array([1.0, -1.0]).reshape(1, 2, 1, 1)
    >>> conv2d(image, right_edge)[0, :, :, 0]
    array([[-1., -1.],
           [-1., -1.],
           [-1., -1.]])
    """
    images, filters = numbers(images, "conv2d"), numbers(filters, "conv2d")
    if images.ndim != 4 or filters.ndim != 4 or images.shape[3] != filters.shape[2]:
        raise ValueError(
            "conv2d: images are (n, rows, columns, channels) and filters (rows, columns, in, out) "
            f"with as many channels in, not {images.shape} and {filters.shape}"
        )
    size = geometry.PerAxis(filters.shape[:2])
    pad_width, *steps = _steps("conv2d", images, size, stride, padding)
    columns = framed_windows(images, size, frame_for(images, filters, pad_width), *steps)
    return add_bias("conv2d", product(columns, filters), bias)


def frame_for(images: Any, filters: Any, pad_width: Any) -> Any:
    """The frame of a convolution: a `Frame`, which need not be made, unless the graph keeps it.

    It does of a plain array beside filters that are a Tensor, into which the caller may write
    before the sweep: that frame is made, and is a copy.
    """
    if pad_width is None or (type(images) is np.ndarray and type(filters) is not np.ndarray):
        return pad_width
    return geometry.Frame(pad_width)


def framed_windows(
    images: Any, size: Ints, pad_width: Any, stride: Ints, dilation: Ints, fill: float = 0
) -> Any:
    """The windows of images framed with `fill`."""
    if pad_width is None:
        return windows(images, size, stride, dilation)
    if type(images) is np.ndarray and not fill:
        # No operand is a Tensor: nothing has to be dispatched.
        return implementation(padded_windows)(images, pad_width, size, stride, dilation)
    return windows(pad(images, pad_width, fill), size, stride, dilation)


def _steps(function: str, images: Array, size: Ints, stride: Any, padding: Any) -> Any:
    """What `framed_windows` takes: the frame, and stride and dilation for each spatial axis."""
    spatial = images.shape[1:-1]
    axes = len(spatial)
    stride = geometry.per_axis(stride, axes, 1, f"{function}: stride")
    padding = geometry.per_side(padding, axes, f"{function}: padding")
    pairs = geometry.padding_pairs(spatial, size, stride, padding)
    framed = tuple([before + n + after for n, (before, after) in zip(spatial, pairs, strict=True)])
    if min(*spatial, *size) < 1 or any(k > n for k, n in zip(size, framed, strict=True)):
        raise ValueError(
            f"{function}: a {geometry.times(size)} window does not fit the "
            f"{geometry.times(spatial)} image with padding {pairs}; pad more, or use a smaller one"
        )
    return geometry.framing(pairs), stride, geometry.PerAxis((1,) * axes)


def max_pool(images: Any, size: Any, *, stride: Any = None, padding: Any = 0) -> Any:
    """The largest element of every window of `size`: (n, *spatial, c) → (n, *out, c).

    `size` and `stride` (None: windows side by side) are an integer, or one a spatial axis;
    `padding` as in `conv2d`, with −inf. What no window reaches at the end is dropped. Where
    elements of a window tie, the first one (row by row) has the gradient.

    >>> max_pool(np.arange(16.0).reshape(1, 4, 4, 1), 2)[0, :, :, 0]
    array([[ 5.,  7.],
           [13., 15.]])
    """
    images, size, steps = _to_pool("max_pool", images, size, stride, padding)
    pad_width, stride, dilation = steps
    return largest_in(framed_windows(images, size, pad_width, stride, dilation, -np.inf))


def largest_in(columns: Any) -> Any:
    """The largest element of every window, of plain arrays without its place."""
    return window_max(columns) if type(columns) is np.ndarray else window_maxima(columns)[0]


def average_pool(images: Any, size: Any, *, stride: Any = None, padding: Any = 0) -> Any:
    """The mean of every window of `size`, the padding left out: (n, *spatial, c) → (n, *out, c).

    The arguments are those of `max_pool`.

    >>> average_pool(np.arange(16.0).reshape(1, 4, 4, 1), 2)[0, :, :, 0]
    array([[ 2.5,  4.5],
           [10.5, 12.5]])
    """
    images, size, steps = _to_pool("average_pool", images, size, stride, padding)
    pixels = np.ones((1, *images.shape[1:-1], 1))
    counts = np.sum(framed_windows(pixels, size, *steps), window_axes(len(size)))  # (1, *out, 1)
    return window_mean(framed_windows(images, size, *steps), counts)


def _to_pool(function: str, images: Array, size: Any, stride: Any, padding: Any) -> Any:
    images = numbers(images, function)
    if images.ndim < 3 or images.dtype.kind != "f":
        raise ValueError(
            f"{function}: images are (n, *spatial, channels) of floating numbers, not "
            f"{images.dtype} {images.shape}"
        )
    size = geometry.per_axis(size, images.ndim - 2, 1, f"{function}: size")
    stride = size if stride is None else stride
    steps = _steps(function, images, size, stride, padding)
    if any(max(pair) >= k for pair, k in zip((steps[0] or ())[1:-1], size, strict=False)):
        raise ValueError(
            f"{function}: with padding {padding}, a {geometry.times(size)} window lies wholly in "
            "the padding; pad by less than its size"
        )
    return images, size, steps


def window_axes(axes: int) -> Ints:
    """The axes of the windows' sizes in (n, *out, *size, c), for so many spatial axes."""
    return tuple(range(1 + axes, 1 + 2 * axes))


def window_mean(columns: Any, counts: Any) -> Any:
    """The sum of every window over its number of pixels, of which `counts` is (*out, 1)."""
    dtype = np.promote_types(columns.dtype, np.float32)  # a sum or count may exceed float16
    total = np.sum(columns, window_axes((columns.ndim - 2) // 2), dtype)
    means = total / counts.astype(dtype)
    return cast(means, columns.dtype)


def dense(x: Any, weights: Any, bias: Any = None) -> Any:
    """``x @ weights + bias``: a linear layer.

    Parameters
    ----------
    x : (n, in) array_like
    weights : (in, out) array_like
    bias : (out,) array_like, optional

    Returns
    -------
    (n, out) array

    Examples
    --------
    >>> dense(np.ones((1, 3)), np.ones((3, 2)), np.array([0.0, 10.0]))
    array([[ 3., 13.]])
    """
    x, weights = numbers(x, "dense"), numbers(weights, "dense")
    if weights.ndim != 2 or x.ndim < 1 or x.shape[-1] != weights.shape[0]:
        told = f"dense: x must be (n, in) and weights (in, out), not {x.shape} and {weights.shape}"
        is_turned = weights.ndim == 2 and x.ndim == 2 and x.shape[1] == weights.shape[1]
        told += "; use weights.T" if is_turned else "; images are flattened by flatten(x)"
        raise with_lines(ValueError(told), x=x, weights=weights)
    return add_bias("dense", x @ weights, bias)


def flatten(x: Any) -> Any:
    """``(n, *any)`` → (n, product of any), row by row: (row, column, channel) for images.

    Parameters
    ----------
    x : array_like

    Returns
    -------
    array

    Examples
    --------
    >>> flatten(np.ones((2, 3, 4, 5))).shape
    (2, 60)
    """
    x = numbers(x, "flatten")
    if x.ndim < 1:
        raise ValueError("flatten: a single number has no batch axis; it must be (n, …)")
    length = 1
    for n in x.shape[1:]:
        length *= n
    return x.reshape(x.shape[0], length)


def add_bias(function: str, result: Any, bias: Any) -> Any:
    """``result + bias`` for a bias (out,), one number an output; the result where it is None."""
    if bias is None:
        return result
    bias, out = numbers(bias, function), result.shape[-1]
    if np.shape(bias) != (out,):
        told = (
            f"{function}: the bias must have shape ({out},), one number an output, not "
            f"{np.shape(bias)}"
        )
        raise with_lines(ValueError(told), bias=bias)
    return result + bias


@array_function
def relu(x: Any) -> Any:
    """max(x, 0), elementwise; its derivative at 0 is 0, and at nan 1: nan stays nan.

    Parameters
    ----------
    x : real array_like

    Returns
    -------
    array

    Examples
    --------
    >>> relu(np.array([-1.0, 0.0, 2.0]))
    array([0., 0., 2.])
    """
    x = real_numbers(x, "relu")
    return np.maximum(x, scalar(0, x.dtype))


@array_function
def relu_gate(g: Any, y: Any) -> Any:
    """`g` where `y`, the result of `relu`, is not 0 (positive, or nan), and 0 elsewhere.

    >>> relu_gate(np.array([5.0, 6.0]), np.array([0.0, 2.0]))
    array([0., 6.])
    """
    # As numbers: NumPy is slow at multiplying them by truth values.
    return g * np.not_equal(y, scalar(0, y.dtype)).astype(g.dtype)


@array_function
def sigmoid(x: Any) -> Any:
    """1 / (1 + exp(−x)), elementwise, without overflow for any x.

    Parameters
    ----------
    x : real array_like

    Returns
    -------
    array
        0 where exp(−x) is beyond the largest number (x below −709 in float64, −88 in float32); it
        would be below the smallest normal number.

    Examples
    --------
    >>> sigmoid(np.array([-1000.0, 0.0, 1000.0]))
    array([0. , 0.5, 1. ])
    """
    x = real_numbers(x, "sigmoid")
    with np.errstate(over="ignore"):
        return plain_sigmoid(x)


def plain_sigmoid(x: Any) -> Any:
    """The formula, for operands that are checked, where overflow is ignored."""
    one = scalar(1, x.dtype)
    return np.divide(one, np.add(one, np.exp(np.negative(x))))


@array_function
def sigmoid_slope(x: Any) -> Any:
    """σ(x)·σ(−x), the derivative of the sigmoid: exp(−abs x) / (1 + exp(−abs x))².

    >>> sigmoid_slope(np.array([0.0, 1000.0]))
    array([0.25, 0.  ])
    """
    x = real_numbers(x, "sigmoid_slope")
    small = np.exp(-np.absolute(x))
    whole = small + scalar(1, x.dtype)
    return small / (whole * whole)


@array_function
def softmax(x: Any, axis: int = -1) -> Any:
    """exp(x) / Σ exp(x) along `axis`, without overflow.

    Parameters
    ----------
    x : real array_like
    axis : int, default -1

    Returns
    -------
    array

    Examples
    --------
    >>> softmax(np.array([1000.0, 0.0]))
    array([1., 0.])
    """
    x = real_numbers(x, "softmax")
    result = np.exp(x - stable_max(x, axis, "softmax"))
    result /= np.sum(result, axis, keepdims=True)
    return result


@array_function
def log_softmax(x: Any, axis: int = -1) -> Any:
    """x − log Σ exp(x) along `axis`: the logarithm of `softmax`, without taking that of 0.

    Parameters
    ----------
    x : real array_like
    axis : int, default -1

    Returns
    -------
    array

    Examples
    --------
    >>> log_softmax(np.array([1000.0, 0.0]))
    array([    0., -1000.])
    """
    x = real_numbers(x, "log_softmax")
    shifted = x - stable_max(x, axis, "log_softmax")
    if not shifted.size:
        return shifted  # without a warning of the logarithm of nothing
    return shifted - np.log(np.sum(np.exp(shifted), axis, keepdims=True))


def stable_max(x: Any, axis: Any, function: str) -> Any:
    """The maximum along `axis`, which is kept with length 1; 0 in place of ±inf."""
    try:
        # Of nothing the sum is 0, and its logarithm −inf.
        least = {} if x.size else {"initial": -np.inf}
        largest = x.max(axis, keepdims=True, **least)
    except (OverflowError, TypeError, ValueError) as error:  # of length 0, not there, or no axis
        raise ValueError(f"{function}: shape {x.shape}, axis {axis}: {error}") from None
    is_finite = np.isfinite(largest)
    return largest if is_finite.all() else np.where(is_finite, largest, 0)


def centred(g: Any, probabilities: Any, axis: Any) -> Any:
    """The derivative of softmax, which is symmetric: p·(g − Σ p·g)."""
    return probabilities * (g - np.sum(probabilities * g, axis, keepdims=True))


ROWS = (
    general(relu, same(lambda g, ans: relu_gate(g, ans))),
    linear(
        relu_gate,
        lambda g, y: relu_gate(g, y),
        locally_constant={"y": "a mask: the result jumps where it changes sign"},
    ),
    pointwise(sigmoid, lambda x: sigmoid_slope(x)),
    pointwise(sigmoid_slope, lambda x, ans: -np.tanh(0.5 * x) * ans),
    general(
        softmax,
        (
            lambda g, ans, axis: centred(g, ans, axis),
            lambda t, ans, axis: centred(t, ans, axis),
        ),
    ),
    general(
        log_softmax,
        (
            lambda g, ans, axis: g - np.exp(ans) * np.sum(g, axis, keepdims=True),
            lambda t, ans, axis: t - np.sum(np.exp(ans) * t, axis, keepdims=True),
        ),
    ),
)

add(ROWS)
