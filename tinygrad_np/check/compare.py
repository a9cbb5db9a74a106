"""compare: a function's gradient by reverse mode against one that was derived by hand."""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np

from ..answers import explained
from ..core import tree
from ..core.argnums import Argnums
from ..core.arrays import Array
from ..core.tensor import Tensor
from ..core.transforms import value_and_grad
from .arguments import SAFETY, copied, not_finite, nudged, repeated, split, variables
from .differences import Function
from .hints import hints_of
from .leaves import OUTSIDE, SHOWN
from .reading import Tree, fitted, must_be_callable, numbers
from .report import Report, Row, Verdict, element, report_of
from .slopes import Precision, Probe, Search, directions, precision_of, search

KINK, KINKED = 1e-3, 2.0
"""A gradient that moves so much beside its size, under changes of rounding size, has a kink or a
tie there; its noise floor is so many times the largest move."""


@np.errstate(all="ignore")  # what is not finite is reported
@explained
def compare(
    function: Callable[..., Any], analytic: Callable[..., Tree], *args: Tree, argnums: Argnums = 0
) -> Report:
    """Compare the gradient of `function` by reverse mode with ``analytic(*args)``.

    Parameters
    ----------
    function : function of args
        Gives a number.
    analytic : function of args
        Gives the gradient for the argument `argnums`: a tree of the same structure, of arrays of
        the same shapes; a tuple of such trees if `argnums` is a tuple. For an array, a flat list of
        its components will do.
    *args : trees of arrays
    argnums : int or tuple of ints, default 0

    Returns
    -------
    Report
        Each leaf is a row, and its verdict is

        - *right* if the two differ by at most 1e-12 of the leaf's largest component (1e-5 in
          float32), or if both vanish beside the other leaves to within the noise;
        - *cannot tell* if they differ by more, but no more than the noise floor. That is measured
          where it is needed: how far both gradients move when the arguments are changed by some
          roundings. It is high where large numbers cancel, at kinks and ties, and where a gradient
          looks as if it was computed in float32. Nor can it tell where the gradient by reverse mode
          is not finite;
        - *wrong* otherwise, and where only the hand-derived gradient is not finite. `components`
          and `hints` then say where, and what the mistake looks like.

    Raises
    ------
    ValueError
        Where structure or shapes differ, and where either gradient is another each time.
    TypeError
        Where `analytic` returns what are no numbers, or complex ones for a real argument.

    Examples
    --------
    >>> wrong = compare(lambda x: np.sum(x**3), lambda x: 3.0 * x, np.array([1.0, 2.0]))
    >>> wrong.is_right, wrong.rows[0].difference
    (False, 6.0)
    >>> print(compare(lambda x: np.sum(x**3), lambda x: 6 * x**2, np.array([1.0, 2.0])))
    leaf  shape  largest |Δ|  relative  verdict
    -     (2,)            12         1  WRONG
    component  claimed  found  |Δ|  noise floor
    [1]             24     12   12      3.4e-13  wrong
    [0]              6      3    3      2.1e-13  wrong
    Hint: off by the factor 2

    In waves that are too fast for 16 digits nobody sees an error of 1e-8:

    >>> x = np.array([0.3])
    >>> fast = compare(lambda x: np.sum(np.sin(1e9 * x)), lambda x: (1e9 + 1) * np.cos(1e9 * x), x)
    >>> fast.verdict, fast.rows[0].difference < fast.rows[0].floor
    ('cannot tell', True)
    """
    must_be_callable("compare", "analytic", analytic)
    x, full, called = variables("compare", function, args, argnums)
    for number, arg in enumerate(args):
        for leaf in tree.leaves(arg):
            if isinstance(leaf, Tensor):
                numbers(leaf, f"compare: argument {number} is")
    by_reverse_mode = value_and_grad(function, argnums)
    whose = "compare: the gradient by reverse mode", "compare: the hand-derived gradient"

    def both(x: Tree) -> tuple[Any, list[tuple[Array, Array]]]:
        """The value, and of each leaf the two gradients."""
        value, found = by_reverse_mode(*full(copied(x)))
        claimed = fitted(whose[1], x, analytic(*full(copied(x))), called)
        return value, list(zip(tree.leaves(found), claimed, strict=True))

    value, gradients = both(x)
    if not gradients:
        raise ValueError(f"compare: there are no arrays to compare by argnums {argnums}")
    dtype = np.asarray(value).dtype
    pairs = [
        _Pair(path, np.asarray(at), a, b, precision_of(a.dtype, b.dtype, dtype), np.zeros(a.shape))
        for path, at, (a, b) in zip(tree.paths(x), tree.leaves(x), gradients, strict=True)
    ]
    if any(not pair.is_close for pair in pairs):
        for pair, again in zip(pairs, both(x)[1], strict=True):
            for what, before, after in zip(whose, (pair.found, pair.claimed), again, strict=True):
                repeated(what, before, after, pair.precision.tolerance)
        rng = np.random.default_rng(0)
        near = []
        for _ in range(6):
            with contextlib.suppress(*OUTSIDE):
                near.append(both(nudged(x, rng, 2, zeros=True))[1])
        pairs = [
            pair._replace(floor=pair.noise([gradients[i] for gradients in near]))
            for i, pair in enumerate(pairs)
        ]
    largest = max(pair.largest for pair in pairs)
    tolerances = " / ".join(f"{t:g}" for t in sorted({pair.precision.tolerance for pair in pairs}))
    failure = f"the gradients differ by more than {tolerances} of the largest component"
    return report_of("compared", [(pair.row(largest), pair) for pair in pairs], failure=failure)


