"""Samples of normalisation: a batch, rows, groups, and parts whose long axis is cut in several."""

from collections.abc import Callable
from typing import Any

from ...nn.normalised import normalised
from .draws import REAL, Draw, Edge, Generator, Sample, call

_FORMS = ((1, 6, 2, 1), (3, 1, 1, 4), (2, 3, 2, 2), (1, 66, 2, 1))
REACH = 0.1  # a standard deviation is far from 0


def _normalised(rng: Generator) -> list[Sample]:
    return [
        call(epsilon, about_mean, REAL.draw(rng, *form), *affine, reach=REACH)
        for form in _FORMS
        for epsilon, about_mean, affine in (
            (1e-5, True, [REAL.draw(rng, *form[2:]) for _ in range(2)]),
            (0.5, True, []),
            (0.1, False, [REAL.draw(rng, *form[2:])]),
        )
    ]


SAMPLES: dict[Callable[..., Any], Draw] = {normalised: _normalised}
EDGES: dict[Callable[..., Any], list[Edge]] = {}
