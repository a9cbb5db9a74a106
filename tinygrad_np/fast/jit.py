"""`jit`: a function traced once for the shapes and dtypes of its arguments, then replayed.

The replay is straight-line NumPy (`program`) in place of Python's own way through the function, its
graph and its sweep: the same kernels, the same bits, but of complex numbers without axes, whose
last bits may be others. docs/jit.md says what is refused, and what is outside the promise.
"""

from __future__ import annotations

import copy
import functools
import itertools
import threading
import warnings
import weakref
from collections.abc import Callable
from typing import Any

import numpy as np

from ..answers import explained
from ..core import hooks, tree
from ..core.tensor import Tensor, value_in
from . import memory as buffers
from . import paths
from .forms import PLAIN, builder, form_of, matcher
from .lines import line_of
from .program import Program, root
from .trace import Differs, Tracer, same

MOST_PROGRAMS = 16
"""So many are kept of a function, one for each form of its arguments."""

MOST_TRACES = 4
"""So often a function is traced anew for one form before it is left as it is."""


class JitWarning(UserWarning):
    """A function is not replayed: it depends on the values of its arguments by Python."""


class ReplayDiffersError(ValueError):
    """A replay gives other bits than the function."""


@explained
def jit(function: Callable[..., Any], *, constants: Any = (), verify: int | None = None) -> Any:
    """`function`, which is traced at its first call and replayed at later ones.

    For each form of the arguments, which is their structure, shapes and dtypes, and the values of
    all that is no array, `function` is run three times by the first call: once as it is, twice
    traced. Later calls are NumPy calls alone, with the same bits, into buffers of their own;
    results are new arrays.

    Values that Python looks at (``if x > 0``, ``x.item()``, the shape of ``x[x > 0]``) are looked
    at again by each replay; where one is different, the function is traced anew. What Python itself
    holds is read once, at the trace: an array from outside has to be an argument, or a constant.

    Parameters
    ----------
    function : callable
        Of trees of arrays, also what `grad`, `value_and_grad`, `hvp` and the like give, and a whole
        training step.
    constants : tree of arrays, default ()
        They are copied.
    verify : int, optional
        The first replay is compared with the function; with n each n-th one, too, and with 0 none.

    Returns
    -------
    callable
        With two more methods: ``source(*args)``, the program as text, and ``release()``, which
        forgets the programs. `release_memory` forgets those of all functions.

    Raises
    ------
    TypeError
        For what a Tensor refuses.
    ValueError
        Where the function uses an array that is neither an argument nor a constant, gives something
        else when it is called again, or where a replay does not agree with it.

    Examples
    --------
    >>> from tinygrad_np import value_and_grad
    >>> slope = jit(value_and_grad(lambda x: np.sum(x**3)))
    >>> slope(np.array([1.0, 2.0]))
    (array(9.), array([ 3., 12.]))
    >>> slope(np.array([2.0, 3.0]))
    (array(35.), array([12., 27.]))
    """
    return Jitted(function, tuple(tree.leaves(constants)), verify)


