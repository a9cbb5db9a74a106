"""Medians, quantiles and percentiles.

Policy: a quantile interpolates between two elements of the array in the order of a stable sort, and
the gradient goes to these. By q it has the slope of the piece on the right of q (at q = 1 on the
left), and 0 for the methods that jump from element to element. What a nan function leaves out has
gradient 0.
"""

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.lib.array_utils import normalize_axis_tuple

from ..core.arrays import Array, as_array, cast
from ..core.dispatch import name_of, overrides
from ..core.signature import signature
from ..core.table import Row
from .arithmetic import multiply_no_nan
from .composed import composed
from .constants import on_values
from .lines import lines, unlined

# NumPy before 2.4 casts a q that is a Python number to the array's dtype.
_CASTS_Q = np.lib.NumpyVersion(np.__version__) < "2.4.0"

_NAN_FUNCTIONS = (np.nanmedian, np.nanquantile, np.nanpercentile)
_PERCENTILES = (np.percentile, np.nanpercentile)

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


def _quantile(
    function: Callable[..., Any],
    a: Array,
    axis: Any,
    ans: Array,
    q: Any = None,
    method: Any = None,
    weights: Any = None,
) -> Any:
    """Two elements of each line, weighted by how near to them the quantile lies."""
    a = as_array(a)
    axes = tuple(sorted(range(a.ndim) if axis is None else normalize_axis_tuple(axis, a.ndim)))
    if not a.size and (q is None or function in _NAN_FUNCTIONS):
        return np.sum(a, axes).reshape(ans.shape)  # of nothing
    kept = a.ndim - len(axes)
    if function in _NAN_FUNCTIONS and kept and len(axes) > 1 and np.ndim(q) > 1:
        raise ValueError(
            f"{name_of(function)}: NumPy puts the axes of a q of shape {np.shape(q)} elsewhere for "
            "several axes than for one; use np.ravel(q), and reshape the result"
        )
    index, shares, slope = on_values(_picks, function, a, axis, axes, q, method, weights)
    shares = cast(shares, np.finfo(np.result_type(ans.dtype, np.float16)).dtype)
    picked = lines(a, axes)[index]
    result = np.sum(multiply_no_nan(shares, picked), 0)
    if slope is not None and overrides(type(q)):
        # The shares depend on q: nothing is added, but a derivative.
        change = np.reshape(q - on_values(np.positive, q), q.shape + (1,) * kept)
        change = cast(np.where(np.isnan(slope), 0, slope) * change, shares.dtype)
        result = result + change * np.where(np.isnan(slope), np.nan, picked[1] - picked[0])
    return result.reshape(ans.shape)


def _picks(
    function: Callable[..., Any], a: Any, axis: Any, axes: Any, q: Any, method: Any, weights: Any
) -> tuple[Any, Any, Any]:
    """The index of the two elements that each quantile lies between, and their shares in it.

    The third is the derivative of the upper one's share by q: nan where the quantile is, None where
    it jumps from element to element.

    The quantile of the elements' ranks 0, 1, 2, … is the place that the function interpolates at.
    So every method, with or without weights, in every version of NumPy, tells where that is.
    """
    x = lines(a, axes)
    order = np.argsort(x, -1, kind="stable")
    nan = np.isnan(x)
    count = np.sum(~nan, -1)
    # what is nan comes last and has no rank, except in a line of nothing but nan
    ranks = np.argsort(order, -1).astype(_rank_dtype(x))
    ranks = np.where(nan & (count[..., None] > 0), np.nan, ranks)
    options = {} if q is None else {"q": q, "method": method}
    if weights is not None:
        options["weights"] = weights
    place = np.asarray(function(unlined(ranks, a, axes), axis=axis, **options), float)
    undefined = np.isnan(place) | (count == 0)
    low = np.floor(np.where(undefined, 0, place)).astype(int)
    low = np.minimum(low, np.maximum(count - 2, 0))
    high = np.minimum(low + 1, np.maximum(count - 1, 0))
    mesh = np.ix_(*map(np.arange, x.shape[:-1]))
    nothing = 0 if function in _NAN_FUNCTIONS else np.nan
    shares = np.where(undefined, nothing, np.stack([low + 1 - place, place - low]))
    slope = None
    if method in _ENDS:
        slope = np.where(undefined, np.nan, _steepness(function, count, q, method))
    return (*mesh, order[(*mesh, np.stack([low, high]))]), shares, slope


def _rank_dtype(x: Array) -> Any:
    """The dtype in which ranks are interpolated exactly where NumPy interpolates the elements."""
    if not _CASTS_Q or x.dtype.kind not in "fc":
        return np.dtype(float)
    form = np.finfo(x.dtype)
    return form.dtype if x.shape[-1] * form.eps <= 1 else np.dtype(float)


def _steepness(function: Callable[..., Any], count: Any, q: Any, method: Any) -> Any:
    """The derivative of the place by q."""
    parts = 100 if function in _PERCENTILES else 1
    alpha, beta = _ENDS[method]
    places = count + 1 - alpha - beta
    place = np.reshape(q, np.shape(q) + (1,) * count.ndim) / parts * places + alpha - 1
    return np.where((place >= 0) & (place <= count - 1), places, 0) / parts


def _keeping(function: Callable[..., Any]) -> Callable[..., Any]:
    """`function` without the right to overwrite its argument, which is a Tensor's value."""

    def kernel(*args: Any, overwrite_input: bool = False, **kwargs: Any) -> Any:
        return function(*args, **kwargs)

    return kernel


def _median_row(function: Callable[..., Any]) -> Row:
    return composed(
        function,
        signature("a", "*", axis=None, out=None, overwrite_input=False, keepdims=False),
        lambda a, axis, ans: _quantile(function, a, axis, ans),
        {"a"},
        own_value=True,
        kernel=_keeping(function),
    )


def _quantile_row(function: Callable[..., Any]) -> Row:
    return composed(
        function,
        signature(
            "a", "q", "*", axis=None, out=None, overwrite_input=False, method="linear",
            keepdims=False, weights=None,
        ),
        lambda a, q, axis, method, weights, ans: _quantile(
            function, a, axis, ans, q, method, weights
        ),
        {"a", "q"},
        own_value=True,
        kernel=_keeping(function),
        real={"a": (), "q": (), "weights": ()},
        locally_constant={
            "weights": "the result is an element; which one jumps where the weights change"
        },
    )  # fmt: skip


ROWS = (
    *map(_median_row, (np.median, np.nanmedian)),
    *map(_quantile_row, (np.quantile, np.percentile, np.nanquantile, np.nanpercentile)),
)
