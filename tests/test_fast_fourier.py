"""Convolutions by the Fourier transform: what they compute, with which error in float32."""

import numpy as np
import pytest
from framed_products import drawn, errors

import tinygrad_np as tg
from tinygrad_np.fast import fourier, paths

pytestmark = pytest.mark.usefixtures("fast_paths")

GEOMETRIES = [
    # images, filter size, filters, frame
    ((2, 11, 9, 3), (7, 7), 5, ((0, 0), (0, 0))),
    ((3, 12, 13, 1), (9, 5), 2, ((4, 4), (2, 2))),
    ((1, 16, 8, 4), (8, 8), 3, ((3, 4), (4, 3))),
    ((5, 7, 6, 2), (7, 10), 3, ((0, 6), (11, 0))),  # a frame wider than the filters
    ((2, 3, 3, 2), (7, 7), 3, ((3, 3), (3, 3))),  # filters wider than the images
    ((2, 5, 40, 2), (1, 49), 3, ((0, 0), (24, 24))),
]


@pytest.mark.parametrize("size", [1, 1 << 22])
@pytest.mark.parametrize(("shape", "taps", "f", "pairs"), GEOMETRIES, ids=str)
def test_products(shape, taps, f, pairs, size, monkeypatch):
    monkeypatch.setattr(paths, "FOURIER_BYTES", size)
    monkeypatch.setattr(paths, "FOURIER_IMAGES", 1)
    given = drawn(np.random.default_rng(1), shape, taps, f, pairs, np.float32)
    assert max(errors(fourier, *given)) <= 2e-6


def test_the_error_is_what_the_module_says():
    for channels, k in ((64, 11), (16, 15)):
        pairs = ((k // 2, k // 2),) * 2
        given = drawn(np.random.default_rng(2), (4, 32, 32, channels), (k, k), 32, pairs, "f4")
        assert max(errors(fourier, *given)) <= 1e-6


def test_both_gradients_of_a_layer():
    """Images' cotangents are a convolution, too."""
    rng = np.random.default_rng(0)
    x, w = rng.standard_normal((4, 24, 24, 8)), rng.standard_normal((11, 11, 8, 8))
    u = rng.standard_normal(x.shape)
    found = {}
    for dtype in (np.float32, np.float64):
        y, pull = tg.vjp(
            lambda x, w: tg.conv2d(x, w, padding="same"), x.astype(dtype), w.astype(dtype)
        )
        found[dtype] = [y, *pull(u.astype(dtype))]
    for single, double in zip(*found.values(), strict=True):
        assert single.dtype == np.float32
        assert np.max(np.abs(single - double)) <= 1e-5 * np.max(np.abs(double))
