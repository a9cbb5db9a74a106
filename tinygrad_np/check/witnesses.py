"""Witnesses of a row's rules that need no differences, so that any point will do.

`exact_witnesses` tries a row at some operands and gives a `Finding` for each of

- *value*: the recorded call gives exactly what the function gives on arrays; a composed one of
  complex numbers up to the rounding of a product.
- *definition*: of a composed row whose value is the function's own, that the definition has the
  same value, up to roundings.
- *float32*: dtypes are kept, and the gradient is that of float64 to 1e-4.
- *layout*: strided, reversed and read-only operands give the same; nothing is written into.

`cases` says with which operands as variables, `findings` runs witnesses, also those of `atlas`.
Cotangents are random. An error is relative to what is compared, so that cancellation neither fails
a right rule nor passes a wrong one.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator, Sequence
from typing import Any, NamedTuple

import numpy as np

from .. import tree
from ..graph import between, forward, leaf, reverse
from ..rules.calls import bind
from ..rules.table import Row
from ..tensor import Tensor, apply, rebuilt, source_of, value_of
from .arguments import weights

EXACT = 1e-12
"""Where both numbers come from the same sums in another order."""

ROUNDED = 1e-14
"""For values of composed rows that are complex: NumPy rounds a product of two complex numbers
otherwise than the same product inside arrays, and z**2 otherwise than np.power(z, 2), so that a
definition on Tensors may differ in the last place from the same definition on numbers."""

FLOAT32 = 1e-4
"""Relative to the largest component: some 1,000 roundings of float32."""

SINGLE = {"f": np.float32, "c": np.complex64}


class Finding(NamedTuple):
    """What one witness says: the error found, the error allowed, and where."""

    witness: str
    error: float
    allowed: float
    where: str
    fault: str = ""
    """the exception, if there was one"""
    is_unsteady: bool = False
    """whether `allowed` is what roundings make of it"""

    @property
    def is_right(self) -> bool:
        """Whether the error is within what is allowed; False for nan."""
        return self.error <= self.allowed


Witness = Callable[["Case", float, np.random.Generator], tuple[float, float]]
"""(a case, the reach of its sample, random numbers) → (error, what is allowed)"""


class Case:
    """A call of a row with some of its floating operands as variables.

    `places` has the numbers of these among the leaves of (args, kwargs), with what to call each:
    the position or keyword of the argument, and how it is reached in nested lists.
    """

    def __init__(
        self, row: Row, args: Any, kwargs: Any, places: dict[int, tuple[Any, str]], through: Any
    ) -> None:
        self.row = row
        self.args = args
        self.kwargs = kwargs
        self.places = places
        self.through = through
        self.leaves = tree.leaves((args, kwargs))
        self.values = [self.leaves[number] for number in places]

    def call(self, values: list[Any], function: Any) -> list[Any]:
        """``function(args, kwargs)`` with other values of the variables: what has a derivative."""
        leaves = list(self.leaves)
        for number, value in zip(self.places, values, strict=True):
            leaves[number] = value
        remaining = iter(leaves)
        args, kwargs = tree.map(lambda _: next(remaining), (self.args, self.kwargs))
        if self.through is None:
            results = function(*args, **kwargs)
        else:
            results = self.through(function, *args, **kwargs)
        if not isinstance(results, (list, tuple)):
            return [results]
        constant = self.row.constant_outputs or ()
        found: list[Any] = []
        for i, result in enumerate(results):
            if i not in constant:  # a result may be a list of arrays itself
                found += result if isinstance(result, (list, tuple)) else [result]
        return found

    def plain(self, values: list[Any]) -> list[Any]:
        """The results as the function itself gives them."""
        return self.call(values, self.row.function)

    def defined(self, values: list[Any]) -> list[Any]:
        """The results of a composed row's definition."""
        row: Any = self.row

        def definition(*args: Any, **kwargs: Any) -> Any:
            bound = [*bind(row, args, kwargs), row.function(*args, **kwargs)]
            return row.definition(*[bound[position] for position in row.needs])

        return self.call(values, definition)

    def recorded(self, values: list[Any]) -> list[Any]:
        """The results of the recorded call."""
        return self.call(values, lambda *args, **kwargs: apply(self.row, args, kwargs))


def cases(row: Row, args: Any, kwargs: Any, through: Any = None) -> Iterator[Case]:
    """The call with all its floating operands as variables, and with each of them alone."""
    numbers = itertools.count()
    found = []
    for key, argument in [*enumerate(args), *kwargs.items()]:
        position = position_of(row, key)
        for path, value in zip(tree.paths(argument), tree.leaves(argument), strict=True):
            number = next(numbers)
            is_array = isinstance(value, np.ndarray) and value.dtype.kind in "fc"
            if is_array and position in row.operands:
                found.append((position, number, (key, path)))
    places = {number: place for _, number, place in sorted(found)}
    yield Case(row, args, kwargs, places, through)
    if len(places) > 1:
        for number, place in places.items():
            yield Case(row, args, kwargs, {number: place}, through)


