"""Derivatives that need care, as functions of their own: in range, and to the last digits.

A rule whose text would leave the range of its dtype, or cancel, where its result does neither, calls
one of these instead. Each has a row, so that the derivatives of higher order keep their digits, too.
Those of float16 compute in float32.
"""

import functools
import math
import typing
from collections.abc import Callable
from typing import Any, TypeVar

import numpy as np

from .dispatch import array_function
from .elementwise import constant, real_numbers

F = TypeVar("F", bound=Callable[..., Any])

_FEW = 100
"""So many elements take less time with fewer, slower functions of NumPy's."""


def in_single(function: F) -> F:
    """`function` of one or more arrays or Tensors, which computes in float32 what is float16."""

    @functools.wraps(function)
    def widened(*operands: Any) -> Any:
        if np.result_type(*operands).char != "e":
            return function(*operands)
        operands = tuple([x.astype(np.float32) if hasattr(x, "astype") else x for x in operands])
        return function(*operands).astype(np.float16)

    return typing.cast(F, widened)


@array_function
def tanh_slope(x: Any) -> Any:
    """1 / cosh² x, the derivative of tanh; x may be complex.

    >>> tanh_slope(np.array([0.0, 400.0]))
    array([1., 0.])
    """
    if x.dtype.kind == "c":
        # where it is almost 0, cosh would be ∞ + ∞i
        small = np.exp(-2 * np.where(np.less(np.real(x), 0), -x, x))
        return 4 * small / np.square(1 + small)
    if x.size < _FEW:
        return np.reciprocal(np.square(np.cosh(x)))
    small = np.exp(np.abs(x) * -2)
    return 4 * small / np.square(small + constant(1, x.dtype))


@array_function
def sigmoid_slope(x: Any) -> Any:
    """σ(x)·σ(−x), the derivative of the sigmoid and the density of the logistic distribution.

    >>> sigmoid_slope(np.array([0.0, 1000.0]))
    array([0.25, 0.  ])
    """
    x = real_numbers(x, "sigmoid_slope")
    small = np.exp(np.negative(np.abs(x)))
    return np.divide(small, np.square(np.add(small, constant(1, x.dtype))))


@array_function
def logistic_variance(x: Any) -> Any:
    """x·(1 − x).

    >>> logistic_variance(np.array([0.25]))
    array([0.1875])
    """
    return x * (1 - x)


@array_function
def arctan_slope(x: Any) -> Any:
    """1 / (1 + x²), the derivative of arctan; x may be complex.

    >>> arctan_slope(np.array([0.0, 1.0, 1e200]))
    array([1. , 0.5, 0. ])
    """
    return 1 / (1 + x * x)


@array_function
def cosh_of_arcsinh(x: Any) -> Any:
    """√(1 + x²), without overflow for real x.

    >>> cosh_of_arcsinh(np.array([0.0, 1e200]))
    array([1.e+000, 1.e+200])
    """
    # Where the imaginary part is 0, its sign says on which side of the cut a number lies. Adding 1
    # would lose it, since −0 + 0 is 0; x − (−1) keeps it.
    return np.sqrt(x * x - -1) if x.dtype.kind == "c" else np.hypot(x, constant(1, x.dtype))


@array_function
def sinh_of_arccosh(x: Any) -> Any:
    """√(x² − 1) for real x ≥ 1, or complex ones.

    >>> sinh_of_arccosh(np.array([1.0, 1e200]))
    array([0.e+000, 1.e+200])
    """
    return np.sqrt(x - 1) * np.sqrt(x - -1)


@array_function
def cos_of_arcsin(x: Any) -> Any:
    """√(1 − x²) for real abs x ≤ 1, or complex ones.

    >>> cos_of_arcsin(np.array([0.0, 1.0]))
    array([1., 0.])
    """
    rest = -(x - 1) if x.dtype.kind == "c" else 1 - x  # of real x, −(1 − 1) would be −0
    return np.sqrt(rest) * np.sqrt(x - -1)


@array_function
def one_less_square(x: Any) -> Any:
    """1 − x²; x may be complex.

    >>> one_less_square(np.array([0.0, 1.0]))
    array([1., 0.])
    """
    return (1 - x) * (1 + x)


