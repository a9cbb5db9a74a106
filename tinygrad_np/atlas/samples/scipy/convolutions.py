"""Samples of convolutions: every mode, lengths odd and even, either one the longer, broadcast."""

from collections.abc import Callable
from typing import Any

import numpy as np

from ....scipy.mirror import of
from ....scipy.signal.convolutions import of_planes
from ..draws import REAL, UNIT, Draw, Edge, Generator, Sample, call

Case = tuple[tuple[int, ...], tuple[int, ...], dict[str, Any]]


def _pairs(*cases: Case) -> Draw:
    def samples(rng: Generator) -> list[Sample]:
        return [call(REAL.draw(rng, *a), REAL.draw(rng, *b), **options) for a, b, options in cases]

    return samples


_ANY: tuple[Case, ...] = (
    ((3, 4), (2, 3), {}),
    ((3, 4), (2, 3), {"mode": "same"}),
    ((3, 3), (4, 5), {"mode": "same"}),
    ((2, 3), (3, 3), {"mode": "valid"}),
)
_METHODS: tuple[Case, ...] = (
    *_ANY,
    ((5,), (2,), {"mode": "same", "method": "fft"}),
    ((4,), (2,), {"mode": "valid", "method": "direct"}),
)
_AXES: tuple[Case, ...] = (
    *_ANY,
    ((2, 4), (1, 3), {"axes": 1}),
    ((3, 2), (2, 2), {"mode": "same", "axes": -2}),
)
_BOUNDARIES: tuple[Case, ...] = (
    *_ANY[1:],
    ((2, 3), (3, 2), {"boundary": "wrap"}),
    ((3, 3), (2, 2), {"mode": "same", "boundary": "symm"}),
    ((3, 3), (2, 2), {"boundary": "fill", "fillvalue": 1.5}),
)
_OF_H: tuple[Case, ...] = (
    ((3,), (4,), {"up": 2, "down": 3}),
    ((4,), (3, 2), {"up": 3, "down": 2, "axis": 0}),
    ((2,), (2, 5), {"down": 3}),
    ((5,), (3,), {"up": 2}),
)


def _deconvolved(rng: Generator) -> list[Sample]:
    """The first coefficient of the divisor is larger than the others together."""
    return [
        call(REAL.draw(rng, n), np.concatenate([[2.0], UNIT.draw(rng, m - 1)]))
        for n, m in ((5, 2), (3, 3))
    ]


SAMPLES: dict[Callable[..., Any], Draw] = {
    of("signal.convolve"): _pairs(*_METHODS),
    of("signal.correlate"): _pairs(*_METHODS),
    of("signal.fftconvolve"): _pairs(*_AXES),
    of("signal.oaconvolve"): _pairs(*_AXES),
    of_planes: _pairs(*_ANY),
    of("signal.convolve2d"): _pairs(*_BOUNDARIES),
    of("signal.correlate2d"): _pairs(*_BOUNDARIES),
    of("signal.upfirdn"): _pairs(*_OF_H),
    of("signal.deconvolve"): _deconvolved,
}

EDGES: dict[Callable[..., Any], list[Edge]] = {}

COMPLEX = {of(f"signal.{name}") for name in ("correlate", "convolve2d", "correlate2d")}
