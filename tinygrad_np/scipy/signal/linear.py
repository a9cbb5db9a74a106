"""Linear along one axis: smoothing, trends, the analytic signal, resampling, the chirp z-transform.

None of them is a matrix here: each is written in filters, Fourier transforms and small products,
so that the derivative of a long signal costs what the function costs.
"""

import math
from itertools import pairwise
from typing import Any

import numpy as np

from ...core.arrays import Array, as_array, cast
from ...core.plan import Shaped
from ...core.signature import signature
from ...core.table import linear
from ..mirror import of
from .filters import cut, filtered, own

_SAVGOL, _RESAMPLE, _DETREND = [
    of(f"signal.{name}") for name in ("savgol_filter", "resample", "detrend")
]
_PADS: Any = {"mirror": "reflect", "nearest": "edge", "wrap": "wrap", "constant": "constant"}


def _savgol_filter(
    x: Any, window_length: Any, polyorder: Any, deriv: Any, delta: Any, axis: Any, mode: Any,
    cval: Any, ans: Any,
) -> Any:  # fmt: skip
    """A filter of w coefficients; by "interp" each end is a polynomial, by a matrix of w × w."""
    x = np.moveaxis(cast(as_array(x), ans.dtype), axis, -1)
    w, half, n = window_length, window_length // 2, x.shape[-1]
    settings = (polyorder, deriv, delta)
    coefficients = of("signal.savgol_coeffs")(w, *settings).astype(ans.dtype)
    if mode != "interp":
        filled: Any = {"constant_values": cval} if mode == "constant" else {}
        x = np.pad(x, [(0, 0)] * (x.ndim - 1) + [(half, half)], mode=_PADS[mode], **filled)
    inner = filtered(coefficients, np.ones(1, ans.dtype), x)[..., w - 1 :]
    start = (w + 1) % 2  # of an even window, the earlier one of the two samples in the middle
    if mode != "interp":
        return np.moveaxis(inner[..., start : start + n], -1, axis)
    matrix = _SAVGOL(np.eye(w), w, *settings, axis=0).T.astype(ans.dtype)
    ends = x[..., :w] @ matrix[:, :half], x[..., n - w :] @ matrix[:, w - half :]
    inner = inner[..., start : start + n - 2 * half]
    return np.moveaxis(np.concatenate([ends[0], inner, ends[1]], -1), -1, axis)


def _detrend(data: Any, axis: Any, type: Any, bp: Any, ans: Any) -> Any:
    """Less its projection on constants, or on straight lines between the break points."""
    x = np.moveaxis(cast(as_array(data), ans.dtype), axis, -1)
    if type in ("constant", "c"):
        return np.moveaxis(x - np.mean(x, -1, keepdims=True), -1, axis)
    ends = np.unique(np.concatenate([[0], np.atleast_1d(bp), [x.shape[-1]]]).astype(int))
    parts = []
    for start, end in pairwise(ends):
        line = np.linspace(-1, 1, end - start)[:, None] ** np.arange(2)
        q = np.linalg.qr(line)[0].astype(ans.dtype)
        part = x[..., start:end]
        parts.append(part - (part @ q) @ q.T)
    return np.moveaxis(np.concatenate(parts, -1), -1, axis)


def _hilbert(x: Any, N: Any, axis: Any, ans: Any) -> Any:  # noqa: N803 (SciPy's name)
    """Twice the positive frequencies, no negative ones; those that are both are as they were."""
    spectrum = np.fft.fft(np.moveaxis(as_array(x), axis, -1), N)
    at = np.fft.fftfreq(spectrum.shape[-1])
    found = np.fft.ifft(spectrum * (1 + np.sign(at) * (at != -0.5)))
    return cast(np.moveaxis(found, -1, axis), ans.dtype)


