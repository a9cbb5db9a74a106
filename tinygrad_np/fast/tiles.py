"""Products over windows, a tile of output positions at a time.

The windows of an image, copied side by side, would be K² times the image, and would have to go
through main memory. A tile of a few hundred of them is copied into a buffer that stays in the
cache, multiplied there, and forgotten. With few channels a copy of whole windows would move a few
numbers at a time; there the image is split into planes, and a tile has a row for each offset within
the window, which is a piece of a row of a plane.

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
from .memory import Workspace, empty, zeros
from .threads import parallel_for, parallel_sum


class Block(NamedTuple):
    """A part of the output positions that lies together in memory."""

    place: tuple[int | slice, ...]
    """as an index into (n, *out)"""
    start: int
    stop: int


@functools.lru_cache(maxsize=256)
def blocks(kept: Ints, most: int) -> tuple[Block, ...]:
    """(n, *out) in blocks of at most `most` positions, in order, of about the same size.

    >>> [block.place for block in blocks((2, 3, 4), 8)]
    [(0, slice(0, 2, None)), (0, slice(2, 3, None)), (1, slice(0, 2, None)), (1, slice(2, 3, None))]
    """
    axis, size = len(kept), 1
    while axis and size * kept[axis - 1] <= most:
        axis -= 1
        size *= kept[axis]
    if not axis:
        return (Block((slice(None),), 0, size),) if size else ()
    length = kept[axis - 1]
    pieces = -(-length // max(1, most // size))
    step = -(-length // pieces)
    found, position = [], 0
    for index in itertools.product(*map(range, kept[: axis - 1])):
        for first in range(0, length, step):
            last = min(first + step, length)
            found.append(
                Block((*index, slice(first, last)), position, position + size * (last - first))
            )
            position += size * (last - first)
    return tuple(found)


def joined(some: Sequence[Block], most: int) -> list[Block]:
    """Runs of at most `most` blocks that lie in a row and have the size of the first, as one.

    >>> [block.place for block in joined(blocks((5, 3), 3), 2)]
    [(slice(0, 2, None),), (slice(2, 4, None),), (slice(4, 5, None),)]
    """
    found: list[Block] = []
    for block in some:
        size = some[0].stop - some[0].start
        last = found[-1] if found else block
        longer = block.stop - last.start
        in_a_row = last is not block and last.place[:-1] == block.place[:-1]
        if in_a_row and longer % size == 0 and longer <= most * size:
            first, end = last.place[-1], block.place[-1]
            assert isinstance(first, slice)
            assert isinstance(end, slice)
            place = (*block.place[:-1], slice(first.start, end.stop))
            found[-1] = Block(place, last.start, block.stop)
        else:
            found.append(block)
    return found


def _positions(row_bytes: int, tile_bytes: int) -> int:
    fewest, most = paths.TILE_POSITIONS
    return min(most, max(fewest, tile_bytes // row_bytes))


class _Planes(NamedTuple):
    """The windows of an image as (*size, c, n, *out), of planes (c, n, *spatial)."""

    view: Any
    axes: int
    space: Workspace

    def tile(self, block: Block) -> Any:
        """(size·c, positions), copied."""
        part = self.view[(slice(None),) * (self.axes + 1) + block.place]
        rows = math.prod(part.shape[: self.axes + 1])
        tile = self.space.array("tile", part.shape)
        np.copyto(tile, part)
        return tile.reshape(rows, -1)


def _planes(columns: Array, space: Workspace) -> _Planes | None:
    """`columns` by planes, where it is a view with stride and dilation 1 and few channels."""
    axes = (columns.ndim - 2) // 2
    apart, within = columns.strides[1 : 1 + axes], columns.strides[1 + axes : -1]
    if columns.shape[-1] > paths.PLANES_UP_TO_CHANNELS or apart != within:
        return None
    planes = np.ascontiguousarray(np.moveaxis(image_of(columns), -1, 0))
    c, n, *jumps = planes.strides
    size, out = columns.shape[1 + axes : -1], columns.shape[1 : 1 + axes]
    shape = (*size, columns.shape[-1], columns.shape[0], *out)
    view = np.lib.stride_tricks.as_strided(planes, shape, (*jumps, c, n, *jumps), writeable=False)
    return _Planes(view, axes, space)


def image_of(columns: Array) -> Any:
    """The image (n, *spatial, c) that windows with stride and dilation 1 are a view of."""
    axes = (columns.ndim - 2) // 2
    out, size = columns.shape[1 : 1 + axes], columns.shape[1 + axes : -1]
    spatial = [o + k - 1 for o, k in zip(out, size, strict=True)]
    return np.lib.stride_tricks.as_strided(
        columns,
        (columns.shape[0], *spatial, columns.shape[-1]),
        (*columns.strides[: 1 + axes], columns.strides[-1]),
        writeable=False,
    )


def _tiles(
    columns: Array, kept: Ints, space: Workspace
) -> tuple[Sequence[Block], Callable[[Block], Any]]:
    """The blocks, and what makes a block's tile: (count, positions, size·c)."""
    row = math.prod(columns.shape[len(kept) :])
    planes = _planes(columns, space)
    if planes is None:

        def tile(block: Block) -> Any:
            part = columns[block.place]
            copied = space.array("tile", part.shape)
            np.copyto(copied, part)
            return copied.reshape(1, -1, row)

        return blocks(kept, _positions(row * columns.itemsize, paths.TILE_BYTES)), tile

    small = blocks(kept, _positions(row * columns.itemsize, paths.PLANES_TILE_BYTES))
    each = small[0].stop if small else 1

    def tile_of_planes(block: Block) -> Any:
        positions = block.stop - block.start
        count = positions // each if positions % each == 0 else 1
        # (size·c, count·positions) → (count, positions, size·c)
        return planes.tile(block).T.reshape(count, -1, row)

    return joined(small, paths.JOINED_TILES), tile_of_planes


