"""Sums, means and extrema over axes.

Policy: elements that tie for the maximum or minimum share its cotangent equally.
"""

from math import prod
from typing import Any

import numpy as np

from ..kernels.elementwise import cast, divide_by_count
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


def lines(a: Any, axis: Any) -> Any:
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
    reduced = sorted(_reduced_axes(axis, ndim))
    kept = [i for i in range(ndim) if i not in reduced]
    return kept + reduced, len(kept)


def spread(g: Any, a_like: Any, axis: Any, keepdims: Any, where: Any) -> Any:
    """The adjoint of a sum: every element that was added gets the sum's cotangent."""
    everywhere = expand(restored(g, a_like, axis, keepdims), a_like.shape)
    return everywhere if where is True else np.where(where, everywhere, 0)


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
        return expand(divide_by_count(g, a_like.size), a_like.shape)
    count = count_of(a_like, axis, keepdims, where)
    return spread(divide_by_count(g, count), a_like, axis, keepdims, where)


def shared(x: Any, chosen: Any, axis: Any) -> Any:
    """x/k for each of the k elements along the axes that are chosen, and 0 for the others.

    >>> shared(np.ones(3), np.array([True, False, True]), None)
    array([0.5, 0. , 0.5])
    """
    return np.where(chosen, divide_by_count(x, np.maximum(_how_many(chosen, axis), 1)), 0)


def averaged(x: Any, chosen: Any, axis: Any) -> Any:
    """The adjoint of `shared`: the mean of those that are chosen, with the axes of length 1."""
    total = np.sum(np.where(chosen, x, 0), axis, np.result_type(x, np.float32), keepdims=True)
    return cast(divide_by_count(total, np.maximum(_how_many(chosen, axis), 1)), x.dtype)


def _how_many(chosen: Any, axis: Any) -> Any:
    return np.sum(chosen, axis, dtype=np.float64, keepdims=True)


def extreme(a: Any, ans: Any, axis: Any, keepdims: Any, where: Any) -> Any:
    """Which elements are the extremum (or nan, where that is the result)."""
    chosen = np.logical_or(np.equal(a, restored(ans, a, axis, keepdims)), np.isnan(a))
    return chosen if where is True else np.logical_and(chosen, where)


def extremum_rules(chosen_by: Any) -> tuple[Any, Any]:
    """The vjp and jvp of an extremum over axes; `chosen_by` tells which elements it is."""

    def vjp(g: Any, a: Any, ans: Any, axis: Any, keepdims: Any, where: Any) -> Any:
        chosen = chosen_by(a, ans, axis, keepdims, where)
        return shared(restored(g, a, axis, keepdims), chosen, _reduced_axes(axis, a.ndim))

    def jvp(t: Any, a: Any, ans: Any, axis: Any, keepdims: Any, where: Any) -> Any:
        chosen = chosen_by(a, ans, axis, keepdims, where)
        return averaged(t, chosen, _reduced_axes(axis, a.ndim)).reshape(ans.shape)

    return vjp, jvp


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
        spread,
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
        general(function, _EXTREMUM, extremum_rules(extreme))
        for function in (np.max, np.amax, np.min, np.amin)
    ],
)
