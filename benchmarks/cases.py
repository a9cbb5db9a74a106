"""What is measured: for each case, the parameters to start from and the data of one batch.

A library implements a case as a function of these arrays that gives a *step*: a function without
arguments that carries out one training step (value, every gradient, update in place) and returns
(value, gradients). All libraries take the same arrays, and their first step must agree.

>>> case = CASES["two-class, batch 1"]
>>> params, batch = case.make()
>>> [array.shape for array in (*params, *batch)]
[(3, 3, 1, 1), (784, 1), (1, 28, 28, 1), (1, 1)]
"""

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np

Arrays = list[np.ndarray[Any, Any]]

RATE = 0.001


class Case(NamedTuple):
    """One thing to measure."""

    implementation: str
    """the function that every library module has for it"""
    make: Callable[[], tuple[Arrays, Arrays]]
    """() → (parameters, batch), the same arrays at every call"""


def _two_class(n: int) -> Callable[[], tuple[Arrays, Arrays]]:
    """The first post's network, float32: one 3×3 filter, relu, dense, log-loss of logits."""

    def make() -> tuple[Arrays, Arrays]:
        rng = np.random.default_rng(42)
        params = [rng.normal(0, 2 / 3, (3, 3, 1, 1)), rng.normal(0, 1 / 28, (784, 1))]
        batch = [rng.normal(size=(n, 28, 28, 1)), rng.random((n, 1)) < 0.5]
        return [p.astype(np.float32) for p in params], [x.astype(np.float32) for x in batch]

    return make


CASES = {
    "two-class, batch 1": Case("two_class", _two_class(1)),
    "two-class, batch 64": Case("two_class", _two_class(64)),
}
