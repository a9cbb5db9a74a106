"""Which path an operation takes: every threshold of bytes or elements, and what it decides.

Each function ``of_…`` chooses the path of one operation and gives a `Path`: its name, and the
condition that chose it. The kernels ask here and nowhere else; `noted` collects the answers, which
is how `fast.explain` knows them.

`ENABLED` is the switch of the test suite (``pytest --simple-paths``): where it is False, every
operation takes the plain path, which is the reference of the others. Set it with
``monkeypatch.setattr(paths, "ENABLED", False)``; it is for one process at a time, and for tests.

Below, "measured" is said of a threshold where a figure is on record. The others were set when their
kernel was written, and no figure is.
"""

import contextlib
import contextvars
import math
from collections.abc import Iterator
from typing import Any, NamedTuple

import numpy as np

from ..core.arrays import Array

ENABLED = True

# Windows of an image -----------------------------------------------------------------------------

# Up to so many channels windows are copied, offset by offset, which moves whole rows; a strided
# view would have every product gather a few numbers at a time. Measured: 3–4 times faster.
COPY_UP_TO_CHANNELS = 4
COPY_UP_TO_BYTES = 1 << 21  # of the copy; beyond, a view, and the product copies tiles of it

# Windows times filters ---------------------------------------------------------------------------

# From more bytes of windows than this, a product copies a tile at a time. Measured: arrays up to
# 256 kB stay in the cache, where ufuncs run at 5–12 G elements a second; beyond at 2–3.
TILE_FROM_BYTES = 1 << 18
TRANSFORM_FROM_CHANNELS = 16  # on both sides: Winograd's transforms cost as much as they save below
TRANSFORM_FROM_COLUMNS = 4  # of output: as many as a tile has
TRANSFORM_SIZES = ((3, 3), (5, 5))

TILE_BYTES = 1 << 20  # of a tile of windows
PLANES_UP_TO_CHANNELS = 8  # up to so many, a tile is copied from planes, one a channel
PLANES_TILE_BYTES = 1 << 17  # of such a tile
JOINED_TILES = 8  # such tiles that are copied and multiplied in one call
TILE_POSITIONS = 256, 8192  # of output in a tile, at least and at most
TRANSFORM_BYTES = 1 << 19  # of pixels at Winograd's points that are worked on at a time

# Cotangents of windows ---------------------------------------------------------------------------

LAZY_FROM_BYTES = 1 << 18  # of windows: up to this they are made, and then added up

# Pooling -----------------------------------------------------------------------------------------

POOLING_PART_BYTES = 1 << 20  # of images that are worked on at a time
# Up to so many bytes, a pixel is copied as one element. Measured: twice as fast with few channels.
WHOLE_PIXEL_BYTES = 512

# Matrix products and threads ---------------------------------------------------------------------

# From so many multiplications OpenBLAS wakes its other threads: a property of OpenBLAS. They stay
# awake for some 100 ms (measured), and take the cores from our own pieces.
BLAS_WAKES_FROM = 1 << 18
BLAS_WAKES_FOR_VECTORS_FROM = 1 << 13  # the same, where one of the matrices is a vector
MATRIX_PIECE = 1 << 23  # multiplications of a matrix product that are worth a piece
MATRIX_PIECE_ROWS = 256  # and rows or columns: every piece goes through all of the other matrix
MATRIX_PIECES = 16  # at most

THREADS_FROM = 1 << 23  # multiplications from which it pays to hand over pieces
THREAD_PIECE = 1 << 20  # the same of a piece: threads that work on less wait for each other
SUMS_APART = 4  # runs of pieces that are summed apart, however many threads there are

# Memory that is used again -----------------------------------------------------------------------

# Measured: a chain of 100 operations on 80 kB takes 1.4 times as long with 1 << 18, since glibc
# gives the memory of freed arrays back; steps with 100 to 230 kB took 3 to 7 % less with it.
REUSE_FROM_BYTES = 1 << 16
STACKED_BYTES = 1 << 25  # of a stack of cotangents or tangents, at the largest node of a graph
REUSE_FROM_ELEMENTS = 1 << 13  # of an elementwise result: below, not worth asking for the bytes
REUSE_UP_TO_BYTES = 1 << 28  # that a thread keeps at most, in use or not
SCRATCH_UP_TO_BYTES = 1 << 23  # of a scratch array that is kept


class Path(NamedTuple):
    """A way to carry out an operation, and the condition that chose it."""

    name: str
    why: str


class Choice(NamedTuple):
    """One operation that was carried out, and its path."""

    operation: str
    operand: str
    """dtype and shape of the operand that decided"""
    path: str
    why: str


_NOTES: contextvars.ContextVar[list[Choice] | None] = contextvars.ContextVar("notes", default=None)
"""Where choices are written down in this context; None: nowhere."""

noting = _NOTES.get  # in C, where `note` would be a call for nothing


