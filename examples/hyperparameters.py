"""Penalties found by the gradient of a validation loss, through the fit that depends on them.

Ridge regression with one penalty for each group of features: the weights minimise the squared
errors of the training data plus the penalised squares of the weights. How well they predict the
validation data is a function of the penalties, since `optimize.minimize` from `tinygrad_np.scipy`
is a function of its `args`: its derivative follows from that of the cost by the implicit function
theorem (Y. Bengio, Gradient-based optimization of hyperparameters, Neural Computation 12, 2000).
So a second `optimize.minimize` finds the penalties, a dict. Beside it stands the best single
penalty for all. The closed form of ridge regression gives the same gradient, and `check_function`
says whether the derivatives are right.

    python examples/hyperparameters.py
    python examples/hyperparameters.py --seed 3 --points 60 --noise 2
"""

from __future__ import annotations

import argparse
import functools
import sys
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from commandline import conclude, parser_of, positive, prepare_output

import tinygrad_np as tg
from tinygrad_np.scipy import optimize

GROUPS = {"useful": 8, "useless": 32}
"""How many features a group has. The weights of the second one are 0, which no fit is told."""

START = {"useful": 1.0, "useless": 1.0}
"""The logarithms of the penalties."""

BOUNDS = (-6.0, 9.0)
"""Of the logarithms: beyond them the loss is flat."""

TOLERANCE = 1e-9
"""Of the gradient through the fit, relative to that of the closed form."""


# The model


Penalties = dict[str, Any]


class Part(NamedTuple):
    """Features (n, 40) and what is to be predicted from them (n,)."""

    x: np.ndarray
    y: np.ndarray


def of_each_weight(log_penalties: Penalties) -> Any:
    """The penalty of each weight: (40,)."""
    return np.concatenate([np.exp(log_penalties[g]) * np.ones(n) for g, n in GROUPS.items()])


def cost(weights: Any, log_penalties: Penalties, training: Part) -> Any:
    """What a fit minimises."""
    errors = training.x @ weights - training.y
    return 0.5 * np.sum(errors**2) + 0.5 * np.sum(of_each_weight(log_penalties) * weights**2)


def fit(log_penalties: Penalties, training: Part) -> Any:
    """The weights that minimise the cost, as a function of the penalties."""
    start = np.zeros(training.x.shape[1])
    return optimize.minimize(cost, start, (log_penalties, training), method="trust-exact").x


def closed_form(log_penalties: Penalties, training: Part) -> Any:
    """The same weights: (XᵀX + diag λ)⁻¹ Xᵀy."""
    x, y = training
    return np.linalg.solve(x.T @ x + np.diag(of_each_weight(log_penalties)), x.T @ y)


def loss(log_penalties: Penalties, training: Part, validation: Part, how: Any = fit) -> Any:
    """The mean squared error of the validation data."""
    weights = how(log_penalties, training)
    return np.mean((validation.x @ weights - validation.y) ** 2)


# Data


class Data(NamedTuple):
    """What the weights, then the penalties are fitted to; what the result is judged by."""

    training: Part
    validation: Part
    test: Part
    weights: np.ndarray


def draw_data(points: int, noise: float, number: int) -> Data:
    """As many points to train with as to validate; the features are normal and independent."""
    rng = np.random.default_rng(number)
    useful, useless = GROUPS.values()
    weights = np.concatenate([rng.normal(size=useful), np.zeros(useless)])

    def part(n: int) -> Part:
        x = rng.normal(size=(n, useful + useless))
        return Part(x, x @ weights + noise * rng.normal(size=n))

    return Data(part(points), part(points), part(10_000), weights)


# Learning


def search(data: Data) -> list[Penalties]:
    """The logarithms of the penalties, one for each group, step by step to the smallest loss."""
    steps = [START]
    optimize.minimize(
        loss,
        START,
        (data.training, data.validation),
        method="L-BFGS-B",
        bounds=[BOUNDS] * len(GROUPS),
        callback=steps.append,
    )
    return steps


def single(data: Data) -> Penalties:
    """The best penalty that is the same for all."""

    def of_one(log_penalty: Any) -> Any:
        return loss(dict.fromkeys(GROUPS, log_penalty), data.training, data.validation)

    found = optimize.minimize_scalar(of_one, bounds=BOUNDS, method="bounded")
    return dict.fromkeys(GROUPS, float(found.x))


