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
from ..core.geometry import Ints

ENABLED = True

# Windows of an image -----------------------------------------------------------------------------

# Up to so many channels windows are copied, offset by offset, which moves whole rows; a strided
# view would have every product gather a few numbers at a time. Measured: 3–4 times faster.
COPY_UP_TO_CHANNELS = 4
COPY_UP_TO_BYTES = 1 << 21  # of the copy; beyond, a view, and the product copies tiles of it

# From so many bytes of images their frame is left to the product: below, the copy costs less. With
# few channels, from the size on from which windows of 3×3 are not copied.
FRAME_FROM_BYTES = 1 << 16
FRAME_OF_FEW_FROM_BYTES = COPY_UP_TO_BYTES // 9
FRAMES_KEPT = 16  # of smaller ones, by a thread

# Windows times filters ---------------------------------------------------------------------------

# From more bytes of windows than this, a product copies a tile at a time. Measured: arrays up to
# 256 kB stay in the cache, where ufuncs run at 5–12 G elements a second; beyond at 2–3.
TILE_FROM_BYTES = 1 << 18
TRANSFORM_FROM_CHANNELS = 16  # on both sides: Winograd's transforms cost as much as they save below
TRANSFORM_FROM_ROWS = 4  # of output: as many as a tile has
TRANSFORM_TAPS = (3, 5)  # in a column of a filter
SQUARES_FROM_CHANNELS = 64
TRANSFORM_FROM_POSITIONS = 256  # of output: fewer are not worth the filters' transform
TRANSFORM_FROM_NUMBERS = 128  # of a row of pixels with their channels
SLICES_FROM_POSITIONS = 1024  # of output of volumes
SQUARES_FROM = 128  # squares of 4×4 outputs, for the same reason
SQUARES_FROM_USED = 0.8  # of the outputs of all tiles: the rest lies beyond the last row or column
RUNS_UP_TO_CHANNELS = 4
RUNS_BYTES = 1 << 19  # of runs that are worked on at a time
RUNS_UP_TO_BYTES = 1 << 24  # of those of one image

TILE_BYTES = 1 << 19  # of a tile of windows
TILE_BYTES_COPIED = 1 << 20  # of one that BLAS copies again, with the filters, before it multiplies
TILE_POSITIONS = 256, 8192  # of output in a tile, at least and at most
ROWS_BYTES = 5 << 18  # of pixels and outputs at the points of rows that are worked on at a time
ROWS_FILTERS_READ = 100  # outputs for each so many numbers of filters, at least
SQUARES_BYTES = 5 << 18  # the same of squares
SQUARES_FILTERS_READ = 48
SQUARES_TILES_ADDED = 256  # tiles of a part of a sum, at least
SQUARES_PIECE = 1 << 14  # numbers of a column that are transformed in one call

# Up to so many multiplications OpenBLAS multiplies without copying the matrices first, where it has
# kernels for that: those for AVX-512. Measured there: up to 2.3 times faster where the two shorter
# axes are below 100, slower in pieces from some 128 on. With its kernels for Haswell and Zen, which
# have no such limit, as fast in pieces as at once, within 8 %: so nobody is asked which it has.
SMALL_PRODUCT = 1_000_000
SMALL_PRODUCT_ROWS = 64  # at least: below, the copies cost less
LONG_PRODUCT_ROWS = 150  # the same of a product of matrices, which comes alone


