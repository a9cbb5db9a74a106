"""A function traced at two batch sizes, and what the two traces have in common.

`traced` gives the calls of a function in order. What is the same in both traces is fixed, and a
length that is k times the batch size in both is a `Batch`. Anything else is refused, with the
user's line, where it is needed.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from .. import nn
from ..core import tree
from ..core.arrays import cast
from ..core.tensor import Tensor, value_in
from ..fast.lines import caller, line_of, users_line
from ..fast.program import shown
from ..fast.trace import Constant, Operation, Slot, Tracer, same
from .definitions import DEFINITIONS

NAME = "export.onnx"


class RefusedError(ValueError):
    """What cannot be written, with the user's line."""


class NoForm(Exception):  # noqa: N818  # it becomes a RefusedError
    """A call has no ONNX form: what of it, after its name, and what to do."""

    def __init__(self, told: str = "", remedy: str = "") -> None:
        self.told, self.remedy = told, remedy


@dataclass(frozen=True)
class Batch:
    """A length: `times` the batch size."""

    times: int


@dataclass(frozen=True)
class Value:
    """An array of both traces; a length of its shape may be a `Batch`."""

    number: int | None
    """of its slot"""
    shape: tuple[Any, ...]
    dtype: Any
    known: Any = None
    """its value where it depends on no input, with length 1 in place of a `Batch`"""
    along: int | None = None
    """the axis of a `Batch` along which 0, 1, … is added to what is known"""
    origin: str = ""
    """the name of the parameter that it is made of"""

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
    where: str
    args: Any
    kwargs: Any
    results: list[Value]
    refused: str = ""


class Traced(NamedTuple):
    """The calls of a function, and the tree that it gave, whose leaves are `outputs`."""

    inputs: list[Value]
    steps: list[Step]
    outputs: list[Value]
    result: Any


def traced(
    f: Callable[..., Any], params: Any, arguments: Any, names: list[str], sizes: tuple[int, int]
) -> Traced:
    """What ``f(params, *arguments)`` does at two batch sizes; `names` are those of `params`."""
    f(params, *arguments)  # where it raises, that is not the trace's doing
    first, second = (_Run(f, params, arguments, size) for size in sizes)
    return _Pair(first, second, params, names).traced()


_LAYERS = "arguments", "normalisation", "transformers"
"""Modules of layers that look at truth values of what they are given: so as to raise, or to work
around an overflow. What they do else is the same for all values."""


class _Tracer(Tracer):
    """One that runs definitions, and knows where a layer checks what it is given."""

    def __init__(self) -> None:
        super().__init__(exchanges=False)
        self.checks: set[int] = set()
        """the guards of layers' checks, among the operations"""

    def read(self, tensor: Any) -> None:
        count = len(self.operations)
        super().read(tensor)
        is_truth = tensor.dtype == np.bool_ and tensor.size == 1
        frame = caller()
        is_layers = frame is not None and frame.f_code.co_filename in _CHECK
        if len(self.operations) > count and is_truth and is_layers:
            self.checks.add(count)

    def operation(self, name: str, function: Any, args: Any, kwargs: Any, results: Any) -> None:
        module = str(getattr(function, "__module__", None) or "numpy")
        if module.partition(".")[0] not in _OURS or module.endswith(".extend"):
            name += " (your own)"  # with a rule of the user's, and perhaps the name of one of ours
        definition = DEFINITIONS.get(name)
        if definition is not None and results is not None:
            # If it raises, there is none for these arguments.
            with suppress(Exception), self.tried() as undo:
                with self.inside(self._what or users_line()):
                    named = {key: self.lifted(x) for key, x in kwargs.items()}
                    found = definition(*map(self.lifted, args), **named)
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
        value = value_in(cast(found, results.dtype))
        # A definition of something else is off by its own size, rounding by less than 1 %: float16
        # has 3 digits, and these functions lose none.
        within = 1e-2 * float(np.max(np.abs(results), initial=0, where=np.isfinite(results)))
        if value.shape != results.shape or not np.allclose(
            value, results, 1e-2, within, equal_nan=True
        ):
            raise ValueError("another function, for such arguments")
        self._alias(results, value)


