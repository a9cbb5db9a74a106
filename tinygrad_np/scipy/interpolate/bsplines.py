"""B-splines, and interpolation in one dimension: `BSpline`, `make_interp_spline`, `interp1d`.

A B-spline is a sum of k + 1 coefficients times the basis functions that are not 0 at a point, which
follow from one another by the recurrence of Cox and de Boor (C. de Boor, A Practical Guide to
Splines, 2001, chapter IX). An interpolating spline's coefficients solve a banded system, whose
transpose is solved for the derivative: n values cost O(n) time and memory.

The derivative is that by coefficients or values, and by points; knots are constant. Policy: at a
knot a spline is that of the piece after it.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from scipy import interpolate

from ...core.arrays import as_array, cast
from ...core.dispatch import array_function
from ...core.signature import signature
from ...rules.composed import composed
from ..mirror import holds_tensor
from ..ndimage.image_resampling import weighed
from .holders import AtTensors, Interpolant, Interpolator, OfTensors, column, number
from .piecewise import sparse_solve
from .polynomials import rearranged, wrapped


def basis(t: Any, k: int, points: Any, place: Any) -> Any:
    """The k + 1 basis functions that are not 0 between the knots `place` and `place` + 1."""
    parts = [np.ones(points.shape)]
    for degree in range(1, k + 1):
        whole = [0.0 * points] * (degree + 1)
        for r, part in enumerate(parts):
            low, high = t[place + 1 - degree + r], t[place + 1 + r]
            share = part / (high - low)
            whole[r] = whole[r] + (high - points) * share
            whole[r + 1] = whole[r + 1] + (points - low) * share
        parts = whole
    return np.stack(parts)


def lowered(t: Any, c: Any, k: int) -> tuple[Any, Any, int]:
    """Knots, coefficients and degree of the derivative."""
    n = len(t) - k - 1
    width = t[k + 1 : n + k] - t[1:n]
    is_wide = width > 0
    steps = np.diff(c[:n], axis=0) * column(k * is_wide, c.ndim)
    return t[1:-1], steps / column(np.where(is_wide, width, 1), c.ndim), k - 1


@array_function
def spline_value(t: Any, c: Any, points: Any, k: Any, nu: Any, extrapolate: Any, axis: Any) -> Any:
    """``BSpline(t, c, k)(points, nu, extrapolate)``, with the axis of the knots at `axis`."""
    if nu > k:  # SciPy 1.13 would write beyond its memory
        return _value(t, c, points, k, nu, extrapolate, axis)
    spline = interpolate.BSpline.construct_fast(number(t), number(c), k, extrapolate, axis)
    return spline(points, nu)


def _value(t: Any, c: Any, points: Any, k: Any, nu: Any, extrapolate: Any, axis: Any) -> Any:
    t, c, points = number(t), number(c), number(points)
    n = len(t) - k - 1
    first, last = t[k], t[n]
    if extrapolate == "periodic":
        points = wrapped(points, first, last)
    is_none = np.isnan(points)
    if not extrapolate:
        is_none = is_none | np.less(points, first) | np.greater(points, last)
    if np.any(is_none):
        points = np.where(is_none, first, points)
    shape, ndim = (*points.shape, *c.shape[1:]), points.ndim
    if nu > k:
        result: Any = np.zeros(shape, c.dtype)
    else:
        for _ in range(nu):
            t, c, k = lowered(t, c, k)
        place = np.clip(np.searchsorted(t, points, "right") - 1, k, len(t) - k - 2)
        around = np.arange(k + 1).reshape(-1, *[1] * ndim)
        result = weighed(c, [place - k + around], [basis(t, k, points, place)])
    if np.any(is_none):
        result = np.where(
            np.reshape(is_none, (*is_none.shape, *[1] * (c.ndim - 1))), np.nan, result
        )
    return rearranged(result, ndim, axis)


class TensorSpline(OfTensors):
    """A B-spline whose coefficients `c` are a Tensor.

    What `BSpline` and `make_interp_spline` give of Tensors. It has SciPy's attributes `t`, `c`,
    `k`, `tck`, `axis` and `extrapolate`, takes points, and has `derivative`, `antiderivative` and
    `integrate`; all are differentiable by the coefficients. What else SciPy's has is refused.
    """

    name = "BSpline"

    def __init__(self, t: Any, c: Any, k: int, extrapolate: Any = True, axis: int = 0) -> None:
        self.t, self.c, self.k, self.extrapolate, self.axis = t, c, k, extrapolate, axis

    @property
    def tck(self) -> tuple[Any, Any, int]:
        """Knots, coefficients and degree."""
        return self.t, self.c, self.k

    def __call__(self, x: Any, nu: int = 0, extrapolate: Any = None) -> Any:
        """The values at points, or those of the derivative of the order `nu`."""
        extrapolate = self.extrapolate if extrapolate is None else extrapolate
        return spline_value(self.t, self.c, number(x), self.k, nu, extrapolate, self.axis)

    def derivative(self, nu: int = 1) -> TensorSpline:
        """The derivative of an order, as a spline of a lower degree."""
        if not 0 <= nu <= self.k:
            raise ValueError(f"BSpline.derivative: an order from 0 to k = {self.k}, not {nu}")
        t, c, k = self.tck
        for _ in range(nu):
            t, c, k = lowered(t, c, k)
        return TensorSpline(t, c, k, self.extrapolate, self.axis)

    def antiderivative(self, nu: int = 1) -> TensorSpline:
        """The antiderivative of an order, which is 0 at the first knot."""
        t, c, k = self.tck
        for _ in range(nu):
            n = len(t) - k - 1
            c = np.cumsum(c[:n] * column(t[k + 1 :] - t[:n], c.ndim), 0) / (k + 1)
            c = np.concatenate([np.zeros((1, *c.shape[1:])), c])
            t, k = np.concatenate([t[:1], t, t[-1:]]), k + 1
        extrapolate = self.extrapolate != "periodic" and self.extrapolate
        return TensorSpline(t, c, k, extrapolate, self.axis)

    def integrate(self, a: Any, b: Any, extrapolate: Any = None) -> Any:
        """The integral from `a` to `b`; of what is not extrapolated, as far as there are knots."""
        extrapolate = self.extrapolate if extrapolate is None else extrapolate
        if extrapolate == "periodic":
            raise ValueError(
                "BSpline.integrate: a periodic spline of Tensors has no rule; use "
                "CubicSpline(x, y, bc_type='periodic').integrate"
            )
        whole = self.antiderivative()
        ends = [number(a), number(b)]
        if not extrapolate:
            ends = [np.clip(end, self.t[self.k], self.t[-self.k - 1]) for end in ends]
        whole.axis = 0
        return whole(ends[1], 0, True) - whole(ends[0], 0, True)


class BSpline(AtTensors, interpolate.BSpline):
    """`scipy.interpolate.BSpline`: a spline by its coefficients, at points.

    >>> from tinygrad_np import grad
    >>> t = [0.0, 0.0, 1.0, 2.0, 2.0]
    >>> grad(lambda c: BSpline(t, c, 1)(0.25))(np.array([1.0, 2.0, 3.0]))
    array([0.75, 0.25, 0.  ])
    """

    @classmethod
    def _of_tensors(
        cls, t: Any, c: Any, k: int, extrapolate: Any = True, axis: int = 0
    ) -> TensorSpline:
        if holds_tensor(t):
            raise TypeError(
                "scipy.interpolate.BSpline: knots take no Tensor, and have no derivative rule; "
                "pass an array, for instance t.data"
            )
        c = number(c)
        plain = interpolate.BSpline(t, np.zeros(c.shape), k, extrapolate, axis)  # which checks
        return TensorSpline(
            plain.t, np.moveaxis(c, axis, 0), plain.k, plain.extrapolate, plain.axis
        )

    @classmethod
    def construct_fast(cls, t: Any, c: Any, k: int, extrapolate: Any = True, axis: int = 0) -> Any:
        """The spline of these knots and coefficients, unchecked."""
        if holds_tensor(c) or holds_tensor(t):
            return (
                cls._of_tensors(t, c, k, extrapolate)
                if not axis
                else TensorSpline(t, c, k, extrapolate, axis)
            )
        return super().construct_fast(t, c, k, extrapolate, axis)

    def __call__(self, x: Any, nu: int = 0, extrapolate: Any = None) -> Any:
        """The values at points, or those of the derivative of the order `nu`."""
        if not holds_tensor(x):
            return super().__call__(x, nu, extrapolate)
        extrapolate = self.extrapolate if extrapolate is None else extrapolate
        return spline_value(self.t, self.c, number(x), self.k, nu, extrapolate, self.axis)

    def integrate(self, a: Any, b: Any, extrapolate: Any = None) -> Any:
        """The integral from `a` to `b`."""
        if not (holds_tensor(a) or holds_tensor(b)):
            return super().integrate(a, b, extrapolate)
        spline = TensorSpline(self.t, self.c, self.k, self.extrapolate, self.axis)
        return spline.integrate(a, b, extrapolate)


# What interpolates values


def _conditions(given: Any, like: Any) -> list[tuple[int, Any]]:
    """[(order of a derivative, its value)] at an end, of what `bc_type` says about it."""
    if given is None or isinstance(given, str):
        named: Any = {None: [], "not-a-knot": [], "clamped": [1], "natural": [2]}
        if given not in named:
            raise ValueError(
                f"scipy.interpolate.make_interp_spline: bc_type={given!r} is not known; use None, "
                "'clamped', 'natural', or pairs (order, value)"
            )
        orders = named[given]
        return [(order, np.zeros(like)) for order in orders]
    return [(order, value) for order, value in given]


@array_function
def interpolating_coefficients(
    x: Any, y: Any, k: Any, t: Any, orders: Any, start: Any, end: Any
) -> Any:
    """The coefficients of `make_interp_spline`, whose knots are `t`.

    `start` and `end` are the values of the derivatives of these `orders` at the ends.
    """
    given = [
        list(zip(o, v, strict=True)) if len(o) else None
        for o, v in zip(orders, (start, end), strict=True)
    ]
    if k == 0:
        return interpolate.make_interp_spline(x, y, 0).c
    pairs: Any = tuple(given)
    return interpolate.make_interp_spline(x, y, k, t, pairs).c


def _interpolating(x: Any, y: Any, k: Any, t: Any, orders: Any, start: Any, end: Any) -> Any:
    """The coefficients solve: the spline has the values, and its derivatives those at the ends."""
    x, y, n = number(x), number(y), len(t) - k - 1
    if k == 0:
        return y + 0.0
    place = np.clip(np.searchsorted(t, x, "right") - 1, k, n - 1)
    parts = [np.transpose(basis(t, k, x, place)).reshape(-1)]
    columns = [(np.reshape(place - k, (-1, 1)) + np.arange(k + 1)).reshape(-1)]
    rows = [np.repeat(np.arange(len(x)), k + 1)]
    ends = [np.reshape(v, (len(v), -1)) for v in (start, end) if v is not None]
    count = len(x)
    for which, point, offset in zip(orders, (x[0], x[-1]), (0, n - k - 1), strict=True):
        for order in which:
            near = t[offset : offset + 2 * k + 2]
            row = interpolate.BSpline(near, np.eye(k + 1), k)(point, order)
            parts.append(row)
            columns.append(offset + np.arange(k + 1))
            rows.append(np.full(k + 1, count))
            count += 1
    right = np.concatenate([np.reshape(y, (len(x), -1)), *ends])
    c = sparse_solve(*[np.concatenate(parts), right, np.concatenate(rows), np.concatenate(columns)])
    return np.reshape(c, (n, *y.shape[1:]))


def make_interp_spline(
    x: Any, y: Any, k: int = 3, t: Any = None, bc_type: Any = None, axis: int = 0,
    check_finite: bool = True,
) -> Any:  # fmt: skip
    """`scipy.interpolate.make_interp_spline`: the spline through values, by these.

    The values `y`, and the derivatives at the ends in `bc_type`, may be Tensors. Gives a `BSpline`.
    Raises ``TypeError`` for Tensors among the points `x` and the knots `t`, ``ValueError`` for a
    periodic spline of Tensors.

    >>> from tinygrad_np import grad
    >>> grad(lambda y: make_interp_spline([0.0, 1.0, 2.0], y, k=2)(0.5))(np.array([0.0, 1.0, 4.0]))
    array([ 0.375,  0.75 , -0.125])
    """
    if holds_tensor((x, t)):
        raise TypeError(
            "scipy.interpolate.make_interp_spline: the points 'x' and knots 't' have no derivative "
            "rule and take no Tensor; use CubicSpline, which has one by its points"
        )
    if not holds_tensor((y, bc_type)):
        made = interpolate.make_interp_spline(x, y, k, t, bc_type, axis, check_finite)
        return BSpline.construct_fast(made.t, made.c, made.k, made.extrapolate, made.axis)
    if isinstance(bc_type, str) and bc_type == "periodic":
        raise ValueError(
            "scipy.interpolate.make_interp_spline: a periodic spline of Tensors has no rule; use "
            "CubicSpline(x, y, bc_type='periodic')"
        )
    y = number(y)
    axis = axis % y.ndim
    lines = np.moveaxis(y, axis, 0)
    pair = [bc_type] * 2 if bc_type is None or isinstance(bc_type, str) else bc_type
    ends = [_conditions(given, lines.shape[1:]) for given in pair]
    orders = tuple([tuple([order for order, _ in end]) for end in ends])
    values = [np.stack([number(v) for _, v in end]) if end else None for end in ends]
    zeros = [None if not o else [(i, np.zeros(lines.shape[1:])) for i in o] for o in orders]
    bc_type = tuple(zeros) if k > 1 or any(orders) else None
    plain = np.zeros(lines.shape)
    knots = interpolate.make_interp_spline(x, plain, k, t, bc_type, 0, check_finite).t
    c = interpolating_coefficients(number(x), lines, k, knots, orders, *values)
    return TensorSpline(knots, c, k, True, axis)


@array_function
def interpolated(
    x: Any, y: Any, points: Any, kind: Any, axis: Any, bounds_error: Any, fill_value: Any,
    assume_sorted: Any,
) -> Any:  # fmt: skip
    """``interp1d(x, y, …)(points)``"""
    options = {"bounds_error": bounds_error, "fill_value": fill_value}
    made = interpolate.interp1d(x, y, kind, axis, assume_sorted=assume_sorted, **options)
    return made(points)


_DEGREES: Any = {"zero": 0, "slinear": 1, "linear": 1, "quadratic": 2, "cubic": 3}


def _interpolated(
    x: Any, y: Any, points: Any, kind: Any, axis: Any, fill_value: Any, assume_sorted: Any,
    ans: Any,
) -> Any:  # fmt: skip
    x, y, points = number(x), number(y), number(points)
    axis = axis % y.ndim
    y = np.moveaxis(y, axis, 0)
    if not assume_sorted:
        order = np.argsort(x, kind="mergesort")
        x, y = x[order], y[order]
    n, degree = len(x), _DEGREES.get(kind, kind)
    fills = fill_value if isinstance(fill_value, tuple) else (fill_value,) * 2
    is_out = [np.less(points, x[0]), np.greater(points, x[-1])]
    is_open = isinstance(fill_value, str)  # "extrapolate"
    is_none = np.isnan(points)
    inside = points if is_open else np.clip(points, x[0], x[-1])
    inside = np.where(is_none, x[0], inside)
    last = np.searchsorted(x, inside, "right") - 1
    spread = (*points.shape, *[1] * (y.ndim - 1))
    if degree == 1:
        low = np.clip(last, 0, n - 2)
        share = np.reshape((inside - x[low]) / (x[low + 1] - x[low]), spread)
        result = y[low] + share * (y[low + 1] - y[low])
    elif degree in ("nearest", "nearest-up"):
        side: Any = "left" if degree == "nearest" else "right"
        result = y[np.searchsorted((x[1:] + x[:-1]) / 2, inside, side)]
    elif degree == "next":
        result = y[np.clip(np.searchsorted(x, inside, "left"), 0, n - 1)]
    elif degree in ("previous", 0):
        result = y[np.clip(last, 0, n - 1)]
    else:
        result = make_interp_spline(x, y, degree)(inside)
    for is_in, value in zip([*is_out, is_none], [*fills, np.nan], strict=True):
        if np.any(is_in) and not (is_open and is_in is not is_none):
            result = np.where(np.reshape(is_in, spread), value, result)
    return cast(rearranged(result, points.ndim, axis), ans.dtype)


class interp1d(Interpolator, interpolate.interp1d):  # noqa: N801
    """`scipy.interpolate.interp1d`: interpolation of any kind, by values and points.

    >>> from tinygrad_np import grad
    >>> grad(lambda y: interp1d([0.0, 1.0, 2.0], y)(0.25))(np.array([1.0, 2.0, 4.0]))
    array([0.75, 0.25, 0.  ])
    """

    @classmethod
    def _of_tensors(
        cls, x: Any, y: Any, kind: Any = "linear", axis: int = -1, copy: bool = True,
        bounds_error: Any = None, fill_value: Any = np.nan, assume_sorted: bool = False,
    ) -> Interpolant:  # fmt: skip
        if holds_tensor((x, fill_value)):
            raise TypeError(
                "scipy.interpolate.interp1d: 'x' and 'fill_value' have no derivative rule and take "
                "no Tensor; use np.interp, which has one by each of its arguments"
            )
        x, y, given = as_array(x), number(y), (kind, axis, bounds_error, fill_value, assume_sorted)

        def at(points: Any, made: Any = None) -> Any:
            data = (made.x, made.y) if made else (x, y)  # of which SciPy's object has copies
            return interpolated(*data, number(points), *given)

        return Interpolant(cls.__name__, at, x=x, y=y, axis=axis, fill_value=fill_value)


ROWS = (
    composed(
        spline_value,
        signature("t", "c", "points", "k", "nu", "extrapolate", "axis"),
        _value,
        {"c", "points"},
        own_value=True,
    ),
    composed(
        interpolating_coefficients,
        signature("x", "y", "k", "t", "orders", "start", "end"),
        _interpolating,
        {"y", "start", "end"},
        own_value=True,
    ),
    composed(
        interpolated,
        signature(
            "x", "y", "points", "kind", "axis", "bounds_error", "fill_value", "assume_sorted"
        ),
        _interpolated,
        {"y", "points"},
        own_value=True,
    ),
)

OWN = {
    "interpolate.BSpline": BSpline,
    "interpolate.make_interp_spline": make_interp_spline,
    "interpolate.interp1d": interp1d,
}
