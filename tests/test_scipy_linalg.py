"""SciPy's linear algebra: independent references, edges, what is refused, SciPy's own values."""

import functools
import importlib.metadata

import numpy as np
import pytest
import scipy.linalg
from matrices import close, gradient_by_differences

import tinygrad_np as tg
from tinygrad_np import Tensor
from tinygrad_np.core.table import TABLE
from tinygrad_np.scipy import linalg

VERSION = tuple(map(int, importlib.metadata.version("scipy").split(".")[:2]))
STACKS = pytest.mark.skipif(VERSION < (1, 15), reason="SciPy takes stacks since 1.15")

RNG = np.random.default_rng(0)
A, W = RNG.standard_normal((2, 3, 3))
P = A @ A.T + 3 * np.eye(3)
B, V = RNG.standard_normal((3, 2)), RNG.standard_normal(3)


def symmetric(a):
    return (a + np.conjugate(np.swapaxes(a, -1, -2))) / 2


def by_differences(loss, a, tolerance=1e-7):
    """Whether the gradient is that of differences of SciPy's own function."""
    return close(tg.grad(loss)(a), gradient_by_differences(loss, a), tolerance)


class TestValues:
    @pytest.mark.parametrize(
        "name",
        [
            "inv",
            "det",
            "pinv",
            "cholesky",
            "lu_factor",
            "lu",
            "qr",
            "rq",
            "svd",
            "eigh",
            "eig",
            "expm",
            "sqrtm",
            "logm",
            "polar",
            "toeplitz",
            "circulant",
            "norm",
        ],
    )
    def test_are_scipys_own_bits(self, name):
        a = P[0] if name in ("toeplitz", "circulant") else P
        ours, theirs = getattr(linalg, name), getattr(scipy.linalg, name)
        for x in (a, Tensor(a)):
            found, expected = ours(x), theirs(a)
            found, expected = [y if isinstance(y, tuple) else (y,) for y in (found, expected)]
            assert len(found) == len(expected)
            for one, other in zip(found, expected, strict=True):
                assert np.array_equal(getattr(one, "data", one), other)

    @pytest.mark.parametrize("name", ["inv", "cholesky", "lu_factor", "eigh", "svdvals", "qr"])
    def test_a_tensor_is_never_overwritten(self, name):
        t = Tensor(np.asfortranarray(P))
        getattr(linalg, name)(t, overwrite_a=True)
        assert np.array_equal(t.data, P)

    def test_neither_is_what_a_rule_needs(self):
        b = np.asfortranarray(B)
        tg.grad(lambda a: np.sum(linalg.solve(a, b, overwrite_a=True, overwrite_b=True)))(P)
        linalg.solve_triangular(Tensor(P), b, overwrite_b=True)
        assert np.array_equal(b, B)

    def test_vectors_have_scipys_signs(self):
        flip = np.diag([1.0, -1.0, 1.0])
        for a in (P, flip @ P @ flip):
            for find in (lambda a: linalg.eigh(a)[1], lambda a: linalg.svd(a)[0]):
                v = find(a)
                assert np.array_equal(find(Tensor(a)).data, v)

                def near(a, v=v, find=find):  # a sign may change with the rounding of a
                    return find(a) * np.sign(np.sum(v * find(a), 0))

                tangent = tg.jvp(find, [a], [symmetric(W)])[1]
                step = 1e-6 * symmetric(W)
                assert close(tangent, (near(a + step) - near(a - step)) / 2e-6, 1e-7)


