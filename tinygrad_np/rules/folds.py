"""The methods of ufuncs: ``outer`` of each with a row, and those that have a rule of their own.

- ``reduce`` and ``accumulate`` of `add`, `multiply`, `maximum`, `minimum`, `fmax`, `fmin`,
  `logaddexp` and `logaddexp2`, and ``np.add.reduceat``.
- The others are refused by name: `functools.reduce` and `itertools.accumulate` do the same step by
  step, with the ufunc's own row.

Policy: elements that tie for a maximum or minimum share its cotangent equally, however many; so do
those that are the same infinity as the result of `logaddexp` and `logaddexp2`.

`row_of_method` is the row of a method.
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from math import log
from typing import Any

import numpy as np

from ..core.arrays import Array, cast
from ..core.axes import listed
from ..core.dispatch import name_of
from ..core.plan import Shaped
from ..core.rules import extremum_rules, restored, scatter_add, spread
from ..core.signature import Signature, signature
from ..core.table import Row, constant, general, linear, row_of
from .composed import composed
from .constants import on_values
from .elementary import sigmoid_of_difference
from .logsumexp import logsumexp
from .scans import (
    axis_back,
    axis_last,
    backward_scan,
    cumprod_jvp,
    cumprod_vjp,
    cumsum_vjp,
    linear_scan,
    prod_jvp,
    prod_vjp,
    shifted,
)

_NOT_GIVEN: Any = np._NoValue


def _reduce(initial: Any) -> Signature:
    return signature("a", axis=0, dtype=None, out=None, keepdims=False, initial=initial, where=True)


_ACCUMULATE = signature("a", axis=0, dtype=None, out=None)


@functools.cache
def row_of_method(ufunc: Any, method: str) -> Row:
    """The row of ``ufunc.method``; ``TypeError`` where it has none, with the remedy.

    >>> row_of_method(np.logaddexp, "reduce"), row_of_method(np.less, "outer")
    (<composed row of np.logaddexp.reduce>, <constant row of np.less.outer>)
    """
    function = getattr(ufunc, method)
    name = name_of(function)
    if method == "at":
        raise TypeError(
            f"{name} writes into an array, and the gradient would be lost; use "
            "tinygrad_np.scatter_add"
        )
    if function in _ROWS:
        return _ROWS[function]
    try:
        row = row_of(ufunc)
    except TypeError as error:
        raise TypeError(f"{name}: {error}") from None
    if row.kind == "constant":
        return constant(function, row.reason)
    if method == "outer":
        return _outer(ufunc, function)
    is_wrong = ufunc in _WRONG_IN_NUMPY and method != "accumulate"
    remedy = _remedy(ufunc, method, row.name)
    raise TypeError(
        f"{name} has no derivative rule"
        + (", and NumPy's own value is wrong on processors with AVX-512" * is_wrong)
        + f"; use {remedy}"
    )


def _remedy(ufunc: Any, method: str, name: str) -> str:
    """What to use instead: the ufunc `name` itself, whose rule serves, step by step."""
    if method == "accumulate":
        return f"np.stack(list(itertools.accumulate(x, {name}))), along the first axis"
    if method == "reduce":
        return _INSTEAD.get(ufunc.reduce, f"functools.reduce({name}, x), along the first axis")
    reduce = f"{name}.reduce(" if ufunc.reduce in _ROWS else f"functools.reduce({name}, "
    return f"{reduce}x[start:end]) for each segment"


_INSTEAD = {np.hypot.reduce: "np.linalg.norm(x, axis=0)"}
"""Where the method starts from a number, and `functools.reduce` from the first element."""

_WRONG_IN_NUMPY = {np.power, np.arctan2}
"""Whose ``reduce`` and ``reduceat`` give f(a₀, aₙ), as if there were nothing in between, on
processors with AVX-512 (NumPy 2.0 to 2.4)."""


def _outer(ufunc: Any, function: Any) -> Row:
    def definition(A: Any, B: Any, dtype: Any) -> Any:  # noqa: N803
        columns = np.reshape(A, np.shape(A) + (1,) * np.ndim(B))
        row = np.reshape(B, np.shape(B))
        return ufunc(columns, row) if dtype is None else ufunc(columns, row, dtype=dtype)

    return composed(function, signature("A", "B", dtype=None), definition, {"A", "B"})


def _add_reduceat_vjp(g: Array, a_like: Shaped, indices: Any, axis: Any) -> Any:
    """Each segment's cotangent goes to its elements: from its index to the next one.

    Where the next index is not larger, the segment is one element.
    """
    (axis,) = listed(0 if axis is None else axis)
    starts = np.asarray(indices, int)
    lengths = np.maximum(np.append(starts[1:], a_like.shape[axis]) - starts, 1)
    segments = np.repeat(np.arange(len(starts)), lengths)
    places = np.arange(len(segments)) + (starts - np.cumsum(lengths) + lengths)[segments]
    parts = np.moveaxis(g, axis, 0)[segments]
    shape = (a_like.shape[axis], *parts.shape[1:])
    return np.moveaxis(scatter_add(parts, places, shape), 0, axis)


# Extrema: of the elements along the axes, and of those so far


def _is_same(x: Array, y: Array) -> Any:
    return np.logical_or(np.equal(x, y), np.logical_and(np.isnan(x), np.isnan(y)))


def _chosen(a: Array, ans: Array, axis: Any, keepdims: Any, where: Any) -> Any:
    """Which elements are the result, in the dtype that it has."""
    is_it = _is_same(cast(a, ans.dtype), restored(ans, a, axis, keepdims))
    return np.logical_and(is_it, where)


def _running_shares(a: Array, p: Any) -> tuple[Any, Any]:
    """∂pᵢ/∂pᵢ₋₁ and ∂pᵢ/∂aᵢ along the last axis: the kth of equal elements has 1/k of pᵢ."""
    stays, wins = _is_same(shifted(p, 0), p), _is_same(a, p)
    # as float64: in float16 there is no k above 65504, and 1 − 1/k is 1 long before
    stays, wins = stays.astype(float), wins.astype(float)
    k = linear_scan(stays, wins)
    return stays * shifted(k, 1) / k, wins / k


def _running_logarithm(rate: float) -> Callable[[Any, Any], tuple[Any, Any]]:
    def slopes(a: Array, p: Any) -> tuple[Any, Any]:
        """The same for pᵢ = log(exp pᵢ₋₁ + exp aᵢ); those of the same infinity share it."""
        previous = shifted(p, -np.inf)
        found = sigmoid_of_difference(previous, a, rate), sigmoid_of_difference(a, previous, rate)
        infinite = np.isinf(p)
        if not np.any(infinite):
            return found
        shares = _running_shares(a, p)
        return np.where(infinite, shares[0], found[0]), np.where(infinite, shares[1], found[1])

    return slopes


def _running(function: Any, slopes: Callable[[Any, Any], tuple[Any, Any]]) -> Row:
    """The row of a recurrence pᵢ = f(pᵢ₋₁, aᵢ) with p₀ = a₀, by the two slopes of f."""

    def along(a: Array, ans: Array, axis: Any) -> tuple[Any, Any]:
        return slopes(axis_last(cast(a, ans.dtype), axis), axis_last(ans, axis))

    def vjp(g: Any, a: Any, ans: Any, axis: Any) -> Any:
        by_previous, by_element = along(a, ans, axis)
        part = by_element * backward_scan(by_previous, axis_last(g, axis))
        return axis_back(cast(part, g.dtype), a, axis)

    def jvp(t: Any, a: Any, ans: Any, axis: Any) -> Any:
        by_previous, by_element = along(a, ans, axis)
        part = linear_scan(by_previous, by_element * axis_last(t, axis))
        return axis_back(cast(part, ans.dtype), ans, axis)

    return general(function, _ACCUMULATE, (vjp, jvp))


def _logarithm_of_sum(ufunc: Any, rate: float) -> Row:
    """NumPy's value, with the derivative of `logsumexp`."""

    def definition(a: Array, axis: Any, dtype: Any, keepdims: Any, initial: Any, where: Any) -> Any:
        a = a if dtype is None else cast(a, np.dtype(dtype))
        a = a if where is True else np.where(where, a, -np.inf)
        # Without the largest first: a product with the rate rounds as much as it is large.
        top = on_values(np.max, a, axis, None, True, -np.inf)
        top = np.where(np.isfinite(top), top, 0).astype(a.dtype)
        result = logsumexp((a - top) * rate, axis, keepdims) / rate
        result = result + top.reshape(result.shape)
        is_identity = initial is _NOT_GIVEN or initial is None or initial == -np.inf
        return result if is_identity else ufunc(result, initial)

    return composed(ufunc.reduce, _reduce(_NOT_GIVEN), definition, {"a"}, own_value=True)


_EXTREMA = (np.maximum, np.minimum, np.fmax, np.fmin)
_LOGARITHMS = ((np.logaddexp, 1.0), (np.logaddexp2, log(2)))

_ROWS = {
    row.function: row
    for row in (
        linear(np.add.reduce, _reduce(0), spread, affine={"initial"}),
        linear(np.add.accumulate, _ACCUMULATE, cumsum_vjp),
        general(np.multiply.reduce, _reduce(1), (prod_vjp, prod_jvp), analytic=True),
        general(np.multiply.accumulate, _ACCUMULATE, (cumprod_vjp, cumprod_jvp), analytic=True),
        *[general(u.reduce, _reduce(_NOT_GIVEN), extremum_rules(_chosen)) for u in _EXTREMA],
        *[_running(u.accumulate, _running_shares) for u in _EXTREMA],
        *[_logarithm_of_sum(u, rate) for u, rate in _LOGARITHMS],
        *[_running(u.accumulate, _running_logarithm(rate)) for u, rate in _LOGARITHMS],
        linear(
            np.add.reduceat,
            signature("a", "indices", axis=0, dtype=None, out=None),
            _add_reduceat_vjp,
        ),
    )
}
