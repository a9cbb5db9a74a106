"""Normalisation of some rows at a time, which stay in the cache, in memory that is used again.

`normalised` and `cotangents` are the kernel and the rule of `nn.normalised` for plain arrays; of x
and its moments, nothing else of the size of x is kept. `_Parts` says how a part lies.
"""

from math import gcd
from typing import Any

import numpy as np

from ..core.arrays import Array
from ..core.dispatch import plain
from ..nn import normalised as text
from . import paths
from .memory import empty, scratch
from .threads import parallel_for, parts


def normalised(epsilon: float, about_mean: bool, x: Array, *affine: Array) -> Any:
    """`nn.normalised.normalised`"""
    path = paths.of_text("normalised", x, paths.IN_PARTS, x, *affine)
    if path is not paths.IN_PARTS:
        return plain(text.normalised)(epsilon, about_mean, x, *affine)
    y, moments = empty(x.shape, x.dtype), np.empty((2, len(x), 1, x.shape[2], 1), x.dtype)

    def write(rows: slice) -> None:
        moments[:, rows] = _normalise(y[rows], epsilon, about_mean, x[rows], *affine)

    parallel_for(write, _rows(x), x.size)
    return y, *moments


def cotangents(g: Any, ans: Any, epsilon: float, about_mean: bool, operands: Any) -> list[Any]:
    """`nn.normalised.normalised_vjp`"""
    (by_y, *by_moments), (_, mean, variance), (x, *affine) = g, ans, operands
    if by_y is None or any([u is not None for u in by_moments]):
        path = paths.note("normalised_vjp", x, paths.TEXT_MOMENTS)
    else:
        path = paths.of_text("normalised_vjp", x, paths.IN_PARTS, by_y, *ans, *operands)
    if path is not paths.IN_PARTS:
        return text.normalised_vjp(g, ans, epsilon, about_mean, operands)
    by_x, rows = empty(x.shape, x.dtype), _rows(x)
    found: list[Any] = [None] * len(rows)

    def write(i: int) -> None:
        some = rows[i]
        into = by_x[some], scratch(by_x[some].shape, x.dtype)
        given = by_y[some], mean[some], variance[some]
        found[i] = _pull_back(*into, *given, epsilon, about_mean, x[some], *affine)

    parallel_for(write, range(len(rows)), x.size)
    return [by_x, *[sum(several) for several in zip(*found, strict=True)]]


def _rows(x: Array) -> list[slice]:
    """Parts of the first axis."""
    n = max(len(x), 1)  # of nothing there is a part, too
    return parts(n, paths.NORMALISED_BYTES * n // max(x.nbytes, 1))


def _normalise(
    y: Array, epsilon: float, about_mean: bool, x: Array, *affine: Array
) -> tuple[Array, Array]:
    """Write the result into `y`; mean and variance. In two passes, since one would cancel."""
    x = np.ascontiguousarray(x)  # or each reshape would copy it
    parts = _Parts(x)
    wide = parts.wide(y)
    mean = np.zeros((parts.n, parts.g, 1), x.dtype)
    centred = parts.wide(x)
    if about_mean:
        mean = parts.over_k(parts.over_s(x)) / parts.count
        centred = np.subtract(centred, parts.spread(mean), out=wide)
    variance = parts.over_k(parts.over_s(centred, centred)) / parts.count
    _multiply_by(wide, centred, parts, 1 / np.sqrt(variance + epsilon), affine)
    if len(affine) > 1:
        wide += parts.spread(affine[1][None])
    return mean[:, None], variance[:, None]


def _pull_back(
    by_x: Array,
    spare: Array,
    g: Array,
    mean: Array,
    variance: Array,
    epsilon: float,
    about_mean: bool,
    x: Array,
    *affine: Array,
) -> list[Array]:
    """Write the cotangent of x into `by_x`; those of scale and shift. `spare` is overwritten."""
    x, g = np.ascontiguousarray(x), np.ascontiguousarray(g)
    parts = _Parts(x)
    wide, centred, inverse = parts.wide(by_x), parts.wide(x), 1 / np.sqrt(variance[:, 0] + epsilon)
    if about_mean:
        centred = np.subtract(centred, parts.spread(mean[:, 0]), out=wide)
    # Σ g and Σ g·(x − mean) over s, (n, g, k): all other sums are made of these
    sums = parts.over_s(g), parts.over_s(g, centred)
    if affine:
        by_affine = [
            np.matmul(weights.transpose(1, 2, 0), part.transpose(1, 0, 2))[:, 0]
            for weights, part in zip((np.ones_like(inverse), inverse), sums, strict=True)
        ][::-1][: len(affine)]
        by_mean, by_length = (
            np.matmul(part.transpose(1, 0, 2), affine[0][:, :, None]).transpose(1, 0, 2)
            for part in sums
        )
    else:
        by_affine = []
        by_mean, by_length = map(parts.over_k, sums)
    np.multiply(centred, parts.spread(inverse**3 * by_length / -parts.count), out=wide)
    if about_mean:
        wide -= parts.spread(inverse * by_mean / parts.count)
    _multiply_by(parts.wide(spare), parts.wide(g), parts, inverse, affine)
    wide += parts.wide(spare)
    return by_affine


def _multiply_by(out: Array, x: Array, parts: "_Parts", inverse: Array, affine: Any) -> None:
    """x / √(variance + epsilon) · scale, into `out`; what is small is multiplied first."""
    if affine and parts.s > 1:
        inverse = inverse * affine[0]
    np.multiply(x, parts.spread(inverse), out=out)
    if affine and parts.s == 1:
        out *= affine[0]


class _Parts:
    """x (n, s, g, k), its s cut into s and w, so that what varies over w, g and k is a long row.

    NumPy is fast along long rows; and each sum is one of w sums, which keeps its digits.
    """

    def __init__(self, x: Array) -> None:
        self.n, s, self.g, self.k = x.shape
        self.w = gcd(s, 64)
        self.s, self.count = s // self.w, s * self.k
        self.form = (self.n, self.s, self.w, self.g, self.k)
        self.long = (self.n, self.s, self.w * self.g * self.k)

    def wide(self, x: Array) -> Array:
        """(n, s, 1, 1, w·g·k), or where s is 1 (n, 1, w, g, k)"""
        return x.reshape(self.form if self.s == 1 else (*self.long[:2], 1, 1, self.long[2]))

    def spread(self, x: Array) -> Array:
        """(n or 1, g, k or 1) as it is broadcast with what is `wide`."""
        x = x[:, None, None]
        if self.s == 1:
            return x
        row = np.broadcast_to(x, (len(x), 1, *self.form[2:]))
        return row.reshape(len(x), 1, 1, 1, self.long[2])

    def over_s(self, x: Array, y: Array | None = None) -> Array:
        """Σ x, or Σ x·y, over s and w: (n, g, k)"""
        x = x.reshape(self.long)
        if self.s == 1:
            rows = x if y is None else x * y.reshape(self.long)
        else:
            rows = (
                np.add.reduce(x, 1)
                if y is None
                else np.einsum("nsv,nsv->nv", x, y.reshape(self.long))
            )
        rows = rows.reshape(self.n, *self.form[2:])
        return np.add.reduce(rows, 1) if self.w > 1 else rows[:, 0]

    def over_k(self, x: Array) -> Array:
        """Σ x over k: (n, g, k) → (n, g, 1)"""
        if self.k == 1:
            return x
        return np.matmul(x.reshape(-1, self.k), np.ones(self.k, x.dtype)).reshape(-1, self.g, 1)
