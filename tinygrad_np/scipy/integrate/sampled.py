"""Integrals of sampled functions: by trapezoids, by parabolas, and by Romberg's extrapolation.

All are sums of areas between neighbours, linear in the samples y, and differentiable by the
coordinates x or the step dx as well. The value is SciPy's. Simpson's rule integrates the parabola
through three neighbours; where the number of intervals is odd, the last one is the end of the
parabola through the last three (Cartwright, Journal of Mathematical Sciences and Mathematics
Education 12, 2017, 1–9).
"""

import inspect
from collections.abc import Callable
from itertools import pairwise
from typing import Any

import numpy as np

from ...core.arrays import Array, as_array, cast
from ...core.signature import Signature, signature
from ...core.table import Row
from ...core.tensor import value_of
from ...rules.composed import composed
from ..mirror import of


def _moved(y: Array, x: Any, dx: Any, axis: int) -> tuple[Any, Any, Any]:
    """The samples and the widths of the intervals, along the last axis, and the widths' unit."""
    shape = np.shape(y)
    y = np.moveaxis(as_array(y), axis, -1)
    if x is None:
        dx = as_array(dx)
        return y, np.ones(shape[axis] - 1), np.moveaxis(dx, axis, -1) if dx.ndim else dx
    x = as_array(x)
    return y, np.diff(x if x.ndim == 1 else np.moveaxis(np.broadcast_to(x, shape), axis, -1)), 1


def _trapezoids(y: Array, x: Any, dx: Any, axis: int) -> Any:
    """The area of each interval, along the last axis."""
    y, h, unit = _moved(y, x, dx, axis)
    return unit * (h * (y[..., 1:] + y[..., :-1]) / 2)


def _parabolas(y: Array, x: Any, dx: Any, axis: int) -> Any:
    """The same under parabolas: of an even interval and the next, of the others and the last."""
    moved, h, unit = _moved(y, x, dx, axis)
    count = h.shape[-1]
    if count < 2:
        return _trapezoids(y, x, dx, axis)
    if not np.all(value_of(h)):
        raise ValueError(
            "x has two equal neighbours, where Simpson's rule has no derivative; "
            "leave one of them out"
        )

    def first(h: Array, k: Array, a: Array, b: Array, c: Array) -> Any:
        """∫ over the first of two intervals, h and k wide, of the parabola through a, b and c."""
        outer = a * (2 * h + 3 * k) / (h + k) - c * h * h / (k * (h + k))
        return h / 6 * (outer + b * (h + 3 * k) / k)

    a, b, c = moved[..., :-2], moved[..., 1:-1], moved[..., 2:]
    left, right = h[..., :-1], h[..., 1:]
    both = np.concatenate([first(left, right, a, b, c), first(right, left, c, b, a)], -1)
    after = count - 2  # interval i as the second one is at i + after
    return (
        unit * both[..., [i if i % 2 == 0 and i < count - 1 else i + after for i in range(count)]]
    )


def _sum(areas: Any, ans: Array) -> Any:
    return cast(np.sum(areas, -1), as_array(ans).dtype)


def _cumulative(areas: Any, axis: int, initial: Any, ans: Array) -> Any:
    """The sums so far; they begin with `initial`, unless that is None."""
    if initial is not None:
        initial = as_array(initial)
        start = np.moveaxis(initial, axis, -1) if initial.ndim else initial
        areas = np.concatenate([start + np.zeros((*areas.shape[:-1], 1)), areas], -1)
    return cast(np.moveaxis(np.cumsum(areas, -1), -1, axis), ans.dtype)


def _romb(y: Array, dx: Any, axis: int, ans: Array) -> Any:
    """Trapezoids of steps 2ᵏ … 1, and the errors h², h⁴, … taken out in turn (Romberg)."""
    y = np.moveaxis(as_array(y), axis, -1)
    step, sums, weight = y.shape[-1] - 1, [], 1
    while step:
        ends = (y[..., 0] + y[..., -1]) / 2
        sums.append(dx * step * (np.sum(y[..., ::step], -1) - ends))
        step //= 2
    while len(sums) > 1:
        weight *= 4
        sums = [(weight * b - a) / (weight - 1) for a, b in pairwise(sums)]
    return cast(sums[0], np.asarray(ans).dtype)


def _simpson(y: Array, x: Any, dx: Any, axis: int, ans: Array) -> Any:
    return _sum(_parabolas(y, x, dx, axis), ans)


def _simpson_even(y: Array, x: Any, dx: Any, axis: int, ans: Array, even: Any) -> Any:
    """As SciPy 1.13 has it."""
    if even is not None:
        raise TypeError("scipy.integrate.simpson: 'even' has no derivative rule; leave it out")
    return _simpson(y, x, dx, axis, ans)


_HAS_EVEN = "even" in inspect.signature(of("integrate.simpson")).parameters


def _row(name: str, form: Signature, definition: Callable[..., Any], real: str) -> Row:
    """A row of which the operands besides y, or y too, are `real`."""
    names: dict[str, tuple[str, ...]] = dict.fromkeys(real.split(), ())
    path, operands = f"integrate.{name}", {"y", *names}
    return composed(of(path), form, definition, operands, own_value=True, real=names)


ROWS = (
    _row(
        "trapezoid",
        signature("y", x=None, dx=1.0, axis=-1),
        lambda y, x, dx, axis, ans: _sum(_trapezoids(y, x, dx, axis), ans),
        "x dx",
    ),
    _row(
        "cumulative_trapezoid",
        signature("y", x=None, dx=1.0, axis=-1, initial=None),
        lambda y, x, dx, axis, initial, ans: _cumulative(
            _trapezoids(y, x, dx, axis), axis, initial, ans
        ),
        "x dx",
    ),
    _row(
        "simpson",
        signature("y", "*", x=None, dx=1.0, axis=-1, **({"even": None} if _HAS_EVEN else {})),
        _simpson_even if _HAS_EVEN else _simpson,
        "x dx",
    ),
    _row(
        "cumulative_simpson",
        signature("y", "*", x=None, dx=1.0, axis=-1, initial=None),
        lambda y, x, dx, axis, initial, ans: _cumulative(
            _parabolas(y, x, dx, axis), axis, initial, ans
        ),
        "y x dx initial",
    ),
    _row("romb", signature("y", dx=1.0, axis=-1, show=False), _romb, "dx"),
)
