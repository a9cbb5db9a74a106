"""Optimisers: formulas, dtypes, states, jit, derivatives through steps, and what is refused."""

import copy
import itertools
import math

import numpy as np
import pytest

import tinygrad_np as tg
from tinygrad_np import Tensor
from tinygrad_np.core import optim as core

OPTIMISERS = {
    "sgd": {},
    "sgd, with momentum": {"momentum": 0.9, "dampening": 0.2},
    "sgd, Nesterov's": {"momentum": 0.9, "nesterov": True},
    "adam": {},
    "adam, amsgrad": {"amsgrad": True},
    "adamw": {},
    "nadam": {},
    "radam": {"betas": (0.9, 0.6)},
    "radam, adapting": {"betas": (0.9, 0.999)},
    "rmsprop": {},
    "rmsprop, centered": {"centered": True, "momentum": 0.8, "alpha": 0.7},
    "adagrad": {"rate_decay": 0.1, "initial_accumulator_value": 0.2},
    "adadelta": {},
}
NAMES = ["sgd", "adam", "adamw", "nadam", "radam", "rmsprop", "adagrad", "adadelta"]
EACH = pytest.mark.parametrize("key", OPTIMISERS)
ONCE = pytest.mark.parametrize("name", NAMES)


def optimiser(key):
    return getattr(tg.optim, key.split(",")[0]), OPTIMISERS[key]


def problem(dtype=np.float64):
    rng = np.random.default_rng(0)
    params = {"w": rng.normal(size=(3, 2)), "b": [rng.normal(size=2), np.array(0.7)]}
    return tg.tree.map(lambda w: np.asarray(w, dtype), params)


def loss(params):
    w, (bias, scale) = params["w"], params["b"]
    return np.sum(np.sin(w + bias) * scale) + np.mean(bias**2) * 0.5


def trained(key, params, steps, rate=0.05, **options):
    function, its = optimiser(key)
    state = None
    for _ in range(steps):
        grads = tg.grad(loss)(params)
        params, state = function(params, grads, state, rate=rate, **its, **options)
    return params, state


def same(a, b):
    """Whether both trees have the same arrays, to the bit."""
    pairs = zip(tg.tree.leaves(a), tg.tree.leaves(b), strict=True)
    return tg.tree.paths(a) == tg.tree.paths(b) and all(
        type(x) is type(y) and x.dtype == y.dtype and x.tobytes() == y.tobytes() for x, y in pairs
    )


def by_hand(name, w, gradients):
    """The recurrences as the papers and PyTorch's documentation write them, of one number."""
    rate, b1, b2, eps = 0.1, 0.8, 0.9, 1e-8
    m = v = u = mean = 0.0
    product = 1.0
    for t, g in enumerate(gradients, 1):
        m, v = b1 * m + (1 - b1) * g, b2 * v + (1 - b2) * g * g
        v_hat = v / (1 - b2**t)
        match name:
            case "nadam":
                mu, after = (b1 * (1 - 0.5 * 0.96 ** (s * 0.004)) for s in (t, t + 1))
                product *= mu
                m_hat = after * m / (1 - product * after) + (1 - mu) * g / (1 - product)
                w -= rate * m_hat / (math.sqrt(v_hat) + eps)
            case "radam":
                most = 2 / (1 - b2) - 1
                rho = most - 2 * t * b2**t / (1 - b2**t)
                step = rate * m / (1 - b1**t)
                if rho > 5:
                    up, down = (rho - 4) * (rho - 2) * most, (most - 4) * (most - 2) * rho
                    step *= math.sqrt(up / down) * math.sqrt(1 - b2**t) / (math.sqrt(v) + eps)
                w -= step
            case "rmsprop":
                mean = b2 * mean + (1 - b2) * g
                u = 0.7 * u + g / (math.sqrt(max(v - mean**2, 0.0)) + eps)
                w -= rate * u
            case "adadelta":
                step = math.sqrt(u + eps) / math.sqrt(v + eps) * g
                u = b2 * u + (1 - b2) * step**2
                w -= rate * step
    return w


