"""Evenly spaced numbers, their powers, and geometric sequences, by both ends and by the base."""

from typing import Any

import numpy as np

from ..kernels.dispatch import as_array
from ..kernels.elementwise import cast
from ..kernels.sequences import evenly_spaced
from ..kernels.shapes import sum_to
from .table import composed, general, takes


def _way(num: int, endpoint: bool, like: Any) -> Any:
    """How far along each number is, 0 to 1, as a column against an array with `num` rows."""
    way = np.arange(num) / max(num - 1 if endpoint else num, 1)
    return way.astype(like.real.dtype).reshape((-1,) + (1,) * (like.ndim - 1))


def _gathered(g: Any, x_like: Any, num: Any, endpoint: Any, axis: Any, of_stop: bool) -> Any:
    """The cotangents of all numbers, each as much as the end is worth there, together."""
    g = np.moveaxis(g, axis, 0)
    way = _way(num, endpoint, g)
    return sum_to(np.sum(g * (way if of_stop else 1 - way), 0), x_like.shape)


def _spread(
    t: Any, start_like: Any, stop_like: Any, num: Any, endpoint: Any, axis: Any, of_stop: bool
) -> Any:
    shape = np.broadcast_shapes(start_like.shape, stop_like.shape)
    t = np.expand_dims(np.broadcast_to(t, shape), 0)
    way = _way(num, endpoint, t)
    return np.moveaxis(t * (way if of_stop else 1 - way), 0, axis)


def _linspace(
    start: Any, stop: Any, num: Any, endpoint: Any, retstep: Any, dtype: Any, axis: Any
) -> Any:
    numbers = evenly_spaced(start, stop, num, endpoint, dtype, axis)
    if not retstep:
        return numbers
    pieces = num - 1 if endpoint else num
    return numbers, (stop - start) / pieces if pieces > 0 else np.nan


def _logspace(
    start: Any, stop: Any, num: Any, endpoint: Any, base: Any, dtype: Any, axis: Any
) -> Any:
    if np.ndim(base):
        arrays = [as_array(x) for x in (start, stop, base)]
        ndim = max(x.ndim for x in arrays)
        start, stop, base = [x.reshape((1,) * (ndim - x.ndim) + x.shape) for x in arrays]
        base = np.expand_dims(base, axis)
    powers = np.power(base, evenly_spaced(start, stop, num, endpoint, None, axis))
    return powers if dtype is None else cast(powers, np.dtype(dtype))


ROWS = (
    general(
        evenly_spaced,
        (
            lambda g, start_like, num, endpoint, axis: _gathered(
                g, start_like, num, endpoint, axis, False
            ),
            lambda t, start_like, stop_like, num, endpoint, axis: _spread(
                t, start_like, stop_like, num, endpoint, axis, False
            ),
        ),
        (
            lambda g, stop_like, num, endpoint, axis: _gathered(
                g, stop_like, num, endpoint, axis, True
            ),
            lambda t, start_like, stop_like, num, endpoint, axis: _spread(
                t, start_like, stop_like, num, endpoint, axis, True
            ),
        ),
        analytic=True,
        makes_axis=True,
    ),
    composed(
        np.linspace,
        takes(
            "start", "stop", num=50, endpoint=True, retstep=False, dtype=None, axis=0, device=None
        ),
        _linspace,
        {"start", "stop"},
        analytic=True,
    ),
    composed(
        np.logspace,
        takes("start", "stop", num=50, endpoint=True, base=10.0, dtype=None, axis=0),
        _logspace,
        {"start", "stop", "base"},
        analytic=True,
    ),
    # aᵢ = start^(1 − wᵢ)·stop^wᵢ, so that its logarithm is evenly spaced
    general(
        np.geomspace,
        takes("start", "stop", num=50, endpoint=True, dtype=None, axis=0),
        (
            lambda g, ans, start, num, endpoint, axis: (
                _gathered(g * ans, start, num, endpoint, axis, False) / start
            ),
            lambda t, ans, start, stop_like, num, endpoint, axis: (
                ans * _spread(t / start, start, stop_like, num, endpoint, axis, False)
            ),
        ),
        (
            lambda g, ans, stop, num, endpoint, axis: (
                _gathered(g * ans, stop, num, endpoint, axis, True) / stop
            ),
            lambda t, ans, start_like, stop, num, endpoint, axis: (
                ans * _spread(t / stop, start_like, stop, num, endpoint, axis, True)
            ),
        ),
        makes_axis=True,
    ),
)
