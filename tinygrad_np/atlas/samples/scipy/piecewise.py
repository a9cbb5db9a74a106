"""Samples of piecewise polynomials: every end of a spline, few knots, columns of values."""

from collections.abc import Callable
from typing import Any

import numpy as np

from ....scipy.interpolate import piecewise
from ..draws import REAL, A, Draw, Generator, Sample, call


def knots(rng: Generator, n: int) -> Any:
    """Knots at distances between 0.8 and 1.2."""
    return np.cumsum(rng.uniform(0.8, 1.2, n))


def bent(rng: Generator, n: int, *rest: int) -> Any:
    """Values that rise and fall by different steps, so that no slopes are equal or 0.

    No step is three times another: where that meets even knots, PCHIP limits the slope at an end.
    """
    steps = rng.permuted(0.4 * 1.5 ** np.arange(n)) + rng.uniform(-0.01, 0.01, n)
    signs = np.resize([1, 1, -1], n)
    return np.cumsum(steps * signs)[(slice(None), *[None] * len(rest))] * rng.uniform(
        0.8, 1.2, rest
    )


def _solve(rng: Generator) -> list[Sample]:
    rows, columns = [0, 1, 2, 0, 2, 1], [0, 1, 2, 1, 0, 1]
    data = A([4, 3, 4, 1, -1, 2]) + rng.uniform(-0.3, 0.3, 6)
    return [call(data, REAL.draw(rng, 3, 2), rows, columns)]


def _cubic(rng: Generator) -> list[Sample]:
    def one(n: int, *ends: Any, rest: tuple[int, ...] = ()) -> Sample:
        values = [REAL.draw(rng, *rest) if kind in (1, 2) else None for kind in ends]
        return call(knots(rng, n), REAL.draw(rng, n, *rest), *values, ends, reach=0.4)

    def ring(n: int) -> Sample:
        y = REAL.draw(rng, n)
        y[-1] = y[0]

        def through(function: Any, x: Any, y: Any, *given: Any) -> Any:
            return function(x, np.concatenate([y[:-1], y[:1]]), *given)

        args = (knots(rng, n), y, None, None, ("periodic", "periodic"))
        return Sample(args, {}, 0.4, through)

    nak = "not-a-knot"
    return [
        one(5, nak, nak, rest=(2,)), one(3, nak, nak), one(2, nak, 1), one(4, 1, 2, rest=(2,)),
        one(4, 2, nak), ring(5), ring(3), ring(2),
    ]  # fmt: skip


def _hermite(rng: Generator) -> list[Sample]:
    return [
        call(knots(rng, 3), REAL.draw(rng, 3, 2), REAL.draw(rng, 3, 2), reach=0.4),
        call(knots(rng, 2), REAL.draw(rng, 2), REAL.draw(rng, 2), reach=0.4),
    ]


def _shaped(*given: Any) -> Draw:
    def samples(rng: Generator) -> list[Sample]:
        return [
            call(np.cumsum(rng.uniform(0.98, 1.02, n)), bent(rng, n, *rest), *last, reach=0.1)
            for last in given
            for n, rest in ((6, ()), (4, (2,)), (2, ()))
        ]

    return samples


SAMPLES: dict[Callable[..., Any], Draw] = {
    piecewise.sparse_solve: _solve,
    piecewise.cubic_coefficients: _cubic,
    piecewise.hermite_coefficients: _hermite,
    piecewise.pchip_coefficients: _shaped(()),
    piecewise.akima_coefficients: _shaped(("akima",), ("makima",)),
}
