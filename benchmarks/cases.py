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


EVERYONE = ("torch", "torch, channels last", "jax", "autograd", "mygrad", "plain NumPy")
WITH_CONVOLUTIONS = ("torch", "torch, channels last", "jax", "mygrad")


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

    return Case("cnn", make, {"pooled": False}, peers=WITH_CONVOLUTIONS)


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

    return Case("cnn", make, {"pooled": True}, tolerance=1e-3, peers=WITH_CONVOLUTIONS)


GEOMETRIES = (
    (64, 28, 1, 32, 5, 1), (64, 14, 32, 64, 3, 1), (64, 14, 32, 64, 5, 1), (32, 32, 3, 32, 3, 1),
    (32, 32, 64, 64, 3, 1), (32, 32, 64, 128, 3, 2), (32, 16, 128, 128, 3, 1),
    (32, 8, 256, 256, 3, 1), (64, 28, 16, 32, 3, 1),
)  # fmt: skip
"""(batch, size, in, out, filter, stride)"""


def _convolution(geometry: tuple[int, ...], backward: bool) -> Case:
    """`conv2d` alone, with "half" padding: the value, or both gradients for a given cotangent."""
    n, size, taken, out, k, stride = geometry

    def make() -> tuple[Arrays, Arrays]:
        rng = np.random.default_rng(42)
        images, filters = (
            rng.normal(size=(n, size, size, taken)),
            rng.normal(size=(k, k, taken, out)),
        )
        left = (size + 2 * (k // 2) - k) // stride + 1
        return _single([images, filters]), _single([rng.normal(size=(n, left, left, out))])

    options = {"stride": stride, "padding": k // 2}
    name = "convolution_and_gradients" if backward else "convolution"
    divides = (size + 2 * (k // 2) - k) % stride == 0  # MyGrad wants that
    peers = WITH_CONVOLUTIONS if divides else WITH_CONVOLUTIONS[:-1]
    return Case(name, make, options, peers=peers)


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

    peers = ("torch", "autograd", "mygrad")
    return Case("chain", make, {"rounds": operations // 10}, 1e-9, peers)


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

    return Case("mlp_jacobian", make, {}, 1e-9, ("torch", "jax", "autograd"))


def _logistic_hessian() -> Case:
    """The Hessian of the logistic loss of 100 rows in 20 variables."""

    def make() -> tuple[Arrays, Arrays]:
        rng = np.random.default_rng(42)
        rows, signs = rng.normal(size=(100, 20)), np.sign(rng.normal(size=100))
        return [rng.normal(size=20)], [rows, signs]

    return Case("logistic_hessian", make, {}, 1e-9, ("torch", "jax", "autograd"))


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
    **{f"4 conv2d {geometry}, forward": _convolution(geometry, False) for geometry in GEOMETRIES},
    **{f"4 conv2d {geometry}, both ways": _convolution(geometry, True) for geometry in GEOMETRIES},
    "4 max pooling 2×2, forward": _pooling(False),
    "4 max pooling 2×2, both ways": _pooling(True),
    "5 chain of 100, 10 elements": _chain(10),
    "5 chain of 100, 10,000 elements": _chain(10_000),
    "5 Rosenbrock, 10 variables": _drawn("rosenbrock", 10, "torch", "jax", "autograd", "mygrad"),
    "5 Rosenbrock, 1,000 variables": _drawn(
        "rosenbrock", 1000, "torch", "jax", "autograd", "mygrad"
    ),
    "5 Hessian of a logistic loss, 20 variables": _logistic_hessian(),
    "5 Hessian of Rosenbrock, 100 variables": _drawn(
        "rosenbrock_hessian", 100, "torch", "jax", "autograd"
    ),
    "5 Jacobian of an MLP, 100 × 200": _mlp_jacobian(),
    "5 sparse Jacobian, tridiagonal, 1,000 variables": _drawn("tridiagonal_jacobian", 1000, "jax"),
    "6 chain of 1,000 nodes": _chain(10, 1_000)._replace(peers=()),
    "6 chain of 10,000 nodes": _chain(10, 10_000)._replace(peers=()),
    "6 chain of 100,000 nodes": _chain(10, 100_000)._replace(peers=()),
}
