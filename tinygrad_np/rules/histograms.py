"""Histograms: by their weights, and by what the edges of the bins come from.

Policy: a count is constant where no element crosses an edge. Edges that are found from the sample
depend on its smallest and its largest element, and a density depends on the edges.
"""

from collections.abc import Callable
from typing import Any

import numpy as np

from ..kernels.dispatch import as_array
from ..kernels.elementwise import cast
from ..kernels.scatter import scatter_add
from .constants import on_values
from .table import composed, linear, takes


def _plain(x: Any) -> Any:
    """`x`, or each part of a list, without a derivative."""
    return [_plain(item) for item in x] if isinstance(x, (list, tuple)) else on_values(_same, x)


def _same(x: Any) -> Any:
    return x


def _bins_of(columns: list[Any], edges: Any) -> tuple[Any, tuple[Any, ...]]:
    """Which elements lie in any bin, and the numbers of these bins along each axis."""
    numbers, inside = [], np.array(True)
    for column, ends in zip(columns, edges, strict=True):
        # a bin has its left edge, the last one both
        number = np.searchsorted(ends, column, "right") - 1 - np.equal(column, ends[-1])
        inside = inside & (number >= 0) & (number < len(ends) - 1)
        numbers.append(number)
    return inside, tuple([number[inside] for number in numbers])


def _binned(
    histogram: Callable[..., Any], columns: list[Any], bins: Any, range: Any, density: Any,
    weights: Any,
) -> tuple[Any, list[Any]]:  # fmt: skip
    """The counts, or sums of weights, or densities, and the edges along each of the columns."""
    plain = _plain(columns)
    if histogram is np.histogram:
        counts, found = histogram(plain[0], _plain(bins), range, None, _plain(weights))
        found, bins, range = [found], [bins], [range]
    else:
        counts, found = histogram(np.stack(plain, 1), _plain(bins), range, None, _plain(weights))
        if not (isinstance(bins, (list, tuple)) or np.ndim(bins)):
            bins = [bins] * len(columns)
        range = [None] * len(columns) if range is None else range
    if weights is not None and not isinstance(as_array(weights), np.ndarray):
        inside, numbers = _bins_of(plain, found)
        counts = cast(scatter_add(weights[inside], numbers, counts.shape), counts.dtype)
    edges = [_edges(*each) for each in zip(found, columns, bins, range, strict=True)]
    if density:
        total = np.sum(counts)
        for i, ends in enumerate(edges):
            widths = cast(ends[1:] - ends[:-1], np.dtype(float))
            counts = counts / widths.reshape((-1,) + (1,) * (len(edges) - i - 1))
        counts = counts / total
    return counts, edges


def _edges(found: Any, a: Any, bins: Any, range: Any) -> Any:
    """The edges of the bins along one axis, which NumPy found for the sample `a`."""
    if not isinstance(bins, str) and np.ndim(bins):
        return as_array(bins)
    if range is not None or isinstance(a, np.ndarray) or not a.size:
        return found
    first, last = np.min(a), np.max(a)
    if first == last:
        first, last = first - 0.5, last + 0.5
    return np.linspace(first, last, len(found), dtype=found.dtype)


def _histogram_bin_edges(a: Any, bins: Any, range: Any, weights: Any) -> Any:
    found = on_values(np.histogram_bin_edges, a, bins, range, weights)
    return _edges(found, as_array(a), bins, range)


def _histogram(a: Any, bins: Any, range: Any, density: Any, weights: Any) -> Any:
    counts, edges = _binned(np.histogram, [as_array(a)], bins, range, density, weights)
    return counts, edges[0]


def _histogramdd(sample: Any, bins: Any, range: Any, density: Any, weights: Any) -> Any:
    if isinstance(sample, (list, tuple)):
        columns = [as_array(column) for column in sample]
    elif sample.ndim == 2:
        columns = [sample[:, i] for i in np.arange(sample.shape[1]).tolist()]
    else:
        columns = [sample]
    return _binned(np.histogramdd, columns, bins, range, density, weights)


def _histogram2d(x: Any, y: Any, bins: Any, range: Any, density: Any, weights: Any) -> Any:
    if (isinstance(bins, (list, tuple)) or np.ndim(bins)) and len(bins) not in (1, 2):
        bins = [as_array(bins)] * 2
    counts, edges = _histogramdd([x, y], bins, range, density, weights)
    return (counts, *edges)


def _bincount_kernel(indices: Any, weights: Any, minlength: int = 0) -> Any:
    """`numpy.bincount`, which gives integers for no weights at all."""
    return np.bincount(indices, weights, minlength).astype(float, copy=False)


ROWS = (
    composed(
        np.histogram,
        takes("a", bins=10, range=None, density=None, weights=None),
        _histogram,
        {"a", "bins", "weights"},
        own_value=True,
        real={"a": (), "bins": ()},
    ),
    composed(
        np.histogram2d,
        takes("x", "y", bins=10, range=None, density=None, weights=None),
        _histogram2d,
        {"x", "y", "bins", "weights"},
        own_value=True,
        real={"x": (), "y": (), "bins": (), "weights": ()},
    ),
    composed(
        np.histogramdd,
        takes("sample", bins=10, range=None, density=None, weights=None),
        _histogramdd,
        {"sample", "bins", "weights"},
        own_value=True,
        real={"sample": (), "bins": (), "weights": ()},
    ),
    composed(
        np.histogram_bin_edges,
        takes("a", bins=10, range=None, weights=None),
        _histogram_bin_edges,
        {"a", "bins"},
        real={"a": (), "bins": ()},
        locally_constant={"weights": "the edges do not depend on it"},
    ),
    linear(
        np.bincount,
        takes("indices", weights=None, minlength=0),
        weights=lambda g, indices: g[indices],
        kernel=_bincount_kernel,
        real={"weights": ()},
    ),
)
