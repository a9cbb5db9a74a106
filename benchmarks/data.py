"""Batches from a file: ``python -m benchmarks.data [FOLDER]`` writes one of 614 MB, and measures.

Milliseconds a batch of 128 images (32, 32, 3): the quartiles of five rounds of 40 batches. Cold is
a file of which the system keeps nothing in memory, as far as it can be asked to forget it.
"""

import os
import sys
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any

import numpy as np

import tinygrad_np as tg
from tinygrad_np.data import minibatches, normalise, prefetch, random_crop, random_flip

from .machine import in_words, machine

IMAGES, SIZE, BATCHES, ROUNDS = 200_000, 128, 40, 5


def written(path: Path) -> None:
    """Random images, 10,000 at a time."""
    rng = np.random.default_rng(0)
    images = np.lib.format.open_memmap(path, "w+", np.uint8, (IMAGES, 32, 32, 3))
    for start in range(0, IMAGES, 10_000):
        images[start : start + 10_000] = rng.integers(0, 256, (10_000, 32, 32, 3), np.uint8)
    images.flush()


def forgotten(path: Path) -> None:
    """The system keeps nothing of the file."""
    with open(path, "rb") as file:
        os.fsync(file.fileno())
        os.posix_fadvise(file.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)


def augmented(rng: np.random.Generator) -> Callable[[Any], Any]:
    """What is done to each batch."""

    def transform(batch: Any) -> Any:
        images, labels = batch
        images = random_flip(rng, random_crop(rng, images, 32, padding=4))
        return normalise(images, 127.5, 74.0), labels

    return transform


def loss(params: dict[str, Any], images: Any, labels: Any) -> Any:
    """Of a small network."""
    x = tg.max_pool(tg.relu(tg.conv2d(images, params["filters"], padding=1)), 2)
    return tg.cross_entropy(tg.dense(tg.flatten(x), params["weights"]), labels)


def trained(batches: Iterable[Any]) -> int:
    """The number of steps, one a batch."""
    rng = np.random.default_rng(3)
    params: Any = {
        "filters": rng.normal(0, 0.1, (3, 3, 3, 8)).astype(np.float32),
        "weights": rng.normal(0, 0.01, (16 * 16 * 8, 10)).astype(np.float32),
    }
    state, count = None, 0
    for _, (images, labels) in zip(range(BATCHES), batches, strict=False):
        grads = tg.grad(loss)(params, images, labels)
        params, state = tg.optim.sgd(params, grads, state, rate=0.01)
        count += 1
    return count


def awaited(batches: Iterable[Any]) -> Iterator[Any]:
    """As from a slow disk or a network: nothing is computed until a batch comes."""
    for batch in batches:
        time.sleep(0.01)
        yield batch


def sorted_rows(images: np.ndarray, order: np.ndarray) -> int:
    """Each batch is read in the order of the file, and then brought into its own."""
    for start in range(0, SIZE * BATCHES, SIZE):
        rows = order[start : start + SIZE]
        places = np.argsort(rows)
        batch = np.empty((SIZE, *images.shape[1:]), images.dtype)
        batch[places] = images[rows[places]]
    return BATCHES


def run(batches: Iterable[Any]) -> int:
    """The number of batches."""
    return sum(1 for _ in zip(range(BATCHES), batches, strict=False))


def main() -> None:
    """Measure and print."""
    folder = sys.argv[1] if len(sys.argv) > 1 else None
    print(in_words(machine()))
    with tempfile.TemporaryDirectory(dir=folder) as inside:
        path = Path(inside, "images.npy")
        written(path)
        memory, labels = np.load(path), np.arange(IMAGES) % 10
        rng, drawn = np.random.default_rng(1), np.random.default_rng(2)
        transform = augmented(drawn)

        def dealt(images: np.ndarray) -> Any:
            return minibatches(rng, (images, labels), SIZE)

        def file() -> np.ndarray:  # opened anew: the system does not forget what is in use
            return np.load(path, mmap_mode="r")

        first = next(iter(dealt(memory)))
        prepared = [transform(first)] * BATCHES
        cases: dict[str, tuple[Callable[[], int], bool]] = {
            "minibatches of an array": (lambda: run(dealt(memory)), False),
            "of a file, warm": (lambda: run(dealt(file())), False),
            "of a file, cold": (lambda: run(dealt(file())), True),
            "of a file, cold, rows sorted": (
                lambda: sorted_rows(file(), rng.permutation(IMAGES)),
                True,
            ),
            "crop, flip, normalise": (lambda: run(map(transform, [first] * BATCHES)), False),
            "a step alone": (lambda: trained(prepared), False),
            "file, cold, augmented, a step": (lambda: trained(map(transform, dealt(file()))), True),
            "prefetched": (lambda: trained(prefetch(dealt(file()), 2, transform)), True),
            "batches after 10 ms, a step": (lambda: trained(awaited(prepared)), False),
            "prefetched, too": (lambda: trained(prefetch(awaited(prepared))), False),
        }
        taken: dict[str, list[float]] = {name: [] for name in cases}
        for _ in range(ROUNDS):
            for name, (case, is_cold) in cases.items():
                if is_cold:
                    forgotten(path)
                else:
                    path.read_bytes()
                began = time.perf_counter()
                count = case()
                taken[name].append((time.perf_counter() - began) / count * 1e3)
    for name, times in taken.items():
        low, middle, high = np.percentile(times, [25, 50, 75])
        print(f"{name:30}  {middle:6.2f} ms  ({low:.2f} to {high:.2f})")


if __name__ == "__main__":
    main()