_CHECK = [str(Path(nn.__file__).parent / f"{x}.py") for x in _LAYERS]
_OURS = (__name__.partition(".")[0], "numpy", "scipy", "_operator")


class _Run:
    """One trace."""

    def __init__(self, f: Callable[..., Any], params: Any, arguments: Any, size: int) -> None:
        name = getattr(f, "__name__", type(f).__name__)
        self.size = size
        self.inputs = tree.map(lambda x: np.take(x, np.arange(size) % len(x), 0), arguments)
        with np.errstate(all="ignore"), _Tracer() as tracer:

            def opened(x: Any) -> Any:
                if isinstance(x, np.random.Generator):
                    return tracer.generator(x)
                return tracer.argument(x) if type(x) is np.ndarray else x

            given = tree.map(opened, (params, self.inputs))
            try:
                self.result = f(given[0], *given[1])
            except (TypeError, ValueError, AttributeError, IndexError) as error:
                raise TypeError(
                    f"{NAME}: {name} raised in a trace, with {size} examples, where parameters "
                    f"and inputs are Tensors ({shown(line_of(error))}): {error}"
                ) from error
        if tracer.failures:
            raise TypeError(
                f"{NAME}: {name} catches an error ({tracer.failures[0]}), and when it does may "
                "depend on the input; leave that out of the function that is exported"
            )
        if not tree.leaves(self.result):
            raise TypeError(f"{NAME}: {name} must give an array, or a tree of them, not nothing")
        for path, x in zip(tree.paths(self.result), tree.leaves(self.result), strict=True):
            if not isinstance(x, (Tensor, np.ndarray)):
                raise TypeError(
                    f"{NAME}: {name} must give arrays, not the {type(x).__name__} at result{path}"
                )
        self.tracer: Any = tracer


