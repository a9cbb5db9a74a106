"""The slope of a function of one number at 0, by differences, and how far off that may be.

`slope` sweeps the step size and takes five-point differences where they are best. What it says of
its own error is meant to be true: it counts the rounding of the function, which it measures, the
spread between neighbouring step sizes, and a kink between the points.

What is known of the function can be taken off, so that only the rest need be small: a function here
gives pairs, its value φ(t) and the part ℓ(t) that is explained, and the slope is that of φ − ℓ.

>>> found = slope(lambda t: (np.sin(1.0 + t), 0.5 * t))
>>> bool(abs(found.value + 0.5 - np.cos(1.0)) < found.floor < 1e-11)
True
>>> found = slope(lambda t: (abs(t), 0.0))
>>> found.value, found.jump
(0.0, 2.0)
"""

from __future__ import annotations

import collections
import itertools
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import numpy as np

Function = Callable[[float], tuple[float, float]]
"""t → (φ(t), ℓ(t))"""

_Sides = tuple[float, float]
"""The values at h and at −h"""

START, SMALLEST, LARGEST = 3, 44, -30
"""The exponents k of the steps 2⁻ᵏ: where a sweep begins, and how far it may go."""

ROUNDINGS = 8.0
"""So many roundings of a value, over the step, are allowed for: a right slope is never called wrong
by chance, and the floor is some ten times what the noise is on average."""

NEAR, FAR = 12, 9
"""A function that is constant within 2⁻¹² moves in steps: roundings of single precision are finer.
Within 2⁻⁹ it is constant indeed, where the slope 0 is right: those of half precision are finer."""

SINGLE = 2.0**-23
"""The spacing of numbers in single precision: its roundings are as low, and no wider."""

TINY = float(np.finfo(np.float64).smallest_subnormal)
"""No value has a smaller rounding."""

EPS = float(np.finfo(np.float64).eps)


class Slope(NamedTuple):
    """A slope by differences."""

    value: float
    floor: float
    """how far `value` may be from the slope: inf if there is no telling"""
    level: int
    """k, where the step h is 2⁻ᵏ; the points lie at 0, ±h/4, ±h/2, ±h and ±2h"""
    noise: float
    """the rounding of a value of the function"""
    height: float = 0.0
    """|φ(0)|"""
    rise: float = 0.0
    """the largest |φ(t) − φ(0)| over h"""
    jump: float = 0.0
    """how far the slopes on the two sides differ, if it shows: a kink between the points"""
    note: str = ""
    """why there is no telling, or not better, if that is known"""
    is_on_a_step: bool = False
    """whether φ moves in steps, and what is explained is the slope between them"""

    @property
    def is_resolved(self) -> bool:
        """Whether the changes of the function are large beside the floor."""
        return self.floor <= 1e-2 * self.rise


NOISE, JUMPS = "f changes like noise", "f moves in jumps"

NO_SLOPE = Slope(np.nan, np.inf, START, 0.0, note="f is not finite on both sides")


def slope(function: Function, epsilon: float = EPS) -> Slope:
    """The slope of `function` at 0; the sweep begins at the step 1/8 and goes both ways.

    `function` may be nan or infinite away from 0: such steps are too large. `epsilon` is the
    rounding of its values: more than that of float64 if they were computed in less.
    """
    ladder = _Ladder(function, epsilon)
    found = _sweep(ladder)
    for _ in range(4):
        level = found.level
        # Two spacings: where values are rounded coarsely, one may hit the grid and see nothing,
        # as all that have few bits may.
        spacing = 2.0 ** -max(level, START) / 256
        ladder.noise = max(_roughness(function, spacing), _roughness(function, 0.618034 * spacing))
        found = _sweep(ladder)
        if found.level == level:
            break
    if ladder.noise > 1e3 * epsilon * abs(ladder.height) and _is_torn(ladder):
        return NO_SLOPE._replace(note="f jumps here")
    jumps, reach = _jumps(ladder, found)
    if jumps > 1e-5 * abs(ladder.height) and reach <= NEAR:
        # steps, no roundings
        if found.value or reach > FAR:
            return NO_SLOPE._replace(note=JUMPS)
    elif jumps:
        ladder.noise = jumps
        found = _sweep(ladder)
        if found.level < 0:  # from so far away, any steps look like a slope
            return NO_SLOPE._replace(note=JUMPS)
    if found.jump and not _is_steady_kink(ladder, range(found.level, found.level + 3)):
        found = found._replace(jump=0.0)
    change = found.rise * 2.0**-found.level
    is_noise = not found.is_resolved and not found.jump and change > 1e-3 * found.height
    if is_noise and not ladder.repeats():
        return NO_SLOPE._replace(note=NOISE, rise=change, level=0)
    if not np.isfinite(found.floor):
        return NO_SLOPE
    found = _confirmed(ladder, found)
    return found._replace(is_on_a_step=_is_on_a_step(ladder, found))


