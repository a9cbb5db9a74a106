"""Samples of what the densities of `scipy.stats` are made of."""

from collections.abc import Callable
from typing import Any

from ....scipy.stats.formulas import log_i0
from ..draws import REAL, Draw, Edge, unary

SAMPLES: dict[Callable[..., Any], Draw] = {log_i0: unary(REAL)}

EDGES: dict[Callable[..., Any], list[Edge]] = {}
