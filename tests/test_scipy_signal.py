"""scipy.signal on Tensors: closed forms, dense matrices, SciPy's bits, edges and refusals."""

import numpy as np
import pytest
import scipy.signal

import tinygrad_np as tg
from tinygrad_np.scipy import signal

RNG = np.random.default_rng(0)
B, A = scipy.signal.butter(3, 0.3)
SOS = scipy.signal.butter(4, 0.2, output="sos")


def drawn(*shape):
    return RNG.standard_normal(shape)


def close(found, expected, tolerance=1e-12):
    scale = np.max(np.abs(expected), initial=1e-300)
    return np.shape(found) == np.shape(expected) and np.all(
        np.abs(found - expected) <= tolerance * scale
    )


# Convolutions


@pytest.mark.parametrize("method", ["direct", "fft", "auto"])
def test_the_posts_convolution_is_conv2d(method):
    image, filters, upstream = drawn(6, 5), drawn(3, 3), drawn(6, 5)

    def as_written(image, filters):
        return np.sum(signal.convolve(image, filters[::-1, ::-1], "same", method) * upstream)

    def by_windows(image, filters):
        y = tg.conv2d(image[None, ..., None], filters[..., None, None], padding=1)
        return np.sum(y[0, ..., 0] * upstream)

    found = tg.value_and_grad(as_written, argnums=(0, 1))(image, filters)
    value, gradients = tg.value_and_grad(by_windows, argnums=(0, 1))(image, filters)
    assert close(found[0], value)
    assert close(found[1][0], gradients[0])
    assert close(found[1][1], gradients[1])


@pytest.mark.parametrize("name", ["convolve", "fftconvolve", "oaconvolve", "convolve2d"])
@pytest.mark.parametrize("mode", ["full", "same", "valid"])
def test_integers_give_exact_gradients_by_direct_sums(name, mode):
    x, w = RNG.integers(-4, 5, (4, 5)) * 1.0, RNG.integers(-4, 5, (3, 2)) * 1.0
    run = getattr(signal, name)
    g = RNG.integers(-4, 5, getattr(scipy.signal, name)(x, w, mode).shape) * 1.0
    found = tg.grad(lambda x, w: np.sum(run(x, w, mode) * g), argnums=(0, 1))(x, w)
    for argnum, part in enumerate(found):
        expected = np.zeros(part.shape)
        for place in np.ndindex(part.shape):
            unit = np.zeros(part.shape)
            unit[place] = 1
            pair = (unit, w) if argnum == 0 else (x, unit)
            expected[place] = np.sum(scipy.signal.convolve(*pair, mode, "direct") * g)
        assert np.array_equal(part.round(11), expected)


def test_same_crops_a_broadcast_axis_too():
    x, w, g = drawn(4, 1), drawn(3, 3), drawn(4, 1)
    found = tg.grad(lambda w: np.sum(signal.fftconvolve(x, w, "same", axes=0) * g))(w)
    expected = tg.grad(lambda w: np.sum(signal.fftconvolve(x, w[:, 1:2], "same") * g))(w)
    assert close(found, expected)


@pytest.mark.parametrize("name", ["fftconvolve", "oaconvolve"])
def test_empty_arrays_have_empty_or_no_gradients(name):
    for n, m in ((0, 0), (0, 3), (3, 0)):
        x, w = np.zeros(n), np.ones(m)
        found = tg.grad(lambda x, w: np.sum(getattr(signal, name)(x, w)), argnums=(0, 1))(x, w)
        assert [g.tolist() for g in found] == [[0.0] * n, [0.0] * m]


def test_correlate2d_of_a_larger_complex_filter_is_scipys():
    x, y = drawn(2, 3), drawn(3, 3) + 1j * drawn(3, 3)
    v = drawn(2, 3)
    value, tangent = tg.jvp(lambda x: signal.correlate2d(x, y, "valid"), [x], [v])
    assert np.array_equal(value, scipy.signal.correlate2d(x, y, "valid"))
    assert close(tangent, scipy.signal.correlate2d(v, y, "valid"))


