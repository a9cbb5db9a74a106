"""The command: ``python -m benchmarks.waking`` prints what bounds two threads of Python.

The time to hand an empty piece of work to another thread and to wait for it; and, for calls of
NumPy of several lengths, how long two threads take for twice as many calls as one: 1 where both
run freely, 2 where they follow one another, more where handing over Python's lock costs time.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import Any

import numpy as np

from tinygrad_np.fast import threads


def main() -> None:
    """Measure and print."""
    with threads.one_thread() as allowed:
        if allowed < 2:
            raise SystemExit("One thread only: install threadpoolctl, on a machine with two cores.")
    print(f"an empty region of two pieces   {timed(empty_regions) * 1e3:8.1f} µs")
    with threads.one_thread():
        for rows in (32, 128, 512, 2048, 8192):
            right = np.ones((96, 64), np.float32)
            left, out = np.ones((2, rows, 96), np.float32), np.empty((2, rows, 64), np.float32)
            show(f"product of {rows:,} rows", 400_000 // rows, np.matmul, left, right, out)
        for size in (4096, 16_384, 65_536, 262_144):
            left, out = np.ones((2, size), np.float32), np.empty((2, size), np.float32)
            show(f"maximum of {size:,}", 200_000_000 // size, np.maximum, left, 0, out)


def empty_regions() -> None:
    """A thousand pieces of work, each shared with another thread, with nothing to do."""
    for _ in range(1000):
        threads.parallel_for(abs, range(2), 1 << 30)


def show(name: str, calls: int, kernel: Any, left: Any, right: Any, out: Any) -> None:
    """Print a line: the time of a call, and two threads' time over that of one."""

    def run(i: int) -> None:
        for _ in range(calls):
            kernel(left[i], right, out=out[i])

    def on_both() -> None:
        both = [threading.Thread(target=run, args=(i,)) for i in range(2)]
        for thread in both:
            thread.start()
        for thread in both:
            thread.join()

    one, two = [], []
    for _ in range(5):
        one.append(timed(lambda: run(0)))
        two.append(timed(on_both))
    slower = np.median(two) / np.median(one)
    print(f"{name:<25} a call {np.median(one) / calls * 1e6:8.1f} µs, two threads {slower:.2f}")


def timed(work: Callable[[], object]) -> float:
    """Seconds that a call takes."""
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


if __name__ == "__main__":
    main()
