"""Samples of what is linear along one axis: lengths odd and even, every edge, every axis."""

from collections.abc import Callable
from typing import Any

import numpy as np

from ....scipy.mirror import of
from ..draws import Draw, Edge, shaped

_WINDOW = np.array([0.2, 0.9, 0.4, 0.1])

SAMPLES: dict[Callable[..., Any], Draw] = {
    of("signal.savgol_filter"): shaped(
        ((7, 2), (5, 2), {"axis": 0, "deriv": 1, "delta": 0.5}),
        ((6,), (4, 2), {}),
        ((4,), (3, 1), {"mode": "mirror"}),
        ((5,), (4, 1), {"mode": "wrap"}),
        ((4,), (3, 1), {"mode": "nearest"}),
        ((4,), (3, 1), {"mode": "constant", "cval": 1.5}),
    ),
    of("signal.detrend"): shaped(
        ((2, 5), (), {}),
        ((7, 2), (), {"axis": 0, "bp": [3]}),
        ((5,), (), {"type": "constant"}),
    ),
    of("signal.hilbert"): shaped(
        ((5, 2), (), {"axis": 0}), ((4,), (), {}), ((4,), (3,), {}), ((3,), (6,), {})
    ),
    of("signal.resample"): shaped(
        ((6,), (4,), {}),
        ((4, 2), (7,), {}),
        ((2, 5), (3,), {"axis": 1, "window": "hann"}),
        ((4,), (6,), {"window": np.array([1.0, 0.7, 0.3, 0.9])}),
    ),
    of("signal.resample_poly"): shaped(
        ((5, 2), (2, 3), {}),
        ((2, 4), (3, 2), {"axis": 1, "padtype": "mean"}),
        ((5,), (1, 2), {"window": _WINDOW}),
    ),
    of("signal.czt"): shaped(
        ((4,), (), {}),
        ((5, 2), (3,), {"axis": 0, "w": 0.9 * np.exp(-0.7j), "a": 1.1 * np.exp(0.3j)}),
    ),
}

EDGES: dict[Callable[..., Any], list[Edge]] = {}

COMPLEX = {of(f"signal.{name}") for name in ("detrend", "resample")}
