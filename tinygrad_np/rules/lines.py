"""The lines of an array along its reduced axes: `lines` and its inverse `unlined`."""

from math import prod
from typing import Any

import numpy as np

from ..core.arrays import Array
from ..core.rules import reduced_axes


def lines(a: Array, axis: Any) -> Any:
    """`a` with the reduced axes last, in their order, as one.

    >>> lines(np.arange(8).reshape(2, 2, 2), (0, 2))
    array([[0, 1, 4, 5],
           [2, 3, 6, 7]])
    """
    order, kept = _reduced_last(axis, a.ndim)
    moved = np.transpose(a, order)
    return moved.reshape((*moved.shape[:kept], prod(moved.shape[kept:])))


def unlined(x: Any, a_like: Any, axis: Any) -> Any:
    """The inverse of `lines`, for an array of the shape of `a_like`."""
    order, _ = _reduced_last(axis, a_like.ndim)
    moved = x.reshape([a_like.shape[i] for i in order])
    return np.transpose(moved, [order.index(i) for i in range(len(order))])


def _reduced_last(axis: Any, ndim: int) -> tuple[list[int], int]:
    """The axes in their order, but for the reduced ones, which are last; how many are before."""
    reduced = sorted(reduced_axes(axis, ndim))
    kept = [i for i in range(ndim) if i not in reduced]
    return kept + reduced, len(kept)
