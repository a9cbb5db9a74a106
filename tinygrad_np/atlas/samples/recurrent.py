"""Samples of the recurrence over time."""

from collections.abc import Callable
from typing import Any

from ...nn.recurrent import recurrence
from .draws import APART, REAL, Draw, Edge, Generator, Sample, apart, call


def _recurrences(rng: Generator) -> list[Sample]:
    """Three steps of two rows with two units, and one step of one."""
    samples = []
    for cell, inputs, columns, states in (("tanh", 1, 1, 1), ("lstm", 4, 4, 2), ("gru", 4, 3, 1)):
        for time, n, h in ((3, 2, 2), (1, 1, 1)):
            shapes = [(time, n, inputs * h), (h, columns * h), *[(n, h)] * states]
            samples.append(call(cell, *[REAL.draw(rng, *shape) for shape in shapes]))
    # relu has a kink where the sum of a step is 0: one step alone, from small weights and states
    x, u, h = apart(rng, 1, 2, 3), 0.1 * REAL.draw(rng, 3, 3), 0.05 * REAL.draw(rng, 2, 3)
    return [*samples, call("relu", x, u, h, reach=APART / 2)]


SAMPLES: dict[Callable[..., Any], Draw] = {recurrence: _recurrences}

EDGES: dict[Callable[..., Any], list[Edge]] = {}
"""Where relu has its kink, the policy is that of `relu`, whose rule is the one that is used."""
