"""Samples of diagonals and triangles."""

from collections.abc import Callable
from typing import Any

import numpy as np

from .draws import Draw, Edge, shaped

_TRIANGLES = shaped(
    ((3, 3), (), {}),
    ((2, 3), (1,), {}),
    ((4, 3), (-1,), {}),
    ((2, 3, 2), (), {"k": -1}),
    ((3,), (1,), {}),
    ((0, 3), (), {}),
)

SAMPLES: dict[Callable[..., Any], Draw] = {
    np.tril: _TRIANGLES,
    np.triu: _TRIANGLES,
    np.diagonal: shaped(
        ((3, 3), (), {}),
        ((2, 3), (1,), {}),
        ((4, 3), (-1,), {}),
        ((2, 3, 4), (0, 2, 0), {}),
        ((2, 3, 3), (), {"offset": -1, "axis1": -1, "axis2": 1}),
        ((2, 2), (2,), {}),
    ),
    np.diag: shaped(
        ((3,), (), {}),
        ((2,), (-1,), {}),
        ((3, 3), (), {}),
        ((2, 3), (1,), {}),
        ((4, 3), (), {"k": -2}),
    ),
    np.diagflat: shaped(((2, 3), (), {}), ((3,), (1,), {}), ((), (-1,), {})),
    np.trace: shaped(
        ((3, 3), (), {}),
        ((2, 3), (1,), {}),
        ((4, 3), (-1,), {}),
        ((2, 3, 4), (0, 2, 0), {}),
        ((2, 3, 3), (-2,), {"axis1": -1, "axis2": 1, "dtype": np.complex128}),
        ((2, 2), (2,), {}),
    ),
}

EDGES: dict[Callable[..., Any], list[Edge]] = {}
