"""A claimed gradient compared with slopes along directions, for one array at a time.

A `Probe` has a point, the gradient that is claimed there, and the function along every line through
it. Its `measure` takes a direction and gives a `SlopeCheck`: the claimed slope, and the one that is
found by differences. `directions` draws directions that say much; `search` finds the components
that are at fault, also among a million.
"""

from __future__ import annotations

import heapq
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np

from ..core.arrays import Array
from .differences import EPS, JUMPS, Function, Slope, slope, slope_at
from .report import Row, Verdict

Place = tuple[int, ...]


class Precision(NamedTuple):
    """What to ask of a gradient and of a check, relative to the size of the gradient."""

    tolerance: float
    """the error that its own rounding leaves to a gradient"""
    resolution: float
    """how low the noise must be for the verdict right"""


_DOUBLE = Precision(1e-12, 1e-7)
_PRECISIONS = {
    np.dtype(np.float32): Precision(1e-5, 1e-3),
    np.dtype(np.float16): Precision(1e-2, 0.1),
}

AGREEMENT, CONFIRMED = 1e-9, 1e-4
"""A claimed slope that agrees with a complex step to the one, relative to it, is right if
differences confirm the complex step to the other."""

ALL, QUICK, ENOUGH = 64, 100, 3
"""In an array of up to so many components each is measured. In a larger one, a search takes up to
so many quick measurements, and ends when it has found so many components."""


def precision_of(*dtypes: Any) -> Precision:
    """What to ask of a gradient that is computed in these dtypes."""
    return max(_PRECISIONS.get(np.empty(0, dtype).real.dtype, _DOUBLE) for dtype in dtypes)


class SlopeCheck(NamedTuple):
    """The slope along a direction, as it is claimed and as it is found."""

    direction: Array
    claimed: float
    found: float
    floor: float
    """how far the two may be apart and yet be the same"""
    size: float
    """of the gradient along the direction: the root of the sum of the squares of its terms"""
    rest: Slope
    """the slope of what the claimed gradient leaves unexplained"""
    precision: Precision
    is_exact: bool
    """whether `found` is by complex step, which differences confirm to within `floor`"""

    @property
    def difference(self) -> float:
        """|Δ|; nan if nothing was found."""
        return abs(self.claimed - self.found)

    @property
    def scale(self) -> float:
        """The size of the gradient, claimed or found."""
        return max(self.size, abs(self.found))

    @property
    def is_wrong(self) -> bool:
        """Whether the two differ by more than the noise."""
        return self.difference > self.floor

    @property
    def mistake(self) -> float:
        """How wrong the gradient is along the direction; 0 if that is noise."""
        return self.difference if self.is_wrong else 0.0

    def verdict(self, largest: float) -> Verdict:
        """Right only if a mistake would have shown.

        A gradient that does not rise above the noise is measured against `largest`, the size of the
        largest gradient of all arrays, or against the changes of the function nearby, or if it
        does not change at all, against its value.
        """
        if self.is_wrong:
            return "wrong"
        if not np.isfinite(self.difference + self.floor):
            return "cannot tell"
        size = self.scale
        if not size > self.floor:
            size = max(largest, self.rest.rise) or self.rest.height
            if not size:
                return "right"  # zero, and so is all there is nearby
        elif self.is_exact:
            is_close = self.difference <= max(AGREEMENT, self.precision.tolerance) * size
            return "right" if is_close else "cannot tell"
        return "right" if self.floor <= self.precision.resolution * size else "cannot tell"

    def row(self, name: str, verdict: Verdict, unit: float = 1.0) -> Row:
        """The row of a report, in a `unit` of the direction; it notes why there is no telling."""
        note = ""
        if verdict == "cannot tell":
            note = self.rest.note
            if self.rest.jump:
                ends = sorted((self.found + side * self.rest.jump / 2) / unit for side in (-1, 1))
                note = f"a kink, with slopes {ends[0]:.4g} and {ends[1]:.4g}"
            elif not note and not np.isfinite(self.difference + self.floor):
                note = "the slopes overflow"
        scale, difference, floor = self.scale, self.difference / abs(unit), self.floor / abs(unit)
        relative = self.difference / scale if scale else self.difference
        slopes = self.claimed / unit, self.found / unit
        return Row(name, (), difference, relative, verdict, *slopes, floor, note)


