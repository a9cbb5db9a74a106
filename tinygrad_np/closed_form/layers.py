"""The layers around a convolution, and their gradients: dense, relu, sigmoid, pooling, losses.

The gradient of a layer takes the cotangents ∂L/∂y of its result. A loss is the end: its gradient
takes none. `reduction` is "mean" or "sum" over the batch, and the gradient is that of the loss with
the same reduction. (The posts report the mean and step along the gradient of the sum.)
"""

from typing import Any

import numpy as np
from scipy import special

from .geometry import (
    IMAGES,
    Array,
    Windows,
    array,
    between_0_and_1,
    divisor,
    frame,
    image_shape,
    same_shape,
    tap,
    unframed,
    windows,
)


def dense(inputs: Any, weights: Any, bias: Any = None) -> Array:
    """``y[n, j] = Σ_i x[n, i] W[i, j] + b[j]``.

    Parameters
    ----------
    inputs : (n, in) array_like
    weights : (in, out) array_like
    bias : (out,) array_like, optional

    Returns
    -------
    (n, out) array

    Examples
    --------
    >>> dense([[1.0, 2.0]], [[1.0, 0.0], [1.0, 3.0]], [0.0, 10.0])
    array([[ 3., 16.]])
    """
    inputs = array("dense", "inputs", inputs, "(n, in)")
    weights = array("dense", "weights", weights, "(in, out)")
    same_shape("dense", "inputs", inputs, (len(inputs), weights.shape[0]))
    result = inputs @ weights
    if bias is None:
        return result
    bias = array("dense", "bias", bias)
    same_shape("dense", "bias", bias, weights.shape[1:])
    return result + bias


def dense_inputs(cotangents: Any, weights: Any) -> Array:
    """The gradient of `dense` by the inputs: ``∂L/∂x[n, i] = Σ_j ∂L/∂y[n, j] W[i, j]``.

    Parameters
    ----------
    cotangents : (n, out) array_like
    weights : (in, out) array_like

    Returns
    -------
    (n, in) array

    Examples
    --------
    >>> dense_inputs([[1.0, 10.0]], [[1.0, 0.0], [1.0, 3.0]])
    array([[ 1., 31.]])
    """
    cotangents = array("dense_inputs", "cotangents", cotangents, "(n, out)")
    weights = array("dense_inputs", "weights", weights, "(in, out)")
    same_shape("dense_inputs", "cotangents", cotangents, (len(cotangents), weights.shape[1]))
    return cotangents @ weights.T


def dense_weights(inputs: Any, cotangents: Any) -> Array:
    """The gradient of `dense` by the weights: ``∂L/∂W[i, j] = Σ_n x[n, i] ∂L/∂y[n, j]``.

    Parameters
    ----------
    inputs : (n, in) array_like
    cotangents : (n, out) array_like

    Returns
    -------
    (in, out) array

    Examples
    --------
    >>> dense_weights([[1.0, 2.0]], [[1.0, 10.0]])
    array([[ 1., 10.],
           [ 2., 20.]])
    """
    inputs = array("dense_weights", "inputs", inputs, "(n, in)")
    cotangents = array("dense_weights", "cotangents", cotangents, "(n, out)")
    same_shape("dense_weights", "cotangents", cotangents, (len(inputs), cotangents.shape[1]))
    return inputs.T @ cotangents


def dense_bias(cotangents: Any) -> Array:
    """The gradient of `dense` by the bias: ``∂L/∂b[j] = Σ_n ∂L/∂y[n, j]``.

    Parameters
    ----------
    cotangents : (n, out) array_like

    Returns
    -------
    (out,) array

    Examples
    --------
    >>> dense_bias([[1.0, 10.0], [2.0, 20.0]])
    array([ 3., 30.])
    """
    return array("dense_bias", "cotangents", cotangents, "(n, out)").sum(axis=0)


