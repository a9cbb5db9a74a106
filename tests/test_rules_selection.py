"""Choosing: every branch, branches that are nan or inf, indices twice, messages."""

import numpy as np
import pytest
from maps import assert_same_matrix

import tinygrad_np as tg
from tinygrad_np import Tensor

RNG = np.random.default_rng(4)
INF, NAN = np.inf, np.nan


def both_orders(function, x):
    """The gradient of the sum, and the diagonal of the Hessian."""
    first = tg.grad(lambda v: np.sum(function(v)))
    return first(x), np.diag(tg.jacobian(first)(x))


class TestUntakenBranches:
    x = np.array([-1.0, 0.0, 4.0])

    def test_what_is_not_chosen_has_the_derivative_zero_whatever_it_is(self):
        a, b = np.array([1.0, NAN]), np.array([INF, 2.0])
        for choose in (
            lambda a, b: np.where([True, False], a, b),
            lambda a, b: np.select([np.array([True, False])], [a], b),
            lambda a, b: np.choose([0, 1], [a, b]),
        ):
            by_a, by_b = tg.grad(lambda a, b, c=choose: np.sum(c(a, b) ** 2), (0, 1))(a, b)
            assert by_a.tolist() == [2, 0]
            assert by_b.tolist() == [0, 4]

    def test_a_branch_that_was_computed_everywhere_passes_its_nan_on(self):
        # What the module says of 0·inf; it is why there is a safe form.
        with np.errstate(divide="ignore", invalid="ignore"):
            found = tg.grad(lambda v: np.sum(np.where(v > 0, np.log(v), 0.0)))(self.x)
        assert found[2] == 0.25
        assert np.isnan(found[1])

    @pytest.mark.parametrize(
        ("function", "derivative", "second", "safe"),
        [
            (np.log, lambda x: 1 / x, lambda x: -1 / x**2, 1.0),
            (np.sqrt, lambda x: 0.5 / np.sqrt(x), lambda x: -0.25 * x**-1.5, 1.0),
            (lambda x: 1 / x, lambda x: -1 / x**2, lambda x: 2 / x**3, 1.0),
            (lambda x: x**0.5, lambda x: 0.5 * x**-0.5, lambda x: -0.25 * x**-1.5, 1.0),
        ],
    )
    @pytest.mark.parametrize("form", ["where", "select", "choose", "piecewise"])
    def test_the_safe_form_is_finite_in_both_orders(self, function, derivative, second, safe, form):
        def chosen(v):
            ok = v > 0
            if form == "piecewise":
                return np.piecewise(v, [ok], [function, 0.0])
            taken = function(np.where(ok, v, safe))
            if form == "select":
                return np.select([ok], [taken], 0.0)
            if form == "choose":
                return np.choose(ok.astype(int), [0.0, taken])
            return np.where(ok, taken, 0.0)

        first, diagonal = both_orders(chosen, self.x)
        assert np.allclose(first, [0, 0, derivative(4.0)], rtol=1e-15)
        assert np.allclose(diagonal, [0, 0, second(4.0)], rtol=1e-15)
        tangent = tg.jvp(chosen, [self.x], [np.ones(3)])[1]
        assert np.allclose(tangent, first, rtol=1e-15)

    def test_where_alone_gives_the_places_as_numpy_does(self):
        expected, found = np.where(self.x), np.where(Tensor(self.x))
        assert all(map(np.array_equal, found, expected))
        assert Tensor(self.x).nonzero()[0].tolist() == [0, 2]
        with pytest.raises(ValueError, match="either both or neither"):
            np.where(self.x > 0, Tensor(self.x))


