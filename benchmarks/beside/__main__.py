"""The command: ``python -m benchmarks.beside`` runs the four examples and their twins in turn.

For each it prints the lines of the model and of the training part, what comes out, and the seconds
that the training took, with what is compiled in it. Each runs in a process of its own, with the
same data, sizes and steps and as many threads. Keras has the faster of its backends PyTorch and
JAX, as it was measured for each example, unless KERAS_BACKEND says another. What is not installed
is left out. Fashion-MNIST is taken from TINYGRAD_NP_DATA or the cache, or downloaded; else the
pictures are the built-in garments.
"""

from __future__ import annotations

import argparse
import importlib.metadata
import importlib.util
import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

from tinygrad_np.io.files import replacing

from .. import machine
from ..__main__ import environment, machine_of_workers, reason
from .lines import counted
from .twins import EXAMPLES

FOLDER = Path(__file__).parent
NAMES = {
    "mlp": "accuracy",
    "resnet": "accuracy",
    "sequence": "mean squared error",
    "gpt": "nats a letter",
}
"""The examples, and what their result is."""
LIBRARIES = {"tinygrad_np": "tinygrad_np", "torch": "PyTorch", "keras": "Keras"}
BACKENDS = {"mlp": "jax", "resnet": "torch", "sequence": "jax", "gpt": "torch"}
"""Keras's faster one: docs/beside.md has the seconds of the others."""
MOST = 1.3
"""So many times the lines of Keras are the most that an example should have."""


def program(name: str, library: str) -> tuple[Path, list[str]]:
    """Where its text is, and what comes after ``python -m``."""
    if library == "tinygrad_np":
        return EXAMPLES / f"{name}.py", ["benchmarks.beside.ours", name]
    return FOLDER / f"{name}_{library}.py", [f"benchmarks.beside.{name}_{library}"]


def trained(name: str, library: str, threads: int, quick: bool) -> dict[str, float]:
    """Run it: its result and its seconds. Raises ``RuntimeError`` with the reason if it fails."""
    command = [sys.executable, "-m", *program(name, library)[1], *["--quick"] * quick]
    env = {"KERAS_BACKEND": BACKENDS[name], **environment(threads)}
    with tempfile.TemporaryDirectory() as folder:
        errors = Path(folder, "errors.txt")
        with errors.open("wb") as told:
            done = subprocess.run(command, env=env, stdout=subprocess.PIPE, stderr=told, text=True)
        if done.returncode:
            raise RuntimeError(f"{' '.join(command[1:])}: {reason(errors)}")
    found: dict[str, float] = json.loads(done.stdout.splitlines()[-1])
    return found


def why_missing(name: str, library: str) -> str | None:
    """Why an example's twin cannot be run, None if it can."""
    needed = [library]
    if library == "keras":
        needed.append(os.environ.get("KERAS_BACKEND", BACKENDS[name]))
    missing = [one for one in needed if importlib.util.find_spec(one) is None]
    return f"{', '.join(missing)} is not installed" if missing else None


def measure(name: str, library: str, threads: int, quick: bool) -> dict[str, Any]:
    """Lines, result and seconds, or why there are none."""
    model, training = counted(program(name, library)[0])
    found: dict[str, Any] = {"model": model, "training": training}
    why = why_missing(name, library)
    return found | ({"left out": why} if why else trained(name, library, threads, quick))


def row(label: str, found: dict[str, Any]) -> str:
    """A line of the table.

    >>> row("Keras", {"model": 6, "training": 22, "result": 0.89, "seconds": 20.0})
    'Keras           6 +  22 =  28        0.8900      20.0 s'
    """
    lines = f"{found['model']:>4} +{found['training']:>4} ={found['model'] + found['training']:>4}"
    told = found.get("left out")
    result = (
        f"   left out: {told}" if told else f"{found['result']:>14.4f}{found['seconds']:>10.1f} s"
    )
    return f"{label:<12}{lines}{result}"


def main(arguments: list[str] | None = None) -> int:
    """Count, run, print."""
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.beside", description=__doc__.split("\n\n")[0]
    )
    add = parser.add_argument
    add("--only", default="", help="examples whose name contains this")
    add("--threads", type=int, default=1, help="for every library")
    add("--quick", action="store_true", help="one epoch on few data: do they run?")
    add("--lines", action="store_true", help="count the lines, and run nothing")
    add("--json", type=Path, help="a file for all figures")
    options = parser.parse_args(arguments)
    all_found: dict[str, Any] = {"threads": options.threads}
    if not options.lines:
        all_found["machine"] = machine_of_workers(options.threads)
        print(machine.in_words(all_found["machine"]))
        versions = [f"{label} {machine.version_of(one)}" for one, label in LIBRARIES.items()][1:]
        print(f"{', '.join(versions)}; {options.threads} thread(s)")
    for name in [name for name in NAMES if options.only in name]:
        print(f"\n{name:<12}model + training = lines{NAMES[name]:>20}   seconds", flush=True)
        for library, label in LIBRARIES.items():
            if options.lines:
                model, training = counted(program(name, library)[0])
                found: dict[str, Any] = {"model": model, "training": training}
                print(f"{label:<12}{model:>4} +{training:>4} ={model + training:>4}")
            else:
                found = measure(name, library, options.threads, options.quick)
                print(row(label, found), flush=True)
            all_found.setdefault(name, {})[library] = found
        ours, keras = [sum(counted(program(name, x)[0])) for x in ("tinygrad_np", "keras")]
        print(f"{ours / keras:.2f} times the lines of Keras")
    if options.json:
        with replacing(options.json) as file:
            file.write(json.dumps(all_found, indent=1).encode())
    return 0


if __name__ == "__main__":
    sys.exit(main())
