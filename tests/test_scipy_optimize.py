"""scipy.optimize over trees: SciPy's solutions, and their derivatives by what they depend on."""

import dataclasses
import itertools
from typing import Any

import mpmath
import numpy as np
import pytest
import scipy.optimize
import scipy.sparse

import tinygrad_np as tg
from tinygrad_np import Tensor
from tinygrad_np.check import check_function
from tinygrad_np.scipy import optimize


def rosenbrock(x):
    return np.sum(100 * (x[1:] - x[:-1] ** 2) ** 2 + (1 - x[:-1]) ** 2)


def over_tree(p):
    return rosenbrock(tg.tree.ravel(p)[0])


TREE = {"a": np.array([-1.2, 1.0]), "b": 0.7}
START = np.array([-1.2, 1.0, 0.7])
METHODS = [None, "BFGS", "L-BFGS-B", "CG", "Newton-CG", "trust-ncg", "trust-krylov", "trust-exact",
           "trust-constr", "SLSQP", "TNC", "dogleg"]  # fmt: skip
BY_HESSIAN = {"Newton-CG", "trust-ncg", "trust-krylov", "trust-exact", "trust-constr", "dogleg"}


class TestMinimize:
    @pytest.mark.parametrize("method", METHODS)
    def test_the_same_minimum_as_with_derivatives_by_hand(self, method):
        by_hand = {"jac": scipy.optimize.rosen_der}
        if method in BY_HESSIAN:
            by_hand["hess"] = scipy.optimize.rosen_hess
        if method == "dogleg":  # which wants a convex function

            def function(x):
                return np.sum((x - 1) ** 2)

            by_hand = {"jac": lambda x: 2 * (x - 1), "hess": lambda x: 2 * np.eye(3)}
        else:
            function = scipy.optimize.rosen
        expected = scipy.optimize.minimize(function, START, method=method, tol=1e-9, **by_hand)

        def ours(p):
            x = tg.tree.ravel(p)[0]
            return np.sum((x - 1) ** 2) if method == "dogleg" else rosenbrock(x)

        found = optimize.minimize(ours, TREE, method=method, tol=1e-9)
        assert found.success == expected.success
        x = tg.tree.ravel(found.x)[0]
        assert np.max(np.abs(x - 1)) < max(1e-6, 2 * np.max(np.abs(expected.x - 1)))
        # Differences would count four times as often; the steps of CG hang on the last bits.
        assert found.nfev <= 2.5 * expected.nfev

    @pytest.mark.parametrize("x0", [START, list(START), tuple(START)])
    def test_arrays_and_lists_of_numbers_are_vectors(self, x0):
        found = optimize.minimize(rosenbrock, x0)
        assert type(found.x) is np.ndarray
        assert np.allclose(found.x, 1, atol=1e-5)

    def test_a_tuple_of_arrays_is_a_tree(self):
        found = optimize.minimize(
            lambda p: np.sum((p[0] - 1) ** 2) + (p[1] - 2) ** 2, (np.zeros(2), np.zeros(()))
        )
        assert np.allclose(found.x[0], 1)
        assert np.allclose(found.x[1], 2)

    @pytest.mark.parametrize("jac", ["2-point", "3-point", "cs", False])
    def test_scipys_differences_pass(self, jac):
        function = rosenbrock if jac != "cs" else lambda x: np.sum((x - 1) ** 2)
        ours = optimize.minimize(function, START, jac=jac)
        assert np.array_equal(ours.x, scipy.optimize.minimize(function, START, jac=jac).x)

    def test_derivatives_that_are_given_are_used(self):
        calls = []

        def gradient(p):
            calls.append(type(p))
            return tg.grad(over_tree)(p)

        found = optimize.minimize(over_tree, TREE, jac=gradient)
        assert np.allclose(found.x["a"], 1, atol=1e-4)
        assert set(calls) == {dict}
        pair = optimize.minimize(tg.value_and_grad(over_tree), TREE, jac=True)
        assert np.array_equal(pair.x["a"], found.x["a"])
        products = []

        def product(p, v):
            products.append(v)
            return tg.hvp(over_tree, p, v)

        found = optimize.minimize(over_tree, TREE, method="trust-ncg", hessp=product)
        assert np.allclose(found.x["a"], 1, atol=1e-4)
        assert type(products[0]) is dict
        with pytest.raises(ValueError, match="hessp is a tree like the unknowns"):
            optimize.minimize(over_tree, TREE, method="trust-ncg", hessp=lambda p, v: {"a": v["a"]})

    def test_bounds_of_a_tree(self):
        bounds = {"a": (None, [0.5, 2.0]), "b": None}
        found = optimize.minimize(over_tree, TREE, bounds=bounds, tol=1e-12)
        expected = scipy.optimize.minimize(
            scipy.optimize.rosen, START, jac=scipy.optimize.rosen_der, tol=1e-12,
            bounds=[(None, 0.5), (None, 2.0), (None, None)],
        )  # fmt: skip
        assert np.allclose(found.x["a"], expected.x[:2], rtol=1e-7)
        assert np.isclose(found.x["b"], expected.x[2], rtol=1e-7)

    @pytest.mark.parametrize("method", ["SLSQP", "trust-constr"])
    @pytest.mark.parametrize("form", ["dict", "class"])
    def test_constraints_have_their_jacobians(self, method, form):
        def inside(p):
            return 1.0 - np.sum(p["a"] ** 2) - p["b"] ** 2

        constraint = (
            {"type": "ineq", "fun": inside}
            if form == "dict"
            else optimize.NonlinearConstraint(inside, 0, np.inf)
        )
        found = optimize.minimize(
            lambda p: np.sum(p["a"]) + p["b"], TREE, method=method, constraints=constraint, tol=1e-9
        )
        assert np.allclose(found.x["a"], -(3**-0.5), atol=1e-5)

    def test_callbacks_are_given_trees(self):
        seen = []

        def by_result(intermediate_result):
            seen.append(intermediate_result.x)

        optimize.minimize(over_tree, TREE, callback=seen.append)
        optimize.minimize(over_tree, TREE, callback=by_result)
        assert all(set(p) == {"a", "b"} for p in seen)


