"""Samples of products over axes, and of running sums and products."""

from collections.abc import Callable
from typing import Any

import numpy as np

from ...rules.scans import linear_scan
from .draws import REAL, A, Draw, Edge, Generator, Sample, call, products, shaped


def _with_zeros(rng: Generator, *shape: int) -> Any:
    """Numbers of which some are zero."""
    x = REAL.draw(rng, *shape)
    x.flat[1 :: max(2, x.size // 4)] = 0
    return x


def _prods(rng: Generator) -> list[Sample]:
    x = REAL.draw(rng, 3, 2, 4)
    mask = rng.random((3, 2, 4)) < 0.7
    mask[..., 0] = True
    zeros = REAL.draw(rng, 3, 4)
    zeros[0, 1] = zeros[1, 2] = zeros[1, 3] = 0  # one, two and none in a row
    return [
        call(x[0]),
        call(zeros, axis=1),
        call(zeros[0], 0),
        call(np.stack([zeros, zeros[::-1]], 1), axis=(1, -1), keepdims=True),
        call(REAL.draw(rng, 3, 3), 0),
        call(x, axis=(2, 0)),
        call(x, axis=-1, where=mask, initial=1.5),
        call(REAL.draw(rng)),
    ]


def _scans(rng: Generator) -> list[Sample]:
    return [
        call(_with_zeros(rng, 5)),
        call(REAL.draw(rng, 3, 3), axis=0),
        call(_with_zeros(rng, 2, 3, 4), axis=1),
        call(REAL.draw(rng, 2, 5), axis=-1),
    ]


def _flattened_scans(rng: Generator) -> list[Sample]:
    return [
        *_scans(rng),
        call(_with_zeros(rng, 2, 3)),
        call(REAL.draw(rng, 3), 0),
        call(REAL.draw(rng)),
    ]


def _array_api_scans(rng: Generator) -> list[Sample]:
    return [
        *_scans(rng),
        call(_with_zeros(rng, 2, 4), axis=-1, include_initial=True),
        call(REAL.draw(rng, 3), include_initial=True),
        call(REAL.draw(rng)),
    ]


SAMPLES: dict[Callable[..., Any], Draw] = {
    np.prod: _prods,
    np.cumsum: shaped(
        ((5,), (), {}), ((3, 3), (0,), {}), ((2, 3, 4), (), {"axis": -2}), ((2, 3), (), {})
    ),
    np.cumprod: _flattened_scans,
    linear_scan: lambda rng: [
        *products(((5,), (5,)), ((3, 3), (3, 3)))(rng),
        call(_with_zeros(rng, 2, 9), REAL.draw(rng, 2, 9)),
    ],
}
SAMPLES |= {
    getattr(np, name): _array_api_scans
    for name in ("cumulative_sum", "cumulative_prod")
    if hasattr(np, name)
}

EDGES: dict[Callable[..., Any], list[Edge]] = {
    np.prod: [
        Edge((A([0.0, 2.0, 3.0]),), {}, ([6, 0, 0],)),
        Edge((A([0.0, 2.0, 0.0]),), {}, ([0, 0, 0],)),
        Edge((A([[0.0, 2.0], [0.0, 0.0]]),), {"axis": 1}, ([[2, 0], [0, 0]],)),
        Edge((A([np.nan, 2.0]),), {"where": [False, True]}, ([0, 1],)),
    ],
    np.cumprod: [
        Edge((A([2.0, 0.0, 3.0]),), {}, ([1, 2 + 6, 0],)),
        Edge((A([0.0, 0.0, 3.0]),), {}, ([1, 0, 0],)),
    ],
}
