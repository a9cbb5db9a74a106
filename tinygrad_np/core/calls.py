"""From a call to a row: a value for each of its parameters.

What the table has no place for is refused here, by its name and with the remedy.
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

import numpy as np

from . import hooks
from .arrays import cast, numbers
from .graph import LazyArray
from .signature import REQUIRED
from .table import Row

REMEDIES = {
    "constant_values": "use np.where or np.concatenate",
    "ddof": "scale the result instead",
    "fweights": "use aweights",
    "initial": "combine it with the result: a sum by +, a product by *, a maximum by np.maximum",
    "nan": "use np.where",
    "neginf": "use np.where",
    "out": "assign the result: nothing is written into a Tensor",
    "period": "scale the argument instead",
    "posinf": "use np.where",
    "range": "compute the edges of the bins",
    "value": "use np.where or np.concatenate",
}
"""What to do instead where the derivative by such a parameter of NumPy's functions is wanted."""


def bind(row: Row, args: tuple[Any, ...], kwargs: dict[str, Any]) -> list[Any]:
    """One value a parameter, in the order of the row's signature.

    >>> from .table import row_of
    >>> bind(row_of(np.transpose), ([[1.0, 2.0]],), {})
    [[[1.0, 2.0]], None]
    """
    names = row.names
    if row.rest is not None:
        args = (*args[: row.rest], args[row.rest :])
    if len(args) > len(names):
        raise TypeError(f"{row.name}: takes {len(names)} arguments on a Tensor, not {len(args)}")
    refuse_out(row, kwargs.get("out"))  # before the `axes` that `b @= t` gives as well
    bound = [*args, *row.defaults[len(args) :]]
    for keyword, value in kwargs.items():
        name = row.aliases.get(keyword, keyword)
        if name not in names:
            raise TypeError(_unsupported(row, keyword))
        position = names.index(name)
        if value is None and keyword == "where" and row.defaults[position] is True:
            raise TypeError(
                f"{row.name}: where=None leaves out every element, as where=False does; leave it "
                "out to take them all"
            )
        if position < len(args) or (keyword != name and name in kwargs):
            raise TypeError(f"{row.name}: the argument {keyword!r} was given twice")
        bound[position] = value
    for name, value in zip(names, bound, strict=True):
        if value is REQUIRED:
            raise TypeError(f"{row.name}: the argument {name!r} is missing")
    if "out" in names:
        refuse_out(row, bound[names.index("out")])
    if row.real or (row.dtype is not None and bound[row.dtype] is not None):
        refuse_complex(row, dict(zip(names, bound, strict=True)))
    return bound


def refuse_out(row: Row, out: Any) -> None:
    """Raise if a call asks for its result to be written into an array."""
    if out is not None:
        raise TypeError(f"{row.name}: the argument 'out': {_UNSUPPORTED['out']}")


def refuse_complex(row: Row, given: dict[str, Any]) -> None:
    """Raise where complex numbers have no meaning, or would lose their imaginary parts.

    NumPy only warns where it casts them to a real dtype, be it asked for or another operand's.
    """
    dtype = given.get("dtype")
    takes_the_real_part = row.user_defined or row.function is cast
    if dtype is not None and not takes_the_real_part and np.dtype(dtype).kind != "c":
        for position in row.operands:
            if is_complex(given[row.names[position]]):
                raise TypeError(
                    f"{row.name}: complex numbers do not fit into {np.dtype(dtype)}; take np.real "
                    f"of {row.names[position]!r}, or a complex dtype"
                )
    for name, others in row.real.items():
        if not is_complex(given[name]):
            continue
        decides = next((other for other in others if given[other] is not None), None)
        if decides is None:
            raise TypeError(
                f"{row.name}: {name!r} takes real numbers, and complex ones are given; take "
                "np.real, np.imag or np.abs of them"
            )
        room = given[decides]
        if not (np.dtype(room).kind == "c" if decides == "dtype" else is_complex(room)):
            raise TypeError(
                f"{row.name}: {name!r} is complex and {decides!r} is real, so that the imaginary "
                f"part would be lost; take np.real of {name!r}, or make {decides!r} complex"
            )


