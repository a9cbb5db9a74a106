"""The command: ``python -m benchmarks`` times every case with every library, and prints ratios.

Each library runs in a process of its own, on the same data, with the same number of threads, and
they take turns, so that what else the machine does hits all of them. Before anything is timed, the
value and the gradients of the first step must agree.
"""

from __future__ import annotations

import argparse
import os
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

import numpy as np

from .cases import CASES

OURS = "tinygrad_np_library"
PEERS = {"numpy_loop": "plain NumPy loop"}
TOLERANCE = 1e-4  # of the largest component, in float32: some 1,000 roundings


class Worker:
    """A process that runs a case with a library."""

    def __init__(self, library: str, case: str, threads: int, folder: str) -> None:
        self.library = library
        file = Path(folder, f"{library}.npz")
        environment = {k: v for k, v in os.environ.items() if not k.startswith("OPENBLAS_")}
        for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
            environment[name] = str(threads)
        self.process = subprocess.Popen(
            [sys.executable, "-m", "benchmarks.worker", library, case, str(file)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            env=environment,
        )
        if self._answer() != "ready":
            raise RuntimeError(f"{library} failed at {case}")
        with np.load(file) as first:
            self.first = [first[name] for name in first.files]

    def _answer(self) -> str:
        assert self.process.stdout is not None
        return self.process.stdout.readline().strip()

    def time(self, seconds: float) -> float:
        """The seconds that a step takes, measured for about so many `seconds`."""
        assert self.process.stdin is not None
        print(seconds, file=self.process.stdin, flush=True)
        return float(self._answer())

    def close(self) -> None:
        """End the process."""
        self.process.communicate()


def measure(name: str, libraries: list[str], threads: int, rounds: int) -> dict[str, list[float]]:
    """Seconds a step of case `name`: a list for each library, one figure a round."""
    with tempfile.TemporaryDirectory() as folder:
        workers = [Worker(library, name, threads, folder) for library in libraries]
        try:
            for worker in workers[1:]:
                _agree(workers[0], worker)
            times: dict[str, list[float]] = {library: [] for library in libraries}
            for _ in range(rounds):
                for worker in workers:
                    times[worker.library].append(worker.time(0.1))
            return times
        finally:
            for worker in workers:
                worker.close()


def _agree(one: Worker, other: Worker) -> None:
    for a, b in zip(one.first, other.first, strict=True):
        if np.max(np.abs(a - b)) > TOLERANCE * np.max(np.abs(a)):
            raise RuntimeError(f"{one.library} and {other.library} do not agree")


def ratios(times: dict[str, list[float]], peer: str) -> tuple[float, float, float]:
    """Ours over the peer's: the lower quartile, the median and the upper quartile of the rounds."""
    each = [ours / theirs for ours, theirs in zip(times[OURS], times[peer], strict=True)]
    low, median, high = statistics.quantiles(each, n=4)
    return low, median, high


def main(arguments: list[str] | None = None) -> int:
    """Measure and print."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("--only", default="", help="cases whose name contains this")
    parser.add_argument("--threads", type=int, default=1, help="for every library")
    parser.add_argument("--rounds", type=int, default=15, help="turns that each library takes")
    options: Any = parser.parse_args(arguments)
    print(f"{options.threads} thread(s), float32; µs a training step (medians), ratio (quartiles)")
    for name in [name for name in CASES if options.only in name]:
        times = measure(name, [OURS, *PEERS], options.threads, options.rounds)
        print(f"{name:<24}{statistics.median(times[OURS]) * 1e6:>9.1f}")
        for peer, title in PEERS.items():
            low, median, high = ratios(times, peer)
            print(
                f"  {title:<22}{statistics.median(times[peer]) * 1e6:>9.1f}"
                f"   {median:.2f} ({low:.2f}–{high:.2f})"
            )
    return 0


if __name__ == "__main__":
    sys.exit(main())
