"""What an operation on Tensors says where shapes do not fit together.

NumPy's own messages name no function, or speak of "gufunc core dimensions". `tell` says the
function, the shapes and the axes that disagree instead; for operands that were made in debug mode
also the lines that made them. An error that this package, or the user's own code, raised itself is
left as it is.
"""

from __future__ import annotations

import operator
import re
from collections.abc import Iterator
from typing import Any

import numpy as np

from ..at import written
from ..hooks import opened
from ..rules.calls import bind
from . import places
from .cases import record_of
from .misfits import TELLING, Shape, broadcasting, shape_of


def tell(error: Exception, row: Any, args: Any, kwargs: Any) -> None:
    """Raise a better error in place of NumPy's, if there is one."""
    try:
        told = _told(error, row, args, kwargs)
    except RecursionError:
        told = ValueError(f"{row.name}: an operand is a list nested too deep; an array has 64 axes")
    if told is not None:
        try:
            raise told from None
        finally:
            del told, error  # an error in a variable of its own frame is a cycle


def _told(error: Exception, row: Any, args: Any, kwargs: Any) -> Exception | None:
    if type(error).__module__.split(".")[0] not in ("builtins", "numpy") or _is_users(error):
        return None
    if isinstance(error, TypeError):
        short = re.escape(row.name.rsplit(".", 1)[-1])
        if re.search(rf"\b{short}\b", str(error)):
            return None
        return _like(error, f"{row.name}: {error}")
    bound = _bound(row, args, kwargs)
    text = str(error)
    if _speaks(error, row):
        lines = _lines(_operands(row, bound)) if opened and _MADE not in text else ""
        return _like(error, text + lines) if lines else None
    told = None
    try:
        told = TELLING[row.function](bound) if row.function in TELLING else None
        told = told or _gufunc(text, row, bound) or _alignment(text)
        if told is None and row.broadcasts and "broadcast" in text:
            told = broadcasting(_operands(row, bound), 2 if row.function is np.matmul else 0)
    except (TypeError, ValueError, IndexError):
        pass  # arguments that are stranger than a shape that does not fit
    part = _SPOKEN.match(text)
    if told is None and part and part[1] != row.name and row.kind == "composed":
        told = text  # what a part of the function says
    name = row.name
    if row.function is operator.getitem:
        name = f"t[{written(bound[1])}]"
    is_named = part and part[1] == row.name and not told  # by us, who know no more than NumPy
    message = text if is_named else f"{name}: {told or _cleaned(text, row, bound)}"
    return _like(error, message if _MADE in message else message + _lines(_operands(row, bound)))


def _is_users(error: Exception) -> bool:
    """Whether the error is from a function of the user's own."""
    text = str(error)
    if "core dimension" in text or "gufunc" in text:
        return False
    step: Any = error.__traceback__
    return step is not None and any(map(places.is_users, _codes(step.tb_next)))


def _codes(step: Any) -> Iterator[Any]:
    while step is not None:
        yield step.tb_frame.f_code
        step = step.tb_next


def _speaks(error: Exception, row: Any) -> bool:
    """Whether the error is one of ours, which says all that there is to say."""
    text = str(error)
    if "core dimension" in text or "gufunc" in text:
        return False
    last = next(reversed(list(_codes(error.__traceback__))), None)
    spoken = _SPOKEN.match(text)
    if spoken and spoken[1] == row.name and row.function not in TELLING:
        return True
    if last is None or not places.is_ours(last) or isinstance(error, np.exceptions.AxisError):
        return False
    if spoken and row.kind == "composed":
        return False  # the function that was called knows better than a part of it
    return bool(spoken) or text.startswith(("the vjp rule", "the jvp rule"))


_SPOKEN = re.compile(r"([\w.]+|t\[.*\]): ")
_MADE = "was made here:"


def _like(error: Exception, message: str) -> Exception:
    try:
        return type(error)(message)
    except TypeError:
        return (TypeError if isinstance(error, TypeError) else ValueError)(message)


def _bound(row: Any, args: Any, kwargs: Any) -> list[Any]:
    try:
        return bind(row, args, kwargs) if row.names else list(args)
    except (TypeError, ValueError):  # then that is what was said
        return list(args)


