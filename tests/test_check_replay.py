"""check_jit: right where a replay has the function's bits; each kind of mistake is found."""

import random

import numpy as np
import pytest

import tinygrad_np as tg
from tinygrad_np.check import check_jit
from tinygrad_np.fast import jit as module
from tinygrad_np.fast import lowering, trace

X = np.array([0.5, -1.0, 2.0, 3.0])
RNG = np.random.default_rng(0)
HELD = {"rate": 0.5}
SEEN = []


def loss(w, x):
    return np.mean(np.logaddexp(0, x @ w)) + np.sum(np.maximum(w, 0) ** 2)


def dropped(x, rng):
    return np.where(rng.random(x.shape) < 0.5, x, 0)


RIGHT = {
    "a gradient": (tg.value_and_grad(loss), X, RNG.normal(size=(5, 4))),
    "a hessian": (tg.hessian(loss), X, RNG.normal(size=(5, 4))),
    "a branch": (lambda x: np.sin(x) if np.max(x) > 0.6 else x, X),
    "draws": (dropped, X, np.random.default_rng(3)),
    "numbers and text": (lambda x, n, name: {"y": x * n, name: x.shape[0]}, X, 3, "n"),
    "numbers of NumPy and Python": (lambda x: (np.sum(x), bool(np.sum(x) > 0)), X),
    "integers": (lambda i: np.bincount(i), np.array([0, 2, 2, 5])),
    "no array": (lambda x: None, X),
    "another layout": (lambda x: x.T @ x, np.asfortranarray(RNG.normal(size=(3, 4)))),
}


@pytest.mark.parametrize("name", RIGHT)
def test_right(name):
    report = check_jit(*RIGHT[name])
    report.assert_right()
    assert report.rows


class Counter:
    def __init__(self):
        self.calls = 0

    def __call__(self, x):
        self.calls += 1
        return x + (self.calls > 5)

    def method(self, x):
        self.calls += 1
        return 2 * x


def closed_over():
    held = [0.0]

    def f(x):
        held[0] += 1
        return x * min(held[0], 3.0)

    return f


def side_effect(x):
    SEEN.append(len(SEEN))
    return x + 1


def of_a_side_effect(x):
    return side_effect(x) * 2


def a_global_number(x):
    HELD["rate"] *= 0.5
    return x * HELD["rate"]


def global_generators(x):
    random.random()
    return x


def closed_over_generator():
    rng = np.random.default_rng(0)
    return lambda x: x * rng.random()


WRONG = {
    "an attribute": (Counter(), X),
    "a method's object": (Counter().method, X),
    "a number that is closed over": (closed_over(), X),
    "a list that is appended to": (side_effect, X),
    "the same, in a function that is called": (of_a_side_effect, X),
    "a global": (a_global_number, X),
    "Python's generator": (global_generators, X),
    "NumPy's generator": (lambda x: x + 0 * np.random.random(4), X),  # noqa: NPY002
    "a generator that is closed over": (closed_over_generator(), X),
}


@pytest.mark.parametrize("name", WRONG)
def test_what_changes_from_call_to_call_is_found(name):
    report = check_jit(*WRONG[name])
    assert report.verdict == "wrong"
    with pytest.raises(tg.check.WrongGradientError, match="the replay differs from the function"):
        report.raise_if_wrong()


def test_there_is_no_telling_where_jit_refuses_or_traces_anew():
    report = check_jit(lambda x: x * np.asarray(x), X)
    assert report.verdict == "cannot tell"
    assert "not on the Tensors of a trace" in str(report)
    report = check_jit(lambda x: x * x.item(1), X)
    assert report.verdict == "cannot tell"
    assert "traced anew at each call" in str(report)
    report = check_jit(lambda x: np.linalg.inv(0 * x), np.ones((2, 2)))
    assert "every call raised" in str(report)


def test_constants_are_named():
    held = np.arange(4.0)
    assert "constants=" in str(check_jit(lambda x: x * held, X))
    check_jit(lambda x: x * held, X, constants=held).assert_right()


def test_what_it_is_given_is_not_written_into():
    x, rng = X.copy(), np.random.default_rng(1)
    state = str(rng.bit_generator.state)
    check_jit(lambda x, rng: x * rng.random(4), x, rng)
    assert np.array_equal(x, X)
    assert str(rng.bit_generator.state) == state


def test_only_functions():
    with pytest.raises(TypeError, match="check_jit: takes a function, not ndarray"):
        check_jit(X, np.sin)


# The checker is checked: a jit with a mistake in it is found.


def baked(monkeypatch):
    """Values are read without a guard."""
    monkeypatch.setattr(trace.Tracer, "read", lambda self, tensor: None)


def not_raising(monkeypatch):
    """A guard that is always true."""
    monkeypatch.setattr(trace, "_is_number", lambda x, number: True)
    monkeypatch.setattr(
        module.Program, "_guard", lambda self, one: self.operand(one.args[0]) and None
    )


def shared(monkeypatch):
    """Buffers are free too early: what is needed later is written over."""
    from tinygrad_np.fast import program

    def at_once(self, i):
        for raws in self._taken.values():
            for raw in raws:
                self._free.setdefault(raw.nbytes, []).append(raw)
        self._taken.clear()

    monkeypatch.setattr(program._Buffers, "after", at_once)


def stale(monkeypatch):
    """An argument that is not copied in."""
    original = module.Program._line

    def line(self, text, like=None):
        original(self, "pass" if text.endswith(", a0)") else text, like)

    monkeypatch.setattr(module.Program, "_line", line)


def swapped(monkeypatch):
    """Operands in another order."""
    original = lowering._as_arrays
    monkeypatch.setattr(lowering, "_as_arrays", lambda p, one: original(p, one)[::-1])


def looks(x):
    return x * 2.0 if np.sum(x).item() > 4.51 else x - np.sum(x).item()


def several(x):
    y = np.exp(x)
    z = np.sin(x)
    w = y - z
    return (w - y) - (y - w) / z


@pytest.mark.parametrize(
    ("mutant", "f"),
    [(baked, looks), (not_raising, looks), (shared, several), (stale, several), (swapped, several)],
)
def test_a_wrong_jit_is_found(mutant, f, monkeypatch):
    check_jit(f, X).raise_if_wrong()
    mutant(monkeypatch)
    monkeypatch.setattr(module.Jitted, "_compare", lambda *args: None)
    report = check_jit(f, X)
    assert report.verdict == "wrong", report
