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

from collections.abc import Callable
from functools import cache, partial
from typing import NamedTuple

import numpy as np

from ..answers import explained
from ..core import tree
from ..core.argnums import Argnums
from ..core.arrays import Array
from .arguments import copied, not_finite, split, variables, weighed
from .hints import hints_of, only
from .leaves import OUTSIDE, SHOWN, Claim, Leaf, check_leaves, largest
from .reading import Tree, at, fitted, numbers, paired
from .report import Report, Row, Verdict, element, report_of
from .slopes import Place, Probe, SlopeCheck, power_of_two, scales, search


@np.errstate(all="ignore")  # what is not finite is reported
@explained
def check_jacobian(
    f: Callable[..., Tree],
    jacobian: Callable[..., Tree] | Tree,
    *args: Tree,
    argnums: Argnums = 0,
    seed: int = 0,
) -> Report:
    """Compare a hand-written Jacobian of `f` at `args` with differences.

    Parameters
    ----------
    f : function of args
        Returns a floating array of any shape, or a tree of them.
    jacobian : function of args, or what it would return
        For results of shape ``(*out)``, and an argument of shape ``(*in)``, an array of shape
        ``(*out, *in)``, as of `jacobian` here and in JAX, and of ``jac`` in SciPy. Nested lists and
        SciPy's sparse matrices will do. For trees it is a tree like the results of trees like the
        argument `argnums`, or of tuples of these if that is a tuple. Complex results of complex
        arguments have to be holomorphic; of real results it is ∂/∂x − i ∂/∂y.
    *args : trees of arrays
    argnums : int or tuple of ints, default 0
    seed : int, default 0
        Draws the weights.

    Returns
    -------
    Report
        A row for each array of the Jacobian, whose verdict is as in `check_gradient`: it is that of
        a sum of the results with random weights, which make rows alike in size. `components` are
        the elements that are wrong, by row and column; `hints` say if it is one alone, or all by a
        factor, or transposed.

    Raises
    ------
    TypeError, ValueError
        As `check_gradient` does.

    Examples
    --------
    >>> a = np.array([[1.0, 2.0], [3.0, 4.0]])
    >>> check_jacobian(lambda x: a @ x, a, np.ones(2)).verdict
    'right'
    >>> check_jacobian(lambda x: a @ x, a.T, np.ones(2)).hints
    ['transposed']
    """
    name = "check_jacobian"
    x, full, called = variables(name, f, args, argnums)
    inputs = [numbers(leaf, f"{name}: {called} is") for leaf in tree.leaves(x)]
    results = f(*full(copied(x)))
    paths = tree.paths(results)
    ys = []
    for y, path in zip(tree.leaves(results), paths, strict=True):
        what = f"{name}: {at('f(x)', path)}"
        ys.append(numbers(y, f"{what} is"))
        if ys[-1].dtype.kind not in "fc":
            dtype = ys[-1].dtype
            raise TypeError(f"{what} has dtype {dtype}, where a floating one has a derivative")
        if fault := not_finite(ys[-1]):
            raise ValueError(
                f"{what} is {fault}, where there is no derivative; check at another point"
            )

    def blocks(given: Tree) -> list[list[Array]]:
        """For each result, the arrays of the Jacobian by each array of the argument."""
        given = given.toarray() if hasattr(given, "toarray") else given
        what, by = f"{name}: the Jacobian", f"f(x) by {called}"
        parts = paired(what, results, given, "f(x)")
        return [
            fitted(at(what, path), x, part, by, y)
            for (path, _, part), y in zip(parts, ys, strict=True)
        ]

    is_function = callable(jacobian)
    claimed = blocks(jacobian(*full(copied(x))) if is_function else jacobian)
    rng = np.random.default_rng(seed)

    def blocks_of(k: int) -> list[_Block]:
        """The arrays of the Jacobian of a result, each measured."""
        u = _weights(ys[k], claimed[k], inputs, rng)

        def output(x: Tree) -> Array:
            return np.asarray(tree.leaves(f(*full(x)))[k])

        def pulled(of: list[Array]) -> Tree:
            pairs = zip(of, inputs, strict=True)
            return tree.unflatten(x, [_pulled(u, block, leaf) for block, leaf in pairs])

        def gradient(x: Tree) -> Tree:
            return pulled(blocks(jacobian(*full(x)))[k])

        given = gradient if is_function else pulled(claimed[k])
        what = "uᵀ times the Jacobian"
        claim = Claim(name, lambda x: weighed([u], [output(x)]), given, x, called, what)
        leaves = check_leaves(claim, rng)
        return [_Block(paths[k], u, output, leaf, claimed[k][leaf.index]) for leaf in leaves]

    parts = [part for k in range(len(ys)) for part in blocks_of(k)]
    most = largest([part.leaf for part in parts])
    report = report_of("measured", [(part.row(most), part) for part in parts], seed)
    del report.components[SHOWN:]
    return report


