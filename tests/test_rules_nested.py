"""tg.array: numpy.array of nested lists in which there may be Tensors; trees as vectors."""

import itertools
import warnings
from typing import NamedTuple

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import tinygrad_np as tg
from tinygrad_np import Tensor
from tinygrad_np.check import check_function
from tinygrad_np.core.table import TABLE
from tinygrad_np.rules.nested import joined, parted

DTYPES = [np.float16, np.float32, np.float64, np.complex64, np.complex128, np.int8, np.uint16,
          np.int64, np.bool_]  # fmt: skip
NUMBERS = [1, 2.5, True, 1j, np.float32(0.5), np.int8(3), np.float16(1.5), np.complex64(1j)]


def with_tensors(x, chosen):
    """The same lists, with a Tensor in place of each floating leaf that `chosen` gives True for."""
    if isinstance(x, (list, tuple)):
        return type(x)(with_tensors(part, chosen) for part in x)
    dtype = np.asarray(x).dtype
    return Tensor(x) if dtype.kind in "fc" and next(chosen) else x


def without(x):
    if isinstance(x, (list, tuple)):
        return type(x)(map(without, x))
    return x.data if isinstance(x, Tensor) else x


@st.composite
def nested(draw, shape=None):
    """Lists of lists, tuples, arrays and numbers that make an array of `shape`."""
    if shape is None:
        shape = tuple(draw(st.lists(st.integers(1, 3), max_size=4)))
    if not shape and draw(st.booleans()):
        return draw(st.sampled_from(NUMBERS))
    if not shape or draw(st.integers(0, 2)) == 0:
        dtype = draw(st.sampled_from(DTYPES))
        values = np.random.default_rng(draw(st.integers(0, 99))).integers(0, 5, shape)
        return np.asarray(values).astype(dtype)
    parts = [draw(nested(shape[1:])) for _ in range(shape[0])]
    return draw(st.sampled_from([list, tuple]))(parts)


def has_tensor(x):
    return any(map(has_tensor, x)) if isinstance(x, (list, tuple)) else isinstance(x, Tensor)


@settings(max_examples=300, deadline=None, derandomize=True)
@given(nested(), st.randoms(use_true_random=False))
def test_values_shapes_and_dtypes_are_numpys(lists, random):
    mixed = with_tensors(lists, iter(lambda: random.random() < 0.5, None))
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        found, expected = tg.array(mixed), np.array(lists)
    assert isinstance(found, Tensor if has_tensor(mixed) else np.ndarray)
    assert found.shape == expected.shape
    assert found.dtype == expected.dtype
    assert np.array_equal(found.data if has_tensor(mixed) else found, expected)
    if has_tensor(mixed):
        assert str(found.graph()).count("joined") == 1
        assert str(found.graph()).count("\n") == str(found.graph()).count("leaf")


def motion(state):
    """The right-hand side of an equation of motion, as it is written with np.array."""
    x, v = state
    return tg.array([v, -(x**3) - 0.1 * v])


