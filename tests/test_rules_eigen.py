"""Eigenvalues and eigenvectors: values that coincide, phases, triangles, both modes."""

import numpy as np
import pytest
from matrices import (
    close,
    dagger,
    gradient_by_differences,
    hermitian,
    hermitian_with,
    no_derivative_is_finite,
    random_like,
)

import tinygrad_np as tg
from tinygrad_np import Tensor
from tinygrad_np.core.table import TABLE
from tinygrad_np.rules import load
from tinygrad_np.rules.eigen import places

load()

KINDS = pytest.mark.parametrize("kind", ["f", "c"])
COINCIDING = pytest.mark.parametrize(
    "values",
    [
        (1, 1, 2, 3), (2, 3, 1, 1), (1, 1 + 1e-15, 3, 2), (1, 1, 3, 3), (1, 1 + 1e-11, 2, 3),
        (0, 0, 2, 2),
    ],
    ids=str,
)  # fmt: skip


def projector_loss(weights, n):
    """A function of the space that the first n eigenvectors span, and of nothing else."""

    def loss(a):
        v = np.linalg.eigh(hermitian(a))[1][:, :n]
        return np.real(np.sum(weights * (v @ dagger(v))))

    return loss


class TestResults:
    @pytest.mark.parametrize("function", [np.linalg.eigh, np.linalg.eig])
    def test_named_tuples_keep_their_type(self, function):
        a = hermitian_with([1, 2])
        found, expected = function(Tensor(a)), function(a)
        assert type(found) is type(expected)
        assert np.array_equal(found.eigenvectors.data, expected.eigenvectors)

    def test_only_the_named_triangle_is_read(self):
        a = hermitian_with([1, 2, 4])
        for triangle, other in (("L", np.triu), ("U", np.tril)):
            spoilt = a + other(np.full((3, 3), 7.0), 1 if triangle == "L" else -1)
            for function in (np.linalg.eigvalsh, lambda a, t: np.linalg.eigh(a, t)[0]):
                value, gradient = tg.value_and_grad(lambda a, f=function, t=triangle: f(a, t)[0])(
                    spoilt
                )
                assert np.isclose(value, 1)
                assert close(gradient, tg.grad(lambda a: np.linalg.eigvalsh(a)[0])(a), 1e-12)

    @KINDS
    def test_gradients_are_hermitian(self, kind):
        a = hermitian_with([1, 2, 4], kind)
        weights = random_like(np.random.default_rng(1), kind, 3, 3)
        for loss in (
            lambda a: np.linalg.eigvalsh(a)[1],
            lambda a: np.sum(np.linalg.eigh(a)[0] ** 3),
            lambda a: np.real(np.sum(weights * np.absolute(np.linalg.eigh(a)[1]) ** 2)),
        ):
            gradient = tg.grad(loss)(a)
            assert np.array_equal(gradient, dagger(gradient))
            assert gradient.dtype == a.dtype
        tangent = random_like(np.random.default_rng(2), kind, 3, 3)
        both = [tg.jvp(np.linalg.eigvalsh, [a], [t])[1] for t in (tangent, hermitian(tangent))]
        assert close(*both, 1e-14)

    @pytest.mark.parametrize(
        "function", [np.linalg.eigvalsh, lambda a: np.linalg.eigh(a)[0], np.linalg.eigvals]
    )
    def test_stacks_are_as_good_as_single_matrices(self, function):
        stack = np.stack([hermitian_with([1, 2, 4], seed=i) for i in range(4)]).reshape(2, 2, 3, 3)
        loss = lambda a: np.sum(np.real(function(a)) ** 2)  # noqa: E731
        gradient = tg.grad(loss)(stack)
        single = [tg.grad(loss)(a) for a in stack.reshape(4, 3, 3)]
        assert close(gradient, np.reshape(single, stack.shape), 1e-14)

    @pytest.mark.parametrize("function", [np.linalg.eigvalsh, np.linalg.eigvals])
    @pytest.mark.parametrize("shape", [(0, 0), (0, 3, 3), (2, 0, 0)])
    def test_empty_matrices_and_stacks(self, function, shape):
        assert tg.grad(lambda a: np.sum(function(a)).real)(np.zeros(shape)).shape == shape

    @pytest.mark.parametrize("shape", [(0, 0), (0, 3, 3), (2, 0, 0)])
    def test_vectors_of_empty_matrices_and_stacks(self, shape):
        for function in (np.linalg.eigh, np.linalg.eig):
            gradient = tg.grad(lambda a, f=function: np.sum(f(a)[1]).real)(np.zeros(shape))
            assert gradient.shape == shape


