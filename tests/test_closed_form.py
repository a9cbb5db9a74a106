"""The closed form against its definitions, term by term; and reverse mode against the closed form.

The definitions are written out here as loops over single numbers, or differenced.
"""

import itertools

import numpy as np
import pytest
from maps import integers
from scipy import signal

import tinygrad_np as tg
from tinygrad_np import closed_form


def close(found, expected, tolerance):
    """Whether they differ by no more than `tolerance` of the largest expected number."""
    return found.shape == expected.shape and np.max(np.abs(found - expected)) <= tolerance * (
        np.max(np.abs(expected))
    )


def five_point(function, x):
    """The gradient of `function` at `x`, one component after the other."""
    result, h = np.empty_like(x), 1e-3
    for place in np.ndindex(x.shape):
        values = []
        for steps in (-2, -1, 1, 2):
            moved = x.copy()
            moved[place] += steps * h
            values.append(function(moved))
        result[place] = (values[0] - 8 * values[1] + 8 * values[2] - values[3]) / (12 * h)
    return result


def pixel_triples(spatial, size, stride, padding):
    """(window, tap, pixel) for every tap of every window that lies over a pixel, on one axis."""
    last = spatial + 2 * padding - size
    for i, start in enumerate(range(0, last + 1, stride)):
        for alpha in range(size):
            if 0 <= start + alpha - padding < spatial:
                yield i, alpha, start + alpha - padding


def summed(x, w, u, stride, padding):
    """The convolution and the gradients by w and by x: each term of each sum, one at a time."""
    y, by_w, by_x = np.zeros_like(u), np.zeros_like(w), np.zeros_like(x)
    axes = [
        list(pixel_triples(*axis))
        for axis in zip(x.shape[1:3], w.shape[:2], stride, padding, strict=True)
    ]
    for (i, alpha, p), (j, beta, q) in itertools.product(*axes):
        for n, c, f in np.ndindex(len(x), *w.shape[2:]):
            y[n, i, j, f] += x[n, p, q, c] * w[alpha, beta, c, f]
            by_w[alpha, beta, c, f] += x[n, p, q, c] * u[n, i, j, f]
            by_x[n, p, q, c] += u[n, i, j, f] * w[alpha, beta, c, f]
    return y, by_w, by_x


# (spatial, size, stride, padding)
GEOMETRIES = {
    "plain": ((5, 5), (3, 3), (1, 1), (0, 0)),
    "same": ((5, 6), (3, 3), (1, 1), (1, 1)),
    "the post's picture": ((6, 8), (5, 3), (2, 2), (2, 1)),
    "full": ((4, 3), (3, 2), (1, 1), (2, 1)),
    "rows that no window reaches": ((6, 8), (3, 3), (2, 3), (0, 0)),
    "stride > K": ((9, 7), (2, 1), (5, 3), (0, 1)),
    "P = K": ((3, 4), (2, 3), (1, 2), (2, 3)),
    "P > K": ((2, 3), (1, 2), (1, 3), (4, 7)),
    "no window has a pixel": ((1, 1), (1, 1), (6, 6), (7, 7)),
    "even K": ((5, 5), (4, 2), (2, 1), (1, 0)),
    "K = 1": ((4, 5), (1, 1), (1, 1), (0, 0)),
    "K = 1, with stride": ((4, 5), (1, 1), (2, 3), (0, 0)),
    "1×1 images": ((1, 1), (3, 5), (1, 2), (1, 2)),
    "one window": ((4, 6), (4, 6), (3, 1), (0, 0)),
    "axes of different kinds": ((9, 1), (4, 1), (3, 1), (0, 3)),
}


geometries = pytest.mark.parametrize(
    ("spatial", "size", "stride", "padding"), GEOMETRIES.values(), ids=GEOMETRIES
)


def counts(spatial, size, stride, padding):
    return tuple(
        (n + 2 * p - k) // s + 1 for n, k, s, p in zip(spatial, size, stride, padding, strict=True)
    )


