"""Samples of what joins arrays and takes them apart."""

from collections.abc import Callable
from typing import Any

import numpy as np

from .draws import REAL, Draw, Edge, Generator, Sample, call, shaped


def _stacks(*lists: tuple[tuple[int, ...], ...]) -> Draw:
    """Samples of a function of a list of arrays: the shapes of each."""

    def samples(rng: Generator) -> list[Sample]:
        return [call([REAL.draw(rng, *shape) for shape in shapes]) for shapes in lists]

    return samples


def _appended(rng: Generator) -> list[Sample]:
    x = REAL.draw(rng, 2, 3)
    return [
        call(x, REAL.draw(rng, 1, 3), 0),
        call(x, REAL.draw(rng, 2, 2), axis=-1),
        call(x, REAL.draw(rng, 2, 2)),
        call(REAL.draw(rng), REAL.draw(rng, 2)),
        call(x, [[1, 2, 3]], 0),
        call([1, 2], REAL.draw(rng, 2, 2)),
    ]


def _blocks(rng: Generator) -> list[Sample]:
    square, tall, wide = REAL.draw(rng, 2, 2), REAL.draw(rng, 2, 1), REAL.draw(rng, 3)
    return [
        call([[square, tall], [wide]]),
        call([square, tall]),
        call([[square], [REAL.draw(rng, 1, 2)]]),
        call(square),
        call([REAL.draw(rng), 2.0, wide]),
        call([[[square, tall]], [[REAL.draw(rng, 2, 3)]]]),
        call([square[None], tall]),
    ]


def _arrays(rng: Generator) -> list[Sample]:
    """Of no, one, two, three and four axes, alone and together."""
    shapes: list[tuple[int, ...]] = [(), (3,), (2, 3), (2, 1, 3), (1, 2, 1, 2)]
    drawn = [REAL.draw(rng, *shape) for shape in shapes]
    return [*[call(x) for x in drawn], call(*drawn), call(drawn[1], 2.0)]


def _broadcast(rng: Generator) -> list[Sample]:
    return [
        call(REAL.draw(rng, 2, 1), REAL.draw(rng, 3), REAL.draw(rng)),
        call(REAL.draw(rng, 3, 3), REAL.draw(rng, 3, 3)),
        call(REAL.draw(rng, 2, 1, 3)),
        call(REAL.draw(rng, 2, 1), [1.0, 2.0, 3.0]),
    ]


def _vectors(rng: Generator) -> list[Sample]:
    return [call(REAL.draw(rng, 2), REAL.draw(rng, 3)), call(REAL.draw(rng, 3))]


def _grids(rng: Generator) -> list[Sample]:
    x, y, z = REAL.draw(rng, 2), REAL.draw(rng, 3), REAL.draw(rng, 4)
    return [
        call(x, y),
        call(x, y, z),
        call(x, y, z, indexing="ij"),
        call(x, y, sparse=True),
        call(x, y, z, sparse=True, indexing="ij", copy=False),
        call(x),
        call(REAL.draw(rng), y),
        call(REAL.draw(rng, 2, 2), [1, 2, 3]),
    ]


SAMPLES: dict[Callable[..., Any], Draw] = {
    np.vstack: lambda rng: [
        *_stacks(((2, 3), (4, 3)), ((3,), (2, 3), (3,)), ((), ()), ((2, 1, 3), (1, 1, 3)))(rng),
        call((REAL.draw(rng, 2), [1, 2])),
    ],
    np.hstack: _stacks(((2, 3), (2, 1)), ((3,), (2,), ()), ((2, 1, 3), (2, 2, 3))),
    np.dstack: _stacks(((2, 3), (2, 3)), ((3,), (3,)), ((), (1, 1, 2)), ((2, 3, 2), (2, 3))),
    np.column_stack: _stacks(((2, 3), (2, 1)), ((3,), (3, 2), (3,)), ((), (1, 2))),
    np.append: _appended,
    np.block: _blocks,
    np.atleast_1d: _arrays,
    np.atleast_2d: _arrays,
    np.atleast_3d: _arrays,
    np.broadcast_arrays: _broadcast,
    np.meshgrid: _grids,
    np.ix_: lambda rng: [
        *_vectors(rng),
        call(REAL.draw(rng, 2), [3, 1], REAL.draw(rng, 3)),
        call(REAL.draw(rng, 2), np.array([True, False, True])),
    ],
    np.vsplit: shaped(((6, 3), (3,), {}), ((3, 3), ([1],), {}), ((5, 2), ([4, 2],), {})),
    np.hsplit: shaped(((3, 6), (2,), {}), ((6,), ([1, 4],), {}), ((2, 3, 2), ([2],), {})),
    np.dsplit: shaped(((2, 3, 4), (2,), {}), ((3, 2, 3), ([1, 2],), {})),
}

if hasattr(np, "unstack"):
    SAMPLES[np.unstack] = shaped(((3, 3), (), {}), ((2, 3), (), {"axis": -1}), ((4,), (), {}))

EDGES: dict[Callable[..., Any], list[Edge]] = {}

COMPLEX = {
    np.append, np.block, np.atleast_1d, np.atleast_2d, np.atleast_3d, np.broadcast_arrays,
    np.meshgrid, np.ix_,
}  # fmt: skip
