"""The derivatives of SciPy's exponentially scaled Bessel functions, of every order.

With exp(−x) at Iᵥ and exp(x) at Kᵥ, each derivative is smaller than the function by a power of 1/x,
and a difference of two of them loses as many digits. Their integrals lose none (NIST Digital
Library of Mathematical Functions, 10.32).
"""

import functools
import math
from typing import Any

import numpy as np
import scipy.special

from .dispatch import array_function

special: Any = scipy.special

_POINTS = 40  # with so many an integral is good to the last digits


@array_function
def scaled_i(v: Any, x: Any, n: int = 1) -> Any:
    """The nth derivative of exp(−abs x)·Iᵥ(x); at its kink, x = 0, the mean of both sides.

    >>> scaled_i(0, np.array([0.0, 1e10])), scaled_i(1, np.array([0.0]))
    (array([ 0.00000000e+00, -1.99471140e-16]), array([0.5]))
    """
    v, x, dtype = _wide(v, x)
    far, is_far = _far(v, x)
    if not is_far.any():
        return _near_i(v, x, n).astype(dtype)
    widest = 2 * np.arcsin(np.minimum(1, np.sqrt(_reach(v) / 2 / far)))

    def circular(angle: Any) -> Any:
        drop = 2 * np.square(np.sin(angle / 2))
        return np.exp(-far * drop) * (-drop) ** n * np.cos(v * angle)

    if np.all(np.equal(v, np.rint(v))):
        result = _trapezoid(circular, widest) / np.pi
    else:

        def hyperbolic(t: Any) -> Any:
            rise = 2 * np.square(np.cosh(t / 2))
            return np.exp(-far * rise - v * t) * (-rise) ** n

        tail = _by_gauss(hyperbolic, 2 * np.arcsinh(np.sqrt(_reach(v) / 2 / far)))
        result = _by_gauss(circular, widest) / np.pi - np.sin(v * np.pi) / np.pi * tail
    # Iᵥ(−x) = (−1)ᵛ·Iᵥ(x) for whole v; of others there is none
    is_odd = np.equal(np.remainder(v + n, 2), 1)
    mirrored = np.where(np.equal(v, np.rint(v)), np.where(is_odd, -result, result), np.nan)
    result = np.where(np.less(x, 0), mirrored, result)
    return np.where(is_far, result, _near_i(v, x, n)).astype(dtype)


@array_function
def scaled_k(v: Any, x: Any, n: int = 1) -> Any:
    """The nth derivative of exp(x)·Kᵥ(x), for x > 0.

    >>> scaled_k(0, np.array([1e10])), scaled_k(0, np.array([0.0]))
    (array([-6.26657069e-16]), array([-inf]))
    """
    v, x, dtype = _wide(v, x)
    far, is_far = _far(v, x)
    is_far = np.logical_and(is_far, np.greater(x, 0))
    if not is_far.any():
        return _near_k(v, x, n).astype(dtype)

    def hyperbolic(t: Any) -> Any:
        rise = 2 * np.square(np.sinh(t / 2))
        return np.exp(-far * rise) * (-rise) ** n * np.cosh(v * t)

    result = _trapezoid(hyperbolic, 2 * np.arcsinh(np.sqrt(_reach(v) / 2 / far)))
    return np.where(is_far, result, _near_k(v, x, n)).astype(dtype)


def _wide(v: Any, x: Any) -> tuple[Any, Any, Any]:
    dtype = np.asarray(x).dtype
    if dtype.kind == "c":
        raise TypeError("scipy.special: a scaled Bessel function has no derivative by complex z")
    return np.asarray(v, np.float64), np.asarray(x, np.float64), dtype


def _far(v: Any, x: Any) -> tuple[Any, Any]:
    """abs x, where the integral is taken, and where that is: its parts cancel for large v."""
    size = np.absolute(x)
    is_far = np.logical_and(np.greater(size, np.maximum(0.5, v * v / 8)), np.isfinite(size))
    return np.where(is_far, size, np.maximum(1, v * v)), is_far


def _reach(v: Any) -> Any:
    """Where the exponent is below −this, an integrand is nothing."""
    return 50 + 4 * np.absolute(v)


def _trapezoid(function: Any, end: Any) -> Any:
    """∫₀ᵉⁿᵈ of an even function that is nothing, or even again, at the end: better than Gauss."""
    total = (function(0 * end) + function(end)) / 2
    for k in range(1, _POINTS):
        total = total + function(end * (k / _POINTS))
    return total * end / _POINTS


def _by_gauss(function: Any, end: Any) -> Any:
    """∫₀ᵉⁿᵈ of any smooth function, by Gauss."""
    places, weights = _gauss()
    total = 0.0
    for place, weight in zip(places, weights, strict=True):
        total = total + weight * function(end * place)
    return total * end


@functools.cache
def _gauss() -> tuple[Any, Any]:
    """Places and weights of a rule of integration over [0, 1]."""
    places, weights = np.polynomial.legendre.leggauss(_POINTS)
    return (places + 1) / 2, weights / 2


def _near_i(v: Any, x: Any, n: int) -> Any:
    """By Leibniz' rule, which cancels little where x is small."""
    rate = -np.sign(x)
    total = 0.0
    for k in range(n + 1):
        for j in range(k + 1):
            times = math.comb(n, k) * math.comb(k, j) / 2**k
            total = total + times * rate ** (n - k) * special.ive(v - k + 2 * j, x)
    return total


def _near_k(v: Any, x: Any, n: int) -> Any:
    """The same; the largest is of the order farthest from 0, and where that is infinite it counts."""
    largest = special.kve(np.absolute(v) + n, x)
    total = 0.0
    for k in range(n + 1):
        for j in range(k + 1):
            times = (-1) ** k * math.comb(n, k) * math.comb(k, j) / 2**k
            total = total + times * special.kve(v - k + 2 * j, x)
    return np.where(np.isinf(largest), (-1) ** n * largest, total)
