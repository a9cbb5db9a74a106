"""What closed forms are held against: differences, and how near is near."""

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
