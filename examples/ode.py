"""The rates of a differential equation from noisy data, by the gradient through its solver.

Predators and prey follow the equations of Lotka and Volterra (1925, 1926), and are counted now and
then. The six parameters that fit best are found by `scipy.optimize.minimize`; the gradient of the
misfit goes through `solve_ivp`, whose steps are differentiated, and its Hessian tells how well the
parameters are known. `check_function` says whether the derivatives are right.

    python examples/ode.py
    python examples/ode.py --seed 3 --points 60 --noise 0.05
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
from tinygrad_np.scipy.integrate import solve_ivp

NAMES = ("growth", "predation", "loss", "gain", "prey at first", "predators at first")
TRUTH = np.array([1.0, 0.4, 0.8, 0.2, 4.0, 2.0])
"""What the data are drawn with."""

START = np.log([0.7, 0.3, 0.6, 0.3, 3.0, 3.0])
END = 12.0

STEP = 0.2
STEPS: dict[str, Any] = {"first_step": STEP, "max_step": STEP, "rtol": 1e3, "atol": 1e3}
"""Steps of one length, whatever the parameters are: then the misfit is a smooth function of them,
as differences and line searches want it. The populations are right to 1e-6."""


class Data(NamedTuple):
    """Counts (2, n) of prey and predators at n times, off by a factor exp(noise·z)."""

    times: np.ndarray
    counts: np.ndarray
    noise: float


# The model: NumPy, and SciPy's solver


def slopes(t: Any, y: Any, growth: Any, predation: Any, loss: Any, gain: Any) -> list[Any]:
    """How fast prey and predators grow."""
    prey, predators = y
    return [(growth - predation * predators) * prey, (gain * prey - loss) * predators]


def populations(log_params: Any, times: np.ndarray) -> Any:
    """Prey and predators at the given times: (2, n)."""
    params = np.exp(log_params)
    rates = tuple(params[:4])
    return solve_ivp(slopes, (0.0, END), params[4:], t_eval=times, args=rates, **STEPS).y


def misfit(log_params: Any, data: Data) -> Any:
    """Minus the logarithm of the likelihood, but for a constant: the noise is a factor."""
    residuals = np.log(populations(log_params, data.times)) - np.log(data.counts)
    return np.sum(residuals**2) / (2 * data.noise**2)


def draw_data(points: int, noise: float, number: int) -> Data:
    """Counts of the true populations."""
    times = np.linspace(0, END, points)
    factors = np.exp(noise * np.random.default_rng(number).normal(size=(2, points)))
    return Data(times, populations(np.log(TRUTH), times) * factors, noise)


# Learning


class Fit(NamedTuple):
    """The parameters' logarithms, their standard errors, and SciPy's word on why it ended."""

    log_params: np.ndarray
    errors: np.ndarray
    why: str


def fit(data: Data, steps: int) -> Fit:
    """The best parameters after at most `steps` steps; errors from the inverse of the Hessian."""
    found = minimize(
        tg.value_and_grad(lambda log_params: misfit(log_params, data)),
        START,
        jac=True,
        method="BFGS",
        options={"maxiter": steps, "gtol": 1e-4},
    )
    hessian = tg.hessian(misfit)(found.x, data)
    # Before the search has ended, it need not be positive definite.
    variances = np.diag(np.linalg.pinv(hessian))
    return Fit(found.x, np.sqrt(np.maximum(variances, 0)), found.message)


def draw(data: Data, fitted: Fit, path: Path) -> Path:
    """The data, and the populations before and after learning: over time, and one another."""
    grid = np.linspace(0, END, 300)
    truth, before, after = [
        populations(log_params, grid) for log_params in (np.log(TRUTH), START, fitted.log_params)
    ]
    figure = tg.viz.figure(8, 3.8)
    figure.suptitle("Predators and prey, fitted by the gradient through the solver")
    over_time, plane = figure.subplots(1, 2, width_ratios=[1.2, 1])
    for row, name in enumerate(("prey", "predators")):
        [fitted_line] = over_time.plot(grid, after[row], label=name)
        colour = fitted_line.get_color()
        over_time.plot(data.times, data.counts[row], ".", color=colour, markersize=4)
        over_time.plot(grid, truth[row], "--", color=colour, linewidth=1)
    over_time.set_xlabel("time")
    over_time.set_ylim(0, 1.1 * np.max(data.counts))
    over_time.set_title("lines fitted, dashed true, points counted", fontsize=9)
    tg.viz.label_lines(over_time)
    for line, name, colour, style, end in (
        (before, "before", "0.6", "-", np.argmax),
        (after, "fitted", "#009e73", "-", np.argmax),
        (truth, "true", "black", "--", np.argmin),
    ):
        plane.plot(*line, style, color=colour, linewidth=1 if name == "true" else 1.5)
        above = end is np.argmax
        plane.annotate(
            name, line[:, end(line[1])], (0, 3 if above else -3), textcoords="offset points",
            ha="center", va="bottom" if above else "top", color=colour, fontsize=9,
        )  # fmt: skip
    plane.plot(*data.counts, "k.", markersize=4)
    plane.set_xlabel("prey")
    plane.set_ylabel("predators")
    return tg.viz.save(figure, path)


# The command


def parse(arguments: list[str] | None = None) -> argparse.Namespace:
    """The options."""
    parser = parser_of("Fit a system of predators and prey by the gradient through its solver.")
    add = parser.add_argument
    add("--points", type=positive(int), default=25, help="how many times are counted")
    add("--noise", type=positive(float), default=0.1, help="of the counts' logarithms")
    add("--steps", type=positive(int), default=60, help="of BFGS, at most")
    options = parser.parse_args(arguments)
    if options.points < len(NAMES):
        parser.error(f"--points: at least {len(NAMES)}, as many as there are parameters")
    return options


def main(arguments: list[str] | None = None) -> int:
    """Run it all; the exit status is 1 if the derivatives are not right."""
    prepare_output()
    options = parse(arguments)
    data = draw_data(options.points, options.noise, options.seed)
    print(f"Prey and predators, counted {options.points:,} times.")
    print(f"Misfit before: {misfit(START, data):.1f}")
    fitted = fit(data, options.steps)
    print(f"Misfit after:  {misfit(fitted.log_params, data):.1f}")
    print(f"The search ended: {fitted.why}\n")

    print(f"{'parameter':<20}{'true':>10}{'fitted':>10}{'± (one standard error)':>26}")
    params = np.exp(fitted.log_params)
    for name, truth, value, error in zip(NAMES, TRUTH, params, fitted.errors, strict=True):
        print(f"{name:<20}{truth:>10.3f}{value:>10.3f}{value * error:>26.3f}")

    print("\nThe derivatives at the start, against differences of the plain function:")
    report = tg.check.check_function(lambda p: misfit(p, data), START, order=1)
    print(report)
    return conclude(report.is_right, lambda: draw(data, fitted, options.out / "ode.png"))


if __name__ == "__main__":
    sys.exit(main())
