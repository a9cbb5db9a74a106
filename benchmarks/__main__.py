"""The command: ``python -m benchmarks`` times every case with every library, and prints ratios.

Each library runs in a process of its own, on the same data, with the same number of threads, and
they take turns, so that what else the machine does hits all of them. Before anything is timed, the
results of their first steps must agree. A ratio is ours over theirs, the median of the rounds, with
its quartiles; so is that of a step over our own forward pass. Install the peers with
``pip install -e '.[bench]'``.
"""

from __future__ import annotations

import argparse
import importlib.util
import json
import os
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

import numpy as np

from tinygrad_np.io.files import replacing

from .cases import CASES
from .libraries import IMPORTED

OURS, FORWARD = "tinygrad_np", "our forward pass, recorded"
ROUND = 0.1  # seconds that a library runs before it is the next one's turn
# Seconds that it runs before that, where there are several threads: those that the one before had
# OpenBLAS wake stay awake for 0.1 s, and its own have to wake first.
LEAD = 0.2
REST = (
    0.2  # seconds until the threads of the one before sleep: those of OpenBLAS stay awake for 0.1
)
# Presets of a shell that no user has, and that halve NumPy's matrix product.
_UNSET = ("OPENBLAS_CORETYPE", "OPENBLAS_L2_SIZE")
_THREADS = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")


class Worker:
    """A process that runs a case with a library."""

    def __init__(self, library: str, case: str, threads: int, folder: str) -> None:
        self.library = library
        file = Path(folder, f"{library}.npz")
        command = [sys.executable, "-m", "benchmarks.worker", library, case, str(file)]
        self.process = subprocess.Popen(
            command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            env=environment(threads),
        )
        if self._answer() != "ready":
            raise RuntimeError(f"{library} failed at {case}")
        with np.load(file) as first:
            self.first = [first[name] for name in first.files]

    def _answer(self) -> str:
        assert self.process.stdout is not None
        return self.process.stdout.readline().strip()

    def ask(self, line: object) -> float:
        """The answer to a line of the worker's protocol."""
        assert self.process.stdin is not None
        print(line, file=self.process.stdin, flush=True)
        return float(self._answer())

    def close(self) -> None:
        """End the process."""
        self.process.communicate()


def environment(threads: int) -> dict[str, str]:
    """That of a worker: as many threads for every library, and nothing preset."""
    kept = {name: value for name, value in os.environ.items() if name not in _UNSET}
    eigen = f"--xla_cpu_multi_thread_eigen={str(threads > 1).lower()}"
    return {**kept, **{name: str(threads) for name in _THREADS}, "XLA_FLAGS": eigen}


def is_installed(library: str) -> bool:
    """Whether a library can be imported."""
    return importlib.util.find_spec(IMPORTED.get(library, library)) is not None


def measure(name: str, libraries: list[str], threads: int, rounds: int) -> dict[str, list[float]]:
    """Seconds a step of case `name`: a list for each library, one figure a round."""
    case = CASES[name]
    with tempfile.TemporaryDirectory() as folder:
        workers = [Worker(library, name, threads, folder) for library in libraries]
        try:
            for worker in workers[1:]:
                agree(workers[0], worker, case.tolerance)
            times: dict[str, list[float]] = {}
            turns = [(worker, worker.library, "") for worker in workers]
            turns.append((workers[0], FORWARD, "forward "))
            for _ in range(rounds):
                for worker, timed, what in turns:
                    if threads > 1:
                        worker.ask(f"{what}{LEAD}")
                    times.setdefault(timed, []).append(worker.ask(f"{what}{ROUND}"))
            return times
        finally:
            for worker in workers:
                worker.close()


def memory(name: str, library: str, threads: int) -> float:
    """Bytes by which peak memory rises in ten steps, over what imports and data take."""
    with tempfile.TemporaryDirectory() as folder:
        worker = Worker(library, name, threads, folder)
        try:
            return worker.ask("memory")
        finally:
            worker.close()


def agree(one: Worker, other: Worker, tolerance: float) -> None:
    """Raise unless the two libraries' first results are the same, relative to the largest value."""
    for a, b in zip(one.first, other.first, strict=True):
        if a.shape != b.shape or np.max(np.abs(a - b)) > tolerance * np.max(np.abs(a)):
            raise RuntimeError(f"{one.library} and {other.library} do not agree")


