"""A tree as a vector and back, in autograd's order: dicts by their sorted keys."""

from collections.abc import Callable
from typing import Any

from ....rules.nested import ravel
from ..internals import scalars


def flatten(value: Any) -> tuple[Any, Callable[[Any], Any]]:
    """The numbers of a tree as a vector, and the function that makes a tree of such a vector.

    >>> vector, back = flatten({"b": 1.0, "a": [2.0, 3.0]})
    >>> vector, back(2 * vector)
    (array([2., 3., 1.]), {'a': [np.float64(4.0), np.float64(6.0)], 'b': np.float64(2.0)})
    """
    vector, back = ravel(_sorted(value))
    return vector, lambda v: scalars(back(v))


def _sorted(value: Any) -> Any:
    if type(value) is dict:
        return {key: _sorted(value[key]) for key in sorted(value)}
    return type(value)(map(_sorted, value)) if type(value) in (list, tuple) else value


def flatten_func(function: Callable[..., Any], example: Any) -> tuple[Any, Any, Any]:
    """`function` of trees as a function of vectors, the way back, and the example's vector."""
    vector, back = flatten(example)
    return lambda v, *args: flatten(function(back(v), *args))[0], back, vector
