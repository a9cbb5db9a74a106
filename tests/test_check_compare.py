"""compare: a verdict on two gradients."""

import numpy as np
import pytest

import tinygrad_np as tg
from tinygrad_np import check
from tinygrad_np.check import compare


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
    with pytest.raises(ValueError, match=r"has shape \(1, 2\), but x has shape \(2,\)"):
        check.compare(lambda x: np.sum(x), lambda x: np.ones((1, 2)), np.ones(2))
    with pytest.raises(
        ValueError, match=r"at \['b'\] has shape \(\), but x has shape \(2,\) there"
    ):
        check.compare(lambda p: np.sum(p["b"]), lambda p: {"b": 1.0}, {"b": np.ones(2)})
    with pytest.raises(
        ValueError, match=r"is a list of 1, but x is a dict with \['b'\]: return one like x"
    ):
        check.compare(lambda p: np.sum(p["b"]), lambda p: [1.0], {"b": np.ones(2)})


W = np.random.default_rng(0).normal(size=(4, 4))


@pytest.mark.parametrize(
    ("wrong", "hint"),
    [
        (lambda right: right.T, "transposed"),
        (lambda right: -right, "the sign: it is the negative of the right one"),
        (lambda right: 2 * right, "off by the factor 2"),
        (
            lambda right: right / 16,
            "off by the factor 1/16: it looks like the gradient of the mean",
        ),
        (lambda right: right + 0.1 * W, "a term is missing or too much: -0.1 times x is lacking"),
        (lambda right: right + 1e-6 * (W[1, 2] == W), "component [1, 2] only"),
        (lambda right: np.roll(right, 1, axis=0), "shifted by one along axis 0, towards the end"),
        (lambda right: right[:, ::-1], "reversed along axis 1"),
        (lambda right: right * (np.arange(4) < 3), "only the last along axis 1 (index 3) is wrong"),
        (lambda right: right + 1e-4 * np.sin(7 * W), ""),
    ],
)
def test_hints(wrong, hint):
    report = check.compare(
        lambda w: np.sum(np.sin(w) * np.arange(16.0).reshape(4, 4)),
        lambda w: wrong(np.cos(w) * np.arange(16.0).reshape(4, 4)),
        W,
    )
    assert report.verdict == "wrong"
    assert len(report.hints) == bool(hint)
    assert all(found.startswith(hint) for found in report.hints), report.hints


def test_the_order_of_keys_does_not_matter():
    def backwards(params, x):
        return dict(reversed(analytic(params, x).items()))

    def wrong(params, x):
        return {name: 1.001 * g for name, g in backwards(params, x).items()}

    assert check.compare(loss, backwards, PARAMS, X).is_right
    report = check.compare(loss, wrong, PARAMS, X)
    assert [row.verdict for row in report.rows] == ["wrong", "wrong"]


class TestTheNoiseFloor:
    def test_waves_too_fast_for_sixteen_digits(self):
        def fast(x):
            return np.sum(np.sin(1e9 * x))

        x = np.array([0.3, 0.4])
        for factor, verdict in ((1, "right"), (1 + 1e-9, "cannot tell"), (1.1, "wrong")):
            report = check.compare(fast, lambda x, c=factor: c * 1e9 * np.cos(1e9 * x), x)
            assert report.verdict == verdict, f"\n{report}"
        report = check.compare(fast, lambda x: (1 + 1e-9) * 1e9 * np.cos(1e9 * x), x)
        [row] = report.rows
        assert 0 < row.difference < row.floor
        assert row.note == f"rounding alone makes {row.floor:.2g}"

    def test_a_large_value_hides_nothing_from_reverse_mode(self):
        report = check.compare(
            lambda x: 1e8 + np.sum(np.sin(x)), lambda x: np.cos(x) + 1e-6, np.ones(3)
        )
        assert report.verdict == "wrong"

    def test_zero_to_rounding(self):
        def f(p):
            z = p["z"] + p["shift"]
            return np.log(np.sum(np.exp(z))) - z[0]

        def by_hand(p):
            e = np.exp(p["z"])
            return {"z": e / e.sum() - (np.arange(7) == 0), "shift": np.array(0.0)}

        z = np.random.default_rng(1).normal(size=7)
        found = tg.grad(f)({"z": z, "shift": np.array(0.3)})["shift"]
        assert 0 < abs(found) < 1e-15
        report = check.compare(f, by_hand, {"z": z, "shift": np.array(0.3)})
        assert report.is_right, f"\n{report}"
        assert report.rows[1].note == "zero to rounding"

    def test_float32_inside(self):
        def single(x):
            return np.sum(np.sin(x.astype(np.float32)), dtype=np.float32)

        def double(x):
            return np.sum(np.sin(x.astype(np.float32)).astype(float))

        x = np.random.default_rng(0).normal(size=6)
        assert check.compare(single, np.cos, x).is_right
        assert check.compare(double, np.cos, x).verdict == "cannot tell"
        for f in (single, double):
            assert check.compare(f, lambda x: 1.001 * np.cos(x), x).verdict == "wrong"


