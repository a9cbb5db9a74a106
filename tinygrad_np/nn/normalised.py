"""The array function beneath every normalisation, and its derivative.

`normalised` takes x in the form (n, s, g, k) to mean 0 and variance 1 over s and k, for each of n
and g; scale and shift are (g, k).
"""

from typing import Any

import numpy as np

from ..core.arrays import Array, sum_to
from ..core.dispatch import array_function
from ..core.signature import signature
from ..core.table import add, general


@array_function
def normalised(epsilon: float, about_mean: bool, *operands: Any) -> tuple[Any, Any, Any]:
    """(x − mean) / √(variance + epsilon) · scale + shift; the mean and variance over s and k.

    The operands are x (n, s, g, k) and, unless they are left out, scale and shift (g, k); mean and
    variance are (n, 1, g, 1). Unless it is `about_mean`, 0 is taken for the mean.

    >>> y, mean, variance = normalised(0.0, True, np.array([1.0, 3.0]).reshape(1, 2, 1, 1))
    >>> y.ravel(), mean.ravel(), variance.ravel()
    (array([-1.,  1.]), array([2.]), array([1.]))
    """
    x, *affine = operands
    mean = _mean(x) if about_mean else np.zeros((len(x), 1, x.shape[2], 1), x.dtype)
    centred = x - mean
    variance = _mean(centred * centred)  # in a second pass, since one would cancel
    y = centred / np.sqrt(variance + epsilon)
    if affine:
        y = y * affine[0]
    return y + affine[1] if len(affine) > 1 else y, mean, variance


def _mean(x: Array) -> Any:
    """The mean over s and k, (n, 1, g, 1); a sum in float32 would lose digits."""
    total = np.sum(x, (1, 3), np.result_type(x, np.float64), keepdims=True)
    return (total / (x.shape[1] * x.shape[3])).astype(x.dtype)


def normalised_vjp(g: Any, ans: Any, epsilon: Any, about_mean: Any, operands: Any) -> list[Any]:
    """The cotangents of x, scale and shift, with None for what nothing depends on."""
    (by_y, by_mean, by_variance), (_, mean, variance), (x, *affine) = g, ans, operands
    if by_y is None:
        by_y = np.zeros(x.shape, x.dtype)
    inverse, count = 1 / np.sqrt(variance + epsilon), x.shape[1] * x.shape[3]
    centred = x - mean if about_mean else x
    scaled = by_y * affine[0] if affine else by_y
    # twice the cotangent of the variance
    to_variance = -(inverse * inverse * inverse) * sum_to(scaled * centred, mean.shape)
    if by_variance is not None:
        to_variance = to_variance + 2 * by_variance
    by_x = inverse * scaled + centred * (to_variance / count)
    if about_mean:
        to_mean = -inverse * sum_to(scaled, mean.shape)
        by_x = by_x + (to_mean if by_mean is None else to_mean + by_mean) / count
    by_affine = zip((centred * inverse * by_y, by_y), affine, strict=False)
    return [by_x, *[sum_to(part, value.shape) for part, value in by_affine]]


def _jvp(t: Any, ans: Any, epsilon: Any, about_mean: Any, operands: Any) -> Any:
    (of_x, *of_affine), (_, mean, variance), (x, *affine) = t, ans, operands
    if of_x is None:
        of_x = np.zeros(x.shape, x.dtype)
    inverse, count = 1 / np.sqrt(variance + epsilon), x.shape[1] * x.shape[3]
    centred = x - mean
    of_mean = sum_to(of_x, mean.shape) / count if about_mean else np.zeros_like(mean)
    of_variance = sum_to(of_x * centred, mean.shape) * (2 / count)
    of_y = inverse * (of_x - of_mean) - centred * (of_variance * inverse * inverse * inverse / 2)
    if affine:
        of_y = of_y * affine[0]
    for factor, part in zip((centred * inverse, 1), of_affine, strict=False):
        of_y = of_y if part is None else of_y + factor * part
    return of_y, of_mean, of_variance


ROWS = (
    general(
        normalised,
        signature("epsilon", "about_mean", "*operands"),
        operands=(normalised_vjp, _jvp),
        list_operands={"operands"},
        constant_outputs=(),
        none_cotangents=True,
    ),
)

add(ROWS)
