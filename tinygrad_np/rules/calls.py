"""From a call to the table: a function's row, and a value for each of the row's parameters.

What the table has no place for is refused here, by its name and with the remedy.
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

import numpy as np

from ..arrays import is_masked
from . import REFUSED, TABLE, load
from .table import REQUIRED, Row, name_of


def row_of(function: Callable[..., Any]) -> Row:
    """The row of a function; ``TypeError`` where it has none, or is refused."""
    row = TABLE.get(function) or getattr(function, "row", None)
    if row is None and function not in REFUSED:
        load()
        row = TABLE.get(function)
    if row is None and function in REFUSED:
        raise TypeError(f"{name_of(function)} does not take a Tensor: {REFUSED[function]}")
    if row is None:
        name = name_of(function)
        raise TypeError(
            f"{name} has no derivative rule. Give a function of your own that calls it one, with "
            "tinygrad_np.pointwise, linear, bilinear or general, "
            f"or use t.data if no gradient is needed"
        )
    return row


def bind(row: Row, args: tuple[Any, ...], kwargs: dict[str, Any]) -> list[Any]:
    """One value a parameter, in the order of the row's signature."""
    names = row.names
    if row.rest is not None:
        args = (*args[: row.rest], args[row.rest :])
    if len(args) > len(names):
        raise TypeError(f"{row.name}: takes {len(names)} arguments on a Tensor, not {len(args)}")
    refuse_out(row, kwargs.get("out"))
    bound = [*args, *row.defaults[len(args) :]]
    for keyword, value in kwargs.items():
        name = row.aliases.get(keyword, keyword)
        if name not in names:
            why = _UNSUPPORTED.get(keyword, "it is not supported on a Tensor")
            raise TypeError(f"{row.name}: the argument {keyword!r}: {why}")
        position = names.index(name)
        if position < len(args) or (keyword != name and name in kwargs):
            raise TypeError(f"{row.name}: the argument {keyword!r} was given twice")
        bound[position] = value
    for name, value in zip(names, bound, strict=True):
        if value is REQUIRED:
            raise TypeError(f"{row.name}: the argument {name!r} is missing")
    if "out" in names:
        refuse_out(row, bound[names.index("out")])
    return bound


def refuse_out(row: Row, out: Any) -> None:
    """Raise if a call asks for its result to be written into an array."""
    if out is not None:
        raise TypeError(f"{row.name}: the argument 'out': {_UNSUPPORTED['out']}")


def constant_call(row: Row, args: tuple[Any, ...], kwargs: dict[str, Any]) -> None:
    """Raise if a call of a locally constant function would write into an array, or leave gaps."""
    refuse_out(row, kwargs.get("out"))
    if isinstance(row.function, np.ufunc):
        if kwargs.get("where", True) is not True:
            raise TypeError(f"{row.name}: the argument 'where': {_UNSUPPORTED['where']}")
    elif len(args) > 1:
        position = _position_of_out(row.function)
        if position is not None and position < len(args):
            refuse_out(row, args[position])


@functools.cache
def _position_of_out(function: Callable[..., Any]) -> int | None:
    import inspect  # 5 ms, which few calls need

    try:
        names = list(inspect.signature(function).parameters)
    except (TypeError, ValueError):
        return None
    return names.index("out") if "out" in names else None


def constant_operand(value: Any, row: Row) -> Any:
    """An operand that is no Tensor: a number stays as it is, a list becomes an array."""
    if value is None or isinstance(value, (int, float, complex, np.number, np.bool_)):
        return np.asarray(value) if row.kind == "bilinear" else value
    if is_masked(value):
        raise TypeError(f"{row.name}: takes no masked array beside a Tensor; use np.where")
    array = np.asarray(value)
    if array.dtype.kind not in "biufc":
        raise TypeError(
            f"{row.name}: a {type(value).__name__} is no number and no array of numbers"
        )
    return array


def check_constant(row: Row, name: str) -> None:
    """Raise unless a Tensor may stand for the parameter `name`, as the constant it locally is."""
    if name not in row.locally_constant:
        why = row.choices.get(name, "it has no derivative rule")
        raise TypeError(
            f"{row.name}: a Tensor cannot be {name!r}: {why}; pass an array, for instance t.data"
        )


def refusal_of_method(ufunc: Any, method: str) -> str:
    """Why ``ufunc.method`` does not take a Tensor, and what does."""
    name = name_of(ufunc)
    if method == "at":
        return (
            f"{name}.at writes into an array, and the gradient would be lost; use "
            "tinygrad_np.scatter_add"
        )
    known = {(np.add, "reduce"): "np.sum", (np.maximum, "reduce"): "np.max"}
    instead = known.get((ufunc, method))
    return f"{name}.{method} has no derivative rule" + (f"; use {instead}" if instead else "")


_UNSUPPORTED = {
    "out": "nothing is written into an array on the way, since the gradient would be lost; "
    "assign the result, y = f(x), or y = y + x instead of y += x",
    "where": "what it leaves out is undefined; use np.where on the result",
}
