"""jit: the same bits as the function, for every kind of program; never wrong in silence."""

import dataclasses
import math
import os
import pickle
import sys
import threading
import warnings
from collections import namedtuple
from importlib.util import find_spec
from typing import Any

import numpy as np
import pytest

import tinygrad_np as tg
from tinygrad_np.fast import jit as module
from tinygrad_np.fast import paths
from tinygrad_np.fast.jit import JitWarning, jit
from tinygrad_np.fast.trace import Tracer

RNG = np.random.default_rng(0)
HELD = np.arange(3.0)
OF_HELD = tg.pointwise(lambda x: x + 0, lambda x: HELD * x)


def rosenbrock(x):
    return np.sum(100 * (x[1:] - x[:-1] ** 2) ** 2 + (1 - x[:-1]) ** 2)


def evidence(scale, x, y):
    k = np.exp(-(((x[:, None] - x) / scale) ** 2)) + 0.1 * np.eye(len(x))
    return y @ np.linalg.solve(k, y) + np.linalg.slogdet(k).logabsdet


def network(params, images, labels):
    filters, weights = params
    hidden = tg.max_pool(tg.relu(tg.conv2d(images, filters, padding=1)), 2)
    return tg.cross_entropy(tg.dense(tg.flatten(hidden), weights), labels)


def step(params, images, labels):
    value, grads = tg.value_and_grad(network)(params, images, labels)
    new, _ = tg.optim.sgd(params, grads, rate=0.01)
    return value, new


def two_class(params, images, labels):
    logits = tg.dense(tg.flatten(tg.sigmoid(tg.conv2d(images, params["filter"]))), params["w"])
    return tg.log_loss(tg.sigmoid(logits), labels) + tg.log_loss_with_logits(logits, labels)


def images_and_labels(dtype, n=4):
    filters = RNG.normal(size=(3, 3, 2, 5)).astype(dtype)
    weights = (0.1 * RNG.normal(size=(80, 3))).astype(dtype)
    images = RNG.normal(size=(n, 8, 8, 2)).astype(dtype)
    return (filters, weights), images, RNG.integers(0, 3, n)


def drawn(*shape):
    return lambda: RNG.normal(size=shape)


def positive(*shape):
    return lambda: RNG.uniform(0.5, 2.0, size=shape)


def classes(n):
    return lambda: RNG.integers(0, n, n)


PROGRAMS = {
    "a sum": (lambda x: np.sum(x * x), drawn(5)),
    "gradient": (tg.value_and_grad(rosenbrock), drawn(6)),
    "hessian": (tg.hessian(rosenbrock), drawn(6)),
    "jacobian": (tg.jacobian(lambda x, w: np.tanh(x @ w), 1), drawn(3), drawn(3, 4)),
    "jacobian forward": (tg.jacobian(lambda x: np.cumsum(np.sin(x)), mode="forward"), drawn(4)),
    "jacobian reverse": (tg.jacobian(lambda x: np.sin(x) * x, mode="reverse"), drawn(4)),
    "hvp": (lambda x, v: tg.hvp(rosenbrock, x, v), drawn(6), drawn(6)),
    "jvp": (lambda x, v: tg.jvp(np.tanh, x, v), drawn(6), drawn(6)),
    "hvp of pooling": (
        lambda x, v: tg.hvp(lambda x: np.sum(tg.max_pool(x * x, 2) ** 2), x, v),
        drawn(1, 4, 4, 2), drawn(1, 4, 4, 2),
    ),
    "hvp by an index": (
        lambda x, v, i: tg.hvp(lambda x: np.sum(np.take(x, i) ** 3), x, v),
        drawn(3), drawn(3), lambda: np.array([0, 2, 2]),
    ),
    "hvp of powers": (
        lambda x, v: tg.hvp(lambda x: np.sum(np.sin(x**3) * x**1.5), x, v), positive(99), drawn(99),
    ),
    "vjp": (lambda x, g: tg.vjp(np.tanh, x)[1](g), drawn(6), drawn(6)),
    "third order": (tg.grad(tg.grad(tg.grad(lambda x: np.sin(x) * x**3))), drawn()),
    "evidence": (tg.grad(evidence, (0, 1)), positive(), drawn(7), drawn(7)),
    "linear algebra": (tg.grad(lambda a: np.sum(np.linalg.qr(a)[1] ** 2)), drawn(3, 3)),
    "eigenvalues": (lambda a: np.linalg.eigh(a @ a.T), drawn(3, 3)),
    "masks": (lambda x: np.where((x > 0) & ~(x > 1) | (x < -1), x, x**2), drawn(9)),
    "chosen": (lambda x: np.sum(x[x > 0]) if x.shape[0] else x, lambda: np.abs(RNG.normal(size=4))),
    "sorted": (tg.grad(lambda x: np.sort(x) @ np.arange(5.0)), drawn(5)),
    "largest": (lambda x: x[np.argmax(x)], drawn(5)),
    "a choice by indices": (lambda x, i: x[np.arange(3), i] + x[i, 0], drawn(3, 4), classes(3)),
    "einsum": (tg.grad(lambda a, b: np.sum(np.einsum("ij,jk->ki", a, b) ** 2)), drawn(2, 3),
               drawn(3, 2)),
    "quantile": (tg.grad(lambda x: np.quantile(x, 0.3)), drawn(7)),
    "composed": (lambda x: np.roll(np.fliplr(x), 1) + np.mean(x, 0, keepdims=True), drawn(3, 4)),
    "complex": (tg.grad(lambda x: np.sum(np.abs(np.fft.rfft(x)) ** 2)), drawn(8)),
    "remat": (tg.grad(lambda x: np.sum(tg.remat(np.sin)(x) ** 2)), drawn(5)),
    "stopped": (tg.grad(lambda x: np.sum(tg.stop_gradient(x) * x)), drawn(5)),
    "at": (tg.grad(lambda x: np.sum(tg.at(x)[1:3].multiply(2.0) ** 2)), drawn(5)),
    "aux": (tg.value_and_grad(lambda x: (np.sum(x**2), {"y": np.exp(x)}), has_aux=True), drawn(3)),
    "powers": (lambda x: [x**2, x**2.0, x**0.5, x**-1, x**3, np.power(x, 2)], positive(99)),
    "unused": (tg.grad(lambda x, y: np.sum(y), (0, 1)), drawn(3), drawn(2)),
}  # fmt: skip


