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
from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np

Function = Callable[[float], tuple[float, float]]
"""t → (φ(t), ℓ(t))"""

START, SMALLEST, LARGEST = 3, 44, -30
"""The exponents k of the steps 2⁻ᵏ: where a sweep begins, and how far it may go."""

ROUNDINGS = 8.0
"""So many roundings of a value, over the step, are allowed for: a right slope is never called wrong
by chance, and the floor is some ten times what the noise is on average."""

NEAR, FAR = 12, 9
"""A function that stands still to 2⁻¹² around has more than roundings of single precision, and one
that does to 2⁻⁹ more than those of half precision: that one is constant there, if that is what is
claimed of it."""

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
    """whether it is that of steps, between which the slope is what is explained"""

    @property
    def is_resolved(self) -> bool:
        """Whether the changes of the function are large beside the floor."""
        return self.floor <= 1e-2 * self.rise


NOISE, JUMPS = "f changes like noise", "f moves in jumps"

NOWHERE = Slope(np.nan, np.inf, START, 0.0, note="f is not finite on both sides")


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
        return NOWHERE._replace(note="f jumps here")
    jumps, reach = _jumps(ladder, found)
    if jumps > 1e-5 * abs(ladder.height) and reach <= NEAR:
        # steps, no roundings
        if found.value or reach > FAR:
            return NOWHERE._replace(note=JUMPS)
    elif jumps:
        ladder.noise = jumps
        found = _sweep(ladder)
        if found.level < 0:  # from so far away, any steps look like a slope
            return NOWHERE._replace(note=JUMPS)
    if found.jump and not _steady(ladder, range(found.level, found.level + 3)):
        found = found._replace(jump=0.0)
    change = found.rise * 2.0**-found.level
    is_noise = not found.is_resolved and not found.jump and change > 1e-3 * found.height
    if is_noise and not ladder.repeats():
        return NOWHERE._replace(note=NOISE, rise=change, level=0)
    if not np.isfinite(found.floor):
        return NOWHERE
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
        self._pairs: dict[int, list[tuple[float, float]]] = {}

    def pairs(self, k: int) -> list[tuple[float, float]]:
        """φ and ℓ at h, and at −h."""
        if k not in self._pairs:
            self._pairs[k] = [self.function(2.0**-k), self.function(-(2.0**-k))]
        return self._pairs[k]

    def sides(self, k: int) -> list[float]:
        """φ − ℓ at h and at −h."""
        return [height - explained for height, explained in self.pairs(k)]

    def seen(self) -> list[int]:
        """The k of the estimates that need no further values."""
        return sorted(k for k in self._pairs if {k - 1, k + 1, k + 2} <= self._pairs.keys())

    def central(self, k: int) -> float:
        right, left = self.sides(k)
        return (right - left) / 2.0 ** (1 - k)

    def five_point(self, k: int) -> float:
        return five_point(self.central(k), self.central(k - 1))

    def jump(self, k: int) -> float:
        """By how much the slopes on the two sides differ as h → 0.

        (φ(h) − 2 φ(0) + φ(−h)) / h is h φ″ + h³ φ⁗/12 + … where φ is smooth: these terms cancel.
        """
        sides = [self.sides(i) for i in range(k, k + 3)]
        bends = [right - 2 * self.centre + left for right, left in sides]
        far, middle, near = [bend * 2.0**i for i, bend in enumerate(bends, k)]
        return (far - 10 * middle + 16 * near) / 7

    def heights(self, k: int) -> list[float]:
        """φ at ±2h, ±h, ±h/2 and ±h/4."""
        return [height for i in range(k - 1, k + 3) for height, _ in self.pairs(i)]

    def rounding(self, k: int) -> float:
        """The noise of a value over the step."""
        largest = max(abs(self.height), *map(abs, self.heights(k)))
        return max(self.noise, self.epsilon * largest, TINY) * 2.0**k

    def _own_spread(self, k: int) -> float:
        """How far the slopes of φ alone differ between the step 2⁻ᵏ and its neighbours."""
        heights = self.heights(k)
        sides = zip(heights[::2], heights[1::2], range(k - 1, k + 3), strict=True)
        slopes = [(right - left) / 2.0 ** (1 - i) for right, left, i in sides]
        points = [five_point(near, far) for far, near in itertools.pairwise(slopes)]
        return max(points) - min(points)

    def repeats(self) -> bool:
        """Whether most values came up before: what is left of larger numbers that cancel.

        They are few multiples of one rounding, so that they bound the slope. A function that is
        faster than any step takes another value each time. One value may be what it is cut off at.
        """
        values = [height for pairs in self._pairs.values() for height, _ in pairs]
        count = collections.Counter(values)
        [(_, most)] = count.most_common(1)
        return 2 * (len(count) - 1) < len(values) - most

    def estimate(self, k: int) -> Slope:
        """From the steps 2h, h, h/2 and h/4, where h is 2⁻ᵏ."""
        heights = self.heights(k)
        if not np.all(np.isfinite(heights)):
            return NOWHERE
        coarse, value, fine = (self.five_point(i) for i in (k, k + 1, k + 2))
        rounding = self.rounding(k)
        spread = max(abs(coarse - value), abs(fine - value)) + 2 * ROUNDINGS * rounding
        rise = max(abs(v - self.height) for v in heights) * 2.0**k
        if EPS * abs(value) > 1e-3 * rise:  # what is explained swallows what there is
            spread += self._own_spread(k)
        jump = abs(self.jump(k))
        # its standard deviation is 24 times that of a value over the step
        is_kink = jump > 24 * ROUNDINGS * rounding + spread
        return Slope(
            value,
            spread + jump / 2,
            k,
            rounding / 2.0**k,
            abs(self.height),
            rise,
            jump if is_kink else 0.0,
        )


