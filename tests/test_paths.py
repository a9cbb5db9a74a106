"""The fast paths of the kernels against the simple one, on both sides of every threshold.

Tiles only change the order of sums: on small integers they agree bit for bit, in float64 and
float32. Winograd's transforms round differently: to 1e-5 of the largest value (it is used in
float32 only; what is measured is below 3e-6).
"""

import itertools
import sys

import numpy as np
import pytest

import tinygrad_np as tg
from tinygrad_np.kernels import pooling, products, promises, tiles, winograd
from tinygrad_np.kernels.windows import windows


@pytest.fixture(autouse=True)
def fast_paths(request):
    if request.config.getoption("--simple-paths"):
        pytest.skip("these tests compare the fast paths with the simple ones")


def integers(rng, dtype, *shape):
    return rng.integers(-4, 5, shape).astype(dtype)


def simple(columns, w):
    return np.tensordot(columns, w, w.ndim - 1)


def simple_filters(columns, g):
    axes = list(range(g.ndim - 1))
    return np.tensordot(columns, g, (axes, axes))


GEOMETRIES = [
    # images (n, *spatial, c), filter size, stride, dilation: odd and prime sizes, one-row tiles
    ((1, 7, 11, 3), (3, 3), 1, 1),
    ((3, 13, 17, 1), (5, 5), 1, 1),
    ((2, 11, 13, 8), (3, 2), 1, 1),
    ((2, 11, 13, 9), (3, 2), 1, 1),  # one channel more than planes take
    ((2, 9, 31, 5), (3, 3), (2, 3), 1),
    ((2, 17, 9, 12), (2, 3), 1, (2, 3)),
    ((5, 1, 37, 4), (1, 5), 1, 1),
    ((1, 1, 1, 64), (1, 1), 1, 1),
    ((2, 23, 6), (5,), 2, 1),
    ((2, 6, 5, 7, 3), (2, 3, 2), 1, 1),
]


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("most", [1, 5, 64, 4096])
@pytest.mark.parametrize(("shape", "size", "stride", "dilation"), GEOMETRIES, ids=str)
class TestTiles:
    def test_products_and_adjoints(self, monkeypatch, shape, size, stride, dilation, most, dtype):
        """Tiles of so many positions, down to one."""
        monkeypatch.setattr(tiles, "_positions", lambda row, tile: most)
        rng = np.random.default_rng(0)
        x, w = integers(rng, dtype, *shape), integers(rng, dtype, *size, shape[-1], 6)
        columns = windows(x, size, stride, dilation)
        y = tiles.product(columns, w)
        assert y.dtype == dtype
        assert np.array_equal(y, simple(columns, w))
        g = integers(rng, dtype, *y.shape)
        assert np.array_equal(tiles.filter_product(columns, g), simple_filters(columns, g))
        stride, dilation = (
            (step,) * len(size) if isinstance(step, int) else step for step in (stride, dilation)
        )
        found = tiles.unwindowed(g, w, shape, stride, dilation)
        expected = products.unwindows(products.window_product(g, w), shape, stride, dilation)
        assert np.array_equal(found, expected)


def test_blocks_cover_every_position_once_and_in_order():
    all_kept = [(1,), (5, 7), (3, 4, 5), (2, 1, 9, 2)]
    for kept, most, many in itertools.product(all_kept, range(1, 70), range(1, 5)):
        seen = np.zeros(kept, int)
        position = 0
        some = tiles.blocks(kept, most)
        for block in tiles.joined(some, many):
            assert block.start == position
            position = block.stop
            assert 1 <= block.stop - block.start <= many * max(most, 1)
            assert seen[block.place].size == block.stop - block.start
            seen[block.place] += 1
        assert position == seen.size
        assert (seen == 1).all()
        assert tiles.joined(some, 1) == [*some]
    assert tiles.blocks((0, 4), 3) == ()
    assert tiles.joined((), 3) == []