class TestValuesThatCoincide:
    @COINCIDING
    @KINDS
    def test_a_projector_on_a_whole_eigenspace(self, values, kind):
        a = hermitian_with(values, kind)
        loss = projector_loss(random_like(np.random.default_rng(1), kind, 4, 4), 2)
        assert close(tg.grad(loss)(a), gradient_by_differences(loss, a))

    @KINDS
    def test_a_projector_in_single_precision(self, kind):
        a = hermitian_with((1, 1, 2, 3), kind)
        loss = projector_loss(random_like(np.random.default_rng(1), kind, 4, 4), 2)
        single = a.astype(np.complex64 if kind == "c" else np.float32)
        gradient = tg.grad(loss)(single)
        assert gradient.dtype == single.dtype
        assert close(gradient, tg.grad(loss)(a), 1e-4)

    @COINCIDING
    @KINDS
    @pytest.mark.parametrize(
        "function", [np.linalg.eigvalsh, lambda a: np.linalg.eigh(a).eigenvalues]
    )
    def test_symmetric_functions_of_the_values(self, values, kind, function):
        a = hermitian_with(values, kind)
        # Σ w³ = tr a³, with the gradient 3 (a²)ᵀ
        assert close(tg.grad(lambda a: np.sum(function(a) ** 3))(a), 3 * (a @ a).T, 1e-13)

    @COINCIDING
    @KINDS
    def test_forward_mode_raises_unless_the_values_change_alike(self, values, kind):
        a = hermitian_with(values, kind)
        t = hermitian(random_like(np.random.default_rng(3), kind, 4, 4))
        if 1 + 1e-11 in values:
            w, change = tg.jvp(np.linalg.eigvalsh, [a], [t])
            expected = np.sum(3 * (a @ a).T * t).real
            assert np.isclose(np.sum(3 * w**2 * change), expected, rtol=1e-12)
        else:
            with pytest.raises(ValueError, match=r"np\.linalg\.eigvalsh: .*coincide.*reverse mode"):
                tg.jvp(np.linalg.eigvalsh, [a], [t])
        w, change = tg.jvp(np.linalg.eigvalsh, [a], [a @ a])
        assert np.allclose(change, w**2, rtol=1e-13, atol=1e-13)

    @pytest.mark.parametrize("function", [np.linalg.eigvalsh, np.linalg.svdvals])
    def test_forward_mode_raises_for_the_whole_stack(self, function):
        """Also where the result does not depend on the matrix that has none."""
        stack, t = np.stack([np.diag([2.0, 1.0]), np.eye(2)]), np.arange(8.0).reshape(2, 2, 2)
        assert tg.jvp(function, [stack[0]], [t[0]])[1].size == 2
        with pytest.raises(ValueError, match=r"coincide.*reverse mode"):
            tg.jvp(lambda a: function(a)[0], [stack], [t])

    @KINDS
    def test_a_minimum_where_cotangents_are_rounding_errors(self, kind):
        for seed in range(20):
            a = hermitian_with((1, 1, 1, 1), kind, seed)
            values = tg.grad(lambda a: np.sum((np.linalg.eigvalsh(a) - 1) ** 2))(a)
            assert np.abs(values).max() < 1e-13
            a = hermitian_with((1, 1, 2, 3), kind, seed)
            v = np.linalg.qr(np.linalg.eigh(a)[1][:, 1::-1])[0]
            best = v @ dagger(v)

            def loss(a, best=best):
                v = np.linalg.eigh(a)[1][:, :2]
                return np.sum(np.absolute(v @ dagger(v) - best) ** 2)

            assert np.abs(tg.grad(loss)(a)).max() < 1e-13

    @pytest.mark.parametrize("scale", [1e-12, 1e12])
    def test_the_size_of_the_loss_does_not_matter_otherwise(self, scale):
        a = hermitian_with((1, 1, 2, 3))
        for loss in (
            lambda a: scale * np.linalg.eigvalsh(a)[0],
            lambda a: scale * np.sum(np.linalg.eigh(a)[1] ** 3),
            lambda a: np.linalg.eigvalsh(scale * a)[0],
        ):
            with pytest.raises(ValueError, match="coincide"):
                tg.grad(loss)(a)

    def test_one_of_several_equal_values_has_no_derivative(self):
        for loss in (
            lambda a: np.linalg.eigvalsh(a)[0],
            lambda a: np.linalg.eigh(a)[0][1],
            lambda a: np.linalg.eigvals(a)[1].real,
            lambda a: np.linalg.eig(a)[0][1].real,
        ):
            with pytest.raises(
                ValueError, match=r"coincide to rounding.*their sum.*np\.linalg\.nor"
            ):
                tg.grad(loss)(np.eye(3))

    def test_those_that_are_not_equal_have(self):
        gradient = tg.grad(lambda a: np.linalg.eigvalsh(a)[2])(np.diag([1.0, 1.0, 3.0]))
        assert np.array_equal(gradient, np.diag([0.0, 0.0, 1.0]))

    def test_values_that_tie_in_a_maximum_share_it(self):
        gradient = tg.grad(lambda a: np.max(np.linalg.eigvalsh(a)))(np.diag([2.0, 2.0, 1.0]))
        assert np.array_equal(gradient, np.diag([0.5, 0.5, 0.0]))

    @KINDS
    def test_a_loss_that_depends_on_the_vectors_raises(self, kind):
        a = hermitian_with((1, 1, 2, 3), kind)
        weights = np.random.default_rng(1).standard_normal((4, 4))
        with pytest.raises(ValueError, match=r"np\.linalg\.eigh: .*coincide.*projector v @ v\.T"):
            tg.grad(lambda a: np.sum(weights * np.absolute(np.linalg.eigh(a)[1]) ** 2))(a)

    @pytest.mark.parametrize("f", [np.sqrt, np.log, lambda w: w], ids=["sqrt", "log", "same"])
    def test_a_matrix_function_raises_rather_than_being_wrong(self, f):
        # Its cotangents look harmless: at the unit matrix those of the values are all the same.
        def loss(a):
            w, v = np.linalg.eigh(a)
            return np.sum((v * f(w)) @ v.T)

        with pytest.raises(ValueError, match=r"np\.linalg\.eigh: .*together with their vectors"):
            tg.grad(loss)(np.eye(3))
        a = hermitian_with((1, 2, 4))
        symmetric = lambda a: loss(hermitian(a))  # noqa: E731
        assert close(tg.grad(loss)(a), gradient_by_differences(symmetric, a))

    def test_values_and_vectors_may_both_be_used_where_none_coincide(self):
        # the whitened space of the two largest values, where the others are all zero
        a = hermitian_with((0, 0, 2, 3))
        weights = np.random.default_rng(1).standard_normal((4, 4))

        def loss(a):
            w, v = np.linalg.eigh(hermitian(a))
            return np.sum(weights * ((v[:, 2:] / np.sqrt(w[2:])) @ v[:, 2:].T))

        assert close(tg.grad(loss)(a), gradient_by_differences(loss, a))

    def test_second_derivatives_raise_rather_than_being_wrong(self):
        # Σ (w − 1)² = Σ (a − 1)², whose second derivative 2·v is not to be had from the values
        # where they coincide; at the unit matrix all first derivatives are 0
        for function in (
            np.linalg.eigvalsh,
            lambda a: np.linalg.eigh(a)[0],
            np.linalg.eigvals,
            lambda a: np.linalg.eig(a)[0],
        ):
            first = tg.grad(lambda a, f=function: np.sum((np.real(f(a)) - 1) ** 2))
            second = lambda v, a, f=first: tg.grad(lambda a: np.sum(v * f(a)))(a)  # noqa: E731
            for v in (np.ones((2, 2)), np.diag([1.0, 0.0]), np.array([[0.0, 1.0], [1.0, 0.0]])):
                for a in (np.eye(2), 2 * np.eye(2)):
                    with pytest.raises(ValueError, match="coincide"):
                        second(v, a)
                assert close(second(v, np.diag([1.0, 2.0])), 2 * v, 1e-14)
            # a direction that changes the values alike
            if function in (np.linalg.eigvalsh, np.linalg.eigvals):
                assert close(second(np.eye(2), 3 * np.eye(2)), 2 * np.eye(2), 1e-14)

    @pytest.mark.parametrize(
        "function",
        [
            np.linalg.eigvalsh,
            lambda a: np.linalg.eigh(a)[0],
            np.linalg.eigvals,
            lambda a: np.linalg.eig(a)[0],
        ],
    )
    def test_so_do_those_that_mix_the_modes(self, function):
        loss = lambda a: np.sum((np.real(function(a)) - 1) ** 2)  # noqa: E731
        for v in (np.ones((2, 2)), np.diag([1.0, 0.0]), np.array([[0.0, 1.0], [1.0, 0.0]])):
            for second in (
                lambda a, v=v: tg.jvp(tg.grad(loss), [a], [v])[1],
                lambda a, v=v: tg.grad(lambda a: tg.jvp(loss, [a], [v])[1])(a),
            ):
                try:
                    found = second(np.eye(2))
                except ValueError as error:
                    assert "coincide" in str(error)  # noqa: PT017
                else:
                    assert close(found, 2 * v, 1e-14)

    def test_forward_mode_does_not_hide_from_the_next_order_what_is_not_determined(self):
        # The direction a @ a leaves all vectors alone; what they do in others is not determined.
        a = hermitian_with((1, 1, 1, 2))
        loss = projector_loss(np.random.default_rng(1).standard_normal((4, 4)), 2)
        assert abs(tg.jvp(loss, [a], [a @ a])[1]) < 1e-13
        with pytest.raises(ValueError, match="second derivative cannot be told"):
            tg.grad(lambda a: tg.jvp(loss, [a], [a @ a])[1])(a)
        v = np.random.default_rng(2).standard_normal((4, 4))
        with pytest.raises(ValueError, match="coincide"):
            tg.jvp(lambda a: tg.jvp(loss, [a], [np.eye(4)])[1], [a], [v])

    def test_forward_mode_through_vectors_raises_and_names_the_remedy(self):
        a = hermitian_with((1, 1, 2, 3))
        t = np.random.default_rng(1).standard_normal((4, 4))
        with pytest.raises(ValueError, match=r"np\.linalg\.eigh: .*use reverse mode"):
            tg.jvp(np.linalg.eigh, [a], [t])
        for t in (np.diag([2.0, 1.0, 1.0, 3.0]), np.diag([1.0, 0, 0, 0]), np.diag([1.0, 2, 3, 4])):
            with pytest.raises(ValueError, match="coincide"):  # they would come apart
                tg.jvp(np.linalg.eigh, [np.eye(4)], [t])
        # a direction that leaves the vectors alone
        (w, _), (change, turn) = tg.jvp(np.linalg.eigh, [a], [a @ a])
        assert np.allclose(change, w**2)
        assert np.abs(turn).max() < 1e-13


