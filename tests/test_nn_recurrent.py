"""Recurrent layers against their formulas, written out for one row at a time."""

import numpy as np
import pytest
from mutants import mutants

import tinygrad_np as tg
from tinygrad_np import Tensor, nn
from tinygrad_np.atlas.evidence import witnesses
from tinygrad_np.atlas.samples import samples_of
from tinygrad_np.core.table import TABLE
from tinygrad_np.nn.recurrent import recurrence

ROW = TABLE[recurrence]


def sigma(x):
    return 1 / (1 + np.exp(-x))


def one_row(kind, x, w, u, b, hidden_bias, state):
    """The formulas, for x (time, in): outputs (time, h) and the last state."""
    h, c = state
    outputs = []
    for now in x:
        a = now @ w + b
        if kind == "gru":
            (a_r, a_z, a_n), (h_r, h_z, h_n) = np.split(a, 3), np.split(h @ u, 3)
            r, z = sigma(a_r + h_r), sigma(a_z + h_z)
            h = (1 - z) * np.tanh(a_n + r * (h_n + hidden_bias)) + z * h
        elif kind == "lstm":
            i, f, g, o = np.split(a + h @ u, 4)
            c = sigma(f) * c + sigma(i) * np.tanh(g)
            h = sigma(o) * np.tanh(c)
        else:
            h = np.tanh(a + h @ u) if kind == "tanh" else np.maximum(a + h @ u, 0)
        outputs.append(h)
    return np.array(outputs), h, c


KINDS = {"tanh": 1, "relu": 1, "lstm": 4, "gru": 3}


def drawn(rng, kind, n, time, features, h, dtype=float):
    k = KINDS[kind]
    shapes = [(n, time, features), (features, k * h), (h, k * h), (k * h,), (h,), (n, h), (n, h)]
    return [(0.7 * rng.standard_normal(shape)).astype(dtype) for shape in shapes]


def layer(kind, x, w, u, b, hidden_bias, h, c, **options):
    if kind == "gru":
        y, last = nn.gru(x, w, u, b, hidden_bias, state=h, **options)
        return y, last, None
    if kind == "lstm":
        y, (last, memory) = nn.lstm(x, w, u, b, state=(h, c), **options)
        return y, last, memory
    y, last = nn.rnn(x, w, u, b, activation=kind, state=h, **options)
    return y, last, None


@pytest.mark.parametrize("reverse", [False, True])
@pytest.mark.parametrize("with_lengths", [False, True])
@pytest.mark.parametrize("kind", KINDS)
def test_the_formulas(kind, with_lengths, reverse):
    rng = np.random.default_rng(0)
    x, w, u, b, hidden_bias, h, c = drawn(rng, kind, 4, 6, 3, 5)
    lengths = np.array([6, 1, 3, 5]) if with_lengths else None
    y, last, memory = layer(kind, x, w, u, b, hidden_bias, h, c, lengths=lengths, reverse=reverse)
    for i in range(4):
        length = 6 if lengths is None else lengths[i]
        step = -1 if reverse else 1
        found = one_row(kind, x[i, :length][::step], w, u, b, hidden_bias, (h[i], c[i]))
        assert np.allclose(y[i, :length], found[0][::step], rtol=1e-13, atol=1e-14)
        assert not y[i, length:].any()
        assert np.allclose(last[i], found[1], rtol=1e-13, atol=1e-14)
        if memory is not None:
            assert np.allclose(memory[i], found[2], rtol=1e-13, atol=1e-14)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("order", [1, 2])
def test_derivatives(kind, order):
    rng = np.random.default_rng(1)
    args = drawn(rng, kind, 2, 3, 2, 2)
    lengths = np.array([3, 2])

    def f(*args):
        y, last, memory = layer(kind, *args, lengths=lengths, reverse=True)
        return y, last if memory is None else memory

    used = args if kind in ("gru",) else args[:4] + args[5:]
    if kind != "gru":
        full, f_all = args, f
        f = lambda *some: f_all(*some[:4], full[4], *some[4:])  # noqa: E731
    if kind in ("tanh", "relu", "gru"):
        used, inner = used[:-1], f
        f = lambda *some: inner(*some, args[6])  # noqa: E731
    report = tg.check.check_function(f, *used, order=order)
    assert report.verdict == "right", str(report)


def test_all_witnesses_of_the_row_agree():
    findings = [found for sample in samples_of(ROW) for found in witnesses(ROW, sample)]
    wrong = [found for found in findings if not found.is_right]
    assert len(findings) >= 40
    assert not wrong, "\n".join(map(str, wrong))


