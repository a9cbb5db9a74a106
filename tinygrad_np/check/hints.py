"""What a mistake looks like: a factor, a sign, a transpose, a shift, one component, …

A hypothesis is a gradient: the claimed one with the mistake undone. It is tried against the slopes
that were found, and becomes a hint only if it explains all of them to within the noise.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator

import numpy as np

from .report import digits_of
from .slopes import Array, Probe, Search, SlopeCheck

CLEAR = 1e3
"""A hint needs slopes so many times above their noise, and mistakes a thirtieth of that."""

SHARP = 1e-2
"""A factor is named only if the noise leaves no more than this of it open."""


def hints_of(probe: Probe, axes: int, checks: list[SlopeCheck], search: Search) -> list[str]:
    """What the mistake in the gradient of `probe` looks like.

    `checks` are along several directions, `search` has the components that are wrong, and `axes`
    is how many of the axes may be rearranged. What is of one kind everywhere comes before what has
    a place: a component, an edge, a shift.
    """
    clear = _clear(checks)
    if len(clear) < 2:
        return []
    claimed = probe.claimed
    return (
        [text for text, gradient in _rearranged(claimed, axes) if fits(gradient, clear)]
        or _factor(claimed, clear)
        or _added(claimed, probe.at, clear)
        or _component(claimed, clear, search)
        or _at_edges(probe, axes, clear)
        or _shifted(probe, axes, clear[0])
    )


def matrix_hints(
    matrix: Array, pulled: Callable[[Array], Array], checks: list[SlopeCheck]
) -> list[str]:
    """What is wrong of a Jacobian if it is the same everywhere.

    `checks` are of the gradient that `pulled` makes of a matrix.
    """
    clear = _clear(checks)
    if len(clear) < 2:
        return []
    turned = list(_rearranged(matrix, matrix.ndim))
    for axis in range(matrix.ndim):
        for by, end in ((1, "end"), (-1, "beginning")):
            shifted = np.roll(matrix, -by, axis)
            turned.append((f"shifted by one along axis {axis}, towards the {end}", shifted))
    found = [text for text, other in turned if fits(pulled(other), clear)]
    return found[:1] or _factor(pulled(matrix), clear)


def _clear(checks: list[SlopeCheck]) -> list[SlopeCheck]:
    return [c for c in checks if c.is_wrong and c.floor * CLEAR <= min(c.scale, 30 * c.difference)]


def fits(gradient: Array, checks: list[SlopeCheck]) -> bool:
    """Whether `gradient` explains all of the checks to within the noise."""
    return all(
        abs(float(np.sum(gradient * check.direction)) - check.found) <= check.floor
        for check in checks
    )


def _component(claimed: Array, checks: list[SlopeCheck], search: Search) -> list[str]:
    if claimed.size == 1 or not search.is_complete or len(search.found) != 1:
        return []
    [(place, check)] = search.found
    corrected = claimed.copy()
    corrected[place] = check.found / check.direction[place]
    if not fits(corrected, checks):
        return []
    name = ", ".join(map(str, place))
    digits = digits_of(check.difference / max(1e-300, abs(check.found)))
    return [
        f"component [{name}] only: it should be {corrected[place]:.{digits}g}, not "
        f"{claimed[place]:.{digits}g}; the others are right"
    ]


def _rearranged(claimed: Array, axes: int) -> Iterator[tuple[str, Array]]:
    """The claimed gradient with axes exchanged or reversed, or folded onto a triangle."""
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
            yield (
                (
                    "that of a function of symmetric matrices, but the function reads the "
                    f"{name} triangle alone (as cholesky and eigh do): give it (x + x.T) / 2"
                ),
                part + diagonal,
            )
    if claimed.ndim > axes:
        yield "conjugated: it should be ∂/∂x − i ∂/∂y", claimed * np.array([1.0, -1.0])


def _factor(claimed: Array, checks: list[SlopeCheck]) -> list[str]:
    """Is the claimed gradient a multiple of the right one?"""
    slopes = np.array([check.claimed for check in checks])
    found = np.array([check.found for check in checks])
    if not np.any(slopes) or any(check.floor > SHARP * abs(check.found) for check in checks):
        return []  # of what may be zero, everything is a multiple
    share = _multiple(slopes, found)
    if not share or not fits(share * claimed, checks):
        return []
    factor = 1 / share
    # the error that noise may have left in it
    slack = abs(factor) * max(check.floor / abs(check.found) for check in checks) + 1e-12 * abs(
        factor
    )
    text = _named(factor, slack)
    if text:
        return [text]
    is_common = sum(np.abs(claimed * checks[0].direction).ravel() > CLEAR * checks[0].floor) > 1
    # as many digits as it takes to see that it is not 1
    shown = digits_of(max(abs(factor - 1), 1e-15))
    return [f"off by the factor {factor:.{shown}g} in every component"] if is_common else []


def _multiple(of: Array, it: Array) -> float:
    """How many times one vector the other is, by least squares; 0 if that leaves the range."""
    unit = float(np.max(np.abs(of)))
    with np.errstate(all="ignore"):
        amount = float((of / unit) @ (it / unit) / ((of / unit) @ (of / unit)))
    return amount if np.isfinite(amount) else 0.0


def _named(factor: float, slack: float) -> str:
    """The factor in words, if it is one that mistakes make."""
    if abs(factor + 1) <= slack:
        return "the sign: it is the negative of the right one"
    sign = ", and by the sign" if factor < 0 else ""
    size = abs(factor)
    if abs(size - 2) <= slack:
        return f"off by the factor 2{sign}"
    if abs(size - 0.5) <= slack:
        return f"off by the factor 1/2{sign}"
    whole = round(size)
    if whole > 2 and abs(size - whole) <= slack <= 0.01:
        return (
            f"off by the factor {whole}{sign}: it looks like the gradient of the sum over {whole} "
            f"(a batch size?), not of the mean"
        )
    whole = round(1 / size)
    if whole > 2 and abs(1 / size - whole) <= slack / size**2 <= 0.01:
        return (
            f"off by the factor 1/{whole}{sign}: it looks like the gradient of the mean over "
            f"{whole} (a batch size?), not of the sum"
        )
    return ""


def _added(claimed: Array, at: Array, checks: list[SlopeCheck]) -> list[str]:
    """Is the difference a multiple of the point, or the same in every component?"""
    found = []
    for term, text in (
        (at, "a term is missing or too much: {:+.6g} times x is lacking"),
        (np.ones_like(at), "the same amount is lacking in every component: {:.6g}"),
    ):
        if claimed.size < 2 or np.count_nonzero(term) < 2:
            continue
        slopes = np.array([float(np.sum(term * check.direction)) for check in checks])
        errors = np.array([check.found - check.claimed for check in checks])
        amount = _multiple(slopes, errors)
        if amount and fits(claimed + amount * term, checks):
            found.append(text.format(amount))
    return found


def _at_edges(probe: Probe, axes: int, checks: list[SlopeCheck]) -> list[str]:
    """Is it right but for the first, or the last, along an axis?"""
    found = []
    for axis, (index, end) in itertools.product(range(axes), ((0, "first"), (-1, "last"))):
        if probe.claimed.shape[axis] < 3:
            continue
        rest = [_without(check.direction, axis, index) for check in checks[:2]]
        if not any(probe.measure(direction).is_wrong for direction in rest):
            n = probe.claimed.shape[axis]
            found.append(f"only the {end} along axis {axis} (index {index % n}) is wrong")
    return found


def _without(direction: Array, axis: int, index: int) -> Array:
    rest = direction.copy()
    np.moveaxis(rest, axis, 0)[index] = 0
    return rest


def _shifted(probe: Probe, axes: int, check: SlopeCheck) -> list[str]:
    """Is it right away from the edges, once it is moved by one?"""
    found = []
    for axis in range(axes):
        if probe.claimed.shape[axis] < 4:
            continue
        directions = [
            _without(_without(np.roll(check.direction, by, axis), axis, 0), axis, -1)
            for by in (0, 2)
        ]
        checks = [probe.measure(direction) for direction in directions]
        for by, end in ((1, "end"), (-1, "beginning")):
            moved = np.roll(probe.claimed, -by, axis)
            if all(a.is_wrong for a in checks) and fits(moved, checks):
                found.append(f"shifted by one along axis {axis}, towards the {end}")
    return found