def same(found, expected):
    pairs = zip(tg.tree.leaves(found), tg.tree.leaves(expected), strict=True)
    assert type(found) is type(expected)
    for x, y in pairs:
        assert type(x) is type(y)
        assert np.array_equal(x, y, equal_nan=True)
        assert np.asarray(x).dtype == np.asarray(y).dtype


@pytest.mark.parametrize("name", PROGRAMS)
def test_every_call_has_the_bits_of_the_function(name):
    function, *draws = PROGRAMS[name]
    jitted = jit(function)
    for _ in range(4):
        args = [draw() for draw in draws]
        same(jitted(*args), function(*args))


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("n", [1, 4, 70])
def test_a_training_step(dtype, n):
    params, images, labels = images_and_labels(dtype, n)
    jitted = jit(step)
    of_both = params, params
    for number in range(4):
        batch = (images * (number + 1) % 3).astype(dtype), np.roll(labels, number)
        found, expected = jitted(of_both[0], *batch), step(of_both[1], *batch)
        same(found, expected)
        of_both = found[1], expected[1]


def test_losses_look_at_their_labels_at_every_call():
    params = {"filter": RNG.normal(size=(3, 3, 1, 1)), "w": 0.1 * RNG.normal(size=(36, 1))}
    jitted = jit(tg.value_and_grad(two_class))
    for _ in range(4):
        images, labels = RNG.normal(size=(5, 8, 8, 1)), RNG.random((5, 1)) < 0.5
        same(
            jitted(params, images, labels * 1.0),
            tg.value_and_grad(two_class)(params, images, labels * 1.0),
        )
    with pytest.raises(ValueError, match="labels lie between 0 and 1"):
        jitted(params, images, labels + 1.0)
    weights, images, labels = images_and_labels(np.float64)
    jitted = jit(network)
    jitted(weights, images, labels)
    with pytest.raises(ValueError, match="labels are from 0 to 2"):
        jitted(weights, images, labels + 3)


