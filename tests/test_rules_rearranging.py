"""Repeating, moving, inserting and deleting: exact matrices for every form of the arguments."""

import numpy as np
import pytest
from maps import assert_same_matrix

import tinygrad_np as tg
from tinygrad_np import Tensor

RNG = np.random.default_rng(1)
sliding_window_view = np.lib.stride_tricks.sliding_window_view


@pytest.mark.parametrize(
    ("function", "shape"),
    [
        (lambda x: np.tile(x, (3, 0)), (2, 3)),
        (lambda x: np.tile(x, 2), (0, 3)),
        (lambda x: np.tile(x, np.array([2, 1, 2])), (3,)),
        (lambda x: np.tile(x, ()), ()),
        (lambda x: np.repeat(x, 0), (2, 3)),
        (lambda x: np.repeat(x, [2]), (2, 3)),
        (lambda x: np.repeat(x, np.array([0, 0, 3]), -1), (2, 3)),
        (lambda x: np.repeat(x, 2, 1), (2, 0)),
        (lambda x: x.repeat(2, axis=0), (2, 3)),
        (lambda x: np.resize(x, 7), (2, 3)),
        (lambda x: np.resize(x, ()), (2, 3)),
        (lambda x: np.resize(x, (2, 2)), (0,)),
        (lambda x: np.resize(x, 0), (3,)),
        (lambda x: np.matrix_transpose(x), (2, 0, 3)),
        (lambda x: np.matrix_transpose(x), (2, 3)),
        (lambda x: np.roll(x, 5), (2, 3)),
        (lambda x: np.roll(x, (1, -4), (0, 0)), (3, 2)),
        (lambda x: np.roll(x, [1, 2], (1, 0)), (3, 2)),
        (lambda x: np.roll(x, 1), (0,)),
        (lambda x: np.roll(x, 2), ()),
        *[(lambda x, k=k: np.rot90(x, k, (1, 0)), (2, 3)) for k in range(-5, 6)],
        *[
            (lambda x, a=a, s=s: np.rollaxis(x, a, s), (2, 3, 4))
            for a in (-3, 0, 1, -1)
            for s in (-3, -1, 0, 1, 2, 3)
        ],
        (lambda x: sliding_window_view(x, ()), ()),
        (lambda x: sliding_window_view(x, (1, 3)), (2, 3)),
        (lambda x: sliding_window_view(x, 2, 1), (3, 5)),
        (lambda x: sliding_window_view(x, (2, 2, 2), (1, 0, 1)), (3, 4)),
        (lambda x: sliding_window_view(x, 0, 0), (3,)),
        (lambda x: sliding_window_view(x[::-1], 2), (4,)),
        (lambda x: np.insert(x, [], []), (3,)),
        (lambda x: np.insert(x, 3, x), (3,)),
        (lambda x: np.insert(x, [3, 0, 3], x), (3,)),
        (lambda x: np.insert(np.ones((2, 3)), 1, x, 1), (2,)),
        (lambda x: np.insert(np.ones((2, 3)), [1], x, 1), (2, 2)),
        (lambda x: np.insert(np.ones((2, 3)), [1, 2], x, 1), (2, 1)),
        (lambda x: np.insert(np.ones((2, 3)), [0, 2], x), (1, 2)),
        (lambda x: np.insert(np.ones((2, 3)), slice(2), x, 0), (3,)),
        (lambda x: np.insert(x, 0, 1.0), (0,)),
        (lambda x: np.insert(x, 0, x.T, axis=1), (3, 2)),
        (lambda x: np.delete(x, [0, 0, -1]), (3,)),
        (lambda x: np.delete(x, slice(None)), (3,)),
        (lambda x: np.delete(x, [], 1), (2, 0)),
        (lambda x: np.delete(x, 1, 1), (2, 3)),
        (lambda x: np.delete(x, [True, False, True], 1), (2, 3)),
    ],
)
def test_matrices(function, shape):
    assert_same_matrix(function, shape, RNG)


@pytest.mark.filterwarnings("ignore:in the future insert will treat boolean:FutureWarning")
def test_insert_by_a_mask_as_this_numpy_reads_it():
    mask = np.array([True, False, True])
    count = np.insert(np.zeros(3), mask, 1.0).size - 3
    assert_same_matrix(lambda x: np.insert(x[:3], mask, x[3:]), (3 + count,), RNG)


class TestInsert:
    def test_values_take_the_dtype_of_the_array(self):
        single = np.zeros(2, np.float32)
        value = Tensor(0.1)
        assert np.insert(single, 1, value).dtype == np.float32
        assert tg.grad(lambda v: np.insert(single, 1, v)[1])(0.1).dtype == np.float64

    def test_a_tensor_does_not_fit_into_an_array_of_integers(self):
        with pytest.raises(TypeError, match=r"np\.insert: .*gave dtype int64"):
            np.insert(np.arange(3), 1, Tensor(0.5))


def test_an_argument_that_chooses_takes_no_tensor():
    x, one = Tensor(np.ones(3)), Tensor(1.0)
    with pytest.raises(TypeError, match=r"np\.tile: 'reps' has no derivative"):
        np.tile(x, one)
    with pytest.raises(TypeError, match=r"np\.delete: 'obj' has no derivative"):
        np.delete(x, one)
    with pytest.raises(TypeError, match=r"np\.repeat: 'repeats' has no derivative"):
        x.repeat(one)


def test_a_vector_has_no_transpose():
    with pytest.raises(ValueError, match="at least 2-d"):
        np.matrix_transpose(Tensor(np.ones(3)))


def test_a_view_to_write_into_is_refused():
    with pytest.raises(TypeError, match=r"sliding_window_view: the argument 'writeable'"):
        sliding_window_view(Tensor(np.ones(3)), 2, writeable=True)


def test_a_moving_average_by_windows_and_its_hessian():
    x = np.arange(6.0)

    def f(v):
        return np.sum(np.mean(sliding_window_view(v, 3), -1) ** 3)

    means = np.convolve(x, np.ones(3) / 3, "valid")
    weights = np.stack([np.roll([1, 1, 1, 0, 0, 0], i) for i in range(4)]) / 3
    assert np.allclose(tg.grad(f)(x), 3 * means**2 @ weights, rtol=1e-14)
    assert np.allclose(tg.hessian(f)(x), weights.T @ (6 * means[:, None] * weights), rtol=1e-13)
