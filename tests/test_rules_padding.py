"""`numpy.pad`: the matrix of every linear mode at many widths, the others at ties, messages."""

import itertools

import numpy as np
import pytest
from maps import assert_same_matrix, integers

import tinygrad_np as tg
from tinygrad_np import Tensor
from tinygrad_np.rules.padding import _padded, _pairs

RNG = np.random.default_rng(3)
WIDTHS = [(0, 0), (1, 0), (0, 1), (2, 3), (7, 0), (5, 9)]
MODES = [
    ("constant", {}),
    ("edge", {}),
    ("linear_ramp", {"end_values": (5, -5)}),
    ("mean", {}),
    ("mean", {"stat_length": (1, 2)}),
    ("mean", {"stat_length": 50}),
    ("reflect", {}),
    ("reflect", {"reflect_type": "odd"}),
    ("symmetric", {}),
    ("symmetric", {"reflect_type": "odd"}),
    ("wrap", {}),
]
STATISTICS = ["maximum", "mean", "median", "minimum"]


@pytest.mark.parametrize(("mode", "options"), MODES)
def test_matrices_of_the_linear_modes(mode, options):
    for n, width in itertools.product((1, 2, 3, 5), WIDTHS):
        assert_same_matrix(lambda x, w=width: np.pad(x, w, mode, **options), (n,), RNG, 1e-13)
    for shape in ((2, 3), (1, 2), (3, 1, 2)):
        widths = [(2, 1), (0, 3), (1, 1)][: len(shape)]
        assert_same_matrix(lambda x, w=widths: np.pad(x, w, mode, **options), shape, RNG, 1e-13)


@pytest.mark.parametrize("mode", ["constant", *STATISTICS, "edge", "reflect", "wrap"])
def test_arrays_without_elements(mode):
    x = np.zeros((0, 2))
    assert_same_matrix(lambda v: np.pad(v, ((0, 0), (1, 2)), mode), (0, 2), RNG)
    if mode == "constant":
        assert_same_matrix(lambda v: np.pad(v, 1), (0, 2), RNG)
    else:
        with pytest.raises(ValueError, match="can't extend empty axis 0"):
            np.pad(Tensor(x), 1, mode)


@pytest.mark.parametrize("mode", ["maximum", "median", "minimum"])
@pytest.mark.parametrize("length", [None, 1, 2, (3, 1)])
def test_statistics_of_distinct_numbers_have_the_matrix_of_differences(mode, length):
    x = RNG.permutation(20).reshape(4, 5).astype(float)

    def padded(v):
        return np.pad(v, ((1, 2), (2, 0)), mode, stat_length=length)

    steps = np.eye(20).reshape(20, 4, 5) * 0.25
    columns = [((padded(x + s) - padded(x - s)) / 0.5).ravel() for s in steps]
    pull = tg.vjp(padded, x)[1]
    for u in (integers(RNG, *padded(x).shape) for _ in range(3)):
        assert np.allclose(pull(u)[0].ravel(), np.stack(columns) @ u.ravel(), rtol=1e-14)


def test_several_middle_elements_share_by_their_order():
    x = np.array([3.0, 1.0, 1.0, 1.0])
    assert tg.grad(lambda v: np.pad(v, (1, 0), "median")[0])(x).tolist() == [0, 0, 0.5, 0.5]


def test_a_median_of_nan_has_the_derivative_of_np_median():
    x = np.array([1.0, np.nan, 2.0, 3.0])
    padded = tg.grad(lambda v: np.pad(v, (1, 0), "median")[0])(x)
    assert np.array_equal(padded, tg.grad(np.median)(x), equal_nan=True)


def test_a_mean_of_no_elements_has_no_derivative():
    x = np.array([1.0, 2.0])
    with np.errstate(all="ignore"), pytest.warns(RuntimeWarning):
        value, tangent = tg.jvp(lambda v: np.pad(v, 1, "mean", stat_length=(0, 2)), [x], [x])
    assert np.array_equal(value, [np.nan, 1, 2, 1.5], equal_nan=True)
    assert np.array_equal(tangent, value, equal_nan=True)


