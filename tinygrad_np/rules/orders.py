"""Derivatives of Bessel functions by their order, from Schläfli's integrals.

With f(t) = exp(z·sinh t − v·t) (DLMF 10.9.17, 10.9.18), or for I cosh in place of sinh (10.32.12),

    π·J = Re ∫₀^π f(c + iθ) dθ + Im ∫₀^∞ f(c + s + iπ) ds,        c ≥ 0
    π·Y = Im ∫₀^π f(iθ) dθ − Re ∫₀^∞ f(s + iπ) ds − ∫₀^∞ f(−s) ds

and K = ∫₀^∞ cosh(v·t)·exp(−z·cosh t) dt (10.32.9). The derivative of order k has a factor (−t)ᵏ.
Where the order is large, c is the saddle, by which nothing cancels: z·cosh c = v, for I
z·sinh c = v. Where z is large, J + iY is one integral through the saddle iβ, z·cos β = v. Each is
Gauss's rule between places at which the integrand has fallen by exp(−40).

Orders below 0 by reflection (10.4.7, 10.4.8, 10.27.2, 10.27.3).
"""

import functools
from collections.abc import Callable
from math import comb, pi
from typing import Any

import numpy as np
import scipy.special

from ..core.arrays import Array
from ..core.dispatch import array_function
from ..core.table import Row, pointwise
from .incomplete import in_blocks

special: Any = scipy.special._ufuncs

_FALL = 40.0


@functools.cache
def _rule(count: int) -> Any:
    return scipy.special.roots_legendre(count)


def _integral(f: Callable[[Array], Array], low: Any, high: Array, count: Array) -> Any:
    """∫ f from `low` to `high`, with at least `count` nodes for each."""
    most = float(np.max(count, initial=0))
    nodes, weights = _rule(48 << max(0, int(np.ceil(np.log2(most / 48)))))
    half = (high - low) / 2
    return np.sum(f(low[:, None] + half[:, None] * (1 + nodes)) * weights, -1) * half


def _turned(v: Array) -> Any:
    """exp(−iπv)"""
    return special.cosdg(180 * v) - 1j * special.sindg(180 * v)


def _circular(v: Array, z: Array, k: int) -> Any:
    """J and Y as real and imaginary part, v ≥ 0."""
    result = np.empty(v.shape, complex)
    is_far = z > 2 * v + 8
    for where, of in ((is_far, _hankel), (~is_far, _schlaefli)):
        if where.any():
            result[where] = of(v[where], z[where], k)
    return result


def _hankel(v: Array, z: Array, k: int) -> Any:
    ratio = v / z
    sine = np.sqrt((1 - ratio) * (1 + ratio))
    half = ratio / (1 + sine)
    # z·sin β − v·β, without the rounding of z
    phase = v * (np.arcsin(ratio) - half)
    beta = np.arccos(ratio)
    t0 = np.tan(beta / 2)[:, None]

    def f(u: Array) -> Any:
        e = np.exp(u)
        d = u + 2j * np.arctan(np.expm1(u) * t0 / (1 + e * t0 * t0))
        slope = 1 + 2j * t0 * e / (1 + (e * t0) ** 2)
        g = 2j * (z * sine)[:, None] * np.sinh(d / 2) ** 2 + v[:, None] * (np.sinh(d) - d)
        return (-1j * beta[:, None] - d) ** k * np.exp(g) * slope

    width = np.arccosh(1 + _FALL / (z * sine * sine))
    whole = _integral(f, -width, width, np.full(v.shape, 64.0))
    turn = special.cosdg(90 * v) - 1j * special.sindg(90 * v)
    return whole * np.exp(1j * z) * np.exp(1j * phase) * turn / (pi * 1j)


def _schlaefli(v: Array, z: Array, k: int) -> Any:
    v_, z_ = v[:, None], z[:, None]
    turn = _turned(v)

    def f(t: Array) -> Any:
        return (-t) ** k * np.exp(z_ * np.sinh(t) - v_ * t)

    def ray(c: Array) -> Any:
        top = z * np.sinh(c)
        length = np.minimum(np.arcsinh((_FALL + top) / z) - c, _FALL / (v + np.hypot(z, top)))

        def on(s: Array) -> Any:
            t = c[:, None] + s
            return (-t - 1j * pi) ** k * np.exp(-z_ * np.sinh(t) - v_ * t)

        return _integral(on, 0 * c, length, 48 + 2 * length) * turn

    zero, c = 0 * v, np.arccosh(np.maximum(v / z, 1))
    count = 48 + 0.8 * (v + z)
    vertical = _integral(lambda x: f(c[:, None] + 1j * x), zero, zero + pi, count)
    j = np.real(vertical) + np.imag(ray(c))
    # f(−s) is largest at s = c
    least = z * np.sinh(c) - v * c
    end = c + 1
    for _ in range(8):
        end = np.arcsinh((_FALL + least + v * end) / z)
    peak = _integral(
        lambda s: s**k * np.exp(v_ * s - z_ * np.sinh(s)),
        zero,
        end,
        48 + 2 * end * np.sqrt(1 + z * np.sinh(c)),
    )
    vertical = _integral(lambda x: f(1j * x), zero, zero + pi, count)
    y = np.imag(vertical) - np.real(ray(zero)) - peak
    return (j + 1j * y) / pi


