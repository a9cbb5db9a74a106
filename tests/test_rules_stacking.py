"""Joining and taking apart, at the edges: empty arrays, constants among Tensors, messages."""

import numpy as np
import pytest
from maps import assert_same_matrix, backwards

import tinygrad_np as tg
from tinygrad_np import Tensor

RNG = np.random.default_rng(0)
A, B = RNG.normal(size=(2, 3)), RNG.normal(size=(2, 3))


def gradient(function, x):
    return tg.grad(lambda v: np.sum(function(v) ** 2))(x)


class TestStacks:
    @pytest.mark.parametrize(
        ("function", "shape"),
        [
            (lambda x: np.vstack([x, np.ones((0, 3)), x]), (2, 3)),
            (lambda x: np.vstack([x, np.ones((2, 3))]), (0, 3)),
            (lambda x: np.hstack([x[::-1], x[:, :0], x]), (2, 3)),
            (lambda x: np.hstack([x, [], x]), (3,)),
            (lambda x: np.dstack([x, x.T]), (2, 2)),
            (lambda x: np.column_stack([x[0], x.T]), (2, 3)),
            (lambda x: np.vstack(x), (2, 2, 3)),
            (lambda x: np.stack([]) if not len(x) else np.hstack(x), (3, 2)),
            (lambda x: np.append(x, x, 0), (2, 3)),
            (lambda x: np.append(x, []), (2, 3)),
            (lambda x: np.block([[x, x[:, :1]], [np.ones((1, 4))]]), (2, 3)),
            (lambda x: np.block([x, x[:0]]), (3,)),
        ],
    )
    def test_matrices_of_what_joins(self, function, shape):
        assert_same_matrix(function, shape, RNG)

    def test_an_array_used_twice_collects_both_cotangents(self):
        assert np.array_equal(gradient(lambda x: np.vstack([x, x]), A), 4 * A)

    def test_a_tensor_is_a_sequence_of_its_parts(self):
        assert np.array_equal(np.hstack(Tensor(A)).data, np.hstack(A))

    def test_dtypes_are_numpys(self):
        single = Tensor(A.astype(np.float32))
        for function in (np.vstack, np.hstack, np.dstack, np.column_stack):
            assert function([single, single]).dtype == np.float32
            assert function([single, B]).dtype == np.float64
        stacked = np.vstack([Tensor(A), B], dtype=np.float32, casting="same_kind")
        assert stacked.dtype == np.float32
        found = tg.grad(lambda x: np.sum(np.vstack([x, B], dtype=np.float32)))(A)
        assert found.dtype == np.float64

    def test_a_number_in_a_block_is_an_array_as_in_numpy(self):
        single = np.ones(2, np.float32)
        assert np.block([Tensor(single), 1.0]).dtype == np.block([single, 1.0]).dtype == float

    @pytest.mark.parametrize(
        ("arrays", "error", "message"),
        [
            (lambda t: [[t], t], ValueError, r"np\.block: List depths are mismatched"),
            (lambda t: [[t], []], ValueError, r"np\.block: List at arrays\[1\] cannot be empty"),
            (lambda t: [t, (t, t)], TypeError, r"arrays\[1\] is a tuple.*np\.block"),
        ],
    )
    def test_lists_that_make_no_block(self, arrays, error, message):
        with pytest.raises(error, match=message):
            np.block(arrays(Tensor(A)))
        with pytest.raises(error):
            np.block(arrays(A))

    def test_masked_arrays_are_refused(self):
        masked = np.ma.masked_array(B, B > 0)
        with pytest.raises(TypeError, match=r"np\.vstack: takes no masked array"):
            np.vstack([Tensor(A), masked])


