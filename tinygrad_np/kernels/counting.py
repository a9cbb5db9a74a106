"""weighted_counts: the sums of weights in the bins of a histogram, as a function of the weights."""

from collections.abc import Callable
from typing import Any

import numpy as np

from .dispatch import array_function


def counted(
    histogram: Callable[..., Any], columns: list[Any], bins: Any, range: Any, weights: Any = None
) -> Any:
    """`numpy.histogram` of a single column, or `numpy.histogramdd` of some: (counts, edges).

    >>> counted(np.histogram, [[0.5, 1.5, 1.7]], [0, 1, 2], None)
    (array([1, 2]), array([0, 1, 2]))
    """
    sample = columns[0] if histogram is np.histogram else np.stack(columns, 1)
    return histogram(sample, bins, range, weights=weights)


@array_function
def weighted_counts(
    weights: Any, histogram: Callable[..., Any], columns: list[Any], bins: Any, range: Any
) -> Any:
    """The sum of the weights in each bin.

    >>> weighted_counts(np.array([1.0, 10.0]), np.histogram, [[0.5, 1.5]], [0, 1, 2], None)
    array([ 1., 10.])
    """
    return counted(histogram, columns, bins, range, weights)[0]


def bin_numbers(
    histogram: Callable[..., Any], columns: list[Any], bins: Any, range: Any
) -> tuple[list[Any], Any]:
    """For each element the number of its bin along each axis, and whether it lies in any.

    >>> bin_numbers(np.histogram, [[0.5, 2.0, 9.0]], [0, 1, 2], None)
    ([array([0, 1, 1])], array([ True,  True, False]))
    """
    edges = counted(histogram, columns, bins, range)[1]
    numbers, inside = [], np.array(True)
    pairs = zip(columns, [edges] if histogram is np.histogram else edges, strict=True)
    for column, ends in pairs:
        # a bin has its left edge, the last one both
        number = np.searchsorted(ends, column, "right") - 1 - np.equal(column, ends[-1])
        inside = inside & (number >= 0) & (number < len(ends) - 1)
        numbers.append(np.clip(number, 0, len(ends) - 2))
    return numbers, inside
