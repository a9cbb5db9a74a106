"""Spectra of segments: `stft` and back, `spectrogram`, `welch`, `csd`, `coherence`, `periodogram`.

All of them cut the signal into segments, multiply each by a window and transform it (P. Welch, IEEE
Trans. Audio Electroacoust. 15, 1967, 70–73): (…, samples) → (…, segments, frequencies). `istft`
adds up what the inverse transforms give, times the window again, and divides by the windows' sum.
"""

from typing import Any

import numpy as np

from ...core.arrays import Array, as_array, cast
from ...core.rules import scatter_add
from ...core.signature import signature
from ..mirror import of
from .filters import EXTENDED, own


def _windowed(window: Any, nperseg: Any, n: int) -> Any:
    if isinstance(window, (str, tuple)):
        size = min(256 if nperseg is None else int(nperseg), n)
        return of("signal.get_window")(window, size)
    return np.asarray(window)


def _places(n: int, size: int, step: int) -> Any:
    """The samples of each segment of `size`, one every `step`: (segments, size)."""
    return np.arange(0, n - size + 1, step)[:, None] + np.arange(size)


def _transforms(
    axis: Any, x: Any, y: Any, fs: Any, window: Any, nperseg: Any, noverlap: Any, nfft: Any,
    detrend: Any, onesided: Any, scaling: Any, boundary: Any = None, padded: Any = False,
) -> tuple[list[Any], Any, Any]:  # fmt: skip
    """The segments' transforms of each signal, what scales a power, and how often each counts."""
    if detrend not in (False, None, "constant", "linear"):
        raise ValueError(
            f"detrend={detrend!r} has no derivative rule; use False, 'constant' or 'linear'"
        )
    signals = [as_array(u) for u in ((x,) if y is x else (x, y))]
    signals = [np.moveaxis(u, axis, -1) if u.ndim > 1 else u for u in signals]
    onesided = onesided and all(u.dtype.kind != "c" for u in signals)
    n = max(u.shape[-1] for u in signals)
    win = _windowed(window, nperseg, n)
    size = len(win)
    step = size - (size // 2 if noverlap is None else int(noverlap))
    nfft = size if nfft is None else int(nfft)
    transform = np.fft.rfft if onesided else np.fft.fft
    found = []
    for u in signals:
        frame = [(0, 0)] * (u.ndim - 1)
        u = np.pad(u, [*frame, (0, n - u.shape[-1])])
        if boundary is not None:
            u = np.pad(u, [*frame, (size // 2, size // 2)], **EXTENDED[boundary])
        if padded:
            u = np.pad(u, [*frame, (0, -(u.shape[-1] - size) % step % size)])
        parts = u[..., _places(u.shape[-1], size, step)]
        if detrend:
            parts = of("signal.detrend")(parts, -1, detrend)
        found.append(transform(parts * win.astype(np.result_type(parts.dtype, np.float32)), nfft))
    counts = np.full(found[0].shape[-1], 2 if onesided else 1)
    counts[0] = 1
    if nfft % 2 == 0:
        counts[-1] = 1
    scale = 1 / (fs * np.sum(win**2)) if scaling in ("density", "psd") else 1 / np.sum(win) ** 2
    return found, scale, counts


def _power(x: Any, y: Any = None) -> Any:
    return np.real(x) ** 2 + np.imag(x) ** 2 if y is None else np.conjugate(x) * y


def _csd(ans: Any, average: Any, axis: Any, *given: Any) -> Any:
    """The mean over the segments of conj(X)·Y, and with y = x of |X|²."""
    if average != "mean":
        raise ValueError(
            f"average={average!r} has no derivative rule; use np.median of spectrogram(…)"
        )
    if not ans[1].size:
        return ans
    found, scale, counts = _transforms(axis, *given)
    power = np.mean(_power(*found) * (scale * counts), axis=-2)
    return ans[0], cast(np.moveaxis(power, -1, axis), ans[1].dtype)


def _csd_kernel(x: Any, y: Any, *args: Any, **kwargs: Any) -> Any:
    """SciPy's, which gives real numbers where it is told by identity that the two are one."""
    x, y = np.asarray(x), np.asarray(y)
    is_one = x.__array_interface__ == y.__array_interface__
    return of("signal.csd")(x, x if is_one else y, *args, **kwargs)


def _periodogram(ans: Any, axis: Any, x: Any, fs: Any, window: Any, nfft: Any, *rest: Any) -> Any:
    """One segment, of as many samples as are transformed."""
    x = as_array(x)
    if nfft is not None and nfft < x.shape[axis]:
        x = np.moveaxis(np.moveaxis(x, axis, -1)[..., :nfft], -1, axis)
    window = "boxcar" if window is None else window
    return _csd(ans, "mean", axis, x, x, fs, window, x.shape[axis], 0, nfft, *rest)


def _placed(found: Array, axis: int, ans: Any) -> Any:
    """The frequencies where the samples were, the segments last."""
    found = cast(np.moveaxis(found, -1, axis - 1 if axis < 0 else axis), ans[2].dtype)
    return ans[0], ans[1], found


def _stft(ans: Any, axis: Any, *given: Any) -> Any:
    if not ans[2].size:
        return ans
    found, scale, _ = _transforms(axis, *given)
    return _placed(np.sqrt(scale) * found[0], axis, ans)


def _spectrogram(
    ans: Any, mode: Any, axis: Any, x: Any, fs: Any, window: Any, nperseg: Any, noverlap: Any,
    *rest: Any,
) -> Any:  # fmt: skip
    if mode not in ("psd", "complex"):
        raise ValueError(
            f"scipy.signal.spectrogram: mode={mode!r} has no derivative rule; use np.abs or "
            "np.angle of mode='complex'"
        )
    if noverlap is None:
        noverlap = len(_windowed(window, nperseg, x.shape[axis])) // 8
    given = (x, x, fs, window, nperseg, noverlap, *rest)
    if mode == "complex":
        return _stft(ans, axis, *given)
    found, scale, counts = _transforms(axis, *given)
    return _placed(_power(*found) * (scale * counts), axis, ans)


def _istft(
    Zxx: Any, fs: Any, window: Any, nperseg: Any, noverlap: Any, nfft: Any,  # noqa: N803 (SciPy's)
    input_onesided: Any, boundary: Any, time_axis: Any, freq_axis: Any, scaling: Any, ans: Any,
) -> Any:  # fmt: skip
    z = np.moveaxis(as_array(Zxx), (time_axis, freq_axis), (-2, -1))
    of_input = 2 * (z.shape[-1] - 1) if input_onesided else z.shape[-1]
    size = of_input if nperseg is None else int(nperseg)
    if nfft is None:
        nfft = size if input_onesided and size == of_input + 1 else of_input
    win = _windowed(window, size, size)
    scale = np.sqrt(fs * np.sum(win**2)) if scaling == "psd" else np.sum(win)
    parts = (np.fft.irfft if input_onesided else np.fft.ifft)(z, int(nfft))[..., :size]
    step = size - (size // 2 if noverlap is None else int(noverlap))
    n = size + (z.shape[-2] - 1) * step
    places = _places(n, size, step)
    summed = scatter_add(parts * (scale * win), (..., places), (*z.shape[:-2], n))
    norm = scatter_add(np.broadcast_to(win**2, places.shape), places, (n,))
    x = summed / np.where(norm > 1e-10, norm, 1)
    if boundary:
        x = x[..., size // 2 : -(size // 2)]
    time, frequency = time_axis % z.ndim, freq_axis % z.ndim
    return ans[0], cast(np.moveaxis(x, -1, time - (frequency < time)), ans[1].dtype)


def _coherence(x: Any, y: Any, ans: Any, **options: Any) -> Any:
    of_x, of_y = [of("signal.welch")(u, **options)[1] for u in (x, y)]
    return ans[0], _power(of("signal.csd")(x, y, **options)[1]) / (of_x * of_y)


_CUT = {"fs": 1.0, "window": "hann", "nperseg": None, "noverlap": None, "nfft": None}
_DENSITY = {"detrend": "constant", "return_onesided": True, "scaling": "density", "axis": -1}

ROWS = (
    own(
        "csd", signature("x", "y", **_CUT, **_DENSITY, average="mean"),
        lambda x, y, fs, window, nperseg, noverlap, nfft, detrend, return_onesided, scaling, axis,
        average, ans: _csd(
            ans, average, axis, x, y, fs, window, nperseg, noverlap, nfft, detrend,
            return_onesided, scaling,
        ),
        "x y", kernel=_csd_kernel,
    ),
    own(
        "welch", signature("x", **_CUT, **_DENSITY, average="mean"),
        lambda x, fs, window, nperseg, noverlap, nfft, detrend, return_onesided, scaling, axis,
        average, ans: _csd(
            ans, average, axis, x, x, fs, window, nperseg, noverlap, nfft, detrend,
            return_onesided, scaling,
        ),
        "x",
    ),
    own(
        "periodogram", signature("x", fs=1.0, window="boxcar", nfft=None, **_DENSITY),
        lambda x, fs, window, nfft, detrend, return_onesided, scaling, axis, ans: _periodogram(
            ans, axis, x, fs, window, nfft, detrend, return_onesided, scaling
        ),
        "x",
    ),
    own(
        "stft",
        signature(
            "x", **{**_CUT, "nperseg": 256}, detrend=False, return_onesided=True,
            boundary="zeros", padded=True, axis=-1, scaling="spectrum",
        ),
        lambda x, fs, window, nperseg, noverlap, nfft, detrend, return_onesided, boundary, padded,
        axis, scaling, ans: _stft(
            ans, axis, x, x, fs, window, nperseg, noverlap, nfft, detrend, return_onesided,
            scaling, boundary, padded,
        ),
        "x",
    ),
    own(
        "spectrogram",
        signature("x", **{**_CUT, "window": ("tukey", 0.25)}, **_DENSITY, mode="psd"),
        lambda x, fs, window, nperseg, noverlap, nfft, detrend, return_onesided, scaling, axis,
        mode, ans: _spectrogram(
            ans, mode, axis, x, fs, window, nperseg, noverlap, nfft, detrend, return_onesided,
            scaling,
        ),
        "x",
    ),
    own(
        "istft",
        signature(
            "Zxx", **_CUT, input_onesided=True, boundary=True, time_axis=-1, freq_axis=-2,
            scaling="spectrum",
        ),
        _istft, "Zxx",
    ),
    own(
        "coherence", signature("x", "y", **_CUT, detrend="constant", axis=-1),
        lambda x, y, fs, window, nperseg, noverlap, nfft, detrend, axis, ans: _coherence(
            x, y, ans, fs=fs, window=window, nperseg=nperseg, noverlap=noverlap, nfft=nfft,
            detrend=detrend, axis=axis,
        ),
        "x y",
    ),
)  # fmt: skip