class TestWhatIsNotFinite:
    """It is no proof that values coincide, or that the loss depends on a choice of vectors."""

    @pytest.mark.parametrize("bad", [np.nan, np.inf])
    @pytest.mark.parametrize("kind", ["f", "c"])
    @pytest.mark.parametrize("values", [(1, 2, 4), (2, 2, 5), (3, 3, 3), (0, 0, 0)])
    def test_leaves_nothing_finite(self, values, kind, bad):
        a = hermitian_with(values, kind)
        for f in (np.linalg.eigvalsh, np.linalg.eigvals):
            assert no_derivative_is_finite(f, a, bad)
        for function in (np.linalg.eigh, np.linalg.eig):
            for i in range(2):
                assert no_derivative_is_finite(lambda a, f=function, i=i: f(a)[i], a, bad)

    def test_leaves_the_others_of_a_stack_and_their_guards_alone(self):
        stack = np.stack([hermitian_with((1, 2, 4)), np.eye(3)])
        vectors, pull = tg.vjp(lambda a: np.linalg.eigh(a).eigenvectors, stack)
        g = np.zeros_like(vectors)
        g[1, 0, 0] = np.nan
        found = pull(g)[0]
        assert np.array_equal(found[0], np.zeros((3, 3)))
        assert np.isnan(found[1]).all()
        with pytest.raises(ValueError, match="two values coincide to rounding"):
            pull(np.stack([g[1], np.arange(9.0).reshape(3, 3)]))


