"""Normalisations against PyTorch's, over drawn shapes and its sample inputs.

PyTorch has channels first. What we refuse by name, a negative epsilon or momentum, is left out.
"""

import numpy as np
import pytest

import tinygrad_np as tg

torch = pytest.importorskip("torch", reason="PyTorch is not installed")
from torch_agreement import agree, compare, samples  # noqa: E402

functional = torch.nn.functional

pytestmark = pytest.mark.torch


def first(x):
    return x.movedim(-1, 1)


def last(x):
    return x.movedim(1, -1)


def drawn(seed, axes=None):
    """x (n, *spatial, c), at least two numbers a channel of an image; which of scale and shift."""
    rng = np.random.default_rng(seed)
    axes = int(rng.integers(1, 4)) if axes is None else axes
    n, c = int(rng.integers(1, 5)), int(rng.choice([1, 2, 4, 6]))
    spatial = rng.integers(2, [70, 9, 5][axes - 1], axes).tolist()
    x = rng.standard_normal((n, *spatial, c)) * rng.choice([0.1, 1.0, 10.0]) + rng.normal()
    affine = [rng.standard_normal(c) for _ in range(2)]
    return rng, x, affine, seed % 4, float(rng.choice([1e-5, 1e-3, 0.5]))


def with_affine(ours, theirs, affine, which):
    """Both functions with those of scale and shift that are given, and their values.

    Beside a shift alone PyTorch gets a scale of ones: without, its backward raises.
    """
    has_scale, has_shift = which & 1, which & 2
    values = [value for value, has in zip(affine, (has_scale, has_shift), strict=True) if has]

    def read(rest):
        rest = list(rest)
        return [rest.pop(0) if has else None for has in (has_scale, has_shift)]

    def filled(found):
        scale, shift = found
        ones = torch.ones_like(shift) if scale is None and shift is not None else scale
        return ones, shift

    return (
        lambda x, *rest: ours(x, *read(rest)),
        lambda x, *rest: theirs(x, *filled(read(rest))),
        values,
    )


@pytest.mark.parametrize("seed", range(200))
def test_batch_norm(seed):
    rng, x, affine, which, epsilon = drawn(seed)
    c = x.shape[-1]
    momentum = float(rng.choice([0.1, 0.9, 0.0, 1.0]))
    before = {"mean": rng.standard_normal(c), "var": rng.random(c)}
    training = seed % 5 != 0
    running = [torch.tensor(before[name].copy()) for name in ("mean", "var")]
    given = {"training": training, "momentum": momentum}
    ours, theirs, values = with_affine(
        lambda x, s, b: tg.nn.batch_norm(x, before, s, b, epsilon=epsilon, **given)[0],
        lambda x, s, b: last(
            functional.batch_norm(
                first(x), *[r.clone() for r in running], s, b, eps=epsilon, **given
            )
        ),
        affine,
        which,
    )
    compare(ours, theirs, x, *values, what=(x.shape, which, given), second_order=seed < 10)
    after = tg.nn.batch_norm(x, before, epsilon=epsilon, **given)[1]
    functional.batch_norm(first(torch.tensor(x)), *running, eps=epsilon, **given)
    agree(after["mean"], running[0], x.shape)
    agree(after["var"], running[1], x.shape)


def test_the_first_state_is_that_of_pytorchs_module():
    x = np.random.default_rng(0).standard_normal((5, 3, 2))
    module = torch.nn.BatchNorm1d(2, dtype=torch.float64)
    state = None
    for _ in range(3):
        y, state = tg.nn.batch_norm(x, state, training=True)
        agree(y, last(module(first(torch.tensor(x)))), "y")
    agree(state["mean"], module.running_mean, "mean")
    agree(state["var"], module.running_var, "var")
    agree(
        tg.nn.batch_norm(x, state, training=False)[0],
        last(module.eval()(first(torch.tensor(x)))),
        "evaluation",
    )


@pytest.mark.parametrize("seed", range(200))
def test_layer_norm(seed):
    rng, x, _, which, epsilon = drawn(seed)
    axes = int(rng.integers(1, x.ndim + 1))
    shape = x.shape[-axes:]
    axis = -1 if axes == 1 and seed % 2 else tuple(range(-axes, 0))
    ours, theirs, values = with_affine(
        lambda x, s, b: tg.nn.layer_norm(x, s, b, axis=axis, epsilon=epsilon),
        lambda x, s, b: functional.layer_norm(x, shape, s, b, epsilon),
        [rng.standard_normal(shape) for _ in range(2)],
        which,
    )
    compare(ours, theirs, x, *values, what=(x.shape, axis, which), second_order=seed < 10)


@pytest.mark.parametrize("seed", range(200))
def test_group_norm(seed):
    rng, x, affine, which, epsilon = drawn(seed)
    c = x.shape[-1]
    groups = int(rng.choice([g for g in (1, 2, 3, 6) if c % g == 0]))
    ours, theirs, values = with_affine(
        lambda x, s, b: tg.nn.group_norm(x, groups, s, b, epsilon=epsilon),
        lambda x, s, b: last(functional.group_norm(first(x), groups, s, b, epsilon)),
        affine,
        which,
    )
    compare(ours, theirs, x, *values, what=(x.shape, groups, which), second_order=seed < 10)