class TestSolutionsAsFunctions:
    def test_ridge_regression_against_its_closed_form(self):
        rng = np.random.default_rng(0)
        x, y = rng.standard_normal((20, 4)), rng.standard_normal(20)

        def loss(w, penalty):
            return np.sum((x @ w - y) ** 2) + penalty * np.sum(w**2)

        def fitted(penalty):
            return optimize.minimize(loss, np.zeros(4), (penalty,)).x

        def closed(penalty):
            return np.linalg.solve(x.T @ x + penalty * np.eye(4), x.T @ y)

        for order in (tg.jacobian, lambda f: tg.jacobian(tg.jacobian(f))):
            assert np.allclose(order(fitted)(0.3), order(closed)(0.3), rtol=1e-12)

    def test_the_value_at_the_minimum_has_the_slope_of_the_function_there(self):
        def loss(x, a):
            return np.sum((x - a) ** 4 + x**2)

        assert (
            check_function(
                lambda a: optimize.minimize(loss, np.ones(2), (a,), tol=1e-12).fun,
                np.array([1.5, 2.0]),
            ).verdict
            == "right"
        )

    def test_an_unknown_that_a_bound_holds_stays(self):
        def loss(p, c):
            return (p["x"] - c) ** 2 + (p["y"] - c * p["x"]) ** 2

        def minimum(c):
            found = optimize.minimize(
                loss, {"x": 0.0, "y": 0.0}, (c,), bounds={"x": (0, 1), "y": (-9, 9)}
            )
            return np.stack([found.x["x"], found.x["y"]])

        assert np.allclose(minimum(2.0), [1, 2], rtol=1e-7)
        assert np.allclose(tg.jacobian(minimum)(2.0), [0, 1], rtol=1e-9)

    def test_the_result_has_no_constants_in_disguise(self):
        found = []

        def f(a):
            found.append(optimize.minimize(lambda x, a: (x[0] - a) ** 2, [0.0], (a,)))
            return found[0].x[0]

        assert np.isclose(tg.grad(f)(2.0), 1)
        assert not {"jac", "hess_inv", "hess"} & set(found[0])

    T = np.linspace(0, 1, 15)
    Y = 2 * np.exp(-3 * T) + 0.05 * np.sin(40 * T)

    @staticmethod
    def by_hand(y, weights=1.0):
        """The fit of a·exp(−k·t) by steps of Newton's method, each of them differentiated."""

        def cost(p):
            return np.sum(weights * (p[0] * np.exp(-p[1] * TestSolutionsAsFunctions.T) - y) ** 2)

        p = np.array([2.0, 3.0])
        for _ in range(8):
            p = p - np.linalg.solve(tg.hessian(cost)(p), tg.grad(cost)(p))
        return p

    def test_least_squares_by_the_data(self):
        def fitted(y):
            found = optimize.least_squares(
                lambda p, y: p["a"] * np.exp(-p["k"] * self.T) - y, {"a": 1.0, "k": 1.0}, args=(y,)
            )
            return tg.tree.ravel(found.x)[0], found.cost

        expected = tg.jacobian(self.by_hand)(self.Y)
        assert np.allclose(tg.jacobian(lambda y: fitted(y)[0])(self.Y), expected, rtol=1e-9)
        p = self.by_hand(self.Y)
        rest = self.Y - p[0] * np.exp(-p[1] * self.T)
        assert np.allclose(tg.grad(lambda y: fitted(y)[1])(self.Y), rest, rtol=1e-8)

    def test_curve_fit_by_the_data_and_their_errors(self):
        def model(t, a, k):
            return a * np.exp(-k * t)

        sigma = 0.1 + self.T
        for absolute in (True, False):

            def fitted(y, sigma, absolute=absolute):
                return optimize.curve_fit(model, self.T, y, [1.0, 1.0], sigma, absolute)

            p, c = scipy.optimize.curve_fit(model, self.T, self.Y, [1.0, 1.0], sigma, absolute)
            found = fitted(tg.Tensor(self.Y), sigma)
            assert np.allclose(found[0].data, p, rtol=1e-6)
            assert np.allclose(found[1].data, c, rtol=1e-5)
            expected = tg.jacobian(lambda y: self.by_hand(y, 1 / sigma**2))(self.Y)
            by = tg.jacobian(lambda y, fitted=fitted: fitted(y, sigma)[0])(self.Y)
            assert np.allclose(by, expected, rtol=1e-9)
            h = 1e-4
            along = np.cos(np.arange(15.0))
            tight = {"ftol": 1e-15, "xtol": 1e-15, "gtol": 1e-15}
            up, down = (
                scipy.optimize.curve_fit(
                    model, self.T, self.Y, p, sigma + s * h * along, absolute, **tight
                )[1]
                for s in (1, -1)
            )
            _, slope = tg.jvp(lambda s, fitted=fitted: fitted(self.Y, s)[1], sigma, along)
            assert np.allclose(slope, (up - down) / (2 * h), rtol=1e-4)

    @pytest.mark.parametrize("name", ["brentq", "brenth", "ridder", "bisect", "toms748"])
    def test_roots_between_two_numbers(self, name):
        def root(a):
            tight = {"xtol": 4e-15, "rtol": 1e-14}
            return getattr(optimize, name)(lambda x, a: np.cos(x) - a * x, 0.0, 2.0, (a,), **tight)

        assert root(0.7) == getattr(scipy.optimize, name)(
            lambda x: np.cos(x) - 0.7 * x, 0.0, 2.0, xtol=4e-15, rtol=1e-14
        )
        mpmath.mp.dps = 40
        exact = lambda a: mpmath.findroot(lambda x: mpmath.cos(x) - a * x, 0.9)  # noqa: E731
        third = tg.grad(tg.grad(tg.grad(root)))(0.7)
        assert np.isclose(third, float(mpmath.diff(exact, mpmath.mpf(0.7), 3)), rtol=1e-10)

    def test_root_over_a_tree(self):
        def equations(z, r):
            return [z["x"] ** 2 + z["y"] ** 2 - r**2, z["y"] - z["x"] ** 3]

        def solved(r):
            found = optimize.root(equations, {"x": 1.0, "y": 1.0}, (r,), tol=1e-14)
            return found.x["x"] * found.x["y"]

        assert check_function(solved, 2.0).verdict == "right"

    @pytest.mark.parametrize(
        "solved",
        [
            lambda a: optimize.newton(lambda x, a: x**3 - a, 1.0, args=(a,), tol=1e-15),
            lambda a: optimize.root_scalar(lambda x, a: x**3 - a, (a,), x0=1.0, xtol=1e-15).root,
            lambda a: (
                optimize.root_scalar(lambda x, a: x**3 - a, (a,), "halley", x0=1.5, xtol=1e-15).root
            ),
            lambda a: (
                optimize.root_scalar(lambda x, a: x**3 - a, (a,), bracket=(1, 3), xtol=1e-15).root
            ),
            lambda a: optimize.fixed_point(lambda x, a: (x + a / x**2) / 2, 1.5, (a,), xtol=1e-14),
            lambda a: (
                optimize.minimize_scalar(lambda x, a: x**4 / 4 - a * x, args=(a,), tol=1e-9).x
            ),
        ],
    )
    def test_solvers_of_one_number(self, solved):
        assert np.isclose(solved(8.0), 2, rtol=1e-6)
        assert np.isclose(tg.grad(solved)(8.0), 1 / 12, rtol=1e-9)
        assert np.isclose(tg.grad(tg.grad(solved))(8.0), -1 / 144, rtol=1e-8)

    def test_newton_of_an_array(self):
        def roots(a):
            return optimize.newton(lambda x, a: x**3 - a, np.ones(2), args=(a,), tol=1e-14)

        assert np.allclose(tg.jacobian(roots)(np.array([8.0, 27.0])), np.diag([1 / 12, 1 / 27]))

    def test_newton_of_many_numbers_makes_no_matrix(self):
        def f(a):
            x0 = np.full(a.size, 2.0)
            return np.sum(optimize.newton(lambda x, a: x**3 - a, x0, args=(a,)))

        a = np.linspace(1, 9, 200_000)  # their Jacobian would have 300 GB
        assert np.allclose(tg.grad(f)(a), a ** (-2 / 3) / 3, rtol=1e-12)
        by = np.diagonal(tg.hessian(f)(a[::40_000]))
        assert np.allclose(by, -2 / 9 * a[::40_000] ** (-5 / 3), rtol=1e-12)

    def test_nnls(self):
        rng = np.random.default_rng(0)
        a, b = rng.random((6, 3)), rng.random(6) * [1, 1, 1, 1, 1, -2]
        assert np.any(scipy.optimize.nnls(a, b)[0] == 0)
        report = check_function(lambda a, b: np.sum(optimize.nnls(a, b)[0] ** 2), a, b)
        assert report.verdict == "right"
        assert check_function(lambda a, b: optimize.nnls(a, b)[1], a, b).verdict == "right"


