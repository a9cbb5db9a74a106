"""Convolutions and correlations of any rank, deconvolution, and resampling by filters.

A convolution is bilinear, y = Σₖ xₖ wᵢ₋ₖ. Its transpose by x is the correlation of the cotangent
with w: of shape (n,), (m,) → n + m − 1, the cotangent is given zeros where a mode had left out
products, and ``valid`` with w backwards leaves n of them. Correlations are convolutions with the
conjugate backwards. `upfirdn` has y[i] = Σₖ h[i·down − k·up] x[k], whose transpose by x exchanges
up and down.
"""

from typing import Any

import numpy as np

from ...core.arrays import Array, as_array, sum_to
from ...core.dispatch import array_function
from ...core.plan import Shaped
from ...core.rules import scatter_add
from ...core.signature import signature
from ...core.table import Row, bilinear
from ...core.windows import pad
from ..mirror import of
from .filters import own

_convolve, _upfirdn = of("signal.convolve"), of("signal.upfirdn")


@array_function
def of_planes(in1: Any, in2: Any, mode: Any = "full", boundary: Any = "fill") -> Any:
    """`scipy.signal.convolve2d` with zeros around, several times as fast as `convolve`.

    >>> of_planes(np.eye(2), np.ones((2, 2)), "valid")
    array([[2.]])
    """
    return of("signal.convolve2d").implementation(in1, in2, mode, boundary)


