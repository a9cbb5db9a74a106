"""One operation that turned finite numbers into nan or inf, as far as it is known, and its arrays.

`described` says what an array is like, and `element` which of its elements meets one of the result.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from .places import Place


class Case(NamedTuple):
    """One operation that did it."""

    row: Any
    mode: str
    """what was computed: "value", "vjp" or "jvp"; "sum", "tangents" or "grad", where it was the sum
    of what the rules gave; or "constant", where it came in with one"""
    place: Place | None
    within: tuple[str, ...]
    node: Any
    names: tuple[str, ...]
    operands: tuple[Any, ...]
    answer: Any
    """the operation's value"""
    cotangent: Any
    """what its rule was given, or None"""
    result: Any
    spot: tuple[int, ...]
    """where the first bad element of the result is"""
    number: int
    """how many are bad"""
    wanted: str
    """the operand by which the derivative was taken, or "" """
    giver: Any
    """the row whose rule gave the cotangent, or None"""
    uses: tuple[Any, ...] = ()
    """of a sum of cotangents: the places that called the functions whose rules gave the parts"""


def described(x: Any, index: tuple[int, ...]) -> str:
    """dtype, shape, range, the element at `index` and the first that is not finite.

    >>> described(np.array([0.0, 2.0]), (1,))
    'float64 (2,), from 0.0 to 2.0; 2.0 at (1,)'
    >>> described(np.array([1.0, np.inf]), (1,))
    'float64 (2,), 1 of 2 not finite, the first at (1,): inf; the others from 1.0 to 1.0'
    """
    if not isinstance(x, (np.ndarray, np.generic)):
        return repr(x)
    x = np.asarray(x)
    parts = f"{x.dtype} {x.shape}"
    if x.dtype.kind not in "biufc" or x.size == 0:
        return parts
    finite = np.isfinite(x)
    if not finite.all():
        place = first(~finite)
        bad = f"{x.size - finite.sum()} of {x.size} not finite, the first at {place}: {x[place]}"
        rest = f"; the others {_range(x[finite])}" if finite.any() else ""
        return f"{parts}, {bad}{rest}"
    here = _aligned(x.shape, index)
    there = "" if here is None or x.size == 1 else f"; {x[here]} at {here}"
    return f"{parts}, {_range(x)}{there}"


def first(mask: Any) -> tuple[int, ...]:
    """The index of the first element that is true.

    >>> first(np.array([[False, False], [True, True]]))
    (1, 0)
    """
    return tuple(int(i) for i in np.unravel_index(int(np.argmax(mask)), np.shape(mask)))


def element(x: Any, index: tuple[int, ...]) -> Any:
    """The element of an operand that meets the result's element at `index`, or None.

    >>> element(np.array([[3.0, 4.0]]), (5, 1)), element(np.ones(2), (5,))
    (np.float64(4.0), None)
    """
    if not isinstance(x, (np.ndarray, np.generic, int, float, complex)):
        return None
    here = _aligned(np.shape(x), index)
    return None if here is None else np.asarray(x)[here]


def _aligned(shape: tuple[int, ...], index: tuple[int, ...]) -> tuple[int, ...] | None:
    """Where broadcasting takes the element at `index` of the result from; None: it cannot be."""
    if len(shape) > len(index):
        return None
    inner = index[len(index) - len(shape) :]
    if any(n != 1 and i >= n for n, i in zip(shape, inner, strict=True)):
        return None
    return tuple(0 if n == 1 else i for n, i in zip(shape, inner, strict=True))


def _range(x: Any) -> str:
    if x.dtype.kind == "c":
        return f"magnitudes from {np.abs(x).min()} to {np.abs(x).max()}"
    return f"from {x.min()} to {x.max()}"
