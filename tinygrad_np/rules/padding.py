"""`numpy.pad` in every mode that computes its frame from the array.

The value is NumPy's; the derivative is that of a definition that pads the axes one after the other,
each time around the array as padded so far. `constant_values` and `end_values` have a derivative,
too, where they are one array of a shape that `pad` takes: (), (2,) or (ndim, 2).

Policy: elements that tie for a maximum or minimum share its cotangent equally; a median's goes to
the elements in the middle as a stable sort orders them.
"""

import functools
from numbers import Number
from typing import Any

import numpy as np

from ..kernels.dispatch import array_function
from ..kernels.scatter import scatter_add
from ..kernels.shapes import along
from ..kernels.windows import pad
from .table import composed, linear, takes

_STATISTICS: dict[str, Any] = {
    "maximum": np.max,
    "mean": np.mean,
    "median": np.median,
    "minimum": np.min,
}

Pair = tuple[int, int]


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
    if not any(map(any, pairs)):
        return array
    if mode == "constant" and isinstance(constant_values, Number):
        return pad(array, pairs, constant_values)
    if mode in ("edge", "reflect", "symmetric", "wrap"):
        is_odd = mode in ("reflect", "symmetric") and reflect_type == "odd"
        return repeated(array, pairs, mode, "odd" if is_odd else "even")
    if mode not in ("constant", "linear_ramp", *_STATISTICS):  # of a NumPy to come
        raise TypeError(f"np.pad: mode={mode!r} has no derivative rule; use np.concatenate")
    shape = array.ndim, 2
    given = np.broadcast_to(end_values if mode == "linear_ramp" else constant_values, shape)
    lengths = np.broadcast_to(np.inf if stat_length is None else stat_length, shape).tolist()
    x = array
    for axis, counts in enumerate(pairs):
        if any(counts):
            sides = zip(counts, given[axis], lengths[axis], strict=True)
            before, after = [_side(x, axis, i, mode, *side) for i, side in enumerate(sides)]
            parts = [before, x, after]
            x = np.concatenate(parts, axis, dtype=array.dtype, casting="unsafe")
    return x


def _side(x: Any, axis: int, end: int, mode: str, count: int, given: Any, length: Any) -> Any:
    """So many elements to stand before (`end` 0) or after (1) those of `x` along an axis."""
    n = x.shape[axis]
    if mode == "linear_ramp":
        ramp = np.linspace(given, x[along(axis, -end)], count, endpoint=False, axis=axis)
        return ramp[along(axis, slice(None, None, -1))] if end else ramp
    if mode in _STATISTICS:
        length = min(length, n)
        near = slice(n - length, n) if end else slice(length)
        given = _STATISTICS[mode](x[along(axis, near)], axis, keepdims=True)
    return np.broadcast_to(given, (*x.shape[:axis], count, *x.shape[axis + 1 :]))


@array_function
def repeated(x: Any, pairs: tuple[Pair, ...], mode: str, reflect_type: str = "even") -> Any:
    """`numpy.pad` in the modes that repeat elements: 'edge', 'reflect', 'symmetric' and 'wrap'.

    >>> repeated(np.array([1.0, 2.0]), ((1, 0),), "reflect", "odd")
    array([0., 1., 2.])
    """
    options: dict[str, Any] = {"reflect_type": "odd"} if reflect_type == "odd" else {}
    return np.pad(x, pairs, mode, **options)  # type: ignore[call-overload]


def _repeated_vjp(
    g: Any, x_like: Any, pairs: tuple[Pair, ...], mode: str, reflect_type: str
) -> Any:
    """The cotangent of the frame goes to the elements that it repeats, from the last axis on."""
    for axis in reversed(range(g.ndim)):
        n, ahead = x_like.shape[axis], pairs[axis][0]
        if g.shape[axis] > n:
            inside = slice(ahead, ahead + n)
            frame, g = np.delete(g, inside, axis), g[along(axis, inside)]
            for places, shares in _origins(n, pairs[axis], mode, reflect_type):
                if shares is not None:
                    column = shares.reshape((-1,) + (1,) * (g.ndim - axis - 1))
                    part = frame * column.astype(g.dtype)
                else:
                    part = frame
                g = g + scatter_add(part, along(axis, places), g.shape)
    return g


@functools.lru_cache(maxsize=128)
def _origins(n: int, pair: Pair, mode: str, reflect_type: str) -> list[tuple[Any, Any]]:
    """The numbers of the elements that a frame of one axis repeats, and their shares, if not 1.

    An odd reflection has an element, or its negative, and multiples of the first and the last one:
    `numpy.pad` shows which by what it does to the numbers of the elements.
    """

    def frame(numbers: Any) -> Any:
        framed = repeated(numbers, (pair,), mode, reflect_type)
        return np.delete(framed, slice(pair[0], pair[0] + n))

    numbers = np.arange(n)
    if reflect_type == "even":
        return [(frame(numbers), None)]
    first, last = numbers == 0, (numbers == n - 1) & (n > 1)
    inner = frame(np.where(last, 0, numbers))
    ends = [(np.full_like(inner, at), frame(1 * end)) for at, end in ((0, first), (n - 1, last))]
    return [(np.abs(inner), np.sign(inner)), *ends]


ROWS = (
    linear(repeated, _repeated_vjp),
    composed(
        np.pad,
        takes(
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
