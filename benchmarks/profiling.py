"""Where a step's time goes: kernels by name, recording, the sweep, Python; and its roofline.

`profile` times a step as it is, and with a clock in the package's calls (`instrumented`). The
`Clock` gives every moment to what is innermost then, so that its parts add up to the step, to the
nanosecond:

- a kernel: a function of the table on plain arrays, or one of its rules, without what is called
  from there and has a name of its own;
- recording: what else a call on Tensors does;
- the sweep: what else the sweeps do;
- Python: all else, which is the function itself, the transform around it, the update.

Of what `jit` replays, the kernels are what its program calls; nothing is recorded there or swept.

Two readings of the clock belong to every call of a part, and cost about a microsecond. By how much
they make the step longer is measured, and taken off, the same for every call; what is left between
the sum of the parts and the step as it is stands in a line of its own: the noise of the machine.
(`sys.setprofile` sees no ufuncs, and makes Python some times as slow.)

The roofline is what the same products and results take alone: each product of matrices as
`numpy.matmul` on operands of the same shapes and layouts, and a copy of every result that is
neither a view nor from a product. A step can only come near it; factorisations are not in it.
"""

from __future__ import annotations

import contextlib
import functools
import gc
import math
import sys
import time
import types
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

import numpy as np

from tinygrad_np.core import graph, sweep, tensor
from tinygrad_np.core.table import TABLE

RECORDING, SWEEP, PYTHON = "recording", "sweep", "Python"
ROUNDS, ROUND = 9, 0.02  # blocks of steps, and the seconds that one takes
MOST = 4.0  # so many times what it costs at least may a reading of the clock cost in a step
Wrap = Callable[[str, Callable[..., Any]], Callable[..., Any]]
"""(the name of a part, what belongs to it) → what is called in its place"""


class Clock:
    """Gives each moment to the part that is innermost then; the outermost one is "Python".

    >>> ticks = iter(range(10))
    >>> clock = Clock(lambda: next(ticks))
    >>> inner = clock.part("inner", lambda: None)
    >>> outer = clock.part("outer", lambda: (inner(), inner()))
    >>> clock.run(outer)
    >>> dict(clock.spent), dict(clock.calls)
    ({'Python': 2, 'outer': 3, 'inner': 2}, {'outer': 1, 'inner': 2})
    """

    def __init__(self, now: Callable[[], int] = time.perf_counter_ns) -> None:
        self.now = now
        self.spent: defaultdict[str, int] = defaultdict(int)
        self.calls: Counter[str] = Counter()
        self.made: Counter[str] = Counter()  # calls of other parts, by who made them
        self._inside = [PYTHON]
        self._last = 0

    def part(self, name: str, function: Callable[..., Any]) -> Callable[..., Any]:
        """`function`, whose time is that of part `name`."""
        now, spent, calls, made, inside = self.now, self.spent, self.calls, self.made, self._inside

        def timed(*args: Any, **kwargs: Any) -> Any:
            outer = inside[-1]
            inside.append(name)
            calls[name] += 1
            made[outer] += 1
            moment = now()
            spent[outer] += moment - self._last
            self._last = moment
            try:
                return function(*args, **kwargs)
            finally:
                moment = now()
                spent[name] += moment - self._last
                self._last = moment
                inside.pop()

        return timed

    def run(self, step: Callable[[], Any], times: int = 1) -> None:
        """Carry out the step, all of it on the clock."""
        self._last = self.now()
        for _ in range(times):
            step()
        self.spent[PYTHON] += self.now() - self._last

    def corrected(self, inside: float, outside: float) -> dict[str, float]:
        """Nanoseconds by part, without what a call costs inside of its part, and around it."""
        return {
            name: spent - self.calls[name] * inside - self.made[name] * outside
            for name, spent in self.spent.items()
        }


def cost_of_a_call(times: int = 2000) -> tuple[float, float]:
    """Nanoseconds that a part costs for each call, at least: inside of it, and where it is called.

    That is with everything in the cache; in a step it is more.
    """
    found = []
    for _ in range(5):
        clock = Clock()
        timed = clock.part("nothing", _nothing)
        bare = _seconds(functools.partial(_nothing, 1, 2), times) * 1e9
        clock.run(functools.partial(timed, 1, 2), times)
        inside, outside = [clock.spent[name] / times for name in ("nothing", PYTHON)]
        found.append((inside, max(0.0, outside - bare)))
    return min(inside for inside, _ in found), min(outside for _, outside in found)


def _nothing(x: Any, y: Any) -> None:
    pass


def _seconds(step: Callable[[], Any], times: int) -> float:
    began = time.perf_counter()
    for _ in range(times):
        step()
    return (time.perf_counter() - began) / times


# The package's calls