@contextlib.contextmanager
def noted() -> Iterator[list[Choice]]:
    """A block whose choices are collected, those of this context alone.

    >>> with noted() as choices:
    ...     _ = of_product("product", np.zeros((1, 2, 2, 1)), 3, np.dtype(float))
    >>> choices[0].path
    'matrix product'
    """
    notes: list[Choice] = []
    token = _NOTES.set(notes)
    try:
        yield notes
    finally:
        _NOTES.reset(token)


def note(operation: str, x: Array, path: Path) -> Path:
    """`path`, for which `x` decided; it is written down where somebody collects them."""
    notes = _NOTES.get()
    if notes is not None:
        notes.append(Choice(operation, f"{x.dtype} {tuple(x.shape)}", *path))
    return path


_OFF = "the fast paths are off"

VIEW = Path("view", f"more than {COPY_UP_TO_CHANNELS} channels")
VIEW_LARGE = Path("view", f"a copy would take more than {COPY_UP_TO_BYTES:,} bytes")
COPY = Path(
    "copy", f"up to {COPY_UP_TO_CHANNELS} channels and {COPY_UP_TO_BYTES:,} bytes of windows"
)


def of_windows(channels: int, size: int) -> Path:
    """How windows of `size` bytes are gathered: as a view of the images, or a copy.

    >>> of_windows(channels=1, size=1000).name, of_windows(channels=5, size=1000).name
    ('copy', 'view')
    """
    if channels > COPY_UP_TO_CHANNELS:
        return VIEW
    return COPY if size <= COPY_UP_TO_BYTES else VIEW_LARGE


def _plain(why: str) -> Path:
    return Path("matrix product", why)


def _tiles(why: str) -> Path:
    return Path("tiles", f"more than {TILE_FROM_BYTES:,} bytes of windows; no transform: {why}")


GROUPED = Path("matrix products", "one a group")
CACHED = _plain(f"up to {TILE_FROM_BYTES:,} bytes of windows: they stay in the cache")
PLAIN_OFF = _plain(_OFF)
PLAIN_DTYPES = _plain("the dtypes of windows and the other operand differ")
PLAIN_NO_FLOAT = _plain("only real floating numbers go in tiles")
PLAIN_GATHERED = _plain("the windows lie side by side in memory already")
TILES_DTYPE = _tiles("it is for float32")
TILES_AXES = _tiles("it is for two spatial axes")
TILES_STEPS = _tiles("stride or dilation is above 1")
TILES_SIZE = _tiles("it is for filters of 3×3 and 5×5")
TILES_COLUMNS = _tiles(f"fewer than {TRANSFORM_FROM_COLUMNS} columns of output")
TILES_CHANNELS = _tiles(f"fewer than {TRANSFORM_FROM_CHANNELS} channels in or out")
WINOGRAD = Path(
    "winograd",
    f"float32, 3×3 or 5×5, stride and dilation 1, {TRANSFORM_FROM_CHANNELS} or more channels in "
    f"and out, more than {TILE_FROM_BYTES:,} bytes of windows",
)


def of_product(operation: str, columns: Array, f: int, dtype: Any) -> Path:
    """How windows (n, *out, *size, c) meet `f` filters, or their cotangent, of this dtype.

    The names: "matrix product" (over all windows), "tiles" and "winograd" (those modules).
    `operation` is what `noted` calls it.
    """
    if columns.nbytes <= TILE_FROM_BYTES:
        path = CACHED
    else:
        path = _of_large_product(columns, f, dtype)
    return path if noting() is None else note(operation, columns, path)


def _of_large_product(columns: Array, f: int, dtype: Any) -> Path:
    if not ENABLED:
        return PLAIN_OFF
    if columns.dtype != dtype:
        return PLAIN_DTYPES
    if columns.dtype.kind != "f":
        return PLAIN_NO_FLOAT
    if is_gathered(columns):
        return PLAIN_GATHERED
    if columns.dtype != np.float32:
        return TILES_DTYPE
    if columns.ndim != 6:
        return TILES_AXES
    if columns.strides[1:3] != columns.strides[3:5]:
        return TILES_STEPS
    if columns.shape[3:5] not in TRANSFORM_SIZES:
        return TILES_SIZE
    if columns.shape[2] < TRANSFORM_FROM_COLUMNS:
        return TILES_COLUMNS
    return WINOGRAD if min(columns.shape[-1], f) >= TRANSFORM_FROM_CHANNELS else TILES_CHANNELS


def is_gathered(columns: Array) -> bool:
    """Whether the windows lie side by side in memory, with the offsets first or last.

    >>> is_gathered(np.zeros((1, 4, 3, 2))), is_gathered(np.zeros((1, 4, 3, 2))[:, ::2])
    (True, False)
    """
    if columns.flags.c_contiguous:
        return True
    axes = (columns.ndim - 2) // 2
    first = (*range(axes + 1, 2 * axes + 2), *range(axes + 1))
    return columns.transpose(first).flags.c_contiguous


