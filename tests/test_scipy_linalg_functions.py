"""SciPy's functions of a matrix, and matrix equations: references, edges, what is refused."""

import functools

import mpmath
import numpy as np
import pytest
import scipy.linalg
from matrices import close, gradient_by_differences

import tinygrad_np as tg
from tinygrad_np import Tensor
from tinygrad_np.scipy import linalg

RNG = np.random.default_rng(0)
A, W = RNG.standard_normal((2, 3, 3))
P = A @ A.T + 3 * np.eye(3)
JORDAN = np.eye(3) + np.eye(3, k=1)


def by_differences(loss, a, tolerance=1e-7):
    """Whether the gradient is that of differences of SciPy's own function."""
    return close(tg.grad(loss)(a), gradient_by_differences(loss, a), tolerance)


def weighted(function, weights=W):
    return lambda a: np.sum(weights * np.real(function(a)))


class TestFunctionsOfAMatrix:
    @pytest.mark.parametrize("name", ["expm", "logm", "sqrtm", "cosm", "sinm", "tanm", "sinhm"])
    @pytest.mark.parametrize(
        "a", [P / 3, JORDAN, np.eye(3)], ids=["distinct", "defective", "equal"]
    )
    def test_against_mpmath(self, name, a):
        reference = {
            "expm": mpmath.expm, "logm": mpmath.logm, "sqrtm": mpmath.sqrtm, "cosm": mpmath.cosm,
            "sinm": mpmath.sinm, "tanm": lambda x: mpmath.cosm(x) ** -1 * mpmath.sinm(x),
            "sinhm": lambda x: (mpmath.expm(x) - mpmath.expm(-x)) / 2,
        }[name]  # fmt: skip
        with mpmath.workdps(60):
            base, step = mpmath.matrix(a.tolist()), mpmath.mpf(10) ** -20
            change = step * mpmath.matrix(W.tolist())
            expected = (reference(base + change) - reference(base - change)) / (2 * step)
            expected = np.array(expected.apply(mpmath.re).tolist(), float)
        found = tg.jvp(getattr(linalg, name), [a], [W])[1]
        assert np.max(np.abs(found - expected)) < 2e-13 * np.max(np.abs(expected))

    def test_third_derivatives(self):
        def loss(s):
            return linalg.expm(s * A)[0, 1]

        third = tg.grad(tg.grad(tg.grad(loss)))(0.5)
        assert np.isclose(third, (A @ A @ A @ scipy.linalg.expm(A / 2))[0, 1], rtol=1e-12)

        def root(s):
            return linalg.sqrtm(s * P)[0, 1]

        third = tg.grad(tg.grad(tg.grad(root)))(1.0)
        assert np.isclose(third, 3 / 8 * scipy.linalg.sqrtm(P)[0, 1], rtol=1e-11)

    def test_real_matrices_with_a_complex_result(self):
        a, on = np.array([[-1.0, 0.3], [0.2, 2.0]]), W[:2, :2]
        for function in (linalg.logm, linalg.sqrtm):
            for part in (np.real, np.imag):
                loss = functools.partial(lambda a, f, p: np.sum(on * p(f(a))), f=function, p=part)
                assert by_differences(loss, a)
                assert tg.grad(loss)(a).dtype == np.float64

    @pytest.mark.filterwarnings("ignore:The logm input matrix", "ignore:Matrix is singular")
    @pytest.mark.parametrize(
        ("function", "a"),
        [
            (linalg.logm, -np.eye(2)),
            (linalg.sqrtm, -np.eye(2)),
            (linalg.logm, np.diag([0.0, 1.0])),
            (linalg.signm, np.array([[0.0, -1.0], [1.0, 0.0]])),
        ],
    )
    def test_at_a_cut_or_a_branch_point_it_raises(self, function, a):
        with pytest.raises(ValueError, match=r"scipy\.linalg\.\w+: an eigenvalue lies at a cut"):
            tg.grad(weighted(function, W[:2, :2]))(a)

    @pytest.mark.filterwarnings("ignore:Matrix is singular")
    def test_the_root_of_a_singular_matrix(self):
        with pytest.raises(ValueError, match=r"scipy\.linalg\.sqrtm: the matrix is singular"):
            tg.grad(weighted(linalg.sqrtm, W[:2, :2]))(np.diag([0.0, 4.0]))
        found = tg.grad(lambda a: np.real(linalg.sqrtm(a))[1, 1])(np.diag([0.0, 4.0]))
        assert close(found, np.diag([0.0, 0.25]), 1e-15)

    def test_powers(self):
        assert by_differences(lambda t: linalg.fractional_matrix_power(P, t)[0, 1], np.array(0.3))
        exact = (P @ P @ scipy.linalg.logm(P))[0, 1]  # d/dt Aᵗ = Aᵗ·log A, also where t is whole
        found = tg.grad(lambda t: linalg.fractional_matrix_power(P, t)[0, 1])(2.0)
        assert np.isclose(found, exact, rtol=1e-12)
        singular = np.diag([0.0, 2.0])
        found = tg.grad(lambda a: np.sum(linalg.fractional_matrix_power(a, 2)))(singular)
        assert close(found, tg.grad(lambda a: np.sum(a @ a))(singular), 1e-15)
        with pytest.raises(ValueError, match="negative eigenvalues has a real power only"):
            tg.grad(lambda t: linalg.fractional_matrix_power(-P, t)[0, 0])(2.0)

    def test_funm(self):
        found = tg.grad(lambda a: np.sum(W * linalg.funm(a, lambda w: np.exp(w / 9))))(P)
        assert close(found, tg.grad(lambda a: np.sum(W * linalg.expm(a / 9)))(P), 1e-11)
        hidden = Tensor(2.0)
        for a in (P, Tensor(P)):
            with pytest.raises(TypeError):
                linalg.funm(a, lambda w: w * hidden)
        with pytest.raises(ValueError, match="values coincide"):
            tg.grad(lambda a: np.sum(W * linalg.funm(a, np.exp)))(np.eye(3))
        with pytest.raises(ValueError, match=r"funm: the estimated error of disp=False"):
            linalg.funm(Tensor(P), np.exp, disp=False)

    def test_polar_factors_of_an_orthogonal_matrix(self):
        q = np.linalg.qr(A)[0]
        for side in ("left", "right"):
            for i in (0, 1):
                assert by_differences(weighted(lambda a, i=i, s=side: linalg.polar(a, s)[i]), q)
        with pytest.raises(ValueError, match=r"scipy\.linalg\.polar: the matrix has not full rank"):
            linalg.polar(Tensor(np.ones((2, 2))))

    def test_frechet_derivative(self):
        assert by_differences(weighted(lambda a: linalg.expm_frechet(a, W, compute_expm=False)), A)
        along = A + 1j * W  # a real matrix in a complex direction
        assert by_differences(weighted(lambda a: linalg.expm_frechet(a, along)[1] * (1 + 2j)), A)
        whole = linalg.expm_frechet(Tensor(A), W)
        assert np.array_equal(whole[1].data, scipy.linalg.expm_frechet(A, W)[1])


