"""A user's function that is called again for its derivatives: does it give the same?

It does not if an array that it uses was written into, or if it draws random numbers.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from ..tensor import value_of
from . import places
from .errors import ChangedArrayError
from .marks import fingerprint


class Repeated:
    """What debug mode keeps of such a call: its place, its results, and marks of the constants."""

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
                raise ChangedArrayError(self._told("an argument of it was written into"))
        if not all(map(_is_close, self.results, found)):
            what = "an array that it uses was written into, or it draws random numbers"
            raise ChangedArrayError(self._told(what))

    def _told(self, what: str) -> str:
        return (
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
