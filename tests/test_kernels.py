"""The array functions on plain arrays: values, geometry, dispatch, messages."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from maps import integers

import tinygrad_np as tg
from tinygrad_np.core import arrays, geometry, losses, network, rules
from tinygrad_np.core.arrays import expand, sum_to
from tinygrad_np.core.dispatch import array_function
from tinygrad_np.core.rules import scatter_add
from tinygrad_np.core.windows import (
    filter_product,
    fold,
    pad,
    padded_windows,
    product,
    window_product,
    windows,
)
from tinygrad_np.nn.geometry import Steps, convolution_plan
from tinygrad_np.rules import arithmetic


class TestGeometry:
    @pytest.mark.parametrize(
        ("value", "expected"),
        [(2, (2, 2)), ((1, 3), (1, 3)), ([0, 1], (0, 1)), (np.int8(4), (4, 4))],
    )
    def test_one_integer_or_one_an_axis(self, value, expected):
        assert geometry.per_axis(value, 2, 0, "f: x") == expected

    @pytest.mark.parametrize("value", [1.0, "1", None, (1, 2.5), True, np.ones(2), (True, 1)])
    def test_what_is_no_integer(self, value):
        with pytest.raises(TypeError, match="f: x must be an integer or 2 integers, one an axis"):
            geometry.per_axis(value, 2, 0, "f: x")

    def test_a_wrong_number_of_integers(self):
        with pytest.raises(ValueError, match=r"one an axis, not \(1, 2, 3\)"):
            geometry.per_axis((1, 2, 3), 2, 0, "f: x")

    def test_what_was_checked_is_checked_again_for_another_number_of_axes(self):
        checked = geometry.per_axis(1, 2, 0, "f: x")
        with pytest.raises(ValueError, match="3 integers"):
            geometry.per_axis(checked, 3, 0, "f: x")

    @pytest.mark.parametrize("wrong", [True, 1.0, (1.0, 1), (True, 1), [1.0, 1]])
    def test_what_only_equals_an_integer_is_refused_also_after_that_integer(self, wrong):
        """A plan that is remembered for 1 is not taken for True or 1.0."""
        x, w = np.ones((1, 5, 5, 1)), np.ones((2, 2, 1, 1))
        tg.conv2d(x, w, stride=1)
        tg.conv2d(x, w, stride=(1, 1))
        with pytest.raises(TypeError, match="conv2d: stride must be an integer or 2 integers"):
            tg.conv2d(x, w, stride=wrong)

    @given(st.integers(0, 12), st.integers(1, 5), st.integers(1, 4))
    def test_counts_are_those_of_counting(self, n, k, stride):
        counted = len([start for start in range(0, n, stride) if start + k <= n])
        assert geometry.window_counts((n,), (k,), (stride,)) == (counted,)


def all_windows(x, size, stride):
    """The definition, window by window."""
    counts = geometry.window_counts(x.shape[1:-1], size, stride)
    result = np.empty((len(x), *counts, *size, x.shape[-1]), x.dtype)
    for at in np.ndindex(*counts):
        corner = [slice(i * s, i * s + k) for i, s, k in zip(at, stride, size, strict=True)]
        result[(slice(None), *at)] = x[(slice(None), *corner)]
    return result


CASES = [
    (shape, size, stride)
    for shape, size in (
        ((2, 5, 6, 1), (3, 3)),
        ((1, 4, 4, 3), (2, 4)),
        ((3, 7, 5, 6), (1, 2)),
        ((2, 9, 2), (4,)),
        ((1, 4, 5, 3, 5), (2, 2, 3)),
    )
    for stride in (1, 2, 3)
]


class TestWindows:
    @pytest.mark.parametrize(("shape", "size", "stride"), CASES)
    def test_windows_are_the_definition(self, shape, size, stride):
        x = np.random.default_rng(0).standard_normal(shape)
        strides = (stride,) * len(size)
        expected = all_windows(x, size, strides)
        assert np.array_equal(windows(x, size, stride), expected)
        assert np.array_equal(windows(np.asfortranarray(x), size, strides), expected)
        assert np.array_equal(windows(x[::-1], size, strides), expected[::-1])

    @pytest.mark.parametrize(("shape", "size", "stride"), CASES)
    def test_fold_is_the_adjoint(self, shape, size, stride):
        rng = np.random.default_rng(1)
        x = integers(rng, *shape)
        gathered = windows(x, size, stride)
        c = integers(rng, *gathered.shape)
        assert np.sum(gathered * c) == np.sum(x * fold(c, shape, stride))

    @pytest.mark.parametrize(("shape", "size", "stride"), CASES)
    @pytest.mark.parametrize("filters", [1, 4])
    def test_the_three_products_are_one_trilinear_form(self, shape, size, stride, filters):
        rng = np.random.default_rng(2)
        columns = windows(integers(rng, *shape), size, stride)
        w = integers(rng, *size, shape[-1], filters)
        y = product(columns, w)
        g = integers(rng, *y.shape)
        assert np.array_equal(y, np.tensordot(columns, w, w.ndim - 1))
        form = np.sum(y * g)
        assert form == np.sum(columns * window_product(g, w))
        assert form == np.sum(w * filter_product(columns, g))

    def test_pad_is_numpys(self):
        x = np.random.default_rng(0).standard_normal((2, 3, 4))
        width = ((0, 1), (2, 0), (1, 1))
        assert np.array_equal(pad(x, width), np.pad(x, width))
        assert pad(x.astype(np.float32), width).dtype == np.float32

    @pytest.mark.parametrize("channels", [1, 6])
    def test_padded_windows_are_windows_of_the_padded(self, channels):
        x = np.random.default_rng(0).standard_normal((2, 4, 5, channels))
        width, size, stride, dilation = ((0, 0), (1, 1), (2, 3), (0, 0)), (3, 2), (1, 2), (2, 3)
        steps = Steps(stride, width[1:3], dilation)
        plan = convolution_plan("f", 2, x.shape, (*size, channels, 1), steps, 1)
        assert plan.pad_width == width
        expected = windows(pad(x, width), size, stride, dilation)
        assert np.array_equal(padded_windows(x, width, size, stride, dilation), expected)

    def test_a_view_is_read_only(self):
        x = np.zeros((1, 6, 6, 8))
        found = windows(x, 3)
        assert np.shares_memory(found, x)
        assert not found.flags.writeable
        assert x.flags.writeable

    @pytest.mark.parametrize("shape", [(0, 5, 5, 1), (0, 5, 5, 8), (2, 5, 5, 0)])
    def test_nothing_to_gather(self, shape):
        found = windows(np.zeros(shape), 3)
        assert found.shape == all_windows(np.zeros(shape), (3, 3), (1, 1)).shape
        filters = np.ones((3, 3, shape[-1], 2))
        assert product(found, filters).shape == (*found.shape[:3], 2)
        assert not fold(found, shape).any()
        assert not filter_product(found, np.zeros((*found.shape[:3], 2))).any()

    def test_dtypes_are_kept(self):
        x = np.ones((1, 4, 4, 1), np.float32)
        w = np.ones((2, 2, 1, 3), np.float32)
        columns = windows(x, 2)
        y = product(columns, w)
        g = np.ones_like(y)
        results = (columns, y, window_product(g, w), filter_product(columns, g))
        assert {a.dtype for a in results} == {np.dtype(np.float32)}
        assert fold(columns, x.shape).dtype == np.float32

    def test_messages(self):
        x = np.zeros((1, 4, 4, 2))
        columns = windows(x, 2)
        with pytest.raises(ValueError, match="windows: stride must be at least 1 on every axis"):
            windows(x, 2, stride=0)
        with pytest.raises(ValueError, match="windows: size must be at least 1"):
            windows(x, (0, 1))
        with pytest.raises(ValueError, match=r"fold: windows of shape .* stride \(2, 2\)"):
            fold(columns, x.shape, 2)
        with pytest.raises(ValueError, match=r"product: .* must end in \(2, 2, 3\)"):
            product(columns, np.zeros((2, 2, 3, 1)))
        with pytest.raises(ValueError, match="differ in their leading axes"):
            filter_product(columns, np.zeros((1, 2, 2, 1)))
        with pytest.raises(ValueError, match="does not come from filters"):
            window_product(np.zeros((1, 3, 3, 2)), np.zeros((2, 2, 2, 1)))


class TestElementwise:
    @pytest.mark.parametrize("dtype", [np.float16, np.float32, np.float64])
    def test_dtypes_are_kept(self, dtype):
        x = np.array([-1.5, 0.5], dtype)
        y = np.array([0, 1], dtype)
        for result in (
            network.relu(x), network.sigmoid(x), losses.logistic_loss(x, y),
            losses.logistic_residual(x, y), losses.bernoulli_loss(y / 2, y),
            losses.sigmoid_log_loss(x, y), losses.off_zero(y, dtype(1e-3)),
            arithmetic.xdivy(x, y + 1), rules.max_weight(x, y),
        ):  # fmt: skip
            assert result.dtype == dtype

    def test_relu(self):
        x = np.array([-np.inf, -1, -0.0, 0, 2, np.inf])
        assert network.relu(x).tolist() == [0, 0, 0, 0, 2, np.inf]
        assert np.isnan(network.relu(np.array([np.nan]))).all()

    def test_integers_become_floats(self):
        assert network.sigmoid(np.uint8(1)) == network.sigmoid(1.0)
        assert network.relu([-1, 2]).tolist() == [0, 2]
        assert network.relu(np.array([-1, 2])).dtype == np.float64

    def test_sigmoid_is_exact_on_both_sides(self):
        for x in (-700.0, -40.0, -1.0, 0.0, 1.0, 36.0):
            t = np.exp(np.longdouble(-abs(x)))
            exact = float((t if x < 0 else 1) / (1 + t))
            assert np.isclose(network.sigmoid(np.array(x)), exact, rtol=4e-16, atol=0)

    @pytest.mark.parametrize("dtype", [np.float32, np.float64])
    def test_extremes_give_no_warning_and_no_nan(self, dtype):
        z = np.array([-1000, -1000, 0, 1000, 1000, -np.inf, np.inf], dtype)
        y = np.array([0, 1, 1, 0, 1, 0, 1], dtype)
        with np.errstate(all="raise", under="ignore"):
            assert network.sigmoid(z).tolist() == [0, 0, 0.5, 1, 1, 0, 1]
            found = losses.logistic_loss(z[:5], y[:5])
        assert np.allclose(found, [0, 1000, np.log(2), 1000, 0], rtol=1e-6)

    def test_logistic_loss_does_not_cancel(self):
        z = np.array([40.0, -40.0, 30.0])
        y = np.array([1.0, 0.0, 1.0])
        assert np.allclose(losses.logistic_loss(z, y), np.exp(-np.abs(z)), rtol=1e-12, atol=0)

    def test_the_mean_of_the_logistic_loss(self):
        rng = np.random.default_rng(0)
        z, y = rng.standard_normal((7, 3)), rng.random((7, 3))
        expected = np.mean(losses.logistic_loss(z, y))
        assert np.isclose(losses.mean_logistic_loss(z, y), expected, rtol=1e-15)
        one = losses.mean_logistic_loss(z[:1, :1], y[:1, :1])
        assert np.isclose(one, losses.logistic_loss(z[0, 0], y[0, 0]), rtol=1e-15)

    @pytest.mark.parametrize("dtype", [np.float16, np.float32, np.float64, np.longdouble])
    @pytest.mark.parametrize("z", [-1000.0, -30.0, -0.5, 0.0, 0.5, 30.0, 1000.0])
    def test_one_number_is_as_many(self, z, dtype):
        """One logit goes its own way, with Python's floats: as exact, without a warning."""
        for y in (0.0, 0.25, 1.0):
            one, two = np.full((1, 1), z, dtype), np.full((1, 1), y, dtype)
            twice = np.concatenate([one, one]), np.concatenate([two, two])
            with np.errstate(all="raise", under="ignore"):
                loss = losses.mean_logistic_loss(one, two)
                residual = losses.logistic_residual(one, two)
            with np.errstate(over="ignore"):  # the rules run where overflow is ignored
                many = losses.logistic_residual(*twice)[:1]
            assert loss.dtype == residual.dtype == dtype
            assert residual.shape == (1, 1)
            roundings = 4 * float(np.finfo(dtype).eps)
            expected = losses.mean_logistic_loss(*twice)
            assert np.isclose(loss, expected, rtol=roundings, atol=1e-300)
            assert np.isclose(residual, many, rtol=0, atol=roundings)

    def test_one_logit_that_is_no_number(self):
        nan = np.array([np.nan])
        assert np.isnan(losses.mean_logistic_loss(nan, np.ones(1)))
        assert np.isnan(losses.logistic_residual(nan, np.ones(1))).all()
        assert losses.mean_logistic_loss(np.array([-np.inf]), np.ones(1)) == np.inf

    def test_complex_numbers_have_no_order(self):
        with pytest.raises(TypeError, match=r"relu: takes real numbers, not .* complex"):
            network.relu(np.array([1j]))
        with pytest.raises(TypeError, match="sigmoid: takes real numbers"):
            network.sigmoid("a")

    def test_cast(self):
        assert arrays.cast(np.array([1 + 2j]), np.float64).tolist() == [1]
        assert arrays.cast(np.ones(2), np.complex64).dtype == np.complex64

    @pytest.mark.parametrize("x", [np.ones(2), tg.Tensor([1.0, 2.0])])
    def test_cast_asks_whether_it_has_to(self, x):
        assert arrays.cast(x, np.float64) is x
        assert arrays.cast(x, x.dtype) is x


