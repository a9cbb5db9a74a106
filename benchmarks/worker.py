"""A process that runs one case with one library, told what to do through its standard input.

    python -m benchmarks.worker LIBRARY CASE FILE

It carries out one step, writes its result to FILE (.npz), and says "ready". For every line with a
number of seconds it then runs steps for about that long, and answers with the seconds that one step
took; for "forward" and a number, with those of one forward pass (nan if there is none); for
"memory", with how far its peak memory rose, in bytes, in ten steps; for "profile", with what
`profiling.profile` gives, as JSON. It ends with its input.
"""

import importlib
import json
import re
import resource
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from .cases import CASES
from .libraries import MODULES


def main(library: str, name: str, file: str) -> None:
    """Run the case until the input ends."""
    case = CASES[name]
    module, layout = MODULES[library]
    implementations = importlib.import_module(f".libraries.{module}", __package__)
    params, batch = case.make()
    implementation = getattr(implementations, case.implementation)
    task = implementation(params, batch, layout, **case.options)
    before = _peak()
    np.savez(file, *map(np.asarray, task.arrays(task.step())))
    print("ready", flush=True)
    once: dict[Any, float] = {}
    for line in sys.stdin:
        if line.strip() == "memory":
            for _ in range(9):
                task.step()
            print(_peak() - before, flush=True)
            continue
        if line.strip() == "profile":
            from .profiling import profile  # which imports the package

            for _ in range(3):  # all that is prepared at first calls is there then
                task.step()
            print(json.dumps(profile(task.step)), flush=True)
            continue
        timed = task.forward if line.startswith("forward") else task.step
        if timed is None:
            print("nan", flush=True)
            continue
        seconds = float(line.split()[-1])
        if timed not in once:  # warm up, and find out how long it takes
            first = _run(timed, 1)
            once[timed] = _run(timed, max(1, int(seconds / first)))
        print(_run(timed, max(1, round(seconds / once[timed]))), flush=True)


def _run(step: Callable[[], Any], times: int) -> float:
    began = time.perf_counter()
    for _ in range(times):
        step()
    return (time.perf_counter() - began) / times


def _peak() -> int:
    """The peak of this process's memory, in bytes.

    Linux starts the other figure, ``ru_maxrss``, at that of the process that has started this one.
    """
    status = Path("/proc/self/status")
    if status.exists():
        found = re.search(r"VmHWM:\s*(\d+) kB", status.read_text(encoding="ascii"))
        if found is not None:
            return int(found[1]) * 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024


if __name__ == "__main__":
    main(*sys.argv[1:])