class TestFormulas:
    @pytest.mark.parametrize("name", ["nadam", "radam", "rmsprop", "adadelta"])
    def test_recurrences_by_hand(self, name):
        gradients = np.random.default_rng(3).normal(size=12)
        options = {
            "rmsprop": {"alpha": 0.9, "centered": True, "momentum": 0.7},
            "adadelta": {"rho": 0.9},
        }.get(name, {"betas": (0.8, 0.9)})
        w, state = np.array(0.5), None
        for steps, g in enumerate(gradients, 1):
            w, state = getattr(tg.optim, name)(
                w, np.array(g), state, rate=0.1, epsilon=1e-8, **options
            )
            assert math.isclose(w, by_hand(name, 0.5, gradients[:steps]), rel_tol=1e-12)

    def test_sgd_is_the_cores_to_the_bit(self):
        rng = np.random.default_rng(1)
        for momentum in (0.0, 0.9):
            ours, theirs = [rng.normal(size=4)], None
            theirs, its, state = ours, None, None
            for _ in range(4):
                grads = [rng.normal(size=4)]
                ours, state = tg.optim.sgd(ours, grads, state, rate=0.1, momentum=momentum)
                theirs, its = core.sgd(theirs, grads, its, rate=0.1, momentum=momentum)
                assert same(ours, theirs)
                assert (state is None) == (momentum == 0)

    def test_dampening_is_not_for_the_first_step(self):
        options = {"rate": 1.0, "momentum": 0.5, "dampening": 0.25}
        w, state = tg.optim.sgd(np.array([0.0]), np.array([1.0]), **options)
        assert (w.tolist(), state["velocity"].tolist()) == ([-1.0], [1.0])
        w, state = tg.optim.sgd(w, np.array([2.0]), state, **options)
        assert (w.tolist(), state["velocity"].tolist()) == ([-3.0], [2.0])

    def test_adam_over_three_steps(self):
        rng = np.random.default_rng(2)
        w, state = rng.normal(size=5), None
        x, m, v, rate, b1, b2 = w, 0.0, 0.0, 0.1, 0.8, 0.95
        for t in range(1, 4):
            g = rng.normal(size=5)
            m, v = b1 * m + (1 - b1) * g, b2 * v + (1 - b2) * g**2
            x = x - rate * (m / (1 - b1**t)) / (np.sqrt(v / (1 - b2**t)) + 1e-8)
            w, state = tg.optim.adam(w, g, state, rate=rate, betas=(b1, b2))
            assert np.allclose(w, x, rtol=1e-14, atol=0)
            assert state["count"] == t
            assert np.allclose(state["mean"], m, rtol=1e-13)

    @pytest.mark.parametrize("name", ["adam", "adamw", "nadam", "rmsprop", "adagrad"])
    def test_a_small_epsilon_beside_small_gradients_of_float32(self, name):
        narrow, wide = [(np.ones(1, dtype), None) for dtype in (np.float32, np.float64)]
        for _ in range(3):
            narrow, wide = [
                getattr(tg.optim, name)(
                    w, np.full(1, 1e-11, w.dtype), state, rate=0.1, epsilon=1e-15
                )
                for w, state in (narrow, wide)
            ]
        assert np.allclose(narrow.params, wide.params, rtol=1e-5, atol=0)
        assert abs(wide.params[0] - 1) > 0.05  # whatever the size of the gradients

    def test_nesterov_looks_ahead(self):
        w, state = tg.optim.sgd(np.zeros(1), np.ones(1), rate=1.0, momentum=0.5, nesterov=True)
        assert w.tolist() == [-1.5]  # g + momentum·v, with v = g
        w, state = tg.optim.sgd(w, np.array([4.0]), state, rate=1.0, momentum=0.5, nesterov=True)
        assert (w.tolist(), state["velocity"].tolist()) == ([-1.5 - (4 + 0.5 * 4.5)], [4.5])

    def test_amsgrad_divides_by_the_largest_so_far(self):
        w, state, options = np.zeros(1), None, {"rate": 1.0, "betas": (0.0, 0.5), "amsgrad": True}
        for g, square, largest in ((4.0, 8.0, 8.0), (0.0, 4.0, 8.0), (8.0, 34.0, 34.0)):
            before, (w, state) = w, tg.optim.adam(w, np.array([g]), state, **options)
            assert (state["square"].tolist(), state["largest"].tolist()) == ([square], [largest])
            correction = 1 - 0.5 ** int(state["count"])
            assert np.allclose(before - w, g / np.sqrt(largest / correction))

    @pytest.mark.parametrize("name", ["nadam", "radam"])
    def test_decoupled_decay_shrinks_the_parameter(self, name):
        function = getattr(tg.optim, name)
        w, g = np.array([2.0]), np.array([0.3])
        options = {"rate": 0.1, "weight_decay": 0.5, "decoupled_weight_decay": True}
        step = w - function(w, g, rate=0.1).params
        assert np.allclose(function(w, g, **options).params, 2.0 * (1 - 0.1 * 0.5) - step)

    def test_adagrads_sum_and_rate(self):
        options = {"rate": 1.0, "rate_decay": 0.5, "initial_accumulator_value": 7.0}
        w, state = tg.optim.adagrad(np.zeros(1), np.array([3.0]), **options)
        assert np.allclose(w, -3 / 4)
        w, state = tg.optim.adagrad(w, np.array([3.0]), state, **options)
        assert np.allclose(w, -3 / 4 - 3 / 5 / 1.5)

    def test_adagrad_divides_by_the_root_of_the_sum(self):
        w, state = tg.optim.adagrad(np.zeros(1), np.array([3.0]), rate=1.0)
        w, state = tg.optim.adagrad(w, np.array([4.0]), state, rate=1.0)
        assert abs(w[0] + 1 + 4 / 5) < 1e-9
        assert state["total"].tolist() == [25.0]

    @EACH
    def test_maximize_is_the_step_for_the_other_sign(self, key):
        function, options = optimiser(key)
        params = problem()
        grads = tg.grad(loss)(params)
        others = tg.tree.map(np.negative, grads)
        for decay in (0.0, 0.1):
            up = function(params, grads, maximize=True, weight_decay=decay, **options)
            assert same(up.params, function(params, others, weight_decay=decay, **options).params)

    @ONCE
    def test_a_step_goes_down(self, name):
        params = problem()
        for _ in range(2):
            new, _ = getattr(tg.optim, name)(params, tg.grad(loss)(params), rate=1e-3)
            assert loss(new) < loss(params)
            params = new

    @ONCE
    def test_weight_decay_may_be_a_tree(self, name):
        function, params = getattr(tg.optim, name), problem()
        grads = tg.grad(loss)(params)
        decays = tg.optim.by_path(params, lambda path, leaf: 0.3 if "'w'" in path else 0.0)
        mixed, _ = function(params, grads, rate=0.1, weight_decay=decays)
        with_it, _ = function(params, grads, rate=0.1, weight_decay=0.3)
        without, _ = function(params, grads, rate=0.1, weight_decay=0.0)
        assert same(mixed, {"w": with_it["w"], "b": without["b"]})
        assert name == "adagrad" or not same(with_it, without)

    def test_adamw_shrinks_and_adam_adds_to_the_gradient(self):
        w, zero = np.array([2.0]), np.array([0.0])
        assert tg.optim.adamw(w, zero, rate=0.1, weight_decay=0.5).params.tolist() == [1.9]
        found = tg.optim.adam(w, zero, rate=0.1, weight_decay=0.5).params
        assert abs(found[0] - 1.9) < 1e-8  # the first step of adam is the rate, whatever the size

    def test_leaves_are_found_by_their_key(self):
        params, grads = {"a": np.zeros(1), "b": np.zeros(1)}, {"b": np.ones(1), "a": -np.ones(1)}
        new, state = tg.optim.adam(params, grads, rate=0.5)
        assert (new["a"] > 0).all()
        assert (new["b"] < 0).all()
        turned = {key: {"b": value["b"], "a": value["a"]} if key != "count" else value
                  for key, value in state.items()}  # fmt: skip
        again = [tg.optim.adam(params, grads, one, rate=0.5) for one in (state, turned)]
        assert same(*again)

    def test_numbers_may_be_arrays(self):
        params = problem()
        grads = tg.grad(loss)(params)
        for name, options in {
            "sgd": {"momentum": 0.9, "dampening": 0.1, "weight_decay": 0.1},
            "adamw": {"epsilon": 1e-3, "weight_decay": 0.1},
            "nadam": {"momentum_decay": 0.1, "weight_decay": 0.1},
            "rmsprop": {"alpha": 0.9, "momentum": 0.1},
            "adagrad": {"initial_accumulator_value": 0.5, "rate_decay": 0.1},
            "adadelta": {"rho": 0.5, "epsilon": 1e-3},
        }.items():
            found = []
            for form in (float, np.float64, np.array):
                its = {key: form(value) for key, value in options.items()}
                new, state = getattr(tg.optim, name)(params, grads, rate=form(0.5), **its)
                found.append(getattr(tg.optim, name)(new, grads, state, rate=form(0.5), **its))
            assert same(tuple(found[0]), tuple(found[1]))
            assert same(tuple(found[0]), tuple(found[2]))

    def test_a_tree_without_leaves(self):
        assert tg.optim.sgd({}, {}).params == {}
        assert tg.optim.adam(None, None).state["count"] == 1


