"""check_jacobian: is a hand-written Jacobian right, and if not, which of its elements?

>>> def f(x):
...     return np.array([x[0] * x[1], np.sin(x[1])])
>>> def jacobian(x):
...     return [[x[1], x[0]], [0.0, -np.cos(x[1])]]
>>> report = check_jacobian(f, jacobian, np.array([2.0, 0.5]))
>>> print(report.verdict, report.hints)
wrong ['element [1, 1] only: it should be 0.877583, not -0.877583; the others are right']
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np

from .. import tree
from ..argnums import Argnums
from ..kernels.dispatch import explained
from .arguments import Array, copied, fitted, not_finite, numbers, paired, split, variables, weighed
from .gradient import function, largest
from .hints import matrix_hints
from .leaves import OUTSIDE, SHOWN, Claim, Leaf, check_leaves
from .report import Report, Row, digits, named, summary
from .slopes import Place, Probe, SlopeCheck, power_of_two, scales, search


@explained
def check_jacobian(
    f: Callable[..., Any],
    jacobian: Callable[..., Any] | Any,
    *args: Any,
    argnums: Argnums = 0,
    seed: int = 0,
) -> Report:
    """Compare a hand-written Jacobian of `f` at `args` with differences.

    `f` takes `args` and returns a floating array of any shape, or a tree of them. `jacobian` is a
    function of `args`, or what it would return: for results of shape (*out), and an argument of
    shape (*in), an array of shape (*out, *in), as of `jacobian` here and in JAX, and of ``jac`` in
    SciPy. Nested lists and SciPy's sparse matrices will do. For trees it is a tree like the results
    of trees like the argument `argnums`, or of tuples of these if that is a tuple.

    There is a row for each array of the Jacobian, whose verdict is as in `check_gradient`: it is
    that of a sum of the results with random weights, drawn by `seed`, which make rows alike in
    size. `components` are the elements that are wrong, by row and column; `hints` say if it is one
    alone, or all by a factor, or transposed. Complex results of complex arguments have to be
    holomorphic; of real results it is ∂/∂x − i ∂/∂y.

    Raises ``TypeError`` and ``ValueError`` as `check_gradient` does.
    """
    name = "check_jacobian"
    function(name, f)
    x, full, called = variables(name, args, argnums)
    inputs = [numbers(leaf, f"{name}: {called} is") for leaf in tree.leaves(x)]
    with np.errstate(all="ignore"):
        results = f(*full(copied(x)))
    paths = tree.paths(results)
    ys = [_result(name, y, p) for y, p in zip(tree.leaves(results), paths, strict=True)]

    def blocks(given: Any) -> list[list[Array]]:
        """For each result, the arrays of the Jacobian by each array of the argument."""
        given = given.toarray() if hasattr(given, "toarray") else given
        what, by = f"{name}: the Jacobian", f"f(x) by {called}"
        parts = paired(what, results, given, "f(x)")
        return [
            fitted(f"{what} at {path}" if path else what, x, part, by, y)
            for (path, _, part), y in zip(parts, ys, strict=True)
        ]

    is_function = callable(jacobian)
    with np.errstate(all="ignore"):
        claimed = blocks(jacobian(*full(copied(x))) if is_function else jacobian)
    rng = np.random.default_rng(seed)

    def parts_of(k: int) -> list[_Block]:
        """The arrays of the Jacobian of a result."""
        u = _weights(ys[k], claimed[k], inputs, rng)

        def output(x: Any) -> Array:
            return np.asarray(tree.leaves(f(*full(x)))[k])

        def pulled(of: list[Array]) -> Any:
            pairs = zip(of, inputs, strict=True)
            return tree.unflatten(x, [_pulled(u, block, leaf) for block, leaf in pairs])

        def gradient(x: Any) -> Any:
            return pulled(blocks(jacobian(*full(x)))[k])

        given = gradient if is_function else pulled(claimed[k])
        what = "uᵀ times the Jacobian"
        claim = Claim(name, lambda x: weighed([u], [output(x)]), given, x, called, what)
        leaves = check_leaves(claim, rng)
        return [_Block(paths[k], u, output, leaf, claimed[k][leaf.index]) for leaf in leaves]

    parts = [part for k in range(len(ys)) for part in parts_of(k)]
    most = largest([part.leaf for part in parts])
    rows = [part.row(most) for part in parts]
    components: list[Row] = []
    hints: list[tuple[str, str]] = []
    for part, row in zip(parts, rows, strict=True):
        if row.verdict == "wrong":
            faulty, texts = part.components_and_hints()
            components += faulty
            hints += [(row.leaf, text) for text in texts]
    headline = f"{summary(rows)} (seed {seed})"
    texts = named(hints)
    return Report(rows, "measured", headline=headline, components=components[:SHOWN], hints=texts)


class _Block(NamedTuple):
    """An array of the Jacobian: of one array of the results by one array of the argument."""

    path: str
    u: Array
    """the weights of the rows, of the shape of the result"""
    output: Callable[[Any], Array]
    """x → the result"""
    leaf: Leaf
    """uᵀ times the Jacobian, as a gradient"""
    matrix: Array

    def row(self, largest: float) -> Row:
        """A row of the report, in which what is not finite is named by its place here."""
        row = self.leaf.row(largest)
        path, shape = self.path + row.leaf, self.matrix.shape
        if self.leaf.fault and row.note.startswith(self.leaf.fault):
            note = not_finite(self.matrix) + row.note.removeprefix(self.leaf.fault)
            row = row._replace(note=note)
        return row._replace(leaf=path, shape=shape)

    def components_and_hints(self) -> tuple[list[Row], list[str]]:
        """The elements that are wrong, and what the mistake looks like."""
        leaf = self.leaf
        if not leaf.is_wrong:
            return [], []
        columns = leaf.mistakes()
        rows: list[Row] = []
        is_alone = columns.is_complete and len(columns.found) == 1
        for place, check in columns.found[:SHOWN]:
            found, is_complete = self._elements(place, check)
            rows += found
            is_alone = is_alone and is_complete and len(found) == 1
            if len(rows) >= SHOWN:
                break
        hints = [] if leaf.fault else matrix_hints(self.matrix, self._gradient, leaf.checks)
        if not hints and is_alone and len(rows) == 1:
            [row] = rows
            shown = digits(row)
            hints = [
                f"element {row.leaf.removeprefix(self.path)} only: it should be "
                f"{row.found:.{shown}g}, not {row.claimed:.{shown}g}; the others are right"
            ]
        return rows, hints

    def _elements(self, column: Place, along: SlopeCheck) -> tuple[list[Row], bool]:
        """The elements of a column that are wrong, worst first, and whether these are all."""
        leaf, is_complex = self.leaf, self.u.dtype.kind == "c"

        def results(t: float) -> tuple[Array, Array]:
            """The result, and what the Jacobian claims of its change."""
            moved = leaf.probe.at + t * along.direction
            values = list(leaf.claim.values)
            values[leaf.index] = leaf.tangent(moved)
            try:
                with np.errstate(all="ignore"):
                    y = self.output(leaf.claim.tree(values))
            except OUTSIDE:
                y = np.full(self.u.shape, np.nan)
            return coordinates(y), coordinates(self._pushed(moved - leaf.probe.at))

        def coordinates(y: Array) -> Array:
            return split(y.astype(complex)) if is_complex else y.real.astype(float)

        slopes = coordinates(self._pushed(along.direction))
        outputs = _Outputs(results, slopes, leaf.probe)
        weights = split(np.conj(self.u)) if is_complex else self.u.astype(float)
        found = search(outputs, outputs.measure(weights), lambda check: check.mistake)
        rows = []
        for place, check in found.found[:SHOWN]:
            unit = float(check.direction[place] * along.direction[column])
            name = _element(place, self.u.ndim, column, len(leaf.shape))
            rows.append(check.row(f"{self.path}{leaf.path}{name}", "wrong", unit))
        return rows, found.is_complete and len(found.found) == len(rows)

    def _pushed(self, move: Array) -> Array:
        """The Jacobian times a move of the argument, given in real coordinates."""
        matrix = np.nan_to_num(self.matrix, posinf=0.0, neginf=0.0)
        return np.asarray(np.tensordot(matrix, self.leaf.tangent(move), len(self.leaf.shape)))

    def _gradient(self, matrix: Array) -> Array:
        """uᵀ times a matrix, in real coordinates."""
        x = self.leaf.claim.values[self.leaf.index]
        gradient = _pulled(self.u, matrix, x)
        return split(np.conj(gradient)) if x.dtype.kind == "c" else gradient


class _Outputs(Probe):
    """The results along one direction of the argument: a direction here is a choice of weights."""

    def __init__(
        self, along: Callable[[float], tuple[Array, Array]], slopes: Array, like: Probe
    ) -> None:
        at = np.zeros(slopes.shape)
        super().__init__(lambda _: np.nan, at, slopes, like.precision, like.epsilon)
        self.along = functools.cache(along)  # all choices share the values

    def _line(self, direction: Array) -> Callable[[float], tuple[float, float]]:
        chosen = direction != 0

        def values(t: float) -> tuple[float, float]:
            of = direction[chosen]
            y, explained = self.along(t)
            return float(np.sum(of * y[chosen])), float(np.sum(of * explained[chosen]))

        return values


def _result(name: str, y: Any, path: str) -> Array:
    """A result as an array, if it has a derivative."""
    what = f"{name}: f(x){f' at {path}' if path else ''}"
    array = numbers(y, f"{what} is")
    if array.dtype.kind not in "fc":
        raise TypeError(f"{what} has dtype {array.dtype}, where a floating one has a derivative")
    if fault := not_finite(array):
        raise ValueError(f"{what} is {fault}, where there is no derivative; check at another point")
    return array


def _weights(y: Array, blocks: list[Array], inputs: list[Array], rng: np.random.Generator) -> Array:
    """Random ones that make the rows of a Jacobian alike in size.

    None is larger for a row whose slope is so small beside its value that differences cannot see it
    well: it would bring noise to all.
    """
    sizes = np.zeros(y.shape)
    for block, x in zip(blocks, inputs, strict=True):
        terms = np.nan_to_num(np.abs(block * scales(np.abs(x))[0]), posinf=0.0)
        axes = tuple(range(y.ndim, block.ndim))
        sizes = np.maximum(sizes, np.max(terms, axis=axes, initial=0.0))
    usual = float(np.median(sizes[sizes > 0])) if np.any(sizes > 0) else 1.0
    sizes = np.where(sizes > 0, np.maximum(sizes, 1e-6 * np.abs(y)), usual)
    sizes = power_of_two(np.maximum(sizes / usual, 2.0**-60))
    u = rng.choice([-1.0, 1.0], y.shape) * (rng.integers(128, 256, y.shape) / 256)
    if y.dtype.kind == "c":
        u = u * np.exp(2j * np.pi * rng.random(y.shape))
    return np.asarray(u / sizes).astype(y.dtype)


def _pulled(u: Array, block: Array, x: Array) -> Array:
    """uᵀ times the Jacobian by `x`, in the Jacobian's precision; its real part if x is real."""
    with np.errstate(all="ignore"):
        found = np.tensordot(u, block, u.ndim)
        dtype = np.empty(0, block.dtype).real.dtype
        if x.dtype.kind != "c":
            return np.asarray(np.real(found)).astype(dtype)
        return np.asarray(found).astype(np.result_type(dtype, np.complex64))


def _element(row: Place, rows: int, column: Place, columns: int) -> str:
    """An element's index as text, with the parts of complex numbers."""
    index = f"[{', '.join(map(str, row[:rows] + column[:columns]))}]"
    parts = ["real part", "imaginary part"]
    of = f", {parts[row[-1]]}" if len(row) > rows else ""
    by = f", by the {parts[column[-1]]}" if len(column) > columns else ""
    return index + of + by
