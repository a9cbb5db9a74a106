"""Schedules: hand values, arrays and Tensors as steps, the state of plateau, what is refused."""

import math

import numpy as np
import pytest

import tinygrad_np as tg
from tinygrad_np import Tensor

schedules = tg.optim.schedules

EACH = {
    "constant": schedules.constant(0.1),
    "step": schedules.step(0.1, 3),
    "multi_step": schedules.multi_step(0.1, [2, 5]),
    "exponential": schedules.exponential(0.1, 0.9),
    "polynomial": schedules.polynomial(0.1, 7, 2.0, least=0.01),
    "cosine": schedules.cosine(0.1, 7, least=0.01),
    "warm_up": schedules.warm_up(schedules.cosine(0.1, 7), 3),
    "one_cycle": schedules.one_cycle(0.1, 9),
    "one_cycle, linear": schedules.one_cycle(0.1, 9, anneal_strategy="linear", three_phase=True),
    "cyclic": schedules.cyclic(0.01, 0.1, up=2, down=3),
    "cyclic, exp_range": schedules.cyclic(0.01, 0.1, up=2, mode="exp_range", gamma=0.9),
}
ALL = pytest.mark.parametrize("name", EACH)


class TestValues:
    @ALL
    def test_of_a_number_python_has_a_float(self, name):
        for step in (0, 3, 12, 2.0):
            rate = EACH[name](step)
            assert type(rate) is float
            assert 0 <= rate <= 0.1 + 1e-16

    @ALL
    def test_of_arrays_they_are_elementwise(self, name):
        steps = np.arange(12).reshape(3, 4)
        rates = EACH[name](steps)
        assert rates.shape == (3, 4)
        assert rates.dtype == np.float64
        # NumPy's power of many numbers may differ from that of one in the last bit.
        one_by_one = [EACH[name](step) for step in range(12)]
        assert np.allclose(rates.ravel(), one_by_one, rtol=1e-14, atol=0)
        assert np.allclose(EACH[name](np.int64(5)), one_by_one[5], rtol=1e-14, atol=0)

    @ALL
    def test_in_a_jit_the_step_may_be_an_array(self, name):
        calls = []

        def rate(step):
            calls.append(1)
            return EACH[name](step)

        jitted = tg.jit(rate)
        found = [jitted(np.array(step)) for step in range(12)]
        assert np.array_equal(found, [EACH[name](np.array(step)) for step in range(12)])
        assert len(calls) == 4  # recorded, and the first replay compared

    def test_by_hand(self):
        polynomial = schedules.polynomial(1.0, 4, 2.0, least=0.2)
        assert np.allclose(polynomial(np.array([0, 1, 4, 9])), [1, 0.2 + 0.8 * 9 / 16, 0.2, 0.2])
        cosine = schedules.cosine(1.0, 3, least=0.5)
        assert np.allclose([cosine(n) for n in (0, 1, 2, 3, 50)], [1, 0.875, 0.625, 0.5, 0.5])
        assert schedules.multi_step(1.0, [])(5) == 1.0
        assert np.allclose(schedules.multi_step(1.0, (2, 2))(np.arange(4)), [1, 1, 0.01, 0.01])

    def test_the_first_part_of_a_warm_up_leads_to_where_the_schedule_begins(self):
        inner = schedules.exponential(0.4, 0.5)
        found = [schedules.warm_up(inner, 4, start=0.5)(n) for n in range(7)]
        assert np.allclose(found, [0.2, 0.25, 0.3, 0.35, 0.4, 0.2, 0.1])
        ours = schedules.warm_up(lambda n: 0.1 * (n + 1), 2)
        assert np.allclose([ours(n) for n in range(4)], [0, 0.05, 0.1, 0.2])

    def test_one_cycle_goes_up_and_down(self):
        first, most, last = 0.1 / 25, 0.1, 0.1 / 25 / 1e4
        rates = schedules.one_cycle(0.1, 100, pct_start=0.25)(np.arange(120))
        assert math.isclose(rates[0], first)
        assert np.argmax(rates) == 24
        assert rates[24] == most
        assert np.allclose(rates[99:], last)

    def test_numbers_of_a_schedule_may_be_tensors(self):
        def rate(numbers):
            first, gamma = numbers
            return schedules.warm_up(schedules.step(first, 2, gamma=gamma), 2)(5)

        x = np.array([0.3, 0.5])
        assert np.allclose(tg.grad(rate)(x), [0.5, 0.3])

    def test_parameters_of_float32_stay_so(self):
        params = np.ones(2, np.float32)
        for step in (3, np.array(3)):
            rate = schedules.cosine(0.1, 10)(step)
            assert tg.optim.adam(params, params, rate=rate).params.dtype == np.float32

    def test_the_count_of_a_state_is_a_step(self):
        def step(params, state):
            count = np.array(0) if state is None else state["count"]
            return tg.optim.adam(
                params, 2 * params, state, rate=schedules.exponential(0.1, 0.5)(count)
            )

        params, state, jitted = np.ones(2), None, tg.jit(step)
        theirs, its = params, None
        for _ in range(5):
            params, state = jitted(params, state)
            theirs, its = step(theirs, its)
            assert np.array_equal(params, theirs)
        assert np.allclose(params, 1 - 0.1 * (1 + 1 / 2 + 1 / 4 + 1 / 8 + 1 / 16), atol=0.02)


