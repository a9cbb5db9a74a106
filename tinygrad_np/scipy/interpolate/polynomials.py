"""Piecewise polynomials of coefficients and knots: their values, derivatives and integrals.

A polynomial between two knots is one in powers of the distance from the knot before. All operands
have a derivative: coefficients, knots, points and limits; the values are SciPy's own. Policy: at a
knot the polynomial is that of the piece after it.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from scipy import interpolate

from ...core.dispatch import array_function
from ...core.signature import signature
from ...core.tensor import value_of
from ...rules.composed import composed
from ..mirror import holds_tensor
from .holders import AtTensors, OfTensors, column, number


def rearranged(result: Any, ndim: int, axis: int) -> Any:
    """The axes of the points, which come first, in the place of the axis of the knots."""
    order = list(range(result.ndim))
    order = order[ndim : ndim + axis] + order[:ndim] + order[ndim + axis :]
    return np.transpose(result, order) if axis else result


def wrapped(points: Any, first: Any, last: Any) -> Any:
    """The points, moved by whole periods to lie between the first and the last knot."""
    return first + np.mod(points - first, last - first)


def _plain(c: Any, x: Any, extrapolate: Any = True, axis: int = 0) -> Any:
    """SciPy's polynomial; of copies, since SciPy 1.13 takes nothing that is read-only."""
    return interpolate.PPoly.construct_fast(
        np.array(number(c)), np.array(number(x)), extrapolate, axis
    )


@array_function
def polynomial_value(c: Any, x: Any, points: Any, nu: Any, extrapolate: Any, axis: Any) -> Any:
    """``PPoly(c, x)(points, nu, extrapolate)``, with the axis of the knots at `axis`."""
    return _plain(c, x, extrapolate, axis)(points, nu)


def _value(c: Any, x: Any, points: Any, nu: Any, extrapolate: Any, axis: Any) -> Any:
    c, x, points = number(c), number(x), number(points)
    if extrapolate == "periodic":
        points = wrapped(points, x[0], x[-1])
    n, is_falling = len(x), np.less(x[-1], x[0])
    first, last = (x[-1], x[0]) if is_falling else (x[0], x[-1])
    is_none = np.isnan(points)
    if not extrapolate:
        is_none = is_none | np.less(points, first) | np.greater(points, last)
    if np.any(is_none):
        points = np.where(is_none, first, points)
    if is_falling:
        place = n - 1 - np.searchsorted(x[::-1], points, "left")
    else:
        place = np.searchsorted(x, points, "right") - 1
    place = np.clip(place, 0, n - 2)
    rest = [1] * (c.ndim - 2)
    s = np.reshape(points - x[place], (*points.shape, *rest))
    result = np.zeros((*points.shape, *c.shape[2:]), c.dtype)
    for power in range(len(c) - 1, nu - 1, -1):
        factor = np.prod(np.arange(power - nu + 1.0, power + 1))
        result = result * s + factor * c[len(c) - 1 - power][place]
    if np.any(is_none):
        result = np.where(np.reshape(is_none, (*points.shape, *rest)), np.nan, result)
    return rearranged(result, points.ndim, axis)


@array_function
def antiderivative(c: Any, x: Any, nu: Any) -> Any:
    """The coefficients of ``PPoly(c, x).antiderivative(nu)``, which is 0 at the first knot."""
    return _plain(c, x).antiderivative(nu).c


def _antiderivative(c: Any, x: Any, nu: Any) -> Any:
    c, h = number(c), column(np.diff(number(x)), c.ndim - 1)
    for _ in range(nu):
        c = c / column(np.arange(len(c), 0.0, -1), c.ndim)
        whole = sum([c[-1 - i] * h ** (i + 1) for i in range(len(c))])
        start = np.concatenate([np.zeros((1, *whole.shape[1:])), np.cumsum(whole, 0)[:-1]])
        c = np.concatenate([c, start[None]])
    return c


@array_function
def integral(c: Any, x: Any, a: Any, b: Any, extrapolate: Any) -> Any:
    """``PPoly(c, x).integrate(a, b, extrapolate)``"""
    return _plain(c, x).integrate(a, b, extrapolate)


def _integral(c: Any, x: Any, a: Any, b: Any, extrapolate: Any) -> Any:
    primitive, x, ends = antiderivative(c, x, 1), number(x), (number(a), number(b))

    def at(points: Any) -> Any:
        return polynomial_value(primitive, x, points, 0, bool(extrapolate), 0)

    if extrapolate != "periodic":
        return at(ends[1]) - at(ends[0])
    period = x[-1] - x[0]
    one, other = [
        at(wrapped(end, x[0], x[-1])) + np.floor((end - x[0]) / period) * at(x[-1]) for end in ends
    ]
    return other - one


