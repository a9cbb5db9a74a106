"""Optimisers, schedules, clipping and averages beside PyTorch's, in float64, over whole runs."""

import functools
import warnings

import numpy as np
import pytest

import tinygrad_np as tg

torch = pytest.importorskip("torch", reason="PyTorch is not installed")
pytest.importorskip("expecttest", reason="PyTorch's own settings need expecttest")

with warnings.catch_warnings():
    warnings.simplefilter("ignore", ImportWarning)  # of hypothesis, which it can do without
    from torch.testing._internal.common_optimizers import optim_db

schedules = tg.optim.schedules
pytestmark = pytest.mark.torch

STEPS = 25
OURS = {"lr": "rate", "eps": "epsilon", "lr_decay": "rate_decay"}
NAMES = ["Adadelta", "Adagrad", "Adam", "AdamW", "NAdam", "RAdam", "RMSprop", "SGD"]
SETTINGS = [
    pytest.param(one.optim_cls, setting.kwargs, id=f"{one.optim_cls.__name__}, {setting.desc}")
    for one in optim_db
    if one.optim_cls.__name__ in NAMES
    for setting in one.optim_inputs_func(device="cpu")
]
FUSED = ["Adagrad", "Adam", "AdamW", "SGD"]


@pytest.fixture(autouse=True)
def in_float64():
    """NAdam keeps the product of its momenta in the default dtype, and others their counts."""
    before = torch.get_default_dtype()
    torch.set_default_dtype(torch.float64)
    yield
    torch.set_default_dtype(before)


def problem(is_complex=False):
    """Parameters of several shapes, and a bounded loss of them, so that steps may go up, too."""
    rng = np.random.default_rng(0)
    params = {
        "filters": rng.normal(size=(3, 2, 4)),
        "layers": [rng.normal(size=(4, 5)), rng.normal(size=5)],
        "scale": np.array(1.5),
    }
    if is_complex:
        params = tg.tree.map(lambda w: w + 1j * rng.normal(size=w.shape), params)
    data = rng.normal(size=(7, 4)), rng.normal(size=(7, 5))

    def loss(params, library, data):
        weights, bias = map(library.real, params["layers"])
        scale = library.real(params["scale"])
        found = library.sin(data[0] @ weights + bias) * library.sin(scale)
        total = ((found - data[1]) ** 2).mean() + library.sin(library.real(params["filters"])).sum()
        if is_complex:
            for w in params["filters"], params["layers"][0], params["scale"]:
                total = total + library.sin(library.imag(w) + library.real(w) ** 2).sum()
        return total

    return params, loss, data


def ours(function, options, params, loss, data):
    found, state = [], None
    gradient = tg.grad(lambda params: loss(params, np, data))
    for _ in range(STEPS):
        params, state = function(params, gradient(params), state, **options)
        found.append(params)
    return found


def theirs(cls, options, params, loss, data):
    its = tg.tree.map(lambda w: torch.tensor(w, requires_grad=True), params)
    if options.get("differentiable"):  # such a one writes into what is no leaf
        its = tg.tree.map(lambda w: w.clone(), its)
        tg.tree.map(lambda w: w.retain_grad(), its)
    leaves, data = tg.tree.leaves(its), list(map(torch.tensor, data))
    optimiser, found = cls(leaves, **options), []
    for _ in range(STEPS):
        grads = torch.autograd.grad(loss(its, torch, data), leaves)
        for w, g in zip(leaves, grads, strict=True):
            w.grad = g
        optimiser.step()
        found.append(tg.tree.map(lambda w: w.detach().numpy().copy(), its))
    return found


def worst(found, wanted):
    """The largest difference; nan where there is one, which is never small."""
    pairs = list(zip(tg.tree.leaves(found), tg.tree.leaves(wanted), strict=True))
    return np.max([np.max(np.abs(a - b) / (1 + np.abs(b))) for a, b in pairs])


def in_our_words(options):
    numbers = {key: v.numpy() if isinstance(v, torch.Tensor) else v for key, v in options.items()}
    return {OURS.get(key, key): value for key, value in numbers.items()}