class TestTakeAlongAxis:
    def test_sorting_by_argsort(self):
        x = RNG.permutation(6.0 + np.arange(6)).reshape(2, 3)
        weights = np.arange(6.0).reshape(2, 3)
        order = np.argsort(x, 1)
        found = tg.grad(
            lambda v: np.sum(weights * np.take_along_axis(v, np.argsort(v, 1), 1) ** 2)
        )(x)
        expected = np.zeros_like(x)
        np.put_along_axis(expected, order, weights * 2 * np.take_along_axis(x, order, 1), 1)
        assert np.array_equal(found, expected)

    @pytest.mark.parametrize(
        ("indices", "axis", "shape"),
        [
            ([[0, 0, 0, 0]], 1, (2, 3)),
            ([[2], [-3]], -1, (2, 3)),
            ([5, 5, 0], None, (2, 3)),
            (np.zeros((1, 0), int), 1, (2, 3)),
            (np.zeros((2, 1, 1), np.uint8), 1, (1, 3, 2)),
        ],
    )
    def test_matrices(self, indices, axis, shape):
        indices = np.asarray(indices)
        assert_same_matrix(lambda x: np.take_along_axis(x, indices, axis), shape, RNG)

    def test_messages(self):
        x = Tensor(np.ones((2, 3)))
        with pytest.raises(ValueError, match=r"same number of dimensions.*indices \(1,\)"):
            np.take_along_axis(x, np.array([0]), 0)
        with pytest.raises(IndexError, match="must be an integer array"):
            np.take_along_axis(x, np.ones((2, 3), bool), 0)
        with pytest.raises(np.exceptions.AxisError):
            np.take_along_axis(x, np.zeros((2, 3), int), 2)
        with pytest.raises(TypeError, match="'indices' has no derivative"):
            np.take_along_axis(x, x, 0)


@pytest.mark.parametrize(
    ("function", "shape"),
    [
        (lambda x: np.compress([True, False], x, 0), (3, 2)),
        (lambda x: np.compress([], x), (3, 2)),
        (lambda x: x.compress([0, 2, 0, -1]), (3, 2)),
        (lambda x: np.extract(np.ones((3, 2)), x), (3, 2)),
        (lambda x: np.extract([], x), (0,)),
        (lambda x: np.choose([[0, 1], [2, 0]], [x, x[::-1], x.T]), (2, 2)),
        (lambda x: np.choose([3, -1, 1], x, mode="wrap"), (2, 3)),
        (lambda x: np.choose([3, -1, 1], x, mode="clip"), (2, 3)),
        (lambda x: np.choose(np.zeros((0,), int), [x]), (1,)),
        (lambda x: np.select([np.eye(2) > 0], [x], x[:1]), (2, 2)),
        (lambda x: np.select([True, False], [x, x], 9.0), (2, 2)),
        (lambda x: np.piecewise(x, [np.array([True, False])], [lambda v: 2 * v, 5.0]), (2, 2)),
        (lambda x: np.piecewise(x, [x > 0], [np.sin, np.cos]), (0,)),
    ],
)
def test_matrices(function, shape):
    assert_same_matrix(function, shape, RNG)


class TestChoose:
    def test_the_mode_raise_raises(self):
        with pytest.raises(ValueError, match="invalid entry in choice array"):
            np.choose([0, 2], [Tensor(np.ones(2)), 0.0])

    def test_an_index_is_an_integer(self):
        with pytest.raises(TypeError, match="Cannot cast"):
            np.choose(Tensor([0.0, 1.0]), [1.0, 2.0])

    def test_numbers_and_dtypes(self):
        single = Tensor(np.ones(2, np.float32))
        assert np.choose([0, 1], [single, np.float32(3)]).dtype == np.float32
        assert np.choose([0, 1], [single, np.ones(2)]).dtype == np.float64
        x = single.data
        tangent = tg.jvp(lambda x: np.choose([0, 1], [x, 3.0]), [x], [x])[1]
        assert tangent.dtype == np.float32


