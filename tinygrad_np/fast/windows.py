"""Windows gathered by a view or a copy, and images framed on the way: kernels of the core's.

With few channels a copy is faster than a view, of which every product would gather a few numbers at
a time; `paths.of_windows` says where. What depends on shapes alone is computed once. Where a
convolution frames large images, neither the frame nor the windows are made (`frames`).
"""

import functools
import math
import threading
from typing import Any, NamedTuple

import numpy as np

from ..core import hooks
from ..core.arrays import Array, numbers
from ..core.dispatch import plain
from ..core.geometry import Frame, Ints
from ..core.windows import frame, offsets_last, steps, strided
from ..core.windows import pad as core_pad
from . import paths
from .frames import Framed, FramedWindows
from .memory import empty, zeros

_pad = plain(core_pad)


def pad(x: Array, pad_width: Any, value: Any = 0) -> Any:
    """`x` framed with zeros, or another `value`; not made where a convolution asks for it."""
    looked_at = hooks.opened and not hooks.observer().traces
    if type(pad_width) is Frame and paths.of_frame(x) is paths.FRAME_LAZY and not looked_at:
        return Framed(np.ascontiguousarray(x), pad_width[1:-1])
    if x.nbytes < paths.REUSE_FROM_BYTES:
        return _pad(x, pad_width, value)
    shape, inside = frame(x.shape, pad_width)
    result = empty(shape, x.dtype)
    for axis, part in enumerate(inside):  # the frame alone
        along = (slice(None),) * axis
        result[(*along, slice(None, part.start))] = value
        result[(*along, slice(part.stop, None))] = value
    result[inside] = x
    return result


def windows(x: Any, size: Any, stride: Any = 1, dilation: Any = 1) -> Any:
    """(n, *spatial, c) → (n, *out, *size, c), a view or a copy."""
    if type(x) is Framed:
        return _of_framed(x, *steps("windows", x.shape, size, stride, dilation))
    x = numbers(x, "windows")
    checked = steps("windows", x.shape, size, stride, dilation)
    view = _view(x.shape, x.strides, x.itemsize, *checked)
    found = _gathered(x, _seen_through(x, view), view)
    found.flags.writeable = False
    return found


def padded_windows(x: Array, pad_width: Any, size: Ints, stride: Ints, dilation: Ints) -> Any:
    """The windows of framed images, in one step; for layers, which have checked the rest."""
    key = x.shape, x.dtype, pad_width, size, stride, dilation
    kept = _SMALL.kept
    held = kept.pop(key, None)
    if held is None:
        shape, inside, view = _framed_view(x.shape, x.itemsize, pad_width, size, stride, dilation)
        if view.path is not paths.COPY and type(pad_width) is Frame:
            lazy = pad(x, pad_width)
            if type(lazy) is Framed:
                return _of_framed(lazy, size, stride, dilation)
        framed = zeros(shape, x.dtype)
        held = framed, framed[inside], _seen_through(framed, view), view
    framed, within, found, view = held
    within[...] = x
    result = _gathered(framed, found, view)
    if view.is_small_copy and framed.nbytes < paths.REUSE_FROM_BYTES:
        if len(kept) >= paths.FRAMES_KEPT:
            kept.clear()
        kept[key] = held
    return result


class _SmallFrames(threading.local):
    """Images in a frame of zeros, where they lie in it, their windows and the view that these are.

    Small ones, whose windows are copied, are kept and used again, at most 1 MB a thread. A call
    takes them out while it writes into them: one that interrupts it does not find them.
    """

    def __init__(self) -> None:
        self.kept: dict[Any, Any] = {}


_SMALL = _SmallFrames()


def _of_framed(x: Framed, size: Ints, stride: Ints, dilation: Ints) -> Any:
    """The windows, which are made where they are few, or lie where they are copied to."""
    found = FramedWindows(x.images, x.pairs, size, stride, dilation)
    if paths.of_windows(found.shape[-1], found.nbytes) is paths.COPY:
        return found.materialize()
    return found


class _View(NamedTuple):
    """A strided view of images with the offsets within a window first: (*size, c, n, *out)."""

    shape: Ints
    strides: Ints
    order: Ints
    path: paths.Path
    is_small_copy: bool
    """whether it is copied into memory that is not used again"""


@functools.lru_cache(maxsize=1024)
def _view(
    shape: Ints, strides: Ints, itemsize: int, size: Ints, stride: Ints, dilation: Ints
) -> _View:
    of, jumps = strided(shape, strides, size, stride, dilation)
    size_of_all = math.prod(of) * itemsize
    path = paths.of_windows(shape[-1], size_of_all)
    is_small_copy = path is paths.COPY and size_of_all < paths.REUSE_FROM_BYTES
    return _View(of, jumps, offsets_last(len(size)), path, is_small_copy)


@functools.lru_cache(maxsize=1024)
def _framed_view(
    shape: Ints, itemsize: int, pad_width: Any, size: Ints, stride: Ints, dilation: Ints
) -> tuple[Ints, tuple[slice, ...], _View]:
    framed, inside = frame(shape, pad_width)
    strides = tuple([math.prod(framed[axis + 1 :]) * itemsize for axis in range(len(framed))])
    return framed, inside, _view(framed, strides, itemsize, size, stride, dilation)


def _seen_through(x: Array, view: _View) -> Array:
    if x.flags.c_contiguous:
        return np.ndarray(view.shape, x.dtype, x, 0, view.strides)
    return np.lib.stride_tricks.as_strided(x, view.shape, view.strides)


def _gathered(x: Array, found: Array, view: _View) -> Any:
    if paths.noting() is not None:
        paths.note("windows", x, view.path)
    if view.is_small_copy:
        found = found.copy()
    elif view.path is paths.COPY:
        columns = empty(view.shape, x.dtype)
        columns[...] = found
        found = columns
    return found.transpose(view.order)
