"""Winograd along both axes: what it computes, with which error in float32."""

import numpy as np
import pytest
from framed_products import drawn, errors, errors_in_parts

from tinygrad_np.fast import paths, winograd_squares

pytestmark = pytest.mark.usefixtures("fast_paths")

GEOMETRIES = [
    # images, filters, frame
    ((1, 6, 6, 16), 16, ((0, 0), (0, 0))),
    ((2, 7, 9, 16), 33, ((1, 1), (1, 1))),
    ((5, 14, 14, 32), 16, ((0, 1), (0, 1))),
    ((1, 31, 13, 17), 16, ((1, 0), (1, 0))),
    ((1, 5, 8, 256), 128, ((1, 1), (1, 1))),
    ((1, 40, 300, 16), 16, ((0, 0), (1, 1))),  # one image is more than a part
    ((7, 12, 6, 16), 20, ((9, 2), (4, 7))),  # whole squares lie in the frame
    ((3, 3, 3, 16), 16, ((0, 0), (0, 0))),
]


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize(("shape", "f", "pairs"), GEOMETRIES, ids=str)
def test_products(shape, f, pairs, dtype):
    given = drawn(np.random.default_rng(1), shape, (3, 3), f, pairs, dtype)
    allowed = 1e-5 if dtype == np.float32 else 1e-13
    assert max(errors(winograd_squares, *given)) <= allowed


@pytest.mark.parametrize("size", [1, 1 << 12, 1 << 16, 1 << 20])
def test_parts_of_every_size(size, monkeypatch):
    """Of the last part, nothing of what was there before is left."""
    monkeypatch.setattr(paths, "SQUARES_BYTES", size)
    monkeypatch.setattr(paths, "SQUARES_FILTERS_READ", 1 << 20)
    monkeypatch.setattr(paths, "SQUARES_TILES_ADDED", 1)
    given = drawn(np.random.default_rng(2), (7, 9, 6, 16), (3, 3), 24, ((1, 1), (1, 1)), float)
    assert max(errors(winograd_squares, *given)) <= 1e-13
    assert max(errors_in_parts(winograd_squares, *given, monkeypatch)) <= 1e-13


def test_pieces_of_every_size(monkeypatch):
    monkeypatch.setattr(paths, "SMALL_PRODUCT_ROWS", 1)
    given = drawn(np.random.default_rng(2), (5, 9, 6, 16), (3, 3), 24, ((1, 1), (1, 1)), float)
    for limit in (16 * 24, 5 * 16 * 24, 100 * 16 * 24):
        monkeypatch.setattr(paths, "SMALL_PRODUCT", limit)
        assert max(errors(winograd_squares, *given)) <= 1e-13


def test_the_error_is_what_the_module_says():
    given = drawn(np.random.default_rng(2), (2, 20, 20, 256), (3, 3), 64, ((1, 1), (1, 1)), "f4")
    assert max(errors(winograd_squares, *given)) <= 4e-6


def test_nan_stays_in_the_squares_that_it_reaches():
    columns, w, _ = drawn(
        np.random.default_rng(0), (2, 12, 12, 16), (3, 3), 16, ((1, 1), (1, 1)), np.float32
    )
    columns.images[0, 0, 0, 0] = np.nan
    found = winograd_squares.product(columns, w)
    assert np.isnan(found[0, :2, :2]).all()
    assert np.isfinite(found[1]).all()
    assert np.isfinite(found[0, 4:]).all()
    assert np.isfinite(found[0, :, 4:]).all()
