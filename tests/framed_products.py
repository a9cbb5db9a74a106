"""Products of framed images with filters, by the plain path in float64."""

import numpy as np
from plain_products import simple, simple_filters

from tinygrad_np.fast import memory, threads
from tinygrad_np.fast.frames import FramedWindows


def drawn(rng, shape, size, f, pairs, dtype):
    """Framed windows, filters, and a cotangent, of normal numbers."""
    x = rng.standard_normal(shape).astype(dtype)
    w = rng.standard_normal((*size, shape[-1], f)).astype(dtype)
    columns = FramedWindows(x, pairs, size, (1,) * len(size), (1,) * len(size))
    g = rng.standard_normal((*columns.shape[: len(size) + 1], f)).astype(dtype)
    return columns, w, g


def errors(module, columns, w, g):
    """Of `product` and `filter_product`, relative to the largest value."""
    exact = columns.materialize().astype(float)
    pairs = (
        (module.product(columns, w), simple(exact, w.astype(float)), w.dtype),
        (module.filter_product(columns, g), simple_filters(exact, g.astype(float)), g.dtype),
    )
    found = []
    for value, expected, dtype in pairs:
        assert value.dtype == dtype
        assert value.shape == expected.shape
        assert value.flags.c_contiguous
        found.append(np.max(np.abs(value - expected)) / np.max(np.abs(expected)))
    return found


def errors_in_parts(module, columns, w, g, monkeypatch):
    """The same where the last part comes first, and where inf lies in the memory that it is given.

    Nothing of that may be computed with: that would warn, and here it raises.
    """

    def scratch(shape, dtype):
        return np.full(shape, np.inf, dtype)

    def backwards(function, pieces, work):
        for piece in reversed(list(pieces)):
            function(piece)

    monkeypatch.setattr(memory, "scratch", scratch)
    monkeypatch.setattr(threads, "parallel_for", backwards)
    monkeypatch.setattr(module, "parallel_for", backwards)
    with np.errstate(invalid="raise"):
        return errors(module, columns, w, g)