MADE_OFF = Path("array", _OFF)
MADE_RECORDED = Path("array", "it is recorded: an operand is a Tensor")
MADE_DTYPE = Path("array", "the dtypes differ, or are not real floating ones")
MADE_SMALL = Path("array", f"up to {LAZY_FROM_BYTES:,} bytes of windows")
LAZY = Path("lazy", f"more than {LAZY_FROM_BYTES:,} bytes of windows: only their sum is made")
LAZY_POOLING = Path("lazy", "plain arrays: elements are placed in the images at once")


def of_window_product(cotangent: Array, filters: Array) -> Path:
    """Whether the cotangent of windows, from (n, *out, f) and (*size, c, f), is made: "array".

    If it is "lazy", `lazy.LazyProduct` stands for it.
    """
    if type(cotangent) is not np.ndarray or type(filters) is not np.ndarray:
        path = MADE_RECORDED
    elif cotangent.dtype != filters.dtype or cotangent.dtype.kind != "f":
        path = MADE_DTYPE
    else:
        elements = math.prod(cotangent.shape[:-1]) * math.prod(filters.shape[:-1])
        if elements * cotangent.itemsize <= LAZY_FROM_BYTES:
            path = MADE_SMALL
        else:
            path = LAZY if ENABLED else MADE_OFF
    return path if noting() is None else note("window_product", cotangent, path)


FOLD_STEPS = Path("tiles", "stride or dilation is above 1")
FOLD_PLANES = Path("tiles", f"up to {PLANES_UP_TO_CHANNELS} channels: by planes")
FOLD_CONVOLUTION = Path(
    "convolution",
    f"stride and dilation 1, more than {PLANES_UP_TO_CHANNELS} channels: of the cotangent with the "
    "filters turned around",
)


def of_fold(cotangent: Array, channels: int, stride: Any, dilation: Any) -> Path:
    """How the lazy cotangent of windows is added up: in "tiles", or as a "convolution"."""
    if max(*stride, *dilation) > 1:
        path = FOLD_STEPS
    else:
        path = FOLD_PLANES if channels <= PLANES_UP_TO_CHANNELS else FOLD_CONVOLUTION
    return path if noting() is None else note("fold", cotangent, path)


def of_max_unpool(values: Array) -> Path:
    """Whether windows with `values` in their places are made: "array", or "lazy" if not."""
    if type(values) is not np.ndarray:
        path = MADE_RECORDED
    else:
        path = LAZY_POOLING if ENABLED else MADE_OFF
    return path if noting() is None else note("max_unpool", values, path)


ONE_THREAD = Path("one product", f"less than two pieces of {MATRIX_PIECE:,} multiplications")
ONE_TRANSPOSE = Path("one product", "the matrices share memory: NumPy computes half of x.T @ x")
PIECES = Path(
    "pieces", f"two or more of {MATRIX_PIECE:,} multiplications and {MATRIX_PIECE_ROWS} rows each"
)


def of_matrix_product(a: Array, b: Array) -> tuple[Path, int]:
    """How (m, k) @ (k, n) is computed where it `wakes_threads`, and in how many pieces."""
    (m, k), n = a.shape, b.shape[1]
    pieces = min(m * k * n // MATRIX_PIECE, max(m, n) // MATRIX_PIECE_ROWS, MATRIX_PIECES)
    path = PIECES
    if pieces < 2 or not ENABLED:
        path, pieces = ONE_THREAD, 1
    elif np.may_share_memory(a, b):
        path, pieces = ONE_TRANSPOSE, 1
    return path if noting() is None else note("matrix_product", a, path), pieces


def wakes_threads(a: Array, b: Array) -> bool:
    """Whether the product of two matrices may wake threads of OpenBLAS.

    >>> wakes_threads(np.ones((64, 64)), np.ones((64, 64)))
    True
    """
    n = b.shape[1]
    work = a.size * n
    if work < BLAS_WAKES_FOR_VECTORS_FROM or (work < BLAS_WAKES_FROM and n > 1 and a.shape[0] > 1):
        return False
    return a.dtype == b.dtype and a.dtype.kind in "fc"


def pays_to_share(pieces: int, work: int) -> bool:
    """Whether so many pieces of `work` multiplications together are worth several threads.

    >>> pays_to_share(4, 1 << 22), pays_to_share(4, 1 << 23)
    (False, True)
    """
    return work >= max(THREADS_FROM, THREAD_PIECE * pieces)


# Replays -----------------------------------------------------------------------------------------

# Arguments of fewer bytes are copied into a buffer of a program of `jit`, so that views are made
# once.
COPIED_UP_TO_BYTES = 1 << 16
# Measured: an operand that is the result, too, costs a call 0.1 µs, and saves more from here on.
IN_PLACE_FROM_BYTES = 1 << 15
FIXED_UP_TO_BYTES = 1 << 26  # of a program's buffers: beyond, results are new at every run
PROGRAMS_UP_TO_BYTES = 1 << 28  # of the buffers and constants of all programs that are kept
