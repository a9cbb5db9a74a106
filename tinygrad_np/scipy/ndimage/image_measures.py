"""Sums, means, variances and centres of mass of labelled parts of an image."""

from typing import Any

import numpy as np

from ...core.arrays import cast
from ...core.rules import scatter_add
from ...core.signature import signature
from ...rules.composed import composed
from ..mirror import of


class _Parts:
    """The labelled parts of an image: which elements belong to which of them."""

    def __init__(self, shape: tuple[int, ...], labels: Any, index: Any) -> None:
        labels = np.ones(shape, bool) if labels is None else np.broadcast_to(labels, shape)
        self.shape = np.shape(index)
        if index is None:
            ids, labels = np.ones(1), labels > 0
        else:
            ids, place = np.unique(index, return_inverse=True)
        where = np.minimum(np.searchsorted(ids, labels), ids.size - 1)
        self.chosen = np.equal(ids[where], labels)
        self.groups = where[self.chosen]
        self.place: Any = np.intp(0) if index is None else place.reshape(self.shape)
        self.many = ids.size
        self.counts = np.bincount(self.groups, minlength=self.many)

    def sums(self, x: Any) -> Any:
        """Σ of ``x``, which has a number for each chosen element, over each part."""
        return scatter_add(x, self.groups, (self.many,))


def _sum(input: Any, labels: Any, index: Any, ans: Any) -> Any:
    parts = _Parts(input.shape, labels, index)
    return cast(parts.sums(input[parts.chosen])[parts.place], np.asarray(ans).dtype)


def _mean(input: Any, labels: Any, index: Any, ans: Any) -> Any:
    parts = _Parts(input.shape, labels, index)
    mean = parts.sums(input[parts.chosen]) / parts.counts
    return cast(mean[parts.place], np.asarray(ans).dtype)


def _variance(input: Any, labels: Any, index: Any, ans: Any) -> Any:
    parts = _Parts(input.shape, labels, index)
    x = input[parts.chosen]
    apart = x - (parts.sums(x) / parts.counts)[parts.groups]
    variance = parts.sums(np.real(apart * np.conjugate(apart))) / parts.counts
    return cast(variance[parts.place], np.asarray(ans).dtype)


def _standard_deviation(input: Any, labels: Any, index: Any, ans: Any) -> Any:
    variance = _variance(input, labels, index, ans)
    is_flat = np.equal(variance, 0)
    return np.where(is_flat, 0, np.sqrt(np.where(is_flat, 1, variance)))


def _center_of_mass(input: Any, labels: Any, index: Any) -> Any:
    parts = _Parts(input.shape, labels, index)
    x = input[parts.chosen]
    grids = [place[parts.chosen] for place in np.indices(input.shape)]
    centers = [(parts.sums(x * grid) / parts.sums(x))[parts.place] for grid in grids]
    if not parts.shape:
        return tuple(centers)
    return [tuple(center) for center in np.transpose(np.stack(centers))]


def _row(name: str, definition: Any) -> Any:
    sig = signature("input", labels=None, index=None)
    return composed(of(f"ndimage.{name}"), sig, definition, {"input"}, own_value=True)


ROWS = (
    _row("sum_labels", _sum),
    _row("sum", _sum),
    _row("mean", _mean),
    _row("variance", _variance),
    _row("standard_deviation", _standard_deviation),
    _row("center_of_mass", _center_of_mass),
)