def test_every_wrong_version_of_the_row_is_found():
    survivors = [
        mutant.name
        for mutant in mutants(ROW)
        if all(
            found.is_right for sample in samples_of(ROW) for found in witnesses(mutant.row, sample)
        )
    ]
    assert [name for name in survivors if "transpose" not in name] == []


def test_what_lies_beyond_a_length_has_no_influence_even_nan():
    rng = np.random.default_rng(2)
    x, w, u, b, _, h, c = drawn(rng, "lstm", 2, 4, 3, 2)
    lengths = np.array([2, 4])
    spoiled = x.copy()
    spoiled[0, 2:] = np.nan

    def loss(x, w, u):
        y, (last, _) = nn.lstm(x, w, u, b, state=(h, c), lengths=lengths)
        return np.sum(y**2) + np.sum(last)

    value, grads = tg.value_and_grad(loss, (0, 1, 2))(x, w, u)
    again, others = tg.value_and_grad(loss, (0, 1, 2))(spoiled, w, u)
    assert value == again
    for one, other in zip(grads, others, strict=True):
        assert np.array_equal(one, other)
    assert not others[0][0, 2:].any()


@pytest.mark.parametrize("reverse", [False, True])
@pytest.mark.parametrize("kind", KINDS)
def test_a_state_that_would_grow_beyond_a_length_does_not_count(kind, reverse):
    x, w, u, b, hidden_bias, h, c = drawn(np.random.default_rng(9), kind, 1, 900, 2, 3)
    args = x, w, 3 * np.abs(u), np.abs(b), hidden_bias, np.abs(h), c

    def loss(args, lengths):
        y, last, _ = layer(kind, *args, lengths=lengths, reverse=reverse)
        return np.sum(y) + np.sum(last)

    _, grads = tg.value_and_grad(loss)(args, np.array([3]))
    short = (x[:, :3], *args[1:])
    _, expected = tg.value_and_grad(loss)(short, None)
    assert not grads[0][:, 3:].any()
    for one, other in zip((grads[0][:, :3], *grads[1:]), expected, strict=True):
        assert np.allclose(one, other, rtol=1e-12, atol=1e-13)


@pytest.mark.parametrize("dtype", [np.float32, np.float16])
@pytest.mark.parametrize("kind", KINDS)
def test_narrow_dtypes_are_kept(kind, dtype):
    args = drawn(np.random.default_rng(3), kind, 2, 3, 2, 2, dtype)
    y, last, _ = layer(kind, *args, lengths=[1, 3])
    assert y.dtype == last.dtype == dtype
    grads = tg.grad(lambda *args: np.sum(layer(kind, *args)[0]), (0, 1, 2, 3))(*args)
    assert [g.dtype for g in grads] == [dtype] * 4


@pytest.mark.parametrize("kind", KINDS)
def test_saturated_gates_are_finite_and_warn_of_nothing(kind):
    x, w, u, b, hidden_bias, h, c = drawn(np.random.default_rng(4), kind, 2, 3, 2, 2, np.float32)
    with np.errstate(all="raise", under="ignore"):
        y, *_ = layer(kind, 1e4 * x, w, u, b, hidden_bias, h, c)
    assert np.isfinite(y).all()


def test_integers_are_numbers():
    y, h = nn.rnn(np.ones((1, 2, 1), int), np.ones((1, 1), int), np.ones((1, 1), int))
    assert y.dtype == h.dtype == float


@pytest.mark.parametrize("kind", KINDS)
def test_a_layer_without_a_bias_is_one_with_zeros(kind):
    x, w, u, b, hidden_bias, h, c = drawn(np.random.default_rng(5), kind, 2, 3, 2, 2)
    one = layer(kind, x, w, u, None, None, h, c)
    other = layer(kind, x, w, u, 0 * b, 0 * hidden_bias, h, c)
    assert np.array_equal(one[0], other[0])


@pytest.mark.parametrize("kind", KINDS)
def test_jit_gives_the_same_bits(kind):
    args = drawn(np.random.default_rng(6), kind, 3, 4, 2, 3)
    lengths = np.array([2, 4, 1])

    def loss(args, lengths):
        y, last, memory = layer(kind, *args, lengths=lengths, reverse=True)
        return np.sum(y**2) + np.sum(last if memory is None else memory)

    plain = tg.value_and_grad(loss)
    jitted = tg.jit(plain)
    for some in (lengths, lengths[::-1].copy()):
        expected = plain(args, some)
        for _ in range(2):
            found = jitted(args, some)
            assert found[0] == expected[0]
            for one, other in zip(found[1], expected[1], strict=True):
                assert np.array_equal(one, other)


