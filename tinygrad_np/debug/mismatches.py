"""Explain shape mismatches: which axes of a function's arguments disagree.

`broadcasting` is for functions that broadcast, `core_dimensions` for products of matrices and their
kind, and `EXPLAINERS` has others by function. Each gives a sentence with the shapes and the axis,
or None where it is something else that is wrong.

>>> broadcasting([("x", (2, 3)), ("y", (4,))]).partition(":")[0]
'x (2, 3) and y (4,) do not broadcast'
"""

from __future__ import annotations

import itertools
import math
import re
from collections.abc import Callable
from typing import Any

import numpy as np

Shape = tuple[int, ...]
Explainer = Callable[[list[Any]], str | None]
"""(arguments, one a parameter) → what disagrees, or None"""


def shape_of(x: Any) -> Shape:
    """The shape of an array, a Tensor, a number or a list."""
    return tuple(x.shape) if hasattr(x, "shape") else np.shape(x)


def broadcasting(operands: list[tuple[str, Shape]], core: int = 0) -> str | None:
    """The last axis along which lengths differ, and none of them is 1.

    The last `core` axes are not broadcast: those of the matrices that are multiplied.
    """
    most = max([len(shape) for _, shape in operands], default=0)
    for axis in range(-1 - core, -1 - most, -1):
        there = [(name, s) for name, s in operands if len(s) >= -axis and s[axis] != 1]
        for name, shape in there:
            other, larger = there[0]
            if shape[axis] != larger[axis]:
                listed = " and ".join([f"{n} {s}" for n, s in operands if s])
                return (
                    f"{listed} do not broadcast: axis {axis} is {larger[axis]} in {other} "
                    f"(axis {len(larger) + axis}) and {shape[axis]} in {name} "
                    f"(axis {len(shape) + axis}); along an axis, lengths are equal or 1"
                )
    return None


def core_dimensions(operands: list[tuple[str, Shape]], signature: str) -> str | None:
    """The axes that have the same letter in a signature, and not the same length.

    >>> core_dimensions([("x", (2, 3)), ("y", (4,))], "(n?,k),(k,m?)->(n?,m?)")
    'x (2, 3) and y (4,) do not fit: axis 1 of x is 3 and axis 0 of y is 4; they must be equal'
    """
    parts = re.findall(r"\((.*?)\)", signature.split("->")[0])
    inputs = [re.findall(r"\w+\??", part) for part in parts]
    if len(inputs) != len(operands):
        return None
    seen: dict[str, tuple[str, Shape, int]] = {}
    for (name, shape), letters in zip(operands, inputs, strict=True):
        needed = [letter for letter in letters if not letter.endswith("?")]
        if len(shape) < len(needed):
            return f"{name} has shape {shape}, and must have at least {len(needed)} axes"
        if len(shape) < len(letters):
            letters = needed  # those with "?" may be left out
        for axis, letter in enumerate(letters, len(shape) - len(letters)):
            first = seen.setdefault(letter.rstrip("?"), (name, shape, axis))
            told = _unequal(*first, name, shape, axis)
            if told:
                return told
    return None


def _unequal(one: str, first: Shape, i: int, two: str, second: Shape, j: int) -> str | None:
    if first[i] == second[j]:
        return None
    return (
        f"{one} {first} and {two} {second} do not fit: axis {i % len(first)} of {one} is "
        f"{first[i]} and axis {j % len(second)} of {two} is {second[j]}; they must be equal"
    )


# By function


def _product(signature: str) -> Explainer:
    """Of the two operands of a product that is no ufunc, by what would be its signature."""

    def explain(bound: list[Any]) -> str | None:
        return core_dimensions([("a", shape_of(bound[0])), ("b", shape_of(bound[1]))], signature)

    return explain


def _multi_dot(bound: list[Any]) -> str | None:
    arrays = [(f"arrays[{i}]", shape_of(x)) for i, x in enumerate(bound[0])]
    told = [core_dimensions(list(pair), "(k),(k,m?)") for pair in itertools.pairwise(arrays)]
    return next(filter(None, told), None)


def _vdot(bound: list[Any]) -> str | None:
    a, b = map(shape_of, bound)
    n, m = math.prod(a), math.prod(b)
    told = f"a {a} has {n} elements and b {b} has {m}; flattened, they must have as many"
    return told if n != m else None


