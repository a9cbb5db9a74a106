"""Samples of roots, logarithms and powers that may become complex."""

from collections.abc import Callable
from typing import Any

import numpy as np

from .draws import (
    INF,
    LARGER_THAN_ONE,
    POSITIVE,
    REAL,
    UNIT,
    A,
    Draw,
    Edge,
    Generator,
    Sample,
    call,
)

# Complex samples lie away from the cuts of the logarithm and of the inverse functions.


def _of_any_sign(rng: Generator) -> list[Sample]:
    x = POSITIVE.draw(rng, 3, 3)
    signs = np.where(np.arange(9).reshape(3, 3) % 2, -1.0, 1.0)
    return [
        call(x, reach=0.4),
        call(x * signs, reach=0.4),
        call(-POSITIVE.draw(rng), reach=0.4),
        call(x + 1j * REAL.draw(rng, 3, 3), reach=0.4),
    ]


def _of_any_size(rng: Generator) -> list[Sample]:
    small, large = UNIT.draw(rng, 3, 3), LARGER_THAN_ONE.draw(rng, 3)
    both = np.stack([UNIT.draw(rng, 3), large, -large])
    return [
        call(small, reach=0.3),
        call(both, reach=0.3),
        call(large[0] * np.ones(()), reach=0.3),
        call(small + 1j * REAL.draw(rng, 3, 3), reach=0.2),
    ]


def _pairs(rng: Generator) -> list[Sample]:
    x, y = LARGER_THAN_ONE.draw(rng, 3, 3), POSITIVE.draw(rng, 3, 3)
    return [
        call(x, y, reach=0.4),
        call(LARGER_THAN_ONE.draw(rng, 2, 1), -POSITIVE.draw(rng, 3), reach=0.4),
        call(-POSITIVE.draw(rng), LARGER_THAN_ONE.draw(rng, 2), reach=0.2),
        call(2, POSITIVE.draw(rng, 3), reach=0.4),
        call(x, y + 1j * REAL.draw(rng, 3, 3), reach=0.4),
    ]


def _powers(rng: Generator) -> list[Sample]:
    x, p = POSITIVE.draw(rng, 3, 3), REAL.draw(rng, 3, 3)
    return [
        call(x, p, reach=0.4),
        call(-POSITIVE.draw(rng, 2, 1), REAL.draw(rng, 3), reach=0.4),
        call(-2.0, REAL.draw(rng, 3), reach=0.4),
        call(POSITIVE.draw(rng, 3), -2, reach=0.4),
        call(x + 1j * REAL.draw(rng, 3, 3), p, reach=0.4),
    ]


SAMPLES: dict[Callable[..., Any], Draw] = {
    np.emath.sqrt: _of_any_sign,
    np.emath.log: _of_any_sign,
    np.emath.log2: _of_any_sign,
    np.emath.log10: _of_any_sign,
    np.emath.logn: _pairs,
    np.emath.power: _powers,
    np.emath.arccos: _of_any_size,
    np.emath.arcsin: _of_any_size,
    np.emath.arctanh: _of_any_size,
}

EDGES: dict[Callable[..., Any], list[Edge]] = {
    np.emath.sqrt: [Edge((A([0.0]),), {}, ([INF],))],
    np.emath.log: [Edge((A([-2.0, 4.0]),), {}, ([-0.5, 0.25],))],
}
