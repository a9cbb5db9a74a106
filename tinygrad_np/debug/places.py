"""Find the line of the user's own program: not in this package, not in NumPy or SciPy.

`here` looks outwards through the frames for the first one that belongs to the user, and keeps only
its code and its instruction, so that no frame, and nothing in one, is kept alive. What is read from
that (the line, its text) is read when somebody wants to know. An interpreter without frames has no
places: messages are plainer, and all else is as ever.

>>> place = here(0)
>>> text(place).splitlines()[1].strip()
'place = here(0)'
"""

from __future__ import annotations

import functools
import itertools
import os
import sys
from types import CodeType
from typing import Any

import numpy as np

from ..answers import EXPLAINED

Place = tuple[CodeType, int, CodeType | None]
"""A user's code, the instruction in it, and the code of ours that this called (None: NumPy's)."""

PACKAGE = __name__.partition(".")[0]
_OURS = os.path.dirname(os.path.dirname(os.path.abspath(__file__))) + os.sep
_NUMPY = os.path.dirname(os.path.abspath(np.__file__)) + os.sep
_SCIPY = os.path.join(os.path.dirname(os.path.dirname(_NUMPY)), "scipy") + os.sep
_LIBRARY = os.path.dirname(os.path.abspath(os.__file__)) + os.sep
_INSTALLED = (os.path.join(_LIBRARY, "site-packages"), os.path.join(_LIBRARY, "dist-packages"))


@functools.cache
def is_users_file(name: str) -> bool:
    """Whether a file, by the name that its code has, is the user's."""
    is_library = name.startswith(_LIBRARY) and not name.startswith(_INSTALLED)
    theirs = (_OURS, "<tinygrad_np>", _NUMPY, _SCIPY, "<frozen ", "<__array_function__")
    return not (is_library or name.startswith(theirs))


_frame_of = getattr(sys, "_getframe", None)  # which an interpreter need not have

Again = tuple[CodeType, Place | None]
"""What computes something for a second time, and the place where it was computed first."""


def here(depth: int = 1, again: Again | None = None) -> Place | None:
    """The place in the user's program that the caller (or one `depth` calls further out) runs for.

    None where no frame is the user's, or there are none. Frames further out than that of the code
    of `again` call for a derivative, say: they are not looked at, and its place is the answer.
    """
    end, place = again or (None, None)
    if _frame_of is None:
        return place
    frame: Any = _frame_of(depth + 1)
    inner = None
    while frame is not None:
        code = frame.f_code
        if is_users_file(code.co_filename):
            return code, frame.f_lasti, inner
        if code is end:
            return place
        if code.co_filename != EXPLAINED:
            inner = code
        frame = frame.f_back
    return None


def file_and_line(place: Place) -> tuple[str, int]:
    """The file and the line, counted from 1."""
    return place[0].co_filename, _span(place)[0]


_LAYERS = tuple([f"{os.sep}{name}.py" for name in ("layers", "losses", "network")])


def library_function(place: Place | None) -> str | None:
    """The name of the layer or loss of ours that the user called there, if it was one.

    >>> library_function(here(0)) is None
    True
    """
    entry = place[2] if place else None
    if entry is None or not entry.co_filename.endswith(_LAYERS):
        return None
    return f"tinygrad_np.{entry.co_name}"


def text(place: Place | None) -> str:
    """File, line, function and source text, as Python writes them in a traceback."""
    import linecache  # which only those need who have an error

    if place is None:
        return '  File "?": no line of the user\'s program was found'
    file, line = file_and_line(place)
    name = place[0].co_name
    head = f'  File "{file}", line {line}' + ("" if name == "<module>" else f", in {name}")
    source, part = linecache.getline(file, line), segment(place)
    if not source.strip():
        return head
    lines = [head, f"    {source.strip()}"]
    if part and "\n" not in part and part.strip() != source.strip():
        before = source.encode()[: _span(place)[2]].decode().lstrip()
        lines.append(" " * (4 + len(before)) + "^" * len(part))
    return "\n".join(lines)


def segment(place: Place) -> str:
    """The text that the instruction is made from; empty where there is none to read."""
    import linecache

    line, last, start, stop = _span(place)
    if last is None or start is None or stop is None:
        return ""
    numbers = range(line, last + 1)
    rows = [linecache.getline(place[0].co_filename, number).encode() for number in numbers]
    rows[-1] = rows[-1][:stop]  # the positions count bytes of UTF-8
    rows[0] = rows[0][start:]
    return b"".join(rows).decode()


def _span(place: Place) -> tuple[int, int | None, int | None, int | None]:
    """First line, last line, first and last column of the instruction."""
    code, instruction, _ = place
    # an instruction in CPython takes two bytes
    positions = itertools.islice(code.co_positions(), max(instruction, 0) // 2, None)
    line, last, start, stop = next(positions, (None, None, None, None))
    return line or code.co_firstlineno, last, start, stop
