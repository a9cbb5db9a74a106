"""Winograd's transforms: exact in exact arithmetic."""

import numpy as np
import pytest

from tinygrad_np.fast import winograd


@pytest.mark.parametrize("k", [3, 5])
def test_the_transforms_are_exact_in_exact_arithmetic(k):
    t = winograd.transforms(k)
    rng = np.random.default_rng(3)
    pixels, taps = rng.integers(-9, 10, k + 3), rng.integers(-9, 10, k)
    found = t.outputs @ ((t.pixels @ pixels) * (t.taps @ taps))
    expected = [pixels[i : i + k] @ taps for i in range(4)]
    assert np.allclose(found, expected, rtol=0, atol=1e-11)
