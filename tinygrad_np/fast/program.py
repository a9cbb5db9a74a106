"""Straight-line NumPy calls from a trace: into buffers of their own, of views made once.

A value is *fixed* where it lies at one place for good: an argument that is copied into a buffer, a
result that is computed into one by ``out=`` (`lowering` says how), a view of what is fixed. What is
fixed costs no name and, as a view, no line. Buffers are used again, for what is needed later. All
other results are new arrays at every run.

>>> from .trace import Tracer
>>> tracer = Tracer()
>>> with tracer:
...     x = np.array([1.0, 2.0])
...     y = np.exp(tracer.argument(x)) + 1.0
>>> program = Program(tracer, [x], [y._value])
>>> program.run(np.zeros(2))
(array([2., 2.]),)
>>> print(program.source)
def run(a0):
    copyto(b0, a0)                           # float64 (2,)
    # y = np.exp(tracer.argument(x)) + 1.0
    exp(b0, b1)                              # float64 (2,)
    v2 = add(b1, k1)                         # float64 (2,)
    return (v2,)
<BLANKLINE>
"""

from __future__ import annotations

import keyword
import linecache
import os
import re
from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.random import Generator as Random

from ..core.plan import ShapeDtype
from . import lowering, paths
from .trace import Constant, Differs, Operation, Slot, Tracer, same
from .traced_sweep import like

_OURS = re.compile(r"[abckv]\d*|run")
"""Names that a program has for arrays, and its own."""


