"""Trees: parameters in nested dicts, lists, tuples, named tuples and dataclasses.

>>> map(lambda w: 10 * w, {"filter": 2.0, "dense": [1.0, (3.0, None)]})
{'filter': 20.0, 'dense': [10.0, (30.0, None)]}
"""

import sys
from typing import Any, NoReturn

from . import answers
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

__all__ = [
    "MOST_LEVELS",
    "Container",
    "TreesDifferError",
    "container_of",
    "leaves",
    "map",
    "paths",
    "register",
    "unflatten",
]


MOST_LEVELS = 100
"""Up to so many levels a tree works everywhere, in files, too."""
_DEEPEST = 100_000
_MOST_SEEN = 1_000_000  # containers


def refuse_too_deep(trees: tuple[Any, ...]) -> None:
    """Raise ``ValueError`` if it is for the depth of one of these that a recursion ended."""
    most = 0
    for tree in trees:
        level, levels, seen = {id(tree): tree}, 0, 0
        while level and levels < _DEEPEST and seen < _MOST_SEEN:
            seen += len(level)
            parts = [
                part
                for above in level.values()
                for container in [container_of(type(above))]
                if container is not None
                for part in container.children(above)
                if container_of(type(part)) is not None
            ]
            level, levels = {id(part): part for part in parts}, levels + 1
        most = max(most, levels)
    if most == _DEEPEST:
        raise ValueError("the tree contains itself, or has no end: take that part out") from None
    if most >= MOST_LEVELS:
        raise ValueError(
            f"the tree is nested {most} levels deep, which Python cannot follow within its "
            f"recursion limit ({sys.getrecursionlimit()}): flatten it, for instance into one list"
        ) from None


def __getattr__(name: str) -> NoReturn:
    raise answers.no_attribute(__name__, name)
