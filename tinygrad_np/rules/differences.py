"""Differences of neighbours and sums of areas: `diff`, `gradient`, `trapezoid`, `unwrap`.

`gradient` and `trapezoid` have derivatives by the spacing, too: by a step, or by coordinates.
"""

import math
from typing import Any

import numpy as np
from numpy.lib.array_utils import normalize_axis_index, normalize_axis_tuple

from ..kernels.dispatch import as_array
from ..kernels.elementwise import cast
from ..kernels.values import on_values
from .table import composed, pointwise, takes


def _part(ndim: int, axis: int, start: int | None, stop: int | None) -> tuple[Any, ...]:
    """The key of a slice along one axis."""
    return (slice(None),) * normalize_axis_index(axis, ndim) + (slice(start, stop),)


def _diff(a: Any, n: int, axis: int, prepend: Any, append: Any) -> Any:
    if n == 0:
        return a
    if n < 0:
        raise ValueError(f"np.diff: n must not be negative, not {n}")
    a = as_array(a)
    if a.ndim == 0:
        raise ValueError("np.diff: takes an array of at least one dimension, not a number")
    axis = normalize_axis_index(axis, a.ndim)
    ends = [None if end is None else _end(as_array(end), a, axis) for end in (prepend, append)]
    if prepend is not None or append is not None:
        a = np.concatenate([x for x in (ends[0], a, ends[1]) if x is not None], axis)
    for _ in range(n):
        a = a[_part(a.ndim, axis, 1, None)] - a[_part(a.ndim, axis, None, -1)]
    return a


def _end(end: Any, a: Any, axis: int) -> Any:
    """What is put before or behind `a`: one number for all lines, or an array."""
    if end.ndim:
        return end
    return np.broadcast_to(end, [1 if i == axis else n for i, n in enumerate(a.shape)])


def _ediff1d(ary: Any, to_end: Any, to_begin: Any) -> Any:
    flat = as_array(ary).reshape(-1)
    parts = [flat[1:] - flat[:-1]]
    for name, given in (("to_begin", to_begin), ("to_end", to_end)):
        if given is None:
            continue
        end = as_array(given).reshape(-1)
        if not np.can_cast(end.dtype, flat.dtype, "same_kind"):
            raise TypeError(
                f"np.ediff1d: {name} of dtype {end.dtype} does not fit an array of {flat.dtype}"
            )
        end = end if end.dtype == flat.dtype else cast(end, flat.dtype)
        parts = [end, *parts] if name == "to_begin" else [*parts, end]
    return parts[0] if len(parts) == 1 else np.concatenate(parts)


def _gradient(f: Any, varargs: Any, axis: Any, edge_order: Any) -> Any:
    f = as_array(f)
    if f.dtype.kind not in "fc":
        f = f.astype(float)
    axes = range(f.ndim) if axis is None else normalize_axis_tuple(axis, f.ndim)
    if edge_order not in (1, 2):
        raise ValueError(f"np.gradient: edge_order is 1 or 2, not {edge_order}")
    steps = list(varargs) or [1.0]
    steps = steps * len(axes) if len(steps) == 1 and np.ndim(steps[0]) == 0 else steps
    if len(steps) != len(axes):
        raise TypeError(f"np.gradient: {len(steps)} spacings for {len(axes)} axes")
    results = []
    for i, step in zip(axes, steps, strict=True):
        if f.shape[i] <= edge_order:
            raise ValueError(
                f"np.gradient: shape {f.shape} is too small along axis {i}; edge_order "
                f"{edge_order} needs {edge_order + 1} elements there"
            )
        results.append(_slopes(f, i, step, edge_order))
    return results[0] if len(axes) == 1 else tuple(results)


def _slopes(f: Any, axis: int, step: Any, edge_order: int) -> Any:
    """The gradient along one axis, for one step or for coordinates."""
    if np.ndim(step) == 0:
        return _even_slopes(f, axis, step, edge_order)
    step = as_array(step)
    if step.shape != (f.shape[axis],):
        raise ValueError(
            f"np.gradient: coordinates of shape {step.shape} for axis {axis} of shape {f.shape}"
        )
    step = cast(step, np.dtype(float)) if step.dtype.kind in "iu" else step
    steps = step[1:] - step[:-1]
    if not np.all(np.equal(steps, steps[0])):
        return _uneven_slopes(f, axis, steps, edge_order)
    even = _even_slopes(f, axis, steps[0], edge_order)
    if isinstance(step, np.ndarray):
        return even
    # Coordinates that are even now are not so beside them: the value is NumPy's for one step, the
    # derivative that of the other formula.
    uneven = _uneven_slopes(f, axis, steps, edge_order)
    return on_values(np.positive, even) + (uneven - on_values(np.positive, uneven))