class TestSeveralResults:
    @pytest.mark.parametrize(
        "function",
        [
            lambda x, c: np.broadcast_arrays(x, c),
            lambda x, c: np.meshgrid(x, c),
            lambda x, c: np.meshgrid(c, x, sparse=True),
            lambda x, c: np.ix_(x, c),
            lambda x, c: np.atleast_2d(x, c),
            lambda x, c: np.atleast_3d(c, x),
        ],
    )
    def test_constants_stay_arrays_and_the_container_is_numpys(self, function):
        x, c = A[0], np.arange(3)
        expected, found = function(x, c), function(Tensor(x), c)
        assert type(found) is type(expected)
        assert sum(isinstance(part, Tensor) for part in found) == 1
        for a, b in zip(found, expected, strict=True):
            value = a.data if isinstance(a, Tensor) else a
            assert value.dtype == b.dtype
            assert np.array_equal(value, b)

    @pytest.mark.parametrize(
        ("function", "shape"),
        [
            (lambda x: np.meshgrid(x, x[:0]), (3,)),
            (lambda x: np.meshgrid(x, x, indexing="ij"), (3,)),
            (lambda x: np.broadcast_arrays(x, np.ones((2, 0, 3))), (1, 3)),
            (lambda x: np.vsplit(x, [1, 3, 2]), (4, 2)),
            (lambda x: np.hsplit(x, [0, 0, 5]), (3,)),
            (lambda x: np.dsplit(x, 1), (1, 2, 0)),
            (lambda x: np.ix_(x, [True, False], [1]), (2,)),
        ],
    )
    def test_matrices_of_what_gives_several(self, function, shape):
        assert_same_matrix(function, shape, RNG)

    def test_one_part_of_several_may_be_all_that_is_used(self):
        assert tg.grad(lambda x: np.sum(np.vsplit(x, 2)[1]))(A).tolist() == [[0] * 3, [1] * 3]

    def test_grids_of_numbers(self):
        assert backwards(lambda x: np.meshgrid(x, [1.0, 2.0])[0], np.array(3.0)).tolist() == [
            [1],
            [1],
        ]

    def test_empty_lists_and_masks_beside_a_tensor_become_indices(self):
        x = np.ones(2)
        found, expected = (np.ix_(v, [], [True, False, True]) for v in (Tensor(x), x))
        assert [part.dtype for part in found] == [part.dtype for part in expected]
        assert [part.shape for part in found] == [(2, 1, 1), (1, 0, 1), (1, 1, 2)]

    def test_messages(self):
        with pytest.raises(ValueError, match=r"np\.ix_: .* must be 1 dimensional.*\(2, 3\)"):
            np.ix_(Tensor(A))
        with pytest.raises(ValueError, match=r"np\.meshgrid: indexing must be 'xy' or 'ij'"):
            np.meshgrid(Tensor(A[0]), indexing="yx")
        with pytest.raises(ValueError, match="vsplit"):
            np.vsplit(Tensor(A[0]), 1)
        with pytest.raises(ValueError, match="broadcast"):
            np.broadcast_arrays(Tensor(A), np.ones(2))

    @pytest.mark.skipif(not hasattr(np, "unstack"), reason="unstack is new in NumPy 2.1")
    def test_unstack(self):
        assert_same_matrix(lambda x: np.unstack(x, axis=-1)[::2], (2, 3), RNG)
        assert np.unstack(Tensor(np.zeros((0, 3)))) == ()
        with pytest.raises(ValueError, match="at least 1-d"):
            np.unstack(Tensor(1.0))


def test_second_order_through_everything():
    def f(x):
        rows = np.hsplit(np.block([[x, 2 * x], [np.vstack([x, x[:1]])[1:], x]]), 2)
        return np.sum(rows[0] ** 3 * np.append(x, x, 0))

    hessian = backwards(lambda x: tg.grad(f)(x), A)
    h = 1e-4
    steps = np.eye(6).reshape(6, 2, 3) * h
    columns = [(tg.grad(f)(A + s) - tg.grad(f)(A - s)).ravel() / (2 * h) for s in steps]
    assert np.allclose(hessian, np.stack(columns, 1), rtol=1e-6, atol=1e-6)