class Program:
    """The operations of a trace that `outputs` need, for arrays in place of `inputs`."""

    def __init__(self, tracer: Tracer, inputs: list[Any], outputs: list[Any]) -> None:
        self._tracer = tracer
        self._scope: dict[str, Any] = {
            "copyto": np.copyto, "asarray": np.asarray, "errstate": np.errstate, "Differs": Differs,
        }  # fmt: skip
        self._text: dict[int, str] = {}
        """of a slot: how it is written"""
        self.fixed: dict[int, Any] = {}
        """of a slot that is fixed: its buffer, or the view of one"""
        self._lines: list[str] = []
        self._errors: Any = None
        self._where = self._headed = ""
        """the user's line of what is written, and that of the last line"""
        self._known: dict[int, Any] = {}
        """of a slot that depends on no argument: its value"""
        kept = self._folded(lowering.needed(tracer, outputs))
        self._buffers = _Buffers(tracer, kept, outputs)
        for i, x in enumerate(inputs):
            number = tracer.slot(x)
            self._text[number] = f"a{i}"
            if type(x) is not np.ndarray or x.nbytes >= paths.COPIED_UP_TO_BYTES:
                continue
            if x.flags.aligned and (x.flags.c_contiguous or x.flags.f_contiguous):
                buffer = np.empty_like(x)
                self._line(f"copyto({self.fix(number, buffer)}, a{i})", x)
                self._buffers.moves(number)
        for i, one in enumerate(kept):
            self._buffers.now = i
            self._emit(one)
            self._buffers.after(i)
        self._under(None)
        self._where = self._headed
        handed = self._handed_out(outputs)
        self._line(f"return ({', '.join(handed)},)" if handed else "return ()")
        given = ", ".join([f"a{i}" for i in range(len(inputs))])
        self.source = f"def run({given}):\n" + "\n".join(self._lines) + "\n"
        self.nbytes = sum([root(x).nbytes for x in self._held()])
        """of its buffers and constants"""
        scope = dict(self._scope)
        exec(compile(self.source, "<tinygrad_np jit>", "exec"), scope)
        self.run: Callable[..., tuple[Any, ...]] = scope.pop("run")
        """The outputs for arrays; `Differs` where the trace does not hold for them."""
        # What the program needs, it holds itself.
        del self._tracer, self.fixed, self._scope, self._buffers, self._known

    def _held(self) -> list[Any]:
        arrays = [x for x in self._scope.values() if type(x) is np.ndarray]
        return list({id(root(x)): x for x in arrays}.values())

    def _folded(self, operations: list[Operation]) -> list[Operation]:
        """The operations that depend on an argument; the values of others are known."""
        left = []
        for one in operations:
            slots = lowering.slots((one.args, tuple(one.kwargs.values())))
            if one.results is None or not all(x.number in self._known for x in slots):
                left.append(one)
            elif one.name.startswith("rng.") or (one.errors is None and not self._is_quiet(one)):
                left.append(one)  # numbers are drawn, and warnings given, at each call
            else:
                numbers = one.results if isinstance(one.results, list) else [one.results]
                self._known.update({x: self._tracer.values[x] for x in numbers})
        return left

    def _is_quiet(self, one: Operation) -> bool:
        """Whether a call that depends on no argument warns of nothing."""
        try:
            with np.errstate(all="raise"):
                one.function(
                    *map(self.told, one.args), **{k: self.told(x) for k, x in one.kwargs.items()}
                )
        except Exception:
            return False
        return True

    # Lines

    def _line(self, text: str, like: Any = None) -> None:
        indent = "    " if self._errors is None else "        "
        if hasattr(like, "dtype"):
            text = f"{text:<40} # {like.dtype} {like.shape}"
        if self._where != self._headed:
            self._headed = self._where
            if self._where:
                self._lines.append(f"{indent}# {self._where}")
        self._lines.append(f"{indent}{text}")

    def lines(self, one: Operation, *texts: str) -> None:
        """Write these lines of an operation, the last of which makes its result."""
        for text in texts:
            self._line(text, self.value(one.results) if text is texts[-1] else None)

    def _under(self, errors: Any) -> None:
        """Write what follows under these settings of `np.errstate`, or those of the caller."""
        if errors != self._errors:
            self._errors = None
            if errors is not None:
                self._line(f"with errstate({', '.join(f'{k}={v!r}' for k, v in errors.items())}):")
                self._errors = errors

    def _emit(self, one: Operation) -> None:
        """The lines of an operation."""
        is_one = one.results is not None and not isinstance(one.results, list)
        if is_one and (one.results in self._text or self._is_view(one)):
            return
        self._under(one.errors)
        self._where = shown(one.where)
        if one.results is None:
            self._guard(one)
        elif one.results == []:
            self._line(self._call(one))
        elif isinstance(one.results, list):
            call, names = self._call(one), []
            for number in one.results:
                self._text[number] = f"v{number}"
                names.append(f"v{number}")
            self._line(f"{', '.join(names)}, = {call}")
            for name, number in zip(names, one.results, strict=True):
                if isinstance(self.value(number), np.ndarray):
                    self._line(f"{name} = asarray({name})")
                self._check(one, number)
        elif not self._lowered(one):
            self._anew(one)

    def _lowered(self, one: Operation) -> bool:
        """Whether it is written as NumPy calls into a buffer; with the same bits, in the trace."""
        value = self.value(one.results)
        if type(value) is not np.ndarray or value.dtype.hasobject:
            return False
        if self._buffers.is_output(one.results) and value.ndim and lowering.is_plain_ufunc(one):
            return False
        before, names = len(self._lines), set(self._scope)
        lower = lowering.of(self, one)
        if lower is None or not self._buffers.has_room(value):
            return False
        is_exact = isinstance(one.function, np.ufunc)
        if lower(self, one) and (is_exact or self._is_right(one, self._lines[before:])):
            return True
        del self._lines[before:]
        for name in self._scope.keys() - names:
            del self._scope[name]
        self.fixed.pop(one.results, None)
        self._text.pop(one.results, None)
        return False

    def _is_right(self, one: Operation, lines: list[str]) -> bool:
        """Whether lines give the bits of the trace, from its values of the operands."""
        scope = dict(self._scope)
        for slot in lowering.slots((one.args, tuple(one.kwargs.values()))):
            if slot.number in self.fixed:
                self._buffers.fill(self.fixed, slot.number)
            elif slot.number not in self._known:
                scope[self._text[slot.number]] = self.value(slot.number)
        code = "\n".join([line.strip() for line in lines])
        try:
            with np.errstate(all="ignore"):
                exec(compile(code, "<tinygrad_np jit>", "exec"), scope)
        except Exception:
            return False
        return same(self.fixed[one.results], self.value(one.results))

    def _guard(self, one: Operation) -> None:
        """A value that has to be the same one: a number, where that is enough."""
        number, text = one.kwargs.get("number"), self.operand(one.args[0])
        if number is None:
            self._line(f"if not {self._call(one)}: raise Differs")
        elif isinstance(number, bool) and number:
            self._line(f"if not {text}: raise Differs")
        elif isinstance(number, bool):
            self._line(f"if {text}: raise Differs")
        else:
            self._line(f"if {text}.item() != {self.operand(number)}: raise Differs")

    def _anew(self, one: Operation) -> None:
        """A result that is a new array, or a lazy one, at every run."""
        number, value = one.results, self.value(one.results)
        is_ufunc = lowering.is_plain_ufunc(one)
        call = lowering.ufunc_call(self, one) if is_ufunc else self._call(one)
        is_number = type(value) is np.ndarray and value.ndim == 0
        self._text[number] = f"v{number}"
        self._line(f"v{number} = asarray({call})" if is_number else f"v{number} = {call}", value)
        self._check(one, number)

    def _check(self, one: Operation, number: int) -> None:
        """Whether the shape is the traced one, where it may depend on data."""
        value = self.value(number)
        if isinstance(value, np.ndarray) and not lowering.has_static_shape(one):
            self._line(f"if v{number}.shape != {value.shape}: raise Differs")

    # Fixed values

    def fix(self, number: int, buffer: Any) -> str:
        """The name of a buffer, which is where a value lies from now on."""
        self.fixed[number] = buffer
        self._text[number] = self.named("b", buffer)
        return self._text[number]

    def into(self, number: int, in_place: bool = False) -> str:
        """The name of a buffer for a result, laid out as it is in the trace.

        `in_place` says that it may be that of an operand which nothing needs any more.
        """
        return self.fix(number, self._buffers.taken(number, in_place))

    def scratch(self, shape: Any, dtype: Any) -> str:
        """The name of a buffer for what the next lines forget."""
        return self.named("b", np.empty(shape, dtype))

    def moves(self, number: int) -> None:
        """Nothing but plain arithmetic knows where this value lies."""
        self._buffers.moves(number)

    def moved(self, number: int, view: Any) -> bool:
        """Compute a value into `view` at once, if nothing but plain arithmetic knows its buffer."""
        if not self._buffers.can_move(number) or self.fixed[number].dtype != view.dtype:
            return False
        self._scope[self._text[number]] = view
        self.fixed[number] = view
        self._buffers.stays(number)
        return True

    def _is_view(self, one: Operation) -> bool:
        """Whether the result lies in an operand's fixed buffer; then it is fixed, too."""
        # Another slot may decide which part it is.
        value, slots = self.value(one.results), lowering.slots(one.args)
        if one.kwargs or len(slots) != 1 or slots[0].number not in self.fixed:
            return False
        if type(value) is not np.ndarray:
            return False
        operand = slots[0].number
        view = lowering.expanded(self, one)
        if view is None:
            if not np.shares_memory(value, self.value(operand)):
                return False
            view = one.function(*self.plain(one.args))
            if type(view) is not np.ndarray or view.strides != value.strides:
                return False
        if not np.shares_memory(view, self.fixed[operand]) and view.size:
            return False
        self.fix(one.results, view)
        self._buffers.stays(operand)
        return True

    # Operands

    def value(self, number: int) -> Any:
        """What a slot had in the trace."""
        return self._tracer.values[number]

    def told(self, x: Any) -> Any:
        """The value that an operand had in the trace."""
        if isinstance(x, Slot):
            return self.value(x.number)
        if isinstance(x, Constant):
            return x.value
        return like(x, map(self.told, x)) if isinstance(x, (list, tuple)) else x

    def plain(self, x: Any) -> Any:
        """Arguments of which all arrays are fixed."""
        if isinstance(x, Slot):
            return self.fixed[x.number]
        if isinstance(x, Constant):
            return x.value
        return like(x, map(self.plain, x)) if isinstance(x, (list, tuple)) else x

    def array(self, x: Any) -> Any:
        """The fixed array of an operand, or a constant; None where it is new at every run."""
        if isinstance(x, Slot):
            return self.fixed.get(x.number, self._known.get(x.number))
        return x.value if isinstance(x, Constant) else None

    def _call(self, one: Operation) -> str:
        given = (*one.args, *one.kwargs.values())
        # An object may know an array again by its identity: a new one at each run.
        copy = ".copy()" if any(map(_may_remember, given)) else ""
        texts = [self.operand(x) + copy * self._is_array(x) for x in given]
        args = texts[: len(one.args)]
        args += [f"{name}={x}" for name, x in zip(one.kwargs, texts[len(args) :], strict=True)]
        title = re.sub(r"\W+", "_", one.name.rpartition(".")[2] or one.name).strip("_")
        if not title.isidentifier() or keyword.iskeyword(title) or _OURS.fullmatch(title):
            title = f"call_{title}".rstrip("_")
        return f"{self.named(title, one.function)}({', '.join(args)})"

    def _is_array(self, x: Any) -> bool:
        return isinstance(x, Slot) and type(self.value(x.number)) is np.ndarray

    def operand(self, x: Any, moves: bool = False) -> str:
        """How an operand is written; where it `moves`, its buffer may still become another one."""
        if isinstance(x, Slot):
            if x.number in self._known:
                return self.named(_name_of(self._known[x.number]), self._known[x.number])
            if not moves:
                self._buffers.stays(x.number)
            return self._text[x.number]
        if isinstance(x, Constant):
            return self.named(_name_of(x.value), x.value)
        if isinstance(x, (list, tuple)) and not _is_literal(x):
            inside = ", ".join([self.operand(item) for item in x])
            if hasattr(x, "_fields"):
                return f"{self.named(f'new_{type(x).__name__}', type(x))}({inside})"
            if type(x) not in (list, tuple):  # a layer's, whose type says that it is checked
                values = re.sub("[^0-9]+", "_", inside).strip("_")
                title = f"{type(x).__name__.lower()}_{values}"
                return self.named(title, self._scope.get(title, x))
            return f"[{inside}]" if type(x) is list else f"({inside},)"
        return repr(x) if _is_literal(x) else self.named("c", x)

    def named(self, name: str, value: Any) -> str:
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
            if number is None or number in self._known:
                text, owns = self.named("c", np.asarray(x)), False
            else:
                text, owns = self._text[number], self.value(number).flags.owndata
            is_new = text.startswith("v") and owns and text not in given
            given.add(text)
            texts.append(text if is_new else f"{text}.copy()")
        return texts