class _Block(NamedTuple):
    """An array of the Jacobian: of one array of the results by one array of the argument."""

    path: str
    u: Array
    """the weights of the rows, of the shape of the result"""
    output: Callable[[Tree], Array]
    """x → the result"""
    leaf: Leaf
    """uᵀ times the Jacobian, as a gradient"""
    matrix: Array

    def row(self, largest: float) -> Row:
        """A row of the report, in which what is not finite is named by its place here."""
        row = self.leaf.row(largest)
        if self.leaf.fault and row.note.startswith(self.leaf.fault):
            note = not_finite(self.matrix) + row.note.removeprefix(self.leaf.fault)
            row = row._replace(note=note)
        return row._replace(leaf=self.path + row.leaf, shape=self.matrix.shape)

    def at_fault(self, verdict: Verdict) -> tuple[list[Row], list[str]]:
        """The elements that are wrong, and what the mistake looks like."""
        leaf = self.leaf
        if verdict != "wrong" or not leaf.is_wrong:
            return [], []
        columns = leaf.mistakes()
        rows: list[Row] = []
        is_all = columns.is_complete
        for place, check in columns.found[:SHOWN]:
            found, is_complete = self._elements(place, check)
            rows, is_all = rows + found, is_all and is_complete
            if len(rows) >= SHOWN:
                break

        along = [
            check._replace(direction=np.multiply.outer(self.u, leaf.tangent(check.direction)))
            for check in leaf.checks
        ]
        hints = hints_of(self.matrix, self.matrix.ndim, [] if leaf.fault else along)[:1]
        if not hints and is_all and len(columns.found) == len(rows) == 1:
            hints = [only(rows[0]._replace(leaf=f"element {rows[0].leaf.removeprefix(self.path)}"))]
        return rows, hints

    def _elements(self, column: Place, along: SlopeCheck) -> tuple[list[Row], bool]:
        """The elements of a column that are wrong, worst first, and whether these are all."""
        leaf, is_complex = self.leaf, self.u.dtype.kind == "c"
        matrix = np.nan_to_num(self.matrix, posinf=0.0, neginf=0.0)

        def coordinates(y: Array) -> Array:
            return split(y.astype(complex)) if is_complex else y.real.astype(float)

        def pushed(move: Array) -> Array:
            """The Jacobian times a move of the argument."""
            return coordinates(np.tensordot(matrix, leaf.tangent(move), len(leaf.shape)))

        @cache  # all choices of weights share the values
        def results(t: float) -> tuple[Array, Array]:
            """The result, and what the Jacobian claims of its change."""
            moved = leaf.at + t * along.direction
            try:
                y = self.output(leaf.claim.tree(leaf.placed(moved)))
            except OUTSIDE:
                y = np.full(self.u.shape, np.nan)
            return coordinates(y), pushed(moved - leaf.at)

        def line(weights: Array, t: float) -> tuple[float, float]:
            chosen = weights != 0
            y, explained = [np.sum(weights[chosen] * part[chosen]) for part in results(t)]
            return float(y), float(explained)

        # The point of this probe is 0, and a direction is a choice of weights for the results.
        slopes = pushed(along.direction)
        origin = np.zeros(slopes.shape)
        outputs = Probe(lambda u: partial(line, u), origin, slopes, leaf.precision, leaf.epsilon)
        weights = split(np.conj(self.u)) if is_complex else self.u.astype(float)
        found, is_complete = search(outputs, outputs.measure(weights), lambda check: check.mistake)
        parts = ["real part", "imaginary part"]
        by = f", by the {parts[column[-1]]}" if leaf.is_complex else ""
        rows = []
        for place, check in found[:SHOWN]:
            unit = float(check.direction[place] * along.direction[column])
            of = f", {parts[place[-1]]}" if is_complex else ""
            index = element(place[: self.u.ndim] + column[: len(leaf.shape)])
            rows.append(check.row(f"{self.path}{leaf.path}{index}{of}{by}", "wrong", unit))
        return rows, is_complete and len(found) == len(rows)


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
    is_complex = x.dtype.kind == "c"
    found = np.tensordot(u, block, u.ndim)
    dtype = np.finfo(block.dtype).dtype  # a real one
    dtype = np.result_type(dtype, np.complex64) if is_complex else dtype
    return np.asarray(found if is_complex else found.real).astype(dtype)
