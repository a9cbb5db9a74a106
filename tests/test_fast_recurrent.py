"""Recurrent layers in place, beside the text of `nn.recurrent`."""

import numpy as np
import pytest

import tinygrad_np as tg
from tinygrad_np import nn
from tinygrad_np.core.dispatch import plain
from tinygrad_np.core.table import TABLE
from tinygrad_np.fast import paths
from tinygrad_np.nn.recurrent import CELLS, recurrence, recurrence_vjp

pytestmark = pytest.mark.usefixtures("fast_paths")

ROW = TABLE[recurrence]
VJP = ROW.rules[ROW.first].vjp
OF = {"tanh": (1, 1, 1), "relu": (1, 1, 1), "lstm": (4, 4, 2), "gru": (4, 3, 1)}
"""Of each cell: inputs, columns of the weights, and states"""
UNITS = {np.float32: 1e-5, np.float64: 1e-13, np.float16: 0.02}
"""Of the largest number: up to 12 steps, each of which passes on the roundings of those before."""


def drawn(rng, cell, dtype):
    """Operands of random shapes, an empty batch among them, and a cotangent of each result."""
    time, n, h = rng.integers(1, 12), rng.integers(0, 9), rng.integers(1, 20)
    inputs, columns, states = OF[cell]
    shapes = [(time, n, inputs * h), (h, columns * h), *[(n, h)] * states]
    operands = [(0.5 * rng.standard_normal(shape)).astype(dtype) for shape in shapes]
    width = inputs * h if cell in ("lstm", "gru") else 0
    given = [*[(time, n, h)] * states, (time, n, width)]
    g = [rng.standard_normal(shape).astype(dtype) for shape in given]
    return operands, g


def differ(found, expected, dtype):
    assert [(x.shape, x.dtype) for x in found] == [(x.shape, x.dtype) for x in expected]
    return [
        error
        for x, y in zip(found, expected, strict=True)
        if (error := np.max(np.abs(x - y), initial=0)) > UNITS[dtype] * np.max(np.abs(y), initial=1)
    ]


def test_every_cell_is_there():
    assert set(CELLS) == set(OF)


@pytest.mark.parametrize("dtype", UNITS)
@pytest.mark.parametrize("cell", CELLS)
def test_values_and_cotangents_are_those_of_the_text(cell, dtype):
    rng = np.random.default_rng(0)
    for _ in range(50):
        operands, g = drawn(rng, cell, dtype)
        before = [x.copy() for x in (*operands, *g)]
        with paths.noted() as choices:
            ans = recurrence(cell, *operands)
            some = [u if rng.random() < 0.7 else None for u in g]
            found = VJP(some, cell, operands, ans)
        assert [choice.path for choice in choices] == ["in place"] * 2
        assert not differ(ans, plain(recurrence)(cell, *operands), dtype)
        with np.errstate(all="ignore"):
            assert not differ(found, recurrence_vjp(some, cell, operands, ans), dtype)
        assert all(map(np.array_equal, before, (*operands, *g)))


@pytest.mark.parametrize("reverse", [False, True])
@pytest.mark.parametrize("layer", [nn.rnn, nn.lstm, nn.gru])
def test_layers_with_lengths(layer, reverse, monkeypatch):
    rng = np.random.default_rng(1)
    k = {nn.rnn: 1, nn.lstm: 4, nn.gru: 3}[layer]
    for _ in range(20):
        n, time, features, h = rng.integers(1, 8, 4)
        shapes = (n, time, features), (features, k * h), (h, k * h), (k * h,)
        args = [rng.standard_normal(shape) for shape in shapes]
        lengths = rng.integers(1, time + 1, n)

        def loss(*args, lengths=lengths):
            y, last = layer(*args, lengths=lengths, reverse=reverse)
            return np.sum(np.sin(y)) + sum(np.sum(s * s) for s in tg.tree.leaves(last))

        both = []
        for is_fast in (True, False):
            monkeypatch.setattr(paths, "ENABLED", is_fast)
            value, grads = tg.value_and_grad(loss, (0, 1, 2, 3))(*args)
            both.append([np.reshape(value, 1), *grads])
        assert not differ(*both, np.float64)


@pytest.mark.parametrize("cell", CELLS)
def test_what_is_recorded_is_the_text(cell):
    operands, _ = drawn(np.random.default_rng(2), cell, np.float64)

    def loss(*operands):
        return np.sum(np.sin(recurrence(cell, *operands)[0]))

    def of_text(*operands):
        return np.sum(np.sin(plain(recurrence)(cell, *operands)[0]))

    for transform in (
        lambda f: tg.hvp(f, operands, operands),
        lambda f: tg.jvp(f, operands, operands),
    ):
        found, expected = (tg.tree.leaves(transform(f)) for f in (loss, of_text))
        for x, y in zip(found, expected, strict=True):
            assert np.allclose(x, y, rtol=1e-11, atol=1e-11)


def test_why_a_path_was_taken():
    operands = drawn(np.random.default_rng(3), "lstm", np.float64)[0]

    def slope(*operands):
        return np.sum(
            tg.grad(lambda u: np.sum(recurrence("lstm", operands[0], u, *operands[2:])[0] ** 2))(
                operands[1]
            )
        )

    told = str(tg.fast.explain(slope, *operands))
    assert "recurrence_vjp: text" in told
    assert "it is recorded: an operand is a Tensor" in told


@pytest.mark.parametrize("cell", CELLS)
@pytest.mark.parametrize("is_fast", [True, False])
def test_replays_have_the_same_bits_by_both_paths(cell, is_fast, monkeypatch):
    """A Jacobian's sweep carries all cotangents at once; the text's has a sweep inside."""
    monkeypatch.setattr(paths, "ENABLED", is_fast)
    rng = np.random.default_rng(4)
    inputs, columns, states = OF[cell]
    shapes = [(3, 2, inputs * 2), (2, columns * 2), *[(2, 2)] * states]

    def last(*operands):
        return recurrence(cell, *operands)[0][-1]

    for transform in (tg.jacobian, lambda f: tg.grad(lambda *args: np.sum(f(*args)))):
        function = transform(last)
        jitted = tg.jit(function)
        for _ in range(3):
            operands = [rng.standard_normal(shape) for shape in shapes]
            assert np.array_equal(jitted(*operands), function(*operands))
