"""Distributions fitted to lifetimes by maximum likelihood: standard errors and a profile.

Some of the devices under test had not failed when it ended: these count by the probability to live
longer, `logsf`, in place of the density, `logpdf`. A model is a function of a dict of parameters.
`optimize.minimize` from `tinygrad_np.scipy` finds the best dict in a few steps, with the gradient
and the Hessian that SciPy's distributions have there; `optimize.covariance` gives the standard
errors from that Hessian, and the gradient of the quantile function that of the median life (the
delta method; Casella and Berger, Statistical Inference, 2002, chapters 7.2 and 10.1). The profile
of the likelihood, its maximum with the shape held fixed, gives an interval that does not suppose
that the likelihood is a parabola (chapter 10.4). `check_function` says whether the derivatives are
right.

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
from commandline import conclude, parser_of, positive, prepare_output

import tinygrad_np as tg
from tinygrad_np.scipy import optimize, stats

SHAPE, SCALE = 1.8, 6.0
"""The data are drawn from a Weibull distribution with these parameters."""

START = {"log_shape": 0.0, "log_scale": 1.0}

DROP = 1.92
"""By which the logarithm of the likelihood falls to the ends of an interval of 95 %: half of the
quantile of χ² with one degree of freedom, 3.84."""


# The models: SciPy's distributions, by the logarithms of two parameters


Params = dict[str, Any]
Model = Callable[[Params], Any]

MODELS: dict[str, Model] = {
    "Weibull": lambda p: stats.weibull_min(np.exp(p["log_shape"]), scale=np.exp(p["log_scale"])),
    "gamma": lambda p: stats.gamma(np.exp(p["log_shape"]), scale=np.exp(p["log_scale"])),
    "log-normal": lambda p: stats.lognorm(np.exp(p["log_shape"]), scale=np.exp(p["log_scale"])),
}


def log_likelihood(params: Params, model: Model, data: Data) -> Any:
    """Of those that failed the density, of the others the probability to live longer."""
    distribution = model(params)
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
    """The parameters with their covariance, and the logarithm of the likelihood."""

    params: Params
    covariance: Any
    value: float


def loss(params: Params, model: Model, data: Data) -> Any:
    """What is minimised."""
    return -log_likelihood(params, model, data)


def fit(model: Model, data: Data) -> Fit:
    """The most likely parameters, by Newton's method in a region of trust."""
    found = optimize.minimize(loss, START, (model, data), method="trust-exact")
    return Fit(found.x, optimize.covariance(loss, found.x, model, data), -float(found.fun))


def spread(quantity: Callable[[Any], Any], model: Model, fitted: Fit) -> tuple[Any, Any]:
    """A quantity of the distribution, and its standard error."""
    vector, back = tg.tree.ravel(fitted.params)

    def of(vector: Any) -> Any:
        return quantity(model(back(vector)))

    slopes = tg.jacobian(of)(vector)
    return of(vector), np.sqrt(np.sum(slopes @ fitted.covariance.matrix * slopes, axis=-1))


def profile(log_shape: float, model: Model, data: Data, fitted: Fit) -> float:
    """The largest log likelihood of all parameters with this shape."""

    def rest(others: Params) -> Any:
        return loss({"log_shape": log_shape, **others}, model, data)

    start = {"log_scale": fitted.params["log_scale"]}
    return -float(optimize.minimize(rest, start, method="trust-exact").fun)


def interval(model: Model, data: Data, fitted: Fit) -> tuple[float, float]:
    """Where the profile has fallen by `DROP`: the shape's interval of 95 %, in logarithms."""
    best, error = fitted.params["log_shape"], fitted.covariance.errors["log_shape"]

    def above(log_shape: float) -> float:
        return profile(log_shape, model, data, fitted) - (fitted.value - DROP)

    ends = []
    for step in (-error, error):
        end = best + step
        while above(end) > 0:
            end += step
        ends.append(optimize.brentq(above, best, end, xtol=1e-6))
    return ends[0], ends[1]