class TestEquations:
    @pytest.mark.parametrize("lower", [False, True])
    @pytest.mark.parametrize("kind", ["sym", "her", "pos"])
    def test_of_a_symmetric_matrix_one_triangle_is_read(self, kind, lower):
        spoilt = P + (np.triu if lower else np.tril)(np.full((3, 3), 7.0), 1 if lower else -1)

        def loss(a):
            return V @ linalg.solve(a, V, assume_a=kind, lower=lower)

        value, gradient = tg.value_and_grad(loss)(spoilt)
        inverse = np.linalg.inv(P)
        assert np.isclose(value, V @ inverse @ V)
        assert close(gradient, -np.outer(inverse @ V, inverse @ V), 1e-12)

    def test_of_a_complex_symmetric_matrix_too(self):
        a = P + 1j * symmetric(W)

        def loss(a):
            return np.real(linalg.solve(a, V, assume_a="sym")[0])

        found = tg.grad(loss)(a)
        assert np.array_equal(found, found.T)
        inverse = np.linalg.inv(a)
        assert close(found, symmetric_part(-np.outer(inverse[0], inverse @ V)), 1e-12)

    @pytest.mark.skipif(VERSION < (1, 15), reason="SciPy knows these since 1.15")
    def test_what_is_not_read_has_gradient_0(self):
        for kind, read in (
            ("diagonal", np.eye(3, dtype=bool)),
            ("upper triangular", ~np.tri(3, k=-1, dtype=bool)),
            ("lower triangular", np.tri(3, dtype=bool)),
        ):
            loss = functools.partial(
                lambda a, kind: np.sum(linalg.solve(a, V, assume_a=kind)), kind=kind
            )
            found = tg.grad(loss)(P)
            assert np.array_equal(found != 0, read)
            assert close(found, gradient_by_differences(loss, P), 1e-7)
        for kind in (None, "general", "banded"):
            assert by_differences(
                lambda a, k=kind: np.sum(linalg.solve(a, V, assume_a=k)), np.triu(P)
            )

    def test_a_factored_matrix_is_as_good_as_the_matrix(self):
        expected = tg.grad(lambda a: np.sum(B * np.linalg.solve(a, B)))(P)
        for solved in (
            lambda a: linalg.lu_solve(linalg.lu_factor(a), B),
            lambda a: linalg.lu_solve(linalg.lu_factor(a.T), B, trans=1),
        ):
            assert close(tg.grad(lambda a, f=solved: np.sum(B * f(a)))(P), expected, 1e-12)
        for lower in (False, True):

            def loss(a, lower=lower):
                return np.sum(B * linalg.cho_solve(linalg.cho_factor(a, lower), B))

            assert close(
                tg.grad(loss)(P), expected, 1e-12
            )  # symmetric, since B stands on both sides
            assert close(tg.hessian(lambda s: loss(s * P))(1.0), 2 * loss(P), 1e-10)

    def test_tensors_may_be_either_part_of_a_pair(self):
        c = np.triu(P)
        by_b = tg.grad(lambda b: np.sum(linalg.cho_solve((c, False), b)))(V)
        assert close(by_b, np.linalg.solve(c.T @ c, np.ones(3)), 1e-12)
        assert by_differences(lambda c: np.sum(linalg.cho_solve((c, False), V)), c)
        assert by_differences(lambda r: np.sum(linalg.solve_toeplitz(([4.0, 1, 2], r), V)), V)
        assert by_differences(
            lambda t: linalg.solve_toeplitz(([t, 1.0, 2.0], V), V)[0], np.array(4.0)
        )

    def test_bands_are_the_matrix(self):
        ab = np.array([[0.0, 1, 2, 3], [9, 8, 7, 6], [1, 2, 1, 0]])

        def dense(ab):
            return np.diag(ab[0, 1:], 1) + np.diag(ab[1]) + np.diag(ab[2, :-1], -1)

        x = RNG.standard_normal((4, 2))
        for b in (x, x[:, 0]):
            found = tg.grad(lambda ab, b=b: np.sum(linalg.solve_banded((1, 1), ab, b) ** 2))(ab)
            expected = tg.grad(lambda ab, b=b: np.sum(np.linalg.solve(dense(ab), b) ** 2))(ab)
            assert close(found, expected, 1e-12)
        upper = ab[:2]

        def whole(ab):
            return np.diag(ab[0, 1:], 1) + np.diag(ab[1]) + np.diag(ab[0, 1:], -1)

        expected = tg.grad(lambda ab: np.sum(np.linalg.solve(whole(ab), x) ** 2))(upper)
        found = tg.grad(lambda ab: np.sum(linalg.solveh_banded(ab, x) ** 2))(upper)
        assert close(found, expected, 1e-12)

        def factored(ab):
            return np.sum(linalg.cho_solve_banded((linalg.cholesky_banded(ab), False), x) ** 2)

        assert close(tg.grad(factored)(upper), expected, 1e-12)
        values = tg.grad(lambda ab: linalg.eigvals_banded(ab)[0])(upper)
        assert close(values, tg.grad(lambda ab: np.linalg.eigvalsh(whole(ab))[0])(upper), 1e-12)

    def test_the_logarithm_of_a_determinant(self):
        def loss(a):
            return 2 * np.sum(np.log(np.diag(linalg.cholesky(a, lower=True))))

        inverse = np.linalg.inv(P)
        assert close(tg.grad(loss)(P), inverse, 1e-12)
        (product,) = tg.hvp(loss, [P], [symmetric(W)])
        assert close(product, -inverse @ symmetric(W) @ inverse, 1e-12)

    def test_singular_matrices(self):
        assert tg.grad(linalg.det)(np.diag([0.0, 2.0])).tolist() == [[2, 0], [0, 0]]
        with pytest.raises(np.linalg.LinAlgError, match=r"scipy\.linalg\.solve"):
            linalg.solve(Tensor(np.zeros((2, 2))), np.ones(2))
        low = RNG.standard_normal((3, 2))
        rank_two = low @ low.T
        assert close(tg.grad(lambda x: np.sum(linalg.pinvh(x @ x.T)))(low),
                     tg.grad(lambda x: np.sum(np.linalg.pinv(x @ x.T)))(low), 1e-9)  # fmt: skip
        assert linalg.pinv(Tensor(rank_two), return_rank=True)[1] == 2

    def test_float32_stays(self):
        a = P.astype(np.float32)
        for loss in (
            lambda a: np.sum(linalg.solve(a, V.astype(np.float32))),
            lambda a: linalg.expm(a / 9)[0, 0],
            lambda a: linalg.svdvals(a)[0],
            lambda a: linalg.norm(a, np.inf),  # for which SciPy gives a Python number
        ):
            assert tg.grad(loss)(a).dtype == np.float32


