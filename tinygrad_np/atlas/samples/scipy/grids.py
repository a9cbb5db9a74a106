"""Samples of interpolation on a grid: every method, with further axes, and outside."""

from collections.abc import Callable
from typing import Any

import numpy as np
from scipy.sparse import linalg

from ....scipy.interpolate import grids
from ..draws import REAL, A, Draw, Edge, Generator, Sample, call
from .piecewise import bent

_GRID = (A([0, 1.1, 2, 3.3]), A([3, 2, 1, 0.1]))
_EXACT: dict[str, Any] = {"solver": linalg.spsolve}


def _places(rng: Generator, *lengths: int, count: int = 2, outside: int = 0) -> Any:
    columns = [rng.integers(-outside, n - 1 + outside, count) for n in lengths]
    return np.stack(columns, -1) + rng.uniform(0.3, 0.7, (count, len(lengths)))


def _value(rng: Generator) -> list[Sample]:
    def one(rest: tuple[int, ...], xi: Any, *given: Any, **options: Any) -> Sample:
        values = REAL.draw(rng, 4, 4, *rest)
        return call(values, xi, _GRID, *given, options, reach=0.1)

    inside = _places(rng, 3, 3)
    steps = bent(rng, 4)[:, None] * A([1.0, 1.3, 0.8, 1.1]) + 0.3 * bent(rng, 4)
    return [
        one((2,), inside, "linear", True, np.nan, None),
        one((), _places(rng, 3, 3, count=4, outside=2), "linear", False, 0.5, None),
        one((), _places(rng, 3, 3, outside=1), "slinear", False, None, None),
        one((2,), inside, "cubic", True, np.nan, None, **_EXACT),
        one((), inside, "cubic", True, np.nan, (1, 0), **_EXACT),
        one((), inside, "nearest", True, np.nan, None),
        call(steps, inside, _GRID, "pchip", True, np.nan, None, {}, reach=0.02),
        call(
            REAL.draw(rng, 6), _places(rng, 5, count=2), (np.arange(6.0),), "quintic", True, np.nan,
            None, _EXACT, reach=0.1,
        ),
    ]  # fmt: skip


SAMPLES: dict[Callable[..., Any], Draw] = {grids.grid_value: _value}

EDGES: dict[Callable[..., Any], list[Edge]] = {
    grids.grid_value: [
        Edge(
            (
                A([1, 4, 9]), A([[1], [2], [np.nan]]), (A([0, 1, 2]),), "linear", False, np.nan,
                None, {},
            ),
            {},
            (A([0, 1, 1]), A([[5], [5], [0]])),
        )
    ],
}  # fmt: skip