class TestCovariance:
    X = np.linspace(0, 1, 30)
    Y = 2 * np.exp(-3 * X) + 0.05 * np.sin(60 * X)

    def test_of_residuals_it_is_that_of_curve_fit(self):
        def residuals(p, x, y):
            return p["a"] * np.exp(-p["k"] * x) - y

        found = optimize.least_squares(residuals, {"a": 1.0, "k": 1.0}, args=(self.X, self.Y))
        _, expected = scipy.optimize.curve_fit(
            lambda x, a, k: a * np.exp(-k * x), self.X, self.Y, list(found.x.values())
        )
        covariance = optimize.covariance(residuals, found.x, self.X, self.Y)
        assert np.allclose(covariance.matrix, expected, rtol=1e-4)
        assert np.isclose(covariance.errors["k"], expected[1, 1] ** 0.5, rtol=1e-4)
        table = str(covariance).splitlines()
        assert table[0].split() == ["parameter", "value", "standard", "error"]
        assert table[2].split()[0] == "['k']"

    def test_of_a_likelihood_it_is_the_inverse_of_its_hessian(self):
        rng = np.random.default_rng(0)
        x = rng.normal(3.0, 2.0, 1000)

        def nll(p):
            return np.sum(0.5 * ((x - p["mu"]) / p["sigma"]) ** 2 + np.log(p["sigma"]))

        found = optimize.minimize(nll, {"mu": 2.5, "sigma": 1.5}, tol=1e-10).x
        errors = optimize.covariance(nll, found).errors
        assert np.isclose(errors["mu"], np.std(x) / 1000**0.5, rtol=1e-6)
        assert np.isclose(errors["sigma"], np.std(x) / 2000**0.5, rtol=1e-6)

    def test_what_is_not_determined_raises(self):
        with pytest.raises(ValueError, match=r"do not determine \['a'\], \['b'\]; fix one"):
            optimize.covariance(lambda p: (p["a"] + p["b"] - 1.0) ** 2, {"a": 0.5, "b": 0.5})
        with pytest.raises(ValueError, match=r"curve downwards along .*; minimize further"):
            optimize.covariance(lambda x: -np.sum(x**2), np.zeros(2))
        with pytest.raises(ValueError, match="2 residuals do not determine"):
            optimize.covariance(lambda x: x * np.ones(2), np.zeros(2))


