"""Samples of activations that have rows of their own, and of their slopes."""

from collections.abc import Callable
from typing import Any

from ...nn.activations import (
    gelu_by_tanh,
    gelu_by_tanh_slope,
    gelu_exactly,
    gelu_exactly_slope,
    silu,
    silu_slope,
)
from .draws import REAL, A, Draw, Edge, unary

SAMPLES: dict[Callable[..., Any], Draw] = {
    function: unary(REAL)
    for function in (
        gelu_by_tanh,
        gelu_by_tanh_slope,
        gelu_exactly,
        gelu_exactly_slope,
        silu,
        silu_slope,
    )
}

_FAR = A([-1000.0, 0.0, 1000.0])
EDGES: dict[Callable[..., Any], list[Edge]] = {
    function: [Edge((_FAR,), {}, ([0, 0.5, 1],))] for function in (gelu_by_tanh, gelu_exactly, silu)
}
