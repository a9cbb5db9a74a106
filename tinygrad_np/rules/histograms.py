"""Histograms: by their weights, and by what the edges of the bins come from.

Policy: a count is constant where no element crosses an edge. Edges that are found from the sample
depend on its smallest and its largest element, and a density depends on the edges.
"""

from collections.abc import Callable
from typing import Any

import numpy as np

from ..kernels.counting import bin_numbers, counted, weighted_counts
from ..kernels.dispatch import as_array
from ..kernels.elementwise import cast
from ..kernels.sequences import evenly_spaced
from ..kernels.values import on_values
from .table import composed, linear, takes


def _plain(x: Any) -> Any:
    """`x`, or each part of a list, without a derivative."""
    return [_plain(item) for item in x] if isinstance(x, (list, tuple)) else on_values(_same, x)


def _same(x: Any) -> Any:
    return x


def _counted(
    histogram: Callable[..., Any], columns: list[Any], bins: Any, range: Any, weights: Any
) -> tuple[Any, Any]:
    """The sums of weights in the bins, and the edges of these as plain arrays."""
    plain, bins = _plain(columns), _plain(bins)
    counts, edges = counted(histogram, plain, bins, range)
    if weights is not None:
        counts = weighted_counts(as_array(weights), histogram, plain, bins, range)
    return counts, edges


def _weights_vjp(
    g: Any, weights_like: Any, histogram: Any, columns: Any, bins: Any, range: Any
) -> Any:
    """The transpose of adding: each weight gets the cotangent of its bin."""
    numbers, inside = bin_numbers(histogram, columns, bins, range)
    return np.where(inside, g[tuple(numbers)], 0)


def _edges(found: Any, a: Any, bins: Any, range: Any) -> Any:
    """The edges of the bins along one axis, which NumPy found for the sample `a`."""
    if not isinstance(bins, str) and np.ndim(bins):
        return as_array(bins)
    if range is not None or isinstance(a, np.ndarray) or not a.size:
        return found
    first, last = np.min(a), np.max(a)
    if first == last:
        first, last = first - 0.5, last + 0.5
    return evenly_spaced(first, last, len(found), True, found.dtype)


def _histogram_bin_edges(a: Any, bins: Any, range: Any, weights: Any) -> Any:
    found = on_values(np.histogram_bin_edges, a, bins, range, weights)
    return _edges(found, as_array(a), bins, range)


def _histogram(a: Any, bins: Any, range: Any, density: Any, weights: Any) -> Any:
    a = as_array(a)
    counts, found = _counted(np.histogram, [a], bins, range, weights)
    edges = _edges(found, a, bins, range)
    if density:
        widths = cast(edges[1:] - edges[:-1], np.dtype(float))
        counts = counts / widths / np.sum(counts)
    return counts, edges


def _histogramdd(sample: Any, bins: Any, range: Any, density: Any, weights: Any) -> Any:
    if isinstance(sample, (list, tuple)):
        columns = [as_array(column) for column in sample]
    elif sample.ndim == 2:
        columns = [sample[:, i] for i in np.arange(sample.shape[1]).tolist()]
    else:
        columns = [sample]
    counts, found = _counted(np.histogramdd, columns, bins, range, weights)
    several = isinstance(bins, (list, tuple)) or np.ndim(bins)
    along = list(bins) if several else [bins] * len(columns)
    ranges = [None] * len(columns) if range is None else range
    edges = [_edges(*each) for each in zip(found, columns, along, ranges, strict=True)]
    if density:
        total = np.sum(counts)
        for i, ends in enumerate(edges):
            widths = ends[1:] - ends[:-1]
            counts = counts / widths.reshape([-1 if i == j else 1 for j, _ in enumerate(edges)])
        counts = counts / total
    return counts, edges


def _histogram2d(x: Any, y: Any, bins: Any, range: Any, density: Any, weights: Any) -> Any:
    if len(x) != len(y):
        raise ValueError(f"np.histogram2d: x has {len(x)} elements and y {len(y)}")
    if (isinstance(bins, (list, tuple)) or np.ndim(bins)) and len(bins) not in (1, 2):
        bins = [as_array(bins)] * 2
    counts, edges = _histogramdd([x, y], bins, range, density, weights)
    return (counts, *edges)


def _bincount_kernel(indices: Any, weights: Any, minlength: int = 0) -> Any:
    """`numpy.bincount`, which gives integers for no weights at all."""
    return np.bincount(indices, weights, minlength).astype(float, copy=False)


_PLAIN = "its values decide in which bin each weight is counted"

ROWS = (
    composed(
        np.histogram,
        takes("a", bins=10, range=None, density=None, weights=None),
        _histogram,
        {"a", "bins", "weights"},
        real={"a": (), "bins": ()},
    ),
    composed(
        np.histogram2d,
        takes("x", "y", bins=10, range=None, density=None, weights=None),
        _histogram2d,
        {"x", "y", "bins", "weights"},
        real={"x": (), "y": (), "bins": (), "weights": ()},
    ),
    composed(
        np.histogramdd,
        takes("sample", bins=10, range=None, density=None, weights=None),
        _histogramdd,
        {"sample", "bins", "weights"},
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
    linear(weighted_counts, _weights_vjp),
    linear(
        np.bincount,
        takes("indices", weights=None, minlength=0),
        weights=lambda g, indices: g[indices],
        kernel=_bincount_kernel,
        real={"weights": ()},
    ),
)