def _tensordot(bound: list[Any]) -> str | None:
    a, b, axes = shape_of(bound[0]), shape_of(bound[1]), bound[2]
    if isinstance(axes, (int, np.integer)):
        of_a, of_b = list(range(-axes, 0)), list(range(axes))
    else:
        of_a, of_b = [np.atleast_1d(part).tolist() for part in axes]
    if len(of_a) != len(of_b):
        return f"{len(of_a)} axes of a and {len(of_b)} of b; they go in pairs"
    for i, j in zip(of_a, of_b, strict=True):
        if not (-len(a) <= i < len(a) and -len(b) <= j < len(b)):
            return f"there is no axis {i} of a {a}, or no axis {j} of b {b}, to sum over"
        told = _unequal("a", a, i, "b", b, j)
        if told:
            return told
    return None


def _einsum(bound: list[Any]) -> str | None:
    subscripts, *operands = bound[0]
    if not isinstance(subscripts, str):
        return None
    inputs = subscripts.replace(" ", "").split("->")[0].split(",")
    if len(inputs) != len(operands):
        return f"{subscripts!r} is for {len(inputs)} operands, not {len(operands)}"
    shapes = [shape_of(x) for x in operands]
    seen: dict[Any, tuple[int, int, int]] = {}
    for number, (letters, shape) in enumerate(zip(inputs, shapes, strict=True)):
        before, dots, after = letters.partition("...")
        rest = len(shape) - len(before + after)
        if rest < 0 or (rest and not dots):
            return (
                f"{letters!r} names {len(before + after)} axes, and operand {number} has "
                f"shape {shape}"
            )
        of_dots = [("...", back) for back in range(rest, 0, -1)]  # which are broadcast
        for axis, label in enumerate([*before, *of_dots, *after]):
            n, other, place = seen.get(label, (1, 0, 0))
            if n == 1:
                seen[label] = shape[axis], number, axis
            elif shape[axis] not in (1, n):
                return (
                    f"{subscripts!r} of shapes {', '.join(map(str, shapes))}: {label[0]!r} is {n} "
                    f"in operand {other} (axis {place}) and {shape[axis]} in operand {number} "
                    f"(axis {axis})"
                )
    return None


def _lengths(shape: Any) -> Shape:
    return tuple(np.atleast_1d(shape).tolist())


def _reshape(bound: list[Any]) -> str | None:
    shape, target = shape_of(bound[0]), _lengths(bound[1])
    size, known = math.prod(shape), math.prod([n for n in target if n != -1])
    if target.count(-1) == 1 and (known == 0 or size % known):
        return f"an array of shape {shape} has {size} elements, no multiple of {known} for {target}"
    if -1 not in target and known != size:
        return f"an array of shape {shape} has {size} elements, and shape {target} has {known}"
    return None


def _broadcast_to(bound: list[Any]) -> str | None:
    shape, target = shape_of(bound[0]), _lengths(bound[1])
    if len(shape) > len(target):
        return f"shape {shape} has more axes than {target}, to which it should be broadcast"
    for axis, (n, m) in enumerate(zip(shape, target[len(target) - len(shape) :], strict=True)):
        if n not in (1, m):
            return f"shape {shape} does not broadcast to {target}: axis {axis} is {n}, not 1 or {m}"
    return None


def _repeat(bound: list[Any]) -> str | None:
    shape, counts, axis = shape_of(bound[0]), np.shape(bound[1]), bound[2]
    n = math.prod(shape) if axis is None else shape[axis]
    if len(counts) != 1 or counts[0] in (1, n):
        return None
    where = "in all" if axis is None else f"along axis {axis}"
    return f"{counts[0]} repeats, and the array of shape {shape} has {n} elements {where}"


def _pad(bound: list[Any]) -> str | None:
    shape, width = shape_of(bound[0]), np.shape(bound[1])
    if len(width) == 2 and width[0] not in (1, len(shape)):
        return f"{width[0]} pairs of widths for an array of shape {shape}; give one pair an axis"
    return None


def _transpose(bound: list[Any]) -> str | None:
    shape, axes = shape_of(bound[0]), bound[1]
    if axes is not None and len(axes) != len(shape):
        return f"{len(axes)} axes, {tuple(axes)}, for an array of shape {shape}; name each one once"
    return None


EXPLAINERS: dict[Any, Explainer] = {
    np.dot: _product("(k),(k,m?)"),
    np.inner: _product("(k),(k)"),
    np.linalg.multi_dot: _multi_dot,
    np.vdot: _vdot,
    np.tensordot: _tensordot,
    np.einsum: _einsum,
    np.reshape: _reshape,
    np.broadcast_to: _broadcast_to,
    np.repeat: _repeat,
    np.pad: _pad,
    np.transpose: _transpose,
}