class TestPhases:
    def test_a_loss_that_depends_on_a_phase_raises(self):
        a = hermitian_with((1, 2, 4), "c")
        for function in (np.linalg.eigh, np.linalg.eig):
            with pytest.raises(ValueError, match="have a free phase"):
                tg.grad(lambda a, f=function: np.sum(f(a)[1]).real + np.sum(f(a)[1]).imag)(a)

    def test_one_that_does_not_depend_on_it(self):
        weights = np.random.default_rng(1).standard_normal((3, 3))

        def of(function):
            return lambda a: np.sum(weights * np.absolute(function(a)[1]) ** 2)

        a = hermitian_with((1, 2, 4), "c")
        loss = lambda a: of(np.linalg.eigh)(hermitian(a))  # noqa: E731
        assert close(tg.grad(of(np.linalg.eigh))(a), gradient_by_differences(loss, a))
        assert close(tg.grad(of(np.linalg.eig))(a), gradient_by_differences(of(np.linalg.eig), a))


class TestAnySquareMatrix:
    def test_complex_values_of_a_real_matrix(self):
        a = np.array([[0.2, -1.0, 0.3], [1.2, 0.4, 0.1], [-0.2, 0.3, 1.5]])
        weights = np.array([0.3, 0.3, -1.0])
        for function in (np.linalg.eigvals, lambda a: np.linalg.eig(a)[0]):
            assert function(Tensor(a)).dtype == complex
            loss = lambda a, f=function: np.sum(weights * np.absolute(f(a)) ** 2)  # noqa: E731
            gradient = tg.grad(loss)(a)
            assert gradient.dtype == float
            assert close(gradient, gradient_by_differences(loss, a))

    def test_a_symmetric_function_of_equal_values_that_have_their_vectors(self):
        gradient = tg.grad(lambda a: np.sum(np.linalg.eigvals(a).real ** 2))(2 * np.eye(3))
        assert np.allclose(gradient, 4 * np.eye(3))

    @pytest.mark.parametrize("function", [np.linalg.eigvals, lambda a: np.linalg.eig(a)[0]])
    def test_a_defective_matrix_raises(self, function):
        with pytest.raises(ValueError, match=r"np\.linalg\.eig.*defective"):
            tg.grad(lambda a: np.sum(function(a)).real)(np.array([[1.0, 1.0], [0.0, 1.0]]))
        with pytest.raises(ValueError, match=r"np\.linalg\.eig.*defective"):
            tg.jvp(function, [np.array([[1.0, 1.0], [0.0, 1.0]])], [np.ones((2, 2))])

    def test_vectors_of_equal_values_raise(self):
        with pytest.raises(ValueError, match=r"np\.linalg\.eig: .*two values coincide"):
            tg.grad(lambda a: np.linalg.eig(a)[1][0, 1].real)(np.eye(3))
        with pytest.raises(ValueError, match=r"np\.linalg\.eig: .*reverse mode"):
            tg.jvp(np.linalg.eig, [np.eye(2)], [np.array([[0.0, 1.0], [1.0, 0.0]])])

    def test_values_are_found_again_in_another_order(self):
        found = np.array([[3.0, 1.0, 2.0], [1.0, 1.0, 2.0]])
        wanted = np.array([[1.0 + 1e-15, 2.0, 3.0], [2.0, 1.0, 1.0]])
        assert places(found, wanted).tolist() == [[1, 2, 0], [2, 0, 1]]

    @pytest.mark.parametrize("dtype", [float, complex])
    def test_values_that_lapack_gives_otherwise_than_with_vectors(self, monkeypatch, dtype):
        eig = np.linalg.eig
        a = hermitian_with((1, 2, 4))
        loss = lambda a: np.sum(np.arange(3) * np.linalg.eigvals(a).real)  # noqa: E731
        expected = tg.grad(loss)(a)

        def other_order(a):
            w, v = eig(a)
            w, v = w[..., ::-1], v[..., ::-1]
            return (w.astype(complex), v.astype(complex)) if dtype is complex else (w.real, v.real)

        monkeypatch.setattr(np.linalg, "eig", other_order)
        found = tg.grad(loss)(a)
        assert found.dtype == float
        assert close(found, expected, 1e-13)
        t = np.random.default_rng(0).standard_normal((3, 3))
        change = tg.jvp(np.linalg.eigvals, [a], [t])[1]
        assert np.isclose(np.sum(np.arange(3) * change), np.sum(expected * t))


