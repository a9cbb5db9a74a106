"""`numpy.pad` in every mode that computes its frame from the array.

The value is NumPy's; the derivative is that of a definition that pads the axes one after the other,
each time around the array as padded so far. `constant_values` and `end_values` have a derivative,
too, where they are one array of a shape that `pad` takes: (), (2,) or (ndim, 2).

Policy: elements that tie for a maximum or minimum share its cotangent equally; a median's goes to
the elements in the middle as a stable sort orders them.
"""

from collections.abc import Callable
from numbers import Number
from typing import Any

import numpy as np

from ..core.arrays import Array, along
from ..core.signature import signature
from ..core.windows import pad
from .composed import composed

Pair = tuple[int, int]

Side = Callable[[Any, int, Pair, int, Any], Any]
"""What stands before (`end` 0) or after (1) the elements of an axis, or one element for all of it.

Of (x, axis, counts, end, given): the counts of both ends, and what the call says about this one.
"""


def _ramp(x: Array, axis: int, counts: Pair, end: int, value: Any) -> Any:
    edge = x[along(axis, -end)]
    ramp = np.linspace(value, edge, counts[end], endpoint=False, axis=axis)
    return ramp[along(axis, slice(None, None, -1))] if end else ramp


def _statistic(function: Callable[..., Any]) -> Side:
    def side(x: Array, axis: int, counts: Pair, end: int, length: Any) -> Any:
        n = x.shape[axis]
        length = n if length is None else min(length, n)
        near = slice(n - length, n) if end else slice(length)
        return function(x[along(axis, near)], axis, keepdims=True)

    return side


def _repeated(mode: str) -> Side:
    """The modes that repeat elements: `numpy.pad` shows which by what it does to their numbers.

    An odd reflection has an element, or its negative, and multiples of the first and the last one.
    """

    def side(x: Array, axis: int, counts: Pair, end: int, reflect_type: Any) -> Any:
        n = x.shape[axis]
        is_odd = reflect_type == "odd"
        options: Any = {"reflect_type": "odd"} if is_odd else {}

        def framed(numbers: Any) -> Any:
            padded = np.pad(numbers, counts, mode, **options)  # type: ignore[call-overload]
            return padded[counts[0] + n :] if end else padded[: counts[0]]

        numbers = np.arange(n)
        if not is_odd:
            return x[along(axis, framed(numbers))]
        first, last = numbers == 0, (numbers == n - 1) & (n > 1)
        inner = framed(np.where(last, 0, numbers))
        shares = [np.sign(inner), framed(1 * first), framed(1 * last)]
        parts = [x[along(axis, places)] for places in (np.abs(inner), [0], [-1])]
        shape = (-1,) + (1,) * (x.ndim - axis - 1)
        return sum([part * share.reshape(shape) for part, share in zip(parts, shares, strict=True)])

    return side


_SIDES: dict[Any, Side] = {
    "constant": lambda x, axis, counts, end, value: value,
    "linear_ramp": _ramp,
    "maximum": _statistic(np.max),
    "mean": _statistic(np.mean),
    "median": _statistic(np.median),
    "minimum": _statistic(np.min),
    **{mode: _repeated(mode) for mode in ("edge", "reflect", "symmetric", "wrap")},
}


def _kernel(array: Any, pad_width: Any, mode: Any = "constant", **kwargs: Any) -> Any:
    if callable(mode):
        raise TypeError(
            "np.pad: the argument 'mode': a function would write into the frame, and the gradient "
            "would be lost; use np.concatenate"
        )
    if mode == "empty":
        raise TypeError(
            "np.pad: the argument 'mode': 'empty' leaves the frame undefined; use 'constant'"
        )
    return np.pad(array, pad_width, mode, **kwargs)


def _pairs(pad_width: Any, ndim: int) -> tuple[Pair, ...]:
    """(before, after) for every axis.

    >>> _pairs(1, 2), _pairs({-1: (0, 2)}, 2)
    (((1, 1), (1, 1)), ((0, 0), (0, 2)))
    """
    if isinstance(pad_width, dict):
        widths = {axis % ndim: width for axis, width in pad_width.items()}
        pad_width = [np.broadcast_to(widths.get(axis, 0), 2) for axis in range(ndim)]
    return tuple([(n, m) for n, m in np.broadcast_to(pad_width, (ndim, 2)).tolist()])


def _padded(
    array: Any, pad_width: Any, mode: Any, constant_values: Any, end_values: Any, stat_length: Any,
    reflect_type: Any,
) -> Any:  # fmt: skip
    pairs = _pairs(pad_width, array.ndim)
    if mode == "constant" and isinstance(constant_values, Number):
        return pad(array, pairs, constant_values)
    if mode not in _SIDES:  # of a NumPy to come
        raise TypeError(f"np.pad: mode={mode!r} has no derivative rule; use np.concatenate")
    given = {"constant": constant_values, "linear_ramp": end_values}
    given |= {"reflect": reflect_type, "symmetric": reflect_type}
    of_ends = np.broadcast_to(given.get(mode, stat_length), (array.ndim, 2))
    x = array
    for axis, counts in enumerate(pairs):
        if any(counts):
            before, after = [
                np.broadcast_to(
                    _SIDES[mode](x, axis, counts, end, of_ends[axis, end]),
                    (*x.shape[:axis], count, *x.shape[axis + 1 :]),
                )
                for end, count in enumerate(counts)
            ]
            x = np.concatenate([before, x, after], axis, dtype=array.dtype, casting="unsafe")
    return x


ROWS = (
    composed(
        np.pad,
        signature(
            "array", "pad_width", "*", mode="constant", constant_values=0, end_values=0,
            stat_length=None, reflect_type="even",
        ),
        _padded,
        {"array", "constant_values", "end_values"},
        own_value=True,
        kernel=_kernel,
        real={"constant_values": ("array",), "end_values": ("array",)},
    ),
)  # fmt: skip
