"""What a layer above installs in the engine: an observer of calls, an explainer of errors.

The engine imports no layer above it and asks for none by name. With nothing installed it computes
the same, and says less where something fails.

- `observer()` is told of every call on Tensors, and gives the sweeps their rules, in one thread or
  task. Its one user is debug mode (`debug.watch`), for the time of a block.
- `explain`, `with_lines` and `called` are asked on the failing path only. Their one user is the
  debug layer (`install_explainer`), from its import on.
"""

from __future__ import annotations

from collections.abc import Callable
from contextvars import ContextVar
from typing import Any, NamedTuple


class Observer:
    """What is told of the calls in one thread or task; this one, where nobody looks, does nothing.

    `known` is a call's (result, *arguments), with values in place of Tensors.
    """

    def made(self, node: Any, known: tuple[Any, ...] | list[Any]) -> None:
        """A node was made: for a call on Tensors, or for a variable, where `known` is empty.

        What the observer keeps of it may lie in ``node.record``.
        """

    def constant(self, row: Any, args: tuple[Any, ...], result: Any) -> None:
        """A locally constant function was called on `args`, which include Tensors."""

    def composing(self, row: Any, definition: Callable[..., Any]) -> Callable[..., Any]:
        """What carries out the definition of a composed row, which is about to be called."""
        return definition

    def sweep(self, mode: str, recorded: bool) -> Any:
        """A sweep begins: "vjp" or "jvp", and whether it is itself recorded.

        None, or what stands between the sweep and its rules: ``rules(node)`` gives the pairs of
        `Plan.vjps` or `Plan.jvps` for the node, ``sum(before, part, source)`` the sum of two
        cotangents of what `source` made, or, without `source`, of two tangents of the node that was
        asked for last.
        """
        return None

    def total(self, leaf: Any, before: Any, part: Any) -> Any:
        """The sum of what is in the ``.grad`` of a leaf and what is added to it."""
        return before + part

    def repeating(self, name: str) -> Any:
        """`remat` calls the user's function `name`, and will call it again for each derivative.

        None, or what compares the calls: ``keep(constants, results)`` is told of the first one,
        ``check(results)`` of each other one.
        """
        return None

    def again(self, compute: Callable[[], Any], first: Any) -> Any:
        """A rule of `remat` calls the function again: the result of `compute`, which does so.

        `first` is what `repeating` gave; None where nobody looked at the first call.
        """
        return compute()


opened: set[Any] = set()
"""The blocks in which something is observed, of all threads and tasks. While it is empty, which is
all that a call looks at, no observer is looked up: that would cost something in every call. No
result depends on it. Blocks are added and removed one by one, by single calls of a set that need no
lock: a lock could be held by a thread that a fork leaves behind."""

NOBODY = Observer()
_OBSERVER: ContextVar[Observer] = ContextVar("tinygrad_np observer", default=NOBODY)

observer = _OBSERVER.get  # that of this thread or task
observe = _OBSERVER.set


class Explainer(NamedTuple):
    """What is asked where something fails: by `explain`, `with_lines` and `called` below.

    By default nothing more is said than NumPy says.
    """

    explain: Callable[..., None] = lambda error, row, args, kwargs: None
    """(error, row, args, kwargs): may raise a better error"""
    with_lines: Callable[..., Any] = lambda error, operands: error
    """(error, {name: operand}) → the error to raise"""
    called: Callable[[int], Any] = lambda depth: None
    """(how many calls further out) → (name, as it is shown), or None"""


_explainer = Explainer()


def install_explainer(explainer: Explainer) -> None:
    """Ask `explainer` from now on."""
    global _explainer
    _explainer = explainer


def explain(error: Exception, row: Any, args: Any, kwargs: Any) -> None:
    """Raise a better error in place of NumPy's for a call of a row's function, if there is one."""
    _explainer.explain(error, row, args, kwargs)


def with_lines(error: ValueError, **operands: Any) -> ValueError:
    """The error of a layer or loss, with what is known of where its operands were made.

    >>> with_lines(ValueError("f: x is (2,)"), x=[1, 2])
    ValueError('f: x is (2,)')
    """
    told: ValueError = _explainer.with_lines(error, operands)
    return told


def called() -> tuple[str, str] | None:
    """The function that asks the caller for an array or a number: its name, and as it is shown."""
    found: tuple[str, str] | None = _explainer.called(2)
    return found