class TestDtypes:
    @EACH
    @pytest.mark.parametrize("dtype", [np.float16, np.float32, np.float64, np.longdouble])
    def test_parameters_keep_theirs(self, key, dtype):
        forms = 0.05, np.float64(0.05), np.array(0.05), np.float32(0.05), Tensor(0.05)
        for rate, steps in itertools.product(forms, (1, 2, 3)):
            params, state = trained(key, problem(dtype), steps, rate=rate)
            leaves = tg.tree.leaves(params)
            assert {w.dtype for w in leaves} == {np.dtype(dtype)}
            kept = [v for k in state or {} for v in tg.tree.leaves(state[k]) if v.dtype != int]
            wanted = np.float32 if dtype == np.float16 else dtype
            assert {v.dtype for v in kept if v.ndim} <= {np.dtype(wanted)}
            if not isinstance(rate, Tensor):
                assert all(type(w) is np.ndarray for w in [*leaves, *kept])

    @EACH
    def test_the_rate_has_the_same_effect_in_any_form(self, key):
        one = trained(key, problem(np.float32), 3, rate=0.05)
        for rate in (np.float64(0.05), np.array(0.05)):
            assert same(trained(key, problem(np.float32), 3, rate=rate), one)

    @ONCE
    def test_small_gradients_of_float16_do_not_vanish(self, name):
        """Their squares and epsilon are 0 in float16: a step in it would be inf or nan."""
        w, g = np.ones(3, np.float16), np.array([1e-5, -1e-5, 0.0], np.float16)
        new, _ = getattr(tg.optim, name)(w, g, rate=0.1, weight_decay=0.0)
        assert np.all(np.isfinite(new))
        assert new[0] <= new[2] <= new[1]

    def test_gradients_of_float64_for_parameters_of_float32(self):
        new, _ = tg.optim.adam(np.ones(2, np.float32), np.ones(2))
        assert new.dtype == np.float32

    @ONCE
    def test_a_complex_parameter_is_two_real_ones(self, name):
        rng = np.random.default_rng(3)
        z, g = rng.normal(size=(2, 4)) + 1j * rng.normal(size=(2, 4))
        pair, state, its = np.stack([z.real, z.imag], -1), None, None
        for _ in range(3):
            # Of a complex parameter the gradient is ∂/∂x − i ∂/∂y.
            of_pair = np.stack([g.real, -g.imag], -1)
            z, state = getattr(tg.optim, name)(z, g, state, rate=0.1, weight_decay=0.2)
            pair, its = getattr(tg.optim, name)(pair, of_pair, its, rate=0.1, weight_decay=0.2)
            assert np.array_equal(np.stack([z.real, z.imag], -1), pair)
            assert state is its is None or same(state, its)
        single = getattr(tg.optim, name)(z.astype(np.complex64), g).params
        assert single.dtype == np.complex64


