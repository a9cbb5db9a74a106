"""Recursive filters: by their coefficients, by the signal and by their initial state.

`filtered` is the rule that all others are made of: y = (b x + zi)/a as power series in the delay,
cut after the last sample. With a₀ = 1 that is what `scipy.signal.lfilter` computes, and zi is its
state. With q = (1/a)ᵀg, which is the filter 1/a run backwards over the cotangent,

    x̄ = bᵀq      b̄ₖ = Σₙ q[n] x[n − k]      āₖ = −Σₙ q[n] y[n − k]      z̄i = the first of q

and each is a filter or a sum of products, so that every order follows, in time linear in the
signal. The final state is what (b x − a y) has after the last sample.
"""

import importlib
from typing import Any

import numpy as np

from ...core.arrays import Array, as_array, cast
from ...core.dispatch import array_function
from ...core.signature import Signature, signature
from ...core.table import Row, general
from ...core.tensor import values_of
from ...core.windows import pad
from ...rules.composed import composed
from ..mirror import of


@array_function
def filtered(b: Any, a: Any, x: Any, zi: Any = None) -> Any:
    """`scipy.signal.lfilter` along the last axis, from the state `zi` if that is given.

    Source: A. Oppenheim and R. Schafer, Discrete-Time Signal Processing, §6 (transposed direct
    form II).

    >>> filtered(np.array([1.0]), np.array([1.0, -0.5]), np.array([1.0, 0.0, 0.0]))
    array([1.  , 0.5 , 0.25])
    """
    lfilter = of("signal.lfilter").implementation
    if zi is None:
        return lfilter(b, a, x)
    # zeros that bring b to the length of the state, where its own is shorter
    b = np.concatenate([b, np.zeros(max(0, zi.shape[-1] + 1 - len(b)), b.dtype)])
    return lfilter(b, a, x, zi=zi / a[0])[0]


def cut(x: Array, n: int) -> Any:
    """`n` samples of `x`, zeros after its last one."""
    widths = (*[(0, 0)] * (x.ndim - 1), (0, max(0, n - x.shape[-1])))
    return pad(x, widths)[..., :n]


def _one(a: Array) -> Any:
    return np.ones(1, a.dtype)


def _back(b: Array, a: Array, g: Array) -> Any:
    return filtered(b, a, g[..., ::-1])[..., ::-1]


def _lagged(g: Array, a: Array, x: Array, count: int) -> Any:
    q, n = _back(_one(a), a, g), x.shape[-1]
    products = [np.sum(q[..., k:] * x[..., : max(n - k, 0)]) for k in range(count)]
    return np.stack(products)


def _normalised(b: Any, a: Any) -> tuple[Any, Any]:
    b, a = np.atleast_1d(as_array(b)), np.atleast_1d(as_array(a))
    return b / a[0], a / a[0]


def _run(b: Any, a: Any, x: Any, zi: Any, final: bool = False) -> Any:
    """The result along the last axis, of coefficients with a₀ = 1; the final state where wanted."""
    size = max(len(b), len(a)) - 1
    if zi is not None:
        zi = np.broadcast_to(zi, (*x.shape[:-1], size))
    y = filtered(b, a, x, zi)
    if not final:
        return y
    if size == 0:
        return y, zi
    kept = min(x.shape[-1], size)
    start = x.shape[-1] - kept
    tails = [
        filtered(c, _one(a), cut(u[..., start:], kept + size))[..., kept:]
        for c, u in ((b, x), (a, y))
    ]
    return y, tails[0] - tails[1] + cut(zi[..., x.shape[-1] :], size)


def _lfilter(b: Any, a: Any, x: Any, axis: Any, zi: Any) -> Any:
    b, a = _normalised(b, a)
    x = np.moveaxis(as_array(x), axis, -1)
    if zi is None:
        return np.moveaxis(_run(b, a, x, None), -1, axis)
    found = _run(b, a, x, np.moveaxis(as_array(zi), axis, -1), final=True)
    return tuple([np.moveaxis(part, -1, axis) for part in found])


def _kernel(path: str) -> Any:
    """SciPy's function, which does not take read-only coefficients, on a copy of them."""
    real = of(path).implementation
    return lambda sos, *args, **kwargs: real(np.array(sos, order="C"), *args, **kwargs)


def _sections(sos: Any) -> list[Any]:
    sos = as_array(sos)
    return [_normalised(section[:3], section[3:]) for section in sos]


