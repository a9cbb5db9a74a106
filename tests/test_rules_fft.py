"""Fourier transforms: their gradients against their matrices, and against direct sums."""

import subprocess
import sys

import numpy as np
import pytest

import tinygrad_np as tg
from tinygrad_np import Tensor
from tinygrad_np.core.graph import leaf
from tinygrad_np.core.tensor import rebuilt

A = np.array
RNG = np.random.default_rng


def matrix(function, like):
    """The matrices of a real-linear function: its values at units e and (if complex) at i e."""
    units = np.eye(like.size, dtype=like.dtype).reshape(like.size, *like.shape)
    real = np.stack([function(unit) for unit in units])
    return real, np.stack([function(1j * unit) for unit in units]) if like.dtype.kind == "c" else 0


def gradient(function, like, g):
    """∂/∂x − i ∂/∂y of Re Σ g·function(x + i y), from the function's matrices."""
    axes = (list(range(1, 1 + g.ndim)), list(range(g.ndim)))
    by_real, by_imaginary = [np.real(np.tensordot(m, g, axes)) if np.ndim(m) else 0
                             for m in matrix(function, like)]  # fmt: skip
    return (by_real - 1j * by_imaginary if like.dtype.kind == "c" else by_real).reshape(like.shape)


def drawn(rng, shape, dtype):
    values = rng.standard_normal(shape)
    return values if np.dtype(dtype).kind == "f" else values + 1j * rng.standard_normal(shape)


ONE = ["fft", "ifft", "rfft", "irfft", "hfft", "ihfft"]
TWO = ["fft2", "ifft2", "rfft2", "irfft2"]
SEVERAL = ["fftn", "ifftn", "rfftn", "irfftn"]
REAL = {"rfft", "ihfft", "rfft2", "rfftn"}
DTYPES = [float, complex]


def compare(name, shape, dtype, **kwargs):
    rng = RNG(0)
    transform = getattr(np.fft, name)

    def function(x):
        return transform(x, **kwargs)

    x = drawn(rng, shape, dtype)
    y, pull = tg.vjp(function, x)
    expected = function(x)
    assert np.array_equal(y, expected)
    assert y.dtype == expected.dtype
    g = drawn(rng, y.shape, y.dtype)
    exact = gradient(function, x, g)
    (found,) = pull(g)
    assert found.dtype == x.dtype
    assert np.max(np.abs(found - exact), initial=0) <= 1e-13 * np.max(np.abs(exact), initial=1)


class TestTheGradientIsThatOfTheMatrix:
    @pytest.mark.parametrize("name", ONE)
    @pytest.mark.parametrize("dtype", DTYPES)
    @pytest.mark.parametrize("norm", [None, "backward", "ortho", "forward"])
    def test_along_one_axis(self, name, dtype, norm):
        if name in REAL and dtype is complex:
            with pytest.raises(TypeError, match="not supported for the input types"):
                getattr(np.fft, name)(np.ones(2) * 1j)
            return
        for length in (2, 3, 4, 5):
            for n in (None, 1, 2, length - 1, length, length + 1, 2 * length, 2 * length + 1):
                compare(name, (length,), dtype, n=n, norm=norm)
        compare(name, (3, 4, 2), dtype, axis=1, norm=norm)
        compare(name, (3, 2), dtype, n=np.int64(4), axis=-2, norm=norm)

    @pytest.mark.parametrize("name", TWO + SEVERAL)
    @pytest.mark.parametrize("norm", [None, "backward", "ortho", "forward"])
    def test_along_several(self, name, norm):
        for dtype in DTYPES[: 1 if name in REAL else 2]:
            for kwargs in (
                {},
                {"s": (4, 5), "axes": (0, 1)},
                {"s": (2, 3), "axes": (-1, 0)},
                {"s": [-1, 2], "axes": [0, 1]},
                {"s": A([3, -1]), "axes": A([1, 0])},
                {"axes": (0, -1)},
                {"axes": (1,)},
                {"axes": (1, 1)},
                {"axes": (0, 1, 0)},
                {"axes": (0, 0, 1), "s": (2, 5, 4)},
                {"axes": (0, 0, 1), "s": (5, 2, -1)},
                {"axes": (1, 0, 1, 0), "s": (4, 2, 5, 3)},
            ):
                compare(name, (3, 4), dtype, norm=norm, **kwargs)
            compare(name, (2, 3, 4), dtype, norm=norm)

    @pytest.mark.parametrize("name", SEVERAL)
    @pytest.mark.filterwarnings("ignore:`axes` should not be:DeprecationWarning")
    @pytest.mark.filterwarnings("ignore:Passing an array containing:DeprecationWarning")
    def test_what_numpy_will_no_longer_take(self, name):
        compare(name, (2, 3, 4), float, s=(5, 3))
        compare(name, (3, 4), float, s=(None, 5), axes=(0, 1))
        compare(name, (3, 4), float, s=(5, None, 4), axes=(0, 0, 1))

    @pytest.mark.parametrize("name", ["fftshift", "ifftshift"])
    @pytest.mark.parametrize("dtype", DTYPES)
    def test_shifts(self, name, dtype):
        for axes in (None, 0, -1, (0, 1), (1, 1)):
            compare(name, (3, 4), dtype, axes=axes)
        compare(name, (5,), dtype)

    @pytest.mark.parametrize("name", ONE[:2] + ONE[3:5])
    def test_arrays_without_elements(self, name):
        transform = getattr(np.fft, name)
        for shape, axis in (((0, 3), 1), ((3, 0), 0)):
            x = np.empty(shape, complex)
            y, pull = tg.vjp(lambda x: transform(x, 2, axis), x)  # noqa: B023
            assert y.shape == transform(x, 2, axis).shape
            assert pull(np.empty(y.shape, y.dtype))[0].shape == shape

    def test_along_no_axis(self):
        """NumPy gives the array itself, which may be real."""
        for shape in ((), (2, 3)):
            x = np.ones(shape)
            (found,) = tg.vjp(lambda x: np.fft.fftn(x, (), ()), x)[1](2 * x)
            assert np.array_equal(found, 2 * x)
        assert tg.grad(lambda x: np.real(np.fft.fftn(x)))(2.0) == 1