def relu(inputs: Any) -> Array:
    """``y = max(x, 0)``, elementwise.

    Parameters
    ----------
    inputs : array_like

    Returns
    -------
    array

    Examples
    --------
    >>> relu([-1.0, 0.0, 2.0])
    array([0., 0., 2.])
    """
    return np.maximum(array("relu", "inputs", inputs), 0)


def relu_inputs(inputs: Any, cotangents: Any) -> Array:
    """The gradient of `relu`: ``∂L/∂x = 0 where x ≤ 0, else ∂L/∂y``; so relu'(0) = 0.

    Parameters
    ----------
    inputs, cotangents : array_like

    Returns
    -------
    array

    Examples
    --------
    >>> relu_inputs([-1.0, 0.0, 2.0], [5.0, 6.0, 7.0])
    array([0., 0., 7.])
    """
    inputs, cotangents = _elementwise("relu_inputs", inputs, cotangents)
    return np.where(inputs <= 0, 0, cotangents)


def sigmoid(inputs: Any) -> Array:
    """``y = 1 / (1 + exp(−x))``, elementwise, without overflow.

    Parameters
    ----------
    inputs : array_like

    Returns
    -------
    array

    Examples
    --------
    >>> sigmoid([-1000.0, 0.0, 1000.0])
    array([0. , 0.5, 1. ])
    """
    return np.asarray(special.expit(array("sigmoid", "inputs", inputs)))


def sigmoid_inputs(inputs: Any, cotangents: Any) -> Array:
    """The gradient of `sigmoid`: ``∂L/∂x = ∂L/∂y σ(x) σ(−x)``.

    As σ' = σ(1 − σ) and 1 − σ(x) = σ(−x).

    Parameters
    ----------
    inputs, cotangents : array_like

    Returns
    -------
    array

    Examples
    --------
    >>> sigmoid_inputs([0.0, 50.0], [4.0, 1.0])
    array([1.00000000e+00, 1.92874985e-22])
    """
    inputs, cotangents = _elementwise("sigmoid_inputs", inputs, cotangents)
    return cotangents * special.expit(inputs) * special.expit(-inputs)


def log_loss(probabilities: Any, labels: Any, reduction: str = "mean", bound: float = 1e-16) -> Any:
    """``L = −Σ y log p + (1 − y) log(1 − p)``, over the number of elements for "mean".

    Parameters
    ----------
    probabilities, labels : array_like
        p of y = 1, and y, of one shape, between 0 and 1.
    reduction : {"mean", "sum"}, default "mean"
    bound : float, default 1e-16
        A p outside [bound, 1 − bound] counts as that end, or as the number next to 0 or 1 where the
        dtype has none so near, and as certain where it is right: the loss is finite, and 0 for what
        is certain and right.

    Returns
    -------
    number

    Examples
    --------
    >>> log_loss([0.5, 1.0], [1, 1], reduction="sum")
    np.float64(0.6931471805599453)
    >>> log_loss([0.0, 1.0], [1, 0]).round(2)
    np.float64(36.79)
    """
    probabilities, labels = _probabilities("log_loss", probabilities, labels)
    count = divisor("log_loss", reduction, labels.size)
    low, high = _ends("log_loss", bound, probabilities.dtype.type)
    hits = labels * np.log(np.maximum(probabilities, low))
    misses = (1 - labels) * np.log1p(-np.minimum(probabilities, high))
    return (-hits - misses + 0.0).sum() / count


