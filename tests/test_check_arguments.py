"""Several arguments, of which one or some are variables; and those that chance moves."""

import numpy as np
import pytest

from tinygrad_np.check import check_gradient

RNG = np.random.default_rng(0)
X, W, B = RNG.normal(size=(6, 3)), RNG.normal(size=(3, 2)), RNG.normal(size=2)
LABELS = np.array([0, 1, 1, 0, 1, 0])


def loss(p, x, labels):
    z = x @ p["w"] + p["b"]
    return np.mean(np.log(np.sum(np.exp(z), axis=1)) - z[np.arange(len(z)), labels])


def by_p(p, x, labels):
    z = x @ p["w"] + p["b"]
    d = np.exp(z) / np.sum(np.exp(z), axis=1, keepdims=True)
    d[np.arange(len(z)), labels] -= 1
    d /= len(z)
    return {"w": x.T @ d, "b": d.sum(axis=0)}


def by_x(p, x, labels):
    z = x @ p["w"] + p["b"]
    d = np.exp(z) / np.sum(np.exp(z), axis=1, keepdims=True)
    d[np.arange(len(z)), labels] -= 1
    return d @ p["w"].T / len(z)


P = {"w": W, "b": B}


class TestArgnums:
    def test_the_first_of_several(self):
        report = check_gradient(loss, by_p, P, X, LABELS)
        assert report.is_right, f"\n{report}"
        assert [row.leaf for row in report.rows] == ["['w']", "['b']"]

    def test_another(self):
        assert check_gradient(loss, by_x, P, X, LABELS, argnums=1).is_right
        assert check_gradient(loss, by_x, P, X, LABELS, argnums=-2).is_right
        wrong = check_gradient(loss, lambda *args: 2 * by_x(*args), P, X, LABELS, argnums=1)
        assert wrong.hints == ["off by the factor 2"]

    def test_a_tuple_of_them(self):
        def both(*args):
            return by_x(*args), by_p(*args)

        report = check_gradient(loss, both, P, X, LABELS, argnums=(1, 0))
        assert report.is_right, f"\n{report}"
        assert [row.leaf for row in report.rows] == ["[0]", "[1]['w']", "[1]['b']"]
        one = check_gradient(loss, lambda *args: (by_p(*args),), P, X, LABELS, argnums=(0,))
        assert one.is_right
        assert check_gradient(loss, both(P, X, LABELS), P, X, LABELS, argnums=(1, 0)).is_right

    def test_swapped(self):
        report = check_gradient(lambda a, b: a @ b, lambda a, b: (a, b), B, 2 * B, argnums=(0, 1))
        assert report.verdict == "wrong"
        assert {hint.split(": ")[1] for hint in report.hints} >= {"off by the factor 1/2"}
        report = check_gradient(
            lambda a, b: np.sum(np.sin(a) * b), lambda a, b: (np.sin(a), np.cos(a) * b),
            B, X[:2, 0], argnums=(0, 1),
        )  # fmt: skip
        assert report.hints == [
            "[0]: exchanged: what is claimed for [1] fits",
            "[1]: exchanged: what is claimed for [0] fits",
        ]

    def test_the_caller_keeps_what_is_theirs(self):
        def f(p, x):
            x *= 2
            return np.sum(p * x)

        def gradient(p, x):
            x *= 2
            p *= 0
            return x

        x, p = B.copy(), B.copy()
        assert check_gradient(f, gradient, p, x).is_right
        assert np.array_equal(x, B)
        assert np.array_equal(p, B)

    def test_errors(self):
        with pytest.raises(ValueError, match="argnums is 3, but there are 3 positional arguments"):
            check_gradient(loss, by_p, P, X, LABELS, argnums=3)
        with pytest.raises(ValueError, match=r"argnums \(0, -3\) names an argument twice"):
            check_gradient(loss, by_p, P, X, LABELS, argnums=(0, -3))
        with pytest.raises(TypeError, match="an integer or a tuple of integers, not 'p'"):
            check_gradient(loss, by_p, P, X, LABELS, argnums="p")
        with pytest.raises(TypeError, match=r"argument 2 has dtype int64.*astype\(float\)"):
            check_gradient(loss, by_p, P, X, LABELS, argnums=2)
        with pytest.raises(ValueError, match="there are 0 positional arguments"):
            check_gradient(loss, by_p)


class TestChance:
    def test_a_gradient_that_differs_each_time(self):
        rng = np.random.default_rng(0)
        with pytest.raises(
            ValueError, match=r"check_gradient: the gradient had .* and then .*seed"
        ):
            check_gradient(lambda x: np.sum(x), lambda x: rng.normal(size=2), B)