class TestSelect:
    def test_dtypes_are_numpys(self):
        single = np.ones(2, np.float32)
        ok = [np.array([True, False])]
        for default in (1.5, np.float64(1.5), np.ones(2), 1, np.int8(1), [1, 2]):
            expected = np.select(ok, [single], default)
            found = np.select(ok, [Tensor(single)], default)
            assert found.dtype == expected.dtype, default
            assert np.array_equal(found.data, expected)

    def test_small_integers_of_both_signs_beside_half_precision(self):
        # Promoted pair by pair they would end in float32.
        half = np.ones(1, np.float16)
        ok, parts = [np.array([False])] * 2, [half, np.int8([1])]
        expected = np.select(ok, parts, np.uint8([2]))
        found = np.select(ok, [Tensor(half), parts[1]], np.uint8([2]))
        assert found.dtype == expected.dtype
        assert found.data == expected

    def test_messages(self):
        t = Tensor(np.ones(2))
        with pytest.raises(ValueError, match=r"np\.select: list of cases must be same length as"):
            np.select([np.ones(2, bool)], [t, t])
        with pytest.raises(ValueError, match=r"np\.select: list of cases"):
            np.select([], [t])
        with pytest.raises(TypeError, match=r"invalid entry 0 in condlist: should be bool"):
            np.select([np.ones(2, np.int64)], [t])
        with pytest.raises(TypeError, match=r"np\.select: invalid entry 0 in condlist"):
            np.select([t], [t])


class TestPiecewise:
    def test_functions_get_only_their_elements(self):
        seen = []

        def square(v):
            seen.append(v.tolist())
            return v * v

        x = Tensor([-1.0, 2.0, 3.0])
        result = np.piecewise(x, [x < 0, x > 2], [square, square])
        assert seen == [[-1.0], [3.0]]
        assert result.tolist() == [1, 0, 9]

    def test_a_function_without_elements_is_not_called(self):
        x = Tensor([1.0, 2.0])
        assert np.piecewise(x, [x < 0], [lambda v: 1 / 0, lambda v: v]).tolist() == [1, 2]

    def test_a_tensor_as_a_piece_and_as_an_argument(self):
        x = np.array([-1.0, 2.0])

        def f(level, factor):
            t = Tensor(x)
            pieces = [level, lambda v, a: a * v]
            return np.sum(np.piecewise(t, [t < 0, t >= 0], pieces, factor))

        assert [g.item() for g in tg.grad(f, (0, 1))(3.0, 5.0)] == [1, 2]

    def test_only_numbers_give_an_array(self):
        x = Tensor([-1.0, 2.0])
        found = np.piecewise(x, [x < 0], [-1, 1])
        assert type(found) is np.ndarray
        assert found.tolist() == [-1, 1]

    def test_the_dtype_is_that_of_x(self):
        x = Tensor(np.ones(2, np.float32))
        assert np.piecewise(x, [x > 0], [lambda v: v * np.ones(1)]).dtype == np.float32

    def test_second_order_at_each_piece(self):
        x = np.array([-2.0, 0.5, 3.0])
        pieces = [lambda v: v**3, np.sin, lambda v: 1 / v]
        found = both_orders(lambda v: np.piecewise(v, [v < 0, v < 1, v >= 1], pieces), x)[1]
        # Of overlapping conditions the last one counts.
        assert np.allclose(found, [-np.sin(-2), -np.sin(0.5), 2 / 27], rtol=1e-14)

    def test_messages(self):
        x = Tensor([1.0, 2.0])
        with pytest.raises(ValueError, match=r"np\.piecewise: 1 conditions take as many"):
            np.piecewise(x, [x > 0], [1, 2, 3])
        with pytest.raises(ValueError, match=r"np\.piecewise: there are no conditions"):
            np.piecewise(x, [], [1])
        with pytest.raises(ValueError, match="broadcast"):
            np.piecewise(x, [x > 0], [lambda v: np.ones(3)])
        with pytest.raises(TypeError, match="the argument 'scale': it is not supported"):
            np.piecewise(x, [x > 0], [lambda v, scale: v], scale=2)
