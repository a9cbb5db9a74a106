"""Equations, inverses, determinants, pseudo-inverses: ranks, singular matrices, messages."""

from fractions import Fraction
from itertools import permutations

import numpy as np
import pytest
from matrices import (
    close,
    dagger,
    gradient_by_differences,
    hermitian,
    hermitian_with,
    matrix_with,
    random_like,
    weighed,
)

import tinygrad_np as tg
from tinygrad_np import Tensor
from tinygrad_np.core.table import REFUSED, TABLE
from tinygrad_np.rules import load
from tinygrad_np.rules.factors import cofactors

KINDS = pytest.mark.parametrize("kind", ["f", "c"])
RNG = np.random.default_rng(11)


def test_every_function_of_linalg_has_its_place():
    load()
    functions = [getattr(np.linalg, name) for name in np.linalg.__all__]
    missing = [f for f in functions if f not in TABLE and f is not np.linalg.LinAlgError]
    assert not missing
    assert not set(functions) & set(REFUSED)


class TestSolve:
    def test_a_vector_is_one_even_for_a_stack_of_matrices(self):
        a = np.stack([matrix_with(2, 2, (2, 1), seed=i) for i in range(3)])
        by_a, by_b = tg.grad(lambda a, b: np.sum(np.linalg.solve(a, b) ** 2), (0, 1))(a, np.ones(2))
        assert by_a.shape == (3, 2, 2)
        assert by_b.shape == (2,)
        # (3, 2) is a stack of nothing: two equations against three
        with pytest.raises(ValueError, match="solve"):
            np.linalg.solve(Tensor(a), np.ones((3, 2)))
        columns = tg.grad(lambda b: np.sum(np.linalg.solve(a, b) ** 2))(np.ones((3, 2, 1)))
        assert np.allclose(columns.sum(0)[:, 0], by_b)

    def test_real_and_complex_and_both_precisions(self):
        a = matrix_with(2, 2, (2, 1))
        b = np.array([1.0, 2.0], np.float32)
        loss = lambda a, b: np.sum(np.absolute(np.linalg.solve(a, b)) ** 2)  # noqa: E731
        by_a, by_b = tg.grad(loss, (0, 1))(a + 0.1j, b)
        assert (by_a.dtype, by_b.dtype) == (complex, np.float32)
        assert close(
            by_b, gradient_by_differences(lambda b: loss(a + 0.1j, b), b.astype(float)), 1e-6
        )

    def test_a_singular_matrix_raises_as_in_numpy(self):
        for function in (np.linalg.inv, lambda a: np.linalg.solve(a, np.ones(2))):
            with pytest.raises(np.linalg.LinAlgError, match="Singular"):
                function(Tensor(np.ones((2, 2))))

    @pytest.mark.parametrize("shape", [(0, 0), (0, 2, 2), (2, 0, 0)])
    def test_empty(self, shape):
        for function in (np.linalg.inv, lambda a: np.linalg.solve(a, np.ones(a.shape))):
            assert tg.grad(lambda a, f=function: np.sum(f(a)))(np.zeros(shape)).shape == shape

    def test_negative_strides_and_an_operand_used_twice(self):
        a = matrix_with(3, 3, (3, 2, 1))[::-1, ::-1]
        found = tg.grad(lambda a: np.sum(np.linalg.solve(a, a @ a)))(a)
        assert np.allclose(found, 1)


def leibniz(a):
    """The determinant as the sum of its products."""
    n = len(a)
    total = 0.0
    for order in permutations(range(n)):
        sign = np.linalg.det(np.eye(n)[list(order)]).round()
        product = sign
        for i, j in enumerate(order):
            product = product * a[i, j]
        total = total + product
    return total


