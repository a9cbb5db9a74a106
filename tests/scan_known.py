"""What the scan of the elementwise rules excuses: derivatives that cannot reach its limits, and why.

An entry holds for the named orders and dtypes, and where its condition says so, given the dtype's
`finfo`, the exact derivative and the point. `docs/accuracy.md` shows the reasons, with the worst error
that each excuses.
"""

from collections.abc import Callable
from math import inf
from typing import Any, NamedTuple

ALL = ("float16", "float32", "float64")


def everywhere(info: Any, exact: Any, *point: float) -> bool:
    return True


class Known(NamedTuple):
    """Derivatives that may be off by more than the limit."""

    reason: str
    ulps: float = inf
    """the most that is allowed; inf allows nan and infinity, too"""
    orders: tuple[int, ...] = (1, 2, 3)
    dtypes: tuple[str, ...] = ALL
    where: Callable[..., bool] = everywhere


KNOWN: dict[str, list[Known]] = {}
