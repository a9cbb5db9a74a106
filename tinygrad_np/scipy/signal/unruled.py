"""What of `scipy.signal` has no derivative: results that are locally constant, and what is refused.

`find_peaks` is locally constant where it gives places alone, and refuses the properties of peaks.
"""

from typing import Any

from ...core.arrays import Array
from ...core.table import constant
from ..mirror import constants, of, refused


def _find_peaks(x: Array, *args: Any, **kwargs: Any) -> Any:
    peaks, properties = of("signal.find_peaks").implementation(x, *args, **kwargs)
    numbers = [name for name, values in properties.items() if values.dtype.kind == "f"]
    if numbers:
        raise ValueError(
            f"scipy.signal.find_peaks: {', '.join(numbers)} would lose the gradient; find the "
            "peaks of t.data, and take x[peaks]"
        )
    return peaks, properties


ROWS = (
    constant(of("signal.find_peaks"), "places of peaks, which are whole numbers", _find_peaks),
    *constants(
        "signal",
        "whole numbers, or a choice",
        "argrelextrema argrelmax argrelmin correlation_lags find_peaks_cwt max_len_seq "
        "unit_impulse check_COLA check_NOLA choose_conv_method",
    ),
    *constants("signal", "−1 or 1, which jump in place of changing", "square"),
)

_WHY = {
    "a design is made from plain numbers; write the coefficients' formula in NumPy and give them "
    "to lfilter or sosfilt, which have the derivative by them": (
        "bessel besselap butter buttap buttord cheb1ap cheb1ord cheb2ap cheb2ord cheby1 cheby2 "
        "ellip ellipap ellipord iircomb iirdesign iirfilter iirnotch iirpeak gammatone "
        "band_stop_obj firls firwin firwin2 firwin_2d remez minimum_phase kaiser_atten kaiser_beta "
        "kaiserord savgol_coeffs findfreqs daub qmf closest_STFT_dual_window"
    ),
    "it goes from one form of a filter to another, by roots that may meet; write the filter in the "
    "form b, a or sos, of which lfilter, sosfilt and freqz have the derivative": (
        "abcd_normalize bilinear bilinear_zpk cont2discrete invres invresz lp2bp lp2bp_zpk lp2bs "
        "lp2bs_zpk lp2hp lp2hp_zpk lp2lp lp2lp_zpk normalize place_poles residue residuez sos2tf "
        "sos2zpk ss2tf ss2zpk tf2sos tf2ss tf2zpk unique_roots zpk2sos zpk2ss zpk2tf cmplx_sort"
    ),
    "a system holds plain numbers; use lfilter for one in discrete time, freqs and freqz for "
    "responses, tinygrad_np.scipy.integrate.solve_ivp for one in continuous time": (
        "StateSpace TransferFunction ZerosPolesGain dlti lti bode dbode dfreqresp dimpulse dlsim "
        "dstep freqresp impulse lsim step"
    ),
    "it has no derivative rule; use stft and istft": "ShortTimeFFT",
    "it has no derivative rule; use czt, from f₁ to f₂ with m points with a = exp(2πi f₁/fs) and "
    "w = exp(−2πi (f₂ − f₁)/(m fs))": "CZT ZoomFFT czt_points zoom_fft",
    "it has no derivative rule; multiply np.fft.fft2(x) by the weights, and np.fft.ifft2 of it": (
        "hilbert2"
    ),
    "it picks one of many samples, and ties would decide; take np.median or np.sort of "
    "np.lib.stride_tricks.sliding_window_view": "medfilt medfilt2d order_filter",
    "it depends on local means and variances; write these with convolve": "wiener",
    "it has no derivative rule; filter the rows and the columns with convolve": (
        "sepfir2d spline_filter"
    ),
    "it has no derivative rule; use tinygrad_np.scipy.ndimage.spline_filter1d, map_coordinates": (
        "cspline1d cspline1d_eval cspline2d gauss_spline qspline1d qspline1d_eval qspline2d"
    ),
    "it has no derivative rule; use lfilter forwards, and on the signal backwards": (
        "symiirorder1 symiirorder2"
    ),
    "it has no derivative rule; the state after a past is the second result of lfilter on that "
    "past with zi = 0": "lfiltic",
    "it has no derivative rule; use freqz or freqs of b and a": "freqs_zpk freqz_zpk",
    "it has no derivative rule; for b it is np.real(r/h), with h of freqz(b) and r of "
    "freqz(b * np.arange(len(b))), less the same for a": "group_delay",
    "a waveform has a short formula, of which np.cos has the derivative; write it in NumPy": (
        "chirp gausspulse sawtooth sweep_poly"
    ),
    "it depends on the signal at the bases; pass t.data, and take x[peaks] − np.maximum(x[left], "
    "x[right]) at the bases it gives": "peak_prominences peak_widths",
    "it has no derivative rule; use np.abs of hilbert(x)": "envelope",
    "it has no derivative rule; use np.abs of np.mean(np.exp(2j * np.pi * events / period))": (
        "vectorstrength"
    ),
    "it has no derivative rule; fit cosines and sines with np.linalg.lstsq": "lombscargle",
    "it has no derivative rule; solve its equations with np.linalg.solve": "whittaker_henderson",
    "it has no derivative rule; convolve with each wavelet, written in NumPy": (
        "cwt morlet morlet2 ricker cascade"
    ),
}
_OF_WINDOW = "a window is made from plain numbers; write its formula in NumPy, and multiply by it"

REFUSED = {
    **{f: why for why, names in _WHY.items() for f in refused("signal", why, names)},
    **refused("signal", _OF_WINDOW, "get_window"),
    **refused(
        "signal.windows",
        _OF_WINDOW,
        "boxcar triang parzen bohman blackman nuttall blackmanharris flattop bartlett barthann "
        "hamming kaiser kaiser_bessel_derived gaussian general_gaussian general_cosine "
        "general_hamming chebwin cosine hann exponential tukey taylor get_window dpss lanczos",
    ),
}
