"""Optimisers as plain functions: (parameters, gradients, state) → (parameters, state)."""

from typing import NoReturn

from . import answers
from .core.optim import Update, sgd
from .nn import optimisers, schedules, updates
from .nn.optimisers import *  # noqa: F403
from .nn.updates import *  # noqa: F403

__all__ = ["Update", "schedules", "sgd", *optimisers.__all__, *updates.__all__]


def __getattr__(name: str) -> NoReturn:
    raise answers.no_attribute(__name__, name)
