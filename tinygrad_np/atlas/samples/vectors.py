"""Samples of inner, outer, cross and Kronecker products, and of those that conjugate."""

from collections.abc import Callable
from typing import Any

import numpy as np

from .draws import REAL, Draw, Edge, Generator, Sample, call, products

_NUMBERS = (((), ()), ((), (3,)), ((2, 3), ()))


def _crosses(rng: Generator) -> list[Sample]:
    return [
        *products(((3,), (3,)), ((3, 3), (3, 3)), ((2, 1, 3), (4, 3)), ((3,), (2, 3)))(rng),
        call(REAL.draw(rng, 3, 2), REAL.draw(rng, 2, 3), axisa=0, axisc=0),
        call(REAL.draw(rng, 3, 4), REAL.draw(rng, 3, 4), axis=0),
        call(REAL.draw(rng, 2, 3), REAL.draw(rng, 3, 4, 2), axisb=0, axisc=1),
    ]


def _vecdots(rng: Generator) -> list[Sample]:
    x, y = REAL.draw(rng, 2, 3), REAL.draw(rng, 3, 2)
    return [
        *products(((3,), (3,)), ((2, 3), (2, 3)), ((2, 1, 3), (4, 3)), ((3,), (2, 3)))(rng),
        call(x, REAL.draw(rng, 2, 3), axis=0),
        call(x, y, axes=[-1, 0]),
        call(x, y, axes=[(1,), (0,), ()]),
        call(x, REAL.draw(rng, 2, 3), axis=-2, keepdims=True),
    ]


SAMPLES: dict[Callable[..., Any], Draw] = {
    np.vdot: products(((3,), (3,)), ((2, 3), (2, 3)), ((2, 3), (6,)), ((), ())),
    np.inner: products(
        *_NUMBERS, ((3,), (3,)), ((2, 3), (4, 3)), ((3, 3), (3, 3)), ((3,), (2, 4, 3)),
        ((2, 4, 3), (3,)), ((2, 1, 3), (4, 3)),
    ),
    np.outer: products(*_NUMBERS, ((2,), (3,)), ((3, 3), (3, 3)), ((2, 3), (2, 1))),
    np.kron: products(
        *_NUMBERS, ((2,), (3,)), ((2, 3), (4, 2)), ((3, 3), (3, 3)), ((3,), (2, 3)),
        ((2, 1, 3), (2, 2)),
    ),
    np.cross: _crosses,
    np.vecdot: _vecdots,
}  # fmt: skip

COMPLEX: set[Callable[..., Any]] = {np.vecdot}

if hasattr(np, "matvec"):
    COMPLEX |= {np.matvec, np.vecmat}
    SAMPLES[np.matvec] = lambda rng: [
        *products(
            ((2, 3), (3,)), ((3, 3), (3,)), ((4, 2, 3), (3,)), ((2, 3), (4, 3)),
            ((2, 1, 2, 3), (4, 3)),
        )(rng),
        call(REAL.draw(rng, 2, 3, 4), REAL.draw(rng, 3, 4), axes=[(0, 1), 0, (0,)]),
    ]  # fmt: skip
    SAMPLES[np.vecmat] = lambda rng: [
        *products(
            ((2,), (2, 3)), ((3,), (3, 3)), ((2,), (4, 2, 3)), ((4, 2), (2, 3)),
            ((4, 2), (2, 1, 2, 3)),
        )(rng),
        call(REAL.draw(rng, 2, 4), REAL.draw(rng, 2, 3, 4), axes=[0, (0, 1), (0,)]),
    ]  # fmt: skip

EDGES: dict[Callable[..., Any], list[Edge]] = {}
