"""Recurrent layers against PyTorch's, where it is installed: values and gradients to 1e-10.

The weights are PyTorch's, turned, and its two biases one, so that the gradients by them are
compared as they are there. Over 200 random geometries with lengths, states and both directions, and
over the inputs that PyTorch tries its own modules with.
"""

import warnings

import numpy as np
import pytest

import tinygrad_np as tg
from tinygrad_np import nn

torch = pytest.importorskip("torch", reason="PyTorch is not installed")
pytest.importorskip("expecttest", reason="PyTorch's own samples need it")

pytestmark = pytest.mark.torch

with warnings.catch_warnings():
    warnings.simplefilter("ignore")  # that it has no hypothesis
    from torch.testing._internal.common_modules import module_db

KINDS = {"RNN": torch.nn.RNN, "LSTM": torch.nn.LSTM, "GRU": torch.nn.GRU}


def layer_and_arguments(module, params, suffix):
    """Our layer, and its arguments from PyTorch's parameters, by their names."""
    w, u = params[f"weight_ih_{suffix}"].T, params[f"weight_hh_{suffix}"].T
    arguments = {"input_weights": w, "hidden_weights": u}
    if module.bias:
        b, c = params[f"bias_ih_{suffix}"], params[f"bias_hh_{suffix}"]
        if module.mode == "GRU":
            h = module.hidden_size
            arguments["hidden_bias"] = c[2 * h :]
            c = np.concatenate([c[: 2 * h], np.zeros(h)])
        arguments["bias"] = b + c
    if module.mode in ("LSTM", "GRU"):
        return getattr(nn, module.mode.lower()), arguments
    activation = module.mode.removeprefix("RNN_").lower()
    return nn.rnn, {**arguments, "activation": activation}


def ours(module, params, x, states, lengths=None):
    """All layers of a module, on (n, time, in): outputs, and the states (layers, n, h)."""
    last = []
    count = 2 if module.bidirectional else 1
    for number in range(module.num_layers):
        of_directions = []
        for direction in range(count):
            suffix = f"l{number}{'_reverse' * direction}"
            layer, arguments = layer_and_arguments(module, params, suffix)
            if states is not None:
                begun = [state[number * count + direction] for state in states]
                arguments["state"] = begun if module.mode == "LSTM" else begun[0]
            of_directions.append(arguments)
        if count == 2:
            x, ended = nn.bidirectional(layer, x, *of_directions, lengths=lengths)
        else:
            x, state = layer(x, **of_directions[0], lengths=lengths)
            ended = [state]
        last += [state if module.mode == "LSTM" else (state,) for state in ended]
    return x, [np.stack(states) for states in zip(*last, strict=True)]


def theirs(module, x, states, lengths=None):
    """PyTorch's module on (n, time, in), whatever layout it has."""
    given = states if states is None or module.mode == "LSTM" else states[0]
    if lengths is None:
        y, last = module(x if module.batch_first else x.transpose(0, 1), given)
        y = y if module.batch_first else y.transpose(0, 1)
    else:
        packed = torch.nn.utils.rnn.pack_padded_sequence(
            x, torch.tensor(lengths), batch_first=True, enforce_sorted=False
        )
        y, last = module(packed, given)
        y, _ = torch.nn.utils.rnn.pad_packed_sequence(y, batch_first=True, total_length=x.shape[1])
    return y, last if module.mode == "LSTM" else (last,)


def agree(found, expected, drawn):
    assert found.shape == expected.shape, drawn
    difference = np.max(np.abs(found - expected), initial=0)
    assert difference <= 1e-10 * max(1, np.max(np.abs(expected), initial=0)), (drawn, difference)


def compare(module, x, states, lengths, rng, drawn):
    """Values, and gradients by parameters, input and states, for random cotangents."""
    params = {name: p.detach().numpy() for name, p in module.named_parameters()}
    found, pull = tg.vjp(
        lambda params, x, states: ours(module, params, x, states, lengths), params, x, states
    )
    tx = torch.tensor(x, requires_grad=True)
    tstates = None if states is None else [torch.tensor(s, requires_grad=True) for s in states]
    expected = theirs(module, tx, tstates, lengths)
    found, expected = [found[0], *found[1]], [expected[0], *expected[1]]
    for one, other in zip(found, expected, strict=True):
        agree(one, other.detach().numpy(), drawn)
    cotangents = [rng.standard_normal(y.shape) for y in found]
    leaves = [*module.parameters(), tx, *(tstates or ())]
    grads = torch.autograd.grad(expected, leaves, [torch.tensor(u) for u in cotangents])
    by_params, by_x, by_states = pull((cotangents[0], cotangents[1:]))
    for one, other in zip([*by_params.values(), by_x, *(by_states or ())], grads, strict=True):
        agree(one, other.numpy(), drawn)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("seed", range(200))
