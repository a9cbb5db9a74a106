"""A function of a tree of arrays, and the gradient that is claimed of it, array by array.

`Claim` calls both with copies, the function in float64, also as a function of one array alone;
`Leaf` is one array and what was measured of its gradient. `check_leaves` makes the leaves of a
claim, with which every check by differences begins.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterable
from typing import Any

import numpy as np

from .. import tree
from .arguments import article, fitted, floating, joined, not_finite, numbers, repeated, split
from .differences import EPS, NOISE
from .hints import fits, hints_of
from .report import Row, Verdict
from .slopes import (
    Array,
    Place,
    Probe,
    Search,
    SlopeCheck,
    directions,
    precision_of,
    scales,
    search,
    worst,
)

SHOWN = 6
"""Components in a report, at most, of each array."""

STEADY = 2.0**-7
"""So far along a direction, a gradient is looked at where its function changes like noise."""

VERY_NEAR = 2.0**-40
"""So near that all else stays as it is, and still some thousand roundings away."""

OUTSIDE = (ArithmeticError, AssertionError, ValueError)
"""What a function raises beyond the edge of its domain."""


def check_leaves(claim: Claim, rng: np.random.Generator) -> list[Leaf]:
    """The arrays of a claim, each measured along its directions."""
    leaves = [Leaf(claim, i, rng) for i in range(len(claim.values))]
    for leaf in leaves:
        leaf.bound_slopes_in_noise()
    if callable(claim.gradient) and any(leaf.is_wrong for leaf in leaves):
        claim.same_again()
        for leaf in leaves:
            leaf.allow_for_rounding(rng)
    return leaves


class Claim:
    """A function `f`, a tree `x` of arrays, and the gradient of `f` that is claimed there.

    `gradient` is called with a tree like `x`, or is what it would give; `what` it is goes into the
    errors. A complex array counts as one of real numbers with a last axis of two, its real and
    imaginary parts.
    """

    def __init__(
        self,
        name: str,
        f: Callable[[Any], Any],
        gradient: Any,
        x: Any,
        called: str = "x",
        what: str = "the gradient",
    ) -> None:
        self.name = name
        self.f = f
        self.gradient = gradient
        self.x = x
        self.called = called
        self.what = f"{name}: {what}"
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
        self.gradients = self.gradients_at(self.originals)

    def tree(self, values: list[Array]) -> Any:
        """A tree like x with copies of these arrays, and with numbers where x has numbers."""
        copies = [
            np.array(value, order="K") if is_array else value[()]
            for value, is_array in zip(values, self.is_array, strict=True)
        ]
        return tree.unflatten(self.x, copies)

    def along(self, index: int) -> Callable[[Array], float]:
        """`f` as a function of the real coordinates of an array; nan where it has no value."""
        is_complex = self.values[index].dtype.kind == "c"

        def function(moved: Array) -> float:
            values = _replaced(self.values, index, joined(moved) if is_complex else moved)
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
        return lambda moved: np.asarray(self._call(_replaced(self.values, index, moved))).item()

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

    def gradients_at(self, values: list[Array]) -> list[Array]:
        """The claimed gradient at other arrays, as arrays shaped like them."""
        with np.errstate(all="ignore"):
            is_function = callable(self.gradient)
            given = self.gradient(self.tree(values)) if is_function else self.gradient
        return fitted(self.what, self.x, given, self.called)

    def gradients_along(self, leaf: Leaf, direction: Array, ts: Iterable[float]) -> Array | None:
        """It by one array, moved by each of `ts` along a direction, in real coordinates.

        None where it has no value.
        """
        found = []
        for t in ts:
            moved = self.values[leaf.index] + leaf.tangent(t * direction)
            moved = moved.astype(self.originals[leaf.index].dtype)
            values = _replaced(self.originals, leaf.index, moved)
            try:
                with warnings.catch_warnings():
                    warnings.simplefilter("ignore")
                    own = self.gradients_at(values)[leaf.index]
            except OUTSIDE:
                return None
            real = own if direction.shape == leaf.shape else split(np.conj(own))
            found.append(real.astype(np.result_type(real, float)))
        return np.array(found)

    def same_again(self) -> None:
        """Raise if the gradient is another the second time."""
        for before, again in zip(self.gradients, self.gradients_at(self.originals), strict=True):
            largest = np.max(np.abs(before[np.isfinite(before)]), initial=0.0)
            allowed = max(1e-9, precision_of(before.dtype).tolerance) * largest
            repeated(self.what, before, again, allowed)


def _replaced(values: list[Array], index: int, value: Array) -> list[Array]:
    return [value if i == index else other for i, other in enumerate(values)]


class Leaf:
    """An array of x, and what was measured of its gradient: `checks`."""

    def __init__(self, claim: Claim, index: int, rng: np.random.Generator) -> None:
        value, claimed = claim.values[index], claim.gradients[index]
        self.claim = claim
        self.index = index
        self.path = claim.paths[index]
        self.shape = value.shape
        self.claimed = claimed
        real, gradient = value, claimed
        if value.dtype.kind == "c":
            real, gradient = split(value), split(np.conj(claimed))
        chosen = np.isfinite(gradient)
        self.probe = Probe(
            claim.along(index),
            real,
            np.where(chosen, gradient, 0.0).astype(np.float64),
            precision_of(claimed.dtype, claim.dtype),
            claim.epsilon,
            claim.along_complex(index),
        )
        self.checks: list[SlopeCheck] = []
        self.kinks: list[tuple[Place, SlopeCheck]] = []
        self.beside: list[SlopeCheck] = []
        self.fault = not_finite(claimed)
        self.fault_verdict: Verdict = self._without_faults(chosen) if self.fault else "right"
        if chosen.any():
            self._measure(chosen, rng)
            self._measure_beside_kinks()

    @property
    def is_wrong(self) -> bool:
        """Whether a slope differs by more than the noise."""
        return any(check.is_wrong for check in self.checks)

    @property
    def size(self) -> float:
        """Of the gradient along its directions."""
        return max((check.size for check in self.checks), default=0.0)

    def _without_faults(self, chosen: Array) -> Verdict:
        """Whether it is wrong that components are not finite: it is if `f` has a slope there."""
        for place in np.argwhere(~chosen)[:SHOWN]:
            direction = np.zeros_like(self.probe.at)
            direction[tuple(place)] = scales(self.probe.at)[0][tuple(place)]
            check = self.probe.measure(direction)
            if np.isfinite(check.found + check.floor) and not check.jump and not check.rest.note:
                return "wrong"
        return "cannot tell"

    def _measure(self, chosen: Array, rng: np.random.Generator) -> None:
        """Along two directions with a sweep, and along their like at the steps best there.

        Only components that are `chosen` move.
        """
        probe = self.probe
        self.checks = [probe.measure(chosen * v) for v in directions(probe.at, rng)]
        for v, like in zip(directions(probe.at, rng), self.checks[:], strict=True):
            check = probe.quick_measure(chosen * v, like)
            is_right = check.verdict(0.0) == "right"
            self.checks.append(check if is_right else probe.measure(check.direction))

    def _measure_beside_kinks(self) -> None:
        """Find the components with a kink, and measure along the others alone."""
        bent = max(self.checks, key=lambda check: check.jump)
        if not bent.jump or not self._forgiven():
            return
        found = search(self.probe, bent, lambda check: check.jump)
        self.kinks = found.found
        if self.kinks and found.is_complete:
            places = tuple(np.transpose([place for place, _ in self.kinks]))
            for check in self.checks[:2]:
                rest = np.array(check.direction)
                rest[places] = 0
                if np.any(rest):
                    self.beside.append(self.probe.measure(rest))
            self.checks += self.beside

    def _forgiven(self) -> bool:
        """Whether no slope is wrong, once those are allowed for that only several kinks make so.

        Where some bend upwards and some downwards, the slopes on the two sides say little about
        how far the gradient may be off; each component alone still does.
        """
        if not self.is_wrong:
            return True
        if not all(check.jump for check in self.checks if check.is_wrong):
            return False
        if self.mistakes().found:
            return False
        self.checks = [check._replace(floor=check.floor + check.mistake) for check in self.checks]
        return True

    def mistakes(self) -> Search:
        """The components that are wrong."""
        return search(self.probe, worst(self.checks), lambda check: check.mistake)

    def bound_slopes_in_noise(self) -> None:
        """See whether a slope is wrong that noise hides.

        Where `f` changes like noise at every step, it might be faster than any. But if the claimed
        gradient hardly changes nearby, then `f` would rise by it: how little it does is a bound.
        """
        for i, check in enumerate(self.checks):
            is_function = callable(self.claim.gradient)
            if check.rest.note != NOISE or not check.claimed or not is_function:
                continue
            ts = STEADY / 8 * np.array([-8.0, -5.0, -3.0, -1.0, 1.0, 3.0, 5.0, 8.0])
            gradients = self.claim.gradients_along(self, check.direction, ts)
            if gradients is None:
                continue
            slopes = np.sum((gradients * check.direction).reshape(len(ts), -1), axis=1)
            if np.max(np.abs(slopes / check.claimed - 1)) < 0.05:
                self.checks[i] = check._replace(found=0.0, floor=4 * check.rest.rise / STEADY)

    def allow_for_rounding(self, rng: np.random.Generator) -> None:
        """Take the rounding of the claimed gradient into account, if it is wrong as it stands.

        That is how far from smooth it is near and very near the point: on the better one of the two
        sides, since it may jump, and at random places, since rounded numbers in step may hide it.
        """
        if not self.is_wrong:
            return
        finest = max(
            (check for check in self.checks if check.is_wrong), key=lambda check: check.rest.level
        )
        for reach in (2.0 ** -max(5, finest.rest.level + 5), VERY_NEAR):
            sides = []
            for side in (-1, 1):
                ts = side * reach * rng.random(10)
                gradients = self.claim.gradients_along(self, finest.direction, ts)
                if gradients is None:
                    return
                sides.append(_roughness(ts, gradients))
            self.probe.noise = np.maximum(self.probe.noise, np.minimum(*sides))
        self.checks = [
            check._replace(floor=check.floor + self.probe.own_noise(check.direction))
            for check in self.checks
        ]

    def tangent(self, direction: Array) -> Array:
        """A direction as an array like this one: complex if it is."""
        return direction if direction.shape == self.shape else joined(direction)

    def row(self, largest: float, checks: list[SlopeCheck] | None = None) -> Row:
        """The check that says most, of its own or of `checks`.

        `largest` is the size of the largest gradient of all arrays.
        """
        if self.fault and (self.fault_verdict == "wrong" or not self.is_wrong):
            verdict, note = self.fault_verdict, self.fault
            if verdict == "cannot tell":
                note += ", where f has no slope that shows"
            return Row(self.path, self.shape, np.nan, np.nan, verdict, note=note)
        if not self.checks:
            return Row(self.path, self.shape, 0.0, 0.0, "right", 0.0, 0.0, note="no components")
        order = ("right", "cannot tell", "wrong")

        def weight(check: SlopeCheck) -> tuple[int, float]:
            verdict = check.verdict(largest)
            size = check.floor if verdict == "wrong" else check.scale
            high = check.floor if verdict == "cannot tell" else check.difference
            return order.index(verdict), high / size if size else 0.0

        check = max(self.checks if checks is None else checks, key=weight)
        # of a single number, the derivative itself
        unit = 1.0 if self.probe.at.ndim else float(check.direction) or 1.0
        row = check.row(self.path, check.verdict(largest), unit, self._note(check, largest))
        source = "complex step" if check.is_exact else "differences"
        return row._replace(shape=self.shape, source=source)

    def _note(self, check: SlopeCheck, largest: float) -> str:
        """What there is to know of a row besides its numbers."""
        if check.verdict(largest) != "cannot tell":
            return ""
        if not self.kinks or not self.probe.at.ndim:
            return check.note(1.0 if self.probe.at.ndim else float(check.direction))
        names = [self._index(place) for place, _ in self.kinks]
        more = f" and {len(names) - SHOWN} more" if len(names) > SHOWN else ""
        is_right = self.beside and all(c.verdict(largest) == "right" for c in self.beside)
        elsewhere = ", right elsewhere" if is_right else ""
        return f"a kink at {', '.join(names[:SHOWN])}{more}{elsewhere}"

    def components_and_hints(self, leaves: list[Leaf]) -> tuple[list[Row], list[str]]:
        """The components that are wrong, and what the mistake looks like."""
        if not self.is_wrong:
            return [], []
        found = self.mistakes()
        hints = hints_of(self.probe, len(self.shape), self.checks, found)
        return self._components(found.found), hints or self._exchanged(leaves)

    def _exchanged(self, leaves: list[Leaf]) -> list[str]:
        """Is this the gradient of another array?"""
        return [
            f"exchanged: what is claimed for {other.path} fits"
            for other in leaves
            if other is not self
            and other.probe.at.shape == self.probe.at.shape
            and not other.fault
            and fits(other.probe.claimed, self.checks)
        ]

    def kinked(self) -> list[Row]:
        """The components that have a kink."""
        return self._components(self.kinks)

    def _components(self, found: list[tuple[Place, SlopeCheck]]) -> list[Row]:
        """Components as rows, in the units of the gradient; of a single number, its own row is."""
        rows = []
        for place, check in found[: SHOWN if self.probe.at.ndim else 0]:
            name, unit = f"{self.path}{self._index(place)}", float(check.direction[place])
            verdict: Verdict = "wrong" if check.is_wrong else "cannot tell"
            rows.append(check.row(name, verdict, unit, "" if check.is_wrong else check.note(unit)))
        return rows

    def _index(self, place: Place) -> str:
        """A component's index as text."""
        axes = len(self.shape)
        part = ("", ", real part", ", imaginary part")[1 + place[-1] if len(place) > axes else 0]
        return f"[{', '.join(map(str, place[:axes]))}]{part}"


def _roughness(ts: Array, values: Array) -> Array:
    """The noise of each component along a line: what a smooth curve leaves of it."""
    base = np.linalg.qr(np.vander(ts, 4))[0]
    with np.errstate(all="ignore"):
        rest = values - np.tensordot(base, np.tensordot(base.T, values, 1), 1)
        return np.nan_to_num(np.sqrt(np.sum(rest**2, axis=0) / (len(ts) - 4)))
