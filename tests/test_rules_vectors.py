"""Products of vectors: exact matrices, axes in every order, conjugates, messages."""

import numpy as np
import pytest
from maps import assert_same_matrix, backwards, integers

import tinygrad_np as tg
from tinygrad_np import Tensor

RNG = np.random.default_rng(2)
A = RNG.normal(size=(2, 3))


@pytest.mark.parametrize(
    ("function", "shape"),
    [
        (lambda x: np.vdot(x, np.arange(6.0)), (2, 3)),
        (lambda x: np.inner(x, np.ones((4, 0))), (2, 0)),
        (lambda x: np.inner(np.ones((4, 3)), x), (2, 3)),
        (lambda x: np.outer(x, []), (2, 3)),
        (lambda x: np.outer([1, 2], x), (2, 3)),
        (lambda x: np.kron(np.array([[1, 2]]), x), (2, 0, 2)),
        (lambda x: np.kron(x, [1, 2, 3]), (2, 3)),
        (lambda x: np.cross(x, [[1, 2, 3], [4, 5, 6]]), (3,)),
        (lambda x: np.cross([[1, 2, 3], [4, 5, 6]], x, axisb=0, axisc=0), (3, 2)),
        (lambda x: np.cross(x, np.ones((0, 3))), (3,)),
        (lambda x: np.vecdot(x, np.ones((4, 2, 3)), axis=-2), (2, 1)),
    ],
)
def test_matrices(function, shape):
    assert_same_matrix(function, shape, RNG)


@pytest.mark.filterwarnings("ignore:Arrays of 2-dimensional vectors:DeprecationWarning")
@pytest.mark.parametrize(
    ("a", "b", "axes"),
    [
        ((2,), (2,), {}),
        ((2,), (3,), {}),
        ((3,), (2,), {}),
        ((4, 2), (2,), {}),
        ((2, 4), (3, 4), {"axis": 0}),
        ((2, 4), (4, 2), {"axisa": 0}),
        ((2, 1), (4, 3), {"axisa": 0, "axisc": 0}),
    ],
)
def test_cross_of_vectors_in_the_plane(a, b, axes):
    try:
        np.cross(np.ones(2), np.ones(2))
    except ValueError:
        pytest.skip("this NumPy has no vectors of two components")
    fixed = integers(RNG, *a), integers(RNG, *b)
    assert_same_matrix(lambda x: np.cross(x, fixed[1], **axes), a, RNG)
    assert_same_matrix(lambda x: np.cross(fixed[0], x, **axes), b, RNG)
    x, y = Tensor(fixed[0]), Tensor(fixed[1])
    assert np.array_equal(np.cross(x, y, **axes).data, np.cross(*fixed, **axes))


class TestConjugates:
    """∂/∂x − i ∂/∂y of a real loss, from the formulas of what each function conjugates."""

    a = RNG.normal(size=3) + 1j * RNG.normal(size=3)
    b = RNG.normal(size=3) + 1j * RNG.normal(size=3)
    m = RNG.normal(size=(3, 3)) + 1j * RNG.normal(size=(3, 3))

    def slopes(self, function, z):
        """Central differences, exact for what is linear in the real and imaginary parts."""
        by = [[function(z + s * e) - function(z - s * e) for e in np.eye(3)] for s in (1, 1j)]
        return (np.array(by[0]) - 1j * np.array(by[1])) / 2

    @pytest.mark.parametrize("name", ["vdot", "vecdot", "inner", "outer"])
    def test_vectors(self, name):
        function = getattr(np, name)
        weights = np.asarray(function(self.b, self.a))

        def loss(x, y):
            return np.real(np.sum(weights * function(x, y)))

        for i, z in enumerate((self.a, self.b)):
            found = tg.grad(loss, i)(self.a, self.b)
            one = (lambda x: loss(x, self.b)) if i == 0 else (lambda y: loss(self.a, y))
            assert np.allclose(found, self.slopes(one, z), rtol=1e-13)

    @pytest.mark.skipif(not hasattr(np, "vecmat"), reason="vecmat is new in NumPy 2.2")
    def test_matrices(self):
        def loss(x):
            return np.real(np.sum(self.a * np.vecmat(x, self.m) + np.matvec(self.m, x)))

        assert np.allclose(tg.grad(loss)(self.b), self.slopes(loss, self.b), rtol=1e-13)

    def test_a_real_operand_beside_a_complex_one_has_a_real_gradient(self):
        x = self.a.real.copy()
        found = tg.grad(lambda v: np.real(np.vdot(v, self.b)))(x)
        assert found.dtype == np.float64
        assert np.allclose(found, self.b.real, rtol=1e-15)


def test_axes_may_be_numpys_integers():
    x, y = Tensor(integers(RNG, 3, 2)), integers(RNG, 4, 3)
    found = tg.grad(lambda v: np.sum(np.vecdot(v, y[:2], axes=list(np.array([0, 1])))))(x.data)
    assert np.array_equal(found, y[:2].T)


class TestMessages:
    def test_lengths_that_do_not_fit(self):
        with pytest.raises(ValueError, match=r"^np\.cross: (?s:.*)\(a \(4,\), b \(4,\)\)$"):
            np.cross(Tensor(np.ones(4)), np.ones(4))
        with pytest.raises(ValueError, match=r"np\.vdot: cannot reshape .* \(a \(4,\), b \(3,\)\)"):
            np.vdot(Tensor(np.ones(4)), np.ones(3))

    def test_what_chooses_takes_no_tensor(self):
        with pytest.raises(TypeError, match=r"np\.outer: the argument 'out'"):
            np.outer(Tensor(A), A, out=np.zeros((6, 6)))
        with pytest.raises(TypeError, match=r"np\.cross: 'axisa' has no derivative"):
            np.cross(Tensor(np.ones(3)), np.ones(3), axisa=Tensor(0.0))


def test_second_order_of_a_triple_product():
    x = RNG.normal(size=3)
    u, v = RNG.normal(size=3), RNG.normal(size=3)

    def volume_squared(a):
        return np.inner(a, np.cross(u, v)) ** 2

    normal = np.cross(u, v)
    assert np.allclose(tg.hessian(volume_squared)(x), 2 * np.outer(normal, normal), rtol=1e-13)


def test_the_gradient_of_a_kronecker_product_is_its_blocks():
    b = integers(RNG, 2, 3)
    found = backwards(lambda a: np.kron(a, b), integers(RNG, 2, 2))
    assert np.array_equal(found[0], [b[0, 0], 0, 0, 0])
    assert np.array_equal(found.reshape(2, 2, 2, 3, 4)[1, :, 0, :, 2], b)
