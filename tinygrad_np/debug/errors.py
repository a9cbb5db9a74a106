"""What debug mode raises, and the text of it: what happened, where, to which arrays, and why.

`NonFiniteError` is raised where finite numbers became nan or inf; `ChangedArrayError` where an
array that the reverse sweep needs was written into since.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from . import places
from .cases import SUMS, Case, described, first, record_of


class NonFiniteError(FloatingPointError):
    """An operation turned finite numbers into nan or inf.

    `function` is its name and `mode` what was being computed ("value"; "vjp" in a reverse sweep,
    "jvp" in a forward sweep; "sum" where what several rules gave is added up); `file` and `line`
    are the user's. `node` is the operation's place in the graph, `operands` a tuple of the
    arrays it was called on (of a sum, its two parts), `names` their names, and `result` what was
    not finite. It can be copied and pickled, all but its `node`, which is None then.
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
    from . import diagnoses  # which only those need who have an error

    error = NonFiniteError(_told(case, diagnoses.reason(case)))
    error.function = case.name
    error.mode = "sum" if case.kind in SUMS else case.kind
    place = next(filter(None, [case.place, *reversed(case.uses)]), None)
    error.file, error.line = places.file_and_line(place) if place else (None, None)
    error.node = case.node
    error.operands = tuple(case.operands.values())
    error.names = tuple(case.operands)
    error.result = case.result
    return error


def _told(case: Case, reason: str) -> str:
    value = case.result[case.spot]
    what = "nan" if np.isnan(value) else "inf" if np.real(value) >= 0 else "-inf"
    name = " in ".join([case.name, *reversed(case.within)])
    library = places.library_function(case.place)
    if library and library not in case.within:
        name += f" in {library}"
    uses = _uses(case)
    if case.place:
        where = (
            "the variable was made here:"
            if is_variable(case.node)
            else "the function was called here:"
        )
    else:
        where = "it is used here:" if uses else "where it was called is not known"
    what = f"{'finite numbers' if case.is_of_finite() else 'infinities'} into {what}"
    head = _HEADS[case.kind].format(name=name, what=what, wanted=case.wanted, where=where)
    lines = [head]
    lines += uses if uses and not case.place else [places.text(case.place)]
    which = "first" if case.spot == first(~np.isfinite(case.result)) else "first new one"
    number = int(np.count_nonzero(~np.isfinite(case.result)))
    bad = f"{number} of {case.result.size} not finite, the {which} at {case.spot}: {value}"
    lines.append(f"  result: {case.result.dtype} {case.result.shape}, {bad}")
    if case.cotangent is not None:
        what = "tangent" if case.kind == "jvp" else "cotangent"
        lines.append(f"  {what}: {described(case.cotangent, case.meets(case.cotangent))}")
    for name, operand in list(case.operands.items())[:_MOST]:
        lines.append(f"  {name}: {described(operand, case.meets(operand))}")
    if len(case.operands) > _MOST:
        lines.append(f"  … and {len(case.operands) - _MOST} more operands")
    if case.place and uses:
        lines += ["  The parts of the sum come from:", *uses]
    if reason:
        lines.append(f"  {reason}")
    return "\n".join(lines)


def _uses(case: Case) -> list[str]:
    """Where the functions were called whose rules gave the parts of a sum, the first one first."""
    texts: list[str] = []
    for place in reversed(case.uses):
        if place is not None and places.text(place) not in texts[:_MOST]:
            texts.append(places.text(place))
    return [*texts[:_MOST], f"  … and {len(texts) - _MOST} more"] if texts[_MOST:] else texts


def is_variable(node: Any) -> bool:
    """Whether this is no result of an operation: a leaf, or the argument of a transform."""
    plan = getattr(node, "plan", None)
    if plan is None:
        return node is not None
    return record_of(node).place is None and plan.row.name[0] == "<"


_MOST = 8  # operands that are described, and uses
_HEADS = {
    "value": "{name} turned {what}",
    "vjp": (
        "the derivative of {name} by {wanted} turned {what}, in the reverse "
        "sweep; the function was called here:"
    ),
    "jvp": (
        "the derivative of {name} by {wanted} turned {what}, in the forward "
        "sweep; the function was called here:"
    ),
    "sum": ("the sum of the cotangents of {name} turned {what}, in the reverse sweep; {where}"),
    "tangents": (
        "the sum of the derivatives of {name} by its operands turned {what}, "
        "in the forward sweep; {where}"
    ),
    "grad": "adding to the .grad of {name} turned {what}; {where}",
    "constant": "{name} was given a constant with nan or inf, and its result has them, too",
}