class TestStates:
    @EACH
    def test_nothing_is_written_into_or_shared(self, key):
        function, options = optimiser(key)
        params, state = trained(key, problem(), 2)
        grads = tg.grad(loss)(params)
        for given in (None, state):
            before = copy.deepcopy((params, grads, given))
            new = function(params, grads, given, **options)
            assert same((params, grads, given), before)
            mine = [x for x in tg.tree.leaves((params, grads, given)) if x.ndim]
            theirs = [x for x in tg.tree.leaves(tuple(new)) if x.ndim]
            assert not any(np.may_share_memory(a, b) for a in mine for b in theirs)

    @EACH
    def test_they_are_saved_and_loaded(self, key, tmp_path):
        function, options = optimiser(key)
        params, state = trained(key, problem(), 2)
        tg.save(tmp_path / "run.npz", {"params": params, "state": state})
        found = tg.load(tmp_path / "run.npz")
        grads = tg.grad(loss)(params)
        one = function(params, grads, state, **options)
        another = function(found["params"], grads, found["state"], **options)
        assert same(tuple(one), tuple(another))

    @EACH
    def test_a_jitted_step_has_the_same_bits_and_is_traced_once_for_all_rates(self, key):
        function, options = optimiser(key)
        calls = []

        def step(params, state, rate):
            calls.append(1)
            value, grads = tg.value_and_grad(loss)(params)
            return value, *function(params, grads, state, rate=rate, **options)

        jitted = tg.jit(step)
        for dtype in (np.float64, np.float32):
            ours, state = problem(dtype), None
            theirs, its = ours, None
            for i in range(8):
                rate = np.array(0.1 / (i + 1))
                value, ours, state = jitted(ours, state, rate)
                if i == 2:
                    replayed = len(calls) + 1
                if i > 2:
                    assert len(calls) == replayed
                    replayed += 1  # the call that follows
                wanted, theirs, its = step(theirs, its, rate)
                assert value.tobytes() == np.asarray(wanted).tobytes()
                assert same((ours, state), (theirs, its))

    def test_the_count_is_an_array(self):
        """A number of Python would be a part of the form, and a jit would trace every step anew."""
        _, state = tg.optim.adam(np.ones(2), np.ones(2))
        assert type(state["count"]) is np.ndarray
        assert state["count"].shape == ()


