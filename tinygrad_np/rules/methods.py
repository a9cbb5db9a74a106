"""The methods of ufuncs: ``reduce``, ``accumulate``, ``reduceat`` and ``outer`` of any with a row.

A fold pᵢ = f(pᵢ₋₁, aᵢ) needs no rules but those of f, at all of its steps at once:

    ∂pᵢ/∂pᵢ₋₁ = f₁(pᵢ₋₁, aᵢ)    ∂pᵢ/∂aᵢ = f₂(pᵢ₋₁, aᵢ)

Its tangent is the recurrence t(pᵢ) = f₁·t(pᵢ₋₁) + f₂·t(aᵢ), and its cotangent runs back through the
same. ``reduce`` is the last p, ``reduceat`` that of each of its segments; values are always NumPy's
own. Where a function does the same (`numpy.sum` is ``np.add.reduce``), its row is used.

Policy: elements that tie for a maximum or minimum share its cotangent equally, however many; so do
those that are the same infinity as the result of `logaddexp` and `logaddexp2`.

`row_of_method` makes the row of a method when it is first asked for.
"""

from __future__ import annotations

import functools
from itertools import pairwise
from math import prod
from typing import Any, NamedTuple

import numpy as np

from ..kernels.dispatch import array_function
from ..kernels.elementwise import cast
from ..kernels.scans import linear_scan
from ..kernels.scatter import scatter_add
from . import TABLE, load
from .calls import row_of
from .table import Row, composed, constant, general, name_of, takes

NOT_GIVEN: Any = np._NoValue

_REDUCE = takes(
    "array", axis=0, dtype=None, out=None, keepdims=False, initial=NOT_GIVEN, where=True
)
_ACCUMULATE = takes("array", axis=0, dtype=None, out=None)
_REDUCEAT = takes("array", "indices", axis=0, dtype=None, out=None)

_EXTREMA = {np.maximum, np.minimum, np.fmax, np.fmin}

_LOGARITHMS = {np.logaddexp, np.logaddexp2}

_WRONG_IN_NUMPY = {np.power, np.arctan2}
"""Whose ``reduce`` and ``reduceat`` give f(a₀, aₙ), as if there were nothing in between, on
processors with AVX-512 (NumPy 2.0 to 2.4); ``accumulate`` is right everywhere."""

_IN_ANY_ORDER = {
    np.add, np.multiply, np.hypot, np.logaddexp, np.logaddexp2, np.maximum, np.minimum, np.fmax,
    np.fmin,
}  # fmt: skip
"""Whose ``reduce`` over several axes does not depend on the order of the elements in memory."""

_SAME = {
    np.add.reduce: np.sum,
    np.multiply.reduce: np.prod,
    np.maximum.reduce: np.max,
    np.minimum.reduce: np.min,
    np.add.accumulate: np.cumsum,
    np.multiply.accumulate: np.cumprod,
}
"""Methods that are a function by another name, whose row serves."""


@functools.cache
def row_of_method(ufunc: Any, method: str) -> Row:
    """The row of ``ufunc.method``; ``TypeError`` where it has none, with the remedy.

    >>> row_of_method(np.logaddexp, "reduce"), row_of_method(np.less, "outer")
    (<general row of np.logaddexp.reduce>, <constant row of np.less.outer>)
    """
    function = getattr(ufunc, method)
    name = name_of(function)
    if method == "at":
        raise TypeError(
            f"{name} writes into an array, and the gradient would be lost; use "
            "tinygrad_np.scatter_add"
        )
    try:
        row = row_of(ufunc)
    except TypeError as error:
        raise TypeError(f"{name}: {error}") from None
    if row.kind == "constant":
        return constant(function, row.reason)
    if method == "outer":
        return _outer(ufunc, function)
    if ufunc in _WRONG_IN_NUMPY and method != "accumulate":
        raise TypeError(
            f"{name} does not take a Tensor, since NumPy itself gives a wrong value for it on "
            f"processors with AVX-512; use {row.name}.accumulate(…)[-1]"
        )
    load()
    if _SAME.get(function) in TABLE:
        by = _reduce_by if method == "reduce" else _accumulate_by
        return by(function, _SAME[function], Fold(ufunc, row))
    for position in (0, 1):
        operand = row.names[position]
        if position not in row.rules and operand not in row.locally_constant:
            raise TypeError(
                f"{name} has no derivative rule, since {row.name} has none for its argument "
                f"{operand!r}; use t.data if no gradient is needed"
            )
    rules = {"reduce": _reduce, "accumulate": _accumulate, "reduceat": _reduceat}
    return rules[method](function, Fold(ufunc, row))


