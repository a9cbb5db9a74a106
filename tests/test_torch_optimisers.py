"""Optimisers and schedules beside PyTorch's: its own settings, over whole runs, in float64."""


import numpy as np
import pytest

import tinygrad_np as tg

torch = pytest.importorskip("torch", reason="PyTorch is not installed")
pytest.importorskip("expecttest", reason="PyTorch's settings need expecttest")

from torch.testing._internal.common_optimizers import optim_db  # noqa: E402

pytestmark = pytest.mark.torch

STEPS = 25
OURS = {"lr": "rate", "eps": "epsilon", "lr_decay": "rate_decay"}
OF_EXECUTION = ["foreach", "fused", "capturable", "differentiable"]
NAMES = ["Adadelta", "Adagrad", "Adam", "AdamW", "NAdam", "RAdam", "RMSprop", "SGD"]
SETTINGS = [
    pytest.param(one.optim_cls, setting.kwargs, id=f"{one.optim_cls.__name__}, {setting.desc}")
    for one in optim_db
    if one.optim_cls.__name__ in NAMES
    for setting in one.optim_inputs_func(device="cpu")
]


@pytest.fixture(autouse=True)
def in_float64():
    """NAdam keeps a product of its momenta in the default dtype."""
    before = torch.get_default_dtype()
    torch.set_default_dtype(torch.float64)
    yield
    torch.set_default_dtype(before)


def problem(dtype=np.float64):
    """Parameters of several shapes, and a loss of them in either library."""
    rng = np.random.default_rng(0)
    params = {
        "filters": rng.normal(size=(3, 2, 4)),
        "layers": [rng.normal(size=(4, 5)), rng.normal(size=5)],
        "scale": np.array(1.5),
    }
    x, y = rng.normal(size=(7, 4)), rng.normal(size=(7, 5))
    if np.dtype(dtype).kind == "c":
        params = tg.tree.map(lambda w: w + 1j * rng.normal(size=w.shape), params)

    def loss(params, library, x=x, y=y):
        (weights, bias), scale = params["layers"], params["scale"]
        found = (x @ library.real(weights) + library.real(bias)) * library.real(scale)
        rest = params["filters"] * params["filters"] * (0.5 + library.real(scale))
        more = library.imag(weights) ** 2 if np.dtype(dtype).kind == "c" else 0.0 * y.sum()
        return ((found - y) ** 2).mean() + (library.abs(rest) ** 2).sum() + more.sum()

    return params, loss, (x, y)


def ours(function, options, params, loss, steps=STEPS):
    found, state = [], None
    gradient = tg.grad(lambda params: loss(params, np))
    for _ in range(steps):
        params, state = function(params, gradient(params), state, **options)
        found.append(params)
    return found


def theirs(cls, options, params, loss, data, steps=STEPS):
    library = type("library", (), {"real": torch.real, "abs": torch.abs, "imag": torch.imag})
    x, y = map(torch.tensor, data)
    its = tg.tree.map(lambda w: torch.tensor(w, requires_grad=True), params)
    optimiser = cls(tg.tree.leaves(its), **options)
    found = []
    for _ in range(steps):
        optimiser.zero_grad()
        loss(its, library, x, y).backward()
        optimiser.step()
        found.append(tg.tree.map(lambda w: w.detach().numpy().copy(), its))
    return found


def worst(found, wanted):
    pairs = zip(tg.tree.leaves(found), tg.tree.leaves(wanted), strict=True)
    return max(np.max(np.abs(a - b) / (1 + np.abs(b))) for a, b in pairs)


def translated(options):
    """Our names, and NumPy's numbers, without what only says how to compute."""
    return {
        OURS.get(key, key): value.numpy() if isinstance(value, torch.Tensor) else value
        for key, value in options.items()
        if key not in OF_EXECUTION
    }


def test_pytorch_has_as_many_settings_as_are_known():
    """More of them in a later version are tried, too; fewer would be a test that is empty."""
    assert len(SETTINGS) >= 53


@pytest.mark.parametrize(("cls", "options"), SETTINGS)
def test_every_setting_of_pytorchs_own_over_25_steps(cls, options):
    function = getattr(tg.optim, cls.__name__.lower())
    params, loss, data = problem()
    found = ours(function, translated(options), params, loss)
    assert worst(found, theirs(cls, options, params, loss, data)) < 1e-10


if __name__ == "__main__":
    torch.set_default_dtype(torch.float64)
    for p in SETTINGS:
        cls, options = p.values
        function = getattr(tg.optim, cls.__name__.lower())
        params, loss, data = problem()
        print(
            cls.__name__,
            options,
            worst(
                ours(function, translated(options), params, loss),
                theirs(cls, options, params, loss, data),
            ),
        )
