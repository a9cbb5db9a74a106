"""Diagonals and triangles: exact matrices for every offset, in and beyond the matrix."""

import numpy as np
import pytest
from maps import assert_same_matrix

import tinygrad_np as tg
from tinygrad_np import Tensor
from tinygrad_np.rules.diagonals import on_diagonal

RNG = np.random.default_rng(6)
A = RNG.normal(size=(2, 3))


@pytest.mark.parametrize(
    ("function", "shape"),
    [
        *[(lambda x, k=k: np.diagonal(x, k), (2, 3)) for k in range(-3, 5)],
        *[(lambda x, k=k: np.trace(x, k), (3, 2)) for k in range(-4, 4)],
        *[(lambda x, k=k: np.diag(x, k), (2,)) for k in range(-2, 3)],
        *[(lambda x, k=k: np.diagflat(x, k), (2, 2)) for k in (-1, 0, 2)],
        *[(lambda x, k=k: np.tril(x, k), (2, 3)) for k in range(-3, 4)],
        *[(lambda x, k=k: np.triu(x, k), (2,)) for k in (-1, 0, 1, 2)],
        (lambda x: x.diagonal(1, 2, 0), (2, 3, 4)),
        (lambda x: x.trace(axis1=-1, axis2=0), (2, 3, 4)),
        (lambda x: np.diagonal(x), (0, 3)),
        (lambda x: np.trace(x), (0, 0)),
        (lambda x: np.diag(x), (0,)),
        (lambda x: np.diagflat(x), ()),
        (lambda x: np.tril(x), (2, 0, 3)),
    ],
)
def test_matrices(function, shape):
    assert_same_matrix(function, shape, RNG)


def test_messages():
    with pytest.raises(ValueError, match="axis1 and axis2 cannot be the same"):
        np.diagonal(Tensor(A), 0, 1, 1)
    with pytest.raises(ValueError, match="must be 1- or 2-d"):
        np.diag(Tensor(1.0))
    with pytest.raises(TypeError, match=r"np\.tril: 'k' has no derivative"):
        np.tril(Tensor(A), Tensor(1.0))


def test_indices_of_a_triangle_are_constants():
    square = Tensor(np.ones((3, 3)))
    for function in (np.tril_indices_from, np.triu_indices_from, np.diag_indices_from):
        expected = function(square.data)
        assert all(map(np.array_equal, function(square), expected))
        assert square[function(square)].shape == expected[0].shape


def test_a_diagonal_beyond_the_matrix_is_empty():
    assert on_diagonal(np.zeros(0), (2, 3), 7, 0, 1).tolist() == [[0] * 3] * 2


def test_nan_stays_on_its_side():
    x = np.array([[1.0, np.nan], [2.0, 3.0]])
    found = tg.grad(lambda v: np.sum(np.tril(v) ** 2))(x)
    assert found.tolist() == [[2, 0], [4, 6]]
    assert tg.grad(lambda v: np.trace(v) ** 2)(x).tolist() == [[8, 0], [0, 8]]


def test_second_order_of_a_trace():
    hessian = tg.hessian(lambda x: np.trace(x @ x))(np.ones((2, 2)))
    # the derivative of 2 tr(x dx) by x is that of 2 xᵀ
    expected = 2 * np.eye(4).reshape(2, 2, 2, 2).transpose(1, 0, 2, 3)
    assert np.array_equal(hessian, expected)
