"""The posts' two networks from end to end: their losses, and the gradients of these.

Part 1 tells two classes apart (`two_class_loss`), part 2 ten (`ten_class_loss`). Parameters are
(filters, dense weights); the gradient by them is `two_class` and `ten_class`, by the images
`two_class_images` and `ten_class_images`. The convolution's result is flattened in the order
(row, column, filter), row-major. Neither network has a bias.
"""

import math
from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
from scipy import special

from .convolutions import (
    convolution,
    convolution_filters,
    convolution_images,
    same_convolution,
    same_convolution_filters,
    same_convolution_images,
)
from .geometry import (
    FILTERS,
    IMAGES,
    Array,
    array,
    between_0_and_1,
    divisor,
    same_padding,
    same_shape,
)
from .layers import (
    cross_entropy,
    cross_entropy_logits,
    dense,
    dense_inputs,
    dense_weights,
    relu,
    relu_inputs,
)

Params = tuple[Any, Any]


def two_class_loss(params: Params, images: Any, labels: Any) -> Any:
    """The first post's network: same convolution → relu → dense → sigmoid → mean log-loss.

    ``L = −1/n Σ y log l₂ + (1 − y) log(1 − l₂)``, with l₂ = σ(l₁ · W₂) and l₁ = max(conv, 0)

    Parameters
    ----------
    params : (filters, dense weights)
        (K, K, c, f) and (rows·columns·f, 1).
    images : (n, rows, columns, c) array_like
    labels : (n, 1) array_like
        Between 0 and 1.

    Returns
    -------
    number

    Examples
    --------
    >>> images, filters = np.array([2.0, -4.0]).reshape(1, 1, 2, 1), np.ones((1, 1, 1, 1))
    >>> two_class_loss((filters, np.zeros((2, 1))), images, [[1]])
    np.float64(0.6931471805599453)
    """
    network, labels = _two_class_layers("two_class_loss", params, images, labels)
    # −log σ(z) = log(1 + exp(−z)), which does not take the logarithm of a rounded 0
    logits = network.logits
    losses = labels * np.logaddexp(0, -logits) + (1 - labels) * np.logaddexp(0, logits)
    return losses.sum() / divisor("two_class_loss", "mean", len(losses))


def two_class(params: Params, images: Any, labels: Any) -> tuple[Array, Array]:
    """The gradient of `two_class_loss` by its parameters.

    ::

        ∂L/∂W₂ = 1/n Σ_n (l₂ − y) l₁
        ∂L/∂W₁[α, β, c, f] = 1/n Σ_{n, i, j} (l₂ − y) W₂[i, j, f] relu'(conv[n, i, j, f])
                             l̃[n, i + α, j + β, c]

    with relu'(0) = 0 (part 1 of the posts, "Backpropagation").

    Parameters
    ----------
    params : (filters, dense weights)
    images : (n, rows, columns, c) array_like
    labels : (n, 1) array_like
        All as in `two_class_loss`.

    Returns
    -------
    (filters, dense weights)

    Examples
    --------
    >>> images, filters = np.array([2.0, -4.0]).reshape(1, 1, 2, 1), np.ones((1, 1, 1, 1))
    >>> by_filters, by_weights = two_class((filters, np.zeros((2, 1))), images, [[1]])
    >>> by_weights
    array([[-1.],
           [ 0.]])
    """
    network, labels = _two_class_layers("two_class", params, images, labels)
    residuals = (special.expit(network.logits) - labels) / divisor("two_class", "mean", len(labels))
    by_convolved = _by_convolved(network, residuals)
    by_filters = same_convolution_filters(images, by_convolved, len(network.filters))
    return by_filters, dense_weights(network.hidden, residuals)


def two_class_images(params: Params, images: Any, labels: Any) -> Array:
    """The gradient of `two_class_loss` by the images.

    ``∂L/∂l[n, p, q, c] = Σ_{α, β, f} g[n, p + P − α, q + P − β, f] W₁[α, β, c, f]``

    where g = 1/n (l₂ − y) W₂ relu'(conv).

    Parameters
    ----------
    params : (filters, dense weights)
    images : (n, rows, columns, c) array_like
    labels : (n, 1) array_like
        All as in `two_class_loss`.

    Returns
    -------
    (n, rows, columns, c) array

    Examples
    --------
    >>> images, filters = np.full((1, 1, 2, 1), 2.0), np.ones((1, 1, 1, 1))
    >>> two_class_images((filters, np.array([[6.0], [-6.0]])), images, [[1]]).ravel()
    array([-3.,  3.])
    """
    network, labels = _two_class_layers("two_class_images", params, images, labels)
    n = divisor("two_class_images", "mean", len(labels))
    residuals = (special.expit(network.logits) - labels) / n
    return same_convolution_images(_by_convolved(network, residuals), network.filters)


def ten_class_loss(params: Params, images: Any, labels: Any, reduction: str = "mean") -> Any:
    """The second post's network: same convolution → relu → dense → softmax cross-entropy.

    ``L = −1/n Σ_n log softmax(l₁ · W₂)[n, y_n]`` with l₁ = max(conv, 0), without 1/n for "sum".

    Parameters
    ----------
    params : (filters, dense weights)
        (K, K, c, f) and (rows·columns·f, classes).
    images : (n, rows, columns, c) array_like
    labels : (n,) array_like of int
        The classes.
    reduction : {"mean", "sum"}, default "mean"

    Returns
    -------
    number

    Examples
    --------
    >>> images, filters = np.array([2.0, -4.0]).reshape(1, 1, 2, 1), np.ones((1, 1, 1, 1))
    >>> ten_class_loss((filters, np.zeros((2, 10))), images, [3])
    np.float64(2.302585092994046)
    """
    network = _layers("ten_class_loss", _same_convolution, params, images)
    return cross_entropy(network.logits, labels, reduction)