def test_only_what_is_a_tensor_is_recorded():
    x, w, u, b, _, h, c = drawn(np.random.default_rng(7), "lstm", 2, 3, 2, 2)
    y, (last, memory) = nn.lstm(x, w, u, b, state=(h, c))
    assert type(y) is type(last) is type(memory) is np.ndarray
    assert type(nn.lstm(x, w, Tensor(u), b, state=(h, c))[0]) is Tensor


class TestBidirectional:
    def test_it_is_two_layers(self):
        rng = np.random.default_rng(8)
        x, w, u, b, *_ = drawn(rng, "lstm", 3, 4, 2, 2)
        _, v, s, a, *_ = drawn(rng, "lstm", 3, 4, 2, 2)
        names = ("input_weights", "hidden_weights", "bias")
        forward, backward = (dict(zip(names, some, strict=True)) for some in ((w, u, b), (v, s, a)))
        lengths = np.array([4, 2, 1])
        y, (one, other) = nn.bidirectional(nn.lstm, x, forward, backward, lengths=lengths)
        front, first = nn.lstm(x, w, u, b, lengths=lengths)
        end, second = nn.lstm(x, v, s, a, lengths=lengths, reverse=True)
        assert np.array_equal(y, np.concatenate([front, end], -1))
        for found, expected in zip((*one, *other), (*first, *second), strict=True):
            assert np.array_equal(found, expected)

    def test_parameters_that_are_no_dict(self):
        with pytest.raises(TypeError, match="bidirectional: backward is a dict of the layer's"):
            nn.bidirectional(nn.rnn, np.ones((1, 1, 1)), {}, [np.ones((1, 1))])


X, W, U = np.ones((2, 3, 4)), np.ones((4, 20)), np.ones((5, 20))


@pytest.mark.parametrize(
    ("args", "options", "error", "told"),
    [
        ((X[0], W, U), {}, ValueError, r"lstm: x must be .* x\[None\] adds a batch"),
        ((X, W.T, U.T), {}, ValueError, r"not \(2, 3, 4\), \(20, 4\) and \(20, 5\); PyTorch's"),
        ((X, W[:, :15], U[:, :15]), {}, ValueError, r"input_weights \(in, 4h\)"),
        ((X[:, :0], W, U), {}, ValueError, "at least one time"),
        ((X, W, U, np.ones(5)), {}, ValueError, r"the bias must have shape \(20,\)"),
        ((X, W, U), {"state": np.ones((2, 5))}, ValueError, r"state is a pair \(h, c\)"),
        (
            (X, W, U),
            {"state": (np.ones((1, 5)), np.ones((2, 5)))},
            ValueError,
            r"a state must have shape \(2, 5\), \(n, h\), not \(1, 5\)",
        ),
        ((X, W, U), {"lengths": [1, 4]}, ValueError, "lengths are from 1 to 3.* not 1 to 4"),
        ((X, W, U), {"lengths": [0, 3]}, ValueError, "lengths are from 1 to 3"),
        ((X, W, U), {"lengths": [1]}, ValueError, r"lengths must have shape \(2,\)"),
        ((X, W, U), {"lengths": [1.0, 2.0]}, TypeError, "lengths are integers"),
        ((1j * X, W, U), {}, TypeError, "lstm: takes real numbers"),
        ((X, W, [[1.0], [1.0, 2.0]]), {}, ValueError, "lstm: the nested lists are no array"),
    ],
)
def test_what_is_refused(args, options, error, told):
    with pytest.raises(error, match=told):
        nn.lstm(*args, **options)


def test_what_the_others_refuse():
    w, u = np.ones((4, 5)), np.ones((5, 5))
    with pytest.raises(ValueError, match="rnn: activation is 'tanh' or 'relu', not 'gelu'"):
        nn.rnn(X, w, u, activation="gelu")
    with pytest.raises(ValueError, match=r"gru: hidden_bias must have shape \(5,\), not \(15,\)"):
        nn.gru(X, np.ones((4, 15)), np.ones((5, 15)), hidden_bias=np.ones(15))


def test_an_empty_batch():
    y, (h, c) = nn.lstm(X[:0], W, Tensor(U), lengths=np.zeros(0, int))
    assert y.shape == (0, 3, 5)
    assert h.shape == c.shape == (0, 5)
    (np.sum(y) + np.sum(c)).backward()


def test_a_layer_is_a_function():
    with pytest.raises(TypeError, match=r"layer is tg\.nn\.rnn, lstm or gru, not 'lstm'"):
        nn.bidirectional("lstm", np.ones((1, 2, 3)), {}, {})
