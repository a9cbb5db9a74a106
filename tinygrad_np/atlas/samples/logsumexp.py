"""Samples of logsumexp."""

from collections.abc import Callable
from typing import Any

from ...rules.logsumexp import logsumexp
from .draws import INF, A, Draw, Edge, shaped

SAMPLES: dict[Callable[..., Any], Draw] = {
    logsumexp: shaped(
        ((3, 3), (), {}),
        ((3, 2, 4), (1,), {}),
        ((3, 2, 4), (), {"axis": (0, -1), "keepdims": True}),
    ),
}

EDGES: dict[Callable[..., Any], list[Edge]] = {
    logsumexp: [
        Edge((A([1000.0, -1000.0, -INF]),), {}, ([1, 0, 0],)),
        Edge((A([[-INF, -INF], [INF, INF], [INF, 0]]), 1), {}, ([[0.5, 0.5], [0.5, 0.5], [1, 0]],)),
        Edge((A([-INF, -INF, -INF, -INF]),), {"keepdims": True}, ([0.25, 0.25, 0.25, 0.25],)),
        Edge((A([[], []]), 1), {}, ([[], []],)),
    ],
}
