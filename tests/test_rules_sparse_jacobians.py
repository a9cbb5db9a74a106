"""Jacobians and Hessians with a known pattern: as the dense ones, in a few sweeps."""

import numpy as np
import pytest
import scipy.optimize
import scipy.sparse

import tinygrad_np as tg


def broyden(x):
    """Broyden's tridiagonal function."""
    return (3 - 2 * x) * x - np.append(0.0, x[:-1]) - 2 * np.append(x[1:], 0.0) + 1


def rosenbrock(x):
    return np.sum(100 * (x[1:] - x[:-1] ** 2) ** 2 + (1 - x[:-1]) ** 2)


def band(n):
    ends = [np.ones(n - 1), np.ones(n), np.ones(n - 1)]
    return scipy.sparse.diags_array(ends, offsets=[-1, 0, 1])


X = np.linspace(-1, 1, 40)


class TestMatrices:
    @pytest.mark.parametrize("mode", [None, "forward", "reverse"])
    @pytest.mark.parametrize("form", ["csr", "csc", "coo", "dense", "bool"])
    def test_it_is_the_dense_one(self, mode, form):
        pattern = band(40).asformat(form) if form in ("csr", "csc", "coo") else band(40).toarray()
        pattern = pattern.astype(bool) if form == "bool" else pattern
        found = tg.jacobian(broyden, mode=mode, sparsity=pattern)(X)
        assert isinstance(found, scipy.sparse.csr_array)
        assert found.nnz == 3 * 40 - 2
        assert np.allclose(found.toarray(), tg.jacobian(broyden)(X), rtol=1e-14)

    def test_a_hessian(self):
        found = tg.hessian(rosenbrock, sparsity=band(40))(X)
        assert np.allclose(found.toarray(), tg.hessian(rosenbrock)(X), rtol=1e-14)

    def test_as_few_sweeps_as_there_are_colours(self):
        calls = []

        def counted(x):
            calls.append(1)
            return broyden(x)

        tg.jacobian(counted, mode="forward", sparsity=band(40))(X)
        assert len(calls) == 1 + 3
        calls.clear()
        # a column that is full: in reverse one sweep for each row, forwards two
        arrow = scipy.sparse.eye_array(40).tolil()
        arrow[:, 0] = 1
        found = tg.jacobian(lambda x: counted(x) * 0 + x * x[0], sparsity=arrow)(X)
        assert len(calls) == 1 + 2
        assert np.allclose(found.toarray(), tg.jacobian(lambda x: x * x[0])(X), rtol=1e-14)
        calls.clear()
        found = tg.jacobian(
            lambda x: np.append(x[1:] ** 2 + counted(x)[1:] * 0, np.sum(x**2)),
            sparsity=np.vstack([np.eye(40)[1:], np.ones(40)]),
        )(X)
        assert len(calls) == 1 + 1  # in reverse: one recorded graph, two sweeps through it
        assert found.nnz == 39 + 40

    def test_more_places_than_needed_hold_zeros(self):
        found = tg.jacobian(np.sin, sparsity=np.ones((3, 3)))(np.zeros(3))
        assert found.nnz == 9
        assert np.array_equal(found.toarray(), np.eye(3))

    @pytest.mark.parametrize("shape", [(0, 3), (3, 0), (0, 0)])
    def test_empty(self, shape):
        found = tg.jacobian(lambda x: np.zeros(shape[0]) + 0 * np.sum(x), sparsity=np.zeros(shape))(
            np.ones(shape[1])
        )
        assert found.shape == shape

    def test_dtypes_and_other_arguments(self):
        x = X.astype(np.float32)
        found = tg.jacobian(lambda a, x: a * broyden(x), argnums=1, sparsity=band(40))(2, x)
        assert tg.jacobian(np.sin, sparsity=np.eye(40))(x).dtype == np.float32
        assert np.allclose(found.toarray(), 2 * tg.jacobian(broyden)(X), rtol=1e-5)

    def test_scipys_solvers_take_it(self):
        jac = tg.jacobian(broyden, sparsity=band(40))
        found = scipy.optimize.least_squares(broyden, -np.ones(40), jac, xtol=1e-15, gtol=1e-12)
        assert np.max(np.abs(broyden(found.x))) < 1e-10
        found = scipy.optimize.minimize(
            rosenbrock, X, method="trust-constr", jac=tg.grad(rosenbrock),
            hess=tg.hessian(rosenbrock, sparsity=band(40)), options={"gtol": 1e-10},
        )  # fmt: skip
        assert np.allclose(found.x, 1, rtol=1e-8)


class TestRefusals:
    def test_a_pattern_that_lacks_entries(self):
        with pytest.raises(ValueError, match=r"^jacobian: row 0 has entries that the spars"):
            tg.jacobian(broyden, sparsity=np.eye(40))(X)
        with pytest.raises(ValueError, match=r"^hessian: row"):
            tg.hessian(rosenbrock, sparsity=np.eye(40))(X)

    def test_an_entry_that_is_small_beside_other_rows(self):
        with pytest.raises(ValueError, match="row 1 has entries"):
            tg.jacobian(lambda x: np.stack([1e9 * x[0], x[0] + x[1]]), sparsity=np.eye(2))(
                np.ones(2)
            )
        with pytest.raises(ValueError, match="row 1 has entries"):
            tg.hessian(
                lambda x: 1e10 * x[0] ** 2 + x[1] * x[2] + x[1] ** 2 + x[2] ** 2, sparsity=np.eye(3)
            )(np.ones(3))

    def test_nan_is_no_missing_entry(self):
        with np.errstate(invalid="ignore"):
            found = tg.jacobian(np.sqrt, sparsity=np.eye(2))(np.array([-1.0, 4.0]))
        assert np.array_equal(found.data, [np.nan, 0.25], equal_nan=True)

    def test_complex_numbers(self):
        with pytest.raises(TypeError, match="the argument is real"):
            tg.jacobian(np.abs, sparsity=np.eye(2))(np.array([1j, 2.0]))
        with pytest.raises(TypeError, match="a complex result goes forward"):
            tg.jacobian(lambda x: 1j * x, mode="reverse", sparsity=np.eye(2))(np.ones(2))

    def test_shapes(self):
        with pytest.raises(ValueError, match=r"of shape \(40,\), not ndarray of shape \(3"):
            tg.jacobian(broyden, sparsity=band(40))(np.ones(3))
        with pytest.raises(ValueError, match=r"not float of shape \(\)"):
            tg.jacobian(broyden, sparsity=band(40))(1.0)
        with pytest.raises(ValueError, match=r"result has shape \(\) where the sparsity has 40"):
            tg.jacobian(rosenbrock, sparsity=band(40))(X)

    def test_what_does_not_go_together(self):
        with pytest.raises(TypeError, match="with sparsity there is one argument and no aux"):
            tg.jacobian(broyden, has_aux=True, sparsity=band(40))
        with pytest.raises(TypeError, match="with sparsity there is one argument and no aux"):
            tg.hessian(rosenbrock, argnums=(0,), sparsity=band(40))
        with pytest.raises(ValueError, match="mode must be"):
            tg.jacobian(broyden, mode="both", sparsity=band(40))

    def test_it_has_no_derivative_itself(self):
        jac = tg.jacobian(lambda x, a: a * broyden(x), sparsity=band(40))
        with pytest.raises(TypeError, match="with sparsity it has no derivative itself"):
            tg.grad(lambda a: jac(X, a).data.sum())(2.0)