class TestTheElementsWithoutPartner:
    """Frequency 0 and, of an even length, n/2: irfft and hfft take their real parts alone."""

    @pytest.mark.parametrize("transform", [np.fft.irfft, np.fft.hfft])
    @pytest.mark.parametrize(("n", "alone"), [(6, [0, 3]), (7, [0]), (1, [0]), (2, [0, 1])])
    def test_their_imaginary_parts_have_no_gradient(self, transform, n, alone):
        rng = RNG(1)
        z, weights = drawn(rng, n // 2 + 1, complex), rng.standard_normal(n)
        g = tg.grad(lambda z: np.sum(weights * transform(z, n)))(z)
        assert np.flatnonzero(g.imag == 0).tolist() == alone
        assert np.all(g.real != 0)
        moved = z + 1j * np.isin(np.arange(n // 2 + 1), alone)
        assert np.array_equal(transform(moved, n), transform(z, n))

    def test_the_last_of_an_odd_length_has_a_partner(self):
        g = tg.grad(lambda z: np.fft.irfft(z, 5, norm="forward")[0])(np.ones(3, complex))
        assert np.array_equal(g, [1, 2, 2])
        g = tg.grad(lambda z: np.fft.irfft(z, 4, norm="forward")[0])(np.ones(3, complex))
        assert np.array_equal(g, [1, 2, 1])

    def test_what_is_cropped_away_has_no_gradient(self):
        g = tg.grad(lambda z: np.sum(np.fft.irfft(z, 4) ** 2))(np.ones(6, complex))
        assert np.array_equal(g[3:], np.zeros(3))
        assert np.all(g[:3] != 0)


class TestIdentities:
    def test_energy(self):
        """Parseval: Σ|F x|² = n Σ|x|², so the gradient by x is 2n x̄."""
        rng = RNG(2)
        x, z = rng.standard_normal(6), drawn(rng, 6, complex)
        energy = lambda x: np.sum(np.abs(np.fft.fft(x)) ** 2)  # noqa: E731
        assert np.allclose(tg.grad(energy)(x), 12 * x, rtol=1e-13)
        assert np.allclose(tg.grad(energy)(z), 12 * z.conj(), rtol=1e-13)
        assert np.allclose(tg.hessian(energy)(x), 12 * np.eye(6), atol=1e-13)

    @pytest.mark.parametrize("n", [5, 6])
    @pytest.mark.parametrize(
        ("there", "back"),
        [(np.fft.rfft, np.fft.irfft), (np.fft.ihfft, np.fft.hfft), (np.fft.rfftn, np.fft.irfftn)],
    )
    def test_there_and_back(self, n, there, back):
        x, g = RNG(3).standard_normal((2, n))
        length = {"s": (n,), "axes": (0,)} if there is np.fft.rfftn else {"n": n}
        found, pull = tg.vjp(lambda x: back(there(x), **length), x)
        assert np.allclose(found, x, atol=1e-14)
        assert np.allclose(pull(g)[0], g, atol=1e-14)

    def test_third_order(self):
        def f(x):
            return np.sum(np.abs(np.fft.rfft(np.sin(x), 8)) ** 4) ** 0.25

        x, (u, v) = RNG(4).standard_normal(5), RNG(5).standard_normal((2, 5))
        along = lambda x: np.sum(tg.hvp(f, (x,), (u,))[0] * v)  # noqa: E731
        step = 1e-4
        moved = [along(x + k * step * u) for k in (-2, -1, 1, 2)]
        expected = (moved[0] - 8 * moved[1] + 8 * moved[2] - moved[3]) / (12 * step)
        assert np.isclose(np.sum(tg.grad(along)(x) * u), expected, rtol=1e-9)

    def test_forward_mode_is_the_transform(self):
        x, t = RNG(6).standard_normal((2, 5))
        for name in ("fft", "rfft", "ihfft", "fftshift"):
            transform = getattr(np.fft, name)
            assert np.array_equal(tg.jvp(transform, (x,), (t,))[1], transform(t))


class TestDtypes:
    @pytest.mark.parametrize(
        ("of", "spectrum"), [(np.float32, np.complex64), (np.longdouble, np.clongdouble)]
    )
    def test_precision_is_kept(self, of, spectrum):
        x = Tensor(np.arange(6), dtype=of)
        z = np.fft.rfft(x)
        assert z.dtype == spectrum
        back = np.fft.irfft(z * 1j, 6)
        assert back.dtype == of
        np.sum(back * back).backward()
        assert x.grad.dtype == of
        assert np.any(x.grad != 0)

    def test_half_precision_goes_through_single(self):
        x = Tensor(np.arange(1, 5), dtype=np.float16)
        z = np.fft.fft(x)
        assert z.dtype == np.complex64
        np.sum(np.abs(z) ** 2).backward()
        assert x.grad.dtype == np.float16
        assert np.allclose(x.grad, 8 * np.arange(1, 5), rtol=1e-3)

    def test_layouts(self):
        z = drawn(RNG(7), (4, 6), complex)
        loss = lambda z: np.sum(np.abs(np.fft.fft2(z)) ** 3)  # noqa: E731
        for moved in (z[::-1, ::-2], z.T, np.asfortranarray(z), z[1:2, ::3]):
            expected = tg.grad(loss)(moved.copy("C"))
            assert np.allclose(tg.grad(loss)(moved), expected, rtol=1e-12)
            t = rebuilt(moved, leaf(moved.shape, moved.dtype))  # without the copy of Tensor(…)
            loss(t).backward()
            assert np.allclose(t.grad, expected, rtol=1e-12)


class TestMessages:
    @pytest.mark.parametrize(
        ("call", "error", "message"),
        [
            (lambda t: np.fft.rfft(t * 1j), TypeError,
             r"np\.fft\.rfft: takes real numbers, not complex128; use np\.fft\.fft or np\.real"),
            (lambda t: np.fft.rfftn(t * 1j), TypeError,
             r"np\.fft\.rfftn: .*takes real numbers, not complex128; use np\.fft\.fft or np\.real"),
            (lambda t: np.fft.ihfft(t * 1j), TypeError, r"np\.fft\.rfft: takes real numbers"),
            (lambda t: np.fft.fft(t, n=t[0]), TypeError, "'n' has no derivative"),
            (lambda t: np.fft.fftn(t, s=t), TypeError, "'s' has no derivative"),
            (lambda t: np.fft.fft(t, norm=t), TypeError, "'norm' has no derivative"),
            (lambda t: np.fft.fft(t, axis=1), ValueError, r"fft\.fft: an axis is not in \(4,\)"),
            (lambda t: np.fft.fft2(t), ValueError, r"np\.fft\.fft2: an axis is not in \(4,\)"),
            (lambda t: np.fft.rfftn(t[0]), ValueError, r"np\.fft\.rfftn: an axis is not in \(\)"),
            (lambda t: np.fft.fftn(t, (2, 3), (0,)), ValueError, r"fft\.fftn: .*different lengths"),
            (lambda t: np.fft.fftshift(t, 1), ValueError, r"np\.fft\.fftshift: an axis is not in"),
            (lambda t: np.fft.fft(t, 0), ValueError, "Invalid number of FFT data points"),
            (lambda t: np.fft.fft(t, norm="x"), ValueError, "Invalid norm value x"),
            (lambda t: np.fft.hfft(t, norm="x"), ValueError, "Invalid norm value x"),
        ],
    )  # fmt: skip
    def test_what_does_not_fit(self, call, error, message):
        with pytest.raises(error, match=message):
            call(Tensor(np.arange(4.0)))

    @pytest.mark.parametrize("name", ONE + TWO + SEVERAL)
    def test_nothing_is_written(self, name):
        t = Tensor(np.ones((2, 3)))
        with pytest.raises(TypeError, match=r"the argument 'out': the gradient would be lost"):
            getattr(np.fft, name)(t, out=np.zeros((2, 3), complex))
        with pytest.raises(TypeError, match=r"the argument 'out': the gradient would be lost"):
            getattr(np.fft, name)(np.ones((2, 3)), out=t)


def test_the_family_is_read_when_it_is_needed():
    code = (
        "import sys, numpy as np, tinygrad_np as tg\n"
        "seen = [name in sys.modules for name in ('numpy.fft', 'tinygrad_np.rules.fft')]\n"
        "g = tg.grad(lambda x: np.abs(np.fft.fft(x))[0])(np.ones(2))\n"
        "print(seen, g, 'tinygrad_np.rules.fft' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[False, False] [1. 1.] True"


# A convolution by the convolution theorem, and the same sum written out


def by_fft(x, w):
    """Σ_k x[i − k] w[k] for all i with a summand, as `np.convolve`."""
    n = x.shape[-1] + w.shape[-1] - 1
    return np.fft.irfft(np.fft.rfft(x, n) * np.fft.rfft(w, n), n)


def by_sums(x, w):
    """The same, one shifted copy of x after the other."""
    k = w.shape[-1]
    padded = np.concatenate([np.zeros(k - 1), x, np.zeros(k - 1)])
    length = x.shape[-1] + k - 1
    return sum(w[j] * padded[k - 1 - j : k - 1 - j + length] for j in range(k))


def by_conv1d(x, w):
    """The same, as the project's cross-correlation with the filter reversed."""
    y = tg.conv1d(x[None, :, None], w[::-1, None, None], padding=w.shape[-1] - 1)
    return y[0, :, 0]


class TestConvolutionByFft:
    @pytest.mark.parametrize(("length", "taps"), [(8, 3), (9, 4), (5, 5), (1, 1), (2, 6)])
    def test_values_gradients_and_second_derivatives(self, length, taps):
        rng = RNG(length)
        x, w = rng.standard_normal(length), rng.standard_normal(taps)
        g = rng.standard_normal(length + taps - 1)
        assert np.allclose(by_fft(x, w), np.convolve(x, w), atol=1e-13)

        found, pull = tg.vjp(by_fft, x, w)
        assert np.allclose(found, np.convolve(x, w), atol=1e-13)
        by_x, by_w = pull(g)
        # by hand: ∂/∂x[m] = Σ_k g[m + k] w[k], and the same with the names exchanged
        assert np.allclose(by_x, np.correlate(g, w, "valid"), atol=1e-13)
        assert np.allclose(by_w, np.correlate(g, x, "valid"), atol=1e-13)
        for direct in (by_sums, by_conv1d):
            value, pull = tg.vjp(direct, x, w)
            assert np.allclose(value, found, atol=1e-13)
            assert np.allclose(pull(g)[0], by_x, atol=1e-13)
            assert np.allclose(pull(g)[1], by_w, atol=1e-13)

        def loss(convolve):
            return lambda x, w: np.sum(np.tanh(convolve(x, w)) * g)

        for argnum in (0, 1):
            a = tg.hessian(loss(by_fft), argnum)(x, w)
            b = tg.hessian(loss(by_sums), argnum)(x, w)
            assert np.allclose(a, b, atol=1e-12)

    def test_images_with_channels_against_conv2d(self):
        """(n, rows, columns, in) with (3, 4, in, out), the product over channels as a matmul."""
        rng = RNG(8)
        images, filters = rng.standard_normal((2, 6, 5, 3)), rng.standard_normal((3, 4, 3, 2))
        g = rng.standard_normal((2, 4, 2, 2))

        def by_fft2(images, filters):
            size = images.shape[1:3]
            of_images = np.fft.rfft2(images, axes=(1, 2))
            of_filters = np.fft.rfft2(filters, size, axes=(0, 1))
            # cross-correlation: the conjugate spectrum of the filter
            product = of_images[..., None, :] @ np.conjugate(of_filters)
            return np.fft.irfft2(product[..., 0, :], size, axes=(1, 2))[:, :4, :2]

        found, pull = tg.vjp(by_fft2, images, filters)
        expected, direct = tg.vjp(tg.conv2d, images, filters)
        assert np.allclose(found, expected, atol=1e-12)
        for a, b in zip(pull(g), direct(g), strict=True):
            assert np.allclose(a, b, atol=1e-12)
