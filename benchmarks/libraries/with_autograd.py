"""The cases with HIPS autograd, which has no convolution over batches: taps are added up."""

from functools import partial
from typing import Any

import autograd
import autograd.numpy as np
from autograd.scipy.linalg import solve_triangular

from .. import functions
from ..cases import RATE, Arrays, Task


def two_class(params: Arrays, batch: Arrays, layout: str) -> Task:
    """The first post's network."""

    def loss(params: Any, images: Any, labels: Any) -> Any:
        filters, weights = params
        framed = np.pad(images[..., 0], ((0, 0), (1, 1), (1, 1)), "constant")
        convolved = sum(
            framed[:, a : a + 28, b : b + 28] * filters[a, b, 0, 0]
            for a in range(3)
            for b in range(3)
        )
        z = np.dot(np.maximum(convolved, 0).reshape(len(images), -1), weights)
        return np.mean(np.logaddexp(0, z) - z * labels)

    value_and_grad = autograd.value_and_grad(loss)

    def step() -> Any:
        value, grads = value_and_grad(params, *batch)
        for p, g in zip(params, grads, strict=True):
            p -= RATE * g
        return value, grads

    return Task(step, lambda result: [result[0], *result[1]])


def chain(params: Arrays, batch: Arrays, layout: str, rounds: int) -> Task:
    """Ten elementwise operations a round."""

    def f(x: Any) -> Any:
        return functions.chain(np, x, rounds)

    gradient = autograd.value_and_grad(f)
    return Task(lambda: gradient(params[0]), list)


def rosenbrock(params: Arrays, batch: Arrays, layout: str) -> Task:
    """The gradient."""
    gradient = autograd.value_and_grad(partial(functions.rosenbrock, np))
    return Task(lambda: gradient(params[0]), list)


def _gradients(f: Any, params: Arrays) -> Task:
    """Of a function of several parameters."""
    gradient = autograd.value_and_grad(lambda params: f(*params))

    def arrays(result: Any) -> list[Any]:
        return [result[0], *result[1]]

    return Task(lambda: gradient(params), arrays)


def gaussian_process(params: Arrays, batch: Arrays, layout: str) -> Task:
    """The gradient by the three parameters."""
    solve = partial(solve_triangular, lower=True)
    f = partial(functions.gaussian_process, np, solve)
    return _gradients(lambda log_params: f(log_params, *batch), params)


def ode_fit(params: Arrays, batch: Arrays, layout: str, step: float) -> Task:
    """The gradient by rates, coupling and the first counts."""

    def f(growth: Any, coupling: Any, start: Any) -> Any:
        return functions.ode_fit(np, growth, coupling, start, batch[0], step)

    return _gradients(f, params)


def logistic_hessian(params: Arrays, batch: Arrays, layout: str) -> Task:
    """The Hessian."""
    rows, signs = batch
    hessian = autograd.hessian(lambda w: np.sum(np.logaddexp(0, -signs * np.dot(rows, w))))
    return Task(lambda: hessian(params[0]), lambda result: [result])


def rosenbrock_hessian(params: Arrays, batch: Arrays, layout: str) -> Task:
    """The Hessian."""
    hessian = autograd.hessian(partial(functions.rosenbrock, np))
    return Task(lambda: hessian(params[0]), lambda result: [result])


def mlp_jacobian(params: Arrays, batch: Arrays, layout: str) -> Task:
    """The Jacobian by the input."""

    def f(x: Any) -> Any:
        for weights in batch:
            x = np.tanh(np.dot(x, weights))  # which is faster here than @
        return x

    jacobian = autograd.jacobian(f)
    return Task(lambda: jacobian(params[0]), lambda result: [result])
