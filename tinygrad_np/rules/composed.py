"""Rows without rules of their own: a function with a definition in terms of others.

`composed` declares one. Tensors run through the definition, so that its operations are recorded in
place of the function, and their rules are its derivative in both modes and every order.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Collection
from typing import Any

import numpy as np

from ..core import hooks
from ..core.arrays import Array, cast, is_masked
from ..core.calls import bind, check_constant
from ..core.signature import Signature, parameters_of
from ..core.table import ANS, Row
from ..core.tensor import Tensor, rebuilt, source_of, value_of, values_of


class ComposedRow(Row):
    """A row with a definition, the positions of what that names, and whose value is given."""

    __slots__ = ("definition", "needs", "own_value")

    definition: Callable[..., Any]
    needs: tuple[int, ...]
    own_value: bool

    def carry_out(self, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        """The definition, run on the arguments themselves, Tensors among them."""
        bound = bind(self, args, kwargs)
        for position, value in enumerate(bound):
            if type(value) is Tensor and position not in self.operands:
                check_constant(self, self.names[position], value)
                bound[position] = values_of(value)
            elif is_masked(value):
                raise TypeError(f"{self.name}: takes no masked array beside a Tensor; use np.where")
        definition = self.definition
        if self.own_value:
            ans = self.call([values_of(x) for x in bound], self.kernel)  # refuses what it does
            if hooks.opened:
                ans = hooks.observer().computed(self, bound, ans)
                if not hooks.observer().derives(bound):
                    return hooks.observer().lifted(ans)
            bound.append(ans)
            definition = functools.partial(_with_own_value, self, ans)
        if hooks.opened:
            definition = hooks.observer().composing(self, definition)
        return definition(*[bound[position] for position in self.needs])


def _with_own_value(row: ComposedRow, ans: Array, *needed: Any) -> Any:
    """The function's own value, with the derivative of the row's definition."""
    with np.errstate(all="ignore"):  # the function itself has warned where there was a reason
        return _with_value(row, ans, row.definition(*needed))


def _with_value(row: Row, ans: Array, result: Any) -> Any:
    """The function's own value with the derivative that the result of the definition has."""
    if isinstance(ans, (list, tuple)):
        parts = [_with_value(row, a, x) for a, x in zip(ans, result, strict=True)]
        return type(ans)(*parts) if hasattr(ans, "_fields") else type(ans)(parts)
    if isinstance(result, (list, tuple)):
        raise TypeError(
            f"{row.name}: its definition gives {len(result)} results where the function gives one; "
            "please report it"
        )
    if type(result) is not Tensor:
        return ans
    value = np.asarray(ans)
    if value.shape != result.shape or value.dtype != result.dtype:
        raise TypeError(
            f"{row.name}: its definition gives {result.dtype}{result.shape} where the function "
            f"gives {value.dtype}{value.shape}; please report it"
        )
    return rebuilt(value, source_of(result))


def composed(
    function: Callable[..., Any],
    signature: Signature,
    definition: Callable[..., Any],
    operands: Collection[str],
    *,
    own_value: bool = False,
    **options: Any,
) -> ComposedRow:
    """A row for a function with a `definition` in terms of others, on which Tensors run.

    The definition names the parameters that it needs; `operands` are those by which there is a
    derivative. A list operand comes as it is, with Tensors in it. The value must be exactly what
    the function gives. With `own_value` it is the function's own, and the definition, whose value
    may differ by roundings and no more, gives the derivative alone: see `witnesses`. It may name
    ``ans``, the function's value, for what is decided there.

    >>> from tinygrad_np import signature
    >>> fliplr = composed(np.fliplr, signature("m"), lambda m: m[:, ::-1], {"m"})
    >>> fliplr.definition(np.arange(4).reshape(2, 2))
    array([[1, 0],
           [3, 2]])
    """
    row = ComposedRow("composed", function, signature, **options)
    row.definition = definition
    names = (*row.names, ANS)
    row.needs = tuple([names.index(name) for name in parameters_of(definition)])
    row.operands = {row.names.index(name) for name in operands}
    row.own_value = own_value
    return row


def valued(value: Any, found: Any, tolerance: float, where: str, remedy: str) -> Any:
    """A function's own value with the derivative of `found`, if the two agree to `tolerance`.

    ``ValueError`` that names `where` and tells the `remedy` if they do not.

    >>> valued(np.array([1.0, 2.0]), [1.0, 2.0], 0.0, "f", "")
    array([1., 2.])
    """
    if type(found) is not Tensor:
        return value
    value = np.asarray(value)
    if found.shape != value.shape:
        found = np.reshape(found, value.shape)
    error = np.max(np.abs(value_of(found) - value), initial=0)
    if not error <= tolerance:
        raise ValueError(
            f"{where}: what is differentiated differs from the function's own value by "
            f"{error:.1e}, and so might the derivative; {remedy}"
        )
    return rebuilt(value, source_of(cast(found, value.dtype)))
