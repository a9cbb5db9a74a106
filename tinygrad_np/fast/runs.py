"""Convolutions of images with few channels, by long runs of pixels.

With one to four channels, a window is so few numbers that copying windows would move a few numbers
at a time. So the images are split into planes, one a channel, with their frame. Then what lies at
one place of every window is one run of a plane, over rows and images, of which the frame's pixels
are a part that nobody looks at: k·l·c runs are copied, some images at a time, and are the columns
of the windows (offsets first). A row of output is the product of its part of the runs with the
filters, straight into its place.

`product` and `filter_product` are those of `products`, of `FramedWindows` at stride and dilation 1,
for any number of spatial axes; `folded_product` is the adjoint of `product` in the images. All sums
are those of the plain path in another order.
"""

import math
from typing import Any

import numpy as np

from ..core.arrays import Array
from ..core.geometry import Ints
from . import paths
from .frames import FramedWindows
from .memory import Workspace, apart, empty, view
from .threads import parallel_for, parallel_sum, parts


class _Planes:
    """Framed images as planes (c, n, *framed), `each` images at a time."""

    def __init__(self, columns: FramedWindows, space: Workspace) -> None:
        x = columns.images
        axes = len(columns.filter_size)
        self.n, self.c = len(x), x.shape[-1]
        self.size, self.out = columns.filter_size, columns.shape[1 : 1 + axes]
        spatial = list(zip(x.shape[1:-1], columns.pairs, strict=True))
        framed = [before + n + after for n, (before, after) in spatial]
        self.jumps = [math.prod(framed[axis + 1 :]) for axis in range(axes)]
        self.image = math.prod(framed)
        self.taps = math.prod(self.size) * self.c
        # So many images that their runs stay in the cache.
        self.parts = parts(self.n, paths.RUNS_BYTES // (self.taps * self.image * x.itemsize))
        self.each = self.parts[0].stop
        # The last part reads as many images as the others: what follows the last plane is not used.
        self.apart = self.n * self.image
        self.flat = space.array("planes", (self.c * self.apart + self.each * self.image,))
        planes = self.flat[: self.c * self.apart].reshape(self.c, self.n, *framed)
        planes[...] = 0
        self.flat[self.c * self.apart :] = 0
        inside = tuple([slice(before, before + n) for n, (before, _) in spatial])
        for channel in range(self.c):
            planes[(channel, slice(None), *inside)] = x[..., channel]

    def at_offsets(self, shape: Any, steps: Any) -> Any:
        """(parts, *size, c, …): what lies at every offset of a window from the first pixel on."""
        whole = len(self.parts), *self.size, self.c, *shape
        distances = self.each * self.image, *self.jumps, self.apart, *steps
        return view(self.flat, whole, distances)


def product(columns: FramedWindows, filters: Array) -> Any:
    """Windows (n, *out, *size, c) · (*size, c, f) → (n, *out, f)."""
    dtype, f = filters.dtype, filters.shape[-1]
    filters = filters.reshape(-1, f)
    planes = _Planes(columns, Workspace(dtype))
    result = empty((planes.n, *planes.out, f), dtype)
    space = Workspace(dtype)
    # From the first pixel of the first window to the first of the last, of a part.
    ends = zip(planes.out, planes.jumps, strict=True)
    run = (planes.each - 1) * planes.image + sum([(n - 1) * jump for n, jump in ends]) + 1
    length = apart(run, dtype.itemsize)
    found = planes.at_offsets((run,), (1,))

    def room() -> Any:
        runs = space.array("runs", (planes.taps * length,))
        into = view(runs, (planes.taps, run), (length, 1)).reshape(found.shape[1:])
        shape, steps = (planes.each, *planes.out), (planes.image, *planes.jumps)
        return into, view(runs, (*shape, planes.taps), (*steps, length))

    def multiply(numbered: tuple[int, slice]) -> None:
        number, part = numbered
        into, rows = space.once("room", room)
        np.copyto(into, found[number])
        # rows × (columns, taps) @ (taps, f)
        np.matmul(rows[: part.stop - part.start], filters, out=result[part])

    parallel_for(multiply, [*enumerate(planes.parts)], math.prod(columns.shape) * f)
    return result


def filter_product(columns: FramedWindows, cotangent: Array) -> Any:
    """Windows (n, *out, *size, c), (n, *out, f) → (*size, c, f)."""
    dtype, f = cotangent.dtype, cotangent.shape[-1]
    planes = _Planes(columns, Workspace(dtype))
    positions = planes.each * math.prod(planes.out)
    cotangent = cotangent.reshape(-1, f)
    space = Workspace(dtype)
    found = planes.at_offsets((planes.each, *planes.out), (planes.image, *planes.jumps))
    pieces, size = paths.small_products(positions, planes.taps, f)

    def room() -> Any:
        gathered = space.array("gathered", (planes.taps, positions))
        added = space.array("added", (pieces, planes.taps, f))
        return gathered, gathered.reshape(found.shape[1:]), added

    def add(total: Any, numbered: tuple[int, slice]) -> None:
        number, _ = numbered
        gathered, into, added = space.once("room", room)
        np.copyto(into, found[number])
        given = cotangent[number * positions : (number + 1) * positions]
        whole = len(given) // size
        # pieces × (taps, outputs) @ (outputs, f)
        taps = gathered[:, : whole * size].reshape(planes.taps, whole, size).swapaxes(0, 1)
        sums = added[:whole]
        np.matmul(taps, given[: whole * size].reshape(whole, size, f), out=sums)
        np.add(total, np.add.reduce(sums), out=total)
        if whole * size < len(given):
            rest = slice(whole * size, len(given))
            np.add(total, np.dot(gathered[:, rest], given[rest]), out=total)

    work = math.prod(columns.shape) * f
    total = parallel_sum(add, [*enumerate(planes.parts)], (planes.taps, f), dtype, work)
    return total.reshape(*planes.size, planes.c, f)


def folded_product(cotangent: Array, filters: Array, shape: Ints, spans: Any) -> Any:
    """(n, *out, f) · (*size, c, f) → the part of images (n, *spatial, c) from start to stop.

    The adjoint of `product` in the images, at stride and dilation 1: the runs of a tap are added to
    the planes in one go.
    """
    size, c = filters.shape[:-2], filters.shape[-2]
    n, dtype, f = len(cotangent), cotangent.dtype, filters.shape[-1]
    kept, spatial = cotangent.shape[1:-1], shape[1:-1]
    taps, filters = math.prod(filters.shape[:-1]), filters.reshape(-1, f)
    jumps = [math.prod(spatial[axis + 1 :]) for axis in range(len(size))]
    offsets = [
        sum([i * jump for i, jump in zip(offset, jumps, strict=True)])
        for offset in np.ndindex(*size)
    ]
    image = math.prod(spatial)
    some = parts(n, paths.RUNS_BYTES // (taps * image * dtype.itemsize))
    each = some[0].stop
    result = empty((n, *[stop - start for start, stop in spans], c), dtype)
    wanted = tuple([slice(start, stop) for start, stop in spans])
    space = Workspace(dtype)

    def room() -> Any:
        runs = space.array("runs", (taps, each * image))
        runs[:] = 0  # the frame between two rows is never written
        shape, steps = (each, *kept[:-1], taps, kept[-1]), (image, *jumps[:-1], each * image, 1)
        planes = space.array("planes", (c, each * image + offsets[-1]))
        images = planes[:, : each * image].reshape(c, each, *spatial)
        images = images[(slice(None), slice(None), *wanted)]
        of_taps = runs.reshape(-1, c, each * image)
        return view(runs.reshape(-1), shape, steps), of_taps, planes, images

    def add(part: slice) -> None:
        into, runs, planes, images = space.once("room", room)
        count = part.stop - part.start
        # rows × (taps, f) @ (f, columns)
        np.matmul(filters, cotangent[part].swapaxes(-1, -2), out=into[:count])
        planes[:] = 0
        for offset, values in zip(offsets, runs, strict=True):
            place = planes[:, offset : offset + each * image]
            np.add(place, values, out=place)
        for channel in range(c):
            result[part, ..., channel] = images[channel, :count]

    parallel_for(add, some, math.prod(kept) * n * filters.size)
    return result
