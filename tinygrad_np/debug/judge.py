"""Is it this operation that made the nan or inf? `judge` tells the mode's handler if it is.

A result is judged by what went into it: an element counts as made here if it is not finite where
all that it has come of was, or nan where none of that was.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from ..graph import extends
from .cases import Case, first, is_elementwise, record_of
from .errors import NonFiniteError, error_of, is_variable
from .modes import Mode, enter, leave

ARRAYS = (np.ndarray, np.generic)
_finite, _nonzero = np.isfinite, np.count_nonzero


def judge(mode: Mode, case: Case) -> None:
    """Tell the mode's handler, if a bad element of one of the case's results was made here."""
    for array in arrays(case.result):
        if array.dtype.kind not in "fc":
            continue
        bad = _new(array, case.inputs, is_elementwise(case.row, case.kind))
        if bad is not None:
            _tell(mode, case._replace(result=array, spot=first(bad)))
            return


def judge_sum(
    mode: Mode, kind: str, parts: dict[str, Any], total: Any, node: Any, uses: tuple[Any, ...] = ()
) -> None:
    """The same for what two parts add up to; `uses` are the places that the parts come from."""
    if not is_finite(total):
        record = record_of(node)
        row = None if is_variable(node) else node.plan.row
        inputs = list(arrays(list(parts.values())))
        case = Case(
            row, kind, record.place, record.within, node, parts, plain(total), inputs, uses=uses
        )
        judge(mode, case)


def judge_constants(mode: Mode, case: Case) -> None:
    """Tell the handler, if a nan or inf came in with an operand that is a constant."""
    tensors = {case.row.names[position] for position in case.node.plan.positions}
    for name, operand in case.operands.items():
        if name not in tensors and not all(map(is_finite, arrays(operand))):
            result = np.asarray(case.result)
            spot = first(~np.isfinite(result))
            _tell(mode, case._replace(kind="constant", result=result, spot=spot, wanted=name))
            return


def _tell(mode: Mode, case: Case) -> None:
    """Give the error to the handler, whose own operations are not looked at."""
    assert mode.handler is not None
    error: NonFiniteError = error_of(case)
    token = enter(mode._replace(handler=None))
    try:
        mode.handler(error)
    finally:
        del error
        leave(token)


def _new(result: Any, inputs: list[Any], by_element: bool) -> Any:
    """A mask of the bad elements that did not come in, or None.

    Such are a nan or inf of finite numbers, and a nan of numbers that are none. Where the function
    is elementwise each element counts for itself, otherwise all of the inputs count together.
    """
    bad = ~np.isfinite(result)
    if not bad.any():
        return None
    finite, number = True, True
    for x in inputs:
        finite_x, number_x = np.isfinite(x), ~np.isnan(x)
        if not by_element or not extends(result.shape, np.shape(x)):
            finite_x, number_x = finite_x.all(), number_x.all()
        finite, number = np.logical_and(finite, finite_x), np.logical_and(number, number_x)
    new = np.logical_or(bad & finite, np.isnan(result) & number)
    return new if new.any() else None


# Values


def is_finite(x: Any) -> bool:
    """Whether all numbers in `x`, an array of them or a tree of lists and tuples, are finite.

    >>> is_finite([np.ones(2), (1, np.inf)])
    False
    """
    if type(x) is np.ndarray:
        return _nonzero(_finite(x)) == x.size
    return all(_nonzero(_finite(array)) == array.size for array in arrays(x))


def operands_of(row: Any, values: list[tuple[int, Any]]) -> dict[str, Any]:
    """The operands by name, of (position, value): what a rule can be about, and other arrays."""
    found: dict[str, Any] = {}
    for position, value in values[: len(row.names)]:
        name = row.names[position]
        if isinstance(value, (list, tuple)) and any(isinstance(x, ARRAYS) for x in value):
            among = [x for x in value if isinstance(x, ARRAYS)]
            found |= {f"{name}[{i}]": x for i, x in enumerate(among)}
        elif isinstance(value, ARRAYS) or (position in row.operands and _is_number(value)):
            found[name] = value
    return found


def _is_number(value: Any) -> bool:
    return isinstance(value, (int, float, complex)) and not isinstance(value, bool)


def plain(x: Any) -> Any:
    """The value of a Tensor, also of those in a list; anything else as it is."""
    if isinstance(x, (list, tuple)):
        return [plain(item) for item in x]
    return getattr(x, "_value", x)


def arrays(x: Any) -> Iterator[Any]:
    """The arrays of numbers in `x`, a tree of lists and tuples; numbers count as arrays."""
    if isinstance(x, (list, tuple)):
        for item in x:
            yield from arrays(item)
        return
    x = plain(x)
    if isinstance(x, (float, complex)) or (isinstance(x, ARRAYS) and x.dtype.kind in "biufc"):
        yield np.asarray(x)
