"""The calculus: one table, a family of functions a file, a row a function.

`TABLE` maps a function object to its row, `REFUSED` one that a Tensor must not reach to the reason.
`table` says what a row is.
"""

from collections.abc import Callable
from typing import Any

from . import arithmetic, constants, elementary, indexing, networks, products, reductions, shapes
from .constants import REFUSED
from .table import Row

__all__ = ["FAMILIES", "REFUSED", "TABLE"]

FAMILIES = (arithmetic, elementary, reductions, shapes, indexing, networks, products, constants)

TABLE: dict[Callable[..., Any], Row] = {}
for _family in FAMILIES:
    for _row in _family.ROWS:
        if TABLE.setdefault(_row.function, _row) is not _row:
            raise ValueError(f"{_row.name} has two rows")
