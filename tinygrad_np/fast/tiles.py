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
    shape: Ints
    """the lengths of the axes that `place` does not fix"""
    start: int
    stop: int


@functools.lru_cache(maxsize=256)
def blocks(kept: Ints, most: int, joined: int = 1) -> tuple[Block, ...]:
    """(n, *out) in blocks of at most `most` positions, in order, of about the same size.

    Or of up to `joined` such blocks that lie in a row and have one size.

    >>> [block.place for block in blocks((2, 3, 4), 8)]
    [(0, slice(0, 2, None)), (0, slice(2, 3, None)), (1, slice(0, 2, None)), (1, slice(2, 3, None))]
    >>> [block.place for block in blocks((5, 3), 3, joined=2)]
    [(slice(0, 2, None),), (slice(2, 4, None),), (slice(4, 5, None),)]
    """
    if 0 in kept:
        return ()
    axis = len(kept)
    while axis > 1 and math.prod(kept[axis - 1 :]) <= most:
        axis -= 1
    size, length = math.prod(kept[axis:]), kept[axis - 1]
    step = -(-length // -(-length // max(1, most // size)))
    whole = length - length % step
    cuts = [*range(0, whole, joined * step), whole, *([length] if whole < length else [])]
    found, position = [], 0
    for index in itertools.product(*map(range, kept[: axis - 1])):
        for first, last in itertools.pairwise(cuts):
            shape, stop = (last - first, *kept[axis:]), position + size * (last - first)
            found.append(Block((*index, slice(first, last)), shape, position, stop))
            position = stop
    return tuple(found)


def _positions(row_bytes: int, tile_bytes: int) -> int:
    fewest, most = paths.TILE_POSITIONS
    return min(most, max(fewest, tile_bytes // row_bytes))


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
    """The blocks, and what copies a block's tile: (count, positions, size·c)."""
    axes, c = len(kept) - 1, columns.shape[-1]
    row = math.prod(columns.shape[1 + axes :])
    apart, within = columns.strides[1 : 1 + axes], columns.strides[1 + axes : -1]
    planes = c <= paths.PLANES_UP_TO_CHANNELS and apart == within  # stride and dilation are 1
    view, offsets = columns, (slice(None),) * (axes + 1 if planes else 0)
    if planes:  # the same windows as (*size, c, n, *out), of planes (c, n, *spatial)
        image = np.ascontiguousarray(np.moveaxis(image_of(columns), -1, 0))
        of_c, of_n, *jumps = image.strides
        shape, strides = (*columns.shape[1 + axes :], *kept), (*jumps, of_c, of_n, *jumps)
        view = np.lib.stride_tricks.as_strided(image, shape, strides, writeable=False)
    tile_bytes = paths.PLANES_TILE_BYTES if planes else paths.TILE_BYTES
    most = _positions(row * columns.itemsize, tile_bytes)
    each = blocks(kept, most)[0].stop if 0 not in kept else 1

    def tile(block: Block) -> Any:
        part = view[offsets + block.place]
        copied = space.array("tile", part.shape)
        np.copyto(copied, part)
        if not planes:
            return copied.reshape(1, -1, row)
        positions = block.stop - block.start
        count = positions // each if positions % each == 0 else 1
        # (size·c, count·positions) → (count, positions, size·c)
        return copied.reshape(row, -1).T.reshape(count, -1, row)

    return blocks(kept, most, paths.JOINED_TILES if planes else 1), tile


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
                np.dot(part, transposed.T, out=tile)  # (positions, f) @ (f, size·c)
                columns = np.moveaxis(tile.reshape(*block.shape, len(offsets), c), -2, 0)
            for offset, values in zip(offsets, columns, strict=True):
                images[reached(block.place, kept, offset, stride, dilation)] += values

    # Windows of different images do not overlap, so that nobody else adds to the same place.
    all_blocks = blocks(kept, _positions(row * dtype.itemsize, paths.TILE_BYTES))
    by_image = [list(some) for _, some in itertools.groupby(all_blocks, lambda b: b.place[0])]
    parallel_for(add, by_image, math.prod(kept) * filters.size)
    if not planes:
        return images
    result = empty(shape, dtype)
    result[...] = images
    return result


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
