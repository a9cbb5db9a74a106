"""Samples of `nnls`: with unknowns that are held at 0, and none."""

from collections.abc import Callable
from typing import Any

import numpy as np

from ....scipy.mirror import of
from ..draws import Draw, Generator, Sample, call


def _systems(rng: Generator) -> list[Sample]:
    """Systems whose columns are far from one another, and whose unknowns are far from 0."""

    def system(x: list[float], push: list[float]) -> Sample:
        a = np.eye(5, 3) + 0.1 * rng.uniform(-1, 1, (5, 3))
        # The residual is orthogonal to the columns of positive unknowns, and pushes the others.
        away = a @ np.linalg.solve(a.T @ a, -np.array(push))
        return call(a, a @ np.array(x) + away + 0.3 * np.eye(5)[4], reach=0.02)

    return [system([1.0, 0.7, 1.3], [0.0, 0.0, 0.0]), system([1.0, 0.0, 0.8], [0.0, 0.5, 0.0])]


SAMPLES: dict[Callable[..., Any], Draw] = {of("optimize.nnls"): _systems}
