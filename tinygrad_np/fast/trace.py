"""A function traced: every call of a kernel that it makes, with what each is given, in order.

A `Tracer` is the observer while a function runs on Tensors that stand for its arguments. It knows
an array by its identity: each that a kernel gave has a slot, and an operand is the slot that it
came from, or a constant. What is locally constant (``x > 0``) becomes a Tensor, too; a value that
Python looks at (`bool`, `item`, `data`) becomes a guard, which says that a replay is right only
where that value is the same.

`traced_sweep` records the sweeps inside the function, `draws` its random numbers.

>>> tracer = Tracer()
>>> with tracer:
...     y = np.exp(tracer.argument(np.zeros(2))) + 1.0
>>> [operation.name for operation in tracer.operations]
['np.exp', 'np.add']
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, NamedTuple

import numpy as np

from ..core import hooks, losses
from ..core.dispatch import implementation, plain
from ..core.graph import FINISHED, LazyArray, MultiOutputNode, Node, leaf
from ..core.network import relu
from ..core.table import constant
from ..core.tensor import Tensor, rebuilt, source_of, value_in
from ..rules.elementary import sigmoid_of_difference
from .draws import Generator
from .lines import is_called_by_user, users_line
from .traced_sweep import RecordedSweep, TracedSweep, UntraceableError, like, shapes_of

_FAST = str(__package__)


_NUMBERS = (np.generic, int, float, complex)
_OF_NUMBERS = {
    np.add: operator.add,
    np.subtract: operator.sub,
    np.multiply: operator.mul,
    np.divide: operator.truediv,
    np.power: operator.pow,
}
_ARRAY_OF = operator.attrgetter("array")

_INTEGERS = "bitwise_and bitwise_count bitwise_or bitwise_xor gcd invert lcm left_shift right_shift"
_OF_INTEGERS = {
    ufunc: constant(ufunc, "integers in, integers out")
    for ufunc in [getattr(np, name) for name in _INTEGERS.split()]
}


_TEXTS = {
    losses.mean_logistic_loss: plain(losses.mean_logistic_loss),
    losses.logistic_residual: plain(losses.logistic_residual),
    sigmoid_of_difference: plain(sigmoid_of_difference),
}
"""Functions that are recorded as the calls that they make."""


class Slot:
    """Stands for a value that an operation gave, or an argument."""

    __slots__ = ("number",)

    def __init__(self, number: int) -> None:
        self.number = number


class Constant:
    """An array that no operation gave, and no argument; `is_inner` where a rule has made it."""

    __slots__ = ("is_inner", "value", "where")

    def __init__(self, value: Any, is_inner: bool, where: str) -> None:
        self.value = value
        self.is_inner = is_inner
        self.where = where


class Operation(NamedTuple):
    """One call of a replay; ``results`` are the numbers of the slots, None where it is a guard."""

    name: str
    function: Callable[..., Any]
    args: tuple[Any, ...]
    kwargs: dict[str, Any]
    results: Any
    errors: Any
    """`np.geterr` at that time, if it was not what it was at the start"""
    where: str


class Tracer(hooks.Observer):
    """The observer of one run of a function; ``operations`` are what it did."""

    def __init__(self, exchanges: bool = True) -> None:
        self.exchanges = exchanges
        """whether relu and pooling may change places; `exchanged` where they have"""
        self.exchanged = False
        self._relus: dict[int, Any] = {}
        self._products: dict[int, Any] = {}
        self.operations: list[Operation] = []
        self.values: list[Any] = []
        """of each slot, kept so that its identity stays its own"""
        self.constants: list[Constant] = []
        self.originals: list[Any] = []
        """what the constants are copies of, kept so that no other array has their identity"""
        self.failures: list[BaseException] = []
        self.looks: list[Any] = []
        """the values that Python looked at"""
        self.generators: list[Any] = []
        self._slots: dict[int, int] = {}
        self._views: dict[Any, int] = {}
        self._aliases: dict[int, Any] = {}
        self._inner = 0
        self._what = ""
        self._looks = False
        """whether a definition runs, which may look at arrays"""
        self._notes: Any = None
        """what slots replaced, in a block that may be undone"""
        self._before: Any = None
        self._errors: Any = None

    def __enter__(self) -> Tracer:
        hooks.opened.add(self)
        self._before = hooks.observer()
        hooks.observe(self)
        self._errors = np.geterr()
        return self

    def __exit__(self, *error: Any) -> None:
        hooks.observe(self._before)
        hooks.opened.discard(self)

    @contextmanager
    def inside(self, what: str = "") -> Iterator[None]:
        """What is recorded in this block is a rule's or a definition's, not the user's."""
        before = self._what
        self._inner += 1
        self._what = what or before
        try:
            yield
        finally:
            self._inner -= 1
            self._what = before

    @contextmanager
    def looking(self) -> Iterator[None]:
        """What runs in this block may look at arrays: see `array`."""
        before, self._looks = self._looks, True
        try:
            yield
        finally:
            self._looks = before

    @contextmanager
    def tried(self) -> Iterator[Callable[[], None]]:
        """A block that may raise, or call what it is given: nothing that it recorded stays."""
        lists: Any = self.operations, self.constants, self.originals, self.failures, self.values
        counts = [len(items) for items in lists]
        before, self._notes = self._notes, []
        looks, self._looks = self._looks, False

        def undo() -> None:
            for known, key, number in reversed(self._notes):
                known.pop(key) if number is None else known.update({key: number})
            self._notes.clear()
            for items, count in zip(lists, counts, strict=True):
                del items[count:]

        try:
            yield undo
        except Exception:
            undo()
            raise
        finally:
            self._looks = looks
            self._notes = None if before is None else [*before, *self._notes]

    # Values and slots

    def argument(self, array: Any) -> Tensor:
        """A Tensor that stands for an argument."""
        self.slot(array)
        return self.tensor(array)

    def generator(self, real: Any) -> Any:
        """What stands for a generator of random numbers: a copy, whose draws are operations."""
        found = Generator(real, self)
        self.generators.append(found)
        return found

    def slot(self, value: Any) -> int:
        """The slot of a value: a new one where it has none."""
        found = self.find(value)
        if found is None:
            found = len(self.values)
            self.values.append(value)
            self._note(self._slots, id(value), found)
            if type(value) is np.ndarray:
                self._note(self._views, _memory(value), found)
        return found

    def _note(self, known: dict[Any, int], key: Any, number: int) -> None:
        if self._notes is not None:
            self._notes.append((known, key, known.get(key)))
        known[key] = number

    def find(self, value: Any) -> int | None:
        """The slot of a value, if an operation or an argument gave it."""
        found = self._slots.get(id(value))
        if found is not None and self.values[found] is not value:
            found = found if self._aliases.get(id(value)) is value else None
        if found is None and type(value) is np.ndarray and value.size:
            found = self._views.get(_memory(value))
        return found

    def has(self, value: Any) -> bool:
        """Whether an operation or an argument gave it."""
        return self.find(value) is not None

    def tensor(self, value: Any) -> Any:
        """A Tensor for an array that has a slot: a constant, to every transform."""
        if type(value) is Tensor:
            return value
        node = leaf(value.shape, value.dtype)
        node.residuals = FINISHED
        return rebuilt(value, node)

    def lifted(self, x: Any) -> Any:
        """`x` with Tensors in place of arrays that have slots, also in lists and tuples."""
        if isinstance(x, (list, tuple)):
            return like(x, map(self.lifted, x))
        if isinstance(x, (np.ndarray, np.generic)) and self.find(x) is not None:
            return self.tensor(x)
        return x

    def reference(self, x: Any) -> Any:
        """What an operation keeps of an argument: slots in place of arrays."""
        if type(x) is Tensor:
            x = value_in(x)
        if isinstance(x, (list, tuple)):
            return like(x, map(self.reference, x))
        found = self.find(x)
        if found is not None:
            return Slot(found)
        if type(x) is np.ndarray:
            # A copy: what is written into it later was not there yet.
            is_inner = bool(self._inner) and not is_called_by_user()
            constant = Constant(x.copy(order="K"), is_inner, users_line())
            self.constants.append(constant)
            self.originals.append(x)
            return constant
        if hasattr(type(x), "beside") and self.has(x.array):
            self.operation("stack", type(x), (x.array,), {}, x)
            return Slot(self.slot(x))
        if isinstance(x, LazyArray) or hasattr(type(x), "beside"):
            raise UntraceableError("a cotangent that a sweep carries comes from elsewhere")
        return x

    def alike(self, x: Any, y: Any) -> bool:
        """Whether arrays have the same bits and lie alike, on which the bits of sums depend."""
        return same(x, y) and x.strides == y.strides

    def stacked(self, stack: Any) -> Any:
        """The array in a stack, which has a slot."""
        if not self.has(stack.array):
            self.operation("array", _ARRAY_OF, (stack,), {}, stack.array)
        return stack.array

    def operation(self, name: str, function: Any, args: Any, kwargs: Any, results: Any) -> None:
        """Record a call: `results` are its values, to which slots are given, or None."""
        errors = np.geterr()
        given = self.reference(tuple(args)), {k: self.reference(v) for k, v in kwargs.items()}
        if isinstance(results, list):
            slots: Any = [self.slot(x) for x in results]
        else:
            slots = None if results is None else self.slot(results)
        changed = None if errors == self._errors else errors
        where = self._what or users_line()
        self.operations.append(Operation(name, function, *given, slots, changed, where))

    # What is observed

    def made(self, node: Any, known: Any) -> None:
        """A call on Tensors."""
        plan = node.plan
        if plan is None:
            return
        node.record = users_line()
        row = plan.row
        given = len(known) - 1 - len(plan.likes)
        args, kwargs = row.call(list(known[1 : 1 + given]), lambda *a, **k: (a, k))
        is_plain = type(node) is not MultiOutputNode and all(
            type(p) is Node and p.plan is None and p.residuals is FINISHED
            for p in node.all_parents
            if p is not None
        )
        # What depends on no variable is an array without a trace, of which NumPy's own function is
        # called; a faster kernel may take another path.
        if row.function is relu and self._of_product(known[1]):
            self._relus[id(known[0])] = known[0], known[1], None if is_plain else node.parents
        if not kwargs and self._in_parts(row, args, known[0]):
            if is_plain:
                node.plan, node.residuals, node.parents = None, FINISHED, ()
            return
        is_faster = str(getattr(row.kernel, "__module__", "")).startswith(_FAST)
        function = implementation(row.function) if is_plain and is_faster else row.kernel
        self.operation(row.name, function, args, kwargs, known[0])
        if row.name == "product" or (row.name == "np.add" and any(map(self._of_product, args))):
            self._products[id(known[0])] = known[0]  # with a bias
        if plan.select is not None:  # a result that was no array is one now
            if len(known) == 1 + given and plan.likes:
                return
            node.residuals = plan.select(known)
        if is_plain:
            node.plan, node.residuals, node.parents = None, FINISHED, ()

    def _of_product(self, value: Any) -> bool:
        """Whether a value is a product of windows and filters."""
        return self._products.get(id(value)) is value

    def _in_parts(self, row: Any, args: Any, value: Any) -> bool:
        """Whether a call is recorded as those that its kernel makes, with the same bits."""
        text = _TEXTS.get(row.function)
        # Of one number some kernels have another way.
        if (
            text is None
            or type(value) is not np.ndarray
            or np.size(args[-1]) == 1 == np.size(args[0])
        ):
            return False
        try:
            with self.tried() as undo, self.inside():
                found = text(*map(self.lifted, args))
                if type(found) is Tensor and self.alike(value_in(found), value):
                    self._alias(value, value_in(found))
                    return True
                undo()
        except Exception:  # then it is one operation
            pass
        return False

    def _alias(self, value: Any, found: Any) -> None:
        """A second array that is where another one is."""
        number = self.slot(found)
        self._note(self._slots, id(value), number)
        self._aliases[id(value)] = value
        self._note(self._views, _memory(value), number)

    def row(self, function: Any) -> Any:
        """A function of integers, which are Tensors here, is a constant one."""
        return _OF_INTEGERS.get(function)

    def operator(self, row: Any, x: Any, y: Any) -> Any:
        """Operators with other bits than the ufunc: of numbers, and ``x**2`` to old NumPy.

        Without a trace, what depends on no variable and has no axes is a NumPy number.
        """
        found = self.beside(row, (x, y), {})
        if found is not None or not all(self.enters(z) for z in (x, y) if type(z) is Tensor):
            return found
        pair = [value_in(z)[()] if type(z) is Tensor and not z.ndim else z for z in (x, y)]
        operate = _OF_NUMBERS.get(row.function)
        if operate is not None and all(isinstance(z, _NUMBERS) for z in pair):

            def of_numbers(*given: Any) -> Any:
                return operate(*[z[()] if type(z) is np.ndarray else z for z in given])

            found = np.asarray(operate(*pair))
            is_complex = any(np.iscomplexobj(z) for z in pair)
            is_other = is_complex or row.function is np.power or found.dtype.kind != "f"
            function = of_numbers if is_other else row.function
            self.operation(operate.__name__, function, (x, y), {}, found)
            return self.tensor(found)
        if row.function is np.power and type(y) in (int, float) and type(x) is Tensor:
            same_bits = {2: np.square, 0.5: np.sqrt, -1: np.reciprocal}.get(y)
            return None if same_bits is None else same_bits(x)
        return None

    def constant(self, row: Any, args: Any, kwargs: Any, result: Any) -> Any:
        """A call whose result is locally constant: Tensors, too; of other values, guards."""
        return self.lifted(self._made_of(row, args, kwargs, result))

    def _made_of(self, row: Any, args: Any, kwargs: Any, result: Any) -> Any:
        """What a row's kernel gave, whose arrays have slots from now on."""
        if isinstance(result, (np.ndarray, np.generic)):
            result = np.asarray(result)
            self.operation(row.name, row.kernel, args, kwargs, result)
            return result
        arrays: list[Any] = []
        outline = _outline(result, arrays)

        def flat(*args: Any, **kwargs: Any) -> list[Any]:
            found: list[Any] = []
            if _outline(row.kernel(*args, **kwargs), found) != outline:
                raise Differs
            return found

        function = row.function if row.function in (np.ndim, np.shape, np.size) else flat
        self.operation(row.name, function, args, kwargs, arrays)
        return _filled(outline, iter(arrays))

    def constant_output(self, value: Any) -> Any:
        """A value that has a slot, as a Tensor."""
        return self.lifted(value)

    def read(self, tensor: Any) -> None:
        """Python looks at a value: a guard."""
        value = value_in(tensor)
        if self.find(value) is None:
            return
        seen = value.copy()
        self.looks.append(seen)
        number = seen.item() if seen.size == 1 else None
        # Of zero the sign counts, and nan is not equal to itself.
        is_plain = type(number) in (int, float) and number and number == number
        if type(number) is bool or is_plain:
            self.operation("is_the_same", _is_number, (value,), {"number": number}, None)
        else:
            self.operation("is_the_same", lambda x: same(x, seen), (value,), {}, None)

    def enters(self, tensor: Any) -> bool:
        """A Tensor that depends on no variable is a plain array to a transform."""
        if type(tensor) is not Tensor:
            return False
        source = source_of(tensor)
        if type(source) is not Node or source.plan is not None:
            return False
        return source.residuals is FINISHED and tensor.dtype.kind in "fc"

    def leaves(self, value: Any) -> Any:
        """An array that a transform hands out."""
        return self.tensor(value) if self.find(value) is not None else value.copy()

    def computed(self, row: Any, bound: list[Any], result: Any) -> Any:
        """What a composed row's function gave."""
        args, kwargs = row.call(list(bound), lambda *a, **k: (a, k))
        is_number = type(result) in (float, complex)
        return self._made_of(row, args, kwargs, np.asarray(result) if is_number else result)

    def derives(self, bound: list[Any]) -> bool:
        """Only where a variable is among the operands."""
        return any(map(self._is_variable, bound))

    def _is_variable(self, x: Any) -> bool:
        if isinstance(x, (list, tuple)):
            return any(map(self._is_variable, x))
        return type(x) is Tensor and not (x.dtype.kind in "biu" or self.enters(x))

    def converted(self, tensor: Any, dtype: Any) -> Any:
        """Integers of a value that depends on no variable are no operands of a derivative."""
        if self._is_variable(tensor):
            return None
        found = value_in(tensor).astype(dtype)
        self.operation("astype", np.ndarray.astype, (tensor, dtype), {}, found)
        return self.tensor(found)

    def under_relu(self, images: Any) -> Any:
        """Relu and the largest of a window may change places, where only sums see the difference.

        Where all of a window is below 0, its gradient, 0, comes to another pixel, or with another
        sign: to products with filters that is the same.
        """
        found = self._relus.get(id(value_in(images))) if type(images) is Tensor else None
        if found is None or not self.exchanges or found[0] is not value_in(images):
            return None
        self.exchanged = True
        return self.lifted(found[1]) if found[2] is None else rebuilt(*found[1:])

    def beside(self, row: Any, args: Any, kwargs: Any) -> Any:
        """A stack carries out what it is an operand of; a function of values runs on Tensors."""
        if row.name == "on_values":
            return self._on_values(*args, **kwargs)
        stack = next((x for x in args if hasattr(type(x), "beside")), None)
        if stack is None:
            return None
        if isinstance(row.function, np.ufunc):
            return stack.__array_ufunc__(row.function, "__call__", *args, **kwargs)
        return stack.__array_function__(row.function, (), args, kwargs)

    def _on_values(self, function: Any, *args: Any, **kwargs: Any) -> Any:
        """A function of values that holds what an earlier call gave; of others None: one call."""
        cells = [cell.cell_contents for cell in getattr(function, "__closure__", None) or ()]
        if not any(map(_holds_an_array, cells)):
            return None
        plain = [self.tensor(value_in(x)) if type(x) is Tensor else x for x in args]
        return function(*plain, **kwargs)

    def composing(self, row: Any, definition: Any) -> Any:
        """A definition, whose arrays are not the user's."""

        def inner(*needed: Any) -> Any:
            with self.inside(), self.looking():
                return definition(*map(self.lifted, needed))

        return inner

    def array(self, tensor: Any) -> Any:
        """A definition may look at an array on which the derivative does not depend: a guard."""
        if not self._looks or self._is_variable(tensor):
            return None
        self.read(tensor)
        return value_in(tensor)

    def failed(self, error: BaseException) -> None:
        """A call raised: the trace holds only if that ends it."""
        self.failures.append(error)

    def called(self, function: Any, args: Any, result: Any) -> None:
        """A function of arrays, and of what sweeps carry."""
        if self.has(result):
            return
        with self.inside():
            name = getattr(function, "__name__", "fitted")
            self.operation(name, function, shapes_of(args), {}, result)

    traces = True

    def sweep(self, mode: str, recorded: bool, carrier: Any = None) -> Any:
        """What stands between a sweep on plain arrays and its rules."""
        return RecordedSweep(self, mode) if recorded else TracedSweep(self, mode, carrier)


