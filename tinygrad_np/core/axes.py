"""The axes of a call, as a rule sees them: Python's integers, and never that of a single number.

NumPy takes a list, an array or a NumPy integer for axes, and an axis of a single number, which has
none, as if that were an array of one element. `settled` and `of_a_number` make one form of these,
so that no rule has to know about them.
"""

import operator
from typing import Any

import numpy as np

NAMES = frozenset(
    ("axes", "axis", "axis1", "axis2", "axisa", "axisb", "axisc", "destination", "source")
)
"""The parameters that are axes."""


def plain(axes: Any) -> Any:
    """None, an integer of Python's, or a tuple or list of them; ``TypeError`` for anything else.

    >>> plain(np.int64(1)), plain((0, np.array(-1)))
    (1, (0, -1))
    """
    if axes is None or type(axes) is int:
        return axes
    if isinstance(axes, (list, tuple)):
        return type(axes)(map(plain, axes))
    if np.ndim(axes):
        return tuple(map(plain, axes))
    try:
        return int(operator.index(axes))
    except TypeError:
        raise TypeError(f"an axis is an integer, not {axes!r:.40}") from None


def listed(axes: Any) -> list[int]:
    """Axes that are given as one or as several, as a list.

    >>> listed(-1), listed((0, 1))
    ([-1], [0, 1])
    """
    return list(axes) if isinstance(axes, (list, tuple)) else [axes]


def settled(row: Any, bound: list[Any]) -> bool:
    """Make the axes among the arguments `plain`; whether one is given of a single number.

    NumPy has taken the arguments, so that there are no others.
    """
    for position in row.axes:
        bound[position] = plain(bound[position])
    axis = row.axis
    return axis is not None and type(bound[axis]) is int and _is_a_number(bound[row.first])


def _is_a_number(x: Any) -> bool:
    return not getattr(x, "ndim", 0)


def of_a_number(row: Any, bound: list[Any], shape: tuple[int, ...]) -> Any:
    """A call for a single number, which NumPy answers in this shape, as one for an array of it."""
    bound[row.first] = np.reshape(bound[row.first], (1,))
    return np.reshape(row.call(bound), shape)
