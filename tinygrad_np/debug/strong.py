"""The rules in a block of `strong_zeros`: an element of the cotangent that is 0 stays 0.

A sweep takes `Plan.callers(strong_rule)` in place of the plan's own pairs. A rule that multiplies
by a factor, or divides, has its other form from that; `_OTHERS` has the rules that are written out
and are elementwise all the same. Rules that are not elementwise stay as they are.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from ..core.table import Factor, Row
from ..rules.arithmetic import multiply_no_nan

Rule = Callable[..., Any]


def strong_rule(row: Row, position: int, rule: Rule) -> Rule:
    """What is called in place of a rule for the operand at `position`."""
    if isinstance(rule, Factor):
        given, divides = rule.given, rule.divides

        def strong(g: Any, *needed: Any) -> Any:
            factor = given(*needed)
            return multiply_no_nan(g, 1 / factor if divides else factor)

        return strong
    return _OTHERS.get((row.function, position), rule)


def _like(y: Any, g: Any) -> Any:
    """A Python number as an array: as a number it cannot be divided by if it is 0."""
    return np.asarray(y, g.dtype) if isinstance(y, (int, float, complex)) else y


_OTHERS: dict[tuple[Any, int], Rule] = {
    (np.divide, 0): lambda g, y: multiply_no_nan(g, 1 / _like(y, g)),
    (np.divide, 1): lambda g, ans, y: multiply_no_nan(g, -ans / _like(y, g)),
}
