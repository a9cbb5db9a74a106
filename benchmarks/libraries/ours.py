"""The cases with tinygrad_np; with "jit" in place of a layout, a step is traced and replayed.

A step of training is then traced as a whole, with its update, which gives new parameters.
"""

from functools import partial
from typing import Any

import numpy as np
from scipy.sparse import diags_array

import tinygrad_np as tg
from tinygrad_np.scipy.linalg import solve_triangular

from .. import functions
from ..cases import RATE, Arrays, Task


def _training(loss: Any, params: Arrays, batch: Arrays, layout: str) -> Task:
    value_and_grad = tg.value_and_grad(loss)

    def step() -> Any:
        value, grads = value_and_grad(params, *batch)
        for p, g in zip(params, grads, strict=True):
            p -= RATE * g
        return value, grads

    tensors = [tg.Tensor(p) for p in params]
    eager = Task(step, lambda result: [result[0], *result[1]], lambda: loss(tensors, *batch))
    return _replayed_training(value_and_grad, params, batch) if layout == "jit" else eager


def _replayed_training(value_and_grad: Any, params: Arrays, batch: Arrays) -> Task:
    @tg.jit
    def update(params: Any, *batch: Any) -> Any:
        value, grads = value_and_grad(params, *batch)
        return value, grads, [p - RATE * g for p, g in zip(params, grads, strict=True)]

    state = [params]

    def step() -> Any:
        value, grads, state[0] = update(state[0], *batch)
        return value, grads

    return Task(step, lambda result: [result[0], *result[1]])


def _called(f: Any, layout: str, *args: Any, forward: Any = None) -> Task:
    """``f(*args)``, whose result is an array or a list of them."""
    if layout == "jit":
        f, forward = tg.jit(f), None
    return Task(lambda: f(*args), tg.tree.leaves, forward)


def two_class(params: Arrays, batch: Arrays, layout: str) -> Task:
    """The first post's network."""

    def loss(params: Any, images: Any, labels: Any) -> Any:
        filters, weights = params
        hidden = tg.relu(tg.conv2d(images, filters, padding=1))
        return tg.log_loss_with_logits(hidden.reshape(len(images), -1) @ weights, labels)

    return _training(loss, params, batch, layout)


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

    return _training(loss, params, batch, layout)