def test_deconvolve_undoes_convolve():
    x, w, g = drawn(6), np.array([2.0, 0.3, -0.4]), drawn(6)

    def back(x, w):
        return np.sum(signal.deconvolve(signal.convolve(x, w), w)[0] * g)

    by_x, by_w = tg.grad(back, argnums=(0, 1))(x, w)
    assert close(by_x, g)
    assert np.max(np.abs(by_w)) < 1e-13
    short = tg.grad(lambda x: np.sum(signal.deconvolve(x, w)[1] ** 2))(x[:2])
    assert close(short, 2 * x[:2])


# Recursive filters: of 1/(1 − p z⁻¹) the answer to a pulse is pⁿ


def powers(p, count=6):
    pulse = np.zeros(count)
    pulse[0] = 1
    return signal.lfilter([1.0], [1.0, -p], pulse)


def test_lfilter_has_the_derivatives_of_a_power():
    n, p = np.arange(6), 0.7
    assert close(tg.jacobian(powers)(p), n * p ** (n - 1.0))
    assert close(
        tg.jacobian(tg.jacobian(powers))(p), n * (n - 1) * p ** np.maximum(n - 2.0, 0), 1e-13
    )
    third = tg.jacobian(tg.jacobian(tg.jacobian(powers)))(p)
    assert close(third, n * (n - 1) * (n - 2) * p ** np.maximum(n - 3.0, 0), 1e-13)


def test_the_first_coefficient_divides_all():
    x, g = drawn(7), drawn(7)
    loss = tg.grad(lambda b, a: np.sum(signal.lfilter(b, a, x) * g), argnums=(0, 1))
    b, a = np.array([0.5, 0.2]), np.array([2.0, 0.3, -0.4])
    by_b, by_a = loss(b, a)
    assert abs(b @ by_b + a @ by_a) < 1e-13  # y does not change where b and a grow together


@pytest.mark.parametrize("cut", [1, 2, 5])
def test_the_state_carries_the_gradient_from_one_part_to_the_next(cut):
    x, g = drawn(8), drawn(8)

    def whole(b, a, x, zi):
        return np.sum(signal.lfilter(b, a, x, zi=zi)[0] * g)

    def in_parts(b, a, x, zi):
        first, zi = signal.lfilter(b, a, x[:cut], zi=zi)
        second, _ = signal.lfilter(b, a, x[cut:], zi=zi)
        return np.sum(np.concatenate([first, second]) * g)

    arguments = (B, A, x, drawn(3))
    found = tg.grad(in_parts, argnums=(0, 1, 2, 3))(*arguments)
    for part, expected in zip(found, tg.grad(whole, argnums=(0, 1, 2, 3))(*arguments), strict=True):
        assert close(part, expected)


def test_sections_are_one_filter_after_the_other():
    x, zi = drawn(3, 9), drawn(2, 3, 2)

    def after_one_another(sos, x, zi):
        for section, state in zip(sos, zi, strict=True):
            x, _ = signal.lfilter(section[:3], section[3:], x, zi=state)
        return np.sum(x**2)

    found = tg.grad(
        lambda *s: np.sum(signal.sosfilt(s[0], s[1], zi=s[2])[0] ** 2), argnums=(0, 1, 2)
    )
    expected = tg.grad(after_one_another, argnums=(0, 1, 2))
    for part, other in zip(found(SOS, x, zi), expected(SOS, x, zi), strict=True):
        assert close(part, other)


def test_a_steps_state_stays_as_it_is():
    n = 5

    def left(b, a):
        return signal.lfilter(b, a, np.ones(n), zi=signal.lfilter_zi(b, a))[0]

    by_b = tg.jacobian(lambda b: left(b, A))(B)
    assert close(by_b, np.full((n, 4), 1 / np.sum(A)))  # y is Σb/Σa at every sample
    by_a = tg.jacobian(lambda a: left(B, a))(A)
    assert close(by_a, np.full((n, 4), -np.sum(B) / np.sum(A) ** 2))
    states = tg.jacobian(lambda sos: np.sum(signal.sosfilt_zi(sos)))(SOS)
    assert np.all(np.isfinite(states))