def difference(cls, options, *, is_complex=False, **of_execution):
    function = getattr(tg.optim, cls.__name__.lower())
    params, loss, data = problem(is_complex)
    found = ours(function, in_our_words(options), params, loss, data)
    wanted = theirs(cls, options | of_execution, params, loss, data)
    both = zip(tg.tree.leaves(params), tg.tree.leaves(wanted[-1]), strict=True)
    assert all(np.all(before != after) for before, after in both)
    return worst(found, wanted)


def test_pytorch_has_as_many_settings_as_are_known():
    """More of them in a later version are tried, too; fewer would mean that some went amiss."""
    assert len(SETTINGS) >= 53


@pytest.mark.parametrize(("cls", "options"), SETTINGS)
class TestPytorchsOwnSettings:
    def test_over_25_steps(self, cls, options):
        assert difference(cls, options) < 1e-10

    @pytest.mark.parametrize("of_execution", ["foreach", "differentiable", "fused"])
    def test_what_only_concerns_execution_has_the_same_arithmetic(self, cls, options, of_execution):
        if of_execution == "fused" and cls.__name__ not in FUSED:
            pytest.skip(f"{cls.__name__} has no fused steps on a CPU")
        if of_execution != "differentiable" and isinstance(options.get("lr"), torch.Tensor):
            options = options | {"lr": options["lr"].item()}
        assert difference(cls, options, **{of_execution: True}) < 1e-10

    def test_complex_parameters_are_pairs_of_real_ones(self, cls, options):
        assert difference(cls, options, is_complex=True) < 1e-10


@pytest.mark.parametrize("name", NAMES)
def test_settings_drawn_at_random(name):
    rng = np.random.default_rng(sum(map(ord, name)))
    cls = getattr(torch.optim, name)
    flags = {
        "SGD": ["nesterov", "maximize"],
        "Adam": ["amsgrad", "maximize"],
        "AdamW": ["amsgrad", "maximize"],
        "NAdam": ["decoupled_weight_decay", "maximize"],
        "RAdam": ["decoupled_weight_decay", "maximize"],
        "RMSprop": ["centered", "maximize"],
    }.get(name, ["maximize"])
    ranges = {
        "SGD": {"momentum": (0.1, 0.9)},
        "RMSprop": {"momentum": (0, 0.9), "alpha": (0.5, 0.99)},
        "Adagrad": {"lr_decay": (0, 0.5), "initial_accumulator_value": (0, 1)},
        "Adadelta": {"rho": (0.5, 0.99)},
        "NAdam": {"momentum_decay": (0, 0.1)},
    }.get(name, {})
    ranges |= {"lr": (0.001, 0.1), "weight_decay": (0, 0.5)}
    for _ in range(15):
        options = {key: float(rng.uniform(*ends)) for key, ends in ranges.items()}
        options |= {key: bool(rng.integers(2)) for key in flags}
        if "Adam" in name:
            options["betas"] = tuple(rng.uniform(0, 0.95, 2))
        if name == "SGD" and not options["nesterov"]:
            options["dampening"] = rng.uniform(0, 1)
        # Without one, the first of two close parameters may be divided by a rounding error.
        options |= {} if name == "SGD" else {"eps": 10.0 ** rng.uniform(-8, -3)}
        assert difference(cls, options) < 1e-10, options


# Schedules


def of_pytorch(cls, rate, steps, values=None, **options):
    """The rates of a scheduler of PyTorch's at the steps 0, 1, …"""
    optimiser = torch.optim.SGD([torch.zeros(1, requires_grad=True)], lr=rate, momentum=0.9)
    scheduler, found = cls(optimiser, **options), []
    for step in range(steps):
        found.append(optimiser.param_groups[0]["lr"])
        optimiser.step()
        scheduler.step(*([] if values is None else [values[step]]))
    return [float(rate) for rate in found]