class TestDerivatives:
    @EACH
    def test_of_a_loss_after_three_steps_by_rate_and_start(self, key):
        def after(rate, w):
            params = {**problem(), "w": w}
            return loss(trained(key, params, 3, rate=rate)[0])

        start = problem()["w"]
        for argument in (0, 1):
            x = (np.array(0.05), start)[argument]
            one = (lambda rate: after(rate, start)) if argument == 0 else (lambda w: after(0.05, w))
            tg.check.assert_gradient(one, tg.grad(after, argument)(np.array(0.05), start), x)

    @pytest.mark.parametrize("name", ["adam", "adamw", "nadam", "radam"])
    def test_by_betas_epsilon_and_decay(self, name):
        def after(numbers):
            beta1, beta2, epsilon, decay = numbers
            params, state = problem(), None
            for _ in range(3):
                params, state = getattr(tg.optim, name)(
                    params, tg.grad(loss)(params), state,
                    rate=0.05, betas=(beta1, beta2), epsilon=epsilon, weight_decay=decay,
                )  # fmt: skip
            return loss(params)

        for beta2 in (0.6, 0.95):
            x = np.array([0.7, beta2, 0.1, 0.2])
            tg.check.assert_gradient(after, tg.grad(after)(x), x)

    @ONCE
    def test_where_a_gradient_is_zero_they_are_finite(self, name):
        """√v has no derivative at 0; a relu that is dead would make everything nan."""

        def after(w, rate):
            state = None
            for _ in range(2):
                grads = np.array([1.0, 0.0]) * w
                w, state = getattr(tg.optim, name)(w, grads, state, rate=rate)
            return np.sum(w**2)

        for dtype in (np.float64, np.float32):
            w = np.array([1.0, 2.0], dtype)
            first = tg.grad(after)(w, 0.1)
            assert np.all(np.isfinite(first))
            assert np.all(np.isfinite(tg.hessian(after)(w, 0.1)))
        assert np.isfinite(tg.grad(after, 1)(np.array([1.0, 2.0]), np.array(0.1)))

    def test_a_centered_variance_is_never_below_zero(self):
        """v − m² of equal gradients is 0 up to rounding, and its root would be nan."""
        w, state = np.zeros(200, np.float32), None
        g = np.random.default_rng(0).normal(size=200).astype(np.float32)
        for _ in range(40):
            w, state = tg.optim.rmsprop(w, g, state, centered=True, alpha=0.5)
        assert np.any(state["square"] - state["mean"] ** 2 < 0)
        assert np.all(np.isfinite(w))