def symmetric_part(a):
    return (a + a.T) / 2


class TestFactorisations:
    @pytest.mark.parametrize("number", [1, 2, 3])
    def test_generalised_eigenvalues(self, number):
        q = symmetric(W) / 9 + np.eye(3)

        def loss(a, b):
            w, v = linalg.eigh(symmetric(a), symmetric(b), type=number)
            return np.sum(V * w) + np.sum(W * v * v)

        assert by_differences(lambda a: loss(a, q), P)
        assert by_differences(lambda b: loss(P, b), q)

    def test_some_of_the_eigenvalues(self):
        for kwargs in ({"subset_by_index": (1, 2)}, {"subset_by_value": (5.0, np.inf)}):

            def loss(a, kwargs=kwargs):
                w, v = linalg.eigh(symmetric(a), **kwargs)
                return np.sum(w**2) + np.sum(W[:, : w.size] * v * v)

            assert by_differences(loss, P)
        d, e = np.array([1.0, 3.0, 2.0]), np.array([0.5, 0.7])

        def tridiagonal(d, e):
            w, v = linalg.eigh_tridiagonal(d, e, select="v", select_range=(1.5, 9))
            return np.sum(w**3) + np.sum(v[0] ** 2)

        assert by_differences(lambda d: tridiagonal(d, e), d)
        assert by_differences(lambda e: tridiagonal(d, e), e)

    def test_equal_values_follow_the_policy_of_numpys(self):
        projector = tg.grad(lambda a: np.sum(W * (lambda v: v @ v.T)(linalg.eigh(a)[1][:, :2])))
        a = np.diag([1.0, 1.0, 2.0])
        assert close(
            projector(a),
            tg.grad(lambda a: np.sum(W * (lambda v: v @ v.T)(np.linalg.eigh(a)[1][:, :2])))(a),
            1e-12,
        )
        with pytest.raises(ValueError, match="two values coincide"):
            tg.grad(lambda a: linalg.eigvalsh(a)[0])(a)

    @pytest.mark.parametrize("shape", [(3, 3), (4, 2), (2, 4)])
    def test_lu_in_all_of_its_forms(self, shape):
        a, rng = RNG.standard_normal(shape), np.random.default_rng(1)
        k = min(shape)
        on_l, on_u = rng.standard_normal((shape[0], k)), rng.standard_normal((k, shape[1]))
        for kwargs in ({}, {"permute_l": True}, {"p_indices": True}):

            def loss(a, kwargs=kwargs):
                *_, low, up = linalg.lu(a, **kwargs)
                return np.sum(on_l * low) + np.sum(on_u * up)

            assert by_differences(loss, a)
        weights = rng.standard_normal(shape)
        assert by_differences(lambda a: np.sum(weights * linalg.lu_factor(a)[0]), a)
        assert type(linalg.lu_factor(Tensor(a))[1]) is np.ndarray

    @pytest.mark.filterwarnings("ignore:Diagonal number 2 is exactly zero")
    def test_lu_of_a_singular_matrix_is_refused_backwards(self):
        with pytest.raises(ValueError, match=r"scipy\.linalg\.lu: a pivot is 0, .*; add a small"):
            tg.grad(lambda a: np.sum(linalg.lu_factor(a)[0]))(np.ones((2, 2)))

    def test_pivoted_qr(self):
        for mode in ("full", "economic", "r"):

            def loss(a, mode=mode):
                *q, r, _ = linalg.qr(a, mode=mode, pivoting=True)
                return np.sum(r**3) + (np.sum(q[0][:, :2] ** 3) if q else 0)

            assert by_differences(loss, RNG.standard_normal((4, 2)) * [1, 3])

    def test_left_vectors_of_eig(self):
        def loss(a):
            w, left, right = linalg.eig(a, left=True)
            return np.sum(np.real(w) * V) + np.sum(W * np.abs(left) ** 2 + np.abs(right) ** 4)

        assert by_differences(loss, A)
        assert by_differences(lambda b: np.real(linalg.eigvals(A, b)[0]), P)