class TestRefusals:
    def test_a_function_that_loses_the_gradient(self):
        with pytest.raises(TypeError, match=r"cannot be differentiated: .*jac='2-point'"):
            optimize.minimize(lambda x: float(x[0]) ** 2, [1.0])
        with pytest.raises(TypeError, match="result does not depend on its argument"):
            optimize.minimize(lambda x: getattr(x, "data", x)[0] ** 2, [1.0])

    @pytest.mark.parametrize(
        "solved",
        [
            lambda a: optimize.minimize(lambda x: np.sum((x - a) ** 2), [0.0]).x[0],
            lambda a: optimize.minimize(
                lambda x: np.sum((x - a) ** 2), [0.0], method="Nelder-Mead"
            ).x[0],
            lambda a: optimize.least_squares(lambda x: x - a, [0.0]).x[0],
            lambda a: optimize.root(lambda x: x - a, [0.0]).x[0],
            lambda a: optimize.brentq(lambda x: x - a, -9, 9),
            lambda a: optimize.newton(lambda x: x - a, 0.0),
            lambda a: optimize.root_scalar(lambda x: x - a, bracket=(-9, 9)).root,
            lambda a: optimize.fixed_point(lambda x: 0.1 * x + a, 0.0),
            lambda a: optimize.minimize_scalar(lambda x: (x - a) ** 2).x,
        ],
    )
    def test_a_tensor_in_a_closure(self, solved):
        with pytest.raises(TypeError, match="depends on a Tensor that is not among args"):
            tg.grad(solved)(2.0)

    def test_constraints_beside_tensors(self):
        with pytest.raises(TypeError, match="constraints have no derivative rule"):
            tg.grad(
                lambda a: optimize.minimize(
                    lambda x, a: np.sum((x - a) ** 2), [0.0], (a,),
                    constraints={"type": "ineq", "fun": lambda x, a: x},
                ).x[0]
            )(1.0)  # fmt: skip

    def test_what_is_no_minimum(self):
        with pytest.raises(ValueError, match="implicit: "):
            tg.grad(
                lambda a: optimize.minimize(
                    lambda x, a: np.sum(a * x**4), [2.0], (a,), options={"maxiter": 1}
                ).x[0]
            )(1.0)


