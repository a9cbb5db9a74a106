"""Images of another size, and global pooling: definitions, ties, dtypes, refusals."""

import numpy as np
import pytest

import tinygrad_np as tg
from tinygrad_np import Tensor

rng = np.random.default_rng(0)
X = rng.standard_normal((2, 4, 6, 3))
CALLS = [
    lambda x: tg.nn.resize(x, (3, 9)),
    lambda x: tg.nn.resize(x, (8, 5), align_corners=True),
    lambda x: tg.nn.resize(x, (8, 4), "nearest"),
    tg.nn.global_average_pool,
    tg.nn.global_max_pool,
]


def at(x, place):
    """Linear interpolation of a line of pixels, whose ends go on."""
    return np.interp(place, np.arange(len(x)), x)


@pytest.mark.parametrize(("old", "new"), [(4, 9), (9, 4), (5, 5), (1, 3), (3, 1), (2, 8), (7, 2)])
class TestALine:
    def test_edges_match(self, old, new):
        x = rng.standard_normal(old)
        places = (np.arange(new) + 0.5) * old / new - 0.5
        found = tg.nn.resize(x.reshape(1, old, 1), new).ravel()
        assert np.allclose(found, at(x, places), rtol=1e-14, atol=1e-15)

    def test_corners_match(self, old, new):
        x = rng.standard_normal(old)
        places = np.linspace(0, old - 1, new) if new > 1 else [0]
        found = tg.nn.resize(x.reshape(1, old, 1), new, align_corners=True).ravel()
        assert np.allclose(found, at(x, places), rtol=1e-13, atol=1e-14)

    def test_nearest(self, old, new):
        x = rng.standard_normal(old)
        found = tg.nn.resize(x.reshape(1, old, 1), new, "nearest").ravel()
        assert found.tolist() == [x[i * old // new] for i in range(new)]


def test_it_goes_axis_by_axis():
    for method in ("bilinear", "nearest"):
        both = tg.nn.resize(X, (7, 5), method)
        rows = np.stack([tg.nn.resize(X[:, :, i], 7, method) for i in range(6)], 2)
        one = np.stack([tg.nn.resize(rows[:, i], 5, method) for i in range(7)], 1)
        assert np.allclose(both, one, rtol=1e-14, atol=1e-15)


def test_constants_stay_and_the_same_size_changes_nothing():
    assert np.allclose(tg.nn.resize(np.full((1, 3, 4, 2, 1), 7.0), (5, 2, 9)), 7.0, rtol=1e-15)
    assert np.array_equal(tg.nn.resize(X, (4, 6)), X)


def test_global_pools():
    assert np.allclose(tg.nn.global_average_pool(X), X.mean((1, 2)), rtol=1e-15)
    assert np.array_equal(tg.nn.global_max_pool(X), X.max((1, 2)))
    assert np.array_equal(tg.nn.global_max_pool(X), tg.max_pool(X, (4, 6))[:, 0, 0])


def test_of_several_largest_pixels_the_first_has_the_gradient():
    x = np.array([[1.0, 3.0], [3.0, 3.0]]).reshape(1, 2, 2, 1)
    by_x = tg.grad(lambda x: np.sum(tg.nn.global_max_pool(x)))(x)
    assert by_x.ravel().tolist() == [0, 1, 0, 0]
    assert np.isnan(tg.nn.global_max_pool(np.where(x == 1, np.nan, x))).all()


@pytest.mark.parametrize("call", CALLS)
class TestEach:
    def test_derivatives(self, call):
        tg.check.check_function(call, X).assert_right()

    def test_a_dtype_stays(self, call):
        for dtype in (np.float16, np.float32):
            x = X.astype(dtype)
            y, pull = tg.vjp(call, x)
            assert y.dtype == pull(y)[0].dtype == dtype
            assert type(call(x)) is np.ndarray
            assert np.array_equal(call(x), y)
            assert np.allclose(y, call(x.astype(float)), rtol=0, atol=8 * np.finfo(dtype).eps)

    def test_jit_gives_the_same_bits(self, call):
        f = tg.value_and_grad(lambda x: np.sum(call(x) ** 2))
        jitted = tg.jit(f)
        for x in (X, -X, X[::-1]):
            for a, b in zip(jitted(x), f(x), strict=True):
                assert np.array_equal(a, b)

    def test_no_image_is_no_image(self, call):
        y, pull = tg.vjp(call, X[:0])
        assert len(y) == 0
        assert pull(y)[0].shape == X[:0].shape

    def test_what_is_no_image_is_refused(self, call):
        for x in (X, Tensor(X)):
            with pytest.raises(ValueError, match=r"images must be \(n, \*spatial, channels\)"):
                call(x[0, 0])
            with pytest.raises(ValueError, match="have no pixels"):
                call(x[:, :0])
            with pytest.raises(TypeError, match="takes real numbers"):
                call(x * 1j)


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda x: tg.nn.resize(x, (3, 4), "bicubic"), ValueError, "method is 'bilinear'"),
        (lambda x: tg.nn.resize(x, 0), ValueError, "resize: size must be at least 1"),
        (lambda x: tg.nn.resize(x, (1, 2, 3)), (ValueError, TypeError), "resize: size"),
        (lambda x: tg.nn.resize(x, 2.5), TypeError, "resize: size must be an integer"),
        (lambda x: tg.nn.resize(x, 3, "nearest", align_corners=True), ValueError,
         "align_corners has a meaning for method 'bilinear' only"),
        (lambda x: tg.nn.resize(x[:, None, None], 3), ValueError,
         "one to three spatial axes, not the 4"),
    ],
)  # fmt: skip
def test_refusals(call, error, message):
    for x in (X, Tensor(X)):
        with pytest.raises(error, match=message):
            call(x)


def test_images_with_channels_first_are_refused():
    with pytest.raises(
        ValueError, match=r"resize: images of shape \(2, 3, 8, 8\) look like \(n, ch"
    ):
        tg.nn.resize(np.ones((2, 3, 8, 8)), 4)
    assert tg.nn.resize(np.ones((2, 3, 3, 8)), 4).shape[-1] == 8
    # What is pooled are seldom images: a row of 16 pixels with 16 channels is none of these.
    assert tg.nn.global_max_pool(np.ones((2, 1, 16, 16))).shape == (2, 16)
