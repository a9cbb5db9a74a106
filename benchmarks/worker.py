"""A process that runs one case with one library, told what to do through its standard input.

    python -m benchmarks.worker LIBRARY CASE FILE

It carries out one step, writes its value and gradients to FILE (.npz), and says "ready". For every
line with a number of seconds it then runs steps for about that long, and answers with the seconds
that one step took. It ends with its input.
"""

import importlib
import sys
import time

import numpy as np

from .cases import CASES


def main(library: str, name: str, file: str) -> None:
    """Run the case until the input ends."""
    case = CASES[name]
    implementation = getattr(
        importlib.import_module(f".{library}", __package__), case.implementation
    )
    step = implementation(*case.make())
    value, grads = step()
    np.savez(file, np.asarray(value), *map(np.asarray, grads))
    print("ready", flush=True)
    once = None
    for line in sys.stdin:
        seconds = float(line)
        if once is None:  # warm up, and find out how long a step takes
            once = _run(step, 3)
            once = _run(step, max(3, int(seconds / once)))
        print(_run(step, max(1, round(seconds / once))), flush=True)


def _run(step: object, times: int) -> float:
    began = time.perf_counter()
    for _ in range(times):
        step()  # type: ignore[operator]
    return (time.perf_counter() - began) / times


if __name__ == "__main__":
    main(*sys.argv[1:])