class _Pair:
    """Two traces of one function, side by side."""

    def __init__(self, first: _Run, second: _Run, params: Any, names: list[str]) -> None:
        self.first, self.second = first, second
        self._values: dict[int, Value] = {}
        for x in first.tracer.generators:
            number = first.tracer.slot(x)
            self._values[number] = Value(number, (), np.dtype(object))
        for name, x in zip(names, tree.leaves(params), strict=True):
            if type(x) is np.ndarray:
                number = first.tracer.slot(x)
                self._values.setdefault(number, Value(number, x.shape, x.dtype, x, origin=name))

    def traced(self) -> Traced:
        """All calls."""
        one, two = (run.tracer.operations for run in (self.first, self.second))
        inputs = []
        for x in tree.leaves(self.first.inputs):
            number = self.first.tracer.slot(x)
            self._values[number] = Value(number, (Batch(1), *x.shape[1:]), x.dtype)
            inputs.append(self._values[number])
        for a, b in zip(one, two, strict=False):
            if a.name != b.name or a.results != b.results:
                raise self._differs(a.where, f"{a.name} and {b.name}")
        if len(one) != len(two):
            last = max(one, two, key=len)[min(len(one), len(two))]
            raise self._differs(last.where, f"{last.name} and nothing")
        steps = []
        for i, (a, b) in enumerate(zip(one, two, strict=True)):
            if a.results is None:
                self._check_look(i, a)
            else:
                steps.append(self._step(a, b))
        if tree.paths(self.first.result) != tree.paths(self.second.result):
            raise self._differs("", "it gives another tree")
        ends = zip(*[tree.leaves(run.result) for run in (self.first, self.second)], strict=True)
        return Traced(inputs, steps, [self._output(*pair) for pair in ends], self.first.result)

    def _differs(self, where: str, told: str) -> RefusedError:
        return RefusedError(
            f"{NAME}: the function does something else with {self.first.size} examples than with "
            f"{self.second.size}: {told}{f' ({shown(where)})' if where else ''}; export what is "
            "the same for all sizes"
        )

    def _check_look(self, i: int, one: Operation) -> None:
        """Python looks at a value: a way that the file does not have, unless a layer checks."""
        if i not in self.first.tracer.checks and not self._values[one.args[0].number].is_fixed:
            raise RefusedError(
                f"{NAME}: Python looks at a value that depends on the input ({shown(one.where)}), "
                "and the file would always go the way that it went in the trace; use np.where in "
                "place of if, and arrays in place of float(x), x.item() and x.data"
            )

    def _step(self, one: Operation, two: Operation) -> Step:
        numbers = one.results if isinstance(one.results, list) else [one.results]
        told = f"{NAME}: {one.name} ({shown(one.where)})"
        args: Any = ()
        kwargs: Any = {}
        refused = ""
        try:
            args = self._both(one.args, two.args)
            kwargs = {key: self._both(x, two.kwargs[key]) for key, x in one.kwargs.items()}
        except RefusedError as error:
            refused = f"{told} {error}"
        if one.name.startswith("rng."):
            remedy = "export the function of inference, without dropout"
            refused = f"{told} draws random numbers; {remedy}"
        elif one.name.startswith(("vjp of ", "jvp of ")):
            refused = f"{told} is a derivative; export the function that is derived"
        if one.name == "operator.getitem" and not refused and numbers[0] == args[0].number:
            self._check_whole(told, *args)
        operands = [*values_of((args, *kwargs.values()))]
        is_known = not refused and all(x.known is not None for x in operands)
        origin = next((x.origin for x in operands if x.origin), "")
        for number in numbers:
            if number not in self._values:
                x, y = (run.tracer.values[number] for run in (self.first, self.second))
                try:
                    self._values[number] = self._value(number, x, y, is_known, origin)
                except RefusedError as error:
                    raise RefusedError(f"{told} {error}") from None
        results = [self._values[number] for number in numbers]
        return Step(one.name, one.where, args, kwargs, results, refused)

    def _check_whole(self, told: str, x: Value, key: Any) -> None:
        """What took all of the batch in both traces takes a part of more: ``x[:100]``."""
        for axis, k in keys_of(key, x.ndim):
            is_of_batch = isinstance(k, slice) and isinstance(x.shape[axis], Batch)
            if is_of_batch and (isinstance(k.stop, int) or k.start not in (None, 0)):
                raise RefusedError(
                    f"{told} takes a part of a batch that is larger than those of the trace, of "
                    f"{self.first.size} and {self.second.size}; leave it out of what is exported"
                )

    def _value(self, number: int | None, x: Any, y: Any, is_known: bool, origin: str = "") -> Value:
        """What stands for an array in both traces."""
        if type(x) is not np.ndarray or x.ndim != y.ndim or x.dtype != y.dtype:
            raise RefusedError("gives no array, or arrays of different kinds")
        pairs = zip(x.shape, y.shape, strict=True)
        found = Value(number, tuple([self._length(*n) for n in pairs]), x.dtype, origin=origin)
        if not is_known:
            return found
        parts = [slice(0, 1) if isinstance(n, Batch) else slice(None) for n in found.shape]
        one = x[tuple(parts)]
        for axis in (None, *[i for i, n in enumerate(found.shape) if isinstance(n, Batch)]):
            if (axis is None or x.dtype.kind in "iuf") and all(
                same(_filled(one, z.shape, axis), z) for z in (x, y)
            ):
                return replace(found, known=one, along=axis)
        return found

    def _length(self, m: int, n: int) -> Any:
        times, left = divmod(m, self.first.size)
        if m == n:
            return m
        if left or times * self.second.size != n:
            raise RefusedError(
                f"has the length {m} with {self.first.size} examples and {n} with "
                f"{self.second.size}, no multiple of their number; leave it out of what is exported"
            )
        return Batch(times)

    def _both(self, x: Any, y: Any) -> Any:
        """An argument of both traces."""
        if isinstance(x, Slot) and isinstance(y, Slot) and x.number == y.number:
            return self._values[x.number]
        if isinstance(x, Constant) and isinstance(y, Constant):
            return self._constant(x.value, y.value, x.where)
        if isinstance(x, np.generic) and isinstance(y, np.generic) and same(x, y):
            return Value(None, (), x.dtype, np.asarray(x))
        if isinstance(x, (list, tuple)) and type(x) is type(y) and len(x) == len(y):
            parts = [self._both(a, b) for a, b in zip(x, y, strict=True)]
            return parts if isinstance(x, list) else tuple(parts)
        if isinstance(x, slice) and isinstance(y, slice):
            pairs = ((x.start, y.start), (x.stop, y.stop), (x.step, y.step))
            return slice(*[self._both(*pair) for pair in pairs])
        # −0.0 is not 0.0, and nan is nan
        if type(x) is type(y) and (repr(x) == repr(y) if isinstance(x, float) else x == y):
            return x
        if type(x) is type(y) is int:
            return self._length(x, y)
        raise RefusedError(
            f"is given {x!r:.40} with {self.first.size} examples and {y!r:.40} with "
            f"{self.second.size}; compute it from the arrays, as np.mean does"
        )

    def _constant(self, x: Any, y: Any, where: str) -> Value:
        found = self._value(None, x, y, True)
        if found.known is None:
            raise RefusedError(
                f"uses an array of shape {x.shape} ({shown(where)}) that is neither a parameter "
                "nor an input, and another one at each call; leave random numbers, as dropout "
                "draws them, out of the function, and pass other arrays in the example"
            )
        return found

    def _output(self, x: Any, y: Any) -> Value:
        x, y = (value_in(z) if type(z) is Tensor else z for z in (x, y))
        number = self.first.tracer.find(x)
        if number is not None and number == self.second.tracer.find(y):
            return self._values[number]
        try:
            return self._constant(x, y, "")
        except RefusedError as error:
            raise RefusedError(f"{NAME}: a result {error}") from None


