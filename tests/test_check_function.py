"""check_function: this package's derivatives of a user's function, against differences."""

import numpy as np
import pytest

import tinygrad_np as tg
from tinygrad_np import check
from tinygrad_np.check import check_function

RNG = np.random.default_rng(0)
X, W = RNG.normal(size=(4, 3)), RNG.normal(size=(3, 2))
NAMES = ["reverse", "forward", "forward against reverse", "second order", "second order, forward"]


def layer(p, x):
    return np.tanh(x @ p["w"] + p["b"])


P = {"w": W, "b": np.array([0.1, -0.2])}


def test_every_derivative_of_every_array():
    report = check.check_function(layer, P, X)
    assert report.verdict == "right", f"\n{report}"
    assert [row.source for row in report.rows] == [name for name in NAMES for _ in "wb"]
    assert [row.leaf for row in report.rows] == 5 * ["['w']", "['b']"]
    assert [row.shape for row in report.rows] == 5 * [(3, 2), (2,)]
    lines = str(report).splitlines()
    assert lines[0].startswith("right: the slopes agree to ")
    assert lines[1].split() == [
        *("derivative", "leaf", "shape", "claimed", "found"),
        *("|Δ|", "noise", "floor", "verdict"),
    ]
    report.raise_if_wrong()


def test_first_order_alone():
    report = check.check_function(layer, P, X, order=1)
    assert {row.source for row in report.rows} == set(NAMES[:3])


def test_other_arguments():
    report = check.check_function(layer, P, X, argnums=1)
    assert report.is_right
    assert {row.shape for row in report.rows} == {(4, 3)}
    report = check.check_function(layer, P, X, argnums=(1, 0))
    assert report.is_right
    assert [row.leaf for row in report.rows[:3]] == ["[0]", "[1]['w']", "[1]['b']"]


@pytest.mark.parametrize(
    ("f", "x"),
    [
        (lambda x: x**3, 0.7),
        (lambda x: (np.sum(x * x), [x[0], np.exp(x)], np.argmax(x)), X),
        (lambda x: np.abs(x) * np.exp(x), X + 1j * X[::-1]),
        (lambda x: np.sum(np.maximum(x, 0)), X),
        (lambda x: np.sqrt(np.sum(x * x)), X.astype(np.float32)),
        (
            lambda x: tg.conv2d(X.reshape(1, 4, 3, 1), x, padding=1) ** 2,
            RNG.normal(size=(3, 3, 1, 2)),
        ),
        (lambda x: X @ x, W),
    ],
)
def test_results_of_every_shape(f, x):
    report = check.check_function(f, x)
    assert report.verdict == "right", f"\n{report}"


def test_a_wrong_rule_is_found_in_both_modes():
    bad = tg.pointwise(lambda x: np.sin(x), lambda x: 2 * np.cos(x))
    report = check.check_function(bad, X)
    verdicts = {row.source: row.verdict for row in report.rows}
    assert verdicts["reverse"] == verdicts["forward"] == "wrong"
    # The second order is the derivative of the first, wrong as that is.
    assert verdicts["forward against reverse"] == verdicts["second order"] == "right"
    assert report.hints == ["off by the factor 2"]
    with pytest.raises(
        check.WrongGradientError, match=r"(?s)wrong: the slope .*Hint: off by the f"
    ):
        report.raise_if_wrong()


def test_modes_that_disagree():
    bad = tg.general(
        lambda x: np.sin(x),
        (lambda g, x: g * np.cos(x), lambda t, x: 1.000001 * t * np.cos(x)),
    )
    rows = check.check_function(bad, X, order=1).rows
    assert [row.verdict for row in rows] == ["right", "wrong", "wrong"]


def test_a_second_order_that_is_wrong():
    cosine = tg.pointwise(lambda x: np.cos(x), lambda x: np.sin(x))  # the sign
    report = check.check_function(tg.pointwise(lambda x: np.sin(x), lambda x: cosine(x)), X)
    assert [row.verdict for row in report.rows] == [*3 * ["right"], *2 * ["wrong"]]
    assert report.hints == ["the sign: it is the negative of the right one"]


