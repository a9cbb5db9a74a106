"""What is measured: for each case, the implementation that every library has, and its arrays.

An implementation is a function of (parameters, batch, options) that gives a `Task`: a step without
arguments, which is what is timed, and `arrays`, which reads its result as NumPy arrays. All
libraries start from the same arrays, and the results of their first steps must agree.

>>> case = CASES["1 two classes, batch 1"]
>>> params, batch = case.make()
>>> [array.shape for array in (*params, *batch)]
[(3, 3, 1, 1), (784, 1), (1, 28, 28, 1), (1, 1)]
"""

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any, NamedTuple

import numpy as np

Arrays = list[np.ndarray[Any, Any]]

RATE = 0.001


class Task(NamedTuple):
    """What an implementation gives."""

    step: Callable[[], Any]
    """what is timed"""
    arrays: Callable[[Any], list[Any]]
    """the result of a step → NumPy arrays, in the layout of this project"""
    forward: Callable[[], Any] | None = None
    """of our own: the forward pass alone, recorded"""


class Case(NamedTuple):
    """One thing to measure."""

    implementation: str
    make: Callable[[], tuple[Arrays, Arrays]]
    """() → (parameters, batch), the same arrays at every call"""
    options: Mapping[str, Any] = MappingProxyType({})
    tolerance: float = 1e-4
    """of the largest component: in float32 some 1,000 roundings"""
    peers: tuple[str, ...] = ()
    """libraries that have no implementation worth the name are left out"""


JITTED = "tinygrad_np, jit"
COMPILED = "torch, compiled"
EVERYONE = (
    JITTED, "torch", "torch, channels last", COMPILED, "jax", "autograd", "mygrad", "plain NumPy",
)  # fmt: skip
WITH_NETWORKS = (JITTED, "torch", "torch, channels last", COMPILED, "jax", "mygrad")
# Alone, a convolution or pooling is one call to PyTorch, with nothing in it to compile.
WITH_CONVOLUTIONS = ("torch", "torch, channels last", "jax", "mygrad")
WITH_FUNCTIONS = (JITTED, "torch", COMPILED, "jax", "autograd", "mygrad")


def _two_class(n: int) -> Case:
    """The first post's network: one 3×3 filter, relu, dense, log-loss of logits."""

    def make() -> tuple[Arrays, Arrays]:
        rng = np.random.default_rng(42)
        params = [rng.normal(0, 2 / 3, (3, 3, 1, 1)), rng.normal(0, 1 / 28, (784, 1))]
        batch = [rng.normal(size=(n, 28, 28, 1)), rng.random((n, 1)) < 0.5]
        return _single(params), _single(batch)

    return Case("two_class", make, peers=EVERYONE)


def _ten_class(size: int, channels: int, filters: int) -> Case:
    """The second post's network: conv, relu, dense, cross-entropy; a batch of 32."""

    def make() -> tuple[Arrays, Arrays]:
        rng = np.random.default_rng(42)
        inputs = filters * size**2
        params = [
            rng.normal(0, (9 * channels) ** -0.5, (3, 3, channels, filters)),
            rng.normal(0, inputs**-0.5, (inputs, 10)),
        ]
        images = rng.normal(size=(32, size, size, channels))
        return _single(params), [*_single([images]), rng.integers(0, 10, 32)]

    return Case("cnn", make, {"pooled": False}, peers=WITH_NETWORKS)


def _cnn(size: int, channels: int, filters: tuple[int, ...], k: int, n: int) -> Case:
    """A convolution, relu and 2×2 max pooling for each of `filters`, then dense."""

    def make() -> tuple[Arrays, Arrays]:
        rng = np.random.default_rng(42)
        params, taken, left = [], channels, size
        for out in filters:
            params.append(rng.normal(0, (2 / (k * k * taken)) ** 0.5, (k, k, taken, out)))
            taken, left = out, left // 2
        params.append(rng.normal(0, (taken * left**2) ** -0.5, (taken * left**2, 10)))
        images = rng.normal(size=(n, size, size, channels))
        return _single(params), [*_single([images]), rng.integers(0, 10, n)]

    return Case("cnn", make, {"pooled": True}, tolerance=1e-3, peers=WITH_NETWORKS)