class TestConvolution:
    @geometries
    @pytest.mark.parametrize(("n", "channels", "filters"), [(1, 1, 1), (2, 3, 2)])
    def test_it_is_the_definition_exactly(
        self, spatial, size, stride, padding, n, channels, filters
    ):
        rng = np.random.default_rng(0)
        x = integers(rng, n, *spatial, channels)
        w = integers(rng, *size, channels, filters)
        u = integers(rng, n, *counts(spatial, size, stride, padding), filters)
        y, by_w, by_x = summed(x, w, u, stride, padding)
        assert np.array_equal(closed_form.convolution(x, w, stride, padding), y)
        assert np.array_equal(closed_form.convolution_filters(x, u, size, stride, padding), by_w)
        found = closed_form.convolution_images(u, w, x.shape, stride, padding)
        assert np.array_equal(found, by_x)

    @geometries
    def test_reverse_mode_agrees_exactly(self, spatial, size, stride, padding):
        rng = np.random.default_rng(1)
        x, w = integers(rng, 2, *spatial, 2), integers(rng, *size, 2, 3)
        y, pull = tg.vjp(lambda x, w: tg.conv2d(x, w, stride, padding), x, w)
        u = integers(rng, *y.shape)
        by_x, by_w = pull(u)
        assert np.array_equal(y, closed_form.convolution(x, w, stride, padding))
        found = closed_form.convolution_filters(x, u, size, stride, padding)
        assert np.array_equal(by_w, found)
        found = closed_form.convolution_images(u, w, x.shape, stride, padding)
        assert np.array_equal(by_x, found)

    @geometries
    def test_the_gradients_agree_with_differences(self, spatial, size, stride, padding):
        rng = np.random.default_rng(2)
        x, w = rng.standard_normal((1, *spatial, 1)), rng.standard_normal((*size, 1, 2))
        u = rng.standard_normal((1, *counts(spatial, size, stride, padding), 2))

        def loss(x, w):
            return np.sum(u * closed_form.convolution(x, w, stride, padding))

        by_w = closed_form.convolution_filters(x, u, size, stride, padding)
        by_x = closed_form.convolution_images(u, w, x.shape, stride, padding)
        assert np.max(np.abs(by_w - five_point(lambda w: loss(x, w), w))) < 1e-10
        assert np.max(np.abs(by_x - five_point(lambda x: loss(x, w), x))) < 1e-10

    def test_it_is_scipys_correlation(self):
        rng = np.random.default_rng(3)
        x, w = rng.standard_normal((9, 8)), rng.standard_normal((3, 4))
        for mode, padding in (("valid", 0), ("full", (2, 3))):
            found = closed_form.convolution(x[None, ..., None], w[..., None, None], 1, padding)
            assert close(found[0, ..., 0], signal.correlate(x, w, mode), 1e-13)

    def test_an_integer_stands_for_a_pair(self):
        rng = np.random.default_rng(4)
        x, w = integers(rng, 2, 6, 6, 1), integers(rng, 3, 3, 1, 2)
        y = closed_form.convolution(x, w, 2, 1)
        assert np.array_equal(y, closed_form.convolution(x, w, [2, 2], (1, 1)))
        by_w = closed_form.convolution_filters(x, y, 3, 2, np.int8(1))
        pairs = closed_form.convolution_filters(x, y, (3, 3), (2, 2), (1, 1))
        assert np.array_equal(by_w, pairs)
        by_x = closed_form.convolution_images(y, w, x.shape, 2, 1)
        pairs = closed_form.convolution_images(y, w, list(x.shape), (2, 2), (1, 1))
        assert np.array_equal(by_x, pairs)

    def test_pixels_that_no_window_reaches_have_gradient_0(self):
        by_x = closed_form.convolution_images(
            np.ones((1, 2, 2, 1)), np.ones((2, 2, 1, 1)), (1, 6, 7, 1), stride=(3, 4)
        )[0, :, :, 0]
        assert np.array_equal(by_x.any(axis=1), [True, True, False, True, True, False])
        assert np.array_equal(by_x.any(axis=0), [True, True, False, False, True, True, False])

    def test_windows_wholly_in_the_padding_add_nothing(self):
        u, w = np.zeros((1, 15, 1, 1)), np.ones((1, 1, 1, 1))
        u[0, :, 0, 0] = np.arange(15)
        assert closed_form.convolution_images(u, w, (1, 1, 1, 1), padding=(7, 0)).item() == 7
        x = np.full((1, 1, 1, 1), 2.0)
        assert closed_form.convolution_filters(x, u, 1, padding=(7, 0)).item() == 14

    @pytest.mark.parametrize("dtype", [np.float16, np.float32, np.float64, np.longdouble])
    def test_the_dtype_is_kept(self, dtype):
        x, w = np.ones((1, 4, 4, 2), dtype), np.ones((3, 3, 2, 1), dtype)
        y = closed_form.convolution(x, w, padding=1)
        by_w = closed_form.convolution_filters(x, y, 3, padding=1)
        by_x = closed_form.convolution_images(y, w, x.shape, padding=1)
        assert y.dtype == by_w.dtype == by_x.dtype == dtype

    def test_integers_do_not_overflow(self):
        x, w = np.full((1, 3, 3, 1), 200, np.uint8), np.full((3, 3, 1, 1), 100, np.int8)
        y = closed_form.convolution(x, w)
        assert y.dtype == np.float64
        assert y.item() == 180_000

    def test_float32_to_its_precision(self):
        rng = np.random.default_rng(5)
        x, w = rng.standard_normal((2, 9, 8, 3)), rng.standard_normal((3, 2, 3, 4))
        u = rng.standard_normal((2, 5, 3, 4))
        small = [a.astype(np.float32) for a in (x, w, u)]
        for function in (
            lambda x, w, u: closed_form.convolution(x, w, (2, 3), (1, 0)),
            lambda x, w, u: closed_form.convolution_filters(x, u, (3, 2), (2, 3), (1, 0)),
            lambda x, w, u: closed_form.convolution_images(u, w, x.shape, (2, 3), (1, 0)),
        ):
            assert function(*small).dtype == np.float32
            assert close(function(*small), function(x, w, u), 1e-6)

    def test_any_memory_layout_and_nothing_is_written_to(self):
        rng = np.random.default_rng(6)
        x, w, u = integers(rng, 2, 5, 4, 2), integers(rng, 3, 2, 2, 3), integers(rng, 2, 2, 3, 3)
        odd = [np.asfortranarray(x)[::-1][::-1], w.T.copy().T, np.repeat(u, 2, axis=3)[..., ::2]]
        for a in (x, w, u, *odd):
            a.flags.writeable = False
        for function in (
            lambda x, w, u: closed_form.convolution(x, w, (2, 1)),
            lambda x, w, u: closed_form.convolution_filters(x, u, (3, 2), (2, 1)),
            lambda x, w, u: closed_form.convolution_images(u, w, x.shape, (2, 1)),
        ):
            result = function(*odd)
            assert np.array_equal(result, function(x, w, u))
            assert result.flags.writeable
            assert result.flags.owndata

    def test_a_stride_beyond_everything(self):
        x, w = np.ones((1, 4, 4, 1)), np.ones((2, 2, 1, 1))
        y = closed_form.convolution(x, w, stride=10**30, padding=1)
        assert y.shape == (1, 1, 1, 1)
        by_x = closed_form.convolution_images(y, w, x.shape, stride=10**30, padding=1)
        assert by_x.sum() == by_x[0, 0, 0, 0] == 1

    def test_no_channels(self):
        x, w = np.ones((1, 4, 4, 0)), np.ones((2, 2, 0, 3))
        y = closed_form.convolution(x, w)
        assert np.array_equal(y, np.zeros((1, 3, 3, 3)))
        assert closed_form.convolution_filters(x, y, 2).shape == w.shape
        assert closed_form.convolution_images(y, w, x.shape).shape == x.shape
        w = np.ones((2, 2, 1, 0))
        assert not closed_form.convolution_images(y[..., :0], w, (1, 4, 4, 1)).any()

    def test_an_empty_batch(self):
        x, w, u = np.ones((0, 5, 4, 2)), np.ones((3, 2, 2, 6)), np.ones((0, 3, 3, 6))
        assert closed_form.convolution(x, w).shape == (0, 3, 3, 6)
        by_w = closed_form.convolution_filters(x, u, (3, 2))
        assert by_w.shape == w.shape
        assert not by_w.any()
        assert closed_form.convolution_images(u, w, x.shape).shape == x.shape
        assert closed_form.prepare_back(u, (5, 4), (3, 2)).shape == (0, 7, 5, 6)


