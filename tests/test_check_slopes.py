"""What looks like noise: rounding, steps, waves. No right answer is called wrong."""

import numpy as np
import pytest
from test_check_gradient import gradient_note

from tinygrad_np.check import check_function, check_gradient

RNG = np.random.default_rng(0)
BATCH = RNG.normal(size=(8, 3))
V, SKEW = RNG.normal(size=3), RNG.normal(size=(3, 3))


def standardised(x):
    return (x - x.mean(axis=0)) / x.std(axis=0)


def softmax(x):
    e = np.exp(x - x.max(axis=-1, keepdims=True))
    return e / e.sum(axis=-1, keepdims=True)


ZEROS = {
    "a standardised batch, added up": lambda x: np.sum(standardised(x)),
    "its mean": lambda x: 3.7 * np.mean(standardised(x)),
    "its square": lambda x: np.sum(standardised(x) ** 2) - x.size,
    "probabilities less one": lambda x: np.sum(softmax(x)) - len(x),
    "a centred batch": lambda x: np.sum(x - x.mean(axis=0)),
    "sine and cosine": lambda x: np.sum(np.sin(x) ** 2 + np.cos(x) ** 2 - 1),
    "a form without a symmetric part": lambda x: np.sum((x @ (SKEW - SKEW.T)) * x),
    "a standardised batch, weighed": lambda x: np.sum(standardised(x) @ V),
    "a projection": lambda x: np.sum(np.linalg.qr(x[:3])[0] @ np.linalg.qr(x[:3])[0].T - np.eye(3)),
}


MANY_VALUES = {"a form without a symmetric part", "a standardised batch, weighed", "a projection"}


class TestWhatIsZeroToRounding:
    """|f| bounds every slope, unless f is faster than any step."""

    @pytest.mark.parametrize("name", ZEROS)
    @pytest.mark.parametrize("size", [1e-6, 100.0])
    def test_a_slope_is_wrong(self, name, size):
        report = check_gradient(ZEROS[name], lambda x: np.full(x.shape, size), BATCH)
        assert report.verdict == "wrong", f"\n{report}"
        assert max(row.floor for row in report.rows) < 1e-3 * size
        given = check_gradient(ZEROS[name], np.full(BATCH.shape, size), BATCH)
        assert given.verdict == "wrong" or name in MANY_VALUES, f"\n{given}"

    @pytest.mark.parametrize("name", ZEROS)
    def test_zero_is_not(self, name):
        for seed in range(3):
            for claim in (np.zeros_like, lambda x: ((x + 1.0) - x) - 1.0):
                report = check_gradient(ZEROS[name], claim, BATCH, seed=seed)
                assert report.verdict != "wrong", f"\n{report}"

    def test_its_own_gradient_is_not(self):
        """Which is rounding, too, and large where the batch is far from zero."""

        def gradient(x):
            z = standardised(x)
            return (1 - 1 - z * z.mean(axis=0)) / x.std(axis=0)

        for seed in range(12):
            rng = np.random.default_rng(seed)
            x = 10.0 ** rng.uniform(-3, 6) + 10.0 ** rng.uniform(-4, 3) * rng.normal(size=(8, 3))
            report = check_gradient(ZEROS["a standardised batch, added up"], gradient, x, seed=seed)
            assert report.verdict != "wrong", f"\n{report}"

    @pytest.mark.parametrize("frequency", [1e17, 1e22, 1e60])
    @pytest.mark.parametrize("height", [1.0, 1e-15])
    def test_waves_that_are_faster_than_any_step_are_not(self, frequency, height):
        def gradient(x):
            return height * frequency * np.cos(frequency * x)

        def cut(x):
            return height * np.sum(np.maximum(np.sin(frequency * x), 0))

        for seed in range(4):
            x = np.random.default_rng(seed).normal(size=1 + seed)
            for f, g in (
                (lambda x: height * np.sum(np.sin(frequency * x)), gradient),
                (cut, lambda x: gradient(x) * (np.sin(frequency * x) > 0)),
            ):
                assert check_gradient(f, g, x, seed=seed).verdict != "wrong"
                assert check_gradient(f, g(x), x, seed=seed).verdict != "wrong"


