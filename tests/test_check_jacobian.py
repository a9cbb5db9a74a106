"""check_jacobian: hand-written Jacobians, and which of their elements are wrong."""

import numpy as np
import pytest
import scipy.optimize
import scipy.sparse

import tinygrad_np as tg
from tinygrad_np.check import check_jacobian

RNG = np.random.default_rng(0)
A, X = RNG.normal(size=(5, 4)), RNG.normal(size=4)
S = RNG.normal(size=(4, 4))


def f(x):
    return np.tanh(A @ x)


def by_x(x):
    return (1 - np.tanh(A @ x) ** 2)[:, None] * A


def off(matrix, index, by):
    matrix = np.array(matrix)
    matrix[index] += by
    return matrix


def elements(report):
    return {row.leaf for row in report.components}


class TestRight:
    @pytest.mark.parametrize("seed", range(5))
    def test_a_matrix(self, seed):
        report = check_jacobian(f, by_x, X, seed=seed)
        assert report.is_right, f"\n{report}"
        assert [(row.leaf, row.shape) for row in report.rows] == [("", (5, 4))]
        assert report.hints == report.components == []

    def test_what_it_may_be(self):
        assert check_jacobian(f, by_x(X), X).is_right
        assert check_jacobian(f, lambda x: by_x(x).tolist(), X).is_right
        assert check_jacobian(f, lambda x: list(by_x(x)), X).is_right
        assert check_jacobian(f, lambda x: scipy.sparse.csr_array(by_x(x)), X).is_right
        assert check_jacobian(f, tg.jacobian(f), X).is_right

    def test_as_scipy_asks_for_it(self):
        def residuals(x):  # a list, as for scipy.optimize.root
            return [10 * (x[1] - x[0] ** 2), 1 - x[0]]

        def jac(x):
            return [[-20 * x[0], 10], [-1, 0]]

        x = np.array([-1.2, 1.0])
        assert scipy.optimize.root(residuals, x, jac=jac).success
        for give in (jac, lambda x: np.array(jac(x)), lambda x: np.array(jac(x), float)):
            assert check_jacobian(residuals, give, x).is_right
        report = check_jacobian(residuals, lambda x: [[-20 * x[0], 10], [1, 0]], x)
        assert [row.verdict for row in report.rows] == ["right", "wrong"]
        assert elements(report) == {"[1][0]"}

    def test_a_list_or_several_numbers_as_the_point(self):
        def f(x):
            return np.array([x[0] * x[1], x[1]])

        def matrix(x):
            return [[x[1], x[0]], [0.0, 1.0]]

        for x in ([2.0, 3.0], (2.0, 3.0)):
            for make in (list, np.array, lambda rows: list(np.array(rows).T)):
                report = check_jacobian(f, lambda x, make=make: make(matrix(x)), x)
                assert report.is_right, f"\n{report}"
                assert [row.leaf for row in report.rows] == ["[0]", "[1]"]
        t = np.linspace(0, 1, 2)  # as many as there are parameters

        def model(t, a, b):
            return a * np.exp(-b * t)

        def by_parameters(t, a, b):  # as scipy.optimize.curve_fit asks for it
            return np.stack([np.exp(-b * t), -a * t * np.exp(-b * t)], axis=1)

        assert check_jacobian(model, by_parameters, t, 2.0, 0.5, argnums=(1, 2)).is_right
        with pytest.raises(ValueError, match=r"has shape \(1,\)|is an array of shape \(2, 1\)"):
            check_jacobian(f, lambda x: np.array(matrix(x))[:, :1], [2.0, 3.0])

    @pytest.mark.parametrize(
        ("f", "jacobian", "x"),
        [
            (lambda x: np.sum(x * x), lambda x: 2 * x, X),
            (lambda x: x**2, lambda x: 2 * x, 0.7),
            (lambda t: np.array([np.sin(t), t]), lambda t: np.array([np.cos(t), 1.0]), 0.7),
            (lambda x: np.outer(x, x), lambda x: np.einsum("ik,j->ijk", np.eye(4), x)
             + np.einsum("jk,i->ijk", np.eye(4), x), X),
            (lambda w: w @ X, lambda w: np.einsum("ij,k->ijk", np.eye(5), X), A),
            (lambda x: x[:0], lambda x: np.zeros((0, 4)), X),
        ],
    )  # fmt: skip
    def test_shapes(self, f, jacobian, x):
        report = check_jacobian(f, jacobian, x)
        assert report.is_right, f"\n{report}"
        if np.size(jacobian(x)):
            assert check_jacobian(f, lambda x: 1.001 * jacobian(x), x).verdict == "wrong"

    def test_trees_and_several_arguments(self):
        def f(a, b):
            return {"p": a * b, "q": np.sum(a) * b}

        def jacobian(a, b):
            return {
                "p": (np.diag(b), np.diag(a)),
                "q": (np.outer(b, np.ones(4)), np.sum(a) * np.eye(4)),
            }

        report = check_jacobian(f, jacobian, X, 2 * X, argnums=(0, 1))
        assert report.is_right, f"\n{report}"
        assert [row.leaf for row in report.rows] == [
            *("['p'][0]", "['p'][1]", "['q'][0]", "['q'][1]")
        ]
        by_b = check_jacobian(f, lambda a, b: {"p": np.diag(a), "q": np.diag(a)}, X, X, argnums=1)
        assert [row.verdict for row in by_b.rows] == ["right", "wrong"]
        assert "['q'][0, 0]" in elements(by_b)

    def test_complex_numbers(self):
        z = X + 1j * X[::-1]
        assert check_jacobian(np.exp, lambda z: np.diag(np.exp(z)), z).is_right
        assert check_jacobian(np.abs, lambda z: np.diag(np.conj(z) / np.abs(z)), z).is_right
        assert check_jacobian(lambda x: np.exp(1j * x), lambda x: np.diag(1j * np.exp(1j * x)),
                              X).is_right  # fmt: skip
        wrong = check_jacobian(np.exp, lambda z: off(np.diag(np.exp(z)), (2, 1), 0.1j), z)
        assert all(leaf.startswith("[2, 1]") for leaf in elements(wrong))
        assert wrong.verdict == "wrong"

    @pytest.mark.parametrize(("dtype", "error"), [(np.float32, 1e-3), (np.float16, 0.3)])
    def test_other_precisions(self, dtype, error):
        a, x = A.astype(dtype), X.astype(dtype)

        def f(x):
            return np.tanh(a @ x)

        def jacobian(x):
            return (1 - np.tanh(a @ x) ** 2)[:, None] * a

        assert check_jacobian(f, jacobian, x).is_right
        wrong = check_jacobian(f, lambda x: off(jacobian(x), (3, 1), dtype(error)), x)
        assert elements(wrong) == {"[3, 1]"}

    def test_rows_far_apart(self):
        def f(x):
            return np.array([1e8 * np.sin(x[0]), 1e-6 * x[1] * x[0], np.tanh(30 + x[2]), 7.0])

        def jacobian(x):
            return np.array([[1e8 * np.cos(x[0]), 0, 0, 0], [1e-6 * x[1], 1e-6 * x[0], 0, 0],
                             4 * [0.0], 4 * [0.0]])  # fmt: skip

        for seed in range(5):
            report = check_jacobian(f, jacobian, X, seed=seed)
            assert report.is_right, f"\n{report}"
            wrong = check_jacobian(f, lambda x: off(jacobian(x), (1, 1), 1e-10), X, seed=seed)
            assert elements(wrong) == {"[1, 1]"}, f"\n{wrong}"

    def test_a_kink(self):
        x = np.array([0.0, 1.0, -2.0])
        report = check_jacobian(lambda x: np.abs(x), lambda x: np.diag(np.sign(x)), x)
        assert report.verdict == "cannot tell"
        assert report.rows[0].note == "a kink at [0], right elsewhere"

    def test_the_caller_keeps_what_is_theirs(self):
        def jacobian(x, y):
            found = np.diag(y.copy())
            x *= 0
            y *= 0
            return found

        x, y = X.copy(), X.copy()
        assert check_jacobian(lambda x, y: x * y, jacobian, x, y).is_right
        assert np.array_equal(x, X)
        assert np.array_equal(y, X)


