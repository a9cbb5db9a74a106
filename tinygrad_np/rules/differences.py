"""Differences of neighbours and sums of areas: `diff`, `gradient`, `trapezoid`, `unwrap`.

`gradient` and `trapezoid` have derivatives by the spacing, too: by a step, or by coordinates.
"""

import math
from typing import Any

import numpy as np
from numpy.lib.array_utils import normalize_axis_index, normalize_axis_tuple

from ..core.arrays import Array, along, as_array, cast
from ..core.signature import signature
from ..core.table import pointwise
from .composed import composed


def _diff(a: Array, n: int, axis: int, prepend: Any, append: Any) -> Any:
    if n == 0:
        return a
    a, axis = as_array(a), axis % np.ndim(a)
    parts = [as_array(part) for part in (prepend, a, append) if part is not None]
    if len(parts) > 1:  # a number stands for one in every line
        line = [1 if i == axis else length for i, length in enumerate(a.shape)]
        a = np.concatenate([x if x.ndim else np.broadcast_to(x, line) for x in parts], axis)
    for _ in range(n):
        a = a[along(axis, slice(1, None))] - a[along(axis, slice(-1))]
    return a


def _ediff1d(ary: Array, to_end: Any, to_begin: Any, ans: Array) -> Any:
    flat = np.ravel(ary)
    parts = [to_begin, flat[1:] - flat[:-1], to_end]
    return np.concatenate([cast(np.ravel(x), ans.dtype) for x in parts if x is not None])


def _floating(x: Array) -> Any:
    x = as_array(x)
    return x if x.dtype.kind in "fc" else x.astype(float)


def _gradient(f: Any, varargs: Any, axis: Any, edge_order: Any) -> Any:
    f = _floating(f)
    axes = range(f.ndim) if axis is None else normalize_axis_tuple(axis, f.ndim)
    steps = list(varargs) or [1.0]
    steps = steps * len(axes) if len(steps) == 1 and np.ndim(steps[0]) == 0 else steps
    slopes = [_slopes(f, i, h, edge_order) for i, h in zip(axes, steps, strict=True)]
    return slopes[0] if len(axes) == 1 else tuple(slopes)


def _slopes(f: Any, axis: int, h: Any, edge_order: int) -> Any:
    """The slopes of the parabolas through three neighbours, for one step or for coordinates."""

    def at(x: Array, start: int | None, stop: int | None) -> Any:
        return x[along(axis, slice(start, stop))]

    left = right = 1.0
    if np.ndim(h):
        h = np.diff(_floating(h))
        h = np.reshape(h, [-1 if i == axis else 1 for i in range(f.ndim)])
        left, right = at(h, None, -1), at(h, 1, None)
    pieces = (at(f, 1, None) - at(f, None, -1)) / h
    both = left + right
    inside = right / both * at(pieces, None, -1) + left / both * at(pieces, 1, None)
    first, last = at(pieces, None, 1), at(pieces, -1, None)
    if edge_order == 2:  # the slope of a parabola is a straight line
        first, last = 2 * first - at(inside, None, 1), 2 * last - at(inside, -1, None)
    return cast(np.concatenate([first, inside, last], axis), f.dtype)


def _trapezoid(y: Array, x: Array, dx: Any, axis: int) -> Any:
    y = as_array(y)
    widths = dx
    if x is not None:
        x = as_array(x)
        widths = np.diff(x) if x.ndim == 1 else np.diff(x, axis=axis)
    axis = normalize_axis_index(axis, y.ndim)
    if x is not None and x.ndim == 1:
        widths = widths.reshape([-1 if i == axis else 1 for i in range(y.ndim)])
    heights = y[along(axis, slice(1, None))] + y[along(axis, slice(-1))]
    return np.sum(widths * heights / 2.0, axis)


ROWS = (
    composed(
        np.diff,
        signature("a", n=1, axis=-1, prepend=None, append=None),
        _diff,
        {"a", "prepend", "append"},
        own_value=True,
        analytic=True,
    ),
    composed(
        np.ediff1d,
        signature("ary", to_end=None, to_begin=None),
        _ediff1d,
        {"ary", "to_end", "to_begin"},
        own_value=True,
        real={"to_end": ("ary",), "to_begin": ("ary",)},
    ),
    composed(
        np.gradient,
        signature("f", "*varargs", axis=None, edge_order=1),
        _gradient,
        {"f", "varargs"},
        own_value=True,
        real={"varargs": ("f",)},
    ),
    composed(
        np.trapezoid,
        signature("y", x=None, dx=1.0, axis=-1),
        _trapezoid,
        {"y", "x", "dx"},
        analytic=True,
    ),
    pointwise(np.unwrap, signature("p", "*", discont=None, axis=-1, period=2 * math.pi), lambda: 1),
)
