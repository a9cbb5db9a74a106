"""The exact gelu and its derivative in float32, from one exponential and one polynomial.

SciPy's `ndtr` goes number by number. Here Φ(−a) for a ≥ 0 is exp(−a²/2)·t·P(t), t = 1 / (1 + c·a),
in passes over pieces that stay in the cache. Its relative error is that of a float32 number, and of
the exponential, whose exponent is rounded: a²/2 times that. (1 + erf would lose all digits of a
small Φ.)
"""

from typing import Any

import numpy as np

from ..core.arrays import Array, real_numbers
from ..core.dispatch import plain
from . import paths
from .memory import Workspace, empty

C = np.float32(0.35)
P = [
    np.float32(p)
    for p in (
        0.13962141, 0.13986175, 0.11983375, 0.10550432, -0.02310062, 0.15915991, -0.25570095,
        0.14396482, -0.02914442,
    )
]  # fmt: skip
"""From the constant on. They make exp(x²/2)·Φ(−x) / t with the least relative error for x from 0 to
14, 3.2e-8: least squares in Chebyshev's polynomials, weighted anew until the largest are equal."""

_FAR = np.float32(40)  # beyond, exp(−x²/2) is 0; infinity times that would be nan


def _tail(x: Array, a: Array, e: Array, t: Array) -> None:
    """|x| within 40, exp(−x²/2) and Φ(−|x|) into the last three."""
    np.absolute(x, out=a)
    np.minimum(a, _FAR, out=a)
    np.multiply(a, C, out=t)
    np.add(t, np.float32(1), out=t)
    np.divide(np.float32(1), t, out=t)
    np.multiply(t, P[-1], out=e)
    for p in P[-2::-1]:
        np.add(e, p, out=e)
        np.multiply(e, t, out=e)
    t[...] = e
    np.multiply(a, a, out=e)
    np.multiply(e, np.float32(-0.5), out=e)
    np.exp(e, out=e)
    np.multiply(t, e, out=t)


def gelu(x: Array, out: Array, a: Array, e: Array, t: Array) -> None:
    """max(x, 0) − |x|·Φ(−|x|)"""
    _tail(x, a, e, t)
    np.multiply(a, t, out=t)
    np.maximum(x, np.float32(0), out=out)
    np.subtract(out, t, out=out)


def slope(x: Array, out: Array, a: Array, e: Array, t: Array) -> None:
    """Φ(x) + x·φ(x)"""
    _tail(x, a, e, t)
    np.copysign(t, x, out=t)
    np.copysign(a, x, out=a)
    np.multiply(a, np.float32(1 / np.sqrt(2 * np.pi)), out=a)
    np.multiply(a, e, out=a)
    np.subtract(a, t, out=a)
    np.logical_not(np.signbit(x), out=out)
    np.add(out, a, out=out)


def in_float32(function: Any, kernel: Any) -> Any:
    """A kernel of `function` that takes this one for float32, a piece at a time."""
    exact = plain(function)

    def called(x: Any) -> Any:
        x = real_numbers(x, "gelu")
        is_fit = type(x) is np.ndarray and x.dtype == np.float32 and paths.ENABLED
        if not is_fit or x.size < paths.NORMAL_FROM:
            return exact(x)
        given, result = np.ascontiguousarray(x).reshape(-1), empty(x.shape, x.dtype)
        into, space = result.reshape(-1), Workspace(np.float32)
        with np.errstate(under="ignore"):
            for start in range(0, x.size, paths.NORMAL_ELEMENTS):
                piece = given[start : start + paths.NORMAL_ELEMENTS]
                spare = [space.array(name, piece.shape) for name in "aet"]
                kernel(piece, into[start : start + paths.NORMAL_ELEMENTS], *spare)
        return result

    return called