class TestPrepareBack:
    @geometries
    def test_a_convolution_with_the_reversed_filter_gives_the_gradient(
        self, spatial, size, stride, padding
    ):
        """The formula as it stands, and what `convolution_images` does phase by phase."""
        rng = np.random.default_rng(0)
        w = integers(rng, *size, 2, 3)
        u = integers(rng, 2, *counts(spatial, size, stride, padding), 3)
        prepared = closed_form.prepare_back(u, spatial, size, stride, padding)
        whole = closed_form.convolution(prepared, w[::-1, ::-1].swapaxes(2, 3))
        phases = closed_form.convolution_images(u, w, (2, *spatial, 2), stride, padding)
        assert np.array_equal(whole, phases)

    @geometries
    def test_where_each_cotangent_stands(self, spatial, size, stride, padding):
        k, p = size[0], padding[0]
        m, q = size[1], padding[1]
        u = np.arange(1.0, 1 + np.prod(counts(spatial, size, stride, padding)))
        u = u.reshape(1, *counts(spatial, size, stride, padding), 1)
        prepared = closed_form.prepare_back(u, spatial, size, stride, padding)
        assert prepared.shape == (1, spatial[0] + k - 1, spatial[1] + m - 1, 1)
        found = {u_: place for place, u_ in np.ndenumerate(prepared) if u_}
        for (_, i, j, _), value in np.ndenumerate(u):
            place = stride[0] * i + k - 1 - p, stride[1] * j + m - 1 - q
            inside = all(0 <= x < end for x, end in zip(place, prepared.shape[1:3], strict=True))
            assert found.pop(value, None) == ((0, *place, 0) if inside else None)
        assert not found

    @pytest.mark.parametrize("stride", [1, 2, 3])
    def test_no_zeros_between_the_cotangents_are_multiplied(self, stride, monkeypatch):
        """Mistake 10: the stride must not cost stride² times the needed work."""
        n, size, channels, filters, spatial = 2, 3, 4, 5, 24
        w = np.ones((size, size, channels, filters))
        u = np.ones((n, *counts((spatial,) * 2, (size,) * 2, (stride,) * 2, (1, 1)), filters))
        multiplied, tensordot = [], np.tensordot

        def counting(a, b, axes):
            multiplied.append(a.size * b.size // filters)
            return tensordot(a, b, axes)

        monkeypatch.setattr(np, "tensordot", counting)
        closed_form.convolution_images(u, w, (n, spatial, spatial, channels), stride, 1)
        needed = u.size * size**2 * channels
        # each tap reaches from one end of the image to the other, the windows not quite
        assert len(multiplied) == size**2
        assert 0.9 * needed <= sum(multiplied) <= 1.1 * needed


class TestTheDomainOfTheConvolution:
    X, W, U = np.ones((2, 5, 4, 3)), np.ones((3, 2, 3, 6)), np.ones((2, 3, 3, 6))

    def calls(self, stride=1, padding=0):
        yield "convolution", (self.X, self.W, stride, padding)
        yield "convolution_filters", (self.X, self.U, (3, 2), stride, padding)
        yield "convolution_images", (self.U, self.W, self.X.shape, stride, padding)
        yield "prepare_back", (self.U, (5, 4), (3, 2), stride, padding)

    @pytest.mark.parametrize("stride", [0, -1, (1, 0), (1, 2, 3), (), [2]])
    def test_stride(self, stride):
        for name, args in self.calls(stride=stride):
            with pytest.raises(ValueError, match=rf"^{name}: stride must be 1 or more, an integer"):
                getattr(closed_form, name)(*args)

    @pytest.mark.parametrize("padding", [-1, (0, -2), (1, 2, 3)])
    def test_padding(self, padding):
        for name, args in self.calls(padding=padding):
            with pytest.raises(ValueError, match=rf"^{name}: padding must be 0 or more, an integ"):
                getattr(closed_form, name)(*args)

    @pytest.mark.parametrize("value", [1.0, "1", None, (1, 2.5), True, (1, True), np.ones(2)])
    def test_no_integers(self, value):
        for name, args in self.calls(stride=value):
            with pytest.raises(TypeError, match=rf"^{name}: stride must be an integer or a pair"):
                getattr(closed_form, name)(*args)
        for name, args in self.calls(padding=value):
            with pytest.raises(TypeError, match=rf"^{name}: padding must be an integer or a pair"):
                getattr(closed_form, name)(*args)

    def test_a_filter_that_does_not_fit(self):
        message = (
            r"windows of 8×3 do not fit images of 5×4 with padding \(1, 0\); pad by at least "
            r"\(2, 0\) or make the windows smaller"
        )
        with pytest.raises(ValueError, match=f"convolution: {message}"):
            closed_form.convolution(self.X, np.ones((8, 3, 3, 1)), padding=(1, 0))
        with pytest.raises(ValueError, match=f"convolution_filters: {message}"):
            closed_form.convolution_filters(self.X, self.U, (8, 3), padding=(1, 0))
        with pytest.raises(ValueError, match=f"convolution_images: {message}"):
            closed_form.convolution_images(
                self.U, np.ones((8, 3, 3, 6)), self.X.shape, padding=(1, 0)
            )
        with pytest.raises(ValueError, match=f"prepare_back: {message}"):
            closed_form.prepare_back(self.U, (5, 4), (8, 3), padding=(1, 0))

    @pytest.mark.parametrize(
        "shape",
        [(1, 3, 3, 6), (0, 3, 3, 6), (2, 1, 1, 6), (2, 4, 3, 6), (2, 3, 2, 6), (2, 3, 1, 6)],
    )
    def test_cotangents_of_a_wrong_shape(self, shape):
        u = np.ones(shape)
        message = r"cotangents must have shape \(2, 3, 3, 6\), not " + str(shape)[:-1].replace(
            "(", r"\("
        )
        with pytest.raises(ValueError, match=f"^convolution_filters: {message}"):
            closed_form.convolution_filters(self.X, u, (3, 2))
        with pytest.raises(ValueError, match=f"^convolution_images: {message}"):
            closed_form.convolution_images(u, self.W, self.X.shape)
        if shape[1:] != (3, 3, 6):
            with pytest.raises(ValueError, match=r"^prepare_back: cotangents must have "):
                closed_form.prepare_back(u, (5, 4), (3, 2))

    def test_cotangents_of_other_filters(self):
        with pytest.raises(ValueError, match=r"shape \(2, 3, 3, 6\), not \(2, 3, 3, 1\)"):
            closed_form.convolution_images(self.U[..., :1], self.W, self.X.shape)

    def test_channels(self):
        message = "the images have 2 channels and the filters take 3 .* are .rows, columns, in, out"
        with pytest.raises(ValueError, match=f"^convolution: {message}"):
            closed_form.convolution(self.X[..., :2], self.W)
        with pytest.raises(ValueError, match=f"^convolution_images: {message}"):
            closed_form.convolution_images(self.U, self.W, (2, 5, 4, 2))

    @pytest.mark.parametrize("spatial", [(0, 4), (5, 0), (0, 0)])
    def test_images_without_pixels(self, spatial):
        """Also where the padding would make room for a window."""
        x = np.ones((2, *spatial, 3))
        message = "the size of the images must be 1 or more"
        for padding in (0, 4):
            with pytest.raises(ValueError, match=f"convolution: {message}"):
                closed_form.convolution(x, self.W, padding=padding)
            with pytest.raises(ValueError, match=f"convolution_filters: {message}"):
                closed_form.convolution_filters(x, self.U, 3, padding=padding)
            with pytest.raises(ValueError, match=f"convolution_images: {message}"):
                closed_form.convolution_images(self.U, self.W, x.shape, padding=padding)
            with pytest.raises(ValueError, match=f"prepare_back: {message}"):
                closed_form.prepare_back(self.U, spatial, 3, padding=padding)
        with pytest.raises(ValueError, match=f"same_convolution: {message}"):
            closed_form.same_convolution(x, np.ones((3, 3, 3, 1)))

    @pytest.mark.parametrize("size", [(0, 2), (3, 0)])
    def test_an_empty_filter(self, size):
        w, message = np.ones((*size, 3, 6)), "the size of the windows must be 1 or more"
        with pytest.raises(ValueError, match=f"convolution: {message}"):
            closed_form.convolution(self.X, w)
        with pytest.raises(ValueError, match=f"convolution_filters: {message}"):
            closed_form.convolution_filters(self.X, self.U, size)
        with pytest.raises(ValueError, match=f"convolution_images: {message}"):
            closed_form.convolution_images(self.U, w, self.X.shape)

    def test_axes(self):
        with pytest.raises(ValueError, match=r"convolution: images must be \(n, rows, columns, "):
            closed_form.convolution(self.X[0], self.W)
        with pytest.raises(ValueError, match=r"filters must be \(rows, columns, in, out\), not of"):
            closed_form.convolution(self.X, self.W[..., 0])
        with pytest.raises(ValueError, match=r"cotangents must be \(n, i, j, out\), not of shape"):
            closed_form.convolution_filters(self.X, self.U[0], 3)
        for shape in ((5, 4), 5, None, (1, 2, 5, 4, 3)):
            with pytest.raises(ValueError, match="convolution_images: shape must be that of the i"):
                closed_form.convolution_images(self.U, self.W, shape)
        with pytest.raises(TypeError, match="convolution_images: shape must be four integers, not"):
            closed_form.convolution_images(self.U, self.W, (2, 5.0, 4, 3))

    def test_what_is_no_real_number(self):
        with pytest.raises(
            TypeError, match="convolution: images must be real numbers, not complex"
        ):
            closed_form.convolution(self.X * 1j, self.W)
        with pytest.raises(TypeError, match="filters must be real numbers, not object"):
            closed_form.convolution(self.X, self.W.astype(object))
        with pytest.raises(ValueError, match="convolution: images must be one array of numbers; "):
            closed_form.convolution([[1.0, 2.0], [3.0]], self.W)
        with pytest.raises(TypeError, match="Tensor"):
            closed_form.convolution(tg.Tensor(self.X), self.W)


class TestTheSameConvolution:
    @pytest.mark.parametrize("size", [1, 3, 5])
    @pytest.mark.parametrize(("channels", "filters"), [(1, 1), (1, 3), (2, 1), (5, 4)])
    def test_reverse_mode_and_the_general_formulas_agree_exactly(self, size, channels, filters):
        rng = np.random.default_rng(size)
        x = integers(rng, 3, 6, 7, channels)
        w = integers(rng, size, size, channels, filters)
        y, pull = tg.vjp(lambda x, w: tg.conv2d(x, w, padding=size // 2), x, w)
        u = integers(rng, *y.shape)
        by_x, by_w = pull(u)
        for found, general, recorded in (
            (
                closed_form.same_convolution(x, w),
                closed_form.convolution(x, w, padding=size // 2),
                y,
            ),
            (
                closed_form.same_convolution_filters(x, u, size),
                closed_form.convolution_filters(x, u, size, padding=size // 2),
                by_w,
            ),
            (
                closed_form.same_convolution_images(u, w),
                closed_form.convolution_images(u, w, x.shape, padding=size // 2),
                by_x,
            ),
        ):
            assert np.array_equal(found, general)
            assert np.array_equal(found, recorded)

    @pytest.mark.parametrize("spatial", [(1, 1), (1, 4), (2, 2)])
    def test_images_smaller_than_the_filter(self, spatial):
        rng = np.random.default_rng(0)
        x, w, u = (
            integers(rng, 2, *spatial, 1),
            integers(rng, 5, 5, 1, 1),
            integers(rng, 2, *spatial, 1),
        )
        y, by_w, by_x = summed(x, w, u, (1, 1), (2, 2))
        assert np.array_equal(closed_form.same_convolution(x, w), y)
        assert np.array_equal(closed_form.same_convolution_filters(x, u, 5), by_w)
        assert np.array_equal(closed_form.same_convolution_images(u, w), by_x)

    def test_it_is_a_correlation(self):
        x, w = np.zeros((1, 5, 5, 1)), np.arange(9.0).reshape(3, 3, 1, 1)
        x[0, 2, 2, 0] = 1
        found = closed_form.same_convolution(x, w)[0, 1:4, 1:4, 0]
        assert np.array_equal(found, w[::-1, ::-1, 0, 0])

    def test_an_empty_batch(self):
        x, w = np.ones((0, 5, 5, 1)), np.ones((3, 3, 1, 2))
        assert closed_form.same_convolution(x, w).shape == (0, 5, 5, 2)
        assert closed_form.same_convolution_images(np.ones((0, 5, 5, 2)), w).shape == x.shape

    @pytest.mark.parametrize("filter_shape", [(2, 2, 1, 1), (3, 1, 1, 1), (3, 3, 2, 1), (3, 3)])
    def test_it_states_its_domain(self, filter_shape):
        with pytest.raises(ValueError, match="same_convolution: "):
            closed_form.same_convolution(np.ones((1, 4, 4, 1)), np.ones(filter_shape))
        with pytest.raises(ValueError, match="same_convolution_images: "):
            closed_form.same_convolution_images(np.ones((1, 4, 4, 2)), np.ones(filter_shape))

    def test_a_square_filter_of_odd_size(self):
        message = "a “same” convolution needs a square filter of odd size, not 4×4"
        with pytest.raises(ValueError, match=f"same_convolution_filters: {message}"):
            closed_form.same_convolution_filters(np.ones((1, 4, 4, 1)), np.ones((1, 4, 4, 1)), 4)


class TestElementwiseAndDense:
    X, W, B = np.array([[1.0, -2.0, 3.0], [0.0, 4.0, -1.0]]), np.ones((3, 2)), np.array([1.0, -1.0])

    def test_dense_is_the_definition_exactly(self):
        rng = np.random.default_rng(0)
        x, w, b, u = integers(rng, 4, 3), integers(rng, 3, 5), integers(rng, 5), integers(rng, 4, 5)
        y, by_x, by_w, by_b = np.zeros((4, 5)), np.zeros((4, 3)), np.zeros((3, 5)), np.zeros(5)
        for n, j in np.ndindex(4, 5):
            y[n, j] += b[j]
            by_b[j] += u[n, j]
            for i in range(3):
                y[n, j] += x[n, i] * w[i, j]
                by_x[n, i] += u[n, j] * w[i, j]
                by_w[i, j] += u[n, j] * x[n, i]
        assert np.array_equal(closed_form.dense(x, w, b), y)
        assert np.array_equal(closed_form.dense(x, w), y - b)
        assert np.array_equal(closed_form.dense_inputs(u, w), by_x)
        assert np.array_equal(closed_form.dense_weights(x, u), by_w)
        assert np.array_equal(closed_form.dense_bias(u), by_b)
        recorded = tg.vjp(tg.dense, x, w, b)[1](u)
        for found, exact in zip(recorded, (by_x, by_w, by_b), strict=True):
            assert np.array_equal(found, exact)

    def test_dense_of_an_empty_batch(self):
        x, u = np.ones((0, 3)), np.ones((0, 2))
        assert closed_form.dense(x, self.W, self.B).shape == (0, 2)
        assert closed_form.dense_inputs(u, self.W).shape == (0, 3)
        assert np.array_equal(closed_form.dense_weights(x, u), np.zeros((3, 2)))
        assert np.array_equal(closed_form.dense_bias(u), [0, 0])

    def test_dense_shapes(self):
        with pytest.raises(ValueError, match=r"dense: inputs must have shape \(2, 4\), not \(2, 3"):
            closed_form.dense(self.X, np.ones((4, 2)))
        with pytest.raises(ValueError, match=r"dense: bias must have shape \(2,\), not \(1,\)"):
            closed_form.dense(self.X, self.W, [1.0])
        with pytest.raises(ValueError, match=r"dense: bias must have shape \(2,\), not \(\)"):
            closed_form.dense(self.X, self.W, 1.0)
        with pytest.raises(ValueError, match=r"dense: inputs must be \(n, in\), not of shape \(3,"):
            closed_form.dense(self.X[0], self.W)
        with pytest.raises(ValueError, match=r"dense_inputs: cotangents must have shape \(2, 2\)"):
            closed_form.dense_inputs(self.X, self.W)
        with pytest.raises(ValueError, match=r"dense_weights: cotangents must have shape \(2, 2\)"):
            closed_form.dense_weights(self.X, np.ones((1, 2)))

    def test_relu(self):
        x, u = np.array([-2.0, -0.0, 0.0, 1e-300, 3.0]), np.arange(1.0, 6)
        assert np.array_equal(closed_form.relu(x), [0, 0, 0, 1e-300, 3])
        assert np.array_equal(closed_form.relu_inputs(x, u), [0, 0, 0, 4, 5])
        assert np.array_equal(closed_form.relu_inputs(x, u), *tg.vjp(tg.relu, x)[1](u))
        assert np.isnan(closed_form.relu([np.nan])).all()
        assert np.array_equal(closed_form.relu_inputs([np.nan], [4.0]), [4])

    def test_sigmoid(self):
        x = np.linspace(-8, 8, 33)
        u = np.random.default_rng(0).standard_normal(33)
        by_x = closed_form.sigmoid_inputs(x, u)
        assert np.allclose(closed_form.sigmoid(x), 1 / (1 + np.exp(-x)), rtol=1e-14, atol=0)
        assert close(by_x, five_point(lambda x: np.sum(u * closed_form.sigmoid(x)), x), 1e-11)
        assert close(*tg.vjp(tg.sigmoid, x)[1](u), by_x, 1e-14)

    def test_sigmoid_far_out(self):
        x = np.array([-1000.0, -40.0, 40.0, 1000.0])
        with np.errstate(under="ignore"):
            found = closed_form.sigmoid_inputs(x, np.ones(4))
        assert np.allclose(found, [0, np.exp(-40), np.exp(-40), 0], rtol=1e-14, atol=0)

    def test_cotangents_are_not_broadcast(self):
        for function in (closed_form.relu_inputs, closed_form.sigmoid_inputs):
            with pytest.raises(ValueError, match=r"cotangents must have shape \(2, 3\), not \(1, "):
                function(self.X, self.X[:1])

    def test_float32(self):
        x, u = self.X.astype(np.float32), np.ones((2, 2), np.float32)
        for result in (
            closed_form.dense(x, u[[0, 0, 0]], u[0]),
            closed_form.dense_inputs(u, u),
            closed_form.dense_weights(x, u),
            closed_form.dense_bias(u),
            closed_form.relu(x),
            closed_form.relu_inputs(x, x),
            closed_form.sigmoid(x),
            closed_form.sigmoid_inputs(x, x),
        ):
            assert result.dtype == np.float32


class TestTheLosses:
    P, Y = np.array([[0.25], [0.5], [0.9]]), np.array([[1], [0], [1]])

    @pytest.mark.parametrize("reduction", ["mean", "sum"])
    def test_log_loss(self, reduction):
        value = closed_form.log_loss(self.P, self.Y, reduction)
        terms = [-np.log(0.25), -np.log(0.5), -np.log(0.9)]
        assert close(value, getattr(np, reduction)(terms), 1e-14)
        by_p = closed_form.log_loss_probabilities(self.P, self.Y, reduction)
        differenced = five_point(lambda p: closed_form.log_loss(p, self.Y, reduction), self.P)
        assert close(by_p, differenced, 1e-9)
        assert close(tg.grad(tg.log_loss)(self.P, self.Y, reduction), by_p, 1e-14)

    def test_log_loss_of_soft_labels(self):
        y = np.array([[0.2], [0.7], [1.0]])
        by_p = closed_form.log_loss_probabilities(self.P, y)
        assert close(by_p, five_point(lambda p: closed_form.log_loss(p, y), self.P), 1e-9)

    def test_certain_predictions(self):
        p, right, wrong = np.array([0.0, 1.0]), np.array([0, 1]), np.array([1, 0])
        for k in range(2):
            value = closed_form.log_loss(p[k], right[k])
            assert value == 0
            assert not np.signbit(value)
        by_p = closed_form.log_loss_probabilities(p, right, "sum")
        assert np.array_equal(by_p, [1, -1])
        found = closed_form.log_loss(p, wrong, "sum")
        assert close(found, -np.log(1e-16) - np.log(2.0**-53), 1e-15)
        by_p = closed_form.log_loss_probabilities(p, wrong, "sum")
        assert close(by_p, np.array([-1e16, 2.0**53]), 1e-15)

    @pytest.mark.parametrize("dtype", [np.float16, np.float32, np.float64])
    @pytest.mark.parametrize("bound", [1e-16, 1e-3, 0.25])
    def test_the_ends_of_probabilities_are_those_of_reverse_mode(self, dtype, bound):
        tiny = np.finfo(dtype)
        near = [tiny.smallest_subnormal, tiny.smallest_normal, 1e-3, 0.7, 1 - tiny.epsneg]
        p = np.array([0, 1, *near] * 3, dtype)
        y = np.repeat([0, 0.25, 1], 7).astype(dtype)
        value, by_p = tg.value_and_grad(tg.log_loss)(p, y, "sum", bound)
        assert np.isfinite(value)
        assert np.isfinite(by_p).all()
        assert close(value, closed_form.log_loss(p, y, "sum", bound), 4 * tiny.eps)
        by_hand = closed_form.log_loss_probabilities(p, y, "sum", bound)
        assert np.allclose(by_p, by_hand, rtol=4 * tiny.eps, atol=0)

    @pytest.mark.parametrize("reduction", ["mean", "sum"])
    def test_cross_entropy(self, reduction):
        rng = np.random.default_rng(0)
        z, y = 3 * rng.standard_normal((6, 5)), rng.integers(0, 5, 6)
        by_z = closed_form.cross_entropy_logits(z, y, reduction)
        terms = [np.log(sum(np.exp(z[n]))) - z[n, y[n]] for n in range(6)]
        found = closed_form.cross_entropy(z, y, reduction)
        assert close(found, getattr(np, reduction)(terms), 1e-14)
        differenced = five_point(lambda z: closed_form.cross_entropy(z, y, reduction), z)
        assert close(by_z, differenced, 1e-9)

        def recorded(z):
            chosen = z[np.arange(6), y]
            return getattr(np, reduction)(np.log(np.sum(np.exp(z), axis=1)) - chosen)

        assert close(tg.grad(recorded)(z), by_z, 1e-14)

    @pytest.mark.parametrize("dtype", [np.float32, np.float64])
    def test_large_logits(self, dtype):
        z, y = np.array([[1000, 0], [0, -1000], [-1000, 1000]], dtype), np.array([1, 0, 1])
        with np.errstate(under="ignore"):
            value = closed_form.cross_entropy(z, y, "sum")
            by_z = closed_form.cross_entropy_logits(z, y, "sum")
        assert value == 1000
        assert np.array_equal(by_z, [[1, -1], [0, 0], [0, 0]])
        assert value.dtype == by_z.dtype == dtype

    def test_float32(self):
        p, y = self.P.astype(np.float32), self.Y.astype(np.float64)
        assert closed_form.log_loss(p, y).dtype == np.float32
        assert closed_form.log_loss_probabilities(p, y).dtype == np.float32

    def test_an_empty_batch(self):
        p, z, y = np.ones((0, 1)), np.ones((0, 10)), np.ones(0, int)
        assert closed_form.log_loss(p, p, "sum") == 0
        assert closed_form.log_loss_probabilities(p, p, "sum").shape == (0, 1)
        value = closed_form.cross_entropy(z, y, "sum")
        assert value == 0
        assert not np.signbit(value)
        assert closed_form.cross_entropy_logits(z, y, "sum").shape == (0, 10)
        for name, args in (
            ("log_loss", (p, p)),
            ("log_loss_probabilities", (p, p)),
            ("cross_entropy", (z, y)),
            ("cross_entropy_logits", (z, y)),
        ):
            with pytest.raises(ValueError, match=f"^{name}: an empty batch has no mean"):
                getattr(closed_form, name)(*args)

    @pytest.mark.parametrize("name", ["log_loss", "log_loss_probabilities"])
    def test_what_log_loss_refuses(self, name):
        function = getattr(closed_form, name)
        with pytest.raises(ValueError, match=rf"{name}: labels must have shape \(3, 1\), not \(3,"):
            function(self.P, self.Y[:, 0])
        for p in (-0.1, 1.1, np.nan):
            with pytest.raises(ValueError, match=f"{name}: probabilities must lie between 0 and 1"):
                function([p], [1])
        with pytest.raises(
            ValueError, match=f"{name}: labels must lie between 0 and 1, not 1.0 to"
        ):
            function([0.5, 0.5], [1, 3])
        with pytest.raises(ValueError, match=f"{name}: reduction must be 'mean' or 'sum', not 'no"):
            function(self.P, self.Y, "none")
        for bound in (0, 0.5, -1, np.nan, None):
            with pytest.raises(ValueError, match=f"{name}: bound must lie above 0 and below 0.5"):
                function(self.P, self.Y, bound=bound)

    @pytest.mark.parametrize("name", ["cross_entropy", "cross_entropy_logits"])
    def test_what_cross_entropy_refuses(self, name):
        function, z = getattr(closed_form, name), np.zeros((2, 3))
        for labels in ([0, 3], [-1, 0]):
            with pytest.raises(
                ValueError, match=f"{name}: labels must lie between 0 and 2, for 3 "
            ):
                function(z, labels)
        with pytest.raises(TypeError, match=f"{name}: labels must be integers, not float64"):
            function(z, [0.0, 1.0])
        with pytest.raises(TypeError, match=f"{name}: labels must be integers, not bool"):
            function(z, [True, False])
        for labels in ([0], [[0], [1]], 1, np.eye(3, dtype=int)[:2]):
            with pytest.raises(ValueError, match=rf"{name}: labels must have shape \(2,\), not"):
                function(z, labels)
        with pytest.raises(ValueError, match=f"{name}: there are no classes"):
            function(np.zeros((2, 0)), [0, 0])
        with pytest.raises(ValueError, match=f"{name}: reduction must be 'mean' or 'sum', not No"):
            function(z, [0, 1], None)

    def test_unsigned_labels(self):
        z = np.zeros((2, 3))
        assert closed_form.cross_entropy(z, np.array([0, 2], np.uint8)) == np.log(3)


POOLINGS = {
    "side by side": ((4, 6), (2, 2), (2, 2), (0, 0)),
    "overlapping": ((5, 4), (3, 2), (1, 1), (0, 0)),
    "not divided by the window": ((5, 7), (2, 3), (2, 3), (0, 0)),
    "padded": ((5, 5), (3, 3), (2, 2), (1, 1)),
    "padded by more than the stride": ((5, 4), (4, 3), (2, 1), (3, 2)),
    "padded as far as can be": ((3, 1), (4, 2), (1, 1), (3, 1)),
    "stride > K": ((7, 5), (2, 1), (3, 4), (1, 0)),
    "1×1 windows": ((3, 2), (1, 1), (1, 2), (0, 0)),
    "1×1 images": ((1, 1), (3, 3), (2, 1), (1, 2)),
}


poolings = pytest.mark.parametrize(
    ("spatial", "size", "stride", "padding"), POOLINGS.values(), ids=POOLINGS
)


def pixels_of_windows(spatial, size, stride, padding):
    """((i, j), pixels in row-major order) for every window."""
    axes = []
    for axis in zip(spatial, size, stride, padding, strict=True):
        pixels = {}
        for i, _, p in pixel_triples(*axis):
            pixels.setdefault(i, []).append(p)
        axes.append(pixels)
    for i, j in itertools.product(*axes):
        yield (i, j), list(itertools.product(axes[0][i], axes[1][j]))


class TestPooling:
    @poolings
    def test_average_is_the_definition(self, spatial, size, stride, padding):
        rng = np.random.default_rng(0)
        x = rng.standard_normal((2, *spatial, 3))
        u = rng.standard_normal((2, *counts(spatial, size, stride, padding), 3))
        y, by_x = np.zeros_like(u), np.zeros_like(x)
        for (i, j), pixels in pixels_of_windows(spatial, size, stride, padding):
            y[:, i, j] = sum(x[:, p, q] for p, q in pixels) / len(pixels)
            for p, q in pixels:
                by_x[:, p, q] += u[:, i, j] / len(pixels)
        assert close(closed_form.average_pool(x, size, stride, padding), y, 1e-15)
        found = closed_form.average_pool_images(u, x.shape, size, stride, padding)
        assert close(found, by_x, 1e-15)

    @poolings
    @pytest.mark.parametrize(
        "values", [range(-100, 0), (-2, -1), (-np.inf,), (-np.inf, -1)], ids=str
    )
    def test_max_is_the_definition_exactly(self, spatial, size, stride, padding, values):
        """With two values only, almost every window has a tie; none is above the 0 of a frame."""
        rng = np.random.default_rng(1)
        x = rng.choice(np.array(values, float), (2, *spatial, 3))
        u = integers(rng, 2, *counts(spatial, size, stride, padding), 3)
        y, by_x = np.zeros_like(u), np.zeros_like(x)
        for (i, j), pixels in pixels_of_windows(spatial, size, stride, padding):
            for n, c in np.ndindex(2, 3):
                y[n, i, j, c] = max(x[n, p, q, c] for p, q in pixels)
                first = next((p, q) for p, q in pixels if x[n, p, q, c] == y[n, i, j, c])
                by_x[n, *first, c] += u[n, i, j, c]
        assert np.array_equal(closed_form.max_pool(x, size, stride, padding), y)
        found = closed_form.max_pool_images(x, u, size, stride, padding)
        assert np.array_equal(found, by_x)

    @poolings
    def test_the_gradients_agree_with_differences(self, spatial, size, stride, padding):
        rng = np.random.default_rng(2)
        # all different, and further apart than the steps: nowhere near a tie
        x = rng.permutation(2 * spatial[0] * spatial[1]).reshape(1, *spatial, 2) / 10
        u = rng.standard_normal((1, *counts(spatial, size, stride, padding), 2))
        geometry = size, stride, padding
        differenced = five_point(lambda x: np.sum(u * closed_form.average_pool(x, *geometry)), x)
        assert close(closed_form.average_pool_images(u, x.shape, *geometry), differenced, 1e-9)
        differenced = five_point(lambda x: np.sum(u * closed_form.max_pool(x, *geometry)), x)
        assert close(closed_form.max_pool_images(x, u, *geometry), differenced, 1e-9)

    def test_pixels_of_minus_infinity_do_not_lose_to_the_frame(self):
        x, u = np.full((1, 2, 2, 1), -np.inf), np.array([[1.0, 2], [3, 4]]).reshape(1, 2, 2, 1)
        assert np.array_equal(closed_form.max_pool(x, 2, 2, 1), x)
        assert np.array_equal(closed_form.max_pool_images(x, u, 2, 2, 1), u)
        by_x = closed_form.max_pool_images(x, np.full((1, 1, 1, 1), 7.0), 3, 3, 1)
        assert np.array_equal(by_x.ravel(), [7, 0, 0, 0])

    def test_nan_is_not_lost(self):
        x = np.array([1.0, np.nan, 2.0, np.nan, 3.0]).reshape(1, 1, 5, 1)
        u = np.array([1.0, 10, 100, 1000]).reshape(1, 1, 4, 1)
        assert np.isnan(closed_form.max_pool(x, (1, 2), 1)).all()
        by_x = closed_form.max_pool_images(x, u, (1, 2), 1)
        assert np.array_equal(by_x.ravel(), [0, 11, 0, 1100, 0])
        found = closed_form.average_pool(x, (1, 2), (1, 3))
        assert np.array_equal(np.isnan(found).ravel(), [True, True])

    def test_dtype_and_empty_batch(self):
        x, u = np.ones((0, 4, 4, 2), np.float32), np.ones((0, 2, 2, 2), np.float32)
        for images, cotangents in (
            (x, u),
            (np.ones((1, 4, 4, 2), np.float32), np.ones_like(u[:1])),
        ):
            cotangents = np.ones((len(images), 2, 2, 2), np.float32)
            for result in (
                closed_form.average_pool(images, 2, 2),
                closed_form.max_pool(images, 2, 2),
            ):
                assert result.shape == cotangents.shape
                assert result.dtype == np.float32
            for result in (
                closed_form.average_pool_images(cotangents, images.shape, 2, 2),
                closed_form.max_pool_images(images, cotangents, 2, 2),
            ):
                assert result.shape == images.shape
                assert result.dtype == np.float32

    def test_integer_images(self):
        x = -np.arange(1, 5).reshape(1, 2, 2, 1)
        assert closed_form.max_pool(x, 2, 2).item() == -1
        assert closed_form.average_pool(x, 2, 2).item() == -2.5

    def calls(self, u, *geometry):
        x = np.ones((2, 4, 4, 1))
        yield "average_pool", (x, *geometry)
        yield "average_pool_images", (u, x.shape, *geometry)
        yield "max_pool", (x, *geometry)
        yield "max_pool_images", (x, u, *geometry)

    def test_its_domain(self):
        u = np.ones((2, 2, 2, 1))
        for geometry, message in (
            ((2, 0), "stride must be 1 or more"),
            ((0, 1), "the size of the windows must be 1 or more"),
            ((2, 2, -1), "padding must be 0 or more"),
            ((5, 2), "windows of 5×5 do not fit images of 4×4"),
            ((2, 2, (0, 2)), r"with padding \(0, 2\) the first window of \(2, 2\) has no pixel"),
        ):
            for name, args in self.calls(u, *geometry):
                with pytest.raises(ValueError, match=f"^{name}: {message}"):
                    getattr(closed_form, name)(*args)

    @pytest.mark.parametrize("shape", [(1, 2, 2, 1), (2, 2, 1, 1), (2, 3, 2, 1), (2, 2, 2, 2)])
    def test_cotangents_of_a_wrong_shape(self, shape):
        for name, args in self.calls(np.ones(shape), 2, 2):
            if name.endswith("images"):
                with pytest.raises(
                    ValueError, match=rf"^{name}: cotangents must have shape \(2, 2"
                ):
                    getattr(closed_form, name)(*args)

    def test_images_without_pixels(self):
        with pytest.raises(ValueError, match="max_pool: the size of the images must be 1 or more"):
            closed_form.max_pool(np.ones((1, 0, 4, 1)), 2, 1, 1)
        with pytest.raises(ValueError, match="average_pool_images: shape must be that of the imag"):
            closed_form.average_pool_images(np.ones((1, 2, 2, 1)), (4, 4), 2, 2)


def logits(params, images):
    filters, weights = params
    hidden = tg.relu(tg.conv2d(images, filters, padding=len(filters) // 2))
    return hidden.reshape(len(images), -1) @ weights


def two_class_loss(params, images, labels):
    return tg.log_loss_with_logits(logits(params, images), labels)


def two_class_case(seed, n, dtype=np.float64):
    rng = np.random.default_rng(seed)
    params = rng.normal(0, 2 / 3, (3, 3, 1, 1)), rng.normal(0, 1 / 28, (784, 1))
    images = rng.standard_normal((n, 28, 28, 1))
    labels = (rng.random((n, 1)) < 0.5).astype(dtype)
    return tg.tree.map(lambda p: p.astype(dtype), params), images.astype(dtype), labels


class TestTheTwoClassNetwork:
    @pytest.mark.parametrize("n", [1, 2, 64])
    @pytest.mark.parametrize("seed", range(10))
    def test_parameters_and_images_to_1e_12_of_the_largest_gradient(self, seed, n):
        params, images, labels = two_class_case(seed, n)
        value, found = tg.value_and_grad(two_class_loss, (0, 1))(params, images, labels)
        assert close(value, closed_form.two_class_loss(params, images, labels), 1e-13)
        exact = closed_form.two_class(params, images, labels)
        assert close(found[0][0], exact[0], 1e-12)
        assert close(found[0][1], exact[1], 1e-12)
        assert close(found[1], closed_form.two_class_images(params, images, labels), 1e-12)

    def test_object_style_is_the_same(self):
        params, images, labels = two_class_case(0, 4)
        filters, weights = tg.Tensor(params[0]), tg.Tensor(params[1])
        tg.log_loss(tg.sigmoid(logits((filters, weights), images)), labels).backward()
        exact = closed_form.two_class(params, images, labels)
        assert close(filters.grad, exact[0], 1e-12)
        assert close(weights.grad, exact[1], 1e-12)

    def test_float32(self):
        params, images, labels = two_class_case(1, 8, np.float32)
        found = tg.grad(two_class_loss)(params, images, labels)
        for g, exact in zip(found, closed_form.two_class(params, images, labels), strict=True):
            assert g.dtype == exact.dtype == np.float32
            assert close(g, exact, 1e-5)
        assert closed_form.two_class_loss(params, images, labels.astype(int)).dtype == np.float32

    def test_frozen_layers_get_no_gradient_and_the_others_the_same_one(self):
        (filters, weights), images, labels = two_class_case(2, 3)
        both = closed_form.two_class((filters, weights), images, labels)
        by_weights = tg.grad(lambda w: two_class_loss((filters, w), images, labels))(weights)
        by_filters = tg.grad(lambda f: two_class_loss((f, weights), images, labels))(filters)
        assert close(by_filters, both[0], 1e-12)
        assert close(by_weights, both[1], 1e-12)

    def test_up_to_the_logits_exactly_on_integers(self):
        rng = np.random.default_rng(7)
        x, w, v = integers(rng, 4, 6, 6, 1), integers(rng, 3, 3, 1, 1), integers(rng, 36, 1)
        z, pull = tg.vjp(lambda w, v, x: logits((w, v), x), w, v, x)
        u = integers(rng, *z.shape)
        by_w, by_v, by_x = pull(u)
        convolved = closed_form.same_convolution(x, w)
        hidden = closed_form.relu(convolved).reshape(4, -1)
        by_hidden = closed_form.dense_inputs(u, v).reshape(convolved.shape)
        by_convolved = closed_form.relu_inputs(convolved, by_hidden)
        assert np.array_equal(z, closed_form.dense(hidden, v))
        assert np.array_equal(by_v, closed_form.dense_weights(hidden, u))
        assert np.array_equal(by_w, closed_form.same_convolution_filters(x, by_convolved, 3))
        assert np.array_equal(by_x, closed_form.same_convolution_images(by_convolved, w))

    def test_its_gradients_agree_with_differences(self):
        (filters, weights), images, labels = two_class_case(3, 2)
        images, weights = images[:, :4, :5], weights[:20]
        by_filters, by_weights = closed_form.two_class((filters, weights), images, labels)
        by_images = closed_form.two_class_images((filters, weights), images, labels)
        loss = closed_form.two_class_loss
        assert no_kink_within_a_step(images, filters)
        assert close(
            by_filters, five_point(lambda f: loss((f, weights), images, labels), filters), 1e-9
        )
        assert close(
            by_weights, five_point(lambda w: loss((filters, w), images, labels), weights), 1e-9
        )
        assert close(
            by_images, five_point(lambda x: loss((filters, weights), x, labels), images), 1e-9
        )

    def test_it_is_the_chain_of_its_layers(self):
        """The residual l₂ − y is what log-loss and sigmoid give one after the other."""
        params, images, labels = two_class_case(4, 5)
        z = logits(params, images)
        p = closed_form.sigmoid(z)
        value = closed_form.two_class_loss(params, images, labels)
        assert close(closed_form.log_loss(p, labels), value, 1e-14)
        by_logits = closed_form.sigmoid_inputs(z, closed_form.log_loss_probabilities(p, labels))
        hidden = closed_form.relu(closed_form.same_convolution(images, params[0])).reshape(5, -1)
        by_weights = closed_form.dense_weights(hidden, by_logits)
        assert close(by_weights, closed_form.two_class(params, images, labels)[1], 1e-13)

    def test_shapes(self):
        params, images, labels = two_class_case(0, 2)
        for function in ("two_class", "two_class_loss", "two_class_images"):
            network = getattr(closed_form, function)
            with pytest.raises(ValueError, match=rf"^{function}: .* dense weights \(784, 1\), not"):
                network((params[0], params[1][:5]), images, labels)
            with pytest.raises(
                ValueError, match=rf"^{function}: dense weights must have one colum"
            ):
                network((params[0], np.ones((784, 2))), images, labels)
            with pytest.raises(ValueError, match=rf"^{function}: labels must have shape \(2, 1\)"):
                network(params, images, labels[:, 0])
            with pytest.raises(ValueError, match=rf"^{function}: labels must lie between 0 and 1"):
                network(params, images, labels + 1)
            with pytest.raises(ValueError, match=rf"^{function}: an empty batch has no mean"):
                network(params, images[:0], labels[:0])


def no_kink_within_a_step(images, filters):
    """Whether relu's kink is out of reach of `five_point`, whichever number it moves."""
    convolved = closed_form.convolution(images, filters, padding=len(filters) // 2)
    furthest = 2e-3 * max(np.abs(images).max(), np.abs(filters).max())
    return np.abs(convolved).min() > furthest


def ten_class_loss(params, images, labels, reduction="mean"):
    z = logits(params, images)
    chosen = z[np.arange(len(labels)), labels]
    return getattr(np, reduction)(np.log(np.sum(np.exp(z), axis=1)) - chosen)


def ten_class_case(seed, n, size=3, channels=1, filters=5, spatial=(8, 8), classes=10):
    rng = np.random.default_rng(seed)
    features = spatial[0] * spatial[1] * filters
    params = (
        rng.normal(0, 1 / np.sqrt(size**2 * channels), (size, size, channels, filters)),
        rng.normal(0, 1 / np.sqrt(features), (features, classes)),
    )
    images = rng.standard_normal((n, *spatial, channels))
    return params, images, rng.integers(0, classes, n)


class TestTheTenClassNetwork:
    @pytest.mark.parametrize("reduction", ["mean", "sum"])
    @pytest.mark.parametrize(
        ("n", "size", "channels", "filters", "spatial"),
        [
            (32, 3, 1, 1, (28, 28)),
            (32, 3, 1, 5, (28, 28)),
            (4, 3, 3, 15, (32, 32)),
            (1, 5, 2, 3, (7, 4)),
            (3, 1, 3, 2, (1, 6)),
        ],
    )
    def test_reverse_mode_agrees(self, reduction, n, size, channels, filters, spatial):
        params, images, labels = ten_class_case(n, n, size, channels, filters, spatial)
        value, found = tg.value_and_grad(ten_class_loss, (0, 1))(params, images, labels, reduction)
        args = params, images, labels, reduction
        assert close(value, closed_form.ten_class_loss(*args), 1e-13)
        exact = closed_form.ten_class(*args)
        assert close(found[0][0], exact[0], 1e-12)
        assert close(found[0][1], exact[1], 1e-12)
        assert close(found[1], closed_form.ten_class_images(*args), 1e-12)

    @pytest.mark.parametrize("reduction", ["mean", "sum"])
    def test_its_gradients_agree_with_differences(self, reduction):
        params, images, labels = ten_class_case(11, 2, 3, 2, 2, (3, 4), 4)
        filters, weights = params
        by_filters, by_weights = closed_form.ten_class(params, images, labels, reduction)
        by_images = closed_form.ten_class_images(params, images, labels, reduction)

        def loss(filters=filters, weights=weights, images=images):
            return closed_form.ten_class_loss((filters, weights), images, labels, reduction)

        assert no_kink_within_a_step(images, filters)
        assert close(by_filters, five_point(lambda f: loss(filters=f), filters), 1e-9)
        assert close(by_weights, five_point(lambda w: loss(weights=w), weights), 1e-9)
        assert close(by_images, five_point(lambda x: loss(images=x), images), 1e-9)

    def test_it_flattens_rows_then_columns_then_filters(self):
        params, images, _ = ten_class_case(1, 1, 3, 1, 3, (4, 5), 2)
        convolved = closed_form.same_convolution(images, params[0])
        weights = np.zeros((4, 5, 3, 2))
        weights[1, 3, 2, 0] = 1
        hidden = max(convolved[0, 1, 3, 2], 0)
        value = closed_form.ten_class_loss((params[0], weights.reshape(60, 2)), images, [1])
        assert hidden > 0
        assert close(value, np.log1p(np.exp(hidden)), 1e-14)

    def test_the_sum_is_n_times_the_mean(self):
        params, images, labels = ten_class_case(2, 8)
        for function in (
            closed_form.ten_class_loss,
            lambda *args: closed_form.ten_class(*args)[0],
            lambda *args: closed_form.ten_class(*args)[1],
            closed_form.ten_class_images,
        ):
            mean, total = function(params, images, labels), function(params, images, labels, "sum")
            assert close(total, 8 * mean, 1e-14)

    def test_before_training_the_loss_is_about_that_of_guessing(self):
        (filters, weights), images, labels = ten_class_case(3, 8)
        value = closed_form.ten_class_loss((filters, 0 * weights), images, labels)
        assert close(value, np.log(10), 1e-14)

    def test_float32(self):
        params, images, labels = ten_class_case(4, 8)
        exact = closed_form.ten_class(params, images, labels)
        by_images = closed_form.ten_class_images(params, images, labels)
        small = [p.astype(np.float32) for p in params]
        images = images.astype(np.float32)
        assert closed_form.ten_class_loss(small, images, labels).dtype == np.float32
        found = closed_form.ten_class(small, images, labels)
        for g, right in zip(found, exact, strict=True):
            assert g.dtype == np.float32
            assert close(g, right, 1e-5)
        g = closed_form.ten_class_images(small, images, labels)
        assert g.dtype == np.float32
        assert close(g, by_images, 1e-5)

    def test_large_weights_do_not_overflow(self):
        (filters, weights), images, labels = ten_class_case(5, 4)
        params = filters, 1e4 * weights
        with np.errstate(under="ignore"):
            assert np.isfinite(closed_form.ten_class_loss(params, images, labels))
            for g in closed_form.ten_class(params, images, labels):
                assert np.isfinite(g).all()

    def test_an_empty_batch(self):
        params, images, labels = ten_class_case(6, 0)
        assert closed_form.ten_class_loss(params, images, labels, "sum") == 0
        by_filters, by_weights = closed_form.ten_class(params, images, labels, "sum")
        assert (by_filters.shape, by_weights.shape) == (params[0].shape, params[1].shape)
        assert not by_filters.any()
        assert not by_weights.any()
        assert closed_form.ten_class_images(params, images, labels, "sum").shape == images.shape
        with pytest.raises(ValueError, match="an empty batch has no mean"):
            closed_form.ten_class(params, images, labels)

    def test_what_it_refuses(self):
        (filters, weights), images, labels = ten_class_case(7, 2)
        for function in ("ten_class", "ten_class_loss", "ten_class_images"):
            network = getattr(closed_form, function)
            with pytest.raises(
                ValueError, match=rf"^{function}: .* dense weights \(320, 10\), not"
            ):
                network((filters, weights[:-1]), images, labels)
            with pytest.raises(
                ValueError, match=rf"^{function}: filters must be \(rows, columns, "
            ):
                network((filters[..., 0], weights), images, labels)
            with pytest.raises(
                ValueError, match=rf"^{function}: a “same” convolution needs a squa"
            ):
                network((filters[:2], weights), images, labels)
            with pytest.raises(ValueError, match="labels must lie between 0 and 9, for 10 classes"):
                network((filters, weights), images, labels + 10)
            with pytest.raises(ValueError, match=r"labels must have shape \(2,\), not \(2, 1\)"):
                network((filters, weights), images, labels[:, None])
            with pytest.raises(ValueError, match="reduction must be 'mean' or 'sum', not 'none'"):
                network((filters, weights), images, labels, "none")
            with pytest.raises(ValueError, match="the images have 2 channels and the filters take"):
                network((filters, weights), np.ones((2, 8, 8, 2)), labels)


def test_every_public_name_has_an_example():
    for name in closed_form.__all__:
        assert f">>> {name}(" in getattr(closed_form, name).__doc__ or (
            f" = {name}(" in getattr(closed_form, name).__doc__
        )


def test_half_precision_by_hand():
    images, filters = np.ones((1, 3, 3, 1), np.float16), np.ones((3, 3, 1, 1), np.float16)
    found = closed_form.same_convolution(images, filters)
    assert found.dtype == np.float16
    assert found[0, 1, 1, 0] == 9
