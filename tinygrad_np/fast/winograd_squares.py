"""Convolutions with 3×3 filters with a quarter of the multiplications (Winograd, along both axes).

A square of 4×4 outputs depends on 6×6 pixels, which are evaluated at 6×6 points, multiplied there,
and interpolated (`winograd`): 36 products where the definition takes 144. The transforms cost more
than along rows alone, which pays from 64 channels on.

The columns come first: pixel q of every tile is gathered, for q = 0 … 5, with the frame's zeros in
their places, and a product with a 6×6 matrix takes all of them to the points. From there on one
column point at a time is taken through the rows' transform, the filters, and back, so that what is
worked on stays in the cache.

`product` and `filter_product` are those of `products`, of `FramedWindows` at stride and dilation 1.
"""

from typing import Any

import numpy as np

from ..core.arrays import Array
from . import paths
from .frames import FramedWindows
from .memory import Workspace, empty, view
from .pooling import whole_pixels
from .threads import parallel_for, parallel_sum, parts
from .winograd import OUTPUTS, transforms

_POINTS = OUTPUTS + 2


class _Grid:
    """Images in tiles of 4×4 outputs, (images, down, across), some images at a time."""

    def __init__(self, columns: FramedWindows, f: int, least: int) -> None:
        self.n, height, width = columns.shape[:3]
        self.c, self.f = columns.shape[-1], f
        (self.top, _), (self.left, _) = columns.pairs
        self.down, self.across = -(-height // OUTPUTS), -(-width // OUTPUTS)
        self.rows = OUTPUTS * self.down + 2
        channels = 2 * _POINTS * self.rows * self.c + _POINTS * self.down * (self.c + f)
        each = columns.dtype.itemsize * self.across * channels
        # So many images that they stay in the cache, and are worth `least` tiles.
        most = max(paths.SQUARES_BYTES // each, -(-least // (self.down * self.across)))
        self.parts = parts(self.n, most)
        self.each = self.parts[0].stop
        self.tiles = self.each * self.down * self.across

    def pixels(self, space: Workspace, at: Any) -> tuple[Any, Any, list[tuple[Any, Any]]]:
        """Room for pixels: gathered, at the column points, and for each of these two views.

        They are the rows of all tiles, (images, down, 6, across·c), and the same of `at`.
        """
        row = self.across * self.c
        gathered = space.array("gathered", (_POINTS, self.each, self.rows, self.across, self.c))
        pixels = space.array("pixels", (_POINTS, self.each * self.rows * row))
        shape = self.each, self.down, _POINTS, row
        steps = self.rows * row, OUTPUTS * row, row, 1
        tall = [view(pixels[q], shape, steps) for q in range(_POINTS)]
        return gathered, pixels, [(rows, self.at_points(at)) for rows in tall]

    def at_points(self, at: Any) -> Any:
        """(points, tiles, channels) as (images, down, points, across·channels)."""
        row = self.across * at.shape[-1]
        shape = self.each, self.down, _POINTS, row
        return view(at.reshape(-1), shape, (self.down * row, row, at[0].size, 1))


def _gather(x: Array, into: Any, top: int, left: int) -> None:
    """(n, rows, columns, c) → (q, n, framed rows, tiles, c): pixel 4·t + q of tile t, or zero."""
    pixels, _, _, tiles, _ = into.shape
    height, width = x.shape[1:3]
    into[:, :, :top] = 0
    into[:, :, top + height :] = 0
    for q in range(pixels):
        rows = into[q, :, top : top + height]
        # Tiles first … last − 1 have this pixel in the image.
        first = max(0, -(-(left - q) // OUTPUTS))
        last = max(first, min(tiles, -(-(left + width - q) // OUTPUTS)))
        rows[:, :, :first] = 0
        rows[:, :, last:] = 0
        start = OUTPUTS * first + q - left
        found = x[:, :, start::OUTPUTS][:, :, : last - first]
        np.copyto(*whole_pixels(rows[:, :, first:last], found))


def _by_columns(matrix: Any, gathered: Any, into: Any) -> None:
    """(points, q) @ (q, numbers), in pieces that need no copy."""
    gathered, into = gathered.reshape(len(gathered), -1), into.reshape(len(into), -1)
    for i in range(0, into.shape[1], paths.SQUARES_PIECE):
        piece = slice(i, i + paths.SQUARES_PIECE)
        np.matmul(matrix, gathered[:, piece], out=into[:, piece])


def product(columns: FramedWindows, filters: Array) -> Any:
    """Windows (n, rows, columns, 3, 3, c) · (3, 3, c, f) → (n, rows, columns, f)."""
    height = columns.shape[1]
    c, f = filters.shape[2:]
    dtype = filters.dtype
    t = transforms(3, dtype)
    by_columns = np.matmul(t.taps, filters.reshape(3, 3, -1))  # (rows, points, c·f)
    by_columns = np.ascontiguousarray(by_columns.swapaxes(0, 1))
    at_points = np.matmul(t.taps, by_columns).reshape(_POINTS, _POINTS, 1, c, f)
    result = empty((*columns.shape[:3], f), dtype)
    grid = _Grid(columns, f, c * f // paths.SQUARES_FILTERS_READ)
    pieces, size = paths.small_products(grid.tiles, c, f)
    space = Workspace(dtype)

    def room() -> Any:
        at = space.array("at", (_POINTS, pieces * size, c))
        met = space.array("met", (_POINTS, pieces * size, f))
        at[:, grid.tiles :] = 0
        taps, into = (x.reshape(_POINTS, pieces, size, -1) for x in (at, met))
        outputs = space.array("outputs", (_POINTS, grid.each, grid.down, OUTPUTS, grid.across * f))
        found = space.array("found", (OUTPUTS, grid.each, OUTPUTS * grid.down, grid.across, f))
        return *grid.pixels(space, at), taps, into, grid.at_points(met), outputs, found

    def multiply(part: slice) -> None:
        gathered, pixels, tall, taps, into, met, outputs, found = space.once("room", room)
        count = part.stop - part.start
        _gather(columns.images[part], gathered[:, :count], grid.top, grid.left)
        gathered[:, count:] = 0  # in the last part, where anything may lie
        _by_columns(t.pixels, gathered, pixels)
        for q, (rows, at) in enumerate(tall):
            np.matmul(t.pixels, rows, out=at)  # (points, rows) @ (rows, across·c)
            # points × pieces × (tiles, c) @ (c, f)
            np.matmul(taps, at_points[q], out=into)
            np.matmul(t.outputs, met, out=outputs[q])  # (4, points) @ (points, across·f)
        _by_columns(t.outputs, outputs, found)
        for q in range(OUTPUTS):
            target = result[part, :, q::OUTPUTS]
            np.copyto(*whole_pixels(target, found[q, :count, :height, : target.shape[2]]))

    parallel_for(multiply, grid.parts, result.size * 9 * c // 4)
    return result


def filter_product(columns: FramedWindows, cotangent: Array) -> Any:
    """Windows (n, rows, columns, 3, 3, c), (n, rows, columns, f) → (3, 3, c, f).

    The transpose of `product` in the filters.
    """
    c, f = columns.shape[-1], cotangent.shape[-1]
    dtype = cotangent.dtype
    t = transforms(3, dtype)
    back = np.ascontiguousarray(t.outputs.T)
    grid = _Grid(columns, f, paths.SQUARES_TILES_ADDED)
    space = Workspace(dtype)

    def room() -> Any:
        at = space.array("at", (_POINTS, grid.tiles, c))
        met = space.array("met", (_POINTS, grid.tiles, f))
        given = space.array("given", (OUTPUTS, grid.each, OUTPUTS * grid.down, grid.across, f))
        row = grid.across * f
        cotangents = space.array("cotangents", (_POINTS, grid.each, grid.down, OUTPUTS, row))
        added = space.array("added", (_POINTS, c, f))
        views = at.swapaxes(1, 2), met, grid.at_points(met)
        return *grid.pixels(space, at), *views, given, cotangents, added

    def add(total: Any, part: slice) -> None:
        gathered, pixels, tall, taps, met, met_rows, given, cotangents, added = space.once(
            "room", room
        )
        count = part.stop - part.start
        _gather(columns.images[part], gathered[:, :count], grid.top, grid.left)
        _gather(cotangent[part], given[:, :count], 0, 0)
        gathered[:, count:] = 0  # in the last part, where anything may lie
        given[:, count:] = 0
        _by_columns(t.pixels, gathered, pixels)
        _by_columns(back, given, cotangents)
        for q, (rows, at) in enumerate(tall):
            np.matmul(t.pixels, rows, out=at)  # (points, rows) @ (rows, across·c)
            np.matmul(back, cotangents[q], out=met_rows)  # (points, 4) @ (4, across·f)
            np.matmul(taps, met, out=added)  # points × (c, tiles) @ (tiles, f)
            np.add(total[q], added, out=total[q])

    shape = _POINTS, _POINTS, c, f
    total = parallel_sum(add, grid.parts, shape, dtype, cotangent.size * 9 * c // 4)
    by_rows = np.matmul(t.taps.T, total.reshape(_POINTS, _POINTS, -1))  # (columns, 3, c·f)
    by_rows = np.ascontiguousarray(by_rows.swapaxes(0, 1))  # (3, columns, c·f)
    return np.matmul(t.taps.T, by_rows).reshape(3, 3, c, f)
