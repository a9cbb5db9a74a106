"""One operation that turned finite numbers into nan or inf, as far as it is known, and its arrays.

`described` says what an array is like.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from ..kernels.scatter import index_max, index_min, index_set
from .places import Place


class Record(NamedTuple):
    """What debug mode keeps with a node."""

    place: Place | None = None
    """where the user called the operation, or made the variable"""
    within: tuple[str, ...] = ()
    """the functions that the operation was a part of, the outermost first"""
    known: Any = (None,)
    """the operation's result and its operands"""
    marks: Any = None
    """the fingerprints of what the caller could still write into (`marks`)"""


_NONE = Record()


def record_of(source: Any) -> Record:
    """The record of what made a value; an empty one, where debug mode has not seen that."""
    return getattr(getattr(source, "node", source), "record", None) or _NONE


class Case(NamedTuple):
    """One operation that did it."""

    row: Any
    """the operation's; None where a variable's cotangents were added up"""
    kind: str
    """what was computed: "value", "vjp" or "jvp"; "sum", "tangents" or "grad", where it was the sum
    of what the rules gave; or "constant", where it came in with one"""
    place: Place | None
    within: tuple[str, ...]
    node: Any
    operands: dict[str, Any]
    result: Any
    inputs: list[Any]
    """all the arrays of numbers that the result has come of"""
    cotangent: Any = None
    """what its rule was given"""
    wanted: str = ""
    """the operand by which the derivative was taken"""
    giver: Any = None
    """the row whose rule gave the cotangent"""
    uses: tuple[Any, ...] = ()
    """of a sum of cotangents: the places that called the functions whose rules gave the parts"""
    spot: tuple[int, ...] = ()
    """where the first bad element of the result is"""

    @property
    def name(self) -> str:
        """The operation's name."""
        return "a variable" if self.row is None else str(self.row.name)

    def meets(self, x: Any) -> tuple[int, ...] | None:
        """The index of the element of `x` that met the bad element of the result, or None."""
        return _aligned(np.shape(x), self.spot) if is_elementwise(self.row, self.kind) else None

    def element(self, x: Any) -> Any:
        """The element of `x` that met the bad element of the result, or None."""
        if not isinstance(x, (np.ndarray, np.generic, int, float, complex)):
            return None
        here = self.meets(x)
        return None if here is None else np.asarray(x)[here]

    def is_of_finite(self) -> bool:
        """Whether all that the bad element has come of was finite."""
        spots = [(x, self.meets(x)) for x in self.inputs]
        return all(np.isfinite(x if here is None else x[here]).all() for x, here in spots)

    def is_of_nothing(self) -> bool:
        """Whether an operand is empty."""
        return any(np.size(x) == 0 for x in self.operands.values())


def is_elementwise(row: Any, kind: str) -> bool:
    """Whether an element of the result has come of those elements alone that broadcast to it.

    A sum of what rules gave is, whatever made the value; a matrix product broadcasts, and is not.
    """
    if kind in SUMS:
        return True
    is_ufunc_of_arrays = getattr(row.function, "signature", None) is not None
    return row.broadcasts and not is_ufunc_of_arrays and row.function not in _OF_OTHER_ELEMENTS


SUMS = ("sum", "tangents", "grad")
_OF_OTHER_ELEMENTS = {np.linalg.solve, index_set, index_min, index_max}


def described(x: Any, index: tuple[int, ...] | None) -> str:
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
    there = "" if index is None or x.size == 1 else f"; {x[index]} at {index}"
    return f"{parts}, {_range(x)}{there}"


def first(mask: Any) -> tuple[int, ...]:
    """The index of the first element that is true.

    >>> first(np.array([[False, False], [True, True]]))
    (1, 0)
    """
    return tuple(int(i) for i in np.unravel_index(int(np.argmax(mask)), np.shape(mask)))


def _aligned(shape: tuple[int, ...], index: tuple[int, ...]) -> tuple[int, ...] | None:
    """Where broadcasting takes the element at `index` of the result from; None: it cannot be.

    >>> _aligned((1, 2), (5, 1)), _aligned((2,), (5,))
    ((0, 1), None)
    """
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
