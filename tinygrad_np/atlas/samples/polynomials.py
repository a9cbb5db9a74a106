"""Samples of polynomials given by their coefficients."""

from collections.abc import Callable
from typing import Any

import numpy as np

from .draws import POSITIVE, REAL, A, Draw, Edge, Generator, Sample, call, products, shaped

COMPLEX = {np.poly}

_PAIRS = (((4,), (2,)), ((2,), (4,)), ((3,), (3,)), ((), (2,)))


def _without_rounding(divide: Any, u: Any, v: Any) -> Any:
    """(quotient, remainder) without what is divided away, which may be a tiny number in float32."""
    quotient, remainder = divide(u, v)
    return quotient, remainder[-max(len(v) - 1, 1) :] if len(u) >= len(v) else remainder


def _divided(rng: Generator) -> list[Sample]:
    def divisor(*rest: Any) -> Any:
        return np.array([2.0, *rest])

    samples = [
        call(REAL.draw(rng, 5), divisor(*REAL.draw(rng, 2)), reach=0.4),
        call(REAL.draw(rng, 2), divisor(*REAL.draw(rng, 2)), reach=0.4),
        call(REAL.draw(rng, 3), divisor(), reach=0.4),
        call(REAL.draw(rng, 4), divisor(0.5 + 1j, -1.5j), reach=0.4),
        call(REAL.draw(rng, 4) + 1j * REAL.draw(rng, 4), divisor(0.5), reach=0.4),
    ]
    return [sample._replace(through=_without_rounding) for sample in samples]


def _rooted(rng: Generator) -> list[Sample]:
    """Simple roots, real and complex, and one at 0."""
    return [
        call(POSITIVE.draw(rng) * np.poly([-1.5, 0.5, 2.0]), reach=0.1),
        call(np.poly([1.0 + 1.0j, 1.0 - 1.0j, -2.0, 0.5]), reach=0.1),
        call(np.poly([1.0 + 1.0j, -1.5j, 2.0]), reach=0.1),
    ]


def _fitted(rng: Generator) -> list[Sample]:
    x = np.linspace(-1, 1, 6) + rng.uniform(-0.1, 0.1, 6)
    y, w = REAL.draw(rng, 6), POSITIVE.draw(rng, 6)
    return [
        call(x, y, 2, reach=0.1),
        call(x, REAL.draw(rng, 6, 3), 1, w=w, reach=0.1),
        call(x, y, 3, None, False, w, reach=0.1),
        call(x[:3], y[:3], 2, reach=0.1),
        call(x, y + 1j * REAL.draw(rng, 6), 2, w=w, reach=0.1),
    ]


SAMPLES: dict[Callable[..., Any], Draw] = {
    np.polyval: products(((4,), (3, 3)), ((3,), ()), ((1,), (2,)), ((3, 2), (2,))),
    np.polyadd: products(*_PAIRS),
    np.polysub: products(*_PAIRS),
    np.polymul: products(*_PAIRS),
    np.polydiv: _divided,
    np.polyder: shaped(((4,), (), {}), ((4,), (2,), {}), ((3,), (0,), {})),
    np.polyint: lambda rng: [
        call(REAL.draw(rng, 3)),
        call(REAL.draw(rng, 3), 2, REAL.draw(rng, 2)),
        call(REAL.draw(rng, 2), 3, REAL.draw(rng)),
        call(REAL.draw(rng, 2), m=0),
    ],
    np.poly: shaped(((3,), (), {}), ((1,), (), {})),
    np.vander: shaped(((3,), (), {}), ((4,), (3,), {}), ((3,), (), {"N": 5, "increasing": True})),
    np.roots: _rooted,
    np.polyfit: _fitted,
}

EDGES: dict[Callable[..., Any], list[Edge]] = {
    np.polyval: [Edge((A([3.0, 2.0]), A(0.0)), {}, ([0, 1], 3))],
    np.polymul: [Edge((A([0.0, 2.0]), A([3.0, 4.0])), {}, ([0, 7], [2, 2]))],
    np.roots: [Edge((A([1.0, -1.0, 0.0]),), {}, ([-1, -1, 0],))],
    np.vander: [Edge((A([0.0]), 3), {}, ([1],))],
}