class Jitted:
    """What `jit` gives: a function, and the programs that were made of it."""

    def __init__(self, function: Callable[..., Any], constants: Any, verify: int | None) -> None:
        if not callable(function):
            raise TypeError(f"jit: takes a function, not {type(function).__name__}")
        if verify is not None and (not isinstance(verify, (int, np.integer)) or verify < 0):
            raise ValueError(
                f"jit: with verify=n each n-th call is compared, with 0 none; not {verify!r:.40}"
            )
        functools.update_wrapper(self, function)
        self._function = function
        self._constants = constants
        self._verify = verify
        self._programs: dict[Any, _Entry] = {}
        self._last: _Entry | None = None
        self._dropped = 0
        self._lock = threading.Lock()

    def __reduce__(self) -> Any:
        return Jitted, (self._function, self._constants, self._verify)

    def __get__(self, instance: Any, owner: Any = None) -> Any:
        return self if instance is None else functools.partial(self, instance)

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        if hooks.opened and hooks.observer() is not hooks.NOBODY:
            return self._function(*args, **kwargs)  # debug mode, or another trace
        # A second thread, or a call from within, has no buffers: it calls the function.
        if not self._lock.acquire(blocking=False):
            return self._function(*args, **kwargs)
        try:
            last = self._last
            if last is not None and last.until > 1:
                found = last.match(args, kwargs)
                if found is not None:
                    try:
                        results = last.run(*found)
                    except Exception:  # again, with care
                        return self._called(args, kwargs)
                    last.until -= 1
                    return last.build(results)
            return self._called(args, kwargs)
        finally:
            self._lock.release()

    def _called(self, args: Any, kwargs: Any) -> Any:
        """A call with the lock held."""
        arrays: list[Any] = []
        form = form_of((args, kwargs), arrays)
        if Tensor in map(type, arrays):
            return self._function(*args, **kwargs)
        entry = self._programs.get(form)
        if entry is None:
            if self._dropped > MOST_TRACES:
                return self._function(*args, **kwargs)
            if len(self._programs) >= MOST_PROGRAMS:
                dropped = self._programs.pop(next(iter(self._programs)))
                self._dropped += not dropped.replays
                if self._dropped > MOST_TRACES:
                    self._warn("its arguments, or numbers among them, have a new form", 4)
            entry = self._programs[form] = _Entry(form)
            return self._kept(entry, args, kwargs, arrays)
        if entry.is_left:
            return self._function(*args, **kwargs)
        program = entry.program
        if program is None:  # its memory was needed
            return self._kept(entry, args, kwargs, arrays)
        again = tree.map(_copied, (args, kwargs)) if entry.until <= 1 else None
        states = [x.bit_generator.state for x in arrays if type(x) is not np.ndarray]
        try:
            results = program.run(*arrays)
        except Exception as error:
            # The function itself raises, where the user's line is; or is traced anew.
            _restore(arrays, states)
            if isinstance(error, Differs):
                return self._kept(entry, args, kwargs, arrays)
            return self._function(*args, **kwargs)
        entry.replayed(self._verify)
        if again is not None:
            expected = self._function(*again[0], **again[1])
            try:
                self._compare(entry, results, expected)
            except ValueError:
                self._leave(entry)  # as it is, from now on
                raise
        if not states:
            self._last = entry
        return entry.build(results)

    def source(self, *args: Any, **kwargs: Any) -> str:
        """The program for these arguments, as text: a line a call, with dtype and shape.

        >>> print(jit(lambda x: 2 * x).source(np.ones(3)))
        def run(a0):
            copyto(b0, a0)                           # float64 (3,)
            # print(jit(lambda x: 2 * x).source(np.ones(3)))
            v1 = multiply(k2, b0)                    # float64 (3,)
            return (v1,)
        <BLANKLINE>
        """
        arrays: list[Any] = []
        form = form_of((args, kwargs), arrays)
        if form not in self._programs or self._programs[form].program is None:
            self(*tree.map(_copied, args), **tree.map(_copied, kwargs))
        entry = self._programs.get(form)
        return "" if entry is None or entry.program is None else entry.program.source

    def release(self) -> None:
        """Forget all programs, with their buffers: calls that come later are traced again."""
        self._programs.clear()
        self._last = None
        self._dropped = 0

    def _leave(self, entry: _Entry) -> None:
        """Call the function as it is for arguments of this form, from now on."""
        entry.is_left = True
        entry.drop()
        self._last = None

    def _kept(self, entry: _Entry, args: Any, kwargs: Any, arrays: list[Any]) -> Any:
        """A call that is traced; where that raises, so does the next one."""
        self._last = None
        try:
            return self._trace(entry, args, kwargs, arrays)
        except BaseException:
            self._programs.pop(entry.form, None)
            raise

    def _trace(self, entry: _Entry, args: Any, kwargs: Any, arrays: list[Any]) -> Any:
        entry.traces += 1
        if entry.traces > MOST_TRACES:
            self._leave(entry)
            self._warn(entry.why, 6)
            return self._function(*args, **kwargs)
        before = [_copied(x) for x in arrays]
        result = self._function(*args, **kwargs)
        exchanges = True
        while True:
            first, outputs = self._traced(args, kwargs, before, exchanges)
            self._check_constants(tree.leaves(result), outputs)
            self._check(first, outputs, *self._traced_again(args, kwargs, before, first))
            drawn = iter(first.generators)
            inputs = [x if type(x) is np.ndarray else next(drawn) for x in before]
            program = Program(first, inputs, [x for x in outputs if _is_array(x)])
            entry.leaves = [_ARRAY if _is_array(x) else x for x in outputs]
            try:
                replayed = program.run(*[_copied(x) for x in before])
                self._compare(entry, replayed, result)
                break
            except Differs:
                raise self._differs() from None
            except ValueError:
                if not first.exchanged:
                    raise
                exchanges = False
        entry.keep(program, self._verify, result, args, kwargs)
        return entry.build(replayed)

    def _traced(
        self, args: Any, kwargs: Any, arrays: list[Any], exchanges: bool
    ) -> tuple[Tracer, list[Any]]:
        """A run on Tensors that stand for `arrays`, and the leaves of its result."""
        name = _name(self._function)
        with Tracer(exchanges) as tracer:
            given = iter(arrays)

            def opened(x: Any) -> Any:
                if isinstance(x, (np.ndarray, np.generic)):
                    return tracer.argument(next(given))
                if isinstance(x, np.random.Generator):
                    return tracer.generator(next(given))
                return x

            inside, named = tree.map(opened, (args, kwargs))
            try:
                found = tree.leaves(self._function(*inside, **named))
            except (TypeError, ValueError, AttributeError, IndexError) as error:
                place = line_of(error)
                raise TypeError(
                    f"jit: {name} runs on arrays, but not on the Tensors of a trace"
                    f"{f' ({place})' if place else ''}: {error}"
                ) from error
        if tracer.failures:
            raise TypeError(
                f"jit: {name} catches an error ({tracer.failures[0]}), and when it does depends on "
                "data; look at the data with an if"
            )
        for x in found:
            if not (type(x) is Tensor or _is_array(x) or type(x) in PLAIN):
                raise TypeError(
                    f"jit: {name} gives a {type(x).__name__}, which may hold what was traced; give "
                    "trees of arrays and numbers"
                )
        return tracer, [value_in(x) if type(x) is Tensor else x for x in found]

    def _traced_again(
        self, args: Any, kwargs: Any, arrays: list[Any], first: Tracer
    ) -> tuple[Tracer, list[Any]]:
        """A run on other data, so that a constant that is made of them is another one; or, where
        that takes another way, on the same.
        """
        try:
            with np.errstate(all="ignore"):
                others = [_changed(x) for x in arrays]
                found = self._traced(args, kwargs, others, first.exchanges)
        except Exception:
            return self._traced(args, kwargs, arrays, first.exchanges)
        names = [[x.name for x in tracer.operations] for tracer in (first, found[0])]
        looks = zip(first.looks, found[0].looks, strict=False)
        is_alike = names[0] == names[1] and all(same(x, y) for x, y in looks)
        return found if is_alike else self._traced(args, kwargs, arrays, first.exchanges)

    def _check(self, first: Tracer, outputs: Any, second: Tracer, others: Any) -> None:
        """What no argument gave is a constant if it is new at each call, and the same."""
        name = _name(self._function)
        if [x.name for x in first.operations] != [x.name for x in second.operations]:
            raise self._differs()
        lists = first.constants, first.originals, second.constants, second.originals
        pairs = zip(*lists, strict=True)
        for one, original, other, again in pairs:
            held = [x for x in self._constants if _is_part(original, x)]
            is_fixed = not root(original).flags.writeable  # nobody changes it
            if not (one.is_inner or held or is_fixed) and _is_part(original, root(again)):
                raise ValueError(
                    f"jit: {name} uses an array of shape {one.value.shape} ({one.where}) that is "
                    "no argument and not computed from one; pass it as an argument, or name it "
                    "in constants=, to be copied"
                )
            if not same(one.value, other.value):
                raise self._differs()
        for x, y in zip(outputs, others, strict=True):
            is_traced = _is_array(x) and first.has(x)
            if not is_traced and not (type(x) is type(y) and same(x, y)):
                raise self._differs()

    def _check_constants(self, leaves: Any, outputs: Any) -> None:
        """What is no array is the same on arrays and on Tensors."""
        if len(leaves) != len(outputs):
            raise self._differs()
        for x, y in zip(leaves, outputs, strict=True):
            if not _is_array(y) and (_is_array(x) or not same(x, y)):
                raise TypeError(
                    f"jit: {_name(self._function)} gives {x!r:.40} on arrays, but {y!r:.40} on the "
                    "Tensors of a trace; give the array, and make text of it outside"
                )

    def _differs(self) -> ValueError:
        return ValueError(
            f"jit: {_name(self._function)} does something else when it is called again: it draws "
            "random numbers, changes what it holds, or computes with values of its arguments in a "
            "way that no Tensor records; pass what it holds as an argument, or leave jit out"
        )

    def _warn(self, why: str, level: int) -> None:
        warnings.warn(
            f"jit: {_name(self._function)} was traced again and again, since {why} from call to "
            "call; it is called as it is from now on",
            JitWarning,
            stacklevel=level,  # the line that calls
        )

    def _compare(self, entry: _Entry, replayed: Any, result: Any) -> None:
        leaves, arrays = tree.leaves(result), iter(replayed)
        if len(leaves) != len(entry.leaves):
            raise self._differs()
        for i, (x, y) in enumerate(zip(leaves, entry.leaves, strict=True)):
            y = next(arrays) if y is _ARRAY else y
            if not (_is_array(x) or type(x) is type(y) or _is_array(y)) or not same(x, y):
                raise ReplayDiffersError(
                    f"jit: the replay of {_name(self._function)} differs from it, in result {i}; "
                    "does it use what is no argument, such as a global generator of random "
                    "numbers? if not, please report it"
                )


