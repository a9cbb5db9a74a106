"""Samples of the Bessel functions of `scipy.special`."""

from collections.abc import Callable
from typing import Any

import scipy.special

from .draws import INF, POSITIVE, REAL, A, Draw, Edge, kinked, unary
from .special import with_order

special: Any = scipy.special._ufuncs

# Analytic functions whose complex loops are not good enough for a complex step of 1e-100.
COMPLEX = {special.jv, special.yv, special.iv, special.kv, special.kve}

SAMPLES: dict[Callable[..., Any], Draw] = {
    special.j0: unary(POSITIVE),
    special.j1: unary(POSITIVE),
    special.jv: with_order(POSITIVE, 0, 1.5),
    special.y0: unary(POSITIVE),
    special.y1: unary(POSITIVE),
    special.yv: with_order(POSITIVE, 0, 1.5),
    special.yn: with_order(POSITIVE, 0, 2),
    special.i0: unary(REAL),
    special.i1: unary(REAL),
    special.iv: with_order(POSITIVE, 0, 1.5),
    special.i0e: kinked,
    special.i1e: kinked,
    special.ive: with_order(POSITIVE, 0, 1.5),
    special.k0: unary(POSITIVE),
    special.k1: unary(POSITIVE),
    special.kv: with_order(POSITIVE, 0, 1.5),
    special.kn: with_order(POSITIVE, 0, 2),
    special.k0e: unary(POSITIVE),
    special.k1e: unary(POSITIVE),
    special.kve: with_order(POSITIVE, 0, 1.5),
}

EDGES: dict[Callable[..., Any], list[Edge]] = {
    special.j0: [Edge((A([0.0]),), {}, ([0],))],
    special.j1: [Edge((A([0.0]),), {}, ([0.5],))],
    special.jv: [Edge(([0, 0.5, 1, 2], A([0.0] * 4)), {}, ([0, INF, 0.5, 0],))],
    special.y0: [Edge((A([0.0]),), {}, ([INF],))],
    special.y1: [Edge((A([0.0]),), {}, ([INF],))],
    special.yv: [Edge(([0, 1, 2.5], A([0.0] * 3)), {}, ([INF, INF, INF],))],
    special.yn: [Edge(([0, 1, 2], A([0.0] * 3)), {}, ([INF, INF, INF],))],
    special.iv: [Edge(([0, 0.5, 1, 2], A([0.0] * 4)), {}, ([0, INF, 0.5, 0],))],
    special.ive: [Edge(([0, 1, 2], A([0.0] * 3)), {}, ([0, 0.5, 0],))],
    special.kv: [Edge(([0, 1, 2.5], A([0.0] * 3)), {}, ([-INF, -INF, -INF],))],
    special.kn: [Edge(([0, 1, 2], A([0.0] * 3)), {}, ([-INF, -INF, -INF],))],
    special.i0: [Edge((A([0.0]),), {}, ([0],))],
    special.i1: [Edge((A([0.0]),), {}, ([0.5],))],
    special.i0e: [Edge((A([0.0]),), {}, ([0],))],
    special.i1e: [Edge((A([0.0]),), {}, ([0.5],))],
    special.k0: [Edge((A([0.0]),), {}, ([-INF],))],
    special.k1: [Edge((A([0.0]),), {}, ([-INF],))],
    special.k0e: [Edge((A([0.0]),), {}, ([-INF],))],
    special.k1e: [Edge((A([0.0]),), {}, ([-INF],))],
    special.kve: [Edge(([0, 1, 2.5], A([0.0] * 3)), {}, ([-INF, -INF, -INF],))],
}