def slope_at(function: Function, level: int, noise: float, epsilon: float = EPS) -> Slope:
    """The slope from one step, 2⁻ˡᵉᵛᵉˡ, where step and noise are known from a similar function."""
    ladder = _Ladder(function, epsilon)
    ladder.noise = noise
    return ladder.estimate(level)


def five_point(near: Any, far: Any) -> Any:
    """The slope, with an error of h⁴, from the central differences of the steps h and 2h."""
    return (4 * near - far) / 3


class _Ladder:
    """The values of a function at ±2⁻ᵏ, each computed once, and what follows from them."""

    def __init__(self, function: Function, epsilon: float) -> None:
        self.function = function
        self.epsilon = epsilon
        self.height, explained = function(0.0)
        self.centre = self.height - explained
        self.noise = 0.0
        self._sides: dict[int, tuple[_Sides, _Sides]] = {}

    def sides(self, k: int) -> tuple[_Sides, _Sides]:
        """φ at h and at −h, and φ − ℓ there."""
        if k not in self._sides:
            (right, by), (left, back) = [self.function(t) for t in (2.0**-k, -(2.0**-k))]
            self._sides[k] = (right, left), (right - by, left - back)
        return self._sides[k]

    def seen(self) -> list[int]:
        """The k of the estimates that need no further values."""
        return sorted(k for k in self._sides if {k - 1, k + 1, k + 2} <= self._sides.keys())

    def repeats(self) -> bool:
        """Whether most values came up before, as where larger numbers cancel.

        They are few multiples of one rounding then, and bound the slope; a function that is faster
        than any step takes a new value each time. The most frequent value, which may be where the
        function is cut off, does not count.
        """
        count = collections.Counter(v for heights, _ in self._sides.values() for v in heights)
        [(_, most)] = count.most_common(1)
        return 2 * (len(count) - 1) < count.total() - most

    def estimate(self, k: int) -> Slope:
        """From the steps 2h, h, h/2 and h/4, where h is 2⁻ᵏ."""
        pairs, rests = zip(*[self.sides(i) for i in range(k - 1, k + 3)], strict=True)
        heights = [height for pair in pairs for height in pair]
        if not np.all(np.isfinite(heights)):
            return NO_SLOPE
        coarse, value, fine = _five_point_slopes(rests, k)
        largest = max(abs(self.height), *map(abs, heights))
        noise = max(self.noise, self.epsilon * largest, TINY)
        spread = max(abs(coarse - value), abs(fine - value)) + 2 * ROUNDINGS * noise * 2.0**k
        rise = max(abs(v - self.height) for v in heights) * 2.0**k
        if EPS * abs(value) > 1e-3 * rise:  # what is explained swallows what there is
            slopes = _five_point_slopes(pairs, k)
            spread += max(slopes) - min(slopes)
        # (φ(h) − 2 φ(0) + φ(−h)) / h is h φ″ + h³ φ⁗/12 + … where φ is smooth: these terms cancel,
        # and what is left is by how much the slopes on the two sides differ as h → 0.
        far, middle, near = [
            (right - 2 * self.centre + left) * 2.0**i
            for i, (right, left) in enumerate(rests[1:], k)
        ]
        jump = abs(far - 10 * middle + 16 * near) / 7
        # its standard deviation is 24 times that of a value over the step
        is_kink = jump > 24 * ROUNDINGS * noise * 2.0**k + spread
        kink = jump if is_kink else 0.0
        return Slope(value, spread + jump / 2, k, noise, abs(self.height), rise, kink)


def _five_point_slopes(sides: Sequence[_Sides], k: int) -> list[float]:
    """By the steps h, h/2 and h/4, from the values at ±2h, ±h, ±h/2 and ±h/4."""
    central = [(right - left) / 2.0 ** (1 - i) for i, (right, left) in enumerate(sides, k - 1)]
    return [five_point(near, far) for far, near in itertools.pairwise(central)]


def _sweep(ladder: _Ladder) -> Slope:
    """The best estimate: downwards as far as it pays, then upwards.

    One that resolves the function comes before all others: far away, whatever is bounded looks
    flat, and its slope seems to be well known.
    """
    best = NO_SLOPE
    for k in range(START, SMALLEST):
        one = ladder.estimate(k)
        if (one.is_resolved, -one.floor) > (best.is_resolved, -best.floor):
            best = one
        elif best.is_resolved and ROUNDINGS * one.noise * 2.0**k >= best.floor:
            break
    is_flat = best.rise == 0 and best.value == 0
    if best.jump or is_flat or (best.is_resolved and best.level != START):
        return best
    failures = 0
    for k in range(START - 1, LARGEST, -1):
        one = ladder.estimate(k)
        if not one.is_resolved:
            continue
        if not best.is_resolved or one.floor < 0.7 * best.floor:
            best, failures = one, 0
        else:
            failures += 1
        if failures == 2:
            break
    return best