# Losses of a real matrix whose values are all real, which NumPy before 2.5 gives as real numbers
# and NumPy 2.5 as complex ones; and their gradients where they are known.
OF_REAL_MATRICES = {
    "a power of the values": (lambda a: np.sum(np.linalg.eigvals(a).real ** 2), None),
    "the trace of a cube": (
        lambda a: np.real(np.sum(np.linalg.eigvals(a) ** 3)),
        lambda a: 3 * (a @ a).T,
    ),
    "the determinant": (
        lambda a: np.real(np.prod(np.linalg.eig(a)[0])),
        lambda a: np.linalg.det(a) * np.linalg.inv(a).T,
    ),
    "the spectral radius": (lambda a: np.max(np.absolute(np.linalg.eigvals(a))), None),
    "the values in order": (
        lambda a: (lambda w: w[0] - 2 * w[1] + 3 * w[2])(np.sort(np.linalg.eig(a)[0]).real),
        None,
    ),
    "the vectors": (lambda a: np.sum(np.linalg.eig(a)[1].real ** 4), None),
    "the vectors, weighed by complex numbers": (
        lambda a: np.real(np.sum((2 - 1j) * np.linalg.eig(a)[1][:, 0] ** 3)),
        None,
    ),
    "both parts of the vectors": (
        lambda a: np.sum(np.linalg.eig(a)[1].real ** 3 + np.linalg.eig(a)[1].imag),
        None,
    ),
    "a matrix function": (
        lambda a: (lambda w, v: np.sum(np.real((v * w**2) @ np.linalg.inv(v))))(*np.linalg.eig(a)),
        lambda a: a.sum(0)[:, None] + a.sum(1)[None, :],
    ),
    "a polynomial with these roots": (lambda a: np.sum(np.poly(a) ** 2), None),
}