class TestStructure:
    def test_lists_with_tensors(self):
        found = tg.grad(lambda t: np.sum(W[:2, :2] * linalg.block_diag([[t]], 3.0)))(2.0)
        assert found == W[0, 0]
        assert tg.grad(lambda t: np.sum(linalg.toeplitz([1.0, t], [0.0, t * t])))(3.0) == 7.0
        assert tg.grad(lambda t: np.sum(linalg.circulant([t, 1.0])))(3.0) == 2.0
        product = tg.grad(
            lambda t: np.sum(linalg.matmul_toeplitz(([t, 1.0], [t, 2.0]), np.ones(2)))
        )
        assert product(3.0) == 2.0

    @pytest.mark.parametrize("mode", ["full", "same", "valid"])
    @pytest.mark.parametrize(("m", "n"), [(3, 5), (5, 3), (4, 4), (1, 3)])
    def test_convolution_matrix(self, m, n, mode):
        a = np.arange(1.0, m + 1)
        row = linalg.convolution_matrix(Tensor(a), n, mode)
        assert np.array_equal(row.data, scipy.linalg.convolution_matrix(a, n, mode))
        weights = RNG.standard_normal(row.shape)
        assert by_differences(lambda a: np.sum(weights * linalg.convolution_matrix(a, n, mode)), a)


