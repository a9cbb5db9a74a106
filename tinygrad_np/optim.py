"""Optimisers as plain functions: (parameters, gradients, state) → (parameters, state).

- `sgd`, `adam`, `adamw`, `nadam`, `radam`, `rmsprop`, `adagrad`, `adadelta`;
- `schedules`: the rate as a function of the step;
- `clip_by_norm`, `clip_by_value`, `average`, `by_path`, `accumulated`: what goes around a step.

>>> import numpy as np
>>> params, state = np.array([1.0, 2.0]), None
>>> for step in range(3):
...     grads = 2 * params
...     params, state = adam(params, grads, state, rate=0.1)
>>> params.round(2)
array([0.7, 1.7])
"""

from typing import NoReturn

from . import answers
from .core.optim import Update
from .nn import optimisers, schedules, updates
from .nn.optimisers import *  # noqa: F403
from .nn.updates import *  # noqa: F403

__all__ = ["Update", "schedules", *optimisers.__all__, *updates.__all__]


def __getattr__(name: str) -> NoReturn:
    raise answers.no_attribute(__name__, name)