def cofactors_of_fractions(a):
    """The cofactors of exactly these floating numbers, by elimination in fractions."""
    n = len(a)
    cofactors = np.empty((n, n))
    for i, j in np.ndindex(n, n):
        minor = [[Fraction(x) for x in row] for row in np.delete(np.delete(a, i, 0), j, 1).tolist()]
        product = Fraction((-1) ** (i + j))
        while minor:
            pivot = next((row for row in minor if row[0]), None)
            if pivot is None:
                product = Fraction(0)
                break
            place = minor.index(pivot)
            product *= pivot[0] * (-1) ** place
            rest = minor[:place] + minor[place + 1 :]
            minor = [
                [x - row[0] / pivot[0] * p for x, p in zip(row[1:], pivot[1:], strict=True)]
                for row in rest
            ]
        cofactors[i, j] = product
    return cofactors


def of_rank(n, rank, kind="f"):
    return matrix_with(n, n, np.arange(rank, 0, -1), kind, seed=rank) if rank else np.zeros((n, n))


RANKS = pytest.mark.parametrize(
    ("n", "rank"), [(n, rank) for n in (1, 2, 3, 4) for rank in range(n + 1)]
)


class TestDet:
    @RANKS
    @KINDS
    def test_the_gradient_of_any_rank(self, n, rank, kind):
        a = of_rank(n, rank, kind)
        real = lambda f: lambda a: np.real(f(a))  # noqa: E731
        found = tg.grad(real(np.linalg.det))(a)
        assert np.allclose(found, tg.grad(real(leibniz))(a), atol=1e-13)

    @RANKS
    def test_second_derivatives_of_any_rank_and_the_third_of_regular_matrices(self, n, rank):
        a = of_rank(n, rank)
        t, u = np.random.default_rng(1).standard_normal((2, n, n))

        def second(f):
            return lambda a: np.sum(t * tg.grad(f)(a))

        def third(f):
            return lambda a: np.sum(u * tg.grad(second(f))(a))

        for derivative in (second, third):
            if derivative is third and rank < n:
                with pytest.raises(ValueError, match=r"np\.linalg\.det: .*third.*small matrix"):
                    tg.grad(third(np.linalg.det))(a)
                continue
            found, expected = [tg.grad(derivative(f))(a) for f in (np.linalg.det, leibniz)]
            assert np.allclose(found, expected, atol=1e-12 * n)

    @pytest.mark.parametrize(
        ("condition", "is_refused"), [(9e3, False), (1.1e4, True), (np.inf, True)]
    )
    def test_a_matrix_without_a_third_derivative_refuses_it_for_its_stack(
        self, condition, is_refused
    ):
        """Also where the result does not depend on it."""
        regular, other = np.diag([3.0, 2.0, 1.0]), np.diag([1.0, 1.0, 1 / condition])

        def third(f, a):
            first = tg.grad(f)
            second = tg.grad(lambda a: np.sum(first(a) ** 2))
            return tg.grad(lambda a: np.sum(second(a)))(a)

        def found():
            return third(lambda a: np.linalg.det(a)[0], np.stack([regular, other]))

        if is_refused:
            with pytest.raises(ValueError, match=r"np\.linalg\.det: .*nearly so.*third"):
                found()
        else:
            expected = [third(leibniz, regular), np.zeros((3, 3))]
            assert np.allclose(found(), expected, atol=1e-11)

    @RANKS
    def test_forward_mode_of_any_rank(self, n, rank):
        a = of_rank(n, rank)
        t = np.random.default_rng(1).standard_normal((n, n))
        found, expected = [tg.jvp(f, [a], [t])[1] for f in (np.linalg.det, leibniz)]
        assert np.isclose(found, expected, rtol=1e-12, atol=1e-13)
        found = tg.grad(lambda a: tg.jvp(np.linalg.det, [a], [t])[1])(a)
        assert np.allclose(found, tg.grad(lambda a: tg.jvp(leibniz, [a], [t])[1])(a), atol=1e-12)

    def test_a_stack_of_all_ranks(self):
        stack = np.stack([of_rank(3, rank) for rank in (3, 0, 2, 1, 3, 2)]).reshape(2, 3, 3, 3)
        found = tg.grad(lambda a: np.sum(np.linalg.det(a)))(stack)
        for a, gradient in zip(stack.reshape(6, 3, 3), found.reshape(6, 3, 3), strict=True):
            assert np.allclose(gradient, tg.grad(leibniz)(a), atol=1e-13)

    @pytest.mark.parametrize("smallest", [1e-3, 1e-6, 1e-9, 1e-12, 1e-15, 1e-18])
    def test_nearly_singular_matrices_lose_nothing(self, smallest):
        a = matrix_with(4, 4, (2, 1, smallest, smallest / 2))
        t = np.random.default_rng(1).standard_normal((4, 4))
        first, second = [lambda a, f=f: np.sum(t * tg.grad(f)(a)) for f in (np.linalg.det, leibniz)]
        assert np.isclose(first(a), second(a), rtol=1e-10, atol=1e-15)
        assert close(tg.grad(first)(a), tg.grad(second)(a), 1e-11)

    def test_single_precision(self):
        for rank in (2, 3):
            a = of_rank(3, rank).astype(np.float32)
            gradient = tg.grad(np.linalg.det)(a)
            assert gradient.dtype == np.float32
            assert np.allclose(gradient, tg.grad(leibniz)(a.astype(float)), atol=1e-5)

    def test_large_matrices(self):
        a = np.eye(60) + RNG.standard_normal((60, 60)) / 60
        expected = np.linalg.det(a) * np.linalg.inv(a).T
        assert close(tg.grad(np.linalg.det)(a), expected, 1e-12)
        # the same with a row that is zero: the cofactors of that row alone
        a[7] = 0
        gradient = tg.grad(np.linalg.det)(a)
        change = np.random.default_rng(2).standard_normal(60)
        moved = a.copy()
        moved[7] = change
        assert np.isclose(gradient[7] @ change, np.linalg.det(moved), rtol=1e-11)
        assert np.abs(np.delete(gradient, 7, 0)).max() < 1e-13 * np.abs(gradient).max()

    @pytest.mark.parametrize(("kind", "size"), [("hilbert", 7), ("powers of 30", 7)])
    def test_ill_conditioned_matrices_against_exact_fractions(self, kind, size):
        i = np.arange(size)
        a = 1 / (i[:, None] + i + 1.0)
        if kind != "hilbert":
            a = matrix_with(size, size, 30.0**-i)
        exact = cofactors_of_fractions(a)
        # What rounding a does to the product of all singular values but the least.
        s = np.linalg.svd(a)[1]
        tolerance = 10 * np.finfo(float).eps * s[0] / s[-2]
        assert close(tg.grad(np.linalg.det)(a), exact, tolerance)

    def test_a_large_matrix_of_low_rank(self):
        a = matrix_with(40, 40, np.r_[np.ones(10), np.full(10, 1e-7)])
        gradient = tg.grad(np.linalg.det)(a)
        assert np.abs(gradient).max() < 1e-200
        assert not np.any(tg.grad(np.linalg.det)(np.zeros((40, 40))))

    def test_the_cofactors_are_the_minors_with_their_signs(self):
        a = np.array([[2.0, 1.0, 0.0], [0.0, 3.0, 1.0], [1.0, 0.0, 1.0]])
        assert close(a @ cofactors(a).T, 7 * np.eye(3), 1e-14)

    @pytest.mark.parametrize("shape", [(0, 0), (0, 2, 2), (2, 0, 0)])
    def test_empty(self, shape):
        for function in (np.linalg.det, lambda a: np.linalg.slogdet(a)[1]):
            assert tg.grad(lambda a, f=function: np.sum(f(a)))(np.zeros(shape)).shape == shape

    def test_what_is_not_a_number_stays_so(self):
        a = np.array([[1.0, np.nan], [0.0, 1.0]])
        with np.errstate(all="ignore"):
            assert np.isnan(tg.grad(np.linalg.det)(a)).any()


