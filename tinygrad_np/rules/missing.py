"""NumPy's nan functions, which leave out what is nan; and `nan_to_num`, which replaces it.

Policy: what is left out has gradient 0, never nan. Elements that tie for the maximum or minimum
share its cotangent equally. What `nan_to_num` replaces is a constant.
"""

from collections.abc import Callable
from typing import Any

import numpy as np

from ..core.arrays import Array, cast
from ..core.rules import extremum_rules, restored
from ..core.signature import signature
from ..core.table import Row, general, same
from .composed import composed
from .statistics import spread_row, std_slope, var_slope


def _counted(a: Array, where: Any) -> Any:
    """Which elements count: those that are not nan."""
    return np.logical_and(np.logical_not(np.isnan(a)), where)


def _without_nan(a: Array, value: float) -> Any:
    return np.where(np.isnan(a), value, a)


def _nanmean(a: Array, axis: Any, keepdims: Any, where: Any, ans: Array) -> Any:
    """The mean of what counts; float16 is added up in float32."""
    counted = _counted(a, where)
    dtype = np.result_type(a.dtype, np.float32)
    total = np.sum(np.where(counted, a, 0), axis, dtype, keepdims=keepdims)
    count = np.sum(counted, axis, dtype=np.float64, keepdims=keepdims)
    return cast(total / count, ans.dtype)


def _extreme(a: Array, ans: Array, axis: Any, keepdims: Any, where: Any) -> Any:
    """Which elements are the extremum."""
    return np.logical_and(np.equal(a, restored(ans, a, axis, keepdims)), where)


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


_REDUCED: dict[str, Any] = {"axis": None, "dtype": None, "out": None, "keepdims": False}
_EXTREMUM = signature("a", axis=None, out=None, keepdims=False, initial=None, where=True)
_RUNNING = signature("a", axis=None, dtype=None, out=None)


def _reduced(function: Callable[..., Any], of_all: Callable[..., Any], neutral: int) -> Row:
    """The row of a sum or product in which nan stands for the number that changes nothing."""

    def definition(a: Array, axis: Any, dtype: Any, keepdims: Any, initial: Any, where: Any) -> Any:
        a = _without_nan(a, neutral)
        return of_all(a, axis, dtype, keepdims=keepdims, initial=initial, where=where)

    form = signature("a", **_REDUCED, initial=neutral, where=True)
    return composed(function, form, definition, {"a"}, analytic=True)


def _running(function: Callable[..., Any], of_all: Callable[..., Any], neutral: int) -> Row:
    def definition(a: Array, axis: Any, dtype: Any) -> Any:
        return of_all(_without_nan(a, neutral), axis, dtype)

    return composed(function, _RUNNING, definition, {"a"}, analytic=True)


ROWS = (
    _reduced(np.nansum, np.sum, 0),
    _reduced(np.nanprod, np.prod, 1),
    _running(np.nancumsum, np.cumsum, 0),
    _running(np.nancumprod, np.cumprod, 1),
    composed(
        np.nanmean,
        signature("a", "*", **_REDUCED, where=True),
        _nanmean,
        {"a"},
        own_value=True,
        analytic=True,
    ),
    spread_row(np.nanvar, var_slope, _counted),
    spread_row(np.nanstd, std_slope, _counted),
    general(np.nanmax, _EXTREMUM, extremum_rules(_extreme)),
    general(np.nanmin, _EXTREMUM, extremum_rules(_extreme)),
    general(
        np.nan_to_num,
        signature("x", copy=True, nan=0.0, posinf=None, neginf=None),
        same(lambda g, x: _finite_part(g, x)),
        kernel=_nan_to_num_kernel,
        broadcasts=True,
    ),
)
