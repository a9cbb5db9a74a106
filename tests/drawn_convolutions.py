"""Convolutions of every geometry, drawn at random, and their definition."""

import numpy as np
from maps import integers

import tinygrad_np as tg
from tinygrad_np.core import geometry

CONV = {1: tg.conv1d, 2: tg.conv2d, 3: tg.conv3d}
TRANSPOSED = {1: tg.conv_transpose1d, 2: tg.conv_transpose2d, 3: tg.conv_transpose3d}


def definition(x, w, stride, pairs, dilation, groups=1):
    """Σ x̃[n, s·i + d·α, c] w[α, c, f], position by position."""
    framed = np.pad(x, ((0, 0), *pairs, (0, 0)))
    size, out_channels = w.shape[:-2], w.shape[-1]
    counts = [
        (n - d * (k - 1) - 1) // s + 1
        for n, k, s, d in zip(framed.shape[1:-1], size, stride, dilation, strict=True)
    ]
    result = np.zeros((len(x), *counts, out_channels))
    taken = x.shape[-1] // groups
    for at in np.ndindex(*counts):
        for offset in np.ndindex(*size):
            place = [i * s + a * d for i, s, a, d in zip(at, stride, offset, dilation, strict=True)]
            pixel = framed[(slice(None), *place)]
            for f in range(out_channels):
                first = f // (out_channels // groups) * taken
                result[(slice(None), *at, f)] += pixel[:, first : first + taken] @ w[offset][:, f]
    return result


class Geometry:
    """One convolution, drawn at random."""

    def __init__(self, rng, axes):
        self.axes = axes
        self.size = tuple(rng.integers(1, 4, axes).tolist())
        self.stride = tuple(rng.integers(1, 4, axes).tolist())
        self.dilation = tuple(rng.integers(1, 3, axes).tolist())
        self.pairs = tuple([tuple(rng.integers(0, 3, 2).tolist()) for _ in range(axes)])
        spans = geometry.window_spans(self.size, self.dilation)
        self.spatial = tuple(
            [
                max(1, k - sum(pair)) + int(rng.integers(0, 4))
                for k, pair in zip(spans, self.pairs, strict=True)
            ]
        )
        self.groups = int(rng.choice([1, 1, 2, 3]))
        self.channels = self.groups * int(rng.integers(1, 4))
        self.out = self.groups * int(rng.integers(1, 3))
        self.n = int(rng.integers(1, 3))

    def arrays(self, rng):
        x = integers(rng, self.n, *self.spatial, self.channels)
        return x, integers(rng, *self.size, self.channels // self.groups, self.out)

    def options(self):
        return {
            "stride": self.stride,
            "padding": self.pairs,
            "dilation": self.dilation,
            "groups": self.groups,
        }

    def definition(self, x, w):
        return definition(x, w, self.stride, self.pairs, self.dilation, self.groups)

    def __repr__(self):
        return str(vars(self))


DRAWN = [(axes, seed) for axes in (1, 2, 3) for seed in range(25 if axes < 3 else 10)]
