"""Let an array function of ours reach a Tensor without importing it.

NumPy's own functions hand a call over to an argument that defines ``__array_function__``
(NEP 18). `array_function` gives a function of this project the same behaviour: on plain
arrays it runs as it stands, on anything that overrides the protocol it forwards the call.

Where a call names an argument that the function lacks, ``dim`` for instance, the error says what it
is called here; `explained` does the same for functions that are no array functions.
"""

import functools
from collections.abc import Callable
from typing import Any, TypeVar, cast

import numpy as np

from .. import answers

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
            raise TypeError(f"{function}: takes no masked array; use x.filled(value), or np.where")
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
        try:
            for value in (*args, *kwargs.values()):
                if overrides(type(value)):
                    return value.__array_function__(forwarding, (type(value),), args, kwargs)
            calls[tuple(map(type, args))] = function
            return function(*args, **kwargs)
        except TypeError:
            refuse_unknown(function, kwargs)
            raise

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


def explained(function: F) -> F:
    """Make `function` say, where an argument has a name that it lacks, what that is called here.

    What is made has the same parameters and one more, which takes what has another name; a function
    of ``*args, **kwargs`` would cost several times as much in every call.

    >>> @explained
    ... def halved(x):
    ...     return x / 2
    >>> halved(x=3.0)
    1.5
    """
    code, defaults = function.__code__, function.__defaults__ or ()
    names, count = code.co_varnames, code.co_argcount
    ordered, keywords = names[:count], names[count : count + code.co_kwonlyargcount]
    has_rest = code.co_flags & _VARIABLE_ARGUMENTS
    rest = names[count + len(keywords)] if has_rest else "_more"
    required = ordered[: count - len(defaults)]
    by_name = dict.fromkeys(keywords, _MISSING) | (function.__kwdefaults__ or {})
    missing = [*required, *[name for name in keywords if by_name[name] is _MISSING]]
    odd = ["_unknown", *[f"{name} is _MISSING" for name in missing]]
    odd += [] if has_rest else ["_more"]
    args = ", ".join([*ordered, f"*{rest}"])
    kwargs = ", ".join([f"{name}={name}" for name in keywords])
    given = [args if has_rest else ", ".join(ordered), kwargs]
    text = (
        f"def {function.__name__}({', '.join([*ordered, f'*{rest}', *keywords, '**_unknown'])}):\n"
        f"    if {' or '.join(odd)}:\n"
        f"        _refuse(_function, [{args}], dict({kwargs}), _unknown)\n"
        f"    return _function({', '.join(filter(None, given))})\n"
    )
    scope: dict[str, Any] = {"_function": function, "_MISSING": _MISSING, "_refuse": _refuse}
    made: Any = generated(text, scope, EXPLAINED)
    made.__defaults__ = (*[_MISSING] * len(required), *defaults)
    made.__kwdefaults__ = by_name
    made.implementation = function
    return cast(F, functools.wraps(function)(made))


EXPLAINED = "<tinygrad_np>"
"""The name of the file that the code made by `explained` says it is from."""


def generated(
    source: str, names: dict[str, Any], file: str = f"{EXPLAINED} call"
) -> Callable[..., Any]:
    r"""The function that `source` defines with these `names`: a call written out is a call saved.

    >>> generated("def twice(x):\n    return two * x", {"two": 2})(3)
    6
    """
    code = _compiled(source, file)
    exec(code, names)
    return cast(Callable[..., Any], names.pop(code.co_names[0]))  # else they would hold each other


@functools.lru_cache(maxsize=1024)
def _compiled(source: str, file: str) -> Any:
    """The code, once: most rows differ in what is called, and not in how."""
    return compile(source, file, "exec")


_MISSING: Any = type("Missing", (), {"__repr__": lambda self: "MISSING"})()


def _refuse(
    function: Callable[..., Any], args: list[Any], kwargs: dict[str, Any], unknown: dict[str, Any]
) -> None:
    """Raise for a call with arguments that `function` lacks; else what Python says of it."""
    refuse_unknown(function, unknown)
    usual = {**dict.fromkeys(kwargs, _MISSING), **(function.__kwdefaults__ or {})}
    given = {name: value for name, value in kwargs.items() if value is not usual[name]} | unknown
    if any([x is _MISSING for x in args]):
        named = zip(function.__code__.co_varnames, args, strict=False)
        args, given = [], {**{name: x for name, x in named if x is not _MISSING}, **given}
    function(*args, **given)


def refuse_unknown(function: Callable[..., Any], kwargs: dict[str, Any]) -> None:
    """Raise if it is an argument of a name that `function`, one of ours, lacks."""
    code = getattr(function, "__code__", None)
    if not kwargs or code is None or code.co_flags & _VARIABLE_KEYWORDS:
        return
    known = code.co_varnames[: code.co_argcount + code.co_kwonlyargcount]
    unknown = next((name for name in kwargs if name not in known), None)
    if unknown is None:
        return
    name = answers.public_name(function)
    if name is not None:
        parameters = [parameter for parameter in known if parameter != "self"]
        raise TypeError(answers.no_argument(name, unknown, parameters)) from None


_VARIABLE_ARGUMENTS, _VARIABLE_KEYWORDS = 4, 8  # as `inspect` names them, which takes 5 ms
