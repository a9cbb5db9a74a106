"""The command: ``python -m benchmarks`` times every case with every library, and prints ratios.

Each library runs in a process of its own, on the same data, with the same number of threads, and
they take turns, so that what else the machine does hits all of them. Before anything is timed, the
results of their first steps must agree. A ratio is ours over theirs, the median of the rounds, with
its quartiles; so is that of a step over our own forward pass. Where our own `jit` takes part, a
second ratio is that of its time. Install the peers with ``pip install -e '.[bench]'``.

``python -m benchmarks --profile`` says where the time of our own step goes, in place of comparing.
``python -m benchmarks --figure ratios.png`` also draws all ratios; with ``--from figures.json`` it
draws those that an earlier run wrote with ``--json``, and measures nothing.
"""

from __future__ import annotations

import argparse
import contextlib
import importlib.util
import json
import os
import re
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from tinygrad_np import viz
from tinygrad_np.io.files import replacing

from . import machine
from .cases import CASES, JITTED
from .figure import draw
from .libraries import IMPORTED, MAY_FAIL
from .profiling import in_words as profile_in_words
from .profiling import shown
from .ratios import means

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


class FailedError(RuntimeError):
    """A library that does not run with a case; the text says why."""


class Worker:
    """A process that runs a case with a library."""

    def __init__(self, library: str, case: str, threads: int, folder: str) -> None:
        self.library = library
        file = Path(folder, f"{library}.npz")
        command = [sys.executable, "-m", "benchmarks.worker", library, case, str(file)]
        self._what, self._errors = f"{library} failed at {case}", Path(folder, f"{library}.txt")
        with self._errors.open("wb") as told:
            self.process = subprocess.Popen(
                command,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=told,
                text=True,
                env=environment(threads),
            )
        self._answer()
        with np.load(file) as first:
            self.first = [first[name] for name in first.files]

    def _answer(self) -> str:
        assert self.process.stdout is not None
        line = self.process.stdout.readline().strip()
        if not line:
            self.close()
            raise FailedError(f"{self._what}: {reason(self._errors)}")
        return line

    def answer(self, line: object) -> str:
        """The answer to a line of the worker's protocol."""
        assert self.process.stdin is not None
        print(line, file=self.process.stdin, flush=True)
        return self._answer()

    def ask(self, line: object) -> float:
        """An answer that is a number."""
        return float(self.answer(line))

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


def reason(errors: Path) -> str:
    """Why a process ended: the last line that it wrote of an error."""
    lines = errors.read_text(encoding="utf-8", errors="replace").split("\n")
    named = [line for line in lines if re.match(r"[\w.]*(Error|Exception|Warning)\b", line)]
    return (named or [line for line in lines if line.strip()] or ["it says nothing"])[-1].strip()


class Measured(NamedTuple):
    """What comes out of a case."""

    seconds: dict[str, list[float]]
    """of a step: a list for each library, one figure a round"""
    left_out: dict[str, str]
    """a library that does not run with the case → why"""


def measure(name: str, libraries: list[str], threads: int, rounds: int) -> Measured:
    """Time case `name` with these libraries; ours comes first."""
    case = CASES[name]
    left_out: dict[str, str] = {}
    with tempfile.TemporaryDirectory() as folder, contextlib.ExitStack() as workers_end:
        workers = []
        for library in libraries:
            try:
                workers.append(Worker(library, name, threads, folder))
            except FailedError as error:
                if library not in MAY_FAIL:
                    raise
                left_out[library] = str(error)
                continue
            workers_end.callback(workers[-1].close)
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
        return Measured(times, left_out)


def profile(name: str, threads: int, library: str = OURS) -> Any:
    """Where the time of our own step goes: `profiling.profile`."""
    with tempfile.TemporaryDirectory() as folder:
        worker = Worker(library, name, threads, folder)
        try:
            return json.loads(worker.answer("profile"))
        finally:
            worker.close()


def machine_of_workers(threads: int) -> dict[str, str]:
    """`machine.machine` as the workers see it: the kernel of BLAS depends on the environment."""
    command = [sys.executable, "-m", "benchmarks.machine"]
    done = subprocess.run(
        command, env=environment(threads), capture_output=True, text=True, check=True
    )
    found: dict[str, str] = json.loads(done.stdout)
    return found


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


def report(name: str, threads: int, rounds: int) -> dict[str, Any]:
    """Measure a case, print its lines, and give them as data."""
    peers = [peer for peer in CASES[name].peers if is_installed(peer)]
    times, left_out = measure(name, [OURS, *peers], threads, rounds)
    print(f"{name:<50}{shown(statistics.median(times[OURS]))}", flush=True)
    peers = [peer for peer in peers if peer in times]
    if np.isfinite(times[FORWARD]).all():
        peers.append(FORWARD)
    found: dict[str, Any] = {"seconds": times, "ratios": {}, "ratios with jit": {}}
    for peer in peers:
        ratios = [("ratios", OURS)]
        if JITTED in times and peer not in (JITTED, FORWARD):
            ratios.append(("ratios with jit", JITTED))
        text = ""
        for kind, ours in ratios:
            low, median, high = found[kind][peer] = quartiles(times[ours], times[peer])
            text += f"   {'jit ' * (ours == JITTED)}{median:.2f} ({low:.2f}–{high:.2f})"
        print(f"    {peer:<46}{shown(statistics.median(times[peer]))}{text}", flush=True)
    for library, why in left_out.items():
        print(f"    {library:<46}   left out: {why}", flush=True)
    return found | ({"left out": left_out} if left_out else {})


