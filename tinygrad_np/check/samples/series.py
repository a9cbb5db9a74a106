"""Samples of polynomials in two variables."""

from collections.abc import Callable
from typing import Any

from numpy.polynomial import polynomial

from .draws import REAL, Draw, Edge, Generator, Sample, call


def _at_points(rng: Generator) -> list[Sample]:
    return [
        call(REAL.draw(rng, 2, 3), REAL.draw(rng, 2, 3), REAL.draw(rng, 3, 2)),
        call(REAL.draw(rng), REAL.draw(rng), REAL.draw(rng, 3, 3)),
        call(REAL.draw(rng, 4), REAL.draw(rng, 4), REAL.draw(rng, 2, 3, 2)),
    ]


def _on_a_grid(rng: Generator) -> list[Sample]:
    return [
        call(REAL.draw(rng, 3), REAL.draw(rng, 2), REAL.draw(rng, 3, 2)),
        call(REAL.draw(rng, 3), REAL.draw(rng), REAL.draw(rng, 3, 3)),
        call(REAL.draw(rng, 2), REAL.draw(rng, 2), REAL.draw(rng, 2, 3, 2)),
    ]


SAMPLES: dict[Callable[..., Any], Draw] = {
    function: draw
    for function, draw in (
        (polynomial.polyval2d, _at_points),
        (polynomial.polygrid2d, _on_a_grid),
    )
    if hasattr(function, "_implementation")
}

EDGES: dict[Callable[..., Any], list[Edge]] = {}
