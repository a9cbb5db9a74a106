"""What debug mode costs: ``python -m benchmarks.debug_mode``.

Steps with and without take turns, in one process; a ratio is the median of the rounds, with its
quartiles.
"""

import importlib
import statistics
import time
from collections.abc import Callable
from typing import Any

import tinygrad_np as tg

from .cases import CASES
from .libraries import MODULES

NAMES = [
    "1 two classes, batch 1",
    "1 two classes, batch 64",
    "3 cnn 28×28×1, 8-16 3×3, batch 32",
    "5 chain of 100, 10 elements",
    "5 chain of 100, 10,000 elements",
    "6 chain of 10,000 nodes",
]
ROUND = 0.1  # seconds


def step_of(name: str) -> Callable[[], Any]:
    """One step of a case with this library."""
    case = CASES[name]
    module, layout = MODULES["tinygrad_np"]
    implementations = importlib.import_module(f".libraries.{module}", __package__)
    implementation = getattr(implementations, case.implementation)
    return implementation(*case.make(), layout, **case.options).step


def seconds(step: Callable[[], Any], times: int) -> float:
    """Seconds a step takes."""
    began = time.perf_counter()
    for _ in range(times):
        step()
    return (time.perf_counter() - began) / times


def main(rounds: int = 15) -> None:
    """Measure and print."""
    for name in NAMES:
        step = step_of(name)
        seconds(step, 2)
        times = max(1, round(ROUND / seconds(step, 2)))
        off, on = [], []
        for _ in range(rounds):
            off.append(seconds(step, times))
            with tg.debug():
                on.append(seconds(step, times))
        low, ratio, high = statistics.quantiles([a / b for a, b in zip(on, off, strict=True)], n=4)
        print(
            f"{name:<40}{statistics.median(off) * 1e6:10.1f} µs off"
            f"{statistics.median(on) * 1e6:10.1f} µs on   {ratio:.2f} ({low:.2f}–{high:.2f})"
        )


if __name__ == "__main__":
    main()