def draw(data: Data, fits: dict[str, Fit], path: Path) -> Path:
    """What part lives how long, as seen, as it is and as the models have it; and the profiles."""
    figure = tg.viz.figure(8, 4)
    left, right = figure.subplots(1, 2, width_ratios=[3, 2])
    times = np.sort(data.lifetimes[data.failed])
    living = 1 - np.arange(1, len(times) + 1) / len(data.lifetimes)
    left.step([0, *times, data.end], [1, *living, living[-1]], "k", where="post", linewidth=1)
    grid = np.linspace(1e-3, 2 * data.end, 300)
    for name, fitted in fits.items():
        part, error = spread(lambda distribution: distribution.sf(grid), MODELS[name], fitted)
        [line] = left.plot(grid, part, label=name)
        low, high = part - 2 * error, part + 2 * error
        left.fill_between(grid, low, high, color=line.get_color(), alpha=0.12, linewidth=0)
    left.plot(grid, np.exp(-((grid / SCALE) ** SHAPE)), "k--", linewidth=1, label="true")
    left.axvline(data.end, color="0.6", linewidth=1)
    left.annotate("the test ended", (data.end, 1), (4, 0), textcoords="offset points", va="top",
                  color="0.4", fontsize=8)  # fmt: skip
    left.set_xlabel("time")
    left.set_ylabel("part that is alive")
    left.set_xlim(0, grid[-1])
    left.set_ylim(0, 1.02)
    left.set_title("Lifetimes seen (steps) and fitted, ± 2 std. errors", fontsize=9)
    tg.viz.label_lines(left)

    for name, fitted in fits.items():
        best, error = fitted.params["log_shape"], fitted.covariance.errors["log_shape"]
        steps = np.linspace(-2.6, 2.6, 27)
        values = [profile(best + step * error, MODELS[name], data, fitted) for step in steps]
        shapes, falls = np.exp(best + steps * error), np.array(values) - fitted.value
        [line] = right.plot(shapes, falls)
        right.plot(shapes, -0.5 * steps**2, ":", color=line.get_color())
        right.annotate(name, (np.exp(best), 0), (0, 4), textcoords="offset points", ha="left",
                       rotation=35, color=line.get_color(), fontsize=9)  # fmt: skip
    right.axhline(-DROP, color="0.6", linewidth=1)
    right.annotate("95 %", (1, -DROP), (0, 2), ("axes fraction", "data"), "offset points",
                   ha="right", color="0.4", fontsize=8)  # fmt: skip
    right.set_xlabel("shape")
    right.set_ylabel("log likelihood, less its maximum")
    right.set_ylim(top=1)
    right.set_title("Its profile (dotted: the parabola)", fontsize=9)
    return tg.viz.save(figure, path)


# The command


def parse(arguments: list[str] | None = None) -> argparse.Namespace:
    """The options."""
    parser = parser_of(
        "Fit distributions to lifetimes by maximum likelihood, with standard errors."
    )
    add = parser.add_argument
    add("--devices", type=positive(int), default=100, help="how many are tested")
    add("--end", type=positive(float), default=7.0, help="the time at which the test ends")
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
    titles = ("shape", "95 % (profile)", "scale", "median life")
    print(f"{'model':<12}{'log likelihood':>16}{''.join(f'{title:>16}' for title in titles)}")
    for name, model in MODELS.items():
        fits[name] = fitted = fit(model, data)
        low, high = np.exp(interval(model, data, fitted))
        shape = spread(lambda distribution: distribution.args[0], model, fitted)
        scale = spread(lambda distribution: distribution.kwds["scale"], model, fitted)
        median = spread(lambda distribution: distribution.ppf(0.5), model, fitted)
        texts = [f"{value:.2f} ± {error:.2f}" for value, error in (shape, scale, median)]
        texts.insert(1, f"{low:.2f} to {high:.2f}")
        print(f"{name:<12}{fitted.value:>16.3f}{''.join(f'{text:>16}' for text in texts)}")
    true_median = SCALE * np.log(2) ** (1 / SHAPE)
    print(f"{'(the truth)':<28}{SHAPE:>9.2f}{SCALE:>32.2f}{true_median:>16.2f}\n")
    print(f"The Weibull's parameters:\n{fits['Weibull'].covariance}\n")

    print("The derivatives at the start, against differences of the plain functions:")
    is_right = True
    for name, model in MODELS.items():
        of_params = functools.partial(log_likelihood, model=model, data=data)
        report = tg.check.check_function(of_params, START)
        is_right = is_right and report.is_right
        print(f"{name:<12}{report.verdict}")
    return conclude(is_right, lambda: draw(data, fits, options.out / "fit.png"))


if __name__ == "__main__":
    sys.exit(main())