class TestWrong:
    def test_a_factor_of_a_single_column(self):
        report = check_jacobian(
            lambda t: np.array([np.sin(t), t]), lambda t: 1.001 * np.array([np.cos(t), 1.0]), 0.7
        )
        assert report.hints == ["off by the factor 1.001 in every component"]

    @pytest.mark.parametrize("index", [(0, 0), (3, 1), (4, 3)])
    @pytest.mark.parametrize("by", [1.0, -1e-3, 1e-7])
    def test_one_element(self, index, by):
        report = check_jacobian(f, lambda x: off(by_x(x), index, by), X)
        name = f"[{index[0]}, {index[1]}]"
        assert elements(report) == {name}
        [row] = report.components
        assert row.claimed == pytest.approx(by_x(X)[index] + by)
        assert row.found == pytest.approx(by_x(X)[index], abs=1e-9)
        assert row.difference == pytest.approx(abs(by), rel=1e-3)
        [hint] = report.hints
        assert hint.startswith(f"element {name} only: it should be ")

    def test_one_among_many(self):
        big, x = RNG.normal(size=(300, 200)), RNG.normal(size=200)

        def jacobian(x):
            return off(np.cos(big @ x)[:, None] * big, (217, 133), 1e-5)

        report = check_jacobian(lambda x: np.sin(big @ x), jacobian, x)
        assert elements(report) == {"[217, 133]"}

    @pytest.mark.parametrize(
        ("change", "hint"),
        [
            (lambda j: -j, "the sign: it is the negative of the right one"),
            (lambda j: 2 * j, "off by the factor 2"),
            (lambda j: j / 5, "off by the factor 1/5: it looks like the gradient of the mean"),
            (lambda j: np.roll(j, 1, axis=0), "shifted by one along axis 0, towards the end"),
            (
                lambda j: np.roll(j, -1, axis=1),
                "shifted by one along axis 1, towards the beginning",
            ),
            (lambda j: j[::-1], "reversed along axis 0"),
        ],
    )
    def test_everywhere(self, change, hint):
        report = check_jacobian(f, lambda x: change(by_x(x)), X)
        assert report.verdict == "wrong"
        assert len(report.hints) == 1
        assert report.hints[0].startswith(hint)

    def test_a_row_and_a_column(self):
        row = check_jacobian(f, lambda x: by_x(x) * (np.arange(5) != 2)[:, None], X)
        assert elements(row) == {f"[2, {j}]" for j in range(4)}
        column = check_jacobian(f, lambda x: by_x(x) * (np.arange(4) != 2), X)
        assert elements(column) == {f"[{i}, 2]" for i in range(5)}
        exchanged = check_jacobian(f, lambda x: by_x(x)[[0, 2, 1, 3, 4]], X)
        assert {leaf[:2] for leaf in elements(exchanged)} == {"[1", "[2"}

    def test_a_transpose(self):
        report = check_jacobian(lambda x: S @ x, lambda x: S.T, X)
        assert report.hints == ["transposed"]
        # of a function like this one it is symmetric
        assert check_jacobian(lambda x: (S + S.T) @ x, lambda x: S + S.T, X).is_right

    def test_not_finite(self):
        report = check_jacobian(f, lambda x: off(by_x(x), (3, 1), np.nan), X)
        assert report.verdict == "wrong"
        assert report.rows[0].note == "not finite: nan at [3, 1]"

    def test_a_gradient_in_place_of_a_jacobian_of_another(self):
        report = check_jacobian(
            lambda a, b: a * b, lambda a, b: (np.diag(a), np.diag(b)), X, X[::-1], argnums=(0, 1)
        )
        assert [row.verdict for row in report.rows] == ["wrong", "wrong"]