def test_freqz_of_one_pole():
    p, w = 0.6, np.array([0.1, 1.0, 3.0])
    found = tg.jacobian(lambda p: np.abs(signal.freqz([1.0], [1.0, -p], w)[1]) ** 2)(p)
    square = 1 - 2 * p * np.cos(w) + p * p
    assert close(found, (2 * np.cos(w) - 2 * p) / square**2)


def test_the_response_of_sections_is_the_product():
    w = np.array([0.2, 0.9])
    name = "freqz_sos" if hasattr(scipy.signal, "freqz_sos") else "sosfreqz"

    def product(sos):
        first, second = [np.abs(signal.freqz(s[:3], s[3:], w)[1]) for s in (sos[0], sos[1])]
        return first * second

    found = tg.jacobian(lambda sos: np.abs(getattr(signal, name)(sos, w)[1]))(SOS)
    assert close(found, tg.jacobian(product)(SOS))


# What is linear, against its matrix

N = 24
LINEAR = {
    "lfilter": lambda m, x: m.lfilter(B, A, x, axis=0),
    "filtfilt": lambda m, x: m.filtfilt(B, A, x, axis=0),
    "filtfilt even": lambda m, x: m.filtfilt(B, A, x, axis=0, padtype="even", padlen=5),
    "filtfilt constant": lambda m, x: m.filtfilt(B, A, x, axis=0, padtype="constant"),
    "filtfilt without": lambda m, x: m.filtfilt(B, A, x, axis=0, padtype=None),
    "sosfilt": lambda m, x: m.sosfilt(SOS, x, axis=0),
    "sosfiltfilt": lambda m, x: m.sosfiltfilt(SOS, x, axis=0),
    "savgol": lambda m, x: m.savgol_filter(x, 7, 3, deriv=1, axis=0),
    **{
        f"savgol {mode} {size}": lambda m, x, mode=mode, size=size: m.savgol_filter(
            x, size, 2, axis=0, mode=mode
        )
        for mode in ("mirror", "nearest", "wrap", "constant", "interp")
        for size in (4, 5)
    },
    "detrend": lambda m, x: m.detrend(x, axis=0, bp=[7, 12]),
    "detrend constant": lambda m, x: m.detrend(x, axis=0, type="constant", overwrite_data=True),
    "hilbert": lambda m, x: np.imag(m.hilbert(x, axis=0)),
    "hilbert longer": lambda m, x: np.imag(m.hilbert(x, 31, axis=0)),
    **{f"resample {n}": lambda m, x, n=n: m.resample(x, n) for n in (1, 2, 9, 12, 24, 31, 40)},
    "resample window": lambda m, x: m.resample(x, 10, window=("kaiser", 3.0)),
    "resample function": lambda m, x: m.resample(x, 30, window=lambda f: 1 / (1 + f + f * f)),
    **{
        f"resample_poly {up}/{down}": lambda m, x, up=up, down=down: m.resample_poly(x, up, down)
        for up, down in ((1, 1), (2, 3), (6, 4), (1, 5))
    },
    "resample_poly mean": lambda m, x: m.resample_poly(x, 3, 2, padtype="mean"),
    "resample_poly filter": lambda m, x: m.resample_poly(x, 3, 2, window=[0.2, 0.5, 0.4]),
    **{
        f"decimate {kind} {zero}": lambda m, x, kind=kind, zero=zero: m.decimate(
            x, 2, 3, kind, 0, zero
        )
        for kind in ("iir", "fir")
        for zero in (True, False)
    },
    "upfirdn": lambda m, x: m.upfirdn(B, x, 3, 2, axis=0),
    "stft": lambda m, x: np.real(m.stft(x, nperseg=6, axis=0, boundary="even")[2]),
    "spectrogram": lambda m, x: np.imag(m.spectrogram(x, nperseg=6, axis=0, mode="complex")[2]),
    "czt": lambda m, x: np.real(m.czt(x, 9, np.exp(0.7j), 1.1, axis=0)),
}


