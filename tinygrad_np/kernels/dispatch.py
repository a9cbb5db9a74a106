"""Let an array function of ours reach a Tensor without importing it.

NumPy's own functions hand a call over to an argument that defines ``__array_function__``
(NEP 18). `array_function` gives a function of this project the same behaviour: on plain
arrays it runs as it stands, on anything that overrides the protocol it forwards the call.
"""

import functools
from collections.abc import Callable
from typing import Any, TypeVar, cast

import numpy as np

F = TypeVar("F", bound=Callable[..., Any])


def _remembered(function: F) -> F:
    return cast(F, functools.lru_cache(maxsize=1024)(function))


@_remembered
def overrides(cls: type) -> bool:
    """Whether arrays of this class carry out NumPy's functions themselves, as a Tensor does.

    >>> overrides(np.ndarray), overrides(float)
    (False, False)
    """
    protocol = getattr(cls, "__array_function__", None)
    return protocol is not None and protocol is not np.ndarray.__array_function__


def as_array(x: Any) -> Any:
    """`x` as an array, unless it carries out NumPy's functions itself.

    >>> as_array([1, 2])
    array([1, 2])
    """
    return x if overrides(type(x)) else np.asarray(x)


def numbers(x: Any, function: str, what: str = "numbers") -> Any:
    """`x` as an array of numbers, unless it carries out NumPy's functions itself.

    Raises, in the name of `function`, ``TypeError`` for what is no number or is masked,
    ``ValueError`` for nested lists that are no array.

    >>> numbers([1, 2], "dense")
    array([1, 2])
    """
    if type(x) is not np.ndarray:
        if overrides(type(x)):
            return x
        if type(x).__module__.startswith("numpy.ma"):  # which need not be loaded to ask
            raise TypeError(f"{function}: takes no masked array: what should what it masks become?")
        try:
            x = np.asarray(x)
        except ValueError as error:
            raise ValueError(f"{function}: the nested lists are no array: {error}") from None
    dtype = x.dtype
    if dtype.kind not in "biufc":
        raise TypeError(f"{function}: takes {what}, not an array of dtype {dtype}")
    return x if dtype.isnative else x.astype(dtype.newbyteorder("="))


def array_function(function: F) -> F:
    """Make `function` forward to an argument's ``__array_function__``, as NumPy's functions do.

    The undecorated function stays reachable as ``implementation``: the table of rules runs that
    one on plain arrays. A class that overrides the protocol may leave behind in ``calls``, by the
    types of the arguments, what carries out such a call.

    >>> @array_function
    ... def double(x):
    ...     return 2 * x
    >>> double(np.arange(3))
    array([0, 2, 4])
    >>> class Loud:
    ...     def __array_function__(self, function, types, args, kwargs):
    ...         return f"{function.__name__} was called on me"
    >>> double(Loud())
    'double was called on me'
    """
    # Whether an argument overrides the protocol depends on its type alone, so the types of the
    # arguments decide, once, what carries out a call.
    calls: dict[tuple[type, ...], Callable[..., Any]] = {}

    def forward(args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        for value in (*args, *kwargs.values()):
            if overrides(type(value)):
                return value.__array_function__(forwarding, (type(value),), args, kwargs)
        calls[tuple(map(type, args))] = function
        return function(*args, **kwargs)

    @functools.wraps(function)
    def forwarding(*args: Any, **kwargs: Any) -> Any:
        call = None if kwargs else calls.get(tuple(map(type, args)))
        if call is not None:
            try:
                return call(*args)
            except (TypeError, ValueError, IndexError):
                if call is function:
                    raise
        # Also where a class's shorter way failed: the long one says more about it.
        return forward(args, kwargs)

    forwarding.implementation = function  # type: ignore[attr-defined]
    forwarding.calls = calls  # type: ignore[attr-defined]
    return cast(F, forwarding)
