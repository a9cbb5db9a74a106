"""Name the function that a Tensor was given to, and that would make an array or number of it.

Frames tell a function of NumPy or SciPy that is written in Python. One in C has none: then the text
of the line does that calls it, where there is one. Nothing but messages depends on it.
"""

from __future__ import annotations

import ast
import builtins
import opcode
import sys
from types import ModuleType
from typing import Any, NamedTuple

import numpy as np

from . import places


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
    while frame is not None and not places.is_users_file(frame.f_code.co_filename):
        inside.append(frame)
        frame = frame.f_back
    inwards = [_of_frame(step) for step in reversed(inside)]
    if not inwards or inwards[0] is None:
        inwards.insert(0, _of_text(frame, not inside))
    return next(filter(None, inwards), None)


# By frames


def _of_frame(frame: Any) -> Called | None:
    """The public function whose code a frame of a library runs."""
    module, code = frame.f_globals.get("__name__", ""), frame.f_code
    owner, _, name = code.co_qualname.rpartition(".")
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
    if parts[0] == places.PACKAGE:
        part = ".".join(parts[:2])
        if name in getattr(sys.modules.get(part), "__dict__", ()) and parts[1:2] == ["viz"]:
            return None if name.startswith("_") else f"tg.viz.{name}"
        return f"tg.{name}" if name in vars(sys.modules[places.PACKAGE]) else None
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


# By the text


def _of_text(frame: Any, is_method: bool) -> Called | None:
    """What the instruction that a frame has come to does, by the text that it is made from.

    Where it calls what cannot be told by name, that `is_method` at most, such as an array's.
    """
    if frame is None:
        return None
    text = places.segment((frame.f_code, frame.f_lasti, None))
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
