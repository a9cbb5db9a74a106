"""Layers as plain functions: what is left beside the core's.

- `layers`: convolutions of one to three axes and their transposes, pooling, `dropout`;
- `grouped`: products of windows and filters in groups;
- `indices`: the index trick of the posts.
- `geometry`: which windows fit, and what to say where they do not.
"""

from typing import NoReturn

from .. import answers
from . import layers
from .layers import *  # noqa: F403

__all__ = [*layers.__all__]


def __getattr__(name: str) -> NoReturn:
    raise answers.no_attribute("tinygrad_np.nn", name)
