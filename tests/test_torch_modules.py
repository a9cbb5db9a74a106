"""Activations, normalisations, pooling to one pixel against PyTorch's modules, over its samples.

What has no batch is given one. Of a batch without rows PyTorch's `BatchNorm` has in training
statistics that are nan; ours refuses it, which test_nn_normalisation.py holds.
"""

import numpy as np
import pytest

import tinygrad_np as tg

torch = pytest.importorskip("torch", reason="PyTorch is not installed")
pytest.importorskip("expecttest", reason="PyTorch's sample inputs need it")
module_db = pytest.importorskip("torch.testing._internal.common_modules").module_db
from torch_agreement import agree, compare  # noqa: E402

pytestmark = pytest.mark.torch

nn = tg.nn
MODULES = {info.module_cls.__name__: info for info in module_db}


def of_channels(function, module):
    """A normalisation of ours, with the module's options; PyTorch's channels are first."""
    return lambda x, *affine: np.moveaxis(
        function(np.moveaxis(x, 1, -1), *affine, epsilon=module.eps), -1, 1
    )


def batch_norm(x, *affine, epsilon):
    return nn.batch_norm(x, None, *affine, training=True, epsilon=epsilon)[0]


def last_axes(module):
    return {"axis": tuple(range(-len(module.normalized_shape), 0)), "epsilon": module.eps}


def pooled(function, axes):
    """To one pixel: (n, c, *spatial) → (n, c, 1, …)"""
    return lambda x: function(np.moveaxis(x, 1, -1))[(..., *[None] * axes)]


OURS = {
    "GELU": lambda m: lambda x: nn.gelu(x, m.approximate),
    "SiLU": lambda m: nn.silu,
    "ELU": lambda m: lambda x: nn.elu(x, m.alpha),
    "LeakyReLU": lambda m: lambda x: nn.leaky_relu(x, m.negative_slope),
    # From its threshold on PyTorch's is x itself.
    "Softplus": lambda m: (lambda x: nn.softplus(x, m.beta)) if m.threshold > 0 else None,
    "Tanh": lambda m: nn.tanh,
    "LogSigmoid": lambda m: nn.log_sigmoid,
    "GLU": lambda m: lambda x: nn.glu(x, m.dim),
    **{f"BatchNorm{i}d": lambda m: of_channels(batch_norm, m) for i in (1, 2, 3)},
    **{f"InstanceNorm{i}d": lambda m: of_channels(nn.instance_norm, m) for i in (1, 2, 3)},
    "GroupNorm": lambda m: of_channels(
        lambda x, *affine, epsilon: nn.group_norm(x, m.num_groups, *affine, epsilon=epsilon), m
    ),
    "LayerNorm": lambda m: lambda x, *affine: nn.layer_norm(x, *affine, **last_axes(m)),
    "RMSNorm": lambda m: lambda x, *affine: nn.rms_norm(x, *affine, **last_axes(m)),
    **{
        f"Adaptive{kind}Pool{i}d": lambda m, f=f, i=i: pooled(f, i) if m.output_size == 1 else None
        for i in (1, 2, 3)
        for kind, f in (("Avg", nn.global_average_pool), ("Max", nn.global_max_pool))
    },
}


def samples():
    for name, make in OURS.items():
        info = MODULES[name]
        torch.manual_seed(0)
        for sample in info.module_inputs_func(info, "cpu", torch.float64, False, True):
            given = sample.constructor_input
            module = info.module_cls(*given.args, **given.kwargs).double()
            for parameter in module.parameters():
                torch.nn.init.normal_(parameter)  # ones and zeros would hide an exchange
            yield name, module, sample.forward_input.args[0], make(module)


def axes_of(name):
    """So many a module's input has, with its batch."""
    is_spatial = name[-1] == "d" and name[-2].isdigit()
    return int(name[-2]) + 2 if is_spatial else 0


def test_every_sample_of_every_module():
    compared = dict.fromkeys(OURS, 0)
    for name, module, x, ours in samples():
        if name == "BatchNorm1d" and x.ndim == 2:
            x = x[..., None]
        elif x.ndim < axes_of(name):
            x = x[None]
        if ours is None or (name.startswith("BatchNorm") and not len(x)):
            continue
        names, values = (
            zip(*module.named_parameters(), strict=True) if [*module.parameters()] else ((), ())
        )

        def theirs(x, *affine, module=module, names=names):
            return torch.func.functional_call(module, dict(zip(names, affine, strict=True)), (x,))

        compare(ours, theirs, x.numpy(), *[v.detach().numpy() for v in values], what=(name, module))
        compared[name] += 1
    few = {name for name, count in compared.items() if not count}
    # Its samples of pooling go to several pixels, except for some.
    assert few <= {name for name in OURS if name.startswith("Adaptive")}
    assert sum(compared.values()) >= 60


@pytest.mark.parametrize("axes", [1, 2, 3])
def test_running_statistics(axes):
    """Of each sample that tracks them, over three steps, and the evaluation after it."""
    count = 0
    for name, module, x, _ in samples():
        if name != f"BatchNorm{axes}d" or not module.track_running_stats or not len(x):
            continue
        x = x[..., None] if x.ndim == 2 else x
        affine = [p.detach().numpy() for p in module.parameters()]
        state = None
        for step in range(3):
            batch = x + step
            # Without a momentum PyTorch's is the mean of all: 1/n at the nth step.
            momentum = 1 / (step + 1) if module.momentum is None else module.momentum
            given = np.moveaxis(batch.numpy(), 1, -1)
            options = {"momentum": momentum, "epsilon": module.eps}
            y, state = nn.batch_norm(given, state, *affine, training=True, **options)
            agree(np.moveaxis(y, -1, 1), module(batch), name)
        agree(state["mean"], module.running_mean, name)
        agree(state["var"], module.running_var, name)
        y, _ = nn.batch_norm(given, state, *affine, training=False, epsilon=module.eps)
        agree(np.moveaxis(y, -1, 1), module.eval()(batch), name)
        count += 1
    assert count >= 3
