"""The geometries over which a convolution is tried: the square ones all, the others drawn.

>>> len(list(square_cases()))
2082
>>> len(set(rectangular_cases(2000, seed=0)))
2000
"""

import itertools
import random
from collections.abc import Iterator
from typing import NamedTuple

SIZES = range(1, 6)
STRIDES = range(1, 7)
PADDINGS = range(8)
SPATIAL = range(1, 10)

Pair = tuple[int, int]


class Case(NamedTuple):
    """A geometry; every field is (for the rows, for the columns)."""

    spatial: Pair
    """of the images"""
    size: Pair
    """of the filter"""
    stride: Pair
    padding: Pair

    @property
    def counts(self) -> Pair:
        """The rows and columns of the result: the windows counted one by one."""
        rows, columns = [
            len([start for start in range(0, n + 2 * p, s) if start + k <= n + 2 * p])
            for n, k, s, p in zip(*self, strict=True)
        ]
        return rows, columns


def fits(n: int, k: int, padding: int) -> bool:
    """Whether a window of k fits n pixels framed with `padding`."""
    return n + 2 * padding >= k


def square_cases() -> Iterator[Case]:
    """Every case whose two axes are the same, in the ranges above."""
    for k, s, p, n in itertools.product(SIZES, STRIDES, PADDINGS, SPATIAL):
        if fits(n, k, p):
            yield Case((n, n), (k, k), (s, s), (p, p))


def rectangular_cases(count: int, seed: int) -> Iterator[Case]:
    """`count` cases whose axes are drawn independently from the ranges above, and differ."""
    rng = random.Random(seed)
    drawn = 0
    while drawn < count:
        rows, columns = [_axis(rng) for _ in range(2)]
        if rows != columns:
            drawn += 1
            yield Case(*zip(rows, columns, strict=True))


def _axis(rng: random.Random) -> tuple[int, int, int, int]:
    while True:
        n, k, s, p = [rng.choice(values) for values in (SPATIAL, SIZES, STRIDES, PADDINGS)]
        if fits(n, k, p):
            return n, k, s, p