def position_of(row: Row, key: int | str) -> int:
    """The position in a row's signature of an argument that is given by position or keyword."""
    if isinstance(key, int):
        return key if row.rest is None else min(key, row.rest)
    name = row.aliases.get(key, key)
    return row.names.index(name) if name in row.names else -1


class Linearised:
    """The derivative of a case at a point, in both modes."""

    def __init__(self, case: Case, values: list[Any]) -> None:
        # Not Tensor(value), whose copy would undo the layout that is to be tried.
        arrays = [np.asarray(value) for value in values]
        self.tensors = [rebuilt(value, leaf(value.shape, value.dtype)) for value in arrays]
        self.results = case.recorded(self.tensors)
        self.inputs: list[Any] = [source_of(tensor) for tensor in self.tensors]
        # Of several results some may be constant here, which are plain arrays and have no source.
        self.outputs: list[Any] = [
            source_of(x) if isinstance(x, Tensor) else None for x in self.results
        ]

    def vjp(self, us: list[Any], recorded: bool = False) -> list[Any]:
        """The operands' cotangents; as Tensors, to be differentiated again, if `recorded`."""
        pairs = zip(self.outputs, us, strict=True)
        seeds = [(source, u) for source, u in pairs if source is not None]
        found: Any = reverse(seeds, self.inputs, rebuilt if recorded else None)
        return [
            np.zeros_like(value_of(x)) if found[node] is None else found[node]
            for x, node in zip(self.tensors, self.inputs, strict=True)
        ]

    def jvp(self, vs: list[Any], recorded: bool = False) -> list[Any]:
        """The results' tangents; as Tensors, to be differentiated again, if `recorded`."""
        order, _ = between([x for x in self.outputs if x is not None], self.inputs)
        tangents = dict(zip(self.inputs, vs, strict=True))
        found = forward(order, tangents, self.outputs, rebuilt if recorded else None)
        return [
            np.zeros(x.shape, x.dtype) if t is None else t
            for x, t in zip(self.results, found, strict=True)
        ]


def exact_witnesses(row: Row, args: tuple[Any, ...], seed: int = 0) -> Iterator[Finding]:
    """The findings of *value*, *float32* and *layout*, and of *definition* where there is one.

    Where *float32* or *layout* see more than they allow, but no more than roundings make of this
    derivative, which is ill-conditioned then, that is allowed, and `unsteady`.
    """
    chosen: list[Witness] = [definition] if row.own_value else []
    for number, case in enumerate(cases(row, args, {})):
        for found in findings(case, [*chosen, value, float32, layout], 1.0, [seed, number]):
            is_single = found.witness == "float32"
            may_round = is_single or found.witness == "layout"
            if may_round and not found.is_right and np.isfinite(found.error):
                converted = single if is_single else _fortran
                moved = _moved(case, np.finfo(np.float32 if is_single else float).eps, seed)
                moved = max(moved, 16 * _own_error(case, converted))
                if found.error <= moved:
                    found = found._replace(allowed=moved, is_unsteady=True)
            yield found


def findings(
    case: Case, chosen: Sequence[Witness], reach: float, seed: list[int]
) -> Iterator[Finding]:
    """What each of the chosen witnesses says; a rule that raises has an infinite error."""
    rng = np.random.default_rng(seed)
    for witness in chosen:
        name = witness.__name__.replace("_", " ")
        where = f"{case.row.name}{described(case)}, seed {seed}"
        try:
            with np.errstate(all="ignore"):
                error, allowed = witness(case, reach, rng)
        except (ArithmeticError, AttributeError, LookupError, TypeError, ValueError) as error_:
            fault = f"{type(error_).__name__}: {error_}"
            yield Finding(name, np.inf, 0.0, f"{where}: {fault}", fault)
        else:
            yield Finding(name, error, allowed, where)


def described(case: Case) -> str:
    """The variables of a case, with their shapes."""
    shapes = ", ".join(
        f"{key}{path}: {value.shape}"
        for (key, path), value in zip(case.places.values(), case.values, strict=True)
    )
    return f" by {{{shapes}}}"


def random_directions(
    derivative: Linearised, rng: np.random.Generator
) -> tuple[list[Any], list[Any]]:
    """Random cotangents for the results and random tangents for the operands."""
    us = [weights(value_of(x), rng) for x in derivative.results]
    return us, [weights(value_of(x), rng) for x in derivative.tensors]


def error_of(found: Sequence[Any], expected: Sequence[Any], is_relative: bool = False) -> float:
    """The largest |Δ| of some arrays; relative to the largest component of each if so asked.

    It is nan, which no witness allows, where only one of the two is.
    """
    errors = [0.0]
    for a, b in zip(found, expected, strict=True):
        error = np.max(np.abs(a - b), initial=0.0)
        if not np.isfinite(error):  # what is the same is no error: inf, or nan
            apart = ~((a == b) | (np.isnan(a) & np.isnan(b)))
            error = np.max(np.abs(a - b), initial=0.0, where=apart)
        largest = np.max(np.abs(b), initial=1e-300, where=np.isfinite(b))
        errors.append(error / largest if is_relative else error)
    return float(np.max(errors))