def quartiles(ours: list[float], theirs: list[float]) -> tuple[float, float, float]:
    """Of the ratios, round by round: the lower quartile, the median and the upper quartile."""
    each = [a / b for a, b in zip(ours, theirs, strict=True)]
    low, median, high = statistics.quantiles(each, n=4)
    return low, median, high


def import_milliseconds() -> float:
    """What ``import tinygrad_np`` takes beyond NumPy, with its code compiled: the least of ten."""
    code = (
        "import time, numpy; t = time.perf_counter(); import tinygrad_np; "
        "print(time.perf_counter() - t)"
    )
    kept = {k: v for k, v in os.environ.items() if k != "PYTHONDONTWRITEBYTECODE"}
    with tempfile.TemporaryDirectory() as folder:
        kept["PYTHONPYCACHEPREFIX"] = folder
        command = [sys.executable, "-c", code]
        runs = [
            subprocess.run(command, env=kept, capture_output=True, check=True) for _ in range(11)
        ]
    return min(float(run.stdout) for run in runs[1:]) * 1e3


def wheel_bytes() -> int:
    """The size of the wheel."""
    with tempfile.TemporaryDirectory() as folder:
        command = [sys.executable, "-m", "pip", "wheel", "-q", "--no-deps", "-w", folder, "."]
        subprocess.run(command, check=True, capture_output=True)
        return next(Path(folder).glob("*.whl")).stat().st_size


def shown(seconds: float) -> str:
    """Seconds with a unit, in ten characters."""
    return f"{seconds * 1e3:7.2f} ms" if seconds >= 1e-3 else f"{seconds * 1e6:7.1f} µs"


def report(name: str, threads: int, rounds: int) -> dict[str, Any]:
    """Measure a case, print its lines, and give them as data."""
    peers = [peer for peer in CASES[name].peers if is_installed(peer)]
    times = measure(name, [OURS, *peers], threads, rounds)
    ours = statistics.median(times[OURS])
    print(f"{name:<46}{shown(ours)}", flush=True)
    ratios = {}
    if np.isfinite(times[FORWARD]).all():
        peers.append(FORWARD)
    for peer in peers:
        low, median, high = ratios[peer] = quartiles(times[OURS], times[peer])
        theirs = statistics.median(times[peer])
        print(f"    {peer:<42}{shown(theirs)}   {median:.2f} ({low:.2f}–{high:.2f})", flush=True)
    return {"seconds": times, "ratios": ratios}


def main(arguments: list[str] | None = None) -> int:
    """Measure and print."""
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks", description=__doc__.split("\n\n")[0]
    )
    add = parser.add_argument
    add("--only", default="", help="cases whose name contains this; also: memory, import, wheel")
    add("--threads", type=int, default=1, help="for every library")
    add("--rounds", type=int, default=15, help="turns that each library takes")
    add("--quick", action="store_true", help="three rounds")
    add("--json", type=Path, help="a file for all figures")
    options = parser.parse_args(arguments)
    rounds = 3 if options.quick else max(3, options.rounds)
    print(f"{options.threads} thread(s); median time of a step; ours over theirs (quartiles)")
    found: dict[str, Any] = {}
    for name in [name for name in CASES if options.only in name]:
        found[name] = report(name, options.threads, rounds)
    for name in [name for name in CASES if name.startswith("3")]:
        if options.only in ("", "memory"):
            rise = {
                library: memory(name, library, options.threads)
                for library in (OURS, "torch", "torch, channels last")
                if library == OURS or is_installed(library)
            }
            text = ", ".join(f"{library} {bytes_ / 1e6:.0f} MB" for library, bytes_ in rise.items())
            print(f"6 peak memory, {name[2:]}: {text}", flush=True)
            found[f"memory {name}"] = rise
    if options.only in ("", "import"):
        found["import"] = import_milliseconds()
        print(f"7 import, beyond NumPy: {found['import']:.1f} ms", flush=True)
    if options.only in ("", "wheel"):
        found["wheel"] = wheel_bytes()
        print(f"7 wheel: {found['wheel']:,} bytes", flush=True)
    if options.json:
        with replacing(options.json) as file:
            file.write(json.dumps(found, indent=1).encode())
    return 0


if __name__ == "__main__":
    sys.exit(main())
