"""What an operation on Tensors says where shapes do not fit together.

NumPy's own messages name no function, or speak of "gufunc core dimensions". `tell` says the
function, the shapes and the axes that disagree instead; for operands that were made in debug mode
also the lines that made them. An error that this package, or the user's own code, raised itself is
left as it is.
"""

from __future__ import annotations

import itertools
import math
import operator
import re
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from ..at import written
from ..rules import TABLE
from . import modes, places, watch

Shape = tuple[int, ...]
Telling = Callable[[list[Any]], str | None]
"""(arguments, one a parameter) → what disagrees, or None if it is none of this"""


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


def compared(compare: Any, tensor: Any, other: Any) -> Any:
    """``compare`` a Tensor's value and anything."""
    try:
        return compare(tensor._value, getattr(other, "_value", other))
    except ValueError as error:
        tell(error, TABLE[_COMPARISONS[compare]], (tensor, other), {})
        raise


_COMPARISONS: dict[Any, Any] = {
    operator.eq: np.equal,
    operator.ne: np.not_equal,
    operator.lt: np.less,
    operator.le: np.less_equal,
    operator.gt: np.greater,
    operator.ge: np.greater_equal,
}


def _told(error: Exception, row: Any, args: Any, kwargs: Any) -> Exception | None:
    if not isinstance(error, (ValueError, IndexError)):
        return None
    if type(error).__module__.split(".")[0] not in ("builtins", "numpy") or _is_users(error):
        return None
    bound = _bound(row, args, kwargs)
    text = str(error)
    if _speaks(error, row):
        lines = _lines_told(row, bound) if modes.opened and _MADE not in text else ""
        return _like(error, text + lines) if lines else None
    told = None
    try:
        told = _TELLING[row.function](bound) if row.function in _TELLING else None
        told = told or _gufunc(text, row, bound) or _alignment(text)
        if told is None and row.broadcasts and "broadcast" in text:
            told = _broadcasting(_operands(row, bound), 2 if row.function is np.matmul else 0)
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
    return _like(error, message if _MADE in message else message + _lines_told(row, bound))


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
    if spoken and spoken[1] == row.name and row.function not in _TELLING:
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
        return ValueError(message)


def _bound(row: Any, args: Any, kwargs: Any) -> list[Any]:
    if not row.names:
        return list(args)
    if row.rest is not None:
        args = (*args[: row.rest], tuple(args[row.rest :]))
    bound = [*args, *row.defaults[len(args) :]]
    for keyword, value in kwargs.items():
        name = row.aliases.get(keyword, keyword)
        if name in row.names:
            bound[row.names.index(name)] = value
    return bound


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
    return hasattr(x, "shape") and hasattr(x, "dtype")


def _shape(x: Any) -> Shape:
    return tuple(x.shape) if hasattr(x, "shape") else np.shape(x)


def _lines_told(row: Any, bound: list[Any]) -> str:
    """In debug mode the lines that made the operands, as the end of a message."""
    operands = _operands(row, bound)
    lines = watch.made_at([x for _, x in operands])
    return "".join(
        [
            f"\n  {name}, {x.dtype} {_shape(x)}, {_MADE}\n  {line.strip()}"
            for (name, x), line in zip(operands, lines, strict=True)
            if line
        ]
    )


def with_lines(error: ValueError, **operands: Any) -> ValueError:
    """The error of a layer or loss, in debug mode with the lines that made the operands.

    >>> with_lines(ValueError("f: x is (2,)"), x=np.ones(2))
    ValueError('f: x is (2,)')
    """
    if modes.opened:
        text = str(error)
        for (name, x), line in zip(operands.items(), watch.made_at(operands.values()), strict=True):
            if line:
                text += f"\n  {name}, {x.dtype} {x.shape}, {_MADE}\n  {line.strip()}"
        error.args = (text,)
    return error


