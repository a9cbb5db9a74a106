"""What debug mode raises, and the text of it: what happened, where, to which arrays, and why.

`NonFiniteError` is raised where finite numbers became nan or inf; `ChangedArrayError` where an
array that the reverse sweep needs was written into since.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from . import places
from .places import Place


class NonFiniteError(FloatingPointError):
    """An operation turned finite numbers into nan or inf.

    `function` is its name and `mode` what was being computed ("value", "vjp" or "jvp"); `file` and
    `line` are the user's. `node` is the operation's place in the graph, `operands` a tuple of the
    arrays it was called on, `names` their names, and `result` what was not finite.
    """

    function: str
    mode: str
    file: str | None
    line: int | None
    node: Any
    operands: tuple[Any, ...]
    names: tuple[str, ...]
    result: Any


class NonFiniteWarning(RuntimeWarning):
    """The same as `NonFiniteError`, for ``debug(on_nonfinite="warn")``."""


class ChangedArrayError(ValueError):
    """An array that the reverse sweep needs is not what it was when the operation used it."""


class Case(NamedTuple):
    """One operation that did it."""

    row: Any
    mode: str
    """what was computed: "value", "vjp" or "jvp"; or "constant", where it came in with one"""
    place: Place | None
    within: tuple[str, ...]
    node: Any
    names: tuple[str, ...]
    operands: tuple[Any, ...]
    answer: Any
    """the operation's value"""
    cotangent: Any
    """what its rule was given, or None"""
    result: Any
    index: tuple[int, ...]
    """where the first bad element of the result is"""
    count: int
    """how many are bad"""
    wanted: str
    """the operand by which the derivative was taken, or "" """
    giver: Any
    """the node whose rule gave the cotangent, or None"""


def error_of(case: Case) -> NonFiniteError:
    """The error that tells a case."""
    from . import diagnoses  # which only those need who have an error

    error = NonFiniteError(_told(case, diagnoses.reason(case)))
    error.function = case.row.name
    error.mode = case.mode
    error.file, error.line = places.file_and_line(case.place) if case.place else (None, None)
    error.node = case.node
    error.operands = case.operands
    error.names = case.names
    error.result = case.result
    return error


def _told(case: Case, reason: str) -> str:
    value = case.result[case.index]
    what = "nan" if np.isnan(value) else "inf" if np.real(value) >= 0 else "-inf"
    name = " in ".join([case.row.name, *reversed(case.within)])
    library = places.library_function(case.place)
    if library and library not in case.within:
        name += f" in {library}"
    lines = [_HEADS[case.mode].format(name=name, what=what, wanted=case.wanted)]
    lines.append(places.text(case.place))
    bad = f"{case.count} of {case.result.size} not finite, the first at {case.index}: {value}"
    lines.append(f"  result: {case.result.dtype} {case.result.shape}, {bad}")
    if case.cotangent is not None:
        what = "tangent" if case.mode == "jvp" else "cotangent"
        lines.append(f"  {what}: {described(case.cotangent, case.index)}")
    for name, operand in zip(case.names, case.operands, strict=True):
        lines.append(f"  {name}: {described(operand, case.index)}")
    if reason:
        lines.append(f"  {reason}")
    return "\n".join(lines)


_HEADS = {
    "value": "{name} turned finite numbers into {what}",
    "vjp": (
        "the derivative of {name} by {wanted} turned finite numbers into {what}, in the reverse "
        "sweep; the function was called here:"
    ),
    "jvp": (
        "the derivative of {name} by {wanted} turned finite numbers into {what}, in the forward "
        "sweep; the function was called here:"
    ),
    "constant": "{name} was given a constant with nan or inf, and its result has {what}",
}


def described(x: Any, index: tuple[int, ...]) -> str:
    """dtype, shape, range, the element at `index` and the first that is not finite.

    >>> described(np.array([0.0, 2.0]), (1,))
    'float64 (2,), from 0.0 to 2.0; 2.0 at (1,)'
    >>> described(np.array([1.0, np.inf]), (1,))
    'float64 (2,), 1 of 2 not finite, the first at (1,): inf; the others from 1.0 to 1.0'
    """
    if not isinstance(x, (np.ndarray, np.generic)):
        return repr(x)
    x = np.asarray(x)
    parts = f"{x.dtype} {x.shape}"
    if x.dtype.kind not in "biufc" or x.size == 0:
        return parts
    finite = np.isfinite(x)
    if not finite.all():
        place = first(~finite)
        bad = f"{x.size - finite.sum()} of {x.size} not finite, the first at {place}: {x[place]}"
        rest = f"; the others {_range(x[finite])}" if finite.any() else ""
        return f"{parts}, {bad}{rest}"
    here = _aligned(x.shape, index)
    there = "" if here is None or x.size == 1 else f"; {x[here]} at {here}"
    return f"{parts}, {_range(x)}{there}"


def first(mask: Any) -> tuple[int, ...]:
    """The index of the first element that is true.

    >>> first(np.array([[False, False], [True, True]]))
    (1, 0)
    """
    return tuple(int(i) for i in np.unravel_index(int(np.argmax(mask)), np.shape(mask)))


def element(x: Any, index: tuple[int, ...]) -> Any:
    """The element of an operand that meets the result's element at `index`, or None.

    >>> element(np.array([[3.0, 4.0]]), (5, 1)), element(np.ones(2), (5,))
    (np.float64(4.0), None)
    """
    if not isinstance(x, (np.ndarray, np.generic, int, float, complex)):
        return None
    here = _aligned(np.shape(x), index)
    return None if here is None else np.asarray(x)[here]


def _aligned(shape: tuple[int, ...], index: tuple[int, ...]) -> tuple[int, ...] | None:
    """Where broadcasting takes the element at `index` of the result from; None: it cannot be."""
    if len(shape) > len(index):
        return None
    inner = index[len(index) - len(shape) :]
    if any(n != 1 and i >= n for n, i in zip(shape, inner, strict=True)):
        return None
    return tuple(0 if n == 1 else i for n, i in zip(shape, inner, strict=True))


def _range(x: Any) -> str:
    if x.dtype.kind == "c":
        return f"magnitudes from {np.abs(x).min()} to {np.abs(x).max()}"
    return f"from {x.min()} to {x.max()}"