@pytest.mark.parametrize("name", LINEAR)
def test_the_gradient_is_the_transposed_matrix(name):
    run = LINEAR[name]
    matrix = np.stack([run(scipy.signal, unit) for unit in np.eye(N)], -1)
    x = drawn(N)
    g = drawn(*matrix.shape[:-1])
    found = tg.grad(lambda x: np.sum(run(signal, x) * g))(x)
    assert close(found, np.tensordot(g, matrix, g.ndim), 1e-12)
    value, tangent = tg.jvp(lambda x: run(signal, x), [x], [g := drawn(N)])
    assert np.array_equal(value, run(scipy.signal, x.copy()))
    assert close(tangent, matrix @ g, 1e-12)


@pytest.mark.parametrize(
    "run",
    [
        lambda m, x: m.filtfilt(B, A, x),
        lambda m, x: m.savgol_filter(x, 31, 3),
        lambda m, x: m.detrend(x),
        lambda m, x: np.imag(m.hilbert(x)),
        lambda m, x: m.resample(x, 70_000),
        lambda m, x: m.fftconvolve(x, np.hanning(200), "same"),
        lambda m, x: m.resample_poly(x, 3, 2),
    ],
)
def test_of_a_hundred_thousand_samples_no_matrix_is_made(run):
    # It would have 10¹⁰ elements.
    x, v = drawn(100_000), drawn(100_000)
    g = drawn(len(run(scipy.signal, x)))
    found = tg.grad(lambda x: np.sum(run(signal, x) * g))(x)
    expected = np.sum(run(scipy.signal, v) * g)
    assert abs(np.sum(found * v) - expected) < 1e-11 * np.linalg.norm(found) * np.linalg.norm(v)


# Spectra


def test_the_power_of_a_spectrum_is_that_of_the_signal():
    for n in (7, 8):
        x = drawn(n)

        def power(x):
            frequencies, density = signal.periodogram(x, fs=3.0, detrend=False)
            return np.sum(density) * frequencies[1]

        assert close(power(x), np.mean(x**2))  # Parseval
        assert close(tg.grad(power)(x), 2 * x / n)


def test_welch_is_the_mean_of_its_segments():
    x = drawn(3, 16)

    def of_segments(x):
        parts = [x[:, i : i + 8] for i in (0, 4, 8)]
        spectra = [signal.periodogram(part, window="hann", detrend="linear")[1] for part in parts]
        return np.sum((spectra[0] + spectra[1] + spectra[2]) ** 2) / 9

    def of_welch(x):
        return np.sum(signal.welch(x, nperseg=8, detrend="linear")[1] ** 2)

    assert close(of_welch(x), of_segments(x))
    assert close(tg.grad(of_welch)(x), tg.grad(of_segments)(x))


def test_csd_of_a_signal_with_itself_is_its_power():
    x = drawn(20)
    by_two = tg.grad(lambda x: np.sum(np.real(signal.csd(x, 1 * x, nperseg=8)[1]) ** 2))(x)
    by_one = tg.grad(lambda x: np.sum(signal.csd(x, x, nperseg=8)[1] ** 2))(x)
    expected = tg.grad(lambda x: np.sum(signal.welch(x, nperseg=8)[1] ** 2))(x)
    assert close(by_two, expected)
    assert close(by_one, expected)


def test_istft_undoes_stft():
    options = {"nperseg": 6, "noverlap": 4, "scaling": "psd", "fs": 2.0}
    x, g = drawn(2, 14), drawn(2, 14)

    def back(x):
        z = signal.stft(x, **options)[2]
        return np.sum(signal.istft(z, **options)[1][:, :14] * g)

    assert close(tg.grad(back)(x), g)


def test_coherence_is_one_of_proportional_signals():
    x = drawn(40)
    loss = tg.value_and_grad(lambda y: np.sum(signal.coherence(x, y, nperseg=8)[1]))
    value, gradient = loss(3 * x)
    assert close(value, 5.0)
    assert np.max(np.abs(gradient)) < 1e-13  # its maximum


def test_complex_signals_have_two_sided_spectra():
    x, g = drawn(12) + 1j * drawn(12), drawn(4, 5)
    loss = tg.grad(
        lambda x: np.sum(np.real(signal.stft(x, nperseg=4, return_onesided=False)[2])[:, :5] * g)
    )
    v = drawn(12) + 1j * drawn(12)
    z = scipy.signal.stft(v, nperseg=4, return_onesided=False)[2]
    assert close(np.real(np.sum(loss(x) * v)), np.sum(np.real(z)[:, :5] * g))