def _cleaned(text: str, row: Any, bound: list[Any]) -> str:
    """NumPy's own words, with the shapes of the operands."""
    text = re.sub(r"remapped shapes \[original->remapped\]: .*", "shapes", text, flags=re.S)
    text = text.removeprefix(f"{row.name.rsplit('.', 1)[-1]}: ").strip()
    if "gufunc" in text or "core dimension" in text:
        text = "the shapes do not fit together"
    operands = ", ".join([f"{name} {_shape(x)}" for name, x in _operands(row, bound)])
    return f"{text} ({operands})" if operands else text


def _broadcasting(operands: list[tuple[str, Any]], core: int = 0) -> str | None:
    """The last axis along which lengths differ, and none of them is 1.

    The last `core` axes are not broadcast: those of the matrices that are multiplied.
    """
    shapes = [(name, _shape(x)) for name, x in operands]
    for back in range(1 + core, max([len(shape) for _, shape in shapes], default=0) + 1):
        seen: tuple[str, Shape] | None = None
        for name, shape in shapes:
            if len(shape) < back or shape[-back] == 1:
                continue
            if seen is None:
                seen = name, shape
            elif seen[1][-back] != shape[-back]:
                other, larger = seen
                listed = " and ".join([f"{n} {s}" for n, s in shapes if s])
                return (
                    f"{listed} do not broadcast: axis {-back} is {larger[-back]} in {other} "
                    f"(axis {len(larger) - back}) and {shape[-back]} in {name} "
                    f"(axis {len(shape) - back}); along an axis, lengths are equal or 1"
                )
    return None


_MISMATCH = re.compile(
    r"operand (\d+) has a mismatch in its core dimension (\d+), with gufunc signature (\S+)"
)
_TOO_FEW = re.compile(
    r"operand (\d+) does not have enough dimensions \(has (\d+), gufunc core with signature (\S+) "
    r"requires (\d+)\)"
)


def _gufunc(text: str, row: Any, bound: list[Any]) -> str | None:
    """What is between the lines of NumPy's words about core dimensions."""
    operands = [(name, _shape(x)) for name, x in _operands(row, bound)]
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


# Functions with shapes of their own


def _joining(at: Callable[[list[Any]], int | None]) -> Telling:
    """Arrays in a row, which must agree in all axes but the one along which they are joined."""

    def told(bound: list[Any]) -> str | None:
        shapes = [_shape(x) for x in bound[0]]
        listed = ", ".join(map(str, shapes[:8])) + (", …" if len(shapes) > 8 else "")
        axis = at(bound)
        if len({len(shape) for shape in shapes}) > 1:
            i = next(i for i, shape in enumerate(shapes) if len(shape) != len(shapes[0]))
            return (
                f"arrays of shapes {listed}: number 0 has {len(shapes[0])} axes and number {i} has "
                f"{len(shapes[i])}; they must have as many"
            )
        if axis is not None and not -len(shapes[0]) <= axis < len(shapes[0]):
            return f"axis {axis} is none of those of arrays of shapes {listed}"
        free = None if axis is None else axis % max(len(shapes[0]), 1)
        for i, shape in enumerate(shapes):
            for k, (n, m) in enumerate(zip(shapes[0], shape, strict=True)):
                if n != m and k != free:
                    rule = "all axes" if free is None else f"all axes but axis {free}"
                    return (
                        f"arrays of shapes {listed}: axis {k} is {n} in number 0 and {m} in number "
                        f"{i}; {rule} must agree"
                    )
        return None

    return told


def _rows(bound: list[Any]) -> int:
    return 0


def _columns(bound: list[Any]) -> int:
    return 0 if len(_shape(bound[0][0])) <= 1 else 1


def _vstacked(bound: list[Any]) -> str | None:
    return _joining(_rows)([[_of(s if len(s) > 1 else (1, *s)) for s in map(_shape, bound[0])]])


def _column_stacked(bound: list[Any]) -> str | None:
    columns = [_of(s if len(s) > 1 else (*s, 1)) for s in map(_shape, bound[0])]
    return _joining(lambda bound: 1)([columns])