def test_a_mistake_of_several_leaves_is_told_once():
    x = {"a": np.ones(3), "b": np.full(2, 2.0)}
    report = check.compare(
        lambda x: np.sum(x["a"] ** 3) + np.sum(x["b"] ** 3),
        lambda x: {name: 6 * value**2 for name, value in x.items()},
        x,
    )
    assert report.hints == ["['a'], ['b']: off by the factor 2"]


RNG = np.random.default_rng(0)
POINTS = RNG.normal(size=5)


def sines(x):
    return np.sum(np.sin(x))


class TestNotFinite:
    def test_compare(self):
        [row] = compare(sines, lambda x: np.where(x == x[2], np.nan, np.cos(x)), POINTS).rows
        assert (row.verdict, row.note) == ("wrong", "not finite: nan at [2]")
        both = compare(
            lambda x: np.sum(np.sqrt(x)), lambda x: 0.5 / np.sqrt(x), np.array([0.0, 1.0])
        )
        assert both.verdict == "cannot tell"
        assert both.rows[0].note == "not finite: inf at [0], by reverse mode"
        beside = compare(
            lambda x: np.sum(np.sqrt(x)), lambda x: 1 / np.sqrt(x), np.array([0.0, 1.0])
        )
        assert beside.verdict == "wrong"
        assert [row.leaf for row in beside.components] == ["[1]"]


class TestArgnums:
    def test_compare(self):
        def f(a, b):
            return np.sum(a * b)

        y = POINTS[::-1]
        assert compare(f, lambda a, b: (b, a), POINTS, y, argnums=(0, 1)).is_right
        assert compare(f, lambda a, b: (b,), POINTS, y, argnums=(0,)).is_right
        assert compare(f, lambda a, b: a, POINTS, y, argnums=-1).is_right
        assert compare(f, lambda a, b: b, POINTS, y, argnums=np.int64(0)).is_right
        with pytest.raises(ValueError, match=r"an array of shape \(5,\), but x is a tuple of 1"):
            compare(f, lambda a, b: b, POINTS, y, argnums=(0,))
        with pytest.raises(ValueError, match="argnums is 2, but there are 2"):
            compare(f, lambda a, b: b, POINTS, y, argnums=2)
        with pytest.raises(TypeError, match="an integer or a tuple of integers, not 'a'"):
            compare(f, lambda a, b: b, POINTS, y, argnums="a")
        with pytest.raises(ValueError, match=r"no arrays to compare by argnums \(\)"):
            compare(f, lambda a, b: (), POINTS, y, argnums=())


class TestFunctionsThatMisbehave:
    def test_chance_in_compare(self):
        rng = np.random.default_rng(0)
        with pytest.raises(ValueError, match=r"hand-derived gradient had .* and then"):
            compare(sines, lambda x: np.cos(x) + 1e-3 * rng.normal(size=5), POINTS)
        with pytest.raises(ValueError, match=r"by reverse mode had .* and then"):
            compare(lambda x: np.sum(x * rng.normal(size=5)), np.cos, POINTS)


class TestKinks:
    @pytest.mark.parametrize(
        ("f", "gradient", "x"),
        [
            (lambda x: np.sum(np.abs(x)), lambda x: np.where(x >= 0, 1.0, -1.0), [0.0, 1.0, 2.0]),
            (lambda x: np.sum(np.maximum(x, 0)), lambda x: (x >= 0) * 1.0, [0.0, 1.0, -2.0]),
            (lambda x: np.max(x), lambda x: (np.arange(3) == np.argmax(x)) * 1.0, [2.0, 1.0, 2.0]),
        ],
    )
    def test_another_policy_is_not_called_wrong(self, f, gradient, x):
        [row] = compare(f, gradient, np.array(x)).rows
        assert row.verdict == "cannot tell"
        assert row.note.startswith("a kink or a tie: roundings move it by ")

    def test_a_mistake_beside_another_policy(self):
        report = compare(
            lambda x: np.sum(np.abs(x)),
            lambda x: np.where(x >= 0, 1.0, 2.0),
            np.array([0.0, 1.0, -2.0]),
        )
        assert report.verdict == "wrong"
        assert [row.leaf for row in report.components] == ["[2]"]
