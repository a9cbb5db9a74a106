"""Samples of what changes shapes, joins and takes apart."""

from collections.abc import Callable
from typing import Any

import numpy as np

from ...core.arrays import cast, expand, sum_to
from ...rules.nested import joined, parted
from .draws import REAL, Draw, Edge, Generator, Sample, call, shaped


def _joined(rng: Generator) -> list[Sample]:
    a, b, c = REAL.draw(rng, 2, 3), REAL.draw(rng, 2, 3), REAL.draw(rng, 2, 3)
    return [call([a, b, c]), call((a, b), axis=1), call([a, b, a], -1)]


def _concatenated(rng: Generator) -> list[Sample]:
    a, b = REAL.draw(rng, 2, 3), REAL.draw(rng, 4, 3)
    return [*_joined(rng), call([a, b]), call([a, b], axis=None)]


def _nested(rng: Generator) -> list[Sample]:
    row, number = REAL.draw(rng, 3), REAL.draw(rng)
    return [
        call([row, number, REAL.draw(rng, 1, 2)], (2, 3)),
        call([number, 2.0, REAL.draw(rng)], (3,)),
        call((row, row), (2, 3)),
        call([number], ()),
    ]


SAMPLES: dict[Callable[..., Any], Draw] = {
    np.reshape: shaped(
        ((2, 6), ((3, 4),), {}), ((3, 3), ((3, 3),), {"order": "F"}), ((2, 3), (-1,), {})
    ),
    np.ravel: shaped(((3, 3), (), {}), ((3, 3), ("F",), {})),
    np.expand_dims: shaped(((2, 3), (1,), {}), ((2, 3), ((0, -1),), {})),
    np.squeeze: shaped(((1, 2, 1), (), {}), ((1, 2, 1), (), {"axis": 0})),
    np.transpose: shaped(((3, 3), (), {}), ((2, 3, 4), ((1, -1, 0),), {})),
    np.swapaxes: shaped(((2, 3, 2), (0, 2), {})),
    np.moveaxis: shaped(((2, 3, 4), (0, -1), {}), ((2, 3, 4), ([0, 1], [2, 0]), {})),
    np.flip: shaped(((3, 3), (), {}), ((2, 3), (), {"axis": -1})),
    np.flipud: shaped(((3, 3), (), {}), ((2,), (), {})),
    np.fliplr: shaped(((3, 3), (), {})),
    np.broadcast_to: shaped(((3, 1), ((2, 3, 4),), {}), ((), ((2,),), {})),
    expand: shaped(((1, 1), ((2, 3),), {}), ((3, 1), ((2, 3, 4),), {})),
    sum_to: shaped(((2, 3, 4), ((3, 1),), {}), ((3, 3), ((3,),), {})),
    cast: shaped(((3, 3), (np.dtype(np.complex128),), {}), ((3, 3), (np.dtype(np.float64),), {})),
    np.concatenate: _concatenated,
    np.stack: _joined,
    np.split: shaped(
        ((6, 3), (3,), {}),
        ((3, 5), ([1, 3],), {"axis": 1}),
        ((6,), ([4, 2],), {}),
        ((6,), ([],), {}),
    ),
    joined: _nested,
    parted: shaped(((2, 3), (((), (2,), (1, 3)),), {}), ((3,), (((3,),),), {})),
    np.array_split: shaped(((5, 3), (3,), {}), ((3, 5), ([1, 3], -1), {})),
}

EDGES: dict[Callable[..., Any], list[Edge]] = {}

COMPLEX = {np.flipud, np.fliplr}