def log_loss_probabilities(
    probabilities: Any, labels: Any, reduction: str = "mean", bound: float = 1e-16
) -> Array:
    """The gradient of `log_loss`: ``∂L/∂p = −y/p + (1 − y)/(1 − p)``, over their number for "mean".

    It is that of the loss without a bound, at every p but 0 and 1: these count as the ends, and so
    it is finite (as is 1/p in the smallest numbers, which count as the smallest normal one).

    Parameters
    ----------
    probabilities, labels : array_like
    reduction : {"mean", "sum"}, default "mean"
    bound : float, default 1e-16
        All as in `log_loss`.

    Returns
    -------
    array

    Examples
    --------
    >>> log_loss_probabilities([0.5, 0.75, 1.0], [1, 0, 1], reduction="sum")
    array([-2.,  4., -1.])
    >>> log_loss_probabilities([0.0, 1.0], [1, 0], reduction="sum", bound=2.0**-10)
    array([-1024.,  1024.])
    """
    function = "log_loss_probabilities"
    probabilities, labels = _probabilities(function, probabilities, labels)
    count = divisor(function, reduction, labels.size)
    low, high = _ends(function, bound, probabilities.dtype.type)
    p = np.where(probabilities == 0, low, probabilities)
    p = np.maximum(p, np.finfo(p.dtype).smallest_normal)
    q = 1 - np.where(probabilities == 1, high, probabilities)
    return ((1 - labels) / q - labels / p) / count


def _ends(function: str, bound: float, number: Any) -> tuple[Any, Any]:
    """What probabilities of 0 and of 1 count as, in a dtype."""
    if not (isinstance(bound, (float, np.floating)) and 0 < bound < 0.5):
        raise ValueError(f"{function}: bound must lie above 0 and below 0.5, not {bound!r}")
    zero, one = number(0), number(1)
    low = max(number(bound), np.nextafter(zero, one))
    return low, min(one - low, np.nextafter(one, zero))


def cross_entropy(logits: Any, labels: Any, reduction: str = "mean") -> Any:
    """``L = −Σ_n log softmax(z_n)[y_n]``, over n for "mean".

    ``softmax(z)[k] = exp(z_k) / Σ_j exp(z_j)``; with m = max z its logarithm is
    ``z_k − m − log Σ_j exp(z_j − m)``, which neither overflows nor takes the logarithm of 0.

    Parameters
    ----------
    logits : (n, classes) array_like
    labels : (n,) array_like of int
    reduction : {"mean", "sum"}, default "mean"

    Returns
    -------
    number

    Examples
    --------
    >>> cross_entropy([[1000.0, 0.0], [0.0, 0.0]], [1, 0], reduction="sum")
    np.float64(1000.6931471805599)
    """
    logits, labels = _classes("cross_entropy", logits, labels)
    count = divisor("cross_entropy", reduction, len(labels))
    logarithms = special.log_softmax(logits, axis=1)
    return (-logarithms[np.arange(len(labels)), labels]).sum() / count


def cross_entropy_logits(logits: Any, labels: Any, reduction: str = "mean") -> Array:
    """The gradient of `cross_entropy`: ``∂L/∂z[n, k] = softmax(z_n)[k] − (1 if k = y_n else 0)``.

    Over n for "mean".

    Parameters
    ----------
    logits : (n, classes) array_like
    labels : (n,) array_like of int
    reduction : {"mean", "sum"}, default "mean"

    Returns
    -------
    (n, classes) array

    Examples
    --------
    >>> cross_entropy_logits([[0.0, 0.0], [np.log(3.0), 0.0]], [0, 1], reduction="sum")
    array([[-0.5 ,  0.5 ],
           [ 0.75, -0.75]])
    """
    logits, labels = _classes("cross_entropy_logits", logits, labels)
    count = divisor("cross_entropy_logits", reduction, len(labels))
    result = np.asarray(special.softmax(logits, axis=1))
    result[np.arange(len(labels)), labels] -= 1
    return result / count


