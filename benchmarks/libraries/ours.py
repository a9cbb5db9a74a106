"""The cases with tinygrad_np."""

from functools import partial
from typing import Any

import numpy as np
from scipy.sparse import diags_array

import tinygrad_np as tg

from .. import functions
from ..cases import RATE, Arrays, Task


def _training(loss: Any, params: Arrays, batch: Arrays) -> Task:
    value_and_grad = tg.value_and_grad(loss)

    def step() -> Any:
        value, grads = value_and_grad(params, *batch)
        for p, g in zip(params, grads, strict=True):
            p -= RATE * g
        return value, grads

    tensors = [tg.Tensor(p) for p in params]
    return Task(step, lambda result: [result[0], *result[1]], lambda: loss(tensors, *batch))


def two_class(params: Arrays, batch: Arrays, layout: str) -> Task:
    """The first post's network."""

    def loss(params: Any, images: Any, labels: Any) -> Any:
        filters, weights = params
        hidden = tg.relu(tg.conv2d(images, filters, padding=1))
        return tg.log_loss_with_logits(hidden.reshape(len(images), -1) @ weights, labels)

    return _training(loss, params, batch)


def cnn(params: Arrays, batch: Arrays, layout: str, pooled: bool) -> Task:
    """Convolutions, relu and pooling, then dense."""

    def loss(params: Any, images: Any, labels: Any) -> Any:
        *filters, weights = params
        x = images
        for w in filters:
            x = tg.relu(tg.conv2d(x, w, padding="same"))
            if pooled:
                x = tg.max_pool(x, 2)
        return tg.cross_entropy(tg.flatten(x) @ weights, labels)

    return _training(loss, params, batch)


def convolution(params: Arrays, batch: Arrays, layout: str, **options: Any) -> Task:
    """The value alone."""
    images, filters = params
    return Task(lambda: tg.conv2d(images, filters, **options), lambda result: [result])


def convolution_and_gradients(params: Arrays, batch: Arrays, layout: str, **options: Any) -> Task:
    """Both gradients."""
    images, filters = map(tg.Tensor, params)

    def forward() -> Any:
        return tg.conv2d(images, filters, **options)

    def step() -> Any:
        images.grad = filters.grad = None
        forward().backward(batch[0])
        return images.grad, filters.grad

    return Task(step, list, forward)


def pooling(params: Arrays, batch: Arrays, layout: str) -> Task:
    """The value alone."""
    return Task(lambda: tg.max_pool(params[0], 2), lambda result: [result])


def pooling_and_gradient(params: Arrays, batch: Arrays, layout: str) -> Task:
    """The gradient."""
    images = tg.Tensor(params[0])

    def step() -> Any:
        images.grad = None
        tg.max_pool(images, 2).backward(batch[0])
        return images.grad

    return Task(step, lambda result: [result], lambda: tg.max_pool(images, 2))


def chain(params: Arrays, batch: Arrays, layout: str, rounds: int) -> Task:
    """Ten elementwise operations a round."""

    def f(x: Any) -> Any:
        return functions.chain(np, x, rounds)

    gradient, x = tg.value_and_grad(f), tg.Tensor(params[0])
    return Task(lambda: gradient(params[0]), list, lambda: f(x))


def rosenbrock(params: Arrays, batch: Arrays, layout: str) -> Task:
    """The gradient."""
    f = partial(functions.rosenbrock, np)
    gradient, x = tg.value_and_grad(f), tg.Tensor(params[0])
    return Task(lambda: gradient(params[0]), list, lambda: f(x))


def logistic_hessian(params: Arrays, batch: Arrays, layout: str) -> Task:
    """The Hessian."""
    rows, signs = batch
    hessian = tg.hessian(lambda w: np.sum(np.logaddexp(0, -signs * (rows @ w))))
    return Task(lambda: hessian(params[0]), lambda result: [result])


def rosenbrock_hessian(params: Arrays, batch: Arrays, layout: str) -> Task:
    """The Hessian."""
    hessian = tg.hessian(partial(functions.rosenbrock, np))
    return Task(lambda: hessian(params[0]), lambda result: [result])


def mlp_jacobian(params: Arrays, batch: Arrays, layout: str) -> Task:
    """The Jacobian by the input."""
    jacobian = tg.jacobian(lambda x: functions.mlp(np, x, batch))
    return Task(lambda: jacobian(params[0]), lambda result: [result])


def tridiagonal_jacobian(params: Arrays, batch: Arrays, layout: str) -> Task:
    """The Jacobian of Broyden's function, whose pattern is known."""

    def f(x: Any) -> Any:
        return (3 - 2 * x) * x - np.append(0.0, x[:-1]) - 2 * np.append(x[1:], 0.0) + 1

    n = params[0].size
    pattern = diags_array([1.0, 1.0, 1.0], offsets=[-1, 0, 1], shape=(n, n))
    jacobian = tg.jacobian(f, sparsity=pattern)
    return Task(lambda: jacobian(params[0]), lambda result: [result.toarray()])