@STACKS
class TestStacks:
    @pytest.mark.parametrize(
        "name", ["inv", "expm", "cholesky", "sqrtm", "tanm", "pinv", "svdvals", "eigvalsh", "det"]
    )
    def test_of_matrices(self, name):
        a = np.stack([P, P + np.diag([1.0, 2.0, 3.0])])
        function = getattr(linalg, name)
        found = tg.grad(lambda a: np.sum(function(symmetric(a)) ** 2))(a)
        each = [tg.grad(lambda a: np.sum(function(symmetric(a)) ** 2))(x) for x in a]
        assert close(found, np.stack(each), 1e-12)

    def test_of_equations(self):
        a, b = np.stack([P, P + 1]), RNG.standard_normal((2, 3, 2))
        for function in (linalg.solve, linalg.solve_triangular):
            for columns in (b, b[0]):
                assert by_differences(lambda a, f=function, b=columns: np.sum(f(a, b) ** 2), a)
                assert by_differences(lambda b, f=function: np.sum(f(a, b) ** 2), columns)

    @pytest.mark.parametrize("name", ["lu", "qr", "lu_factor", "eigh", "svd", "cho_factor", "eig"])
    def test_of_factorisations(self, name):
        a, function = np.stack([P, P + np.diag([1.0, 2.0, 3.0])]), getattr(linalg, name)

        def loss(a):
            found = [x for x in function(symmetric(a)) if np.ndim(x) > 1 and x.dtype.kind in "fc"]
            return np.sum(np.abs(found[-1]) ** 3)

        assert close(tg.grad(loss)(a), np.stack([tg.grad(loss)(x) for x in a]), 1e-12)

    def test_what_takes_none_says_so(self):
        for function in (linalg.logm, linalg.polar, linalg.toeplitz):
            with pytest.raises(ValueError, match=r"scipy\.linalg\.\w+: takes .* np\.stack"):
                function(Tensor(np.stack([P, P])))


class TestRefused:
    @pytest.mark.parametrize(
        ("call", "message"),
        [
            (
                lambda t: linalg.schur(t),
                r"scipy\.linalg\.schur does not take a Tensor: .*; use eig",
            ),
            (lambda t: linalg.orth(t), r"orth does not take a Tensor: .* pinv\(a\), the projector"),
            (lambda t: linalg.blas.ddot(t, t), r"scipy\.linalg\.blas\.ddot has no derivative rule"),
            (lambda t: linalg.eig(P, t), r"scipy\.linalg\.eig: 'b' has no derivative rule"),
            (lambda t: linalg.pinv(P, rtol=t), r"scipy\.linalg\.pinv: 'rtol' has no derivative"),
        ],
    )
    def test_by_name(self, call, message):
        with pytest.raises(TypeError, match=message):
            call(Tensor(P))

    @pytest.mark.parametrize(
        ("call", "message"),
        [
            (lambda t: linalg.qr(t, mode="raw"), r"scipy\.linalg\.qr: mode 'raw' does not take"),
            (lambda t: linalg.eig(t, P), r"scipy\.linalg\.eig: b and .*; use eigvals"),
            (lambda t: linalg.eigvals(t, homogeneous_eigvals=True), "eigvals: homogeneous"),
            (lambda t: linalg.solve_circulant(t, V, singular="lstsq"), "singular='lstsq' has no"),
            (lambda t: linalg.lstsq(t, V, lapack_driver="gelsy"), "lstsq: lapack_driver='gelsy'"),
        ],
    )
    def test_options(self, call, message):
        with pytest.raises(ValueError, match=message):
            call(Tensor(P))

    def test_an_argument_that_a_row_does_not_know(self):
        from tinygrad_np.scipy.linalg.own import taken

        kernel = taken("linalg.expm_frechet", "a e | check_finite")[1]["kernel"]
        with pytest.raises(TypeError, match=r"expm_frechet: the argument 'method' has no deriv"):
            kernel(A, W, method="blockEnlarge")

    def test_constants(self):
        t = Tensor(P)
        assert linalg.issymmetric(t, 1e-9) is True
        assert linalg.bandwidth(Tensor(np.triu(P))) == (0, 2)


