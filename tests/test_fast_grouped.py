"""Products in groups along their fast paths: those of `nn.grouped` bit for bit on integers."""

import itertools

import numpy as np
import pytest
from plain_products import integers

import tinygrad_np as tg
from tinygrad_np.core.dispatch import plain
from tinygrad_np.core.windows import windows
from tinygrad_np.fast import grouped, paths
from tinygrad_np.nn.grouped import grouped_filter_product, grouped_product, grouped_window_product

pytestmark = pytest.mark.usefixtures("fast_paths")

GROUPS = [(4, 4, 4), (4, 8, 4), (4, 12, 4), (4, 4, 2), (8, 12, 4), (1, 3, 1), (6, 6, 3)]
"""channels in, channels out, groups"""


@pytest.fixture(params=["above", "in small pieces", "below"])
def thresholds(request, monkeypatch):
    """Both sides of the conditions of bytes; and tiles of one row, or of two images and a rest."""
    size = 1 << 30 if request.param == "below" else 0
    monkeypatch.setattr(paths, "TILE_FROM_BYTES", size)
    monkeypatch.setattr(paths, "LAZY_FROM_BYTES", size)
    if request.param == "in small pieces":
        monkeypatch.setattr(paths, "TILE_BYTES", 1)
        monkeypatch.setattr(paths, "POOLING_PART_BYTES", 1)
        monkeypatch.setattr(paths, "SMALL_PRODUCT", 1)