def _growing(v: Array, z: Array, k: int) -> Any:
    """exp(−z)·I, v ≥ 0."""
    c, w = np.arcsinh(v / z), np.hypot(v, z)
    v_, z_, c_, w_ = v[:, None], z[:, None], c[:, None], w[:, None]
    top = (v * v / (w + z) - v * c)[:, None]

    def up(x: Array) -> Any:
        exponent = top - 2 * w_ * np.sin(x / 2) ** 2 + 1j * v_ * (np.sin(x) - x)
        return (-c_ - 1j * x) ** k * np.exp(exponent)

    def ray(s: Array) -> Any:
        t = c_ + s
        return (-t - 1j * pi) ** k * np.exp(-z_ * (1 + np.cosh(t)) - v_ * t)

    zero = 0 * v
    height = 2 * np.arcsin(np.sqrt(np.minimum(1, _FALL / 2 / w)))
    length = np.minimum(np.arccosh((_FALL + w) / z) - c, _FALL / 2 / v)
    result = np.real(_integral(up, zero, height, 48 + v * (height - np.sin(height))))
    result += np.imag(_integral(ray, zero, length, 48 + 2 * length) * _turned(v))
    return result / pi


def _falling(v: Array, z: Array, k: int) -> Any:
    """exp(z)·K, v ≥ 0."""
    c, w = np.arcsinh(v / z), np.hypot(v, z)
    end = c + 1
    for _ in range(8):
        end = np.arccosh((_FALL + w - v * c + v * end) / z)
    v_, z_ = v[:, None], z[:, None]

    def f(t: Array) -> Any:
        parity = np.expm1(-2 * v_ * t) if k % 2 else -1 - np.exp(-2 * v_ * t)
        return -0.5 * parity * t**k * np.exp(v_ * t - 2 * z_ * np.sinh(t / 2) ** 2)

    return _integral(f, 0 * v, end, 48 + 2 * end * np.sqrt(1 + w))


def _turns(v: Array, p: int) -> tuple[Any, Any]:
    """The derivatives of order p of cos(πv) and sin(πv)."""
    return pi**p * special.cosdg(180 * v + 90 * p), pi**p * special.sindg(180 * v + 90 * p)


def _moments(v: Array, z: Array, kind: str, k: int) -> Any:
    is_inside = np.isfinite(v) & (z > 0) & (z < np.inf)
    at_order_0 = {"k": 0.0 if k % 2 else np.inf, "y": -pi / 2 if k == 1 else np.nan}
    if kind in "ij":
        at_zero = np.where(v > 0, 0, np.where(v == 0, (-1) ** k * np.inf, np.nan))
    else:
        sign = np.sign(v) ** k if kind == "k" else np.where(v > 0, -1, np.nan)
        at_zero = np.where(v == 0, at_order_0[kind], sign * np.inf)
    ends = np.where(z == 0, at_zero, np.where(z == np.inf, 0, np.nan))
    v, z = np.where(is_inside, v, 1), np.where(is_inside, z, 1)
    u, negative = np.abs(v), v < 0
    if kind == "k":
        result = _falling(u, z, k)
    elif kind == "i":
        result = _growing(u, z, k)
    else:
        both = _circular(u, z, k)
        result = both.real if kind == "j" else both.imag
    if negative.any():
        result[negative] = (-1) ** k * _reflected(u[negative], z[negative], kind, k)
    return np.where(is_inside, result, ends)


def _reflected(v: Array, z: Array, kind: str, k: int) -> Any:
    if kind == "k":
        return _falling(v, z, k)
    total = _growing(v, z, k) if kind == "i" else 0.0
    for p in range(k + 1):
        cosine, sine = _turns(v, p)
        if kind == "i":
            part = 2 / pi * sine * np.exp(-2 * z) * _falling(v, z, k - p)
        else:
            both = _circular(v, z, k - p)
            part = (
                cosine * both.real - sine * both.imag
                if kind == "j"
                else sine * both.real + cosine * both.imag
            )
        total = total + comb(k, p) * part
    return total


@array_function
def order_moment(v: Any, z: Any, kind: str, k: int = 1) -> Any:
    """∂ᵏ/∂vᵏ of J, Y, exp(−z)·I or exp(z)·K of order v at z ≥ 0, by its kind: "j", "y", "i", "k".

    >>> order_moment(np.array(0.0), np.array([0.0, 2.0, np.inf]), "k")
    array([0., 0., 0.])
    """
    return in_blocks(_moments, [v, z], kind, k)


def _by_z(v: Any, z: Any, kind: str, k: int) -> Any:
    before, after = order_moment(v - 1, z, kind, k), order_moment(v + 1, z, kind, k)
    if kind in "jy":
        return 0.5 * (before - after)
    sign = 1 if kind == "i" else -1
    return sign * (0.5 * (before + after) - order_moment(v, z, kind, k))


ROWS: tuple[Row, ...] = (
    pointwise(order_moment, lambda v, z, kind, k: order_moment(v, z, kind, k + 1), _by_z),
)
