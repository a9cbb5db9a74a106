"""Samples of sorting, partitions and sets."""

from collections.abc import Callable
from typing import Any

import numpy as np

from .draws import APART, A, Draw, Edge, Generator, Sample, apart, call

NAN = np.nan

COMPLEX = {np.sort, np.partition, np.sort_complex, np.unique_values}


def _sorted(rng: Generator) -> list[Sample]:
    falling = {"descending": True} if np.lib.NumpyVersion(np.__version__) >= "2.5.0" else {}
    return [
        call(apart(rng, 4, 2), axis=0, reach=APART, **falling),
        call(apart(rng, 3, 3), reach=APART),
        call(apart(rng, 3, 2, 4), axis=1, reach=APART),
        call(apart(rng, 2, 4), 0, kind="stable", reach=APART),
        call(apart(rng, 2, 3), axis=None, reach=APART),
    ]


def _partitioned(rng: Generator) -> list[Sample]:
    return [
        call(apart(rng, 3, 3), 1, reach=APART),
        call(apart(rng, 3, 2, 5), [0, 3], axis=-1, reach=APART),
        call(apart(rng, 20), 7, reach=APART),
        call(apart(rng, 2, 3), 2, None, reach=APART),
    ]


def _listed(rng: Generator) -> list[Sample]:
    return [call(apart(rng, 3, 3), reach=APART), call(apart(rng, 5), reach=APART)]


def _unordered(unique: Any, x: Any) -> Any:
    """The values in order: NumPy promises none, and has complex ones in the order of hashes."""
    return np.sort(unique(x))


def _uniques(rng: Generator) -> list[Sample]:
    return [
        *_listed(rng),
        call(apart(rng, 2, 3), True, True, True, reach=APART),
        call(apart(rng, 4), return_counts=True, equal_nan=False, reach=APART),
        call(apart(rng, 3, 2), axis=0, reach=APART),
        call(apart(rng, 2, 3, 2), axis=-1, return_inverse=True, reach=APART),
    ]


def _pairs(rng: Generator) -> list[Sample]:
    x = apart(rng, 9)
    return [
        call(x[:4].reshape(2, 2), x[4:], reach=APART / 2),
        call(x[:5], x[5:], reach=APART / 2),
    ]


def _differences(rng: Generator) -> list[Sample]:
    x = apart(rng, 6)
    other = np.array([x[1], 9.0])
    # a mask that holds as long as x[1] stays where it is
    return [
        call(x.reshape(2, 3), np.array([9.0]), reach=APART / 2),
        call(x, [9.0, 8.0], True, reach=APART / 2),
        call(np.concatenate([x[:1], x[2:]]), other, reach=APART / 2),
    ]


def _exclusive(rng: Generator) -> list[Sample]:
    x = apart(rng, 9)
    return [*_pairs(rng), call(x[:5], x[5:], assume_unique=True, reach=APART / 2)]


def _trimmed(rng: Generator) -> list[Sample]:
    # zeros that are no variables would be needed; what is kept is not zero anywhere
    return [
        call(apart(rng, 5), reach=APART / 2),
        call(apart(rng, 4), "f", reach=APART / 2),
        call(apart(rng, 4), trim="b", reach=APART / 2),
    ]


SAMPLES: dict[Callable[..., Any], Draw] = {
    np.sort: _sorted,
    np.partition: _partitioned,
    np.sort_complex: _listed,
    np.unique: _uniques,
    np.unique_all: _listed,
    np.unique_counts: _listed,
    np.unique_inverse: _listed,
    np.unique_values: lambda rng: [s._replace(through=_unordered) for s in _listed(rng)],
    np.union1d: _pairs,
    np.setdiff1d: _differences,
    np.setxor1d: _exclusive,
    np.trim_zeros: _trimmed,
}

EDGES: dict[Callable[..., Any], list[Edge]] = {
    np.unique: [
        Edge((A([2.0, 1.0, 2.0, 1.0]),), {}, ([1, 1, 0, 0],)),
        Edge((A([NAN, 1.0, NAN]),), {}, ([1, 1, 0],)),
        Edge((A([[1.0, 2.0], [1.0, 2.0]]),), {"axis": 0}, ([[1, 1], [0, 0]],)),
    ],
    np.unique_values: [Edge((A([2.0, 1.0, 2.0]),), {}, ([1, 1, 0],))],
    np.union1d: [Edge((A([2.0, 1.0]), A([1.0, 3.0])), {}, ([1, 1], [0, 1]))],
    np.setxor1d: [Edge((A([2.0, 1.0]), A([1.0, 3.0])), {}, ([1, 0], [0, 1]))],
    np.setdiff1d: [Edge((A([2.0, 1.0, 2.0]), A([1.0])), {}, ([1, 0, 0],))],
    np.trim_zeros: [
        Edge((A([0.0, 1.0, 0.0, 2.0, 0.0]),), {}, ([0, 1, 1, 1, 0],)),
        Edge((A([0.0, 1.0, 0.0]),), {"trim": "f"}, ([0, 1, 1],)),
        Edge((A([0.0, 0.0]),), {}, ([0, 0],)),
    ],
}