def average_pool(images: Any, size: Any, stride: Any, padding: Any = 0) -> Array:
    """The mean of the pixels under every window.

    ``y[n, i, j, c] = 1/N[i, j] Σ_{α, β} l̃[n, s·i + α, s·j + β, c]``

    where N[i, j] counts the pixels of the image under the window: the padding is left out.

    Parameters
    ----------
    images : (n, rows, columns, c) array_like
    size, stride : int or (int, int)
    padding : int or (int, int), default 0
        No window may lie wholly in the padding: P < K.

    Returns
    -------
    (n, i, j, c) array

    Examples
    --------
    >>> average_pool(np.arange(9.0).reshape(1, 3, 3, 1), 2, stride=2, padding=1)[0, :, :, 0]
    array([[0. , 1.5],
           [4.5, 6. ]])
    """
    images = array("average_pool", "images", images, IMAGES)
    where = _pooling("average_pool", images.shape, size, stride, padding)
    framed = frame(images, where)
    total = np.zeros((len(images), *where.counts, images.shape[3]), images.dtype)
    for alpha, beta in np.ndindex(where.size):
        total += framed[tap(where, alpha, beta)]
    return total / _pixels_counted(where, images.dtype)


def average_pool_images(
    cotangents: Any, shape: Any, size: Any, stride: Any, padding: Any = 0
) -> Array:
    """The gradient of `average_pool` by the images.

    ``∂L/∂l̃[n, p, q, c] = Σ ∂L/∂y[n, i, j, c] / N[i, j]``

    over all i, j, α, β with s·i + α = p and s·j + β = q.

    Parameters
    ----------
    cotangents : (n, i, j, c) array_like
    shape : tuple of int
        Of the images.
    size, stride : int or (int, int)
    padding : int or (int, int), default 0

    Returns
    -------
    (n, rows, columns, c) array

    Examples
    --------
    >>> g = np.array([1.0, 10.0]).reshape(1, 1, 2, 1)
    >>> average_pool_images(g, (1, 1, 3, 1), size=(1, 2), stride=(1, 2), padding=(0, 1)).ravel()
    array([1., 5., 5.])
    """
    function = "average_pool_images"
    cotangents = array(function, "cotangents", cotangents, "(n, i, j, c)")
    shape = image_shape(function, shape)
    where = _pooling(function, shape, size, stride, padding)
    same_shape(function, "cotangents", cotangents, (shape[0], *where.counts, shape[3]))
    shares = cotangents / _pixels_counted(where, cotangents.dtype)
    framed = frame(np.zeros(shape, cotangents.dtype), where)
    for alpha, beta in np.ndindex(where.size):
        framed[tap(where, alpha, beta)] += shares
    return framed[unframed(where)]


def max_pool(images: Any, size: Any, stride: Any, padding: Any = 0) -> Array:
    """The largest pixel under every window.

    ``y[n, i, j, c] = max_{α, β} l̃[n, s·i + α, s·j + β, c]``

    where l̃ is framed with −inf.

    Parameters
    ----------
    images : (n, rows, columns, c) array_like
    size, stride : int or (int, int)
    padding : int or (int, int), default 0
        P < K, as in `average_pool`.

    Returns
    -------
    (n, i, j, c) array

    Examples
    --------
    >>> max_pool(-1 - np.arange(9.0).reshape(1, 3, 3, 1), 2, stride=2, padding=1)[0, :, :, 0]
    array([[-1., -2.],
           [-4., -5.]])
    """
    images = array("max_pool", "images", images, IMAGES)
    return _maxima(images, _pooling("max_pool", images.shape, size, stride, padding))[0]


def max_pool_images(
    images: Any, cotangents: Any, size: Any, stride: Any, padding: Any = 0
) -> Array:
    """The gradient of `max_pool` by the images.

    ``∂L/∂l̃[n, p, q, c] = Σ ∂L/∂y[n, i, j, c]``

    over all i, j whose largest pixel is p, q: of equal ones the first in row-major order, and never
    one of the frame.

    Parameters
    ----------
    images : (n, rows, columns, c) array_like
    cotangents : (n, i, j, c) array_like
    size, stride : int or (int, int)
    padding : int or (int, int), default 0
        P < K, as in `average_pool`.

    Returns
    -------
    (n, rows, columns, c) array

    Examples
    --------
    >>> x, g = np.array([2.0, 2.0, 1.0, 3.0]), np.array([1.0, 10.0, 100.0])
    >>> max_pool_images(x.reshape(1, 1, 4, 1), g.reshape(1, 1, 3, 1), (1, 2), stride=1).ravel()
    array([  1.,  10.,   0., 100.])
    """
    function = "max_pool_images"
    images = array(function, "images", images, IMAGES)
    cotangents = array(function, "cotangents", cotangents, "(n, i, j, c)")
    where = _pooling(function, images.shape, size, stride, padding)
    maxima, taps = _maxima(images, where)
    same_shape(function, "cotangents", cotangents, maxima.shape)
    framed = frame(np.zeros(images.shape, cotangents.dtype), where)
    for number, (alpha, beta) in enumerate(np.ndindex(where.size)):
        framed[tap(where, alpha, beta)] += np.where(taps == number, cotangents, 0)
    return framed[unframed(where)]


