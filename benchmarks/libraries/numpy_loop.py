"""The cases as plain NumPy, differentiated by hand and written for nothing but speed.

What a library costs beyond the arithmetic is its time over the time of this. The images' windows
are copied tap by tap, whole rows at a time, into a buffer that is used again at every step; every
intermediate result has its buffer, too.
"""

import math
from collections.abc import Callable
from typing import Any

import numpy as np

from ..cases import RATE, Arrays, Task

Step = Callable[[], tuple[Any, Any]]


def two_class(params: Arrays, batch: Arrays, layout: str) -> Task:
    """The first post's network; a batch of one image is a case of its own, with Python's floats."""
    loop = _one_image if len(batch[0]) == 1 else _many_images
    return Task(loop(params, batch), lambda result: [result[0], *result[1]])


def _taps(n: int) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """The inside of a frame of zeros, its nine shifts, and the columns to copy these into."""
    framed = np.zeros((n, 30, 30), np.float32)
    a, b, c = framed.strides
    shifts = np.lib.stride_tricks.as_strided(framed, (3, 3, n, 28, 28), (b, c, a, b, c))
    columns = np.empty((3, 3, n, 28, 28), np.float32)
    return framed[:, 1:-1, 1:-1], shifts, columns, columns.reshape(9, n * 784)


def _one_image(params: Arrays, batch: Arrays) -> Step:
    filters, weights = [p.reshape(-1) for p in params]
    images, labels = batch
    inside, shifts, taps, columns = _taps(1)
    hidden, positive = np.empty(784, np.float32), np.empty(784, bool)
    by_convolved, update = np.empty(784, np.float32), np.empty(784, np.float32)
    zero = np.zeros((), np.float32)
    maximum, greater, multiply, dot, exp, log1p = (
        np.maximum, np.greater, np.multiply, np.dot, math.exp, math.log1p
    )  # fmt: skip

    def step() -> tuple[Any, Any]:
        inside[...] = images[..., 0]
        taps[...] = shifts
        dot(filters, columns, out=hidden)  # (9) @ (9, 784)
        maximum(hidden, zero, out=hidden)
        z, y = float(dot(hidden, weights)), labels.item()
        small = exp(-abs(z))
        value = max(z, 0.0) - z * y + log1p(small)
        residual = (1 / (1 + small) if z > 0 else small / (1 + small)) - y
        greater(hidden, zero, out=positive)
        multiply(weights, positive, out=by_convolved)
        by_filters = dot(columns, by_convolved)  # (9, 784) @ (784)
        by_filters *= residual
        by_weights = hidden * residual
        multiply(by_filters, RATE, out=update[:9])
        np.subtract(filters, update[:9], out=filters)
        multiply(by_weights, RATE, out=update)
        np.subtract(weights, update, out=weights)
        return value, (by_filters.reshape(3, 3, 1, 1), by_weights.reshape(784, 1))

    return step


def _many_images(params: Arrays, batch: Arrays) -> Step:
    filters, weights = params[0].reshape(-1), params[1]
    images, labels = batch
    n = len(images)
    inside, shifts, taps, columns = _taps(n)
    hidden, positive = np.empty((n, 784), np.float32), np.empty((n, 784), bool)
    by_convolved = np.empty((n, 784), np.float32)
    zero, one, rate = np.zeros((), np.float32), np.ones((), np.float32), np.float32(RATE)

    def step() -> tuple[Any, Any]:
        inside[...] = images[..., 0]
        taps[...] = shifts
        np.dot(filters, columns, out=hidden.reshape(-1))  # (9) @ (9, n·784)
        np.maximum(hidden, zero, out=hidden)
        z = np.dot(hidden, weights)
        value = np.add.reduce(np.logaddexp(zero, z) - z * labels, None) / n
        residuals = (one / (one + np.exp(-z)) - labels) / n
        np.greater(hidden, zero, out=positive)
        np.multiply(residuals, weights[:, 0], out=by_convolved)
        np.multiply(by_convolved, positive, out=by_convolved)
        by_filters = np.dot(columns, by_convolved.reshape(-1))  # (9, n·784) @ (n·784)
        by_weights = np.dot(hidden.T, residuals)  # (784, n) @ (n, 1)
        filters[...] -= rate * by_filters
        weights[...] -= rate * by_weights
        return value, (by_filters.reshape(3, 3, 1, 1), by_weights)

    return step
