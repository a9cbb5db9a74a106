"""Sums, means and extrema over axes.

Policy: elements that tie for the maximum or minimum share its cotangent equally.
"""

from typing import Any

import numpy as np

from ..kernels.elementwise import per
from ..kernels.shapes import expand
from .table import general, linear, takes


def _reduced_axes(axis: Any, ndim: int) -> tuple[int, ...]:
    """The reduced axes, none of them negative.

    >>> _reduced_axes(None, 2), _reduced_axes(-1, 3)
    ((0, 1), (2,))
    """
    if axis is None:
        return tuple(range(ndim))
    return tuple([a % ndim for a in (axis if isinstance(axis, tuple) else (axis,))])


def restored(g: Any, a_like: Any, axis: Any, keepdims: Any) -> Any:
    """A reduction's cotangent (or result) with the reduced axes back, of length 1."""
    if axis is None and not keepdims:
        return g.reshape((1,) * a_like.ndim)
    if keepdims:
        return g
    gone = _reduced_axes(axis, a_like.ndim)
    return g.reshape([1 if i in gone else n for i, n in enumerate(a_like.shape)])


def _spread(g: Any, a_like: Any, axis: Any, keepdims: Any, where: Any) -> Any:
    """The adjoint of a sum: every element that was added gets the sum's cotangent."""
    spread = expand(restored(g, a_like, axis, keepdims), a_like.shape)
    return spread if where is True else np.where(where, spread, 0)


def count_of(a_like: Any, axis: Any, keepdims: Any, where: Any) -> Any:
    """How many elements went into each result."""
    if where is not True:
        counted = np.broadcast_to(where, a_like.shape)
        return np.sum(counted, axis, dtype=np.float64, keepdims=keepdims)
    count = 1
    for i in _reduced_axes(axis, a_like.ndim):
        count *= a_like.shape[i]
    return count


def _mean_vjp(g: Any, a_like: Any, axis: Any, keepdims: Any, where: Any) -> Any:
    if axis is None and where is True:
        return expand(per(g, a_like.size), a_like.shape)
    count = count_of(a_like, axis, keepdims, where)
    return _spread(per(g, count), a_like, axis, keepdims, where)


def _share(a: Any, ans: Any, axis: Any, keepdims: Any, where: Any) -> Any:
    """1/k for each of the k elements that are the extremum (or nan, where that is the result)."""
    chosen = np.logical_or(np.equal(a, restored(ans, a, axis, keepdims)), np.isnan(a))
    if where is not True:
        chosen = np.logical_and(chosen, where)
    ties = np.sum(chosen, _reduced_axes(axis, a.ndim), dtype=a.dtype, keepdims=True)
    return chosen / np.maximum(ties, 1)


def _extremum_vjp(g: Any, a: Any, ans: Any, axis: Any, keepdims: Any, where: Any) -> Any:
    return restored(g, a, axis, keepdims) * _share(a, ans, axis, keepdims, where)


def _extremum_jvp(t: Any, a: Any, ans: Any, axis: Any, keepdims: Any, where: Any) -> Any:
    return np.sum(t * _share(a, ans, axis, keepdims, where), axis, keepdims=keepdims)


def _sum_kernel(a: Any, axis: Any = None, *args: Any, **kwargs: Any) -> Any:
    """`numpy.sum` without its Python wrapper."""
    return np.add.reduce(a, axis, *args, **kwargs)


def _mean_kernel(a: Any, axis: Any = None, *args: Any, **kwargs: Any) -> Any:
    """`numpy.mean`, whose Python code costs 3 µs; the mean of everything is one quotient."""
    if axis is None and not args and not kwargs and a.size and a.dtype.itemsize >= 4:
        return np.add.reduce(a, None) / a.dtype.type(a.size)
    return np.mean(a, axis, *args, **kwargs)


_EXTREMUM = takes("a", axis=None, out=None, keepdims=False, initial=None, where=True)

ROWS = (
    linear(
        np.sum,
        takes("a", axis=None, dtype=None, out=None, keepdims=False, initial=0, where=True),
        _spread,
        affine={"initial"},
        kernel=_sum_kernel,
    ),
    linear(
        np.mean,
        takes("a", axis=None, dtype=None, out=None, keepdims=False, where=True),
        _mean_vjp,
        kernel=_mean_kernel,
    ),
    *[
        general(function, _EXTREMUM, (_extremum_vjp, _extremum_jvp))
        for function in (np.max, np.amax, np.min, np.amin)
    ],
)
