"""Functions that several libraries differentiate: `xp` is a library's module of array functions."""

from collections.abc import Sequence
from typing import Any


def chain(xp: Any, x: Any, rounds: int) -> Any:
    """Ten elementwise operations a round."""
    for _ in range(rounds):
        x = xp.sqrt(xp.exp(-(x * 1.01 + 0.1)))
        x = xp.log(xp.tanh(xp.sin(x)) + 1.5) - 0.05
    return xp.sum(x)


def rosenbrock(xp: Any, x: Any) -> Any:
    """Of any number of unknowns."""
    return xp.sum(100 * (x[1:] - x[:-1] ** 2) ** 2 + (1 - x[:-1]) ** 2)


def mlp(xp: Any, x: Any, layers: Sequence[Any]) -> Any:
    """Dense layers without biases, each with tanh."""
    for weights in layers:
        x = xp.tanh(x @ weights)
    return x