class TestShapes:
    @pytest.mark.parametrize(
        ("small", "large"),
        [((), (2, 3)), ((1, 1), (2, 3)), ((3,), (2, 3)), ((2, 1), (2, 3)), ((1,), (0,)), ((), ())],
    )
    def test_broadcasting_and_its_adjoint(self, small, large):
        rng = np.random.default_rng(0)
        x, u = integers(rng, *small), integers(rng, *large)
        spread = expand(x, large)
        assert np.array_equal(spread, np.broadcast_to(x, large))
        assert not spread.flags.writeable or spread.base is None or spread.shape == x.shape
        added = sum_to(u, small)
        assert added.shape == small
        assert np.sum(spread * u) == np.sum(x * added)


class TestScatterAdd:
    @pytest.mark.parametrize(
        "index",
        [1, -1, slice(None, None, -2), [0, 2, 2], (slice(None), [1, 1]), (Ellipsis, None), True,
         np.array([True, False, True, False]), (np.array([0, 1]), np.array([1, 1])), (),
         np.bool_(True)],
    )  # fmt: skip
    def test_it_is_the_adjoint_of_indexing(self, index):
        rng = np.random.default_rng(0)
        x = integers(rng, 4, 3)
        values = integers(rng, *x[index].shape)
        assert np.sum(x[index] * values) == np.sum(x * scatter_add(values, index, x.shape))

    def test_float32_is_kept(self):
        assert scatter_add(np.ones(2, np.float32), [0, 0], (3,)).dtype == np.float32

    def test_values_are_not_broadcast(self):
        with pytest.raises(ValueError, match=r"the index selects \(2,\) from shape \(3,\)"):
            scatter_add(np.ones(1), [0, 1], (3,))

    def test_an_index_that_leaves_the_shape(self):
        with pytest.raises(IndexError, match=r"scatter_add: index 5 is out .* size 3"):
            scatter_add(np.ones(2), [0, 5], (3,))


