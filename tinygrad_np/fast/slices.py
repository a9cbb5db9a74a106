"""Convolutions of volumes as those of their slices: what each tap in depth gives, and the sum.

A window of k slices meets k filters of two axes. So all slices are convolved with the filters of
every depth at once, k·f of them, by whatever path is fastest for images; then output d is the sum
of what slice d + α gave for depth α.

`product` and `filter_product` are those of `products`, of `FramedWindows` of three axes at stride
and dilation 1.
"""

from collections.abc import Iterator
from typing import Any

import numpy as np

from ..core import windows as core
from ..core.arrays import Array
from .frames import FramedWindows
from .memory import zeros


def _slices(columns: FramedWindows) -> FramedWindows:
    """The windows of two axes of all slices, (n·depth, rows, columns, k, l, c)."""
    x = columns.images.reshape(-1, *columns.images.shape[2:])
    return FramedWindows(x, columns.pairs[1:], columns.filter_size[1:], (1, 1), (1, 1))


def _met(columns: FramedWindows) -> Iterator[tuple[int, slice, slice]]:
    """For every tap in depth: its number, the slices that it meets, and the outputs there."""
    depth, out, (front, _) = columns.images.shape[1], columns.shape[1], columns.pairs[0]
    for tap in range(columns.filter_size[0]):
        first, last = max(0, front - tap), min(out, depth + front - tap)
        if first < last:
            yield tap, slice(first + tap - front, last + tap - front), slice(first, last)


def product(columns: FramedWindows, filters: Array) -> Any:
    """Windows (n, depth, rows, columns, m, k, l, c) · (m, k, l, c, f) → (n, depth, rows, …, f)."""
    m, f = filters.shape[0], filters.shape[-1]
    beside = np.moveaxis(filters, 0, -2).reshape(*filters.shape[1:-1], m * f)  # (k, l, c, m·f)
    n, depth = columns.images.shape[:2]
    found = core.product(_slices(columns), beside)
    found = found.reshape(n, depth, *columns.shape[2:4], m, f)
    result = zeros((*columns.shape[:4], f), filters.dtype)
    for tap, slices, outputs in _met(columns):
        target = result[:, outputs]
        np.add(target, found[:, slices, :, :, tap], out=target)
    return result


def filter_product(columns: FramedWindows, cotangent: Array) -> Any:
    """Windows (n, depth, rows, columns, m, k, l, c), (n, depth, rows, …, f) → (m, k, l, c, f)."""
    m, f = columns.filter_size[0], cotangent.shape[-1]
    n, depth = columns.images.shape[:2]
    beside = zeros((n, depth, *columns.shape[2:4], m, f), cotangent.dtype)
    for tap, slices, outputs in _met(columns):
        beside[:, slices, :, :, tap] = cotangent[:, outputs]
    found = core.filter_product(
        _slices(columns), beside.reshape(n * depth, *columns.shape[2:4], -1)
    )
    return np.moveaxis(found.reshape(*found.shape[:-1], m, f), -2, 0).copy()
