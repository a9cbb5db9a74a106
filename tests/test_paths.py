"""The fast paths of the kernels against the simple one, on both sides of every threshold.

Tiles only change the order of sums: on small integers they agree bit for bit, in float64 and
float32. Winograd's transforms round differently: to 1e-5 of the largest value (it is used in
float32 only; what is measured is below 3e-6).
"""

import ast
import itertools
import threading
from pathlib import Path

import numpy as np
import pytest

import tinygrad_np as tg
from tinygrad_np.core import windows as core_windows
from tinygrad_np.core.windows import fold, windows
from tinygrad_np.fast import lazy, memory, paths, tiles, winograd


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
        found = tiles.folded_product(g, w, shape, stride, dilation)
        expected = fold(core_windows.window_product(g, w), shape, stride, dilation)
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


def of_product(columns, f, **options):
    return paths.of_product("product", columns, f, columns.dtype, **options)


class TestWhichPath:
    """Both sides of every condition in `paths`."""

    @pytest.mark.parametrize(
        ("shape", "size", "dtype", "f", "expected"),
        [
            ((32, 16, 16, 16), 3, np.float32, 16, paths.WINOGRAD),
            ((32, 16, 16, 15), 3, np.float32, 16, paths.TILES_CHANNELS),
            ((32, 16, 16, 16), 3, np.float32, 15, paths.TILES_CHANNELS),
            ((32, 16, 16, 16), 3, np.float64, 16, paths.TILES_DTYPE),
            ((32, 16, 16, 16), 4, np.float32, 16, paths.TILES_SIZE),
            ((32, 16, 16, 16), 5, np.float32, 16, paths.WINOGRAD),
            ((32, 16, 5, 16), 3, np.float32, 16, paths.TILES_COLUMNS),  # three of output
            ((32, 16, 6, 16), 3, np.float32, 16, paths.WINOGRAD),
            ((32, 256, 16), 3, np.float32, 16, paths.TILES_AXES),
            ((1, 5, 5, 16), 3, np.float32, 16, paths.CACHED),
            ((32, 16, 16, 16), 3, np.complex128, 16, paths.PLAIN_NO_FLOAT),
        ],
    )
    def test_by_size_dtype_and_channels(self, shape, size, dtype, f, expected):
        assert of_product(windows(np.zeros(shape, dtype), size), f) is expected

    def test_strides_and_dilations_go_in_tiles(self):
        x = np.zeros((32, 16, 16, 16), np.float32)
        assert of_product(windows(x, 3, 2), 16) is paths.TILES_STEPS
        assert of_product(windows(x, 3, 1, 2), 16) is paths.TILES_STEPS

    def test_what_lies_side_by_side_already_is_one_product(self):
        columns = np.ascontiguousarray(windows(np.zeros((32, 16, 16, 16), np.float32), 3))
        assert of_product(columns, 16) is paths.PLAIN_GATHERED
        few = windows(np.zeros((32, 20, 20, 1), np.float32), 3)
        assert of_product(few, 16) is paths.PLAIN_GATHERED

    def test_windows_as_large_as_the_cache_and_one_element_larger(self):
        elements = paths.TILE_FROM_BYTES // 8
        for more, expected in ((0, paths.CACHED), (1, paths.TILES_DTYPE)):
            columns = np.zeros((1, elements + more, 2, 1))[:, :, ::2]
            assert of_product(columns, 4) is expected

    def test_two_dtypes(self):
        columns = windows(np.zeros((32, 16, 16, 16), np.float32), 3)
        assert paths.of_product("", columns, 16, np.dtype(float)) is paths.PLAIN_DTYPES

    def test_few_channels_and_bytes_of_windows_are_copied(self):
        few, most = paths.COPY_UP_TO_CHANNELS, paths.COPY_UP_TO_BYTES
        assert paths.of_windows(few, most) is paths.COPY
        assert paths.of_windows(few + 1, most) is paths.VIEW
        assert paths.of_windows(few, most + 1) is paths.VIEW_LARGE
        for channels in (few, few + 1):
            x = np.zeros((1, 6, 6, channels))
            assert np.shares_memory(windows(x, 3), x) == (channels > few)

    @pytest.mark.parametrize(
        ("more", "dtypes", "expected"),
        [
            (0, "ff", paths.MADE_SMALL),
            (1, "ff", paths.LAZY),
            (1, "fd", paths.MADE_DTYPE),
            (1, "FF", paths.MADE_DTYPE),
        ],
    )
    def test_cotangents_of_windows(self, more, dtypes, expected):
        positions = paths.LAZY_FROM_BYTES // (9 * 16 * 4) + more
        g, w = np.zeros((1, positions, 6), dtypes[0]), np.zeros((9, 16, 6), dtypes[1])
        assert paths.of_window_product(g, w) is expected
        found = lazy.window_cotangent(g, w)
        assert isinstance(found, lazy.LazyProduct) == (expected is paths.LAZY)
        assert paths.of_window_product(tg.Tensor(g), w) is paths.MADE_RECORDED
        assert paths.of_window_product(g, tg.Tensor(w)) is paths.MADE_RECORDED

    def test_how_they_are_added_up(self):
        g, few = np.zeros((1, 4, 4, 2)), paths.PLANES_UP_TO_CHANNELS
        assert paths.of_fold(g, few, (1, 1), (1, 1)) is paths.FOLD_PLANES
        assert paths.of_fold(g, few + 1, (1, 1), (1, 1)) is paths.FOLD_CONVOLUTION
        assert paths.of_fold(g, few + 1, (1, 2), (1, 1)) is paths.FOLD_STEPS
        assert paths.of_fold(g, few + 1, (1, 1), (2, 1)) is paths.FOLD_STEPS

    def test_pooling_of_arrays_and_of_tensors(self):
        g, index = np.zeros((1, 4, 2)), np.zeros((1, 4, 2), np.uint8)
        assert paths.of_max_unpool(g) is paths.LAZY_POOLING
        assert isinstance(lazy.unpooled(g, np.zeros((1, 2, 3, 2)), index), lazy.LazyUnpooled)
        assert paths.of_max_unpool(tg.Tensor(g)) is paths.MADE_RECORDED

    @pytest.mark.parametrize(
        ("a", "b", "expected"),
        [
            ((63, 64), (64, 64), None),
            ((64, 64), (64, 64), (paths.ONE_THREAD, 1)),
            ((1, 128), (128, 63), None),
            ((1, 128), (128, 64), (paths.ONE_THREAD, 1)),
            ((511, 256), (256, 256), (paths.ONE_THREAD, 1)),
            ((512, 128), (128, 256), (paths.PIECES, 2)),
            ((512, 128), (128, 255), (paths.ONE_THREAD, 1)),
            ((1 << 13, 128), (128, 256), (paths.PIECES, paths.MATRIX_PIECES)),
        ],
    )
    def test_matrix_products(self, a, b, expected):
        a, b = np.zeros(a), np.zeros(b)
        assert paths.wakes_threads(a, b) == (expected is not None)
        assert expected is None or paths.of_matrix_product(a, b) == expected

    def test_a_matrix_and_its_own_transpose(self):
        x = np.zeros((1024, 512))
        assert paths.of_matrix_product(x.T, x) == (paths.ONE_TRANSPOSE, 1)

    def test_without_fast_paths(self, monkeypatch):
        monkeypatch.setattr(paths, "ENABLED", False)
        columns = windows(np.zeros((32, 16, 16, 16), np.float32), 3)
        assert of_product(columns, 16) is paths.PLAIN_OFF
        g, w = np.zeros((32, 14, 14, 16)), np.zeros((3, 3, 16, 16))
        assert paths.of_window_product(g, w) is paths.MADE_OFF
        assert paths.of_max_unpool(g) is paths.MADE_OFF
        assert paths.of_matrix_product(np.zeros((1024, 512)), np.zeros((512, 512)))[1] == 1
        assert memory.empty((1 << 20,), np.uint8).flags.owndata


