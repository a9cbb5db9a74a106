"""Which arguments a transform differentiates by: what its users write as `argnums`."""

from __future__ import annotations

import operator
from typing import Any

Argnums = int | tuple[int, ...]
"""The positions of the arguments to differentiate by; negative ones count from the end."""


def chosen_of(function: Any, argnums: Any, name: str) -> tuple[Argnums, tuple[int, ...]]:
    """The `positions` of arguments of a function, for a transform of that."""
    remedy = "" if name == "hvp" else f"; the arguments follow: {name}(f)(x)"
    if not callable(function):
        raise TypeError(f"{name}: takes a function, not a {type(function).__name__}{remedy}")
    try:
        return positions(argnums, name)
    except TypeError as error:
        raise TypeError(f"{error}{remedy}") from None


def positions(argnums: Any, name: str) -> tuple[Argnums, tuple[int, ...]]:
    """`argnums` as Python's integers, and as a tuple."""
    try:
        if not isinstance(argnums, (tuple, list)):
            argnums = operator.index(argnums)
            return argnums, (argnums,)
        positions = tuple([operator.index(argnum) for argnum in argnums])
    except TypeError:
        raise TypeError(
            f"{name}: argnums is an integer or a tuple of integers, not {argnums!r:.40}"
        ) from None
    return positions, positions


def within(chosen: tuple[int, ...], count: int, name: str) -> None:
    """Raise where `chosen` does not name arguments among so many, each once."""
    for argnum in chosen:
        if not -count <= argnum < count:
            raise ValueError(
                f"{name}: argnums is {_shown(chosen)}, but there are {count} positional arguments"
                + (", and only these are counted" if not count else "")
            )
    if len(chosen) > 1 and len({argnum % count for argnum in chosen}) < len(chosen):
        raise ValueError(f"{name}: argnums {chosen} names an argument twice")


def _shown(chosen: tuple[int, ...]) -> Any:
    return chosen[0] if len(chosen) == 1 else chosen
