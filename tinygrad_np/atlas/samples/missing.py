"""Samples of the functions that leave out nan, and of the one that replaces it."""

from collections.abc import Callable
from typing import Any

import numpy as np

from .draws import APART, INF, REAL, A, Draw, Edge, Generator, Sample, apart, call

NAN = np.nan

COMPLEX = {np.nanvar, np.nanstd, np.nan_to_num}


def _with_nans(x: Any) -> Any:
    """`x` with nan at every fifth place."""
    return np.where(np.arange(x.size).reshape(x.shape) % 5 == 2, NAN, x)


def _reductions(rng: Generator) -> list[Sample]:
    x = _with_nans(REAL.draw(rng, 3, 2, 4))
    mask = rng.random((3, 2, 4)) < 0.7
    mask[..., :2] = True
    return [
        call(x),
        call(_with_nans(REAL.draw(rng, 3, 3)), axis=1),
        call(x, (0, -1), keepdims=True),
        call(x, axis=-1, where=mask),
        call(REAL.draw(rng, 3)),
    ]


def _scans(rng: Generator) -> list[Sample]:
    return [
        call(_with_nans(REAL.draw(rng, 2, 4))),
        call(_with_nans(REAL.draw(rng, 3, 3)), axis=0),
        call(_with_nans(REAL.draw(rng, 2, 3, 4)), 1),
    ]


def _spreads(rng: Generator) -> list[Sample]:
    x = _with_nans(REAL.draw(rng, 3, 2, 5))
    mask = rng.random((3, 2, 5)) < 0.7
    mask[..., :2] = mask[..., -1] = True
    return [
        call(x, reach=0.2),
        call(_with_nans(REAL.draw(rng, 3, 3)), axis=1, reach=0.1),
        call(x, axis=(0, -1), keepdims=True, ddof=1, reach=0.2),
        call(x, axis=-1, where=mask, correction=0.5, reach=0.1),
        call(x, axis=-1, mean=REAL.draw(rng, 3, 2, 1), reach=0.1),
    ]


def _extrema(rng: Generator) -> list[Sample]:
    x = _with_nans(apart(rng, 3, 2, 4))
    mask = rng.random((3, 2, 4)) < 0.7
    mask[..., :2] = True
    return [
        call(x, reach=APART),
        call(_with_nans(apart(rng, 3, 3)), axis=1, reach=APART),
        call(x, (0, -1), keepdims=True, reach=APART),
        call(x, axis=2, where=mask, initial=0.05, reach=APART / 2),
    ]


def _replaced(rng: Generator) -> list[Sample]:
    x = _with_nans(REAL.draw(rng, 3, 3))
    x[0, 0], x[1, 1] = INF, -INF
    return [call(x), call(x[1], nan=2.0, posinf=3.0, neginf=-3.0), call(REAL.draw(rng))]


SAMPLES: dict[Callable[..., Any], Draw] = {
    np.nansum: _reductions,
    np.nanprod: _reductions,
    np.nancumsum: _scans,
    np.nancumprod: _scans,
    np.nanmean: _reductions,
    np.nanvar: _spreads,
    np.nanstd: _spreads,
    np.nanmax: _extrema,
    np.nanmin: _extrema,
    np.nan_to_num: _replaced,
}

EDGES: dict[Callable[..., Any], list[Edge]] = {
    np.nansum: [Edge((A([1.0, NAN]),), {}, ([1, 0],)), Edge((A([NAN, NAN]),), {}, ([0, 0],))],
    np.nanprod: [
        Edge((A([2.0, NAN, 3.0]),), {}, ([3, 0, 2],)),
        Edge((A([0.0, NAN, 3.0]),), {}, ([3, 0, 0],)),
    ],
    np.nancumprod: [Edge((A([0.0, NAN, 3.0]),), {}, ([5, 0, 0],))],
    np.nanmean: [Edge((A([2.0, NAN, 3.0]),), {}, ([0.5, 0, 0.5],))],
    np.nanvar: [Edge((A([2.0, NAN, 4.0]),), {}, ([-1, 0, 1],))],
    np.nanstd: [Edge((A([0.1, NAN, 0.1, 0.1]),), {}, ([0, 0, 0, 0],))],
    np.nanmax: [
        Edge((A([3.0, NAN, 3.0, 1.0]),), {}, ([0.5, 0, 0.5, 0],)),
        Edge((A([[NAN, 2.0], [2.0, 2.0]]),), {"axis": 1}, ([[0, 1], [0.5, 0.5]],)),
        Edge((A([1.0, NAN]),), {"initial": 9.0}, ([0, 0],)),
    ],
    np.nanmin: [Edge((A([NAN, 1.0, 3.0]),), {}, ([0, 1, 0],))],
    np.nan_to_num: [Edge((A([INF, -INF, NAN, 0.0]),), {}, ([0, 0, 0, 1],))],
}
