"""Losses against PyTorch's, where it is installed: values and gradients in float64 to 1e-10.

Each over 200 drawn shapes and options, and over PyTorch's own sample inputs (`op_db`, `module_db`),
with second order on some. PyTorch has the classes on axis 1, ours are the last axis.
"""

import numpy as np
import pytest

import tinygrad_np as tg

torch = pytest.importorskip("torch", reason="PyTorch is not installed")
pytest.importorskip("expecttest", reason="PyTorch's sample inputs need it")
op_db = pytest.importorskip("torch.testing._internal.common_methods_invocations").op_db
module_db = pytest.importorskip("torch.testing._internal.common_modules").module_db
functional = torch.nn.functional
nn = tg.nn

pytestmark = pytest.mark.torch

SEEDS = range(200)
OP_INFO = {op.name.removeprefix("nn.functional."): op for op in op_db if not op.variant_test_name}
MODULE_INFO = {info.module_cls.__name__: info for info in module_db}


def samples_of(function, module, least):
    """[(operands, options)] of a function's samples and of its module's, at `least` so many."""
    torch.manual_seed(0)
    info = MODULE_INFO[module]
    found = [
        ((sample.input, *sample.args), sample.kwargs)
        for sample in OP_INFO[function].sample_inputs("cpu", torch.float64)
    ]
    found += [
        (sample.forward_input.args, sample.constructor_input.kwargs)
        for sample in info.module_inputs_func(info, "cpu", torch.float64, False, True)
    ]
    assert len(found) >= least
    return found


def agree(found, expected, drawn=None):
    found, expected = (
        np.asarray(found),
        expected.detach().numpy(force=True),
    )  # also what is known to be zeros
    assert found.shape == expected.shape, drawn
    difference = np.max(np.abs(found - expected), initial=0)
    assert difference <= 1e-10 * max(1, np.max(np.abs(expected), initial=0)), drawn


def compared(ours, theirs, *arrays, second=False, drawn=None):
    """Values of both, their gradients by all arrays; with `second`, that of a gradient's square."""
    y, pull = tg.vjp(ours, *arrays)
    tensors = [torch.tensor(x, requires_grad=True) for x in arrays]
    ty = theirs(*tensors)
    agree(y, ty, drawn)
    u = np.random.default_rng(y.size).standard_normal(y.shape)
    tu = torch.tensor(u)
    grads = torch.autograd.grad(ty, tensors, tu, create_graph=second)
    for by, tby in zip(pull(u), grads, strict=True):
        agree(by, tby, drawn)
    if not second:
        return

    def squares(*arrays):
        _, pull = tg.vjp(ours, *arrays)
        return sum(np.sum(by * by) for by in pull(u))

    found = tg.grad(squares, tuple(range(len(arrays))))(*arrays)
    total = sum((g * g).sum() for g in grads)
    if total.requires_grad:
        for by, tensor in zip(found, tensors, strict=True):
            (tby,) = torch.autograd.grad(total, tensor, retain_graph=True, allow_unused=True)
            agree(by, torch.zeros_like(tensor) if tby is None else tby, drawn)
    else:
        assert not any(np.any(by) for by in found)


def drawn_shape(rng):
    return tuple(rng.integers(1, 6, rng.integers(1, 5)).tolist())


def reduction_of(rng):
    return str(rng.choice(["mean", "sum", "none"]))


def classes_last(x):
    """PyTorch's (n, classes, …) with the classes as the last axis; (classes,) as it is."""
    return np.moveaxis(x, 1, -1) if x.ndim > 1 else x


def classes_first(x):
    return torch.moveaxis(x, -1, 1).contiguous() if x.ndim > 1 else x


ELEMENTWISE = {
    "mse_loss": (nn.mse, functional.mse_loss),
    "l1_loss": (nn.mae, functional.l1_loss),
    "huber_loss": (nn.huber, functional.huber_loss),
}


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("name", ["mse_loss", "l1_loss", "huber_loss"])
def test_losses_of_numbers(name, seed):
    rng = np.random.default_rng([1, seed])
    ours, theirs = ELEMENTWISE[name]
    x, y = 3 * rng.standard_normal((2, *drawn_shape(rng)))
    options = {"reduction": reduction_of(rng)}
    if name == "huber_loss":
        options["delta"] = float(rng.uniform(0.1, 4))
    compared(
        lambda x, y: ours(x, y, **options),
        lambda x, y: theirs(x, y, **options),
        x,
        y,
        second=seed < 20,
        drawn=(x.shape, options),
    )


