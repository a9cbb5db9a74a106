"""A claimed gradient held against slopes along directions, one array at a time.

A `Probe` has a function of one array of real numbers, the point, and the gradient that is claimed
there. `look` takes a direction and gives both slopes: the claimed one, and the one by differences.
`directions` draws directions that are worth looking along.
"""

from __future__ import annotations

import contextlib
import warnings
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

import numpy as np

from .differences import EPS, JUMPS, Slope, slope, slope_at
from .report import Verdict

Array = np.ndarray[Any, Any]


class Precision(NamedTuple):
    """What to ask of a gradient and of a check, relative to the size of the gradient."""

    tolerance: float
    """the error that is left to a gradient by its own rounding"""
    resolution: float
    """how low the noise must be for the verdict right"""


DOUBLE = Precision(1e-12, 1e-7)
PRECISIONS = {
    np.dtype(np.float64): DOUBLE,
    np.dtype(np.float32): Precision(1e-5, 1e-3),
    np.dtype(np.float16): Precision(1e-2, 0.1),
}

AGREEMENT = 1e-9
"""To which a complex step and a claimed slope agree only if both are right …"""

CONFIRMED = 1e-4
"""… provided that differences confirm the complex step to this; both relative to the slope."""


class Look(NamedTuple):
    """The slope along a direction, as it is claimed and as it is found."""

    direction: Array
    claimed: float
    found: float
    floor: float
    """how far the two may be apart and yet be the same"""
    size: float
    """of the gradient along the direction: the root of the sum of the squares of its terms"""
    off: Slope
    """the slope of what the claimed gradient leaves unexplained"""
    precision: Precision
    is_exact: bool
    """whether `found` is by complex step, which differences confirm to within `floor`"""

    @property
    def difference(self) -> float:
        """|Δ|; nan if nothing was found."""
        return abs(self.claimed - self.found)

    @property
    def is_wrong(self) -> bool:
        """Whether the two differ by more than the noise."""
        return self.difference > self.floor

    @property
    def jump(self) -> float:
        """How far the slopes on the two sides differ: a kink."""
        return self.off.jump

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
        size = max(self.size, abs(self.found))
        if not size > self.floor:
            size = max(largest, self.off.rise) or self.off.height
            if not size:
                return "right"  # zero, and so is all there is nearby
        elif self.is_exact:
            is_close = self.difference <= max(AGREEMENT, self.precision.tolerance) * size
            return "right" if is_close else "cannot tell"
        return "right" if self.floor <= self.precision.resolution * size else "cannot tell"


class Probe:
    """A function of one real array, the point `at`, and the gradient `claimed` there.

    `noise` is what is known about the rounding of each component, `precision` an entry of
    `PRECISIONS`. `complex_function`, if there is one, is the function of a complex array; it is
    used as far as differences confirm it.
    """

    def __init__(
        self,
        function: Callable[[Array], float],
        at: Array,
        claimed: Array,
        *,
        noise: Array | float = 0.0,
        precision: Precision = DOUBLE,
        epsilon: float = EPS,
        complex_function: Callable[[Array], Any] | None = None,
    ) -> None:
        self.function = function
        self.at = at
        self.claimed = claimed
        self.noise = noise
        self.precision = precision
        self.epsilon = epsilon
        self.complex_function = complex_function

    def look(self, direction: Array) -> Look:
        """The slopes along `direction`, from a sweep of steps."""
        with _silence():
            return self._judged(direction, slope(self._line(direction), self.epsilon))

    def glance(self, direction: Array, like: Look) -> Look:
        """The slopes along `direction`, at the step that was best for another, for a fifth."""
        off = like.off
        with _silence():
            found = slope_at(self._line(direction), off.level, off.noise, self.epsilon)
            return self._judged(direction, found)

    def own_noise(self, direction: Array) -> float:
        """What the rounding of the claimed gradient may make of its slope."""
        return 8 * norm(self.noise * direction)

    def _line(self, direction: Array) -> Callable[[float], tuple[float, float]]:
        """The function along `direction`, and what the gradient claims of the step really taken."""

        def values(t: float) -> tuple[float, float]:
            moved = self.at + t * direction
            return self.function(moved), float(np.sum(self.claimed * (moved - self.at)))

        return values

    def _judged(self, direction: Array, off: Slope) -> Look:
        terms = self.claimed * direction
        claimed, size = float(np.sum(terms)), norm(terms)
        own = self.own_noise(direction) + self.precision.tolerance * size
        found, floor, is_exact = claimed + off.value, off.floor + own, False
        if off.is_on_a_step:
            floor, off = floor + abs(off.value), off._replace(note=JUMPS)
        fine = max(CONFIRMED, self.precision.resolution) * max(size, abs(found))
        if self.complex_function is not None and not off.jump and floor <= fine:
            exact = self._complex_step(direction)
            is_exact = abs(exact - found) <= floor
            if is_exact:
                found = exact
        return Look(direction, claimed, found, floor, size, off, self.precision, is_exact)

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