class Fold(NamedTuple):
    """p₀ = a₀, pᵢ = f(pᵢ₋₁, aᵢ) along the first axis, for a binary ufunc f with its row."""

    ufunc: Any
    row: Row


def _slopes(fold: Fold, a: Any, active: Any = True, first: int = 1) -> tuple[Any, Any]:
    """∂pᵢ/∂pᵢ₋₁ and ∂pᵢ/∂aᵢ for i = 1, 2, …; where not `active`, pᵢ is pᵢ₋₁.

    `first` is 0 where a₀ has no share in what it is equal to.
    """
    p = _partial_results(fold.ufunc, a, active)
    before, here, after = p[:-1], a[1:], p[1:]
    if fold.ufunc in _EXTREMA:
        return _shares(before, here, after, active, first)
    by_before, by_here = [_slope(fold.row, k, before, here, after) for k in (0, 1)]
    infinite = np.isinf(after)
    if fold.ufunc in _LOGARITHMS and np.any(infinite):
        shares = _shares(before, here, after, active, first)
        by_before, by_here = [
            np.where(infinite, share, slope)
            for share, slope in zip(shares, (by_before, by_here), strict=True)
        ]
    if active is True:
        return by_before, by_here
    return np.where(active[1:], by_before, 1), np.where(active[1:], by_here, 0)


def _partial_results(ufunc: Any, a: Any, active: Any) -> Any:
    if active is True:
        return ufunc.accumulate(a)
    p = [a[0]]
    for i in range(1, len(a)):
        p.append(np.where(active[i], ufunc(p[-1], a[i]), p[-1]))
    return np.stack(p)


def _slope(row: Row, position: int, x: Any, y: Any, ans: Any) -> Any:
    """The derivative of the ufunc at (x, y) by one operand: what its vjp makes of ones."""
    one = np.ones(ans.shape, ans.dtype)
    if position not in row.rules:  # locally constant
        return np.zeros_like(one)
    known = dict(zip(row.names, row.defaults, strict=True))
    for name, value in zip(row.names, (x, y), strict=False):
        known[name] = known[f"{name}_like"] = value
    known["ans"] = ans
    rule = row.rules[position]
    return rule.vjp(one, *[known[need] for need in rule.vjp_needs])


def _shares(before: Any, here: Any, after: Any, active: Any, first: int) -> tuple[Any, Any]:
    """The slopes of an extremum: the kth of the elements that share it so far has 1/k of it."""
    stays, wins = _is_same(before, after), _is_same(here, after)
    if active is not True:
        stays = np.logical_or(stays, np.logical_not(active[1:]))
        wins = np.logical_and(wins, active[1:])
    # as float64: in float16 there is no k above 65504, and 1 − 1/k is 1 long before
    stays, wins = stays.astype(float), wins.astype(float)
    k = _scan(stays, np.concatenate([np.full(after[:1].shape, float(first)), wins]))
    return stays * k[:-1] / k[1:], wins / k[1:]


def _is_same(x: Any, y: Any) -> Any:
    return np.logical_or(np.equal(x, y), np.logical_and(np.isnan(x), np.isnan(y)))


def _scan(factors: Any, terms: Any) -> Any:
    """r₀ = t₀, rᵢ = fᵢ·rᵢ₋₁ + tᵢ along the first axis; `factors` begins with f₁.

    >>> _scan(np.array([2.0, 3.0]), np.array([1.0, 1.0, 10.0]))
    array([ 1.,  3., 19.])
    """
    factors = np.concatenate([np.zeros_like(terms[:1]), factors])
    return np.moveaxis(linear_scan(np.moveaxis(factors, 0, -1), np.moveaxis(terms, 0, -1)), -1, 0)


def _pull(g: Any, slopes: tuple[Any, Any]) -> Any:
    """From the cotangents of all p to those of all a."""
    by_before, by_here = slopes
    passed_on = np.flip(_scan(np.flip(by_before, 0), np.flip(g, 0)), 0)
    return _as_dtype(np.concatenate([passed_on[:1], passed_on[1:] * by_here]), g.dtype)


def _push(t: Any, slopes: tuple[Any, Any]) -> Any:
    """From the tangents of all a to those of all p."""
    by_before, by_here = slopes
    return _as_dtype(_scan(by_before, np.concatenate([t[:1], t[1:] * by_here])), t.dtype)


