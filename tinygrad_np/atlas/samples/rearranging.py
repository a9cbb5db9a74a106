"""Samples of what repeats, moves and inserts."""

from collections.abc import Callable
from typing import Any

import numpy as np

from .draws import REAL, Draw, Edge, Generator, Sample, call, shaped


def _inserted(rng: Generator) -> list[Sample]:
    x = REAL.draw(rng, 3, 4)
    places: Any
    samples = [
        call(x, 1, REAL.draw(rng)),
        call(x, 5, REAL.draw(rng, 3)),
        call(x, 1, REAL.draw(rng, 4), axis=0),
        call(x, -1, REAL.draw(rng, 3), axis=1),
        call(x, 2, REAL.draw(rng, 2, 4), 0),
        call(x, 2, REAL.draw(rng, 2, 1), 1),
        call(x, [2], REAL.draw(rng, 3, 2), 1),
        call(x, slice(None, None, 2), REAL.draw(rng, 3, 2), 1),
        call(REAL.draw(rng), 0, REAL.draw(rng, 2)),
        call(REAL.draw(rng, 3), [0, 3], REAL.draw(rng, 1, 2)),
        call([1.0, 2.0, 3.0], 1, REAL.draw(rng)),
    ]
    # the values take the dtype of the array
    samples.append(call(x + 1j, [0, 3], REAL.draw(rng, 3, 2) - 2j, axis=1))
    samples.append(call(x + 1j, 1, REAL.draw(rng, 3)))
    for places, shape in (([3, 0, 0], (3, 3)), ([3, 0, 0], (3, 1)), ([1, -1], ())):
        samples.append(call(x, places, REAL.draw(rng, *shape), axis=-1))
    return samples


SAMPLES: dict[Callable[..., Any], Draw] = {
    np.tile: shaped(
        ((2, 3), (2,), {}),
        ((3, 3), ((2, 1),), {}),
        ((2, 3), ((2, 1, 3),), {}),
        ((2, 1, 3), ((2, 2),), {}),
        ((), ((2, 3),), {}),
        ((3,), ((),), {}),
        ((3,), (0,), {}),
    ),
    np.repeat: shaped(
        ((2, 3), (2,), {}),
        ((3, 3), (2,), {"axis": 0}),
        ((2, 3), ([1, 0, 2],), {"axis": -1}),
        ((2, 3), ([3],), {"axis": 1}),
        ((2, 2), ([1, 2, 0, 1],), {}),
        ((), (3,), {}),
    ),
    np.resize: shaped(
        ((2, 3), ((3, 3),), {}),
        ((3, 3), (4,), {}),
        ((2, 3), ((2, 2, 3),), {}),
        ((3,), ((0, 2),), {}),
    ),
    np.lib.stride_tricks.sliding_window_view: shaped(
        ((5,), (3,), {}),
        ((4, 5), ((2, 3),), {}),
        ((4, 4), (2,), {"axis": 0}),
        ((2, 5, 3), ((2, 2),), {"axis": (-1, 1)}),
        ((6,), ((2, 3),), {"axis": (0, 0)}),
    ),
    np.roll: shaped(
        ((3, 3), (2,), {}),
        ((2, 3), (-1,), {"axis": 1}),
        ((3, 4), ((1, 2),), {"axis": (0, -1)}),
        ((3, 4), (1,), {"axis": (0, 1)}),
        ((3, 4), ((1, 2),), {"axis": 1}),
    ),
    np.rot90: shaped(
        ((3, 3), (), {}),
        ((2, 3), (3,), {}),
        ((2, 3, 4), (), {"k": -1, "axes": (2, 0)}),
        ((2, 3), (2, (1, 0)), {}),
    ),
    np.rollaxis: shaped(
        ((2, 3, 4), (2,), {}),
        ((2, 3, 4), (0, 3), {}),
        ((3, 3, 3), (1, -1), {}),
        ((2, 3, 4), (-1, 1), {}),
        ((2, 3), (1, 1), {}),
    ),
    np.insert: _inserted,
    np.matrix_transpose: shaped(((3, 3), (), {}), ((2, 3, 4), (), {})),
}

EDGES: dict[Callable[..., Any], list[Edge]] = {}
