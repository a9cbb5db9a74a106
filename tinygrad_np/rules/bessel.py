"""Bessel functions, modified ones and scaled ones, by their argument.

The kinks of `i0e`, `i1e` and `ive` at 0 have the mean of both sides.

Formulas: NIST Digital Library of Mathematical Functions, chapter 10.
"""

from typing import Any

import numpy as np
import scipy.special

from ..core.arrays import Array
from ..core.signature import signature
from ..core.table import Row, pointwise
from .signals import bessel_i
from .special import number

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


def _real_ive(v: Array, z: Array, **kwargs: Any) -> Any:
    if np.iscomplexobj(z):
        raise TypeError("scipy.special.ive: is not analytic, and has no rule for complex numbers")
    return special.ive(v, z, **kwargs)


_ORDER = signature("v", "z", dtype=None)

ROWS: tuple[Row, ...] = (
    pointwise(special.j0, lambda x: -special.j1(x)),
    pointwise(special.j1, lambda x: _j_slope(1, x)),
    pointwise(special.jv, _ORDER, z=_j_slope),
    pointwise(special.y0, lambda x: -special.y1(x)),
    pointwise(special.y1, lambda x: _y_slope(1, x)),
    pointwise(special.yv, _ORDER, z=_y_slope),
    pointwise(special.yn, _ORDER, z=_y_slope),
    pointwise(special.i0, lambda x: bessel_i(x, 1)),
    pointwise(special.i1, lambda x: 0.5 * (bessel_i(x, 0) + bessel_i(x, 2))),
    pointwise(special.iv, _ORDER, z=_i_slope),
    pointwise(special.i0e, lambda x, ans: special.i1e(x) - np.sign(x) * ans),
    pointwise(special.i1e, lambda x, ans: _ive_slope(1, x) - np.sign(x) * ans),
    pointwise(
        special.ive,
        _ORDER,
        z=lambda v, z, ans: _ive_slope(v, z) - np.sign(z) * ans,
        kernel=_real_ive,
    ),
    pointwise(special.k0, lambda x: -special.k1(x)),
    pointwise(special.k1, lambda x: -_k_slope(1, x)),
    pointwise(special.kv, _ORDER, z=lambda v, z: -_k_slope(v, z)),
    pointwise(special.kn, _ORDER, z=lambda v, z: -_k_slope(v, z)),
    pointwise(special.k0e, lambda x, ans: _scaled_slope(ans, special.k1e(x))),
    pointwise(special.k1e, lambda x, ans: _scaled_slope(ans, _kve_slope(1, x))),
    pointwise(special.kve, _ORDER, z=lambda v, z, ans: _scaled_slope(ans, _kve_slope(v, z))),
)
