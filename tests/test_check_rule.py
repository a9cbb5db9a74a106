"""check_rule: the rule of a function of one's own."""

import math

import numpy as np
import pytest
from scipy.linalg import solveh_banded

import tinygrad_np as tg
from tinygrad_np.check import WrongGradientError, check_rule

RNG = np.random.default_rng(0)
X = RNG.normal(size=5)
FIRST = ["reverse", "forward", "forward against reverse"]
SECOND = ["second order", "second order, forward"]
EXACT = ["value", "float32", "layout"]


def verdicts(report):
    """The worst verdict of the rows of each source."""
    found = {}
    for row in report.rows:
        if found.get(row.source) != "wrong":
            found[row.source] = row.verdict
    return found


def wrong(report):
    return [source for source, verdict in verdicts(report).items() if verdict == "wrong"]


def rod(q, k):
    return solveh_banded(np.stack([-np.ones(len(q)), 2 + k]), q)


temperature = tg.general(
    rod,
    (lambda g, k: temperature(g, k), lambda t, k: temperature(t, k)),
    (lambda g, k, ans: -ans * temperature(g, k), lambda t, k, ans: temperature(-ans * t, k)),
)
erf = tg.pointwise(
    np.vectorize(math.erf), tg.signature("x"), lambda x: 2 / math.sqrt(math.pi) * np.exp(-x * x)
)
dot = tg.bilinear(lambda x, y: np.sum(x * y), lambda g, y: g * y, lambda g, x: g * x)
halved = tg.linear(lambda x: x[::2], lambda g, x_like: np.stack([g, 0 * g], -1).ravel())


@pytest.mark.parametrize(
    ("function", "args"),
    [
        (erf, (X,)),
        (erf, (0.3,)),
        (erf, (X.astype(np.float32),)),
        (temperature, (np.linspace(0, 1, 6), np.linspace(0.5, 1, 6))),
        (dot, (X, X[::-1])),
        (halved, (RNG.normal(size=6),)),
        (np.exp, (X,)),
        (np.sin, (X + 1j,)),
        (np.sin, (1e4 * X,)),
        (np.concatenate, ([X, X],)),
        (np.matmul, (RNG.normal(size=(2, 3)), RNG.normal(size=(3, 2)))),
        (np.exp, (np.zeros((0, 2)),)),
    ],
)
def test_right(function, args):
    report = check_rule(function, *args)
    assert report.is_right, f"\n{report}"
    assert list(verdicts(report)) == [*FIRST, *SECOND, *EXACT]
    report.raise_if_wrong()


def test_what_is_ill_conditioned_is_not_wrong():
    hilbert = 1 / (1 + np.add.outer(np.arange(9), np.arange(9)))

    def solve(k, b):
        return np.linalg.solve(np.diag(k) + hilbert.astype(k.dtype), b.astype(k.dtype))

    ill = tg.general(
        lambda k: solve(k, np.ones(9)),
        (lambda g, k, ans: -ans * solve(k, g), lambda t, k, ans: solve(k, -ans * t)),
    )
    for size in (1e-12, 1e-5):
        report = check_rule(ill, np.full(9, size), order=1)
        assert report.verdict == "cannot tell", f"\n{report}"
    assert verdicts(report)["float32"] == "cannot tell", f"\n{report}"


