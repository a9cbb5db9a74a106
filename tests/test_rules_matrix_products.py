"""Powers, chains and the aliases of np.linalg: shapes, messages, empty arrays."""

import numpy as np
import pytest
from matrices import close, matrix_with

import tinygrad_np as tg
from tinygrad_np import Tensor


class TestPowers:
    def test_power_zero_is_constant(self):
        found = np.linalg.matrix_power(Tensor(np.full((2, 2, 2), np.nan)), 0)
        assert isinstance(found, np.ndarray)
        assert np.array_equal(found, np.broadcast_to(np.eye(2), (2, 2, 2)))
        assert not np.any(tg.grad(lambda a: np.sum(np.linalg.matrix_power(a, 0)))(np.eye(2)))

    def test_every_power_has_numpys_bits(self):
        a = matrix_with(3, 3, (1.2, 1, 0.9))
        for n in range(-9, 20):
            found = np.linalg.matrix_power(Tensor(a), n)
            assert np.array_equal(getattr(found, "data", found), np.linalg.matrix_power(a, n))

    def test_what_is_no_power(self):
        with pytest.raises(TypeError, match="integer"):
            np.linalg.matrix_power(Tensor(np.eye(2)), 0.5)
        with pytest.raises(TypeError, match=r"np\.linalg\.matrix_power.*'n' has no derivative"):
            np.linalg.matrix_power(Tensor(np.eye(2)), Tensor(2.0))
        for shape in ((2,), (2, 3)):
            with pytest.raises(np.linalg.LinAlgError, match=r"square matrices.*\(2,"):
                np.linalg.matrix_power(Tensor(np.ones(shape)), 2)
        with pytest.raises(np.linalg.LinAlgError, match="Singular"):
            np.linalg.matrix_power(Tensor(np.ones((2, 2))), -1)


class TestChains:
    def test_one_operand_alone_and_one_used_twice(self):
        rng = np.random.default_rng(0)
        a, b = rng.standard_normal((2, 3)), rng.standard_normal((3, 2))
        by_b = tg.grad(lambda b: np.sum(np.linalg.multi_dot([a, b, a])))(b)
        assert close(by_b, a.T @ np.ones((2, 3)) @ a.T, 1e-15)
        by_a = tg.grad(lambda a: np.sum(np.linalg.multi_dot([a, b, a])))(a)
        assert close(by_a, tg.grad(lambda a: np.sum(a @ b @ a))(a), 1e-14)

    def test_a_number_of_two_vectors(self):
        x, y = Tensor([1.0, 2.0]), Tensor([3.0, 4.0])
        np.linalg.multi_dot([x, np.eye(2), y]).backward()
        assert (x.grad.tolist(), y.grad.tolist()) == ([3, 4], [1, 2])

    def test_messages(self):
        with pytest.raises(ValueError, match="at least two"):
            np.linalg.multi_dot([Tensor(np.eye(2))])
        with pytest.raises(TypeError, match=r"np\.linalg\.multi_dot.*'out'"):
            np.linalg.multi_dot([Tensor(np.eye(2)), np.eye(2)], out=np.eye(2))
        with pytest.raises(ValueError, match=r"not aligned.*\[0\] \(2, 2\), .*\[1\] \(3, 3\)"):
            np.linalg.multi_dot([Tensor(np.eye(2)), np.eye(3)])

    def test_empty(self):
        a, b = np.zeros((2, 0)), np.zeros((0, 3))
        found = tg.grad(lambda a: np.sum(np.linalg.multi_dot([a, b, np.ones((3, 1))])))(a)
        assert found.shape == (2, 0)


class TestAliases:
    def test_wrong_shapes(self):
        with pytest.raises(ValueError, match=r"np\.linalg\.outer: takes two vectors.*\(2, 2\)"):
            np.linalg.outer(Tensor(np.eye(2)), np.ones(2))
        with pytest.raises(ValueError, match="3-dimensional"):
            np.linalg.cross(Tensor([1.0, 2.0]), np.ones(2))
        with pytest.raises(ValueError, match=r"np\.linalg\.diagonal: .*two dim.*\(1,\)"):
            np.linalg.diagonal(Tensor([1.0]))
        with pytest.raises(ValueError, match="at least 2-dim"):
            np.linalg.matrix_transpose(Tensor([1.0]))

    def test_lists_beside_tensors(self):
        y = [0.0, 1.0, 0.0]
        for function, expected in (
            (np.linalg.outer, np.ones(3)),
            (np.linalg.cross, [-1, 0, 1]),
            (np.linalg.vecdot, [0, 1, 0]),
            (np.linalg.matmul, [0, 1, 0]),
        ):
            x = Tensor([1.0, 2.0, 3.0])
            np.sum(function(y, x)).backward()
            assert np.array_equal(x.grad, expected)

    def test_an_offset_has_no_derivative(self):
        with pytest.raises(TypeError, match=r"np\.linalg\.diagonal.*'offset' has no derivative"):
            np.linalg.diagonal(Tensor(np.eye(2)), offset=Tensor(1.0))
        with pytest.raises(TypeError, match=r"np\.linalg\.trace.*'offset' has no derivative"):
            np.linalg.trace(Tensor(np.eye(2)), offset=Tensor(1.0))

    def test_the_trace_in_another_dtype(self):
        x = Tensor(np.eye(2, dtype=np.float32))
        trace = np.linalg.trace(x, dtype=np.float64)
        assert trace.dtype == np.float64
        trace.backward()
        assert x.grad.dtype == np.float32
        assert np.array_equal(x.grad, np.eye(2))

    @pytest.mark.parametrize("shape", [(0, 2), (2, 0), (0, 3, 2)])
    def test_empty(self, shape):
        for function in (np.linalg.trace, np.linalg.diagonal, np.linalg.matrix_transpose):
            assert tg.grad(lambda a, f=function: np.sum(f(a)))(np.zeros(shape)).shape == shape

    def test_diagonals_beyond_the_corner(self):
        found = np.linalg.diagonal(Tensor(np.ones((2, 3))), offset=5)
        assert found.shape == np.linalg.diagonal(np.ones((2, 3)), offset=5).shape == (0,)
        assert not np.any(tg.grad(lambda a: np.linalg.trace(a, offset=5))(np.ones((2, 3))))

    def test_the_first_operand_of_vecdot_is_conjugated(self):
        x, y = np.array([1 + 2j, 3j]), np.array([2 - 1j, 1j])
        by_x, by_y = tg.grad(lambda x, y: np.real(np.linalg.vecdot(x, y)), (0, 1))(x, y)
        assert np.array_equal(by_x, np.conjugate(y))
        assert np.array_equal(by_y, np.conjugate(x))