def box_minimum(h, b, low, high):
    """The minimum of ½ xᵀHx − bᵀx in a box, and dx/db, by trying every set of active bounds."""
    found = []
    for ends in itertools.product((-1, 0, 1), repeat=len(b)):
        free = np.array(ends) == 0
        x = np.where(np.array(ends) < 0, low, high)
        inner = np.ix_(free, free)
        if free.any():
            x[free] = np.linalg.solve(h[inner], b[free] - h[np.ix_(free, ~free)] @ x[~free])
        if np.all((x >= low - 1e-12) & (x <= high + 1e-12)):
            found.append((0.5 * x @ h @ x - b @ x, x, free))
    _, x, free = min(found, key=lambda one: one[0])
    slopes = np.zeros_like(h)
    slopes[np.ix_(free, free)] = np.linalg.inv(h[np.ix_(free, free)])
    return x, slopes


class TestActiveBounds:
    @pytest.mark.parametrize(
        "method", ["L-BFGS-B", "TNC", "SLSQP", "Powell", "Nelder-Mead", "trust-constr"]
    )
    def test_against_every_set_of_active_bounds(self, method):
        rng = np.random.default_rng(0)
        for _ in range(6):
            m, b = rng.normal(size=(4, 4)), 2 * rng.normal(size=4)
            h, low, high = m @ m.T + 0.3 * np.eye(4), np.full(4, -0.2), np.full(4, 0.3)

            def f(x, b, h=h):
                return 0.5 * x @ (h @ x) - b @ x

            def solved(b, f=f):
                return optimize.minimize(f, np.zeros(4), (b,), method, bounds=[(-0.2, 0.3)] * 4).x

            x, slopes = box_minimum(h, b, low, high)
            assert np.allclose(tg.vjp(solved, b)[0], x, atol=1e-9)
            assert np.allclose(tg.jacobian(solved)(b), slopes, atol=1e-9)

    @pytest.mark.parametrize("method", ["L-BFGS-B", "SLSQP", "Nelder-Mead", "trust-constr"])
    def test_where_all_are_held_nothing_changes(self, method):
        def solved(a):
            return optimize.minimize(
                lambda x, a: np.sum((x - a) ** 2), [2.0], (a,), method, bounds=[(1, 3)]
            ).x

        assert tg.vjp(solved, 0.0)[0] == [1.0]
        assert tg.grad(lambda a: np.sum(solved(a)))(0.0) == 0.0

    @pytest.mark.parametrize("method", ["L-BFGS-B", "Nelder-Mead", "trust-constr"])
    def test_second_derivatives_beside_a_bound_that_holds(self, method):
        """0.1 + y + 0.4 y³ = b where the other unknown is held at 0.2."""

        def f(x, b):
            h = np.array([[2.0, 0.5], [0.5, 1.0]])
            return 0.5 * x @ (h @ x) - b @ x + 0.1 * np.sum(x**4)

        def y(b):
            bounds = [(-0.2, 0.2), (-9, 9)]
            return optimize.minimize(f, np.zeros(2), (b,), method, bounds=bounds).x[1]

        b = np.array([3.0, 2.0])
        value, slopes = tg.value_and_grad(y)(b)
        assert np.isclose(0.1 + value + 0.4 * value**3, 2, rtol=1e-12)
        slope = 1 / (1 + 1.2 * value**2)
        assert np.allclose(slopes, [0, slope], rtol=1e-10, atol=1e-12)
        second = [[0, 0], [0, -2.4 * value * slope**3]]
        assert np.allclose(tg.hessian(y)(b), second, rtol=1e-9, atol=1e-12)

    def test_of_one_number_and_of_residuals(self):
        def of_one(a):
            return optimize.minimize_scalar(lambda x, a: (x - a) ** 2, bounds=(1, 3), args=(a,)).x

        assert tg.vjp(of_one, 0.0)[0] == 1.0
        assert tg.grad(of_one)(0.0) == 0.0

        def of_residuals(a, bounds):
            found = optimize.least_squares(lambda p, a: p - a, [0.3, 1.5], bounds=bounds, args=(a,))
            return found.x

        for bounds in ([[0, 1], [3, 4]], ([0, 1], [3, 4]), scipy.optimize.Bounds([0, 1], [3, 4])):
            by = tg.jacobian(lambda a, bounds=bounds: of_residuals(a, bounds))(np.array([0.5, 2.0]))
            assert np.allclose(by, np.eye(2))

    def test_a_maximum_is_no_minimum(self):
        with pytest.raises(ValueError, match="curves downwards"):
            optimize.minimize(
                lambda x, a: np.sum(x**4 - a * x**2), [0.3], (Tensor(2.0),), "Nelder-Mead", tol=0.5
            )


