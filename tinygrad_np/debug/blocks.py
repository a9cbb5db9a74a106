"""Switch on debug mode and `strong_zeros`, in blocks, for this thread or task alone.

>>> with debug():
...     np.log(np.float64(0.5))  # arrays are not looked at, Tensors are
np.float64(-0.6931471805599453)
"""

from __future__ import annotations

import warnings
from collections.abc import Callable
from contextlib import ContextDecorator, nullcontext
from typing import Any

import numpy as np

from ..core.hooks import NOBODY, observe, opened
from .errors import NonFiniteError, NonFiniteWarning
from .watch import WATCH, Opened, current, enter


def debug(on_nonfinite: str | Callable[[NonFiniteError], None] = "raise") -> Block:
    """A block in which the first operation that turns finite numbers into nan or inf raises.

    It may be an operation on Tensors, or one of the rules in a sweep (of any order): the
    `NonFiniteError` names the function, the line of the user's program that called it, its
    operands and, where that can be told, the reason and the remedy.

    An array that a rule kept, and that the caller wrote into before the reverse sweep, raises
    `ChangedArrayError`, and errors of shapes name the lines that made the operands.

    The block is for this thread or task alone, and has to be around the sweep, too. A step takes
    1.3 to 3.6 times as long in it, and the operands stay in memory as long as their graph. NumPy's
    own warnings of division by zero, overflow and invalid values are off in it.

    Parameters
    ----------
    on_nonfinite : {"raise", "warn"} or callable, default "raise"
        With "warn" it is a `NonFiniteWarning`; a function is called with the error and may go on.

    Returns
    -------
    Block
        For several blocks, and as a decorator.

    Raises
    ------
    ValueError
        For another word.

    Examples
    --------
    >>> from tinygrad_np import grad
    >>> with debug():
    ...     grad(lambda x: np.sqrt(x))(0.0)  # doctest: +ELLIPSIS
    Traceback (most recent call last):
    ...
    tinygrad_np...NonFiniteError: the derivative of np.sqrt by x turned finite numbers into inf, ...
    """
    known = {"raise": _raise, "warn": _warn}
    handler = on_nonfinite if callable(on_nonfinite) else known.get(str(on_nonfinite))
    if handler is None:
        raise ValueError(
            f"debug: on_nonfinite is 'raise', 'warn' or a function, not {on_nonfinite!r}"
        )
    return debugging(handler)


def strong_zeros() -> Block:
    """In its block, a zero cotangent stays zero: 0·∞ is 0 in the sweeps of elementwise functions.

    In sweeps of every order, an element of the cotangent (or tangent) that is exactly 0 gives
    exactly 0, whatever the factor, also inf or nan. So the branch of a ``where`` that is not taken
    has no part in the gradient.

    It can hide something: where a cotangent is 0 by chance and the factor infinite, the derivative
    may not exist, and 0 looks like an answer; and a nan that a broken computation put into a factor
    no longer shows. Functions that are not elementwise (a matrix product, a norm, a sum) are as
    ever. Better than this is a branch that stays finite: ``np.log(np.where(x > 0, x, 1))``.

    Returns
    -------
    Block
        As that of `debug`.

    Examples
    --------
    >>> from tinygrad_np import grad
    >>> f = lambda x: np.sum(np.where(x > 0, np.sqrt(x), 0))
    >>> grad(f)(np.array([0.0, 4.0]))
    array([ nan, 0.25])
    >>> with strong_zeros():
    ...     grad(f)(np.array([0.0, 4.0]))
    array([0.  , 0.25])
    """
    return Block("strong_zeros", {"strong": True})


def debugging(handler: Callable[[Any], None], enters: bool = False) -> Block:
    """A block in debug mode; NumPy's own warnings, of which ours take the place, are off in it."""
    settings = {"handler": handler, "enters": enters, "within": (), "call": None, "rule": None}
    return Block("debug", settings, quiet=True)


class Block(ContextDecorator):
    """What `debug` and `strong_zeros` give, for ``with`` and as a decorator.

    It holds what is to be switched on, and no state: it may be used again, within itself, and by
    several threads.
    """

    def __init__(self, name: str, settings: dict[str, Any], quiet: bool = False) -> None:
        self._name = name
        self._settings = settings
        self._quiet = quiet  # whether NumPy's own warnings are off in it

    def __enter__(self) -> None:
        errors: Any = nullcontext()
        if self._quiet:
            errors = np.errstate(divide="ignore", over="ignore", invalid="ignore")
        errors.__enter__()
        around = current()
        begun = Opened(self, around, errors)
        enter(around._replace(**self._settings, opened=begun))
        observe(WATCH)
        opened.add(begun)

    def __exit__(self, *exception: object) -> None:
        ending = current().opened
        while ending is not None and (ending.block is not self or not ending.is_open):
            ending = ending.around.opened
        if ending is None:
            for begun in opened.copy():
                if begun.block is self:  # in the thread where it began it stays without effect
                    opened.discard(begun)
                    break
            raise RuntimeError(
                f"{self._name}: the block ends where it did not begin: in another thread or task"
            )
        ending.is_open = False
        enter(current())
        if current().opened is None:
            observe(NOBODY)
        opened.discard(ending)
        ending.errors.__exit__(*exception)

    def __call__(  # type: ignore[override]
        self, function: Any = None, *others: Any, **named: Any
    ) -> Any:
        """The function, each call of which is in a block of its own."""
        import inspect  # which only those need who decorate a function

        if not callable(function) or others or named:
            raise TypeError(f"{self._name}: as a decorator it needs parentheses: @{self._name}()")
        name = getattr(function, "__name__", "this")
        if isinstance(function, type):
            raise TypeError(f"{self._name}: {name} is a class: decorate its methods")
        is_coroutine = inspect.iscoroutinefunction(function)
        is_generator = inspect.isgeneratorfunction(function) or inspect.isasyncgenfunction(function)
        if is_coroutine or is_generator:  # whose call does nothing yet
            kind = "coroutine" if is_coroutine else "generator"
            raise TypeError(f"{self._name}: {name} is a {kind}: put the block inside of it")
        return super().__call__(function)


def _raise(error: NonFiniteError) -> None:
    try:
        raise error
    finally:
        del error  # in a variable of its own frame it would be a cycle, and keep the graph alive


def _warn(error: NonFiniteError) -> None:
    warning = NonFiniteWarning(str(error))
    try:
        warnings.warn_explicit(warning, None, error.file or "?", error.line or 1)
    finally:
        del error, warning  # as above, where warnings are errors
