"""The array function beneath every normalisation, and its derivative.

`normalised` takes x in the form (n, s, g, k) to mean 0 and variance 1 over s and k, for each of n
and g; scale and shift are (g, k). `normalised_cotangents` is its vjp, with a kernel of its own,
which needs x and its moments and nothing else of the size of x.

`normalise` and `pull_back` are the kernels, which write into arrays that they are given.
"""

from math import gcd
from typing import Any

import numpy as np

from ..core.arrays import Array, sum_to
from ..core.dispatch import array_function
from ..core.signature import signature
from ..core.table import add, general
from ..rules.composed import composed


@array_function
def normalised(epsilon: float, about_mean: bool, *operands: Any) -> tuple[Any, Any, Any]:
    """(x − mean) / √(variance + epsilon) · scale + shift; the mean and variance over s and k.

    The operands are x (n, s, g, k) and, unless they are left out, scale and shift (g, k); mean and
    variance are (n, 1, g, 1). Unless it is `about_mean`, 0 is taken for the mean.

    >>> y, mean, variance = normalised(0.0, True, np.array([1.0, 3.0]).reshape(1, 2, 1, 1))
    >>> y.ravel(), mean.ravel(), variance.ravel()
    (array([-1.,  1.]), array([2.]), array([1.]))
    """
    y = np.empty(operands[0].shape, operands[0].dtype)
    return y, *normalise(y, epsilon, about_mean, *operands)


@array_function
def normalised_cotangents(
    g: Any, mean: Any, variance: Any, epsilon: float, about_mean: bool, *operands: Any
) -> tuple[Any, ...]:
    """The cotangents of the operands of `normalised` for that of y, given x's mean and variance.

    >>> x = np.array([1.0, 3.0]).reshape(1, 2, 1, 1)
    >>> y, mean, variance = normalised(0.0, True, x)
    >>> normalised_cotangents(y, mean, variance, 0.0, True, x)[0].ravel()
    array([0., 0.])
    """
    by_x, spare = [np.empty(g.shape, g.dtype) for _ in range(2)]
    return by_x, *pull_back(by_x, spare, g, mean, variance, epsilon, about_mean, *operands)


def normalise(
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


def pull_back(
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


# In terms of other rows


def _cotangents(
    g: Any, mean: Any, variance: Any, epsilon: Any, about_mean: Any, operands: Any
) -> Any:
    x, *affine = operands
    inverse, count = 1 / np.sqrt(variance + epsilon), x.shape[1] * x.shape[3]
    centred = x - mean if about_mean else x
    scaled = g * affine[0] if affine else g
    by_x = inverse * scaled - centred * (inverse**3 * sum_to(scaled * centred, mean.shape) / count)
    if about_mean:
        by_x = by_x - inverse * sum_to(scaled, mean.shape) / count
    by_affine = zip((centred * inverse * g, g), affine, strict=False)
    return (by_x, *[sum_to(part, value.shape) for part, value in by_affine])


def _vjp(g: Any, ans: Any, epsilon: Any, about_mean: Any, operands: Any) -> list[Any]:
    (by_y, by_mean, by_variance), (_, mean, variance), x = g, ans, operands[0]
    if by_y is None:
        by_y = np.zeros(x.shape, x.dtype)
    of_x, *others = normalised_cotangents(by_y, mean, variance, epsilon, about_mean, *operands)
    count = x.shape[1] * x.shape[3]
    if by_variance is not None:
        of_x = of_x + by_variance * (x - mean) * (2 / count)
    if by_mean is not None and about_mean:
        of_x = of_x + by_mean / count
    return [of_x, *others]


def _jvp(t: Any, ans: Any, epsilon: Any, about_mean: Any, operands: Any) -> Any:
    (of_x, *of_affine), (_, mean, variance), (x, *affine) = t, ans, operands
    if of_x is None:
        of_x = np.zeros(x.shape, x.dtype)
    inverse, count = 1 / np.sqrt(variance + epsilon), x.shape[1] * x.shape[3]
    centred = x - mean
    of_mean = sum_to(of_x, mean.shape) / count if about_mean else np.zeros_like(mean)
    of_variance = sum_to(of_x * centred, mean.shape) * (2 / count)
    of_y = inverse * (of_x - of_mean) - centred * (of_variance * inverse**3 / 2)
    if affine:
        of_y = of_y * affine[0]
    for factor, part in zip((centred * inverse, 1), of_affine, strict=False):
        of_y = of_y if part is None else of_y + factor * part
    return of_y, of_mean, of_variance


ROWS = (
    general(
        normalised,
        signature("epsilon", "about_mean", "*operands"),
        operands=(_vjp, _jvp),
        list_operands={"operands"},
        constant_outputs=(),
        none_cotangents=True,
    ),
    composed(
        normalised_cotangents,
        signature("g", "mean", "variance", "epsilon", "about_mean", "*operands"),
        _cotangents,
        {"g", "mean", "variance", "operands"},
        list_operands={"operands"},
        own_value=True,
    ),
)

add(ROWS)