def _sosfilt(sos: Any, x: Any, axis: Any, zi: Any) -> Any:
    """One section after the other; `zi` has an axis for them before those of `x`."""
    x = np.moveaxis(as_array(x), axis, -1)
    if zi is None:
        for b, a in _sections(sos):
            x = _run(b, a, x, None)
        return np.moveaxis(x, -1, axis)
    axis_of_state = axis if axis < 0 else axis + 1
    states = np.moveaxis(as_array(zi), axis_of_state, -1)
    final = []
    for (b, a), state in zip(_sections(sos), states, strict=True):
        x, last = _run(b, a, x, state, final=True)
        final.append(last)
    return np.moveaxis(x, -1, axis), np.moveaxis(np.stack(final), -1, axis_of_state)


def _lfilter_zi(b: Any, a: Any) -> Any:
    """The state of the answer to a step, which stays as it is: linear equations, by substitution.

    With c = b − a·b₀: zᵢ = (Σc/Σa)·Σₖ≤ᵢ aₖ − Σₖ≤ᵢ cₖ.
    """
    b, a = np.atleast_1d(as_array(b)), np.atleast_1d(as_array(a))
    if values_of(a)[0] == 0:
        raise ValueError("scipy.signal.lfilter_zi: a[0] is 0; leave out the zeros before it")
    b, a = _normalised(b, a)
    size = max(len(b), len(a))
    b, a = cut(b, size), cut(a, size)
    c = b - a * b[0]
    return np.sum(c) / np.sum(a) * np.cumsum(a)[:-1] - np.cumsum(c)[:-1]


def _sosfilt_zi(sos: Any) -> Any:
    """Each section meets the step as the ones before it leave it, times their sums Σb/Σa."""
    scale, states = 1.0, []
    for b, a in _sections(sos):
        states.append(scale * _lfilter_zi(b, a))
        scale = scale * np.sum(b) / np.sum(a)
    return np.stack(states)


EXTENDED: dict[Any, dict[str, Any]] = {
    "odd": {"mode": "reflect", "reflect_type": "odd"},
    "even": {"mode": "reflect"},
    "constant": {"mode": "edge"},
    "zeros": {},
}


def _both_ways(
    sections: list[Any], states: list[Any], x: Any, axis: Any, padtype: Any, edge: int
) -> Any:
    """Forwards and backwards, each from the state of the first sample's step."""
    x = np.moveaxis(as_array(x), axis, -1)
    if padtype is not None and edge > 0:
        x = np.pad(x, [(0, 0)] * (x.ndim - 1) + [(edge, edge)], **EXTENDED[padtype])
    else:
        edge = 0
    for _ in range(2):
        first = x[..., :1]
        for (b, a), state in zip(sections, states, strict=True):
            x = _run(b, a, x, state * first)
        x = x[..., ::-1]
    return np.moveaxis(x[..., edge : x.shape[-1] - edge], -1, axis)


def _filtfilt(
    b: Any, a: Any, x: Any, axis: Any, padtype: Any, padlen: Any, method: Any, ans: Any
) -> Any:
    if method == "gust":
        raise ValueError(
            "scipy.signal.filtfilt: method='gust' has no derivative rule; use method='pad'"
        )
    b, a = _normalised(b, a)
    edge = 3 * max(len(a), len(b)) if padlen is None else padlen
    return cast(_both_ways([(b, a)], [_lfilter_zi(b, a)], x, axis, padtype, edge), ans.dtype)


def _sosfiltfilt(sos: Any, x: Any, axis: Any, padtype: Any, padlen: Any, ans: Any) -> Any:
    """SciPy takes 3(2n + 1 − z) samples, z the zeros that all sections' b or a have at the end."""
    sections = _sections(sos)
    if padlen is None:
        ends = np.asarray(values_of(sos))
        padlen = 3 * (2 * len(ends) + 1 - min(np.sum(ends[:, 2] == 0), np.sum(ends[:, 5] == 0)))
    found = _both_ways(sections, list(_sosfilt_zi(sos)), x, axis, padtype, int(padlen))
    return cast(found, ans.dtype)


