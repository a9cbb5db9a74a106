"""Gradients derived by hand, to hold against those of reverse mode.

The formulas are those of *Convolutional Neural Networks using Numpy*, part 1, written out with
NumPy and SciPy alone: nothing here knows of Tensors or of any other code of this project, so
agreement with it is evidence. `two_class` and `two_class_images` differentiate the whole two-class
network; the convolution and its two adjoints are there on their own.

Images are (n, rows, columns, channels), filters (K, K, in, out) with K odd, and convolutions are
"same": the images are framed with P = (K − 1)/2 zeros, l̃[n, P + i, P + j, c] = l[n, i, j, c].
"""

from typing import Any

import numpy as np
from scipy import signal, special

Array = np.ndarray[Any, Any]


def same_convolution(images: Array, filters: Array) -> Array:
    """The convolution as image processing has it, a correlation: (n, rows, columns, out).

    y[n, i, j, f] = Σ_{α, β, c} l̃[n, i + α, j + β, c] W[α, β, c, f]

    `scipy.signal.convolve` has the physicist's definition, Σ_α l[i − α] W[α], so it is given the
    reversed filter, as the post explains.

    >>> edge = np.zeros((3, 3, 1, 1))
    >>> edge[1, 1:] = [[[1.0]], [[-1.0]]]
    >>> same_convolution(np.arange(3.0).reshape(1, 1, 3, 1), edge)[0, 0, :, 0]
    array([-1., -1.,  2.])
    """
    _check("same_convolution", images, filters)
    result = np.zeros((*images.shape[:3], filters.shape[3]), np.result_type(images, filters))
    for n, c, f in np.ndindex(len(images), *filters.shape[2:]):
        reversed_filter = filters[::-1, ::-1, c, f]
        result[n, :, :, f] += signal.convolve(images[n, :, :, c], reversed_filter, "same", "direct")
    return result


def same_convolution_filters(images: Array, cotangents: Array, size: int) -> Array:
    """The gradient of `same_convolution` by the filters, (size, size, in, out).

    ∂L/∂W[α, β, c, f] = Σ_{n, i, j} l̃[n, i + α, j + β, c] ∂L/∂y[n, i, j, f]
    """
    n, rows, columns, channels = images.shape
    frame = (size - 1) // 2
    framed = np.zeros((n, rows + 2 * frame, columns + 2 * frame, channels), images.dtype)
    framed[:, frame : frame + rows, frame : frame + columns] = images
    result = np.zeros((size, size, channels, cotangents.shape[3]), cotangents.dtype)
    for alpha, beta in np.ndindex(size, size):
        shifted = framed[:, alpha : alpha + rows, beta : beta + columns]
        result[alpha, beta] = np.einsum("nijc,nijf->cf", shifted, cotangents)
    return result


def same_convolution_images(cotangents: Array, filters: Array) -> Array:
    """The gradient of `same_convolution` by the images, (n, rows, columns, in).

    ∂L/∂l[n, p, q, c] = Σ_{α, β, f} ∂L/∂y[n, p + P − α, q + P − β, f] W[α, β, c, f]

    which is the physicist's convolution, with the filter as it is.
    """
    result = np.zeros((*cotangents.shape[:3], filters.shape[2]), cotangents.dtype)
    for n, c, f in np.ndindex(len(cotangents), *filters.shape[2:]):
        filter_ = filters[:, :, c, f]
        result[n, :, :, c] += signal.convolve(cotangents[n, :, :, f], filter_, "same", "direct")
    return result


def two_class_loss(params: tuple[Array, Array], images: Array, labels: Array) -> Any:
    """The post's network: same convolution → relu → dense → sigmoid → mean log-loss.

    `params` are filters (K, K, c, f) and dense weights (rows·columns·f, 1), `labels` (n, 1).

    L = −1/n Σ y log l₂ + (1 − y) log(1 − l₂), with l₂ = σ(l₁ · W₂) and l₁ = max(conv, 0)
    """
    _, _, logits = _two_class_layers(params, images, labels)
    # −log σ(z) = log(1 + exp(−z)), which does not take the logarithm of a rounded 0
    losses = labels * np.logaddexp(0, -logits) + (1 - labels) * np.logaddexp(0, logits)
    return losses.mean()


def two_class(params: tuple[Array, Array], images: Array, labels: Array) -> tuple[Array, Array]:
    """The gradient of `two_class_loss` by its parameters, (filters, dense weights).

    ∂L/∂W₂ = 1/n Σ_n (l₂ − y) l₁
    ∂L/∂W₁[α, β, c, f] = 1/n Σ_{n, i, j} (l₂ − y) W₂[i, j, f] relu'(conv[n, i, j, f])
                         l̃[n, i + α, j + β, c]

    with relu'(0) = 0 (part 1 of the posts, "Backpropagation").
    """
    convolved, hidden, logits = _two_class_layers(params, images, labels)
    filters, weights = params
    residuals = (special.expit(logits) - labels) / len(images)
    by_weights = hidden.reshape(len(images), -1).T @ residuals
    by_convolved = (residuals @ weights.T).reshape(convolved.shape) * (convolved > 0)
    return same_convolution_filters(images, by_convolved, len(filters)), by_weights


def two_class_images(params: tuple[Array, Array], images: Array, labels: Array) -> Array:
    """The gradient of `two_class_loss` by the images.

    ∂L/∂l[n, p, q, c] = Σ_{α, β, f} g[n, p + P − α, q + P − β, f] W₁[α, β, c, f], where
    g = 1/n (l₂ − y) W₂ relu'(conv)
    """
    convolved, _, logits = _two_class_layers(params, images, labels)
    filters, weights = params
    residuals = (special.expit(logits) - labels) / len(images)
    by_convolved = (residuals @ weights.T).reshape(convolved.shape) * (convolved > 0)
    return same_convolution_images(by_convolved, filters)


def _two_class_layers(
    params: tuple[Array, Array], images: Array, labels: Array
) -> tuple[Array, Array, Array]:
    """The convolution, relu of it, and the logits."""
    filters, weights = params
    convolved = same_convolution(images, filters)
    hidden = np.where(convolved > 0, convolved, 0)
    if weights.shape != (hidden[0].size, 1) or labels.shape != (len(images), 1):
        raise ValueError(
            f"two_class: {hidden.shape} after the convolution needs dense weights "
            f"({hidden[0].size}, 1) and labels ({len(images)}, 1), not {weights.shape} and "
            f"{labels.shape}"
        )
    return convolved, hidden, hidden.reshape(len(images), -1) @ weights


def _check(function: str, images: Array, filters: Array) -> None:
    if images.ndim != 4 or filters.ndim != 4 or images.shape[3] != filters.shape[2]:
        raise ValueError(
            f"{function}: images must be (n, rows, columns, channels) and filters (K, K, channels, "
            f"out), not {images.shape} and {filters.shape}"
        )
    if filters.shape[0] != filters.shape[1] or filters.shape[0] % 2 == 0:
        raise ValueError(
            f"{function}: a “same” convolution needs a square filter of odd size, not "
            f"{filters.shape[0]}×{filters.shape[1]}"
        )
