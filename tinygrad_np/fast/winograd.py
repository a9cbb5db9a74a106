"""Convolutions with 3×3 and 5×5 filters with half of the multiplications, and less (Winograd).

Along the columns, four outputs of a filter of k taps depend on k + 3 pixels. Pixels and filter are
evaluated as polynomials at k + 3 points, multiplied there, and interpolated: k + 3 products where
the definition takes 4·k. Along the rows, taps are added up as the definition has it. (S. Winograd,
*Arithmetic Complexity of Computations*, 1980; A. Lavin and S. Gray, *Fast Algorithms for
Convolutional Neural Networks*, 2016, who do both axes so: that saves more and errs ten times more.)

The points are rationals near 1 and ∞. With them the error in float32 is below 2e-6 (k = 3) and
3e-6 (k = 5) of the largest value, at up to 256 channels, where the plain sum errs by 3e-7. In
float64 nothing of this is used.

`product` and `filter_product` are those of `products` for windows of stride and dilation 1.
"""

import functools
import math
from typing import Any, NamedTuple

import numpy as np

from ..core.arrays import Array
from . import paths
from .matrices import matrix_product
from .memory import Workspace, empty
from .threads import parallel_for, parallel_sum
from .tiles import image_of

_M = 4  # outputs of a tile
_FINITE = {3: "0 3/4 -3/4 4/3 -4/3", 5: "0 5/8 -5/8 1 -1 5/3 -5/3"}
"""For each size of filter the points but ∞: of some fifty sets, those with the smallest error."""


class Transforms(NamedTuple):
    """The three maps of F(4, k): to and from k + 3 points."""

    taps: Any
    """G: (points, k): filter → points"""
    pixels: Any
    """Bᵀ: (points, points): pixels → points"""
    outputs: Any
    """Aᵀ: (4, points): points → outputs"""


@functools.cache
def transforms(k: int, dtype: Any = np.float64) -> Transforms:
    """The transforms for filters of `k` taps, 3 or 5.

    >>> t = transforms(3)
    >>> pixels, taps = np.arange(6.0), np.array([1.0, 0.0, 2.0])
    >>> t.outputs @ ((t.pixels @ pixels) * (t.taps @ taps))
    array([ 4.,  7., 10., 13.])
    """
    from fractions import Fraction  # which takes 1.6 ms, at the first use

    points = [Fraction(point) for point in _FINITE[k].split()]
    taps: list[list[Any]] = []
    pixels: list[list[Any]] = []
    outputs: list[list[Any]] = []
    for p in points:
        others = [q for q in points if q != p]
        scale = math.prod([p - q for q in others])
        taps.append([p**i / scale for i in range(k)])
        pixels.append([*_polynomial(others), 0])
        outputs.append([p**i for i in range(_M)])
    # and at infinity, where only the leading coefficients count
    taps.append([int(i == k - 1) for i in range(k)])
    pixels.append(_polynomial(points))
    outputs.append([int(i == _M - 1) for i in range(_M)])
    g, b, a = (np.array(rows, float) for rows in (taps, pixels, outputs))
    # A power of two from one to the other changes no digit, and keeps both of the same size.
    scales = 2.0 ** np.round(np.log2(np.abs(g).sum(1) / np.abs(b).sum(1)) / 2)
    found = g / scales[:, None], b * scales[:, None], a.T
    return Transforms(*[np.ascontiguousarray(matrix, dtype) for matrix in found])


def _polynomial(roots: list[Any]) -> list[Any]:
    """The coefficients of Π (x − root), the constant one first."""
    coefficients: list[Any] = [1]
    for root in roots:
        lower, upper = [0, *coefficients], [*coefficients, 0]
        coefficients = [a - root * b for a, b in zip(lower, upper, strict=True)]
    return coefficients


_Part = tuple[slice, slice]
"""Some images, and some of their rows of output."""


