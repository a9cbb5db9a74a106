"""Samples of arithmetic, powers, extrema and bounds."""

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy._core import umath

from ...core.losses import (
    bernoulli_loss,
    logistic_loss,
    logistic_residual,
    mean_logistic_loss,
    off_zero,
    sigmoid_log_loss,
)
from ...core.network import relu, relu_gate, sigmoid, sigmoid_slope
from ...core.rules import divide_by_count
from ...rules.arithmetic import direction, multiply_no_nan, multiply_no_nan_both, xdivy
from .draws import (
    APART,
    INF,
    NAN,
    POSITIVE,
    PROBABILITY,
    REAL,
    A,
    Domain,
    Draw,
    Edge,
    Generator,
    Sample,
    apart,
    binary,
    call,
    kinked,
    kinked_pair,
    shaped,
    unary,
)


def _remainders(rng: Generator) -> list[Sample]:
    # x/y lies between 0.3 and 0.7 above an integer, so neither operand comes near a jump
    y = rng.uniform(1.0, 2.0, (3, 3)) * rng.choice([-1, 1], (3, 3))
    x = (rng.integers(-3, 3, (3, 3)) + rng.uniform(0.3, 0.7, (3, 3))) * y
    return [call(x, y, reach=0.05), call(x, float(y[0, 0]), reach=0.0005)]


def _clips(rng: Generator) -> list[Sample]:
    x = apart(rng, 3, 3)
    low, high = np.full((3, 1), -0.4), np.array(0.4)
    return [
        call(x, low, high, reach=0.05),
        call(x, -0.4, None, reach=0.05),
        call(x, None, high, reach=0.05),
        call(x, a_max=0.4, a_min=low, reach=0.05),
        call(x, np.full((3, 3), -0.4), np.full((3, 3), 0.4), reach=0.05),
    ]


def _clip_ufuncs(rng: Generator) -> list[Sample]:
    x = apart(rng, 3, 3)
    return [
        call(x, np.full((3, 1), -0.4), np.array(0.4), reach=0.05),
        call(x[0], -0.4, np.full((2, 1), 0.4), reach=0.05),
    ]


def _signed(rng: Generator) -> list[Sample]:
    signs = rng.choice([-1.0, 1.0], (3, 3))
    return [
        call(apart(rng, 3, 3), signs, reach=APART),
        call(apart(rng, 2, 1, 3), signs[0, :2, None], reach=APART),
        call(apart(rng), -2.0, reach=APART),
    ]


def _steps(rng: Generator) -> list[Sample]:
    x = rng.integers(-1, 2, (3, 3))
    x[0] = 0, 1, -1
    return [
        call(x, REAL.draw(rng, 3, 3)),
        call(x[0].astype(float), REAL.draw(rng, 2, 1)),
        call(0.0, REAL.draw(rng)),
    ]


def _wheres(rng: Generator) -> list[Sample]:
    mask = rng.random((3, 3)) < 0.5
    x, y = REAL.draw(rng, 3, 3), REAL.draw(rng, 3, 3)
    return [call(mask, x, y), call(mask[0], x, 2.0), call(mask[:, :1], REAL.draw(rng), y)]


def _labelled(rng: Generator) -> list[Sample]:
    return [
        call(REAL.draw(rng, 3, 2), PROBABILITY.draw(rng, 3, 2)),
        call(REAL.draw(rng, 4, 1), (rng.random((4, 1)) < 0.5).astype(float)),
    ]


_UMATH: Any = umath  # its names, which NumPy's types leave out