class TestSlogdet:
    def test_results_keep_their_type(self):
        a = matrix_with(2, 2, (2, 1))
        found = np.linalg.slogdet(Tensor(a))
        assert type(found) is type(np.linalg.slogdet(a))
        assert close(
            tg.grad(lambda a: np.linalg.slogdet(a).logabsdet)(a), np.linalg.inv(a).T, 1e-14
        )

    def test_the_sign_of_a_real_determinant_is_constant(self):
        assert not np.any(tg.grad(lambda a: np.linalg.slogdet(a)[0])(np.eye(2)))
        a = matrix_with(2, 2, (2, 1))
        product = lambda a: np.linalg.slogdet(a)[0] * np.exp(np.linalg.slogdet(a)[1])  # noqa: E731
        assert close(tg.grad(product)(a), tg.grad(np.linalg.det)(a), 1e-14)

    def test_that_of_a_complex_one_is_not(self):
        a = matrix_with(3, 3, (3, 2, 1), "c")

        def product(a):
            sign, log = np.linalg.slogdet(a)
            return np.real((1 + 2j) * sign * np.exp(log))

        expected = tg.grad(lambda a: np.real((1 + 2j) * np.linalg.det(a)))(a)
        assert close(tg.grad(product)(a), expected, 1e-13)

    @KINDS
    def test_a_singular_matrix_has_no_gradient_and_leaves_the_others_alone(self, kind):
        a = matrix_with(2, 2, (2, 1), kind)
        stack = np.stack([0 * a, a])
        gradient = tg.grad(lambda a: np.sum(np.linalg.slogdet(a)[1]))(stack)
        assert np.all(np.isnan(gradient[0]))
        assert close(gradient[1], np.linalg.inv(a).T, 1e-14)
        tangent = tg.jvp(lambda a: np.linalg.slogdet(a)[1], [stack], [stack])[1]
        assert np.isnan(tangent[0])
        assert np.isclose(tangent[1], 2)