def plateaus(values, **options):
    state, rates = None, []
    for value in values:
        rate, state = schedules.plateau(state, value, rate=1.0, factor=0.5, **options)
        rates.append(rate)
    return rates, state


class TestPlateau:
    def test_patience_and_cooldown(self):
        rates, _ = plateaus([3, 2, 2, 2, 2, 2, 2, 2], patience=1, cooldown=0)
        assert rates == [1, 1, 1, 0.5, 0.5, 0.25, 0.25, 0.125]
        rates, _ = plateaus([3, 2, 2, 2, 2, 2, 2, 2], patience=1, cooldown=1)
        assert rates == [1, 1, 1, 0.5, 0.5, 0.5, 0.25, 0.25]

    def test_what_counts_as_better(self):
        assert plateaus([1.0, 0.95, 0.85], patience=0, threshold=0.1)[0] == [1, 0.5, 0.5]
        options = {"patience": 0, "threshold": 0.1, "threshold_mode": "abs"}
        assert plateaus([9.0, 8.95, 8.85], **options)[0] == [1, 0.5, 0.5]
        assert plateaus([1.0, 1.05, 1.15], mode="max", patience=0, threshold=0.1)[0] == [
            1,
            0.5,
            0.5,
        ]
        assert plateaus([1.0, float("nan"), 0.5], patience=0)[0] == [1, 0.5, 0.5]

    def test_it_does_not_go_below_the_least(self):
        assert plateaus([1.0] * 4, patience=0, least=0.3)[0] == [1, 0.5, 0.3, 0.3]
        assert plateaus([1.0] * 4, patience=0, epsilon=0.3)[0] == [1, 0.5, 0.5, 0.5]

    def test_its_state_is_saved_and_loaded(self, tmp_path):
        _, state = plateaus([3.0, 2.0, 2.0], patience=1)
        assert {key: value.shape for key, value in state.items()} == dict.fromkeys(state, ())
        tg.save(tmp_path / "state.npz", state)
        found = tg.load(tmp_path / "state.npz")
        for one in (state, found):
            rate, _ = schedules.plateau(one, 2.0, rate=1.0, factor=0.5, patience=1)
            assert rate == 0.5
        value = Tensor(2.0)
        assert schedules.plateau(state, value.data, rate=1.0, factor=0.5, patience=1)[0] == 0.5