def _own_error(case: Case, converted: Callable[[Any], Any]) -> float:
    """How far the function itself is off with operands that are `converted`."""
    with np.errstate(all="ignore"):
        found = case.plain([converted(x) for x in case.values])
        return error_of(found, case.plain(case.values), is_relative=True)


def _moved(case: Case, epsilon: Any, seed: int) -> float:
    """How far some roundings of operands and cotangents may move what the vjp makes of them."""
    rng = np.random.default_rng(seed)
    derivative = Linearised(case, case.values)
    us = random_directions(derivative, rng)[0]
    moved = 0.0
    with np.errstate(all="ignore"):
        for _ in range(4):
            values, seeds = [
                [x * (1 + 4 * epsilon * weights(x, rng)) for x in xs] for xs in (case.values, us)
            ]
            found = Linearised(case, values).vjp(seeds)
            # nan, beyond the edge of a domain, is no move
            moved = max(moved, error_of(found, derivative.vjp(us), is_relative=True))
    return 16 * moved


def value(case: Case, reach: float, rng: np.random.Generator) -> tuple[float, float]:
    """The recorded call against the function."""
    expected = case.plain(case.values)
    found = case.recorded([Tensor(value) for value in case.values])
    # A composed row may be constant in one of its operands: that is for the derivative to tell.
    if case.row.kind != "composed" and not any(isinstance(a, Tensor) for a in found):
        return np.inf, 0.0
    error = allowed = 0.0
    for a, b in zip(found, expected, strict=True):
        a, b = value_of(a), np.asarray(b)
        if a.dtype != b.dtype or a.shape != b.shape:
            return np.inf, 0.0
        if np.array_equal(a, b):
            continue
        if case.row.kind != "composed" or a.dtype.kind != "c":
            return np.inf, 0.0
        error = np.maximum(error, error_of([a], [b]))
        allowed = max(allowed, ROUNDED * np.max(np.abs(b)))
    return error, allowed


def definition(case: Case, reach: float, rng: np.random.Generator) -> tuple[float, float]:
    """The definition of a composed row against the function."""
    calls = case.defined(case.values), case.plain(case.values)
    found, expected = [list(map(np.asarray, results)) for results in calls]
    for a, b in zip(found, expected, strict=True):
        if a.dtype != b.dtype or a.shape != b.shape:
            return np.inf, 0.0
    largest = [float(np.max(np.abs(b), initial=0.0, where=np.isfinite(b))) for b in expected]
    return error_of(found, expected), EXACT * max(largest, default=0.0)


def float32(case: Case, reach: float, rng: np.random.Generator) -> tuple[float, float]:
    """Dtypes and the gradient in single precision, against double precision."""
    derivative = Linearised(case, case.values)
    us = random_directions(derivative, rng)[0]
    narrow = Case(case.row, single(case.args), single(case.kwargs), case.places, case.through)
    recorded = Linearised(narrow, narrow.values)
    for a, b in zip(recorded.results, narrow.plain(narrow.values), strict=True):
        if a.dtype != np.asarray(b).dtype:
            return np.inf, 0.0
    seeds = [u.astype(a.dtype) for u, a in zip(us, recorded.results, strict=True)]
    found, expected = recorded.vjp(seeds), derivative.vjp(us)
    if any(g.dtype != SINGLE[x.dtype.kind] for g, x in zip(found, expected, strict=True)):
        return np.inf, 0.0
    return error_of(found, expected, is_relative=True), FLOAT32


def layout(case: Case, reach: float, rng: np.random.Generator) -> tuple[float, float]:
    """The gradient by arrays that lie otherwise in memory, and are read-only."""
    derivative = Linearised(case, case.values)
    us = random_directions(derivative, rng)[0]
    expected = derivative.vjp(us)
    error = 0.0
    for laid_out in (_fortran, _every_other, _backwards):
        values = [laid_out(value) for value in case.values]
        seeds = [laid_out(u) for u in us]
        for array in (*values, *seeds):
            array.flags.writeable = False  # whoever writes raises
        found = Linearised(case, values).vjp(seeds)
        error = np.maximum(error, error_of(found, expected, is_relative=True))
    return error, EXACT


def _fortran(array: Any) -> Any:
    return np.array(array, order="F")


def _every_other(array: Any) -> Any:
    wide = np.full((*array.shape, 2), np.nan, array.dtype)
    wide[..., 0] = array
    return wide[..., 0]


def _backwards(array: Any) -> Any:
    return array[::-1].copy()[::-1] if array.ndim else array.copy()


def single(arguments: Any) -> Any:
    """A tree with arrays of single precision in place of those of double."""

    def narrowed(x: Any) -> Any:
        kind = x.dtype.kind if isinstance(x, np.ndarray) else ""
        return x.astype(SINGLE[kind]) if kind in SINGLE else x

    return tree.map(narrowed, arguments)