class _Tiling:
    """Windows of an image as tiles of k + 3 pixels along the columns, a part of them at a time.

    On the grid (images, rows + k − 1, tiles) the taps of a row follow one another at a distance of
    one row, also from an image to the next: the last k − 1 rows of an image have no outputs.
    """

    def __init__(self, columns: Array, others: int, least: int = 0) -> None:
        self.space = Workspace(columns.dtype)
        n, rows, width, self.k, _, c = columns.shape
        self.image = image_of(columns)
        self.tiles = -(-width // _M)
        self.points = self.k + _M - 1
        row = self.points * self.tiles * max(c, others) * columns.itemsize
        chunk = max(paths.TRANSFORM_BYTES, least)
        image = row * (rows + self.k - 1)
        images_at_once = max(1, chunk // image)
        rows_at_once = rows if image <= 2 * chunk else max(4, chunk // row - self.k + 1)
        self.parts: list[_Part] = [
            (slice(i, min(i + images_at_once, n)), slice(r, min(r + rows_at_once, rows)))
            for i in range(0, n, images_at_once)
            for r in range(0, rows, rows_at_once)
        ]

    def pixels(self, part: _Part, transform: Any) -> Any:
        """(points, grid, c): the pixels of a part, at the points."""
        images, rows = part
        image = self.image[images, rows.start : rows.stop + self.k - 1]
        n, height, _, c = image.shape
        gathered = self.space.array("tiles", (self.points, n, height, self.tiles, c))
        _split(image, gathered)
        gathered = gathered.reshape(self.points, -1)
        result = self.space.array("pixels", gathered.shape)
        np.dot(transform, gathered, out=result)
        return result.reshape(self.points, -1, c)

    def shifted(self, pixels: Any, tap: int) -> Any:
        """The pixels that meet row `tap` of the filter, for all but the end of the grid."""
        first = tap * self.tiles
        return pixels[:, first : first + pixels.shape[1] - (self.k - 1) * self.tiles]


def _split(x: Array, into: Any) -> None:
    """(n, rows, columns, c) → (points, n, rows, tiles, c): point p of tile t is column 4·t + p.

    Where there is no such column any more, in the last tile, it is zero.
    """
    points, n, rows, tiles, c = into.shape
    a, b, d, e = x.strides
    whole = max(0, (x.shape[2] - points) // _M + 1)
    shape, strides = (points, n, rows, whole, c), (d, a, b, _M * d, e)
    into[:, :, :, :whole] = np.lib.stride_tricks.as_strided(x, shape, strides, writeable=False)
    if whole < tiles:
        last = x[:, :, whole * _M :].transpose(2, 0, 1, 3)
        into[: len(last), :, :, whole] = last
        into[len(last) :, :, :, whole] = 0


def product(columns: Array, filters: Array) -> Any:
    """(n, rows, columns, k, k, c) · (k, k, c, f) → (n, rows, columns, f)"""
    k, f = columns.shape[3], filters.shape[-1]
    dtype = columns.dtype
    t = transforms(k, dtype)
    taps = filters.swapaxes(0, 1).reshape(k, -1)
    at_points = matrix_product(t.taps, taps).reshape(-1, k, *filters.shape[2:])  # (points, k, c, f)
    tiling = _Tiling(columns, f)
    space = tiling.space
    result = empty((*columns.shape[:3], f), dtype)

    def multiply(part: _Part) -> None:
        pixels = tiling.pixels(part, t.pixels)
        grid = pixels.shape[1]
        products = space.array("products", (tiling.points, grid, f))
        used = products[:, : grid - (k - 1) * tiling.tiles]
        added = space.array("added", used.shape)
        np.matmul(tiling.shifted(pixels, 0), at_points[:, 0], out=used)
        for tap in range(1, k):
            # points × (grid, c) @ (c, f)
            np.matmul(tiling.shifted(pixels, tap), at_points[:, tap], out=added)
            np.add(used, added, out=used)
        products[:, used.shape[1] :] = 0
        outputs = space.array("outputs", (_M, grid * f))
        np.dot(t.outputs, products.reshape(tiling.points, -1), out=outputs)
        target = result[part]
        n, height, width, _ = target.shape
        grids = outputs.reshape(_M, n, height + k - 1, tiling.tiles, f)
        tiles = grids[:, :, :height].transpose(1, 2, 3, 0, 4)  # (n, rows, tiles, 4, f)
        whole, rest = divmod(width, _M)
        target[:, :, : width - rest].reshape(n, height, whole, _M, f)[...] = tiles[:, :, :whole]
        if rest:
            target[:, :, width - rest :] = tiles[:, :, -1, :rest]

    parallel_for(multiply, tiling.parts, columns.size * f)
    return result


def filter_product(columns: Array, cotangent: Array) -> Any:
    """(n, rows, columns, k, k, c), (n, rows, columns, f) → (k, k, c, f)

    The transpose of `product` in the filters: Gᵀ Σ (Bᵀ pixels) ⊗ (A cotangent).
    """
    k, c, f = columns.shape[3], columns.shape[5], cotangent.shape[-1]
    dtype = columns.dtype
    t = transforms(k, dtype)
    shape = (t.pixels.shape[0], k, c, f)
    # so large a part that adding it up costs little beside making it
    tiling = _Tiling(columns, f, math.prod(shape) * dtype.itemsize // 2)
    space = tiling.space

    def add(total: Any, part: _Part) -> None:
        added = space.array("added", (len(total), c, f))
        pixels = tiling.pixels(part, t.pixels)
        grid = pixels.shape[1]
        given = cotangent[part]
        n, rows = given.shape[:2]
        tiles = space.array("cotangents", (_M, n, rows + k - 1, tiling.tiles, f))
        _split(given, tiles[:, :, :rows])
        tiles[:, :, rows:] = 0  # where the grid has no output
        products = space.array("products", (tiling.points, grid * f))
        np.dot(t.outputs.T, tiles.reshape(_M, -1), out=products)  # (points, 4) @ (4, grid·f)
        used = products.reshape(tiling.points, grid, f)[:, : grid - (k - 1) * tiling.tiles]
        for tap in range(k):
            # points × (c, grid) @ (grid, f)
            np.matmul(tiling.shifted(pixels, tap).transpose(0, 2, 1), used, out=added)
            total[:, tap] += added

    total = parallel_sum(add, tiling.parts, shape, dtype, columns.size * f)
    added_up = matrix_product(t.taps.T, total.reshape(len(total), -1))
    return added_up.reshape(k, k, c, f).swapaxes(0, 1).copy()