_NUMBERS = itertools.count()
_KEPT: weakref.WeakValueDictionary[int, _Entry] = weakref.WeakValueDictionary()
"""The entries that have a program, by their number, of all functions: the one traced first comes
first."""


def release() -> None:
    """Forget the programs of all functions that were traced, with their buffers."""
    for entry in list(_KEPT.values()):
        entry.drop()


buffers.forgotten.append(release)


def kept_bytes() -> int:
    """How much memory the programs of all functions keep.

    >>> release()
    >>> kept_bytes()
    0
    """
    return sum([entry.nbytes for entry in list(_KEPT.values())])


_DIFFER = "Python looks at values that differ"
_RELEASED = "the programs of all functions need more memory than is kept"


class _Entry:
    """What is known for one form of the arguments: a program, or that there is to be none."""

    def __init__(self, form: Any) -> None:
        self.form = form
        self.number = next(_NUMBERS)
        self.traces = 0
        self.replays = 0
        self.is_left = False
        self.why = _DIFFER
        self.build: Any = None
        self.leaves: list[Any] = []
        """of the result: `_ARRAY` for what a program gives"""
        self.drop()

    def drop(self) -> None:
        """Forget the program."""
        self.program: Program | None = None
        self.nbytes = 0
        self.until: float = 0
        """the number of the replay from now on that is compared with the function"""
        self.run: Any = None
        self.match: Any = _no_match
        _KEPT.pop(self.number, None)

    def keep(
        self, program: Program, verify: int | None, result: Any, args: Any, kwargs: Any
    ) -> None:
        """The program, and what it gives: a tree like `result`, with all that is no array in it."""
        self.build = builder(result, [x is _ARRAY for x in self.leaves])
        self.program, self.run, self.nbytes = program, program.run, program.nbytes
        self.match = matcher(args, kwargs) or _no_match
        self.until = np.inf if verify == 0 else 1
        self.why = _DIFFER
        _KEPT.pop(self.number, None)
        _KEPT[self.number] = self
        for other in list(_KEPT.values()):
            if kept_bytes() <= paths.PROGRAMS_UP_TO_BYTES:
                break
            if other is not self:
                other.drop()
                other.why = _RELEASED
                other.traces *= not other.replays
                other.replays = 0

    def replayed(self, verify: int | None) -> None:
        """One more; which is the next that is compared?"""
        self.replays += 1
        self.until = (verify or np.inf) if self.until <= 1 else self.until - 1