class TestPoolingBeforeRelu:
    @staticmethod
    def loss(params, images, labels, bias=None):
        filters, weights = params
        hidden = tg.relu(tg.conv2d(images, filters, padding=1, bias=bias))
        return tg.cross_entropy(tg.flatten(tg.max_pool(hidden, 2)) @ weights, labels)

    @staticmethod
    def is_exchanged(source):
        return source.index("window_maxima(") < source.index("maximum(v")

    @pytest.mark.parametrize("bias", [None, np.arange(5.0) - 2])
    @pytest.mark.parametrize("dtype", [np.float32, np.float64])
    def test_they_change_places_where_only_sums_see_it(self, bias, dtype):
        params, images, labels = images_and_labels(dtype)
        bias = None if bias is None else bias.astype(dtype)
        function = tg.value_and_grad(self.loss)
        jitted = jit(function)
        assert self.is_exchanged(jitted.source(params, images, labels, bias))
        for data in (images, 0 * images, -np.abs(images), np.round(images), images.copy()):
            if data is not images:
                data[0, 0, 0, 0] = 3.0
            found, expected = (
                jitted(params, data, labels, bias),
                function(params, data, labels, bias),
            )
            same(found, expected)
            for x, y in zip(tg.tree.leaves(found), tg.tree.leaves(expected), strict=True):
                assert np.array_equal(np.signbit(x), np.signbit(y))

    def test_nan_too(self):
        params, images, labels = images_and_labels(np.float64)
        images[1, 2, 3, 0] = np.nan
        jitted, function = jit(tg.value_and_grad(self.loss)), tg.value_and_grad(self.loss)
        for _ in range(3):
            same(jitted(params, images, labels), function(params, images, labels))

    def test_but_not_where_a_result_sees_it(self):
        def pooled(x):
            return np.sum(tg.max_pool(tg.relu(x), 2) * -1.5)

        images = RNG.normal(size=(2, 4, 4, 3)) - 1
        jitted = jit(tg.grad(pooled))
        for i in range(3):
            found, expected = jitted(images * (i + 1)), tg.grad(pooled)(images * (i + 1))
            assert np.array_equal(np.signbit(found), np.signbit(expected))
            same(found, expected)

    def test_nor_where_the_bits_are_others(self, monkeypatch):
        original = Tracer.under_relu

        def shifted(self, images):
            found = original(self, images)
            return None if found is None else found + 0.5

        monkeypatch.setattr(Tracer, "under_relu", shifted)
        params, images, labels = images_and_labels(np.float64)
        jitted, function = jit(tg.value_and_grad(self.loss)), tg.value_and_grad(self.loss)
        for _ in range(3):
            same(jitted(params, images, labels), function(params, images, labels))
        source = jitted.source(params, images, labels)
        assert source.index("maximum(") < source.index("window_maxima(")


def test_results_are_the_callers_own():
    jitted = jit(tg.value_and_grad(rosenbrock))
    x = RNG.normal(size=6)
    first = [jitted(x)[1] for _ in range(3)]
    kept = [g.copy() for g in first]
    for g in first:
        assert g.flags.writeable
        assert g.flags.owndata
    assert not np.shares_memory(first[1], first[2])
    first[1][...] = 0
    jitted(2 * x)
    assert np.array_equal(first[2], kept[2])
    view = jit(lambda x: x[::2])
    for _ in range(3):
        found = view(x)
        found[...] = 7
    assert not np.any(x == 7)


