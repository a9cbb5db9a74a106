"""Winograd along rows: what it computes, with which error in float32."""

import numpy as np
import pytest
from framed_products import drawn, errors, errors_in_parts

from tinygrad_np.fast import paths, winograd_rows

pytestmark = pytest.mark.usefixtures("fast_paths")

GEOMETRIES = [
    # images, filter size, filters, frame
    ((1, 6, 6, 16), (3, 3), 16, ((0, 0), (0, 0))),
    ((2, 7, 9, 16), (3, 3), 33, ((1, 1), (1, 1))),
    ((5, 14, 14, 32), (3, 3), 16, ((0, 1), (0, 1))),  # as "same" frames at even sizes
    ((1, 31, 13, 17), (3, 3), 16, ((1, 0), (1, 0))),
    ((2, 9, 8, 16), (5, 5), 16, ((2, 2), (2, 2))),
    ((3, 17, 23, 40), (5, 3), 16, ((4, 0), (0, 2))),
    ((1, 5, 8, 256), (3, 3), 128, ((1, 1), (1, 1))),
    ((1, 40, 300, 16), (3, 3), 16, ((0, 0), (1, 1))),  # one image is more than a part
    ((7, 12, 6, 16), (3, 1), 20, ((2, 2), (0, 0))),
    ((7, 12, 6, 16), (3, 2), 20, ((9, 2), (1, 0))),  # whole tiles lie in the frame
    ((3, 4, 4, 16), (3, 4), 16, ((1, 1), (1, 2))),
]


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize(("shape", "size", "f", "pairs"), GEOMETRIES, ids=str)
def test_products(shape, size, f, pairs, dtype):
    given = drawn(np.random.default_rng(1), shape, size, f, pairs, dtype)
    allowed = 1e-5 if dtype == np.float32 else 1e-13
    assert max(errors(winograd_rows, *given)) <= allowed


@pytest.mark.parametrize("size", [1, 1 << 12, 1 << 16, 1 << 20])
def test_parts_of_every_size(size, monkeypatch):
    """Of the last part, nothing of what was there before is left."""
    monkeypatch.setattr(paths, "ROWS_BYTES", size)
    monkeypatch.setattr(paths, "ROWS_FILTERS_READ", 1 << 20)
    given = drawn(np.random.default_rng(2), (7, 9, 6, 16), (3, 3), 24, ((1, 1), (1, 1)), float)
    assert max(errors(winograd_rows, *given)) <= 1e-13
    assert max(errors_in_parts(winograd_rows, *given, monkeypatch)) <= 1e-13


def test_pieces_of_every_size(monkeypatch):
    monkeypatch.setattr(paths, "SMALL_PRODUCT_ROWS", 1)
    given = drawn(np.random.default_rng(2), (5, 9, 6, 16), (3, 3), 24, ((1, 1), (1, 1)), float)
    for limit in (48 * 24, 5 * 48 * 24, 100 * 48 * 24):
        monkeypatch.setattr(paths, "SMALL_PRODUCT", limit)
        assert max(errors(winograd_rows, *given)) <= 1e-13


def test_the_error_is_what_the_module_says():
    rng = np.random.default_rng(2)
    for k, bound in ((3, 2e-6), (5, 5e-6)):
        given = drawn(rng, (2, 20, 20, 256), (k, k), 64, ((1, 1), (1, 1)), np.float32)
        assert max(errors(winograd_rows, *given)) <= bound


def test_nan_and_inf_stay_in_the_rows_that_they_reach():
    columns, w, _ = drawn(
        np.random.default_rng(0), (2, 12, 8, 16), (3, 3), 16, ((1, 1), (1, 1)), np.float32
    )
    columns.images[0, 0, 0, 0] = np.nan
    found = winograd_rows.product(columns, w)
    assert np.isnan(found[0, :2, :2]).all()
    assert np.isfinite(found[1]).all()
    assert np.isfinite(found[0, 4:]).all()  # from the second tile of rows on