class _Buffers:
    """The memory of fixed values, which those that come later may have again."""

    def __init__(self, tracer: Tracer, operations: list[Operation], outputs: list[Any]) -> None:
        self._values = tracer.values
        self._group: dict[int, int] = {}
        """of a slot: one that stands for all that may lie in the same memory"""
        self._last: dict[int, int] = {}
        """of a group: the last operation that uses one of it"""
        self._taken: dict[int, list[Any]] = {}
        self._free: dict[int, list[Any]] = {}
        self._movable: set[int] = set()
        self._bytes = 0
        self.now = 0
        """the number of the operation that is written"""
        found = [tracer.find(x) for x in outputs]
        self._outputs = {number for number in found if number is not None}
        self._used: set[int] = set()
        for i, one in enumerate(operations):
            operands = [x.number for x in lowering.slots((one.args, tuple(one.kwargs.values())))]
            self._used.update(operands)
            results = one.results if isinstance(one.results, list) else [one.results]
            for result in results if one.results is not None else []:
                for operand in operands:
                    # What expands is a view here, also where it is none in the trace.
                    if lowering.expands(one) or self._may_share(result, operand):
                        self._group[self._of(result)] = self._of(operand)
            for number in (*operands, *(results if one.results is not None else ())):
                self._last[number] = i
        for number in self._outputs:
            self._last[number] = len(operations)
        for number, i in list(self._last.items()):
            group = self._of(number)
            self._last[group] = max(i, self._last.get(group, 0))
        self._ends: dict[int, list[int]] = {}
        for number in self._last:
            if self._of(number) == number:
                self._ends.setdefault(self._last[number], []).append(number)

    def _of(self, number: int) -> int:
        while number in self._group and self._group[number] != number:
            number = self._group[number]
        return number

    def _may_share(self, result: int, operand: int) -> bool:
        x, y = self._values[result], self._values[operand]
        if type(x) is np.ndarray and type(y) is np.ndarray:
            return bool(np.may_share_memory(x, y))
        return True  # what it holds is not known

    def is_output(self, number: int) -> bool:
        """Whether it is handed out, and nothing else needs it."""
        return number in self._outputs and number not in self._used

    def has_room(self, value: Any) -> bool:
        return bool(self._bytes + value.nbytes <= paths.FIXED_UP_TO_BYTES)

    def taken(self, number: int, in_place: bool) -> Any:
        """A buffer for a value."""
        value = self._values[number]
        like = np.empty_like(value)
        if in_place and value.nbytes >= paths.IN_PLACE_FROM_BYTES:
            self._give_back(value.nbytes)
        free = self._free.get(value.nbytes)
        raw = free.pop() if free else np.empty(value.nbytes, np.uint8)
        if not free:
            self._bytes += value.nbytes
        self._taken.setdefault(self._of(number), []).append(raw)
        return np.ndarray(value.shape, value.dtype, raw, 0, like.strides)

    def _give_back(self, size: int) -> None:
        """Free what no operation after this one needs, of one size."""
        for group in self._ends.get(self.now, ()):
            held = self._taken.get(group, [])
            given = [raw for raw in held if raw.nbytes == size]
            self._taken[group] = [raw for raw in held if raw.nbytes != size]
            self._free.setdefault(size, []).extend(given)

    def after(self, i: int) -> None:
        """Operation `i` has been written: what nothing needs any more is free."""
        for group in self._ends.get(i, ()):
            for raw in self._taken.pop(group, ()):
                self._free.setdefault(raw.nbytes, []).append(raw)

    def moves(self, number: int) -> None:
        """The buffer of a value may become another one: no view and no call holds it yet."""
        self._movable.add(number)

    def stays(self, number: int) -> None:
        self._movable.discard(number)

    def can_move(self, number: int) -> bool:
        return number in self._movable and number not in self._outputs

    def fill(self, fixed: dict[int, Any], number: int) -> None:
        """Write the traced value into a fixed buffer, or into what it is a view of."""
        view, value = fixed[number], self._values[number]
        if view.flags.writeable and 0 not in view.strides:
            np.copyto(view, value)
            return
        for other, buffer in fixed.items():
            if buffer.flags.writeable and np.may_share_memory(buffer, view):
                np.copyto(buffer, self._values[other])


