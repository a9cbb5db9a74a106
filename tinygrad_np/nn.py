"""Layers as plain functions, without state: conv2d, dense; relu and sigmoid.

Parameters come in as arguments, so a network is a function of its parameters. Data are NHWC:
(n, rows, columns, channels); filters are (rows, columns, in, out).
"""

from typing import Any

import numpy as np

from .kernels import geometry
from .kernels.elementwise import relu, sigmoid
from .kernels.windows import pad, padded_windows, product, windows

__all__ = ["conv2d", "dense", "relu", "sigmoid"]


def conv2d(images: Any, filters: Any, stride: Any = 1, padding: Any = 0) -> Any:
    """The convolution of (n, rows, columns, in) with (k, l, in, out): (n, i, j, out).

    ``y[n, i, j, f] = Σ x̃[n, s·i + α, s·j + β, c] · w[α, β, c, f]``, where x̃ is `images` framed
    with `padding` zeros on every side and s is `stride`; each is an integer, or a pair for rows
    and columns. The output has ⌊(rows + 2·padding − k) / stride⌋ + 1 rows. (Part 1 of the posts:
    it is the correlation that image processing calls convolution.)

    It is a composition, `pad` → `windows` → `product`, and its gradient is what the rules of
    these three give.

    Raises ``ValueError`` where the shapes do not fit together, ``TypeError`` for a stride or
    padding that is no integer.

    >>> image = np.arange(9.0).reshape(1, 3, 3, 1)
    >>> right_edge = np.array([1.0, -1.0]).reshape(1, 2, 1, 1)
    >>> conv2d(image, right_edge)[0, :, :, 0]
    array([[-1., -1.],
           [-1., -1.],
           [-1., -1.]])
    """
    images, filters = _array(images), _array(filters)
    shape, filter_shape = images.shape, filters.shape
    if len(shape) != 4 or len(filter_shape) != 4:
        raise ValueError(
            f"conv2d: images must be (n, rows, columns, channels) and filters (rows, columns, in, "
            f"out), not {shape} and {filter_shape}; x.reshape(n, rows, columns, 1) adds a "
            "channel"
        )
    if type(stride) is not int:
        stride = geometry.per_axis(stride, 2, 1, "conv2d: stride")
    if type(padding) is not int:
        padding = geometry.per_axis(padding, 2, 0, "conv2d: padding")
    plan = geometry.convolution_plan("conv2d", shape, filter_shape, stride, padding)
    pad_width, size, step = plan
    if pad_width is None:
        columns = windows(images, size, step)
    elif type(images) is np.ndarray:
        columns = padded_windows(images, pad_width, size, step)
    else:
        columns = windows(pad(images, pad_width), size, step)
    return product(columns, filters)


def dense(x: Any, weights: Any, bias: Any = None) -> Any:
    """x @ weights + bias: (n, in) · (in, out) + (out,) → (n, out).

    >>> dense(np.ones((1, 3)), np.ones((3, 2)), np.array([0.0, 10.0]))
    array([[ 3., 13.]])
    """
    x, weights = _array(x), _array(weights)
    if weights.ndim != 2 or x.ndim < 1 or x.shape[-1] != weights.shape[0]:
        raise ValueError(
            f"dense: x must be (n, in) and weights (in, out), not {x.shape} and {weights.shape}; "
            "images are flattened by x.reshape(len(x), -1)"
        )
    result = x @ weights
    if bias is None:
        return result
    if np.shape(bias) != weights.shape[1:]:
        raise ValueError(
            f"dense: the bias must have shape {weights.shape[1:]}, one number an output, not "
            f"{np.shape(bias)}"
        )
    return result + bias


def _array(x: Any) -> Any:
    return x if hasattr(x, "ndim") else np.asarray(x)
