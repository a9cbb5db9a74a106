"""Optimisers as plain functions: (parameters, gradients, state) → (parameters, state)."""

from typing import NoReturn

from . import answers
from .core.optim import Update, sgd

__all__ = ["Update", "sgd"]


def __getattr__(name: str) -> NoReturn:
    raise answers.no_attribute(__name__, name)