@contextlib.contextmanager
def instrumented(wrap: Wrap) -> Iterator[None]:
    """A block in which the kernels, rules, calls and sweeps are what `wrap` makes of them.

    What a step calls must have been called before: calls and rules are prepared at the first time,
    and only what is prepared then is seen.
    """
    with contextlib.ExitStack() as restored:

        def put(place: Any, name: str, value: Any) -> None:
            restored.callback(setattr, place, name, getattr(place, name))
            setattr(place, name, value)

        for row in list(TABLE.values()):
            _row(row, wrap, put, restored)
        for function in _array_functions():
            kernel = function.implementation
            timed = wrap(function.__name__, kernel)
            put(function, "implementation", timed)
            _entries(function.calls, {kernel: timed}, restored)
        for kind in graph.LazyArray.__subclasses__():
            put(kind, "materialize", wrap(kind.__name__, kind.materialize))
        for function in (sweep.reverse, sweep.forward):
            _everywhere(function, wrap(SWEEP, _through(function, wrap)), put)
        for name in ("apply", "_unary", "_binary"):
            function = getattr(tensor, name, None)
            if function is not None:
                _everywhere(function, wrap(RECORDING, function), put)
        for name in ("__array_ufunc__", "__array_function__"):
            put(tensor.Tensor, name, wrap(RECORDING, getattr(tensor.Tensor, name)))
        for program in _programs():
            for name, value in list(program.items()):
                if callable(value) and not isinstance(value, type):
                    restored.callback(program.__setitem__, name, value)
                    program[name] = wrap(name.rstrip("0123456789"), value)
        yield


def _row(row: Any, wrap: Wrap, put: Any, restored: contextlib.ExitStack) -> None:
    kernel = row.kernel
    timed: Any = wrap(row.name, kernel)
    if isinstance(kernel, np.ufunc):  # what hands out memory for large results looks at these
        timed.nin, timed.nout, timed.types = kernel.nin, kernel.nout, kernel.types
    for call in list(row.calls.values()):
        for cell in (
            getattr(call, "__closure__", None) or ()
        ):  # a call written out has them for names
            if cell.cell_contents is kernel:
                restored.callback(setattr, cell, "cell_contents", kernel)
                cell.cell_contents = timed
    replaced = {kernel: timed}
    if hasattr(row.function, "implementation"):  # a Tensor's own ways lead to those of NumPy's
        written = [call for call in row.calls.values() if call is not kernel]
        replaced |= {call: wrap(RECORDING, call) for call in written}
    _entries(row.calls, replaced, restored)
    put(row, "kernel", timed)
    for plan in row.plans.values():
        for mode, word in (("vjps", "by"), ("jvps", "along")):
            named = zip(plan.positions, getattr(plan, mode), strict=True)
            rules = [
                (wrap(f"{row.name}, {word} {row.names[position]}", rule), slot)
                for position, (rule, slot) in named
            ]
            put(plan, mode, rules)


def _entries(calls: dict[Any, Any], others: dict[Any, Any], restored: Any) -> None:
    """Put others in place of the values of a dictionary, until all is restored."""
    before = dict(calls)

    def restore() -> None:
        calls.clear()
        calls.update(before)

    restored.callback(restore)
    calls.update({key: others.get(value, value) for key, value in before.items()})


def _programs() -> list[dict[str, Any]]:
    """What the programs that `jit` has written call, by their names there."""
    functions = [x for x in gc.get_objects() if type(x) is types.FunctionType]
    return [x.__globals__ for x in functions if x.__code__.co_filename == "<tinygrad_np jit>"]


def _modules() -> list[Any]:
    return [module for name, module in list(sys.modules.items()) if name.startswith("tinygrad_np")]


def _array_functions() -> list[Any]:
    """Those of the package's array functions that have no row, and so no derivative."""
    found = {
        id(value): value
        for module in _modules()
        for value in list(vars(module).values())
        if hasattr(value, "implementation") and hasattr(value, "calls") and value not in TABLE
    }
    return list(found.values())


def _everywhere(function: Any, other: Any, put: Any) -> None:
    """Put `other` in place of a function in all modules that import it."""
    for module in _modules():
        for name, value in list(vars(module).items()):
            if value is function:
                put(module, name, other)


def _through(function: Callable[..., Any], wrap: Wrap) -> Callable[..., Any]:
    """A sweep whose carrier's rules are parts, too."""

    def swept(*args: Any, carrier: Any = None, **kwargs: Any) -> Any:
        return function(*args, carrier=carrier and _Carrier(carrier, wrap), **kwargs)

    return swept


class _Carrier:
    """A carrier of stacks of cotangents or tangents, with its rules as parts."""

    def __init__(self, carrier: Any, wrap: Wrap) -> None:
        self.carrier, self.wrap = carrier, wrap
        self.sum = carrier.sum

    def rules(self, node: Any) -> list[Any]:
        name = f"{node.plan.row.name}, stacked"
        return [(self.wrap(name, rule), slot) for rule, slot in self.carrier.rules(node)]


