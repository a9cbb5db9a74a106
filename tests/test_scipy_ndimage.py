"""Filters, resampling and measures of images, against SciPy's own matrices and differences."""

import inspect
import tracemalloc

import numpy as np
import pytest
import scipy.ndimage as plain

import tinygrad_np as tg
from tinygrad_np.scipy import ndimage

MODES = [
    "reflect", "mirror", "nearest", "wrap", "constant", "grid-mirror", "grid-wrap", "grid-constant"
]  # fmt: skip


@pytest.fixture
def rng():
    return np.random.default_rng(0)


def matrix_of(function, shape):
    """The Jacobian of what is affine in an array, column by column, by the function itself."""
    start = function(np.zeros(shape))
    units = np.eye(int(np.prod(shape))).reshape(-1, *shape)
    return np.stack([(function(unit) - start).ravel() for unit in units], 1)


def assert_is_its_matrix(name, shape, *args, tolerance=1e-12, **kwargs):
    """Both modes of a filter against its matrix, and its value against SciPy's."""
    rng = np.random.default_rng(1)
    x, v = rng.standard_normal((2, *shape))
    filtered = lambda x: getattr(ndimage, name)(x, *args, **kwargs)  # noqa: E731
    expected = lambda x: getattr(plain, name)(x, *args, **kwargs)  # noqa: E731
    matrix = matrix_of(expected, shape)
    value, pull = tg.vjp(filtered, x)
    assert np.array_equal(value, expected(x))
    u = rng.standard_normal(value.shape)
    scale = tolerance * max(1.0, np.abs(matrix).max())
    assert np.allclose(pull(u)[0].ravel(), u.ravel() @ matrix, rtol=0, atol=scale)
    assert np.allclose(tg.jvp(filtered, (x,), (v,))[1].ravel(), matrix @ v.ravel(), atol=scale)


@pytest.mark.parametrize("mode", MODES)
class TestLinearFilters:
    """Of axes of length 1, and frames wider than the image."""

    def test_along_an_axis(self, mode, rng):
        given = {"mode": mode, "cval": 1.5}
        for shape, axis in (((1,), 0), ((3,), -1), ((2, 4), 0)):
            for size, origin in ((3, 0), (4, -2), (9, 3)):
                weights = rng.standard_normal(size)
                for name in ("correlate1d", "convolve1d"):
                    assert_is_its_matrix(name, shape, weights, axis, origin=origin, **given)
                assert_is_its_matrix("uniform_filter1d", shape, size, axis, origin=origin, **given)
            for order in (0, 1, 3):
                assert_is_its_matrix("gaussian_filter1d", shape, 1.1, axis, order, **given)

    def test_along_all_axes(self, mode, rng):
        given = {"mode": mode, "cval": 1.5}
        weights = rng.standard_normal((3, 4))
        for name in ("correlate", "convolve"):
            assert_is_its_matrix(name, (2, 5), weights, origin=(1, -2), **given)
        assert_is_its_matrix("gaussian_filter", (3, 4), (0.8, 1.7), (0, 1), **given)
        assert_is_its_matrix("gaussian_laplace", (3, 4), 0.9, **given)
        assert_is_its_matrix("uniform_filter", (3, 4), (2, 5), **given)
        for name in ("laplace", "sobel", "prewitt"):
            assert_is_its_matrix(name, (4, 3), **given)

    def test_of_splines(self, mode, rng):
        for order in (0, 1, 2, 3, 5):
            for n in (1, 2, 3, 70):
                assert_is_its_matrix("spline_filter1d", (n,), order, mode=mode)


def test_a_filter_of_other_axes_alone(rng):
    for axes in ((0,), (2, 0)):
        assert_is_its_matrix("gaussian_filter", (3, 2, 4), 0.8, axes=axes)


def test_the_derivative_by_weights_is_a_sum_of_shifted_products(rng):
    x, g = rng.standard_normal((2, 9))
    found = tg.grad(lambda w: np.sum(g * ndimage.correlate1d(x, w, mode="constant")))(np.ones(3))
    expected = [g[1:] @ x[:-1], g @ x, g[:-1] @ x[1:]]
    assert np.allclose(found, expected, rtol=1e-14)
    image, kernel = rng.standard_normal((5, 6)), rng.standard_normal((3, 3))

    def value(w):
        return np.sum(ndimage.convolve(image, w, mode="wrap") ** 3)

    step = 1e-3 * rng.standard_normal((3, 3))
    ends = [value(kernel + k * step) for k in (-2, -1, 1, 2)]
    slope = (ends[0] - 8 * ends[1] + 8 * ends[2] - ends[3]) / 12
    assert np.isclose(np.sum(tg.grad(value)(kernel) * step), slope, rtol=1e-9)