def test_random_geometries(kind, seed):
    rng = np.random.default_rng([seed, *map(ord, kind)])
    n, time, features, h, layers = (int(k) for k in rng.integers(1, (6, 8, 5, 6, 3)))
    options = {"bidirectional": bool(rng.integers(2)), "bias": bool(rng.integers(4))}
    if kind == "RNN":
        options["nonlinearity"] = ["tanh", "relu"][rng.integers(2)]
    torch.manual_seed(seed)
    module = KINDS[kind](features, h, layers, batch_first=True, dtype=torch.float64, **options)
    x = rng.standard_normal((n, time, features))
    states = None
    if rng.integers(2):
        shape = (layers * (1 + options["bidirectional"]), n, h)
        states = [rng.standard_normal(shape) for _ in range(1 + (kind == "LSTM"))]
    lengths = rng.integers(1, time + 1, n) if rng.integers(2) else None
    compare(module, x, states, lengths, rng, (seed, n, time, features, h, options, lengths))


def samples():
    """Those of RNN, LSTM and GRU, without the projections of an LSTM, which are not here."""
    for info in module_db:
        if info.module_cls.__name__ not in KINDS:
            continue
        for training in (True, False):
            drawn = info.module_inputs_func(
                info, device="cpu", dtype=torch.float64, requires_grad=False, training=training
            )
            for number, sample in enumerate(drawn):
                if not sample.constructor_input.kwargs.get("proj_size"):
                    yield info.module_cls, number, training


@pytest.mark.parametrize(("cls", "number", "training"), list(samples()))
def test_pytorchs_own_samples(cls, number, training):
    torch.manual_seed(number)
    [info] = [info for info in module_db if info.module_cls is cls]
    drawn = info.module_inputs_func(
        info, device="cpu", dtype=torch.float64, requires_grad=False, training=training
    )
    sample = list(drawn)[number]
    options = {**sample.constructor_input.kwargs, "dtype": torch.float64}
    module = cls(*sample.constructor_input.args, **options)
    x, *rest = sample.forward_input.args
    states = list(rest[0]) if rest and cls is torch.nn.LSTM else rest
    if x.ndim == 2:  # (time, in), without a batch
        x = x[None] if module.batch_first else x[:, None]
        states = [state[:, None] for state in states]
    x = x if module.batch_first else x.transpose(0, 1)
    given = [state.numpy() for state in states] or None
    compare(module, x.numpy().copy(), given, None, np.random.default_rng(number), (cls, number))


@pytest.mark.parametrize("kind", KINDS)
def test_second_order(kind):
    rng = np.random.default_rng(5)
    torch.manual_seed(5)
    module = KINDS[kind](3, 4, batch_first=True, bidirectional=True, dtype=torch.float64)
    x, v = rng.standard_normal((2, 5, 3)), rng.standard_normal((2, 5, 3))
    lengths = np.array([5, 3])
    params = {name: p.detach().numpy() for name, p in module.named_parameters()}

    def along(params, x):
        """The derivative of Σ y³ along v, by x."""
        gradient = tg.grad(lambda x: np.sum(ours(module, params, x, None, lengths)[0] ** 3))(x)
        return np.sum(gradient * v)

    by_params, by_x = tg.grad(along, (0, 1))(params, x)
    tx = torch.tensor(x, requires_grad=True)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        y, _ = theirs(module, tx, None, lengths)
        (gradient,) = torch.autograd.grad((y**3).sum(), tx, create_graph=True)
        expected = torch.autograd.grad(
            (gradient * torch.tensor(v)).sum(), [*module.parameters(), tx]
        )
    for one, other in zip([*by_params.values(), by_x], expected, strict=True):
        agree(one, other.numpy(), kind)
