"""A function's parameters in order: `signature` writes them down, `read_signature` reads them.

A row calls its function by them, and a rule names what it needs by them.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np

from .dispatch import implementation, name_of

REQUIRED: Any = type("Required", (), {"__repr__": lambda self: "REQUIRED"})()
"""Stands where a parameter has no default."""


class Signature(NamedTuple):
    """A function's parameters in order, as the rules call them."""

    names: tuple[str, ...]
    defaults: tuple[Any, ...]

    rest: int | None = None
    """the position of the parameter that takes all further positional arguments, as a tuple"""
    keywords: frozenset[int] = frozenset()
    """the positions of the parameters that have to be given by name"""


def signature(*required: str, **optional: Any) -> Signature:
    """The signature of a function that Python cannot read, for `pointwise` and its kind.

    Parameters
    ----------
    *required : str
        The names without a default, in order. As in Python, a star before the last one: it takes
        the rest of the positional arguments; a star alone: what follows is given by its name.
    **optional : object
        The others with their defaults.

    Returns
    -------
    Signature

    Examples
    --------
    >>> signature("a", axis=None).names
    ('a', 'axis')
    >>> signature("*arrays", copy=True).rest
    0
    >>> signature("x", "*", axis=0).keywords
    frozenset({1})
    """
    if required[-1:] == ("*",):
        required = required[:-1]
        keywords = frozenset(range(len(required), len(required) + len(optional)))
    else:
        keywords = frozenset()
    rest = next((i for i, name in enumerate(required) if name.startswith("*")), None)
    defaults = [() if i == rest else REQUIRED for i in range(len(required))]
    names = [name.removeprefix("*") for name in required]
    return Signature((*names, *optional), (*defaults, *optional.values()), rest, keywords)


def read_signature(function: Callable[..., Any]) -> Signature:
    """The signature of a function; ``TypeError`` where Python cannot read it.

    >>> read_signature(lambda x, *, axis=0: x)
    Signature(names=('x', 'axis'), defaults=(REQUIRED, 0), rest=None, keywords=frozenset({1}))
    """
    function = implementation(function)
    ufunc = getattr(function, "__wrapped__", function)
    if isinstance(ufunc, np.ufunc):
        return signature(*"xyz"[: ufunc.nin], "*", dtype=None)
    import inspect

    function = inspect.unwrap(function)
    if isinstance(function, np.vectorize):
        function = function.pyfunc
    try:
        parameters = list(inspect.signature(function).parameters.values())
    except (TypeError, ValueError):
        raise TypeError(
            f"{name_of(function)}: Python cannot read its parameters; name them with signature(…) "
            "as the first argument after the function"
        ) from None
    kinds = inspect.Parameter
    parameters = [p for p in parameters if p.kind is not kinds.VAR_KEYWORD]
    rest = [i for i, p in enumerate(parameters) if p.kind is kinds.VAR_POSITIONAL]
    names = tuple([p.name for p in parameters])
    defaults = [REQUIRED if p.default is p.empty else p.default for p in parameters]
    for i in rest:
        defaults[i] = ()
    by_name = [i for i, p in enumerate(parameters) if p.kind is kinds.KEYWORD_ONLY]
    return Signature(names, tuple(defaults), rest[0] if rest else None, frozenset(by_name))


def parameters_of(rule: Any) -> tuple[str, ...]:
    """The names of a rule's parameters, which are what it needs.

    >>> parameters_of(lambda g, x, ans: g * x / ans)
    ('g', 'x', 'ans')
    """
    code = implementation(rule).__code__
    names = code.co_varnames[: code.co_argcount]
    return names[1:] if hasattr(rule, "__self__") else names  # of a bound method
