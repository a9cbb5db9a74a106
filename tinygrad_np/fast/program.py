"""Straight-line NumPy calls from a trace: into buffers of their own, of views made once.

A value is *fixed* where it lies at one place for good: an argument that is copied into a buffer, a
small result that is computed into one by ``out=``, a view of what is fixed. What is fixed costs no
name and, as a view, no line. All other results are new arrays at every run.

>>> from .trace import Tracer
>>> tracer = Tracer()
>>> with tracer:
...     x = np.array([1.0, 2.0])
...     y = np.exp(tracer.argument(x)) + 1.0
>>> program = Program(tracer, [x], [y._value])
>>> program.run([np.zeros(2)])
[array([2., 2.])]
>>> print(program.source)
def run(a0):
    copyto(b0, a0)                           # float64 (2,)
    exp(b0, b1)                              # float64 (2,)
    add(b1, 1.0, b2)                         # float64 (2,)
    return (b2.copy(),)
<BLANKLINE>
"""

from __future__ import annotations

import re
from typing import Any

import numpy as np

from ..core import losses, network, rules, windows
from ..core.arrays import scalar
from ..core.dispatch import implementation
from ..core.rules import scatter_add
from ..core.windows import frame, pad
from . import elementwise, matrices, paths
from .trace import Constant, Differs, Operation, Slot, Tracer


