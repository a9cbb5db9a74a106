"""What the core asks where an operation fails, and the errors about shapes.

NumPy's own messages name no function, or speak of "gufunc core dimensions". `Explainer` says the
function, the shapes and the axes that disagree instead; for operands that were made in debug mode
also the lines that made them. An error that this package, or the user's own code, raised itself is
left as it is. What is said of a Tensor that would lose its gradient is from `answers`, of the
function that `places` finds.

`broadcasting` is for functions that broadcast, `core_dimensions` for products of matrices and their
kind, and `EXPLAINERS` has others. Each gives a sentence with the shapes and the axis, or None where
it is something else that is wrong.

>>> broadcasting([("x", (2, 3)), ("y", (4,))]).partition(":")[0]
'x (2, 3) and y (4,) do not broadcast'
"""

from __future__ import annotations

import operator
import re
from collections.abc import Callable
from contextlib import suppress
from typing import Any

import numpy as np

from .. import answers
from ..core.calls import bind
from ..core.hooks import opened
from ..core.table import REFUSED
from . import places
from .cases import MOST, NUMBERS, operands_of, record_of

Shape = tuple[int, ...]
Operands = dict[str, Any]


class Explainer(answers.Explainer):
    """Says what `answers` does, and what can be told by shapes and frames."""

    def error(self, error: Exception, row: Any, args: Any, kwargs: Any) -> None:
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

    def lost(self, kind: str, key: Any = None) -> str | None:
        if kind == "[]=":
            return super().lost(kind, key)
        found = places.called(2)
        if not kind.endswith("="):
            refusal = None if found is None else _refusal_of_mirror(found.name)
            if found is None or refusal is None:
                return answers.lost(kind, found)
            return f"{found.shown} would lose the gradient; {refusal}"
        is_scipys = found is not None and found[1].startswith("scipy.")  # which does so inside
        return answers.lost("array", found) if is_scipys else None

    def with_lines(self, error: ValueError, operands: Operands) -> ValueError:
        """The error of a layer or loss, in debug mode with the lines that made the operands."""
        if opened:
            error.args = (f"{error}{_lines(operands)}",)
        return error


def _refusal_of_mirror(function: str) -> str | None:
    """Why the mirror of SciPy has no derivative of a function or method either; None if it has."""
    path = function.removeprefix("scipy.")
    if path == function or path.split(".")[0] not in answers.MIRRORED:
        return None
    from ..scipy.mirror import MODULES, load, of  # SciPy is there: it was called

    module = max((m for m in MODULES if path.startswith(f"{m}.")), key=len, default="")
    name, _, method = path[len(module) + 1 :].partition(".")
    if not module:
        return None
    load(module)
    try:
        thing = of(f"{module}.{name}")
    except AttributeError:  # SciPy has no such name
        return None
    for refused in (thing, getattr(thing, method, None) if method else None):
        if callable(refused) and refused in REFUSED:
            return REFUSED[refused]
    classes = getattr(thing, "__mro__", ())
    ours = [vars(c) for c in classes if c.__module__.startswith("tinygrad_np")]
    is_missing = method and ours and not any(method in x for x in ours)
    return f"{method!r} has no derivative rule, use t.data" if is_missing else None


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
        name = f"t[{answers.written(bound[1])}]"
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
    explain, told = EXPLAINERS.get(row.function), None
    signature = re.search(r"signature ([^ ]+)", text)
    try:
        if isinstance(explain, str):
            told = core_dimensions(shapes, explain)
        elif explain:
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
    text = re.sub(r"remapped shapes \[original->remapped\]:", "shapes", text)
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


# Which axes disagree


def shape_of(x: Any) -> Shape:
    """The shape of an array, a Tensor, a number or a list."""
    return tuple(x.shape) if hasattr(x, "shape") else np.shape(x)


def broadcasting(operands: list[tuple[str, Shape]], core: int = 0) -> str | None:
    """The last axis along which lengths differ, and none of them is 1.

    The last `core` axes are not broadcast: those of the matrices that are multiplied.
    """
    most = max([len(shape) for _, shape in operands], default=0)
    for axis in range(-1 - core, -1 - most, -1):
        there = [(name, s) for name, s in operands if len(s) >= -axis and s[axis] != 1]
        for name, shape in there:
            other, larger = there[0]
            if shape[axis] != larger[axis]:
                listed = " and ".join([f"{n} {s}" for n, s in operands if s])
                return (
                    f"{listed} do not broadcast: axis {axis} is {larger[axis]} in {other} "
                    f"(axis {len(larger) + axis}) and {shape[axis]} in {name} "
                    f"(axis {len(shape) + axis}); along an axis, lengths are equal or 1"
                )
    return None


def core_dimensions(operands: list[tuple[str, Shape]], signature: str) -> str | None:
    """The axes that have the same letter in a signature, and not the same length.

    >>> core_dimensions([("x", (2, 3)), ("y", (4,))], "(n?,k),(k,m?)->(n?,m?)")
    'x (2, 3) and y (4,) do not fit: axis 1 of x is 3 and axis 0 of y is 4; they must be equal'
    """
    parts = re.findall(r"\((.*?)\)", signature.split("->")[0])
    inputs = [re.findall(r"\w+\??", part) for part in parts]
    if len(inputs) != len(operands):
        return None
    seen: dict[str, tuple[str, Shape, int]] = {}
    for (name, shape), letters in zip(operands, inputs, strict=True):
        needed = [letter for letter in letters if not letter.endswith("?")]
        if len(shape) < len(needed):
            return f"{name} has shape {shape}, and must have at least {len(needed)} axes"
        if len(shape) < len(letters):
            letters = needed  # those with "?" may be left out
        for axis, letter in enumerate(letters, len(shape) - len(letters)):
            one, other, i = seen.setdefault(letter.rstrip("?"), (name, shape, axis))
            if other[i] != shape[axis]:
                return (
                    f"{one} {other} and {name} {shape} do not fit: axis {i} of {one} is {other[i]} "
                    f"and axis {axis} of {name} is {shape[axis]}; they must be equal"
                )
    return None


def _einsum(bound: list[Any]) -> str | None:
    subscripts, *operands = bound[0]
    if not isinstance(subscripts, str):
        return None
    inputs = subscripts.replace(" ", "").split("->")[0].split(",")
    if len(inputs) != len(operands):
        return f"{subscripts!r} is for {len(inputs)} operands, not {len(operands)}"
    shapes = [(f"operand {i}", shape_of(x)) for i, x in enumerate(operands)]
    for letters, (name, shape) in zip(inputs, shapes, strict=True):
        if "." not in letters and len(letters) != len(shape):
            return f"{letters!r} names {len(letters)} axes, and {name} has shape {shape}"
    # A length of 1 is broadcast, and so are the axes that dots stand for, which come first.
    signature = ",".join(f"({','.join(letters.removeprefix('...'))})" for letters in inputs)
    has_others = "." in signature or any(1 in shape for _, shape in shapes)
    told = None if has_others else core_dimensions(shapes, signature)
    return told and f"{subscripts!r}: {told}"


EXPLAINERS: dict[Any, str | Callable[[list[Any]], str | None]] = {
    np.dot: "(k),(k,m?)",
    np.inner: "(k),(k)",
    np.einsum: _einsum,
}
"""By function: what would be its signature, or (arguments, one a parameter) → what disagrees."""
