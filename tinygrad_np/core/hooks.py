"""The core's hooks: what layers above may install.

The core imports no layer above it and asks for none by name. With nothing installed it computes the
same, and says less where something fails.

- `observer()` is told of every call on Tensors, and gives the sweeps their rules, in one thread or
  task: `debug/`, for the time of a block; `fast/`, while `jit` traces.
- `explainer` is asked on failing paths only: `answers`, and with frames and shapes `debug/`.
- `resolver` finds rows that the table lacks, and leaves operators of SciPy to the Tensor: `rules/`,
  whose families load late.
- `writer` makes functions of rules and calls, `stacks` carries many cotangents in one sweep,
  `memory` is where large results lie: `fast/`.

The others stand where they belong: `table.replace`, `dispatch.use` and `graph.LazyArray` for
`fast/`, `tensor.add_methods` and `Row.carry_out` for `rules/`, `graph.Graph._repr_svg_` for `viz/`,
`_repr_html_` for `io/`.
"""

from __future__ import annotations

from collections.abc import Callable
from contextvars import ContextVar
from typing import Any

import numpy as np


class Observer:
    """What is told of the calls in one thread or task; this one, where nobody looks, does nothing.

    `known` is a call's (result, *arguments), with values in place of Tensors.
    """

    def made(self, node: Any, known: tuple[Any, ...] | list[Any]) -> None:
        """A node was made: for a call on Tensors, or for a variable, where `known` is empty.

        What the observer keeps of it may lie in ``node.record``.
        """

    def row(self, function: Any) -> Any:
        """A row for a function that no Tensor may reach; or None."""
        return None

    def operator(self, row: Any, x: Any, y: Any) -> Any:
        """What an operator of Python's gives, if that is not what its row's function gives."""
        return None

    def constant(self, row: Any, args: tuple[Any, ...], kwargs: dict[str, Any], result: Any) -> Any:
        """What a locally constant function gives on arguments among which are Tensors."""
        return result

    def constant_output(self, value: Any) -> Any:
        """What a call with several results gives for one that is locally constant."""
        return value

    def failed(self, error: BaseException) -> None:
        """A call on Tensors raised."""

    def lifted(self, x: Any) -> Any:
        """What a recorded sweep gives to rules for values that it kept."""
        return x

    def read(self, tensor: Any) -> None:
        """Python looks at the value of a Tensor: by `data`, `item`, `bool`."""

    def enters(self, tensor: Any) -> bool:
        """Whether a Tensor that a transform is given is a plain array to it: a variable there."""
        return False

    def leaves(self, value: Any) -> Any:
        """What a transform hands out for this array: one that nobody else holds."""
        return value.copy()

    def computed(self, row: Any, bound: list[Any], result: Any) -> Any:
        """What a composed row's function itself gave on `bound`, whose derivative comes next."""
        return result

    def derives(self, bound: list[Any]) -> bool:
        """Whether a composed row called on these has to have the derivative of its definition."""
        return True

    def converted(self, tensor: Any, dtype: Any) -> Any:
        """A Tensor as integers or truth values, which have no derivative; or None."""
        return None

    def array(self, tensor: Any) -> Any:
        """What a Tensor gives that is asked to be an array, which it refuses; or None."""
        return None

    def beside(self, row: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        """What a call gives where other operands than Tensors carry it out; or None."""
        return None

    def under_relu(self, images: Any) -> Any:
        """What `images` are the relu of, where pooling may come before it; or None."""
        return None

    def composing(self, row: Any, definition: Callable[..., Any]) -> Callable[..., Any]:
        """What carries out the definition of a composed row, which is about to be called."""
        return definition

    traces = False
    """whether what it is told is what is done again later: then masks and indices are Tensors, too,
    and `sweep` takes a carrier of stacks, which are else not made"""

    def sweep(self, mode: str, recorded: bool, carrier: Any = None) -> Any:
        """A sweep begins: "vjp" or "jvp", whether it is itself recorded, and what carries it.

        None, or what stands between the sweep and its rules: ``rules(node)`` gives the pairs of
        `Plan.vjps` or `Plan.jvps` for the node, ``sum(before, part, source)`` the sum of two
        cotangents of what `source` made, or, without `source`, of two tangents of the node that was
        asked for last.
        """
        return None

    def called(self, function: Callable[..., Any], args: tuple[Any, ...], result: Any) -> None:
        """A function computed `result` of arrays and what sweeps carry, outside of any row."""

    def total(self, leaf: Any, before: Any, part: Any) -> Any:
        """The sum of what is in the ``.grad`` of a leaf and what is added to it."""
        return before + part


opened: set[Any] = set()
"""The blocks in which something is observed, of all threads and tasks. While it is empty, which is
all that a call looks at, no observer is looked up: that would cost something in every call. No
result depends on it. Blocks are added and removed one by one, by single calls of a set that need no
lock: a lock could be held by a thread that a fork leaves behind."""

NOBODY = Observer()
_OBSERVER: ContextVar[Observer] = ContextVar("tinygrad_np observer", default=NOBODY)

observer = _OBSERVER.get  # that of this thread or task
observe = _OBSERVER.set


class Explainer:
    """What is asked where something fails; this one says no more than NumPy and the core do."""

    def error(self, error: Exception, row: Any, args: Any, kwargs: Any) -> None:
        """A call of a row's function failed: may raise a better error in place of NumPy's."""

    def argument(self, function: Any, name: str, names: Any) -> str | None:
        """The sentence for an argument `name` that `function`, or what has this name, lacks.

        `names` are the arguments that it has.
        """
        return None

    def attribute(self, name: str) -> str | None:
        """The sentence for an attribute that a Tensor lacks."""
        return None

    def lost(self, kind: str, key: Any = None) -> str | None:
        """The sentence for a Tensor that would become an "array", "float", "int" or "complex".

        Or that would be written into: then `kind` is "+=" or its like, or "[]=" with the `key`.
        """
        return None

    def too_deep(self, trees: tuple[Any, ...]) -> None:
        """A recursion through trees ended; may raise a better error."""

    def with_lines(self, error: ValueError, operands: dict[str, Any]) -> ValueError:
        """The error of a layer or loss, with what is known of where its operands were made."""
        return error


class Resolver:
    """What finds a row that the table lacks; this one finds none."""

    def row(self, function: Any) -> Any:
        """The row of `function`, whose family may be added to the table on the way; or None."""
        return None

    def operator(self, row: Any, x: Any, y: Any) -> Any:
        """The row that carries out an operator on these operands, in place of its own `row`."""
        return row

    def operand(self) -> Any:
        """What a Tensor that is asked to be an array gives to an operator that then leaves it to
        the Tensor's own; None where the caller is no such operator, and it is refused.
        """
        return None


class Writer:
    """What makes functions of rules and calls; this one looks up what they need at each call."""

    def rule(self, rule: Callable[..., Any], spots: list[Any]) -> Callable[..., Any]:
        """`rule` as a function of (cotangent or tangent, residuals, parents).

        `spots`, of the form `plan.Spot`, are where it finds what it needs.
        """

        def caller(g: Any, residuals: Any, parents: Any) -> Any:
            needed = []
            for where, what in spots:
                if where != "default":
                    values = residuals if where == "residual" else parents
                    what = values if what is None else values[what]
                needed.append(what)
            return rule(g, *needed)

        return caller

    def call(self, plan: Any, args: Any, kwargs: Any, bound: list[Any]) -> None:
        """A call on `args` is carried out by `plan`, with the values `bound`.

        A shorter way for others like it may be left in ``plan.row.calls``.
        """

    def repeated(self) -> Callable[[Any], Any] | None:
        """None, or what gives a node's `Plan.jvps` for several sweeps through the same nodes."""
        return None


class Stacks:
    """Sweeps that carry many cotangents or tangents at once; this one has none."""

    def rows(self, source: Any, inputs: Any) -> list[Any] | None:
        """For each input its cotangents for all unit cotangents of `source`, stacked in front.

        None in place of zeros; and None altogether where there is to be a sweep for each.
        """
        return None

    def columns(self, results: Any, inputs: Any) -> list[Any] | None:
        """For each input a list with each result's tangents for all of its unit tangents."""
        return None


class Memory:
    """Where large results lie; this one leaves that to NumPy."""

    def zeros(self, shape: tuple[int, ...], dtype: Any) -> Any:
        """As `numpy.zeros`."""
        return np.zeros(shape, dtype)

    def empty(self, shape: tuple[int, ...], dtype: Any) -> Any:
        """As `numpy.empty`."""
        return np.empty(shape, dtype)

    def unshared(self, function: Callable[[], Any]) -> Any:
        """``function()``, whose result a caller keeps."""
        return function()


explainer = Explainer()
resolver = Resolver()
writer = Writer()
stacks = Stacks()
memory = Memory()


def install(hook: Explainer | Resolver | Writer | Stacks | Memory) -> None:
    """Ask this one from now on, in place of the last of its kind."""
    kinds = (Explainer, Resolver, Writer, Stacks, Memory)
    kind = next(kind for kind in kinds if isinstance(hook, kind))
    globals()[kind.__name__.lower()] = hook


def with_lines(error: ValueError, **operands: Any) -> ValueError:
    """The error of a layer or loss, with what is known of where its operands were made.

    >>> with_lines(ValueError("f: x is (2,)"), x=np.ones(2))
    ValueError('f: x is (2,)')
    """
    return explainer.with_lines(error, operands)
