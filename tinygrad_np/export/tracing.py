"""A function traced at two batch sizes, and what the two traces have in common.

`steps_of` gives the calls of a function in order. What is the same in both traces is fixed; a
length that is k times the batch size in both is a `Batch`; anything else is `RefusedError` where it is
needed, with the line of the user's program.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import Any, NamedTuple

import numpy as np

from ..core import tree
from ..core.arrays import cast
from ..core.tensor import Tensor, value_in
from ..fast.lines import is_called_by_layer, line_of, users_line
from ..fast.program import shown
from ..fast.trace import Constant, Operation, Slot, Tracer, same
from .definitions import DEFINITIONS

NAME = "export.onnx"


class RefusedError(ValueError):
    """What cannot be written, with the user's line."""


class NoForm(Exception):  # noqa: N818  # it becomes `RefusedError`
    """A call has no ONNX form: what of it, after its name, and what to do."""

    def __init__(self, told: str = "", remedy: str = "") -> None:
        self.told, self.remedy = told, remedy


@dataclass(frozen=True)
class Batch:
    """A length: `times` the batch size."""

    times: int


@dataclass(frozen=True)
class Value:
    """An array of a trace; a length of its shape may be a `Batch`."""

    number: int | None
    """of its slot"""
    shape: tuple[Any, ...]
    dtype: Any
    known: Any = None
    """its value, where it depends on no input"""
    along: int | None = None
    """the axis of the batch along which 0, 1, … is added to what is known; None: it is repeated"""
    origin: str | None = None
    """the path of the parameter that it is made of"""

    @property
    def ndim(self) -> int:
        return len(self.shape)

    @property
    def is_fixed(self) -> bool:
        """Whether its value is known, for any batch."""
        return self.known is not None and not any(isinstance(n, Batch) for n in self.shape)


class Step(NamedTuple):
    """One call: of what, on what, and what came out; or why it is refused."""

    name: str
    function: Any
    args: tuple[Any, ...]
    kwargs: dict[str, Any]
    results: list[Value]
    where: str
    refused: str | None


class Traced(NamedTuple):
    """What `steps_of` gives."""

    inputs: list[Value]
    steps: list[Step]
    outputs: list[Value]
    result: Any
    """the tree that the outputs are the leaves of"""


class _Tracer(Tracer):
    """A tracer that knows which values the user's own code looks at."""

    def __init__(self) -> None:
        super().__init__(exchanges=False)
        self.checks: set[int] = set()
        """the guards by which a layer checks what it is given"""

    def read(self, tensor: Any) -> None:
        count = len(self.operations)
        super().read(tensor)
        # A layer that looks at a truth value would raise, or work around an overflow.
        if len(self.operations) > count and tensor.dtype == np.bool_ and is_called_by_layer():
            self.checks.add(count)

    def operation(self, name: str, function: Any, args: Any, kwargs: Any, results: Any) -> None:
        definition = DEFINITIONS.get(name)
        if definition is not None and results is not None:
            with suppress(Exception):  # then there is none for such arguments
                with self.tried() as undo, self.inside(self._what or users_line()):
                    lifted = {key: self.lifted(x) for key, x in kwargs.items()}
                    found = definition(*map(self.lifted, args), **lifted)
                    if found is not NotImplemented:
                        self._is_now(results, found)
                        return
                    undo()
        super().operation(name, function, args, kwargs, results)

    def _is_now(self, results: Any, found: Any) -> None:
        """What a call gave is what its definition gave."""
        if isinstance(results, list):
            for one, other in zip(results, found, strict=True):
                if other is not None:
                    self._is_now(one, other)
            return
        if found.shape != results.shape:
            raise ValueError
        self._alias(results, value_in(cast(found, results.dtype)))

    def made(self, node: Any, known: Any) -> None:
        count, row = len(self.operations), node.plan and node.plan.row
        super().made(node, known)
        self._told_apart(count, row)

    def _made_of(self, row: Any, args: Any, kwargs: Any, result: Any) -> Any:
        count = len(self.operations)
        found = super()._made_of(row, args, kwargs, result)
        self._told_apart(count, row)
        return found

    def _told_apart(self, count: int, row: Any) -> None:
        """A function with a rule of the user's may have the name of one of ours."""
        if row is not None and row.user_defined:
            for i in range(count, len(self.operations)):
                one = self.operations[i]
                self.operations[i] = one._replace(name=f"{one.name} (of your own)")


class _Run(NamedTuple):
    """One trace."""

    tracer: _Tracer
    inputs: list[int]
    result: Any
    size: int


