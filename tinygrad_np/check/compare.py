"""compare: a function's gradient by reverse mode against one that was derived by hand."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np

from .. import tree
from ..argnums import Argnums
from ..kernels.dispatch import explained
from ..tensor import Tensor
from ..transforms import value_and_grad
from .arguments import copied, fitted, not_finite, numbers, repeated, split, variables
from .differences import NOWHERE
from .hints import hints_of
from .leaves import SHOWN
from .report import Report, Row
from .slopes import (
    Array,
    Place,
    Precision,
    Probe,
    Search,
    SlopeCheck,
    directions,
    norm,
    precision_of,
    scales,
)

SAFETY = 16.0
"""The noise floor over the largest change that was seen under changes of rounding size …"""

KINK, KINKED = 1e-3, 2.0
"""… and over one that is so large beside the gradient that it must be a kink or a tie."""


@explained
def compare(
    function: Callable[..., Any],
    analytic: Callable[..., Any],
    *args: Any,
    argnums: Argnums = 0,
) -> Report:
    """Compare the gradient of `function` by reverse mode with ``analytic(*args)``.

    `function` gives a number, and `analytic` the gradient for the argument `argnums`: a tree of the
    same structure, of arrays of the same shapes; a tuple of such trees if `argnums` is a tuple. For
    an array, a flat list of its components will do.
    Each leaf is a row, and its verdict is

    - *right* if the two differ by at most 1e-12 of the leaf's largest component (1e-5 in float32),
      or if both vanish beside the other leaves to within the noise;
    - *cannot tell* if they differ by more, but no more than the noise floor. That is measured where
      it is needed: how far both gradients move when the arguments are changed by some roundings.
      It is high where large numbers cancel, at kinks and ties, and where a gradient looks as if it
      was computed in float32. So it is, too, where the
      gradient by reverse mode is nan or infinite;
    - *wrong* otherwise, and where only the hand-derived gradient is not finite. `components` and
      `hints` then say where, and what the mistake looks like.

    Raises ``ValueError`` where structure or shapes differ, and where either gradient is another
    each time, ``TypeError`` where `analytic` returns what are no numbers, or complex ones for a
    real argument.

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
    if not callable(analytic):
        raise TypeError(
            f"compare: analytic is called with the arguments, so it must be a function, not "
            f"{type(analytic).__name__}"
        )
    x, full, called = variables("compare", args, argnums)
    what = "compare: the hand-derived gradient"
    value_and_gradient = value_and_grad(function, argnums)

    def both(x: Any) -> tuple[Any, list[Array], list[Array]]:
        """The value, and the leaves of both gradients."""
        with np.errstate(all="ignore"):  # what is not finite is reported
            value, found = value_and_gradient(*full(copied(x)))
            claimed = fitted(what, x, analytic(*full(copied(x))), called)
        return value, tree.leaves(found), claimed

    for number, arg in enumerate(args):
        for leaf in tree.leaves(arg):
            if isinstance(leaf, Tensor):
                numbers(leaf, f"compare: argument {number} is")
    pairs = _pairs(x, *both(x))
    if not pairs:
        raise ValueError(f"compare: there are no arrays to compare by argnums {argnums}")
    largest = max(pair.largest for pair in pairs)
    if any(not pair.is_close for pair in pairs):
        _same_again(pairs, *both(x)[1:])
        moved = _moved(both, x, pairs)
        pairs = [pair._replace(floor=floor) for pair, floor in zip(pairs, moved, strict=True)]
    rows = [_row(pair, largest) for pair in pairs]
    components: list[Row] = []
    hints: list[str] = []
    for pair, row in zip(pairs, rows, strict=True):
        if row.verdict == "wrong":
            components += _components(pair)
        if row.verdict == "wrong" and np.all(np.isfinite(pair.found + pair.claimed)):
            hints += [f"{pair.path}: {h}" if pair.path else h for h in _hints(pair)]
    tolerances = " / ".join(f"{t:g}" for t in sorted({pair.precision.tolerance for pair in pairs}))
    failure = f"the gradients differ by more than {tolerances} of the largest component"
    return Report(rows, "compared", failure=failure, components=components, hints=hints)


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
        with np.errstate(all="ignore"):
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
        with np.errstate(all="ignore"):
            allowed = np.maximum(self.floor, self.precision.tolerance * self.largest)
            return np.asarray(~(self.off <= allowed) & np.isfinite(self.found))


def _pairs(x: Any, value: Any, found: list[Array], claimed: list[Array]) -> list[_Pair]:
    dtype = np.asarray(value).dtype
    return [
        _Pair(path, np.asarray(at), a, b, precision_of(a.dtype, b.dtype, dtype), np.zeros(a.shape))
        for path, at, a, b in zip(tree.paths(x), tree.leaves(x), found, claimed, strict=True)
    ]


def _row(pair: _Pair, largest: float) -> Row:
    if not pair.found.size:
        return Row(pair.path, pair.found.shape, 0.0, 0.0, "right", 0.0, 0.0)
    off = np.where(np.isnan(pair.off), np.inf, pair.off)
    wrong = pair.is_wrong
    place = np.unravel_index(
        np.argmax(np.where(wrong, off, -1.0) if wrong.any() else off), off.shape
    )
    row = _component(pair, place)._replace(leaf=pair.path, shape=off.shape, verdict="right")
    if pair.is_close:
        return row
    if wrong.any():
        fault = not_finite(pair.claimed) if not np.isfinite(pair.claimed[place]) else ""
        return row._replace(verdict="wrong", note=fault)
    if not np.all(np.isfinite(pair.found)):
        return row._replace(
            verdict="cannot tell", note=f"{not_finite(pair.found)}, by reverse mode"
        )
    # All is within the noise. Is that noise beside the other leaves, too?
    if np.max(pair.floor) <= pair.precision.tolerance * largest:
        return row._replace(note="zero to rounding")
    if row.floor > KINK * pair.largest:
        note = f"a kink or a tie: roundings move it by {row.floor / KINKED:.2g}"
    else:
        note = f"rounding alone makes {row.floor:.2g}"
    return row._replace(verdict="cannot tell", note=note)


