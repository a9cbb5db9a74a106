"""Histograms: by their weights, and by what the edges of the bins come from.

Policy: a count is constant where no element crosses an edge. Edges that are found from the sample
depend on its smallest and its largest element, and a density depends on the edges.
"""

from typing import Any

import numpy as np

from ..core.arrays import Array, as_array, cast
from ..core.dispatch import overrides
from ..core.rules import scatter_add
from ..core.signature import signature
from ..core.table import linear
from .composed import composed


def _binned(
    columns: list[Any], bins: Any, range: Any, density: Any, weights: Any, ans: Array
) -> tuple[Any, list[Any]]:
    """The counts, or sums of weights, or densities, and the edges along each of the columns.

    `ans` is what NumPy found of both.
    """
    counts, found = ans
    if not (isinstance(bins, (list, tuple)) or np.ndim(bins)):
        bins = [bins] * len(columns)
    range = [None] * len(columns) if range is None else range
    edges = [_edges(*each) for each in zip(found, columns, bins, range, strict=True)]
    if density or overrides(type(weights)):
        numbers, inside = [], np.array(True)
        for column, ends in zip(columns, found, strict=True):
            # a bin has its left edge, the last one both
            number = np.searchsorted(ends, column, "right") - 1 - np.equal(column, ends[-1])
            inside = inside & (number >= 0) & (number < len(ends) - 1)
            numbers.append(number)
        weights = np.ones(inside.shape) if weights is None else as_array(weights)
        places = tuple([number[inside] for number in numbers])
        counts = scatter_add(cast(weights[inside], counts.dtype), places, counts.shape)
    if density:
        total = np.sum(counts)
        for widths in np.ix_(*[cast(np.diff(ends), np.dtype(float)) for ends in edges]):
            counts = counts / widths
        counts = counts / total
    return counts, edges


def _edges(ans: Any, a: Array, bins: Any, range: Any) -> Any:
    """The edges of the bins along one axis; `ans` is what NumPy found for the sample `a`."""
    if not isinstance(bins, str) and np.ndim(bins):
        return as_array(bins)
    if range is not None or not overrides(type(a)) or not a.size:
        return ans
    first, last = np.min(a), np.max(a)
    if first == last:
        first, last = first - 0.5, last + 0.5
    return np.linspace(first, last, len(ans), dtype=ans.dtype)


def _histogram(a: Any, bins: Any, range: Any, density: Any, weights: Any, ans: Any) -> Any:
    ans = ans[0], [ans[1]]
    counts, edges = _binned([as_array(a)], [bins], [range], density, weights, ans)
    return counts, edges[0]


def _histogramdd(sample: Any, bins: Any, range: Any, density: Any, weights: Any, ans: Array) -> Any:
    if isinstance(sample, (list, tuple)):
        columns = [as_array(column) for column in sample]
    else:
        columns = [*sample.T] if sample.ndim == 2 else [sample]
    return _binned(columns, bins, range, density, weights, ans)


def _histogram2d(
    x: Any, y: Any, bins: Any, range: Any, density: Any, weights: Any, ans: Any
) -> Any:
    if (isinstance(bins, (list, tuple)) or np.ndim(bins)) and len(bins) not in (1, 2):
        bins = [as_array(bins)] * 2
    columns, ans = [as_array(x), as_array(y)], (ans[0], ans[1:])
    counts, edges = _binned(columns, bins, range, density, weights, ans)
    return (counts, *edges)


def _bincount_kernel(indices: Any, weights: Any = None, minlength: int = 0) -> Any:
    """`numpy.bincount`, which gives integers for weights of length 0, too."""
    found = np.bincount(indices, weights, minlength)
    return found if weights is None else found.astype(float, copy=False)


ROWS = (
    composed(
        np.histogram,
        signature("a", bins=10, range=None, density=None, weights=None),
        _histogram,
        {"a", "bins", "weights"},
        own_value=True,
        real={"a": (), "bins": ()},
    ),
    composed(
        np.histogram2d,
        signature("x", "y", bins=10, range=None, density=None, weights=None),
        _histogram2d,
        {"x", "y", "bins", "weights"},
        own_value=True,
        real={"x": (), "y": (), "bins": (), "weights": ()},
    ),
    composed(
        np.histogramdd,
        signature("sample", bins=10, range=None, density=None, weights=None),
        _histogramdd,
        {"sample", "bins", "weights"},
        own_value=True,
        real={"sample": (), "bins": (), "weights": ()},
    ),
    composed(
        np.histogram_bin_edges,
        signature("a", bins=10, range=None, weights=None),
        _edges,
        {"a", "bins"},
        own_value=True,
        real={"a": (), "bins": ()},
        locally_constant={"weights": "the edges do not depend on it"},
    ),
    linear(
        np.bincount,
        signature("indices", weights=None, minlength=0),
        weights=lambda g, indices: g[indices],
        kernel=_bincount_kernel,
        real={"weights": ()},
    ),
)
