"""What is switched on: `debug` and `strong_zeros`, for this thread or task alone.

Both are a context variable, so that one thread or task never sees another's. Looking at that at
every operation would cost something; so `opened`, the number of blocks that are open anywhere, says
first whether it is worth a look. No result depends on that number.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
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


opened = 0
_LOCK = threading.Lock()
_OFF = Mode()
_MODE: ContextVar[Mode] = ContextVar("tinygrad_np mode", default=_OFF)

current = _MODE.get
"""The mode of this thread or task."""
enter = _MODE.set
leave = _MODE.reset


@contextmanager
def changed(**settings: Any) -> Iterator[None]:
    """A block in which some of the mode's fields have other values."""
    global opened
    token = enter(current()._replace(**settings))
    with _LOCK:
        opened += 1
    try:
        yield
    finally:
        with _LOCK:
            opened -= 1
        leave(token)


@contextmanager
def debugging(handler: Callable[[Any], None], enters: bool = False) -> Iterator[None]:
    """A block in debug mode; NumPy's own warnings, of which ours take the place, are off in it."""
    with (
        changed(handler=handler, enters=enters, within=(), call=None, rule=None),
        np.errstate(divide="ignore", over="ignore", invalid="ignore"),
    ):
        yield


@contextmanager
def strong_zeros() -> Iterator[None]:
    """In this block, a zero cotangent stays zero: 0·∞ is 0 in the sweeps of elementwise functions.

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
    with changed(strong=True):
        yield


@contextmanager
def afresh() -> Iterator[None]:
    """A block of a rule that carries out a user's own function: its lines are named again."""
    if not opened:
        yield
        return
    token = enter(current()._replace(within=(), call=None, rule=None))
    try:
        yield
    finally:
        leave(token)
