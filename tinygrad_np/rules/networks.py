"""What networks are made of beyond products: the largest of a window, softmax and its relatives.

Policy: max pooling gives the gradient to the first of several largest elements.
"""

from typing import Any

import numpy as np

from ..kernels import promises
from ..kernels.pooling import window_argmax, window_max, window_pick, window_place
from ..kernels.softmax import class_losses, class_residuals, log_softmax, logsumexp, softmax
from .reductions import restored
from .table import constant, general, linear


def _window_size(columns: Any) -> tuple[int, ...]:
    """(*size) of windows (n, *out, *size, c)."""
    return columns.shape[columns.ndim // 2 : -1]


def _centred(g: Any, probabilities: Any, axis: Any) -> Any:
    """The derivative of softmax, which is symmetric: p·(g − Σ p·g)."""
    return probabilities * (g - np.sum(probabilities * g, axis, keepdims=True))


def _logsumexp_weights(x: Any, ans: Any, axis: Any, keepdims: Any) -> Any:
    return np.exp(x - restored(ans, x, axis, keepdims))


ROWS = (
    # the largest element of every window; taking an element, and putting it back
    general(
        window_max,
        (
            lambda g, columns, ans: promises.window_maxima(g, columns, ans),
            lambda t, columns: window_pick(t, window_argmax(columns)),
        ),
    ),
    linear(
        window_pick,
        lambda g, columns_like, index: window_place(g, index, _window_size(columns_like)),
    ),
    linear(window_place, lambda g, index: window_pick(g, index)),
    constant(window_argmax, "an index jumps and is constant in between"),
    # softmax and its relatives
    general(
        logsumexp,
        (
            lambda g, x, ans, axis, keepdims: (
                restored(g, x, axis, keepdims) * _logsumexp_weights(x, ans, axis, keepdims)
            ),
            lambda t, x, ans, axis, keepdims: np.sum(
                t * _logsumexp_weights(x, ans, axis, keepdims), axis, keepdims=keepdims
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
