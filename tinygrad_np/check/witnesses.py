"""Witnesses of a row's rules that need no differences, so that any point will do.

They are `value`, `definition`, `float32` and `layout`. `cases` says with which operands as
variables a row is tried, and `findings` runs witnesses, those of `atlas`, too. Cotangents are
random. An error is relative to what is compared, so that cancellation neither fails a right rule
nor passes a wrong one.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np

from ..core import tree
from ..core.arrays import Array
from ..core.calls import bind
from ..core.graph import leaf
from ..core.sweep import between, forward, reverse
from ..core.table import Row
from ..core.tensor import Tensor, apply, rebuilt, source_of, value_of
from .arguments import weights
from .reading import Tree

EXACT = 1e-12
"""Where both numbers come from the same sums in another order."""

ROUNDED = 1e-14
"""For values of composed rows that are complex: NumPy rounds a product of two complex numbers
otherwise than the same product inside arrays, and z**2 otherwise than np.power(z, 2), so that a
definition on Tensors may differ in the last place from the same definition on numbers."""

FLOAT32 = 1e-4
"""Relative to the largest component: some 1,000 roundings of float32."""

SINGLE = {"f": np.float32, "c": np.complex64}

RAISED = (ArithmeticError, AttributeError, LookupError, TypeError, ValueError)
"""What a wrong rule may raise."""


class Finding(NamedTuple):
    """What one witness says: the error found, the error allowed, and where."""

    witness: str
    error: float
    allowed: float
    where: str
    fault: str = ""
    """the exception, if there was one"""

    @property
    def is_right(self) -> bool:
        """Whether the error is within what is allowed; False for nan."""
        return self.error <= self.allowed


Witness = Callable[["Case", float, np.random.Generator], tuple[float, float]]
"""(a case, the reach of its sample, random numbers) → (error, what is allowed)"""


@dataclass(eq=False)
class Case:
    """A call of a row with some of its floating operands as variables.

    `places` has the numbers of these among the leaves of (args, kwargs), with what to call each:
    the position or keyword of the argument, and how it is reached in nested lists.
    """

    row: Row
    args: Tree
    kwargs: Tree
    places: dict[int, tuple[Any, str]]
    through: Callable[..., Any] | None
    """what calls the function: (function, *args, **kwargs) → its results"""

    def __post_init__(self) -> None:
        self.leaves = tree.leaves((self.args, self.kwargs))
        self.values = [self.leaves[number] for number in self.places]

    def call(self, values: list[Array], function: Callable[..., Any]) -> list[Any]:
        """``function(args, kwargs)`` with other values of the variables: what has a derivative."""
        leaves = list(self.leaves)
        for number, value in zip(self.places, values, strict=True):
            leaves[number] = value
        remaining = iter(leaves)
        args, kwargs = tree.map(lambda _: next(remaining), (self.args, self.kwargs))
        through = self.through or (lambda function, *args, **kwargs: function(*args, **kwargs))
        results = through(function, *args, **kwargs)
        if not isinstance(results, (list, tuple)):
            return [results]
        constant = self.row.constant_outputs or ()
        found: list[Any] = []
        for i, result in enumerate(results):
            if i not in constant:  # a result may be a list of arrays itself
                found += result if isinstance(result, (list, tuple)) else [result]
        return found

    def plain(self, values: list[Array]) -> list[Array]:
        """The results as the function itself gives them."""
        return self.call(values, self.row.function)

    def recorded(self, values: list[Any]) -> list[Any]:
        """The results of the recorded call."""
        return self.call(values, lambda *args, **kwargs: apply(self.row, args, kwargs))


def cases(row: Row, args: Tree, kwargs: Tree, through: Any = None) -> Iterator[Case]:
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

    def __init__(self, case: Case, values: list[Array]) -> None:
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
        except RAISED as raised:
            fault = f"{type(raised).__name__}: {raised}"
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
) -> tuple[list[Array], list[Array]]:
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


def value(case: Case, reach: float, rng: np.random.Generator) -> tuple[float, float]:
    """The recorded call against the function, to the bit.

    Complex numbers of a composed row may differ by the rounding of a product.
    """
    found, expected = case.recorded([Tensor(x) for x in case.values]), case.plain(case.values)
    is_composed = case.row.kind == "composed"
    # A composed row may be constant in one of its operands: that is for the derivative to tell.
    if not is_composed and not any(isinstance(a, Tensor) for a in found):
        return np.inf, 0.0
    found = [value_of(a) for a in found]
    if _differ_in_kind(found, expected):
        return np.inf, 0.0
    apart = [(a, b) for a, b in zip(found, expected, strict=True) if not np.array_equal(a, b)]
    if any(not is_composed or a.dtype.kind != "c" for a, _ in apart):
        return np.inf, 0.0
    allowed = max([ROUNDED * float(np.max(np.abs(b))) for _, b in apart], default=0.0)
    return error_of([a for a, _ in apart], [b for _, b in apart]), allowed


def definition(case: Case, reach: float, rng: np.random.Generator) -> tuple[float, float]:
    """The definition of a composed row against the function whose value the row has."""
    row: Any = case.row

    def defined(*args: Any, **kwargs: Any) -> Any:
        bound = [*bind(row, args, kwargs), row.function(*args, **kwargs)]
        return row.definition(*[bound[position] for position in row.needs])

    found, expected = case.call(case.values, defined), case.plain(case.values)
    if _differ_in_kind(found, expected):
        return np.inf, 0.0
    largest = [float(np.max(np.abs(b), initial=0.0, where=np.isfinite(b))) for b in expected]
    return error_of(found, expected), EXACT * max(largest, default=0.0)


def _differ_in_kind(found: list[Any], expected: list[Any]) -> bool:
    """Whether dtypes or shapes are other ones."""
    pairs = zip(map(np.asarray, found), map(np.asarray, expected), strict=True)
    return any(a.dtype != b.dtype or a.shape != b.shape for a, b in pairs)


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

    def every_other(array: Array) -> Array:
        return np.stack([array, np.full_like(array, np.nan)], -1)[..., 0]

    def backwards(array: Array) -> Array:
        return array[::-1].copy()[::-1] if array.ndim else array.copy()

    derivative = Linearised(case, case.values)
    us = random_directions(derivative, rng)[0]
    expected = derivative.vjp(us)
    error = 0.0
    for laid_out in (fortran, every_other, backwards):
        values = [laid_out(value) for value in case.values]
        seeds = [laid_out(u) for u in us]
        for array in (*values, *seeds):
            array.flags.writeable = False  # whoever writes raises
        found = Linearised(case, values).vjp(seeds)
        error = np.maximum(error, error_of(found, expected, is_relative=True))
    return error, EXACT


def fortran(array: Array) -> Array:
    """The array in the order of Fortran."""
    return np.array(array, order="F")


def single(arguments: Tree) -> Tree:
    """A tree with arrays of single precision in place of those of double."""

    def narrowed(x: Any) -> Any:
        kind = x.dtype.kind if isinstance(x, np.ndarray) else ""
        return x.astype(SINGLE[kind]) if kind in SINGLE else x

    return tree.map(narrowed, arguments)
