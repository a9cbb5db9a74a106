"""compare: a verdict on two gradients."""

import numpy as np
import pytest

from tinygrad_np import check


def loss(params, x):
    return np.sum(np.sin(x @ params["w"]) + params["b"])


def analytic(params, x):
    slope = np.cos(x @ params["w"])
    return {"w": x.T @ slope, "b": np.array(float(slope.size))}


PARAMS = {"w": np.array([[0.3], [-0.2]]), "b": np.array(0.5)}
X = np.array([[1.0, 2.0], [0.5, -1.0]])


def test_agreement():
    report = check.compare(loss, analytic, PARAMS, X)
    assert report.is_right
    assert [row.leaf for row in report.rows] == ["['w']", "['b']"]
    assert [row.shape for row in report.rows] == [(2, 1), ()]
    assert all(row.relative <= 1e-12 for row in report.rows)
    report.raise_if_wrong()


def test_disagreement_is_found_and_shown():
    def wrong(params, x):
        right = analytic(params, x)
        return {**right, "w": right["w"] * 1.001}

    report = check.compare(loss, wrong, PARAMS, X)
    assert not report.is_right
    assert [row.is_right for row in report.rows] == [False, True]
    text = str(report)
    assert text.splitlines()[0].split() == [
        "leaf",
        "shape",
        "largest",
        "|Δ|",
        "relative",
        "verdict",
    ]
    assert "WRONG" in text
    with pytest.raises(check.WrongGradientError, match="differ by more than 1e-12 of the largest"):
        report.raise_if_wrong()


def test_another_argument():
    def by_x(params, x):
        return np.cos(x @ params["w"]) @ params["w"].T

    assert check.compare(loss, by_x, PARAMS, X, argnums=1).is_right


def test_nan_and_nothing():
    assert not check.compare(lambda x: np.sum(x), lambda x: x * np.nan, np.ones(2)).is_right
    assert check.compare(lambda x: np.sum(x), lambda x: x, np.ones(0)).is_right
    assert check.compare(lambda x: np.sum(0 * x), lambda x: 0 * x, np.ones(2)).is_right
    assert not check.compare(lambda x: np.sum(1e-9 * x), lambda x: 0 * x, np.ones(2)).is_right


def test_float32_has_its_own_tolerance():
    x = np.linspace(0.1, 2, 50, dtype=np.float32)
    assert check.compare(lambda x: np.sum(np.exp(x)), np.exp, x).is_right
    assert not check.compare(lambda x: np.sum(np.exp(x)), lambda x: 1.0001 * np.exp(x), x).is_right


def test_shapes_and_structures_that_differ():
    with pytest.raises(ValueError, match=r"has shape \(1, 2\), the argument has shape \(2,\)"):
        check.compare(lambda x: np.sum(x), lambda x: np.ones((1, 2)), np.ones(2))
    with pytest.raises(ValueError, match=r"has shape \(\) at \['b'\]"):
        check.compare(lambda p: np.sum(p["b"]), lambda p: {"b": 1.0}, {"b": np.ones(2)})
    with pytest.raises(ValueError, match="the trees differ"):
        check.compare(lambda p: np.sum(p["b"]), lambda p: [1.0], {"b": np.ones(2)})
