"""Volumes by their slices: bit for bit what the plain path computes."""

import numpy as np
import pytest
from plain_products import integers, simple, simple_filters

from tinygrad_np.fast import slices
from tinygrad_np.fast.frames import FramedWindows

pytestmark = pytest.mark.usefixtures("fast_paths")

GEOMETRIES = [
    # volumes, filter size, frame
    ((2, 6, 5, 7, 3), (3, 2, 2), ((0, 0), (0, 0), (0, 0))),
    ((1, 4, 5, 7, 2), (3, 3, 3), ((1, 1), (1, 1), (1, 1))),
    ((2, 2, 5, 4, 3), (3, 1, 2), ((2, 0), (0, 1), (1, 0))),
    ((3, 1, 4, 4, 1), (3, 2, 2), ((4, 2), (0, 0), (0, 0))),  # outputs of the frame alone
    ((1, 5, 3, 3, 2), (1, 3, 3), ((0, 0), (1, 1), (1, 1))),
]


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize(("shape", "size", "pairs"), GEOMETRIES, ids=str)
def test_products(shape, size, pairs, dtype):
    rng = np.random.default_rng(0)
    x, w = integers(rng, dtype, *shape), integers(rng, dtype, *size, shape[-1], 5)
    columns = FramedWindows(x, pairs, size, (1, 1, 1), (1, 1, 1))
    y = slices.product(columns, w)
    assert y.dtype == dtype
    assert np.array_equal(y, simple(columns.materialize(), w))
    g = integers(rng, dtype, *y.shape)
    found = slices.filter_product(columns, g)
    assert found.dtype == dtype
    assert np.array_equal(found, simple_filters(columns.materialize(), g))
