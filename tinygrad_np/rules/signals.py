"""Convolution and correlation of sequences, interpolation, and a few functions of one number.

Policy: at a knot of `interp` the derivative is that of the piece on the right, and 0 from the last
knot on. `sinc` has all derivatives at 0. At (0, 0) `angle` has gradient 0.
"""

import math
from typing import Any

import numpy as np

from ..core.arrays import Array, as_array, cast
from ..core.dispatch import array_function
from ..core.plan import Shaped
from ..core.signature import signature
from ..core.table import bilinear, pointwise
from ..core.windows import pad
from .composed import composed


@array_function
def sinc_derivative(x: Any, n: int = 1) -> Any:
    """The n-th derivative of ``numpy.sinc``, sin(πx)/(πx), elementwise; x may be complex.

    With z = πx and f = sin z / z, near 0 from the series Σₖ (−1)ᵏ z²ᵏ/(2k + 1)!, elsewhere from
    z·f⁽ⁿ⁾ + n·f⁽ⁿ⁻¹⁾ = sin(z + nπ/2). The derivatives are good to 1e-14 up to the sixth.

    >>> sinc_derivative(np.array([0.5, 1.0]), 1).round(4)
    array([-1.2732, -1.    ])
    """
    x = np.asarray(x)
    z = np.pi * x
    is_small = np.abs(z) < max(3, n)
    near = _by_series(np.where(is_small, z, 0), n)
    far = _by_recurrence(np.where(is_small, max(3, n), z), n)
    return (np.pi**n * np.where(is_small, near, far)).astype(x.dtype)


def _by_series(z: Array, n: int) -> Any:
    """Σₖ (−1)ᵏ (2k)!/((2k − n)! (2k + 1)!) z²ᵏ⁻ⁿ, for 2k ≥ n, by Horner's rule in z²."""
    first = (n + 1) // 2
    total = np.zeros_like(z)
    for k in range(first + 20 + n, first - 1, -1):
        coefficient = (-1) ** k / ((2 * k + 1) * math.factorial(2 * k - n))
        total = total * z * z + coefficient
    return total * z if n % 2 else total


def _by_recurrence(z: Array, n: int) -> Any:
    turns = [np.sin(z), np.cos(z), -np.sin(z), -np.cos(z)]
    result = turns[0] / z
    for order in range(1, n + 1):
        result = (turns[order % 4] - order * result) / z
    return result


@array_function
def bessel_i(x: Any, n: int = 1) -> Any:
    """The modified Bessel function Iₙ of a whole order, elementwise; ``numpy.i0`` is I₀.

    Its derivative is (Iₙ₋₁ + Iₙ₊₁)/2, and I₋ₙ is Iₙ. Uses ``scipy.special``, loaded here.

    >>> bessel_i(np.array([0.0]), 1), bessel_i(np.array([0.0]), 0)
    (array([0.]), array([1.]))
    """
    from scipy.special import i0, i1, iv

    x = np.asarray(x)
    values = x.astype(np.float64, copy=False)  # SciPy has no loops for more than that
    if abs(n) < 2:
        return np.asarray((i0, i1)[abs(n)](values), x.dtype)
    is_tiny = np.abs(values) < 1e-290  # where iv may be nan, it is 0
    return np.asarray(iv(abs(n), np.where(is_tiny, 0, values)), x.dtype)


# What a mode of `convolve` leaves of the n + m − 1 products of shifted sequences: where it starts
# follows from how much it leaves, all of them, max(n, m) or max(n, m) − min(n, m) + 1.