class Differs(Exception):  # noqa: N818  # it is no error: the function is traced anew
    """A value that Python looked at, or a shape that depends on data, is another one now."""


class _Array:
    """Stands for an array in a result."""


_ARRAY = _Array()


def _outline(x: Any, arrays: list[Any]) -> Any:
    """What of a result is no array, which go into `arrays`."""
    if isinstance(x, (np.ndarray, np.generic)):
        arrays.append(np.asarray(x))
        return _ARRAY
    return like(x, [_outline(y, arrays) for y in x]) if isinstance(x, (list, tuple)) else x


def _filled(outline: Any, arrays: Any) -> Any:
    if outline is _ARRAY:
        return next(arrays)
    if isinstance(outline, (list, tuple)):
        return like(outline, [_filled(item, arrays) for item in outline])
    return outline


def _holds_an_array(x: Any) -> bool:
    if isinstance(x, (list, tuple)):
        return any(map(_holds_an_array, x))
    return isinstance(x, (Tensor, np.ndarray))


def _memory(array: Any) -> Any:
    interface = array.__array_interface__
    return interface["data"][0], array.shape, array.strides, array.dtype.str


def _is_number(x: Any, number: Any) -> bool:
    return bool(x.item() == number)


def same(x: Any, y: Any) -> bool:
    """Whether two arrays have the same bits."""
    x, y = np.asarray(x), np.asarray(y)
    if x.shape != y.shape or x.dtype != y.dtype:
        return False
    if x.dtype.kind in "fc":
        return bool(np.array_equal(x, y, equal_nan=True)) and bool(
            np.array_equal(np.signbit(x.real), np.signbit(y.real))
        )
    return bool(np.array_equal(x, y))