lr = torch.optim.lr_scheduler
SCHEDULES = {
    "constant": (schedules.constant(0.3), lr.LambdaLR, {"lr_lambda": lambda step: 1.0}),
    "ConstantLR": (
        schedules.multi_step(0.1, [7], gamma=3.0),
        lr.ConstantLR,
        {"factor": 1 / 3, "total_iters": 7},
    ),
    "StepLR": (schedules.step(0.3, 7, gamma=0.4), lr.StepLR, {"step_size": 7, "gamma": 0.4}),
    "MultiStepLR": (
        schedules.multi_step(0.3, [3, 3, 11, 40], gamma=0.4),
        lr.MultiStepLR,
        {"milestones": [3, 3, 11, 40], "gamma": 0.4},
    ),
    "LinearLR": (
        schedules.warm_up(schedules.constant(0.3), 9, start=0.25),
        lr.LinearLR,
        {"start_factor": 0.25, "total_iters": 9},
    ),
    "SequentialLR": (
        schedules.warm_up(schedules.cosine(0.3, 51), 9, start=0.25),
        lambda optimiser: lr.SequentialLR(
            optimiser,
            [lr.LinearLR(optimiser, 0.25, total_iters=9), lr.CosineAnnealingLR(optimiser, 51)],
            [9],
        ),
        {},
    ),
    "ExponentialLR": (schedules.exponential(0.3, 0.93), lr.ExponentialLR, {"gamma": 0.93}),
    "PolynomialLR": (
        schedules.polynomial(0.3, 40, 2.5),
        lr.PolynomialLR,
        {"total_iters": 40, "power": 2.5},
    ),
    "CosineAnnealingLR": (
        schedules.cosine(0.3, 59, least=0.02),
        lr.CosineAnnealingLR,
        {"T_max": 59, "eta_min": 0.02},
    ),
}
ONE_CYCLE = [
    {"pct_start": share, "anneal_strategy": strategy, "three_phase": three}
    for share in (0.3, 0.45, 0.0)
    for strategy in ("cos", "linear")
    for three in (False, True)
    if share or not three
]
CYCLIC = [
    {"mode": mode, "gamma": 0.98, "up": up, "down": down}
    for mode in ("triangular", "triangular2", "exp_range")
    for up, down in ((5, None), (7, 3), (1, 4))
]


def check_schedule(schedule, wanted):
    found = [schedule(step) for step in range(len(wanted))]
    assert all(type(rate) is float for rate in found)
    assert np.max(np.abs(np.array(found) - wanted)) < 1e-10
    # NumPy's power of many numbers may differ from that of one in the last bit.
    assert np.allclose(schedule(np.arange(len(wanted))), found, rtol=1e-14, atol=0)


class TestSchedulesOverTheWholeRun:
    # PyTorch warns that one should not mix its schedulers in the way that SequentialLR does itself.
    @pytest.mark.filterwarnings("ignore::UserWarning")
    @pytest.mark.parametrize("name", SCHEDULES)
    def test_simple_ones(self, name):
        schedule, cls, options = SCHEDULES[name]
        check_schedule(schedule, of_pytorch(cls, 0.3, 60, **options))

    @pytest.mark.parametrize("options", ONE_CYCLE)
    def test_one_cycle(self, options):
        its = {"max_lr": 0.5, "total_steps": 60, "div_factor": 10.0, "final_div_factor": 50.0}
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", UserWarning)  # the last step is one too many for it
            wanted = of_pytorch(lr.OneCycleLR, 0.3, 59, **options, **its)
        given = {"div_factor": 10.0, "final_div_factor": 50.0, **options}
        check_schedule(schedules.one_cycle(0.5, 60, **given), wanted)

    @pytest.mark.parametrize("options", CYCLIC)
    def test_cyclic(self, options):
        its = {"base_lr": 0.01, "max_lr": 0.5, "mode": options["mode"], "gamma": options["gamma"]}
        its |= {"step_size_up": options["up"], "step_size_down": options["down"]}
        wanted = of_pytorch(lr.CyclicLR, 0.3, 60, **its, cycle_momentum=False)
        check_schedule(schedules.cyclic(0.01, 0.5, **options), wanted)

    @pytest.mark.parametrize("seed", range(40))
    def test_plateau(self, seed):
        rng = np.random.default_rng(seed)
        options = {
            "mode": str(rng.choice(["min", "max"])),
            "threshold_mode": str(rng.choice(["rel", "abs"])),
            "factor": float(rng.uniform(0.1, 0.9)),
            "patience": int(rng.integers(4)),
            "cooldown": int(rng.integers(4)),
            "threshold": float(rng.choice([1e-4, 0.05])),
        }
        least, epsilon = float(rng.choice([0.0, 0.02])), float(rng.choice([1e-8, 0.01]))
        values = np.round(rng.normal(2.0, 1.0, 60).cumsum() / np.arange(1, 61), 2)
        values[rng.integers(60, size=3)] = np.nan
        wanted = of_pytorch(
            lr.ReduceLROnPlateau, 0.3, 60, values, min_lr=least, eps=epsilon, **options
        )
        state, found = None, [0.3]
        for value in values:
            rate, state = schedules.plateau(
                state, value, rate=0.3, least=least, epsilon=epsilon, **options
            )
            found.append(rate)
        assert np.max(np.abs(np.array(found[:60]) - wanted)) < 1e-10
        assert len(set(wanted)) > 1


