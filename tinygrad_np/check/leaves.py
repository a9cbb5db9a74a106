"""A function of a tree of arrays, and the gradient that is claimed of it, array by array.

`Point` calls the function with copies in float64, also as a function of one array alone; `Leaf` is
one array and what was seen of it. `held` makes the leaves of a function, its claimed gradient and a
point, with which a check begins.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterable
from typing import Any

import numpy as np

from .. import tree
from .arguments import article, fitted, floating, joined, not_finite, numbers, repeated, split
from .components import Place, kink, mistake, search
from .differences import EPS, NOISE
from .hints import common_hints, fits, local_hints
from .probe import DOUBLE, PRECISIONS, Array, Look, Precision, Probe, directions, scales
from .report import Row, Verdict

SHOWN = 6
"""Components in a report, at most, of each array."""

STEADY = 2.0**-7
"""So far along a direction, a gradient is looked at where its function changes like noise."""

VERY_NEAR = 2.0**-40
"""So near that all else stays as it is, and still some thousand roundings away."""

OUTSIDE = (ArithmeticError, AssertionError, ValueError)
"""What a function raises beyond the edge of its domain."""


def held(
    point: Point, gradient: Any, rng: np.random.Generator, what: str = "the gradient"
) -> list[Leaf]:
    """The arrays of the point, each looked at along its directions.

    `gradient` is called with a tree like the point, or is what it would give; `what` it is goes
    into the errors.
    """
    claim = Claim(gradient, point, what)
    leaves = [Leaf(point, i, g, rng) for i, g in enumerate(claim.leaves)]
    for leaf in leaves:
        leaf.bound(claim)
    if callable(gradient) and any(leaf.is_wrong for leaf in leaves):
        claim.same_again()
        for leaf in leaves:
            leaf.allow(claim, rng)
    return leaves


class Point:
    """`f` at `x`, and as a function of one of the arrays of `x` in real coordinates.

    A complex array counts as one of real numbers with a last axis of two, its real and imaginary
    parts.
    """

    def __init__(self, name: str, f: Callable[[Any], Any], x: Any, called: str = "x") -> None:
        self.name = name
        self.f = f
        self.x = x
        self.called = called
        self.paths = tree.paths(x)
        self.originals = [
            floating(name, leaf, f"{called} at {path}" if path else called)
            for leaf, path in zip(tree.leaves(x), self.paths, strict=True)
        ]
        if not self.originals:
            raise ValueError(f"{name}: {called} has no arrays in it")
        self.is_array = [isinstance(leaf, np.ndarray) for leaf in tree.leaves(x)]
        self.values = [
            value.astype(np.complex128 if value.dtype.kind == "c" else np.float64)
            for value in self.originals
        ]
        first = self._call(self.values)
        value, again = self._number(first), self._number(self._call(self.values))
        if not np.isfinite(value):
            raise ValueError(
                f"{name}: f(x) is {value}, where there is no derivative; check at another point"
            )
        if not abs(value - again) <= 1e-9 * max(abs(value), abs(again)):
            raise ValueError(
                f"{name}: f(x) was {value!r} and then {again!r}; what is to be checked must give "
                "the same for the same x: fix the seed of its random numbers, and keep no state"
            )
        self.dtype = np.asarray(first).dtype
        self.epsilon = float(np.finfo(self.dtype).eps) if self.dtype.kind == "f" else EPS

    def tree(self, values: list[Array]) -> Any:
        """A tree like x with copies of these arrays, and with numbers where x has numbers."""
        copies = [
            np.array(value, order="K") if is_array else value[()]
            for value, is_array in zip(values, self.is_array, strict=True)
        ]
        return tree.unflatten(self.x, copies)

    def along(self, index: int) -> Callable[[Array], float]:
        """`f` as a function of the real coordinates of an array; nan where it has no value."""

        def function(moved: Array) -> float:
            values = list(self.values)
            values[index] = joined(moved) if values[index].dtype.kind == "c" else moved
            try:
                return self._number(self._call(values))
            except OUTSIDE:
                return np.nan
            except Exception as error:
                error.add_note(f"{self.name}: f raised this beside x, at a step of differences")
                raise

        return function

    def along_complex(self, index: int) -> Callable[[Array], Any] | None:
        """`f` as a function of one of the arrays, which is real, with complex values of it."""
        if self.values[index].dtype.kind == "c":
            return None

        def function(moved: Array) -> Any:
            values = list(self.values)
            values[index] = moved
            return np.asarray(self._call(values)).item()

        return function

    def _call(self, values: list[Array]) -> Any:
        with np.errstate(all="ignore"):  # what is not finite is reported
            return self.f(self.tree(values))

    def _number(self, result: Any) -> float:
        """The one real number that f returned."""
        if result is None:
            raise TypeError(f"{self.name}: f returned None; does it lack a return?")
        value = numbers(result, f"{self.name}: f returned")
        if value.dtype.kind not in "iuf":
            what = {"c": "a complex number", "b": "a bool"}.get(value.dtype.kind, article(result))
            raise TypeError(f"{self.name}: f must return one real number, not {what}")
        if value.size != 1:
            raise ValueError(
                f"{self.name}: f must return one real number, not an array of shape {value.shape}; "
                "reduce it, for instance with np.sum(u * f(x)), whose gradient is Jᵀu"
            )
        return float(value.item())


class Claim:
    """A gradient that is claimed at a point: a function, or what it would give."""

    def __init__(self, gradient: Any, point: Point, what: str) -> None:
        self.gradient = gradient
        self.point = point
        self.what = f"{point.name}: {what}"
        self.leaves = self.at(point.originals)

    def at(self, values: list[Array]) -> list[Array]:
        """It at other arrays, as arrays shaped like them."""
        point = self.point
        with np.errstate(all="ignore"):
            is_function = callable(self.gradient)
            given = self.gradient(point.tree(values)) if is_function else self.gradient
        return fitted(self.what, point.x, given, point.called)

    def along(self, leaf: Leaf, direction: Array, ts: Iterable[float]) -> Array | None:
        """It by one array, moved by each of `ts` along a direction, in real coordinates.

        None where it has no value.
        """
        point, found = self.point, []
        original = point.originals[leaf.index]
        for t in ts:
            values = list(point.originals)
            moved = point.values[leaf.index] + leaf.tangent(t * direction)
            values[leaf.index] = moved.astype(original.dtype)
            try:
                with warnings.catch_warnings():
                    warnings.simplefilter("ignore")
                    own = self.at(values)[leaf.index]
            except OUTSIDE:
                return None
            real = own if direction.shape == leaf.shape else split(np.conj(own))
            found.append(real.astype(np.result_type(real, float)))
        return np.array(found)

    def same_again(self) -> None:
        """Raise if it is another the second time."""
        for before, again in zip(self.leaves, self.at(self.point.originals), strict=True):
            largest = np.max(np.abs(before[np.isfinite(before)]), initial=0.0)
            allowed = max(1e-9, precision_of(before.dtype).tolerance) * largest
            repeated(self.what, before, again, allowed)


def _roughness(ts: Array, values: Array) -> Array:
    """The noise of each component along a line: what a smooth curve leaves of it."""
    base = np.linalg.qr(np.vander(ts, 4))[0]
    with np.errstate(all="ignore"):
        rest = values - np.tensordot(base, np.tensordot(base.T, values, 1), 1)
        return np.nan_to_num(np.sqrt(np.sum(rest**2, axis=0) / (len(ts) - 4)))


class Leaf:
    """An array of x, and what was seen of it."""

    def __init__(self, point: Point, index: int, claimed: Array, rng: np.random.Generator) -> None:
        value = point.values[index]
        self.index = index
        self.path = point.paths[index]
        self.shape = value.shape
        real, gradient = value, claimed
        if value.dtype.kind == "c":
            real, gradient = split(value), split(np.conj(claimed))
        self.along = np.isfinite(gradient)
        self.probe = Probe(
            point.along(index),
            real,
            np.where(self.along, gradient, 0.0).astype(np.float64),
            precision=max(precision_of(claimed.dtype), precision_of(point.dtype)),
            epsilon=point.epsilon,
            complex_function=point.along_complex(index),
        )
        self.looks: list[Look] = []
        self.kinks: list[tuple[Place, Look]] = []
        self.beside: list[Look] = []
        self.claimed = claimed
        self.fault = not_finite(claimed)
        self.fault_verdict: Verdict = self._without_faults(gradient) if self.fault else "right"
        if self.along.any():
            self.looks = _looks(self.probe, self.along, rng)
            self._look_past_kinks()

    def bound(self, claim: Claim) -> None:
        """See whether a slope is wrong that noise hides.

        Where `f` changes like noise at every step, it might be faster than any. But if the claimed
        gradient hardly changes nearby, then `f` would rise by it: how little it does is a bound.
        """
        for i, one in enumerate(self.looks):
            if one.off.note != NOISE or not one.claimed or not callable(claim.gradient):
                continue
            ts = STEADY / 8 * np.array([-8.0, -5.0, -3.0, -1.0, 1.0, 3.0, 5.0, 8.0])
            gradients = claim.along(self, one.direction, ts)
            if gradients is None:
                continue
            slopes = np.sum((gradients * one.direction).reshape(len(ts), -1), axis=1)
            if np.max(np.abs(slopes / one.claimed - 1)) < 0.05:
                self.looks[i] = one._replace(found=0.0, floor=4 * one.off.rise / STEADY)

    @property
    def is_wrong(self) -> bool:
        """Whether a slope differs by more than the noise."""
        return any(one.is_wrong for one in self.looks)

    @property
    def size(self) -> float:
        """Of the gradient along its directions."""
        return max((one.size for one in self.looks), default=0.0)

    def _without_faults(self, gradient: Array) -> Verdict:
        """Whether it is wrong that components are not finite: it is if `f` has a slope there."""
        for place in np.argwhere(~self.along)[:SHOWN]:
            direction = np.zeros_like(self.probe.at)
            direction[tuple(place)] = scales(self.probe.at)[0][tuple(place)]
            one = self.probe.look(direction)
            if np.isfinite(one.found + one.floor) and not one.jump and not one.off.note:
                return "wrong"
        return "cannot tell"

    def _look_past_kinks(self) -> None:
        """Find the components with a kink, and look along the others alone."""
        bent = max(self.looks, key=lambda one: one.jump)
        if not bent.jump or not self._forgiven():
            return
        found = search(self.probe, bent, kink)
        self.kinks = found.found
        if self.kinks and found.is_complete:
            places = tuple(np.transpose([place for place, _ in self.kinks]))
            for one in self.looks[:2]:
                rest = np.array(one.direction)
                rest[places] = 0
                if np.any(rest):
                    self.beside.append(self.probe.look(rest))
            self.looks += self.beside

    def _forgiven(self) -> bool:
        """Whether no slope is wrong, once those are allowed for that only several kinks make so.

        Where some bend upwards and some downwards, the slopes on the two sides say little about
        how far the gradient may be off; each component alone still does.
        """
        wrong = [one for one in self.looks if one.is_wrong]
        if not wrong:
            return True
        worst = max(wrong, key=lambda one: one.difference / one.floor)
        if not all(one.jump for one in wrong) or search(self.probe, worst, mistake).found:
            return False
        self.looks = [
            one._replace(floor=one.floor + one.difference) if one.is_wrong else one
            for one in self.looks
        ]
        return True

    def allow(self, claim: Claim, rng: np.random.Generator) -> None:
        """Take the rounding of the claimed gradient into account, if it is wrong as it stands.

        That is how far from smooth it is near and very near the point: on the better one of the two
        sides, since it may jump, and at random places, since rounded numbers in step may hide it.
        """
        wrong = [one for one in self.looks if one.is_wrong]
        if not wrong:
            return
        finest = max(wrong, key=lambda one: one.off.level)
        for reach in (2.0 ** -max(5, finest.off.level + 5), VERY_NEAR):
            sides = []
            for side in (-1, 1):
                ts = side * reach * rng.random(10)
                gradients = claim.along(self, finest.direction, ts)
                if gradients is None:
                    return
                sides.append(_roughness(ts, gradients))
            self.probe.noise = np.maximum(self.probe.noise, np.minimum(*sides))
        self.looks = [
            one._replace(floor=one.floor + self.probe.own_noise(one.direction))
            for one in self.looks
        ]

    def tangent(self, direction: Array) -> Array:
        """A direction as an array like this one: complex if it is."""
        return direction if direction.shape == self.shape else joined(direction)

    def row(self, largest: float, looks: list[Look] | None = None) -> Row:
        """The look that says most, of its own or of `looks`.

        `largest` is the size of the largest gradient of all arrays.
        """
        if self.fault and (self.fault_verdict == "wrong" or not self.is_wrong):
            verdict, note = self.fault_verdict, self.fault
            if verdict == "cannot tell":
                note += ", where f has no slope that shows"
            return Row(self.path, self.shape, np.nan, np.nan, verdict, note=note)
        if not self.looks:
            return Row(self.path, self.shape, 0.0, 0.0, "right", 0.0, 0.0, note="no components")
        order = ("right", "cannot tell", "wrong")

        def weight(one: Look) -> tuple[int, float]:
            verdict = one.verdict(largest)
            size = one.floor if verdict == "wrong" else max(one.size, abs(one.found))
            high = one.floor if verdict == "cannot tell" else one.difference
            return order.index(verdict), high / size if size else 0.0

        one = max(self.looks if looks is None else looks, key=weight)
        size = max(one.size, abs(one.found))
        # of a single number, the derivative itself
        unit = 1.0 if self.probe.at.ndim else float(one.direction) or 1.0
        return Row(
            self.path,
            self.shape,
            one.difference / abs(unit),
            one.difference / size if size else one.difference,
            one.verdict(largest),
            one.claimed / unit,
            one.found / unit,
            one.floor / abs(unit),
            self._note(one, largest),
            "complex step" if one.is_exact else "differences",
        )

    def _note(self, one: Look, largest: float) -> str:
        """What there is to know of a row besides its numbers."""
        if one.verdict(largest) != "cannot tell":
            return ""
        if not self.kinks or not self.probe.at.ndim:
            return _note(one, 1.0 if self.probe.at.ndim else float(one.direction))
        names = [_index(place, len(self.shape)) for place, _ in self.kinks]
        more = f" and {len(names) - SHOWN} more" if len(names) > SHOWN else ""
        is_right = self.beside and all(look.verdict(largest) == "right" for look in self.beside)
        elsewhere = ", right elsewhere" if is_right else ""
        return f"a kink at {', '.join(names[:SHOWN])}{more}{elsewhere}"

    def explained(self, leaves: list[Leaf]) -> tuple[list[Row], list[str]]:
        """The components that are wrong, and what the mistake looks like."""
        if not self.is_wrong:
            return [], []
        probe, axes = self.probe, len(self.shape)
        hints = common_hints(probe.claimed, probe.at, axes, self.looks)
        wrong = (one for one in self.looks if one.is_wrong)
        found = search(probe, max(wrong, key=lambda one: one.difference / one.floor), mistake)
        hints = hints or local_hints(probe, axes, self.looks, found) or _exchanged(self, leaves)
        return self._components(found.found), hints

    def kinked(self) -> list[Row]:
        """The components that have a kink."""
        return self._components(self.kinks)

    def _components(self, found: list[tuple[Place, Look]]) -> list[Row]:
        """Components as rows; of a single number, its own row says it."""
        if not self.probe.at.ndim:
            return []
        return [self._component(place, one) for place, one in found[:SHOWN]]

    def _component(self, place: Place, one: Look) -> Row:
        """A component as a row, in the units of the gradient."""
        unit = float(one.direction[place])
        return Row(
            f"{self.path}{_index(place, len(self.shape))}",
            (),
            one.difference / abs(unit),
            one.difference / max(one.size, abs(one.found), 1e-300),
            "wrong" if one.is_wrong else "cannot tell",
            one.claimed / unit,
            one.found / unit,
            one.floor / abs(unit),
            "" if one.is_wrong else _note(one, unit),
        )


def _looks(probe: Probe, along: Array, rng: np.random.Generator) -> list[Look]:
    """Along two directions with a sweep, and along their like at the steps that were best there.

    Directions are 0 where `along` is False.
    """
    first = [probe.look(along * direction) for direction in directions(probe.at, rng)]
    again = [
        probe.glance(along * v, like)
        for v, like in zip(directions(probe.at, rng), first, strict=True)
    ]
    return first + [
        one if one.verdict(0.0) == "right" else probe.look(one.direction) for one in again
    ]


def _index(place: Place, axes: int) -> str:
    """A component's index as text."""
    part = ("", ", real part", ", imaginary part")[1 + place[-1] if len(place) > axes else 0]
    return f"[{', '.join(map(str, place[:axes]))}]{part}"


def _note(one: Look, unit: float = 1.0) -> str:
    if one.jump:
        ends = sorted((one.found + side * one.jump / 2) / unit for side in (-1, 1))
        return f"a kink, with slopes {ends[0]:.4g} and {ends[1]:.4g}"
    if not np.isfinite(one.difference + one.floor) and not one.off.note:
        return "the slopes overflow"
    return one.off.note


def _exchanged(leaf: Leaf, leaves: list[Leaf]) -> list[str]:
    """Is this the gradient of another array?"""
    return [
        f"exchanged: what is claimed for {other.path} fits"
        for other in leaves
        if other is not leaf
        and other.probe.at.shape == leaf.probe.at.shape
        and not other.fault
        and fits(other.probe.claimed, leaf.looks)
    ]


def precision_of(dtype: Any) -> Precision:
    """What to ask of a gradient of this dtype."""
    return PRECISIONS.get(np.empty(0, dtype).real.dtype, DOUBLE)