@dataclass(eq=False)
class Probe:
    """A point of one real array, and the gradient that is claimed there."""

    line: Callable[[Array], Function]
    """direction → t → (the function at the point + t · direction, what is claimed of its change)"""
    at: Array
    claimed: Array
    precision: Precision
    epsilon: float = EPS
    complex_function: Callable[[Array], complex] | None = None
    """the function of complex points, if it takes them: used as far as differences confirm it"""
    noise: Array | float = 0.0
    """the rounding of each claimed component"""

    def measure(self, direction: Array, like: SlopeCheck | None = None) -> SlopeCheck:
        """The slopes along `direction`, from a sweep of steps.

        Or, for a fifth of the cost, from the step that was best for another check `like` it.
        """
        line = self.line(direction)
        with np.errstate(all="ignore"), warnings.catch_warnings():
            warnings.simplefilter("ignore")  # what f says at the point itself, it has said before
            if like is None:
                rest = slope(line, self.epsilon)
            else:
                rest = slope_at(line, like.rest.level, like.rest.noise, self.epsilon)
            terms = self.claimed * direction
            claimed, size = float(np.sum(terms)), norm(terms)
            own = self.own_noise(direction) + self.precision.tolerance * size
            found, floor, is_exact = claimed + rest.value, rest.floor + own, False
            if rest.is_on_a_step:
                floor, rest = floor + abs(rest.value), rest._replace(note=JUMPS)
            fine = max(CONFIRMED, self.precision.resolution) * max(size, abs(found))
            if self.complex_function is not None and not rest.jump and floor <= fine:
                h = 2.0**-100  # so small that no rounding comes in
                try:
                    exact = float(np.imag(self.complex_function(self.at + 1j * h * direction)) / h)
                except Exception:  # f was written for real numbers, and may do anything
                    self.complex_function, exact = None, np.nan
                is_exact = abs(exact - found) <= floor
                found = exact if is_exact else found
        return SlopeCheck(direction, claimed, found, floor, size, rest, self.precision, is_exact)

    def own_noise(self, direction: Array) -> float:
        """What the rounding of the claimed gradient may make of its slope."""
        return 8 * norm(self.noise * direction)


def directions(at: Array, rng: np.random.Generator) -> list[Any]:
    """One that moves every component in proportion to it, and one that moves all alike.

    The lengths have few bits, so that most steps are exact; none is small, and few are equal, so
    that mistakes do not cancel.
    """
    return [
        scale * rng.choice([-1.0, 1.0], at.shape) * (rng.integers(128, 256, at.shape) / 256)
        for scale in scales(at)
    ]


def scales(at: Array) -> tuple[Array, float]:
    """A power of two near each component's magnitude, and one near the typical magnitude."""
    magnitudes = np.abs(at)
    there = magnitudes[magnitudes > 0]
    typical = power_of_two(np.median(there)) if there.size else 1.0
    return np.where(magnitudes > 0, power_of_two(magnitudes), typical), float(typical)


def norm(terms: Array) -> float:
    """The root of the sum of the squares, where these may overflow or vanish."""
    largest = float(np.max(np.abs(terms), initial=0.0))
    if not 0 < largest < np.inf:
        return largest
    return largest * float(np.linalg.norm(terms / largest))


def power_of_two(magnitude: Any) -> Any:
    """The one at or below each magnitude."""
    with np.errstate(all="ignore"):
        return 2.0 ** np.floor(np.log2(magnitude))


class Search(NamedTuple):
    """The components that are at fault, worst first; `is_complete` if there are no others."""

    found: list[tuple[Place, SlopeCheck]]
    is_complete: bool


def search(probe: Probe, whole: SlopeCheck, fault: Callable[[SlopeCheck], float]) -> Search:
    """The components that make the `fault` of a check, each along its part of the direction.

    So each is measured at the scale at which the fault shows. Where there are many, those at fault
    are found by halving: one among a million takes forty quick measurements.
    """
    shape, flat = whole.direction.shape, whole.direction.ravel()

    def part(low: int, high: int) -> Array:
        direction = np.zeros_like(flat)
        direction[low:high] = flat[low:high]
        return direction.reshape(shape)

    places, queue, count = [int(i) for i in np.flatnonzero(flat)], [], 0
    if len(places) > ALL:
        places, queue = [], [(-fault(whole), 0, flat.size)]
    while queue and len(places) < ENOUGH and count < QUICK:
        _, low, high = heapq.heappop(queue)
        while high - low > 1:  # down into the worse half
            middle = (low + high) // 2
            count += 2
            halves = [(low, middle), (middle, high)]
            faults = [fault(probe.measure(part(*half), like=whole)) for half in halves]
            if not any(faults):
                break  # the two together are at fault, but neither beyond the noise
            (_, low, high), other = sorted(
                (-value, *half) for value, half in zip(faults, halves, strict=True)
            )
            if other[0]:
                heapq.heappush(queue, other)
        else:
            places.append(low)
    checks = [(i, probe.measure(part(i, i + 1))) for i in places]
    at_fault = [(fault(check) / abs(flat[i]), i, check) for i, check in checks if fault(check)]
    at_fault.sort(key=lambda item: -item[0])
    found = [(tuple(map(int, np.unravel_index(i, shape))), check) for _, i, check in at_fault]
    return Search(found, is_complete=not queue)
