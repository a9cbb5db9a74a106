"""Bessel functions, modified and scaled ones, by argument and order; Struve's and Kelvin's.

The kinks of `i0e`, `i1e` and `ive` at 0 have the mean of both sides.

Formulas: NIST Digital Library of Mathematical Functions, chapter 10.
"""

from math import pi, sqrt
from typing import Any

import numpy as np
import scipy.special

from ..core.arrays import Array
from ..core.signature import signature
from ..core.table import Row, pointwise
from .incomplete import in_double
from .orders import order_moment
from .signals import bessel_i
from .special import number, whole

special: Any = scipy.special._ufuncs

# of any order: means and differences of the neighbouring orders (DLMF 10.6.1, 10.29.1)


def _neighbours(function: Any, sign: int) -> Any:
    def slope(v: Array, z: Array) -> Any:
        v = number(v)
        return 0.5 * (function(v - 1, z) + sign * function(v + 1, z))

    return slope


def _y_slope(v: Any, z: Any) -> Any:
    """(Yᵥ₋₁ − Yᵥ₊₁)/2, where both are infinite that of the order farther from 0."""
    v = number(v)
    before, after = special.yv(v - 1, z), special.yv(v + 1, z)
    both = np.logical_and(np.isinf(before), np.isinf(after))
    return np.where(both, np.where(np.less(v, 0), before, -after), 0.5 * (before - after))


def _scaled_slope(ans: Array, decrease: Any) -> Any:
    """ans − decrease, which is infinite where the latter is, since that grows faster."""
    return np.where(np.isinf(decrease), -decrease, ans - decrease)


_j_slope = _neighbours(special.jv, -1)
_i_slope = _neighbours(special.iv, 1)
_k_slope = _neighbours(special.kv, 1)
_ive_slope = _neighbours(special.ive, 1)
_kve_slope = _neighbours(special.kve, 1)


def _real(name: str) -> Any:
    """A kernel for what is not analytic."""

    def kernel(v: Array, z: Array, **kwargs: Any) -> Any:
        if np.iscomplexobj(z):
            raise TypeError(
                f"scipy.special.{name}: is not analytic, and has no rule for complex numbers"
            )
        return getattr(special, name)(v, z, **kwargs)

    return kernel


def _over_x(ans: Any, x: Any, limit: float) -> Any:
    is_zero = np.equal(x, 0)
    return np.where(is_zero, limit, ans / np.where(is_zero, 1, x))


# Struve functions (DLMF 11.4.25 to 11.4.28)


def _struve_slope(function: Any, sign: int) -> Any:
    def slope(v: Any, x: Any) -> Any:
        term = np.power(0.5 * x, v) * special.rgamma(v + 1.5) * (0.5 / sqrt(pi))
        return 0.5 * (function(v - 1, x) + sign * function(v + 1, x)) + term

    return slope


def _by_order(kind: str, exponent: int = 0) -> Any:
    """The factor by the order: that of `order_moment`, times exp(exponent·z), which may be 0."""

    def compute(v: Any, z: Any) -> Any:
        half = np.exp(0.5 * exponent * z) if exponent else 1
        return half * order_moment(v, z, kind) * half

    return lambda v, z, ans: in_double(compute, ans, v, z)


_ORDER = signature("v", "z", dtype=None)

ROWS: tuple[Row, ...] = (
    pointwise(special.j0, lambda x: -special.j1(x)),
    pointwise(special.j1, lambda x: _j_slope(1, x)),
    pointwise(special.jv, _ORDER, _by_order("j"), _j_slope),
    pointwise(special.y0, lambda x: -special.y1(x)),
    pointwise(special.y1, lambda x: _y_slope(1, x)),
    pointwise(special.yv, _ORDER, _by_order("y"), _y_slope),
    pointwise(special.yn, _ORDER, z=lambda v, z: _y_slope(whole(v), z)),
    pointwise(special.i0, lambda x: bessel_i(x, 1)),
    pointwise(special.i1, lambda x: 0.5 * (bessel_i(x, 0) + bessel_i(x, 2))),
    pointwise(special.iv, _ORDER, _by_order("i", 1), _i_slope),
    pointwise(special.i0e, lambda x, ans: special.i1e(x) - np.sign(x) * ans),
    pointwise(special.i1e, lambda x, ans: _ive_slope(1, x) - np.sign(x) * ans),
    pointwise(
        special.ive,
        _ORDER,
        _by_order("i"),
        lambda v, z, ans: _ive_slope(v, z) - np.sign(z) * ans,
        kernel=_real("ive"),
    ),
    pointwise(special.k0, lambda x: -special.k1(x)),
    pointwise(special.k1, lambda x: -_k_slope(1, x)),
    pointwise(special.kv, _ORDER, _by_order("k", -1), lambda v, z: -_k_slope(v, z)),
    pointwise(special.kn, _ORDER, z=lambda v, z: -_k_slope(whole(v), z)),
    pointwise(special.k0e, lambda x, ans: _scaled_slope(ans, special.k1e(x))),
    pointwise(special.k1e, lambda x, ans: _scaled_slope(ans, _kve_slope(1, x))),
    pointwise(
        special.kve,
        _ORDER,
        _by_order("k"),
        lambda v, z, ans: _scaled_slope(ans, _kve_slope(v, z)),
    ),
    pointwise(special.jve, _ORDER, _by_order("j"), _j_slope, kernel=_real("jve")),
    pointwise(special.yve, _ORDER, _by_order("y"), _y_slope, kernel=_real("yve")),
    pointwise(special.hankel1, _ORDER, z=_neighbours(special.hankel1, -1)),
    pointwise(special.hankel2, _ORDER, z=_neighbours(special.hankel2, -1)),
    pointwise(
        special.hankel1e,
        _ORDER,
        z=lambda v, z, ans: _neighbours(special.hankel1e, -1)(v, z) - 1j * ans,
    ),
    pointwise(
        special.hankel2e,
        _ORDER,
        z=lambda v, z, ans: _neighbours(special.hankel2e, -1)(v, z) + 1j * ans,
    ),
    pointwise(
        special.struve,
        signature("v", "x", dtype=None),
        x=lambda v, x, ans: in_double(_struve_slope(special.struve, -1), ans, v, x),
    ),
    pointwise(
        special.modstruve,
        signature("v", "x", dtype=None),
        x=lambda v, x, ans: in_double(_struve_slope(special.modstruve, 1), ans, v, x),
    ),
    # Kelvin's: real and imaginary part of J₀ and K₀ along a diagonal (DLMF 10.61.3)
    pointwise(special.ber, lambda x: special.berp(x)),
    pointwise(special.bei, lambda x: special.beip(x)),
    pointwise(special.ker, lambda x: special.kerp(x)),
    pointwise(special.kei, lambda x: special.keip(x)),
    pointwise(special.berp, lambda x, ans: -special.bei(x) - _over_x(ans, x, 0.0)),
    pointwise(special.beip, lambda x, ans: special.ber(x) - _over_x(ans, x, 0.5)),
    pointwise(special.kerp, lambda x, ans: -special.kei(x) - ans / x),
    pointwise(special.keip, lambda x, ans: special.ker(x) - ans / x),
)
