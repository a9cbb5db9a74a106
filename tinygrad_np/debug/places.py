"""Find the line of the user's own program, and the function of a library that it calls there.

`here` looks outwards through the frames for the first one that belongs to the user, and keeps only
its code and its instruction, so that no frame, and nothing in one, is kept alive. What is read from
that (the line, its text) is read when somebody wants to know. An interpreter without frames has no
places: messages are plainer, and all else is as ever.

`called` names the function that a Tensor was given to, and that would make an array or number of
it. Frames tell one of NumPy or SciPy that is written in Python. One in C has none: then the text of
the line does that calls it, where there is one.

>>> place = here(0)
>>> text(place).splitlines()[1].strip()
'place = here(0)'
"""

from __future__ import annotations

import ast
import builtins
import functools
import itertools
import opcode
import os
import sys
from types import CodeType, ModuleType
from typing import Any, NamedTuple

import numpy as np

from ..answers import EXPLAINED
from ..core.dispatch import name_of

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
    """The name of the layer or loss of ours that the user called there, if it was one."""
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


# The function that it calls


class Called(NamedTuple):
    """A function, a method or an operation that was given a Tensor."""

    name: str
    """as the table of names has it: np.array, scipy.linalg.inv, math.sin, float, dot, %, =, []"""
    shown: str
    """as the program has it, or the same"""


def called(depth: int = 1) -> Called | None:
    """What the caller, or one `depth` calls further out, is asked by; None where nobody can tell.

    >>> import math
    >>> class Asked:
    ...     def __float__(self):
    ...         print(called())
    ...         return 0.0
    >>> _ = math.sin(Asked())
    Called(name='math.sin', shown='math.sin')
    """
    frame: Any = sys._getframe(depth + 1) if hasattr(sys, "_getframe") else None
    inside = []
    while frame is not None and not is_users_file(frame.f_code.co_filename):
        inside.append(frame)
        frame = frame.f_back
    inwards = [_of_frame(step) for step in reversed(inside)]
    if not inwards or inwards[0] is None:
        inwards.insert(0, _of_text(frame, not inside))
    return next(filter(None, inwards), None)


def _of_frame(frame: Any) -> Called | None:
    """The public function whose code a frame of a library runs."""
    module, code = frame.f_globals.get("__name__", ""), frame.f_code
    owner, _, name = code.co_qualname.rpartition(".")
    if module == f"{PACKAGE}.scipy.mirror" and "function" in frame.f_locals:
        # SciPy's function by its name here: what is told of it there led to this call.
        shown = name_of(frame.f_locals["function"])
        return Called(f"{PACKAGE}.{shown}", shown)
    found = None
    if not owner:
        found = _public(module, name)
    elif owner == "Tensor" and name != "__init__":  # NumPy's protocols, or an operator
        found = _named(frame.f_locals.get("function", frame.f_locals.get("ufunc")))
    elif "<locals>" not in owner and code.co_argcount:
        of = frame.f_locals.get(code.co_varnames[0])
        places_of = (_name_of(module, of), owner, type(of).__name__)
        found = next(filter(None, [_public(module, place) for place in places_of]), None)
        if found is not None and not name.startswith("__"):
            found = f"{found}.{name}"
    return None if found is None else Called(found, found)


def _named(function: Any) -> str | None:
    """The name by which a program reaches a function, if it can."""
    module, name = getattr(function, "__module__", None), getattr(function, "__name__", None)
    if isinstance(function, np.ufunc):
        module = "numpy"
    if not (callable(function) and isinstance(module, str) and isinstance(name, str)):
        return None
    return f"math.{name}" if module == "math" else _public(module, name)


def _public(module: str, name: str) -> str | None:
    """The name by which a program reaches what a module has under `name`, if it can."""
    parts = module.split(".")
    if parts[0] == "builtins":
        return name
    if parts[0] == PACKAGE:
        part = ".".join(parts[:2])
        if name in getattr(sys.modules.get(part), "__dict__", ()) and parts[1:2] == ["viz"]:
            return None if name.startswith("_") else f"tg.viz.{name}"
        return f"tg.{name}" if name in vars(sys.modules[PACKAGE]) else None
    for end in range(len(parts), 0, -1):
        path = ".".join(parts[:end])
        is_hidden = any(part.startswith("_") for part in parts[:end])
        if not is_hidden and name in getattr(sys.modules.get(path), "__dict__", ()):
            return ".".join(["np" if parts[0] == "numpy" else parts[0], *parts[1:end], name])
    return None


def _name_of(module: str, thing: Any) -> str:
    """The name of an object that SciPy has made, such as a distribution."""
    holder = getattr(sys.modules.get(".".join(module.split(".")[:2])), "__dict__", {})
    names = [name for name, value in holder.items() if value is thing and thing is not None]
    name = [*names, getattr(thing, "name", "")][0]
    return name if isinstance(name, str) else ""


def _of_text(frame: Any, is_method: bool) -> Called | None:
    """What the instruction that a frame has come to does, by the text that it is made from.

    Where it calls what cannot be told by name, that `is_method` at most, such as an array's.
    """
    if frame is None:
        return None
    text = segment((frame.f_code, frame.f_lasti, None))
    try:
        tree = ast.parse(text.strip(), mode="eval").body
    except (SyntaxError, ValueError):
        return None
    if isinstance(tree, ast.BinOp) and isinstance(tree.op, ast.Mod):
        return Called("%", '"…" % t')
    if isinstance(tree, ast.Subscript):
        instruction = opcode.opname[frame.f_code.co_code[frame.f_lasti]]
        for name in ("r_", "c_", "mgrid", "ogrid"):  # which make arrays of what stands in []
            if _looked_up(tree.value, frame) is getattr(np, name):
                return Called(f"np.{name}", f"np.{name}")
        is_written = instruction.startswith("STORE")
        return Called("=", f"{text} = t") if is_written else Called("[]", text)
    if not isinstance(tree, ast.Call):
        return None
    shown = ast.unparse(tree.func)
    found = _named(_looked_up(tree.func, frame))
    if found is not None:
        return Called(found, found)
    if is_method and isinstance(tree.func, ast.Attribute):
        return Called(tree.func.attr, shown)
    return None


def _looked_up(expression: ast.expr, frame: Any) -> Any:
    """What a name, or one in a module, stands for; nothing is called for that."""
    if isinstance(expression, ast.Name):
        for names in (frame.f_locals, frame.f_globals, vars(builtins)):
            if expression.id in names:
                return names[expression.id]
    if isinstance(expression, ast.Attribute):
        holder = _looked_up(expression.value, frame)
        if isinstance(holder, ModuleType):
            return vars(holder).get(expression.attr)
    return None
