"""The matrix of a linear map, found twice: forwards by unit vectors, backwards by reverse mode.

With small integers and maps that only place and add, both are exact and must be equal.
"""

import numpy as np

import tinygrad_np as tg


def units(shape, dtype=float):
    """Every array of that shape with a single one."""
    size = int(np.prod(shape))
    return [unit.reshape(shape) for unit in np.eye(size, dtype=dtype)]


def flat(results):
    """One vector of all results."""
    if isinstance(results, (list, tuple)):
        parts = [np.ravel(part) for part in results]
        return np.concatenate(parts) if parts else np.zeros(0)
    return np.ravel(results)


def forwards(function, shape):
    """(results, arguments): a column for every element of an argument of that shape."""
    offset = flat(function(np.zeros(shape)))
    columns = [flat(function(unit)) - offset for unit in units(shape)]
    return np.stack(columns, 1) if columns else np.zeros((offset.size, 0))


def backwards(function, x):
    """The same at x: a row for every element of the result, by a vjp."""
    result, pull = tg.vjp(lambda v: flat(function(v)), x)
    rows = [np.ravel(pull(unit)[0]) for unit in units(result.shape, result.dtype)]
    return np.stack(rows) if rows else np.zeros((0, x.size))


def integers(rng, *shape):
    """Small whole numbers as floats: sums and products of them are exact."""
    return rng.integers(-4, 5, shape).astype(float)


def assert_same_matrix(function, shape, rng, rtol=0.0):
    x = integers(rng, *shape)
    found, expected = backwards(function, x), forwards(function, shape)
    assert found.shape == expected.shape
    assert np.allclose(found, expected, rtol=rtol, atol=rtol)