def powers_of_two(path):
    """The names of a module that stand for ``1 << n``."""
    body = ast.parse(path.read_text(encoding="utf-8")).body
    assigned = [node for node in body if isinstance(node, ast.Assign)]
    shifts = [n for n in assigned if any(isinstance(x, ast.LShift) for x in ast.walk(n))]
    return {target.id for node in shifts for target in node.targets}


def test_thresholds_stand_in_one_module():
    package = Path(tg.__file__).parent
    found = {
        (path.stem, name)
        for folder in (".", "core", "fast", "rules", "nn")
        for path in (package / folder).glob("*.py")
        for name in powers_of_two(path)
    }
    # more elements than any memory holds: a bound, and no threshold
    assert {name for module, name in found if module != "paths"} == {"MOST_ELEMENTS"}
    assert len([name for module, name in found if module == "paths"]) > 10


def test_explain_is_listed():
    assert "explain" in dir(tg.fast)


class TestExplain:
    @staticmethod
    def said(choices):
        return [(choice.operation, choice.path) for choice in choices]

    def test_a_convolution_forward_and_backward(self):
        x, w = np.zeros((32, 16, 16, 16), np.float32), np.zeros((3, 3, 16, 20), np.float32)
        found = tg.fast.explain(tg.conv2d, x, w, padding=1)
        assert self.said(found.forward) == [("windows", "view"), ("product", "winograd")]
        assert self.said(found.backward) == [
            ("window_product", "lazy"),
            ("filter_product", "winograd"),
            ("fold", "convolution"),
            ("windows", "view"),
            ("product", "winograd"),
        ]
        assert found.forward[1].operand == "float32 (32, 16, 16, 3, 3, 16)"
        assert "float32, 3×3 or 5×5" in found.forward[1].why

    @pytest.mark.parametrize("name", ["product", "filter_product"])
    def test_it_says_what_was_run(self, name, monkeypatch):
        """The module that it names is the one that is called."""
        called = []
        for module in (tiles, winograd):
            run = getattr(module, name)
            monkeypatch.setattr(
                module, name, lambda *a, m=module, run=run: called.append(m.__name__) or run(*a)
            )
        x, w = np.zeros((8, 20, 20, 16), np.float32), np.zeros((3, 3, 16, 16), np.float32)
        for stride, path in ((1, "winograd"), (2, "tiles")):
            called.clear()
            found = tg.fast.explain(lambda w, s=stride: tg.conv2d(x, w, s), w)
            choices = [*found.forward, *found.backward]
            assert [c.path for c in choices if c.operation == name] == [path]
            assert called == [f"tinygrad_np.fast.{path}"]

    def test_a_network(self):
        rng = np.random.default_rng(0)
        params = {"w": rng.standard_normal((3, 3, 1, 4)), "v": rng.standard_normal((144, 10))}
        labels = np.arange(256) % 10

        def loss(params, x, labels):
            hidden = tg.max_pool(tg.relu(tg.conv2d(x, params["w"])), 2)
            return tg.cross_entropy(tg.flatten(hidden) @ params["v"], labels)

        found = tg.fast.explain(loss, params, np.zeros((256, 14, 14, 1)), labels)
        operations = [choice.operation for choice in found.backward]
        assert {"max_unpool", "window_product", "filter_product", "matrix_product"} <= {*operations}
        assert all(choice.why and choice.operand for choice in found.forward + found.backward)

    def test_it_prints(self):
        text = str(tg.fast.explain(lambda x: np.sum(x), np.ones(3)))
        assert text.splitlines() == [
            "forward: nothing that has several paths",
            "backward: nothing that has several paths",
        ]
        assert repr(tg.fast.explain(tg.max_pool, np.ones((1, 4, 4, 1)), 2)).splitlines()[0:2] == [
            "forward:",
            "  windows: copy                    float64 (1, 4, 4, 1)",
        ]

    def test_nothing_is_noted_outside_and_by_others(self):
        x, w = np.zeros((2, 9, 9, 1)), np.zeros((3, 3, 1, 4))
        with paths.noted() as outer:
            with paths.noted() as inner:
                tg.conv2d(x, w)
            other = threading.Thread(target=tg.conv2d, args=(x, w))
            other.start()
            other.join()
        tg.conv2d(x, w)
        assert self.said(inner)[:2] == [("windows", "copy"), ("product", "matrix product")]
        assert outer == []

    def test_what_the_function_raises_comes_through(self):
        with pytest.raises(ValueError, match="does not fit"):
            tg.fast.explain(tg.conv2d, np.zeros((1, 2, 2, 1)), np.zeros((3, 3, 1, 1)))
        with pytest.raises(AttributeError, match=r"tinygrad_np\.fast' has no attribute 'foo'"):
            tg.fast.foo  # noqa: B018


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
        monkeypatch.setattr(paths, "ENABLED", False)
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
        monkeypatch.setattr(paths, "ENABLED", False)
        slow = product()
        allowed = 1e-4 if dtype == np.float32 else 1e-12
        assert np.max(np.abs(fast - slow)) <= allowed * np.max(np.abs(slow))