SAMPLES: dict[Callable[..., Any], Draw] = {
    np.add: binary(REAL, REAL),
    np.subtract: binary(REAL, REAL),
    np.multiply: binary(REAL, REAL),
    np.divide: binary(REAL, POSITIVE),
    multiply_no_nan: binary(REAL, REAL),
    multiply_no_nan_both: binary(REAL, REAL),
    np.negative: unary(REAL),
    np.positive: unary(REAL),
    np.reciprocal: unary(POSITIVE),
    np.remainder: _remainders,
    np.fmod: _remainders,
    np.divmod: _remainders,
    np.modf: unary(Domain(1.3, 1.7, 0.3)),
    np.frexp: unary(Domain(1.1, 1.9, 0.1)),
    np.square: unary(REAL),
    np.sqrt: unary(POSITIVE),
    np.cbrt: unary(POSITIVE),
    np.power: binary(POSITIVE, REAL),
    np.float_power: binary(POSITIVE, REAL),
    np.hypot: binary(POSITIVE, POSITIVE),
    direction: binary(POSITIVE, POSITIVE),
    np.absolute: kinked,
    np.fabs: kinked,
    np.copysign: _signed,
    np.ldexp: lambda rng: [
        call(REAL.draw(rng, 3, 3), rng.integers(-3, 4, (3, 3))),
        call(REAL.draw(rng, 3, 1), rng.integers(-3, 4, 2)),
        call(REAL.draw(rng), 2),
    ],
    np.nextafter: lambda rng: [
        call(REAL.draw(rng, 3, 3), 3 * rng.choice([-1.0, 1.0], (3, 3))),
        call(REAL.draw(rng, 3), np.array([[-np.inf], [np.inf]])),
    ],
    np.heaviside: _steps,
    np.conjugate: unary(REAL),
    np.real: unary(REAL),
    np.imag: unary(REAL),
    np.maximum: kinked_pair,
    np.minimum: kinked_pair,
    np.fmax: kinked_pair,
    np.fmin: kinked_pair,
    np.clip: _clips,
    _UMATH.clip: _clip_ufuncs,
    np.where: _wheres,
    relu: kinked,
    relu_gate: lambda rng: [call(REAL.draw(rng, 3, 3), np.maximum(apart(rng, 3, 3), 0))],
    sigmoid: unary(REAL),
    sigmoid_slope: unary(REAL),
    logistic_loss: _labelled,
    mean_logistic_loss: _labelled,
    logistic_residual: _labelled,
    sigmoid_log_loss: _labelled,
    bernoulli_loss: lambda rng: [
        call(PROBABILITY.draw(rng, 3, 2), PROBABILITY.draw(rng, 3, 2), reach=PROBABILITY.reach)
    ],
    off_zero: lambda rng: [call(POSITIVE.draw(rng, 3, 3), 1e-16, reach=POSITIVE.reach)],
    divide_by_count: shaped(((3, 3), (4,), {}), ((2, 3), ([[2.0], [5.0]],), {})),
    xdivy: lambda rng: [
        call(apart(rng, 3, 3), POSITIVE.draw(rng, 3, 3), reach=APART),
    ],
}

# x**0 is 1 for every x; by the exponent it has the slope log x
_TO_THE_ZEROTH = [
    Edge((A([NAN, INF, -INF]), 0), {}, ([0, 0, 0],)),
    Edge((A([NAN, INF]), A([0.0, 0.0])), {}, ([0, 0], [NAN, INF])),
    Edge((A([1.0]), A([NAN])), {}, ([NAN], [0])),
]