# What a step consists of


class Product(NamedTuple):
    """A product of matrices: the operands' shapes, which of them are transposed, and the dtype."""

    a: tuple[int, ...]
    b: tuple[int, ...]
    transposed: tuple[bool, bool]
    dtype: str

    @property
    def operations(self) -> int:
        """Multiplications and additions."""
        a = self.a if len(self.a) > 1 else (1, *self.a)
        b = self.b if len(self.b) > 1 else (*self.b, 1)
        stacks = math.prod(np.broadcast_shapes(a[:-2], b[:-2]))
        return 2 * stacks * a[-2] * a[-1] * b[-1]


class Work(NamedTuple):
    """What a step has to do: so many products of each kind, and results by their bytes."""

    products: Counter[Product]
    results: Counter[int]


def work_of(step: Callable[[], Any]) -> Work:
    """The products of a step, and the results of its innermost kernels, but views and products."""
    work = Work(Counter(), Counter())
    inner = [0]  # for each kernel that has begun: how many kernels and products it consists of

    def noted(name: str, function: Callable[..., Any]) -> Callable[..., Any]:
        if name in (RECORDING, SWEEP):
            return function
        product = _PRODUCTS.get(id(function))
        operands = function.nin if isinstance(function, np.ufunc) else None

        def kernel(*args: Any, **kwargs: Any) -> Any:
            inner[-1] += 1
            inner.append(0)
            try:
                result = (product or function)(*args, **kwargs)
            finally:
                consists = inner.pop()
            if not consists:
                for size in _new_arrays(result, args[:operands]):
                    work.results[size] += 1
            return result

        return kernel

    def counted(function: Callable[..., Any]) -> Callable[..., Any]:
        def product(*args: Any, **kwargs: Any) -> Any:
            if all(type(x) is np.ndarray and x.ndim for x in args[:2]):
                inner[-1] += 1
                work.products[_product(*args[:2])] += 1
            return function(*args, **kwargs)

        return product

    _PRODUCTS.update({id(f): counted(f) for f in (np.dot, np.matmul)})
    try:
        with instrumented(noted), contextlib.ExitStack() as restored:
            for module in _modules():
                if vars(module).get("np") is np and module.__name__ not in _ASK_FOR_MATMUL:
                    restored.callback(setattr, module, "np", np)
                    module.np = _Numpy()
            step()
    finally:
        _PRODUCTS.clear()
    return work


_PRODUCTS: dict[int, Callable[..., Any]] = {}
# There the function itself is asked for (``function is np.matmul``), and no product is carried out.
_ASK_FOR_MATMUL = {
    f"tinygrad_np.fast.{name}" for name in ("stacks", "program", "trace", "traced_sweep")
}


class _Numpy:
    """NumPy to a module of the package, with products that are counted."""

    def __getattr__(self, name: str) -> Any:
        found = getattr(np, name)
        return _PRODUCTS.get(id(found), found)


def _product(a: Any, b: Any) -> Product:
    transposed = [x.ndim > 1 and abs(x.strides[-2]) < abs(x.strides[-1]) for x in (a, b)]
    return Product(a.shape, b.shape, (transposed[0], transposed[1]), np.result_type(a, b).name)


def _new_arrays(result: Any, args: Any) -> list[int]:
    """The bytes of each array in a kernel's result that is no view of an argument."""
    given = [x for x in _leaves(args) if isinstance(x, np.ndarray)]
    return [
        x.nbytes
        for x in _leaves(result)
        if isinstance(x, np.ndarray) and not any(np.may_share_memory(x, y) for y in given)
    ]


def _leaves(x: Any) -> list[Any]:
    return [leaf for y in x for leaf in _leaves(y)] if isinstance(x, (tuple, list)) else [x]


# The roofline


def alone(work: Work) -> dict[str, Any]:
    """Seconds that products and copies take alone, with the operations and bytes of a step."""
    products = [
        [*product, count, product.operations * count, _product_seconds(product) * count]
        for product, count in work.products.items()
    ]
    return {
        "products": products,
        "operations": sum(row[-2] for row in products),
        "product seconds": sum(row[-1] for row in products),
        "bytes": sum(size * count for size, count in work.results.items()),
        "copy seconds": sum(
            _copy_seconds(size) * count for size, count in work.results.items() if size
        ),
    }


def _product_seconds(product: Product) -> float:
    rng = np.random.default_rng(0)
    operands = []
    for shape, transposed in zip(product[:2], product.transposed, strict=True):
        drawn = rng.normal(size=(*shape[:-2], *shape[:-3:-1]) if transposed else shape)
        drawn = drawn.astype(product.dtype)
        operands.append(drawn.swapaxes(-1, -2) if transposed else drawn)
    a, b = operands
    out = np.matmul(a, b)
    if not out.ndim:
        return _least(lambda: np.dot(a, b))
    return _least(lambda: np.matmul(a, b, out=out))


