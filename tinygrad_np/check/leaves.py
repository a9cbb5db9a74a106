"""A function of a tree of arrays, and the gradient that is claimed of it, array by array.

`Claim` calls both with copies, the function in float64; `Leaf` is one array and what was measured
of its gradient. `check_leaves` makes the leaves of a claim, with which every check by differences
begins.
"""

from __future__ import annotations

import functools
import warnings
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np

from ..core import tree
from ..core.arrays import Array
from .arguments import floating, not_finite, repeated, split
from .differences import EPS, NOISE
from .hints import fits, hints_of
from .reading import Tree, article, at, fitted, numbers
from .report import WORST_FIRST, Row, Verdict, element
from .slopes import Place, Probe, Search, SlopeCheck, directions, precision_of, scales, search

SHOWN = 6
"""Components in a report, at most, of each array."""

STEADY = 2.0**-7
"""So far along a direction, a gradient is evaluated where its function changes like noise."""

VERY_NEAR = 2.0**-40
"""So near that all else stays as it is, and still some thousand roundings away."""

OUTSIDE = (ArithmeticError, AssertionError, ValueError)
"""What a function raises beyond the edge of its domain."""


def check_leaves(claim: Claim, rng: np.random.Generator) -> list[Leaf]:
    """The arrays of a claim, each measured along its directions."""
    leaves = [Leaf(claim, i, rng) for i in range(len(claim.values))]
    is_function = callable(claim.gradient)
    for leaf in leaves if is_function else []:
        leaf.bound_slopes_in_noise()
    if is_function and any(leaf.is_wrong for leaf in leaves):
        claim.same_again()
        for leaf in leaves:
            leaf.allow_for_rounding(rng)
    claim.leaves = leaves
    return leaves


def largest(leaves: Iterable[Leaf]) -> float:
    """The size of the largest gradient of all arrays."""
    return max(leaf.largest for leaf in leaves)


@dataclass(eq=False)
class Claim:
    """A function `f`, a tree `x` of arrays, and the gradient of `f` that is claimed there.

    `gradient` is called with a tree like `x`, or is what it would give; `what` it is goes into the
    errors. A complex array counts as one of real numbers with a last axis of two, its real and
    imaginary parts.
    """

    name: str
    f: Callable[[Tree], Any]
    gradient: Callable[[Tree], Tree] | Tree
    x: Tree
    called: str = "x"
    what: str = "the gradient"

    def __post_init__(self) -> None:
        self.paths = tree.paths(self.x)
        self.leaves: list[Leaf] = []
        self.originals = [
            floating(self.name, leaf, at(self.called, path))
            for leaf, path in zip(tree.leaves(self.x), self.paths, strict=True)
        ]
        if not self.originals:
            raise ValueError(f"{self.name}: {self.called} has no arrays in it")
        self.values = [
            value.astype(np.complex128 if value.dtype.kind == "c" else np.float64)
            for value in self.originals
        ]
        first, again = self.value_at(self.values), self.value_at(self.values)
        repeated(f"{self.name}: f(x)", first, again, 0.0)
        if not np.isfinite(first):
            raise ValueError(
                f"{self.name}: f(x) is {first}, where there is no derivative; check at another "
                "point"
            )
        self.dtype = first.dtype
        self.epsilon = float(np.finfo(self.dtype).eps) if self.dtype.kind == "f" else EPS
        self.gradients = self.gradients_at(self.originals)

    def tree(self, values: list[Array]) -> Tree:
        """A tree like x with copies of these arrays, and with numbers where x has numbers."""
        copies = (np.array(value, order="K") for value in values)
        return tree.map(
            lambda leaf: next(copies)[... if isinstance(leaf, np.ndarray) else ()], self.x
        )

    def value_at(self, values: list[Array]) -> Array:
        """The one real number that f returns."""
        result = self.f(self.tree(values))
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
        return value.reshape(())

    def gradients_at(self, values: list[Array]) -> list[Array]:
        """The claimed gradient at other arrays, as arrays shaped like them."""
        is_function = callable(self.gradient)
        given = self.gradient(self.tree(values)) if is_function else self.gradient
        return fitted(f"{self.name}: {self.what}", self.x, given, self.called)

    def same_again(self) -> None:
        """Raise if the gradient is another the second time."""
        for before, again in zip(self.gradients, self.gradients_at(self.originals), strict=True):
            tolerance = precision_of(before.dtype).tolerance
            repeated(f"{self.name}: {self.what}", before, again, tolerance)