WINOGRAD = [
    ((1, 6, 6, 16), 16, 3),
    ((2, 7, 9, 16), 33, 3),
    ((3, 14, 14, 32), 16, 3),
    ((1, 31, 13, 17), 16, 3),
    ((2, 9, 8, 16), 16, 5),
    ((1, 17, 23, 40), 16, 5),
    ((1, 5, 8, 256), 128, 3),
    ((1, 40, 300, 16), 16, 3),  # one image is more than a part
]


class TestWinograd:
    @pytest.mark.parametrize("dtype", [np.float32, np.float64])
    @pytest.mark.parametrize(("shape", "f", "k"), WINOGRAD, ids=str)
    def test_products(self, shape, f, k, dtype):
        rng = np.random.default_rng(1)
        x = rng.standard_normal(shape).astype(dtype)
        w = rng.standard_normal((k, k, shape[-1], f)).astype(dtype)
        columns = windows(x, k)
        allowed = 1e-5 if dtype == np.float32 else 1e-13
        y = winograd.product(columns, w)
        exact = simple(columns.astype(float), w.astype(float))
        assert y.dtype == dtype
        assert np.max(np.abs(y - exact)) <= allowed * np.max(np.abs(exact))
        g = rng.standard_normal(y.shape).astype(dtype)
        exact = simple_filters(columns.astype(float), g.astype(float))
        found = winograd.filter_product(columns, g)
        assert found.dtype == dtype
        assert np.max(np.abs(found - exact)) <= allowed * np.max(np.abs(exact))

    def test_the_error_is_what_the_module_says(self):
        rng = np.random.default_rng(2)
        for k, bound in ((3, 2e-6), (5, 3e-6)):
            x = rng.standard_normal((2, 20, 20, 256)).astype(np.float32)
            w = rng.standard_normal((k, k, 256, 64)).astype(np.float32)
            columns = windows(x, k)
            exact = simple(columns.astype(float), w.astype(float))
            error = np.max(np.abs(winograd.product(columns, w) - exact)) / np.max(np.abs(exact))
            assert error <= bound

    @pytest.mark.parametrize("k", [3, 5])
    def test_the_transforms_are_exact_in_exact_arithmetic(self, k):
        t = winograd.transforms(k)
        rng = np.random.default_rng(3)
        pixels, taps = rng.integers(-9, 10, k + 3), rng.integers(-9, 10, k)
        found = t.outputs @ ((t.pixels @ pixels) * (t.taps @ taps))
        expected = [pixels[i : i + k] @ taps for i in range(4)]
        assert np.allclose(found, expected, rtol=0, atol=1e-11)