def _copy_seconds(size: int) -> float:
    source, target = np.ones(size, np.uint8), np.zeros(size, np.uint8)
    return _least(lambda: np.copyto(target, source))


def _least(step: Callable[[], Any], rounds: int = 5) -> float:
    """The least seconds of a few rounds, each of some milliseconds."""
    times = max(1, int(2e-3 / (_seconds(step, 1) + 1e-9)))
    return min(_seconds(step, times) for _ in range(rounds))


# All of it


def profile(step: Callable[[], Any], rounds: int = ROUNDS) -> dict[str, Any]:
    """Seconds of a step by part: "kernels" by name, "recording", "sweep", "Python", and "rest".

    They add up to "step", the median of the step as it is; "with the clock" is what it takes with
    the clock, whose cost is taken off the parts. "calls" has how often a kernel is called,
    "roofline" is what `alone` gives. The step must have been carried out before.
    """
    once = min(_seconds(step, 1) for _ in range(2))
    times = max(1, round(ROUND / once))
    plain, clocks = [], []
    for _ in range(rounds):
        plain.append(_seconds(step, times))
        clock = Clock()
        with instrumented(clock.part):
            clock.run(step, times)
        clocks.append(clock)
    clocks.sort(key=lambda clock: sum(clock.spent.values()))
    clock = clocks[rounds // 2]
    parts = shares(clock, times, float(np.median(plain)), cost_of_a_call())
    return {**parts, "roofline": alone(work_of(step))}


def shares(clock: Clock, times: int, plain: float, least: tuple[float, float]) -> dict[str, Any]:
    """What a clock says of each of `times` steps, which take `plain` seconds without it.

    A call costs what the step takes longer with the clock, over the calls; but between once and
    `MOST` times `least`, of `cost_of_a_call`, which also says how much of it is inside of a part.
    """
    longer = sum(clock.spent.values()) - plain * times * 1e9
    cost = longer / max(1, clock.calls.total()) / max(1e-9, sum(least))
    inside, outside = [min(max(cost, 1.0), MOST) * part for part in least]
    corrected = clock.corrected(inside, outside)
    seconds = {name: spent / times / 1e9 for name, spent in corrected.items()}
    kernels = {
        name: seconds[name]
        for name in sorted(seconds, key=lambda name: -seconds[name])
        if name not in (RECORDING, SWEEP, PYTHON)
    }
    parts = {name: seconds.get(name, 0.0) for name in (RECORDING, SWEEP, PYTHON)}
    return {
        "step": plain,
        "with the clock": sum(clock.spent.values()) / times / 1e9,
        "kernels": kernels,
        "calls": {name: clock.calls[name] / times for name in kernels},
        **parts,
        "rest": plain - math.fsum([*kernels.values(), *parts.values()]),
    }


def in_words(found: dict[str, Any], most: int = 12) -> str:
    """A profile as a table: a line a part, with its calls and its share of the step."""
    step, kernels = found["step"], dict(found["kernels"])
    lines = []

    def line(name: str, seconds: float, calls: str = "") -> None:
        lines.append(f"    {name:<42}{calls:>6}{shown(seconds)}{seconds / step:>7.0%}")

    for name in list(kernels)[:most]:
        line(name, kernels.pop(name), f"{found['calls'][name]:g} ×")
    if kernels:
        line(f"{len(kernels)} other kernels", math.fsum(kernels.values()))
    line("kernels, together", math.fsum(found["kernels"].values()))
    for name in (RECORDING, SWEEP, PYTHON, "rest"):
        line(name, found[name])
    line("the step", step)
    with_clock = found["with the clock"]
    lines.append(
        f"    (with the clock in it, whose cost is taken off: {shown(with_clock).strip()})"
    )
    roofline = found["roofline"]
    products, copies = roofline["product seconds"], roofline["copy seconds"]
    rate = f" at {roofline['operations'] / products / 1e9:.0f} GFLOP/s" if products else ""
    line(f"alone: the products{rate}", products)
    line(f"alone: copies of {roofline['bytes'] / 1e6:.2f} MB of results", copies)
    line("the roofline, of both", products + copies)
    return "\n".join(lines)


def shown(seconds: float) -> str:
    """Seconds with a unit, in ten characters.

    >>> shown(0.0123), shown(1.5e-6)
    ('  12.30 ms', '    1.5 µs')
    """
    return f"{seconds * 1e3:7.2f} ms" if abs(seconds) >= 1e-3 else f"{seconds * 1e6:7.1f} µs"