def test_a_gradient_needs_memory_for_some_copies_of_the_image():
    x = np.zeros(100_000)
    gradients = [
        tg.grad(lambda x: np.sum(ndimage.gaussian_filter1d(x, 3.0) ** 2)),
        tg.grad(lambda x: np.sum(ndimage.spline_filter1d(x) ** 2)),
    ]
    for gradient in gradients:
        tracemalloc.start()
        gradient(x)
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        assert peak < 20 * x.nbytes


def test_complex_images(rng):
    x = rng.standard_normal((4, 5)) + 1j * rng.standard_normal((4, 5))
    real = tg.grad(lambda x: np.sum(np.real(ndimage.gaussian_filter(x, 1.0) * (2 + 1j))))(x)
    ones = tg.grad(lambda x: np.sum(ndimage.gaussian_filter(x, 1.0)))(x.real)
    assert np.allclose(real, (2 + 1j) * ones, rtol=1e-13)
    places = np.array([[1.3, 2.2], [0.4, 3.7]])
    found = tg.grad(lambda p: np.sum(np.real(1j * ndimage.map_coordinates(x, p))))(places)
    expected = tg.grad(lambda p: np.sum(-ndimage.map_coordinates(x.imag, p)))(places)
    assert np.allclose(found, expected, rtol=1e-12)


class TestOtherPlaces:
    @pytest.mark.parametrize("mode", MODES)
    @pytest.mark.parametrize("order", [0, 1, 2, 3])
    def test_by_image_and_by_coordinates(self, mode, order, rng):
        given = {"order": order, "mode": mode, "cval": 0.7}
        for shape in ((5, 4), (1, 6)):
            places = np.stack([rng.integers(-9, 12, 12) + 0.2, rng.integers(-9, 12, 12) + 0.3])
            image, g = rng.standard_normal(shape), rng.standard_normal(12)
            for prefilter in (True, False):
                given["prefilter"] = prefilter
                assert_is_its_matrix("map_coordinates", shape, places, **given)

                def value(places, image=image, g=g):
                    return np.sum(g * ndimage.map_coordinates(image, places, **given))

                step = 1e-3 * rng.standard_normal(places.shape)
                ends = [value(places + k * step) for k in (-2, -1, 1, 2)]
                slope = (ends[0] - 8 * ends[1] + 8 * ends[2] - ends[3]) / 12
                found = np.sum(tg.grad(value)(places) * step) if order else 0.0
                assert np.isclose(found, slope, rtol=1e-8, atol=1e-11)

    @pytest.mark.parametrize("mode", MODES)
    def test_moved_images(self, mode, rng):
        for order in (0, 1, 2, 3):
            given = {"order": order, "mode": mode, "cval": 0.7}
            assert_is_its_matrix("shift", (4, 3), (1.3, -2.2), **given)
            assert_is_its_matrix("zoom", (3, 4), (1.7, 0.6), **given)
            for angle, reshape in ((90, True), (180, False), (45, False), (-33.0, True)):
                assert_is_its_matrix("rotate", (3, 4), angle, reshape=reshape, **given)
            matrix = np.eye(2) + 0.2 * rng.standard_normal((2, 2))
            assert_is_its_matrix("affine_transform", (3, 4), matrix, (0.3, -1.2), (2, 3), **given)

    @pytest.mark.filterwarnings("ignore:The behavior of affine_transform with a 1-D array")
    def test_a_matrix_that_is_a_diagonal(self, rng):
        image, offset = rng.standard_normal((4, 5)), np.array([0.2, -0.3])
        value = lambda m, o: np.sum(ndimage.affine_transform(image, m, o) ** 2)  # noqa: E731
        of_vector = tg.grad(value, (0, 1))(np.array([0.9, 1.2]), offset)
        of_matrix = tg.grad(value, (0, 1))(np.diag([0.9, 1.2]), offset)
        assert np.allclose(of_vector[0], np.diag(of_matrix[0]), rtol=1e-12)
        assert np.allclose(of_vector[1], of_matrix[1], rtol=1e-12)

    def test_rotation_in_a_plane_of_a_volume(self):
        assert_is_its_matrix("rotate", (3, 2, 4), 25.0, (2, 0), False)

    def test_a_shift_by_a_number_and_its_second_derivative(self, rng):
        image = rng.standard_normal(9)
        value = lambda s: np.sum(ndimage.shift(image, s, mode="grid-wrap") ** 3)  # noqa: E731
        h = 1e-4
        difference = (value(0.3 + h) - value(0.3 - h)) / (2 * h)
        assert np.isclose(tg.grad(value)(0.3), difference, rtol=1e-6)
        second = (tg.grad(value)(0.3 + h) - tg.grad(value)(0.3 - h)) / (2 * h)
        assert np.isclose(tg.grad(tg.grad(value))(0.3), second, rtol=1e-6)

    def test_a_list_of_coordinates_with_tensors_in_it(self, rng):
        image = np.arange(12.0).reshape(3, 4)  # of slope 4 and 1
        sampled = lambda x: ndimage.map_coordinates(image, [[x], [1.5]], order=1)[0]  # noqa: E731
        assert np.isclose(tg.grad(sampled)(0.7), 4.0, rtol=1e-14)