@pytest.mark.parametrize("seed", range(200))
def test_instance_norm(seed):
    rng, x, affine, which, epsilon = drawn(seed)
    if len(x) == 1:  # PyTorch's gradient is wrong for a cotangent that is not contiguous
        x = np.concatenate([x, x + rng.standard_normal(x.shape)])
    ours, theirs, values = with_affine(
        lambda x, s, b: tg.nn.instance_norm(x, s, b, epsilon=epsilon),
        lambda x, s, b: last(functional.instance_norm(first(x), weight=s, bias=b, eps=epsilon)),
        affine,
        which,
    )
    compare(ours, theirs, x, *values, what=(x.shape, which), second_order=seed < 10)


@pytest.mark.parametrize("seed", range(200))
def test_rms_norm(seed):
    rng, x, _, which, epsilon = drawn(seed)
    axes = int(rng.integers(1, x.ndim + 1))
    shape, axis = x.shape[-axes:], tuple(range(-axes, 0))
    epsilon = None if seed % 3 == 0 else epsilon
    ours, theirs, values = with_affine(
        lambda x, s, b: tg.nn.rms_norm(x, s, axis=axis, epsilon=epsilon),
        lambda x, s, b: functional.rms_norm(x, shape, s, epsilon),
        [rng.standard_normal(shape), None],
        which & 1,
    )
    compare(ours, theirs, x, *values, what=(x.shape, axis, which), second_order=seed < 10)


# PyTorch's own samples


def judged(found, ours, theirs, least):
    """Compare those samples that `ours` and `theirs` make functions of, and count them."""
    count = 0
    for x, args, options in found:
        made = ours(x, *args, **options)
        if made is None:
            continue
        f, arrays = made
        compare(f, theirs(x, *args, **options), *arrays, what=(x.shape, args, options))
        count += 1
    assert count >= least


def channels_last(x):
    return np.moveaxis(x, 1, -1).copy()


@pytest.mark.parametrize("variant", ["", "without_cudnn"])
def test_samples_of_batch_norm(variant):
    def ours(x, mean, var, w=None, b=None, training=False, momentum=0.1, eps=1e-5):
        if momentum < 0 or x.ndim < 2:
            return None
        state = None if mean is None else {"mean": mean, "var": var}
        options = {"training": training, "momentum": momentum, "epsilon": eps}
        arrays = [channels_last(x), *[v for v in (w, b) if v is not None]]
        return lambda x, *affine: tg.nn.batch_norm(x, state, *affine, **options)[0], arrays

    def theirs(x, mean, var, w=None, b=None, **options):
        state = [None if v is None else torch.tensor(v.copy()) for v in (mean, var)]
        return lambda x, *affine: last(functional.batch_norm(first(x), *state, *affine, **options))

    judged(samples("nn.functional.batch_norm", variant), ours, theirs, 7)


@pytest.mark.parametrize("name", ["layer_norm", "rms_norm"])
def test_samples_by_rows(name):
    def ours(x, shape, *affine, eps=None):
        if eps is not None and eps < 0:
            return None
        f, options = getattr(tg.nn, name), {"axis": tuple(range(-len(shape), 0))}
        options |= {} if eps is None else {"epsilon": eps}
        return lambda *arrays: f(*arrays, **options), [x, *affine]

    def theirs(x, shape, *affine, **options):
        f = getattr(functional, name)
        return lambda x, *affine: f(x, shape, *affine, **options)

    judged(samples(f"nn.functional.{name}"), ours, theirs, 5)


def test_samples_of_group_norm():
    def ours(x, groups, weight=None, bias=None, eps=1e-5):
        if eps < 0:
            return None
        arrays = [channels_last(x), *[v for v in (weight, bias) if v is not None]]
        return lambda x, *affine: tg.nn.group_norm(x, groups, *affine, epsilon=eps), arrays

    def theirs(x, groups, weight=None, bias=None, eps=1e-5):
        return lambda x, w=None, b=None: last(functional.group_norm(first(x), groups, w, b, eps))

    judged(samples("nn.functional.group_norm"), ours, theirs, 15)


def test_samples_of_instance_norm():
    def ours(x, weight=None, bias=None, eps=1e-5, **running):
        arrays = [channels_last(x), *[v for v in (weight, bias) if v is not None]]
        return lambda x, *affine: tg.nn.instance_norm(x, *affine, epsilon=eps), arrays

    def theirs(x, weight=None, bias=None, eps=1e-5, **running):
        return lambda x, w=None, b=None: last(
            functional.instance_norm(first(x), weight=w, bias=b, eps=eps)
        )

    judged(samples("nn.functional.instance_norm"), ours, theirs, 9)
