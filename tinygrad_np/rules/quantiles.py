"""Medians, quantiles and percentiles.

Policy: a quantile interpolates between two elements of the array in the order of a stable sort, and
the gradient goes to these. By q it has the slope of the piece on the right of q (at q = 1 on the
left), and 0 for the methods that jump from element to element. What a nan function leaves out has
gradient 0.
"""

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np

from ..kernels.dispatch import as_array
from ..kernels.elementwise import cast
from ..kernels.scatter import scatter_add
from ..kernels.values import on_values
from .table import Row, general, takes

# NumPy before 2.4 casts a q that is a Python number to the array's dtype.
_CASTS_Q = np.lib.NumpyVersion(np.__version__) < "2.4.0"


class _Picks(NamedTuple):
    """The two elements that each quantile lies between, and their weights."""

    lower: tuple[Any, ...]
    upper: tuple[Any, ...]
    below: Any
    above: Any
    slope: Any
    """the derivative of `above` by q; None where q chooses no place between elements"""
    shape: tuple[int, ...]
    """the array's shape with what is reduced in one last axis"""


def _floating(a: Any) -> Any:
    """`a` as an array of floats: whole numbers may stand beside a q that is a Tensor."""
    a = as_array(a)
    return a if a.dtype.kind in "fc" else a.astype(float)


def _order(ndim: int, axis: Any) -> list[int]:
    """The axes of an array, those that are reduced last."""
    gone = range(ndim) if axis is None else [i % ndim for i in np.atleast_1d(axis).tolist()]
    return [i for i in range(ndim) if i not in gone] + sorted(gone)


def _lines(a: Any, axis: Any) -> Any:
    """`a` with all that is reduced in one last axis."""
    kept = 0 if axis is None else a.ndim - np.size(axis)
    moved = np.transpose(a, _order(a.ndim, axis))
    size = int(np.prod(moved.shape[kept:], dtype=int))
    return moved.reshape((*moved.shape[:kept], size))


def _unlined(lines: Any, a_like: Any, axis: Any) -> Any:
    """The inverse of `_lines`."""
    order = _order(a_like.ndim, axis)
    moved = lines.reshape([a_like.shape[i] for i in order])
    return np.transpose(moved, sorted(range(len(order)), key=order.__getitem__))


# The place of the quantile q of n elements is q·n + α + q·(1 − α − β) − 1, cut off at both ends:
# α and β of the methods that interpolate (Hyndman and Fan, 1996).
_ENDS = {
    "linear": (1, 1),
    "weibull": (0, 0),
    "hazen": (0.5, 0.5),
    "median_unbiased": (1 / 3, 1 / 3),
    "normal_unbiased": (3 / 8, 3 / 8),
    "interpolated_inverted_cdf": (0, 1),
}


def _steepness(count: Any, q: Any, method: Any) -> Any:
    """The derivative of the place by q."""
    alpha, beta = _ENDS[method]
    places = count + 1 - alpha - beta
    place = q * places + alpha - 1
    return np.where(np.logical_and(place >= 0, place <= count - 1), places, 0)


def _rank_dtype(lines: Any) -> Any:
    """The dtype in which ranks are interpolated exactly where NumPy interpolates the elements."""
    form = np.finfo(lines.dtype)
    return form.dtype if _CASTS_Q and lines.shape[-1] * form.eps <= 1 else np.dtype(float)


def _picks(
    function: Callable[..., Any],
    a: Any,
    axis: Any,
    q: Any = None,
    method: Any = None,
    weights: Any = None,
) -> _Picks | None:
    """What the median or quantile `function` picks along the axis; None where there is nothing.

    The quantile of the elements' ranks 0, 1, 2, … is the place that the function interpolates at.
    So every method, with or without weights, in every version of NumPy, tells where that is.
    """
    a = _floating(a)
    if not a.size:
        return None
    lines = _lines(a, axis)
    order = np.argsort(lines, -1, kind="stable")
    nan = np.isnan(lines)
    count = np.sum(np.logical_not(nan), -1)
    # what is nan comes last and has no rank, except in a line of nothing but nan
    ranks = np.argsort(order, -1).astype(_rank_dtype(lines))
    ranks = np.where(np.logical_and(nan, count[..., None] > 0), np.nan, ranks)
    options: dict[str, Any] = {} if q is None else {"q": q, "method": method}
    if weights is not None:
        options["weights"] = weights
    place = on_values(function, _unlined(ranks, a, axis), axis=axis, **options)
    place = np.asarray(place, float)
    undefined = np.logical_or(np.isnan(place), count == 0)
    low = np.floor(np.where(undefined, 0, place)).astype(int)
    low = np.clip(low, 0, np.maximum(count - 2, 0))
    high = np.minimum(low + 1, np.maximum(count - 1, 0))
    mesh = np.ix_(*[np.arange(n) for n in lines.shape[:-1]]) if lines.ndim > 1 else ()
    lower, upper = [(*mesh, order[(*mesh, number)]) for number in (low, high)]
    nothing = 0 if function in _NAN_FUNCTIONS else np.nan
    real = np.finfo(a.dtype).dtype  # a median has complex elements, but real weights
    below = np.where(undefined, nothing, low + 1 - place).astype(real)
    above = np.where(undefined, nothing, place - low).astype(real)
    slope = None
    if method in _ENDS and weights is None:
        parts = 100 if function in _PERCENTILES else 1
        q = _floating(q)
        q = q.reshape(np.shape(q) + (1,) * count.ndim)
        steepness = _steepness(count, on_values(np.true_divide, q, parts), method) / parts
        slope = np.where(undefined, np.nan, steepness)  # of many elements too large for float16
        # The weights depend on q: nothing is added, but a derivative where q is a Tensor.
        moved = np.where(undefined, 0, slope) * (q - on_values(np.positive, q))
        moved = cast(moved, a.dtype)
        below, above = below - moved, above + moved
    return _Picks(lower, upper, below, above, slope, lines.shape)