def ten_class(
    params: Params, images: Any, labels: Any, reduction: str = "mean"
) -> tuple[Array, Array]:
    """The gradient of `ten_class_loss` by its parameters.

    ::

        ∂L/∂W₂[μ, k] = Σ_n l₁[n, μ] r[n, k]
        ∂L/∂W₁[α, β, c, f] = Σ_{n, i, j} g[n, i, j, f] l̃[n, i + α, j + β, c]

    with r[n, k] = softmax(l₁ · W₂)[n, k] − (1 where k = y_n, else 0), over n for "mean", and
    g[n, i, j, f] = relu'(conv[n, i, j, f]) Σ_k r[n, k] W₂[μ, k], where μ is (i, j, f) flattened.

    Parameters
    ----------
    params : (filters, dense weights)
    images : (n, rows, columns, c) array_like
    labels : (n,) array_like of int
    reduction : {"mean", "sum"}, default "mean"
        All as in `ten_class_loss`.

    Returns
    -------
    (filters, dense weights)

    Examples
    --------
    >>> images, filters = np.array([2.0, -4.0]).reshape(1, 1, 2, 1), np.ones((1, 1, 1, 1))
    >>> by_filters, by_weights = ten_class((filters, np.zeros((2, 4))), images, [3])
    >>> by_weights
    array([[ 0.5,  0.5,  0.5, -1.5],
           [ 0. ,  0. ,  0. ,  0. ]])
    """
    network = _layers("ten_class", _same_convolution, params, images)
    residuals = cross_entropy_logits(network.logits, labels, reduction)
    by_convolved = _by_convolved(network, residuals)
    size = len(network.filters)
    by_filters = convolution_filters(images, by_convolved, size, padding=size // 2)
    return by_filters, dense_weights(network.hidden, residuals)


def ten_class_images(params: Params, images: Any, labels: Any, reduction: str = "mean") -> Array:
    """The gradient of `ten_class_loss` by the images.

    ``∂L/∂l[n, p, q, c] = Σ_{α, β, f} g[n, p + P − α, q + P − β, f] W₁[α, β, c, f]``

    with the g of `ten_class`.

    Parameters
    ----------
    params : (filters, dense weights)
    images : (n, rows, columns, c) array_like
    labels : (n,) array_like of int
    reduction : {"mean", "sum"}, default "mean"
        All as in `ten_class_loss`.

    Returns
    -------
    (n, rows, columns, c) array

    Examples
    --------
    >>> images, filters = np.full((1, 1, 2, 1), 2.0), np.ones((1, 1, 1, 1))
    >>> weights = np.array([[6.0, 0.0], [-6.0, 0.0]])
    >>> ten_class_images((filters, weights), images, [1]).ravel()
    array([ 3., -3.])
    """
    network = _layers("ten_class_images", _same_convolution, params, images)
    residuals = cross_entropy_logits(network.logits, labels, reduction)
    by_convolved = _by_convolved(network, residuals)
    padding = len(network.filters) // 2
    return convolution_images(by_convolved, network.filters, np.shape(images), padding=padding)


class _Layers(NamedTuple):
    """A network up to its logits."""

    filters: Array
    weights: Array
    convolved: Array
    """(n, rows, columns, f)"""
    hidden: Array
    """relu of that, flattened: (n, rows·columns·f)"""
    logits: Array
    """(n, classes)"""


def _two_class_layers(
    function: str, params: Params, images: Any, labels: Any
) -> tuple[_Layers, Array]:
    """The layers, and the labels as numbers of the logits' dtype."""
    network = _layers(function, same_convolution, params, images)
    if network.logits.shape[1] != 1:
        raise ValueError(
            f"{function}: dense weights must have one column, for one logit, not "
            f"{network.weights.shape}"
        )
    labels = array(function, "labels", labels).astype(network.logits.dtype)
    same_shape(function, "labels", labels, network.logits.shape)
    between_0_and_1(function, "labels", labels)
    return network, labels


def _same_convolution(images: Array, filters: Array) -> Array:
    """What `same_convolution` computes, without its loop over images and filters."""
    return convolution(images, filters, padding=len(filters) // 2)


def _layers(
    function: str, convolve: Callable[[Array, Array], Array], params: Params, images: Any
) -> _Layers:
    if not isinstance(params, (tuple, list)) or len(params) != 2:
        raise ValueError(f"{function}: the parameters must be a pair, (filters, dense weights)")
    filters = array(function, "filters", params[0], FILTERS)
    same_padding(function, filters.shape[:2])
    weights = array(function, "dense weights", params[1], "(in, classes)")
    convolved = convolve(array(function, "images", images, IMAGES), filters)
    features = math.prod(convolved.shape[1:])
    if len(weights) != features:
        raise ValueError(
            f"{function}: {convolved.shape} after the convolution needs dense weights "
            f"({features}, {weights.shape[1]}), not {weights.shape}"
        )
    hidden = relu(convolved).reshape(len(convolved), features)
    return _Layers(filters, weights, convolved, hidden, dense(hidden, weights))


def _by_convolved(network: _Layers, residuals: Array) -> Array:
    """g: the gradient by the result of the convolution, from that by the logits."""
    by_hidden = dense_inputs(residuals, network.weights)
    return relu_inputs(network.convolved, by_hidden.reshape(network.convolved.shape))