X = np.ones(2)
OF_ADAM = tg.optim.adam(X, X).state
STEPS = {"rate": tg.optim.schedules.cosine(0.1, 10)}
REFUSED = [
    (ValueError, "adam: the rate must be at least 0 and finite, not -1", {"rate": -1}),
    (ValueError, "adam: the rate must be at least 0 and finite, not nan", {"rate": float("nan")}),
    (ValueError, "adam: the rate must be at least 0 and finite, not inf", {"rate": float("inf")}),
    (ValueError, "adam: the rate must be at least 0 and finite", {"rate": Tensor(np.inf)}),
    (ValueError, "adam: the rate must be at least 0 and finite, not -1", {"rate": np.array(-1.0)}),
    (TypeError, "adam: the rate must be one number, a float, not '0.1'", {"rate": "0.1"}),
    (TypeError, "adam: the rate must be one number, a float, not None", {"rate": None}),
    (TypeError, "adam: the rate must be one number, a float, not True", {"rate": True}),
    (TypeError, "adam: the rate must be one number, a float, not a function: call it", STEPS),
    (TypeError, "adam: the rate must be one number, a float, not 1j", {"rate": 1j}),
    (TypeError, "adam: the rate must be one number, a float, not arr", {"rate": np.array([0.1])}),
    (TypeError, "adam: the rate must be one number, a float, not 1000", {"rate": 10**400}),
    (TypeError, "adam: betas is a pair of numbers, not 0.9", {"betas": 0.9}),
    (ValueError, "adam: the beta1 must be at least 0 and below 1, not 1", {"betas": (1, 0.9)}),
    (ValueError, "adam: the beta2 must be at least 0 and below 1", {"betas": (0.9, -0.1)}),
    (ValueError, "adam: the epsilon must be at least 0", {"epsilon": -1e-8}),
    (ValueError, "adam: the weight_decay must be at least 0", {"weight_decay": -0.1}),
    (ValueError, "adam: the trees differ.*; weight_decay is a number, or", {"weight_decay": [0.1]}),
    (TypeError, "adam: the weight_decay must be one number, .* 'no'", {"weight_decay": "no"}),
    (TypeError, "adam: the parameter has dtype int64; convert it", {"params": np.array([1, 2])}),
    (TypeError, "adam: the gradient: takes numbers", {"grads": np.array(["a", "b"])}),
    (TypeError, "adam: the gradient is complex", {"grads": X + 1j}),
    (ValueError, r"adam: the parameter of shape \(2,\) has a gradient of shape \(2, 1\)",
     {"grads": np.ones((2, 1))}),
    (ValueError, "adam: the trees differ: a leaf in the first, a list .*; grads is a tree like pa",
     {"grads": [X]}),
    (ValueError, r"adam: the trees differ at \['a'\].*; grads is",
     {"params": {"a": X}, "grads": {"a": None}}),
    (ValueError, r"adam: the parameter at \['a'\]\[0\] of shape", {"params": {"a": [X]},
     "grads": {"a": [np.ones(3)]}}),
    (ValueError, r"adam: its state .* has \['count', 'mean', 'square'\], not \['velocity'\]; give",
     {"state": tg.optim.sgd(X, X, momentum=0.9).state}),
    (ValueError, "adam: its state .*, 'largest'.*; give what the last step gave, or None to begin",
     {"amsgrad": True, "state": OF_ADAM}),
    (ValueError, "adam: its state .*, not Update; give what", {"state": tg.optim.adam(X, X)}),
    (ValueError, r"adam: 'mean' in the state has shape \(2,\) where \(3,\) belongs; the state is",
     {"params": np.ones(3), "grads": np.ones(3), "state": OF_ADAM}),
    (ValueError, "adam: the trees differ.*; the state is one for other parameters; give None",
     {"params": [X], "grads": [X], "state": OF_ADAM}),
    (ValueError, "adam: 'count' in the state is a number, not", {"state": {**OF_ADAM, "count": X}}),
    (TypeError, "adam: 'mean' in the state: takes", {"state": {**OF_ADAM, "mean": "text"}}),
    (ValueError, r"adam: 'mean' in the state has shape \(\) where \(2,\) belongs",
     {"state": {**OF_ADAM, "mean": 0.0}}),
]  # fmt: skip