def shown(where: str) -> str:
    """A place as a reader wants it: the file's name, the line and its text; of a rule, its name.

    >>> shown("vjp of np.exp|model.py:12")
    'vjp of np.exp, model.py:12'
    """
    what, _, place = where.rpartition("|")
    path, _, number = place.rpartition(":")
    if not number.isdigit():
        return what or where
    name = "" if path.startswith("<") else f"{os.path.basename(path)}:{number}"
    text = "" if what else linecache.getline(path, int(number)).strip()
    return ", ".join(filter(None, [what, name])) if what or not text else f"{name}  {text}".strip()


def _name_of(constant: Any) -> str:
    """The name of a constant, by its value where that is a number: k0_5."""
    if (
        np.ndim(constant)
        or not isinstance(constant, np.ndarray)
        or constant.dtype.kind not in "iuf"
    ):
        return "c"
    text = repr(constant.item()).removesuffix(".0").replace("-", "_").replace(".", "_")
    return f"k{text}" if text.isidentifier() or text.replace("_", "").isdigit() else "c"


def root(array: Any) -> Any:
    """The array whose memory a view shares; the array itself where it is no view."""
    while isinstance(array.base, np.ndarray):
        array = array.base
    return array


def _may_remember(x: Any) -> bool:
    """Whether an argument is an object with a state of its own."""
    if isinstance(x, (list, tuple)):
        return any(map(_may_remember, x))
    known = (Slot, Constant, ShapeDtype, np.dtype, np.generic, np.ndarray, slice, type, Random)
    return not (x is ... or isinstance(x, known) or _is_literal(x) or callable(x))


def _is_literal(x: Any) -> bool:
    if type(x) in (tuple, list):
        return all(map(_is_literal, x))
    if type(x) is float:
        return abs(x) < float("inf")
    return x is None or type(x) in (int, bool, str)