def operands(channels, filters, groups, dtype=float, axes=2, stride=1, dilation=1):
    rng = np.random.default_rng(channels + filters)
    x = integers(rng, dtype, 3, *(8, 7, 9)[:axes], channels)
    w = integers(rng, dtype, *(3, 2, 3)[:axes], channels // groups, filters)
    columns = windows(x, w.shape[:-2], stride, dilation)
    g = integers(rng, dtype, *columns.shape[: axes + 1], filters)
    return columns, w, g


@pytest.mark.usefixtures("thresholds")
class TestProducts:
    @pytest.mark.parametrize("sizes", GROUPS)
    @pytest.mark.parametrize("axes", [1, 2, 3])
    @pytest.mark.parametrize(("stride", "dilation"), [(1, 1), (2, 1), (1, 2)])
    @pytest.mark.parametrize("dtype", [np.float32, np.float64, np.longdouble, np.float16])
    def test_the_three_are_the_plain_ones(self, sizes, axes, stride, dilation, dtype):
        columns, w, g = operands(*sizes, dtype, axes, stride, dilation)
        groups = sizes[-1]
        for fast, operation, *given in (
            (grouped.product, grouped_product, columns, w),
            (grouped.window_product, grouped_window_product, g, w),
            (grouped.filter_product, grouped_filter_product, columns, g),
        ):
            found, expected = fast(*given, groups), plain(operation)(*given, groups)
            assert found.dtype == expected.dtype
            assert np.array_equal(found, expected)

    @pytest.mark.parametrize("sizes", GROUPS)
    @pytest.mark.parametrize("axes", [1, 2, 3])
    def test_a_convolution_and_its_gradients(self, sizes, axes, monkeypatch):
        """Also second derivatives: of the gradients, by images and filters."""
        channels, filters, groups = sizes
        rng = np.random.default_rng(0)
        x = integers(rng, float, 2, *(8, 7, 6)[:axes], channels)
        w = integers(rng, float, *(3, 2, 3)[:axes], channels // groups, filters)
        conv = (tg.conv1d, tg.conv2d, tg.conv3d)[axes - 1]

        def computed(options):
            y, pull = tg.vjp(lambda x, w: conv(x, w, groups=groups, **options), x, w)
            u = integers(np.random.default_rng(1), float, *y.shape)
            gradient = tg.grad(
                lambda x, w: np.sum(conv(x, w, groups=groups, **options) ** 2), (0, 1)
            )
            return [y, *pull(u), *tg.vjp(gradient, x, w)[1]((x, w))]

        for stride, dilation, padding in itertools.product((1, 2), (1, 2), (0, 1)):
            options = {"stride": stride, "dilation": dilation, "padding": padding}
            found = computed(options)
            with monkeypatch.context() as patch:
                patch.setattr(paths, "ENABLED", False)
                expected = computed(options)
            for a, b in zip(found, expected, strict=True):
                assert a.shape == b.shape
                assert np.array_equal(a, b)

    @pytest.mark.parametrize("sizes", [(4, 8, 4), (4, 4, 2)])
    def test_a_transposed_convolution(self, sizes, monkeypatch):
        channels, filters, groups = sizes
        rng = np.random.default_rng(0)
        x = integers(rng, float, 2, 5, 6, filters)
        w = integers(rng, float, 3, 2, channels // groups, filters)

        def computed():
            y, pull = tg.vjp(lambda x, w: tg.conv_transpose2d(x, w, 2, groups=groups), x, w)
            return [y, *pull(np.ones(y.shape))]

        found = computed()
        monkeypatch.setattr(paths, "ENABLED", False)
        assert all(np.array_equal(a, b) for a, b in zip(found, computed(), strict=True))

    @pytest.mark.parametrize("groups", [2, 4])
    def test_no_images(self, groups):
        x, w = np.ones((0, 5, 5, 4)), np.ones((3, 3, 4 // groups, 4))
        y, pull = tg.vjp(lambda x, w: tg.conv2d(x, w, groups=groups), x, w)
        assert y.shape == (0, 3, 3, 4)
        of_images, of_filters = pull(y)
        assert of_images.shape == x.shape
        assert np.array_equal(of_filters, np.zeros(w.shape))

    @pytest.mark.parametrize("groups", [2, 4])
    def test_images_that_do_not_lie_side_by_side(self, groups):
        rng = np.random.default_rng(0)
        whole, w = integers(rng, float, 2, 9, 18, 8), integers(rng, float, 3, 3, 4 // groups, 4)
        for x in (whole[:, :, ::2, ::2], whole[:, ::-1, 9:, 4:], np.moveaxis(whole, 1, 2)[..., :4]):
            found = tg.vjp(lambda x, w: tg.conv2d(x, w, groups=groups), x, w)
            expected = tg.vjp(lambda x, w: tg.conv2d(x, w, groups=groups), x.copy(), w)
            u = np.repeat(integers(rng, float, *found[0].shape), 2, -1)[..., ::2]
            assert np.array_equal(found[0], expected[0])
            for a, b in zip(found[1](u), expected[1](u.copy()), strict=True):
                assert np.array_equal(a, b)

    @pytest.mark.parametrize("groups", [2, 4])
    def test_infinity_and_nan_stay_in_their_group(self, groups):
        x, w = np.ones((1, 6, 6, 4)), np.ones((3, 3, 4 // groups, 4))
        x[0, 2, 2, 0], x[0, 3, 3, 1] = np.inf, np.nan
        y = tg.conv2d(x, w, groups=groups)
        assert np.isfinite(y[..., 4 // groups * (groups // 2) :]).all()
        columns = windows(x, 3)
        assert np.array_equal(y, plain(grouped_product)(columns, w, groups), equal_nan=True)


def assert_exact(columns, w, g):
    """Both products of two groups are those of the framework; the operands are whole numbers."""
    assert np.array_equal(grouped.product(columns, w, 2), plain(grouped_product)(columns, w, 2))
    found = grouped.filter_product(columns, g, 2)
    assert np.array_equal(found, plain(grouped_filter_product)(columns, g, 2))


class TestTiles:
    @pytest.mark.parametrize("tile", [1, 3 * 4 * 9 * 4 * 8, 2 * 6 * 5 * 9 * 4 * 8, 1 << 20])
    @pytest.mark.parametrize("unpacked", [1, 1000, 10**6])
    def test_every_window_is_in_one_tile(self, tile, unpacked, monkeypatch):
        """A row each; some rows and a rest; two images and a rest; everything. As many products."""
        monkeypatch.setattr(paths, "TILE_FROM_BYTES", 0)
        monkeypatch.setattr(paths, "TILE_BYTES", tile)
        monkeypatch.setattr(paths, "SMALL_PRODUCT", unpacked)
        rng = np.random.default_rng(0)
        columns = windows(integers(rng, float, 5, 8, 7, 4), 3)
        w, g = integers(rng, float, 3, 3, 2, 6), integers(rng, float, 5, 6, 5, 6)
        assert_exact(columns, w, g)

    def test_on_several_threads(self, monkeypatch):
        monkeypatch.setattr(paths, "TILE_FROM_BYTES", 0)
        monkeypatch.setattr(paths, "TILE_BYTES", 1)
        monkeypatch.setattr(paths, "pays_to_share", lambda pieces, work: pieces > 1)
        rng = np.random.default_rng(0)
        columns = windows(integers(rng, float, 9, 12, 12, 4), 3)
        w, g = integers(rng, float, 3, 3, 2, 6), integers(rng, float, 9, 10, 10, 6)
        assert_exact(columns, w, g)


class TestConditions:
    @pytest.mark.parametrize("dtypes", [("f4", "f8"), ("f8", "f4"), ("i8", "f8")])
    def test_two_dtypes(self, dtypes):
        columns, w, _ = operands(4, 4, 4)
        columns, w = columns.astype(dtypes[0]), w.astype(dtypes[1])
        found, expected = grouped.product(columns, w, 4), plain(grouped_product)(columns, w, 4)
        assert found.dtype == expected.dtype
        assert np.array_equal(found, expected)

    def test_the_messages_are_those_of_the_plain_product(self):
        with pytest.raises(ValueError, match="grouped_product: windows of shape"):
            grouped.product(np.ones((1, 4, 3, 3)), np.ones((3, 1, 4)), 4)

    def test_sums_of_many_float32_numbers(self):
        """A filter's gradient is a sum over all windows, of which parts are summed apart."""
        rng = np.random.default_rng(0)
        columns = windows(rng.standard_normal((64, 34, 34, 8)).astype(np.float32), 3)
        g = rng.standard_normal((64, 32, 32, 8)).astype(np.float32)
        found = grouped.filter_product(columns, g, 8)
        exact, largest = (
            plain(grouped_filter_product)(f(columns.astype(float)), f(g.astype(float)), 8)
            for f in (np.array, np.abs)
        )
        # 16 images of 32 rows are summed up one after the other, 4 such parts, and 32 columns.
        additions = 16 * 32 + 4 + 32
        assert (np.abs(found - exact) <= additions * 2.0**-24 * largest).all()