ZEROS = {"a": 0.0, "b": 0.0}


def distance(p):
    return (p["a"] - 3.0) ** 2 + (p["b"] + 2.0) ** 2


def its_slope(p):
    return {"b": 2 * (p["b"] + 2.0), "a": 2 * (p["a"] - 3.0)}


class TestTreesInAnyOrder:
    @pytest.mark.parametrize(
        "options",
        [
            {"jac": its_slope},
            {"method": "trust-ncg", "hessp": lambda x, p: {"b": 2 * p["b"], "a": 2 * p["a"]}},
        ],
    )
    def test_derivatives_that_are_given(self, options):
        found = optimize.minimize(distance, ZEROS, **options).x
        assert np.allclose([found["a"], found["b"]], [3, -2], atol=1e-6)

    def test_a_pair_of_value_and_gradient(self):
        def pair(p):
            return distance(p), its_slope(p)

        found = optimize.minimize(pair, ZEROS, jac=True).x
        assert np.allclose([found["a"], found["b"]], [3, -2], atol=1e-6)

    def test_bounds(self):
        bounds = {"b": (0, None), "a": (None, 1)}
        found = optimize.minimize(distance, ZEROS, bounds=bounds).x
        assert np.allclose([found["a"], found["b"]], [1, 0], atol=1e-6)
        for two in (({"b": 2.0, "a": 2.0}, {"a": 2.5, "b": 3.0}), {"b": (2, 3), "a": (2, 2.5)}):
            found = optimize.least_squares(
                lambda p: [p["a"] - 5.0, p["b"] - 5.0], {"a": 2.2, "b": 2.2}, bounds=two
            ).x
            assert np.allclose([found["a"], found["b"]], [2.5, 3.0])

    def test_a_constraint_and_a_fixed_point(self):
        constraint = {
            "type": "ineq",
            "fun": lambda p: p["a"] - p["b"] - 7,
            "jac": lambda p: {"b": -1.0, "a": 1.0},
        }
        found = optimize.minimize(distance, ZEROS, constraints=constraint, method="SLSQP").x
        assert np.allclose([found["a"], found["b"]], [4, -3])
        found = optimize.fixed_point(
            lambda p: {"b": np.cos(p["b"]), "a": np.sqrt(p["a"])}, {"a": 2.0, "b": 1.0}
        )
        assert np.allclose([found["a"], found["b"]], [1.0, 0.7390851332151607])

    def test_arrays_of_two_axes_keep_them(self):
        def f(w):
            return np.sum((w[0] - 1) ** 2) + np.sum((w[1] - 2.0) ** 2)

        assert np.allclose(optimize.minimize(f, np.zeros((2, 2))).x, [[1, 1], [2, 2]])
        assert np.allclose(optimize.covariance(f, [[1.0, 1.0], [2.0, 2.0]]).matrix, np.eye(4) / 2)

    @pytest.mark.parametrize(
        ("bounds", "told"),
        [
            ({"a": (0, 1)}, r"the unknowns have \['a'\], \['b'\], the bounds \['a'\]"),
            ((0, 1), "a tree like the unknowns"),
            (np.zeros((2, 2)), "a dict like the unknowns"),
            ({"a": 1, "b": (0, 1)}, r"at \['a'\]: a pair"),
            ({"a": ((0,), (1,)), "b": (0, 1)}, "not tuples"),
        ],
    )
    def test_bounds_that_do_not_fit(self, bounds, told):
        with pytest.raises(ValueError, match=told):
            optimize.minimize(distance, ZEROS, bounds=bounds)