class TestWhichPath:
    @pytest.mark.parametrize(
        ("shape", "size", "dtype", "f", "expected"),
        [
            ((32, 16, 16, 16), 3, np.float32, 16, winograd),
            ((32, 16, 16, 15), 3, np.float32, 16, tiles),
            ((32, 16, 16, 16), 3, np.float32, 15, tiles),
            ((32, 16, 16, 16), 3, np.float64, 16, tiles),
            ((32, 16, 16, 16), 4, np.float32, 16, tiles),
            ((32, 16, 16, 16), 5, np.float32, 16, winograd),
            ((32, 16, 5, 16), 3, np.float32, 16, tiles),  # three columns of output
            ((32, 16, 6, 16), 3, np.float32, 16, winograd),
            ((1, 5, 5, 16), 3, np.float32, 16, None),  # all of it stays in the cache
            ((32, 16, 16, 16), 3, np.complex128, 16, None),
        ],
    )
    def test_by_size_dtype_and_channels(self, shape, size, dtype, f, expected):
        columns = windows(np.zeros(shape, dtype), size)
        assert products.path(columns, shape[-1], f) is expected

    def test_strides_and_dilations_go_in_tiles(self):
        x = np.zeros((32, 16, 16, 16), np.float32)
        assert products.path(windows(x, 3, 2), 16, 16) is tiles
        assert products.path(windows(x, 3, 1, 2), 16, 16) is tiles

    def test_what_lies_side_by_side_already_is_one_product(self):
        columns = np.ascontiguousarray(windows(np.zeros((32, 16, 16, 16), np.float32), 3))
        assert products.path(columns, 16, 16) is None
        few = windows(np.zeros((32, 20, 20, 1), np.float32), 3)
        assert products.path(few, 1, 16) is None


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize(
    ("shape", "filters", "options"),
    [
        ((4, 30, 29, 16), (3, 3, 16, 20), {"padding": 1}),
        ((4, 30, 29, 16), (3, 3, 16, 20), {"padding": ((0, 2), (3, 0))}),
        ((4, 30, 29, 6), (5, 5, 6, 20), {"padding": "same"}),
        ((4, 30, 29, 20), (5, 5, 20, 17), {}),
        ((4, 31, 29, 12), (3, 3, 12, 9), {"padding": 1, "stride": 2}),
        ((4, 31, 29, 12), (3, 3, 12, 9), {"dilation": 2}),
        ((8, 31, 29, 12), (3, 3, 6, 8), {"groups": 2, "padding": 1}),
        ((4, 30, 29, 3), (3, 3, 3, 16), {"padding": 4}),
    ],
)
class TestConvolutions:
    def test_value_and_gradients_are_those_of_the_simple_path(
        self, monkeypatch, shape, filters, options, dtype
    ):
        rng = np.random.default_rng(0)
        x, w = integers(rng, dtype, *shape), integers(rng, dtype, *filters)

        def all_of_it():
            y, pull = tg.vjp(lambda x, w: tg.conv2d(x, w, **options), x, w)
            u = integers(np.random.default_rng(1), dtype, *y.shape)
            return y, *pull(u)

        fast = all_of_it()
        monkeypatch.setattr(products, "path", lambda columns, c, f: None)
        monkeypatch.setattr(promises, "_LARGE", sys.maxsize)
        is_exact = dtype == np.float64  # integers, and no transforms
        for a, b in zip(fast, all_of_it(), strict=True):
            assert a.dtype == b.dtype == dtype
            assert a.flags.owndata
            bound = 0 if is_exact else 1e-5 * np.max(np.abs(b))
            assert np.max(np.abs(a - b)) <= bound

    def test_second_order_is_that_of_the_simple_path(
        self, monkeypatch, shape, filters, options, dtype
    ):
        rng = np.random.default_rng(2)
        x, w = (rng.standard_normal(s).astype(dtype) for s in (shape, filters))

        def product():
            loss = lambda w: np.sum(tg.conv2d(x, w, **options) ** 2)  # noqa: E731
            return tg.hvp(loss, [w], [np.ones_like(w)])[0]

        fast = product()
        monkeypatch.setattr(products, "path", lambda columns, c, f: None)
        monkeypatch.setattr(promises, "_LARGE", sys.maxsize)
        slow = product()
        allowed = 1e-4 if dtype == np.float32 else 1e-12
        assert np.max(np.abs(fast - slow)) <= allowed * np.max(np.abs(slow))


