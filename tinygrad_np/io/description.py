"""The numbers of an array in float64: how many of which kind, range, mean, spread, a histogram.

Of complex numbers the absolute values are told. Nothing overflows on the way: the numbers are
divided by a power of two first. The array is read in blocks, so little memory is needed.

>>> found = describe(np.array([1e308, 1.5e308, np.inf]), 2)
>>> found.low, found.high, found.inf, found.bins
(1e+308, 1.5e+308, 1, [1, 1])
>>> f"{found.mean:.6g} {found.spread:.6g}"
'1.25e+308 2.5e+307'
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any, NamedTuple

import numpy as np

from ..core.arrays import Array

BLOCK = 1 << 16
"""So many elements are read at a time."""


class Description(NamedTuple):
    """Counts of all elements; the rest is of `finite` ones, and nan where there are none.

    `beyond` counts finite elements whose absolute value is too large for float64: of longdouble
    or complex numbers. `spread` is the standard deviation, and `bins` are equally wide.
    """

    finite: int
    zeros: int
    nan: int
    inf: int
    beyond: int
    low: float = math.nan
    high: float = math.nan
    mean: float = math.nan
    spread: float = math.nan
    bins: list[int] = []  # noqa: RUF012  # never written to


def describe(values: Array, bins: int = 0) -> Description:
    """What there is to say of `values` in numbers, with a histogram of so many bins."""
    if not values.size:
        return Description(0, 0, 0, 0, 0)
    finite = zeros = nan = beyond = 0
    low, high = math.inf, -math.inf
    for block in _blocks(values):
        kept = real = magnitudes(block)
        zeros += int(np.count_nonzero(block == 0))
        ends = float(real.min()), float(real.max())
        if not (math.isfinite(ends[0]) and math.isfinite(ends[1])):
            kept = real[np.isfinite(real)]
            nan += int(np.count_nonzero(np.isnan(block)))
            beyond += int(np.count_nonzero(np.isfinite(block))) - kept.size
            ends = float(kept.min(initial=math.inf)), float(kept.max(initial=-math.inf))
        finite += kept.size
        low, high = min(low, ends[0]), max(high, ends[1])
    counts = finite, zeros, nan, values.size - finite - nan - beyond, beyond
    if not finite:
        return Description(*counts)
    begin, end = scaled(low, low, high), scaled(high, low, high)
    seen, mean, squares, histogram = 0, 0.0, 0.0, np.zeros(max(bins, 1), int)
    for block in _blocks(values):
        real = magnitudes(block)
        above = scaled(real, low, high)
        above -= begin  # from 0: few digits may tell them apart
        if finite < values.size:
            above = above[np.isfinite(real)]
        if not above.size:
            continue
        if bins:
            histogram += np.histogram(above, bins, (0, (end - begin) or 1))[0]
        own = above.mean()
        above -= own
        squares += above @ above + (own - mean) ** 2 * (seen * above.size / (seen + above.size))
        mean += (own - mean) * (above.size / (seen + above.size))
        seen += above.size
    middle = min(max(begin + mean, begin), end)  # rounding shall not leave the range
    spread = min(math.sqrt(squares / finite), max(end / 2 - begin / 2, 0.0))
    exponent = _exponent(low, high)
    mean, spread = math.ldexp(middle, exponent), math.ldexp(spread, exponent)
    return Description(*counts, low, high, mean, spread, histogram.tolist() if bins else [])


def magnitudes(values: Array) -> Array:
    """Of complex numbers the absolute values, in float64 as those of longdouble; others as is."""
    with np.errstate(over="ignore", under="ignore", invalid="ignore"):
        if values.dtype.kind == "c":
            return np.abs(values.astype(np.complex128))
        return values.astype(np.float64) if values.dtype.char == "g" else values


def scaled(values: Any, low: float, high: float) -> Any:
    """`values`, of which those from `low` to `high` come to lie between -1 and 1, in float64.

    They are divided by a power of two, so differences do not change, nor overflow.
    """
    with np.errstate(over="ignore", under="ignore", invalid="ignore"):
        return np.ldexp(np.asarray(values, np.float64), -_exponent(low, high))[()]


def _exponent(low: float, high: float) -> int:
    return math.frexp(max(abs(low), abs(high)))[1]


def _blocks(values: Array) -> Iterator[Array]:
    """The elements in pieces of one axis, as they lie in memory; copied only where they must be."""
    nditer: Any = np.nditer  # whose stubs know no blocks
    return iter(nditer(values, flags=["external_loop", "buffered"], order="K", buffersize=BLOCK))
