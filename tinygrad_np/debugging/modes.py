"""What is switched on: `debug` and `strong_zeros`, for this thread or task alone.

Both are a context variable, so that one thread or task never sees another's. Looking at that at
every operation would cost something; so `opened`, the blocks that are open anywhere, says first
whether it is worth a look. No result depends on it. Blocks are added and removed one by one, by
single calls of a set that need no lock: a lock could be held by a thread that a fork leaves behind.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from contextvars import ContextVar
from typing import Any, NamedTuple

import numpy as np


class Mode(NamedTuple):
    """What is switched on in this thread or task."""

    handler: Callable[[Any], None] | None = None
    """what a `NonFiniteError` is given to; None: debug mode is off"""
    strong: bool = False
    """whether a cotangent of 0 gives 0, whatever the factor"""
    enters: bool = False
    """whether a nan or inf that comes in with a constant is reported as well"""
    within: tuple[str, ...] = ()
    """the functions that an operation is a part of, the outermost first"""
    call: Any = None
    """the place where the outermost of these was called"""
    rule: Any = None
    """the node whose rule is being carried out, if that is recorded"""
    opened: Any = None
    """the innermost block (`Opened`) that this is the mode of"""
    again: Any = None
    """what is computing something again, and where that was called (`places.Again`)"""


class Opened:
    """One block that was opened: the mode around it, and whether it has been closed since."""

    __slots__ = ("around", "block", "errors", "is_open")

    def __init__(self, block: Block, around: Mode, errors: Any) -> None:
        self.block = block
        self.around = around
        self.errors = errors
        self.is_open = True


opened: set[Opened] = set()
_OFF = Mode()
_MODE: ContextVar[Mode] = ContextVar("tinygrad_np mode", default=_OFF)

enter = _MODE.set
leave = _MODE.reset


def current() -> Mode:
    """The mode of this thread or task.

    A task has the mode in which it was begun until that block is closed. Whether another block is
    open somewhere does not matter for it then.
    """
    mode = _MODE.get()
    while mode.opened is not None and not mode.opened.is_open:
        mode = mode.opened.around
    return mode


class Block:
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
        opened.discard(ending)
        ending.errors.__exit__(*exception)

    def __call__(self, function: Any = None, *others: Any, **named: Any) -> Any:
        """The function, each call of which is in a block of its own."""
        import inspect  # which only those need who decorate a function

        if isinstance(function, type):
            raise TypeError(f"{self._name}: {function.__name__} is a class: decorate its methods")
        if not callable(function) or others or named:
            raise TypeError(f"{self._name}: as a decorator it needs parentheses: @{self._name}()")
        if inspect.isgeneratorfunction(function) or inspect.isasyncgenfunction(function):
            name = getattr(function, "__name__", "this")
            raise TypeError(f"{self._name}: {name} is a generator: put the block inside of it")

        if inspect.iscoroutinefunction(function):

            @functools.wraps(function)
            async def awaited(*args: Any, **kwargs: Any) -> Any:
                with self:
                    return await function(*args, **kwargs)

            return awaited

        @functools.wraps(function)
        def called(*args: Any, **kwargs: Any) -> Any:
            with self:
                return function(*args, **kwargs)

        return called


def debugging(handler: Callable[[Any], None], enters: bool = False) -> Block:
    """A block in debug mode; NumPy's own warnings, of which ours take the place, are off in it."""
    settings = {"handler": handler, "enters": enters, "within": (), "call": None, "rule": None}
    return Block("debug", settings, quiet=True)


def strong_zeros() -> Block:
    """In its block, a zero cotangent stays zero: 0·∞ is 0 in the sweeps of elementwise functions.

    In forward and reverse sweeps of every order, an element of the cotangent (or tangent) that is
    exactly 0 gives exactly 0 in the rule of an elementwise function, whatever its factor, also inf
    or nan. So the branch of a ``where`` that is not taken has no part in the gradient.

    It can hide something: where a cotangent is 0 by chance and the factor infinite, the derivative
    may not exist, and 0 looks like an answer; and a nan that a broken computation put into a factor
    no longer shows. Functions that are not elementwise (a matrix product, a norm, a sum) are as
    ever. Better than this is a branch that stays finite: ``np.log(np.where(x > 0, x, 1))``.

    >>> from tinygrad_np import grad
    >>> f = lambda x: np.sum(np.where(x > 0, np.sqrt(x), 0))
    >>> grad(f)(np.array([0.0, 4.0]))
    array([ nan, 0.25])
    >>> with strong_zeros():
    ...     grad(f)(np.array([0.0, 4.0]))
    array([0.  , 0.25])
    """
    return Block("strong_zeros", {"strong": True})


@contextmanager
def afresh(again: Any) -> Iterator[None]:
    """A block of a rule that carries out a user's own function: its lines are named again.

    Where it has none, because it is a library's, the place in `again` is named.
    """
    if not opened:
        yield
        return
    token = enter(current()._replace(within=(), call=None, rule=None, again=again))
    try:
        yield
    finally:
        leave(token)