class TestErrors:
    @pytest.mark.parametrize(
        ("jacobian", "message"),
        [
            (lambda x: by_x(x).T, r"the Jacobian has shape \(4, 5\), but f\(x\) by x has shape "
             r"\(5, 4\), and the two must be the same\. Is it transposed\?"),
            (lambda x: by_x(x).ravel(), r"has shape \(20,\), but"),
            (lambda x: list(by_x(x).ravel()), r"is a list of 20, but f\(x\) by x is an"),
            (lambda x: {"x": by_x(x)}, r"is a dict with \['x'\], but f\(x\) by x is an array"),
            (lambda x: by_x(x)[:4], r"has shape \(4, 4\), but"),
            (lambda x: None, r"is None, but f\(x\) by x is an array of shape \(5, 4\): return an "
             "array of its shape; does the function lack a return"),
            (lambda x: (f(x), by_x(x)), "is a tuple of 2, but .*, without the value"),
        ],
    )  # fmt: skip
    def test_structures_and_shapes(self, jacobian, message):
        with pytest.raises(ValueError, match=f"^check_jacobian: .*{message}"):
            check_jacobian(f, jacobian, X)

    def test_the_function(self):
        with pytest.raises(TypeError, match=r"f\(x\) has dtype int64, where a floating one has"):
            check_jacobian(lambda x: np.argsort(x), by_x, X)
        with pytest.raises(ValueError, match=r"f\(x\) is not finite: nan at \[1\], where there is"):
            check_jacobian(np.sqrt, lambda x: np.eye(2), np.array([1.0, -1.0]))
        with pytest.raises(TypeError, match="f must be a function, not a ndarray"):
            check_jacobian(X, by_x, X)
        with pytest.raises(TypeError, match="x is a Tensor"):
            check_jacobian(f, by_x, tg.Tensor(X))
        with pytest.raises(ValueError, match="argnums is 1, but there are 1"):
            check_jacobian(f, by_x, X, argnums=1)

    def test_what_they_raise_comes_through(self):
        def broken(x):
            raise ZeroDivisionError("mine")

        with pytest.raises(ZeroDivisionError, match="mine"):
            check_jacobian(broken, by_x, X)
        with pytest.raises(ZeroDivisionError, match="mine"):
            check_jacobian(f, broken, X)