def product(columns: Array, filters: Array) -> Any:
    """(n, *out, *size, c) · (*size, c, f) → (n, *out, f)"""
    kept = columns.shape[: columns.ndim - filters.ndim + 1]
    filters = filters.reshape(-1, filters.shape[-1])
    result = empty((math.prod(kept), filters.shape[-1]), columns.dtype)
    all_blocks, tile = _tiles(columns, kept, Workspace(columns.dtype))

    def multiply(block: Block) -> None:
        part = tile(block)
        target = result[block.start : block.stop].reshape(*part.shape[:2], -1)
        np.matmul(part, filters, out=target)  # (count, positions, size·c) @ (size·c, f)

    parallel_for(multiply, all_blocks, columns.size * filters.shape[-1])
    return result.reshape(*kept, -1)


def filter_product(columns: Array, cotangent: Array) -> Any:
    """(n, *out, *size, c), (n, *out, f) → (*size, c, f)"""
    kept, f = cotangent.shape[:-1], cotangent.shape[-1]
    size = columns.shape[len(kept) :]
    cotangent = cotangent.reshape(-1, f)
    space = Workspace(columns.dtype)
    all_blocks, tile = _tiles(columns, kept, space)

    def add(total: Any, block: Block) -> None:
        part = tile(block)
        target = space.array("product", (len(part), *total.shape))
        cotangents = cotangent[block.start : block.stop].reshape(*part.shape[:2], f)
        # (count, size·c, positions) @ (count, positions, f)
        for found in np.matmul(part.transpose(0, 2, 1), cotangents, out=target):
            np.add(total, found, out=total)

    total = parallel_sum(add, all_blocks, (math.prod(size), f), columns.dtype, columns.size * f)
    return total.reshape(*size, f)


def folded_product(
    cotangent: Array, filters: Array, shape: Ints, stride: Ints, dilation: Ints
) -> Any:
    """(n, *out, f) · (*size, c, f) → images (n, *spatial, c), added up from tiles of windows."""
    kept, size, c = cotangent.shape[:-1], filters.shape[:-2], filters.shape[-2]
    result = zeros(shape, cotangent.dtype)
    space = Workspace(result.dtype)
    transposed = filters.reshape(-1, filters.shape[-1])
    cotangent = cotangent.reshape(-1, filters.shape[-1])
    row = math.prod(size) * c
    offsets = list(itertools.product(*map(range, size)))
    planes = c <= paths.PLANES_UP_TO_CHANNELS
    target = zeros((c, *shape[:-1]), result.dtype) if planes else result

    def add(block: Block) -> None:
        part = cotangent[block.start : block.stop]
        inside = _kept_lengths(block, kept)
        if planes:
            tile = space.array("tile", (row, len(part)))
            np.dot(transposed, part.T, out=tile)  # (size·c, f) @ (f, positions)
            tile = tile.reshape(len(offsets), c, *inside)
        else:
            tile = space.array("tile", (len(part), row))
            np.dot(part, transposed.T, out=tile)  # (positions, f) @ (f, size·c)
            tile = np.moveaxis(tile.reshape(*inside, len(offsets), c), -2, 0)
        for offset, values in zip(offsets, tile, strict=True):
            place = _reached(block, kept, offset, stride, dilation)
            if planes:
                target[(slice(None), *place)] += values
            else:
                target[place] += values

    # Windows of different images do not overlap, so that nobody else adds to the same place.
    all_blocks = blocks(kept, _positions(row * result.itemsize, paths.TILE_BYTES))
    by_image = [list(some) for _, some in itertools.groupby(all_blocks, lambda b: b.place[0])]

    def add_all(some: list[Block]) -> None:
        for block in some:
            add(block)

    parallel_for(add_all, by_image, math.prod(kept) * filters.size)
    if planes:
        result[...] = np.moveaxis(target, 0, -1)
    return result


def _kept_lengths(block: Block, kept: Ints) -> list[int]:
    """The lengths of the block along the axes that its index does not fix."""
    last = block.place[-1]
    assert isinstance(last, slice)
    axis = len(block.place) - 1
    return [len(range(kept[axis])[last]), *kept[axis + 1 :]]


def _reached(block: Block, kept: Ints, offset: Ints, stride: Ints, dilation: Ints) -> Any:
    """Where the elements at `offset` of the block's windows lie in (n, *spatial)."""
    place: list[Any] = []
    for axis, length in enumerate(kept):
        index: Any = block.place[axis] if axis < len(block.place) else slice(None)
        if axis == 0:
            place.append(index)
            continue
        step, first = stride[axis - 1], offset[axis - 1] * dilation[axis - 1]
        if isinstance(index, int):
            place.append(index * step + first)
        else:
            start, stop, _ = index.indices(length)
            place.append(slice(start * step + first, (stop - 1) * step + first + 1, step))
    return tuple(place)
