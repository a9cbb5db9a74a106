"""slope: the derivative of a function of one number, with an error that is true."""

import numpy as np
import pytest

from tinygrad_np.check.differences import slope, slope_at

RNG = np.random.default_rng(0)
X, V, A = RNG.normal(size=20), RNG.uniform(0.5, 1, 20), RNG.normal(size=20)


def plain(f):
    """`f` without anything explained, and without warnings, as a check calls it."""

    def pairs(t):
        with np.errstate(all="ignore"):
            return float(f(t)), 0.0

    return pairs


SMOOTH = {
    "sine": (lambda t: np.sin(1 + t), np.cos(1.0), 1e-10),
    "line": (lambda t: 3 * t, 3.0, 1e-12),
    "parabola": (lambda t: 1 + t * t, 0.0, 1e-12),
    "constant": (lambda t: 7.0, 0.0, 1e-11),
    "steep": (lambda t: np.exp(100 * t), 100.0, 1e-7),
    "far up": (lambda t: np.exp(100 * (1 + t)), 100 * np.exp(100.0), 1e36),
    "waves": (lambda t: np.sin(1e6 * t + 0.3), 1e6 * np.cos(0.3), 1e-4),
    "edge": (lambda t: np.log(1e-8 * (1 + t)), 1.0, 1e-9),
    "slow": (lambda t: 1e-8 * np.sin(1 + 1e-8 * t), 1e-16 * np.cos(1.0), 1e-26),
    "bell": (lambda t: np.exp(-(((t - 1e-4) * 1e3) ** 2)), 200 * np.exp(-0.01), 1e-6),
    "offset": (lambda t: 1e8 + np.sum(np.sin(X + t * V)), np.sum(np.cos(X) * V), 1e-4),
    "offset taken off": (
        lambda t: (1e12 + np.sum(A * np.sin(X + t * V))) - 1e12,
        np.sum(A * np.cos(X) * V),
        0.1,
    ),
    "single precision": (
        lambda t: np.sum(np.sin((X + t * V).astype(np.float32))),
        np.sum(np.cos(X) * V),
        1e-3,
    ),
}


@pytest.mark.parametrize("name", SMOOTH)
def test_the_floor_is_true_and_small(name):
    function, expected, most = SMOOTH[name]
    found = slope(plain(function))
    assert abs(found.value - expected) <= found.floor <= most
    assert found.jump == 0


def test_the_floor_is_true_of_random_functions():
    ratios = []
    for seed in range(300):
        rng = np.random.default_rng(seed)
        a, x = rng.normal(size=(2, 20))
        v = rng.choice([-1, 1], 20) * rng.uniform(0.5, 1, 20)
        offset = 10.0 ** rng.integers(-8, 9)
        function, gradient = [
            (lambda t, a=a, x=x, v=v, o=offset: o + np.sum(a * np.sin(x + t * v)), a * np.cos(x)),
            (
                lambda t, a=a, x=x, v=v, o=offset: (o + np.sum(a * np.exp(x + t * v))) - o,
                a * np.exp(x),
            ),
            (
                lambda t, x=x, v=v, o=offset: o * np.log(np.sum(np.exp(x + t * v))),
                offset * np.exp(x) / np.sum(np.exp(x)),
            ),
        ][seed % 3]
        found = slope(plain(function))
        rounding = 1e-13 * np.linalg.norm(gradient * v)
        ratios.append(abs(found.value - gradient @ v) / (found.floor + rounding))
    assert max(ratios) <= 1


def test_what_is_explained_is_taken_off():
    found = slope(lambda t: (np.sin(1 + t), np.cos(1.0) * t))
    assert abs(found.value) <= found.floor < 1e-10


class TestKinks:
    @pytest.mark.parametrize(("left", "right"), [(-1.0, 1.0), (0.0, 2.0), (3.0, -1.0)])
    def test_both_slopes_are_told(self, left, right):
        found = slope(plain(lambda t: 1 + np.where(t < 0, left * t, right * t)))
        assert found.value == pytest.approx((left + right) / 2)
        assert found.jump == pytest.approx(abs(left - right))
        assert found.floor >= 0.5 * found.jump

    def test_beside_a_smooth_part(self):
        found = slope(plain(lambda t: np.exp(t) + 1e-3 * abs(t)))
        assert found.jump == pytest.approx(2e-3, rel=1e-3)
        assert abs(found.value - 1) <= found.floor < 1.1e-3

    @pytest.mark.parametrize("distance", [1e-1, 1e-3, 1e-5])
    def test_one_that_smaller_steps_avoid_is_none(self, distance):
        found = slope(plain(lambda t: 1 + abs(t - distance)))
        assert abs(found.value + 1) <= found.floor < 1e-8
        assert found.jump == 0

    @pytest.mark.parametrize("distance", [1e-7, 1e-9, 1e-11])
    def test_one_so_near_that_noise_is_left(self, distance):
        found = slope(plain(lambda t: 1 + abs(t - distance)))
        assert abs(found.value + 1) <= found.floor < 1e-2
        assert found.note == "a kink nearby"

    def test_of_a_power(self):
        assert slope(plain(lambda t: abs(t) ** 1.5)).jump > 0


class TestNoTelling:
    def test_one_side(self):
        found = slope(plain(np.sqrt))
        assert np.isnan(found.value)
        assert np.isinf(found.floor)
        assert found.note == "f is not finite on both sides"

    def test_noise(self):
        found = slope(plain(lambda t: np.sin(1e22 * t)))
        assert np.isinf(found.floor)
        assert found.note == "f changes like noise"

    def test_a_feature_narrower_than_the_best_step_is_covered(self):
        found = slope(plain(lambda t: t * (1 + np.exp(-((t * 1e6) ** 2)))))
        assert abs(found.value - 2) <= found.floor
        assert abs(found.value - 1) <= found.floor < 1

    def test_a_part_in_low_precision_is_covered(self):
        def function(t):
            return np.sin(1 + t) + np.float64(np.sin(np.float32(2 + t)))

        found = slope(plain(function))
        assert abs(found.value - np.cos(1) - np.cos(2)) <= found.floor


def test_one_step_alone():
    found = slope(plain(lambda t: np.sin(1 + t)))
    again = slope_at(plain(lambda t: np.sin(1 + t)), found.level, found.noise)
    assert (again.value, again.floor) == (found.value, found.floor)


def test_steps_are_constant_where_they_are_said_to_be():
    found = slope(plain(lambda t: np.sum(np.sign(X + t * V) * A)))
    assert found.value == 0
    assert found.floor < 1e-11
    claimed = slope(lambda t: (float(np.sum(np.sign(X + t * V) * A)), t))
    assert np.isinf(claimed.floor)
    assert claimed.note == "f moves in jumps"