@array_function
@in_single
def direction(x: Any, y: Any) -> Any:
    """x / √(x² + y²), and 0 at the origin: the derivative of hypot by x.

    >>> direction(np.array([3e-320, 3e200]), np.array([4e-320, 4e200])).round(3), direction(0.0, 0.0)
    (array([0.6, 0.6]), np.float64(0.0))
    """
    size = np.maximum(np.absolute(x), np.absolute(y))
    size = np.where(np.logical_and(np.isfinite(size), np.not_equal(size, 0)), size, 1)
    x, y = x / size, y / size
    length = np.hypot(x, y)
    return x / np.where(np.equal(length, 0), 1, length)


@array_function
@in_single
def arctan2_slope(x: Any, y: Any) -> Any:
    """x / (x² + y²), and 0 at the origin: the derivative of arctan2(y, x) by y.

    >>> arctan2_slope(np.array([1e200]), np.array([1e200])), arctan2_slope(0.0, 0.0)
    (array([5.e-201]), np.float64(0.0))
    """
    length = nonzero(np.hypot(x, y))
    return x / length / length


def nonzero(length: Any) -> Any:
    """The length as a divisor: infinite in place of 0, so that by policy the quotient is 0.

    >>> nonzero(np.array([0.0, 2.0]))
    array([inf,  2.])
    """
    return np.where(np.equal(length, 0), np.inf, length)


@array_function
def log_share(x: Any, y: Any, base: float = math.e) -> Any:
    """bˣ / (bˣ + bʸ), without overflow, and ½ for two equal infinities: b is `base`, e or 2.

    >>> log_share(np.array([-np.inf, 1000.0]), np.array([-np.inf, 0.0]))
    array([0.5, 1. ])
    """
    return _log_share(x, y) if base == math.e else _log2_share(x, y)


@in_single
def _log_share(x: Any, y: Any) -> Any:
    return _share(x, y, np.exp, 1.0)


@in_single
def _log2_share(x: Any, y: Any) -> Any:
    return _share(x, y, np.exp2, math.log(2))


def _share(x: Any, y: Any, power: Any, rate: float) -> Any:
    with np.errstate(over="ignore", invalid="ignore"):
        difference = np.subtract(x, y)
        # What its rounding took away counts as much more as the exponential grows.
        back = difference - x
        rest = (x - (difference - back)) - (y + back)
        share = 1 / (1 + power(-difference))
        exact = share + share * (1 - share) * (rate * rest)
        finite = np.isfinite(rest)
        if finite.all():
            return exact
        infinite = np.where(np.equal(x, y), constant(0.5, share.dtype), share)
        return np.where(finite, exact, infinite)


@array_function
def share_product(x: Any, y: Any, base: float = math.e) -> Any:
    """``log_share(x, y, base) * log_share(y, x, base)``: its derivative, but for log(base).

    >>> share_product(np.array([0.0, 1000.0]), 0.0)
    array([0.25, 0.  ])
    """
    implementation = log_share.implementation  # type: ignore[attr-defined]
    return implementation(x, y, base) * implementation(y, x, base)


@array_function
@in_single
def power_slope(x: Any, y: Any, n: int = 1) -> Any:
    """y·(y − 1)⋯(y − n + 1)·xʸ⁻ⁿ, the nth derivative of a power by its base; 0 where a factor is.

    >>> power_slope(np.array([2.0, 2.0]), np.array([0.0, 3.0]))
    array([ 0., 12.])
    """
    if isinstance(y, np.ndarray) and y.dtype.kind in "biu":
        y = y.astype(np.float64)  # of unsigned ones 0 − 1 is large
    dtype = np.result_type(x, y)
    if dtype.kind == "c":
        return _power_slope(x, y, n)
    # y − n is rounded, and the power magnifies that by the logarithm of x: xʸ/xⁿ keeps the digits.
    slope = value = np.power(x, y)
    is_small = np.less(np.absolute(x), 1)
    for k in range(n):
        slope = np.where(is_small, slope * (y - k) / x, slope / x * (y - k))
    size, info = np.absolute(value), np.finfo(dtype)
    is_lost = np.logical_or(size < info.tiny, size > info.max)
    is_lost = np.logical_or(is_lost, np.equal(x, 0))
    return np.where(is_lost, _power_slope(x, y, n), slope) if is_lost.any() else slope


def _power_slope(x: Any, y: Any, n: int) -> Any:
    is_zero = np.equal(np.prod([y - k for k in range(n)], 0), 0)
    slope = np.power(np.where(is_zero, 1, x), y - n)
    for k in range(n):
        slope = slope * (y - k)
    return slope
