"""Find arrays that were written into between a call and its derivative.

An operation may keep arrays that the caller can still write into. `marks_of` a node is a
fingerprint for each of them, and `check_marks` looks, before a rule is called, whether they are
what they were. `Repeated` does it for a user's function that is called again for its derivatives.
"""

from __future__ import annotations

import binascii
from typing import Any

import numpy as np

from ..core.tensor import value_of
from . import places
from .cases import record_of
from .errors import ChangedArrayError


def marks_of(node: Any) -> list[int] | None:
    """A mark of each array that the node keeps and that may be the caller's."""
    return [fingerprint(x) for x in _the_callers(node)] or None


def check_marks(node: Any) -> None:
    """Raise `ChangedArrayError` if an array that the node keeps is not what it was."""
    record = record_of(node)
    for x, mark in zip(_the_callers(node), record.marks, strict=True) if record.marks else ():
        if fingerprint(x) == mark:
            continue
        row = node.plan.row
        names = [
            name
            for name, operand in zip(row.names, record.known[1:], strict=False)
            if operand is x or (isinstance(operand, list) and any(item is x for item in operand))
        ]
        name = f"its operand {names[0]!r}" if names else "an operand"
        what = f", {x.dtype} {x.shape}," if type(x) is np.ndarray else ""
        raise ChangedArrayError(
            f"{row.name}: {name}{what} was written into between the call and the reverse sweep, "
            f"which would give a wrong gradient; the function was called here:\n"
            f"{places.text(record.place)}\n"
            "  Put a new array in its place (buffer = values, not buffer[:] = values), or give the "
            "function a copy: buffer.copy()"
        )


def _the_callers(node: Any) -> list[Any]:
    """Of the arrays that a node keeps, those that the caller may be able to write into."""
    plan, kept = node.plan, node.all_residuals
    ours = [i for i, _ in plan.values]
    theirs = [x for i, x in enumerate(kept) if i not in ours]
    found = [x for x in theirs if type(x) in (np.ndarray, list, tuple)]
    for i, slot in plan.values:
        if type(slot) is int:
            if getattr(node.all_parents[slot], "plan", plan) is None:
                found.append(kept[i])  # a transform's variable is the caller's own array
        elif type(slot) is slice:
            pairs = zip(kept[i], node.all_parents[slot], strict=True)
            found += [x for x, parent in pairs if parent is None and type(x) is np.ndarray]
    return found


def fingerprint(x: Any) -> int:
    """A number that changes with any element, of an array or of the arrays in a list or tuple.

    >>> a = np.arange(3.0)
    >>> before = fingerprint(a)
    >>> a[1] = 5
    >>> fingerprint(a) == before
    False
    """
    if type(x) is not np.ndarray:
        return hash(tuple(map(fingerprint, x))) if isinstance(x, (list, tuple)) else hash(repr(x))
    if x.dtype.hasobject:
        return 0
    base = x.base
    while base is not None:
        if type(base) is np.ndarray and base.nbytes < x.nbytes:
            x = base  # windows: what they share is smaller than they are
        base = getattr(base, "base", None)
    if not x.flags.c_contiguous:
        # In the order of its memory it may well be contiguous; the order is no part of the mark.
        x = np.ascontiguousarray(x.transpose(np.argsort([-n for n in x.strides], kind="stable")))
    flat = x.reshape(-1).view(np.uint8)
    if flat.size < _LARGE:
        return binascii.crc32(flat)
    # Sums of columns of words, faster than a checksum of them all. Elements that change places do
    # not change those of one width if they are multiples of it apart, as whole rows of an array may
    # be; but not of all three widths.
    mark = binascii.crc32(flat[-8 * max(_WIDTHS) :])
    for width in _WIDTHS:
        words = flat[: flat.size // (8 * width) * 8 * width].view(np.uint64).reshape(-1, width)
        mark = binascii.crc32(np.add.reduce(words, 0), mark)
    return mark


_LARGE = 1 << 15  # bytes
_WIDTHS = (512, 509, 503)  # words, 1 GB for a multiple of them all


class Repeated:
    """What debug mode keeps of a call of a user's function that is to be called again.

    It does not give the same if an array that it uses was written into, or if it draws random
    numbers.
    """

    def __init__(self, name: str, place: places.Place | None) -> None:
        self.name = name
        self.place = place

    def keep(self, constants: list[Any], results: list[Any]) -> None:
        """Note what the first call was given beside Tensors, and what it gave."""
        self.constants = constants
        self.marks = [fingerprint(x) if type(x) is np.ndarray else None for x in constants]
        self.results = results

    def check(self, found: list[Any]) -> None:
        """Raise `ChangedArrayError` if what was computed again is not what it was."""
        for x, mark in zip(self.constants, self.marks, strict=True):
            if mark is not None and fingerprint(x) != mark:
                raise self._error("an argument of it was written into")
        if not all(map(_is_close, self.results, found)):
            what = "an array that it uses was written into, or it draws random numbers"
            raise self._error(what)

    def _error(self, what: str) -> ChangedArrayError:
        return ChangedArrayError(
            f"remat: {self.name} gave another result when it was computed again for a derivative, "
            f"which would be wrong: {what} since; it was called here:\n{places.text(self.place)}\n"
            "  Give it copies, buffer.copy(), or draw outside of it, and pass what was drawn"
        )


def _is_close(before: Any, now: Any) -> bool:
    """Up to rounding: another kernel may have been chosen for Tensors."""
    now = np.asarray(value_of(now))
    if before.shape != now.shape or before.dtype.kind not in "fc":
        return np.array_equal(before, now)
    largest = np.max(np.abs(before), initial=0, where=np.isfinite(before))
    near = float(largest) * float(np.finfo(before.dtype).eps) ** 0.5
    return np.allclose(before, now, rtol=0, atol=near, equal_nan=True)