def _dstacked(bound: list[Any]) -> str | None:
    return _joining(lambda bound: 2)([[np.atleast_3d(_of(_shape(x))) for x in bound[0]]])


def _of(shape: Shape) -> Any:
    """An array of that shape and no memory."""
    return np.broadcast_to(0.0, shape)


def _vdot(bound: list[Any]) -> str | None:
    a, b = map(_shape, bound)
    n, m = math.prod(a), math.prod(b)
    told = f"a {a} has {n} elements and b {b} has {m}; flattened, they must have as many"
    return told if n != m else None


def _inner(bound: list[Any]) -> str | None:
    a, b = map(_shape, bound)
    if not a or not b or a[-1] == b[-1]:
        return None
    return (
        f"shapes {a} and {b} do not fit: axis {len(a) - 1} of the first is {a[-1]} and axis "
        f"{len(b) - 1} of the second is {b[-1]}; they must be equal"
    )


def _multi_dot(bound: list[Any]) -> str | None:
    shapes = [_shape(x) for x in bound[0]]
    for i, (a, b) in enumerate(itertools.pairwise(shapes)):
        if a[-1] != b[0]:
            return (
                f"arrays of shapes {', '.join(map(str, shapes))}: axis {len(a) - 1} of number {i} "
                f"is {a[-1]} and axis 0 of number {i + 1} is {b[0]}; they must be equal"
            )
    return None


def _cross(bound: list[Any]) -> str | None:
    a, b = map(_shape, bound[:2])
    if len(bound) > 2 and any(axis not in (-1, None) for axis in bound[2:]):
        return None
    for name, shape in (("a", a), ("b", b)):
        if not shape or shape[-1] not in (2, 3):
            return f"of a {a} and b {b}, the last axis of {name} has not 2 or 3 elements"
    return _broadcasting([("a", _of(a)), ("b", _of(b))], 1)


def _repeat(bound: list[Any]) -> str | None:
    shape, counts, axis = _shape(bound[0]), np.shape(bound[1]), bound[2]
    if axis is not None and not -len(shape) <= axis < len(shape):
        return None
    n = math.prod(shape) if axis is None else shape[axis]
    if len(counts) != 1 or counts[0] in (1, n):
        return None
    where = "in all" if axis is None else f"along axis {axis}"
    return f"{counts[0]} repeats, and the array of shape {shape} has {n} elements {where}"


def _tensordot(bound: list[Any]) -> str | None:
    a, b, axes = _shape(bound[0]), _shape(bound[1]), bound[2]
    if isinstance(axes, (int, np.integer)):
        of_a, of_b = list(range(len(a) - axes, len(a))), list(range(axes))
    else:
        of_a, of_b = [np.atleast_1d(part).tolist() for part in axes]
    if len(of_a) != len(of_b):
        return f"{len(of_a)} axes of a and {len(of_b)} of b; they go in pairs"
    if isinstance(axes, (int, np.integer)) and axes > min(len(a), len(b)):
        return f"a {a} and b {b} do not have {axes} axes each to add up"
    for i, j in zip(of_a, of_b, strict=True):
        if not (-len(a) <= i < len(a) and -len(b) <= j < len(b)):
            return f"a {a} and b {b} have no axes {i} and {j} to add up"
        if a[i] != b[j]:
            return (
                f"a {a} and b {b} do not fit: axis {i % len(a)} of a is {a[i]} and axis "
                f"{j % len(b)} of b is {b[j]}; they are added up together and must be equal"
            )
    return None


