"""What closed forms are held against: differences, the pixels of each window, how near is near."""

import numpy as np


def close(found, expected, tolerance):
    """Whether they differ by no more than `tolerance` of the largest expected number."""
    return found.shape == expected.shape and np.max(np.abs(found - expected)) <= tolerance * (
        np.max(np.abs(expected))
    )


def five_point(function, x):
    """The gradient of `function` at `x`, one component after the other."""
    result, h = np.empty_like(x), 1e-3
    for place in np.ndindex(x.shape):
        values = []
        for steps in (-2, -1, 1, 2):
            moved = x.copy()
            moved[place] += steps * h
            values.append(function(moved))
        result[place] = (values[0] - 8 * values[1] + 8 * values[2] - values[3]) / (12 * h)
    return result


def pixel_triples(spatial, size, stride, padding):
    """(window, tap, pixel) for every tap of every window that lies over a pixel, on one axis."""
    last = spatial + 2 * padding - size
    for i, start in enumerate(range(0, last + 1, stride)):
        for alpha in range(size):
            if 0 <= start + alpha - padding < spatial:
                yield i, alpha, start + alpha - padding


def counts(spatial, size, stride, padding):
    return tuple(
        (n + 2 * p - k) // s + 1 for n, k, s, p in zip(spatial, size, stride, padding, strict=True)
    )
