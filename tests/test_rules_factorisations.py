"""cholesky, qr and svd: degenerate cases, what is not determined, modes, triangles."""

import numpy as np
import pytest
from matrices import (
    WEIGHTS,
    close,
    dagger,
    gradient_by_differences,
    hermitian,
    hermitian_with,
    matrix_with,
    no_derivative_is_finite,
    random_like,
    weighed,
)

import tinygrad_np as tg
from tinygrad_np import Tensor

KINDS = pytest.mark.parametrize("kind", ["f", "c"])


class TestCholesky:
    @KINDS
    @pytest.mark.parametrize("upper", [False, True])
    def test_the_gradient_is_hermitian_whichever_triangle_is_read(self, kind, upper):
        a = hermitian_with((1, 2, 4), kind)
        gradient = tg.grad(lambda a: weighed(np.linalg.cholesky(a, upper=upper)))(a)
        assert np.array_equal(gradient, dagger(gradient))
        spoilt = a + (np.tril if upper else np.triu)(np.full((3, 3), 7.0), -1 if upper else 1)
        of_spoilt = tg.grad(lambda a: weighed(np.linalg.cholesky(a, upper=upper)))(spoilt)
        assert np.array_equal(of_spoilt, gradient)

    def test_the_likelihood_of_a_gaussian(self):
        # log det a = 2 Σ log diag L, with the gradient a⁻¹
        a = hermitian_with((1, 2, 4))
        loss = lambda a: 2 * np.sum(np.log(np.linalg.diagonal(np.linalg.cholesky(a))))  # noqa: E731
        assert close(tg.grad(loss)(a), np.linalg.inv(a), 1e-14)

    def test_a_matrix_that_is_not_positive_definite(self):
        with pytest.raises(np.linalg.LinAlgError, match="not positive definite"):
            np.linalg.cholesky(Tensor(np.diag([1.0, -1.0])))

    @pytest.mark.parametrize("shape", [(0, 0), (0, 3, 3), (2, 0, 0)])
    def test_empty(self, shape):
        assert tg.grad(lambda a: np.sum(np.linalg.cholesky(a)))(np.zeros(shape)).shape == shape


class TestQr:
    def test_results_keep_their_type(self):
        a = matrix_with(3, 2, (2, 1))
        assert type(np.linalg.qr(Tensor(a))) is type(np.linalg.qr(a))
        assert isinstance(np.linalg.qr(Tensor(a), "r"), Tensor)

    @KINDS
    @pytest.mark.parametrize("shape", [(4, 4), (4, 2), (2, 4)])
    @pytest.mark.parametrize("mode", ["reduced", "complete", "r"])
    def test_the_projector_on_the_columns_and_the_gram_matrix(self, kind, shape, mode):
        a = matrix_with(*shape, np.arange(min(shape)) + 1, kind)

        def loss(a):
            factors = np.linalg.qr(a, mode)
            r = factors if mode == "r" else factors[1]
            total = weighed(dagger(r) @ r)
            if mode != "r":
                q = factors[0][:, :1]
                total = total + weighed(q @ dagger(q))
                rest = factors[0][:, min(shape) :]
                total = total + 2 * weighed(rest @ dagger(rest))
            return total

        assert close(tg.grad(loss)(a), gradient_by_differences(loss, a))

    def test_the_columns_that_complete_are_any_basis(self):
        a = matrix_with(4, 2, (2, 1))
        with pytest.raises(ValueError, match=r"np\.linalg\.qr: .*any basis of what is missing"):
            tg.grad(lambda a: weighed(np.linalg.qr(a, "complete")[0][:, 2:]))(a)

    @pytest.mark.parametrize("mode", ["reduced", "complete", "r"])
    @pytest.mark.parametrize("shape", [(3, 3), (4, 3), (3, 4)])
    def test_dependent_columns_raise(self, mode, shape):
        a = matrix_with(*shape, (2, 1, 1))
        a[:, 1] = 2 * a[:, 0]

        def loss(a):
            factors = np.linalg.qr(a, mode)
            return np.sum(factors if mode == "r" else factors[0])

        with pytest.raises(ValueError, match=r"np\.linalg\.qr: .*linearly dependent"):
            tg.grad(loss)(a)
        with pytest.raises(ValueError, match=r"np\.linalg\.qr: .*linearly dependent"):
            tg.jvp(loss, [a], [a])

    def test_modes_that_are_refused(self):
        with pytest.raises(ValueError, match=r"mode 'raw' does not take a Tensor; use 'reduced'"):
            np.linalg.qr(Tensor(np.eye(2)), "raw")

    @pytest.mark.parametrize("shape", [(0, 2), (2, 0), (0, 3, 2)])
    def test_empty(self, shape):
        loss = lambda a: np.sum(np.linalg.qr(a)[0]) + np.sum(np.linalg.qr(a)[1])  # noqa: E731
        assert tg.grad(loss)(np.zeros(shape)).shape == shape


