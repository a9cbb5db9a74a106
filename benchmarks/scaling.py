"""Step time against ranks: ``python -m benchmarks.scaling`` starts 1, 2, … up to as many as cores.

Needs mpi4py and mpiexec. For each network it prints the time of a step of `fit` (median, quartiles)
in which all ranks together have the same rows, beside what the formula of docs/scaling.md gives:

    t(N) = t0 + k·B/N + α·log2(N) + 2·(N − 1)/N·M/β

t0 and k come from steps of one process with B and B/4 rows, α and β from `Ranks.mean` of one number
and of 16 MB. Each rank has one thread.
"""

from __future__ import annotations

import argparse
import functools
import json
import math
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

import tinygrad_np as tg
from tinygrad_np.training import Ranks
from tinygrad_np.training.exchange import Exchange
from tinygrad_np.training.steps import Run, Stepper

from .machine import in_words, machine

SECONDS = 3.0  # of a measurement
MEGABYTES = 16
_WORKER = "--worker"


class Network(NamedTuple):
    """A loss, its first parameters, and rows to train it with."""

    loss: Callable[..., Any]
    params: Any
    images: np.ndarray
    rows: int


def mlp(rng: np.random.Generator) -> Network:
    """784–256–128–10, the network of examples/mlp.py."""
    params = [tg.nn.init.dense(rng, a, b) for a, b in ((784, 256), (256, 128), (128, 10))]

    def loss(params: Any, x: Any, labels: Any) -> Any:
        for layer in params[:-1]:
            x = tg.relu(tg.dense(x, **layer))
        return tg.cross_entropy(tg.dense(x, **params[-1]), labels)

    return Network(loss, params, rng.normal(size=(256, 784)).astype(np.float32), 256)


def cnn(rng: np.random.Generator, shape: tuple[int, int, int], filters: tuple[int, ...]) -> Network:
    """A convolution and a pooling for each number of filters, then dense: 64 rows."""
    channels = (shape[2], *filters)
    convolutions = [
        tg.nn.init.conv2d(rng, 3, a, b) for a, b in zip(channels, filters, strict=False)
    ]
    shrunk = shape[0] // 2 ** len(filters)
    params = {
        "convolutions": convolutions,
        "out": tg.nn.init.dense(rng, shrunk * shrunk * filters[-1], 10),
    }

    def loss(params: Any, x: Any, labels: Any) -> Any:
        for layer in params["convolutions"]:
            x = tg.max_pool(tg.relu(tg.conv2d(x, **layer, padding="same")), 2)
        return tg.cross_entropy(tg.dense(tg.flatten(x), **params["out"]), labels)

    return Network(loss, params, rng.normal(size=(64, *shape)).astype(np.float32), 64)


NETWORKS: dict[str, Callable[[np.random.Generator], Network]] = {
    "MLP 784–256–128–10": mlp,
    "CNN 28×28×1, 16–32": functools.partial(cnn, shape=(28, 28, 1), filters=(16, 32)),
    "CNN 32×32×3, 32–64–128": functools.partial(cnn, shape=(32, 32, 3), filters=(32, 64, 128)),
}


def measured(call: Callable[[], object], ranks: Ranks, seconds: float) -> list[float]:
    """Quartiles of the seconds of a call: the same number of calls on every rank."""
    times: list[float] = []
    for _ in range(3):
        begun = time.perf_counter()
        call()
        times.append(time.perf_counter() - begun)
    count = max(10, min(ranks.gather(math.ceil(seconds / times[-1]))))
    times.clear()
    for _ in range(min(count, 20_000)):
        begun = time.perf_counter()
        call()
        times.append(time.perf_counter() - begun)
    return [float(x) for x in np.percentile(times, [25, 50, 75])]


def step_time(network: Network, rows: int, ranks: Ranks, seconds: float) -> list[float]:
    """Of a step of `fit` with so many rows on this rank, Adam, replayed."""
    exchange = Exchange(ranks, []) if ranks.size > 1 else None
    stepper = Stepper(network.loss, tg.optim.adam, False, None, True, (), 10**9, exchange)
    labels = np.arange(rows) % 10
    batch = np.resize(network.images, (rows, *network.images.shape[1:])), labels
    run = Run(network.params, None)

    def step() -> None:
        nonlocal run
        run = stepper.step(run, batch, 1e-4)

    return measured(step, ranks, seconds)