class TestGivenValues:
    @pytest.mark.parametrize("shape", [(), (1,), (2,), (1, 2), (2, 1), (2, 2)])
    @pytest.mark.parametrize(
        ("mode", "name"), [("constant", "constant_values"), ("linear_ramp", "end_values")]
    )
    def test_have_a_matrix_in_every_shape_that_numpy_takes(self, shape, mode, name):
        x = Tensor(integers(RNG, 2, 3))
        widths = ((2, 1), (1, 3))

        def framed(values):
            array = x if isinstance(values, Tensor) else x.data
            return np.pad(array, widths, mode, **{name: values})

        assert_same_matrix(framed, shape, RNG, 1e-14)

    def test_the_corner_is_that_of_the_last_axis(self):
        x = Tensor(np.zeros((1, 1)))
        found = tg.grad(lambda v: np.pad(x, 1, constant_values=v)[0, 0])(np.zeros((2, 2)))
        assert found.tolist() == [[0, 0], [1, 0]]

    def test_of_no_frame_and_no_axes(self):
        for x in (Tensor(np.ones(3)), Tensor(1.0)):
            assert tg.grad(lambda v, x=x: np.sum(np.pad(x, 0, constant_values=v)))(2.0) == 0

    def test_their_dtype_is_that_of_the_array(self):
        single = Tensor(np.ones(2, np.float32))
        result = np.pad(single, 1, constant_values=Tensor(0.1))
        assert result.dtype == np.float32
        found = tg.grad(lambda v: np.sum(np.pad(single, 1, constant_values=v)))(0.1)
        assert found.dtype == np.float64
        assert found == 2

    def test_in_nested_lists_they_are_refused_with_the_remedy(self):
        x, v = Tensor(np.ones(2)), Tensor(1.0)
        with pytest.raises(TypeError, match=r"np\.pad would lose .* tg\.array"):
            np.pad(x, 1, constant_values=(v, v))

    def test_beside_a_plain_array_they_are_refused(self):
        with pytest.raises(TypeError, match=r"np\.pad would lose .* tg\.Tensor\(x\)"):
            np.pad(np.ones(2), 1, constant_values=Tensor(1.0))

    def test_second_order(self):
        x = np.array([1.0, 2.0])

        def f(v):
            padded = np.pad(v, (2, 1), "linear_ramp", end_values=v[0] * v[1])
            return np.sum(padded**2)

        hessian, h = tg.hessian(f)(x), 1e-3
        for i, step in enumerate(np.eye(2) * h):
            slope = (tg.grad(f)(x + step) - tg.grad(f)(x - step)) / (2 * h)
            assert np.allclose(hessian[i], slope, rtol=1e-5)


class TestRefused:
    def test_modes(self):
        x = Tensor(np.ones(2))
        with pytest.raises(TypeError, match=r"np\.pad: the argument 'mode': 'empty'.*'constant'"):
            np.pad(x, 1, "empty")
        with pytest.raises(TypeError, match=r"np\.pad: the argument 'mode': a function would"):
            np.pad(x, 1, lambda vector, *rest: vector)
        with pytest.raises(ValueError, match="mode 'mirror' is not supported"):
            np.pad(x, 1, "mirror")
        with pytest.raises(TypeError, match=r"np\.pad: mode='mirror' has no derivative rule"):
            _padded(x, 1, "mirror", 0, 0, None, "even")  # as if a newer NumPy took it

    def test_arguments(self):
        x = Tensor(np.ones(2))
        with pytest.raises(ValueError, match="unsupported keyword arguments for mode 'edge'"):
            np.pad(x, 1, "edge", constant_values=2)
        with pytest.raises(ValueError, match="unsupported keyword arguments"):
            np.pad(x, 1, "wrap", end_values=Tensor(2.0))
        with pytest.raises(TypeError, match=r"np\.pad: 'stat_length' has no derivative"):
            np.pad(x, 1, "mean", stat_length=Tensor(1.0))
        with pytest.raises(TypeError, match="integral"):
            np.pad(x, 1.5)


def test_widths_by_axis():
    assert _pairs({0: 2, -1: (1, 0)}, 3) == ((2, 2), (0, 0), (1, 0))
    x = Tensor(np.ones((2, 3)))
    try:
        expected = np.pad(x.data, {1: 1}, "edge")
    except TypeError:
        pytest.skip("this NumPy takes no dictionary of widths")
    assert np.array_equal(np.pad(x, {1: 1}, "edge").data, expected)
    assert_same_matrix(lambda v: np.pad(v, {-1: (1, 2)}, "edge"), (2, 3), RNG)


@pytest.mark.parametrize("mode", [mode for mode, _ in MODES] + STATISTICS)
def test_single_precision_stays(mode):
    x = RNG.normal(size=(3, 4)).astype(np.float32)
    result = np.pad(Tensor(x), 2, mode)
    assert result.dtype == np.float32
    found = tg.grad(lambda v: np.sum(np.pad(v, 2, mode) ** 2))(x)
    assert found.dtype == np.float32
    assert tg.jvp(lambda v: np.pad(v, 2, mode), [x], [x])[1].dtype == np.float32


def test_second_order_of_a_statistic():
    x = np.array([3.0, 1.0, 2.0])

    def f(v):
        return np.sum(np.pad(v, (2, 0), "maximum") ** 3)

    assert np.allclose(tg.hessian(f)(x), np.diag([6 * 3 * 3, 6, 12]), rtol=1e-14)