class TestWhatIsRefused:
    @pytest.mark.parametrize(
        ("call", "error", "told"),
        [
            (lambda: schedules.constant("0.1"), TypeError, "constant: the rate must be one number"),
            (lambda: schedules.constant(-0.1), ValueError, "constant: the rate must be at least 0"),
            (lambda: schedules.step(0.1, 0), ValueError, "step: steps must be at least 1, not 0"),
            (
                lambda: schedules.step(0.1, 2.5),
                TypeError,
                "step: steps is a number of steps, not 2.5",
            ),
            (
                lambda: schedules.step(0.1, 2, gamma=-1),
                ValueError,
                "step: the gamma must be at lea",
            ),
            (
                lambda: schedules.multi_step(0.1, 3),
                TypeError,
                "multi_step: milestones is a list of",
            ),
            (
                lambda: schedules.multi_step(0.1, ["a"]),
                TypeError,
                "multi_step: a milestone is a numb",
            ),
            (
                lambda: schedules.exponential(0.1, None),
                TypeError,
                "exponential: the gamma must be one number",
            ),
            (lambda: schedules.polynomial(0.1, 5, -1), ValueError, "polynomial: the power must be"),
            (lambda: schedules.cosine(0.1, True), TypeError, "cosine: steps is a number of steps"),
            (lambda: schedules.warm_up(0.1, 5), TypeError, "warm_up: takes a schedule, such as"),
            (
                lambda: schedules.one_cycle(0.1, 1),
                ValueError,
                "one_cycle: steps must be at least 2",
            ),
            (
                lambda: schedules.one_cycle(0.1, 9, pct_start=1),
                ValueError,
                "one_cycle: the pct_start must be at least 0 and below 1, not 1",
            ),
            (
                lambda: schedules.one_cycle(0.1, 9, anneal_strategy="exp"),
                ValueError,
                'one_cycle: anneal_strategy is "cos" or "linear"',
            ),
            (
                lambda: schedules.one_cycle(0.1, 9, div_factor=0),
                ValueError,
                "one_cycle: div_factor and final_div_factor must be above 0",
            ),
            (
                lambda: schedules.cyclic(0.01, 0.1, mode="sine"),
                ValueError,
                "cyclic: mode is one of triangular, triangular2, exp_range, not 'sine'",
            ),
            (lambda: schedules.cyclic(0.01, 0.1, down=0), ValueError, "cyclic: down must be at le"),
            (
                lambda: schedules.plateau({}, 1.0, rate=1.0),
                ValueError,
                "plateau: the state is what",
            ),
            (
                lambda: schedules.plateau(None, "x", rate=1.0),
                TypeError,
                "plateau: the value must be one number",
            ),
            (
                lambda: schedules.plateau(None, 1.0, rate=1.0, mode=1),
                ValueError,
                "plateau: mode is",
            ),
            (
                lambda: schedules.cosine(0.1, 9)(-1),
                ValueError,
                "cosine: the step must be at least 0",
            ),
            (lambda: schedules.cosine(0.1, 9)("1"), TypeError, "cosine: the step: takes"),
            (lambda: schedules.cosine(0.1, 9)(None), TypeError, "cosine: the step: takes"),
            (
                lambda: schedules.cosine(0.1, 9)(np.array([0, -1])),
                ValueError,
                "cosine: the step must be at least 0",
            ),
        ],
    )
    def test_arguments(self, call, error, told):
        with pytest.raises(error, match=f"^{told}"):
            call()


def test_a_warm_up_of_no_steps_is_the_schedule():
    schedule = tg.optim.schedules.cosine(0.1, 7)
    warmed = tg.optim.schedules.warm_up(schedule, 0)
    assert [warmed(step) for step in range(9)] == [schedule(step) for step in range(9)]
    with pytest.raises(ValueError, match="warm_up: steps must be at least 0, not -1"):
        tg.optim.schedules.warm_up(schedule, -1)