def refuse_in_ufunc(row: Row, args: tuple[Any, ...], error: Exception) -> None:
    """Raise if it is complex numbers that a ufunc has not taken: NumPy's error leaves that out."""
    if "not supported for the input types" in str(error) and is_complex(args):
        raise TypeError(
            f"{row.name}: takes real numbers, and complex ones are given; take np.real, np.imag or "
            "np.abs of them"
        ) from error


def is_complex(x: Any) -> bool:
    """Whether an operand, or one in a list, is complex."""
    if isinstance(x, (list, tuple)):
        return any(map(is_complex, x))
    return isinstance(x, complex) or getattr(getattr(x, "dtype", None), "kind", "") == "c"


def constant_call(row: Row, args: tuple[Any, ...], kwargs: dict[str, Any]) -> None:
    """Raise if a call of a locally constant function would write into an array, or leave gaps."""
    refuse_out(row, kwargs.get("out"))
    if isinstance(row.function, np.ufunc):
        if kwargs.get("where", True) is not True:
            raise TypeError(f"{row.name}: the argument 'where': {_UNSUPPORTED['where']}")
        return
    names = _parameters(row.function) if len(args) > 1 or kwargs else ()
    if "out" in names[: len(args)]:
        refuse_out(row, args[names.index("out")])
    unknown = next((name for name in kwargs if names and name not in names), None)
    if unknown is not None:
        told = hooks.explainer.argument(row.name, unknown, names)
        has = ", ".join(map(repr, names))
        raise TypeError(told or f"{row.name} has no argument {unknown!r}; it has {has}")


@functools.cache
def _parameters(function: Callable[..., Any]) -> tuple[str, ...]:
    """The names of a function's parameters; none where Python cannot read them all."""
    import inspect

    try:
        parameters = inspect.signature(function).parameters
    except (TypeError, ValueError):
        return ()
    takes_any = any(p.kind is p.VAR_KEYWORD for p in parameters.values())
    return () if takes_any else tuple(parameters)


def constant_operand(value: Any, row: Row) -> Any:
    """An operand that is no Tensor: a number stays as it is, a list becomes an array."""
    if isinstance(value, LazyArray):  # of a layer, which has checked it
        return value
    if value is None or isinstance(value, (int, float, complex, np.number, np.bool_)):
        return np.asarray(value) if row.kind == "bilinear" else value
    if isinstance(value, np.matrix):
        raise TypeError(
            f"{row.name}: takes no np.matrix beside a Tensor, since its * multiplies matrices; use "
            "np.asarray(m), and @ for the product of matrices"
        )
    if hasattr(value, "toarray"):
        raise TypeError(
            f"{row.name}: takes no sparse matrix beside a Tensor; use a.toarray(), or the operator "
            "@ where it is their product"
        )
    # Also what carries out NumPy's functions itself is a plain array beside a Tensor.
    return numbers(np.asarray(numbers(value, row.name)), row.name)


def check_constant(row: Row, name: str, tensor: Any) -> None:
    """Raise unless a Tensor may stand for the parameter `name`, as the constant it locally is.

    One of integers or truth values is a constant everywhere: there are such in a trace.
    """
    is_traced = hooks.opened and hooks.observer().enters(tensor)
    if not (name in row.locally_constant or is_traced or tensor.dtype.kind in "biu"):
        remedy = None if row.user_defined else REMEDIES.get(name)
        remedy = remedy or "pass an array, for instance t.data"
        raise TypeError(
            f"{row.name}: {name!r} has no derivative rule and takes no Tensor; {remedy}"
        )


def _unsupported(row: Row, keyword: str) -> str:
    if keyword in _UNSUPPORTED:
        return f"{row.name}: the argument {keyword!r}: {_UNSUPPORTED[keyword]}"
    told = hooks.explainer.argument(row.name, keyword, row.names)
    return told or f"{row.name}: the argument {keyword!r}: it is not supported on a Tensor"


_UNSUPPORTED = {
    "out": "the gradient would be lost; assign the result: y = f(x), and y = y + x for y += x",
    "where": "what it leaves out is undefined; use np.where on the result",
}
