"""Ask what is switched on in this thread or task: `current`.

It is a context variable, so that one thread or task never sees another's. `blocks` switch it on and
off; the observer in `watch` asks for it.
"""

from __future__ import annotations

from collections.abc import Callable
from contextvars import ContextVar
from typing import Any, NamedTuple

from .places import Again, Place


class Mode(NamedTuple):
    """What is switched on in this thread or task."""

    # What a `NonFiniteError` is given to; None: debug mode is off.
    handler: Callable[[Any], None] | None = None
    strong: bool = False  # whether a cotangent of 0 gives 0, whatever the factor
    enters: bool = False  # whether a nan or inf that comes in with a constant is reported as well
    within: tuple[str, ...] = ()  # the functions that an operation is a part of, outermost first
    call: Place | None = None  # where the outermost of these was called
    # If a recorded rule is being carried out: the place of the call that it is the rule of.
    rule: tuple[Place | None] | None = None
    opened: Any = None  # the innermost block (`Opened`) that this is the mode of
    again: Again | None = None  # what computes something again, and where that was called first


class Opened:
    """One block that was opened: the mode around it, and whether it has been closed since."""

    def __init__(self, block: Any, around: Mode, errors: Any) -> None:
        self.block = block
        self.around = around
        self.errors = errors  # what turns NumPy's own warnings off
        self.is_open = True


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
