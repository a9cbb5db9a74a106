"""The ratios of a run, case by case and library by library: what a table or a figure shows.

`rows` reads them from what the command has found, or has written with ``--json``; `means` has the
geometric means of those that are many.
"""

from __future__ import annotations

import statistics
from typing import Any, NamedTuple

from .cases import CASES, JITTED

COLUMNS = {
    "PyTorch": ("torch", "torch, channels last"),
    "PyTorch, compiled": ("torch, compiled",),
    "JAX, jitted": ("jax",),
    "HIPS autograd": ("autograd",),
    "MyGrad": ("mygrad",),
    "NumPy, by hand": ("plain NumPy",),
}
"""The title of each column and its libraries: of several, the fastest at a case is compared."""

GROUPS = {
    "1": "Steps of training",
    "2": "Steps of training",
    "3": "Steps of training",
    "4": "Layers: (batch, size, in, out, filter, stride)",
    "5": "Gradients, Hessians, Jacobians of functions",
}
"""By the first letter of a case's name."""


class Row(NamedTuple):
    """A case, with the ratios to each column's library: of ours as it is, and with jit."""

    group: str
    label: str
    ratios: dict[str, tuple[float, float | None]]


def rows(found: dict[str, Any]) -> list[Row]:
    """The cases that were compared with others, in the order of `CASES`.

    >>> name = "5 Rosenbrock, 10 variables"
    >>> seconds = {"tinygrad_np": [2.0, 2.0], "tinygrad_np, jit": [1.0, 1.0], "torch": [4.0, 4.0]}
    >>> rows({name: {"seconds": seconds}})[0][1:]
    ('Rosenbrock, 10 variables', {'PyTorch': (0.5, 0.25)})
    """
    drawn = []
    for name in CASES:
        seconds = found.get(name, {}).get("seconds", {})
        ratios = {}
        for column, libraries in COLUMNS.items():
            there = [library for library in libraries if library in seconds]
            if there:
                theirs = seconds[
                    min(there, key=lambda library: statistics.median(seconds[library]))
                ]
                jitted = ratio(seconds[JITTED], theirs) if JITTED in seconds else None
                ratios[column] = ratio(seconds["tinygrad_np"], theirs), jitted
        if ratios:
            drawn.append(Row(GROUPS[name[0]], name[2:], ratios))
    return drawn


def ratio(ours: list[float], theirs: list[float]) -> float:
    """The median of the ratios, round by round."""
    return statistics.median([a / b for a, b in zip(ours, theirs, strict=True)])


class Mean(NamedTuple):
    """The geometric mean of some ratios, the largest of them, and how many they are."""

    mean: float
    worst: float
    number: int


def means(found: dict[str, Any]) -> dict[str, dict[str, Mean]]:
    """By "conv2d, forward" and "conv2d, both ways", by column: over the geometries that were run.

    >>> seconds = {"tinygrad_np": [2.0], "torch": [1.0]}, {"tinygrad_np": [2.0], "torch": [4.0]}
    >>> names = [name for name in CASES if "conv2d" in name and "forward" in name]
    >>> means({name: {"seconds": times} for name, times in zip(names, seconds)})
    {'conv2d, forward': {'PyTorch': Mean(mean=1.0, worst=2.0, number=2)}}
    """
    collected: dict[str, dict[str, list[float]]] = {}
    for row in rows(found):
        kind, _, way = row.label.rpartition(", ")
        if kind.startswith("conv2d"):
            for column, (as_it_is, _) in row.ratios.items():
                collected.setdefault(f"conv2d, {way}", {}).setdefault(column, []).append(as_it_is)
    return {
        name: {
            column: Mean(statistics.geometric_mean(values), max(values), len(values))
            for column, values in columns.items()
        }
        for name, columns in collected.items()
    }
