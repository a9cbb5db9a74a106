"""All that is known of a row's derivative: what every witness says of it at a sample.

`witnesses` gives a `Finding` for each of *value*, *definition*, *float32* and *layout*, which also
`check.check_rule` asks, and of

- *complex step*: the jvp against f(x + ih v) / ih, for rows declared analytic.
- *differences*: elsewhere, the jvp against central differences (exact for linear and bilinear
  rows) or five-point differences.
- *transpose*: ⟨u, J v⟩ = ⟨Jᵀu, v⟩, forward against reverse mode; and each sweep, recorded and
  differentiated by what it carries, gives the other one.
- *second order*: the derivative of the vjp, by a recorded sweep, against differences of the vjp.

`edge` compares a row's gradient with the one that is written down for a kink.

Directions and cotangents are random; for complex numbers the derivative is that along real steps
in complex directions, paired with the gradient ∂/∂x − i ∂/∂y of a real function. An error is
relative to the sum of the magnitudes that go into the number compared, so that cancellation neither
fails a right rule nor passes a wrong one.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any

import numpy as np

from ..check.differences import five_point
from ..check.witnesses import (
    EXACT,
    FLOAT32,
    Case,
    Finding,
    Linearised,
    Witness,
    cases,
    definition,
    described,
    error_of,
    findings,
    float32,
    layout,
    random_directions,
    value,
)
from ..core.sweep import reverse
from ..core.table import Row
from ..core.tensor import Tensor, source_of
from .samples import Edge, Sample

TOLERANCE = 1e-9
"""Relative, in float64. Five-point differences are good to 1e-11, complex step to 1e-15."""

NOISE = 1e-11
"""What differences add to it, relative to the values that are subtracted, over the reach: 50 times
their rounding error, which is the unit roundoff over the step of 1e-3 of the reach."""

LIMITS = {
    "value": 0.0,
    "definition": EXACT,
    "complex step": TOLERANCE,
    "differences": TOLERANCE,
    "transpose": EXACT,
    "second order": TOLERANCE,
    "float32": FLOAT32,
    "layout": EXACT,
    "edge": 0.0,
}
"""What each witness allows, relative to the size of what it compares."""


def relative(found: Finding) -> float:
    """The error on the scale of the witness' entry in `LIMITS`."""
    return found.error / found.allowed * LIMITS[found.witness] if found.allowed else found.error


def cases_of(row: Row, at: Sample | Edge) -> Iterator[Case]:
    """The cases of a row at a sample: all floating operands as variables, and each alone."""
    return cases(row, at.args, at.kwargs, getattr(at, "through", None))


def witnesses(row: Row, sample: Sample, seed: int = 0) -> Iterator[Finding]:
    """The findings of all witnesses of `row` at `sample`.

    A rule that raises is a finding, too, with an infinite error.
    """
    for number, case in enumerate(cases_of(row, sample)):
        by = complex_step if _takes_complex_step(case) else differences
        chosen: list[Witness] = [value, by, transpose, second_order, float32, layout]
        if getattr(row, "own_value", False):
            chosen.insert(0, definition)
        yield from findings(case, chosen, sample.reach, [seed, number])


def edge(row: Row, at: Edge) -> Iterator[Finding]:
    """The gradient of the sum of the results at a kink, compared with the one written down."""
    case = next(cases_of(row, at))
    derivative = Linearised(case, case.values)
    found = derivative.vjp([np.ones(x.shape) for x in derivative.results])
    for g, expected in zip(found, at.expected, strict=True):
        if expected is not None:
            is_same = np.array_equal(g, np.asarray(expected, float), equal_nan=True)
            where = f"{row.name}{described(case)}: {g} where {expected} is the policy"
            yield Finding("edge", 0.0 if is_same else np.inf, 0.0, where)


def _takes_complex_step(case: Case) -> bool:
    """Whether it is a real function of its variables, beside which there may be other operands."""
    return case.row.analytic and all(
        np.isrealobj(x) for x in (*case.values, *case.plain(case.values))
    )


def complex_step(case: Case, reach: float, rng: np.random.Generator) -> tuple[float, float]:
    """The jvp against a complex step."""
    us, vs, tangents = _tangents(case, rng)
    expected = _along(case, us, vs, 1e-100j).imag / 1e-100
    return abs(_pairing(us, tangents).real - expected), TOLERANCE * _magnitude(us, tangents)