def _even_slopes(f: Any, axis: int, step: Any, edge_order: int) -> Any:
    """(f(x + h) − f(x − h)) / 2h, and one-sided differences at the ends."""

    def at(start: int | None, stop: int | None) -> Any:
        return f[_part(f.ndim, axis, start, stop)]

    inside = (at(2, None) - at(None, -2)) / (2.0 * step)
    if edge_order == 1:
        first = (at(1, 2) - at(0, 1)) / step
        last = (at(-1, None) - at(-2, -1)) / step
    else:
        first = -1.5 / step * at(0, 1) + 2.0 / step * at(1, 2) + -0.5 / step * at(2, 3)
        last = 0.5 / step * at(-3, -2) + -2.0 / step * at(-2, -1) + 1.5 / step * at(-1, None)
    return _joined(f, first, inside, last, axis)


def _uneven_slopes(f: Any, axis: int, steps: Any, edge_order: int) -> Any:
    """The slopes of the parabola through three neighbours (Fornberg, 1988)."""

    def at(start: int | None, stop: int | None) -> Any:
        return f[_part(f.ndim, axis, start, stop)]

    def along(weights: Any) -> Any:
        return weights.reshape([-1 if i == axis else 1 for i in range(f.ndim)])

    left, right = steps[:-1], steps[1:]
    a = along(-right / (left * (left + right)))
    b = along((right - left) / (left * right))
    c = along(left / (right * (left + right)))
    inside = a * at(None, -2) + b * at(1, -1) + c * at(2, None)
    if edge_order == 1:
        first = (at(1, 2) - at(0, 1)) / steps[0]
        last = (at(-1, None) - at(-2, -1)) / steps[-1]
    else:
        left, right = steps[0], steps[1]
        a = -(2.0 * left + right) / (left * (left + right))
        b = (left + right) / (left * right)
        c = -left / (right * (left + right))
        first = a * at(0, 1) + b * at(1, 2) + c * at(2, 3)
        left, right = steps[-2], steps[-1]
        a = right / (left * (left + right))
        b = -(right + left) / (left * right)
        c = (2.0 * right + left) / (right * (left + right))
        last = a * at(-3, -2) + b * at(-2, -1) + c * at(-1, None)
    return _joined(f, first, inside, last, axis)


def _joined(f: Any, first: Any, inside: Any, last: Any, axis: int) -> Any:
    """The parts of a gradient, in the dtype of f as NumPy has it."""
    parts = [x if x.dtype == f.dtype else cast(x, f.dtype) for x in (first, inside, last)]
    return np.concatenate(parts, axis)


def _trapezoid(y: Any, x: Any, dx: Any, axis: int) -> Any:
    y = as_array(y)
    widths = dx
    if x is not None:
        x = as_array(x)
        widths = np.diff(x) if x.ndim == 1 else np.diff(x, axis=axis)
    axis = normalize_axis_index(axis, y.ndim)
    if x is not None and x.ndim == 1:
        widths = widths.reshape([-1 if i == axis else 1 for i in range(y.ndim)])
    heights = y[_part(y.ndim, axis, 1, None)] + y[_part(y.ndim, axis, None, -1)]
    return np.sum(widths * heights / 2.0, axis)


ROWS = (
    composed(
        np.diff,
        takes("a", n=1, axis=-1, prepend=None, append=None),
        _diff,
        {"a", "prepend", "append"},
        analytic=True,
    ),
    composed(
        np.ediff1d,
        takes("ary", to_end=None, to_begin=None),
        _ediff1d,
        {"ary", "to_end", "to_begin"},
    ),
    composed(
        np.gradient,
        takes("f", "*varargs", axis=None, edge_order=1),
        _gradient,
        {"f", "varargs"},
        real={"varargs": ("f",)},
    ),
    composed(
        np.trapezoid,
        takes("y", x=None, dx=1.0, axis=-1),
        _trapezoid,
        {"y", "x", "dx"},
        analytic=True,
    ),
    pointwise(
        np.unwrap,
        takes("p", "*", discont=None, axis=-1, period=2 * math.pi),
        lambda: 1,
    ),
)