def _components(pair: _Pair) -> list[Row]:
    """The components that are wrong, worst first; of a single number, its own row is."""
    if not pair.off.ndim:
        return []
    wrong = pair.is_wrong
    order = np.argsort(-np.where(wrong, pair.off, -1.0), axis=None)[:SHOWN]
    places = zip(*np.unravel_index(order, wrong.shape), strict=True)
    return [_component(pair, place) for place in places if wrong[place]]


def _component(pair: _Pair, place: Any) -> Row:
    """A component as a row: of a complex one, the part that differs more."""
    name = f"{pair.path}[{', '.join(str(int(n)) for n in place)}]"
    claimed, found = complex(pair.claimed[place]), complex(pair.found[place])
    values = claimed.real, found.real
    if abs(claimed.imag - found.imag) > abs(claimed.real - found.real):
        name, values = f"{name}, imaginary part", (claimed.imag, found.imag)
    difference = float(pair.off[place])
    with np.errstate(all="ignore"):
        relative = float(np.float64(difference) / pair.largest) if difference else 0.0
    return Row(name, (), difference, relative, "wrong", *values, float(pair.floor[place]))


def _same_again(pairs: list[_Pair], found: list[Array], claimed: list[Array]) -> None:
    """Raise if a gradient is another the second time: then all else is vain."""
    for pair, *again in zip(pairs, found, claimed, strict=True):
        allowed = max(1e-9, pair.precision.tolerance) * pair.largest
        repeated("compare: the gradient by reverse mode", pair.found, again[0], allowed)
        repeated("compare: the hand-derived gradient", pair.claimed, again[1], allowed)


def _moved(
    both: Callable[[Any], tuple[Any, list[Array], list[Array]]], x: Any, pairs: list[_Pair]
) -> list[Array]:
    """The noise floor of each leaf: how far both gradients move if the arguments do by roundings.

    A component may keep still by chance, so none has less than is usual in its leaf.
    """
    rng = np.random.default_rng(0)

    def nudged(x: Any) -> Any:
        value = np.array(x)
        step = 2 * np.finfo(value.dtype).eps * scales(np.abs(value))[0]
        return (value + step * rng.uniform(-1, 1, value.shape)).astype(value.dtype)

    moves = [np.zeros(pair.found.shape) for pair in pairs]
    for _ in range(6):
        try:
            _, found, claimed = both(tree.map(nudged, x))
        except (ArithmeticError, ValueError):
            continue  # beyond the edge of a domain
        for i, pair in enumerate(pairs):
            for moved, still in ((found[i], pair.found), (claimed[i], pair.claimed)):
                with np.errstate(all="ignore"):
                    move = np.nan_to_num(np.abs(moved - still), posinf=0.0)
                moves[i] = np.maximum(moves[i], move)
    return [_floor(pair, move) for pair, move in zip(pairs, moves, strict=True)]


def _floor(pair: _Pair, move: Array) -> Array:
    """From how far both gradients moved. A move that is no rounding is the jump at a kink."""
    smooth = SAFETY * np.maximum(move, np.median(move) if move.size else 0.0)
    if any(map(_looks_single, (pair.found, pair.claimed))):
        smooth = np.maximum(smooth, precision_of(np.float32).tolerance * pair.largest)
    return np.where(move > KINK * pair.largest, KINKED * move, smooth)


def _looks_single(gradient: Array) -> bool:
    """Whether it was computed in float32, inside a function of float64: its numbers show that."""
    if gradient.dtype != np.float64:
        return False
    with np.errstate(all="ignore"):
        fits = [np.all(gradient == gradient.astype(d)) for d in (np.float32, np.float16)]
    return bool(fits[0] and not fits[1])


class _Known(Probe):
    """A claimed gradient beside the right one, which is known."""

    def __init__(self, right: Array, at: Array, claimed: Array, precision: Precision) -> None:
        super().__init__(lambda _: 0.0, at, claimed, precision)
        self.right = right

    def measure(self, direction: Array) -> SlopeCheck:
        """Both slopes; the noise is what rounding leaves."""
        claimed, found = (float(np.sum(g * direction)) for g in (self.claimed, self.right))
        sizes = [norm(g * direction) for g in (self.right, self.claimed)]
        floor = self.precision.tolerance * sizes[0]
        return SlopeCheck(
            direction, claimed, found, floor, sizes[1], NOWHERE, self.precision, is_exact=True
        )


def _hints(pair: _Pair) -> list[str]:
    if not pair.found.size:
        return []
    arrays = [pair.found, pair.at, pair.claimed]
    if pair.found.dtype.kind == "c":
        arrays = [split(array.astype(complex)) for array in arrays]
    right, at, claimed = [array.astype(np.float64) for array in arrays]
    known = _Known(right, at, claimed, pair.precision)
    rng = np.random.default_rng(0)
    checks = [known.measure(v) for _ in range(2) for v in directions(at, rng)]
    apart = np.abs(right - claimed) > pair.precision.tolerance * pair.largest
    found: list[tuple[Place, SlopeCheck]] = []
    for place in np.argwhere(apart)[:2]:
        direction = np.zeros(at.shape)
        direction[tuple(place)] = 1.0
        found.append((tuple(map(int, place)), known.measure(direction)))
    return hints_of(known, pair.found.ndim, checks, Search(found, is_complete=True))