def _is_torn(ladder: _Ladder) -> bool:
    """Whether φ jumps at 0: the sides keep their distance from φ(0), however small the step."""
    gaps = np.array([ladder.sides(k)[1] for k in (24, 32, 40)]) - ladder.centre
    widest = float(np.max(np.abs(gaps[-1])))
    return widest > 0.1 * ladder.noise and bool(np.all(np.ptp(gaps, axis=0) < 1e-2 * widest))


def _jumps(ladder: _Ladder, found: Slope) -> tuple[float, int]:
    """The size of the jumps in which a function moves that stands still in small steps, or 0.

    With k, where 2⁻ᵏ is how far it stands still. Where it begins to move, jumps look the same from
    farther away; a kink looks larger.
    """
    moving = [k for k in ladder.seen() if k < found.level and ladder.estimate(k).rise > 0]
    if found.rise > 0 or not moving:
        return 0.0, 0
    spacing = 2.0 ** -max(moving)
    near, far = (_roughness(ladder.function, s) for s in (spacing, 16 * spacing))
    return (max(near, far) if far < 8 * near else 0.0), max(moving)


def _roughness(function: Function, spacing: float) -> float:
    """The noise of the values at this spacing: what fourth differences leave, which have no slope.

    It is the standard deviation of the values if their errors are independent.
    """
    pairs = [function(i * spacing) for i in range(-4, 5)]
    fourth = np.diff([height - explained for height, explained in pairs], 4)
    noise = float(np.sqrt(np.mean(fourth**2) / 70))  # 70 = 1 + 16 + 36 + 16 + 1
    return noise if np.isfinite(noise) else 0.0


def _confirmed(ladder: _Ladder, found: Slope) -> Slope:
    """The estimate, or one that covers those by other steps, too, if they contradict it.

    Much smaller steps do where the function has a feature narrower than the best step, larger ones,
    though fine in themselves, where a part of it moves in jumps, as sums in lower precision do.
    """
    best = found.level
    if not found.jump and _is_steady_kink(ladder, range(max(START, best - 9), best - 5)):
        found = found._replace(note="a kink nearby")
    coarser = [ladder.estimate(k) for k in ladder.seen() if START <= k < best]
    finer = [ladder.estimate(k) for k in (best + 7, best + 14, best + 21) if k < SMALLEST]
    if best < SMALLEST - 2:
        finer.append(ladder.estimate(SMALLEST - 2))

    def off(other: Slope) -> float:
        return abs(other.value - found.value)

    values = [found.value]
    values += [a.value for a in coarser if a.is_resolved and off(a) > found.floor + 30 * a.floor]
    least = 0.05 * abs(found.value)
    values += [a.value for a in finer if off(a) > max(found.floor + a.floor, least)]
    if len(values) == 1:
        return found
    low, high = min(values), max(values)
    return found._replace(value=(low + high) / 2, floor=found.floor + 0.6 * (high - low))


def _is_on_a_step(ladder: _Ladder, found: Slope) -> bool:
    """Whether `found` is the slope of steps, and what is explained fits the one that we stand on.

    Steps that are fine beside the best step of differences look like rounding. A much smaller one
    shows that they are not: nothing moves there, and there is no noise.
    """
    off, noise = abs(found.value), ladder.noise
    if not found.floor < off < np.inf:
        return False

    def fits(k: int) -> bool:
        """Whether what is explained fits the step 2⁻ᵏ, with the noise that there is so near."""
        ladder.noise = 0.0
        if not abs(ladder.estimate(k).value) < off / 4:
            return False
        ladder.noise = _roughness(ladder.function, 2.0**-k / 2)
        one = ladder.estimate(k)
        return abs(one.value) <= one.floor < off / 4

    height = max(abs(ladder.height), TINY / ladder.epsilon)
    # where rounding is as large as `off`
    finest = int(np.log2(off) - np.log2(height) - np.log2(ladder.epsilon))
    levels = [k for k in (finest - 14, finest - 8) if found.level < k < SMALLEST - 2]
    if not any(map(fits, levels or [SMALLEST - 2])):
        return False
    is_single = noise < 2 * SINGLE * height and 2 * _roughness(ladder.function, SINGLE) > noise
    return not is_single


def _is_steady_kink(ladder: _Ladder, levels: range) -> bool:
    """Whether three or more steps see a jump of about the same height, as all do at a kink."""
    jumps = [ladder.estimate(k).jump for k in levels]
    return len(jumps) > 2 and 0.4 * max(jumps) < min(jumps)