def _run(f: Callable[..., Any], params: Any, arguments: Any, size: int) -> _Run:
    name = getattr(f, "__name__", type(f).__name__)
    inputs: list[int] = []
    tracer = _Tracer()
    with tracer:

        def parameter(x: Any) -> Any:
            return tracer.argument(x) if type(x) is np.ndarray else x

        def given(x: Any) -> Any:
            if type(x) is not np.ndarray:
                return x
            x = np.take(x, np.arange(size) % len(x), 0)
            inputs.append(tracer.slot(x))
            return tracer.tensor(x)

        held, inside = tree.map(parameter, params), tree.map(given, arguments)
        try:
            result = f(held, *inside)
        except (TypeError, ValueError, AttributeError, IndexError) as error:
            raise TypeError(
                f"{NAME}: {name} raised in a trace, with {size} examples, where parameters and "
                f"inputs are Tensors ({shown(line_of(error))}): {error}"
            ) from error
    if tracer.failures:
        raise TypeError(
            f"{NAME}: {name} catches an error ({tracer.failures[0]}), and when it does may depend "
            "on the input; leave that out of the function that is exported"
        )
    for path, x in zip(tree.paths(result), tree.leaves(result), strict=True):
        if not isinstance(x, (Tensor, np.ndarray)):
            raise TypeError(
                f"{NAME}: {name} must give arrays, not the {type(x).__name__} at result{path}"
            )
    return _Run(tracer, inputs, result, size)


def steps_of(
    f: Callable[..., Any], params: Any, arguments: Any, names: list[str], sizes: tuple[int, int]
) -> Traced:
    """The calls of ``f(params, *arguments)``, traced at two batch sizes.

    `names` are those of the arrays among the parameters.
    """
    first, second = (_run(f, params, arguments, size) for size in sizes)
    origins: dict[int, str] = {}
    for name, x in zip(names, tree.leaves(params), strict=True):
        if type(x) is np.ndarray:
            origins.setdefault(first.tracer.slot(x), name)
    return _Pair(first, second, origins).traced()


def spelt(path: str) -> str:
    """A path as a name: of ['conv1']['filters'] conv1.filters.

    >>> spelt("['conv 1'][0].bias")
    'conv_1.0.bias'
    """
    parts = re.findall(r"\['(.*?)'\]|\[(.*?)\]|\.(\w+)", path)
    return re.sub(r"\s", "_", ".".join(["".join(part) for part in parts]))