def _pull_last(g: Any, slopes: tuple[Any, Any]) -> Any:
    """From the cotangent of the last p to those of all a."""
    earlier = np.zeros((len(slopes[0]), *g.shape), g.dtype)
    return _pull(np.concatenate([earlier, g[np.newaxis]]), slopes)


def _as_dtype(a: Any, dtype: Any) -> Any:
    return a if a.dtype == dtype else cast(a, dtype)


def _the_axis(axis: Any) -> Any:
    """The one axis along which a method goes, which may be given as a tuple, too.

    None is that of an array that has no other; more than one NumPy refuses itself.
    """
    return 0 if axis is None else axis[0] if isinstance(axis, tuple) else axis


def _accumulate(function: Any, fold: Fold) -> Row:
    def slopes(array: Any, dtype: Any, axis: Any) -> Any:
        return _slopes(fold, np.moveaxis(_as_dtype(array, dtype), axis, 0))

    def vjp(g: Any, array: Any, axis: Any) -> Any:
        axis = _the_axis(axis)
        pulled = _pull(np.moveaxis(g, axis, 0), slopes(array, g.dtype, axis))
        return np.moveaxis(pulled, 0, axis)

    def jvp(t: Any, array: Any, ans: Any, axis: Any) -> Any:
        axis = _the_axis(axis)
        t = np.moveaxis(_as_dtype(t, ans.dtype), axis, 0)
        return np.moveaxis(_push(t, slopes(array, ans.dtype, axis)), 0, axis)

    return general(function, _ACCUMULATE, (vjp, jvp))


def _reduceat(function: Any, fold: Fold) -> Row:
    def vjp(g: Any, array: Any, indices: Any, axis: Any) -> Any:
        axis = _the_axis(axis)
        a = np.moveaxis(_as_dtype(array, g.dtype), axis, 0)
        g = np.moveaxis(g, axis, 0)
        if len(g) == 0:
            return np.zeros(array.shape, g.dtype)
        segments = _segments(indices, len(a))
        parts = [
            _pull_last(g[k], _slopes(fold, a[start:end])) for k, (start, end) in enumerate(segments)
        ]
        places = np.concatenate([np.arange(start, end) for start, end in segments])
        return np.moveaxis(scatter_add(np.concatenate(parts), places, a.shape), 0, axis)

    def jvp(t: Any, array: Any, ans: Any, indices: Any, axis: Any) -> Any:
        axis = _the_axis(axis)
        a = np.moveaxis(_as_dtype(array, ans.dtype), axis, 0)
        t = np.moveaxis(_as_dtype(t, ans.dtype), axis, 0)
        segments = _segments(indices, len(a))
        if not segments:
            return np.zeros(ans.shape, ans.dtype)
        parts = [_push(t[start:end], _slopes(fold, a[start:end]))[-1] for start, end in segments]
        return np.stack(parts, axis)

    return general(function, _REDUCEAT, (vjp, jvp))


def _segments(indices: Any, length: int) -> list[tuple[int, int]]:
    """From each index to the next one, or that element alone where the next one is not larger.

    >>> _segments([0, 3, 1], 5)
    [(0, 3), (3, 4), (1, 5)]
    """
    starts = [int(i) for i in indices]
    return [(start, max(start + 1, end)) for start, end in pairwise([*starts, length])]


