"""What networks are made of beyond products: the largest of a window, softmax and its relatives.

Policy: max pooling gives the gradient to the first of several largest elements; in `logsumexp`,
those that are the same infinity as the result have equal shares.
"""

from typing import Any

import numpy as np

from ..fast import lazy
from ..kernels.pooling import gather_windows, max_unpool, window_maxima
from ..kernels.softmax import class_losses, class_residuals, log_softmax, logsumexp, softmax
from .reductions import restored
from .table import general, linear


def _window_size(columns: Any) -> tuple[int, ...]:
    """(*size) of windows (n, *out, *size, c)."""
    return columns.shape[columns.ndim // 2 : -1]


def _centred(g: Any, probabilities: Any, axis: Any) -> Any:
    """The derivative of softmax, which is symmetric: p·(g − Σ p·g)."""
    return probabilities * (g - np.sum(probabilities * g, axis, keepdims=True))


def _logsumexp_weights(x: Any, ans: Any, axis: Any, keepdims: Any) -> Any:
    """exp(x − ans), and equal shares for elements that are the same infinity as the result.

    The rounding of a large `ans` is taken away again: the weights sum to 1.
    """
    ans = restored(ans, x, axis, keepdims)
    is_infinite = np.isinf(ans)
    if not np.any(is_infinite):
        weights = np.exp(x - ans)
        return weights / np.sum(weights, axis, keepdims=True)
    tied = np.equal(x, ans)
    count = np.maximum(np.sum(tied, axis, keepdims=True), 1)
    finite = np.exp(np.where(is_infinite, 0, x - ans))
    return np.where(is_infinite, (tied / count).astype(finite.dtype), finite)


ROWS = (
    # the largest element of every window; taking an element, and putting it back
    general(
        window_maxima,
        (
            lambda g, columns_like, ans: lazy.deferred_max_unpool(
                g[0], np.asarray(ans[1]), _window_size(columns_like)
            ),
            lambda t, ans: (gather_windows(t, np.asarray(ans[1])), None),
        ),
        constant_outputs={1},
    ),
    linear(
        gather_windows,
        lambda g, columns_like, index: lazy.deferred_max_unpool(
            g, index, _window_size(columns_like)
        ),
    ),
    linear(max_unpool, lambda g, index: gather_windows(g, index)),
    # softmax and its relatives
    general(
        logsumexp,
        (
            lambda g, x, ans, axis, keepdims: (
                restored(g, x, axis, keepdims) * _logsumexp_weights(x, ans, axis, keepdims)
            ),
            lambda t, x, ans, axis, keepdims: np.sum(
                t * _logsumexp_weights(x, ans, axis, keepdims), axis, keepdims=bool(keepdims)
            ),
        ),
    ),
    general(
        softmax,
        (
            lambda g, ans, axis: _centred(g, ans, axis),
            lambda t, ans, axis: _centred(t, ans, axis),
        ),
    ),
    general(
        log_softmax,
        (
            lambda g, ans, axis: g - np.exp(ans) * np.sum(g, axis, keepdims=True),
            lambda t, ans, axis: t - np.sum(np.exp(ans) * t, axis, keepdims=True),
        ),
    ),
    general(
        class_losses,
        (
            lambda g, logits, classes: np.expand_dims(g, -1) * class_residuals(logits, classes),
            lambda t, logits, classes: np.sum(t * class_residuals(logits, classes), -1),
        ),
    ),
    general(
        class_residuals,
        (
            lambda g, logits: _centred(g, softmax(logits), -1),
            lambda t, logits: _centred(t, softmax(logits), -1),
        ),
    ),
)
