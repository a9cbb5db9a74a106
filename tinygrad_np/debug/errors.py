"""Tell what went wrong: what happened, where, to which arrays, and why.

`NonFiniteError` is raised where finite numbers became nan or inf; `ChangedArrayError` where an
array that the reverse sweep needs was written into since.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from . import places
from .cases import MOST, Case, described, first, record_of


class NonFiniteError(FloatingPointError):
    """An operation turned finite numbers into nan or inf.

    It can be copied and pickled, all but its ``node``, which is None then.

    Attributes
    ----------
    function : str
        Its name.
    mode : str
        What was being computed: "value"; "vjp" in a reverse sweep, "jvp" in a forward sweep; "sum"
        where what several rules gave is added up.
    file, line : str and int, or None
        The user's.
    node : object
        The operation's place in the graph.
    operands, names : tuple
        The arrays it was called on (of a sum, its two parts), and their names.
    result : array
        What was not finite.
    """

    function: str
    mode: str
    file: str | None
    line: int | None
    node: Any
    operands: tuple[Any, ...]
    names: tuple[str, ...]
    result: Any

    def __reduce__(self) -> Any:
        return type(self), self.args, {**self.__dict__, "node": None}


class NonFiniteWarning(RuntimeWarning):
    """The same as `NonFiniteError`, for ``debug(on_nonfinite="warn")``."""


class ChangedArrayError(ValueError):
    """An array that the reverse sweep needs is not what it was when the operation used it."""


def error_of(case: Case) -> NonFiniteError:
    """The error that tells a case."""
    from .diagnoses import reason  # which only those need who have an error

    why = reason(case)
    lines = [*_what_and_where(case), *_which_arrays(case), *([f"  {why}"] if why else [])]
    error = NonFiniteError("\n".join(lines))
    error.function = case.name
    error.mode = "sum" if case.is_sum else case.kind
    place = next(filter(None, [case.record.place, *reversed(case.uses)]), None)
    error.file, error.line = places.file_and_line(place) if place else (None, None)
    error.node = case.node
    error.operands = tuple(case.operands.values())
    error.names = tuple(case.operands)
    error.result = case.result
    return error


def _what_and_where(case: Case) -> list[str]:
    place, within = case.record.place, case.record.within
    name = " in ".join([case.name, *reversed(within)])
    library = places.library_function(place)
    if library and library not in within:
        name += f" in {library}"
    uses = _uses(case)
    if place:
        what = "the variable was made" if is_variable(case.node) else "the function was called"
        where = f"{what} here:"
    else:
        where = "it is used here:" if uses else "where it was called is not known"
    value = case.result[case.spot]
    bad = "nan" if np.isnan(value) else "inf" if np.real(value) >= 0 else "-inf"
    change = f"{'finite numbers' if case.is_of_finite() else 'infinities'} into {bad}"
    head = _HEADS[case.kind].format(name=name, change=change, wanted=case.wanted, where=where)
    return [head, *(uses if uses and not place else [places.text(place)])]


_HEADS = {
    "value": "{name} turned {change}",
    "vjp": "the derivative of {name} by {wanted} turned {change}, in the reverse sweep; {where}",
    "jvp": "the derivative of {name} by {wanted} turned {change}, in the forward sweep; {where}",
    "sum": "the sum of the cotangents of {name} turned {change}, in the reverse sweep; {where}",
    "tangents": "the sum of the derivatives of {name} by its operands turned {change}, in the "
    "forward sweep; {where}",
    "grad": "adding to the .grad of {name} turned {change}; {where}",
    "constant": "{name} was given a constant with nan or inf, and its result has them, too",
}


def _which_arrays(case: Case) -> list[str]:
    result, spot = case.result, case.spot
    bad = ~np.isfinite(result)
    which = "first" if spot == first(bad) else "first new one"
    lines = [
        f"  result: {result.dtype} {result.shape}, {np.count_nonzero(bad)} of {result.size} not "
        f"finite, the {which} at {spot}: {result[spot]}"
    ]
    shown = list(case.operands.items())[:MOST]
    if case.cotangent is not None:
        shown.insert(0, ("tangent" if case.kind == "jvp" else "cotangent", case.cotangent))
    lines += [f"  {name}: {described(x, case.meets(x))}" for name, x in shown]
    if len(case.operands) > MOST:
        lines.append(f"  … and {len(case.operands) - MOST} more operands")
    uses = _uses(case)
    if case.record.place and uses:
        lines += ["  The parts of the sum come from:", *uses]
    return lines


def _uses(case: Case) -> list[str]:
    """Where the functions were called whose rules gave the parts of a sum, the first one first."""
    known = filter(None, reversed(case.uses))
    texts = list(dict.fromkeys(map(places.text, known)))
    return [*texts[:MOST], f"  … and {len(texts) - MOST} more"] if texts[MOST:] else texts


def is_variable(node: Any) -> bool:
    """Whether this is no result of an operation: a leaf, or the argument of a transform."""
    plan = getattr(node, "plan", None)
    if plan is None:
        return node is not None
    return record_of(node).place is None and plan.row.name[0] == "<"
