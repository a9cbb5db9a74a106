"""500 random geometries against PyTorch, where it is installed: values and gradients to 1e-10.

PyTorch has channels first, filters (out, in / groups, *size), and symmetric padding only.
"""

import numpy as np
import pytest

import tinygrad_np as tg

torch = pytest.importorskip("torch", reason="PyTorch is not installed")
functional = torch.nn.functional

pytestmark = pytest.mark.torch

CONV = {
    1: (tg.conv1d, functional.conv1d),
    2: (tg.conv2d, functional.conv2d),
    3: (tg.conv3d, functional.conv3d),
}
TRANSPOSED = {
    1: (tg.conv_transpose1d, functional.conv_transpose1d),
    2: (tg.conv_transpose2d, functional.conv_transpose2d),
    3: (tg.conv_transpose3d, functional.conv_transpose3d),
}
MAX = {1: functional.max_pool1d, 2: functional.max_pool2d, 3: functional.max_pool3d}
AVERAGE = {1: functional.avg_pool1d, 2: functional.avg_pool2d, 3: functional.avg_pool3d}


def channels_first(x):
    return torch.tensor(np.moveaxis(x, -1, 1).copy(), requires_grad=True)


def filters_out_first(w):
    return torch.tensor(np.moveaxis(w, (-1, -2), (0, 1)).copy(), requires_grad=True)


def back(x):
    return np.moveaxis(x.detach().numpy(), 1, -1)


def filters_back(w):
    return np.moveaxis(w.detach().numpy(), (0, 1), (-1, -2))


def agree(found, expected, drawn):
    assert found.shape == expected.shape, drawn
    difference = np.max(np.abs(found - expected), initial=0)
    assert difference <= 1e-10 * max(1, np.max(np.abs(expected), initial=0)), drawn


def geometry(rng, axes):
    """Sizes, strides, dilations, paddings, and images in which at least one window fits."""
    size = rng.integers(1, 5 if axes < 3 else 4, axes)
    stride, dilation = rng.integers(1, 4, axes), rng.integers(1, 4, axes)
    padding = rng.integers(0, 4, axes)
    least = np.maximum(dilation * (size - 1) + 1 - 2 * padding, 1)
    spatial = least + rng.integers(0, 6 if axes < 3 else 3, axes)
    groups = int(rng.choice([1, 1, 2, 3]))
    return [tuple(x.tolist()) for x in (spatial, size, stride, dilation, padding)], groups


SEEDS = [(axes, seed) for axes in (1, 2, 3) for seed in range(56)]


@pytest.mark.parametrize(("axes", "seed"), SEEDS)
def test_convolution(axes, seed):
    rng = np.random.default_rng([1, axes, seed])
    (spatial, size, stride, dilation, padding), groups = geometry(rng, axes)
    n, taken, out = rng.integers(1, 4, 3)
    x = rng.standard_normal((n, *spatial, taken * groups))
    w, b = rng.standard_normal((*size, taken, out * groups)), rng.standard_normal(out * groups)
    options = {"stride": stride, "padding": padding, "dilation": dilation, "groups": groups}
    ours, theirs = CONV[axes]
    y, pull = tg.vjp(lambda x, w, b: ours(x, w, bias=b, **options), x, w, b)
    tx, tw, tb = channels_first(x), filters_out_first(w), torch.tensor(b, requires_grad=True)
    ty = theirs(tx, tw, tb, **options)
    agree(y, back(ty), (spatial, size, options))
    u = rng.standard_normal(y.shape)
    ty.backward(channels_first(u))
    by_x, by_w, by_b = pull(u)
    agree(by_x, back(tx.grad), (spatial, size, options))
    agree(by_w, filters_back(tw.grad), (spatial, size, options))
    agree(by_b, tb.grad.numpy(), (spatial, size, options))