class TestGradientsOfOnesOwn:
    @pytest.mark.parametrize("method", ["BFGS", "Newton-CG", "trust-constr", "trust-ncg"])
    def test_value_and_gradient_together(self, method):
        def pair(x):
            return np.sum((x - 1) ** 2), 2 * (x - 1)

        assert np.allclose(optimize.minimize(pair, [0.0], method=method, jac=True).x, 1)

    @pytest.mark.parametrize("jac", ["2-point", lambda x: 2 * (x - 1)])
    def test_of_what_cannot_be_differentiated(self, jac):
        def f(x):
            return (float(x[0]) - 1) ** 2

        found = optimize.minimize(f, [0.0], method="trust-constr", jac=jac).x
        assert np.allclose(found, 1, atol=1e-4)

    def test_a_root_with_its_jacobian(self):
        found = optimize.root(lambda x: (x**2 - 2, np.diag(2 * x)), [1.0, 1.0], jac=True).x
        assert np.allclose(found, np.sqrt(2))

    def test_differences_of_a_constraint(self):
        constraint = {"type": "ineq", "fun": lambda p: float(p["x"]) - 2, "jac": "2-point"}
        found = optimize.minimize(
            lambda p: p["x"] ** 2, {"x": 3.0}, method="SLSQP", constraints=constraint
        )
        assert np.isclose(found.x["x"], 2)

    def test_keywords_reach_the_jacobian(self):
        def f(p, k=1.0):
            return (k * p - 3) ** 2 + p

        def by(p, k=1.0):
            return np.diag(2 * k * (k * p - 3) + 1)

        found = [
            solver.least_squares(f, [1.0], jac=by, kwargs={"k": 2.0}).x
            for solver in (optimize, scipy.optimize)
        ]
        assert np.allclose(*found)

    def test_a_sparse_jacobian(self):
        found = optimize.least_squares(lambda p: p**2 - 4, np.ones(3), jac_sparsity=np.eye(3))
        assert np.allclose(found.x, 2)

    def test_sparse_second_derivatives_and_constraints(self):
        def product(x):
            return x[1:] * x[:-1]

        n = 20
        band = scipy.sparse.diags_array([1.0, 1.0, 1.0], offsets=[-1, 0, 1], shape=(n, n))
        hess = tg.hessian(rosenbrock, sparsity=band)
        found = optimize.minimize(rosenbrock, np.full(n, 0.9), method="trust-constr", hess=hess)
        assert np.allclose(found.x, 1, atol=1e-6)
        jac = tg.jacobian(product, sparsity=abs(band.tocsr()[:-1]))
        limits = optimize.NonlinearConstraint(product, -np.inf, 0.25, jac=jac)
        found = optimize.minimize(
            rosenbrock, np.full(n, 0.5), method="trust-constr", constraints=limits
        )
        assert found.constr_violation < 1e-8
        assert np.isclose(np.max(product(found.x)), 0.25, atol=1e-3)

    def test_where_a_function_is_constant(self):
        def f(x):
            return np.inf if x[0] <= 0 else 100 * x[0] - np.log(x[0])

        assert np.allclose(optimize.minimize(f, [5.0]).x, 0.01)

    def test_newton_in_the_complex_plane(self):
        found = optimize.newton(lambda z: z**3 - 1, -0.5 + 0.5j)
        assert np.isclose(found, np.exp(2j * np.pi / 3))