class TestSteps:
    """Between steps the slope is 0, or that of the rest, however fine they are beside a step."""

    @pytest.mark.parametrize("count", [10, 100, 1000, 1024, 3000, 4096, 10_000, 65_536, 200_000])
    @pytest.mark.parametrize("cut", [np.floor, np.round])
    def test_the_slope_between_them_is_not_wrong(self, count, cut):
        for seed in range(4):
            x = np.random.default_rng(seed).normal(size=1 + 3 * (seed % 2))
            report = check_gradient(lambda x: np.sum(cut(count * x) / count), np.zeros_like, x)
            assert report.verdict != "wrong", f"\n{report}"
            beside = check_gradient(
                lambda x: np.sum(np.sin(x) + 0.3 * cut(count * x) / count), np.cos, x, seed=seed
            )
            assert beside.verdict != "wrong", f"\n{beside}"

    @pytest.mark.parametrize("count", [3000, 200_000])
    def test_another_one_is(self, count):
        def f(x):
            return np.sum(np.sin(x) + 0.1 * np.floor(count * x) / count)

        for factor in (-1, 3):
            report = check_gradient(f, lambda x, c=factor: c * np.cos(x), RNG.normal(size=3))
            assert report.verdict == "wrong", f"\n{report}"

    def test_rounding_to_single_precision_is_none(self):
        """So that a gradient of zero is wrong there, if nothing cancels."""

        def f(x):
            return float(np.sum(np.exp(x.astype(np.float32)).astype(float)))

        for seed in range(3):
            x = np.random.default_rng(seed).normal(size=6)
            assert check_gradient(f, np.zeros_like, x, seed=seed).verdict == "wrong"
            assert check_gradient(f, lambda x: np.exp(x) / 2, x, seed=seed).verdict == "wrong"
            assert check_gradient(f, np.exp, x, seed=seed).verdict != "wrong"


SAMPLES = [200, 2_000, 20_000, pytest.param(200_000, marks=pytest.mark.slow)]


class TestAMeanOfMaxima:
    """As in Monte Carlo: linear in pieces, of which there are as many as samples."""

    @staticmethod
    def case(count, seed):
        rng = np.random.default_rng(seed)
        samples, at = np.exp(rng.normal(size=count)), rng.uniform(0.3, 3)

        def f(x):
            return np.mean(np.maximum(x * samples - 1, 0))

        return f, lambda x: np.mean(samples * (x * samples > 1)), at

    @pytest.mark.parametrize("count", SAMPLES)
    def test_second_derivatives(self, count):
        for seed in range(3):
            f, by_x, at = self.case(count, seed)
            report = check_gradient(by_x, lambda x: 0.0, at, seed=seed)
            assert report.verdict != "wrong", f"\n{report}"
            report = check_function(f, at, seed=seed)
            assert report.verdict != "wrong", f"\n{report}"
            assert [row.verdict for row in report.rows[:3]] == 3 * ["right"]

    @pytest.mark.parametrize("count", SAMPLES)
    def test_first_derivatives(self, count):
        for seed in range(3):
            f, by_x, at = self.case(count, seed)
            assert check_gradient(f, by_x, at, seed=seed).is_right
            for factor in (-1.0, 0.999, 1.0001, 2.0):
                report = check_gradient(f, lambda x, g=by_x, c=factor: c * g(x), at, seed=seed)
                assert report.verdict == "wrong", f"\n{report}"

    def test_of_several_variables(self):
        rng = np.random.default_rng(0)
        paths = np.exp(0.3 * rng.normal(size=(20_000, 4)))

        def f(x):
            return np.mean(np.maximum(paths @ x - 2, 0))

        report = check_function(f, np.array([0.5, 0.4, 0.6, 0.7]))
        assert report.verdict != "wrong", f"\n{report}"


class TestAGradientThatIsRounding:
    """The formula is right, and its digits cancel: (eˣ − 1) / x beside 0."""

    @staticmethod
    def f(x):
        return np.sum((np.exp(x) - 1) / x)

    @staticmethod
    def by_x(x):
        return (x * np.exp(x) - np.exp(x) + 1) / x**2

    def test_right(self):
        sizes = np.exp(np.random.default_rng(0).uniform(np.log(1e-7), np.log(1e-3), 15))
        for size in (1e-6, *sizes):
            report = check_gradient(self.f, self.by_x, float(size))
            assert report.verdict != "wrong", f"{size}\n{report}"

    def test_wrong(self):
        for size in (1e-6, 1e-5, 1e-4):
            report = check_gradient(self.f, lambda x: 1.01 * self.by_x(x), size)
            assert report.verdict == "wrong", f"\n{report}"
            assert report.rows[0].found == pytest.approx(0.5, rel=1e-3)

    def test_a_jump_is_no_rounding(self):
        """Of a gradient in pieces: one that takes the wrong piece at x."""
        x = np.array([1.0, 2.0, -0.5])
        report = check_gradient(lambda x: np.sum(np.sin(x)), lambda x: np.cos(x) + (x == 2.0), x)
        assert [row.leaf for row in report.components] == ["[1]"]
        report = check_gradient(
            lambda x: np.sum(np.sin(x)), lambda x: np.where(x >= 1.0, np.sin(x), np.cos(x)), x
        )
        assert {row.leaf for row in report.components} == {"[0]", "[1]"}