class TestRealMatricesOfWhichTheValuesAreReal:
    """Of complex dtype since NumPy 2.5: the gradients are as before, and real."""

    A = np.array([[2.0, 1.0, 0.3], [0.4, 3.5, -0.2], [0.1, 0.6, 6.0]])

    @pytest.mark.parametrize("name", OF_REAL_MATRICES)
    @pytest.mark.parametrize("complex_values", [False, True])
    @pytest.mark.parametrize("dtype", [np.float64, np.float32])
    def test_gradients(self, monkeypatch, name, complex_values, dtype):
        """With each NumPy as it is, and as others have it."""
        loss, known = OF_REAL_MATRICES[name]
        a = self.A.astype(dtype)
        give_values_as(monkeypatch, complex if complex_values else float)
        value, gradient = tg.value_and_grad(loss)(a)
        assert value.dtype == gradient.dtype == dtype
        limit = 1e-8 if dtype == np.float64 else 1e-4
        expected = gradient_by_differences(loss, self.A)
        assert close(gradient, expected, limit)
        if known:
            assert close(gradient, known(self.A), 1e-12 if dtype == np.float64 else 1e-4)
        t = np.random.default_rng(0).standard_normal((3, 3)).astype(dtype)
        assert np.isclose(tg.jvp(loss, [a], [t])[1], np.sum(gradient * t), rtol=1e3 * limit)

    @pytest.mark.parametrize("name", OF_REAL_MATRICES)
    def test_second_derivatives(self, monkeypatch, name):
        loss, _ = OF_REAL_MATRICES[name]
        t = np.random.default_rng(0).standard_normal((3, 3))
        found = []
        for dtype in (float, complex):
            with monkeypatch.context() as patch:
                give_values_as(patch, dtype)
                found.append(tg.grad(lambda a: np.sum(t * tg.grad(loss)(a)))(self.A))
        assert found[0].dtype == found[1].dtype == float
        assert close(*found, 1e-12)
        slope = lambda a: np.sum(t * tg.grad(loss)(a))  # noqa: E731
        assert close(found[0], gradient_by_differences(slope, self.A), 1e-7)

    def test_a_complex_result_has_no_gradient(self, monkeypatch):
        """As in PyTorch and JAX; the message says what to write on every NumPy."""
        give_values_as(monkeypatch, complex)
        with pytest.raises(TypeError, match=r"complex number; return a real one.*np\.real"):
            tg.grad(lambda a: np.sum(np.linalg.eigvals(a) ** 2))(self.A)

    def test_a_phase_is_free_where_a_value_is_complex(self):
        turning = np.array([[0.2, -1.0, 0.3], [1.2, 0.4, 0.1], [-0.2, 0.3, 1.5]])
        is_real = np.linalg.eig(turning)[0].imag == 0
        assert is_real.sum() == 1
        for is_chosen in (is_real, ~is_real):
            loss = lambda a, i=is_chosen: np.sum(np.linalg.eig(a)[1][:, i].imag)  # noqa: E731
            if is_chosen is is_real:
                assert np.abs(tg.grad(loss)(turning)).max() < 1e-14
            else:
                with pytest.raises(ValueError, match="have a free phase"):
                    tg.grad(loss)(turning)


