"""Winograd's transforms: four outputs of a filter of k taps by k + 3 products in place of 4·k.

Pixels and filter are evaluated as polynomials at k + 3 points, multiplied there, and interpolated.
(S. Winograd, *Arithmetic Complexity of Computations*, 1980; A. Lavin and S. Gray, *Fast Algorithms
for Convolutional Neural Networks*, 2016.) `winograd_rows` does so along rows, `winograd_squares`
along both axes.

The points are rationals near 1 and ∞. With them the error in float32, at up to 256 channels and
relative to the largest value, is below 2e-6 (k = 3) and 5e-6 (k = 5) along one axis, and below 4e-6
along both, where PyTorch's own is 5e-7 to 2e-6. In float64 nothing of this is used.
"""

import functools
import math
from typing import Any, NamedTuple

import numpy as np

OUTPUTS = 4
"""of a tile"""

_FINITE = {3: "0 3/4 -3/4 4/3 -4/3", 5: "0 5/8 -5/8 1 -1 5/3 -5/3"}
"""For each size of filter the points but ∞: of some fifty sets, those with the smallest error."""


class Transforms(NamedTuple):
    """The three maps of F(4, k): to and from k + 3 points."""

    taps: Any
    """G: (points, k): filter → points"""
    pixels: Any
    """Bᵀ: (points, points): pixels → points"""
    outputs: Any
    """Aᵀ: (4, points): points → outputs"""


@functools.cache
def transforms(k: int, dtype: Any = np.float64) -> Transforms:
    """The transforms for filters of `k` taps, 3 or 5.

    >>> t = transforms(3)
    >>> pixels, taps = np.arange(6.0), np.array([1.0, 0.0, 2.0])
    >>> t.outputs @ ((t.pixels @ pixels) * (t.taps @ taps))
    array([ 4.,  7., 10., 13.])
    """
    from fractions import Fraction  # which takes 1.6 ms, at the first use

    points = [Fraction(point) for point in _FINITE[k].split()]
    taps: list[list[Any]] = []
    pixels: list[list[Any]] = []
    outputs: list[list[Any]] = []
    for p in points:
        others = [q for q in points if q != p]
        scale = math.prod([p - q for q in others])
        taps.append([p**i / scale for i in range(k)])
        pixels.append([*_polynomial(others), 0])
        outputs.append([p**i for i in range(OUTPUTS)])
    # and at infinity, where only the leading coefficients count
    taps.append([int(i == k - 1) for i in range(k)])
    pixels.append(_polynomial(points))
    outputs.append([int(i == OUTPUTS - 1) for i in range(OUTPUTS)])
    g, b, a = (np.array(rows, float) for rows in (taps, pixels, outputs))
    # A power of two from one to the other changes no digit, and keeps both of the same size.
    scales = 2.0 ** np.round(np.log2(np.abs(g).sum(1) / np.abs(b).sum(1)) / 2)
    found = g / scales[:, None], b * scales[:, None], a.T
    return Transforms(*[np.ascontiguousarray(matrix, dtype) for matrix in found])


def _polynomial(roots: list[Any]) -> list[Any]:
    """The coefficients of Π (x − root), the constant one first."""
    coefficients: list[Any] = [1]
    for root in roots:
        lower, upper = [0, *coefficients], [*coefficients, 0]
        coefficients = [a - root * b for a, b in zip(lower, upper, strict=True)]
    return coefficients