@pytest.mark.filterwarnings("ignore:The behavior of affine_transform with a 1-D array")
def test_lists_beside_a_tensor(rng):
    image, t = [[1.0, 2.0, 4.0], [0.0, 3.0, 5.0]], tg.Tensor(1.0)
    x = np.asarray(image)
    calls = [
        (lambda n, x, t: n.convolve(t * np.asarray(x), [[1, 2], [3, 4]])),
        (lambda n, x, t: n.convolve1d(x, t * np.ones(2), 0)),
        (lambda n, x, t: n.correlate(x, t * np.ones((2, 2)))),
        (lambda n, x, t: n.map_coordinates(x, [[0.5 * t], [0.25 * t]])),
        (lambda n, x, t: n.map_coordinates(t * np.asarray(x), [[0], [1]], mode="nearest")),
        (lambda n, x, t: n.shift(x, [t, 0])),
        (lambda n, x, t: n.rotate(x, 30 * t)),
        (lambda n, x, t: n.affine_transform(x, [[t, 0], [0, 1]], [0, t])),
        (lambda n, x, t: n.affine_transform(t * np.asarray(x), [1, 2], [0, 1], (2, 2))),
        (lambda n, x, t: n.sum_labels(t * np.asarray(x), [[0, 1, 1], [2, 2, 2]], [1, 2])),
    ]
    for call in calls:
        assert np.array_equal(call(ndimage, image, t).data, call(plain, x, 1.0))


class TestRanks:
    def test_they_pick(self, rng):
        x = rng.permutation(30.0 * np.arange(20)).reshape(4, 5)
        for name, args in (("median_filter", (3,)), ("percentile_filter", (30, 3))):
            assert_is_its_permutation(name, x, *args)
        assert_is_its_permutation("rank_filter", x, 1, (2, 3), mode="mirror", origin=(0, 1))
        assert_is_its_permutation("maximum_filter", x, footprint=[[0, 1], [1, 1]], mode="wrap")
        assert_is_its_permutation("minimum_filter", x, (1, 3), mode="nearest")
        assert_is_its_permutation("minimum_filter1d", x, 4, 0, origin=-1)


def assert_is_its_permutation(name, x, *args, **kwargs):
    """Each element of the result is one of x, all of which differ: that has the cotangent."""
    result = getattr(plain, name)(x, *args, **kwargs)
    g = np.random.default_rng(2).standard_normal(result.shape)
    found = tg.grad(lambda x: np.sum(g * getattr(ndimage, name)(x, *args, **kwargs)))(x)
    expected = [np.sum(g[result == element]) for element in x.ravel()]
    assert np.allclose(found.ravel(), expected, atol=1e-13)


class TestMeasures:
    labels = np.array([0, 1, 2, 1, 2, 2])

    def gradient(self, name, pick=lambda x: x, index=(2, 1)):
        x = np.array([1.0, 2.0, 3.0, 4.0, 5.0, 7.0])
        return tg.grad(lambda x: pick(getattr(ndimage, name)(x, self.labels, index)))(x)

    def test_sums_and_means(self):
        assert np.array_equal(self.gradient("sum", lambda s: s[0]), self.labels == 2)
        mean = self.gradient("mean", lambda m: m[0])
        assert np.allclose(mean, (self.labels == 2) / 3, rtol=1e-15)
        assert np.allclose(self.gradient("mean", index=None), (self.labels > 0) / 5, rtol=1e-15)

    def test_variances(self):
        expected = 2 * np.array([0, 0, -2, 0, 0, 2]) / 3  # of 3, 5, 7: mean 5
        assert np.allclose(self.gradient("variance", index=2), expected, atol=1e-15)
        deviation = self.gradient("standard_deviation", index=2)
        assert np.allclose(deviation, expected / (2 * np.sqrt(8 / 3)), atol=1e-15)

    def test_centers(self):
        found = self.gradient("center_of_mass", lambda c: c[1][0])  # (2·1 + 4·3) / 6
        assert np.allclose(found, [0, (1 - 7 / 3) / 6, 0, (3 - 7 / 3) / 6, 0, 0], atol=1e-15)

    def test_a_deviation_of_equal_values_has_the_derivative_0(self):
        found = tg.grad(lambda x: ndimage.standard_deviation(x))(np.ones(4))
        assert np.array_equal(found, np.zeros(4))