COINCIDING = pytest.mark.parametrize(
    ("shape", "values"),
    [
        ((4, 4), (2, 2, 1, 0.5)),
        ((4, 3), (2, 2, 1)),
        ((3, 4), (2, 2, 1)),
        ((3, 4), (2, 2, 0)),
        ((4, 3), (2, 2, 0)),
        ((4, 4), (2, 2, 0, 0)),
        ((4, 4), (2, 2 + 1e-11, 1, 0)),
    ],
    ids=str,
)


class TestSvd:
    def test_results_keep_their_type(self):
        a = matrix_with(3, 2, (2, 1))
        for kwargs in ({}, {"full_matrices": False}):
            found, expected = np.linalg.svd(Tensor(a), **kwargs), np.linalg.svd(a, **kwargs)
            assert type(found) is type(expected)
            assert np.array_equal(found.Vh.data, expected.Vh)
        square = hermitian_with((1, -2))
        found = np.linalg.svd(Tensor(square), hermitian=True)
        assert type(found) is type(np.linalg.svd(square, hermitian=True))
        assert isinstance(np.linalg.svd(Tensor(a), compute_uv=False), Tensor)

    @pytest.mark.parametrize("values", [(0.0, 0, 2), (1, 0, -2), (1, -1, 2)], ids=str)
    def test_hermitian_has_numpys_values_for_all_signs(self, values):
        a = np.stack([np.diag(values), hermitian_with(values)])
        for matrix in (a, a.astype(np.float32), a.astype(complex)):
            found = np.linalg.svd(Tensor(matrix), hermitian=True)
            expected = np.linalg.svd(matrix, hermitian=True)
            for x, y in zip(found, expected, strict=True):
                assert x.dtype == y.dtype
                assert np.array_equal(x.data, y)
            found = np.linalg.svd(Tensor(matrix), compute_uv=False, hermitian=True)
            expected = np.linalg.svd(matrix, compute_uv=False, hermitian=True)
            assert np.array_equal(found.data, expected)

    @COINCIDING
    @KINDS
    @pytest.mark.parametrize("full", [False, True])
    def test_what_a_pair_of_spaces_determines(self, shape, values, kind, full):
        a = matrix_with(*shape, values, kind)

        def loss(a):
            u, _, vh = np.linalg.svd(a, full)
            return weighed(u[:, :2] @ vh[:2]) + weighed(u[:, :2] @ dagger(u[:, :2]))

        assert close(tg.grad(loss)(a), gradient_by_differences(loss, a))

    @KINDS
    def test_what_is_left_over_by_the_columns(self, kind):
        # The third left vector, of value 0, and the fourth, of none, span it together.
        a = matrix_with(4, 3, (2, 1, 0), kind)

        def loss(a):
            u = np.linalg.svd(a)[0][:, 2:]
            return weighed(u @ dagger(u))

        assert close(tg.grad(loss)(a), gradient_by_differences(loss, a))

    @KINDS
    def test_an_approximation_of_low_rank(self, kind):
        # Values and vectors together, but nothing of those that are 0.
        a = matrix_with(4, 4, (3, 1, 0, 0), kind)

        def loss(a):
            u, s, vh = np.linalg.svd(a)
            return weighed((u[:, :2] * np.sqrt(s[:2])) @ vh[:2])

        assert close(tg.grad(loss)(a), gradient_by_differences(loss, a))

    @COINCIDING
    @KINDS
    @pytest.mark.parametrize(
        "function", [np.linalg.svdvals, lambda a: np.linalg.svd(a, full_matrices=False).S]
    )
    def test_symmetric_functions_of_the_values(self, shape, values, kind, function):
        a = matrix_with(*shape, values, kind)
        # Σ s² = Σ |a|², with the gradient 2 ā
        assert close(tg.grad(lambda a: np.sum(function(a) ** 2))(a), 2 * np.conjugate(a), 1e-13)

    @COINCIDING
    @KINDS
    def test_forward_mode_raises_unless_the_values_change_alike(self, shape, values, kind):
        a = matrix_with(*shape, values, kind)
        t = random_like(np.random.default_rng(3), kind, *shape)
        reason = "singular value is 0" if values[-1] == 0 else "coincide"
        message = rf"np\.linalg\.svdvals: .*{reason}.*reverse mode"
        with pytest.raises(ValueError, match=message):
            tg.jvp(np.linalg.svdvals, [a], [t])
        s, change = tg.jvp(np.linalg.svdvals, [a], [a @ dagger(a) @ a])
        assert np.allclose(change, s**3, rtol=1e-13, atol=1e-13)

    @KINDS
    def test_a_minimum_where_cotangents_are_rounding_errors(self, kind):
        for seed in range(20):
            a = matrix_with(4, 3, (1, 1, 1), kind, seed)
            values = tg.grad(lambda a: np.sum((np.linalg.svdvals(a) - 1) ** 2))(a)
            assert np.abs(values).max() < 1e-13
            a = matrix_with(4, 3, (2, 1, 1), kind, seed)
            u, _, vh = np.linalg.svd(a, full_matrices=False)
            best = u @ vh

            def loss(a, best=best):
                u, _, vh = np.linalg.svd(a, full_matrices=False)
                return np.sum(np.absolute(u @ vh - best) ** 2)

            assert np.abs(tg.grad(loss)(a)).max() < 1e-13

    def test_values_that_have_no_derivative(self):
        for function in (np.linalg.svdvals, lambda a: np.linalg.svd(a)[1]):
            with pytest.raises(ValueError, match=r"singular value is 0.*ord='nuc' has gradient 0"):
                tg.grad(lambda a, f=function: np.sum(f(a)))(np.diag([2.0, 0.0]))
            with pytest.raises(ValueError, match=r"coincide to rounding.*ord=2 or -2"):
                tg.grad(lambda a, f=function: f(a)[0])(np.eye(2))

    def test_vectors_that_are_not_determined(self):
        svd = np.linalg.svd
        cases = [
            (lambda a: weighed(svd(a)[0]), np.eye(3), "coincide"),
            (lambda a: weighed(svd(a)[0][:, 2:]), matrix_with(4, 2, (2, 1)), "any basis"),
            (lambda a: weighed(svd(a)[2][2:].T), matrix_with(2, 4, (3, 1)), "any basis"),
            (lambda a: weighed(svd(a)[0][:, 2:3]), matrix_with(4, 3, (3, 2, 0)), "value is 0"),
            (lambda a: weighed(svd(a)[0]), matrix_with(3, 3, (3, 2, 1), "c"), "free phase"),
            (lambda a: weighed(svd(a)[0] @ svd(a)[2]), np.diag([2.0, 0, 0]), "value is 0"),
        ]
        for loss, a, reason in cases:
            with pytest.raises(ValueError, match=rf"np\.linalg\.svd: .*{reason}.*vectors were ch"):
                tg.grad(loss)(a)

    def test_values_and_vectors_together_raise_rather_than_being_wrong(self):
        def loss(a):
            u, s, vh = np.linalg.svd(a)
            return weighed((u * s) @ vh)

        for a in (np.eye(3), np.diag([2.0, 1.0, 0.0])):
            with pytest.raises(ValueError, match=r"np\.linalg\.svd: .*together with their vectors"):
                tg.grad(loss)(a)
        a = matrix_with(3, 3, (3, 2, 1))
        assert close(tg.grad(loss)(a), WEIGHTS[:3, :3], 1e-14)

    def test_second_derivatives_raise_rather_than_being_wrong(self):
        # Σ s² = Σ a²
        first = tg.grad(lambda a: np.sum(np.linalg.svdvals(a) ** 2))
        second = lambda v, a: tg.grad(lambda a: np.sum(v * first(a)))(a)  # noqa: E731
        low = np.diag([2.0, 0.0])
        tall = np.vstack([low, np.zeros((1, 2))])
        e = np.eye(3)
        for v, a in (
            (np.ones((2, 2)), np.eye(2)),
            (np.diag([1.0, 2.0]), np.eye(2)),
            (np.array([[0.0, 1.0], [1.0, 0.0]]), np.eye(2)),
            (np.diag([0.0, 1.0]), low),
            (np.outer(e[2], e[1, :2]), tall),
            (np.outer(e[0], e[1]), np.zeros((3, 3))),
        ):
            with pytest.raises(ValueError, match=r"coincide|singular value is 0"):
                second(v, a)
        for v, a in (
            (np.ones((3, 2)), matrix_with(3, 2, (2, 1))),
            (np.array([[1.0, 2.0], [3.0, 0.0]]), low),
            (np.array([[0.0, 1.0], [-1.0, 0.0]]), np.eye(2)),
            (np.outer(e[2], e[0, :2]), tall),
        ):
            assert close(second(v, a), 2 * v, 1e-13)

    @pytest.mark.parametrize("shape", [(3, 3), (4, 3), (3, 5)])
    def test_second_derivatives_where_the_cotangents_are_constant(self, shape):
        # The sum of all values, and the largest one beside equal ones: both are smooth there.
        a, t = matrix_with(*shape, (2, 1, 1)), np.random.default_rng(9).standard_normal(shape)
        for loss in (lambda a: np.sum(np.linalg.svdvals(a)), lambda a: np.linalg.svdvals(a)[0]):
            slope = lambda a, f=loss: np.sum(t * tg.grad(f)(a))  # noqa: E731
            assert close(tg.grad(slope)(a), gradient_by_differences(slope, a))

    def test_so_do_those_that_mix_the_modes(self):
        loss = lambda a: np.sum(np.linalg.svdvals(a) ** 2)  # noqa: E731
        e = np.eye(3)
        raised = 0
        for a in (np.eye(3), np.diag([2.0, 1.0, 0.0]), np.zeros((3, 3))):
            for v in (np.ones((3, 3)), np.outer(e[0], e[1]), np.outer(e[2], e[2])):
                for second in (
                    lambda a, v=v: tg.jvp(tg.grad(loss), [a], [v])[1],
                    lambda a, v=v: tg.grad(lambda a: tg.jvp(loss, [a], [v])[1])(a),
                ):
                    try:
                        found = second(a)
                    except ValueError as error:
                        assert "coincide" in str(error) or "value is 0" in str(error)  # noqa: PT017
                        raised += 1
                    else:
                        assert close(found, 2 * v, 1e-13)
        assert 0 < raised < 18

    def test_forward_mode_through_vectors_raises_and_names_the_remedy(self):
        t = np.random.default_rng(1).standard_normal((3, 3))
        for a, reason in ((np.eye(3), "coincide"), (np.diag([2.0, 1.0, 0.0]), "value is 0")):
            with pytest.raises(ValueError, match=rf"np\.linalg\.svd: .*{reason}.*reverse mode"):
                tg.jvp(np.linalg.svd, [a], [t])
        of_u, of_s, of_vh = tg.jvp(np.linalg.svd, [np.eye(3)], [2 * np.eye(3)])[1]
        assert np.allclose(of_s, 2)
        assert not np.any(of_u)
        assert not np.any(of_vh)

    @pytest.mark.parametrize("bad", [np.nan, np.inf])
    @KINDS
    @pytest.mark.parametrize("shape", [(3, 3), (4, 3), (3, 4)])
    @pytest.mark.parametrize("values", [(1, 2, 4), (2, 2, 5), (3, 3, 3), (0, 0, 2), (0, 0, 0)])
    def test_what_is_not_finite_proves_nothing_and_leaves_nothing_finite(
        self, values, shape, kind, bad
    ):
        a = matrix_with(*shape, values, kind)
        assert no_derivative_is_finite(np.linalg.svdvals, a, bad)
        for i, full in ((0, False), (1, False), (2, False), (0, True), (2, True)):
            f = lambda a, i=i, full=full: np.linalg.svd(a, full)[i]  # noqa: E731
            assert no_derivative_is_finite(f, a, bad)

    def test_hermitian_takes_the_hermitian_part(self):
        a = hermitian_with((1, -2, 4))
        loss = lambda a: weighed(  # noqa: E731
            (lambda u, s, vh: (u * s**2) @ vh)(*np.linalg.svd(a, hermitian=True))
        )
        gradient = tg.grad(loss)(a)
        assert close(gradient, gradient.T, 1e-14)
        assert close(gradient, gradient_by_differences(lambda a: loss(hermitian(a)), a))

    @pytest.mark.parametrize("shape", [(0, 2), (2, 0), (0, 3, 2), (0, 0)])
    def test_empty(self, shape):
        assert tg.grad(lambda a: np.sum(np.linalg.svdvals(a)))(np.zeros(shape)).shape == shape
        loss = lambda a: sum(np.sum(part) for part in np.linalg.svd(a, False))  # noqa: E731
        assert tg.grad(loss)(np.zeros(shape)).shape == shape


class TestMixedOrders:
    @pytest.mark.parametrize(
        "loss",
        [
            lambda a: weighed(np.linalg.cholesky(a @ dagger(a) + np.eye(3)) ** 3),
            lambda a: weighed(np.linalg.qr(a)[0] ** 3) + weighed(np.linalg.qr(a)[1] ** 3),
            lambda a: weighed(np.linalg.qr(a, "complete")[0][:, :2] ** 3),
            lambda a: np.sum(np.linalg.svdvals(a) ** 3),
            lambda a: weighed(np.linalg.svd(a)[0][:, :2] ** 4),
            lambda a: sum(weighed(x**4) for x in np.linalg.svd(a, False)[::2]),
        ],
    )
    def test_forward_over_reverse_and_reverse_over_forward(self, loss):
        a = matrix_with(3, 2, (2, 1))
        t = np.random.default_rng(1).standard_normal((3, 2))
        expected = tg.grad(lambda a: np.sum(t * tg.grad(loss)(a)))(a)
        assert close(tg.jvp(tg.grad(loss), [a], [t])[1], expected, 1e-11)
        assert close(tg.grad(lambda a: tg.jvp(loss, [a], [t])[1])(a), expected, 1e-11)
