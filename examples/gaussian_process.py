"""A Gaussian process learns its own scales: plain NumPy and SciPy, and one line for the gradient.

The log marginal likelihood of a Gaussian process is written as Rasmussen and Williams (2006,
Algorithm 2.1) have it, with `np.linalg.cholesky` and `np.linalg.solve`. `value_and_grad` of it is
what `scipy.optimize.minimize` wants. Differences of the plain function say whether it is right.

    python examples/gaussian_process.py
    python examples/gaussian_process.py --seed 3 --points 60 --steps 5
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from commandline import conclude, parser_of, positive, prepare_output
from scipy.optimize import minimize

import tinygrad_np as tg

NAMES = ("length scale", "amplitude", "noise")
TRUTH = np.array([1.0, 1.5, 0.3])
"""What the data are drawn with."""

START = np.log([3.0, 0.5, 1.0])
BOUNDS = (-5.0, 5.0)
"""Of the logarithms: between them, the covariance of up to a thousand points can be factorised."""

TOLERANCE = 1e-8
"""Of the largest component. Five-point differences with h = 1e-3 are off by some h⁴ = 1e-12, and by
the rounding of the likelihood over h: 1e-13 times the condition of the covariance, a thousand."""


# The model: NumPy, and nothing else


def covariance(a: Any, b: Any, length_scale: Any, amplitude: Any) -> Any:
    """Squared exponential, of points (n,) and (m,): (n, m)."""
    return amplitude**2 * np.exp(-0.5 * ((a[:, None] - b[None, :]) / length_scale) ** 2)


def log_marginal_likelihood(log_params: Any, x: Any, y: Any) -> Any:
    """log p(y | x) of n noisy values at n points, by the logarithms of the three parameters."""
    length_scale, amplitude, noise = np.exp(log_params)
    n = len(x)
    factor = np.linalg.cholesky(covariance(x, x, length_scale, amplitude) + noise**2 * np.eye(n))
    alpha = np.linalg.solve(factor.T, np.linalg.solve(factor, y))
    return -0.5 * y @ alpha - np.sum(np.log(np.diag(factor))) - 0.5 * n * np.log(2 * np.pi)


def predict(log_params: Any, x: Any, y: Any, new: Any) -> tuple[Any, Any]:
    """Mean and standard deviation of the function at new points, given the data."""
    length_scale, amplitude, noise = np.exp(log_params)
    observed = covariance(x, x, length_scale, amplitude) + noise**2 * np.eye(len(x))
    across = covariance(x, new, length_scale, amplitude)
    weights = np.linalg.solve(observed, across)
    variance = amplitude**2 - np.sum(across * weights, axis=0)
    return y @ weights, np.sqrt(np.maximum(variance, 0))


# Data


class Data(NamedTuple):
    """Points with noisy values of a function, and the function itself on a grid."""

    x: np.ndarray
    y: np.ndarray
    grid: np.ndarray
    function: np.ndarray


def draw_data(points: int, number: int) -> Data:
    """A function from the process itself, seen at random points of [0, 10]."""
    rng = np.random.default_rng(number)
    x = np.sort(rng.uniform(0, 10, points))
    grid = np.linspace(-1, 11, 241)
    everywhere = np.concatenate([x, grid])
    length_scale, amplitude, noise = TRUTH
    exact = covariance(everywhere, everywhere, length_scale, amplitude)
    # Rounding would make the matrix singular, so much are neighbours alike: some noise, 1e-5.
    function = np.linalg.cholesky(exact + 1e-10 * np.eye(len(exact))) @ rng.normal(size=len(exact))
    return Data(x, function[:points] + noise * rng.normal(size=points), grid, function[points:])


# Learning


def fit(data: Data, steps: int) -> tuple[np.ndarray, str]:
    """The parameters' logarithms after at most `steps` steps, and SciPy's word on why it ended."""

    def loss(log_params: Any) -> Any:
        return -log_marginal_likelihood(log_params, data.x, data.y)

    number = 0

    def show(xk: np.ndarray) -> None:  # SciPy looks at the name
        nonlocal number
        print_step(number, xk, -float(loss(xk)))
        number += 1

    print(f"step  log likelihood{''.join(f'{name:>14}' for name in NAMES)}")
    show(START)
    found = minimize(
        tg.value_and_grad(loss),
        START,
        jac=True,
        method="L-BFGS-B",
        bounds=[BOUNDS] * len(NAMES),
        callback=show,
        options={"maxiter": steps},
    )
    return found.x, found.message


def print_step(number: int, log_params: np.ndarray, value: float) -> None:
    """A line of the table."""
    print(f"{number:<6}{value:>14.4f}{''.join(f'{p:>14.4f}' for p in np.exp(log_params))}")


def differences(log_params: np.ndarray, data: Data, h: float = 1e-3) -> np.ndarray:
    """The gradient of the plain function by five-point differences."""

    def along(i: int, t: float) -> Any:
        return log_marginal_likelihood(log_params + t * np.eye(len(NAMES))[i], data.x, data.y)

    return np.array(
        [
            (along(i, -2 * h) - 8 * along(i, -h) + 8 * along(i, h) - along(i, 2 * h)) / (12 * h)
            for i in range(len(NAMES))
        ]
    )


def compare(log_params: np.ndarray, data: Data) -> bool:
    """Print the gradient and that of differences; whether they agree."""
    found = tg.grad(log_marginal_likelihood)(log_params, data.x, data.y)
    expected = differences(log_params, data)
    print(f"{'by the log of':<16}{'reverse mode':>18}{'differences':>18}{'relative error':>18}")
    largest = np.max(np.abs(expected))
    for name, a, b in zip(NAMES, found, expected, strict=True):
        print(f"{name:<16}{a:>18.10f}{b:>18.10f}{abs(a - b) / largest:>18.1e}")
    return bool(np.max(np.abs(found - expected)) <= TOLERANCE * largest)


def draw(data: Data, fitted: np.ndarray, path: Path) -> Path:
    """The data, the function, and what the process makes of them before and after learning."""
    figure = tg.viz.figure(8, 3.8)
    figure.suptitle("A Gaussian process before and after it learned its parameters")
    axes = figure.subplots(1, 2, sharey=True)
    for ax, log_params, when in zip(axes, (START, fitted), ("before", "after"), strict=True):
        mean, deviation = predict(log_params, data.x, data.y, data.grid)
        values = ", ".join(f"{n} {v:.2f}" for n, v in zip(NAMES, np.exp(log_params), strict=True))
        ax.set_title(f"{when}: {values}", fontsize=9)
        low, high = mean - 2 * deviation, mean + 2 * deviation
        ax.fill_between(data.grid, low, high, alpha=0.2, linewidth=0, label="± 2 std. deviations")
        ax.plot(data.grid, mean, label="mean")
        ax.plot(data.grid, data.function, "k--", linewidth=1, label="the function")
        ax.plot(data.x, data.y, "k.", markersize=4, label="the data")
        ax.set_xlabel("x")
    axes[0].set_ylabel("y")
    figure.legend(*axes[0].get_legend_handles_labels(), loc="outside lower center", ncols=4)
    return tg.viz.save(figure, path)


# The command


def parse(arguments: list[str] | None = None) -> argparse.Namespace:
    """The options."""
    parser = parser_of("Fit a Gaussian process by the gradient of its log marginal likelihood.")
    add = parser.add_argument
    add("--points", type=positive(int), default=40, help="how many data; the work is their cube")
    add("--steps", type=positive(int), default=50, help="of L-BFGS-B, at most")
    options = parser.parse_args(arguments)
    if options.points > MOST:
        parser.error(f"--points: at most {MOST:,}, since the matrices have their square")
    return options


MOST = 1_000


def main(arguments: list[str] | None = None) -> int:
    """Run it all; the exit status is 1 if gradient and differences disagree."""
    prepare_output()
    options = parse(arguments)
    data = draw_data(options.points, options.seed)
    print(f"{options.points:,} points of a function with noise, drawn with these parameters:")
    print(", ".join(f"{name} {value}" for name, value in zip(NAMES, TRUTH, strict=True)) + "\n")
    fitted, why = fit(data, options.steps)
    print(f"The search ended: {why}\n")

    print("The gradient at the start, against differences of the plain function:")
    is_right = compare(START, data)
    return conclude(is_right, lambda: draw(data, fitted, options.out / "gaussian_process.png"))


if __name__ == "__main__":
    sys.exit(main())