_NAN_FUNCTIONS = (np.nanmedian, np.nanquantile, np.nanpercentile)
_PERCENTILES = (np.percentile, np.nanpercentile)


def _pulled(g: Any, a_like: Any, axis: Any, picks: _Picks | None) -> Any:
    if picks is None:
        return np.zeros(a_like.shape, a_like.dtype)
    g = g.reshape(picks.below.shape)
    lines = scatter_add(g * picks.below, picks.lower, picks.shape)
    lines = lines + scatter_add(g * picks.above, picks.upper, picks.shape)
    return _unlined(lines, a_like, axis)


def _pushed(t: Any, ans_like: Any, axis: Any, picks: _Picks | None) -> Any:
    if picks is None:
        return np.zeros(ans_like.shape, t.dtype)
    lines = _lines(t, axis)
    result = picks.below * lines[picks.lower] + picks.above * lines[picks.upper]
    return result.reshape(ans_like.shape)


def _step(a: Any, axis: Any, picks: _Picks) -> Any:
    """The derivative of each quantile by q."""
    lines = _lines(_floating(a), axis)
    return cast(picks.slope * (lines[picks.upper] - lines[picks.lower]), lines.dtype)


def _pulled_to_q(g: Any, a: Any, q_like: Any, axis: Any, picks: _Picks | None) -> Any:
    if picks is None or picks.slope is None:
        return np.zeros(q_like.shape, q_like.dtype)
    step = _step(a, axis, picks)
    return np.sum(g.reshape(step.shape) * step, tuple(range(q_like.ndim, step.ndim)))


def _pushed_from_q(t: Any, a: Any, ans_like: Any, axis: Any, picks: _Picks | None) -> Any:
    if picks is None or picks.slope is None:
        return np.zeros(ans_like.shape, ans_like.dtype)
    step = _step(a, axis, picks)
    t = t.reshape(t.shape + (1,) * (step.ndim - t.ndim))
    return (t * step).reshape(ans_like.shape)


def _keeping(function: Callable[..., Any]) -> Callable[..., Any]:
    """`function` without the right to overwrite its argument, which is a Tensor's value."""

    def kernel(*args: Any, overwrite_input: bool = False, **kwargs: Any) -> Any:
        return function(*args, **kwargs)

    return kernel


def _median_row(function: Callable[..., Any]) -> Row:
    return general(
        function,
        takes("a", "*", axis=None, out=None, overwrite_input=False, keepdims=False),
        (
            lambda g, a, axis: _pulled(g, a, axis, _picks(function, a, axis)),
            lambda t, ans, a, axis: _pushed(t, ans, axis, _picks(function, a, axis)),
        ),
        kernel=_keeping(function),
    )


def _quantile_row(function: Callable[..., Any]) -> Row:
    return general(
        function,
        takes(
            "a", "q", "*", axis=None, out=None, overwrite_input=False, method="linear",
            keepdims=False, weights=None,
        ),
        (
            lambda g, a, q, axis, method, weights: _pulled(
                g, a, axis, _picks(function, a, axis, q, method, weights)
            ),
            lambda t, ans, a, q, axis, method, weights: _pushed(
                t, ans, axis, _picks(function, a, axis, q, method, weights)
            ),
        ),
        (
            lambda g, a, q, axis, method, weights: _pulled_to_q(
                g, a, q, axis, _picks(function, a, axis, q, method, weights)
            ),
            lambda t, ans, a, q, axis, method, weights: _pushed_from_q(
                t, a, ans, axis, _picks(function, a, axis, q, method, weights)
            ),
        ),
        kernel=_keeping(function),
        real={"a": (), "q": (), "weights": ()},
        locally_constant={
            "weights": "the result is an element; which one jumps where the weights change"
        },
    )  # fmt: skip


ROWS = (
    _median_row(np.median),
    _median_row(np.nanmedian),
    _quantile_row(np.quantile),
    _quantile_row(np.percentile),
    _quantile_row(np.nanquantile),
    _quantile_row(np.nanpercentile),
)
