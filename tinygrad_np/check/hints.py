"""What a mistake looks like: a factor, a sign, a transpose, a shift, one component, …

A hypothesis is a gradient: the claimed one with the mistake undone. It is tried against the slopes
that were found, and becomes a hint only if it explains all of them to within the noise.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator

import numpy as np

from ..core.arrays import Array
from .report import Row, digits, digits_of, element
from .slopes import Probe, Search, SlopeCheck

CLEAR = 1e3
"""A hint needs slopes so many times above their noise, and mistakes a thirtieth of that."""

SHARP = 1e-2
"""A factor is named only if the noise leaves no more than this of it open."""

ENDS = ((1, "end"), (-1, "beginning"))
"""By how much the claimed gradient is shifted, and whereto."""

SHIFTED = "shifted by one along axis {}, towards the {}"

Hypotheses = Iterator[tuple[str, Array]]
"""The text of each hint, and the gradient with that mistake undone"""


def hints_of(
    claimed: Array,
    axes: int,
    checks: list[SlopeCheck],
    probe: Probe | None = None,
    mistakes: Callable[[], Search] | None = None,
) -> list[str]:
    """What the mistake in the `claimed` gradient looks like, of which `axes` may be rearranged.

    `checks` are along several directions. What is of one kind everywhere comes before what has a
    place, which is sought only with a `probe` and a search for its `mistakes`: one component, an
    edge, a shift. A Jacobian counts as a gradient, too: its slope along uvᵀ is uᵀJv.
    """
    clear = [c for c in checks if c.is_wrong and c.floor * CLEAR <= min(c.scale, 30 * c.difference)]
    if len(clear) < 2:
        return []
    kinds = [_rearranged(claimed, axes), _factor(claimed, clear)]
    if probe is not None and mistakes is not None:
        kinds += [_added(claimed, probe.at, clear), _component(claimed, mistakes)]
    for kind in kinds:
        if found := [text for text, gradient in kind if fits(gradient, clear)]:
            return found
    return [] if probe is None else _at_edges(probe, axes, clear) or _shifted(probe, axes, clear[0])


def fits(gradient: Array, checks: list[SlopeCheck]) -> bool:
    """Whether `gradient` explains all of the checks to within the noise."""
    return all(
        abs(float(np.sum(gradient * check.direction).real) - check.found) <= check.floor
        for check in checks
    )


def _rearranged(claimed: Array, axes: int) -> Hypotheses:
    """The claimed gradient with axes exchanged, reversed or rolled, or folded onto a triangle."""
    shape = claimed.shape
    long = [i for i in range(axes) if shape[i] > 1]
    for i, j in itertools.combinations(long, 2):
        if shape[i] == shape[j]:
            what = "transposed" if axes == 2 else f"transposed: axes {i} and {j} are exchanged"
            yield what, np.swapaxes(claimed, i, j)
    for count in range(1, min(len(long), 4) + 1):
        for chosen in itertools.combinations(long, count):
            named = f"axis {chosen[0]}" if count == 1 else f"axes {' and '.join(map(str, chosen))}"
            yield f"reversed along {named}", np.flip(claimed, chosen)
    if claimed.ndim == axes >= 2 and shape[-1] == shape[-2] > 1:
        both = claimed + np.swapaxes(claimed, -1, -2)
        diagonal = claimed * np.eye(shape[-1])
        for name, part in (("lower", np.tril(both, -1)), ("upper", np.triu(both, 1))):
            text = (
                "that of a function of symmetric matrices, but the function reads the "
                f"{name} triangle alone (as cholesky and eigh do): give it (x + x.T) / 2"
            )
            yield text, part + diagonal
    for axis, (by, end) in itertools.product(range(axes), ENDS):
        if shape[axis] > 2:
            yield SHIFTED.format(axis, end), np.roll(claimed, -by, axis)
    if claimed.ndim > axes:
        yield "conjugated: it should be ∂/∂x − i ∂/∂y", claimed * np.array([1.0, -1.0])


def _factor(claimed: Array, checks: list[SlopeCheck]) -> Hypotheses:
    """Is the claimed gradient a multiple of the right one?"""
    slopes = np.array([check.claimed for check in checks])
    found = np.array([check.found for check in checks])
    if not np.any(slopes) or any(check.floor > SHARP * abs(check.found) for check in checks):
        return  # of what may be zero, everything is a multiple
    share = _multiple(slopes, found)
    if not share:
        return
    factor = 1 / share
    # the error that noise may have left in it
    slack = abs(factor) * (max(check.floor / abs(check.found) for check in checks) + 1e-12)
    text = _factor_in_words(factor, slack)
    is_common = sum(np.abs(claimed * checks[0].direction).ravel() > CLEAR * checks[0].floor) > 1
    if not text and is_common:
        # as many digits as it takes to see that it is not 1
        shown = digits_of(max(abs(factor - 1), 1e-15))
        text = f"off by the factor {factor:.{shown}g} in every component"
    if text:
        yield text, share * claimed


def _multiple(of: Array, it: Array) -> float:
    """How many times one vector the other is, by least squares; 0 if that leaves the range."""
    unit = float(np.max(np.abs(of)))
    amount = float((of / unit) @ (it / unit) / ((of / unit) @ (of / unit)))
    return amount if np.isfinite(amount) else 0.0


def _factor_in_words(factor: float, slack: float) -> str:
    """The factor, if it is one that mistakes make."""
    if abs(factor + 1) <= slack:
        return "the sign: it is the negative of the right one"
    sign = ", and by the sign" if factor < 0 else ""
    size = abs(factor)
    for share, of, one, other in (("", size, "sum", "mean"), ("1/", 1 / size, "mean", "sum")):
        whole, room = round(of), slack * of / size
        if whole == 2 and abs(of - 2) <= room:
            return f"off by the factor {share}2{sign}"
        if whole > 2 and abs(of - whole) <= room <= 0.01:
            return (
                f"off by the factor {share}{whole}{sign}: it looks like the gradient of the {one} "
                f"over {whole} (a batch size?), not of the {other}"
            )
    return ""


def _added(claimed: Array, at: Array, checks: list[SlopeCheck]) -> Hypotheses:
    """Is the difference a multiple of the point, or the same in every component?"""
    for term, text in (
        (at, "a term is missing or too much: {:+.6g} times x is lacking"),
        (np.ones_like(at), "the same amount is lacking in every component: {:.6g}"),
    ):
        if np.count_nonzero(term) < 2:
            continue
        slopes = np.array([float(np.sum(term * check.direction)) for check in checks])
        errors = np.array([check.found - check.claimed for check in checks])
        amount = _multiple(slopes, errors)
        if amount:
            yield text.format(amount), claimed + amount * term


def _component(claimed: Array, mistakes: Callable[[], Search]) -> Hypotheses:
    """Is it right but for one component?"""
    search = mistakes()
    if claimed.size == 1 or not search.is_complete or len(search.found) != 1:
        return
    [(place, check)] = search.found
    row = check.row(f"component {element(place)}", "wrong", float(check.direction[place]))
    corrected = claimed.copy()
    corrected[place] = row.found
    yield only(row), corrected


def only(row: Row) -> str:
    """That one component, or element, is wrong and the others are right."""
    shown = digits(row)
    values = f"{row.found:.{shown}g}, not {row.claimed:.{shown}g}"
    return f"{row.leaf} only: it should be {values}; the others are right"


def _at_edges(probe: Probe, axes: int, checks: list[SlopeCheck]) -> list[str]:
    """Is it right but for the first, or the last, along an axis?"""
    found = []
    for axis, (index, end) in itertools.product(range(axes), ((0, "first"), (-1, "last"))):
        n = probe.claimed.shape[axis]
        rest = [_without(check.direction, axis, index) for check in checks[:2]]
        if n > 2 and not any(probe.measure(direction).is_wrong for direction in rest):
            found.append(f"only the {end} along axis {axis} (index {index % n}) is wrong")
    return found


def _shifted(probe: Probe, axes: int, check: SlopeCheck) -> list[str]:
    """Is it right away from the edges, once it is moved by one?"""
    found = []
    for axis in range(axes):
        if probe.claimed.shape[axis] < 4:
            continue
        inner = [_without(np.roll(check.direction, by, axis), axis, [0, -1]) for by in (0, 2)]
        checks = [probe.measure(direction) for direction in inner]
        for by, end in ENDS:
            moved = np.roll(probe.claimed, -by, axis)
            if all(a.is_wrong for a in checks) and fits(moved, checks):
                found.append(SHIFTED.format(axis, end))
    return found


def _without(direction: Array, axis: int, index: int | list[int]) -> Array:
    """The direction with zeros at an index, or at several, along an axis."""
    rest = direction.copy()
    np.moveaxis(rest, axis, 0)[index] = 0
    return rest
