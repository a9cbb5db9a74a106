"""Say what is known of one operation on Tensors, and whether it made a nan or inf: `Case`.

An element of a result counts as made here if it is not finite where all that it has come of was, or
nan where none of that was. `described` says what an array is like; `operands_of` names a call's
operands.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Any, NamedTuple

import numpy as np

from ..core.sweep import extends
from ..core.tensor import Tensor
from ..rules.indexing import index_max, index_min, index_set
from .places import Place

MOST = 8  # of the same kind that a message lists


class Record(NamedTuple):
    """What debug mode keeps with a node."""

    place: Place | None = None  # where the user called the operation, or made the variable
    within: tuple[str, ...] = ()  # the functions that it was a part of, the outermost first
    known: Any = (None,)  # the operation's result and its operands
    marks: Any = None  # the fingerprints of what the caller could still write into (`marks`)


_NONE = Record()


def record_of(source: Any) -> Record:
    """The record of what made a value; an empty one, where debug mode has not seen that."""
    record = getattr(getattr(source, "node", source), "record", None)
    return record if isinstance(record, Record) else _NONE  # another observer's, such as a trace's


class Case:
    """One operation and its result, or results; `was_made_here` finds the bad element."""

    row: Any  # the operation's; None where a variable's cotangents were added up
    # What was computed: "value", "vjp" or "jvp"; "sum", "tangents" or "grad", where it was the sum
    # of what the rules gave; or "constant", where a nan or inf came in with one.
    kind: str
    record: Record
    node: Any
    operands: dict[str, Any]
    result: Any
    inputs: Any  # a tree of all that the result has come of
    cotangent: Any = None  # what its rule was given
    wanted: str = ""  # the operand by which the derivative was taken
    giver: Any = None  # the row whose rule gave the cotangent
    uses: Sequence[Place | None] = ()  # of a sum: the calls whose rules gave the parts

    # What `was_made_here` finds: where the first bad element of the result is, and the elements of
    # the operands that met in it, None where one cannot say; of the first operand, and of the last.
    spot: tuple[int, ...]
    values: list[Any]
    x: Any
    y: Any

    def __init__(
        self, row: Any, kind: str, record: Record, node: Any, given: dict[Any, Any], result: Any,
        inputs: Any = None, **more: Any,
    ) -> None:  # fmt: skip
        """`given` are the operands by name or position; all has come of them, or of `inputs`."""
        self.row, self.kind, self.record, self.node = row, kind, record, node
        self.operands = given if self.is_sum else operands_of(row, given.items())
        self.result, self.inputs = result, list(given.values()) if inputs is None else inputs
        vars(self).update(more)

    @property
    def name(self) -> str:
        """The operation's name."""
        return "a variable" if self.row is None else str(self.row.name)

    @property
    def is_sum(self) -> bool:
        """Whether it is the sum of what several rules gave."""
        return self.kind in ("sum", "tangents", "grad")

    @property
    def is_elementwise(self) -> bool:
        """Whether an element of the result has come of those alone that broadcast to it."""
        if self.is_sum:
            return True  # whatever made the value
        function = self.row.function
        is_of_arrays = getattr(function, "signature", None) is not None  # a matrix product, say
        return self.row.broadcasts and not is_of_arrays and function not in _OF_OTHER_ELEMENTS

    def was_made_here(self) -> bool:
        """Whether a bad element was: `result` is then the array that has it, `spot` its index."""
        for array in arrays(self.result):
            if array.dtype.kind in "fc":
                bad = self._bad_in(array)
                if bad.any():
                    self.result, self.spot = array, first(bad)
                    self.values = [self.element(x) for x in self.operands.values()]
                    self.x, self.y = (self.values or [None])[0], (self.values or [None])[-1]
                    return True
        return False

    def _bad_in(self, result: Any) -> Any:
        """A mask: a nan or inf of finite numbers, or a nan of numbers that are none.

        Where the function is elementwise each element counts for itself, otherwise all inputs
        together.
        """
        bad = ~np.isfinite(result)
        finite, number = True, True
        for x in arrays(self.inputs) if bad.any() else ():
            finite_x, number_x = np.isfinite(x), ~np.isnan(x)
            if not self.is_elementwise or not extends(result.shape, np.shape(x)):
                finite_x, number_x = finite_x.all(), number_x.all()
            finite, number = np.logical_and(finite, finite_x), np.logical_and(number, number_x)
        return np.logical_or(bad & finite, np.isnan(result) & number)

    def meets(self, x: Any) -> tuple[int, ...] | None:
        """The index of the element of `x` that met the bad element of the result, or None."""
        shape = np.shape(x)
        if not self.is_elementwise or not extends(self.result.shape, shape):
            return None
        inner = self.spot[len(self.spot) - len(shape) :]
        return tuple([0 if n == 1 else i for n, i in zip(shape, inner, strict=True)])

    def element(self, x: Any) -> Any:
        """The element of `x` that met the bad element of the result, or None."""
        here = self.meets(x) if isinstance(x, (*ARRAYS, *NUMBERS)) else None
        return None if here is None else np.asarray(x)[here]

    def is_of_finite(self) -> bool:
        """Whether all that the bad element has come of was finite."""
        spots = [(x, self.meets(x)) for x in arrays(self.inputs)]
        return all(np.isfinite(x if here is None else x[here]).all() for x, here in spots)

    def is_of_nothing(self) -> bool:
        """Whether an operand is empty."""
        return any(np.size(x) == 0 for x in self.operands.values())


