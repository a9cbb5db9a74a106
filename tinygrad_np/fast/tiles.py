"""Products over windows, a tile of output positions at a time.

The windows of an image, copied side by side, would be K² times the image, and would have to go
through main memory. A tile of a few hundred of them is copied into a buffer that stays in the
cache, multiplied there, and forgotten. What of a window lies together in memory, a row of its
pixels at least, is copied as one element.

`product`, `filter_product` and `folded_product` do what `products.product`,
`products.filter_product` and ``fold(window_product(…))`` do, on arrays of one floating dtype. All
sums are those of the plain path in another order.
"""

import functools
import itertools
import math
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import numpy as np

from ..core.arrays import Array
from ..core.geometry import Ints
from . import paths
from .matrices import in_pieces, sum_in_pieces
from .memory import Workspace, empty, zeros
from .threads import parallel_for, parallel_sum


class Block(NamedTuple):
    """A part of the output positions that lies together in memory."""

    place: tuple[int | slice, ...]
    """as an index into (n, *out)"""
    shape: Ints
    """the lengths of the axes that `place` does not fix"""
    start: int
    stop: int


@functools.lru_cache(maxsize=256)
def blocks(kept: Ints, most: int) -> tuple[Block, ...]:
    """(n, *out) in blocks of at most `most` positions, in order, of about the same size.

    >>> [block.place for block in blocks((2, 3, 4), 8)]
    [(0, slice(0, 2, None)), (0, slice(2, 3, None)), (1, slice(0, 2, None)), (1, slice(2, 3, None))]
    """
    if 0 in kept:
        return ()
    axis = len(kept)
    while axis > 1 and math.prod(kept[axis - 1 :]) <= most:
        axis -= 1
    size, length = math.prod(kept[axis:]), kept[axis - 1]
    step = -(-length // -(-length // max(1, most // size)))
    cuts = [*range(0, length, step), length]
    found, position = [], 0
    for index in itertools.product(*map(range, kept[: axis - 1])):
        for first, last in itertools.pairwise(cuts):
            shape, stop = (last - first, *kept[axis:]), position + size * (last - first)
            found.append(Block((*index, slice(first, last)), shape, position, stop))
            position = stop
    return tuple(found)


def _tiles(
    columns: Array, kept: Ints, f: int, space: Workspace
) -> tuple[Sequence[Block], Callable[[Block], Any]]:
    """The blocks, and what copies a block's tile: (positions, size·c)."""
    row = math.prod(columns.shape[len(kept) :])
    records = _records(columns)

    def tile(block: Block) -> Any:
        part = records[block.place]
        copied = space.array("tile", (block.stop - block.start, row))
        np.copyto(copied.view(records.dtype).reshape(part.shape), part)
        return copied

    return blocks(kept, paths.tile_positions(row, f, columns.itemsize)), tile


def _records(columns: Array) -> Any:
    """The windows with what lies together in memory as one element: a pixel, or a row of them.

    A copy of such elements is up to six times as fast as one of numbers.
    """
    axes, size = (columns.ndim - 2) // 2, columns.itemsize
    shape, strides = columns.shape, columns.strides
    while len(shape) > 1 + axes and strides[-1] == size:
        size, shape, strides = size * shape[-1], shape[:-1], strides[:-1]
    if size == columns.itemsize:
        return columns
    found = _Records()
    found.__array_interface__ = {
        **columns.__array_interface__, "shape": shape, "strides": strides, "typestr": f"|V{size}",
        "descr": [("", f"|V{size}")], "of": columns,
    }  # fmt: skip
    return np.asarray(found)


class _Records:
    """What holds windows while they are looked at as records."""

    __array_interface__: dict[str, Any]


def product(columns: Array, filters: Array) -> Any:
    """(n, *out, *size, c) · (*size, c, f) → (n, *out, f)"""
    kept = columns.shape[: columns.ndim - filters.ndim + 1]
    filters = filters.reshape(-1, filters.shape[-1])
    result = empty((math.prod(kept), filters.shape[-1]), columns.dtype)
    all_blocks, tile = _tiles(columns, kept, filters.shape[-1], Workspace(columns.dtype))

    def multiply(block: Block) -> None:
        # (positions, size·c) @ (size·c, f)
        in_pieces(tile(block), filters, result[block.start : block.stop])

    parallel_for(multiply, all_blocks, columns.size * filters.shape[-1])
    return result.reshape(*kept, -1)


def filter_product(columns: Array, cotangent: Array) -> Any:
    """(n, *out, *size, c), (n, *out, f) → (*size, c, f)"""
    kept, f = cotangent.shape[:-1], cotangent.shape[-1]
    size = columns.shape[len(kept) :]
    cotangent = cotangent.reshape(-1, f)
    all_blocks, tile = _tiles(columns, kept, f, Workspace(columns.dtype))

    def add(total: Any, block: Block) -> None:
        # (size·c, positions) @ (positions, f)
        found = sum_in_pieces(tile(block), cotangent[block.start : block.stop])
        np.add(total, found, out=total)

    total = parallel_sum(add, all_blocks, (math.prod(size), f), columns.dtype, columns.size * f)
    return total.reshape(*size, f)


def folded_product(
    cotangent: Array, filters: Array, shape: Ints, stride: Ints, dilation: Ints
) -> Any:
    """(n, *out, f) · (*size, c, f) → images (n, *spatial, c), added up from tiles of windows."""
    kept, size, c = cotangent.shape[:-1], filters.shape[:-2], filters.shape[-2]
    dtype = cotangent.dtype
    space = Workspace(dtype)
    transposed = filters.reshape(-1, filters.shape[-1])
    cotangent = cotangent.reshape(-1, filters.shape[-1])
    row = math.prod(size) * c
    offsets = list(itertools.product(*map(range, size)))
    planes = c <= paths.PLANES_UP_TO_CHANNELS
    images = np.moveaxis(zeros((c, *shape[:-1]), dtype), 0, -1) if planes else zeros(shape, dtype)

    def add(some: list[Block]) -> None:
        for block in some:
            part = cotangent[block.start : block.stop]
            if planes:
                tile = space.array("tile", (row, len(part)))
                np.dot(transposed, part.T, out=tile)  # (size·c, f) @ (f, positions)
                columns = np.moveaxis(tile.reshape(len(offsets), c, *block.shape), 1, -1)
            else:
                tile = space.array("tile", (len(part), row))
                in_pieces(part, transposed.T, tile)  # (positions, f) @ (f, size·c)
                columns = np.moveaxis(tile.reshape(*block.shape, len(offsets), c), -2, 0)
            for offset, values in zip(offsets, columns, strict=True):
                images[reached(block.place, kept, offset, stride, dilation)] += values

    # Windows of different images do not overlap, so that nobody else adds to the same place.
    all_blocks = blocks(kept, paths.tile_positions(row, filters.shape[-1], dtype.itemsize))
    by_image = [list(some) for _, some in itertools.groupby(all_blocks, lambda b: b.place[0])]
    parallel_for(add, by_image, math.prod(kept) * filters.size)
    return np.ascontiguousarray(images)


def reached(
    place: tuple[int | slice, ...], kept: Ints, offset: Ints, stride: Ints, dilation: Ints
) -> Any:
    """Where the elements at `offset` of the windows in `place` lie in images (n, *spatial).

    >>> reached((0, slice(1, 3)), (1, 4, 5), (2, 0), stride=(2, 1), dilation=(1, 1))
    (0, slice(4, 8, 2), slice(0, 5, 1))
    """
    found = [place[0]]
    for axis, length in enumerate(kept[1:], 1):
        index = place[axis] if axis < len(place) else slice(None)
        step, first = stride[axis - 1], offset[axis - 1] * dilation[axis - 1]
        if isinstance(index, int):
            found.append(index * step + first)
        else:
            start, stop, _ = index.indices(length)
            found.append(slice(start * step + first, stop * step + first, step))
    return tuple(found)
