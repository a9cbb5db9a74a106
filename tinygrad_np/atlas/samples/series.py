"""Samples of polynomials in several variables."""

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


def _in_any_number(rng: Generator) -> list[Sample]:
    return [
        call([REAL.draw(rng, 2), REAL.draw(rng, 2), REAL.draw(rng, 2)], REAL.draw(rng, 3, 2, 2)),
        call(REAL.draw(rng, 2, 4), REAL.draw(rng, 2, 3, 2)),
        call((REAL.draw(rng),), REAL.draw(rng, 3)),
    ]


SAMPLES: dict[Callable[..., Any], Draw] = {
    getattr(polynomial, name): draw
    for name, draw in (
        ("polyval2d", _at_points),
        ("polygrid2d", _on_a_grid),
        ("polyvalnd", _in_any_number),
    )
    if hasattr(getattr(polynomial, name, None), "_implementation")
}

EDGES: dict[Callable[..., Any], list[Edge]] = {}
