"""tinygrad_np.summary beside PyTorch's own counter of floating-point operations."""

import numpy as np
import pytest

import tinygrad_np as tg

torch = pytest.importorskip("torch", reason="PyTorch is not installed")
pytestmark = pytest.mark.torch


def counted_there(function, *arrays):
    """It counts a multiplication and an addition as two."""
    from torch.utils.flop_counter import FlopCounterMode

    with FlopCounterMode(display=False) as counter:
        function(*map(torch.from_numpy, arrays))
    return counter.get_total_flops() / 2


def counted_here(function, *arrays):
    return tg.summary(lambda params: function(*params), list(arrays)).multiplications


@pytest.mark.parametrize("seed", range(200))
def test_a_convolution(seed):
    rng = np.random.default_rng(seed)
    groups, size = int(rng.integers(1, 4)), rng.integers(1, 4, 2)
    options = {
        name: tuple(rng.integers(low, low + 3, 2).tolist())
        for name, low in (("stride", 1), ("padding", 0), ("dilation", 1))
    }
    n, c, f = rng.integers(1, 4, 3)
    images = np.ones((n, *rng.integers(8, 12, 2), c * groups))
    filters = np.ones((*size, c, f * groups))
    here = counted_here(lambda x, w: tg.conv2d(x, w, **options, groups=groups), images, filters)
    there = counted_there(
        lambda x, w: torch.nn.functional.conv2d(x, w, **options, groups=groups),
        *(images.transpose(0, 3, 1, 2), filters.transpose(3, 2, 0, 1)),
    )
    assert here == there


@pytest.mark.parametrize(
    ("one", "other"),
    [((5, 3), (3, 2)), ((4, 5, 3), (4, 3, 2)), ((4, 5, 3), (3, 2)), ((6, 1, 5, 3), (4, 3, 2))],
)
def test_stacks_of_products(one, other):
    arrays = np.ones(one), np.ones(other)
    assert counted_here(np.matmul, *arrays) == counted_there(torch.matmul, *arrays)