class TestCovarianceOfAnyScale:
    @pytest.mark.parametrize("scale", [1e-8, 1.0, 1e8, 1e12])
    def test_against_its_closed_form(self, scale):
        a = np.random.default_rng(0).normal(size=(20, 3))
        y = np.random.default_rng(1).normal(size=20)
        units = np.array([1, 1, scale])
        best = np.linalg.lstsq(a, y)[0]
        found = optimize.covariance(lambda p: a @ (p * units) - y, best / units).matrix
        variance = np.sum((a @ best - y) ** 2) / 17
        expected = np.linalg.inv(a.T @ a) * variance / np.outer(units, units)
        assert np.allclose(found / expected, 1, rtol=1e-12)

    def test_of_a_perfect_fit(self):
        a = np.random.default_rng(0).normal(size=(20, 3))
        assert not np.any(optimize.covariance(lambda p: a @ p, np.zeros(3)).matrix)

    def test_what_is_no_minimum(self):
        def f(p):
            return (p["x"] - 5) ** 2 + p["y"][0] ** 2

        told = r"are no minimum: a step of 5 along \['x'\] .* standard error is 0\.71"
        with pytest.raises(ValueError, match=told):
            optimize.covariance(f, {"x": 0.0, "y": np.zeros(1)})
        near = {"x": 5.0 + 1e-3, "y": np.zeros(1)}
        assert np.allclose(optimize.covariance(f, near).matrix, np.eye(2) / 2)
        with pytest.raises(ValueError, match="are no minimum"):
            optimize.covariance(lambda p: np.arange(5.0) * p - np.cos(np.arange(5.0)), 3.0)

    def test_what_is_not_finite(self):
        for f in (lambda p: p["a"] * np.nan, lambda p: p["a"] * np.array([1.0, np.nan, 2.0])):
            with pytest.raises(ValueError, match="of fun at these parameters are not finite"):
                optimize.covariance(f, {"a": 1.0})

    def test_what_does_not_depend_on_the_parameters(self):
        with pytest.raises(TypeError, match=r"^optimize.covariance: the func.* functions of them$"):
            optimize.covariance(lambda p: 1.0, {"a": 1.0})

    def test_it_takes_no_tensor(self):
        with pytest.raises(TypeError, match="takes plain numbers"):
            optimize.covariance(lambda p: p["x"] ** 4, {"x": Tensor(2.0)})


class TestData:
    def test_curve_fit_scales_as_scipy_does(self):
        x, y = np.arange(3.0), np.array([0, 2.0, 4.1])
        for options in ({}, {"absolute_sigma": True}, {"sigma": y + 1, "absolute_sigma": True}):
            plain = scipy.optimize.curve_fit(lambda x, a: a * x, x, y, **options)[1]
            found = optimize.curve_fit(lambda x, a: a * x, x, Tensor(y), **options)[1]
            assert np.allclose(found.data, plain)

    def test_lists_and_integers_become_arrays(self):
        def f(x, a):
            return a * (x + 1) ** -1

        y = np.array([0, 2.0, 4.1])
        plain = scipy.optimize.curve_fit(f, [0, 1, 2], y)[0]
        assert np.allclose(optimize.curve_fit(f, [0, 1, 2], Tensor(y))[0].data, plain)
        slope = tg.grad(lambda q: optimize.curve_fit(lambda x, a: a * x, [0.0, 1.0, q], y)[0][0])
        # a = (2 + 4.1 q) / (1 + q²)
        assert np.isclose(slope(2.0), 4.1 / 5 - (2 + 8.2) * 4 / 25)

    def test_residuals_may_have_axes(self):
        target = np.arange(6.0).reshape(2, 3)
        found = optimize.least_squares(lambda p: p["a"] * target - 2 * target, {"a": 1.0})
        assert np.isclose(found.x["a"], 2)

    def test_root_says_what_scipy_says(self):
        with pytest.raises(ValueError, match=r"scipy.optimize.root: .* SciPy says: "):
            tg.grad(lambda p: optimize.root(lambda x, p: x**2 + p, 1.0, (p,)).x[0])(1.0)

    def test_a_dataclass_of_tensors(self):
        @dataclasses.dataclass
        class Parameters:
            a: Any

        def solved(a):
            f = lambda x, p: np.sum((x - p.a) ** 2)  # noqa: E731
            return np.sum(optimize.minimize(f, [2.0], (Parameters(a),)).x)

        assert np.isclose(tg.grad(solved)(0.5), 1)

    def test_ends_of_a_bracket_are_constants(self):
        slope = tg.grad(
            lambda a: optimize.root_scalar(lambda x, a: x**2 - a, (a,), bracket=(0, a)).root
        )
        assert np.isclose(slope(4.0), 0.25)

    @pytest.mark.parametrize(
        ("call", "error", "told"),
        [
            (lambda: optimize.minimize(lambda p: np.abs(p["z"]), {"z": 1j}), TypeError, "real"),
            (lambda: optimize.newton(lambda p: p, {"a": 2.0}), TypeError, "use root for a tree"),
            (lambda: optimize.newton(lambda x: float(x), 1.0), TypeError, "give fprime="),
            (
                lambda: optimize.root_scalar(lambda x: float(x), x0=1.0),
                TypeError,
                "give bracket=",
            ),
            (
                lambda: optimize.minimize(lambda p: p["a"], {"a": 1.0}, hess=lambda p: {"a": 1}),
                TypeError,
                "no hess of a tree",
            ),
        ],
    )
    def test_what_is_refused(self, call, error, told):
        with pytest.raises(error, match=told):
            call()