def _filled(one: Any, shape: tuple[int, ...], along: int | None) -> Any:
    """The array that `Value.known` and `Value.along` stand for."""
    found = np.broadcast_to(one, shape)
    if along is None:
        return found
    ramp = np.arange(shape[along], dtype=one.dtype)
    return found + ramp.reshape(-1, *(1,) * (len(shape) - 1 - along))


def keys_of(key: Any, ndim: int) -> list[tuple[int, Any]]:
    """What stands in x[key] for each axis of x, in full; of None the axis that it comes before.

    >>> keys_of((..., None, 0), 2)
    [(0, slice(None, None, None)), (1, None), (1, 0)]
    """
    keys = [*key] if isinstance(key, tuple) else [key]
    if not any(k is ... for k in keys):
        keys.append(...)
    gap = next(i for i, k in enumerate(keys) if k is ...)
    taken = [k for k in keys if k is not None and k is not ...]
    keys[gap : gap + 1] = [slice(None)] * (ndim - len(taken))
    return [(i - keys[:i].count(None), k) for i, k in enumerate(keys)]


def values_of(x: Any) -> Any:
    """The arrays among arguments."""
    if isinstance(x, Value):
        yield x
    for part in x if isinstance(x, (list, tuple)) else ():
        yield from values_of(part)


def spelt(path: str) -> str:
    """A path as a name: of ['conv1']['filters'] conv1.filters.

    >>> spelt("['conv 1'][0].bias")
    'conv_1.0.bias'
    """
    parts = re.findall(r"\['(.*?)'\]|\[(.*?)\]|\.(\w+)", path)
    return re.sub(r"\s", "_", ".".join(["".join(part) for part in parts]))