class TestDerivatives:
    def test_in_both_modes_and_orders(self):
        state = np.array([0.7, -0.4])
        x = state[0]
        assert np.allclose(tg.jacobian(motion)(state), [[0, 1], [-3 * x**2, -0.1]], rtol=1e-15)
        forward = tg.jacobian(motion, mode="forward")(state)
        assert np.array_equal(forward, tg.jacobian(motion, mode="reverse")(state))
        second = tg.jacobian(tg.jacobian(motion))(state)
        assert np.allclose(second, [np.zeros((2, 2)), [[-6 * x, 0], [0, 0]]], rtol=1e-15)
        for modes in itertools.product(("forward", "reverse"), repeat=3):
            third = motion
            for mode in modes:
                third = tg.jacobian(third, mode=mode)
            assert np.isclose(third(state)[1, 0, 0, 0], -6)
        assert tg.check.check_function(motion, state).verdict == "right"

    def test_by_parts_of_every_depth(self):
        def f(a, b, c):
            return np.sum(tg.array([[a, [1.0, b]], (c, (b, b))]) ** 3)

        a, b, c = np.array([1.0, 2.0]), 3.0, np.array([4.0, 5.0])
        by_a, by_b, by_c = tg.grad(f, (0, 1, 2))(a, b, c)
        assert np.array_equal(by_a, 3 * a**2)
        assert by_b == 9 * b**2
        assert np.array_equal(by_c, 3 * c**2)
        assert tg.check.check_function(f, a, b, c, argnums=(0, 1, 2)).verdict == "right"

    def test_the_cotangent_has_the_dtype_of_its_part(self):
        a, b = Tensor(np.float32(2.0)), Tensor(3.0)
        y = tg.array([a, b])
        assert y.dtype == np.float64  # as in np.array
        (y * y).sum().backward()
        assert (a.grad.dtype, a.grad, b.grad) == (np.float32, 4, 6)
        y = tg.array([a, b], np.float32)
        assert y.dtype == np.float32
        assert np.array_equal(tg.grad(lambda a: tg.array([a, 2.0], np.float32).sum())(1.0), 1)

    def test_complex_numbers(self):
        a, b = Tensor(1.0), Tensor(2.0 + 1j)
        y = tg.array([a, b])
        assert y.dtype == complex
        np.real(np.sum(y * y)).backward()
        assert (a.grad, b.grad) == (2, 2 * (2 + 1j))

    def test_ten_thousand_numbers_are_one_node(self):
        """In linear memory: with an array an element, the second order would have 800 MB."""
        n = 10_000

        def f(xs):
            return np.sum(tg.array(xs) ** 3)

        xs = [np.float64(k) for k in range(n)]
        graph = str(tg.array([Tensor(x) for x in xs]).graph())
        assert graph.count("joined(") == 1
        assert graph.count("\n") == n
        gradient = tg.grad(f)(xs)
        assert [float(g) for g in gradient[:4]] == [0, 3, 12, 27]
        assert tg.jvp(f, [xs], [[np.ones(())] * n])[1] == sum(map(float, gradient))
        again = tg.grad(lambda xs: sum(tg.grad(f)(xs)))(xs)
        assert [float(g) for g in again[-2:]] == [6.0 * (n - 2), 6.0 * (n - 1)]


class TestWhatItMakes:
    def test_an_array_of_its_own(self):
        x = np.ones(2)
        y = tg.array(x)
        y[0] = 5
        assert x[0] == 1
        assert type(tg.array([[1, 2], [3, 4]], np.float32)) is np.ndarray
        assert tg.array([1, 2], int).dtype == int

    def test_a_tensor_stays_one(self):
        t = Tensor([1.0, 2.0])
        assert np.array_equal(tg.array(t).data, t.data)
        assert tg.grad(lambda x: tg.array(x).sum())(np.ones(3)).tolist() == [1, 1, 1]

    def test_rows_of_the_table(self):
        assert TABLE[joined].kind == TABLE[parted].kind == "linear"


S, V = Tensor(1.5), Tensor([1.0, 2.0, 3.0])
ITSELF = []
ITSELF.append(ITSELF)


@pytest.mark.parametrize(
    ("values", "error", "told"),
    [
        ([V, [1, 2]], ValueError, r"\[1\] has shape \(2,\) and \[0\] \(3,\); make them equal"),
        ([[V], [V, V]], ValueError, r"ragged: \[1\] has shape \(2, 3\) and \[0\] \(1, 3\)"),
        ([[[S], [S, S]]], ValueError, r"ragged: \[0\]\[1\] has shape \(2,\) and \[0\]\[0\] \(1,\)"),
        ([S, V], ValueError, r"ragged: \[1\] has shape \(3,\) and \[0\] \(\)"),
        ([1.0, [2.0]], ValueError, r"array: the lists are ragged"),
        (ITSELF, ValueError, "nested too deep; an array has 64 axes"),
        ((x for x in [S]), TypeError, r"not a generator; use list\(…\) of it"),
        ([map(abs, [S])], TypeError, r"not a map; use list\(…\) of it"),
        ({"a": S}, TypeError, r"not a dict; use list\(…\) of it"),
        ({1.0, 2.0}, TypeError, r"not a set; use list\(…\) of it"),
        (["a", S], TypeError, "array: takes numbers, not an array of dtype <U1"),
        ([None, S], TypeError, "array: takes numbers, not an array of dtype object"),
        ([10**30], TypeError, "array: takes numbers, not an array of dtype object"),
        (np.ma.ones(2), TypeError, "array: takes no masked array"),
    ],
)
def test_what_is_no_array_is_refused(values, error, told):
    with pytest.raises(error, match=told):
        tg.array(values)


