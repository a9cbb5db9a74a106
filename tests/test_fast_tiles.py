"""Tiles: products and adjoints bit for bit as the simple path has them, blocks that cover all."""

import itertools

import numpy as np
import pytest
from plain_products import integers, simple, simple_filters

from tinygrad_np.core import windows as core_windows
from tinygrad_np.core.windows import fold, windows
from tinygrad_np.fast import paths, tiles

pytestmark = pytest.mark.usefixtures("fast_paths")


GEOMETRIES = [
    # images (n, *spatial, c), filter size, stride, dilation: odd and prime sizes, one-row tiles
    ((1, 7, 11, 3), (3, 3), 1, 1),
    ((3, 13, 17, 1), (5, 5), 1, 1),
    ((2, 11, 13, 8), (3, 2), 1, 1),
    ((2, 11, 13, 9), (3, 2), 1, 1),
    ((2, 9, 31, 5), (3, 3), (2, 3), 1),
    ((2, 17, 9, 12), (2, 3), 1, (2, 3)),
    ((5, 1, 37, 4), (1, 5), 1, 1),
    ((1, 1, 1, 64), (1, 1), 1, 1),
    ((2, 23, 6), (5,), 2, 1),
    ((2, 6, 5, 7, 3), (2, 3, 2), 1, 1),
]


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("most", [1, 5, 64, 4096])
@pytest.mark.parametrize(("shape", "size", "stride", "dilation"), GEOMETRIES, ids=str)
class TestTiles:
    def test_products_and_adjoints(self, monkeypatch, shape, size, stride, dilation, most, dtype):
        """Tiles of so many positions, down to one."""
        monkeypatch.setattr(paths, "tile_positions", lambda row, f, itemsize: most)
        rng = np.random.default_rng(0)
        x, w = integers(rng, dtype, *shape), integers(rng, dtype, *size, shape[-1], 6)
        columns = windows(x, size, stride, dilation)
        y = tiles.product(columns, w)
        assert y.dtype == dtype
        assert np.array_equal(y, simple(columns, w))
        g = integers(rng, dtype, *y.shape)
        assert np.array_equal(tiles.filter_product(columns, g), simple_filters(columns, g))
        stride, dilation = (
            (step,) * len(size) if isinstance(step, int) else step for step in (stride, dilation)
        )
        found = tiles.folded_product(g, w, shape, stride, dilation)
        expected = fold(core_windows.window_product(g, w), shape, stride, dilation)
        assert np.array_equal(found, expected)


def test_blocks_cover_every_position_once_and_in_order():
    all_kept = [(1,), (5, 7), (3, 4, 5), (2, 1, 9, 2)]
    for kept, most in itertools.product(all_kept, range(1, 70)):
        seen = np.zeros(kept, int)
        position = 0
        for block in tiles.blocks(kept, most):
            assert block.start == position
            position = block.stop
            assert 1 <= block.stop - block.start <= max(most, 1)
            assert seen[block.place].size == block.stop - block.start
            assert seen[block.place].shape == block.shape
            seen[block.place] += 1
        assert position == seen.size
        assert (seen == 1).all()
    assert tiles.blocks((0, 4), 3) == tiles.blocks((4, 0), 3) == ()
