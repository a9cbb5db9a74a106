"""Functions that several libraries differentiate: `xp` is a library's module of array functions."""

from collections.abc import Callable, Sequence
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


def gaussian_process(xp: Any, solve: Any, log_params: Any, x: Any, y: Any, identity: Any) -> Any:
    """Minus the log likelihood of noisy values at n points, but for a constant.

    `solve` is the library's way to solve a lower triangular system (Rasmussen and Williams, 2006,
    Algorithm 2.1). The parameters are a length scale, an amplitude and the noise.
    """
    length_scale, amplitude, noise = xp.exp(log_params)
    distances = (x[:, None] - x[None, :]) / length_scale
    covariance = amplitude**2 * xp.exp(-0.5 * distances**2) + noise**2 * identity
    factor = xp.linalg.cholesky(covariance)
    return 0.5 * xp.sum(solve(factor, y) ** 2) + xp.sum(xp.log(xp.diag(factor)))


def slopes(growth: Any, coupling: Any) -> Callable[[Any], Any]:
    """How fast species grow that eat and hinder one another (Lotka, 1925; Volterra, 1926)."""
    return lambda y: y * (growth + coupling @ y)


def runge_kutta(slope: Callable[[Any], Any], y: Any, step: float) -> Any:
    """A step of the classical method (Kutta, 1901)."""
    first = slope(y)
    second = slope(y + step / 2 * first)
    third = slope(y + step / 2 * second)
    fourth = slope(y + step * third)
    return y + step / 6 * (first + 2 * second + 2 * third + fourth)


def ode_fit(xp: Any, growth: Any, coupling: Any, y: Any, counts: Any, step: float) -> Any:
    """The sum of squares between the solution that begins at `y` and counts, a step apart."""
    slope, total = slopes(growth, coupling), 0.0
    for seen in counts:
        y = runge_kutta(slope, y, step)
        total = total + xp.sum((y - seen) ** 2)
    return total
