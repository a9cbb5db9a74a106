"""Arrays that the caller can still write into: what an operation keeps of them has a mark.

`marks_of` a node is a fingerprint for each such array, and `check_marks` looks, before a rule is
called, whether they are what they were.
"""

from __future__ import annotations

import binascii
from typing import Any

import numpy as np

from . import places
from .cases import record_of
from .errors import ChangedArrayError


def marks_of(node: Any) -> list[tuple[Any, int]] | None:
    """Each array that the node keeps and that may be the caller's, by its place, and its mark."""
    kept = node.all_residuals
    if not kept:
        return None
    plan = node.plan
    marks = [(i, fingerprint(kept[i])) for i in plan.constants if type(kept[i]) in _WRITTEN]
    for i, slot in plan.values:
        if type(slot) is int:
            # A transform's variable is the caller's own array.
            parent = node.all_parents[slot]
            if getattr(parent, "plan", parent) is None:
                marks.append((i, fingerprint(kept[i])))
        elif type(slot) is slice:
            pairs = zip(kept[i], node.all_parents[slot], strict=True)
            for j, (value, parent) in enumerate(pairs):
                if parent is None and type(value) is np.ndarray:
                    marks.append(((i, j), fingerprint(value)))
    return marks


_WRITTEN = (np.ndarray, list, tuple)


def check_marks(node: Any) -> None:
    """Raise `ChangedArrayError` if an array that the node keeps is not what it was."""
    for spot, mark in record_of(node).marks or ():
        value = (
            node.all_residuals[spot[0]][spot[1]]
            if type(spot) is tuple
            else node.all_residuals[spot]
        )
        if fingerprint(value) != mark:
            raise ChangedArrayError(_changed(node, spot, value))


def _changed(node: Any, spot: Any, value: Any) -> str:
    row = node.plan.row
    names = [
        name
        for name, operand in zip(row.names, node.record.known[1:], strict=False)
        if operand is value or (isinstance(operand, list) and any(x is value for x in operand))
    ]
    name = f"its operand {names[0]!r}" if names else "an operand"
    what = f", {value.dtype} {value.shape}," if type(value) is np.ndarray else ""
    return (
        f"{row.name}: {name}{what} was written into between the call and the reverse sweep, which "
        f"would give a wrong gradient; the function was called here:\n"
        f"{places.text(node.record.place)}\n"
        "  Put a new array in its place (buffer = values, not buffer[:] = values), or give the "
        "function a copy: buffer.copy()"
    )


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