def worker(seconds: float) -> None:
    """What each rank measures; rank 0 prints it as JSON."""
    found: dict[str, Any] = {}
    with tg.training.parallel() as ranks:
        if ranks.size > 1:
            one, many = np.zeros(1, np.float32), np.zeros(MEGABYTES << 18, np.float32)
            found["one"] = measured(lambda: ranks.mean(one), ranks, seconds)
            found["many"] = measured(lambda: ranks.mean(many), ranks, seconds)
        for name, make in NETWORKS.items():
            network = make(np.random.default_rng(0))
            parts = (1, 4) if ranks.size == 1 else (ranks.size,)
            found[name] = {
                "bytes": sum(leaf.nbytes for leaf in tg.tree.leaves(network.params)),
                "rows": network.rows,
                "times": [step_time(network, network.rows // n, ranks, seconds) for n in parts],
            }
        if ranks.rank == 0:
            print(json.dumps(found))


def started(count: int, seconds: float) -> Any:
    """What `worker` measures on so many ranks."""
    beside = Path(sys.executable).parent / "mpiexec"
    mpiexec = str(beside) if beside.exists() else shutil.which("mpiexec")
    if mpiexec is None:
        raise SystemExit("benchmarks.scaling: there is no mpiexec")
    command = [mpiexec, "-n", str(count), sys.executable, "-m", "benchmarks.scaling"]
    one = dict.fromkeys(("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS"), "1")
    done = subprocess.run(
        [*command, _WORKER, str(seconds)],
        env={**os.environ, **one},
        stdout=subprocess.PIPE,
        text=True,
        check=False,
    )
    if done.returncode:
        raise SystemExit(f"benchmarks.scaling: {count} ranks ended with {done.returncode}")
    return json.loads(done.stdout)


def predicted(alone: Any, count: int, alpha: float, beta: float) -> float:
    """Seconds of a step by the formula."""
    (_, whole, _), (_, quarter, _) = alone["times"]
    slope = (whole - quarter) / (3 / 4 * alone["rows"])
    fixed = whole - slope * alone["rows"]
    sent = 2 * (count - 1) / count * alone["bytes"]
    return fixed + slope * alone["rows"] / count + alpha * math.log2(count) + sent / beta


def main(arguments: list[str] | None = None) -> int:
    """Measure and print."""
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.scaling", description=__doc__.split("\n\n")[0]
    )
    add = parser.add_argument
    add("--ranks", type=int, default=os.cpu_count() or 1, help="up to so many, the cores")
    add("--seconds", type=float, default=SECONDS, help="of each measurement")
    add(_WORKER, type=float, help=argparse.SUPPRESS)
    options = parser.parse_args(arguments)
    if options.worker is not None:
        worker(options.worker)
        return 0
    print(in_words(machine()))
    alone = started(1, options.seconds)
    print("| network | rows | ranks | ms a step (quartiles) | formula | of one process |")
    print("|---|---|---|---|---|---|")
    for name in NETWORKS:
        row(name, alone[name], 1, alone[name]["times"][0], None, alone[name]["times"][0][1])
    told = []
    for count in range(2, options.ranks + 1):
        found = started(count, options.seconds)
        latency, large = found["one"][1], found["many"][1]
        alpha = latency / math.log2(count)
        beta = 2 * (count - 1) / count * (MEGABYTES << 20) / (large - latency)
        told.append(f"{count} ranks: α {alpha * 1e6:.1f} µs, β {beta / 1e9:.2f} GB/s")
        for name in NETWORKS:
            guess = predicted(alone[name], count, alpha, beta)
            times = found[name]["times"][0]
            row(name, alone[name], count, times, guess, alone[name]["times"][0][1])
    for name in NETWORKS:
        (_, whole, _), (_, quarter, _) = alone[name]["times"]
        slope = (whole - quarter) / (3 / 4 * alone[name]["rows"])
        fixed = whole - slope * alone[name]["rows"]
        megabytes = alone[name]["bytes"] / 1e6
        told.append(
            f"{name}: t0 {fixed * 1e3:.2f} ms, k {slope * 1e6:.1f} µs a row, M {megabytes:.2f} MB"
        )
    print(*told, sep="\n")
    return 0


def row(
    name: str, alone: Any, count: int, times: list[float], guess: float | None, one: float
) -> None:
    """A line of the table."""
    low, middle, high = [f"{x * 1e3:.2f}" for x in times]
    formula = "" if guess is None else f"{guess * 1e3:.2f}"
    share = f"{times[1] / one:.2f}"
    print(
        f"| {name} | {alone['rows']} | {count} | {middle} ({low} to {high}) | {formula} | {share} |"
    )


if __name__ == "__main__":
    sys.exit(main())