class _Pair:
    """Two traces of one function, side by side."""

    def __init__(self, first: _Run, second: _Run, origins: dict[int, str]) -> None:
        self.first, self.second = first, second
        self.values: dict[int, Value] = {}
        for number, origin in origins.items():
            self.values[number] = self._value(number, True, origin)
        for number in first.inputs:
            self.values[number] = self._value(number, False)

    def traced(self) -> Traced:
        one, two = self.first.tracer.operations, self.second.tracer.operations
        for a, b in zip(one, two, strict=False):
            if a.name != b.name or a.results != b.results:
                raise self._differs(a.where, f"{a.name} and {b.name}")
        if len(one) != len(two):
            last = max(one, two, key=len)[min(len(one), len(two))]
            raise self._differs(last.where, f"{last.name} and nothing")
        inputs = [self.values[number] for number in self.first.inputs]
        steps = [self._step(i, a, b) for i, (a, b) in enumerate(zip(one, two, strict=True))]
        outputs = [
            self._output(path, x, y)
            for path, x, y in zip(
                tree.paths(self.first.result),
                tree.leaves(self.first.result),
                tree.leaves(self.second.result),
                strict=True,
            )
        ]
        return Traced(inputs, [x for x in steps if x is not None], outputs, self.first.result)

    def _differs(self, where: str, told: str) -> RefusedError:
        m, n = self.first.size, self.second.size
        return RefusedError(
            f"{NAME}: the function does something else with {m} examples than with {n}: {told} "
            f"({shown(where)}); export what is the same for every batch size"
        )

    def _step(self, i: int, one: Operation, two: Operation) -> Step | None:
        if one.results is None:
            self._look(i, one)
            return None
        numbers = one.results if isinstance(one.results, list) else [one.results]
        args: Any = ()
        kwargs: Any = {}
        refused = None
        try:
            args = self._both(one.args, two.args)
            kwargs = {key: self._both(x, two.kwargs[key]) for key, x in one.kwargs.items()}
        except RefusedError as error:
            refused = f"{NAME}: {one.name} ({shown(one.where)}) {error}"
        operands = list(_values((args, tuple(kwargs.values()))))
        if one.name.startswith("rng."):
            refused = (
                f"{NAME}: {one.name} ({shown(one.where)}) draws random numbers; export the "
                "function of inference, without dropout"
            )
        is_known = refused is None and all(x.known is not None for x in operands)
        origin = next((x.origin for x in operands if x.origin), None)
        for number in numbers:
            if number not in self.values:
                self.values[number] = self._value(number, is_known, origin, one.where)
        results = [self.values[number] for number in numbers]
        return Step(one.name, one.function, args, kwargs, results, one.where, refused)

    def _look(self, i: int, one: Operation) -> None:
        """Python looks at a value: a way that the file does not have, unless a layer checks."""
        looked_at = self.values[one.args[0].number]
        if i in self.first.tracer.checks or looked_at.is_fixed:
            return
        raise RefusedError(
            f"{NAME}: Python looks at a value that depends on the input ({shown(one.where)}), and "
            "the file would keep the way that it took in the trace; use np.where in place of if, "
            "and arrays in place of float(x), x.item() and x.data"
        )

    def _value(
        self, number: int, is_known: bool, origin: str | None = None, where: str = ""
    ) -> Value:
        """What stands for a slot in both traces."""
        x, y = self.first.tracer.values[number], self.second.tracer.values[number]
        if type(x) is not np.ndarray or type(y) is not np.ndarray:
            return Value(number, (), np.dtype(object))
        found = Value(number, self._shape(x, y, where), x.dtype, origin=origin)
        known = self._known(x, y, found.shape) if is_known else None
        return found if known is None else replace(found, known=known[0], along=known[1])

    def _shape(self, x: Any, y: Any, where: str) -> tuple[Any, ...]:
        if x.ndim != y.ndim or x.dtype != y.dtype:
            raise self._differs(where, f"arrays of shapes {x.shape} and {y.shape}")
        try:
            return tuple([self._length(m, n) for m, n in zip(x.shape, y.shape, strict=True)])
        except RefusedError as error:
            raise RefusedError(f"{NAME}: a length ({shown(where)}) {error}") from None

    def _length(self, m: int, n: int) -> Any:
        if m == n:
            return m
        times, left = divmod(m, self.first.size)
        if left or times * self.second.size != n:
            raise RefusedError(
                f"is {m} with {self.first.size} examples and {n} with {self.second.size}, and no "
                "multiple of their number; export what has such a length apart"
            )
        return Batch(times)

    def _known(self, x: Any, y: Any, shape: tuple[Any, ...]) -> Any:
        """What both arrays are made of, with length 1 in place of a `Batch`; and see `Value`."""
        if x.shape == y.shape:
            return (x, None) if same(x, y) else None
        one = x[tuple([slice(0, 1) if isinstance(n, Batch) else slice(None) for n in shape])]
        for axis in (None, *[i for i, n in enumerate(shape) if isinstance(n, Batch)]):
            if axis is not None and x.dtype.kind not in "iu":
                continue
            if all(same(_filled(one, z.shape, axis), z) for z in (x, y)):
                return one, axis
        return None

    def _both(self, x: Any, y: Any) -> Any:
        """An argument of both traces."""
        if isinstance(x, Slot) and isinstance(y, Slot) and x.number == y.number:
            return self.values[x.number]
        if isinstance(x, Constant) and isinstance(y, Constant):
            return self._constant(x, y)
        if isinstance(x, np.generic) and isinstance(y, np.generic) and same(x, y):
            return Value(None, (), x.dtype, np.asarray(x))
        if isinstance(x, (list, tuple)) and type(x) is type(y) and len(x) == len(y):
            parts = [self._both(a, b) for a, b in zip(x, y, strict=True)]
            return parts if isinstance(x, list) else tuple(parts)
        if isinstance(x, slice) and isinstance(y, slice):
            pairs = ((x.start, y.start), (x.stop, y.stop), (x.step, y.step))
            return slice(*[self._both(a, b) for a, b in pairs])
        if type(x) is type(y) and (x is y or _equal(x, y)):
            return x
        if type(x) is int and type(y) is int:
            return self._length(x, y)
        raise RefusedError(
            f"is given {x!r:.40} with {self.first.size} examples and {y!r:.40} with "
            f"{self.second.size}; compute it from the arrays, by np.mean for example"
        )

    def _constant(self, x: Constant, y: Constant) -> Value:
        shape = self._shape(x.value, y.value, x.where)
        known = self._known(x.value, y.value, shape)
        if known is None:
            raise RefusedError(
                f"uses an array of shape {x.value.shape} ({shown(x.where)}) that is neither a "
                "parameter nor an input, and another one at each call; leave random numbers, such "
                "as dropout's, out of the function, and pass other arrays in the example"
            )
        return Value(None, shape, x.value.dtype, *known)

    def _output(self, path: str, x: Any, y: Any) -> Value:
        arrays = [value_in(z) if type(z) is Tensor else z for z in (x, y)]
        numbers = [
            run.tracer.find(z) for run, z in zip((self.first, self.second), arrays, strict=True)
        ]
        if numbers[0] is not None and numbers[0] == numbers[1]:
            return self.values[numbers[0]]
        try:
            constants = [Constant(z, False, "") for z in arrays]
            return self._constant(*constants)
        except RefusedError as error:
            raise RefusedError(f"{NAME}: result{path} {error}") from None


def _equal(x: Any, y: Any) -> bool:
    """Whether arguments that are no arrays are the same; −0.0 is not 0.0, and nan is nan."""
    if isinstance(x, float):
        return repr(x) == repr(y)
    return bool(x == y)


def _filled(one: Any, shape: tuple[int, ...], along: int | None) -> Any:
    """The array that `Value.known` and `Value.along` stand for."""
    found = np.broadcast_to(one, shape)
    if along is None:
        return found
    return found + np.arange(shape[along]).reshape(-1, *(1,) * (len(shape) - 1 - along))


def _values(x: Any) -> Any:
    """The arrays among arguments."""
    if isinstance(x, Value):
        yield x
    elif isinstance(x, slice):
        yield from _values((x.start, x.stop, x.step))
    elif isinstance(x, (list, tuple)):
        for item in x:
            yield from _values(item)
