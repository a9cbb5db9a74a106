"""The calculus: one table, a family of functions a file, a row a function.

`TABLE` maps a function object to its row, `REFUSED` one that a Tensor must not reach to the reason.
Families that few programs need are read when a function is looked up in vain: `load` adds them.
`table` says what a row is.
"""

import importlib
import sys
from collections.abc import Callable
from types import ModuleType

from . import arithmetic, constants, elementary, indexing, networks, products, reductions, shapes
from .table import Row

__all__ = ["REFUSED", "TABLE", "families", "load"]

TABLE: dict[Callable[..., object], Row] = {}
REFUSED: dict[Callable[..., object], str] = {}

_FAMILIES: dict[str, ModuleType] = {}
# The families that `load` adds, and the module without which they are of no use.
_LATER: dict[str, str] = {
    "applying": "numpy",
    "conversion": "numpy",
    "diagonals": "numpy",
    "differences": "numpy",
    "eigen": "numpy",
    "einsum": "numpy",
    "factorisations": "numpy",
    "fft": "numpy.fft",
    "histograms": "numpy",
    "linalg": "numpy",
    "matrix_products": "numpy",
    "missing": "numpy",
    "norms": "numpy",
    "ordering": "numpy",
    "padding": "numpy",
    "polynomials": "numpy",
    "quantiles": "numpy",
    "rearranging": "numpy",
    "records": "numpy.lib.recfunctions",
    "refused": "numpy",
    "scans": "numpy",
    "scimath": "numpy",
    "selection": "numpy",
    "sequences": "numpy",
    "series": "numpy.polynomial.polynomial",
    "signals": "numpy",
    "special": "scipy.special",
    "stacking": "numpy",
    "statistics": "numpy",
    "strings": "numpy.strings",
    "vectors": "numpy",
}


def _add(family: ModuleType) -> None:
    for row in family.ROWS:
        if TABLE.setdefault(row.function, row) is not row:
            raise ValueError(f"{row.name} has two rows")
    REFUSED.update(getattr(family, "REFUSED", {}))
    _FAMILIES[family.__name__] = family


for _family in (
    arithmetic, elementary, reductions, shapes, indexing, products, networks, constants
):  # fmt: skip
    _add(_family)


def load() -> None:
    """Read the families that are not yet in the table, of what the program has imported.

    Several threads may do it at once: to add a family twice changes nothing, and it is no longer
    asked for only when all of it is there.
    """
    for name, needed in _LATER.copy().items():
        if needed in sys.modules:
            _add(importlib.import_module(f"{__name__}.{name}"))
            _LATER.pop(name, None)


def families() -> list[ModuleType]:
    """All families of the table, one of rules each.

    >>> [family.__name__.split(".")[-1] for family in families()][:3]
    ['arithmetic', 'elementary', 'reductions']
    """
    load()
    return list(_FAMILIES.values())
