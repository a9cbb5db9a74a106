"""The convolution by hand against its definition, term by term, and reverse mode against both.

The definitions are written out here as loops over single numbers, or differenced.
"""

import itertools

import numpy as np
import pytest
import refused_arguments
from closed_forms import close, counts, five_point, pixel_triples
from maps import integers
from scipy import signal

import tinygrad_np as tg
from tinygrad_np import closed_form


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


def test_half_precision_by_hand():
    images, filters = np.ones((1, 3, 3, 1), np.float16), np.ones((3, 3, 1, 1), np.float16)
    found = closed_form.same_convolution(images, filters)
    assert found.dtype == np.float16
    assert found[0, 1, 1, 0] == 9


@refused_arguments.each("closed_form.convolutions")
def test_odd_arguments_are_refused(call, told):
    refused_arguments.check(call, told)
