"""What a user's functions may give: lists, trees, one number for another; or what they are told."""

import dataclasses
from typing import NamedTuple

import numpy as np
import pytest
import scipy.optimize

from tinygrad_np.check import check_gradient, compare
from tinygrad_np.check.reading import fitted

RNG = np.random.default_rng(0)
X, W, B = RNG.normal(size=(6, 3)), RNG.normal(size=(3, 2)), RNG.normal(size=2)


class TestLists:
    """SciPy's functions take a list from ``jac``, and one as the point where they begin."""

    @pytest.mark.parametrize("check", [check_gradient, compare])
    def test_of_numbers_for_an_array(self, check):
        def f(x):
            return x[0] ** 2 * x[1]

        x = np.array([1.0, 2.0])
        assert check(f, lambda x: [2 * x[0] * x[1], x[0] ** 2], x).is_right
        assert check(f, lambda x: (2 * x[0] * x[1], x[0] ** 2), x).is_right
        wrong = check(f, lambda x: [2 * x[0] * x[1], x[0]], 3 * x)
        assert [row.leaf for row in wrong.components] == ["[1]"]

    @pytest.mark.parametrize("check", [check_gradient, compare])
    def test_flat_or_nested_for_a_matrix(self, check):
        def f(w):
            return np.sum(np.sin(w))

        assert check(f, lambda w: list(np.cos(w).ravel()), W).is_right
        assert check(f, lambda w: np.cos(w).tolist(), W).is_right
        assert check(f, lambda w: list(np.cos(w)), W).is_right
        with pytest.raises(
            ValueError, match=r"is a list of 2, but x is an array of shape \(3, 2\)"
        ):
            check(f, lambda w: np.cos(w).T.tolist(), W)

    def test_a_point_that_is_a_list(self):
        start = [1.3, 0.7, 0.8]
        for check in (check_gradient, compare):
            report = check(
                lambda x: np.sum(np.square(x)), lambda x: 2 * np.asarray(x), np.array(start)
            )
            assert report.is_right
        assert check_gradient(scipy.optimize.rosen, scipy.optimize.rosen_der, start).is_right

    def test_a_list_for_a_tuple_and_rows_for_either(self):
        def f(pair):
            return np.sum(pair[0] * pair[1])

        for make in (tuple, list):
            pair = make([B, 2 * B])
            assert check_gradient(f, lambda pair: [pair[1], pair[0]], pair).is_right
            assert check_gradient(f, lambda pair: (pair[1], pair[0]), pair).is_right
            assert check_gradient(f, lambda pair: np.array([pair[1], pair[0]]), pair).is_right
        with pytest.raises(ValueError, match=r"an array of shape \(3, 2\), but x is a tuple of 2"):
            check_gradient(f, lambda pair: np.ones((3, 2)), (B, B))


class Pair(NamedTuple):
    a: object
    b: object


@dataclasses.dataclass
class Fields:
    a: object
    b: object


class TestRefused:
    """Each error names the function, both structures, and what to do."""

    @pytest.mark.parametrize(
        ("given", "message"),
        [
            (None, r"the gradient is None, but x is an array of shape \(2,\): return an array of "
             r"its shape; does the function lack a return\?"),
            ((1.0, B), r"is a tuple of 2, but x is an array .*: return an array of its shape, "
             r"without the value"),
            ({"b": B}, r"is a dict with \['b'\], but x is an array"),
            ([1.0], r"is a list of 1, but x is an array of shape \(2,\)"),
            ([None, None], r"is a list of 2, but x is an array"),
            (["a", "b"], r"is a list of 2, but x is an array"),
            (np.ones((4, 2)), r"has shape \(4, 2\), but x has shape \(2,\), and the two must be "
             r"the same\. Sum it over the axes along which that was broadcast"),
            (np.ones((2, 1)), r"has shape \(2, 1\), but x has shape \(2,\), and the two"),
        ],
    )  # fmt: skip
    def test_for_an_array(self, given, message):
        with pytest.raises(ValueError, match=f"^check_gradient: .*{message}"):
            check_gradient(lambda x: np.sum(x), given if given is not None else lambda x: None, B)

    @pytest.mark.parametrize(
        ("x", "given", "message"),
        [
            ({"a": B}, {"b": B}, r"is a dict with \['b'\], but x is a dict with \['a'\]: return one"
             r" like x"),
            ({"a": (B, B)}, {"a": {"b": B}}, r"at \['a'\] is a dict with \['b'\], but x is a tuple "
             r"of 2 there: return one like x"),
            (Pair(B, B), (B, B), r"is a tuple of 2, but x is a Pair with \.a, \.b"),
            (Fields(B, B), Pair(B, B), r"is a Pair with \.a, \.b, but x is a Fields with \.a, \.b"),
            ([B, B], [B], r"is a list of 1, but x is a list of 2"),
            ({"a": B}, None, r"is None, but x is a dict with \['a'\]: .*lack a return"),
        ],
    )  # fmt: skip
    def test_for_a_tree(self, x, given, message):
        def f(x):
            leaves = fitted("f: x", x, x)
            return sum(np.sum(leaf) for leaf in leaves)

        with pytest.raises(ValueError, match=f"check_gradient: the gradient {message}"):
            check_gradient(f, lambda _: given, x)

    def test_a_list_of_tensors(self):
        import tinygrad_np as tg

        with pytest.raises(TypeError, match="a Tensor, where a plain array is asked for"):
            check_gradient(np.sum, lambda x: [tg.Tensor(1.0), tg.Tensor(1.0)], B)
