"""`numpy.emath`: roots, logarithms and powers that become complex where a real one does not exist.

Whether the result is complex is decided by all elements together, and constant in between.
"""

from collections.abc import Callable
from typing import Any

import numpy as np

from ..core.arrays import Array, as_array, cast
from ..core.signature import signature
from ..core.table import Row
from .composed import composed


def _complex(x: Array) -> Any:
    return cast(x, np.dtype(np.complex64 if x.dtype.char in "fF" else np.complex128))


def _signed(x: Array) -> Any:
    """Complex where a real element is negative."""
    x = as_array(x)
    return _complex(x) if np.any(np.logical_and(np.isreal(x), np.less(x, 0))) else x


def _beyond_one(x: Array) -> Any:
    """Complex where a real element is larger than 1 in magnitude."""
    x = as_array(x)
    large = np.greater(np.absolute(x), 1)
    return _complex(x) if np.any(np.logical_and(np.isreal(x), large)) else x


def _row(function: Any, of: Callable[..., Any], domain: Callable[..., Any]) -> Row:
    return composed(function, signature("x"), lambda x: of(domain(x)), {"x"})


def _power(x: Array, p: Any) -> Any:
    p = as_array(p)
    if p.dtype.kind in "iu" and np.any(np.less(p, 0)):
        p = p * 1.0
    return np.power(_signed(x), p)


ROWS = (
    _row(np.emath.sqrt, np.sqrt, _signed),
    _row(np.emath.log, np.log, _signed),
    _row(np.emath.log2, np.log2, _signed),
    _row(np.emath.log10, np.log10, _signed),
    _row(np.emath.arccos, np.arccos, _beyond_one),
    _row(np.emath.arcsin, np.arcsin, _beyond_one),
    _row(np.emath.arctanh, np.arctanh, _beyond_one),
    composed(
        np.emath.logn,
        signature("n", "x"),
        lambda n, x: np.log(_signed(x)) / np.log(_signed(n)),
        {"n", "x"},
    ),
    composed(np.emath.power, signature("x", "p"), _power, {"x", "p"}),
)