def test_a_kink():
    report = check.check_function(lambda x: np.abs(x), np.array([0.0, 1.0]))
    assert report.verdict == "cannot tell"
    assert report.rows[0].note == "a kink at [0], right elsewhere"
    report.raise_if_wrong()


def test_ties_whose_kinks_go_both_ways():
    for seed in range(5):
        report = check.check_function(
            lambda images: tg.max_pool(images, 2), np.ones((1, 4, 4, 1)), order=1, seed=seed
        )
        assert report.verdict == "cannot tell", f"\n{report}"
        assert report.rows[0].note.startswith("a kink at [0, ")


def test_what_is_linear_has_no_second_order():
    rows = check.check_function(lambda x: 3 * x, X).rows
    assert [row.verdict for row in rows] == 5 * ["right"]
    assert rows[-1].found == 0


def test_determinism():
    assert str(check.check_function(layer, P, X)) == str(check.check_function(layer, P, X))
    assert str(check.check_function(layer, P, X, seed=1)) != str(check.check_function(layer, P, X))


class TestErrors:
    def test_order(self):
        with pytest.raises(ValueError, match="check_function: order must be 1 or 2, not 3"):
            check.check_function(np.sin, X, order=3)

    def test_argnums(self):
        with pytest.raises(ValueError, match="argnums is 1, but there are 1 positional arguments"):
            check.check_function(np.sin, X, argnums=1)

    def test_nothing_floating(self):
        with pytest.raises(TypeError, match="check_function: f returned no floating array"):
            check.check_function(lambda x: np.argmax(x), X)

    def test_integers(self):
        with pytest.raises(TypeError, match=r"check_function: x has dtype int64.*astype\(float\)"):
            check.check_function(np.sin, np.arange(3))


@pytest.mark.parametrize("scale", [1e-8, 1.0, 1e8])
def test_the_second_order_of_what_is_linear_in_pieces(scale):
    rng = np.random.default_rng(0)
    x = scale * rng.normal(size=(10, 4))
    data = rng.normal(size=(8, 10))
    for f in (np.sum, np.abs, np.max, lambda x: np.maximum(data @ x, 0)):
        report = check.check_function(f, x)
        assert report.is_right, f"\n{report}"


@pytest.mark.parametrize(
    ("function", "triangle"),
    [
        (np.linalg.cholesky, "lower"),
        (lambda x: np.linalg.eigvalsh(x) ** 3, "lower"),
        (lambda x: np.linalg.eigvalsh(x, UPLO="U") ** 3, "upper"),
    ],
)
def test_a_function_that_reads_one_triangle_is_told(function, triangle):
    """Its derivative is that for symmetric matrices, which is not that by single elements."""
    a = np.random.default_rng(0).normal(size=(4, 4))
    x = a @ a.T + 4 * np.eye(4)
    report = tg.check.check_function(lambda x: np.sum(function(x)), x)
    assert report.verdict == "wrong"
    (hint,) = report.hints
    assert f"reads the {triangle} triangle alone" in hint
    assert "(x + x.T) / 2" in hint
    symmetric = tg.check.check_function(lambda x: np.sum(function((x + x.T) / 2)), x)
    assert symmetric.verdict == "right"


POINTS = RNG.normal(size=5)


class TestNotFinite:
    def test_check_function(self):
        report = check_function(np.sqrt, np.array([0.0, 1.0]))
        assert report.verdict == "cannot tell"
        assert {row.source for row in report.rows} == {
            *("reverse", "forward", "forward against reverse")
        }
        with pytest.raises(ValueError, match=r"check_function: f\(x\) is nan"):
            check_function(np.log, np.array([-1.0, 1.0]))
        assert check_function(lambda x: np.sum(np.exp(x)), np.array([709.0])).verdict != "wrong"


class TestArgnums:
    def test_check_function(self):
        with pytest.raises(TypeError, match="an integer or a tuple of integers, not 'a'"):
            check_function(np.sin, POINTS, argnums="a")
        with pytest.raises(ValueError, match=r"argnums \(0, 0\) names an argument twice"):
            check_function(np.sin, POINTS, argnums=(0, 0))