def _resample(x: Any, num: Any, t: Any, axis: Any, window: Any, domain: Any, ans: Any) -> Any:
    """The spectrum cut, or filled up with zeros; a real signal's frequency n/2 is two of half."""
    if domain != "time":
        raise ValueError(
            f"scipy.signal.resample: domain={domain!r} has no rule; give np.fft.ifft(x)"
        )
    value = ans if t is None else ans[0]
    x = np.moveaxis(as_array(x), axis, -1)
    n = x.shape[-1]
    spectrum = np.fft.fft(x)
    if window is not None:  # by which the spectrum of one sample is multiplied
        unit = np.zeros(n, x.dtype)
        unit[0] = 1
        spectrum = spectrum * np.fft.fft(_RESAMPLE(unit, n, window=window))
    m = min(n, num)
    low = (m + 1) // 2
    parts = [spectrum[..., :low], spectrum[..., n - m // 2 :] if m > 1 else spectrum[..., :0]]
    if m % 2 == 0 and n != num:
        middle, high = spectrum[..., low : low + 1], parts[1][..., 1:]
        if num > n:
            zeros = np.zeros((*x.shape[:-1], num - n - 1), spectrum.dtype)
            parts = [parts[0], middle / 2, zeros, middle / 2, high]
        else:
            parts = [parts[0], middle + parts[1][..., :1], high]
    else:
        parts.insert(1, np.zeros((*x.shape[:-1], num - m), spectrum.dtype))
    found = np.moveaxis(np.fft.ifft(np.concatenate(parts, -1) * (num / n)), -1, axis)
    found = cast(found, value.dtype)
    return found if t is None else (found, ans[1])


_BACKGROUNDS: dict[Any, Any] = {
    "mean": np.mean, "median": np.median, "minimum": np.min, "maximum": np.max,
}  # fmt: skip


def _resample_poly(
    x: Any, up: Any, down: Any, axis: Any, window: Any, padtype: Any, cval: Any, ans: Any
) -> Any:
    """`upfirdn` with a low-pass filter, whose middle is the first sample."""
    if (padtype != "constant" and padtype not in _BACKGROUNDS) or cval:
        raise ValueError(
            f"scipy.signal.resample_poly: padtype={padtype!r} with cval={cval!r} has no derivative "
            "rule; pad the signal by np.pad first, and take what belongs to it from the result"
        )
    x = np.moveaxis(as_array(x), axis, -1)
    common = math.gcd(int(up), int(down))
    up, down = int(up) // common, int(down) // common
    if up == down == 1:
        return np.moveaxis(1 * x, -1, axis)
    if isinstance(window, (list, np.ndarray)):
        h = np.asarray(window)
        half = (len(h) - 1) // 2
    else:
        half = 10 * max(up, down)
        h = of("signal.firwin")(2 * half + 1, 1.0 / max(up, down), window=window)
    before = -half % down
    h = np.concatenate([np.zeros(before), h * up]).astype(np.result_type(h, x.dtype))
    background = _BACKGROUNDS[padtype](x, -1, keepdims=True) if padtype in _BACKGROUNDS else None
    y = of("signal.upfirdn")(h, x if background is None else x - background, up, down)
    first, size = (half + before) // down, -(-x.shape[-1] * up // down)
    y = cut(y[..., first:], size)
    y = y if background is None else y + background
    return np.moveaxis(cast(y, ans.dtype), -1, axis)


def _czt_vjp(g: Array, x_like: Shaped, m: Any, w: Any, a: Any, axis: Any) -> Any:
    """x̄ₙ = a⁻ⁿ Σₖ wⁿᵏ gₖ."""
    n = x_like.shape[axis]
    w = np.exp(-2j * np.pi / (n if m is None else m)) if w is None else w
    powers = (1 / np.asarray(a, complex)) ** np.arange(n).reshape(
        -1, *[1] * (g.ndim - 1 - axis % g.ndim)
    )
    return cast(of("signal.czt")(g, n, w, axis=axis) * powers, x_like.dtype)


ROWS = (
    own(
        "savgol_filter",
        signature(
            "x", "window_length", "polyorder", deriv=0, delta=1.0, axis=-1, mode="interp", cval=0.0
        ),
        _savgol_filter, "x", real={"x": ()},
    ),
    own(
        "detrend", signature("data", axis=-1, type="linear", bp=0, overwrite_data=False), _detrend,
        "data", kernel=lambda data, *args, **kwargs: _DETREND(data.copy(), *args, **kwargs),
    ),
    own("hilbert", signature("x", N=None, axis=-1), _hilbert, "x"),
    own(
        "resample", signature("x", "num", t=None, axis=0, window=None, domain="time"), _resample,
        "x",
    ),
    own(
        "resample_poly",
        signature(
            "x", "up", "down", axis=0, window=("kaiser", 5.0), padtype="constant", cval=None
        ),
        _resample_poly, "x",
    ),
    linear(
        of("signal.czt"),
        signature("x", m=None, w=None, a=1 + 0j, axis=-1)._replace(keywords=frozenset({4})),
        _czt_vjp,
    ),
)  # fmt: skip
