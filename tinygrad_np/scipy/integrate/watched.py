"""A user's function in SciPy's hands, and what stands for SciPy's functions that call one.

SciPy computes on plain numbers: a `Watched` function gives it values, and knows afterwards whether
there were Tensors among its results, be it that they came through `args` or from a closure.
"""

from __future__ import annotations

import functools
import importlib
import inspect
from collections.abc import Callable
from typing import Any

from ...core.tensor import Tensor
from ...core.transforms import stop_gradient
from ...rules.nested import array
from ..mirror import holds_tensor

Function = Callable[..., Any]


def joined(x: Any) -> Any:
    """A list in which there are Tensors as one Tensor; anything else as it is."""
    return array(x) if isinstance(x, (list, tuple)) and holds_tensor(x) else x


class Watched:
    """A function of plain numbers that gives plain numbers; `seen`: there was a Tensor."""

    def __init__(self, function: Function, args: Any = ()) -> None:
        self.function = function
        self.args = stop_gradient(tuple(args))
        self.seen = holds_tensor(args)

    def __call__(self, *x: Any) -> Any:
        result = self.function(*x, *self.args)
        cls = type(result)
        if cls is list or cls is tuple:
            result = joined(result)
        if type(result) is not Tensor:
            return result
        self.seen = True
        return result.data


def standing_for(path: str) -> Callable[[Function], Function]:
    """What makes of ``body(real, given)`` the function that stands for SciPy's of this name.

    `real` is SciPy's own, `given` the arguments by the names of its parameters.
    """
    module, _, name = path.rpartition(".")
    real = getattr(importlib.import_module(f"scipy.{module}"), name)
    form = inspect.signature(real)
    kinds = {x.name: x.kind for x in form.parameters.values()}
    names = [x for x in kinds if kinds[x] is inspect.Parameter.POSITIONAL_OR_KEYWORD]
    required = {x.name for x in form.parameters.values() if x.default is x.empty} & set(names)
    takes_any = inspect.Parameter.VAR_KEYWORD in kinds.values()

    def decorate(body: Function) -> Function:
        @functools.wraps(real)
        def function(*args: Any, **kwargs: Any) -> Any:
            given = {**dict(zip(names, args, strict=False)), **kwargs}
            is_whole = len(given) == len(args) + len(kwargs) and required <= given.keys()
            if not is_whole or not (takes_any or given.keys() <= kinds.keys()):
                return real(*args, **kwargs)  # which says what is missing, or too much
            if not callable(given[names[0]]):  # compiled, or an error that SciPy tells
                refuse_tensors(f"scipy.{path}", given)
                return real(**given)
            return body(real, given)

        function.__doc__ = body.__doc__
        function.__module__ = f"tinygrad_np.scipy.{module}"
        return function

    return decorate


def refuse_tensors(where: str, options: dict[str, Any]) -> None:
    """Raise where one of these holds a Tensor."""
    for name, option in options.items():
        if holds_tensor(option):
            raise TypeError(
                f"{where}: {name!r} has no derivative rule and takes no Tensor; pass t.data"
            )