def _sweep(ladder: _Ladder) -> Slope:
    """The best estimate: downwards as far as it pays, then upwards.

    One that resolves the function comes before all others: far away, whatever is bounded looks
    flat, and its slope seems to be well known.
    """
    best = NOWHERE
    for k in range(START, SMALLEST):
        one = ladder.estimate(k)
        if (one.is_resolved, -one.floor) > (best.is_resolved, -best.floor):
            best = one
        elif best.is_resolved and ROUNDINGS * ladder.rounding(k) >= best.floor:
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
    """Whether the sides stay as far from the value at 0 as they are, however small the step."""
    gaps = np.array([ladder.sides(k) for k in (24, 32, 40)]) - ladder.centre
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
    """What fourth differences show: noise, but no slope.

    It is the standard deviation of the values if their errors are independent.
    """
    pairs = [function(i * spacing) for i in range(-4, 5)]
    fourth = np.diff([height - explained for height, explained in pairs], 4)
    noise = float(np.sqrt(np.mean(fourth**2) / 70))  # 70 = 1 + 16 + 36 + 16 + 1
    return noise if np.isfinite(noise) else 0.0


def _confirmed(ladder: _Ladder, found: Slope) -> Slope:
    """The estimate, or if other steps contradict it one that covers them, too.

    Much smaller steps do where the function has a feature narrower than the best step, larger ones
    where a part of it moves in jumps, as sums in lower precision do.
    """
    best = found.level
    if not found.jump and _steady(ladder, range(max(START, best - 9), best - 5)):
        found = found._replace(note="a kink nearby")
    values = [found.value, *(other.value for other in _contradictions(ladder, found))]
    for k in (best + 7, best + 14, best + 21, SMALLEST - 2):
        finer = ladder.estimate(k) if best < k < SMALLEST else found
        off = abs(finer.value - found.value)
        if off > max(found.floor + finer.floor, 0.05 * abs(found.value)):
            values.append(finer.value)
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
    height = max(abs(ladder.height), TINY / ladder.epsilon)
    # where rounding is as large as `off`
    finest = int(np.log2(off) - np.log2(height) - np.log2(ladder.epsilon))
    levels = [k for k in (finest - 14, finest - 8) if found.level < k < SMALLEST - 2]
    fits = any(_fits(ladder, k, off / 4) for k in levels or [SMALLEST - 2])
    is_single = noise < 2 * SINGLE * height and 2 * _roughness(ladder.function, SINGLE) > noise
    return fits and not is_single


def _fits(ladder: _Ladder, k: int, limit: float) -> bool:
    """Whether what is explained fits the step 2⁻ᵏ, with the noise that there is at that scale."""
    ladder.noise = 0.0
    if not abs(ladder.estimate(k).value) < limit:
        return False
    ladder.noise = _roughness(ladder.function, 2.0**-k / 2)
    one = ladder.estimate(k)
    return abs(one.value) <= one.floor < limit


def _contradictions(ladder: _Ladder, found: Slope) -> list[Slope]:
    """The estimates by larger steps that are fine in themselves, but differ from `found`."""
    coarser = [ladder.estimate(k) for k in ladder.seen() if START <= k < found.level]
    return [
        other
        for other in coarser
        if other.is_resolved and abs(other.value - found.value) > found.floor + 30 * other.floor
    ]


def _steady(ladder: _Ladder, levels: range) -> bool:
    """Whether three or more steps see a jump of about the same height, as all do at a kink."""
    jumps = [ladder.estimate(k).jump for k in levels]
    return len(jumps) > 2 and 0.4 * max(jumps) < min(jumps)