def _operands(row: Any, bound: list[Any]) -> list[tuple[str, Any]]:
    """The names and values of what is or can be an array, also of those in a list."""
    found: list[tuple[str, Any]] = []
    names = row.names or [f"operand {i}" for i in range(len(bound))]
    for position, (name, value) in enumerate(zip(names, bound, strict=False)):
        if isinstance(value, (list, tuple)) and any(map(_is_array, _flat(value))):
            items: Any = _flat(value)
            if row.function is np.einsum:  # beside subscripts
                items = filter(_is_array, items)
            found += [(f"{name}[{i}]", item) for i, item in enumerate(items)]
        elif _is_array(value) or (position in row.operands and isinstance(value, (list, tuple))):
            found.append((name, value))
    return found


def _flat(x: Any) -> Iterator[Any]:
    if isinstance(x, (list, tuple)):
        for item in x:
            yield from _flat(item)
    else:
        yield x


def _is_array(x: Any) -> bool:
    return hasattr(x, "shape") and hasattr(x, "dtype") and not isinstance(x, type)


def _lines(operands: list[tuple[str, Any]]) -> str:
    """In debug mode the lines that made the operands, as the end of a message."""
    found = [(name, x, record_of(getattr(x, "_source", None)).place) for name, x in operands]
    return "".join(
        [
            f"\n  {name}, {x.dtype} {shape_of(x)}, {_MADE}\n  {places.text(place).strip()}"
            for name, x, place in found
            if place
        ]
    )


def with_lines(error: ValueError, operands: dict[str, Any]) -> ValueError:
    """The error of a layer or loss, in debug mode with the lines that made the operands."""
    if opened:
        error.args = (f"{error}{_lines(list(operands.items()))}",)
    return error


def _cleaned(text: str, row: Any, bound: list[Any]) -> str:
    """NumPy's own words, with the shapes of the operands."""
    text = re.sub(r"remapped shapes \[original->remapped\]: .*", "shapes", text, flags=re.S)
    text = text.removeprefix(f"{row.name.rsplit('.', 1)[-1]}: ").strip()
    if "gufunc" in text or "core dimension" in text:
        text = "the shapes do not fit together"
    operands = ", ".join([f"{name} {shape_of(x)}" for name, x in _operands(row, bound)])
    return f"{text} ({operands})" if operands else text


_MISMATCH = re.compile(
    r"operand (\d+) has a mismatch in its core dimension (\d+), with gufunc signature (\S+)"
)
_TOO_FEW = re.compile(
    r"operand (\d+) does not have enough dimensions \(has (\d+), gufunc core with signature (\S+) "
    r"requires (\d+)\)"
)


def _gufunc(text: str, row: Any, bound: list[Any]) -> str | None:
    """What is between the lines of NumPy's words about core dimensions."""
    operands = [(name, shape_of(x)) for name, x in _operands(row, bound)]
    found = _TOO_FEW.search(text)
    if found and int(found[1]) < len(operands):
        name, shape = operands[int(found[1])]
        return f"{name} has shape {shape}, and must have at least {found[4]} axes"
    found = _MISMATCH.search(text)
    if not found or len(operands) < 2:
        return None
    number, place, signature = int(found[1]), int(found[2]), found[3]
    inputs = [part.split(",") for part in re.findall(r"\(([^)]*)\)", signature.split("->")[0])]
    letter = inputs[number][place]
    for other in range(number):
        if letter.rstrip("?") in [item.rstrip("?") for item in inputs[other]]:
            (one, first), (two, second) = operands[other], operands[number]
            a, b = _place(inputs[other], letter, first), _place(inputs[number], letter, second)
            return (
                f"{one} {first} and {two} {second} do not fit: axis {a} of {one} is {first[a]} and "
                f"axis {b} of {two} is {second[b]}; they must be equal"
            )
    return None


def _place(letters: list[str], letter: str, shape: Shape) -> int:
    """The axis that a letter of a signature stands for; a letter with "?" may have none."""
    names = [item.rstrip("?") for item in letters]
    if len(shape) < len(letters):
        names = [item for item in letters if not item.endswith("?")]
    return max(len(shape) - len(names), 0) + names.index(letter.rstrip("?"))


_ALIGNED = re.compile(
    r"shapes \(([\d, ]*)\) and \(([\d, ]*)\) not aligned: "
    r"(\d+) \(dim (\d+)\) != (\d+) \(dim (\d+)\)"
)


def _alignment(text: str) -> str | None:
    found = _ALIGNED.search(text)
    if not found:
        return None
    first, second = [tuple([int(n) for n in part.split(",") if n]) for part in found.group(1, 2)]
    return (
        f"shapes {first} and {second} do not fit: axis {found[4]} of the first is {found[3]} and "
        f"axis {found[6]} of the second is {found[5]}; they must be equal"
    )