@pytest.mark.parametrize(
    ("name", "module", "least"),
    [("mse_loss", "MSELoss", 14), ("l1_loss", "L1Loss", 11), ("huber_loss", "HuberLoss", 13)],
)
def test_samples_of_losses_of_numbers(name, module, least):
    ours, theirs = ELEMENTWISE[name]
    for (x, y), options in samples_of(name, module, least):
        compared(
            lambda x, y, given=options: ours(x, y, **given),
            lambda x, y, given=options: theirs(x, y, **given),
            x.numpy(),
            y.numpy(),
            second=True,
        )


@pytest.mark.parametrize("seed", SEEDS)
def test_hinge(seed):
    """PyTorch's margin_ranking_loss of p against 0 with margin 1; and, of y·p, its embedding's."""
    rng = np.random.default_rng([2, seed])
    shape, reduction = drawn_shape(rng), reduction_of(rng)
    p, y = 2 * rng.standard_normal(shape), rng.choice([-1.0, 1.0], shape)
    ty = torch.tensor(y)

    def ours(p):
        return nn.hinge(p, y, reduction)

    compared(
        ours,
        lambda p: functional.margin_ranking_loss(
            p, torch.zeros_like(p), ty, margin=1, reduction=reduction
        ),
        p,
        second=seed < 20,
    )
    compared(
        ours,
        lambda p: functional.hinge_embedding_loss(
            ty * p, -torch.ones_like(p), margin=1, reduction=reduction
        ),
        p,
    )


def test_samples_of_hinge():
    for operands, options in samples_of("margin_ranking_loss", "MarginRankingLoss", 11):
        given = {"reduction": options.get("reduction", "mean")}
        x, z, labels = np.broadcast_arrays(*(t.numpy() for t in operands))
        labels = np.where(labels > 0, 1.0, -1.0)

        def theirs(x, z, labels=labels, given=given):
            return functional.margin_ranking_loss(x, z, torch.tensor(labels), margin=1, **given)

        compared(
            lambda x, z, labels=labels, o=given: nn.hinge(x - z, labels, **o),
            theirs,
            x,
            z,
        )


def log_softmax(x):
    return x - np.log(np.exp(x).sum(-1, keepdims=True))


def divergence(log_p, targets, reduction, log_targets):
    """PyTorch's, of each distribution; its "mean" is over elements, "batchmean" over the first."""
    each = functional.kl_div(log_p, targets, reduction="none", log_target=log_targets).sum(-1)
    return {"none": each, "sum": each.sum(), "mean": each.mean()}[reduction]


@pytest.mark.parametrize("seed", SEEDS)
def test_kl_divergence(seed):
    rng = np.random.default_rng([3, seed])
    shape, reduction = drawn_shape(rng), reduction_of(rng)
    log_targets = bool(rng.integers(0, 2))
    log_p, targets = (
        log_softmax(rng.standard_normal(shape)),
        log_softmax(rng.standard_normal(shape)),
    )
    targets = targets if log_targets else np.exp(targets)

    def ours(log_p, targets):
        return nn.kl_divergence(log_p, targets, reduction, log_targets=log_targets)

    compared(
        ours,
        lambda log_p, targets: divergence(log_p, targets, reduction, log_targets),
        log_p,
        targets,
        second=seed < 20,
    )
    if len(shape) == 2 and reduction == "mean":
        compared(
            ours,
            lambda log_p, targets: functional.kl_div(
                log_p, targets, reduction="batchmean", log_target=log_targets
            ),
            log_p,
            targets,
        )