class TestLazyArrays:
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

    def test_a_rule_that_accepts_no_lazy_array_gets_the_array(self):
        x = np.random.default_rng(0).standard_normal((4, 30, 30, 16))
        w = np.ones((3, 3, 16, 16))
        found = tg.grad(lambda x: np.sum(tg.conv2d(np.sin(x), w)))(x)
        by_sine = tg.grad(lambda s: np.sum(tg.conv2d(s, w)))(np.sin(x))
        assert np.allclose(found, by_sine * np.cos(x), rtol=1e-12)

    @pytest.mark.parametrize("dtypes", [("f4", "f8"), ("f8", "f4")])
    def test_images_and_filters_of_two_dtypes(self, dtypes):
        rng = np.random.default_rng(0)
        x, w = integers(rng, dtypes[0], 4, 16, 16, 8), integers(rng, dtypes[1], 3, 3, 8, 4)
        y, pull = tg.vjp(lambda x, w: tg.conv2d(x, w, padding=1), x, w)
        u = integers(rng, "f8", *y.shape)
        assert y.dtype == np.float64
        _, expected = tg.vjp(lambda x, w: tg.conv2d(x, w, padding=1), x.astype(float), w * 1.0)
        for found, exact, like in zip(pull(u), expected(u), (x, w), strict=True):
            assert found.dtype == like.dtype
            assert np.array_equal(found, exact)

    def test_the_windows_themselves_as_an_argument(self):
        columns = np.random.default_rng(0).standard_normal((2, 40, 40, 3, 3, 4))
        w = np.ones((3, 3, 4, 5))
        (found,) = tg.vjp(lambda c: core_windows.product(c, w), columns)[1](np.ones((2, 40, 40, 5)))
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
        values, index = core_windows.window_maxima(windows(framed, 3, stride))
        assert np.array_equal(y, values)
        flat = np.ascontiguousarray(windows(framed, 3, stride)).reshape(*y.shape[:3], 9, 5)
        assert np.array_equal(index, np.argmax(flat, axis=3))
        placed = fold(core_windows.max_unpool(u, index, (3, 3)), framed.shape, stride)
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
        values, numbers = core_windows.window_maxima(columns)
        expected = np.take_along_axis(flat, index[:, :, :, None], 3)[:, :, :, 0]
        assert np.array_equal(values, expected, equal_nan=True)
        assert np.array_equal(core_windows.window_max(columns), expected, equal_nan=True)
        assert np.array_equal(numbers, index)
        u = integers(rng, dtype, *values.shape)
        u[rng.random(u.shape) < 0.1] = np.inf
        u[rng.random(u.shape) < 0.1] = -0.0
        (found,) = tg.vjp(lambda x: tg.max_pool(x, size, stride=stride), x)[1](u)
        placed = core_windows.max_unpool(u, index, (size, size))
        by_path = fold(placed, x.shape, stride)
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
