"""`apply_along_axis` and `apply_over_axes`: a function of Tensors, called along axes."""

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.lib.array_utils import normalize_axis_index

from ..core.arrays import Array, as_array
from ..core.signature import signature
from .composed import composed


def _along_axis(func1d: Callable[..., Any], axis: int, arr: Array, args: tuple[Any, ...]) -> Any:
    """The results for all lines along an axis, put together where the lines were."""
    axis = normalize_axis_index(axis, arr.ndim)
    others = [i for i in range(arr.ndim) if i != axis]
    lines = np.transpose(arr, [*others, axis])
    frame = lines.shape[:-1]
    if 0 in frame:
        raise ValueError(
            f"np.apply_along_axis: an array of shape {arr.shape} has no line along axis {axis}"
        )
    results = [as_array(func1d(lines[(*place, ...)], *args)) for place in np.ndindex(frame)]
    shape = results[0].shape
    stacked = np.stack(results).reshape((*frame, *shape))
    # (*frame, *shape) → the axes of a result in the place of the one it was made from
    own = list(range(len(frame), stacked.ndim))
    return np.transpose(stacked, [*range(axis), *own, *range(axis, len(frame))])


def _over_axes(func: Callable[..., Any], a: Array, axes: Any) -> Any:
    """`func` for one axis after the other, each of which is kept, as one of length 1."""
    for axis in np.atleast_1d(axes).tolist():
        axis = a.ndim + axis if axis < 0 else axis
        result = func(a, axis)
        if result.ndim != a.ndim:
            result = np.expand_dims(result, axis)
        if result.ndim != a.ndim:
            raise ValueError(
                f"np.apply_over_axes: the function gave an array of shape {result.shape} for one "
                f"of shape {a.shape}; it must keep all axes, or all but the one given"
            )
        a = result
    return a


ROWS = (
    composed(
        np.apply_along_axis,
        signature("func1d", "axis", "arr", "*args"),
        _along_axis,
        {"arr"},
    ),
    composed(np.apply_over_axes, signature("func", "a", "axes"), _over_axes, {"a"}),
)
