"""Long runs of few channels: bit for bit what the plain path computes, in every geometry."""

import numpy as np
import pytest
from framed_products import drawn, errors_in_parts
from plain_products import integers, simple, simple_filters

from tinygrad_np.core import windows as core
from tinygrad_np.fast import paths, runs
from tinygrad_np.fast.frames import FramedWindows

pytestmark = pytest.mark.usefixtures("fast_paths")

GEOMETRIES = [
    # images, filter size, frame
    ((1, 7, 11, 3), (3, 3), ((1, 1), (1, 1))),
    ((3, 13, 17, 1), (5, 5), ((0, 0), (0, 0))),
    ((4, 11, 13, 4), (3, 2), ((1, 0), (0, 1))),
    ((2, 9, 5, 2), (4, 4), ((7, 1), (2, 9))),  # a frame wider than the filters
    ((5, 1, 37, 4), (1, 5), ((0, 0), (2, 2))),
    ((1, 1, 1, 4), (1, 1), ((0, 0), (0, 0))),
    ((7, 23, 3), (5,), ((2, 2),)),
    ((2, 6, 5, 7, 2), (2, 3, 2), ((1, 0), (1, 1), (0, 1))),
]


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("most", [1, 1 << 12, 1 << 20])
@pytest.mark.parametrize(("shape", "size", "pairs"), GEOMETRIES, ids=str)
def test_products_and_adjoints(monkeypatch, shape, size, pairs, most, dtype):
    """Runs of so many bytes, down to those of one image."""
    monkeypatch.setattr(paths, "RUNS_BYTES", most)
    rng = np.random.default_rng(0)
    ones = (1,) * len(size)
    x, w = integers(rng, dtype, *shape), integers(rng, dtype, *size, shape[-1], 6)
    columns = FramedWindows(x, pairs, size, ones, ones)
    plain = columns.materialize()
    y = runs.product(columns, w)
    assert y.dtype == dtype
    assert np.array_equal(y, simple(plain, w))
    g = integers(rng, dtype, *y.shape)
    found = runs.filter_product(columns, g)
    assert found.dtype == dtype
    assert np.array_equal(found, simple_filters(plain, g))
    framed = core.pad(x, ((0, 0), *pairs, (0, 0))).shape
    folded = core.fold(core.window_product(g, w), framed)
    spans = [(before, before + n) for n, (before, _) in zip(shape[1:-1], pairs, strict=True)]
    part = folded[(slice(None), *[slice(*span) for span in spans])]
    assert np.array_equal(runs.folded_product(g, w, framed, spans), part)


def test_pieces_of_every_size(monkeypatch):
    monkeypatch.setattr(paths, "SMALL_PRODUCT_ROWS", 1)
    rng = np.random.default_rng(0)
    x, g = integers(rng, float, 5, 9, 8, 2), integers(rng, float, 5, 7, 6, 4)
    columns = FramedWindows(x, ((0, 0), (0, 0)), (3, 3), (1, 1), (1, 1))
    for rows in (1, 5, 42, 200):
        monkeypatch.setattr(paths, "SMALL_PRODUCT", rows * 18 * 4)
        found = runs.filter_product(columns, g)
        assert np.array_equal(found, simple_filters(columns.materialize(), g))


def test_the_last_part_first(monkeypatch):
    """Three images, three and one; each part in memory with anything in it."""
    monkeypatch.setattr(paths, "RUNS_BYTES", 3 * 9 * 2 * 11 * 10 * 8)
    pairs = ((1, 1), (1, 1))
    given = drawn(np.random.default_rng(2), (7, 9, 8, 2), (3, 3), 4, pairs, float)
    assert max(errors_in_parts(runs, *given, monkeypatch)) <= 1e-13