_OF_OTHER_ELEMENTS = {np.linalg.solve, index_set, index_min, index_max}


# Values


ARRAYS = (np.ndarray, np.generic, Tensor)
NUMBERS = (int, float, complex)


def operands_of(row: Any, values: Iterable[tuple[int, Any]]) -> dict[str, Any]:
    """By name, of pairs (position, value): arrays, those in lists, and what stands for an array."""
    found: dict[str, Any] = {}
    for position, value in values:
        name = row.names[position] if position < len(row.names) else f"operand {position}"
        is_list = isinstance(value, (list, tuple))
        is_operand = position in row.operands or not row.names
        among = [x for x in _leaves(value) if isinstance(x, ARRAYS)]
        if is_list and among:
            found |= {f"{name}[{i}]": x for i, x in enumerate(among)}
        elif among or (is_operand and (is_list or type(value) in NUMBERS)):
            found[name] = value
    return found


def _leaves(x: Any) -> Iterator[Any]:
    """What is in a tree of lists and tuples."""
    if isinstance(x, (list, tuple)):
        for item in x:
            yield from _leaves(item)
    else:
        yield x


def plain(x: Any) -> Any:
    """The value of a Tensor, also of those in a list; anything else as it is."""
    if isinstance(x, (list, tuple)):
        return [plain(item) for item in x]
    return getattr(x, "_value", x)


def arrays(x: Any) -> Iterator[Any]:
    """The arrays of numbers in `x`, a tree of lists and tuples; numbers count as arrays."""
    for item in map(plain, _leaves(x)):
        is_array = isinstance(item, ARRAYS) and item.dtype.kind in "biufc"
        if is_array or isinstance(item, (float, complex)):
            yield np.asarray(item)


def is_finite(x: Any) -> bool:
    """Whether all numbers in `x`, an array of them or a tree of lists and tuples, are finite.

    >>> is_finite([np.ones(2), (1, np.inf)])
    False
    """
    if type(x) is np.ndarray:
        return int(np.count_nonzero(np.isfinite(x))) == x.size  # faster than np.all
    return all(map(is_finite, arrays(x)))


def described(x: Any, index: tuple[int, ...] | None) -> str:
    """dtype, shape, range, the element at `index` and the first that is not finite.

    >>> described(np.array([0.0, 2.0]), (1,))
    'float64 (2,), from 0.0 to 2.0; 2.0 at (1,)'
    >>> described(np.array([1.0, np.inf]), (1,))
    'float64 (2,), 1 of 2 not finite, the first at (1,): inf; the others from 1.0 to 1.0'
    """
    if not isinstance(x, ARRAYS):
        return repr(x)
    x = np.asarray(x)
    parts = f"{x.dtype} {x.shape}"
    if x.dtype.kind not in "biufc" or x.size == 0:
        return parts
    finite = np.isfinite(x)
    if not finite.all():
        place = first(~finite)
        bad = f"{x.size - finite.sum()} of {x.size} not finite, the first at {place}: {x[place]}"
        rest = f"; the others {_range(x[finite])}" if finite.any() else ""
        return f"{parts}, {bad}{rest}"
    there = "" if index is None or x.size == 1 else f"; {x[index]} at {index}"
    return f"{parts}, {_range(x)}{there}"


def first(mask: Any) -> tuple[int, ...]:
    """The index of the first element that is true.

    >>> first(np.array([[False, False], [True, True]]))
    (1, 0)
    """
    return tuple([int(i) for i in np.unravel_index(int(np.argmax(mask)), np.shape(mask))])


def _range(x: Any) -> str:
    if x.dtype.kind == "c":
        return f"magnitudes from {np.abs(x).min()} to {np.abs(x).max()}"
    return f"from {x.min()} to {x.max()}"
