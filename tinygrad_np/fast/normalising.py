"""Normalisation of some rows at a time, which stay in the cache, in memory that is used again."""

from typing import Any

import numpy as np

from ..core.arrays import Array
from ..nn.normalised import normalise, pull_back
from . import paths
from .memory import empty, scratch
from .threads import parallel_for, parts


def normalised(epsilon: float, about_mean: bool, x: Array, *affine: Array) -> Any:
    """`nn.normalised.normalised`"""
    y, moments = empty(x.shape, x.dtype), np.empty((2, len(x), 1, x.shape[2], 1), x.dtype)

    def write(rows: slice) -> None:
        moments[:, rows] = normalise(y[rows], epsilon, about_mean, x[rows], *affine)

    parallel_for(write, _rows(x), x.size)
    return y, *moments


def cotangents(
    g: Array, mean: Array, variance: Array, epsilon: float, about_mean: bool, x: Array, *affine: Any
) -> Any:
    """`nn.normalised.normalised_cotangents`"""
    by_x, rows = empty(x.shape, x.dtype), _rows(x)
    found: list[Any] = [None] * len(rows)

    def write(i: int) -> None:
        some = rows[i]
        into = by_x[some], scratch(by_x[some].shape, x.dtype)
        given = g[some], mean[some], variance[some]
        found[i] = pull_back(*into, *given, epsilon, about_mean, x[some], *affine)

    parallel_for(write, range(len(rows)), x.size)
    return by_x, *[sum(several) for several in zip(*found, strict=True)]


def _rows(x: Array) -> list[slice]:
    """Parts of the first axis."""
    n = max(len(x), 1)  # of nothing there is a part, too
    return parts(n, paths.NORMALISED_BYTES * n // max(x.nbytes, 1))