def _reduce(function: Any, fold: Fold) -> Row:
    def slopes(array: Any, dtype: Any, axis: Any, initial: Any, where: Any) -> tuple[Any, int]:
        """Those of the elements in a line, behind the number that it starts from, if any."""
        elements = _line_up(_as_dtype(array, dtype), axis)
        active = True if where is True else _line_up(np.broadcast_to(where, array.shape), axis)
        start = fold.ufunc.identity if initial is NOT_GIVEN else initial
        if start is None:
            return _slopes(fold, elements, active), 0
        first = np.full((1, *elements.shape[1:]), start, dtype)
        if active is not True:
            active = np.concatenate([np.full(first.shape, True), active])
        # Of −inf, which log Σ exp starts from, there is nothing in the result.
        share = int(fold.ufunc not in _LOGARITHMS or start != -np.inf)
        by_before, by_here = _slopes(fold, np.concatenate([first, elements]), active, share)
        # Nothing depends on the first one, also where that slope is infinite.
        by_before = np.concatenate([np.zeros(first.shape, dtype), by_before[1:]])
        return (by_before, by_here), 1

    def vjp(g: Any, array: Any, axis: Any, initial: Any, where: Any) -> Any:
        found, start = slopes(array, g.dtype, axis, initial, where)
        pulled = _pull_last(g.reshape(found[0].shape[1:]), found)
        return _line_back(pulled[start:], array.shape, axis)

    def jvp(t: Any, array: Any, ans: Any, axis: Any, initial: Any, where: Any) -> Any:
        found, start = slopes(array, ans.dtype, axis, initial, where)
        t = _line_up(_as_dtype(t, ans.dtype), axis)
        still = np.zeros((start, *t.shape[1:]), t.dtype)
        return _push(np.concatenate([still, t]), found)[-1].reshape(ans.shape)

    def kernel(array: Any, axis: Any = 0, *args: Any, **kwargs: Any) -> Any:
        result = function(array, axis, *args, **kwargs)
        if array.ndim < 2 or fold.ufunc in _IN_ANY_ORDER:
            return result
        if sum([array.shape[i] > 1 for i in _reduced_axes(axis, array.ndim)]) > 1:
            raise ValueError(
                f"{name_of(function)}: over several axes, the result depends on how the array lies "
                "in memory; reduce one axis after another, or x.reshape(-1)"
            )
        return result

    return general(function, _REDUCE, (vjp, jvp), kernel=kernel)


def _reduced_axes(axis: Any, ndim: int) -> list[int]:
    axes = range(ndim) if axis is None else axis if isinstance(axis, tuple) else (axis,)
    return [i % ndim for i in axes]


def _reduced_first(axis: Any, ndim: int) -> list[int]:
    gone = _reduced_axes(axis, ndim)
    return [*gone, *[i for i in range(ndim) if i not in gone]]


def _line_up(a: Any, axis: Any) -> Any:
    """The array with its reduced axes first, as one."""
    moved = np.transpose(a, _reduced_first(axis, a.ndim))
    reduced = len(_reduced_axes(axis, a.ndim))
    return moved.reshape((prod(moved.shape[:reduced]), *moved.shape[reduced:]))


def _line_back(lined: Any, shape: Any, axis: Any) -> Any:
    """The inverse of `_line_up`, for an array of that shape."""
    order = _reduced_first(axis, len(shape))
    back = sorted(range(len(order)), key=order.__getitem__)
    return np.transpose(lined.reshape([shape[i] for i in order]), back)


# outer, and what is the same as a function


def _outer(ufunc: Any, function: Any) -> Row:
    def text(A: Any, B: Any, dtype: Any) -> Any:  # noqa: N803
        columns = np.reshape(A, np.shape(A) + (1,) * np.ndim(B))
        row = np.reshape(B, np.shape(B))
        return ufunc(columns, row) if dtype is None else ufunc(columns, row, dtype=dtype)

    return composed(function, takes("A", "B", dtype=None), text, {"A", "B"})


def _refuse_integers(function: Any, dtype: Any) -> None:
    if dtype is not None and np.dtype(dtype).kind not in "fc":
        raise TypeError(
            f"{name_of(function)}: {np.dtype(dtype)} has no derivative; use t.data for a constant"
        )


def _reduce_by(function: Any, same: Any, fold: Fold) -> Row:
    takes_dtype = "dtype" in TABLE[same].names

    @array_function
    def from_nothing(*args: Any) -> Any:
        """The method itself: it rounds otherwise than `same` where it starts from no number."""
        return function(*args)

    from_nothing.row = _reduce(function, fold)  # type: ignore[attr-defined]

    def text(array: Any, axis: Any, dtype: Any, keepdims: Any, initial: Any, where: Any) -> Any:
        _refuse_integers(function, dtype)
        if initial is None:
            return from_nothing(array, axis, dtype, None, keepdims, None, where)
        kwargs = {"keepdims": keepdims, "where": where}
        if takes_dtype:
            kwargs["dtype"] = dtype
        elif dtype is not None:
            array = cast(array, np.dtype(dtype))
        if initial is not NOT_GIVEN:
            kwargs["initial"] = initial
        return same(array, axis, **kwargs)

    return composed(function, _REDUCE, text, {"array"})


def _accumulate_by(function: Any, same: Any, fold: Fold) -> Row:
    def text(array: Any, axis: Any, dtype: Any) -> Any:
        _refuse_integers(function, dtype)
        if np.ndim(array) == 0 or not isinstance(axis, int):
            function(np.zeros(np.shape(array)), axis)  # which refuses some that `same` takes
        return same(array, _the_axis(axis), dtype)

    return composed(function, _ACCUMULATE, text, {"array"})
