"""Samples of B-splines and of interpolation in one dimension: degrees, orders, ends, outside."""

from collections.abc import Callable
from typing import Any

import numpy as np
from scipy import interpolate

from ....scipy.interpolate import bsplines
from ..draws import REAL, A, Draw, Edge, Generator, Sample, call

_KNOTS = A([0, 0, 0, 0, 1, 2, 3, 3, 3, 3])


def _places(rng: Generator, *shape: int, low: int = 0, high: int = 3) -> Any:
    return rng.integers(low, high, shape) + rng.uniform(0.2, 0.8, shape)


def _value(rng: Generator) -> list[Sample]:
    def one(k: int, rest: tuple[int, ...], points: Any, *given: Any) -> Sample:
        t = _KNOTS[3 - k : len(_KNOTS) - 3 + k]
        c = REAL.draw(rng, len(t) - k - 1, *rest)
        return call(t, c, points, k, *given, reach=0.2)

    return [
        one(3, (2,), _places(rng, 2, low=-1, high=4), 0, True, 1),
        one(2, (), _places(rng, 2, 2), 1, False, 0),
        one(3, (), _places(rng, 3, low=-2, high=5), 0, "periodic", 0),
        one(3, (), _places(rng, 3), 2, True, 0),
        one(1, (), _places(rng, 3), 0, True, 0),
    ]


def _coefficients(rng: Generator) -> list[Sample]:
    x = A([0, 1.1, 1.9, 3.2, 4])

    def one(k: int, orders: Any, *rest: int) -> Sample:
        zeros = [[(o, np.zeros(rest)) for o in some] or None for some in orders]
        y = REAL.draw(rng, len(x), *rest)
        bc_type: Any = tuple(zeros) if k > 1 else None
        knots = interpolate.make_interp_spline(x, y, k, bc_type=bc_type).t
        ends = [REAL.draw(rng, len(some), *rest) if some else None for some in orders]
        return call(x, y, k, knots, orders, *ends)

    return [
        one(3, ((), ()), 2),
        one(3, ((1,), (2,)), 2),
        one(2, ((), ())),
        one(5, ((1, 2), (1, 3))),
        one(1, ((), ())),
        one(0, ((), ())),
    ]


def _interpolated(rng: Generator) -> list[Sample]:
    x = A([0, 1, 3, 2, 4])

    def one(kind: Any, *given: Any, rest: tuple[int, ...] = (), **where: int) -> Sample:
        y = REAL.draw(rng, *rest, 5)
        points = _places(rng, 3, **where)
        if kind in ("nearest", "nearest-up"):
            points = np.floor(points) + rng.uniform(0.1, 0.4, 3)
        return call(x, y, points, kind, -1, *given, False, reach=0.1)

    return [
        one("linear", None, np.nan, rest=(2,)),
        one("cubic", False, "extrapolate", low=-1, high=5),
        one("linear", False, (1.0, 2.0), low=-2, high=6),
        one("quadratic", None, np.nan),
        one("nearest", None, np.nan),
        one("previous", None, np.nan),
        one("next", None, np.nan),
    ]


SAMPLES: dict[Callable[..., Any], Draw] = {
    bsplines.spline_value: _value,
    bsplines.interpolating_coefficients: _coefficients,
    bsplines.interpolated: _interpolated,
}

EDGES: dict[Callable[..., Any], list[Edge]] = {
    bsplines.interpolated: [
        Edge(
            (A([0, 1, 2]), A([1, 4, 9]), A([1, 2]), "linear", -1, None, np.nan, False),
            {},
            (A([0, 1, 1]), A([5, 5])),
        ),
    ],
}
