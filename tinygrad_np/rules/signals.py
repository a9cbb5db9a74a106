"""Convolution and correlation of sequences, interpolation, and a few functions of one number.

Policy: at a knot of `interp` the derivative is that of the piece on the right, and 0 from the last
knot on. `sinc` has all derivatives at 0. At (0, 0) `angle` has gradient 0.
"""

import math
from typing import Any, NamedTuple

import numpy as np

from ..kernels.dispatch import as_array
from ..kernels.elementwise import cast
from ..kernels.scatter import scatter_add
from ..kernels.special import bessel_i, sinc_derivative
from .table import bilinear, composed, general, pointwise, takes

# What a mode of `convolve` leaves of the n + m − 1 products of shifted sequences: where it starts
# follows from how much it leaves, all of them, max(n, m) or max(n, m) − min(n, m) + 1.


def _in_full(g: Any, n: int, m: int, swapped: bool = False) -> Any:
    """The cotangent of a convolution in any mode as that of mode "full", zero where that cut off.

    `swapped`: a correlation whose first sequence is the shorter one starts later.
    """
    longer, shorter = max(n, m), min(n, m)
    if len(g) == longer - shorter + 1:
        start = shorter - 1
    elif len(g) == longer:
        start = shorter // 2 if swapped else (shorter - 1) // 2
    else:
        return g
    before = np.zeros(start, g.dtype)
    return np.concatenate([before, g, np.zeros(n + m - 1 - start - len(g), g.dtype)])


def _convolve_vjp(g: Any, x_like: Any, other: Any) -> Any:
    """Σₖ gₖ·otherₖ₋ᵢ: the cotangent correlated with the other sequence."""
    full = _in_full(g, x_like.size, other.size)
    return np.convolve(full, np.ravel(other)[::-1], "valid").reshape(x_like.shape)


def _correlate_a(g: Any, a_like: Any, v: Any) -> Any:
    full = _in_full(g, a_like.size, v.size, a_like.size < v.size)
    return np.convolve(full, np.conjugate(np.ravel(v)), "valid").reshape(a_like.shape)


def _correlate_v(g: Any, a: Any, v_like: Any) -> Any:
    """cₖ = Σᵢ aᵢ₊ₖ·conj(vᵢ): linear in the conjugate of v."""
    full = _in_full(g, a.size, v_like.size, a.size < v_like.size)
    by_conjugate = np.convolve(full, np.ravel(a)[::-1], "valid")[::-1]
    return np.conjugate(by_conjugate).reshape(v_like.shape)


class _Pieces(NamedTuple):
    """Between which two data points of `interp` each x lies, and how far on the way: θ."""

    lower: Any
    upper: Any
    theta: Any
    width: Any
    below: Any
    above: Any
    is_flat: Any
    """where x is outside the knots or on the last one"""


def _pieces(x: Any, xp: Any, period: Any) -> _Pieces:
    x, xp = cast(as_array(x), np.dtype(float)), cast(as_array(xp), np.dtype(float))
    number = np.arange(xp.shape[0])
    if period is not None:
        # the knots of one period in order, and one more on either side
        period = abs(period)
        x, xp = np.remainder(x, period), np.remainder(xp, period)
        order = np.argsort(xp)
        number = np.concatenate([order[-1:], order, order[:1]])
        xp = xp[number] + np.concatenate([[-period], np.zeros(len(order)), [period]])
    last = len(number) - 1
    place = np.clip(np.searchsorted(xp, x, "right") - 1, 0, max(last - 1, 0))
    following = np.minimum(place + 1, last)
    below, above = np.less(x, xp[0]), np.greater(x, xp[last])
    is_flat = np.logical_or(below, np.greater_equal(x, xp[last]))
    width = np.where(is_flat, 1, np.where(np.isnan(x), np.nan, xp[following] - xp[place]))
    theta = np.where(is_flat, np.greater_equal(x, xp[last]), (x - xp[place]) / width)
    return _Pieces(number[place], number[following], theta, width, below, above, is_flat)


def _shares(pieces: _Pieces, left: Any, right: Any) -> tuple[Any, Any]:
    """The weights of the lower and of the upper data point in each result."""
    lower, upper = 1 - pieces.theta, pieces.theta
    if left is not None:
        lower = np.where(pieces.below, 0, lower)
    if right is not None:
        upper = np.where(pieces.above, 0, upper)
    return lower, upper


def _steepness(pieces: _Pieces, fp: Any) -> Any:
    fp = as_array(fp)
    fp = fp if fp.dtype.kind in "fc" else fp.astype(float)  # truth values do not subtract
    return np.where(pieces.is_flat, 0, fp[pieces.upper] - fp[pieces.lower]) / pieces.width


def _outside(left: Any, right: Any, period: Any) -> tuple[Any, Any]:
    return (None, None) if period is not None else (left, right)


