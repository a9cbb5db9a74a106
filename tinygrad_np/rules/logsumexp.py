"""The logarithm of a sum of exponentials, over any axes: `logsumexp`.

Policy: elements that are the same infinity as the result have equal shares of its cotangent.
"""

from typing import Any

import numpy as np

from ..core.arrays import Array, real_numbers
from ..core.dispatch import array_function
from ..core.network import stable_max
from ..core.rules import restored
from ..core.table import general


@array_function
def logsumexp(x: Any, axis: Any = None, keepdims: bool = False) -> Any:
    """log Σ exp(x) over `axis`, as `scipy.special.logsumexp`. Of nothing it is −inf.

    Elements that are the same infinity as the result share its gradient.

    Parameters
    ----------
    x : array_like
    axis : int or tuple of int, optional
        By default all.
    keepdims : bool, default False

    Returns
    -------
    number or array

    Examples
    --------
    >>> logsumexp(np.array([1000.0, 1000.0]))
    np.float64(1000.6931471805599)
    """
    x = real_numbers(x, "logsumexp")
    largest = stable_max(x, axis, "logsumexp")
    with np.errstate(divide="ignore", over="ignore"):  # of −inf alone: log 0; beside inf: inf
        result = np.log(np.sum(np.exp(x - largest), axis, keepdims=True)) + largest
    if keepdims:
        return result
    return np.squeeze(result, axis)[()]


def _logsumexp_weights(x: Array, ans: Array, axis: Any, keepdims: Any) -> Any:
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
)
