"""Distributions fitted to lifetimes by maximum likelihood, with standard errors.

Some of the devices under test had not failed when it ended: these count by the probability to live
longer, `logsf`, in place of the density, `logpdf`. SciPy's distributions from `tinygrad_np.scipy`
have gradients and Hessians, so that `scipy.optimize.minimize` finds the best parameters in a few
steps; the inverse of the Hessian gives their standard errors, and the gradient of the quantile
function that of the median life (the delta method; Casella and Berger, Statistical Inference,
2002, chapters 7.2 and 10.1). `check_function` says whether the derivatives are right.

    python examples/fit.py
    python examples/fit.py --seed 3 --devices 500 --end 8
"""

from __future__ import annotations

import argparse
import functools
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from commandline import HelpFormatter, folder, positive, prepare_output, seed
from scipy.optimize import minimize

import tinygrad_np as tg
from tinygrad_np.scipy import stats

SHAPE, SCALE = 1.8, 6.0
"""The data are drawn from a Weibull distribution with these parameters."""

START = np.log([1.0, 3.0])
"""Of the logarithms of shape and scale."""


# The models: SciPy's distributions, by the logarithms of two parameters


Model = Callable[[Any], Any]

MODELS: dict[str, Model] = {
    "Weibull": lambda p: stats.weibull_min(np.exp(p[0]), scale=np.exp(p[1])),
    "gamma": lambda p: stats.gamma(np.exp(p[0]), scale=np.exp(p[1])),
    "log-normal": lambda p: stats.lognorm(np.exp(p[0]), scale=np.exp(p[1])),
}


def log_likelihood(model: Model, log_params: Any, data: Data) -> Any:
    """Of those that failed the density, of the others the probability to live longer."""
    distribution = model(log_params)
    alive = len(data.lifetimes) - np.count_nonzero(data.failed)
    died = np.sum(distribution.logpdf(data.lifetimes[data.failed]))
    return died + alive * distribution.logsf(data.end) if alive else died


class Data(NamedTuple):
    """How long each device was seen alive, whether it failed, and when the test ended."""

    lifetimes: np.ndarray
    failed: np.ndarray
    end: float


def draw_data(devices: int, end: float, number: int) -> Data:
    """Lifetimes, of which those after the end are not seen."""
    rng = np.random.default_rng(number)
    lifetimes = SCALE * rng.weibull(SHAPE, devices)
    return Data(np.minimum(lifetimes, end), lifetimes < end, end)


# Learning


class Fit(NamedTuple):
    """The parameters' logarithms and their covariance, and the logarithm of the likelihood."""

    log_params: np.ndarray
    covariance: np.ndarray
    value: float
    steps: int


def fit(model: Model, data: Data) -> Fit:
    """The most likely parameters, by Newton's method in a region of trust."""

    def loss(log_params: Any) -> Any:
        return -log_likelihood(model, log_params, data)

    hessian = tg.hessian(loss)
    found = minimize(tg.value_and_grad(loss), START, jac=True, hess=hessian, method="trust-exact")
    return Fit(found.x, np.linalg.inv(hessian(found.x)), -float(found.fun), found.nit)


def spread(quantity: Callable[[Any], Any], model: Model, fitted: Fit) -> tuple[Any, Any]:
    """A quantity of the distribution, and its standard error."""

    def of(log_params: Any) -> Any:
        return quantity(model(log_params))

    slopes = tg.jacobian(of)(fitted.log_params)
    variances = np.sum(slopes @ fitted.covariance * slopes, axis=-1)
    return of(fitted.log_params), np.sqrt(variances)


def draw(data: Data, fits: dict[str, Fit], path: Path) -> Path:
    """What part lives how long: as it was seen, as it is, and as the models have it."""
    figure = tg.viz.figure(9, 5)
    ax = figure.subplots()
    times = np.sort(data.lifetimes[data.failed])
    living = 1 - np.arange(1, len(times) + 1) / len(data.lifetimes)
    ax.step([0, *times, data.end], [1, *living, living[-1]], "k", where="post", label="seen")
    grid = np.linspace(1e-3, 2 * data.end, 300)
    for colour, (name, fitted) in enumerate(fits.items()):
        part, error = spread(lambda distribution: distribution.sf(grid), MODELS[name], fitted)
        ax.plot(grid, part, color=f"C{colour}", label=f"{name}, ± 2 standard errors")
        low, high = part - 2 * error, part + 2 * error
        ax.fill_between(grid, low, high, color=f"C{colour}", alpha=0.15)
    ax.plot(grid, np.exp(-((grid / SCALE) ** SHAPE)), "k--", linewidth=1, label="true")
    ax.axvline(data.end, color="0.7", linewidth=1)
    ax.set_xlabel("time (the test ended at the grey line)")
    ax.set_ylabel("part that is alive")
    ax.set_ylim(0, 1.02)
    ax.legend()
    ax.set_title("Distributions fitted to lifetimes, some of which are not over")
    return tg.viz.save(figure, path)


# The command


def parse(arguments: list[str] | None = None) -> argparse.Namespace:
    """The options."""
    parser = argparse.ArgumentParser(
        description="Fit distributions to lifetimes by maximum likelihood, with standard errors.",
        formatter_class=HelpFormatter,
    )
    add = parser.add_argument
    add("--seed", type=seed, default=0, help="of the data")
    add("--devices", type=positive(int), default=100, help="how many are tested")
    add("--end", type=positive(float), default=7.0, help="the time at which the test ends")
    add("--out", type=folder, default="figures", help="the folder for the figure")
    return parser.parse_args(arguments)


def main(arguments: list[str] | None = None) -> int:
    """Run it all; the exit status is 1 if derivatives are not right, 2 if there is too little."""
    prepare_output()
    options = parse(arguments)
    data = draw_data(options.devices, options.end, options.seed)
    failed = np.count_nonzero(data.failed)
    print(f"{failed:,} of {options.devices:,} devices failed before the test ended.\n")
    if len(np.unique(data.lifetimes[data.failed])) < 2:
        print("Two that fail are the least; test more devices, or longer.", file=sys.stderr)
        return 2

    fits = {}
    print(f"{'model':<12}{'log likelihood':>16}{'shape':>16}{'scale':>16}{'median life':>16}")
    for name, model in MODELS.items():
        fits[name] = fitted = fit(model, data)
        params = np.exp(fitted.log_params)
        errors = params * np.sqrt(np.diag(fitted.covariance))
        median = spread(lambda distribution: distribution.ppf(0.5), model, fitted)
        columns = [*zip(params, errors, strict=True), median]
        texts = [f"{value:.2f} ± {error:.2f}" for value, error in columns]
        print(f"{name:<12}{fitted.value:>16.3f}{''.join(f'{text:>16}' for text in texts)}")
    true_median = SCALE * np.log(2) ** (1 / SHAPE)
    print(f"{'(the truth)':<28}{SHAPE:>9.2f}{SCALE:>16.2f}{true_median:>16.2f}\n")

    print("The derivatives at the start, against differences of the plain functions:")
    is_right = True
    for name, model in MODELS.items():
        report = tg.check.check_function(functools.partial(log_likelihood, model, data=data), START)
        is_right = is_right and report.is_right
        print(f"{name:<12}{report.verdict}")
    print("Verdict: they agree." if is_right else "Verdict: THEY DO NOT AGREE.")
    try:
        print(f"Figure: {draw(data, fits, options.out / 'fit.png')}")
    except ModuleNotFoundError as error:
        print(f"No figure: {error}")
    return 0 if is_right else 1


if __name__ == "__main__":
    sys.exit(main())