class TestDispatch:
    def test_keywords_are_forwarded(self):
        t = tg.Tensor(np.ones((1, 4, 1)))
        assert isinstance(tg.windows(t, size=2), tg.Tensor)
        assert isinstance(tg.windows(x=t, size=2), tg.Tensor)
        assert isinstance(tg.relu(x=t), tg.Tensor)

    def test_any_argument_may_be_the_tensor(self):
        @array_function
        def third(a, b, c):
            return a

        class Loud:
            def __array_function__(self, function, types, args, kwargs):
                return function, args, kwargs

        loud = Loud()
        assert third(1, 2, loud) == (third, (1, 2, loud), {})
        assert third(1, b=loud, c=3) == (third, (1,), {"b": loud, "c": 3})

    def test_subclasses_of_ndarray_are_arrays(self):
        matrix = np.ones((2, 2)).view(type("Sub", (np.ndarray,), {}))
        assert tg.relu(matrix).tolist() == [[1, 1], [1, 1]]

    def test_arrays_in_arrays_out(self):
        x = np.ones((1, 4, 4, 1))
        for result in (
            tg.relu(x),
            tg.sigmoid(x),
            tg.windows(x, 2),
            tg.conv2d(x, np.ones((2, 2, 1, 1))),
        ):
            assert type(result) is np.ndarray


@settings(deadline=None, max_examples=60)
@given(st.data())
def test_convolution_geometry_by_counting(data):
    axes = data.draw(st.integers(1, 3))
    draw = [
        data.draw(st.tuples(*[st.integers(lo, hi)] * axes)) for lo, hi in ((1, 5), (1, 4), (1, 3))
    ]
    spatial, size, stride = draw
    x = np.arange(2.0 * np.prod(spatial) * 2).reshape(2, *spatial, 2)
    if any(k > n for k, n in zip(size, spatial, strict=True)):
        with pytest.raises(ValueError, match=r"window does not fit the .* image; pad it first"):
            windows(x, size, stride)
        return
    assert np.array_equal(windows(x, size, stride), all_windows(x, size, stride))
    reached = np.zeros(spatial, bool)
    for at in np.ndindex(*geometry.window_counts(spatial, size, stride)):
        corner = [slice(i * s, i * s + k) for i, s, k in zip(at, stride, size, strict=True)]
        reached[tuple(corner)] = True
    ones = fold(np.ones_like(windows(x, size, stride)), x.shape, stride)
    assert np.array_equal(ones[0, ..., 0] > 0, reached)
