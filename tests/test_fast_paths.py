"""Which path is taken, on both sides of every condition; thresholds stand in one module."""

import ast
from pathlib import Path

import numpy as np
import pytest

import tinygrad_np as tg
from tinygrad_np.core.windows import windows
from tinygrad_np.fast import frames, lazy, memory, paths

pytestmark = pytest.mark.usefixtures("fast_paths")


def of_product(columns, f, **options):
    if columns.nbytes > paths.TILE_FROM_BYTES:
        columns = frames.described(columns)
    return paths.of_product("product", columns, f, columns.dtype, **options)


class TestWhichPath:
    """Both sides of every condition in `paths`."""

    @pytest.mark.parametrize(
        ("shape", "size", "dtype", "f", "expected"),
        [
            ((32, 16, 16, 16), 3, np.float32, 16, paths.ROWS),
            ((32, 16, 16, 15), 3, np.float32, 16, paths.TILES_CHANNELS),
            ((32, 16, 16, 16), 3, np.float32, 15, paths.TILES_CHANNELS),
            ((32, 16, 16, 16), 3, np.float64, 16, paths.TILES_DTYPE),
            ((32, 16, 16, 16), 4, np.float32, 16, paths.TILES_SIZE),
            ((32, 16, 16, 16), 5, np.float32, 16, paths.ROWS),
            ((32, 5, 16, 16), 3, np.float32, 16, paths.TILES_ROWS),  # three of output
            ((32, 6, 16, 16), 3, np.float32, 16, paths.ROWS),
            ((32, 18, 18, 64), 3, np.float32, 64, paths.SQUARES),
            ((32, 18, 18, 63), 3, np.float32, 64, paths.ROWS),
            ((32, 18, 18, 64), 3, np.float32, 63, paths.ROWS),
            ((32, 18, 18, 64), 5, np.float32, 64, paths.ROWS),
            ((32, 16, 16, 64), 3, np.float32, 64, paths.ROWS),  # 14 × 14 of 16 × 16 wanted
            ((1, 18, 18, 64), 3, np.float32, 64, paths.ROWS),  # 16 × 16
            ((1, 17, 18, 64), 3, np.float32, 64, paths.TILES_POSITIONS),
            ((1, 200, 200, 2), 5, np.float32, 2, paths.RUNS),
            ((1, 240, 240, 2), 8, np.float32, 2, paths.TILES_RUNS),  # 29 MB of runs
            ((32, 20, 8, 16), 3, np.float32, 16, paths.ROWS),
            ((32, 20, 7, 16), 3, np.float32, 16, paths.TILES_NARROW),
            ((8, 18, 18, 64), 3, np.float32, 64, paths.SQUARES),  # 128 squares
            ((7, 18, 18, 64), 3, np.float32, 64, paths.ROWS),
            ((32, 20, 20, 4), 10, np.float32, 2, paths.RUNS),  # 11 columns of output
            ((32, 20, 20, 4), 12, np.float32, 2, paths.TILES_RUNS),  # 9
            ((32, 256, 16), 3, np.float32, 16, paths.TILES_AXES),
            ((2, 10, 10, 10, 16), 3, np.float32, 16, paths.SLICES),  # 2 · 8 · 8 · 8
            ((2, 10, 10, 9, 16), 3, np.float32, 16, paths.TILES_POSITIONS),
            ((2, 10, 10, 10, 16), 3, np.float64, 16, paths.TILES_DTYPE),
            ((2, 10, 10, 10, 15), 3, np.float32, 16, paths.TILES_CHANNELS),
            ((32, 40, 40, 4), 3, np.float32, 2, paths.RUNS),
            ((32, 40, 40, 4), 3, np.float64, 2, paths.RUNS),
            ((32, 40, 40, 5), 3, np.float32, 2, paths.TILES_CHANNELS),
            ((1, 5, 5, 16), 3, np.float32, 16, paths.CACHED),
        ],
    )
    def test_by_size_dtype_and_channels(self, shape, size, dtype, f, expected):
        assert of_product(windows(np.zeros(shape, dtype), size), f) is expected

    def test_complex_numbers_are_one_product(self):
        columns = windows(np.zeros((32, 16, 16, 16), complex), 3)
        assert of_product(columns, 16) is paths.PLAIN_NO_FLOAT

    def test_a_frame_as_wide_as_the_filters(self):
        x = np.zeros((32, 16, 16, 16), np.float32)
        for right, expected in ((2, paths.ROWS), (3, paths.TILES_FRAME)):
            pairs = (7, 7), (0, right)
            framed = frames.FramedWindows(x, pairs, (3, 3), (1, 1), (1, 1))
            assert of_product(framed, 16) is expected

    def test_frames(self):
        for channels, size in ((4, paths.FRAME_OF_FEW_FROM_BYTES), (5, paths.FRAME_FROM_BYTES)):
            pixels = size // (4 * channels)
            for more, expected in ((0, paths.FRAME_MADE), (1, paths.FRAME_LAZY)):
                x = np.zeros((pixels + more, channels), np.float32)
                assert paths.of_frame(x) is expected
                assert paths.of_frame(x.astype(np.int32)) is paths.FRAME_MADE

    def test_products_without_a_copy(self):
        rows = paths.SMALL_PRODUCT_ROWS
        k = paths.SMALL_PRODUCT // rows
        assert paths.small_products(10 * rows, k, 1) == (10, rows)
        assert paths.small_products(10 * rows, k + 1, 1) == (1, 10 * rows)

    def test_strides_and_dilations_go_in_tiles(self):
        x = np.zeros((32, 16, 16, 16), np.float32)
        assert of_product(windows(x, 3, 2), 16) is paths.TILES_STEPS
        assert of_product(windows(x, 3, 1, 2), 16) is paths.TILES_STEPS

    def test_what_lies_side_by_side_already_is_one_product(self):
        columns = np.ascontiguousarray(windows(np.zeros((32, 16, 16, 16), np.float32), 3))
        assert of_product(columns, 16) is paths.PLAIN_GATHERED
        few = windows(np.zeros((32, 20, 20, 1), np.float32), 3)
        assert of_product(few, 16) is paths.PLAIN_GATHERED

    def test_windows_as_large_as_the_cache_and_one_element_larger(self):
        elements = paths.TILE_FROM_BYTES // 8
        for more, expected in ((0, paths.CACHED), (1, paths.TILES_VIEW)):
            columns = np.zeros((1, elements + more, 2, 1))[:, :, ::2]
            assert of_product(columns, 4) is expected

    def test_two_dtypes(self):
        columns = windows(np.zeros((32, 16, 16, 16), np.float32), 3)
        assert paths.of_product("", columns, 16, np.dtype(float)) is paths.PLAIN_DTYPES

    def test_few_channels_and_bytes_of_windows_are_copied(self):
        few, most = paths.COPY_UP_TO_CHANNELS, paths.COPY_UP_TO_BYTES
        assert paths.of_windows(few, most) is paths.COPY
        assert paths.of_windows(few + 1, most) is paths.VIEW
        assert paths.of_windows(few, most + 1) is paths.VIEW_LARGE
        for channels in (few, few + 1):
            x = np.zeros((1, 6, 6, channels))
            assert np.shares_memory(windows(x, 3), x) == (channels > few)

    @pytest.mark.parametrize(
        ("more", "dtypes", "expected"),
        [
            (0, "ff", paths.MADE_SMALL),
            (1, "ff", paths.LAZY),
            (1, "fd", paths.MADE_DTYPE),
            (1, "FF", paths.MADE_DTYPE),
        ],
    )
    def test_cotangents_of_windows(self, more, dtypes, expected):
        positions = paths.LAZY_FROM_BYTES // (9 * 16 * 4) + more
        g, w = np.zeros((1, positions, 6), dtypes[0]), np.zeros((9, 16, 6), dtypes[1])
        assert paths.of_window_product(g, w) is expected
        found = lazy.window_cotangent(g, w)
        assert isinstance(found, lazy.LazyProduct) == (expected is paths.LAZY)
        assert paths.of_window_product(tg.Tensor(g), w) is paths.MADE_RECORDED
        assert paths.of_window_product(g, tg.Tensor(w)) is paths.MADE_RECORDED

    def test_how_they_are_added_up(self):
        g, few = np.zeros((1, 4, 4, 2)), paths.FOLD_RUNS_UP_TO_CHANNELS
        assert paths.of_fold(g, (3, 3), few, (1, 1), (1, 1)) is paths.FOLD_RUNS
        assert paths.of_fold(g, (5, 5), few, (1, 1), (1, 1)) is paths.FOLD_RUNS
        assert paths.of_fold(g, (5, 6), few + 1, (1, 1), (1, 1)) is paths.FOLD_WIDE
        large = np.zeros((1, 400, 400, 2))
        assert paths.of_fold(large, (5, 5), few, (1, 1), (1, 1)) is paths.FOLD_WIDE
        assert paths.of_fold(large, (5, 5), few + 1, (1, 1), (1, 1)) is paths.FOLD_CONVOLUTION
        assert paths.of_fold(g, (5, 6), few, (1, 1), (1, 1)) is paths.FOLD_WIDE
        assert paths.of_fold(g, (3, 3), few + 1, (1, 1), (1, 1)) is paths.FOLD_CONVOLUTION
        assert paths.of_fold(g, (3, 3), few + 1, (1, 2), (1, 1)) is paths.FOLD_STEPS
        assert paths.of_fold(g, (3, 3), few + 1, (1, 1), (2, 1)) is paths.FOLD_STEPS

    def test_pooling_of_arrays_and_of_tensors(self):
        g, index = np.zeros((1, 4, 2)), np.zeros((1, 4, 2), np.uint8)
        assert paths.of_max_unpool(g) is paths.LAZY_POOLING
        assert isinstance(lazy.unpooled(g, np.zeros((1, 2, 3, 2)), index), lazy.LazyUnpooled)
        assert paths.of_max_unpool(tg.Tensor(g)) is paths.MADE_RECORDED

    @pytest.mark.parametrize(
        ("a", "b", "expected"),
        [
            ((63, 64), (64, 64), None),
            ((64, 64), (64, 64), (paths.ONE_THREAD, 1)),
            ((1, 128), (128, 63), None),
            ((1, 128), (128, 64), (paths.ONE_THREAD, 1)),
            ((511, 256), (256, 256), (paths.ONE_THREAD, 1)),
            ((512, 128), (128, 256), (paths.PIECES, 2)),
            ((512, 128), (128, 255), (paths.ONE_THREAD, 1)),
            ((1 << 13, 128), (128, 256), (paths.PIECES, paths.MATRIX_PIECES)),
        ],
    )
    def test_matrix_products(self, a, b, expected):
        a, b = np.zeros(a), np.zeros(b)
        assert paths.wakes_threads(a, b) == (expected is not None)
        assert expected is None or paths.of_matrix_product(a, b) == expected

    def test_a_matrix_and_its_own_transpose(self):
        x = np.zeros((1024, 512))
        assert paths.of_matrix_product(x.T, x) == (paths.ONE_TRANSPOSE, 1)

    def test_without_fast_paths(self, monkeypatch):
        monkeypatch.setattr(paths, "ENABLED", False)
        columns = windows(np.zeros((32, 16, 16, 16), np.float32), 3)
        assert of_product(columns, 16) is paths.PLAIN_OFF
        g, w = np.zeros((32, 14, 14, 16)), np.zeros((3, 3, 16, 16))
        assert paths.of_window_product(g, w) is paths.MADE_OFF
        assert paths.of_max_unpool(g) is paths.MADE_OFF
        assert paths.of_matrix_product(np.zeros((1024, 512)), np.zeros((512, 512)))[1] == 1
        assert memory.empty((1 << 20,), np.uint8).flags.owndata


def powers_of_two(path):
    """The names of a module that stand for ``1 << n``."""
    body = ast.parse(path.read_text(encoding="utf-8")).body
    assigned = [node for node in body if isinstance(node, ast.Assign)]
    shifts = [n for n in assigned if any(isinstance(x, ast.LShift) for x in ast.walk(n))]
    return {target.id for node in shifts for target in node.targets}


def test_thresholds_stand_in_one_module():
    package = Path(tg.__file__).parent
    found = {
        (path.stem, name)
        for folder in (".", "core", "fast", "rules", "nn")
        for path in (package / folder).glob("*.py")
        for name in powers_of_two(path)
    }
    # more elements than any memory holds: a bound, and no threshold
    assert {name for module, name in found if module != "paths"} == {"MOST_ELEMENTS"}
    assert len([name for module, name in found if module == "paths"]) > 10
