"""Samples of exponentials, logarithms, trigonometric and hyperbolic functions."""

from collections.abc import Callable
from typing import Any

import numpy as np

from ...core.rules import tanh_slope
from ...rules.elementary import arctan2_slope, arctan_slope, one_less_square, sigmoid_of_difference
from .draws import (
    INF,
    LARGER_THAN_ONE,
    POSITIVE,
    REAL,
    UNIT,
    A,
    Domain,
    Draw,
    Edge,
    binary,
    call,
    unary,
)

SAMPLES: dict[Callable[..., Any], Draw] = {
    np.exp: unary(REAL),
    np.exp2: unary(REAL),
    np.expm1: unary(REAL),
    np.log: unary(POSITIVE),
    np.log2: unary(POSITIVE),
    np.log10: unary(POSITIVE),
    np.log1p: unary(Domain(-0.6, 2.0, 0.4)),
    np.logaddexp: binary(REAL, REAL),
    np.logaddexp2: binary(REAL, REAL),
    sigmoid_of_difference: binary(REAL, REAL),
    np.sin: unary(REAL),
    np.cos: unary(REAL),
    np.tan: unary(Domain(-1.1, 1.1, 0.4)),
    np.arcsin: unary(UNIT),
    np.arccos: unary(UNIT),
    np.arctan: unary(REAL),
    np.arctan2: binary(POSITIVE, REAL),
    np.sinh: unary(REAL),
    np.cosh: unary(REAL),
    np.tanh: unary(REAL),
    tanh_slope: unary(REAL),
    arctan_slope: unary(REAL),
    arctan2_slope: binary(POSITIVE, REAL),
    one_less_square: unary(REAL),
    np.arcsinh: unary(REAL),
    np.arccosh: lambda rng: [
        *unary(LARGER_THAN_ONE)(rng),
        call(-LARGER_THAN_ONE.draw(rng, 3) + 1j * POSITIVE.draw(rng, 3), reach=0.4),
    ],
    np.arctanh: unary(UNIT),
    np.deg2rad: unary(REAL),
    np.radians: unary(REAL),
    np.rad2deg: unary(REAL),
    np.degrees: unary(REAL),
}

EDGES: dict[Callable[..., Any], list[Edge]] = {
    np.arctan2: [
        Edge((A([0.0, 1.0]), A([0.0, 0.0])), {}, ([0, 0], [0, -1])),
        Edge((A([1e200]), A([1e200])), {}, ([0.5e-200], [-0.5e-200])),
    ],
    np.exp: [Edge((A([-INF, 0.0, 1000.0]),), {}, ([0, 1, INF],))],
    np.exp2: [Edge((A([-INF, 0.0, 2000.0]),), {}, ([0, np.log(2), INF],))],
    np.expm1: [Edge((A([-INF, 0.0, 1000.0]),), {}, ([0, 1, INF],))],
    np.log: [Edge((A([0.0, 1.0, INF]),), {}, ([INF, 1, 0],))],
    np.log2: [Edge((A([0.0, INF]),), {}, ([INF, 0],))],
    np.log10: [Edge((A([0.0, INF]),), {}, ([INF, 0],))],
    np.log1p: [Edge((A([-1.0, 0.0, INF]),), {}, ([INF, 1, 0],))],
    np.arcsin: [Edge((A([-1.0, 0.0, 1.0]),), {}, ([INF, 1, INF],))],
    np.arccos: [Edge((A([-1.0, 0.0, 1.0]),), {}, ([-INF, -1, -INF],))],
    np.arctan: [Edge((A([-INF, 0.0, 1e200]),), {}, ([0, 1, 0],))],
    np.sinh: [Edge((A([-1000.0, 0.0, 1000.0]),), {}, ([INF, 1, INF],))],
    np.cosh: [Edge((A([-1000.0, 0.0, 1000.0]),), {}, ([-INF, 0, INF],))],
    np.tanh: [Edge((A([-1000.0, 0.0, INF]),), {}, ([0, 1, 0],))],
    np.arcsinh: [Edge((A([-INF, 0.0, 1e200]),), {}, ([0, 1, 1e-200],))],
    np.arccosh: [Edge((A([1.0, INF]),), {}, ([INF, 0],))],
    np.arctanh: [Edge((A([-1.0, 0.0, 1.0]),), {}, ([INF, 1, INF],))],
    np.logaddexp: [
        Edge((A([1000.0, -INF]), A([0.0, 0.0])), {}, ([1, 0], [0, 1])),
        Edge((A([2.0]), A([2.0])), {}, ([0.5], [0.5])),
        Edge((A([-INF, INF]), A([-INF, INF])), {}, ([0.5, 0.5], [0.5, 0.5])),
    ],
    sigmoid_of_difference: [
        Edge(
            (A([1000.0, 2.0, -INF]), A([0.0, 2.0, -INF])), {}, ([0, 0.25, 0.25], [0, -0.25, -0.25])
        ),
    ],
    np.logaddexp2: [
        Edge((A([4000.0, -INF, -INF]), A([0.0, 0.0, -INF])), {}, ([1, 0, 0.5], [0, 1, 0.5])),
    ],
}

REAL_ONLY = {np.deg2rad, np.rad2deg, np.degrees, np.radians}
