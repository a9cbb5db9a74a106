"""Let an array function of ours reach a Tensor without importing it.

NumPy's own functions hand a call over to an argument that defines ``__array_function__``
(NEP 18). `array_function` gives a function of this project the same behaviour: on plain
arrays it runs as it stands, on anything that overrides the protocol it forwards the call.
"""

import functools
import sys
from collections.abc import Callable
from typing import Any, TypeVar, cast

import numpy as np

from . import hooks

F = TypeVar("F", bound=Callable[..., Any])


def remembered(function: F) -> F:
    """`functools.lru_cache`, whose types say that a class is no key."""
    return cast(F, functools.lru_cache(maxsize=1024)(function))


@remembered
def overrides(cls: type) -> bool:
    """Whether arrays of this class carry out NumPy's functions themselves, as a Tensor does.

    >>> overrides(np.ndarray), overrides(float)
    (False, False)
    """
    protocol = getattr(cls, "__array_function__", None)
    return protocol is not None and protocol is not np.ndarray.__array_function__


def array_function(function: F) -> F:
    """Make `function` forward to an argument's ``__array_function__``, as NumPy's functions do.

    What runs on plain arrays, at first the undecorated function, is its ``implementation``: the
    table of rules runs that, and `use` puts another one in its place. A class that overrides the
    protocol may leave behind in ``calls``, by the types of the arguments, what carries out a call.

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
        try:
            for value in (*args, *kwargs.values()):
                if overrides(type(value)):
                    return value.__array_function__(forwarding, (type(value),), args, kwargs)
            kernel = forwarding.implementation  # type: ignore[attr-defined]
            calls[tuple(map(type, args))] = kernel
            return kernel(*args, **kwargs)
        except TypeError:
            refuse_unknown(function, kwargs)
            raise

    @functools.wraps(function)
    def forwarding(*args: Any, **kwargs: Any) -> Any:
        if len(args) == 2:  # written out: a `map` takes four times as long
            types: tuple[type, ...] = (type(args[0]), type(args[1]))
        else:
            types = (type(args[0]),) if len(args) == 1 else tuple(map(type, args))
        call = None if kwargs else calls.get(types)
        if call is not None:
            try:
                return call(*args)
            except (TypeError, ValueError, IndexError):
                if call is forwarding.implementation:  # type: ignore[attr-defined]
                    raise
        # Also where a class's shorter way failed: the long one says more about it.
        return forward(args, kwargs)

    forwarding.implementation = function  # type: ignore[attr-defined]
    forwarding.calls = calls  # type: ignore[attr-defined]
    return cast(F, forwarding)


def implementation(function: Callable[..., Any]) -> Any:
    """What runs on plain arrays in place of an `array_function`; any other function itself."""
    return getattr(function, "implementation", function)


def plain(function: Any) -> Callable[..., Any]:
    """The undecorated function of an `array_function`, whatever is in use."""
    undecorated: Callable[..., Any] = function.__wrapped__
    return undecorated


def use(function: Any, kernel: Callable[..., Any]) -> None:
    """Run `kernel` on plain arrays from now on, in place of an array function's own.

    >>> @array_function
    ... def double(x):
    ...     return 2 * x
    >>> use(double, lambda x: x + x)
    >>> double(np.arange(3))
    array([0, 2, 4])
    """
    function.implementation = kernel
    function.calls.clear()


def name_of(function: Callable[..., Any]) -> str:
    """A function's name as a user writes it.

    >>> import operator
    >>> name_of(np.linalg.norm), name_of(np.exp), name_of(operator.getitem)
    ('np.linalg.norm', 'np.exp', 'operator.getitem')
    >>> name_of(np.add.reduce)
    'np.add.reduce'
    """
    name: str = getattr(function, "__name__", repr(function))
    if isinstance(function, np.ufunc):
        return _place_of(function, name)
    owner = getattr(function, "__self__", None)
    if isinstance(owner, np.ufunc):
        return f"{name_of(owner)}.{name}"
    module = getattr(function, "__module__", "") or ""
    if module.startswith("numpy"):
        module = "np" + module.removeprefix("numpy")
    module = module.removeprefix("tinygrad_np.").lstrip("_")  # of what mirrors SciPy's
    return f"{module}.{name}" if module.startswith(("np", "operator", "scipy.")) else name


def _place_of(ufunc: Any, name: str) -> str:
    """The name of a ufunc, which does not say where it comes from, with the module that has it.

    That of one beneath a function of SciPy's is the function's: `scipy.special.lambertw`.
    """
    for place in ("numpy", "scipy.special", "numpy.strings", "numpy._core.umath"):
        if getattr(sys.modules.get(place), name, None) is ufunc:
            return f"{place}.{name}".replace("numpy", "np", 1)
    special = sys.modules.get("scipy.special._ufuncs")
    if getattr(special, name, None) is not ufunc:
        return name
    public = name.removeprefix("_")
    is_public = hasattr(sys.modules.get("scipy.special"), public)
    return f"scipy.special.{public if is_public else f'_ufuncs.{name}'}"


def refuse_unknown(function: Callable[..., Any], kwargs: dict[str, Any]) -> None:
    """Raise if `kwargs` have a name that `function` lacks, and there is more to say about that."""
    code = getattr(function, "__code__", None)
    if not kwargs or code is None or code.co_flags & _VARIABLE_KEYWORDS:
        return
    known = code.co_varnames[: code.co_argcount + code.co_kwonlyargcount]
    unknown = next((name for name in kwargs if name not in known), None)
    if unknown is not None:
        told = hooks.explainer.argument(function, unknown, known)
        if told is not None:
            raise TypeError(told) from None


_VARIABLE_KEYWORDS = 8  # as `inspect` names it, which takes 5 ms to import