class TestMistakes:
    def test_a_little_wrong(self):
        bad = tg.pointwise(
            np.vectorize(math.erf), tg.signature("x"), lambda x: 1.128 * np.exp(-x * x)
        )
        report = check_rule(bad, X)
        assert wrong(report) == ["reverse", "forward"]
        assert report.hints == ["off by the factor 0.999664 in every component"]
        with pytest.raises(WrongGradientError, match=r"(?s)WRONG.*Hint: off by the factor 0.9996"):
            report.raise_if_wrong()

    def test_a_transpose(self):
        matrix = RNG.normal(size=(5, 5))
        bad = tg.linear(lambda x: matrix @ x, lambda g: matrix @ g)
        assert wrong(check_rule(bad, X))[:2] == ["reverse", "forward against reverse"]

    def test_one_operand_of_two(self):
        bad = tg.bilinear(lambda x, y: np.sum(x * y), lambda g, y: g * y, lambda g, x: 2 * g * x)
        report = check_rule(bad, X, X[::-1])
        assert [row.leaf for row in report.rows if row.verdict == "wrong"] == ["[1]", "[1]"]
        assert report.hints == ["[1]: off by the factor 2"]

    @pytest.mark.whole
    def test_what_is_no_text(self):
        bad = tg.pointwise(lambda x: np.sin(x), lambda x: np.array([math.cos(v) for v in x]))
        report = check_rule(bad, X)
        assert verdicts(report)["second order"] == "wrong"
        [row] = [row for row in report.rows if row.source == "second order"]
        assert "math.cos would lose the gradient; use np.cos(t)" in row.note
        assert "second order" not in verdicts(check_rule(bad, X, order=1))

    def test_the_second_order_alone(self):
        flat = tg.pointwise(lambda x: np.cos(x), lambda x: 0 * x)
        bad = tg.pointwise(lambda x: np.sin(x), lambda x: flat(x))
        assert wrong(check_rule(bad, X)) == SECOND

    def test_double_precision(self):
        bad = tg.pointwise(lambda x: np.sin(x), lambda x: np.cos(x) * np.sqrt(np.float64(1)))
        report = check_rule(bad, X)
        assert wrong(report) == ["float32"]
        assert "gave float64 (5,) where float32 (5,) belongs" in str(report)

    def test_single_precision(self):
        bad = tg.pointwise(lambda x: np.sin(x), lambda x: (1 + 1e-3 * (x.dtype == "f")) * np.cos(x))
        report = check_rule(bad, X)
        assert wrong(report) == ["float32"]
        assert "the gradient is not that of float64" in str(report)

    def test_the_layout(self):
        bad = tg.general(
            lambda x: np.sin(x),
            (lambda g, x: g * np.cos(x.ravel("K").reshape(x.shape)), lambda t, x: t * np.cos(x)),
        )
        report = check_rule(bad, RNG.normal(size=(3, 3)), order=1)
        assert wrong(report) == ["layout"]
        assert "depends on the layout" in str(report)

    @pytest.mark.parametrize(
        ("is_bad", "witness"),
        [
            (lambda x: x.dtype == np.float32, "float32"),
            (lambda x: not x.flags.c_contiguous, "layout"),
        ],
    )
    def test_nan_in_single_precision_or_in_another_layout(self, is_bad, witness):
        bad = tg.pointwise(lambda x: x * x, lambda x: 2 * x * (np.nan if is_bad(x) else 1))
        report = check_rule(bad, X, order=1)
        assert wrong(report) == [witness]
        assert "the gradient" in str(report)

    def test_a_cotangent_that_is_written_into(self):
        def write(g, x):
            g *= np.cos(x)
            return g

        bad = tg.general(lambda x: np.sin(x), (write, lambda t, x: t * np.cos(x)))
        report = check_rule(bad, X, order=1)
        assert wrong(report) == ["layout"]
        assert "read-only" in str(report)

    def test_another_value_on_a_tensor(self):
        def tensors(x):
            return np.sin(x) + 1e-9 * (not x.flags.writeable)

        report = check_rule(tg.pointwise(tensors, lambda x: np.cos(x)), X)
        assert "value" in wrong(report)
        assert "f of Tensors is not f of arrays" in str(report)

    def test_a_rule_that_raises(self):
        bad = tg.linear(lambda x: x[::2], lambda g: np.stack([g, 0 * g], -1).ravel())
        report = check_rule(bad, X)
        assert "reverse" in wrong(report)
        assert "gave float64 (6,) where float64 (5,) belongs" in str(report)
        assert str(report).startswith("wrong: reverse: ValueError: the vjp rule")

    def test_a_function_that_writes_into_its_argument(self):
        x = X.copy()
        bad = tg.pointwise(lambda x: np.sin(x, out=x), lambda x: np.cos(x))
        assert "reverse" in wrong(check_rule(bad, x))
        assert np.array_equal(x, X)


def test_a_kink():
    report = check_rule(np.abs, np.array([0.0, 1.0]), order=1)
    assert report.verdict == "cannot tell"
    assert report.rows[0].note == "a kink at [0], right elsewhere"


def test_a_function_for_float64_alone():
    def picky(x):
        if x.dtype != np.float64:
            raise TypeError("only float64")
        return np.sin(x)

    report = check_rule(tg.pointwise(picky, lambda x: np.cos(x)), X)
    assert report.is_right
    assert "float32" not in verdicts(report)


def test_what_leaves_the_range_of_float32():
    report = check_rule(tg.linear(lambda x: 2 * x, lambda g: 2 * g), 1e60 * X)
    assert report.is_right, f"\n{report}"
    assert "float32" not in verdicts(report)


class TestErrors:
    def test_no_rule(self):
        with pytest.raises(TypeError, match=r"<lambda> has no rule of its own.*check_function"):
            check_rule(lambda x: x, X)
        with pytest.raises(TypeError, match="argmax has no rule of its own"):
            check_rule(np.argmax, X)
        with pytest.raises(TypeError, match="int has no rule of its own"):
            check_rule(3, X)

    def test_nothing_floating(self):
        with pytest.raises(TypeError, match=r"got \(int64\), among which is no floating operand"):
            check_rule(np.exp, np.arange(3))
        with pytest.raises(TypeError, match=r"got \(\), among which is no floating operand"):
            check_rule(np.exp)

    def test_a_tensor(self):
        with pytest.raises(TypeError, match="check_rule: argument 0 is a Tensor"):
            check_rule(np.exp, tg.Tensor(X))

    def test_no_derivative_there(self):
        with pytest.raises(ValueError, match=r"check_rule: f\(x\) is nan"):
            check_rule(np.log, np.array([-1.0, 1.0]))

    def test_chance(self):
        rng = np.random.default_rng(0)
        bad = tg.pointwise(lambda x: x * rng.normal(), lambda x: x)
        with pytest.raises(ValueError, match=r"check_rule: f\(x\) was .* and then"):
            check_rule(bad, X)

    def test_order(self):
        with pytest.raises(ValueError, match="check_rule: order must be 1 or 2, not 0"):
            check_rule(np.exp, X, order=0)

    def test_the_function_itself_raises(self):
        def broken(x):
            raise ZeroDivisionError("mine")

        with pytest.raises(ZeroDivisionError, match="mine"):
            check_rule(tg.pointwise(broken, lambda x: x), X)
