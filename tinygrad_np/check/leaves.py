"""A function of a tree of arrays, and the gradient that is claimed of it, array by array.

`Point` calls the function with copies in float64, also as a function of one array alone; `Leaf` is
one array and what was seen of it. `held` makes the leaves of a function, its claimed gradient and a
point, with which a check begins.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable
from typing import Any

import numpy as np

from .. import tree
from ..arrays import is_masked
from ..tensor import Tensor
from .components import Place, kink, mistake, search
from .differences import EPS
from .hints import common_hints, fits, local_hints
from .probe import DOUBLE, PRECISIONS, Array, Look, Precision, Probe, directions, scales
from .report import Row, Verdict

SHOWN = 6
"""Components in a report, at most, of each array."""

NOT_FINITE = "not finite"

OUTSIDE = (ArithmeticError, AssertionError, ValueError)
"""What a function raises beyond the edge of its domain."""


def held(
    name: str, f: Callable[[Any], Any], gradient: Any, x: Any, rng: np.random.Generator
) -> list[Leaf]:
    """The arrays of `x`, each looked at along its directions. `name` opens the errors."""
    point = Point(name, f, x)
    claimed = _claimed(gradient, point)
    leaves = [Leaf(point, i, claimed[i], rng) for i in range(len(point.values))]
    if any(leaf.is_wrong for leaf in leaves):
        noise = _noise_of(gradient, point, rng)
        for leaf, own in zip(leaves, noise, strict=True):
            leaf.allow(own)
    return leaves


class Point:
    """`f` at `x`, and as a function of one of the arrays of `x` in real coordinates.

    A complex array counts as one of real numbers with a last axis of two, its real and imaginary
    parts.
    """

    def __init__(self, name: str, f: Callable[[Any], Any], x: Any) -> None:
        if not callable(f):
            raise TypeError(f"{name}: f must be a function, not {_article(f)}")
        self.name = name
        self.f = f
        self.x = x
        self.paths = tree.paths(x)
        self.originals = [
            _floating(name, leaf, path)
            for leaf, path in zip(tree.leaves(x), self.paths, strict=True)
        ]
        if not self.originals:
            raise ValueError(f"{name}: x has no arrays in it")
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
            values[index] = _joined(moved) if values[index].dtype.kind == "c" else moved
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
            what = {"c": "a complex number", "b": "a bool"}.get(value.dtype.kind, _article(result))
            raise TypeError(f"{self.name}: f must return one real number, not {what}")
        if value.size != 1:
            raise ValueError(
                f"{self.name}: f must return one real number, not an array of shape {value.shape}; "
                "reduce it, for instance with np.sum(u * f(x)), whose gradient is Jᵀu"
            )
        return float(value.item())


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
            precision=max(_precision(claimed.dtype), _precision(point.dtype)),
            epsilon=point.epsilon,
            complex_function=point.along_complex(index),
        )
        self.looks: list[Look] = []
        self.kinks: list[tuple[Place, Look]] = []
        self.beside: list[Look] = []
        self.fault = not_finite(claimed)
        self.fault_verdict: Verdict = self._without_faults(gradient) if self.fault else "right"
        if self.along.any():
            self.looks = _looks(self.probe, self.along, rng)
            self._look_past_kinks()

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
                rest = one.direction.copy()
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

    def allow(self, noise: Array) -> None:
        """Take the rounding of the claimed gradient into account."""
        if self.looks and np.any(noise):
            # What is larger is no rounding, but a jump of the gradient.
            most = 1e-3 * np.max(np.abs(self.probe.claimed))
            self.probe.noise = np.minimum(noise, most)
            self.looks = [
                one._replace(floor=one.floor + self.probe.own_noise(one.direction))
                for one in self.looks
            ]

    def tangent(self, direction: Array) -> Array:
        """A direction as an array like this one: complex if it is."""
        return direction if direction.shape == self.shape else _joined(direction)

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
        return Row(
            self.path,
            self.shape,
            one.difference,
            one.difference / size if size else one.difference,
            one.verdict(largest),
            one.claimed,
            one.found,
            one.floor,
            self._note(one, largest),
            "complex step" if one.is_exact else "differences",
        )

    def _note(self, one: Look, largest: float) -> str:
        """What there is to know of a row besides its numbers."""
        if one.verdict(largest) != "cannot tell":
            return ""
        if not self.kinks:
            return _note(one)
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
        return [self._component(place, one) for place, one in found.found[:SHOWN]], hints

    def kinked(self) -> list[Row]:
        """The components that have a kink."""
        return [self._component(place, one) for place, one in self.kinks[:SHOWN]]

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


def _claimed(gradient: Any, point: Point) -> list[Array]:
    """The leaves of the claimed gradient, each as an array shaped like its leaf of x."""
    name = point.name
    with np.errstate(all="ignore"):
        given = gradient(point.tree(point.originals)) if callable(gradient) else gradient
    found: list[Array] = []

    def read(_: Any, g: Any) -> None:
        path, like = point.paths[len(found)], point.originals[len(found)]
        place = f" at {path}" if path else ""
        array = numbers(g, f"{name}: the gradient{place} is").copy()
        if array.dtype.kind not in "biufc":
            raise TypeError(f"{name}: the gradient{place} has dtype {array.dtype}, no number")
        if array.dtype.kind == "c" and like.dtype.kind != "c":
            raise TypeError(f"{name}: the gradient{place} is complex, but x is real there")
        if array.shape != like.shape:
            is_reversed = array.ndim > 1 and array.shape == like.shape[::-1]
            raise ValueError(
                f"{name}: the gradient{place} has shape {array.shape}, but x has shape "
                f"{like.shape} there, and a gradient has the shape of what it is by"
                + (". Is it transposed?" if is_reversed else "")
            )
        found.append(array if array.dtype.kind in "fc" else array.astype(np.float64))

    try:
        tree.map(read, point.x, given)
    except ValueError as error:
        if str(error).startswith(name):
            raise
        raise ValueError(f"{name}: x and its gradient: {error}") from error
    return found


def _noise_of(gradient: Any, point: Point, rng: np.random.Generator) -> list[Array]:
    """The rounding of each component of a gradient that can be called: how far it is from smooth.

    Fourth differences along a line, over the standard deviation that independent errors give them.
    """
    still: list[Array] = [np.zeros(1) for _ in point.values]
    if not callable(gradient):
        return still
    lines = [
        scales(np.abs(value))[0] * rng.choice([-1.0, 1.0], value.shape) * 2.0**-20
        for value in point.values
    ]
    found = []
    for i in range(-2, 3):
        moved = [
            (value + i * line).astype(original.dtype)
            for value, line, original in zip(point.values, lines, point.originals, strict=True)
        ]
        try:
            with np.errstate(all="ignore"), warnings.catch_warnings():
                warnings.simplefilter("ignore")
                leaves = aligned(point.x, gradient(point.tree(moved)))
        except OUTSIDE:
            return still
        found.append([np.asarray(leaf) for leaf in leaves])
    noise = []
    for values in zip(*found, strict=True):
        fourth = np.diff(np.array(values).astype(np.result_type(values[0], float)), 4, axis=0)[0]
        parts = split(fourth) if fourth.dtype.kind == "c" else fourth
        noise.append(np.nan_to_num(np.abs(parts) / np.sqrt(70.0)))
    return noise


def numbers(value: Any, what: str) -> Array:
    """The value as an array, which a Tensor does not become by itself."""
    if isinstance(value, Tensor):
        raise TypeError(
            f"{what} a Tensor, where a plain array is asked for: t.data is its value. "
            "(check.compare and check.check_function make Tensors themselves.)"
        )
    try:
        return np.asarray(value)
    except ValueError as error:  # ragged lists
        raise TypeError(f"{what} no array: {error}") from error


def aligned(like: Any, given: Any) -> list[Any]:
    """The leaves of `given` in the order of those of `like`: keys may come in another."""
    leaves: list[Any] = []
    tree.map(lambda _, leaf: leaves.append(leaf), like, given)
    return leaves


def copied(x: Any) -> Any:
    """The tree with copies of its arrays, which a function may write into."""
    return tree.map(lambda leaf: leaf.copy() if isinstance(leaf, np.ndarray) else leaf, x)


def _article(value: Any) -> str:
    name = type(value).__name__
    return f"{'an' if name[0] in 'aeiou' else 'a'} {name}"


def _precision(dtype: Any) -> Precision:
    return PRECISIONS.get(np.empty(0, dtype).real.dtype, DOUBLE)


def _floating(name: str, leaf: Any, path: str) -> Array:
    """A leaf of x as an array, if it can be differentiated by."""
    where = f"{name}: x{f' at {path}' if path else ''}"
    if is_masked(leaf):
        raise TypeError(f"{where} is a masked array, which has no derivative at what it masks")
    if callable(leaf):
        raise TypeError(f"{where} is a function; the order is {name}(f, …, x)")
    array = numbers(leaf, f"{where} is").copy(order="K")
    if array.dtype.kind in "biu":
        raise TypeError(
            f"{where} has dtype {array.dtype}, by which there is no derivative; convert it with "
            ".astype(float)"
        )
    if array.dtype.kind not in "fc":
        raise TypeError(f"{where} has dtype {array.dtype}, which is no number")
    if not np.all(np.isfinite(array)):
        raise ValueError(f"{where} is not finite everywhere, so no point lies beside it")
    return array


def not_finite(gradient: Array) -> str:
    """Where the gradient is nan or infinite, if it is."""
    places = np.argwhere(~np.isfinite(gradient))
    if not len(places):
        return ""
    place = tuple(map(int, places[0]))
    more = f", and {len(places) - 1} more" if len(places) > 1 else ""
    at = f" at [{', '.join(map(str, place))}]" if place else ""
    return f"{NOT_FINITE}: {gradient[place]}{at}{more}"


def split(array: Array) -> Array:
    """Complex numbers as pairs of real ones along a last axis."""
    return np.stack([array.real, array.imag], -1)


def _joined(pairs: Array) -> Array:
    return np.asarray(pairs[..., 0] + 1j * pairs[..., 1])
