"""Matrices with given values, and gradients by differences, for the tests of linear algebra."""

import numpy as np

import tinygrad_np as tg

WEIGHTS = np.random.default_rng(7).standard_normal((6, 6))


def random_like(rng, kind, *shape):
    """Standard normal numbers, real ("f") or complex ("c")."""
    x = rng.standard_normal(shape)
    return x + 1j * rng.standard_normal(shape) if kind == "c" else x


def hermitian_with(values, kind="f", seed=0):
    """A Hermitian matrix with these eigenvalues."""
    rng = np.random.default_rng(seed)
    v = np.linalg.qr(random_like(rng, kind, len(values), len(values)))[0]
    a = (v * np.array(values, float)) @ v.conj().T
    return (a + a.conj().T) / 2


def matrix_with(m, n, values, kind="f", seed=0):
    """An m×n matrix with these singular values."""
    rng = np.random.default_rng(seed)
    k = len(values)
    u = np.linalg.qr(random_like(rng, kind, m, k))[0]
    v = np.linalg.qr(random_like(rng, kind, n, k))[0]
    return (u * np.array(values, float)) @ v.conj().T


def gradient_by_differences(f, a, step=1e-4):
    """∂f/∂x − i ∂f/∂y of a real function f, element by element, to about 1e-10."""
    gradient = np.zeros(a.shape, complex)
    for index in np.ndindex(a.shape):
        for unit in (1, 1j) if a.dtype.kind == "c" else (1,):
            change = np.zeros_like(a)
            change[index] = step * unit
            near = f(a + change) - f(a - change)
            far = f(a + 2 * change) - f(a - 2 * change)
            gradient[index] += (8 * near - far) / (12 * step) * np.conjugate(unit)
    return gradient if a.dtype.kind == "c" else gradient.real


def dagger(x):
    return np.conjugate(np.swapaxes(x, -1, -2))


def hermitian(x):
    return (x + dagger(x)) / 2


def close(a, b, tolerance=1e-8):
    """Whether a is b, relative to the largest element."""
    return np.abs(a - b).max(initial=0) <= tolerance * max(np.abs(b).max(initial=0), 1e-300)


def weighed(x):
    """A real number that depends on every element."""
    return np.real(np.sum(WEIGHTS[: x.shape[-2], : x.shape[-1]] * x))


def no_derivative_is_finite(f, a, bad):
    """Whether a cotangent or tangent with one element that is `bad` leaves nothing finite."""
    with np.errstate(all="ignore"):
        value, pull = tg.vjp(f, a)
        of_g = [pull(g)[0] for g in _spoilt(value, bad)]
        of_t = [tg.jvp(f, [a], [t])[1] for t in _spoilt(a, bad)]
    return not any(np.isfinite(x).any() for x in (*of_g, *of_t))


def _spoilt(x, bad):
    """Arrays like x that are 0 but for one element."""
    for i in range(x.size):
        yield np.where(np.arange(x.size).reshape(x.shape) == i, bad, np.zeros_like(x))