def _scattered(g: Any, pieces: _Pieces, weights: tuple[Any, Any], shape: Any) -> Any:
    lower = scatter_add(g * weights[0], pieces.lower, shape)
    return lower + scatter_add(g * weights[1], pieces.upper, shape)


def _interp_fp_vjp(
    g: Any, x: Any, xp: Any, fp_like: Any, left: Any, right: Any, period: Any
) -> Any:
    pieces = _pieces(x, xp, period)
    shares = _shares(pieces, *_outside(left, right, period))
    return _scattered(g, pieces, shares, fp_like.shape)


def _interp_fp_jvp(t: Any, x: Any, xp: Any, left: Any, right: Any, period: Any) -> Any:
    pieces = _pieces(x, xp, period)
    lower, upper = _shares(pieces, *_outside(left, right, period))
    return lower * t[pieces.lower] + upper * t[pieces.upper]


def _interp_xp_vjp(g: Any, x: Any, xp: Any, fp: Any, period: Any) -> Any:
    """A knot that moves by ε has the effect of its ordinate moving by −slope·ε."""
    pieces = _pieces(x, xp, period)
    drop = np.real(-g * _steepness(pieces, fp))
    return _scattered(drop, pieces, (1 - pieces.theta, pieces.theta), xp.shape)


def _interp_xp_jvp(t: Any, x: Any, xp: Any, fp: Any, period: Any) -> Any:
    pieces = _pieces(x, xp, period)
    moved = (1 - pieces.theta) * t[pieces.lower] + pieces.theta * t[pieces.upper]
    return -moved * _steepness(pieces, fp)


def _interp_x(g: Any, x: Any, xp: Any, fp: Any, period: Any) -> Any:
    return g * _steepness(_pieces(x, xp, period), fp)


def _side_vjp(g: Any, x: Any, xp: Any, period: Any, side: str) -> Any:
    return np.sum(np.where(_is_outside(x, xp, period, side), g, 0))


def _side_jvp(t: Any, x: Any, xp: Any, period: Any, side: str) -> Any:
    return np.where(_is_outside(x, xp, period, side), t, 0)


def _is_outside(x: Any, xp: Any, period: Any, side: str) -> Any:
    if period is not None:  # nothing is
        return np.zeros(np.shape(x), bool)
    return np.less(x, xp[0]) if side == "left" else np.greater(x, xp[-1])


def _angle(z: Any, deg: Any) -> Any:
    angle = np.arctan2(np.imag(z) if z.dtype.kind == "c" else 0, np.real(z))
    return angle * (180 / math.pi) if deg else angle


def _real_if_close(a: Any, tol: Any) -> Any:
    if a.dtype.kind != "c":
        return a
    near = np.finfo(a.dtype).eps * tol if tol > 1 else tol
    return np.real(a) if np.all(np.less(np.absolute(np.imag(a)), near)) else a


ROWS = (
    bilinear(
        np.convolve,
        takes("a", "v", mode="full"),
        lambda g, a_like, v: _convolve_vjp(g, a_like, v),
        lambda g, a, v_like: _convolve_vjp(g, v_like, a),
    ),
    general(
        np.correlate,
        takes("a", "v", mode="valid"),
        (_correlate_a, lambda t, v, mode: np.correlate(t, v, mode)),
        (_correlate_v, lambda t, a, mode: np.correlate(a, t, mode)),
    ),
    general(
        np.interp,
        takes("x", "xp", "fp", left=None, right=None, period=None),
        (_interp_x, _interp_x),
        (_interp_xp_vjp, _interp_xp_jvp),
        (_interp_fp_vjp, _interp_fp_jvp),
        left=(
            lambda g, x, xp, period: _side_vjp(g, x, xp, period, "left"),
            lambda t, x, xp, period: _side_jvp(t, x, xp, period, "left"),
        ),
        right=(
            lambda g, x, xp, period: _side_vjp(g, x, xp, period, "right"),
            lambda t, x, xp, period: _side_jvp(t, x, xp, period, "right"),
        ),
        real={"x": (), "xp": (), "left": ("fp",), "right": ("fp",)},
    ),
    pointwise(np.sinc, takes("x"), lambda x: sinc_derivative(x, 1), analytic=True),
    pointwise(sinc_derivative, lambda x, n: sinc_derivative(x, n + 1), analytic=True),
    pointwise(np.i0, takes("x"), lambda x: bessel_i(x, 1), real={"x": ()}),
    pointwise(bessel_i, lambda x, n: (bessel_i(x, n - 1) + bessel_i(x, n + 1)) / 2, real={"x": ()}),
    composed(np.angle, takes("z", deg=False), _angle, {"z"}),
    composed(np.real_if_close, takes("a", tol=100), _real_if_close, {"a"}),
)
