"""strong_zeros: a cotangent of zero stays zero in elementwise rules, and nothing else changes."""

import threading

import numpy as np
import pytest

import tinygrad_np as tg


def safe(function):
    """`function` of positive numbers, 0 elsewhere, with its branch computed everywhere."""
    return lambda x: np.sum(np.where(x > 0, function(x), 0.0))


X = np.array([0.0, 4.0])


BRANCHES = [
    np.sqrt,
    np.log,
    np.reciprocal,
    lambda x: x**0.5,
    lambda x: x**1.5,
    lambda x: x**-2.0,
    lambda x: 1 / x,
    lambda x: np.sin(x) / x,
    lambda x: np.exp(1 / x),
    lambda x: np.log(np.sqrt(x) / (x + 1)),
    lambda x: np.arccosh(x + 1) / np.sqrt(x),
]


@pytest.mark.parametrize("branch", BRANCHES)
@pytest.mark.filterwarnings("ignore::RuntimeWarning")
class TestUntakenBranches:
    """At 0 the branch is not taken; at 4 everything is as if there were no 0."""

    def test_gradient(self, branch):
        with tg.strong_zeros():
            found = tg.grad(safe(branch))(X)
        assert found[0] == 0
        assert np.isclose(found[1], tg.grad(branch)(4.0), rtol=1e-14)

    def test_forward_mode(self, branch):
        with tg.strong_zeros():
            # a tangent of 0 at the branch that is not taken, and any at all through np.where
            t = tg.jvp(safe(branch), [X], [np.array([0.0, 1.0])])[1]
        assert np.isclose(t, tg.grad(branch)(4.0), rtol=1e-14)

    def test_second_order(self, branch):
        expected = np.diag([0.0, float(tg.grad(tg.grad(branch))(4.0))])
        with tg.strong_zeros():
            reverse = tg.jacobian(tg.grad(safe(branch)), mode="reverse")(X)
            product = tg.hvp(safe(branch), [X], [np.array([0.0, 1.0])])[0]
        assert np.allclose(reverse, expected, rtol=1e-13, atol=0)
        assert np.allclose(product, expected[1], rtol=1e-13, atol=0)

    def test_third_order(self, branch):
        third = tg.grad(tg.grad(tg.grad(branch)))(4.0)
        with tg.strong_zeros():
            second = tg.grad(lambda x: np.sum(tg.grad(safe(branch))(x)))
            found = tg.grad(lambda x: np.sum(second(x)))(X)
        assert found[0] == 0
        assert np.isclose(found[1], third, rtol=1e-12)

    def test_without_it_there_is_a_nan(self, branch):
        gradient = tg.grad(safe(branch))(X)
        second = tg.jacobian(tg.grad(safe(branch)), mode="reverse")(X)
        assert not (np.isfinite(gradient).all() and np.isfinite(second).all())


class TestNothingElseChanges:
    def test_a_cotangent_that_is_zero_by_chance_keeps_its_second_derivative(self):
        # d²/dx² sin²x = 2 cos 2x: at 0 the cotangent of sin is 0, its derivative is not
        f = lambda x: np.sin(x) ** 2  # noqa: E731
        with tg.strong_zeros():
            assert tg.grad(f)(0.0) == 0
            assert np.isclose(tg.grad(tg.grad(f))(0.0), 2)
            assert np.isclose(tg.hessian(f)(0.0), 2)
            assert np.isclose(tg.grad(tg.grad(lambda x: (np.sin(x) / 1.5) ** 2))(0.0), 2 / 1.5**2)
            assert np.isclose(tg.grad(tg.grad(lambda x: (x / (2 + x)) ** 2))(0.0), 0.5)

    @pytest.mark.filterwarnings("ignore::RuntimeWarning")
    def test_an_honest_infinity(self):
        with tg.strong_zeros():
            assert np.isinf(tg.grad(np.sqrt)(0.0))
            assert np.isinf(tg.grad(lambda x: np.sum(1 / x), 0)(np.zeros(1)))

    def test_numbers_dtypes_and_shapes(self):
        rng = np.random.default_rng(0)
        x, y = rng.uniform(1, 2, (3, 4)).astype(np.float32), rng.uniform(1, 2, 4).astype(np.float32)
        f = lambda x, y: np.sum(np.log(x * y) / np.sqrt(y) + x**y)  # noqa: E731
        plain = tg.grad(f, (0, 1))(x, y)
        with tg.strong_zeros():
            strong = tg.grad(f, (0, 1))(x, y)
        for a, b in zip(plain, strong, strict=True):
            assert a.dtype == b.dtype == np.float32
            assert np.allclose(a, b, rtol=1e-6)

    def test_large_arrays(self):
        x = np.linspace(0, 1, 20_000)
        with tg.strong_zeros():
            found = tg.grad(safe(np.sqrt))(x)
        assert found[0] == 0
        assert np.allclose(found[1:], 0.5 / np.sqrt(x[1:]))

    def test_functions_that_are_not_elementwise_are_as_ever(self):
        a = np.array([[np.inf, 1.0]])
        with tg.strong_zeros():
            # (2, 1) @ (1, 1); the product's cotangent is 0, and 0 · inf is added up
            assert np.isnan(tg.grad(lambda x: (a.T @ x)[1, 0])(np.ones((1, 1))))

    def test_rules_of_ones_own(self):
        root = tg.pointwise(lambda x: np.sqrt(x), lambda ans: 0.5 / ans)
        with tg.strong_zeros():
            assert tg.grad(safe(root))(X).tolist() == [0, 0.25]


class TestTheBlock:
    def test_it_ends(self):
        with tg.strong_zeros():
            pass
        assert np.isnan(tg.grad(safe(np.sqrt))(X)[0])

    def test_it_is_the_sweep_that_counts(self):
        x = tg.Tensor(X)
        y = safe(np.sqrt)(x)
        with tg.strong_zeros():
            y.backward()
        assert x.grad.tolist() == [0, 0.25]

    def test_another_thread_sees_nothing_of_it(self):
        found = []
        with tg.strong_zeros():
            thread = threading.Thread(target=lambda: found.append(tg.grad(safe(np.sqrt))(X)))
            thread.start()
            thread.join()
        assert np.isnan(found[0][0])

    def test_with_debug_mode(self):
        with tg.debug(), tg.strong_zeros():
            assert tg.grad(safe(np.sqrt))(X).tolist() == [0, 0.25]
        with tg.strong_zeros(), tg.debug():
            assert tg.grad(safe(np.sqrt))(X).tolist() == [0, 0.25]
