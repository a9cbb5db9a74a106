"""Samples of density estimates: one and two dimensions, each rule and number as bandwidth."""

from collections.abc import Callable
from typing import Any

import numpy as np

from ....scipy.stats.density_estimates import _METHODS
from ..draws import POSITIVE, UNIT, Draw, Generator, Sample


def _estimate(function: Any, points: Any, dataset: Any, bw_method: Any, weights: Any = None) -> Any:
    """The function of a bandwidth that is a number where it is an array without dimensions."""
    is_array = getattr(bw_method, "shape", None) == ()
    return function(points, dataset, bw_method[()] if is_array else bw_method, weights)


def _samples(rng: Generator) -> list[Sample]:
    # The corners of a square, moved a little: data near a line would make very narrow kernels.
    corners = np.array([[-1.0, 1.0, -1.0, 1.0], [-1.0, -1.0, 1.0, 1.0]])
    plane, weights = corners + rng.uniform(-0.3, 0.3, (2, 4)), POSITIVE.draw(rng, 4)
    calls: list[tuple[Any, ...]] = [
        (UNIT.draw(rng, 2, 1), plane, "silverman", weights),
        (UNIT.draw(rng, 2), np.ravel(plane[:1]), np.asarray(0.4 + POSITIVE.draw(rng))),
    ]
    return [Sample(args, {}, 0.2, _estimate) for args in calls]


SAMPLES: dict[Callable[..., Any], Draw] = dict.fromkeys(_METHODS.values(), _samples)