class TestMatrixEquations:
    def test_lyapunov_is_a_linear_system(self):
        def kronecker(a):
            return np.linalg.solve(np.kron(a, np.eye(3)) + np.kron(np.eye(3), a), P.ravel())

        jacobian = tg.jacobian(lambda a: np.ravel(linalg.solve_continuous_lyapunov(a, P)))(A)
        step = 1e-6 * W
        expected = (kronecker(A + step) - kronecker(A - step)) / 2e-6
        assert close(jacobian.reshape(9, 9) @ W.ravel(), expected, 1e-6)

    @pytest.mark.parametrize("name", ["solve_continuous_are", "solve_discrete_are"])
    def test_riccati_of_one_row(self, name):
        # 2ax − x²b²/r + q = 0, and x = a²x·r/(r + b²x) + q
        a, b, q, r = (mpmath.mpf(x) for x in (0.7, 1.3, 0.9, 1.7))

        def exact(a, b, q, r):
            if name == "solve_continuous_are":
                m = b * b / r
                return (a + mpmath.sqrt(a * a + q * m)) / m
            m = b * b / r
            half = (m * q + a * a - 1) / (2 * m)
            return half + mpmath.sqrt(half * half + q / m)

        args = [np.array([[float(x)]]) for x in (a, b, q, r)]
        found = tg.grad(lambda *x: getattr(linalg, name)(*x)[0, 0], argnums=(0, 1, 2, 3))(*args)
        for i, g in enumerate(found):
            order = [0] * 4
            order[i] = 1
            assert np.isclose(g[0, 0], float(mpmath.diff(exact, (a, b, q, r), order)), rtol=1e-12)

    def test_a_singular_r_is_refused(self):
        eye = np.eye(3)
        with pytest.raises(ValueError, match="a singular r has no derivative rule; add a small"):
            linalg.solve_discrete_are(Tensor(A), eye, eye, np.zeros((3, 3)))
