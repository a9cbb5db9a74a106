"""How well a plate conducts heat, cell by cell, by its temperatures: a gradient through `spsolve`.

The plate is heated at a few places, one after the other, and its rim is kept cold. The temperatures
solve a sparse system (the five-point scheme of finite volumes; Patankar, Numerical Heat Transfer
and Fluid Flow, 1980, chapter 4), whose matrix depends on the conductivities of all cells. Those
that explain noisy temperatures best, and are smooth, are found by `scipy.optimize.minimize` with
the gradient of `scipy.sparse.linalg.spsolve`: two solutions, however many cells there are.
`check_function` says whether the derivatives are right.

    python examples/inverse_heat.py
    python examples/inverse_heat.py --seed 3 --cells 12 --noise 0.02
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
from tinygrad_np.scipy.sparse import csc_array
from tinygrad_np.scipy.sparse.linalg import spsolve

HEATERS = ((0.25, 0.25), (0.25, 0.75), (0.75, 0.25), (0.75, 0.75), (0.5, 0.5))
"""Where the plate is heated, in parts of its sides."""

SMOOTHNESS = 3.0
"""So much a step of the logarithm from cell to cell counts, beside a temperature's error."""


# The model: a sparse system


class Plate:
    """A square of n × n cells, numbered row by row."""

    def __init__(self, n: int) -> None:
        self.n = n
        numbers = np.arange(n * n).reshape(n, n)
        self.first = np.concatenate([numbers[:, :-1].ravel(), numbers[:-1].ravel()])
        self.second = np.concatenate([numbers[:, 1:].ravel(), numbers[1:].ravel()])
        """the two cells of each pair of neighbours"""
        self.rim = np.concatenate([numbers[0], numbers[-1], numbers[:, 0], numbers[:, -1]])
        places = [int(n * y) * n + int(n * x) for y, x in HEATERS]
        self.heat = np.zeros((n * n, len(places)))
        self.heat[places, np.arange(len(places))] = 1.0

    def temperatures(self, log_conductivity: Any) -> Any:
        """Of all cells, for each heater: (n², heaters).

        Heat flows from cell to cell by the mean of their resistances, over half a cell to the rim.
        """
        k = np.exp(log_conductivity)
        between = 2 / (1 / k[self.first] + 1 / k[self.second])
        data = np.concatenate([between, between, -between, -between, 2 * k[self.rim]])
        rows = np.concatenate([self.first, self.second, self.first, self.second, self.rim])
        columns = np.concatenate([self.first, self.second, self.second, self.first, self.rim])
        size = self.n**2
        return spsolve(csc_array((data, (rows, columns)), shape=(size, size)), self.heat)


def loss(log_conductivity: Any, plate: Plate, seen: np.ndarray, noise: float) -> Any:
    """Errors of the temperatures, by their standard deviation, and steps between neighbours."""
    errors = (plate.temperatures(log_conductivity) - seen) / noise
    steps = log_conductivity[plate.first] - log_conductivity[plate.second]
    return (np.sum(errors**2) + SMOOTHNESS**2 * np.sum(steps**2)) / 2


# Data


class Data(NamedTuple):
    """The true logarithms of the conductivities, and temperatures with noise."""

    truth: np.ndarray
    seen: np.ndarray
    noise: float


def draw_data(plate: Plate, noise: float, number: int) -> Data:
    """A plate with two spots that conduct less and more; `noise` is a part of all temperatures."""
    rng = np.random.default_rng(number)
    y, x = (np.indices((plate.n, plate.n)) + 0.5) / plate.n
    truth = np.zeros((plate.n, plate.n))
    for height in (-1.5, 1.0):
        at_y, at_x = rng.uniform(0.25, 0.75, 2)
        truth += height * np.exp(-((y - at_y) ** 2 + (x - at_x) ** 2) / (2 * 0.12**2))
    exact = plate.temperatures(truth.ravel())
    deviation = noise * np.std(exact)
    return Data(truth.ravel(), exact + deviation * rng.normal(size=exact.shape), float(deviation))


# Learning


def fit(plate: Plate, data: Data, steps: int) -> tuple[np.ndarray, str]:
    """The conductivities' logarithms after at most `steps` steps, and why the search ended."""
    found = minimize(
        tg.value_and_grad(lambda log_conductivity: loss(log_conductivity, plate, *data[1:])),
        np.zeros(plate.n**2),
        jac=True,
        method="L-BFGS-B",
        options={"maxiter": steps},
    )
    return found.x, found.message


def draw(plate: Plate, data: Data, fitted: np.ndarray, path: Path) -> Path:
    """Conductivities, true and found, and what was seen for one heater."""
    figure = tg.viz.figure(8, 2.8)
    figure.suptitle("What a plate's temperatures tell of its conductivity")
    shape = (plate.n, plate.n)
    largest = float(np.max(np.abs(data.truth)))
    true, found, seen = figure.subplots(1, 3)
    tg.viz.image(true, data.truth.reshape(shape), "log conductivity, true", largest)
    tg.viz.image(found, fitted.reshape(shape), "log conductivity, found", largest)
    tg.viz.colour_bar(found)
    tg.viz.image(seen, data.seen[:, -1].reshape(shape), "temperatures, heated in the middle")
    tg.viz.colour_bar(seen)
    return tg.viz.save(figure, path)


# The command


def parse(arguments: list[str] | None = None) -> argparse.Namespace:
    """The options."""
    parser = parser_of("Find a plate's conductivities by the gradient through a sparse solver.")
    add = parser.add_argument
    add("--cells", type=positive(int), default=24, help="along a side; their square is unknown")
    add("--noise", type=positive(float), default=0.01, help="a part of the temperatures")
    add("--steps", type=positive(int), default=200, help="of L-BFGS-B, at most")
    options = parser.parse_args(arguments)
    if not LEAST <= options.cells <= MOST:
        parser.error(f"--cells: between {LEAST}, for the heaters' sake, and {MOST}")
    return options


LEAST, MOST = 4, 200


def main(arguments: list[str] | None = None) -> int:
    """Run it all; the exit status is 1 if the derivatives are not right."""
    prepare_output()
    options = parse(arguments)
    plate = Plate(options.cells)
    data = draw_data(plate, options.noise, options.seed)
    print(f"{plate.n**2:,} conductivities from {data.seen.size:,} temperatures.")
    before = np.zeros(plate.n**2)
    fitted, why = fit(plate, data, options.steps)
    print(f"The search ended: {why}\n")
    print(f"{'':<10}{'loss':>14}{'error of the logarithms (root mean square)':>46}")
    for name, found in (("before", before), ("after", fitted)):
        error = np.sqrt(np.mean((found - data.truth) ** 2))
        print(f"{name:<10}{loss(found, plate, *data[1:]):>14.1f}{error:>46.3f}")

    print("\nThe derivatives at the start, against differences of the plain function:")
    report = tg.check.check_function(lambda x: loss(x, plate, *data[1:]), before)
    print(report)
    path = options.out / "inverse_heat.png"
    return conclude(report.is_right, lambda: draw(plate, data, fitted, path))


if __name__ == "__main__":
    sys.exit(main())
