"""explain_nonfinite: the report after the fact."""

import numpy as np
import pytest

import tinygrad_np as tg
from tinygrad_np.check import explain_nonfinite


def test_a_bad_value():
    def f(x):
        return np.sum(np.log(x))  # a logarithm

    report = explain_nonfinite(f, np.array([1.0, 0.0]))
    assert not report.value_is_finite
    assert not report.is_finite
    text = str(report)
    assert "the value: float64 (), 1 of 1 not finite, the first at (): -inf" in text
    assert "np.log turned finite numbers into -inf" in text
    assert "# a logarithm" in text
    assert text.count("np.log turned") == 1


def test_a_bad_gradient_alone():
    report = explain_nonfinite(lambda x: np.sqrt(x), np.array([0.0, 1.0]))
    assert (report.value_is_finite, report.gradient_is_finite) == (True, False)
    assert "the gradient by argument 0: float64 (2,), 1 of 2 not finite" in str(report)
    assert report.errors[0].function == "np.sqrt"


def test_nothing_wrong():
    report = explain_nonfinite(lambda x, n: x**n, np.array([1.0, 2.0]), 3)
    assert report.is_finite
    assert report.errors == []
    assert str(report) == "the value and the gradient are finite"


def test_nothing_came_of_it():
    report = explain_nonfinite(lambda x: np.exp(-1 / x), np.array([0.0]))
    assert report.value_is_finite
    assert "np.divide turned finite numbers into -inf" in str(report)


def test_an_argument_that_is_bad_already():
    params = {"w": np.ones(2), "x": np.array([1.0, np.nan])}
    text = str(explain_nonfinite(lambda p: np.sum(p["w"] * p["x"]), params))
    assert "argument 0['x']: float64 (2,), 1 of 2 not finite, the first at (1,): nan" in text
    assert "no operation on a Tensor made it" in text


def test_a_constant_that_is_bad():
    scale = np.array([1.0, np.inf])

    def f(x):
        return x * scale  # the constant

    report = explain_nonfinite(f, np.ones(2))
    text = str(report)
    assert "np.multiply was given a constant with nan or inf" in text
    assert "# the constant" in text
    assert "y: float64 (2,), 1 of 2 not finite, the first at (1,): inf" in text


def test_a_function_that_gives_gradients():
    def loss(w):
        return np.sqrt(np.sum(w * w))  # a norm

    report = explain_nonfinite(tg.grad(loss), np.zeros(2))
    assert not report.value_is_finite
    assert report.errors[0].mode == "vjp"
    assert "# a norm" in str(report)


def test_trees_keywords_integers_and_tensors():
    def f(params, labels, scale=1.0):
        return {"a": scale * np.log(params[0])[labels], "n": labels}

    report = explain_nonfinite(f, [tg.Tensor([1.0, 0.0]), np.ones(1)], np.array([0, 1]), scale=2.0)
    assert not report.value_is_finite
    assert "the value['a']: float64 (2,), 1 of 2 not finite" in str(report)


def test_what_the_function_raises_comes_through():
    def broken(x):
        raise KeyError("no such thing")

    with pytest.raises(KeyError, match="no such thing"):
        explain_nonfinite(broken, np.ones(2))


def test_a_function_that_does_not_depend_on_its_arguments():
    assert explain_nonfinite(lambda x: 3.0, np.ones(2)).is_finite


def test_a_value_that_comes_from_a_tensor_of_the_function_itself():
    zero = tg.Tensor(0.0)
    report = explain_nonfinite(lambda: np.log(zero))
    assert "the value: float64 (), 1 of 1 not finite" in str(report)
    assert "are finite" not in str(report)


def test_a_sum_of_cotangents_is_told():
    report = tg.check.explain_nonfinite(lambda x: np.sum(x * 1e308 + x * 1e308), np.zeros(2))
    assert [error.mode for error in report.errors] == ["sum"]
    assert "the sum of the cotangents of a variable" in str(report)


def test_a_tree_with_integers_and_texts_has_a_gradient_as_well():
    def loss(model, x):
        return np.sum(np.sqrt(model["w"])) * model["n"] + np.sum(x)

    model = {"name": "first", "w": np.array([0.0, 1.0]), "n": 3, "rest": [None, 2.0]}
    report = explain_nonfinite(loss, model, np.ones(2))
    assert (report.value_is_finite, report.gradient_is_finite) == (True, False)
    assert "the gradient by argument 0['w']: float64 (2,), 1 of 2 not finite" in str(report)