class TestPinv:
    @KINDS
    @pytest.mark.parametrize("shape", [(4, 4), (4, 3), (3, 4)])
    def test_a_constant_rank_below_the_full_one(self, kind, shape):
        # a(x) = x·f has rank 2 for every x near the first
        start = matrix_with(shape[0], 2, (2, 1), kind)
        f = matrix_with(2, shape[1], (2, 1), kind)
        loss = lambda x: weighed(np.linalg.pinv(x @ f))  # noqa: E731
        assert close(tg.grad(loss)(start), gradient_by_differences(loss, start))

    @KINDS
    @pytest.mark.parametrize("values", [(2, 2, 1), (2, 1, 1), (3, 1, 1e-11), (2, 2, 2)], ids=str)
    @pytest.mark.parametrize("shape", [(3, 3), (4, 3), (3, 5)])
    def test_singular_values_that_rcond_drops(self, kind, values, shape):
        # 1 is dropped, though not small; 2 is kept, though it repeats
        a = matrix_with(*shape, values, kind)
        loss = lambda a: weighed(np.linalg.pinv(a, rcond=0.6))  # noqa: E731
        assert close(tg.grad(loss)(a), gradient_by_differences(loss, a))
        t = np.random.default_rng(0).standard_normal(shape)
        tangent = tg.jvp(loss, [a], [t.astype(a.dtype)])[1]
        assert np.isclose(tangent, np.sum(tg.grad(loss)(a) * t).real)

    def test_ill_conditioned_but_of_full_rank(self):
        a = matrix_with(3, 3, (1, 1e-3, 1e-7))
        found = tg.grad(lambda a: weighed(np.linalg.pinv(a)))(a)
        assert close(found, tg.grad(lambda a: weighed(np.linalg.inv(a)))(a), 1e-7)

    @pytest.mark.parametrize("smallest", [1e-2, 1e-3, 1e-4])
    def test_directions_that_leave_the_space_of_the_columns_alone(self, smallest):
        """Of a·(1 + w) it is (1 + w)⁻¹·a⁺; what the projectors take away is much larger."""
        for seed in range(20):
            a = matrix_with(5, 2, (1, smallest), "c", seed)
            w = random_like(np.random.default_rng(seed), "c", 2, 2)
            p, of_a = tg.jvp(np.linalg.pinv, [a], [a @ w])
            of_transpose = tg.jvp(np.linalg.pinv, [a.T], [(a @ w).T])[1].T
            by_reverse_mode = tg.vjp(np.linalg.pinv, a.T)[1](a @ w)[0]
            for found in (of_a, of_transpose, by_reverse_mode):
                assert close(found, -w @ p, 1e-14 / smallest)

    def test_the_second_derivative_where_singular_values_coincide(self):
        a = np.eye(3)[:, :2]
        t = np.random.default_rng(0).standard_normal((3, 2))
        first = tg.grad(lambda a: weighed(np.linalg.pinv(a)))
        found = tg.grad(lambda a: np.sum(t * first(a)))(a)
        assert close(found, gradient_by_differences(lambda a: np.sum(t * first(a)), a))
        assert close(tg.jvp(first, [a], [t])[1], found, 1e-12)

    @pytest.mark.parametrize("values", [(1, -2, 3), (1, 0, 0), (2, -2, 2)], ids=str)
    def test_hermitian_matrices(self, values):
        a = hermitian_with(values)
        loss = lambda a: weighed(np.linalg.pinv(a, hermitian=True))  # noqa: E731
        gradient = tg.grad(loss)(a)
        assert close(gradient, gradient.T, 1e-14)
        spoilt = a + np.triu(np.full((3, 3), 7.0), 1)
        assert close(tg.grad(loss)(spoilt), gradient, 1e-12)
        if 0 not in values:
            assert close(gradient, gradient_by_differences(lambda a: loss(hermitian(a)), a))

    def test_rtol(self):
        a = matrix_with(3, 3, (3, 2, 1))
        by_rcond, by_rtol = [
            tg.grad(lambda a, name=name: weighed(np.linalg.pinv(a, **{name: 0.5})))(a)
            for name in ("rcond", "rtol")
        ]
        assert np.array_equal(by_rcond, by_rtol)
        with pytest.raises(ValueError, match="both set"):
            np.linalg.pinv(Tensor(a), 0.5, rtol=0.5)
        with pytest.raises(TypeError, match=r"np\.linalg\.pinv.*'rcond' has no derivative"):
            np.linalg.pinv(Tensor(a), Tensor(0.5))

    @pytest.mark.parametrize("shape", [(0, 2), (2, 0), (0, 3, 2)])
    def test_empty(self, shape):
        assert tg.grad(lambda a: np.sum(np.linalg.pinv(a)))(np.zeros(shape)).shape == shape


