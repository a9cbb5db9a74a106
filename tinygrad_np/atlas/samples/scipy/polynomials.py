"""Samples of piecewise polynomials: orders, columns, points on all sides, limits."""

from collections.abc import Callable
from typing import Any

import numpy as np

from ....scipy.interpolate import polynomials
from ..draws import REAL, A, Draw, Edge, Generator, Sample, call
from .piecewise import knots


def _places(rng: Generator, x: Any, *shape: int) -> Any:
    """Points between the knots, and beyond the last one on either side."""
    middles = np.concatenate([x[:1] - 0.5, (x[1:] + x[:-1]) / 2, x[-1:] + 0.5])
    return rng.choice(middles, shape) + rng.uniform(-0.1, 0.1, shape)


def _value(rng: Generator) -> list[Sample]:
    def one(rest: tuple[int, ...], shape: tuple[int, ...], *given: Any, step: int = 1) -> Sample:
        x = knots(rng, 4)
        c = REAL.draw(rng, 4, 3, *rest)
        return call(c, x[::step].copy(), _places(rng, x, *shape), *given, reach=0.2)

    inside = one((2,), (3,), 0, False, 0)
    return [
        one((), (2, 2), 0, True, 0),
        one((2, 2), (3,), 1, True, 1),
        one((), (3,), 2, "periodic", 0),
        one((), (3,), 0, True, 0, step=-1),
        inside._replace(args=(*inside.args[:2], np.mean(inside.args[1]) + A([0.1]), 0, False, 0)),
    ]


def _antiderivative(rng: Generator) -> list[Sample]:
    return [
        call(REAL.draw(rng, 3, 3), knots(rng, 4), 1, reach=0.3),
        call(REAL.draw(rng, 2, 2, 2), knots(rng, 3), 2, reach=0.3),
    ]


def _integral(rng: Generator) -> list[Sample]:
    def one(rest: tuple[int, ...], lengths: tuple[float, float], extrapolate: Any) -> Sample:
        x = knots(rng, 4)
        ends = [A(x[0] + length) for length in lengths]
        return call(REAL.draw(rng, 3, 3, *rest), x, *ends, extrapolate, reach=0.1)

    return [
        one((2,), (0.5, 2.4), False),
        one((), (2.5, -0.5), True),
        one((), (-3.7, 4.8), "periodic"),
    ]


SAMPLES: dict[Callable[..., Any], Draw] = {
    polynomials.polynomial_value: _value,
    polynomials.antiderivative: _antiderivative,
    polynomials.integral: _integral,
}

EDGES: dict[Callable[..., Any], list[Edge]] = {
    polynomials.polynomial_value: [
        Edge(
            (A([[1, 2], [0, 5]]), A([0, 1, 2]), A([1.0, -1.0, np.nan]), 0, False, 0),
            {},
            (None, None, A([2, 0, 0])),
        )
    ],
}