def _convolve_vjp(g: Array, x_like: Shaped, other: Any) -> Any:
    """Σₖ gₖ·otherₖ₋ᵢ: the cotangent of all products, 0 where left out, times the other sequence."""
    longer, shorter = max(x_like.size, other.size), min(x_like.size, other.size)
    start = {longer - shorter + 1: shorter - 1, longer: (shorter - 1) // 2}.get(len(g), 0)
    full = pad(g, ((start, longer + shorter - 1 - start - len(g)),))
    return np.convolve(full, np.ravel(other)[::-1], "valid").reshape(x_like.shape)


def _correlate(a: Array, v: Array, mode: Any) -> Any:
    """Σᵢ aᵢ₊ₖ·conj(vᵢ): a convolution with the conjugate backwards, the longer sequence first."""
    a, v = as_array(a), np.conjugate(v)
    if a.size < v.size:
        return np.convolve(v, a[::-1], mode)[::-1]
    return np.convolve(a, v[::-1], mode)


def _interp(x: Any, xp: Any, fp: Any, left: Any, right: Any, period: Any) -> Any:
    """fp at the knot below plus θ of the way to the next one; θ is constant outside the knots."""
    x, xp, fp = [_floating(part) for part in (x, xp, fp)]
    if period is not None:
        # the knots of one period in order, and one more on either side; nothing is outside
        left = right = None
        period = abs(period)
        x, xp = np.remainder(x, period), np.remainder(xp, period)
        order = np.argsort(xp)
        xp, fp = xp[order], fp[order]
        xp = np.concatenate([xp[-1:] - period, xp, xp[:1] + period])
        fp = np.concatenate([fp[-1:], fp, fp[:1]])
    last = len(xp) - 1
    below, above = np.less(x, xp[0]), np.greater(x, xp[last])
    is_flat = np.logical_or(below, np.greater_equal(x, xp[last]))
    lower = np.clip(np.searchsorted(xp, x, "right") - 1, 0, last)
    upper = np.where(is_flat, lower, np.minimum(lower + 1, last))
    width = np.where(is_flat, 1, np.where(np.isnan(x), np.nan, xp[upper] - xp[lower]))
    theta = np.where(is_flat, 0, (x - xp[lower]) / width)
    result = fp[lower] + theta * (fp[upper] - fp[lower])
    if left is not None:
        result = np.where(below, left, result)
    return result if right is None else np.where(above, right, result)


def _floating(x: Array) -> Any:
    """`x` in double precision, in which NumPy interpolates."""
    x = as_array(x)
    return cast(x, np.dtype(complex if x.dtype.kind == "c" else float))


def _angle(z: Array, deg: Any) -> Any:
    angle = np.arctan2(np.imag(z) if z.dtype.kind == "c" else 0, np.real(z))
    return angle * (180 / math.pi) if deg else angle


def _real_if_close(a: Array, tol: Any) -> Any:
    if a.dtype.kind != "c":
        return a
    near = np.finfo(a.dtype).eps * tol if tol > 1 else tol
    return np.real(a) if np.all(np.less(np.absolute(np.imag(a)), near)) else a


ROWS = (
    bilinear(
        np.convolve,
        signature("a", "v", mode="full"),
        lambda g, a_like, v: _convolve_vjp(g, a_like, v),
        lambda g, a, v_like: _convolve_vjp(g, v_like, a),
    ),
    composed(np.correlate, signature("a", "v", mode="valid"), _correlate, {"a", "v"}),
    composed(
        np.interp,
        signature("x", "xp", "fp", left=None, right=None, period=None),
        _interp,
        {"x", "xp", "fp", "left", "right"},
        own_value=True,
        real={"x": (), "xp": (), "left": ("fp",), "right": ("fp",)},
    ),
    pointwise(np.sinc, signature("x"), lambda x: sinc_derivative(x, 1), analytic=True),
    pointwise(sinc_derivative, lambda x, n: sinc_derivative(x, n + 1), analytic=True),
    pointwise(np.i0, signature("x"), lambda x: bessel_i(x, 1), real={"x": ()}),
    pointwise(bessel_i, lambda x, n: (bessel_i(x, n - 1) + bessel_i(x, n + 1)) / 2, real={"x": ()}),
    composed(np.angle, signature("z", deg=False), _angle, {"z"}),
    composed(np.real_if_close, signature("a", tol=100), _real_if_close, {"a"}),
)