def _einsum(bound: list[Any]) -> str | None:
    subscripts, *operands = bound[0]
    if not isinstance(subscripts, str):
        return None
    inputs = subscripts.replace(" ", "").split("->")[0].split(",")
    if len(inputs) != len(operands):
        return f"{subscripts!r} is for {len(inputs)} operands, not {len(operands)}"
    seen: dict[str, tuple[int, int, int]] = {}
    for number, (letters, operand) in enumerate(zip(inputs, operands, strict=True)):
        shape = _shape(operand)
        before, dots, after = letters.partition("...")
        if len(before + after) > len(shape) or (not dots and len(letters) != len(shape)):
            return (
                f"{letters!r} names {len(before + after)} axes, and operand {number} has "
                f"shape {shape}"
            )
        places = [*enumerate(before), *enumerate(after, len(shape) - len(after))]
        for axis, letter in places:
            length = shape[axis]
            other = seen.get(letter)
            if other and other[0] != length and 1 not in (other[0], length):
                return (
                    f"{subscripts!r} of shapes {', '.join(str(_shape(x)) for x in operands)}: "
                    f"{letter!r} is {other[0]} in operand {other[1]} (axis {other[2]}) and "
                    f"{length} in operand {number} (axis {axis})"
                )
            if other is None or other[0] == 1:
                seen[letter] = length, number, axis
    return _ellipses(inputs, operands)


def _ellipses(inputs: list[str], operands: list[Any]) -> str | None:
    """What the dots stand for is broadcast."""
    parts: list[tuple[str, Any]] = []
    for number, (letters, operand) in enumerate(zip(inputs, operands, strict=True)):
        before, dots, after = letters.partition("...")
        shape = _shape(operand)
        if dots:
            rest = shape[len(before) : len(shape) - len(after)]
            parts.append((f"operand {number}", _of(rest)))
    told = _broadcasting(parts)
    return told and f"the axes that the dots stand for: {told}"


def _reshape(bound: list[Any]) -> str | None:
    shape, target = _shape(bound[0]), bound[1]
    target = (target,) if isinstance(target, (int, np.integer)) else tuple(target)
    size = int(np.prod(shape, dtype=int))
    known = int(np.prod([n for n in target if n != -1], dtype=int))
    if target.count(-1) == 1 and (known == 0 or size % known):
        return f"an array of shape {shape} has {size} elements, no multiple of {known} for {target}"
    if -1 not in target and known != size:
        return f"an array of shape {shape} has {size} elements, and shape {target} has {known}"
    return None


def _broadcast_to(bound: list[Any]) -> str | None:
    shape, target = _shape(bound[0]), bound[1]
    target = (target,) if isinstance(target, (int, np.integer)) else tuple(target)
    if len(shape) > len(target):
        return f"shape {shape} has more axes than {target}, to which it should be broadcast"
    for back in range(1, len(shape) + 1):
        if shape[-back] not in (1, target[-back]):
            return (
                f"shape {shape} does not broadcast to {target}: axis {len(shape) - back} is "
                f"{shape[-back]}, not 1 or {target[-back]}"
            )
    return None


def _pad(bound: list[Any]) -> str | None:
    shape, width = _shape(bound[0]), np.shape(bound[1])
    if len(width) == 2 and width[0] not in (1, len(shape)):
        return f"{width[0]} pairs of widths for an array of shape {shape}; give one pair an axis"
    return None


def _axes(bound: list[Any]) -> str | None:
    shape, axes = _shape(bound[0]), bound[1]
    if axes is not None and len(axes) != len(shape):
        return f"{len(axes)} axes, {tuple(axes)}, for an array of shape {shape}; name each one once"
    return None


_TELLING: dict[Any, Telling] = {
    np.concatenate: _joining(lambda bound: bound[1] if len(bound) > 1 else 0),
    np.stack: _joining(lambda bound: None),
    np.dstack: _dstacked,
    np.column_stack: _column_stacked,
    np.hstack: _joining(_columns),
    np.vstack: _vstacked,
    np.tensordot: _tensordot,
    np.vdot: _vdot,
    np.inner: _inner,
    np.linalg.multi_dot: _multi_dot,
    np.cross: _cross,
    np.repeat: _repeat,
    np.einsum: _einsum,
    np.reshape: _reshape,
    np.broadcast_to: _broadcast_to,
    np.pad: _pad,
    np.transpose: _axes,
}