def test_a_single_number_has_its_derivative_in_the_table():
    report = check_gradient(np.sin, lambda x: 2 * np.cos(x), 0.3)
    [row] = report.rows
    assert row.found == pytest.approx(np.cos(0.3))
    assert row.claimed == pytest.approx(2 * np.cos(0.3))
    assert str(report).startswith("wrong: the derivative should be 0.955336 ")
    kink = check_gradient(lambda x: abs(x), lambda x: 0.0, 0.0)
    assert (kink.verdict, kink.rows[0].note) == ("cannot tell", "a kink, with slopes -1 and 1")
    assert kink.components == []


POINTS = RNG.normal(size=5)


class TestKinks:
    def test_one(self):
        found = gradient_note(lambda x: np.sum(np.abs(x)), np.sign, np.array([0.0, 1.0, 2.0]))
        assert found == ("cannot tell", "a kink at [0], right elsewhere")

    def test_a_mistake_beside_it(self):
        x = np.array([0.0, 1.0, 2.0])
        report = check_gradient(lambda x: np.sum(np.abs(x)), lambda x: 2 * np.sign(x), x)
        assert [row.leaf for row in report.components if row.verdict == "wrong"] == ["[1]", "[2]"]

    def test_several_that_bend_both_ways(self):
        u, x = np.array([1.0, -2.0, 3.0, -1.5]), np.array([0.0, 0.0, 0.0, 1.0])

        def f(x):
            return np.sum(u * np.abs(x))

        def from_the_right(x):
            return u * np.where(x >= 0, 1, -1)

        for seed in range(10):
            report = check_gradient(f, from_the_right, x, seed=seed)
            assert report.verdict == "cannot tell", f"\n{report}"
            assert report.rows[0].note.endswith(", right elsewhere")
            for at in (0, 3):  # a component with a kink, and the one without
                wrong = check_gradient(
                    f, lambda x, at=at: from_the_right(x) * np.where(np.arange(4) == at, 1.5, 1), x,
                    seed=seed,
                )  # fmt: skip
                assert wrong.verdict == "wrong", f"\n{wrong}"
                assert [row.leaf for row in wrong.components] == [f"[{at}]"]

    def test_outside_of_both_slopes(self):
        x = np.array([0.0, 1.0, 2.0])
        report = check_gradient(lambda x: np.sum(np.abs(x)), lambda x: np.sign(x) + 5 * (x == 0), x)
        assert [row.leaf for row in report.components] == ["[0]"]

    @pytest.mark.parametrize(
        ("f", "gradient", "x"),
        [
            (lambda x: np.sum(x.astype(int)), np.zeros_like, np.array([1.0, 2.0])),
            (lambda x: np.sum(np.floor(x)), np.zeros_like, np.arange(4.0)),
            (lambda x: np.sum(np.where(x >= 0, x + 1, x)), np.ones_like, np.array([0.0, 2.0])),
            (lambda x: np.sum(np.exp(x) + 1e-3 * (x >= 1)), np.exp, np.array([0.0, 1.0])),
        ],
    )
    def test_a_jump_just_there(self, f, gradient, x):
        for seed in range(5):
            report = check_gradient(f, gradient, x, seed=seed)
            assert report.verdict == "cannot tell", f"\n{report}"
            assert report.rows[0].note == "f jumps here"

    def test_steps(self):
        def f(x):
            return np.sum(np.round(x))

        assert check_gradient(f, np.zeros_like, POINTS).is_right
        assert check_gradient(f, np.ones_like, POINTS).verdict != "right"
        assert check_gradient(f, np.zeros_like, 1000 * POINTS).verdict != "wrong"