@pytest.mark.parametrize(
    ("values", "dtype", "told"),
    [
        ([S], int, "array: int64 has no derivative; with Tensors, take a floating dtype"),
        ([S, 1j], float, r"array: complex numbers do not fit into float64; take np\.real of them"),
        (np.ones(2, complex), float, "array: complex numbers do not fit into float64"),
    ],
)
def test_dtypes_that_do_not_fit_are_refused(values, dtype, told):
    with pytest.raises(TypeError, match=told):
        tg.array(values, dtype)


@pytest.mark.parametrize("lists", [[], [[]], [[], []], [np.zeros((0, 2))], [[], np.zeros(0)]])
def test_empty_lists(lists):
    found, expected = tg.array(lists), np.array(lists)
    assert (found.shape, found.dtype) == (expected.shape, expected.dtype)


def test_axes_in_excess():
    deep = np.ones((1,) * 63)
    assert tg.array([deep]).ndim == 64
    with pytest.raises(ValueError, match="nested too deep; an array has 64 axes"):
        tg.array([[deep, deep]])


class Line(NamedTuple):
    slope: float
    offset: np.ndarray


TREE = {"w": np.arange(6.0).reshape(2, 3), "b": [1.5, (np.float32(2.0), None)], "n": 3}


class TestRavel:
    def test_there_and_back(self):
        vector, back = tg.tree.ravel(TREE)
        assert vector.tolist() == [0, 1, 2, 3, 4, 5, 1.5, 2, 3]
        again = back(vector)
        assert tg.tree.paths(again) == tg.tree.paths(TREE)
        assert np.array_equal(again["w"], TREE["w"])
        assert again["b"][1][0].dtype == np.float32
        assert again["n"].dtype == np.float64  # it may be a number between

    def test_the_leaves_of_a_transposed_array_come_row_by_row(self):
        x = np.arange(6.0).reshape(2, 3)
        assert tg.tree.ravel([x.T])[0].tolist() == x.T.ravel().tolist()

    @pytest.mark.parametrize("tree", [(), {}, [None], []])
    def test_a_tree_without_leaves(self, tree):
        vector, back = tg.tree.ravel(tree)
        assert vector.shape == (0,)
        assert back(vector) == tree

    def test_dtypes(self):
        assert tg.tree.ravel([np.float32(1), np.float32(2)])[0].dtype == np.float32
        assert tg.tree.ravel([np.float32(1), 2])[0].dtype == np.float64
        vector, back = tg.tree.ravel([1j, np.float32(2)])
        assert vector.dtype == complex
        assert [x.dtype for x in back(vector)] == [complex, np.float32]

    def test_it_is_a_copy(self):
        x = np.ones(2)
        vector, back = tg.tree.ravel(x)
        vector[0] = 5.0
        assert x[0] == 1
        assert back(vector).tolist() == [5, 1]

    def test_both_ways_are_differentiated(self):
        line = Line(2.0, np.array([1.0, -1.0]))

        def there(line):
            return np.sum(np.sin(tg.tree.ravel(line)[0]) ** 2)

        def there_and_back(v):
            line = tg.tree.ravel(Line(0.0, np.zeros(2)))[1](v)
            return np.sum(line.offset**3) * line.slope

        assert check_function(there, line).verdict == "right"
        assert check_function(there_and_back, np.array([2.0, 1.0, -1.0])).verdict == "right"

    def test_a_tensor_among_the_leaves_makes_one(self):
        vector, back = tg.tree.ravel({"a": Tensor(2.0), "b": np.ones(2)})
        assert type(vector) is Tensor
        assert type(back(vector)["b"]) is Tensor
        assert type(back(vector.data)["a"]) is np.ndarray

    def test_messages(self):
        vector, back = tg.tree.ravel([1.0, np.ones(2)])
        with pytest.raises(ValueError, match=r"\(3,\)"):
            back(vector[:2])
        with pytest.raises(ValueError, match=r"has shape \(1, 3\) where the tree has 3 numbers"):
            back(vector[None])
        with pytest.raises(TypeError, match=r"ravel: takes numbers, not an array of dtype <U1"):
            tg.tree.ravel(["x"])
