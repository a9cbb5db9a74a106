"""Trees: parameters in nested dicts, lists, tuples, named tuples and dataclasses.

>>> map(lambda w: 10 * w, {"filter": 2.0, "dense": [1.0, (3.0, None)]})
{'filter': 20.0, 'dense': [10.0, (30.0, None)]}
>>> vector, back = ravel({"filter": 2.0, "dense": [1.0, (3.0, None)]})
>>> vector
array([2., 1., 3.])
"""

from typing import NoReturn

from . import answers
from .answers import MOST_LEVELS
from .core.tree import (
    Container,
    TreesDifferError,
    container_of,
    leaves,
    map,  # noqa: A004
    paths,
    register,
    unflatten,
)
from .rules.nested import ravel

__all__ = [
    "MOST_LEVELS",
    "Container",
    "TreesDifferError",
    "container_of",
    "leaves",
    "map",
    "paths",
    "ravel",
    "register",
    "unflatten",
]


def __getattr__(name: str) -> NoReturn:
    raise answers.no_attribute(__name__, name)
