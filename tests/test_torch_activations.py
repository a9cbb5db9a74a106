"""Activations against PyTorch's of the same names, over drawn shapes and its sample inputs."""

import numpy as np
import pytest

import tinygrad_np as tg

torch = pytest.importorskip("torch", reason="PyTorch is not installed")
from torch_agreement import compare, samples  # noqa: E402

functional = torch.nn.functional

pytestmark = pytest.mark.torch

# From beta·x = 20 on PyTorch's softplus is x, which is 2e-9 off: its threshold is put out of reach.
PAIRS = {
    "gelu": (tg.nn.gelu, functional.gelu, {"approximate": ["none", "tanh"]}),
    "silu": (tg.nn.silu, functional.silu, {}),
    "elu": (tg.nn.elu, functional.elu, {"alpha": [1.0, 0.3, -2.0]}),
    "leaky_relu": (tg.nn.leaky_relu, functional.leaky_relu, {"negative_slope": [0.01, 0.2, 0.0]}),
    "softplus": (
        tg.nn.softplus,
        lambda x, beta: functional.softplus(x, beta, threshold=500),
        {"beta": [1.0, 3, 0.5]},
    ),
    "tanh": (tg.nn.tanh, torch.tanh, {}),
    "log_sigmoid": (tg.nn.log_sigmoid, functional.logsigmoid, {}),
}


def inputs(rng):
    shape = tuple(rng.integers(1, 5, rng.integers(0, 4)).tolist())
    x = np.asarray(rng.standard_normal(shape) * rng.choice([1.0, 10.0, 100.0]))
    return np.where(rng.random(shape) < 0.1, 0.0, x)  # kinks lie at 0


@pytest.mark.parametrize("seed", range(200))
@pytest.mark.parametrize("name", PAIRS)
def test_drawn_inputs(name, seed):
    ours, theirs, options = PAIRS[name]
    rng = np.random.default_rng([seed, len(name)])
    given = {key: values[seed % len(values)] for key, values in options.items()}
    compare(
        lambda x: ours(x, **given),
        lambda x: theirs(x, **given),
        inputs(rng),
        what=given,
        second_order=seed < 6,
    )


@pytest.mark.parametrize("seed", range(200))
def test_glu(seed):
    rng = np.random.default_rng(seed)
    shape = rng.integers(1, 5, rng.integers(1, 5))
    axis = int(rng.integers(-len(shape), len(shape)))
    shape[axis] *= 2
    x = rng.standard_normal(tuple(shape)) * rng.choice([1.0, 100.0])
    compare(
        lambda x: tg.nn.glu(x, axis),
        lambda x: functional.glu(x, axis),
        x,
        what=(shape, axis),
        second_order=seed < 6,
    )


OWN = ["gelu", "silu", "elu", "leaky_relu", "softplus", "logsigmoid"]


@pytest.mark.parametrize("name", OWN)
def test_pytorchs_samples(name):
    ours, theirs, _ = PAIRS[{"logsigmoid": "log_sigmoid"}.get(name, name)]
    found = samples(f"nn.functional.{name}")
    assert len(found) >= 3
    for x, args, options in found:
        options.pop("threshold", None)
        compare(
            lambda x, options=options: ours(x, **options),
            lambda x, options=options: theirs(x, **options),
            x,
            what=(args, options),
        )


def test_pytorchs_samples_of_glu():
    found = samples("nn.functional.glu")
    assert len(found) >= 40
    for x, [axis], _ in found:
        compare(
            lambda x, axis=axis: tg.nn.glu(x, axis),
            lambda x, axis=axis: functional.glu(x, axis),
            x,
            what=(x.shape, axis),
        )


def test_pytorchs_samples_of_tanh():
    for x, _, _ in samples("tanh"):
        compare(tg.nn.tanh, torch.tanh, x, what=x.shape)


KINKS = np.array([0.0, -0.0, 1000.0, -1000.0])


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("name", PAIRS)
def test_kinks_and_far_out(name, dtype):
    ours, theirs, options = PAIRS[name]
    given = {key: values[0] for key, values in options.items()}
    x = KINKS.astype(dtype)
    y, pull = tg.vjp(lambda x: ours(x, **given), x)
    tensor = torch.tensor(x, requires_grad=True)
    expected = theirs(tensor, **given)
    [by_theirs] = torch.autograd.grad(expected.sum(), tensor)
    few = 4 * np.finfo(dtype).eps
    assert np.allclose(y, expected.detach().numpy(), rtol=few, atol=few)
    assert np.allclose(pull(np.ones_like(y))[0], by_theirs.numpy(), rtol=few, atol=few)