class TestWhatIsRefused:
    @pytest.mark.parametrize(("error", "told", "given"), REFUSED)
    def test_by_adam(self, error, told, given):
        with pytest.raises(error, match=f"^{told}"):
            tg.optim.adam(**{"params": X, "grads": X, **given})

    @ONCE
    @pytest.mark.parametrize("rate", [-0.1, "x", None, float("nan")])
    def test_a_rate_by_each_in_its_name(self, name, rate):
        with pytest.raises((TypeError, ValueError), match=f"^{name}: the rate "):
            getattr(tg.optim, name)(X, X, rate=rate)

    @ONCE
    def test_a_state_of_another_by_each(self, name):
        other = {"adam": "sgd"}.get(name, "adam")
        state = getattr(tg.optim, other)(
            X, X, **({"momentum": 0.9} if other == "sgd" else {})
        ).state
        if {"adamw": "adam", "radam": "adam"}.get(name) == other:
            pytest.skip("their states are alike, and mean the same")
        with pytest.raises(ValueError, match=f"^{name}: its state .*, or None to begin"):
            getattr(tg.optim, name)(X, X, state)

    @pytest.mark.parametrize(
        ("name", "given", "told"),
        [
            ("sgd", {"momentum": 1.0}, "momentum must be at least 0 and below 1, not 1"),
            ("sgd", {"nesterov": True}, "nesterov needs a momentum above 0"),
            (
                "sgd",
                {"dampening": float("nan"), "momentum": 0.5},
                "dampening must be at least -inf",
            ),
            ("rmsprop", {"alpha": 1.0}, "alpha must be at least 0 and below 1"),
            ("rmsprop", {"momentum": -0.1}, "momentum must be at least 0"),
            ("adadelta", {"rho": 1.0}, "rho must be at least 0 and below 1"),
            ("adagrad", {"rate_decay": -1}, "rate_decay must be at least 0"),
            ("adagrad", {"initial_accumulator_value": -1}, "initial_accumulator_value must be at"),
            ("nadam", {"momentum_decay": -1}, "momentum_decay must be at least 0"),
        ],
    )
    def test_numbers_out_of_range(self, name, given, told):
        with pytest.raises(ValueError, match=f"^{name}: (the )?{told}"):
            getattr(tg.optim, name)(X, X, **given)
