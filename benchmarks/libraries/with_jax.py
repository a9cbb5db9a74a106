"""The cases with JAX, every step jitted as a whole."""

from functools import partial
from typing import Any

import jax
import numpy as np
from jax import lax, nn
from jax import numpy as jnp
from jax.scipy.linalg import solve_triangular

from .. import functions
from ..cases import RATE, Arrays, Task

jax.config.update("jax_enable_x64", True)


def _conv(x: Any, w: Any, stride: int = 1, padding: Any = "SAME", groups: int = 1) -> Any:
    axes = x.ndim - 2
    if isinstance(padding, int):
        padding = [(padding, padding)] * axes
    sizes = "DHW"[-axes:] if axes > 1 else "W"
    layout = (f"N{sizes}C", f"{sizes}IO", f"N{sizes}C")
    return lax.conv_general_dilated(
        x, w, (stride,) * axes, padding, dimension_numbers=layout, feature_group_count=groups
    )


def _max_pool(x: Any) -> Any:
    return lax.reduce_window(x, -jnp.inf, lax.max, (1, 2, 2, 1), (1, 2, 2, 1), "VALID")


def _training(loss: Any, params: Arrays, batch: Arrays) -> Task:
    def update(params: Any, *batch: Any) -> Any:
        value, grads = jax.value_and_grad(loss)(params, *batch)
        return value, grads, [p - RATE * g for p, g in zip(params, grads, strict=True)]

    compiled = jax.jit(update)
    state = [list(map(jnp.asarray, params))]
    given = list(map(jnp.asarray, batch))

    def step() -> Any:
        value, grads, state[0] = jax.block_until_ready(compiled(state[0], *given))
        return value, grads

    return Task(step, lambda result: [np.asarray(x) for x in (result[0], *result[1])])


def two_class(params: Arrays, batch: Arrays, layout: str) -> Task:
    """The first post's network."""

    def loss(params: Any, images: Any, labels: Any) -> Any:
        filters, weights = params
        hidden = nn.relu(_conv(images, filters))
        z = hidden.reshape(len(images), -1) @ weights
        return jnp.mean(jnp.logaddexp(0, z) - z * labels)

    return _training(loss, params, batch)


def cnn(params: Arrays, batch: Arrays, layout: str, pooled: bool) -> Task:
    """Convolutions, relu and pooling, then dense."""

    def loss(params: Any, images: Any, labels: Any) -> Any:
        *filters, weights = params
        x = images
        for w in filters:
            x = nn.relu(_conv(x, w))
            if pooled:
                x = _max_pool(x)
        z = nn.log_softmax(x.reshape(len(x), -1) @ weights)
        return -jnp.mean(jnp.take_along_axis(z, labels[:, None], 1))

    return _training(loss, params, batch)


def _jitted(f: Any, *arrays: Any) -> Task:
    compiled = jax.jit(f)
    given = list(map(jnp.asarray, arrays))

    def step() -> Any:
        return jax.block_until_ready(compiled(*given))

    return Task(step, lambda result: [np.asarray(x) for x in jax.tree.leaves(result)])


def convolution(params: Arrays, batch: Arrays, layout: str, **options: Any) -> Task:
    """The value alone."""
    return _jitted(lambda x, w: _conv(x, w, **options), *params)


def convolution_and_gradients(params: Arrays, batch: Arrays, layout: str, **options: Any) -> Task:
    """Both gradients."""

    def f(x: Any, w: Any, g: Any) -> Any:
        return jax.vjp(lambda x, w: _conv(x, w, **options), x, w)[1](g)

    return _jitted(f, *params, *batch)


def pooling(params: Arrays, batch: Arrays, layout: str) -> Task:
    """The value alone."""
    return _jitted(_max_pool, *params)


def pooling_and_gradient(params: Arrays, batch: Arrays, layout: str) -> Task:
    """The gradient."""
    return _jitted(lambda x, g: jax.vjp(_max_pool, x)[1](g), *params, *batch)


def chain(params: Arrays, batch: Arrays, layout: str, rounds: int) -> Task:
    """Ten elementwise operations a round."""
    return _jitted(jax.value_and_grad(lambda x: functions.chain(jnp, x, rounds)), *params)


def gaussian_process(params: Arrays, batch: Arrays, layout: str) -> Task:
    """The gradient by the three parameters."""
    solve = partial(solve_triangular, lower=True)
    f = partial(functions.gaussian_process, jnp, solve)
    return _jitted(jax.value_and_grad(f), *params, *batch)


def ode_fit(params: Arrays, batch: Arrays, layout: str, step: float) -> Task:
    """The gradient by rates, coupling and the first counts; the loop is JAX's own."""

    def f(growth: Any, coupling: Any, start: Any, counts: Any) -> Any:
        slope = functions.slopes(growth, coupling)

        def body(y: Any, seen: Any) -> Any:
            y = functions.runge_kutta(slope, y, step)
            return y, jnp.sum((y - seen) ** 2)

        return jnp.sum(lax.scan(body, start, counts)[1])

    return _jitted(jax.value_and_grad(f, (0, 1, 2)), *params, *batch)


def rosenbrock(params: Arrays, batch: Arrays, layout: str) -> Task:
    """The gradient."""
    return _jitted(jax.value_and_grad(partial(functions.rosenbrock, jnp)), *params)


def logistic_hessian(params: Arrays, batch: Arrays, layout: str) -> Task:
    """The Hessian."""
    rows, signs = map(jnp.asarray, batch)
    return _jitted(jax.hessian(lambda w: jnp.sum(jnp.logaddexp(0, -signs * (rows @ w)))), *params)


def rosenbrock_hessian(params: Arrays, batch: Arrays, layout: str) -> Task:
    """The Hessian."""
    return _jitted(jax.hessian(partial(functions.rosenbrock, jnp)), *params)


def mlp_jacobian(params: Arrays, batch: Arrays, layout: str) -> Task:
    """The Jacobian by the input."""
    f = jax.jacrev(lambda x, *layers: functions.mlp(jnp, x, layers))
    return _jitted(f, *params, *batch)


def tridiagonal_jacobian(params: Arrays, batch: Arrays, layout: str) -> Task:
    """The Jacobian of Broyden's function, which is dense here."""

    def f(x: Any) -> Any:
        zero = jnp.zeros(1)
        before, after = jnp.append(zero, x[:-1]), jnp.append(x[1:], zero)
        return (3 - 2 * x) * x - before - 2 * after + 1

    return _jitted(jax.jacfwd(f), *params)
