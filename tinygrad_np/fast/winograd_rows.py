"""Convolutions with 3 or 5 rows of taps with half of the multiplications (Winograd, along rows).

Four rows of output depend on k + 3 rows of pixels. These are evaluated as polynomials at k + 3
points, multiplied there by the filters' values at the points, and interpolated (`winograd`): k + 3
products where the definition takes 4·k. Rows of NHWC images are vectors of columns·c numbers, so
that both transforms are products of a small matrix with the images themselves: no pixel is
gathered, and no frame is made.

Along the columns the definition is kept. At each point the rows follow one another with a frame of
zeros between them, which makes one long row of pixels; ``l·c`` numbers from pixel j on are the taps
of output j. Every l-th output from s on, for s = 0 … l − 1, reads its taps side by side: a matrix
whose rows are l·c apart, and a product without a copy.

`product` and `filter_product` are those of `products`, of `FramedWindows` at stride and dilation 1.
"""

from typing import Any

import numpy as np

from ..core.arrays import Array
from . import paths
from .frames import FramedWindows
from .memory import Workspace, apart, empty, view
from .threads import parallel_for, parallel_sum, parts
from .winograd import OUTPUTS, transforms


class _Grid:
    """Some images at a time as long rows of pixels: (points, images, tiles of rows, columns, c)."""

    def __init__(self, columns: FramedWindows, f: int) -> None:
        self.images, self.f = columns.images, f
        self.n, self.height, self.width, self.k, self.across, self.c = columns.shape
        (self.top, _), (self.left, right) = columns.pairs
        self.points = self.k + OUTPUTS - 1
        self.tiles = -(-self.height // OUTPUTS)
        # The frame on the left of the next row ends this one.
        self.columns = self.images.shape[2] + max(self.left, right)
        self.taps = self.across * self.c  # the numbers that an output column is made of
        each = self.points * self.positions(1) * (self.c + f) * columns.dtype.itemsize
        # So many images that they stay in the cache at all points, and that reading the filters
        # does not count.
        least = self.taps * f // paths.ROWS_FILTERS_READ
        most = max(paths.ROWS_BYTES // each, -(-least // self.positions(1)))
        self.parts = parts(self.n, most)
        self.each = self.parts[0].stop

    def positions(self, images: int) -> int:
        """Outputs at one point, those in the frame included."""
        return images * self.tiles * self.columns

    def pixels(self, space: Workspace, long: int) -> tuple[Any, int]:
        """Room for `each` images at the points, `long` numbers a point, with their frame of zeros.

        And how far points are apart.
        """
        between = apart(long, self.images.itemsize)
        flat = space.array("pixels", (self.points * between,))
        flat[:] = 0
        return flat, between

    def rows(self) -> list[tuple[slice, Any, slice]]:
        """For tiles that have the same rows of all images: the rows, a view, and the tiles."""
        height, width = self.images.shape[1:3]
        row, source = width * self.c, self.images.reshape(-1)
        tops = [tile * OUTPUTS - self.top for tile in range(self.tiles)]
        whole = [tile for tile, top in enumerate(tops) if 0 <= top <= height - self.points]
        runs = [(tile, 1) for tile in range(self.tiles) if tile not in whole]
        runs += [(whole[0], len(whole))] if whole else []
        found = []
        for tile, many in runs:
            above, below = max(0, -tops[tile]), min(self.points, height - tops[tile])
            if above >= below:
                continue  # the frame alone
            shape, steps = (self.n, many, below - above, row), (height * row, OUTPUTS * row, row, 1)
            rows = view(source, shape, steps, (tops[tile] + above) * row)
            found.append((slice(above, below), rows, slice(tile, tile + many)))
        return found

    def at_points(self, flat: Any, between: int, width: int, left: int, channels: int) -> Any:
        """(images, tiles, points, width·channels) of room for `each` images."""
        row = self.columns * channels
        shape = self.each, self.tiles, self.points, width * channels
        return view(flat, shape, (self.tiles * row, row, between, 1), left * channels)

    def outputs(self, images: Any) -> list[tuple[int, Any, slice]]:
        """For whole tiles of (n, rows, columns, f), and the last: rows of each, a view, tiles."""
        row, flat = self.width * self.f, images.reshape(-1)
        whole, rest = divmod(self.height, OUTPUTS)
        found = []
        for tile, many, rows in ((0, whole, OUTPUTS), (whole, 1, rest)):
            if many * rows:
                shape, steps = (self.n, many, rows, row), (self.height * row, OUTPUTS * row, row, 1)
                found.append(
                    (rows, view(flat, shape, steps, tile * OUTPUTS * row), slice(tile, tile + many))
                )
        return found


def product(columns: FramedWindows, filters: Array) -> Any:
    """Windows (n, rows, columns, k, l, c) · (k, l, c, f) → (n, rows, columns, f)."""
    f, dtype = filters.shape[-1], filters.dtype
    grid = _Grid(columns, f)
    across, points = grid.across, grid.points
    t = transforms(grid.k, dtype)
    # (points, k) @ (k, l·c·f) → (points, 1, l·c, f)
    at_points = np.matmul(t.taps, filters.reshape(grid.k, -1)).reshape(points, 1, grid.taps, f)
    result = empty((*columns.shape[:3], f), dtype)
    sources, targets = grid.rows(), grid.outputs(result)
    pieces, rows = paths.small_products(-(-grid.positions(grid.each) // across), grid.taps, f)
    space = Workspace(dtype)

    def room() -> Any:
        """Room for a part: the pixels, their taps by residues, where these lead, the outputs."""
        pixels, long = grid.pixels(space, (pieces * rows + 1) * grid.taps)
        between = apart(pieces * rows * across * f, dtype.itemsize)
        outputs = space.array("outputs", (points * between,))
        taps, met = [], []
        for s in range(across):
            shape = points, pieces, rows
            steps = long, rows * grid.taps, grid.taps, 1
            taps.append(view(pixels, (*shape, grid.taps), steps, s * grid.c))
            met.append(
                view(outputs, (*shape, f), (between, rows * across * f, across * f, 1), s * f)
            )
        into = grid.at_points(pixels, long, columns.images.shape[2], grid.left, grid.c)
        return into, taps, met, grid.at_points(outputs, between, grid.width, 0, f)

    def multiply(part: slice) -> None:
        pixels, taps, met, outputs = space.once("room", room)
        count = part.stop - part.start
        used = -(-grid.positions(count) // (across * rows))
        for have, source, tiles in sources:
            # (points, rows) @ (rows, columns·c)
            np.matmul(t.pixels[:, have], source[part], out=pixels[:count, tiles])
        for s in range(across):
            # points × pieces × (outputs, l·c) @ (l·c, f)
            np.matmul(taps[s][:, :used], at_points, out=met[s][:, :used])
        for many, target, tiles in targets:
            # (rows, points) @ (points, columns·f)
            np.matmul(t.outputs[:many], outputs[:count, tiles], out=target[part])

    parallel_for(multiply, grid.parts, result.size * grid.k * grid.taps // 2)
    return result


def filter_product(columns: FramedWindows, cotangent: Array) -> Any:
    """Windows (n, rows, columns, k, l, c), (n, rows, columns, f) → (k, l, c, f).

    The transpose of `product` in the filters: Gᵀ Σ (Bᵀ pixels)ᵀ (A cotangent).
    """
    f, dtype = cotangent.shape[-1], cotangent.dtype
    grid = _Grid(columns, f)
    across, points = grid.across, grid.points
    t = transforms(grid.k, dtype)
    back = np.ascontiguousarray(t.outputs.T)
    sources, givens = grid.rows(), grid.outputs(cotangent)
    most = -(-grid.positions(grid.each) // across)
    space = Workspace(dtype)

    def room() -> Any:
        """Room for a part: the pixels, their taps by residues, what meets these, the cotangents."""
        pixels, long = grid.pixels(space, (most + 1) * grid.taps)
        between = apart(most * across * f, dtype.itemsize)
        cotangents = space.array("cotangents", (points * between,))
        cotangents[:] = 0  # where the long rows have no output
        taps, met = [], []
        for s in range(across):
            steps = long, 1, grid.taps
            taps.append(view(pixels, (points, grid.taps, most), steps, s * grid.c))
            met.append(view(cotangents, (points, most, f), (between, across * f, 1), s * f))
        into = grid.at_points(pixels, long, columns.images.shape[2], grid.left, grid.c)
        given = grid.at_points(cotangents, between, grid.width, 0, f)
        every = pixels.reshape(points, long), cotangents.reshape(points, between)
        return into, taps, met, given, every, space.array("added", (points, grid.taps, f))

    def add(total: Any, part: slice) -> None:
        pixels, taps, met, cotangents, every, added = space.once("room", room)
        count = part.stop - part.start
        used = grid.positions(count)
        if count < grid.each:  # nothing of what was there before
            every[0][:, used * grid.c :] = 0
            every[1][:, used * f :] = 0
        used = -(-used // across)
        for have, source, tiles in sources:
            # (points, rows) @ (rows, columns·c)
            np.matmul(t.pixels[:, have], source[part], out=pixels[:count, tiles])
        for many, given, tiles in givens:
            # (points, rows) @ (rows, columns·f)
            np.matmul(back[:, :many], given[part], out=cotangents[:count, tiles])
        for s in range(across):
            # points × (l·c, outputs) @ (outputs, f)
            np.matmul(taps[s][:, :, :used], met[s][:, :used], out=added)
            np.add(total, added, out=total)

    work = cotangent.size * grid.k * grid.taps // 2
    total = parallel_sum(add, grid.parts, (points, grid.taps, f), dtype, work)
    # (k, points) @ (points, l·c·f)
    return np.matmul(t.taps.T, total.reshape(points, -1)).reshape(grid.k, across, grid.c, f)