def differences(case: Case, reach: float, rng: np.random.Generator) -> tuple[float, float]:
    """The jvp against differences."""
    us, vs, tangents = _tangents(case, rng)
    noise = NOISE * _magnitude(us, case.plain(case.values)) / reach
    if case.row.kind in ("linear", "bilinear"):
        expected = (_along(case, us, vs, 1.0) - _along(case, us, vs, -1.0)).real / 2
    else:
        expected = _slope(lambda t: _along(case, us, vs, t).real, 1e-3 * reach)
    error = abs(_pairing(us, tangents).real - expected)
    return error, TOLERANCE * _magnitude(us, tangents) + noise


def _tangents(case: Case, rng: np.random.Generator) -> tuple[list[Any], list[Any], list[Any]]:
    """Random cotangents u and tangents v, and J v."""
    derivative = Linearised(case, case.values)
    us, vs = random_directions(derivative, rng)
    return us, vs, derivative.jvp(vs)


def _along(case: Case, us: list[Any], vs: list[Any], t: complex) -> Any:
    """⟨u, f(x + t v)⟩"""
    return _pairing(us, case.plain([x + t * v for x, v in zip(case.values, vs, strict=True)]))


def transpose(case: Case, reach: float, rng: np.random.Generator) -> tuple[float, float]:
    """The two modes against each other, and the derivative of each against the other."""
    derivative = Linearised(case, case.values)
    us, vs = random_directions(derivative, rng)
    forwards, backwards = derivative.jvp(vs), derivative.vjp(us)
    scale = _magnitude(us, forwards) + _magnitude(backwards, vs)
    error = abs((_pairing(us, forwards) - _pairing(backwards, vs)).real)
    of_us, of_vs = [Tensor(u) for u in us], [Tensor(v) for v in vs]
    pulled, pushed = derivative.vjp(of_us, recorded=True), derivative.jvp(of_vs, recorded=True)
    for found, expected in (
        (_gradient(derivative, pulled, vs, of_us), forwards),
        (_gradient(derivative, pushed, us, of_vs), backwards),
    ):
        error = np.maximum(error, error_of(found, expected))
    return float(error), EXACT * scale


def second_order(case: Case, reach: float, rng: np.random.Generator) -> tuple[float, float]:
    """The derivative of the vjp against differences of the vjp."""
    x = case.values
    derivative = Linearised(case, x)
    us, vs = random_directions(derivative, rng)
    ws = random_directions(derivative, rng)[1]
    found = _gradient(derivative, derivative.vjp(us, recorded=True), vs)

    def pulled(t: float) -> Any:
        """⟨Jᵀ(x + t w) u, v⟩"""
        moved = Linearised(case, [a + t * w for a, w in zip(x, ws, strict=True)])
        return _pairing(moved.vjp(us), vs).real

    expected = _slope(pulled, 1e-3 * reach)
    noise = NOISE * _magnitude(derivative.vjp(us), vs) / reach
    return abs(_pairing(found, ws).real - expected), TOLERANCE * _magnitude(found, ws) + noise


def _gradient(
    derivative: Linearised, parts: list[Any], weights: list[Any], variables: Sequence[Any] = ()
) -> list[Any]:
    """The gradient of ⟨parts, weights⟩ by `variables`, or else by the operands."""
    total: Any = 0.0
    for part, weight in zip(parts, weights, strict=True):
        total = total + np.real(np.sum(part * weight))
    by = variables or derivative.tensors
    if not isinstance(total, Tensor):
        return [np.zeros(x.shape, x.dtype) for x in by]
    arguments: list[Any] = [*derivative.inputs, *[source_of(x) for x in variables]]
    found: Any = reverse([(source_of(total), np.ones(()))], arguments)
    gradients = [found[node] for node in arguments[-len(by) :]]
    return [
        np.zeros(x.shape, x.dtype) if g is None else g for x, g in zip(by, gradients, strict=True)
    ]


def _pairing(a: list[Any], b: list[Any]) -> Any:
    """Σ a·b, without conjugates; its real part pairs a gradient ∂/∂x − i ∂/∂y with a direction."""
    return sum([np.sum(x * y) for x, y in zip(a, b, strict=True)], np.float64(0))


def _magnitude(a: list[Any], b: list[Any]) -> float:
    return float(sum(np.sum(np.abs(x * y)) for x, y in zip(a, b, strict=True)))


def _slope(function: Callable[[float], Any], h: float) -> Any:
    """The derivative at 0, by five-point differences."""
    near, far = [(function(step) - function(-step)) / (2 * step) for step in (h, 2 * h)]
    return five_point(near, far)
