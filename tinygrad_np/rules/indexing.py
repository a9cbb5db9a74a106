"""Reading elements: indexing between brackets and `take`; the adjoint is `scatter_add`."""

import operator
from typing import Any

import numpy as np

from ..kernels.scatter import scatter_add
from .table import linear, takes


def _take_vjp(g: Any, a_like: Any, indices: Any, axis: Any, mode: Any) -> Any:
    length = a_like.size if axis is None else a_like.shape[axis]
    if mode == "wrap":
        indices = np.mod(indices, length)
    elif mode == "clip":
        indices = np.clip(indices, 0, length - 1)
    indices = np.asarray(indices)
    if axis is None:
        return scatter_add(g, indices, (length,)).reshape(a_like.shape)
    return scatter_add(g, (slice(None),) * (axis % a_like.ndim) + (indices,), a_like.shape)


ROWS = (
    linear(
        operator.getitem,
        takes("a", "key"),
        lambda g, a_like, key: scatter_add(g, key, a_like.shape),
    ),
    linear(scatter_add, lambda g, index: g[index]),
    linear(np.take, takes("a", "indices", axis=None, out=None, mode="raise"), _take_vjp),
)