def compare(data: Data) -> bool:
    """Print both gradients at the start; whether they agree."""
    parts = data.training, data.validation
    found = tg.grad(loss)(START, *parts)
    expected = tg.grad(functools.partial(loss, how=closed_form))(START, *parts)
    print(f"{'by the log of':<16}{'through the fit':>18}{'closed form':>18}{'relative error':>18}")
    size = max(abs(expected[name]) for name in GROUPS)
    errors = {name: abs(found[name] - expected[name]) / size for name in GROUPS}
    for name in GROUPS:
        print(f"{name:<16}{found[name]:>18.12f}{expected[name]:>18.12f}{errors[name]:>18.1e}")
    report = tg.check.check_function(lambda p: loss(p, *parts), START)
    print(f"Against differences: {report.verdict}.")
    return report.is_right and max(errors.values()) <= TOLERANCE


def draw(data: Data, steps: list[Penalties], one: Penalties, path: Path) -> Path:
    """The validation loss over both penalties with the steps; the weights of both fits."""
    figure = tg.viz.figure(8, 3.8)
    left, right = figure.subplots(1, 2, width_ratios=[1.1, 1])
    grid = np.linspace(*BOUNDS, 61)
    parts = data.training, data.validation
    levels = [
        [loss(dict(zip(GROUPS, (a, b), strict=True)), *parts, closed_form) for a in grid]
        for b in grid
    ]
    filled = left.contourf(grid, grid, np.log10(levels), 24, cmap="cividis")
    bar = figure.colorbar(filled, ax=left)
    bar.set_label("log₁₀ of the validation loss", fontsize=8)
    bar.ax.tick_params(labelsize=8)
    left.grid(False)
    left.plot(*zip(*[p.values() for p in steps], strict=True), "w.-", markersize=4, linewidth=1)
    for found, style, name in ((one, "wX", "one for all"), (steps[-1], "w*", "one for each group")):
        at = list(found.values())
        left.plot(*at, style, markersize=9, markeredgecolor="k", clip_on=False)
        left.annotate(name, at, (8, -3), textcoords="offset points", color="w", va="top",
                      fontsize=9)  # fmt: skip
    left.plot(BOUNDS, BOUNDS, "w:", linewidth=1)
    left.set_xlabel("log penalty of the useful features")
    left.set_ylabel("log penalty of the useless features")
    left.set_title("How well the fit predicts, and the steps", fontsize=9)

    number = np.arange(data.weights.size)
    right.bar(number, data.weights, color="0.8", label="true")
    for log_penalties, style, name in (
        (one, "x", "one for all"),
        (steps[-1], ".", "one for each group"),
    ):
        fitted = closed_form(log_penalties, data.training)
        right.plot(number, fitted, style, markersize=5, label=name)
    right.set_xlabel("feature")
    right.set_ylabel("weight")
    right.legend(loc="upper right")
    right.set_title("The weights", fontsize=9)
    return tg.viz.save(figure, path)


# The command


def parse(arguments: list[str] | None = None) -> argparse.Namespace:
    """The options."""
    parser = parser_of("Find the penalties of a ridge regression by the gradient through its fit.")
    add = parser.add_argument
    add("--points", type=positive(int), default=50, help="to train with, and to validate with")
    add("--noise", type=positive(float), default=1.0, help="standard deviation")
    return parser.parse_args(arguments)


def main(arguments: list[str] | None = None) -> int:
    """Run it all; the exit status is 1 if derivatives do not agree."""
    prepare_output()
    options = parse(arguments)
    data = draw_data(options.points, options.noise, options.seed)
    print(f"{data.weights.size} features, {options.points:,} points to train with.\n")
    steps, one = search(data), single(data)
    titles = ("validation loss", "test loss")
    print(f"{'penalty':<12}{''.join(f'{t:>16}' for t in (*GROUPS, *titles))}")
    rows = (("at the start", START), ("one for all", one), ("each", steps[-1]))
    for name, log_penalties in rows:
        losses = [loss(log_penalties, data.training, p) for p in (data.validation, data.test)]
        numbers = [*(np.exp(log_penalties[g]) for g in GROUPS), *losses]
        print(f"{name:<12}{''.join(f'{number:>16.4f}' for number in numbers)}")
    print(f"{len(steps) - 1} steps; the smallest loss possible is {options.noise**2:.4g}.\n")

    print("The gradient of the validation loss at the start:")
    is_right = compare(data)
    return conclude(is_right, lambda: draw(data, steps, one, options.out / "hyperparameters.png"))


if __name__ == "__main__":
    sys.exit(main())