@pytest.mark.parametrize("name", ["Adam", "AdamW", "NAdam", "RMSprop", "Adagrad"])
def test_small_gradients_of_float32_beside_a_small_epsilon(name):
    its = torch.ones(1, dtype=torch.float32, requires_grad=True)
    optimiser = getattr(torch.optim, name)([its], lr=0.1, eps=1e-15)
    params, state = np.ones(1, np.float32), None
    for _ in range(3):
        its.grad = torch.full((1,), 1e-11, dtype=torch.float32)
        optimiser.step()
        function = getattr(tg.optim, name.lower())
        params, state = function(params, its.grad.numpy(), state, rate=0.1, epsilon=1e-15)
    assert abs(params[0] - its.item()) < 1e-5  # a few roundings of float32


# Around the optimisers


@pytest.mark.parametrize("limit", [0.0, 0.1, 3.0, 100.0])
@pytest.mark.parametrize("is_complex", [False, True])
def test_clip_by_norm(limit, is_complex):
    grads, _, _ = problem(is_complex)
    its = [torch.zeros_like(torch.tensor(g), requires_grad=True) for g in tg.tree.leaves(grads)]
    for w, g in zip(its, tg.tree.leaves(grads), strict=True):
        w.grad = torch.tensor(g)
    norm = torch.nn.utils.clip_grad_norm_(its, limit)
    assert abs(tg.optim.global_norm(grads) - norm.numpy()) < 1e-10
    found = tg.optim.clip_by_norm(grads, limit)
    assert worst(tg.tree.leaves(found), [w.grad.numpy() for w in its]) < 1e-10


def test_clip_by_value():
    grads, _, _ = problem()
    its = [torch.zeros_like(torch.tensor(g), requires_grad=True) for g in tg.tree.leaves(grads)]
    for w, g in zip(its, tg.tree.leaves(grads), strict=True):
        w.grad = torch.tensor(g)
    torch.nn.utils.clip_grad_value_(its, 0.7)
    found = tg.tree.leaves(tg.optim.clip_by_value(grads, -0.7, 0.7))
    assert all(np.array_equal(a, b.grad.numpy()) for a, b in zip(found, its, strict=True))


@pytest.mark.parametrize("decay", [0.9, None])
def test_average_is_that_of_an_averaged_model(decay):
    """With ``get_ema_multi_avg_fn``, and with equal weights."""
    swa = torch.optim.swa_utils
    model = torch.nn.Linear(3, 2)
    averaged_fn = functools.partial(swa.get_ema_multi_avg_fn, decay) if decay else lambda: None
    its = swa.AveragedModel(model, multi_avg_fn=averaged_fn())
    averaged = None
    rng = np.random.default_rng(0)
    for n in range(6):
        params = {"weight": rng.normal(size=(2, 3)), "bias": rng.normal(size=2)}
        model.load_state_dict({key: torch.tensor(w) for key, w in params.items()})
        its.update_parameters(model)
        averaged = tg.optim.average(params, averaged, decay=decay or n / (n + 1))
    wanted = {key: w.detach().numpy() for key, w in its.module.named_parameters()}
    assert worst(averaged, {key: wanted[key] for key in averaged}) < 1e-10