class TestLstsq:
    @KINDS
    @pytest.mark.parametrize("shape", [(5, 3), (3, 3), (3, 5)])
    @pytest.mark.parametrize("columns", [None, 1, 2])
    def test_solution_and_residuals(self, kind, shape, columns):
        a = matrix_with(*shape, (3, 2, 1), kind)
        b = np.random.default_rng(3).standard_normal(shape[:1] + ((columns,) if columns else ()))

        def loss(a, b):
            x, residuals, _, s = np.linalg.lstsq(a, b)
            return np.real(np.sum((1 + 1j) * x**2)) + np.sum(residuals**2) + np.sum(s**3)

        by_a, by_b = tg.grad(loss, (0, 1))(a, b)
        assert close(by_a, gradient_by_differences(lambda a: loss(a, b), a))
        assert close(by_b, gradient_by_differences(lambda b: loss(a, b), b))

    def test_in_debug_mode(self):
        a, b = matrix_with(5, 3, (3, 2, 1)), np.arange(5.0)
        loss = lambda a: np.sum(np.linalg.lstsq(a, b)[0])  # noqa: E731
        with tg.debug():
            found = tg.grad(loss)(a)
        assert np.array_equal(found, tg.grad(loss)(a))

    @pytest.mark.parametrize("kinds", ["ff", "df", "fd", "fD", "Fd", "id", "fi"])
    def test_operands_of_two_dtypes(self, kinds):
        x, y = matrix_with(5, 3, (3, 2, 1)), np.arange(5.0)
        a, b = [8 * z for z in (x, y)]
        a, b = [z.astype(kind) for z, kind in zip((a, b), kinds, strict=True)]
        loss = lambda a, b: sum(np.real(np.sum(z)) for z in np.linalg.lstsq(a, b)[::3])  # noqa: E731
        for argnum, kind in enumerate(kinds):
            if kind == "i":
                continue
            found = tg.grad(loss, argnum)(a, b)
            exact = tg.grad(loss, argnum)(a.astype("D"), b.astype("D"))
            assert found.dtype == kind
            # "id" alone has no operand in single precision, which is good to 1e-7
            tolerance = 1e-12 if kinds == "id" else 1e-5
            assert close(found, exact if kind in "FD" else np.real(exact), tolerance)

    def test_without_full_rank_there_are_no_residuals(self):
        a = matrix_with(5, 3, (2, 1, 0))
        b = np.ones(5)
        x, residuals, rank, _ = np.linalg.lstsq(Tensor(a), b)
        assert isinstance(x, Tensor)
        assert residuals.shape == (0,)
        assert rank == 2
        found = tg.grad(lambda b: np.sum(np.linalg.lstsq(a, b)[0] ** 2))(b)
        pseudo = np.linalg.pinv(a)
        assert close(found, 2 * pseudo.T @ pseudo @ b, 1e-13)

    def test_a_constant_rank_below_the_full_one(self):
        start, f, b = matrix_with(4, 2, (2, 1)), matrix_with(2, 3, (2, 1)), np.arange(4.0)
        loss = lambda x: np.sum(np.linalg.lstsq(x @ f, b, rcond=None)[0] ** 2)  # noqa: E731
        assert close(tg.grad(loss)(start), gradient_by_differences(loss, start))

    @pytest.mark.parametrize("rcond", [None, 0.6, -1])
    def test_what_rcond_drops_is_dropped_from_the_gradient(self, rcond):
        a, b = matrix_with(4, 3, (2, 1.8, 1)), np.arange(4.0)
        loss = lambda a: np.sum(np.linalg.lstsq(a, b, rcond=rcond)[0] ** 2)  # noqa: E731
        assert close(tg.grad(loss)(a), gradient_by_differences(loss, a))

    @pytest.mark.parametrize("seed", range(20))
    def test_at_the_cutoff_the_rank_is_the_one_that_it_found(self, seed):
        """Not that of `pinv`, which may be another: rounding errors decide."""
        a, b = matrix_with(6, 3, (4, 3, 2), seed=seed), np.arange(6.0)
        of = lambda a, rcond: np.linalg.lstsq(a, b, rcond)  # noqa: E731
        beyond = 0.4 if of(a, 0.5)[2] == 3 else 0.6
        at_it, away = [tg.grad(lambda a, r=r: np.sum(of(a, r)[0] ** 2))(a) for r in (0.5, beyond)]
        assert close(at_it, away, 1e-13)

    def test_singular_values_that_coincide_matter_only_where_they_are_used(self):
        a, b = np.eye(3), np.arange(3.0)
        assert np.allclose(tg.grad(lambda a: np.sum(np.linalg.lstsq(a, b)[0]))(a), -np.arange(3))
        with pytest.raises(ValueError, match=r"np\.linalg\.svdvals: two values coincide"):
            tg.grad(lambda a: np.linalg.lstsq(a, b)[3][0])(a)

    @pytest.mark.parametrize("kind", ["f", "c"])
    @pytest.mark.parametrize("shape", [(5, 3), (3, 3), (3, 5)])
    def test_forward_mode_through_the_singular_values(self, shape, kind):
        a, b = matrix_with(*shape, (4, 2, 1), kind), np.arange(1.0, shape[0] + 1)
        t = random_like(np.random.default_rng(2), kind, *shape)
        values = lambda a: np.linalg.lstsq(a, b)[3]  # noqa: E731
        s, change = tg.jvp(values, [a], [t])
        u, _, vh = np.linalg.svd(a, full_matrices=False)
        assert np.array_equal(s, values(a))
        assert close(change, np.diagonal(dagger(u) @ t @ dagger(vh)).real, 1e-13)
        g = np.array([1.0, -2.0, 3.0])
        assert np.isclose(np.sum(g * change), np.sum(tg.vjp(values, a)[1](g)[0] * t).real)
        second = tg.jvp(lambda a: tg.jvp(values, [a], [t])[1], [a], [t])[1]
        step = 1e-4
        near, far = (values(a + h * t) + values(a - h * t) - 2 * s for h in (step, 2 * step))
        assert close(second, (16 * near - far) / (12 * step**2), 1e-6)

    def test_forward_mode_where_they_coincide(self):
        b, t = np.arange(3.0), np.diag([1.0, 2.0, 3.0])
        values = lambda a: np.linalg.lstsq(a, b)[3]  # noqa: E731
        with pytest.raises(ValueError, match=r"svdvals: .*coincide.*use reverse mode"):
            tg.jvp(values, [np.eye(3)], [t])
        assert np.allclose(tg.jvp(values, [np.eye(3)], [2 * np.eye(3)])[1], 2)
        solution = tg.jvp(lambda a: np.linalg.lstsq(a, b)[0], [np.eye(3)], [t])[1]
        assert np.allclose(solution, -t @ b)

    @pytest.mark.parametrize("shape", [(0, 2), (2, 0)])
    def test_empty(self, shape):
        a, b = np.zeros(shape), np.zeros((shape[0], 2))
        by_a, by_b = tg.grad(lambda a, b: np.sum(np.linalg.lstsq(a, b)[0]), (0, 1))(a, b)
        assert (by_a.shape, by_b.shape) == (a.shape, b.shape)
        none = tg.grad(lambda b: np.sum(np.linalg.lstsq(np.eye(2), b)[0]))(np.zeros((2, 0)))
        assert none.shape == (2, 0)


