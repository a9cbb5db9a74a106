"""Solutions as functions of what their equations depend on."""

import mpmath
import numpy as np
import pytest
import scipy.optimize

import tinygrad_np as tg
from tinygrad_np.check import check_function

sqrt = tg.implicit(lambda x, a: x * x - a, lambda a: np.sqrt(a))


def circle_and_line(z, p):
    return {"circle": z["x"] ** 2 + z["y"] ** 2 - p["r"] ** 2, "line": z["y"] - p["m"] * z["x"]}


def crossing(p):
    x = p["r"] / np.sqrt(1 + p["m"] ** 2)
    return {"x": x, "y": p["m"] * x}


def test_derivatives_of_every_order():
    assert sqrt(9.0) == 3.0
    for order, expected in enumerate([1 / 6, -1 / 108, 1 / 648], 1):
        f = sqrt
        for _ in range(order):
            f = tg.grad(f)
        assert np.isclose(f(9.0), expected, rtol=1e-14)


def test_the_third_derivative_of_a_root_against_mpmath():
    def f(z, a):
        return np.cos(z) - a * z

    root = tg.implicit(f, lambda a: scipy.optimize.brentq(f, 0, 2, (a,), xtol=4e-16, rtol=1e-15))
    third = tg.grad(tg.grad(tg.grad(root)))(0.7)
    mpmath.mp.dps = 40
    expected = mpmath.diff(
        lambda a: mpmath.findroot(lambda z: mpmath.cos(z) - a * z, 0.9), mpmath.mpf(0.7), 3
    )
    assert np.isclose(third, float(expected), rtol=1e-10)


def test_trees_in_both_modes_and_orders():
    solution = tg.implicit(circle_and_line, crossing)

    def f(p):
        found = solution(p)
        return found["x"] ** 2 * found["y"]

    p = {"r": 2.0, "m": 0.5}
    assert check_function(f, p).verdict == "right"
    assert np.allclose(
        [tg.grad(f)(p)[k] for k in p],
        [tg.grad(lambda p: crossing(p)["x"] ** 2 * crossing(p)["y"])(p)[k] for k in p],
        rtol=1e-13,
    )


def test_ridge_regression_against_its_closed_form():
    rng = np.random.default_rng(0)
    x, y = rng.standard_normal((20, 4)), rng.standard_normal(20)

    def closed(penalty):
        return np.linalg.solve(x.T @ x + penalty * np.eye(4), x.T @ y)

    fitted = tg.implicit(
        tg.grad(lambda w, penalty: np.sum((x @ w - y) ** 2) + penalty * np.sum(w**2)), closed
    )
    for f in (lambda a: np.sum(fitted(a) ** 3), lambda a: np.sum(closed(a) ** 3)):
        assert check_function(f, 0.3).verdict == "right"
    first = [tg.grad(lambda a, g=g: np.sum(g(a) ** 3))(0.3) for g in (fitted, closed)]
    second = [tg.hessian(lambda a, g=g: np.sum(g(a) ** 3))(0.3) for g in (fitted, closed)]
    assert np.isclose(*first, rtol=1e-12)
    assert np.isclose(*second, rtol=1e-12)


def test_an_argument_that_is_no_tensor_is_a_constant():
    found = tg.grad(lambda a: tg.implicit(lambda z, a, b: z - a * b, np.multiply)(a, 3.0))(2.0)
    assert found == 3.0


def test_arrays_give_what_the_solver_gives():
    solution = tg.implicit(lambda z, a: z + a, lambda a: [-a, "text"][:1])
    assert solution(np.ones(2))[0].tolist() == [-1, -1]
    assert isinstance(solution(2.0), list)


def test_nothing_is_kept_alive():
    import gc
    import weakref

    gc.collect()
    t = tg.Tensor(9.0)
    alive = weakref.ref(t)
    sqrt(t).backward()
    assert np.isclose(t.grad, 1 / 6)
    gc.disable()
    try:
        del t
        assert alive() is None
    finally:
        gc.enable()


class TestRefusals:
    def test_what_is_no_solution(self):
        wrong = tg.implicit(lambda x, a: x * x - a, lambda a: np.sqrt(a) + 1e-3)
        with pytest.raises(ValueError, match=r"no solution: a Newton step .* by 1\.0e-03"):
            tg.grad(wrong)(9.0)
        near = tg.implicit(lambda x, a: x * x - a, lambda a: np.sqrt(a) + 1e-3, tolerance=1e-2)
        assert np.isclose(tg.grad(near)(9.0), 1 / 6, rtol=1e-3)

    def test_a_small_number_beside_a_large_one(self):
        wrong = tg.implicit(
            lambda z, a: np.stack([z[0] - 1e6 * a, z[1] ** 2 - a]),
            lambda a: np.array([1e6 * a, 1.3 * np.sqrt(a)]),
        )
        with pytest.raises(ValueError, match=r"no solution: .* changes 1\.3 by 2\.7e-01"):
            tg.jacobian(wrong)(1.0)
        with pytest.raises(ValueError, match="no solution"):
            tg.grad(tg.implicit(lambda x, a: x * x - a, lambda a: 3 * np.sqrt(a)))(1e-16)
        assert tg.grad(tg.implicit(lambda x, a: x - a, lambda a: 0.0 * a))(0.0) == 1.0

    def test_a_singular_jacobian(self):
        with pytest.raises(ValueError, match="is singular"):
            tg.grad(sqrt)(0.0)
        twice = tg.implicit(
            lambda z, a: np.stack([z[0] + z[1] - a, 2 * z[0] + 2 * z[1] - 2 * a]),
            lambda a: np.array([a, 0.0]),
        )
        with pytest.raises(ValueError, match="is singular"):
            tg.grad(lambda a: twice(a)[0])(1.0)

    def test_badly_scaled_equations_are_not_singular(self):
        solution = tg.implicit(
            lambda z, a: np.stack([1e-20 * (z[0] - a), 1e20 * (z[1] - 2 * a)]),
            lambda a: np.array([a, 2 * a]),
        )
        assert np.allclose(tg.jacobian(solution)(1.0), [1, 2], rtol=1e-14)

    @pytest.mark.parametrize("hidden_in", ["residual", "solve"])
    def test_a_tensor_in_a_closure(self, hidden_in):
        def f(b):
            by, of = (b, 1.0) if hidden_in == "residual" else (1.0, b)
            return tg.implicit(lambda z, a: z - a * by, lambda a: a * of)(2.0 * b)

        with pytest.raises(TypeError, match="depend on a Tensor that is not among the arguments"):
            tg.grad(f)(1.0)

    def test_another_number_of_equations(self):
        with pytest.raises(ValueError, match="the residual has 1 numbers and the solution 2"):
            tg.jacobian(tg.implicit(lambda z, a: np.sum(z) - a, lambda a: np.ones(2) * a / 2))(1.0)

    def test_complex_numbers(self):
        with pytest.raises(TypeError, match="takes real numbers"):
            tg.vjp(tg.implicit(lambda z, a: z - a, lambda a: a), 1j)