class TestValuesThatPythonLooksAt:
    def test_branches(self):
        def f(x):
            return np.sin(x) if np.sum(x) > 0 else np.cos(x)

        jitted = jit(f)
        for x in (np.ones(3), 2 * np.ones(3), -np.ones(3), np.ones(3), -np.ones(3)):
            assert np.array_equal(jitted(x), f(x))

    @pytest.mark.parametrize(
        "f",
        [
            lambda x: x * (x[0].item() if hasattr(x[0], "item") else x[0]),
            lambda x: x * (x.data.sum() if isinstance(x, tg.Tensor) else x.sum()),
            lambda x: x[: int((x > 0).sum().item())],
            lambda x: x[x > 0],
            lambda x: np.unique(np.round(x)),
            lambda x: np.mean(x[x > 0]),
            lambda x: x if (x > 0).all() else 2 * x,
            lambda x: x * len(x[x > 0]),
        ],
    )
    def test_of_every_kind(self, f):
        jitted = jit(f)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", JitWarning)
            for x in (
                [1.0, 2, 3],
                [1.0, -2, 3],
                [1.0, -2, 3],
                [-1.0, 2, 4],
                [1.0, 2, 3],
                [5.0, 2, -3],
            ):
                assert np.array_equal(jitted(np.array(x)), f(np.array(x)))

    def test_numbers_are_read_where_numpy_has_them(self):
        def f(x):
            n = int(np.sum(x > 0))
            half = x[: n // 2 + 1] * float(np.max(x)) + complex(x[0]).real
            return half, sum(x[i] for i in range(n)), (x > 1).astype(int), math.sqrt(np.sum(x * x))

        jitted = jit(f)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", JitWarning)
            for x in ([1.0, 2, 3], [1.0, 2, 3], [1.0, -2, 3], [3.0, 1, 2], [3.0, 1, 2]):
                same(jitted(np.array(x)), f(np.array(x)))

    def test_but_of_a_variable_they_are_refused_as_ever(self):
        with pytest.raises(TypeError, match=r"float\(t\) would lose the gradient"):
            jit(tg.grad(lambda x: np.sum(x * float(x[0]))))(np.ones(2))

    @pytest.mark.parametrize("numbers", [(0.0, -0.0), (np.nan, 1.0), (1.0, np.nan), (-0.0, 0.0)])
    def test_of_zero_the_sign_counts(self, numbers):
        def f(x):
            return x * math.copysign(1, x.item(0)) if x.item(0) == x.item(0) else x + 7

        jitted = jit(f)
        for number in (*numbers, *numbers):
            x = np.array([number, 2.0])
            same(jitted(x), f(x))

    def test_what_differs_at_every_call_is_left_alone_with_a_warning(self):
        jitted = jit(lambda x: x * x.item(0))
        for i in range(4):
            assert jitted(np.array([float(i), 2.0]))[1] == 2.0 * i
        with pytest.warns(JitWarning, match="Python looks at values that differ") as told:
            jitted(np.array([7.0, 2.0]))
        assert told[0].filename == __file__  # the line that calls
        assert jitted(np.array([8.0, 2.0]))[1] == 16.0

    def test_numbers_that_differ_at_every_call_too(self):
        jitted = jit(lambda x, rate: x * rate)
        for i in range(20):
            assert np.array_equal(jitted(np.ones(2), 0.5 * i), [0.5 * i, 0.5 * i])
        with pytest.warns(JitWarning, match="have a new form") as told:
            jitted(np.ones(2), 0.25)
        assert told[0].filename == __file__
        assert np.array_equal(jitted(np.ones(2), 0.125), [0.125, 0.125])


class TestWhatIsNoArgument:
    @pytest.mark.parametrize("f", [lambda x: x * HELD, lambda x: x[:2] @ HELD[1:] + x])
    def test_an_array_from_outside_is_refused(self, f):
        with pytest.raises(ValueError, match=r"shape \([32],\) .*no argument .*constants="):
            jit(f)(np.ones(3))

    @pytest.mark.parametrize(
        "f",
        [
            lambda x: np.apply_along_axis(lambda row: row * HELD, 0, x),
            tg.grad(lambda x: np.sum(np.apply_along_axis(lambda row: np.sin(row * HELD), 0, x))),
            lambda x: tg.hvp(lambda x: np.sum(OF_HELD(x)), x, x),
        ],
    )
    def test_also_by_a_function_that_a_rule_calls(self, f):
        with pytest.raises(ValueError, match=r"shape \(3,\) .*no argument .*constants="):
            jit(f)(np.ones(3))

    def test_a_rule_of_ones_own_is_called_at_each_call(self):
        held = np.array([1.0, 2.0])
        scaled = tg.pointwise(lambda x: x + 0, lambda x: held * x)
        function = tg.grad(lambda x: np.sum(scaled(x)))
        jitted = jit(function)
        for _ in range(3):
            same(jitted(np.ones(2)), function(np.ones(2)))
            held *= 2

    def test_unless_it_is_named_and_then_it_is_copied(self):
        held = np.arange(3.0)
        jitted = jit(lambda x: x * held, constants={"held": held}, verify=0)
        for _ in range(2):
            assert np.array_equal(jitted(np.ones(3)), np.arange(3.0))
        held[:] = 7
        assert np.array_equal(jitted(np.ones(3)), np.arange(3.0))

    def test_an_array_that_is_made_at_each_call_is_a_constant(self):
        jitted = jit(lambda x: x @ np.eye(3) + np.arange(3.0))
        for i in range(3):
            assert np.array_equal(jitted(i * np.ones(3)), i + np.arange(3.0))

    def test_a_global_generator_is_found(self):
        with pytest.raises(ValueError, match="does something else when it is called again"):
            jit(lambda x: x * np.random.random(3))(np.ones(3))  # noqa: NPY002

    def test_what_python_holds_is_found_by_the_first_replay(self):
        held = [1.0]
        jitted = jit(lambda x: x * held[0])
        jitted(np.ones(2))
        held[0] = 2.0
        with pytest.raises(ValueError, match="the replay of <lambda> differs from it, in result 0"):
            jitted(np.ones(2))
        assert np.array_equal(jitted(np.ones(2)), [2, 2])  # as it is, from now on

    def test_each_nth_call_is_compared(self):
        def compared(verify):
            """The calls after which a change of what Python holds is told."""
            held = [1.0]
            jitted = jit(lambda x: x * held[0], verify=verify)
            for _ in range(4):
                jitted(np.ones(2))
            held[0] = 2.0
            for i in range(20):
                try:
                    jitted(np.ones(2))
                except ValueError:
                    return i
            return None

        # The first replay is compared, which is the second call, and then each n-th.
        assert [compared(n) for n in (0, None, 1, 2, 3, 5)] == [None, None, 0, 1, 0, 2]
        for verify in (-1, 0.5, "all"):
            with pytest.raises(ValueError, match="with verify=n each n-th call is compared"):
                jit(np.sin, verify=verify)

    def test_a_number_beside_the_arrays_is_compared_too(self):
        held = [1]
        jitted = jit(lambda x: (x, held[0]))
        jitted(np.ones(2))
        held[0] = 2
        with pytest.raises(ValueError, match="differs from it, in result 1"):
            jitted(np.ones(2))

    def test_a_generator_that_is_an_argument_is_drawn_from(self):
        def f(x, rng):
            return x * (rng.random(x.shape) < 0.5) + rng.normal(size=3)

        jitted, one, other = jit(f), np.random.default_rng(1), np.random.default_rng(1)
        for _ in range(4):
            assert np.array_equal(jitted(np.ones(3), one), f(np.ones(3), other))
        assert one.random() == other.random()

    def test_a_tensor_refuses_what_loses_the_gradient_and_so_does_jit(self):
        told = (
            r"jit: <lambda> runs on arrays, but not on the Tensors.* \(.*test_fast_jit.py:\d+\): "
        )
        with pytest.raises(TypeError, match=told):
            jit(lambda x: x * float(np.asarray(x)[0]))(np.ones(3))
        with pytest.raises(TypeError, match=r"test_fast_jit.py:\d+\): a Tensor is never written"):
            jit(written_into)(np.ones(3))


def written_into(x):
    y = 2 * x
    y[0] = 1.0
    return y


class TestAnyCaller:
    def test_other_forms_have_programs_of_their_own(self):
        jitted = jit(lambda tree: np.sum(tree["a"]) + tree["b"][0])
        for a, b in ((3, 1), (4, 1), (3, 2), (4, 1)):
            given = {"a": np.ones(a), "b": (np.ones(b, np.float32), None, "text")}
            same(jitted(given), a + np.ones(b, np.float32).astype(float))

    @pytest.mark.parametrize(
        "x",
        [
            np.ones((4, 6))[::2, ::3],
            np.asfortranarray(RNG.normal(size=(3, 4))),
            np.broadcast_to(np.arange(3.0), (2, 3)),
            np.zeros((0, 3)),
            np.frombuffer(b"\0" + np.arange(4.0).tobytes(), np.uint8)[1:].view(np.float64),
            np.arange(3.0).astype(">f8"),
        ],
    )
    def test_any_layout(self, x):
        def f(x):
            return np.sum(np.exp(x) * x, axis=0) + np.sum(x)

        jitted = jit(f)
        for _ in range(3):
            same(jitted(x), f(x))

    def test_arguments_that_share_memory_and_are_not_written_into(self):
        jitted = jit(lambda x, y: (x + y, y - x))
        x = np.arange(6.0)
        x.flags.writeable = False
        for _ in range(3):
            same(jitted(x, x[::-1]), (x + x[::-1], x[::-1] - x))
        assert np.array_equal(x, np.arange(6.0))

    def test_errors_are_those_of_the_function_at_its_line(self):
        def f(a):
            return np.linalg.inv(a)

        jitted = jit(f)
        jitted(np.eye(2)), jitted(2 * np.eye(2))
        with pytest.raises(np.linalg.LinAlgError) as caught:
            jitted(np.zeros((2, 2)))
        assert any("linalg.inv(a)" in str(entry.statement) for entry in caught.traceback)

    def test_floating_point_errors_as_the_caller_wants_them(self):
        jitted = jit(lambda x: np.log(x))
        with np.errstate(all="ignore"):
            jitted(np.ones(2)), jitted(np.zeros(2))
        with np.errstate(divide="raise"), pytest.raises(FloatingPointError):
            jitted(np.zeros(2))
        slope = jit(tg.grad(lambda x: np.sum(np.sqrt(x))))
        with np.errstate(divide="raise"):  # a sweep ignores them
            for _ in range(3):
                assert slope(np.zeros(1)) == np.inf

    def test_under_another_trace_or_debug_mode_it_is_the_function(self):
        inner = jit(lambda x: np.sin(x))
        outer = jit(lambda x: inner(x) + 1)
        for _ in range(3):
            assert np.array_equal(outer(np.ones(2)), np.sin(np.ones(2)) + 1)
        with tg.debug(), pytest.raises(tg.NonFiniteError):
            jit(lambda x: np.log(x))(tg.Tensor([-1.0]))

    def test_tensors_as_arguments(self):
        assert tg.grad(lambda x: jit(np.sin)(x))(0.0) == 1.0

    def test_a_call_from_within_and_from_other_threads(self):
        def fall(x, n):
            return x if n == 0 else jitted(x * 2, n - 1)

        jitted = jit(fall)
        for _ in range(3):
            assert np.array_equal(jitted(np.ones(2), 3), [8, 8])
        shared, found = jit(tg.grad(rosenbrock)), {}

        def work(i):
            x = np.linspace(-1, 1, 5) * (i + 1)
            found[i] = all(np.array_equal(shared(x), tg.grad(rosenbrock)(x)) for _ in range(200))

        threads = [threading.Thread(target=work, args=(i,)) for i in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert found == dict.fromkeys(range(4), True)

    def test_pickled(self):
        first = jit(np.sin, verify=3, constants=HELD)
        first(np.ones(2))
        again = pickle.loads(pickle.dumps(first))
        assert not again._programs  # it is traced anew, where it goes
        assert again._verify == 3
        assert np.array_equal(again(np.ones(2)), np.sin(np.ones(2)))

    @pytest.mark.skipif(not hasattr(os, "fork"), reason="there is no fork")
    @pytest.mark.filterwarnings("ignore:.*fork.*:DeprecationWarning")
    def test_a_fork_has_programs_of_its_own(self):
        jitted = jit(tg.value_and_grad(rosenbrock))
        x = np.linspace(-1, 1, 6)
        jitted(x), jitted(x)
        child = os.fork()
        if not child:
            code = 1
            try:
                same(jitted(2 * x), tg.value_and_grad(rosenbrock)(2 * x))
                code = 0
            finally:
                os._exit(code)
        same(jitted(3 * x), tg.value_and_grad(rosenbrock)(3 * x))
        assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0

    def test_while_another_thread_has_the_buffers_it_is_the_function(self):
        jitted = jit(np.sin)
        jitted(X), jitted(X)
        found = []
        with jitted._lock:
            thread = threading.Thread(target=lambda: found.append(jitted(2 * X)))
            thread.start()
            thread.join()
        assert np.array_equal(found[0], np.sin(2 * X))

    def test_a_method(self):
        class Model:
            @jit
            def double(self, x):
                return 2 * x

        with pytest.raises(TypeError, match="an argument of type Model may change where nobody"):
            Model().double(X)

    def test_numbers_of_python_in_a_result(self):
        jitted = jit(lambda x: tg.scipy.spatial.distance.euclidean(x, 2 * x))
        for i in range(1, 4):
            found, expected = jitted(i * X), tg.scipy.spatial.distance.euclidean(i * X, 2 * i * X)
            assert type(found) is type(expected)
            assert found == expected

    def test_a_solver_that_knows_its_matrix_again(self):
        # once it knew the buffer, whose numbers had changed
        solvers = pytest.importorskip("tinygrad_np.scipy.sparse.linalg.solvers")
        assert tg.scipy.sparse.linalg.spsolve  # whose rows are read with it
        pattern = solvers.Pattern([0, 1], [0, 1], (2, 2), tg.scipy.sparse.csc_array)

        def total(data, b):
            return np.sum(solvers.solved(data, b, solvers.Factors(pattern)))

        jitted, data = jit(tg.value_and_grad(total), verify=0), np.array([2.0, 4.0])
        for _ in range(4):
            same(jitted(data, X[:2]), tg.value_and_grad(total)(data, X[:2]))
            data *= 3  # the same array, with other numbers

    def test_programs_are_bounded_and_given_back(self):
        jitted = jit(np.sin)
        for n in range(1, 40):
            jitted(np.ones(n)), jitted(np.ones(n))
        assert len(jitted._programs) <= 16
        jitted.release()
        assert not jitted._programs
        assert np.array_equal(jitted(np.ones(2)), np.sin(np.ones(2)))

    def test_so_is_the_memory_of_all_of_them(self, monkeypatch):
        tg.release_memory()
        assert module.kept_bytes() == 0
        functions = [jit(lambda x, i=i: np.sin(x) * i + 1) for i in range(6)]
        x = np.ones(1000)
        for f in functions[:3]:
            f(x), f(x)
        one = module.kept_bytes() // 3
        assert one >= 2 * x.nbytes
        monkeypatch.setattr(paths, "PROGRAMS_UP_TO_BYTES", 4 * one)
        for _ in range(2):
            for i, f in enumerate(functions):
                assert np.array_equal(f(x), np.sin(x) * i + 1)
            assert 0 < module.kept_bytes() <= 4 * one
        kept = sum(entry.program is not None for f in functions for entry in f._programs.values())
        assert 3 <= kept <= 4
        tg.release_memory()
        assert module.kept_bytes() == 0
        assert np.array_equal(functions[0](x), np.ones(1000))

    def test_what_is_dropped_again_and_again_is_left_alone_with_a_warning(self, monkeypatch):
        one, other, x = jit(lambda x: 2 * x + 1), jit(lambda x: 3 * x + 1), np.ones(1000)
        monkeypatch.setattr(paths, "PROGRAMS_UP_TO_BYTES", 1)

        def calls():
            for _ in range(9):
                assert np.array_equal(one(x), np.full(1000, 3.0))
                assert np.array_equal(other(x), np.full(1000, 4.0))

        with pytest.warns(JitWarning, match="need more memory than is kept"):
            calls()

    def test_those_of_a_function_that_is_gone_are_gone(self):
        tg.release_memory()
        jit(np.sin)(np.ones(1000))
        assert module.kept_bytes() == 0

    def test_what_is_no_function(self):
        with pytest.raises(TypeError, match="jit: takes a function, not int"):
            jit(3)


def test_the_program_can_be_read():
    jitted = jit(tg.grad(rosenbrock))
    source = jitted.source(np.ones(4))
    assert source.startswith("def run(a0):")
    assert "power(b2, k2, b3)                        # float64 (3,)" in source
    assert "# test_fast_jit.py:" in source
    assert "return np.sum(100 * (x[1:] - x[:-1] ** 2) ** 2 + (1 - x[:-1]) ** 2)" in source
    assert "# vjp of np.power, test_fast_jit.py:" in source
    assert jitted.source(np.ones(4)) == source
    strided = np.ones((4, 2))[:, 0]
    assert jitted.source(strided).startswith("def run(a0):")
    state = {"rng": np.random.default_rng(0)}
    jit(lambda x, s: x + s["rng"].random(2)).source(np.ones(2), state)
    assert state["rng"].random() == np.random.default_rng(0).random()  # nothing was drawn from it


def test_sums_of_stacks_are_calls_of_numpy():
    source = jit(tg.hessian(rosenbrock)).source(np.ones(5))
    assert "stack(" not in source
    source = jit(tg.jacobian(lambda x: np.tanh(x @ x.T))).source(np.ones((2, 2)))
    assert "matmul(" in source


@pytest.mark.skipif(not hasattr(sys, "getrefcount"), reason="counts of CPython")
def test_a_trace_keeps_nothing_of_its_run():
    x = np.ones(1000)
    before = sys.getrefcount(x)
    jitted = jit(tg.grad(lambda x: np.sum(x * x)))
    jitted(x), jitted(x)
    assert sys.getrefcount(x) == before


X, Y = np.array([1.0, 2.0, 3.0]), np.array([5.0, 7.0, 9.0])
HOT = np.array([[0.1, 2.0, 0.3], [1.0, 0.2, 3.0]])
Pair = namedtuple("Pair", "parts number")


@dataclasses.dataclass
class Choice:
    rate: float
    one: Any
    other: Any


def where_variance(a, mask):
    return np.mean(a, where=mask) ** 2


# Each once gave the first call's values again, or another program's.
ONCE_STALE = {
    "a stack that is broadcast": (tg.jacobian(lambda x: x / np.sum(x)), (X,), (Y,)),
    "a stack that is summed": (tg.jacobian(lambda x: np.exp(x) / np.sum(np.exp(x))), (X,), (-X,)),
    "joined": (tg.jacobian(lambda x: np.stack([x[0] * x[1], x[2]])), (X,), (Y,)),
    "an index that is computed": (
        tg.grad(lambda x: x[np.argmax(x)] ** 2),
        (np.array([9.0, 1, 2]),), (np.array([1.0, 2, 9]),),
    ),
    "an index that is given": (
        lambda a, i: tg.grad(lambda a: np.sum(a[i] ** 2))(a),
        (X, np.array(1)), (Y, np.array(2)),
    ),
    "one array twice": (lambda a, b: a - b, (X, X), (X, Y)),
    "a view of another argument": (lambda a, b: a[1:] - b, (X, X[1:]), (X, Y[1:])),
    "where with a condition alone": (lambda a: a[np.where(a > 2)], (X,), (Y,)),
    "a view by a number that is given": (
        lambda a, k: np.diagonal(a, k),
        (np.arange(9.0).reshape(3, 3), np.int64(1)), (np.arange(9.0).reshape(3, 3), np.int64(-1)),
    ),
    "a mask of a mean, forward over reverse": (
        lambda a, m: tg.hvp(lambda a: where_variance(a, m), a, a),
        (X, np.array([True, True, False])), (Y, np.array([False, True, True])),
    ),
    "a mask of a rule": (
        lambda a, b: tg.jvp(np.heaviside, (a, b), (a, b)),
        (np.array([-1.0, 0, 1]), Y), (np.array([1.0, -1, 0]), X),
    ),
    "products": (
        tg.grad(lambda w, x: np.sum((x @ w) ** 2)),
        (RNG.normal(size=(100, 150)), RNG.normal(size=(200, 100))),
        (RNG.normal(size=(100, 150)), RNG.normal(size=(200, 100))),
    ),
    "numbers": (
        lambda a: np.sum(a * a) ** 1.5 * np.sum(a),
        *[(RNG.normal(size=4),) for _ in range(20)],
    ),
    "a tree within a named tuple": (
        lambda p: p.parts["u"] - 2 * p.parts["v"],
        (Pair({"u": X, "v": Y}, 0),), (Pair({"v": X, "u": Y}, 0),),
    ),
    "None in a dataclass": (
        lambda d: 3 * d.other if d.one is None else 2 * d.one,
        (Choice(0.0, X, None),), (Choice(0.0, None, Y),),
    ),
    "the sign of a zero": (lambda a, r: np.copysign(a, r), (X, 0.0), (X, -0.0)),
    "a number of a shape": (lambda a: np.float64(a.shape[0]), (X,), (Y,)),
    "chosen by classes": (
        tg.grad(lambda z, t: -np.mean(tg.log_softmax(z)[np.arange(2), t])),
        (HOT, np.array([0, 2])), (2 * HOT, np.array([1, 0])),
    ),
    "the largest": (
        tg.grad(lambda x: np.max(x) + np.log(np.sum(np.exp(x - np.max(x))))), (X,), (-Y,),
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", ONCE_STALE)
def test_no_call_gives_what_an_earlier_one_gave(name):
    function, *calls = ONCE_STALE[name]
    jitted = jit(function, verify=0)
    for args in (*calls, *calls[::-1]):
        same(jitted(*args), function(*args))


class TestWhatCannotBeReplayed:
    def test_objects_that_may_hold_what_was_traced(self):
        for f in (lambda a: tg.vjp(np.sin, a), lambda a: (x for x in a), lambda a: f"{a.sum()!s}"):
            jitted = jit(f)
            for x in (X, Y):  # at every call, not only at the first
                with pytest.raises((TypeError, ValueError), match=r"^jit: <lambda> "):
                    jitted(x)

    def test_an_error_that_is_caught(self):
        def f(a):
            try:
                return np.linalg.inv(a)
            except np.linalg.LinAlgError:
                return 0 * a

        jitted = jit(f)
        with pytest.raises(TypeError, match=r"catches an error \(Singular matrix\)"):
            jitted(np.zeros((2, 2)))
        same(jitted(np.eye(2)), np.eye(2))

    def test_gradients_that_are_collected(self):
        def f(a):
            w = tg.Tensor(np.ones(3))
            np.sum(w * a).backward()
            return 2 * w.grad

        with pytest.raises(ValueError, match="does something else when it is called again"):
            jit(f)(X)

    def test_arguments_that_may_change_unseen(self):
        with pytest.raises(TypeError, match="an argument of type object may change"):
            jit(lambda a, x: x)(object(), X)

    def test_draws_that_nothing_needs_are_drawn(self):
        def f(x, rng):
            return (x * rng.random(3), rng.normal(size=3))[0]

        jitted, one, other = jit(f, verify=0), np.random.default_rng(3), np.random.default_rng(3)
        for _ in range(4):
            same(jitted(X, one), f(X, other))
        assert one.random() == other.random()


@pytest.mark.skipif(find_spec("tinygrad_np.debug") is None, reason="debug/ tells of shapes")
def test_an_error_of_shapes_in_a_trace_is_that_of_shapes():
    with Tracer() as tracer:
        x = tracer.argument(np.ones((2, 3)))
        with pytest.raises(ValueError, match=r"np.matmul: x \(2, 3\) and y \(2, 2\) do not fit"):
            np.exp(x) @ np.ones((2, 2))