class TestTensors:
    def test_shapes_that_do_not_fit(self):
        with pytest.raises(np.linalg.LinAlgError, match=r"linalg\.tensorsolve: .*square .*2, 12"):
            np.linalg.tensorsolve(Tensor(np.ones((2, 3, 4))), np.ones(2))
        with pytest.raises(ValueError, match=r"np\.linalg\.tensorinv: ind must be positive, not 0"):
            np.linalg.tensorinv(Tensor(np.eye(2)), 0)
        with pytest.raises(TypeError, match=r"np\.linalg\.tensorinv.*'ind'.*no derivative"):
            np.linalg.tensorinv(Tensor(np.eye(2)), Tensor(1.0))

    def test_a_list_beside_a_tensor(self):
        b = Tensor([1.0, 2.0])
        np.sum(np.linalg.tensorsolve([[2.0, 0.0], [0.0, 4.0]], b)).backward()
        assert b.grad.tolist() == [0.5, 0.25]


def test_the_rank_is_a_plain_number():
    rank = np.linalg.matrix_rank(Tensor(of_rank(3, 2)))
    assert not isinstance(rank, Tensor)
    assert rank == 2


class TestMixedOrders:
    @pytest.mark.parametrize(
        "loss",
        [
            lambda a: weighed(np.linalg.inv(a)),
            lambda a: weighed(np.linalg.solve(a, a.T)),
            np.linalg.det,
            lambda a: np.linalg.slogdet(a)[1],
            lambda a: weighed(np.linalg.pinv(a[:, :2])),
            lambda a: weighed(np.linalg.pinv(a, rcond=0.4)),
            lambda a: weighed(np.linalg.pinv(a, hermitian=True)),
            lambda a: weighed(np.linalg.lstsq(a[:, :2], a[:, 1:])[0]),
            lambda a: np.sum(np.linalg.lstsq(a[:, :2], a[:, 2])[1]),
            lambda a: np.sum(np.linalg.lstsq(a[:, :2], a[:, 2])[3] ** 3),
        ],
    )
    def test_forward_over_reverse_and_reverse_over_forward(self, loss):
        a = hermitian_with((3, 2, 1)) + np.array([[0, 0.1, 0], [0, 0, 0.2], [0, 0, 0]])
        t = np.random.default_rng(1).standard_normal((3, 3))
        expected = tg.grad(lambda a: np.sum(t * tg.grad(loss)(a)))(a)
        assert close(tg.jvp(tg.grad(loss), [a], [t])[1], expected, 1e-10)
        assert close(tg.grad(lambda a: tg.jvp(loss, [a], [t])[1])(a), expected, 1e-10)