class Polynomial(OfTensors):
    """A piecewise polynomial whose coefficients `c` or knots `x` are Tensors.

    What `PPoly` and the splines are that are made from Tensors. It has their attributes `c`, `x`,
    `axis` and `extrapolate`, takes points, and has `derivative`, `antiderivative` and `integrate`,
    all of which are differentiable; what else SciPy's objects have is refused.
    """

    def __init__(self, name: str, c: Any, x: Any, extrapolate: Any = True, axis: int = 0) -> None:
        self.name, self.c, self.x = name, c, x
        self.extrapolate, self.axis = True if extrapolate is None else extrapolate, axis

    def __repr__(self) -> str:
        return f"<{self.name} of Tensors, {self.x.shape[0]} knots>"

    def __call__(self, x: Any, nu: int = 0, extrapolate: Any = None) -> Any:
        """The values at points, or those of the derivative of the order `nu`."""
        extrapolate = self.extrapolate if extrapolate is None else extrapolate
        return polynomial_value(self.c, self.x, number(x), nu, extrapolate, self.axis)

    def derivative(self, nu: int = 1) -> Any:
        """The derivative of an order, as a polynomial of the same kind."""
        if nu < 0:
            return self.antiderivative(-nu)
        powers = np.arange(len(self.c) - 1, -1.0, -1)
        factors = np.prod([np.maximum(powers - i, 0) for i in range(nu)], 0)
        c = self.c * column(factors * np.ones(len(powers)), self.c.ndim)
        c = c[: max(len(powers) - nu, 1)]
        return Polynomial(self.name, c, self.x, self.extrapolate, self.axis)

    def antiderivative(self, nu: int = 1) -> Any:
        """The antiderivative of an order, which is 0 at the first knot."""
        if nu <= 0:
            return self.derivative(-nu)
        extrapolate = self.extrapolate != "periodic" and self.extrapolate
        c = antiderivative(self.c, self.x, nu)
        return Polynomial(self.name, c, self.x, extrapolate, self.axis)

    def integrate(self, a: Any, b: Any, extrapolate: Any = None) -> Any:
        """The integral from `a` to `b`."""
        extrapolate = self.extrapolate if extrapolate is None else extrapolate
        return integral(self.c, self.x, a, b, extrapolate)


class PolynomialAtTensors(AtTensors):
    """`AtTensors` for piecewise polynomials."""

    @classmethod
    def construct_fast(cls, c: Any, x: Any, extrapolate: Any = None, axis: int = 0) -> Any:
        """The polynomial of these coefficients, unchecked."""
        if holds_tensor(c) or holds_tensor(x):
            return Polynomial(cls.__name__, c, x, extrapolate, axis)
        return super().construct_fast(c, x, extrapolate, axis)  # type: ignore[misc]

    def __call__(self: Any, x: Any, nu: int = 0, extrapolate: Any = None) -> Any:
        """The values at points, or those of the derivative of the order `nu`."""
        if not holds_tensor(x):
            return super().__call__(x, nu, extrapolate)  # type: ignore[misc]
        extrapolate = self.extrapolate if extrapolate is None else extrapolate
        return polynomial_value(self.c, self.x, number(x), nu, extrapolate, self.axis)

    def integrate(self: Any, a: Any, b: Any, extrapolate: Any = None) -> Any:
        """The integral from `a` to `b`."""
        if not (holds_tensor(a) or holds_tensor(b)):
            return super().integrate(a, b, extrapolate)  # type: ignore[misc]
        extrapolate = self.extrapolate if extrapolate is None else extrapolate
        return integral(self.c, self.x, a, b, extrapolate)

    @classmethod
    def _made(cls, c: Any, x: Any, y: Any, axis: int, extrapolate: Any) -> Polynomial:
        return Polynomial(cls.__name__, c, number(x), extrapolate, axis % y.ndim)


class PPoly(PolynomialAtTensors, interpolate.PPoly):  # type: ignore[misc]
    """`scipy.interpolate.PPoly`: a piecewise polynomial, by its coefficients and knots.

    >>> from tinygrad_np import grad
    >>> grad(lambda c: PPoly(c, [0.0, 1.0])(0.5))(np.array([[1.0], [2.0]])).ravel()
    array([0.5, 1. ])
    """

    @classmethod
    def _of_tensors(cls, c: Any, x: Any, extrapolate: Any = None, axis: int = 0) -> Any:
        c, x = number(c), number(x)
        interpolate.PPoly(np.zeros(c.shape), value_of(x), extrapolate, axis)  # which checks
        c = np.moveaxis(c, (axis, axis + 1), (0, 1)) if axis else c
        return Polynomial(cls.__name__, c, x, extrapolate, axis)


ROWS = (
    composed(
        polynomial_value,
        signature("c", "x", "points", "nu", "extrapolate", "axis"),
        _value,
        {"c", "x", "points"},
        own_value=True,
    ),
    composed(
        antiderivative, signature("c", "x", "nu"), _antiderivative, {"c", "x"}, own_value=True
    ),
    composed(
        integral, signature("c", "x", "a", "b", "extrapolate"), _integral, {"c", "x", "a", "b"},
        own_value=True,
    ),
)  # fmt: skip

OWN = {"interpolate.PPoly": PPoly}
