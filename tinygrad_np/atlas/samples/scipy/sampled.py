"""Samples of integrals of sampled functions: steps, coordinates, odd and even numbers of them."""

from collections.abc import Callable
from typing import Any

import numpy as np

from ....scipy.mirror import of
from ..draws import POSITIVE, REAL, Draw, Generator, Sample, call


def _places(rng: Generator, *shape: int) -> Any:
    """Increasing coordinates along the last axis."""
    return np.cumsum(POSITIVE.draw(rng, *shape), -1)


def _areas(rng: Generator) -> list[Sample]:
    def y(*shape: int) -> Any:
        return REAL.draw(rng, *shape)

    return [
        call(y(2, 5), dx=POSITIVE.draw(rng), reach=0.4),
        call(y(2, 4), x=_places(rng, 4), reach=0.4),
        call(y(4, 2), x=_places(rng, 2, 4).T, axis=0, reach=0.4),
        call(y(3), x=_places(rng, 3), reach=0.4),
        call(y(2), x=_places(rng, 2), reach=0.4),
    ]


def _cumulative(initial: Any) -> Draw:
    def samples(rng: Generator) -> list[Sample]:
        y = REAL.draw(rng, 4, 2)
        return [*_areas(rng), call(y, dx=0.5, axis=-2, initial=initial(rng))]

    return samples


def _initial(rng: Generator) -> Any:
    return REAL.draw(rng, 1, 2)


def _romb(rng: Generator) -> list[Sample]:
    return [
        call(REAL.draw(rng, 2, 5), POSITIVE.draw(rng)),
        call(REAL.draw(rng, 9, 2), 0.5, axis=0),
        call(REAL.draw(rng, 2)),
    ]


SAMPLES: dict[Callable[..., Any], Draw] = {
    of("integrate.trapezoid"): _areas,
    of("integrate.cumulative_trapezoid"): _cumulative(lambda rng: 0),
    of("integrate.simpson"): _areas,
    of("integrate.cumulative_simpson"): _cumulative(_initial),
    of("integrate.romb"): _romb,
}