class TestPromises:
    def test_an_image_used_twice_and_one_that_is_an_argument(self):
        rng = np.random.default_rng(0)
        x, w = integers(rng, float, 4, 30, 30, 16), integers(rng, float, 3, 3, 16, 16)

        def loss(x):
            return np.sum(tg.conv2d(x, w)) + np.sum(tg.conv2d(x, w, padding=1)) + np.sum(x)

        parts = [
            tg.grad(lambda x: np.sum(tg.conv2d(x, w)))(x),
            tg.grad(lambda x: np.sum(tg.conv2d(x, w, padding=1)))(x),
        ]
        assert np.array_equal(tg.grad(loss)(x), sum(parts) + 1)

    def test_a_rule_that_takes_no_promise_gets_the_array(self):
        x = np.random.default_rng(0).standard_normal((4, 30, 30, 16))
        w = np.ones((3, 3, 16, 16))
        found = tg.grad(lambda x: np.sum(tg.conv2d(np.sin(x), w)))(x)
        by_sine = tg.grad(lambda s: np.sum(tg.conv2d(s, w)))(np.sin(x))
        assert np.allclose(found, by_sine * np.cos(x), rtol=1e-12)

    def test_the_windows_themselves_as_an_argument(self):
        columns = np.random.default_rng(0).standard_normal((2, 40, 40, 3, 3, 4))
        w = np.ones((3, 3, 4, 5))
        (found,) = tg.vjp(lambda c: products.product(c, w), columns)[1](np.ones((2, 40, 40, 5)))
        assert type(found) is np.ndarray
        assert (found == 5).all()

    @pytest.mark.parametrize("stride", [1, 2, 3])
    @pytest.mark.parametrize("padding", [0, 1])
    def test_pooling_is_that_of_placed_windows(self, stride, padding):
        rng = np.random.default_rng(1)
        x = rng.integers(0, 4, (3, 11, 9, 5)).astype(float)  # with many ties
        y, pull = tg.vjp(lambda x: tg.max_pool(x, 3, stride=stride, padding=padding), x)
        u = integers(rng, float, *y.shape)
        framed = np.pad(
            x, ((0, 0), (padding,) * 2, (padding,) * 2, (0, 0)), constant_values=-np.inf
        )
        values, index = pooling.window_maxima(windows(framed, 3, stride))
        assert np.array_equal(y, values)
        flat = np.ascontiguousarray(windows(framed, 3, stride)).reshape(*y.shape[:3], 9, 5)
        assert np.array_equal(index, np.argmax(flat, axis=3))
        placed = products.unwindows(pooling.window_place(u, index, (3, 3)), framed.shape, stride)
        inside = slice(padding, -padding or None)
        assert np.array_equal(pull(u)[0], placed[:, inside, inside])

    @pytest.mark.parametrize("dtype", [np.float16, np.float32, np.float64, np.longdouble])
    @pytest.mark.parametrize("channels", [1, 3, 31, 32, 33, 63, 64, 65, 127, 128, 129, 300])
    @pytest.mark.parametrize(("size", "stride"), [(2, 2), (3, 2), (2, 3)])
    def test_pixels_copied_as_a_whole_or_channel_by_channel(self, dtype, channels, size, stride):
        """Above and below 512 bytes a pixel; with nans and infinities, also in the cotangent."""
        rng = np.random.default_rng(channels)
        x = rng.integers(0, 4, (2, 7, 8, channels)).astype(dtype)
        x[rng.random(x.shape) < 0.05] = np.nan
        x[rng.random(x.shape) < 0.05] = np.inf
        columns = windows(x, size, stride)
        flat = np.ascontiguousarray(columns).reshape(*columns.shape[:3], size**2, channels)
        index = np.argmax(flat, axis=3)  # the first nan, or the first of the largest
        values, numbers = pooling.window_maxima(columns)
        expected = np.take_along_axis(flat, index[:, :, :, None], 3)[:, :, :, 0]
        assert np.array_equal(values, expected, equal_nan=True)
        assert np.array_equal(pooling.window_max(columns), expected, equal_nan=True)
        assert np.array_equal(numbers, index)
        u = integers(rng, dtype, *values.shape)
        u[rng.random(u.shape) < 0.1] = np.inf
        u[rng.random(u.shape) < 0.1] = -0.0
        (found,) = tg.vjp(lambda x: tg.max_pool(x, size, stride=stride), x)[1](u)
        placed = pooling.window_place(u, index, (size, size))
        by_path = products.unwindows(placed, x.shape, stride)
        assert found.dtype == dtype
        assert np.array_equal(found, by_path)

    def test_channels_that_do_not_lie_side_by_side(self):
        x = np.random.default_rng(3).normal(size=(2, 8, 8, 12))[..., ::2]
        y, pull = tg.vjp(lambda x: tg.max_pool(x, 2), x)
        expected, by_copy = tg.vjp(lambda x: tg.max_pool(x, 2), x.copy())
        assert np.array_equal(y, expected)
        u = np.random.default_rng(4).normal(size=(2, 4, 4, 12))[..., ::2]
        assert np.array_equal(pull(u)[0], by_copy(u.copy())[0])

    def test_windows_of_more_than_256_elements(self):
        x = np.random.default_rng(2).permutation(2 * 17 * 17).reshape(2, 17, 17, 1).astype(float)
        y, pull = tg.vjp(lambda x: tg.max_pool(x, 17), x)
        assert np.array_equal(pull(np.ones(y.shape))[0] == 1, x == y)