def _pooling(
    function: str, shape: tuple[int, ...], size: Any, stride: Any, padding: Any
) -> Windows:
    where = windows(function, shape[1:3], size, stride, padding)
    if any(p >= k for p, k in zip(where.padding, where.size, strict=True)):
        raise ValueError(
            f"{function}: with padding {where.padding} the first window of {where.size} has no "
            "pixel; the padding must be less than the size on both axes"
        )
    return where


def _pixels_counted(where: Windows, dtype: Any) -> Array:
    """N[i, j]: how many pixels of the image lie under each window, (i, j, 1)."""
    ones = frame(np.ones((1, *where.spatial, 1), dtype), where)
    return sum(ones[0][tap(where, *offset)[1:]] for offset in np.ndindex(where.size))


def _maxima(images: Array, where: Windows) -> tuple[Array, Array]:
    """The largest pixel under every window, and the number of the tap that is over it."""
    taps = [tap(where, alpha, beta) for alpha, beta in np.ndindex(where.size)]
    framed, inside = frame(images, where, -np.inf), frame(np.ones_like(images, bool), where)
    pixels, seen = [np.stack([x[each] for each in taps]) for x in (framed, inside)]
    # not the frame, where the image is −inf, too; nan is larger than all numbers
    largest = (pixels == pixels.max(axis=0)) & seen | np.isnan(pixels)
    numbers = np.argmax(largest, axis=0)
    return np.take_along_axis(pixels, numbers[None], axis=0)[0], numbers


def _elementwise(function: str, inputs: Any, cotangents: Any) -> tuple[Array, Array]:
    inputs = array(function, "inputs", inputs)
    cotangents = array(function, "cotangents", cotangents)
    same_shape(function, "cotangents", cotangents, inputs.shape)
    return inputs, cotangents


def _probabilities(function: str, probabilities: Any, labels: Any) -> tuple[Array, Array]:
    probabilities = array(function, "probabilities", probabilities)
    labels = array(function, "labels", labels)
    if probabilities.dtype.itemsize > 8:  # of which SciPy knows too little
        raise TypeError(f"{function}: takes numbers up to float64, not {probabilities.dtype}")
    same_shape(function, "labels", labels, probabilities.shape)
    between_0_and_1(function, "probabilities", probabilities)
    between_0_and_1(function, "labels", labels)
    return probabilities, labels.astype(probabilities.dtype)


def _classes(function: str, logits: Any, labels: Any) -> tuple[Array, Array]:
    logits = array(function, "logits", logits, "(n, classes)")
    labels = np.asarray(labels)
    if labels.dtype.kind not in "iu" and labels.size:
        raise TypeError(f"{function}: labels must be integers, not {labels.dtype}")
    classes = logits.shape[1]
    same_shape(function, "labels", labels, logits.shape[:1])
    if classes == 0:
        raise ValueError(f"{function}: there are no classes in logits of shape {logits.shape}")
    if np.any((labels < 0) | (labels >= classes)):
        raise ValueError(
            f"{function}: labels must lie between 0 and {classes - 1}, for {classes} classes"
        )
    return logits, labels.astype(np.intp)
