"""Memory: graphs go without the garbage collector, training holds it constant, errors leave none.

python -m pytest -m slow tests/test_garbage_collector.py     # 10,000 steps
"""

import gc
import os
import sys
import warnings
import weakref

import numpy as np
import pytest
import refused_arguments

import tinygrad_np as tg
from tinygrad_np import Tensor
from tinygrad_np.fast import memory


def steps(count, state=None):
    """So many training steps of a small network, from `state`."""
    rng = np.random.default_rng(0)
    images = rng.normal(size=(8, 12, 12, 3)).astype(np.float32)
    labels = rng.integers(0, 3, 8)
    if state is None:
        shapes = {"filters": (3, 3, 3, 4), "weights": (6 * 6 * 4, 3), "bias": (3,)}
        params = {k: rng.normal(0, 0.1, s).astype(np.float32) for k, s in shapes.items()}
        state = params, None

    def loss(params):
        hidden = tg.relu(tg.conv2d(images, params["filters"], padding=1))
        logits = tg.dense(tg.flatten(tg.max_pool(hidden, 2)), params["weights"], params["bias"])
        return tg.cross_entropy(logits, labels)

    for _ in range(count):
        params, velocity = state
        _, gradient = tg.value_and_grad(loss)(params)
        state = tg.optim.sgd(params, gradient, velocity, rate=0.01, momentum=0.9)
    return state


def test_a_step_leaves_nothing_to_collect(no_collector):
    state = steps(3)
    gc.collect()
    state = steps(20, state)
    assert gc.collect() == 0


def test_four_hundred_steps_take_no_more_memory_than_those_before(no_collector):
    state = steps(200)  # NumPy's own store of free shapes has filled by then
    gc.collect()  # empties Python's own store of free tuples
    before, kept = sys.getallocatedblocks(), memory.kept_bytes()
    state = steps(400, state)
    assert gc.collect() == 0
    assert sys.getallocatedblocks() - before < 200  # an object a step would be 400
    assert memory.kept_bytes() == kept


@pytest.mark.slow
@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="reads its memory from /proc")
def test_ten_thousand_steps_hold_memory_constant(no_collector):
    def resident():
        with open(f"/proc/{os.getpid()}/statm") as file:
            return int(file.read().split()[1]) * os.sysconf("SC_PAGE_SIZE")

    state = steps(500)
    gc.collect()  # empties Python's own store of free tuples
    before, blocks = resident(), sys.getallocatedblocks()
    state = steps(10_000, state)
    assert gc.collect() == 0
    assert sys.getallocatedblocks() - blocks < 500
    assert resident() - before < 1 << 20
    assert np.isfinite(state[0]["weights"]).all()


# Graphs


def test_every_kind_of_use_is_freed_by_reference_counting(no_collector):
    def uses(x):
        w = np.ones((3, 3, 1, 2))
        yield tg.conv2d(x, w).sum()
        yield tg.vjp(lambda x: tg.max_pool(x, 2), x)
        yield tg.jvp(np.sin, [x], [np.ones_like(x)])
        yield tg.remat(lambda x: np.exp(x) * x)(x)
        yield tg.grad(lambda y: np.sum(tg.grad(lambda z: np.sum(z**3))(y) ** 2))(x)
        yield np.modf(x)[0]
        yield np.split(x, 2, 1)[0].graph()
        yield x.at[0].set(1.0)
        yield tg.softmax(x.reshape(-1))[0]

    for number in range(9):
        x = Tensor(np.random.default_rng(0).normal(size=(1, 6, 6, 1)))
        value = weakref.ref(x._value)
        for use, result in enumerate(uses(x)):
            if use == number and isinstance(result, Tensor):
                result.sum().backward()
        del x, result
        assert value() is None, number
    gc.collect()
    assert not gc.garbage


# What fails


