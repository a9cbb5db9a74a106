"""Evenly spaced numbers, their powers, and geometric sequences, by both ends and by the base."""

from typing import Any

import numpy as np

from ..core.arrays import Array, as_array, cast
from ..core.signature import signature
from .composed import composed
from .constants import on_values


def _moved(x: Array, axis: Any) -> Any:
    return np.moveaxis(x, 0, axis) if axis != 0 else x  # 0.0 is 0, as NumPy has it


def _linspace(
    start: Any, stop: Any, num: Any, endpoint: Any, retstep: Any, axis: Any, ans: Array
) -> Any:
    # NumPy tells the dtypes: that of a Python number gives way.
    found, step = ans if retstep else (ans, None)
    start, stop = as_array(start), as_array(stop)
    pieces = num - 1 if endpoint else num
    way = np.arange(num) / max(pieces, 1)
    way = way.reshape((-1,) + (1,) * max(start.ndim, stop.ndim))
    numbers = cast(_moved(start * (1 - way) + stop * way, axis), found.dtype)
    if not retstep:
        return numbers
    return numbers, cast((stop - start) / pieces, np.asarray(step).dtype) if pieces > 0 else np.nan


def _logspace(
    start: Any, stop: Any, num: Any, endpoint: Any, base: Any, dtype: Any, axis: Any
) -> Any:
    if np.ndim(base):
        arrays = [as_array(x) for x in (start, stop, base)]
        ndim = max(x.ndim for x in arrays)
        start, stop, base = [x.reshape((1,) * (ndim - x.ndim) + x.shape) for x in arrays]
        base = np.expand_dims(base, axis)
    powers = np.power(base, np.linspace(start, stop, num, endpoint, axis=axis))
    return powers if dtype is None else cast(powers, np.dtype(dtype))


def _geomspace(start: Any, stop: Any, num: Any, endpoint: Any, axis: Any, ans: Array) -> Any:
    """Numbers whose logarithm is evenly spaced, turned so that `start` is positive."""
    start, stop = as_array(start), as_array(stop)
    wide = np.result_type(ans.dtype, start.dtype, stop.dtype)
    start, stop = cast(start, wide), cast(stop, wide)
    sign = on_values(np.sign, start)
    numbers = np.exp(np.linspace(np.log(start / sign), np.log(stop / sign), num, endpoint)) * sign
    return cast(_moved(numbers, axis), ans.dtype)


ROWS = (
    composed(
        np.linspace,
        signature(
            "start", "stop", num=50, endpoint=True, retstep=False, dtype=None, axis=0, device=None
        ),
        _linspace,
        {"start", "stop"},
        own_value=True,
        analytic=True,
    ),
    composed(
        np.logspace,
        signature("start", "stop", num=50, endpoint=True, base=10.0, dtype=None, axis=0),
        _logspace,
        {"start", "stop", "base"},
        analytic=True,
    ),
    composed(
        np.geomspace,
        signature("start", "stop", num=50, endpoint=True, dtype=None, axis=0),
        _geomspace,
        {"start", "stop"},
        own_value=True,
    ),
)
