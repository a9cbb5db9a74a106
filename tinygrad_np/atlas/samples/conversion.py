"""Samples of copies and conversions."""

from collections.abc import Callable
from typing import Any

import numpy as np

from .draws import REAL, Draw, Edge, Generator, Sample, call, shaped


def _filled(rng: Generator) -> list[Sample]:
    x = REAL.draw(rng, 2, 3)
    return [
        call(x, REAL.draw(rng)),
        call(x, REAL.draw(rng, 3)),
        call(x, REAL.draw(rng, 2, 1), shape=(4, 2, 3)),
        call(np.zeros((3, 3), int), REAL.draw(rng, 3), dtype=np.complex128, order="F"),
    ]


SAMPLES: dict[Callable[..., Any], Draw] = {
    np.copy: shaped(((3, 3), (), {}), ((2, 3), (), {"order": "F"}), ((), (), {})),
    np.full_like: _filled,
    np.astype: shaped(((3, 3), (np.float64,), {}), ((2, 3), (np.complex128,), {"copy": False})),
}

EDGES: dict[Callable[..., Any], list[Edge]] = {}

COMPLEX = {np.full_like}
