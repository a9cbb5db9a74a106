"""What does not fit together in the shapes of a function's arguments, by function.

`TELLING` has the functions with shapes of their own; `broadcasting` is for those that broadcast.
Each says what disagrees, with the axis, or None where it is none of that.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable
from typing import Any

import numpy as np

Shape = tuple[int, ...]
Telling = Callable[[list[Any]], str | None]
"""(arguments, one a parameter) → what disagrees, or None if it is none of this"""


def shape_of(x: Any) -> Shape:
    """The shape of an array, a Tensor, a number or a list."""
    return tuple(x.shape) if hasattr(x, "shape") else np.shape(x)


def broadcasting(operands: list[tuple[str, Any]], core: int = 0) -> str | None:
    """The last axis along which lengths differ, and none of them is 1.

    The last `core` axes are not broadcast: those of the matrices that are multiplied.
    """
    shapes = [(name, shape_of(x)) for name, x in operands]
    for back in range(1 + core, max([len(shape) for _, shape in shapes], default=0) + 1):
        seen: tuple[str, Shape] | None = None
        for name, shape in shapes:
            if len(shape) < back or shape[-back] == 1:
                continue
            if seen is None:
                seen = name, shape
            elif seen[1][-back] != shape[-back]:
                other, larger = seen
                listed = " and ".join([f"{n} {s}" for n, s in shapes if s])
                return (
                    f"{listed} do not broadcast: axis {-back} is {larger[-back]} in {other} "
                    f"(axis {len(larger) - back}) and {shape[-back]} in {name} "
                    f"(axis {len(shape) - back}); along an axis, lengths are equal or 1"
                )
    return None


# Functions with shapes of their own


def _joining(at: Callable[[list[Any]], int | None]) -> Telling:
    """Arrays in a row, which must agree in all axes but the one along which they are joined."""

    def told(bound: list[Any]) -> str | None:
        shapes = [shape_of(x) for x in bound[0]]
        listed = ", ".join(map(str, shapes[:8])) + (", …" if len(shapes) > 8 else "")
        axis = at(bound)
        if len({len(shape) for shape in shapes}) > 1:
            i = next(i for i, shape in enumerate(shapes) if len(shape) != len(shapes[0]))
            return (
                f"arrays of shapes {listed}: number 0 has {len(shapes[0])} axes and number {i} has "
                f"{len(shapes[i])}; they must have as many"
            )
        if axis is not None and not -len(shapes[0]) <= axis < len(shapes[0]):
            return f"axis {axis} is none of those of arrays of shapes {listed}"
        free = None if axis is None else axis % max(len(shapes[0]), 1)
        for i, shape in enumerate(shapes):
            for k, (n, m) in enumerate(zip(shapes[0], shape, strict=True)):
                if n != m and k != free:
                    rule = "all axes" if free is None else f"all axes but axis {free}"
                    return (
                        f"arrays of shapes {listed}: axis {k} is {n} in number 0 and {m} in number "
                        f"{i}; {rule} must agree"
                    )
        return None

    return told


def _rows(bound: list[Any]) -> int:
    return 0


def _columns(bound: list[Any]) -> int:
    return 0 if len(shape_of(bound[0][0])) <= 1 else 1


def _vstacked(bound: list[Any]) -> str | None:
    return _joining(_rows)([[_of(s if len(s) > 1 else (1, *s)) for s in map(shape_of, bound[0])]])


def _column_stacked(bound: list[Any]) -> str | None:
    columns = [_of(s if len(s) > 1 else (*s, 1)) for s in map(shape_of, bound[0])]
    return _joining(lambda bound: 1)([columns])


def _dstacked(bound: list[Any]) -> str | None:
    return _joining(lambda bound: 2)([[np.atleast_3d(_of(shape_of(x))) for x in bound[0]]])


def _of(shape: Shape) -> Any:
    """An array of that shape and no memory."""
    return np.broadcast_to(0.0, shape)


def _vdot(bound: list[Any]) -> str | None:
    a, b = map(shape_of, bound)
    n, m = math.prod(a), math.prod(b)
    told = f"a {a} has {n} elements and b {b} has {m}; flattened, they must have as many"
    return told if n != m else None


def _inner(bound: list[Any]) -> str | None:
    a, b = map(shape_of, bound)
    if not a or not b or a[-1] == b[-1]:
        return None
    return (
        f"shapes {a} and {b} do not fit: axis {len(a) - 1} of the first is {a[-1]} and axis "
        f"{len(b) - 1} of the second is {b[-1]}; they must be equal"
    )


def _multi_dot(bound: list[Any]) -> str | None:
    shapes = [shape_of(x) for x in bound[0]]
    for i, (a, b) in enumerate(itertools.pairwise(shapes)):
        if a[-1] != b[0]:
            return (
                f"arrays of shapes {', '.join(map(str, shapes))}: axis {len(a) - 1} of number {i} "
                f"is {a[-1]} and axis 0 of number {i + 1} is {b[0]}; they must be equal"
            )
    return None


def _cross(bound: list[Any]) -> str | None:
    a, b = map(shape_of, bound[:2])
    if len(bound) > 2 and any(axis not in (-1, None) for axis in bound[2:]):
        return None
    for name, shape in (("a", a), ("b", b)):
        if not shape or shape[-1] not in (2, 3):
            return f"of a {a} and b {b}, the last axis of {name} has not 2 or 3 elements"
    return broadcasting([("a", _of(a)), ("b", _of(b))], 1)


def _repeat(bound: list[Any]) -> str | None:
    shape, counts, axis = shape_of(bound[0]), np.shape(bound[1]), bound[2]
    if axis is not None and not -len(shape) <= axis < len(shape):
        return None
    n = math.prod(shape) if axis is None else shape[axis]
    if len(counts) != 1 or counts[0] in (1, n):
        return None
    where = "in all" if axis is None else f"along axis {axis}"
    return f"{counts[0]} repeats, and the array of shape {shape} has {n} elements {where}"


def _tensordot(bound: list[Any]) -> str | None:
    a, b, axes = shape_of(bound[0]), shape_of(bound[1]), bound[2]
    if isinstance(axes, (int, np.integer)):
        of_a, of_b = list(range(len(a) - axes, len(a))), list(range(axes))
    else:
        of_a, of_b = [np.atleast_1d(part).tolist() for part in axes]
    if len(of_a) != len(of_b):
        return f"{len(of_a)} axes of a and {len(of_b)} of b; they go in pairs"
    if isinstance(axes, (int, np.integer)) and axes > min(len(a), len(b)):
        return f"a {a} and b {b} do not have {axes} axes each to add up"
    for i, j in zip(of_a, of_b, strict=True):
        if not (-len(a) <= i < len(a) and -len(b) <= j < len(b)):
            return f"a {a} and b {b} have no axes {i} and {j} to add up"
        if a[i] != b[j]:
            return (
                f"a {a} and b {b} do not fit: axis {i % len(a)} of a is {a[i]} and axis "
                f"{j % len(b)} of b is {b[j]}; they are added up together and must be equal"
            )
    return None


def _einsum(bound: list[Any]) -> str | None:
    subscripts, *operands = bound[0]
    if not isinstance(subscripts, str):
        return None
    inputs = subscripts.replace(" ", "").split("->")[0].split(",")
    if len(inputs) != len(operands):
        return f"{subscripts!r} is for {len(inputs)} operands, not {len(operands)}"
    seen: dict[str, tuple[int, int, int]] = {}
    for number, (letters, operand) in enumerate(zip(inputs, operands, strict=True)):
        shape = shape_of(operand)
        before, dots, after = letters.partition("...")
        if len(before + after) > len(shape) or (not dots and len(letters) != len(shape)):
            return (
                f"{letters!r} names {len(before + after)} axes, and operand {number} has "
                f"shape {shape}"
            )
        places = [*enumerate(before), *enumerate(after, len(shape) - len(after))]
        for axis, letter in places:
            length = shape[axis]
            other = seen.get(letter)
            if other and other[0] != length and 1 not in (other[0], length):
                return (
                    f"{subscripts!r} of shapes {', '.join(str(shape_of(x)) for x in operands)}: "
                    f"{letter!r} is {other[0]} in operand {other[1]} (axis {other[2]}) and "
                    f"{length} in operand {number} (axis {axis})"
                )
            if other is None or other[0] == 1:
                seen[letter] = length, number, axis
    return _ellipses(inputs, operands)


def _ellipses(inputs: list[str], operands: list[Any]) -> str | None:
    """What the dots stand for is broadcast."""
    parts: list[tuple[str, Any]] = []
    for number, (letters, operand) in enumerate(zip(inputs, operands, strict=True)):
        before, dots, after = letters.partition("...")
        shape = shape_of(operand)
        if dots:
            rest = shape[len(before) : len(shape) - len(after)]
            parts.append((f"operand {number}", _of(rest)))
    told = broadcasting(parts)
    return told and f"the axes that the dots stand for: {told}"


def _reshape(bound: list[Any]) -> str | None:
    shape, target = shape_of(bound[0]), bound[1]
    target = (target,) if isinstance(target, (int, np.integer)) else tuple(target)
    size = int(np.prod(shape, dtype=int))
    known = int(np.prod([n for n in target if n != -1], dtype=int))
    if target.count(-1) == 1 and (known == 0 or size % known):
        return f"an array of shape {shape} has {size} elements, no multiple of {known} for {target}"
    if -1 not in target and known != size:
        return f"an array of shape {shape} has {size} elements, and shape {target} has {known}"
    return None


def _broadcast_to(bound: list[Any]) -> str | None:
    shape, target = shape_of(bound[0]), bound[1]
    target = (target,) if isinstance(target, (int, np.integer)) else tuple(target)
    if len(shape) > len(target):
        return f"shape {shape} has more axes than {target}, to which it should be broadcast"
    for back in range(1, len(shape) + 1):
        if shape[-back] not in (1, target[-back]):
            return (
                f"shape {shape} does not broadcast to {target}: axis {len(shape) - back} is "
                f"{shape[-back]}, not 1 or {target[-back]}"
            )
    return None


def _pad(bound: list[Any]) -> str | None:
    shape, width = shape_of(bound[0]), np.shape(bound[1])
    if len(width) == 2 and width[0] not in (1, len(shape)):
        return f"{width[0]} pairs of widths for an array of shape {shape}; give one pair an axis"
    return None


def _axes(bound: list[Any]) -> str | None:
    shape, axes = shape_of(bound[0]), bound[1]
    if axes is not None and len(axes) != len(shape):
        return f"{len(axes)} axes, {tuple(axes)}, for an array of shape {shape}; name each one once"
    return None


TELLING: dict[Any, Telling] = {
    np.concatenate: _joining(lambda bound: bound[1] if len(bound) > 1 else 0),
    np.stack: _joining(lambda bound: None),
    np.dstack: _dstacked,
    np.column_stack: _column_stacked,
    np.hstack: _joining(_columns),
    np.vstack: _vstacked,
    np.tensordot: _tensordot,
    np.vdot: _vdot,
    np.inner: _inner,
    np.linalg.multi_dot: _multi_dot,
    np.cross: _cross,
    np.repeat: _repeat,
    np.einsum: _einsum,
    np.reshape: _reshape,
    np.broadcast_to: _broadcast_to,
    np.pad: _pad,
    np.transpose: _axes,
}