class Program:
    """The operations of a trace that `outputs` need, for arrays in place of `inputs`."""

    def __init__(self, tracer: Tracer, inputs: list[Any], outputs: list[Any]) -> None:
        self._tracer = tracer
        self._scope: dict[str, Any] = {
            "copyto": np.copyto, "asarray": np.asarray, "errstate": np.errstate, "Differs": Differs,
        }  # fmt: skip
        self._text: dict[int, str] = {}
        """of a slot: how it is written"""
        self._fixed: dict[int, Any] = {}
        """of a slot that is fixed: its buffer, or the view of one"""
        self._lines: list[str] = []
        self._errors: Any = None
        for i, x in enumerate(inputs):
            number = tracer.slot(x)
            self._text[number] = f"a{i}"
            if type(x) is not np.ndarray or x.nbytes >= paths.FIXED_UP_TO_BYTES:
                continue
            if x.flags.aligned and (x.flags.c_contiguous or x.flags.f_contiguous):
                self._line(f"copyto({self._fix(number, x.copy(order='K'))}, a{i})", x)
        for one in _needed(tracer, outputs):
            self._emit(one)
        self._under(None)
        handed = self._handed_out(outputs)
        self._line(f"return ({', '.join(handed)},)" if handed else "return ()")
        given = ", ".join([f"a{i}" for i in range(len(inputs))])
        self.source = f"def run({given}):\n" + "\n".join(self._lines) + "\n"
        scope = dict(self._scope)
        exec(compile(self.source, "<tinygrad_np jit>", "exec"), scope)
        self._run = scope.pop("run")
        del self._tracer, self._fixed, self._scope  # what the program needs, it holds itself

    def run(self, arrays: list[Any]) -> list[Any]:
        """The outputs for these arrays; `Differs` where the trace does not hold for them."""
        return list(self._run(*arrays))

    # Lines

    def _line(self, text: str, like: Any = None) -> None:
        indent = "" if self._errors is None else "    "
        if hasattr(like, "dtype"):
            text = f"{text:<40} # {like.dtype} {like.shape}"
        self._lines.append(f"    {indent}{text}")

    def _under(self, errors: Any) -> None:
        """Write what follows under these settings of `np.errstate`, or those of the caller."""
        if errors != self._errors:
            self._errors = None
            if errors is not None:
                self._line(f"with errstate({', '.join(f'{k}={v!r}' for k, v in errors.items())}):")
                self._errors = errors

    def _emit(self, one: Operation) -> None:
        """The lines of an operation."""
        if one.results is None:
            self._under(one.errors)
            self._line(f"if not {self._call(one)}: raise Differs")
        elif one.results == []:
            self._under(one.errors)
            self._line(self._call(one))
        elif isinstance(one.results, list):
            self._under(one.errors)
            call, names = self._call(one), []
            for number in one.results:
                self._text[number] = f"v{number}"
                names.append(f"v{number}")
            self._line(f"{', '.join(names)}, = {call}")
            for name, number in zip(names, one.results, strict=True):
                if isinstance(self._value(number), np.ndarray):
                    self._line(f"{name} = asarray({name})")
                self._check(one, number)
        elif one.results not in self._text and not self._is_view(one):
            self._under(one.errors)
            if not self._into_a_buffer(one):
                self._anew(one)

    def _anew(self, one: Operation) -> None:
        """A result that is a new array, or a lazy one, at every run."""
        number, value = one.results, self._value(one.results)
        call = self._call(one)
        is_number = type(value) is np.ndarray and value.ndim == 0
        self._text[number] = f"v{number}"
        self._line(f"v{number} = asarray({call})" if is_number else f"v{number} = {call}", value)
        self._check(one, number)

    def _check(self, one: Operation, number: int) -> None:
        """Whether the shape is the traced one, where it may depend on data."""
        value = self._value(number)
        if isinstance(value, np.ndarray) and not _has_static_shape(one):
            self._line(f"if v{number}.shape != {value.shape}: raise Differs")

    # Fixed values

    def _fix(self, number: int, buffer: Any) -> str:
        """The name of a buffer, which is where a value lies from now on."""
        self._fixed[number] = buffer
        self._text[number] = self._named("b", buffer)
        return self._text[number]

    def _is_view(self, one: Operation) -> bool:
        """Whether the result lies in an operand's fixed buffer; then it is fixed, too."""
        # Another slot may decide which part it is.
        value, slots = self._value(one.results), _slots(one.args)
        if one.kwargs or len(slots) != 1 or slots[0].number not in self._fixed:
            return False
        operands = [self._value(x.number) for x in slots]
        if type(value) is not np.ndarray or not any(np.shares_memory(value, x) for x in operands):
            return False
        view = one.function(*self._plain(one.args))
        buffers = [self._fixed[x.number] for x in slots]
        if type(view) is not np.ndarray or view.strides != value.strides:
            return False
        if not any(np.shares_memory(view, x) for x in buffers):
            return False
        self._fix(one.results, view)
        return True

    def _into_a_buffer(self, one: Operation) -> bool:
        """Write a call that leaves a small result in a buffer, if there is one."""
        value, number = self._value(one.results), one.results
        function: Any = one.function
        if type(value) is not np.ndarray or value.nbytes >= paths.FIXED_UP_TO_BYTES:
            return False
        is_ufunc = isinstance(function, np.ufunc) and function.nout == 1
        if is_ufunc and function.signature is not None:
            is_ufunc = function is np.matmul and self._is_small_product(one)
        if is_ufunc and not one.kwargs:
            call = self._call(one)
            # By its place it would be deprecated, of these two.
            out = "out=" if function in (np.maximum, np.minimum) else ""
            self._line(f"{call[:-1]}, {out}{self._fix(number, value.copy(order='K'))})", value)
        elif function in (elementwise.total, np.sum) and self._is_sum(one):
            axis = self._operand(one.args[1]) if len(one.args) > 1 else "None"
            keeps = ", keepdims=True" if one.kwargs.get("keepdims") is True else ""
            reduce, x = self._named("add_reduce", np.add.reduce), self._operand(one.args[0])
            buffer = self._fix(number, value.copy(order="K"))
            self._line(f"{reduce}({x}, {axis}, None, {buffer}{keeps})", value)
        elif function in (np.dot, matrices.matmul) and self._is_small_product(one):
            name, (x, y) = function.__name__, map(self._operand, one.args)
            real = np.dot if function is np.dot else np.matmul
            called = self._named(name, real)
            self._line(f"{called}({x}, {y}, {self._fix(number, value.copy(order='K'))})", value)
        elif function is elementwise.relu and value.size < paths.REUSE_FROM_ELEMENTS:
            maximum, x = self._named("maximum", np.maximum), self._operand(one.args[0])
            zero = self._named("zero", scalar(0, value.dtype))
            buffer = self._fix(number, value.copy(order="K"))
            self._line(f"{maximum}({x}, {zero}, out={buffer})", value)
        elif function is implementation(scatter_add):
            return self._scattered(one, value)
        elif function is implementation(pad) and len(one.args) == 2 and not one.kwargs:
            inside = frame(np.shape(self._known(one.args[0])), one.args[1])[1]
            frame_ = np.zeros(value.shape, value.dtype)
            x = self._operand(one.args[0])
            self._fix(number, frame_)
            self._line(f"copyto({self._named('b', frame_[inside])}, {x})", value)
        else:
            return False
        return True

    def _scattered(self, one: Operation, value: Any) -> bool:
        """Zeros with a part of them written: where the index is made of slices, a view of them."""
        g, key = one.args[0], one.args[1]
        parts = key if isinstance(key, tuple) else (key,)
        basic = [isinstance(p, slice) or p is None or p is ... or type(p) is int for p in parts]
        if not all(basic):
            return False
        buffer = np.zeros(value.shape, value.dtype)
        view = buffer[parts if ... in parts else (*parts, ...)]
        if view.shape != np.shape(self._known(g)):
            return False
        x = self._operand(g)
        self._fix(one.results, buffer)
        self._line(f"copyto({self._named('b', view)}, {x})", value)
        return True

    def _is_sum(self, one: Operation) -> bool:
        return len(one.args) <= 2 and one.kwargs.keys() <= {"keepdims"}

    def _is_small_product(self, one: Operation) -> bool:
        x, y = map(self._known, one.args)
        is_plain = not one.kwargs and type(x) is np.ndarray and type(y) is np.ndarray
        if not is_plain or x.dtype != y.dtype or x.dtype.kind not in "fc":
            return False
        contiguous = self._value(one.results).flags.c_contiguous
        return contiguous and x.ndim == 2 == y.ndim and not paths.wakes_threads(x, y)

    # Operands

    def _value(self, number: int) -> Any:
        return self._tracer.values[number]

    def _known(self, x: Any) -> Any:
        """The value that an operand had in the trace."""
        if isinstance(x, Slot):
            return self._value(x.number)
        return x.value if isinstance(x, Constant) else x

    def _plain(self, x: Any) -> Any:
        """Arguments of which all arrays are fixed."""
        if isinstance(x, Slot):
            return self._fixed[x.number]
        if isinstance(x, Constant):
            return x.value
        return type(x)(map(self._plain, x)) if type(x) in (list, tuple) else x

    def _call(self, one: Operation) -> str:
        args = [self._operand(x) for x in one.args]
        args += [f"{name}={self._operand(x)}" for name, x in one.kwargs.items()]
        title = re.sub(r"\W+", "_", one.name.rpartition(".")[2] or one.name).strip("_")
        return f"{self._named(title or 'call', one.function)}({', '.join(args)})"

    def _operand(self, x: Any) -> str:
        if isinstance(x, Slot):
            return self._text[x.number]
        if isinstance(x, Constant):
            return self._named("c", x.value)
        if type(x) in (list, tuple) and not _is_literal(x):
            inside = ", ".join(map(self._operand, x))
            return f"[{inside}]" if type(x) is list else f"({inside},)"
        return repr(x) if _is_literal(x) else self._named("c", x)

    def _named(self, name: str, value: Any) -> str:
        """A name for a value in the program's scope: the only one, or one with a number."""
        chosen, n = (f"{name}0", 0) if name == "b" else (name, 1)
        while chosen in self._scope and self._scope[chosen] is not value:
            n += 1
            chosen = f"{name}{n}"
        self._scope[chosen] = value
        return chosen

    def _handed_out(self, outputs: list[Any]) -> list[str]:
        """The outputs, as arrays that nobody else holds."""
        texts, given = [], set()
        for x in outputs:
            number = self._tracer.find(x)
            text = self._named("c", np.asarray(x)) if number is None else self._text[number]
            value = np.asarray(x) if number is None else self._value(number)
            is_new = text.startswith("v") and value.flags.owndata and text not in given
            given.add(text)
            texts.append(text if is_new else f"{text}.copy()")
        return texts