def _bilinear(function: Any, option: str, default: Any) -> Row:
    """`option` says how, or along which axes: the others are broadcast."""

    def transposed(g: Array, x_like: Shaped, other: Array, chosen: Any) -> Any:
        if not (g.size and other.size and x_like.size):
            return np.zeros(x_like.shape, g.dtype)
        axes: Any = range(g.ndim)
        if option == "axes" and chosen is not None:
            axes = np.atleast_1d(chosen) % g.ndim
        widths = []
        for axis, (n, m) in enumerate(zip(x_like.shape, other.shape, strict=True)):
            # of all products a mode leaves out as many before as after, or one less
            left_out = (n + m - 1 if axis in axes else max(n, m)) - g.shape[axis]
            widths.append((left_out // 2, left_out - left_out // 2))
        backwards = other[tuple([slice(None, None, -1 if i in axes else 1) for i in range(g.ndim)])]
        return sum_to(function(pad(g, tuple(widths)), backwards, "valid", chosen), x_like.shape)

    rules = {
        "axes": (
            lambda g, in1_like, in2, axes: transposed(g, in1_like, in2, axes),
            lambda g, in2_like, in1, axes: transposed(g, in2_like, in1, axes),
        ),
        "method": (
            lambda g, in1_like, in2, method: transposed(g, in1_like, in2, method),
            lambda g, in2_like, in1, method: transposed(g, in2_like, in1, method),
        ),
        "boundary": (
            lambda g, in1_like, in2: transposed(g, in1_like, in2, "fill"),
            lambda g, in2_like, in1: transposed(g, in2_like, in1, "fill"),
        ),
    }[option]
    return bilinear(function, signature("in1", "in2", mode="full", **{option: default}), *rules)


def _correlate(in1: Any, in2: Any, mode: Any, method: Any) -> Any:
    return _convolve(in1, np.conjugate(np.flip(as_array(in2))), mode, method)


_PADS: Any = {
    "fill": "constant", "pad": "constant", "wrap": "wrap", "circular": "wrap",
    "symm": "symmetric", "symmetric": "symmetric",
}  # fmt: skip


def _plane(in1: Any, in2: Any, mode: Any, boundary: Any, fillvalue: Any, first: int) -> Any:
    """All products of the plane that `boundary` makes of `in1`, of which a mode leaves some.

    "same" leaves out m − 1, of these as many before as after or, with `first` 0, one less.
    """
    if mode == "valid":
        return of_planes(in1, in2, mode)
    if boundary not in _PADS:
        raise ValueError(
            f"boundary={boundary!r} has no derivative rule; use 'fill', 'wrap' or 'symm', or np.pad"
        )
    widths = [(m - 1, m - 1) for m in in2.shape]
    filled: Any = {"constant_values": fillvalue} if boundary in ("fill", "pad") else {}
    full = of_planes(np.pad(in1, widths, mode=_PADS[boundary], **filled), in2, "valid")
    if mode == "full":
        return full
    starts = [(m - 1 + first) // 2 for m in in2.shape]
    return full[tuple([slice(i, i + n) for i, n in zip(starts, in1.shape, strict=True)])]


def _convolve2d(in1: Any, in2: Any, mode: Any, boundary: Any, fillvalue: Any) -> Any:
    return _plane(as_array(in1), as_array(in2), mode, boundary, fillvalue, 0)


def _correlate2d(in1: Any, in2: Any, mode: Any, boundary: Any, fillvalue: Any) -> Any:
    """Of "valid" with `in2` the larger one, SciPy takes the conjugate of `in1` in its place."""
    in1, in2 = as_array(in1), as_array(in2)[::-1, ::-1]
    if mode == "valid" and any(m > n for n, m in zip(in1.shape, in2.shape, strict=True)):
        return _plane(np.conjugate(in1), in2, mode, boundary, fillvalue, 1)
    return _plane(in1, np.conjugate(in2), mode, boundary, fillvalue, 1)


def _deconvolve(signal: Any, divisor: Any, ans: Any) -> Any:
    """The quotient is the divisor's recursive filter, on the signal's coefficients."""
    signal, divisor = as_array(signal), as_array(divisor)
    if not len(ans[0]):  # of a signal that is shorter than the divisor
        return ans[0], 1 * signal
    unit = np.zeros(len(ans[0]))
    unit[0] = 1
    quotient = of("signal.lfilter")(signal, divisor, unit)
    return quotient, signal - _convolve(divisor, quotient, "full", "auto")


def _upfirdn_kernel(h: Array, x: Array, up: Any = 1, down: Any = 1, axis: Any = -1, mode: Any =
                    "constant", cval: Any = 0) -> Any:  # fmt: skip
    if mode not in (None, "constant") or cval:
        raise ValueError(
            f"scipy.signal.upfirdn: mode={mode!r} with cval={cval!r} has no derivative rule; pad "
            "the signal by np.pad first, and take what belongs to it from the result"
        )
    return _upfirdn.implementation(h, x, up, down, axis)


def _upfirdn_by_x(g: Array, h: Array, x_like: Shaped, up: Any, down: Any, axis: Any) -> Any:
    """x̄[k] = Σᵢ g[i] h[i·down − k·up], for k·up = j − (len(h) − 1) of h backwards at j."""
    first = -(-(len(h) - 1) // up)
    backwards = np.concatenate([np.zeros(first * up - len(h) + 1, h.dtype), h[::-1]])
    found = np.moveaxis(_upfirdn(backwards, g, down, up, axis), axis, -1)
    n = x_like.shape[axis]
    found = pad(found, (*[(0, 0)] * (g.ndim - 1), (0, max(0, first + n - found.shape[-1]))))
    return np.moveaxis(found[..., first : first + n], -1, axis)


def _upfirdn_by_h(g: Array, x: Array, h_like: Shaped, up: Any, down: Any, axis: Any) -> Any:
    """h̄[j] = Σₖ g[i] x[k] over i·down − k·up = j: both with zeros between, correlated."""
    g, x = np.moveaxis(g, axis, -1), np.moveaxis(x, axis, -1)
    size, n = h_like.size, x.shape[-1]
    end = max((n - 1) * up + size, (g.shape[-1] - 1) * down + 1)
    spread = scatter_add(
        g, (..., slice(0, (g.shape[-1] - 1) * down + 1, down)), (*g.shape[:-1], end)
    )
    return np.stack([np.sum(spread[..., j : j + (n - 1) * up + 1 : up] * x) for j in range(size)])


_PLANE = signature("in1", "in2", mode="full", boundary="fill", fillvalue=0)

ROWS = (
    _bilinear(_convolve, "method", "auto"),
    _bilinear(of("signal.fftconvolve"), "axes", None),
    _bilinear(of("signal.oaconvolve"), "axes", None),
    _bilinear(of_planes, "boundary", "fill"),
    own("correlate", signature("in1", "in2", mode="full", method="auto"), _correlate, "in1 in2"),
    own("convolve2d", _PLANE, _convolve2d, "in1 in2"),
    own("correlate2d", _PLANE, _correlate2d, "in1 in2"),
    own("deconvolve", signature("signal", "divisor"), _deconvolve, "signal divisor"),
    bilinear(
        _upfirdn,
        signature("h", "x", up=1, down=1, axis=-1, mode="constant", cval=0),
        lambda g, x, h_like, up, down, axis: _upfirdn_by_h(g, x, h_like, up, down, axis),
        lambda g, h, x_like, up, down, axis: _upfirdn_by_x(g, h, x_like, up, down, axis),
        kernel=_upfirdn_kernel,
    ),
)