@pytest.mark.filterwarnings("ignore:reduction:UserWarning")  # that "mean" is over elements
def test_samples_of_kl_divergence():
    for operands, options in samples_of("kl_div", "KLDivLoss", 26):
        # The module's are logarithms of numbers of any sign.
        log_p, targets = (np.nan_to_num(t.numpy(), nan=-1.0) for t in operands)
        given, log_targets = options.get("reduction", "mean"), options.get("log_target", False)
        if not log_p.ndim:
            with pytest.raises(ValueError, match="a distribution has one axis at least"):
                nn.kl_divergence(log_p, targets)
            continue
        if not log_targets:
            targets = np.abs(targets)
        # What is over all elements, or over the first axis, there, of how many distributions here.
        factor = {
            "none": 1,
            "sum": 1,
            "mean": log_p.shape[-1],
            "batchmean": log_p.shape[0] / max(1, log_p.size // log_p.shape[-1]),
        }[given]
        reduction = "mean" if "mean" in given else given

        def theirs(log_p, targets, options=options, given=given, factor=factor):
            found = functional.kl_div(log_p, targets, **options)
            return found.sum(-1) if given == "none" else found * factor

        compared(
            lambda log_p, targets, r=reduction, g=log_targets: nn.kl_divergence(
                log_p, targets, r, log_targets=g
            ),
            theirs,
            log_p,
            targets,
            second=True,
        )


def drawn_classes(rng):
    """Logits (…, classes), labels (…), and options of both losses of classes."""
    *shape, classes = drawn_shape(rng)
    classes += 1
    z, labels = 3 * rng.standard_normal((*shape, classes)), rng.integers(0, classes, shape)
    labels = np.asarray(labels)
    options, given = {}, {"reduction": reduction_of(rng)}
    if rng.integers(0, 2):
        options["class_weights"] = rng.uniform(0.1, 2, classes)
    if rng.integers(0, 2):
        ignored = int(rng.choice([-100, -1, 0]))
        labels = np.where(rng.random(shape) < 0.3, ignored, labels)
        options["ignored"] = ignored
        if np.all(labels == ignored) and given["reduction"] == "mean":
            given["reduction"] = "sum"  # PyTorch gives nan; ours is refused: test_nn_losses.py
    return z, labels, options, given


def theirs_of(options, given):
    found = dict(given)
    if "class_weights" in options:
        found["weight"] = torch.tensor(options["class_weights"])
    if "ignored" in options:
        found["ignore_index"] = options["ignored"]
    return found


@pytest.mark.parametrize("seed", SEEDS)
def test_nll(seed):
    rng = np.random.default_rng([4, seed])
    z, labels, options, given = drawn_classes(rng)
    tlabels = torch.tensor(labels)
    compared(
        lambda z: nn.nll(z, labels, **options, **given),
        lambda z: functional.nll_loss(classes_first(z), tlabels, **theirs_of(options, given)),
        log_softmax(z),
        second=seed < 20,
        drawn=(z.shape, options, given),
    )


@pytest.mark.parametrize("seed", SEEDS)
def test_cross_entropy(seed):
    rng = np.random.default_rng([5, seed])
    z, labels, options, given = drawn_classes(rng)
    given["label_smoothing"] = float(rng.choice([0, 0, 0.1, 0.5, 1]))
    tlabels = torch.tensor(labels)
    compared(
        lambda z: tg.cross_entropy(z, labels, **options, **given),
        lambda z: functional.cross_entropy(classes_first(z), tlabels, **theirs_of(options, given)),
        z,
        second=seed < 20,
        drawn=(z.shape, options, given),
    )


@pytest.mark.parametrize("seed", SEEDS)
def test_cross_entropy_of_distributions(seed):
    rng = np.random.default_rng([6, seed])
    z, _, options, given = drawn_classes(rng)
    options.pop("ignored", None)
    given["label_smoothing"] = float(rng.choice([0, 0.1, 1]))
    y = rng.dirichlet(np.ones(z.shape[-1]), z.shape[:-1])
    compared(
        lambda z, y: tg.cross_entropy(z, y, **options, **given),
        lambda z, y: functional.cross_entropy(
            classes_first(z), classes_first(y), **theirs_of(options, given)
        ),
        z,
        y,
        second=seed < 20,
        drawn=(z.shape, options, given),
    )


@pytest.mark.parametrize(
    ("name", "module", "ours", "least"),
    [
        ("nll_loss", "NLLLoss", nn.nll, 89),
        ("cross_entropy", "CrossEntropyLoss", tg.cross_entropy, 126),
    ],
)
def test_samples_of_losses_of_classes(name, module, ours, least):
    theirs = getattr(functional, name)
    words = {"weight": "class_weights", "ignore_index": "ignored"}
    for (z, labels), options in samples_of(name, module, least):
        options = {k: v.abs() if k == "weight" else v for k, v in options.items()}
        given = {words.get(k, k): v.numpy() if k == "weight" else v for k, v in options.items()}
        x, y = classes_last(z.numpy()), labels.numpy()
        if labels.shape == z.shape:
            y = classes_last(y)
            if np.any(y < 0) or np.any(np.abs(y.sum(-1) - 1) > 1e-3):
                with pytest.raises(ValueError, match="one-hot, or distributions"):
                    ours(x, y, **given)  # PyTorch takes any numbers
                y = np.abs(y) / np.abs(y).sum(-1, keepdims=True)
            labels = classes_first(torch.tensor(y))
        elif np.all(y == given.get("ignored")) and given.get("reduction", "mean") == "mean":
            assert torch.isnan(theirs(z, labels, **options))
            with pytest.raises(ValueError, match="all labels are ignored"):
                ours(x, y, **given)
            continue
        compared(
            lambda x, y=y, given=given: ours(x, y, **given),
            lambda x, y=labels, options=options: theirs(classes_first(x), y, **options),
            x,
            second=True,
        )


@pytest.mark.parametrize("seed", SEEDS)
def test_losses_of_two_classes(seed):
    rng = np.random.default_rng([7, seed])
    shape, reduction = drawn_shape(rng), reduction_of(rng)
    z, y = 3 * rng.standard_normal(shape), rng.random(shape)
    compared(
        lambda z, y: nn.log_loss_with_logits(z, y, reduction),
        lambda z, y: functional.binary_cross_entropy_with_logits(z, y, reduction=reduction),
        z,
        y,
        second=seed < 20,
    )
    ty = torch.tensor(y)
    compared(
        lambda p: nn.log_loss(p, y, reduction),
        lambda p: functional.binary_cross_entropy(p, ty, reduction=reduction),
        rng.uniform(0.05, 0.95, shape),
        second=seed < 20,
    )


@pytest.mark.parametrize(
    ("name", "module", "ours", "least"),
    [
        ("binary_cross_entropy", "BCELoss", nn.log_loss, 17),
        ("binary_cross_entropy_with_logits", "BCEWithLogitsLoss", nn.log_loss_with_logits, 32),
    ],
)
def test_samples_of_losses_of_two_classes(name, module, ours, least):
    compared_ones = 0
    for (z, y, *rest), options in samples_of(name, module, least):
        reduction = options.get("reduction", "mean")
        if rest or options.keys() - {"reduction"}:
            continue  # with weights, which are a multiplication here
        compared_ones += 1
        y = np.clip(y.numpy(), 0, 1)
        ty = torch.tensor(y)
        compared(
            lambda z, y=y, r=reduction: ours(z, y, r),
            lambda z, y=ty, r=reduction: getattr(functional, name)(z, y, reduction=r),
            z.numpy(),
        )
    assert compared_ones > 5


class TestInitialisers:
    """Bounds, deviations and fans as torch.nn.init states them, of tensors turned our way."""

    @pytest.mark.parametrize("shape", [(5, 7), (3, 3, 4, 6), (2, 1, 8), (3, 2, 2, 5, 4)])
    def test_fans(self, shape):
        turned = np.moveaxis(np.empty(shape), (-1, -2), (0, 1))  # out, in, *size
        fan_in, fan_out = torch.nn.init._calculate_fan_in_and_fan_out(torch.tensor(turned))
        rng = np.random.default_rng
        for name, variance in {
            "lecun": 1 / fan_in,
            "he": 2 / fan_in,
            "glorot": 2 / (fan_in + fan_out),
        }.items():
            drawn = getattr(nn.init, f"{name}_normal")(rng(0), shape, dtype=float)
            expected = np.sqrt(variance) * rng(0).standard_normal(shape)
            assert np.allclose(drawn, expected, rtol=1e-14, atol=0)
            drawn = getattr(nn.init, f"{name}_uniform")(rng(0), shape, dtype=float)
            bound = np.sqrt(3 * variance)  # as torch.nn.init has it
            assert np.allclose(drawn, bound * rng(0).uniform(-1, 1, shape), rtol=1e-13, atol=1e-15)

    @pytest.mark.parametrize(
        ("name", "parameter"),
        [
            ("linear", None),
            ("sigmoid", None),
            ("tanh", None),
            ("relu", None),
            ("selu", None),
            ("leaky_relu", None),
            ("leaky_relu", 0.3),
        ],
    )
    def test_gain(self, name, parameter):
        expected = torch.nn.init.calculate_gain(name, parameter)
        assert nn.init.gain(name, parameter) == pytest.approx(expected, rel=1e-15)
