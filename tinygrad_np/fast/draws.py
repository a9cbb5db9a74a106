"""A generator of random numbers whose draws are operations of a trace.

>>> from .trace import Tracer
>>> tracer = Tracer()
>>> with tracer:
...     x = tracer.generator(np.random.default_rng(0)).normal(size=2)
>>> [operation.name for operation in tracer.operations]
['rng.normal']
"""

from __future__ import annotations

import copy
import functools
from typing import Any

import numpy as np


class Generator(np.random.Generator):
    """A copy of a generator of random numbers, whose draws are operations."""

    tracer: Any

    def __new__(cls, real: np.random.Generator, tracer: Any) -> Any:
        return super().__new__(cls)

    def __init__(self, real: np.random.Generator, tracer: Any) -> None:
        super().__init__(copy.deepcopy(real.bit_generator))
        self.tracer = tracer
        tracer.slot(self)


def _draw(name: str) -> Any:
    method = getattr(np.random.Generator, name)

    @functools.wraps(method)
    def draw(self: Generator, *args: Any, **kwargs: Any) -> Any:
        found = method(self, *args, **kwargs)
        if not isinstance(found, np.ndarray) or kwargs.get("out") is not None:
            raise TypeError(
                f"jit: rng.{name} gives no array; ask for one with size=, and of permutations "
                "and choices take new ones"
            )
        self.tracer.operation(f"rng.{name}", method, (self, *args), kwargs, found)
        return self.tracer.tensor(found)

    return draw


for _name in dir(np.random.Generator):
    if not _name.startswith("_") and _name not in ("bit_generator", "spawn"):
        setattr(Generator, _name, _draw(_name))
