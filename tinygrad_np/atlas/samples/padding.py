"""Samples of `numpy.pad` in every mode."""

from collections.abc import Callable
from typing import Any

import numpy as np

from .draws import APART, REAL, A, Draw, Edge, Generator, Sample, apart, call


def _padded(rng: Generator) -> list[Sample]:
    x = REAL.draw(rng, 3, 4)
    z = x + 1j * REAL.draw(rng, 3, 4)
    uneven = ((2, 1), (0, 3))
    samples = [
        call(x, uneven),
        call(REAL.draw(rng, 3, 3), 1, constant_values=7.0),
        call(REAL.draw(rng, 3), (1, 2), mode="constant"),
        call(x, uneven, "constant", constant_values=REAL.draw(rng, 2, 2)),
        call(x, 2, "constant", constant_values=REAL.draw(rng)),
        call(x, uneven, "linear_ramp", end_values=REAL.draw(rng, 2)),
        call(x, uneven, "linear_ramp", end_values=REAL.draw(rng, 2, 1)),
        call(x, (2, 3), mode="linear_ramp"),
        call(x, uneven, "mean", stat_length=((2, 1), (9, 3))),
        call(REAL.draw(rng), 0, "edge"),
    ]
    for mode in ("edge", "linear_ramp", "mean", "reflect", "symmetric", "wrap"):
        samples.append(call(x, uneven, mode))
        samples.append(call(z, ((1, 2), (1, 0)), mode))
    for mode in ("reflect", "symmetric"):
        samples.append(call(x, ((9, 4), (2, 7)), mode, reflect_type="odd"))
        samples.append(call(x, ((9, 4), (2, 7)), mode))
        samples.append(call(REAL.draw(rng, 1, 2), ((2, 1), (5, 4)), mode, reflect_type="odd"))
    samples.append(call(x, ((9, 4), (0, 0)), "reflect", reflect_type="odd"))
    samples.append(call(x, ((9, 4), (2, 7)), "wrap"))
    for mode in ("maximum", "median", "minimum"):
        for length in (None, 2, ((1, 3), (2, 9))):
            values = apart(rng, 3, 4)
            samples.append(call(values, uneven, mode, stat_length=length, reach=APART / 2))
    return samples


SAMPLES: dict[Callable[..., Any], Draw] = {
    np.pad: _padded,
}

EDGES: dict[Callable[..., Any], list[Edge]] = {
    np.pad: [
        Edge((A([3.0, 1.0, 3.0]), (2, 0), "maximum"), {}, ([2, 1, 2],)),
        Edge((A([1.0, 1.0, 3.0]), (0, 2), "minimum"), {}, ([2, 2, 1],)),
        # a stable sort puts the first of the equal ones into the middle
        Edge((A([2.0, 1.0, 2.0]), (3, 0), "median"), {}, ([4, 1, 1],)),
        Edge((A([2.0, 2.0]), (0, 4), "median"), {}, ([3, 3],)),
    ],
}