def _decimate(x: Any, q: Any, n: Any, ftype: Any, axis: Any, zero_phase: Any, ans: Any) -> Any:
    x = as_array(x)
    every = (slice(None),) * (axis % x.ndim) + (slice(None, None, q),)
    if ftype == "iir":
        sos = of("signal.cheby1")(8 if n is None else n, 0.05, 0.8 / q, output="sos")
        run = of("signal.sosfiltfilt" if zero_phase else "signal.sosfilt")
        return cast(run(sos, x, axis)[every], ans.dtype)
    if ftype != "fir":
        raise ValueError(
            "scipy.signal.decimate: ftype has a derivative rule as 'iir' or 'fir'; with another "
            "filter use filtfilt or lfilter, and take every q-th sample"
        )
    b = of("signal.firwin")((20 * q if n is None else n) + 1, 1.0 / q, window="hamming")
    if zero_phase:
        return cast(of("signal.resample_poly")(x, 1, q, axis, window=b), ans.dtype)
    return cast(of("signal.lfilter")(b, 1.0, x, axis)[every], ans.dtype)


def _response(b: Any, a: Any, at: Array) -> Any:
    """b/a at these points, by Horner's rule; a number has no powers."""
    return np.polyval(np.atleast_1d(as_array(b)), at) / np.polyval(np.atleast_1d(as_array(a)), at)


def _freqz(b: Any, a: Any, fs: Any, ans: Any) -> Any:
    """The polynomials in z⁻¹ = exp(−iω), of ascending powers."""
    b, a = np.atleast_1d(as_array(b)), np.atleast_1d(as_array(a))
    if b.ndim > 1 or a.ndim > 1:
        raise ValueError(
            "scipy.signal.freqz: b and a have one axis beside a Tensor; call it for each"
        )
    h = _response(b[::-1], a[::-1], np.exp(-2j * np.pi / fs * ans[0]))
    return ans[0], cast(h, ans[1].dtype)


def _freqz_sos(sos: Any, fs: Any, ans: Any) -> Any:
    at, h = np.exp(-2j * np.pi / fs * ans[0]), 1.0
    for section in as_array(sos):
        h = h * _response(section[2::-1], section[:2:-1], at)
    return ans[0], h


def _names(*names: str) -> list[str]:
    """Those that this SciPy has: of one function older versions have one name, newer ones both."""
    return [name for name in names if hasattr(importlib.import_module("scipy.signal"), name)]


def own(name: str, form: Signature, definition: Any, operands: str, **options: Any) -> Row:
    """A row with SciPy's value and the derivative of a definition, by these operands."""
    function = of(f"signal.{name}")
    return composed(function, form, definition, set(operands.split()), own_value=True, **options)


ROWS = (
    general(
        filtered,
        b=(
            lambda g, b_like, a, x: _lagged(g, a, x, b_like.size),
            lambda t, a, x: filtered(t, a, x),
        ),
        a=(lambda g, a, ans: -_lagged(g, a, ans, len(a)), lambda t, a, ans: -filtered(t, a, ans)),
        x=(lambda g, b, a: _back(b, a, g), lambda t, b, a: filtered(b, a, t)),
        zi=(
            lambda g, a, zi_like: cut(_back(_one(a), a, g), zi_like.shape[-1]),
            lambda t, a, ans: filtered(_one(a), a, cut(t, ans.shape[-1])),
        ),
    ),
    own("lfilter", signature("b", "a", "x", axis=-1, zi=None), _lfilter, "b a x zi"),
    own("lfilter_zi", signature("b", "a"), _lfilter_zi, "b a"),
    own(
        "sosfilt", signature("sos", "x", axis=-1, zi=None), _sosfilt, "sos x zi",
        kernel=_kernel("signal.sosfilt"),
    ),
    own("sosfilt_zi", signature("sos"), _sosfilt_zi, "sos"),
    own(
        "filtfilt",
        signature("b", "a", "x", axis=-1, padtype="odd", padlen=None, method="pad", irlen=None),
        _filtfilt, "b a x",
    ),
    own(
        "sosfiltfilt", signature("sos", "x", axis=-1, padtype="odd", padlen=None), _sosfiltfilt,
        "sos x", kernel=_kernel("signal.sosfiltfilt"),
    ),
    own(
        "decimate", signature("x", "q", n=None, ftype="iir", axis=-1, zero_phase=True), _decimate,
        "x",
    ),
    own(
        "freqz",
        signature("b", a=1, worN=512, whole=False, plot=None, fs=2 * np.pi, include_nyquist=False),
        _freqz, "b a",
    ),
    *[
        own(
            name, signature("sos", worN=512, whole=False, fs=2 * np.pi), _freqz_sos, "sos",
            aliases={"args": "sos"},  # of the newer one's old name
        )
        for name in _names("freqz_sos", "sosfreqz")
    ],
    own(
        "freqs", signature("b", "a", worN=200, plot=None),
        lambda b, a, ans: (ans[0], _response(b, a, 1j * ans[0])), "b a",
    ),
)  # fmt: skip