class Leaf(Probe):
    """An array of x, and what was measured of its gradient: `checks`.

    As of every probe, `at` and `claimed` are real; what is not finite in the gradient is a `fault`,
    and 0 in `claimed`.
    """

    def __init__(self, claim: Claim, index: int, rng: np.random.Generator) -> None:
        value, gradient = claim.values[index], claim.gradients[index]
        self.claim = claim
        self.index = index
        self.path = claim.paths[index]
        self.shape = value.shape
        self.is_complex = value.dtype.kind == "c"
        real = self.coordinates(gradient)
        chosen = np.isfinite(real)
        super().__init__(
            lambda direction: functools.partial(self._along, direction),
            self.coordinates(np.conj(value)),
            np.where(chosen, real, 0.0).astype(np.float64),
            precision_of(gradient.dtype, claim.dtype),
            claim.epsilon,
            None
            if self.is_complex
            else lambda x: np.asarray(claim.f(claim.tree(self.placed(x)))).item(),
        )
        self.checks: list[SlopeCheck] = []
        self.kinks: list[tuple[Place, SlopeCheck]] = []
        self.beside: list[SlopeCheck] = []
        self.fault = not_finite(gradient)
        self.fault_verdict: Verdict = self._without_faults(chosen) if self.fault else "right"
        if not chosen.any():
            return
        # Along two directions with a sweep, and along their like at the steps best there.
        self.checks = [self.measure(chosen * v) for v in directions(self.at, rng)]
        for v, like in zip(directions(self.at, rng), self.checks[:], strict=True):
            check = self.measure(chosen * v, like)
            is_right = check.verdict(0.0) == "right"
            self.checks.append(check if is_right else self.measure(check.direction))
        if any(check.rest.jump for check in self.checks):
            self._measure_beside_kinks()

    def coordinates(self, gradient: Array) -> Array:
        """A gradient by this array, by its real coordinates: ∂/∂x − i ∂/∂y is two of them."""
        return split(np.conj(gradient)) if self.is_complex else gradient

    def tangent(self, direction: Array) -> Array:
        """A direction as an array like this one: complex if it is."""
        return direction[..., 0] + 1j * direction[..., 1] if self.is_complex else direction

    def placed(self, moved: Array) -> list[Array]:
        """The arrays of x with this one elsewhere."""
        values = list(self.claim.values)
        values[self.index] = self.tangent(moved)
        return values

    def _along(self, direction: Array, t: float) -> tuple[float, float]:
        """f at a point of a line, nan where it has no value, and the change claimed of it."""
        moved = self.at + t * direction
        try:
            value = float(self.claim.value_at(self.placed(moved)))
        except OUTSIDE:
            value = np.nan
        except Exception as error:
            error.add_note(f"{self.claim.name}: f raised this beside x, at a step of differences")
            raise
        return value, float(np.sum(self.claimed * (moved - self.at)))

    def _gradients_near(self, direction: Array, ts: Array) -> Array | None:
        """The gradient at each of `ts` along a direction; None where it has no value.

        x has the dtypes there that the user gave it.
        """
        found = []
        for t in ts:
            values = zip(self.placed(self.at + t * direction), self.claim.originals, strict=True)
            try:
                with warnings.catch_warnings():
                    warnings.simplefilter("ignore")
                    gradients = self.claim.gradients_at([x.astype(o.dtype) for x, o in values])
            except OUTSIDE:
                return None
            found.append(self.coordinates(gradients[self.index]))
        return np.array(found, np.float64)

    @property
    def is_wrong(self) -> bool:
        """Whether a slope differs by more than the noise."""
        return any(check.is_wrong for check in self.checks)

    @property
    def largest(self) -> float:
        """The size of the gradient along its directions."""
        return max((check.size for check in self.checks), default=0.0)

    def _without_faults(self, chosen: Array) -> Verdict:
        """Whether it is wrong that components are not finite: it is if `f` has a slope there."""
        for place in np.argwhere(~chosen)[:SHOWN]:
            direction = np.zeros_like(self.at)
            direction[tuple(place)] = scales(self.at)[0][tuple(place)]
            check = self.measure(direction)
            is_seen = np.isfinite(check.found + check.floor)
            if is_seen and not check.rest.jump and not check.rest.note:
                return "wrong"
        return "cannot tell"

    def _measure_beside_kinks(self) -> None:
        """Find the components with a kink, and measure along the others alone.

        A slope that is wrong is forgiven if it has a kink and no component alone is wrong. Where
        some kinks bend upwards and some downwards, the slopes on the two sides say little about how
        far the gradient may be off; each component alone still does.
        """
        bent = max(self.checks, key=lambda check: check.rest.jump)
        if self.is_wrong:
            if any(c.is_wrong and not c.rest.jump for c in self.checks) or self.mistakes().found:
                return
            self.checks = [c._replace(floor=c.floor + c.mistake) for c in self.checks]
        found = search(self, bent, lambda check: check.rest.jump)
        self.kinks = found.found
        if self.kinks and found.is_complete:
            places = tuple(np.transpose([place for place, _ in self.kinks]))
            for check in self.checks[:2]:
                rest = np.array(check.direction)
                rest[places] = 0
                if np.any(rest):
                    self.beside.append(self.measure(rest))
            self.checks += self.beside

    def mistakes(self) -> Search:
        """The components that are wrong, searched where the mistake is farthest above the noise."""
        wrong = [check for check in self.checks if check.is_wrong]
        worst = max(wrong, key=lambda check: check.difference / check.floor)
        return search(self, worst, lambda check: check.mistake)

    def bound_slopes_in_noise(self) -> None:
        """See whether a slope is wrong that noise hides.

        Where `f` changes like noise at every step, it might be faster than any. But if the claimed
        gradient hardly changes nearby, then `f` would rise by it: how little it does is a bound.
        """
        for i, check in enumerate(self.checks):
            if check.rest.note != NOISE or not check.claimed:
                continue
            ts = STEADY / 8 * np.array([-8.0, -5.0, -3.0, -1.0, 1.0, 3.0, 5.0, 8.0])
            gradients = self._gradients_near(check.direction, ts)
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
        finest = max((c for c in self.checks if c.is_wrong), key=lambda check: check.rest.level)
        for reach in (2.0 ** -max(5, finest.rest.level + 5), VERY_NEAR):
            sides = []
            for side in (-1, 1):
                ts = side * reach * rng.random(10)
                gradients = self._gradients_near(finest.direction, ts)
                if gradients is None:
                    return
                # what a smooth curve, a cubic, leaves of each component
                base = np.linalg.qr(np.vander(ts, 4))[0]
                smooth = np.tensordot(base, np.tensordot(base.T, gradients, 1), 1)
                squares = np.sum((gradients - smooth) ** 2, axis=0)
                sides.append(np.nan_to_num(np.sqrt(squares / (len(ts) - 4))))
            self.noise = np.maximum(self.noise, np.minimum(*sides))
        self.checks = [
            check._replace(floor=check.floor + self.own_noise(check.direction))
            for check in self.checks
        ]

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

        def weight(check: SlopeCheck) -> tuple[int, float]:
            verdict = check.verdict(largest)
            size = check.floor if verdict == "wrong" else check.scale
            high = check.floor if verdict == "cannot tell" else check.difference
            return -WORST_FIRST.index(verdict), high / size if size else 0.0

        check = max(self.checks if checks is None else checks, key=weight)
        verdict = check.verdict(largest)
        # of a single number, the derivative itself
        unit = 1.0 if self.at.ndim else float(check.direction) or 1.0
        source = "complex step" if check.is_exact else "differences"
        row = check.row(self.path, verdict, unit)._replace(shape=self.shape, source=source)
        if verdict == "cannot tell" and self.kinks and self.at.ndim:
            names = ", ".join(element(place, len(self.shape)) for place, _ in self.kinks[:SHOWN])
            more = f" and {len(self.kinks) - SHOWN} more" if len(self.kinks) > SHOWN else ""
            is_right = self.beside and all(c.verdict(largest) == "right" for c in self.beside)
            elsewhere = ", right elsewhere" if is_right else ""
            row = row._replace(note=f"a kink at {names}{more}{elsewhere}")
        return row

    def at_fault(self, verdict: Verdict) -> tuple[list[Row], list[str]]:
        """If wrong, the components that are, and what the mistake looks like; else the kinks."""
        if verdict != "wrong":
            return self._components(self.kinks), []
        if not self.is_wrong:
            return [], []
        found = self.mistakes()
        hints = hints_of(self.claimed, len(self.shape), self.checks, self, lambda: found) or [
            f"exchanged: what is claimed for {other.path} fits"
            for other in self.claim.leaves
            if other is not self and other.at.shape == self.at.shape
            if not other.fault and fits(other.claimed, self.checks)
        ]
        return self._components(found.found), hints

    def _components(self, found: list[tuple[Place, SlopeCheck]]) -> list[Row]:
        """Components as rows, in the units of the gradient; of a single number, its own row is."""
        rows = []
        for place, check in found[: SHOWN if self.at.ndim else 0]:
            name = f"{self.path}{element(place, len(self.shape))}"
            verdict: Verdict = "wrong" if check.is_wrong else "cannot tell"
            rows.append(check.row(name, verdict, float(check.direction[place])))
        return rows