def _resnet(size: int, channels: int, filters: tuple[int, ...], n: int) -> Case:
    """A stem and a block of two convolutions for each of `filters`, with batch normalisation.

    From the second block on with a stride of 2, and a 1×1 convolution as the shortcut. The
    parameters are those of each convolution, filters, scale and shift, and the last weights. Among
    a million numbers before a relu some are 0 to rounding, and each may be on another side of it in
    another library: each moves a gradient, a sum over 65,536, by some 1/√65,536 of it.
    In float64, `tests/test_torch_networks.py` has 1e-12.
    """
    strides = (1,) + (2,) * (len(filters) - 1)

    def make() -> tuple[Arrays, Arrays]:
        rng = np.random.default_rng(42)
        shapes, taken = [(3, channels, filters[0])], filters[0]
        for out, stride in zip(filters, strides, strict=True):
            shapes += [(3, taken, out), (3, out, out)] + [(1, taken, out)] * (stride > 1)
            taken = out
        params = []
        for k, a, b in shapes:
            params.append(rng.normal(0, (2 / (k * k * a)) ** 0.5, (k, k, a, b)))
            params += [1 + 0.1 * rng.normal(size=b), 0.1 * rng.normal(size=b)]
        params.append(rng.normal(0, taken**-0.5, (taken, 10)))
        images = rng.normal(size=(n, size, size, channels))
        return _single(params), [*_single([images]), rng.integers(0, 10, n)]

    peers = JITTED, "torch", "torch, channels last"
    return Case("resnet", make, {"strides": strides}, tolerance=2e-2, peers=peers)


def _lstm(time: int, inputs: int, hidden: int, n: int) -> Case:
    """An LSTM over `time` steps; its last state, dense, cross-entropy."""

    def make() -> tuple[Arrays, Arrays]:
        rng = np.random.default_rng(42)
        shapes = (inputs, 4 * hidden), (hidden, 4 * hidden), (4 * hidden,), (hidden, 10)
        params = [rng.normal(0, hidden**-0.5, shape) for shape in shapes]
        rows = rng.normal(size=(n, time, inputs))
        return _single(params), [*_single([rows]), rng.integers(0, 10, n)]

    return Case("lstm", make, tolerance=1e-3, peers=(JITTED, "torch"))


def _gpt(letters: int, time: int, width: int, blocks: int, n: int) -> Case:
    """Embeddings, blocks of causal attention in four heads and two dense layers, cross-entropy.

    The parameters: letters, positions; for each block scale and shift, query, key, value and out
    (without biases: that of the keys has the gradient 0), scale and shift, and two dense layers;
    scale and shift, and the last weights.
    """

    def make() -> tuple[Arrays, Arrays]:
        rng = np.random.default_rng(42)
        norm: list[tuple[int, ...]] = [(width,), (width,)]
        wide = [(width, 4 * width), (4 * width,), (4 * width, width), (width,)]
        block = [*norm, *[(width, width)] * 4, *norm, *wide]
        shapes = [(letters, width), (time, width), *block * blocks, *norm, (width, letters)]
        params = [rng.normal(0, shape[0] ** -0.5, shape) for shape in shapes]
        text = rng.integers(0, letters, (n, time + 1))
        return _single(params), [text[:, :-1].copy(), text[:, 1:].copy()]

    return Case("gpt", make, {"blocks": blocks}, tolerance=1e-3, peers=(JITTED, "torch"))


GEOMETRIES = (
    (64, 28, 1, 32, 5, 1), (64, 14, 32, 64, 3, 1), (64, 14, 32, 64, 5, 1), (32, 32, 3, 32, 3, 1),
    (32, 32, 64, 64, 3, 1), (32, 32, 64, 128, 3, 2), (32, 16, 128, 128, 3, 1),
    (32, 8, 256, 256, 3, 1), (64, 28, 16, 32, 3, 1),
)  # fmt: skip
"""(batch, size, in, out, filter, stride)"""


def _convolution(geometry: tuple[int, ...], backward: bool) -> Case:
    """`conv2d` alone, with "half" padding: the value, or both gradients for a given cotangent."""
    n, size, taken, out, k, stride = geometry
    return _any_convolution((n, size, size, taken), (k, k, taken, out), backward, stride)