@STACKS
class TestWhatSciPyGivesOfStacks:
    A = np.random.default_rng(5).normal(size=(2, 3, 3))

    def test_qr_of_a_stack_with_mode_r(self):
        # SciPy 1.17 gives the array itself, not a tuple of one.
        def triangle(a, pivoting=False):
            found = linalg.qr(a, mode="r", pivoting=pivoting)
            return found[0] if isinstance(found, (list, tuple)) else found

        t = np.cos(self.A)
        for pivoting in (False, True):
            value, slope = tg.jvp(lambda a: triangle(a, pivoting), self.A, t)  # noqa: B023
            assert np.array_equal(value, triangle(self.A, pivoting))
            for i in range(2):
                one = tg.jvp(lambda a: triangle(a, pivoting), self.A[i], t[i])[1]  # noqa: B023
                assert np.allclose(slope[i], one, rtol=1e-12)

    @pytest.mark.parametrize(
        ("name", "args"),
        [
            ("eigh_tridiagonal", (A[0], A[0, :, 1:])),
            ("solve_continuous_are", (A, A, A @ A.mT + np.eye(3), A @ A.mT + np.eye(3))),
            ("khatri_rao", (A, A)),
            ("cho_solve", ((A, np.array([True, True])), A)),
        ],
    )
    def test_stacks_without_a_rule_are_refused(self, name, args):
        first, *rest = args
        first = (Tensor(first[0]), first[1]) if isinstance(first, tuple) else Tensor(first)
        with pytest.raises(ValueError, match=f"scipy.linalg.{name}: takes one .*np.stack"):
            getattr(linalg, name)(first, *rest)


def test_lu_factor_of_a_vector_is_refused():
    with pytest.raises(ValueError, match="lu_factor"):
        linalg.lu_factor(Tensor(np.ones(3)))


class TestRealAndComplexMatricesTogether:
    # SciPy's own solutions are wrong there: it takes a real Schur form for a triangle.
    A = np.array([[3.0, -2.0], [2.0, 3.0]])
    Q = np.array([[1.0 + 1j, 2.0], [-1j, 0.5]])

    @pytest.mark.parametrize(("a", "b"), [(A, A), (A, A + 1j), (A + 1j, A)])
    def test_sylvester(self, a, b):
        eye = np.eye(2)

        def by_kron(a, b, q):
            matrix = np.kron(a, eye) + np.kron(eye, b.T)
            return np.linalg.solve(matrix, q.reshape(-1)).reshape(2, 2)

        def tangent(function):
            x = (a, b, self.Q)
            return tg.jvp(
                function, x, tuple([np.cos(np.arange(4.0)).reshape(2, 2) + 0 * y for y in x])
            )

        for one, other in zip(tangent(linalg.solve_sylvester), tangent(by_kron), strict=True):
            assert np.allclose(one, other, rtol=1e-12)

    def test_lyapunov_is_refused_and_the_remedy_works(self):
        with pytest.raises(ValueError, match=r"continuous_lyapunov: .*use a \+ 0j"):
            linalg.solve_continuous_lyapunov(self.A, Tensor(self.Q))
        x = linalg.solve_continuous_lyapunov(self.A + 0j, Tensor(self.Q)).data
        assert np.allclose(self.A @ x + x @ self.A.T, self.Q)


def test_expm_with_a_large_cotangent_keeps_its_digits():
    a, t = A + 25 * np.eye(3), np.cos(A)

    def slope(a):
        return tg.grad(lambda a: np.sum(linalg.expm(a) ** 2))(a)

    backwards = tg.grad(lambda a: np.sum(slope(a) * t))(a)
    assert np.allclose(backwards, tg.jvp(slope, a, t)[1], rtol=1e-9)


@pytest.mark.parametrize("name", ["solve_continuous_are", "solve_discrete_are"])
def test_a_riccati_solution_that_solves_another_equation_has_no_derivative(name, monkeypatch):
    """SciPy's own, balanced, is off by 5e-2 for some e and s."""
    function = getattr(linalg, name)
    a, q = 0.3 * A, P / 4

    def f(a):
        return function(a, B, q, np.eye(2))

    assert np.all(np.isfinite(tg.jacobian(f)(a)))
    wrong = f(a) + 1e-3 * np.eye(3)
    monkeypatch.setattr(TABLE[function], "kernel", lambda *args, **kwargs: wrong)
    with pytest.raises(ValueError, match=r"leaves .* pass balanced=False"):
        tg.jacobian(f)(a)