def tile_positions(row: int, f: int, itemsize: int) -> int:
    """Positions of output of a tile, each with a window of `row` numbers for `f` filters.

    >>> tile_positions(9, 16, 4), tile_positions(576, 128, 4)
    (8192, 455)
    """
    size = TILE_BYTES if small_products(1 << 20, row, f)[0] > 1 else TILE_BYTES_COPIED
    fewest, most = TILE_POSITIONS
    return min(most, max(fewest, size // (row * itemsize)))


def small_products(m: int, k: int, n: int) -> tuple[int, int]:
    """How (m, k) @ (k, n) is cut into pieces, and the rows of each, which may be more than m.

    >>> small_products(1000, 96, 64), small_products(1000, 1000, 1000)
    ((7, 143), (1, 1000))
    """
    rows = SMALL_PRODUCT // (k * n)
    if rows < SMALL_PRODUCT_ROWS:
        return 1, m
    pieces = -(-m // rows)
    return pieces, -(-m // pieces)


# Cotangents of windows ---------------------------------------------------------------------------

PLANES_UP_TO_CHANNELS = 8  # of images that tiles are added up in as planes, one a channel
FOLD_RUNS_UP_TO_CHANNELS = 4  # of images whose cotangent is added up by long runs
LAZY_FROM_BYTES = 1 << 18  # of windows: up to this they are made, and then added up

# Pooling -----------------------------------------------------------------------------------------

# Of images that are worked on at a time. Measured: 1 << 18 takes 10 to 20 % longer, 1 << 20 5 %.
POOLING_PART_BYTES = 1 << 19
# Up to so many bytes, a pixel is copied as one element. Measured: twice as fast with few channels.
WHOLE_PIXEL_BYTES = 512

# Relu --------------------------------------------------------------------------------------------

# Of a cotangent that is gated at a time. Measured: a tenth less time than 1,600,000 at once. The
# same by bits, which are ANDed, took as long.
GATE_ELEMENTS = 1 << 16

# The normal distribution in float32 -------------------------------------------------------------

# From so many elements on the passes cost less than SciPy's function. Measured.
NORMAL_FROM = 4096

# So many at a time: four arrays of them lie in the cache of a core.
NORMAL_ELEMENTS = 1 << 16

# Normalisation -----------------------------------------------------------------------------------

# Of x that is worked on at a time. Measured: a sixth less than 2 MB at once, in rows of 128.
NORMALISED_BYTES = 1 << 18

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

# Measured: 4 times as fast at 8,192 elements in 256 rows. (Small ones would not show it.)
SUM_FROM_ELEMENTS = 1 << 13  # of an array that is summed over its first axes
SUM_FROM_ROWS = 64  # these axes together

# Memory that is used again -----------------------------------------------------------------------

# Measured: a chain of 100 operations on 80 kB takes 1.4 times as long with 1 << 18, since glibc
# gives the memory of freed arrays back; steps with 100 to 230 kB took 3 to 7 % less with it.
REUSE_FROM_BYTES = 1 << 16
STACKED_BYTES = 1 << 25  # of a stack of cotangents or tangents, at the largest node of a graph
REUSE_FROM_ELEMENTS = 1 << 13  # of an elementwise result: below, not worth asking for the bytes
REUSE_UP_TO_BYTES = 1 << 28  # that a thread keeps at most, in use or not
SCRATCH_UP_TO_BYTES = 1 << 23  # of a scratch array that is kept

# Buffers from this size on lie in large pages. Measured: a step of a CNN with 32 and 64 filters
# takes 13 % less time, of smaller ones 3 to 5 %; from 1 << 16 on, no less. A thread that needs one
# buffer may take a page of two megabytes for it: a smaller one is not worth that.
LARGE_PAGES_FROM_BYTES = 1 << 18
LARGE_PAGE_BYTES = 1 << 21  # what Linux calls a huge page, on x86 and most of ARM
ARENA_BYTES = 1 << 25  # of addresses for buffers of up to half of it; larger ones have their own


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


FRAME_MADE = Path(
    "array",
    f"up to {FRAME_FROM_BYTES:,} bytes of images ({FRAME_OF_FEW_FROM_BYTES:,} with up to "
    f"{COPY_UP_TO_CHANNELS} channels), or no floating numbers",
)
FRAME_LAZY = Path("lazy", "more bytes of images than are framed for a convolution")


def of_frame(x: Array) -> Path:
    """Whether the frame around the images `x` of a convolution is made: "array"; "lazy" if not."""
    few = x.shape[-1] <= COPY_UP_TO_CHANNELS
    is_large = x.nbytes > (FRAME_OF_FEW_FROM_BYTES if few else FRAME_FROM_BYTES)
    path = FRAME_LAZY if is_large and x.dtype.kind == "f" and ENABLED else FRAME_MADE
    return path if noting() is None else note("pad", x, path)


def _plain(why: str) -> Path:
    return Path("matrix product", why)


def _tiles(why: str) -> Path:
    return Path("tiles", f"more than {TILE_FROM_BYTES:,} bytes of windows; no transform: {why}")


CACHED = _plain(f"up to {TILE_FROM_BYTES:,} bytes of windows: they stay in the cache")
PLAIN_OFF = _plain(_OFF)
PLAIN_DTYPES = _plain("the dtypes of windows and the other operand differ")
PLAIN_NO_FLOAT = _plain("only real floating numbers go in tiles")
PLAIN_GATHERED = _plain("the windows lie side by side in memory already")
TILES_DTYPE = _tiles("it is for float32")
TILES_AXES = _tiles("it is for two spatial axes or three")
TILES_STEPS = _tiles("stride or dilation is above 1")
TILES_VIEW = _tiles("the images do not lie together in memory")
TILES_SIZE = _tiles("it is for filters with 3 or 5 rows")
TILES_ROWS = _tiles(f"fewer than {TRANSFORM_FROM_ROWS} rows of output")
TILES_POSITIONS = _tiles(
    f"fewer than {TRANSFORM_FROM_POSITIONS} positions of output, {SLICES_FROM_POSITIONS} of volumes"
)
TILES_NARROW = _tiles(f"fewer than {TRANSFORM_FROM_NUMBERS} numbers in a row of pixels")
TILES_RUNS = _tiles("runs would be mostly unused, or far larger than the cache")
TILES_FRAME = _tiles("the frame is as wide as the filters, or wider")
TILES_CHANNELS = _tiles(f"fewer than {TRANSFORM_FROM_CHANNELS} channels in or out")
RUNS = Path(
    "runs",
    f"stride and dilation 1, up to {RUNS_UP_TO_CHANNELS} channels in, more than "
    f"{TILE_FROM_BYTES:,} bytes of windows",
)
_TRANSFORM = f"float32, stride and dilation 1, more than {TILE_FROM_BYTES:,} bytes of windows, "
SLICES = Path(
    "slices",
    f"{_TRANSFORM}three axes, {TRANSFORM_FROM_CHANNELS} or more channels in and out, "
    f"{SLICES_FROM_POSITIONS} or more positions",
)
ROWS = Path(
    "winograd, rows",
    f"{_TRANSFORM}3 or 5 rows of taps, {TRANSFORM_FROM_CHANNELS} or more channels in and out, "
    f"{TRANSFORM_FROM_POSITIONS} or more positions",
)
SQUARES = Path(
    "winograd, squares",
    f"{_TRANSFORM}3×3, {SQUARES_FROM_CHANNELS} or more channels in and out, {SQUARES_FROM} or more "
    "squares of 4×4 outputs, at least "
    f"{SQUARES_FROM_USED:.0%} of these wanted",
)


def of_product(operation: str, columns: Any, f: int, dtype: Any) -> Path:
    """How windows (n, *out, *size, c) meet `f` filters, or their cotangent, of this dtype.

    `columns` are an array, or `frames.FramedWindows`. The names: "matrix product" (over all
    windows), and those of modules: "tiles", "runs", "slices", "winograd, rows" and
    "winograd, squares". `operation` is what `noted` calls it.
    """
    if columns.nbytes <= TILE_FROM_BYTES:
        path = CACHED
    else:
        path = _of_large_product(columns, f, dtype)
    return path if noting() is None else note(operation, columns, path)


def _of_large_product(columns: Any, f: int, dtype: Any) -> Path:
    if not ENABLED:
        return PLAIN_OFF
    if columns.dtype != dtype:
        return PLAIN_DTYPES
    if columns.dtype.kind != "f":
        return PLAIN_NO_FLOAT
    if type(columns) is np.ndarray:
        if is_gathered(columns):
            return PLAIN_GATHERED
        axes = (columns.ndim - 2) // 2
        is_next = columns.strides[1 : 1 + axes] == columns.strides[1 + axes : -1]
        return TILES_VIEW if is_next else TILES_STEPS
    if max(*columns.stride, *columns.dilation) > 1:
        return TILES_STEPS
    channels = min(columns.shape[-1], f)
    if columns.shape[-1] <= RUNS_UP_TO_CHANNELS:
        fits = has_runs(columns.filter_size, columns.shape, columns.dtype.itemsize)
        return RUNS if fits else TILES_RUNS
    if columns.dtype != np.float32:
        return TILES_DTYPE
    if len(columns.filter_size) == 1:
        return TILES_AXES
    if channels < TRANSFORM_FROM_CHANNELS:
        return TILES_CHANNELS
    positions = math.prod(columns.shape[: -1 - len(columns.filter_size)])
    if positions < TRANSFORM_FROM_POSITIONS:
        return TILES_POSITIONS
    if len(columns.filter_size) == 3:
        return SLICES if positions >= SLICES_FROM_POSITIONS else TILES_POSITIONS
    if columns.images.shape[2] * columns.shape[-1] < TRANSFORM_FROM_NUMBERS:
        return TILES_NARROW
    if columns.filter_size[0] not in TRANSFORM_TAPS:
        return TILES_SIZE
    if columns.shape[1] < TRANSFORM_FROM_ROWS:
        return TILES_ROWS
    if max(columns.pairs[1]) >= columns.filter_size[1]:
        return TILES_FRAME
    if channels < SQUARES_FROM_CHANNELS or columns.filter_size != (3, 3):
        return ROWS
    n, rows, width = columns.shape[:3]
    squares = n * -(-rows // 4) * -(-width // 4)
    pays = squares >= SQUARES_FROM and positions >= SQUARES_FROM_USED * 16 * squares
    return SQUARES if pays else ROWS


def has_runs(size: Ints, columns: Ints, itemsize: int) -> bool:
    """Whether long runs pay for windows of shape `columns`, (n, *out, *size, c).

    They do not where, on the last axis, less than half of a run would be used, nor where those of
    one image are far more than the cache holds.

    >>> has_runs((3, 3), (1, 8, 8, 3, 3, 1), 4), has_runs((8, 8), (1, 2, 2, 8, 8, 1), 4)
    (True, False)
    """
    out = columns[1 : 1 + len(size)]
    framed = [n + k - 1 for n, k in zip(out, size, strict=True)]
    run_bytes = math.prod(framed) * math.prod(size) * columns[-1] * itemsize
    return 2 * out[-1] >= framed[-1] and run_bytes <= RUNS_UP_TO_BYTES


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
    path = _of_window_product(cotangent, filters, 1)
    return path if noting() is None else note("window_product", cotangent, path)


def _of_window_product(cotangent: Array, filters: Array, groups: int) -> Path:
    if type(cotangent) is not np.ndarray or type(filters) is not np.ndarray:
        return MADE_RECORDED
    if cotangent.dtype != filters.dtype or cotangent.dtype.kind != "f":
        return MADE_DTYPE
    elements = math.prod(cotangent.shape[:-1]) * math.prod(filters.shape[:-1]) * groups
    if elements * cotangent.itemsize <= LAZY_FROM_BYTES:
        return MADE_SMALL
    return LAZY if ENABLED else MADE_OFF


FOLD_STEPS = Path("tiles", "stride or dilation is above 1")
FOLD_WIDE = Path("tiles", "filters are wider than the cotangent, or few channels with large runs")
FOLD_RUNS = Path("runs", f"stride and dilation 1, up to {FOLD_RUNS_UP_TO_CHANNELS} channels")
FOLD_CONVOLUTION = Path(
    "convolution",
    f"stride and dilation 1, more than {FOLD_RUNS_UP_TO_CHANNELS} channels: of the cotangent, with "
    "the filters turned around",
)


def of_fold(cotangent: Array, size: Ints, channels: int, stride: Any, dilation: Any) -> Path:
    """How the lazy cotangent of windows is added up: in "tiles", by "runs", or a "convolution"."""
    few, width = channels <= FOLD_RUNS_UP_TO_CHANNELS, cotangent.shape[-2]
    if max(*stride, *dilation) > 1:
        path = FOLD_STEPS
    elif few and has_runs(size, (*cotangent.shape[:-1], *size, channels), cotangent.itemsize):
        path = FOLD_RUNS
    else:
        path = FOLD_WIDE if few or 2 * width < width + size[-1] - 1 else FOLD_CONVOLUTION
    return path if noting() is None else note("fold", cotangent, path)


def of_max_unpool(values: Array) -> Path:
    """Whether windows with `values` in their places are made: "array", or "lazy" if not."""
    if type(values) is not np.ndarray:
        path = MADE_RECORDED
    else:
        path = LAZY_POOLING if ENABLED else MADE_OFF
    return path if noting() is None else note("max_unpool", values, path)


GROUPED = Path("matrix products", "one a group")
GROUPED_OFF = Path("matrix products", _OFF)
GROUPED_DTYPE = Path(
    "matrix products", "the dtypes differ, or are not real ones of 4 or more bytes"
)
GROUPED_CACHED = Path(
    "matrix products", f"up to {TILE_FROM_BYTES:,} bytes of windows: they stay in the cache"
)
GROUPED_TAPS = Path("taps", "one channel a group")
GROUPED_TILES = Path(
    "tiles", f"several channels a group, more than {TILE_FROM_BYTES:,} bytes of windows"
)


def of_grouped(operation: str, columns: Array, dtype: Any, channels: int) -> Path:
    """How windows meet filters in groups, or their cotangent, of this dtype.

    `channels` are those of a group. The names: "matrix products" (those of `nn.grouped`), "taps"
    and "tiles" (of `grouped`).
    """
    path = _of_grouped(columns, dtype, channels)
    if path is GROUPED and columns.nbytes <= TILE_FROM_BYTES:
        path = GROUPED_CACHED
    elif path is GROUPED:
        path = GROUPED_TILES
    return path if noting() is None else note(operation, columns, path)


def of_grouped_windows(cotangent: Array, dtype: Any, channels: int) -> Path:
    """How the cotangent of windows in groups is made, where it is: "matrix products" or "taps"."""
    path = _of_grouped(cotangent, dtype, channels)
    return path if noting() is None else note("grouped_window_product", cotangent, path)


def _of_grouped(x: Array, dtype: Any, channels: int) -> Path:
    if not ENABLED:
        return GROUPED_OFF
    if x.dtype != dtype or x.dtype.kind != "f" or x.dtype.itemsize < 4:
        return GROUPED_DTYPE
    return GROUPED_TAPS if channels == 1 else GROUPED


def of_grouped_window_product(cotangent: Array, filters: Array, groups: int) -> Path:
    """Whether the cotangent of windows in groups is made: "array", or "lazy" if not.

    As `of_window_product` chooses; and of numbers of less than 4 bytes it is made.
    """
    if cotangent.dtype.itemsize < 4:
        path = MADE_DTYPE
    else:
        path = _of_window_product(cotangent, filters, groups)
    return path if noting() is None else note("grouped_window_product", cotangent, path)


TEXT_OFF = Path("text", _OFF)
TEXT_RECORDED = Path("text", "it is recorded: an operand is a Tensor")
TEXT_MOMENTS = Path("text", "something depends on the mean or the variance itself")
IN_PLACE = Path("in place", "plain arrays")
IN_PARTS = Path("parts", "plain arrays")


def of_text(operation: str, x: Any, kernel: Path, *operands: Any) -> Path:
    """Whether a row's text is run as it stands, or the `kernel` that is for plain arrays alone."""
    if not ENABLED:
        path = TEXT_OFF
    else:
        path = kernel if all([type(a) is np.ndarray for a in operands]) else TEXT_RECORDED
    return path if noting() is None else note(operation, x, path)


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