@pytest.mark.parametrize(("axes", "seed"), SEEDS)
def test_transposed_convolution(axes, seed):
    rng = np.random.default_rng([2, axes, seed])
    (spatial, size, stride, dilation, padding), groups = geometry(rng, axes)
    extra = tuple([int(rng.integers(0, s)) for s in stride])
    # PyTorch needs a result, so the padding may not take all of it away
    padding = tuple(
        [
            min(p, ((n - 1) * s + d * (k - 1) + e) // 2)
            for p, n, s, d, k, e in zip(
                padding, spatial, stride, dilation, size, extra, strict=True
            )
        ]
    )
    n, taken, out = rng.integers(1, 4, 3)
    x = rng.standard_normal((n, *spatial, taken * groups))
    w = rng.standard_normal((*size, out, taken * groups))
    options = {"stride": stride, "padding": padding, "dilation": dilation, "groups": groups}
    options["output_padding"] = extra
    ours, theirs = TRANSPOSED[axes]
    y, pull = tg.vjp(lambda x, w: ours(x, w, **options), x, w)
    tx, tw = channels_first(x), filters_out_first(w)
    ty = theirs(tx, tw, **options)
    agree(y, back(ty), (spatial, size, options))
    u = rng.standard_normal(y.shape)
    ty.backward(channels_first(u))
    by_x, by_w = pull(u)
    agree(by_x, back(tx.grad), (spatial, size, options))
    agree(by_w, filters_back(tw.grad), (spatial, size, options))


@pytest.mark.parametrize(("axes", "seed"), SEEDS)
def test_pooling(axes, seed):
    rng = np.random.default_rng([3, axes, seed])
    size = tuple(rng.integers(1, 5, axes).tolist())
    stride = tuple(rng.integers(1, 5, axes).tolist())
    padding = tuple([int(rng.integers(0, k // 2 + 1)) for k in size])  # PyTorch's bound
    dilation = (1,) * axes if seed % 2 else tuple(rng.integers(1, 3, axes).tolist())
    spatial = tuple(
        [d * (k - 1) + int(rng.integers(1, 6)) for k, d in zip(size, dilation, strict=True)]
    )
    x = rng.standard_normal((2, *spatial, 3))
    options = {"stride": stride, "padding": padding, "ceil_mode": bool(rng.integers(0, 2))}
    if seed % 2:
        count = bool(rng.integers(0, 2))
        y, pull = tg.vjp(lambda x: tg.average_pool(x, size, count_padding=count, **options), x)
        tx = channels_first(x)
        ty = AVERAGE[axes](tx, size, count_include_pad=count, **options)
    else:
        y, pull = tg.vjp(lambda x: tg.max_pool(x, size, dilation=dilation, **options), x)
        tx = channels_first(x)
        ty = MAX[axes](tx, size, dilation=dilation, **options)
    agree(y, back(ty), (spatial, size, options))
    u = rng.standard_normal(y.shape)
    ty.backward(channels_first(u))
    agree(pull(u)[0], back(tx.grad), (spatial, size, options))


def test_500_geometries():
    assert 3 * len(SEEDS) >= 500


def test_a_gradient_by_complex_numbers_is_the_conjugate_of_pytorchs():
    rng = np.random.default_rng(5)
    z, w = rng.standard_normal((2, 3, 4)) + 1j * rng.standard_normal((2, 3, 4))
    phases = rng.standard_normal(4)

    def loss(m, z, phases):
        fields = m.fft.fft(z * m.exp(1j * phases)) * (w if m is np else torch.tensor(w))
        return m.sum(m.abs(fields) ** 3) + m.sum(m.real(z) * m.imag(z))

    by_z, by_phases = tg.grad(lambda *args: loss(np, *args), argnums=(0, 1))(z, phases)
    theirs = torch.tensor(z, requires_grad=True), torch.tensor(phases, requires_grad=True)
    loss(torch, *theirs).backward()
    agree(by_z, theirs[0].grad.numpy().conj(), "by complex numbers")
    agree(by_phases, theirs[1].grad.numpy(), "by real ones")
