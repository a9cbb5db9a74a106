"""NumPy's nan functions, which leave out what is nan; and `nan_to_num`, which replaces it.

Policy: what is left out has gradient 0, never nan. Elements that tie for the maximum or minimum
share its cotangent equally. What `nan_to_num` replaces is a constant.
"""

from typing import Any

import numpy as np

from ..core.arrays import Array
from ..core.rules import divide_by_count, extremum_rules, restored
from ..core.signature import signature
from ..core.table import Row, general, same
from .composed import composed
from .statistics import spread_row, std_slope, var_slope


def _counted(a: Array, where: Any) -> Any:
    """Which elements count: those that are not nan."""
    return np.logical_and(np.logical_not(np.isnan(a)), where)


def _without_nan(a: Array, value: float) -> Any:
    return np.where(np.isnan(a), value, a)


def _number(a: Array, axis: Any, where: Any) -> Any:
    """How many elements go into each result, with the reduced axes of length 1."""
    return np.sum(_counted(a, where), axis, dtype=np.float64, keepdims=True)


def _nanmean_vjp(g: Array, a: Array, axis: Any, keepdims: Any, where: Any) -> Any:
    share = divide_by_count(restored(g, a, axis, keepdims), _number(a, axis, where))
    return np.where(_counted(a, where), share, 0)


def _nanmean_jvp(t: Array, a: Array, axis: Any, keepdims: Any, where: Any) -> Any:
    share = divide_by_count(np.where(_counted(a, where), t, 0), _number(a, axis, where))
    return np.sum(share, axis, keepdims=keepdims)


def _extreme(a: Array, ans: Array, axis: Any, keepdims: Any, where: Any) -> Any:
    """Which elements are the extremum."""
    return np.logical_and(np.equal(a, restored(ans, a, axis, keepdims)), where)


def _extremum(function: Any) -> Row:
    return general(
        function,
        signature("a", axis=None, out=None, keepdims=False, initial=None, where=True),
        extremum_rules(_extreme),
    )


def _finite_part(g: Array, x: Array) -> Any:
    """The cotangent where x is finite; of a complex x each part is replaced by itself."""
    if x.dtype.kind != "c":
        return np.where(np.isfinite(x), g, 0)
    real = np.where(np.isfinite(np.real(x)), np.real(g), 0)
    return real + 1j * np.where(np.isfinite(np.imag(x)), np.imag(g), 0)


def _nan_to_num_kernel(
    x: Array, copy: bool = True, nan: Any = 0.0, posinf: Any = None, neginf: Any = None
) -> Any:
    if not copy:
        raise TypeError(
            "np.nan_to_num: copy=False writes into its argument, and nothing is written into a "
            "Tensor; leave it out"
        )
    return np.nan_to_num(x, nan=nan, posinf=posinf, neginf=neginf)


_SUM: dict[str, Any] = {"axis": None, "dtype": None, "out": None, "keepdims": False}

ROWS = (
    composed(
        np.nansum,
        signature("a", **_SUM, initial=0, where=True),
        lambda a, axis, dtype, keepdims, initial, where: np.sum(
            _without_nan(a, 0), axis, dtype, keepdims=keepdims, initial=initial, where=where
        ),
        {"a"},
        analytic=True,
    ),
    composed(
        np.nanprod,
        signature("a", **_SUM, initial=1, where=True),
        lambda a, axis, dtype, keepdims, initial, where: np.prod(
            _without_nan(a, 1), axis, dtype, keepdims=keepdims, initial=initial, where=where
        ),
        {"a"},
        analytic=True,
    ),
    composed(
        np.nancumsum,
        signature("a", axis=None, dtype=None, out=None),
        lambda a, axis, dtype: np.cumsum(_without_nan(a, 0), axis, dtype),
        {"a"},
        analytic=True,
    ),
    composed(
        np.nancumprod,
        signature("a", axis=None, dtype=None, out=None),
        lambda a, axis, dtype: np.cumprod(_without_nan(a, 1), axis, dtype),
        {"a"},
        analytic=True,
    ),
    general(
        np.nanmean,
        signature("a", "*", **_SUM, where=True),
        (_nanmean_vjp, _nanmean_jvp),
        analytic=True,
    ),
    spread_row(
        np.nanvar,
        lambda a, ans, axis, keepdims, ddof, where, mean: var_slope(
            a, ans, axis, keepdims, ddof, _counted(a, where), mean
        ),
    ),
    spread_row(
        np.nanstd,
        lambda a, ans, axis, keepdims, ddof, where, mean: std_slope(
            a, ans, axis, keepdims, ddof, _counted(a, where), mean
        ),
    ),
    _extremum(np.nanmax),
    _extremum(np.nanmin),
    general(
        np.nan_to_num,
        signature("x", copy=True, nan=0.0, posinf=None, neginf=None),
        same(lambda g, x: _finite_part(g, x)),
        kernel=_nan_to_num_kernel,
        broadcasts=True,
    ),
)
