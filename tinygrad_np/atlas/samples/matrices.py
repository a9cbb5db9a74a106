"""Well-conditioned matrices at a known distance from singular ones and from equal values.

The singular values (or eigenvalues) that are drawn lie 0.5 apart from each other and from zero, so
`REACH`, some way of that, is a distance in which nothing happens. `symmetrised` and `phased` make
of a function of Hermitian matrices one of free matrices, and of vectors that are known up to a
phase some that are known.
"""

from typing import Any

import numpy as np

from .draws import Generator

REACH = 0.2


def _values(rng: Generator, *shape: int) -> Any:
    """Descending positive numbers along the last axis, about 0.5 apart."""
    steps = np.arange(shape[-1], 0, -1) * 0.6 + 0.2
    return steps + rng.uniform(-0.05, 0.05, shape)


def orthonormal(rng: Generator, *shape: int) -> Any:
    """Matrices of orthonormal columns whose first elements, which fix a phase, are not small."""
    while True:
        q = np.linalg.qr(rng.standard_normal(shape))[0]
        if np.abs(q[..., 0, :]).min() > 0.3:
            return q


def regular(rng: Generator, *shape: int) -> Any:
    """A stack of matrices (…, m, n) with distinct singular values between 0.7 and 0.6·k + 0.3."""
    *stack, m, n = shape
    k = min(m, n)
    u, v = orthonormal(rng, *stack, m, k), orthonormal(rng, *stack, n, k)
    return np.matmul(u * _values(rng, *stack, 1, k), np.swapaxes(v, -1, -2))


def with_eigenvalues(rng: Generator, *shape: int, signs: bool = True) -> Any:
    """A stack of matrices (…, n, n) whose symmetric parts have distinct eigenvalues.

    Of both signs, or all positive. The rest of the matrix, which is skew, means nothing.
    """
    *stack, n, _ = shape
    w = _values(rng, *stack, 1, n)
    if signs:
        w = w * np.where(np.arange(n) % 2, -1, 1)
    v = orthonormal(rng, *stack, n, n)
    rest = rng.uniform(-1, 1, shape)
    return np.matmul(v * w, np.swapaxes(v, -1, -2)) + rest - np.swapaxes(rest, -1, -2)


def symmetrised(function: Any, a: Any, *args: Any, **kwargs: Any) -> Any:
    """The function at the Hermitian part of a."""
    return function((a + np.conjugate(np.swapaxes(a, -1, -2))) / 2, *args, **kwargs)


def phased(v: Any) -> Any:
    """Vectors, the columns of v, by phases with which their first elements become positive."""
    first = v[..., :1, :]
    return v * (np.conjugate(first) / np.absolute(first))
