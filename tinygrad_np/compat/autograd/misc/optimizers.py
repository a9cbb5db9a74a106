"""Three optimisers with autograd's arguments: ``grad(x, i)`` is the gradient at iteration i.

x is a tree; ``callback(x, i, gradient)`` is called before each step.
"""

from collections.abc import Callable
from typing import Any

import numpy as np

from .flatten import flatten

Step = Callable[[Any, int], Any]


def _descend(grad: Any, x0: Any, callback: Any, count: int, step: Step) -> Any:
    """x after `count` iterations, each of which takes away ``step(gradient, i)``."""
    x, back = flatten(x0)
    for i in range(count):
        gradient = grad(back(x), i)
        if callback:
            callback(back(x), i, gradient)
        x = x - step(flatten(gradient)[0], i)
    return back(x)


def sgd(
    grad: Any,
    x0: Any,
    callback: Any = None,
    num_iters: int = 200,
    step_size: float = 0.1,
    mass: float = 0.9,
) -> Any:
    """Gradient descent with momentum."""
    velocity: Any = 0.0

    def step(g: Any, i: int) -> Any:
        nonlocal velocity
        velocity = mass * velocity + (1 - mass) * g
        return step_size * velocity

    return _descend(grad, x0, callback, num_iters, step)


def rmsprop(
    grad: Any,
    x0: Any,
    callback: Any = None,
    num_iters: int = 100,
    step_size: float = 0.1,
    gamma: float = 0.9,
    eps: float = 1e-8,
) -> Any:
    """The gradient over the root of its running mean square, which starts at 1."""
    square: Any = 1.0

    def step(g: Any, i: int) -> Any:
        nonlocal square
        square = gamma * square + (1 - gamma) * g**2
        return step_size * g / (np.sqrt(square) + eps)

    return _descend(grad, x0, callback, num_iters, step)


def adam(
    grad: Any,
    x0: Any,
    callback: Any = None,
    num_iters: int = 100,
    step_size: float = 0.001,
    b1: float = 0.9,
    b2: float = 0.999,
    eps: float = 1e-8,
) -> Any:
    """Adam (Kingma and Ba, 2015)."""
    mean: Any = 0.0
    square: Any = 0.0

    def step(g: Any, i: int) -> Any:
        nonlocal mean, square
        mean, square = b1 * mean + (1 - b1) * g, b2 * square + (1 - b2) * g**2
        first, second = mean / (1 - b1 ** (i + 1)), square / (1 - b2 ** (i + 1))
        return step_size * first / (np.sqrt(second) + eps)

    return _descend(grad, x0, callback, num_iters, step)
