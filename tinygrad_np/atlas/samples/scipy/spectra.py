"""Samples of spectra of segments: lengths odd and even, both scales, every edge of the signal."""

from collections.abc import Callable
from typing import Any

import numpy as np

from ....scipy.mirror import of
from ..draws import REAL, Draw, Edge, Generator, Sample, call, shaped


def _two(*cases: tuple[tuple[int, ...], tuple[int, ...], dict[str, Any]]) -> Draw:
    def samples(rng: Generator) -> list[Sample]:
        return [call(REAL.draw(rng, *a), REAL.draw(rng, *b), **options) for a, b, options in cases]

    return samples


def _coherence(rng: Generator) -> list[Sample]:
    """Of signals with power at every frequency, by which it is divided: each has an impulse."""
    impulse = 6.0 * (np.arange(9) == 1)
    options = {"nperseg": 3, "noverlap": 0, "detrend": False}
    return [call(REAL.draw(rng, 9) + impulse, REAL.draw(rng, 9) + impulse, **options)]


_POWERS: tuple[Any, ...] = (
    ((8,), (), {"nperseg": 4, "fs": 2.0}),
    ((7, 2), (), {"nperseg": 3, "noverlap": 1, "axis": 0, "detrend": "linear", "nfft": 5}),
    ((6,), (), {"nperseg": 4, "scaling": "spectrum", "return_onesided": False, "detrend": False}),
)

SAMPLES: dict[Callable[..., Any], Draw] = {
    of("signal.welch"): shaped(*_POWERS),
    of("signal.csd"): _two(
        ((8,), (8,), {"nperseg": 4}),
        ((2, 7), (2, 5), {"nperseg": 3, "noverlap": 1, "scaling": "spectrum"}),
    ),
    of("signal.coherence"): _coherence,
    of("signal.periodogram"): shaped(
        ((5,), (), {"fs": 2.0}),
        ((4, 2), (), {"nfft": 6, "axis": 0, "window": "hann"}),
        ((5,), (), {"nfft": 4, "scaling": "spectrum"}),
    ),
    of("signal.stft"): shaped(
        ((7,), (), {"nperseg": 4}),
        ((5, 2), (), {"nperseg": 3, "axis": 0, "boundary": "odd", "scaling": "psd"}),
        ((6,), (), {"nperseg": 4, "boundary": None, "padded": False, "detrend": "constant"}),
    ),
    of("signal.spectrogram"): shaped(
        *_POWERS[:2],
        ((8,), (), {"nperseg": 4, "mode": "complex", "window": np.array([0.5, 1.0, 1.5, 0.7])}),
    ),
    of("signal.istft"): shaped(
        ((3, 4), (), {"fs": 2.0, "scaling": "psd"}),
        ((4, 3, 2), (), {"nperseg": 5, "time_axis": 0, "freq_axis": 1}),
        ((4, 3), (), {"input_onesided": False, "noverlap": 3}),
    ),
}

EDGES: dict[Callable[..., Any], list[Edge]] = {}

COMPLEX = {of("signal.istft")}