def _any_convolution(
    images: tuple[int, ...],
    filters: tuple[int, ...],
    backward: bool,
    stride: int = 1,
    groups: int = 1,
) -> Case:
    """Over any number of axes: images (n, *sizes, in), filters (k, …, in / groups, out)."""
    n, *sizes, _ = images
    k, out = filters[0], filters[-1]
    left = [(size + 2 * (k // 2) - k) // stride + 1 for size in sizes]

    def make() -> tuple[Arrays, Arrays]:
        rng = np.random.default_rng(42)
        params = [rng.normal(size=images), rng.normal(size=filters)]
        return _single(params), _single([rng.normal(size=(n, *left, out))])

    options = {"stride": stride, "padding": k // 2}
    peers = set(WITH_CONVOLUTIONS)
    if groups > 1:
        options["groups"] = groups
        peers.discard("mygrad")
    if any((size + 2 * (k // 2) - k) % stride for size in sizes):  # MyGrad wants that to divide
        peers.discard("mygrad")
    if len(sizes) == 1:
        peers.discard("torch, channels last")  # which PyTorch has for two axes and three
    name = "convolution_and_gradients" if backward else "convolution"
    ordered = tuple(peer for peer in WITH_CONVOLUTIONS if peer in peers)
    return Case(name, make, options, peers=ordered)


OTHER_CONVOLUTIONS = {
    "conv1d (64, 512, 16, 32, 5, 1)": ((64, 512, 16), (5, 16, 32)),
    "conv3d (8, 16, 8, 16, 3, 1)": ((8, 16, 16, 16, 8), (3, 3, 3, 8, 16)),
    "depthwise (32, 32, 64, 64, 3, 1)": ((32, 32, 32, 64), (3, 3, 1, 64)),
}
"""The name, with (batch, size, in, out, filter, stride), and the shapes of images and filters."""


def _pooling(backward: bool) -> Case:
    def make() -> tuple[Arrays, Arrays]:
        rng = np.random.default_rng(42)
        images = rng.normal(size=(64, 28, 28, 32))
        return _single([images]), _single([rng.normal(size=(64, 14, 14, 32))])

    name = "pooling_and_gradient" if backward else "pooling"
    return Case(name, make, peers=WITH_CONVOLUTIONS)


def _chain(size: int, operations: int = 100) -> Case:
    """`operations` elementwise operations on `size` numbers, forward and backward, float64.

    A round of ten: multiply, add, negative, exp, sqrt, sin, tanh, add, log, subtract.
    """

    def make() -> tuple[Arrays, Arrays]:
        return [np.linspace(0.1, 1.0, size)], []

    return Case("chain", make, {"rounds": operations // 10}, 1e-9, WITH_FUNCTIONS)


def _drawn(implementation: str, variables: int, *peers: str) -> Case:
    """A function of one drawn vector."""

    def make() -> tuple[Arrays, Arrays]:
        return [np.random.default_rng(42).normal(size=variables)], []

    return Case(implementation, make, {}, 1e-9, peers)


def _mlp_jacobian() -> Case:
    """100 results by 200 inputs, through two hidden layers of 64."""

    def make() -> tuple[Arrays, Arrays]:
        rng = np.random.default_rng(42)
        weights = [0.1 * rng.normal(size=size) for size in ((200, 64), (64, 64), (64, 100))]
        return [rng.normal(size=200)], weights

    return Case("mlp_jacobian", make, {}, 1e-9, (JITTED, "torch", "jax", "autograd"))


def _logistic_hessian() -> Case:
    """The Hessian of the logistic loss of 100 rows in 20 variables."""

    def make() -> tuple[Arrays, Arrays]:
        rng = np.random.default_rng(42)
        rows, signs = rng.normal(size=(100, 20)), np.sign(rng.normal(size=100))
        return [rng.normal(size=20)], [rows, signs]

    return Case("logistic_hessian", make, {}, 1e-9, (JITTED, "torch", "jax", "autograd"))


def _gaussian_process() -> Case:
    """The likelihood of 200 points; the gradient by the logarithms of three parameters."""

    def make() -> tuple[Arrays, Arrays]:
        rng = np.random.default_rng(42)
        points = np.sort(rng.uniform(0, 10, 200))
        values = np.sin(points) + 0.3 * rng.normal(size=200)
        return [np.log([1.0, 1.5, 0.3])], [points, values, np.eye(200)]

    return Case("gaussian_process", make, {}, 1e-9, (JITTED, "torch", COMPILED, "jax", "autograd"))


def _ode_fit() -> Case:
    """Four species and their counts at 50 times; the gradient by 24 parameters.

    Every library takes the same steps, one of the classical Runge–Kutta method between two times: a
    solver that chooses its own would take others in each, and a solver's time is that of its steps.
    `torch.compile` is left out: it writes out the loop, and needs three minutes to compile it.
    """

    def make() -> tuple[Arrays, Arrays]:
        rng = np.random.default_rng(42)
        coupling = -np.eye(4) - 0.2 * rng.random((4, 4))
        params = [1 + 0.2 * rng.random(4), coupling, 0.1 + 0.2 * rng.random(4)]
        return params, [0.8 + 0.1 * rng.normal(size=(50, 4))]

    peers = tuple(peer for peer in WITH_FUNCTIONS if peer != COMPILED)
    return Case("ode_fit", make, {"step": 0.1}, 1e-9, peers)


def _single(arrays: list[Any]) -> Arrays:
    return [array.astype(np.float32) for array in arrays]


CASES = {
    "1 two classes, batch 1": _two_class(1),
    "1 two classes, batch 64": _two_class(64),
    "2 ten classes, Fashion-MNIST, 5 filters": _ten_class(28, 1, 5),
    "2 ten classes, CIFAR-10, 15 filters": _ten_class(32, 3, 15),
    "3 cnn 28×28×1, 8-16 3×3, batch 32": _cnn(28, 1, (8, 16), 3, 32),
    "3 cnn 28×28×1, 32-64 5×5, batch 64": _cnn(28, 1, (32, 64), 5, 64),
    "3 cnn 32×32×3, 32-64-128 3×3, batch 64": _cnn(32, 3, (32, 64, 128), 3, 64),
    "3 ResNet 32×32×3, 16-32-64, batch 64": _resnet(32, 3, (16, 32, 64), 64),
    "3 LSTM 28 steps, 28-128, batch 64": _lstm(28, 28, 128, 64),
    "3 GPT 64 letters, 2 blocks of 64, batch 32": _gpt(100, 64, 64, 2, 32),
    **{f"4 conv2d {geometry}, forward": _convolution(geometry, False) for geometry in GEOMETRIES},
    **{f"4 conv2d {geometry}, both ways": _convolution(geometry, True) for geometry in GEOMETRIES},
    **{
        f"4 {name}, {'both ways' if backward else 'forward'}": _any_convolution(
            images, filters, backward, groups=images[-1] if filters[-2] == 1 else 1
        )
        for backward in (False, True)
        for name, (images, filters) in OTHER_CONVOLUTIONS.items()
    },
    "4 max pooling 2×2, forward": _pooling(False),
    "4 max pooling 2×2, both ways": _pooling(True),
    "5 chain of 100, 10 elements": _chain(10),
    "5 chain of 100, 10,000 elements": _chain(10_000),
    "5 Rosenbrock, 10 variables": _drawn("rosenbrock", 10, *WITH_FUNCTIONS),
    "5 Rosenbrock, 1,000 variables": _drawn("rosenbrock", 1000, *WITH_FUNCTIONS),
    "5 Hessian of a logistic loss, 20 variables": _logistic_hessian(),
    "5 Hessian of Rosenbrock, 100 variables": _drawn(
        "rosenbrock_hessian", 100, JITTED, "torch", "jax", "autograd"
    ),
    "5 Jacobian of an MLP, 100 × 200": _mlp_jacobian(),
    "5 likelihood of a Gaussian process, 200 points": _gaussian_process(),
    "5 fit of an ODE, 50 steps, 24 parameters": _ode_fit(),
    "5 sparse Jacobian, tridiagonal, 1,000 variables": _drawn("tridiagonal_jacobian", 1000, "jax"),
    "6 chain of 1,000 nodes": _chain(10, 1_000)._replace(peers=()),
    "6 chain of 10,000 nodes": _chain(10, 10_000)._replace(peers=()),
    "6 chain of 100,000 nodes": _chain(10, 100_000)._replace(peers=()),
}
