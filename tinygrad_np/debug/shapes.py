"""Explain errors of an operation on Tensors: which function it was, which shapes, which axes.

NumPy's own messages name no function, or speak of "gufunc core dimensions". `reraise` says the
function, the shapes and the axes that disagree instead; for operands that were made in debug mode
also the lines that made them. An error that this package, or the user's own code, raised itself is
left as it is.
"""

from __future__ import annotations

import operator
import re
from contextlib import suppress
from typing import Any

import numpy as np

from ..answers import written
from ..core.calls import bind
from ..core.hooks import opened
from . import places
from .cases import MOST, NUMBERS, operands_of, record_of
from .mismatches import EXPLAINERS, Shape, broadcasting, core_dimensions, shape_of

Operands = dict[str, Any]


def reraise(error: Exception, row: Any, args: Any, kwargs: Any) -> None:
    """Raise a better error in place of NumPy's, if there is one."""
    try:
        better = _better_error(error, row, args, kwargs)
    except RecursionError:
        better = ValueError(
            f"{row.name}: an operand is a list nested too deep; an array has 64 axes"
        )
    if better is not None:
        try:
            raise better from None
        finally:
            del better, error  # an error in a variable of its own frame is a cycle


def with_lines(error: ValueError, operands: Operands) -> ValueError:
    """The error of a layer or loss, in debug mode with the lines that made the operands."""
    if opened:
        error.args = (f"{error}{_lines(operands)}",)
    return error


def _better_error(error: Exception, row: Any, args: Any, kwargs: Any) -> Exception | None:
    text, name = str(error), row.name
    is_numpys = "gufunc" in text  # also where it comes out of the user's own function
    if type(error).__module__.split(".")[0] not in ("builtins", "numpy"):
        return None
    if not is_numpys and _is_users(error):
        return None
    if isinstance(error, TypeError):
        is_named = re.search(rf"\b{re.escape(name.rsplit('.', 1)[-1])}\b", text)
        return None if is_named else _like(error, f"{name}: {text}")
    try:
        bound = bind(row, args, kwargs) if row.names else list(args)
    except (TypeError, ValueError):  # then that is what was said
        bound = list(args)
    operands = operands_of(row, enumerate(bound))
    ours = None if is_numpys else _OURS.match(text)
    if isinstance(error, np.exceptions.AxisError) and ours and ours[1] != name:
        ours = None  # it is the parameter that NumPy names
    explained = None
    if ours is None or row.function in EXPLAINERS:
        explained = _explained(text, row, bound, operands)
    if row.function is operator.getitem:
        name = f"t[{written(bound[1])}]"
    if explained:
        message = f"{name}: {explained}"
    elif ours is None:
        message = f"{name}: {_with_shapes(text, row, operands)}"
    elif row.kind == "composed" and ours[1] not in (row.name, None):
        message = f"{name}: {text}"  # a part of the function raised it
    else:
        message = text
    if opened and _MADE not in message:
        message += _lines(operands)
    return None if message == text else _like(error, message)


_OURS = re.compile(r"([\w.]+|t\[.*\]): |the [vj][jv]p rule ")
"""How the messages of this package begin; NumPy's do so only where they speak of a gufunc."""
_MADE = "was made here:"


def _is_users(error: Exception) -> bool:
    """Whether the error is from a function of the user's own, that this one called."""
    import traceback  # which only those need who have an error

    steps = traceback.walk_tb(error.__traceback__ and error.__traceback__.tb_next)
    return any(places.is_users_file(frame.f_code.co_filename) for frame, _ in steps)


def _like(error: Exception, message: str) -> Exception:
    try:
        return type(error)(message)
    except TypeError:
        return (TypeError if isinstance(error, TypeError) else ValueError)(message)


def _shapes(operands: Operands) -> list[tuple[str, Shape]]:
    """The names and shapes of arrays, and of lists that are no ragged ones."""
    shapes = []
    for name, x in operands.items():
        with suppress(ValueError):
            shapes += [] if type(x) in NUMBERS else [(name, shape_of(x))]
    return shapes


def _explained(text: str, row: Any, bound: list[Any], operands: Operands) -> str | None:
    """What disagrees, if that can be told."""
    shapes = _shapes(operands)
    signature = re.search(r"signature ([^ ]+)", text)
    explain = EXPLAINERS.get(row.function)
    told = None
    try:
        if explain:
            told = explain(bound)
        if told is None and signature:
            told = core_dimensions(shapes, signature[1])
        if told is None and row.broadcasts and "broadcast" in text:
            told = broadcasting(shapes, 2 if row.function is np.matmul else 0)
    except (TypeError, ValueError, IndexError):
        pass  # arguments that are stranger than a shape that does not fit
    return told


def _with_shapes(text: str, row: Any, operands: Operands) -> str:
    """NumPy's own words, with the shapes of the operands."""
    text = re.sub(r"remapped shapes \[original->remapped\]: .*", "shapes", text, flags=re.S)
    text = text.removeprefix(f"{row.name.rsplit('.', 1)[-1]}: ").strip()
    if "gufunc" in text and row.kind != "composed":  # else they are not of this function
        text = "the shapes do not fit together"
    listed = [f"{name} {shape}" for name, shape in _shapes(operands)]
    if len(listed) > MOST:
        listed[MOST:] = [f"… and {len(listed) - MOST} more"]
    return f"{text} ({', '.join(listed)})" if listed else text


def _lines(operands: Operands) -> str:
    """In debug mode the lines that made the operands, as the end of a message."""
    lines = []
    for name, x in operands.items():
        place = record_of(getattr(x, "_source", None)).place
        if place:
            what = f"{name}, {x.dtype} {shape_of(x)}"
            lines.append(f"\n  {what}, {_MADE}\n  {places.text(place).strip()}")
    return "".join(lines)