class _Pair(NamedTuple):
    """A leaf of both gradients."""

    path: str
    at: Array
    found: Array
    claimed: Array
    precision: Precision
    floor: Array
    """how far rounding moves each component; 0 where that was not measured"""

    @property
    def off(self) -> Array:
        return np.asarray(np.abs(self.found - self.claimed))

    @property
    def largest(self) -> float:
        """The largest component of the right gradient; of the other one if that is zero."""
        sizes = [np.abs(g)[np.isfinite(g)] for g in (self.found, self.claimed)]
        largest = [float(np.max(size, initial=0.0)) for size in sizes]
        return largest[0] or largest[1]

    @property
    def is_close(self) -> bool:
        """Whether the two agree without recourse to the noise; False for nan."""
        off = float(np.max(self.off, initial=0.0))
        return off <= self.precision.tolerance * self.largest < np.inf

    @property
    def is_wrong(self) -> Array:
        """By component: the difference is more than rounding makes, or no number."""
        allowed = np.maximum(self.floor, self.precision.tolerance * self.largest)
        return np.asarray(~(self.off <= allowed) & np.isfinite(self.found))

    def noise(self, near: list[tuple[Array, Array]]) -> Array:
        """By component, how far roundings move the gradients, from some that are so `near`.

        A component may keep still by chance, so none has less than is usual in its leaf.
        """
        moves = [
            np.nan_to_num(np.abs(moved - still), posinf=0.0)
            for pair in near
            for moved, still in zip(pair, (self.found, self.claimed), strict=True)
        ]
        move = np.max([np.zeros(self.found.shape), *moves], axis=0)
        floor = SAFETY * np.maximum(move, np.median(move) if move.size else 0.0)
        if _looks_single(self.found) or _looks_single(self.claimed):
            floor = np.maximum(floor, precision_of(np.float32).tolerance * self.largest)
        # A move that is no rounding is the jump at a kink.
        return np.asarray(np.where(move > KINK * self.largest, KINKED * move, floor))

    def row(self, largest: float) -> Row:
        """The component that says most; `largest` is that of all leaves."""
        if not self.found.size:
            return Row(self.path, self.found.shape, 0.0, 0.0, "right", 0.0, 0.0)
        off, wrong = np.where(np.isnan(self.off), np.inf, self.off), self.is_wrong
        most = np.argmax(np.where(wrong, off, -1.0) if wrong.any() else off)
        place = np.unravel_index(most, off.shape)
        row = self.component(place)._replace(leaf=self.path, shape=off.shape, verdict="right")
        if self.is_close:
            return row
        if wrong.any():
            fault = "" if np.isfinite(self.claimed[place]) else not_finite(self.claimed)
            return row._replace(verdict="wrong", note=fault)
        if fault := not_finite(self.found):
            return row._replace(verdict="cannot tell", note=f"{fault}, by reverse mode")
        # All is within the noise. Is that noise beside the other leaves, too?
        if np.max(self.floor) <= self.precision.tolerance * largest:
            return row._replace(note="zero to rounding")
        note = f"rounding alone makes {row.floor:.2g}"
        if row.floor > KINK * self.largest:
            note = f"a kink or a tie: roundings move it by {row.floor / KINKED:.2g}"
        return row._replace(verdict="cannot tell", note=note)

    def at_fault(self, verdict: Verdict) -> tuple[list[Row], list[str]]:
        """The components that are wrong, worst first, and what the mistake looks like."""
        if verdict != "wrong":
            return [], []
        rows = []
        if self.off.ndim:  # a single number has its row
            wrong = self.is_wrong
            order = np.argsort(-np.where(wrong, self.off, -1.0), axis=None)[:SHOWN]
            places = zip(*np.unravel_index(order, wrong.shape), strict=True)
            rows = [self.component(place) for place in places if wrong[place]]
        return rows, self.hints()

    def component(self, place: Any) -> Row:
        """A component as a row: of a complex one, the part that differs more."""
        name = f"{self.path}{element(place)}"
        claimed, found = complex(self.claimed[place]), complex(self.found[place])
        values = claimed.real, found.real
        if abs(claimed.imag - found.imag) > abs(claimed.real - found.real):
            name, values = f"{name}, imaginary part", (claimed.imag, found.imag)
        difference = float(self.off[place])
        relative = float(np.float64(difference) / self.largest) if difference else 0.0
        return Row(name, (), difference, relative, "wrong", *values, float(self.floor[place]))

    def hints(self) -> list[str]:
        """What the mistake looks like, from slopes that both gradients claim."""
        arrays = [self.at, self.found, self.claimed]
        if not np.all(np.isfinite(self.found + self.claimed)):
            return []
        if self.found.dtype.kind == "c":
            arrays = [split(array.astype(complex)) for array in arrays]
        at, right, claimed = [array.astype(np.float64) for array in arrays]

        def line(direction: Array) -> Function:
            slopes = [float(np.sum(gradient * direction)) for gradient in (right, claimed)]
            return lambda t: (t * slopes[0], t * slopes[1])

        probe = Probe(line, at, claimed, self.precision)
        rng = np.random.default_rng(0)
        checks = [probe.measure(v) for _ in range(2) for v in directions(at, rng)]

        def mistakes() -> Search:
            return search(probe, checks[0], lambda check: check.mistake)

        return hints_of(claimed, self.found.ndim, checks, probe, mistakes)


def _looks_single(gradient: Array) -> bool:
    """Whether it was computed in float32, inside a function of float64: its numbers show that."""
    if gradient.dtype != np.float64:
        return False
    fits = [np.all(gradient == gradient.astype(d)) for d in (np.float32, np.float16)]
    return bool(fits[0] and not fits[1])