# What has no gradient


def test_peaks_are_places_and_their_properties_are_refused():
    t = tg.Tensor(np.array([0.0, 2.0, 1.0, 3.0, 0.0]))
    assert signal.find_peaks(t)[0].tolist() == [1, 3]
    for option in ({"height": 1.0}, {"prominence": 0.1}, {"width": 0.1}):
        with pytest.raises(ValueError, match=r"would lose the gradient; find the peaks of t\.data"):
            signal.find_peaks(t, **option)


X = np.arange(8.0)
REFUSALS = [
    (lambda t: signal.filtfilt(B, A, t, method="gust"), r"filtfilt: method='gust' has no"),
    # SciPy's newer versions say it themselves
    (lambda t: signal.lfilter_zi(t, [0.0, 1.0]), r"lfilter_zi: .*(a\[0\] is 0|zero)"),
    (lambda t: signal.upfirdn([1.0], t, mode="wrap"), r"upfirdn: mode='wrap'.*np\.pad"),
    (lambda t: signal.resample_poly(t, 2, 1, padtype="line"), r"resample_poly: .*np\.pad"),
    (lambda t: signal.resample(t, 4, domain="freq"), r"resample: domain='freq'.*np\.fft\.ifft"),
    (lambda t: signal.spectrogram(t, mode="angle", nperseg=4), r"spectrogram: mode='angle'"),
    (lambda t: signal.welch(t, nperseg=4, average="median"), r"average='median' has no"),
    (lambda t: signal.welch(t, nperseg=4, detrend=lambda x: x), r"detrend=.* has no derivative"),
    (lambda t: signal.freqz(np.reshape(t, (8, 1)), 1.0, 4), r"freqz: b and a have one axis"),
    (
        lambda t: signal.decimate(t, 2, ftype=scipy.signal.dlti([1.0], [1.0, 0.2])),
        r"decimate: ftype has",
    ),
]


@pytest.mark.parametrize(("call", "message"), REFUSALS)
def test_what_has_no_rule_says_what_to_do(call, message):
    with pytest.raises(ValueError, match=message):
        call(tg.Tensor(X))


@pytest.mark.parametrize(
    "call",
    [
        lambda t: signal.butter(2, t),
        lambda t: signal.lti([1.0], [1.0, t]),
        lambda t: signal.windows.gaussian(5, t),
        lambda t: signal.stft(X, fs=t),
        lambda t: signal.stft(X, window=[t, 1.0, 1.0]),
        lambda t: signal.savgol_filter(X, 5, 2, delta=t),
        lambda t: signal.freqz([1.0], worN=t),
        lambda t: signal.resample(X, 4, window=lambda f: t * f) + t,
        lambda t: signal.savgol_filter(tg.Tensor(X * 1j), 5, 2),
    ],
)
def test_a_tensor_where_none_belongs_is_refused(call):
    with pytest.raises(TypeError, match=r"takes no Tensor|does not take a|lose the|real numbers"):
        call(tg.Tensor(0.3))


def test_lists_with_tensors_become_arrays():
    def loss(p):
        return np.sum(signal.lfilter([p, 0.5], [1.0, -p], X))

    h = 1e-6
    plain = (loss(0.4 + h) - loss(0.4 - h)) / (2 * h)
    assert abs(tg.grad(loss)(0.4) - plain) < 1e-8 * abs(plain)


def test_arrays_give_scipys_own_results():
    for run in LINEAR.values():
        assert np.array_equal(run(signal, X.repeat(3)), run(scipy.signal, X.repeat(3)))
    assert signal.windows.hann is not None
    assert signal.welch(X, nperseg=4)[1].tolist() == scipy.signal.welch(X, nperseg=4)[1].tolist()


def test_a_window_with_a_tensor_in_it():
    with pytest.raises(TypeError, match=r"welch: 'window' has no derivative rule.*t\.item\(\)"):
        tg.grad(lambda b: signal.welch(np.ones(9), window=("kaiser", b))[1][0])(2.0)