@pytest.mark.parametrize(
    "call",
    [
        pytest.param(call, id=name)
        for cases in refused_arguments.REFUSED.values()
        for name, (call, _) in cases.items()
    ],
)
def test_an_error_leaves_nothing_to_collect(call, no_collector):
    """An exception that lies in a variable of its own frame would be a cycle, arrays and all."""

    def refused():
        try:
            call()
        except (ValueError, TypeError, IndexError):
            return True
        return False

    assert refused()  # what is loaded on first use may leave something
    gc.collect()
    assert refused()
    assert gc.collect() == 0


def broken(x):
    np.exp(x)
    1 / 0  # noqa: B018


FAILURES = {
    "a function in grad": lambda x: tg.grad(broken)(x),
    "a function in vjp": lambda x: tg.vjp(broken, x),
    "a function in jvp": lambda x: tg.jvp(broken, [x], [x]),
    "a function in remat": lambda x: tg.grad(lambda x: tg.remat(broken)(x).sum())(x),
    "a cotangent": lambda x: tg.vjp(np.exp, x)[1](np.ones(3)),
    "a backward": lambda x: (Tensor(x) * 2).backward(),
    "a reverse sweep": lambda x: _with_a_broken_rule(Tensor(x)).sum().backward(),
    "a recorded sweep": lambda x: tg.hessian(lambda x: _with_a_broken_rule(x).sum())(x),
    "a convolution": lambda x: tg.conv2d(Tensor(x), np.ones((9, 9, 1, 1))),
    "an operation": lambda x: Tensor(x) + np.ones((5, 5)),
    "a refusal": lambda x: np.asarray(Tensor(x)),
}


_with_a_broken_rule = tg.pointwise(lambda x: np.exp(x), lambda x: 1 / 0)


@pytest.mark.parametrize("name", FAILURES)
def test_a_failed_operation_leaves_nothing_behind(name, no_collector):
    def attempt():
        x = np.ones((1, 6, 6, 1))
        try:
            FAILURES[name](x)
        except (ValueError, TypeError, ZeroDivisionError):
            return weakref.ref(x)
        raise AssertionError("it did not fail")

    attempt()
    gc.collect()
    assert attempt()() is None
    assert gc.collect() == 0
    assert not memory._BUFFERS.off
    assert steps(1)[0]["bias"].tobytes() == STEP  # and what comes next is what it was


STEP = steps(1)[0]["bias"].tobytes()


def _of_zero(function):
    return lambda: function(np.zeros(3))


NONFINITE = {
    "value": _of_zero(lambda x: np.log(Tensor(x))),
    "backward": _of_zero(lambda x: np.sum(np.sqrt(Tensor(x))).backward()),
    "grad": _of_zero(tg.grad(lambda x: np.sum(np.sqrt(x)))),
    "hvp": _of_zero(lambda x: tg.hvp(lambda x: np.sum(x**1.5), [x], [x + 1])),
    "sum": _of_zero(tg.grad(lambda x: np.sum(x * 1e308 + x * 1e308))),
    "remat": _of_zero(tg.grad(tg.remat(lambda x: np.sum(np.sqrt(x))))),
}


@pytest.mark.parametrize("handler", ["raise", "warn", print])
@pytest.mark.parametrize("name", NONFINITE)
@pytest.mark.filterwarnings("ignore::tinygrad_np.NonFiniteWarning")
def test_what_debug_mode_finds_leaves_nothing_to_collect(name, handler, no_collector):
    def found():
        try:
            with tg.debug(on_nonfinite=handler):
                NONFINITE[name]()
        except tg.NonFiniteError:
            return "raise"
        return handler

    assert found() == handler
    gc.collect()
    assert found() == handler
    assert gc.collect() == 0


def test_a_warning_that_is_an_error_leaves_nothing_to_collect(no_collector):
    def warned():
        with warnings.catch_warnings(), tg.debug(on_nonfinite="warn"):
            warnings.simplefilter("error")
            with pytest.raises(tg.NonFiniteWarning):
                np.log(Tensor(np.zeros(3)))

    def count():
        return sum(type(x) is tg.NonFiniteWarning for x in gc.get_objects())

    warned()
    gc.collect()
    warned()
    assert count() == 0
