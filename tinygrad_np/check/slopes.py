"""A claimed gradient compared with slopes along directions, for one array at a time.

A `Probe` has a function of one array of real numbers, the point, and the gradient that is claimed
there. `measure` takes a direction and gives a `SlopeCheck`: the claimed slope, and the one that is
found by differences. `directions` draws directions that say much; `search` finds the components
that are at fault, also among a million.
"""

from __future__ import annotations

import contextlib
import heapq
import warnings
from collections.abc import Callable, Iterable, Iterator
from typing import Any, NamedTuple

import numpy as np

from .differences import EPS, JUMPS, Slope, slope, slope_at
from .report import Row, Verdict

Array = np.ndarray[Any, Any]
Place = tuple[int, ...]


class Precision(NamedTuple):
    """What to ask of a gradient and of a check, relative to the size of the gradient."""

    tolerance: float
    """the error that is left to a gradient by its own rounding"""
    resolution: float
    """how low the noise must be for the verdict right"""


_DOUBLE = Precision(1e-12, 1e-7)
_PRECISIONS = {
    np.dtype(np.float32): Precision(1e-5, 1e-3),
    np.dtype(np.float16): Precision(1e-2, 0.1),
}

AGREEMENT = 1e-9
"""To which a complex step and a claimed slope agree only if both are right …"""

CONFIRMED = 1e-4
"""… provided that differences confirm the complex step to this; both relative to the slope."""

ALL = 64
"""Up to so many components, each is measured."""

QUICK, ENOUGH = 100, 3
"""In an array with more: at most so many quick measurements, and so many components to find."""


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
    def jump(self) -> float:
        """How far the slopes on the two sides differ, which is a kink; 0 if there is none."""
        return self.rest.jump

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

    def row(self, name: str, verdict: Verdict, unit: float = 1.0, note: str = "") -> Row:
        """It as a row of a report, in a `unit` of the direction."""
        scale, difference, floor = self.scale, self.difference / abs(unit), self.floor / abs(unit)
        relative = self.difference / scale if scale else self.difference
        slopes = self.claimed / unit, self.found / unit
        return Row(name, (), difference, relative, verdict, *slopes, floor, note)

    def note(self, unit: float = 1.0) -> str:
        """Why there is no telling."""
        if self.jump:
            ends = sorted((self.found + side * self.jump / 2) / unit for side in (-1, 1))
            return f"a kink, with slopes {ends[0]:.4g} and {ends[1]:.4g}"
        if not np.isfinite(self.difference + self.floor) and not self.rest.note:
            return "the slopes overflow"
        return self.rest.note


def worst(checks: Iterable[SlopeCheck]) -> SlopeCheck:
    """The one that is farthest above its noise, of some that are wrong."""
    return max((c for c in checks if c.is_wrong), key=lambda check: check.difference / check.floor)


class Probe:
    """A function of one real array, the point `at`, and the gradient `claimed` there.

    `noise` is what is known about the rounding of each component. `complex_function`, if there is
    one, is the function of a complex array; it is used as far as differences confirm it.
    """

    def __init__(
        self,
        function: Callable[[Array], float],
        at: Array,
        claimed: Array,
        precision: Precision,
        epsilon: float = EPS,
        complex_function: Callable[[Array], Any] | None = None,
    ) -> None:
        self.function = function
        self.at = at
        self.claimed = claimed
        self.noise: Array | float = 0.0
        self.precision = precision
        self.epsilon = epsilon
        self.complex_function = complex_function

    def measure(self, direction: Array) -> SlopeCheck:
        """The slopes along `direction`, from a sweep of steps."""
        with _silence():
            return self._checked(direction, slope(self._line(direction), self.epsilon))

    def quick_measure(self, direction: Array, like: SlopeCheck) -> SlopeCheck:
        """The slopes along `direction`, at the step that was best for another, for a fifth."""
        with _silence():
            line, level, noise = self._line(direction), like.rest.level, like.rest.noise
            return self._checked(direction, slope_at(line, level, noise, self.epsilon))

    def own_noise(self, direction: Array) -> float:
        """What the rounding of the claimed gradient may make of its slope."""
        return 8 * norm(self.noise * direction)

    def _line(self, direction: Array) -> Callable[[float], tuple[float, float]]:
        """The function along `direction`, and what the gradient claims of the step really taken."""

        def values(t: float) -> tuple[float, float]:
            moved = self.at + t * direction
            return self.function(moved), float(np.sum(self.claimed * (moved - self.at)))

        return values

    def _checked(self, direction: Array, rest: Slope) -> SlopeCheck:
        terms = self.claimed * direction
        claimed, size = float(np.sum(terms)), norm(terms)
        own = self.own_noise(direction) + self.precision.tolerance * size
        found, floor, is_exact = claimed + rest.value, rest.floor + own, False
        if rest.is_on_a_step:
            floor, rest = floor + abs(rest.value), rest._replace(note=JUMPS)
        fine = max(CONFIRMED, self.precision.resolution) * max(size, abs(found))
        if self.complex_function is not None and not rest.jump and floor <= fine:
            exact = self._complex_step(direction)
            is_exact = abs(exact - found) <= floor
            if is_exact:
                found = exact
        return SlopeCheck(direction, claimed, found, floor, size, rest, self.precision, is_exact)

    def _complex_step(self, direction: Array) -> float:
        """Im f(x + i h v) / h, with h so small that no rounding comes in; nan if f refuses."""
        assert self.complex_function is not None
        h = 2.0**-100
        try:
            return float(np.imag(self.complex_function(self.at + 1j * h * direction)) / h)
        except Exception:  # f was written for real numbers, and may do anything
            self.complex_function = None
            return np.nan


@contextlib.contextmanager
def _silence() -> Iterator[None]:
    """No warnings: what f has to say at the point itself, it has said before."""
    with np.errstate(all="ignore"), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield


def directions(at: Array, rng: np.random.Generator) -> list[Any]:
    """One that moves every component in proportion to it, and one that moves all alike.

    Of the lengths, which have few bits so that most steps are exact, none is small, and hardly one
    is the same as another, so that no two mistakes cancel.
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

    def halved() -> tuple[list[int], bool]:
        """Components at fault, and whether these are all: down into the worse half first."""
        found: list[int] = []
        queue = [(-fault(whole), 0, flat.size)]
        count = 0
        while queue and len(found) < ENOUGH and count < QUICK:
            _, low, high = heapq.heappop(queue)
            while high - low > 1:
                middle = (low + high) // 2
                count += 2
                halves = sorted(
                    (-value, a, b)
                    for a, b in ((low, middle), (middle, high))
                    if (value := fault(probe.quick_measure(part(a, b), whole)))
                )
                if not halves:
                    break  # the two together are at fault, but neither beyond the noise
                _, low, high = halves[0]
                for other in halves[1:]:
                    heapq.heappush(queue, other)
            else:
                found.append(low)
        return found, not queue

    places, is_complete = [int(i) for i in np.flatnonzero(flat)], True
    if len(places) > ALL:
        places, is_complete = halved()
    checks = [(i, probe.measure(part(i, i + 1))) for i in places]
    at_fault = [(fault(check) / abs(flat[i]), i, check) for i, check in checks if fault(check)]
    at_fault.sort(key=lambda item: -item[0])
    found = [(tuple(map(int, np.unravel_index(i, shape))), check) for _, i, check in at_fault]
    return Search(found, is_complete)