_ARRAY = object()


def _no_match(args: Any, kwargs: Any) -> Any:
    return None


def _is_array(x: Any) -> bool:
    return isinstance(x, (np.ndarray, np.generic))


def _changed(x: Any) -> Any:
    """Other data of the same kind: the elements in another order, a little larger, and not 0."""
    if type(x) is not np.ndarray:
        return _copied(x)
    others = np.roll(x, 1)
    if others.dtype.kind in "fc":
        others = others * others.dtype.type(1 + 2**-9)
        others[others == 0] = 2**-9
    found = _copied(x)
    found[...] = others
    return found


def _copied(x: Any) -> Any:
    """A copy, which lies in memory as `x` does: on that the bits of a sum depend."""
    if type(x) is not np.ndarray or x.dtype.hasobject:
        return copy.deepcopy(x) if isinstance(x, (np.ndarray, np.random.Generator)) else x
    if x.flags.forc or not x.size:
        return x.copy(order="K")
    reach = [(n - 1) * step for n, step in zip(x.shape, x.strides, strict=True)]
    first = -sum([r for r in reach if r < 0])
    memory = np.empty(first + sum([r for r in reach if r > 0]) + x.itemsize, np.uint8)
    found: Any = np.ndarray(x.shape, x.dtype, memory, first, x.strides)
    found[...] = x
    return found


def _restore(arrays: list[Any], states: list[Any]) -> None:
    generators = [x for x in arrays if type(x) is not np.ndarray]
    for generator, state in zip(generators, states, strict=True):
        generator.bit_generator.state = state


def _is_part(array: Any, whole: Any) -> bool:
    """Whether an array is `whole`, or a view of it."""
    return isinstance(whole, np.ndarray) and root(array) is root(whole)


def _name(function: Any) -> str:
    return str(getattr(function, "__name__", type(function).__name__))
