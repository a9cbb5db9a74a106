"""Updates without mutation: ``at(x)[index].set(value)`` is a new array, and differentiable.

What ``x[index] = value`` does to an array, ``x = at(x)[index].set(value)`` does without writing
into one; `add`, `multiply`, `min` and `max` take the place of ``+=``, ``*=`` and their kind. For
arrays and Tensors alike; a Tensor has it as ``x.at`` (as JAX's arrays do).

>>> import numpy as np
>>> at(np.zeros(3))[1:].set(5.0)
array([0., 5., 5.])
"""

from __future__ import annotations

from typing import Any, NoReturn

import numpy as np

from ..answers import explained, written
from ..core.arrays import numbers
from ..core.rules import scatter_add, selected
from .indexing import index_max, index_min, index_set


@explained
def at(x: Any) -> At:
    """`x`, to be indexed where it shall be updated: ``at(x)[index].set(value)``.

    Parameters
    ----------
    x : array_like

    Returns
    -------
    At
        With an index: ``get``, ``set``, ``add``, ``multiply``, ``min`` and ``max``, which give new
        arrays.

    Examples
    --------
    >>> at([1.0, 2.0])[0].add(10.0)
    array([11.,  2.])
    """
    return At(numbers(x, "at"))


class At:
    """An array that waits for an index."""

    __slots__ = ("_x",)

    def __init__(self, x: Any) -> None:
        self._x = x

    def __getitem__(self, index: Any) -> Place:
        return Place(self._x, index)

    def __getattr__(self, name: str) -> NoReturn:
        raise AttributeError(f"at has no attribute {name!r}; an index goes first: at(x)[index]")


class Place:
    """The elements of an array at an index: what NumPy takes between brackets."""

    __slots__ = ("_index", "_x")

    def __init__(self, x: Any, index: Any) -> None:
        self._x = x
        self._index = index

    def get(self) -> Any:
        """The elements themselves: ``x[index]``."""
        return selected(self._x, self._index, "at")

    def set(self, value: Any) -> Any:
        """With `value`, broadcast, in their place; where an index repeats, the last one stays."""
        return self._updated(index_set, value)

    def add(self, value: Any) -> Any:
        """With `value` added; where an index repeats, all are added."""
        return self._x + scatter_add(self._broadcast(value), self._index, self._x.shape)

    def multiply(self, value: Any) -> Any:
        """Times `value`; where an index repeats, times all of them."""
        factors = self._broadcast(value)
        places = np.arange(self._x.size).reshape(self._x.shape)[self._index].reshape(-1)
        result, factors = self._x.reshape(-1), factors.reshape(-1)
        rest = np.arange(places.size)
        # One round for each time that an index repeats, so that no round has one twice.
        while rest.size:
            once, first = np.unique(places[rest], return_index=True)
            result = index_set(result, once, result[once] * factors[rest[first]])
            rest = np.delete(rest, first)
        return result.reshape(self._x.shape)

    def min(self, value: Any) -> Any:
        """With the smaller of the elements and `value`; those that tie share the gradient."""
        return self._updated(index_min, value)

    def max(self, value: Any) -> Any:
        """With the larger of the elements and `value`; those that tie share the gradient."""
        return self._updated(index_max, value)

    def __getattr__(self, name: str) -> NoReturn:
        instead = "; use at(x)[index].set(f(x[index]))" if not name.startswith("_") else ""
        raise AttributeError(f"at(x)[index] has no attribute {name!r}{instead}")

    def _updated(self, function: Any, value: Any) -> Any:
        try:
            return function(self._x, self._index, value)
        except ValueError as error:
            if "broadcast" not in str(error):
                raise
        raise self._misfit(value)

    def _misfit(self, value: Any) -> ValueError:
        place = selected(np.broadcast_to(0.0, self._x.shape), self._index, "at")
        return ValueError(
            f"at[{written(self._index)}]: values of shape {np.shape(value)} do not fit into "
            f"elements of shape {place.shape} (of an array of shape {self._x.shape})"
        )

    def _broadcast(self, value: Any) -> Any:
        value = numbers(value, "at")
        dtype = self._x.dtype
        if not np.can_cast(value.dtype, dtype, "same_kind"):
            raise TypeError(
                f"at: values of dtype {value.dtype} do not fit into an array of dtype {dtype}; "
                f"convert the array first, for instance with .astype({value.dtype})"
            )
        place = selected(np.empty(self._x.shape, bool), self._index, "at")
        try:
            return np.broadcast_to(value.astype(dtype), place.shape)
        except ValueError:
            raise self._misfit(value) from None
