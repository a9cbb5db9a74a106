"""Samples of what networks are made of: windows' maxima, softmax and the losses of classes."""

from collections.abc import Callable
from typing import Any

import numpy as np

from ...core.losses import class_losses, class_residuals
from ...core.network import log_softmax, softmax
from ...core.windows import gather_windows, max_unpool, window_maxima
from .draws import APART, REAL, A, Draw, Edge, Generator, Sample, apart, call, shaped


def _class_samples(rng: Generator) -> list[Sample]:
    return [
        call(REAL.draw(rng, 4, 3), rng.integers(0, 3, 4)),
        call(REAL.draw(rng, 2, 3, 3), rng.integers(0, 3, (2, 3))),
    ]


def _indexed_windows(rng: Generator) -> tuple[Any, Any]:
    """Windows (2, 3, 2, 2, 2, 3), and the number of an element of each."""
    return REAL.draw(rng, 2, 3, 2, 2, 2, 3), rng.integers(0, 4, (2, 3, 2, 3))


SAMPLES: dict[Callable[..., Any], Draw] = {
    window_maxima: lambda rng: [call(apart(rng, 2, 2, 2, 2, 2, 2), reach=APART)],
    gather_windows: lambda rng: [call(*_indexed_windows(rng))],
    max_unpool: lambda rng: [
        call(_indexed_windows(rng)[0][:, :, :, 0, 0], _indexed_windows(rng)[1], (2, 2))
    ],
    softmax: shaped(((3, 3), (), {}), ((3, 2, 4), (1,), {})),
    log_softmax: shaped(((3, 3), (), {}), ((3, 2, 4), (), {"axis": 0})),
    class_losses: _class_samples,
    class_residuals: _class_samples,
}

EDGES: dict[Callable[..., Any], list[Edge]] = {
    window_maxima: [
        Edge(
            (A([2.0, 2.0, 1.0, 3.0, 3.0, 3.0]).reshape(1, 2, 3, 1),),
            {},
            (A([1, 0, 0, 1, 0, 0]).reshape(1, 2, 3, 1),),
        )
    ],
    softmax: [
        Edge((A([[1000.0, -1000.0]]),), {}, ([[0, 0]],)),
        Edge((A([[], []]), 1), {}, ([[], []],)),
    ],
    log_softmax: [
        Edge((A([[1000.0, -1000.0]]),), {}, ([[-1, 1]],)),
        Edge((A([[], []]), 1), {}, ([[], []],)),
    ],
    class_losses: [
        Edge(
            (A([[1000.0, -1000.0], [-1000.0, 1000.0]]), np.array([1, 1])), {}, ([[1, -1], [0, 0]],)
        )
    ],
}

COMPLEX = {window_maxima}
