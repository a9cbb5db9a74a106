"""Samples of convolution, correlation, interpolation and functions of one number."""

from collections.abc import Callable
from typing import Any

import numpy as np

from ...rules.signals import bessel_i, sinc_derivative
from .draws import INF, POSITIVE, REAL, A, Draw, Edge, Generator, Sample, call

COMPLEX = {np.correlate, np.angle}


def _sequences(rng: Generator) -> list[Sample]:
    """All modes, the longer sequence on either side, even and odd lengths."""
    pairs = [(REAL.draw(rng, n), REAL.draw(rng, m)) for n, m in ((5, 2), (2, 5), (4, 4), (3, 1))]
    return [
        call(REAL.draw(rng, 4), REAL.draw(rng, 3)),
        *[call(a, v, mode) for a, v in pairs[:3] for mode in ("full", "same", "valid")],
        call(*pairs[3], mode="same"),
    ]


def _interpolated(rng: Generator) -> list[Sample]:
    """Places that are 0.1 to 0.9 on their way from knot to knot, and some outside."""
    steps = rng.uniform(0.5, 1.5, 5)
    xp = np.cumsum(steps)
    fp = REAL.draw(rng, 5)
    piece = rng.integers(0, 4, (2, 3))
    x = xp[piece] + rng.uniform(0.1, 0.9, (2, 3)) * steps[piece + 1]
    wide = np.concatenate([x.ravel(), [xp[0] - 0.3, xp[-1] + 0.4]])
    turned = (wide + 20 * rng.integers(-1, 2, wide.size))[::-1]
    order = rng.permutation(5)
    return [
        call(x, xp, fp, reach=0.04),
        call(wide, xp, fp, reach=0.04),
        call(wide, xp, fp, REAL.draw(rng), REAL.draw(rng), reach=0.04),
        call(wide, xp, fp, right=0.5, reach=0.04),
        call(turned, xp[order] + 40, fp[order], period=20.0, reach=0.04),
        call(np.asarray(x[0, 0]), xp, fp, reach=0.04),
        call(wide, xp, fp + 1j * REAL.draw(rng, 5), reach=0.04),
        call(A([0.5, 2.0, 1.0]), A([1.5]), A([3.0]), reach=0.1),
    ]


def _near_and_far(rng: Generator) -> list[Sample]:
    return [
        call(np.concatenate([REAL.draw(rng, 3), [0.0, 1e-9, 1e-4, 0.7, -0.9, 3.5]])),
        call(REAL.draw(rng, 3, 3)),
        call(A(0.6)),
    ]


def _nth(rng: Generator) -> list[Sample]:
    return [call(*sample.args, n) for n, sample in enumerate(_near_and_far(rng))]


SAMPLES: dict[Callable[..., Any], Draw] = {
    np.convolve: lambda rng: [*_sequences(rng), call(REAL.draw(rng), REAL.draw(rng, 3))],
    np.correlate: _sequences,
    np.interp: _interpolated,
    np.sinc: _near_and_far,
    sinc_derivative: _nth,
    np.i0: lambda rng: [call(A([-9.0, -0.5, 0.0, 0.3, 7.0, 9.0]), reach=0.1), call(A(0.5))],
    bessel_i: lambda rng: [call(REAL.draw(rng, 3, 3), n) for n in range(3)],
    np.angle: lambda rng: [
        call(POSITIVE.draw(rng, 3, 3), reach=0.4),
        call(-POSITIVE.draw(rng, 2) + 1j * POSITIVE.draw(rng, 2), True, reach=0.4),
    ],
    np.real_if_close: lambda rng: [
        call(REAL.draw(rng, 3, 3)),
        call(REAL.draw(rng, 3) + 1j * POSITIVE.draw(rng, 3), reach=0.4),
        call(REAL.draw(rng, 3) + 0.1j * POSITIVE.draw(rng, 3), tol=0.9, reach=0.4),
    ],
}

EDGES: dict[Callable[..., Any], list[Edge]] = {
    np.interp: [
        Edge(
            (A([0.0, 1.0, 3.0]), A([0.0, 1.0, 3.0]), A([0.0, 5.0, 6.0])),
            {},
            ([5, 0.5, 0], [-5, -0.5, 0], [1, 1, 1]),
        ),
        Edge(
            (A([-INF, 9.0]), A([0.0, 1.0]), A([2.0, 4.0]), A(7.0), A(8.0)),
            {},
            ([0, 0], [0, 0], [0, 0], 1, 1),
        ),
    ],
    np.sinc: [Edge((A([0.0]),), {}, ([0],)), Edge((A([1.0]),), {}, ([-1],))],
    np.i0: [Edge((A([0.0]),), {}, ([0],))],
    np.angle: [
        Edge((np.array([0j]),), {}, ([0],)),
        Edge((A([-1.0, 0.0, 1.0]),), {}, ([0, 0, 0],)),
    ],
}