EDGES: dict[Callable[..., Any], list[Edge]] = {
    np.divide: [
        Edge((A([1.0, -1.0, 1.0]), A([0.0, 0.0, INF])), {}, ([INF, INF, 0], [-INF, INF, 0])),
    ],
    np.reciprocal: [Edge((A([0.0, -0.0, INF, -INF]),), {}, ([-INF, -INF, 0, 0],))],
    # at a jump as on its right; by y it is −floor(x/y), for fmod −trunc(x/y)
    np.remainder: [
        Edge((A([2.0, -2.0, 0.0]), A([1.0, 1.0, -3.0])), {}, ([1, 1, 1], [-2, 2, 0])),
        Edge((A([3.0, -3.0, -0.5]), A([INF, INF, 2.0])), {}, ([1, 1, 1], [0, 1, 1])),
    ],
    np.fmod: [
        Edge((A([2.0, -2.0, 0.0]), A([1.0, 1.0, -3.0])), {}, ([1, 1, 1], [-2, 2, 0])),
        Edge((A([3.0, -3.0, -0.5]), A([INF, INF, 2.0])), {}, ([1, 1, 1], [0, 0, 0])),
    ],
    np.divmod: [Edge((A([2.0, -3.0, -0.5]), A([1.0, INF, 2.0])), {}, ([1, 1, 1], [-2, 1, 1]))],
    np.modf: [Edge((A([2.0, 0.0, -0.0, -1.0, INF]),), {}, ([1, 1, 1, 1, 1],))],
    np.frexp: [Edge((A([1.0, -4.0, 0.0, INF]),), {}, ([0.5, 0.125, 1, 1],))],
    np.square: [Edge((A([0.0, INF]),), {}, ([0, INF],))],
    np.cbrt: [Edge((A([0.0, -0.0, -8.0, INF]),), {}, ([INF, INF, 1 / 12, 0],))],
    np.absolute: [Edge((A([0.0, -0.0]),), {}, ([0, 0],))],
    np.maximum: [
        Edge((A([1.0, 2.0]), A([1.0, 1.0])), {}, ([0.5, 1], [0.5, 0])),
        Edge((A([INF, -INF]), A([INF, 0.0])), {}, ([0.5, 0], [0.5, 1])),
    ],
    np.minimum: [Edge((A([1.0, 2.0]), A([1.0, 1.0])), {}, ([0.5, 0], [0.5, 1]))],
    np.fabs: [Edge((A([0.0, -0.0, INF]),), {}, ([0, 0, 1],))],
    np.copysign: [
        Edge((A([2.0, -2.0, 0.0, -0.0]), np.array([-1, -1, -1, 1])), {}, ([-1, 1, 0, 0],)),
        Edge((A([2.0, 2.0]), [0.0, -0.0]), {}, ([1, -1],)),
    ],
    np.ldexp: [Edge((A([0.0, INF, 5e-324]), [3, 3, -1]), {}, ([8, 8, 0.5],))],
    np.nextafter: [Edge((A([0.0, 1.0, -INF]), 0.0), {}, ([1, 1, 1],))],
    np.heaviside: [
        Edge(([-1, -0.0, 0, 1, INF, NAN], A([0.5] * 6)), {}, ([0, 1, 1, 0, 0, 0],)),
    ],
    np.fmax: [
        Edge((A([1.0, 2.0, 0.0]), A([1.0, 1.0, -0.0])), {}, ([0.5, 1, 0.5], [0.5, 0, 0.5])),
        Edge((A([NAN, 1.0, NAN]), A([1.0, NAN, NAN])), {}, ([0, 1, 0.5], [1, 0, 0.5])),
        Edge((A([NAN, INF, -INF]), A([-INF, INF, NAN])), {}, ([0, 0.5, 1], [1, 0.5, 0])),
    ],
    np.fmin: [
        Edge((A([1.0, 2.0]), A([1.0, 1.0])), {}, ([0.5, 0], [0.5, 1])),
        Edge((A([NAN, 1.0, NAN]), A([1.0, NAN, NAN])), {}, ([0, 1, 0.5], [1, 0, 0.5])),
        Edge((A([NAN, -INF]), A([INF, -INF])), {}, ([0, 0.5], [1, 0.5])),
    ],
    _UMATH.clip: [
        Edge((A([-1.0, 0.0, 0.5, 1.0, 2.0]), 0.0, 1.0), {}, ([0, 1, 1, 1, 0],)),
        Edge((A([0.5, 2.0]), A(1.0), A(0.0)), {}, ([0, 0], 0, 2)),
    ],
    np.clip: [
        Edge((A([-1.0, 0.0, 0.5, 1.0, 2.0]), 0.0, 1.0), {}, ([0, 1, 1, 1, 0],)),
        Edge((A([0.5, 2.0]), A(1.0), A(0.0)), {}, ([0, 0], 0, 2)),
    ],
    np.sqrt: [Edge((A([0.0, INF]),), {}, ([INF, 0],))],
    np.power: [
        Edge((A([0.0, -2.0, 3.0]), 0), {}, ([0, 0, 0],)),
        Edge((A([0.0, 0.0]), A([0.0, 2.0])), {}, ([0, 0], [0, 0])),
        *_TO_THE_ZEROTH,
        Edge((A([0.0]), 1), {}, ([1],)),
        Edge((A([0.0, -3.0]), 2), {}, ([0, -6],)),
        Edge((0.0, A([1.0, 0.0, -1.0])), {}, ([0, 0, -INF],)),
        Edge((A([0.0]), 0.5), {}, ([INF],)),
    ],
    np.float_power: [
        Edge((A([0.0, -2.0, 3.0]), 0), {}, ([0, 0, 0],)),
        Edge((A([0.0, 0.0]), A([0.0, 2.0])), {}, ([0, 0], [0, 0])),
        *_TO_THE_ZEROTH,
        Edge((0.0, A([1.0, 0.0, -1.0])), {}, ([0, 0, -INF],)),
        Edge((A([0.0]), 0.5), {}, ([INF],)),
    ],
    np.hypot: [Edge((A([0.0, 3.0]), A([0.0, 4.0])), {}, ([0, 0.6], [0, 0.8]))],
    relu: [Edge((A([0.0, -0.0, 1.0, -INF, INF, NAN]),), {}, ([0, 0, 1, 0, 1, 1],))],
    relu_gate: [Edge((A([2.0, 3.0, 4.0]), A([0.0, 1.0, NAN])), {}, ([0, 1, 1],))],
    sigmoid: [Edge((A([-1000.0, 0.0, 1000.0]),), {}, ([0, 0.25, 0],))],
    logistic_loss: [
        Edge((A([-1000.0, 1000.0]), A([1.0, 0.0])), {}, ([-1, 1], [1000, -1000])),
        Edge((A([-1000.0, 1000.0]), A([0.0, 1.0])), {}, ([0, 0], None)),
    ],
    bernoulli_loss: [
        Edge(
            (A([0.0, 1.0, 0.0, 1.0]), A([0.0, 1.0, 1.0, 0.0]), 2.0**-20),
            {},
            ([1, -1, -(2**20), 2**20], None),
        ),
    ],
    sigmoid_log_loss: [
        Edge((A([-1e3, 1e3, 40.0]), A([1.0, 0.0, 0.0])), {}, ([-1, 1, 1], [1e3, -1e3, -40])),
    ],
    off_zero: [Edge((A([0.0, 5e-324, 1.0]), 1e-16), {}, ([1, 1, 1],))],
    xdivy: [Edge((A([0.0, 2.0]), A([0.0, 4.0])), {}, (None, [0, -0.125]))],
    multiply_no_nan: [Edge((A([0.0, 0.0, 2.0]), A([INF, 3.0, 0.0])), {}, ([0, 3, 0], [0, 0, 2]))],
    multiply_no_nan_both: [
        Edge((A([0.0, 0.0, 2.0]), A([INF, 3.0, 0.0])), {}, ([0, 3, 0], [0, 0, 2]))
    ],
}

COMPLEX = {np.absolute, np.maximum, np.minimum, np.clip, xdivy}