class TestRefused:
    image = np.arange(12.0).reshape(3, 4)

    @pytest.mark.parametrize(
        ("call", "message"),
        [
            (lambda x, t: ndimage.gaussian_filter(x, t), r"gaussian_filter: 'sigma' has no"),
            (lambda x, t: ndimage.gaussian_filter(x, (t, 1.0)), r"gaussian_filter: 'sigma' has no"),
            (lambda x, t: ndimage.zoom(x * t, t), r"zoom: 'zoom' has no derivative rule"),
            (lambda x, t: ndimage.sobel(x * t, cval=t), r"sobel: 'cval' has no derivative rule"),
            (lambda x, t: ndimage.sobel(x * t, output=x), r"correlate1d: the argument 'output'"),
            (
                lambda x, t: ndimage.gaussian_filter(x * t, 1.0, output=x),
                r"the argument 'output': the gradient would be lost; assign the result",
            ),
            (
                lambda x, t: ndimage.map_coordinates(x * t, [[0.5]] * 2, output=np.zeros(1)),
                r"map_coordinates: the argument 'output': the gradient would be lost",
            ),
            (lambda x, t: ndimage.correlate(x, t * (1j * x)), r"'weights' takes real numbers"),
            (
                lambda x, t: ndimage.shift(np.arange(4), t),
                r"whole numbers, which have no derivative; use image\.astype\(float\)",
            ),
            (
                lambda x, t: ndimage.geometric_transform(t * x, lambda p: p),
                r"geometric_transform does not take a Tensor.*use ndimage\.map_coordinates",
            ),
            (lambda x, t: ndimage.grey_erosion(t * x, 3), r"grey_erosion does not take a Tensor"),
            (lambda x, t: ndimage.generic_filter(t * x, np.max, 3), r"use np\.stack"),
        ],
    )
    def test_with_what_to_do(self, call, message):
        with pytest.raises(TypeError, match=message):
            call(self.image, tg.Tensor(1.0))

    def test_orders_4_and_5(self):
        for order in (4, 5):
            with pytest.raises(ValueError, match=rf"order {order} have no derivative rule; use"):
                ndimage.rotate(tg.Tensor(self.image), 10.0, order=order)

    def test_axes_in_another_order(self):
        if "axes" not in plain.maximum_filter.__doc__:
            pytest.skip("this SciPy's filter has no axes")
        with pytest.raises(ValueError, match=r"axes=\[1, 0\] beside a Tensor must ascend"):
            ndimage.maximum_filter(tg.Tensor(self.image), (2, 3), axes=(1, 0))


def test_what_is_constant_gives_arrays():
    t = tg.Tensor([0.0, 1.0, 1.0])
    assert np.array_equal(ndimage.label(t)[0], [0, 1, 1])
    assert ndimage.maximum_position(t) == (1,)
    with pytest.raises(TypeError, match=r"no rule by 'sampling'.*; pass t\.data"):
        tg.grad(lambda s: np.sum(ndimage.distance_transform_edt([0, 1, 1], s)))(2.0)


@pytest.mark.parametrize(
    ("name", "options"),
    [
        ("sobel", {"axis": 2}),
        ("laplace", {"axes": (0, 2)}),
        ("gaussian_filter", {"sigma": 1.0, "axes": (0, 0)}),
        ("gaussian_laplace", {"sigma": 1.0, "axes": (0, 0)}),
        ("uniform_filter", {"axes": (1, -1)}),
        ("gaussian_filter", {"sigma": [1.0, 2.0, 3.0]}),
    ],
)
def test_axes_that_are_not_there_raise_as_in_scipy(name, options):
    image = np.ones((2, 3))
    if "axes" in options and "axes" not in inspect.signature(getattr(plain, name)).parameters:
        pytest.skip("this SciPy's filter has no axes")
    with pytest.raises((ValueError, RuntimeError)):
        getattr(plain, name)(image, **options)
    with pytest.raises(ValueError, match=rf"scipy\.ndimage\.{name}: "):
        getattr(ndimage, name)(tg.Tensor(image), **options)


def test_centers_of_mass_at_labels_of_two_axes():
    image, labels, index = np.array([[1.0, 2.0], [3.0, 4.0]]), [[1, 1], [2, 2]], [[1], [2]]
    expected = plain.center_of_mass(image, labels, index)
    found = ndimage.center_of_mass(tg.Tensor(image), labels, index)
    assert np.array_equal([[x.data for x in row] for row in found], expected)