def resnet(params: Arrays, batch: Arrays, layout: str, strides: tuple[int, ...]) -> Task:
    """Blocks of two convolutions beside a shortcut, each normalised by the batch."""

    def loss(params: Any, images: Any, labels: Any) -> Any:
        left = iter(params)

        def convolved(x: Any, stride: int = 1) -> Any:
            filters, scale, shift = [next(left) for _ in range(3)]
            y = tg.conv2d(x, filters, stride, filters.shape[0] // 2)
            return tg.nn.batch_norm(y, None, scale, shift, training=True)[0]

        x = tg.relu(convolved(images))
        for stride in strides:
            y = convolved(tg.relu(convolved(x, stride)))
            x = tg.relu(y + (x if stride == 1 else convolved(x, stride)))
        return tg.cross_entropy(tg.nn.global_average_pool(x) @ next(left), labels)

    return _training(loss, params, batch, layout)


def lstm(params: Arrays, batch: Arrays, layout: str) -> Task:
    """The last state of an LSTM, then dense."""

    def loss(params: Any, rows: Any, labels: Any) -> Any:
        *of_lstm, weights = params
        _, (h, _) = tg.nn.lstm(rows, *of_lstm)
        return tg.cross_entropy(h @ weights, labels)

    return _training(loss, params, batch, layout)


def gpt(params: Arrays, batch: Arrays, layout: str, blocks: int) -> Task:
    """A decoder-only transformer."""

    def loss(params: Any, letters: Any, following: Any) -> Any:
        left = iter(params)

        def norm(x: Any) -> Any:
            return tg.nn.layer_norm(x, next(left), next(left))

        def dense() -> dict[str, Any]:
            return {"weights": next(left), "bias": next(left)}

        x = tg.nn.embedding(letters, next(left)) + next(left)
        for _ in range(blocks):
            y = norm(x)
            names = "query", "key", "value", "out"
            parts: Any = {name: {"weights": next(left)} for name in names}
            x = x + tg.nn.multi_head_attention(y, heads=4, causal=True, **parts)
            x = x + tg.dense(tg.nn.gelu(tg.dense(norm(x), **dense())), **dense())
        return tg.cross_entropy(norm(x) @ next(left), following)

    return _training(loss, params, batch, layout)


_CONVOLUTIONS: dict[int, Any] = {3: tg.conv1d, 4: tg.conv2d, 5: tg.conv3d}
"""By the number of the images' axes."""


def convolution(params: Arrays, batch: Arrays, layout: str, **options: Any) -> Task:
    """The value alone."""
    images, filters = params
    convolved = _CONVOLUTIONS[images.ndim]
    return Task(lambda: convolved(images, filters, **options), lambda result: [result])


def convolution_and_gradients(params: Arrays, batch: Arrays, layout: str, **options: Any) -> Task:
    """Both gradients."""
    images, filters = map(tg.Tensor, params)
    convolved = _CONVOLUTIONS[images.ndim]

    def forward() -> Any:
        return convolved(images, filters, **options)

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


def _value_and_grad(f: Any, params: Arrays, layout: str, *batch: Any) -> Task:
    """Of a function of the parameters, each an argument; `batch` follows, without a gradient."""
    gradient = tg.value_and_grad(f, tuple(range(len(params))) if len(params) > 1 else 0)
    tensors = [tg.Tensor(p) for p in params]
    return _called(gradient, layout, *params, *batch, forward=lambda: f(*tensors, *batch))


def chain(params: Arrays, batch: Arrays, layout: str, rounds: int) -> Task:
    """Ten elementwise operations a round."""
    return _value_and_grad(lambda x: functions.chain(np, x, rounds), params, layout)


def rosenbrock(params: Arrays, batch: Arrays, layout: str) -> Task:
    """The gradient."""
    return _value_and_grad(partial(functions.rosenbrock, np), params, layout)


def gaussian_process(params: Arrays, batch: Arrays, layout: str) -> Task:
    """The gradient by the three parameters."""
    solve = partial(solve_triangular, lower=True)
    f = partial(functions.gaussian_process, np, solve)
    return _value_and_grad(f, params, layout, *batch)


def ode_fit(params: Arrays, batch: Arrays, layout: str, step: float) -> Task:
    """The gradient by rates, coupling and the first counts."""

    def f(growth: Any, coupling: Any, start: Any, counts: Any) -> Any:
        return functions.ode_fit(np, growth, coupling, start, counts, step)

    return _value_and_grad(f, params, layout, *batch)


def logistic_hessian(params: Arrays, batch: Arrays, layout: str) -> Task:
    """The Hessian."""
    hessian = tg.hessian(lambda w, rows, signs: np.sum(np.logaddexp(0, -signs * (rows @ w))))
    return _called(hessian, layout, *params, *batch)


def rosenbrock_hessian(params: Arrays, batch: Arrays, layout: str) -> Task:
    """The Hessian."""
    return _called(tg.hessian(partial(functions.rosenbrock, np)), layout, *params)


def mlp_jacobian(params: Arrays, batch: Arrays, layout: str) -> Task:
    """The Jacobian by the input."""
    jacobian = tg.jacobian(lambda x, *layers: functions.mlp(np, x, layers))
    return _called(jacobian, layout, *params, *batch)


def tridiagonal_jacobian(params: Arrays, batch: Arrays, layout: str) -> Task:
    """The Jacobian of Broyden's function, whose pattern is known."""

    def f(x: Any) -> Any:
        return (3 - 2 * x) * x - np.append(0.0, x[:-1]) - 2 * np.append(x[1:], 0.0) + 1

    n = params[0].size
    pattern = diags_array([1.0, 1.0, 1.0], offsets=[-1, 0, 1], shape=(n, n))
    jacobian = tg.jacobian(f, sparsity=pattern)
    return Task(lambda: jacobian(params[0]), lambda result: [result.toarray()])