def give_values_as(monkeypatch, dtype):
    """As NumPy before 2.5 gives eigenvalues that are all real, or as 2.5 does."""

    def given(x):
        x = np.asarray(x)
        if x.dtype.kind != "c":
            return x.astype(np.result_type(x.dtype, np.complex64)) if dtype is complex else x
        return x.real if dtype is float and not x.imag.any() else x

    for name in ("eig", "eigvals"):
        row = TABLE[getattr(np.linalg, name)]
        original = row.kernel

        def kernel(a, original=original):
            result = original(a)
            if isinstance(result, np.ndarray):
                return given(result)
            return type(result)(*map(given, result))

        monkeypatch.setattr(row, "kernel", kernel)
        monkeypatch.setattr(row, "calls", {})  # which know the kernel


class TestMixedOrders:
    @pytest.mark.parametrize(
        "loss",
        [
            lambda a: np.sum(np.linalg.eigvalsh(a) ** 3 * np.arange(3)),
            lambda a: np.sum(np.linalg.eigh(a)[1] ** 3),
            lambda a: np.sum(np.linalg.eigvals(a).real ** 3 * np.arange(3)),
            lambda a: np.sum(np.linalg.eig(a)[1].real ** 4),
        ],
    )  # fmt: skip
    def test_forward_over_reverse_and_reverse_over_forward(self, loss):
        a = hermitian_with((1, 2, 4))
        t = np.random.default_rng(1).standard_normal((3, 3))
        expected = tg.grad(lambda a: np.sum(t * tg.grad(loss)(a)))(a)
        assert close(tg.jvp(tg.grad(loss), [a], [t])[1], expected, 1e-11)
        assert close(tg.grad(lambda a: tg.jvp(loss, [a], [t])[1])(a), expected, 1e-11)