def report_profile(name: str, threads: int) -> dict[str, Any]:
    """Print where the time of a step goes, as it is and with jit, and give it as data."""
    found = {}
    for library in [OURS, JITTED] if JITTED in CASES[name].peers else [OURS]:
        print(f"{name}{', with jit' * (library == JITTED)}", flush=True)
        try:
            found[library] = profile(name, threads, library)
            print(profile_in_words(found[library]), flush=True)
        except FailedError as error:
            if library not in MAY_FAIL:
                raise
            print(f"    left out: {error}", flush=True)
    return found


def main(arguments: list[str] | None = None) -> int:
    """Measure and print."""
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks", description=__doc__.split("\n\n")[0]
    )
    add = parser.add_argument
    add(
        "--only",
        default="",
        help="cases whose name contains this, or one of several, as in 'classes|cnn'; also: "
        "memory, import, wheel",
    )
    add("--threads", type=int, default=1, help="for every library")
    add("--rounds", type=int, default=15, help="turns that each library takes")
    add("--quick", action="store_true", help="three rounds")
    add("--profile", action="store_true", help="where our own time goes, in place of comparing")
    add("--json", type=Path, help="a file for all figures")
    add("--figure", type=Path, help="a file for a figure of all ratios (needs matplotlib)")
    add("--from", dest="earlier", type=Path, help="draw from this file of --json; measure nothing")
    options = parser.parse_args(arguments)
    if options.earlier is not None:
        if options.figure is None:
            parser.error("--from: needs --figure, a file to draw into")
        try:
            found = json.loads(options.earlier.read_text(encoding="utf-8"))
            others = set(CASES) - set(chosen(options.only))
            draw({name: x for name, x in found.items() if name not in others}, options.figure)
        except (OSError, ValueError) as error:
            parser.error(f"--from: {error}")
        return 0
    if options.figure is not None:
        if options.profile:
            parser.error("--profile: measures no ratios to draw; leave --figure out")
        # Before hours are spent: is matplotlib there, and can it write what the ending says?
        endings = viz.figure(1, 1).canvas.get_supported_filetypes()
        if options.figure.suffix[1:].lower() not in endings:
            parser.error(f"--figure: {options.figure} needs an ending: .png, .pdf or .svg")
        peers = {peer for name in chosen(options.only) for peer in CASES[name].peers} - {JITTED}
        if not any(map(is_installed, peers)):
            parser.error(
                f"--figure: there is no other library to compare with {options.only!r}; install "
                "them with pip install -e '.[bench]'"
            )
    rounds = 3 if options.quick else max(3, options.rounds)
    found = {"machine": machine_of_workers(options.threads)}
    print(machine.in_words(found["machine"]))
    found["threads"] = options.threads
    if options.profile:
        print(f"{options.threads} thread(s); where the time of our own step goes")
        for name in chosen(options.only):
            found[name] = report_profile(name, options.threads)
    else:
        compare(options.only, options.threads, rounds, found)
    if options.json:
        with replacing(options.json) as file:
            file.write(json.dumps(found, indent=1).encode())
    if options.figure:
        draw(found, options.figure)
    return 0


def chosen(only: str) -> list[str]:
    """The cases whose name contains `only`, or one of its parts between bars."""
    return [name for name in CASES if any(part in name for part in only.split("|"))]


def compare(only: str, threads: int, rounds: int, found: dict[str, Any]) -> None:
    """Measure and print what has `only` in its name, and put it into `found`."""
    print(f"{threads} thread(s); median time of a step; ours over theirs (quartiles)")
    for name in chosen(only):
        found[name] = report(name, threads, rounds)
    for name, columns in means(found).items():
        told = [
            f"{column} {mean:.2f} (at most {worst:.2f}, of {number})"
            for column, (mean, worst, number) in columns.items()
        ]
        print(f"4 {name}, geometric means: {', '.join(told)}", flush=True)
    for name in [name for name in CASES if name.startswith("3")]:
        if only in ("", "memory"):
            rise = {
                library: memory(name, library, threads)
                for library in (OURS, "torch", "torch, channels last")
                if library == OURS or (library in CASES[name].peers and is_installed(library))
            }
            text = ", ".join(f"{library} {bytes_ / 1e6:.0f} MB" for library, bytes_ in rise.items())
            print(f"6 peak memory, {name[2:]}: {text}", flush=True)
            found[f"memory {name}"] = rise
    if only in ("", "import"):
        found["import"] = import_milliseconds()
        print(f"7 import, beyond NumPy: {found['import']:.1f} ms", flush=True)
    if only in ("", "wheel"):
        found["wheel"] = wheel_bytes()
        print(f"7 wheel: {found['wheel']:,} bytes", flush=True)


if __name__ == "__main__":
    sys.exit(main())