_STATIC = {row.name for row in (*rules.ROWS, *windows.ROWS, *network.ROWS, *losses.ROWS)}
_STATIC -= {"operator.getitem", "getitem"}


def _has_static_shape(one: Operation) -> bool:
    """Whether the shapes of its operands decide on that of its result."""
    if isinstance(one.function, np.ufunc) or one.name in _STATIC:
        return True
    return one.name.startswith(("vjp of ", "jvp of ", "rng."))


def _needed(tracer: Tracer, outputs: list[Any]) -> list[Operation]:
    """The operations that outputs and guards depend on, in order."""
    wanted = {tracer.find(x) for x in outputs}
    kept = []
    for one in reversed(tracer.operations):
        results = one.results if isinstance(one.results, list) else [one.results]
        # A guard; or something of which only the shape was used, by Python; or what is wanted.
        is_guard = one.results is None or one.results == [] or one.name.startswith("rng.")
        if is_guard or not _has_static_shape(one) or wanted.intersection(results):
            kept.append(one)
            wanted.update(x.number for x in _slots((one.args, tuple(one.kwargs.values()))))
    return kept[::-1]


def _slots(x: Any) -> list[Slot]:
    if isinstance(x, Slot):
        return [x]
    if isinstance(x, Constant) or type(x) not in (list, tuple):
        return []
    return [slot for item in x for slot in _slots(item)]


def _is_literal(x: Any) -> bool:
    if type(x) in (tuple, list):
        return all(map(_is_literal, x))
    if type(x) is float:
        return abs(x) < float("inf")
    return x is None or type(x) in (int, bool, str)
