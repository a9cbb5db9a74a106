"""Arguments at which every row of the table is tried, and what is expected where it has a kink.

`samples_of` gives the samples of a row: ordinary points, at which differences are a valid witness.
`edges_of` has points at kinks, ties and the ends of a domain, with the gradient that the written
policy asks for there. The samples of a family of rules lie in the module of the same name; those
of `tinygrad_np.scipy` in the folder `scipy`, which is read when one of its rows is asked for.
"""

import functools
import importlib
import pkgutil
from types import ModuleType
from typing import Any

import numpy as np

from ...core.table import Row
from .draws import Edge, Generator, Sample

__all__ = ["EDGES", "FAMILIES", "SAMPLES", "Edge", "Sample", "edges_of", "samples_of"]

_MODULES = [importlib.import_module(f"{__name__}.{m.name}") for m in pkgutil.iter_modules(__path__)]
FAMILIES = [module for module in _MODULES if hasattr(module, "SAMPLES")]

SAMPLES = {function: draw for family in FAMILIES for function, draw in family.SAMPLES.items()}
EDGES = {function: edges for family in FAMILIES for function, edges in family.EDGES.items()}

# Functions of complex numbers, too, beside all that are linear, bilinear or declared analytic, and
# those of the latter that are not.
_COMPLEX = {f: True for family in FAMILIES for f in getattr(family, "COMPLEX", ())}
_REAL_ONLY = {f: True for family in FAMILIES for f in getattr(family, "REAL_ONLY", ())}


@functools.cache
def _of_scipy() -> ModuleType:
    return importlib.import_module(f"{__name__}.scipy")


def _found(what: str, row: Row) -> Any:
    """What is listed for a row in one of the dicts and sets of this module; None if nothing is."""
    here = globals()[what].get(row.function)
    if here is None and row.name.startswith("scipy."):
        here = getattr(_of_scipy(), what).get(row.function)
    return here


def samples_of(row: Row, seed: int = 0) -> list[Sample]:
    """The samples of a row, real and, where the function takes them, complex.

    The same ones for the same seed.

    >>> from tinygrad_np.core.table import TABLE
    >>> [sample.args[0].shape for sample in samples_of(TABLE[np.exp])]
    [(3, 3), (), (3, 3), ()]
    """
    draw = _found("SAMPLES", row)
    if draw is None:
        return []
    rng = np.random.default_rng(seed)
    samples = draw(rng)
    is_complex = row.analytic or row.kind in ("linear", "bilinear") or _found("_COMPLEX", row)
    if is_complex and not _found("_REAL_ONLY", row):
        samples += [_complex(sample, rng) for sample in samples if not sample.is_real]
    return samples


def edges_of(row: Row) -> list[Edge]:
    """The points of a row at kinks, ties and the ends of its domain."""
    return _found("EDGES", row) or []


def _complex(sample: Sample, rng: Generator) -> Sample:
    """The sample with imaginary parts added to its floating arrays, half as large as the reach."""

    def lifted(x: Any) -> Any:
        if isinstance(x, (list, tuple)):
            return type(x)([lifted(item) for item in x])
        if isinstance(x, np.ndarray) and x.dtype.kind == "f":
            return np.asarray(x + 0.5j * sample.reach * rng.uniform(-1, 1, x.shape))
        return x

    return sample._replace(args=lifted(sample.args), reach=sample.reach / 2)
