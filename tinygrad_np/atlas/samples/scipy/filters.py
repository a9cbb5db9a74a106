"""Samples of recursive filters: poles well inside the unit circle, states, every axis."""

from collections.abc import Callable
from typing import Any

import numpy as np

from ....scipy.mirror import of
from ....scipy.signal.filters import ROWS, filtered
from ..draws import REAL, UNIT, Draw, Edge, Generator, Sample, call


def _a(rng: Generator, count: int) -> Any:
    """Coefficients whose first is far larger than the others together."""
    return np.concatenate([[1.5], UNIT.draw(rng, count - 1) / count])


def _sos(rng: Generator, count: int) -> Any:
    return np.stack(
        [np.concatenate([0.4 + 0.4 * UNIT.draw(rng, 3), _a(rng, 3)]) for _ in range(count)]
    )


def _of_sections(function: Any, sos: Any, *args: Any, **kwargs: Any) -> Any:
    """With a₀ = 1 in each section, without which SciPy takes none."""
    ones = np.ones((len(sos), 1))
    return function(np.concatenate([sos[:, :3], ones, sos[:, 4:]], 1), *args, **kwargs)


def _sections(rng: Generator, count: int, *args: Any, **kwargs: Any) -> Sample:
    return Sample((_sos(rng, count), *args), kwargs, 0.3, _of_sections)


def _filtered(rng: Generator) -> list[Sample]:
    return [
        call(REAL.draw(rng, 2), _a(rng, 3), REAL.draw(rng, 2, 4), REAL.draw(rng, 2, 2), reach=0.5),
        call(REAL.draw(rng, 3), _a(rng, 2), REAL.draw(rng, 2), reach=0.5),
    ]


def _lfilter(rng: Generator) -> list[Sample]:
    return [
        call(REAL.draw(rng, 2), _a(rng, 3), REAL.draw(rng, 4, 2), axis=0, reach=0.5),
        call(REAL.draw(rng, 3), _a(rng, 2), REAL.draw(rng, 5), -1, REAL.draw(rng, 2), reach=0.5),
        call(REAL.draw(rng, 4), _a(rng, 1), REAL.draw(rng, 2), -1, REAL.draw(rng, 3), reach=0.5),
        call(
            REAL.draw(rng, 1), _a(rng, 3), REAL.draw(rng, 3, 2), 0, REAL.draw(rng, 2, 1), reach=0.5
        ),
    ]


def _filtfilt(rng: Generator) -> list[Sample]:
    b, a = REAL.draw(rng, 2), _a(rng, 2)
    x = REAL.draw(rng, 2, 8)
    return [
        call(b, a, x, reach=0.5),
        call(b, a, x.T, 0, "even", 3, reach=0.5),
        call(b, a, x, padtype="constant", padlen=2, reach=0.5),
        call(b, _a(rng, 3), x[0], padtype=None, reach=0.5),
    ]


def _decimate(rng: Generator) -> list[Sample]:
    return [
        call(REAL.draw(rng, 2, 12), 2, n=2),
        call(REAL.draw(rng, 7, 2), 3, axis=0, n=2, zero_phase=False),
        call(REAL.draw(rng, 7), 2, n=4, ftype="fir"),
        call(REAL.draw(rng, 5), 2, n=4, ftype="fir", zero_phase=False),
    ]


def _freqz(rng: Generator) -> list[Sample]:
    points = np.array([0.3, 1.1, 2.5])
    return [
        call(REAL.draw(rng, 3), _a(rng, 3), points, fs=7.0, reach=0.5),
        call(REAL.draw(rng, 2), _a(rng, 1), 5, reach=0.5),
    ]


def _freqs(rng: Generator) -> list[Sample]:
    points = np.array([0.2, 0.8])
    return [call(REAL.draw(rng, 2), _a(rng, 3)[::-1].copy(), points, reach=0.5)]


def _freqz_sos(rng: Generator) -> list[Sample]:
    return [_sections(rng, 2, np.array([0.2, 1.4]), fs=5.0)]


SAMPLES: dict[Callable[..., Any], Draw] = {
    filtered: _filtered,
    of("signal.lfilter"): _lfilter,
    of("signal.lfilter_zi"): lambda rng: [
        call(REAL.draw(rng, 2), _a(rng, 4), reach=0.5),
        call(REAL.draw(rng, 3), _a(rng, 1), reach=0.5),
    ],
    of("signal.sosfilt"): lambda rng: [
        _sections(rng, 2, REAL.draw(rng, 2, 4)),
        _sections(rng, 2, REAL.draw(rng, 3, 2), 0, REAL.draw(rng, 2, 2, 2)),
    ],
    of("signal.sosfilt_zi"): lambda rng: [_sections(rng, 1), _sections(rng, 2)],
    of("signal.filtfilt"): _filtfilt,
    of("signal.sosfiltfilt"): lambda rng: [
        _sections(rng, 1, REAL.draw(rng, 10)),
        _sections(rng, 2, REAL.draw(rng, 5, 2), axis=0, padtype="even", padlen=3),
    ],
    of("signal.decimate"): _decimate,
    of("signal.freqz"): _freqz,
    of("signal.freqs"): _freqs,
    # of one name or of two, as SciPy has them
    **{row.function: _freqz_sos for row in ROWS if "sos" in row.name and "freq" in row.name},
}

EDGES: dict[Callable[..., Any], list[Edge]] = {}

COMPLEX = {of(f"signal.{name}") for name in ("lfilter", "filtfilt")}
