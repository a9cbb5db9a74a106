"""The axes of a call, as a rule sees them: Python's integers, and never that of a single number.

NumPy takes a list, an array or a NumPy integer for axes, and an axis of a single number, which has
none, as if that were an array of one element. `plain` and `of_a_number` make one form of these, so
that no rule has to know about them.
"""

import operator
from collections.abc import Callable
from typing import Any

import numpy as np

NAMES = frozenset(
    ("axes", "axis", "axis1", "axis2", "axisa", "axisb", "axisc", "destination", "source")
)
"""The parameters that are axes."""

PLAIN = (int, tuple, type(None))
"""The types of axes that a rule takes as they are."""


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
        return operator.index(axes)
    except TypeError:
        raise TypeError(f"an axis is an integer, not {axes!r:.40}") from None


def listed(axes: Any) -> list[int]:
    """Axes that are given as one or as several, as a list.

    >>> listed(-1), listed((0, 1))
    ([-1], [0, 1])
    """
    return list(axes) if isinstance(axes, (list, tuple)) else [axes]


def is_of_a_number(row: Any, bound: list[Any]) -> bool:
    """Whether an axis is given for an operand that has none."""
    axis, x = bound[row.axis], bound[row.first]
    if axis is None or type(axis) is tuple:
        return False
    return not (x.ndim if hasattr(x, "ndim") else np.ndim(x))


def of_a_number(row: Any, bound: list[Any], values: list[Any]) -> Any:
    """The call for a single number, by one for an array of one element.

    `values` are the arguments `bound` without Tensors: NumPy says whether it takes them, and what
    the shape of the result is.
    """
    shape = np.shape(row.call(values, row.kernel))
    bound = list(bound)
    bound[row.first] = np.reshape(bound[row.first], (1,))
    return np.reshape(row.call(bound), shape)


def unless_of_a_number(
    row: Any, call: Callable[..., Any], otherwise: Callable[..., Any]
) -> Callable[..., Any]:
    """`call`, which is fast, for calls whose first operand has axes."""
    first = row.first

    def checked(*args: Any) -> Any:
        return call(*args) if args[first].ndim else otherwise(row, args, {})

    return checked
